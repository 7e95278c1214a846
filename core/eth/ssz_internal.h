/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SSZ_INTERNAL_H
#define WICK_SSZ_INTERNAL_H
/*
 * Simple Serialize: little-endian integers, and Merkle trees over chunks of 32 bytes with SHA-256
 * (consensus-specs ssz/simple-serialize.md, merkle-proofs.md). Everything here has a fixed number of
 * leaves, a power of two.
 */
#include "wick/hal/crypto.h"

/** The hasher. Latches the first error of the back end: look at `status` once. */
typedef struct wick_ssz {
    const wick_hal_crypto *crypto;
    wick_hash_ctx hash;
    wick_status status;
} wick_ssz;

/** A tree being built from its leaves, left to right; 2^10 at most. */
typedef struct wick_ssz_tree {
    uint8_t node[11][32]; /* of each level the left one that waits for its sibling */
    uint32_t leaves;
} wick_ssz_tree;

static inline uint32_t wick_ssz_u32(const uint8_t *p)
{
    return ((uint32_t)p[3] << 24) | ((uint32_t)p[2] << 16) | ((uint32_t)p[1] << 8) | p[0];
}

static inline uint64_t wick_ssz_u64(const uint8_t *p)
{
    return ((uint64_t)wick_ssz_u32(p + 4) << 32) | wick_ssz_u32(p);
}

void wick_ssz_begin(wick_ssz *z, const wick_hal_crypto *crypto);
/** Releases the back end's context. @return the first error */
WICK_NODISCARD wick_status wick_ssz_end(wick_ssz *z);

/** out = SHA-256(a | b); may overlap. */
void wick_ssz_pair(wick_ssz *z, uint8_t out32[32], const uint8_t a32[32], const uint8_t b32[32]);
/** SHA-256 of any bytes. */
void wick_ssz_hash(wick_ssz *z, uint8_t out32[32], const uint8_t *data, size_t len);
/** Root of a Bytes48: two chunks. */
void wick_ssz_bytes48(wick_ssz *z, uint8_t out32[32], const uint8_t in48[48]);

void wick_ssz_tree_begin(wick_ssz_tree *t);
void wick_ssz_leaf(wick_ssz *z, wick_ssz_tree *t, const uint8_t chunk32[32]);
/** A leaf of fewer than 32 bytes, zeros behind. */
void wick_ssz_leaf_short(wick_ssz *z, wick_ssz_tree *t, const uint8_t *data, size_t len);
/** Fills up with zero leaves to 2^depth and gives the root. */
void wick_ssz_root(wick_ssz *z, uint8_t out32[32], wick_ssz_tree *t, unsigned depth);

/** Does the branch lead from the leaf at a generalised index to the root? A branch that is longer
 *  than the index is deep has zeros in front (is_valid_normalized_merkle_branch).
 *  @param[in] branch  whole nodes of 32 bytes, the lowest first */
bool wick_ssz_branch(wick_ssz *z, const uint8_t root32[32], const uint8_t leaf32[32],
                     wick_span branch, unsigned gindex);

/** floor(log2(gindex)): nodes in the branch of a generalised index. */
unsigned wick_ssz_depth(unsigned gindex);

#endif
