/* SPDX-License-Identifier: Apache-2.0 */
#include "beacon_world.h"

#include <string.h>

#include <blst.h>

#include "wick/header.h"

#define MEMBERS_MAX 512
#define COMMITTEES 12
#define OBJECT_MAX (64 * 1024)

wick_beacon_fork beacon_forks[8];
wick_beacon_chain beacon_chain = {"world", 4242, 1700000000, {0x5a, 0x6b}, 6, 8, 8, 32, 864000, beacon_forks,
                                  0,       NULL, 0};
wick_hal_crypto beacon_crypto;
static wick_crypto_ctx cc;

/* ---- hashing ---- */

static void sha256(uint8_t out[32], const uint8_t *data, size_t len)
{
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    (void)beacon_crypto.hash_begin(beacon_crypto.ctx, &h, WICK_HASH_SHA256);
    (void)beacon_crypto.hash_update(beacon_crypto.ctx, &h, data, len);
    (void)beacon_crypto.hash_finish(beacon_crypto.ctx, &h, out);
}

static void merkle(uint8_t out[32], uint8_t (*leaf)[32], size_t count)
{
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++) {
            sha256(leaf[i], leaf[2 * i], 64);
        }
    }
    memcpy(out, leaf[0], 32);
}

static void key_root(uint8_t out[32], const uint8_t key[48])
{
    uint8_t two[64] = {0};
    memcpy(two, key, 48);
    sha256(out, two, 64);
}

/* ---- committees ---- */

static struct {
    unsigned seed;
    uint16_t members;
    uint8_t keys[MEMBERS_MAX + 1][48];
    uint8_t root[32];
} committees[COMMITTEES];
static size_t committee_next;

/* Secret keys are numbers below 2^32, so that their sum is one as well. */
static uint64_t secret_of(unsigned seed, unsigned member)
{
    return (uint64_t)seed * 100003u + member * 7u + 1;
}

static void public_of(uint8_t out[48], uint64_t secret)
{
    uint8_t bytes[32] = {0};
    blst_scalar sk;
    blst_p1 point;
    wick_store_be64(bytes + 24, secret);
    blst_scalar_from_bendian(&sk, bytes);
    blst_sk_to_pk_in_g1(&point, &sk);
    blst_p1_compress(out, &point);
}

/* From the roots of its keys, which are used up. */
static void set_root(size_t at, uint8_t (*leaf)[32])
{
    uint8_t two[2][32];
    merkle(two[0], leaf, beacon_chain.committee);
    key_root(two[1], committees[at].keys[beacon_chain.committee]);
    merkle(committees[at].root, two, 2);
}

static size_t committee_of(unsigned seed)
{
    static uint8_t leaf[MEMBERS_MAX][32];
    uint64_t sum = 0;
    for (size_t i = 0; i < COMMITTEES; i++) {
        if (committees[i].seed == seed && committees[i].members == beacon_chain.committee) {
            return i;
        }
    }
    size_t at = committee_next++ % COMMITTEES;
    committees[at].seed = seed;
    committees[at].members = beacon_chain.committee;
    for (unsigned i = 0; i < beacon_chain.committee; i++) {
        public_of(committees[at].keys[i], secret_of(seed, i));
        key_root(leaf[i], committees[at].keys[i]);
        sum += secret_of(seed, i);
    }
    public_of(committees[at].keys[beacon_chain.committee], sum);
    set_root(at, leaf);
    return at;
}

const uint8_t *beacon_committee(unsigned seed)
{
    return committees[committee_of(seed)].keys[0];
}

void beacon_spoil(unsigned seed)
{
    static const uint8_t outside[48] = {0x80, [47] = 4};
    static uint8_t leaf[MEMBERS_MAX][32];
    size_t at = committee_of(seed);
    memcpy(committees[at].keys[beacon_chain.committee - 2], outside, sizeof outside);
    for (unsigned i = 0; i < beacon_chain.committee; i++) {
        key_root(leaf[i], committees[at].keys[i]);
    }
    set_root(at, leaf);
}

unsigned beacon_seed(uint64_t period)
{
    return (unsigned)period + 1;
}

/* ---- execution blocks ---- */

wick_span beacon_execution(uint64_t slot)
{
    static uint8_t rlp[1024];
    static uint8_t filler[256], number[8], stamp[8], root[32];
    static const uint8_t zero[1];
    wick_header h;
    wick_buf out = wick_buf_make(rlp, sizeof rlp);
    memset(&h, 0, sizeof h);
    memset(filler, 0x33, sizeof filler);
    memset(root, 0x44, sizeof root);
    wick_store_be64(root, slot);
    wick_store_be64(number, slot + 1000);
    wick_store_be64(stamp, beacon_chain.genesis_time + 6 * slot);
    for (size_t i = 0; i < 17; i++) {
        h.field[i] = wick_span_make(filler, 32);
    }
    h.fields = 17;
    h.field[WICK_HEADER_MINER].len = 20;
    h.field[WICK_HEADER_LOGS_BLOOM].len = 256;
    h.field[WICK_HEADER_NONCE].len = 8;
    h.field[WICK_HEADER_EXTRA_DATA].len = 3;
    h.field[WICK_HEADER_STATE_ROOT] = wick_span_make(root, 32);
    h.field[WICK_HEADER_DIFFICULTY] = wick_span_make(zero, 1);
    h.field[WICK_HEADER_NUMBER] = wick_span_make(number, 8);
    h.field[WICK_HEADER_TIMESTAMP] = wick_span_make(stamp, 8);
    h.field[WICK_HEADER_GAS_LIMIT] = wick_span_make(stamp, 8);
    h.field[WICK_HEADER_GAS_USED] = wick_span_make(zero, 1);
    h.field[WICK_HEADER_BASE_FEE] = wick_span_make(filler, 2);
    if (wick_header_encode(&out, &h) != WICK_OK) {
        out.len = 0;
    }
    return wick_buf_span(&out);
}

/* Execution payload header as SSZ, and its root. */
static size_t payload(uint8_t *out, uint8_t (*leaf)[32], uint8_t root[32], uint64_t slot,
                      unsigned fields)
{
    uint8_t copy[32][32];
    static const uint8_t length[17] = {32, 20, 32, 32, 0, 32, 8, 8, 8, 8, 4, 32, 32, 32, 32, 8, 8};
    uint8_t bloom[8][32], extra[2][32] = {{'w', 'i', 'c', 'k'}, {4}};
    size_t fixed = fields == 15 ? 568 : 584, at = 0;
    for (unsigned i = 0; i < fields; i++) {
        size_t len = i == 4 ? 256 : length[i];
        memset(out + at, (int)(0x60 + i), len);
        if (i == 4) {
            memcpy(bloom, out + at, 256);
            merkle(leaf[i], bloom, 8);
        } else if (i == 10) {
            wick_store_be32(out + at, 0);
            out[at] = (uint8_t)fixed;
            out[at + 1] = (uint8_t)(fixed >> 8);
            merkle(leaf[i], extra, 2);
        } else {
            if (i == 12) {
                wick_header_hash(out + at, beacon_execution(slot));
            }
            memcpy(leaf[i], out + at, len);
        }
        at += len;
    }
    memcpy(out + at, "wick", 4);
    memcpy(copy, leaf, sizeof copy);
    merkle(root, copy, fields == 15 ? 16 : 32);
    return fixed + 4;
}

/* ---- trees of which some leaves are real ---- */

struct known {
    unsigned gindex[4];
    uint8_t leaf[4][32];
    unsigned count;
};

static void know(struct known *k, unsigned gindex, const uint8_t leaf[32])
{
    if (gindex > 1) {
        k->gindex[k->count] = gindex;
        memcpy(k->leaf[k->count++], leaf, 32);
    }
}

static bool is_above(unsigned node, unsigned gindex)
{
    while (gindex > node) {
        gindex /= 2;
    }
    return gindex == node;
}

static void tree_node(uint8_t out[32], const struct known *k, unsigned node)
{
    uint8_t pair[64];
    bool inner = false;
    for (unsigned i = 0; i < k->count; i++) {
        if (k->gindex[i] == node) {
            memcpy(out, k->leaf[i], 32);
            return;
        }
        inner = inner || is_above(node, k->gindex[i]);
    }
    if (!inner) {
        memset(out, 0x77, 32);
        wick_store_be32(out, node);
        return;
    }
    tree_node(pair, k, 2 * node);
    tree_node(pair + 32, k, 2 * node + 1);
    sha256(out, pair, 64);
}

static void put_branch(wick_buf *out, const struct known *k, unsigned gindex)
{
    uint8_t node[32];
    for (; gindex > 1; gindex /= 2) {
        tree_node(node, k, gindex ^ 1u);
        wick_buf_put(out, node, 32);
    }
}

/* ---- headers ---- */

static const wick_beacon_fork *fork_of(uint64_t slot)
{
    return wick_beacon_fork_at(&beacon_chain, slot / beacon_chain.slots_per_epoch);
}

struct header {
    uint8_t beacon[112];
    uint8_t root[32];
    struct known state, body;
    uint8_t payload[640];
    size_t payload_len;
    uint8_t field[32][32]; /* leaves of the payload's tree */
    uint8_t payload_root[32];
    uint8_t block_hash[32];
};

static void put_le(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

/* A header; `final_root` is what its state finalises, NULL nothing. */
static void make_header(struct header *h, uint64_t slot, const uint8_t *final_root, unsigned next)
{
    static const uint8_t zero[32];
    const wick_beacon_shape *s = fork_of(slot)->shape;
    uint8_t leaf[8][32] = {{0}};
    memset(h, 0, sizeof *h);
    uint64_t period = slot / BEACON_PERIOD_SLOTS;
    know(&h->state, s->finalized, final_root != NULL ? final_root : zero);
    know(&h->state, s->current, committees[committee_of(beacon_seed(period))].root);
    know(&h->state, s->next, committees[committee_of(next)].root);
    if (s->header == WICK_BEACON_HEADER_PAYLOAD) {
        h->payload_len = payload(h->payload, h->field, h->payload_root, slot, s->payload_fields);
        know(&h->body, s->payload, h->payload_root);
    }
    wick_header_hash(h->block_hash, beacon_execution(slot));
    if (s->header == WICK_BEACON_HEADER_BLOCK_HASH) {
        know(&h->body, s->block_hash, h->block_hash);
    }
    put_le(h->beacon, slot);
    put_le(h->beacon + 8, slot % 31);
    memset(h->beacon + 16, 0x22, 32);
    tree_node(h->beacon + 48, &h->state, 1);
    tree_node(h->beacon + 80, &h->body, 1);
    memcpy(leaf[0], h->beacon, 8);
    memcpy(leaf[1], h->beacon + 8, 8);
    memcpy(leaf[2], h->beacon + 16, 96);
    merkle(h->root, leaf, 8);
}

static unsigned depth_of(unsigned gindex)
{
    unsigned depth = 0;
    for (; gindex > 1; gindex /= 2) {
        depth++;
    }
    return depth;
}

/* Zeros in front where the object's fork has longer branches than the header's own. */
static void put_normalised(wick_buf *out, const struct known *k, unsigned gindex, unsigned wire)
{
    for (unsigned d = depth_of(gindex); d < depth_of(wire); d++) {
        wick_buf_put_zero(out, 32);
    }
    put_branch(out, k, gindex);
}

/* Inside a payload: from the block hash, field 12, to the payload's root. */
static void put_inner_branch(wick_buf *out, const struct header *h, unsigned leaves)
{
    uint8_t level[32][32];
    memcpy(level, h->field, sizeof level);
    for (unsigned at = 12; leaves > 1; leaves /= 2, at /= 2) {
        wick_buf_put(out, level[at ^ 1u], 32);
        for (unsigned i = 0; i < leaves / 2; i++) {
            sha256(level[i], level[2 * i], 64);
        }
    }
}

static void put_zero_branch(wick_buf *out, unsigned gindex)
{
    for (; gindex > 1; gindex /= 2) {
        wick_buf_put_zero(out, 32);
    }
}

static void put_u32(wick_buf *out, size_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        wick_buf_put_u8(out, (uint8_t)(v >> (8 * i)));
    }
}

/* A LightClientHeader in the form of `wire`; NULL is the default object. */
static void put_header(wick_buf *out, const struct header *h, const wick_beacon_shape *wire,
                       const wick_beacon_shape *own)
{
    size_t fixed = wire->payload_fields == 15 ? 568 : 584;
    if (h != NULL) {
        wick_buf_put(out, h->beacon, sizeof h->beacon);
    } else {
        wick_buf_put_zero(out, 112);
    }
    bool known = h != NULL && own->header != WICK_BEACON_HEADER_PLAIN;
    if (wire->header == WICK_BEACON_HEADER_BLOCK_HASH) {
        if (!known) {
            wick_buf_put_zero(out, 32);
            put_zero_branch(out, wire->block_hash);
        } else {
            wick_buf_put(out, h->block_hash, 32);
            if (own->header == WICK_BEACON_HEADER_PAYLOAD) {
                for (unsigned d = depth_of(own->block_hash); d < depth_of(wire->block_hash); d++) {
                    wick_buf_put_zero(out, 32);
                }
                put_inner_branch(out, h, own->payload_fields == 15 ? 16 : 32);
                put_branch(out, &h->body, own->payload);
            } else {
                put_normalised(out, &h->body, own->block_hash, wire->block_hash);
            }
        }
    } else if (wire->header == WICK_BEACON_HEADER_PAYLOAD) {
        put_u32(out, 112 + 4 + 32u * depth_of(wire->payload));
        if (known) {
            put_normalised(out, &h->body, own->payload, wire->payload);
        } else {
            put_zero_branch(out, wire->payload);
        }
        size_t start = out->len;
        if (known && own->payload_fields == wire->payload_fields) {
            wick_buf_put(out, h->payload, h->payload_len);
            return;
        }
        if (known) { /* Capella's in Deneb's: two zero numbers behind the fixed part */
            wick_buf_put(out, h->payload, 568);
            wick_buf_put_zero(out, 16);
            wick_buf_put(out, h->payload + 568, h->payload_len - 568);
        } else {
            wick_buf_put_zero(out, fixed);
        }
        out->ptr[start + 436] = (uint8_t)fixed;
        out->ptr[start + 437] = (uint8_t)(fixed >> 8);
    }
}

/* ---- objects ---- */

beacon_plan beacon_plan_at(wick_beacon_kind kind, uint64_t slot, uint64_t finalized)
{
    beacon_plan p;
    memset(&p, 0, sizeof p);
    p.kind = kind;
    p.slot = slot;
    p.finalized = finalized;
    p.next = beacon_seed(slot / BEACON_PERIOD_SLOTS + 1);
    p.signature_slot = slot + 1;
    p.participants = beacon_chain.committee;
    return p;
}

const wick_beacon_fork *beacon_wire(const beacon_plan *p)
{
    return p->wire == NULL
               ? fork_of(p->slot)
               : wick_beacon_fork_by_name(&beacon_chain, p->wire, strlen(p->wire));
}

static unsigned next_in_state(const beacon_plan *p)
{
    return p->next != 0 ? p->next : beacon_seed(p->slot / BEACON_PERIOD_SLOTS + 1);
}

static void make_both(struct header *attested, struct header *finalized, const beacon_plan *p)
{
    if (p->finalized != 0) {
        make_header(finalized, p->finalized, NULL,
                    beacon_seed(p->finalized / BEACON_PERIOD_SLOTS + 1));
    }
    make_header(attested, p->slot, p->finalized != 0 ? finalized->root : NULL, next_in_state(p));
}

void beacon_root_of(uint8_t out32[32], const beacon_plan *p)
{
    static struct header attested, finalized;
    make_both(&attested, &finalized, p);
    memcpy(out32, attested.root, 32);
}

static void sign(uint8_t out[96], const beacon_plan *p, const uint8_t root[32])
{
    static const uint8_t suite[] = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    const wick_beacon_fork *fork = p->sign_fork != NULL ? p->sign_fork : fork_of(p->signature_slot - 1);
    unsigned seed = p->signers != 0 ? p->signers : beacon_seed(p->signature_slot / BEACON_PERIOD_SLOTS);
    uint8_t data[64] = {0}, domain[32] = {7}, bytes[32] = {0}, message[32];
    uint64_t sum = 0;
    blst_scalar sk;
    blst_p2 point, sig;
    memcpy(data, fork->version, 4);
    memcpy(data + 32, beacon_chain.genesis_validators_root, 32);
    data[63] ^= p->sign_other_root ? 1 : 0;
    sha256(data, data, 64);
    memcpy(domain + 4, data, 28);
    memcpy(data, root, 32);
    memcpy(data + 32, domain, 32);
    sha256(message, data, 64);
    for (unsigned i = 0; i < p->participants; i++) {
        sum += secret_of(seed, i);
    }
    wick_store_be64(bytes + 24, sum);
    blst_scalar_from_bendian(&sk, bytes);
    blst_hash_to_g2(&point, message, 32, suite, sizeof suite - 1, NULL, 0);
    blst_sign_pk_in_g1(&sig, &point, &sk);
    blst_p2_compress(out, &sig);
}

static void put_aggregate(wick_buf *out, const beacon_plan *p, const uint8_t root[32])
{
    uint8_t bits[MEMBERS_MAX / 8] = {0}, sig[96], slot[8];
    for (unsigned i = 0; i < p->participants; i++) {
        bits[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    sign(sig, p, root);
    put_le(slot, p->signature_slot);
    wick_buf_put(out, bits, beacon_chain.committee / 8u);
    wick_buf_put(out, sig, sizeof sig);
    wick_buf_put(out, slot, sizeof slot);
}

static void write_object(wick_buf *b, size_t at[2], const beacon_plan *p, const struct header *attested,
                         const struct header *finalized)
{
    const wick_beacon_shape *wire = beacon_wire(p)->shape, *own = fork_of(p->slot)->shape;
    bool variable = wire->header == WICK_BEACON_HEADER_PAYLOAD;
    bool two = p->kind == WICK_BEACON_UPDATE || p->kind == WICK_BEACON_FINALITY;
    size_t keys = 48u * (beacon_chain.committee + 1u);
    const wick_beacon_shape *final_own = p->finalized != 0 ? fork_of(p->finalized)->shape : own;
    const struct header *final_header = p->finalized != 0 ? finalized : NULL;
    if (variable) {
        put_u32(b, at[0]);
    } else {
        put_header(b, attested, wire, own);
    }
    if (p->kind == WICK_BEACON_BOOTSTRAP) {
        wick_buf_put(b, beacon_committee(beacon_seed(p->slot / BEACON_PERIOD_SLOTS)), keys);
        put_normalised(b, &attested->state, own->current, wire->current);
    } else if (p->kind == WICK_BEACON_UPDATE && p->next != 0) {
        wick_buf_put(b, beacon_committee(p->next), keys);
        put_normalised(b, &attested->state, own->next, wire->next);
    } else if (p->kind == WICK_BEACON_UPDATE) {
        wick_buf_put_zero(b, keys);
        put_zero_branch(b, wire->next);
    }
    if (two) {
        if (variable) {
            put_u32(b, at[1]);
        } else {
            put_header(b, final_header, wire, final_own);
        }
        if (p->finalized != 0 || p->genesis_final) {
            put_normalised(b, &attested->state, own->finalized, wire->finalized);
        } else {
            put_zero_branch(b, wire->finalized);
        }
    }
    if (p->kind != WICK_BEACON_BOOTSTRAP) {
        put_aggregate(b, p, attested->root);
    }
    at[0] = b->len;
    if (variable) {
        put_header(b, attested, wire, own);
    }
    at[1] = b->len;
    if (variable && two) {
        put_header(b, final_header, wire, final_own);
    }
}

wick_span beacon_make(const beacon_plan *p)
{
    static uint8_t space[2][OBJECT_MAX];
    static unsigned turn;
    static struct header attested, finalized;
    size_t at[2] = {0, 0};
    wick_buf b = {NULL, 0, 0};
    make_both(&attested, &finalized, p);
    turn ^= 1u;
    for (int pass = 0; pass < 2; pass++) {
        b = wick_buf_make(space[turn], OBJECT_MAX);
        write_object(&b, at, p, &attested, &finalized);
    }
    return wick_buf_span(&b);
}

/* ---- the chain ---- */

void beacon_add_fork(const char *name, uint64_t epoch, const wick_beacon_shape *shape)
{
    wick_beacon_fork *f = &beacon_forks[beacon_chain.forks];
    f->name = name;
    f->epoch = epoch;
    f->shape = shape;
    memset(f->version, 0, 4);
    f->version[0] = (uint8_t)(1 + beacon_chain.forks++);
    f->version[3] = 0x42;
}

bool beacon_world(uint16_t members, const char *first, const char *second, uint64_t second_epoch)
{
    beacon_chain.committee = members;
    beacon_chain.forks = 0;
    beacon_add_fork(first, 0, wick_beacon_shape_by_name(first, strlen(first)));
    if (second != NULL) {
        beacon_add_fork(second, second_epoch, wick_beacon_shape_by_name(second, strlen(second)));
    }
    return wick_crypto_init(&beacon_crypto, &cc) == WICK_OK && beacon_crypto.bls_verify != NULL;
}

wick_trust_now beacon_at(uint64_t slot)
{
    wick_trust_now now = {wick_beacon_slot_time(&beacon_chain, slot), true};
    return now;
}
