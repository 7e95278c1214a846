/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_TLS_IDENTITY_H
#define WICK_PORT_TLS_IDENTITY_H
/*
 * The TLS key of a device's services: P-256, a key of its own (neither the wallet's nor the device's),
 * with a self-signed certificate. Peers believe it because SHA-256 of its public key (SPKI) stands in
 * the device's record, not because somebody signed it; so the certificate is made anew at each start,
 * and only the key is kept, in a file as the other keys.
 *
 *     static wick_tls_identity own;
 *     s = wick_tls_identity_create("/var/lib/wick/gw.tls.key", &entropy); // once
 *     s = wick_tls_identity_load(&own, "/var/lib/wick/gw.tls.key", "gw", &entropy);
 *     ... publish own.spki_hash; wick_https_accept() serves with it
 *     wick_tls_identity_free(&own);
 *
 * The certificate: X.509 v3, the device's name as common name and DNS name, ECDSA with SHA-256, no
 * expiry (RFC 5280 section 4.1.2.5): what ends it is the record.
 *
 * Sizes (64-bit): wick_tls_identity 1.8 KB, and 3 KB from the pool.
 */
#include "wick/base.h"
#include "wick/hal/entropy.h"

#ifdef __cplusplus
extern "C" {
#endif

/** SubjectPublicKeyInfo of P-256 as DER. */
#define WICK_TLS_SPKI_BYTES 91
/** Longest certificate that is made, with the longest name. */
#define WICK_TLS_CERT_MAX 640
/* Room for the library's structures. Checked at compile time. */
#ifndef WICK_TLS_IDENTITY_LIB_BYTES
#define WICK_TLS_IDENTITY_LIB_BYTES 960
#endif

/** Public side readable, the rest private. It must stay where it was made. */
typedef struct wick_tls_identity {
    uint8_t spki_hash[32]; /* what the record's TLS word says */
    uint8_t spki[WICK_TLS_SPKI_BYTES];
    uint8_t cert[WICK_TLS_CERT_MAX]; /* DER */
    size_t cert_len;
    uint64_t lib[WICK_TLS_IDENTITY_LIB_BYTES / 8];
    const wick_hal_entropy *entropy;
    bool made;
} wick_tls_identity;

/**
 * Makes the certificate of a key.
 * @param[out] id       wiped on error
 * @param[in] secret32  the caller wipes its copy
 * @param[in] name      of the device: wick_name_check()
 * @retval WICK_OK
 * @retval WICK_E_NAME     no name
 * @retval WICK_E_BAD_KEY  0, or not below the group order
 * @retval WICK_E_POOL     no memory  @retval WICK_E_ENTROPY  @retval WICK_E_CRYPTO
 */
WICK_NODISCARD wick_status wick_tls_identity_make(wick_tls_identity *id, const uint8_t secret32[32],
                                                  const char *name,
                                                  const wick_hal_entropy *entropy);

/** Makes a key and its file, which is not overwritten. Statuses of wick_linux_secret_create(), and
 *  WICK_E_ENTROPY. */
WICK_NODISCARD wick_status wick_tls_identity_create(const char *path,
                                                    const wick_hal_entropy *entropy);

/** Reads the key's file. Statuses of wick_linux_secret_bytes() and wick_tls_identity_make(). */
WICK_NODISCARD wick_status wick_tls_identity_load(wick_tls_identity *id, const char *path,
                                                  const char *name,
                                                  const wick_hal_entropy *entropy);

/** Room for either text below, with its terminator. */
#define WICK_TLS_PEM_MAX 1024

/** The certificate as PEM (RFC 7468), for stock servers. @return its length */
size_t wick_tls_identity_cert_pem(char out[WICK_TLS_PEM_MAX], const wick_tls_identity *id);

/** The private key as PEM ("EC PRIVATE KEY", RFC 5915); wipe it after use. @return its length, 0 if the
 *  pool has no memory */
size_t wick_tls_identity_key_pem(char out[WICK_TLS_PEM_MAX], wick_tls_identity *id);

/** Gives the pool its memory back and wipes everything. Any state; also twice, also zeroed memory. */
void wick_tls_identity_free(wick_tls_identity *id);

#ifdef __cplusplus
}
#endif
#endif
