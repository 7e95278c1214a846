/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA-2048: the one encoding of a public key, OAEP and PSS behind the HAL, keys of the RAM keystore.
 * Known answers come from unittest/vectors/nsl_vectors.py, which shares no code with the library.
 */
#include "wick/rsa.h"

#include "nsl_vectors.h"
#include "rsa_keys.h"
#include "tap.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_ram_keystore store;
static wick_hal_crypto crypto;
static wick_hal_keystore keys;
static unsigned fills_left;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *next = ctx;
    if (fills_left == 0) {
        return WICK_E_ENTROPY;
    }
    fills_left--;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(*next = (uint8_t)(*next * 5u + 17u));
    }
    return WICK_OK;
}

static uint8_t fill_state;
static const wick_hal_entropy entropy = {&fill_state, fill};

static void begin(void)
{
    fills_left = UINT32_MAX;
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keys, &store, &cc);
    wick_ram_keystore_rsa(&keys, &store, &entropy);
}

static wick_key key_of(const char *hex)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES];
    wick_key key;
    CHECK_STATUS(wick_hex_decode(primes, sizeof primes, hex, strlen(hex)), WICK_OK);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&key, &store, primes), WICK_OK);
    return key;
}

/* ---- SubjectPublicKeyInfo ---- */

static size_t known_spki(uint8_t out[WICK_RSA_SPKI_MAX])
{
    CHECK_STATUS(wick_hex_decode(out, 294, V11_PUB_R, strlen(V11_PUB_R)), WICK_OK);
    return 294;
}

TEST(spki_known)
{
    uint8_t spki[WICK_RSA_SPKI_MAX], again[WICK_RSA_SPKI_MAX], pub[260], own[260];

    begin();
    const size_t len = known_spki(spki);
    CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(spki, len)), WICK_OK);
    CHECK_INT(wick_rsa_spki_encode(again, pub), len);
    CHECK_MEM(again, spki, len);
    CHECK_STATUS(keys.rsa_public(keys.ctx, own, key_of(RSA_KEY_B2)), WICK_OK);
    CHECK_MEM(own, pub, 260);
}

/* Whatever is taken is the one encoding of a key that may be used. */
TEST(must_19_spki_every_bit_and_length)
{
    uint8_t good[WICK_RSA_SPKI_MAX + 1] = {0}, spki[WICK_RSA_SPKI_MAX + 1], pub[260];
    uint8_t again[WICK_RSA_SPKI_MAX];
    unsigned taken = 0;

    const size_t len = known_spki(good);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        memcpy(spki, good, sizeof good);
        spki[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (wick_rsa_spki_decode(pub, wick_span_make(spki, len)) == WICK_OK) {
            CHECK((bit / 8 >= 33 && bit / 8 < 289) || bit / 8 >= 291);
            CHECK_INT(wick_rsa_spki_encode(again, pub), len);
            CHECK_MEM(again, spki, len);
            taken++;
        } else {
            CHECK(wick_ct_is_zero(pub, sizeof pub));
        }
    }
    /* all of n but its first and last bit; of e the last bit and the sign are refused, and that
     * without its first octet */
    CHECK_INT(taken, 2046 + 21);
    for (size_t n = 0; n < len; n++) {
        CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(good, n)), WICK_E_BAD_KEY);
    }
    CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(good, len + 1)), WICK_E_BAD_KEY);
    CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(good, len + 2)), WICK_E_BAD_KEY);
    CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(good, len + 3)), WICK_E_BAD_KEY);
}

TEST(must_19_exponents_and_moduli)
{
    static const struct {
        uint32_t e;
        size_t len; /* 0: refused */
    } want[] = {{0, 0},          {1, 0},          {3, 0},          {17, 0},
                {65535, 0},      {65536, 0},      {65537, 294},    {65539, 294},
                {0x7fffff, 294}, {0x800001, 295}, {0xffffff, 295}, {0x1000000, 0},
                {0x1000001, 295}, {0x7fffffff, 295}, {0x80000001, 296}, {0xffffffff, 296}};
    uint8_t spki[WICK_RSA_SPKI_MAX], pub[260], back[260];

    known_spki(spki);
    CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(spki, 294)), WICK_OK);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        wick_store_be32(pub + 256, want[i].e);
        CHECK_INT(wick_rsa_spki_encode(spki, pub), want[i].len);
        CHECK_STATUS(wick_rsa_check(pub), want[i].len != 0 ? WICK_OK : WICK_E_BAD_KEY);
        if (want[i].len != 0) {
            CHECK_STATUS(wick_rsa_spki_decode(back, wick_span_make(spki, want[i].len)), WICK_OK);
            CHECK_MEM(back, pub, 260);
        }
    }
    wick_store_be32(pub + 256, 65537);
    pub[0] &= 0x7f; /* 2,047 bits and fewer */
    CHECK_STATUS(wick_rsa_check(pub), WICK_E_BAD_KEY);
    memset(pub, 0, 128); /* 1,024 bits */
    CHECK_STATUS(wick_rsa_check(pub), WICK_E_BAD_KEY);
    memset(pub, 0xff, 256);
    CHECK_STATUS(wick_rsa_check(pub), WICK_OK);
    pub[255] = 0xfe; /* even */
    CHECK_STATUS(wick_rsa_check(pub), WICK_E_BAD_KEY);
}

/* Genuine keys of 1,024 and 2,049 bits, as their owners would encode them. */
TEST(must_19_spki_of_other_sizes)
{
    static const uint8_t head_1024[] = {0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                        0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x81,
                                        0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
    static const uint8_t head_2049[] = {0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a,
                                        0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
                                        0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01,
                                        0x0a, 0x02, 0x82, 0x01, 0x01, 0x01};
    static const uint8_t e[] = {2, 3, 1, 0, 1};
    uint8_t spki[WICK_RSA_SPKI_MAX], pub[260];

    memset(spki, 0xff, sizeof spki);
    memcpy(spki, head_1024, sizeof head_1024);
    memcpy(spki + sizeof head_1024 + 128, e, sizeof e);
    CHECK_STATUS(wick_rsa_spki_decode(
                     pub, wick_span_make(spki, sizeof head_1024 + 128 + sizeof e)),
                 WICK_E_BAD_KEY);
    memset(spki, 0xff, sizeof spki);
    memcpy(spki, head_2049, sizeof head_2049);
    memcpy(spki + 289, e, sizeof e);
    CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(spki, 294)), WICK_E_BAD_KEY);
    spki[32] = 0; /* the same with the leading zero that it should have */
    CHECK_STATUS(wick_rsa_spki_decode(pub, wick_span_make(spki, 294)), WICK_OK);
}

/* ---- OAEP and PSS ---- */

TEST(oaep_known_and_both_ways)
{
    uint8_t pub[260], ct[256], want[391], th0[32], seed[32], oaep_seed[32], out[32];

    begin();
    const wick_key key = key_of(RSA_KEY_B2);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, key), WICK_OK);
    CHECK_STATUS(wick_hex_decode(want, sizeof want, V11_M1, strlen(V11_M1)), WICK_OK);
    CHECK_STATUS(wick_hex_decode(th0, sizeof th0, V11_TH0, strlen(V11_TH0)), WICK_OK);
    memset(seed, 0x14, 32);
    memset(oaep_seed, 0x16, 32);
    CHECK_STATUS(crypto.rsa_seal(crypto.ctx, ct, pub, wick_span_make(th0, 32), seed, oaep_seed),
                 WICK_OK);
    CHECK_MEM(ct, want + 12, 256);
    CHECK_STATUS(keys.rsa_open(keys.ctx, out, key, wick_span_make(th0, 32), ct), WICK_OK);
    CHECK_MEM(out, seed, 32);
    pub[256 + 3] = 3;
    pub[256 + 1] = 0;
    CHECK_STATUS(crypto.rsa_seal(crypto.ctx, ct, pub, wick_span_make(th0, 32), seed, oaep_seed),
                 WICK_E_BAD_KEY);
}

/* Manger: one status and fresh random bytes, whatever is wrong. */
TEST(must_19_wrong_ciphertexts_give_random_bytes)
{
    uint8_t pub[260], good[256], ct[256], label[32] = {7}, seed[32] = {1}, other[32] = {2};
    uint8_t out[32], again[32];

    begin();
    const wick_key key = key_of(RSA_KEY_A1);
    const wick_span as = wick_span_make(label, 32);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, key), WICK_OK);
    CHECK_STATUS(crypto.rsa_seal(crypto.ctx, good, pub, as, seed, other), WICK_OK);
    for (unsigned how = 0; how < 7; how++) {
        wick_span with = as;
        memcpy(ct, good, sizeof ct);
        switch (how) {
        case 0: /* first octet of the padding not zero, most likely; the sum of a hash wrong */
            ct[255] ^= 1;
            break;
        case 1:
            ct[128] ^= 0x80;
            break;
        case 2: /* zero, whose padding is all zero */
            memset(ct, 0, sizeof ct);
            break;
        case 3: /* one */
            memset(ct, 0, sizeof ct);
            ct[255] = 1;
            break;
        case 4: /* the modulus itself, and what is greater */
            memcpy(ct, pub, 256);
            break;
        case 5:
            memset(ct, 0xff, sizeof ct);
            break;
        default: /* all right, but for another label */
            with = wick_span_make(label, 31);
            break;
        }
        CHECK_STATUS(keys.rsa_open(keys.ctx, out, key, with, ct), WICK_OK);
        CHECK_STATUS(keys.rsa_open(keys.ctx, again, key, with, ct), WICK_OK);
        CHECK(memcmp(out, again, 32) != 0 && memcmp(out, seed, 32) != 0);
        CHECK(!wick_ct_is_zero(out, 32));
    }
    CHECK_STATUS(keys.rsa_open(keys.ctx, out, key, as, good), WICK_OK);
    CHECK_MEM(out, seed, 32);
}

TEST(pss)
{
    uint8_t pub[260], other[260], sig[256], sig2[256], digest[32] = {9};

    begin();
    const wick_key key = key_of(RSA_KEY_A1);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, key), WICK_OK);
    CHECK_STATUS(keys.rsa_public(keys.ctx, other, key_of(RSA_KEY_B2)), WICK_OK);
    CHECK_STATUS(keys.rsa_sign(keys.ctx, sig, key, digest), WICK_OK);
    CHECK_STATUS(keys.rsa_sign(keys.ctx, sig2, key, digest), WICK_OK);
    CHECK(memcmp(sig, sig2, 256) != 0);
    CHECK_STATUS(crypto.rsa_verify(crypto.ctx, sig, digest, pub), WICK_OK);
    CHECK_STATUS(crypto.rsa_verify(crypto.ctx, sig2, digest, pub), WICK_OK);
    CHECK_STATUS(crypto.rsa_verify(crypto.ctx, sig, digest, other), WICK_E_AUTH);
    digest[31] ^= 1;
    CHECK_STATUS(crypto.rsa_verify(crypto.ctx, sig, digest, pub), WICK_E_AUTH);
    digest[31] ^= 1;
    for (size_t i = 0; i < 256; i += 31) {
        sig[i] ^= 1;
        CHECK_STATUS(crypto.rsa_verify(crypto.ctx, sig, digest, pub), WICK_E_AUTH);
        sig[i] ^= 1;
    }
    memset(sig2, 0xff, 256); /* not below n */
    CHECK_STATUS(crypto.rsa_verify(crypto.ctx, sig2, digest, pub), WICK_E_AUTH);
    pub[255] ^= 1;
    CHECK_STATUS(crypto.rsa_verify(crypto.ctx, sig, digest, pub), WICK_E_BAD_KEY);
}

/* ---- keystore ---- */

TEST(keystore_refusals)
{
    uint8_t primes[WICK_RSA_PRIMES_BYTES], bad[WICK_RSA_PRIMES_BYTES], pub[260], buf[256] = {0};
    uint8_t pub33[33];
    wick_key key, more, none = {0}, keep[WICK_RAM_RSA_KEYS_MAX];

    begin();
    CHECK_STATUS(wick_hex_decode(primes, sizeof primes, RSA_KEY_A1, strlen(RSA_KEY_A1)), WICK_OK);
    for (size_t i = 0; i < WICK_RAM_RSA_KEYS_MAX; i++) {
        CHECK_STATUS(wick_ram_keystore_import_rsa(&keep[i], &store, primes), WICK_OK);
        CHECK(keep[i].handle != 0 && (i == 0 || keep[i].handle != keep[i - 1].handle));
    }
    CHECK_STATUS(wick_ram_keystore_import_rsa(&more, &store, primes), WICK_E_LIMIT);
    CHECK_INT(more.handle, 0);
    /* a handle is of one type only */
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub33, keep[0]), WICK_E_NOT_FOUND);
    memset(buf, 1, 32);
    CHECK_STATUS(wick_ram_keystore_import(&key, &store, buf), WICK_OK);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, key), WICK_E_NOT_FOUND);
    CHECK_STATUS(keys.rsa_open(keys.ctx, buf, key, wick_span_make(NULL, 0), primes),
                 WICK_E_NOT_FOUND);
    CHECK_STATUS(keys.rsa_sign(keys.ctx, buf, none, primes), WICK_E_NOT_FOUND);
    wick_ram_keystore_remove(&store, keep[0]);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, keep[0]), WICK_E_NOT_FOUND);
    CHECK(wick_ct_is_zero((const uint8_t *)&store.rsa[0], sizeof store.rsa[0]));
    /* primes that are none: in the wrong order, equal, even, short */
    memcpy(bad, primes + 128, 128);
    memcpy(bad + 128, primes, 128);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&more, &store, bad), WICK_E_BAD_KEY);
    memcpy(bad, primes, 128);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&more, &store, bad), WICK_E_BAD_KEY);
    memcpy(bad, primes, 256);
    bad[127] &= 0xfe;
    CHECK_STATUS(wick_ram_keystore_import_rsa(&more, &store, bad), WICK_E_BAD_KEY);
    memcpy(bad, primes, 256);
    bad[128] = 0;
    CHECK_STATUS(wick_ram_keystore_import_rsa(&more, &store, bad), WICK_E_BAD_KEY);
    memset(bad, 0, 256);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&more, &store, bad), WICK_E_BAD_KEY);
    /* no randomness: neither blinded nor salted, so not at all */
    fills_left = 0;
    CHECK_STATUS(keys.rsa_sign(keys.ctx, buf, keep[1], primes), WICK_E_ENTROPY);
    CHECK_STATUS(keys.rsa_open(keys.ctx, buf, keep[1], wick_span_make(NULL, 0), primes),
                 WICK_E_ENTROPY);
    fills_left = 1; /* for what stands in for a bad seed, not for blinding */
    memset(bad, 1, sizeof bad);
    CHECK_STATUS(keys.rsa_open(keys.ctx, buf, keep[1], wick_span_make(NULL, 0), bad),
                 WICK_E_ENTROPY);
    fills_left = 0;
    CHECK_STATUS(wick_ram_keystore_generate_rsa(&more, bad, &store), WICK_E_ENTROPY);
    CHECK(wick_ct_is_zero(bad, sizeof bad));
    wick_ram_keystore_wipe(&store);
    CHECK(wick_ct_is_zero((const uint8_t *)store.rsa, sizeof store.rsa));
    /* a keystore that was not given randomness */
    wick_ram_keystore_init(&keys, &store, &cc);
    CHECK(keys.rsa_sign == NULL);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&more, &store, primes), WICK_E_STATE);
    CHECK_STATUS(wick_ram_keystore_generate_rsa(&more, bad, &store), WICK_E_STATE);
}

static uint64_t mixed;

static wick_status mix(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        mixed = mixed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(mixed >> 33);
    }
    return WICK_OK;
}

TEST(generated_key_is_kept_by_its_primes)
{
    static const wick_hal_entropy good = {NULL, mix};
    uint8_t primes[WICK_RSA_PRIMES_BYTES], pub[260], again[260];
    wick_key key, copy;

    begin();
    mixed = 1;
    wick_ram_keystore_rsa(&keys, &store, &good);
    CHECK_STATUS(wick_ram_keystore_generate_rsa(&key, primes, &store), WICK_OK);
    CHECK_STATUS(wick_ram_keystore_import_rsa(&copy, &store, primes), WICK_OK);
    CHECK_STATUS(keys.rsa_public(keys.ctx, pub, key), WICK_OK);
    CHECK_STATUS(keys.rsa_public(keys.ctx, again, copy), WICK_OK);
    CHECK_MEM(pub, again, 260);
    CHECK_STATUS(wick_rsa_check(pub), WICK_OK);
    CHECK_INT(wick_load_be32(pub + 256), 65537);
}

TAP_MAIN("unit.rsa", CASE(spki_known), CASE(must_19_spki_every_bit_and_length),
         CASE(must_19_exponents_and_moduli), CASE(must_19_spki_of_other_sizes),
         CASE(oaep_known_and_both_ways), CASE_LONG(must_19_wrong_ciphertexts_give_random_bytes),
         CASE(pss), CASE(keystore_refusals), CASE_LONG(generated_key_is_kept_by_its_primes))
