/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The light client: requests and their answers, events, heads and how old they are. What a header
 * proves is decided by the rules (light_*.c); here is what they have in common.
 */
#include "light_internal.h"

#if WICK_WITH_LIGHT

#define BACKOFF_MIN_MS 500u
#define BACKOFF_MAX_MS 60000u
#define HURRY_MS 1000u
#define ROUNDS_MAX 16u /* plans in one poll; each makes an ask or sets a later time */

/* NULL where this build has no such rule. */
static const struct wick_light_ops *const rules[] = {
    [WICK_LIGHT_OWN_NODE] = &light_own_node,
    [WICK_LIGHT_PINNED] = &light_pinned,
    [WICK_LIGHT_QUORUM] = &light_quorum,
#if WICK_WITH_BFT
    [WICK_LIGHT_QBFT] = &light_bft,
    [WICK_LIGHT_IBFT2] = &light_bft,
    [WICK_LIGHT_IBFT1] = &light_bft,
#endif
#if WICK_WITH_CLIQUE
    [WICK_LIGHT_CLIQUE] = &light_clique,
#endif
#if WICK_WITH_BEACON
    [WICK_LIGHT_SYNC_COMMITTEE] = &light_beacon,
#endif
};

wick_status wick_light_init(wick_light *lc, const wick_light_config *cfg)
{
    memset(lc, 0, sizeof *lc);
    if (cfg->clock == NULL || cfg->crypto == NULL ||
        (cfg->store != NULL && cfg->store_work == NULL)) {
        return WICK_E_BAD_ARG;
    }
    size_t rule = (size_t)cfg->rule;
    if (rule >= sizeof rules / sizeof rules[0] || rules[rule] == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    lc->ops = rules[rule];
    lc->cfg = *cfg;
    if (lc->cfg.poll_ms == 0) {
        lc->cfg.poll_ms = WICK_LIGHT_POLL_MS;
    }
    if (lc->cfg.max_age_s == 0) {
        lc->cfg.max_age_s = cfg->rule == WICK_LIGHT_SYNC_COMMITTEE ? 2 * WICK_LIGHT_MAX_AGE_S
                                                                   : WICK_LIGHT_MAX_AGE_S;
    }
    if (lc->cfg.save_s == 0) {
        lc->cfg.save_s = WICK_LIGHT_SAVE_S;
    }
    return lc->ops->check(&lc->cfg);
}

static void tell(wick_light *lc, wick_light_event_kind kind, wick_status status, unsigned index);

wick_status wick_light_start(wick_light *lc, uint64_t now_ms)
{
    if (lc->ops == NULL || lc->running) {
        return WICK_E_STATE;
    }
    wick_status s = lc->ops->begin(lc);
    if (s == WICK_OK && lc->cfg.store != NULL) {
        s = light_store_load(lc, now_ms);
    }
    if (s != WICK_OK) {
        return s;
    }
    lc->running = true;
    lc->poll_due_ms = now_ms;
    lc->saved_ms = now_ms;
    lc->rest_ms = now_ms - HURRY_MS;
    lc->dirty = false;
    if (lc->conflict) {
        tell(lc, WICK_LIGHT_EV_CONFLICT, WICK_E_SEAL_CONFLICT, 0);
    }
    return WICK_OK;
}

/* ------------------------------------------------------------------ time and age */

/* Without a clock: the newest trusted time and what has passed since, a lower bound. */
static bool unix_now(const wick_light *lc, uint64_t now_ms, uint64_t *unix_s)
{
    uint64_t floor = lc->floor_s != 0 ? lc->floor_s + (now_ms - lc->floor_ms) / 1000 : 0;
    if (lc->cfg.clock->unix_s(lc->cfg.clock->ctx, unix_s) != WICK_OK) {
        *unix_s = floor;
        return false;
    }
    *unix_s = *unix_s > lc->floor_s ? *unix_s : lc->floor_s;
    return true;
}

wick_trust_now light_now(const wick_light *lc, uint64_t now_ms)
{
    wick_trust_now now = {0, false};
    now.valid = unix_now(lc, now_ms, &now.unix_s);
    return now;
}

wick_status light_check_future(const wick_light *lc, const wick_trusted_header *th)
{
    uint64_t unix_s = 0;
    if (lc->cfg.clock->unix_s(lc->cfg.clock->ctx, &unix_s) != WICK_OK || th->timestamp <= unix_s) {
        return WICK_OK;
    }
    return th->timestamp - unix_s > WICK_TRUST_FUTURE_S ? WICK_E_HEADER_FUTURE : WICK_OK;
}

static void age_of(const wick_light *lc, wick_light_age *age, uint64_t now_ms, unsigned index)
{
    uint64_t unix_s = 0, then = lc->head[index].timestamp;
    age->known = unix_now(lc, now_ms, &unix_s);
    age->age_s = unix_s > then ? unix_s - then : 0;
    age->grace = lc->cfg.rule != WICK_LIGHT_PINNED && age->age_s > lc->cfg.max_age_s;
}

wick_status wick_light_head(const wick_light *lc, wick_trusted_header *th, wick_light_age *age,
                            uint64_t now_ms, wick_tier tier)
{
    wick_light_age a;
    unsigned index = tier == WICK_TIER_OPTIMISTIC ? 1 : 0;
    memset(th, 0, sizeof *th);
    if (age != NULL) {
        memset(age, 0, sizeof *age);
    }
    if (tier != wick_light_rule_tier(lc->cfg.rule) &&
        (index == 0 || lc->cfg.rule != WICK_LIGHT_SYNC_COMMITTEE)) {
        return WICK_E_TRUST_TIER;
    }
    if (lc->conflict) {
        return WICK_E_SEAL_CONFLICT;
    }
    if (!wick_trust_is_made(&lc->head[index])) {
        return WICK_AGAIN;
    }
    *th = lc->head[index];
    age_of(lc, &a, now_ms, index);
    if (age != NULL) {
        *age = a;
    }
    return a.grace && a.age_s - lc->cfg.max_age_s > lc->cfg.grace_s ? WICK_E_HEADER_STALE : WICK_OK;
}

uint64_t wick_light_tip(const wick_light *lc)
{
    return lc->tip;
}

bool wick_light_is_synced(const wick_light *lc)
{
    return lc->synced && !lc->conflict && !lc->stale[0];
}

wick_status wick_light_trouble(const wick_light *lc, unsigned *rounds)
{
    if (rounds != NULL) {
        *rounds = lc->last_status != WICK_OK ? lc->failures : 0;
    }
    return lc->conflict ? WICK_E_SEAL_CONFLICT : lc->last_status;
}

uint32_t wick_light_reorgs(const wick_light *lc)
{
    return lc->reorgs;
}

uint64_t wick_light_reorg_number(const wick_light *lc)
{
    uint32_t last = lc->reorgs - 1;
    return lc->reorgs != 0 ? lc->reorg[last % WICK_LIGHT_REORGS].number : 0;
}

uint64_t wick_light_reorg_floor(const wick_light *lc, uint64_t *time_s, uint32_t seen)
{
    uint64_t number = UINT64_MAX;
    *time_s = UINT64_MAX;
    if (lc->reorgs - seen > WICK_LIGHT_REORGS) {
        *time_s = 0;
        return 0;
    }
    for (uint32_t i = seen; i != lc->reorgs; i++) {
        uint64_t n = lc->reorg[i % WICK_LIGHT_REORGS].number;
        uint64_t t = lc->reorg[i % WICK_LIGHT_REORGS].time_s;
        number = n < number ? n : number;
        *time_s = t < *time_s ? t : *time_s;
    }
    return number;
}

/* ------------------------------------------------------------------ events */

static void put_event(wick_light *lc, const wick_light_event *e)
{
    /* Of heads and refusals only the newest matters. */
    for (unsigned i = 0; i < lc->event_count; i++) {
        wick_light_event *old = &lc->event[(lc->event_head + i) % WICK_LIGHT_EVENTS];
        if (old->kind == e->kind && old->tier == e->tier && old->source == e->source &&
            e->kind != WICK_LIGHT_EV_REORG) {
            *old = *e;
            return;
        }
    }
    if (lc->event_count == WICK_LIGHT_EVENTS) {
        lc->event_count--; /* the driver does not poll: the newest replaces the one before it */
    }
    lc->event[(lc->event_head + lc->event_count) % WICK_LIGHT_EVENTS] = *e;
    lc->event_count++;
}

static void tell(wick_light *lc, wick_light_event_kind kind, wick_status status, unsigned index)
{
    wick_light_event e;
    const wick_trusted_header *th = &lc->head[index];
    memset(&e, 0, sizeof e);
    e.kind = kind;
    e.status = status;
    e.tier = index == 1 ? WICK_TIER_OPTIMISTIC : wick_light_rule_tier(lc->cfg.rule);
    e.number = th->number;
    e.time_s = th->timestamp;
    memcpy(e.hash, th->hash, sizeof e.hash);
    put_event(lc, &e);
}

void light_refused(wick_light *lc, uint8_t source, wick_status status)
{
    wick_light_event e;
    memset(&e, 0, sizeof e);
    e.kind = WICK_LIGHT_EV_REFUSED;
    e.status = status;
    e.source = source;
    put_event(lc, &e);
}

void light_conflict(wick_light *lc)
{
    if (!lc->conflict) {
        lc->conflict = true;
        lc->synced = false;
        lc->save_now = true;
        tell(lc, WICK_LIGHT_EV_CONFLICT, WICK_E_SEAL_CONFLICT, 0);
    }
}

void light_reorg(wick_light *lc, uint64_t number, uint64_t time_s)
{
    wick_light_event e;
    lc->reorg[lc->reorgs % WICK_LIGHT_REORGS].number = number;
    lc->reorg[lc->reorgs % WICK_LIGHT_REORGS].time_s = time_s;
    lc->reorgs++;
    /* What was proven above is void, and so are the marks that it left. */
    if (lc->mark_number > number) {
        lc->mark_number = number;
        lc->mark_time = time_s;
    }
    wick_trust_store_lower(&lc->ts, number, time_s);
    if (lc->head[0].number > number) {
        memset(&lc->head[0], 0, sizeof lc->head[0]);
    }
    lc->tip = number;
    while (lc->trail_count != 0 && lc->trail[lc->trail_count - 1].number > number) {
        lc->trail_count--;
    }
    lc->dirty = true;
    memset(&e, 0, sizeof e);
    e.kind = WICK_LIGHT_EV_REORG;
    e.tier = wick_light_rule_tier(lc->cfg.rule);
    e.number = number;
    put_event(lc, &e);
}

void light_follow(wick_light *lc, const wick_trusted_header *th, const wick_header *h)
{
    const wick_trusted_header *head = &lc->head[0];
    bool replaces = th->number == head->number && memcmp(th->hash, head->hash, 32) != 0;
    bool departs = th->number == head->number + 1 &&
                   memcmp(h->field[WICK_HEADER_PARENT_HASH].ptr, head->hash, 32) != 0;
    if (wick_trust_is_made(head) && head->number != 0 && (replaces || departs)) {
        uint64_t time_s = th->timestamp < head->timestamp ? th->timestamp : head->timestamp;
        uint64_t first = lc->trail_count != 0 ? lc->trail[0].number : head->number;
        light_reorg(lc, first != 0 ? first - 1 : 0, first < head->number ? 0 : time_s);
    }
}

void light_tip(wick_light *lc, uint64_t number)
{
    lc->tip = number > lc->tip ? number : lc->tip;
}

static void leave_trail(wick_light *lc, const wick_trusted_header *th)
{
    if (lc->trail_count != 0 && lc->trail[lc->trail_count - 1].number >= th->number) {
        return; /* the same again: another one there would have been a reorganisation */
    }
    if (lc->trail_count == WICK_LIGHT_TRAIL) {
        memmove(&lc->trail[0], &lc->trail[1], sizeof lc->trail - sizeof lc->trail[0]);
        lc->trail_count--;
    }
    lc->trail[lc->trail_count].number = th->number;
    memcpy(lc->trail[lc->trail_count].hash, th->hash, 32);
    lc->trail_count++;
}

wick_status light_take_head(wick_light *lc, const wick_trusted_header *th, uint64_t now_ms,
                            unsigned index)
{
    wick_light_age age;
    wick_trusted_header *head = &lc->head[index];
    bool newer = !wick_trust_is_made(head) || memcmp(head->hash, th->hash, sizeof th->hash) != 0;
    if (index == 0 && (th->number < lc->mark_number || th->timestamp < lc->mark_time)) {
        return WICK_E_HEADER_STALE;
    }
    /* What is not final may be taken back. */
    if (index == 0 && wick_trust_is_made(head) && th->number < head->number) {
        return WICK_E_HEADER_STALE;
    }
    *head = *th;
    light_tip(lc, th->number);
    if (index == 0) {
        leave_trail(lc, th);
        lc->mark_number = th->number;
        lc->mark_time = th->timestamp;
    }
    if (th->timestamp > lc->floor_s && th->tier != WICK_TIER_PINNED) {
        lc->floor_s = th->timestamp;
        lc->floor_ms = now_ms;
    }
    if (newer) {
        light_progress(lc);
        tell(lc, WICK_LIGHT_EV_HEAD, WICK_OK, index);
    }
    age_of(lc, &age, now_ms, index);
    if (!age.grace && lc->stale[index]) {
        lc->stale[index] = false;
        lc->synced = index == 0 ? false : lc->synced; /* told again when it rests */
    }
    return WICK_OK;
}

/* ------------------------------------------------------------------ requests */

wick_light_ask *light_ask(wick_light *lc, wick_light_request_kind kind, uint8_t source,
                          uint8_t purpose)
{
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        wick_light_ask *a = &lc->ask[i];
        if (a->state == ASK_FREE) {
            memset(a, 0, sizeof *a);
            a->state = ASK_WANTED;
            a->purpose = purpose;
            a->q.kind = kind;
            a->q.source = source;
            a->q.count = 1;
            a->wait_ms = WICK_LIGHT_REQUEST_MS;
            return a;
        }
    }
    return NULL;
}

wick_light_ask *light_ask_at(wick_light *lc, wick_light_at at, uint8_t purpose)
{
    wick_light_ask *a = light_ask(lc, WICK_LIGHT_REQ_HEADER, 0, purpose);
    if (a != NULL) {
        a->q.at = at;
    }
    return a;
}

wick_light_ask *light_ask_number(wick_light *lc, uint64_t number, uint32_t count, uint8_t purpose)
{
    wick_light_ask *a = light_ask_at(lc, WICK_LIGHT_AT_NUMBER, purpose);
    if (a != NULL) {
        a->q.number = number;
        a->q.count = count;
    }
    return a;
}

wick_light_ask *light_ask_hash(wick_light *lc, const uint8_t hash32[32], uint8_t purpose)
{
    wick_light_ask *a = light_ask_at(lc, WICK_LIGHT_AT_HASH, purpose);
    if (a != NULL) {
        memcpy(a->q.hash, hash32, 32);
    }
    return a;
}

void light_cut(wick_light *lc, uint64_t now_ms, uint32_t wait_ms)
{
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        wick_light_ask *a = &lc->ask[i];
        if (a->state == ASK_ASKED) {
            a->due_ms = wick_time_min(a->due_ms, now_ms + wait_ms);
        } else {
            a->wait_ms = a->wait_ms < wait_ms ? a->wait_ms : wait_ms;
        }
    }
}

void light_go_on(wick_light *lc, uint64_t now_ms)
{
    lc->poll_due_ms = now_ms;
}

void light_progress(wick_light *lc)
{
    lc->failures = 0;
    lc->dirty = true;
}

void light_rest(wick_light *lc, uint64_t now_ms)
{
    lc->failures = 0;
    lc->last_status = WICK_OK;
    lc->rest_ms = now_ms;
    lc->poll_due_ms = now_ms + lc->cfg.poll_ms;
    if (!lc->synced && wick_trust_is_made(&lc->head[0])) {
        wick_light_age age;
        age_of(lc, &age, now_ms, 0);
        lc->synced = true;
        if (!age.grace) {
            lc->save_now = lc->save_now || wick_trust_store_is_empty(&lc->ts);
            tell(lc, WICK_LIGHT_EV_SYNCED, WICK_OK, 0);
        }
    }
}

void light_back_off(wick_light *lc, uint64_t now_ms, wick_status status)
{
    uint64_t pause = (uint64_t)BACKOFF_MIN_MS << (lc->failures < 7 ? lc->failures : 7);
    lc->failures = lc->failures < 7 ? (uint8_t)(lc->failures + 1) : lc->failures;
    lc->last_status = status;
    lc->poll_due_ms = now_ms + (pause < BACKOFF_MAX_MS ? pause : BACKOFF_MAX_MS);
}

void wick_light_hurry(wick_light *lc, uint64_t now_ms)
{
    /* Whoever waits must not make it a flood: once a second, and not before the pause after a
     * failure is over. */
    uint64_t soon = wick_time_reached(now_ms, lc->rest_ms + HURRY_MS) ? now_ms
                                                                      : lc->rest_ms + HURRY_MS;
    if (lc->failures == 0) {
        lc->poll_due_ms = wick_time_min(lc->poll_due_ms, soon);
    }
}

static wick_light_ask *find(wick_light *lc, uint32_t request)
{
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        if (lc->ask[i].state == ASK_ASKED && lc->ask[i].q.id == request) {
            return &lc->ask[i];
        }
    }
    return NULL;
}

bool wick_light_waits(const wick_light *lc, uint32_t request)
{
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        if (lc->ask[i].state == ASK_ASKED && lc->ask[i].q.id == request) {
            return true;
        }
    }
    return false;
}

static void finish(wick_light *lc, wick_light_ask *a, uint64_t now_ms, wick_status status)
{
    wick_light_ask ended = *a;
    a->state = ASK_FREE;
    lc->ops->done(lc, &ended, now_ms, status);
}

/* An untrue or unfit object: the answer has ended. */
static wick_status refuse(wick_light *lc, wick_light_ask *a, uint64_t now_ms, wick_status status)
{
    light_refused(lc, a->q.source, status);
    finish(lc, a, now_ms, status);
    return status;
}

static wick_status check_asked(const wick_light_ask *a, const wick_header *h)
{
    if (a->q.at == WICK_LIGHT_AT_NUMBER && h->number != a->q.number + a->got) {
        return WICK_E_HEADER_OTHER;
    }
    return WICK_OK;
}

wick_status wick_light_header(wick_light *lc, wick_span header_rlp, const uint8_t *hash32,
                              uint64_t now_ms, uint32_t request)
{
    wick_header h;
    wick_light_ask *a = find(lc, request);
    if (a == NULL || a->q.kind != WICK_LIGHT_REQ_HEADER || a->got == a->q.count) {
        return WICK_E_STATE;
    }
    wick_status s = wick_header_decode(&h, header_rlp);
    if (s == WICK_OK) {
        s = check_asked(a, &h);
    }
    if (s == WICK_OK) {
        s = lc->ops->header(lc, a, header_rlp, &h, hash32, now_ms);
    }
    if (s != WICK_OK) {
        return refuse(lc, a, now_ms, s);
    }
    a->got++;
    return WICK_OK;
}

wick_status wick_light_beacon(wick_light *lc, const struct wick_beacon_fork *fork, wick_span ssz,
                              uint64_t now_ms, uint32_t request)
{
    wick_light_ask *a = find(lc, request);
    if (a == NULL || a->q.kind == WICK_LIGHT_REQ_HEADER || a->got == a->q.count) {
        return WICK_E_STATE;
    }
    wick_status s = lc->ops->beacon(lc, a, fork, ssz, now_ms);
    if (s != WICK_OK) {
        return refuse(lc, a, now_ms, s);
    }
    a->got++;
    return WICK_OK;
}

wick_status wick_light_end(wick_light *lc, uint64_t now_ms, uint32_t request)
{
    wick_light_ask *a = find(lc, request);
    if (a == NULL) {
        return WICK_E_STATE;
    }
    finish(lc, a, now_ms, a->got != 0 ? WICK_OK : WICK_E_NOT_FOUND);
    return WICK_OK;
}

wick_status wick_light_failed(wick_light *lc, uint64_t now_ms, uint32_t request, wick_status status)
{
    wick_light_ask *a = find(lc, request);
    if (status == WICK_OK) {
        return WICK_E_BAD_ARG;
    }
    if (a == NULL) {
        return WICK_E_STATE;
    }
    finish(lc, a, now_ms, status);
    return WICK_OK;
}

/* ------------------------------------------------------------------ the loop */

static bool poll_event(wick_light *lc, wick_light_out *out)
{
    if (lc->event_count == 0) {
        return false;
    }
    out->kind = WICK_LIGHT_OUT_EVENT;
    out->event = lc->event[lc->event_head];
    lc->event_head = (uint8_t)((lc->event_head + 1) % WICK_LIGHT_EVENTS);
    lc->event_count--;
    return true;
}

static bool poll_request(wick_light *lc, wick_light_out *out, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        wick_light_ask *a = &lc->ask[i];
        if (a->state == ASK_WANTED) {
            lc->next_id += lc->next_id == UINT32_MAX ? 2 : 1;
            a->state = ASK_ASKED;
            a->due_ms = now_ms + a->wait_ms;
            a->q.id = lc->next_id;
            out->kind = WICK_LIGHT_OUT_REQUEST;
            out->request = a->q;
            return true;
        }
    }
    return false;
}

/* Gives up what was not answered; the earliest time at which that may happen again. */
static uint64_t tick_asks(wick_light *lc, uint64_t now_ms, bool *busy)
{
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        wick_light_ask *a = &lc->ask[i];
        if (a->state == ASK_ASKED && wick_time_reached(now_ms, a->due_ms)) {
            finish(lc, a, now_ms, WICK_E_TIMEOUT);
        }
        if (a->state == ASK_ASKED) {
            next = wick_time_min(next, a->due_ms);
        }
    }
    *busy = false; /* only now: the end of one ask may have made another */
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        *busy = *busy || lc->ask[i].state != ASK_FREE;
    }
    return next;
}

/* Tells once when a head has become too old; when that may happen next. */
static uint64_t tick_age(wick_light *lc, uint64_t now_ms)
{
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (unsigned i = 0; i < 2; i++) {
        wick_light_age age;
        if (!wick_trust_is_made(&lc->head[i]) || lc->conflict ||
            lc->cfg.rule == WICK_LIGHT_PINNED) {
            continue;
        }
        age_of(lc, &age, now_ms, i);
        if (age.grace && !lc->stale[i]) {
            lc->stale[i] = true;
            tell(lc, WICK_LIGHT_EV_STALE,
                 lc->last_status != WICK_OK ? lc->last_status : WICK_E_HEADER_STALE, i);
        }
        if (!age.grace) {
            next = wick_time_min(next, now_ms + (lc->cfg.max_age_s - age.age_s) * 1000 + 1000);
        }
    }
    return next;
}

static void save(wick_light *lc, uint64_t now_ms)
{
    wick_status s = wick_light_save(lc, now_ms);
    if (s != WICK_OK) {
        wick_light_event e;
        memset(&e, 0, sizeof e);
        e.kind = WICK_LIGHT_EV_STORE;
        e.status = s;
        put_event(lc, &e);
    }
}

wick_status wick_light_save(wick_light *lc, uint64_t now_ms)
{
    if (lc->cfg.store == NULL || !lc->running || (!lc->dirty && !lc->save_now)) {
        return WICK_OK;
    }
    /* After a refusal it is tried again, as far away as after a success. */
    lc->saved_ms = now_ms;
    lc->save_now = false;
    wick_status s = light_store_save(lc);
    lc->dirty = s != WICK_OK;
    return s;
}

static uint64_t tick_save(wick_light *lc, uint64_t now_ms)
{
    uint64_t due = lc->saved_ms + (uint64_t)lc->cfg.save_s * 1000;
    if (lc->cfg.store == NULL || (!lc->dirty && !lc->save_now)) {
        return WICK_TIME_NEVER(now_ms);
    }
    if (lc->save_now || wick_time_reached(now_ms, due)) {
        save(lc, now_ms);
        return WICK_TIME_NEVER(now_ms);
    }
    return due;
}

void wick_light_poll(wick_light *lc, wick_light_out *out, uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    out->deadline_ms = WICK_TIME_NEVER(now_ms);
    for (unsigned round = 0; round < ROUNDS_MAX && lc->running; round++) {
        bool busy = false;
        uint64_t next = tick_asks(lc, now_ms, &busy);
        next = wick_time_min(next, tick_age(lc, now_ms));
        next = wick_time_min(next, tick_save(lc, now_ms));
        if (poll_event(lc, out) || poll_request(lc, out, now_ms)) {
            return;
        }
        if (busy || lc->conflict) {
            out->deadline_ms = next;
            return;
        }
        out->deadline_ms = wick_time_min(next, lc->poll_due_ms);
        if (!wick_time_reached(now_ms, lc->poll_due_ms)) {
            return;
        }
        lc->poll_due_ms = now_ms + lc->cfg.poll_ms; /* unless the plan says otherwise */
        lc->ops->plan(lc, now_ms);
    }
}

#else
/* ISO C forbids an empty file. */
typedef int wick_light_is_off;
#endif
