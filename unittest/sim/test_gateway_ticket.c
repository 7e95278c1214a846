/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests in the stub world: gw-a introduces a leaf, which reaches gw-b with its ticket, as identity or
 * uploaded; gw-b reads gw-a's record for it, remembers, and ends what it let in when the record says
 * so.
 */
#include "lab.h"
#include "tap.h"
#include "wick/ticket.h"

static const wick_addr leaf_from = {.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9}, .port = 40000};
static struct lab lab;
static wick_ticket_rule rules[2];
static wick_ticket_own issuer;
static int leaf;     /* socket of a host on the public network */
static wick_addr at_b; /* where gw-b is reached from there */
static unsigned private_ops;
static wick_status (*real_ecdh)(void *ctx, uint8_t x32[32], wick_key key, const uint8_t peer33[33]);

static wick_status counted_ecdh(void *ctx, uint8_t x32[32], wick_key key, const uint8_t peer33[33])
{
    private_ops++;
    return real_ecdh(ctx, x32, key, peer33);
}

static uint64_t unix_now(void)
{
    return WICK_STUB_UNIX_BASE + lab.w.now_ms / 1000;
}

/* Both serve; gw-b lets leaves of gw-a in. */
static bool begin(uint64_t seed)
{
    lab_init(&lab, seed, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE, 1);
    memset(rules, 0, sizeof rules);
    rules[0].scopes = WICK_TICKET_CONNECT | WICK_TICKET_REUSE;
    if (wick_name_hash(rules[0].issuer, wick_span_text("gw-a")) != WICK_OK) {
        return false;
    }
    lab.b.cfg.ticket_rules = rules;
    lab.b.cfg.ticket_rule_count = 1;
    real_ecdh = lab.b.keystore.secp256k1_ecdh;
    lab.b.keystore.secp256k1_ecdh = counted_ecdh;
    if (!lab_ready(&lab, 60000) ||
        wick_ticket_own_init(&issuer, &lab.a.crypto, &lab.a.entropy, &lab.a.keystore,
                             lab.a.gw.id, lab.a.cfg.device_key) != WICK_OK) {
        return false;
    }
    int host = wick_stub_host(&lab.w, -1, wick_addr_v4(20, 0, 0, 77, 0));
    leaf = wick_stub_open(&lab.w, host, 40000, -1);
    at_b = *wick_turn_mapped(&lab.b.gw.turn[0]);
    private_ops = 0;
    return leaf >= 0 && at_b.port != 0;
}

static void make(uint8_t ticket[WICK_TICKET_BYTES], uint8_t ks[32], unsigned scope)
{
    wick_ticket_audience to;
    wick_ticket_claims c;
    memset(&c, 0, sizeof c);
    memcpy(to.id, lab.b.gw.id, 32);
    memcpy(to.pub33, lab.b.gw.device_pub.bytes, 33);
    c.iat_s = (uint32_t)unix_now();
    c.life_s = 3600;
    c.scope = (uint16_t)scope;
    CHECK_STATUS(wick_ticket_sub(c.sub, wick_span_text("meter-7")), WICK_OK);
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &issuer, &to), WICK_OK);
}

/* What gw-b says of an identity; the world goes on a little. */
static wick_status show(wick_session_psk *k, wick_ticket_peer *peer, const char *identity)
{
    wick_status st = wick_gateway_ticket_key(&lab.b.gw, k, peer, wick_span_text(identity),
                                             &leaf_from, lab.w.now_ms);
    wick_stub_node_wake(&lab.b);
    (void)wick_stub_run(&lab.w, 2000, NULL);
    return st;
}

static wick_status up(uint8_t *session, const wick_ticket_peer *peer, uint16_t port)
{
    const wick_addr from = wick_addr_v4(20, 0, 0, 77, port);
    wick_status st = wick_gateway_guest_up(&lab.b.gw, session, peer, &from, lab.w.now_ms, 0x80);
    wick_stub_node_wake(&lab.b);
    (void)wick_stub_run(&lab.w, 100, NULL);
    return st;
}

/* gw-a's record as the chain has it, revoked or of a later epoch. */
static void change_record(bool revoked)
{
    uint8_t id[32], slot[32], word[2][32];
    wick_device d;
    CHECK_STATUS(wick_name_hash(id, wick_span_text("gw-a")), WICK_OK);
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, id, i);
        wick_stub_chain_get(&lab.chain, word[i], 0, slot);
    }
    CHECK_STATUS(wick_device_decode(&d, word[0], word[1]), WICK_OK);
    d.epoch++;
    if (revoked) {
        memset(d.key, 0, sizeof d.key);
        d.flags = WICK_DEVICE_FLAG_REVOKED;
    }
    CHECK_STATUS(wick_device_encode(word[0], word[1], &d), WICK_OK);
    for (unsigned i = 0; i < 2; i++) {
        wick_slot_device(slot, id, i);
        wick_stub_chain_put(&lab.chain, 0, slot, word[i]);
    }
}

TEST(must_22_shown_as_identity)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32], session = 0, second = 0;
    char text[WICK_TICKET_CHARS + 1];
    wick_session_psk k, want;
    wick_ticket_peer peer, again, who;

    REQUIRE(begin(1));
    make(ticket, ks, WICK_TICKET_CONNECT);
    wick_ticket_text(text, ticket);
    /* the record is not known: not now, and no private-key operation */
    CHECK_STATUS(show(&k, &peer, text), WICK_AGAIN);
    CHECK(wick_ct_is_zero((const uint8_t *)&k, sizeof k));
    CHECK_INT(private_ops, 0);
    CHECK_STATUS(show(&k, &peer, text), WICK_OK);
    CHECK_INT(private_ops, 2);
    CHECK_STATUS(wick_ticket_psk(&want, &lab.crypto, ks, WICK_USE_DTLS12), WICK_OK);
    CHECK_MEM(k.key, want.key, 32);
    CHECK_MEM(peer.issuer, lab.a.gw.id, 32);
    CHECK_MEM(peer.sub, "meter-7", 7);
    /* a handshake was lost: the same again, by the ticket and by its short identity */
    CHECK_STATUS(show(&k, &again, text), WICK_OK);
    CHECK_STATUS(show(&k, &again, want.identity), WICK_OK);
    CHECK_MEM(&again, &peer, sizeof peer);
    /* the session, which names issuer and leaf */
    const unsigned ups = lab.b.seen[WICK_GW_EV_SESSION_UP];
    CHECK_STATUS(up(&session, &peer, 40000), WICK_OK);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_UP], ups + 1);
    const wick_gateway_event *e = &lab.b.last[WICK_GW_EV_SESSION_UP];
    CHECK(e->guest && !e->initiator && e->session == session);
    CHECK_MEM(e->id, lab.a.gw.id, 32);
    CHECK_MEM(e->sub, "meter-7", 7);
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, session), WICK_OK);
    CHECK_MEM(&who, &peer, sizeof who);
    CHECK_STATUS(wick_gateway_session_psk(&lab.b.gw, &k, session, WICK_ROLE_RESPONDER,
                                          WICK_USE_DTLS12),
                 WICK_E_STATE); /* there was no handshake of ours */
    /* used */
    CHECK_STATUS(up(&second, &again, 40001), WICK_E_TICKET_REPLAY);
    CHECK_INT(second, WICK_GW_NO_SESSION);
    CHECK_STATUS(show(&k, &again, text), WICK_E_TICKET_REPLAY);
    CHECK_STATUS(wick_gateway_ticket_status(&lab.b.gw), WICK_E_TICKET_REPLAY);
    CHECK_STATUS(show(&k, &again, want.identity), WICK_E_NOT_FOUND);
    /* and the session is not one of gw-a's own: a call of gw-a finds its place beside it */
    uint8_t own = 0;
    REQUIRE(lab_connect(&lab, &own, 30000));
    CHECK(lab_echo(&lab, own, "hello", 20000));
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, session), WICK_OK);
    CHECK(lab.session_b != session);
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, lab.session_b), WICK_E_STATE);
    /* idle for long */
    const unsigned downs = lab.b.seen[WICK_GW_EV_SESSION_DOWN];
    (void)wick_stub_run(&lab.w, WICK_GW_IDLE_MS + 1000, NULL);
    CHECK(lab.b.seen[WICK_GW_EV_SESSION_DOWN] > downs);
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, session), WICK_E_STATE);
}

TEST(must_22_who_may_not)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32];
    char text[WICK_TICKET_CHARS + 1];
    wick_session_psk k;
    wick_ticket_peer peer;

    REQUIRE(begin(2));
    /* no line in the policy: not even a look-up */
    rules[0].issuer[0] ^= 1;
    make(ticket, ks, WICK_TICKET_CONNECT);
    wick_ticket_text(text, ticket);
    const unsigned asked = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF];
    CHECK_STATUS(show(&k, &peer, text), WICK_E_TICKET_ISSUER);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF], asked);
    rules[0].issuer[0] ^= 1;
    /* nor for another's key, or for what is no ticket */
    ticket[2] ^= 1;
    wick_ticket_text(text, ticket);
    CHECK_STATUS(show(&k, &peer, text), WICK_E_TICKET_AUDIENCE);
    ticket[2] ^= 1;
    text[80] = '=';
    CHECK_STATUS(show(&k, &peer, text), WICK_E_MALFORMED);
    CHECK_STATUS(show(&k, &peer, "dpk1.AAAAAAAAAAAAAAAAAAAAAA"), WICK_E_NOT_FOUND);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF], asked);
    /* everybody who is registered, and somebody who is not: remembered for a minute */
    rules[0].any = true;
    memset(ticket + 6, 0x55, 32);
    wick_ticket_text(text, ticket);
    CHECK_STATUS(show(&k, &peer, text), WICK_AGAIN);
    const unsigned once = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF];
    CHECK(once > asked);
    CHECK_STATUS(show(&k, &peer, text), WICK_E_RECORD_ABSENT);
    CHECK_STATUS(show(&k, &peer, text), WICK_E_RECORD_ABSENT);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF], once);
    (void)wick_stub_run(&lab.w, 61000, NULL);
    CHECK_STATUS(show(&k, &peer, text), WICK_AGAIN);
    CHECK_INT(private_ops, 0);
    /* forged in gw-a's name */
    memcpy(ticket + 6, lab.a.gw.id, 32);
    ticket[90] ^= 1;
    wick_ticket_text(text, ticket);
    CHECK_STATUS(show(&k, &peer, text), WICK_AGAIN);
    CHECK_STATUS(show(&k, &peer, text), WICK_E_AUTH);
    /* not without the goal of answering */
    lab.b.gw.goals &= ~WICK_GW_GOAL_ANSWER;
    CHECK_STATUS(show(&k, &peer, text), WICK_E_NOT_FOUND);
}

/* What gw-a's record loses, its leaves lose: within five minutes, without being asked. */
static void record_changed(bool revoked, wick_status why)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32], session = 0;
    char text[WICK_TICKET_CHARS + 1];
    wick_session_psk k, short_one;
    wick_ticket_peer peer, who;

    REQUIRE(begin(3));
    make(ticket, ks, WICK_TICKET_CONNECT | WICK_TICKET_REUSE);
    wick_ticket_text(text, ticket);
    CHECK_STATUS(show(&k, &peer, text), WICK_AGAIN);
    REQUIRE_STATUS(show(&short_one, &peer, text), WICK_OK);
    REQUIRE_STATUS(up(&session, &peer, 40000), WICK_OK);
    wick_stub_node_kill(&lab.a);
    change_record(revoked);
    wick_stub_chain_mine(&lab.chain);
    const unsigned downs = lab.b.seen[WICK_GW_EV_SESSION_DOWN];
    (void)wick_stub_run(&lab.w, 310000, NULL);
    CHECK_INT(lab.b.seen[WICK_GW_EV_SESSION_DOWN], downs + 1);
    CHECK_STATUS(lab.b.last[WICK_GW_EV_SESSION_DOWN].status, why);
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, session), WICK_E_STATE);
    CHECK_STATUS(show(&k, &peer, short_one.identity), WICK_E_NOT_FOUND);
    wick_status st = show(&k, &peer, text);
    CHECK(st == WICK_E_RECORD_REVOKED);
}

TEST(must_22_issuer_revoked)
{
    record_changed(true, WICK_E_RECORD_REVOKED);
}

TEST(must_22_issuer_has_another_epoch)
{
    record_changed(false, WICK_E_RECORD_STALE);
}

/* ------------------------------------------------------------------ uploads */

static int hear(uint8_t *bytes, size_t cap)
{
    wick_addr from;
    (void)wick_stub_run(&lab.w, 2000, NULL);
    return wick_stub_recv(&lab.w, leaf, &from, bytes, cap);
}

TEST(must_23_uploaded)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32], out[WICK_TICKET_UPLOAD_MAX], in[256];
    uint8_t cookie[WICK_NSL_COOKIE_BYTES];
    wick_session_psk k, want;
    wick_ticket_peer peer;

    REQUIRE(begin(4));
    make(ticket, ks, WICK_TICKET_CONNECT);
    /* without return routability: cookies, and no look-up, no private-key operation */
    const unsigned asked = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF];
    size_t len = wick_ticket_upload_put(out, ticket, NULL, 7);
    for (unsigned i = 0; i < 50; i++) {
        wick_stub_send(&lab.w, leaf, &at_b, wick_span_make(out, len));
        (void)wick_stub_run(&lab.w, 20, NULL);
    }
    int n = hear(in, sizeof in);
    while (n > 0) {
        CHECK_STATUS(wick_ticket_upload_answer(cookie, &lab.crypto, wick_span_make(in, (size_t)n),
                                               ticket, ks, 7),
                     WICK_AGAIN);
        n = hear(in, sizeof in);
    }
    CHECK_INT(private_ops, 0);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF], asked);
    /* with it: silence while the record is read, then the confirmation */
    len = wick_ticket_upload_put(out, ticket, cookie, 7);
    wick_stub_send(&lab.w, leaf, &at_b, wick_span_make(out, len));
    CHECK_INT(hear(in, sizeof in), -1);
    CHECK(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF] > asked);
    for (unsigned i = 0; i < 2; i++) { /* the second time it is known already */
        wick_stub_send(&lab.w, leaf, &at_b, wick_span_make(out, len));
        n = hear(in, sizeof in);
        REQUIRE(n > 0);
        CHECK_STATUS(wick_ticket_upload_answer(cookie, &lab.crypto, wick_span_make(in, (size_t)n),
                                               ticket, ks, 7),
                     WICK_OK);
    }
    /* and the short identities work, each for its own key */
    CHECK_STATUS(wick_ticket_psk(&want, &lab.crypto, ks, WICK_USE_PSK16), WICK_OK);
    CHECK_STATUS(show(&k, &peer, want.identity), WICK_OK);
    CHECK_INT(k.key_len, 16);
    CHECK_MEM(k.key, want.key, 16);
    CHECK_STATUS(wick_ticket_psk(&want, &lab.crypto, ks, WICK_USE_DTLS12), WICK_OK);
    CHECK_STATUS(show(&k, &peer, want.identity), WICK_OK);
    CHECK_MEM(k.key, want.key, 32);
    CHECK_STATUS(wick_ticket_psk(&want, &lab.crypto, ks, WICK_USE_TLS12), WICK_OK);
    CHECK_STATUS(show(&k, &peer, want.identity), WICK_E_NOT_FOUND); /* this is DTLS */
}

/* DTLS of nobody is handed to the driver only where tickets are let in; a record of a guest's session
 * to that session. */
TEST(whose_datagram)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32], session = 0;
    const wick_addr from = wick_addr_v4(20, 0, 0, 77, 40000);
    char text[WICK_TICKET_CHARS + 1];
    uint8_t hello[64] = {22, 0xfe, 0xfd}, record[64] = {23, 0xfe, 0xfd, 0, 1};
    wick_session_psk k;
    wick_ticket_peer peer;
    wick_gateway_out out;

    REQUIRE(begin(5));
    make(ticket, ks, WICK_TICKET_CONNECT);
    wick_ticket_text(text, ticket);
    CHECK_STATUS(show(&k, &peer, text), WICK_AGAIN);
    REQUIRE_STATUS(show(&k, &peer, text), WICK_OK);
    wick_gateway_input(&lab.b.gw, lab.w.now_ms, 0, wick_span_make(hello, sizeof hello), &from);
    wick_gateway_poll(&lab.b.gw, &out, lab.w.now_ms);
    CHECK(out.kind == WICK_GW_OUT_DATA && out.session == WICK_GW_GUEST);
    CHECK(wick_addr_equal(&out.to, &from) && out.socket == 0x80);
    CHECK_STATUS(wick_gateway_guest_send(&lab.b.gw, &out, wick_span_make(hello, 3), &from,
                                         lab.w.now_ms, 0x80),
                 WICK_OK);
    CHECK(out.kind == WICK_GW_OUT_SEND && out.socket == 0 && wick_addr_equal(&out.to, &from));
    REQUIRE_STATUS(up(&session, &peer, 40000), WICK_OK);
    wick_gateway_input(&lab.b.gw, lab.w.now_ms, 0, wick_span_make(record, sizeof record), &from);
    wick_gateway_poll(&lab.b.gw, &out, lab.w.now_ms);
    CHECK(out.kind == WICK_GW_OUT_DATA && out.session == session);
    CHECK_STATUS(wick_gateway_send(&lab.b.gw, &out, wick_span_make(record, 9), lab.w.now_ms,
                                   session),
                 WICK_OK);
    CHECK(out.socket == 0 && out.bytes.len == 9 && wick_addr_equal(&out.to, &from));
    /* it begins anew: the driver's, not the session's */
    wick_gateway_input(&lab.b.gw, lab.w.now_ms, 0, wick_span_make(hello, sizeof hello), &from);
    wick_gateway_poll(&lab.b.gw, &out, lab.w.now_ms);
    CHECK(out.kind == WICK_GW_OUT_DATA && out.session == WICK_GW_GUEST);
    /* gw-a lets nobody in */
    const uint32_t dropped = lab.a.gw.dropped;
    wick_gateway_input(&lab.a.gw, lab.w.now_ms, 0, wick_span_make(hello, sizeof hello), &from);
    CHECK_INT(lab.a.gw.dropped, dropped + 1);
    wick_gateway_close(&lab.b.gw, session);
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &peer, session), WICK_E_STATE);
}

/* A fresh ticket of gw-a's and the key of it; gw-a's record is known by then. */
static wick_status admitted(wick_ticket_peer *peer)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32];
    char text[WICK_TICKET_CHARS + 1];
    wick_session_psk k;
    make(ticket, ks, WICK_TICKET_CONNECT);
    wick_ticket_text(text, ticket);
    wick_status st = show(&k, peer, text);
    return st == WICK_AGAIN ? show(&k, peer, text) : st;
}

/* Guests have half of the places; peers find theirs, and so does an own call. */
TEST(guests_leave_room_for_peers)
{
    const unsigned share = (WICK_GW_SESSIONS_MAX + 1) / 2;
    uint8_t session[WICK_GW_SESSIONS_MAX], own = 0;
    wick_ticket_peer peer, who;

    REQUIRE(begin(6));
    for (unsigned i = 0; i < share; i++) {
        REQUIRE_STATUS(admitted(&peer), WICK_OK);
        REQUIRE_STATUS(up(&session[i], &peer, (uint16_t)(40000 + i)), WICK_OK);
    }
    REQUIRE_STATUS(admitted(&peer), WICK_OK);
    CHECK_STATUS(up(&own, &peer, 41000), WICK_E_LIMIT);
    REQUIRE(lab_connect(&lab, &own, 30000));
    CHECK(lab_echo(&lab, own, "hello", 20000));
    CHECK_STATUS(wick_stub_node_connect(&lab.b, &own, "gw-a"), WICK_OK);
    for (unsigned i = 0; i < share; i++) {
        CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, session[i]), WICK_OK);
    }
}

/* What only comes from a guest's address keeps its place for nobody; what DTLS has taken does. */
TEST(a_guest_that_is_silent_gives_way)
{
    const unsigned share = (WICK_GW_SESSIONS_MAX + 1) / 2;
    uint8_t session[WICK_GW_SESSIONS_MAX], another = 0, record[64] = {23, 0xfe, 0xfd, 0, 1};
    wick_ticket_peer peer, who;
    wick_gateway_out out;

    REQUIRE(begin(7));
    for (unsigned i = 0; i < share; i++) {
        REQUIRE_STATUS(admitted(&peer), WICK_OK);
        REQUIRE_STATUS(up(&session[i], &peer, (uint16_t)(40000 + i)), WICK_OK);
    }
    for (unsigned k = 0; k < 4; k++) {
        (void)wick_stub_run(&lab.w, 10000, NULL);
        for (unsigned i = 0; i < share; i++) {
            const wick_addr from = wick_addr_v4(20, 0, 0, 77, (uint16_t)(40000 + i));
            wick_gateway_input(&lab.b.gw, lab.w.now_ms, 0, wick_span_make(record, sizeof record),
                               &from);
            wick_gateway_poll(&lab.b.gw, &out, lab.w.now_ms);
            CHECK(out.kind == WICK_GW_OUT_DATA && out.session == session[i]);
        }
        wick_gateway_guest_heard(&lab.b.gw, lab.w.now_ms, session[0]);
    }
    wick_gateway_guest_heard(&lab.b.gw, lab.w.now_ms, WICK_GW_SESSIONS_MAX);
    REQUIRE_STATUS(admitted(&peer), WICK_OK);
    CHECK_STATUS(up(&another, &peer, 41000), WICK_E_LIMIT);
    CHECK_STATUS(lab.b.last[WICK_GW_EV_SESSION_DOWN].status, WICK_E_LIMIT);
    CHECK_STATUS(up(&another, &peer, 41000), WICK_OK);
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, session[0]), WICK_OK);
}

/* A guest's record is none of a peer's: nothing of it is read beside its issuer's. */
TEST(nothing_is_read_for_a_guest)
{
    uint8_t session = 0;
    wick_ticket_peer peer;

    REQUIRE(begin(8));
    REQUIRE_STATUS(admitted(&peer), WICK_OK);
    (void)wick_stub_run(&lab.w, 10000, NULL);
    const unsigned asked = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF];
    REQUIRE_STATUS(up(&session, &peer, 40000), WICK_OK);
    (void)wick_stub_run(&lab.w, 10000, NULL);
    CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF], asked);
}

/* A record that has not been proven for 15 minutes vouches for nobody until it is read again. */
TEST(old_record_of_an_issuer)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32];
    char text[WICK_TICKET_CHARS + 1];
    wick_session_psk k;
    wick_ticket_peer peer;

    REQUIRE(begin(9));
    REQUIRE_STATUS(admitted(&peer), WICK_OK);
    for (unsigned i = 0; i < WICK_GW_ISSUERS_MAX; i++) { /* as if nodes had been silent since */
        lab.b.gw.tickets.issuer[i].proven_ms = lab.w.now_ms - 900000;
        lab.b.gw.tickets.issuer[i].read_ms = lab.w.now_ms - 900000;
    }
    private_ops = 0;
    const unsigned asked = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF];
    make(ticket, ks, WICK_TICKET_CONNECT);
    wick_ticket_text(text, ticket);
    CHECK_STATUS(show(&k, &peer, text), WICK_AGAIN);
    CHECK_INT(private_ops, 0);
    CHECK(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF] > asked);
    CHECK_STATUS(show(&k, &peer, text), WICK_OK);
}

/* Who lets everybody in is shown invented issuers: the one that is known stays so, and one that has a
 * line of its own finds a place. */
TEST(invented_issuers)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[32];
    char text[WICK_TICKET_CHARS + 1];
    wick_session_psk k;
    wick_ticket_peer peer;

    for (unsigned named = 0; named < 2; named++) {
        REQUIRE(begin(10 + named));
        rules[0].any = named == 0;
        rules[1] = rules[0];
        rules[1].any = true;
        lab.b.cfg.ticket_rule_count = lab.b.gw.cfg.ticket_rule_count = 1 + named;
        lab.b.gw.tickets.table.rule_count = 1 + named;
        if (named == 0) {
            REQUIRE_STATUS(admitted(&peer), WICK_OK);
        }
        make(ticket, ks, WICK_TICKET_CONNECT);
        for (unsigned i = 0; i < 20; i++) {
            memset(ticket + 6, (int)(0x60 + i), 32);
            wick_ticket_text(text, ticket);
            wick_status st = wick_gateway_ticket_key(&lab.b.gw, &k, &peer, wick_span_text(text),
                                                     &leaf_from, lab.w.now_ms);
            CHECK(st == WICK_AGAIN || st == WICK_E_LIMIT || st == WICK_E_NSL_RATE);
            if (named == 0) { /* else all at once */
                wick_stub_node_wake(&lab.b);
                (void)wick_stub_run(&lab.w, 2000, NULL);
            }
        }
        const unsigned asked = lab.b.requests[WICK_GW_REQ_CHAIN_PROOF];
        memcpy(ticket + 6, lab.a.gw.id, 32);
        wick_ticket_text(text, ticket);
        wick_status st = wick_gateway_ticket_key(&lab.b.gw, &k, &peer, wick_span_text(text),
                                                 &leaf_from, lab.w.now_ms);
        CHECK_STATUS(st, named != 0 ? WICK_AGAIN : WICK_OK);
        CHECK_INT(lab.b.requests[WICK_GW_REQ_CHAIN_PROOF], asked);
    }
}

/* Tickets go to the new key from then on; one to the former opens nothing, and what was used before
 * stays used. */
TEST(rotated_key)
{
    uint8_t old[WICK_TICKET_BYTES], ks[32], session = 0;
    char text[WICK_TICKET_CHARS + 1];
    wick_session_psk k;
    wick_ticket_peer used, peer, who;
    wick_key key;

    REQUIRE(begin(12));
    REQUIRE_STATUS(admitted(&used), WICK_OK);
    REQUIRE_STATUS(up(&session, &used, 40000), WICK_OK);
    make(old, ks, WICK_TICKET_CONNECT);
    REQUIRE_STATUS(wick_ram_keystore_generate(&key, &lab.b.ram, &lab.b.entropy), WICK_OK);
    REQUIRE_STATUS(wick_gateway_rotate(&lab.b.gw, lab.w.now_ms, key), WICK_OK);
    wick_stub_node_wake(&lab.b);
    wick_ticket_text(text, old);
    CHECK_STATUS(show(&k, &peer, text), WICK_E_TICKET_AUDIENCE);
    REQUIRE_STATUS(admitted(&peer), WICK_OK); /* made for the key that is published now */
    CHECK_STATUS(wick_gateway_guest(&lab.b.gw, &who, session), WICK_OK);
    wick_gateway_close(&lab.b.gw, session);
    CHECK_STATUS(up(&session, &used, 40000), WICK_E_TICKET_REPLAY);
    CHECK_STATUS(up(&session, &peer, 40000), WICK_OK);
}

TAP_MAIN("sim.gateway_ticket", CASE(must_22_shown_as_identity), CASE(must_22_who_may_not),
         CASE(must_22_issuer_revoked), CASE(must_22_issuer_has_another_epoch),
         CASE(must_23_uploaded), CASE(whose_datagram),
         CASE(guests_leave_room_for_peers), CASE(a_guest_that_is_silent_gives_way),
         CASE(nothing_is_read_for_a_guest),
         CASE(old_record_of_an_issuer), CASE(invented_issuers), CASE(rotated_key))
