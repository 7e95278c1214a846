/* SPDX-License-Identifier: Apache-2.0 */
/* The trust store of one chain: head, marks, state, sets of pieces. */
#include "trust_store_internal.h"

#if WICK_WITH_LIGHT

#define HEAD_BYTES                                                                                 \
    (8 + 1 + 32 + 4 + 1 + 2 + 32 + 8 + 8 + WICK_TRUST_SETS_USED + 33 * WICK_TRUST_SETS)
#define MARKS_BYTES 24

/* ------------------------------------------------------------------ values */

static wick_status get(const wick_trust_store *ts, uint8_t *mem, size_t cap, wick_reader *r,
                       uint16_t key)
{
    wick_buf b = wick_buf_make(mem, cap);
    uint8_t version = 0;
    wick_status s = ts->store->get(ts->store->ctx, key, &version, &b);
    if (s == WICK_E_NO_SPACE) {
        return version == TRUST_VERSION ? WICK_E_STORE_CORRUPT : WICK_E_STORE_VERSION;
    }
    if (s != WICK_OK) {
        return s;
    }
    *r = wick_reader_make(wick_buf_span(&b));
    return version == TRUST_VERSION ? WICK_OK : WICK_E_STORE_VERSION;
}

static wick_status put(const wick_trust_store *ts, uint16_t key, wick_span value)
{
    return ts->store->put(ts->store->ctx, key, TRUST_VERSION, value);
}

static wick_status put_marks(const wick_trust_store *ts)
{
    uint8_t mem[MARKS_BYTES];
    wick_buf b = wick_buf_make(mem, sizeof mem);
    wick_buf_put_be64(&b, ts->chain_id);
    wick_buf_put_be64(&b, ts->mark_number);
    wick_buf_put_be64(&b, ts->mark_time_s);
    return put(ts, (uint16_t)(ts->base + 1u), wick_buf_span(&b));
}

static wick_status get_marks(wick_trust_store *ts)
{
    uint8_t mem[MARKS_BYTES];
    wick_reader r;
    wick_status s = get(ts, mem, sizeof mem, &r, (uint16_t)(ts->base + 1u));
    if (s != WICK_OK) {
        return s == WICK_E_NOT_FOUND ? WICK_OK : s;
    }
    uint64_t chain_id = wick_read_be64(&r);
    ts->mark_number = wick_read_be64(&r);
    ts->mark_time_s = wick_read_be64(&r);
    if (wick_read_end(&r) != WICK_OK) {
        return WICK_E_STORE_CORRUPT;
    }
    return chain_id == ts->chain_id ? WICK_OK : WICK_E_CONFIG;
}

static wick_status put_head(const wick_trust_store *ts)
{
    uint8_t mem[HEAD_BYTES];
    wick_buf b = wick_buf_make(mem, sizeof mem);
    wick_buf_put_be64(&b, ts->chain_id);
    wick_buf_put_u8(&b, ts->rule);
    wick_buf_put(&b, ts->anchor, sizeof ts->anchor);
    wick_buf_put_be32(&b, ts->generation);
    wick_buf_put_u8(&b, ts->area);
    wick_buf_put_be16(&b, ts->state_len);
    wick_buf_put(&b, ts->state_hash, sizeof ts->state_hash);
    wick_buf_put_be64(&b, ts->number);
    wick_buf_put_be64(&b, ts->time_s);
    wick_buf_put(&b, ts->order, sizeof ts->order);
    for (unsigned i = 0; i < WICK_TRUST_SETS; i++) {
        wick_buf_put(&b, ts->set[i].name, sizeof ts->set[i].name);
        wick_buf_put_u8(&b, ts->set[i].pieces);
    }
    return put(ts, ts->base, wick_buf_span(&b));
}

static bool is_sane(const wick_trust_store *ts)
{
    bool sane = ts->generation != 0 && ts->area < 2 && ts->state_len <= WICK_TRUST_STATE_MAX;
    for (unsigned i = 0; i < WICK_TRUST_SETS_USED; i++) {
        sane = sane && ts->order[i] <= WICK_TRUST_SETS;
    }
    for (unsigned i = 0; i < WICK_TRUST_SETS; i++) {
        sane = sane && ts->set[i].pieces <= WICK_TRUST_PIECES;
    }
    return sane;
}

static wick_status get_head(wick_trust_store *ts)
{
    uint8_t mem[HEAD_BYTES], anchor[32];
    wick_reader r;
    wick_status s = get(ts, mem, sizeof mem, &r, ts->base);
    if (s != WICK_OK) {
        return s == WICK_E_NOT_FOUND ? WICK_OK : s;
    }
    uint64_t chain_id = wick_read_be64(&r);
    uint8_t rule = wick_read_u8(&r);
    wick_read_bytes(&r, anchor, sizeof anchor);
    ts->generation = wick_read_be32(&r);
    ts->area = wick_read_u8(&r);
    ts->state_len = wick_read_be16(&r);
    wick_read_bytes(&r, ts->state_hash, sizeof ts->state_hash);
    ts->number = wick_read_be64(&r);
    ts->time_s = wick_read_be64(&r);
    wick_read_bytes(&r, ts->order, sizeof ts->order);
    for (unsigned i = 0; i < WICK_TRUST_SETS; i++) {
        wick_read_bytes(&r, ts->set[i].name, sizeof ts->set[i].name);
        ts->set[i].pieces = wick_read_u8(&r);
    }
    if (wick_read_end(&r) != WICK_OK || !is_sane(ts)) {
        return WICK_E_STORE_CORRUPT;
    }
    if (chain_id != ts->chain_id || rule != ts->rule || memcmp(anchor, ts->anchor, 32) != 0) {
        return WICK_E_CONFIG;
    }
    return ts->number < ts->mark_number || ts->time_s < ts->mark_time_s ? WICK_E_HEADER_STALE
                                                                        : WICK_OK;
}

/* ------------------------------------------------------------------ reading */

wick_status wick_trust_store_open(wick_trust_store *ts, const wick_hal_store *store, uint16_t base,
                                  uint64_t chain_id, uint8_t rule, const uint8_t anchor32[32])
{
    memset(ts, 0, sizeof *ts);
    ts->store = store;
    ts->base = base;
    ts->chain_id = chain_id;
    ts->rule = rule;
    memcpy(ts->anchor, anchor32, sizeof ts->anchor);
    wick_status s = get_marks(ts);
    return s == WICK_OK ? get_head(ts) : s;
}

bool wick_trust_store_is_empty(const wick_trust_store *ts)
{
    return ts->generation == 0;
}

/* Appends one value. */
static wick_status append(const wick_trust_store *ts, wick_buf *out, uint16_t key)
{
    wick_reader r;
    if (out->len > out->cap || out->ptr == NULL) {
        return WICK_E_NO_SPACE;
    }
    wick_status s = get(ts, out->ptr + out->len, out->cap - out->len, &r, key);
    if (s == WICK_OK) {
        out->len += r.len;
    }
    return s == WICK_E_NOT_FOUND ? WICK_E_STORE_CORRUPT : s;
}

wick_status wick_trust_store_state(const wick_trust_store *ts, wick_buf *out)
{
    size_t start = out->len;
    uint8_t hash[32];
    if (wick_trust_store_is_empty(ts)) {
        return WICK_E_NOT_FOUND;
    }
    if (out->ptr == NULL || out->len > out->cap || out->cap - out->len < ts->state_len) {
        return WICK_E_NO_SPACE;
    }
    for (unsigned i = 0; out->len - start < ts->state_len; i++) {
        wick_status s = append(ts, out, trust_state_key(ts, ts->area, i));
        if (s != WICK_OK) {
            return s;
        }
    }
    wick_keccak256(hash, out->ptr + start, out->len - start);
    return out->len - start == ts->state_len && memcmp(hash, ts->state_hash, sizeof hash) == 0
               ? WICK_OK
               : WICK_E_STORE_CORRUPT;
}

const wick_trust_set *wick_trust_store_set(const wick_trust_store *ts, size_t set)
{
    if (set >= WICK_TRUST_SETS_USED || ts->order[set] == 0) {
        return NULL;
    }
    return &ts->set[ts->order[set] - 1];
}

wick_status wick_trust_store_piece(const wick_trust_store *ts, wick_buf *out, size_t set,
                                   size_t piece)
{
    const wick_trust_set *s = wick_trust_store_set(ts, set);
    if (s == NULL || piece >= s->pieces) {
        return WICK_E_NOT_FOUND;
    }
    return append(ts, out, trust_piece_key(ts, ts->order[set] - 1u, (unsigned)piece));
}

/* ------------------------------------------------------------------ writing */

static bool uses(const wick_trust_store *ts, unsigned place)
{
    for (unsigned i = 0; i < WICK_TRUST_SETS_USED; i++) {
        if (ts->order[i] == place + 1) {
            return true;
        }
    }
    return false;
}

unsigned trust_free_place(const wick_trust_store *in_use, const wick_trust_store *next)
{
    unsigned place = 0;
    while (place < WICK_TRUST_SETS - 1 && (uses(in_use, place) || uses(next, place))) {
        place++;
    }
    return place;
}

wick_status trust_put_head(wick_trust_store *ts, wick_trust_store *next)
{
    wick_status s = WICK_OK;
    next->lowered = false;
    next->mark_number = next->number;
    next->mark_time_s = next->time_s;
    /* At every moment the head is at or above the marks, also if the power goes between the two. */
    if (ts->lowered) {
        s = put_marks(next);
    }
    if (s == WICK_OK) {
        s = put_head(next);
    }
    if (s != WICK_OK) {
        return s;
    }
    bool rises = !ts->lowered && (next->mark_number != ts->mark_number ||
                                  next->mark_time_s != ts->mark_time_s);
    *ts = *next;
    return rises ? put_marks(ts) : WICK_OK;
}

static wick_status put_set(const wick_trust_store *ts, wick_trust_store *next,
                           const wick_trust_set *set, size_t index, wick_trust_piece_fn piece,
                           void *ctx, uint8_t *work)
{
    for (unsigned i = 0; i < WICK_TRUST_SETS_USED; i++) {
        const wick_trust_set *old = wick_trust_store_set(ts, i);
        if (old != NULL && old->pieces == set->pieces &&
            memcmp(old->name, set->name, sizeof set->name) == 0) {
            next->order[index] = ts->order[i];
            return WICK_OK;
        }
    }
    unsigned place = trust_free_place(ts, next);
    for (unsigned i = 0; i < set->pieces; i++) {
        wick_buf b = wick_buf_make(work, WICK_STORE_VALUE_MAX);
        wick_status s = piece(ctx, &b, index, i);
        if (s == WICK_OK) {
            s = wick_buf_status(&b);
        }
        if (s == WICK_OK) {
            s = put(ts, trust_piece_key(ts, place, i), wick_buf_span(&b));
        }
        if (s != WICK_OK) {
            return s;
        }
    }
    next->order[index] = (uint8_t)(place + 1);
    next->set[place] = *set;
    return WICK_OK;
}

static wick_status put_state(const wick_trust_store *ts, wick_trust_store *next, wick_span state)
{
    wick_keccak256(next->state_hash, state.ptr, state.len);
    next->state_len = (uint16_t)state.len;
    if (ts->generation != 0 && ts->state_len == next->state_len &&
        memcmp(ts->state_hash, next->state_hash, 32) == 0) {
        return WICK_OK; /* it is there */
    }
    next->area = ts->area ^ 1u;
    for (size_t at = 0, i = 0; at < state.len; at += WICK_STORE_VALUE_MAX, i++) {
        size_t len = state.len - at < WICK_STORE_VALUE_MAX ? state.len - at : WICK_STORE_VALUE_MAX;
        wick_status s = put(ts, trust_state_key(ts, next->area, (unsigned)i),
                            wick_span_make(state.ptr + at, len));
        if (s != WICK_OK) {
            return s;
        }
    }
    return WICK_OK;
}

wick_status wick_trust_store_save(wick_trust_store *ts, wick_span state,
                                  const wick_trust_set *sets, size_t count,
                                  wick_trust_piece_fn piece, void *ctx,
                                  uint8_t work[WICK_STORE_VALUE_MAX], uint64_t number,
                                  uint64_t time_s)
{
    wick_trust_store next = *ts;
    wick_status s = WICK_OK;
    if (state.len > WICK_TRUST_STATE_MAX || count > WICK_TRUST_SETS_USED) {
        return WICK_E_LIMIT;
    }
    if (number < ts->mark_number || time_s < ts->mark_time_s) {
        return WICK_E_HEADER_STALE;
    }
    next.generation++;
    next.generation += next.generation == 0 ? 1 : 0;
    next.number = number;
    next.time_s = time_s;
    memset(next.order, 0, sizeof next.order);
    for (size_t i = 0; i < count && s == WICK_OK; i++) {
        s = sets[i].pieces > WICK_TRUST_PIECES
                ? WICK_E_LIMIT
                : put_set(ts, &next, &sets[i], i, piece, ctx, work);
    }
    if (s == WICK_OK) {
        s = put_state(ts, &next, state);
    }
    return s == WICK_OK ? trust_put_head(ts, &next) : s;
}

void wick_trust_store_lower(wick_trust_store *ts, uint64_t number, uint64_t time_s)
{
    if (number < ts->mark_number || time_s < ts->mark_time_s) {
        ts->lowered = true;
        ts->mark_number = number < ts->mark_number ? number : ts->mark_number;
        ts->mark_time_s = time_s < ts->mark_time_s ? time_s : ts->mark_time_s;
    }
}

wick_status wick_trust_store_erase(const wick_hal_store *store, uint16_t base, bool marks)
{
    wick_status s = store->erase(store->ctx, base);
    if (marks && (s == WICK_OK || s == WICK_E_NOT_FOUND)) {
        s = store->erase(store->ctx, (uint16_t)(base + 1u));
    }
    return s == WICK_E_NOT_FOUND ? WICK_OK : s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_trust_store_is_off;
#endif
