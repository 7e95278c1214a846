/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a light client in its trust store: heads, and what the rule exports. The store's
 * marks are the light client's: a head below them is not taken, whoever vouches for it.
 */
#include "light_internal.h"

#include "trust_internal.h"

#if WICK_WITH_LIGHT

#define VERSION 1u
#define FLAG_CONFLICT 1u
#define FRONT_BYTES (2 + 2 * TRUST_HEADER_BYTES)

_Static_assert(WICK_CLIQUE_EXPORT_MAX + FRONT_BYTES <= WICK_TRUST_STATE_MAX, "largest state");
_Static_assert(WICK_CLIQUE_EXPORT_MAX + FRONT_BYTES + WICK_STORE_VALUE_MAX <= WICK_LIGHT_WORK_BYTES,
               "work memory");

/* The last value's worth of the work memory is for pieces. */
static uint8_t *piece_work(const wick_light *lc)
{
    return lc->cfg.store_work + (WICK_LIGHT_WORK_BYTES - WICK_STORE_VALUE_MAX);
}

static wick_status open_store(wick_light *lc)
{
    return wick_trust_store_open(&lc->ts, lc->cfg.store, lc->cfg.store_base, lc->cfg.chain_id,
                                 (uint8_t)lc->cfg.rule, lc->cfg.trusted_hash);
}

/* ------------------------------------------------------------------ load */

/* Only tiers that the rule gives: what is stored was vouched for by it, or is made up. */
static bool is_tier_fit(const wick_light *lc, unsigned index)
{
    wick_tier tier = lc->head[index].tier;
    if (!wick_trust_is_made(&lc->head[index])) {
        return true;
    }
    if (index == 0) {
        return tier == wick_light_rule_tier(lc->cfg.rule);
    }
    return lc->cfg.rule == WICK_LIGHT_SYNC_COMMITTEE &&
           (tier == WICK_TIER_OPTIMISTIC || tier == WICK_TIER_FINALIZED);
}

static wick_status load_front(wick_light *lc, wick_reader *r)
{
    uint8_t version = wick_read_u8(r), flags = wick_read_u8(r);
    for (unsigned i = 0; i < 2; i++) {
        wick_trust_get(&lc->head[i], r);
    }
    if (r->status != WICK_OK) {
        return r->status;
    }
    if (version != VERSION) {
        return WICK_E_UNSUPPORTED;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (wick_trust_is_made(&lc->head[i]) && lc->head[i].chain_id != lc->cfg.chain_id) {
            return WICK_E_CONFIG;
        }
        if (!is_tier_fit(lc, i)) {
            return WICK_E_MALFORMED;
        }
    }
    lc->conflict = (flags & FLAG_CONFLICT) != 0;
    return WICK_OK;
}

static wick_status load_pieces(wick_light *lc, const wick_trust_store *ts)
{
    for (size_t set = 0; wick_trust_store_set(ts, set) != NULL; set++) {
        for (size_t i = 0; i < wick_trust_store_set(ts, set)->pieces; i++) {
            wick_buf b = wick_buf_make(piece_work(lc), WICK_STORE_VALUE_MAX);
            wick_status s = wick_trust_store_piece(ts, &b, set, i);
            if (s == WICK_OK) {
                s = lc->ops->load_piece(lc, wick_buf_span(&b), set, i);
            }
            if (s != WICK_OK) {
                return s;
            }
        }
    }
    return WICK_OK;
}

static wick_status load(wick_light *lc, const wick_trust_store *ts, uint64_t now_ms)
{
    wick_buf b = wick_buf_make(lc->cfg.store_work, WICK_LIGHT_WORK_BYTES);
    wick_status s = wick_trust_store_state(ts, &b);
    wick_reader r = wick_reader_make(wick_buf_span(&b));
    if (s == WICK_OK) {
        s = load_front(lc, &r);
    }
    if (s == WICK_OK && lc->ops->load != NULL) {
        s = lc->ops->load(lc, wick_read_span(&r, r.len - r.pos));
    }
    if (s == WICK_OK && lc->ops->load_piece != NULL) {
        s = load_pieces(lc, ts);
    }
    if (s == WICK_OK && lc->ops->load_end != NULL) {
        s = lc->ops->load_end(lc, now_ms);
    }
    return s;
}

/* Nothing of a state that was not read to its end. */
static wick_status forget(wick_light *lc, wick_status why)
{
    memset(lc->head, 0, sizeof lc->head);
    lc->conflict = false;
    lc->tip = 0;
    wick_status s = lc->ops->begin(lc);
    return s != WICK_OK ? s : why;
}

wick_status light_store_load(wick_light *lc, uint64_t now_ms)
{
    wick_status s = open_store(lc);
    if (s == WICK_OK && !wick_trust_store_is_empty(&lc->ts)) {
        s = load(lc, &lc->ts, now_ms);
        s = s == WICK_OK ? s : forget(lc, s);
    }
    if (s != WICK_OK) {
        return s;
    }
    lc->mark_number = lc->ts.mark_number;
    lc->mark_time = lc->ts.mark_time_s;
    lc->floor_s = lc->mark_time;
    lc->floor_ms = now_ms;
    for (unsigned i = 0; i < 2; i++) {
        light_tip(lc, lc->head[i].number);
    }
    return WICK_OK;
}

/* ------------------------------------------------------------------ save */

wick_status light_store_save(wick_light *lc)
{
    wick_trust_set sets[WICK_TRUST_SETS_USED];
    wick_buf b = wick_buf_make(lc->cfg.store_work, WICK_LIGHT_WORK_BYTES - WICK_STORE_VALUE_MAX);
    wick_buf_put_u8(&b, VERSION);
    wick_buf_put_u8(&b, lc->conflict ? FLAG_CONFLICT : 0);
    wick_trust_put(&b, &lc->head[0]);
    wick_trust_put(&b, &lc->head[1]);
    wick_status s = wick_buf_status(&b);
    if (s == WICK_OK && lc->ops->save != NULL) {
        s = lc->ops->save(&b, lc);
    }
    if (s != WICK_OK) {
        return s;
    }
    size_t count = lc->ops->sets != NULL ? lc->ops->sets(sets, lc) : 0;
    return wick_trust_store_save(&lc->ts, wick_buf_span(&b), sets, count, lc->ops->piece, lc,
                                 piece_work(lc), lc->mark_number, lc->mark_time);
}

/* ------------------------------------------------------------------ export and import */

wick_status wick_light_export(wick_light *lc, wick_trust_export *x, uint64_t now_ms)
{
    if (lc->cfg.store == NULL || !lc->running) {
        return WICK_E_STATE;
    }
    if (!wick_trust_is_made(&lc->head[0])) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = wick_light_save(lc, now_ms);
    return s == WICK_OK ? wick_trust_export_begin(x, &lc->ts) : s;
}

wick_status wick_light_import(wick_light *lc, wick_trust_import *im)
{
    if (lc->cfg.store == NULL || lc->running) {
        return WICK_E_STATE;
    }
    wick_status s = open_store(lc);
    if (s == WICK_OK) {
        wick_trust_import_begin(im, &lc->ts);
    }
    return s;
}

wick_status wick_light_import_end(wick_light *lc, wick_trust_import *im, uint64_t now_ms)
{
    wick_status s = wick_trust_import_end(im);
    if (s == WICK_OK) {
        s = lc->ops->begin(lc);
    }
    if (s == WICK_OK) {
        s = load(lc, &im->staged, now_ms);
    }
    if (s == WICK_OK && (lc->head[0].number != im->staged.number ||
                         lc->head[0].timestamp != im->staged.time_s)) {
        s = WICK_E_MALFORMED; /* the marks would rise to what is not vouched for */
    }
    s = forget(lc, s); /* start reads it anew */
    return s == WICK_OK ? wick_trust_import_commit(im) : s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_light_store_is_off;
#endif
