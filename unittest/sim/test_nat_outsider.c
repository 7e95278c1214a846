/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People who are inside: with credentials of their own on the relay, or able to send under any
 * source address. A permission of TURN is per IP, so all of them reach an agent behind its relay
 * (handshake review, finding 8). None takes the place of the true peer, and none crowds him out.
 */
#include "sites.h"
#include "tap.h"
#include "wick/stun.h"

#define PORTS 6 /* relayed addresses of the outsider: more than half of the half-open table */

static struct sites s;

/* ------------------------------------------------------------------ an outsider on the relay */

enum who { WHO_NOBODY, WHO_UNKNOWN, WHO_CALLER };

struct outsider {
    int sock[PORTS], actor;
    wick_addr relayed[PORTS], target;
    wick_nsl_node nsl[PORTS];
    uint64_t since_ms[PORTS];
    bool begun[PORTS];
    wick_ram_keystore ram;
    wick_hal_keystore keystore;
    wick_key key;
    wick_nsl_key pub;
    enum who names;  /* in whose name he calls */
    bool garbage;    /* and records that belong to no session */
    uint32_t period_ms;
    uint64_t next_ms;
    unsigned calls, cookies, records;
};

static struct outsider o;

/* By Send indication, from one of his relayed addresses to the target. */
static void relay_out(unsigned port, wick_span data)
{
    uint8_t bytes[WICK_STUB_MTU], tid[WICK_STUN_TID_BYTES] = {0};
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_stun_build m;
    wick_store_be32(tid, (uint32_t)wick_stub_random(&s.lab.w));
    wick_stun_begin(&m, &b, WICK_STUN_SEND, WICK_STUN_INDICATION, tid);
    wick_stun_put_addr(&m, WICK_STUN_XOR_PEER_ADDRESS, &o.target);
    wick_stun_put(&m, WICK_STUN_DATA_ATTR, data);
    if (wick_stun_end(&m) == WICK_OK) {
        wick_stub_send(&s.lab.w, o.sock[port], &s.lab.relay[0].turn.cfg.listen, wick_buf_span(&b));
    }
}

static void call(unsigned port)
{
    wick_nsl_config cfg;
    wick_nsl_peer peer;
    uint32_t run;
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &s.lab.crypto;
    cfg.entropy = &s.lab.a.entropy;
    cfg.keystore = &o.keystore;
    cfg.pub = o.pub;
    cfg.key = o.key;
    cfg.opts = WICK_NSL_OPT_SIG;
    for (unsigned i = 0; i < 32; i++) {
        cfg.id[i] = (uint8_t)wick_stub_random(&s.lab.w);
    }
    if (o.names == WHO_CALLER) {
        memcpy(cfg.id, s.lab.a.gw.id, 32);
    }
    memset(&peer, 0, sizeof peer);
    memcpy(peer.id, s.lab.b.gw.id, 32);
    peer.key.type = WICK_KEY_TYPE_SECP256K1;
    memcpy(peer.key.bytes, s.lab.b.gw.device_pub.bytes, 33);
    peer.addr = o.target;
    CHECK_STATUS(wick_nsl_init(&o.nsl[port], &cfg, s.lab.w.now_ms), WICK_OK);
    CHECK_STATUS(wick_nsl_connect(&o.nsl[port], &run, s.lab.w.now_ms, &peer), WICK_OK);
    o.since_ms[port] = s.lab.w.now_ms;
    o.begun[port] = true;
    o.calls++;
}

static void pump(unsigned port)
{
    wick_nsl_out out;
    for (;;) {
        wick_nsl_poll(&o.nsl[port], &out, s.lab.w.now_ms);
        if (out.kind == WICK_OUT_WAIT) {
            return;
        }
        if (out.kind == WICK_OUT_SEND) {
            relay_out(port, out.bytes);
        }
    }
}

static uint64_t outsider_run(void *ctx, wick_stub_world *w)
{
    uint8_t buf[WICK_STUB_MTU];
    wick_addr from;
    int len;
    (void)ctx;
    for (unsigned p = 0; p < PORTS; p++) {
        while ((len = wick_stub_recv(w, o.sock[p], &from, buf, sizeof buf)) >= 0) {
            wick_stun_msg m;
            if (wick_stun_decode(&m, wick_span_make(buf, (size_t)len)) == WICK_OK &&
                o.begun[p]) {
                o.cookies++;
                wick_status st = wick_nsl_input(&o.nsl[p], w->now_ms,
                                                wick_stun_get(&m, WICK_STUN_DATA_ATTR), &o.target);
                (void)st;
                pump(p);
            }
        }
    }
    if (w->now_ms >= o.next_ms) {
        o.next_ms = w->now_ms + o.period_ms;
        for (unsigned p = 0; p < PORTS; p++) {
            if (o.names != WHO_NOBODY && (!o.begun[p] || w->now_ms - o.since_ms[p] >= 200)) {
                call(p);
                pump(p);
            }
            if (o.garbage) {
                uint8_t junk[45];
                for (unsigned i = 0; i < sizeof junk; i++) {
                    junk[i] = (uint8_t)wick_stub_random(w);
                }
                junk[0] = (uint8_t)(20 + o.records++ % 44);
                relay_out(p, wick_span_make(junk, sizeof junk));
            }
        }
    }
    return o.next_ms;
}

/* What an Allocate and a CreatePermission for the relay's own IP leave behind, for each port. */
static void move_in(enum who names, bool garbage, uint32_t period_ms)
{
    wick_stub_turn *t = &s.lab.relay[0].turn;
    memset(&o, 0, sizeof o);
    o.names = names;
    o.garbage = garbage;
    o.period_ms = period_ms;
    o.target = s.lab.b.last[WICK_GW_EV_PATH_CHANGED].addr;
    wick_ram_keystore_init(&o.keystore, &o.ram, &s.lab.crypto_ctx);
    CHECK_STATUS(wick_ram_keystore_generate(&o.key, &o.ram, &s.lab.a.entropy), WICK_OK);
    o.pub.type = WICK_KEY_TYPE_SECP256K1;
    CHECK_STATUS(wick_crypto_secp256k1_public(&s.lab.crypto_ctx, o.pub.bytes,
                                              o.ram.keys[0].secret),
                 WICK_OK);
    int host = wick_stub_host(&s.lab.w, -1, wick_addr_v4(20, 0, 0, 66, 0));
    o.actor = wick_stub_actor_add(&s.lab.w, outsider_run, NULL);
    unsigned at = 0;
    for (uint16_t p = 0; p < PORTS; p++) {
        while (t->allocation[at].client.port != 0) {
            at++;
        }
        wick_stub_turn_allocation *a = &t->allocation[at];
        memset(a, 0, sizeof *a);
        o.sock[p] = wick_stub_open(&s.lab.w, host, (uint16_t)(9000 + p), o.actor);
        a->client = wick_addr_v4(20, 0, 0, 66, (uint16_t)(9000 + p));
        a->relayed = t->cfg.relay;
        a->relayed.port = (uint16_t)(t->cfg.relay.port + 900 + p);
        a->until_ms = s.lab.w.now_ms + 3600000;
        a->permission[0].used = true;
        a->permission[0].peer = t->cfg.relay;
        a->permission[0].until_ms = a->until_ms;
        o.relayed[p] = a->relayed;
    }
}

static void fresh(uint64_t seed)
{
    sites_init(&s, seed, SITE_SYMMETRIC, SITE_SYMMETRIC, 1);
    CHECK(lab_ready(&s.lab, 60000));
}

/* He calls without end, in nobody's name and in the true caller's, from more ports of the relay
 * than half the table: limits count address and port, and the true one gets through. */
TEST(a_flood_from_the_same_relay)
{
    static const enum who names[] = {WHO_UNKNOWN, WHO_CALLER};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t session = 0;
        fresh(4000 + i);
        move_in(names[i], true, 20);
        (void)wick_stub_run(&s.lab.w, 5000, NULL);
        CHECK(o.calls > 50);
        CHECK(o.cookies > 50); /* they reach the agent, and it answers with cookies */
        CHECK(s.lab.b.gw.nsl.stats.m1_opened > 10);
        bool up = lab_connect(&s.lab, &session, 35000);
        CHECK(up);
        CHECK(sites_echo(&s, session, 5000) == WAY_RELAY);
        CHECK_INT(s.lab.b.seen[WICK_GW_EV_SESSION_UP], 1); /* his calls end in nothing */
        CHECK_MEM(s.lab.b.last[WICK_GW_EV_SESSION_UP].id, s.lab.a.gw.id, 32);
        CHECK_INT(s.forged, 0);
        (void)wick_stub_run(&s.lab.w, 60000, NULL); /* and the session outlives his efforts */
        CHECK(sites_echo(&s, session, 5000) == WAY_RELAY);
        CHECK_INT(s.lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
        CHECK(s.lab.b.gw.dropped > 100);
    }
}

/* A session that is up is not touched by him, whatever he says and in whose name. */
TEST(a_session_is_not_disturbed)
{
    uint8_t session = 0;
    fresh(4010);
    REQUIRE(lab_connect(&s.lab, &session, 10000));
    move_in(WHO_CALLER, true, 5);
    for (unsigned i = 0; i < 20; i++) {
        CHECK(sites_echo(&s, session, 3000) == WAY_RELAY);
    }
    CHECK_INT(s.lab.a.seen[WICK_GW_EV_SESSION_UP] + s.lab.b.seen[WICK_GW_EV_SESSION_UP], 2);
    CHECK_INT(s.lab.a.seen[WICK_GW_EV_SESSION_DOWN] + s.lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    CHECK_INT(s.forged, 0); /* his records come from another port: no session has them */
}

/* ------------------------------------------------------------------ spoofed sources */

/* The 5-tuple of an agent's allocation as it is outside its NAT. */
static wick_addr client_of(const wick_addr *relayed)
{
    wick_addr none;
    memset(&none, 0, sizeof none);
    for (unsigned i = 0; i < WICK_STUB_TURN_ALLOCATIONS; i++) {
        const wick_stub_turn_allocation *a = &s.lab.relay[0].turn.allocation[i];
        if (a->client.port != 0 && wick_addr_equal(&a->relayed, relayed)) {
            return a->client;
        }
    }
    return none;
}

/* Datagrams with the relay's address as source pass the NAT: TURN authenticates no data. What they
 * carry does not pass for the peer's, and forged answers of the relay break nothing. */
TEST(who_sends_as_the_relay)
{
    static const uint16_t codes[] = {300, 400, 401, 403, 437, 438, 441, 486, 508};
    uint8_t session = 0, bytes[600], tid[WICK_STUN_TID_BYTES] = {0};
    uint8_t record[45] = {23};
    wick_stun_build m;
    fresh(4020);
    REQUIRE(lab_connect(&s.lab, &session, 10000));
    wick_addr relay = s.lab.relay[0].turn.cfg.listen;
    wick_addr at_b = client_of(&s.lab.b.last[WICK_GW_EV_PATH_CHANGED].addr);
    wick_addr as_a = s.lab.b.last[WICK_GW_EV_SESSION_UP].addr;
    REQUIRE(at_b.port != 0);
    for (unsigned i = 0; i < 50; i++) {
        wick_store_be32(tid, i);
        wick_buf b = wick_buf_make(bytes, sizeof bytes);
        wick_stun_begin(&m, &b, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
        wick_stun_put_addr(&m, WICK_STUN_XOR_PEER_ADDRESS, &as_a);
        wick_stun_put(&m, WICK_STUN_DATA_ATTR, wick_span_make(record, sizeof record));
        REQUIRE_STATUS(wick_stun_end(&m), WICK_OK);
        wick_stub_inject(&s.lab.w, -1, &relay, &at_b, wick_buf_span(&b));
        (void)wick_stub_run(&s.lab.w, 50, NULL);
    }
    CHECK_INT(s.forged, 50); /* they come as far as the keys */
    for (unsigned method = 0; method < 4; method++) {
        static const uint16_t methods[] = {WICK_STUN_ALLOCATE, WICK_STUN_REFRESH,
                                           WICK_STUN_CREATE_PERMISSION, WICK_STUN_CHANNEL_BIND};
        for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
            wick_buf b = wick_buf_make(bytes, sizeof bytes);
            wick_store_be32(tid + 4, i);
            wick_stun_begin(&m, &b, methods[method], WICK_STUN_ERROR, tid);
            wick_stun_put_error(&m, codes[i], "No");
            REQUIRE_STATUS(wick_stun_end(&m), WICK_OK);
            wick_stub_inject(&s.lab.w, -1, &relay, &at_b, wick_buf_span(&b));
            (void)wick_stub_run(&s.lab.w, 50, NULL);
        }
    }
    (void)wick_stub_run(&s.lab.w, 400000, NULL); /* over a refresh of everything */
    CHECK(sites_echo(&s, session, 5000) == WAY_RELAY);
    CHECK_INT(s.lab.b.seen[WICK_GW_EV_PATH_CHANGED], 1);
    CHECK_INT(s.lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

/* Somebody sends as the peer, straight to the relayed address: his network does not filter. The
 * relay cannot tell, the session's keys can; and a handshake message of his moves nothing. */
TEST(who_sends_as_the_peer)
{
    uint8_t session = 0, record[45];
    fresh(4030);
    REQUIRE(lab_connect(&s.lab, &session, 10000));
    wick_addr as_a = s.lab.b.last[WICK_GW_EV_SESSION_UP].addr;
    wick_addr to_b = s.lab.b.last[WICK_GW_EV_PATH_CHANGED].addr;
    for (unsigned i = 0; i < 256; i++) {
        for (unsigned k = 0; k < sizeof record; k++) {
            record[k] = (uint8_t)wick_stub_random(&s.lab.w);
        }
        record[0] = (uint8_t)i;
        wick_stub_inject(&s.lab.w, -1, &as_a, &to_b, wick_span_make(record, sizeof record));
        (void)wick_stub_run(&s.lab.w, 10, NULL);
    }
    CHECK(s.forged != 0);
    CHECK(sites_echo(&s, session, 5000) == WAY_RELAY);
    CHECK_INT(s.lab.b.seen[WICK_GW_EV_SESSION_DOWN] + s.lab.b.seen[WICK_GW_EV_SESSION_MOVED], 0);
}

/* With a victim's address as source, what comes back to it is less than what was sent. */
struct victim {
    wick_addr at;
    uint64_t bytes, datagrams;
};

static bool count(void *ctx, wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                  uint8_t *bytes, size_t *len)
{
    struct victim *v = ctx;
    (void)w;
    (void)from;
    (void)bytes;
    if (wick_addr_same_ip(to, &v->at)) {
        v->bytes += *len;
        v->datagrams++;
    }
    return true;
}

TEST(nothing_is_amplified)
{
    uint8_t session = 0, bytes[300];
    struct victim v = {wick_addr_v4(20, 0, 0, 10, 53), 0, 0};
    uint64_t sent = 0;
    fresh(4040);
    REQUIRE(lab_connect(&s.lab, &session, 10000));
    v.at = wick_addr_v4(20, 0, 0, 99, 53);
    (void)wick_stub_host(&s.lab.w, -1, wick_addr_v4(20, 0, 0, 99, 0));
    s.lab.w.tap = count;
    s.lab.w.tap_ctx = &v;
    for (unsigned i = 0; i < 256; i++) {
        /* All first bytes; and M1 as it is without a cookie: the only one that is answered. */
        bool m1 = i % 4 == 1;
        size_t len = m1 ? 168 : sizeof bytes;
        memset(bytes, (int)i | 1, sizeof bytes);
        bytes[0] = m1 ? WICK_NSL_VERSION : (uint8_t)i;
        bytes[1] = 1;
        bytes[2] = 0x22;
        bytes[3] = 0;
        memcpy(bytes + 8, s.lab.b.gw.nsl.own[0].keyhash, 4);
        for (uint8_t socket = 0; socket < WICK_GW_SOCKETS; socket++) {
            sent += len;
            wick_gateway_input(&s.lab.b.gw, s.lab.w.now_ms, socket, wick_span_make(bytes, len),
                               &v.at);
            wick_stub_node_wake(&s.lab.b);
            (void)wick_stub_run(&s.lab.w, 5, NULL);
        }
    }
    CHECK(v.datagrams != 0); /* cookies: so this asks what it says */
    CHECK(v.bytes * 4 < sent);
    CHECK(sites_echo(&s, session, 5000) != WAY_NONE);
}

TAP_MAIN("sim.nat_outsider", CASE(a_flood_from_the_same_relay), CASE(a_session_is_not_disturbed),
         CASE(who_sends_as_the_relay), CASE(who_sends_as_the_peer), CASE(nothing_is_amplified))
