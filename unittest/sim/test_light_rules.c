/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light client in the stub world, by rule: validators that change, forged, old and foreign
 * headers, two headers of one height, reorganisations, clocks that are wrong, chains that halt,
 * stores that are stale, nodes that lie. What the client must not do shows in its head, its events
 * and its store.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;
static wick_stub_node *const n = &lab.a;

static const uint8_t four[] = {1, 2, 3, 4};

static void sealed(uint64_t seed, wick_seal_rule seal, wick_light_rule rule)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_chain_seal(&lab.chain, &lab.crypto_ctx, seal, four, 4);
    wick_stub_node_light(n, rule);
}

static const uint32_t operators[] = {1, 2, 3, 4, 5};

static void quorum(uint64_t seed, uint8_t sources, uint8_t k, uint32_t depth)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_node_light(n, WICK_LIGHT_QUORUM);
    n->light_cfg.operators = operators;
    n->light_cfg.sources = sources;
    n->light_cfg.quorum = k;
    n->light_cfg.depth = depth;
    n->light_cfg.max_age_s = 60;
}

static void run_ms(uint64_t ms)
{
    (void)wick_stub_run(&lab.w, ms, NULL);
}

static void start(void)
{
    REQUIRE_STATUS(wick_stub_node_begin(n, 0), WICK_OK);
}

static void restart(wick_status want)
{
    memset(n->light_seen, 0, sizeof n->light_seen);
    CHECK_STATUS(wick_stub_node_begin(n, 0), want);
}

static wick_trusted_header th;
static wick_light_age age;

static wick_status head(wick_tier tier)
{
    return wick_light_head(&n->light, &th, &age, lab.w.now_ms, tier);
}

/* Is the head the chain's block of that number, and no more than `behind` blocks old? */
static bool is_at(wick_tier tier, uint64_t behind)
{
    wick_light_request q;
    memset(&q, 0, sizeof q);
    if (head(tier) != WICK_OK || th.tier != tier) {
        return false;
    }
    q.at = WICK_LIGHT_AT_NUMBER;
    q.number = th.number;
    const wick_stub_chain_state *b = wick_stub_chain_block(&lab.chain, &q, 0);
    return b != NULL && memcmp(b->hash, th.hash, 32) == 0 &&
           lab.chain.state.number - th.number <= behind;
}

/* ------------------------------------------------------------------ commit seals */

/* Every few blocks another validator set, each a step of one: followed by bisection. */
TEST(validators_change_one_by_one)
{
    static const wick_seal_rule seals[] = {WICK_SEAL_QBFT, WICK_SEAL_IBFT2, WICK_SEAL_IBFT1};
    static const wick_light_rule rules[] = {WICK_LIGHT_QBFT, WICK_LIGHT_IBFT2, WICK_LIGHT_IBFT1};
    for (unsigned k = 0; k < 3; k++) {
        sealed(10 + k, seals[k], rules[k]);
        start();
        run_ms(3000);
        CHECK(is_at(WICK_TIER_BFT, 1));
        wick_stub_node_kill(n);
        for (uint8_t i = 0; i < 8; i++) { /* all four replaced, twice */
            const uint8_t in[] = {(uint8_t)(i + 1), (uint8_t)(i + 2), (uint8_t)(i + 3),
                                  (uint8_t)(i + 4), (uint8_t)(i + 5)};
            wick_stub_chain_members(&lab.chain, in, 5);
            run_ms(4000);
            wick_stub_chain_members(&lab.chain, in + 1, 4);
            run_ms(4000);
        }
        n->light_requests = 0;
        restart(WICK_OK);
        run_ms(5000);
        CHECK(is_at(WICK_TIER_BFT, 1));
        CHECK_INT(n->light_seen[WICK_LIGHT_EV_REFUSED], 0);
        CHECK(n->light_requests < 100); /* of 64 blocks with 16 changes; and polls */
    }
}

/* A set that is replaced as a whole needs a new pin. */
TEST(a_set_replaced_at_once)
{
    static const uint8_t others[] = {5, 6, 7, 8};
    sealed(15, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    n->light_cfg.max_age_s = 20;
    start();
    run_ms(3000);
    CHECK(is_at(WICK_TIER_BFT, 1));
    wick_stub_chain_members(&lab.chain, others, 4);
    run_ms(15000);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_SEAL_OVERLAP);
    run_ms(15000);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_STALE], 1);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_STALE].status, WICK_E_SEAL_OVERLAP);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_HEADER_STALE);
}

TEST(too_few_seals)
{
    sealed(16, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    start();
    run_ms(3000);
    REQUIRE(is_at(WICK_TIER_BFT, 1));
    uint64_t last = th.number;
    lab.chain.sealing.absent = 2;
    run_ms(5000);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_SEAL_QUORUM);
    CHECK(head(WICK_TIER_BFT) == WICK_OK && th.number <= last + 1);
    lab.chain.sealing.absent = 1; /* three of four are enough */
    run_ms(30000);
    CHECK(is_at(WICK_TIER_BFT, 1));
}

TEST(seals_of_strangers)
{
    sealed(17, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    start();
    run_ms(3000);
    lab.chain.sealing.strangers = true;
    run_ms(5000);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_SEAL_QUORUM);
}

/* The first one wins nothing: nobody can tell which of the two is true. */
TEST(two_headers_of_one_height_end_it)
{
    sealed(18, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    start();
    run_ms(3000);
    REQUIRE(is_at(WICK_TIER_BFT, 1));
    lab.chain.halted = true;
    run_ms(2000);
    wick_stub_chain_rewind(&lab.chain, 1);
    wick_stub_chain_mine(&lab.chain); /* same number, later: sealed by the same */
    run_ms(2000);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_CONFLICT], 1);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_SEAL_CONFLICT);
    CHECK(wick_ct_is_zero((const uint8_t *)&th, sizeof th));
    CHECK(!wick_light_is_synced(&n->light));
    lab.chain.halted = false;
    unsigned asked = n->light_requests;
    run_ms(60000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_SEAL_CONFLICT);
    CHECK_INT(n->light_requests, asked); /* nothing is asked any more */
    /* A restart does not heal it, */
    wick_stub_node_kill(n);
    restart(WICK_OK);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_SEAL_CONFLICT); /* not for a moment */
    run_ms(5000);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_SEAL_CONFLICT);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_CONFLICT], 1);
    /* the operator does. */
    wick_stub_node_kill(n);
    REQUIRE_STATUS(wick_trust_store_erase(&n->store, n->light_cfg.store_base, false), WICK_OK);
    memcpy(n->light_cfg.trusted_hash, lab.chain.state.hash, 32);
    restart(WICK_OK);
    run_ms(5000);
    CHECK(is_at(WICK_TIER_BFT, 1));
}

/* What was learned at a time when the store refuses is written when it does not, even if nothing else
 * is ever learned. */
TEST(a_conflict_is_written_when_the_store_is_back)
{
    sealed(28, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    n->light_cfg.save_s = 10;
    start();
    run_ms(3000);
    lab.chain.halted = true;
    run_ms(15000); /* all that was to be written has been */
    n->store_mem.fault = WICK_STUB_FAULT_BEFORE;
    n->light_seen[WICK_LIGHT_EV_STORE] = 0;
    wick_stub_chain_rewind(&lab.chain, 1);
    wick_stub_chain_mine(&lab.chain);
    run_ms(35000);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_CONFLICT], 1);
    CHECK(n->light_seen[WICK_LIGHT_EV_STORE] >= 3 && n->light_seen[WICK_LIGHT_EV_STORE] <= 5);
    wick_stub_store_power_on(&n->store_mem);
    run_ms(15000);
    wick_stub_node_kill(n);
    restart(WICK_OK);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_SEAL_CONFLICT);
}

/* Keys of validators long gone prove nothing. */
TEST(expired_trust)
{
    sealed(19, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    n->light_cfg.trusting_s = 60;
    start();
    run_ms(3000);
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    run_ms(50000);
    restart(WICK_OK);
    run_ms(3000);
    CHECK(is_at(WICK_TIER_BFT, 1)); /* in time */
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    run_ms(70000);
    restart(WICK_OK);
    run_ms(10000);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_EXPIRED);
    CHECK(!is_at(WICK_TIER_BFT, 5));
}

/* ------------------------------------------------------------------ Clique */

TEST(signers_come_and_go)
{
    sealed(20, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    start();
    for (unsigned i = 0; i < 6; i++) {
        wick_stub_chain_vote(&lab.chain, (uint8_t)(5 + i % 3));
        run_ms(20000); /* over an epoch now and then */
    }
    CHECK(is_at(WICK_TIER_POA, 5));
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_REFUSED], 0);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 0);
}

/* A header counts when more than half of the signers stand on it, and not before. */
TEST(usable_when_enough_signers_stand_on_it)
{
    sealed(21, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    start();
    run_ms(20000);
    CHECK(is_at(WICK_TIER_POA, 4) && !is_at(WICK_TIER_POA, 1)); /* three of four, itself included */
    wick_stub_node_kill(n);
    n->light_cfg.depth = 6;
    restart(WICK_OK);
    run_ms(20000);
    CHECK(is_at(WICK_TIER_POA, 8) && !is_at(WICK_TIER_POA, 5));
}

/* A node that answers with a newer block, on which enough signers stand: not the one asked for. */
TEST(depth_is_not_left_to_the_node)
{
    sealed(27, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    n->light_cfg.depth = 6;
    start();
    run_ms(20000);
    REQUIRE(is_at(WICK_TIER_POA, 8));
    uint64_t at = th.number;
    n->source[0] = WICK_STUB_SOURCE_SHALLOW;
    run_ms(10000);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_OTHER);
    CHECK(head(WICK_TIER_POA) == WICK_OK && th.number <= at + 1);
    n->source[0] = WICK_STUB_SOURCE_HONEST;
    run_ms(70000);
    CHECK(is_at(WICK_TIER_POA, 8));
}

TEST(a_heavier_branch_takes_over)
{
    sealed(22, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    start();
    run_ms(60000);
    lab.chain.sealing.lazy = true; /* out of turn: difficulty 1 */
    run_ms(9000);
    REQUIRE(is_at(WICK_TIER_POA, 5));
    wick_trusted_header lost = th;
    lab.chain.sealing.lazy = false;
    wick_stub_chain_rewind(&lab.chain, 11);
    uint64_t fork = lab.chain.state.number;
    for (unsigned i = 0; i < 8; i++) {
        wick_stub_chain_mine(&lab.chain); /* shorter, and heavier */
    }
    run_ms(2000);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 1);
    CHECK_INT(n->light_last[WICK_LIGHT_EV_REORG].number, fork);
    CHECK_INT(wick_light_reorgs(&n->light), 1);
    CHECK_INT(wick_light_reorg_number(&n->light), fork);
    CHECK(head(WICK_TIER_POA) == WICK_AGAIN || memcmp(th.hash, lost.hash, 32) != 0);
    run_ms(10000);
    CHECK(is_at(WICK_TIER_POA, 5));
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 1);
    /* And what is stored can follow it. */
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    restart(WICK_OK);
    run_ms(3000);
    CHECK(is_at(WICK_TIER_POA, 5));
}

/* Whoever looks from time to time learns of the deepest. */
TEST(reorganisations_in_a_row)
{
    static const uint64_t numbers[] = {10, 5, 8, 20};
    static wick_light lc;
    uint64_t time_s = 0;
    memset(&lc, 0, sizeof lc);
    for (unsigned i = 0; i < 4; i++) {
        lc.reorg[i].number = numbers[i];
        lc.reorg[i].time_s = 100 * numbers[i];
    }
    lc.reorgs = 4;
    CHECK_INT(wick_light_reorg_number(&lc), 20);
    CHECK_INT(wick_light_reorg_floor(&lc, &time_s, 0), 5);
    CHECK_INT(time_s, 500);
    CHECK_INT(wick_light_reorg_floor(&lc, &time_s, 2), 8);
    CHECK_INT(time_s, 800);
    CHECK_INT(wick_light_reorg_floor(&lc, &time_s, 3), 20);
    lc.reorgs = 9; /* one of them is not remembered any more */
    CHECK_INT(wick_light_reorg_floor(&lc, &time_s, 4), 0);
    CHECK_INT(time_s, 0);
}

TEST(a_lighter_branch_does_not)
{
    sealed(23, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    start();
    run_ms(60000);
    lab.chain.halted = true;
    run_ms(2000);
    REQUIRE(is_at(WICK_TIER_POA, 5));
    wick_trusted_header kept = th;
    wick_stub_chain_rewind(&lab.chain, 8);
    lab.chain.sealing.lazy = true;
    for (unsigned i = 0; i < 10; i++) {
        wick_stub_chain_mine(&lab.chain); /* longer, and lighter */
    }
    run_ms(5000);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 0);
    CHECK(head(WICK_TIER_POA) == WICK_OK && memcmp(th.hash, kept.hash, 32) == 0);
    /* Nor is it followed at each look for the newest block. */
    unsigned asked = n->light_requests;
    run_ms(200000);
    unsigned polls = 200000 / n->light.cfg.poll_ms;
    CHECK(n->light_requests - asked <= polls + 40);
}

/* The branch that was followed left the chain while the device was off. */
TEST(a_reorganisation_in_absence)
{
    sealed(24, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    start();
    run_ms(60000);
    lab.chain.sealing.lazy = true;
    run_ms(8000);
    CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
    wick_stub_node_kill(n);
    lab.chain.sealing.lazy = false;
    wick_stub_chain_rewind(&lab.chain, 6);
    uint64_t fork = lab.chain.state.number;
    run_ms(20000);
    restart(WICK_OK);
    REQUIRE(head(WICK_TIER_POA) == WICK_OK && !is_at(WICK_TIER_POA, UINT64_MAX)); /* of the store */
    run_ms(3000);
    CHECK(is_at(WICK_TIER_POA, 5));
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 1); /* whoever read under it is told */
    CHECK(wick_light_reorg_number(&n->light) <= fork);
}

/* Nobody has the header that is to be vouched for: the chain is followed on, and its status says why
 * there is no newer head. */
TEST(a_header_that_nobody_has)
{
    sealed(64, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    start();
    run_ms(20000);
    REQUIRE(is_at(WICK_TIER_POA, 5));
    uint64_t was = th.number;
    n->source[0] = WICK_STUB_SOURCE_NO_HASH;
    run_ms(200000);
    CHECK(head(WICK_TIER_POA) == WICK_OK && th.number <= was + 1);
    CHECK(lab.chain.state.number - wick_light_tip(&n->light) <= 130); /* pauses of a minute */
    CHECK(wick_light_tip(&n->light) > was + 60);
    CHECK_STATUS(wick_light_trouble(&n->light, NULL), WICK_E_NOT_FOUND);
    n->source[0] = WICK_STUB_SOURCE_HONEST;
    run_ms(140000);
    CHECK(is_at(WICK_TIER_POA, 5));
}

/* After a long absence the epoch header is skipped to; the trusting period bounds that. */
TEST(skip_to_an_epoch)
{
    for (unsigned k = 0; k < 2; k++) {
        sealed(25 + k, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
        n->light_cfg.trusting_s = k == 0 ? 3600 : 60;
        start();
        run_ms(10000);
        CHECK_STATUS(wick_light_save(&n->light, lab.w.now_ms), WICK_OK);
        wick_stub_node_kill(n);
        run_ms(500000); /* the node has forgotten what came right after */
        n->light_requests = 0;
        restart(WICK_OK);
        run_ms(5000);
        CHECK(is_at(WICK_TIER_POA, 5) == (k == 0));
        CHECK(n->light_requests < 40);
        if (k == 1) {
            CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_EXPIRED);
        }
    }
}

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

/* ------------------------------------------------------------------ quorum */

TEST(quorum_with_a_lying_node)
{
    static const wick_stub_source faults[] = {
        WICK_STUB_SOURCE_FORGED, WICK_STUB_SOURCE_BEHIND,  WICK_STUB_SOURCE_AHEAD,
        WICK_STUB_SOURCE_UNKNOWN, WICK_STUB_SOURCE_OTHER, WICK_STUB_SOURCE_GARBAGE,
        WICK_STUB_SOURCE_SILENT};
    for (unsigned f = 0; f < sizeof faults / sizeof faults[0]; f++) {
        for (uint8_t who = 0; who < 3; who++) {
            quorum(40 + f, 3, 2, 2);
            n->source[who] = faults[f];
            start();
            run_ms(60000);
            CHECK(is_at(WICK_TIER_QUORUM, faults[f] == WICK_STUB_SOURCE_SILENT ? 15 : 6));
            if (faults[f] == WICK_STUB_SOURCE_FORGED) { /* and it is told who it is */
                CHECK_INT(n->light_last[WICK_LIGHT_EV_REFUSED].source, who);
                CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_QUORUM_SPLIT);
            }
        }
    }
}

/* Two of three liars who tell different lies agree with nobody. */
TEST(quorum_without_a_majority)
{
    quorum(50, 3, 2, 2);
    n->source[0] = WICK_STUB_SOURCE_FORGED;
    n->source[1] = WICK_STUB_SOURCE_UNKNOWN;
    start();
    run_ms(60000);
    CHECK_STATUS(head(WICK_TIER_QUORUM), WICK_AGAIN);
    quorum(51, 3, 3, 2); /* all must agree, one lies: a contradiction, not a lack of answers */
    n->source[2] = WICK_STUB_SOURCE_FORGED;
    start();
    run_ms(60000);
    CHECK_STATUS(head(WICK_TIER_QUORUM), WICK_AGAIN);
    unsigned rounds = 0;
    CHECK_STATUS(wick_light_trouble(&n->light, &rounds), WICK_E_QUORUM_SPLIT);
    CHECK(rounds > 2);
    quorum(52, 3, 3, 2);
    n->source[2] = WICK_STUB_SOURCE_UNKNOWN;
    start();
    run_ms(60000);
    CHECK_STATUS(head(WICK_TIER_QUORUM), WICK_AGAIN);
    CHECK_STATUS(wick_light_trouble(&n->light, NULL), WICK_E_QUORUM);
    n->source[2] = WICK_STUB_SOURCE_HONEST;
    run_ms(120000);
    CHECK_STATUS(head(WICK_TIER_QUORUM), WICK_OK);
    CHECK_STATUS(wick_light_trouble(&n->light, &rounds), WICK_OK);
    CHECK_INT(rounds, 0);
}

/* Two endpoints of one operator are one vote. */
TEST(quorum_counts_operators)
{
    static const uint32_t two_of_one[] = {7, 7, 8, 9};
    quorum(53, 4, 2, 2);
    n->light_cfg.operators = two_of_one;
    n->source[2] = WICK_STUB_SOURCE_UNKNOWN;
    n->source[3] = WICK_STUB_SOURCE_UNKNOWN;
    start();
    run_ms(60000);
    CHECK_STATUS(head(WICK_TIER_QUORUM), WICK_AGAIN); /* 7 and 7 */
    n->source[3] = WICK_STUB_SOURCE_HONEST;
    run_ms(120000);
    CHECK(is_at(WICK_TIER_QUORUM, 15));
}

/* An operator whose endpoints contradict each other has no vote. */
TEST(quorum_without_those_who_contradict_themselves)
{
    static const uint32_t two_of_one[] = {7, 7, 8};
    quorum(55, 3, 2, 2);
    n->light_cfg.operators = two_of_one;
    n->source[1] = WICK_STUB_SOURCE_FORGED;
    n->source[2] = WICK_STUB_SOURCE_FORGED; /* the same forgery */
    start();
    run_ms(60000);
    CHECK_STATUS(head(WICK_TIER_QUORUM), WICK_AGAIN);
    n->source[1] = WICK_STUB_SOURCE_HONEST;
    n->source[2] = WICK_STUB_SOURCE_HONEST;
    run_ms(120000);
    CHECK(is_at(WICK_TIER_QUORUM, 6));
}

/* The block that was agreed on leaves the chain: nobody says how deep, so that what was read under the
 * heads before it is given up too. */
TEST(quorum_reorganised)
{
    quorum(58, 3, 2, 0);
    start();
    run_ms(30000);
    REQUIRE(is_at(WICK_TIER_QUORUM, 6));
    lab.chain.halted = true;
    run_ms(10000);
    REQUIRE(is_at(WICK_TIER_QUORUM, 0));
    uint64_t was = th.number;
    wick_stub_chain_rewind(&lab.chain, 3);
    uint64_t fork = lab.chain.state.number;
    for (unsigned i = 0; i < 3; i++) {
        wick_stub_chain_mine(&lab.chain);
    }
    run_ms(10000);
    CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 1);
    CHECK(wick_light_reorg_number(&n->light) <= fork);
    CHECK(is_at(WICK_TIER_QUORUM, 0) && th.number == was);
}

TEST(quorums_that_are_none)
{
    static const uint32_t same[] = {7, 7, 7};
    struct {
        const uint32_t *operators;
        uint8_t sources, k;
        wick_status want;
    } cases[] = {{operators, 1, 1, WICK_E_CONFIG}, {operators, 2, 1, WICK_E_CONFIG},
                 {operators, 4, 2, WICK_E_CONFIG}, {operators, 3, 4, WICK_E_CONFIG},
                 {same, 3, 2, WICK_E_CONFIG},      {operators, 0, 0, WICK_E_CONFIG},
                 {operators, 9, 5, WICK_E_LIMIT},  {operators, 2, 2, WICK_OK},
                 {operators, 3, 0, WICK_OK},       {operators, 5, 3, WICK_OK}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        quorum(54, cases[i].sources, cases[i].k, 0);
        n->light_cfg.operators = cases[i].operators;
        restart(cases[i].want);
    }
}

/* ------------------------------------------------------------------ own node */

TEST(own_node_that_lies_about_its_hash)
{
    lab_init(&lab, 60, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_node_light(n, WICK_LIGHT_OWN_NODE);
    start();
    n->source[0] = WICK_STUB_SOURCE_FORGED;
    run_ms(5000);
    CHECK_STATUS(head(WICK_TIER_OWN_NODE), WICK_AGAIN);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_HASH);
}

TEST(own_node_with_depth)
{
    lab_init(&lab, 61, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_node_light(n, WICK_LIGHT_OWN_NODE);
    n->light_cfg.depth = 5;
    start();
    run_ms(20000);
    CHECK(is_at(WICK_TIER_OWN_NODE, 6) && !is_at(WICK_TIER_OWN_NODE, 4));
}

/* Blocks leave the chain between two looks, several at a time: how deep is found out, as far as the
 * heads that are remembered reach. */
TEST(own_node_reorganised)
{
    static const unsigned depths[] = {5, 30};
    for (unsigned k = 0; k < 2; k++) {
        lab_init(&lab, 65 + k, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
        wick_stub_node_light(n, WICK_LIGHT_OWN_NODE);
        start();
        run_ms(60000);
        REQUIRE(is_at(WICK_TIER_OWN_NODE, 5));
        uint64_t was = lab.chain.state.number;
        wick_stub_chain_rewind(&lab.chain, depths[k]);
        uint64_t fork = lab.chain.state.number;
        for (unsigned i = 0; i < depths[k] + 5; i++) {
            wick_stub_chain_mine(&lab.chain);
        }
        run_ms(6000);
        CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 1);
        CHECK(wick_light_reorg_number(&n->light) <= fork);
        CHECK((wick_light_reorg_number(&n->light) + 4 >= fork) == (k == 0)); /* and not all of it */
        CHECK(is_at(WICK_TIER_OWN_NODE, 5) && th.number > was);
        run_ms(30000);
        CHECK_INT(n->light_seen[WICK_LIGHT_EV_REORG], 1);
        CHECK(is_at(WICK_TIER_OWN_NODE, 5));
    }
}

TEST(own_node_falls_behind)
{
    lab_init(&lab, 62, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_node_light(n, WICK_LIGHT_OWN_NODE);
    start();
    run_ms(10000);
    REQUIRE(is_at(WICK_TIER_OWN_NODE, 1));
    uint64_t at = th.number;
    n->source[0] = WICK_STUB_SOURCE_BEHIND;
    run_ms(3000);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_STALE);
    CHECK(head(WICK_TIER_OWN_NODE) == WICK_OK && th.number >= at);
}

TEST(pinned_block)
{
    lab_init(&lab, 63, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    run_ms(5000);
    wick_stub_node_light(n, WICK_LIGHT_PINNED);
    memcpy(n->light_cfg.trusted_hash, lab.chain.state.hash, 32);
    uint64_t number = lab.chain.state.number;
    n->source[0] = WICK_STUB_SOURCE_FORGED;
    start();
    run_ms(5000);
    CHECK_STATUS(head(WICK_TIER_PINNED), WICK_AGAIN);
    CHECK_STATUS(n->light_last[WICK_LIGHT_EV_REFUSED].status, WICK_E_HEADER_HASH);
    n->source[0] = WICK_STUB_SOURCE_HONEST;
    run_ms(60000);
    CHECK_STATUS(head(WICK_TIER_PINNED), WICK_OK);
    CHECK_INT(th.number, number);
    unsigned asked = n->light_requests;
    run_ms(3600000);
    CHECK_INT(n->light_requests, asked); /* once is enough */
    CHECK_STATUS(head(WICK_TIER_PINNED), WICK_OK);
    CHECK_STATUS(head(WICK_TIER_BFT), WICK_E_TRUST_TIER);
    CHECK_STATUS(head(WICK_TIER_OPTIMISTIC), WICK_E_TRUST_TIER);
}

TAP_MAIN("sim.light_rules", CASE(validators_change_one_by_one), CASE(a_set_replaced_at_once),
         CASE(too_few_seals), CASE(seals_of_strangers), CASE(two_headers_of_one_height_end_it),
         CASE(a_conflict_is_written_when_the_store_is_back), CASE(expired_trust),
         CASE(signers_come_and_go),
         CASE(usable_when_enough_signers_stand_on_it), CASE(depth_is_not_left_to_the_node),
         CASE(a_heavier_branch_takes_over),
         CASE(reorganisations_in_a_row),
         CASE(a_lighter_branch_does_not), CASE(a_reorganisation_in_absence), CASE(a_header_that_nobody_has), CASE(skip_to_an_epoch),
         CASE(clock_absent), CASE(clock_behind), CASE(clock_ahead), CASE(headers_from_far_ahead),
         CASE(halted_chain_with_grace),
         CASE(stale_and_foreign_stores), CASE(marks_outlive_a_new_pin),
         CASE(store_of_yesterday),
         CASE(quorum_with_a_lying_node), CASE(quorum_without_a_majority),
         CASE(quorum_counts_operators),
         CASE(quorum_without_those_who_contradict_themselves), CASE(quorum_reorganised), CASE(quorums_that_are_none),
         CASE(own_node_that_lies_about_its_hash), CASE(own_node_with_depth),
         CASE(own_node_reorganised), CASE(own_node_falls_behind), CASE(pinned_block))
