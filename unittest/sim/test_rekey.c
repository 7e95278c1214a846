/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that last (core/gateway/rekey.c): new keys after a time or many bytes, while data goes on;
 * what a revocation, a new key and a silent chain do to them; must 14: rotation in flight.
 */
#include "sites.h"
#include "tap.h"

#include "../unit/rsa_keys.h"

static struct sites site;
static struct lab *const lab = &site.lab;
static uint8_t suite = 0x22, next_type = WICK_KEY_TYPE_SECP256K1; /* of the keys; of that after a rotation */

static bool fresh(uint64_t seed, uint8_t *session)
{
    sites_init(&site, seed, SITE_SYMMETRIC, SITE_SYMMETRIC, 1);
    lab_suite(lab, suite);
    return lab_ready(lab, 120000) && lab_connect(lab, session, 20000) &&
           sites_echo(&site, *session, 5000) != WAY_NONE;
}

/* Time goes by, with a word now and then, so that the session is not idle. */
static unsigned talk(uint8_t session, uint64_t ms)
{
    unsigned lost = 0;
    for (uint64_t end = lab->w.now_ms + ms; lab->w.now_ms < end;) {
        lost += sites_echo(&site, session, 3000) == WAY_NONE ? 1u : 0u;
        (void)wick_stub_run(&lab->w, 200000, NULL);
    }
    return lost;
}

static uint8_t at_b(void)
{
    return lab->b.last[WICK_GW_EV_SESSION_UP].session;
}

/* Writes a new word into a device's record, as its owner or its manager would. */
static void set_word0(const wick_stub_node *n, uint8_t flags, uint32_t epoch, const uint8_t *pub33)
{
    wick_device d;
    uint8_t slot[32], word[2][32];
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, n->gw.id, i);
        wick_stub_chain_get(&lab->chain, word[i], 0, slot);
    }
    REQUIRE_STATUS(wick_device_decode(&d, word[0], word[1]), WICK_OK);
    if (pub33 != NULL) {
        REQUIRE_STATUS(wick_device_set_pub33(&d, pub33), WICK_OK);
    }
    d.epoch = epoch;
    d.flags = (uint8_t)(d.flags | flags);
    REQUIRE_STATUS(wick_device_encode(word[0], word[1], &d), WICK_OK);
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, n->gw.id, i);
        wick_stub_chain_put(&lab->chain, 0, slot, word[i]);
    }
}

TEST(new_keys_after_an_hour)
{
    uint8_t session = 0, a_root[32], b_root[32];
    REQUIRE(fresh(1, &session));
    memcpy(a_root, lab->a.gw.session[session].keys.root, 32);
    memcpy(b_root, lab->b.gw.session[at_b()].keys.root, 32);
    CHECK_INT(talk(session, WICK_GW_REKEY_MS - 400000), 0);
    CHECK_MEM(a_root, lab->a.gw.session[session].keys.root, 32);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], 1);
    CHECK_INT(talk(session, 600000), 0); /* data goes on all the time */
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], 2);
    CHECK_INT(lab->b.seen[WICK_GW_EV_SESSION_UP], 2);
    CHECK_INT(lab->a.last[WICK_GW_EV_SESSION_UP].session, session);
    CHECK(memcmp(a_root, lab->a.gw.session[session].keys.root, 32) != 0);
    CHECK(memcmp(b_root, lab->b.gw.session[at_b()].keys.root, 32) != 0);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_DOWN] + lab->b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    /* the old keys are nowhere any more */
    const uint8_t *mem = (const uint8_t *)&lab->a.gw;
    bool found = false;
    for (size_t i = 0; i + 32 <= sizeof lab->a.gw; i++) {
        found = found || memcmp(mem + i, a_root, 32) == 0;
    }
    CHECK(!found);
}

TEST(new_keys_on_request_and_by_bytes)
{
    uint8_t session = 0;
    REQUIRE(fresh(2, &session));
    CHECK_STATUS(wick_gateway_rekey(&lab->b.gw, lab->w.now_ms, at_b()), WICK_E_STATE);
    CHECK_STATUS(wick_gateway_rekey(&lab->a.gw, lab->w.now_ms, WICK_GW_SESSIONS_MAX), WICK_E_STATE);
    CHECK_STATUS(wick_gateway_rekey(&lab->a.gw, lab->w.now_ms, session), WICK_OK);
    wick_stub_node_wake(&lab->a);
    CHECK(lab_until(lab, &lab->a, WICK_GW_EV_SESSION_UP, 10000));
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
    uint64_t bytes = lab->a.gw.session[session].bytes;
    CHECK(bytes > 0 && bytes < 4096);
    lab->a.gw.session[session].bytes = WICK_GW_REKEY_BYTES - 1;
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
    (void)wick_stub_run(&lab->w, 5000, NULL);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], 3);
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
}

/* Revoked: at once, that is at the next look, on whichever side it is. */
TEST(revocation_ends_it)
{
    for (unsigned who = 0; who < 2; who++) {
        uint8_t session = 0;
        REQUIRE(fresh(3, &session));
        wick_stub_node *seer = who == 0 ? &lab->a : &lab->b;
        set_word0(who == 0 ? &lab->b : &lab->a, WICK_DEVICE_FLAG_REVOKED, 2, NULL);
        unsigned down = seer->seen[WICK_GW_EV_SESSION_DOWN];
        (void)talk(session, WICK_GW_WATCH_MS + 120000);
        CHECK(seer->seen[WICK_GW_EV_SESSION_DOWN] == down + 1);
        CHECK_STATUS(seer->last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_RECORD_REVOKED);
    }
}

static bool same_key(const wick_nsl_key *a, const wick_nsl_key *b)
{
    return a->type == b->type &&
           memcmp(a->bytes, b->bytes, a->type == WICK_KEY_TYPE_RSA2048 ? 260 : 33) == 0;
}

static void make_next_key(wick_key *key)
{
    static const char hex[] = RSA_KEY_C3;
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    if (next_type == WICK_KEY_TYPE_SECP256K1) {
        REQUIRE_STATUS(wick_ram_keystore_generate(key, &lab->b.ram, &lab->b.entropy), WICK_OK);
        return;
    }
    REQUIRE_STATUS(wick_hex_decode(primes, sizeof primes, hex, sizeof hex - 1), WICK_OK);
    REQUIRE_STATUS(wick_ram_keystore_import_rsa(key, &lab->b.ram, primes), WICK_OK);
}

/* must 14: the key is rotated while a handshake to the former one is on its way; the session goes on
 * until its next change of keys, which is made with the new one. */
TEST(must_14_rotation_in_flight)
{
    uint8_t session = 0;
    wick_key key;
    REQUIRE(fresh(4, &session));
    const wick_nsl_key former = lab->b.gw.device_pub;
    make_next_key(&key);
    CHECK_STATUS(wick_gateway_rotate(&lab->b.gw, lab->w.now_ms, lab->b.cfg.wallet_key),
                 WICK_E_SAME_KEY);
    wick_gateway_close(&lab->a.gw, session);
    REQUIRE_STATUS(wick_stub_node_connect(&lab->a, &session, "gw-b"), WICK_OK);
    while (lab->a.gw.session[session].run == 0) {
        (void)wick_stub_run(&lab->w, 1, NULL);
    }
    REQUIRE_STATUS(wick_gateway_rotate(&lab->b.gw, lab->w.now_ms, key), WICK_OK);
    wick_stub_node_wake(&lab->b);
    CHECK(!same_key(&former, &lab->b.gw.device_pub));
    REQUIRE(lab_until(lab, &lab->a, WICK_GW_EV_SESSION_UP, 20000));
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
    CHECK(same_key(&lab->a.gw.session[session].key, &former));
    CHECK_STATUS(wick_gateway_rotate(&lab->b.gw, lab->w.now_ms, key), WICK_E_STATE); /* too soon */
    while (lab->b.last[WICK_GW_EV_REGISTERED].epoch != 2 && lab->w.now_ms < 400000) {
        (void)wick_stub_run(&lab->w, 1000, NULL);
    }
    CHECK_INT(lab->b.last[WICK_GW_EV_REGISTERED].epoch, 2);
    CHECK_INT(talk(session, WICK_GW_WATCH_MS + 300000), 0);
    CHECK(lab->a.gw.session[session].outdated); /* seen, and it goes on */
    REQUIRE_STATUS(wick_gateway_rekey(&lab->a.gw, lab->w.now_ms, session), WICK_OK);
    wick_stub_node_wake(&lab->a);
    REQUIRE(lab_until(lab, &lab->a, WICK_GW_EV_SESSION_UP, 20000));
    CHECK(same_key(&lab->a.gw.session[session].key, &lab->b.gw.device_pub));
    CHECK(!lab->a.gw.session[session].outdated);
    CHECK_INT(lab->a.gw.session[session].epoch, 2);
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
}

static void in_suite(uint8_t which, uint8_t next, void (*test)(void))
{
    suite = which;
    next_type = next;
    test();
    suite = 0x22;
    next_type = WICK_KEY_TYPE_SECP256K1;
}

/* Also from one type of key to another, whatever the caller's is. */
TEST(must_14_rotation_in_flight_with_rsa)
{
    in_suite(0x11, WICK_KEY_TYPE_RSA2048, must_14_rotation_in_flight);
    in_suite(0x21, WICK_KEY_TYPE_SECP256K1, must_14_rotation_in_flight);
}

TEST(new_keys_with_rsa)
{
    in_suite(0x11, 0, new_keys_on_request_and_by_bytes);
}

/* A new key that the other end does not have: the session ends at its next change of keys. */
TEST(new_epoch_without_its_key)
{
    uint8_t session = 0;
    REQUIRE(fresh(5, &session));
    const wick_hal_keystore *ks = &lab->b.keystore;
    uint8_t other[33];
    REQUIRE_STATUS(ks->secp256k1_public(ks->ctx, other, lab->b.cfg.wallet_key), WICK_OK);
    set_word0(&lab->b, 0, 2, other);
    REQUIRE_STATUS(wick_gateway_rekey(&lab->a.gw, lab->w.now_ms, session), WICK_OK);
    wick_stub_node_wake(&lab->a);
    (void)talk(session, 240000);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], 1);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_STATUS(lab->a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_RECORD_STALE);
}

/* The side that was called: a caller of an epoch that is over, and that does not come again, ends. */
TEST(caller_of_an_epoch_that_is_over)
{
    uint8_t session = 0;
    REQUIRE(fresh(6, &session));
    uint8_t at = at_b();
    CHECK_INT(lab->b.gw.session[at].epoch, 1);
    set_word0(&lab->a, 0, 2, NULL);
    CHECK_INT(talk(session, WICK_GW_WATCH_MS + 120000), 0);
    CHECK(lab->b.gw.session[at].outdated);
    lab->a.gw.session[session].rekey_ms = WICK_TIME_NEVER(lab->w.now_ms); /* it never comes */
    (void)talk(session, WICK_GW_REKEY_MS + WICK_GW_REKEY_MS / 4);
    CHECK_INT(lab->b.seen[WICK_GW_EV_SESSION_DOWN], 1);
    CHECK_STATUS(lab->b.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_RECORD_STALE);
}

/* No answer of the chain, or none of the peer: the session goes on, and it is tried again. */
TEST(silence_ends_nothing)
{
    uint8_t session = 0;
    REQUIRE(fresh(7, &session));
    lab->chain.lie = WICK_STUB_LIE_SILENT;
    REQUIRE_STATUS(wick_gateway_rekey(&lab->a.gw, lab->w.now_ms, session), WICK_OK);
    wick_stub_node_wake(&lab->a);
    CHECK_INT(talk(session, 300000), 0);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], 1);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_DOWN], 0);
    lab->chain.lie = WICK_STUB_HONEST;
    CHECK_INT(talk(session, 300000), 0);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], 2);
}

TAP_MAIN("sim.rekey", CASE(new_keys_after_an_hour), CASE(new_keys_on_request_and_by_bytes),
         CASE(revocation_ends_it), CASE(must_14_rotation_in_flight),
         CASE_LONG(must_14_rotation_in_flight_with_rsa), CASE_LONG(new_keys_with_rsa), CASE(new_epoch_without_its_key),
         CASE(caller_of_an_epoch_that_is_over), CASE(silence_ends_nothing))
