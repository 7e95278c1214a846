/* SPDX-License-Identifier: Apache-2.0 */
/* Trusted headers: the weak authenticators, and policies over all of them. */
#include "wick/trust.h"

#include <string.h>

#include "trust_internal.h"

/* Marks what an authenticator made, so that cleared or forgotten memory does not pass for it. */
#define MADE UINT32_C(0x7ac4d12e)

static const char *const names[] = {"NONE", "PINNED", "OWN_NODE",   "QUORUM",
                                    "POA",  "BFT",    "OPTIMISTIC", "FINALIZED"};
#define TIERS (sizeof names / sizeof names[0])

/* ---- authenticators ---- */

void wick_trust_make(wick_trusted_header *out, const wick_header *h, const uint8_t hash32[32],
                     uint64_t chain_id, wick_tier tier)
{
    memset(out, 0, sizeof *out);
    memcpy(out->hash, hash32, 32);
    memcpy(out->state_root, h->field[WICK_HEADER_STATE_ROOT].ptr, 32);
    memcpy(out->receipts_root, h->field[WICK_HEADER_RECEIPTS_ROOT].ptr, 32);
    memcpy(out->transactions_root, h->field[WICK_HEADER_TRANSACTIONS_ROOT].ptr, 32);
    out->chain_id = chain_id;
    out->number = h->number;
    out->timestamp = h->timestamp;
    out->tier = tier;
    out->made = MADE;
}

void wick_trust_put(wick_buf *out, const wick_trusted_header *th)
{
    wick_buf_put_u8(out, (uint8_t)th->tier);
    wick_buf_put(out, th->hash, 32);
    wick_buf_put(out, th->state_root, 32);
    wick_buf_put(out, th->receipts_root, 32);
    wick_buf_put(out, th->transactions_root, 32);
    wick_buf_put_be64(out, th->chain_id);
    wick_buf_put_be64(out, th->number);
    wick_buf_put_be64(out, th->timestamp);
}

void wick_trust_get(wick_trusted_header *out, wick_reader *r)
{
    memset(out, 0, sizeof *out);
    unsigned tier = wick_read_u8(r);
    wick_read_bytes(r, out->hash, 32);
    wick_read_bytes(r, out->state_root, 32);
    wick_read_bytes(r, out->receipts_root, 32);
    wick_read_bytes(r, out->transactions_root, 32);
    out->chain_id = wick_read_be64(r);
    out->number = wick_read_be64(r);
    out->timestamp = wick_read_be64(r);
    if (r->status != WICK_OK || tier == WICK_TIER_NONE || tier >= TIERS) {
        memset(out, 0, sizeof *out);
        return;
    }
    out->tier = (wick_tier)tier;
    out->made = MADE;
}

/* A header whose hash the evidence names. The bytes are hashed before they are parsed. */
static wick_status by_hash(wick_trusted_header *out, wick_span header_rlp,
                           const uint8_t hash32[32], uint64_t chain_id, wick_tier tier)
{
    wick_header h;
    uint8_t hash[32];
    memset(out, 0, sizeof *out);
    wick_header_hash(hash, header_rlp);
    if (memcmp(hash, hash32, sizeof hash) != 0) {
        return WICK_E_HEADER_HASH;
    }
    wick_status s = wick_header_decode(&h, header_rlp);
    if (s != WICK_OK) {
        return s;
    }
    wick_trust_make(out, &h, hash, chain_id, tier);
    return WICK_OK;
}

wick_status wick_trust_own_node(wick_trusted_header *out, wick_span header_rlp,
                                const uint8_t hash32[32], uint64_t chain_id)
{
    return by_hash(out, header_rlp, hash32, chain_id, WICK_TIER_OWN_NODE);
}

wick_status wick_trust_pinned(wick_trusted_header *out, wick_span header_rlp,
                              const uint8_t hash32[32], uint64_t chain_id)
{
    return by_hash(out, header_rlp, hash32, chain_id, WICK_TIER_PINNED);
}

void wick_trust_pinned_root(wick_trusted_header *out, const uint8_t state_root32[32],
                            uint64_t chain_id)
{
    memset(out, 0, sizeof *out);
    memcpy(out->state_root, state_root32, sizeof out->state_root);
    out->chain_id = chain_id;
    out->tier = WICK_TIER_PINNED;
    out->made = MADE;
}

bool wick_trust_is_made(const wick_trusted_header *h)
{
    return h->made == MADE && h->tier != WICK_TIER_NONE;
}

/* ---- policy ---- */

static wick_status check_age(const wick_trust_rule *rule, const wick_trusted_header *h,
                             const wick_trust_now *now)
{
    if (!now->valid) {
        return rule->max_age_s != 0 ? WICK_E_NO_CLOCK : WICK_OK;
    }
    if (h->timestamp > now->unix_s) {
        return h->timestamp - now->unix_s > WICK_TRUST_FUTURE_S ? WICK_E_HEADER_FUTURE : WICK_OK;
    }
    if (rule->max_age_s != 0 && now->unix_s - h->timestamp > rule->max_age_s) {
        return WICK_E_HEADER_STALE;
    }
    return WICK_OK;
}

static wick_status check_rule(const wick_trust_rule *rule, const wick_trusted_header *h,
                              uint64_t head_number, const wick_trust_now *now)
{
    if (rule->depth != 0 &&
        (head_number < h->number || head_number - h->number < rule->depth)) {
        return WICK_E_TRUST_DEPTH;
    }
    return check_age(rule, h, now);
}

wick_status wick_trust_policy_allows(const wick_trust_policy *policy, const wick_trusted_header *h,
                                     uint64_t head_number, const wick_trust_now *now)
{
    /* The refusal of the rule that came closest is the one to report. */
    wick_status refusal = WICK_E_CHAIN_MISMATCH;
    if (!wick_trust_is_made(h)) {
        return WICK_E_TRUST_TIER;
    }
    for (size_t i = 0; i < policy->count; i++) {
        const wick_trust_rule *rule = &policy->rules[i];
        if (rule->chain_id != h->chain_id) {
            continue;
        }
        if (rule->tier != h->tier) {
            if (refusal == WICK_E_CHAIN_MISMATCH) {
                refusal = WICK_E_TRUST_TIER;
            }
            continue;
        }
        refusal = check_rule(rule, h, head_number, now);
        if (refusal == WICK_OK) {
            return WICK_OK;
        }
    }
    return refusal;
}

/* ---- names ---- */

const char *wick_tier_str(wick_tier tier)
{
    size_t i = (size_t)tier;
    return names[i < TIERS ? i : 0];
}

static char upper(char c)
{
    return (c >= 'a' && c <= 'z') ? (char)(c - 'a' + 'A') : c;
}

wick_status wick_tier_parse(wick_tier *out, const char *text, size_t len)
{
    for (size_t i = 1; i < TIERS; i++) {
        size_t at = 0;
        while (at < len && names[i][at] != '\0' && names[i][at] == upper(text[at])) {
            at++;
        }
        if (at == len && names[i][at] == '\0') {
            *out = (wick_tier)i;
            return WICK_OK;
        }
    }
    return WICK_E_MALFORMED;
}
