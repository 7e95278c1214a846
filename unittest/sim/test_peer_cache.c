/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that serve again (wick/peer_cache.h): the second call asks no node on either side, and each
 * reason for which the record is read anew after all.
 */
#include "../../core/gateway/gateway_internal.h"
#include "lab.h"
#include "tap.h"
#include "wick/peer_cache.h"

#define CACHE_S 300u

static struct lab lab;
static wick_peer_cache cache_a, cache_b;

static bool begin(uint64_t seed, uint32_t cache_s)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    memset(&cache_a, 0, sizeof cache_a);
    memset(&cache_b, 0, sizeof cache_b);
    lab.a.cfg.cache = &cache_a;
    lab.b.cfg.cache = &cache_b;
    lab.a.registry.cache_s = lab.b.registry.cache_s = cache_s;
    return lab_ready(&lab, 120000);
}

/* a calls b and ends it again. Sets *reads_a, *reads_b: what their nodes were asked meanwhile. */
static bool call(unsigned *reads_a, unsigned *reads_b)
{
    uint8_t session = 0;
    unsigned a = lab.a.requests[WICK_GW_REQ_CHAIN_PROOF], b = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF];
    bool up = lab_connect(&lab, &session, 60000);
    *reads_a = lab.a.requests[WICK_GW_REQ_CHAIN_PROOF] - a;
    *reads_b = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF] - b;
    if (up) {
        (void)wick_stub_run(&lab.w, 2000, NULL);
        wick_gateway_close(&lab.a.gw, session);
        wick_gateway_close(&lab.b.gw, lab.b.last[WICK_GW_EV_SESSION_UP].session);
    }
    return up;
}

static bool was_cached(void)
{
    return lab.a.last[WICK_GW_EV_PEER_RESOLVED].cached;
}

TEST(second_call_asks_nobody)
{
    unsigned a = 0, b = 0;
    REQUIRE(begin(1, CACHE_S));
    REQUIRE(call(&a, &b));
    CHECK(a == 1 && b == 1 && !was_cached());
    uint64_t block = lab.a.last[WICK_GW_EV_PEER_RESOLVED].block_number;
    for (unsigned i = 0; i < 5; i++) {
        REQUIRE(call(&a, &b));
        CHECK(a == 0 && b == 0 && was_cached());
        CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].block_number, block);
        CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].tier, WICK_TIER_OWN_NODE);
        CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].epoch, 1);
    }
}

/* Its time counts from the reading, not from its last use. */
TEST(not_when_it_is_old)
{
    unsigned a = 0, b = 0;
    REQUIRE(begin(2, CACHE_S));
    REQUIRE(call(&a, &b));
    (void)wick_stub_run(&lab.w, CACHE_S * 1000 / 2, NULL);
    REQUIRE(call(&a, &b));
    CHECK(a == 0 && b == 0);
    (void)wick_stub_run(&lab.w, CACHE_S * 1000 / 2, NULL);
    REQUIRE(call(&a, &b));
    CHECK(a == 1 && b == 1 && !was_cached());
}

TEST(not_where_it_is_off)
{
    unsigned a = 0, b = 0;
    REQUIRE(begin(3, 0));
    REQUIRE(call(&a, &b));
    REQUIRE(call(&a, &b));
    CHECK(a == 1 && b == 1 && !was_cached());
    lab.a.registry.cache_s = lab.b.registry.cache_s = CACHE_S;
    lab.a.gw.cfg.cache = lab.b.gw.cfg.cache = NULL;
    REQUIRE(call(&a, &b));
    REQUIRE(call(&a, &b));
    CHECK(a == 1 && b == 1 && !was_cached());
}

/* However long is asked for. */
TEST(never_longer_than_former_keys)
{
    unsigned a = 0, b = 0;
    REQUIRE(begin(4, 1000000));
    REQUIRE(call(&a, &b));
    (void)wick_stub_run(&lab.w, WICK_GW_CACHE_MAX_S * UINT64_C(1000), NULL);
    REQUIRE(call(&a, &b));
    CHECK(a >= 1 && b >= 1 && !was_cached());
}

TEST(forgotten_on_request)
{
    unsigned a = 0, b = 0;
    REQUIRE(begin(5, CACHE_S));
    REQUIRE(call(&a, &b));
    CHECK_STATUS(wick_gateway_forget(&lab.a.gw, "gw-b"), WICK_OK);
    CHECK_STATUS(wick_gateway_forget(&lab.a.gw, "GW"), WICK_E_NAME);
    CHECK_STATUS(wick_gateway_forget(&lab.a.gw, "gw-b@nowhere"), WICK_E_CONFIG);
    REQUIRE(call(&a, &b));
    CHECK(a == 1 && b == 0 && !was_cached());
}

/* Who asks for a record gets the chain's, and a record that nobody has shaken hands by serves nobody. */
TEST(not_by_a_look_up_alone)
{
    unsigned a = 0, b = 0;
    REQUIRE(begin(6, CACHE_S));
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 20000));
    REQUIRE(call(&a, &b));
    CHECK(a == 1 && !was_cached());
    unsigned before = lab.a.requests[WICK_GW_REQ_CHAIN_PROOF];
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 20000));
    CHECK(!was_cached());
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_PROOF], before + 1);
}

/* The peer has come back elsewhere: three seconds, then the record is read anew. */
TEST(a_peer_that_moved)
{
    unsigned a = 0, b = 0;
    REQUIRE(begin(7, CACHE_S));
    REQUIRE(call(&a, &b));
    wick_stub_node_kill(&lab.b);
    lab.b.ready = false;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 120000, &lab.b.ready));
    uint64_t from = lab.w.now_ms;
    REQUIRE(call(&a, &b));
    CHECK(a >= 1 && !was_cached());
    CHECK(lab.w.now_ms - from < 8000);
}

/* As its manager would. */
static void revoke(const wick_stub_node *n)
{
    wick_device d;
    uint8_t slot[32], word[2][32];
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, n->gw.id, i);
        wick_stub_chain_get(&lab.chain, word[i], 0, slot);
    }
    REQUIRE_STATUS(wick_device_decode(&d, word[0], word[1]), WICK_OK);
    d.epoch++;
    d.flags = (uint8_t)(d.flags | WICK_DEVICE_FLAG_REVOKED);
    REQUIRE_STATUS(wick_device_encode(word[0], word[1], &d), WICK_OK);
    wick_slot_device(slot, n->gw.id, 0);
    wick_stub_chain_put(&lab.chain, 0, slot, word[0]);
}

/* Nothing below what has been seen since: a look-up that finds a revoked record ends it at once. */
TEST(what_is_known_since_counts)
{
    unsigned a = 0, b = 0;
    uint8_t session = 0;
    REQUIRE(begin(8, CACHE_S));
    REQUIRE(call(&a, &b));
    revoke(&lab.b);
    (void)wick_stub_run(&lab.w, 1000, NULL);
    REQUIRE(call(&a, &b)); /* nobody has looked: that is what it costs */
    CHECK(was_cached());
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 20000));
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 20000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_RECORD_REVOKED);
    CHECK(!was_cached());
}

/* What was remembered has left the chain before the handshake: it is read, and that is what is said. */
TEST(a_block_that_left_the_chain)
{
    unsigned a = 0, b = 0;
    uint8_t session = 0;
    REQUIRE(begin(9, CACHE_S));
    REQUIRE(call(&a, &b));
    lab.a.gw.own.registered_told = false; /* a call waits where it needs the way out */
    a = lab.a.requests[WICK_GW_REQ_CHAIN_PROOF];
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    const wick_gateway_session *s = &lab.a.gw.session[session];
    for (unsigned i = 0; i < 5000 && s->state != SES_PATH; i++) {
        (void)wick_stub_run(&lab.w, 1, NULL);
    }
    REQUIRE(s->state == SES_PATH && s->cached);
    lab.a.gw.own.registered_told = true;
    gw_reorg(&lab.a.gw, lab.w.now_ms, 0, 0);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 20000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_OK);
    CHECK(!was_cached());
    CHECK(lab.a.requests[WICK_GW_REQ_CHAIN_PROOF] > a);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_UP, 20000));
}

TAP_MAIN("sim.peer_cache", CASE(second_call_asks_nobody), CASE(not_when_it_is_old),
         CASE(not_where_it_is_off), CASE(never_longer_than_former_keys), CASE(forgotten_on_request),
         CASE(not_by_a_look_up_alone), CASE(a_peer_that_moved), CASE(what_is_known_since_counts),
         CASE(a_block_that_left_the_chain))
