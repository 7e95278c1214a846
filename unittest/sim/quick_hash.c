/* SPDX-License-Identifier: Apache-2.0 */
#include "quick_hash.h"

#include <string.h>

typedef struct state {
    uint64_t word;  /* bytes that are no whole word yet */
    uint64_t mix;
    uint64_t bytes;
} state;

_Static_assert(sizeof(state) <= sizeof(wick_hash_ctx), "room for the state");

static uint64_t stir(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 29;
}

static wick_status begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    (void)ctx;
    memset(h, 0, sizeof *h);
    return alg == WICK_HASH_SHA256 ? WICK_OK : WICK_E_UNSUPPORTED;
}

static wick_status update(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    (void)ctx;
    state s;
    memcpy(&s, h, sizeof s);
    while (len > 0) {
        size_t held = s.bytes % 8, n = len < 8 - held ? len : 8 - held;
        uint64_t part = 0;
        memcpy(&part, data, n);
        s.word |= part << 8 * held;
        s.bytes += n;
        data += n;
        len -= n;
        if (s.bytes % 8 == 0) {
            s.mix = stir(s.mix + s.word);
            s.word = 0;
        }
    }
    memcpy(h, &s, sizeof s);
    return WICK_OK;
}

static wick_status finish(void *ctx, wick_hash_ctx *h, uint8_t *out)
{
    (void)ctx;
    state s;
    memcpy(&s, h, sizeof s);
    s.mix = stir(s.mix + s.word) + s.bytes;
    for (int i = 0; i < 4; i++) {
        s.mix = stir(s.mix + (uint64_t)i + 1);
        wick_store_be64(out + 8 * i, s.mix);
    }
    return WICK_OK;
}

static wick_status copy(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src)
{
    (void)ctx;
    memcpy(dst, src, sizeof *dst);
    return WICK_OK;
}

static void forget(void *ctx, wick_hash_ctx *h)
{
    (void)ctx;
    memset(h, 0, sizeof *h);
}

void quick_hash_fill(wick_hal_crypto *crypto)
{
    crypto->hash_begin = begin;
    crypto->hash_update = update;
    crypto->hash_finish = finish;
    crypto->hash_clone = copy;
    crypto->hash_free = forget;
}
