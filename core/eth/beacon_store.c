/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a sync committee store in pieces that fit the trust store, and reading it back. */
#include <string.h>

#include "beacon_internal.h"

#if WICK_WITH_BEACON

#define EXPORT_VERSION 1

enum { NONE = 0, KNOWN, PROVISIONAL }; /* the next committee */

static size_t pieces_of_one(const wick_beacon *b)
{
    return wick_beacon_members(b) / WICK_BEACON_PIECE_KEYS;
}

size_t wick_beacon_committees(const wick_beacon *b)
{
    if (b->phase == WICK_BEACON_PHASE_NONE) {
        return 0;
    }
    return b->has_next ? 2 : 1;
}

const uint8_t *wick_beacon_committee_name(const wick_beacon *b, size_t index)
{
    if (index >= wick_beacon_committees(b)) {
        return NULL;
    }
    return index == 0 ? b->current.root : b->next.root;
}

size_t wick_beacon_pieces(const wick_beacon *b)
{
    return wick_beacon_committees(b) == 0 ? 0 : pieces_of_one(b) * wick_beacon_committees(b);
}

/* ---- export ---- */

static void put_head(wick_buf *out, const wick_beacon_head *h)
{
    wick_buf_put_be64(out, h->slot);
    wick_buf_put(out, h->root, sizeof h->root);
    wick_buf_put(out, h->execution_root, sizeof h->execution_root);
    wick_buf_put(out, h->execution_hash, sizeof h->execution_hash);
}

static void put_committee(wick_buf *out, const wick_beacon_committee *c)
{
    wick_buf_put_u8(out, c->level);
    wick_buf_put(out, c->root, sizeof c->root);
    wick_buf_put(out, c->aggregate, sizeof c->aggregate);
}

wick_status wick_beacon_export(wick_buf *out, const wick_beacon *b)
{
    if (b->phase != WICK_BEACON_PHASE_READY) {
        return WICK_E_STATE;
    }
    wick_buf_put_u8(out, EXPORT_VERSION);
    wick_buf_put_be64(out, b->cfg.chain->chain_id);
    wick_buf_put(out, b->cfg.chain->genesis_validators_root, 32);
    wick_buf_put_be16(out, b->cfg.chain->committee);
    wick_buf_put_be16(out, b->max_before);
    wick_buf_put_be16(out, b->max_now);
    put_head(out, &b->finalized);
    put_head(out, &b->optimistic);
    put_head(out, &b->proven);
    put_head(out, &b->signed_by_most);
    put_committee(out, &b->current);
    wick_buf_put_u8(out, b->has_next ? (b->provisional ? PROVISIONAL : KNOWN) : NONE);
    if (b->has_next) {
        put_committee(out, &b->next);
    }
    return wick_buf_status(out);
}

wick_status wick_beacon_export_piece(wick_buf *out, const wick_beacon *b,
                                     const wick_hal_crypto *crypto, size_t piece)
{
    if (b->phase != WICK_BEACON_PHASE_READY) {
        return WICK_E_STATE;
    }
    if (piece >= wick_beacon_pieces(b)) {
        return WICK_E_BAD_ARG;
    }
    size_t each = pieces_of_one(b), first = piece % each * WICK_BEACON_PIECE_KEYS;
    for (size_t i = 0; i < WICK_BEACON_PIECE_KEYS; i++) {
        uint8_t key[48];
        wick_beacon_key(key, b, crypto, piece >= each, first + i);
        wick_buf_put(out, key, sizeof key);
    }
    return wick_buf_status(out);
}

/* ---- import ---- */

static void read_head(wick_reader *r, wick_beacon_head *h)
{
    h->slot = wick_read_be64(r);
    wick_read_bytes(r, h->root, sizeof h->root);
    wick_read_bytes(r, h->execution_root, sizeof h->execution_root);
    wick_read_bytes(r, h->execution_hash, sizeof h->execution_hash);
}

static void read_committee(wick_reader *r, wick_beacon_committee *c)
{
    c->level = wick_read_u8(r);
    wick_read_bytes(r, c->root, sizeof c->root);
    wick_read_bytes(r, c->aggregate, sizeof c->aggregate);
}

static wick_status import(wick_beacon *b, wick_reader *r)
{
    const wick_beacon_chain *chain = b->cfg.chain;
    uint8_t root[32];
    uint64_t chain_id = wick_read_be64(r);
    wick_read_bytes(r, root, sizeof root);
    uint16_t members = wick_read_be16(r);
    if (r->status == WICK_OK &&
        (chain_id != chain->chain_id || members != chain->committee ||
         memcmp(root, chain->genesis_validators_root, sizeof root) != 0)) {
        return WICK_E_CHAIN_MISMATCH;
    }
    b->max_before = wick_read_be16(r);
    b->max_now = wick_read_be16(r);
    read_head(r, &b->finalized);
    read_head(r, &b->optimistic);
    read_head(r, &b->proven);
    read_head(r, &b->signed_by_most);
    read_committee(r, &b->current);
    uint8_t has_next = wick_read_u8(r);
    b->has_next = has_next != NONE;
    b->provisional = has_next == PROVISIONAL;
    if (b->has_next) {
        read_committee(r, &b->next);
    }
    wick_status s = wick_read_end(r);
    if (s == WICK_OK && (has_next > PROVISIONAL || b->current.level > WICK_BEACON_FINAL ||
                         b->next.level > WICK_BEACON_FINAL || b->max_before > members ||
                         b->max_now > members)) {
        s = WICK_E_MALFORMED;
    }
    return s;
}

wick_status wick_beacon_import(wick_beacon *b, const wick_beacon_config *cfg, wick_span in)
{
    wick_reader r = wick_reader_make(in);
    memset(b, 0, sizeof *b);
    wick_status s = wick_beacon_chain_check(cfg->chain);
    if (s == WICK_OK && wick_read_u8(&r) != EXPORT_VERSION && r.status == WICK_OK) {
        s = WICK_E_UNSUPPORTED;
    }
    if (s == WICK_OK) {
        b->cfg = *cfg;
        s = import(b, &r);
    }
    if (s == WICK_OK) {
        b->phase = WICK_BEACON_PHASE_IMPORT;
    } else {
        memset(b, 0, sizeof *b);
    }
    return s;
}

wick_status wick_beacon_import_piece(wick_beacon *b, wick_span in, size_t piece)
{
    if (b->phase != WICK_BEACON_PHASE_IMPORT) {
        return WICK_E_STATE;
    }
    if (piece >= wick_beacon_pieces(b) || in.len != WICK_BEACON_PIECE_MAX) {
        return WICK_E_BAD_ARG;
    }
    size_t each = pieces_of_one(b), first = piece % each * WICK_BEACON_PIECE_KEYS;
    for (size_t i = 0; i < WICK_BEACON_PIECE_KEYS; i++) {
        /* In the bank still compressed, until all are there and checked. */
        void *place = piece < each ? (void *)&b->bank[first + i] : (void *)b->other[first + i];
        memcpy(place, in.ptr + 48 * i, 48);
    }
    return WICK_OK;
}

static wick_status check_roots(const wick_beacon *b, const wick_hal_crypto *crypto)
{
    uint8_t current[32], next[32];
    wick_ssz z;
    wick_ssz_begin(&z, crypto);
    wick_beacon_committee_root(&z, current, (const uint8_t *)b->bank, sizeof b->bank[0],
                               wick_beacon_members(b), b->current.aggregate);
    memcpy(next, b->next.root, sizeof next);
    if (b->has_next) {
        wick_beacon_committee_root(&z, next, b->other[0], 48, wick_beacon_members(b),
                                   b->next.aggregate);
    }
    wick_status s = wick_ssz_end(&z);
    if (s == WICK_OK && (memcmp(current, b->current.root, sizeof current) != 0 ||
                         memcmp(next, b->next.root, sizeof next) != 0)) {
        s = WICK_E_BEACON_COMMITTEE;
    }
    return s;
}

wick_status wick_beacon_import_end(wick_beacon *b, const wick_hal_crypto *crypto,
                                   const wick_trust_now *now)
{
    uint64_t now_slot;
    if (b->phase != WICK_BEACON_PHASE_IMPORT) {
        return WICK_E_STATE;
    }
    wick_status s = wick_beacon_slot_now(&now_slot, b->cfg.chain, now);
    if (s != WICK_OK) {
        return s;
    }
    s = wick_beacon_has_bls(crypto) ? wick_beacon_check_age(&b->cfg, b->proven.slot, now_slot)
                                    : WICK_E_UNSUPPORTED;
    if (s == WICK_OK) {
        s = check_roots(b, crypto);
    }
    if (s == WICK_OK) {
        s = wick_beacon_keys_load(b, crypto, (const uint8_t *)b->bank, sizeof b->bank[0]);
    }
    if (s == WICK_OK) {
        b->phase = WICK_BEACON_PHASE_READY;
    } else {
        memset(b, 0, sizeof *b);
    }
    return s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_beacon_store_is_off;
#endif
