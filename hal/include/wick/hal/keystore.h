/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_KEYSTORE_H
#define WICK_HAL_KEYSTORE_H
/*
 * Long-term private keys behind handles, so that none enters core and a secure element fits. A
 * handle is a small number that only the keystore can read.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_key {
    uint32_t handle; /* 0 = no key */
} wick_key;

/* Key types of the record (core/registry/RECORDS.md). */
#define WICK_KEY_TYPE_RSA2048 1
#define WICK_KEY_TYPE_SECP256K1 2
#define WICK_KEY_TYPE_P256 3

typedef struct wick_hal_keystore {
    void *ctx;
    /** secp256k1 public key, compressed. @retval WICK_E_NOT_FOUND no such key, or another type */
    wick_status (*secp256k1_public)(void *ctx, uint8_t pub33[33], wick_key key);
    /** ECDSA, low s, RFC 6979 nonce; recid 0 or 1 (NULL if not wanted). */
    wick_status (*secp256k1_sign)(void *ctx, uint8_t sig64[64], uint8_t *recid, wick_key key,
                                  const uint8_t digest32[32]);
    /** x coordinate of key * peer. @retval WICK_E_BAD_KEY not a point of the curve */
    wick_status (*secp256k1_ecdh)(void *ctx, uint8_t x32[32], wick_key key,
                                  const uint8_t peer33[33]);
#if WICK_WITH_NSL_RSA
    /* RSA-2048; all three are NULL where there is no such back end. Such a key opens OAEP and signs
     * PSS, both with SHA-256, and does nothing else: no other padding may ever be used with it. */

    /** n 256 | e 4. @retval WICK_E_NOT_FOUND no such key, or another type */
    wick_status (*rsa_public)(void *ctx, uint8_t pub260[260], wick_key key);
    /** Opens what wick_hal_crypto.rsa_seal() made. Whatever is wrong with the ciphertext, the result
     *  is WICK_OK and 32 random bytes, in the same time: a status would be an oracle (Manger), and
     *  what is sealed under the bytes tells right from wrong. Blinded.
     *  @retval WICK_E_NOT_FOUND  @retval WICK_E_ENTROPY  @retval WICK_E_CRYPTO not of the ciphertext */
    wick_status (*rsa_open)(void *ctx, uint8_t message32[32], wick_key key, wick_span label,
                            const uint8_t sealed256[256]);
    /** RSASSA-PSS, salt of 32 random bytes: two signatures of one digest differ. Blinded.
     *  @retval WICK_E_NOT_FOUND  @retval WICK_E_ENTROPY  @retval WICK_E_CRYPTO */
    wick_status (*rsa_sign)(void *ctx, uint8_t sig256[256], wick_key key,
                            const uint8_t digest32[32]);
#endif
} wick_hal_keystore;

#ifdef __cplusplus
}
#endif
#endif
