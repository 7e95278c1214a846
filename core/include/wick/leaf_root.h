/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LEAF_ROOT_H
#define WICK_LEAF_ROOT_H
/*
 * The leaves behind a device as one word of its record (core/registry/RECORDS.md, "Leaf root"): the
 * root of a Merkle tree over their ids and keys, ascending by id. Who holds the proven root knows
 * from a few hashes that a leaf is one of the device's, whatever their number.
 *
 *   the device:  wick_leaf_tree_init(&t); wick_leaf_tree_add(&t, id, key) for each, ascending;
 *                wick_leaf_tree_root(&t, root);                      setLeafRoot, or its relayed
 * twin its proof:   wick_leaf_proof(path, &steps, &t, leaves, count, index) a peer:      s =
 * wick_leaf_check(root, id, key, index, count, path, steps);
 *
 * leaf = keccak256(0x00 | id | key), node = keccak256(0x01 | left | right); a node without a
 * partner goes up as it is. The prefixes keep a node from being shown as a leaf. A root of zero is
 * none.
 *
 * Sizes: wick_leaf_tree 1.1 KB. Stack below 700 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most leaves of a tree: 2 to the power of this. */
#define WICK_LEAF_TREE_DEPTH 32u

/** A leaf: its id (keccak256 of its name), and its key word. */
typedef struct wick_leaf_entry {
    uint8_t id[32], key[32];
} wick_leaf_entry;

/** Fields are private. */
typedef struct wick_leaf_tree {
    uint64_t count;
    uint8_t last[32];
    uint8_t peak[WICK_LEAF_TREE_DEPTH + 1u][32];
} wick_leaf_tree;

void wick_leaf_tree_init(wick_leaf_tree *t);

/** @retval WICK_OK  @retval WICK_E_NON_CANONICAL not above the one before: a leaf stands once, in
 * order
 *  @retval WICK_E_LIMIT too many of them */
WICK_NODISCARD wick_status wick_leaf_tree_add(wick_leaf_tree *t, const uint8_t id32[32],
                                              const uint8_t key32[32]);

/** Of those that were added so far; zero if there are none. */
void wick_leaf_tree_root(const wick_leaf_tree *t, uint8_t root32[32]);

/**
 * What leads from a leaf to the root: the partners on the way, from below.
 * @param[out] path   at most WICK_LEAF_TREE_DEPTH hashes
 * @param[in,out] work  scratch memory
 * @param[in] leaves  all of them, ascending
 * @retval WICK_OK  @retval WICK_E_BAD_ARG no such leaf
 * @retval WICK_E_NON_CANONICAL they do not ascend
 */
WICK_NODISCARD wick_status wick_leaf_proof(uint8_t (*path)[32], size_t *steps, wick_leaf_tree *work,
                                           const wick_leaf_entry *leaves, size_t count,
                                           size_t index);

/**
 * Is it one of the leaves under this root?
 * @param[in] root   of a proven record
 * @param[in] index  its place among `count`: a claim, like the path
 * @retval WICK_OK
 * @retval WICK_E_PROOF_BAD_HASH   the way leads elsewhere
 * @retval WICK_E_PROOF_INCOMPLETE fewer steps than such a tree has  @retval WICK_E_TRAILING more
 * @retval WICK_E_BAD_ARG          no such place
 * @retval WICK_E_RECORD_ABSENT    the root is zero: the device names no leaves
 */
WICK_NODISCARD wick_status wick_leaf_check(const uint8_t root32[32], const uint8_t id32[32],
                                           const uint8_t key32[32], uint64_t index, uint64_t count,
                                           const uint8_t (*path)[32], size_t steps);

#ifdef __cplusplus
}
#endif
#endif
