/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port/crypto: published vectors of each primitive, and what a back end must refuse (high s, points
 * off the curve, secrets outside the group, tags that differ in one bit).
 */
#include "wick/port/crypto.h"

#include "tap.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

static void hex(uint8_t *out, size_t len, const char *text)
{
    REQUIRE_STATUS(wick_hex_decode(out, len, text, strlen(text)), WICK_OK);
}

static wick_span text_span(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

/* Deterministic bytes for a test; `dead` makes it fail. */
struct source {
    uint64_t state;
    bool dead;
};

static wick_status source_fill(void *ctx, uint8_t *out, size_t len)
{
    struct source *s = (struct source *)ctx;
    if (s->dead) {
        return WICK_E_ENTROPY;
    }
    for (size_t i = 0; i < len; i++) {
        s->state = s->state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        out[i] = (uint8_t)(s->state >> 56);
    }
    return WICK_OK;
}

static void setup(void)
{
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
}

static void check_hash(wick_hash_alg alg, const char *in, const char *want, size_t len)
{
    wick_hash_ctx h;
    uint8_t got[WICK_HASH_MAX_BYTES], expect[WICK_HASH_MAX_BYTES];
    size_t n = strlen(in);
    hex(expect, len, want);
    for (size_t cut = 0; cut <= n; cut += (n / 3) + 1) {
        memset(got, 0xaa, sizeof got);
        CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, alg), WICK_OK);
        CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, (const uint8_t *)in, cut), WICK_OK);
        CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, (const uint8_t *)in + cut, n - cut),
                     WICK_OK);
        CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, got), WICK_OK);
        CHECK_MEM(got, expect, len);
        CHECK(len == sizeof got || got[len] == 0xaa);
    }
}

/* FIPS 180-4 examples, RFC 1321 A.5. */
TEST(hash_vectors)
{
    setup();
    check_hash(WICK_HASH_SHA256, "",
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 32);
    check_hash(WICK_HASH_SHA256, "abc",
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 32);
    check_hash(WICK_HASH_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", 32);
    check_hash(WICK_HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d", 20);
    check_hash(WICK_HASH_SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
               "84983e441c3bd26ebaae4aa1f95129e5e54670f1", 20);
    check_hash(WICK_HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72", 16);
    check_hash(WICK_HASH_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0", 16);
}

TEST(hash_clone_is_independent)
{
    static const wick_hash_alg algs[] = {WICK_HASH_SHA256, WICK_HASH_SHA1, WICK_HASH_MD5};
    setup();
    for (size_t i = 0; i < 3; i++) {
        wick_hash_ctx a, b;
        uint8_t x[32] = {0}, y[32] = {0};
        CHECK_STATUS(crypto.hash_begin(crypto.ctx, &a, algs[i]), WICK_OK);
        CHECK_STATUS(crypto.hash_update(crypto.ctx, &a, (const uint8_t *)"ab", 2), WICK_OK);
        CHECK_STATUS(crypto.hash_clone(crypto.ctx, &b, &a), WICK_OK);
        CHECK_STATUS(crypto.hash_update(crypto.ctx, &a, (const uint8_t *)"c", 1), WICK_OK);
        CHECK_STATUS(crypto.hash_finish(crypto.ctx, &a, x), WICK_OK);
        CHECK_STATUS(crypto.hash_update(crypto.ctx, &b, (const uint8_t *)"c", 1), WICK_OK);
        CHECK_STATUS(crypto.hash_finish(crypto.ctx, &b, y), WICK_OK);
        CHECK_MEM(x, y, 32);
    }
}

TEST(hash_states)
{
    wick_hash_ctx h, zero, other;
    uint8_t out[32];
    setup();
    memset(&h, 0, sizeof h);
    memset(&zero, 0, sizeof zero);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, out, 0), WICK_E_STATE);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, out, 1), WICK_E_STATE);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, out), WICK_E_STATE);
    CHECK_STATUS(crypto.hash_clone(crypto.ctx, &other, &h), WICK_E_STATE);
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, (wick_hash_alg)9), WICK_E_UNSUPPORTED);
    crypto.hash_free(crypto.ctx, &h);
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, out), WICK_OK);
    CHECK_MEM(&h, &zero, sizeof h);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, out), WICK_E_STATE);
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, (const uint8_t *)"secret", 6), WICK_OK);
    crypto.hash_free(crypto.ctx, &h);
    CHECK_MEM(&h, &zero, sizeof h);
}

struct aead_case {
    wick_aead_alg alg;
    const char *key, *nonce, *aad, *pt, *ct_tag;
};

static const struct aead_case aead_cases[] = {
    /* RFC 8439 2.8.2 */
    {WICK_AEAD_CHACHA20_POLY1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920"
     "636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073"
     "756e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da9272"
     "8b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b48"
     "31d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"},
    /* The Galois/Counter Mode of Operation, appendix B, cases 4 and 16 */
    {WICK_AEAD_AES128_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b5"
     "25b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa"
     "051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {WICK_AEAD_AES256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b5"
     "25b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10568288"
     "38c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(aead_vectors_and_every_flipped_bit)
{
    setup();
    for (size_t i = 0; i < sizeof aead_cases / sizeof aead_cases[0]; i++) {
        const struct aead_case *c = &aead_cases[i];
        uint8_t key[32], nonce[12], aad[20], pt[128], want[144], got[144], back[128];
        static const uint8_t zero[128];
        size_t pt_len = strlen(c->pt) / 2, aad_len = strlen(c->aad) / 2;
        size_t ct_len = pt_len + WICK_AEAD_TAG_BYTES;
        wick_span a = wick_span_make(aad, aad_len);
        hex(key, strlen(c->key) / 2, c->key);
        hex(nonce, 12, c->nonce);
        hex(aad, aad_len, c->aad);
        hex(pt, pt_len, c->pt);
        hex(want, ct_len, c->ct_tag);
        CHECK_STATUS(crypto.aead_seal(crypto.ctx, c->alg, got, key, nonce, a,
                                      wick_span_make(pt, pt_len)),
                     WICK_OK);
        CHECK_MEM(got, want, ct_len);
        CHECK_STATUS(crypto.aead_open(crypto.ctx, c->alg, back, key, nonce, a,
                                      wick_span_make(want, ct_len)),
                     WICK_OK);
        CHECK_MEM(back, pt, pt_len);
        for (size_t bit = 0; bit < 8 * ct_len; bit++) {
            want[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            memset(back, 0x55, sizeof back);
            CHECK_STATUS(crypto.aead_open(crypto.ctx, c->alg, back, key, nonce, a,
                                          wick_span_make(want, ct_len)),
                         WICK_E_AUTH);
            CHECK_MEM(back, zero, pt_len);
            want[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        aad[0] ^= 1;
        CHECK_STATUS(crypto.aead_open(crypto.ctx, c->alg, back, key, nonce, a,
                                      wick_span_make(want, ct_len)),
                     WICK_E_AUTH);
        for (size_t len = 0; len < WICK_AEAD_TAG_BYTES; len++) {
            CHECK_STATUS(crypto.aead_open(crypto.ctx, c->alg, back, key, nonce, a,
                                          wick_span_make(want, len)),
                         WICK_E_AUTH);
        }
    }
}

TEST(aead_in_place_and_empty)
{
    static const wick_aead_alg algs[] = {WICK_AEAD_AES128_GCM, WICK_AEAD_AES256_GCM,
                                         WICK_AEAD_CHACHA20_POLY1305};
    static const uint8_t key[32] = {1}, nonce[12] = {2};
    wick_span none = wick_span_make(NULL, 0);
    uint8_t buf[5 + 16] = "hello", empty[16];
    setup();
    for (size_t i = 0; i < 3; i++) {
        CHECK_STATUS(crypto.aead_seal(crypto.ctx, algs[i], buf, key, nonce, none,
                                      wick_span_make(buf, 5)),
                     WICK_OK);
        CHECK(memcmp(buf, "hello", 5) != 0);
        CHECK_STATUS(crypto.aead_open(crypto.ctx, algs[i], buf, key, nonce, none,
                                      wick_span_make(buf, 21)),
                     WICK_OK);
        CHECK_MEM(buf, "hello", 5);
        CHECK_STATUS(crypto.aead_seal(crypto.ctx, algs[i], empty, key, nonce, none, none),
                     WICK_OK);
        CHECK_STATUS(crypto.aead_open(crypto.ctx, algs[i], buf, key, nonce, none,
                                      wick_span_make(empty, 16)),
                     WICK_OK);
    }
    CHECK_STATUS(crypto.aead_seal(crypto.ctx, (wick_aead_alg)7, buf, key, nonce, none, none),
                 WICK_E_UNSUPPORTED);
    CHECK_STATUS(crypto.aead_open(crypto.ctx, (wick_aead_alg)7, buf, key, nonce, none,
                                  wick_span_make(empty, 16)),
                 WICK_E_UNSUPPORTED);
}

/* SEC 2 v2, 2.4.1. */
static const char order[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
static const char order_less_1[] =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
static const char g_compressed[] =
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
static const char g_plain[] =
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

TEST(curve_public_and_its_bounds)
{
    uint8_t secret[32] = {0}, pub[33], g[33];
    setup();
    hex(g, 33, g_compressed);
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, pub, secret), WICK_E_BAD_KEY);
    secret[31] = 1;
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, pub, secret), WICK_OK);
    CHECK_MEM(pub, g, 33);
    hex(secret, 32, order_less_1); /* -G: same x, other parity */
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, pub, secret), WICK_OK);
    CHECK_MEM(pub + 1, g + 1, 32);
    CHECK_INT(pub[0], 3);
    hex(secret, 32, order);
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, pub, secret), WICK_E_BAD_KEY);
    memset(secret, 0xff, 32);
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, pub, secret), WICK_E_BAD_KEY);
}

TEST(curve_expand)
{
    uint8_t g[33], plain[65], out[65];
    setup();
    hex(g, 33, g_compressed);
    hex(plain, 65, g_plain);
    CHECK_STATUS(crypto.secp256k1_expand(crypto.ctx, out, g), WICK_OK);
    CHECK_MEM(out, plain, 65);
}

TEST(curve_refuses_what_is_no_point)
{
    uint8_t bad[33], x[32], out[65], secret[32] = {0}, sig[64] = {0}, digest[32] = {1};
    static const uint8_t prefixes[] = {0, 1, 4, 5, 6, 7, 0xff};
    setup();
    secret[31] = 2;
    sig[31] = sig[63] = 1;
    for (size_t i = 0; i < sizeof prefixes; i++) {
        hex(bad, 33, g_compressed);
        bad[0] = prefixes[i];
        CHECK_STATUS(crypto.secp256k1_expand(crypto.ctx, out, bad), WICK_E_BAD_KEY);
        CHECK_STATUS(crypto.secp256k1_ecdh(crypto.ctx, x, secret, bad), WICK_E_BAD_KEY);
        CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, bad), WICK_E_BAD_KEY);
    }
    /* 5^3 + 7 is no square modulo p. */
    memset(bad, 0, sizeof bad);
    bad[0] = 2;
    bad[32] = 5;
    CHECK_STATUS(crypto.secp256k1_expand(crypto.ctx, out, bad), WICK_E_BAD_KEY);
    CHECK_STATUS(crypto.secp256k1_ecdh(crypto.ctx, x, secret, bad), WICK_E_BAD_KEY);
    /* x = p + 1 would be 1, which is on the curve: not canonical. */
    hex(bad, 33, "02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30");
    CHECK_STATUS(crypto.secp256k1_expand(crypto.ctx, out, bad), WICK_E_BAD_KEY);
    CHECK_STATUS(crypto.secp256k1_ecdh(crypto.ctx, x, secret, bad), WICK_E_BAD_KEY);
}

TEST(curve_ecdh_is_raw_x)
{
    uint8_t secret[32] = {0}, g[33], x[32], want[32], zero[32] = {0};
    setup();
    hex(g, 33, g_compressed);
    hex(want, 32, "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"); /* 2G */
    secret[31] = 2;
    CHECK_STATUS(crypto.secp256k1_ecdh(crypto.ctx, x, secret, g), WICK_OK);
    CHECK_MEM(x, want, 32);
    secret[31] = 0;
    CHECK_STATUS(crypto.secp256k1_ecdh(crypto.ctx, x, secret, g), WICK_E_BAD_KEY);
    CHECK_MEM(x, zero, 32);
    hex(secret, 32, order);
    CHECK_STATUS(crypto.secp256k1_ecdh(crypto.ctx, x, secret, g), WICK_E_BAD_KEY);
}

static void sha256(uint8_t out[32], wick_span in)
{
    wick_hash_ctx h;
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, in.ptr, in.len), WICK_OK);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, out), WICK_OK);
}

/* s -> n - s: the other, malleable form of a signature. */
static void negate_s(uint8_t sig[64])
{
    uint8_t n[32];
    int borrow = 0;
    hex(n, 32, order);
    for (int i = 31; i >= 0; i--) {
        int d = (int)n[i] - (int)sig[32 + i] - borrow;
        borrow = d < 0 ? 1 : 0;
        sig[32 + i] = (uint8_t)(d + 256 * borrow);
    }
}

TEST(curve_sign_verify_recover_low_s_only)
{
    uint8_t secret[32] = {0}, digest[32], sig[64], want[64], pub[33], plain[65], out[65];
    uint8_t id = 9;
    setup();
    secret[31] = 1;
    hex(pub, 33, g_compressed);
    hex(plain, 65, g_plain);
    /* RFC 6979 over secp256k1 with key 1, as published in several libraries. */
    sha256(digest, text_span("Satoshi Nakamoto"));
    hex(want, 64,
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
    CHECK_STATUS(wick_crypto_secp256k1_sign(&cc, sig, &id, secret, digest), WICK_OK);
    CHECK_MEM(sig, want, 64);
    CHECK(id <= 1);
    CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, pub), WICK_OK);
    CHECK_STATUS(crypto.secp256k1_recover(crypto.ctx, out, sig, id, digest), WICK_OK);
    CHECK_MEM(out, plain, 65);
    if (crypto.secp256k1_recover(crypto.ctx, out, sig, id ^ 1u, digest) == WICK_OK) {
        CHECK(memcmp(out, plain, 65) != 0);
    }
    CHECK_STATUS(crypto.secp256k1_recover(crypto.ctx, out, sig, 2, digest), WICK_E_AUTH);
    CHECK_STATUS(crypto.secp256k1_recover(crypto.ctx, out, sig, 255, digest), WICK_E_AUTH);

    negate_s(sig);
    CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, pub), WICK_E_AUTH);
    CHECK_STATUS(crypto.secp256k1_recover(crypto.ctx, out, sig, id ^ 1u, digest), WICK_E_AUTH);
    CHECK_STATUS(crypto.secp256k1_recover(crypto.ctx, out, sig, id, digest), WICK_E_AUTH);
    negate_s(sig);
    CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, pub), WICK_OK);

    digest[0] ^= 1;
    CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, pub), WICK_E_AUTH);
    digest[0] ^= 1;
    pub[0] ^= 1;
    CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, pub), WICK_E_AUTH);
}

TEST(curve_refuses_r_and_s_outside_the_group)
{
    uint8_t digest[32] = {7}, sig[64], pub[33], out[65];
    setup();
    hex(pub, 33, g_compressed);
    for (int which = 0; which < 4; which++) {
        memset(sig, 0, sizeof sig);
        sig[31] = 1;
        sig[63] = 1;
        if (which < 2) {
            hex(sig + 32 * which, 32, order);
        } else {
            sig[31 + 32 * (which - 2)] = 0;
        }
        CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, pub), WICK_E_AUTH);
        CHECK_STATUS(crypto.secp256k1_recover(crypto.ctx, out, sig, 0, digest), WICK_E_AUTH);
    }
}

TEST(blinding_changes_no_result)
{
    uint8_t secret[32] = {0}, before[33], after[33], sig1[64], sig2[64], digest[32] = {3};
    struct source src = {42, false};
    wick_hal_entropy entropy = {&src, source_fill};
    setup();
    secret[31] = 99;
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, before, secret), WICK_OK);
    CHECK_STATUS(wick_crypto_secp256k1_sign(&cc, sig1, NULL, secret, digest), WICK_OK);
    CHECK_STATUS(wick_crypto_blind(&cc, &entropy), WICK_OK);
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, after, secret), WICK_OK);
    CHECK_STATUS(wick_crypto_secp256k1_sign(&cc, sig2, NULL, secret, digest), WICK_OK);
    CHECK_MEM(before, after, 33);
    CHECK_MEM(sig1, sig2, 64);
    src.dead = true;
    CHECK_STATUS(wick_crypto_blind(&cc, &entropy), WICK_E_ENTROPY);
    CHECK_STATUS(crypto.secp256k1_public(crypto.ctx, after, secret), WICK_OK);
    CHECK_MEM(before, after, 33);
}

static wick_ram_keystore store;
static wick_hal_keystore keys;

TEST(ram_keystore_operations)
{
    uint8_t secret[32] = {0}, pub[33], pub2[33], g[33], x[32], y[32], sig[64], digest[32] = {5};
    uint8_t plain[65], out[65], id;
    struct source src = {1, false};
    wick_hal_entropy entropy = {&src, source_fill};
    wick_key a = {0}, b = {0}, none = {0};
    setup();
    wick_ram_keystore_init(&keys, &store, &cc);
    secret[31] = 1;
    hex(g, 33, g_compressed);
    CHECK_STATUS(wick_ram_keystore_import(&a, &store, secret), WICK_OK);
    CHECK_STATUS(wick_ram_keystore_generate(&b, &store, &entropy), WICK_OK);
    CHECK(a.handle != 0 && b.handle != 0 && a.handle != b.handle);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub, a), WICK_OK);
    CHECK_MEM(pub, g, 33);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub2, b), WICK_OK);
    CHECK_STATUS(keys.secp256k1_ecdh(keys.ctx, x, a, pub2), WICK_OK);
    CHECK_STATUS(keys.secp256k1_ecdh(keys.ctx, y, b, pub), WICK_OK);
    CHECK_MEM(x, y, 32);
    pub[0] = 4;
    CHECK_STATUS(keys.secp256k1_ecdh(keys.ctx, x, a, pub), WICK_E_BAD_KEY);
    CHECK_STATUS(keys.secp256k1_sign(keys.ctx, sig, &id, b, digest), WICK_OK);
    CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig, digest, pub2), WICK_OK);
    CHECK_STATUS(crypto.secp256k1_recover(crypto.ctx, out, sig, id, digest), WICK_OK);
    CHECK_STATUS(crypto.secp256k1_expand(crypto.ctx, plain, pub2), WICK_OK);
    CHECK_MEM(out, plain, 65);
    CHECK_STATUS(keys.secp256k1_sign(keys.ctx, sig, NULL, b, digest), WICK_OK);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub, none), WICK_E_NOT_FOUND);
    CHECK_STATUS(keys.secp256k1_sign(keys.ctx, sig, NULL, none, digest), WICK_E_NOT_FOUND);
    CHECK_STATUS(keys.secp256k1_ecdh(keys.ctx, x, none, pub2), WICK_E_NOT_FOUND);
}

TEST(ram_keystore_limits_and_wiping)
{
    uint8_t secret[32] = {0}, pub[33];
    wick_key k[WICK_RAM_KEYS_MAX], more = {0}, again = {0};
    struct source src = {1, true};
    wick_hal_entropy entropy = {&src, source_fill};
    setup();
    wick_ram_keystore_init(&keys, &store, &cc);
    CHECK_STATUS(wick_ram_keystore_import(&more, &store, secret), WICK_E_BAD_KEY);
    hex(secret, 32, order);
    CHECK_STATUS(wick_ram_keystore_import(&more, &store, secret), WICK_E_BAD_KEY);
    CHECK_STATUS(wick_ram_keystore_generate(&more, &store, &entropy), WICK_E_ENTROPY);
    memset(secret, 0x11, 32);
    for (size_t i = 0; i < WICK_RAM_KEYS_MAX; i++) {
        CHECK_STATUS(wick_ram_keystore_import(&k[i], &store, secret), WICK_OK);
    }
    CHECK_STATUS(wick_ram_keystore_import(&more, &store, secret), WICK_E_LIMIT);
    wick_ram_keystore_remove(&store, k[0]);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub, k[0]), WICK_E_NOT_FOUND);
    CHECK(wick_ct_is_zero(store.keys[0].secret, 32));
    CHECK_STATUS(wick_ram_keystore_import(&again, &store, secret), WICK_OK);
    CHECK(again.handle != k[0].handle);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub, k[0]), WICK_E_NOT_FOUND);
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub, again), WICK_OK);
    wick_ram_keystore_remove(&store, k[0]); /* stale: no effect */
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub, again), WICK_OK);
    wick_ram_keystore_wipe(&store);
    CHECK(wick_ct_is_zero((const uint8_t *)store.keys, sizeof store.keys));
    CHECK_STATUS(keys.secp256k1_public(keys.ctx, pub, again), WICK_E_NOT_FOUND);
}

TAP_MAIN("unit.crypto", CASE(hash_vectors), CASE(hash_clone_is_independent), CASE(hash_states),
         CASE(aead_vectors_and_every_flipped_bit), CASE(aead_in_place_and_empty),
         CASE(curve_public_and_its_bounds), CASE(curve_expand),
         CASE(curve_refuses_what_is_no_point), CASE(curve_ecdh_is_raw_x),
         CASE(curve_sign_verify_recover_low_s_only),
         CASE(curve_refuses_r_and_s_outside_the_group), CASE(blinding_changes_no_result),
         CASE(ram_keystore_operations), CASE(ram_keystore_limits_and_wiping))
