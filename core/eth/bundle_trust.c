/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle proves: its evidence given to the authenticators, and its words. Each authenticator is
 * a function of its own, so that a leaf links only the one it uses.
 */
#include <string.h>

#include "trust_internal.h"
#include "wick/bundle.h"
#include "wick/seal.h"
#include "wick/verified.h"

/* ---- by what the leaf knows of the header ---- */

static wick_status hash_of(uint8_t hash32[32], wick_header *h, const wick_bundle *b)
{
    wick_status s = wick_header_decode(h, b->header);
    memset(hash32, 0, 32);
    if (s != WICK_OK) {
        return s;
    }
#if WICK_WITH_BFT
    if (b->head.kind >= WICK_BUNDLE_QBFT && b->head.kind <= WICK_BUNDLE_IBFT1) {
        wick_seal_extra e;
        s = wick_seal_decode(&e, (wick_seal_rule)b->head.kind, h);
        if (s == WICK_OK) {
            wick_seal_hash(hash32, WICK_SEAL_OF_BLOCK, &e, b->header, h);
        }
        return s;
    }
#endif
    wick_header_hash(hash32, b->header);
    return WICK_OK;
}

wick_status wick_bundle_block_hash(uint8_t hash32[32], const wick_bundle *b)
{
    wick_header h;
    return hash_of(hash32, &h, b);
}

wick_status wick_bundle_trust_hash(wick_trusted_header *th, const wick_bundle *b,
                                   const uint8_t hash32[32])
{
    wick_header h;
    uint8_t hash[32];
    memset(th, 0, sizeof *th);
    wick_status s = hash_of(hash, &h, b);
    if (s == WICK_OK && memcmp(hash, hash32, sizeof hash) != 0) {
        s = WICK_E_HEADER_HASH;
    }
    if (s == WICK_OK) {
        wick_trust_make(th, &h, hash, b->head.chain_id, WICK_TIER_PINNED);
    }
    return s;
}

wick_status wick_bundle_trust_second(wick_trusted_header *th, const wick_bundle *b,
                                     const wick_bundle *second)
{
    wick_header h;
    uint8_t hash[32];
    memset(th, 0, sizeof *th);
    if (b == second || b->bytes.ptr == second->bytes.ptr) {
        return WICK_E_BAD_ARG;
    }
    if (b->head.chain_id != second->head.chain_id) {
        return WICK_E_CHAIN_MISMATCH;
    }
    if (b->head.kind != second->head.kind || b->header.len != second->header.len ||
        memcmp(b->header.ptr, second->header.ptr, b->header.len) != 0) {
        return WICK_E_HEADER_HASH;
    }
    wick_status s = hash_of(hash, &h, b);
    if (s == WICK_OK) {
        wick_trust_make(th, &h, hash, b->head.chain_id, WICK_TIER_QUORUM);
    }
    return s;
}

/* ---- by seals ---- */

#if WICK_WITH_BFT
wick_status wick_bundle_trust_bft(wick_trusted_header *th, const wick_bundle *b, wick_bft *bft,
                                  const wick_hal_crypto *crypto, const wick_trust_now *now,
                                  uint32_t trusting_s)
{
    wick_bundle_reader r;
    wick_bundle_piece piece;
    wick_span in;
    wick_status s = WICK_OK;
    memset(th, 0, sizeof *th);
    if (b->head.kind < WICK_BUNDLE_QBFT || b->head.kind > WICK_BUNDLE_IBFT1 ||
        bft->rule != (uint8_t)b->head.kind) {
        return WICK_E_TRUST_TIER;
    }
    if (bft->chain_id != b->head.chain_id) {
        return WICK_E_CHAIN_MISMATCH;
    }
    wick_bundle_rewind(b, &r, &in);
    while (s == WICK_OK) {
        s = wick_bundle_next(&r, &piece, &in);
        if (s != WICK_OK || piece.tag != WICK_BUNDLE_BEFORE) {
            break;
        }
        s = wick_bft_header(bft, th, crypto, piece.bytes, now, trusting_s);
        if (s == WICK_E_HEADER_STALE) {
            s = WICK_OK; /* passed already */
        }
    }
    if (s == WICK_OK) {
        s = wick_bft_header(bft, th, crypto, b->header, now, trusting_s);
    }
    if (s != WICK_OK) {
        memset(th, 0, sizeof *th);
    }
    return s;
}
#endif

#if WICK_WITH_CLIQUE
/* Headers up to the one at hand are skipped: wick_clique_trust() asks by hash whether the one to be
 * trusted is among them. */
static wick_status follow(wick_clique *c, const wick_hal_crypto *crypto, wick_span rlp,
                          const wick_trust_now *now)
{
    wick_header h;
    wick_status s = wick_header_decode(&h, rlp);
    if (s != WICK_OK || h.number <= c->number) {
        return s;
    }
    return wick_clique_header(c, crypto, rlp, now);
}

wick_status wick_bundle_trust_clique(wick_trusted_header *th, const wick_bundle *b, wick_clique *c,
                                     wick_clique *work, const wick_hal_crypto *crypto,
                                     const wick_trust_now *now)
{
    wick_bundle_reader r;
    wick_bundle_piece piece;
    wick_span in;
    wick_status s = WICK_OK;
    memset(th, 0, sizeof *th);
    if (b->head.kind != WICK_BUNDLE_CLIQUE) {
        return WICK_E_TRUST_TIER;
    }
    if (c->cfg.chain_id != b->head.chain_id) {
        return WICK_E_CHAIN_MISMATCH;
    }
    *work = *c;
    wick_bundle_rewind(b, &r, &in);
    while (s == WICK_OK) {
        s = wick_bundle_next(&r, &piece, &in);
        if (s != WICK_OK || piece.tag > WICK_BUNDLE_AFTER) {
            break;
        }
        s = follow(work, crypto, piece.bytes, now);
    }
    if (s == WICK_OK) {
        s = wick_clique_trust(th, work, b->header);
    }
    if (s == WICK_OK) {
        *c = *work;
    }
    return s;
}
#endif

/* ---- by a sync committee ---- */

#if WICK_WITH_BEACON
static wick_status beacon_piece(wick_beacon *beacon, const wick_hal_crypto *crypto,
                                const wick_bundle_piece *piece, const wick_trust_now *now)
{
    unsigned changed = 0;
    const wick_beacon_fork *fork = wick_beacon_fork_by_version(beacon->cfg.chain, piece->version4);
    wick_beacon_kind kind = piece->tag == WICK_BUNDLE_UPDATE     ? WICK_BEACON_UPDATE
                            : piece->tag == WICK_BUNDLE_FINALITY ? WICK_BEACON_FINALITY
                                                                 : WICK_BEACON_OPTIMISTIC;
    if (fork == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status s = wick_beacon_input(beacon, &changed, crypto, kind, fork, piece->bytes, now);
    return s == WICK_E_HEADER_STALE ? WICK_OK : s; /* known already */
}

wick_status wick_bundle_trust_beacon(wick_trusted_header *th, const wick_bundle *b,
                                     wick_beacon *beacon, const wick_hal_crypto *crypto,
                                     const wick_trust_now *now, wick_tier tier)
{
    wick_bundle_reader r;
    wick_bundle_piece piece;
    wick_span in;
    wick_status s = WICK_OK;
    memset(th, 0, sizeof *th);
    if (b->head.kind != WICK_BUNDLE_BEACON) {
        return WICK_E_TRUST_TIER;
    }
    if (beacon->cfg.chain == NULL) {
        return WICK_E_STATE;
    }
    if (beacon->cfg.chain->chain_id != b->head.chain_id) {
        return WICK_E_CHAIN_MISMATCH;
    }
    wick_bundle_rewind(b, &r, &in);
    while (s == WICK_OK) {
        s = wick_bundle_next(&r, &piece, &in);
        if (s != WICK_OK || piece.tag == WICK_BUNDLE_HEADER) {
            break;
        }
        s = beacon_piece(beacon, crypto, &piece, now);
    }
    return s == WICK_OK ? wick_beacon_trust(th, beacon, b->header, tier) : s;
}
#endif

/* ---- words ---- */

/* The header to prove under: `th`, if it is that of the bundle, whoever made it. Where nobody vouches
 * for it, one as if its root were trusted, for consistency alone; the result says so. */
static wick_status choose_header(wick_trusted_header *out, const wick_bundle *b,
                                 const wick_trusted_header *th)
{
    wick_header h;
    wick_status s = wick_header_decode(&h, b->header);
    if (s != WICK_OK) {
        return s;
    }
    if (th == NULL) {
        wick_trust_pinned_root(out, h.field[WICK_HEADER_STATE_ROOT].ptr, b->head.chain_id);
        return WICK_OK;
    }
    if (!wick_trust_is_made(th)) {
        return WICK_E_TRUST_TIER;
    }
    if (th->chain_id != b->head.chain_id) {
        return WICK_E_CHAIN_MISMATCH;
    }
    *out = *th;
    return th->number == h.number && th->timestamp == h.timestamp &&
                   memcmp(th->state_root, h.field[WICK_HEADER_STATE_ROOT].ptr, 32) == 0
               ? WICK_OK
               : WICK_E_HEADER_HASH;
}

/* Is it the answer to this question? */
static wick_status check_question(const wick_bundle *b, uint64_t chain_id,
                                  const uint8_t contract20[20], const uint8_t (*slots)[32],
                                  size_t count)
{
    wick_bundle_reader r;
    wick_bundle_piece piece;
    wick_span in;
    size_t at = 0;
    if (b->head.chain_id != chain_id) {
        return WICK_E_CHAIN_MISMATCH;
    }
    if (memcmp(b->head.contract, contract20, 20) != 0 || b->slots != count) {
        return WICK_E_BUNDLE_OTHER;
    }
    wick_bundle_rewind(b, &r, &in);
    while (at < count) {
        wick_status s = wick_bundle_next(&r, &piece, &in);
        if (s != WICK_OK) {
            return s;
        }
        if (piece.tag == WICK_BUNDLE_SLOT && memcmp(piece.bytes.ptr, slots[at++], 32) != 0) {
            return WICK_E_BUNDLE_OTHER;
        }
    }
    return WICK_OK;
}

static wick_status walk(uint8_t (*values)[32], const wick_bundle *b, const wick_trusted_header *th,
                        const uint8_t contract20[20], const uint8_t (*slots)[32], size_t count)
{
    wick_verified v;
    wick_bundle_reader r;
    wick_bundle_piece piece;
    wick_span in;
    int part = WICK_VERIFIED_ACCOUNT;
    wick_status s = wick_verified_begin(&v, th, contract20, slots, values, count);
    wick_bundle_rewind(b, &r, &in);
    while (s == WICK_OK) {
        s = wick_bundle_next(&r, &piece, &in);
        if (s != WICK_OK || piece.tag == WICK_BUNDLE_END) {
            break;
        }
        if (piece.tag == WICK_BUNDLE_SLOT) {
            part++;
        } else if (piece.tag == WICK_BUNDLE_ACCOUNT || piece.tag == WICK_BUNDLE_NODE) {
            s = wick_verified_node(&v, piece.bytes, part);
        }
    }
    wick_status ended = wick_verified_end(&v); /* zeroes the values unless all is proven */
    return s == WICK_OK ? ended : s;
}

wick_status wick_bundle_words(uint8_t (*values)[32], const wick_bundle *b,
                              const wick_trusted_header *th, uint64_t chain_id,
                              const uint8_t contract20[20], const uint8_t (*slots)[32],
                              size_t count)
{
    wick_trusted_header header;
    memset(values, 0, count * sizeof values[0]);
    wick_status s = check_question(b, chain_id, contract20, slots, count);
    if (s == WICK_OK) {
        s = choose_header(&header, b, th);
    }
    if (s == WICK_OK) {
        s = walk(values, b, &header, contract20, slots, count);
    }
    return s == WICK_OK && th == NULL ? WICK_E_UNTRUSTED_HEADER : s;
}
