/* SPDX-License-Identifier: Apache-2.0 */
/* Merkle root of the leaves behind a device, and the proof that one of them is under it. */
#include "wick/leaf_root.h"

#include <string.h>

#include "wick/keccak.h"

#define LEAF 0x00u
#define NODE 0x01u

/* May be in place. */
static void hash(uint8_t out[32], uint8_t prefix, const uint8_t a[32], const uint8_t b[32])
{
    uint8_t message[65];
    message[0] = prefix;
    memcpy(message + 1, a, 32);
    memcpy(message + 33, b, 32);
    wick_keccak256(out, message, sizeof message);
}

/* ---- the tree: one root for each bit of the count, as a number carries ---- */

void wick_leaf_tree_init(wick_leaf_tree *t)
{
    memset(t, 0, sizeof *t);
}

wick_status wick_leaf_tree_add(wick_leaf_tree *t, const uint8_t id32[32], const uint8_t key32[32])
{
    uint8_t top[32];
    unsigned level = 0;
    if (t->count >> WICK_LEAF_TREE_DEPTH != 0) {
        return WICK_E_LIMIT;
    }
    if (t->count != 0 && memcmp(id32, t->last, 32) <= 0) {
        return WICK_E_NON_CANONICAL;
    }
    hash(top, LEAF, id32, key32);
    for (; (t->count >> level & 1u) != 0; level++) {
        hash(top, NODE, t->peak[level], top);
    }
    memcpy(t->peak[level], top, 32);
    memcpy(t->last, id32, 32);
    t->count++;
    return WICK_OK;
}

void wick_leaf_tree_root(const wick_leaf_tree *t, uint8_t root32[32])
{
    bool any = false;
    memset(root32, 0, 32);
    for (unsigned level = 0; level <= WICK_LEAF_TREE_DEPTH; level++) {
        if ((t->count >> level & 1u) == 0) {
            continue;
        }
        if (any) { /* what is on the right has gone up without a partner */
            hash(root32, NODE, t->peak[level], root32);
        } else {
            memcpy(root32, t->peak[level], 32);
        }
        any = true;
    }
}

/* ---- proofs ---- */

/* Root of the leaves [from, to) of those that ascend. */
static wick_status root_of(uint8_t out[32], wick_leaf_tree *t, const wick_leaf_entry *leaves,
                           size_t from, size_t to)
{
    wick_status s = WICK_OK;
    wick_leaf_tree_init(t);
    for (size_t i = from; i < to && s == WICK_OK; i++) {
        s = wick_leaf_tree_add(t, leaves[i].id, leaves[i].key);
    }
    wick_leaf_tree_root(t, out);
    return s;
}

wick_status wick_leaf_proof(uint8_t (*path)[32], size_t *steps, wick_leaf_tree *work,
                            const wick_leaf_entry *leaves, size_t count, size_t index)
{
    *steps = 0;
    if (index >= count || (uint64_t)count >> WICK_LEAF_TREE_DEPTH != 0) {
        return WICK_E_BAD_ARG;
    }
    for (size_t i = 1; i < count; i++) {
        if (memcmp(leaves[i - 1].id, leaves[i].id, 32) >= 0) {
            return WICK_E_NON_CANONICAL;
        }
    }
    for (size_t span = 1; span < count; span *= 2) {
        const size_t mine = index / span, from = (mine ^ 1u) * span;
        if (from >= count) {
            continue; /* without a partner */
        }
        const size_t to = count - from < span ? count : from + span;
        wick_status s = root_of(path[*steps], work, leaves, from, to);
        if (s != WICK_OK) {
            *steps = 0;
            return s;
        }
        ++*steps;
    }
    return WICK_OK;
}

wick_status wick_leaf_check(const uint8_t root32[32], const uint8_t id32[32],
                            const uint8_t key32[32], uint64_t index, uint64_t count,
                            const uint8_t (*path)[32], size_t steps)
{
    uint8_t at[32];
    size_t used = 0;
    if (wick_ct_is_zero(root32, 32)) {
        return WICK_E_RECORD_ABSENT;
    }
    if (index >= count || count > UINT64_C(1) << WICK_LEAF_TREE_DEPTH) {
        return WICK_E_BAD_ARG;
    }
    hash(at, LEAF, id32, key32);
    for (; count > 1; index /= 2, count = count / 2 + count % 2) {
        if ((index ^ 1u) >= count) {
            continue;
        }
        if (used == steps) {
            return WICK_E_PROOF_INCOMPLETE;
        }
        const uint8_t *other = path[used++];
        if (index % 2 == 0) {
            hash(at, NODE, at, other);
        } else {
            hash(at, NODE, other, at);
        }
    }
    if (used != steps) {
        return WICK_E_TRAILING;
    }
    return memcmp(at, root32, 32) == 0 ? WICK_OK : WICK_E_PROOF_BAD_HASH;
}
