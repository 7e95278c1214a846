/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA-2048 as a type of long-term key (PROTOCOL.md section 3): OAEP of a seed, from which and from
 * the pre-shared key of M2 comes a key of ChaCha20-Poly1305; PSS. Opening has one exit: a wrong
 * padding gives a random seed, so that only the tag can be wrong (Manger's oracle).
 */
#include <string.h>

#include "nsl_internal.h"
#include "wick/hkdf.h"
#include "wick/rsa.h"

#if WICK_WITH_NSL_RSA

#define LABEL(text) wick_span_make((const uint8_t *)(text), sizeof(text)) /* with its zero byte */

static wick_status rsa_words(const wick_hal_crypto *crypto, uint8_t *parity, uint8_t word1[32],
                             const wick_nsl_key *key)
{
    uint8_t spki[WICK_RSA_SPKI_MAX];
    const size_t len = wick_rsa_spki_encode(spki, key->bytes);
    const wick_span part = wick_span_make(spki, len);

    if (crypto->rsa_seal == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    *parity = 0;
    return len != 0 ? nsl_hash(crypto, word1, &part, 1) : WICK_E_BAD_KEY;
}

static wick_status rsa_own(const wick_hal_keystore *keystore, const wick_nsl_key *pub, wick_key key)
{
    uint8_t pub260[WICK_RSA_PUB_BYTES];

    if (keystore->rsa_public == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status st = keystore->rsa_public(keystore->ctx, pub260, key);
    if (st == WICK_OK && memcmp(pub260, pub->bytes, sizeof pub260) != 0) {
        st = WICK_E_BAD_KEY;
    }
    return st;
}

/* Key 32 and nonce 12 under which the plaintext is sealed. */
static wick_status dem_keys(const wick_hal_crypto *crypto, uint8_t keys[32 + WICK_AEAD_NONCE_BYTES],
                            const struct nsl_seal *seal, const uint8_t seed[32])
{
    const wick_span ikm[] = {wick_span_make(seed, 32), seal->psk};
    const wick_span key_label = LABEL("dpk-nsl seal key"), iv_label = LABEL("dpk-nsl seal iv");
    uint8_t x[32];

    wick_status st = wick_hkdf_extract(crypto, x, seal->info, ikm, 2);
    if (st == WICK_OK) {
        st = wick_hkdf_expand(crypto, keys, 32, x, &key_label, 1);
    }
    if (st == WICK_OK) {
        st = wick_hkdf_expand(crypto, keys + 32, WICK_AEAD_NONCE_BYTES, x, &iv_label, 1);
    }
    wick_wipe(x, sizeof x);
    return st;
}

static wick_status rsa_seal(const wick_nsl_node *node, uint8_t *out, const struct nsl_seal *seal,
                            const wick_nsl_key *to, wick_span plain)
{
    const wick_hal_crypto *crypto = node->cfg.crypto;
    uint8_t seeds[64], keys[32 + WICK_AEAD_NONCE_BYTES]; /* ours and that of OAEP */

    wick_status st = node->cfg.entropy->fill(node->cfg.entropy->ctx, seeds, sizeof seeds);
    if (st == WICK_OK) {
        st = crypto->rsa_seal(crypto->ctx, out, to->bytes, seal->info, seeds, seeds + 32);
    }
    if (st == WICK_OK) {
        st = dem_keys(crypto, keys, seal, seeds);
    }
    if (st == WICK_OK) {
        st = crypto->aead_seal(crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, out + WICK_RSA_BYTES, keys,
                               keys + 32, seal->aad, plain);
    }
    wick_wipe(seeds, sizeof seeds);
    wick_wipe(keys, sizeof keys);
    return st;
}

static wick_status rsa_open(const wick_nsl_node *node, uint8_t *plain, const struct nsl_seal *seal,
                            const wick_nsl_own *own, wick_span sealed)
{
    const wick_hal_crypto *crypto = node->cfg.crypto;
    const wick_hal_keystore *ks = node->cfg.keystore;
    uint8_t seed[32], keys[32 + WICK_AEAD_NONCE_BYTES];

    /* The keystore never says that the padding was wrong: the tag does, below. */
    wick_status st = ks->rsa_open(ks->ctx, seed, own->key, seal->info, sealed.ptr);
    if (st == WICK_OK) {
        st = dem_keys(crypto, keys, seal, seed);
    }
    if (st == WICK_OK) {
        st = crypto->aead_open(crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, plain, keys, keys + 32,
                               seal->aad,
                               wick_span_make(sealed.ptr + WICK_RSA_BYTES,
                                              sealed.len - WICK_RSA_BYTES));
    }
    wick_wipe(seed, sizeof seed);
    wick_wipe(keys, sizeof keys);
    return st;
}

static wick_status rsa_sign(const wick_nsl_node *node, uint8_t *sig, const wick_nsl_own *own,
                            const uint8_t digest[32])
{
    const wick_hal_keystore *ks = node->cfg.keystore;
    return ks->rsa_sign(ks->ctx, sig, own->key, digest);
}

static wick_status rsa_verify(const wick_hal_crypto *crypto, const uint8_t *sig,
                              const wick_nsl_key *key, const uint8_t digest[32])
{
    return crypto->rsa_verify(crypto->ctx, sig, digest, key->bytes);
}

const struct nsl_type nsl_rsa2048 = {WICK_KEY_TYPE_RSA2048,
                                     WICK_RSA_BYTES + WICK_AEAD_TAG_BYTES,
                                     WICK_RSA_BYTES,
                                     rsa_words,
                                     rsa_own,
                                     rsa_seal,
                                     rsa_open,
                                     rsa_sign,
                                     rsa_verify};

#endif
