/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goodput of an established DTLS session: records of WICK_DTLS_WRITE_MAX bytes from one process to another
 * for some seconds, ours or openssl's, by the same socket calls; both ends over the loopback interface, or
 * one of them, which serves at an address or sends to it.
 * usage: dtls_throughput wick|openssl SUITE(0..3) SECONDS [receive|send ADDR:PORT]
 * Who receives prints bytes per second that arrived. Not a test: unittest/bench/throughput.sh shows ratios,
 * throughput_path.sh those through NATs and a relay.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wick/port/dtls.h"
#include "wick/port/linux.h"

#define RECORD WICK_DTLS_WRITE_MAX
#define WAIT_S 20

static const char hex[] = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
static const char identity[] = "bench";
static const struct {
    unsigned ours;
    const char *theirs;
} suites[] = {
    {WICK_DTLS_CHACHA20_POLY1305, "PSK-CHACHA20-POLY1305:@SECLEVEL=0"},
    {WICK_DTLS_AES128_GCM, "PSK-AES128-GCM-SHA256:@SECLEVEL=0"},
    {WICK_DTLS_AES128_CCM8, "PSK-AES128-CCM8:@SECLEVEL=0"},
    {WICK_DTLS_ECDHE_CHACHA20, "ECDHE-PSK-CHACHA20-POLY1305:@SECLEVEL=0"},
};

static wick_linux_net net;
static wick_hal_net hn;
static wick_hal_entropy entropy;
static wick_dtls dtls;
static wick_sock sock;
static wick_addr peer;
static uint8_t buf[WICK_DTLS_DATAGRAM_MAX + 800];
static pid_t children[3];
static size_t child_count;

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t now_ms(void)
{
    return (uint64_t)(now_s() * 1e3);
}

_Noreturn static void fail(const char *why)
{
    for (size_t i = 0; i < child_count; i++) {
        (void)kill(children[i], SIGKILL);
    }
    (void)fprintf(stderr, "dtls_throughput: %s\n", why);
    exit(1);
}

static void stop_children(void)
{
    for (size_t i = 0; i < child_count; i++) {
        (void)kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
}

static void spawn(const char *const argv[], int in, int out)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(in, 0);
        (void)dup2(out >= 0 ? out : null, 1);
        (void)dup2(null, 2);
        (void)execvp("openssl", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    children[child_count++] = pid;
}

static void begin(wick_dtls_role role, unsigned suite, const wick_addr *local)
{
    static uint8_t psk[32];
    static wick_dtls_entry entry;
    static wick_dtls_config cfg;
    wick_linux_entropy_init(&entropy);
    entry.identity = wick_span_make((const uint8_t *)identity, strlen(identity));
    entry.psk = wick_span_make(psk, 32);
    entry.role = cfg.role = role;
    cfg.entries = &entry;
    cfg.entry_count = 1;
    cfg.entropy = &entropy;
    cfg.suites = suite;
    if (wick_hex_decode(psk, 32, hex, 64) != WICK_OK || wick_linux_net_init(&hn, &net) != WICK_OK ||
        hn.udp_open(hn.ctx, &sock, local) != WICK_OK || wick_dtls_init(&dtls, &cfg) != WICK_OK ||
        wick_dtls_start(&dtls, now_ms()) != WICK_OK) {
        fail("cannot begin");
    }
}

/* Waits where the socket is full, as openssl does: it is not the sender who is to lose records. */
static void transmit(wick_span bytes)
{
    struct pollfd p = {wick_linux_net_fd(&net, sock), POLLOUT, 0};
    while (hn.udp_send(hn.ctx, sock, &peer, bytes) == (int32_t)WICK_AGAIN && poll(&p, 1, 100) >= 0) {
    }
}

/* @return false: over */
static bool flush(void)
{
    wick_out out;
    for (wick_dtls_poll(&dtls, &out, now_ms()); out.kind != WICK_OUT_WAIT;
         wick_dtls_poll(&dtls, &out, now_ms())) {
        if (out.kind == WICK_OUT_DONE) {
            return false;
        }
        if (out.kind == WICK_OUT_SEND) {
            transmit(out.bytes);
        }
    }
    return true;
}

/* One datagram, if there is one within `ms`. */
static bool take(int ms)
{
    wick_addr from;
    int32_t n = hn.udp_recv(hn.ctx, sock, &from, buf, sizeof buf);
    if (n < 0 && ms > 0) {
        struct pollfd p = {wick_linux_net_fd(&net, sock), POLLIN, 0};
        (void)poll(&p, 1, ms);
        n = hn.udp_recv(hn.ctx, sock, &from, buf, sizeof buf);
    }
    if (n > 0) {
        peer = from;
        (void)!wick_dtls_input(&dtls, now_ms(), wick_span_make(buf, (size_t)n));
    }
    return n > 0;
}

_Noreturn static void send_ours(unsigned suite, const wick_addr *to)
{
    static const uint8_t record[RECORD];
    static const wick_addr any;
    peer = *to;
    begin(WICK_DTLS_CLIENT, suite, &any);
    while (flush()) {
        if (!wick_dtls_is_up(&dtls)) {
            (void)take(10);
        } else if (wick_dtls_write(&dtls, now_ms(), wick_span_make(record, RECORD)) != WICK_OK) {
            break;
        }
    }
    _exit(1);
}

/* One message of a SEQPACKET socket is one read of s_client, so one record. */
_Noreturn static void feed(int fd)
{
    static const uint8_t record[RECORD];
    while (send(fd, record, RECORD, MSG_NOSIGNAL) > 0) {
    }
    _exit(0);
}

_Noreturn static void report(double first, size_t bytes)
{
    stop_children();
    (void)printf("%.0f\n", (double)bytes / (now_s() - first));
    exit(0);
}

_Noreturn static void receive_ours(double seconds)
{
    double first = 0, end = now_s() + WAIT_S;
    size_t bytes = 0, len;
    for (;;) {
        bool came = take(0) || take(5);
        if (!flush()) {
            fail("the session has ended");
        }
        while (wick_dtls_read(&dtls, buf, sizeof buf, &len) == WICK_OK) {
            first = first == 0 ? now_s() : first;
            bytes += len;
        }
        if (came && bytes % (64 * RECORD) != 0) {
            continue;
        }
        if (first != 0 && now_s() - first >= seconds) {
            report(first, bytes);
        } else if (first == 0 && now_s() > end) {
            fail("nothing came");
        }
    }
}

_Noreturn static void receive_theirs(int fd, double seconds)
{
    static uint8_t data[65536];
    double first = 0;
    size_t bytes = 0;
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        ssize_t n = poll(&p, 1, WAIT_S * 1000) > 0 ? read(fd, data, sizeof data) : 0;
        if (n <= 0) {
            fail("nothing came");
        }
        first = first == 0 ? now_s() : first;
        bytes += (size_t)n;
        if (now_s() - first >= seconds) {
            report(first, bytes);
        }
    }
}

/* s_server at this port of all addresses. @return where what it was sent comes out */
static int serve_theirs(unsigned suite, const wick_addr *at)
{
    char port[8];
    int quiet[2], out[2];
    (void)snprintf(port, sizeof port, "%u", at->port);
    const char *server[] = {"openssl", "s_server", "-quiet", "-nocert", "-dtls1_2", "-4", "-psk",
                            hex, "-psk_identity", identity, "-cipher", suites[suite].theirs,
                            "-accept", port, NULL};
    if (pipe(quiet) != 0 || pipe(out) != 0) {
        fail("no descriptors");
    }
    spawn(server, quiet[0], out[1]); /* its input stays open: it would end */
    return out[0];
}

/* @return what is written there is sent; closed, the client ends */
static int client_theirs(unsigned suite, const wick_addr *to)
{
    char where[WICK_ADDR_STR_BYTES];
    int in[2];
    wick_addr_str(where, to);
    const char *client[] = {"openssl", "s_client", "-quiet", "-no_ign_eof", "-dtls1_2", "-psk",
                            hex, "-psk_identity", identity, "-cipher", suites[suite].theirs,
                            "-connect", where, NULL};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, in) != 0) {
        fail("no descriptors");
    }
    spawn(client, in[1], -1);
    (void)close(in[1]);
    return in[0];
}

_Noreturn static void both_ends(bool ours, unsigned suite, double seconds)
{
    wick_addr at = wick_addr_v4(127, 0, 0, 1, (uint16_t)(10000 + getpid() % 20000));
    int out = ours ? -1 : serve_theirs(suite, &at);
    pid_t pid = fork();
    if (pid == 0) {
        (void)poll(NULL, 0, ours ? 50 : 500); /* a hello that is lost costs a second */
        if (ours) {
            send_ours(suites[suite].ours, &at);
        }
        feed(client_theirs(suite, &at));
    }
    children[child_count++] = pid;
    if (!ours) {
        receive_theirs(out, seconds);
    }
    begin(WICK_DTLS_SERVER, suites[suite].ours, &at);
    receive_ours(seconds);
}

int main(int argc, char **argv)
{
    wick_addr at = {.port = 0};
    bool one = argc == 6 && (strcmp(argv[4], "receive") == 0 || strcmp(argv[4], "send") == 0);
    if ((argc != 4 && !one) || argv[2][0] < '0' || argv[2][0] > '3' ||
        (one && wick_addr_parse(&at, argv[5], strlen(argv[5])) != WICK_OK)) {
        (void)fputs("usage: dtls_throughput wick|openssl SUITE(0..3) SECONDS "
                    "[receive|send ADDR:PORT]\n",
                    stderr);
        return 2;
    }
    unsigned suite = (unsigned)(argv[2][0] - '0');
    double seconds = strtod(argv[3], NULL);
    bool ours = strcmp(argv[1], "wick") == 0;
    (void)alarm((unsigned)seconds + 2 * WAIT_S); /* whatever the other end does */
    if (!one) {
        both_ends(ours, suite, seconds);
    }
    if (strcmp(argv[4], "send") == 0) {
        if (ours) {
            send_ours(suites[suite].ours, &at);
        }
        feed(client_theirs(suite, &at));
    }
    if (!ours) {
        receive_theirs(serve_theirs(suite, &at), seconds);
    }
    begin(WICK_DTLS_SERVER, suites[suite].ours, &at);
    receive_ours(seconds);
}
