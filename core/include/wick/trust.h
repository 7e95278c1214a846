/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TRUST_H
#define WICK_TRUST_H
/*
 * Who vouches for a block header. A wick_trusted_header is made by an authenticator only, and all
 * proofs take nothing else (wick/proof.h), so that a header nobody vouches for cannot be used by
 * mistake. Its tier says how strong the evidence is and goes along with every record read under it.
 *
 *     wick_trusted_header th;
 *     wick_status s = wick_trust_own_node(&th, header_rlp, block_hash32, chain_id);
 *     static const wick_trust_rule rules[] = {{31337, WICK_TIER_OWN_NODE, 600, 0}};
 *     wick_trust_policy policy = {rules, 1};
 *     s = wick_trust_policy_allows(&policy, &th, head_number, &now);
 *
 * A policy is an allow list, not an order of tiers: what is not listed is refused.
 * Sizes: wick_trusted_header is 160 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Evidence for a header. */
typedef enum wick_tier {
    WICK_TIER_NONE = 0,   /* nobody vouches: never in a trusted header */
    WICK_TIER_PINNED,     /* the operator provisioned this block hash */
    WICK_TIER_OWN_NODE,   /* the operator's own node says so, and it hashes right */
    WICK_TIER_QUORUM,     /* more than half of independent nodes agree */
    WICK_TIER_POA,        /* Clique seals */
    WICK_TIER_BFT,        /* QBFT or IBFT2 commit seals */
    WICK_TIER_OPTIMISTIC, /* signed by the sync committee, not final yet */
    WICK_TIER_FINALIZED   /* finalised, shown by the sync committee */
} wick_tier;

/** A header that somebody vouches for. Read its fields, never write them. */
typedef struct wick_trusted_header {
    uint8_t hash[32];
    uint8_t state_root[32];
    uint8_t receipts_root[32];
    uint8_t transactions_root[32];
    uint64_t chain_id;
    uint64_t number;
    uint64_t timestamp; /* unix seconds */
    wick_tier tier;
    uint32_t made; /* private: set by authenticators */
} wick_trusted_header;

/** Time of day, if there is one. */
typedef struct wick_trust_now {
    uint64_t unix_s;
    bool valid;
} wick_trust_now;

/** One line of a policy. */
typedef struct wick_trust_rule {
    uint64_t chain_id;
    wick_tier tier;
    uint32_t max_age_s; /* oldest allowed; 0 = any age */
    uint32_t depth;     /* blocks that must be known on top of it; 0 = none */
} wick_trust_rule;

/** Allow list. The rules live in the caller's memory. */
typedef struct wick_trust_policy {
    const wick_trust_rule *rules;
    size_t count;
} wick_trust_policy;

/** Takes a header on the word of the operator's own node.
 *  @param[out] out        zeroed on error
 *  @param[in] header_rlp  the header
 *  @param[in] hash32      block hash that the node gave for the block asked for
 *  @param[in] chain_id    configured chain, which the caller has compared with the node's
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_HASH  the header does not hash to `hash32`
 *  @retval others              as wick_header_decode() */
WICK_NODISCARD wick_status wick_trust_own_node(wick_trusted_header *out, wick_span header_rlp,
                                               const uint8_t hash32[32], uint64_t chain_id);

/** Takes a header because its hash was provisioned. Parameters and results as above, where
 *  `hash32` comes from the configuration. */
WICK_NODISCARD wick_status wick_trust_pinned(wick_trusted_header *out, wick_span header_rlp,
                                             const uint8_t hash32[32], uint64_t chain_id);

/** Takes a state root because it was provisioned, for checking proofs where no header is at hand.
 *  Only `state_root`, `chain_id` and `tier` (PINNED) are set: number, time and all else are zero,
 *  so that every policy with an age or a depth refuses it. */
void wick_trust_pinned_root(wick_trusted_header *out, const uint8_t state_root32[32],
                            uint64_t chain_id);

/** Was it made by an authenticator? Consumers of a trusted header ask this first. */
bool wick_trust_is_made(const wick_trusted_header *h);

/** Does the policy allow it?
 *  @param[in] head_number newest block number known by the same evidence; `h->number` if none
 *  @param[in] now         time of day or `valid` = false
 *  @retval WICK_OK                at least one rule allows it
 *  @retval WICK_E_CHAIN_MISMATCH  no rule names its chain
 *  @retval WICK_E_TRUST_TIER      rules name its chain, none its tier (or it was never made)
 *  @retval WICK_E_HEADER_STALE    older than the rule allows
 *  @retval WICK_E_HEADER_FUTURE   more than WICK_TRUST_FUTURE_S ahead of the clock
 *  @retval WICK_E_TRUST_DEPTH     not enough blocks on top of it
 *  @retval WICK_E_NO_CLOCK        its age matters and there is no time of day */
WICK_NODISCARD wick_status wick_trust_policy_allows(const wick_trust_policy *policy,
                                                    const wick_trusted_header *h,
                                                    uint64_t head_number,
                                                    const wick_trust_now *now);

/** "PINNED", "OWN_NODE", ..., "NONE". */
const char *wick_tier_str(wick_tier tier);

/** Reads a tier's name in either case, as in wick.conf ("own_node").
 *  @retval WICK_OK  @retval WICK_E_MALFORMED no such tier, or NONE */
WICK_NODISCARD wick_status wick_tier_parse(wick_tier *out, const char *text, size_t len);

#ifdef __cplusplus
}
#endif
#endif
