/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the rules, and the two that need no evidence but a hash: own node and pinned block. */
#include "light_internal.h"

#if WICK_WITH_LIGHT

enum { FOR_CHECK = 10, FOR_LATEST = 1, FOR_DEPTH, FOR_PINNED };

static const char *const names[] = {"none", "own_node", "pinned", "quorum",        "qbft",
                                    "ibft2", "ibft1",   "clique", "sync_committee"};
#define RULES (sizeof names / sizeof names[0])

const char *wick_light_rule_str(wick_light_rule rule)
{
    size_t i = (size_t)rule;
    return names[i < RULES ? i : 0];
}

wick_status wick_light_rule_parse(wick_light_rule *out, const char *text, size_t len)
{
    for (size_t i = 1; i < RULES; i++) {
        wick_span name = wick_span_text(names[i]);
        if (name.len == len && memcmp(name.ptr, text, len) == 0) {
            *out = (wick_light_rule)i;
            return WICK_OK;
        }
    }
    return WICK_E_MALFORMED;
}

wick_tier wick_light_rule_tier(wick_light_rule rule)
{
    switch (rule) {
    case WICK_LIGHT_OWN_NODE:
        return WICK_TIER_OWN_NODE;
    case WICK_LIGHT_PINNED:
        return WICK_TIER_PINNED;
    case WICK_LIGHT_QUORUM:
        return WICK_TIER_QUORUM;
    case WICK_LIGHT_QBFT:
    case WICK_LIGHT_IBFT2:
    case WICK_LIGHT_IBFT1:
        return WICK_TIER_BFT;
    case WICK_LIGHT_CLIQUE:
        return WICK_TIER_POA;
    case WICK_LIGHT_SYNC_COMMITTEE:
        return WICK_TIER_FINALIZED;
    default:
        return WICK_TIER_NONE;
    }
}

static wick_status nothing_needed(const wick_light_config *cfg)
{
    (void)cfg;
    return WICK_OK;
}

static wick_status nothing_to_empty(wick_light *lc)
{
    (void)lc;
    return WICK_OK;
}

/* ---- own node: its newest block, or the one `depth` below it ----
 *
 * Between two looks several blocks may have come, so that the parent of the newest tells nothing of
 * the head at hand: whether that one is still there is asked first. If it is not, the heads before it
 * are asked for, until one is. If none is, nothing that was read is held to be still so. */

enum { OWN_CHECK = 0, OWN_LATEST }; /* phases */

static void own_plan(wick_light *lc, uint64_t now_ms)
{
    (void)now_ms;
    if (lc->phase == OWN_CHECK && lc->trail_count != 0) {
        (void)light_ask_number(lc, lc->trail[lc->trail_count - 1].number, 1, FOR_CHECK);
    } else if (lc->target != 0) {
        (void)light_ask_number(lc, lc->target - 1, 1, FOR_DEPTH);
    } else {
        (void)light_ask_at(lc, WICK_LIGHT_AT_LATEST, FOR_LATEST);
    }
}

static void own_check(wick_light *lc, const wick_trusted_header *th)
{
    bool there = memcmp(th->hash, lc->trail[lc->trail_count - 1].hash, sizeof th->hash) == 0;
    if (!there) {
        lc->gone = true;
        lc->trail_count--;
        if (lc->trail_count != 0) {
            return; /* the one before it */
        }
    }
    if (lc->gone && there) {
        light_reorg(lc, th->number, th->timestamp);
    } else if (lc->gone) {
        light_reorg(lc, 0, 0); /* who knows how deep */
    }
    lc->gone = false;
    lc->phase = OWN_LATEST;
}

static wick_status own_header(wick_light *lc, wick_light_ask *a, wick_span rlp,
                              const wick_header *h, const uint8_t *hash32, uint64_t now_ms)
{
    wick_trusted_header th;
    if (hash32 == NULL) {
        return WICK_E_BAD_ARG;
    }
    wick_status s = wick_trust_own_node(&th, rlp, hash32, lc->cfg.chain_id);
    if (s == WICK_OK) {
        s = light_check_future(lc, &th);
    }
    if (s != WICK_OK) {
        return s;
    }
    if (a->purpose == FOR_CHECK) {
        own_check(lc, &th);
        return WICK_OK;
    }
    if (a->purpose == FOR_LATEST) {
        light_tip(lc, h->number);
        if (lc->cfg.depth != 0 && h->number != 0) {
            uint64_t below = h->number > lc->cfg.depth ? h->number - lc->cfg.depth : 0;
            lc->target = below + 1; /* 0 is none */
            return WICK_OK;
        }
    }
    lc->target = 0;
    light_follow(lc, &th, h);
    return light_take_head(lc, &th, now_ms, 0);
}

static void own_done(wick_light *lc, const wick_light_ask *a, uint64_t now_ms, wick_status status)
{
    if (a->purpose == FOR_CHECK) {
        lc->phase = status != WICK_OK ? OWN_LATEST : lc->phase; /* the node is behind */
        light_go_on(lc, now_ms);
        return;
    }
    if (status == WICK_OK && lc->target != 0) {
        light_go_on(lc, now_ms);
        return;
    }
    lc->phase = OWN_CHECK;
    if (status != WICK_OK) {
        lc->target = 0;
        light_back_off(lc, now_ms, status);
    } else {
        light_rest(lc, now_ms);
    }
}

const struct wick_light_ops light_own_node = {
    .check = nothing_needed,
    .begin = nothing_to_empty,
    .plan = own_plan,
    .header = own_header,
    .done = own_done,
};

/* ---- pinned: one block, once ---- */

static void pinned_plan(wick_light *lc, uint64_t now_ms)
{
    if (wick_trust_is_made(&lc->head[0])) {
        lc->poll_due_ms = WICK_TIME_NEVER(now_ms);
    } else {
        (void)light_ask_hash(lc, lc->cfg.trusted_hash, FOR_PINNED);
    }
}

static wick_status pinned_header(wick_light *lc, wick_light_ask *a, wick_span rlp,
                                 const wick_header *h, const uint8_t *hash32, uint64_t now_ms)
{
    wick_trusted_header th;
    (void)a;
    (void)hash32;
    wick_status s = wick_trust_pinned(&th, rlp, lc->cfg.trusted_hash, lc->cfg.chain_id);
    light_tip(lc, s == WICK_OK ? h->number : 0);
    return s == WICK_OK ? light_take_head(lc, &th, now_ms, 0) : s;
}

static void pinned_done(wick_light *lc, const wick_light_ask *a, uint64_t now_ms,
                        wick_status status)
{
    (void)a;
    if (status != WICK_OK) {
        light_back_off(lc, now_ms, status);
    } else {
        light_rest(lc, now_ms);
    }
}

const struct wick_light_ops light_pinned = {
    .check = nothing_needed,
    .begin = nothing_to_empty,
    .plan = pinned_plan,
    .header = pinned_header,
    .done = pinned_done,
};

#else
/* ISO C forbids an empty file. */
typedef int wick_light_rules_is_off;
#endif
