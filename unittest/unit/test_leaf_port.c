/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves on a real socket (wick/port/leaf_port.h): who gets in, who does not, what strangers cost, and
 * a leaf that comes again. Time is the test's own.
 */
#include "tap.h"

#include "wick/port/leaf_port.h"
#include "wick/port/linux.h"

static wick_linux_net linux_net;
static wick_hal_net net;
static wick_hal_entropy entropy;
static wick_leaf_service svc;
static wick_leaf_port port;
static wick_addr at;
static uint64_t now = 1000;
static unsigned ups, refusals, downs;
static char last_name[WICK_LEAF_NAME_MAX + 1];
static uint8_t gateway_id[32];

/* A leaf's side. */
typedef struct leaf {
    wick_sock sock;
    wick_dtls dtls;
    wick_dtls_entry entry;
    uint8_t psk[32];
    wick_status status;
    bool used;
} leaf;

static leaf leaves[8];

static wick_status find(void *ctx, wick_leaf_port_key *out, wick_span identity)
{
    (void)ctx;
    if (identity.len != 1 || identity.ptr[0] < 'a' || identity.ptr[0] > 'h') {
        return WICK_E_NOT_FOUND;
    }
    out->name[0] = (char)identity.ptr[0];
    out->name[1] = '\0';
    memset(out->psk, identity.ptr[0], sizeof out->psk);
    out->psk_len = 32;
    return WICK_OK;
}

static void told(void *ctx, const char *name, wick_span identity, bool up, wick_status status,
                 const wick_addr *from)
{
    (void)ctx, (void)identity, (void)from;
    memcpy(last_name, name, strlen(name) + 1);
    if (up) {
        ups++;
    } else if (status == WICK_E_NOT_FOUND || status == WICK_E_TLS) {
        refusals++;
    } else {
        downs++;
    }
}

static bool setup(void)
{
    wick_leaf_port_config cfg = {.net = &net, .entropy = &entropy, .service = &svc, .find = find,
                                 .told = told};
    ups = refusals = downs = 0;
    wick_linux_entropy_init(&entropy);
    if (wick_linux_net_init(&net, &linux_net) != WICK_OK) {
        return false;
    }
    cfg.listen = wick_addr_v4(127, 0, 0, 1, 0);
    wick_leaf_init(&svc, gateway_id, NULL, 0);
    return wick_leaf_port_open(&port, &cfg, now) == WICK_OK &&
           net.local_addr(net.ctx, port.sock, &at) == WICK_OK;
}

static void leave(leaf *x)
{
    if (x->used) {
        wick_dtls_free(&x->dtls);
        net.close(net.ctx, x->sock);
        x->used = false;
    }
}

static void teardown(void)
{
    for (unsigned i = 0; i < 8; i++) {
        leave(&leaves[i]);
    }
    wick_leaf_port_close(&port, now);
    wick_linux_net_close(&linux_net);
}

static wick_status come(leaf *x, const char *identity, uint8_t key)
{
    static const wick_addr any;
    wick_dtls_config cfg = {.role = WICK_DTLS_CLIENT, .entries = &x->entry, .entry_count = 1,
                            .entropy = &entropy, .suites = WICK_DTLS_SUITES_ALL};
    memset(&x->entry, 0, sizeof x->entry);
    memset(x->psk, key, sizeof x->psk);
    x->entry.identity = wick_span_text(identity);
    x->entry.psk = wick_span_make(x->psk, sizeof x->psk);
    x->entry.role = WICK_DTLS_CLIENT;
    x->status = WICK_AGAIN;
    wick_status s = net.udp_open(net.ctx, &x->sock, &any);
    s = s == WICK_OK ? wick_dtls_init(&x->dtls, &cfg) : s;
    x->used = s == WICK_OK;
    return s == WICK_OK ? wick_dtls_start(&x->dtls, now) : s;
}

static void pump(leaf *x)
{
    wick_out out;
    for (;;) {
        wick_dtls_poll(&x->dtls, &out, now);
        if (out.kind == WICK_OUT_SEND) {
            (void)net.udp_send(net.ctx, x->sock, &at, out.bytes);
        } else if (out.kind == WICK_OUT_EVENT) {
            x->status = WICK_OK;
        } else {
            x->status = out.kind == WICK_OUT_DONE ? out.status : x->status;
            return;
        }
    }
}

/* Moves everything once; datagrams on the loopback interface are there at once. */
static void move(void)
{
    wick_leaf_ask ask;
    uint64_t deadline;
    uint8_t bytes[2048];
    wick_addr from;
    for (unsigned i = 0; i < 8; i++) {
        leaf *x = &leaves[i];
        if (!x->used) {
            continue;
        }
        pump(x);
        for (int32_t n;
             (n = net.udp_recv(net.ctx, x->sock, &from, bytes, sizeof bytes)) >= 0; pump(x)) {
            wick_status s = wick_dtls_input(&x->dtls, now, wick_span_make(bytes, (size_t)n));
            (void)s; /* ended */
        }
    }
    while (wick_leaf_port_run(&port, &ask, &deadline, now)) {
    }
}

/* Until the leaf is up or refused, or `rounds` of 100 ms are over. */
static wick_status settle(leaf *x, unsigned rounds)
{
    for (unsigned i = 0; i < rounds && x->status == WICK_AGAIN; i++) {
        for (unsigned k = 0; k < 12; k++) {
            move();
        }
        now += 100;
    }
    return x->status;
}

static unsigned count_up(void)
{
    unsigned n = 0;
    for (uint8_t i = 0; i < WICK_LEAVES_MAX; i++) {
        n += wick_leaf_port_leaf(&port, i).up ? 1u : 0u;
    }
    return n;
}

TEST(lets_its_leaves_in)
{
    REQUIRE(setup());
    REQUIRE_STATUS(come(&leaves[0], "a", 'a'), WICK_OK);
    REQUIRE_STATUS(come(&leaves[1], "b", 'b'), WICK_OK);
    CHECK_STATUS(settle(&leaves[0], 100), WICK_OK);
    CHECK_STATUS(settle(&leaves[1], 100), WICK_OK);
    CHECK_INT(count_up(), 2);
    CHECK_INT(ups, 2);
    CHECK_INT(refusals, 0);
    teardown();
}

TEST(wrong_key_and_unknown_identity)
{
    REQUIRE(setup());
    REQUIRE_STATUS(come(&leaves[0], "a", 'x'), WICK_OK);
    CHECK_STATUS(settle(&leaves[0], 200), WICK_E_TLS); /* it believes an alert after 10 s */
    REQUIRE_STATUS(come(&leaves[1], "z", 'z'), WICK_OK);
    CHECK_STATUS(settle(&leaves[1], 200), WICK_E_TLS);
    CHECK_INT(count_up(), 0);
    CHECK_INT(ups, 0);
    CHECK(refusals >= 2);
    REQUIRE_STATUS(come(&leaves[2], "a", 'a'), WICK_OK); /* and nobody is locked out by it */
    CHECK_STATUS(settle(&leaves[2], 100), WICK_OK);
    teardown();
}

/* Started again, from another port: the new session takes the place of the old one. */
TEST(leaf_comes_again)
{
    REQUIRE(setup());
    REQUIRE_STATUS(come(&leaves[0], "a", 'a'), WICK_OK);
    CHECK_STATUS(settle(&leaves[0], 100), WICK_OK);
    REQUIRE_STATUS(come(&leaves[1], "a", 'a'), WICK_OK);
    CHECK_STATUS(settle(&leaves[1], 100), WICK_OK);
    CHECK_INT(count_up(), 1);
    CHECK_INT(ups, 2);
    teardown();
}

/* From its old port: the hello goes to a handshake of its own, and until that is over the old session
 * is untouched, so that a forged hello ends nothing. */
TEST(leaf_comes_again_from_its_old_port)
{
    REQUIRE(setup());
    REQUIRE_STATUS(come(&leaves[0], "a", 'a'), WICK_OK);
    CHECK_STATUS(settle(&leaves[0], 100), WICK_OK);
    wick_dtls_free(&leaves[0].dtls);
    wick_sock same = leaves[0].sock;
    REQUIRE_STATUS(come(&leaves[0], "a", 'a'), WICK_OK);
    net.close(net.ctx, leaves[0].sock);
    leaves[0].sock = same;
    CHECK_INT(count_up(), 1);
    CHECK_STATUS(settle(&leaves[0], 100), WICK_OK);
    CHECK_INT(count_up(), 1);
    CHECK_INT(ups, 2);
    teardown();
}

/* Hellos without a cookie, and whatever else: nothing is kept of them, and a leaf gets in meanwhile. */
TEST(strangers_cost_nothing)
{
    static const wick_addr any;
    uint8_t hello[1200], junk[64];
    wick_sock s;
    wick_out out;
    REQUIRE(setup());
    REQUIRE_STATUS(come(&leaves[0], "a", 'a'), WICK_OK);
    wick_dtls_poll(&leaves[0].dtls, &out, now);
    REQUIRE(out.kind == WICK_OUT_SEND && out.bytes.len <= sizeof hello);
    memcpy(hello, out.bytes.ptr, out.bytes.len);
    size_t len = out.bytes.len;
    leave(&leaves[0]);
    memset(junk, 0x16, sizeof junk);
    for (unsigned i = 0; i < 40; i++) { /* each from a port of its own */
        REQUIRE_STATUS(net.udp_open(net.ctx, &s, &any), WICK_OK);
        (void)net.udp_send(net.ctx, s, &at, wick_span_make(hello, len));
        (void)net.udp_send(net.ctx, s, &at, wick_span_make(junk, i + 1));
        move();
        net.close(net.ctx, s);
    }
    unsigned used = 0;
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        used += port.place[i].state != 0 ? 1u : 0u;
    }
    CHECK_INT(used, 1); /* the one that answers hellos */
    REQUIRE_STATUS(come(&leaves[1], "b", 'b'), WICK_OK);
    CHECK_STATUS(settle(&leaves[1], 100), WICK_OK);
    teardown();
}

/* Every place taken: a newcomer is refused, until one of them has been silent for a minute. */
TEST(full)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    REQUIRE(setup());
    REQUIRE(WICK_LEAVES_MAX == 4);
    for (unsigned i = 0; i < 4; i++) {
        REQUIRE_STATUS(come(&leaves[i], names[i], (uint8_t)names[i][0]), WICK_OK);
        CHECK_STATUS(settle(&leaves[i], 100), WICK_OK);
    }
    REQUIRE_STATUS(come(&leaves[4], "e", 'e'), WICK_OK);
    (void)settle(&leaves[4], 20);
    CHECK_INT(count_up(), 4);
    CHECK_INT(ups, 4);
    CHECK(downs > 0);
    leave(&leaves[4]);
    now += 61000;
    REQUIRE_STATUS(come(&leaves[4], "e", 'e'), WICK_OK);
    CHECK_STATUS(settle(&leaves[4], 100), WICK_OK);
    CHECK_INT(count_up(), 4);
    CHECK(strcmp(last_name, "e") == 0);
    teardown();
}

/* All addresses of one /64, or one of another, stand for those of the loopback interface. */
static int32_t (*recv_v4)(void *, wick_sock, wick_addr *, uint8_t *, size_t);
static int32_t (*send_v4)(void *, wick_sock, const wick_addr *, wick_span);
static uint16_t elsewhere; /* port */

static int32_t recv_v6(void *ctx, wick_sock s, wick_addr *from, uint8_t *buf, size_t cap)
{
    int32_t n = recv_v4(ctx, s, from, buf, cap);
    if (n >= 0 && s == port.sock) {
        memset(from->ip, 0, sizeof from->ip);
        wick_store_be32(from->ip, 0x20010db8u);
        from->ip[7] = from->port == elsewhere ? 2 : 1;
        wick_store_be16(from->ip + 8, from->port);
        from->ip[15] = 1;
    }
    return n;
}

static int32_t send_v6(void *ctx, wick_sock s, const wick_addr *to, wick_span bytes)
{
    wick_addr real = wick_addr_v4(127, 0, 0, 1, to->port);
    return send_v4(ctx, s, &real, bytes);
}

/* Whoever has one IPv6 address has a /64 of them: that is one host where handshakes are counted. */
TEST(addresses_of_one_host)
{
    REQUIRE(setup());
    recv_v4 = net.udp_recv;
    send_v4 = net.udp_send;
    net.udp_recv = recv_v6;
    net.udp_send = send_v6;
    elsewhere = 0;
    for (unsigned i = 0; i < 5; i++) { /* each as far as its cookie */
        wick_leaf_ask ask;
        uint64_t deadline;
        uint8_t bytes[2048];
        wick_addr from;
        leaf *x = &leaves[i];
        REQUIRE_STATUS(come(x, "a", 'a'), WICK_OK);
        pump(x);
        CHECK(!wick_leaf_port_run(&port, &ask, &deadline, now));
        int32_t n = net.udp_recv(net.ctx, x->sock, &from, bytes, sizeof bytes);
        CHECK((n > 0) == (i < (WICK_LEAF_PORT_HALF + 1) / 2));
        if (n > 0) {
            CHECK_STATUS(wick_dtls_input(&x->dtls, now, wick_span_make(bytes, (size_t)n)), WICK_OK);
            pump(x);
            CHECK(!wick_leaf_port_run(&port, &ask, &deadline, now));
        }
    }
    for (unsigned i = 0; i < 5; i++) {
        leave(&leaves[i]);
    }
    REQUIRE_STATUS(come(&leaves[5], "b", 'b'), WICK_OK);
    wick_addr any;
    pump(&leaves[5]); /* or it has no port yet */
    CHECK_STATUS(net.local_addr(net.ctx, leaves[5].sock, &any), WICK_OK);
    elsewhere = any.port;
    CHECK_STATUS(settle(&leaves[5], 100), WICK_OK);
    teardown();
}

TEST(leaf_is_dropped)
{
    REQUIRE(setup());
    REQUIRE_STATUS(come(&leaves[0], "a", 'a'), WICK_OK);
    CHECK_STATUS(settle(&leaves[0], 100), WICK_OK);
    wick_leaf_port_drop(&port, "b");
    CHECK_INT(count_up(), 1);
    wick_leaf_port_drop(&port, "a");
    CHECK_INT(count_up(), 0);
    CHECK_STATUS(wick_leaf_input(&svc, now, 0, wick_span_text("x")), WICK_E_STATE);
    teardown();
}

TAP_MAIN("unit.leaf_port", CASE(lets_its_leaves_in), CASE(wrong_key_and_unknown_identity),
         CASE(leaf_comes_again), CASE(leaf_comes_again_from_its_old_port),
         CASE(strangers_cost_nothing), CASE(full), CASE(addresses_of_one_host),
         CASE(leaf_is_dropped))
