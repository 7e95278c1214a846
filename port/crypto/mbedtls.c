/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mbedtls 3.6 behind wick_hal_crypto: SHA-256, SHA-1, MD5, ChaCha20-Poly1305, AES-GCM, and the
 * static pool from which mbedtls takes what it allocates (GCM and TLS do).
 */
#include "wick/port/crypto.h"

#include <string.h>

#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md5.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#if defined(MBEDTLS_MEMORY_BUFFER_ALLOC_C)
#include <mbedtls/memory_buffer_alloc.h>
#endif

_Static_assert(MBEDTLS_VERSION_MAJOR == 3 && MBEDTLS_VERSION_MINOR >= 6, "needs mbedtls 3.6");

/* What the allocator puts before each block: eight words. */
#define BLOCK_HEADER (8u * sizeof(size_t))

/* may_alias, because callers hold the same memory as a wick_hash_ctx. */
struct hash {
    uint32_t alg; /* 0: not begun */
    union {
        mbedtls_sha256_context sha256;
        mbedtls_sha1_context sha1;
        mbedtls_md5_context md5;
    } u;
} __attribute__((may_alias));
typedef struct hash hash;

_Static_assert(sizeof(hash) <= sizeof(wick_hash_ctx), "raise WICK_HASH_CTX_BYTES");
_Static_assert(_Alignof(hash) <= _Alignof(wick_hash_ctx), "contexts must be aligned");

static wick_status hash_begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    hash *s = (hash *)h;
    int rc = -1;
    (void)ctx;
    memset(h, 0, sizeof *h);
    switch (alg) {
    case WICK_HASH_SHA256:
        mbedtls_sha256_init(&s->u.sha256);
        rc = mbedtls_sha256_starts(&s->u.sha256, 0);
        break;
    case WICK_HASH_SHA1:
        mbedtls_sha1_init(&s->u.sha1);
        rc = mbedtls_sha1_starts(&s->u.sha1);
        break;
    case WICK_HASH_MD5:
        mbedtls_md5_init(&s->u.md5);
        rc = mbedtls_md5_starts(&s->u.md5);
        break;
    default:
        return WICK_E_UNSUPPORTED;
    }
    if (rc != 0) {
        return WICK_E_CRYPTO;
    }
    s->alg = (uint32_t)alg;
    return WICK_OK;
}

static wick_status hash_update(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    hash *s = (hash *)h;
    int rc = 0;
    (void)ctx;
    if (len == 0) {
        return s->alg != 0 ? WICK_OK : WICK_E_STATE;
    }
    switch (s->alg) {
    case WICK_HASH_SHA256:
        rc = mbedtls_sha256_update(&s->u.sha256, data, len);
        break;
    case WICK_HASH_SHA1:
        rc = mbedtls_sha1_update(&s->u.sha1, data, len);
        break;
    case WICK_HASH_MD5:
        rc = mbedtls_md5_update(&s->u.md5, data, len);
        break;
    default:
        return WICK_E_STATE;
    }
    return rc == 0 ? WICK_OK : WICK_E_CRYPTO;
}

static void hash_free(void *ctx, wick_hash_ctx *h)
{
    (void)ctx;
    /* The software hashes hold no resources, so wiping is all that freeing means. */
    wick_wipe(h, sizeof *h);
}

static wick_status hash_finish(void *ctx, wick_hash_ctx *h, uint8_t *out)
{
    hash *s = (hash *)h;
    int rc = 0;
    switch (s->alg) {
    case WICK_HASH_SHA256:
        rc = mbedtls_sha256_finish(&s->u.sha256, out);
        break;
    case WICK_HASH_SHA1:
        rc = mbedtls_sha1_finish(&s->u.sha1, out);
        break;
    case WICK_HASH_MD5:
        rc = mbedtls_md5_finish(&s->u.md5, out);
        break;
    default:
        return WICK_E_STATE;
    }
    hash_free(ctx, h);
    return rc == 0 ? WICK_OK : WICK_E_CRYPTO;
}

static wick_status hash_clone(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src)
{
    const hash *from = (const hash *)src;
    hash *to = (hash *)dst;
    (void)ctx;
    switch (from->alg) {
    case WICK_HASH_SHA256:
        mbedtls_sha256_init(&to->u.sha256);
        mbedtls_sha256_clone(&to->u.sha256, &from->u.sha256);
        break;
    case WICK_HASH_SHA1:
        mbedtls_sha1_init(&to->u.sha1);
        mbedtls_sha1_clone(&to->u.sha1, &from->u.sha1);
        break;
    case WICK_HASH_MD5:
        mbedtls_md5_init(&to->u.md5);
        mbedtls_md5_clone(&to->u.md5, &from->u.md5);
        break;
    default:
        return WICK_E_STATE;
    }
    to->alg = from->alg;
    return WICK_OK;
}

static unsigned gcm_key_bits(wick_aead_alg alg)
{
    return alg == WICK_AEAD_AES128_GCM ? 128u : 256u;
}

static wick_status aead_seal(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                             const uint8_t *nonce12, wick_span aad, wick_span pt)
{
    int rc = -1;
    (void)ctx;
    switch (alg) {
    case WICK_AEAD_CHACHA20_POLY1305: {
        mbedtls_chachapoly_context c;
        mbedtls_chachapoly_init(&c);
        rc = mbedtls_chachapoly_setkey(&c, key);
        if (rc == 0) {
            rc = mbedtls_chachapoly_encrypt_and_tag(&c, pt.len, nonce12, aad.ptr, aad.len, pt.ptr,
                                                    out, out + pt.len);
        }
        mbedtls_chachapoly_free(&c);
        break;
    }
    case WICK_AEAD_AES128_GCM:
    case WICK_AEAD_AES256_GCM: {
        mbedtls_gcm_context c;
        mbedtls_gcm_init(&c);
        rc = mbedtls_gcm_setkey(&c, MBEDTLS_CIPHER_ID_AES, key, gcm_key_bits(alg));
        if (rc == 0) {
            rc = mbedtls_gcm_crypt_and_tag(&c, MBEDTLS_GCM_ENCRYPT, pt.len, nonce12,
                                           WICK_AEAD_NONCE_BYTES, aad.ptr, aad.len, pt.ptr, out,
                                           WICK_AEAD_TAG_BYTES, out + pt.len);
        }
        mbedtls_gcm_free(&c);
        break;
    }
    default:
        return WICK_E_UNSUPPORTED;
    }
    if (rc != 0) {
        wick_wipe(out, pt.len + WICK_AEAD_TAG_BYTES);
        return WICK_E_CRYPTO;
    }
    return WICK_OK;
}

static wick_status aead_open(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                             const uint8_t *nonce12, wick_span aad, wick_span ct)
{
    size_t len;
    int rc = -1, wrong = 0;
    (void)ctx;
    if (ct.len < WICK_AEAD_TAG_BYTES) {
        return WICK_E_AUTH;
    }
    len = ct.len - WICK_AEAD_TAG_BYTES;
    switch (alg) {
    case WICK_AEAD_CHACHA20_POLY1305: {
        mbedtls_chachapoly_context c;
        mbedtls_chachapoly_init(&c);
        wrong = MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED;
        rc = mbedtls_chachapoly_setkey(&c, key);
        if (rc == 0) {
            rc = mbedtls_chachapoly_auth_decrypt(&c, len, nonce12, aad.ptr, aad.len, ct.ptr + len,
                                                 ct.ptr, out);
        }
        mbedtls_chachapoly_free(&c);
        break;
    }
    case WICK_AEAD_AES128_GCM:
    case WICK_AEAD_AES256_GCM: {
        mbedtls_gcm_context c;
        mbedtls_gcm_init(&c);
        wrong = MBEDTLS_ERR_GCM_AUTH_FAILED;
        rc = mbedtls_gcm_setkey(&c, MBEDTLS_CIPHER_ID_AES, key, gcm_key_bits(alg));
        if (rc == 0) {
            rc = mbedtls_gcm_auth_decrypt(&c, len, nonce12, WICK_AEAD_NONCE_BYTES, aad.ptr, aad.len,
                                          ct.ptr + len, WICK_AEAD_TAG_BYTES, ct.ptr, out);
        }
        mbedtls_gcm_free(&c);
        break;
    }
    default:
        return WICK_E_UNSUPPORTED;
    }
    if (rc != 0) {
        wick_wipe(out, len);
        return rc == wrong ? WICK_E_AUTH : WICK_E_CRYPTO;
    }
    return WICK_OK;
}

wick_status wick_mbedtls_pool_init(void)
{
#if defined(MBEDTLS_MEMORY_BUFFER_ALLOC_C)
    /* The one piece of process-wide state: mbedtls has one allocator. */
    static uint64_t pool[WICK_MBEDTLS_POOL_BYTES / 8u];
    static bool done;
    if (!done) {
        mbedtls_memory_buffer_alloc_init((unsigned char *)pool, sizeof pool);
        done = true;
    }
#endif
    return WICK_OK;
}

/* Beside the pool: it is shared, so is what is promised of it. */
static size_t promised;

void wick_mbedtls_pool_look(wick_mbedtls_pool *out)
{
    memset(out, 0, sizeof *out);
    out->promised = promised;
#if defined(MBEDTLS_MEMORY_BUFFER_ALLOC_C)
    size_t blocks;
    out->size = WICK_MBEDTLS_POOL_BYTES;
    mbedtls_memory_buffer_alloc_cur_get(&out->used, &blocks);
    out->used += blocks * BLOCK_HEADER;
    mbedtls_memory_buffer_alloc_max_get(&out->most, &blocks);
    out->most += blocks * BLOCK_HEADER;
#endif
}

void wick_mbedtls_pool_mark(void)
{
#if defined(MBEDTLS_MEMORY_BUFFER_ALLOC_C)
    mbedtls_memory_buffer_alloc_max_reset();
#endif
}

wick_status wick_mbedtls_pool_reserve(size_t bytes)
{
#if defined(MBEDTLS_MEMORY_BUFFER_ALLOC_C)
    if (bytes > WICK_MBEDTLS_POOL_BYTES - WICK_MBEDTLS_POOL_BASE - promised) {
        return WICK_E_POOL;
    }
#endif
    promised += bytes;
    return WICK_OK;
}

void wick_mbedtls_pool_release(size_t bytes)
{
    promised -= bytes < promised ? bytes : promised;
}

wick_status wick_crypto_mbedtls_fill(wick_hal_crypto *out)
{
    out->hash_begin = hash_begin;
    out->hash_update = hash_update;
    out->hash_finish = hash_finish;
    out->hash_clone = hash_clone;
    out->hash_free = hash_free;
    out->aead_seal = aead_seal;
    out->aead_open = aead_open;
    return wick_mbedtls_pool_init();
}
