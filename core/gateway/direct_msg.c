/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between the ends of a session about its paths (core/psk/PROTOCOL.md section 12): STUN
 * Binding with MESSAGE-INTEGRITY-SHA256 and FINGERPRINT, keys from the session's root.
 *
 *   request  USERNAME (name of the session), in an offer DATA (sealed addresses)
 *   answer   XOR-MAPPED-ADDRESS
 *   refusal  an error answer that nobody asked for: ERROR-CODE 486
 *
 * The transaction id is 8 bytes of the sender's and the counter. It never comes twice under one key,
 * so it is the nonce of the sealed part too.
 */
#include "wick/direct.h"

#include <string.h>

#include "wick/hkdf.h"

#define BODY_VERSION 1
#define BODY_HEAD_BYTES 4 /* version, three zeros */
#define ENTRY_HEAD_BYTES 4 /* kind, family, port */
#define NAME_CHARS 22
#define BUSY_CODE 486
#define BODY_MAX_BYTES (BODY_HEAD_BYTES + WICK_DIRECT_CANDIDATES * (ENTRY_HEAD_BYTES + 16))

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 }; /* RFC 8489 section 14.1 */

const char *wick_direct_kind_str(wick_direct_kind kind)
{
    switch (kind) {
    case WICK_DIRECT_HOST:
        return "host";
    case WICK_DIRECT_MAPPED:
        return "mapped";
    case WICK_DIRECT_REFLEXIVE:
        return "reflexive";
    case WICK_DIRECT_LEARNED:
        return "learned";
    case WICK_DIRECT_RELAYED:
        return "relayed";
    }
    return "none";
}

/* ------------------------------------------------------------------ keys */

static wick_status expand(const wick_hal_crypto *crypto, uint8_t *out, size_t len,
                          const wick_session *session, wick_span label)
{
    return wick_hkdf_expand(crypto, out, len, session->root, &label, 1);
}

wick_status wick_direct_keys_derive(wick_direct_keys *out, const wick_hal_crypto *crypto,
                                    const wick_session *session, wick_session_role sender)
{
    /* With their zero bytes, so that none is the beginning of another. */
    static const uint8_t i2r[] = "dpk-nsl direct i2r", r2i[] = "dpk-nsl direct r2i";
    uint8_t all[sizeof *out];
    wick_span label = sender == WICK_ROLE_INITIATOR ? wick_span_make(i2r, sizeof i2r)
                                                    : wick_span_make(r2i, sizeof r2i);
    memset(out, 0, sizeof *out);
    wick_status s = expand(crypto, all, sizeof all, session, label);
    if (s == WICK_OK) {
        memcpy(out->mac, all, 32);
        memcpy(out->seal, all + 32, 32);
        memcpy(out->tid, all + 64, 8);
        memcpy(out->cid, all + 72, WICK_DIRECT_CID_BYTES);
    }
    wick_wipe(all, sizeof all);
    return s;
}

wick_status wick_direct_name(uint8_t out[WICK_DIRECT_NAME_BYTES], const wick_hal_crypto *crypto,
                             const wick_session *session)
{
    static const uint8_t label[] = "dpk-nsl direct id";
    memset(out, 0, WICK_DIRECT_NAME_BYTES);
    return expand(crypto, out, WICK_DIRECT_NAME_BYTES, session,
                  wick_span_make(label, sizeof label));
}

/* ------------------------------------------------------------------ writing */

static void make_tid(uint8_t tid[WICK_STUN_TID_BYTES], const wick_direct_keys *keys,
                     uint32_t counter)
{
    memcpy(tid, keys->tid, sizeof keys->tid);
    wick_store_be32(tid + sizeof keys->tid, counter);
}

/* Kinds that one side tells the other. */
static bool is_offered(uint8_t kind)
{
    return kind >= WICK_DIRECT_HOST && kind <= WICK_DIRECT_RELAYED && kind != WICK_DIRECT_LEARNED;
}

static wick_status write_body(uint8_t *body, size_t *len, const wick_direct_candidate *list,
                              size_t count)
{
    size_t at = BODY_HEAD_BYTES;
    if (count > WICK_DIRECT_CANDIDATES) {
        return WICK_E_BAD_ARG;
    }
    memset(body, 0, BODY_HEAD_BYTES);
    body[0] = BODY_VERSION;
    for (size_t i = 0; i < count; i++) {
        bool v4 = wick_addr_is_v4(&list[i].addr);
        if (!is_offered(list[i].kind) || list[i].addr.port == 0) {
            return WICK_E_BAD_ARG;
        }
        body[at] = list[i].kind;
        body[at + 1] = v4 ? FAMILY_IPV4 : FAMILY_IPV6;
        wick_store_be16(body + at + 2, list[i].addr.port);
        memcpy(body + at + ENTRY_HEAD_BYTES, list[i].addr.ip + (v4 ? 12 : 0), v4 ? 4 : 16);
        at += ENTRY_HEAD_BYTES + (v4 ? 4u : 16u);
    }
    *len = at;
    return WICK_OK;
}

/* Integrity and FINGERPRINT, then the length. */
static wick_status finish(wick_stun_build *b, const wick_hal_crypto *crypto,
                          const wick_direct_keys *keys)
{
    wick_hmac_key mac;
    wick_status s = wick_hmac_key_init(&mac, crypto, WICK_HASH_SHA256,
                                       wick_span_make(keys->mac, sizeof keys->mac));
    if (s == WICK_OK) {
        wick_stun_put_integrity_sha256(b, &mac);
        wick_stun_put_fingerprint(b);
        s = wick_stun_end(b);
    }
    wick_hmac_key_wipe(&mac);
    return s;
}

wick_status wick_direct_request(wick_buf *buf, const wick_hal_crypto *crypto,
                                const wick_direct_keys *keys,
                                const uint8_t name[WICK_DIRECT_NAME_BYTES], uint32_t counter,
                                const wick_direct_candidate *list, size_t count)
{
    uint8_t tid[WICK_STUN_TID_BYTES], body[BODY_MAX_BYTES + WICK_AEAD_TAG_BYTES];
    char text[NAME_CHARS + 1];
    size_t len = 0;
    wick_stun_build b;
    if (list != NULL) {
        wick_status s = write_body(body, &len, list, count);
        if (s != WICK_OK) {
            return s;
        }
    }
    make_tid(tid, keys, counter);
    wick_base64url_encode(text, name, WICK_DIRECT_NAME_BYTES);
    wick_stun_begin(&b, buf, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    wick_stun_put(&b, WICK_STUN_USERNAME, wick_span_make((const uint8_t *)text, NAME_CHARS));
    if (list != NULL) {
        wick_status s = crypto->aead_seal(crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, body,
                                          keys->seal, tid, wick_span_make(NULL, 0),
                                          wick_span_make(body, len));
        if (s != WICK_OK) {
            return s;
        }
        wick_stun_put(&b, WICK_STUN_DATA_ATTR, wick_span_make(body, len + WICK_AEAD_TAG_BYTES));
    }
    return finish(&b, crypto, keys);
}

wick_status wick_direct_answer(wick_buf *buf, const wick_hal_crypto *crypto,
                               const wick_direct_keys *keys,
                               const uint8_t tid[WICK_STUN_TID_BYTES], const wick_addr *mapped)
{
    wick_stun_build b;
    wick_stun_begin(&b, buf, WICK_STUN_BINDING, WICK_STUN_SUCCESS, tid);
    wick_stun_put_addr(&b, WICK_STUN_XOR_MAPPED_ADDRESS, mapped);
    return finish(&b, crypto, keys);
}

wick_status wick_direct_busy(wick_buf *buf, const wick_hal_crypto *crypto,
                             const wick_direct_keys *keys)
{
    uint8_t tid[WICK_STUN_TID_BYTES];
    wick_stun_build b;
    make_tid(tid, keys, 0);
    wick_stun_begin(&b, buf, WICK_STUN_BINDING, WICK_STUN_ERROR, tid);
    wick_stun_put_error(&b, BUSY_CODE, "");
    return finish(&b, crypto, keys);
}

/* ------------------------------------------------------------------ reading */

wick_status wick_direct_read(wick_direct_msg *m, wick_span in)
{
    memset(m, 0, sizeof *m);
    wick_status s = wick_stun_decode(&m->stun, in);
    if (s != WICK_OK) {
        return s;
    }
    m->answer = m->stun.cls == WICK_STUN_SUCCESS;
    m->busy = m->stun.cls == WICK_STUN_ERROR;
    if (m->stun.method != WICK_STUN_BINDING || m->stun.unknown_count != 0 ||
        (!m->answer && !m->busy && m->stun.cls != WICK_STUN_REQUEST) ||
        wick_stun_get(&m->stun, WICK_STUN_MESSAGE_INTEGRITY_SHA256).len !=
            WICK_STUN_MI_SHA256_BYTES ||
        wick_stun_check_fingerprint(&m->stun) != WICK_OK) {
        return WICK_E_UNSUPPORTED;
    }
    m->counter = wick_load_be32(wick_stun_tid(&m->stun) + 8);
    if (m->answer) {
        return wick_stun_get_addr(&m->mapped, &m->stun, WICK_STUN_XOR_MAPPED_ADDRESS);
    }
    if (m->busy) {
        uint16_t code = 0;
        s = wick_stun_get_error(&code, NULL, &m->stun);
        return s == WICK_OK && code == BUSY_CODE && m->counter == 0 ? WICK_OK : WICK_E_UNSUPPORTED;
    }
    m->name = wick_stun_get(&m->stun, WICK_STUN_USERNAME);
    m->offer = wick_stun_has(&m->stun, WICK_STUN_DATA_ATTR);
    return m->name.len == NAME_CHARS ? WICK_OK : WICK_E_UNSUPPORTED;
}

bool wick_direct_is_named(const wick_direct_msg *m, const uint8_t name[WICK_DIRECT_NAME_BYTES])
{
    char text[NAME_CHARS + 1];
    wick_base64url_encode(text, name, WICK_DIRECT_NAME_BYTES);
    return m->name.len == NAME_CHARS && memcmp(m->name.ptr, text, NAME_CHARS) == 0;
}

/* Kinds that are unknown here are skipped, of addresses only what can be one is taken. */
static wick_status read_body(wick_direct_msg *m, wick_span body)
{
    if (body.len < BODY_HEAD_BYTES) {
        return WICK_E_MALFORMED;
    }
    if (wick_load_be32(body.ptr) != (uint32_t)BODY_VERSION << 24) {
        return WICK_E_UNSUPPORTED; /* zeros are kept for what must be understood */
    }
    size_t at = BODY_HEAD_BYTES;
    while (at < body.len) {
        const uint8_t *e = body.ptr + at;
        size_t left = body.len - at;
        if (left < ENTRY_HEAD_BYTES || (e[1] != FAMILY_IPV4 && e[1] != FAMILY_IPV6)) {
            return WICK_E_MALFORMED;
        }
        size_t len = e[1] == FAMILY_IPV4 ? 4 : 16;
        uint16_t port = wick_load_be16(e + 2);
        if (left < ENTRY_HEAD_BYTES + len || port == 0) {
            return WICK_E_MALFORMED;
        }
        at += ENTRY_HEAD_BYTES + len;
        if (!is_offered(e[0])) {
            continue;
        }
        if (m->count == WICK_DIRECT_CANDIDATES) {
            return WICK_E_MALFORMED;
        }
        wick_direct_candidate *c = &m->candidate[m->count];
        c->kind = e[0];
        c->addr = wick_addr_v4(e[4], e[5], e[6], e[7], port);
        if (len == 16) {
            memcpy(c->addr.ip, e + ENTRY_HEAD_BYTES, 16);
            if (wick_addr_is_v4(&c->addr)) {
                return WICK_E_MALFORMED; /* it has a form of its own */
            }
        }
        m->count++;
    }
    return WICK_OK;
}

static wick_status open_body(wick_direct_msg *m, const wick_hal_crypto *crypto,
                             const wick_direct_keys *keys)
{
    uint8_t body[BODY_MAX_BYTES];
    wick_span sealed = wick_stun_get(&m->stun, WICK_STUN_DATA_ATTR);
    if (sealed.len < WICK_AEAD_TAG_BYTES || sealed.len > sizeof body + WICK_AEAD_TAG_BYTES) {
        return WICK_E_MALFORMED;
    }
    size_t len = sealed.len - WICK_AEAD_TAG_BYTES;
    wick_status s = crypto->aead_open(crypto->ctx, WICK_AEAD_CHACHA20_POLY1305, body, keys->seal,
                                      wick_stun_tid(&m->stun), wick_span_make(NULL, 0), sealed);
    s = s == WICK_OK ? read_body(m, wick_span_make(body, len)) : s;
    if (s != WICK_OK) {
        m->count = 0;
    }
    return s;
}

wick_status wick_direct_open(wick_direct_msg *m, const wick_hal_crypto *crypto,
                             const wick_direct_keys *keys)
{
    wick_hmac_key mac;
    wick_status s = wick_hmac_key_init(&mac, crypto, WICK_HASH_SHA256,
                                       wick_span_make(keys->mac, sizeof keys->mac));
    if (s == WICK_OK) {
        s = wick_stun_check_integrity_sha256(&m->stun, &mac);
    }
    wick_hmac_key_wipe(&mac);
    /* An answer bears the transaction id of its receiver, who knows it by the counter. */
    if (s == WICK_OK && !m->answer &&
        memcmp(wick_stun_tid(&m->stun), keys->tid, sizeof keys->tid) != 0) {
        s = WICK_E_AUTH;
    }
    return s == WICK_OK && m->offer ? open_body(m, crypto, keys) : s;
}
