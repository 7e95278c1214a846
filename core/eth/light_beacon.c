/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following a proof-of-stake chain by its sync committee: one bootstrap, an update for each period
 * that is missing, then the newest finality and optimistic updates in turn. Each new head names an
 * execution block; its header is asked for by that hash and must hash to it.
 */
#include "light_internal.h"

#if WICK_WITH_LIGHT && WICK_WITH_BEACON

#include "wick/beacon.h"

enum { FOR_BOOTSTRAP = 1, FOR_UPDATES, FOR_FINALITY, FOR_OPTIMISTIC, FOR_FINAL_HEADER,
       FOR_OPTIMISTIC_HEADER };

_Static_assert(WICK_BEACON_PIECES_MAX <= WICK_TRUST_SETS_USED * WICK_TRUST_PIECES, "two sets");
_Static_assert(WICK_BEACON_PIECE_MAX <= WICK_STORE_VALUE_MAX, "a piece in a value");

static wick_status check(const wick_light_config *cfg)
{
    return cfg->beacon == NULL || cfg->beacon_chain == NULL ? WICK_E_BAD_ARG : WICK_OK;
}

static wick_status begin(wick_light *lc)
{
    memset(lc->cfg.beacon, 0, sizeof *lc->cfg.beacon);
    return WICK_OK;
}

static wick_beacon_config config_of(const wick_light *lc)
{
    wick_beacon_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.chain = lc->cfg.beacon_chain;
    cfg.trusting_s = lc->cfg.trusting_s;
    memcpy(cfg.trusted_root, lc->cfg.trusted_hash, sizeof cfg.trusted_root);
    return cfg;
}

static bool is_booted(const wick_light *lc)
{
    return wick_beacon_pieces(lc->cfg.beacon) != 0;
}

/* ------------------------------------------------------------------ what to ask for */

/* Execution block of the newest head of a tier, if its header is not at hand. */
static const uint8_t *wanted_header(const wick_light *lc, unsigned index)
{
    const wick_beacon_head *h = wick_beacon_head_of(
        lc->cfg.beacon, index == 0 ? WICK_TIER_FINALIZED : WICK_TIER_OPTIMISTIC);
    if (h == NULL || wick_ct_is_zero(h->execution_hash, 32) ||
        memcmp(h->execution_hash, lc->head[index].hash, 32) == 0) {
        return NULL;
    }
    return h->execution_hash;
}

/* One that could not be had in this round is passed over (a bit of `steps`): its block may have left
 * the chain, or lie below the marks, and what is newer has to be asked for. */
static bool wants(const wick_light *lc, unsigned index)
{
    return wanted_header(lc, index) != NULL && (lc->steps & (1u << index)) == 0;
}

static bool wants_header(const wick_light *lc)
{
    return wants(lc, 0) || wants(lc, 1);
}

/* The specification's way on when nothing has been final for a whole period. */
static void force(wick_light *lc, const wick_trust_now *now)
{
#if WICK_BEACON_FORCE
    const wick_beacon *b = lc->cfg.beacon;
    unsigned changed = 0;
    /* The specification takes any number of participants; here a committee that hardly anybody has
     * signed for is not followed, however long finality is missing. */
    if (3u * b->best.participants < 2u * (unsigned)b->cfg.chain->committee) {
        return;
    }
    if (wick_beacon_force(lc->cfg.beacon, &changed, lc->cfg.crypto, now) == WICK_OK) {
        lc->dirty = true;
    }
#else
    (void)lc;
    (void)now;
#endif
}

static void ask_objects(wick_light *lc, wick_light_request_kind kind, uint64_t first,
                        uint64_t count, uint8_t purpose)
{
    wick_light_ask *a = light_ask(lc, kind, 0, purpose);
    if (a != NULL) {
        a->q.number = first;
        a->q.count = count < WICK_LIGHT_BATCH ? (uint32_t)count : WICK_LIGHT_BATCH;
        memcpy(a->q.hash, lc->cfg.trusted_hash, sizeof a->q.hash);
    }
}

static void plan(wick_light *lc, uint64_t now_ms)
{
    uint64_t first = 0, count = 0;
    wick_trust_now now = light_now(lc, now_ms);
    if (!is_booted(lc)) {
        ask_objects(lc, WICK_LIGHT_REQ_BEACON_BOOTSTRAP, 0, 1, FOR_BOOTSTRAP);
        return;
    }
    if (wants(lc, 0)) {
        (void)light_ask_hash(lc, wanted_header(lc, 0), FOR_FINAL_HEADER);
        return;
    }
    if (wants(lc, 1) && (lc->phase == 0 || lc->phase == 3)) {
        (void)light_ask_hash(lc, wanted_header(lc, 1), FOR_OPTIMISTIC_HEADER);
        return;
    }
    force(lc, &now);
    wick_status s = wick_beacon_wanted(&first, &count, lc->cfg.beacon, &now);
    if (s != WICK_OK) {
        light_back_off(lc, now_ms, s);
    } else if (count != 0 && lc->phase == 0) {
        ask_objects(lc, WICK_LIGHT_REQ_BEACON_UPDATES, first, count, FOR_UPDATES);
    } else if (lc->phase != 2) {
        ask_objects(lc, WICK_LIGHT_REQ_BEACON_FINALITY, 0, 1, FOR_FINALITY);
    } else {
        ask_objects(lc, WICK_LIGHT_REQ_BEACON_OPTIMISTIC, 0, 1, FOR_OPTIMISTIC);
    }
}

/* ------------------------------------------------------------------ answers */

static wick_status bootstrap(wick_light *lc, const wick_beacon_fork *fork, wick_span ssz,
                             const wick_trust_now *now)
{
    wick_beacon_config cfg = config_of(lc);
    wick_status s =
        wick_beacon_bootstrap(lc->cfg.beacon, &cfg, lc->cfg.crypto, fork, ssz, now);
    if (s == WICK_OK) {
        light_progress(lc);
    }
    return s;
}

static wick_status input(wick_light *lc, wick_beacon_kind kind, const wick_beacon_fork *fork,
                         wick_span ssz, const wick_trust_now *now)
{
    unsigned changed = 0;
    wick_status s =
        wick_beacon_input(lc->cfg.beacon, &changed, lc->cfg.crypto, kind, fork, ssz, now);
    if (s == WICK_E_HEADER_STALE) {
        return WICK_OK; /* nothing new */
    }
    if (s == WICK_OK && changed != 0) {
        light_progress(lc);
        /* Another committee: without it in the store a long absence costs a bootstrap. */
        lc->save_now = lc->save_now || (lc->synced && (changed & (WICK_BEACON_NEW_NEXT |
                                                                  WICK_BEACON_NEW_PERIOD)) != 0);
    }
    return s;
}

static wick_status beacon(wick_light *lc, wick_light_ask *a, const struct wick_beacon_fork *fork,
                          wick_span ssz, uint64_t now_ms)
{
    wick_trust_now now = light_now(lc, now_ms);
    switch (a->purpose) {
    case FOR_BOOTSTRAP:
        return bootstrap(lc, fork, ssz, &now);
    case FOR_UPDATES:
        return input(lc, WICK_BEACON_UPDATE, fork, ssz, &now);
    case FOR_FINALITY:
        return input(lc, WICK_BEACON_FINALITY, fork, ssz, &now);
    default:
        return input(lc, WICK_BEACON_OPTIMISTIC, fork, ssz, &now);
    }
}

static wick_status header(wick_light *lc, wick_light_ask *a, wick_span rlp, const wick_header *h,
                          const uint8_t *hash32, uint64_t now_ms)
{
    wick_trusted_header th;
    unsigned index = a->purpose == FOR_FINAL_HEADER ? 0 : 1;
    (void)h;
    (void)hash32;
    wick_status s = wick_beacon_trust(&th, lc->cfg.beacon, rlp,
                                      index == 0 ? WICK_TIER_FINALIZED : WICK_TIER_OPTIMISTIC);
    return s == WICK_OK ? light_take_head(lc, &th, now_ms, index) : s;
}

/* Rounds: what is missing, then finality (phase 1), then the optimistic update (2), headers of both
 * (3), then a rest. */
static void done(wick_light *lc, const wick_light_ask *a, uint64_t now_ms, wick_status status)
{
    uint64_t first = 0, count = 0;
    wick_trust_now now = light_now(lc, now_ms);
    /* A period that has just begun has no update yet. */
    bool none = a->purpose == FOR_UPDATES && status == WICK_E_NOT_FOUND;
    bool of_header = a->purpose == FOR_FINAL_HEADER || a->purpose == FOR_OPTIMISTIC_HEADER;
    if (status != WICK_OK && of_header) {
        lc->steps |= a->purpose == FOR_FINAL_HEADER ? 1u : 2u;
        lc->last_status = status;
        if (lc->phase != 3 || wants_header(lc)) {
            light_back_off(lc, now_ms, status); /* and then on with the round */
            return;
        }
    } else if (status != WICK_OK && !none) {
        lc->phase = 0;
        lc->steps = 0;
        light_back_off(lc, now_ms, status);
        return;
    }
    if (none || (a->purpose == FOR_UPDATES &&
                 wick_beacon_wanted(&first, &count, lc->cfg.beacon, &now) == WICK_OK &&
                 count != 0 && first == a->q.number)) {
        lc->phase = 1; /* no step forward: finality first, and ask again in the next round */
    } else if (a->purpose == FOR_FINALITY) {
        lc->phase = 2;
    } else if (a->purpose == FOR_OPTIMISTIC) {
        lc->phase = 3;
    }
    /* Headers of the bootstrap or the store do not end a round: nothing newer was asked for yet. */
    if (lc->phase == 3 && !wants_header(lc)) {
        bool passed_over = (lc->steps & 1u) != 0;
        lc->phase = 0;
        lc->steps = 0; /* in the next round they are asked for as they are then */
        if (passed_over) {
            light_back_off(lc, now_ms, lc->last_status);
        } else {
            light_rest(lc, now_ms);
        }
        return;
    }
    light_go_on(lc, now_ms);
}

/* ------------------------------------------------------------------ store */

static wick_status save(wick_buf *out, const wick_light *lc)
{
    return is_booted(lc) ? wick_beacon_export(out, lc->cfg.beacon) : WICK_OK;
}

static size_t pieces_of_one(const wick_beacon *b)
{
    return wick_beacon_pieces(b) / (wick_beacon_committees(b) > 1 ? 2u : 1u);
}

static size_t sets(wick_trust_set *out, const wick_light *lc)
{
    const wick_beacon *b = lc->cfg.beacon;
    if (!is_booted(lc)) {
        return 0;
    }
    memset(out, 0, 2 * sizeof *out);
    size_t count = wick_beacon_committees(b);
    for (size_t i = 0; i < count; i++) {
        memcpy(out[i].name, wick_beacon_committee_name(b, i), sizeof out[i].name);
        out[i].pieces = (uint8_t)pieces_of_one(b);
    }
    return count;
}

static wick_status piece(void *ctx, wick_buf *out, size_t set, size_t index)
{
    const wick_light *lc = ctx;
    return wick_beacon_export_piece(out, lc->cfg.beacon, lc->cfg.crypto,
                                    set * pieces_of_one(lc->cfg.beacon) + index);
}

static wick_status load(wick_light *lc, wick_span in)
{
    wick_beacon_config cfg = config_of(lc);
    return in.len == 0 ? WICK_OK : wick_beacon_import(lc->cfg.beacon, &cfg, in);
}

static wick_status load_piece(wick_light *lc, wick_span in, size_t set, size_t index)
{
    return wick_beacon_import_piece(lc->cfg.beacon, in,
                                    set * pieces_of_one(lc->cfg.beacon) + index);
}

static wick_status load_end(wick_light *lc, uint64_t now_ms)
{
    wick_trust_now now = light_now(lc, now_ms);
    if (wick_trust_store_set(&lc->ts, 0) == NULL && !is_booted(lc)) {
        return WICK_OK; /* nothing but marks and a header */
    }
    return wick_beacon_import_end(lc->cfg.beacon, lc->cfg.crypto, &now);
}

const struct wick_light_ops light_beacon = {
    .check = check,
    .begin = begin,
    .plan = plan,
    .header = header,
    .beacon = beacon,
    .done = done,
    .save = save,
    .load = load,
    .sets = sets,
    .piece = piece,
    .load_piece = load_piece,
    .load_end = load_end,
};

#else
/* ISO C forbids an empty file. */
typedef int wick_light_beacon_is_off;
#endif
