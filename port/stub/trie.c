/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small Merkle-Patricia trie, built anew for each question from a sorted table. Recursive over at
 * most 64 nibbles; for tests only.
 */
#include "wick/keccak.h"
#include "wick/port/stub_chain.h"

#include <string.h>

static unsigned nibble(const uint8_t *key, unsigned i)
{
    return (i & 1u) == 0 ? key[i / 2] >> 4 : key[i / 2] & 15u;
}

void wick_stub_trie_put(wick_stub_trie *t, const uint8_t *key, size_t key_len, wick_span value)
{
    uint8_t h[32];
    wick_keccak256(h, key, key_len);
    unsigned at = 0;
    while (at < t->count && memcmp(t->entry[at].key, h, 32) < 0) {
        at++;
    }
    bool there = at < t->count && memcmp(t->entry[at].key, h, 32) == 0;
    if (!there) {
        if (t->count == WICK_STUB_TRIE_MAX || value.len > sizeof t->entry[0].value) {
            return;
        }
        memmove(&t->entry[at + 1], &t->entry[at], (t->count - at) * sizeof t->entry[0]);
        t->count++;
    }
    memcpy(t->entry[at].key, h, 32);
    t->entry[at].len = (uint8_t)value.len;
    memcpy(t->entry[at].value, value.ptr, value.len);
}

/* Hex-prefix encoding of the nibbles [from, to) of a key. */
static void put_path(wick_buf *b, const uint8_t *key, unsigned from, unsigned to, bool leaf)
{
    uint8_t p[33];
    size_t n = 0;
    unsigned odd = (to - from) & 1u;
    p[n++] = (uint8_t)(((leaf ? 2u : 0u) + odd) << 4 | (odd != 0 ? nibble(key, from) : 0));
    for (unsigned i = from + odd; i < to; i += 2) {
        p[n++] = (uint8_t)(nibble(key, i) << 4 | nibble(key, i + 1));
    }
    wick_rlp_put(b, p, n);
}

/* Nibbles that all entries [lo, hi) share from `depth` on. */
static unsigned shared(const wick_stub_trie *t, unsigned lo, unsigned hi, unsigned depth)
{
    unsigned n = 0; /* sorted: the first and the last tell */
    while (depth + n < 64 && nibble(t->entry[lo].key, depth + n) ==
                                 nibble(t->entry[hi - 1].key, depth + n)) {
        n++;
    }
    return n;
}

static void put_ref(wick_buf *b, const wick_stub_trie *t, unsigned lo, unsigned hi, unsigned depth);

static unsigned child_end(const wick_stub_trie *t, unsigned lo, unsigned hi, unsigned depth)
{
    unsigned end = lo;
    while (end < hi && nibble(t->entry[end].key, depth) == nibble(t->entry[lo].key, depth)) {
        end++;
    }
    return end;
}

/* Appends the node over the entries [lo, hi) at `depth`. */
static void put_node(wick_buf *b, const wick_stub_trie *t, unsigned lo, unsigned hi, unsigned depth)
{
    size_t at = wick_rlp_open(b);
    if (hi - lo == 1) {
        put_path(b, t->entry[lo].key, depth, 64, true);
        wick_rlp_put(b, t->entry[lo].value, t->entry[lo].len);
    } else if (shared(t, lo, hi, depth) != 0) {
        unsigned n = shared(t, lo, hi, depth);
        put_path(b, t->entry[lo].key, depth, depth + n, false);
        put_ref(b, t, lo, hi, depth + n);
    } else {
        unsigned i = lo;
        for (unsigned nib = 0; nib < 16; nib++) {
            if (i < hi && nibble(t->entry[i].key, depth) == nib) {
                unsigned end = child_end(t, i, hi, depth);
                put_ref(b, t, i, end, depth + 1);
                i = end;
            } else {
                wick_rlp_put(b, NULL, 0);
            }
        }
        wick_rlp_put(b, NULL, 0);
    }
    wick_rlp_shut(b, at);
}

static void put_ref(wick_buf *b, const wick_stub_trie *t, unsigned lo, unsigned hi, unsigned depth)
{
    uint8_t mem[600];
    wick_buf node = wick_buf_make(mem, sizeof mem);
    put_node(&node, t, lo, hi, depth);
    if (node.len < 32) {
        wick_buf_put(b, mem, node.len);
    } else {
        uint8_t h[32];
        wick_keccak256(h, mem, node.len);
        wick_rlp_put(b, h, 32);
    }
}

void wick_stub_trie_root(const wick_stub_trie *t, uint8_t root[32])
{
    uint8_t mem[600] = {0x80};
    wick_buf node = wick_buf_make(mem, sizeof mem);
    if (t->count == 0) {
        node.len = 1;
    } else {
        put_node(&node, t, 0, t->count, 0);
    }
    wick_keccak256(root, mem, node.len);
}

unsigned wick_stub_trie_prove(const wick_stub_trie *t, uint8_t (*node)[600], size_t *len,
                              const uint8_t *key, size_t key_len)
{
    uint8_t h[32];
    unsigned lo = 0, hi = t->count, depth = 0, count = 0;
    wick_keccak256(h, key, key_len);
    while (lo < hi && count < WICK_STUB_PROOF_NODES) {
        wick_buf b = wick_buf_make(node[count], 600);
        put_node(&b, t, lo, hi, depth);
        if (b.len >= 32 || depth == 0) {
            len[count++] = b.len;
        }
        if (hi - lo == 1) {
            break;
        }
        unsigned n = shared(t, lo, hi, depth);
        if (n != 0) {
            unsigned same = 0;
            while (same < n && nibble(h, depth + same) == nibble(t->entry[lo].key, depth + same)) {
                same++;
            }
            if (same < n) {
                break;
            }
            depth += n;
            continue; /* the branch below covers the same entries */
        }
        unsigned i = lo;
        while (i < hi && nibble(t->entry[i].key, depth) != nibble(h, depth)) {
            i++;
        }
        hi = i < hi ? child_end(t, i, hi, depth) : i;
        lo = i;
        depth++;
    }
    return count;
}
