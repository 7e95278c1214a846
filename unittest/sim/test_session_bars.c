/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions under the worst that a network and strangers do: loss, repetition and reordering over many
 * seeds, resets of either side at every step, floods of first messages, strangers behind the relay that
 * honest peers use, records that take for ever to read.
 *
 * With keys of secp256k1, and of RSA on either or both sides. 100 seeds by default and 5 with RSA, 1,000
 * of each with WICK_FULL in the environment.
 */
#include "sites.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct sites site, ready_site;
static struct lab *const lab = &site.lab;
static uint8_t suite = 0x22; /* types of a's and b's keys */

static bool is_full(void)
{
    return getenv("WICK_FULL") != NULL;
}

static void begin_world(uint64_t seed, enum site a, enum site b)
{
    sites_init(&site, seed, a, b, 1);
    lab_suite(lab, suite);
    REQUIRE(lab_ready(lab, 120000));
}

static void in_suite(uint8_t which, void (*test)(void))
{
    suite = which;
    test();
    suite = 0x22;
}

/* ------------------------------------------------------------------ loss */

static uint64_t worst_ms;
static unsigned retries;

/* A call with the retry that an application makes: once more when it ended. */
static bool call(uint8_t *session, uint64_t ms)
{
    uint64_t end = lab->w.now_ms + ms;
    while (lab->w.now_ms < end) {
        unsigned up = lab->a.seen[WICK_GW_EV_SESSION_UP];
        unsigned down = lab->a.seen[WICK_GW_EV_SESSION_DOWN];
        if (wick_stub_node_connect(&lab->a, session, "gw-b") != WICK_OK) {
            return false;
        }
        while (lab->a.seen[WICK_GW_EV_SESSION_UP] == up &&
               lab->a.seen[WICK_GW_EV_SESSION_DOWN] == down && lab->w.now_ms < end) {
            (void)wick_stub_run(&lab->w, 20, NULL);
        }
        if (lab->a.seen[WICK_GW_EV_SESSION_UP] != up) {
            return true;
        }
        retries++;
    }
    return false;
}

/* One seed of the network and of the nodes, from a world in which both are ready. */
static bool complete(uint64_t seed, unsigned loss)
{
    uint8_t session = 0;
    memcpy(&site, &ready_site, sizeof site);
    lab->w.rng = seed * UINT64_C(0x9E3779B97F4A7C15);
    lab->w.entropy_rng = ~lab->w.rng;
    lab->w.link.loss = loss;
    lab->w.link.duplicate = 200;
    lab->w.link.jitter_ms = 300; /* ten times the way: most datagrams overtake another */
    uint64_t from = lab->w.now_ms;
    bool good = call(&session, 300000);
    uint64_t ms = lab->w.now_ms - from;
    worst_ms = ms > worst_ms ? ms : worst_ms;
    return good && sites_echo(&site, session, 60000) != WAY_NONE && site.forged == 0;
}

static void many_seeds(enum site a, enum site b, unsigned loss)
{
    unsigned seeds = is_full() ? 1000 : suite == 0x22 ? 100 : 5, done = 0;
    worst_ms = 0;
    retries = 0;
    begin_world(1, a, b);
    (void)wick_stub_run(&lab->w, 30000, NULL);
    memcpy(&ready_site, &site, sizeof site);
    for (unsigned seed = 1; seed <= seeds; seed++) {
        done += complete(seed, loss) ? 1u : 0u;
    }
    printf("# suite %02x, %s to %s: %u of %u seeds complete, the slowest in %u ms, %u calls again\n",
           suite, site_name[a], site_name[b], done, seeds, (unsigned)worst_ms, retries);
    CHECK_INT(done, seeds);
    CHECK(worst_ms < 125000);
    CHECK(retries <= seeds / 100);
}

TEST(loss_of_30_percent_direct)
{
    many_seeds(SITE_PUBLIC, SITE_PUBLIC, 300);
}

/* Three hops over the relay, each loses 11.2 %: 30 % of the way. */
TEST(loss_of_30_percent_relayed)
{
    many_seeds(SITE_SYMMETRIC, SITE_SYMMETRIC, 112);
}

static void loss_in_this_suite(void)
{
    many_seeds(SITE_PUBLIC, SITE_PUBLIC, 300);
    if (is_full()) {
        many_seeds(SITE_SYMMETRIC, SITE_SYMMETRIC, 112);
    }
}

TEST(loss_with_rsa)
{
    in_suite(0x11, loss_in_this_suite);
    in_suite(0x12, loss_in_this_suite);
    in_suite(0x21, loss_in_this_suite);
}

/* ------------------------------------------------------------------ resets */

static struct {
    unsigned at, seen; /* reset when the at-th message of the handshake is under way */
    bool now;
} step;

static bool count_nsl(void *ctx, wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                      uint8_t *bytes, size_t *len)
{
    static const uint8_t stun[4] = {0x21, 0x12, 0xA4, 0x42};
    (void)ctx, (void)w, (void)from, (void)to;
    if (*len > 12 && bytes[0] == WICK_NSL_VERSION && bytes[1] <= 4 && memcmp(bytes + 4, stun, 4) != 0) {
        step.now = step.now || step.seen == step.at;
        step.seen++;
    }
    return true;
}

static bool restart(wick_stub_node *n)
{
    wick_stub_node_kill(n);
    n->ready = false;
    return wick_stub_node_begin(n, WICK_GW_GOAL_SERVE) == WICK_OK;
}

/* How long it takes until data flows again; an application that hears nothing for 5 s calls anew. */
static uint64_t recover(uint8_t *session, bool calling)
{
    uint64_t from = lab->w.now_ms;
    for (unsigned i = 0; i < 8; i++) {
        if (!calling && !call(session, 60000)) {
            break;
        }
        calling = false;
        while (lab->a.gw.session[*session].run != 0 && lab->w.now_ms < from + 60000 &&
               lab->a.seen[WICK_GW_EV_SESSION_UP] == 0) {
            (void)wick_stub_run(&lab->w, 20, NULL);
        }
        if (sites_echo(&site, *session, 5000) != WAY_NONE) {
            return lab->w.now_ms - from;
        }
        wick_gateway_close(&lab->a.gw, *session);
    }
    return UINT64_MAX;
}

/* Messages are M1, M0, M1, M2, M3, M4; at 6 the session is up. */
TEST(reset_of_either_side_at_every_step)
{
    uint64_t slowest = 0;
    unsigned recovered = 0, resets = 0;
    for (unsigned who = 0; who < 2; who++) {
        for (unsigned at = 0; at <= 6; at += suite == 0x22 || is_full() ? 1 : 3) {
            uint8_t session = 0;
            begin_world(100 + at, SITE_PUBLIC, SITE_PUBLIC);
            (void)wick_stub_run(&lab->w, 30000, NULL);
            step.at = at;
            step.seen = 0;
            step.now = false;
            lab->w.tap = count_nsl;
            lab->a.seen[WICK_GW_EV_SESSION_UP] = 0;
            REQUIRE_STATUS(wick_stub_node_connect(&lab->a, &session, "gw-b"), WICK_OK);
            bool reached = wick_stub_run(&lab->w, at < 6 ? 20000 : 2000, &step.now);
            CHECK(reached == (at < 6));
            REQUIRE(restart(who == 0 ? &lab->a : &lab->b));
            if (who == 0) {
                lab->a.seen[WICK_GW_EV_SESSION_UP] = 0;
                REQUIRE(wick_stub_run(&lab->w, 20000, &lab->a.ready));
            }
            uint64_t ms = recover(&session, who == 1 && at < 6);
            CHECK(ms <= 31000);
            resets++;
            recovered += ms <= 31000 ? 1u : 0u;
            slowest = ms > slowest ? ms : slowest;
        }
    }
    printf("# suite %02x: %u of %u resets recovered, the slowest in %u ms\n", suite, recovered,
           resets, (unsigned)slowest);
}

TEST(reset_with_rsa)
{
    in_suite(0x11, reset_of_either_side_at_every_step);
    if (is_full()) {
        in_suite(0x12, reset_of_either_side_at_every_step);
        in_suite(0x21, reset_of_either_side_at_every_step);
    }
}

/* ------------------------------------------------------------------ floods */

static wick_addr endpoint_of_b(void)
{
    wick_gateway_path_state p;
    wick_gateway_path_look(&lab->b.gw, &p);
    return p.primary;
}

/* 10,000 first messages in a second from as many addresses: nothing is opened, kept or forgotten. */
TEST(spoofed_first_messages)
{
    static wick_nsl_half half[WICK_NSL_HALF_OPEN_MAX];
    static wick_session keys[WICK_GW_SESSIONS_MAX];
    uint8_t session = 0, m1[391];
    const size_t m1_len = (suite & 15u) == WICK_KEY_TYPE_RSA2048 ? 391 : 168;
    begin_world(3, SITE_PUBLIC, SITE_PUBLIC);
    REQUIRE(call(&session, 30000));
    REQUIRE(sites_echo(&site, session, 5000) != WAY_NONE);
    (void)wick_stub_run(&lab->w, 15000, NULL);
    wick_nsl_node *nsl = &lab->b.gw.nsl;
    wick_nsl_stats before = nsl->stats;
    memcpy(half, nsl->half, sizeof half);
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        keys[i] = lab->b.gw.session[i].keys;
    }
    unsigned down = lab->b.seen[WICK_GW_EV_SESSION_DOWN], reads = lab->b.requests[WICK_GW_REQ_CHAIN_PROOF];
    wick_addr to = endpoint_of_b();
    for (unsigned i = 0; i < 10000; i++) {
        wick_addr from = wick_addr_v4(30, (uint8_t)(i >> 8), (uint8_t)i, 9, (uint16_t)(1024 + i));
        memset(m1, (int)i, sizeof m1);
        m1[0] = WICK_NSL_VERSION;
        m1[1] = 1;
        m1[2] = suite;
        m1[3] = 0;
        wick_store_be32(m1 + 4, i + 1);
        memcpy(m1 + 8, nsl->own[0].keyhash, 4); /* sealed to the right key, as far as can be seen */
        wick_stub_inject(&lab->w, -1, &from, &to, wick_span_make(m1, m1_len));
        if (i % 10 == 9) {
            (void)wick_stub_run(&lab->w, 1, NULL);
        }
        if (i == 5000) {
            CHECK(sites_echo(&site, session, 1000) != WAY_NONE);
        }
    }
    (void)wick_stub_run(&lab->w, 200, NULL);
    CHECK(nsl->stats.dropped - before.dropped + nsl->stats.m0_sent - before.m0_sent >= 9000);
    CHECK_INT(nsl->stats.m1_opened, before.m1_opened);
    CHECK(nsl->stats.m0_sent - before.m0_sent <= 200 * 4); /* 200 a second, and one second's stock */
    CHECK_MEM(half, nsl->half, sizeof half);
    CHECK_INT(lab->b.requests[WICK_GW_REQ_CHAIN_PROOF], reads);
    CHECK_INT(lab->b.seen[WICK_GW_EV_SESSION_DOWN], down);
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        CHECK_MEM(&keys[i], &lab->b.gw.session[i].keys, sizeof keys[i]);
    }
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
    printf("# suite %02x: 10000 spoofed M1: %u opened, %u answered with a cookie, 0 sessions down\n",
           suite, (unsigned)(nsl->stats.m1_opened - before.m1_opened),
           (unsigned)(nsl->stats.m0_sent - before.m0_sent));
}

TEST(spoofed_first_messages_with_rsa)
{
    in_suite(0x11, spoofed_first_messages);
    if (is_full()) {
        in_suite(0x21, spoofed_first_messages);
    }
}

/* ------------------------------------------------------------------ strangers with a true address */

#define STRANGERS 8u /* at work at once */

static struct {
    wick_nsl_node node;
    wick_addr at;
} stranger[STRANGERS];
static wick_hal_entropy stranger_entropy;
static wick_addr b_at;

/* What b sends to a stranger's address reaches the stranger. */
static bool listen_in(void *ctx, wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                      uint8_t *bytes, size_t *len)
{
    (void)ctx;
    for (unsigned i = 0; i < STRANGERS && wick_addr_equal(from, &b_at); i++) {
        if (wick_addr_equal(to, &stranger[i].at)) {
            wick_status s =
                wick_nsl_input(&stranger[i].node, w->now_ms, wick_span_make(bytes, *len), from);
            (void)s;
        }
    }
    return true;
}

static void strangers_send(void)
{
    wick_nsl_out o;
    for (unsigned i = 0; i < STRANGERS; i++) {
        o.kind = stranger[i].at.port != 0 ? WICK_OUT_SEND : WICK_OUT_WAIT;
        while (o.kind != WICK_OUT_WAIT) {
            memset(&o, 0, sizeof o);
            wick_nsl_poll(&stranger[i].node, &o, lab->w.now_ms);
            if (o.kind == WICK_OUT_SEND) {
                wick_stub_inject(&lab->w, -1, &stranger[i].at, &o.to, o.bytes);
            }
        }
    }
}

/* A stranger under a name of its own begins a handshake with b from `port` of `ip`. */
static bool stranger_calls(uint16_t port, const wick_addr *ip, uint8_t name)
{
    wick_nsl_node *node = &stranger[port % STRANGERS].node;
    wick_addr *at = &stranger[port % STRANGERS].at;
    wick_nsl_config cfg;
    wick_nsl_peer peer;
    uint32_t run = 0;
    memset(&cfg, 0, sizeof cfg);
    memset(&peer, 0, sizeof peer);
    cfg.crypto = &lab->crypto;
    cfg.entropy = &stranger_entropy;
    cfg.keystore = &lab->a.keystore; /* any key will do: nobody knows the name */
    memset(cfg.id, name, 32);
    wick_stub_hal_entropy(&stranger_entropy, &lab->w);
    cfg.pub = lab->a.gw.nsl.own[0].pub;
    cfg.key = lab->a.gw.nsl.own[0].key;
    wick_nsl_wipe(node);
    *at = *ip;
    at->port = port;
    memcpy(peer.id, lab->b.gw.id, 32);
    peer.key = lab->b.gw.nsl.own[0].pub;
    peer.addr = b_at;
    if (wick_nsl_init(node, &cfg, lab->w.now_ms) != WICK_OK ||
        wick_nsl_connect(node, &run, lab->w.now_ms, &peer) != WICK_OK) {
        return false;
    }
    strangers_send();
    return true;
}

/*
 * Somebody who has an allocation on the relay that honest peers come over, or who is that relay, opens
 * one handshake after another from its address, each from another port, with a true cookie and another
 * name, 40 a second.
 */
static void under_flood(bool known, uint32_t latency_ms)
{
    uint8_t session = 0;
    uint64_t from = 0;
    begin_world(4, SITE_SYMMETRIC, SITE_SYMMETRIC);
    if (known) {
        REQUIRE(call(&session, 30000));
        wick_gateway_close(&lab->a.gw, session);
    }
    memset(stranger, 0, sizeof stranger);
    lab->w.tap = listen_in;
    b_at = lab->b.last[WICK_GW_EV_PUBLISHED].addr;
    wick_addr ip = lab->relay[0].turn.cfg.listen;
    lab->chain.latency_ms = latency_ms;
    wick_nsl_stats before = lab->b.gw.nsl.stats;
    unsigned up = lab->a.seen[WICK_GW_EV_SESSION_UP], up_b = lab->b.seen[WICK_GW_EV_SESSION_UP];
    for (unsigned i = 0; i < 34 * 40 && lab->a.seen[WICK_GW_EV_SESSION_UP] == up; i++) {
        REQUIRE(stranger_calls((uint16_t)(2000 + i), &ip, (uint8_t)(1 + i % 250)));
        for (unsigned k = 0; k < 25; k++) {
            (void)wick_stub_run(&lab->w, 1, NULL);
            strangers_send();
        }
        if (i == 120) {
            REQUIRE_STATUS(wick_stub_node_connect(&lab->a, &session, "gw-b"), WICK_OK);
            from = lab->w.now_ms;
        }
    }
    CHECK(lab->b.gw.nsl.stats.m1_opened - before.m1_opened > 100); /* the flood is one */
    CHECK((lab->b.gw.nsl.stats.table_full != before.table_full) == known);
    CHECK(lab->a.seen[WICK_GW_EV_SESSION_UP] == up + 1);
    CHECK(lab->w.now_ms - from <= 31000);
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
    CHECK_INT(lab->b.seen[WICK_GW_EV_SESSION_UP], up_b + 1); /* nobody else's */
    printf("# suite %02x, %s peer: up in %u ms, %u handshakes of strangers were opened\n", suite,
           known ? "known" : "new", (unsigned)(lab->w.now_ms - from),
           (unsigned)(lab->b.gw.nsl.stats.m1_opened - before.m1_opened));
}

/* Whom b has never heard of, as long as records are read as fast as strangers come. */
TEST(honest_peer_behind_the_attackers_relay)
{
    under_flood(false, 20);
}

/* Whom b knows, also where they are not and strangers have filled the table. */
TEST(known_peer_behind_the_attackers_relay)
{
    under_flood(true, 500);
}

TEST(peers_behind_the_attackers_relay_with_rsa)
{
    if (!is_full()) {
        tap_skip = "hundreds of RSA keys' openings: WICK_FULL";
        return;
    }
    in_suite(0x11, honest_peer_behind_the_attackers_relay);
    in_suite(0x21, known_peer_behind_the_attackers_relay);
    in_suite(0x12, honest_peer_behind_the_attackers_relay);
}

/* Keeps the record of the stranger from being read, as a node does that never answers. */
static void hold_reads(uint8_t name)
{
    uint8_t id[32], slot[32];
    memset(id, name, sizeof id);
    wick_slot_device(slot, id, 0);
    for (unsigned i = 0; i < WICK_STUB_NODE_PENDING; i++) {
        wick_gateway_request *q = &lab->b.pending[i].q;
        if (q->id != 0 && q->kind == WICK_GW_REQ_CHAIN_PROOF && q->slot_count != 0 &&
            memcmp(q->slots[0], slot, 32) == 0) {
            lab->b.pending[i].due_ms = lab->w.now_ms + 3600000;
        }
    }
}

/* must 13: who waits for a record that never comes keeps nobody else waiting; where as many wait as are
 * read at once, for 10 s at most. */
TEST(slow_lookups_block_nobody)
{
    for (unsigned slow = 1; slow <= 2; slow++) {
        uint8_t session = 0;
        sites_init(&site, 5, SITE_PUBLIC, SITE_PUBLIC, 1);
        REQUIRE(lab_ready(lab, 120000));
        (void)wick_stub_run(&lab->w, 30000, NULL);
        memset(stranger, 0, sizeof stranger);
        lab->w.tap = listen_in;
        b_at = endpoint_of_b();
        unsigned reads = lab->b.requests[WICK_GW_REQ_CHAIN_PROOF];
        wick_addr ip = wick_addr_v4(30, 1, 1, 1, 0);
        for (unsigned i = 0; i < slow; i++) {
            REQUIRE(stranger_calls((uint16_t)(2000 + i), &ip, (uint8_t)(1 + i)));
            for (unsigned k = 0; k < 200; k++) {
                (void)wick_stub_run(&lab->w, 1, NULL);
                strangers_send();
                hold_reads((uint8_t)(1 + i));
            }
        }
        CHECK_INT(lab->b.requests[WICK_GW_REQ_CHAIN_PROOF], reads + slow); /* they are being read */
        uint64_t from = lab->w.now_ms;
        unsigned up = lab->a.seen[WICK_GW_EV_SESSION_UP];
        REQUIRE_STATUS(wick_stub_node_connect(&lab->a, &session, "gw-b"), WICK_OK);
        while (lab->a.seen[WICK_GW_EV_SESSION_UP] == up && lab->w.now_ms < from + 40000) {
            (void)wick_stub_run(&lab->w, 5, NULL);
            hold_reads(1);
            hold_reads(2);
        }
        CHECK(lab->a.seen[WICK_GW_EV_SESSION_UP] == up + 1);
        CHECK(lab->w.now_ms - from <= (slow == 1 ? 1000u : 15000u));
    }
}

TAP_MAIN("sim.session_bars", CASE_LONG(loss_of_30_percent_direct),
         CASE_LONG(loss_of_30_percent_relayed), CASE_LONG(loss_with_rsa),
         CASE(reset_of_either_side_at_every_step), CASE_LONG(reset_with_rsa),
         CASE(spoofed_first_messages), CASE_LONG(spoofed_first_messages_with_rsa),
         CASE(honest_peer_behind_the_attackers_relay), CASE(known_peer_behind_the_attackers_relay),
         CASE_LONG(peers_behind_the_attackers_relay_with_rsa), CASE(slow_lookups_block_nobody))
