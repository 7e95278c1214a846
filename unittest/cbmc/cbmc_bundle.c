/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof bundles: one call of the reader from any state that earlier calls can leave, for any input.
 * By induction: bundles of any length in any parts. Nothing outside of the input and of the memory
 * given is touched, the input shrinks from its front, a piece is a view of one of the two, pieces come
 * in the order of the format and in its numbers, errors stick, and nothing is given with an error.
 *
 * The header's own decoder is replaced by any result (cbmc_header.c).
 *
 * Bound: BOUND bytes of input and of memory; lengths in the format are any.
 */
#include "cbmc.h"

#include "wick/bundle.h"
#include "wick/header.h"

#ifndef BOUND
#define BOUND 48
#endif
enum { FIXED, TAG, CONTENT, END }; /* of wick_bundle_reader.state */

static wick_status header_status;
static uint64_t header_time;
static bool header_read;

wick_status wick_header_decode(wick_header *out, wick_span rlp)
{
    (void)rlp;
    header_read = true;
    out->timestamp = header_time;
    return header_status;
}

/* The format's table, written down once more: what may come after what. */
static bool may_follow(uint8_t kind, uint8_t last, uint8_t tag)
{
    bool sealed = kind >= 1 && kind <= 4, beacon = kind == 16;
    switch (tag) {
    case WICK_BUNDLE_BEFORE:
        return sealed && (last == 0 || last == 1);
    case WICK_BUNDLE_UPDATE:
        return beacon && (last == 0 || last == 2);
    case WICK_BUNDLE_FINALITY:
        return beacon && (last == 0 || last == 2);
    case WICK_BUNDLE_OPTIMISTIC:
        return beacon && (last == 0 || last == 2 || last == 3);
    case WICK_BUNDLE_HEADER:
        return beacon ? last == 3 || last == 4 : last == 0 || last == 1;
    case WICK_BUNDLE_AFTER:
        return kind == 4 && (last == 5 || last == 6);
    case WICK_BUNDLE_ACCOUNT:
        return last >= 5 && last <= 7;
    case WICK_BUNDLE_SLOT:
        return last >= 5;
    case WICK_BUNDLE_NODE:
    case WICK_BUNDLE_END:
        return last == 8 || last == 9;
    default:
        return false;
    }
}

/* Tags that a reader of this kind can have behind it. */
static bool reachable(uint8_t kind, uint8_t last)
{
    bool sealed = kind >= 1 && kind <= 4, beacon = kind == 16;
    return last == 0 || last == 5 || (last >= 7 && last <= 9) || (last == 1 && sealed) ||
           (last >= 2 && last <= 4 && beacon) || (last == 6 && kind == 4);
}

static bool right_length(uint8_t tag, size_t len)
{
    return tag == WICK_BUNDLE_END    ? len == 0
           : tag == WICK_BUNDLE_SLOT ? len == 32
           : tag == WICK_BUNDLE_ACCOUNT || tag == WICK_BUNDLE_NODE
               ? len >= 1 && len <= WICK_MPT_NODE_MAX
           : tag >= WICK_BUNDLE_UPDATE && tag <= WICK_BUNDLE_OPTIMISTIC
               ? len > 4
               : len >= 1 && len <= WICK_HEADER_MAX;
}

static size_t due(const wick_bundle_reader *r)
{
    return r->state == FIXED ? WICK_BUNDLE_FIXED_BYTES
           : r->state == TAG ? WICK_BUNDLE_PIECE_OVERHEAD
                             : r->len;
}

void harness(void)
{
    wick_span in = CBMC_INPUT_END(BOUND), before = in;
    static uint8_t memory[BOUND];
    wick_bundle_reader r, old;
    wick_bundle_piece piece;
    __CPROVER_havoc_object(memory);
    __CPROVER_havoc_object(&r);
    header_status = nondet_bool() ? WICK_OK : WICK_E_MALFORMED;
    header_time = nondet_u64();
    r.cap = nondet_size();
    r.status = nondet_bool() ? WICK_OK : nondet_bool() ? WICK_AGAIN : WICK_E_LIMIT;
    uint8_t kind = nondet_u8();
    r.head.kind = (wick_bundle_kind)kind;
    ASSUME(r.cap <= BOUND && r.state <= END && (kind <= 4 || kind == 16));
    r.work = memory + (BOUND - r.cap);
    ASSUME(r.state != FIXED || (r.last == 0 && r.nodes == 0 && r.slots == 0 && r.steps == 0));
    ASSUME(r.state != CONTENT || right_length(r.tag, r.len));
    ASSUME(r.state != CONTENT || r.last == r.tag);
    ASSUME(r.state == FIXED || r.state == END || reachable(kind, r.last));
    ASSUME(r.have == 0 || (r.have < due(&r) && due(&r) <= r.cap && r.state != END));
    ASSUME(r.nodes <= WICK_BUNDLE_NODES_MAX && r.slots <= WICK_BUNDLE_SLOTS_MAX &&
           r.steps <= WICK_BUNDLE_STEPS_MAX);
    old = r;

    wick_status s = wick_bundle_next(&r, &piece, &in);

    PROVE(s == r.status, "errors are kept");
    PROVE(old.status != WICK_E_LIMIT || s == WICK_E_LIMIT, "errors stick");
    PROVE(in.len <= before.len && in.ptr == before.ptr + (before.len - in.len),
          "the input shrinks from its front");
    PROVE(s != WICK_AGAIN || in.len == 0, "more is asked for only when all is used");
    PROVE(r.have == 0 || r.have < due(&r) || s != WICK_AGAIN, "what is gathered is not whole");
    PROVE(s != WICK_AGAIN || r.have == 0 || due(&r) <= r.cap, "and has its place");
    if (s == WICK_OK) {
        size_t extra = piece.tag >= WICK_BUNDLE_UPDATE && piece.tag <= WICK_BUNDLE_OPTIMISTIC ? 4 : 0;
        PROVE(old.state != END && piece.tag == r.tag && piece.tag == r.last, "a piece of the format");
        PROVE(old.state == CONTENT || may_follow((uint8_t)r.head.kind,
                                                 old.state == FIXED ? 0 : old.last, r.tag),
              "in its order");
        PROVE(right_length(r.tag, r.len) && piece.bytes.len + extra == r.len, "of its length");
        bool given = __CPROVER_same_object(piece.bytes.ptr, before.ptr) &&
                     piece.bytes.ptr + piece.bytes.len == in.ptr;
        bool gathered = __CPROVER_same_object(piece.bytes.ptr, memory) &&
                        piece.bytes.ptr == r.work + extra && r.len <= r.cap;
        PROVE(given || gathered, "a view of the input, or of the memory");
        PROVE(r.nodes <= WICK_BUNDLE_NODES_MAX && r.slots <= WICK_BUNDLE_SLOTS_MAX &&
                  r.steps <= WICK_BUNDLE_STEPS_MAX,
              "no more than this build reads");
        PROVE(piece.tag != WICK_BUNDLE_HEADER ||
                  (header_read && header_status == WICK_OK && header_time == r.head.time_s),
              "the time outside is the header's");
        PROVE((piece.tag == WICK_BUNDLE_END) == (r.state == END), "END ends it");
        PROVE(piece.tag != WICK_BUNDLE_END || in.len == 0, "and nothing follows");
    } else {
        PROVE(piece.tag == 0 && piece.bytes.ptr == NULL && piece.bytes.len == 0,
              "nothing with an error");
    }
    COVER(s == WICK_OK && old.state == FIXED);
    COVER(s == WICK_OK && piece.tag == WICK_BUNDLE_HEADER);
    COVER(s == WICK_OK && piece.tag == WICK_BUNDLE_FINALITY && old.state == TAG);
    COVER(s == WICK_OK && piece.tag == WICK_BUNDLE_SLOT &&
          __CPROVER_same_object(piece.bytes.ptr, memory));
    COVER(s == WICK_OK && piece.tag == WICK_BUNDLE_END);
    COVER(s == WICK_AGAIN && r.have != 0);
    COVER(s == WICK_AGAIN && r.have == 0);
    COVER(s == WICK_E_UNSUPPORTED);
    COVER(s == WICK_E_MALFORMED && old.state == FIXED);
    COVER(s == WICK_E_MALFORMED && old.state == TAG);
    COVER(s == WICK_E_MALFORMED && header_read && header_status == WICK_OK);
    COVER(s == WICK_E_LIMIT && old.status == WICK_OK);
    COVER(s == WICK_E_NO_SPACE);
    COVER(s == WICK_E_TRAILING);
    COVER(s == WICK_E_STATE);
}
