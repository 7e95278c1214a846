/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payload of leaves behind other gateways (examples/wickd/carry.h), with a service of this process on a
 * real socket: what one gateway asks for costs the leaves of another nothing.
 */
#include "carry.h"

#include <poll.h>
#include <stdio.h>

#include "tap.h"

static agent a;
static carry c;
static wick_sock service;
static uint64_t now;
static int last_fd;

static void done(void *ctx, uint32_t ask, wick_status status, wick_span payload)
{
    (void)ctx, (void)ask, (void)status, (void)payload;
}

static void watch(void *ctx, int fd)
{
    (void)ctx;
    last_fd = fd;
}

static void setup(void)
{
    const carry_config cfg = {&a, done, watch, NULL};
    conf_carry *to = &a.host.conf.carries[0];
    memset(&a, 0, sizeof a);
    now = 1000;
    wick_linux_entropy_init(&a.host.entropy);
    CHECK_STATUS(wick_linux_net_init(&a.host.net, &a.host.linux_net), WICK_OK);
    to->s.line = 1;
    (void)snprintf(to->s.name, sizeof to->s.name, "door");
    to->to = wick_addr_v4(127, 0, 0, 1, 0);
    CHECK_STATUS(a.host.net.udp_open(a.host.net.ctx, &service, &to->to), WICK_OK);
    CHECK_STATUS(a.host.net.local_addr(a.host.net.ctx, service, &to->to), WICK_OK);
    carry_init(&c, &cfg);
}

static void teardown(void)
{
    carry_close(&c);
    wick_linux_net_close(&a.host.linux_net);
}

/* A message of a leaf comes in a session. */
static void ask(uint8_t session, unsigned leaf)
{
    static wick_coap_client client;
    char query[64];
    wick_out out;
    wick_coap_call call = {.method = WICK_COAP_POST, .path = "dpk/in", .query = query};
    (void)snprintf(query, sizeof query, "service=door&leaf=leaf-%u", leaf);
    call.payload = wick_span_text("open");
    CHECK_STATUS(wick_coap_client_init(&client, &a.host.entropy), WICK_OK);
    CHECK_STATUS(wick_coap_client_begin(&client, now, &call), WICK_OK);
    wick_coap_client_poll(&client, &out, now);
    REQUIRE(out.kind == WICK_OUT_SEND);
    CHECK(carry_input(&c, session, out.bytes, now));
}

/* The service answers all that has come, `times` times each. */
static void serve(unsigned times)
{
    uint8_t bytes[2048];
    wick_addr from;
    const wick_hal_net *net = &a.host.net;
    while (net->udp_recv(net->ctx, service, &from, bytes, sizeof bytes) >= 0) {
        for (unsigned i = 0; i < times; i++) {
            CHECK(net->udp_send(net->ctx, service, &from, wick_span_text("yes")) == 3);
        }
    }
}

static void ask_and_serve(uint8_t session, unsigned leaf)
{
    ask(session, leaf);
    serve(1);
    (void)carry_run(&c, now);
    now++;
}

static unsigned flows_of(uint8_t session)
{
    unsigned n = 0;
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        n += c.flow[i].used && c.flow[i].session == session ? 1u : 0u;
    }
    return n;
}

TEST(each_session_has_its_own)
{
    setup();
    ask_and_serve(1, 100);
    CHECK_INT(c.taken, 1);
    for (unsigned i = 0; i < 4 * CARRY_FLOWS; i++) { /* more leaves than there are sockets */
        ask_and_serve(0, i);
    }
    CHECK_INT(c.taken, 1 + 4 * CARRY_FLOWS);
    CHECK_INT(flows_of(0), CARRY_FLOWS / 2);
    CHECK_INT(flows_of(1), 1);
    /* All of its own wait: it is told to come later, and still takes nobody's. */
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        c.flow[i].waiting = c.flow[i].used && c.flow[i].session == 0;
        c.flow[i].give_up_ms = now + 1000;
    }
    ask(0, 1000);
    CHECK_INT(c.refused, 1);
    CHECK_INT(flows_of(1), 1);
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        c.flow[i].waiting = false;
    }
    /* The rest is for others; who comes when there is none left is told so. */
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        ask_and_serve(1, 100 + i);
    }
    CHECK_INT(flows_of(1), CARRY_FLOWS / 2);
    ask(2, 0);
    CHECK_INT(c.refused, 2);
    CHECK_INT(flows_of(0) + flows_of(1), CARRY_FLOWS);
    now += CARRY_IDLE_MS;
    (void)carry_run(&c, now);
    ask_and_serve(2, 0);
    CHECK_INT(flows_of(2), 1);
    CHECK_INT(c.refused, 2);
    teardown();
}

/* A service that does not stop is read in parts: the descriptor stays readable for the next call. */
TEST(flood_of_a_service)
{
    unsigned calls = 0;
    setup();
    ask(0, 1);
    serve(100);
    struct pollfd p = {.fd = last_fd, .events = POLLIN};
    REQUIRE(poll(&p, 1, 0) == 1);
    while (calls < 100 && poll(&p, 1, 0) == 1) {
        (void)carry_run(&c, now);
        calls++;
    }
    CHECK(calls > 2 && calls < 100);
    CHECK_INT(c.taken, 1);
    teardown();
}

TAP_MAIN("unit.wickd_carry", CASE(each_session_has_its_own), CASE(flood_of_a_service))
