/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patches (wick/delta.h): from any state that earlier bytes can leave, the next one of the stream reads
 * within the old image and writes the new one in order, within its length and each byte once; and what it
 * leaves is such a state again. In an in-place patch a segment reads only what lies behind it once the old
 * image was moved up, and no run crosses its end. Bound: one byte at a time; by induction any number of them.
 */
#include "cbmc.h"

#include "lzma_internal.h"

#ifndef BOUND
#define BOUND 1
#endif

static wick_delta d;
static uint32_t written; /* the next byte of the new image that must be written */

/* What the bytes are does not matter here, where they go does. */
void *memcpy(void *to, const void *from, size_t n)
{
    PROVE(n > 0 && n <= BOUND && __CPROVER_r_ok(from, n), "bytes of the stream");
    PROVE(cbmc_within(wick_span_make(to, n), wick_span_make(d.piece, sizeof d.piece)), "into the piece");
    return to;
}

static wick_status read_old(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    (void)ctx;
    PROVE(length > 0, "something is read");
    PROVE(offset <= d.config.old_bytes && length <= d.config.old_bytes - offset, "the old image");
    if (d.info.segment_bytes != 0) {
        /* Where it lies in the memory, and how far this segment may write; d.new_at is behind the run. */
        uint32_t place = d.info.shift_bytes + offset;
        PROVE(d.new_at <= d.until && place >= d.until, "nothing that was written over");
        PROVE(place + length <= d.info.memory_bytes, "nothing that was pushed out");
    }
    PROVE(cbmc_within(wick_span_make(out, length), wick_span_make(d.piece, sizeof d.piece)), "a piece");
    return nondet_bool() ? WICK_OK : WICK_E_HAL;
}

static wick_status write_new(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    (void)ctx;
    PROVE(length > 0 && offset == written, "in order");
    PROVE(offset >= d.config.resume_at, "nothing below what is there");
    PROVE(offset <= d.info.new_bytes && length <= d.info.new_bytes - offset, "the new image");
    PROVE(offset % WICK_DELTA_PIECE + length <= WICK_DELTA_PIECE, "not across pieces");
    PROVE(bytes == d.piece + offset % WICK_DELTA_PIECE, "from its own place");
    written = offset + length;
    return nondet_bool() ? WICK_OK : WICK_E_HAL;
}

/* Where writing has to go on: the piece begun, or what resuming leaves. */
static uint32_t next_write(void)
{
    uint32_t begun = d.new_at == d.info.new_bytes ? d.new_at : d.new_at - d.new_at % WICK_DELTA_PIECE;
    return begun < d.config.resume_at ? d.config.resume_at : begun;
}

/* Sizes of the head, and the segment at hand: between two of them nothing is read. */
static bool in_segment(void)
{
    const wick_delta_info *i = &d.info;
    if (d.step == WICK_STEP_DONE || (d.step == WICK_STEP_FORMAT && d.new_at == 0)) {
        return true;
    }
    if (i->segment_bytes == 0) {
        return d.old_from == 0 && d.old_end == d.config.old_bytes && d.until == i->new_bytes;
    }
    return d.old_end <= d.config.old_bytes && d.old_end <= i->memory_bytes - i->shift_bytes &&
           d.new_at <= d.until && d.until <= i->new_bytes && i->new_bytes <= i->memory_bytes &&
           d.old_from <= d.old_at && d.old_at <= d.old_end &&
           (d.old_from == d.old_end || d.until <= i->shift_bytes || d.old_from >= d.until - i->shift_bytes);
}

/* What the numbers of the head have left so far. */
static bool head_so_far(void)
{
    const wick_delta_info *i = &d.info;
    bool sizes = i->memory_bytes <= INT32_MAX && i->segment_bytes <= INT32_MAX &&
                 i->shift_bytes <= INT32_MAX && d.until <= INT32_MAX &&
                 (i->segment_bytes != 0 || d.old_from == 0);
    if (d.step <= WICK_STEP_PACKING) {
        return sizes && i->segment_bytes == 0 && d.until == i->new_bytes;
    }
    if (d.step == WICK_STEP_MEMORY || d.step == WICK_STEP_SEGMENT) {
        return sizes && i->segment_bytes == 0 && d.until == i->new_bytes;
    }
    bool placed = i->segment_bytes > 0;
    if (d.step == WICK_STEP_SHIFT) {
        return sizes && placed && d.until == i->new_bytes;
    }
    if (d.step == WICK_STEP_OLD_LENGTH) {
        return sizes && placed && i->shift_bytes <= i->memory_bytes && d.until == i->new_bytes;
    }
    if (placed) {
        sizes = sizes && i->shift_bytes <= i->memory_bytes && d.old_end <= d.config.old_bytes &&
                d.old_end <= i->memory_bytes - i->shift_bytes;
        return sizes && (d.step == WICK_STEP_NEW_LENGTH ? d.until <= i->memory_bytes && d.until <= i->new_bytes
                                                        : i->new_bytes <= i->memory_bytes);
    }
    return sizes && (d.step != WICK_STEP_NEW_LENGTH || d.until == i->new_bytes);
}

static bool sound(void)
{
    if (!head_so_far()) {
        return false;
    }
    bool in_run = d.step == WICK_STEP_DIFF || d.step == WICK_STEP_EXTRA;
    if (d.step >= WICK_STEP_FORMAT && !in_segment()) {
        return false;
    }
    return d.step <= WICK_STEP_DONE && d.old_at <= d.config.old_bytes && d.new_at <= d.info.new_bytes &&
           d.info.new_bytes <= INT32_MAX && d.config.old_bytes <= INT32_MAX &&
           (d.step > WICK_STEP_NEW_LENGTH || d.new_at == 0) &&
           (d.step != WICK_STEP_DONE || d.new_at == d.info.new_bytes || d.info.new_bytes == 0) &&
           (!in_run || (d.left > 0 && d.left <= d.until - d.new_at && d.shift == 0)) &&
           (d.step != WICK_STEP_DIFF || d.left <= d.old_end - d.old_at) &&
           (d.shift == 0 || d.shift == 6 || d.shift == 13 || d.shift == 20 || d.shift == 27) &&
           (d.shift == 0 || d.value >> d.shift == 0) && (d.sign == 0 || d.sign == UINT32_MAX);
}

void harness(void)
{
    wick_span in = CBMC_INPUT_END(BOUND);
    __CPROVER_havoc_object(&d);
    d.config.io.ctx = NULL;
    d.config.io.read = read_old;
    d.config.io.write = write_new;
    ASSUME(sound());
    uint32_t step = d.step, new_at = d.new_at;
    /* Before the head has come, nothing has been asked of the images. */
    ASSUME(d.step > WICK_STEP_NEW_LENGTH || d.old_at == 0);
    written = next_write();
    wick_status s = wick_delta_runs(&d, in.ptr, (uint32_t)in.len);
    if (s == WICK_OK) {
        PROVE(sound(), "a state that may come again");
        PROVE(d.new_at <= d.config.resume_at || written == next_write(), "all pieces are written");
        PROVE(d.new_at >= new_at && d.new_at - new_at <= in.len, "a byte for a byte");
    }
    COVER(s == WICK_OK && step == WICK_STEP_DIFF && d.step == WICK_STEP_EXTRA_LENGTH);
    COVER(s == WICK_OK && d.step == WICK_STEP_DONE && written > 0);
    COVER(s == WICK_OK && d.sign == UINT32_MAX && step != d.step);
    COVER(s == WICK_OK && step == WICK_STEP_JUMP && d.step == WICK_STEP_FORMAT && new_at > 0);
    COVER(s == WICK_OK && step == WICK_STEP_FORMAT && d.old_from > 0);
    COVER(s == WICK_E_FW_BASE);
    COVER(s == WICK_E_FW_RUN);
    COVER(s == WICK_E_FW_SIZE);
    COVER(s == WICK_E_TRAILING);
    COVER(s == WICK_E_MALFORMED);
    COVER(s == WICK_E_UNSUPPORTED);
    COVER(s == WICK_E_HAL);
}
