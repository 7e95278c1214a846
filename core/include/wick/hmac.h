/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HMAC_H
#define WICK_HMAC_H
/*
 * HMAC (RFC 2104, FIPS 198-1) over the hashes of wick/hal/crypto.h, with the key prepared once.
 *
 * A wick_hmac_key holds the two hash states that follow from the key block, so a message costs two
 * blocks less than a fresh HMAC. STUN credentials and the handshake's cookies use one key for many
 * messages.
 *
 *     wick_hmac_key key;
 *     wick_hmac h;
 *     wick_hmac_key_init(&key, crypto, WICK_HASH_SHA256, secret);
 *     wick_hmac_begin(&h, &key);
 *     wick_hmac_update(&h, part1);
 *     wick_hmac_update(&h, part2);
 *     if (wick_hmac_verify(&h, tag) != WICK_OK) { ... }
 *     wick_hmac_key_wipe(&key);
 *
 * wick_hmac_begin() and wick_hmac_update() latch the first error of the back end, which
 * wick_hmac_finish() or wick_hmac_verify() reports; check once, at the end.
 *
 * A key may serve any number of messages, also interleaved ones. It is moved by no memcpy: hash
 * contexts are cloned by their back end only. Sizes: a key is 2, a message 1 x WICK_HASH_CTX_BYTES
 * plus 16 bytes; stack below 256 bytes.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Fields are private. The crypto functions must outlive it. */
typedef struct wick_hmac_key {
    const wick_hal_crypto *crypto; /* NULL: wiped or never made */
    wick_hash_alg alg;
    wick_hash_ctx inner, outer;
} wick_hmac_key;

/** One message under way; fields are private. The key must outlive it. */
typedef struct wick_hmac {
    const wick_hmac_key *key; /* NULL: finished */
    wick_hash_ctx hash;
    wick_status status;
} wick_hmac;

/** Output bytes of a hash: 32, 20 or 16; 0 for an unknown one. */
size_t wick_hash_bytes(wick_hash_alg alg);

/**
 * Prepares a key.
 * @param[out] key     wipe with wick_hmac_key_wipe(); on error already wiped
 * @param[in]  secret  any length, also 0; longer than 64 bytes is hashed first
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG  unknown algorithm
 * @retval others          the back end's
 */
WICK_NODISCARD wick_status wick_hmac_key_init(wick_hmac_key *key, const wick_hal_crypto *crypto,
                                              wick_hash_alg alg, wick_span secret);

/** Wipes a key; harmless on a wiped or zeroed one. */
void wick_hmac_key_wipe(wick_hmac_key *key);

/** Begins a message. A key that is wiped latches WICK_E_STATE. */
void wick_hmac_begin(wick_hmac *h, const wick_hmac_key *key);

/** Adds a part of the message. */
void wick_hmac_update(wick_hmac *h, wick_span part);

/**
 * Ends the message and wipes `h`.
 * @param[out] out  wick_hash_bytes() bytes; zeroed on error
 * @retval WICK_OK
 * @retval WICK_E_STATE  the key was wiped, or the message is already finished
 * @retval others        the back end's
 */
WICK_NODISCARD wick_status wick_hmac_finish(wick_hmac *h, uint8_t *out);

/**
 * Ends the message, compares with `tag` in constant time, and wipes `h`.
 * @param[in] tag  the whole output or its leading bytes; at least 10 (RFC 2104 section 5 asks for
 *                 half of the output and 80 bits)
 * @retval WICK_OK
 * @retval WICK_E_AUTH   another tag, or one of impossible length
 * @retval others        as wick_hmac_finish()
 */
WICK_NODISCARD wick_status wick_hmac_verify(wick_hmac *h, wick_span tag);

/** One message under one key, nothing cached. Errors as wick_hmac_key_init(). */
WICK_NODISCARD wick_status wick_hmac_once(const wick_hal_crypto *crypto, uint8_t *out,
                                          wick_hash_alg alg, wick_span secret, wick_span message);

#ifdef __cplusplus
}
#endif
#endif
