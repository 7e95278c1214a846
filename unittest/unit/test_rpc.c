/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port/linux HTTP and JSON-RPC against a server of this process that says what a script says: each
 * fault of a node has its own status, none hangs, none is taken for an answer.
 */
#include "wick/port/rpc.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static wick_linux_net net;
static wick_hal_net hn;
static wick_rpc rpc;
static wick_sock listener;
static wick_addr here;
static char seen[WICK_RPC_REQUEST_MAX + 1024]; /* the request as the server got it */
static size_t seen_len;

#define KEEP_OPEN 1u /* the server does not close after the script */
#define DEAF 2u      /* the server closes without reading */

static void setup(void)
{
    char url[64];
    wick_addr local = wick_addr_v4(127, 0, 0, 1, 0);
    REQUIRE_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    REQUIRE_STATUS(wick_linux_tcp_listen(&listener, &net, &local), WICK_OK);
    REQUIRE_STATUS(hn.local_addr(hn.ctx, listener, &here), WICK_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/rpc?x=1", (unsigned)here.port);
    REQUIRE_STATUS(wick_rpc_init(&rpc, &hn, url, 5000), WICK_OK);
}

static void teardown(void)
{
    wick_rpc_cancel(&rpc);
    wick_linux_net_close(&net);
}

static void wait_for(wick_sock s, short events)
{
    struct pollfd p;
    p.fd = wick_linux_net_fd(&net, s);
    p.events = events;
    p.revents = 0;
    (void)poll(&p, 1, 1000);
}

/* The whole request has come: header, and as many octets as it announces. */
static bool request_complete(void)
{
    seen[seen_len] = '\0';
    const char *end = strstr(seen, "\r\n\r\n");
    const char *length = strstr(seen, "Content-Length: ");
    return end != NULL && length != NULL &&
           seen_len == (size_t)(end + 4 - seen) + strtoul(length + 16, NULL, 10);
}

/*
 * Serves one request with `script` ('$' stands for the request's id, `pad` octets of 'x' for '~'),
 * `step` octets at a time with 100 ms between them, and gives what the client makes of it.
 */
static wick_status serve(const char *script, size_t step, unsigned flags, size_t pad)
{
    static char reply[700000];
    uint64_t now = 1000000;
    wick_sock peer = -1;
    wick_addr from;
    size_t len = 0, sent = 0;
    seen_len = 0;
    wick_status s = wick_rpc_poll(&rpc, now);
    for (int i = 0; i < 10000 && s == WICK_AGAIN; i++) {
        if (peer < 0) {
            wait_for(listener, POLLIN);
            if (wick_linux_tcp_accept(&peer, &from, &net, listener) != WICK_OK) {
                return WICK_E_HAL;
            }
            if ((flags & DEAF) != 0) {
                hn.close(hn.ctx, peer);
            }
        } else if ((flags & DEAF) == 0 && !request_complete()) {
            wait_for(peer, POLLIN);
            int32_t n = hn.tcp_recv(hn.ctx, peer, (uint8_t *)seen + seen_len,
                                    sizeof seen - 1 - seen_len);
            seen_len += n > 0 ? (size_t)n : 0;
            if (request_complete()) {
                for (const char *p = script; *p != '\0'; p++) {
                    if (*p == '$') {
                        len += (size_t)sprintf(reply + len, "%u", (unsigned)rpc.id);
                    } else if (*p == '~') {
                        memset(reply + len, 'x', pad);
                        len += pad;
                    } else {
                        reply[len++] = *p;
                    }
                }
            }
        } else if (sent < len) {
            size_t n = len - sent < step ? len - sent : step;
            int32_t did = hn.tcp_send(hn.ctx, peer, wick_span_make((uint8_t *)reply + sent, n));
            if (did < 0 && did != WICK_AGAIN) {
                sent = len; /* the client has left */
            } else {
                sent += did > 0 ? (size_t)did : 0;
            }
            now += 100;
            if (sent == len && (flags & KEEP_OPEN) == 0) {
                hn.close(hn.ctx, peer);
                flags |= DEAF;
            }
            if (wick_rpc_sock(&rpc) >= 0) {
                wait_for(wick_rpc_sock(&rpc), POLLIN);
            }
        } else if ((flags & KEEP_OPEN) != 0) {
            now += 1000; /* nothing more comes */
        } else {
            wait_for(wick_rpc_sock(&rpc), POLLIN);
        }
        s = wick_rpc_poll(&rpc, now);
    }
    if (peer >= 0 && (flags & DEAF) == 0) {
        hn.close(hn.ctx, peer);
    }
    return s;
}

static wick_status ask(const char *script, size_t step, unsigned flags, size_t pad)
{
    if (wick_rpc_chain_id(&rpc, 1000000) != WICK_OK) {
        return WICK_E_HAL;
    }
    return serve(script, step, flags, pad);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
/* Length of a body whose '$' becomes one digit: ids below 10. */
#define SIZED(n) OK_HEAD "Content-Length: " n "\r\n\r\n"
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define CLOSED OK_HEAD "\r\n"

TEST(good_answers_in_every_framing)
{
    static const char *const scripts[] = {
        SIZED("42") "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}",
        CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}\n",
        CHUNKED "14\r\n{\"jsonrpc\":\"2.0\",\"id\r\n15;x=y\r\n\":$,\"result\":\"0x7a69\"\r\n"
                "1\r\n}\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n" SIZED("42")
            "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}",
        "HTTP/1.0 200\r\n\r\n{\"id\":$,\"result\":\"0x7a69\",\"error\":null,\"jsonrpc\":\"2.0\"}",
    };
    static const size_t steps[] = {1, 2, 3, 7, 64, 100000};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            uint64_t id = 0;
            setup();
            rpc.timeout_ms = 60000; /* one octet in 100 ms of the test's time */
            CHECK_STATUS(ask(scripts[i], steps[k], 0, 0), WICK_OK);
            CHECK_STATUS(wick_rpc_result_u64(&id, &rpc), WICK_OK);
            CHECK_INT(id, 31337);
            CHECK_INT(wick_rpc_http_code(&rpc), 200);
            CHECK_STATUS(wick_rpc_poll(&rpc, 0), WICK_E_STATE);
            teardown();
        }
    }
}

TEST(request_on_the_wire)
{
    char want[400];
    uint8_t address[20], slots[2][32] = {{0}};
    setup();
    memset(address, 0xab, sizeof address);
    slots[1][31] = 1;
    CHECK_STATUS(wick_rpc_proof(&rpc, 1000000, address, (const uint8_t(*)[32])slots, 2, 70),
                 WICK_OK);
    CHECK_STATUS(serve(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":null}", 1000, 0, 0),
                 WICK_OK);
    CHECK(strncmp(seen, "POST /rpc?x=1 HTTP/1.1\r\nHost: 127.0.0.1:", 40) == 0);
    (void)snprintf(want, sizeof want,
                   "\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getProof\",\"params\":"
                   "[\"0xabababababababababababababababababababab\","
                   "[\"0x%064d\",\"0x%064d\"],\"0x46\"]}",
                   0, 1);
    const char *body = strstr(seen, "\r\n\r\n");
    CHECK(body != NULL && strcmp(body, want) == 0);
    teardown();
}

/* A dry run without the value would be refused where one with it is not. */
static void check_estimate(const uint8_t *value, const char *member)
{
    char want[400];
    static const uint8_t data[] = {0xd0, 0x0d};
    uint8_t from[20], to[20];
    setup();
    memset(from, 0xab, sizeof from);
    memset(to, 0xcd, sizeof to);
    CHECK_STATUS(wick_rpc_estimate_gas(&rpc, 1000000, from, to, value,
                                       wick_span_make(data, sizeof data)),
                 WICK_OK);
    CHECK_STATUS(serve(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x1\"}", 1000, 0, 0),
                 WICK_OK);
    (void)snprintf(want, sizeof want,
                   "\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_estimateGas\","
                   "\"params\":[{\"from\":\"0xabababababababababababababababababababab\","
                   "\"to\":\"0xcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\",%s\"data\":\"0xd00d\"}]}",
                   member);
    const char *body = strstr(seen, "\r\n\r\n");
    CHECK(body != NULL && strcmp(body, want) == 0);
    teardown();
}

TEST(value_of_an_estimate)
{
    uint8_t wei[32] = {0};
    check_estimate(NULL, "");
    check_estimate(wei, "\"value\":\"0x0\",");
    wei[30] = 0x03;
    wei[31] = 0xe8;
    check_estimate(wei, "\"value\":\"0x3e8\",");
    wei[15] = 0x10; /* 2^132 and more: none of it is lost */
    check_estimate(wei, "\"value\":\"0x10000000000000000000000000000003e8\",");
}

TEST(request_too_large)
{
    static uint8_t tx[WICK_RPC_REQUEST_MAX];
    setup();
    CHECK_STATUS(wick_rpc_send_raw(&rpc, 0, wick_span_make(tx, sizeof tx)), WICK_E_NO_SPACE);
    CHECK_STATUS(wick_rpc_poll(&rpc, 0), WICK_E_STATE);
    CHECK_STATUS(wick_rpc_send_raw(&rpc, 0, wick_span_make(tx, WICK_RPC_REQUEST_MAX / 2)),
                 WICK_E_NO_SPACE);
    CHECK_STATUS(wick_rpc_send_raw(&rpc, 0, wick_span_make(tx, WICK_RPC_REQUEST_MAX / 2 - 64)),
                 WICK_OK);
    CHECK_STATUS(wick_rpc_block_by_tag(&rpc, 0, "latest\",true],\""), WICK_E_BAD_ARG);
    teardown();
}

struct fault {
    const char *script;
    wick_status want;
    unsigned flags;
    size_t pad;
};

static const struct fault faults[] = {
    /* status codes */
    {"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}", WICK_E_HTTP_RATE, 0, 0},
    {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", WICK_E_HTTP, 0, 0},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", WICK_E_HTTP, 0, 0},
    {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", WICK_E_HTTP,
     0, 0},
    {"HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n", WICK_E_HTTP, KEEP_OPEN, 0},
    {"HTTP/1.1 204 No Content\r\n\r\n", WICK_E_HTTP, 0, 0},
    {"HTTP/1.1 400 Bad\r\nContent-Length: 80\r\n\r\n"
     "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"code\":-32602,\"message\":\"no such parameter\"}}\n\n",
     WICK_E_RPC, 0, 0},
    /* not HTTP */
    {"SSH-2.0-OpenSSH_9.2\r\n\r\n", WICK_E_HTTP, 0, 0},
    {"HTTP/2 200\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {"HTTP/1.1 20x OK\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {"HTTP/1.1 999 OK\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "X: ~\r\n\r\n{}", WICK_E_HTTP, 0, WICK_HTTP_HEAD_MAX},
    {OK_HEAD "X: a\r\n b\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "X : a\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "X: a\nY: b\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "X: \001\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
     "HTTP/1.1 100 C\r\n\r\n" SIZED("2") "{}",
     WICK_E_HTTP, 0, 0},
    /* two readings (request smuggling's raw material) */
    {OK_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "Content-Length: +2\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "Content-Length: 0x2\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "Content-Length:\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {OK_HEAD "Content-Length: 99999999999999999999\r\n\r\n{}", WICK_E_HTTP, 0, 0},
    {SIZED("2") "{}{}", WICK_E_HTTP, 0, 0},
    {CHUNKED "2\r\n{}\r\n0\r\n\r\nmore", WICK_E_HTTP, 0, 0},
    {CHUNKED "2\r\n{}x\r\n0\r\n\r\n", WICK_E_HTTP, 0, 0},
    {CHUNKED "g\r\n{}\r\n0\r\n\r\n", WICK_E_HTTP, 0, 0},
    {CHUNKED "\r\n{}\r\n0\r\n\r\n", WICK_E_HTTP, 0, 0},
    {CHUNKED "2\n{}\r\n0\r\n\r\n", WICK_E_HTTP, 0, 0},
    {CHUNKED "-2\r\n{}\r\n0\r\n\r\n", WICK_E_HTTP, 0, 0},
    {CHUNKED "2;~\r\n{}\r\n0\r\n\r\n", WICK_E_HTTP, 0, 100},
    {CHUNKED "0\r\n~\r\n\r\n", WICK_E_HTTP, 0, 5000},
    /* too large */
    {SIZED("999999999") "{}", WICK_E_LIMIT, KEEP_OPEN, 0},
    {CHUNKED "ffffffffffffffff\r\n", WICK_E_LIMIT, KEEP_OPEN, 0},
    {CHUNKED "fffffff\r\n~", WICK_E_LIMIT, 0, WICK_RPC_REPLY_MAX + 1},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"~\"}", WICK_E_LIMIT, 0, WICK_RPC_REPLY_MAX},
    /* cut, or never coming */
    {"", WICK_E_NET, DEAF, 0},
    {SIZED("42") "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a6", WICK_E_JSON, 0, 0},
    {CHUNKED "2a\r\n{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}\r\n", WICK_E_JSON, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a6", WICK_E_JSON, 0, 0},
    {SIZED("42") "{\"jsonrpc\":\"2.0\",\"id\":$", WICK_E_TIMEOUT, KEEP_OPEN, 0},
    {"HTTP/1.1 200", WICK_E_TIMEOUT, KEEP_OPEN, 0},
    {"", WICK_E_TIMEOUT, KEEP_OPEN, 0},
    /* not JSON, not JSON-RPC */
    {CLOSED "<html>~</html>", WICK_E_JSON, 0, 10},
    {CLOSED, WICK_E_JSON, 0, 0},
    {CLOSED "null", WICK_E_JSON, 0, 0},
    {CLOSED "[]", WICK_E_JSON, 0, 0},
    {CLOSED "{}", WICK_E_JSON, 0, 0},
    {CLOSED "{\"id\":$,\"result\":\"0x1\"}", WICK_E_JSON, 0, 0},
    {CLOSED "{\"jsonrpc\":\"1.0\",\"id\":$,\"result\":\"0x1\"}", WICK_E_JSON, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$}", WICK_E_JSON, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":\"text\"}", WICK_E_JSON, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x1\"} x", WICK_E_JSON, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x1\",\"result\":\"0x2\"}", WICK_E_JSON, 0,
     0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":[[[[[[[[[[[[]]]]]]]]]]]]}", WICK_E_JSON, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"a\001b\"}", WICK_E_JSON, 0, 0},
    /* the answer to something else */
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"0x1\"}", WICK_E_RPC_ID, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":1$,\"result\":\"0x1\"}", WICK_E_RPC_ID, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":\"$\",\"result\":\"0x1\"}", WICK_E_RPC_ID, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$.5,\"result\":\"0x1\"}", WICK_E_RPC_ID, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"0x1\"}", WICK_E_RPC_ID, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"result\":\"0x1\"}", WICK_E_RPC_ID, 0, 0},
    /* refusals by the node */
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"code\":-32000,\"message\":\"x\"}}",
     WICK_E_RPC, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"x\"}}",
     WICK_E_RPC, 0, 0},
    {CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":null,\"error\":{}}", WICK_E_RPC, 0, 0},
};

TEST(each_fault_has_its_status)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        uint64_t v = 1;
        setup();
        wick_status got = ask(faults[i].script, 100000, faults[i].flags, faults[i].pad);
        CHECK_STATUS(got, faults[i].want);
        if (got != faults[i].want) {
            tap_puts("# with: ");
            tap_puts(faults[i].script);
            tap_puts("\n");
        }
        CHECK(wick_rpc_result(&rpc) == NULL);
        CHECK_STATUS(wick_rpc_result_u64(&v, &rpc), WICK_E_STATE);
        CHECK_INT(v, 0);
        CHECK(wick_rpc_sock(&rpc) < 0);
        teardown();
    }
}

TEST(a_slow_server_meets_the_deadline)
{
    setup(); /* 5 s; the script takes 100 ms for each octet */
    CHECK_STATUS(ask(SIZED("42") "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x7a69\"}", 1, 0, 0),
                 WICK_E_TIMEOUT);
    teardown();
}

TEST(nobody_listens)
{
    setup();
    hn.close(hn.ctx, listener);
    CHECK_STATUS(wick_rpc_chain_id(&rpc, 0), WICK_OK);
    CHECK_STATUS(wick_rpc_wait(&rpc, &net), WICK_E_TIMEOUT); /* started at 0 of another clock */
    wick_hal_clock clock;
    wick_linux_clock_init(&clock);
    CHECK_STATUS(wick_rpc_chain_id(&rpc, clock.now_ms(clock.ctx)), WICK_OK);
    CHECK_STATUS(wick_rpc_wait(&rpc, &net), WICK_E_NET);
    teardown();
}

TEST(error_object_is_kept)
{
    uint8_t m[16];
    wick_buf b = wick_buf_make(m, sizeof m), small = wick_buf_make(m, 2);
    setup();
    CHECK_STATUS(ask(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"code\":3,\"message\":"
                            "\"execution\\u001b[31m reverted\\u00e9\",\"data\":\"0xdeadbeef\"}}",
                     1000, 0, 0),
                 WICK_E_RPC);
    CHECK_INT(wick_rpc_error_code(&rpc), 3);
    CHECK(strcmp(wick_rpc_message(&rpc), "execution?[31m reverted??") == 0);
    CHECK_STATUS(wick_rpc_error_data(&b, &rpc), WICK_OK);
    CHECK_INT(b.len, 4);
    CHECK_INT(m[0], 0xde);
    CHECK_STATUS(wick_rpc_error_data(&small, &rpc), WICK_E_NO_SPACE);
    /* A node that shows raw bytes in its message; the backslash before u0000 is one of its own. */
    b.len = 0;
    CHECK_STATUS(ask(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"code\":3,\"message\":"
                            "\"a\\u0000\\u0000\\u0001b\\\\u0000\",\"data\":\"0xdeadbeef\"}}",
                     1000, 0, 0),
                 WICK_E_RPC);
    CHECK(strcmp(wick_rpc_message(&rpc), "a???????b\\u0000") == 0);
    CHECK_STATUS(wick_rpc_error_data(&b, &rpc), WICK_OK);
    CHECK_INT(b.len, 4);
    CHECK_STATUS(ask(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"code\":-1e99,\"data\":"
                            "{\"data\":\"0x01\"}}}",
                     1000, 0, 0),
                 WICK_E_RPC);
    b.len = 0;
    CHECK_STATUS(wick_rpc_error_data(&b, &rpc), WICK_OK);
    CHECK_INT(b.len, 1);
    CHECK(wick_rpc_message(&rpc)[0] == '\0');
    CHECK_STATUS(ask(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"error\":{\"data\":\"text\"}}", 1000, 0,
                     0),
                 WICK_E_RPC);
    CHECK_STATUS(wick_rpc_error_data(&b, &rpc), WICK_E_NOT_FOUND);
    teardown();
}

TEST(typed_results)
{
    uint8_t hash[32], m[8];
    uint64_t fee, tip, v;
    wick_eth_receipt r;
    wick_buf b = wick_buf_make(m, sizeof m);
    setup();
    CHECK_STATUS(wick_rpc_fee_history(&rpc, 1000000), WICK_OK);
    CHECK_STATUS(serve(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":{\"oldestBlock\":\"0x1\","
                              "\"baseFeePerGas\":[\"0x7\",\"0x9\"],\"reward\":[[\"0x5\"]]}}",
                       1000, 0, 0),
                 WICK_OK);
    CHECK_STATUS(wick_rpc_result_fees(&fee, &tip, &rpc), WICK_OK);
    CHECK_INT(fee, 9);
    CHECK_INT(tip, 5);
    CHECK_STATUS(wick_rpc_result_hash(hash, &rpc), WICK_E_JSON);
    CHECK_STATUS(wick_rpc_result_u64(&v, &rpc), WICK_E_JSON);
    CHECK_STATUS(wick_rpc_result_data(&b, &rpc), WICK_E_JSON);
    CHECK_STATUS(ask(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":{\"baseFeePerGas\":[]}}",
                     1000, 0, 0),
                 WICK_OK);
    CHECK_STATUS(wick_rpc_result_fees(&fee, &tip, &rpc), WICK_E_JSON);

    memset(hash, 0x22, sizeof hash);
    CHECK_STATUS(wick_rpc_receipt(&rpc, 1000000, hash), WICK_OK);
    CHECK_STATUS(serve(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":null}", 1000, 0, 0),
                 WICK_OK);
    CHECK_STATUS(wick_rpc_result_receipt(&r, &rpc), WICK_E_NOT_FOUND);
#define H32 "\"0x2222222222222222222222222222222222222222222222222222222222222222\""
    CHECK_STATUS(ask(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":{\"transactionHash\":" H32
                            ",\"blockHash\":" H32 ",\"blockNumber\":\"0x10\",\"gasUsed\":"
                            "\"0x5208\",\"status\":\"0x0\"}}",
                     1000, 0, 0),
                 WICK_OK);
    CHECK_STATUS(wick_rpc_result_receipt(&r, &rpc), WICK_OK);
    CHECK(!r.ok);
    CHECK_INT(r.block_number, 16);
    CHECK_INT(r.gas_used, 21000);
    CHECK_MEM(r.tx_hash, hash, 32);
    CHECK_STATUS(ask(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":" H32 "}", 1000, 0, 0),
                 WICK_OK);
    CHECK_STATUS(wick_rpc_result_hash(hash, &rpc), WICK_OK);
    CHECK_INT(hash[31], 0x22);
    CHECK_STATUS(wick_rpc_result_data(&b, &rpc), WICK_E_NO_SPACE);
    teardown();
}

TEST(host_names)
{
    char url[64];
    uint64_t now = 1000000, v;
    wick_status s = WICK_AGAIN;
    setup();
    (void)snprintf(url, sizeof url, "http://localhost:%u", (unsigned)here.port);
    REQUIRE_STATUS(wick_rpc_init(&rpc, &hn, url, 5000), WICK_OK);
    CHECK_STATUS(wick_rpc_chain_id(&rpc, now), WICK_OK);
    for (int i = 0; i < 500 && s == WICK_AGAIN && wick_rpc_sock(&rpc) < 0; i++) {
        s = wick_rpc_poll(&rpc, now);
        (void)poll(NULL, 0, 10);
    }
    CHECK_STATUS(serve(CLOSED "{\"jsonrpc\":\"2.0\",\"id\":$,\"result\":\"0x1\"}", 1000, 0, 0),
                 WICK_OK);
    CHECK_STATUS(wick_rpc_result_u64(&v, &rpc), WICK_OK);
    teardown();
}

TEST(urls)
{
    static const struct {
        const char *text;
        wick_status want;
        const char *host, *path;
        uint16_t port;
    } cases[] = {
        {"http://a", WICK_OK, "a", "/", 80},
        {"HTTP://a.b:8545/x/y?z=1", WICK_OK, "a.b", "/x/y?z=1", 8545},
        {"http://a?q", WICK_OK, "a", "/?q", 80},
        {"http://[::1]:80/", WICK_OK, "[::1]", "/", 80},
        {"https://a/", WICK_OK, "a", "/", 443},
        {"", WICK_E_MALFORMED, "", "", 0},
        {"a.b", WICK_E_MALFORMED, "", "", 0},
        {"ws://a", WICK_E_UNSUPPORTED, "", "", 0},
        {"http://", WICK_E_UNSUPPORTED, "", "", 0},
        {"http:///x", WICK_E_MALFORMED, "", "", 0},
        {"http://user:pw@a/", WICK_E_MALFORMED, "", "", 0},
        {"http://a:0/", WICK_E_MALFORMED, "", "", 0},
        {"http://a:65536/", WICK_E_MALFORMED, "", "", 0},
        {"http://a:/", WICK_E_MALFORMED, "", "", 0},
        {"http://a:8x/", WICK_E_MALFORMED, "", "", 0},
        {"http://[::1/", WICK_E_MALFORMED, "", "", 0},
        {"http://[::1]x/", WICK_E_MALFORMED, "", "", 0},
        {"http://a/ HTTP/1.1\r\nX: y", WICK_E_MALFORMED, "", "", 0},
        {"http://a\r\nX: y/", WICK_E_MALFORMED, "", "", 0},
        {"http://a/#f", WICK_E_MALFORMED, "", "", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wick_http_url u;
        CHECK_STATUS(wick_http_url_parse(&u, cases[i].text, strlen(cases[i].text)),
                     cases[i].want);
        if (cases[i].want == WICK_OK) {
            CHECK(strcmp(u.host, cases[i].host) == 0);
            CHECK(strcmp(u.path, cases[i].path) == 0);
            CHECK_INT(u.port, cases[i].port);
        }
    }
    /* Without a CA file or a pinned key nothing is sent to an https server. */
    CHECK_STATUS(wick_rpc_init(&rpc, &hn, "https://a/", 0), WICK_OK);
    CHECK_STATUS(wick_rpc_chain_id(&rpc, 0), WICK_E_TRUST_ANCHOR);
    CHECK_STATUS(wick_rpc_poll(&rpc, 0), WICK_E_STATE);
}

TAP_MAIN("unit.rpc", CASE(good_answers_in_every_framing), CASE(request_on_the_wire),
         CASE(value_of_an_estimate), CASE(request_too_large), CASE(each_fault_has_its_status),
         CASE(a_slow_server_meets_the_deadline), CASE(nobody_listens), CASE(error_object_is_kept),
         CASE(typed_results), CASE(host_names), CASE(urls))
