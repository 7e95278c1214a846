/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways in besides a relay, and two relays: the order of sources, verification before announcing,
 * re-homing, hysteresis, what is published and how peers use it. Gateway b is the one that is called.
 */
#include "lab.h"
#include "tap.h"
#include "wick/port/stub_router.h"

static struct lab lab;
static wick_stub_router router;

/* b behind a router that speaks PCP, a behind a symmetric NAT; both look at their interfaces. */
static void fresh(uint64_t seed, unsigned relays)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_PORT_RESTRICTED, relays);
    (void)wick_stub_router_init(&router, &lab.w, lab.nat_b, wick_addr_v4(10, 10, 2, 1, 0));
    lab.a.interfaces = true;
    lab.b.interfaces = true;
    lab.a.cfg.allow_unvalidated = true;
}

static bool begin(uint64_t ms)
{
    return wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE) == WICK_OK &&
           wick_stub_run(&lab.w, ms, &lab.b.ready);
}

static const wick_gateway_path_state *look(const wick_stub_node *n)
{
    static wick_gateway_path_state p;
    wick_gateway_path_look(&n->gw, &p);
    return &p;
}

/* Runs until b's primary is of this source. */
static bool until_source(wick_path_source source, uint64_t ms)
{
    uint64_t end = lab.w.now_ms + ms;
    while (look(&lab.b)->source != source && lab.w.now_ms < end) {
        (void)wick_stub_run(&lab.w, 100, NULL);
    }
    return look(&lab.b)->source == source;
}

/* What the record says in word `index`. */
static wick_endpoint word(unsigned index)
{
    wick_endpoint e;
    uint8_t slot[32], value[32];
    memset(&e, 0, sizeof e);
    wick_slot_endpoint(slot, lab.b.gw.id, lab.b.gw.service, index);
    wick_stub_chain_get(&lab.chain, value, 0, slot);
    if (wick_endpoint_decode(&e, value) != WICK_OK) {
        e.kind = 0xff; /* never written */
    }
    return e;
}

static bool until_word(unsigned index, uint8_t kind, const wick_addr *at, uint64_t ms)
{
    uint64_t end = lab.w.now_ms + ms;
    for (;;) {
        wick_endpoint e = word(index);
        if (e.kind == kind && (at == NULL || wick_addr_equal(&e.addr, at))) {
            return true;
        }
        if (lab.w.now_ms >= end) {
            return false;
        }
        (void)wick_stub_run(&lab.w, 200, NULL);
    }
}

static bool call(uint8_t *session)
{
    if (wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE) != WICK_OK ||
        !wick_stub_run(&lab.w, 60000, &lab.a.ready)) {
        return false;
    }
    return lab_connect(&lab, session, 40000);
}

/* ---- the order ---- */

TEST(mapping_comes_before_relay)
{
    uint8_t session = 0;
    fresh(1, 1);
    REQUIRE(begin(30000));
    wick_gateway_path_state p = *look(&lab.b);
    CHECK_INT(p.source, WICK_PATH_PCP);
    CHECK_INT(p.standby_source, WICK_PATH_RELAY);
    CHECK_INT(p.claim[WICK_PATH_PCP].state, WICK_PATH_GOOD);
    CHECK(wick_addr_equal(&p.primary, &p.claim[WICK_PATH_PCP].addr));
    CHECK_INT(p.primary.ip[15], 2);
    CHECK(!p.double_nat);
    /* One publication of the primary: it was waited for. */
    CHECK_INT(lab.b.last[WICK_GW_EV_PATH_CHANGED].endpoint_kind, WICK_ENDPOINT_PCP);
    CHECK_INT(lab.b.last[WICK_GW_EV_PATH_CHANGED].standby_kind, WICK_ENDPOINT_RELAY);
    CHECK(until_word(0, WICK_ENDPOINT_PCP, &p.primary, 1000));
    CHECK(until_word(1, WICK_ENDPOINT_RELAY, &p.standby, 30000));
    CHECK_INT(word(0).seq, 1);
    CHECK_INT(word(1).seq, 1);
    REQUIRE(call(&session));
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].endpoint_kind, WICK_ENDPOINT_PCP);
    unsigned relayed = lab.relay[0].turn.relayed_in;
    CHECK(lab_echo(&lab, session, "straight", 10000));
    CHECK_INT(lab.relay[0].turn.relayed_in, relayed);
    CHECK_INT(lab.b.last[WICK_GW_EV_SESSION_UP].addr.ip[15], 1); /* seen from a's NAT */
}

/* No attestor has reached the mapping: who has no policy for that takes the standby word. */
TEST(unvalidated_is_not_tried_without_policy)
{
    uint8_t session = 0;
    fresh(2, 1);
    lab.a.cfg.allow_unvalidated = false;
    lab.a.cfg.no_direct = true; /* nor is the session moved to it */
    REQUIRE(begin(30000));
    CHECK(until_word(1, WICK_ENDPOINT_RELAY, NULL, 30000));
    REQUIRE(call(&session));
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].endpoint_kind, WICK_ENDPOINT_RELAY);
    unsigned relayed = lab.relay[0].turn.relayed_in;
    CHECK(lab_echo(&lab, session, "relayed", 10000));
    CHECK(lab.relay[0].turn.relayed_in > relayed);
}

TEST(natpmp_router)
{
    uint8_t session = 0;
    fresh(3, 1);
    router.pcp.faults = WICK_STUB_PCP_NATPMP_ONLY;
    REQUIRE(begin(30000));
    wick_gateway_path_state p = *look(&lab.b);
    CHECK_INT(p.source, WICK_PATH_NATPMP);
    CHECK(p.natpmp);
    CHECK(until_word(0, WICK_ENDPOINT_PCP, &p.primary, 1000));
    REQUIRE(call(&session));
    CHECK(lab_echo(&lab, session, "mapped", 10000));
}

TEST(own_public_address)
{
    uint8_t session = 0;
    fresh(4, 1);
    wick_addr own = wick_addr_v4(20, 0, 0, 77, 0);
    wick_stub_host_move(&lab.w, lab.host_b, -1, own);
    REQUIRE(begin(30000));
    wick_gateway_path_state p = *look(&lab.b);
    CHECK_INT(p.source, WICK_PATH_DIRECT);
    CHECK(wick_addr_same_ip(&p.primary, &own));
    CHECK_INT(p.primary.port, p.open_port);
    CHECK_INT(router.pcp.requests, 0); /* no router is asked */
    CHECK(until_word(0, WICK_ENDPOINT_DIRECT, &p.primary, 1000));
    REQUIRE(call(&session));
    CHECK(lab_echo(&lab, session, "direct", 10000));
}

TEST(by_policy_relays_alone)
{
    fresh(5, 1);
    lab.b.cfg.no_pcp = true;
    REQUIRE(begin(30000));
    CHECK_INT(look(&lab.b)->source, WICK_PATH_RELAY);
    CHECK_INT(router.pcp.requests, 0);
    CHECK_INT(lab.b.opened, 0); /* no socket is open to the world */
    fresh(6, 1);
    wick_stub_host_move(&lab.w, lab.host_b, -1, wick_addr_v4(20, 0, 0, 77, 0));
    lab.b.cfg.no_direct = true;
    REQUIRE(begin(30000));
    CHECK_INT(look(&lab.b)->source, WICK_PATH_RELAY);
}

/* ---- verified before it is announced ---- */

TEST(router_that_does_not_answer)
{
    fresh(7, 1);
    router.down = true;
    REQUIRE(begin(30000));
    CHECK(lab.w.now_ms < 15000); /* SILENT after 3 s ends the waiting */
    CHECK_INT(look(&lab.b)->source, WICK_PATH_RELAY);
    CHECK_STATUS(look(&lab.b)->claim[WICK_PATH_PCP].status, WICK_E_TIMEOUT);
}

TEST(router_that_opens_nothing)
{
    fresh(8, 1);
    lab.w.nat[lab.nat_b].pcp = NULL; /* it says SUCCESS, and drops what comes */
    REQUIRE(begin(60000));
    wick_gateway_path_state p = *look(&lab.b);
    CHECK_INT(p.source, WICK_PATH_RELAY);
    CHECK_INT(p.claim[WICK_PATH_PCP].state, WICK_PATH_BAD);
    CHECK_STATUS(p.claim[WICK_PATH_PCP].status, WICK_E_NAT_UNREACHED);
    CHECK(until_word(0, WICK_ENDPOINT_RELAY, NULL, 1000));
    wick_stub_run(&lab.w, 600000, NULL);
    CHECK_INT(word(1).kind, 0xff); /* nor is it the standby, ever */
    /* It is opened after all: found at the next try, and after that taken for good. */
    lab.w.nat[lab.nat_b].pcp = &router.pcp;
    CHECK(until_source(WICK_PATH_PCP, 400000));
    CHECK(until_word(0, WICK_ENDPOINT_PCP, NULL, 120000));
}

/* The trial counts its own nonce alone: who sees that one is under way, and guesses, proves nothing. */
TEST(trial_with_another_nonce)
{
    uint8_t bytes[64];
    fresh(14, 1);
    lab.w.nat[lab.nat_b].pcp = NULL; /* nothing comes in by itself */
    wick_gateway_open *o = &lab.b.gw.open;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    for (unsigned i = 0; i < 600 && (o->probing == WICK_PATH_NONE || !o->open); i++) {
        (void)wick_stub_run(&lab.w, 100, NULL);
    }
    REQUIRE(o->probing == WICK_PATH_PCP && !o->reaching);
    const size_t len = sizeof o->trial.probe.bytes;
    const wick_addr from = wick_addr_v4(20, 0, 0, 10, 50000);
    REQUIRE(len < sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        memcpy(bytes, o->trial.probe.bytes, len);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        wick_gateway_input(&lab.b.gw, lab.w.now_ms, WICK_GW_SOCKET_OPEN,
                                  wick_span_make(bytes, len), &from);
        CHECK_INT(o->probing, WICK_PATH_PCP);
    }
    memcpy(bytes, o->trial.probe.bytes, len);
    wick_gateway_input(&lab.b.gw, lab.w.now_ms, WICK_GW_SOCKET_OPEN,
                              wick_span_make(bytes, len - 1), &from);
    wick_gateway_input(&lab.b.gw, lab.w.now_ms, WICK_GW_SOCKET_OPEN,
                              wick_span_make(bytes, len + 1), &from);
    CHECK_INT(o->probing, WICK_PATH_PCP);
    wick_gateway_input(&lab.b.gw, lab.w.now_ms, WICK_GW_SOCKET_OPEN,
                              wick_span_make(bytes, len), &from);
    CHECK_INT(o->probing, WICK_PATH_NONE);
    CHECK_INT(look(&lab.b)->claim[WICK_PATH_PCP].state, WICK_PATH_GOOD);
}

TEST(router_behind_another_nat)
{
    fresh(9, 1);
    int outer = wick_stub_nat(&lab.w, -1, wick_addr_v4(20, 0, 0, 3, 0), WICK_STUB_PORT_RESTRICTED);
    lab.w.nat[lab.nat_b].outer = outer;
    wick_stub_nat_renumber(&lab.w, lab.nat_b, wick_addr_v4(192, 168, 7, 2, 0));
    wick_addr inside = wick_addr_v4(192, 168, 7, 2, 0);
    wick_stub_router_renumber(&router, inside, false);
    REQUIRE(begin(60000));
    wick_gateway_path_state p = *look(&lab.b);
    CHECK_INT(p.source, WICK_PATH_RELAY);
    CHECK(p.double_nat);
    CHECK_STATUS(p.claim[WICK_PATH_PCP].status, WICK_E_NAT_DOUBLE);
    CHECK(until_word(0, WICK_ENDPOINT_RELAY, NULL, 1000));
}

/* A public claim that is not where our packets come from: told, tried, and not reached. */
TEST(router_with_a_false_address)
{
    fresh(10, 1);
    wick_addr other = wick_addr_v4(9, 9, 9, 9, 0);
    router.pcp.cfg.external = other;
    REQUIRE(begin(60000));
    wick_gateway_path_state p = *look(&lab.b);
    CHECK_INT(p.source, WICK_PATH_RELAY);
    CHECK(p.double_nat);
    CHECK_INT(p.claim[WICK_PATH_PCP].state, WICK_PATH_BAD);
}

/* ---- re-homing ---- */

TEST(router_restarts)
{
    uint8_t session = 0;
    fresh(11, 1);
    REQUIRE(begin(30000));
    REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 30000));
    REQUIRE(call(&session));
    CHECK(lab_echo(&lab, session, "before", 10000));
    unsigned sent = lab.b.requests[WICK_GW_REQ_CHAIN_SEND];
    wick_addr at = look(&lab.b)->primary;
    wick_stub_router_reboot(&router);
    CHECK(lab_echo(&lab, session, "after", 20000)); /* the session lives on */
    wick_stub_run(&lab.w, 60000, NULL);
    CHECK_INT(look(&lab.b)->source, WICK_PATH_PCP);
    CHECK(wick_addr_equal(&look(&lab.b)->primary, &at)); /* the same port was asked for */
    CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_SEND], sent); /* and nothing was written */
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

TEST(router_gets_another_address)
{
    for (unsigned told = 0; told < 2; told++) {
        uint8_t session = 0;
        fresh(12 + told, 1);
        REQUIRE(begin(30000));
        REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 30000));
        REQUIRE(call(&session));
        CHECK(lab_echo(&lab, session, "before", 10000));
        wick_stub_router_renumber(&router, wick_addr_v4(20, 0, 0, 55, 0), told == 1);
        CHECK(lab_echo(&lab, session, "after", 60000));
        wick_addr want = look(&lab.b)->primary;
        CHECK(until_word(0, WICK_ENDPOINT_PCP, NULL, 90000));
        uint64_t end = lab.w.now_ms + 120000;
        while (lab.w.now_ms < end && word(0).addr.ip[15] != 55) {
            wick_stub_run(&lab.w, 500, NULL);
        }
        want = look(&lab.b)->primary;
        CHECK_INT(want.ip[15], 55);
        CHECK_INT(word(0).addr.ip[15], 55);
        CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 0);
    }
}

TEST(router_is_gone_and_comes_back)
{
    fresh(14, 1);
    REQUIRE(begin(30000));
    REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 30000));
    router.down = true;
    memset(router.pcp.mapping, 0, sizeof router.pcp.mapping);
    wick_stub_nat_reboot(&lab.w, lab.nat_b);
    CHECK(until_source(WICK_PATH_RELAY, 700000)); /* seen by the next trial, or by the relay's NAT */
    CHECK(until_word(0, WICK_ENDPOINT_RELAY, NULL, 120000));
    CHECK(until_word(1, WICK_ENDPOINT_WITHDRAWN, NULL, 240000));
    router.down = false;
    wick_stub_router_restart(&router);
    CHECK(until_source(WICK_PATH_PCP, 1200000));
    CHECK(until_word(0, WICK_ENDPOINT_PCP, NULL, 600000));
}

/* The device is carried to another network. */
TEST(interface_changes)
{
    static wick_stub_router second;
    fresh(15, 1);
    REQUIRE(begin(30000));
    CHECK_INT(look(&lab.b)->primary.ip[15], 2);
    int nat = wick_stub_nat(&lab.w, -1, wick_addr_v4(20, 0, 0, 4, 0), WICK_STUB_PORT_RESTRICTED);
    CHECK(wick_stub_router_init(&second, &lab.w, nat, wick_addr_v4(10, 10, 9, 1, 0)));
    wick_stub_host_move(&lab.w, lab.host_b, nat, wick_addr_v4(10, 10, 9, 10, 0));
    wick_stub_node_wake(&lab.b);
    uint64_t end = lab.w.now_ms + 240000;
    while (lab.w.now_ms < end && word(0).addr.ip[15] != 4) {
        wick_stub_run(&lab.w, 500, NULL);
    }
    CHECK_INT(word(0).addr.ip[15], 4);
    CHECK_INT(look(&lab.b)->source, WICK_PATH_PCP);
}

/* ---- hysteresis ---- */

/* A mapping that comes and goes does not empty the wallet. */
TEST(flapping_router)
{
    fresh(16, 1);
    REQUIRE(begin(30000));
    REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 30000));
    unsigned sent = lab.b.requests[WICK_GW_REQ_CHAIN_SEND];
    for (unsigned i = 0; i < 60; i++) {
        lab.w.nat[lab.nat_b].pcp = i % 2 == 0 ? NULL : &router.pcp;
        wick_path_doubt(&lab.b.gw.open.path, lab.w.now_ms, WICK_PATH_PCP);
        wick_stub_node_wake(&lab.b);
        wick_stub_run(&lab.w, 60000, NULL);
    }
    /* An hour: 30 s, 60 s, ... between publications of another path, for two words. */
    CHECK(lab.b.requests[WICK_GW_REQ_CHAIN_SEND] - sent >= 1);
    CHECK(lab.b.requests[WICK_GW_REQ_CHAIN_SEND] - sent <= 16);
}

/* ---- restart ---- */

TEST(port_and_relay_are_kept)
{
    for (unsigned i = 0; i < 4; i++) {
        fresh(20 + i, 2);
        lab.a.interfaces = false;
        REQUIRE(begin(60000));
        wick_stub_run(&lab.w, 70000, NULL); /* settled */
        wick_gateway_path_state p = *look(&lab.b);
        wick_stub_node_kill(&lab.b);
        wick_stub_run(&lab.w, 5000, NULL);
        REQUIRE(begin(60000));
        wick_gateway_path_state q = *look(&lab.b);
        CHECK_INT(q.open_port, p.open_port);
        CHECK(wick_addr_equal(&q.relay, &p.relay));
        CHECK(wick_addr_equal(&q.primary, &p.primary));
    }
}

/* Stopped at any moment, and started again before or after what was held is given back. */
TEST(stopped_and_started)
{
    for (unsigned i = 0; i < 40; i++) {
        fresh(30, 1);
        lab.a.interfaces = false;
        REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
        wick_stub_run(&lab.w, i * 100, NULL);
        wick_gateway_stop(&lab.b.gw, lab.w.now_ms);
        wick_stub_node_wake(&lab.b);
        wick_stub_run(&lab.w, (i % 4) * 20, NULL);
        if (i % 4 == 3) {
            CHECK(wick_stub_run(&lab.w, 60000, &lab.b.done));
        }
        lab.b.done = false;
        lab.b.ready = false;
        REQUIRE_STATUS(wick_gateway_start(&lab.b.gw, lab.w.now_ms, WICK_GW_GOAL_SERVE), WICK_OK);
        wick_stub_node_wake(&lab.b);
        uint64_t end = lab.w.now_ms + 120000;
        while (look(&lab.b)->claim[WICK_PATH_PCP].state != WICK_PATH_GOOD && lab.w.now_ms < end) {
            wick_stub_run(&lab.w, 100, NULL);
        }
        CHECK_INT(look(&lab.b)->claim[WICK_PATH_PCP].state, WICK_PATH_GOOD);
        CHECK(until_source(WICK_PATH_PCP, 120000));
        CHECK(until_word(0, WICK_ENDPOINT_PCP, &look(&lab.b)->primary, 60000));
        CHECK(until_word(1, WICK_ENDPOINT_RELAY, NULL, 60000));
    }
}

/* ---- two relays ---- */

static void two_relays(uint64_t seed)
{
    fresh(seed, 2);
    lab.b.cfg.no_pcp = true;
    lab.a.cfg.no_pcp = true;
}

TEST(second_relay_is_warm)
{
    two_relays(30);
    REQUIRE(begin(30000));
    CHECK(until_word(1, WICK_ENDPOINT_RELAY, NULL, 60000));
    wick_gateway_path_state p = *look(&lab.b);
    CHECK_INT(p.source, WICK_PATH_RELAY);
    CHECK_INT(p.standby_source, WICK_PATH_RELAY2);
    CHECK(!wick_addr_same_ip(&p.relay, &p.relay2));
    CHECK(wick_addr_same_ip(&p.standby, &p.relay2));
    CHECK(word(0).addr.ip[15] != word(1).addr.ip[15]);
    two_relays(31);
    lab.b.cfg.no_standby = true;
    REQUIRE(begin(30000));
    wick_stub_run(&lab.w, 60000, NULL);
    CHECK_INT(word(1).kind, 0xff);
}

static unsigned index_of(const wick_addr *relay)
{
    return relay->ip[15] == 10 ? 0 : 1;
}

/* The relay in use dies: an established session goes on within five seconds, and so does a peer that
 * has read both words. */
TEST(relay_dies)
{
    for (unsigned i = 0; i < 4; i++) {
        uint8_t session = 0;
        two_relays(32 + i);
        lab.a.cfg.no_direct = true;
        REQUIRE(begin(30000));
        REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 60000));
        REQUIRE(call(&session));
        wick_stub_run(&lab.w, 20000, NULL); /* a's second relay is warm too, and told */
        CHECK(lab_echo(&lab, session, "before", 10000));
        unsigned dead = index_of(&look(&lab.b)->relay);
        lab.relay[dead].down = true;
        uint64_t t0 = lab.w.now_ms;
        CHECK(lab_echo(&lab, session, "after", 20000));
        CHECK(lab.w.now_ms - t0 <= 6000); /* and what lab_echo() adds: it looks once a second */
        CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 0);
        /* The record follows. */
        CHECK(until_word(0, WICK_ENDPOINT_RELAY, NULL, 1000));
        uint64_t end = lab.w.now_ms + 200000;
        while (lab.w.now_ms < end && word(0).addr.ip[15] == 10u + dead) {
            wick_stub_run(&lab.w, 500, NULL);
        }
        CHECK(word(0).addr.ip[15] != 10u + dead);
    }
}

/* A new peer with both words: the first one's relay is dead. */
TEST(new_peer_takes_the_standby)
{
    uint8_t session = 0;
    two_relays(40);
    REQUIRE(begin(30000));
    REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 60000));
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    wick_stub_run(&lab.w, 20000, NULL);
    wick_endpoint first = word(0);
    lab.relay[index_of(&first.addr)].down = true;
    uint64_t t0 = lab.w.now_ms;
    REQUIRE(lab_connect(&lab, &session, 30000));
    CHECK(lab.w.now_ms - t0 <= 5000);
    CHECK(lab_echo(&lab, session, "standby", 5000));
}

/* Who only calls needs no way in: no socket is opened for it, no router asked, though there is a public
 * address. */
TEST(caller_opens_nothing)
{
    fresh(46, 1);
    wick_stub_host_move(&lab.w, lab.host_a, -1, wick_addr_v4(20, 0, 0, 78, 0));
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    wick_stub_run(&lab.w, 30000, NULL);
    CHECK_INT(look(&lab.a)->source, WICK_PATH_RELAY);
    CHECK_INT(look(&lab.a)->open_port, 0);
    CHECK_INT(look(&lab.a)->claim[WICK_PATH_DIRECT].state, WICK_PATH_ABSENT);
}

/* Who only calls, and publishes nothing, has a second relay too while its session is over a relay. */
TEST(caller_keeps_a_second_relay)
{
    for (unsigned i = 0; i < 3; i++) {
        uint8_t session = 0;
        two_relays(42 + i);
        lab.a.cfg.no_direct = true;
        REQUIRE(begin(30000));
        REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 60000));
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
        REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
        CHECK(look(&lab.a)->relay2.port == 0); /* nobody needs it yet */
        REQUIRE(lab_connect(&lab, &session, 40000));
        CHECK(lab_echo(&lab, session, "before", 10000));
        wick_stub_run(&lab.w, 20000, NULL); /* it is warm, and told */
        CHECK(look(&lab.a)->relay2.port != 0);
        lab.relay[index_of(&look(&lab.a)->relay)].down = true;
        uint64_t t0 = lab.w.now_ms;
        CHECK(lab_echo(&lab, session, "after", 60000));
        CHECK(lab.w.now_ms - t0 <= 6000); /* and what lab_echo() adds: it looks once a second */
        CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 0);
    }
}

/* The whole network is away for a while: that is not the relay's fault. */
TEST(both_relays_silent)
{
    two_relays(41);
    REQUIRE(begin(30000));
    REQUIRE(until_word(1, WICK_ENDPOINT_RELAY, NULL, 60000));
    wick_addr at = look(&lab.b)->relay;
    lab.relay[0].down = lab.relay[1].down = true;
    wick_stub_run(&lab.w, 8000, NULL);
    CHECK(wick_addr_equal(&look(&lab.b)->relay, &at));
    lab.relay[0].down = lab.relay[1].down = false;
    wick_stub_run(&lab.w, 60000, NULL);
    CHECK(wick_addr_equal(&look(&lab.b)->relay, &at));
}

TAP_MAIN("sim.gateway_path_in",
         CASE(mapping_comes_before_relay),
         CASE(unvalidated_is_not_tried_without_policy),
         CASE(natpmp_router),
         CASE(own_public_address),
         CASE(by_policy_relays_alone),
         CASE(router_that_does_not_answer),
         CASE(router_that_opens_nothing), CASE(trial_with_another_nonce),
         CASE(router_behind_another_nat),
         CASE(router_with_a_false_address),
         CASE(router_restarts),
         CASE(router_gets_another_address),
         CASE(router_is_gone_and_comes_back),
         CASE(interface_changes),
         CASE(flapping_router),
         CASE(port_and_relay_are_kept),
         CASE(stopped_and_started),
         CASE(second_relay_is_warm),
         CASE(relay_dies),
         CASE(new_peer_takes_the_standby),
         CASE(caller_opens_nothing), CASE(caller_keeps_a_second_relay),
         CASE(both_relays_silent))
