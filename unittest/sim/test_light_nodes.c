/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light client in the stub world that takes nodes at their word: a quorum of them, the operator's
 * own, a pinned block; and nodes that lie, contradict each other or fall behind.
 */
#include "light_lab.h"

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

TAP_MAIN("sim.light_nodes", CASE(quorum_with_a_lying_node), CASE(quorum_without_a_majority),
         CASE(quorum_counts_operators), CASE(quorum_without_those_who_contradict_themselves),
         CASE(quorum_reorganised), CASE(quorums_that_are_none),
         CASE(own_node_that_lies_about_its_hash), CASE(own_node_with_depth),
         CASE(own_node_reorganised), CASE(own_node_falls_behind), CASE(pinned_block))
