/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of the sync committee's light client (consensus-specs altair/light-client/sync-protocol.md)
 * and of the levels of trust beside it, each with what it refuses. The chain is made by
 * beacon_world.c: periods of 64 slots.
 */
#include "beacon_world.h"
#include "wick/header.h"

#include "tap.h"

#include <stddef.h>

static wick_beacon b, copy;
static unsigned changed;

/* ---- helpers ---- */

static wick_status start(uint64_t slot, uint64_t now_slot)
{
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, slot, 0);
    wick_beacon_config cfg = {&beacon_chain, {0}, 0};
    wick_trust_now now = beacon_at(now_slot);
    beacon_root_of(cfg.trusted_root, &p);
    return wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, beacon_wire(&p), beacon_make(&p), &now);
}

static wick_status give_at(const beacon_plan *p, uint64_t now_slot)
{
    wick_trust_now now = beacon_at(now_slot);
    return wick_beacon_input(&b, &changed, &beacon_crypto, p->kind, beacon_wire(p), beacon_make(p),
                             &now);
}

static wick_status give(const beacon_plan *p)
{
    return give_at(p, p->signature_slot + 1);
}

static wick_status give_bytes(const beacon_plan *p, wick_span ssz)
{
    wick_trust_now now = beacon_at(p->signature_slot + 1);
    return wick_beacon_input(&b, &changed, &beacon_crypto, p->kind, beacon_wire(p), ssz, &now);
}

static uint64_t final_slot(void)
{
    const wick_beacon_head *h = wick_beacon_head_of(&b, WICK_TIER_FINALIZED);
    return h == NULL ? 0 : h->slot;
}

static uint64_t optimistic_slot(void)
{
    const wick_beacon_head *h = wick_beacon_head_of(&b, WICK_TIER_OPTIMISTIC);
    return h == NULL ? 0 : h->slot;
}

/* A store at slot 16 of period 0 that knows the next committee; finalised slot 32. */
static bool ready(void)
{
    if (!beacon_world(32, "electra", "fulu", 20) || start(16, 20) != WICK_OK) {
        return false;
    }
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    return give(&p) == WICK_OK;
}

/* ---- the way it goes ---- */

TEST(bootstrap_updates_and_both_tiers)
{
    wick_trusted_header th;
    REQUIRE(beacon_world(32, "electra", "fulu", 20));
    REQUIRE_STATUS(start(16, 20), WICK_OK);
    CHECK_INT(final_slot(), 16);
    REQUIRE_STATUS(wick_beacon_trust(&th, &b, beacon_execution(16), WICK_TIER_FINALIZED), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_FINALIZED);
    CHECK_INT(th.number, 1016);
    CHECK_INT(th.chain_id, 4242);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_FINALIZED | WICK_BEACON_NEW_OPTIMISTIC | WICK_BEACON_NEW_NEXT);
    /* Into the next period, and over the fork at slot 160 two periods on. */
    for (uint64_t period = 1; period < 5; period++) {
        p = beacon_plan_at(WICK_BEACON_UPDATE, 64 * period + 40, 64 * period + 32);
        CHECK_STATUS(give(&p), WICK_OK);
        CHECK_INT(changed, WICK_BEACON_NEW_FINALIZED | WICK_BEACON_NEW_OPTIMISTIC |
                               WICK_BEACON_NEW_NEXT | WICK_BEACON_NEW_PERIOD);
        CHECK_INT(final_slot(), 64 * period + 32);
    }
    p = beacon_plan_at(WICK_BEACON_FINALITY, 300, 290);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_FINALIZED | WICK_BEACON_NEW_OPTIMISTIC);
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 301, 0);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_OPTIMISTIC);
    CHECK_INT(final_slot(), 290);
    CHECK_INT(optimistic_slot(), 301);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(301), WICK_TIER_OPTIMISTIC), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_OPTIMISTIC);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(290), WICK_TIER_OPTIMISTIC), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_FINALIZED);
    /* An optimistic block is not final, whatever is asked; nor is any other block. */
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(301), WICK_TIER_FINALIZED),
                 WICK_E_HEADER_HASH);
    CHECK(!wick_trust_is_made(&th));
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(291), WICK_TIER_OPTIMISTIC),
                 WICK_E_HEADER_HASH);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(290), WICK_TIER_BFT),
                 WICK_E_TRUST_TIER);
}

TEST(must_27_optimistic_or_341_of_512_is_never_finalized)
{
    wick_trusted_header th;
    REQUIRE(beacon_world(512, "electra", NULL, 0));
    REQUIRE_STATUS(start(16, 20), WICK_OK);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    p.participants = 341; /* 3 x 341 = 1023 < 1024 */
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(changed, WICK_BEACON_NEW_OPTIMISTIC);
    CHECK_INT(final_slot(), 16);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(32), WICK_TIER_FINALIZED),
                 WICK_E_HEADER_HASH);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(40), WICK_TIER_FINALIZED),
                 WICK_E_HEADER_HASH);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(40), WICK_TIER_OPTIMISTIC), WICK_OK);
    CHECK_INT(th.tier, WICK_TIER_OPTIMISTIC);
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 42, 0); /* all of 512, but nothing is final */
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 16);
    /* Not by waiting either. */
    wick_trust_now late = beacon_at(200);
    CHECK_STATUS(wick_beacon_force(&b, &changed, &beacon_crypto, &late), WICK_OK);
    CHECK_INT(final_slot(), 16);
    REQUIRE_STATUS(start(16, 20), WICK_OK);
    p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    p.participants = 342;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 32);
}

/* ---- what is refused ---- */

TEST(bootstrap_refuses)
{
    REQUIRE(beacon_world(32, "electra", "fulu", 20));
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, 16, 0);
    wick_beacon_config cfg = {&beacon_chain, {0}, 0};
    wick_trust_now now = beacon_at(20), none = {0, false};
    static uint8_t bytes[8192];
    beacon_root_of(cfg.trusted_root, &p);
    wick_span good = beacon_make(&p);
    memcpy(bytes, good.ptr, good.len);
    wick_span ssz = wick_span_make(bytes, good.len);
    const wick_beacon_fork *fork = beacon_wire(&p);
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &none), WICK_E_NO_CLOCK);
    none.valid = true; /* 1970 */
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &none), WICK_E_NO_CLOCK);
    cfg.trusted_root[0] ^= 1;
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &now), WICK_E_HEADER_HASH);
    CHECK(wick_beacon_head_of(&b, WICK_TIER_FINALIZED) == NULL);
    cfg.trusted_root[0] ^= 1;
    wick_trust_now early = beacon_at(15);
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &early),
                 WICK_E_HEADER_FUTURE);
    wick_beacon_fork stranger = *fork;
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, &stranger, ssz, &now),
                 WICK_E_UNSUPPORTED);
    wick_hal_crypto bare = beacon_crypto;
    bare.bls_verify = NULL;
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &bare, fork, ssz, &now), WICK_E_UNSUPPORTED);
    /* A key of the committee, its branch, a byte of the execution block, the execution branch. */
    static const size_t at[] = {4 + 100, 4 + 33 * 48 + 5};
    for (size_t i = 0; i < 2; i++) {
        bytes[at[i]] ^= 1;
        CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &now),
                     WICK_E_BEACON_BRANCH);
        bytes[at[i]] ^= 1;
    }
    size_t header = 4 + 33 * 48 + 6 * 32;
    bytes[header + 112 + 4] ^= 1;
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &now),
                 WICK_E_BEACON_BRANCH);
    bytes[header + 112 + 4] ^= 1;
    bytes[header + 112 + 4 + 128 + 480] ^= 1; /* the block hash */
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &now),
                 WICK_E_BEACON_BRANCH);
    bytes[header + 112 + 4 + 128 + 480] ^= 1;
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &now), WICK_OK);
    beacon_chain.committee = 48;
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, fork, ssz, &now), WICK_E_BAD_ARG);
    beacon_chain.committee = 32;
}

TEST(trust_has_an_age)
{
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    beacon_plan p = beacon_plan_at(WICK_BEACON_BOOTSTRAP, 16, 0);
    wick_beacon_config cfg = {&beacon_chain, {0}, 600}; /* 100 slots */
    beacon_root_of(cfg.trusted_root, &p);
    wick_trust_now edge = beacon_at(116), over = beacon_at(117);
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, beacon_wire(&p), beacon_make(&p),
                                       &over),
                 WICK_E_EXPIRED);
    CHECK_STATUS(wick_beacon_bootstrap(&b, &cfg, &beacon_crypto, beacon_wire(&p), beacon_make(&p),
                                       &edge),
                 WICK_OK);
    beacon_plan u = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    CHECK_STATUS(give_at(&u, 117), WICK_E_EXPIRED);
    CHECK_STATUS(give_at(&u, 116), WICK_OK);
    /* Finality renews it, a forced header would not. */
    CHECK_STATUS(give_at(&u, 132), WICK_OK);
    CHECK_STATUS(give_at(&u, 133), WICK_E_EXPIRED);
}

struct refusal {
    const char *rule;
    void (*change)(beacon_plan *p);
    wick_status status;
};

static void wrong_committee(beacon_plan *p) { p->signers = 77; }
static void next_signs_early(beacon_plan *p) { p->signers = beacon_seed(1); }
static void wrong_fork_version(beacon_plan *p) { p->sign_fork = &beacon_forks[1]; }
static void wrong_chain(beacon_plan *p) { p->sign_other_root = true; }
static void nobody(beacon_plan *p) { p->participants = 0; }
static void signed_before(beacon_plan *p) { p->signature_slot = p->slot; }
static void final_after(beacon_plan *p) { p->finalized = p->slot + 1; }
static void old(beacon_plan *p)
{
    *p = beacon_plan_at(WICK_BEACON_UPDATE, 31, 24);
}
static void as_old_as_known(beacon_plan *p)
{
    *p = beacon_plan_at(WICK_BEACON_UPDATE, 32, 24);
}
static void equivocating(beacon_plan *p) { p->next = 55; }
static void skips_a_period(beacon_plan *p)
{
    *p = beacon_plan_at(WICK_BEACON_UPDATE, 140, 130);
}

TEST(updates_refused)
{
    static const struct refusal rules[] = {
        {"wrong committee", wrong_committee, WICK_E_AUTH},
        {"the next committee before its time", next_signs_early, WICK_E_AUTH},
        {"wrong fork version", wrong_fork_version, WICK_E_AUTH},
        {"wrong genesis validators root", wrong_chain, WICK_E_AUTH},
        {"insufficient participation", nobody, WICK_E_SEAL_QUORUM},
        {"signed in its own slot", signed_before, WICK_E_MALFORMED},
        {"finalises what comes later", final_after, WICK_E_MALFORMED},
        {"old", old, WICK_E_HEADER_STALE},
        {"as old as what is final", as_old_as_known, WICK_E_HEADER_STALE},
        {"another next committee", equivocating, WICK_E_BEACON_COMMITTEE},
        {"a period missing", skips_a_period, WICK_E_BEACON_PERIOD}};
    /* The configuration ends in bytes that nobody sets; the rest of the store has none. */
    const size_t after_cfg = offsetof(wick_beacon, phase);
    REQUIRE(ready());
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 50, 40);
        rules[i].change(&p);
        memcpy(&copy, &b, sizeof b);
        wick_status s = give_at(&p, 200);
        bool same = memcmp((const uint8_t *)&copy + after_cfg, (const uint8_t *)&b + after_cfg,
                           sizeof b - after_cfg) == 0;
        if (s != rules[i].status || !same || changed != 0) {
            tap_puts(rules[i].rule);
        }
        CHECK_STATUS(s, rules[i].status);
        CHECK(same);
        CHECK_INT(changed, 0);
    }
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 50, 40);
    CHECK_STATUS(give_at(&p, p.signature_slot - 1), WICK_E_HEADER_FUTURE);
    CHECK_STATUS(give_at(&p, p.signature_slot), WICK_OK);
}

TEST(calls_out_of_order)
{
    wick_trust_now now = beacon_at(60), none = {0, false};
    wick_buf buf = {NULL, 0, 0};
    uint64_t first, count;
    wick_trusted_header th;
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    memset(&b, 0, sizeof b);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 50, 40);
    CHECK_STATUS(give(&p), WICK_E_STATE);
    CHECK_STATUS(wick_beacon_force(&b, &changed, &beacon_crypto, &now), WICK_E_STATE);
    CHECK_STATUS(wick_beacon_wanted(&first, &count, &b, &now), WICK_E_STATE);
    CHECK_STATUS(wick_beacon_export(&buf, &b), WICK_E_STATE);
    CHECK_STATUS(wick_beacon_export_piece(&buf, &b, &beacon_crypto, 0), WICK_E_STATE);
    CHECK_STATUS(wick_beacon_trust(&th, &b, beacon_execution(16), WICK_TIER_FINALIZED),
                 WICK_E_STATE);
    REQUIRE(ready());
    wick_span ssz = beacon_make(&p);
    CHECK_STATUS(wick_beacon_input(&b, &changed, &beacon_crypto, WICK_BEACON_UPDATE, beacon_wire(&p),
                                   ssz, &none),
                 WICK_E_NO_CLOCK);
    CHECK_STATUS(wick_beacon_force(&b, &changed, &beacon_crypto, &none), WICK_E_NO_CLOCK);
    CHECK_STATUS(wick_beacon_wanted(&first, &count, &b, &none), WICK_E_NO_CLOCK);
    CHECK_STATUS(wick_beacon_input(&b, &changed, &beacon_crypto, WICK_BEACON_BOOTSTRAP,
                                   beacon_wire(&p), ssz, &now),
                 WICK_E_BAD_ARG);
    wick_beacon_fork stranger = beacon_forks[0];
    CHECK_STATUS(wick_beacon_input(&b, &changed, &beacon_crypto, WICK_BEACON_UPDATE, &stranger, ssz,
                                   &now),
                 WICK_E_BAD_ARG);
    wick_hal_crypto bare = beacon_crypto;
    bare.bls_key = NULL;
    CHECK_STATUS(wick_beacon_input(&b, &changed, &bare, WICK_BEACON_UPDATE, beacon_wire(&p), ssz,
                                   &now),
                 WICK_E_UNSUPPORTED);
}

/* Each branch and each member's bit of a good update. */
TEST(branches_and_bits)
{
    static uint8_t bytes[8192];
    REQUIRE(ready());
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 50, 40);
    p.participants = 30;
    wick_span good = beacon_make(&p);
    memcpy(bytes, good.ptr, good.len);
    wick_span ssz = wick_span_make(bytes, good.len);
    size_t committee_branch = 4 + 33 * 48, finality_branch = committee_branch + 6 * 32 + 4;
    size_t bits = finality_branch + 7 * 32, signature = bits + 4;
    for (size_t i = 0; i < 6 * 32; i += 32) {
        bytes[committee_branch + i] ^= 0x80;
        CHECK_STATUS(give_bytes(&p, ssz), WICK_E_BEACON_BRANCH);
        bytes[committee_branch + i] ^= 0x80;
    }
    for (size_t i = 0; i < 7 * 32; i += 32) {
        bytes[finality_branch + i] ^= 0x80;
        CHECK_STATUS(give_bytes(&p, ssz), WICK_E_BEACON_BRANCH);
        bytes[finality_branch + i] ^= 0x80;
    }
    for (size_t i = 0; i < 32; i++) { /* somebody less or more than signed */
        bytes[bits + i / 8] ^= (uint8_t)(1u << (i % 8));
        CHECK_STATUS(give_bytes(&p, ssz), WICK_E_AUTH);
        bytes[bits + i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t i = 0; i < 96; i += 19) {
        bytes[signature + i] ^= 1;
        CHECK_STATUS(give_bytes(&p, ssz), WICK_E_AUTH);
        bytes[signature + i] ^= 1;
    }
    /* A branch left out makes the rest of what it proves an intruder. */
    memset(bytes + committee_branch, 0, 6 * 32);
    CHECK_STATUS(give_bytes(&p, ssz), WICK_E_MALFORMED);
    memcpy(bytes, good.ptr, good.len);
    memset(bytes + finality_branch, 0, 7 * 32);
    CHECK_STATUS(give_bytes(&p, ssz), WICK_E_MALFORMED);
    memcpy(bytes, good.ptr, good.len);
    CHECK_STATUS(give_bytes(&p, ssz), WICK_OK);
}

/* The version signed is that of the slot before the signature's: fork at slot 160. */
TEST(fork_version_of_the_slot_before_the_signature)
{
    REQUIRE(ready());
    for (uint64_t period = 1; period < 2; period++) {
        beacon_plan u = beacon_plan_at(WICK_BEACON_UPDATE, 64 * period + 40, 64 * period + 32);
        REQUIRE_STATUS(give(&u), WICK_OK);
    }
    beacon_plan p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 158, 0);
    p.signature_slot = 160;
    p.sign_fork = &beacon_forks[1];
    CHECK_STATUS(give(&p), WICK_E_AUTH);
    p.sign_fork = &beacon_forks[0];
    CHECK_STATUS(give(&p), WICK_OK);
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 159, 0);
    p.signature_slot = 161;
    p.sign_fork = &beacon_forks[0];
    CHECK_STATUS(give(&p), WICK_E_AUTH);
    p.sign_fork = &beacon_forks[1];
    CHECK_STATUS(give(&p), WICK_OK);
    /* A slot later inside one fork makes no difference: the specification does not sign it. */
    static uint8_t bytes[8192];
    p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 170, 0);
    wick_span good = beacon_make(&p);
    memcpy(bytes, good.ptr, good.len);
    p.signature_slot++;
    bytes[4 + 4 + 96]++;
    CHECK_STATUS(give_bytes(&p, wick_span_make(bytes, good.len)), WICK_OK);
}

TEST(replayed_and_reordered)
{
    REQUIRE(ready());
    beacon_plan p = beacon_plan_at(WICK_BEACON_FINALITY, 50, 40);
    beacon_plan newer = beacon_plan_at(WICK_BEACON_FINALITY, 60, 48);
    CHECK_STATUS(give(&newer), WICK_OK);
    CHECK_STATUS(give(&newer), WICK_OK); /* again: nothing new */
    CHECK_INT(changed, 0);
    CHECK_STATUS(give_at(&p, 70), WICK_OK); /* valid, but behind */
    CHECK_INT(changed, 0);
    CHECK_INT(final_slot(), 48);
    CHECK_INT(optimistic_slot(), 60);
    beacon_plan u = beacon_plan_at(WICK_BEACON_UPDATE, 104, 96);
    CHECK_STATUS(give(&u), WICK_OK);
    CHECK_STATUS(give_at(&newer, 200), WICK_E_HEADER_STALE); /* of a period that is over */
    CHECK_STATUS(give_at(&p, 200), WICK_E_HEADER_STALE);
}

/* Two headers of one slot, both signed by all: the first stays, for both tiers. */
TEST(equivocating_headers)
{
    REQUIRE(ready());
    beacon_plan p = beacon_plan_at(WICK_BEACON_FINALITY, 50, 40), q = p;
    CHECK_STATUS(give(&p), WICK_OK);
    wick_beacon_head optimistic = b.signed_by_most, final = b.proven;
    q.next = 55;
    CHECK_STATUS(give(&q), WICK_OK);
    CHECK_INT(changed, 0);
    uint8_t first[32], second[32];
    beacon_root_of(first, &p);
    beacon_root_of(second, &q);
    CHECK(memcmp(first, second, 32) != 0);
    CHECK_MEM(b.signed_by_most.root, first, 32);
    CHECK(memcmp(&optimistic, &b.signed_by_most, sizeof optimistic) == 0);
    CHECK(memcmp(&final, &b.proven, sizeof final) == 0);
}

/* More than half for a header that is called OPTIMISTIC; the specification's own may have fewer. */
TEST(optimistic_needs_a_majority)
{
    REQUIRE(ready());
    beacon_plan p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 50, 0);
    p.participants = 16;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(optimistic_slot(), 40);
    p.slot = 51;
    p.signature_slot = 52;
    p.participants = 17;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(optimistic_slot(), 51);
    CHECK_INT(b.optimistic.slot, 51);
    /* Its safety threshold is half of the most seen: 16 of 32 is not above. */
    p.slot = 53;
    p.signature_slot = 54;
    p.participants = 16;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(b.optimistic.slot, 51);
}

/* Finality at genesis proves nothing but that genesis is final. */
TEST(finality_of_genesis)
{
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    REQUIRE_STATUS(start(4, 10), WICK_OK);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 8, 0);
    p.genesis_final = true;
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 4);
    CHECK((changed & WICK_BEACON_NEW_NEXT) != 0);
    CHECK(b.next.level < 2); /* a committee learned so is not FINAL */
    p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(b.next.level, 2);
}

TEST(a_key_outside_the_group_ends_a_committee)
{
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    REQUIRE_STATUS(start(16, 20), WICK_OK);
    beacon_spoil(90);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    p.next = 90;
    CHECK_STATUS(give(&p), WICK_OK);
    memcpy(&copy, &b, sizeof b);
    p = beacon_plan_at(WICK_BEACON_UPDATE, 104, 96);
    p.signers = 90;
    CHECK_STATUS(give(&p), WICK_E_BAD_KEY);
    /* All keys are back where they were, as points that may differ in form only. */
    CHECK(memcmp(b.other, copy.other, 32 * 48) == 0);
    p = beacon_plan_at(WICK_BEACON_FINALITY, 50, 41);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_INT(final_slot(), 41);
}

/* Signatures of both committees in turn: keys change their form back and forth. */
TEST(both_committees_in_turn)
{
    REQUIRE(ready());
    for (uint64_t i = 0; i < 3; i++) {
        beacon_plan p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 50 + i, 0);
        CHECK_STATUS(give(&p), WICK_OK);
        p = beacon_plan_at(WICK_BEACON_OPTIMISTIC, 63 + i, 0);
        CHECK_STATUS(give(&p), WICK_OK);
    }
    CHECK_INT(optimistic_slot(), 65);
    CHECK_INT(final_slot(), 32);
}

TEST(what_is_wanted)
{
    uint64_t first, count;
    REQUIRE(beacon_world(32, "electra", NULL, 0));
    REQUIRE_STATUS(start(16, 20), WICK_OK);
    wick_trust_now now = beacon_at(20), later = beacon_at(300);
    CHECK_STATUS(wick_beacon_wanted(&first, &count, &b, &now), WICK_OK);
    CHECK(first == 0 && count == 1);
    CHECK_STATUS(wick_beacon_wanted(&first, &count, &b, &later), WICK_OK);
    CHECK(first == 0 && count == 5);
    beacon_plan p = beacon_plan_at(WICK_BEACON_UPDATE, 40, 32);
    CHECK_STATUS(give(&p), WICK_OK);
    CHECK_STATUS(wick_beacon_wanted(&first, &count, &b, &now), WICK_OK);
    CHECK_INT(count, 0);
    CHECK_STATUS(wick_beacon_wanted(&first, &count, &b, &later), WICK_OK);
    CHECK(first == 1 && count == 4);
}

TAP_MAIN("unit.beacon", CASE(bootstrap_updates_and_both_tiers),
         CASE_LONG(must_27_optimistic_or_341_of_512_is_never_finalized), CASE(bootstrap_refuses),
         CASE(trust_has_an_age), CASE(updates_refused), CASE(calls_out_of_order),
         CASE(branches_and_bits), CASE(fork_version_of_the_slot_before_the_signature),
         CASE(replayed_and_reordered), CASE(equivocating_headers),
         CASE(optimistic_needs_a_majority), CASE(finality_of_genesis),
         CASE(a_key_outside_the_group_ends_a_committee), CASE(both_committees_in_turn),
         CASE(what_is_wanted))
