/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session takes: bytes on the wire of the DTLS handshake on top of NSL, static RAM of each table's
 * entry, and what each side takes of the TLS library's pool, with plain PSK and, as its peer, with
 * ECDHE-PSK of the same library. Prints its figures, which unittest/bench/sessions.sh puts beside those of
 * others; the bars are what the headers promise. Runs on bare metal, too.
 */
#include "tap.h"
#include "wick/gateway.h"
#include "wick/nsl.h"
#include "wick/port/crypto.h"
#include "wick/port/dtls.h"
#include "wick/ticket_table.h"

#define DATAGRAMS 8
/* wick/port/dtls.h: the most of the pool that a session takes. Where HTTPS is, buffers hold 16 KB. */
#if defined(__arm__) && !defined(__linux__)
#define PEAK_MAX 7168u
#else
#define PEAK_MAX 36864u
#endif
/* DTLS 1.2 with PSK and cookie; the library offers connection ids and more suites on hosts. */
#define WIRE_PSK_MAX 600u
#define WIRE_ECDHE_MAX 740u

struct side {
    wick_dtls dtls;
    wick_dtls_entry entry;
    size_t used, peak; /* of the pool */
    size_t sent, count;
    struct {
        uint8_t bytes[WICK_DTLS_DATAGRAM_MAX];
        size_t len;
    } out[DATAGRAMS];
};

static struct side client, server;
static uint64_t random_state;
static wick_hal_entropy entropy;
static size_t before;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(*state >> 33);
    }
    return WICK_OK;
}

static void figure(const char *what, size_t value)
{
    char digits[24];
    size_t n = sizeof digits;
    digits[--n] = '\0';
    do {
        digits[--n] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    tap_puts("# figure ");
    tap_puts(what);
    tap_puts(" ");
    tap_puts(digits + n);
    tap_puts("\n");
}

static void figure_of(const char *suite, const char *what, size_t value)
{
    tap_puts("# of ");
    tap_puts(suite);
    tap_puts("\n");
    figure(what, value);
}

/* Around each call of a side: the pool is one, and both are in it. */
static void look(void)
{
    wick_mbedtls_pool pool;
    wick_mbedtls_pool_mark();
    wick_mbedtls_pool_look(&pool);
    before = pool.used;
}

static void charge(struct side *s)
{
    wick_mbedtls_pool pool;
    wick_mbedtls_pool_look(&pool);
    size_t most = s->used + (pool.most > before ? pool.most - before : 0); /* 0: took nothing */
    s->peak = most > s->peak ? most : s->peak;
    s->used += pool.used - before;
}

static bool poll_side(struct side *s)
{
    bool moved = false;
    for (;;) {
        wick_out o;
        look();
        wick_dtls_poll(&s->dtls, &o, 0);
        charge(s);
        if (o.kind != WICK_OUT_SEND && o.kind != WICK_OUT_EVENT) {
            return moved;
        }
        moved = true;
        if (o.kind == WICK_OUT_SEND && s->count < DATAGRAMS) {
            memcpy(s->out[s->count].bytes, o.bytes.ptr, o.bytes.len);
            s->out[s->count++].len = o.bytes.len;
            s->sent += o.bytes.len;
        }
    }
}

static bool deliver(struct side *to, struct side *from)
{
    bool moved = from->count != 0;
    for (size_t i = 0; i < from->count; i++) {
        look();
        CHECK_STATUS(
            wick_dtls_input(&to->dtls, 0, wick_span_make(from->out[i].bytes, from->out[i].len)),
            WICK_OK);
        charge(to);
    }
    from->count = 0;
    return poll_side(to) || moved;
}

static wick_status begin(struct side *s, wick_dtls_role role, unsigned suite)
{
    static const uint8_t psk[32] = {7};
    wick_dtls_config cfg;
    memset(s, 0, sizeof *s);
    memset(&cfg, 0, sizeof cfg);
    s->entry.identity = wick_span_text("dpk1.AAAAAAAAAAAAAAAAAAAAAA"); /* as long as those of NSL */
    s->entry.psk = wick_span_make(psk, sizeof psk);
    s->entry.role = cfg.role = role;
    cfg.entries = &s->entry;
    cfg.entry_count = 1;
    cfg.entropy = &entropy;
    cfg.suites = suite;
    cfg.address = wick_span_text("192.0.2.1:5000");
    look();
    wick_status st = wick_dtls_init(&s->dtls, &cfg);
    if (st == WICK_OK) {
        st = wick_dtls_start(&s->dtls, 0);
    }
    charge(s);
    return st;
}

static void handshake(const char *name, unsigned suite, size_t wire_max)
{
    wick_mbedtls_pool pool;
    entropy.ctx = &random_state;
    entropy.fill = fill;
    REQUIRE_STATUS(wick_mbedtls_pool_init(), WICK_OK);
    wick_mbedtls_pool_look(&pool);
    size_t empty = pool.used;
    if (pool.size == 0) {
        SKIP("mbedtls uses the heap");
    }
    REQUIRE_STATUS(begin(&server, WICK_DTLS_SERVER, suite), WICK_OK);
    wick_status st = begin(&client, WICK_DTLS_CLIENT, suite);
    REQUIRE_STATUS(st, WICK_OK);
    (void)poll_side(&client);
    for (bool moved = true; moved;) {
        moved = deliver(&server, &client);
        moved = deliver(&client, &server) || moved;
    }
    CHECK(wick_dtls_is_up(&client.dtls) && wick_dtls_is_up(&server.dtls));
    figure_of(name, "wire_client", client.sent);
    figure_of(name, "wire_server", server.sent);
    figure_of(name, "pool_client", client.used);
    figure_of(name, "pool_server", server.used);
    figure_of(name, "pool_client_peak", client.peak);
    figure_of(name, "pool_server_peak", server.peak);
    CHECK(client.sent + server.sent <= wire_max);
    CHECK(client.used != 0 && client.used <= client.peak && client.peak <= PEAK_MAX);
    CHECK(server.used != 0 && server.used <= server.peak && server.peak <= PEAK_MAX);
    wick_dtls_free(&client.dtls);
    wick_dtls_free(&server.dtls);
    wick_mbedtls_pool_look(&pool);
    CHECK_INT(pool.used, empty); /* a session leaves nothing behind */
}

TEST(dtls_psk_ccm8)
{
    handshake("psk_ccm8", WICK_DTLS_AES128_CCM8, WIRE_PSK_MAX);
}

TEST(dtls_psk_chacha20)
{
    handshake("psk_chacha20", WICK_DTLS_CHACHA20_POLY1305, WIRE_PSK_MAX);
}

TEST(dtls_ecdhe_psk_chacha20)
{
    handshake("ecdhe_psk", WICK_DTLS_ECDHE_CHACHA20, WIRE_ECDHE_MAX);
}

TEST(tables)
{
    figure("half_open", sizeof(wick_nsl_half));
    figure("half_opens", WICK_NSL_HALF_OPEN_MAX);
    figure("run", sizeof(wick_nsl_run));
    figure("session_keys", sizeof(wick_session));
    figure("session", sizeof(wick_gateway_session));
    figure("dtls", sizeof(wick_dtls));
    figure("ticket", sizeof(wick_ticket_entry));
    figure("gateway", sizeof(wick_gateway));
    /* wick/nsl.h: 0.6 KB with keys on secp256k1 alone, RSA-2048 adds 450 bytes. */
    CHECK(sizeof(wick_nsl_half) <= (WICK_WITH_NSL_RSA ? 1100u : 640u));
    CHECK(sizeof(wick_dtls) <= 5632u);
}

TAP_MAIN("unit.session_costs", CASE(dtls_psk_ccm8), CASE(dtls_psk_chacha20),
         CASE(dtls_ecdhe_psk_chacha20), CASE(tables))
