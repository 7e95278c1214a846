/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA-2048 with mbedtls: OAEP and PSS with SHA-256 behind wick_hal_crypto, and keys for the RAM
 * keystore. mbedtls takes its numbers from the pool and gives them back before a function ends; its
 * OAEP label is to be had below its pk layer only. Private operations are blinded.
 */
#include "wick/port/crypto.h"

#if WICK_WITH_NSL_RSA

#include <string.h>

#include <mbedtls/rsa.h>

#include "wick/rsa.h"

_Static_assert(WICK_RAM_RSA_KEYS_MAX >= 1 && WICK_RAM_RSA_KEYS_MAX <= 255, "out of range");

static const uint8_t exponent[4] = {0, 1, 0, 1};

/* ---- randomness for mbedtls ---- */

struct rng {
    const wick_hal_entropy *entropy;
    wick_status status;
};

static int draw(void *ctx, unsigned char *out, size_t len)
{
    struct rng *r = ctx;
    r->status = r->entropy->fill(r->entropy->ctx, out, len);
    return r->status == WICK_OK ? 0 : MBEDTLS_ERR_RSA_RNG_FAILED;
}

/* The seed of OAEP is the caller's. */
struct given {
    const uint8_t *seed32;
    size_t used;
};

static int hand_out(void *ctx, unsigned char *out, size_t len)
{
    struct given *g = ctx;
    if (len > 32 - g->used) {
        return MBEDTLS_ERR_RSA_RNG_FAILED;
    }
    memcpy(out, g->seed32 + g->used, len);
    g->used += len;
    return 0;
}

static wick_status own_failure(const struct rng *r)
{
    return r->status != WICK_OK ? r->status : WICK_E_CRYPTO;
}

/* ---- public keys ---- */

static void begin(mbedtls_rsa_context *rsa)
{
    mbedtls_rsa_init(rsa);
    (void)mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
}

static wick_status begin_public(mbedtls_rsa_context *rsa, const uint8_t pub260[260])
{
    begin(rsa);
    wick_status st = wick_rsa_check(pub260);
    if (st == WICK_OK &&
        (mbedtls_rsa_import_raw(rsa, pub260, WICK_RSA_BYTES, NULL, 0, NULL, 0, NULL, 0,
                                pub260 + WICK_RSA_BYTES, 4) != 0 ||
         mbedtls_rsa_complete(rsa) != 0)) {
        st = WICK_E_CRYPTO;
    }
    return st;
}

static wick_status rsa_seal(void *ctx, uint8_t out256[256], const uint8_t pub260[260],
                            wick_span label, const uint8_t message32[32], const uint8_t seed32[32])
{
    mbedtls_rsa_context rsa;
    struct given g = {seed32, 0};
    (void)ctx;

    wick_status st = begin_public(&rsa, pub260);
    if (st == WICK_OK && mbedtls_rsa_rsaes_oaep_encrypt(&rsa, hand_out, &g, label.ptr, label.len, 32,
                                                        message32, out256) != 0) {
        st = WICK_E_CRYPTO;
    }
    mbedtls_rsa_free(&rsa);
    return st;
}

/* MBEDTLS_ERR_MPI_ALLOC_FAILED, perhaps with an error of the RSA module on top. */
static bool is_out_of_memory(int rc)
{
    return (-rc & 0x7f) == -MBEDTLS_ERR_MPI_ALLOC_FAILED;
}

static wick_status rsa_verify(void *ctx, const uint8_t sig256[256], const uint8_t digest32[32],
                              const uint8_t pub260[260])
{
    mbedtls_rsa_context rsa;
    (void)ctx;

    wick_status st = begin_public(&rsa, pub260);
    if (st == WICK_OK) {
        const int rc = mbedtls_rsa_rsassa_pss_verify_ext(&rsa, MBEDTLS_MD_SHA256, 32, digest32,
                                                         MBEDTLS_MD_SHA256, 32, sig256);
        if (rc != 0) {
            st = is_out_of_memory(rc) ? WICK_E_CRYPTO : WICK_E_AUTH;
        }
    }
    mbedtls_rsa_free(&rsa);
    return st;
}

wick_status wick_crypto_rsa_fill(wick_hal_crypto *out)
{
    out->rsa_seal = rsa_seal;
    out->rsa_verify = rsa_verify;
    return wick_mbedtls_pool_init();
}

/* ---- private keys ---- */

static const wick_ram_rsa_key *find(const wick_ram_keystore *ks, wick_key key)
{
    for (size_t i = 0; i < WICK_RAM_RSA_KEYS_MAX; i++) {
        if (key.handle != 0 && ks->rsa[i].handle == key.handle) {
            return &ks->rsa[i];
        }
    }
    return NULL;
}

static wick_status begin_private(mbedtls_rsa_context *rsa, const wick_ram_keystore *ks, wick_key key)
{
    const wick_ram_rsa_key *k = find(ks, key);

    begin(rsa);
    if (k == NULL) {
        return WICK_E_NOT_FOUND;
    }
    return mbedtls_rsa_import_raw(rsa, k->n, sizeof k->n, k->p, sizeof k->p, k->q, sizeof k->q, k->d,
                                  sizeof k->d, k->e, sizeof k->e) == 0 &&
                   mbedtls_rsa_complete(rsa) == 0
               ? WICK_OK
               : WICK_E_CRYPTO;
}

static wick_status key_public(void *ctx, uint8_t pub260[260], wick_key key)
{
    const wick_ram_keystore *ks = ctx;
    const wick_ram_rsa_key *k = find(ks, key);
    if (k == NULL) {
        return WICK_E_NOT_FOUND;
    }
    memcpy(pub260, k->n, sizeof k->n);
    memcpy(pub260 + sizeof k->n, k->e, sizeof k->e);
    return WICK_OK;
}

/* `ours` where nothing went wrong, else `instead`, without a branch. */
static void choose(uint8_t out[32], const uint8_t ours[32], const uint8_t instead[32], int rc,
                   size_t len)
{
    const uint32_t wrong = (uint32_t)rc | (uint32_t)(len ^ 32u);
    const uint8_t good = (uint8_t)(((wrong | (0u - wrong)) >> 31) - 1u);

    for (size_t i = 0; i < 32; i++) {
        out[i] = (uint8_t)((ours[i] & good) | (instead[i] & (uint8_t)~good));
    }
}

static wick_status key_open(void *ctx, uint8_t message32[32], wick_key key, wick_span label,
                            const uint8_t sealed256[256])
{
    const wick_ram_keystore *ks = ctx;
    struct rng r = {ks->entropy, WICK_OK};
    uint8_t plain[WICK_RSA_BYTES] = {0}, instead[32] = {0};
    mbedtls_rsa_context rsa;
    size_t len = 0;

    /* Drawn before anybody knows whether it is needed. */
    wick_status st = begin_private(&rsa, ks, key);
    if (st == WICK_OK) {
        st = r.entropy->fill(r.entropy->ctx, instead, sizeof instead);
    }
    if (st == WICK_OK) {
        const int rc = mbedtls_rsa_rsaes_oaep_decrypt(&rsa, draw, &r, label.ptr, label.len, &len,
                                                      sealed256, plain, sizeof plain);
        choose(message32, plain, instead, rc, len);
        st = r.status;
    }
    mbedtls_rsa_free(&rsa);
    wick_wipe(plain, sizeof plain);
    wick_wipe(instead, sizeof instead);
    if (st != WICK_OK) {
        wick_wipe(message32, 32);
    }
    return st;
}

static wick_status key_sign(void *ctx, uint8_t sig256[256], wick_key key, const uint8_t digest32[32])
{
    const wick_ram_keystore *ks = ctx;
    struct rng r = {ks->entropy, WICK_OK};
    mbedtls_rsa_context rsa;

    wick_status st = begin_private(&rsa, ks, key);
    if (st == WICK_OK && mbedtls_rsa_rsassa_pss_sign_ext(&rsa, draw, &r, MBEDTLS_MD_SHA256, 32,
                                                         digest32, 32, sig256) != 0) {
        st = own_failure(&r);
    }
    mbedtls_rsa_free(&rsa);
    if (st != WICK_OK) {
        memset(sig256, 0, WICK_RSA_BYTES);
    }
    return st;
}

void wick_ram_keystore_rsa(wick_hal_keystore *out, wick_ram_keystore *ks,
                           const wick_hal_entropy *entropy)
{
    ks->entropy = entropy;
    out->rsa_public = key_public;
    out->rsa_open = key_open;
    out->rsa_sign = key_sign;
}

/* A key of the context's numbers in a free place. */
static wick_status keep(wick_key *out, wick_ram_keystore *ks, const mbedtls_rsa_context *rsa)
{
    for (size_t i = 0; i < WICK_RAM_RSA_KEYS_MAX; i++) {
        wick_ram_rsa_key *k = &ks->rsa[i];
        if (k->handle != 0) {
            continue;
        }
        if (mbedtls_rsa_export_raw(rsa, k->n, sizeof k->n, k->p, sizeof k->p, k->q, sizeof k->q,
                                   k->d, sizeof k->d, k->e, sizeof k->e) != 0) {
            wick_wipe(k, sizeof *k);
            return WICK_E_CRYPTO;
        }
        /* The last octet of a handle is 0: no index into the other table. */
        ks->serial = (ks->serial + 1u) & 0xffffffu;
        ks->serial += ks->serial == 0 ? 1u : 0u;
        k->handle = ks->serial << 8;
        out->handle = k->handle;
        return WICK_OK;
    }
    return WICK_E_LIMIT;
}

wick_status wick_ram_keystore_import_rsa(wick_key *out, wick_ram_keystore *ks,
                                         const uint8_t primes[WICK_RSA_PRIMES_BYTES])
{
    const size_t half = WICK_RSA_PRIMES_BYTES / 2;
    mbedtls_rsa_context rsa;
    wick_status st = WICK_OK;

    out->handle = 0;
    if (ks->entropy == NULL) {
        return WICK_E_STATE;
    }
    begin(&rsa);
    if (memcmp(primes, primes + half, half) <= 0 || (primes[half - 1] & primes[2 * half - 1] & 1u) == 0) {
        st = WICK_E_BAD_KEY;
    }
    if (st == WICK_OK && mbedtls_rsa_import_raw(&rsa, NULL, 0, primes, half, primes + half, half,
                                                NULL, 0, exponent, sizeof exponent) != 0) {
        st = WICK_E_CRYPTO;
    }
    if (st == WICK_OK) {
        int rc = mbedtls_rsa_complete(&rsa);
        rc = rc == 0 ? mbedtls_rsa_check_privkey(&rsa) : rc;
        if (rc != 0 || mbedtls_rsa_get_bitlen(&rsa) != 2048) {
            st = is_out_of_memory(rc) ? WICK_E_CRYPTO : WICK_E_BAD_KEY;
        }
    }
    if (st == WICK_OK) {
        st = keep(out, ks, &rsa);
    }
    mbedtls_rsa_free(&rsa);
    return st;
}

wick_status wick_ram_keystore_generate_rsa(wick_key *out, uint8_t primes[WICK_RSA_PRIMES_BYTES],
                                           wick_ram_keystore *ks)
{
    const size_t half = WICK_RSA_PRIMES_BYTES / 2;
    struct rng r = {ks->entropy, WICK_OK};
    mbedtls_rsa_context rsa;
    wick_status st = WICK_OK;

    out->handle = 0;
    memset(primes, 0, WICK_RSA_PRIMES_BYTES);
    if (ks->entropy == NULL) {
        return WICK_E_STATE;
    }
    begin(&rsa);
    if (mbedtls_rsa_gen_key(&rsa, draw, &r, 2048, 65537) != 0 ||
        mbedtls_rsa_export_raw(&rsa, NULL, 0, primes, half, primes + half, half, NULL, 0, NULL, 0) !=
            0) {
        st = own_failure(&r);
    }
    if (st == WICK_OK) {
        st = keep(out, ks, &rsa);
    }
    mbedtls_rsa_free(&rsa);
    if (st != WICK_OK) {
        wick_wipe(primes, WICK_RSA_PRIMES_BYTES);
    }
    return st;
}

#endif
