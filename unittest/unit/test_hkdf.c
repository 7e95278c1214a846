/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF-SHA256: RFC 5869 appendix A.1 to A.3, parts, lengths, a back end that fails. */
#include "tap.h"
#include "wick/hkdf.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
}

static void expect(wick_span salt, wick_span ikm, wick_span info, const char *prk_hex,
                   const char *okm_hex)
{
    uint8_t prk[32], want[82], okm[82];
    const size_t len = strlen(okm_hex) / 2;

    CHECK_STATUS(wick_hkdf_extract(&crypto, prk, salt, &ikm, 1), WICK_OK);
    CHECK_STATUS(wick_hex_decode(want, 32, prk_hex, 64), WICK_OK);
    CHECK_MEM(prk, want, 32);
    CHECK_STATUS(wick_hkdf_expand(&crypto, okm, len, prk, &info, 1), WICK_OK);
    CHECK_STATUS(wick_hex_decode(want, len, okm_hex, 2 * len), WICK_OK);
    CHECK_MEM(okm, want, len);
}

static void count_from(uint8_t *p, uint8_t first, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)(first + i);
    }
}

TEST(rfc5869)
{
    uint8_t ikm[80], salt[80], info[80];
    const wick_span none = wick_span_make(NULL, 0);

    setup();
    memset(ikm, 0x0b, 22);
    count_from(salt, 0, 13);
    count_from(info, 0xf0, 10);
    expect(wick_span_make(salt, 13), wick_span_make(ikm, 22), wick_span_make(info, 10),
           "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
           "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    expect(none, wick_span_make(ikm, 22), none,
           "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
           "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    count_from(ikm, 0, 80);
    count_from(salt, 0x60, 80);
    count_from(info, 0xb0, 80);
    expect(wick_span_make(salt, 80), wick_span_make(ikm, 80), wick_span_make(info, 80),
           "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
           "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41"
           "c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

TEST(parts_are_one_input)
{
    static const uint8_t text[] = "the quick brown fox";
    const wick_span whole = wick_span_make(text, 19);
    const wick_span parts[] = {wick_span_make(text, 3), wick_span_make(NULL, 0),
                               wick_span_make(text + 3, 16)};
    uint8_t a[32], b[32];

    setup();
    CHECK_STATUS(wick_hkdf_extract(&crypto, a, whole, &whole, 1), WICK_OK);
    CHECK_STATUS(wick_hkdf_extract(&crypto, b, whole, parts, 3), WICK_OK);
    CHECK_MEM(a, b, 32);
    CHECK_STATUS(wick_hkdf_expand(&crypto, a, 32, b, &whole, 1), WICK_OK);
    wick_hmac_key key;
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA256, wick_span_make(b, 32)),
                 WICK_OK);
    uint8_t c[32];
    CHECK_STATUS(wick_hkdf_expand_with(&key, c, 32, parts, 3), WICK_OK);
    CHECK_MEM(a, c, 32);
    wick_hmac_key_wipe(&key);
}

TEST(lengths_and_refusals)
{
    static uint8_t out[WICK_HKDF_OUT_MAX + 1], all[WICK_HKDF_OUT_MAX];
    uint8_t prk[32] = {7};
    wick_hmac_key key;

    setup();
    CHECK_STATUS(wick_hkdf_expand(&crypto, all, sizeof all, prk, NULL, 0), WICK_OK);
    for (size_t len = 0; len <= 100; len++) {
        out[len] = 0x77;
        CHECK_STATUS(wick_hkdf_expand(&crypto, out, len, prk, NULL, 0), WICK_OK);
        CHECK_MEM(out, all, len);
        CHECK_INT(out[len], 0x77);
    }
    CHECK_STATUS(wick_hkdf_expand(&crypto, out, WICK_HKDF_OUT_MAX + 1, prk, NULL, 0),
                 WICK_E_BAD_ARG);
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, wick_span_make(prk, 32)),
                 WICK_OK);
    CHECK_STATUS(wick_hkdf_expand_with(&key, out, 32, NULL, 0), WICK_E_BAD_ARG);
    memset(prk, 1, 32);
    CHECK_STATUS(wick_hkdf_extract_with(&key, prk, NULL, 0), WICK_E_BAD_ARG);
    CHECK(wick_ct_is_zero(prk, 32));
    wick_hmac_key_wipe(&key);
    CHECK_STATUS(wick_hkdf_extract_with(&key, prk, NULL, 0), WICK_E_STATE);
    CHECK_STATUS(wick_hkdf_expand_with(&key, out, 32, NULL, 0), WICK_E_STATE);
    CHECK(wick_ct_is_zero(out, 32));
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA256, wick_span_make(prk, 32)),
                 WICK_OK);
    CHECK_STATUS(wick_hkdf_expand_with(&key, out, WICK_HKDF_OUT_MAX + 1, NULL, 0), WICK_E_BAD_ARG);
    wick_hmac_key_wipe(&key);
}

static wick_status no_hash(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    (void)ctx;
    (void)h;
    (void)alg;
    return WICK_E_CRYPTO;
}

TEST(failing_back_end)
{
    uint8_t out[32];
    const wick_span none = wick_span_make(NULL, 0);

    setup();
    crypto.hash_begin = no_hash;
    memset(out, 1, sizeof out);
    CHECK_STATUS(wick_hkdf_extract(&crypto, out, none, &none, 1), WICK_E_CRYPTO);
    CHECK(wick_ct_is_zero(out, 32));
    uint8_t prk[32] = {1};
    memset(out, 1, sizeof out);
    CHECK_STATUS(wick_hkdf_expand(&crypto, out, 32, prk, NULL, 0), WICK_E_CRYPTO);
    CHECK(wick_ct_is_zero(out, 32));
}

TAP_MAIN("unit.hkdf", CASE(rfc5869), CASE(parts_are_one_input), CASE(lengths_and_refusals),
         CASE(failing_back_end))
