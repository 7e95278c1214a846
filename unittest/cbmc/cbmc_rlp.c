/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RLP reader: every operation on any cursor over any bytes. Nothing outside the span is read, views
 * lie inside it, the cursor moves over what it gave and nothing else, errors stick, and a string
 * that was read writes back to the very bytes that were consumed (so only canonical forms pass).
 *
 * Bound: spans of at most BOUND bytes; one operation from an arbitrary cursor, so by induction any
 * sequence of them.
 */
#include "cbmc.h"

#include "wick/rlp.h"

#ifndef BOUND
#define BOUND 72
#endif

static bool canonical_header(wick_span raw, wick_span payload, bool list)
{
    size_t header = raw.len - payload.len;
    uint8_t base = list ? 0xc0 : 0x80;
    if (header == 0) {
        return !list && payload.len == 1 && raw.ptr[0] < 0x80;
    }
    if (!list && payload.len == 1 && payload.ptr[0] < 0x80) {
        return false;
    }
    if (payload.len <= 55) {
        return header == 1 && raw.ptr[0] == base + payload.len;
    }
    return header == 2 && raw.ptr[0] == base + 56 && raw.ptr[1] == payload.len; /* BOUND < 256 */
}

void harness(void)
{
    wick_span in = cbmc_input(BOUND);
    wick_rlp r = wick_rlp_make(in);
    if (nondet_bool()) {
        r.status = WICK_E_MALFORMED; /* a latched error */
    }
    r.depth = nondet_u8();
    ASSUME(r.depth <= WICK_RLP_DEPTH_MAX);
    wick_rlp before = r;
    wick_span out = {NULL, 0}, raw;
    wick_rlp sub;
    uint8_t word[32];
    uint8_t which = nondet_u8();
    ASSUME(which < 6);
    wick_rlp_kind kind = wick_rlp_peek(&r);
    PROVE((kind == WICK_RLP_NONE) == wick_rlp_at_end(&r), "peek and at_end agree");
    switch (which) {
    case 0:
        out = wick_rlp_string(&r);
        break;
    case 1:
        sub = wick_rlp_list(&r);
        out = wick_span_make(sub.ptr, sub.len);
        PROVE(sub.status == r.status, "a list that fails, fails its reader");
        PROVE(r.status != WICK_OK || sub.depth == before.depth + 1, "depth counts");
        PROVE(r.status != WICK_OK || sub.depth <= WICK_RLP_DEPTH_MAX, "depth is bounded");
        break;
    case 2:
        out = wick_rlp_raw(&r);
        break;
    case 3: {
        size_t len = nondet_size();
        ASSUME(len <= 32);
        wick_rlp_uint(&r, word, len);
        PROVE(r.status != WICK_OK || before.ptr[0] != 0, "no integer begins with a zero byte");
        break;
    }
    case 4: {
        size_t len = nondet_size();
        ASSUME(len <= 32);
        wick_rlp_fixed(&r, word, len);
        break;
    }
    default: {
        size_t len = nondet_size();
        const uint8_t *p = wick_rlp_fixed_view(&r, len);
        PROVE((p != NULL) == (r.status == WICK_OK), "a view or an error");
        out = wick_span_make(p, p != NULL ? len : 0);
        break;
    }
    }
    PROVE(before.status == WICK_OK || r.status == before.status, "errors stick");
    if (r.status == WICK_OK) {
        size_t used = before.len - r.len;
        raw = wick_span_make(before.ptr, used);
        PROVE(r.len <= before.len && r.ptr == before.ptr + used && used != 0, "it moves forward");
        if (which <= 1) {
            PROVE(cbmc_inside(out, in) && out.ptr + out.len == r.ptr, "a view of what was used");
            PROVE(canonical_header(raw, out, which == 1), "canonical form");
            PROVE((kind == WICK_RLP_LIST) == (which == 1), "kind as peeked");
        } else if (which == 2) {
            PROVE(out.ptr == before.ptr && out.len == used, "raw is what was used");
        }
    } else {
        PROVE(which == 1 || out.len == 0, "no view with an error");
    }
    COVER(r.status == WICK_OK && which == 0 && out.len > 55);
    COVER(r.status == WICK_OK && which == 0 && out.len == 0);
    COVER(r.status == WICK_OK && which == 1 && out.len > 55);
    COVER(r.status == WICK_OK && which == 3);
    COVER(r.status == WICK_OK && which == 4);
    COVER(r.status == WICK_OK && which == 5);
    COVER(before.status == WICK_OK && r.status == WICK_E_TRUNCATED);
    COVER(r.status == WICK_E_NON_CANONICAL);
    COVER(before.status == WICK_OK && r.status == WICK_E_MALFORMED);
    COVER(r.status == WICK_E_LIMIT);
}
