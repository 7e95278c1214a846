/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light client in the stub world, by rule: validators that change, forged and old headers, two
 * headers of one height, signers of Clique and their reorganisations. What the client must not do
 * shows in its head, its events and its store.
 */
#include "light_lab.h"

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

TAP_MAIN("sim.light_rules", CASE(validators_change_one_by_one), CASE(a_set_replaced_at_once),
         CASE(too_few_seals), CASE(seals_of_strangers), CASE(two_headers_of_one_height_end_it),
         CASE(a_conflict_is_written_when_the_store_is_back), CASE(expired_trust),
         CASE(signers_come_and_go), CASE(usable_when_enough_signers_stand_on_it),
         CASE(depth_is_not_left_to_the_node), CASE(a_heavier_branch_takes_over),
         CASE(reorganisations_in_a_row), CASE(a_lighter_branch_does_not),
         CASE(a_reorganisation_in_absence), CASE(a_header_that_nobody_has), CASE(skip_to_an_epoch))
