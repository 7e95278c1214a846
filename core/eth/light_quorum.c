/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following a chain by the agreement of independent nodes: each is asked for its newest block, then
 * each for the header of the number that enough of them have. Who does not answer has no vote and
 * does not stop the others.
 */
#include "light_internal.h"

#if WICK_WITH_LIGHT

enum { FOR_HEADS = 1, FOR_VOTES };

/* One who is silent must not make the others' agreement old; still less one who is slow, once
 * enough have answered. */
#define PATIENCE_MS (WICK_LIGHT_REQUEST_MS / 4u)
#define LATE_MS (PATIENCE_MS / 5u)

static wick_status check(const wick_light_config *cfg)
{
    if (cfg->quorum_state == NULL || cfg->operators == NULL) {
        return WICK_E_BAD_ARG;
    }
    return wick_quorum_init(cfg->quorum_state, cfg->chain_id, cfg->operators, cfg->sources,
                            cfg->quorum, cfg->depth);
}

static wick_status begin(wick_light *lc)
{
    wick_quorum_begin(lc->cfg.quorum_state);
    return WICK_OK;
}

static void ask_all(wick_light *lc, uint8_t purpose)
{
    for (uint8_t i = 0; i < lc->cfg.sources; i++) {
        wick_light_ask *a = light_ask(lc, WICK_LIGHT_REQ_HEADER, i, purpose);
        if (a != NULL) {
            a->q.at = purpose == FOR_HEADS ? WICK_LIGHT_AT_LATEST : WICK_LIGHT_AT_NUMBER;
            a->q.number = lc->target;
            a->wait_ms = PATIENCE_MS;
        }
    }
}

static void plan(wick_light *lc, uint64_t now_ms)
{
    uint64_t number = 0;
    if (lc->phase == FOR_HEADS) {
        wick_status s = wick_quorum_number(lc->cfg.quorum_state, &number, lc->head[0].number);
        lc->phase = 0;
        if (s != WICK_OK) {
            light_back_off(lc, now_ms, WICK_E_QUORUM);
            return;
        }
        lc->phase = FOR_VOTES;
        lc->target = number;
        lc->round_status = WICK_AGAIN;
        ask_all(lc, FOR_VOTES);
        return;
    }
    if (lc->phase == FOR_VOTES) {
        lc->phase = 0;
        if (lc->round_status == WICK_OK) {
            light_rest(lc, now_ms);
        } else {
            light_back_off(lc, now_ms, lc->round_status);
        }
        return;
    }
    wick_quorum_begin(lc->cfg.quorum_state);
    lc->phase = FOR_HEADS;
    ask_all(lc, FOR_HEADS);
}

/* Who has voted for something else: one of their nodes is on a fork, or lies. */
static void tell_dissent(wick_light *lc, const wick_trusted_header *th)
{
    for (uint8_t i = 0; i < lc->cfg.sources; i++) {
        if (wick_quorum_dissents(lc->cfg.quorum_state, i, th->hash)) {
            light_refused(lc, i, WICK_E_QUORUM_SPLIT);
        }
    }
}

static wick_status vote(wick_light *lc, const wick_light_ask *a, wick_span rlp,
                        const wick_header *h, uint64_t now_ms)
{
    wick_trusted_header th;
    wick_status s = wick_quorum_header(lc->cfg.quorum_state, &th, a->q.source, rlp);
    if (s == WICK_OK) {
        tell_dissent(lc, &th);
        s = light_check_future(lc, &th);
        if (s == WICK_OK) {
            light_follow(lc, &th, h);
            s = light_take_head(lc, &th, now_ms, 0);
        }
        light_cut(lc, now_ms, LATE_MS); /* for whoever votes for something else */
        lc->round_status = s;
        lc->phase = FOR_VOTES;
        return s;
    }
    if (lc->round_status == WICK_OK) { /* decided already: is this one of those who agreed? */
        uint8_t hash[32];
        wick_header_hash(hash, rlp);
        return memcmp(hash, lc->head[0].hash, sizeof hash) == 0 ? WICK_OK : WICK_E_QUORUM_SPLIT;
    }
    if (s == WICK_AGAIN || s == WICK_E_QUORUM || s == WICK_E_QUORUM_SPLIT) {
        lc->round_status = s; /* of the round: the vote itself was counted */
        return WICK_OK;
    }
    return s;
}

static wick_status header(wick_light *lc, wick_light_ask *a, wick_span rlp, const wick_header *h,
                          const uint8_t *hash32, uint64_t now_ms)
{
    (void)hash32;
    if (a->purpose == FOR_VOTES) {
        return vote(lc, a, rlp, h, now_ms);
    }
    wick_quorum *q = lc->cfg.quorum_state;
    uint64_t number = 0;
    wick_quorum_head(q, a->q.source, h->number);
    /* Without a newer block among those told so far the others are heard: one who claims old ones
     * must not shut out who is slow. */
    if (wick_quorum_newest(q, &number, 0) == WICK_OK && number > lc->head[0].number) {
        light_cut(lc, now_ms, LATE_MS);
    }
    return WICK_OK;
}

/* A round ends when all its asks have: plan() is not called before. */
static void done(wick_light *lc, const wick_light_ask *a, uint64_t now_ms, wick_status status)
{
    bool decided = lc->round_status == WICK_OK || lc->round_status == WICK_E_HEADER_FUTURE;
    if (status != WICK_OK && a->purpose == FOR_VOTES && !decided) {
        wick_status s = wick_quorum_none(lc->cfg.quorum_state, a->q.source);
        lc->round_status = s;
    }
    lc->poll_due_ms = now_ms;
}

const struct wick_light_ops light_quorum = {
    .check = check,
    .begin = begin,
    .plan = plan,
    .header = header,
    .done = done,
};

#else
/* ISO C forbids an empty file. */
typedef int wick_light_quorum_is_off;
#endif
