/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of the chain that lie, at every moment and about everything, and nodes that alter, copy or
 * hold back what they are given to pass on. Whatever they do ends in a refusal that says so, or in
 * another try that succeeds; what the agent says is true at the moment when it says it.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;
static unsigned told, untrue;

/* ------------------------------------------------------------------ what is true */

static void word_of(uint8_t word[32], const char *name, bool endpoint, uint64_t index)
{
    uint8_t id[32], service[32], slot[32];
    CHECK_STATUS(wick_name_hash(id, wick_span_text(name)), WICK_OK);
    CHECK_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    if (endpoint) {
        wick_slot_endpoint(slot, id, service, (uint8_t)index);
    } else {
        wick_slot_device(slot, id, (unsigned)index);
    }
    wick_stub_chain_get(&lab.chain, word, 0, slot);
}

static bool record_is(const wick_stub_node *n)
{
    uint8_t word[2][32];
    wick_device d;
    word_of(word[0], n->cfg.name, false, 0);
    word_of(word[1], n->cfg.name, false, 1);
    return wick_device_decode(&d, word[0], word[1]) == WICK_OK &&
           memcmp(d.owner, n->gw.wallet, 20) == 0 &&
           memcmp(d.key, n->gw.device_pub.bytes + 1, 32) == 0;
}

static bool endpoint_is(const char *name, const wick_addr *addr, uint32_t seq)
{
    uint8_t word[32];
    wick_endpoint e;
    word_of(word, name, true, 0);
    return wick_endpoint_decode(&e, word) == WICK_OK && wick_addr_equal(&e.addr, addr) &&
           e.seq == seq;
}

/* Every word of an agent is held against the chain. */
static void on_event(void *ctx, wick_stub_node *n, const wick_gateway_event *e)
{
    uint8_t word[32];
    bool good = true;
    (void)ctx;
    if (e->kind == WICK_GW_EV_REGISTERED && e->status == WICK_OK) {
        good = record_is(n);
    } else if (e->kind == WICK_GW_EV_PUBLISHED && e->status == WICK_OK) {
        good = endpoint_is(n->cfg.name, &e->addr, e->seq);
    } else if (e->kind == WICK_GW_EV_PEER_RESOLVED && e->status == WICK_OK) {
        good = endpoint_is(e->name, &e->addr, e->seq);
    } else if (e->kind == WICK_GW_EV_PEER_RESOLVED && (e->status == WICK_E_RECORD_ABSENT ||
                                                       e->status == WICK_E_RECORD_REVOKED)) {
        word_of(word, e->name, false, 0);
        good = wick_ct_is_zero(word, 32);
    } else if (e->kind == WICK_GW_EV_REGISTERED && e->status == WICK_E_NAME_TAKEN) {
        good = false; /* nobody takes names here */
    }
    told++;
    untrue += good ? 0u : 1u;
}

static void fresh(uint64_t seed)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    wick_stub_chain_remember(&lab.chain);
    lab.a.on_event = on_event;
    lab.b.on_event = on_event;
    told = untrue = 0;
}

static void all_is_well(uint64_t ms)
{
    uint8_t session = 0;
    CHECK(wick_stub_run(&lab.w, ms, &lab.a.ready));
    CHECK(record_is(&lab.a));
    CHECK(endpoint_is("gw-a", &lab.a.last[WICK_GW_EV_PATH_CHANGED].addr,
                      lab.a.last[WICK_GW_EV_PUBLISHED].seq));
    CHECK_INT(untrue, 0);
    CHECK(told != 0);
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 120000, &lab.b.ready));
    CHECK(lab_connect(&lab, &session, 30000));
    CHECK(lab_echo(&lab, session, "true", 5000));
}

/* ------------------------------------------------------------------ lies that come and go */

/* From a moment on, for a while: over and over, the truth in the end. */
TEST(each_lie_for_a_while)
{
    static const uint32_t begins[] = {300, 1200, 2500};
    for (unsigned lie = 1; lie < WICK_STUB_LIES; lie++) {
        for (unsigned i = 0; i < 3; i++) {
            fresh(5000 + 10 * lie + i);
            REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
            (void)wick_stub_run(&lab.w, begins[i], NULL);
            lab.chain.lie = (wick_stub_lie)lie;
            (void)wick_stub_run(&lab.w, 20000, NULL);
            lab.chain.lie = WICK_STUB_HONEST;
            (void)wick_stub_chain_release(&lab.chain);
            all_is_well(1200000);
        }
    }
}

/* Two nodes, one honest, and a pause for the one that lied: every lie is got round, without waiting
 * for its end. */
TEST(one_of_two_nodes_lies)
{
    for (unsigned lie = 1; lie < WICK_STUB_LIES; lie++) {
        fresh(5300 + lie);
        lab.chain.lie = (wick_stub_lie)lie;
        lab.chain.second_node = true;
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
        CHECK(wick_stub_run(&lab.w, 1200000, &lab.a.ready));
        CHECK(lab.chain.lies_told != 0);
        lab.chain.lie = WICK_STUB_HONEST;
        all_is_well(1);
    }
}

/* The proof of another key, true in itself, says nothing of the one that was asked for. */
TEST(proofs_of_other_keys)
{
    fresh(5400);
    REQUIRE(lab_ready(&lab, 60000));
    lab.chain.lie = WICK_STUB_LIE_OTHER_KEY;
    for (unsigned i = 0; i < 10; i++) {
        REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
        REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 120000));
        wick_status st = lab.a.last[WICK_GW_EV_PEER_RESOLVED].status;
        CHECK(st == WICK_E_PROOF_BAD_HASH || st == WICK_E_PROOF_INCOMPLETE);
        (void)wick_stub_run(&lab.w, 3000, NULL);
    }
    CHECK_INT(untrue, 0);
}

/* Two nodes that tell of two different states, one of them of yesterday: never back. */
TEST(nodes_that_disagree)
{
    fresh(5410);
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_chain_remember(&lab.chain); /* with b's first endpoint */
    wick_stub_nat_reboot(&lab.w, lab.nat_b);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_PUBLISHED, 120000));
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK); /* a has seen the newer one */
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 120000));
    lab.chain.lie = WICK_STUB_LIE_OLD;
    lab.chain.second_node = true;
    unsigned right = 0;
    for (unsigned i = 0; i < 10; i++) {
        REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
        REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 120000));
        const wick_gateway_event *e = &lab.a.last[WICK_GW_EV_PEER_RESOLVED];
        CHECK(e->status == WICK_OK || e->status == WICK_E_HEADER_STALE);
        right += e->status == WICK_OK ? 1u : 0u;
    }
    CHECK(right != 0);
    CHECK_INT(untrue, 0);
}

/* ------------------------------------------------------------------ transactions on their way */

/* A changed bit makes another signer of it: the contract refuses him, and the agent says that its
 * transaction is lost, or tries another node. */
TEST(registration_is_altered)
{
    fresh(5500);
    lab.chain.lie = WICK_STUB_LIE_ALTERED_TX;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, WICK_GW_INCLUSION_MS + 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_TX_LOST);
    CHECK(lab.chain.mined != 0); /* it was run ... */
    CHECK_INT(lab.chain.reverted, lab.chain.mined);
    CHECK(!record_is(&lab.a)); /* ... and changed nothing */
    lab.chain.second_node = true;
    CHECK(wick_stub_run(&lab.w, 1200000, &lab.a.ready));
    CHECK(record_is(&lab.a));
    CHECK_INT(untrue, 0);
}

/* Somebody puts the same content in first, from his own account: it makes the owner whom the
 * voucher names, so the theft is a gift. */
TEST(registration_is_copied)
{
    fresh(5510);
    lab.chain.lie = WICK_STUB_LIE_COPIED_TX;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_REGISTER), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, WICK_GW_INCLUSION_MS + 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK_INT(lab.chain.mined, 1);
    CHECK(record_is(&lab.a));
    /* With a publication it is not so: only the owner may write that. */
    unsigned reverted = lab.chain.reverted;
    REQUIRE_STATUS(wick_gateway_start(&lab.a.gw, lab.w.now_ms, WICK_GW_GOAL_SERVE), WICK_OK);
    wick_stub_node_wake(&lab.a);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PUBLISH_FAILED, WICK_GW_INCLUSION_MS + 90000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PUBLISH_FAILED].status, WICK_E_TX_LOST);
    CHECK(lab.chain.reverted > reverted);
    lab.chain.lie = WICK_STUB_HONEST;
    CHECK(wick_stub_run(&lab.w, 1200000, &lab.a.ready));
    CHECK(record_is(&lab.a));
    CHECK_INT(untrue, 0);
}

/* The publication of a former path is kept back and let go when there is a newer one. */
TEST(publication_is_held_back)
{
    for (unsigned late = 0; late < 2; late++) {
        fresh(5520 + late);
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
        REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
        lab.chain.lie = WICK_STUB_LIE_HELD_TX;
        wick_stub_nat_reboot(&lab.w, lab.nat_a);
        while (lab.chain.held_len == 0 && lab.w.now_ms < 400000) {
            (void)wick_stub_run(&lab.w, 100, NULL);
        }
        REQUIRE(lab.chain.held_len != 0);
        wick_stub_nat_reboot(&lab.w, lab.nat_a); /* and the path changes again */
        CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PATH_CHANGED, 120000));
        if (late == 0) {
            CHECK(wick_stub_chain_release(&lab.chain)); /* before the newer one is sent */
        }
        lab.chain.lie = WICK_STUB_HONEST;
        (void)wick_stub_run(&lab.w, 600000, NULL);
        if (late == 1) {
            unsigned mined = lab.chain.mined;
            CHECK(wick_stub_chain_release(&lab.chain)); /* long after */
            (void)wick_stub_run(&lab.w, 10000, NULL);
            CHECK_INT(lab.chain.mined, mined); /* its nonce is spent */
        }
        CHECK(endpoint_is("gw-a", &lab.a.last[WICK_GW_EV_PATH_CHANGED].addr,
                          lab.a.last[WICK_GW_EV_PUBLISHED].seq));
        CHECK_INT(untrue, 0);
    }
}

TAP_MAIN("sim.gateway_liars", CASE(each_lie_for_a_while), CASE(one_of_two_nodes_lies),
         CASE(proofs_of_other_keys), CASE(nodes_that_disagree), CASE(registration_is_altered),
         CASE(registration_is_copied), CASE(publication_is_held_back))
