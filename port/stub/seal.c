/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals of consortium chains on the stub chain's headers. A header is encoded with empty seals of
 * the right length first; then each seal is written where it stands. What is hashed is found by the
 * library's own decoder: unit/seal_world.c is the independent maker of such headers.
 */
#include "stub_seal.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/record.h"
#include "wick/seal.h"
#include "wick/tx.h"

/* "ctical byzantine fault tolerance" */
static const uint8_t mix_hash[32] = {0x63, 0x74, 0x69, 0x63, 0x61, 0x6c, 0x20, 0x62,
                                     0x79, 0x7a, 0x61, 0x6e, 0x74, 0x69, 0x6e, 0x65,
                                     0x20, 0x66, 0x61, 0x75, 0x6c, 0x74, 0x20, 0x74,
                                     0x6f, 0x6c, 0x65, 0x72, 0x61, 0x6e, 0x63, 0x65};
/* keccak256 of the empty list */
static const uint8_t no_uncles[32] = {0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a,
                                      0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
                                      0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13,
                                      0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47};
static const uint8_t zero[WICK_SEAL_BYTES], ones[8] = {255, 255, 255, 255, 255, 255, 255, 255};

/* ------------------------------------------------------------------ keys */

static void secret_of(uint8_t secret[32], uint8_t key)
{
    memset(secret, 0, 32);
    secret[0] = 1;
    secret[31] = key;
}

static void address_of(wick_stub_chain *c, uint8_t address[20], uint8_t key)
{
    uint8_t secret[32], pub33[33];
    secret_of(secret, key);
    memset(address, 0, 20);
    if (wick_crypto_secp256k1_public(c->sealing.crypto, pub33, secret) == WICK_OK) {
        wick_status s = wick_eth_address_of(address, pub33, c->crypto);
        (void)s; /* a public key just made */
    }
}

void wick_stub_chain_members(wick_stub_chain *c, const uint8_t *members, unsigned count)
{
    uint8_t at[WICK_STUB_CHAIN_MEMBERS][20];
    count = count < WICK_STUB_CHAIN_MEMBERS ? count : WICK_STUB_CHAIN_MEMBERS;
    for (unsigned i = 0; i < count; i++) {
        uint8_t address[20];
        unsigned k = i;
        address_of(c, address, members[i]);
        for (; k > 0 && memcmp(at[k - 1], address, 20) > 0; k--) {
            memcpy(at[k], at[k - 1], 20);
            c->sealing.member[k] = c->sealing.member[k - 1];
        }
        memcpy(at[k], address, 20);
        c->sealing.member[k] = members[i];
    }
    c->sealing.members = count;
}

void wick_stub_chain_seal(wick_stub_chain *c, wick_crypto_ctx *crypto, wick_seal_rule rule,
                          const uint8_t *members, unsigned count)
{
    c->sealing.crypto = crypto;
    c->sealing.rule = rule;
    c->sealing.epoch = 50;
    wick_stub_chain_members(c, members, count);
    if (rule == WICK_SEAL_CLIQUE) { /* an epoch header is what a Clique chain can be pinned at */
        c->state.number += c->sealing.epoch - 1 - c->state.number % c->sealing.epoch;
    }
    wick_stub_chain_mine(c);
    memcpy(c->genesis, c->state.hash, 32);
}

void wick_stub_chain_vote(wick_stub_chain *c, uint8_t key)
{
    c->sealing.subject = key;
    c->sealing.votes = c->sealing.members / 2 + 1;
}

/* Whom the vote was about is in now, or out. */
static void decide_vote(wick_stub_chain *c)
{
    wick_stub_sealing *s = &c->sealing;
    uint8_t members[WICK_STUB_CHAIN_MEMBERS + 1];
    unsigned n = 0;
    for (unsigned i = 0; i < s->members; i++) {
        if (s->member[i] != s->subject) {
            members[n++] = s->member[i];
        }
    }
    if (n == s->members) {
        members[n++] = s->subject;
    }
    wick_stub_chain_members(c, members, n);
    s->subject = 0;
}

/* ------------------------------------------------------------------ extraData */

static void put_members(wick_buf *b, wick_stub_chain *c, bool rlp)
{
    for (unsigned i = 0; i < c->sealing.members; i++) {
        uint8_t address[20];
        address_of(c, address, c->sealing.member[i]);
        if (rlp) {
            wick_rlp_put(b, address, 20);
        } else {
            wick_buf_put(b, address, 20);
        }
    }
}

static void put_list(wick_buf *b, wick_stub_chain *c)
{
    size_t at = wick_rlp_open(b);
    put_members(b, c, true);
    wick_rlp_shut(b, at);
}

static unsigned sealers(const wick_stub_chain *c)
{
    return c->sealing.members - c->sealing.absent;
}

static void put_seals(wick_buf *b, const wick_stub_chain *c)
{
    size_t at = wick_rlp_open(b);
    for (unsigned i = 0; i < sealers(c); i++) {
        wick_rlp_put(b, zero, WICK_SEAL_BYTES);
    }
    wick_rlp_shut(b, at);
}

static void put_extra(wick_buf *b, wick_stub_chain *c)
{
    wick_seal_rule rule = c->sealing.rule;
    if (rule == WICK_SEAL_CLIQUE || rule == WICK_SEAL_IBFT1) {
        wick_buf_put_zero(b, WICK_SEAL_VANITY_BYTES);
    }
    if (rule == WICK_SEAL_CLIQUE) {
        if (c->state.number % c->sealing.epoch == 0) {
            put_members(b, c, false);
        }
        wick_buf_put_zero(b, WICK_SEAL_BYTES);
        return;
    }
    size_t at = wick_rlp_open(b);
    if (rule == WICK_SEAL_IBFT1) {
        put_list(b, c);
        wick_rlp_put(b, zero, WICK_SEAL_BYTES);
    } else {
        wick_rlp_put(b, zero, WICK_SEAL_VANITY_BYTES);
        put_list(b, c);
        if (rule == WICK_SEAL_QBFT) {
            wick_rlp_shut(b, wick_rlp_open(b)); /* no vote */
            wick_rlp_put_u64(b, 0);
        } else {
            wick_rlp_put(b, zero, 0);
            wick_rlp_put(b, zero, 4);
        }
    }
    put_seals(b, c);
    wick_rlp_shut(b, at);
}

/* ------------------------------------------------------------------ seals */

static void sign(wick_stub_chain *c, const uint8_t *where, const uint8_t hash32[32], uint8_t key)
{
    uint8_t secret[32];
    uint8_t *out = c->state.header + (where - c->state.header);
    secret_of(secret, key);
    wick_status s = wick_crypto_secp256k1_sign(c->sealing.crypto, out, &out[64], secret, hash32);
    (void)s; /* a key of the table; a seal that was not made is refused by whoever reads it */
}

/* Who seals a Clique block: not one of the last floor(n / 2), and in turn unless lazy. */
static unsigned clique_sealer(const wick_stub_chain *c)
{
    unsigned n = c->sealing.members, turn = (unsigned)(c->state.number % n), best = n;
    for (unsigned i = 0; i < n; i++) {
        unsigned at = (turn + i) % n;
        bool recent = false;
        for (unsigned k = 0; k < n / 2; k++) {
            recent = recent || c->state.recent[k] == c->sealing.member[at];
        }
        if (!recent && !(c->sealing.lazy && at == turn)) {
            best = at;
            break;
        }
    }
    return best < n ? best : turn;
}

static void seal_clique(wick_stub_chain *c, wick_header *h, wick_buf *b)
{
    static const uint8_t in_turn[1] = {2}, out_of_turn[1] = {1};
    wick_stub_sealing *s = &c->sealing;
    uint8_t subject[20], hash[32];
    wick_seal_extra e;
    bool epoch = c->state.number % s->epoch == 0, votes = s->subject != 0 && !epoch;
    unsigned at = clique_sealer(c);
    h->field[WICK_HEADER_UNCLES_HASH] = wick_span_make(no_uncles, 32);
    h->field[WICK_HEADER_DIFFICULTY] =
        wick_span_make(at == c->state.number % s->members ? in_turn : out_of_turn, 1);
    if (votes) {
        bool member = false;
        for (unsigned i = 0; i < s->members; i++) {
            member = member || s->member[i] == s->subject;
        }
        address_of(c, subject, s->subject);
        h->field[WICK_HEADER_MINER] = wick_span_make(subject, 20);
        h->field[WICK_HEADER_NONCE] = wick_span_make(member ? zero : ones, 8);
    }
    wick_span rlp;
    if (wick_header_encode(b, h) != WICK_OK) {
        return;
    }
    rlp = wick_buf_span(b);
    if (wick_header_decode(h, rlp) != WICK_OK || wick_seal_decode(&e, s->rule, h) != WICK_OK) {
        return;
    }
    wick_seal_hash(hash, WICK_SEAL_OF_COMMIT, &e, rlp, h);
    sign(c, e.proposer, hash, s->member[at]);
    memmove(c->state.recent + 1, c->state.recent, sizeof c->state.recent - 1);
    c->state.recent[0] = s->member[at];
    if (votes && --s->votes == 0) {
        decide_vote(c);
    }
    wick_header_hash(c->state.hash, rlp);
}

static void seal_bft(wick_stub_chain *c, wick_header *h, wick_buf *b)
{
    static const uint8_t one[1] = {1};
    wick_stub_sealing *s = &c->sealing;
    uint8_t hash[32];
    wick_seal_extra e;
    h->field[WICK_HEADER_DIFFICULTY] = wick_span_make(one, 1);
    h->field[WICK_HEADER_MIX_HASH] = wick_span_make(mix_hash, 32);
    if (wick_header_encode(b, h) != WICK_OK) {
        return;
    }
    wick_span rlp = wick_buf_span(b);
    if (wick_header_decode(h, rlp) != WICK_OK || wick_seal_decode(&e, s->rule, h) != WICK_OK) {
        return;
    }
    uint8_t stranger = s->strangers ? 100 : 0;
    if (s->rule == WICK_SEAL_IBFT1) {
        wick_seal_hash(hash, WICK_SEAL_OF_PROPOSER, &e, rlp, h);
        sign(c, e.proposer, hash, s->member[0]);
    }
    wick_seal_hash(hash, WICK_SEAL_OF_COMMIT, &e, rlp, h);
    for (size_t i = 0; i < e.seals; i++) {
        sign(c, wick_seal_at(&e, i), hash, (uint8_t)(s->member[i] + stranger));
    }
    wick_seal_hash(c->state.hash, WICK_SEAL_OF_BLOCK, &e, rlp, h);
}

void stub_seal(wick_stub_chain *c, wick_header *h)
{
    uint8_t extra[WICK_STUB_CHAIN_HEADER / 2];
    wick_buf e = wick_buf_make(extra, sizeof extra);
    wick_buf b = wick_buf_make(c->state.header, sizeof c->state.header);
    put_extra(&e, c);
    h->field[WICK_HEADER_EXTRA_DATA] = wick_buf_span(&e);
    if (c->sealing.rule == WICK_SEAL_CLIQUE) {
        seal_clique(c, h, &b);
    } else {
        seal_bft(c, h, &b);
    }
    c->state.header_len = b.len;
}
