/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extraData of consortium chains: QBFT and IBFT 2.0 as Besu writes them, IBFT 1 (EIP-650), Clique
 * (EIP-225). All hashes are made by hashing the header's own bytes around a shortened extraData, so
 * that no second header is built.
 */
#include "wick/seal.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/rlp.h"
#include "wick/tx.h"

#if WICK_WITH_BFT || WICK_WITH_CLIQUE

#define ADDRESS_ITEM (1u + 20u)           /* 0x94 and the address */
#define SEAL_ITEM (2u + WICK_SEAL_BYTES)  /* 0xb8 0x41 and the seal */
#define COMMIT_SUFFIX 0x02u               /* IBFT 1: message code of COMMIT, signed with the hash */

/* ---- decoding ---- */

/* A seal names one of two keys; nothing else is a recovery id. */
static bool is_seal(const uint8_t *seal65)
{
    return seal65 != NULL && seal65[WICK_SEAL_BYTES - 1] <= 1;
}

static wick_status check_signers(wick_seal_extra *e)
{
    e->ascending = true;
    for (size_t i = 0; i < e->signers; i++) {
        const uint8_t *a = wick_seal_signer(e, i);
        if (wick_ct_is_zero(a, 20)) {
            return WICK_E_MALFORMED;
        }
        if (i != 0 && memcmp(wick_seal_signer(e, i - 1), a, 20) >= 0) {
            e->ascending = false;
        }
    }
    return WICK_OK;
}

/* Counts the items of a list of strings of one length; canonical RLP gives them one stride. */
static size_t count_fixed(wick_rlp *outer, const uint8_t **first, size_t len)
{
    wick_rlp items = wick_rlp_list(outer);
    size_t n = 0;
    while (!wick_rlp_at_end(&items)) {
        const uint8_t *p = wick_rlp_fixed_view(&items, len);
        if (n == 0) {
            *first = p;
        }
        n++;
    }
    wick_rlp_close(outer, &items);
    return n;
}

static void read_signers(wick_seal_extra *e, wick_rlp *r)
{
    e->signers = count_fixed(r, &e->first_signer, 20);
    e->signer_stride = ADDRESS_ITEM;
}

static void read_seals(wick_seal_extra *e, wick_rlp *r)
{
    e->seals = count_fixed(r, &e->first_seal, WICK_SEAL_BYTES);
}

/* [subject, ff] adds; dropping is the empty string in QBFT and a zero byte in IBFT 2.0. */
static void read_vote(wick_seal_extra *e, wick_rlp *r)
{
    bool qbft = e->rule == WICK_SEAL_QBFT;
    if (!qbft && wick_rlp_peek(r) == WICK_RLP_STRING) {
        (void)wick_rlp_fixed_view(r, 0);
        return;
    }
    wick_rlp vote = wick_rlp_list(r);
    if (!qbft || !wick_rlp_at_end(&vote)) {
        e->subject = wick_rlp_fixed_view(&vote, 20);
        wick_span how = wick_rlp_string(&vote);
        if (how.len == 1 && how.ptr[0] == 0xff) {
            e->vote = WICK_SEAL_VOTE_ADD;
        } else if (qbft ? how.len == 0 : (how.len == 1 && how.ptr[0] == 0)) {
            e->vote = WICK_SEAL_VOTE_DROP;
        } else if (vote.status == WICK_OK) {
            vote.status = WICK_E_MALFORMED;
        }
    }
    wick_rlp_close(r, &vote);
}

static wick_status decode_besu(wick_seal_extra *e, wick_span extra)
{
    uint8_t round[4] = {0};
    wick_rlp r = wick_rlp_make(extra);
    wick_rlp l = wick_rlp_list(&r);
    e->kept.ptr = l.ptr;
    (void)wick_rlp_fixed_view(&l, WICK_SEAL_VANITY_BYTES);
    read_signers(e, &l);
    read_vote(e, &l);
    e->round_item.ptr = l.ptr;
    if (e->rule == WICK_SEAL_QBFT) {
        wick_rlp_uint(&l, round, sizeof round);
    } else {
        wick_rlp_fixed(&l, round, sizeof round);
    }
    e->round = wick_load_be32(round);
    if (l.status == WICK_OK) {
        e->kept.len = (size_t)(e->round_item.ptr - e->kept.ptr);
        e->round_item.len = (size_t)(l.ptr - e->round_item.ptr);
    }
    read_seals(e, &l);
    wick_rlp_close(&r, &l);
    return wick_rlp_end(&r);
}

static wick_status decode_ibft1(wick_seal_extra *e, wick_span extra, bool genesis)
{
    wick_rlp r = wick_rlp_make(wick_span_make(extra.ptr + WICK_SEAL_VANITY_BYTES,
                                              extra.len - WICK_SEAL_VANITY_BYTES));
    wick_rlp l = wick_rlp_list(&r);
    e->kept.ptr = l.ptr;
    read_signers(e, &l);
    e->kept.len = l.status == WICK_OK ? (size_t)(l.ptr - e->kept.ptr) : 0;
    wick_span proposer = wick_rlp_string(&l);
    if (proposer.len == WICK_SEAL_BYTES && is_seal(proposer.ptr)) {
        e->proposer = proposer.ptr;
    } else if (l.status == WICK_OK && (proposer.len != 0 || !genesis)) {
        l.status = WICK_E_MALFORMED;
    }
    read_seals(e, &l);
    wick_rlp_close(&r, &l);
    return wick_rlp_end(&r);
}

static wick_status decode_clique(wick_seal_extra *e, wick_span extra, bool genesis)
{
    size_t list = extra.len - WICK_SEAL_VANITY_BYTES;
    if (list < WICK_SEAL_BYTES || (list - WICK_SEAL_BYTES) % 20 != 0) {
        return WICK_E_MALFORMED;
    }
    e->first_signer = extra.ptr + WICK_SEAL_VANITY_BYTES;
    e->signer_stride = 20;
    e->signers = (list - WICK_SEAL_BYTES) / 20;
    e->kept = wick_span_make(extra.ptr, extra.len - WICK_SEAL_BYTES);
    if (!genesis) {
        e->proposer = extra.ptr + e->kept.len;
        if (!is_seal(e->proposer)) {
            return WICK_E_MALFORMED;
        }
    }
    return WICK_OK;
}

static wick_status decode(wick_seal_extra *e, const wick_header *h)
{
    wick_span extra = h->field[WICK_HEADER_EXTRA_DATA];
    bool genesis = h->number == 0;
    wick_status s = WICK_E_BAD_ARG;
    if (extra.len < WICK_SEAL_VANITY_BYTES) {
        return WICK_E_MALFORMED;
    }
    switch (e->rule) {
    case WICK_SEAL_QBFT:
    case WICK_SEAL_IBFT2:
        s = decode_besu(e, extra);
        break;
    case WICK_SEAL_IBFT1:
        s = decode_ibft1(e, extra, genesis);
        break;
    case WICK_SEAL_CLIQUE:
        s = decode_clique(e, extra, genesis);
        break;
    default:
        break;
    }
    if (s != WICK_OK) {
        return s;
    }
    /* A quorum of no validators is no seal at all: an empty list must never pass. */
    if (e->signers == 0 && e->rule != WICK_SEAL_CLIQUE) {
        return WICK_E_UNSUPPORTED;
    }
    if (e->signers > WICK_SEAL_SIGNERS_MAX || e->seals > WICK_SEAL_SIGNERS_MAX) {
        return WICK_E_LIMIT;
    }
    return check_signers(e);
}

wick_status wick_seal_decode(wick_seal_extra *out, wick_seal_rule rule, const wick_header *h)
{
    memset(out, 0, sizeof *out);
    out->rule = rule;
    wick_status s = decode(out, h);
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

const uint8_t *wick_seal_signer(const wick_seal_extra *e, size_t i)
{
    return e->first_signer + i * e->signer_stride;
}

const uint8_t *wick_seal_at(const wick_seal_extra *e, size_t i)
{
    return e->first_seal + i * SEAL_ITEM;
}

/* ---- hashes ---- */

#define PIECES 3

/* An extraData to be: bytes, then a list of items (none of `list`: no list). */
struct shape {
    wick_span plain;
    wick_span item[PIECES];
    bool list;
};

static void absorb(wick_keccak *k, wick_span s)
{
    wick_keccak_update(k, s.ptr, s.len);
}

/* Headers of a string and of lists are at most 9 bytes. */
struct prefix {
    uint8_t bytes[9];
    wick_buf b;
};

static wick_span list_prefix(struct prefix *p, size_t len)
{
    p->b = wick_buf_make(p->bytes, sizeof p->bytes);
    wick_rlp_put_list_header(&p->b, len);
    return wick_buf_span(&p->b);
}

static wick_span string_prefix(struct prefix *p, size_t len)
{
    p->b = wick_buf_make(p->bytes, sizeof p->bytes);
    wick_rlp_put_string_header(&p->b, len);
    return wick_buf_span(&p->b);
}

/* The header's bytes with another extraData. Field 0 is 32 bytes behind a prefix of one byte, so
 * the items begin there. */
static void hash_shape(uint8_t out32[32], const struct shape *shape, wick_span rlp,
                       const wick_header *h)
{
    struct prefix list = {{0}, {NULL, 0, 0}}, string, whole;
    wick_keccak k;
    wick_span time = h->field[WICK_HEADER_TIMESTAMP], extra = h->field[WICK_HEADER_EXTRA_DATA];
    const uint8_t *first = h->field[WICK_HEADER_PARENT_HASH].ptr - 1;
    const uint8_t *after = extra.ptr + extra.len;
    wick_span before = wick_span_make(first, (size_t)(time.ptr + time.len - first));
    wick_span rest = wick_span_make(after, (size_t)(rlp.ptr + rlp.len - after));
    size_t items = 0, len = shape->plain.len;
    for (size_t i = 0; i < PIECES; i++) {
        items += shape->item[i].len;
    }
    if (shape->list) {
        len += list_prefix(&list, items).len + items;
    }
    wick_span prefix = string_prefix(&string, len);
    wick_keccak_init(&k);
    absorb(&k, list_prefix(&whole, before.len + prefix.len + len + rest.len));
    absorb(&k, before);
    absorb(&k, prefix);
    absorb(&k, shape->plain);
    absorb(&k, wick_buf_span(&list.b));
    for (size_t i = 0; i < PIECES; i++) {
        absorb(&k, shape->item[i]);
    }
    absorb(&k, rest);
    wick_keccak_final(&k, out32);
}

static const uint8_t empty_items[2] = {0x80, 0xc0};
#define EMPTY_STRING wick_span_make(empty_items, 1)
#define EMPTY_LIST wick_span_make(empty_items + 1, 1)

static void shape_besu(struct shape *s, wick_seal_of of, const wick_seal_extra *e)
{
    bool qbft = e->rule == WICK_SEAL_QBFT;
    s->item[0] = e->kept;
    if (of == WICK_SEAL_OF_COMMIT) {
        s->item[1] = e->round_item;
    } else if (qbft) {
        s->item[1] = EMPTY_STRING; /* round 0 */
    }
    if (qbft) {
        s->item[2] = EMPTY_LIST;
    }
    s->list = true;
}

static void shape_ibft1(struct shape *s, wick_seal_of of, const wick_seal_extra *e,
                        const wick_header *h)
{
    s->plain = wick_span_make(h->field[WICK_HEADER_EXTRA_DATA].ptr, WICK_SEAL_VANITY_BYTES);
    s->item[0] = e->kept;
    s->item[1] = of == WICK_SEAL_OF_PROPOSER || e->proposer == NULL
                     ? EMPTY_STRING
                     : wick_span_make(e->proposer - 2, SEAL_ITEM);
    s->item[2] = EMPTY_LIST;
    s->list = true;
}

void wick_seal_hash(uint8_t out32[32], wick_seal_of of, const wick_seal_extra *e, wick_span rlp,
                    const wick_header *h)
{
    struct shape shape;
    if (of == WICK_SEAL_OF_BLOCK && (e->rule == WICK_SEAL_CLIQUE || h->number == 0)) {
        wick_header_hash(out32, rlp);
        return;
    }
    memset(&shape, 0, sizeof shape);
    if (e->rule == WICK_SEAL_CLIQUE) {
        shape.plain = e->kept;
    } else if (e->rule == WICK_SEAL_IBFT1) {
        shape_ibft1(&shape, of, e, h);
    } else {
        shape_besu(&shape, of, e);
    }
    hash_shape(out32, &shape, rlp, h);
    if (e->rule == WICK_SEAL_IBFT1 && of != WICK_SEAL_OF_BLOCK) {
        /* The committer signs the block's hash and a code, the proposer a hash of the hash. */
        uint8_t message[33];
        memcpy(message, out32, 32);
        message[32] = COMMIT_SUFFIX;
        wick_keccak256(out32, message, of == WICK_SEAL_OF_COMMIT ? 33 : 32);
    }
}

/* ---- recovery ---- */

/* Order of secp256k1 (SEC 2, 2.4.1). */
static const uint8_t order[32] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

/* s' = order - s belongs to the same key with the other recovery id. Takes the smaller of the two,
 * which is what the back end insists on. */
static uint8_t lower(uint8_t s32[32], uint8_t recid)
{
    uint8_t other[32];
    unsigned borrow = 0;
    for (size_t i = 32; i-- != 0;) {
        unsigned d = (unsigned)order[i] - s32[i] - borrow;
        other[i] = (uint8_t)d;
        borrow = (d >> 8) & 1u;
    }
    if (borrow != 0 || memcmp(s32, other, 32) <= 0) {
        return recid; /* low, or no number below the order: the back end refuses it */
    }
    memcpy(s32, other, 32);
    return recid ^ 1u;
}

wick_status wick_seal_recover(uint8_t out20[20], const wick_hal_crypto *crypto,
                              const uint8_t hash32[32], const uint8_t seal65[65])
{
    uint8_t sig[64], pub[65];
    memset(out20, 0, 20);
    memcpy(sig, seal65, sizeof sig);
    uint8_t recid = lower(sig + 32, seal65[64]);
    wick_status s = crypto->secp256k1_recover(crypto->ctx, pub, sig, recid, hash32);
    return s == WICK_OK ? wick_eth_address(out20, pub) : s;
}

/* ---- sets ---- */

/* First place whose address is not below. */
static size_t place(const wick_signers *set, const uint8_t address20[20])
{
    size_t i = 0;
    while (i < set->count && memcmp(set->address[i], address20, 20) < 0) {
        i++;
    }
    return i;
}

size_t wick_signers_find(const wick_signers *set, const uint8_t address20[20])
{
    size_t i = place(set, address20);
    return i < set->count && memcmp(set->address[i], address20, 20) == 0 ? i : set->count;
}

wick_status wick_signers_add(wick_signers *set, const uint8_t address20[20])
{
    size_t i = place(set, address20);
    if (i < set->count && memcmp(set->address[i], address20, 20) == 0) {
        return WICK_OK;
    }
    if (set->count >= WICK_SEAL_SIGNERS_MAX) {
        return WICK_E_LIMIT;
    }
    memmove(set->address[i + 1], set->address[i], (set->count - i) * sizeof set->address[0]);
    memcpy(set->address[i], address20, 20);
    set->count++;
    return WICK_OK;
}

void wick_signers_remove(wick_signers *set, const uint8_t address20[20])
{
    size_t i = wick_signers_find(set, address20);
    if (i < set->count) {
        set->count--;
        memmove(set->address[i], set->address[i + 1], (set->count - i) * sizeof set->address[0]);
    }
}

wick_status wick_signers_from(wick_signers *out, const wick_seal_extra *e)
{
    wick_status s = WICK_OK;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < e->signers && s == WICK_OK; i++) {
        s = wick_signers_add(out, wick_seal_signer(e, i));
        if (s == WICK_OK && out->count != i + 1) {
            s = WICK_E_MALFORMED;
        }
    }
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

bool wick_signers_is_sane(const wick_signers *set)
{
    static const uint8_t zero[20];
    const uint8_t *below = zero;
    if (set->count > WICK_SEAL_SIGNERS_MAX) {
        return false;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (memcmp(below, set->address[i], sizeof zero) >= 0) {
            return false;
        }
        below = set->address[i];
    }
    return true;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_seal_is_off;
#endif
