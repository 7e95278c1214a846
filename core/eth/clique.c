/* SPDX-License-Identifier: Apache-2.0 */
/* Clique (EIP-225): following headers, votes, and what may be trusted of them. */
#include "wick/clique.h"

#include <string.h>

#include "trust_internal.h"

#if WICK_WITH_CLIQUE

#define EXPORT_VERSION 1
#define IN_TURN 2u
#define OUT_OF_TURN 1u

enum phase { PHASE_NONE = 0, PHASE_READY, PHASE_SKIPPING };

/* keccak256 of the empty list: Clique has no uncles. */
static const uint8_t no_uncles[32] = {
    0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
    0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47};

/* ---- a header by itself ---- */

struct candidate {
    wick_header h;
    wick_seal_extra e;
    uint8_t hash[32];
    uint8_t signer[20]; /* zero for genesis, which nobody seals */
    uint8_t difficulty; /* 0: neither 1 nor 2 */
    bool epoch;
    bool adds; /* what the nonce votes for */
};

static bool is_filled(wick_span s, uint8_t with)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != with) {
            return false;
        }
    }
    return true;
}

static bool field_is(const wick_header *h, wick_header_field f, const uint8_t *want, size_t len)
{
    return h->field[f].len == len && memcmp(h->field[f].ptr, want, len) == 0;
}

/* What EIP-225 says of each field, where no other header is needed to tell. */
static bool is_formed(struct candidate *c)
{
    const wick_header *h = &c->h;
    wick_span nonce = h->field[WICK_HEADER_NONCE], difficulty = h->field[WICK_HEADER_DIFFICULTY];
    c->adds = is_filled(nonce, 0xff);
    c->difficulty = difficulty.len == 1 ? difficulty.ptr[0] : 0;
    if (nonce.len != 8 || (!c->adds && !is_filled(nonce, 0)) ||
        !is_filled(h->field[WICK_HEADER_MIX_HASH], 0) ||
        !field_is(h, WICK_HEADER_UNCLES_HASH, no_uncles, sizeof no_uncles)) {
        return false;
    }
    if (!c->epoch) {
        return c->e.signers == 0;
    }
    /* An epoch header lists the signers, in order, and votes for nothing. */
    return c->e.signers != 0 && c->e.ascending && !c->adds &&
           is_filled(h->field[WICK_HEADER_MINER], 0);
}

static wick_status read(struct candidate *c, const wick_clique_config *cfg,
                        const wick_hal_crypto *crypto, wick_span rlp)
{
    uint8_t digest[32];
    memset(c->signer, 0, sizeof c->signer);
    wick_status s = wick_header_decode(&c->h, rlp);
    if (s == WICK_OK) {
        s = wick_seal_decode(&c->e, WICK_SEAL_CLIQUE, &c->h);
    }
    if (s != WICK_OK) {
        return s;
    }
    c->epoch = c->h.number % cfg->epoch == 0;
    if (!is_formed(c)) {
        return WICK_E_MALFORMED;
    }
    wick_header_hash(c->hash, rlp);
    if (c->h.number == 0) {
        return WICK_OK;
    }
    wick_seal_hash(digest, WICK_SEAL_OF_COMMIT, &c->e, rlp, &c->h);
    s = wick_seal_recover(c->signer, crypto, digest, c->e.proposer);
    return s == WICK_E_AUTH ? WICK_E_SEAL_SIGNER : s;
}

/* ---- the newest headers ---- */

static size_t slot(uint64_t number)
{
    return (size_t)(number % WICK_CLIQUE_WINDOW);
}

static void remember(wick_clique *c, const struct candidate *n)
{
    memcpy(c->block[slot(n->h.number)].hash, n->hash, 32);
    memcpy(c->block[slot(n->h.number)].signer, n->signer, 20);
    if (c->known < WICK_CLIQUE_WINDOW) {
        c->known++;
    }
    c->number = n->h.number;
    c->timestamp = n->h.timestamp;
}

/* Has the address sealed one of the newest `count` headers? */
static bool sealed_lately(const wick_clique *c, const uint8_t address20[20], size_t count)
{
    for (size_t i = 0; i < count && i < c->known; i++) {
        if (memcmp(c->block[slot(c->number - i)].signer, address20, 20) == 0) {
            return true;
        }
    }
    return false;
}

/* Members of a set who sealed one of the newest `count` headers. */
static size_t distinct_signers(const wick_clique *c, const wick_signers *set, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < set->count; i++) {
        n += sealed_lately(c, set->address[i], count);
    }
    return n;
}

/* ---- votes ---- */

static void forget_vote(wick_clique *c, size_t i)
{
    c->votes--;
    c->vote[i] = c->vote[c->votes];
}

static size_t find_vote(const wick_clique *c, const uint8_t voter20[20], const uint8_t *subject20)
{
    size_t i = 0;
    while (i < c->votes && (memcmp(c->vote[i].voter, voter20, 20) != 0 ||
                            memcmp(c->vote[i].subject, subject20, 20) != 0)) {
        i++;
    }
    return i;
}

static size_t count_votes(const wick_clique *c, const uint8_t *subject20)
{
    size_t n = 0;
    for (size_t i = 0; i < c->votes; i++) {
        n += memcmp(c->vote[i].subject, subject20, 20) == 0;
    }
    return n;
}

/* Votes about the subject are done with; those of a signer that left are void. */
static void forget_votes(wick_clique *c, const uint8_t *subject20, bool left)
{
    for (size_t i = c->votes; i-- != 0;) {
        if (memcmp(c->vote[i].subject, subject20, 20) == 0 ||
            (left && memcmp(c->vote[i].voter, subject20, 20) == 0)) {
            forget_vote(c, i);
        }
    }
}

static wick_status add_vote(wick_clique *c, const uint8_t voter20[20], const uint8_t *subject20)
{
    if (c->votes >= WICK_CLIQUE_VOTES_MAX) {
        return WICK_E_LIMIT;
    }
    memcpy(c->vote[c->votes].voter, voter20, 20);
    memcpy(c->vote[c->votes].subject, subject20, 20);
    c->votes++;
    return WICK_OK;
}

/* Takes the header's vote, one for each signer and subject. Voting for what is so already withdraws
 * an older vote. More than half decide, also when the set has shrunk since they voted. Address zero,
 * which most headers name, can seal nothing and is never voted in. On error nothing has changed. */
static wick_status cast(wick_clique *c, const struct candidate *n)
{
    const uint8_t *subject = n->h.field[WICK_HEADER_MINER].ptr;
    bool member = wick_signers_find(&c->set, subject) < c->set.count;
    size_t own = find_vote(c, n->signer, subject);
    bool had = own < c->votes, has = n->adds != member && !wick_ct_is_zero(subject, 20);
    size_t count = count_votes(c, subject) + has - had;
    if (count > c->set.count / 2u) {
        if (member) {
            wick_signers_remove(&c->set, subject);
        } else {
            wick_status s = wick_signers_add(&c->set, subject);
            if (s != WICK_OK) {
                return s;
            }
        }
        forget_votes(c, subject, member);
    } else if (has && !had) {
        return add_vote(c, n->signer, subject);
    } else if (had && !has) {
        forget_vote(c, own);
    }
    return WICK_OK;
}

/* ---- following ---- */

static wick_status check_place(const wick_clique *c, const struct candidate *n,
                               const wick_trust_now *now)
{
    if (n->h.number == 0 || n->h.number - 1 != c->number ||
        !field_is(&n->h, WICK_HEADER_PARENT_HASH, c->block[slot(c->number)].hash, 32)) {
        return WICK_E_HEADER_PARENT;
    }
    if (n->h.timestamp < c->timestamp || n->h.timestamp - c->timestamp < c->cfg.period_s) {
        return WICK_E_HEADER_STALE;
    }
    if (now->valid && n->h.timestamp > now->unix_s &&
        n->h.timestamp - now->unix_s > WICK_TRUST_FUTURE_S) {
        return WICK_E_HEADER_FUTURE;
    }
    return WICK_OK;
}

static wick_status check_signer(const wick_clique *c, const struct candidate *n)
{
    size_t at = wick_signers_find(&c->set, n->signer);
    if (at == c->set.count || sealed_lately(c, n->signer, c->set.count / 2u)) {
        return WICK_E_SEAL_SIGNER;
    }
    unsigned turn = n->h.number % c->set.count == at ? IN_TURN : OUT_OF_TURN;
    return n->difficulty == turn ? WICK_OK : WICK_E_SEAL_SIGNER;
}

/* The list of an epoch header must be the set that was worked out. */
static bool lists_set(const wick_clique *c, const struct candidate *n)
{
    if (n->e.signers != c->set.count) {
        return false;
    }
    for (size_t i = 0; i < c->set.count; i++) {
        if (memcmp(wick_seal_signer(&n->e, i), c->set.address[i], 20) != 0) {
            return false;
        }
    }
    return true;
}

wick_status wick_clique_header(wick_clique *c, const wick_hal_crypto *crypto, wick_span header_rlp,
                               const wick_trust_now *now)
{
    struct candidate n;
    if (c->phase == PHASE_NONE) {
        return WICK_E_STATE;
    }
    wick_status s = read(&n, &c->cfg, crypto, header_rlp);
    if (s == WICK_OK) {
        s = check_place(c, &n, now);
    }
    if (s == WICK_OK) {
        s = check_signer(c, &n);
    }
    if (s == WICK_OK && n.epoch && !lists_set(c, &n)) {
        s = WICK_E_MALFORMED;
    }
    if (s == WICK_OK && !n.epoch) {
        s = cast(c, &n);
    }
    if (s != WICK_OK) {
        return s;
    }
    if (n.epoch) {
        c->votes = 0;
    }
    remember(c, &n);
    c->weight += n.difficulty;
    return WICK_OK;
}

/* ---- starting ---- */

/* Begins at a header that lists its signers. */
static wick_status begin(wick_clique *c, const wick_clique_config *cfg, const struct candidate *n)
{
    memset(c, 0, sizeof *c);
    if (!n->epoch) {
        return WICK_E_MALFORMED;
    }
    wick_status s = wick_signers_from(&c->set, &n->e);
    if (s != WICK_OK) {
        return s;
    }
    if (n->h.number != 0 && wick_signers_find(&c->set, n->signer) == c->set.count) {
        memset(c, 0, sizeof *c);
        return WICK_E_SEAL_SIGNER;
    }
    c->cfg = *cfg;
    memcpy(c->base, n->hash, sizeof c->base);
    remember(c, n);
    return WICK_OK;
}

wick_status wick_clique_pin(wick_clique *c, const wick_clique_config *cfg,
                            const wick_hal_crypto *crypto, wick_span header_rlp,
                            const uint8_t hash32[32])
{
    struct candidate n;
    memset(c, 0, sizeof *c);
    if (cfg->epoch == 0) {
        return WICK_E_BAD_ARG;
    }
    wick_status s = read(&n, cfg, crypto, header_rlp);
    if (s == WICK_OK && memcmp(n.hash, hash32, sizeof n.hash) != 0) {
        s = WICK_E_HEADER_HASH;
    }
    if (s == WICK_OK) {
        s = begin(c, cfg, &n);
    }
    if (s == WICK_OK) {
        memcpy(c->origin, n.hash, sizeof c->origin);
        c->phase = PHASE_READY;
    }
    return s;
}

static wick_status check_skip(const wick_clique *from, const struct candidate *n,
                              const wick_trust_now *now, uint32_t trusting_s)
{
    uint64_t period = trusting_s != 0 ? trusting_s : WICK_SEAL_TRUSTING_S;
    if (n->h.number <= from->number || n->h.timestamp <= from->timestamp) {
        return WICK_E_HEADER_STALE;
    }
    if (n->h.timestamp > now->unix_s && n->h.timestamp - now->unix_s > WICK_TRUST_FUTURE_S) {
        return WICK_E_HEADER_FUTURE;
    }
    if (now->unix_s > from->timestamp && now->unix_s - from->timestamp > period) {
        return WICK_E_EXPIRED;
    }
    return WICK_OK;
}

wick_status wick_clique_skip(wick_clique *to, const wick_clique *from,
                             const wick_hal_crypto *crypto, wick_span header_rlp,
                             const wick_trust_now *now, uint32_t trusting_s)
{
    struct candidate n;
    memset(to, 0, sizeof *to);
    if (from->phase != PHASE_READY) {
        return WICK_E_STATE;
    }
    if (!now->valid) {
        return WICK_E_NO_CLOCK;
    }
    wick_status s = read(&n, &from->cfg, crypto, header_rlp);
    if (s == WICK_OK) {
        s = check_skip(from, &n, now, trusting_s);
    }
    if (s == WICK_OK) {
        s = begin(to, &from->cfg, &n);
    }
    if (s == WICK_OK) {
        memcpy(to->origin, from->origin, sizeof to->origin);
        to->phase = PHASE_SKIPPING;
    }
    return s;
}

wick_status wick_clique_skip_end(wick_clique *to, const wick_clique *from)
{
    if (to->phase != PHASE_SKIPPING) {
        return WICK_E_STATE;
    }
    if (from->phase != PHASE_READY || memcmp(to->origin, from->origin, sizeof to->origin) != 0) {
        return WICK_E_BAD_ARG;
    }
    /* All headers known are the epoch header and what followed it. */
    if (distinct_signers(to, &from->set, to->known) < from->set.count / 2u + 1) {
        return WICK_E_TRUST_DEPTH;
    }
    to->phase = PHASE_READY;
    return WICK_OK;
}

/* ---- trusting ---- */

wick_status wick_clique_trust(wick_trusted_header *th, const wick_clique *c, wick_span header_rlp)
{
    wick_header h;
    uint8_t hash[32];
    memset(th, 0, sizeof *th);
    if (c->phase != PHASE_READY) {
        return WICK_E_STATE;
    }
    wick_status s = wick_header_decode(&h, header_rlp);
    if (s != WICK_OK) {
        return s;
    }
    if (h.number > c->number) {
        return WICK_E_HEADER_PARENT;
    }
    if (c->number - h.number >= c->known) {
        return WICK_E_HEADER_STALE;
    }
    wick_header_hash(hash, header_rlp);
    if (memcmp(hash, c->block[slot(h.number)].hash, sizeof hash) != 0) {
        return WICK_E_HEADER_HASH;
    }
    size_t count = (size_t)(c->number - h.number) + 1;
    if (distinct_signers(c, &c->set, count) < c->set.count / 2u + 1) {
        return WICK_E_TRUST_DEPTH;
    }
    wick_trust_make(th, &h, hash, c->cfg.chain_id, WICK_TIER_POA);
    return WICK_OK;
}

wick_status wick_clique_usable(const wick_clique *c, uint64_t *number, uint32_t depth)
{
    if (c->phase != PHASE_READY) {
        return WICK_E_STATE;
    }
    /* The more blocks on top, the more signers: the first that has enough is the newest. */
    for (size_t count = (size_t)depth + 1; count <= c->known; count++) {
        if (distinct_signers(c, &c->set, count) >= c->set.count / 2u + 1) {
            *number = c->number - (count - 1);
            return WICK_OK;
        }
    }
    return WICK_E_TRUST_DEPTH;
}

const uint8_t *wick_clique_hash(const wick_clique *c, uint64_t number)
{
    if (c->phase == PHASE_NONE || number > c->number || c->number - number >= c->known) {
        return NULL;
    }
    return c->block[slot(number)].hash;
}

bool wick_clique_is_heavier(const wick_clique *rival, const wick_clique *own)
{
    return rival->phase != PHASE_NONE && rival->phase == own->phase &&
           memcmp(rival->base, own->base, sizeof own->base) == 0 && rival->weight > own->weight;
}

/* ---- store ---- */

wick_status wick_clique_export(wick_buf *out, const wick_clique *c)
{
    if (c->phase != PHASE_READY) {
        return WICK_E_STATE;
    }
    wick_buf_put_u8(out, EXPORT_VERSION);
    wick_buf_put_u8(out, c->set.count);
    wick_buf_put_u8(out, c->votes);
    wick_buf_put_u8(out, c->known);
    wick_buf_put_be64(out, c->cfg.chain_id);
    wick_buf_put_be32(out, c->cfg.epoch);
    wick_buf_put_be32(out, c->cfg.period_s);
    wick_buf_put_be64(out, c->number);
    wick_buf_put_be64(out, c->timestamp);
    wick_buf_put_be64(out, c->weight);
    wick_buf_put(out, c->origin, sizeof c->origin);
    wick_buf_put(out, c->base, sizeof c->base);
    wick_buf_put(out, c->set.address[0], c->set.count * sizeof c->set.address[0]);
    for (size_t i = 0; i < c->votes; i++) {
        wick_buf_put(out, c->vote[i].voter, 20);
        wick_buf_put(out, c->vote[i].subject, 20);
    }
    /* Newest first, so that builds with another window understand it. */
    for (size_t i = 0; i < c->known; i++) {
        wick_buf_put(out, c->block[slot(c->number - i)].hash, 32);
        wick_buf_put(out, c->block[slot(c->number - i)].signer, 20);
    }
    return wick_buf_status(out);
}

static wick_status import(wick_clique *c, wick_reader *r)
{
    c->set.count = wick_read_u8(r);
    c->votes = wick_read_u8(r);
    size_t known = wick_read_u8(r);
    if (c->set.count > WICK_SEAL_SIGNERS_MAX || c->votes > WICK_CLIQUE_VOTES_MAX) {
        return WICK_E_LIMIT;
    }
    c->cfg.chain_id = wick_read_be64(r);
    c->cfg.epoch = wick_read_be32(r);
    c->cfg.period_s = wick_read_be32(r);
    c->number = wick_read_be64(r);
    c->timestamp = wick_read_be64(r);
    c->weight = wick_read_be64(r);
    wick_read_bytes(r, c->origin, sizeof c->origin);
    wick_read_bytes(r, c->base, sizeof c->base);
    wick_read_bytes(r, c->set.address[0], c->set.count * sizeof c->set.address[0]);
    for (size_t i = 0; i < c->votes; i++) {
        wick_read_bytes(r, c->vote[i].voter, 20);
        wick_read_bytes(r, c->vote[i].subject, 20);
    }
    if (r->status == WICK_OK && (known == 0 || known - 1 > c->number)) {
        return WICK_E_MALFORMED;
    }
    for (size_t i = 0; i < known; i++) {
        wick_span hash = wick_read_span(r, 32), signer = wick_read_span(r, 20);
        if (r->status == WICK_OK && i < WICK_CLIQUE_WINDOW) {
            memcpy(c->block[slot(c->number - i)].hash, hash.ptr, 32);
            memcpy(c->block[slot(c->number - i)].signer, signer.ptr, 20);
        }
    }
    c->known = (uint8_t)(known < WICK_CLIQUE_WINDOW ? known : WICK_CLIQUE_WINDOW);
    wick_status s = wick_read_end(r);
    if (s == WICK_OK && (c->cfg.epoch == 0 || !wick_signers_is_sane(&c->set))) {
        s = WICK_E_MALFORMED;
    }
    return s;
}

wick_status wick_clique_import(wick_clique *c, wick_span in)
{
    wick_reader r = wick_reader_make(in);
    memset(c, 0, sizeof *c);
    if (wick_read_u8(&r) != EXPORT_VERSION && r.status == WICK_OK) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status s = import(c, &r);
    if (s == WICK_OK) {
        c->phase = PHASE_READY;
    } else {
        memset(c, 0, sizeof *c);
    }
    return s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_clique_is_off;
#endif
