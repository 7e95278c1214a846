/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RLP: what is accepted is canonical, so writing what was read gives the same bytes. Whether it is
 * accepted or not, every read of every item stays inside, and errors stick.
 */
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

static void read_one_string(wick_rlp *r)
{
    fuzz_touch(wick_rlp_string(r));
}

/* Reads one item in one of the ways there are. An integer that was read is written the same way. */
static void read_one(wick_rlp *r, unsigned way)
{
    uint8_t word[32], again[40];
    wick_buf b = wick_buf_make(again, sizeof again);
    const uint8_t *from = r->ptr;
    switch (way) {
    case 0:
        fuzz_touch(wick_rlp_string(r));
        break;
    case 1:
        fuzz_touch(wick_rlp_raw(r));
        break;
    case 2:
        (void)wick_rlp_u64(r);
        break;
    case 3:
        wick_rlp_uint(r, word, sizeof word);
        wick_rlp_put_uint(&b, word, sizeof word);
        FUZZ_CHECK(r->status != WICK_OK || memcmp(again, from, b.len) == 0);
        break;
    case 4:
        wick_rlp_fixed(r, word, sizeof word);
        break;
    default: {
        wick_rlp sub = wick_rlp_list(r);
        for (unsigned i = 0; i < 4 && !wick_rlp_at_end(&sub); i++) {
            read_one_string(&sub);
        }
        wick_rlp_close(r, &sub);
        break;
    }
    }
}

static void read_all(wick_span in)
{
    for (unsigned way = 0; way < 6; way++) {
        wick_rlp r = wick_rlp_make(in), items = r;
        if (wick_rlp_peek(&r) == WICK_RLP_LIST) {
            items = wick_rlp_list(&r);
        }
        for (unsigned i = 0; i < 32 && !wick_rlp_at_end(&items); i++) {
            read_one(&items, way);
        }
        wick_status s = items.status;
        read_one(&items, way);
        FUZZ_CHECK(s == WICK_OK || items.status == s);
        (void)!wick_rlp_end(&items);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_span in = wick_span_make(data, size);
    read_all(in);
    if (size > sizeof copy || wick_rlp_check(in) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    wick_rlp r = wick_rlp_make(in);
    wick_buf out = wick_buf_make(copy, sizeof copy);
    rewrite(&out, &r);
    wick_buf measure = wick_buf_make(NULL, 0);
    wick_rlp again = wick_rlp_make(in);
    rewrite(&measure, &again);
    FUZZ_CHECK(measure.len == size);
    FUZZ_CHECK(wick_rlp_end(&r) == WICK_OK);
    FUZZ_CHECK(out.len == size && memcmp(copy, data, size) == 0);
    return 0;
}
