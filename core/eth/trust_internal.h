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

/** Bytes of a trusted header in a trust store. */
#define TRUST_HEADER_BYTES (4 * 32 + 3 * 8 + 1)

/** Appends a trusted header for the trust store, which vouches for it afterwards. */
void wick_trust_put(wick_buf *out, const wick_trusted_header *th);

/** Reads what wick_trust_put() wrote; zeroed where the reader has an error or the tier is none. */
void wick_trust_get(wick_trusted_header *out, wick_reader *r);

#endif
