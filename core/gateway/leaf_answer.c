/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to leaves, written by the gateway and read by the leaf: wick/leaf_answer.h. */
#include "wick/leaf_answer.h"

#include <string.h>

#include "wick/hmac.h"

#define TICKET_TEXT_MAX 255u

/* ------------------------------------------------------------------ head */

void wick_leaf_head_put(wick_buf *out, const uint8_t peer32[32], uint32_t epoch)
{
    wick_buf_put_u8(out, WICK_LEAF_VERSION);
    wick_buf_put(out, peer32, 32);
    wick_buf_put_be32(out, epoch);
}

wick_status wick_leaf_head_read(wick_leaf_head *out, wick_span answer, const uint8_t id32[32],
                                uint32_t epoch_known)
{
    wick_reader r = wick_reader_make(answer);
    memset(out, 0, sizeof *out);
    uint8_t version = wick_read_u8(&r);
    wick_read_bytes(&r, out->peer, sizeof out->peer);
    out->epoch = wick_read_be32(&r);
    out->rest = wick_read_span(&r, r.len - r.pos);
    wick_status s = r.status;
    if (s == WICK_OK && version != WICK_LEAF_VERSION) {
        s = WICK_E_UNSUPPORTED;
    }
    if (s == WICK_OK && !wick_ct_equal(out->peer, id32, sizeof out->peer)) {
        s = WICK_E_LEAF_PEER;
    }
    if (s == WICK_OK && out->epoch < epoch_known) {
        s = WICK_E_RECORD_STALE;
    }
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

/* ------------------------------------------------------------------ key */

void wick_leaf_key_put(wick_buf *out, const wick_leaf_key *key)
{
    wick_leaf_head_put(out, key->peer, key->epoch);
    wick_buf_put_u8(out, key->key_type);
    wick_buf_put_u8(out, key->flags);
    wick_buf_put(out, key->key, sizeof key->key);
    wick_buf_put_be64(out, key->not_after);
    wick_buf_put_be64(out, key->block_number);
    wick_buf_put_be64(out, key->block_time_s);
    wick_buf_put_u8(out, key->tier);
}

wick_status wick_leaf_key_read(wick_leaf_key *out, wick_span answer, const uint8_t id32[32],
                               uint32_t epoch_known)
{
    wick_leaf_head h;
    memset(out, 0, sizeof *out);
    wick_status s = wick_leaf_head_read(&h, answer, id32, epoch_known);
    if (s != WICK_OK) {
        return s;
    }
    wick_reader r = wick_reader_make(h.rest);
    memcpy(out->peer, h.peer, sizeof out->peer);
    out->epoch = h.epoch;
    out->key_type = wick_read_u8(&r);
    out->flags = wick_read_u8(&r);
    wick_read_bytes(&r, out->key, sizeof out->key);
    out->not_after = wick_read_be64(&r);
    out->block_number = wick_read_be64(&r);
    out->block_time_s = wick_read_be64(&r);
    out->tier = wick_read_u8(&r);
    s = wick_read_end(&r);
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

/* ------------------------------------------------------------------ ticket */

void wick_leaf_ticket_put(wick_buf *out, const uint8_t peer32[32], uint32_t epoch,
                          const uint8_t ks32[32], wick_span text)
{
    wick_leaf_head_put(out, peer32, epoch);
    wick_buf_put(out, ks32, 32);
    wick_buf_put(out, text.ptr, text.len);
}

wick_status wick_leaf_ticket_read(wick_leaf_ticket *out, wick_span answer, const uint8_t id32[32],
                                  uint32_t epoch_known)
{
    wick_leaf_head h;
    memset(out, 0, sizeof *out);
    wick_status s = wick_leaf_head_read(&h, answer, id32, epoch_known);
    if (s != WICK_OK) {
        return s;
    }
    wick_reader r = wick_reader_make(h.rest);
    wick_read_bytes(&r, out->ks, sizeof out->ks);
    out->text = wick_read_span(&r, r.len - r.pos);
    s = r.status;
    if (s == WICK_OK && (out->text.len == 0 || out->text.len > TICKET_TEXT_MAX)) {
        s = WICK_E_MALFORMED;
    }
    for (size_t i = 0; s == WICK_OK && i < out->text.len; i++) {
        if (out->text.ptr[i] <= 0x20 || out->text.ptr[i] >= 0x7f) {
            s = WICK_E_MALFORMED;
        }
    }
    if (s != WICK_OK) {
        wick_wipe(out, sizeof *out);
        return s;
    }
    memcpy(out->peer, h.peer, sizeof out->peer);
    out->epoch = h.epoch;
    return WICK_OK;
}

/* ------------------------------------------------------------------ release */

void wick_leaf_release_put(wick_buf *out, const wick_leaf_release *r)
{
    const wick_release *x = &r->release;
    wick_leaf_head_put(out, x->product, x->index);
    wick_buf_put(out, x->manifest, sizeof x->manifest);
    wick_buf_put_be64(out, x->version);
    wick_buf_put_be32(out, x->counter);
    wick_buf_put_be32(out, x->manifest_bytes);
    wick_buf_put_be64(out, x->active_from);
    wick_buf_put_u8(out, x->approvals);
    wick_buf_put_u8(out, x->threshold);
    wick_buf_put_u8(out, x->flags);
    wick_buf_put_be32(out, x->min_counter);
    wick_buf_put_be64(out, x->updated_at);
    wick_buf_put_be64(out, x->seen_at);
    wick_buf_put_u8(out, r->tier);
}

wick_status wick_leaf_release_read(wick_leaf_release *out, wick_span answer,
                                   const uint8_t product32[32])
{
    wick_leaf_head h;
    wick_release *x = &out->release;
    memset(out, 0, sizeof *out);
    wick_status s = wick_leaf_head_read(&h, answer, product32, 0);
    if (s != WICK_OK) {
        return s;
    }
    wick_reader r = wick_reader_make(h.rest);
    memcpy(x->product, h.peer, sizeof x->product);
    x->index = h.epoch;
    wick_read_bytes(&r, x->manifest, sizeof x->manifest);
    x->version = wick_read_be64(&r);
    x->counter = wick_read_be32(&r);
    x->manifest_bytes = wick_read_be32(&r);
    x->active_from = wick_read_be64(&r);
    x->approvals = wick_read_u8(&r);
    x->threshold = wick_read_u8(&r);
    x->flags = wick_read_u8(&r);
    x->min_counter = wick_read_be32(&r);
    x->updated_at = wick_read_be64(&r);
    x->seen_at = wick_read_be64(&r);
    out->tier = wick_read_u8(&r);
    s = wick_read_end(&r);
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

/* ------------------------------------------------------------------ enrolment */

void wick_leaf_enrolment_put(wick_buf *out, const wick_leaf_enrolment *e)
{
    wick_buf_put_u8(out, WICK_LEAF_VERSION);
    wick_buf_put(out, e->gateway, sizeof e->gateway);
    wick_buf_put(out, e->subject, sizeof e->subject);
    wick_buf_put_be64(out, e->unix_s);
    if (e->changes) {
        wick_buf_put(out, e->contribution, sizeof e->contribution);
    }
}

wick_status wick_leaf_enrolment_read(wick_leaf_enrolment *out, wick_span answer)
{
    wick_reader r = wick_reader_make(answer);
    memset(out, 0, sizeof *out);
    uint8_t version = wick_read_u8(&r);
    wick_read_bytes(&r, out->gateway, sizeof out->gateway);
    wick_read_bytes(&r, out->subject, sizeof out->subject);
    out->unix_s = wick_read_be64(&r);
    if (r.status == WICK_OK && r.pos < r.len) {
        out->changes = true;
        wick_read_bytes(&r, out->contribution, sizeof out->contribution);
    }
    wick_status s = wick_read_end(&r);
    if (s == WICK_OK && version != WICK_LEAF_VERSION) {
        s = WICK_E_UNSUPPORTED;
    }
    if (s != WICK_OK) {
        wick_wipe(out, sizeof *out);
    }
    return s;
}

wick_status wick_leaf_identity(char identity[WICK_LEAF_IDENTITY_BYTES],
                               const wick_hal_crypto *crypto, wick_span key)
{
    static const uint8_t label[] = "dpk leaf id"; /* with its zero byte */
    uint8_t id[32];
    memset(identity, 0, WICK_LEAF_IDENTITY_BYTES);
    wick_status s = wick_hmac_once(crypto, id, WICK_HASH_SHA256, key,
                                   wick_span_make(label, sizeof label));
    if (s == WICK_OK) {
        memcpy(identity, "dpk1.", 5);
        wick_base64url_encode(identity + 5, id, 16);
    }
    wick_wipe(id, sizeof id);
    return s;
}

wick_status wick_leaf_key_next(uint8_t next[WICK_LEAF_KEY_BYTES],
                               char identity[WICK_LEAF_IDENTITY_BYTES],
                               const wick_hal_crypto *crypto, wick_span key,
                               const uint8_t leaf32[32], const wick_leaf_enrolment *enrolment)
{
    static const uint8_t label[] = "dpk leaf key"; /* with its zero byte */
    wick_hmac_key k;
    wick_hmac h;
    memset(next, 0, WICK_LEAF_KEY_BYTES);
    memset(identity, 0, WICK_LEAF_IDENTITY_BYTES);
    wick_status s = wick_hmac_key_init(&k, crypto, WICK_HASH_SHA256, key);
    if (s == WICK_OK) {
        wick_hmac_begin(&h, &k);
        wick_hmac_update(&h, wick_span_make(label, sizeof label));
        wick_hmac_update(&h, wick_span_make(leaf32, 32));
        wick_hmac_update(&h, wick_span_make(enrolment->contribution, 32));
        wick_hmac_update(&h, wick_span_make(enrolment->gateway, 32));
        wick_hmac_update(&h, wick_span_make(enrolment->subject, sizeof enrolment->subject));
        s = wick_hmac_finish(&h, next);
        wick_hmac_key_wipe(&k);
    }
    if (s == WICK_OK) {
        s = wick_leaf_identity(identity, crypto, wick_span_make(next, WICK_LEAF_KEY_BYTES));
    }
    if (s != WICK_OK) {
        wick_wipe(next, WICK_LEAF_KEY_BYTES);
    }
    return s;
}
