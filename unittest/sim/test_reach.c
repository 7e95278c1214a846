/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints that are tried from outside by a STUN server with two addresses (wick/reach.h): the machine
 * behind NATs with and without a mapping, against servers that can and cannot, and agents that have no
 * relay at all.
 */
#include "lab.h"
#include "tap.h"
#include "wick/port/stub_router.h"
#include "wick/port/stub_stun.h"
#include "wick/reach.h"

static struct lab lab;
static wick_stub_stun server;
static wick_reach r;

static void open_server(wick_stub_world *w)
{
    wick_addr first = wick_addr_v4(20, 0, 0, 30, 3478), second = wick_addr_v4(20, 0, 0, 31, 3479);
    wick_stub_stun_init(&server, &first, &second);
    CHECK(wick_stub_stun_open(&server, w));
}

/* ------------------------------------------------------------------ the machine */

#define INSIDE 5000u /* port of the socket to which the mapping leads */

static wick_stub_world w;
static wick_hal_entropy entropy;
static int sock[2], nat;
static wick_addr claim;

/* A host behind a NAT of this kind (NULL: public), whose port `outside` is to lead to it. */
static void begin(const wick_stub_nat_kind *kind, uint16_t outside, bool open)
{
    wick_addr local = wick_addr_v4(10, 0, 0, 2, INSIDE), ip = wick_addr_v4(30, 0, 0, 1, 0);
    wick_stub_init(&w, 11);
    wick_stub_hal_entropy(&entropy, &w);
    open_server(&w);
    nat = kind != NULL ? wick_stub_nat(&w, -1, ip, *kind) : -1;
    int host = wick_stub_host(&w, nat, kind != NULL ? local : ip);
    sock[0] = wick_stub_open(&w, host, 6000, -1);
    sock[1] = wick_stub_open(&w, host, INSIDE, -1);
    claim = ip;
    claim.port = outside;
    if (open && kind != NULL) {
        CHECK(wick_stub_nat_forward(&w, nat, outside, local));
    }
}

static void take(unsigned i)
{
    uint8_t in[WICK_STUB_MTU];
    wick_addr from;
    int len;
    while ((len = wick_stub_recv(&w, sock[i], &from, in, sizeof in)) >= 0) {
        (void)!wick_reach_input(&r, w.now_ms, wick_span_make(in, (size_t)len), &from, i);
    }
}

/* Runs the machine to its end. @return its status, WICK_AGAIN if it comes to none */
static wick_status reach(void)
{
    wick_reach_config cfg = {&entropy, server.at[0], claim};
    wick_status st = wick_reach_init(&r, &cfg);
    st = st == WICK_OK ? wick_reach_start(&r, w.now_ms) : st;
    for (unsigned steps = 0; st == WICK_OK && steps < 10000; steps++) {
        wick_out out;
        wick_reach_poll(&r, w.now_ms, &out);
        if (out.kind == WICK_OUT_SEND) {
            wick_stub_send(&w, sock[out.event], &out.to, out.bytes);
        } else if (out.kind == WICK_OUT_DONE) {
            return out.status;
        } else {
            (void)wick_stub_run(&w, 20, NULL);
            take(0);
            take(1);
        }
    }
    return st != WICK_OK ? st : WICK_AGAIN;
}

static const wick_stub_nat_kind *const kinds[] = {&WICK_STUB_FULL_CONE, &WICK_STUB_RESTRICTED_CONE,
                                                  &WICK_STUB_PORT_RESTRICTED,
                                                  &WICK_STUB_SYMMETRIC};

/* Whatever the NAT is: with the mapping strangers get in, without it they do not. The socket that is
 * tried sends nothing, so that even a NAT that filters nobody cannot pass for a mapping. */
TEST(a_mapping_is_told_from_none)
{
    for (unsigned i = 0; i < 4; i++) {
        begin(kinds[i], 40000, true);
        CHECK_STATUS(reach(), WICK_OK);
        CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_STRANGER);
        CHECK_INT(wick_reach_seen(&r)->ip[12], 30);
        begin(kinds[i], 40000, false);
        CHECK_STATUS(reach(), WICK_E_NAT_UNREACHED);
        CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_NONE);
        begin(kinds[i], INSIDE, false);
        CHECK_STATUS(reach(), WICK_E_NAT_UNREACHED);
    }
    begin(NULL, INSIDE, false);
    CHECK_STATUS(reach(), WICK_OK);
    CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_STRANGER);
    begin(NULL, INSIDE + 1, false); /* nobody is there */
    CHECK_STATUS(reach(), WICK_E_NAT_UNREACHED);
}

/* Without RESPONSE-PORT the socket itself has to ask: its traffic must leave by the mapping, and what is
 * shown is less. */
TEST(server_without_response_port)
{
    wick_stub_nat_kind kind = WICK_STUB_PORT_RESTRICTED;
    kind.explicit_outbound = true;
    begin(&kind, 40000, true);
    server.no_response_port = true;
    CHECK_STATUS(reach(), WICK_OK);
    CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_OPEN);
    CHECK_INT(wick_reach_seen(&r)->port, 40000);
    kind.explicit_outbound = false; /* it leaves by another port */
    begin(&kind, 40000, true);
    server.no_response_port = true;
    CHECK_STATUS(reach(), WICK_E_NAT_UNREACHED);
    CHECK_INT(wick_reach_seen(&r)->port, INSIDE);
    begin(&kind, INSIDE, false); /* by the right one, and nobody is let in */
    server.no_response_port = true;
    CHECK_STATUS(reach(), WICK_E_NAT_UNREACHED);
    CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_NONE);
    begin(&WICK_STUB_FULL_CONE, INSIDE, false); /* what evidence OPEN cannot tell from a mapping */
    server.no_response_port = true;
    CHECK_STATUS(reach(), WICK_OK);
    CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_OPEN);
}

/* Servers that cannot show it, however friendly the NAT is. */
TEST(servers_that_cannot)
{
    wick_stub_nat_kind kind = WICK_STUB_FULL_CONE;
    kind.explicit_outbound = true;
    for (unsigned i = 0; i < 5; i++) {
        begin(&kind, 40000, true);
        server.single = i == 0;
        server.classic = i == 1;
        server.ignores_changes = i == 2;
        server.error = i == 3 ? 500 : 0;
        server.down = i == 4;
        uint64_t from = w.now_ms;
        CHECK_STATUS(reach(), i == 4 ? WICK_E_TIMEOUT : WICK_E_STUN_NAT_UNKNOWN);
        CHECK(w.now_ms - from <= (i == 4 ? 3600u : 500u));
        CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_NONE);
    }
    /* A second address that is none: the same IP, or the same port. */
    for (unsigned i = 0; i < 2; i++) {
        begin(&kind, 40000, true);
        for (unsigned k = 0; k < 4; k++) {
            server.at[k].ip[15] = i == 0 ? 30 : server.at[k].ip[15];
            server.at[k].port = i == 1 ? 3478 : server.at[k].port;
        }
        CHECK_STATUS(reach(), WICK_E_STUN_NAT_UNKNOWN);
    }
}

/* Behind a second NAT the claim is not where the world sees us. */
TEST(another_address_than_claimed)
{
    begin(&WICK_STUB_PORT_RESTRICTED, 40000, true);
    int outer = wick_stub_nat(&w, -1, wick_addr_v4(40, 0, 0, 1, 0), WICK_STUB_CARRIER);
    w.nat[nat].outer = outer;
    CHECK_STATUS(reach(), WICK_E_NAT_UNREACHED);
    CHECK_INT(wick_reach_seen(&r)->ip[12], 40);
    CHECK_INT(wick_reach_evidence_of(&r), WICK_REACH_NONE);
}

/* A third of the datagrams are lost: it may miss what is open, it never sees what is not. */
TEST(loss)
{
    unsigned right = 0;
    for (unsigned i = 0; i < 40; i++) {
        begin(&WICK_STUB_PORT_RESTRICTED, 40000, i % 2 == 0);
        w.rng = i * 7919u + 1u;
        w.link.loss = 330;
        wick_status st = reach();
        CHECK(st == WICK_OK ? i % 2 == 0 : true);
        right += st == WICK_OK ? 1u : 0u;
    }
    CHECK(right >= 8); /* of 20 */
}

/* ---- what comes in ---- */

static uint8_t bytes[128];

/* An answer of the server with this id. `error`: without a code, 1: with one */
static wick_span answer(const uint8_t *tid, const wick_addr *mapped, bool error, uint16_t code)
{
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_stun_build s;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, error ? WICK_STUN_ERROR : WICK_STUN_SUCCESS, tid);
    if (error && code != 0) {
        wick_stun_put_error(&s, code, "no");
    }
    if (mapped != NULL) {
        wick_stun_put_addr(&s, WICK_STUN_XOR_MAPPED_ADDRESS, mapped);
        wick_stun_put_addr(&s, WICK_STUN_OTHER_ADDRESS, &server.at[3]);
    }
    CHECK_STATUS(wick_stun_end(&s), WICK_OK);
    return wick_buf_span(&b);
}

static const uint8_t *send_next(wick_out *out)
{
    wick_reach_poll(&r, w.now_ms, out);
    CHECK_INT(out->kind, WICK_OUT_SEND);
    return out->bytes.ptr + 8;
}

TEST(what_is_no_answer)
{
    wick_out out;
    uint8_t tid[WICK_STUN_TID_BYTES], wrong[WICK_STUN_TID_BYTES] = {1};
    wick_addr elsewhere = wick_addr_v4(20, 0, 0, 99, 3478);
    begin(NULL, INSIDE, true);
    wick_reach_config cfg = {&entropy, server.at[0], claim};
    wick_reach_config bad = cfg;
    bad.entropy = NULL;
    CHECK_STATUS(wick_reach_init(&r, &bad), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_reach_start(&r, 0), WICK_E_STATE);
    bad = cfg;
    bad.claim.port = 0;
    CHECK_STATUS(wick_reach_init(&r, &bad), WICK_E_BAD_ARG);
    bad = cfg;
    bad.server.port = 0;
    CHECK_STATUS(wick_reach_init(&r, &bad), WICK_E_BAD_ARG);
    bad.server = cfg.server;
    bad.server.ip[0] = 0x20;
    CHECK_STATUS(wick_reach_init(&r, &bad), WICK_E_UNSUPPORTED);
    REQUIRE_STATUS(wick_reach_init(&r, &cfg), WICK_OK);
    CHECK_STATUS(wick_reach_input(&r, 0, answer(wrong, &claim, false, 0), &server.at[0], 0),
                 WICK_E_NOT_FOUND); /* nothing has been asked */
    w.entropy_fails = true;
    CHECK(wick_reach_start(&r, w.now_ms) != WICK_OK);
    w.entropy_fails = false;
    REQUIRE_STATUS(wick_reach_start(&r, w.now_ms), WICK_OK);
    memcpy(tid, send_next(&out), sizeof tid);
    CHECK_INT(out.event, 0);
#define GIVE(span, from, socket) wick_reach_input(&r, w.now_ms, span, from, socket)
    CHECK_STATUS(GIVE(answer(wrong, &claim, false, 0), &server.at[0], 0), WICK_E_NOT_FOUND);
    CHECK_STATUS(GIVE(answer(tid, &claim, false, 0), &elsewhere, 0), WICK_E_NOT_FOUND);
    CHECK_STATUS(GIVE(wick_span_make(bytes, 7), &server.at[0], 0), WICK_E_NOT_FOUND);
    CHECK_STATUS(GIVE(answer(tid, NULL, false, 0), &server.at[0], 0), WICK_E_MALFORMED);
    CHECK_STATUS(GIVE(answer(tid, NULL, true, 0), &server.at[0], 0), WICK_E_MALFORMED);
    wick_span cut = answer(tid, &claim, false, 0);
    cut.len -= 4;
    CHECK(GIVE(cut, &server.at[0], 0) != WICK_AGAIN);
    CHECK_STATUS(GIVE(answer(tid, &claim, false, 0), &server.at[0], 0), WICK_AGAIN);
    /* Step 2 has an id of its own; its answer comes from the other address, to the other socket. */
    CHECK_STATUS(GIVE(answer(tid, &claim, false, 0), &server.at[3], 1), WICK_E_NOT_FOUND);
    memcpy(tid, send_next(&out), sizeof tid);
    CHECK_INT(out.event, 0);
    CHECK_STATUS(GIVE(answer(tid, &claim, false, 0), &server.at[1], 1), WICK_E_NOT_FOUND);
    CHECK_STATUS(GIVE(answer(tid, &claim, false, 0), &server.at[2], 1), WICK_E_NOT_FOUND);
    CHECK_STATUS(GIVE(answer(tid, &elsewhere, false, 0), &server.at[3], 1), WICK_AGAIN);
    wick_reach_poll(&r, w.now_ms, &out); /* it went to another IP than was claimed */
    CHECK_INT(out.kind, WICK_OUT_DONE);
    CHECK_STATUS(out.status, WICK_E_NAT_UNREACHED);
    CHECK_STATUS(GIVE(answer(tid, &claim, false, 0), &server.at[3], 1), WICK_E_NOT_FOUND);
}

/* ------------------------------------------------------------------ agents without a relay */

static wick_stub_router router;

/* b behind a router that speaks PCP, a in the open; nobody runs a relay. */
static void alone(uint64_t seed)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_PORT_RESTRICTED, 0);
    CHECK(wick_stub_router_init(&router, &lab.w, lab.nat_b, wick_addr_v4(10, 10, 2, 1, 0)));
    wick_stub_host_move(&lab.w, lab.host_a, -1, wick_addr_v4(20, 0, 0, 77, 0));
    open_server(&lab.w);
    lab.a.interfaces = lab.b.interfaces = true;
    lab.a.cfg.allow_unvalidated = lab.b.cfg.allow_unvalidated = true;
    lab.a.cfg.stun = lab.b.cfg.stun = server.at[0];
}

static const wick_gateway_path_state *look(void)
{
    static wick_gateway_path_state p;
    wick_gateway_path_look(&lab.b.gw, &p);
    return &p;
}

static bool until_state(wick_path_source source, wick_path_state state, uint64_t ms)
{
    uint64_t end = lab.w.now_ms + ms;
    while (look()->claim[source].state != (uint8_t)state && lab.w.now_ms < end) {
        (void)wick_stub_run(&lab.w, 50, NULL);
    }
    return look()->claim[source].state == (uint8_t)state;
}

TEST(endpoints_are_tried_without_a_relay)
{
    for (unsigned natpmp = 0; natpmp < 2; natpmp++) {
        uint8_t session = 0;
        alone(60 + natpmp);
        router.pcp.faults = natpmp == 1 ? WICK_STUB_PCP_NATPMP_ONLY : 0u;
        REQUIRE(lab_ready(&lab, 60000));
        CHECK_INT(look()->source, natpmp == 1 ? WICK_PATH_NATPMP : WICK_PATH_PCP);
        CHECK_INT(look()->standby_source, WICK_PATH_NONE);
        CHECK(!look()->double_nat);
        CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].endpoint_kind, WICK_ENDPOINT_PCP);
        CHECK_INT(lab.a.last[WICK_GW_EV_PUBLISHED].endpoint_kind, WICK_ENDPOINT_DIRECT);
        REQUIRE(lab_connect(&lab, &session, 30000));
        CHECK(lab_echo(&lab, session, "no relay", 10000));
    }
}

/* A router's SUCCESS behind which nothing is open is found out, and so is when it is. */
TEST(a_mapping_that_is_not_open)
{
    alone(62);
    lab.w.nat[lab.nat_b].pcp = NULL;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(until_state(WICK_PATH_PCP, WICK_PATH_BAD, 60000));
    CHECK_STATUS(look()->claim[WICK_PATH_PCP].status, WICK_E_NAT_UNREACHED);
    (void)wick_stub_run(&lab.w, 60000, NULL);
    CHECK_INT(lab.b.seen[WICK_GW_EV_PUBLISHED], 0);
    lab.w.nat[lab.nat_b].pcp = &router.pcp;
    CHECK(wick_stub_run(&lab.w, 600000, &lab.b.ready));
}

/* Nobody to ask: nothing is announced, nothing is held against the router. */
TEST(nobody_to_ask)
{
    alone(63);
    server.down = true;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    (void)wick_stub_run(&lab.w, 60000, NULL);
    CHECK(look()->claim[WICK_PATH_PCP].state == WICK_PATH_CLAIMED ||
          look()->claim[WICK_PATH_PCP].state == WICK_PATH_VERIFYING);
    CHECK_INT(lab.b.seen[WICK_GW_EV_PUBLISHED], 0);
    server.down = false;
    CHECK(wick_stub_run(&lab.w, 30000, &lab.b.ready));
    /* Without such a server it waits for a relay. */
    alone(64);
    memset(&lab.b.cfg.stun, 0, sizeof lab.b.cfg.stun);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    (void)wick_stub_run(&lab.w, 60000, NULL);
    CHECK_INT(look()->claim[WICK_PATH_PCP].state, WICK_PATH_CLAIMED);
    CHECK_INT(lab.b.seen[WICK_GW_EV_PUBLISHED], 0);
    CHECK_INT(server.requests, 0);
    /* One that has a single address is told as such. */
    alone(65);
    server.single = true;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(until_state(WICK_PATH_PCP, WICK_PATH_BAD, 60000));
    CHECK_STATUS(look()->claim[WICK_PATH_PCP].status, WICK_E_STUN_NAT_UNKNOWN);
}

TEST(a_router_behind_a_carrier)
{
    alone(66);
    int outer = wick_stub_nat(&lab.w, -1, wick_addr_v4(20, 0, 0, 5, 0), WICK_STUB_CARRIER);
    lab.w.nat[lab.nat_b].outer = outer;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(until_state(WICK_PATH_PCP, WICK_PATH_BAD, 60000));
    (void)wick_stub_run(&lab.w, 10000, NULL);
    CHECK(look()->double_nat); /* the claim looks public, and is not the address that is seen */
    CHECK_INT(lab.b.seen[WICK_GW_EV_PUBLISHED], 0);
}

/* The router gets another address: found, tried and published, all without a relay. */
TEST(a_router_is_renumbered)
{
    uint8_t session = 0;
    alone(67);
    REQUIRE(lab_ready(&lab, 60000));
    uint32_t seq = lab.b.last[WICK_GW_EV_PUBLISHED].seq;
    wick_stub_router_renumber(&router, wick_addr_v4(20, 0, 0, 45, 0), true);
    uint64_t end = lab.w.now_ms + 300000;
    while (lab.b.last[WICK_GW_EV_PUBLISHED].seq == seq && lab.w.now_ms < end) {
        (void)wick_stub_run(&lab.w, 200, NULL);
    }
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].addr.ip[15], 45);
    REQUIRE(lab_connect(&lab, &session, 30000));
    CHECK(lab_echo(&lab, session, "moved", 10000));
}

/* With a relay it is the relay that tries, and the server is not troubled. */
TEST(a_relay_comes_first)
{
    lab_init(&lab, 68, WICK_STUB_SYMMETRIC, WICK_STUB_PORT_RESTRICTED, 1);
    CHECK(wick_stub_router_init(&router, &lab.w, lab.nat_b, wick_addr_v4(10, 10, 2, 1, 0)));
    open_server(&lab.w);
    lab.b.interfaces = true;
    lab.b.cfg.stun = server.at[0];
    server.single = true; /* it would say so */
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    (void)wick_stub_run(&lab.w, 30000, NULL);
    CHECK_INT(look()->source, WICK_PATH_PCP);
    CHECK_INT(look()->standby_source, WICK_PATH_RELAY);
}

TAP_MAIN("sim.reach", CASE(a_mapping_is_told_from_none), CASE(server_without_response_port),
         CASE(servers_that_cannot), CASE(another_address_than_claimed), CASE(loss),
         CASE(what_is_no_answer), CASE(endpoints_are_tried_without_a_relay),
         CASE(a_mapping_that_is_not_open), CASE(nobody_to_ask), CASE(a_router_behind_a_carrier),
         CASE(a_router_is_renumbered), CASE(a_relay_comes_first))
