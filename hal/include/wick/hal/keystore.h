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
} wick_hal_keystore;

#ifdef __cplusplus
}
#endif
#endif
