/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_BACKUP_H
#define WICK_EXAMPLES_BACKUP_H
/*
 * Both keys of an identity in one file that may lie anywhere, for it says nothing without the passphrase:
 *
 *   "wick backup 1\n" | iterations u32 | salt 16 | ChaCha20-Poly1305(nonce 0) of
 *       name length u8 | name | wallet key 32 | device key length u16 | device key
 *
 * The key is PBKDF2-HMAC-SHA-256 (RFC 8018) of the passphrase and the salt, which is drawn anew for each
 * file, so that no key seals twice. All before the ciphertext is authenticated with it. Integers are
 * big-endian. The device key is 32 bytes of secp256k1, or both primes of an RSA-2048 key (256).
 *
 *     s = backup_seal(&out, &keys, passphrase, BACKUP_ITERATIONS, &crypto, salt);
 *     s = backup_open(&keys, bytes, passphrase, &crypto);
 *     wick_wipe(&keys, sizeof keys);
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"

#define BACKUP_ITERATIONS 600000u /* OWASP, for PBKDF2 with SHA-256; a second */
#define BACKUP_ITERATIONS_MIN 10000u
#define BACKUP_ITERATIONS_MAX 20000000u
#define BACKUP_SALT_BYTES 16
#define BACKUP_BYTES_MAX 512
#define BACKUP_DEVICE_KEY_MAX 256
/* Shorter passphrases are refused. */
#define BACKUP_PASSPHRASE_MIN 12

typedef struct backup_keys {
    char name[64];
    uint8_t wallet[32];
    uint8_t device[BACKUP_DEVICE_KEY_MAX];
    size_t device_len; /* 32 or 256 */
} backup_keys;

/** PBKDF2 with HMAC-SHA-256, 32 bytes of it. @retval WICK_OK  @retval others the back end's */
WICK_NODISCARD wick_status backup_pbkdf2(uint8_t out32[32], const wick_hal_crypto *crypto,
                                         wick_span passphrase, wick_span salt, uint32_t iterations);

/** @param[out] out  at least BACKUP_BYTES_MAX; appended  @retval WICK_OK
 *  @retval WICK_E_BAD_ARG iterations, name or key out of bounds  @retval others the back end's */
WICK_NODISCARD wick_status backup_seal(wick_buf *out, const backup_keys *keys, wick_span passphrase,
                                       uint32_t iterations, const wick_hal_crypto *crypto,
                                       const uint8_t salt[BACKUP_SALT_BYTES]);

/** @param[out] out  wiped on error
 *  @retval WICK_OK  @retval WICK_E_UNSUPPORTED no backup, or of another version
 *  @retval WICK_E_LIMIT more iterations than may be asked of anybody
 *  @retval WICK_E_AUTH another passphrase, or the file was altered  @retval WICK_E_MALFORMED */
WICK_NODISCARD wick_status backup_open(backup_keys *out, wick_span bytes, wick_span passphrase,
                                       const wick_hal_crypto *crypto);

#endif
