/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_MPT_H
#define WICK_MPT_H
/*
 * Merkle-Patricia proof walker (yellow paper, appendix D). Streaming: nodes come one by one, root
 * first, and none is kept. The state is the hash that the next node must have, the key and the
 * position in it.
 *
 *     wick_mpt w;
 *     wick_mpt_begin(&w, root32, key32);
 *     for each node of the proof:
 *         (void)wick_mpt_node(&w, node);
 *     wick_span value;
 *     switch (wick_mpt_end(&w, &value)) {
 *     case WICK_MPT_FOUND:  value is what the trie holds under the key
 *     case WICK_MPT_ABSENT: proven: the trie holds nothing under the key
 *     default:              nothing is proven
 *
 * A proof that stops early is INCOMPLETE, never ABSENT. ABSENT comes only from an empty slot of a
 * branch, from a leaf or extension whose path leaves the key, or from the root of the empty trie,
 * each linked to the root by hash. Every node must be used: one after the end is refused. All five
 * results stick: once the walk has failed it stays failed.
 *
 * Bounds: keys up to WICK_MPT_KEY_MAX bytes, nodes of any size. Sizes: 80 bytes with the default
 * bound, on a Cortex-M4. Stack 0.9 KB over all, no recursion: nodes inlined into their parent
 * (shorter than 32 bytes) are walked in a loop.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a walk has shown. A cleared struct says INCOMPLETE. */
typedef enum wick_mpt_result {
    WICK_MPT_INCOMPLETE = 0, /* the next node is wanted: nothing is proven yet */
    WICK_MPT_FOUND,          /* the key has a value */
    WICK_MPT_ABSENT,         /* the key has none */
    WICK_MPT_BAD_HASH,       /* a node is not the one its parent names, or one too many */
    WICK_MPT_BAD_RLP         /* a node is not canonical, or not a trie node */
} wick_mpt_result;

/** Walker. The fields are private. */
typedef struct wick_mpt {
    uint8_t want[32];
    uint8_t key[WICK_MPT_KEY_MAX];
    uint16_t nibbles; /* length of the key */
    uint16_t at;      /* nibbles of it walked */
    uint8_t result;   /* wick_mpt_result */
    uint8_t empty;    /* root of the empty trie: one node 0x80 may come */
    wick_span value;
} wick_mpt;

/** Root of the empty trie, keccak256(0x80). */
extern const uint8_t wick_mpt_empty_root[32];

/** Starts a walk for a 32-byte key, such as keccak256(address) or keccak256(slot).
 *  @param[out] w     caller-owned
 *  @param[in] root32 authenticated root
 *  @param[in] key32  path in the trie, already hashed where the trie is a "secure" one */
void wick_mpt_begin(wick_mpt *w, const uint8_t root32[32], const uint8_t key32[32]);

/** Starts a walk for a key of any length, such as RLP(index) in a receipt trie.
 *  @retval WICK_E_LIMIT key longer than WICK_MPT_KEY_MAX; the walk will prove nothing */
WICK_NODISCARD wick_status wick_mpt_begin_key(wick_mpt *w, const uint8_t root32[32],
                                              wick_span key);

/** Consumes one node.
 *  @param[in] node its RLP, whole
 *  @retval WICK_MPT_INCOMPLETE  linked; the next node is wanted
 *  @retval WICK_MPT_FOUND       linked; the key ends here with a value
 *  @retval WICK_MPT_ABSENT      linked; the key leaves the trie here
 *  @retval WICK_MPT_BAD_HASH, WICK_MPT_BAD_RLP the walk has failed for good */
wick_mpt_result wick_mpt_node(wick_mpt *w, wick_span node);

/** What the nodes so far have shown: the verdict, once all of them were given.
 *  @param[out] value after FOUND the value, a view into the last node, which must still be there;
 *                    else {NULL, 0}. May be NULL. */
WICK_NODISCARD wick_mpt_result wick_mpt_end(const wick_mpt *w, wick_span *value);

/** Status of a result: WICK_OK for FOUND and ABSENT, WICK_E_PROOF_INCOMPLETE,
 *  WICK_E_PROOF_BAD_HASH or WICK_E_PROOF_BAD_RLP. */
wick_status wick_mpt_status(wick_mpt_result result);

/** "FOUND", "ABSENT", "INCOMPLETE", "BAD_HASH" or "BAD_RLP". */
const char *wick_mpt_str(wick_mpt_result result);

#ifdef __cplusplus
}
#endif
#endif
