/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake with somebody on the path. The input is a list of orders for the datagrams in
 * flight: deliver, drop, repeat, flip bits, cut, swap for bytes of one's own, let time pass. What
 * must hold whatever happens: an initiator that is up has a responder that is up with the same key
 * (nothing but the responder's M4 takes it there), and no side ever takes a session with another
 * peer than the one it means.
 */
#include "fuzz.h"

#include "wick/nsl.h"
#include "wick/port/crypto.h"

#define QUEUE 8
#define POLLS_MAX 100
#define SESSIONS_MAX 8

struct side {
    uint8_t id[32];
    wick_nsl_key pub;
    wick_key key;
    wick_addr addr;
    uint64_t random;
    wick_hal_entropy entropy;
    wick_nsl_node nsl;
    size_t ups;
    uint8_t roots[SESSIONS_MAX][32];
};

struct flight {
    struct side *from;
    uint8_t bytes[256];
    size_t len;
};

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_ram_keystore ram;
static wick_hal_keystore keystore;
static struct side a, b;
static struct flight queue[QUEUE];
static size_t queued;
static uint64_t now;

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
    return s == &a ? &b : &a;
}

static void make(struct side *s, uint8_t number)
{
    uint8_t secret[32];
    wick_nsl_config cfg;
    memset(s, 0, sizeof *s);
    memset(secret, number, sizeof secret);
    memset(s->id, number, sizeof s->id);
    s->addr = wick_addr_v4(192, 0, 2, number, 5000);
    s->random = number;
    s->entropy.ctx = &s->random;
    s->entropy.fill = fill;
    s->pub.type = WICK_KEY_TYPE_SECP256K1;
    FUZZ_CHECK(wick_ram_keystore_import(&s->key, &ram, secret) == WICK_OK);
    FUZZ_CHECK(wick_crypto_secp256k1_public(&cc, s->pub.bytes, secret) == WICK_OK);
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &crypto;
    cfg.entropy = &s->entropy;
    cfg.keystore = &keystore;
    cfg.key = s->key;
    cfg.pub = s->pub;
    cfg.opts = WICK_NSL_OPT_SIG;
    memcpy(cfg.id, s->id, sizeof cfg.id);
    FUZZ_CHECK(wick_nsl_init(&s->nsl, &cfg, now) == WICK_OK);
}

static void take(struct side *s, uint32_t run)
{
    wick_session session;
    if (wick_nsl_take(&s->nsl, &session, run) != WICK_OK) {
        return;
    }
    FUZZ_CHECK(memcmp(session.peer_id, other(s)->id, 32) == 0);
    FUZZ_CHECK(s->ups < SESSIONS_MAX);
    memcpy(s->roots[s->ups], session.root, 32);
    s->ups++;
}

static void poll_all(struct side *s)
{
    wick_nsl_out o;
    for (int i = 0;; i++) {
        FUZZ_CHECK(i < POLLS_MAX);
        wick_nsl_poll(&s->nsl, &o, now);
        if (o.kind == WICK_OUT_WAIT) {
            return;
        }
        if (o.kind == WICK_OUT_SEND && queued < QUEUE) {
            FUZZ_CHECK(o.bytes.len <= sizeof queue[0].bytes);
            queue[queued].from = s;
            memcpy(queue[queued].bytes, o.bytes.ptr, o.bytes.len);
            queue[queued].len = o.bytes.len;
            queued++;
        } else if (o.kind == WICK_OUT_EVENT && o.event == WICK_NSL_EV_LOOKUP_WANTED) {
            (void)!wick_nsl_lookup_result(&s->nsl, now, o.id, &other(s)->pub,
                                          memcmp(o.id, other(s)->id, 32) == 0
                                              ? WICK_OK
                                              : WICK_E_RECORD_ABSENT);
        } else if (o.kind == WICK_OUT_EVENT && o.event == WICK_NSL_EV_ESTABLISHED) {
            take(s, o.run);
        }
    }
}

static void deliver(const struct flight *f)
{
    struct side *to = other(f->from);
    (void)!wick_nsl_input(&to->nsl, now, wick_span_make(f->bytes, f->len), &f->from->addr);
    poll_all(to);
}

/* One order; returns the input bytes used. */
static size_t order(const uint8_t *in, size_t len)
{
    struct flight f;
    memset(&f, 0, sizeof f);
    if (queued == 0 || (in[0] & 7u) == 6) {
        now += len > 1 ? in[1] * 8u : 250;
        poll_all(&a);
        poll_all(&b);
        return 2;
    }
    size_t at = (size_t)(in[0] >> 3) % queued;
    f = queue[at];
    queued--;
    memmove(queue + at, queue + at + 1, (queued - at) * sizeof queue[0]);
    switch (in[0] & 7u) {
    case 1: /* drop */
        return 1;
    case 2: /* repeat */
        deliver(&f);
        deliver(&f);
        return 1;
    case 3: /* flip */
        if (len >= 3) {
            f.bytes[in[1] % f.len] ^= in[2];
        }
        deliver(&f);
        return 3;
    case 4: /* cut */
        if (len >= 2 && in[1] < f.len) {
            f.len = in[1];
        }
        deliver(&f);
        return 2;
    case 5: /* bytes of one's own, behind the first ones of the datagram */
        if (len >= 3) {
            size_t keep = in[1] % (f.len + 1), own = in[2] < len - 3 ? in[2] : len - 3;
            own = own > sizeof f.bytes - keep ? sizeof f.bytes - keep : own;
            memcpy(f.bytes + keep, in + 3, own);
            f.len = keep + own;
            deliver(&f);
            return 3 + own;
        }
        return 3;
    case 7: /* back to its sender */
        f.from = other(f.from);
        deliver(&f);
        return 1;
    default:
        deliver(&f);
        return 1;
    }
}

static void agree(void)
{
    for (size_t i = 0; i < a.ups; i++) {
        size_t j = 0;
        while (j < b.ups && memcmp(a.roots[i], b.roots[j], 32) != 0) {
            j++;
        }
        FUZZ_CHECK(j < b.ups);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_nsl_peer peer;
    uint32_t run = 0;
    if (crypto.ctx == NULL) {
        FUZZ_CHECK(wick_crypto_init(&crypto, &cc) == WICK_OK);
    }
    now = 1000;
    queued = 0;
    wick_ram_keystore_init(&keystore, &ram, &cc);
    make(&a, 1);
    make(&b, 2);
    memset(&peer, 0, sizeof peer);
    memcpy(peer.id, b.id, sizeof peer.id);
    peer.key = b.pub;
    peer.addr = b.addr;
    FUZZ_CHECK(wick_nsl_connect(&a.nsl, &run, now, &peer) == WICK_OK);
    poll_all(&a);
    for (size_t at = 0, orders = 0; at < size && orders < 64; orders++) {
        at += order(data + at, size - at);
        agree();
    }
    if (a.ups != 0) {
        FUZZ_ACCEPTED();
    }
    wick_nsl_wipe(&a.nsl);
    wick_nsl_wipe(&b.nsl);
    wick_ram_keystore_wipe(&ram);
    return 0;
}
