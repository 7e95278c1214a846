/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS-PSK over a connection: bytes get through in both directions, however slow the other side is, and
 * every end of it has its own status: another key, identity or peer, a cut without a farewell, silence,
 * another protocol, alerts without end.
 */
#include "tls_world.h"
#include "wick/port/https.h"

TEST(up_lines_and_close)
{
    wick_dtls_entry ce = entry("operator-1", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_entry se[2];
    static uint8_t big[20000], got[20000];
    uint8_t buf[64];
    se[0] = entry("operator-0", other_key, peer_b, WICK_DTLS_SERVER);
    se[1] = entry("operator-1", key, peer_a, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    wick_dtls_config s = config(WICK_DTLS_SERVER, se, 2);
    tls_meet(&c, &s);
    CHECK_STATUS(st_c, WICK_OK);
    CHECK_STATUS(st_s, WICK_OK);
    CHECK(wick_tls_peer(&ts) == &se[1]);
    CHECK(wick_tls_peer(&tc) == &ce);
    CHECK_INT(wick_tls_write(&tc, text("line\n")), 5);
    CHECK_INT(read_some(tls_read, &ts, buf, sizeof buf), 5);
    CHECK_MEM(buf, "line\n", 5);
    CHECK_INT(wick_tls_read(&ts, buf, sizeof buf), WICK_AGAIN);
    /* more than one record */
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i * 31u >> 3);
    }
    size_t at = 0, in = 0;
    for (int i = 0; i < 100000 && in < sizeof big; i++) {
        if (at < sizeof big) {
            int32_t n = wick_tls_write(&ts, wick_span_make(big + at, sizeof big - at));
            CHECK(n > 0 || n == (int32_t)WICK_AGAIN);
            at += n > 0 ? (size_t)n : 0;
        }
        int32_t n = wick_tls_read(&tc, got + in, sizeof got - in);
        in += n > 0 ? (size_t)n : 0;
    }
    CHECK_INT(in, sizeof big);
    CHECK_MEM(big, got, sizeof big);
    wick_tls_close(&ts);
    CHECK_INT(read_some(tls_read, &tc, buf, sizeof buf), 0);
    CHECK_INT(wick_tls_read(&tc, buf, sizeof buf), WICK_E_STATE);
    tls_part();
}

TEST(more_after_again)
{
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_entry se = entry("id", key, peer_a, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    wick_dtls_config s = config(WICK_DTLS_SERVER, &se, 1);
    tls_meet(&c, &s);
    REQUIRE(st_c == WICK_OK && st_s == WICK_OK);
    check_more_after_again(tls_write, &ts, tls_read, &tc);
    tls_part();
}

TEST(refusals)
{
    uint8_t buf[8];
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_entry se = entry("id", other_key, peer_a, WICK_DTLS_SERVER);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    wick_dtls_config s = config(WICK_DTLS_SERVER, &se, 1);
    tls_meet(&c, &s);
    CHECK_STATUS(st_c, WICK_E_TLS);
    CHECK_STATUS(st_s, WICK_E_TLS);
    tls_part();
    se = entry("ie", key, peer_a, WICK_DTLS_SERVER);
    tls_meet(&c, &s);
    CHECK_STATUS(st_c, WICK_E_TLS);
    CHECK_STATUS(st_s, WICK_E_TLS);
    tls_part();
    se = entry("id", key, peer_a, WICK_DTLS_SERVER);
    s.expect_peer = peer_b;
    tls_meet(&c, &s);
    CHECK_STATUS(st_s, WICK_E_AUTH);
    tls_part();
    s.expect_peer = NULL;
    tls_meet(&c, &s);
    CHECK_STATUS(st_s, WICK_OK);
    hn.close(hn.ctx, sc); /* cut, without close_notify */
    CHECK_INT(read_some(tls_read, &ts, buf, sizeof buf), WICK_E_TLS);
    tls_part();
    /* the other side is silent, closed, or speaks something else */
    connect_pair();
    REQUIRE_STATUS(wick_tls_init(&tc, &c, &hn, sc), WICK_OK);
    CHECK_STATUS(wick_tls_poll(&tc, 0), WICK_E_STATE);
    CHECK_STATUS(wick_tls_start(&tc, 100, 5000), WICK_OK);
    CHECK_STATUS(wick_tls_poll(&tc, 5099), WICK_AGAIN);
    CHECK_STATUS(wick_tls_poll(&tc, 5100), WICK_E_TIMEOUT);
    tls_part();
    for (int speak = 0; speak < 2; speak++) {
        connect_pair();
        REQUIRE_STATUS(wick_tls_init(&tc, &c, &hn, sc), WICK_OK);
        CHECK_STATUS(wick_tls_start(&tc, 100, 5000), WICK_OK);
        if (speak != 0) {
            CHECK_INT(hn.tcp_send(hn.ctx, ss, text("SSH-2.0-OpenSSH_9.2p1\r\n")), 23);
        }
        hn.close(hn.ctx, ss);
        st_c = WICK_AGAIN;
        for (int i = 0; i < 100000 && st_c == WICK_AGAIN; i++) {
            st_c = wick_tls_poll(&tc, 200);
        }
        CHECK(st_c == WICK_E_NET || (speak != 0 && st_c == WICK_E_TLS));
        tls_part();
    }
}

/* ---- a peer that sends for ever what gets nobody further ---- */

#define CHATTER_MAX 1000000u

static size_t chatter; /* bytes taken so far */

static int32_t chatter_recv(void *ctx, wick_sock s, uint8_t *buf, size_t cap)
{
    /* A warning, no_renegotiation left out, as it may be fatal: user_canceled (RFC 5246 7.2). */
    static const uint8_t alert[7] = {21, 3, 3, 0, 2, 1, 90};
    size_t n = 0;
    (void)ctx, (void)s;
    if (chatter > CHATTER_MAX) {
        return WICK_AGAIN;
    }
    while (n < cap) {
        buf[n++] = alert[chatter++ % sizeof alert];
    }
    return (int32_t)n;
}

static int32_t chatter_send(void *ctx, wick_sock s, wick_span bytes)
{
    (void)ctx, (void)s;
    return (int32_t)bytes.len;
}

TEST(endless_alerts_end)
{
    static wick_https h;
    static const uint8_t pin[32] = {1};
    wick_dtls_entry ce = entry("id", key, peer_b, WICK_DTLS_CLIENT);
    wick_dtls_config c = config(WICK_DTLS_CLIENT, &ce, 1);
    wick_https_trust trust = {.entropy = &entropy, .pin32 = pin};
    wick_hal_net talker;
    memset(&talker, 0, sizeof talker);
    talker.tcp_send = chatter_send;
    talker.tcp_recv = chatter_recv;
    chatter = 0;
    REQUIRE_STATUS(wick_tls_init(&tc, &c, &talker, 0), WICK_OK);
    CHECK_STATUS(wick_tls_start(&tc, 100, 5000), WICK_OK);
    CHECK_STATUS(wick_tls_poll(&tc, 200), WICK_E_TLS);
    CHECK(chatter <= 70000);
    wick_tls_free(&tc);
    chatter = 0;
    REQUIRE_STATUS(wick_https_start(&h, &trust, &talker, 0, "node.example"), WICK_OK);
    CHECK_STATUS(wick_https_poll(&h), WICK_E_TLS);
    CHECK(chatter <= 70000);
    wick_https_end(&h);
}

TAP_MAIN("unit.tls_stream", CASE(up_lines_and_close), CASE(refusals), CASE(more_after_again),
         CASE(endless_alerts_end))
