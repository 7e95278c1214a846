/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE (RFC 9180) with DHKEM(secp256k1, HKDF-SHA256). Section numbers below are of that RFC; KEM
 * 0x0016 is draft-wahby-cfrg-hpke-kem-secp256k1: points in the KEM context are 65 bytes, DH gives
 * the x coordinate.
 */
#include "wick/hpke.h"

#include <string.h>

#include "wick/hkdf.h"

#define SPAN(a) wick_span_make((a), sizeof(a))
/* A label without its zero byte. */
#define LABEL(text) wick_span_make((const uint8_t *)(text), sizeof(text) - 1)

static const uint8_t version[7] = {'H', 'P', 'K', 'E', '-', 'v', '1'};
static const uint8_t kem_suite[5] = {'K', 'E', 'M', 0x00, 0x16};

/* Everything that exists during set-up only. */
struct setup {
    uint8_t secret[32]; /* ephemeral */
    uint8_t dh[64];     /* DH with the ephemeral, then with the sender's key */
    size_t dh_len;
    uint8_t kem_context[3 * 65]; /* enc | recipient | sender */
    size_t kem_context_len;
    uint8_t shared[32];
    uint8_t prk[32];
    uint8_t schedule_context[1 + 32 + 32]; /* mode | psk_id_hash | info_hash */
    uint8_t suite_id[10];
    wick_hmac_key no_salt;
};

/* Section 4: LabeledExtract("", label, ikm), which happens three times in a set-up. */
static wick_status labeled_extract(const wick_hmac_key *no_salt, uint8_t prk[32], wick_span suite,
                                   wick_span label, wick_span ikm)
{
    const wick_span parts[] = {SPAN(version), suite, label, ikm};
    return wick_hkdf_extract_with(no_salt, prk, parts, 4);
}

/* Section 4: LabeledExpand(prk, label, info, len). */
static wick_status labeled_expand(const wick_hmac_key *prk, uint8_t *out, size_t len,
                                  wick_span suite, wick_span label, wick_span info)
{
    uint8_t len_be[2];
    wick_store_be16(len_be, (uint16_t)len);
    const wick_span parts[] = {SPAN(len_be), SPAN(version), suite, label, info};
    return wick_hkdf_expand_with(prk, out, len, parts, 5);
}

/* Nk, or 0 where there is no such AEAD. */
static size_t key_bytes(unsigned aead)
{
    switch (aead) {
    case WICK_AEAD_AES128_GCM:
        return 16;
    case WICK_AEAD_AES256_GCM:
    case WICK_AEAD_CHACHA20_POLY1305:
        return 32;
    default:
        return 0;
    }
}

static bool has_psk(wick_hpke_mode mode)
{
    return mode == WICK_HPKE_PSK || mode == WICK_HPKE_AUTH_PSK;
}

static bool has_auth(wick_hpke_mode mode)
{
    return mode == WICK_HPKE_AUTH || mode == WICK_HPKE_AUTH_PSK;
}

/* Section 5.1 VerifyPSKInputs, and that a key comes with its mode and with no other. */
static wick_status check_params(const wick_hpke_params *p, bool sender)
{
    if ((unsigned)p->mode > (unsigned)WICK_HPKE_AUTH_PSK) {
        return WICK_E_BAD_ARG;
    }
    if (key_bytes(p->aead) == 0 && p->aead != WICK_HPKE_EXPORT_ONLY) {
        return WICK_E_UNSUPPORTED;
    }
    if (has_psk(p->mode)) {
        if (p->psk.len < WICK_HPKE_PSK_MIN || p->psk_id.len == 0) {
            return WICK_E_BAD_ARG;
        }
    } else if (p->psk.len != 0 || p->psk_id.len != 0) {
        return WICK_E_BAD_ARG;
    }
    if (has_auth(p->mode)) {
        if (p->sender_pub == NULL || (sender && p->sender_keystore == NULL)) {
            return WICK_E_BAD_ARG;
        }
    } else if (p->sender_pub != NULL || p->sender_keystore != NULL) {
        return WICK_E_BAD_ARG;
    }
    return WICK_OK;
}

/* Adds a public key, uncompressed, to the KEM context. */
static wick_status add_point(struct setup *s, const wick_hal_crypto *crypto,
                             const uint8_t pub[33])
{
    wick_status st =
        crypto->secp256k1_expand(crypto->ctx, s->kem_context + s->kem_context_len, pub);
    s->kem_context_len += 65;
    return st;
}

/* Section 4.1 ExtractAndExpand: the KEM's shared secret. */
static wick_status extract_and_expand(struct setup *s, const wick_hal_crypto *crypto)
{
    wick_hmac_key prk;

    wick_status st = wick_hmac_key_init(&s->no_salt, crypto, WICK_HASH_SHA256,
                                        wick_span_make(NULL, 0));
    if (st == WICK_OK) {
        st = labeled_extract(&s->no_salt, s->prk, SPAN(kem_suite), LABEL("eae_prk"),
                             wick_span_make(s->dh, s->dh_len));
    }
    if (st != WICK_OK) {
        return st;
    }
    st = wick_hmac_key_init(&prk, crypto, WICK_HASH_SHA256, SPAN(s->prk));
    if (st == WICK_OK) {
        st = labeled_expand(&prk, s->shared, sizeof s->shared, SPAN(kem_suite),
                            LABEL("shared_secret"),
                            wick_span_make(s->kem_context, s->kem_context_len));
    }
    wick_hmac_key_wipe(&prk);
    return st;
}

/* Section 5.1 KeySchedule. */
static wick_status key_schedule(wick_hpke *h, struct setup *s, const wick_hpke_params *p)
{
    const wick_hal_crypto *crypto = h->crypto;
    const wick_span suite = SPAN(s->suite_id);
    const wick_span secret_parts[] = {SPAN(version), suite, LABEL("secret"), p->psk};
    wick_hmac_key secret;

    memcpy(s->suite_id, "HPKE", 4);
    wick_store_be16(s->suite_id + 4, 0x0016);
    wick_store_be16(s->suite_id + 6, 0x0001);
    wick_store_be16(s->suite_id + 8, (uint16_t)p->aead);
    s->schedule_context[0] = (uint8_t)p->mode;
    wick_status st = labeled_extract(&s->no_salt, s->schedule_context + 1, suite,
                                     LABEL("psk_id_hash"), p->psk_id);
    if (st == WICK_OK) {
        st = labeled_extract(&s->no_salt, s->schedule_context + 33, suite, LABEL("info_hash"),
                             p->info);
    }
    if (st == WICK_OK) {
        st = wick_hkdf_extract(crypto, s->prk, SPAN(s->shared), secret_parts, 4);
    }
    if (st != WICK_OK) {
        return st;
    }
    st = wick_hmac_key_init(&secret, crypto, WICK_HASH_SHA256, SPAN(s->prk));
    if (st == WICK_OK && p->aead != WICK_HPKE_EXPORT_ONLY) {
        st = labeled_expand(&secret, h->key, key_bytes(p->aead), suite, LABEL("key"),
                            SPAN(s->schedule_context));
    }
    if (st == WICK_OK && p->aead != WICK_HPKE_EXPORT_ONLY) {
        st = labeled_expand(&secret, h->base_nonce, sizeof h->base_nonce, suite,
                            LABEL("base_nonce"), SPAN(s->schedule_context));
    }
    if (st == WICK_OK && !p->no_export) {
        st = labeled_expand(&secret, h->exporter, sizeof h->exporter, suite, LABEL("exp"),
                            SPAN(s->schedule_context));
    }
    wick_hmac_key_wipe(&secret);
    return st;
}

static wick_status finish(wick_hpke *h, struct setup *s, const wick_hpke_params *p, wick_status st)
{
    if (st == WICK_OK) {
        st = extract_and_expand(s, h->crypto);
    }
    if (st == WICK_OK) {
        st = key_schedule(h, s, p);
    }
    wick_hmac_key_wipe(&s->no_salt);
    wick_wipe(s, sizeof *s);
    if (st != WICK_OK) {
        wick_hpke_wipe(h);
    }
    return st;
}

static void begin(wick_hpke *h, const wick_hal_crypto *crypto, const wick_hpke_params *p,
                  bool sender)
{
    memset(h, 0, sizeof *h);
    h->crypto = crypto;
    h->aead = p->aead;
    h->single = p->single;
    h->no_export = p->no_export;
    h->sender = sender;
}

/* An ephemeral key pair. A random number is not below the group order with probability 2^-128. */
static wick_status ephemeral(struct setup *s, uint8_t enc[33], const wick_hal_crypto *crypto,
                             const wick_hal_entropy *entropy)
{
    wick_status st = entropy->fill(entropy->ctx, s->secret, sizeof s->secret);
    if (st == WICK_OK) {
        st = crypto->secp256k1_public(crypto->ctx, enc, s->secret);
    }
    return st == WICK_E_BAD_KEY ? WICK_E_ENTROPY : st;
}

wick_status wick_hpke_setup_sender(wick_hpke *h, uint8_t enc[WICK_HPKE_ENC_BYTES],
                                   const wick_hal_crypto *crypto, const wick_hal_entropy *entropy,
                                   const uint8_t recipient_pub[33], const wick_hpke_params *params)
{
    struct setup s;

    memset(&s, 0, sizeof s);
    memset(enc, 0, WICK_HPKE_ENC_BYTES);
    begin(h, crypto, params, true);
    wick_status st = check_params(params, true);
    if (st == WICK_OK) {
        st = ephemeral(&s, enc, crypto, entropy);
    }
    if (st == WICK_OK) {
        st = crypto->secp256k1_ecdh(crypto->ctx, s.dh, s.secret, recipient_pub);
        s.dh_len = 32;
    }
    if (st == WICK_OK) {
        st = add_point(&s, crypto, enc);
    }
    if (st == WICK_OK) {
        st = add_point(&s, crypto, recipient_pub);
    }
    if (st == WICK_OK && has_auth(params->mode)) {
        const wick_hal_keystore *ks = params->sender_keystore;
        st = ks->secp256k1_ecdh(ks->ctx, s.dh + 32, params->sender_key, recipient_pub);
        s.dh_len = 64;
        if (st == WICK_OK) {
            st = add_point(&s, crypto, params->sender_pub);
        }
    }
    st = finish(h, &s, params, st);
    if (st != WICK_OK) {
        memset(enc, 0, WICK_HPKE_ENC_BYTES);
    }
    return st;
}

wick_status wick_hpke_setup_recipient(wick_hpke *h, const wick_hal_crypto *crypto,
                                      const wick_hal_keystore *keystore, const uint8_t pub[33],
                                      const uint8_t enc[WICK_HPKE_ENC_BYTES],
                                      const wick_hpke_params *params, wick_key key)
{
    struct setup s;

    memset(&s, 0, sizeof s);
    begin(h, crypto, params, false);
    wick_status st = check_params(params, false);
    /* Points first: a private-key operation is made for valid ones only. */
    if (st == WICK_OK) {
        st = add_point(&s, crypto, enc);
    }
    if (st == WICK_OK) {
        st = add_point(&s, crypto, pub);
    }
    if (st == WICK_OK && has_auth(params->mode)) {
        st = add_point(&s, crypto, params->sender_pub);
    }
    if (st == WICK_OK) {
        st = keystore->secp256k1_ecdh(keystore->ctx, s.dh, key, enc);
        s.dh_len = 32;
    }
    if (st == WICK_OK && has_auth(params->mode)) {
        st = keystore->secp256k1_ecdh(keystore->ctx, s.dh + 32, key, params->sender_pub);
        s.dh_len = 64;
    }
    return finish(h, &s, params, st);
}

/* Section 5.2 ComputeNonce: base_nonce XOR the sequence number. */
static wick_status next(const wick_hpke *h, uint8_t nonce[12], bool sender)
{
    uint8_t seq[8];

    if (h->crypto == NULL || h->sender != sender || h->aead == WICK_HPKE_EXPORT_ONLY) {
        return WICK_E_STATE;
    }
    if (h->spent) {
        return WICK_E_HPKE_SEQ;
    }
    memcpy(nonce, h->base_nonce, 12);
    wick_store_be64(seq, h->seq);
    for (size_t i = 0; i < sizeof seq; i++) {
        nonce[4 + i] = (uint8_t)(nonce[4 + i] ^ seq[i]);
    }
    return WICK_OK;
}

static void advance(wick_hpke *h)
{
    h->seq++;
    if (h->single || h->seq == UINT64_MAX) {
        h->spent = true;
        wick_wipe(h->key, sizeof h->key);
        wick_wipe(h->base_nonce, sizeof h->base_nonce);
    }
}

wick_status wick_hpke_seal(wick_hpke *h, uint8_t *ct, wick_span aad, wick_span pt)
{
    uint8_t nonce[12];

    wick_status st = next(h, nonce, true);
    if (st != WICK_OK) {
        return st;
    }
    st = h->crypto->aead_seal(h->crypto->ctx, (wick_aead_alg)h->aead, ct, h->key, nonce, aad, pt);
    /* Also after a failure: something may have been written under this nonce. */
    advance(h);
    wick_wipe(nonce, sizeof nonce);
    return st;
}

wick_status wick_hpke_open(wick_hpke *h, uint8_t *pt, wick_span aad, wick_span ct)
{
    uint8_t nonce[12];

    wick_status st = next(h, nonce, false);
    if (st != WICK_OK) {
        return st;
    }
    st = h->crypto->aead_open(h->crypto->ctx, (wick_aead_alg)h->aead, pt, h->key, nonce, aad, ct);
    if (st == WICK_OK) {
        advance(h);
    }
    wick_wipe(nonce, sizeof nonce);
    return st;
}

wick_status wick_hpke_export(const wick_hpke *h, uint8_t *out, size_t len, wick_span context)
{
    wick_hmac_key prk;
    uint8_t suite_id[10] = {'H', 'P', 'K', 'E', 0x00, 0x16, 0x00, 0x01, 0x00, 0x00};

    if (h->crypto == NULL || h->no_export) {
        return WICK_E_STATE;
    }
    if (len > WICK_HKDF_OUT_MAX) {
        return WICK_E_BAD_ARG;
    }
    wick_store_be16(suite_id + 8, (uint16_t)h->aead);
    wick_status st = wick_hmac_key_init(&prk, h->crypto, WICK_HASH_SHA256, SPAN(h->exporter));
    if (st == WICK_OK) {
        st = labeled_expand(&prk, out, len, SPAN(suite_id), LABEL("sec"), context);
    } else {
        memset(out, 0, len);
    }
    wick_hmac_key_wipe(&prk);
    return st;
}

void wick_hpke_wipe(wick_hpke *h)
{
    wick_wipe(h, sizeof *h);
}
