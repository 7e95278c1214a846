/* SPDX-License-Identifier: Apache-2.0 */
#include "nsl_world.h"

#include "../../core/psk/nsl_internal.h"
#include "wick/rsa.h"

#include "rsa_keys.h"

uint8_t world_suite = 0x22;
struct side side[SIDES];
uint64_t now_ms;
struct packet queue[QUEUE_MAX];
struct calls calls;
wick_hal_crypto real_crypto, crypto;
wick_hal_keystore keystore;
wick_ram_keystore ram;
enum lookup_mode lookup_mode;
uint64_t lookup_delay_ms;
bool (*on_packet)(struct packet *p);
wick_status last_input, last_lookup;

static wick_crypto_ctx cc;
static wick_hal_keystore real_keystore;
static wick_hal_entropy entropy[SIDES];
static uint64_t serial;
static uint64_t random_state;
static struct packet last_sent[8];
static struct {
    bool used;
    uint64_t at_ms;
    unsigned asker;
    uint8_t id[32];
} pending[16];

/* ---- counted back end ---- */

static wick_status count_ecdh(void *ctx, uint8_t x32[32], const uint8_t secret32[32],
                              const uint8_t peer33[33])
{
    calls.ecdh++;
    return real_crypto.secp256k1_ecdh(ctx, x32, secret32, peer33);
}

static wick_status count_public(void *ctx, uint8_t pub33[33], const uint8_t secret32[32])
{
    calls.pub++;
    return real_crypto.secp256k1_public(ctx, pub33, secret32);
}

static wick_status count_verify(void *ctx, const uint8_t sig64[64], const uint8_t digest32[32],
                                const uint8_t pub33[33])
{
    calls.verify++;
    return real_crypto.secp256k1_verify(ctx, sig64, digest32, pub33);
}

static wick_status count_seal(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                              const uint8_t *nonce12, wick_span aad, wick_span pt)
{
    calls.seal++;
    return real_crypto.aead_seal(ctx, alg, out, key, nonce12, aad, pt);
}

static wick_status count_open(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                              const uint8_t *nonce12, wick_span aad, wick_span ct)
{
    calls.open++;
    return real_crypto.aead_open(ctx, alg, out, key, nonce12, aad, ct);
}

static wick_status count_keystore_ecdh(void *ctx, uint8_t x32[32], wick_key key,
                                       const uint8_t peer33[33])
{
    calls.key_opens++;
    return real_keystore.secp256k1_ecdh(ctx, x32, key, peer33);
}

static wick_status count_keystore_sign(void *ctx, uint8_t sig64[64], uint8_t *recid, wick_key key,
                                       const uint8_t digest32[32])
{
    calls.key_signs++;
    return real_keystore.secp256k1_sign(ctx, sig64, recid, key, digest32);
}

#if WICK_WITH_NSL_RSA
static wick_status count_rsa_open(void *ctx, uint8_t message32[32], wick_key key, wick_span label,
                                  const uint8_t sealed256[256])
{
    calls.key_opens++;
    return real_keystore.rsa_open(ctx, message32, key, label, sealed256);
}

static wick_status count_rsa_sign(void *ctx, uint8_t sig256[256], wick_key key,
                                  const uint8_t digest32[32])
{
    calls.key_signs++;
    return real_keystore.rsa_sign(ctx, sig256, key, digest32);
}

static wick_status count_rsa_verify(void *ctx, const uint8_t sig256[256],
                                    const uint8_t digest32[32], const uint8_t pub260[260])
{
    calls.verify++;
    return real_crypto.rsa_verify(ctx, sig256, digest32, pub260);
}
#endif

/* splitmix64: all that matters is that it does not repeat. */
static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static wick_status fill_entropy(void *ctx, uint8_t *out, size_t len)
{
    struct side *s = ctx;
    if (s->entropy_left == 0) {
        return WICK_E_ENTROPY;
    }
    if (s->entropy_left != UINT32_MAX) {
        s->entropy_left--;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)split_mix(&s->entropy_state);
    }
    return WICK_OK;
}

uint32_t world_random(void)
{
    return (uint32_t)(split_mix(&random_state) >> 16);
}

void world_entropy(unsigned n, uint64_t seed)
{
    side[n].entropy_state = seed;
}

/* ---- set-up ---- */

void world_random_bytes(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)world_random();
    }
}

static wick_status fill_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    world_random_bytes(out, len);
    return WICK_OK;
}

static const wick_hal_entropy random_entropy = {NULL, fill_random};

void world_init(void)
{
    CHECK_STATUS(wick_crypto_init(&real_crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&real_keystore, &ram, &cc);
    crypto = real_crypto;
    crypto.secp256k1_ecdh = count_ecdh;
    crypto.secp256k1_public = count_public;
    crypto.secp256k1_verify = count_verify;
    crypto.aead_seal = count_seal;
    crypto.aead_open = count_open;
#if WICK_WITH_NSL_RSA
    wick_ram_keystore_rsa(&real_keystore, &ram, &random_entropy);
    crypto.rsa_verify = count_rsa_verify;
#endif
    keystore = real_keystore;
    keystore.secp256k1_ecdh = count_keystore_ecdh;
    keystore.secp256k1_sign = count_keystore_sign;
#if WICK_WITH_NSL_RSA
    keystore.rsa_open = count_rsa_open;
    keystore.rsa_sign = count_rsa_sign;
#endif
    memset(side, 0, sizeof side);
    memset(queue, 0, sizeof queue);
    memset(last_sent, 0, sizeof last_sent);
    memset(pending, 0, sizeof pending);
    memset(&calls, 0, sizeof calls);
    now_ms = 1000000;
    serial = 0;
    random_state = 1;
    lookup_mode = LOOKUP_NOW;
    lookup_delay_ms = 0;
    on_packet = NULL;
}

#if WICK_WITH_NSL_RSA
static void rsa_key(struct side *s, uint8_t name)
{
    const char *hex = name == 0xa1   ? RSA_KEY_A1
                      : name == 0xb2 ? RSA_KEY_B2
                      : name == 0xc3 ? RSA_KEY_C3
                                     : RSA_KEY_D4;
    uint8_t primes[WICK_RSA_PRIMES_BYTES];

    CHECK_STATUS(wick_hex_decode(primes, sizeof primes, hex, strlen(hex)), WICK_OK);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&s->key, &ram, primes), WICK_OK);
    CHECK_STATUS(keystore.rsa_public(keystore.ctx, s->record.bytes, s->key), WICK_OK);
}
#endif

void world_side(unsigned n, uint8_t name)
{
    struct side *s = &side[n];
    uint8_t secret[32] = {0};

    secret[31] = name;
    memset(s, 0, sizeof *s);
    s->entropy_left = UINT32_MAX;
    s->entropy_state = (uint64_t)name << 32;
    s->addr = wick_addr_v4(192, 0, 2, (uint8_t)(n + 1), (uint16_t)(40000 + n));
    entropy[n].ctx = s;
    entropy[n].fill = fill_entropy;
    s->record.type = n == 0 ? world_suite >> 4 : world_suite & 15u;
#if WICK_WITH_NSL_RSA
    if (s->record.type == WICK_KEY_TYPE_RSA2048) {
        rsa_key(s, name);
    }
#endif
    if (s->record.type == WICK_KEY_TYPE_SECP256K1) {
        CHECK_STATUS(wick_ram_keystore_import(&s->key, &ram, secret), WICK_OK);
        CHECK_STATUS(keystore.secp256k1_public(keystore.ctx, s->record.bytes, s->key), WICK_OK);
    }
    s->cfg.crypto = &crypto;
    s->cfg.entropy = &entropy[n];
    s->cfg.keystore = &keystore;
    memset(s->cfg.id, name, 32);
    s->cfg.pub = s->record;
    s->cfg.key = s->key;
    s->cfg.opts = WICK_NSL_OPT_SIG;
    world_start(n);
}

void world_start(unsigned n)
{
    CHECK_STATUS(wick_nsl_init(&side[n].node, &side[n].cfg, now_ms), WICK_OK);
}

wick_nsl_peer world_peer(unsigned n)
{
    wick_nsl_peer p;
    memset(&p, 0, sizeof p);
    memcpy(p.id, side[n].cfg.id, 32);
    p.key = side[n].record;
    p.addr = side[n].addr;
    return p;
}

uint32_t world_connect(unsigned from, unsigned to)
{
    const wick_nsl_peer p = world_peer(to);
    uint32_t run = 0;
    CHECK_STATUS(wick_nsl_connect(&side[from].node, &run, now_ms, &p), WICK_OK);
    world_poll(from);
    return run;
}

/* ---- network ---- */

void world_put(const uint8_t *bytes, size_t len, const wick_addr *from, const wick_addr *to,
               uint64_t at_ms)
{
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        struct packet *p = &queue[i];
        if (!p->used && len <= PACKET_MAX) {
            p->used = true;
            p->at_ms = at_ms;
            p->serial = serial++;
            p->from = *from;
            p->to = *to;
            p->len = len;
            memcpy(p->bytes, bytes, len);
            return;
        }
    }
    tap_fail(__FILE__, __LINE__, "the queue is full");
}

static void send_out(struct side *s, const wick_nsl_out *out)
{
    struct packet p;

    memset(&p, 0, sizeof p);
    p.from = s->addr;
    p.to = out->to;
    p.len = out->bytes.len;
    p.at_ms = now_ms + LATENCY_MS;
    REQUIRE(p.len <= PACKET_MAX && p.len >= 12);
    memcpy(p.bytes, out->bytes.ptr, p.len);
    s->sent++;
    s->sent_bytes += p.len;
    last_sent[p.bytes[1] & 7] = p;
    if (on_packet == NULL || on_packet(&p)) {
        world_put(p.bytes, p.len, &p.from, &p.to, p.at_ms);
    }
}

const struct packet *world_sent(uint8_t type)
{
    return last_sent[type].len != 0 ? &last_sent[type] : NULL;
}

/* ---- events ---- */

static void answer_lookup(struct side *asker, const uint8_t id[32])
{
    for (size_t i = 0; i < SIDES; i++) {
        if (side[i].record.type != 0 && memcmp(side[i].cfg.id, id, 32) == 0) {
            last_lookup =
                wick_nsl_lookup_result(&asker->node, now_ms, id, &side[i].record, WICK_OK);
            return;
        }
    }
    last_lookup = wick_nsl_lookup_result(&asker->node, now_ms, id, NULL, WICK_E_RECORD_ABSENT);
}

static void take_event(unsigned n, const wick_nsl_out *out)
{
    struct side *s = &side[n];

    switch (out->event) {
    case WICK_NSL_EV_LOOKUP_WANTED:
        s->lookups++;
        s->fresh_lookups += out->fresh ? 1u : 0u;
        if (lookup_mode == LOOKUP_NOW) {
            answer_lookup(s, out->id);
        }
        for (size_t i = 0; i < 16 && lookup_mode == LOOKUP_LATER; i++) {
            if (!pending[i].used) {
                pending[i].used = true;
                pending[i].at_ms = now_ms + lookup_delay_ms;
                pending[i].asker = n;
                memcpy(pending[i].id, out->id, 32);
                break;
            }
        }
        break;
    case WICK_NSL_EV_ESTABLISHED:
        s->established++;
        s->last_run = out->run;
        CHECK_STATUS(wick_nsl_take(&s->node, &s->session, out->run), WICK_OK);
        break;
    case WICK_NSL_EV_FAILED:
        s->failed++;
        s->last_run = out->run;
        s->last_failure = out->status;
        break;
    case WICK_NSL_EV_FORMER_KEY_DONE:
        s->former_done++;
        break;
    default:
        tap_fail(__FILE__, __LINE__, "unknown event");
        break;
    }
}

void world_poll(unsigned n)
{
    wick_nsl_out out;
    for (unsigned guard = 0; guard < 1000; guard++) {
        wick_nsl_poll(&side[n].node, &out, now_ms);
        if (out.kind == WICK_OUT_WAIT) {
            CHECK(!wick_time_reached(now_ms, out.deadline_ms));
            return;
        }
        if (out.kind == WICK_OUT_SEND) {
            send_out(&side[n], &out);
        } else {
            take_event(n, &out);
        }
    }
    tap_fail(__FILE__, __LINE__, "poll does not come to rest");
}

wick_status world_give(unsigned n, const uint8_t *bytes, size_t len, const wick_addr *from)
{
    wick_status st =
        wick_nsl_input(&side[n].node, now_ms, wick_span_make(bytes, len), from);
    world_poll(n);
    return st;
}

/* ---- time ---- */

static struct packet *next_packet(void)
{
    struct packet *best = NULL;
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        struct packet *p = &queue[i];
        if (p->used && (best == NULL || p->at_ms < best->at_ms ||
                        (p->at_ms == best->at_ms && p->serial < best->serial))) {
            best = p;
        }
    }
    return best;
}

static void deliver(const struct packet *p)
{
    for (unsigned n = 0; n < SIDES; n++) {
        if (side[n].cfg.crypto != NULL && wick_addr_equal(&side[n].addr, &p->to)) {
            last_input = world_give(n, p->bytes, p->len, &p->from);
        }
    }
}

static void answer_pending(void)
{
    for (size_t i = 0; i < 16; i++) {
        if (pending[i].used && pending[i].at_ms <= now_ms) {
            pending[i].used = false;
            answer_lookup(&side[pending[i].asker], pending[i].id);
            world_poll(pending[i].asker);
        }
    }
}

void world_run(uint64_t until_ms)
{
    while (now_ms <= until_ms) {
        uint64_t next = until_ms + 1;
        struct packet *p = next_packet();
        if (p != NULL && p->at_ms <= now_ms) {
            struct packet copy = *p;
            p->used = false;
            deliver(&copy);
            continue;
        }
        answer_pending();
        for (unsigned n = 0; n < SIDES; n++) {
            wick_nsl_out out;
            if (side[n].cfg.crypto == NULL) {
                continue;
            }
            world_poll(n);
            wick_nsl_poll(&side[n].node, &out, now_ms);
            if (out.kind == WICK_OUT_WAIT) {
                next = wick_time_min(next, out.deadline_ms);
            }
        }
        p = next_packet();
        next = (p != NULL) ? wick_time_min(next, p->at_ms) : next;
        for (size_t i = 0; i < 16; i++) {
            next = pending[i].used ? wick_time_min(next, pending[i].at_ms) : next;
        }
        now_ms = next > now_ms ? next : now_ms;
    }
    now_ms = until_ms;
}

bool world_same_session(unsigned a, unsigned b)
{
    const wick_session *x = &side[a].session;
    const wick_session *y = &side[b].session;
    return !wick_ct_is_zero(x->root, 32) && memcmp(x->root, y->root, 32) == 0 &&
           memcmp(x->peer_id, side[b].cfg.id, 32) == 0 &&
           memcmp(y->peer_id, side[a].cfg.id, 32) == 0 && x->role == WICK_ROLE_INITIATOR &&
           y->role == WICK_ROLE_RESPONDER && x->uses == y->uses;
}

bool world_node_has(unsigned n, const uint8_t *bytes, size_t len)
{
    const uint8_t *mem = (const uint8_t *)&side[n].node;
    for (size_t i = 0; i + len <= sizeof side[n].node; i++) {
        if (memcmp(mem + i, bytes, len) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- what a dishonest party can make ---- */

void world_keyhash(uint8_t out[32], unsigned n)
{
    CHECK_STATUS(nsl_keyhash(&real_crypto, out, &side[n].record), WICK_OK);
}

struct m1_made world_m1(unsigned from)
{
    struct m1_made m;
    uint8_t keyhash[32];

    memset(&m, 0, sizeof m);
    m.suite = (uint8_t)((unsigned)side[from].record.type << 4 | (world_suite & 15u));
    m.cid_i = world_random() | 1u;
    world_random_bytes(m.n1, 32);
    world_random_bytes(m.e_secret, 32);
    m.e_secret[0] = 1;
    CHECK_STATUS(real_crypto.secp256k1_public(real_crypto.ctx, m.e_pub, m.e_secret), WICK_OK);
    memcpy(m.id, side[from].cfg.id, 32);
    world_keyhash(keyhash, from);
    memcpy(m.kid, keyhash, 8);
    m.opts = WICK_NSL_OPT_SIG;
    return m;
}

static void m1_info(uint8_t th0[32], unsigned to, const uint8_t to_id[32], uint8_t suite,
                    uint8_t keyhash[32])
{
    world_keyhash(keyhash, to);
    CHECK_STATUS(nsl_th0(&real_crypto, th0, suite, to_id, keyhash), WICK_OK);
}

/* Makes seals in nobody's name. */
static const wick_nsl_node *forger(void)
{
    static wick_nsl_node node;
    node.cfg.crypto = &real_crypto;
    node.cfg.keystore = &real_keystore;
    node.cfg.entropy = &random_entropy;
    return &node;
}

static wick_nsl_own own_of(unsigned n)
{
    wick_nsl_own own;
    memset(&own, 0, sizeof own);
    own.key = side[n].key;
    own.pub = side[n].cfg.pub;
    return own;
}

void world_seal_m1(uint8_t out[WICK_NSL_M1_MAX], const struct m1_made *m, unsigned to,
                   const uint8_t to_id[32])
{
    const struct nsl_type *t = nsl_type(side[to].record.type);
    uint8_t th0[32], keyhash[32], plain[107];

    m1_info(th0, to, to_id, m->suite, keyhash);
    const struct nsl_header head = {NSL_M1, m->suite, 0, m->cid_i, wick_load_be32(keyhash)};
    nsl_header_put(out, &head);
    memcpy(plain, m->n1, 32);
    memcpy(plain + 32, m->e_pub, 33);
    memcpy(plain + 65, m->id, 32);
    memcpy(plain + 97, m->kid, 8);
    wick_store_be16(plain + 105, m->opts);
    const struct nsl_seal seal = {NSL_SPAN(th0), wick_span_make(out, 12), {NULL, 0}};
    CHECK_STATUS(t->seal(forger(), out + 12, &seal, &side[to].record, NSL_SPAN(plain)), WICK_OK);
}

wick_status world_open_m1(struct m1_made *out, unsigned n, const uint8_t m1[WICK_NSL_M1_MAX])
{
    const struct nsl_type *t = nsl_type(side[n].cfg.pub.type);
    const wick_nsl_own own = own_of(n);
    uint8_t th0[32], keyhash[32], plain[107];

    memset(out, 0, sizeof *out);
    m1_info(th0, n, side[n].cfg.id, m1[2], keyhash);
    const struct nsl_seal seal = {NSL_SPAN(th0), wick_span_make(m1, 12), {NULL, 0}};
    wick_status st =
        t->open(forger(), plain, &seal, &own, wick_span_make(m1 + 12, 107u + t->seal_bytes));
    if (st == WICK_OK) {
        out->suite = m1[2];
        out->cid_i = wick_load_be32(m1 + 4);
        memcpy(out->n1, plain, 32);
        memcpy(out->e_pub, plain + 32, 33);
        memcpy(out->id, plain + 65, 32);
        memcpy(out->kid, plain + 97, 8);
        out->opts = wick_load_be16(plain + 105);
    }
    return st;
}

void world_add_cookie(uint8_t out[WICK_NSL_M1_MAX], const uint8_t m1[WICK_NSL_M1_MAX], unsigned to,
                      const wick_addr *from)
{
    uint8_t m1_hash[32];

    CHECK_STATUS(nsl_m1_hash(&real_crypto, m1_hash, wick_span_make(m1, M1_LEN)), WICK_OK);
    memcpy(out, m1, 12);
    out[3] = NSL_FLAG_COOKIE;
    CHECK_STATUS(nsl_cookie_make(&side[to].node, out + 12, now_ms, from, m1_hash), WICK_OK);
    memcpy(out + 28, m1 + 12, M1_LEN - 12);
}

void world_seal_m2(uint8_t out[WICK_NSL_M2_MAX], unsigned to, const uint8_t th1[32],
                   const uint8_t *n1, const uint8_t plain98[98], uint32_t cid_i, uint32_t cid_r)
{
    const struct nsl_header head = {NSL_M2, world_suite, 0, cid_i, cid_r};
    const struct nsl_seal seal = {wick_span_make(th1, 32), wick_span_make(out, 12),
                                  wick_span_make(n1, n1 != NULL ? 32 : 0)};

    nsl_header_put(out, &head);
    CHECK_STATUS(nsl_type(side[to].record.type)
                     ->seal(forger(), out + 12, &seal, &side[to].record, wick_span_make(plain98, 98)),
                 WICK_OK);
}

wick_status world_open_m2(uint8_t plain98[98], unsigned n, const uint8_t th1[32], const uint8_t *n1,
                          const uint8_t m2[WICK_NSL_M2_MAX])
{
    const struct nsl_type *t = nsl_type(side[n].cfg.pub.type);
    const wick_nsl_own own = own_of(n);
    const struct nsl_seal seal = {wick_span_make(th1, 32), wick_span_make(m2, 12),
                                  wick_span_make(n1, n1 != NULL ? 32 : 0)};
    return t->open(forger(), plain98, &seal, &own, wick_span_make(m2 + 12, 98u + t->seal_bytes));
}

unsigned world_halves(unsigned n)
{
    unsigned count = 0;
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        count += side[n].node.half[i].state != NSL_HALF_FREE ? 1u : 0u;
    }
    return count;
}
