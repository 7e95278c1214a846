/* SPDX-License-Identifier: Apache-2.0 */
/* Expected words of a contract, in the order of their keys in the trie. Part of lab.differential. */
#include "lab_storage.h"

#include <string.h>

#include "tap.h"
#include "wick/keccak.h"
#include "wick/rlp.h"

#define NODE_MAX 600u /* a branch of 16 hashes is the largest */

typedef struct entry {
    uint8_t key[32], slot[32], word[32]; /* key: keccak256(slot) */
} entry;

static entry store[LAB_WORDS];
static size_t count;

void lab_storage_clear(void)
{
    count = 0;
}

/* The first entry whose key is not below this one. */
static size_t place_of(const uint8_t key[32])
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (memcmp(store[middle].key, key, 32) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(size_t place, const uint8_t key[32])
{
    return place < count && memcmp(store[place].key, key, 32) == 0;
}

void lab_storage_put(const uint8_t slot32[32], const uint8_t word[32])
{
    uint8_t key[32];
    wick_keccak256(key, slot32, 32);
    const size_t at = place_of(key);
    REQUIRE(!wick_ct_is_zero(word, 32));
    if (!is_at(at, key)) {
        REQUIRE(count < LAB_WORDS);
        memmove(&store[at + 1], &store[at], (count - at) * sizeof store[0]);
        count++;
        memcpy(store[at].key, key, 32);
        memcpy(store[at].slot, slot32, 32);
    }
    memcpy(store[at].word, word, 32);
}

void lab_storage_get(uint8_t word[32], const uint8_t slot32[32])
{
    uint8_t key[32];
    wick_keccak256(key, slot32, 32);
    const size_t at = place_of(key);
    memset(word, 0, 32);
    if (is_at(at, key)) {
        memcpy(word, store[at].word, 32);
    }
}

size_t lab_storage_count(void)
{
    return count;
}

const uint8_t *lab_storage_slot(size_t n)
{
    return store[n].slot;
}

/* ---- the trie ---- */

static unsigned nibble(const entry *e, size_t i)
{
    return (i & 1u) != 0 ? e->key[i / 2] & 15u : e->key[i / 2] >> 4;
}

/* Hex-prefix of nibbles from..to of the key. */
static void put_path(wick_buf *out, const entry *e, size_t from, size_t to, bool is_leaf)
{
    uint8_t path[33];
    size_t n = 0;
    const unsigned odd = (unsigned)(to - from) & 1u;
    path[n++] = (uint8_t)(((is_leaf ? 2u : 0u) + odd) << 4);
    if (odd != 0) {
        path[0] = (uint8_t)(path[0] | nibble(e, from++));
    }
    for (; from < to; from += 2) {
        path[n++] = (uint8_t)(nibble(e, from) << 4 | nibble(e, from + 1));
    }
    wick_rlp_put(out, path, n);
}

/* RLP of the word without its leading zeros, as a string of its own. */
static void put_value(wick_buf *out, const uint8_t word[32])
{
    uint8_t bytes[33];
    wick_buf value = wick_buf_make(bytes, sizeof bytes);
    wick_rlp_put_uint(&value, word, 32);
    wick_rlp_put(out, bytes, value.len);
}

static void put_node(wick_buf *out, size_t low, size_t high, size_t depth);

/* A child in its parent: itself if short, else its hash. */
static void put_child(wick_buf *out, size_t low, size_t high, size_t depth)
{
    uint8_t bytes[NODE_MAX], hash[32];
    wick_buf node = wick_buf_make(bytes, sizeof bytes);
    put_node(&node, low, high, depth);
    CHECK_STATUS(wick_buf_status(&node), WICK_OK);
    if (node.len < 32) {
        wick_buf_put(out, bytes, node.len);
    } else {
        wick_keccak256(hash, bytes, node.len);
        wick_rlp_put(out, hash, 32);
    }
}

/* The node of the entries low..high - 1, whose first `depth` nibbles agree. */
static void put_node(wick_buf *out, size_t low, size_t high, size_t depth)
{
    const entry *first = &store[low], *last = &store[high - 1];
    const size_t open = wick_rlp_open(out);
    size_t same = depth;
    if (high - low == 1) {
        put_path(out, first, depth, 64, true);
        put_value(out, first->word);
        wick_rlp_shut(out, open);
        return;
    }
    while (nibble(first, same) == nibble(last, same)) {
        same++;
    }
    if (same > depth) {
        put_path(out, first, depth, same, false);
        put_child(out, low, high, same);
        wick_rlp_shut(out, open);
        return;
    }
    for (unsigned n = 0; n < 16; n++) {
        size_t end = low;
        while (end < high && nibble(&store[end], depth) == n) {
            end++;
        }
        if (end == low) {
            wick_rlp_put(out, NULL, 0);
        } else {
            put_child(out, low, end, depth + 1);
        }
        low = end;
    }
    wick_rlp_put(out, NULL, 0); /* keys have one length: none ends here */
    wick_rlp_shut(out, open);
}

void lab_storage_root(uint8_t root32[32])
{
    static const uint8_t empty[1] = {0x80};
    uint8_t bytes[NODE_MAX];
    wick_buf node = wick_buf_make(bytes, sizeof bytes);
    if (count == 0) {
        wick_keccak256(root32, empty, sizeof empty);
        return;
    }
    put_node(&node, 0, count, 0);
    CHECK_STATUS(wick_buf_status(&node), WICK_OK);
    wick_keccak256(root32, bytes, node.len);
}
