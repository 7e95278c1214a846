/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leaf and its gateway on a bad link: a tenth to a third of the datagrams are lost, some come twice,
 * many out of order. In every run the leaf enrols, gets a key and a ticket and its payload's answer; and
 * what it asked once is asked of the gateway once. The ticket is text as long as a real one: what one is worth
 * is the business of sim.gateway_ticket.
 * 100 seeds by default, 1,000 with WICK_FULL in the environment.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"
#include "wick/coap_client.h"
#include "wick/leaf_answer.h"
#include "wick/port/crypto.h"
#include "wick/port/dtls.h"
#include "wick/port/leaf_port.h"
#include "wick/port/stub.h"

#define LIMIT_MS 300000u /* of virtual time; beyond it the run is lost */
#define ASKS_MAX 64
#define TICKET_TEXT_LEN 164

enum { ENROL, KEY, TICKET, SEND, DONE };

static wick_stub_world w;
static wick_hal_entropy entropy;
static const uint8_t psk[32] = {1, 2, 3};
static const uint8_t gateway_id[32] = {0xaa}, peer_id[32] = {0xbb}, ks[32] = {0xcc};
static char ticket_text[TICKET_TEXT_LEN + 1];

/* ---- the gateway ---- */

static struct {
    wick_stub_net sockets;
    wick_hal_net net;
    wick_leaf_service svc;
    wick_leaf_port port;
    int actor;
    unsigned ups, sends, twice;
    uint32_t seen[ASKS_MAX]; /* numbers of the payloads that came */
    struct {
        uint32_t ask; /* 0: none */
        wick_leaf_kind kind;
        uint64_t due_ms;
        uint8_t payload[16];
        size_t len;
    } pending;
} g;

static wick_status find(void *ctx, wick_leaf_port_key *out, wick_span identity)
{
    (void)ctx;
    if (identity.len != 8 || memcmp(identity.ptr, "sensor-1", 8) != 0) {
        return WICK_E_NOT_FOUND;
    }
    memcpy(out->name, "sensor-1", 9);
    memcpy(out->psk, psk, 32);
    out->psk_len = 32;
    return WICK_OK;
}

static void told(void *ctx, const char *name, wick_span identity, bool up, wick_status status,
                 const wick_addr *from)
{
    (void)ctx, (void)name, (void)identity, (void)status, (void)from;
    g.ups += up ? 1u : 0u;
}

static void take(const wick_leaf_ask *ask)
{
    g.pending.ask = ask->id;
    g.pending.kind = ask->kind;
    g.pending.due_ms = w.now_ms + wick_stub_random(&w) % 3000; /* others are asked, near and far */
    g.pending.len = ask->payload.len <= sizeof g.pending.payload ? ask->payload.len : 0;
    memcpy(g.pending.payload, ask->payload.ptr, g.pending.len);
    if (ask->kind == WICK_LEAF_SEND) {
        REQUIRE(g.pending.len == 4 && g.sends < ASKS_MAX);
        uint32_t number = wick_load_be32(g.pending.payload);
        for (unsigned i = 0; i < g.sends; i++) {
            g.twice += g.seen[i] == number ? 1u : 0u;
        }
        g.seen[g.sends++] = number;
    } else {
        CHECK(ask->kind == WICK_LEAF_ENROL || strcmp(ask->peer, "gw-b") == 0);
    }
}

static wick_status reply(void)
{
    wick_leaf_enrolment e;
    wick_leaf_key k;
    switch (g.pending.kind) {
    case WICK_LEAF_ENROL:
        memset(&e, 0, sizeof e);
        memcpy(e.gateway, gateway_id, 32);
        memcpy(e.subject, "sensor-1", 8);
        return wick_leaf_enrolled(&g.svc, w.now_ms, g.pending.ask, &e);
    case WICK_LEAF_KEY:
        memset(&k, 0, sizeof k);
        memcpy(k.peer, peer_id, 32);
        k.epoch = 3;
        return wick_leaf_key_is(&g.svc, w.now_ms, g.pending.ask, &k);
    case WICK_LEAF_TICKET:
        return wick_leaf_ticket_is(&g.svc, w.now_ms, g.pending.ask, peer_id, 3, ks,
                                   wick_span_text(ticket_text));
    case WICK_LEAF_SEND:
        return wick_leaf_sent(&g.svc, w.now_ms, g.pending.ask, peer_id, 3,
                              wick_span_make(g.pending.payload, g.pending.len));
    case WICK_LEAF_PROOF:
    case WICK_LEAF_BLOCK:
    case WICK_LEAF_RELEASE:
    default:
        return wick_leaf_failed(&g.svc, w.now_ms, g.pending.ask, WICK_E_UNSUPPORTED);
    }
}

static uint64_t run_gateway(void *ctx, wick_stub_world *world)
{
    wick_leaf_ask ask;
    uint64_t next = 0;
    (void)ctx;
    while (wick_leaf_port_run(&g.port, &ask, &next, world->now_ms)) {
        take(&ask);
    }
    if (g.pending.ask != 0 && wick_time_reached(world->now_ms, g.pending.due_ms)) {
        wick_status s = reply();
        (void)s; /* the leaf may have begun anew */
        g.pending.ask = 0;
        while (wick_leaf_port_run(&g.port, &ask, &next, world->now_ms)) {
            take(&ask);
        }
    }
    return g.pending.ask != 0 ? wick_time_min(next, g.pending.due_ms) : next;
}

/* ---- the leaf ---- */

static struct {
    int actor, sock;
    wick_addr gateway;
    wick_dtls dtls;
    wick_dtls_entry entry;
    wick_coap_client coap;
    bool begun, up, asking, done;
    unsigned step, handshakes, calls;
    uint32_t number;
    uint8_t ticket_ks[32];
} l;

static void handshake(void)
{
    wick_dtls_config cfg;
    memset(&cfg, 0, sizeof cfg);
    l.entry.identity = wick_span_text("sensor-1");
    l.entry.psk = wick_span_make(psk, sizeof psk);
    l.entry.role = WICK_DTLS_CLIENT;
    cfg.role = WICK_DTLS_CLIENT;
    cfg.entries = &l.entry;
    cfg.entry_count = 1;
    cfg.entropy = &entropy;
    cfg.suites = WICK_DTLS_AES128_CCM8;
    if (l.begun) {
        wick_dtls_free(&l.dtls);
    }
    REQUIRE_STATUS(wick_dtls_init(&l.dtls, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_dtls_start(&l.dtls, w.now_ms), WICK_OK);
    REQUIRE_STATUS(wick_coap_client_init(&l.coap, &entropy), WICK_OK);
    l.begun = true;
    l.up = l.asking = false;
    l.handshakes++;
}

static void ask(void)
{
    static const char *const paths[] = {"dpk/leaf", "dpk/key", "dpk/ticket", "dpk/send"};
    uint8_t payload[4];
    wick_coap_call call;
    memset(&call, 0, sizeof call);
    call.method = l.step == KEY || l.step == TICKET ? WICK_COAP_GET : WICK_COAP_POST;
    call.path = paths[l.step];
    call.query = l.step == ENROL ? NULL : "peer=gw-b";
    if (l.step == ENROL) {
        call.method = WICK_COAP_GET;
    } else if (l.step == SEND) {
        wick_store_be32(payload, ++l.number);
        call.payload = wick_span_make(payload, sizeof payload);
    }
    CHECK_STATUS(wick_coap_client_begin(&l.coap, w.now_ms, &call), WICK_OK);
    l.asking = true;
    l.calls++;
}

static void judge(const wick_coap_response *r)
{
    wick_leaf_enrolment e;
    wick_leaf_key k;
    wick_leaf_ticket t;
    wick_leaf_head h;
    l.asking = false;
    if (WICK_COAP_CLASS(r->code) != 2) {
        CHECK(r->has_max_age); /* busy with what was asked before: again */
        return;
    }
    switch (l.step) {
    case ENROL:
        CHECK_STATUS(wick_leaf_enrolment_read(&e, r->payload), WICK_OK);
        CHECK_MEM(e.gateway, gateway_id, 32);
        break;
    case KEY:
        CHECK_STATUS(wick_leaf_key_read(&k, r->payload, peer_id, 3), WICK_OK);
        break;
    case TICKET:
        CHECK_STATUS(wick_leaf_ticket_read(&t, r->payload, peer_id, 3), WICK_OK);
        CHECK_INT(t.text.len, TICKET_TEXT_LEN);
        memcpy(l.ticket_ks, t.ks, 32);
        break;
    default:
        CHECK_STATUS(wick_leaf_head_read(&h, r->payload, peer_id, 3), WICK_OK);
        CHECK(h.rest.len == 4 && wick_load_be32(h.rest.ptr) == l.number); /* of this question */
        break;
    }
    l.step++;
    l.done = l.step == DONE;
}

/* What DTLS has to say. @return its deadline; 0: it has ended */
static uint64_t say(void)
{
    wick_out o;
    for (;;) {
        wick_dtls_poll(&l.dtls, &o, w.now_ms);
        if (o.kind == WICK_OUT_SEND) {
            wick_stub_send(&w, l.sock, &l.gateway, o.bytes);
        } else if (o.kind == WICK_OUT_EVENT) {
            l.up = l.up || o.event == WICK_DTLS_UP;
        } else {
            return o.kind == WICK_OUT_WAIT ? o.deadline_ms : 0;
        }
    }
}

static uint64_t run_leaf(void *ctx, wick_stub_world *world)
{
    uint8_t bytes[WICK_STUB_MTU];
    wick_addr from;
    wick_coap_response r;
    wick_out o;
    size_t len = 0;
    (void)ctx;
    for (int n; (n = wick_stub_recv(world, l.sock, &from, bytes, sizeof bytes)) >= 0;) {
        wick_status s = wick_dtls_input(&l.dtls, world->now_ms, wick_span_make(bytes, (size_t)n));
        (void)s; /* what is not ours is dropped there */
        (void)say();
        while (wick_dtls_read(&l.dtls, bytes, sizeof bytes, &len) == WICK_OK) {
            if (wick_coap_client_input(&l.coap, &r, world->now_ms, wick_span_make(bytes, len)) ==
                    WICK_OK &&
                l.asking) {
                judge(&r);
            }
        }
    }
    uint64_t next = say();
    if (next == 0) {
        handshake();
        next = say();
    }
    while (l.up) {
        if (!l.asking && !l.done) {
            ask();
        }
        wick_coap_client_poll(&l.coap, &o, world->now_ms);
        if (o.kind == WICK_OUT_SEND) {
            wick_status s = wick_dtls_write(&l.dtls, world->now_ms, o.bytes);
            (void)s; /* lost, as on any path */
            next = say();
        } else if (o.kind == WICK_OUT_DONE) {
            l.asking = false; /* four times in vain: the leaf asks anew */
        } else {
            next = wick_time_min(next, o.deadline_ms);
            break;
        }
    }
    return l.done ? WICK_TIME_NEVER(world->now_ms) : next;
}

/* ---- both ---- */

static uint64_t run_once(uint64_t seed, unsigned loss)
{
    const wick_addr at = wick_addr_v4(10, 0, 0, 1, 5684);
    wick_leaf_port_config cfg = {.net = &g.net, .entropy = &entropy, .service = &g.svc,
                                 .find = find, .told = told};
    memset(&g, 0, sizeof g);
    memset(&l, 0, sizeof l);
    wick_stub_init(&w, seed);
    wick_stub_hal_entropy(&entropy, &w);
    int host = wick_stub_host(&w, -1, wick_addr_v4(10, 0, 0, 1, 0));
    g.actor = wick_stub_actor_add(&w, run_gateway, NULL);
    g.sockets.w = &w;
    g.sockets.host = host;
    g.sockets.actor = g.actor;
    wick_stub_hal_net(&g.net, &g.sockets);
    wick_leaf_init(&g.svc, gateway_id, NULL, 0);
    cfg.listen = at;
    CHECK_STATUS(wick_leaf_port_open(&g.port, &cfg, w.now_ms), WICK_OK);
    l.actor = wick_stub_actor_add(&w, run_leaf, NULL);
    l.sock = wick_stub_open(&w, wick_stub_host(&w, -1, wick_addr_v4(10, 0, 0, 2, 0)), 0, l.actor);
    l.gateway = at;
    w.link.loss = loss;
    w.link.duplicate = 100;
    w.link.delay_ms = 10;
    w.link.jitter_ms = 200;
    handshake();
    bool done = wick_stub_run(&w, LIMIT_MS, &l.done);
    uint64_t took = w.now_ms;
    CHECK(done);
    CHECK_INT(g.twice, 0);
    CHECK(g.sends <= l.number); /* no question that was not asked */
    CHECK(g.ups <= l.handshakes);
    CHECK_MEM(l.ticket_ks, ks, 32);
    wick_dtls_free(&l.dtls);
    wick_leaf_port_close(&g.port, w.now_ms);
    return done ? took : LIMIT_MS;
}

static void series(unsigned loss)
{
    const unsigned seeds = getenv("WICK_FULL") != NULL ? 1000 : 100;
    uint64_t longest = 0, sum = 0;
    unsigned handshakes = 0, calls = 0;
    for (unsigned seed = 1; seed <= seeds; seed++) {
        uint64_t took = run_once(seed, loss);
        if (took >= LIMIT_MS) {
            printf("# seed %u, loss %u: not done\n", seed, loss);
        }
        sum += took;
        longest = took > longest ? took : longest;
        handshakes += l.handshakes;
        calls += l.calls;
    }
    printf("# %u runs with %u %% loss: %llu ms in the mean, %llu ms at most; %u handshakes, %u "
           "questions\n",
           seeds, loss / 10, (unsigned long long)(sum / seeds), (unsigned long long)longest,
           handshakes, calls);
}

static void setup(void)
{
    static wick_crypto_ctx ctx;
    static wick_hal_crypto crypto;
    REQUIRE_STATUS(wick_crypto_init(&crypto, &ctx), WICK_OK);
    memset(ticket_text, 'T', TICKET_TEXT_LEN);
}

TEST(on_a_good_link)
{
    setup();
    uint64_t took = run_once(1, 0);
    CHECK(took < 20000);
    CHECK_INT(l.handshakes, 1);
    CHECK_INT(g.ups, 1);
    CHECK_INT(l.calls, 4);
    CHECK_INT(g.sends, 1);
}

TEST(a_tenth_is_lost)
{
    setup();
    series(100);
}

TEST(a_third_is_lost)
{
    setup();
    series(300);
}

TAP_MAIN("sim.leaf", CASE(on_a_good_link), CASE(a_tenth_is_lost), CASE(a_third_is_lost))
