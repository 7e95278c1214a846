/* SPDX-License-Identifier: Apache-2.0 */
/* QBFT, IBFT 2.0 and IBFT 1: which sealed headers to believe, and what each makes of the state. */
#include "wick/bft.h"

#include <string.h>

#include "trust_internal.h"

#if WICK_WITH_BFT

#define EXPORT_VERSION 1

enum phase { PHASE_NONE = 0, PHASE_READY, PHASE_CONFLICT };

/* "ctical byzantine fault tolerance": the mix hash of all three. */
static const uint8_t mix_hash[32] = {0x63, 0x74, 0x69, 0x63, 0x61, 0x6c, 0x20, 0x62,
                                     0x79, 0x7a, 0x61, 0x6e, 0x74, 0x69, 0x6e, 0x65,
                                     0x20, 0x66, 0x61, 0x75, 0x6c, 0x74, 0x20, 0x74,
                                     0x6f, 0x6c, 0x65, 0x72, 0x61, 0x6e, 0x63, 0x65};

/* ---- a header by itself ---- */

struct candidate {
    wick_span rlp;
    wick_header h;
    wick_seal_extra e;
    uint8_t hash[32];
};

static bool has_constants(const wick_header *h)
{
    wick_span difficulty = h->field[WICK_HEADER_DIFFICULTY], mix = h->field[WICK_HEADER_MIX_HASH];
    return difficulty.len == 1 && difficulty.ptr[0] == 1 && mix.len == sizeof mix_hash &&
           memcmp(mix.ptr, mix_hash, sizeof mix_hash) == 0;
}

/* Decodes and hashes. Genesis is written by people, in any order. */
static wick_status read(struct candidate *c, wick_seal_rule rule, wick_span rlp)
{
    if (rule != WICK_SEAL_QBFT && rule != WICK_SEAL_IBFT2 && rule != WICK_SEAL_IBFT1) {
        return WICK_E_BAD_ARG;
    }
    c->rlp = rlp;
    wick_status s = wick_header_decode(&c->h, rlp);
    if (s == WICK_OK) {
        s = wick_seal_decode(&c->e, rule, &c->h);
    }
    if (s != WICK_OK) {
        return s;
    }
    if (!has_constants(&c->h) || (!c->e.ascending && c->h.number != 0)) {
        return WICK_E_MALFORMED;
    }
    wick_seal_hash(c->hash, WICK_SEAL_OF_BLOCK, &c->e, rlp, &c->h);
    return WICK_OK;
}

/* Place of an address among the header's validators, their number if it is none. */
static size_t find(const wick_seal_extra *e, const uint8_t address20[20])
{
    size_t i = 0;
    while (i < e->signers && memcmp(wick_seal_signer(e, i), address20, 20) != 0) {
        i++;
    }
    return i;
}

/* ---- seals ---- */

struct count {
    size_t sealed;  /* validators of the header that sealed it */
    size_t trusted; /* of these, members of the trusted set */
};

/* Counts signers as a set, and stops when there are enough of both kinds. */
static wick_status count_seals(struct count *n, const struct candidate *c, const wick_signers *set,
                               const wick_hal_crypto *crypto)
{
    uint8_t hash[32], address[20];
    uint64_t seen = 0;
    size_t quorum = wick_seal_quorum(c->e.signers), overlap = wick_seal_quorum(set->count);
    wick_seal_hash(hash, WICK_SEAL_OF_COMMIT, &c->e, c->rlp, &c->h);
    n->sealed = 0;
    n->trusted = 0;
    for (size_t i = 0; i < c->e.seals && (n->sealed < quorum || n->trusted < overlap); i++) {
        wick_status s = wick_seal_recover(address, crypto, hash, wick_seal_at(&c->e, i));
        if (s != WICK_OK && s != WICK_E_AUTH) {
            return s;
        }
        size_t at = s == WICK_OK ? find(&c->e, address) : c->e.signers;
        if (at == c->e.signers || ((seen >> at) & 1u) != 0) {
            continue;
        }
        seen |= UINT64_C(1) << at;
        n->sealed++;
        if (wick_signers_find(set, address) < set->count) {
            n->trusted++;
        }
    }
    return WICK_OK;
}

static wick_status check_proposer(const struct candidate *c, const wick_hal_crypto *crypto)
{
    uint8_t hash[32], address[20];
    if (c->e.rule != WICK_SEAL_IBFT1) {
        return WICK_OK;
    }
    if (c->e.proposer == NULL) {
        return WICK_E_SEAL_SIGNER; /* genesis, which nobody seals */
    }
    wick_seal_hash(hash, WICK_SEAL_OF_PROPOSER, &c->e, c->rlp, &c->h);
    wick_status s = wick_seal_recover(address, crypto, hash, c->e.proposer);
    if (s != WICK_OK && s != WICK_E_AUTH) {
        return s;
    }
    return s == WICK_OK && find(&c->e, address) < c->e.signers ? WICK_OK : WICK_E_SEAL_SIGNER;
}

/* Members that are in one of the sets only. */
static size_t changes(const wick_signers *set, const wick_seal_extra *e)
{
    size_t common = 0;
    for (size_t i = 0; i < e->signers; i++) {
        common += wick_signers_find(set, wick_seal_signer(e, i)) < set->count;
    }
    return set->count + e->signers - 2 * common;
}

static bool names_parent(const struct candidate *c, const uint8_t hash32[32])
{
    return memcmp(c->h.field[WICK_HEADER_PARENT_HASH].ptr, hash32, 32) == 0;
}

/* How many of the trusted set must have sealed. Of two validators, a third and more is one key,
 * which would rule alone: a pair may only vouch as a pair. */
static size_t overlap_needed(const wick_bft *b, const struct candidate *c)
{
    size_t n = b->set.count;
    bool adjacent = c->h.number - 1 == b->number && names_parent(c, b->hash);
    if (adjacent && n != 2 && changes(&b->set, &c->e) <= 1) {
        return n / 3 + 1;
    }
    return wick_seal_quorum(n);
}

static wick_status check_seals(const wick_bft *b, const struct candidate *c,
                               const wick_hal_crypto *crypto)
{
    struct count n;
    wick_status s = check_proposer(c, crypto);
    if (s == WICK_OK) {
        s = count_seals(&n, c, &b->set, crypto);
    }
    if (s != WICK_OK) {
        return s;
    }
    if (n.sealed < wick_seal_quorum(c->e.signers)) {
        return WICK_E_SEAL_QUORUM;
    }
    return n.trusted < overlap_needed(b, c) ? WICK_E_SEAL_OVERLAP : WICK_OK;
}

/* ---- time ---- */

static wick_status check_time(const wick_bft *b, const struct candidate *c,
                              const wick_trust_now *now, uint32_t trusting_s)
{
    uint64_t period = trusting_s != 0 ? trusting_s : WICK_SEAL_TRUSTING_S;
    if (!now->valid) {
        return WICK_E_NO_CLOCK;
    }
    if (now->unix_s > b->timestamp && now->unix_s - b->timestamp > period) {
        return WICK_E_EXPIRED;
    }
    if (c->h.number > b->number && c->h.timestamp <= b->timestamp) {
        return WICK_E_HEADER_STALE;
    }
    if (c->h.timestamp > now->unix_s && c->h.timestamp - now->unix_s > WICK_TRUST_FUTURE_S) {
        return WICK_E_HEADER_FUTURE;
    }
    return WICK_OK;
}

/* ---- the state ---- */

static wick_status move_to(wick_bft *b, const struct candidate *c, wick_tier tier)
{
    wick_status s = wick_signers_from(&b->set, &c->e);
    if (s != WICK_OK) {
        return s;
    }
    memcpy(b->hash, c->hash, sizeof b->hash);
    b->number = c->h.number;
    b->timestamp = c->h.timestamp;
    b->tier = (uint8_t)tier;
    b->phase = PHASE_READY;
    return WICK_OK;
}

wick_status wick_bft_pin(wick_bft *b, wick_trusted_header *th, wick_seal_rule rule,
                         wick_span header_rlp, const uint8_t hash32[32], uint64_t chain_id)
{
    struct candidate c;
    memset(b, 0, sizeof *b);
    if (th != NULL) {
        memset(th, 0, sizeof *th);
    }
    wick_status s = read(&c, rule, header_rlp);
    if (s != WICK_OK) {
        return s;
    }
    if (memcmp(c.hash, hash32, sizeof c.hash) != 0) {
        return WICK_E_HEADER_HASH;
    }
    s = move_to(b, &c, WICK_TIER_PINNED);
    if (s != WICK_OK) {
        memset(b, 0, sizeof *b);
        return s;
    }
    memcpy(b->origin, c.hash, sizeof b->origin);
    b->chain_id = chain_id;
    b->rule = (uint8_t)rule;
    if (th != NULL) {
        wick_trust_make(th, &c.h, c.hash, chain_id, WICK_TIER_PINNED);
    }
    return WICK_OK;
}

/* Another block where the trusted one stands, or on another parent than it: if those whom we trust
 * have sealed that, one of the two histories is false, and nobody can tell which. */
static bool contradicts(const wick_bft *b, const struct candidate *c)
{
    return c->h.number == b->number ||
           (c->h.number - 1 == b->number && !names_parent(c, b->hash));
}

static wick_status take(wick_bft *b, const struct candidate *c, const wick_hal_crypto *crypto,
                        const wick_trust_now *now, uint32_t trusting_s)
{
    wick_status s = check_time(b, c, now, trusting_s);
    if (s == WICK_OK) {
        s = check_seals(b, c, crypto);
    }
    if (s != WICK_OK) {
        return c->h.number == b->number && s == WICK_E_SEAL_OVERLAP ? WICK_E_HEADER_HASH : s;
    }
    if (contradicts(b, c)) {
        b->phase = PHASE_CONFLICT;
        return WICK_E_SEAL_CONFLICT;
    }
    return move_to(b, c, WICK_TIER_BFT);
}

wick_status wick_bft_header(wick_bft *b, wick_trusted_header *th, const wick_hal_crypto *crypto,
                            wick_span header_rlp, const wick_trust_now *now, uint32_t trusting_s)
{
    struct candidate c;
    memset(th, 0, sizeof *th);
    if (b->phase != PHASE_READY) {
        return b->phase == PHASE_CONFLICT ? WICK_E_SEAL_CONFLICT : WICK_E_STATE;
    }
    wick_status s = read(&c, (wick_seal_rule)b->rule, header_rlp);
    if (s != WICK_OK) {
        return s;
    }
    if (c.h.number < b->number) {
        return WICK_E_HEADER_STALE;
    }
    if (c.h.number != b->number || memcmp(c.hash, b->hash, sizeof c.hash) != 0) {
        s = take(b, &c, crypto, now, trusting_s);
    }
    if (s == WICK_OK) {
        wick_trust_make(th, &c.h, c.hash, b->chain_id, (wick_tier)b->tier);
    }
    return s;
}

/* ---- store ---- */

wick_status wick_bft_export(wick_buf *out, const wick_bft *b)
{
    if (b->phase == PHASE_NONE) {
        return WICK_E_STATE;
    }
    wick_buf_put_u8(out, EXPORT_VERSION);
    wick_buf_put_u8(out, b->rule);
    wick_buf_put_u8(out, b->tier);
    wick_buf_put_u8(out, b->phase);
    wick_buf_put_be64(out, b->chain_id);
    wick_buf_put_be64(out, b->number);
    wick_buf_put_be64(out, b->timestamp);
    wick_buf_put(out, b->hash, sizeof b->hash);
    wick_buf_put(out, b->origin, sizeof b->origin);
    wick_buf_put_u8(out, b->set.count);
    wick_buf_put(out, b->set.address[0], b->set.count * sizeof b->set.address[0]);
    return wick_buf_status(out);
}

static bool is_sane(const wick_bft *b)
{
    bool rule = b->rule == WICK_SEAL_QBFT || b->rule == WICK_SEAL_IBFT2 ||
                b->rule == WICK_SEAL_IBFT1;
    bool tier = b->tier == WICK_TIER_PINNED || b->tier == WICK_TIER_BFT;
    bool phase = b->phase == PHASE_READY || b->phase == PHASE_CONFLICT;
    return rule && tier && phase && b->set.count != 0 && wick_signers_is_sane(&b->set);
}

wick_status wick_bft_import(wick_bft *b, wick_span in)
{
    wick_reader r = wick_reader_make(in);
    memset(b, 0, sizeof *b);
    if (wick_read_u8(&r) != EXPORT_VERSION && r.status == WICK_OK) {
        return WICK_E_UNSUPPORTED;
    }
    b->rule = wick_read_u8(&r);
    b->tier = wick_read_u8(&r);
    b->phase = wick_read_u8(&r);
    b->chain_id = wick_read_be64(&r);
    b->number = wick_read_be64(&r);
    b->timestamp = wick_read_be64(&r);
    wick_read_bytes(&r, b->hash, sizeof b->hash);
    wick_read_bytes(&r, b->origin, sizeof b->origin);
    b->set.count = wick_read_u8(&r);
    wick_status s = WICK_E_LIMIT;
    if (b->set.count <= WICK_SEAL_SIGNERS_MAX) {
        wick_read_bytes(&r, b->set.address[0], b->set.count * sizeof b->set.address[0]);
        s = wick_read_end(&r);
    }
    if (s == WICK_OK && !is_sane(b)) {
        s = WICK_E_MALFORMED;
    }
    if (s != WICK_OK) {
        memset(b, 0, sizeof *b);
    }
    return s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_bft_is_off;
#endif
