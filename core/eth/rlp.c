/* SPDX-License-Identifier: Apache-2.0 */
/* RLP (yellow paper, appendix B): strict reading, writing with back-patched lists. */
#include "wick/rlp.h"

#include <string.h>

/* First byte: below 0x80 itself; 0x80 + n a string of n <= 55 bytes; 0xb7 + n a string whose length
 * takes n bytes; 0xc0 and 0xf7 the same for lists. */
#define STRING 0x80u
#define LIST 0xc0u
#define SHORT_MAX 55u

struct item {
    size_t header;
    size_t payload;
    bool is_list;
};

/* Reads the header of the item at ptr. Every length is compared with what is left before it is
 * used, so no sum can wrap. */
static wick_status parse_header(struct item *it, const uint8_t *ptr, size_t len)
{
    it->header = 0;
    it->payload = 1;
    it->is_list = false;
    if (len == 0) {
        return WICK_E_TRUNCATED;
    }
    unsigned first = ptr[0];
    if (first < STRING) {
        return WICK_OK;
    }
    it->is_list = first >= LIST;
    unsigned n = first - (it->is_list ? LIST : STRING);
    if (n <= SHORT_MAX) {
        it->header = 1;
        it->payload = n;
        if (n > len - 1) {
            return WICK_E_TRUNCATED;
        }
        if (n == 1 && !it->is_list && ptr[1] < STRING) {
            return WICK_E_NON_CANONICAL;
        }
        return WICK_OK;
    }
    size_t width = n - SHORT_MAX;
    if (width > len - 1) {
        return WICK_E_TRUNCATED;
    }
    if (ptr[1] == 0) {
        return WICK_E_NON_CANONICAL;
    }
    size_t payload = 0;
    for (size_t i = 1; i <= width; i++) {
        if (payload > (SIZE_MAX >> 8)) {
            return WICK_E_TRUNCATED; /* more than any memory holds */
        }
        payload = (payload << 8) | ptr[i];
    }
    if (payload <= SHORT_MAX) {
        return WICK_E_NON_CANONICAL;
    }
    if (payload > len - 1 - width) {
        return WICK_E_TRUNCATED;
    }
    it->header = 1 + width;
    it->payload = payload;
    return WICK_OK;
}

/* ---- reader ---- */

static void fail(wick_rlp *r, wick_status s)
{
    if (r->status == WICK_OK) {
        r->status = s;
    }
}

/* Steps over the next item. On error the payload is {NULL, 0}. */
static wick_span next(wick_rlp *r, struct item *it)
{
    wick_span payload = {NULL, 0};
    if (r->status != WICK_OK) {
        return payload;
    }
    r->status = parse_header(it, r->ptr, r->len);
    if (r->status == WICK_OK) {
        payload = wick_span_make(r->ptr + it->header, it->payload);
        r->ptr += it->header + it->payload;
        r->len -= it->header + it->payload;
    }
    return payload;
}

wick_rlp wick_rlp_make(wick_span in)
{
    wick_rlp r;
    r.ptr = in.ptr;
    r.len = in.len;
    r.status = WICK_OK;
    r.depth = 0;
    return r;
}

wick_rlp_kind wick_rlp_peek(const wick_rlp *r)
{
    if (wick_rlp_at_end(r)) {
        return WICK_RLP_NONE;
    }
    return r->ptr[0] >= LIST ? WICK_RLP_LIST : WICK_RLP_STRING;
}

bool wick_rlp_at_end(const wick_rlp *r)
{
    return r->status != WICK_OK || r->len == 0;
}

wick_span wick_rlp_string(wick_rlp *r)
{
    struct item it;
    wick_span s = next(r, &it);
    if (r->status == WICK_OK && it.is_list) {
        r->status = WICK_E_MALFORMED;
        s = wick_span_make(NULL, 0);
    }
    return s;
}

const uint8_t *wick_rlp_fixed_view(wick_rlp *r, size_t len)
{
    wick_span s = wick_rlp_string(r);
    if (r->status == WICK_OK && s.len != len) {
        r->status = WICK_E_MALFORMED;
    }
    return r->status == WICK_OK ? s.ptr : NULL;
}

void wick_rlp_fixed(wick_rlp *r, uint8_t *out, size_t len)
{
    const uint8_t *p = wick_rlp_fixed_view(r, len);
    if (p != NULL) {
        memcpy(out, p, len);
    } else {
        memset(out, 0, len);
    }
}

void wick_rlp_uint(wick_rlp *r, uint8_t *out, size_t len)
{
    wick_span s = wick_rlp_string(r);
    memset(out, 0, len);
    if (s.len == 0) {
        return; /* zero, or an error before */
    }
    if (s.ptr[0] == 0) {
        r->status = WICK_E_NON_CANONICAL;
    } else if (s.len > len) {
        r->status = WICK_E_MALFORMED;
    } else {
        memcpy(out + (len - s.len), s.ptr, s.len);
    }
}

uint64_t wick_rlp_u64(wick_rlp *r)
{
    uint8_t be[8];
    wick_rlp_uint(r, be, sizeof be);
    return wick_load_be64(be);
}

wick_span wick_rlp_raw(wick_rlp *r)
{
    struct item it;
    wick_span s = next(r, &it);
    if (s.ptr != NULL) {
        s = wick_span_make(s.ptr - it.header, s.len + it.header);
    }
    return s;
}

wick_rlp wick_rlp_list(wick_rlp *r)
{
    struct item it;
    wick_rlp sub = wick_rlp_make(next(r, &it));
    if (r->status == WICK_OK && !it.is_list) {
        r->status = WICK_E_MALFORMED;
    } else if (r->status == WICK_OK && r->depth >= WICK_RLP_DEPTH_MAX) {
        r->status = WICK_E_LIMIT;
    }
    sub.depth = (uint8_t)(r->depth + 1u);
    sub.status = r->status;
    return sub;
}

void wick_rlp_close(wick_rlp *r, const wick_rlp *sub)
{
    if (sub->status != WICK_OK) {
        fail(r, sub->status);
    } else if (sub->len != 0) {
        fail(r, WICK_E_TRAILING);
    }
}

wick_status wick_rlp_end(wick_rlp *r)
{
    if (r->len != 0) {
        fail(r, WICK_E_TRAILING);
    }
    return r->status;
}

wick_status wick_rlp_check(wick_span in)
{
    /* left[d] bytes remain in the list at depth d; left[0] is the input, which holds one item. */
    size_t left[WICK_RLP_DEPTH_MAX + 1];
    size_t depth = 0;
    const uint8_t *at = in.ptr;
    left[0] = in.len;
    do {
        struct item it;
        wick_status s = parse_header(&it, at, left[depth]);
        if (s != WICK_OK) {
            return s;
        }
        left[depth] -= it.header + it.payload;
        at += it.header;
        if (depth == 0 && left[0] != 0) {
            return WICK_E_TRAILING;
        }
        if (!it.is_list) {
            at += it.payload;
        } else if (depth == WICK_RLP_DEPTH_MAX) {
            return WICK_E_LIMIT;
        } else {
            depth++;
            left[depth] = it.payload;
        }
        while (depth != 0 && left[depth] == 0) {
            depth--;
        }
    } while (left[depth] != 0);
    return WICK_OK;
}

/* ---- writer ---- */

/* Writes a header to out (9 bytes) and gives its size. */
static size_t make_header(uint8_t out[9], size_t len, unsigned base)
{
    if (len <= SHORT_MAX) {
        out[0] = (uint8_t)(base + len);
        return 1;
    }
    size_t width = 0;
    for (size_t rest = len; rest != 0; rest >>= 8) {
        width++;
    }
    out[0] = (uint8_t)(base + SHORT_MAX + width);
    for (size_t i = width; i != 0; i--) {
        out[i] = (uint8_t)len;
        len >>= 8;
    }
    return 1 + width;
}

void wick_rlp_put_string_header(wick_buf *b, size_t len)
{
    uint8_t h[9];
    wick_buf_put(b, h, make_header(h, len, STRING));
}

void wick_rlp_put_list_header(wick_buf *b, size_t len)
{
    uint8_t h[9];
    wick_buf_put(b, h, make_header(h, len, LIST));
}

void wick_rlp_put(wick_buf *b, const uint8_t *data, size_t len)
{
    if (len != 1 || data[0] >= STRING) {
        wick_rlp_put_string_header(b, len);
    }
    wick_buf_put(b, data, len);
}

void wick_rlp_put_uint(wick_buf *b, const uint8_t *be, size_t len)
{
    while (len != 0 && be[0] == 0) {
        be++;
        len--;
    }
    wick_rlp_put(b, be, len);
}

void wick_rlp_put_u64(wick_buf *b, uint64_t v)
{
    uint8_t be[8];
    wick_store_be64(be, v);
    wick_rlp_put_uint(b, be, sizeof be);
}

size_t wick_rlp_open(const wick_buf *b)
{
    return b->len;
}

void wick_rlp_shut(wick_buf *b, size_t at)
{
    uint8_t h[9];
    size_t items = b->len - at;
    size_t n = make_header(h, items, LIST);
    wick_buf_put(b, h, n); /* counts the room, also when measuring or full */
    if (b->ptr != NULL && b->len <= b->cap) {
        memmove(b->ptr + at + n, b->ptr + at, items);
        memcpy(b->ptr + at, h, n);
    }
}
