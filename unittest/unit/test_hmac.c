/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC: RFC 4231 (SHA-256), RFC 2202 (SHA-1, MD5), cached keys, truncation, refusals. */
#include "tap.h"
#include "wick/hmac.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
}

static void fill(uint8_t *p, uint8_t v, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        p[i] = v;
    }
}

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

static void expect(wick_hash_alg alg, wick_span key, wick_span data, const char *hex)
{
    uint8_t want[32], got[32];
    size_t len = wick_hash_bytes(alg);

    CHECK_STATUS(wick_hex_decode(want, len, hex, 2 * len), WICK_OK);
    CHECK_STATUS(wick_hmac_once(&crypto, got, alg, key, data), WICK_OK);
    CHECK_MEM(got, want, len);
}

TEST(rfc4231_sha256)
{
    uint8_t key[131], data[50];

    setup();
    fill(key, 0x0b, 20);
    expect(WICK_HASH_SHA256, wick_span_make(key, 20), text("Hi There"),
           "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect(WICK_HASH_SHA256, text("Jefe"), text("what do ya want for nothing?"),
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    fill(key, 0xaa, 20);
    fill(data, 0xdd, 50);
    expect(WICK_HASH_SHA256, wick_span_make(key, 20), wick_span_make(data, 50),
           "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    for (uint8_t i = 0; i < 25; i++) {
        key[i] = (uint8_t)(i + 1);
    }
    fill(data, 0xcd, 50);
    expect(WICK_HASH_SHA256, wick_span_make(key, 25), wick_span_make(data, 50),
           "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    /* keys longer than a block are hashed */
    fill(key, 0xaa, 131);
    expect(WICK_HASH_SHA256, wick_span_make(key, 131),
           text("Test Using Larger Than Block-Size Key - Hash Key First"),
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    expect(WICK_HASH_SHA256, wick_span_make(key, 131),
           text("This is a test using a larger than block-size key and a larger than "
                "block-size data. The key needs to be hashed before being used by the HMAC "
                "algorithm."),
           "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(rfc2202_sha1_and_md5)
{
    uint8_t key[80];

    setup();
    expect(WICK_HASH_SHA1, text("Jefe"), text("what do ya want for nothing?"),
           "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    expect(WICK_HASH_MD5, text("Jefe"), text("what do ya want for nothing?"),
           "750c783e6ab0b503eaa86e310a5db738");
    fill(key, 0xaa, 80);
    expect(WICK_HASH_SHA1, wick_span_make(key, 80),
           text("Test Using Larger Than Block-Size Key - Hash Key First"),
           "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST(one_key_many_messages)
{
    wick_hmac_key key;
    wick_hmac a, b;
    uint8_t mac[32], want[32];

    setup();
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA256, text("Jefe")), WICK_OK);
    CHECK_STATUS(wick_hmac_once(&crypto, want, WICK_HASH_SHA256, text("Jefe"), text("abcdef")),
                 WICK_OK);
    /* two messages at once, in parts; the key stays as it is */
    wick_hmac_begin(&a, &key);
    wick_hmac_begin(&b, &key);
    wick_hmac_update(&a, text("abc"));
    wick_hmac_update(&b, text("another"));
    wick_hmac_update(&a, text(""));
    wick_hmac_update(&a, text("def"));
    CHECK_STATUS(wick_hmac_finish(&a, mac), WICK_OK);
    CHECK_MEM(mac, want, 32);
    CHECK_STATUS(wick_hmac_finish(&b, mac), WICK_OK);
    CHECK(memcmp(mac, want, 32) != 0);
    wick_hmac_begin(&a, &key);
    wick_hmac_update(&a, text("abcdef"));
    CHECK_STATUS(wick_hmac_finish(&a, mac), WICK_OK);
    CHECK_MEM(mac, want, 32);
    wick_hmac_key_wipe(&key);
}

TEST(verify_whole_and_truncated)
{
    wick_hmac_key key;
    wick_hmac h;
    uint8_t mac[33];

    setup();
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA256, text("k")), WICK_OK);
    CHECK_STATUS(wick_hmac_once(&crypto, mac, WICK_HASH_SHA256, text("k"), text("m")), WICK_OK);
    mac[32] = 0;
    for (size_t len = 0; len <= 33; len++) {
        wick_hmac_begin(&h, &key);
        wick_hmac_update(&h, text("m"));
        CHECK_STATUS(wick_hmac_verify(&h, wick_span_make(mac, len)),
                     (len >= 10 && len <= 32) ? WICK_OK : WICK_E_AUTH);
    }
    for (size_t i = 0; i < 32; i++) {
        mac[i] ^= 1;
        wick_hmac_begin(&h, &key);
        wick_hmac_update(&h, text("m"));
        CHECK_STATUS(wick_hmac_verify(&h, wick_span_make(mac, 32)), WICK_E_AUTH);
        mac[i] ^= 1;
    }
    wick_hmac_key_wipe(&key);
}

TEST(refusals)
{
    wick_hmac_key key;
    wick_hmac h;
    uint8_t mac[32];

    setup();
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, (wick_hash_alg)9, text("k")), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_hmac_once(&crypto, mac, (wick_hash_alg)9, text("k"), text("m")),
                 WICK_E_BAD_ARG);
    CHECK_INT(wick_hash_bytes((wick_hash_alg)9), 0);
    CHECK_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, text("k")), WICK_OK);
    wick_hmac_begin(&h, &key);
    CHECK_STATUS(wick_hmac_finish(&h, mac), WICK_OK);
    /* a finished message gives nothing more, and takes nothing more */
    CHECK_STATUS(wick_hmac_finish(&h, mac), WICK_E_STATE);
    wick_hmac_update(&h, text("m"));
    CHECK_STATUS(wick_hmac_finish(&h, mac), WICK_E_STATE);
    CHECK_STATUS(wick_hmac_verify(&h, wick_span_make(mac, 20)), WICK_E_STATE);
    /* a wiped key makes nothing */
    wick_hmac_key_wipe(&key);
    CHECK(wick_ct_is_zero((const uint8_t *)&key, sizeof key));
    wick_hmac_key_wipe(&key);
    wick_hmac_begin(&h, &key);
    wick_hmac_update(&h, text("m"));
    CHECK_STATUS(wick_hmac_finish(&h, mac), WICK_E_STATE);
}

/* The back end fails at its n-th call: the error is reported and nothing secret is left. */
static unsigned countdown;
static wick_hal_crypto failing;

static wick_status step(void)
{
    return (countdown-- == 0) ? WICK_E_CRYPTO : WICK_OK;
}

static wick_status f_begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    wick_status st = step();
    return st != WICK_OK ? st : crypto.hash_begin(ctx, h, alg);
}

static wick_status f_update(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    wick_status st = step();
    return st != WICK_OK ? st : crypto.hash_update(ctx, h, data, len);
}

static wick_status f_finish(void *ctx, wick_hash_ctx *h, uint8_t *out)
{
    wick_status st = step();
    return st != WICK_OK ? st : crypto.hash_finish(ctx, h, out);
}

static wick_status f_clone(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src)
{
    wick_status st = step();
    return st != WICK_OK ? st : crypto.hash_clone(ctx, dst, src);
}

TEST(back_end_fails_anywhere)
{
    uint8_t key[70] = {1}, mac[32];

    setup();
    failing = crypto;
    failing.hash_begin = f_begin;
    failing.hash_update = f_update;
    failing.hash_finish = f_finish;
    failing.hash_clone = f_clone;
    /* long key 3 calls, two pads 4, begin 1, update 1, finish 4 */
    for (unsigned n = 0; n <= 13; n++) {
        countdown = n;
        fill(mac, 0xee, 32);
        CHECK_STATUS(wick_hmac_once(&failing, mac, WICK_HASH_SHA256, wick_span_make(key, 70),
                                    text("m")),
                     n < 13 ? WICK_E_CRYPTO : WICK_OK);
        CHECK(wick_ct_is_zero(mac, 32) == (n < 13));
    }
}

TAP_MAIN("unit.hmac", CASE(rfc4231_sha256), CASE(rfc2202_sha1_and_md5),
         CASE(one_key_many_messages), CASE(verify_whole_and_truncated), CASE(refusals),
         CASE(back_end_fails_anywhere))
