/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a gateway: keys that change, records that run out, several callers, several
 * registries, standby endpoints, being stopped and closed at every point.
 */
#include "lab.h"
#include "tap.h"

static struct lab lab;
static wick_stub_node more[4];

static void fresh(uint64_t seed)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
}

static bool begin_more(unsigned i, const char *name)
{
    int host = wick_stub_host(&lab.w, lab.nat_a, wick_addr_v4(10, 10, 1, (uint8_t)(20 + i), 0));
    return wick_stub_node_init(&more[i], &lab.w, host, &lab.chain, &lab.wallet, name) ==
               WICK_OK &&
           wick_stub_node_begin(&more[i], WICK_GW_GOAL_CALL) == WICK_OK &&
           wick_stub_run(&lab.w, 60000, &more[i].ready);
}

/* ------------------------------------------------------------------ own record */

TEST(new_device_key_is_registered)
{
    uint8_t session = 0;
    fresh(1);
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_node_kill(&lab.b);
    REQUIRE_STATUS(wick_ram_keystore_generate(&lab.b.cfg.device_key, &lab.b.ram, &lab.b.entropy),
                   WICK_OK);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    CHECK(lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 2);
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK(lab_echo(&lab, session, "new key", 5000));
}

/* The owner of gw-b's record has its key changed, without the agent. */
static void rotate_record(wick_key key)
{
    uint8_t id[32], slot[2][32], word[2][32], pub33[33];
    wick_device d;
    REQUIRE_STATUS(lab.b.cfg.keystore->secp256k1_public(lab.b.cfg.keystore->ctx, pub33, key), WICK_OK);
    REQUIRE_STATUS(wick_name_hash(id, wick_span_text("gw-b")), WICK_OK);
    for (uint8_t i = 0; i < 2; i++) {
        wick_slot_device(slot[i], id, i);
        wick_stub_chain_get(&lab.chain, word[i], 0, slot[i]);
    }
    REQUIRE_STATUS(wick_device_decode(&d, word[0], word[1]), WICK_OK);
    REQUIRE_STATUS(wick_device_set_pub33(&d, pub33), WICK_OK);
    d.epoch++;
    REQUIRE_STATUS(wick_device_encode(word[0], word[1], &d), WICK_OK);
    for (uint8_t i = 0; i < 2; i++) {
        wick_stub_chain_put(&lab.chain, 0, slot[i], word[i]);
    }
}

/* And the agent, which runs with the former one, sees it. */
static void rotate_again(wick_key *key)
{
    REQUIRE_STATUS(wick_ram_keystore_generate(key, &lab.b.ram, &lab.b.entropy), WICK_OK);
    rotate_record(*key);
    lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER] = 0;
    REQUIRE_STATUS(wick_gateway_start(&lab.b.gw, lab.w.now_ms, WICK_GW_GOAL_SERVE), WICK_OK);
    wick_stub_node_wake(&lab.b);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 10000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_E_BAD_KEY);
    CHECK(!lab.b.last[WICK_GW_EV_REGISTERED].final);
}

static void rotate_by_hand(uint64_t seed, wick_key *key)
{
    fresh(seed);
    REQUIRE(lab_ready(&lab, 60000));
    rotate_again(key);
}

/* It does not write its former key over that of its owner, who gives it the new one in time. */
TEST(key_of_another_hand_is_taken)
{
    uint8_t session = 0;
    wick_key key;
    rotate_by_hand(31, &key);
    REQUIRE_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, key), WICK_OK);
    wick_stub_node_wake(&lab.b);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 20000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(!lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 2);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER], 0);
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK(lab_echo(&lab, session, "new key", 5000));
}

/* And another one at once: the key of before gives way. */
TEST(second_key_of_another_hand_is_taken)
{
    uint8_t session = 0;
    wick_key key, second;
    rotate_by_hand(37, &key);
    REQUIRE_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, key), WICK_OK);
    wick_stub_node_wake(&lab.b);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 20000));
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 2);
    rotate_again(&second);
    CHECK_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, second), WICK_E_STATE);
    wick_gateway_forget_key(&lab.b.gw);
    REQUIRE_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, second), WICK_OK);
    wick_stub_node_wake(&lab.b);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 20000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(!lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 3);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER], 0);
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK(lab_echo(&lab, session, "third key", 5000));
}

/* It has the new key before the record shows it, and asks for a voucher: what its owner has paid for meanwhile is
 * not paid for again. */
TEST(key_of_another_hand_comes_meanwhile)
{
    wick_key key;
    fresh(33);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_ram_keystore_generate(&key, &lab.b.ram, &lab.b.entropy), WICK_OK);
    const unsigned sent = lab.b.requests[WICK_GW_REQ_CHAIN_SEND];
    lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER] = 0;
    REQUIRE_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, key), WICK_OK);
    wick_stub_node_wake(&lab.b);
    for (int i = 0; i < 10000 && lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER] == 0; i++) {
        (void)wick_stub_run(&lab.w, 1, NULL);
    }
    CHECK_INT(lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER], 1);
    rotate_record(key);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 60000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(!lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 2);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_SEND], sent);
}

/* The key changes while it is vouched for, before or after the manager's answer. */
static void change_while_vouched_for(uint64_t seed, bool answered)
{
    wick_key key;
    fresh(seed);
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_node_kill(&lab.b);
    REQUIRE_STATUS(wick_ram_keystore_generate(&lab.b.cfg.device_key, &lab.b.ram, &lab.b.entropy),
                   WICK_OK);
    REQUIRE_STATUS(wick_ram_keystore_generate(&key, &lab.b.ram, &lab.b.entropy), WICK_OK);
    lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER] = 0;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    for (int i = 0; i < 60000 && lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER] == 0; i++) {
        (void)wick_stub_run(&lab.w, 1, NULL);
    }
    for (int i = 0; i < 10000 && answered && lab.b.gw.own.ask.state != 0; i++) {
        (void)wick_stub_run(&lab.w, 1, NULL);
    }
    CHECK_INT(lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER], 1);
    CHECK((lab.b.gw.own.ask.state == 0) == answered);
    REQUIRE_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, key), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 2);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER], 2);
}

/* A voucher for the key before is not used, nor what is said instead of it: the record is paid for once. */
TEST(key_changes_before_the_voucher)
{
    change_while_vouched_for(35, false);
}

TEST(key_changes_after_the_voucher)
{
    change_while_vouched_for(36, true);
}

/* Also one who starts with the former key, as after a rotation that was cut short, asks before he writes. */
TEST(key_of_another_hand_before_the_start)
{
    wick_key key;
    fresh(34);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_ram_keystore_generate(&key, &lab.b.ram, &lab.b.entropy), WICK_OK);
    wick_stub_node_kill(&lab.b);
    rotate_record(key);
    lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER] = 0;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 20000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_E_BAD_KEY);
    REQUIRE_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, key), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 20000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(!lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 2);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER], 0);
}

/* Whom nobody gives it writes the record anew with his own. */
TEST(key_of_another_hand_is_not_given)
{
    wick_key key;
    rotate_by_hand(32, &key);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 60000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 3);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_WALLET_VOUCHER], 1);
}

TEST(record_that_runs_out_is_renewed)
{
    fresh(2);
    lab.b.cfg.not_after_s = WICK_STUB_UNIX_BASE + 300;
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_node_kill(&lab.b);
    wick_stub_run(&lab.w, 400000, NULL);
    lab.b.cfg.not_after_s = 0;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.b.ready));
    CHECK_INT(lab.b.last[WICK_GW_EV_REGISTERED].epoch, 2);
}

/* The answer to a sent transaction is lost: it is awaited, not sent again. */
TEST(answer_to_a_transaction_is_lost)
{
    fresh(3);
    lab.chain.lie = WICK_STUB_LIE_UNANSWERED;
    REQUIRE(lab_ready(&lab, 60000));
    CHECK_INT(lab.a.requests[WICK_GW_REQ_CHAIN_SEND], 2); /* register, publish */
    CHECK_INT(lab.chain.mined, 4);
}

TEST(transaction_is_refused_by_the_pool)
{
    fresh(4);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    lab.chain.lie = WICK_STUB_LIE_REFUSED;
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_REGISTERED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_REGISTERED].status, WICK_E_RPC);
    lab.chain.lie = WICK_STUB_HONEST;
    CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
}

/* Registration holds, publishing does not: the events tell them apart. */
TEST(publishing_fails)
{
    fresh(5);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    lab.chain.lie = WICK_STUB_LIE_SWALLOW;
    REQUIRE_STATUS(wick_gateway_start(&lab.a.gw, lab.w.now_ms, WICK_GW_GOAL_SERVE), WICK_OK);
    wick_stub_node_wake(&lab.a);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PUBLISH_FAILED, WICK_GW_INCLUSION_MS + 30000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PUBLISH_FAILED].status, WICK_E_TX_LOST);
    CHECK_INT(lab.a.seen[WICK_GW_EV_REGISTERED], 1);
    lab.chain.lie = WICK_STUB_HONEST;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PUBLISHED, 60000));
    CHECK_INT(lab.a.seen[WICK_GW_EV_READY], 2);
}

/* The path changes while the former one is being written: the last word is the present path. */
TEST(path_changes_while_publishing)
{
    fresh(6);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_SERVE), WICK_OK);
    while (lab.b.requests[WICK_GW_REQ_CHAIN_SEND] < 2 && lab.w.now_ms < 60000) {
        wick_stub_run(&lab.w, 1, NULL);
    }
    wick_stub_nat_reboot(&lab.w, lab.nat_b);
    wick_stub_turn_restart(&lab.relay[0].turn);
    wick_stub_run(&lab.w, 120000, NULL);
    CHECK(wick_addr_equal(&lab.b.last[WICK_GW_EV_PUBLISHED].addr,
                          &lab.b.last[WICK_GW_EV_PATH_CHANGED].addr));
    CHECK_INT(lab.b.last[WICK_GW_EV_PUBLISHED].seq, 2);
}

/* ------------------------------------------------------------------ peers */

TEST(standby_endpoint)
{
    uint8_t session = 0, service[32], slot[2][32], word[32];
    wick_endpoint e;
    fresh(10);
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_endpoint(slot[i], lab.b.last[WICK_GW_EV_REGISTERED].id, service, i);
    }
    wick_stub_chain_get(&lab.chain, word, 0, slot[0]);
    wick_stub_chain_put(&lab.chain, 0, slot[1], word);
    REQUIRE_STATUS(wick_endpoint_decode(&e, word), WICK_OK);
    e.addr.port = 50999; /* nobody is there */
    REQUIRE_STATUS(wick_endpoint_encode(word, &e), WICK_OK);
    wick_stub_chain_put(&lab.chain, 0, slot[0], word);
    REQUIRE(lab_connect(&lab, &session, 40000));
    CHECK_INT(lab.a.seen[WICK_GW_EV_PEER_RESOLVED], 1); /* the one look-up gave both */
    CHECK(lab_echo(&lab, session, "standby", 5000));
}

TEST(peer_in_another_registry)
{
    static wick_gateway_registry two[2];
    fresh(11);
    REQUIRE(lab_ready(&lab, 60000));
    wick_stub_node_kill(&lab.a);
    two[0] = two[1] = lab.a.registry;
    two[1].name = "partner";
    lab.a.cfg.registries = two;
    lab.a.cfg.registry_count = 2;
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_CALL), WICK_OK);
    REQUIRE(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    uint8_t session = 0;
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b@partner"), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_UP, 10000));
    CHECK(lab_echo(&lab, session, "abroad", 5000));
    CHECK(lab.a.gw.marks.chain[1].number != 0);
}

static unsigned refusals_lost;

/* Takes the first refusals off the path: STUN Binding, error class, in whatever the relay puts around. */
static bool lose_refusals(void *ctx, wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                          uint8_t *bytes, size_t *len)
{
    static const uint8_t head[] = {0x01, 0x11, 0x00, 0x34, 0x21, 0x12, 0xa4, 0x42};
    (void)ctx, (void)w, (void)from, (void)to;
    for (size_t i = 0; i + sizeof head <= *len; i++) {
        if (memcmp(bytes + i, head, sizeof head) == 0 && refusals_lost < 3) {
            refusals_lost++;
            return false;
        }
    }
    return true;
}

/* More callers than sessions: those in use stay, one that is idle gives way. */
TEST(many_callers)
{
    uint8_t session = 0;
    static const char *const names[] = {"c-0", "c-1", "c-2", "c-3"};
    fresh(12);
    REQUIRE(lab_ready(&lab, 60000));
    for (unsigned i = 0; i < 4; i++) {
        REQUIRE(begin_more(i, names[i]));
        uint8_t s;
        REQUIRE_STATUS(wick_stub_node_connect(&more[i], &s, "gw-b"), WICK_OK);
        CHECK(lab_until(&lab, &more[i], WICK_GW_EV_SESSION_UP, 10000));
    }
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 4);
    /* The fifth one gets through its handshake, but there is no session for it: it is told. */
    REQUIRE(lab_connect(&lab, &session, 10000));
    wick_stub_run(&lab.w, 2000, NULL);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_PEER_BUSY);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 4);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    wick_gateway_close(&lab.a.gw, session);
    /* A refusal that is lost is said again when the caller is heard. */
    refusals_lost = 0;
    lab.w.tap = lose_refusals;
    REQUIRE(lab_connect(&lab, &session, 10000));
    static const uint8_t hello[] = {22, 0xfe, 0xfd};
    for (unsigned i = 0; i < 20 && lab.a.seen[WICK_GW_EV_SESSION_DOWN] < 2; i++) {
        wick_status s = wick_stub_node_send(&lab.a, session, wick_span_make(hello, sizeof hello));
        CHECK(s == WICK_OK || s == WICK_E_STATE);
        wick_stub_run(&lab.w, 500, NULL);
    }
    CHECK_INT(refusals_lost, 3);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], 2);
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_PEER_BUSY);
    lab.w.tap = NULL;
    wick_gateway_close(&lab.a.gw, session);
    wick_stub_run(&lab.w, 40000, NULL); /* all are idle now: the next try frees a place ... */
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_LIMIT);
    wick_gateway_close(&lab.a.gw, session);
    REQUIRE(lab_connect(&lab, &session, 10000)); /* ... and the one after takes it */
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 5);
    CHECK(lab_echo(&lab, session, "in", 5000));
}

/* The responder's node is silent: callers wait, are not answered, and others are not blocked. */
TEST(slow_look_ups_of_callers)
{
    uint8_t session = 0;
    static const char *const names[] = {"c-0", "c-1", "c-2"};
    fresh(13);
    REQUIRE(lab_ready(&lab, 60000));
    for (unsigned i = 0; i < 3; i++) {
        REQUIRE(begin_more(i, names[i]));
    }
    lab.chain.latency_ms = 5000; /* for everybody */
    for (unsigned i = 0; i < 3; i++) {
        uint8_t s;
        REQUIRE_STATUS(wick_stub_node_connect(&more[i], &s, "gw-b"), WICK_OK);
    }
    wick_stub_run(&lab.w, 60000, NULL);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 3);
    lab.chain.latency_ms = 15000; /* longer than a caller is kept */
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_DOWN, 150000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_NSL_NO_ANSWER);
    lab.chain.latency_ms = 5;
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK(lab_echo(&lab, session, "quick", 5000));
}

/* ------------------------------------------------------------------ stops */

TEST(closed_at_every_moment)
{
    for (unsigned ms = 0; ms < 260; ms += 20) {
        uint8_t session = 0;
        fresh(20);
        REQUIRE(lab_ready(&lab, 60000));
        REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
        wick_stub_run(&lab.w, ms, NULL);
        wick_gateway_close(&lab.a.gw, session);
        unsigned down = lab.a.seen[WICK_GW_EV_SESSION_DOWN];
        wick_stub_run(&lab.w, 5000, NULL);
        CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN], down); /* close has no event */
        REQUIRE(lab_connect(&lab, &session, 70000));
        CHECK(lab_echo(&lab, session, "after", 5000));
    }
    wick_gateway_close(&lab.a.gw, 99); /* nothing happens */
}

TEST(stopped_at_every_moment)
{
    for (unsigned ms = 0; ms < 4000; ms += 150) {
        fresh(21);
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
        wick_stub_run(&lab.w, ms, NULL);
        wick_gateway_stop(&lab.a.gw, lab.w.now_ms);
        wick_stub_node_wake(&lab.a);
        CHECK(wick_stub_run(&lab.w, 60000, &lab.a.done));
        unsigned puts = lab.chain.mined;
        wick_stub_run(&lab.w, 5000, NULL);
        CHECK(lab.chain.mined <= puts + 1); /* what was sent before may still be included */
        /* And begins again where it was. */
        lab.a.done = false;
        lab.a.ready = false;
        REQUIRE_STATUS(wick_gateway_start(&lab.a.gw, lab.w.now_ms, WICK_GW_GOAL_SERVE), WICK_OK);
        wick_stub_node_wake(&lab.a);
        CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    }
}

/* Power cuts at every moment, with what the chain and the store then hold. */
TEST(killed_at_every_moment)
{
    for (unsigned ms = 0; ms < 4000; ms += 150) {
        fresh(22);
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
        wick_stub_run(&lab.w, ms, NULL);
        wick_stub_node_kill(&lab.a);
        wick_stub_run(&lab.w, 1000, NULL);
        REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
        CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
        CHECK_INT(lab.a.last[WICK_GW_EV_REGISTERED].epoch, 1); /* registered once */
    }
}

/* ------------------------------------------------------------------ small things */

static void on_log(void *ctx, wick_log_level level, const char *module, const char *text)
{
    unsigned *count = ctx;
    (void)module;
    *count += level == WICK_LOG_WARN && text[0] != '\0' ? 1u : 0u;
}

TEST(store_that_refuses_is_reported)
{
    static wick_hal_log log;
    static unsigned warnings;
    warnings = 0;
    log.ctx = &warnings;
    log.write = on_log;
    fresh(30);
    lab.a.cfg.log = &log;
    lab.a.store_mem.fault = WICK_STUB_FAULT_BEFORE;
    REQUIRE(lab_ready(&lab, 60000));
    CHECK(warnings != 0);
}

TEST(randomness_that_fails_later)
{
    fresh(31);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    lab.w.entropy_fails = true;
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PATH_CHANGED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PATH_CHANGED].status, WICK_E_ENTROPY);
    lab.w.entropy_fails = false;
    CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
}

/* The registry of relays cannot be read: a configured relay serves all the same. */
TEST(configured_relay_without_a_list)
{
    fresh(32);
    lab.a.cfg.relay = wick_addr_v4(20, 0, 0, 10, 3478);
    memset(lab.a.registry.relay_registry, 0x99, 20); /* nothing is there */
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    CHECK(wick_stub_run(&lab.w, 60000, &lab.a.ready));
    fresh(33);
    memset(lab.a.registry.relay_registry, 0x99, 20);
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PATH_CHANGED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PATH_CHANGED].status, WICK_E_NO_CONTRACT);
    CHECK(lab.a.last[WICK_GW_EV_PATH_CHANGED].final);
    fresh(34);
    memset(lab.a.registry.relay_registry, 0, 20); /* and none is configured */
    REQUIRE_STATUS(wick_stub_node_begin(&lab.a, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PATH_CHANGED, 60000));
    CHECK_STATUS(lab.a.last[WICK_GW_EV_PATH_CHANGED].status, WICK_E_RELAY_UNKNOWN);
}

/* An agent by hand: requests that are given back failed are asked again, and bounded. */
TEST(requests_by_hand)
{
    wick_gateway_out o;
    char longer[WICK_GW_RELAY_USER_MAX + 1];
    fresh(35);
    memset(longer, 'x', sizeof longer);
    lab.a.cfg.crypto = &lab.a.crypto;
    lab.a.cfg.relay = wick_addr_v4(20, 0, 0, 10, 3478);
    memset(lab.a.registry.relay_registry, 0, 20);
    REQUIRE_STATUS(wick_gateway_init(&lab.a.gw, &lab.a.cfg), WICK_OK);
    REQUIRE_STATUS(wick_gateway_start(&lab.a.gw, 0, WICK_GW_GOAL_PATH), WICK_OK);
    wick_gateway_poll(&lab.a.gw, &o, 0);
    REQUIRE(o.kind == WICK_GW_OUT_REQUEST && o.request.kind == WICK_GW_REQ_WALLET_RELAY);
    uint32_t first = o.request.id;
    CHECK_STATUS(wick_gateway_fees(&lab.a.gw, 0, first, 1, 1), WICK_E_STATE); /* another kind */
    CHECK_STATUS(wick_gateway_failed(&lab.a.gw, 0, first, WICK_E_TLS), WICK_OK);
    wick_gateway_poll(&lab.a.gw, &o, 0);
    REQUIRE(o.kind == WICK_GW_OUT_WAIT);
    wick_gateway_poll(&lab.a.gw, &o, o.deadline_ms);
    REQUIRE(o.kind == WICK_GW_OUT_REQUEST);
    CHECK(o.request.id != first);
    CHECK_STATUS(wick_gateway_relay(&lab.a.gw, longer, "p", 0, 2000, o.request.id),
                 WICK_E_LIMIT);
    wick_gateway_poll(&lab.a.gw, &o, 2000);
    REQUIRE(o.kind == WICK_GW_OUT_EVENT);
    CHECK_STATUS(o.event.status, WICK_E_LIMIT);
    /* Never answered: given up, retried, and told. */
    uint64_t now = 2000;
    unsigned asked = 0;
    do {
        wick_gateway_poll(&lab.a.gw, &o, now);
        asked += o.kind == WICK_GW_OUT_REQUEST ? 1u : 0u;
        now = o.kind == WICK_GW_OUT_WAIT ? o.deadline_ms : now;
    } while (o.kind != WICK_GW_OUT_EVENT && now < 200000);
    CHECK_STATUS(o.event.status, WICK_E_TIMEOUT);
    CHECK_INT(asked, 3);
    lab.a.cfg.crypto = NULL;
}

/* 32 bits of milliseconds end in the middle of it. */
TEST(clock_passes_32_bits)
{
    uint8_t session = 0;
    fresh(36);
    lab.w.now_ms = UINT64_C(0xFFFFFFFF) - 1500;
    wick_stub_run(&lab.w, 0, NULL); /* a block of now */
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 70000));
    CHECK(lab_echo(&lab, session, "late", 5000));
}

TAP_MAIN("sim.gateway_life", CASE(new_device_key_is_registered),
         CASE(key_of_another_hand_is_taken),
         CASE(second_key_of_another_hand_is_taken), CASE(key_of_another_hand_is_not_given),
         CASE(key_of_another_hand_comes_meanwhile), CASE(key_of_another_hand_before_the_start),
         CASE(key_changes_before_the_voucher), CASE(key_changes_after_the_voucher),
         CASE(record_that_runs_out_is_renewed), CASE(answer_to_a_transaction_is_lost),
         CASE(transaction_is_refused_by_the_pool), CASE(publishing_fails),
         CASE(path_changes_while_publishing), CASE(standby_endpoint),
         CASE(peer_in_another_registry), CASE(many_callers), CASE(slow_look_ups_of_callers),
         CASE(closed_at_every_moment), CASE(stopped_at_every_moment),
         CASE(killed_at_every_moment), CASE(store_that_refuses_is_reported),
         CASE(randomness_that_fails_later), CASE(configured_relay_without_a_list),
         CASE(requests_by_hand), CASE(clock_passes_32_bits))
