/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of RFC 7252 section 3: header 4 | token 0..8 | options | 0xFF payload.
 */
#include "wick/coap.h"

#include <string.h>

#define MARKER 0xFFu
#define TOKEN_BITS 0x0Fu

/* Nibbles of an option's delta and length, section 3.1. */
enum { EXTEND_1 = 13, EXTEND_2 = 14, RESERVED = 15 };
#define EXTEND_1_FROM 13u
#define EXTEND_2_FROM 269u

/* ------------------------------------------------------------------ reading */

/* The value of a nibble and of the bytes that extend it. */
static uint32_t extended(wick_reader *r, unsigned nibble)
{
    if (nibble == EXTEND_1) {
        return EXTEND_1_FROM + wick_read_u8(r);
    }
    if (nibble == EXTEND_2) {
        return EXTEND_2_FROM + (uint32_t)wick_read_be16(r);
    }
    if (nibble == RESERVED && r->status == WICK_OK) {
        r->status = WICK_E_MALFORMED;
    }
    return nibble;
}

/* One option behind number `number`. */
static uint32_t read_option(wick_span *value, wick_reader *r, uint32_t number)
{
    uint8_t head = wick_read_u8(r);
    uint32_t delta = extended(r, (unsigned)head >> 4);
    uint32_t len = extended(r, head & 15u);
    if (number + delta > UINT16_MAX && r->status == WICK_OK) {
        r->status = WICK_E_MALFORMED; /* section 12.2: option numbers have 16 bits */
    }
    *value = wick_read_span(r, len);
    return number + delta;
}

/* Table 1 of section 4.2: which codes go with which type; and which classes there are at all. */
static bool code_fits(wick_coap_type type, uint8_t code)
{
    unsigned c = WICK_COAP_CLASS(code);
    if (code == WICK_COAP_EMPTY) {
        return type != WICK_COAP_NON;
    }
    if (type == WICK_COAP_RST) {
        return false;
    }
    return c == 0 ? type != WICK_COAP_ACK : c == 2 || c == 4 || c == 5;
}

static wick_status read_body(wick_coap_msg *m, wick_reader *r)
{
    uint32_t number = 0;
    size_t from = r->pos;
    while (r->status == WICK_OK && r->pos < r->len && r->ptr[r->pos] != MARKER) {
        wick_span value;
        number = read_option(&value, r, number);
    }
    if (r->status != WICK_OK) {
        return r->status;
    }
    m->options = wick_span_make(r->ptr + from, r->pos - from);
    if (r->pos == r->len) {
        return WICK_OK;
    }
    r->pos++;
    if (r->pos == r->len) {
        return WICK_E_MALFORMED; /* a marker without a payload */
    }
    m->payload = wick_read_span(r, r->len - r->pos);
    return WICK_OK;
}

wick_status wick_coap_decode(wick_coap_msg *m, wick_span datagram)
{
    wick_reader r = wick_reader_make(datagram);
    memset(m, 0, sizeof *m);
    uint8_t head = wick_read_u8(&r);
    uint8_t code = wick_read_u8(&r);
    uint16_t id = wick_read_be16(&r);
    if (r.status != WICK_OK) {
        return r.status;
    }
    if ((unsigned)head >> 6 != WICK_COAP_VERSION) {
        return WICK_E_UNSUPPORTED;
    }
    wick_coap_type type = (wick_coap_type)((unsigned)head >> 4 & 3u);
    wick_status s = code_fits(type, code) ? WICK_OK : WICK_E_MALFORMED;
    size_t token_len = head & TOKEN_BITS;
    if (token_len > WICK_COAP_TOKEN_MAX ||
        (code == WICK_COAP_EMPTY && (token_len != 0 || datagram.len != WICK_COAP_HEADER_BYTES))) {
        s = WICK_E_MALFORMED;
    }
    if (s == WICK_OK) {
        m->token_len = (uint8_t)token_len;
        wick_read_bytes(&r, m->token, token_len);
        s = r.status == WICK_OK ? read_body(m, &r) : r.status;
    }
    if (s == WICK_OK) {
        m->code = code;
    } else {
        memset(m, 0, sizeof *m);
    }
    m->type = type;
    m->id = id;
    return s;
}

bool wick_coap_next(wick_coap_option *out, wick_span *rest)
{
    wick_reader r = wick_reader_make(*rest);
    if (rest->len == 0) {
        return false;
    }
    out->number = (uint16_t)read_option(&out->value, &r, out->number);
    *rest = wick_span_make(rest->ptr + r.pos, rest->len - r.pos);
    return r.status == WICK_OK;
}

/* ------------------------------------------------------------------ writing */

void wick_coap_begin(wick_coap_build *b, wick_buf *out, wick_coap_type type, uint8_t code,
                     uint16_t id, wick_span token)
{
    memset(b, 0, sizeof *b);
    b->out = out;
    b->status = token.len <= WICK_COAP_TOKEN_MAX && code_fits(type, code) ? WICK_OK : WICK_E_BAD_ARG;
    if (b->status == WICK_OK) {
        wick_buf_put_u8(out, (uint8_t)((unsigned)WICK_COAP_VERSION << 6 | (unsigned)type << 4 |
                                       (unsigned)token.len));
        wick_buf_put_u8(out, code);
        wick_buf_put_be16(out, id);
        wick_buf_put(out, token.ptr, token.len);
    }
}

static unsigned nibble_of(uint32_t value)
{
    return value < EXTEND_1_FROM ? (unsigned)value : value < EXTEND_2_FROM ? EXTEND_1 : EXTEND_2;
}

static void put_extension(wick_buf *out, uint32_t value)
{
    if (value >= EXTEND_2_FROM) {
        wick_buf_put_be16(out, (uint16_t)(value - EXTEND_2_FROM));
    } else if (value >= EXTEND_1_FROM) {
        wick_buf_put_u8(out, (uint8_t)(value - EXTEND_1_FROM));
    }
}

void wick_coap_put(wick_coap_build *b, uint16_t number, wick_span value)
{
    if (b->status == WICK_OK && (b->payload || number < b->number || value.len > UINT16_MAX)) {
        b->status = WICK_E_BAD_ARG;
    }
    if (b->status != WICK_OK) {
        return;
    }
    uint32_t delta = (uint32_t)number - b->number;
    uint32_t len = (uint32_t)value.len;
    wick_buf_put_u8(b->out, (uint8_t)(nibble_of(delta) << 4 | nibble_of(len)));
    put_extension(b->out, delta);
    put_extension(b->out, len);
    wick_buf_put(b->out, value.ptr, value.len);
    b->number = number;
}

void wick_coap_put_uint(wick_coap_build *b, uint16_t number, uint32_t value)
{
    uint8_t bytes[4];
    size_t skip = 0;
    wick_store_be32(bytes, value);
    while (skip < sizeof bytes && bytes[skip] == 0) {
        skip++;
    }
    wick_coap_put(b, number, wick_span_make(bytes + skip, sizeof bytes - skip));
}

void wick_coap_put_list(wick_coap_build *b, uint16_t number, wick_span text, char separator)
{
    size_t from = 0;
    for (size_t i = 0; text.len != 0 && i <= text.len; i++) {
        if (i == text.len || text.ptr[i] == (uint8_t)separator) {
            wick_coap_put(b, number, wick_span_make(text.ptr + from, i - from));
            from = i + 1;
        }
    }
}

void wick_coap_put_payload(wick_coap_build *b, wick_span payload)
{
    if (b->status == WICK_OK && b->payload) {
        b->status = WICK_E_BAD_ARG;
    }
    if (b->status != WICK_OK || payload.len == 0) {
        return;
    }
    b->payload = true;
    wick_buf_put_u8(b->out, MARKER);
    wick_buf_put(b->out, payload.ptr, payload.len);
}

wick_status wick_coap_end(const wick_coap_build *b)
{
    return b->status != WICK_OK ? b->status : wick_buf_status(b->out);
}
