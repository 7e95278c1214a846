/* SPDX-License-Identifier: Apache-2.0 */
/* RLP: what is accepted is canonical, so writing what was read gives the same bytes. */
#include "fuzz.h"

#include "wick/rlp.h"

#define DEPTH 8

static uint8_t copy[65536];

/* Copies items without recursion: a stack of open lists. Deeper input is taken as one raw item. */
static void rewrite(wick_buf *out, wick_rlp *top)
{
    wick_rlp open[DEPTH];
    size_t at[DEPTH], depth = 0;
    open[0] = *top;
    for (;;) {
        wick_rlp *r = &open[depth];
        if (wick_rlp_at_end(r)) {
            if (depth == 0) {
                break;
            }
            wick_rlp done = open[depth];
            depth--;
            wick_rlp_close(&open[depth], &done);
            wick_rlp_shut(out, at[depth]);
        } else if (wick_rlp_peek(r) == WICK_RLP_LIST && depth + 1 < DEPTH) {
            at[depth] = wick_rlp_open(out);
            open[depth + 1] = wick_rlp_list(r);
            depth++;
        } else if (wick_rlp_peek(r) == WICK_RLP_LIST) {
            wick_span raw = wick_rlp_raw(r);
            wick_buf_put(out, raw.ptr, raw.len);
        } else {
            wick_span s = wick_rlp_string(r);
            fuzz_touch(s);
            wick_rlp_put(out, s.ptr, s.len);
        }
    }
    *top = open[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_span in = wick_span_make(data, size);
    if (size > sizeof copy || wick_rlp_check(in) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    wick_rlp r = wick_rlp_make(in);
    wick_buf out = wick_buf_make(copy, sizeof copy);
    rewrite(&out, &r);
    FUZZ_CHECK(wick_rlp_end(&r) == WICK_OK);
    FUZZ_CHECK(out.len == size && memcmp(copy, data, size) == 0);
    return 0;
}
