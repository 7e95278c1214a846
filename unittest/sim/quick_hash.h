/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_QUICK_HASH_H
#define WICK_QUICK_HASH_H
/*
 * A stand-in for SHA-256 in worlds that live a hundred thousand lives, each of which takes the digest of
 * every image several times: 32 bytes that depend on every byte, but made to be quick, not to be safe.
 */
#include "wick/hal/crypto.h"

/** Puts it in the place of the table's SHA-256. */
void quick_hash_fill(wick_hal_crypto *crypto);

#endif
