/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one side of a whole connect costs: the NSL handshake with cookie and signature, and DTLS-PSK
 * on top. Both sides run once with deterministic randomness and their datagrams are recorded; then
 * the one that is measured runs alone against the record. The handshake alone: bench_nsl.c.
 * Beside them what mbedtls takes for DTLS alone, with a plain PSK and with ECDHE-PSK, its own way to a
 * fresh key.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "wick/nsl.h"
#include "wick/port/crypto.h"
#include "wick/port/dtls.h"

#define DATAGRAMS_MAX 16

struct record {
    size_t count;
    struct {
        uint8_t bytes[WICK_DTLS_DATAGRAM_MAX];
        size_t len;
    } d[DATAGRAMS_MAX];
};

struct side {
    wick_session_role role;
    uint8_t id[32];
    wick_addr addr;
    wick_nsl_key pub;
    wick_key key;
    uint64_t random, dtls_random; /* the latter: when DTLS began */
    wick_hal_entropy entropy;
    wick_nsl_node nsl;
    wick_session session;
    wick_session_psk psk;
    wick_dtls_entry entry;
    wick_dtls dtls;
    struct record nsl_in, dtls_in; /* what it receives */
    bool nsl_up;
};

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_ram_keystore ram;
static wick_hal_keystore keystore;
static struct side initiator, responder;
static size_t nsl_bytes, dtls_bytes;
static unsigned suites; /* of DTLS; 0: as sessions have it */
static struct record nowhere;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(*state >> 33);
    }
    return WICK_OK;
}

static struct side *other(const struct side *s)
{
    return s == &initiator ? &responder : &initiator;
}

static void add(struct record *r, wick_span bytes, size_t *total)
{
    if (r != &nowhere && r->count < DATAGRAMS_MAX && bytes.len <= sizeof r->d[0].bytes) {
        memcpy(r->d[r->count].bytes, bytes.ptr, bytes.len);
        r->d[r->count].len = bytes.len;
        r->count++;
        *total += bytes.len;
    }
}

/* A node as it stands after boot: the same each time. */
static wick_status reset(struct side *s, uint8_t number)
{
    wick_nsl_config cfg;
    memset(&cfg, 0, sizeof cfg);
    s->random = number;
    s->entropy.ctx = &s->random;
    s->entropy.fill = fill;
    s->nsl_up = false;
    cfg.crypto = &crypto;
    cfg.entropy = &s->entropy;
    cfg.keystore = &keystore;
    cfg.key = s->key;
    cfg.pub = s->pub;
    cfg.opts = WICK_NSL_OPT_SIG;
    memcpy(cfg.id, s->id, sizeof cfg.id);
    return wick_nsl_init(&s->nsl, &cfg, 0);
}

static wick_status make(struct side *s, wick_session_role role, uint8_t number)
{
    uint8_t secret[32];
    memset(secret, number, sizeof secret);
    memset(s->id, number, sizeof s->id);
    s->role = role;
    s->addr = wick_addr_v4(192, 0, 2, number, 5000);
    wick_status st = wick_ram_keystore_import(&s->key, &ram, secret);
    if (st == WICK_OK) {
        s->pub.type = WICK_KEY_TYPE_SECP256K1;
        st = wick_crypto_secp256k1_public(&cc, s->pub.bytes, secret);
    }
    return st == WICK_OK ? reset(s, number) : st;
}

/* Everything that the node has to say; what it sends goes to `out`. */
static bool nsl_poll(struct side *s, struct record *out)
{
    wick_nsl_out o;
    bool moved = false;
    for (wick_nsl_poll(&s->nsl, &o, 0); o.kind != WICK_OUT_WAIT; wick_nsl_poll(&s->nsl, &o, 0)) {
        moved = true;
        if (o.kind == WICK_OUT_SEND) {
            add(out, o.bytes, &nsl_bytes);
        } else if (o.event == WICK_NSL_EV_LOOKUP_WANTED) {
            (void)!wick_nsl_lookup_result(&s->nsl, 0, o.id, &other(s)->pub, WICK_OK);
        } else if (o.event == WICK_NSL_EV_ESTABLISHED) {
            s->nsl_up = wick_nsl_take(&s->nsl, &s->session, o.run) == WICK_OK;
        }
    }
    return moved;
}

static void nsl_begin(struct side *s)
{
    if (s->role == WICK_ROLE_INITIATOR) {
        wick_nsl_peer peer;
        uint32_t run = 0;
        memcpy(peer.id, other(s)->id, sizeof peer.id);
        peer.key = other(s)->pub;
        peer.addr = other(s)->addr;
        (void)!wick_nsl_connect(&s->nsl, &run, 0, &peer);
    }
}

static void nsl_take_in(struct side *s, size_t i)
{
    wick_span d = wick_span_make(s->nsl_in.d[i].bytes, s->nsl_in.d[i].len);
    (void)!wick_nsl_input(&s->nsl, 0, d, &other(s)->addr);
}

static bool dtls_poll(struct side *s, struct record *out)
{
    wick_out o;
    bool moved = false;
    for (wick_dtls_poll(&s->dtls, &o, 0); o.kind == WICK_OUT_SEND || o.kind == WICK_OUT_EVENT;
         wick_dtls_poll(&s->dtls, &o, 0)) {
        moved = true;
        if (o.kind == WICK_OUT_SEND) {
            add(out, o.bytes, &dtls_bytes);
        }
    }
    return moved;
}

static void dtls_begin(struct side *s)
{
    wick_dtls_config cfg;
    memset(&cfg, 0, sizeof cfg);
    if (s->psk.key_len == 0 &&
        wick_session_psk_derive(&s->psk, &crypto, &s->session, WICK_USE_DTLS12) != WICK_OK) {
        return;
    }
    bool client = s->role == WICK_ROLE_INITIATOR;
    s->entry.identity = wick_span_text(s->psk.identity);
    s->entry.psk = wick_span_make(s->psk.key, s->psk.key_len);
    memcpy(s->entry.peer, other(s)->id, sizeof s->entry.peer);
    s->entry.role = cfg.role = client ? WICK_DTLS_CLIENT : WICK_DTLS_SERVER;
    cfg.entries = &s->entry;
    cfg.entry_count = 1;
    cfg.expect_peer = other(s)->id;
    cfg.entropy = &s->entropy;
    cfg.suites = suites;
    cfg.address = wick_span_text("192.0.2.1:5000");
    if (wick_dtls_init(&s->dtls, &cfg) == WICK_OK) {
        (void)!wick_dtls_start(&s->dtls, 0);
    }
}

static void dtls_take_in(struct side *s, size_t i)
{
    wick_span d = wick_span_make(s->dtls_in.d[i].bytes, s->dtls_in.d[i].len);
    (void)!wick_dtls_input(&s->dtls, 0, d);
}

/* Both sides, with everything written down; then both as after boot. */
static const char *rehearse(void)
{
    size_t at[2] = {0, 0};
    memset(&initiator, 0, sizeof initiator);
    memset(&responder, 0, sizeof responder);
    if (wick_crypto_init(&crypto, &cc) != WICK_OK || wick_mbedtls_pool_init() != WICK_OK) {
        BENCH_SKIP("no crypto");
    }
    wick_ram_keystore_init(&keystore, &ram, &cc);
    if (make(&initiator, WICK_ROLE_INITIATOR, 1) != WICK_OK ||
        make(&responder, WICK_ROLE_RESPONDER, 2) != WICK_OK) {
        BENCH_SKIP("no keys");
    }
    nsl_bytes = dtls_bytes = 0;
    nsl_begin(&initiator);
    for (bool moved = true; moved;) {
        moved = nsl_poll(&initiator, &responder.nsl_in);
        for (; at[1] < responder.nsl_in.count; at[1]++) {
            nsl_take_in(&responder, at[1]);
        }
        moved = nsl_poll(&responder, &initiator.nsl_in) || moved;
        for (; at[0] < initiator.nsl_in.count; at[0]++) {
            nsl_take_in(&initiator, at[0]);
        }
    }
    initiator.dtls_random = initiator.random;
    responder.dtls_random = responder.random;
    dtls_begin(&initiator);
    dtls_begin(&responder);
    at[0] = at[1] = 0;
    for (bool moved = true; moved;) {
        moved = dtls_poll(&initiator, &responder.dtls_in);
        for (; at[1] < responder.dtls_in.count; at[1]++) {
            dtls_take_in(&responder, at[1]);
            moved = dtls_poll(&responder, &initiator.dtls_in) || moved;
        }
        for (; at[0] < initiator.dtls_in.count; at[0]++) {
            dtls_take_in(&initiator, at[0]);
            moved = dtls_poll(&initiator, &responder.dtls_in) || moved;
        }
    }
    bool up = wick_dtls_is_up(&initiator.dtls) && wick_dtls_is_up(&responder.dtls);
    wick_dtls_free(&initiator.dtls);
    wick_dtls_free(&responder.dtls);
    if (!up || !initiator.nsl_up || !responder.nsl_up || reset(&initiator, 1) != WICK_OK ||
        reset(&responder, 2) != WICK_OK) {
        return "the rehearsal did not connect";
    }
    return BENCH_READY;
}

static void nsl_alone(struct side *s)
{
    nsl_begin(s);
    (void)nsl_poll(s, &nowhere);
    for (size_t i = 0; i < s->nsl_in.count; i++) {
        nsl_take_in(s, i);
        (void)nsl_poll(s, &nowhere);
    }
}

static void dtls_alone(struct side *s)
{
    dtls_begin(s);
    (void)dtls_poll(s, &nowhere);
    for (size_t i = 0; i < s->dtls_in.count; i++) {
        dtls_take_in(s, i);
        (void)dtls_poll(s, &nowhere);
    }
}

static void connect_alone(struct side *s)
{
    nsl_alone(s);
    memset(&s->psk, 0, sizeof s->psk); /* that of the rehearsal */
    dtls_alone(s);
}

/* With the key of the rehearsal in hand. */
static const char *rehearse_dtls(unsigned of)
{
    suites = of;
    const char *why = rehearse();
    initiator.random = initiator.dtls_random;
    responder.random = responder.dtls_random;
    (void)printf("wire %zu\n", dtls_bytes);
    return why;
}

#define setup_connect_initiator rehearse
BENCH(connect_initiator)
{
    connect_alone(&initiator);
}
BENCH_CHECK(connect_initiator)
{
    /* The bar on the wire of the handshake alone, cookie included. */
    return wick_dtls_is_up(&initiator.dtls) && nsl_bytes <= 691;
}

#define setup_connect_responder rehearse
BENCH(connect_responder)
{
    connect_alone(&responder);
}
BENCH_CHECK(connect_responder)
{
    return wick_dtls_is_up(&responder.dtls);
}

BENCH_SETUP(dtls_psk_client)
{
    return rehearse_dtls(WICK_DTLS_AES128_CCM8);
}
BENCH(dtls_psk_client)
{
    dtls_alone(&initiator);
}
BENCH_CHECK(dtls_psk_client)
{
    return wick_dtls_is_up(&initiator.dtls);
}

BENCH_SETUP(dtls_psk_server)
{
    return rehearse_dtls(WICK_DTLS_AES128_CCM8);
}
BENCH(dtls_psk_server)
{
    dtls_alone(&responder);
}
BENCH_CHECK(dtls_psk_server)
{
    return wick_dtls_is_up(&responder.dtls);
}

BENCH_SETUP(dtls_ecdhe_client)
{
    return rehearse_dtls(WICK_DTLS_ECDHE_CHACHA20);
}
BENCH(dtls_ecdhe_client)
{
    dtls_alone(&initiator);
}
BENCH_CHECK(dtls_ecdhe_client)
{
    return wick_dtls_is_up(&initiator.dtls);
}

BENCH_SETUP(dtls_ecdhe_server)
{
    return rehearse_dtls(WICK_DTLS_ECDHE_CHACHA20);
}
BENCH(dtls_ecdhe_server)
{
    dtls_alone(&responder);
}
BENCH_CHECK(dtls_ecdhe_server)
{
    return wick_dtls_is_up(&responder.dtls);
}

BENCH_MAIN(BENCH_CASE(connect_initiator), BENCH_CASE(connect_responder),
           BENCH_CASE(dtls_psk_client), BENCH_CASE(dtls_psk_server), BENCH_CASE(dtls_ecdhe_client),
           BENCH_CASE(dtls_ecdhe_server))
