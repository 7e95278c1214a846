/* SPDX-License-Identifier: Apache-2.0 */
/* The cheapest way from what runs to a release: one patch, a chain, or the whole image; within memory. */
#include "tap.h"
#include "wick/plan.h"

static wick_manifest m;
static wick_plan_have have;
static wick_plan plan;

/* Image `n` has 10000 + n bytes and the digest n, n, n ... */
static uint32_t size_of(unsigned n)
{
    return 10000 + n;
}

static void begin(unsigned running, unsigned wanted)
{
    memset(&m, 0, sizeof m);
    memset(&have, 0, sizeof have);
    memset(have.running, (int)running, sizeof have.running);
    have.running_bytes = size_of(running);
    have.slot_bytes = 16384;
    have.staging_bytes = 32768;
    have.sector_bytes = 4096;
    have.dict_max = 4096;
    memset(m.payload.sha256, (int)wanted, sizeof m.payload.sha256);
    m.payload.size = size_of(wanted);
}

static wick_manifest_delta *edge(unsigned from, unsigned to, uint32_t bytes)
{
    wick_manifest_delta *d = &m.delta[m.deltas++];
    memset(d, 0, sizeof *d);
    memset(d->base, (int)from, sizeof d->base);
    d->base_size = size_of(from);
    d->patch.size = bytes;
    memset(d->patch.sha256, (int)(from * 16 + to), sizeof d->patch.sha256);
    d->format = WICK_PATCH_DETOOLS_LZMA;
    d->dict = 4096;
    if (m.payload.sha256[0] != to) {
        memset(d->target, (int)to, sizeof d->target);
        d->target_size = size_of(to);
    }
    return d;
}

/* The edges of the plan as decimal digits, 9: the whole image; 0: none. */
static unsigned way(unsigned without)
{
    unsigned out = 0;
    uint32_t bytes = 0;
    if (wick_plan_make(&plan, &m, &have, (uint16_t)without) != WICK_OK) {
        return 0;
    }
    for (unsigned i = 0; i < plan.steps; i++) {
        const wick_plan_step *s = &plan.step[i];
        out = out * 10 + (s->delta ? s->edge + 1u : 9u);
        bytes += s->fetch.size;
        CHECK_INT(s->to, (plan.steps - i) % 2 == 1 ? WICK_PLAN_TARGET : WICK_PLAN_STAGING);
        if (s->delta) {
            CHECK_INT(s->from, i == 0 ? WICK_PLAN_RUNNING : plan.step[i - 1].to);
            CHECK_INT(s->base_bytes, i == 0 ? have.running_bytes : plan.step[i - 1].result_bytes);
        }
    }
    CHECK_INT(bytes, plan.bytes);
    CHECK_MEM(plan.step[plan.steps - 1].result, m.payload.sha256, 32);
    CHECK_INT(plan.step[plan.steps - 1].result_bytes, m.payload.size);
    return out;
}

TEST(whole_image_or_a_patch)
{
    begin(1, 5);
    CHECK_INT(way(0), 9);
    (void)edge(2, 5, 10); /* for another base */
    CHECK_INT(way(0), 9);
    (void)edge(1, 5, 2000);
    CHECK_INT(way(0), 2);
    CHECK_INT(way(2), 9);               /* it did not work */
    m.delta[1].patch.size = size_of(5); /* no smaller than the image */
    CHECK_INT(way(0), 9);
    m.delta[1].patch.size--;
    CHECK_INT(way(0), 2);
}

TEST(many_versions_behind)
{
    begin(1, 5);
    (void)edge(4, 5, 500);
    (void)edge(3, 4, 500);
    (void)edge(1, 3, 600);
    (void)edge(1, 4, 1500);
    CHECK_INT(way(0), 321); /* 1600 in three steps, 2000 in two */
    m.delta[2].patch.size = 1200;
    CHECK_INT(way(0), 41);
    (void)edge(1, 5, 1900);
    CHECK_INT(way(0), 5);
    CHECK_INT(way(16), 41);
    CHECK_INT(way(16 + 8), 321);
    CHECK_INT(way(16 + 8 + 2), 9);
    CHECK_INT(way(0x8000u + 16 + 8 + 2), 0);
    CHECK_STATUS(wick_plan_make(&plan, &m, &have, 0x801a), WICK_E_FW_NO_PATH);
    CHECK_INT(plan.steps, 0);
    /* Four steps are one too many. */
    begin(1, 5);
    (void)edge(1, 2, 10);
    (void)edge(2, 3, 10);
    (void)edge(3, 4, 10);
    (void)edge(4, 5, 10);
    CHECK_INT(way(0), WICK_PLAN_STEPS_MAX >= 4 ? 1234 : 9);
    (void)edge(1, 3, 40);
    CHECK_INT(way(0), WICK_PLAN_STEPS_MAX >= 4 ? 1234 : 534);
}

TEST(circles_lead_nowhere)
{
    begin(1, 5);
    (void)edge(1, 2, 10);
    (void)edge(2, 1, 10);
    (void)edge(2, 2, 0);
    (void)edge(5, 5, 0);
    (void)edge(2, 5, 100);
    CHECK_INT(way(0), 15);
    /* A base of the right digest and another size is another base. */
    m.delta[0].base_size++;
    CHECK_INT(way(0), 9);
    m.delta[0].base_size--;
    m.delta[4].base_size++;
    CHECK_INT(way(0), 9);
}

TEST(memory)
{
    begin(1, 5);
    wick_manifest_delta *d = edge(1, 5, 2000);
    d->dict = 4097;
    CHECK_INT(way(0), 9);
    d->dict = 4096;
    CHECK_INT(way(0), 1);
    d->format = WICK_PATCH_IN_PLACE_LZMA + 1;
    CHECK_INT(way(0), 9);
    d->format = WICK_PATCH_DETOOLS_NONE;
    have.staging_bytes = 4095; /* patches are staged in whole sectors */
    CHECK_INT(way(0), 9);
    have.staging_bytes = 4096;
    CHECK_INT(way(0), 1);
    d->patch.size = 4097;
    CHECK_INT(way(0), 9);
    have.staging_bytes = 0;
    CHECK_INT(way(0), 9);
    /* A chain needs staging for the image between and a patch beside it. */
    begin(1, 5);
    (void)edge(1, 3, 100);
    (void)edge(3, 5, 100);
    have.staging_bytes = 12288 + 4096;
    CHECK_INT(way(0), 12);
    have.staging_bytes--;
    CHECK_INT(way(0), 9);
    have.staging_bytes++;
    m.delta[1].patch.size = 4097;
    CHECK_INT(way(0), 9);
    /* Sizes near 2^32 do not wrap. */
    m.delta[1].patch.size = UINT32_MAX;
    CHECK_INT(way(0), 9);
    m.delta[1].patch.size = 100;
    m.delta[0].target_size = m.delta[1].base_size = UINT32_MAX;
    CHECK_INT(way(0), 9);
    m.delta[0].patch.size = UINT32_MAX - 50;
    CHECK_INT(way(0), 9);
}

TEST(slots)
{
    begin(1, 5);
    m.payload.size = have.slot_bytes + 1;
    CHECK_STATUS(wick_plan_make(&plan, &m, &have, 0), WICK_E_FW_SIZE);
    m.payload.size--;
    CHECK_INT(way(0), 9);
    /* What lies between passes through the slot, too. */
    begin(1, 5);
    (void)edge(1, 2, 10);
    (void)edge(2, 3, 10);
    (void)edge(3, 5, 10);
    CHECK_INT(way(0), 123);
    m.delta[0].target_size = m.delta[1].base_size = have.slot_bytes + 1;
    CHECK_INT(way(0), 9);
    begin(5, 5);
    CHECK_STATUS(wick_plan_make(&plan, &m, &have, 0), WICK_E_STATE);
}

TEST(packed_image)
{
    /* A patch of no base: for everyone. */
    begin(1, 5);
    wick_manifest_delta *d = edge(0, 5, 4000);
    d->base_size = 0;
    REQUIRE_STATUS(wick_plan_make(&plan, &m, &have, 0), WICK_OK);
    CHECK(plan.steps == 1 && plan.step[0].delta && plan.step[0].from == WICK_PLAN_NONE);
    CHECK_INT(plan.bytes, 4000);
}

TAP_MAIN("unit.plan", CASE(whole_image_or_a_patch), CASE(many_versions_behind),
         CASE(circles_lead_nowhere), CASE(memory), CASE(slots), CASE(packed_image))
