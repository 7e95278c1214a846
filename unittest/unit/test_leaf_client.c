/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick/port/leaf_client.h as a leaf has it, with the leaf's mbedtls, against the port's wick_dtls in
 * another process (leaf_peer.c). What carries the datagrams has a time of its own: where it knows that
 * nothing will come it says so at once, so that lost flights cost no seconds.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "wick/port/leaf_client.h"

#define KEY "0123456789abcdef0123456789abcde" /* and the zero at its end: 32 bytes */
#define WAIT_MS 60000

static pid_t peer;
static wick_leaf_dtls d;
static wick_leaf_client client;

static bool peer_begin(int fd, const char *how)
{
    peer = fork();
    if (peer == 0) {
        (void)dup2(fd, 0);
        (void)execl(LEAF_PEER, LEAF_PEER, how, (char *)NULL);
        _exit(127);
    }
    (void)close(fd);
    return peer > 0;
}

static void peer_end(void)
{
    if (peer > 0) {
        (void)kill(peer, SIGKILL);
        (void)waitpid(peer, NULL, 0);
    }
    peer = 0;
}

/* ---- what carries ---- */

static struct path {
    int fd;
    unsigned lose_sent, lose_got; /* the next ones */
    bool lost, twice;
    bool quiet; /* nothing comes */
    unsigned sent, got, waits;
    uint32_t wait_ms[64]; /* as the session asked for */
    size_t copy_len;
    uint8_t copy[WICK_LEAF_DATAGRAM_MAX];
} path;

static void carry(void *ctx, wick_span datagram)
{
    struct path *p = ctx;
    p->sent++;
    p->lost = p->quiet || p->lose_sent != 0;
    if (p->lost) {
        p->lose_sent -= p->lose_sent != 0;
        return;
    }
    for (unsigned i = 0; i < (p->twice ? 2 : 1); i++) {
        (void)send(p->fd, datagram.ptr, datagram.len, MSG_NOSIGNAL);
    }
}

static size_t await(void *ctx, uint8_t *out, size_t cap, uint32_t timeout_ms)
{
    struct path *p = ctx;
    if (p->copy_len != 0) {
        size_t n = p->copy_len;
        memcpy(out, p->copy, n);
        p->copy_len = 0;
        return n;
    }
    p->wait_ms[p->waits % 64] = timeout_ms;
    p->waits++;
    struct pollfd in = {.fd = p->fd, .events = POLLIN};
    if (p->quiet || p->lost || poll(&in, 1, WAIT_MS) <= 0) {
        return 0;
    }
    ssize_t n = recv(p->fd, out, cap, 0);
    if (n <= 0 || p->lose_got != 0) {
        p->lose_got -= p->lose_got != 0;
        return 0;
    }
    p->got++;
    if (p->twice) {
        memcpy(p->copy, out, (size_t)n);
        p->copy_len = (size_t)n;
    }
    return (size_t)n;
}

static bool setup(void)
{
    int ends[2];
    memset(&path, 0, sizeof path);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    path.fd = ends[0];
    return peer_begin(ends[1], "echo");
}

static void teardown(void)
{
    wick_leaf_dtls_end(&d);
    peer_end();
    (void)close(path.fd);
}

static wick_status shake(const char *psk, const char *name)
{
    const wick_leaf_carrier carrier = {&path, carry, await};
    return wick_leaf_dtls_begin(&d, wick_span_make((const uint8_t *)psk, 32), wick_span_text(name), &carrier);
}

static bool said_again(const char *word)
{
    uint8_t got[64];
    size_t len = 0;
    wick_status s = wick_leaf_dtls_write(&d, wick_span_text(word));
    for (unsigned i = 0; i < 10 && (i == 0 || s == WICK_E_TIMEOUT); i++) { /* or it was none for us */
        s = s == WICK_OK || s == WICK_E_TIMEOUT ? wick_leaf_dtls_read(&d, got, sizeof got, &len, WAIT_MS) : s;
    }
    return s == WICK_OK && len == strlen(word) && memcmp(got, word, len) == 0;
}

/* ---- sessions ---- */

TEST(clean_path)
{
    REQUIRE(setup());
    CHECK_STATUS(shake(KEY, "leaf"), WICK_OK);
    CHECK_INT(d.error, 0);
    CHECK(strcmp(wick_leaf_dtls_suite(&d), "TLS-PSK-WITH-AES-128-CCM-8") == 0);
    CHECK(said_again("one") && said_again("and another"));
    teardown();
}

TEST(what_is_lost_is_sent_again)
{
    static const unsigned sent[] = {1, 2, 0, 0, 1}, got[] = {0, 0, 1, 2, 1};
    for (unsigned i = 0; i < 5; i++) {
        REQUIRE(setup());
        path.lose_sent = sent[i];
        path.lose_got = got[i];
        CHECK_STATUS(shake(KEY, "leaf"), WICK_OK);
        CHECK(path.lose_sent == 0 && path.lose_got == 0);
        CHECK(path.sent >= 3 + sent[i] + got[i]); /* hello, hello with cookie, finished */
        CHECK(said_again("through"));
        teardown();
    }
}

TEST(everything_twice)
{
    uint8_t got[64];
    size_t len = 1;
    REQUIRE(setup());
    path.twice = true;
    CHECK_STATUS(shake(KEY, "leaf"), WICK_OK);
    CHECK(said_again("once"));
    path.quiet = true; /* what is left is the repetition, if anything */
    CHECK_STATUS(wick_leaf_dtls_read(&d, got, sizeof got, &len, 1), WICK_E_TIMEOUT);
    CHECK_INT(len, 0);
    CHECK_INT(path.copy_len, 0);
    path.quiet = false;
    CHECK(said_again("and once more"));
    teardown();
}

/* As the header says: again after 1 s and 2 s more, given up 4 s later. */
TEST(nobody_answers)
{
    memset(&path, 0, sizeof path);
    path.fd = -1;
    path.quiet = true;
    CHECK_STATUS(shake(KEY, "leaf"), WICK_E_TLS);
    CHECK(d.error != 0);
    CHECK_INT(path.sent, 3);
    REQUIRE(path.waits == 3);
    CHECK_INT(path.wait_ms[0], 1000);
    CHECK_INT(path.wait_ms[1], 2000);
    CHECK_INT(path.wait_ms[2], 4000);
    wick_leaf_dtls_end(&d);
}

TEST(wrong_keys_and_names)
{
    const wick_leaf_carrier carrier = {&path, carry, await};
    static const char *const names[] = {"leaf", "lead", "leaf "};
    static const uint8_t long_key[33] = {1};
    for (unsigned i = 0; i < 3; i++) {
        wick_leaf_dtls wiped;
        memset(&wiped, 0, sizeof wiped);
        REQUIRE(setup());
        CHECK_STATUS(shake(i == 0 ? "X" KEY : KEY, names[i]), WICK_E_TLS);
        CHECK(d.error != 0);
        wiped.error = d.error;
        CHECK_MEM(&d, &wiped, sizeof d);
        CHECK_STATUS(wick_leaf_dtls_write(&d, wick_span_text("early")), WICK_E_TLS);
        teardown();
    }
    memset(&path, 0, sizeof path);
    CHECK_STATUS(wick_leaf_dtls_begin(&d, wick_span_make(long_key, sizeof long_key), wick_span_text("leaf"),
                                      &carrier), WICK_E_TLS);
    CHECK(d.error != 0);
    CHECK_INT(path.sent, 0);
    wick_leaf_dtls_end(&d);
}

TEST(a_key_that_failed_does_not_stand_in_the_way)
{
    REQUIRE(setup());
    CHECK_STATUS(shake("X" KEY, "leaf"), WICK_E_TLS);
    CHECK_STATUS(shake(KEY, "leaf"), WICK_OK);
    CHECK(said_again("after all"));
    teardown();
}

TEST(read_waits_as_long_as_it_is_told)
{
    uint8_t got[64];
    size_t len = 1;
    REQUIRE(setup());
    CHECK_STATUS(shake(KEY, "leaf"), WICK_OK);
    CHECK_STATUS(wick_leaf_dtls_write(&d, wick_span_text("later")), WICK_OK);
    path.quiet = true;
    path.waits = 0;
    CHECK_STATUS(wick_leaf_dtls_read(&d, got, sizeof got, &len, 77), WICK_E_TIMEOUT);
    CHECK_INT(len, 0);
    CHECK_INT(path.waits, 1);
    CHECK_INT(path.wait_ms[0], 77);
    path.quiet = false;
    REQUIRE_STATUS(wick_leaf_dtls_read(&d, got, sizeof got, &len, WAIT_MS), WICK_OK);
    CHECK_INT(len, 5);
    CHECK_MEM(got, "later", 5);
    CHECK_INT(d.error, 0);
    teardown();
}

TEST(the_peer_closes)
{
    uint8_t got[64];
    size_t len = 1;
    REQUIRE(setup());
    CHECK_STATUS(shake(KEY, "leaf"), WICK_OK);
    CHECK_STATUS(wick_leaf_dtls_write(&d, wick_span_text("bye")), WICK_OK);
    CHECK_STATUS(wick_leaf_dtls_read(&d, got, sizeof got, &len, WAIT_MS), WICK_E_TLS);
    CHECK(d.error != 0);
    CHECK_INT(len, 0);
    teardown();
}

TEST(end_wipes_and_may_come_twice)
{
    static const wick_leaf_dtls zero;
    uint8_t got[8];
    size_t len = 1;
    REQUIRE(setup());
    CHECK_STATUS(shake(KEY, "leaf"), WICK_OK);
    CHECK(memcmp(&d, &zero, sizeof d) != 0);
    for (unsigned i = 0; i < 2; i++) {
        wick_leaf_dtls_end(&d);
        CHECK(memcmp(&d, &zero, sizeof d) == 0);
    }
    CHECK_STATUS(wick_leaf_dtls_write(&d, wick_span_text("late")), WICK_E_TLS);
    CHECK_STATUS(wick_leaf_dtls_read(&d, got, sizeof got, &len, 1), WICK_E_TLS);
    CHECK_INT(len, 0);
    teardown();
}

/* ---- questions ---- */

/* A gateway on the loopback, and the leaf's session with it. */
static bool meet(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    struct sockaddr *any = (struct sockaddr *)(void *)&at;
    char port[8];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, any, len) != 0 || getsockname(fd, any, &len) != 0 || !peer_begin(fd, "gateway")) {
        return false;
    }
    (void)snprintf(port, sizeof port, "%u", (unsigned)ntohs(at.sin_port));
    return wick_leaf_client_open(&client, "127.0.0.1", port, wick_span_make((const uint8_t *)KEY, 32),
                                 "leaf") == WICK_OK;
}

static void part(void)
{
    static const wick_leaf_client zero;
    for (unsigned i = 0; i < 2; i++) {
        wick_leaf_client_close(&client);
        CHECK(memcmp(&client, &zero, sizeof client) == 0);
    }
    peer_end();
}

static wick_status ask(const char *what, const char *query)
{
    static const wick_coap_block whole;
    return wick_leaf_client_ask(&client, WICK_COAP_GET, what, query, wick_span_make(NULL, 0), whole);
}

static int times_asked(void)
{
    return ask("asked", NULL) == WICK_OK && client.answer.payload.len == 1 ? client.answer.payload.ptr[0] : -1;
}

TEST(busy_is_asked_again)
{
    REQUIRE(meet());
    CHECK_STATUS(ask("later", "n=0"), WICK_OK);
    CHECK_INT(times_asked(), 1);
    CHECK_STATUS(ask("later", "n=2&age=0"), WICK_OK);
    CHECK_INT(client.answer.code, WICK_COAP_CONTENT);
    CHECK_INT(times_asked(), 3);
    uint64_t before = wick_leaf_now_ms();
    CHECK_STATUS(ask("later", "n=1&age=1"), WICK_OK);
    CHECK(wick_leaf_now_ms() - before >= 1000);
    CHECK_INT(times_asked(), 2);
    part();
}

TEST(busy_has_an_end)
{
    REQUIRE(meet());
    uint64_t before = wick_leaf_now_ms();
    CHECK_STATUS(ask("later", "n=200&age=0"), WICK_E_LEAF_REFUSED);
    CHECK_INT(client.answer.code, WICK_COAP_UNAVAILABLE);
    CHECK_INT(times_asked(), 30);
    /* Later than it would be asked is not waited for. */
    CHECK_STATUS(ask("later", "n=200&age=121"), WICK_E_LEAF_REFUSED);
    CHECK_STATUS(ask("later", "n=200&age=4294967295"), WICK_E_LEAF_REFUSED);
    CHECK(client.answer.has_max_age && client.answer.max_age_s == UINT32_MAX);
    CHECK_INT(times_asked(), 2);
    CHECK(wick_leaf_now_ms() - before < UINT64_C(1000) * WICK_LEAF_BUSY_MAX_S);
    part();
}

TEST(refused_is_refused)
{
    REQUIRE(meet());
    CHECK_STATUS(ask("busy", NULL), WICK_E_LEAF_REFUSED); /* for how long, it does not say */
    CHECK_INT(client.answer.code, WICK_COAP_UNAVAILABLE);
    CHECK_INT(times_asked(), 1);
    CHECK_STATUS(ask("refused", NULL), WICK_E_LEAF_REFUSED);
    CHECK_INT(client.answer.code, WICK_COAP_NOT_FOUND);
    CHECK_INT(times_asked(), 1);
    part();
}

TAP_MAIN("unit.leaf_client", CASE(clean_path), CASE(what_is_lost_is_sent_again), CASE(everything_twice),
         CASE(nobody_answers), CASE(wrong_keys_and_names),
         CASE(a_key_that_failed_does_not_stand_in_the_way), CASE(read_waits_as_long_as_it_is_told),
         CASE(the_peer_closes), CASE(end_wipes_and_may_come_twice), CASE(busy_is_asked_again),
         CASE(busy_has_an_end), CASE(refused_is_refused))
