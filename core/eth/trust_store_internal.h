/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TRUST_STORE_INTERNAL_H
#define WICK_TRUST_STORE_INTERNAL_H
/* What trust_store.c and trust_export.c share: keys, and writing what is not in use yet. */
#include "wick/trust_store.h"

#include <string.h>

#define TRUST_VERSION 1u

static inline uint16_t trust_state_key(const wick_trust_store *ts, unsigned area, unsigned chunk)
{
    return (uint16_t)(ts->base + 2u + area * WICK_TRUST_STATE_CHUNKS + chunk);
}

static inline uint16_t trust_piece_key(const wick_trust_store *ts, unsigned place, unsigned piece)
{
    return (uint16_t)(ts->base + 2u + 2u * WICK_TRUST_STATE_CHUNKS + place * WICK_TRUST_PIECES +
                      piece);
}

/** A place for a set that neither of the two uses; they leave room for one. */
unsigned trust_free_place(const wick_trust_store *in_use, const wick_trust_store *next);

/** Makes `next` the one in use: head, then marks (before it where they go down). */
wick_status trust_put_head(wick_trust_store *ts, wick_trust_store *next);

#endif
