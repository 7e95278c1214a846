/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every light client object x every kind of mutation: whatever is accepted of them leaves the store
 * with nothing that the genuine object would not have brought. Two fields are not covered by any
 * signature and may differ: the signature slot inside one fork and period, and proofs left out whole.
 */
#include "beacon_world.h"

#include "tap.h"

#define OBJECT_MAX 8192

static wick_beacon before, honest, b;
static unsigned changed;
static uint8_t good[OBJECT_MAX], work[OBJECT_MAX];
static size_t good_len;
static unsigned long tried, accepted, wrong;

static bool is_one_of(const wick_beacon_head *h, const wick_beacon_head *x,
                      const wick_beacon_head *y)
{
    return memcmp(h, x, sizeof *h) == 0 || memcmp(h, y, sizeof *h) == 0;
}

static bool is_known(const wick_beacon_committee *c, const wick_beacon_committee *x,
                     const wick_beacon_committee *y)
{
    return (memcmp(c->root, x->root, 32) == 0 && c->level <= x->level) ||
           (memcmp(c->root, y->root, 32) == 0 && c->level <= y->level);
}

static bool is_harmless(void)
{
    return is_one_of(&b.proven, &before.proven, &honest.proven) &&
           is_one_of(&b.signed_by_most, &before.signed_by_most, &honest.signed_by_most) &&
           is_one_of(&b.finalized, &before.finalized, &honest.finalized) &&
           is_one_of(&b.optimistic, &before.optimistic, &honest.optimistic) &&
           is_known(&b.current, &before.current, &honest.current) &&
           is_known(&b.next, &before.next, &honest.next);
}

static wick_status give(wick_beacon *to, const beacon_plan *p, const uint8_t *bytes, size_t len)
{
    wick_trust_now now = beacon_at(p->signature_slot + 3);
    if (p->kind == WICK_BEACON_BOOTSTRAP) {
        wick_beacon_config cfg = {&beacon_chain, {0}, 0};
        beacon_root_of(cfg.trusted_root, p);
        return wick_beacon_bootstrap(to, &cfg, &beacon_crypto, beacon_wire(p),
                                     wick_span_make(bytes, len), &now);
    }
    return wick_beacon_input(to, &changed, &beacon_crypto, p->kind, beacon_wire(p),
                             wick_span_make(bytes, len), &now);
}

static void attempt(const beacon_plan *p, size_t len)
{
    if (len == good_len && memcmp(work, good, len) == 0) {
        return;
    }
    tried++;
    wick_status s = give(&b, p, work, len);
    if (s == WICK_OK) {
        accepted++;
        wrong += is_harmless() ? 0u : 1u;
        memcpy(&b, &before, sizeof b);
    } else if (p->kind != WICK_BEACON_BOOTSTRAP) {
        wrong += is_one_of(&b.proven, &before.proven, &before.proven) &&
                         is_one_of(&b.optimistic, &before.optimistic, &before.optimistic)
                     ? 0u
                     : 1u;
    }
}

/* Lengths; then every byte flipped, cleared, filled and counted up; then chunks of 32 dropped, doubled, swapped. */
static void mutate(const beacon_plan *p)
{
    memcpy(work, good, good_len);
    memset(work + good_len, 0, 64);
    for (size_t len = 0; len < good_len + 64; len += len < good_len - 40 ? 7 : 1) {
        attempt(p, len);
    }
    for (size_t i = 0; i < good_len; i++) {
        const uint8_t values[] = {(uint8_t)(good[i] ^ (1u << (i % 8))), 0, 0xff,
                                  (uint8_t)(good[i] + 1u)};
        for (size_t v = 0; v < 4; v++) {
            work[i] = values[v];
            attempt(p, good_len);
        }
        work[i] = good[i];
    }
    for (size_t i = 0; i + 64 <= good_len; i += 16) {
        memcpy(work, good, i);
        memcpy(work + i, good + i + 32, good_len - i - 32);
        attempt(p, good_len - 32);
        memcpy(work + i, good + i, 32);
        memcpy(work + i + 32, good + i, good_len - i);
        attempt(p, good_len + 32);
        memcpy(work, good, good_len);
        memcpy(work + i, good + i + 32, 32);
        memcpy(work + i + 32, good + i, 32);
        attempt(p, good_len);
        memcpy(work, good, good_len);
        memset(work + i, 0, 32);
        attempt(p, good_len);
        memcpy(work, good, good_len);
    }
}

/* What was planned, altered in every way, where `before` is known. */
static void mutate_from_before(const beacon_plan *p)
{
    wick_span s = beacon_make(p);
    memcpy(good, s.ptr, s.len);
    good_len = s.len;
    memcpy(&honest, &before, sizeof honest);
    memcpy(&b, &before, sizeof b);
    REQUIRE_STATUS(give(&honest, p, good, good_len), WICK_OK);
    mutate(p);
}

static void run(const char *fork)
{
    REQUIRE(beacon_world(32, fork, NULL, 0));
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, 16, 0);
    wick_span s = beacon_make(&p);
    memcpy(good, s.ptr, s.len);
    good_len = s.len;
    memset(&before, 0, sizeof before);
    REQUIRE_STATUS(give(&honest, &p, good, good_len), WICK_OK);
    memcpy(&b, &before, sizeof b);
    mutate(&p);
    memcpy(&before, &honest, sizeof before);
    static const wick_beacon_kind kinds[] = {WICK_BEACON_UPDATE, WICK_BEACON_FINALITY,
                                             WICK_BEACON_OPTIMISTIC};
    for (size_t k = 0; k < 3; k++) {
        p = beacon_plan_at(kinds[k], 40, k < 2 ? 32 : 0);
        p.participants = 28;
        mutate_from_before(&p);
    }
}

static void put_number(char *out, unsigned long v)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n-- > 0) {
        *out++ = digits[n];
    }
    *out = '\0';
}

TEST(nothing_false_is_accepted)
{
    char number[24];
    run("altair");
    run("electra");
    run("gloas");
    CHECK(tried > 40000);
    CHECK(accepted >= 9 && accepted < 100); /* the next signature slot, in three objects of each */
    CHECK_INT(wrong, 0);
    put_number(number, tried);
    tap_puts("# mutations tried: ");
    tap_puts(number);
    put_number(number, accepted);
    tap_puts(", accepted and harmless: ");
    tap_puts(number);
    put_number(number, wrong);
    tap_puts(", false: ");
    tap_puts(number);
    tap_puts("\n");
}

static wick_status anything(void *ctx, const wick_bls_sum *sum, const uint8_t message32[32],
                            const uint8_t sig96[96])
{
    (void)ctx;
    (void)sum;
    (void)message32;
    (void)sig96;
    return WICK_OK;
}

/* The suite sees it when signatures are not checked. */
TEST(seeded_defect_is_seen)
{
    tried = accepted = wrong = 0;
    REQUIRE(beacon_world(32, "altair", NULL, 0));
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, 16, 0);
    wick_span s = beacon_make(&p);
    REQUIRE_STATUS(give(&before, &p, s.ptr, s.len), WICK_OK);
    beacon_crypto.bls_verify = anything;
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 40, 0);
    mutate_from_before(&p);
    CHECK(wrong > 100);
}

TAP_MAIN("unit.beacon_mutation", CASE(nothing_false_is_accepted), CASE(seeded_defect_is_seen))
