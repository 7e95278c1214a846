/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light client in the stub world and time: clocks that are wrong, headers from far ahead, chains
 * that halt, stores that are stale or another chain's.
 */
#include "light_lab.h"

/* ------------------------------------------------------------------ clocks */

TEST(clock_absent)
{
    sealed(30, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    lab.w.no_clock = true;
    start();
    run_ms(5000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_AGAIN);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_NO_CLOCK);
    lab.w.no_clock = false;
    run_ms(70000);
    CHECK(is_at(WICK_TIER_BFT, 1) && age.known);
    /* Without one again: the last head serves, and its age is a lower bound. */
    lab.w.no_clock = true;
    n->light.cfg.max_age_s = 30;
    run_ms(20000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_OK);
    CHECK(!age.known && age.age_s >= 19 && !age.grace);
    run_ms(20000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_HEADER_STALE);

    /* Clique asks less of the clock: nothing is too far ahead, and there is no skip. */
    sealed(31, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    lab.w.no_clock = true;
    start();
    run_ms(10000);
    CHECK(is_at(WICK_TIER_POA, 5) && !age.known);
}

TEST(clock_behind)
{
    static const wick_seal_rule seals[] = {WICK_SEAL_QBFT, WICK_SEAL_CLIQUE};
    static const wick_light_rule rules[] = {WICK_LIGHT_QBFT, WICK_LIGHT_CLIQUE};
    static const wick_tier tiers[] = {WICK_TIER_BFT, WICK_TIER_POA};
    for (unsigned k = 0; k < 2; k++) {
        sealed(32 + k, seals[k], rules[k]);
        lab.w.skew_s = -86400;
        start();
        run_ms(10000);
        CHECK_STATUS(head(tiers[k]), WICK_AGAIN);
        CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_FUTURE);
        lab.w.skew_s = -600; /* within what clocks may differ */
        run_ms(70000);
        CHECK(is_at(tiers[k], 5));
        lab.w.skew_s = -86400; /* it falls back: not behind what is known already */
        run_ms(20000);
        CHECK(is_at(tiers[k], 5));
        CHECK(!age.grace);
    }
}

TEST(clock_ahead)
{
    sealed(34, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    lab.w.skew_s = 7200;
    start();
    run_ms(10000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_HEADER_STALE); /* all there is looks old */
    CHECK(th.number + 2 > lab.chain.state.number);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_STALE], 1);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_SYNCED], 0);
    lab.w.skew_s = 31 * 86400; /* and now the trusting period has ended */
    run_ms(10000);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_EXPIRED);
    lab.w.skew_s = 0;
    run_ms(70000);
    CHECK(is_at(WICK_TIER_BFT, 1));
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_SYNCED], 1);
}

/* Where nothing but nodes says what is true, one header from the end of time would raise the marks
 * and the clock's floor for ever. The first head must not, nor a later one. */
TEST(headers_from_far_ahead)
{
    static const wick_light_rule rules[] = {WICK_LIGHT_OWN_NODE, WICK_LIGHT_QUORUM};
    static const wick_tier tiers[] = {WICK_TIER_OWN_NODE, WICK_TIER_QUORUM};
    for (unsigned k = 0; k < 2; k++) {
        quorum(64 + k, 3, 2, 2);
        n->light_cfg.rule = rules[k];
        run_ms(10000); /* the first block is an old one */
        lab.w.skew_s = -86400;
        start();
        run_ms(10000);
        CHECK_STATUS(head(tiers[k]), WICK_AGAIN);
        CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_FUTURE);
        CHECK_STATUS(n->light.last_status, WICK_E_HEADER_FUTURE);
        CHECK(n->light.floor_s == 0 && n->light.mark_number == 0 && n->light.mark_time == 0);
        lab.w.skew_s = -600; /* within what clocks may differ */
        run_ms(70000);
        CHECK(is_at(tiers[k], 6));
        uint64_t number = th.number, floor_s = n->light.floor_s;
        lab.w.skew_s = -86400; /* the floor is no excuse */
        run_ms(20000);
        CHECK(head(tiers[k]) == WICK_OK && th.number <= number + 1);
        CHECK(n->light.floor_s <= floor_s + 1);
        lab.w.no_clock = true; /* nothing to hold it against */
        run_ms(70000);
        CHECK(is_at(tiers[k], 6));
    }
}

/* ------------------------------------------------------------------ age and grace */

TEST(halted_chain_with_grace)
{
    sealed(35, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    n->light_cfg.max_age_s = 60;
    n->light_cfg.grace_s = 120;
    start();
    run_ms(5000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_OK);
    CHECK(!age.grace && age.known);
    lab.chain.halted = true;
    run_ms(70000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_OK);
    CHECK(age.grace && age.age_s > 60 && age.age_s < 80);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_STALE], 1);
    CHECK(!wick_light_is_synced(&n->light));
    /* Also over a restart. */
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    restart(WICK_OK);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_OK);
    CHECK(age.grace);
    run_ms(120000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_HEADER_STALE);
    CHECK(th.number != 0); /* it says what is too old */
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_STALE], 1);
    lab.chain.halted = false;
    run_ms(5000);
    CHECK(is_at(WICK_TIER_BFT, 1) && !age.grace);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_SYNCED], 1);
    CHECK(wick_light_is_synced(&n->light));
}

/* ------------------------------------------------------------------ store */

static wick_stub_store kept;

/* A store that is not the one that was written, or not for this chain: nothing begins, nothing of it
 * is overwritten. */
TEST(stale_and_foreign_stores)
{
    uint8_t old[1024], version = 0;
    wick_buf b = wick_buf_make(old, sizeof old);
    uint16_t base = WICK_LIGHT_STORE_BASE(0);
    sealed(36, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    start();
    run_ms(5000);
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    REQUIRE_STATUS(n->store.get(n->store.ctx, base, &version, &b), WICK_OK);
    run_ms(5000);
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    static wick_stub_store whole;
    whole = n->store_mem;
    /* Another anchor, another rule. */
    kept = n->store_mem;
    n->light_cfg.trusted_hash[0] ^= 1;
    restart(WICK_E_CONFIG);
    n->light_cfg.trusted_hash[0] ^= 1;
    n->light_cfg.rule = WICK_LIGHT_IBFT2;
    restart(WICK_E_CONFIG);
    n->light_cfg.rule = WICK_LIGHT_QBFT;
    CHECK_MEM(&kept, &n->store_mem, sizeof kept);
    /* A head of before beside the marks of now. */
    REQUIRE_STATUS(n->store.put(n->store.ctx, base, version, wick_buf_span(&b)), WICK_OK);
    kept = n->store_mem;
    restart(WICK_E_HEADER_STALE);
    CHECK_MEM(&kept, &n->store_mem, sizeof kept);
    /* Written by a library of tomorrow. */
    n->store_mem = whole;
    REQUIRE_STATUS(n->store.put(n->store.ctx, base, 9, wick_buf_span(&b)), WICK_OK);
    kept = n->store_mem;
    restart(WICK_E_STORE_VERSION);
    CHECK_MEM(&kept, &n->store_mem, sizeof kept);
    n->store_mem = whole;
    restart(WICK_OK);
    CHECK(is_at(WICK_TIER_BFT, 5)); /* at once, before any answer */
}

/* The operator pins anew, the marks stay: nothing older comes back by an old node. */
TEST(marks_outlive_a_new_pin)
{
    sealed(38, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    start();
    run_ms(15000);
    REQUIRE(is_at(WICK_TIER_BFT, 1));
    uint64_t mark = th.number;
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    REQUIRE_STATUS(wick_trust_store_erase(&n->store, n->light_cfg.store_base, false), WICK_OK);
    n->source[0] = WICK_STUB_SOURCE_BEHIND;
    restart(WICK_OK);
    run_ms(3000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_AGAIN);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_STALE);
    run_ms(40000);
    CHECK(head(WICK_TIER_BFT) == WICK_OK && th.number >= mark);
}

/* The whole store of yesterday, marks and all, is a true state: it is followed on from there. What is
 * read under it is held back by its age. */
TEST(store_of_yesterday)
{
    sealed(37, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    n->light_cfg.max_age_s = 30;
    start();
    run_ms(5000);
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    kept = n->store_mem;
    run_ms(100000);
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    n->store_mem = kept;
    restart(WICK_OK);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_HEADER_STALE);
    run_ms(2000);
    CHECK(is_at(WICK_TIER_BFT, 1));
}

TAP_MAIN("sim.light_time", CASE(clock_absent), CASE(clock_behind), CASE(clock_ahead),
         CASE(headers_from_far_ahead), CASE(halted_chain_with_grace),
         CASE(stale_and_foreign_stores), CASE(marks_outlive_a_new_pin), CASE(store_of_yesterday))
