/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the options of a request and of a response say: RFC 7252 section 5.10, RFC 7959 section 2.
 */
#include "wick/coap.h"

#include <string.h>

/* Lengths that an option may have: tables 4 of RFC 7252, 2 of RFC 7959 and 1 of RFC 9175. */
static const struct rule {
    uint16_t number, min, max;
    bool repeats;
} rules[] = {
    {WICK_COAP_IF_MATCH, 0, 8, true},
    {WICK_COAP_URI_HOST, 1, 255, false},
    {WICK_COAP_ETAG, 1, 8, true},
    {WICK_COAP_IF_NONE_MATCH, 0, 0, false},
    {WICK_COAP_URI_PORT, 0, 2, false},
    {WICK_COAP_URI_PATH, 0, 255, true},
    {WICK_COAP_CONTENT_FORMAT, 0, 2, false},
    {WICK_COAP_MAX_AGE, 0, 4, false},
    {WICK_COAP_URI_QUERY, 0, 255, true},
    {WICK_COAP_ACCEPT, 0, 2, false},
    {WICK_COAP_BLOCK2, 0, 3, false},
    {WICK_COAP_BLOCK1, 0, 3, false},
    {WICK_COAP_SIZE2, 0, 4, false},
    {WICK_COAP_PROXY_URI, 1, 1034, false},
    {WICK_COAP_PROXY_SCHEME, 1, 255, false},
    {WICK_COAP_SIZE1, 0, 4, false},
    {WICK_COAP_ECHO, 1, WICK_COAP_ECHO_MAX, false},
};

static bool is_critical(uint16_t number)
{
    return (number & 1u) != 0; /* section 5.4.6 */
}

/* Is it known, of a length that it may have, and not there a second time (section 5.4.5)? */
static bool is_sound(const wick_coap_option *o, uint16_t before)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct rule *r = &rules[i];
        if (r->number == o->number) {
            return o->value.len >= r->min && o->value.len <= r->max &&
                   (r->repeats || before != o->number);
        }
    }
    return false;
}

static uint32_t value_of(wick_span v)
{
    uint32_t out = 0;
    for (size_t i = 0; i < v.len; i++) {
        out = out << 8 | v.ptr[i];
    }
    return out;
}

/* @return false: the size exponent is the one that is reserved */
static bool read_block(wick_coap_block *b, wick_span v)
{
    uint32_t x = value_of(v);
    b->given = true;
    b->num = x >> 4;
    b->more = (x & 8u) != 0;
    b->szx = (uint8_t)(x & 7u);
    return b->szx <= WICK_COAP_SZX_MAX;
}

uint32_t wick_coap_block_value(const wick_coap_block *b)
{
    return b->num << 4 | (b->more ? 8u : 0u) | b->szx;
}

static uint8_t take_request(wick_coap_request *r, const wick_coap_option *o)
{
    switch (o->number) {
    case WICK_COAP_URI_PATH:
        if (r->path_count == WICK_COAP_SEGMENTS_MAX) {
            return WICK_COAP_BAD_REQUEST;
        }
        r->path[r->path_count++] = o->value;
        return 0;
    case WICK_COAP_URI_QUERY:
        if (r->query_count == WICK_COAP_SEGMENTS_MAX) {
            return WICK_COAP_BAD_REQUEST;
        }
        r->query[r->query_count++] = o->value;
        return 0;
    case WICK_COAP_CONTENT_FORMAT:
        r->has_content_format = true;
        r->content_format = (uint16_t)value_of(o->value);
        return 0;
    case WICK_COAP_ACCEPT:
        r->has_accept = true;
        r->accept = (uint16_t)value_of(o->value);
        return 0;
    case WICK_COAP_BLOCK2:
        /* Section 2.2: in a request `more` is zero, and exponent 7 is reserved. */
        return read_block(&r->block2, o->value) && !r->block2.more ? 0 : WICK_COAP_BAD_REQUEST;
    case WICK_COAP_BLOCK1:
        return WICK_COAP_TOO_LARGE; /* bodies of requests are one datagram */
    case WICK_COAP_PROXY_URI:
    case WICK_COAP_PROXY_SCHEME:
        return WICK_COAP_NO_PROXY;
    case WICK_COAP_ECHO:
        r->echo = o->value;
        return 0;
    case WICK_COAP_URI_HOST: /* who is spoken to is who holds the DTLS session */
    case WICK_COAP_URI_PORT:
        return 0;
    default: /* preconditions are critical, and nothing here has any */
        return is_critical(o->number) ? WICK_COAP_BAD_OPTION : 0;
    }
}

uint8_t wick_coap_request_read(wick_coap_request *r, const wick_coap_msg *m)
{
    wick_coap_option o = {0, {NULL, 0}};
    wick_span rest = m->options;
    memset(r, 0, sizeof *r);
    r->method = m->code;
    r->payload = m->payload;
    for (uint16_t before = 0; wick_coap_next(&o, &rest); before = o.number) {
        uint8_t code = 0;
        if (is_sound(&o, before)) {
            code = take_request(r, &o);
        } else if (is_critical(o.number)) {
            code = WICK_COAP_BAD_OPTION;
        }
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

wick_status wick_coap_response_read(wick_coap_response *r, const wick_coap_msg *m)
{
    wick_coap_option o = {0, {NULL, 0}};
    wick_span rest = m->options;
    memset(r, 0, sizeof *r);
    r->code = m->code;
    r->payload = m->payload;
    r->max_age_s = 60;
    for (uint16_t before = 0; wick_coap_next(&o, &rest); before = o.number) {
        bool sound = is_sound(&o, before);
        if (sound && o.number == WICK_COAP_BLOCK2) {
            sound = read_block(&r->block2, o.value);
        } else if (is_critical(o.number)) {
            sound = false; /* none of the others belongs into a response */
        } else if (sound && o.number == WICK_COAP_CONTENT_FORMAT) {
            r->has_content_format = true;
            r->content_format = (uint16_t)value_of(o.value);
        } else if (sound && o.number == WICK_COAP_MAX_AGE) {
            r->has_max_age = true;
            r->max_age_s = value_of(o.value);
        } else if (sound && o.number == WICK_COAP_ECHO) {
            r->echo = o.value;
        } else if (sound && o.number == WICK_COAP_ETAG && r->etag_len == 0) {
            r->etag_len = (uint8_t)o.value.len;
            memcpy(r->etag, o.value.ptr, o.value.len);
        }
        if (!sound && is_critical(o.number)) {
            memset(r, 0, sizeof *r);
            return WICK_E_COAP_OPTION;
        }
    }
    return WICK_OK;
}

uint8_t wick_coap_slice(wick_coap_response *r, const wick_coap_request *q, wick_span body)
{
    uint8_t szx = q->block2.given ? q->block2.szx : WICK_COAP_SZX_MAX;
    size_t size = (size_t)16 << szx;
    size_t from = (size_t)q->block2.num * size;
    if (from != 0 && from >= body.len) {
        return WICK_COAP_BAD_REQUEST; /* RFC 7959 section 2.4 */
    }
    size_t left = body.len - from;
    r->payload = wick_span_make(body.ptr + from, left < size ? left : size);
    r->block2.given = q->block2.given || left > size;
    r->block2.more = left > size;
    r->block2.szx = szx;
    r->block2.num = q->block2.num;
    return 0;
}

/* ------------------------------------------------------------------ paths and queries */

static bool equals(wick_span a, const char *text, size_t len)
{
    return a.len == len && (len == 0 || memcmp(a.ptr, text, len) == 0);
}

bool wick_coap_path_is(const wick_coap_request *r, const char *path)
{
    unsigned at = 0;
    size_t len = wick_span_text(path).len;
    for (size_t from = 0, i = 0; len != 0 && i <= len; i++) {
        if (i == len || path[i] == '/') {
            if (at == r->path_count || !equals(r->path[at], path + from, i - from)) {
                return false;
            }
            at++;
            from = i + 1;
        }
    }
    return at == r->path_count;
}

bool wick_coap_query(wick_span *value, const wick_coap_request *r, const char *key)
{
    size_t len = wick_span_text(key).len;
    bool found = false;
    *value = wick_span_make(NULL, 0);
    for (unsigned i = 0; i < r->query_count; i++) {
        wick_span q = r->query[i];
        if (q.len <= len || q.ptr[len] != '=' || memcmp(q.ptr, key, len) != 0) {
            continue;
        }
        if (found) {
            return false;
        }
        found = true;
        *value = wick_span_make(q.ptr + len + 1, q.len - len - 1);
    }
    return found;
}
