/* SPDX-License-Identifier: Apache-2.0 */
#include "trie.h"

#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "wick/keccak.h"
#include "wick/rlp.h"

static int compare(wick_span a, wick_span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

void trie_set(struct trie *t, wick_span key, wick_span value)
{
    size_t i = 0;
    while (i < t->entries && compare(t->entry[i].key, key) != 0) {
        i++;
    }
    if (value.len == 0) {
        if (i < t->entries) {
            t->entry[i] = t->entry[--t->entries];
        }
        return;
    }
    if (i == t->entries) {
        if (t->entries == TRIE_MAX) {
            abort();
        }
        t->entries++;
    }
    t->entry[i].key = key;
    t->entry[i].value = value;
}

static unsigned nibble(wick_span key, size_t i)
{
    return (i & 1u) ? key.ptr[i / 2] & 15u : key.ptr[i / 2] >> 4;
}

/* Hex-prefix of nibbles from..to of the key. */
static void put_path(wick_buf *b, wick_span key, size_t from, size_t to, bool leaf)
{
    uint8_t hp[40];
    size_t n = 0, len = to - from;
    unsigned flag = (leaf ? 2u : 0u) + (unsigned)(len & 1u);
    hp[n++] = (uint8_t)(flag << 4);
    if (len & 1u) {
        hp[0] = (uint8_t)(hp[0] | nibble(key, from++));
    }
    for (; from < to; from += 2) {
        hp[n++] = (uint8_t)((nibble(key, from) << 4) | nibble(key, from + 1));
    }
    wick_rlp_put(b, hp, n);
}

static wick_span make(struct trie *t, size_t lo, size_t hi, size_t depth);

static void keep(struct trie *t, uint8_t hash[32], wick_span node)
{
    wick_keccak256(hash, node.ptr, node.len);
    t->node[t->nodes++] = node;
}

/* A child in its parent: itself if short, else its hash. */
static void put_child(wick_buf *b, struct trie *t, size_t lo, size_t hi, size_t depth)
{
    uint8_t hash[32];
    wick_span node = make(t, lo, hi, depth);
    if (node.len < 32) {
        wick_buf_put(b, node.ptr, node.len);
    } else {
        keep(t, hash, node);
        wick_rlp_put(b, hash, 32);
    }
}

/* The node for entries lo..hi - 1, whose first `depth` nibbles agree. */
static wick_span make(struct trie *t, size_t lo, size_t hi, size_t depth)
{
    const struct trie_entry *e = t->entry;
    size_t cap = 700 + e[lo].value.len, same = depth, at;
    wick_buf b = wick_buf_make(data_alloc(cap), cap);
    size_t open = wick_rlp_open(&b);
    wick_span first = e[lo].key, last = e[hi - 1].key;
    if (hi - lo == 1) {
        put_path(&b, first, depth, 2 * first.len, true);
        wick_rlp_put(&b, e[lo].value.ptr, e[lo].value.len);
        wick_rlp_shut(&b, open);
        return wick_buf_span(&b);
    }
    while (same < 2 * first.len && same < 2 * last.len &&
           nibble(first, same) == nibble(last, same)) {
        same++;
    }
    if (same > depth) {
        put_path(&b, first, depth, same, false);
        put_child(&b, t, lo, hi, same);
        wick_rlp_shut(&b, open);
        return wick_buf_span(&b);
    }
    bool ends_here = 2 * first.len == depth;
    at = lo + (ends_here ? 1 : 0);
    for (unsigned n = 0; n < 16; n++) {
        size_t end = at;
        while (end < hi && nibble(e[end].key, depth) == n) {
            end++;
        }
        if (end == at) {
            wick_rlp_put(&b, NULL, 0);
        } else {
            put_child(&b, t, at, end, depth + 1);
        }
        at = end;
    }
    wick_rlp_put(&b, e[lo].value.ptr, ends_here ? e[lo].value.len : 0);
    wick_rlp_shut(&b, open);
    return wick_buf_span(&b);
}

static int by_key(const void *a, const void *b)
{
    return compare(((const struct trie_entry *)a)->key, ((const struct trie_entry *)b)->key);
}

void trie_build(struct trie *t)
{
    static const uint8_t empty[1] = {0x80};
    t->nodes = 0;
    if (t->entries == 0) {
        keep(t, t->root, wick_span_make(empty, 1));
        return;
    }
    qsort(t->entry, t->entries, sizeof t->entry[0], by_key);
    keep(t, t->root, make(t, 0, t->entries, 0));
}
