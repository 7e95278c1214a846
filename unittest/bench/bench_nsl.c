/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake, one side at a time: all that the initiator does (M1, M0, M1 with cookie, M2, M3,
 * M4, key and identity), and all that the responder does. The other side's messages are recorded
 * in a run before.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "wick/nsl.h"
#include "wick/port/crypto.h"

#include "../unit/rsa_keys.h"

#define I 0
#define R 1
#define NOW 1000u

struct message {
    size_t len;
    uint8_t bytes[512];
};

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hal_keystore keystore;
static wick_ram_keystore ram;
static wick_nsl_config cfg[2];
static wick_nsl_node node[2];
static wick_addr addr[2];
static uint8_t drawn[2];
static struct message m0, m1[2], m2, m3, m4;
static wick_session session[2];
static wick_session_psk psk[2];
static wick_status status;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *n = ctx;
    (*n)++;
    memset(out, *n, len);
    return WICK_OK;
}

static wick_status fill_same(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x5a, len);
    return WICK_OK;
}

static wick_hal_entropy entropy[2] = {{&drawn[I], fill}, {&drawn[R], fill}};
/* Blinding and the salts of PSS. How often it is asked is the library's, so that all draws are one. */
static const wick_hal_entropy blinding = {NULL, fill_same};

static void keep(wick_status st)
{
    status = status == WICK_OK ? st : status;
}

static void secp256k1_key(unsigned n)
{
    uint8_t secret[32] = {0};

    secret[31] = (uint8_t)(n + 5);
    cfg[n].pub.type = WICK_KEY_TYPE_SECP256K1;
    keep(wick_ram_keystore_import(&cfg[n].key, &ram, secret));
    keep(keystore.secp256k1_public(keystore.ctx, cfg[n].pub.bytes, cfg[n].key));
}

static void rsa_key(unsigned n)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    const char *hex = n == I ? RSA_KEY_A1 : RSA_KEY_B2;

    cfg[n].pub.type = WICK_KEY_TYPE_RSA2048;
    keep(wick_hex_decode(primes, sizeof primes, hex, strlen(hex)));
    keep(wick_ram_keystore_import_rsa(&cfg[n].key, &ram, primes));
    keep(keystore.rsa_public(keystore.ctx, cfg[n].pub.bytes, cfg[n].key));
}

static void side(unsigned n, void (*make_key)(unsigned))
{
    memset(&cfg[n], 0, sizeof cfg[n]);
    cfg[n].crypto = &crypto;
    cfg[n].keystore = &keystore;
    cfg[n].entropy = &entropy[n];
    cfg[n].opts = WICK_NSL_OPT_SIG;
    memset(cfg[n].id, (int)n + 1, 32);
    addr[n] = wick_addr_v4(192, 0, 2, (uint8_t)n, 4000);
    make_key(n);
}

static void fresh(unsigned n)
{
    drawn[n] = (uint8_t)(1 + 100 * n);
    keep(wick_nsl_init(&node[n], &cfg[n], NOW));
}

/* The next datagram of a side; whatever events come before are answered. */
static void output(unsigned n, struct message *out)
{
    wick_nsl_out o;
    for (unsigned i = 0; i < 8; i++) {
        wick_nsl_poll(&node[n], &o, NOW);
        if (o.kind == WICK_OUT_SEND) {
            out->len = o.bytes.len;
            memcpy(out->bytes, o.bytes.ptr, o.bytes.len);
            return;
        }
        if (o.kind == WICK_OUT_EVENT && o.event == WICK_NSL_EV_LOOKUP_WANTED) {
            keep(wick_nsl_lookup_result(&node[n], NOW, o.id, &cfg[1 - n].pub, WICK_OK));
        }
    }
    keep(WICK_E_STATE);
}

static void finish(unsigned n)
{
    wick_nsl_out o;
    wick_nsl_poll(&node[n], &o, NOW);
    keep(wick_nsl_take(&node[n], &session[n], o.run));
    keep(wick_session_psk_derive(&psk[n], &crypto, &session[n], WICK_USE_DTLS12));
}

static void give(unsigned n, const struct message *m)
{
    keep(wick_nsl_input(&node[n], NOW, wick_span_make(m->bytes, m->len), &addr[1 - n]));
}

static void begin(void)
{
    wick_nsl_peer peer;
    uint32_t run;
    memset(&peer, 0, sizeof peer);
    memcpy(peer.id, cfg[R].id, 32);
    peer.key = cfg[R].pub;
    peer.addr = addr[R];
    keep(wick_nsl_connect(&node[I], &run, NOW, &peer));
}

/* A run with both sides; then side `n` anew, in a crypto context that has met nobody else. */
static const char *record(unsigned n, void (*make_key)(unsigned))
{
    status = wick_crypto_init(&crypto, &cc);
    wick_ram_keystore_init(&keystore, &ram, &cc);
    wick_ram_keystore_rsa(&keystore, &ram, &blinding);
    side(I, make_key);
    side(R, make_key);
    fresh(I);
    fresh(R);
    begin();
    output(I, &m1[0]);
    give(R, &m1[0]);
    output(R, &m0);
    give(I, &m0);
    output(I, &m1[1]);
    give(R, &m1[1]);
    output(R, &m2);
    give(I, &m2);
    output(I, &m3);
    give(R, &m3);
    output(R, &m4);
    give(I, &m4);
    finish(I);
    finish(R);
    keep(wick_crypto_init(&crypto, &cc));
    fresh(n);
    return status == WICK_OK ? BENCH_READY : "the handshake did not run";
}

static void initiator(void)
{
    static struct message out; /* not of the stack that is measured */
    begin();
    output(I, &out);
    give(I, &m0);
    output(I, &out);
    give(I, &m2);
    output(I, &m3);
    give(I, &m4);
    finish(I);
}

static void responder(void)
{
    static struct message out; /* not of the stack that is measured */
    give(R, &m1[0]);
    output(R, &out);
    give(R, &m1[1]);
    output(R, &out);
    give(R, &m3);
    output(R, &out);
    finish(R);
}

/* Recorded, and the key of side `n` forgotten, so that it must come again. */
static const char *begun(unsigned n, void (*make_key)(unsigned))
{
    const char *why = record(n, make_key);
    memset(&psk[n], 0, sizeof psk[n]);
    return why;
}

/* Bytes on the wire go to unittest/bench/sessions.sh. */
static bool agreed(void)
{
    size_t all = m1[0].len + m2.len + m3.len + m4.len;
    (void)printf("wire %zu with_cookie %zu\n", all, all + m0.len + m1[1].len);
    return status == WICK_OK && memcmp(&psk[I], &psk[R], sizeof psk[I]) == 0;
}

BENCH_SETUP(nsl_initiator)
{
    return begun(I, secp256k1_key);
}

BENCH(nsl_initiator)
{
    initiator();
}

BENCH_CHECK(nsl_initiator)
{
    return agreed();
}

BENCH_SETUP(nsl_responder)
{
    return begun(R, secp256k1_key);
}

BENCH(nsl_responder)
{
    responder();
}

BENCH_CHECK(nsl_responder)
{
    return agreed();
}

BENCH_SETUP(nsl_rsa_initiator)
{
    return begun(I, rsa_key);
}

BENCH(nsl_rsa_initiator)
{
    initiator();
}

BENCH_CHECK(nsl_rsa_initiator)
{
    return agreed();
}

BENCH_SETUP(nsl_rsa_responder)
{
    return begun(R, rsa_key);
}

BENCH(nsl_rsa_responder)
{
    responder();
}

BENCH_CHECK(nsl_rsa_responder)
{
    return agreed();
}

BENCH_SETUP(nsl_cookie)
{
    return record(R, secp256k1_key);
}

/* What an M1 without cookie costs the responder. */
BENCH(nsl_cookie)
{
    static struct message out; /* not of the stack that is measured */
    give(R, &m1[0]);
    output(R, &out);
}

BENCH_CHECK(nsl_cookie)
{
    return status == WICK_OK;
}

BENCH_MAIN(BENCH_CASE(nsl_initiator), BENCH_CASE(nsl_responder), BENCH_CASE(nsl_rsa_initiator),
           BENCH_CASE(nsl_rsa_responder), BENCH_CASE(nsl_cookie))
