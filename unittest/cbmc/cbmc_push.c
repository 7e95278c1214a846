/* SPDX-License-Identifier: Apache-2.0 */
/* RLP in pieces: one token from any state, of any piece. The piece shrinks by what was used, views
 * lie in it, lists never get more than they have. Bound: pieces of at most BOUND bytes; by
 * induction any number of pieces. */
#include "cbmc.h"

#include "rlp_push_internal.h"

#ifndef BOUND
#define BOUND 16
#endif
#define DEPTH (sizeof((wick_rlp_push *)0)->left / sizeof(uint32_t))

void harness(void)
{
    wick_span piece = CBMC_INPUT_END(BOUND), before = piece, bytes;
    wick_rlp_push p, old;
    __CPROVER_havoc_object(&p);
    p.single = nondet_bool();
    p.ended = nondet_bool();
    /* What init and earlier tokens can leave. */
    ASSUME(p.depth <= DEPTH && p.have < sizeof p.head);
    ASSUME(p.have == 0 || (p.string == 0 && p.head[0] >= 0x80));
    ASSUME(p.have == 0 || (uint8_t)(p.head[0] - (p.head[0] >= 0xc0 ? 0xc0 : 0x80)) > 55);
    ASSUME(p.have == 0 || p.have < 1 + (uint8_t)(p.head[0] - (p.head[0] >= 0xc0 ? 0xf7 : 0xb7)));
    old = p;
    enum push_token t = wick_rlp_push_next(&p, &bytes, &piece);
    PROVE(piece.len <= before.len && piece.ptr == before.ptr + (before.len - piece.len),
          "the piece shrinks from its front");
    PROVE(t != PUSH_BYTES || (bytes.ptr == before.ptr && bytes.len <= before.len && bytes.len != 0),
          "bytes are a view of the piece");
    PROVE(t != PUSH_NEED || piece.len == 0, "more is needed only when the piece is used up");
    PROVE(p.depth <= DEPTH, "depth is bounded");
    PROVE(t == PUSH_BAD || p.have < sizeof p.head, "the header fits");
    if (t == PUSH_STRING || t == PUSH_LIST) {
        PROVE(old.depth == 0 || p.left[old.depth - 1] <= old.left[old.depth - 1],
              "a list is used up");
    }
    PROVE(t != PUSH_END || (old.depth != 0 && p.depth == old.depth - 1), "an end closes one list");
    COVER(t == PUSH_NEED);
    COVER(t == PUSH_LIST);
    COVER(t == PUSH_STRING);
    COVER(t == PUSH_BYTES);
    COVER(t == PUSH_END);
    COVER(t == PUSH_BAD);
}
