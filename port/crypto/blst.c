/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blst behind wick_hal_crypto: BLS12-381 signatures with keys in G1, as Ethereum's validators sign
 * (proof-of-possession ciphersuite, so that one message signed by many is checked by one pairing).
 * Nothing is allocated; a verification takes about 8 KB of stack.
 */
#include <string.h>

#include <blst.h>

#include "wick/port/crypto.h"

static const uint8_t suite[] = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

_Static_assert(sizeof(blst_p1_affine) <= sizeof(wick_bls_key), "WICK_BLS_KEY_BYTES");
_Static_assert(sizeof(blst_p1) <= sizeof(wick_bls_sum), "WICK_BLS_SUM_BYTES");

static blst_p1_affine load_key(const wick_bls_key *key)
{
    blst_p1_affine point;
    memcpy(&point, key, sizeof point);
    return point;
}

static blst_p1 load_sum(const wick_bls_sum *sum)
{
    blst_p1 point;
    memcpy(&point, sum, sizeof point);
    return point;
}

static wick_status bls_key(void *ctx, wick_bls_key *out, const uint8_t pub48[48], bool validate)
{
    blst_p1_affine point;
    (void)ctx;
    memset(out, 0, sizeof *out);
    if (blst_p1_uncompress(&point, pub48) != BLST_SUCCESS || blst_p1_affine_is_inf(&point) ||
        (validate && !blst_p1_affine_in_g1(&point))) {
        return WICK_E_BAD_KEY;
    }
    memcpy(out, &point, sizeof point);
    return WICK_OK;
}

static void bls_compress(void *ctx, uint8_t pub48[48], const wick_bls_key *key)
{
    blst_p1_affine point = load_key(key);
    (void)ctx;
    blst_p1_affine_compress(pub48, &point);
}

static void bls_begin(void *ctx, wick_bls_sum *sum)
{
    (void)ctx;
    /* Infinity is z = 0. */
    memset(sum, 0, sizeof *sum);
}

static void bls_add(void *ctx, wick_bls_sum *sum, const wick_bls_key *key, bool subtract)
{
    blst_p1 total = load_sum(sum);
    blst_p1_affine point = load_key(key);
    (void)ctx;
    if (subtract) {
        blst_fp_cneg(&point.y, &point.y, true);
    }
    blst_p1_add_or_double_affine(&total, &total, &point);
    memcpy(sum, &total, sizeof total);
}

static wick_status bls_total(void *ctx, wick_bls_key *out, const wick_bls_sum *sum)
{
    blst_p1 total = load_sum(sum);
    blst_p1_affine point;
    (void)ctx;
    memset(out, 0, sizeof *out);
    if (blst_p1_is_inf(&total)) {
        return WICK_E_BAD_KEY;
    }
    blst_p1_to_affine(&point, &total);
    memcpy(out, &point, sizeof point);
    return WICK_OK;
}

static wick_status bls_verify(void *ctx, const wick_bls_sum *sum, const uint8_t message32[32],
                              const uint8_t sig96[96])
{
    blst_p1 total = load_sum(sum);
    blst_p1_affine key;
    blst_p2_affine sig;
    (void)ctx;
    if (blst_p1_is_inf(&total) || blst_p2_uncompress(&sig, sig96) != BLST_SUCCESS ||
        blst_p2_affine_is_inf(&sig)) {
        return WICK_E_AUTH;
    }
    blst_p1_to_affine(&key, &total);
    /* Checks that the signature is of its subgroup. */
    return blst_core_verify_pk_in_g1(&key, &sig, true, message32, 32, suite, sizeof suite - 1, NULL,
                                     0) == BLST_SUCCESS
               ? WICK_OK
               : WICK_E_AUTH;
}

void wick_crypto_blst_fill(wick_hal_crypto *out)
{
    out->bls_key = bls_key;
    out->bls_compress = bls_compress;
    out->bls_begin = bls_begin;
    out->bls_add = bls_add;
    out->bls_total = bls_total;
    out->bls_verify = bls_verify;
}
