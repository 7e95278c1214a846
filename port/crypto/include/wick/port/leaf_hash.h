/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_LEAF_HASH_H
#define WICK_PORT_LEAF_HASH_H
/*
 * SHA-256 alone behind wick_hal_crypto, for leaves: what wick/hmac.h, wick/hkdf.h and wick/ticket_keys.h
 * call. All other functions are NULL. It is compiled into the leaf's program, with the mbedtls of
 * toolchain/mbedtls_leaf_config.h, so that no function of public-key crypto comes along. No archive has
 * it; its source and that file are installed below share/wick/leaf.
 */
#include "wick/hal/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

void wick_leaf_hash_init(wick_hal_crypto *out);

#ifdef __cplusplus
}
#endif
#endif
