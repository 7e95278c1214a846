/* SPDX-License-Identifier: Apache-2.0 */
/* Merkle trees of Simple Serialize. */
#include "ssz_internal.h"

#include <string.h>

#if WICK_WITH_BEACON

static const uint8_t zeros[32];

void wick_ssz_begin(wick_ssz *z, const wick_hal_crypto *crypto)
{
    memset(z, 0, sizeof *z);
    z->crypto = crypto;
    z->status = WICK_OK;
}

wick_status wick_ssz_end(wick_ssz *z)
{
    z->crypto->hash_free(z->crypto->ctx, &z->hash);
    return z->status;
}

void wick_ssz_hash(wick_ssz *z, uint8_t out32[32], const uint8_t *data, size_t len)
{
    const wick_hal_crypto *c = z->crypto;
    wick_status s = z->status;
    if (s == WICK_OK) {
        s = c->hash_begin(c->ctx, &z->hash, WICK_HASH_SHA256);
    }
    if (s == WICK_OK) {
        s = c->hash_update(c->ctx, &z->hash, data, len);
    }
    if (s == WICK_OK) {
        s = c->hash_finish(c->ctx, &z->hash, out32);
    }
    if (s != WICK_OK) {
        z->status = s;
        memset(out32, 0, 32);
    }
}

/* One call of the back end with a whole block is less work than two with its halves. */
void wick_ssz_pair(wick_ssz *z, uint8_t out32[32], const uint8_t a32[32], const uint8_t b32[32])
{
    uint8_t both[64];
    memcpy(both, a32, 32);
    memcpy(both + 32, b32, 32);
    wick_ssz_hash(z, out32, both, sizeof both);
}

void wick_ssz_bytes48(wick_ssz *z, uint8_t out32[32], const uint8_t in48[48])
{
    uint8_t both[64] = {0};
    memcpy(both, in48, 48);
    wick_ssz_hash(z, out32, both, sizeof both);
}

void wick_ssz_tree_begin(wick_ssz_tree *t)
{
    t->leaves = 0;
}

void wick_ssz_leaf(wick_ssz *z, wick_ssz_tree *t, const uint8_t chunk32[32])
{
    uint8_t node[32];
    unsigned level = 0;
    memcpy(node, chunk32, sizeof node);
    for (uint32_t n = t->leaves; (n & 1u) != 0; n >>= 1) {
        wick_ssz_pair(z, node, t->node[level], node);
        level++;
    }
    memcpy(t->node[level], node, sizeof node);
    t->leaves++;
}

void wick_ssz_leaf_short(wick_ssz *z, wick_ssz_tree *t, const uint8_t *data, size_t len)
{
    uint8_t chunk[32] = {0};
    memcpy(chunk, data, len);
    wick_ssz_leaf(z, t, chunk);
}

void wick_ssz_root(wick_ssz *z, uint8_t out32[32], wick_ssz_tree *t, unsigned depth)
{
    while (t->leaves < (UINT32_C(1) << depth)) {
        wick_ssz_leaf(z, t, zeros);
    }
    memcpy(out32, t->node[depth], 32);
}

unsigned wick_ssz_depth(unsigned gindex)
{
    unsigned depth = 0;
    while (gindex > 1) {
        gindex >>= 1;
        depth++;
    }
    return depth;
}

bool wick_ssz_branch(wick_ssz *z, const uint8_t root32[32], const uint8_t leaf32[32],
                     wick_span branch, unsigned gindex)
{
    size_t depth = wick_ssz_depth(gindex), nodes = branch.len / 32;
    uint8_t node[32];
    if (nodes < depth || !wick_ct_is_zero(branch.ptr, 32 * (nodes - depth))) {
        return false;
    }
    const uint8_t *sibling = branch.ptr + 32 * (nodes - depth);
    memcpy(node, leaf32, sizeof node);
    for (; gindex > 1; gindex >>= 1) {
        if ((gindex & 1u) != 0) {
            wick_ssz_pair(z, node, sibling, node);
        } else {
            wick_ssz_pair(z, node, node, sibling);
        }
        sibling += 32;
    }
    return z->status == WICK_OK && memcmp(node, root32, sizeof node) == 0;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_ssz_is_off;
#endif
