/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following a chain with commit seals. The newest header is asked for; if too few of the trusted
 * validators have sealed it, one half-way there, and so on down to the very next block, until one
 * is accepted; from there the way goes on. Each validator change costs about log2 of the distance.
 */
#include "light_internal.h"

#if WICK_WITH_LIGHT && WICK_WITH_BFT

enum { FOR_PIN = 1, FOR_LATEST, FOR_STEP };

static wick_seal_rule seal_rule(const wick_light *lc)
{
    if (lc->cfg.rule == WICK_LIGHT_IBFT1) {
        return WICK_SEAL_IBFT1;
    }
    return lc->cfg.rule == WICK_LIGHT_IBFT2 ? WICK_SEAL_IBFT2 : WICK_SEAL_QBFT;
}

static wick_status check(const wick_light_config *cfg)
{
    return cfg->bft == NULL ? WICK_E_BAD_ARG : WICK_OK;
}

static wick_status begin(wick_light *lc)
{
    memset(lc->cfg.bft, 0, sizeof *lc->cfg.bft);
    return WICK_OK;
}

static bool is_pinned(const wick_light *lc)
{
    return lc->cfg.bft->set.count != 0;
}

static void forget_target(wick_light *lc)
{
    lc->target = 0;
    lc->upper = 0;
    lc->steps = 0;
}

/* The step to take on the way to the target: the target itself, or half-way to what failed. */
static uint64_t next_step(const wick_light *lc)
{
    uint64_t at = lc->cfg.bft->number;
    return lc->upper == 0 ? lc->target : at + (lc->upper - at) / 2;
}

static void plan(wick_light *lc, uint64_t now_ms)
{
    (void)now_ms;
    if (!is_pinned(lc)) {
        (void)light_ask_hash(lc, lc->cfg.trusted_hash, FOR_PIN);
    } else if (lc->target > lc->cfg.bft->number) {
        (void)light_ask_number(lc, next_step(lc), 1, FOR_STEP);
    } else {
        forget_target(lc);
        (void)light_ask_at(lc, WICK_LIGHT_AT_LATEST, FOR_LATEST);
    }
}

static wick_status pin(wick_light *lc, wick_span rlp)
{
    wick_status s = wick_bft_pin(lc->cfg.bft, NULL, seal_rule(lc), rlp, lc->cfg.trusted_hash,
                                 lc->cfg.chain_id);
    if (s == WICK_OK) {
        light_tip(lc, lc->cfg.bft->number);
        light_progress(lc);
    }
    return s;
}

/* Too much has changed between the trusted header and this one. */
static wick_status go_between(wick_light *lc, uint64_t number)
{
    uint64_t at = lc->cfg.bft->number;
    if (number == at + 1 || lc->steps == WICK_LIGHT_STEPS_MAX) {
        return WICK_E_SEAL_OVERLAP; /* nothing is in between: the operator has to pin anew */
    }
    if (lc->target == 0) {
        lc->target = number;
    }
    lc->upper = number;
    lc->steps++;
    return WICK_OK;
}

static wick_status take(wick_light *lc, wick_span rlp, const wick_header *h, uint64_t now_ms)
{
    wick_trusted_header th;
    wick_trust_now now = light_now(lc, now_ms);
    wick_status s =
        wick_bft_header(lc->cfg.bft, &th, lc->cfg.crypto, rlp, &now, lc->cfg.trusting_s);
    if (s == WICK_E_SEAL_OVERLAP) {
        return go_between(lc, h->number);
    }
    if (s == WICK_E_SEAL_CONFLICT) {
        light_conflict(lc);
    }
    if (s != WICK_OK) {
        return s;
    }
    lc->upper = 0;
    return th.tier == WICK_TIER_BFT ? light_take_head(lc, &th, now_ms, 0) : WICK_OK;
}

static wick_status header(wick_light *lc, wick_light_ask *a, wick_span rlp, const wick_header *h,
                          const uint8_t *hash32, uint64_t now_ms)
{
    (void)hash32;
    return a->purpose == FOR_PIN ? pin(lc, rlp) : take(lc, rlp, h, now_ms);
}

static void done(wick_light *lc, const wick_light_ask *a, uint64_t now_ms, wick_status status)
{
    if (status != WICK_OK) {
        forget_target(lc); /* perhaps there was no such block: begin again at the newest */
        light_back_off(lc, now_ms, status);
    } else if (a->purpose == FOR_LATEST && lc->target == 0) {
        light_rest(lc, now_ms);
    } else {
        light_go_on(lc, now_ms);
    }
}

static wick_status save(wick_buf *out, const wick_light *lc)
{
    return is_pinned(lc) ? wick_bft_export(out, lc->cfg.bft) : WICK_OK;
}

static wick_status load(wick_light *lc, wick_span in)
{
    wick_bft *b = lc->cfg.bft;
    if (in.len == 0) {
        return WICK_OK;
    }
    wick_status s = wick_bft_import(b, in);
    if (s != WICK_OK) {
        return s;
    }
    if (b->chain_id != lc->cfg.chain_id || b->rule != (uint8_t)seal_rule(lc) ||
        memcmp(b->origin, lc->cfg.trusted_hash, sizeof b->origin) != 0) {
        memset(b, 0, sizeof *b);
        return WICK_E_CONFIG;
    }
    light_tip(lc, b->number);
    return WICK_OK;
}

const struct wick_light_ops light_bft = {
    .check = check,
    .begin = begin,
    .plan = plan,
    .header = header,
    .done = done,
    .save = save,
    .load = load,
};

#else
/* ISO C forbids an empty file. */
typedef int wick_light_bft_is_off;
#endif
