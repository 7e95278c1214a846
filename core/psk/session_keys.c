/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and identities under a handshake's root (core/psk/PROTOCOL.md section 6), and the table of
 * those that (D)TLS may ask for.
 */
#include "session_keys_internal.h"

#include <string.h>

#include "wick/hkdf.h"

/* Labels carry their zero byte, so that none is the beginning of another. */
#define LABEL(text) {(const uint8_t *)(text), sizeof(text)}

static const struct psk_use use_texts[WICK_USES] = {
    {WICK_USE_DTLS12, 32, LABEL("dpk-nsl psk dtls12"), LABEL("dpk-nsl psk dtls12 id")},
    {WICK_USE_TLS12, 32, LABEL("dpk-nsl psk tls12"), LABEL("dpk-nsl psk tls12 id")},
    {WICK_USE_TLS13, 32, LABEL("dpk-nsl psk tls13"), LABEL("dpk-nsl psk tls13 id")},
    {WICK_USE_PSK16, 16, LABEL("dpk-nsl psk16"), LABEL("dpk-nsl psk16 id")},
};

static wick_status expand_label(const wick_hal_crypto *crypto, uint8_t *out, size_t len,
                                const uint8_t root[32], wick_span label)
{
    return wick_hkdf_expand(crypto, out, len, root, &label, 1);
}

void psk_identity_text(char out[WICK_SESSION_IDENTITY_CHARS + 1], const uint8_t id16[16])
{
    memcpy(out, "dpk1.", 5);
    wick_base64url_encode(out + 5, id16, 16);
}

wick_status psk_derive(wick_session_psk *out, const wick_hal_crypto *crypto,
                       const uint8_t root[32], const struct psk_use *use)
{
    uint8_t id16[16];
    wick_hmac_key key;

    memset(out, 0, sizeof *out);
    wick_status st =
        wick_hmac_key_init(&key, crypto, WICK_HASH_SHA256, wick_span_make(root, 32));
    if (st == WICK_OK) {
        st = wick_hkdf_expand_with(&key, out->key, use->key_len, &use->key_label, 1);
    }
    if (st == WICK_OK) {
        st = wick_hkdf_expand_with(&key, id16, sizeof id16, &use->id_label, 1);
    }
    wick_hmac_key_wipe(&key);
    if (st != WICK_OK) {
        wick_wipe(out, sizeof *out);
        return st;
    }
    out->key_len = use->key_len;
    psk_identity_text(out->identity, id16);
    return WICK_OK;
}

wick_status wick_session_psk_derive(wick_session_psk *out, const wick_hal_crypto *crypto,
                                    const wick_session *session, wick_session_use use)
{
    for (size_t i = 0; i < WICK_USES; i++) {
        if (use_texts[i].use == use && ((unsigned)use & session->uses) != 0) {
            return psk_derive(out, crypto, session->root, &use_texts[i]);
        }
    }
    memset(out, 0, sizeof *out);
    return WICK_E_UNSUPPORTED;
}

wick_status wick_session_srtp_derive(wick_session_srtp *out, const wick_hal_crypto *crypto,
                                     const wick_session *session, wick_srtp_profile profile,
                                     uint32_t media)
{
    static const wick_span label = LABEL("dpk-nsl srtp");
    bool gcm = profile == WICK_SRTP_AEAD_AES_128_GCM || profile == WICK_SRTP_AEAD_AES_256_GCM;
    bool cm = profile == WICK_SRTP_AES128_CM_SHA1_80 || profile == WICK_SRTP_AES128_CM_SHA1_32;
    uint8_t which[6];
    memset(out, 0, sizeof *out);
    if ((!gcm && !cm) || (session->uses & WICK_USE_SRTP) == 0) {
        return WICK_E_UNSUPPORTED;
    }
    size_t key_len = profile == WICK_SRTP_AEAD_AES_256_GCM ? 32 : 16, salt_len = gcm ? 12 : 14;
    wick_store_be16(which, (uint16_t)profile);
    wick_store_be32(which + 2, media);
    wick_span info[2] = {label, wick_span_make(which, sizeof which)};
    wick_status st = wick_hkdf_expand(crypto, out->bytes, 2 * (key_len + salt_len), session->root,
                                      info, 2);
    if (st != WICK_OK) {
        wick_wipe(out, sizeof *out);
        return st;
    }
    out->key_len = key_len;
    out->salt_len = salt_len;
    return WICK_OK;
}

wick_status wick_session_ratchet(wick_session *session, const wick_hal_crypto *crypto)
{
    static const wick_span label = LABEL("dpk-nsl next");
    uint8_t next[WICK_SESSION_ROOT_BYTES];

    wick_status st = expand_label(crypto, next, sizeof next, session->root, label);
    /* On error `next` is zero: an old root must not live on in place of a new one. */
    memcpy(session->root, next, sizeof next);
    wick_wipe(next, sizeof next);
    return st;
}

void wick_session_table_init(wick_session_table *t, const wick_hal_crypto *crypto)
{
    memset(t, 0, sizeof *t);
    t->crypto = crypto;
}

static bool is_live(const wick_session_entry *e, uint64_t now_ms)
{
    return e->used && !wick_time_reached(now_ms, e->expires_ms);
}

static bool is_peer(const wick_session_entry *e, const uint8_t peer_id[32],
                    wick_session_role role)
{
    return e->session.role == role && memcmp(e->session.peer_id, peer_id, 32) == 0;
}

/* Fills the identities of the uses that were agreed on. */
static wick_status fill_identities(wick_session_entry *e, const wick_hal_crypto *crypto)
{
    wick_status st = WICK_OK;
    for (size_t i = 0; i < WICK_USES && st == WICK_OK; i++) {
        if (((unsigned)use_texts[i].use & e->session.uses) != 0) {
            st = expand_label(crypto, e->identity[i], 16, e->session.root,
                              use_texts[i].id_label);
        }
    }
    return st;
}

/* Does a live entry of another session hold one of e's identities? */
static bool collides(const wick_session_table *t, const wick_session_entry *e,
                     const wick_session_entry *replaced, uint64_t now_ms)
{
    bool found = false;
    for (size_t i = 0; i < WICK_SESSIONS_MAX; i++) {
        const wick_session_entry *o = &t->entry[i];
        if (o == replaced || !is_live(o, now_ms)) {
            continue;
        }
        for (size_t a = 0; a < WICK_USES; a++) {
            for (size_t b = 0; b < WICK_USES; b++) {
                found = found || (((unsigned)use_texts[a].use & e->session.uses) != 0 &&
                                  ((unsigned)use_texts[b].use & o->session.uses) != 0 &&
                                  wick_ct_equal(e->identity[a], o->identity[b], 16));
            }
        }
    }
    return found;
}

wick_status wick_session_table_put(wick_session_table *t, const wick_session *session,
                                   uint64_t now_ms, uint64_t life_ms)
{
    wick_session_entry *place = NULL;
    wick_session_entry e;

    wick_session_table_expire(t, now_ms);
    for (size_t i = 0; i < WICK_SESSIONS_MAX; i++) {
        wick_session_entry *o = &t->entry[i];
        if (o->used && is_peer(o, session->peer_id, session->role)) {
            place = o;
            break;
        }
        if (!o->used && place == NULL) {
            place = o;
        }
    }
    if (place == NULL) {
        return WICK_E_LIMIT;
    }
    memset(&e, 0, sizeof e);
    e.used = true;
    e.expires_ms = now_ms + life_ms;
    e.session = *session;
    wick_status st = fill_identities(&e, t->crypto);
    if (st == WICK_OK && collides(t, &e, place, now_ms)) {
        st = WICK_E_STATE;
    }
    if (st == WICK_OK) {
        *place = e;
    }
    wick_wipe(&e, sizeof e);
    return st;
}

wick_status wick_session_table_find(const wick_session_table *t, wick_session_psk *out,
                                    uint8_t peer_id[32], wick_span identity,
                                    wick_session_role role, unsigned uses, uint64_t now_ms)
{
    const wick_session_entry *found = NULL;
    wick_session_use use = WICK_USE_DTLS12;
    char text[WICK_SESSION_IDENTITY_CHARS + 1];

    memset(out, 0, sizeof *out);
    memset(peer_id, 0, 32);
    if (identity.len != WICK_SESSION_IDENTITY_CHARS) {
        return WICK_E_NOT_FOUND;
    }
    for (size_t i = 0; i < WICK_SESSIONS_MAX; i++) {
        const wick_session_entry *e = &t->entry[i];
        for (size_t u = 0; u < WICK_USES; u++) {
            const unsigned bit = (unsigned)use_texts[u].use;
            psk_identity_text(text, e->identity[u]);
            if (wick_ct_equal((const uint8_t *)text, identity.ptr, WICK_SESSION_IDENTITY_CHARS) &&
                is_live(e, now_ms) && e->session.role == role &&
                (bit & uses & e->session.uses) != 0) {
                found = e;
                use = use_texts[u].use;
            }
        }
    }
    if (found == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status st = wick_session_psk_derive(out, t->crypto, &found->session, use);
    if (st == WICK_OK) {
        memcpy(peer_id, found->session.peer_id, 32);
    }
    return st;
}

wick_status wick_session_table_peer(const wick_session_table *t, wick_session *out,
                                    const uint8_t peer_id[32], wick_session_role role,
                                    uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < WICK_SESSIONS_MAX; i++) {
        const wick_session_entry *e = &t->entry[i];
        if (is_live(e, now_ms) && is_peer(e, peer_id, role)) {
            *out = e->session;
            return WICK_OK;
        }
    }
    return WICK_E_NOT_FOUND;
}

void wick_session_table_remove(wick_session_table *t, const uint8_t peer_id[32])
{
    for (size_t i = 0; i < WICK_SESSIONS_MAX; i++) {
        if (memcmp(t->entry[i].session.peer_id, peer_id, 32) == 0) {
            wick_wipe(&t->entry[i], sizeof t->entry[i]);
        }
    }
}

void wick_session_table_expire(wick_session_table *t, uint64_t now_ms)
{
    for (size_t i = 0; i < WICK_SESSIONS_MAX; i++) {
        if (t->entry[i].used && !is_live(&t->entry[i], now_ms)) {
            wick_wipe(&t->entry[i], sizeof t->entry[i]);
        }
    }
}

void wick_session_table_wipe(wick_session_table *t)
{
    wick_wipe(t->entry, sizeof t->entry);
}
