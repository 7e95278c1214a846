/* SPDX-License-Identifier: Apache-2.0 */
#include "ct.h"

#include <stdio.h>
#include <stdlib.h>

#include "wick/base.h"
#include "wick/hkdf.h"
#include "wick/hmac.h"

bool ct_macs_are_public;
bool ct_opened_is_secret = true;

void ct_need_valgrind(void)
{
    if (RUNNING_ON_VALGRIND == 0) {
        puts("1..0 # SKIP valgrind does not run this");
        exit(77);
    }
}

unsigned ct_reports(void)
{
    static unsigned before;
    const unsigned now = (unsigned)VALGRIND_COUNT_ERRORS;
    const unsigned since = now - before;
    before = now;
    return since;
}

size_t ct_secret_bytes(const void *p, size_t len)
{
    const unsigned char *bytes = p;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char bits = 0;
        (void)VALGRIND_GET_VBITS(bytes + i, &bits, 1);
        n += bits != 0 ? 1u : 0u;
    }
    return n;
}

/* ---- declared public: the linker puts these in place of the library's (--wrap) ---- */

bool __real_wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len);
bool __wrap_wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len);
bool __real_wick_ct_is_zero(const uint8_t *p, size_t len);
bool __wrap_wick_ct_is_zero(const uint8_t *p, size_t len);
wick_status __real_wick_hmac_finish(wick_hmac *h, uint8_t *out);
wick_status __wrap_wick_hmac_finish(wick_hmac *h, uint8_t *out);
wick_status __real_wick_hkdf_expand(const wick_hal_crypto *crypto, uint8_t *out, size_t len,
                                    const uint8_t *prk, const wick_span *info, size_t count);
wick_status __wrap_wick_hkdf_expand(const wick_hal_crypto *crypto, uint8_t *out, size_t len,
                                    const uint8_t *prk, const wick_span *info, size_t count);
wick_status __real_wick_hkdf_expand_with(const wick_hmac_key *prk, uint8_t *out, size_t len,
                                         const wick_span *info, size_t count);
wick_status __wrap_wick_hkdf_expand_with(const wick_hmac_key *prk, uint8_t *out, size_t len,
                                         const wick_span *info, size_t count);

bool __wrap_wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    bool equal = __real_wick_ct_equal(a, b, len);
    PUBLIC(&equal, sizeof equal);
    return equal;
}

bool __wrap_wick_ct_is_zero(const uint8_t *p, size_t len)
{
    bool zero = __real_wick_ct_is_zero(p, len);
    PUBLIC(&zero, sizeof zero);
    return zero;
}

wick_status __wrap_wick_hmac_finish(wick_hmac *h, uint8_t *out)
{
    const size_t len = h->key != NULL ? wick_hash_bytes(h->key->alg) : 0;
    wick_status st = __real_wick_hmac_finish(h, out);
    if (ct_macs_are_public && st == WICK_OK) {
        PUBLIC(out, len);
    }
    return st;
}

/* Is this the label of an identity, "... id" and its zero byte? */
static bool names_id(const wick_span *info, size_t count)
{
    if (count == 0 || info[0].len < 4) {
        return false;
    }
    return memcmp(info[0].ptr + info[0].len - 4, " id", 4) == 0;
}

wick_status __wrap_wick_hkdf_expand(const wick_hal_crypto *crypto, uint8_t *out, size_t len,
                                    const uint8_t *prk, const wick_span *info, size_t count)
{
    wick_status st = __real_wick_hkdf_expand(crypto, out, len, prk, info, count);
    if (names_id(info, count)) {
        PUBLIC(out, len);
    }
    return st;
}

wick_status __wrap_wick_hkdf_expand_with(const wick_hmac_key *prk, uint8_t *out, size_t len,
                                         const wick_span *info, size_t count)
{
    wick_status st = __real_wick_hkdf_expand_with(prk, out, len, info, count);
    if (names_id(info, count)) {
        PUBLIC(out, len);
    }
    return st;
}

/* ---- the border ---- */

#define COPY_MAX 1024

static wick_hal_crypto inner;
static wick_hal_keystore inner_keystore;

/* A copy that the library may look at. */
static const uint8_t *known(uint8_t *copy, const uint8_t *bytes, size_t len)
{
    if (len > COPY_MAX) {
        abort();
    }
    if (len != 0) {
        memcpy(copy, bytes, len);
    }
    PUBLIC(copy, len);
    return copy;
}

static wick_status seal(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                        const uint8_t *nonce12, wick_span aad, wick_span pt)
{
    uint8_t k[32], n[12], a[COPY_MAX], p[COPY_MAX];
    const size_t key_len = alg == WICK_AEAD_AES128_GCM ? 16 : 32;
    return inner.aead_seal(ctx, alg, out, known(k, key, key_len), known(n, nonce12, 12),
                           wick_span_make(known(a, aad.ptr, aad.len), aad.len),
                           wick_span_make(known(p, pt.ptr, pt.len), pt.len));
}

static wick_status unseal(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                          const uint8_t *nonce12, wick_span aad, wick_span ct)
{
    uint8_t k[32], n[12], a[COPY_MAX], c[COPY_MAX];
    const size_t key_len = alg == WICK_AEAD_AES128_GCM ? 16 : 32;
    wick_status st = inner.aead_open(ctx, alg, out, known(k, key, key_len), known(n, nonce12, 12),
                                     wick_span_make(known(a, aad.ptr, aad.len), aad.len),
                                     wick_span_make(known(c, ct.ptr, ct.len), ct.len));
    if (st == WICK_OK && ct_opened_is_secret && ct.len >= 32 + 16) {
        SECRET(out, 32);
    }
    return st;
}

static wick_status public_of(void *ctx, uint8_t pub33[33], const uint8_t secret32[32])
{
    uint8_t s[32];
    return inner.secp256k1_public(ctx, pub33, known(s, secret32, 32));
}

static wick_status ecdh(void *ctx, uint8_t x32[32], const uint8_t secret32[32],
                        const uint8_t peer33[33])
{
    uint8_t s[32];
    wick_status st = inner.secp256k1_ecdh(ctx, x32, known(s, secret32, 32), peer33);
    SECRET(x32, 32);
    return st;
}

static wick_status verify(void *ctx, const uint8_t sig64[64], const uint8_t digest32[32],
                          const uint8_t pub33[33])
{
    uint8_t d[32];
    return inner.secp256k1_verify(ctx, sig64, known(d, digest32, 32), pub33);
}

static wick_status keystore_ecdh(void *ctx, uint8_t x32[32], wick_key key,
                                 const uint8_t peer33[33])
{
    wick_status st = inner_keystore.secp256k1_ecdh(ctx, x32, key, peer33);
    SECRET(x32, 32);
    return st;
}

static wick_status keystore_sign(void *ctx, uint8_t sig64[64], uint8_t *recid, wick_key key,
                                 const uint8_t digest32[32])
{
    uint8_t d[32];
    return inner_keystore.secp256k1_sign(ctx, sig64, recid, key, known(d, digest32, 32));
}

#if WICK_WITH_NSL_RSA
static wick_status rsa_seal(void *ctx, uint8_t out256[256], const uint8_t pub260[260],
                            wick_span label, const uint8_t message32[32], const uint8_t seed32[32])
{
    uint8_t m[32], s[32];
    return inner.rsa_seal(ctx, out256, pub260, label, known(m, message32, 32), known(s, seed32, 32));
}

static wick_status rsa_verify(void *ctx, const uint8_t sig256[256], const uint8_t digest32[32],
                              const uint8_t pub260[260])
{
    uint8_t d[32];
    return inner.rsa_verify(ctx, sig256, known(d, digest32, 32), pub260);
}

static wick_status keystore_rsa_open(void *ctx, uint8_t message32[32], wick_key key,
                                     wick_span label, const uint8_t sealed256[256])
{
    wick_status st = inner_keystore.rsa_open(ctx, message32, key, label, sealed256);
    SECRET(message32, 32);
    return st;
}

static wick_status keystore_rsa_sign(void *ctx, uint8_t sig256[256], wick_key key,
                                     const uint8_t digest32[32])
{
    uint8_t d[32];
    return inner_keystore.rsa_sign(ctx, sig256, key, known(d, digest32, 32));
}
#endif

void ct_border(wick_hal_crypto *crypto, wick_hal_keystore *keystore)
{
    inner = *crypto;
#if WICK_WITH_NSL_RSA
    crypto->rsa_seal = inner.rsa_seal != NULL ? rsa_seal : NULL;
    crypto->rsa_verify = inner.rsa_verify != NULL ? rsa_verify : NULL;
#endif
    crypto->aead_seal = seal;
    crypto->aead_open = unseal;
    crypto->secp256k1_public = public_of;
    crypto->secp256k1_ecdh = ecdh;
    crypto->secp256k1_verify = verify;
    if (keystore != NULL) {
        inner_keystore = *keystore;
        keystore->secp256k1_ecdh = keystore_ecdh;
        keystore->secp256k1_sign = keystore_sign;
#if WICK_WITH_NSL_RSA
        keystore->rsa_open = inner_keystore.rsa_open != NULL ? keystore_rsa_open : NULL;
        keystore->rsa_sign = inner_keystore.rsa_sign != NULL ? keystore_rsa_sign : NULL;
#endif
    }
}

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    const wick_hal_entropy *under = ctx;
    wick_status st = under->fill(under->ctx, out, len);
    if (len >= 32) {
        SECRET(out, len); /* connection ids are public, and shorter */
    }
    return st;
}

wick_hal_entropy ct_entropy(const wick_hal_entropy *under)
{
    union {
        const wick_hal_entropy *in;
        void *out;
    } ctx = {under};
    wick_hal_entropy e = *under;
    e.ctx = ctx.out;
    e.fill = fill;
    return e;
}
