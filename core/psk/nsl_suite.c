/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of long-term keys: how each is hashed, sealed to, opened and signed with. The suite octet
 * is (initiator's type) << 4 | (responder's type): M1 is sealed by the responder's type, M2 by the
 * initiator's, and the signature is of the initiator's. A further type is a further
 * struct of functions (PROTOCOL.md section 3); that of RSA is in nsl_rsa.c.
 */
#include <string.h>

#include "nsl_internal.h"
#include "wick/hpke.h"

/* ---- secp256k1: HPKE with ChaCha20-Poly1305, ECDSA ---- */

static const uint8_t n1_psk_id[] = {'D', 'P', 'K', '-', 'N', 'S', 'L',
                                    ' ', 'v', '1', ' ', 'N', '1'};

static wick_status secp256k1_words(const wick_hal_crypto *crypto, uint8_t *parity,
                                   uint8_t word1[32], const wick_nsl_key *key)
{
    uint8_t pub65[65];

    wick_status st = crypto->secp256k1_expand(crypto->ctx, pub65, key->bytes);
    if (st == WICK_OK) {
        *parity = key->bytes[0] & 1;
        memcpy(word1, key->bytes + 1, 32);
    }
    return st;
}

static wick_status secp256k1_own(const wick_hal_keystore *keystore, const wick_nsl_key *pub,
                                 wick_key key)
{
    uint8_t pub33[33];

    wick_status st = keystore->secp256k1_public(keystore->ctx, pub33, key);
    if (st == WICK_OK && memcmp(pub33, pub->bytes, sizeof pub33) != 0) {
        st = WICK_E_BAD_KEY;
    }
    return st;
}

static wick_hpke_params secp256k1_params(const struct nsl_seal *seal)
{
    wick_hpke_params p;

    memset(&p, 0, sizeof p);
    p.aead = WICK_AEAD_CHACHA20_POLY1305;
    p.info = seal->info;
    p.single = true;
    p.no_export = true;
    if (seal->psk.len != 0) {
        p.mode = WICK_HPKE_PSK;
        p.psk = seal->psk;
        p.psk_id = NSL_SPAN(n1_psk_id);
    }
    return p;
}

static wick_status secp256k1_seal(const wick_nsl_node *node, uint8_t *out,
                                  const struct nsl_seal *seal, const wick_nsl_key *to,
                                  wick_span plain)
{
    const wick_hpke_params p = secp256k1_params(seal);
    wick_hpke h;

    wick_status st =
        wick_hpke_setup_sender(&h, out, node->cfg.crypto, node->cfg.entropy, to->bytes, &p);
    if (st == WICK_OK) {
        st = wick_hpke_seal(&h, out + WICK_HPKE_ENC_BYTES, seal->aad, plain);
    }
    wick_hpke_wipe(&h);
    return st;
}

static wick_status secp256k1_open(const wick_nsl_node *node, uint8_t *plain,
                                  const struct nsl_seal *seal, const wick_nsl_own *own,
                                  wick_span sealed)
{
    const wick_hpke_params p = secp256k1_params(seal);
    wick_hpke h;

    wick_status st = wick_hpke_setup_recipient(&h, node->cfg.crypto, node->cfg.keystore,
                                               own->pub.bytes, sealed.ptr, &p, own->key);
    if (st == WICK_OK) {
        st = wick_hpke_open(&h, plain, seal->aad,
                            wick_span_make(sealed.ptr + WICK_HPKE_ENC_BYTES,
                                           sealed.len - WICK_HPKE_ENC_BYTES));
    }
    wick_hpke_wipe(&h);
    return st;
}

static wick_status secp256k1_sign(const wick_nsl_node *node, uint8_t *sig, const wick_nsl_own *own,
                                  const uint8_t digest[32])
{
    const wick_hal_keystore *ks = node->cfg.keystore;
    return ks->secp256k1_sign(ks->ctx, sig, NULL, own->key, digest);
}

static wick_status secp256k1_verify(const wick_hal_crypto *crypto, const uint8_t *sig,
                                    const wick_nsl_key *key, const uint8_t digest[32])
{
    return crypto->secp256k1_verify(crypto->ctx, sig, digest, key->bytes);
}

static const struct nsl_type nsl_secp256k1 = {
    WICK_KEY_TYPE_SECP256K1, WICK_HPKE_ENC_BYTES + WICK_AEAD_TAG_BYTES, 64, secp256k1_words,
    secp256k1_own, secp256k1_seal, secp256k1_open, secp256k1_sign, secp256k1_verify};

/* ---- all types ---- */

const struct nsl_type *nsl_type(unsigned type)
{
#if WICK_WITH_NSL_RSA
    if (type == WICK_KEY_TYPE_RSA2048) {
        return &nsl_rsa2048;
    }
#endif
    return type == WICK_KEY_TYPE_SECP256K1 ? &nsl_secp256k1 : NULL;
}

wick_status nsl_keyhash(const wick_hal_crypto *crypto, uint8_t keyhash[32],
                        const wick_nsl_key *key)
{
    uint8_t head[2] = {key->type, 0}, word1[32] = {0};
    const wick_span parts[] = {NSL_SPAN(head), NSL_SPAN(word1)};
    const struct nsl_type *t = nsl_type(key->type);

    if (t == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status st = t->words(crypto, &head[1], word1, key);
    return st == WICK_OK ? nsl_hash(crypto, keyhash, parts, 2) : st;
}

wick_status nsl_ephemeral(const wick_nsl_node *node, uint8_t secret[32], uint8_t pub[33])
{
    wick_status st = node->cfg.entropy->fill(node->cfg.entropy->ctx, secret, 32);
    if (st == WICK_OK) {
        st = node->cfg.crypto->secp256k1_public(node->cfg.crypto->ctx, pub, secret);
    }
    /* Not below the group order: probability 2^-128, or a broken source. */
    return st == WICK_E_BAD_KEY ? WICK_E_ENTROPY : st;
}
