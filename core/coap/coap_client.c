/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request of a client at a time: RFC 7252 sections 4.2 and 5.2. A response is ours by its token;
 * a piggybacked one by its message id as well.
 */
#include "wick/coap_client.h"

#include "coap_internal.h"

enum { IDLE = 0, SENT, ACKED, FAILED };

#define TOKEN_BYTES 4

wick_status wick_coap_client_init(wick_coap_client *c, const wick_hal_entropy *entropy)
{
    uint8_t random[6];
    memset(c, 0, sizeof *c);
    c->entropy = entropy;
    wick_status s = entropy->fill(entropy->ctx, random, sizeof random);
    if (s == WICK_OK) {
        c->next_id = wick_load_be16(random);
        c->token = wick_load_be32(random + 2);
    }
    return s;
}

wick_status wick_coap_client_begin(wick_coap_client *c, uint64_t now_ms, const wick_coap_call *call)
{
    uint8_t token[TOKEN_BYTES];
    wick_coap_build b;
    wick_buf out = wick_buf_make(c->request.bytes, sizeof c->request.bytes);
    c->token++;
    c->state = IDLE;
    c->echoed = false;
    wick_store_be32(token, c->token);
    wick_coap_begin(&b, &out, WICK_COAP_CON, call->method, c->next_id,
                    coap_token(token, sizeof token));
    wick_coap_put_list(&b, WICK_COAP_URI_PATH, wick_span_text(call->path), '/');
    if (call->has_content_format) {
        wick_coap_put_uint(&b, WICK_COAP_CONTENT_FORMAT, call->content_format);
    }
    if (call->query != NULL) {
        wick_coap_put_list(&b, WICK_COAP_URI_QUERY, wick_span_text(call->query), '&');
    }
    if (call->block2.given) {
        wick_coap_put_uint(&b, WICK_COAP_BLOCK2, wick_coap_block_value(&call->block2));
    }
    wick_coap_put_payload(&b, call->payload);
    wick_status s = wick_coap_end(&b);
    if (s == WICK_OK) {
        s = coap_sending_begin(&c->request, c->entropy, now_ms, c->next_id, true);
    }
    if (s == WICK_OK) {
        c->request.len = out.len;
        c->next_id++;
        c->state = SENT;
        c->until_ms = now_ms + MAX_TRANSMIT_WAIT_MS;
    }
    return s;
}

static void end_with(wick_coap_client *c, wick_status status)
{
    c->request.active = false;
    c->state = status == WICK_OK ? IDLE : FAILED;
    c->status = status;
}

/* The same request again, as another one, with the server's Echo behind its options: that number is above
 * all that we use. @return false: there is no room for it */
static bool repeat_with(wick_coap_client *c, uint64_t now_ms, wick_span echo)
{
    uint8_t option[3 + WICK_COAP_ECHO_MAX], *bytes = c->request.bytes;
    wick_coap_build b;
    wick_coap_msg m;
    wick_coap_option o = {0, {NULL, 0}};
    wick_buf out = wick_buf_make(option, sizeof option);
    if (wick_coap_decode(&m, wick_span_make(bytes, c->request.len)) != WICK_OK) {
        return false;
    }
    wick_span rest = m.options;
    while (wick_coap_next(&o, &rest)) {
    }
    b = (wick_coap_build){.out = &out, .number = o.number, .payload = false, .status = WICK_OK};
    wick_coap_put(&b, WICK_COAP_ECHO, echo);
    if (wick_coap_end(&b) != WICK_OK || sizeof c->request.bytes - c->request.len < out.len) {
        return false;
    }
    size_t at = WICK_COAP_HEADER_BYTES + TOKEN_BYTES + m.options.len;
    memmove(bytes + at + out.len, bytes + at, c->request.len - at);
    memcpy(bytes + at, option, out.len);
    c->token++;
    wick_store_be16(bytes + 2, c->next_id);
    wick_store_be32(bytes + WICK_COAP_HEADER_BYTES, c->token);
    if (coap_sending_begin(&c->request, c->entropy, now_ms, c->next_id, true) != WICK_OK) {
        return false;
    }
    c->request.len += out.len;
    c->next_id++;
    c->state = SENT;
    c->echoed = true;
    return true;
}

static wick_status take_response(wick_coap_client *c, wick_coap_response *r, uint64_t now_ms,
                                 const wick_coap_msg *m)
{
    bool waits = c->state == SENT || c->state == ACKED;
    bool ours = m->token_len == TOKEN_BYTES && wick_load_be32(m->token) == c->token;
    if (m->type == WICK_COAP_ACK && (!waits || m->id != c->request.id)) {
        return WICK_AGAIN;
    }
    wick_status s = ours && waits ? wick_coap_response_read(r, m) : WICK_AGAIN;
    if (m->type == WICK_COAP_CON) { /* what we have had is acknowledged again */
        bool good = ours && (s == WICK_OK || !waits);
        c->reply_len = coap_empty(c->reply, good ? WICK_COAP_ACK : WICK_COAP_RST, m->id);
    }
    if (s == WICK_OK && r->code == WICK_COAP_UNAUTHORIZED && r->echo.len != 0 && !c->echoed &&
        repeat_with(c, now_ms, r->echo)) {
        return WICK_AGAIN;
    }
    if (s != WICK_AGAIN) {
        end_with(c, s);
    }
    return s == WICK_OK ? s : WICK_AGAIN;
}

wick_status wick_coap_client_input(wick_coap_client *c, wick_coap_response *r, uint64_t now_ms,
                                   wick_span datagram)
{
    wick_coap_msg m;
    wick_status s = wick_coap_decode(&m, datagram);
    if (s != WICK_OK) {
        return s;
    }
    if (wick_coap_is_response(&m)) {
        return take_response(c, r, now_ms, &m);
    }
    if (m.type == WICK_COAP_CON) { /* we serve nothing */
        c->reply_len = coap_empty(c->reply, WICK_COAP_RST, m.id);
    } else if (m.code == WICK_COAP_EMPTY && c->state == SENT && m.id == c->request.id) {
        if (m.type == WICK_COAP_RST) {
            end_with(c, WICK_E_COAP_RESET);
        } else {
            c->state = ACKED; /* the answer comes in a message of its own */
            c->request.active = false;
        }
    }
    return WICK_AGAIN;
}

void wick_coap_client_poll(wick_coap_client *c, wick_out *out, uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    out->deadline_ms = WICK_TIME_NEVER(now_ms);
    if (c->reply_len != 0) {
        out->kind = WICK_OUT_SEND;
        out->bytes = wick_span_make(c->reply, c->reply_len);
        c->reply_len = 0;
        return;
    }
    if (c->state == SENT && coap_sending_poll(&c->request, &out->deadline_ms, now_ms)) {
        out->kind = WICK_OUT_SEND;
        out->bytes = wick_span_make(c->request.bytes, c->request.len);
        return;
    }
    if (c->state == SENT || c->state == ACKED) {
        if (wick_time_reached(now_ms, c->until_ms) || (c->state == SENT && !c->request.active)) {
            end_with(c, WICK_E_TIMEOUT);
        } else {
            out->deadline_ms = wick_time_min(out->deadline_ms, c->until_ms);
        }
    }
    if (c->state == FAILED) {
        out->kind = WICK_OUT_DONE;
        out->status = c->status;
        c->state = IDLE;
    }
}
