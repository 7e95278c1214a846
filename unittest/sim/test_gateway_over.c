/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relays over streams, and tickets: a gateway whose network lets no datagram out is reached all the
 * same, and one whose stream breaks or whose address changes keeps its relayed address, its sessions
 * and what the chain says (RFC 8656 section 3.1, RFC 8016).
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;

static void fresh(uint64_t seed, unsigned relays)
{
    lab_init(&lab, seed, WICK_STUB_PORT_RESTRICTED, WICK_STUB_PORT_RESTRICTED, relays);
}

static wick_gateway_path_state look(const wick_stub_node *n)
{
    wick_gateway_path_state p;
    wick_gateway_path_look(&n->gw, &p);
    return p;
}

static wick_direct_kind kind_of(const wick_stub_node *n, uint8_t session)
{
    wick_gateway_path p;
    CHECK_STATUS(wick_gateway_session_path(&n->gw, &p, session), WICK_OK);
    return p.kind;
}

/* ---- which way ---- */

TEST(a_network_without_datagrams)
{
    uint8_t session = 0;
    fresh(1, 2);
    lab.a.no_udp = true;
    lab.a.cfg.relay_over = WICK_GW_OVER_AUTO;
    lab.a.cfg.relay_tls_port = WICK_STUB_STREAM_PORT;
    REQUIRE(lab_ready(&lab, 60000));
    CHECK_INT(look(&lab.a).relay_over, WICK_GW_OVER_TLS);
    CHECK_INT(look(&lab.a).relay.port, WICK_STUB_STREAM_PORT);
    CHECK_INT(look(&lab.b).relay_over, WICK_GW_OVER_UDP);
    REQUIRE(lab_connect(&lab, &session, 30000));
    CHECK(lab_echo(&lab, session, "by a stream", 10000));
    /* The address of a stream leads nowhere, and is told to nobody: the session stays where it is. */
    wick_stub_run(&lab.w, 60000, NULL);
    CHECK(lab_echo(&lab, session, "still", 10000));
    CHECK_INT(kind_of(&lab.a, session), WICK_DIRECT_RELAYED);
    CHECK_INT(kind_of(&lab.b, lab.session_b), WICK_DIRECT_RELAYED);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_MOVED], 0);
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        CHECK(lab.a.gw.turn_used[i] || i == 1);
        CHECK(!lab.a.gw.turn_used[i] || lab.a.gw.stream[i].over == WICK_GW_OVER_TLS);
    }
}

TEST(tls_first_then_tcp)
{
    fresh(2, 1);
    lab.a.no_udp = true;
    lab.a.refused = 1u << WICK_GW_OVER_TLS;
    lab.a.cfg.relay_over = WICK_GW_OVER_AUTO;
    lab.relay[0].turn.cfg.listen.port = 3478;
    lab.relay[0].turn.cfg.stream_port = 3478; /* TCP has the port of UDP */
    lab.a.cfg.relay_tls_port = WICK_STUB_STREAM_PORT;
    REQUIRE(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE) == WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    CHECK_INT(look(&lab.a).relay_over, WICK_GW_OVER_TCP);
    CHECK_INT(look(&lab.a).relay.port, 3478);
    CHECK(lab.a.streams >= 2);
}

/* Where datagrams pass, no stream is opened. */
TEST(datagrams_where_they_pass)
{
    fresh(3, 1);
    lab.a.cfg.relay_over = WICK_GW_OVER_AUTO;
    REQUIRE(lab_ready(&lab, 60000));
    CHECK_INT(look(&lab.a).relay_over, WICK_GW_OVER_UDP);
    CHECK_INT(lab.a.streams, 0);
}

TEST(streams_alone)
{
    for (unsigned i = 0; i < 2; i++) {
        fresh(4 + i, 2);
        lab.a.cfg.relay_over = i == 0 ? WICK_GW_OVER_TCP : WICK_GW_OVER_TLS;
        lab.a.cfg.relay_tls_port = WICK_STUB_STREAM_PORT;
        lab.relay[0].turn.cfg.stream_port = lab.relay[1].turn.cfg.stream_port =
            i == 0 ? 3478 : WICK_STUB_STREAM_PORT;
        lab.a.no_udp = true;
        REQUIRE(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE) == WICK_OK);
        REQUIRE(wick_stub_run(&lab.w, 3000, &lab.a.ready)); /* nothing was waited for */
        CHECK_INT(look(&lab.a).relay_over, lab.a.cfg.relay_over);
        CHECK(lab.a.sock[0] < 0 && lab.a.sock[2] < 0); /* no datagram went to any relay */
    }
}

/* A refusal is an answer: it would be the same over a stream. */
TEST(a_refusal_is_an_answer)
{
    fresh(6, 1);
    lab.a.cfg.relay_over = WICK_GW_OVER_AUTO;
    lab.a.cfg.relay_user = "2000000000:gw-a";
    lab.a.cfg.relay_password = "wrong";
    REQUIRE(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE) == WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PATH_CHANGED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PATH_CHANGED].status, WICK_E_TURN_CREDENTIALS);
    wick_stub_run(&lab.w, 120000, NULL);
    CHECK_INT(lab.a.streams, 0);
}

TEST(nothing_gets_through)
{
    fresh(7, 1);
    lab.a.no_udp = true;
    lab.a.refused = 1u << WICK_GW_OVER_TLS | 1u << WICK_GW_OVER_TCP;
    lab.a.cfg.relay_over = WICK_GW_OVER_AUTO;
    REQUIRE(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE) == WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PATH_CHANGED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PATH_CHANGED].status, WICK_E_NET);
    CHECK(!lab.a.last[WICK_GW_EV_PATH_CHANGED].final);
    wick_stub_run(&lab.w, 600000, NULL);
    CHECK(lab.a.streams >= 4 && lab.a.streams <= 60); /* ever more rarely */
    lab.a.no_udp = false;
    REQUIRE(wick_stub_run(&lab.w, 120000, &lab.a.ready));
    CHECK_INT(look(&lab.a).relay_over, WICK_GW_OVER_UDP); /* which is looked at first each time */
}

/* Over a stream nobody but the relay speaks for it: whoever writes its address on a datagram is not
 * heard, as it would be over UDP. */
TEST(a_datagram_is_no_message_of_a_stream)
{
    uint8_t session = 0, bytes[128];
    uint8_t tid[WICK_STUN_TID_BYTES] = {7};
    static const uint8_t record[] = {23, 'f', 'a', 'l', 's', 'e'};
    wick_gateway_path p;
    fresh(8, 1);
    lab.a.cfg.relay_over = WICK_GW_OVER_TLS;
    lab.a.cfg.relay_tls_port = WICK_STUB_STREAM_PORT;
    lab.a.cfg.no_direct = true;
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 30000));
    REQUIRE(lab_echo(&lab, session, "true", 10000));
    REQUIRE(wick_gateway_session_path(&lab.a.gw, &p, session) == WICK_OK);
    unsigned got = lab.got_a;
    for (unsigned i = 0; i < 2; i++) {
        wick_buf b = wick_buf_make(bytes, sizeof bytes);
        wick_stun_build m;
        wick_stun_begin(&m, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
        wick_stun_put_addr(&m, WICK_STUN_XOR_PEER_ADDRESS, &p.addr);
        wick_stun_put(&m, WICK_STUN_DATA_ATTR, wick_span_make(record, sizeof record));
        REQUIRE(wick_stun_end(&m) == WICK_OK);
        wick_addr server = look(&lab.a).relay;
        if (i == 0) {
            wick_gateway_input(&lab.a.gw, lab.w.now_ms, 0, wick_buf_span(&b), &server);
        } else {
            wick_gateway_stream_input(&lab.a.gw, lab.w.now_ms, 0, wick_buf_span(&b));
        }
        wick_stub_node_wake(&lab.a);
        wick_stub_run(&lab.w, 10, NULL);
        CHECK_INT(lab.got_a - got, i);
    }
    /* No stream of another number, and none of one that goes by UDP. */
    wick_gateway_stream_input(&lab.a.gw, lab.w.now_ms, 200, wick_span_make(bytes, 20));
    wick_gateway_stream_closed(&lab.a.gw, lab.w.now_ms, 200, WICK_E_NET);
    wick_gateway_stream_input(&lab.b.gw, lab.w.now_ms, 0, wick_span_make(bytes, 20));
    wick_gateway_stream_closed(&lab.b.gw, lab.w.now_ms, 0, WICK_E_NET);
    wick_stub_run(&lab.w, 5000, NULL);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

/* ---- streams that end, addresses that change ---- */

/* What a session of a, its relayed address and its record were before something happened to it. */
static struct {
    uint8_t session;
    wick_addr relayed;
    unsigned sends, streams;
} was;

static bool established(uint64_t seed, wick_gateway_over over, bool mobile, uint8_t server)
{
    fresh(seed, 1);
    lab.relay[0].turn.cfg.mobility = server;
    lab.a.cfg.relay_over = (uint8_t)over;
    lab.a.cfg.relay_tls_port = WICK_STUB_STREAM_PORT;
    lab.a.cfg.relay_mobile = mobile;
    lab.a.cfg.no_direct = true;
    lab.a.interfaces = true;
    lab.a.cfg.no_pcp = true;
    if (!lab_ready(&lab, 60000) || !lab_connect(&lab, &was.session, 30000) ||
        !lab_echo(&lab, was.session, "before", 10000)) {
        return false;
    }
    was.relayed = look(&lab.a).primary;
    was.sends = lab.a.requests[WICK_GW_REQ_CHAIN_SEND];
    was.streams = lab.a.streams;
    return true;
}

static void goes_on(void)
{
    CHECK(lab_echo(&lab, was.session, "after", 20000));
    wick_stub_run(&lab.w, 60000, NULL);
    wick_addr now = look(&lab.a).primary;
    CHECK(wick_addr_equal(&now, &was.relayed));
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], was.sends); /* nothing is published */
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 0);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    CHECK(lab_echo(&lab, was.session, "later", 10000));
    /* and is found by others: b calls anew */
    wick_gateway_close(&lab.b.gw, lab.session_b);
    uint8_t back = 0;
    REQUIRE(wick_stub_node_connect(&lab.b, &back, "gw-a") == WICK_OK);
    CHECK(lab_until(&lab, &lab.b, WICK_GW_EV_SESSION_UP, 30000));
}

static void carry_to_another_network(void)
{
    int nat = wick_stub_nat(&lab.w, -1, wick_addr_v4(20, 0, 0, 5, 0), WICK_STUB_PORT_RESTRICTED);
    wick_stub_host_move(&lab.w, lab.host_a, nat, wick_addr_v4(10, 10, 5, 10, 0));
    wick_stub_node_wake(&lab.a);
}

TEST(a_stream_breaks_with_a_ticket)
{
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(established(20 + i, WICK_GW_OVER_TLS, true,
                            i == 0 ? WICK_STUB_TURN_MOBILE : WICK_STUB_TURN_MOBILE_SHY));
        wick_stub_node_cut(&lab.a);
        goes_on();
        CHECK_INT(lab.a.streams, was.streams + 1);
        CHECK(lab.relay[0].turn.moves == 1);
    }
}

/* Without one the allocation ends with its stream; there is another at once. */
TEST(a_stream_breaks_without_a_ticket)
{
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(established(30 + i, WICK_GW_OVER_TCP, i == 1,
                            i == 0 ? WICK_STUB_TURN_MOBILE : WICK_STUB_TURN_IMMOBILE));
        CHECK(!wick_turn_is_mobile(&lab.a.gw.turn[0]));
        wick_stub_node_cut(&lab.a);
        uint64_t end = lab.w.now_ms + 60000;
        wick_addr now = was.relayed;
        while (lab.w.now_ms < end && (wick_addr_equal(&now, &was.relayed) || now.port == 0)) {
            wick_stub_run(&lab.w, 500, NULL);
            now = look(&lab.a).primary;
        }
        CHECK(now.port != 0 && !wick_addr_equal(&now, &was.relayed));
        CHECK_INT(lab.relay[0].turn.moves, 0);
    }
}

/* A network that is away for a moment costs nothing; one that stays away costs the allocation. */
TEST(a_ticket_is_tried_for_some_seconds)
{
    REQUIRE(established(41, WICK_GW_OVER_TLS, true, WICK_STUB_TURN_MOBILE));
    lab.a.refused = 1u << WICK_GW_OVER_TLS;
    wick_stub_node_cut(&lab.a);
    wick_stub_run(&lab.w, 4000, NULL);
    CHECK(wick_turn_is_allocated(&lab.a.gw.turn[0]));
    lab.a.refused = 0;
    goes_on();
    /* Each break has its own tries. */
    unsigned streams = lab.a.streams;
    wick_stub_node_cut(&lab.a);
    wick_stub_run(&lab.w, 5000, NULL);
    CHECK_INT(lab.a.streams, streams + 1);
    CHECK(wick_turn_is_allocated(&lab.a.gw.turn[0]));
}

TEST(a_ticket_is_not_tried_for_ever)
{
    REQUIRE(established(40, WICK_GW_OVER_TLS, true, WICK_STUB_TURN_MOBILE));
    lab.a.refused = 1u << WICK_GW_OVER_TLS;
    wick_stub_node_cut(&lab.a);
    wick_stub_run(&lab.w, 20000, NULL);
    CHECK(!wick_turn_is_allocated(&lab.a.gw.turn[0]));
    CHECK(lab.a.streams - was.streams <= 30); /* one a second, and those for another allocation */
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PATH_CHANGED].status, WICK_E_NET);
    lab.a.refused = 0;
    lab.a.ready = false;
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_READY, 120000));
    CHECK_INT(look(&lab.a).relay_over, WICK_GW_OVER_TLS);
}

/* A relay that says something and closes is not come back to without a pause. */
TEST(a_relay_that_answers_and_closes)
{
    static const uint8_t nothing[20] = {0};
    REQUIRE(established(42, WICK_GW_OVER_TLS, true, WICK_STUB_TURN_MOBILE));
    const uint64_t end = lab.w.now_ms + 10000;
    wick_stub_node_cut(&lab.a);
    for (unsigned opened = lab.a.streams; lab.w.now_ms < end;) {
        (void)wick_stub_run(&lab.w, 5, NULL); /* the relay's own answer has not come yet */
        if (lab.a.streams != opened) {
            opened = lab.a.streams;
            wick_gateway_stream_input(&lab.a.gw, lab.w.now_ms, 0,
                                      wick_span_make(nothing, sizeof nothing));
            wick_stub_node_cut(&lab.a);
        }
    }
    CHECK(lab.a.streams > was.streams + 3);
    CHECK(lab.a.streams <= was.streams + 12);
}

TEST(another_address_with_a_ticket)
{
    for (unsigned i = 0; i < 3; i++) {
        wick_gateway_over over = i == 2 ? WICK_GW_OVER_TLS : WICK_GW_OVER_UDP;
        REQUIRE(established(50 + i, over, true,
                            i == 0 ? WICK_STUB_TURN_MOBILE : WICK_STUB_TURN_MOBILE_SHY));
        carry_to_another_network();
        goes_on();
        CHECK(lab.relay[0].turn.moves >= 1);
        CHECK_INT(look(&lab.a).reflexive.ip[15], 5);
    }
}

/* The router alone gets another address: no interface tells, the next keep-alive does. */
TEST(another_outer_address_with_a_ticket)
{
    REQUIRE(established(60, WICK_GW_OVER_UDP, true, WICK_STUB_TURN_MOBILE));
    wick_stub_nat_renumber(&lab.w, lab.nat_a, wick_addr_v4(20, 0, 0, 77, 0));
    goes_on();
    CHECK_INT(look(&lab.a).reflexive.ip[15], 77);
}

/* The same without a ticket is another relayed address, and a transaction; the session waits for it. */
TEST(another_address_without_a_ticket)
{
    REQUIRE(established(70, WICK_GW_OVER_UDP, false, WICK_STUB_TURN_MOBILE));
    carry_to_another_network();
    CHECK(lab_echo(&lab, was.session, "after", 60000));
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    uint64_t end = lab.w.now_ms + 240000;
    while (lab.w.now_ms < end && lab.a.requests[WICK_GW_REQ_CHAIN_SEND] == was.sends) {
        wick_stub_run(&lab.w, 500, NULL);
    }
    wick_addr now = look(&lab.a).primary;
    CHECK(!wick_addr_equal(&now, &was.relayed));
    CHECK(lab.a.requests[WICK_GW_REQ_CHAIN_SEND] > was.sends);
    CHECK_INT(lab.relay[0].turn.moves, 0);
}

/* Where no other allocation is to be had the session ends, and the application hears of it. */
TEST(a_session_does_not_wait_for_ever)
{
    REQUIRE(established(71, WICK_GW_OVER_UDP, false, WICK_STUB_TURN_NO_MOBILITY));
    uint64_t since = lab.w.now_ms;
    wick_stub_turn_restart(&lab.relay[0].turn);
    lab.relay[0].turn.force.method = WICK_STUN_ALLOCATE;
    lab.relay[0].turn.force.code = 508;
    lab.relay[0].turn.force.count = 100000;
    wick_gateway_out out;
    static const uint8_t byte = 23;
    while (lab.a.seen[WICK_GW_EV_SESSION_DOWN] == 0 && lab.w.now_ms - since < 400000) {
        wick_status st = wick_gateway_send(&lab.a.gw, &out, wick_span_make(&byte, 1), lab.w.now_ms,
                                           was.session);
        CHECK(st == WICK_OK || st == WICK_E_TURN_LOST || st == WICK_E_STATE);
        since = wick_turn_is_allocated(&lab.a.gw.turn[0]) ? lab.w.now_ms : since;
        wick_stub_run(&lab.w, 1000, NULL);
    }
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_TURN_LOST);
    CHECK(lab.w.now_ms - since > 10000 && lab.w.now_ms - since < 60000);
}

TAP_MAIN("sim.gateway_over", CASE(a_network_without_datagrams), CASE(tls_first_then_tcp),
         CASE(datagrams_where_they_pass), CASE(streams_alone), CASE(a_refusal_is_an_answer),
         CASE(nothing_gets_through), CASE(a_datagram_is_no_message_of_a_stream),
         CASE(a_stream_breaks_with_a_ticket), CASE(a_stream_breaks_without_a_ticket),
         CASE(a_ticket_is_tried_for_some_seconds), CASE(a_ticket_is_not_tried_for_ever),
         CASE(a_relay_that_answers_and_closes), CASE(another_address_with_a_ticket),
         CASE(another_outer_address_with_a_ticket), CASE(another_address_without_a_ticket),
         CASE(a_session_does_not_wait_for_ever))
