/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges of a server with one client: RFC 7252 sections 4.2 to 4.5 and 5.2.
 *
 *   state     duplicate of the request            next
 *   ASKED     swallowed                           answered: DONE (piggybacked, or a NON of its own)
 *             WICK_COAP_ACK_MS later              ACKED, after an empty ACK
 *   ACKED     the empty ACK again                 answered: SENT, confirmable
 *   SENT      the empty ACK again                 acknowledged, reset or given up: DONE
 *   DONE      what answered it again: the answer that was piggybacked, else the empty ACK
 */
#include "coap_internal.h"

enum { FREE = 0, ASKED, ACKED, SENT, DONE, DONE_LATE };

#define BUSY_MAX_AGE_S 2u

wick_status wick_coap_server_init(wick_coap_server *s, const wick_hal_entropy *entropy)
{
    uint8_t id[2];
    memset(s, 0, sizeof *s);
    s->entropy = entropy;
    wick_status st = entropy->fill(entropy->ctx, id, sizeof id);
    s->next_id = st == WICK_OK ? wick_load_be16(id) : 0;
    return st;
}

void wick_coap_server_wipe(wick_coap_server *s)
{
    wick_wipe(s->exchange, sizeof s->exchange);
    s->reply_len = 0;
}

static void reply_empty(wick_coap_server *s, wick_coap_type type, uint16_t id)
{
    s->reply_len = coap_empty(s->reply, type, id);
}

/* ------------------------------------------------------------------ input */

static bool was_seen(const wick_coap_server *s, uint64_t now_ms, uint16_t id)
{
    uint32_t now_s = (uint32_t)(now_ms / 1000);
    for (unsigned i = 0; i < WICK_COAP_SEEN; i++) {
        if (s->seen[i].used && s->seen[i].id == id &&
            now_s - s->seen[i].at_s <= EXCHANGE_LIFETIME_MS / 1000) {
            return true;
        }
    }
    return false;
}

static void remember(wick_coap_server *s, uint64_t now_ms, uint16_t id)
{
    s->seen[s->seen_at].used = true;
    s->seen[s->seen_at].id = id;
    s->seen[s->seen_at].at_s = (uint32_t)(now_ms / 1000);
    s->seen_at = (uint8_t)((s->seen_at + 1u) % WICK_COAP_SEEN);
}

static void repeat(wick_coap_server *s, wick_coap_exchange *x, uint64_t now_ms)
{
    if (!x->confirmable) {
        return;
    }
    if (x->state == DONE) {
        x->answer.active = true; /* once more, as it was */
        x->answer.due_ms = now_ms;
    } else if (x->state != ASKED) {
        reply_empty(s, WICK_COAP_ACK, x->id);
    }
}

/* Acknowledgement or reset of an answer of ours. */
static void acknowledged(wick_coap_server *s, uint16_t id)
{
    for (unsigned i = 0; i < WICK_COAP_EXCHANGES; i++) {
        wick_coap_exchange *x = &s->exchange[i];
        if (x->state == SENT && x->answer.id == id) {
            x->state = DONE_LATE;
            x->answer.active = false;
        }
    }
}

/* A free place, or that of the oldest answer. */
static wick_coap_exchange *place(wick_coap_server *s, uint8_t *index, uint64_t now_ms)
{
    wick_coap_exchange *best = NULL;
    for (uint8_t i = 0; i < WICK_COAP_EXCHANGES; i++) {
        wick_coap_exchange *x = &s->exchange[i];
        if (x->state != FREE && wick_time_reached(now_ms, x->until_ms)) {
            wick_wipe(x, sizeof *x);
        }
        bool idle = x->state == FREE ||
                    ((x->state == DONE || x->state == DONE_LATE) && !x->answer.active);
        if (idle && (best == NULL || (best->state != FREE && (x->state == FREE ||
                                      (int64_t)(x->until_ms - best->until_ms) < 0)))) {
            best = x;
            *index = i;
        }
    }
    return best;
}

static void reply_busy(wick_coap_server *s, const wick_coap_msg *m)
{
    wick_coap_build b;
    wick_buf out = wick_buf_make(s->reply, sizeof s->reply);
    if (m->type != WICK_COAP_CON) {
        return;
    }
    wick_coap_begin(&b, &out, WICK_COAP_ACK, WICK_COAP_UNAVAILABLE, m->id,
                    coap_token(m->token, m->token_len));
    wick_coap_put_uint(&b, WICK_COAP_MAX_AGE, BUSY_MAX_AGE_S);
    s->reply_len = wick_coap_end(&b) == WICK_OK ? (uint8_t)out.len : 0;
}

static wick_status take_request(wick_coap_server *s, wick_coap_request *r, uint8_t *exchange,
                                uint64_t now_ms, const wick_coap_msg *m)
{
    for (unsigned i = 0; i < WICK_COAP_EXCHANGES; i++) {
        wick_coap_exchange *x = &s->exchange[i];
        if (x->state != FREE && x->id == m->id && !wick_time_reached(now_ms, x->until_ms)) {
            repeat(s, x, now_ms);
            return WICK_AGAIN;
        }
    }
    if (was_seen(s, now_ms, m->id)) {
        return WICK_AGAIN; /* its answer is gone, and it is not done twice */
    }
    wick_coap_exchange *x = place(s, exchange, now_ms);
    if (x == NULL) {
        reply_busy(s, m);
        return WICK_AGAIN;
    }
    uint8_t refused = wick_coap_request_read(r, m);
    if (refused != 0 && m->type != WICK_COAP_CON) {
        return WICK_AGAIN; /* sections 4.3 and 5.4.1 */
    }
    remember(s, now_ms, m->id);
    wick_wipe(x, sizeof *x);
    x->state = ASKED;
    x->confirmable = m->type == WICK_COAP_CON;
    x->id = m->id;
    x->token_len = m->token_len;
    memcpy(x->token, m->token, sizeof x->token);
    x->ack_ms = now_ms + WICK_COAP_ACK_MS;
    x->until_ms = now_ms + EXCHANGE_LIFETIME_MS;
    if (refused != 0) {
        wick_coap_response answer;
        memset(&answer, 0, sizeof answer);
        answer.code = refused;
        wick_status st = wick_coap_server_answer(s, now_ms, *exchange, &answer);
        return st == WICK_OK ? WICK_AGAIN : st;
    }
    return WICK_OK;
}

wick_status wick_coap_server_input(wick_coap_server *s, wick_coap_request *r, uint8_t *exchange,
                                   uint64_t now_ms, wick_span datagram)
{
    wick_coap_msg m;
    wick_status st = wick_coap_decode(&m, datagram);
    if (st != WICK_OK) {
        /* Section 4.2: a confirmable message that is not understood is rejected. */
        if (st != WICK_E_UNSUPPORTED && datagram.len >= WICK_COAP_HEADER_BYTES &&
            m.type == WICK_COAP_CON) {
            reply_empty(s, WICK_COAP_RST, m.id);
        }
        return st;
    }
    if (wick_coap_is_request(&m)) {
        return take_request(s, r, exchange, now_ms, &m);
    }
    if (m.type == WICK_COAP_CON) { /* a ping, or a response to nothing */
        reply_empty(s, WICK_COAP_RST, m.id);
    } else if (m.code == WICK_COAP_EMPTY) {
        acknowledged(s, m.id);
    }
    return WICK_AGAIN;
}

/* ------------------------------------------------------------------ answers */

wick_status wick_coap_server_answer(wick_coap_server *s, uint64_t now_ms, uint8_t exchange,
                                    const wick_coap_response *r)
{
    wick_coap_exchange *x = &s->exchange[exchange];
    wick_coap_build b;
    if (exchange >= WICK_COAP_EXCHANGES || (x->state != ASKED && x->state != ACKED)) {
        return WICK_E_STATE;
    }
    bool late = x->state == ACKED;
    wick_coap_type type = late ? WICK_COAP_CON : x->confirmable ? WICK_COAP_ACK : WICK_COAP_NON;
    uint16_t id = type == WICK_COAP_ACK ? x->id : s->next_id;
    wick_buf out = wick_buf_make(x->answer.bytes, sizeof x->answer.bytes);
    wick_coap_begin(&b, &out, type, r->code, id, coap_token(x->token, x->token_len));
    if (r->etag_len != 0) {
        wick_coap_put(&b, WICK_COAP_ETAG, wick_span_make(r->etag, r->etag_len));
    }
    if (r->has_content_format) {
        wick_coap_put_uint(&b, WICK_COAP_CONTENT_FORMAT, r->content_format);
    }
    if (r->has_max_age) {
        wick_coap_put_uint(&b, WICK_COAP_MAX_AGE, r->max_age_s);
    }
    if (r->block2.given) {
        wick_coap_put_uint(&b, WICK_COAP_BLOCK2, wick_coap_block_value(&r->block2));
    }
    wick_coap_put_payload(&b, r->payload);
    wick_status st = wick_coap_end(&b);
    if (st == WICK_OK) {
        st = coap_sending_begin(&x->answer, s->entropy, now_ms, id, late);
    }
    if (st == WICK_OK) {
        x->answer.len = out.len;
        x->state = late ? SENT : DONE;
        s->next_id = (uint16_t)(s->next_id + (type != WICK_COAP_ACK ? 1u : 0u));
    }
    return st;
}

void wick_coap_server_poll(wick_coap_server *s, wick_out *out, uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    out->kind = WICK_OUT_SEND;
    out->deadline_ms = WICK_TIME_NEVER(now_ms);
    if (s->reply_len != 0) {
        out->bytes = wick_span_make(s->reply, s->reply_len);
        s->reply_len = 0;
        return;
    }
    for (unsigned i = 0; i < WICK_COAP_EXCHANGES; i++) {
        wick_coap_exchange *x = &s->exchange[i];
        if (x->state == ASKED && x->confirmable) {
            if (wick_time_reached(now_ms, x->ack_ms)) {
                x->state = ACKED;
                reply_empty(s, WICK_COAP_ACK, x->id);
                out->bytes = wick_span_make(s->reply, s->reply_len);
                s->reply_len = 0;
                return;
            }
            out->deadline_ms = wick_time_min(out->deadline_ms, x->ack_ms);
        }
        if (coap_sending_poll(&x->answer, &out->deadline_ms, now_ms)) {
            out->bytes = wick_span_make(x->answer.bytes, x->answer.len);
            return;
        }
        if (x->state == SENT && !x->answer.active) {
            x->state = DONE_LATE;
        }
        if (x->state != FREE) {
            if (wick_time_reached(now_ms, x->until_ms)) {
                wick_wipe(x, sizeof *x);
            } else {
                out->deadline_ms = wick_time_min(out->deadline_ms, x->until_ms);
            }
        }
    }
    out->kind = WICK_OUT_WAIT;
}
