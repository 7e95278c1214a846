/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges of RFC 7252 section 4: figures 16 to 22 of appendix A as sequences, duplicates, losses at
 * each place, resets, full tables. A server and a client talk over a wire that the test holds.
 */
#include "tap.h"

#include "wick/coap_client.h"

static wick_coap_server srv;
static wick_coap_client cli;
static wick_coap_request req;
static wick_coap_response resp;
static uint8_t last[WICK_COAP_MESSAGE_MAX]; /* what was polled last */
static size_t last_len;
static uint8_t fill_with;
static bool no_entropy;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, fill_with, len);
    return no_entropy ? WICK_E_ENTROPY : WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void setup(void)
{
    fill_with = 0;
    no_entropy = false;
    CHECK_STATUS(wick_coap_server_init(&srv, &entropy), WICK_OK);
    CHECK_STATUS(wick_coap_client_init(&cli, &entropy), WICK_OK);
}

static wick_span keep(const wick_out *out)
{
    last_len = out->kind == WICK_OUT_SEND ? out->bytes.len : 0;
    if (last_len != 0) {
        memcpy(last, out->bytes.ptr, last_len);
    }
    return wick_span_make(last, last_len);
}

static wick_span from_server(uint64_t now_ms)
{
    wick_out out;
    wick_coap_server_poll(&srv, &out, now_ms);
    return keep(&out);
}

static wick_span from_client(uint64_t now_ms)
{
    wick_out out;
    wick_coap_client_poll(&cli, &out, now_ms);
    return keep(&out);
}

static void ask(uint64_t now_ms, uint8_t method)
{
    wick_coap_call call;
    memset(&call, 0, sizeof call);
    call.method = method;
    call.path = "a/b";
    call.query = "peer=x";
    CHECK_STATUS(wick_coap_client_begin(&cli, now_ms, &call), WICK_OK);
}

static wick_status answer(uint64_t now_ms, uint8_t exchange, const char *text)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = WICK_COAP_CONTENT;
    r.payload = wick_span_text(text);
    return wick_coap_server_answer(&srv, now_ms, exchange, &r);
}

static wick_status to_server(uint8_t *x, uint64_t now_ms, wick_span bytes)
{
    return wick_coap_server_input(&srv, &req, x, now_ms, bytes);
}

TEST(piggybacked)
{
    uint8_t x = 9;
    setup();
    ask(0, WICK_COAP_GET);
    REQUIRE_STATUS(to_server(&x, 0, from_client(0)), WICK_OK);
    CHECK(wick_coap_path_is(&req, "a/b"));
    CHECK_INT(from_server(0).len, 0);
    REQUIRE_STATUS(answer(10, x, "22.3 C"), WICK_OK);
    CHECK_STATUS(answer(10, x, "twice"), WICK_E_STATE);
    REQUIRE_STATUS(wick_coap_client_input(&cli, &resp, 10, from_server(10)), WICK_OK);
    CHECK(resp.payload.len == 6 && resp.code == WICK_COAP_CONTENT);
    CHECK_INT(last[0] >> 4 & 3, WICK_COAP_ACK);
    CHECK_INT(from_client(10).len, 0);
    CHECK_INT(from_server(300000).len, 0);
}

/* What a server that asks for Echo (RFC 9175 section 2.3) says to a request: 4.01, in the acknowledgement or
 * in a message of its own. */
static wick_span unauthorized(wick_coap_type type, wick_span request, const char *echo)
{
    static uint8_t bytes[64];
    wick_coap_msg m;
    wick_coap_build b;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_coap_decode(&m, request), WICK_OK);
    wick_coap_begin(&b, &out, type, WICK_COAP_UNAUTHORIZED,
                    type == WICK_COAP_ACK ? m.id : (uint16_t)(m.id + 77u),
                    wick_span_make(m.token, m.token_len));
    if (echo != NULL) {
        wick_coap_put(&b, WICK_COAP_ECHO, wick_span_text(echo));
    }
    CHECK_STATUS(wick_coap_end(&b), WICK_OK);
    return wick_buf_span(&out);
}

TEST(echo_is_returned_once)
{
    static const wick_coap_type types[] = {WICK_COAP_ACK, WICK_COAP_CON, WICK_COAP_NON};
    const wick_coap_call call = {.method = WICK_COAP_POST,
                                 .path = "a/b",
                                 .has_content_format = true,
                                 .content_format = WICK_COAP_OCTETS,
                                 .payload = wick_span_text("question")};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint8_t x = 9;
        setup();
        REQUIRE_STATUS(wick_coap_client_begin(&cli, 0, &call), WICK_OK);
        wick_coap_msg first, second;
        uint8_t kept[WICK_COAP_MESSAGE_MAX];
        wick_span request = from_client(0);
        memcpy(kept, request.ptr, request.len);
        REQUIRE_STATUS(wick_coap_decode(&first, wick_span_make(kept, request.len)), WICK_OK);
        REQUIRE_STATUS(wick_coap_client_input(&cli, &resp, 10,
                                              unauthorized(types[i], request, "sixteen octets..")),
                       WICK_AGAIN);
        if (types[i] == WICK_COAP_CON) {
            CHECK_INT(from_client(10).len, WICK_COAP_HEADER_BYTES); /* acknowledged */
        }
        wick_span again = from_client(10);
        REQUIRE_STATUS(wick_coap_decode(&second, again), WICK_OK);
        CHECK(second.id != first.id && memcmp(second.token, first.token, first.token_len) != 0);
        REQUIRE_STATUS(to_server(&x, 10, again), WICK_OK);
        CHECK(wick_coap_path_is(&req, "a/b") && req.content_format == WICK_COAP_OCTETS);
        CHECK(req.payload.len == 8 && memcmp(req.payload.ptr, "question", 8) == 0);
        CHECK(req.echo.len == 16 && memcmp(req.echo.ptr, "sixteen octets..", 16) == 0);
        /* it is sent again as any request */
        CHECK(from_client(2010).len != 0);
        /* and the server's second wish is its answer, for one that always wishes would go on for ever */
        CHECK_STATUS(wick_coap_client_input(&cli, &resp, 2010, unauthorized(WICK_COAP_ACK, again, "more")),
                     WICK_OK);
        CHECK_INT(resp.code, WICK_COAP_UNAUTHORIZED);
        /* the next request begins anew */
        REQUIRE_STATUS(wick_coap_client_begin(&cli, 3000, &call), WICK_OK);
        CHECK_STATUS(wick_coap_client_input(&cli, &resp, 3000,
                                            unauthorized(WICK_COAP_ACK, from_client(3000), "more")),
                     WICK_AGAIN);
    }
}

TEST(echo_that_cannot_be_returned)
{
    static uint8_t large[WICK_COAP_MESSAGE_MAX - 24];
    const wick_coap_call call = {.method = WICK_COAP_POST,
                                 .path = "a",
                                 .payload = wick_span_make(large, sizeof large)};
    setup();
    ask(0, WICK_COAP_GET); /* 4.01 of another meaning */
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0,
                                        unauthorized(WICK_COAP_ACK, from_client(0), NULL)),
                 WICK_OK);
    REQUIRE_STATUS(wick_coap_client_begin(&cli, 0, &call), WICK_OK); /* no room for it */
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0,
                                        unauthorized(WICK_COAP_ACK, from_client(0), "sixteen octets..")),
                 WICK_OK);
    CHECK_INT(resp.echo.len, 16);
    ask(0, WICK_COAP_GET);
    wick_span wish = unauthorized(WICK_COAP_ACK, from_client(0), "sixteen octets..");
    no_entropy = true; /* it cannot be sent as a message of its own */
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0, wish), WICK_OK);
}

/* Figure 18: the request is lost. Each gap is twice the one before, five datagrams in all. */
TEST(request_is_sent_again)
{
    static const uint64_t times[] = {0, 2000, 6000, 14000, 30000};
    wick_out out;
    setup();
    ask(0, WICK_COAP_GET);
    for (unsigned i = 0; i < 5; i++) {
        if (i > 0) {
            CHECK_INT(from_client(times[i] - 1).len, 0);
        }
        CHECK(from_client(times[i]).len != 0);
    }
    wick_coap_client_poll(&cli, &out, 61999);
    CHECK_INT(out.kind, WICK_OUT_WAIT);
    CHECK_INT(out.deadline_ms, 62000);
    wick_coap_client_poll(&cli, &out, 62000);
    CHECK_INT(out.kind, WICK_OUT_DONE);
    CHECK_STATUS(out.status, WICK_E_TIMEOUT);
    wick_coap_client_poll(&cli, &out, 62000);
    CHECK_INT(out.kind, WICK_OUT_WAIT);
}

TEST(first_gap_is_random)
{
    wick_out out;
    setup();
    fill_with = 0xff; /* 65535 % 1001 = 470 */
    ask(0, WICK_COAP_GET);
    CHECK(from_client(0).len != 0);
    wick_coap_client_poll(&cli, &out, 0);
    CHECK_INT(out.deadline_ms, 2000 + 65535 % 1001);
}

/* Figure 19: the answer is lost. What was asked twice is done once. */
TEST(duplicate_gets_the_same_answer)
{
    uint8_t x = 9, first[64];
    setup();
    ask(0, WICK_COAP_POST);
    REQUIRE_STATUS(to_server(&x, 0, from_client(0)), WICK_OK);
    wick_span again = from_client(2000);
    CHECK_STATUS(to_server(&x, 500, again), WICK_AGAIN); /* not answered yet: swallowed */
    CHECK_INT(from_server(500).len, 0);
    uint8_t request[64];
    CHECK(from_client(6000).len <= sizeof request);
    size_t request_len = last_len;
    memcpy(request, last, last_len);
    REQUIRE_STATUS(answer(600, x, "once"), WICK_OK);
    size_t len = from_server(600).len;
    REQUIRE(len != 0 && len <= sizeof first);
    memcpy(first, last, len);
    for (uint64_t now = 700; now < 246000; now += 61000) {
        CHECK_STATUS(to_server(&x, now, wick_span_make(request, request_len)), WICK_AGAIN);
        wick_span got = from_server(now);
        REQUIRE(got.len == len);
        CHECK_MEM(got.ptr, first, len);
        CHECK_INT(from_server(now).len, 0);
    }
    /* After EXCHANGE_LIFETIME the id may be used anew. */
    CHECK_STATUS(to_server(&x, 250000, wick_span_make(request, request_len)), WICK_OK);
}

/* Figure 20: the answer takes its time. */
TEST(separate_answer)
{
    uint8_t x = 9;
    setup();
    ask(0, WICK_COAP_GET);
    REQUIRE_STATUS(to_server(&x, 0, from_client(0)), WICK_OK);
    CHECK_INT(from_server(WICK_COAP_ACK_MS - 1).len, 0);
    wick_span ack = from_server(WICK_COAP_ACK_MS);
    REQUIRE(ack.len == 4);
    CHECK_INT(ack.ptr[0], 0x60);
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 1000, ack), WICK_AGAIN);
    CHECK_INT(from_client(60000).len, 0); /* it does not ask again */
    REQUIRE_STATUS(answer(5000, x, "late"), WICK_OK);
    CHECK(from_server(5000).len != 0); /* lost */
    CHECK_INT(from_server(6999).len, 0);
    wick_span got = from_server(7000);
    REQUIRE(got.len != 0);
    CHECK_INT(got.ptr[0] >> 4 & 3, WICK_COAP_CON);
    uint8_t copy[64];
    memcpy(copy, got.ptr, got.len);
    size_t len = got.len;
    REQUIRE_STATUS(wick_coap_client_input(&cli, &resp, 7000, got), WICK_OK);
    CHECK(resp.payload.len == 4);
    ack = from_client(7000);
    REQUIRE(ack.len == 4 && ack.ptr[0] == 0x60);
    /* That ACK is lost, the answer comes again: it is acknowledged again, and told once. */
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 9000, wick_span_make(copy, len)), WICK_AGAIN);
    ack = from_client(9000);
    REQUIRE(ack.len == 4 && ack.ptr[0] == 0x60);
    CHECK_STATUS(to_server(&x, 9000, ack), WICK_AGAIN);
    CHECK_INT(from_server(200000).len, 0);
}

TEST(separate_answer_is_given_up)
{
    uint8_t x = 9;
    unsigned sent = 0;
    setup();
    ask(0, WICK_COAP_GET);
    REQUIRE_STATUS(to_server(&x, 0, from_client(0)), WICK_OK);
    CHECK(from_server(1000).len == 4);
    REQUIRE_STATUS(answer(1000, x, "late"), WICK_OK);
    for (uint64_t now = 1000; now < 240000; now += 100) {
        sent += from_server(now).len != 0 ? 1u : 0u;
    }
    CHECK_INT(sent, 5);
}

/* An answer that the client does not want any more. */
TEST(reset_ends_a_separate_answer)
{
    uint8_t x = 9, reset[4];
    setup();
    ask(0, WICK_COAP_GET);
    REQUIRE_STATUS(to_server(&x, 0, from_client(0)), WICK_OK);
    CHECK(from_server(1000).len == 4);
    REQUIRE_STATUS(answer(1000, x, "late"), WICK_OK);
    wick_span got = from_server(1000);
    REQUIRE(got.len > 4);
    CHECK_STATUS(wick_coap_client_init(&cli, &entropy), WICK_OK); /* started anew */
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 1000, got), WICK_AGAIN);
    got = from_client(1000);
    REQUIRE(got.len == 4 && got.ptr[0] == 0x70);
    memcpy(reset, got.ptr, 4);
    CHECK_STATUS(to_server(&x, 1100, wick_span_make(reset, 4)), WICK_AGAIN);
    CHECK_INT(from_server(100000).len, 0);
}

TEST(client_is_reset)
{
    wick_out out;
    setup();
    ask(0, WICK_COAP_GET);
    REQUIRE(from_client(0).len != 0);
    uint8_t reset[4] = {0x70, 0, last[2], last[3]}, other[4] = {0x70, 0, last[2], (uint8_t)(last[3] + 1)};
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 1, wick_span_make(other, 4)), WICK_AGAIN);
    wick_coap_client_poll(&cli, &out, 1);
    CHECK_INT(out.kind, WICK_OUT_WAIT);
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 1, wick_span_make(reset, 4)), WICK_AGAIN);
    wick_coap_client_poll(&cli, &out, 1);
    CHECK_INT(out.kind, WICK_OUT_DONE);
    CHECK_STATUS(out.status, WICK_E_COAP_RESET);
}

/* A response with another token or message id is not the answer. */
TEST(answers_to_other_questions)
{
    uint8_t x = 9;
    setup();
    ask(0, WICK_COAP_GET);
    REQUIRE_STATUS(to_server(&x, 0, from_client(0)), WICK_OK);
    REQUIRE_STATUS(answer(0, x, "right"), WICK_OK);
    uint8_t copy[64];
    size_t len = from_server(0).len;
    memcpy(copy, last, len);
    for (unsigned i = 2; i < 8; i++) {
        copy[i] ^= 1;
        CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0, wick_span_make(copy, len)), WICK_AGAIN);
        CHECK_INT(from_client(0).len, 0);
        copy[i] ^= 1;
    }
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0, wick_span_make(copy, len)), WICK_OK);
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0, wick_span_make(copy, len)), WICK_AGAIN);
}

TEST(answer_with_unknown_critical_option)
{
    static const uint8_t tail[] = {0x90, 0xff, 'x'}; /* option 9 */
    uint8_t copy[16];
    wick_out out;
    setup();
    ask(0, WICK_COAP_GET);
    REQUIRE(from_client(0).len != 0);
    memcpy(copy, last, 8);
    copy[0] = 0x64;
    copy[1] = WICK_COAP_CONTENT;
    memcpy(copy + 8, tail, sizeof tail);
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0, wick_span_make(copy, 11)), WICK_AGAIN);
    wick_coap_client_poll(&cli, &out, 0);
    CHECK_INT(out.kind, WICK_OUT_DONE);
    CHECK_STATUS(out.status, WICK_E_COAP_OPTION);
    /* In a confirmable message it is rejected. */
    ask(0, WICK_COAP_GET);
    REQUIRE(from_client(0).len != 0);
    memcpy(copy, last, 8);
    copy[0] = 0x44;
    copy[1] = WICK_COAP_CONTENT;
    CHECK_STATUS(wick_coap_client_input(&cli, &resp, 0, wick_span_make(copy, 11)), WICK_AGAIN);
    CHECK(from_client(0).len == 4 && last[0] == 0x70);
}

/* Figure 22. */
TEST(non_confirmable)
{
    static const uint8_t get[] = {0x51, 0x01, 0x7d, 0x40, 0x75, 0xb1, 't'};
    static const uint8_t unknown[] = {0x51, 0x01, 0x7d, 0x41, 0x75, 0x90};
    uint8_t x = 9;
    setup();
    REQUIRE_STATUS(to_server(&x, 0, wick_span_make(get, sizeof get)), WICK_OK);
    CHECK_INT(from_server(5000).len, 0); /* no acknowledgement */
    REQUIRE_STATUS(answer(5000, x, "22.3 C"), WICK_OK);
    wick_span got = from_server(5000);
    REQUIRE(got.len == 5 + 1 + 6);
    CHECK(got.ptr[0] == 0x51 && got.ptr[4] == 0x75);
    CHECK_INT(from_server(100000).len, 0); /* once */
    CHECK_STATUS(to_server(&x, 5001, wick_span_make(get, sizeof get)), WICK_AGAIN);
    CHECK_INT(from_server(5001).len, 0);
    CHECK_STATUS(to_server(&x, 0, wick_span_make(unknown, sizeof unknown)), WICK_AGAIN);
    CHECK_INT(from_server(5002).len, 0); /* a critical option in a NON: silence */
}

TEST(refusals_of_the_server)
{
    static const struct {
        uint8_t bytes[8];
        size_t len;
        uint8_t first, code; /* of the answer; first 0: none */
    } table[] = {
        {{0x40, 0x00, 1, 1}, 4, 0x70, 0},                            /* ping: RST */
        {{0x40, 0x45, 1, 2}, 4, 0x70, 0},                            /* a response */
        {{0x40, 0x01, 1, 3, 0xff}, 5, 0x70, 0},                      /* a marker alone */
        {{0x40, 0x01, 1, 4, 0xf0}, 5, 0x70, 0},                      /* option delta 15 */
        {{0x4f, 0x01, 1, 5}, 4, 0x70, 0},                            /* token of 15 bytes */
        {{0x40, 0xe1, 1, 6}, 4, 0x70, 0},                            /* 7.01 */
        {{0x50, 0x01, 1, 7, 0xff}, 5, 0, 0},                         /* as a NON: silence */
        {{0x50, 0x45, 1, 8}, 4, 0, 0},                               /* a response */
        {{0x80, 0x01, 1, 9}, 4, 0, 0},                               /* another version */
        {{0x40, 0x01, 1}, 3, 0, 0},                                  /* no header */
        {{0x60, 0x00, 1, 11}, 4, 0, 0},                              /* ACK of nothing */
        {{0x70, 0x00, 1, 12}, 4, 0, 0},                              /* RST of nothing */
        {{0x40, 0x01, 1, 13, 0x90}, 5, 0x60, WICK_COAP_BAD_OPTION},  /* option 9 */
        {{0x40, 0x01, 1, 14, 0xd0, 14}, 6, 0x60, WICK_COAP_TOO_LARGE}, /* Block1 */
        {{0x40, 0x01, 1, 15, 0xd1, 22, 'x'}, 7, 0x60, WICK_COAP_NO_PROXY},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t x = 9;
        setup();
        CHECK(to_server(&x, 0, wick_span_make(table[i].bytes, table[i].len)) != WICK_OK);
        wick_span got = from_server(0);
        CHECK_INT(got.len, table[i].first != 0 ? 4 : 0);
        if (got.len == 4) {
            CHECK_INT(got.ptr[0], table[i].first);
            CHECK_INT(got.ptr[1], table[i].code);
            CHECK_MEM(got.ptr + 2, table[i].bytes + 2, 2);
        }
    }
}

static wick_span plain_get(uint16_t id)
{
    static uint8_t get[] = {0x41, 0x01, 0, 0, 0x77, 0xb1, 't'};
    wick_store_be16(get + 2, id);
    return wick_span_make(get, sizeof get);
}

/* More at once than there is room for: 5.03 with a Max-Age; those under way are not disturbed. */
TEST(full_table)
{
    uint8_t x[WICK_COAP_EXCHANGES], more = 9;
    setup();
    for (uint16_t i = 0; i < WICK_COAP_EXCHANGES; i++) {
        REQUIRE_STATUS(to_server(&x[i], 0, plain_get(i)), WICK_OK);
    }
    CHECK_STATUS(to_server(&more, 0, plain_get(100)), WICK_AGAIN);
    wick_span got = from_server(0);
    REQUIRE(got.len == 4 + 1 + 3);
    CHECK(got.ptr[0] == 0x61 && got.ptr[1] == WICK_COAP_UNAVAILABLE && got.ptr[4] == 0x77);
    CHECK(got.ptr[5] == 0xd1 && got.ptr[6] == WICK_COAP_MAX_AGE - 13 && got.ptr[7] != 0);
    for (unsigned i = 0; i < WICK_COAP_EXCHANGES; i++) {
        CHECK_STATUS(answer(0, x[i], "a"), WICK_OK);
        CHECK(from_server(0).len != 0);
    }
    CHECK_STATUS(to_server(&more, 1, plain_get(101)), WICK_OK); /* the oldest answer made room */
    CHECK_STATUS(to_server(&more, 1, plain_get(0)), WICK_AGAIN); /* and is not asked again */
    CHECK_INT(from_server(1).len, 0);
    CHECK_STATUS(to_server(&more, 1, plain_get(100)), WICK_OK); /* that one was never taken */
}

/* An answer that nobody has polled yet, or nobody has acknowledged, keeps its place. */
TEST(answers_under_way_keep_their_place)
{
    uint8_t x[WICK_COAP_EXCHANGES], more = 9;
    setup();
    for (uint16_t i = 0; i < WICK_COAP_EXCHANGES; i++) {
        REQUIRE_STATUS(to_server(&x[i], 0, plain_get(i)), WICK_OK);
        CHECK_STATUS(answer(0, x[i], "a"), WICK_OK);
    }
    CHECK_STATUS(to_server(&more, 0, plain_get(100)), WICK_AGAIN);
    CHECK(from_server(0).ptr[1] == WICK_COAP_UNAVAILABLE);
}

TEST(bounds_of_answers)
{
    static uint8_t big[WICK_COAP_MESSAGE_MAX];
    wick_coap_response r;
    uint8_t x = 9;
    setup();
    REQUIRE_STATUS(to_server(&x, 0, plain_get(1)), WICK_OK);
    memset(&r, 0, sizeof r);
    r.code = WICK_COAP_CONTENT;
    r.payload = wick_span_make(big, sizeof big - 5);
    CHECK_STATUS(wick_coap_server_answer(&srv, 0, x, &r), WICK_E_NO_SPACE);
    r.payload.len--;
    CHECK_STATUS(wick_coap_server_answer(&srv, 0, x, &r), WICK_OK);
    CHECK_INT(from_server(0).len, WICK_COAP_MESSAGE_MAX);
    CHECK_STATUS(wick_coap_server_answer(&srv, 0, WICK_COAP_EXCHANGES, &r), WICK_E_STATE);
    CHECK_STATUS(wick_coap_server_answer(&srv, 0, 1, &r), WICK_E_STATE);
}

TEST(no_randomness)
{
    wick_coap_call call = {0};
    setup();
    call.method = WICK_COAP_GET;
    call.path = "a";
    no_entropy = true;
    CHECK_STATUS(wick_coap_server_init(&srv, &entropy), WICK_E_ENTROPY);
    CHECK_STATUS(wick_coap_client_begin(&cli, 0, &call), WICK_E_ENTROPY);
    CHECK_INT(from_client(0).len, 0);
    CHECK_STATUS(wick_coap_client_init(&cli, &entropy), WICK_E_ENTROPY);
}

/* Answers hold keys: nothing is left of them after a wipe, nor after their time. */
TEST(answers_are_wiped)
{
    static const uint8_t zero[sizeof srv.exchange];
    uint8_t x = 9;
    setup();
    REQUIRE_STATUS(to_server(&x, 0, plain_get(1)), WICK_OK);
    CHECK_STATUS(answer(0, x, "secret"), WICK_OK);
    CHECK(from_server(0).len != 0);
    CHECK(memcmp(srv.exchange, zero, sizeof zero) != 0);
    CHECK_INT(from_server(300000).len, 0);
    CHECK_MEM(srv.exchange, zero, sizeof zero);
    REQUIRE_STATUS(to_server(&x, 400000, plain_get(2)), WICK_OK);
    wick_coap_server_wipe(&srv);
    CHECK_MEM(srv.exchange, zero, sizeof zero);
}

TAP_MAIN("unit.coap_exchange", CASE(piggybacked), CASE(echo_is_returned_once),
         CASE(echo_that_cannot_be_returned), CASE(request_is_sent_again),
         CASE(first_gap_is_random), CASE(duplicate_gets_the_same_answer), CASE(separate_answer),
         CASE(separate_answer_is_given_up), CASE(reset_ends_a_separate_answer),
         CASE(client_is_reset), CASE(answers_to_other_questions),
         CASE(answer_with_unknown_critical_option), CASE(non_confirmable),
         CASE(refusals_of_the_server), CASE(full_table), CASE(answers_under_way_keep_their_place),
         CASE(bounds_of_answers), CASE(no_randomness), CASE(answers_are_wiped))
