/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way from two names to bytes between them on chains whose headers are vouched for by a
 * light client, one of each kind; and what such chains and the nodes between can do to it.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;

static const uint8_t four[] = {1, 2, 3, 4};

static void sealed_lab(uint64_t seed, wick_seal_rule seal, wick_light_rule rule)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_chain_seal(&lab.chain, &lab.crypto_ctx, seal, four, 4);
    wick_stub_node_light(&lab.a, rule);
    wick_stub_node_light(&lab.b, rule);
}

/* The story on one kind of chain; every record says its tier. */
static void story(wick_tier tier)
{
    uint8_t session = 0;
    REQUIRE(lab_ready(&lab, 120000));
    CHECK_INT(lab.a.last[WICK_GW_EV_REGISTERED].tier, tier);
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].tier, tier);
    REQUIRE(lab_connect(&lab, &session, 20000));
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].tier, tier);
    CHECK(!lab.a.last[WICK_GW_EV_PEER_RESOLVED].grace);
    CHECK(lab_echo(&lab, session, "sealed", 5000));
    CHECK_INT(lab.a.light_seen[WICK_LIGHT_EV_SYNCED], 1);
    CHECK_INT(lab.a.light_seen[WICK_LIGHT_EV_CONFLICT], 0);
    CHECK_INT(lab.a.seen[WICK_GW_EV_TRUST_STALE], 0);
}

TEST(story_qbft)
{
    sealed_lab(1, WICK_SEAL_QBFT, WICK_LIGHT_QBFT);
    story(WICK_TIER_BFT);
}

TEST(story_ibft2)
{
    sealed_lab(2, WICK_SEAL_IBFT2, WICK_LIGHT_IBFT2);
    story(WICK_TIER_BFT);
}

TEST(story_ibft1)
{
    sealed_lab(3, WICK_SEAL_IBFT1, WICK_LIGHT_IBFT1);
    story(WICK_TIER_BFT);
}

TEST(story_clique)
{
    sealed_lab(5, WICK_SEAL_CLIQUE, WICK_LIGHT_CLIQUE);
    story(WICK_TIER_POA);
    CHECK_INT(lab.a.light_seen[WICK_LIGHT_EV_REORG], 0);
}

TEST(story_own_node)
{
    lab_init(&lab, 4, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_node_light(&lab.a, WICK_LIGHT_OWN_NODE);
    wick_stub_node_light(&lab.b, WICK_LIGHT_OWN_NODE);
    story(WICK_TIER_OWN_NODE);
}

TAP_MAIN("sim.light", CASE(story_qbft), CASE(story_ibft2), CASE(story_ibft1), CASE(story_clique),
         CASE(story_own_node))
