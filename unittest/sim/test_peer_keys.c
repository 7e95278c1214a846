/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and PSKs for local applications (wick/peer_keys.h): the destination's public key, a PSK that
 * both ends have, roles, successors, and everything that is none.
 */
#include "sites.h"
#include "tap.h"
#include "wick/peer_keys.h"

static struct sites site;
static struct lab *const lab = &site.lab;
static uint8_t suite = 0x22; /* types of the keys */
static wick_peer_key key;
static wick_status key_status;
static unsigned keys_told;

/* Takes the key at the event, as an application does. */
static void on_event(void *ctx, wick_stub_node *n, const wick_gateway_event *e)
{
    (void)ctx;
    if (e->kind == WICK_GW_EV_PEER_RESOLVED) {
        key_status = wick_peer_key_take(&n->gw, &key, e);
        keys_told++;
    }
}

static bool fresh(uint64_t seed)
{
    sites_init(&site, seed, SITE_SYMMETRIC, SITE_SYMMETRIC, 1);
    lab_suite(lab, suite);
    lab->a.on_event = on_event;
    keys_told = 0;
    return lab_ready(lab, 120000);
}

static bool ask_key(const char *ref)
{
    uint8_t request = 0;
    unsigned before = keys_told;
    wick_status s = wick_get_peer_key(&lab->a.gw, &request, lab->w.now_ms, ref);
    wick_stub_node_wake(&lab->a);
    return s == WICK_OK && request < WICK_GW_SESSIONS_MAX &&
           lab_until(lab, &lab->a, WICK_GW_EV_PEER_RESOLVED, 20000) && keys_told == before + 1;
}

/* a asks for a PSK that it shares with b. */
static bool ask_psk(uint8_t *session)
{
    wick_status s = wick_get_psk(&lab->a.gw, session, lab->w.now_ms, "gw-b");
    wick_stub_node_wake(&lab->a);
    return s == WICK_OK ||
           (s == WICK_AGAIN && lab_until(lab, &lab->a, WICK_GW_EV_SESSION_UP, 20000) &&
            lab->a.last[WICK_GW_EV_SESSION_UP].session == *session);
}

static wick_status find(wick_stub_node *n, wick_peer_psk *out, const char *identity, unsigned uses)
{
    return wick_psk_find(&n->gw, out, wick_span_text(identity), uses, lab->w.now_ms);
}

TEST(public_key_of_a_peer)
{
    REQUIRE(fresh(1));
    REQUIRE(ask_key("gw-b"));
    REQUIRE_STATUS(key_status, WICK_OK);
    CHECK_INT(key.key.type, suite & 15u);
    CHECK_MEM(key.key.bytes, lab->b.gw.device_pub.bytes, (suite & 15u) == 1 ? 260 : 33);
    CHECK_MEM(key.id, lab->b.gw.id, 32);
    CHECK_INT(key.epoch, 1);
    CHECK_INT(key.tier, WICK_TIER_OWN_NODE);
    CHECK(key.block_number != 0);
    /* no session came of it, and no place is lost */
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], 0);
    for (unsigned i = 0; i < 2 * WICK_GW_SESSIONS_MAX; i++) {
        CHECK(ask_key("gw-b") && key_status == WICK_OK);
    }
}

static void put_tls_key(const uint8_t value[32], const char *name)
{
    uint8_t service[32], slot[32];
    CHECK_STATUS(wick_name_hash(service, wick_span_text(name)), WICK_OK);
    wick_slot_tls_key(slot, lab->b.gw.id, service);
    wick_stub_chain_put(&lab->chain, 0, slot, value);
    (void)wick_stub_run(&lab->w, 1500, NULL); /* under a new header */
}

/* S0 III-F: which certificate a service must show is read with the record, and proven like it. */
TEST(tls_key_of_a_service)
{
    static const uint8_t word[32] = {0xab, 1}, other[32] = {0xcd, 2}, none[32];
    REQUIRE(fresh(1));
    bool rsa = (suite & 15u) == WICK_KEY_TYPE_RSA2048;
    put_tls_key(word, "camera");
    REQUIRE(ask_key("gw-b/camera")); /* not published: the key is proven all the same */
    REQUIRE_STATUS(key_status, WICK_OK);
    CHECK(key.has_tls_pin);
    CHECK_MEM(key.tls_pin, word, 32);
    put_tls_key(other, "camera"); /* it changes like any word */
    REQUIRE(ask_key("gw-b/camera"));
    CHECK(key.has_tls_pin);
    CHECK_MEM(key.tls_pin, other, 32);
    /* Of another service, and where there is none any more: the device's, if that is for certificates. */
    REQUIRE(ask_key("gw-b/door"));
    REQUIRE_STATUS(key_status, WICK_OK);
    CHECK(key.has_tls_pin == rsa);
    put_tls_key(none, "camera");
    REQUIRE(ask_key("gw-b/camera"));
    CHECK(key.has_tls_pin == rsa);
    uint8_t slot[32], device[32];
    wick_slot_device(slot, lab->b.gw.id, 1);
    wick_stub_chain_get(&lab->chain, device, 0, slot);
    CHECK(!rsa || memcmp(key.tls_pin, device, 32) == 0);
    CHECK(rsa || wick_ct_is_zero(key.tls_pin, 32));
}

/* A node that leaves the word out is not believed. */
TEST(tls_key_of_a_liar)
{
    static const uint8_t word[32] = {0xab, 1};
    REQUIRE(fresh(2));
    put_tls_key(word, "camera");
    lab->chain.lie = WICK_STUB_LIE_TRUNCATED;
    bool answered = ask_key("gw-b/camera");
    CHECK(lab->chain.lies_told != 0 && (!answered || key_status != WICK_OK));
    lab->chain.lie = WICK_STUB_HONEST;
    REQUIRE(ask_key("gw-b/camera"));
    REQUIRE_STATUS(key_status, WICK_OK);
    CHECK_MEM(key.tls_pin, word, 32);
}

/* An unknown name has none; one without endpoint has one. */
TEST(public_key_or_the_reason)
{
    REQUIRE(fresh(2));
    REQUIRE(ask_key("gw-x"));
    CHECK_STATUS(key_status, WICK_E_RECORD_ABSENT);
    CHECK_INT(key.epoch, 0);
    REQUIRE(ask_key("gw-b/nothing-there"));
    CHECK_STATUS(lab->a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_E_NO_ENDPOINT);
    CHECK_STATUS(key_status, WICK_OK);
    CHECK_MEM(key.key.bytes, lab->b.gw.device_pub.bytes, 33);
    uint8_t request = 0;
    CHECK_STATUS(wick_get_peer_key(&lab->a.gw, &request, 0, "GW"), WICK_E_NAME);
    CHECK_STATUS(wick_get_peer_key(&lab->a.gw, &request, 0, "gw-b@nowhere"), WICK_E_CONFIG);
    CHECK_INT(request, WICK_GW_NO_SESSION);
    /* Only the event that it was asked for tells. */
    wick_gateway_event e = lab->a.last[WICK_GW_EV_PEER_RESOLVED];
    e.kind = WICK_GW_EV_SESSION_UP;
    CHECK_STATUS(wick_peer_key_take(&lab->a.gw, &key, &e), WICK_E_STATE);
    e.kind = WICK_GW_EV_PEER_RESOLVED;
    e.id[0] ^= 1;
    CHECK_STATUS(wick_peer_key_take(&lab->a.gw, &key, &e), WICK_E_STATE);
    e.session = WICK_GW_NO_SESSION;
    CHECK_STATUS(wick_peer_key_take(&lab->a.gw, &key, &e), WICK_E_STATE);
    CHECK_INT(key.epoch, 0);
}

/* Both ends have the same, for each use another, and the server knows whose it is. */
TEST(psk_of_each_use)
{
    uint8_t session = 0;
    wick_peer_psk c, s;
    char seen[WICK_USES][WICK_SESSION_IDENTITY_CHARS + 1];
    REQUIRE(fresh(3));
    REQUIRE(ask_psk(&session));
    CHECK(lab->a.last[WICK_GW_EV_SESSION_UP].keys_only);
    for (unsigned i = 0; i < WICK_USES; i++) {
        wick_session_use use = (wick_session_use)(1u << i);
        REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &c, session, use), WICK_OK);
        CHECK_INT(c.psk.key_len, use == WICK_USE_PSK16 ? 16 : 32);
        CHECK_INT(c.role, WICK_ROLE_INITIATOR);
        CHECK_MEM(c.peer_id, lab->b.gw.id, 32);
        memcpy(seen[i], c.psk.identity, sizeof seen[i]);
        for (unsigned k = 0; k < i; k++) {
            CHECK(strcmp(seen[k], seen[i]) != 0);
        }
        REQUIRE_STATUS(find(&lab->b, &s, c.psk.identity, use), WICK_OK);
        CHECK_INT(s.role, WICK_ROLE_RESPONDER);
        CHECK_INT(s.use, use);
        CHECK_MEM(s.peer_id, lab->a.gw.id, 32);
        CHECK_INT(s.psk.key_len, c.psk.key_len);
        CHECK_MEM(s.psk.key, c.psk.key, c.psk.key_len);
        /* must 24: an identity of one use never gives the key of another */
        CHECK_STATUS(find(&lab->b, &s, c.psk.identity, 15u & ~(unsigned)use), WICK_E_NOT_FOUND);
        CHECK(wick_ct_is_zero((const uint8_t *)&s, sizeof s));
    }
    /* The second request is answered by the first's session. */
    uint8_t again = 0;
    CHECK_STATUS(wick_get_psk(&lab->a.gw, &again, lab->w.now_ms, "gw-b"), WICK_OK);
    CHECK_INT(again, session);
}

/* Roles: who asked is the client. A reflected hello finds nothing at its sender. */
TEST(roles)
{
    uint8_t session = 0;
    wick_peer_psk c, s;
    REQUIRE(fresh(4));
    REQUIRE(ask_psk(&session));
    REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_DTLS12), WICK_OK);
    CHECK_STATUS(find(&lab->a, &s, c.psk.identity, 15), WICK_E_NOT_FOUND);
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX + 1; i++) {
        CHECK_STATUS(wick_psk_take(&lab->b.gw, &s, i, WICK_USE_DTLS12), WICK_E_STATE);
    }
    CHECK_STATUS(wick_psk_next(&lab->b.gw, 0), WICK_E_STATE);
    /* what is no identity, or nobody's */
    CHECK_STATUS(find(&lab->b, &s, "", 15), WICK_E_NOT_FOUND);
    CHECK_STATUS(find(&lab->b, &s, "dpk1.AAAAAAAAAAAAAAAAAAAAAA", 15), WICK_E_NOT_FOUND);
    c.psk.identity[26] = c.psk.identity[26] == 'A' ? 'B' : 'A';
    CHECK_STATUS(find(&lab->b, &s, c.psk.identity, 15), WICK_E_NOT_FOUND);
    /* of a session that has been closed */
    wick_gateway_close(&lab->a.gw, session);
    CHECK_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_DTLS12), WICK_E_STATE);
    CHECK(wick_ct_is_zero((const uint8_t *)&c, sizeof c));
    CHECK_STATUS(wick_get_psk(&lab->a.gw, &session, lab->w.now_ms, "gw-a"), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_get_psk(&lab->a.gw, &session, lab->w.now_ms, "gw b"), WICK_E_NAME);
}

/* Successors: the client steps, the server follows, also over steps that it never saw, up to the
 * bound; what was before serves no more; the root of before is gone from both. */
TEST(successors)
{
    uint8_t session = 0;
    wick_peer_psk before, c, s;
    REQUIRE(fresh(5));
    REQUIRE(ask_psk(&session));
    REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &before, session, WICK_USE_TLS13), WICK_OK);
    REQUIRE_STATUS(find(&lab->b, &s, before.psk.identity, WICK_USE_TLS13), WICK_OK);
    uint8_t at_b = s.session, root[32];
    memcpy(root, lab->b.gw.session[at_b].keys.root, 32);
    CHECK_MEM(root, lab->a.gw.session[session].keys.root, 32);

    REQUIRE_STATUS(wick_psk_next(&lab->a.gw, session), WICK_OK);
    REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_TLS13), WICK_OK);
    CHECK(strcmp(c.psk.identity, before.psk.identity) != 0);
    CHECK(memcmp(c.psk.key, before.psk.key, 32) != 0);
    REQUIRE_STATUS(find(&lab->b, &s, before.psk.identity, WICK_USE_TLS13), WICK_OK); /* not yet */
    REQUIRE_STATUS(find(&lab->b, &s, c.psk.identity, WICK_USE_TLS13), WICK_OK);
    CHECK_MEM(s.psk.key, c.psk.key, 32);
    CHECK_STATUS(find(&lab->b, &s, before.psk.identity, WICK_USE_TLS13), WICK_E_NOT_FOUND);
    const uint8_t *mem[2] = {(const uint8_t *)&lab->a.gw, (const uint8_t *)&lab->b.gw};
    for (unsigned n = 0; n < 2; n++) {
        bool there = false;
        for (size_t i = 0; i + 32 <= sizeof lab->a.gw; i++) {
            there = there || memcmp(mem[n] + i, root, 32) == 0;
        }
        CHECK(!there);
    }

    for (unsigned i = 0; i < WICK_PSK_AHEAD; i++) {
        REQUIRE_STATUS(wick_psk_next(&lab->a.gw, session), WICK_OK);
    }
    REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_TLS12), WICK_OK);
    CHECK_STATUS(find(&lab->b, &s, c.psk.identity, WICK_USE_TLS13), WICK_E_NOT_FOUND); /* another use */
    CHECK_STATUS(find(&lab->b, &s, c.psk.identity, WICK_USE_TLS12), WICK_OK);
    for (unsigned i = 0; i < WICK_PSK_AHEAD + 1; i++) {
        REQUIRE_STATUS(wick_psk_next(&lab->a.gw, session), WICK_OK);
    }
    REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_TLS12), WICK_OK);
    CHECK_STATUS(find(&lab->b, &s, c.psk.identity, WICK_USE_TLS12), WICK_E_NOT_FOUND); /* too far */
}

static wick_status take(wick_stub_node *n, uint8_t session, uint32_t media)
{
    static wick_session_srtp last;
    wick_session_srtp k;
    wick_status s = wick_srtp_take(&n->gw, &k, session, WICK_SRTP_AEAD_AES_128_GCM, media);
    if (s == WICK_OK) {
        CHECK(memcmp(&last, &k, sizeof k) != 0);
        last = k;
    } else {
        CHECK(wick_ct_is_zero((const uint8_t *)&k, sizeof k));
    }
    return s;
}

/* Two media sessions with one number would share key streams: each is given out once. */
TEST(media_sessions_have_their_keys_once)
{
    uint8_t session = 0;
    wick_peer_psk c, s;
    wick_session_srtp ka, kb;
    REQUIRE(fresh(7));
    REQUIRE(ask_psk(&session));
    REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_DTLS12), WICK_OK);
    REQUIRE_STATUS(find(&lab->b, &s, c.psk.identity, WICK_USE_DTLS12), WICK_OK);
    REQUIRE_STATUS(wick_srtp_take(&lab->a.gw, &ka, session, WICK_SRTP_AES128_CM_SHA1_80, 5), WICK_OK);
    REQUIRE_STATUS(wick_srtp_take(&lab->b.gw, &kb, s.session, WICK_SRTP_AES128_CM_SHA1_80, 5), WICK_OK);
    CHECK_MEM(&ka, &kb, sizeof ka);
    CHECK_STATUS(take(&lab->a, session, 5), WICK_E_MEDIA_USED); /* with whatever profile */
    CHECK_STATUS(take(&lab->b, s.session, 5), WICK_E_MEDIA_USED);
    CHECK_STATUS(wick_srtp_take(&lab->a.gw, &ka, session, (wick_srtp_profile)3, 6), WICK_E_UNSUPPORTED);
    CHECK_STATUS(take(&lab->a, session, 6), WICK_OK); /* what failed is not given out */
    CHECK_STATUS(take(&lab->a, session, 0), WICK_E_BAD_ARG);
    CHECK_STATUS(take(&lab->a, WICK_GW_SESSIONS_MAX, 7), WICK_E_STATE);
    /* in any order, each once; too far below is as good as used */
    CHECK_STATUS(take(&lab->a, session, 40), WICK_OK);
    CHECK_STATUS(take(&lab->a, session, 9), WICK_OK);
    CHECK_STATUS(take(&lab->a, session, 8), WICK_E_MEDIA_USED);
    CHECK_STATUS(take(&lab->a, session, 9), WICK_E_MEDIA_USED);
    for (uint32_t n = 10; n < 40; n++) {
        CHECK_STATUS(take(&lab->a, session, n), WICK_OK);
        CHECK_STATUS(take(&lab->a, session, n), WICK_E_MEDIA_USED);
    }
    CHECK_STATUS(take(&lab->a, session, UINT32_MAX), WICK_OK);
    CHECK_STATUS(take(&lab->a, session, UINT32_MAX), WICK_E_MEDIA_USED);
    CHECK_STATUS(take(&lab->a, session, UINT32_MAX - 31), WICK_OK);
    CHECK_STATUS(take(&lab->a, session, UINT32_MAX - 32), WICK_E_MEDIA_USED);
    CHECK_STATUS(take(&lab->a, session, 1), WICK_E_MEDIA_USED);
    /* the next keys are others, at both ends; asking for the present ones changes nothing */
    REQUIRE_STATUS(find(&lab->b, &s, c.psk.identity, WICK_USE_DTLS12), WICK_OK);
    CHECK_STATUS(take(&lab->b, s.session, 5), WICK_E_MEDIA_USED);
    REQUIRE_STATUS(wick_psk_next(&lab->a.gw, session), WICK_OK);
    CHECK_STATUS(take(&lab->a, session, 5), WICK_OK);
    CHECK_STATUS(take(&lab->b, s.session, 5), WICK_E_MEDIA_USED);
    REQUIRE_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_DTLS12), WICK_OK);
    REQUIRE_STATUS(find(&lab->b, &s, c.psk.identity, WICK_USE_DTLS12), WICK_OK);
    REQUIRE_STATUS(wick_srtp_take(&lab->b.gw, &kb, s.session, WICK_SRTP_AEAD_AES_128_GCM, 5), WICK_OK);
    /* and so are those of a new handshake in the same place */
    wick_gateway_close(&lab->a.gw, session);
    REQUIRE(ask_psk(&session));
    CHECK_STATUS(take(&lab->a, session, 5), WICK_OK);
}

static void in_suite(uint8_t which, void (*test)(void))
{
    suite = which;
    test();
    suite = 0x22;
}

/* The peer's key is RSA, or the own one, or both are: nothing is different for an application. */
TEST(peers_with_rsa_keys)
{
    in_suite(0x21, public_key_of_a_peer);
    CHECK_INT(lab->chain.keys_asked, 1); /* known after the first time */
    in_suite(0x21, tls_key_of_a_service);
    in_suite(0x11, psk_of_each_use);
    in_suite(0x12, roles);
    in_suite(0x21, successors);
    in_suite(0x11, media_sessions_have_their_keys_once);
}

/* A session that carries data gives its PSK, and keeps it. */
TEST(session_with_data)
{
    uint8_t session = 0, again = 0;
    wick_peer_psk c;
    REQUIRE(fresh(6));
    REQUIRE(lab_connect(lab, &session, 20000));
    CHECK(!lab->a.last[WICK_GW_EV_SESSION_UP].keys_only);
    CHECK_STATUS(wick_get_psk(&lab->a.gw, &again, lab->w.now_ms, "gw-b"), WICK_OK);
    CHECK_INT(again, session);
    CHECK_STATUS(wick_psk_take(&lab->a.gw, &c, session, WICK_USE_TLS13), WICK_OK);
    CHECK_STATUS(wick_psk_next(&lab->a.gw, session), WICK_E_STATE);
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
    /* While a call is under way, a second request waits for the same. */
    wick_gateway_close(&lab->a.gw, session);
    CHECK_STATUS(wick_get_psk(&lab->a.gw, &session, lab->w.now_ms, "gw-b"), WICK_AGAIN);
    CHECK_STATUS(wick_get_psk(&lab->a.gw, &again, lab->w.now_ms, "gw-b"), WICK_AGAIN);
    CHECK_INT(again, session);
    wick_stub_node_wake(&lab->a);
    CHECK(lab_until(lab, &lab->a, WICK_GW_EV_SESSION_UP, 20000));
}

/* Every place of a's is taken by a session that was begun for its keys alone. */
static bool filled(uint64_t seed)
{
    uint8_t session = 0;
    if (!fresh(seed) || !ask_psk(&session)) {
        return false;
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) { /* with as many peers */
        if (i != session) {
            lab->a.gw.session[i] = lab->a.gw.session[session];
            lab->a.gw.session[i].id[0] ^= (uint8_t)(i + 1);
            lab->a.gw.session[i].addr.ip[15] ^= (uint8_t)(i + 1);
        }
    }
    return true;
}

TEST(keys_that_nobody_uses_block_no_look_up)
{
    REQUIRE(filled(12));
    CHECK_STATUS(wick_stub_node_lookup(&lab->a, "gw-b"), WICK_E_LIMIT);
    (void)wick_stub_run(&lab->w, 20000, NULL);
    CHECK_STATUS(wick_stub_node_lookup(&lab->a, "gw-b"), WICK_E_LIMIT);
    (void)wick_stub_run(&lab->w, 11000, NULL);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_DOWN], 0); /* until somebody wants a place */
    CHECK_STATUS(wick_stub_node_lookup(&lab->a, "gw-b"), WICK_E_LIMIT);
    CHECK_STATUS(wick_stub_node_lookup(&lab->a, "gw-b"), WICK_E_LIMIT);
    (void)wick_stub_run(&lab->w, 100, NULL);
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_DOWN], 1); /* one for both */
    CHECK_STATUS(lab->a.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_LIMIT);
    CHECK_STATUS(wick_stub_node_lookup(&lab->a, "gw-b"), WICK_OK);
    CHECK(lab_until(lab, &lab->a, WICK_GW_EV_PEER_RESOLVED, 20000));
    CHECK_STATUS(lab->a.last[WICK_GW_EV_PEER_RESOLVED].status, WICK_OK);
}

TEST(keys_that_nobody_uses_block_no_caller)
{
    uint8_t session = 0;
    REQUIRE(filled(13));
    (void)wick_stub_run(&lab->w, 31000, NULL);
    const unsigned ups = lab->a.seen[WICK_GW_EV_SESSION_UP];
    for (unsigned i = 0; i < 4 && lab->a.seen[WICK_GW_EV_SESSION_UP] == ups; i++) {
        CHECK_STATUS(wick_stub_node_connect(&lab->b, &session, "gw-a"), WICK_OK);
        (void)wick_stub_run(&lab->w, 5000, NULL);
    }
    CHECK_INT(lab->a.seen[WICK_GW_EV_SESSION_UP], ups + 1);
}

TAP_MAIN("sim.peer_keys", CASE(public_key_of_a_peer), CASE(public_key_or_the_reason),
         CASE(tls_key_of_a_service), CASE(tls_key_of_a_liar), CASE(psk_of_each_use), CASE(roles), CASE(successors),
         CASE(media_sessions_have_their_keys_once), CASE_LONG(peers_with_rsa_keys),
         CASE(session_with_data),
         CASE(keys_that_nobody_uses_block_no_look_up), CASE(keys_that_nobody_uses_block_no_caller))
