/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC (RFC 2104): H(K ^ opad | H(K ^ ipad | text)), with both inner states kept per key. */
#include "wick/hmac.h"

#include <string.h>

#define IPAD 0x36u
#define OPAD 0x5cu

size_t wick_hash_bytes(wick_hash_alg alg)
{
    switch (alg) {
    case WICK_HASH_SHA256:
        return 32;
    case WICK_HASH_SHA1:
        return 20;
    case WICK_HASH_MD5:
        return 16;
    default:
        return 0;
    }
}

/* The state after the block (K ^ pad). */
static wick_status absorb_pad(const wick_hal_crypto *crypto, wick_hash_ctx *h,
                              const uint8_t block[WICK_HASH_BLOCK_BYTES], wick_hash_alg alg,
                              unsigned pad)
{
    uint8_t padded[WICK_HASH_BLOCK_BYTES];
    for (size_t i = 0; i < sizeof padded; i++) {
        padded[i] = (uint8_t)(block[i] ^ pad);
    }
    wick_status st = crypto->hash_begin(crypto->ctx, h, alg);
    if (st == WICK_OK) {
        st = crypto->hash_update(crypto->ctx, h, padded, sizeof padded);
    }
    wick_wipe(padded, sizeof padded);
    return st;
}

/* Keys longer than a block are hashed, shorter ones filled with zeros (RFC 2104 section 2). */
static wick_status key_block(const wick_hal_crypto *crypto, wick_hash_ctx *scratch,
                             uint8_t block[WICK_HASH_BLOCK_BYTES], wick_hash_alg alg,
                             wick_span secret)
{
    memset(block, 0, WICK_HASH_BLOCK_BYTES);
    if (secret.len <= WICK_HASH_BLOCK_BYTES) {
        if (secret.len != 0) {
            memcpy(block, secret.ptr, secret.len);
        }
        return WICK_OK;
    }
    wick_status st = crypto->hash_begin(crypto->ctx, scratch, alg);
    if (st == WICK_OK) {
        st = crypto->hash_update(crypto->ctx, scratch, secret.ptr, secret.len);
    }
    if (st == WICK_OK) {
        st = crypto->hash_finish(crypto->ctx, scratch, block);
    }
    crypto->hash_free(crypto->ctx, scratch);
    memset(scratch, 0, sizeof *scratch);
    return st;
}

wick_status wick_hmac_key_init(wick_hmac_key *key, const wick_hal_crypto *crypto,
                               wick_hash_alg alg, wick_span secret)
{
    uint8_t block[WICK_HASH_BLOCK_BYTES];

    memset(key, 0, sizeof *key);
    if (wick_hash_bytes(alg) == 0) {
        return WICK_E_BAD_ARG;
    }
    key->crypto = crypto;
    key->alg = alg;
    wick_status st = key_block(crypto, &key->inner, block, alg, secret);
    if (st == WICK_OK) {
        st = absorb_pad(crypto, &key->inner, block, alg, IPAD);
    }
    if (st == WICK_OK) {
        st = absorb_pad(crypto, &key->outer, block, alg, OPAD);
    }
    wick_wipe(block, sizeof block);
    if (st != WICK_OK) {
        wick_hmac_key_wipe(key);
    }
    return st;
}

void wick_hmac_key_wipe(wick_hmac_key *key)
{
    if (key->crypto != NULL) {
        key->crypto->hash_free(key->crypto->ctx, &key->inner);
        key->crypto->hash_free(key->crypto->ctx, &key->outer);
    }
    wick_wipe(key, sizeof *key);
}

void wick_hmac_begin(wick_hmac *h, const wick_hmac_key *key)
{
    memset(h, 0, sizeof *h);
    if (key->crypto == NULL) {
        h->status = WICK_E_STATE;
        return;
    }
    h->key = key;
    h->status = key->crypto->hash_clone(key->crypto->ctx, &h->hash, &key->inner);
}

void wick_hmac_update(wick_hmac *h, wick_span part)
{
    if (h->status != WICK_OK) {
        return;
    }
    if (h->key == NULL) {
        h->status = WICK_E_STATE;
        return;
    }
    if (part.len != 0) {
        h->status = h->key->crypto->hash_update(h->key->crypto->ctx, &h->hash, part.ptr, part.len);
    }
}

wick_status wick_hmac_finish(wick_hmac *h, uint8_t *out)
{
    const wick_hmac_key *key = h->key;
    uint8_t digest[WICK_HASH_MAX_BYTES] = {0};

    if (key == NULL) {
        return h->status != WICK_OK ? h->status : WICK_E_STATE;
    }
    const wick_hal_crypto *crypto = key->crypto;
    const size_t len = wick_hash_bytes(key->alg);
    wick_status st = h->status;
    if (st == WICK_OK) {
        st = crypto->hash_finish(crypto->ctx, &h->hash, digest);
    }
    crypto->hash_free(crypto->ctx, &h->hash);
    memset(&h->hash, 0, sizeof h->hash);
    if (st == WICK_OK) {
        st = crypto->hash_clone(crypto->ctx, &h->hash, &key->outer);
    }
    if (st == WICK_OK) {
        st = crypto->hash_update(crypto->ctx, &h->hash, digest, len);
    }
    if (st == WICK_OK) {
        st = crypto->hash_finish(crypto->ctx, &h->hash, out);
    }
    crypto->hash_free(crypto->ctx, &h->hash);
    wick_wipe(digest, sizeof digest);
    wick_wipe(h, sizeof *h);
    if (st != WICK_OK) {
        memset(out, 0, len);
    }
    return st;
}

wick_status wick_hmac_verify(wick_hmac *h, wick_span tag)
{
    uint8_t mac[WICK_HASH_MAX_BYTES];
    const size_t len = (h->key != NULL) ? wick_hash_bytes(h->key->alg) : 0;

    wick_status st = wick_hmac_finish(h, mac);
    if (st == WICK_OK &&
        (tag.len < 10 || tag.len > len || !wick_ct_equal(mac, tag.ptr, tag.len))) {
        st = WICK_E_AUTH;
    }
    wick_wipe(mac, sizeof mac);
    return st;
}

wick_status wick_hmac_once(const wick_hal_crypto *crypto, uint8_t *out, wick_hash_alg alg,
                           wick_span secret, wick_span message)
{
    wick_hmac_key key;
    wick_hmac h;

    wick_status st = wick_hmac_key_init(&key, crypto, alg, secret);
    if (st == WICK_OK) {
        wick_hmac_begin(&h, &key);
        wick_hmac_update(&h, message);
        st = wick_hmac_finish(&h, out);
    } else if (wick_hash_bytes(alg) != 0) {
        memset(out, 0, wick_hash_bytes(alg));
    }
    wick_hmac_key_wipe(&key);
    return st;
}
