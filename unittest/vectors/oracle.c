/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include <string.h>

#include "wick/keccak.h"

struct world {
    const wick_span *nodes;
    size_t count;
    uint8_t path[256]; /* nibbles */
    size_t path_len;
    struct oracle_trail *trail;
};

/* Payload of the item at p; *next is what follows it. */
static wick_span item(const uint8_t *p, const uint8_t **next, bool *list)
{
    size_t first = p[0], len = 0;
    const uint8_t *at = p + 1;
    *list = first >= 0xc0;
    if (first < 0x80) {
        *next = p + 1;
        return wick_span_make(p, 1);
    }
    first -= *list ? 0xc0u : 0x80u;
    if (first < 56) {
        len = first;
    } else {
        for (first -= 55; first > 0; first--) {
            len = len * 256 + *at++;
        }
    }
    *next = at + len;
    return wick_span_make(at, len);
}

static enum oracle_says follow(wick_span *value, const struct world *w, wick_span node, size_t at);

/* A child: empty, a hash, or (`raw`, a list) a node in place. */
static enum oracle_says child(wick_span *value, const struct world *w, wick_span payload, bool list,
                              wick_span raw, size_t at)
{
    if (list) {
        return follow(value, w, raw, at);
    }
    if (payload.len == 0) {
        return ORACLE_NOTHING;
    }
    for (size_t i = 0; i < w->count && payload.len == 32; i++) {
        uint8_t h[32];
        wick_keccak256(h, w->nodes[i].ptr, w->nodes[i].len);
        if (memcmp(h, payload.ptr, 32) == 0) {
            w->trail->node[w->trail->count++] = w->nodes[i];
            return follow(value, w, w->nodes[i], at);
        }
    }
    return ORACLE_UNKNOWN;
}

static enum oracle_says follow(wick_span *value, const struct world *w, wick_span node, size_t at)
{
    wick_span payload[17], raw[17];
    bool list[17], outer;
    size_t n = 0;
    const uint8_t *end, *p = node.ptr;
    wick_span items = item(p, &end, &outer);
    if (!outer) {
        return ORACLE_NOTHING; /* 0x80: the empty trie */
    }
    for (p = items.ptr; p < items.ptr + items.len && n < 17; n++) {
        const uint8_t *next;
        payload[n] = item(p, &next, &list[n]);
        raw[n] = wick_span_make(p, (size_t)(next - p));
        p = next;
    }
    if (n == 17) {
        size_t i = at == w->path_len ? 16 : w->path[at];
        if (i == 16) {
            *value = payload[16];
            return payload[16].len != 0 ? ORACLE_VALUE : ORACLE_NOTHING;
        }
        return child(value, w, payload[i], list[i], raw[i], at + 1);
    }
    if (n != 2) {
        return ORACLE_UNKNOWN;
    }
    unsigned flag = payload[0].ptr[0] >> 4;
    for (size_t i = (flag & 1u) ? 1 : 2; i < 2 * payload[0].len; i++, at++) {
        unsigned byte = payload[0].ptr[i / 2];
        if (at >= w->path_len || w->path[at] != ((i & 1u) ? byte & 15u : byte >> 4)) {
            return ORACLE_NOTHING;
        }
    }
    if (flag >= 2) {
        *value = payload[1];
        return at == w->path_len ? ORACLE_VALUE : ORACLE_NOTHING;
    }
    return child(value, w, payload[1], list[1], raw[1], at);
}

enum oracle_says oracle_look_up(wick_span *value, struct oracle_trail *trail,
                                const wick_span *nodes, size_t count, const uint8_t root32[32],
                                wick_span key)
{
    struct oracle_trail unused;
    static const uint8_t of_nothing[1] = {0x80};
    uint8_t h[32];
    struct world w;
    w.nodes = nodes;
    w.count = count;
    w.path_len = 2 * key.len;
    w.trail = trail != NULL ? trail : &unused;
    w.trail->count = 0;
    *value = wick_span_make(NULL, 0);
    for (size_t i = 0; i < w.path_len; i++) {
        w.path[i] = (uint8_t)((i & 1u) ? key.ptr[i / 2] & 15u : key.ptr[i / 2] >> 4);
    }
    wick_keccak256(h, of_nothing, 1);
    if (memcmp(h, root32, 32) == 0) {
        return ORACLE_NOTHING;
    }
    return child(value, &w, wick_span_make(root32, 32), false, wick_span_make(NULL, 0), 0);
}
