/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patches. The first byte says what the device has: bit 0 the memory for any parameters, bit 1 a short old
 * image, the others how the input is cut; the second how much of the new image is there, in 64 bytes. The
 * rest is the patch. However it is cut and resumed, it ends alike, and what is made is the same.
 */
#include "fuzz.h"

#include "wick/delta.h"

#define OLD_BYTES 9000u
#define NEW_MAX 20000u

typedef struct device {
    uint8_t made[NEW_MAX];
    uint32_t old_bytes, begin, next;
} device;

static wick_delta delta;
static wick_delta_memory memory;
static uint16_t probs[WICK_DELTA_PROBS(4, 4)];
static uint8_t window[8192];

static wick_status device_read(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    const device *d = ctx;
    FUZZ_CHECK(length > 0 && length <= WICK_DELTA_PIECE);
    FUZZ_CHECK(offset <= d->old_bytes && length <= d->old_bytes - offset);
    for (uint32_t i = 0; i < length; i++) {
        out[i] = (uint8_t)((offset + i) * 7u >> 2);
    }
    return WICK_OK;
}

static wick_status device_write(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    device *d = ctx;
    FUZZ_CHECK(length > 0 && offset == d->next && offset < NEW_MAX && length <= NEW_MAX - offset);
    FUZZ_CHECK(offset % WICK_DELTA_PIECE + length <= WICK_DELTA_PIECE);
    FUZZ_CHECK(offset % WICK_DELTA_PIECE == 0 || offset == d->begin);
    memcpy(d->made + offset, bytes, length);
    d->next = offset + length;
    return WICK_OK;
}

static wick_status apply(device *d, wick_span patch, unsigned options, uint32_t resume_at, size_t step)
{
    d->old_bytes = (options & 2) != 0 ? 16 : OLD_BYTES;
    d->begin = d->next = resume_at;
    wick_delta_config c = {.io = {d, device_read, device_write},
                           .old_bytes = d->old_bytes,
                           .new_max = NEW_MAX,
                           .resume_at = resume_at};
    wick_delta_use(&c, &memory);
    if ((options & 1) != 0) {
        c.probs = probs;
        c.probs_len = sizeof probs / sizeof probs[0];
        c.window = window;
        c.window_bytes = sizeof window;
    }
    wick_status s = WICK_OK;
    wick_delta_init(&delta, &c);
    for (size_t at = 0; at < patch.len && s == WICK_OK; at += step) {
        /* A copy of its own size, so that a byte too far is seen. */
        size_t n = patch.len - at < step ? patch.len - at : step;
        uint8_t *part = malloc(n);
        FUZZ_CHECK(part != NULL);
        memcpy(part, patch.ptr + at, n);
        s = wick_delta_input(&delta, wick_span_make(part, n));
        free(part);
    }
    wick_status end = wick_delta_finish(&delta);
    FUZZ_CHECK(s == WICK_OK || end == s);
    FUZZ_CHECK(wick_delta_finish(&delta) == end);
    /* The work is bounded: numbers and runs that do nothing are few beside the bytes that are made. */
    FUZZ_CHECK(delta.lzma.made <= 2 * sizeof window + 60 * (uint64_t)NEW_MAX);
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static device whole, cut;
    wick_delta_info info;
    if (size < 2) {
        return 0;
    }
    wick_span patch = wick_span_make(data + 2, size - 2);
    wick_status peek = wick_delta_peek(&info, patch);
    wick_status s = apply(&whole, patch, data[0], 0, SIZE_MAX / 2);
    if (peek != WICK_OK) { /* the decoder has a bound on the new image, and wants some bytes more */
        FUZZ_CHECK(s == peek || s == WICK_E_TRUNCATED || s == WICK_E_FW_SIZE || s == WICK_E_FW_BASE);
        FUZZ_CHECK(whole.next == 0 && info.header_bytes == 0);
    }
    uint32_t resume_at = data[1] * 64u;
    wick_status t = apply(&cut, patch, data[0], resume_at, 1 + data[0] / 4);
    FUZZ_CHECK(t == s);
    if (whole.next > resume_at) {
        FUZZ_CHECK(cut.next == whole.next);
        FUZZ_CHECK(memcmp(cut.made + resume_at, whole.made + resume_at, whole.next - resume_at) == 0);
    } else {
        FUZZ_CHECK(cut.next == resume_at);
    }
    if (s == WICK_OK) {
        FUZZ_CHECK(whole.next == info.new_bytes);
        FUZZ_ACCEPTED();
    }
    return 0;
}
