/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest chain of patches, or the whole image (wick/plan.h). For each length of a chain the
 * cheapest way to end with each patch at each place in it is worked out from the ways to its base; the
 * length matters, for it decides what is made in the staging memory.
 */
#include "wick/plan.h"

#include <string.h>

#define WHOLE_IMAGE 0x8000u /* in `without` */
#define NO_WAY UINT32_MAX

/* What a patch makes. */
static uint32_t target_size(const wick_manifest *m, const wick_manifest_delta *d)
{
    return d->target_size != 0 ? d->target_size : m->payload.size;
}

static const uint8_t *target(const wick_manifest *m, const wick_manifest_delta *d)
{
    return d->target_size != 0 ? d->target : m->payload.sha256;
}

static bool makes_payload(const wick_manifest *m, const wick_manifest_delta *d)
{
    return target_size(m, d) == m->payload.size &&
           memcmp(target(m, d), m->payload.sha256, sizeof m->payload.sha256) == 0;
}

/* Whole sectors, or more than there can be. */
static uint64_t sectors(uint32_t bytes, uint32_t sector_bytes)
{
    return ((uint64_t)bytes + sector_bytes - 1) & ~((uint64_t)sector_bytes - 1);
}

/* Images alternate, and the last one lies in the target slot. */
static uint8_t place_after(const wick_plan_have *have, uint8_t step, uint8_t steps)
{
    if (have->in_place) {
        return WICK_PLAN_RUNNING;
    }
    return (steps - step) % 2 == 1 ? WICK_PLAN_TARGET : WICK_PLAN_STAGING;
}

static bool starts(const wick_manifest_delta *d, const wick_plan_have *have)
{
    return d->base_size == 0 || (d->base_size == have->running_bytes &&
                                 memcmp(d->base, have->running, sizeof d->base) == 0);
}

static bool is_known(uint8_t format, bool in_place)
{
    bool apart = format == WICK_PATCH_DETOOLS_NONE || format == WICK_PATCH_DETOOLS_LZMA;
#if WICK_WITH_IN_PLACE
    bool either = format == WICK_PATCH_IN_PLACE_NONE || format == WICK_PATCH_IN_PLACE_LZMA;
    return either || (apart && !in_place);
#else
    return apart && !in_place;
#endif
}

/* Whether patch `d` can be step `step` of `steps`, by the memory that it needs. */
static bool has_room(const wick_manifest *m, const wick_manifest_delta *d,
                     const wick_plan_have *have, uint8_t step, uint8_t steps)
{
    if (d->dict > have->dict_max || !is_known(d->format, have->in_place)) {
        return false;
    }
    uint64_t need = sectors(d->patch.size, have->sector_bytes);
    if (place_after(have, step, steps) == WICK_PLAN_STAGING) {
        need += sectors(target_size(m, d), have->sector_bytes);
    } else if (target_size(m, d) > have->slot_bytes) {
        return false;
    }
    if (step > 0 && place_after(have, (uint8_t)(step - 1), steps) == WICK_PLAN_STAGING) {
        need += sectors(d->base_size, have->sector_bytes);
    }
    return need <= have->staging_bytes;
}

typedef struct ways {
    uint32_t cost[WICK_PLAN_STEPS_MAX][WICK_MANIFEST_DELTAS_MAX];
    uint8_t before[WICK_PLAN_STEPS_MAX][WICK_MANIFEST_DELTAS_MAX];
} ways;

/* The cheapest way to have patch `n` as step `step` of `steps`. */
static void reach(ways *w, const wick_manifest *m, const wick_plan_have *have, uint8_t step,
                  uint8_t steps, uint8_t n)
{
    const wick_manifest_delta *d = &m->delta[n];
    uint32_t best = NO_WAY;
    w->cost[step][n] = NO_WAY;
    if (makes_payload(m, d) != (step + 1 == steps) || !has_room(m, d, have, step, steps)) {
        return;
    }
    if (step == 0) {
        best = starts(d, have) ? 0 : NO_WAY;
    }
    for (uint8_t e = 0; step > 0 && e < m->deltas; e++) {
        const wick_manifest_delta *from = &m->delta[e];
        if (w->cost[step - 1][e] < best && target_size(m, from) == d->base_size &&
            memcmp(target(m, from), d->base, sizeof d->base) == 0) {
            best = w->cost[step - 1][e];
            w->before[step][n] = e;
        }
    }
    if (best < NO_WAY - d->patch.size) {
        w->cost[step][n] = best + d->patch.size;
    }
}

static void put_step(wick_plan *plan, const wick_manifest *m, const wick_plan_have *have,
                     uint8_t step, uint8_t n)
{
    const wick_manifest_delta *d = &m->delta[n];
    wick_plan_step *s = &plan->step[step];
    s->fetch = d->patch;
    memcpy(s->result, target(m, d), sizeof s->result);
    s->result_bytes = target_size(m, d);
    s->base_bytes = d->base_size;
    s->from = step > 0 ? place_after(have, (uint8_t)(step - 1), plan->steps) : WICK_PLAN_RUNNING;
    s->from = d->base_size == 0 ? WICK_PLAN_NONE : s->from;
    s->to = place_after(have, step, plan->steps);
    s->edge = n;
    s->delta = true;
}

/* Chains of `steps` patches: takes the cheapest one if it costs less than the plan has so far. */
static void try_chains(wick_plan *plan, const wick_manifest *m, const wick_plan_have *have,
                       uint8_t steps, uint16_t without)
{
    ways w;
    uint8_t last = 0;
    uint32_t best = plan->bytes;
    for (uint8_t step = 0; step < steps; step++) {
        for (uint8_t n = 0; n < m->deltas; n++) {
            w.cost[step][n] = NO_WAY;
            if (((unsigned)without >> n & 1u) == 0) {
                reach(&w, m, have, step, steps, n);
            }
            if (step + 1 == steps && w.cost[step][n] < best) {
                best = w.cost[step][n];
                last = n;
            }
        }
    }
    if (best == plan->bytes) {
        return;
    }
    plan->bytes = best;
    plan->steps = steps;
    for (uint8_t step = steps; step-- > 0;) {
        put_step(plan, m, have, step, last);
        last = step > 0 ? w.before[step][last] : 0;
    }
}

wick_status wick_plan_make(wick_plan *plan, const wick_manifest *m, const wick_plan_have *have,
                           uint16_t without)
{
    memset(plan, 0, sizeof *plan);
    if (m->payload.size > have->slot_bytes) {
        return WICK_E_FW_SIZE;
    }
    if (m->payload.size == have->running_bytes &&
        memcmp(m->payload.sha256, have->running, sizeof have->running) == 0) {
        return WICK_E_STATE;
    }
    plan->bytes = NO_WAY;
    if ((without & WHOLE_IMAGE) == 0 && !have->in_place) {
        wick_plan_step *s = &plan->step[0];
        s->fetch = m->payload;
        memcpy(s->result, m->payload.sha256, sizeof s->result);
        s->result_bytes = m->payload.size;
        s->to = WICK_PLAN_TARGET;
        plan->bytes = m->payload.size;
        plan->steps = 1;
    }
    for (uint8_t steps = 1; steps <= (have->in_place ? 1 : WICK_PLAN_STEPS_MAX); steps++) {
        try_chains(plan, m, have, steps, without);
    }
    if (plan->steps == 0) {
        plan->bytes = 0;
        return WICK_E_FW_NO_PATH;
    }
    return WICK_OK;
}
