/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two agents in a virtual world: the whole way from two names to bytes between them, with an honest
 * world and with a bad network.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;

/* One gateway with four sessions, besides the TLS pool. The bar is for 32-bit targets, where
 * toolchain/size.sh holds it to the byte; here pointers are twice as long, and what stands beside
 * them is padded. */
TEST(static_ram)
{
    size_t bar = 24 * 1024 + (sizeof(void *) > 4 ? 512 : 0);
    bar += WICK_WITH_DIRECT ? 2816 : 0; /* paths of sessions, and refusals on their way out */
    bar += WICK_WITH_TURN_SHA256 || WICK_WITH_TURN_MOBILITY || WICK_WITH_TURN_DUAL
               ? WICK_GW_TURNS * 448u
               : 0;
    bar += WICK_WITH_TURN_STREAM ? WICK_GW_TURNS * 48u + 16u : 0;
    bar += WICK_WITH_TICKETS ? 4096 : 0; /* guests, and the tickets that let them in */
    bar += WICK_WITH_PATH ? 2048 : 0;    /* parts that small targets leave out */
    bar += WICK_WITH_STANDBY ? 3328 : 0;
    bar += WICK_WITH_SERVICES ? WICK_GW_SERVICES_MAX * 384u : 0;
    bar += WICK_WITH_REKEY ? WICK_GW_SESSIONS_MAX * 40u : 0;
    bar += WICK_WITH_PEER_CACHE ? 16 : 0; /* what is remembered is in memory of the caller's */
    bar += WICK_WITH_ATTEST ? 768 : 0; /* signatures of attestors, and the transaction with them */
    bar += WICK_WITH_NSL_RSA ? 11520 : 0; /* longer keys, seals, signatures; keys of peers */
    bar += WICK_WITH_NSL_RSA ? WICK_GW_KEYS_MISSING_MAX * 24u : 0; /* and those that no node has */
    bar += WICK_WITH_PEER_KEYS ? WICK_GW_SESSIONS_MAX * 8u : 0; /* numbers of media sessions */
    CHECK(sizeof(wick_gateway) <= bar);
}

TEST(two_symmetric_nats_one_relay)
{
    uint8_t session = 0;
    lab_init(&lab, 1, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    REQUIRE(lab_ready(&lab, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(lab.a.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.a.last[WICK_GW_EV_REGISTERED].epoch, 1);
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].seq, 1);
    CHECK(wick_addr_equal(&lab.b.last[WICK_GW_EV_PUBLISHED].addr,
                          &lab.b.last[WICK_GW_EV_PATH_CHANGED].addr));
    REQUIRE(lab_connect(&lab, &session, 10000));
    const wick_gateway_event *up_a = &lab.a.last[WICK_GW_EV_SESSION_UP];
    const wick_gateway_event *up_b = &lab.b.last[WICK_GW_EV_SESSION_UP];
    REQUIRE(lab.b.seen[WICK_GW_EV_SESSION_UP] == 1);
    CHECK(up_a->initiator && !up_b->initiator);
    CHECK_MEM(up_a->id, lab.b.last[WICK_GW_EV_REGISTERED].id, 32);
    CHECK_MEM(up_b->id, lab.a.last[WICK_GW_EV_REGISTERED].id, 32);
    wick_session_psk ka, kb;
    REQUIRE_STATUS(wick_gateway_session_psk(&lab.a.gw, &ka, up_a->session, WICK_ROLE_INITIATOR,
                                            WICK_USE_DTLS12),
                   WICK_OK);
    REQUIRE_STATUS(wick_gateway_session_psk(&lab.b.gw, &kb, up_b->session, WICK_ROLE_RESPONDER,
                                            WICK_USE_DTLS12),
                   WICK_OK);
    CHECK(ka.key_len == 32 && memcmp(ka.key, kb.key, 32) == 0);
    CHECK_MEM(ka.identity, kb.identity, sizeof ka.identity);
    /* An entry serves one role only (PSK reflection). */
    CHECK_STATUS(wick_gateway_session_psk(&lab.b.gw, &kb, up_b->session, WICK_ROLE_INITIATOR,
                                          WICK_USE_DTLS12),
                 WICK_E_STATE);
    CHECK(wick_ct_is_zero(kb.key, 32));
    CHECK(lab_echo(&lab, session, "hello", 5000));
}


/* What was proven of a peer is there whole, also where it is that there is nothing. */
TEST(records_of_peers)
{
    static wick_gateway_record records[WICK_GW_SESSIONS_MAX];
    const wick_gateway_event *e = &lab.a.last[WICK_GW_EV_PEER_RESOLVED];
    uint8_t pub33[33];
    lab_init(&lab, 3, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    lab.a.cfg.records = records;
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 10000));
    REQUIRE_STATUS(e->status, WICK_OK);
    REQUIRE(e->session < WICK_GW_SESSIONS_MAX);
    const wick_gateway_record *r = &records[e->session];
    CHECK_STATUS(r->proven, WICK_OK);
    CHECK_MEM(r->id, e->id, 32);
    CHECK_INT(r->registry, 0);
    CHECK(wick_trust_is_made(&r->header));
    CHECK_INT(r->header.number, e->block_number);
    CHECK_INT(r->record.device.epoch, e->epoch);
    CHECK_STATUS(wick_device_pub33(pub33, &r->record.device), WICK_OK);
    CHECK_MEM(pub33, lab.b.gw.device_pub.bytes, 33);
    CHECK(r->record.has_endpoint[0] && !r->record.has_endpoint[1]);
    CHECK(wick_addr_equal(&r->record.endpoint[0].addr, &e->addr));

    memset(records, 0xff, sizeof records);
    REQUIRE_STATUS(wick_stub_node_lookup(&lab.a, "gw-x"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 10000));
    CHECK_STATUS(e->status, WICK_E_RECORD_ABSENT);
    REQUIRE(e->session < WICK_GW_SESSIONS_MAX);
    r = &records[e->session];
    CHECK_STATUS(r->proven, WICK_E_RECORD_ABSENT);
    CHECK(wick_trust_is_made(&r->header));
    CHECK_INT(r->record.device.epoch, 0);
    CHECK(!r->record.has_endpoint[0]);
}

/* Every pair of NATs, each cell ending in bytes that came back. */
TEST(every_pair_of_nats)
{
    const wick_stub_nat_kind kinds[4] = {WICK_STUB_FULL_CONE, WICK_STUB_RESTRICTED_CONE,
                                         WICK_STUB_PORT_RESTRICTED, WICK_STUB_SYMMETRIC};
    for (unsigned i = 0; i < 16; i++) {
        uint8_t session = 0;
        lab_init(&lab, 100 + i, kinds[i / 4], kinds[i % 4], 1);
        CHECK(lab_ready(&lab, 60000));
        CHECK(lab_connect(&lab, &session, 10000));
        CHECK(lab_echo(&lab, session, "cell", 5000));
    }
}

/* Permission scheme: each permits the other's relay by its registry entry, nothing is signalled. */
TEST(two_relays)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t session = 0;
        lab_init(&lab, 7, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 2);
        lab.a.cfg.relay = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 3478);
        lab.b.cfg.relay = wick_addr_v4(20, 0, 0, (uint8_t)(11 - i), 3478);
        REQUIRE(lab_ready(&lab, 60000));
        CHECK(!wick_addr_same_ip(&lab.a.last[WICK_GW_EV_PATH_CHANGED].addr,
                                 &lab.b.last[WICK_GW_EV_PATH_CHANGED].addr));
        REQUIRE(lab_connect(&lab, &session, 10000));
        CHECK(lab_echo(&lab, session, "across", 5000));
    }
}

/* Loss, duplication, corruption and reordering, many seeds: always there in the end. */
TEST(bad_networks)
{
    for (unsigned seed = 0; seed < 40; seed++) {
        uint8_t session = 0;
        lab_init(&lab, 1000 + seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1 + seed % 2);
        lab.w.link.loss = 2 * seed; /* on each of three hops: up to 22 % a way */
        lab.w.link.duplicate = 100;
        lab.w.link.corrupt = 10;
        lab.w.link.jitter_ms = 300;
        CHECK(lab_ready(&lab, 180000));
        bool up = lab_connect(&lab, &session, 70000);
        for (unsigned again = 0; !up && again < 3; again++) {
            up = lab_connect(&lab, &session, 70000); /* two schedules of 31 s may not suffice */
        }
        CHECK(up);
        CHECK(lab_echo(&lab, session, "through", 60000));
    }
}

/* The same seed gives the same run. */
TEST(deterministic)
{
    uint64_t first[4] = {0};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t session = 0;
        lab_init(&lab, 5, WICK_STUB_SYMMETRIC, WICK_STUB_PORT_RESTRICTED, 2);
        lab.w.link.loss = 100;
        lab.w.link.jitter_ms = 100;
        REQUIRE(lab_ready(&lab, 180000));
        CHECK(lab_connect(&lab, &session, 60000));
        uint64_t now[4] = {lab.w.now_ms, lab.w.sent, lab.w.lost, lab.w.bytes};
        if (i == 0) {
            memcpy(first, now, sizeof first);
        }
        CHECK_MEM(first, now, sizeof first);
    }
}

/* Nothing is written twice: a restart finds its record and writes only what differs. */
TEST(restart_writes_only_what_differs)
{
    lab_init(&lab, 3, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    REQUIRE(lab_ready(&lab, 60000));
    unsigned vouchers = lab.wallet.vouchers, mined = lab.chain.mined;
    wick_stub_node_kill(&lab.b);
    wick_stub_run(&lab.w, 5000, NULL);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    CHECK_INT(lab.wallet.vouchers, vouchers);
    CHECK_INT(lab.chain.mined, mined + 1); /* the new relayed address */
    CHECK(!lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].seq, 2);
    uint8_t session = 0;
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK(lab_echo(&lab, session, "again", 5000));
}

/* A second handshake of the same caller takes the place of its first session. */
TEST(caller_reboots)
{
    uint8_t session = 0;
    lab_init(&lab, 4, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    REQUIRE(lab_ready(&lab, 60000));
    for (unsigned i = 0; i < 6; i++) { /* more often than there are sessions */
        REQUIRE(lab_connect(&lab, &session, 10000));
        CHECK(lab_echo(&lab, session, "boot", 5000));
        wick_stub_node_kill(&lab.a);
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
        lab.a.ready = false;
        REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    }
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 6);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

TEST(endpoint_is_renewed_before_it_expires)
{
    lab_init(&lab, 6, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    lab.b.cfg.expires_s = 600;
    REQUIRE(lab_ready(&lab, 60000));
    wick_addr at = lab.b.last[WICK_GW_EV_PUBLISHED].addr;
    CHECK(lab_until(&lab, &lab.b, WICK_GW_EV_PUBLISHED, 330000));
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].seq, 2);
    CHECK(wick_addr_equal(&lab.b.last[WICK_GW_EV_PUBLISHED].addr, &at));
    unsigned mined = lab.chain.mined;
    wick_stub_run(&lab.w, 200000, NULL); /* and not before half of its life */
    CHECK_INT(lab.chain.mined, mined);
}

TEST(stop_gives_the_allocation_back)
{
    lab_init(&lab, 8, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    REQUIRE(lab_ready(&lab, 60000));
    wick_gateway_stop(&lab.a.gw, lab.w.now_ms);
    wick_stub_node_wake(&lab.a);
    CHECK(wick_stub_run(&lab.w, 5000, &lab.a.done));
    unsigned held = 0;
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        held += lab.relay[0].turn.allocation[i].client.port != 0 ? 1u : 0u;
    }
    CHECK_INT(held, 1); /* b's */
}

TEST(idle_sessions_end)
{
    uint8_t session = 0;
    lab_init(&lab, 9, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 10000));
    wick_stub_run(&lab.w, WICK_GW_IDLE_MS + 1000, NULL);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_TIMEOUT);
    uint8_t byte = 23;
    CHECK_STATUS(wick_stub_node_send(&lab.a, session, wick_span_make(&byte, 1)), WICK_E_STATE);
}

TEST(secrets_are_wiped)
{
    uint8_t session = 0;
    wick_session_psk k;
    lab_init(&lab, 10, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 10000));
    uint8_t root[32];
    memcpy(root, lab.a.gw.session[session].keys.root, 32);
    CHECK(!wick_ct_is_zero(root, 32));
    wick_gateway_close(&lab.a.gw, session);
    CHECK_STATUS(wick_gateway_session_psk(&lab.a.gw, &k, session, WICK_ROLE_INITIATOR,
                                          WICK_USE_DTLS12),
                 WICK_E_STATE);
    const uint8_t *mem = (const uint8_t *)&lab.a.gw;
    bool found = false;
    for (size_t i = 0; i + 32 <= sizeof lab.a.gw; i++) {
        found = found || memcmp(mem + i, root, 32) == 0;
    }
    CHECK(!found);
    wick_gateway_wipe(&lab.a.gw);
    CHECK(wick_ct_is_zero(mem, sizeof lab.a.gw));
    lab.a.cfg.crypto = NULL;
}

TAP_MAIN("sim.gateway", CASE(static_ram), CASE(two_symmetric_nats_one_relay), CASE(records_of_peers),
         CASE(every_pair_of_nats), CASE(two_relays), CASE(bad_networks), CASE(deterministic),
         CASE(restart_writes_only_what_differs), CASE(caller_reboots),
         CASE(endpoint_is_renewed_before_it_expires), CASE(stop_gives_the_allocation_back),
         CASE(idle_sessions_end), CASE(secrets_are_wiped))
