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

static uint32_t done_ask;
static unsigned done_count;

static void done(void *ctx, uint32_t ask, wick_status status, wick_span payload)
{
    (void)ctx, (void)payload;
    CHECK_STATUS(status, WICK_OK);
    done_ask = ask;
    done_count++;
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
static void ask_of(uint8_t session, unsigned leaf, unsigned door)
{
    static wick_coap_client client;
    char query[64], number[12] = "";
    wick_out out;
    wick_coap_call call = {.method = WICK_COAP_POST, .path = "dpk/in", .query = query};
    if (door != 0) {
        (void)snprintf(number, sizeof number, "%u", door);
    }
    (void)snprintf(query, sizeof query, "service=door%s&leaf=leaf-%u", number, leaf);
    call.payload = wick_span_text("open");
    CHECK_STATUS(wick_coap_client_init(&client, &a.host.entropy), WICK_OK);
    CHECK_STATUS(wick_coap_client_begin(&client, now, &call), WICK_OK);
    wick_coap_client_poll(&client, &out, now);
    REQUIRE(out.kind == WICK_OUT_SEND);
    CHECK(carry_input(&c, session, out.bytes, now));
}

static void ask(uint8_t session, unsigned leaf)
{
    ask_of(session, leaf, 0);
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
    /* The rest is for others. */
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        ask_and_serve(1, 100 + i);
    }
    CHECK_INT(flows_of(0), CARRY_FLOWS / 2);
    CHECK_INT(flows_of(1), CARRY_FLOWS / 2);
    CHECK_INT(c.refused, 1);
    teardown();
}

/* Two sessions hold all: a third one gets its share, and the fourth, and no more than that. */
TEST(two_do_not_hold_all)
{
    setup();
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        ask_and_serve((uint8_t)(i % 2), i);
    }
    CHECK_INT(flows_of(0) + flows_of(1), CARRY_FLOWS);
    for (uint8_t session = 2; session < WICK_GW_SESSIONS_MAX; session++) {
        for (unsigned i = 0; i < CARRY_FLOWS; i++) {
            ask_and_serve(session, i);
        }
        CHECK_INT(flows_of(session), CARRY_SHARE);
    }
    for (uint8_t session = 0; session < WICK_GW_SESSIONS_MAX; session++) {
        CHECK_INT(flows_of(session), CARRY_SHARE);
    }
    CHECK_INT(c.refused, 0);
    /* who has lost some takes none back while all have no more than their share */
    ask_and_serve(0, 77);
    CHECK_INT(flows_of(0), CARRY_SHARE);
    CHECK_INT(flows_of(1), CARRY_SHARE);
    teardown();
}

/* Nor while all of them wait for a service that does not answer. */
TEST(waiting_does_not_hold_a_share)
{
    setup();
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        ask_and_serve((uint8_t)(i % 2), i);
    }
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        c.flow[i].waiting = true;
        c.flow[i].give_up_ms = now + 1000;
    }
    ask(0, 1000); /* all of its own wait: later */
    CHECK_INT(c.refused, 1);
    CHECK_INT(flows_of(0) + flows_of(1), CARRY_FLOWS);
    ask(2, 0); /* one of those who have most gives way, and its leaf is told to come later */
    CHECK_INT(flows_of(2), 1);
    CHECK_INT(flows_of(0) + flows_of(1), CARRY_FLOWS - 1);
    CHECK_INT(c.refused, 2);
    ask(2, 1);
    CHECK_INT(flows_of(2), CARRY_SHARE);
    CHECK_INT(c.refused, 3);
    ask(2, 2); /* and no more than that */
    CHECK_INT(flows_of(2), CARRY_SHARE);
    serve(1);
    (void)carry_run(&c, now);
    CHECK_INT(c.taken, CARRY_FLOWS + CARRY_SHARE);
    teardown();
}

/* One leaf with many services does not take the place of another leaf of the same session. */
TEST(leaves_of_one_session)
{
    setup();
    conf_carry *door = &a.host.conf.carries[0];
    for (unsigned i = 1; i < 6; i++) {
        conf_carry *to = &a.host.conf.carries[i];
        *to = *door;
        (void)snprintf(to->s.name, sizeof to->s.name, "door%u", i);
    }
    ask_and_serve(0, 1);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 1; i < 6; i++) {
            ask_of(0, 2, i);
            serve(1);
            (void)carry_run(&c, now++);
        }
    }
    CHECK_INT(flows_of(0), CARRY_FLOWS / 2);
    unsigned of_first = 0;
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        of_first += c.flow[i].used && strcmp(c.flow[i].leaf, "leaf-1") == 0 ? 1u : 0u;
    }
    CHECK_INT(of_first, 1);
    ask_and_serve(0, 3); /* a new one takes from who has most */
    CHECK_INT(flows_of(0), CARRY_FLOWS / 2);
    CHECK_INT(c.refused, 0);
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

/* The payload of the next answer in a session; empty: there is none. */
static wick_span answered(uint8_t session)
{
    static uint8_t bytes[WICK_COAP_MESSAGE_MAX];
    wick_out out;
    wick_coap_msg m;
    wick_coap_server_poll(&c.session[session].server, &out, now);
    if (out.kind != WICK_OUT_SEND || wick_coap_decode(&m, out.bytes) != WICK_OK) {
        return wick_span_make(NULL, 0);
    }
    memcpy(bytes, m.payload.ptr, m.payload.len);
    return wick_span_make(bytes, m.payload.len);
}

/* A service that says more than one thing, as a DTLS server does that sends a flight again: nothing of it is
 * the answer to another message only, and what came last is not lost for what came first. */
TEST(what_comes_later_waits)
{
    char text[2] = "0";
    uint8_t bytes[64];
    wick_addr from;
    const wick_hal_net *net = &a.host.net;
    setup();
    ask(0, 1);
    REQUIRE(net->udp_recv(net->ctx, service, &from, bytes, sizeof bytes) == 4);
    for (unsigned i = 0; i < CARRY_QUEUE + 3; i++) { /* one is the answer, two are too many */
        text[0] = (char)('0' + i);
        CHECK(net->udp_send(net->ctx, service, &from, wick_span_text(text)) == 1);
        (void)carry_run(&c, now);
    }
    CHECK_INT(c.taken, 1);
    for (unsigned i = 3; i < CARRY_QUEUE + 3; i++) {
        now += 1000;
        ask(0, 1);
        wick_span got = answered(0);
        REQUIRE(got.len == 1);
        CHECK_INT(got.ptr[0], '0' + i);
    }
    now += 1000;
    ask(0, 1);
    CHECK_INT(answered(0).len, 0);
    teardown();
}

/* A message of an application that speaks CoAP. @return was it taken? */
static bool input(wick_coap_type type, uint8_t code, const uint8_t *token, const char *path)
{
    uint8_t bytes[64];
    wick_coap_build b;
    static uint16_t id = 7000;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_begin(&b, &out, type, code, id++, wick_span_make(token, 4));
    if (path != NULL) {
        wick_coap_put_list(&b, WICK_COAP_URI_PATH, wick_span_text(path), '/');
    }
    wick_coap_put_payload(&b, wick_span_text("an application's"));
    CHECK_STATUS(wick_coap_end(&b), WICK_OK);
    return carry_input(&c, 0, wick_buf_span(&out), now);
}

/* Applications may speak CoAP in a session that carries payload of leaves too. */
TEST(coap_of_an_application)
{
    static const uint8_t theirs[4] = {1, 2, 3, 4};
    uint8_t ours[4];
    setup();
    for (unsigned round = 0; round < 2; round++) {
        CHECK(!input(WICK_COAP_CON, WICK_COAP_POST, theirs, "app/in"));
        CHECK(!input(WICK_COAP_NON, WICK_COAP_GET, theirs, NULL));
        CHECK(!input(WICK_COAP_CON, WICK_COAP_POST, theirs, "dpk/in/more"));
        CHECK(!input(WICK_COAP_NON, WICK_COAP_CHANGED, theirs, NULL));
        ask_and_serve(0, 1); /* the session is in use then */
    }
    CHECK_INT(c.taken, 2);
    CHECK_INT(c.refused, 0);
    CHECK(input(WICK_COAP_CON, WICK_COAP_GET, theirs, "dpk/in")); /* for us, and refused */
    CHECK_INT(c.refused, 1);
    /* one of ours is under way: its answer is ours, and when it comes again; no other is */
    REQUIRE_STATUS(carry_send(&c, 0, 9, "door", "leaf-1", wick_span_text("open"), now), WICK_OK);
    (void)carry_run(&c, now);
    REQUIRE(c.session[0].token_len == sizeof ours);
    memcpy(ours, c.session[0].token, sizeof ours);
    CHECK(!input(WICK_COAP_NON, WICK_COAP_CHANGED, theirs, NULL));
    CHECK_INT(done_count, 0);
    CHECK(input(WICK_COAP_NON, WICK_COAP_CHANGED, ours, NULL));
    CHECK(done_count == 1 && done_ask == 9);
    CHECK(input(WICK_COAP_CON, WICK_COAP_CHANGED, ours, NULL));
    CHECK_INT(done_count, 1);
    teardown();
}

TAP_MAIN("unit.wickd_carry", CASE(each_session_has_its_own), CASE(two_do_not_hold_all),
         CASE(waiting_does_not_hold_a_share), CASE(leaves_of_one_session), CASE(flood_of_a_service), CASE(what_comes_later_waits),
         CASE(coap_of_an_application))
