/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver against peers of this process that say what a script says. What a node or a wallet
 * manager does wrong reaches the agent as the one right status; what may pass is tried three times
 * and no more, what cannot is not. The clock is the test's, the sockets are real.
 */
#include "../../port/linux/driver_internal.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "tap.h"

#define CHAIN_ID 31337u
#define RPC_TIMEOUT_MS 2000u
#define STEP_MS 20u
#define STEPS_MAX 6000u

static uint64_t now = 1000000;
static wick_linux_net net;
static wick_hal_net hn;
static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hal_entropy entropy;
static wick_ram_keystore ram;
static wick_hal_keystore keystore;
static wick_gateway gateway;
static wick_driver driver;

/* The peer: one connection at a time, one answer on each. */
static struct {
    wick_sock listener, sock;
    wick_addr here;
    const char *status, *body; /* NULL: never answers. '$' in the body stands for the id */
    bool names_chain;          /* a request for the chain id gets it, whatever the body is */
    const char *raw;           /* sent at once, instead */
    uint32_t delay_ms;
    unsigned connections;
    uint64_t answer_at;
    size_t len;
    char seen[16384];
} peer;

static uint64_t clock_ms(void *ctx)
{
    (void)ctx;
    return now;
}

static wick_status clock_unix(void *ctx, uint64_t *out)
{
    (void)ctx;
    *out = 1800000000u + now / 1000;
    return WICK_OK;
}

static const wick_hal_clock test_clock = {NULL, clock_ms, clock_unix};

static void peer_close(void)
{
    if (peer.sock >= 0) {
        hn.close(hn.ctx, peer.sock);
    }
    peer.sock = -1;
    peer.len = 0;
    peer.answer_at = 0;
}

static void peer_send(const char *text, size_t len)
{
    (void)!hn.tcp_send(hn.ctx, peer.sock, wick_span_make((const uint8_t *)text, len));
}

static const char chain_body[] = "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}";

static void peer_answer(void)
{
    char body[512], reply[1024];
    size_t len = 0;
    const char *id = strstr(peer.seen, "\"id\":");
    unsigned number = 0;
    if (id != NULL) {
        (void)sscanf(id + 5, "%u", &number);
    }
    bool asked_chain = peer.names_chain && strstr(peer.seen, "eth_chainId") != NULL;
    for (const char *p = asked_chain ? chain_body : peer.body; *p != '\0' && len < sizeof body - 16; p++) {
        if (*p == '$') {
            len += (size_t)snprintf(body + len, 12, "%u", number);
        } else {
            body[len++] = *p;
        }
    }
    body[len] = '\0';
    int n = snprintf(reply, sizeof reply, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
                     peer.status, len, body);
    peer_send(reply, (size_t)n);
    peer_close();
}

static void peer_run(void)
{
    wick_addr from;
    if (peer.sock < 0) {
        if (wick_linux_tcp_accept(&peer.sock, &from, &net, peer.listener) != WICK_OK) {
            peer.sock = -1;
            return;
        }
        peer.connections++;
        if (peer.raw != NULL) {
            peer_send(peer.raw, strlen(peer.raw));
        }
    }
    int32_t n = hn.tcp_recv(hn.ctx, peer.sock, (uint8_t *)peer.seen + peer.len,
                            sizeof peer.seen - 1 - peer.len);
    if (n <= 0 && n != WICK_AGAIN) {
        peer_close(); /* the driver has left */
        return;
    }
    peer.len += n > 0 ? (size_t)n : 0;
    peer.seen[peer.len] = '\0';
    if (peer.body == NULL || peer.raw != NULL || strstr(peer.seen, "\r\n\r\n{") == NULL ||
        peer.seen[peer.len - 1] != '}') {
        return;
    }
    peer.answer_at = peer.answer_at != 0 ? peer.answer_at : now + peer.delay_ms;
    if (now >= peer.answer_at) {
        peer_answer();
    }
}

/* An agent that looks "gw-b" up, or wants relay credentials of a wallet manager at the peer. */
static void setup(bool wallet)
{
    static wick_gateway_registry registry;
    static const uint8_t psk[32] = {7};
    static char url[64];
    wick_gateway_config g;
    wick_driver_config d;
    wick_addr local = wick_addr_v4(127, 0, 0, 1, 0);
    uint8_t secret[32] = {1};
    memset(&peer, 0, sizeof peer);
    memset(&g, 0, sizeof g);
    memset(&d, 0, sizeof d);
    peer.sock = -1;
    peer.status = "200 OK";
    REQUIRE_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    REQUIRE_STATUS(wick_linux_tcp_listen(&peer.listener, &net, &local), WICK_OK);
    REQUIRE_STATUS(hn.local_addr(hn.ctx, peer.listener, &peer.here), WICK_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)peer.here.port);
    wick_linux_entropy_init(&entropy);
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keystore, &ram, &cc);
    REQUIRE_STATUS(wick_ram_keystore_import(&g.wallet_key, &ram, secret), WICK_OK);
    secret[0] = 2;
    REQUIRE_STATUS(wick_ram_keystore_import(&g.device_key, &ram, secret), WICK_OK);
    registry.name = "home";
    registry.chain_id = CHAIN_ID;
    registry.tier = WICK_TIER_OWN_NODE;
    g.crypto = &crypto;
    g.entropy = &entropy;
    g.keystore = &keystore;
    g.clock = &test_clock;
    g.name = "gw-a";
    g.registries = &registry;
    g.registry_count = 1;
    g.relay = wick_addr_v4(127, 0, 0, 1, 9);
    g.has_wallet_manager = wallet;
    REQUIRE_STATUS(wick_gateway_init(&gateway, &g), WICK_OK);
    d.gateway = &gateway;
    d.clock = &test_clock;
    d.entropy = &entropy;
    d.net = &hn;
    d.linux_net = &net;
    d.rpc_url = url;
    d.chain_id = CHAIN_ID;
    d.rpc_timeout_ms = RPC_TIMEOUT_MS;
    if (wallet) {
        d.wallet = peer.here;
        d.wallet_identity = wick_span_text("gw-a");
        d.wallet_psk = wick_span_make(psk, sizeof psk);
    }
    REQUIRE_STATUS(wick_driver_init(&driver, &d), WICK_OK);
}

static void teardown(void)
{
    wick_driver_free(&driver);
    wick_gateway_wipe(&gateway);
    wick_linux_net_close(&net);
}

/* Runs until the agent tells an event of this kind; its status, or WICK_AGAIN if it never does. */
static wick_status until(wick_gateway_event_kind kind)
{
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        wick_driver_event ev;
        wick_driver_run(&driver, &ev, now);
        if (ev.kind == WICK_DRIVER_GATEWAY && ev.gateway.kind == kind) {
            return ev.gateway.status;
        }
        peer_run();
        now += STEP_MS;
        (void)poll(NULL, 0, i % 8 == 0 ? 1 : 0); /* the kernel moves the bytes */
    }
    return WICK_AGAIN;
}

static wick_status look_up(void)
{
    wick_status s = wick_gateway_start(&gateway, now, 0);
    if (s == WICK_OK) {
        s = wick_gateway_lookup(&gateway, now, "gw-b");
    }
    return s == WICK_OK ? until(WICK_GW_EV_PEER_RESOLVED) : s;
}

TEST(node_faults)
{
    static const struct {
        const char *status, *body;
        uint32_t delay_ms;
        wick_status want;
        unsigned tries;
    } faults[] = {
        {"200 OK", NULL, 0, WICK_E_TIMEOUT, 3},
        {"200 OK", "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}", 3 * RPC_TIMEOUT_MS,
         WICK_E_TIMEOUT, 3},
        {"429 Too Many Requests", "", 0, WICK_E_HTTP_RATE, 3},
        {"500 Internal Server Error", "", 0, WICK_E_HTTP, 3},
        {"200 OK", "<html>", 0, WICK_E_JSON, 3},
        {"200 OK", "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":{}}", 0, WICK_E_JSON, 3},
        {"200 OK", "{\"jsonrpc\":\"2.0\",\"id\":99999999,\"result\":\"0x7a69\"}", 0,
         WICK_E_RPC_ID, 3},
        {"200 OK", "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"code\":-1,\"message\":\"no\"}}", 0,
         WICK_E_RPC, 3},
        {"200 OK", "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x1\"}", 0, WICK_E_CHAIN_MISMATCH,
         1},
    };
    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        setup(false);
        peer.status = faults[i].status;
        peer.body = faults[i].body;
        peer.delay_ms = faults[i].delay_ms;
        CHECK_STATUS(look_up(), faults[i].want);
        CHECK_INT(peer.connections, faults[i].tries);
        CHECK_INT(driver.stats.rpc_calls, faults[i].tries);
        teardown();
    }
}

/* A slow answer in time is an answer: the chain id is taken, and the block asked for. */
TEST(slow_node)
{
    setup(false);
    peer.body = "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}";
    peer.delay_ms = RPC_TIMEOUT_MS / 2;
    CHECK_STATUS(look_up(), WICK_E_JSON); /* a block is no number */
    CHECK_INT(driver.stats.rpc_calls, 4); /* the chain id once, the block three times */
    teardown();
}

/* Each of two nodes names its chain, and is asked in each attempt: a refusal is tried three times. */
TEST(what_one_node_refuses_another_is_asked_for)
{
    static const char *const bodies[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"code\":-32000,\"message\":\"no\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":null}"};
    static const wick_status seen[] = {WICK_E_RPC, WICK_E_NOT_FOUND};
    static const unsigned attempts[] = {3, 1};
    for (size_t i = 0; i < 2; i++) {
        static wick_rpc_pool nodes;
        char url[64];
        setup(false);
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)peer.here.port);
        wick_rpc_endpoint e[2] = {{url, 1, RPC_TIMEOUT_MS, NULL}, {url, 2, RPC_TIMEOUT_MS, NULL}};
        wick_rpc_pool_config p = {&hn, NULL, CHAIN_ID, e, 2, 0};
        wick_driver_chain chain = {&nodes, NULL, NULL};
        wick_driver_config d = driver.cfg;
        wick_driver_free(&driver);
        REQUIRE_STATUS(wick_rpc_pool_init(&nodes, &p), WICK_OK);
        d.chains = &chain;
        d.chain_count = 1;
        REQUIRE_STATUS(wick_driver_init(&driver, &d), WICK_OK);
        peer.names_chain = true;
        peer.body = bodies[i];
        CHECK_STATUS(look_up(), seen[i]);
        CHECK_INT(peer.connections, 2 + 2 * attempts[i]);
        teardown();
    }
}

/* The driver runs a challenge's responder beside all else, and says when the answer was fetched. */
TEST(challenge_in_the_loop)
{
    static wick_responder r;
    static wick_https c;
    static wick_tls_identity own;
    static const uint8_t secret[32] = {[31] = 5}, zero[32];
    static const char request[] = "GET " WICK_RESPONDER_PATH
        "0000000000000000000000000000000000000000000000000000000000000000.val HTTP/1.0\r\n\r\n";
    wick_addr at = wick_addr_v4(127, 0, 0, 1, 0);
    wick_driver_event ev;
    wick_sock s;
    wick_status st = WICK_AGAIN;
    wick_hal_clock real;
    const wick_hal_clock *clock = &real;
    setup(false);
    wick_linux_clock_init(&real); /* the driver waits, so that time must pass by itself */
    wick_driver_config d = driver.cfg;
    d.clock = clock;
    wick_driver_free(&driver);
    REQUIRE_STATUS(wick_driver_init(&driver, &d), WICK_OK);
    wick_responder_config cfg = {&hn, &net, clock, driver.cfg.entropy, &own};
    CHECK_STATUS(wick_tls_identity_make(&own, secret, "gw", cfg.entropy), WICK_OK);
    REQUIRE_STATUS(wick_responder_open(&r, &cfg, &at), WICK_OK);
    CHECK_STATUS(wick_responder_arm(&r, zero, zero, zero), WICK_OK);
    CHECK_STATUS(hn.local_addr(hn.ctx, r.listener, &at), WICK_OK);
    wick_driver_challenge(&driver, &r);
    wick_https_trust trust = {.entropy = cfg.entropy, .pin32 = own.spki_hash};
    REQUIRE_STATUS(hn.tcp_open(hn.ctx, &s, &at), WICK_OK);
    REQUIRE_STATUS(wick_https_start(&c, &trust, &hn, s, "127.0.0.1"), WICK_OK);
    int idle_early = 0;
    for (int i = 0; i < 5000 && r.served == 0; i++) {
        bool was_up = st == WICK_OK;
        st = was_up ? st : wick_https_poll(&c);
        if (st == WICK_OK && !was_up) {
            CHECK_INT(wick_https_write(&c, wick_span_make((const uint8_t *)request,
                                                          sizeof request - 1)),
                      sizeof request - 1);
        }
        uint64_t until_ms = clock->now_ms(clock->ctx) + 20;
        wick_driver_run(&driver, &ev, until_ms);
        idle_early += ev.kind == WICK_DRIVER_IDLE && clock->now_ms(clock->ctx) < until_ms ? 1 : 0;
    }
    CHECK_INT(r.served, 1);
    CHECK(idle_early <= 1);
    wick_driver_challenge(&driver, NULL);
    CHECK_STATUS(wick_responder_hand_over(&r, &s), WICK_OK);
    wick_https_end(&c);
    wick_responder_close(&r);
    wick_tls_identity_free(&own);
    teardown();
}

TEST(nobody_listens)
{
    setup(false);
    hn.close(hn.ctx, peer.listener);
    CHECK_STATUS(look_up(), WICK_E_NET);
    teardown();
}

TEST(wallet_manager_faults)
{
    static const struct {
        const char *raw;
        wick_status want;
        unsigned tries;
    } faults[] = {
        {NULL, WICK_E_TIMEOUT, 3},
        {"220 mail.example ESMTP\r\n", WICK_E_TLS, 3},
    };
    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        setup(true);
        peer.raw = faults[i].raw;
        REQUIRE_STATUS(wick_gateway_start(&gateway, now, WICK_GW_GOAL_PATH), WICK_OK);
        CHECK_STATUS(until(WICK_GW_EV_PATH_CHANGED), faults[i].want);
        CHECK_INT(peer.connections, faults[i].tries);
        CHECK_INT(driver.stats.wallet_calls, faults[i].tries);
        teardown();
    }
}

/* A descriptor of the caller's ends the wait, without a deadline of its own. */
TEST(watched_descriptor)
{
    wick_driver_event ev;
    int ends[2];
    char byte = 0;
    setup(false);
    REQUIRE(pipe(ends) == 0);
    REQUIRE_STATUS(wick_gateway_start(&gateway, now, 0), WICK_OK);
    wick_driver_watch(&driver, ends[0]);
    CHECK(write(ends[1], "x", 1) == 1);
    wick_driver_run(&driver, &ev, now + 3600000);
    CHECK_INT(ev.kind, WICK_DRIVER_IDLE);
    CHECK(read(ends[0], &byte, 1) == 1);
    wick_driver_run(&driver, &ev, now); /* nothing to read: the time ends it */
    CHECK_INT(ev.kind, WICK_DRIVER_IDLE);
    wick_driver_watch(&driver, -1);
    CHECK(write(ends[1], "x", 1) == 1);
    wick_driver_run(&driver, &ev, now);
    CHECK_INT(ev.kind, WICK_DRIVER_IDLE);
    (void)close(ends[0]);
    (void)close(ends[1]);
    teardown();
}

/* Datagrams that come without end do not keep the driver from looking at anything else. */
TEST(flood_of_datagrams)
{
    wick_driver_event ev;
    wick_sock out = -1;
    wick_addr any = wick_addr_v4(127, 0, 0, 1, 0), here;
    int ends[2];
    setup(false);
    REQUIRE_STATUS(wick_gateway_start(&gateway, now, 0), WICK_OK);
    REQUIRE_STATUS(hn.udp_open(hn.ctx, &driver.sock[0], &any), WICK_OK);
    REQUIRE_STATUS(hn.local_addr(hn.ctx, driver.sock[0], &here), WICK_OK);
    REQUIRE_STATUS(hn.udp_open(hn.ctx, &out, &any), WICK_OK);
    REQUIRE(pipe(ends) == 0);
    wick_driver_run(&driver, &ev, now);
    wick_driver_watch(&driver, ends[0]);
    uint64_t before = driver.stats.udp_rx;
    for (unsigned i = 0; i < 120; i++) {
        CHECK(hn.udp_send(hn.ctx, out, &here, wick_span_text("x")) == 1);
    }
    CHECK(write(ends[1], "x", 1) == 1);
    driver.readable[0] = true; /* a look at all descriptors has shown this one alone */
    wick_driver_run(&driver, &ev, now + 1000);
    CHECK_INT(ev.kind, WICK_DRIVER_IDLE);
    CHECK(driver.stats.udp_rx - before < 60);
    hn.close(hn.ctx, out);
    (void)close(ends[0]);
    (void)close(ends[1]);
    teardown();
}

/* Results of look-ups that nobody comes for do not take the place of others for ever. */
TEST(forsaken_look_ups)
{
    wick_addr a;
    char host[16] = "localhost";
    setup(false);
    for (unsigned i = 0; i < 2 * WICK_LINUX_RESOLVE_MAX; i++) {
        for (unsigned k = 0; k < 8; k++) { /* the same name to the resolver, another one here */
            bool upper = (i >> k & 1u) != 0;
            host[k] = (char)(upper ? "LOCALHOST"[k] : "localhost"[k]);
        }
        wick_status s = hn.resolve(hn.ctx, host, &a);
        for (unsigned k = 0; k < 10000 && s == WICK_AGAIN && i >= WICK_LINUX_RESOLVE_MAX; k++) {
            (void)poll(NULL, 0, 1);
            s = hn.resolve(hn.ctx, host, &a);
        }
        CHECK(i < WICK_LINUX_RESOLVE_MAX || s != WICK_AGAIN);
    }
    teardown();
}

static unsigned jobs_of(wick_gateway_request_kind kind)
{
    unsigned n = 0;
    for (size_t i = 0; i < WICK_DRIVER_JOBS; i++) {
        n += driver.job[i].request.id != 0 && driver.job[i].request.kind == kind ? 1u : 0u;
    }
    return n;
}

/* All that the agent asks at once is kept, and what it has given up meanwhile; for one more there is no
 * room now, which is told at once, and asked again. */
TEST(more_requests_than_places)
{
    static const uint8_t word[32] = {1};
    wick_driver_event ev;
    setup(false);
    peer.status = "500 Internal Server Error";
    peer.body = "";
    for (size_t i = 0; i < WICK_DRIVER_JOBS; i++) {
        wick_gateway_request q = {.id = (uint32_t)(1000000 + i),
                                  .kind = WICK_GW_REQ_CHAIN_KEY,
                                  .chain_id = CHAIN_ID,
                                  .account = word,
                                  .from = word,
                                  .key = word,
                                  .slots = &word,
                                  .slot_count = 1};
        wick_driver_add_job(&driver, &q);
    }
    CHECK_INT(jobs_of(WICK_GW_REQ_CHAIN_KEY), WICK_DRIVER_JOBS);
    CHECK_STATUS(wick_gateway_start(&gateway, now, 0), WICK_OK);
    CHECK_STATUS(wick_gateway_lookup(&gateway, now, "gw-b"), WICK_OK);
    wick_driver_run(&driver, &ev, now);
    CHECK_INT(jobs_of(WICK_GW_REQ_CHAIN_PROOF), 0);
    CHECK_INT(jobs_of(WICK_GW_REQ_CHAIN_KEY), WICK_DRIVER_JOBS);
    CHECK_STATUS(until(WICK_GW_EV_PEER_RESOLVED), WICK_E_HTTP); /* the node was asked in the end */
    teardown();
}

TAP_MAIN("unit.driver", CASE(node_faults), CASE(slow_node),
         CASE(what_one_node_refuses_another_is_asked_for),
         CASE(challenge_in_the_loop), CASE(nobody_listens),
         CASE(wallet_manager_faults), CASE(watched_descriptor),
         CASE(flood_of_datagrams), CASE(forsaken_look_ups), CASE(more_requests_than_places))
