/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_world.h"

wick_hal_entropy entropy;
const uint8_t key[32] = "0123456789abcdef0123456789abcde";
const uint8_t other_key[32] = "X123456789abcdef0123456789abcde";
const uint8_t peer_a[32] = {0xaa}, peer_b[32] = {0xbb};

wick_linux_net net;
wick_hal_net hn;
wick_sock sc, ss;
wick_tls tc, ts;
wick_status st_c, st_s;

wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

wick_dtls_entry entry(const char *identity, const uint8_t psk[32], const uint8_t peer[32],
                      wick_dtls_role role)
{
    wick_dtls_entry e;
    memset(&e, 0, sizeof e);
    e.identity = text(identity);
    e.psk = wick_span_make(psk, 32);
    memcpy(e.peer, peer, 32);
    e.role = role;
    return e;
}

wick_dtls_config config(wick_dtls_role role, const wick_dtls_entry *entries, size_t count)
{
    wick_dtls_config c;
    memset(&c, 0, sizeof c);
    wick_linux_entropy_init(&entropy);
    c.role = role;
    c.entries = entries;
    c.entry_count = count;
    c.entropy = &entropy;
    c.address = text("192.0.2.1:4444");
    return c;
}

/* ---- over the loopback ---- */

void connect_pair(void)
{
    wick_addr any = wick_addr_v4(127, 0, 0, 1, 0), where, from;
    wick_sock listener;
    REQUIRE_STATUS(wick_linux_net_init(&hn, &net), WICK_OK);
    REQUIRE_STATUS(wick_linux_tcp_listen(&listener, &net, &any), WICK_OK);
    REQUIRE_STATUS(hn.local_addr(hn.ctx, listener, &where), WICK_OK);
    REQUIRE_STATUS(hn.tcp_open(hn.ctx, &sc, &where), WICK_OK);
    wick_status st = WICK_AGAIN;
    for (int i = 0; i < 100000 && st == WICK_AGAIN; i++) {
        st = wick_linux_tcp_accept(&ss, &from, &net, listener);
    }
    REQUIRE_STATUS(st, WICK_OK);
}

void tls_meet(const wick_dtls_config *c, const wick_dtls_config *s)
{
    connect_pair();
    REQUIRE_STATUS(wick_tls_init(&tc, c, &hn, sc), WICK_OK);
    REQUIRE_STATUS(wick_tls_init(&ts, s, &hn, ss), WICK_OK);
    CHECK_INT(wick_tls_write(&tc, text("x")), WICK_E_STATE);
    CHECK_STATUS(wick_tls_start(&tc, 100, 5000), WICK_OK);
    CHECK_STATUS(wick_tls_start(&ts, 100, 5000), WICK_OK);
    st_c = st_s = WICK_AGAIN;
    for (int i = 0; i < 100000 && (st_c == WICK_AGAIN || st_s == WICK_AGAIN); i++) {
        st_c = st_c == WICK_AGAIN ? wick_tls_poll(&tc, 200) : st_c;
        st_s = st_s == WICK_AGAIN ? wick_tls_poll(&ts, 200) : st_s;
    }
}

void tls_part(void)
{
    wick_tls_free(&tc);
    wick_tls_free(&ts);
    wick_linux_net_close(&net);
}

/* ---- bytes ---- */

int32_t tls_write(void *end, wick_span bytes)
{
    return wick_tls_write((wick_tls *)end, bytes);
}

int32_t tls_read(void *end, uint8_t *buf, size_t cap)
{
    return wick_tls_read((wick_tls *)end, buf, cap);
}

int32_t read_some(stream_read_fn read, void *end, uint8_t *buf, size_t cap)
{
    int32_t n = WICK_AGAIN;
    for (int i = 0; i < 100000 && n == (int32_t)WICK_AGAIN; i++) {
        n = read(end, buf, cap);
    }
    return n;
}

/* A socket that takes no more than `room`, as where the other side is slow. */
static size_t room;
static int32_t (*send_all)(void *ctx, wick_sock s, wick_span bytes);

static int32_t send_some(void *ctx, wick_sock s, wick_span bytes)
{
    wick_span part = wick_span_make(bytes.ptr, bytes.len < room ? bytes.len : room);
    int32_t n = part.len == 0 ? (int32_t)WICK_AGAIN : send_all(ctx, s, part);
    room -= n > 0 ? (size_t)n : 0;
    return n;
}

void check_more_after_again(stream_write_fn write, void *writer, stream_read_fn read, void *reader)
{
    static const size_t cuts[] = {0, 1, 5, 40, 1000, 17000};
    static const size_t first[] = {1, 300, 16384, 20000};
    static uint8_t all[50000], got[50000];
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (uint8_t)(i * 31u >> 3);
    }
    send_all = hn.tcp_send;
    hn.tcp_send = send_some;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        for (size_t k = 0; k < sizeof first / sizeof first[0]; k++) {
            size_t at = 0, in = 0, told = first[k];
            room = cuts[i];
            memset(got, 0, sizeof got);
            for (int32_t n = 0; n != (int32_t)WICK_AGAIN && at < told;) {
                n = write(writer, wick_span_make(all + at, told - at));
                REQUIRE(n > 0 || n == (int32_t)WICK_AGAIN);
                at += n > 0 ? (size_t)n : 0;
            }
            if (at < told) { /* nothing can be taken back, and nothing gets through yet */
                wick_span same = wick_span_make(all + at, told - at);
                wick_span more = wick_span_make(all + at, told - at + 9);
                CHECK_INT(write(writer, more), WICK_AGAIN);
                CHECK_INT(write(writer, same), WICK_AGAIN);
                if (--same.len != 0) {
                    CHECK_INT(write(writer, same), WICK_E_BAD_ARG);
                }
            }
            told = sizeof all;
            for (int j = 0; j < 1000000 && in < told; j++) {
                room = j % 2 == 0 ? 700 : 0; /* it stops again and again */
                if (at < told) {
                    int32_t n = write(writer, wick_span_make(all + at, told - at));
                    REQUIRE(n > 0 || n == (int32_t)WICK_AGAIN);
                    at += n > 0 ? (size_t)n : 0;
                }
                int32_t n = read(reader, got + in, sizeof got - in);
                REQUIRE(n > 0 || n == (int32_t)WICK_AGAIN);
                in += n > 0 ? (size_t)n : 0;
            }
            CHECK_INT(in, told);
            CHECK_MEM(got, all, sizeof all);
        }
    }
    hn.tcp_send = send_all;
}
