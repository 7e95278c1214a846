/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves with tickets at the driver: DTLS from the first hello to the last record, without a chain
 * (the issuer's record is taken as read). Datagrams of the leaf are put in by hand, under any address;
 * what the driver sends comes by a real socket.
 */
#include <stdio.h>

#include "../../core/nat/turn_internal.h"
#include "../../port/linux/driver_internal.h"
#include "ticket_world.h"
#include "wick/stun.h"
#include "wick/turn_stream.h"

enum { LISTENS = 1, SHAKES, UP }; /* states of a guest */
#define KNOWN 2                   /* state of an issuer */
#define VIA 0x80                  /* directly, by socket 0 */
#define HELLO_MAX 300u

static uint64_t now = 1000000;
static wick_linux_net net;
static wick_hal_net hn;
static wick_gateway gateway;
static wick_driver driver;
static wick_ticket_rule rule;
static wick_hal_entropy random_source;
static wick_sock sock = -1; /* the leaf's */
static wick_addr leaf_at;
static wick_dtls client;
static wick_dtls_entry entry;
static char identity[WICK_TICKET_CHARS + 1];
static wick_session_psk key;
static uint8_t ticket[WICK_TICKET_BYTES], ks[32];
static unsigned opened, closed, messages, downs, turned_away;
static wick_status why;
static wick_gateway_event up;
static uint8_t session;

static uint64_t clock_ms(void *ctx)
{
    (void)ctx;
    return now;
}

static wick_status clock_unix(void *ctx, uint64_t *out)
{
    (void)ctx;
    *out = IAT + now / 1000;
    return WICK_OK;
}

static const wick_hal_clock test_clock = {NULL, clock_ms, clock_unix};

static void setup(void)
{
    static wick_gateway_registry registry;
    wick_gateway_config g;
    wick_driver_config d;
    ticket_world();
    wick_linux_entropy_init(&random_source);
    CHECK_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    memset(&registry, 0, sizeof registry);
    memset(&g, 0, sizeof g);
    memset(&d, 0, sizeof d);
    memset(&rule, 0, sizeof rule);
    registry.name = "home";
    registry.chain_id = 31337;
    registry.tier = WICK_TIER_OWN_NODE;
    rule.any = true;
    rule.scopes = WICK_TICKET_CONNECT | WICK_TICKET_REUSE;
    g.crypto = &crypto;
    g.entropy = &random_source;
    g.keystore = &keystore;
    g.clock = &test_clock;
    g.name = "gw-b";
    g.wallet_key = own[Z].key;
    g.device_key = own[S].key;
    g.registries = &registry;
    g.registry_count = 1;
    g.ticket_rules = &rule;
    g.ticket_rule_count = 1;
    CHECK_STATUS(wick_gateway_init(&gateway, &g), WICK_OK);
    CHECK_STATUS(wick_gateway_start(&gateway, now, WICK_GW_GOAL_ANSWER), WICK_OK);
    memcpy(own[S].id, gateway.id, 32);
    /* What a look-up of G's record leaves behind. */
    wick_gateway_issuer *x = &gateway.tickets.issuer[0];
    x->state = KNOWN;
    x->epoch = 1;
    memcpy(x->id, own[G].id, 32);
    memcpy(x->pub33, own[G].pub33, 33);
    x->read_ms = x->proven_ms = now;
    x->due_ms = now + 1000000000;
    d.gateway = &gateway;
    d.clock = &test_clock;
    d.entropy = &random_source;
    d.net = &hn;
    d.linux_net = &net;
    d.rpc_url = "http://127.0.0.1:9";
    d.chain_id = 31337;
    CHECK_STATUS(wick_driver_init(&driver, &d), WICK_OK);
    leaf_at = wick_addr_v4(127, 0, 0, 1, 0);
    CHECK_STATUS(hn.udp_open(hn.ctx, &sock, &leaf_at), WICK_OK);
    CHECK_STATUS(hn.local_addr(hn.ctx, sock, &leaf_at), WICK_OK);
    opened = closed = messages = downs = turned_away = 0;
    why = WICK_OK;
    memset(&up, 0, sizeof up);
    session = WICK_GW_NO_SESSION;
}

static void teardown(void)
{
    wick_dtls_free(&client);
    wick_driver_free(&driver);
    hn.close(hn.ctx, sock);
}

static void new_ticket(unsigned scope)
{
    wick_ticket_claims c = claims_of("meter-7");
    c.iat_s = (uint32_t)(IAT + now / 1000 + 1);
    c.scope = (uint16_t)scope;
    now += 1000;
    make_ticket(ticket, ks, G, S, &c);
    wick_ticket_text(identity, ticket);
    CHECK_STATUS(wick_ticket_psk(&key, &crypto, ks, WICK_USE_DTLS12), WICK_OK);
}

static void new_client(const char *name)
{
    wick_dtls_config cfg;
    memset(&cfg, 0, sizeof cfg);
    memset(&entry, 0, sizeof entry);
    entry.identity = wick_span_text(name);
    entry.psk = wick_span_make(key.key, key.key_len);
    entry.role = WICK_DTLS_CLIENT;
    entry.uses = (unsigned)WICK_USE_DTLS12;
    cfg.role = WICK_DTLS_CLIENT;
    cfg.entries = &entry;
    cfg.entry_count = 1;
    cfg.entropy = &random_source;
    cfg.suites = WICK_DTLS_SUITES_ALL;
    wick_dtls_free(&client);
    REQUIRE_STATUS(wick_dtls_init(&client, &cfg), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&client, now), WICK_OK);
}

/* What the agent has to say; requests are not answered. */
static void pump(void)
{
    wick_gateway_out o;
    for (wick_gateway_poll(&gateway, &o, now); o.kind != WICK_GW_OUT_WAIT;
         wick_gateway_poll(&gateway, &o, now)) {
        if (o.kind == WICK_GW_OUT_DATA && o.session == WICK_GW_GUEST) {
            CHECK(o.socket == VIA);
            wick_driver_guest_input(&driver, &o, now);
        } else if (o.kind == WICK_GW_OUT_DATA) {
            wick_driver_session_input(&driver, o.session, o.bytes, now);
        } else if (o.kind == WICK_GW_OUT_EVENT && o.event.kind == WICK_GW_EV_SESSION_UP) {
            up = o.event;
        } else if (o.kind == WICK_GW_OUT_EVENT && o.event.kind == WICK_GW_EV_SESSION_DOWN) {
            downs++;
            wick_driver_session_free(&driver, o.event.session);
        }
    }
}

/* A datagram that says to come from `from`. */
static void give(wick_span bytes, const wick_addr *from)
{
    wick_gateway_input(&gateway, now, 0, bytes, from);
    pump();
}

static void events(void)
{
    wick_driver_event ev;
    while (wick_driver_guest_run(&driver, &ev, now)) {
        if (ev.kind == WICK_DRIVER_REFUSED) {
            CHECK(ev.peer == NULL && ev.session == WICK_GW_NO_SESSION);
            CHECK(wick_addr_equal(&ev.from, &leaf_at));
            turned_away++;
            why = ev.status;
            continue;
        }
        opened += ev.kind == WICK_DRIVER_OPEN ? 1u : 0u;
        closed += ev.kind == WICK_DRIVER_CLOSED ? 1u : 0u;
        messages += ev.kind == WICK_DRIVER_DATA ? 1u : 0u;
        session = ev.session;
        CHECK(ev.peer != NULL && memcmp(ev.peer, own[G].id, 32) == 0);
    }
}

/* Both ends, until neither has anything to say. @return status of the leaf's end, AGAIN: none yet */
static wick_status run(void)
{
    wick_status ended = WICK_AGAIN;
    uint8_t bytes[1500];
    wick_addr from;
    wick_out o;
    for (unsigned quiet = 0; quiet < 3; quiet++) {
        for (wick_dtls_poll(&client, &o, now);
             o.kind == WICK_OUT_SEND || o.kind == WICK_OUT_EVENT;
             wick_dtls_poll(&client, &o, now)) {
            if (o.kind == WICK_OUT_SEND) {
                give(o.bytes, &leaf_at);
                quiet = 0;
            }
        }
        ended = o.kind == WICK_OUT_DONE ? o.status : ended;
        events();
        for (int32_t n = hn.udp_recv(hn.ctx, sock, &from, bytes, sizeof bytes); n > 0;
             n = hn.udp_recv(hn.ctx, sock, &from, bytes, sizeof bytes)) {
            wick_status st = wick_dtls_input(&client, now, wick_span_make(bytes, (size_t)n));
            (void)st;
            for (wick_dtls_poll(&client, &o, now);
                 o.kind == WICK_OUT_SEND || o.kind == WICK_OUT_EVENT;
                 wick_dtls_poll(&client, &o, now)) {
                if (o.kind == WICK_OUT_SEND) {
                    give(o.bytes, &leaf_at);
                }
            }
            ended = o.kind == WICK_OUT_DONE ? o.status : ended;
            quiet = 0;
        }
    }
    return ended;
}

/* An alert in clear is anybody's word: the leaf's end waits for a better one, and gives up then. */
static wick_status refused(void)
{
    wick_status st = run();
    now += WICK_DTLS_ALERT_WAIT_MS;
    return st == WICK_AGAIN ? run() : st;
}

static unsigned in_state(uint8_t state)
{
    unsigned n = 0;
    for (size_t i = 0; i < WICK_DRIVER_GUESTS; i++) {
        n += driver.guest[i].state == state ? 1u : 0u;
    }
    return n;
}

TEST(from_hello_to_close)
{
    uint8_t buf[64];
    size_t len = 0;

    setup();
    new_ticket(WICK_TICKET_CONNECT);
    new_client(identity);
    CHECK_STATUS(run(), WICK_AGAIN);
    REQUIRE(opened == 1 && wick_dtls_is_up(&client));
    CHECK(strstr(wick_driver_suite(&driver, session), "ECDHE") != NULL);
    CHECK_INT(in_state(UP), 1);
    pump();
    CHECK(up.guest && up.session == session);
    CHECK_MEM(up.id, own[G].id, 32);
    CHECK_MEM(up.sub, "meter-7", 8);
    /* data, both ways */
    CHECK_STATUS(wick_dtls_write(&client, now, wick_span_text("hello")), WICK_OK);
    CHECK_STATUS(run(), WICK_AGAIN);
    CHECK_INT(messages, 1);
    CHECK_STATUS(wick_driver_send(&driver, session, wick_span_text("hello yourself")), WICK_OK);
    CHECK_STATUS(run(), WICK_AGAIN);
    CHECK_STATUS(wick_dtls_read(&client, buf, sizeof buf, &len), WICK_OK);
    CHECK_INT(len, 14);
    /* the leaf closes */
    wick_dtls_close(&client, now);
    (void)run();
    CHECK_INT(closed, 1);
    CHECK_INT(in_state(UP), 0);
    CHECK_STATUS(wick_driver_send(&driver, session, wick_span_text("x")), WICK_E_STATE);
    CHECK(strcmp(wick_driver_suite(&driver, session), "") == 0);
    /* and comes again with the same ticket */
    new_client(identity);
    CHECK_STATUS(refused(), WICK_E_TLS);
    CHECK_STATUS(wick_gateway_ticket_status(&gateway), WICK_E_TICKET_REPLAY);
    CHECK_INT(opened, 1);
    CHECK_INT(turned_away, 1);
    CHECK_STATUS(why, WICK_E_TICKET_REPLAY);
    teardown();
}

/* Silent on the wire, clear here: what was wrong with the ticket, or that the key was not its own. */
TEST(refusals_are_told)
{
    setup();
    new_ticket(WICK_TICKET_CONNECT);
    key.key[3] ^= 1;
    new_client(identity);
    CHECK_STATUS(refused(), WICK_E_TLS);
    CHECK_INT(turned_away, 1);
    CHECK_STATUS(why, WICK_E_TLS);
    new_client("nobody");
    CHECK_STATUS(refused(), WICK_E_TLS);
    CHECK_INT(turned_away, 2);
    CHECK(why != WICK_OK && why != WICK_E_TLS);
    rule.scopes = WICK_TICKET_REUSE; /* the policy is the application's, and read at each ticket */
    new_ticket(WICK_TICKET_CONNECT);
    new_client(identity);
    CHECK_STATUS(refused(), WICK_E_TLS);
    CHECK_INT(turned_away, 3);
    CHECK_STATUS(why, WICK_E_TICKET_SCOPE);
    CHECK_INT(opened, 0);
    CHECK_INT(in_state(SHAKES), 0);
    teardown();
}

TEST(again_from_the_same_address)
{
    setup();
    new_ticket(WICK_TICKET_CONNECT | WICK_TICKET_REUSE);
    new_client(identity);
    CHECK_STATUS(run(), WICK_AGAIN);
    REQUIRE(opened == 1);
    /* the leaf is reset: its hello finds another context, and its session is replaced */
    new_client(key.identity);
    CHECK_STATUS(run(), WICK_AGAIN);
    CHECK_INT(opened, 2);
    CHECK(wick_dtls_is_up(&client));
    pump();
    CHECK_INT(downs, 1);
    CHECK_INT(in_state(UP), 1);
    /* the other way round: the agent ends it */
    wick_driver_close(&driver, session);
    (void)run();
    CHECK_INT(closed, 1);
    CHECK_INT(in_state(UP), 0);
    teardown();
}

/* The first datagram of a leaf with a ticket. */
static size_t hello_of_a_leaf(uint8_t hello[HELLO_MAX])
{
    wick_out o;
    new_ticket(WICK_TICKET_CONNECT);
    new_client(identity);
    wick_dtls_poll(&client, &o, now);
    CHECK(o.kind == WICK_OUT_SEND && o.bytes.len <= HELLO_MAX);
    size_t len = o.bytes.len <= HELLO_MAX ? o.bytes.len : HELLO_MAX;
    memcpy(hello, o.bytes.ptr, len);
    return len;
}

/* Hellos without a cookie, under any number of addresses, hold one context and open no ticket. */
TEST(must_23_hellos_of_many)
{
    uint8_t hello[HELLO_MAX];

    setup();
    const size_t len = hello_of_a_leaf(hello);
    private_ops = 0;
    for (unsigned i = 0; i < 200; i++) {
        const wick_addr from = wick_addr_v4(127, 0, (uint8_t)(i >> 8), (uint8_t)(i + 2),
                                            (uint16_t)(2000 + i));
        give(wick_span_make(hello, len), &from);
        hello[len - 1] ^= 1; /* whatever stands there */
        give(wick_span_make(hello, len / 2), &from);
        hello[len - 1] ^= 1;
    }
    CHECK_INT(in_state(LISTENS), 1);
    CHECK_INT(in_state(SHAKES), 0);
    CHECK_INT(private_ops, 0);
    /* an honest leaf gets through */
    CHECK_STATUS(run(), WICK_AGAIN);
    now += 500;
    CHECK_STATUS(run(), WICK_AGAIN);
    CHECK_INT(opened, 1);
    /* a context that nobody needs any more is given back */
    give(wick_span_make(hello, len), &(wick_addr){{0}, 7});
    CHECK_INT(in_state(LISTENS), 1);
    now += 61000;
    events();
    CHECK_INT(in_state(LISTENS), 0);
    teardown();
}

/* Handshakes that do not go on hold a context for two seconds against others, and twenty at most. */
TEST(handshakes_that_stop)
{
    setup();
    new_ticket(WICK_TICKET_CONNECT);
    const wick_addr real = leaf_at;
    for (unsigned i = 0; i < WICK_DRIVER_GUESTS + 4; i++) {
        wick_out o;
        uint8_t bytes[1500];
        wick_addr from;
        new_client(identity);
        wick_dtls_poll(&client, &o, now);
        REQUIRE(o.kind == WICK_OUT_SEND);
        give(o.bytes, &real);
        int32_t n = hn.udp_recv(hn.ctx, sock, &from, bytes, sizeof bytes);
        REQUIRE(n > 0); /* HelloVerifyRequest */
        CHECK_STATUS(wick_dtls_input(&client, now, wick_span_make(bytes, (size_t)n)), WICK_OK);
        wick_dtls_poll(&client, &o, now);
        REQUIRE(o.kind == WICK_OUT_SEND);
        give(o.bytes, &real); /* with the cookie; and no more */
        while (hn.udp_recv(hn.ctx, sock, &from, bytes, sizeof bytes) > 0) {
        }
        /* The next one comes from elsewhere: the same socket, another name for it. */
        for (size_t k = 0; k < WICK_DRIVER_GUESTS; k++) {
            if (driver.guest[k].state == SHAKES && wick_addr_equal(&driver.guest[k].addr, &real)) {
                driver.guest[k].addr.port = (uint16_t)(1 + i);
            }
        }
        CHECK(in_state(SHAKES) >= 1 && in_state(SHAKES) <= WICK_DRIVER_GUESTS);
        now += 2100;
    }
    new_client(identity);
    CHECK_STATUS(run(), WICK_AGAIN);
    CHECK_INT(opened, 1);
    now += 20000;
    events();
    CHECK_INT(in_state(SHAKES), 0);
    CHECK_INT(in_state(UP), 1);
    teardown();
}

/* A handshake from this address of the socket that goes no further than the cookie.
 * @return false: its hello got no answer */
static bool half_a_handshake(wick_sock s, const wick_addr *from)
{
    wick_out o;
    uint8_t bytes[1500];
    wick_addr by;
    new_client(identity);
    wick_dtls_poll(&client, &o, now);
    CHECK(o.kind == WICK_OUT_SEND);
    give(o.bytes, from);
    int32_t n = hn.udp_recv(hn.ctx, s, &by, bytes, sizeof bytes);
    if (n <= 0) {
        return false;
    }
    CHECK_STATUS(wick_dtls_input(&client, now, wick_span_make(bytes, (size_t)n)), WICK_OK);
    wick_dtls_poll(&client, &o, now);
    CHECK(o.kind == WICK_OUT_SEND);
    give(o.bytes, from);
    while (hn.udp_recv(hn.ctx, s, &by, bytes, sizeof bytes) > 0) {
    }
    return true;
}

/* Many at once: where all contexts are in use a newcomer waits for two seconds, not for twenty; and
 * one host alone does not come that far. */
TEST(handshakes_that_stop_at_once)
{
    wick_addr from = {{0}, 0};
    wick_sock s = -1;
    setup();
    new_ticket(WICK_TICKET_CONNECT);
    CHECK_STATUS(hn.udp_open(hn.ctx, &s, &from), WICK_OK);
    CHECK_STATUS(hn.local_addr(hn.ctx, s, &from), WICK_OK);
    for (unsigned i = 0; i < WICK_DRIVER_GUESTS; i++) { /* from one host */
        const wick_addr at = wick_addr_v4(127, 0, 0, 9, from.port);
        CHECK(half_a_handshake(s, &at) == (i * 2 < WICK_DRIVER_GUESTS));
        for (size_t k = 0; k < WICK_DRIVER_GUESTS; k++) {
            if (driver.guest[k].state == SHAKES && wick_addr_equal(&driver.guest[k].addr, &at)) {
                driver.guest[k].addr.port = (uint16_t)(1 + i); /* the next one: another port */
            }
        }
        now += 1;
    }
    CHECK_INT(in_state(SHAKES), (WICK_DRIVER_GUESTS + 1) / 2);
    for (uint8_t i = 0; in_state(SHAKES) < WICK_DRIVER_GUESTS && i < 100; i++) { /* from many */
        const wick_addr at = wick_addr_v4(127, 0, 1, i, from.port);
        CHECK(half_a_handshake(s, &at));
        now += 1;
    }
    REQUIRE(in_state(SHAKES) == WICK_DRIVER_GUESTS);
    new_client(identity);
    CHECK_STATUS(run(), WICK_AGAIN);
    CHECK_INT(opened, 0); /* none has had its time */
    now += 2100;
    new_client(identity);
    CHECK_STATUS(run(), WICK_AGAIN);
    CHECK_INT(opened, 1);
    hn.close(hn.ctx, s);
    teardown();
}

TEST(wrong_key_and_wrong_identity)
{
    setup();
    new_ticket(WICK_TICKET_CONNECT);
    key.key[0] ^= 1;
    new_client(identity);
    CHECK_STATUS(refused(), WICK_E_TLS);
    CHECK_INT(opened, 0);
    CHECK_INT(in_state(SHAKES), 0);
    key.key[0] ^= 1;
    new_client("somebody");
    CHECK_STATUS(refused(), WICK_E_TLS);
    CHECK_STATUS(wick_gateway_ticket_status(&gateway), WICK_E_NOT_FOUND);
    new_client(key.identity);
    CHECK_STATUS(run(), WICK_AGAIN); /* it was shown above, and is not used: nobody had the key */
    CHECK_INT(opened, 1);
    teardown();
}

/* A relay over TCP whose allocation is there, with a channel of `peer`; its end of the stream. */
static wick_sock relay_stream(uint8_t i, const wick_addr *peer)
{
    static const uint8_t nothing[4] = {0x4f}; /* ChannelData */
    wick_addr at = wick_addr_v4(127, 0, 0, 1, 0);
    wick_sock listener, s = -1;
    wick_turn *t = &gateway.turn[i];
    CHECK_STATUS(wick_linux_tcp_listen(&listener, &net, &at), WICK_OK);
    CHECK_STATUS(hn.local_addr(hn.ctx, listener, &at), WICK_OK);
    wick_turn_config cfg = {.crypto = &crypto,
                            .entropy = &random_source,
                            .server = at,
                            .username = wick_span_text("u"),
                            .password = wick_span_text("p"),
                            .stream = true};
    CHECK_STATUS(wick_turn_init(t, &cfg), WICK_OK);
    CHECK_STATUS(wick_turn_start(t, now), WICK_OK);
    t->state = STATE_ALLOCATED;
    CHECK_STATUS(wick_turn_bind(t, now, peer), WICK_OK);
    for (unsigned k = 0; k < WICK_TURN_OPS; k++) {
        wick_turn_op *op = &t->op[k];
        op->state = op->state == OP_FREE ? OP_FREE : OP_READY;
        op->due_ms = op->until_ms = now + 100000;
    }
    gateway.turn_used[i] = true;
    gateway.stream[i].over = WICK_GW_OVER_TCP;
    const wick_gateway_out first = {.kind = WICK_GW_OUT_SEND,
                                    .socket = i,
                                    .over = WICK_GW_OVER_TCP,
                                    .to = at,
                                    .bytes = wick_span_make(nothing, sizeof nothing)};
    wick_driver_relay_transmit(&driver, &first);
    wick_addr from;
    wick_status st = WICK_AGAIN;
    for (int k = 0; k < 100000 && st == WICK_AGAIN; k++) {
        st = wick_linux_tcp_accept(&s, &from, &net, listener);
    }
    CHECK_STATUS(st, WICK_OK);
    return s;
}

#define HELLOS 8u

/* By a socket and by two streams at once: each hello is answered, and by the way on which it came. */
TEST(none_takes_the_place_of_another)
{
    static const wick_addr peer = {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 9}, 77};
    uint8_t hello[HELLO_MAX], bytes[2048], all[HELLOS * 320];
    wick_sock relay[2];
    wick_addr any = wick_addr_v4(127, 0, 0, 1, 0), at, from;
    wick_driver_event ev;

    setup();
    const size_t len = hello_of_a_leaf(hello);
    CHECK_STATUS(hn.udp_open(hn.ctx, &driver.sock[0], &any), WICK_OK);
    CHECK_STATUS(hn.local_addr(hn.ctx, driver.sock[0], &at), WICK_OK);
    wick_driver_run(&driver, &ev, now); /* what the agent has to say at first */
    for (uint8_t i = 0; i < 2; i++) {
        relay[i] = relay_stream(i, &peer);
    }
    wick_buf b = wick_buf_make(all, sizeof all);
    for (unsigned i = 0; i < HELLOS; i++) {
        CHECK_STATUS(wick_channeldata_encode_stream(&b, WICK_CHANNEL_MIN,
                                                    wick_span_make(hello, len)), WICK_OK);
        CHECK_INT(hn.udp_send(hn.ctx, sock, &at, wick_span_make(hello, len)), len);
    }
    CHECK_INT(hn.tcp_send(hn.ctx, relay[0], wick_buf_span(&b)), b.len);
    CHECK_INT(hn.tcp_send(hn.ctx, relay[1], wick_buf_span(&b)), b.len);
    unsigned by_udp = 0, by_stream[2] = {0, 0};
    static wick_turn_stream in[2];
    static uint8_t rx[2][4096];
    wick_turn_stream_init(&in[0], rx[0], sizeof rx[0]);
    wick_turn_stream_init(&in[1], rx[1], sizeof rx[1]);
    for (unsigned k = 0;
         k < 10000 && (by_udp < HELLOS || by_stream[0] < HELLOS || by_stream[1] < HELLOS); k++) {
        /* as if a look at all descriptors had shown them */
        driver.readable[0] = driver.relay_readable[0] = driver.relay_readable[1] = true;
        wick_driver_run(&driver, &ev, now);
        if (hn.udp_recv(hn.ctx, sock, &from, bytes, sizeof bytes) > 0) {
            by_udp++;
        }
        for (unsigned i = 0; i < 2; i++) {
            size_t cap;
            wick_span message;
            uint8_t *to = wick_turn_stream_space(&in[i], &cap);
            int32_t n = hn.tcp_recv(hn.ctx, relay[i], to, cap);
            wick_turn_stream_filled(&in[i], n > 0 ? (size_t)n : 0);
            while (wick_turn_stream_next(&in[i], &message) == WICK_OK) {
                by_stream[i] += message.ptr[0] == 0x40 ? 1u : 0u;
            }
        }
    }
    CHECK_INT(by_udp, HELLOS);
    CHECK_INT(by_stream[0], HELLOS);
    CHECK_INT(by_stream[1], HELLOS);
    teardown();
}

TAP_MAIN("unit.driver_guest", CASE(from_hello_to_close), CASE(refusals_are_told),
         CASE(again_from_the_same_address),
         CASE(must_23_hellos_of_many), CASE(handshakes_that_stop),
         CASE(handshakes_that_stop_at_once), CASE(wrong_key_and_wrong_identity),
         CASE(none_takes_the_place_of_another))
