/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patches in detools' "sequential" container. A head: one byte 0 type(3) packing(4), the length of the
 * new image. Then, packed as the head says: the length of a data-format patch (always 0 here), and
 * until the new image is whole: the length of a run of differences, these, the length of a run of new
 * bytes, these, and a jump in the old image. A number is little-endian in groups, six bits in the first
 * byte beside its sign, seven in each further, the top bit of a byte saying that another follows.
 *
 * The "in-place" container has more numbers in its head: memory, segment, shift, length of the old image,
 * and then that of the new one. Its runs are in segments, each beginning with the length of a data-format
 * patch. In the memory the old image lies `shift` higher than the new one is written, and segment n may read
 * what lies behind it: the old image from (n + 1) * segment - shift on, which is where its jumps begin.
 */
#include <string.h>

#include "lzma_internal.h"

#define IDLE_MAX 4u /* bsdiff makes one such run at most, at the beginning */

_Static_assert(WICK_DELTA_DICT_MAX != 4096 || WICK_DELTA_PIECE > 256 || sizeof(void *) > 4 ||
                   sizeof(wick_delta) + sizeof(wick_delta_memory) <= 8192,
               "8 KiB with a dictionary of 4 KiB");

void wick_delta_init(wick_delta *d, const wick_delta_config *config)
{
    memset(d, 0, sizeof *d);
    d->config = *config;
    /* Until the patch says how long the new image is, it may be as long as there is room. */
    d->info.new_bytes = config->new_max < INT32_MAX ? config->new_max : INT32_MAX;
#if WICK_WITH_IN_PLACE
    d->until = d->info.new_bytes;
#endif
}

/* ---- the stream of runs ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

#if WICK_WITH_IN_PLACE

#define TYPE_IN_PLACE 1u

/* A number of the head of an in-place patch. */
static wick_status place_number(wick_delta *d, uint32_t step, uint32_t n)
{
    wick_delta_info *i = &d->info;
    if (n > INT32_MAX || (step == WICK_STEP_SHIFT && n > i->memory_bytes)) {
        return WICK_E_FW_SIZE;
    }
    if (step == WICK_STEP_MEMORY) {
        i->memory_bytes = n;
    } else if (step == WICK_STEP_SEGMENT) {
        i->segment_bytes = n;
        return n > 0 ? WICK_OK : WICK_E_MALFORMED;
    } else if (step == WICK_STEP_SHIFT) {
        i->shift_bytes = n;
    } else {
        i->old_bytes = n;
        /* What the shift pushes out of the memory is gone. */
        d->old_end = least(n, i->memory_bytes - i->shift_bytes);
        d->until = least(d->until, i->memory_bytes);
        return n <= d->config.old_bytes ? WICK_OK : WICK_E_FW_BASE;
    }
    return WICK_OK;
}

/* The segment that the next byte begins: how long it is, and what it may read. */
static void segment_begin(wick_delta *d)
{
    const wick_delta_info *i = &d->info;
    if (i->segment_bytes == 0) {
        d->old_end = d->config.old_bytes;
        d->until = i->new_bytes;
        return;
    }
    /* All below 2^31. */
    uint32_t end = d->new_at + i->segment_bytes;
    d->until = least(end, i->new_bytes);
    d->old_from = end > i->shift_bytes ? least(end - i->shift_bytes, d->old_end) : 0;
    d->old_at = d->old_from;
}

#define UNTIL(d) ((d)->until)
#define OLD_FROM(d) ((d)->old_from)
#define OLD_END(d) ((d)->old_end)
#else
#define UNTIL(d) ((d)->info.new_bytes)
#define OLD_FROM(d) 0u
#define OLD_END(d) ((d)->config.old_bytes)
#endif

/* A number has come: what it means. */
static wick_status number_done(wick_delta *d, uint32_t n)
{
    uint32_t step = d->step++;
#if WICK_WITH_IN_PLACE
    if (step < WICK_STEP_NEW_LENGTH) {
        return place_number(d, step, n);
    }
    if (step == WICK_STEP_FORMAT) {
        segment_begin(d);
    }
#endif
    if (step == WICK_STEP_FORMAT) {
        return n == 0 ? WICK_OK : WICK_E_UNSUPPORTED;
    }
    if (step == WICK_STEP_JUMP) {
        /* Below 2^31 all of them, so a place before the image becomes one far behind it. */
        d->old_at += n;
        if (d->new_at != d->info.new_bytes) {
            d->step = d->new_at != UNTIL(d) ? WICK_STEP_DIFF_LENGTH : WICK_STEP_FORMAT;
        }
        return d->old_at - OLD_FROM(d) <= OLD_END(d) - OLD_FROM(d) ? WICK_OK : WICK_E_FW_BASE;
    }
    /* Lengths: a negative one is beyond all. */
    if (n > UNTIL(d) - d->new_at) {
        return step == WICK_STEP_NEW_LENGTH ? WICK_E_FW_SIZE : WICK_E_FW_RUN;
    }
    if (step == WICK_STEP_NEW_LENGTH) {
        d->info.new_bytes = n;
        d->step = n > 0 ? WICK_STEP_FORMAT : WICK_STEP_DONE;
        return WICK_OK;
    }
    if (step == WICK_STEP_DIFF_LENGTH) {
        if (n > OLD_END(d) - d->old_at) {
            return WICK_E_FW_BASE;
        }
        if (++d->idle > IDLE_MAX) {
            return WICK_E_MALFORMED;
        }
    }
    d->left = n;
    d->step += n == 0; /* a run without bytes is over */
    return WICK_OK;
}

static wick_status number_byte(wick_delta *d, uint32_t byte)
{
    if (d->shift == 0) {
        d->sign = 0 - (byte >> 6 & 1);
        d->value = byte & 0x3f;
        d->shift = 6;
    } else if (d->shift == 27 && byte > 15) {
        return WICK_E_FW_SIZE;
    } else {
        d->value |= (byte & 0x7f) << d->shift;
        d->shift += 7;
    }
    if (byte >= 0x80) {
        return WICK_OK;
    }
    d->shift = 0;
    return number_done(d, (d->value ^ d->sign) - d->sign);
}

/* The next bytes of a run, as many as there are, but not beyond the end of a piece. */
static wick_status make(wick_delta *d, const uint8_t *bytes, uint32_t n)
{
    const wick_delta_config *c = &d->config;
    uint32_t filled = d->new_at % WICK_DELTA_PIECE;
    uint8_t *out = d->piece + filled;
    wick_status status = WICK_OK;
    bool diff = d->step == WICK_STEP_DIFF;
    uint32_t old_at = d->old_at;
    d->idle = 0;
    d->new_at += n;
    d->left -= n;
    d->step += d->left == 0;
    filled += n;
    if (diff) {
        d->old_at += n;
    }
    if (d->new_at <= c->resume_at) {
        return WICK_OK;
    }
    memcpy(out, bytes, n);
    if (diff) {
        status = c->io.read(c->io.ctx, old_at, out, n);
        for (uint32_t i = 0; i < n; i++) {
            out[i] = (uint8_t)(out[i] + bytes[i]);
        }
    }
    if (status == WICK_OK && (filled == WICK_DELTA_PIECE || d->new_at == d->info.new_bytes)) {
        n = least(filled, d->new_at - c->resume_at);
        status = c->io.write(c->io.ctx, d->new_at - n, d->piece + filled - n, n);
    }
    return status;
}

wick_status wick_delta_runs(wick_delta *d, const uint8_t *bytes, uint32_t n)
{
    wick_status status = WICK_OK;
    while (n > 0 && status == WICK_OK) {
        uint32_t used = 1;
        if (d->step == WICK_STEP_DONE) {
            status = WICK_E_TRAILING;
        } else if (d->step == WICK_STEP_DIFF || d->step == WICK_STEP_EXTRA) {
            used = least(least(WICK_DELTA_PIECE - d->new_at % WICK_DELTA_PIECE, d->left), n);
            status = make(d, bytes, used);
        } else if (d->step == WICK_STEP_PACKING) {
            /* The type is above the packing. */
#if WICK_WITH_IN_PLACE
            d->info.packing = *bytes & 15;
            d->step = *bytes >> 4 == TYPE_IN_PLACE ? WICK_STEP_MEMORY : WICK_STEP_NEW_LENGTH;
            status = d->info.packing <= WICK_DELTA_LZMA && *bytes >> 4 <= TYPE_IN_PLACE
                         ? WICK_OK
                         : WICK_E_UNSUPPORTED;
#else
            d->info.packing = *bytes;
            d->step++;
            status = *bytes <= WICK_DELTA_LZMA ? WICK_OK : WICK_E_UNSUPPORTED;
#endif
        } else {
            status = number_byte(d, *bytes);
        }
        bytes += used;
        n -= used;
    }
    return status;
}

/* ---- from the patch to the stream ---- */

/* As far as the held input goes. */
static void go_on(wick_delta *d, bool last)
{
    wick_delta_lzma *l = &d->lzma;
    bool head;
    do {
        head = d->step <= WICK_STEP_NEW_LENGTH && d->held_bytes > 0;
        if (!head && d->info.packing == WICK_DELTA_LZMA && d->info.new_bytes > 0) {
            d->status = wick_lzma_run(d, last);
        } else {
            l->taken = head ? 1 : d->held_bytes;
            d->status = wick_delta_runs(d, d->held, l->taken);
        }
        if (d->status != WICK_OK) {
            return;
        }
        d->held_bytes -= l->taken;
        memmove(d->held, d->held + l->taken, d->held_bytes);
    } while (head);
}

wick_status wick_delta_input(wick_delta *d, wick_span patch)
{
    while (patch.len > 0 && d->status == WICK_OK) {
        uint32_t room = (uint32_t)sizeof d->held - d->held_bytes;
        uint32_t n = patch.len < room ? (uint32_t)patch.len : room;
        memcpy(d->held + d->held_bytes, patch.ptr, n);
        d->held_bytes += n;
        patch.ptr += n;
        patch.len -= n;
        go_on(d, false);
    }
    return d->status;
}

wick_status wick_delta_finish(wick_delta *d)
{
    if (d->status == WICK_OK) {
        go_on(d, true);
    }
    if (d->status == WICK_OK && d->step != WICK_STEP_DONE) {
        d->status = WICK_E_TRUNCATED;
    }
    return d->status;
}
