/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_MBEDTLS_CONFIG_H
#define WICK_MBEDTLS_CONFIG_H
/*
 * The mbedtls 3.6 build of wick: no heap, no files, no sockets, no clock, no entropy of its own.
 *
 * All memory comes from one static pool (mbedtls_memory_buffer_alloc_init); before that call every
 * allocation fails, because the library knows no calloc. Entropy is what the port feeds in
 * (mbedtls_entropy_add_source), timers are the port's callbacks (mbedtls_ssl_set_timer_cb), records
 * go through memory (mbedtls_ssl_set_bio). TLS with pre-shared keys is 1.2; where there is an
 * operating system, also 1.3, and both with certificates, as client and as server. The validity of a
 * certificate is checked by the port, which has the clock.
 */

/* ---- platform ---- */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_SNPRINTF_ALT /* no stdio: the two users of it get "not available" */
#define MBEDTLS_PLATFORM_EXIT_ALT
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_DEBUG /* counts what is in use and the most that was; prints nothing: */
#define MBEDTLS_PLATFORM_FPRINTF_MACRO WICK_MBEDTLS_NO_FPRINTF
#define WICK_MBEDTLS_NO_FPRINTF(...) ((void)0)
#define MBEDTLS_MEMORY_ALIGN_MULTIPLE 8 /* structs with pointers and 64-bit members live there */
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_HAVE_ASM

/* ---- hashes ---- */
#define MBEDTLS_MD_C
#define MBEDTLS_MD5_C    /* long-term credentials of RFC 8489 9.2 */
#define MBEDTLS_SHA1_C   /* MESSAGE-INTEGRITY of RFC 8489 14.5 */
#define MBEDTLS_SHA224_C /* comes with SHA-256 */
#define MBEDTLS_SHA256_C

/* ---- ciphers ---- */
#define MBEDTLS_AES_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_GCM_C
#define MBEDTLS_CCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#if defined(__x86_64__) || defined(__i386__)
#define MBEDTLS_AESNI_C
#endif
#if defined(__aarch64__)
#define MBEDTLS_AESCE_C
#endif

/* ---- randomness ---- */
#define MBEDTLS_ENTROPY_C
#define MBEDTLS_ENTROPY_FORCE_SHA256
#define MBEDTLS_CTR_DRBG_C

/* ---- public keys: RSA identities, ECDHE of the forward-secret PSK suites ---- */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_GENPRIME
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECDH_C

/* ---- TLS 1.2 and DTLS 1.2 with pre-shared keys ---- */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_DTLS
#define MBEDTLS_SSL_DTLS_ANTI_REPLAY
#define MBEDTLS_SSL_DTLS_HELLO_VERIFY
#define MBEDTLS_SSL_COOKIE_C
#define MBEDTLS_SSL_DTLS_CONNECTION_ID
#define MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT 0
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_ENCRYPT_THEN_MAC
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES
#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED
#define MBEDTLS_PSK_MAX_LEN 32
#define MBEDTLS_SSL_CIPHERSUITES                                                                   \
    MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,                                           \
        MBEDTLS_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,    \
        MBEDTLS_TLS_PSK_WITH_AES_128_CCM, MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8

#if !defined(__arm__) || defined(__linux__)
/* ---- certificates, and what TLS 1.3 wants of PSA (its random numbers are the port's) ---- */
#define WICK_MBEDTLS_HTTPS
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#define MBEDTLS_BASE64_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CREATE_C /* self-signed ones, whose key is in the chain's record */
#define MBEDTLS_X509_CRT_WRITE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#endif

#if defined(__arm__) && !defined(__linux__)
/* Microcontrollers: small tables, small buffers (lab figures: 54 KB text with RSA and DTLS). */
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_MPI_WINDOW_SIZE 2
#define MBEDTLS_MPI_MAX_SIZE 256
#define MBEDTLS_SSL_IN_CONTENT_LEN 1024
#define MBEDTLS_SSL_OUT_CONTENT_LEN 1024
#define MBEDTLS_SSL_DTLS_MAX_BUFFERING 2048
#else
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_MPI_WINDOW_SIZE 2
#define MBEDTLS_MPI_MAX_SIZE 512
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384 /* many web servers ignore every wish for smaller records */
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4608
#define MBEDTLS_SSL_DTLS_MAX_BUFFERING 2048 /* a flight with pre-shared keys is 200 bytes */
#endif

#endif
