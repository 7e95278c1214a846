/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TRUST_INTERNAL_H
#define WICK_TRUST_INTERNAL_H
/* For authenticators only: the one place where a trusted header comes from. */
#include "wick/header.h"
#include "wick/trust.h"

/** Vouches for a decoded header.
 *  @param[in] hash32 its block hash, by the rule of its chain */
void wick_trust_make(wick_trusted_header *out, const wick_header *h, const uint8_t hash32[32],
                     uint64_t chain_id, wick_tier tier);

#endif
