/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsecp256k1 behind wick_hal_crypto: compressed keys, raw x of ECDH (RFC 9180 DHKEM and the
 * record format need it without the library's hash), low-s signatures only (EIP-2), recovery. The
 * library's context lives in the caller's wick_crypto_ctx.
 */
#include "wick/port/crypto.h"

#include <string.h>

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_preallocated.h>
#include <secp256k1_recovery.h>

/* The library calls this for arguments that break its contract and then returns 0, which every call
 * below treats as failure. Its default would end the process. */
static void on_illegal(const char *text, void *data)
{
    (void)text;
    (void)data;
}

static const secp256k1_context *lib(void *ctx)
{
    return (const secp256k1_context *)((wick_crypto_ctx *)ctx)->secp256k1;
}

/* ---- points met before ---- */

/* The place of a key, or the one that was not used for longest. Keys are public: no secret decides
 * anything here. */
static wick_crypto_point *place_of(wick_crypto_ctx *ctx, const uint8_t pub33[33])
{
    wick_crypto_point *oldest = &ctx->points[0];
    for (size_t i = 0; i < WICK_SECP256K1_POINTS; i++) {
        wick_crypto_point *p = &ctx->points[i];
        if (memcmp(p->pub33, pub33, sizeof p->pub33) == 0) {
            return p;
        }
        if (ctx->uses - p->used > ctx->uses - oldest->used) {
            oldest = p;
        }
    }
    return oldest;
}

static void remember(wick_crypto_ctx *ctx, const uint8_t pub33[33], const secp256k1_pubkey *pub)
{
    wick_crypto_point *p = place_of(ctx, pub33);
    ctx->uses++;
    memcpy(p->pub33, pub33, sizeof p->pub33);
    memcpy(p->point, pub->data, sizeof p->point);
    p->used = ctx->uses;
}

/* False if it is no point of the curve. */
static bool load_point(void *ctx, secp256k1_pubkey *pub, const uint8_t pub33[33])
{
    wick_crypto_point *p = place_of((wick_crypto_ctx *)ctx, pub33);
    if (pub33[0] != 0 && memcmp(p->pub33, pub33, sizeof p->pub33) == 0) {
        memcpy(pub->data, p->point, sizeof pub->data);
        p->used = ++((wick_crypto_ctx *)ctx)->uses;
        return true;
    }
    if (secp256k1_ec_pubkey_parse(lib(ctx), pub, pub33, 33) == 0) {
        return false;
    }
    remember((wick_crypto_ctx *)ctx, pub33, pub);
    return true;
}

/* ---- operations ---- */

static int copy_x(unsigned char *output, const unsigned char *x32, const unsigned char *y32,
                  void *data)
{
    (void)y32;
    (void)data;
    memcpy(output, x32, 32);
    return 1;
}

static wick_status put_compressed(void *ctx, uint8_t pub33[33], const secp256k1_pubkey *pub)
{
    size_t n = 33;
    int ok = secp256k1_ec_pubkey_serialize(lib(ctx), pub33, &n, pub, SECP256K1_EC_COMPRESSED);
    return (ok != 0 && n == 33) ? WICK_OK : WICK_E_CRYPTO;
}

static wick_status put_uncompressed(void *ctx, uint8_t pub65[65], const secp256k1_pubkey *pub)
{
    size_t n = 65;
    int ok = secp256k1_ec_pubkey_serialize(lib(ctx), pub65, &n, pub, SECP256K1_EC_UNCOMPRESSED);
    return (ok != 0 && n == 65) ? WICK_OK : WICK_E_CRYPTO;
}

wick_status wick_crypto_secp256k1_public(wick_crypto_ctx *ctx, uint8_t pub33[33],
                                         const uint8_t secret32[32])
{
    secp256k1_pubkey pub;
    if (secp256k1_ec_pubkey_create(lib(ctx), &pub, secret32) == 0) {
        return WICK_E_BAD_KEY;
    }
    wick_status s = put_compressed(ctx, pub33, &pub);
    if (s == WICK_OK) {
        remember(ctx, pub33, &pub);
    }
    return s;
}

wick_status wick_crypto_secp256k1_ecdh(wick_crypto_ctx *ctx, uint8_t x32[32],
                                       const uint8_t secret32[32], const uint8_t peer33[33])
{
    secp256k1_pubkey pub;
    if (!load_point(ctx, &pub, peer33) ||
        secp256k1_ecdh(lib(ctx), x32, &pub, secret32, copy_x, NULL) == 0) {
        memset(x32, 0, 32);
        return WICK_E_BAD_KEY;
    }
    return WICK_OK;
}

static wick_status curve_public(void *ctx, uint8_t pub33[33], const uint8_t secret32[32])
{
    return wick_crypto_secp256k1_public((wick_crypto_ctx *)ctx, pub33, secret32);
}

static wick_status curve_ecdh(void *ctx, uint8_t x32[32], const uint8_t secret32[32],
                              const uint8_t peer33[33])
{
    return wick_crypto_secp256k1_ecdh((wick_crypto_ctx *)ctx, x32, secret32, peer33);
}

static wick_status curve_expand(void *ctx, uint8_t pub65[65], const uint8_t pub33[33])
{
    secp256k1_pubkey pub;
    if (!load_point(ctx, &pub, pub33)) {
        return WICK_E_BAD_KEY;
    }
    return put_uncompressed(ctx, pub65, &pub);
}

static wick_status curve_verify(void *ctx, const uint8_t sig64[64], const uint8_t digest32[32],
                                const uint8_t pub33[33])
{
    secp256k1_pubkey pub;
    secp256k1_ecdsa_signature sig;
    if (!load_point(ctx, &pub, pub33)) {
        return WICK_E_BAD_KEY;
    }
    /* secp256k1_ecdsa_verify() refuses high s by itself. */
    if (secp256k1_ecdsa_signature_parse_compact(lib(ctx), &sig, sig64) == 0 ||
        secp256k1_ecdsa_verify(lib(ctx), &sig, digest32, &pub) == 0) {
        return WICK_E_AUTH;
    }
    return WICK_OK;
}

static wick_status curve_recover(void *ctx, uint8_t pub65[65], const uint8_t sig64[64],
                                 uint8_t recid, const uint8_t digest32[32])
{
    secp256k1_pubkey pub;
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature sig;
    if (recid > 1 || secp256k1_ecdsa_signature_parse_compact(lib(ctx), &plain, sig64) == 0) {
        return WICK_E_AUTH;
    }
    /* Recovery itself takes both forms of s; the second one is malleable (EIP-2). */
    if (secp256k1_ecdsa_signature_normalize(lib(ctx), NULL, &plain) != 0) {
        return WICK_E_AUTH;
    }
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(lib(ctx), &sig, sig64, recid) == 0 ||
        secp256k1_ecdsa_recover(lib(ctx), &pub, &sig, digest32) == 0) {
        return WICK_E_AUTH;
    }
    return put_uncompressed(ctx, pub65, &pub);
}

wick_status wick_crypto_secp256k1_sign(wick_crypto_ctx *ctx, uint8_t sig64[64], uint8_t *recid,
                                       const uint8_t secret32[32], const uint8_t digest32[32])
{
    secp256k1_ecdsa_recoverable_signature sig;
    int id = 0;
    /* NULL nonce function: RFC 6979. */
    if (secp256k1_ecdsa_sign_recoverable(lib(ctx), &sig, digest32, secret32, NULL, NULL) == 0) {
        return WICK_E_BAD_KEY;
    }
    if (secp256k1_ecdsa_recoverable_signature_serialize_compact(lib(ctx), sig64, &id, &sig) == 0 ||
        id < 0 || id > 1) {
        /* 2 and 3 mean that r wrapped around the group order: one in 2^127, and Ethereum has no
         * way to write it. */
        memset(sig64, 0, 64);
        return WICK_E_CRYPTO;
    }
    if (recid != NULL) {
        *recid = (uint8_t)id;
    }
    return WICK_OK;
}

wick_status wick_crypto_blind(wick_crypto_ctx *ctx, const wick_hal_entropy *entropy)
{
    uint8_t seed[32];
    if (entropy->fill(entropy->ctx, seed, sizeof seed) != WICK_OK) {
        return WICK_E_ENTROPY;
    }
    int ok = secp256k1_context_randomize((secp256k1_context *)ctx->secp256k1, seed);
    wick_wipe(seed, sizeof seed);
    return ok != 0 ? WICK_OK : WICK_E_CRYPTO;
}

wick_status wick_crypto_secp256k1_fill(wick_hal_crypto *out, wick_crypto_ctx *ctx)
{
    secp256k1_context *made;
    if (secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE) > sizeof ctx->opaque) {
        return WICK_E_NO_SPACE;
    }
    made = secp256k1_context_preallocated_create(ctx->opaque, SECP256K1_CONTEXT_NONE);
    if (made == NULL) {
        return WICK_E_CRYPTO;
    }
    secp256k1_context_set_illegal_callback(made, on_illegal, NULL);
    ctx->secp256k1 = made;
    ctx->uses = 0;
    memset(ctx->points, 0, sizeof ctx->points);
    out->ctx = ctx;
    out->secp256k1_public = curve_public;
    out->secp256k1_ecdh = curve_ecdh;
    out->secp256k1_expand = curve_expand;
    out->secp256k1_verify = curve_verify;
    out->secp256k1_recover = curve_recover;
    return WICK_OK;
}
