/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The challenge responder (S0 III-E): one URL is answered with keccak256(N1 | N2) under the registered
 * key, everything else is refused, nobody can keep the challenger out, and the port goes to the service
 * without a gap. And the HTTP it reads: strict, bounded, whole at any cut.
 */
#include "wick/port/responder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "wick/keccak.h"

/* ---- HTTP ---- */

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

TEST(requests_that_are_taken)
{
    static const struct {
        const char *in, *method, *path;
    } good[] = {
        {"GET / HTTP/1.0\r\n\r\n", "GET", "/"},
        {"GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", "GET", "/a?b=c"},
        {"POST /a HTTP/1.1\r\nhOST:\th\r\nContent-Length: 0\r\nX:\r\n\r\nrest", "POST", "/a"},
    };
    wick_http_request r;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        wick_span in = text(good[i].in);
        CHECK_STATUS(wick_http_request_parse(&r, in), WICK_OK);
        CHECK_INT(r.method.len, strlen(good[i].method));
        CHECK_MEM(r.method.ptr, good[i].method, r.method.len);
        CHECK_INT(r.path.len, strlen(good[i].path));
        CHECK_MEM(r.path.ptr, good[i].path, r.path.len);
        CHECK_INT(r.len, (size_t)(strstr(good[i].in, "\r\n\r\n") - good[i].in) + 4);
        for (size_t cut = 0; cut < r.len; cut++) {
            wick_http_request part;
            CHECK_STATUS(wick_http_request_parse(&part, wick_span_make(in.ptr, cut)), WICK_AGAIN);
        }
    }
}

TEST(requests_that_are_refused)
{
    static const struct {
        const char *in;
        wick_status status;
    } bad[] = {
        {"GET / HTTP/1.1\r\n\r\n", WICK_E_MALFORMED}, /* no Host */
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"GET / HTTP/1.1\nHost: a\n\n", WICK_E_MALFORMED},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", WICK_E_MALFORMED},
        {"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", WICK_E_MALFORMED},
        {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", WICK_E_MALFORMED},
        {"GET / HTTP/1.1\r\n: a\r\n\r\n", WICK_E_MALFORMED},
        {"GET / HTTP/1.1\r\nHost\r\n\r\n", WICK_E_MALFORMED},
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", WICK_E_UNSUPPORTED},
        {"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {" / HTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", WICK_E_MALFORMED},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", WICK_E_UNSUPPORTED},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", WICK_E_UNSUPPORTED},
        {"GET / HTTP/1.1\r\nHost: a\r\nContent-length: 00\r\n\r\n", WICK_E_UNSUPPORTED},
        {"GET / HTTP/1.1\r\nHost: a\r\ntransfer-Encoding: chunked\r\n\r\n", WICK_E_UNSUPPORTED},
    };
    static char big[2 * WICK_HTTP_REQUEST_MAX];
    wick_http_request r;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(wick_http_request_parse(&r, text(bad[i].in)), bad[i].status);
    }
    static const uint8_t zero[] = "GET /\0 HTTP/1.0\r\n\r\n";
    CHECK_STATUS(wick_http_request_parse(&r, wick_span_make(zero, sizeof zero - 1)),
                 WICK_E_MALFORMED);
    memset(big, 'a', sizeof big);
    memcpy(big, "GET /", 5);
    CHECK_STATUS(wick_http_request_parse(
                     &r, wick_span_make((const uint8_t *)big, WICK_HTTP_REQUEST_MAX - 1)),
                 WICK_AGAIN);
    CHECK_STATUS(wick_http_request_parse(&r, wick_span_make((const uint8_t *)big, sizeof big)),
                 WICK_E_LIMIT);
    size_t n = (size_t)snprintf(big, sizeof big, "GET / HTTP/1.0\r\n");
    for (unsigned i = 0; i < 40; i++) {
        n += (size_t)snprintf(big + n, sizeof big - n, "a:b\r\n");
    }
    CHECK_STATUS(wick_http_request_parse(&r, wick_span_make((const uint8_t *)big, n)),
                 WICK_E_LIMIT);
}

/* ---- the responder ---- */

static wick_linux_net net;
static wick_hal_net hn;
static wick_hal_entropy entropy;
static wick_tls_identity own;
static wick_responder r;
static wick_addr at;
static uint64_t now_ms;
static const uint8_t secret[32] = {[31] = 9}, mapping[32] = {0xab}, n1[32] = {1}, n2[32] = {2};

static uint64_t test_now(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static const wick_hal_clock test_clock = {NULL, test_now, NULL};

static void setup(void)
{
    wick_responder_config cfg;
    wick_linux_entropy_init(&entropy);
    REQUIRE_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    CHECK_STATUS(wick_tls_identity_make(&own, secret, "gw", &entropy), WICK_OK);
    memset(&cfg, 0, sizeof cfg);
    cfg.net = &hn;
    cfg.linux_net = &net;
    cfg.clock = &test_clock;
    cfg.entropy = &entropy;
    now_ms = 1000;
    at = wick_addr_v4(127, 0, 0, 1, 0);
    CHECK_STATUS(wick_responder_open(&r, &cfg, &at), WICK_E_BAD_ARG);
    cfg.own = &own;
    REQUIRE_STATUS(wick_responder_open(&r, &cfg, &at), WICK_OK);
    CHECK_STATUS(hn.local_addr(hn.ctx, r.listener, &at), WICK_OK);
    wick_responder other;
    CHECK_STATUS(wick_responder_open(&other, &cfg, &at), WICK_E_NET); /* the port is taken */
}

static void teardown(void)
{
    wick_responder_close(&r);
    wick_responder_close(&r);
    wick_tls_identity_free(&own);
    wick_linux_net_close(&net);
}

static char reply[1024];

/* Sends bytes over TLS, in pieces, and reads to the end. @return false: no TLS, or cut */
static bool ask(const char *request, size_t piece)
{
    static wick_https c;
    wick_https_trust trust = {.entropy = &entropy, .pin32 = own.spki_hash};
    wick_sock s;
    wick_status st = WICK_AGAIN;
    size_t len = strlen(request), out = 0, in = 0;
    int32_t n = WICK_AGAIN;
    memset(reply, 0, sizeof reply);
    if (hn.tcp_open(hn.ctx, &s, &at) != WICK_OK ||
        wick_https_start(&c, &trust, &hn, s, "127.0.0.1") != WICK_OK) {
        return false;
    }
    for (int i = 0; i < 200000 && (n > 0 || n == (int32_t)WICK_AGAIN); i++) {
        wick_responder_run(&r);
        if (st == WICK_AGAIN) {
            st = wick_https_poll(&c);
        } else if (st != WICK_OK) {
            break;
        } else if (out < len) {
            size_t want = len - out < piece ? len - out : piece;
            n = wick_https_write(&c, wick_span_make((const uint8_t *)request + out, want));
            out += n > 0 ? (size_t)n : 0;
        } else {
            n = wick_https_read(&c, (uint8_t *)reply + in, sizeof reply - 1 - in);
            in += n > 0 ? (size_t)n : 0;
        }
    }
    wick_https_end(&c);
    hn.close(hn.ctx, s);
    return n == 0;
}

#define THE_PATH                                                                                   \
    WICK_RESPONDER_PATH "ab00000000000000000000000000000000000000000000000000000000000000.val"

TEST(one_url_is_answered)
{
    uint8_t both[64] = {0}, hash[32];
    char want[67] = "0x";
    setup();
    both[0] = 1;
    both[32] = 2;
    wick_keccak256(hash, both, sizeof both);
    wick_hex_encode(want + 2, hash, sizeof hash);
    CHECK(ask("GET " THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", 1000));
    CHECK(strncmp(reply, "HTTP/1.1 404 ", 13) == 0); /* not armed yet */
    CHECK_STATUS(wick_responder_arm(&r, mapping, n1, n2), WICK_OK);
    for (size_t piece = 1; piece < 200; piece += 37) {
        CHECK(ask("GET " THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", piece));
        CHECK(strncmp(reply, "HTTP/1.1 200 OK\r\n", 17) == 0);
        const char *body = strstr(reply, "\r\n\r\n");
        REQUIRE(body != NULL);
        CHECK(strcmp(body + 4, want) == 0);
        CHECK(strstr(reply, "Content-Length: 66\r\n") != NULL);
    }
    CHECK_INT(r.served, 6);
    CHECK_INT(r.refused, 1);
    static const struct {
        const char *request, *status;
    } bad[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 "},
        {"GET " THE_PATH "l HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 "},
        {"GET " THE_PATH "?a HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 "},
        {"GET /." THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 "},
        {"POST " THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 "},
        {"HEAD " THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 "},
        {"GET " THE_PATH " HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
        {"GET " THE_PATH " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 400 "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(ask(bad[i].request, 1000));
        CHECK(strncmp(reply, bad[i].status, 13) == 0);
        CHECK(strstr(reply, want + 2) == NULL);
    }
    static char big[WICK_HTTP_REQUEST_MAX + 8];
    memset(big, 'a', sizeof big - 1);
    CHECK(ask(big, WICK_HTTP_REQUEST_MAX));
    CHECK(strncmp(reply, "HTTP/1.1 400 ", 13) == 0);
    CHECK_INT(r.served, 6);
    /* Another N1: another answer, and only that one. */
    CHECK_STATUS(wick_responder_arm(&r, mapping, n2, n1), WICK_OK);
    CHECK(ask("GET " THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", 1000));
    CHECK(strstr(reply, want + 2) == NULL && strstr(reply, "\r\n\r\n0x") != NULL);
    teardown();
}

TEST(each_challenger_has_a_line)
{
    char line[WICK_RESPONDER_ANSWER_BYTES], path[WICK_RESPONDER_PATH_BYTES];
    uint8_t other[32] = {7};
    setup();
    CHECK_STATUS(wick_responder_also(&r, n1, n2), WICK_E_STATE); /* about which mapping? */
    CHECK_STATUS(wick_responder_arm(&r, mapping, n1, n2), WICK_OK);
    for (uint8_t i = 0; i < WICK_RESPONDER_ANSWERS + 1u; i++) {
        other[1] = i;
        CHECK_STATUS(wick_responder_also(&r, other, n2),
                     i < WICK_RESPONDER_ANSWERS - 1u ? WICK_OK : WICK_E_LIMIT);
        CHECK_STATUS(wick_responder_also(&r, n1, n2), WICK_OK); /* is there */
    }
    wick_responder_path(path, mapping);
    CHECK(strcmp(path, THE_PATH) == 0);
    CHECK(ask("GET " THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", 1000));
    CHECK(strncmp(reply, "HTTP/1.1 200 OK\r\n", 17) == 0);
    wick_responder_answer(line, n1, n2);
    CHECK(strstr(reply, line) != NULL);
    for (uint8_t i = 0; i < WICK_RESPONDER_ANSWERS + 1u; i++) {
        other[1] = i;
        wick_responder_answer(line, other, n2);
        CHECK((strstr(reply, line) != NULL) == (i < WICK_RESPONDER_ANSWERS - 1u));
    }
    CHECK_STATUS(wick_responder_arm(&r, mapping, n2, n1), WICK_OK); /* the former ones are gone */
    CHECK(strchr(r.answer, '\n') == NULL);
    teardown();
    CHECK_STATUS(wick_responder_also(&r, n1, n2), WICK_E_STATE);
}

TEST(silent_callers_keep_nobody_out)
{
    wick_sock silent[3 * WICK_RESPONDER_CONNECTIONS];
    struct pollfd p[1 + WICK_RESPONDER_CONNECTIONS];
    setup();
    CHECK_STATUS(wick_responder_arm(&r, mapping, n1, n2), WICK_OK);
    CHECK_INT(wick_responder_fds(&r, p), 1);
    for (size_t i = 0; i < 3 * WICK_RESPONDER_CONNECTIONS; i++) {
        REQUIRE_STATUS(hn.tcp_open(hn.ctx, &silent[i], &at), WICK_OK);
        now_ms++;
        wick_responder_run(&r);
    }
    for (int i = 0; i < 100000 && wick_responder_fds(&r, p) < 1 + WICK_RESPONDER_CONNECTIONS; i++) {
        wick_responder_run(&r);
    }
    CHECK_INT(wick_responder_fds(&r, p), 1 + WICK_RESPONDER_CONNECTIONS);
    CHECK(wick_responder_deadline(&r) <= now_ms + WICK_RESPONDER_LIFE_MS);
    now_ms++;
    CHECK(ask("GET " THE_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", 1000));
    CHECK_INT(r.served, 1);
    now_ms += WICK_RESPONDER_LIFE_MS;
    wick_responder_run(&r);
    CHECK_INT(wick_responder_fds(&r, p), 1); /* their time is over */
    teardown();
}

/* Connects from an address of ours, and lets it be accepted. */
static int call_from(uint8_t last)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u | last)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001u),
                             .sin_port = htons(at.port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (const struct sockaddr *)&from, sizeof from) == 0);
    CHECK(connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    now_ms++;
    wick_responder_run(&r);
    return fd;
}

/* Has the other side closed it? */
static bool is_dropped(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

TEST(nobody_alone_pushes_the_challenger_out)
{
    int stranger[3 * WICK_RESPONDER_CONNECTIONS];
    setup();
    CHECK_STATUS(wick_responder_arm(&r, mapping, n1, n2), WICK_OK);
    int challenger = call_from(2); /* the oldest of all, in the middle of its handshake */
    for (size_t i = 0; i < 3 * WICK_RESPONDER_CONNECTIONS; i++) {
        stranger[i] = call_from(3);
    }
    CHECK(!is_dropped(challenger));
    /* His own went, the oldest first. */
    for (size_t i = 0; i < 3 * WICK_RESPONDER_CONNECTIONS; i++) {
        CHECK(is_dropped(stranger[i]) == (i < 2 * WICK_RESPONDER_CONNECTIONS + 1));
    }
    int other = call_from(4); /* somebody else is let in: the oldest goes */
    CHECK(is_dropped(challenger) && !is_dropped(other));
    for (size_t i = 0; i < 3 * WICK_RESPONDER_CONNECTIONS; i++) {
        (void)close(stranger[i]);
    }
    (void)close(challenger);
    (void)close(other);
    teardown();
}

TEST(the_port_goes_to_the_service)
{
    wick_sock listener = -1, caller, s;
    wick_addr from;
    uint8_t buf[8];
    setup();
    /* Who calls while it changes hands waits in the socket's queue for the service. */
    REQUIRE_STATUS(hn.tcp_open(hn.ctx, &caller, &at), WICK_OK);
    CHECK_STATUS(wick_responder_hand_over(&r, &listener), WICK_OK);
    CHECK_STATUS(wick_responder_arm(&r, mapping, n1, n2), WICK_E_STATE);
    wick_status st = WICK_AGAIN;
    for (int i = 0; i < 100000 && st == WICK_AGAIN; i++) {
        st = wick_linux_tcp_accept(&s, &from, &net, listener);
    }
    REQUIRE_STATUS(st, WICK_OK);
    int32_t n = WICK_AGAIN;
    for (int i = 0; i < 100000 && n == (int32_t)WICK_AGAIN; i++) {
        (void)hn.tcp_send(hn.ctx, s, text("service"));
        n = hn.tcp_recv(hn.ctx, caller, buf, 7);
    }
    CHECK_INT(n, 7);
    CHECK_MEM(buf, "service", 7);
    wick_sock again;
    CHECK_STATUS(wick_responder_hand_over(&r, &again), WICK_E_STATE);
    CHECK_INT(again, -1);
    hn.close(hn.ctx, listener);
    /* Closed, the port can be bound at once, although connections were open. */
    CHECK_STATUS(wick_linux_tcp_listen(&listener, &net, &at), WICK_OK);
    teardown();
}

TAP_MAIN("unit.responder", CASE(requests_that_are_taken), CASE(requests_that_are_refused),
         CASE(one_url_is_answered), CASE(each_challenger_has_a_line), CASE(silent_callers_keep_nobody_out),
         CASE(nobody_alone_pushes_the_challenger_out),
         CASE(the_port_goes_to_the_service))
