/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN client against real coturn, below build/deps/lab, in namespaces of its own: the program
 * starts itself again under `unshare`, gives the loopback device public-looking addresses and runs
 * one or two servers there. No datagram leaves the machine. Skipped where there is no coturn or no
 * namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "wick/port/crypto.h"
#include "wick/turn.h"

#define EV(name) WICK_TURN_EV_##name
#define INSIDE "WICK_LAB_INSIDE"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

/* ---- sockets and time ---- */

static uint64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    return getrandom(out, len, 0) == (ssize_t)len ? WICK_OK : WICK_E_ENTROPY;
}

static const wick_hal_entropy entropy = {NULL, fill};

static struct sockaddr_in to_sys(const wick_addr *a)
{
    struct sockaddr_in s;
    memset(&s, 0, sizeof s);
    s.sin_family = AF_INET;
    memcpy(&s.sin_addr, a->ip + 12, 4);
    s.sin_port = htons(a->port);
    return s;
}

static wick_addr from_sys(const struct sockaddr_in *s)
{
    const uint8_t *ip = (const uint8_t *)&s->sin_addr;
    return wick_addr_v4(ip[0], ip[1], ip[2], ip[3], ntohs(s->sin_port));
}

static int open_socket(const wick_addr *local)
{
    struct sockaddr_in s = to_sys(local);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&s, sizeof s) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* ---- servers ---- */

static pid_t servers[2];
static const char *lab_bin;
static wick_addr server_addr[2];

static void stop_server(unsigned i)
{
    if (servers[i] > 0) {
        kill(servers[i], SIGKILL);
        waitpid(servers[i], NULL, 0);
    }
    servers[i] = 0;
}

/* Does it answer a Binding request? */
static bool answers(const wick_addr *server)
{
    static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1};
    wick_addr local = wick_addr_v4(20, 0, 0, 1, 0);
    struct sockaddr_in s = to_sys(server);
    int fd = open_socket(&local);
    bool good = false;
    for (unsigned tries = 0; tries < 100 && !good && fd >= 0; tries++) {
        struct pollfd p = {fd, POLLIN, 0};
        uint8_t in[512];
        (void)!sendto(fd, binding, sizeof binding, 0, (struct sockaddr *)&s, sizeof s);
        good = poll(&p, 1, 50) == 1 && recv(fd, in, sizeof in, 0) > 20;
    }
    close(fd);
    return good;
}

/* Starts coturn number i at 20.0.0.1<i>:3478 with options that may be NULL-terminated extras. */
static bool start_server(unsigned i, const char *const extra[])
{
    static char ip[2][40], relay[2][40], pid[2][40], program[600];
    const char *arg[32];
    size_t n = 0;
    stop_server(i);
    server_addr[i] = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 3478);
    snprintf(ip[i], sizeof ip[i], "--listening-ip=20.0.0.1%u", i);
    snprintf(relay[i], sizeof relay[i], "--relay-ip=20.0.0.1%u", i);
    snprintf(pid[i], sizeof pid[i], "--pidfile=/run/turn%u.pid", i);
    snprintf(program, sizeof program, "%s/turnserver", lab_bin);
    arg[n++] = program;
    arg[n++] = "-n";
    arg[n++] = ip[i];
    arg[n++] = relay[i];
    arg[n++] = pid[i];
    arg[n++] = "--min-port=50000";
    arg[n++] = "--max-port=50100";
    arg[n++] = "--no-cli";
    arg[n++] = "--no-tls";
    arg[n++] = "--no-dtls";
    arg[n++] = "--no-rfc5780";
    arg[n++] = "--realm=lab.example";
    arg[n++] = "--log-file=stdout";
    arg[n++] = "--simple-log";
    for (size_t k = 0; extra != NULL && extra[k] != NULL && n < 30; k++) {
        arg[n++] = extra[k];
    }
    arg[n] = NULL;
    servers[i] = fork();
    if (servers[i] == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execv(program, (char *const *)(uintptr_t)arg);
        _exit(127);
    }
    return servers[i] > 0 && answers(&server_addr[i]);
}

static const char *const with_user[] = {"--lt-cred-mech", "--user=test:secret", NULL};

/* ---- one client on one socket ---- */

struct client {
    wick_turn t;
    wick_turn_config cfg;
    wick_addr local;
    int fd;
    unsigned sent;
    unsigned events;
    struct {
        int event;
        wick_status status;
        wick_addr to;
    } event[64];
    unsigned got;
    wick_turn_data last;
    uint8_t bytes[2048];
    bool done;
    wick_status done_status;
};

static struct client a, b;
static int peer_fd = -1;
static wick_addr peer;
static unsigned peer_got;
static wick_addr peer_saw;

static bool client_init(struct client *c, uint16_t port, const char *user, const char *password)
{
    if (c->fd > 0) {
        close(c->fd);
    }
    memset(c, 0, sizeof *c);
    c->local = wick_addr_v4(20, 0, 0, 1, port);
    c->fd = open_socket(&c->local);
    c->cfg.crypto = &crypto;
    c->cfg.entropy = &entropy;
    c->cfg.server = server_addr[0];
    c->cfg.username = wick_span_make((const uint8_t *)user, strlen(user));
    c->cfg.password = wick_span_make((const uint8_t *)password, strlen(password));
    return c->fd >= 0 && wick_turn_init(&c->t, &c->cfg) == WICK_OK;
}

/* Connected, so that the kernel tells of ECONNREFUSED. */
static void client_send(struct client *c, const wick_addr *to, wick_span bytes)
{
    struct sockaddr_in s = to_sys(to);
    if (connect(c->fd, (struct sockaddr *)&s, sizeof s) != 0 ||
        send(c->fd, bytes.ptr, bytes.len, 0) < 0) {
        if (errno == ECONNREFUSED) {
            wick_turn_refused(&c->t, now_ms());
            (void)!send(c->fd, bytes.ptr, bytes.len, 0);
        }
    }
}

static uint64_t client_pump(struct client *c)
{
    wick_out out;
    uint8_t in[2048];
    for (unsigned i = 0; i < 100; i++) {
        struct sockaddr_in s;
        socklen_t len = sizeof s;
        ssize_t n = recvfrom(c->fd, in, sizeof in, 0, (struct sockaddr *)&s, &len);
        if (n < 0 && errno == ECONNREFUSED) {
            wick_turn_refused(&c->t, now_ms());
            continue;
        }
        if (n < 0) {
            break;
        }
        wick_turn_data data;
        wick_addr from = from_sys(&s);
        if (wick_turn_input(&c->t, now_ms(), wick_span_make(in, (size_t)n), &from, &data) ==
            WICK_OK) {
            c->got++;
            c->last = data;
            memcpy(c->bytes, data.data.ptr, data.data.len);
            c->last.data.ptr = c->bytes;
        }
    }
    for (unsigned i = 0; i < 100; i++) {
        wick_turn_poll(&c->t, now_ms(), &out);
        if (out.kind == WICK_OUT_SEND) {
            c->sent++;
            client_send(c, &out.to, out.bytes);
        } else if (out.kind == WICK_OUT_EVENT && c->events < 64) {
            c->event[c->events].event = out.event;
            c->event[c->events].status = out.status;
            c->event[c->events].to = out.to;
            c->events++;
        } else {
            c->done = out.kind == WICK_OUT_DONE;
            c->done_status = out.status;
            return c->done ? WICK_TIME_NEVER(now_ms()) : out.deadline_ms;
        }
    }
    return now_ms() + 10;
}

/* The peer answers every datagram with itself. */
static void peer_pump(void)
{
    uint8_t in[2048];
    struct sockaddr_in s;
    socklen_t len = sizeof s;
    ssize_t n = recvfrom(peer_fd, in, sizeof in, 0, (struct sockaddr *)&s, &len);
    if (n >= 0) {
        peer_got++;
        peer_saw = from_sys(&s);
        (void)!sendto(peer_fd, in, (size_t)n, 0, (struct sockaddr *)&s, len);
    }
}

static void run(uint64_t ms, bool (*until)(void))
{
    uint64_t end = now_ms() + ms;
    while (!wick_time_reached(now_ms(), end) && (until == NULL || !until())) {
        struct pollfd p[3] = {{peer_fd, POLLIN, 0}, {a.fd, POLLIN, 0}, {b.fd, POLLIN, 0}};
        uint64_t at = wick_time_min(end, client_pump(&a));
        at = b.fd > 0 ? wick_time_min(at, client_pump(&b)) : at;
        if (until != NULL && until()) {
            return;
        }
        uint64_t t = now_ms();
        (void)poll(p, b.fd > 0 ? 3 : 2, wick_time_reached(t, at) ? 0 : (int)(at - t));
        peer_pump();
    }
}

static int want_event;
static unsigned want_count;
static unsigned count(const struct client *c, int event)
{
    unsigned k = 0;
    for (unsigned i = 0; i < c->events; i++) {
        k += c->event[i].event == event;
    }
    return k;
}
static bool seen(void)
{
    return count(&a, want_event) >= want_count;
}

/* Status of the n-th such event of client a, WICK_AGAIN if it does not come in time. */
static wick_status wait_event(int event, unsigned n, uint64_t ms)
{
    want_event = event;
    want_count = n;
    run(ms, seen);
    for (unsigned i = 0, k = 0; i < a.events; i++) {
        k += a.event[i].event == event;
        if (a.event[i].event == event && k == n) {
            return a.event[i].status;
        }
    }
    return WICK_AGAIN;
}

static bool a_got(void)
{
    return a.got >= want_count;
}
static bool b_got(void)
{
    return b.got >= want_count;
}
static bool a_done(void)
{
    return a.done;
}

static wick_status say(struct client *c, const wick_addr *to, const char *text)
{
    uint8_t bytes[300];
    wick_buf buf = wick_buf_make(bytes, sizeof bytes);
    wick_status status = wick_turn_send(&c->t, now_ms(), &buf, to,
                                        wick_span_make((const uint8_t *)text, strlen(text)));
    if (status == WICK_OK) {
        client_send(c, wick_turn_server(&c->t), wick_buf_span(&buf));
    }
    return status;
}

/* Client a, allocated on server 0, with a permission for the echo peer. */
static bool ready(uint16_t port)
{
    return client_init(&a, port, "test", "secret") &&
           wick_turn_permit(&a.t, now_ms(), &peer) == WICK_OK &&
           wick_turn_start(&a.t, now_ms()) == WICK_OK &&
           wait_event(EV(PERMISSION_READY), 1, 3000) == WICK_OK;
}

/* ---- tests ---- */

TEST(data_and_channel)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5001));
    CHECK_INT(a.sent, 3); /* challenge, Allocate, CreatePermission */
    CHECK_INT(wick_turn_lifetime_s(&a.t), 600);
    CHECK(wick_addr_equal(wick_turn_mapped(&a.t), &a.local));
    CHECK(wick_addr_same_ip(wick_turn_relayed(&a.t), &server_addr[0]));
    peer_got = 0;
    CHECK_STATUS(say(&a, &peer, "in an indication"), WICK_OK);
    want_count = 1;
    run(1000, a_got);
    CHECK_INT(peer_got, 1);
    CHECK(wick_addr_equal(&peer_saw, wick_turn_relayed(&a.t)));
    CHECK_INT(a.got, 1);
    CHECK(wick_addr_equal(&a.last.peer, &peer));
    CHECK_INT(a.last.channel, 0);
    CHECK_INT(a.last.data.len, 16);
    CHECK_MEM(a.bytes, "in an indication", 16);
    CHECK_STATUS(wick_turn_bind(&a.t, now_ms(), &peer), WICK_OK);
    CHECK_STATUS(wait_event(EV(CHANNEL_READY), 1, 1000), WICK_OK);
    CHECK_STATUS(say(&a, &peer, "by channel"), WICK_OK);
    want_count = 2;
    run(1000, a_got);
    CHECK_INT(a.got, 2);
    CHECK_INT(a.last.channel, 0x4000);
    CHECK_MEM(a.bytes, "by channel", 10);
    /* keep-alive and release */
    unsigned before = a.sent;
    wick_turn_probe(&a.t, now_ms());
    run(200, NULL);
    CHECK_INT(a.sent, before + 1);
    CHECK_INT(count(&a, EV(MAPPING_CHANGED)), 0);
    wick_turn_release(&a.t, now_ms());
    run(1000, a_done);
    CHECK(a.done);
    CHECK_STATUS(a.done_status, WICK_OK);
}

/* Two gateways on one relay, permissions on, each with one for the relay's own address. */
TEST(relay_to_relay)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5002));
    REQUIRE_STATUS(wick_turn_permit(&a.t, now_ms(), &server_addr[0]), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 2, 1000), WICK_OK);
    REQUIRE(client_init(&b, 5003, "test", "secret"));
    REQUIRE_STATUS(wick_turn_permit(&b.t, now_ms(), &server_addr[0]), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&b.t, now_ms()), WICK_OK);
    run(300, NULL);
    CHECK_INT(count(&b, EV(PERMISSION_READY)), 1);
    CHECK_STATUS(say(&a, wick_turn_relayed(&b.t), "to b"), WICK_OK);
    want_count = 1;
    run(1000, b_got);
    CHECK_INT(b.got, 1);
    CHECK(wick_addr_equal(&b.last.peer, wick_turn_relayed(&a.t)));
    CHECK_STATUS(say(&b, &b.last.peer, "to a"), WICK_OK);
    run(1000, a_got);
    CHECK_INT(a.got, 1);
    CHECK_MEM(a.bytes, "to a", 4);
    close(b.fd);
    memset(&b, 0, sizeof b);
}

TEST(stale_nonce)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5004));
    wick_addr other = wick_addr_v4(20, 0, 0, 21, 1);
    a.t.nonce[0] ^= 1; /* as if the server had changed it */
    unsigned before = a.sent;
    REQUIRE_STATUS(wick_turn_permit(&a.t, now_ms(), &other), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 2, 1000), WICK_OK);
    CHECK_INT(a.sent, before + 2);
}

TEST(wrong_password)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(client_init(&a, 5005, "test", "guess"));
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1, 3000), WICK_E_TURN_CREDENTIALS);
    run(1000, NULL);
    CHECK_INT(a.sent, 2);
    CHECK(a.done);
}

TEST(time_limited_credentials)
{
    static const char *const rest[] = {"--use-auth-secret", "--static-auth-secret=north", NULL};
    static const char secret[] = "north";
    char user[64], password[WICK_TURN_REST_PASSWORD_BYTES];
    REQUIRE(start_server(0, rest));
    for (unsigned expired = 0; expired < 2; expired++) {
        uint64_t expiry = (uint64_t)time(NULL) + (expired != 0 ? (uint64_t)-60 : 60);
        REQUIRE_STATUS(wick_turn_rest_username(user, sizeof user, expiry,
                                               wick_span_make((const uint8_t *)"gw-1", 4)),
                       WICK_OK);
        REQUIRE_STATUS(wick_turn_rest_password(
                           password, &crypto, wick_span_make((const uint8_t *)secret, 5),
                           wick_span_make((const uint8_t *)user, strlen(user))),
                       WICK_OK);
        REQUIRE(client_init(&a, (uint16_t)(5006 + expired), user, password));
        REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
        CHECK_STATUS(wait_event(expired != 0 ? EV(FAILED) : EV(ALLOCATED), 1, 3000),
                     expired != 0 ? WICK_E_TURN_CREDENTIALS : WICK_OK);
    }
}

TEST(lifetimes)
{
    static const uint32_t asked[] = {777, 7200}, granted[] = {777, 3600};
    REQUIRE(start_server(0, with_user));
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(client_init(&a, (uint16_t)(5010 + i), "test", "secret"));
        a.cfg.lifetime_s = asked[i];
        REQUIRE_STATUS(wick_turn_init(&a.t, &a.cfg), WICK_OK);
        REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
        CHECK_STATUS(wait_event(EV(ALLOCATED), 1, 3000), WICK_OK);
        CHECK_INT(wick_turn_lifetime_s(&a.t), granted[i]);
    }
}

/* The restarted server says 400 to CreatePermission and 437 to Refresh. */
TEST(server_restarted)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5012));
    REQUIRE(start_server(0, with_user));
    wick_addr other = wick_addr_v4(20, 0, 0, 21, 1);
    uint64_t from = now_ms();
    unsigned before = a.sent;
    REQUIRE_STATUS(wick_turn_permit(&a.t, from, &other), WICK_OK);
    CHECK_STATUS(wait_event(EV(LOST), 1, 5000), WICK_E_TURN_LOST);
    CHECK(now_ms() - from < 3000);
    CHECK(a.sent - before < 12);
    CHECK_INT(count(&a, EV(PERMISSION_DENIED)), 0);
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 3, 3000), WICK_OK);
    CHECK_STATUS(say(&a, &peer, "again"), WICK_OK);
    want_count = 1;
    run(1000, a_got);
    CHECK_INT(a.got, 1);
}

TEST(server_killed)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5013));
    stop_server(0);
    uint64_t from = now_ms();
    wick_turn_probe(&a.t, from);
    CHECK_STATUS(wait_event(EV(LOST), 1, 5000), WICK_E_NET);
    CHECK(now_ms() - from < 4000);
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1, 5000), WICK_E_NET);
}

TEST(denied_peer)
{
    static const char *const denied[] = {"--lt-cred-mech", "--user=test:secret",
                                         "--denied-peer-ip=20.0.0.66", NULL};
    wick_addr bad = wick_addr_v4(20, 0, 0, 66, 1);
    REQUIRE(start_server(0, denied));
    REQUIRE(ready(5014));
    REQUIRE_STATUS(wick_turn_permit(&a.t, now_ms(), &bad), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_DENIED), 1, 5000), WICK_E_TURN_FORBIDDEN);
    CHECK_STATUS(say(&a, &bad, "x"), WICK_E_TURN_FORBIDDEN);
    CHECK_STATUS(say(&a, &peer, "others pass"), WICK_OK);
    want_count = 1;
    run(1000, a_got);
    CHECK_INT(a.got, 1);
}

TEST(quota_and_transport)
{
    static const char *const quota[] = {"--lt-cred-mech", "--user=test:secret", "--user-quota=1",
                                        NULL};
    static const char *const no_udp[] = {"--lt-cred-mech", "--user=test:secret", "--no-udp-relay",
                                         NULL};
    REQUIRE(start_server(0, quota));
    REQUIRE(ready(5015));
    REQUIRE(client_init(&a, 5016, "test", "secret"));
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1, 5000), WICK_E_TURN_QUOTA);
    REQUIRE(start_server(0, no_udp));
    REQUIRE(client_init(&a, 5017, "test", "secret"));
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1, 5000), WICK_E_TURN_TRANSPORT);
}

TEST(second_allocation_on_one_socket)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5018));
    REQUIRE(client_init(&a, 5018, "test", "secret"));
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1, 5000), WICK_E_TURN_MISMATCH);
}

TEST(mapping_changed)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5019));
    close(a.fd); /* what a NAT does that forgets: another source port */
    a.local.port = 5020;
    a.fd = open_socket(&a.local);
    REQUIRE(a.fd >= 0);
    wick_turn_probe(&a.t, now_ms());
    CHECK_STATUS(wait_event(EV(MAPPING_CHANGED), 1, 3000), WICK_OK);
    CHECK(wick_addr_equal(wick_turn_mapped(&a.t), &a.local) || !wick_turn_is_allocated(&a.t));
    CHECK_STATUS(wait_event(EV(LOST), 1, 5000), WICK_E_TURN_LOST);
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 2, 3000), WICK_OK);
}

TEST(alternate_server)
{
    static const char *const elsewhere[] = {"--lt-cred-mech", "--user=test:secret",
                                            "--alternate-server=20.0.0.11:3478", NULL};
    static const char *const back[] = {"--lt-cred-mech", "--user=test:secret",
                                       "--alternate-server=20.0.0.10:3478", NULL};
    REQUIRE(start_server(0, elsewhere));
    REQUIRE(start_server(1, with_user));
    REQUIRE(ready(5021));
    CHECK(wick_addr_equal(wick_turn_server(&a.t), &server_addr[1]));
    CHECK(wick_addr_same_ip(wick_turn_relayed(&a.t), &server_addr[1]));
    CHECK_STATUS(say(&a, &peer, "there"), WICK_OK);
    want_count = 1;
    run(1000, a_got);
    CHECK_INT(a.got, 1);
    REQUIRE(start_server(1, back));
    REQUIRE(client_init(&a, 5022, "test", "secret"));
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1, 5000), WICK_E_TURN_LOOP);
    CHECK(a.sent <= 8);
    stop_server(1);
}

/* ---- the way in ---- */

static int skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n# SKIP %s\n", why, why);
    return 77;
}

static int command(const char *line)
{
    return system(line); /* fixed text only */
}

static int enter(char *self)
{
    setenv(INSIDE, "1", 1);
    execlp("unshare", "unshare", "-Urnmpf", "--kill-child", "--mount-proc", self, (char *)NULL);
    return skip_all("there is no unshare (util-linux)");
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        CASE(data_and_channel), CASE(relay_to_relay), CASE(stale_nonce), CASE(wrong_password),
        CASE(time_limited_credentials), CASE(lifetimes), CASE(server_restarted),
        CASE(server_killed), CASE(denied_peer), CASE(quota_and_transport),
        CASE(second_allocation_on_one_socket), CASE(mapping_changed), CASE(alternate_server)};
    char turnserver[600], path[4096];
    (void)argc;
    lab_bin = getenv("WICK_LAB_BIN") != NULL ? getenv("WICK_LAB_BIN") : WICK_LAB_BIN_DEFAULT;
    snprintf(turnserver, sizeof turnserver, "%s/turnserver", lab_bin);
    if (access(turnserver, X_OK) != 0) {
        return skip_all("there is no coturn: run toolchain/bootstrap.sh lab");
    }
    /* An ordinary user's path lacks sbin, and what the machine lacks came with coturn. */
    snprintf(path, sizeof path, "%s:/usr/sbin:/sbin:%s", getenv("PATH") ? getenv("PATH") : "/bin",
             lab_bin);
    if (getenv(INSIDE) == NULL) {
        setenv("PATH", path, 1);
        if (command("unshare -Urnmpf --kill-child --mount-proc true >/dev/null 2>&1") != 0) {
            return skip_all("no user, network and mount namespaces here");
        }
        return enter(argv[0]);
    }
    if (command("mount -t tmpfs tmpfs /run && ip link set lo up && for n in 1 10 11 20; do "
                "ip addr add 20.0.0.$n/32 dev lo || exit 1; done") != 0) {
        return skip_all("cannot set up addresses (iproute2)");
    }
    peer = wick_addr_v4(20, 0, 0, 20, 7000);
    peer_fd = open_socket(&peer);
    if (peer_fd < 0 || wick_crypto_init(&crypto, &cc) != WICK_OK) {
        printf("Bail out! no socket or no crypto\n");
        return 1;
    }
    int rc = tap_run("lab.turn", cases, sizeof cases / sizeof cases[0]);
    stop_server(0);
    stop_server(1);
    return rc;
}
