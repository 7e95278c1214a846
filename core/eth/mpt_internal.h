/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_MPT_INTERNAL_H
#define WICK_MPT_INTERNAL_H
/* For proofs whose last node is too large to be held. */
#include "wick/mpt.h"

/** Takes a leaf that was hashed and parsed elsewhere, as wick_mpt_node() takes a node: it must be
 *  the node wanted, and its path decides between FOUND and ABSENT. The value is not kept.
 *  @param[in] hash32 Keccak-256 of the whole node
 *  @param[in] hp     its path, hex-prefix encoded; anything but a leaf's is BAD_RLP */
wick_mpt_result wick_mpt_hashed_leaf(wick_mpt *w, const uint8_t hash32[32], wick_span hp);

#endif
