/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of mbedtls for leaves: wick/port/leaf_hash.h. */
#include "wick/port/leaf_hash.h"

#include <string.h>

#include <mbedtls/sha256.h>

/* may_alias, because callers hold the same memory as a wick_hash_ctx. */
typedef struct __attribute__((may_alias)) hash {
    mbedtls_sha256_context sha256;
} hash;

_Static_assert(sizeof(hash) <= sizeof(wick_hash_ctx), "raise WICK_HASH_CTX_BYTES");

static wick_status begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    (void)ctx;
    memset(h, 0, sizeof *h);
    if (alg != WICK_HASH_SHA256) {
        return WICK_E_UNSUPPORTED;
    }
    mbedtls_sha256_init(&((hash *)h)->sha256);
    return mbedtls_sha256_starts(&((hash *)h)->sha256, 0) == 0 ? WICK_OK : WICK_E_CRYPTO;
}

static wick_status update(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    (void)ctx;
    if (len == 0) {
        return WICK_OK;
    }
    return mbedtls_sha256_update(&((hash *)h)->sha256, data, len) == 0 ? WICK_OK : WICK_E_CRYPTO;
}

static wick_status finish(void *ctx, wick_hash_ctx *h, uint8_t *out)
{
    (void)ctx;
    int rc = mbedtls_sha256_finish(&((hash *)h)->sha256, out);
    wick_wipe(h, sizeof *h);
    return rc == 0 ? WICK_OK : WICK_E_CRYPTO;
}

static wick_status clone(void *ctx, wick_hash_ctx *to, const wick_hash_ctx *from)
{
    (void)ctx;
    mbedtls_sha256_init(&((hash *)to)->sha256);
    mbedtls_sha256_clone(&((hash *)to)->sha256, &((const hash *)from)->sha256);
    return WICK_OK;
}

static void free_hash(void *ctx, wick_hash_ctx *h)
{
    (void)ctx;
    wick_wipe(h, sizeof *h);
}

void wick_leaf_hash_init(wick_hal_crypto *out)
{
    memset(out, 0, sizeof *out);
    out->hash_begin = begin;
    out->hash_update = update;
    out->hash_finish = finish;
    out->hash_clone = clone;
    out->hash_free = free_hash;
}
