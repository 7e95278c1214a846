/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAT discovery (RFC 5780) and the Binding client behind the NATs of the stub world: what is found is
 * what was built, a changed mapping is noticed, and no answer is taken from where it cannot come.
 */
#include "tap.h"
#include "wick/nat_behaviour.h"
#include "wick/port/stub.h"
#include "wick/port/stub_stun.h"
#include "wick/stun_client.h"

static wick_stub_world w;
static wick_stub_stun server;
static wick_hal_entropy entropy;
static int client_sock[2];
static wick_addr local;

/* A server with two addresses and a host, behind a NAT of this kind (NULL: public). */
static void begin(const wick_stub_nat_kind *kind)
{
    wick_addr first = wick_addr_v4(20, 0, 0, 10, 3478), second = wick_addr_v4(20, 0, 0, 11, 3479);
    wick_stub_init(&w, 7);
    wick_stub_hal_entropy(&entropy, &w);
    wick_stub_stun_init(&server, &first, &second);
    (void)wick_stub_stun_open(&server, &w);
    int nat = kind != NULL ? wick_stub_nat(&w, -1, wick_addr_v4(30, 0, 0, 1, 0), *kind) : -1;
    local = kind != NULL ? wick_addr_v4(10, 0, 0, 2, 5000) : wick_addr_v4(30, 0, 0, 2, 5000);
    int me = wick_stub_host(&w, nat, local);
    client_sock[0] = wick_stub_open(&w, me, local.port, -1);
    client_sock[1] = wick_stub_open(&w, me, 5001, -1);
}

/* ---- discovery ---- */

static wick_nat_behaviour n;
static uint8_t tx[WICK_NAT_TX_FRAGMENT_BYTES];

/* Runs the machine to its end. @return its status, WICK_AGAIN if it comes to none */
static wick_status discover(uint8_t tests, uint16_t lifetime_max_s)
{
    wick_nat_behaviour_config cfg = {.entropy = &entropy,
                                     .server = server.at[0],
                                     .local = local,
                                     .tests = tests,
                                     .lifetime_max_s = lifetime_max_s};
    wick_status st = wick_nat_behaviour_init(&n, tx, sizeof tx, &cfg);
    st = st == WICK_OK ? wick_nat_behaviour_start(&n, w.now_ms) : st;
    for (unsigned steps = 0; st == WICK_OK && steps < 100000; steps++) {
        wick_out out;
        wick_nat_behaviour_poll(&n, w.now_ms, &out);
        if (out.kind == WICK_OUT_SEND) {
            wick_stub_send(&w, client_sock[out.event], &out.to, out.bytes);
            continue;
        }
        if (out.kind == WICK_OUT_DONE) {
            return out.status;
        }
        uint64_t ms = out.deadline_ms - w.now_ms;
        (void)wick_stub_run(&w, ms < 20 ? ms : 20, NULL);
        for (unsigned i = 0; i < 2; i++) {
            uint8_t in[WICK_STUB_MTU];
            wick_addr from;
            int len;
            while ((len = wick_stub_recv(&w, client_sock[i], &from, in, sizeof in)) >= 0) {
                (void)!wick_nat_behaviour_input(&n, w.now_ms, wick_span_make(in, (size_t)len), &from,
                                                i);
            }
        }
    }
    return st != WICK_OK ? st : WICK_AGAIN;
}

#define ALL                                                                                        \
    (WICK_NAT_TEST_MAPPING | WICK_NAT_TEST_FILTERING | WICK_NAT_TEST_HAIRPIN |                     \
     WICK_NAT_TEST_FRAGMENTS)

TEST(what_is_found_is_what_was_built)
{
    static const wick_nat_kind kinds[] = {WICK_NAT_ENDPOINT_INDEPENDENT, WICK_NAT_ADDRESS_DEPENDENT,
                                          WICK_NAT_ADDRESS_PORT_DEPENDENT};
    const wick_nat_result *r = wick_nat_behaviour_result(&n);
    for (unsigned i = 0; i < 36; i++) {
        wick_stub_nat_kind kind = {.mapping = (wick_stub_dep)(i % 3),
                                   .filtering = (wick_stub_dep)(i / 3 % 3),
                                   .preserve_port = i / 9 % 2 != 0,
                                   .hairpin = i / 18 != 0};
        begin(&kind);
        CHECK_STATUS(discover(ALL, 0), WICK_OK);
        CHECK_INT(r->mapping, kinds[i % 3]);
        CHECK_INT(r->filtering, kinds[i / 3 % 3]);
        CHECK_INT(r->port_kept, kind.preserve_port ? WICK_NAT_YES : WICK_NAT_NO);
        CHECK_INT(r->fragments, WICK_NAT_NO); /* this network carries 1500 bytes */
        CHECK_INT(r->mapped.ip[12], 30);
        CHECK_INT(r->lifetime_s, 0);
        if (!kind.hairpin) {
            CHECK_INT(r->hairpin, WICK_NAT_NO);
        } else if (kind.filtering == WICK_STUB_EI && kind.mapping == WICK_STUB_EI) {
            CHECK_INT(r->hairpin, WICK_NAT_YES);
        }
    }
    begin(NULL);
    CHECK_STATUS(discover(ALL, 0), WICK_OK);
    CHECK_INT(r->mapping, WICK_NAT_NONE);
    CHECK_INT(r->filtering, WICK_NAT_ENDPOINT_INDEPENDENT);
}

TEST(loss_is_not_taken_for_filtering)
{
    const wick_nat_result *r = wick_nat_behaviour_result(&n);
    unsigned right = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        begin(&WICK_STUB_FULL_CONE);
        w.rng += seed * UINT64_C(0x9e3779b97f4a7c15);
        w.link.loss = 100;
        CHECK_STATUS(discover(ALL & ~(unsigned)WICK_NAT_TEST_FRAGMENTS, 0), WICK_OK);
        right += r->mapping == WICK_NAT_ENDPOINT_INDEPENDENT &&
                 r->filtering == WICK_NAT_ENDPOINT_INDEPENDENT;
    }
    CHECK(right >= 27); /* three requests in each test */
}

TEST(lifetime_of_a_mapping)
{
    static const uint32_t timeouts_s[] = {7, 20, 47, 110, 290};
    const wick_nat_result *r = wick_nat_behaviour_result(&n);
    for (size_t i = 0; i < sizeof timeouts_s / sizeof timeouts_s[0]; i++) {
        wick_stub_nat_kind kind = WICK_STUB_PORT_RESTRICTED;
        kind.timeout_ms = timeouts_s[i] * 1000;
        begin(&kind);
        CHECK_STATUS(discover(WICK_NAT_TEST_LIFETIME, 300), WICK_OK);
        CHECK(r->lifetime_s <= timeouts_s[i] && r->lifetime_below_s >= timeouts_s[i]);
        CHECK(r->lifetime_below_s - r->lifetime_s <= 1 + timeouts_s[i] / 50);
    }
    /* longer than what is tried */
    wick_stub_nat_kind kind = WICK_STUB_PORT_RESTRICTED;
    kind.timeout_ms = 1000000;
    begin(&kind);
    CHECK_STATUS(discover(WICK_NAT_TEST_LIFETIME, 100), WICK_OK);
    CHECK_INT(r->lifetime_s, 100);
    CHECK_INT(r->lifetime_below_s, 0);
    /* a server without RESPONSE-PORT cannot tell */
    begin(&kind);
    server.no_response_port = true;
    CHECK_STATUS(discover(WICK_NAT_TEST_LIFETIME, 100), WICK_E_STUN_NAT_UNKNOWN);
    CHECK_INT(r->lifetime_s, 0);
}

TEST(servers_that_cannot_tell)
{
    const wick_nat_result *r = wick_nat_behaviour_result(&n);
    begin(&WICK_STUB_SYMMETRIC);
    server.single = true;
    CHECK_STATUS(discover(ALL, 0), WICK_E_STUN_NAT_UNKNOWN);
    CHECK_INT(r->mapping, WICK_NAT_UNKNOWN);
    CHECK_INT(r->filtering, WICK_NAT_UNKNOWN);
    CHECK(r->mapped.port != 0);
    /* an OTHER-ADDRESS that is not another address */
    begin(&WICK_STUB_SYMMETRIC);
    server.at[3] = server.at[0];
    CHECK_STATUS(discover(ALL, 0), WICK_E_STUN_NAT_UNKNOWN);
    CHECK_INT(r->other.port, 0);
    begin(&WICK_STUB_SYMMETRIC);
    server.error = 500;
    CHECK_STATUS(discover(ALL, 0), WICK_E_TURN_REFUSED);
    begin(&WICK_STUB_SYMMETRIC);
    w.link.loss = 1000;
    uint64_t from = w.now_ms;
    CHECK_STATUS(discover(ALL, 0), WICK_E_TIMEOUT);
    CHECK_INT(w.now_ms - from, 39500);
    /* arguments */
    wick_nat_behaviour_config cfg = {.entropy = &entropy, .server = server.at[0], .tests = ALL};
    CHECK_STATUS(wick_nat_behaviour_init(&n, tx, WICK_NAT_TX_BYTES, &cfg), WICK_E_BAD_ARG);
    cfg.tests = WICK_NAT_TEST_MAPPING;
    CHECK_STATUS(wick_nat_behaviour_init(&n, tx, WICK_NAT_TX_BYTES, &cfg), WICK_OK);
    w.entropy_fails = true;
    CHECK_STATUS(wick_nat_behaviour_start(&n, 0), WICK_E_ENTROPY);
    w.entropy_fails = false;
    cfg.tests = 0;
    CHECK_STATUS(wick_nat_behaviour_init(&n, tx, sizeof tx, &cfg), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_nat_behaviour_start(&n, 0), WICK_E_STATE);
    cfg.tests = ALL;
    cfg.server.port = 0;
    CHECK_STATUS(wick_nat_behaviour_init(&n, tx, sizeof tx, &cfg), WICK_E_BAD_ARG);
}

/* The answers of filtering tests count only from the place that was asked for. */
TEST(answers_from_elsewhere_prove_nothing)
{
    wick_out out;
    wick_stun_msg m;
    static wick_stub_stun_out answer;
    begin(NULL);
    wick_nat_behaviour_config cfg = {.entropy = &entropy,
                                     .server = server.at[0],
                                     .tests = WICK_NAT_TEST_FILTERING};
    REQUIRE_STATUS(wick_nat_behaviour_init(&n, tx, sizeof tx, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_nat_behaviour_start(&n, 0), WICK_OK);
    for (unsigned step = 0; step < 3; step++) {
        static const unsigned place[] = {0, 3, 1};
        wick_nat_behaviour_poll(&n, 0, &out);
        REQUIRE(out.kind == WICK_OUT_SEND);
        REQUIRE_STATUS(wick_stun_decode(&m, out.bytes), WICK_OK);
        CHECK_INT(wick_stun_has(&m, WICK_STUN_CHANGE_REQUEST), step != 0);
        REQUIRE(wick_stub_stun_answer(&answer, &server, out.bytes, &local, 0));
        CHECK_INT(answer.at, place[step]);
        wick_span bytes = wick_span_make(answer.bytes, answer.len);
        for (unsigned i = 0; i < 4; i++) {
            if (i != place[step]) {
                CHECK_STATUS(wick_nat_behaviour_input(&n, 0, bytes, &server.at[i], 0),
                             WICK_E_NOT_FOUND);
            }
        }
        answer.bytes[10] ^= 1; /* another transaction */
        CHECK_STATUS(wick_nat_behaviour_input(&n, 0, bytes, &server.at[place[step]], 0),
                     WICK_E_NOT_FOUND);
        answer.bytes[10] ^= 1;
        if (step == 1) { /* never arrives: the next test */
            wick_nat_behaviour_poll(&n, 500, &out);
            wick_nat_behaviour_poll(&n, 1500, &out);
            CHECK_INT(out.kind, WICK_OUT_SEND);
            wick_nat_behaviour_poll(&n, 3499, &out);
            CHECK_INT(out.kind, WICK_OUT_WAIT);
            CHECK_INT(out.deadline_ms, 3500);
            wick_nat_behaviour_poll(&n, 3500, &out);
            REQUIRE(out.kind == WICK_OUT_SEND);
            /* asked again below, with the same transaction */
            REQUIRE_STATUS(wick_stun_decode(&m, out.bytes), WICK_OK);
            REQUIRE(wick_stub_stun_answer(&answer, &server, out.bytes, &local, 0));
            CHECK_INT(answer.at, 1);
            CHECK_STATUS(wick_nat_behaviour_input(&n, 3500,
                                                  wick_span_make(answer.bytes, answer.len),
                                                  &server.at[1], 0),
                         WICK_AGAIN);
            break;
        }
        CHECK_STATUS(wick_nat_behaviour_input(&n, 0, bytes, &server.at[place[step]], 0), WICK_AGAIN);
    }
    wick_nat_behaviour_poll(&n, 3500, &out);
    CHECK_INT(out.kind, WICK_OUT_DONE);
    CHECK_INT(wick_nat_behaviour_result(&n)->filtering, WICK_NAT_ADDRESS_DEPENDENT);
}

/* ---- Binding client ---- */

static wick_stun_client c;
static unsigned events[8];
static wick_out last;
static unsigned sent;

static void client_run(uint64_t ms)
{
    uint64_t end = w.now_ms + ms;
    while (!wick_time_reached(w.now_ms, end)) {
        wick_out out;
        wick_stun_client_poll(&c, w.now_ms, &out);
        if (out.kind == WICK_OUT_SEND) {
            sent++;
            wick_stub_send(&w, client_sock[0], &out.to, out.bytes);
            continue;
        }
        if (out.kind == WICK_OUT_EVENT) {
            events[out.event % 8]++;
            last = out;
            continue;
        }
        uint64_t step = wick_time_min(end, out.kind == WICK_OUT_DONE ? end : out.deadline_ms);
        step = wick_time_reached(w.now_ms, step) ? 0 : step - w.now_ms;
        (void)wick_stub_run(&w, step < 20 ? step : 20, NULL);
        uint8_t in[WICK_STUB_MTU];
        wick_addr from;
        int len;
        while ((len = wick_stub_recv(&w, client_sock[0], &from, in, sizeof in)) >= 0) {
            (void)!wick_stun_client_input(&c, w.now_ms, wick_span_make(in, (size_t)len), &from);
        }
    }
}

static void client_begin(uint32_t keepalive_ms)
{
    wick_stun_client_config cfg = {.entropy = &entropy,
                                   .server = server.at[0],
                                   .keepalive_ms = keepalive_ms,
                                   .fingerprint = true};
    memset(events, 0, sizeof events);
    sent = 0;
    CHECK_STATUS(wick_stun_client_init(&c, &cfg), WICK_OK);
    CHECK_STATUS(wick_stun_client_start(&c, w.now_ms), WICK_OK);
}

TEST(a_changed_mapping_is_noticed)
{
    wick_stub_nat_kind kind = WICK_STUB_PORT_RESTRICTED;
    kind.timeout_ms = 20000;
    kind.preserve_port = false;
    begin(&kind);
    w.link.delay_ms = 25;
    client_begin(WICK_STUN_KEEPALIVE_MS);
    client_run(1000);
    CHECK_INT(events[WICK_STUN_EV_MAPPED], 1);
    CHECK_INT(last.to.ip[12], 30);
    wick_addr first = *wick_stun_client_mapped(&c);
    CHECK(wick_addr_equal(&last.to, &first));
    CHECK(wick_stun_client_rtt_ms(&c) >= 50 && wick_stun_client_rtt_ms(&c) < 100);
    /* Kept open for an hour by one request each 11 to 15 s, against a time-out of 20 s. */
    client_run(3600000);
    CHECK_INT(events[WICK_STUN_EV_CHANGED], 0);
    CHECK(sent >= 240 && sent <= 330);
    CHECK(wick_addr_equal(wick_stun_client_mapped(&c), &first));
    wick_stub_nat_reboot(&w, 0);
    client_run(WICK_STUN_KEEPALIVE_MS + 1000);
    CHECK_INT(events[WICK_STUN_EV_CHANGED], 1);
    CHECK(!wick_addr_equal(wick_stun_client_mapped(&c), &first));
    wick_stub_nat_renumber(&w, 0, wick_addr_v4(30, 0, 0, 9, 0));
    wick_stun_client_probe(&c, w.now_ms); /* the interface changed: at once */
    client_run(2000);
    CHECK_INT(events[WICK_STUN_EV_CHANGED], 2);
    CHECK_INT(wick_stun_client_mapped(&c)->ip[15], 9);
}

TEST(silence_is_told_once)
{
    begin(&WICK_STUB_PORT_RESTRICTED);
    client_begin(WICK_STUN_KEEPALIVE_MS);
    client_run(1000);
    w.link.loss = 1000;
    client_run(200000);
    CHECK_INT(events[WICK_STUN_EV_SILENT], 1);
    CHECK_STATUS(last.status, WICK_E_TIMEOUT);
    CHECK_INT(last.to.port, 0);
    w.link.loss = 0;
    client_run(60000);
    w.link.loss = 1000;
    client_run(60000);
    CHECK_INT(events[WICK_STUN_EV_SILENT], 2);
    CHECK_INT(events[WICK_STUN_EV_FAILED], 0);
}

TEST(no_first_answer)
{
    wick_out out;
    begin(NULL);
    w.link.loss = 1000;
    uint64_t from = w.now_ms;
    client_begin(0);
    client_run(39400);
    CHECK_INT(events[WICK_STUN_EV_FAILED], 0);
    client_run(200);
    CHECK_INT(events[WICK_STUN_EV_FAILED], 1);
    CHECK_STATUS(last.status, WICK_E_TIMEOUT);
    CHECK_INT(sent, 7);
    CHECK(w.now_ms - from >= 39500);
    wick_stun_client_poll(&c, w.now_ms, &out);
    CHECK_INT(out.kind, WICK_OUT_DONE);
    w.link.loss = 0;
    static const struct {
        uint16_t code;
        wick_status want;
    } t[] = {{420, WICK_E_STUN_UNKNOWN_ATTR}, {401, WICK_E_TURN_CREDENTIALS},
             {500, WICK_E_TURN_REFUSED}, {300, WICK_E_TURN_REFUSED}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        begin(NULL);
        server.error = t[i].code;
        client_begin(0);
        client_run(1000);
        CHECK_INT(events[WICK_STUN_EV_FAILED], 1);
        CHECK_STATUS(last.status, t[i].want);
        CHECK_INT(sent, 1);
    }
    /* Later the same error is only noted: what was mapped stays. */
    begin(NULL);
    client_begin(WICK_STUN_KEEPALIVE_MS);
    client_run(1000);
    server.error = 500;
    client_run(60000);
    CHECK_INT(events[WICK_STUN_EV_FAILED] + events[WICK_STUN_EV_SILENT], 0);
    /* ECONNREFUSED: before the first answer the end, later a reason to ask */
    begin(NULL);
    client_begin(WICK_STUN_KEEPALIVE_MS);
    wick_stun_client_refused(&c, w.now_ms);
    client_run(10);
    CHECK_INT(events[WICK_STUN_EV_FAILED], 1);
    CHECK_STATUS(last.status, WICK_E_NET);
    client_begin(WICK_STUN_KEEPALIVE_MS);
    client_run(2000);
    CHECK_INT(sent, 1);
    wick_stun_client_refused(&c, w.now_ms);
    wick_stun_client_refused(&c, w.now_ms);
    client_run(500);
    CHECK_INT(sent, 2);
    CHECK_INT(events[WICK_STUN_EV_FAILED], 0);
}

TEST(classic_servers_and_arguments)
{
    wick_stun_client_config cfg = {.entropy = &entropy, .server = server.at[0], .tries = 8};
    begin(NULL);
    server.classic = true; /* MAPPED-ADDRESS without XOR */
    client_begin(0);
    client_run(1000);
    CHECK_INT(events[WICK_STUN_EV_MAPPED], 1);
    CHECK(wick_addr_equal(wick_stun_client_mapped(&c), &local));
    CHECK_STATUS(wick_stun_client_init(&c, &cfg), WICK_E_BAD_ARG);
    cfg.tries = 2;
    CHECK_STATUS(wick_stun_client_init(&c, &cfg), WICK_OK);
    w.link.loss = 1000;
    CHECK_STATUS(wick_stun_client_start(&c, w.now_ms), WICK_OK);
    memset(events, 0, sizeof events);
    client_run(1490);
    CHECK_INT(events[WICK_STUN_EV_FAILED], 0);
    client_run(20);
    CHECK_INT(events[WICK_STUN_EV_FAILED], 1);
    cfg.entropy = NULL;
    CHECK_STATUS(wick_stun_client_init(&c, &cfg), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_stun_client_start(&c, 0), WICK_E_STATE);
    cfg.entropy = &entropy;
    cfg.server.port = 0;
    CHECK_STATUS(wick_stun_client_init(&c, &cfg), WICK_E_BAD_ARG);
    cfg.server.port = 1;
    CHECK_STATUS(wick_stun_client_init(&c, &cfg), WICK_OK);
    w.entropy_fails = true;
    CHECK_STATUS(wick_stun_client_start(&c, 0), WICK_E_ENTROPY);
}

/* Off-path answers: wrong source, wrong id, wrong kind, wrong fingerprint. */
TEST(forged_bindings)
{
    wick_out out;
    static wick_stub_stun_out a;
    begin(NULL);
    client_begin(0);
    wick_stun_client_poll(&c, 0, &out);
    REQUIRE(out.kind == WICK_OUT_SEND);
    REQUIRE(wick_stub_stun_answer(&a, &server, out.bytes, &local, 0));
    wick_span bytes = wick_span_make(a.bytes, a.len);
    CHECK_STATUS(wick_stun_client_input(&c, 0, bytes, &server.at[1]), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_stun_client_input(&c, 0, bytes, &server.at[2]), WICK_E_NOT_FOUND);
    a.bytes[19] ^= 1;
    CHECK_STATUS(wick_stun_client_input(&c, 0, bytes, &server.at[0]), WICK_E_NOT_FOUND);
    a.bytes[19] ^= 1;
    a.bytes[a.len - 1] ^= 1;
    CHECK_STATUS(wick_stun_client_input(&c, 0, bytes, &server.at[0]), WICK_E_STUN_FINGERPRINT);
    a.bytes[a.len - 1] ^= 1;
    CHECK_STATUS(wick_stun_client_input(&c, 0, out.bytes, &server.at[0]), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_stun_client_input(&c, 0, wick_span_make(a.bytes, a.len - 4), &server.at[0]),
                 WICK_E_TRUNCATED);
    CHECK_STATUS(wick_stun_client_input(&c, 0, wick_span_text("hello"), &server.at[0]),
                 WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_stun_client_input(&c, 0, bytes, &server.at[0]), WICK_AGAIN);
    CHECK_STATUS(wick_stun_client_input(&c, 0, bytes, &server.at[0]), WICK_E_NOT_FOUND); /* once */
}

TAP_MAIN("sim.nat_behaviour", CASE(what_is_found_is_what_was_built),
         CASE(loss_is_not_taken_for_filtering), CASE(lifetime_of_a_mapping),
         CASE(servers_that_cannot_tell), CASE(answers_from_elsewhere_prove_nothing),
         CASE(a_changed_mapping_is_noticed), CASE(silence_is_told_once), CASE(no_first_answer),
         CASE(classic_servers_and_arguments), CASE(forged_bindings))
