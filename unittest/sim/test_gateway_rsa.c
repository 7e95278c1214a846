/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gateways with RSA-2048 keys: registered by hash, announced once, found by each other through a log
 * that no proof covers; in all four suites, and with nodes that give another key, none, or nothing.
 */
#include "lab.h"
#include "tap.h"
#include "wick/peer_keys.h"
#include "wick/record.h"

static struct lab lab;

static void fresh(uint64_t seed, uint8_t suite)
{
    lab_init(&lab, seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    lab_suite(&lab, suite);
}

static void device_of(wick_device *out, const wick_stub_node *n)
{
    uint8_t word[2][32], slot[32];
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, n->gw.id, i);
        wick_stub_chain_get(&lab.chain, word[i], 0, slot);
    }
    CHECK_STATUS(wick_device_decode(out, word[0], word[1]), WICK_OK);
}

TEST(every_suite_from_registration_to_echo)
{
    static const uint8_t suites[] = {0x11, 0x12, 0x21, 0x22};
    for (size_t i = 0; i < sizeof suites; i++) {
        uint8_t session = 0, slot[32], word[32];
        wick_device d;
        fresh(10 + i, suites[i]);
        REQUIRE(lab_ready(&lab, 120000));
        CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
        CHECK(lab.b.last[WICK_GW_EV_REGISTERED].sent);
        device_of(&d, &lab.b);
        CHECK_INT(d.key_type, suites[i] & 15u);
        wick_slot_announced(slot, d.key);
        wick_stub_chain_get(&lab.chain, word, 0, slot);
        CHECK(wick_ct_is_zero(word, 32) == (d.key_type != WICK_KEY_TYPE_RSA2048));
        REQUIRE(lab_connect(&lab, &session, 20000));
        CHECK(lab_echo(&lab, session, "by its hash", 10000));
        /* each side asks for the other's key, where that is RSA */
        CHECK_INT(lab.chain.keys_asked, (suites[i] >> 4 == 1 ? 1 : 0) + ((suites[i] & 15) == 1 ? 1 : 0));
        CHECK_MEM(lab.a.gw.session[session].keys.peer_id, lab.b.gw.id, 32);
    }
}

TEST(announced_once_and_known_after)
{
    uint8_t session = 0;
    fresh(20, 0x11);
    REQUIRE(lab_ready(&lab, 120000));
    REQUIRE(lab_connect(&lab, &session, 20000));
    const unsigned asked = lab.chain.keys_asked;
    wick_gateway_close(&lab.a.gw, session);
    wick_gateway_close(&lab.b.gw, lab.session_b);
    REQUIRE(lab_connect(&lab, &session, 20000));
    CHECK_INT(lab.chain.keys_asked, asked); /* a key never changes under its hash */
    /* a restart finds all as it should be, and sends nothing */
    const unsigned mined = lab.chain.mined;
    wick_stub_node_kill(&lab.b);
    REQUIRE(wick_stub_node_begin(&lab.b, WICK_GW_GOAL_REGISTER) == WICK_OK);
    REQUIRE(lab_until(&lab, &lab.b, WICK_GW_EV_REGISTERED, 60000));
    CHECK_STATUS(lab.b.last[WICK_GW_EV_REGISTERED].status, WICK_OK);
    CHECK(!lab.b.last[WICK_GW_EV_REGISTERED].sent);
    CHECK_INT(lab.chain.mined, mined);
}

/* A look-up needs the key too: a record without one is of no use. */
TEST(nodes_that_lie_about_the_key)
{
    static const struct {
        wick_stub_key_fault fault;
        wick_status want;
    } rows[] = {{WICK_STUB_KEY_OTHER, WICK_E_PROOF_CLAIM},
                {WICK_STUB_KEY_UNKNOWN, WICK_E_NOT_FOUND},
                {WICK_STUB_KEY_SILENT, WICK_E_TIMEOUT},
                {WICK_STUB_KEY_OTHER_ONCE, WICK_OK}};
    fresh(30, 0x21);
    REQUIRE(lab_ready(&lab, 120000));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wick_peer_key key;
        lab.a.key_fault = rows[i].fault;
        lab.chain.keys_asked = 0;
        REQUIRE(wick_stub_node_lookup(&lab.a, "gw-b") == WICK_OK);
        REQUIRE(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 120000));
        const wick_gateway_event *e = &lab.a.last[WICK_GW_EV_PEER_RESOLVED];
        CHECK_STATUS(e->status, rows[i].want);
        CHECK_STATUS(wick_peer_key_take(&lab.a.gw, &key, e), rows[i].want);
        CHECK_INT(lab.chain.keys_asked, rows[i].want == WICK_OK ? 2 : 3);
        if (rows[i].want == WICK_OK) {
            CHECK_INT(key.key.type, WICK_KEY_TYPE_RSA2048);
            CHECK_MEM(key.key.bytes, lab.b.gw.device_pub.bytes, 260);
        }
        (void)wick_stub_run(&lab.w, WICK_GW_KEY_MISSING_MS, NULL);
    }
}

static wick_status look_up(void)
{
    CHECK_STATUS(wick_stub_node_lookup(&lab.a, "gw-b"), WICK_OK);
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_PEER_RESOLVED, 120000));
    return lab.a.last[WICK_GW_EV_PEER_RESOLVED].status;
}

/* A record whose key nobody announced costs three questions, and for a while no more; then the key may
 * have been announced. */
TEST(key_that_nobody_announced)
{
    uint8_t session = 0;
    fresh(35, 0x21);
    REQUIRE(lab_ready(&lab, 120000));
    lab.a.key_fault = WICK_STUB_KEY_UNKNOWN;
    CHECK_STATUS(look_up(), WICK_E_NOT_FOUND);
    CHECK_INT(lab.chain.keys_asked, 3);
    const uint64_t since = lab.w.now_ms;
    for (unsigned i = 0; i < 5; i++) {
        uint64_t begun = lab.w.now_ms;
        CHECK_STATUS(look_up(), WICK_E_NOT_FOUND);
        CHECK(lab.w.now_ms - begun < 1000);
        CHECK(!lab_connect(&lab, &session, 2000));
    }
    CHECK(lab.w.now_ms - since < WICK_GW_KEY_MISSING_MS);
    CHECK_INT(lab.chain.keys_asked, 3);
    /* what is missing in another registry may be in this one */
    lab.a.gw.keys.missing[0].registry = 1;
    CHECK_STATUS(look_up(), WICK_E_NOT_FOUND);
    CHECK_INT(lab.chain.keys_asked, 6);
    /* what is remembered is bounded: the entry that ends first gives way */
    wick_gateway_keys *k = &lab.a.gw.keys;
    for (unsigned i = 0; i < WICK_GW_KEYS_MISSING_MAX; i++) {
        k->missing[i].until_ms = lab.w.now_ms + 600000 - i;
        memset(k->missing[i].word, (int)i, sizeof k->missing[i].word);
    }
    CHECK_STATUS(look_up(), WICK_E_NOT_FOUND);
    CHECK_INT(lab.chain.keys_asked, 9);
    CHECK_STATUS(look_up(), WICK_E_NOT_FOUND);
    CHECK_INT(lab.chain.keys_asked, 9);
    CHECK_INT(k->missing[0].word[0], 0);
    CHECK(k->missing[WICK_GW_KEYS_MISSING_MAX - 1].until_ms < lab.w.now_ms + 40000);
    lab.a.key_fault = WICK_STUB_KEY_TRUE;
    CHECK_STATUS(look_up(), WICK_E_NOT_FOUND);
    (void)wick_stub_run(&lab.w, WICK_GW_KEY_MISSING_MS, NULL);
    CHECK_STATUS(look_up(), WICK_OK);
    CHECK_INT(lab.chain.keys_asked, 10);
}

/* The same at the responder: a caller in the name of such a record. */
TEST(caller_whose_key_nobody_announced)
{
    uint8_t session = 0;
    fresh(36, 0x12);
    REQUIRE(lab_ready(&lab, 120000));
    lab.b.key_fault = WICK_STUB_KEY_UNKNOWN;
    CHECK(!lab_connect(&lab, &session, 20000));
    CHECK_INT(lab.chain.keys_asked, 3);
    wick_gateway_close(&lab.a.gw, session);
    lab.b.key_fault = WICK_STUB_KEY_TRUE;
    (void)wick_stub_run(&lab.w, WICK_GW_KEY_MISSING_MS, NULL);
    CHECK(lab_connect(&lab, &session, 20000));
    CHECK_INT(lab.chain.keys_asked, 4);
}

/* The responder's node lies: the caller gets no answer, and gets one as soon as it does not. */
TEST(responder_with_a_lying_node)
{
    uint8_t session = 0;
    fresh(40, 0x12);
    REQUIRE(lab_ready(&lab, 120000));
    lab.b.key_fault = WICK_STUB_KEY_OTHER;
    CHECK(!lab_connect(&lab, &session, 15000));
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], 0);
    lab.b.key_fault = WICK_STUB_KEY_TRUE;
    CHECK(lab_until(&lab, &lab.a, WICK_GW_EV_SESSION_UP, 90000));
}

TEST(answers_that_nobody_asked_for)
{
    uint8_t sig[256], der[300];
    wick_buf spki = wick_buf_make(der, sizeof der);
    fresh(50, 0x21);
    REQUIRE(lab_ready(&lab, 120000));
    CHECK_STATUS(wick_gateway_key(&lab.a.gw, wick_span_make(der, 294), lab.w.now_ms, 0),
                 WICK_E_STATE);
    CHECK_STATUS(wick_gateway_key(&lab.a.gw, wick_span_make(der, 294), lab.w.now_ms, 1),
                 WICK_E_STATE);
    CHECK_STATUS(wick_gateway_possession_rsa(&lab.a.gw, sig, &spki, der, 1), WICK_E_UNSUPPORTED);
    CHECK_STATUS(wick_gateway_possession_rsa(&lab.b.gw, sig, &spki, der, 1), WICK_E_STATE);
    CHECK_INT(spki.len, 0);
}

TAP_MAIN("sim.gateway_rsa", CASE(every_suite_from_registration_to_echo),
         CASE(announced_once_and_known_after), CASE(nodes_that_lie_about_the_key),
         CASE(key_that_nobody_announced), CASE(caller_whose_key_nobody_announced),
         CASE(responder_with_a_lying_node), CASE(answers_that_nobody_asked_for))
