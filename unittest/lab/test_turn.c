/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN client of core against real coturn, on one socket (see turn_lab.h): what it asks for, what
 * it is refused, and what it does when the server forgets or dies.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "turn_lab.h"
#include "wick/port/crypto.h"
#include "wick/turn.h"

#define EV(name) WICK_TURN_EV_##name

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

/* ---- sockets ---- */

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
static wick_addr server_addr[2];

/* Coturn number i at 20.0.0.1<i>:3478. */
static bool start_server(unsigned i, const char *const own[])
{
    char ip[40], relay[40];
    const char *arg[16] = {ip, relay, "--no-tls", "--no-rfc5780"};
    size_t n = 4;
    server_addr[i] = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 3478);
    snprintf(ip, sizeof ip, "--listening-ip=20.0.0.1%u", i);
    snprintf(relay, sizeof relay, "--relay-ip=20.0.0.1%u", i);
    while (*own != NULL && n < 15) {
        arg[n++] = *own++;
    }
    return lab_turn_start(&servers[i], &server_addr[i], arg);
}

static const char *const with_user[] = {"--lt-cred-mech", "--user=test:secret", NULL};

/* ---- one client on one socket ---- */

struct client {
    wick_turn t;
    wick_turn_config cfg;
    wick_addr local;
    int fd;
    unsigned asked; /* requests, each however often it was sent */
    uint8_t transaction[12];
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
static bool echoing; /* what comes to a client goes back */
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
    c->cfg.entropy = &lab_entropy;
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
            wick_turn_refused(&c->t, lab_now_ms());
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
            wick_turn_refused(&c->t, lab_now_ms());
            continue;
        }
        if (n < 0) {
            break;
        }
        wick_turn_data data;
        wick_addr from = from_sys(&s);
        if (wick_turn_input(&c->t, lab_now_ms(), wick_span_make(in, (size_t)n), &from, &data) ==
            WICK_OK) {
            c->got++;
            c->last = data;
            memcpy(c->bytes, data.data.ptr, data.data.len);
            c->last.data.ptr = c->bytes;
            uint8_t frame[2100];
            wick_buf back = wick_buf_make(frame, sizeof frame);
            if (echoing && wick_turn_send(&c->t, lab_now_ms(), &back, &data.peer, c->last.data) ==
                               WICK_OK) {
                client_send(c, wick_turn_server(&c->t), wick_buf_span(&back));
            }
        }
    }
    for (unsigned i = 0; i < 100; i++) {
        wick_turn_poll(&c->t, lab_now_ms(), &out);
        if (out.kind == WICK_OUT_SEND) {
            if (out.bytes.len >= 20 && memcmp(c->transaction, out.bytes.ptr + 8, 12) != 0) {
                memcpy(c->transaction, out.bytes.ptr + 8, 12);
                c->asked++;
            }
            client_send(c, &out.to, out.bytes);
        } else if (out.kind == WICK_OUT_EVENT && c->events < 64) {
            c->event[c->events].event = out.event;
            c->event[c->events].status = out.status;
            c->event[c->events].to = out.to;
            c->events++;
        } else {
            c->done = out.kind == WICK_OUT_DONE;
            c->done_status = out.status;
            return c->done ? WICK_TIME_NEVER(lab_now_ms()) : out.deadline_ms;
        }
    }
    return lab_now_ms() + 10;
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

/* Until the condition holds, or that time is over. */
static void run(uint64_t ms, bool (*until)(void))
{
    uint64_t end = lab_now_ms() + ms;
    while (!wick_time_reached(lab_now_ms(), end) && (until == NULL || !until())) {
        struct pollfd p[3] = {{peer_fd, POLLIN, 0}, {a.fd, POLLIN, 0}, {b.fd, POLLIN, 0}};
        uint64_t at = wick_time_min(end, client_pump(&a));
        at = b.fd > 0 ? wick_time_min(at, client_pump(&b)) : at;
        if (until != NULL && until()) {
            return;
        }
        uint64_t t = lab_now_ms();
        (void)poll(p, b.fd > 0 ? 3 : 2, wick_time_reached(t, at) ? 0 : (int)(at - t));
        peer_pump();
    }
}

static void await(bool (*until)(void))
{
    run(LAB_PATIENCE_MS, until);
}

/* For what must not come. */
static void settle(void)
{
    run(300, NULL);
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

/* Status of the n-th such event of client a, WICK_AGAIN if it does not come. */
static wick_status wait_event(int event, unsigned n)
{
    want_event = event;
    want_count = n;
    await(seen);
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
static bool b_permitted(void)
{
    return count(&b, EV(PERMISSION_READY)) >= 1;
}
static bool a_done(void)
{
    return a.done;
}

static wick_status say(struct client *c, const wick_addr *to, const char *text)
{
    uint8_t bytes[300];
    wick_buf buf = wick_buf_make(bytes, sizeof bytes);
    wick_status status = wick_turn_send(&c->t, lab_now_ms(), &buf, to,
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
           wick_turn_permit(&a.t, lab_now_ms(), &peer) == WICK_OK &&
           wick_turn_start(&a.t, lab_now_ms()) == WICK_OK &&
           wait_event(EV(PERMISSION_READY), 1) == WICK_OK;
}

/* ---- tests ---- */

TEST(data_and_channel)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5001));
    CHECK_INT(a.asked, 3); /* challenge, Allocate, CreatePermission */
    CHECK_INT(wick_turn_lifetime_s(&a.t), 600);
    CHECK(wick_addr_equal(wick_turn_mapped(&a.t), &a.local));
    CHECK(wick_addr_same_ip(wick_turn_relayed(&a.t), &server_addr[0]));
    peer_got = 0;
    CHECK_STATUS(say(&a, &peer, "in an indication"), WICK_OK);
    want_count = 1;
    await(a_got);
    CHECK_INT(peer_got, 1);
    CHECK(wick_addr_equal(&peer_saw, wick_turn_relayed(&a.t)));
    CHECK_INT(a.got, 1);
    CHECK(wick_addr_equal(&a.last.peer, &peer));
    CHECK_INT(a.last.channel, 0);
    CHECK_INT(a.last.data.len, 16);
    CHECK_MEM(a.bytes, "in an indication", 16);
    CHECK_STATUS(wick_turn_bind(&a.t, lab_now_ms(), &peer), WICK_OK);
    CHECK_STATUS(wait_event(EV(CHANNEL_READY), 1), WICK_OK);
    CHECK_STATUS(say(&a, &peer, "by channel"), WICK_OK);
    want_count = 2;
    await(a_got);
    CHECK_INT(a.got, 2);
    CHECK_INT(a.last.channel, 0x4000);
    CHECK_MEM(a.bytes, "by channel", 10);
    /* keep-alive and release */
    unsigned before = a.asked;
    wick_turn_probe(&a.t, lab_now_ms());
    settle();
    CHECK_INT(a.asked, before + 1);
    CHECK_INT(count(&a, EV(MAPPING_CHANGED)), 0);
    wick_turn_release(&a.t, lab_now_ms());
    await(a_done);
    CHECK(a.done);
    CHECK_STATUS(a.done_status, WICK_OK);
}

/* Two gateways on one relay, permissions on, each with one for the relay's own address. */
TEST(relay_to_relay)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5002));
    REQUIRE_STATUS(wick_turn_permit(&a.t, lab_now_ms(), &server_addr[0]), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 2), WICK_OK);
    REQUIRE(client_init(&b, 5003, "test", "secret"));
    REQUIRE_STATUS(wick_turn_permit(&b.t, lab_now_ms(), &server_addr[0]), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&b.t, lab_now_ms()), WICK_OK);
    await(b_permitted);
    CHECK_INT(count(&b, EV(PERMISSION_READY)), 1);
    CHECK_STATUS(say(&a, wick_turn_relayed(&b.t), "to b"), WICK_OK);
    want_count = 1;
    await(b_got);
    CHECK_INT(b.got, 1);
    CHECK(wick_addr_equal(&b.last.peer, wick_turn_relayed(&a.t)));
    CHECK_STATUS(say(&b, &b.last.peer, "to a"), WICK_OK);
    await(a_got);
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
    unsigned before = a.asked;
    REQUIRE_STATUS(wick_turn_permit(&a.t, lab_now_ms(), &other), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 2), WICK_OK);
    CHECK_INT(a.asked, before + 2);
}

TEST(wrong_password)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(client_init(&a, 5005, "test", "guess"));
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_TURN_CREDENTIALS);
    settle();
    CHECK_INT(a.asked, 2);
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
        REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
        CHECK_STATUS(wait_event(expired != 0 ? EV(FAILED) : EV(ALLOCATED), 1),
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
        REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
        CHECK_STATUS(wait_event(EV(ALLOCATED), 1), WICK_OK);
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
    uint64_t from = lab_now_ms();
    unsigned before = a.asked;
    REQUIRE_STATUS(wick_turn_permit(&a.t, from, &other), WICK_OK);
    CHECK_STATUS(wait_event(EV(LOST), 1), WICK_E_TURN_LOST);
    CHECK(lab_now_ms() - from <= lab_bar_ms(3000));
    CHECK(a.asked - before <= 4);
    CHECK_INT(count(&a, EV(PERMISSION_DENIED)), 0);
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 3), WICK_OK);
    CHECK_STATUS(say(&a, &peer, "again"), WICK_OK);
    want_count = 1;
    await(a_got);
    CHECK_INT(a.got, 1);
}

TEST(server_killed)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5013));
    lab_kill(&servers[0]);
    uint64_t from = lab_now_ms();
    wick_turn_probe(&a.t, from);
    CHECK_STATUS(wait_event(EV(LOST), 1), WICK_E_NET);
    CHECK(lab_now_ms() - from <= lab_bar_ms(4000));
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_NET);
}

TEST(denied_peer)
{
    static const char *const denied[] = {"--lt-cred-mech", "--user=test:secret",
                                         "--denied-peer-ip=20.0.0.66", NULL};
    wick_addr bad = wick_addr_v4(20, 0, 0, 66, 1);
    REQUIRE(start_server(0, denied));
    REQUIRE(ready(5014));
    REQUIRE_STATUS(wick_turn_permit(&a.t, lab_now_ms(), &bad), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_DENIED), 1), WICK_E_TURN_FORBIDDEN);
    CHECK_STATUS(say(&a, &bad, "x"), WICK_E_TURN_FORBIDDEN);
    CHECK_STATUS(say(&a, &peer, "others pass"), WICK_OK);
    want_count = 1;
    await(a_got);
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
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_TURN_QUOTA);
    REQUIRE(start_server(0, no_udp));
    REQUIRE(client_init(&a, 5017, "test", "secret"));
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_TURN_TRANSPORT);
}

TEST(second_allocation_on_one_socket)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5018));
    REQUIRE(client_init(&a, 5018, "test", "secret"));
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_TURN_MISMATCH);
}

TEST(mapping_changed)
{
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5019));
    close(a.fd); /* what a NAT does that forgets: another source port */
    a.local.port = 5020;
    a.fd = open_socket(&a.local);
    REQUIRE(a.fd >= 0);
    wick_turn_probe(&a.t, lab_now_ms());
    CHECK_STATUS(wait_event(EV(MAPPING_CHANGED), 1), WICK_OK);
    CHECK(wick_addr_equal(wick_turn_mapped(&a.t), &a.local) || !wick_turn_is_allocated(&a.t));
    CHECK_STATUS(wait_event(EV(LOST), 1), WICK_E_TURN_LOST);
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(PERMISSION_READY), 2), WICK_OK);
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
    await(a_got);
    CHECK_INT(a.got, 1);
    REQUIRE(start_server(1, back));
    REQUIRE(client_init(&a, 5022, "test", "secret"));
    REQUIRE_STATUS(wick_turn_start(&a.t, lab_now_ms()), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_TURN_LOOP);
    CHECK(a.asked <= 4);
    lab_kill(&servers[1]);
}

static pid_t program; /* of coturn's own */

static bool program_ended(void)
{
    return !lab_runs(program);
}

/* Coturn's echo server answers what our client sends by indication and by channel; then its client, on an
 * allocation of its own, has its packets answered by ours, and misses none. */
TEST(beside_turnutils)
{
    wick_addr echo = wick_addr_v4(20, 0, 0, 20, 3480);
    REQUIRE(start_server(0, with_user));
    REQUIRE(ready(5014));
    const char *const peer_arg[] = {lab_program("turnutils_peer"), "-L", "20.0.0.20", "-p", "3480",
                                    NULL};
    REQUIRE(lab_spawn(&program, peer_arg));
    a.got = 0;
    want_count = 1;
    uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
    while (a.got == 0 && lab_runs(program) && !wick_time_reached(lab_now_ms(), end)) {
        CHECK_STATUS(say(&a, &echo, "indication"), WICK_OK); /* nobody may listen yet */
        run(200, a_got);
    }
    REQUIRE(a.got >= 1);
    CHECK(wick_addr_equal(&a.last.peer, &echo));
    CHECK_MEM(a.bytes, "indication", 10);
    settle();
    CHECK_STATUS(wick_turn_bind(&a.t, lab_now_ms(), &echo), WICK_OK);
    CHECK_STATUS(wait_event(EV(CHANNEL_READY), 1), WICK_OK);
    want_count = a.got + 1;
    CHECK_STATUS(say(&a, &echo, "by channel"), WICK_OK);
    await(a_got);
    CHECK_INT(a.last.channel, 0x4000);
    CHECK_MEM(a.bytes, "by channel", 10);
    lab_kill(&program);

    char line[300];
    REQUIRE_STATUS(wick_turn_permit(&a.t, lab_now_ms(), &server_addr[0]), WICK_OK);
    REQUIRE_STATUS(wait_event(EV(PERMISSION_READY), 2), WICK_OK);
    snprintf(line, sizeof line,
             "exec %s -u test -w secret -L 20.0.0.1 -e 20.0.0.10 -r %u -n 5 -c -l 100 20.0.0.10 "
             ">/run/uclient.log 2>&1",
             lab_program("turnutils_uclient"), (unsigned)wick_turn_relayed(&a.t)->port);
    const char *const client_arg[] = {"/bin/sh", "-c", line, NULL};
    REQUIRE(lab_spawn(&program, client_arg));
    a.got = 0;
    echoing = true;
    await(program_ended);
    echoing = false;
    lab_kill(&program);
    CHECK(a.got >= 5);
    CHECK_INT(a.last.data.len, 100);
    CHECK(wick_addr_same_ip(&a.last.peer, &server_addr[0]));
    CHECK_INT(lab_command("grep -q 'Total lost packets 0 (0.0*%)' /run/uclient.log || "
                          "{ sed 's/^/# /' /run/uclient.log; exit 1; }"), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        CASE(data_and_channel), CASE(relay_to_relay), CASE(stale_nonce), CASE(wrong_password),
        CASE(time_limited_credentials), CASE(lifetimes), CASE(server_restarted),
        CASE(server_killed), CASE(denied_peer), CASE(quota_and_transport),
        CASE(second_allocation_on_one_socket), CASE(mapping_changed), CASE(alternate_server),
        CASE(beside_turnutils)};
    int rc;
    (void)argc;
    if (!lab_turn_inside(&rc, argv, NULL)) {
        return rc;
    }
    peer = wick_addr_v4(20, 0, 0, 20, 7000);
    peer_fd = open_socket(&peer);
    if (peer_fd < 0 || wick_crypto_init(&crypto, &cc) != WICK_OK) {
        printf("Bail out! no socket or no crypto\n");
        return 1;
    }
    rc = tap_run("lab.turn", cases, sizeof cases / sizeof cases[0]);
    lab_kill(&servers[0]);
    lab_kill(&servers[1]);
    return rc;
}
