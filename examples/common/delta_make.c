/* SPDX-License-Identifier: Apache-2.0 */
#include "delta_make.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "suffix.h"

/* ---- the stream of runs ---- */

typedef struct maker {
    wick_span old, new;
    const int32_t *suffixes;
    wick_buf *out;
    size_t done;   /* new bytes that are in runs */
    size_t paired; /* the old byte beside the first of the others */
} maker;

static void put_number(wick_buf *out, int64_t value)
{
    uint64_t rest = (uint64_t)(value < 0 ? -value : value);
    unsigned byte = (value < 0 ? 0x40u : 0u) | (rest & 0x3f);
    for (rest >>= 6; rest != 0; rest >>= 7) {
        wick_buf_put_u8(out, (uint8_t)(byte | 0x80));
        byte = rest & 0x7f;
    }
    wick_buf_put_u8(out, (uint8_t)byte);
}

/* How far two places go on alike, going up (`step` 1) or down: as far as most bytes are the same. */
static size_t reach(const uint8_t *a, const uint8_t *b, size_t limit, int step)
{
    size_t best = 0;
    int64_t same = 0, best_score = 0;
    for (size_t i = 0; i < limit; i++) {
        ptrdiff_t at = step > 0 ? (ptrdiff_t)i : -(ptrdiff_t)i - 1;
        same += a[at] == b[at];
        int64_t score = 2 * same - (int64_t)(i + 1);
        if (score > best_score) {
            best_score = score;
            best = i + 1;
        }
    }
    return best;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The runs up to a match of new bytes from `at` on with old ones from `old_at` on. */
static void put_runs(maker *m, size_t at, size_t old_at)
{
    const uint8_t *old = m->old.ptr, *new = m->new.ptr;
    bool last = at == m->new.len;
    size_t gap = at - m->done;
    size_t forward = reach(new + m->done, old + m->paired, least(gap, m->old.len - m->paired), 1);
    size_t backward = last ? 0 : reach(new + at, old + old_at, least(gap, old_at), -1);
    if (forward + backward > gap) { /* they overlap: cut where both sides lose least */
        size_t overlap = forward + backward - gap, cut = 0;
        int64_t score = 0, best = 0;
        const uint8_t *n = new + at - backward, *f = old + m->paired + forward - overlap;
        const uint8_t *b = old + old_at - backward;
        for (size_t i = 0; i < overlap; i++) {
            score += (n[i] == f[i]) - (n[i] == b[i]);
            if (score > best) {
                best = score;
                cut = i + 1;
            }
        }
        forward -= overlap - cut;
        backward -= cut;
    }
    put_number(m->out, (int64_t)forward);
    for (size_t i = 0; i < forward; i++) {
        wick_buf_put_u8(m->out, (uint8_t)(new[m->done + i] - old[m->paired + i]));
    }
    size_t extra = gap - forward - backward;
    put_number(m->out, (int64_t)extra);
    wick_buf_put(m->out, new + m->done + forward, extra);
    size_t next = last ? m->paired + forward : old_at - backward;
    put_number(m->out, (int64_t)next - (int64_t)(m->paired + forward));
    m->done = at - backward;
    m->paired = next;
}

/* Whether the new byte is the old one, if the pairing of the last match went on. */
static bool pairs(const maker *m, int64_t offset, size_t at)
{
    int64_t old_at = (int64_t)at + offset;
    return old_at >= 0 && (uint64_t)old_at < m->old.len && m->old.ptr[old_at] == m->new.ptr[at];
}

static void put_stream(maker *m)
{
    size_t at = 0, length = 0, old_at = 0;
    int64_t offset = 0;
    put_number(m->out, 0); /* no data format */
    while (at < m->new.len) {
        /* The next match that is clearly better than going on as before. `counted`: up to there `old_score`
         * holds how many bytes from `at` on pair with the last match. */
        size_t old_score = 0, counted = at + length;
        for (at += length; at < m->new.len; at++) {
            length =
                suffix_find(&old_at, m->suffixes, m->old, wick_span_make(m->new.ptr + at, m->new.len - at));
            for (; counted < at + length; counted++) {
                old_score += pairs(m, offset, counted);
            }
            if ((length == old_score && length != 0) || length > old_score + 8) {
                break;
            }
            /* If nothing matched, the byte is not in the old image, and does not pair either. */
            old_score -= pairs(m, offset, at);
        }
        if (at == m->new.len || length != old_score) {
            put_runs(m, at, old_at);
            offset = (int64_t)old_at - (int64_t)at;
        }
    }
}

/* ---- packing ---- */

static wick_status pack(wick_buf *out, wick_span stream, uint32_t dictionary)
{
    lzma_options_lzma options;
    lzma_stream z = LZMA_STREAM_INIT;
    if (lzma_lzma_preset(&options, 9 | LZMA_PRESET_EXTREME)) {
        return WICK_E_HAL;
    }
    options.dict_size = dictionary;
    options.lc = options.lp = options.pb = 0;
    if (lzma_alone_encoder(&z, &options) != LZMA_OK) {
        return WICK_E_HAL;
    }
    z.next_in = stream.ptr;
    z.avail_in = stream.len;
    z.next_out = out->ptr + out->len;
    z.avail_out = out->cap - out->len;
    lzma_ret result = lzma_code(&z, LZMA_FINISH);
    out->len += (size_t)z.total_out;
    lzma_end(&z);
    return result == LZMA_STREAM_END ? WICK_OK : WICK_E_HAL;
}

/* How far up the old image goes: as far as there is room. */
static uint32_t shift_of(const delta_kind *kind, wick_span old)
{
    return (uint32_t)((kind->memory - old.len) / kind->segment) * kind->segment;
}

/* Each segment from what of the old image lies behind it once that was moved up. */
static wick_status put_segments(wick_buf *out, wick_span old, wick_span new, const delta_kind *kind)
{
    int32_t *suffixes = NULL;
    size_t shift = shift_of(kind, old), from = SIZE_MAX;
    wick_status status = WICK_OK;
    for (size_t at = 0; at < new.len && status == WICK_OK; at += kind->segment) {
        size_t end = at + kind->segment, begin = end > shift ? least(end - shift, old.len) : 0;
        wick_span rest = wick_span_make(old.ptr + begin, old.len - begin);
        if (begin != from) {
            free(suffixes);
            status = suffix_array(&suffixes, rest);
            from = begin;
        }
        if (status == WICK_OK) {
            maker m = {.old = rest,
                       .new = wick_span_make(new.ptr + at, least(kind->segment, new.len - at)),
                       .suffixes = suffixes,
                       .out = out};
            put_stream(&m);
        }
    }
    free(suffixes);
    return status;
}

static wick_status put_whole(wick_buf *out, wick_span old, wick_span new)
{
    int32_t *suffixes = NULL;
    wick_status status = suffix_array(&suffixes, old);
    if (status == WICK_OK) {
        maker m = {.old = old, .new = new, .suffixes = suffixes, .out = out};
        put_stream(&m);
    }
    free(suffixes);
    return status;
}

wick_status delta_make(uint8_t **patch, size_t *patch_bytes, wick_span old, wick_span new,
                       const delta_kind *kind)
{
    static const uint8_t nothing[1] = {0};
    bool in_place = kind->segment != 0;
    *patch = NULL;
    if (new.len >= (1u << 30) || old.len >= (1u << 30) || kind->memory >= (1u << 31)) {
        return WICK_E_LIMIT;
    }
    if (in_place && (old.len > kind->memory || new.len > kind->memory)) {
        return WICK_E_FW_SIZE;
    }
    old.ptr = old.len > 0 ? old.ptr : nothing;
    new.ptr = new.len > 0 ? new.ptr : nothing;
    wick_status status = WICK_OK;
    /* Two runs and a jump each make at least eight bytes, but for a few: their numbers fit. */
    size_t room = new.len * 3 + 4096 + (in_place ? new.len / kind->segment * 32 : 0);
    uint8_t *stream = malloc(room);
    *patch = malloc(room);
    if (stream == NULL || *patch == NULL) {
        status = WICK_E_HAL;
    } else {
        wick_buf plain = wick_buf_make(stream, room), out = wick_buf_make(*patch, room);
        unsigned packing = kind->dictionary > 0 ? WICK_DELTA_LZMA : WICK_DELTA_PLAIN;
        wick_buf_put_u8(&out, (uint8_t)(packing | (in_place ? 0x10u : 0u)));
        if (in_place) {
            put_number(&out, kind->memory);
            put_number(&out, kind->segment);
            put_number(&out, shift_of(kind, old));
            put_number(&out, (int64_t)old.len);
        }
        put_number(&out, (int64_t) new.len);
        if (new.len > 0) {
            status = in_place ? put_segments(&plain, old, new, kind) : put_whole(&plain, old, new);
        }
        status = status == WICK_OK ? wick_buf_status(&plain) : status;
        if (status == WICK_OK && new.len > 0 && kind->dictionary > 0) {
            status = pack(&out, wick_buf_span(&plain), kind->dictionary);
        } else if (status == WICK_OK) {
            wick_buf_put(&out, stream, plain.len);
            status = wick_buf_status(&out);
        }
        *patch_bytes = out.len;
    }
    free(stream);
    if (status != WICK_OK) {
        free(*patch);
        *patch = NULL;
    }
    return status;
}

/* ---- applying ---- */

typedef struct images {
    wick_span old; /* ptr NULL: any */
    uint8_t *new;  /* NULL: not wanted */
    delta_tally *tally;
} images;

static wick_status read_old(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    images *i = ctx;
    i->tally->from_old += length;
    if (i->tally->old_end < (uint64_t)offset + length) {
        i->tally->old_end = (uint64_t)offset + length;
    }
    if (i->old.ptr != NULL) {
        memcpy(out, i->old.ptr + offset, length);
    } else {
        memset(out, 0, length);
    }
    return WICK_OK;
}

static wick_status write_new(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    images *i = ctx;
    if (i->new != NULL) {
        memcpy(i->new + offset, bytes, length);
    }
    return WICK_OK;
}

wick_status delta_apply(uint8_t **out, delta_tally *tally, wick_span old, wick_span patch)
{
    memset(tally, 0, sizeof *tally);
    wick_status status = wick_delta_peek(&tally->info, patch);
    if (status != WICK_OK) {
        return status;
    }
    const wick_delta_info *info = &tally->info;
    images i = {old, NULL, tally};
    wick_delta *delta = malloc(sizeof *delta);
    wick_delta_config c = {.io = {&i, read_old, write_new},
                           .old_bytes = old.ptr != NULL ? (uint32_t)old.len : INT32_MAX,
                           .new_max = info->new_bytes,
                           .probs = malloc(info->probs * sizeof(uint16_t) + 1),
                           .window = malloc((size_t)info->window_bytes + 1),
                           .probs_len = info->probs,
                           .window_bytes = info->window_bytes};
    if (out != NULL) {
        *out = i.new = malloc((size_t)info->new_bytes + 1);
    }
    if (delta == NULL || c.probs == NULL || c.window == NULL || (out != NULL && i.new == NULL)) {
        status = WICK_E_HAL;
    } else {
        wick_delta_init(delta, &c);
        status = wick_delta_input(delta, patch);
        status = status == WICK_OK ? wick_delta_finish(delta) : status;
    }
    free(delta);
    free(c.probs);
    free(c.window);
    if (status != WICK_OK) {
        free(i.new);
        if (out != NULL) {
            *out = NULL;
        }
    }
    return status;
}

size_t delta_ram(const wick_delta_info *info)
{
    return sizeof(wick_delta) + info->probs * sizeof(uint16_t) + info->window_bytes;
}
