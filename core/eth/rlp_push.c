/* SPDX-License-Identifier: Apache-2.0 */
/* RLP in pieces (yellow paper, appendix B): headers are gathered, strings pass through. */
#include "rlp_push_internal.h"

#if WICK_WITH_RECEIPT

#define DEPTH_MAX (sizeof((wick_rlp_push *)0)->left / sizeof(uint32_t))
#define SHORT_MAX 55u

static uint8_t take(wick_span *piece)
{
    uint8_t byte = piece->ptr[0];
    piece->ptr++;
    piece->len--;
    return byte;
}

/* Accounts for an item of `header` + `len` bytes in the list around it. */
static bool charge(wick_rlp_push *p, uint32_t header, uint32_t len)
{
    if (p->depth == 0) {
        return true;
    }
    uint32_t *left = &p->left[p->depth - 1u];
    if (header > *left || len > *left - header) {
        return false;
    }
    *left -= header + len;
    return true;
}

static enum push_token open_item(wick_rlp_push *p, wick_span *bytes, bool is_list, uint32_t header,
                                 uint32_t len)
{
    p->have = 0;
    if (!charge(p, header, len)) {
        return PUSH_BAD;
    }
    if (is_list) {
        if (p->depth == DEPTH_MAX) {
            return PUSH_BAD;
        }
        p->left[p->depth++] = len;
        return PUSH_LIST;
    }
    p->string = len;
    p->single = header == 1 && len == 1;
    bytes->len = len;
    return PUSH_STRING;
}

/* Gathers the header of an item. Lengths of more than four bytes are no proof's. */
static enum push_token header(wick_rlp_push *p, wick_span *bytes, wick_span *piece)
{
    while (piece->len != 0) {
        if (p->have == 0 && piece->ptr[0] < 0x80) {
            return open_item(p, bytes, false, 0, 1);
        }
        p->head[p->have++] = take(piece);
        unsigned first = p->head[0];
        bool is_list = first >= 0xc0;
        unsigned n = first - (is_list ? 0xc0u : 0x80u);
        if (n <= SHORT_MAX) {
            return open_item(p, bytes, is_list, 1, n);
        }
        size_t width = n - SHORT_MAX;
        if (width > sizeof p->head - 1 || (p->have > 1 && p->head[1] == 0)) {
            return PUSH_BAD;
        }
        if (p->have == 1 + width) {
            uint32_t len = 0;
            for (size_t i = 1; i <= width; i++) {
                len = (len << 8) | p->head[i];
            }
            return len <= SHORT_MAX ? PUSH_BAD
                                    : open_item(p, bytes, is_list, (uint32_t)(1 + width), len);
        }
    }
    return PUSH_NEED;
}

enum push_token wick_rlp_push_next(wick_rlp_push *p, wick_span *bytes, wick_span *piece)
{
    *bytes = wick_span_make(NULL, 0);
    if (p->string != 0) {
        if (piece->len == 0) {
            return PUSH_NEED;
        }
        if (p->single && piece->ptr[0] < 0x80) {
            return PUSH_BAD;
        }
        size_t n = piece->len < p->string ? piece->len : p->string;
        *bytes = wick_span_make(piece->ptr, n);
        piece->ptr += n;
        piece->len -= n;
        p->string -= (uint32_t)n;
        return PUSH_BYTES;
    }
    if (p->depth != 0 && p->left[p->depth - 1u] == 0 && p->have == 0) {
        p->depth--;
        p->ended = p->depth == 0;
        return PUSH_END;
    }
    if (p->ended) {
        return piece->len != 0 ? PUSH_BAD : PUSH_NEED;
    }
    return header(p, bytes, piece);
}

bool wick_rlp_push_ended(const wick_rlp_push *p)
{
    return p->ended;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_rlp_push_is_off;
#endif
