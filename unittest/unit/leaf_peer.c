/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of test_leaf_client.c: a wick_dtls server on the datagram socket that is its standard
 * input. A program of its own, because the mbedtls of a leaf and the port's do not go into one.
 *
 *   leaf_peer echo     says everything again, but ends the session after "bye"
 *   leaf_peer gateway  CoAP: later?n=2&age=1 is busy (5.03, Max-Age) twice, then 2.05; busy is 5.03
 *                      without Max-Age, refused is 4.04; asked tells how often it was since it was told
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_world.h"
#include "wick/coap.h"

static wick_dtls d;
static wick_hal_clock clk;
static bool gateway;
static struct sockaddr_storage from;
static socklen_t from_len;

static void begin(uint64_t now)
{
    static wick_dtls_entry e;
    e = entry("leaf", key, peer_a, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_SERVER, &e, 1);
    c.suites = WICK_DTLS_SUITES_ALL;
    if (wick_dtls_init(&d, &c) != WICK_OK || wick_dtls_start(&d, now) != WICK_OK) {
        exit(1);
    }
}

static void reply(wick_span bytes)
{
    (void)sendto(0, bytes.ptr, bytes.len, MSG_NOSIGNAL,
                 from_len != 0 ? (const struct sockaddr *)(const void *)&from : NULL, from_len);
}

static unsigned number(const wick_coap_request *q, const char *name)
{
    wick_span v;
    unsigned n = 0;
    if (wick_coap_query(&v, q, name)) {
        for (size_t i = 0; i < v.len; i++) {
            n = n * 10u + (unsigned)(v.ptr[i] - '0');
        }
    }
    return n;
}

static wick_span answer_to(wick_span message)
{
    static uint8_t bytes[256];
    static wick_buf last;
    static unsigned asked;
    static int last_id = -1;
    wick_coap_msg m;
    wick_coap_request q;
    if (wick_coap_decode(&m, message) != WICK_OK || wick_coap_request_read(&q, &m) != 0) {
        return wick_span_make(NULL, 0);
    }
    if (m.id == last_id) { /* sent again */
        return wick_span_make(last.ptr, last.len);
    }
    last_id = m.id;
    last = wick_buf_make(bytes, sizeof bytes);
    bool tells = wick_coap_path_is(&q, "asked");
    bool has_age = wick_coap_path_is(&q, "later") && asked < number(&q, "n");
    asked += tells ? 0 : 1;
    wick_coap_build b;
    wick_coap_begin(&b, &last, WICK_COAP_ACK,
                    has_age || wick_coap_path_is(&q, "busy")   ? WICK_COAP_UNAVAILABLE
                    : wick_coap_path_is(&q, "refused") ? WICK_COAP_NOT_FOUND
                                                       : WICK_COAP_CONTENT,
                    m.id, wick_span_make(m.token, m.token_len));
    if (has_age) {
        wick_coap_put_uint(&b, WICK_COAP_MAX_AGE, number(&q, "age"));
    }
    const uint8_t count = (uint8_t)asked;
    if (tells) {
        wick_coap_put_payload(&b, wick_span_make(&count, 1));
        asked = 0;
    }
    return wick_coap_end(&b) == WICK_OK ? wick_span_make(last.ptr, last.len) : wick_span_make(NULL, 0);
}

static void said(wick_span message, uint64_t now)
{
    if (!gateway && message.len == 3 && memcmp(message.ptr, "bye", 3) == 0) {
        wick_dtls_close(&d, now);
        return;
    }
    wick_span answer = gateway ? answer_to(message) : message;
    if (answer.len != 0 && wick_dtls_write(&d, now, answer) != WICK_OK) {
        exit(1);
    }
}

int main(int argc, char **argv)
{
    uint8_t bytes[WICK_DTLS_DATAGRAM_MAX];
    size_t len = 0;
    (void)alarm(600); /* whatever becomes of the test */
    gateway = argc == 2 && strcmp(argv[1], "gateway") == 0;
    wick_linux_clock_init(&clk);
    begin(clk.now_ms(clk.ctx));
    for (;;) {
        uint64_t now = clk.now_ms(clk.ctx);
        wick_out out;
        wick_dtls_poll(&d, &out, now);
        if (out.kind == WICK_OUT_SEND) {
            reply(out.bytes);
        } else if (out.kind == WICK_OUT_DONE) {
            wick_dtls_free(&d);
            begin(now);
        } else if (out.kind == WICK_OUT_WAIT) {
            if (wick_dtls_read(&d, bytes, sizeof bytes, &len) == WICK_OK) {
                said(wick_span_make(bytes, len), now);
                continue;
            }
            struct pollfd p = {.fd = 0, .events = POLLIN};
            uint64_t wait = out.deadline_ms > now ? out.deadline_ms - now : 0;
            if (poll(&p, 1, (int)(wait < 60000 ? wait : 60000)) > 0) {
                from_len = sizeof from;
                ssize_t n = recvfrom(0, bytes, sizeof bytes, 0, (struct sockaddr *)(void *)&from, &from_len);
                if (n <= 0) {
                    return 0; /* the test has gone */
                }
                wick_status s = wick_dtls_input(&d, now, wick_span_make(bytes, (size_t)n));
                (void)s; /* ended */
            }
        }
    }
}
