/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What relays, NATs and other people on the path can do to an agent. Each ends in its own status or
 * is mended; nothing loops, and nobody but the peer gets in.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;

static void fresh(uint64_t seed, unsigned relays)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, relays);
}

/* Starts a; runs until it has said something about its path. */
static const wick_gateway_event *path(uint64_t ms)
{
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PATH_CHANGED, ms));
    return &lab.a.last[WICK_GW_EV_PATH_CHANGED];
}

/* ------------------------------------------------------------------ relays */

TEST(wrong_password)
{
    fresh(1, 1);
    lab.a.cfg.relay_user = "2000000000:gw-a";
    lab.a.cfg.relay_password = "wrong";
    const wick_gateway_event *e = path(60000);
    CHECK_STATUS(e->status, WICK_E_TURN_CREDENTIALS);
    CHECK(e->final);
    unsigned requests = lab.relay[0].turn.requests;
    wick_stub_run(&lab.w, 600000, NULL);
    CHECK_INT(lab.relay[0].turn.requests, requests); /* no loop */
}

/* 401 whatever we say: new credentials are asked for once a round, rounds get rarer. */
TEST(unauthorised_for_ever)
{
    fresh(2, 1);
    lab.relay[0].turn.faults = WICK_STUB_TURN_401;
    CHECK_STATUS(path(60000)->status, WICK_E_TURN_CREDENTIALS);
    CHECK(!lab.a.last[WICK_GW_EV_PATH_CHANGED].final);
    wick_stub_run(&lab.w, 600000, NULL);
    CHECK(lab.relay[0].turn.requests < 120);
    CHECK(lab.wallet.credentials < 40);
    lab.relay[0].turn.faults = 0;
    CHECK(wick_stub_run(&lab.w, 120000, &lab.a.ready));
}

TEST(stale_nonce_for_ever)
{
    fresh(3, 1);
    lab.relay[0].turn.faults = WICK_STUB_TURN_438;
    CHECK(path(120000)->status != WICK_OK);
    wick_stub_run(&lab.w, 600000, NULL);
    CHECK(lab.relay[0].turn.requests < 400);
}

TEST(relay_is_silent)
{
    fresh(4, 1);
    lab.relay[0].down = true;
    CHECK_STATUS(path(120000)->status, WICK_E_TIMEOUT);
    lab.relay[0].down = false;
    CHECK(wick_stub_run(&lab.w, 120000, &lab.a.ready));
}

/* One of two approved relays is dead: the other one serves. */
TEST(another_relay_serves)
{
    fresh(5, 2);
    lab.relay[0].down = true;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 180000, &lab.a.ready));
    CHECK_INT(lab.a.last[WICK_GW_EV_PATH_CHANGED].addr.ip[15], 11);
}

TEST(no_relay_is_approved)
{
    fresh(6, 0);
    CHECK_STATUS(path(60000)->status, WICK_E_RELAY_UNKNOWN);
    wick_addr at = wick_addr_v4(20, 0, 0, 10, 3478);
    wick_stub_relay_init(&lab.relay[0], &lab.w, &lab.crypto, at, LAB_SECRET);
    wick_stub_chain_relay(&lab.chain, &at); /* later one is */
    CHECK(wick_stub_run(&lab.w, 120000, &lab.a.ready));
}

TEST(no_credentials_to_be_had)
{
    fresh(7, 1);
    lab.a.cfg.has_wallet_manager = false;
    const wick_gateway_event *e = path(60000);
    CHECK_STATUS(e->status, WICK_E_CONFIG);
    CHECK(e->final);
}

/* A relayed address that nobody outside can reach is not published. */
TEST(private_relayed_address)
{
    fresh(8, 1);
    lab.relay[0].turn.cfg.relay = wick_addr_v4(192, 168, 1, 5, 50000);
    CHECK_STATUS(path(60000)->status, WICK_E_TURN_RELAY_UNFIT);
    wick_stub_run(&lab.w, 10000, NULL);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PUBLISHED], 0);
    wick_stub_node_kill(&lab.a);
    lab.a.cfg.allow_private_relay = true;
    CHECK_STATUS(path(60000)->status, WICK_OK);
}

/* The relay restarts: the loss is noticed, a new allocation is made, and published. */
TEST(allocation_lost)
{
    uint8_t session = 0;
    fresh(9, 1);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 10000));
    wick_stub_turn_restart(&lab.relay[0].turn);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 400000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_TURN_LOST);
    CHECK(lab_until(&lab, &lab.b, WICK_GW_EV_PUBLISHED, 400000));
    CHECK(lab.b.last[WICK_GW_EV_PUBLISHED].seq >= 2);
    wick_stub_run(&lab.w, 30000, NULL);
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK(lab_echo(&lab, session, "again", 5000));
}

/* The NAT forgets everything: the relay sees another client. */
TEST(nat_reboots)
{
    uint8_t session = 0;
    fresh(10, 1);
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_nat_reboot(&lab.w, lab.nat_b);
    CHECK(lab_until(&lab, &lab.b, WICK_GW_EV_PUBLISHED, 120000));
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].seq, 2);
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK(lab_echo(&lab, session, "again", 5000));
}

/* A relay that grants and takes back in a loop: rounds get rarer, and the wallet is spared. */
TEST(relay_takes_back_what_it_grants)
{
    fresh(18, 1);
    lab.relay[0].turn.cfg.lifetime_max_s = 30;
    CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    unsigned sent = lab.a.requests[WICK_GW_REQ_CHAIN_SEND];
    for (unsigned i = 0; i < 3600; i++) {
        lab.relay[0].turn.force.method = WICK_STUN_REFRESH;
        lab.relay[0].turn.force.code = 437;
        lab.relay[0].turn.force.count = 100;
        wick_stub_run(&lab.w, 1000, NULL);
    }
    CHECK(lab.a.seen[WICK_GW_EV_PATH_CHANGED] > 20);  /* it did happen ... */
    CHECK(lab.a.seen[WICK_GW_EV_PATH_CHANGED] < 160); /* ... with pauses */
    /* 0, 30, 90, 210, 450, 930, 1890 s and the granularity of the rounds. */
    CHECK(lab.a.requests[WICK_GW_REQ_CHAIN_SEND] - sent >= 2);
    CHECK(lab.a.requests[WICK_GW_REQ_CHAIN_SEND] - sent <= 7);
    lab.relay[0].turn.force.count = 0;
    lab.relay[0].turn.cfg.lifetime_max_s = 0;
    wick_stub_run(&lab.w, 3700000, NULL); /* an hour of peace: ready, and the next one is free */
    CHECK(wick_addr_equal(&lab.a.last[WICK_GW_EV_PUBLISHED].addr,
                          &lab.a.last[WICK_GW_EV_PATH_CHANGED].addr));
    wick_stub_run(&lab.w, 3700000, NULL);
    CHECK_INT(lab.a.gw.own.moved_gap_ms, 0);
    CHECK_INT(lab.a.gw.relays.backoff_ms, 2000);
}

/* Four hours: refreshed allocation, permissions and channel carry the session. */
TEST(session_lives_on)
{
    uint8_t session = 0;
    fresh(11, 1);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 10000));
    for (unsigned i = 0; i < 30; i++) {
        CHECK(lab_echo(&lab, session, i % 2 == 0 ? "tick" : "tock", 5000));
        wick_stub_run(&lab.w, 480000, NULL);
    }
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 0);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PATH_CHANGED], 1);
}

static unsigned allocations(unsigned relay)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        n += lab.relay[relay].turn.allocation[i].client.port != 0 ? 1u : 0u;
    }
    return n;
}

/* Our relay denies the peer's: the peer is called from its own relay, and that allocation is given
 * back a minute after its last use. */
TEST(relay_denies_the_peer)
{
    uint8_t session = 0;
    fresh(12, 2);
    lab.a.cfg.relay = wick_addr_v4(20, 0, 0, 10, 3478);
    lab.b.cfg.relay = wick_addr_v4(20, 0, 0, 11, 3478);
    lab.relay[0].turn.denied_ip = wick_addr_v4(20, 0, 0, 11, 1);
    REQUIRE(lab_ready(&lab, 60000));
    CHECK_INT(allocations(1), 1);
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK_INT(allocations(1), 2);
    CHECK(lab_echo(&lab, session, "round", 5000));
    wick_stub_run(&lab.w, 100000, NULL);
    CHECK(lab_echo(&lab, session, "kept while in use", 5000));
    wick_gateway_close(&lab.a.gw, session);
    wick_stub_node_wake(&lab.a);
    wick_stub_run(&lab.w, 130000, NULL);
    CHECK_INT(allocations(1), 1);
    /* And it can be had again. */
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK(lab_echo(&lab, session, "again", 5000));
}

/* The peer's relay gives us no allocation: the call ends with its word, without a flood. */
TEST(second_allocation_is_refused)
{
    static const struct {
        uint16_t code;
        wick_status want;
    } rows[] = {{486, WICK_E_TURN_QUOTA}, {403, WICK_E_TURN_FORBIDDEN}};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t session = 0;
        fresh(45 + i, 2);
        lab.a.cfg.relay = wick_addr_v4(20, 0, 0, 10, 3478);
        lab.b.cfg.relay = wick_addr_v4(20, 0, 0, 11, 3478);
        lab.relay[0].turn.denied_ip = wick_addr_v4(20, 0, 0, 11, 1);
        REQUIRE(lab_ready(&lab, 60000));
        lab.relay[1].turn.force.method = WICK_STUN_ALLOCATE;
        lab.relay[1].turn.force.code = rows[i].code;
        lab.relay[1].turn.force.count = 1000000;
        unsigned before = lab.relay[1].turn.allocates;
        REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
        CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 10000));
        CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, rows[i].want);
        wick_stub_run(&lab.w, 10000, NULL);
        CHECK(lab.relay[1].turn.allocates - before <= 4);
        lab.relay[1].turn.force.count = 0;
        REQUIRE(lab_connect(&lab, &session, 10000));
        CHECK(lab_echo(&lab, session, "now", 5000));
    }
}

/* The peer's relay does not let ours in, because it is not an approved one. */
TEST(relay_is_not_permitted_by_the_peer)
{
    uint8_t session = 0;
    fresh(13, 1);
    wick_addr other = wick_addr_v4(20, 0, 0, 11, 3478);
    wick_stub_relay_init(&lab.relay[1], &lab.w, &lab.crypto, other, LAB_SECRET);
    lab.a.cfg.relay = other;
    REQUIRE(lab_ready(&lab, 60000));
    CHECK_INT(lab.a.last[WICK_GW_EV_PATH_CHANGED].addr.ip[15], 11);
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK_INT(allocations(0), 2);
    CHECK(lab_echo(&lab, session, "inside", 5000));
    /* The second allocation is lost: its session ends, the own path does not. */
    wick_stub_turn_restart(&lab.relay[0].turn);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 400000));
    CHECK_INT(lab.a.seen[WICK_GW_EV_PATH_CHANGED], 1);
}

/* A peer behind a relay that is not approved: what its calls were permitted ends with them. */
TEST(permissions_end_with_the_session)
{
    uint8_t session = 0;
    fresh(19, 1);
    wick_addr other = wick_addr_v4(20, 0, 0, 11, 3478);
    wick_stub_relay_init(&lab.relay[1], &lab.w, &lab.crypto, other, LAB_SECRET);
    lab.b.cfg.relay = other;
    REQUIRE(lab_ready(&lab, 60000));
    for (unsigned i = 0; i < 40; i++) { /* more than there are permissions and channels */
        REQUIRE(lab_connect(&lab, &session, 10000));
        wick_gateway_close(&lab.a.gw, session);
        wick_stub_node_wake(&lab.a);
        CHECK_STATUS(wick_turn_unbind(&lab.a.gw.turn[0], &lab.a.last[WICK_GW_EV_SESSION_UP].addr),
                     WICK_E_NOT_FOUND);
        CHECK_STATUS(wick_turn_unpermit(&lab.a.gw.turn[0], &other), WICK_E_NOT_FOUND);
    }
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK(lab_echo(&lab, session, "still", 5000));
    wick_gateway_close(&lab.a.gw, session);
    wick_addr approved = wick_addr_v4(20, 0, 0, 10, 0);
    CHECK_STATUS(wick_turn_unpermit(&lab.a.gw.turn[0], &approved), WICK_OK); /* that one stayed */
}

TEST(relay_is_checked_before_publishing)
{
    fresh(14, 1);
    lab.a.cfg.check_relay = true;
    CHECK_STATUS(path(60000)->status, WICK_OK);
    CHECK(lab.w.now_ms < 3000);
    CHECK(lab.relay[0].turn.relayed_in >= 2);
    wick_stub_run(&lab.w, 5000, NULL);
    CHECK_INT(allocations(0), 1); /* given back */
    CHECK_INT(lab.a.seen[WICK_GW_EV_PUBLISHED], 1);
}

TEST(unfit_relays)
{
    for (unsigned i = 0; i < 2; i++) {
        fresh(15 + i, 1 + i);
        lab.a.cfg.check_relay = true;
        lab.relay[0].turn.denied_ip = wick_addr_v4(20, 0, 0, 10, 1); /* denies itself */
        CHECK_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
        bool ready = wick_stub_run(&lab.w, 60000, &lab.a.ready);
        CHECK(ready == (i == 1)); /* with another one approved, that one is taken */
        if (i == 0) {
            CHECK_STATUS(lab.a.last[WICK_GW_EV_PATH_CHANGED].status, WICK_E_TURN_RELAY_UNFIT);
            CHECK_INT(lab.a.seen[WICK_GW_EV_PUBLISHED], 0);
        } else {
            CHECK_INT(lab.a.last[WICK_GW_EV_PATH_CHANGED].addr.ip[15], 11);
        }
    }
    fresh(17, 1); /* a quota of one: it cannot be checked, and is used */
    lab.a.cfg.check_relay = true;
    lab.relay[0].turn.cfg.quota = 1;
    CHECK_STATUS(path(60000)->status, WICK_OK);
}

/* ------------------------------------------------------------------ peers and others */

TEST(peer_is_gone)
{
    uint8_t session = 0;
    fresh(20, 1);
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_node_kill(&lab.b);
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 120000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_NSL_NO_ANSWER);
    CHECK_INT(lab.a.seen[WICK_GW_EV_PEER_RESOLVED], 2); /* it might have moved: read twice */
}

/* An unregistered caller is looked up, found absent, and not answered. */
TEST(caller_without_a_record)
{
    uint8_t session = 0, slot[32], zero[32] = {0};
    fresh(21, 1);
    REQUIRE(lab_ready(&lab, 60000));
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, lab.a.last[WICK_GW_EV_REGISTERED].id, i);
        wick_stub_chain_put(&lab.chain, 0, slot, zero);
    }
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 120000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_NSL_NO_ANSWER);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 0);
    CHECK(lab.b.gw.nsl.stats.m1_opened >= 1); /* it came so far */
}

/* The endpoint of b leads to c: c cannot answer for b. */
TEST(endpoint_of_somebody_else)
{
    static wick_stub_node c;
    uint8_t session = 0, service[32], slot[32], word[32];
    fresh(22, 1);
    int host = wick_stub_host(&lab.w, lab.nat_b, wick_addr_v4(10, 10, 2, 11, 0));
    REQUIRE_STATUS(wick_stub_node_init(&c, &lab.w, host, &lab.chain, &lab.wallet, "gw-c"),
                   WICK_OK);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_stub_node_begin(&c, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &c.ready));
    wick_endpoint e;
    REQUIRE_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    wick_slot_endpoint(slot, lab.b.last[WICK_GW_EV_REGISTERED].id, service, 0);
    wick_stub_chain_get(&lab.chain, word, 0, slot);
    REQUIRE_STATUS(wick_endpoint_decode(&e, word), WICK_OK);
    e.addr = c.last[WICK_GW_EV_PUBLISHED].addr;
    REQUIRE_STATUS(wick_endpoint_encode(word, &e), WICK_OK);
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    wick_stub_node_kill(&lab.b);
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 120000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_NSL_NO_ANSWER);
    CHECK_INT(c.seen[WICK_GW_EV_SESSION_UP], 0);
}

static unsigned up_of(const wick_stub_node *n, uint8_t *session)
{
    unsigned count = 0;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_session_psk psk;
        for (unsigned role = 0; role < 2; role++) {
            if (wick_gateway_session_psk(&n->gw, &psk, i,
                                         role != 0 ? WICK_ROLE_RESPONDER : WICK_ROLE_INITIATOR,
                                         WICK_USE_DTLS12) == WICK_OK) {
                count++;
                *session = i;
            }
        }
    }
    return count;
}

/* Both call each other at once: one session is left, the same one at both, in two roles. */
TEST(crossing_calls)
{
    for (unsigned ms = 0; ms < 400; ms += 20) {
        uint8_t at_a = 0, at_b = 0;
        wick_session_psk a, b;
        fresh(60 + ms, 1);
        REQUIRE(lab_ready(&lab, 60000));
        REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &at_a, "gw-b"), WICK_OK);
        wick_stub_run(&lab.w, ms, NULL);
        REQUIRE_STATUS(wick_stub_node_connect(&lab.b, &at_b, "gw-a"), WICK_OK);
        wick_stub_run(&lab.w, 4000, NULL);
        REQUIRE(up_of(&lab.a, &at_a) == 1);
        REQUIRE(up_of(&lab.b, &at_b) == 1);
        bool a_calls = lab.a.gw.session[at_a].initiator;
        CHECK(a_calls != lab.b.gw.session[at_b].initiator);
        CHECK_STATUS(wick_gateway_session_psk(
                         &lab.a.gw, &a, at_a,
                         a_calls ? WICK_ROLE_INITIATOR : WICK_ROLE_RESPONDER, WICK_USE_DTLS12),
                     WICK_OK);
        CHECK_STATUS(wick_gateway_session_psk(
                         &lab.b.gw, &b, at_b,
                         a_calls ? WICK_ROLE_RESPONDER : WICK_ROLE_INITIATOR, WICK_USE_DTLS12),
                     WICK_OK);
        CHECK(memcmp(a.key, b.key, sizeof a.key) == 0);
        CHECK(lab_echo(&lab, at_a, "one", 5000));
    }
}

/* Long after, the peer calls in its turn (it may have restarted): its call takes the place. */
TEST(call_in_the_other_direction)
{
    uint8_t at_a = 0, at_b = 0;
    fresh(61, 1);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &at_a, 10000));
    wick_stub_run(&lab.w, 20000, NULL);
    REQUIRE_STATUS(wick_stub_node_connect(&lab.b, &at_b, "gw-a"), WICK_OK);
    wick_stub_run(&lab.w, 4000, NULL);
    CHECK_INT(up_of(&lab.a, &at_a), 1);
    CHECK_INT(up_of(&lab.b, &at_b), 1);
    CHECK(!lab.a.gw.session[at_a].initiator);
    CHECK(lab.b.gw.session[at_b].initiator);
    CHECK(lab_echo(&lab, at_a, "back", 5000));
}

/* Somebody on the relay changes every handshake datagram of one kind. */
struct meddler {
    uint8_t type; /* of NSL: byte 1 */
    unsigned seen, spare;
};

/* Where NSL stands in a datagram: after a Send or Data indication's DATA header, or bare. */
static uint8_t *find_nsl(uint8_t *bytes, size_t len, uint8_t type)
{
    for (size_t i = 0; i + 12 <= len; i++) {
        if (bytes[i] == 1 && bytes[i + 1] == type && bytes[i + 2] == 0x22 && bytes[i + 3] <= 1) {
            return bytes + i;
        }
    }
    return NULL;
}

static bool meddle(void *ctx, wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                   uint8_t *bytes, size_t *len)
{
    struct meddler *m = ctx;
    uint8_t *nsl = find_nsl(bytes, *len, m->type);
    (void)from;
    (void)to;
    if (nsl != NULL && m->spare <= m->seen++) {
        nsl[4 + wick_stub_random(w) % (*len - (size_t)(nsl - bytes) - 4)] ^= 0x10;
    }
    return true;
}

TEST(altered_handshakes)
{
    for (uint8_t type = 1; type <= 3; type++) {
        struct meddler m = {type, 0, 0};
        uint8_t session = 0;
        fresh(30u + type, 1);
        REQUIRE(lab_ready(&lab, 60000));
        lab.w.tap = meddle;
        lab.w.tap_ctx = &m;
        REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
        CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 120000));
        CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_NSL_NO_ANSWER);
        CHECK(m.seen != 0);
        CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_UP], 0);
        CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 0);
        /* He goes away: the next call succeeds. */
        lab.w.tap = NULL;
        REQUIRE(lab_connect(&lab, &session, 70000));
        CHECK(lab_echo(&lab, session, "clean", 5000));
    }
}

/* One good handshake, recorded and repeated to both: nothing moves. */
#define RECORDS 24
struct recorder {
    unsigned count;
    struct {
        wick_addr from, to;
        size_t len;
        uint8_t bytes[400];
    } kept[RECORDS];
};

static bool record(void *ctx, wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                   uint8_t *bytes, size_t *len)
{
    struct recorder *r = ctx;
    (void)w;
    if (r->count < RECORDS && *len <= sizeof r->kept[0].bytes) {
        r->kept[r->count].from = *from;
        r->kept[r->count].to = *to;
        r->kept[r->count].len = *len;
        memcpy(r->kept[r->count].bytes, bytes, *len);
        r->count++;
    }
    return true;
}

TEST(replayed_datagrams)
{
    static struct recorder r;
    uint8_t session = 0;
    memset(&r, 0, sizeof r);
    fresh(40, 1);
    REQUIRE(lab_ready(&lab, 60000));
    lab.w.tap = record;
    lab.w.tap_ctx = &r;
    REQUIRE(lab_connect(&lab, &session, 10000));
    lab.w.tap = NULL;
    unsigned up_a = lab.a.seen[WICK_GW_EV_SESSION_UP], up_b = lab.b.seen[WICK_GW_EV_SESSION_UP];
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < r.count; i++) {
            wick_span bytes = wick_span_make(r.kept[i].bytes, r.kept[i].len);
            for (uint8_t s = 0; s < WICK_GW_TURNS; s++) {
                wick_gateway_input(&lab.a.gw, lab.w.now_ms, s, bytes, &r.kept[i].from);
                wick_stub_node_wake(&lab.a);
                wick_stub_run(&lab.w, 20, NULL);
                wick_gateway_input(&lab.b.gw, lab.w.now_ms, s, bytes, &r.kept[i].from);
                wick_stub_node_wake(&lab.b);
                wick_stub_run(&lab.w, 20, NULL);
            }
        }
    }
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_UP], up_a);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], up_b);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    CHECK(lab_echo(&lab, session, "untouched", 5000));
}

/* Records of a session count only from its address. */
TEST(records_from_elsewhere)
{
    uint8_t session = 0;
    uint8_t bytes[8] = {23, 'x'};
    fresh(41, 1);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 10000));
    wick_addr stranger = wick_addr_v4(20, 0, 0, 10, 50999);
    unsigned got = lab.got_b;
    uint32_t dropped = lab.b.gw.dropped;
    for (unsigned first = 0; first < 256; first++) {
        bytes[0] = (uint8_t)first;
        wick_gateway_input(&lab.b.gw, lab.w.now_ms, 0, wick_span_make(bytes, sizeof bytes),
                           &stranger);
        wick_gateway_input(&lab.b.gw, lab.w.now_ms, 1, wick_span_make(bytes, sizeof bytes),
                           &stranger);
        wick_gateway_input(&lab.b.gw, lab.w.now_ms, 9, wick_span_make(bytes, sizeof bytes),
                           &stranger);
    }
    wick_gateway_input(&lab.b.gw, lab.w.now_ms, 0, wick_span_make(bytes, 0), &stranger);
    wick_stub_run(&lab.w, 1000, NULL);
    CHECK_INT(lab.got_b, got);
    CHECK_INT(lab.b.gw.dropped - dropped, 256);
    CHECK(lab_echo(&lab, session, "mine", 5000));
}

TEST(datagrams_too_long)
{
    static uint8_t big[WICK_GW_DATAGRAM_MAX + 1];
    uint8_t session = 0;
    wick_gateway_out o;
    fresh(42, 1);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 10000));
    big[0] = 23;
    CHECK_STATUS(wick_gateway_send(&lab.a.gw, &o, wick_span_make(big, sizeof big), lab.w.now_ms,
                                   session),
                 WICK_E_NO_SPACE);
    CHECK_STATUS(wick_gateway_send(&lab.a.gw, &o, wick_span_make(big, sizeof big - 1),
                                   lab.w.now_ms, session),
                 WICK_OK);
    CHECK_STATUS(wick_gateway_send(&lab.a.gw, &o, wick_span_make(big, 1), lab.w.now_ms, 77),
                 WICK_E_STATE);
}

TEST(calls_to_oneself_and_for_want_of_a_record)
{
    uint8_t session = 0;
    fresh(43, 1);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
    CHECK_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-a"), WICK_E_BAD_ARG);
    CHECK_INT(session, WICK_GW_NO_SESSION);
    wick_stub_node_kill(&lab.a);
    lab.a.cfg.has_wallet_manager = false; /* it never gets a record: the call says so */
    lab.a.cfg.relay_user = "x";
    lab.a.cfg.relay_password = "y";
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_CONFIG);
}

/* A peer with a public address of its own needs no relay on its side. */
TEST(direct_peer)
{
    uint8_t session = 0, service[32], slot[32], word[32];
    wick_endpoint e;
    fresh(44, 1);
    wick_stub_host_move(&lab.w, lab.host_b, -1, wick_addr_v4(20, 0, 0, 77, 0));
    lab.a.cfg.allow_unvalidated = true;
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    wick_slot_endpoint(slot, lab.b.last[WICK_GW_EV_REGISTERED].id, service, 0);
    wick_stub_chain_get(&lab.chain, word, 0, slot);
    REQUIRE_STATUS(wick_endpoint_decode(&e, word), WICK_OK);
    e.addr = wick_addr_v4(20, 0, 0, 77, lab.w.sock[lab.b.sock[0]].port);
    e.kind = WICK_ENDPOINT_DIRECT;
    REQUIRE_STATUS(wick_endpoint_encode(word, &e), WICK_OK);
    wick_stub_chain_put(&lab.chain, 0, slot, word);
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK_INT(lab.a.last[WICK_GW_EV_SESSION_UP].endpoint_kind, WICK_ENDPOINT_DIRECT);
    unsigned relayed = lab.relay[0].turn.relayed_in;
    CHECK(lab_echo(&lab, session, "straight", 5000));
    CHECK_INT(lab.relay[0].turn.relayed_in, relayed);
}

TAP_MAIN("sim.gateway_path", CASE(wrong_password), CASE(unauthorised_for_ever),
         CASE(stale_nonce_for_ever), CASE(relay_is_silent), CASE(another_relay_serves),
         CASE(no_relay_is_approved), CASE(no_credentials_to_be_had),
         CASE(private_relayed_address), CASE(allocation_lost), CASE(nat_reboots), CASE(relay_takes_back_what_it_grants),
         CASE(session_lives_on), CASE(relay_denies_the_peer), CASE(second_allocation_is_refused),
         CASE(relay_is_not_permitted_by_the_peer), CASE(permissions_end_with_the_session),
         CASE(relay_is_checked_before_publishing),
         CASE(unfit_relays), CASE(peer_is_gone),
         CASE(caller_without_a_record), CASE(endpoint_of_somebody_else),
         CASE(crossing_calls), CASE(call_in_the_other_direction),
         CASE(altered_handshakes), CASE(replayed_datagrams), CASE(records_from_elsewhere),
         CASE(datagrams_too_long), CASE(calls_to_oneself_and_for_want_of_a_record),
         CASE(direct_peer))
