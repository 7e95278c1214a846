/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our TLS-PSK (1.2 and 1.3) and DTLS-PSK against openssl s_server and s_client, with each suite and with
 * the key and the identity that a handshake gives for that use, the 16-byte key of small stacks among
 * them: both sides agree, data goes both ways, and a wrong key is refused. Skipped where there is no
 * openssl.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "wick/port/linux.h"
#include "wick/port/tls.h"

#define PATIENCE_MS 60000 /* for what happens at once on an idle machine */

/* Of a session whose root is known, for the use at hand. */
static wick_session_psk ours;
static char psk_hex[65];
static char identity[WICK_SESSION_IDENTITY_CHARS + 1];
static const char bad_hex[] = "ff112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

/* TLS 1.3 has other names, another option for them, and one suite for two of ours. */
static const struct {
    unsigned suite;
    const char *theirs;
} suites[] = {
    {WICK_DTLS_ECDHE_CHACHA20, "ECDHE-PSK-CHACHA20-POLY1305:@SECLEVEL=0"},
    {WICK_DTLS_CHACHA20_POLY1305, "PSK-CHACHA20-POLY1305:@SECLEVEL=0"},
    {WICK_DTLS_AES128_GCM, "PSK-AES128-GCM-SHA256:@SECLEVEL=0"},
    {WICK_DTLS_AES128_CCM8, "PSK-AES128-CCM8:@SECLEVEL=0"},
};
static const struct {
    unsigned suite;
    const char *theirs;
} suites13[] = {
    {WICK_DTLS_ECDHE_CHACHA20, "TLS_CHACHA20_POLY1305_SHA256"},
    {WICK_DTLS_CHACHA20_POLY1305, "TLS_CHACHA20_POLY1305_SHA256"},
    {WICK_DTLS_AES128_GCM, "TLS_AES_128_GCM_SHA256"},
    {WICK_DTLS_AES128_CCM8, "TLS_AES_128_CCM_8_SHA256"},
};

static wick_linux_net net;
static wick_hal_net hn;
static wick_hal_clock clock_;
static wick_hal_entropy entropy;
static wick_dtls_entry entry;
static wick_dtls_config cfg;
static pid_t child = -1;
static int to_child = -1, from_child = -1;
static char said[65536]; /* what the program printed */
static size_t said_len;

static bool have_openssl(void)
{
    return system("openssl version >/dev/null 2>&1") == 0;
}

static void start_openssl(const char *const argv[])
{
    int in[2], out[2];
    REQUIRE(pipe(in) == 0 && pipe(out) == 0);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)dup2(out[1], 2);
        (void)close(in[1]);
        (void)close(out[0]);
        (void)execvp("openssl", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    to_child = in[1];
    from_child = out[0];
    (void)fcntl(from_child, F_SETFL, O_NONBLOCK);
    said_len = 0;
    said[0] = '\0';
}

static void stop_openssl(void)
{
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        (void)close(to_child);
        (void)close(from_child);
        child = -1;
    }
}

/* Has the program printed `text` yet? */
static bool has_said(const char *text)
{
    ssize_t n = read(from_child, said + said_len, sizeof said - 1 - said_len);
    said_len += n > 0 ? (size_t)n : 0;
    said[said_len] = '\0';
    return strstr(said, text) != NULL;
}

static bool wait_said(const char *text, int ms)
{
    for (; ms > 0 && !has_said(text); ms -= 10) {
        (void)poll(NULL, 0, 10);
    }
    return has_said(text);
}

static uint64_t now_ms(void)
{
    return clock_.now_ms(clock_.ctx);
}

/* One session alone in the pool: it took no more than it was admitted with. */
static void check_charge(void)
{
    wick_mbedtls_pool p;
    wick_mbedtls_pool_look(&p);
    CHECK(p.most != 0 && p.most <= p.promised);
    wick_mbedtls_pool_mark();
}

static void derive(unsigned use)
{
    static wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    wick_session s;
    memset(&s, 0, sizeof s);
    s.role = WICK_ROLE_INITIATOR;
    s.uses = 15;
    memset(s.root, 0x42, sizeof s.root);
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    REQUIRE_STATUS(wick_session_psk_derive(&ours, &crypto, &s, (wick_session_use)use), WICK_OK);
    CHECK_INT(ours.key_len, use == WICK_USE_PSK16 ? 16 : 32);
    memcpy(identity, ours.identity, sizeof identity);
    memset(psk_hex, 0, sizeof psk_hex);
    for (size_t i = 0; i < ours.key_len; i++) {
        (void)snprintf(psk_hex + 2 * i, 3, "%02x", ours.key[i]);
    }
}

static void setup(wick_dtls_role role, unsigned suite, unsigned use)
{
    derive(use);
    REQUIRE_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    wick_linux_clock_init(&clock_);
    wick_linux_entropy_init(&entropy);
    memset(&entry, 0, sizeof entry);
    entry.identity = wick_span_make((const uint8_t *)identity, strlen(identity));
    entry.psk = wick_span_make(ours.key, ours.key_len);
    entry.role = role;
    entry.uses = use;
    memset(&cfg, 0, sizeof cfg);
    cfg.role = role;
    cfg.entries = &entry;
    cfg.entry_count = 1;
    cfg.entropy = &entropy;
    cfg.suites = suite;
}

/* A port that is free now. */
static uint16_t free_port(bool udp)
{
    wick_addr a = wick_addr_v4(127, 0, 0, 1, 0);
    wick_sock s = -1;
    wick_status st = udp ? hn.udp_open(hn.ctx, &s, &a) : wick_linux_tcp_listen(&s, &net, &a);
    if (st != WICK_OK || hn.local_addr(hn.ctx, s, &a) != WICK_OK) {
        return 0;
    }
    hn.close(hn.ctx, s);
    return a.port;
}

static void pause_for(wick_sock s)
{
    struct pollfd p;
    p.fd = wick_linux_net_fd(&net, s);
    p.events = POLLIN;
    p.revents = 0;
    (void)poll(&p, 1, 10);
}

/* ---- TLS ---- */

static wick_tls tls;

static wick_status tls_up(wick_sock s)
{
    wick_status st = wick_tls_init(&tls, &cfg, &hn, s);
    if (st == WICK_OK) {
        st = wick_tls_start(&tls, now_ms(), PATIENCE_MS);
    }
    if (st != WICK_OK) {
        return st;
    }
    while ((st = wick_tls_poll(&tls, now_ms())) == WICK_AGAIN) {
        pause_for(s);
    }
    return st;
}

static bool tls_reads(wick_sock s, const char *want)
{
    char got[128] = "";
    size_t at = 0;
    for (int i = 0; i < PATIENCE_MS / 10 && strstr(got, want) == NULL; i++) {
        int32_t n = wick_tls_read(&tls, (uint8_t *)got + at, sizeof got - 1 - at);
        at += n > 0 ? (size_t)n : 0;
        pause_for(s);
    }
    return strstr(got, want) != NULL;
}

static void tls_client(unsigned use, unsigned suite, const char *theirs, bool right, wick_status want)
{
    bool v13 = use == WICK_USE_TLS13;
    char port[8];
    setup(WICK_DTLS_CLIENT, suite, use);
    const char *hex = right ? psk_hex : bad_hex;
    uint16_t number = free_port(false);
    (void)snprintf(port, sizeof port, "%u", number);
    const char *argv[] = {"openssl", "s_server", "-nocert", v13 ? "-tls1_3" : "-tls1_2", "-psk",
                          hex, "-psk_identity", identity, v13 ? "-ciphersuites" : "-cipher",
                          theirs, "-accept", port, "-rev", NULL};
    start_openssl(argv);
    REQUIRE(wait_said("ACCEPT", PATIENCE_MS));
    wick_addr to = wick_addr_v4(127, 0, 0, 1, number);
    wick_sock s;
    REQUIRE_STATUS(hn.tcp_open(hn.ctx, &s, &to), WICK_OK);
    CHECK_STATUS(tls_up(s), want);
    if (want == WICK_OK) {
        CHECK_INT(wick_tls_use(&tls), use);
        CHECK_INT(wick_tls_write(&tls, wick_span_make((const uint8_t *)"stressed\n", 9)), 9);
        CHECK(tls_reads(s, "desserts\n"));
        wick_tls_close(&tls);
    }
    check_charge();
    wick_tls_free(&tls);
    stop_openssl();
    wick_linux_net_close(&net);
}

static void tls_server(unsigned use, unsigned suite, const char *theirs, bool right, wick_status want)
{
    bool v13 = use == WICK_USE_TLS13;
    char where[32];
    wick_addr a = wick_addr_v4(127, 0, 0, 1, 0), from;
    wick_sock listener, s;
    wick_status st = WICK_AGAIN;
    setup(WICK_DTLS_SERVER, suite, use);
    const char *hex = right ? psk_hex : bad_hex;
    REQUIRE_STATUS(wick_linux_tcp_listen(&listener, &net, &a), WICK_OK);
    REQUIRE_STATUS(hn.local_addr(hn.ctx, listener, &a), WICK_OK);
    (void)snprintf(where, sizeof where, "127.0.0.1:%u", a.port);
    const char *argv[] = {"openssl", "s_client", v13 ? "-tls1_3" : "-tls1_2", "-psk", hex,
                          "-psk_identity", identity, v13 ? "-ciphersuites" : "-cipher", theirs,
                          "-connect", where, NULL};
    start_openssl(argv);
    for (int i = 0; i < PATIENCE_MS / 10 && st == WICK_AGAIN; i++) {
        pause_for(listener);
        st = wick_linux_tcp_accept(&s, &from, &net, listener);
    }
    REQUIRE_STATUS(st, WICK_OK);
    CHECK_STATUS(tls_up(s), want);
    if (want == WICK_OK) {
        CHECK_INT(write(to_child, "to wick\n", 8), 8);
        CHECK(tls_reads(s, "to wick\n"));
        CHECK_INT(wick_tls_write(&tls, wick_span_make((const uint8_t *)"from wick\n", 10)), 10);
        CHECK(wait_said("from wick", PATIENCE_MS));
    }
    check_charge();
    wick_tls_free(&tls);
    stop_openssl();
    wick_linux_net_close(&net);
}

TEST(tls_both_ways)
{
    if (!have_openssl()) {
        SKIP("there is no openssl");
    }
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        tls_client(WICK_USE_TLS12, suites[i].suite, suites[i].theirs, true, WICK_OK);
        tls_server(WICK_USE_TLS12, suites[i].suite, suites[i].theirs, true, WICK_OK);
        tls_client(WICK_USE_TLS13, suites13[i].suite, suites13[i].theirs, true, WICK_OK);
        tls_server(WICK_USE_TLS13, suites13[i].suite, suites13[i].theirs, true, WICK_OK);
    }
    for (unsigned use = WICK_USE_TLS12; use <= WICK_USE_TLS13; use *= 2) {
        const char *theirs = use == WICK_USE_TLS12 ? suites[1].theirs : suites13[1].theirs;
        tls_client(use, 0, theirs, false, WICK_E_TLS);
        tls_server(use, 0, theirs, false, WICK_E_TLS);
    }
}

/* ---- DTLS ---- */

static wick_dtls dtls;

/* Moves datagrams until `until` says so. @return the last status of DONE, WICK_AGAIN if none */
static wick_status dtls_run(wick_sock s, wick_addr *peer, int ms, bool (*until)(void))
{
    uint8_t buf[WICK_DTLS_DATAGRAM_MAX];
    wick_addr from;
    uint64_t end = now_ms() + (uint64_t)ms;
    while (now_ms() < end && !until()) {
        wick_out out;
        do {
            wick_dtls_poll(&dtls, &out, now_ms());
            if (out.kind == WICK_OUT_DONE) {
                return out.status;
            }
            if (out.kind == WICK_OUT_SEND) {
                CHECK_INT(hn.udp_send(hn.ctx, s, peer, out.bytes), out.bytes.len);
            }
        } while (out.kind != WICK_OUT_WAIT);
        int32_t n = hn.udp_recv(hn.ctx, s, &from, buf, sizeof buf);
        if (n > 0) {
            *peer = from;
            CHECK_STATUS(wick_dtls_input(&dtls, now_ms(), wick_span_make(buf, (size_t)n)),
                         WICK_OK);
        } else {
            pause_for(s);
        }
    }
    return WICK_AGAIN;
}

static char heard[128];

static bool is_up(void)
{
    return wick_dtls_is_up(&dtls);
}

static bool has_heard(void)
{
    size_t len = 0;
    if (wick_dtls_read(&dtls, (uint8_t *)heard, sizeof heard - 1, &len) == WICK_OK) {
        heard[len] = '\0';
        return true;
    }
    return false;
}

static bool they_said_it(void)
{
    return has_said("from wick");
}

static void dtls_talk(wick_sock s, wick_addr *peer)
{
    heard[0] = '\0';
    CHECK_INT(write(to_child, "to wick\n", 8), 8);
    CHECK_STATUS(dtls_run(s, peer, PATIENCE_MS, has_heard), WICK_AGAIN);
    CHECK(strcmp(heard, "to wick\n") == 0);
    CHECK_STATUS(wick_dtls_write(&dtls, now_ms(),
                                 wick_span_make((const uint8_t *)"from wick\n", 10)),
                 WICK_OK);
    CHECK_STATUS(dtls_run(s, peer, PATIENCE_MS, they_said_it), WICK_AGAIN);
    CHECK(they_said_it());
}

static void dtls_client(unsigned use, unsigned suite, const char *theirs)
{
    char port[8];
    wick_sock s;
    wick_addr any = wick_addr_v4(127, 0, 0, 1, 0);
    setup(WICK_DTLS_CLIENT, suite, use);
    wick_addr peer = wick_addr_v4(127, 0, 0, 1, free_port(true));
    (void)snprintf(port, sizeof port, "%u", peer.port);
    const char *argv[] = {"openssl", "s_server", "-nocert", "-dtls1_2", "-psk", psk_hex,
                          "-psk_identity", identity, "-cipher", theirs, "-accept", port,
                          "-listen", "-4", NULL};
    start_openssl(argv);
    REQUIRE(wait_said("ACCEPT", PATIENCE_MS));
    REQUIRE_STATUS(hn.udp_open(hn.ctx, &s, &any), WICK_OK);
    REQUIRE_STATUS(wick_dtls_init(&dtls, &cfg), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&dtls, now_ms()), WICK_OK);
    CHECK_STATUS(dtls_run(s, &peer, PATIENCE_MS, is_up), WICK_AGAIN);
    CHECK(is_up());
    dtls_talk(s, &peer);
    check_charge();
    wick_dtls_free(&dtls);
    stop_openssl();
    wick_linux_net_close(&net);
}

static void dtls_server(unsigned use, unsigned suite, const char *theirs)
{
    char where[32];
    wick_sock s;
    wick_addr peer, a = wick_addr_v4(127, 0, 0, 1, 0);
    setup(WICK_DTLS_SERVER, suite, use);
    REQUIRE_STATUS(hn.udp_open(hn.ctx, &s, &a), WICK_OK);
    REQUIRE_STATUS(hn.local_addr(hn.ctx, s, &a), WICK_OK);
    (void)snprintf(where, sizeof where, "127.0.0.1:%u", a.port);
    const char *argv[] = {"openssl", "s_client", "-dtls1_2", "-psk", psk_hex, "-psk_identity",
                          identity, "-cipher", theirs, "-connect", where, NULL};
    start_openssl(argv);
    REQUIRE_STATUS(wick_dtls_init(&dtls, &cfg), WICK_OK);
    CHECK_STATUS(wick_dtls_start(&dtls, now_ms()), WICK_OK);
    memset(&peer, 0, sizeof peer);
    CHECK_STATUS(dtls_run(s, &peer, PATIENCE_MS, is_up), WICK_AGAIN);
    CHECK(is_up());
    CHECK(wick_dtls_peer(&dtls) == &entry);
    dtls_talk(s, &peer);
    check_charge();
    wick_dtls_free(&dtls);
    stop_openssl();
    wick_linux_net_close(&net);
}

TEST(dtls_both_ways)
{
    if (!have_openssl()) {
        SKIP("there is no openssl");
    }
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        dtls_client(WICK_USE_DTLS12, suites[i].suite, suites[i].theirs);
        dtls_server(WICK_USE_DTLS12, suites[i].suite, suites[i].theirs);
    }
}

/* What tinydtls and its like speak: 16 octets of key, an identity of at most 32, AES-128-CCM-8. */
TEST(dtls_of_small_stacks_both_ways)
{
    if (!have_openssl()) {
        SKIP("there is no openssl");
    }
    derive(WICK_USE_PSK16);
    CHECK(strlen(identity) <= 32 && strlen(psk_hex) == 32);
    dtls_client(WICK_USE_PSK16, WICK_DTLS_AES128_CCM8, suites[3].theirs);
    dtls_server(WICK_USE_PSK16, WICK_DTLS_AES128_CCM8, suites[3].theirs);
}

TAP_MAIN("lab.openssl", CASE(tls_both_ways), CASE(dtls_both_ways),
         CASE(dtls_of_small_stacks_both_ways))
