/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_ANCESTOR_H
#define WICK_ANCESTOR_H
/*
 * Blocks below a header that is vouched for. A header names its parent by hash, so whoever vouches
 * for the one vouches for the other: walking down parent by parent gives any older block, for
 * instance the one that a transaction was included in.
 *
 *     while (th.number > wanted) {
 *         ... fetch the block whose hash is in child_rlp, field WICK_HEADER_PARENT_HASH
 *         s = wick_trust_parent(&th, &th, child_rlp, parent_rlp, rule);
 *         child_rlp = parent_rlp;
 *     }
 *
 * Stack 0.9 KB.
 */
#include "wick/seal.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Takes a header because a trusted one names it as its parent.
 *  @param[out] out        the parent, of the child's tier; zeroed on error. May be `child`
 *  @param[in] child       vouched for
 *  @param[in] child_rlp   its bytes
 *  @param[in] parent_rlp  the parent's bytes
 *  @param[in] rule        how the chain hashes its blocks, where consortium chains leave seals out;
 *                         0: Keccak-256 of the bytes
 *  @retval WICK_OK
 *  @retval WICK_E_BAD_ARG        no authenticator made `child`
 *  @retval WICK_E_HEADER_OTHER   `child_rlp` is another block than `child`
 *  @retval WICK_E_HEADER_PARENT  `parent_rlp` is not its parent
 *  @retval WICK_E_UNSUPPORTED    this build has no such rule
 *  @retval others                as wick_header_decode() and wick_seal_decode() */
WICK_NODISCARD wick_status wick_trust_parent(wick_trusted_header *out,
                                             const wick_trusted_header *child, wick_span child_rlp,
                                             wick_span parent_rlp, wick_seal_rule rule);

#ifdef __cplusplus
}
#endif
#endif
