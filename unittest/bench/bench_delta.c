/* SPDX-License-Identifier: Apache-2.0 */
/* Patches: the large one of the unit tests, 3,113 bytes that make 13,640; and the small one, plain. */
#include "bench.h"

#include <string.h>

#include "unit/delta_vectors.h"
#include "wick/delta.h"

static wick_delta delta;
static wick_delta_memory memory;
static wick_delta_config config;
static uint32_t made;
static wick_status status;

static wick_status read_old(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    (void)ctx;
    memset(out, (int)(offset & 0xff), length);
    return WICK_OK;
}

static wick_status write_new(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    (void)ctx;
    (void)bytes;
    made = offset + length;
    return WICK_OK;
}

static void apply(const uint8_t *patch, size_t bytes)
{
    wick_delta_init(&delta, &config);
    status = wick_delta_input(&delta, wick_span_make(patch, bytes));
    if (status == WICK_OK) {
        status = wick_delta_finish(&delta);
    }
}

BENCH_SETUP(delta_lzma)
{
    config.io.read = read_old;
    config.io.write = write_new;
    config.old_bytes = 9000;
    config.new_max = 20000;
    wick_delta_use(&config, &memory);
    apply(delta_large, sizeof delta_large); /* the loader has bound memcpy() then: its stack is not ours */
    return BENCH_READY;
}

BENCH(delta_lzma)
{
    apply(delta_large, sizeof delta_large);
}

BENCH_CHECK(delta_lzma)
{
    return status == WICK_OK && made == 13640;
}

BENCH_SETUP(delta_plain)
{
    return setup_delta_lzma();
}

BENCH(delta_plain)
{
    apply(delta_small_plain, sizeof delta_small_plain);
}

BENCH_CHECK(delta_plain)
{
    return status == WICK_OK && made == 1690;
}

BENCH_MAIN(BENCH_CASE(delta_lzma), BENCH_CASE(delta_plain))
