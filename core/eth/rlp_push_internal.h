/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RLP_PUSH_INTERNAL_H
#define WICK_RLP_PUSH_INTERNAL_H
/* Strict RLP that comes in pieces: one item and what is in it, as tokens. For internal use. */
#include "wick/receipt.h"

enum push_token {
    PUSH_NEED,   /* the piece is used up */
    PUSH_LIST,   /* a list begins */
    PUSH_STRING, /* a string of `len` bytes begins */
    PUSH_BYTES,  /* bytes of it; its end when `string` of the state is 0 */
    PUSH_END,    /* a list ends */
    PUSH_BAD     /* not canonical, too deep or too long, or bytes after the item */
};

/** Next token of the piece, which is shortened by what was used.
 *  @param[out] bytes of PUSH_BYTES: a view into the piece; of PUSH_STRING: only its len */
enum push_token wick_rlp_push_next(wick_rlp_push *p, wick_span *bytes, wick_span *piece);

/** Has the one item ended? */
bool wick_rlp_push_ended(const wick_rlp_push *p);

#endif
