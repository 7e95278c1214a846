/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TRUST_STORE_H
#define WICK_TRUST_STORE_H
/*
 * What a light client knows of one chain, kept over restarts and power cuts (wick/hal/store.h), and
 * carried from one device to another. An administrator synchronises a store where there is a
 * network, and copies it to devices that go to the field.
 *
 *     s = wick_trust_store_open(&ts, &store, base, chain_id, rule, anchor32);
 *     s = wick_trust_store_state(&ts, &buf);                          what the rule exported
 *     s = wick_trust_store_save(&ts, state, sets, n, write_piece, ctx, work, number, time_s);
 *
 * Content: one state of up to WICK_TRUST_STATE_MAX bytes, and up to four sets of pieces (the keys
 * of sync committees), each of which has a 32-byte name and never changes under it.
 *
 * Atomic: the state has two areas and goes to the one not in use; sets go to places not in use; the
 * head value, which says what is in use, is written last, and is one value of the store. A power
 * cut at any write leaves all of the old or all of the new. Sets that are there already are not
 * written again.
 *
 * Never back, never mixed: beside it stand high-water marks (number, time), which only rise. A head
 * below them has been rolled back and is HEADER_STALE. A store of another chain, rule or anchor
 * (the hash that the operator configured) is CONFIG. A version that is not known is STORE_VERSION.
 * None of these is overwritten: the operator erases it, on purpose.
 *
 * Keys: base head, base + 1 marks, base + 2.. state A, + 10.. state B, + 18.. sets: 146 in all.
 * Size: 264 bytes on 32-bit. Stack 0.5 KB, and one value (1 KB) of the caller's `work`.
 */
#include "wick/base.h"
#include "wick/hal/store.h"
#include "wick/keccak.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_TRUST_STATE_CHUNKS 8
#define WICK_TRUST_STATE_MAX (WICK_TRUST_STATE_CHUNKS * WICK_STORE_VALUE_MAX)
#define WICK_TRUST_SETS 4 /* places; two are in use at most, so an import has room beside them */
#define WICK_TRUST_SETS_USED 2
#define WICK_TRUST_PIECES 32 /* of a set */
#define WICK_TRUST_KEYS (2 + 2 * WICK_TRUST_STATE_CHUNKS + WICK_TRUST_SETS * WICK_TRUST_PIECES)

/** A set of pieces. */
typedef struct wick_trust_set {
    uint8_t name[32];
    uint8_t pieces; /* 0: none */
} wick_trust_set;

/** An open store. Private. */
typedef struct wick_trust_store {
    const wick_hal_store *store;
    uint16_t base;
    uint8_t rule;
    uint8_t area; /* of the state in use */
    uint64_t chain_id;
    uint8_t anchor[32];
    uint32_t generation; /* of the head; 0: there is none */
    uint64_t number, time_s;           /* of the head */
    uint64_t mark_number, mark_time_s; /* highest ever */
    bool lowered; /* the marks in the store are above these */
    uint16_t state_len;
    uint8_t state_hash[32];
    uint8_t order[WICK_TRUST_SETS_USED]; /* place + 1 of each set in use; 0: none */
    wick_trust_set set[WICK_TRUST_SETS]; /* by place */
} wick_trust_store;

/** Reads head and marks.
 *  @param[in] store  kept
 *  @param[in] anchor32  the hash that is configured
 *  @retval WICK_OK                also where nothing is stored yet: wick_trust_store_is_empty()
 *  @retval WICK_E_CONFIG          of another chain, rule or anchor
 *  @retval WICK_E_HEADER_STALE    the head is below the marks: rolled back
 *  @retval WICK_E_STORE_VERSION   written by another version
 *  @retval WICK_E_STORE_CORRUPT   not what this module writes
 *  @retval others                 of the store */
WICK_NODISCARD wick_status wick_trust_store_open(wick_trust_store *ts, const wick_hal_store *store,
                                                 uint16_t base, uint64_t chain_id, uint8_t rule,
                                                 const uint8_t anchor32[32]);

/** Is there no head? Marks may be there all the same. */
bool wick_trust_store_is_empty(const wick_trust_store *ts);

/** Reads the state.
 *  @param[in,out] out   appended to
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND nothing is stored  @retval WICK_E_NO_SPACE
 *  @retval WICK_E_STORE_CORRUPT  @retval others of the store */
WICK_NODISCARD wick_status wick_trust_store_state(const wick_trust_store *ts, wick_buf *out);

/** The sets in use; `set` is 0 or 1. NULL: there is none. */
const wick_trust_set *wick_trust_store_set(const wick_trust_store *ts, size_t set);

/** Reads one piece of a set in use. The name vouches for nothing here: whoever reads the pieces
 *  checks that they belong to it. @retval as wick_trust_store_state() */
WICK_NODISCARD wick_status wick_trust_store_piece(const wick_trust_store *ts, wick_buf *out,
                                                  size_t set, size_t piece);

/** Gives one piece of a set that is being saved, at most WICK_STORE_VALUE_MAX bytes. */
typedef wick_status (*wick_trust_piece_fn)(void *ctx, wick_buf *out, size_t set, size_t piece);

/** Writes all of it anew.
 *  @param[in] sets, count  what is in use from now on, at most WICK_TRUST_SETS_USED
 *  @param[in] piece        called for the pieces of sets that are not stored yet; NULL without sets
 *  @param[out] work        memory for one value; untouched without sets
 *  @param[in] number, time_s  of the newest trusted header: marks rise to it
 *  @retval WICK_OK  @retval WICK_E_LIMIT the state or a set is too large
 *  @retval WICK_E_HEADER_STALE below the marks, see wick_trust_store_lower()
 *  @retval others of the store, and of `piece`: what was stored stays in use */
WICK_NODISCARD wick_status wick_trust_store_save(wick_trust_store *ts, wick_span state,
                                                 const wick_trust_set *sets, size_t count,
                                                 wick_trust_piece_fn piece, void *ctx,
                                                 uint8_t work[WICK_STORE_VALUE_MAX],
                                                 uint64_t number, uint64_t time_s);

/** An authenticated reorganisation takes blocks back: the next save may go down to this number and
 *  time. The marks in the store are written with it. */
void wick_trust_store_lower(wick_trust_store *ts, uint64_t number, uint64_t time_s);

/** Forgets what is stored, of whatever version, chain or anchor, because the operator says so.
 *  @param[in] marks  the marks too: for another chain, or one that was begun anew. Without, nothing
 *                    older than they comes back
 *  @retval WICK_OK  @retval others of the store */
WICK_NODISCARD wick_status wick_trust_store_erase(const wick_hal_store *store, uint16_t base,
                                                  bool marks);

/* ---- export and import ----
 *
 * One portable sequence of bytes: "wick trust" | version 1 | rule 1 | chain id 8 | anchor 32 |
 * number 8 | time 8 | state length 2 | sets 1 | per set: name 32, pieces 1 | state | per piece:
 * length 2, bytes | Keccak-256 of all before. The digest finds damage, not malice: carry it over a
 * trusted way, as the anchor itself. */

/** Largest step of an export. */
#define WICK_TRUST_STEP_MAX (WICK_STORE_VALUE_MAX + 160)

/** An export under way. Private. */
typedef struct wick_trust_export {
    const wick_trust_store *ts;
    wick_keccak hash;
    uint32_t generation; /* of the head that is exported */
    uint16_t step;
} wick_trust_export;

/** @retval WICK_OK  @retval WICK_E_NOT_FOUND nothing is stored */
WICK_NODISCARD wick_status wick_trust_export_begin(wick_trust_export *x,
                                                   const wick_trust_store *ts);

/** Appends the next bytes, at most WICK_TRUST_STEP_MAX.
 *  @retval WICK_AGAIN  there are more  @retval WICK_OK that was the end
 *  @retval WICK_E_STATE  the store was written since the beginning: begin anew, the bytes so far are
 *                        of no use
 *  @retval WICK_E_NO_SPACE  @retval others of the store */
WICK_NODISCARD wick_status wick_trust_export_next(wick_trust_export *x, wick_buf *out);

/** An import under way. Private. 1.6 KB. */
typedef struct wick_trust_import {
    wick_trust_store *ts;     /* what is stored now */
    wick_trust_store staged;  /* what it will be */
    wick_keccak hash;
    uint16_t want; /* bytes of the part at hand */
    uint16_t len;  /* of these, collected */
    uint16_t at;   /* state chunk, or piece */
    uint8_t part, set, sets;
    wick_status status;
    uint8_t part_bytes[WICK_STORE_VALUE_MAX];
} wick_trust_import;

/** Begins: nothing of what is stored is touched before the commit. `ts` is open, perhaps empty. */
void wick_trust_import_begin(wick_trust_import *im, wick_trust_store *ts);

/** Takes bytes, as many at a time as there are. The first error sticks.
 *  @retval WICK_OK
 *  @retval WICK_E_CONFIG         of another chain, rule or anchor than configured
 *  @retval WICK_E_HEADER_STALE   older than what is known here
 *  @retval WICK_E_UNSUPPORTED    another version of the format
 *  @retval WICK_E_MALFORMED, WICK_E_TRAILING, WICK_E_LIMIT  not an export
 *  @retval others                of the store */
WICK_NODISCARD wick_status wick_trust_import_input(wick_trust_import *im, wick_span bytes);

/** All bytes were given: the digest must be right. Then im->staged can be read like an open store,
 *  to be checked by the rule.
 *  @retval WICK_OK  @retval WICK_E_TRUNCATED  @retval WICK_E_AUTH the digest is wrong
 *  @retval others as wick_trust_import_input() */
WICK_NODISCARD wick_status wick_trust_import_end(wick_trust_import *im);

/** Puts it in use: one write. @retval WICK_OK  @retval WICK_E_STATE not ended well  @retval others
 *  of the store */
WICK_NODISCARD wick_status wick_trust_import_commit(wick_trust_import *im);

#ifdef __cplusplus
}
#endif
#endif
