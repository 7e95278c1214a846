/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a gateway does with attestors: two of three, one that lies, too few, and what its peers make of
 * that. Gateway b has an address of its own and is called by a, which takes nothing that was not reached.
 */
#include "lab.h"
#include "tap.h"
#include "wick/service.h"

#define HOUR_MS UINT64_C(3600000)

static struct lab lab;
static wick_stub_attestors attestors;

static void fresh(uint64_t seed)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_PORT_RESTRICTED, 1);
    wick_stub_host_move(&lab.w, lab.host_b, -1, wick_addr_v4(20, 0, 0, 77, 0));
    lab.a.interfaces = true;
    lab.b.interfaces = true;
    lab.a.cfg.no_direct = true;
    CHECK_STATUS(wick_stub_attestors_init(&attestors, &lab.chain, &lab.crypto_ctx, 2), WICK_OK);
    wick_stub_attestors_of(&attestors, &lab.b.cfg);
    lab.b.attestors = &attestors;
}

/* The device sleeps: nothing happens meanwhile. */
static void sleep_for(uint64_t ms)
{
    lab.w.now_ms += ms;
    wick_stub_node_wake(&lab.b);
    (void)wick_stub_run(&lab.w, 120000, NULL);
}

static bool begin(void)
{
    return wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE) == WICK_OK &&
           wick_stub_run(&lab.w, 60000, &lab.b.ready);
}

static wick_endpoint primary(void)
{
    wick_endpoint e;
    uint8_t slot[32], value[32];
    wick_slot_endpoint(slot, lab.b.gw.id, lab.b.gw.service, 0);
    wick_stub_chain_get(&lab.chain, value, 0, slot);
    CHECK_STATUS(wick_endpoint_decode(&e, value), WICK_OK);
    return e;
}

static uint32_t hour(void)
{
    return (uint32_t)((WICK_STUB_UNIX_BASE + lab.w.now_ms / 1000) / 3600);
}

static bool call(uint8_t *session)
{
    return wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE) == WICK_OK &&
           wick_stub_run(&lab.w, 60000, &lab.a.ready) && lab_connect(&lab, session, 40000);
}

static wick_status attested(void)
{
    return lab.b.last[WICK_GW_EV_ATTESTED].status;
}

TEST(two_of_three_and_a_peer_comes_directly)
{
    uint8_t session = 0;
    for (unsigned first = 0; first < WICK_STUB_ATTESTORS; first++) { /* the order does not matter */
        fresh(1 + first);
        attestors.first = first;
        REQUIRE(begin());
        CHECK_INT(lab.b.seen[WICK_GW_EV_ATTESTED], 1);
        CHECK_STATUS(attested(), WICK_OK);
        CHECK_INT(primary().kind, WICK_ENDPOINT_DIRECT);
        CHECK_INT(primary().validated_at_h, hour());
        CHECK_INT(primary().seq, 1); /* one transaction */
    }
    REQUIRE(call(&session));
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].endpoint_kind, WICK_ENDPOINT_DIRECT);
    CHECK(lab_echo(&lab, session, "straight", 10000));
}

/* S0-50 */
TEST(too_few_and_a_peer_takes_the_relay)
{
    uint8_t session = 0;
    fresh(11);
    attestors.fault[0] = attestors.fault[2] = WICK_STUB_ATTESTOR_SILENT;
    REQUIRE(begin());
    CHECK_STATUS(attested(), WICK_E_TIMEOUT);
    CHECK_STATUS(lab.b.last[WICK_GW_EV_PUBLISHED].status, WICK_OK);
    CHECK_INT(primary().kind, WICK_ENDPOINT_DIRECT);
    CHECK_INT(primary().validated_at_h, 0);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_PUBLISHED, 60000)); /* the standby */
    REQUIRE(call(&session));
    CHECK_INT(lab.a.last[WICK_GW_EV_PEER_RESOLVED].endpoint_kind, WICK_ENDPOINT_RELAY);
}

static void lie(wick_stub_attestor_fault fault, wick_status want)
{
    fresh(20 + (uint64_t)fault);
    attestors.fault[1] = fault;
    attestors.first = 1;
    REQUIRE(begin()); /* the two others are enough */
    CHECK_STATUS(attestors.taken[1], want);
    CHECK_STATUS(attested(), WICK_OK);
    CHECK_INT(primary().validated_at_h, hour());
    fresh(20 + (uint64_t)fault);
    attestors.fault[1] = fault;
    attestors.fault[2] = WICK_STUB_ATTESTOR_SILENT;
    REQUIRE(begin()); /* and one of them with the liar is not */
    CHECK_STATUS(attestors.taken[1], want);
    CHECK(attested() != WICK_OK);
    CHECK_INT(primary().validated_at_h, 0);
}

TEST(what_an_attestor_did_not_see_counts_for_nothing)
{
    lie(WICK_STUB_ATTESTOR_OTHER_PLACE, WICK_E_AUTH);
    lie(WICK_STUB_ATTESTOR_OTHER_KEY, WICK_E_AUTH);
    lie(WICK_STUB_ATTESTOR_OTHER_SIGNER, WICK_E_AUTH);
    lie(WICK_STUB_ATTESTOR_OLD, WICK_E_EXPIRED);
    lie(WICK_STUB_ATTESTOR_AHEAD, WICK_E_EXPIRED);
}

TEST(one_voice_twice_is_one_voice)
{
    fresh(31);
    attestors.fault[0] = WICK_STUB_ATTESTOR_TWICE;
    attestors.fault[1] = attestors.fault[2] = WICK_STUB_ATTESTOR_SILENT;
    REQUIRE(begin());
    CHECK_STATUS(attestors.taken[0], WICK_AGAIN);
    CHECK_STATUS(attestors.again, WICK_E_STATE);
    CHECK_STATUS(attested(), WICK_E_TIMEOUT);
    CHECK_INT(primary().validated_at_h, 0);
}

TEST(it_is_reached_again_before_that_ages)
{
    fresh(41);
    lab.b.cfg.expires_s = 7 * 86400;
    REQUIRE(begin());
    CHECK_INT(attestors.asked, 1);
    uint32_t then = primary().validated_at_h;
    sleep_for(16 * HOUR_MS);
    CHECK_INT(attestors.asked, 1);
    sleep_for(3 * HOUR_MS);
    CHECK_INT(attestors.asked, 2);
    CHECK(primary().validated_at_h > then + 16);
    CHECK_INT(primary().seq, 2);
    CHECK(lab.b.gw.ready_told);
}

TEST(later_if_nobody_is_there_and_nothing_is_written_for_that)
{
    fresh(51);
    lab.b.cfg.no_standby = true;
    lab.b.cfg.expires_s = 7 * 86400;
    for (unsigned i = 0; i < WICK_STUB_ATTESTORS; i++) {
        attestors.fault[i] = WICK_STUB_ATTESTOR_SILENT;
    }
    REQUIRE(begin());
    uint32_t seq = primary().seq;
    (void)wick_stub_run(&lab.w, HOUR_MS / 4, NULL); /* after 10, 20, 40 ... minutes */
    CHECK_INT(attestors.asked, 2);
    (void)wick_stub_run(&lab.w, HOUR_MS / 4, NULL);
    CHECK(attestors.asked <= 3);
    CHECK_INT(primary().seq, seq);
    CHECK(lab.b.gw.ready_told);
    memset(attestors.fault, 0, sizeof attestors.fault);
    CHECK(lab_until(&lab, &lab.b, WICK_GW_EV_ATTESTED, HOUR_MS));
    CHECK_STATUS(attested(), WICK_OK);
    CHECK(lab_until(&lab, &lab.b, WICK_GW_EV_PUBLISHED, 60000));
    CHECK(primary().validated_at_h != 0);
    CHECK_INT(primary().seq, seq + 1);
}

/* The contract has other attestors, or wants more of them: it is published without. */
TEST(a_set_that_is_over)
{
    fresh(61);
    lab.chain.attestor_threshold = 3;
    lab.b.cfg.attest_needed = 2;
    REQUIRE(begin());
    CHECK_STATUS(attested(), WICK_OK);
    CHECK(lab.b.seen[WICK_GW_EV_PUBLISH_FAILED] >= 1);
    CHECK(!lab.b.last[WICK_GW_EV_PUBLISH_FAILED].final);
    CHECK_INT(primary().kind, WICK_ENDPOINT_DIRECT);
    CHECK_INT(primary().validated_at_h, 0);
    CHECK_INT(attestors.asked, 1); /* and not asked again at once */
}

TEST(relays_need_none)
{
    fresh(71);
    lab.b.interfaces = false;
    REQUIRE(begin());
    CHECK_INT(primary().kind, WICK_ENDPOINT_RELAY);
    CHECK_INT(attestors.asked, 0);
}

TEST(configurations_that_are_none)
{
    uint8_t list[2][20] = {{1}, {1}};
    fresh(81);
    lab.b.cfg.attestors = (const uint8_t(*)[20])list;
    lab.b.cfg.attestor_count = 2;
    lab.b.cfg.attest_needed = 1;
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_E_BAD_ARG); /* one twice */
    list[1][0] = 0;
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_E_BAD_ARG); /* descending */
    list[1][0] = 2;
    lab.b.cfg.attest_needed = 3;
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_E_BAD_ARG);
    lab.b.cfg.attest_needed = 2;
    CHECK_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
}

static bool publish(const char *name, uint8_t protocol)
{
    const wick_service_spec spec = {
        .name = name, .protocol = protocol, .addr = wick_addr_v4(20, 0, 0, 77, 8443)};
    wick_status s = wick_service_publish(&lab.b.gw, lab.w.now_ms, &spec);
    wick_stub_node_wake(&lab.b);
    return s == WICK_OK && lab_until(&lab, &lab.b, WICK_GW_EV_SERVICE, 60000) &&
           lab.b.last[WICK_GW_EV_SERVICE].status == WICK_OK;
}

/* What b's record says of it, and the place of that. */
static wick_endpoint word_of(const char *name, uint8_t slot[32])
{
    wick_endpoint e;
    uint8_t service[32], value[32];
    CHECK_STATUS(wick_name_hash(service, wick_span_text(name)), WICK_OK);
    wick_slot_endpoint(slot, lab.b.gw.id, service, 0);
    wick_stub_chain_get(&lab.chain, value, 0, slot);
    CHECK_STATUS(wick_endpoint_decode(&e, value), WICK_OK);
    return e;
}

/* S0 III-E: a service on TCP is attested by the challenge at its own port, before it is published. */
TEST(a_service_on_tcp_is_challenged)
{
    uint8_t slot[32];
    fresh(101);
    lab.b.cfg.attest_services = true;
    REQUIRE(begin());
    CHECK_INT(attestors.challenged, 0);
    REQUIRE(publish("https", WICK_PROTOCOL_TCP));
    CHECK_INT(attestors.challenged, 1);
    CHECK_STATUS(attestors.last, WICK_OK);
    CHECK_STATUS(attested(), WICK_OK);
    CHECK_INT(lab.b.last[WICK_GW_EV_ATTESTED].index, WICK_GW_WORDS);
    wick_endpoint e = word_of("https", slot);
    CHECK_MEM(attestors.mapping, slot, 32);
    CHECK_INT(e.protocol, WICK_PROTOCOL_TCP);
    CHECK(e.validated_at_h == hour() || e.validated_at_h + 1 == hour());
    /* Its port is the application's from here on: nobody asks again while the word is right. */
    sleep_for(4 * HOUR_MS);
    CHECK_INT(attestors.challenged, 1);
}

TEST(services_that_are_not_challenged)
{
    uint8_t slot[32];
    fresh(111); /* the driver cannot answer */
    REQUIRE(begin());
    REQUIRE(publish("https", WICK_PROTOCOL_TCP));
    CHECK_INT(attestors.challenged, 0);
    CHECK_INT(word_of("https", slot).validated_at_h, 0);
    fresh(112); /* no TCP */
    lab.b.cfg.attest_services = true;
    REQUIRE(begin());
    REQUIRE(publish("coap", WICK_PROTOCOL_UDP));
    CHECK_INT(attestors.challenged, 0);
    CHECK_INT(word_of("coap", slot).validated_at_h, 0);
}

/* Who is not believed is published all the same, and the agent's own word is not put off for that. */
TEST(a_service_that_nobody_reaches)
{
    uint8_t slot[32];
    fresh(121);
    lab.b.cfg.attest_services = true;
    REQUIRE(begin());
    for (unsigned i = 0; i < WICK_STUB_ATTESTORS; i++) {
        attestors.fault[i] = WICK_STUB_ATTESTOR_OTHER_PLACE;
    }
    REQUIRE(publish("https", WICK_PROTOCOL_TCP));
    CHECK_INT(attestors.challenged, 1);
    CHECK(attested() != WICK_OK);
    CHECK_INT(word_of("https", slot).validated_at_h, 0);
    CHECK(primary().validated_at_h != 0);
    CHECK_INT(lab.b.gw.own.attest.gap_ms, 0);
}

/* Answers to what was not asked. */
TEST(requests_of_others)
{
    uint8_t bytes[WICK_ATTEST_ASK_BYTES];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    fresh(91);
    REQUIRE(begin());
    CHECK_STATUS(wick_gateway_attest_ask(&lab.b.gw, &b, lab.w.now_ms, 77), WICK_E_STATE);
    uint8_t mapping[32] = {1}, n2[32] = {1};
    CHECK_STATUS(wick_gateway_attest_challenge(&lab.b.gw, &b, &b, mapping, n2, lab.w.now_ms, 77),
                 WICK_E_STATE);
    CHECK(wick_ct_is_zero(mapping, 32) && wick_ct_is_zero(n2, 32) && b.len == 0);
    CHECK_STATUS(wick_gateway_attestation(&lab.b.gw, wick_span_make(bytes, 74), lab.w.now_ms, 0, 77),
                 WICK_E_STATE);
}

TAP_MAIN("sim.attest", CASE(two_of_three_and_a_peer_comes_directly),
         CASE(too_few_and_a_peer_takes_the_relay),
         CASE(what_an_attestor_did_not_see_counts_for_nothing), CASE(one_voice_twice_is_one_voice),
         CASE(it_is_reached_again_before_that_ages),
         CASE(later_if_nobody_is_there_and_nothing_is_written_for_that), CASE(a_set_that_is_over),
         CASE(relays_need_none), CASE(a_service_on_tcp_is_challenged),
         CASE(services_that_are_not_challenged), CASE(a_service_that_nobody_reaches), CASE(configurations_that_are_none), CASE(requests_of_others))
