/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mbedtls 3.6 for a leaf: a client of DTLS 1.2 with pre-shared keys, and no asymmetric function in the
 * whole archive (unittest/api/leaf_symbols.sh looks for them). Suites: those of wick_dtls without ECDHE.
 */
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CCM_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C

#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_DTLS
#define MBEDTLS_SSL_DTLS_ANTI_REPLAY
#define MBEDTLS_SSL_CIPHERSUITES MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8
#define MBEDTLS_SSL_IN_CONTENT_LEN 1200
#define MBEDTLS_SSL_OUT_CONTENT_LEN 1200
#define MBEDTLS_PSK_MAX_LEN 32

/* Where there is an operating system; firmware brings its own. Random bytes are the caller's. */
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_NET_C
#define MBEDTLS_TIMING_C
