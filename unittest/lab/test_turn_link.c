/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TURN over TCP, TLS and UDP sockets of the port, mobility, NAT discovery and the tool's commands,
 * against real coturn (see turn_lab.h). Skipped where there is no openssl.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "turn_lab.h"
#include "wick/nat_behaviour.h"
#include "wick/port/crypto.h"
#include "wick/port/linux.h"
#include "wick/port/turn_link.h"

#define EV(name) WICK_TURN_EV_##name

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hal_entropy entropy;
static wick_hal_clock system_clock;
static wick_linux_net linux_net;
static wick_hal_net net;
static pid_t server;
static wick_addr plain, secure, peer;
static wick_sock peer_sock = -1;
static unsigned peer_got;
static wick_https_trust trust;

static uint64_t now_ms(void)
{
    return system_clock.now_ms(system_clock.ctx);
}

/* ---- the server ---- */

static bool start_server(void)
{
    static const char *const arg[] = {"--listening-ip=20.0.0.10", "--listening-ip=20.0.0.11",
                                      "--relay-ip=20.0.0.10", "--lt-cred-mech",
                                      "--user=test:secret", "--mobility",
                                      "--cert=/run/server.pem", "--pkey=/run/server.key", NULL};
    return lab_turn_start(&server, &plain, arg);
}

/* ---- one client ---- */

struct client {
    wick_turn t;
    wick_turn_link link;
    unsigned count[32]; /* by event */
    wick_status status[32];
    unsigned got;
    wick_turn_data last;
    uint8_t bytes[2048];
    bool done;
};

static struct client a;

static bool client_init(wick_turn_over over, const wick_https_trust *tr, const char *host,
                        const char *password)
{
    wick_turn_link_config link = {.net = &net, .over = over, .trust = tr, .host = host};
    wick_turn_config cfg = {.crypto = &crypto,
                            .entropy = &entropy,
                            .server = over == WICK_TURN_OVER_TLS ? secure : plain,
                            .username = wick_span_text("test"),
                            .password = wick_span_text(password),
                            .stream = over != WICK_TURN_OVER_UDP,
                            .mobile = true,
                            .fingerprint = true};
    if (a.link.cfg.net != NULL) {
        wick_turn_link_close(&a.link);
    }
    memset(&a, 0, sizeof a);
    return wick_turn_init(&a.t, &cfg) == WICK_OK &&
           wick_turn_link_init(&a.link, &link) == WICK_OK &&
           wick_turn_permit(&a.t, now_ms(), &peer) == WICK_OK &&
           wick_turn_start(&a.t, now_ms()) == WICK_OK;
}

static uint64_t pump(void)
{
    wick_out out;
    for (;;) {
        wick_turn_data data;
        if (wick_turn_link_run(&a.link, &a.t, now_ms(), &out, &data) == WICK_OK) {
            a.got++;
            a.last = data;
            memcpy(a.bytes, data.data.ptr, data.data.len);
        } else if (out.kind == WICK_OUT_EVENT) {
            a.count[out.event % 32]++;
            a.status[out.event % 32] = out.status;
        } else {
            a.done = out.kind == WICK_OUT_DONE;
            return a.done ? WICK_TIME_NEVER(now_ms()) : out.deadline_ms;
        }
    }
}

/* The peer answers every datagram with itself. */
static void peer_pump(void)
{
    uint8_t in[2048];
    wick_addr from;
    int32_t n;
    while ((n = net.udp_recv(net.ctx, peer_sock, &from, in, sizeof in)) >= 0) {
        peer_got++;
        (void)net.udp_send(net.ctx, peer_sock, &from, wick_span_make(in, (size_t)n));
    }
}

/* Runs until the counter has reached `want`; false: not in time. */
static bool until(const unsigned *counter, unsigned want)
{
    uint64_t end = now_ms() + LAB_PATIENCE_MS;
    while (*counter < want && !wick_time_reached(now_ms(), end)) {
        struct pollfd p[2] = {{wick_linux_net_fd(&linux_net, peer_sock), POLLIN, 0}, {-1, POLLIN, 0}};
        uint64_t at = wick_time_min(end, pump()), now = now_ms();
        if (*counter >= want || a.done) {
            break;
        }
        if (wick_turn_link_sock(&a.link) >= 0) {
            p[1].fd = wick_linux_net_fd(&linux_net, wick_turn_link_sock(&a.link));
            p[1].events = (short)(POLLIN | (wick_turn_link_wants_write(&a.link) ? POLLOUT : 0));
        }
        (void)poll(p, 2, wick_time_reached(now, at) ? 0 : (int)(at - now));
        peer_pump();
    }
    return *counter >= want;
}

static bool until_event(int event, unsigned want)
{
    return until(&a.count[event], want);
}

/* Says it to the peer and hears it back. */
static bool echo(const char *text)
{
    uint8_t bytes[300];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    unsigned before = a.got;
    size_t len = strlen(text);
    return wick_turn_send(&a.t, now_ms(), &b, &peer, wick_span_text(text)) == WICK_OK &&
           wick_turn_link_send(&a.link, now_ms(), wick_turn_server(&a.t), wick_buf_span(&b)) ==
               WICK_OK &&
           until(&a.got, before + 1) && a.last.data.len == len && memcmp(a.bytes, text, len) == 0;
}

static bool released(void)
{
    static unsigned never;
    wick_turn_release(&a.t, now_ms());
    (void)until(&never, 1);
    return a.done;
}

/* ---- tests ---- */

TEST(every_transport)
{
    static const wick_turn_over over[] = {WICK_TURN_OVER_UDP, WICK_TURN_OVER_TCP,
                                          WICK_TURN_OVER_TLS};
    REQUIRE(start_server());
    for (size_t i = 0; i < 3; i++) {
        REQUIRE(client_init(over[i], &trust, NULL, "secret"));
        REQUIRE(until_event(EV(PERMISSION_READY), 1));
        CHECK(echo("in an indication"));
        CHECK_INT(a.last.channel, 0);
        REQUIRE_STATUS(wick_turn_bind(&a.t, now_ms(), &peer), WICK_OK);
        REQUIRE(until_event(EV(CHANNEL_READY), 1));
        CHECK(echo("1") && echo("22") && echo("333") && echo("4444")); /* each padding */
        CHECK_INT(a.last.channel, 0x4000);
        /* a nonce that the server does not know: 438 */
        wick_addr other = wick_addr_v4(20, 0, 0, 1, 1);
        a.t.nonce[0] ^= 1;
        REQUIRE_STATUS(wick_turn_permit(&a.t, now_ms(), &other), WICK_OK);
        CHECK(until_event(EV(PERMISSION_READY), 2));
        CHECK(released());
    }
}

TEST(who_the_server_is)
{
    static uint8_t pin[32], wrong[32];
    FILE *f = fopen("/run/server.pin", "rb");
    REQUIRE(f != NULL && fread(pin, 1, sizeof pin, f) == sizeof pin);
    fclose(f);
    memcpy(wrong, pin, sizeof pin);
    wrong[31] ^= 1;
    const struct {
        const char *ca, *host;
        const uint8_t *pin;
        wick_status want;
    } t[] = {{"/run/server.pem", NULL, NULL, WICK_OK},
             {"/run/other.pem", NULL, NULL, WICK_E_CERT_ISSUER},
             {"/run/server.pem", "relay.example", NULL, WICK_OK},
             {"/run/server.pem", "another.example", NULL, WICK_E_CERT_NAME},
             {NULL, NULL, pin, WICK_OK},
             {NULL, NULL, wrong, WICK_E_CERT_KEY},
             {"/run/server.pem", NULL, wrong, WICK_E_CERT_KEY}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        wick_https_trust tr = trust;
        tr.ca_file = t[i].ca;
        tr.pin32 = t[i].pin;
        REQUIRE(client_init(WICK_TURN_OVER_TLS, &tr, t[i].host, "secret"));
        if (t[i].want == WICK_OK) {
            CHECK(until_event(EV(ALLOCATED), 1));
            CHECK(released());
        } else {
            CHECK(until_event(EV(FAILED), 1));
            CHECK_STATUS(a.status[EV(FAILED)], WICK_E_NET);
            CHECK_STATUS(wick_turn_link_failure(&a.link), t[i].want);
        }
    }
    wick_turn_link_close(&a.link);
}

TEST(wrong_password_over_tcp)
{
    REQUIRE(client_init(WICK_TURN_OVER_TCP, NULL, NULL, "guess"));
    CHECK(until_event(EV(FAILED), 1));
    CHECK_STATUS(a.status[EV(FAILED)], WICK_E_TURN_CREDENTIALS);
    CHECK(a.link.messages <= 4);
}

/* The client goes to another socket: the relayed address stays. coturn 4.6 answers the first Refresh
 * from there with bytes that are no message; they are dropped, and it is asked again. */
TEST(mobility)
{
    REQUIRE(client_init(WICK_TURN_OVER_UDP, NULL, NULL, "secret"));
    REQUIRE(until_event(EV(PERMISSION_READY), 1));
    CHECK(wick_turn_is_mobile(&a.t));
    wick_addr relayed = *wick_turn_relayed(&a.t);
    CHECK(echo("before"));
    wick_turn_link_reopen(&a.link);
    wick_turn_moved(&a.t, now_ms());
    REQUIRE(until_event(EV(MOVED), 1));
    REQUIRE(until_event(EV(MAPPING_CHANGED), 1));
    CHECK(wick_addr_equal(wick_turn_relayed(&a.t), &relayed));
    CHECK_INT(a.count[EV(LOST)], 0);
    CHECK(echo("after"));
    CHECK(released());
}

/* In a stream such bytes cannot be skipped: the allocation is lost, which is told at once, and another
 * one is made. A server that answers right keeps it. */
TEST(mobility_in_a_stream)
{
    REQUIRE(client_init(WICK_TURN_OVER_TCP, NULL, NULL, "secret"));
    REQUIRE(until_event(EV(PERMISSION_READY), 1));
    wick_turn_link_reopen(&a.link);
    wick_turn_moved(&a.t, now_ms());
    while (!a.done && a.count[EV(MOVED)] == 0 && until_event(EV(MAPPING_CHANGED), 1) &&
           until_event(EV(PERMISSION_READY), 2)) {
    }
    printf("# moved %u times, lost %u times: %s\n", a.count[EV(MOVED)], a.count[EV(LOST)],
           wick_status_str(wick_turn_link_failure(&a.link)));
    CHECK_INT(a.count[EV(MOVED)] + a.count[EV(LOST)], 1);
    if (a.done) {
        unsigned permitted = a.count[EV(PERMISSION_READY)];
        REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
        a.done = false;
        CHECK(until_event(EV(PERMISSION_READY), permitted + 1));
    }
    CHECK(echo("after"));
    CHECK(released());
}

TEST(connection_lost)
{
    REQUIRE(client_init(WICK_TURN_OVER_TCP, NULL, NULL, "secret"));
    REQUIRE(until_event(EV(ALLOCATED), 1));
    lab_kill(&server);
    CHECK(until_event(EV(LOST), 1));
    CHECK_STATUS(a.status[EV(LOST)], WICK_E_NET);
    REQUIRE(start_server());
    unsigned permitted = a.count[EV(PERMISSION_READY)]; /* the lost one may have come so far */
    REQUIRE_STATUS(wick_turn_start(&a.t, now_ms()), WICK_OK);
    a.done = false;
    CHECK(until_event(EV(PERMISSION_READY), permitted + 1));
    CHECK(echo("again"));
    CHECK(released());
    wick_turn_link_close(&a.link);
}

/* Nothing translates here: RFC 5780 must say so, and filtering is what a host without rules has. */
TEST(nat_discovery)
{
    static uint8_t tx[WICK_NAT_TX_FRAGMENT_BYTES];
    wick_nat_behaviour n;
    wick_sock sock;
    wick_out out;
    wick_nat_behaviour_config cfg = {.entropy = &entropy,
                                     .server = plain,
                                     .local = wick_addr_v4(20, 0, 0, 1, 4444),
                                     .tests = WICK_NAT_TEST_MAPPING | WICK_NAT_TEST_FILTERING |
                                              WICK_NAT_TEST_HAIRPIN | WICK_NAT_TEST_FRAGMENTS};
    REQUIRE_STATUS(net.udp_open(net.ctx, &sock, &cfg.local), WICK_OK);
    REQUIRE_STATUS(wick_nat_behaviour_init(&n, tx, sizeof tx, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_nat_behaviour_start(&n, now_ms()), WICK_OK);
    for (;;) {
        struct pollfd p = {wick_linux_net_fd(&linux_net, sock), POLLIN, 0};
        uint8_t in[2048];
        wick_addr from;
        int32_t got;
        wick_nat_behaviour_poll(&n, now_ms(), &out);
        if (out.kind == WICK_OUT_SEND) {
            (void)net.udp_send(net.ctx, sock, &out.to, out.bytes);
            continue;
        }
        if (out.kind == WICK_OUT_DONE) {
            break;
        }
        uint64_t now = now_ms();
        (void)poll(&p, 1,
                   wick_time_reached(now, out.deadline_ms) ? 0 : (int)(out.deadline_ms - now));
        while ((got = net.udp_recv(net.ctx, sock, &from, in, sizeof in)) >= 0) {
            (void)!wick_nat_behaviour_input(&n, now_ms(), wick_span_make(in, (size_t)got), &from, 0);
        }
    }
    const wick_nat_result *r = wick_nat_behaviour_result(&n);
    CHECK_STATUS(out.status, WICK_OK);
    CHECK_INT(r->mapping, WICK_NAT_NONE);
    CHECK_INT(r->filtering, WICK_NAT_ENDPOINT_INDEPENDENT);
    CHECK_INT(r->port_kept, WICK_NAT_YES);
    CHECK_INT(r->hairpin, WICK_NAT_YES);
    CHECK_INT(r->other.port, 3479);
    net.close(net.ctx, sock);
}

TEST(programs)
{
#define TURN "--server 20.0.0.10:3478 --user test --password-file /run/password"
    CHECK_INT(lab_command(WICK_TOOL " turn ping " TURN " --count 3 | grep -q 'sent=3 answered=3'"), 0);
    CHECK_INT(lab_command(WICK_TOOL " turn ping " TURN " --over tcp --mobile | grep -q 'mobile=true'"), 0);
    CHECK_INT(lab_command(WICK_TOOL " turn allocate --server 20.0.0.10:5349 --user test --password-file "
                                "/run/password --over tls --ca-file /run/server.pem | grep -q "
                                "'own_relay_permitted=true'"),
              0);
    CHECK_INT(lab_command(WICK_TOOL " turn allocate --server 20.0.0.10:5349 --user test --password-file "
                                "/run/password --over tls --ca-file /run/other.pem 2>&1 | grep -q "
                                "'CERT_ISSUER: TURN server'"),
              0);
    CHECK_INT(lab_command(WICK_TOOL " turn allocate " TURN " --require-sha256 2>&1 | grep -q "
                                "STUN_BID_DOWN"),
              0); /* coturn 4.6 knows SHA-1 alone */
    CHECK_INT(lab_command(WICK_TOOL " turn allocate " TURN " --family ipv6 2>&1 | grep -q "
                                "TURN_TRANSPORT"),
              0); /* 440: this server relays IPv4 alone */
    CHECK_INT(lab_command(WICK_TOOL " stun bind --server 20.0.0.10:3478 --local 20.0.0.1:4445 | grep -q "
                                "'reflexive=20.0.0.1:4445 .* translated=false'"),
              0);
    CHECK_INT(lab_command(WICK_TOOL " stun nat-type --server 20.0.0.10:3478 --local 20.0.0.1:4446 | grep "
                                "-q 'filtering *endpoint-independent'"),
              0);
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        CASE(every_transport), CASE(who_the_server_is), CASE(wrong_password_over_tcp),
        CASE(mobility), CASE(mobility_in_a_stream), CASE(connection_lost), CASE(nat_discovery), CASE(programs)};
    int rc;
    (void)argc;
    if (!lab_turn_inside(&rc, argv, "openssl version >/dev/null")) {
        return rc;
    }
    if (lab_command("cd /run && umask 077 && echo secret >password && for n in server other; do "
                "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 30 "
                "-keyout $n.key -out $n.pem -subj /CN=$n "
                "-addext subjectAltName=DNS:relay.example,IP:20.0.0.10 2>/dev/null || exit 1; done; "
                "openssl x509 -in server.pem -noout -pubkey | openssl pkey -pubin -outform DER | "
                "openssl dgst -sha256 -binary >server.pin") != 0) {
        return lab_skip_all("openssl makes no certificates here");
    }
    plain = wick_addr_v4(20, 0, 0, 10, 3478);
    secure = wick_addr_v4(20, 0, 0, 10, 5349);
    peer = wick_addr_v4(20, 0, 0, 20, 7000);
    wick_linux_clock_init(&system_clock);
    wick_linux_entropy_init(&entropy);
    trust.entropy = &entropy;
    trust.clock = &system_clock;
    trust.ca_file = "/run/server.pem";
    if (wick_linux_net_init(&net, &linux_net) != WICK_OK ||
        net.udp_open(net.ctx, &peer_sock, &peer) != WICK_OK ||
        wick_crypto_init(&crypto, &cc) != WICK_OK) {
        printf("Bail out! no socket or no crypto\n");
        return 1;
    }
    rc = tap_run("lab.turn_link", cases, sizeof cases / sizeof cases[0]);
    lab_kill(&server);
    wick_linux_net_close(&linux_net);
    return rc;
}
