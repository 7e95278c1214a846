/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root of the trie over a list (yellow paper, appendix D; keys RLP(index)). Keys come in their order,
 * so a branch is complete when the next key leaves it, and only the branches on the way to the key at
 * hand are kept. Items are at least 32 bytes, so every node is referred to by its hash.
 */
#include <string.h>

#include "wick/keccak.h"
#include "wick/port/receipts.h"
#include "wick/rlp.h"

#define NIBBLES_MAX 6u

/* Nibbles of RLP(index), and how many. */
static size_t key_of(uint8_t out[NIBBLES_MAX], uint32_t index)
{
    uint8_t rlp[3];
    wick_buf b = wick_buf_make(rlp, sizeof rlp);
    wick_rlp_put_u64(&b, index);
    for (size_t i = 0; i < b.len; i++) {
        out[2 * i] = rlp[i] >> 4;
        out[2 * i + 1] = rlp[i] & 15u;
    }
    return 2 * b.len;
}

/* The index whose key is number `rank` in the order of keys. */
static uint32_t index_at(uint32_t rank, uint32_t count)
{
    uint32_t low = count < 128 ? count - 1 : 127; /* keys 0x01 to 0x7f, before 0x80 for index 0 */
    return rank < low ? rank + 1 : rank == low ? 0 : rank;
}

/* Leading nibbles that both have. */
static int common(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t n = 0;
    while (n < a_len && n < b_len && a[n] == b[n]) {
        n++;
    }
    return (int)n;
}

/* Hex-prefix encoding (appendix C). */
static size_t pack(uint8_t out[4], const uint8_t *path, size_t len, bool leaf)
{
    size_t n = 1, at = len % 2;
    out[0] = (uint8_t)((leaf ? 0x20u : 0u) | (at != 0 ? 0x10u | path[0] : 0u));
    for (; at < len && n < 4; at += 2) {
        out[n++] = (uint8_t)(path[at] << 4 | path[at + 1]);
    }
    return n;
}

static void leaf_hash(uint8_t out[32], const uint8_t *path, size_t len, wick_span item)
{
    uint8_t packed[4], key[8], head[8], list[8];
    wick_buf k = wick_buf_make(key, sizeof key), h = wick_buf_make(head, sizeof head);
    wick_buf l = wick_buf_make(list, sizeof list);
    wick_keccak c;
    wick_rlp_put(&k, packed, pack(packed, path, len, true));
    wick_rlp_put_string_header(&h, item.len);
    wick_rlp_put_list_header(&l, k.len + h.len + item.len);
    wick_keccak_init(&c);
    wick_keccak_update(&c, list, l.len);
    wick_keccak_update(&c, key, k.len);
    wick_keccak_update(&c, head, h.len);
    wick_keccak_update(&c, item.ptr, item.len);
    wick_keccak_final(&c, out);
}

static void branch_hash(uint8_t out[32], const uint8_t (*child)[32], uint16_t mask)
{
    uint8_t node[540];
    wick_buf b = wick_buf_make(node, sizeof node);
    size_t at = wick_rlp_open(&b);
    for (unsigned i = 0; i < 16; i++) {
        wick_rlp_put(&b, child[i], ((unsigned)mask >> i & 1u) != 0 ? 32 : 0);
    }
    wick_rlp_put(&b, NULL, 0); /* no key is the beginning of another one */
    wick_rlp_shut(&b, at);
    wick_keccak256(out, node, b.len);
}

static void extension_hash(uint8_t hash[32], const uint8_t *path, size_t len)
{
    uint8_t packed[4], node[48];
    wick_buf b = wick_buf_make(node, sizeof node);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, packed, pack(packed, path, len, false));
    wick_rlp_put(&b, hash, 32);
    wick_rlp_shut(&b, at);
    wick_keccak256(hash, node, b.len);
}

wick_status wick_list_root_begin(wick_list_root *l, size_t count)
{
    static const uint8_t empty[1] = {0x80};
    memset(l, 0, sizeof *l);
    if (count > 65536) {
        return WICK_E_LIMIT;
    }
    l->count = (uint32_t)count;
    wick_keccak256(l->root, empty, sizeof empty); /* of no items at all */
    return WICK_OK;
}

size_t wick_list_root_wants(const wick_list_root *l)
{
    return l->done < l->count ? index_at(l->done, l->count) : l->count;
}

static void put_child(wick_list_root *l, int depth, uint8_t nibble, const uint8_t hash[32])
{
    l->mask[depth] = (uint16_t)(l->mask[depth] | 1u << nibble);
    memcpy(l->child[depth][nibble], hash, 32);
}

wick_status wick_list_root_item(wick_list_root *l, wick_span item)
{
    uint8_t key[NIBBLES_MAX], other[NIBBLES_MAX], hash[32];
    if (l->done == l->count) {
        return WICK_E_STATE;
    }
    if (item.len < 32) {
        return WICK_E_BAD_ARG;
    }
    size_t len = key_of(key, index_at(l->done, l->count));
    int before = -1, after = -1; /* depth of the branch shared with the neighbours */
    if (l->done != 0) {
        before = common(key, len, other, key_of(other, index_at(l->done - 1, l->count)));
    }
    if (l->done + 1 != l->count) {
        after = common(key, len, other, key_of(other, index_at(l->done + 1, l->count)));
    }
    l->done++;
    int depth = before > after ? before : after;
    size_t passed = (size_t)(depth + 1); /* nibbles that lead to the leaf */
    leaf_hash(hash, key + passed, len - passed, item);
    if (depth < 0) {
        memcpy(l->root, hash, 32);
        return WICK_OK;
    }
    put_child(l, depth, key[depth], hash);
    /* Branches below the one shared with the next key are complete. */
    while (depth > after) {
        branch_hash(hash, (const uint8_t(*)[32])l->child[depth], l->mask[depth]);
        l->mask[depth] = 0;
        int up = depth - 1;
        while (up > after && l->mask[up] == 0) {
            up--;
        }
        size_t skipped = (size_t)(depth - up - 1);
        if (skipped != 0) {
            extension_hash(hash, key + (size_t)(up + 1), skipped);
        }
        if (up < 0) {
            memcpy(l->root, hash, 32);
            return WICK_OK;
        }
        put_child(l, up, key[up], hash);
        depth = up;
    }
    return WICK_OK;
}

wick_status wick_list_root_end(const wick_list_root *l, uint8_t root32[32])
{
    memcpy(root32, l->root, 32);
    return l->done == l->count ? WICK_OK : WICK_E_STATE;
}
