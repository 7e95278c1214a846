/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wycheproof through wick/hal/crypto.h: HMAC-SHA256, HKDF-SHA256, the AEADs, ECDSA over secp256k1,
 * RSA-PSS.
 * A case that is "valid" must pass and one that is "invalid" must be refused; where our rules are
 * narrower (low s), the comment at the check says so.
 */
#include "tap.h"
#include "vectors.h"
#include "wick/hkdf.h"
#include "wick/port/crypto.h"
#include "wick/rsa.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static unsigned valid, invalid;

static uint8_t key[1024], msg[70000], tag[64], iv[512], aad[70000], ct[70000], out[70000];

typedef void (*case_fn)(const cJSON *group, const cJSON *test, bool good);

static void each_case(const cJSON *root, const char *algorithm, case_fn use)
{
    const cJSON *group = NULL, *test = NULL;
    if (strcmp(vectors_text(root, "algorithm"), algorithm) != 0) {
        return;
    }
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(root, "testGroups"))
    {
        cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(group, "tests"))
        {
            const char *result = vectors_text(test, "result");
            if (strcmp(result, "acceptable") != 0) {
                use(group, test, strcmp(result, "valid") == 0);
            }
        }
    }
}

static void count(bool good)
{
    valid += good ? 1u : 0u;
    invalid += good ? 0u : 1u;
}

static void begin(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    valid = invalid = 0;
}

/* ---- HMAC ---- */

static void hmac_case(const cJSON *group, const cJSON *test, bool good)
{
    wick_hmac_key k;
    wick_hmac h;
    size_t key_len = vectors_hex(key, sizeof key, test, "key");
    size_t msg_len = vectors_hex(msg, sizeof msg, test, "msg");
    size_t tag_len = vectors_hex(tag, sizeof tag, test, "tag");
    (void)group;
    REQUIRE(key_len <= sizeof key && msg_len <= sizeof msg && tag_len <= sizeof tag);
    REQUIRE_STATUS(
        wick_hmac_key_init(&k, &crypto, WICK_HASH_SHA256, wick_span_make(key, key_len)), WICK_OK);
    wick_hmac_begin(&h, &k);
    wick_hmac_update(&h, wick_span_make(msg, msg_len));
    CHECK_STATUS(wick_hmac_verify(&h, wick_span_make(tag, tag_len)),
                 good ? WICK_OK : WICK_E_AUTH);
    wick_hmac_key_wipe(&k);
    count(good);
}

static void hmac_file(const cJSON *root)
{
    each_case(root, "HMACSHA256", hmac_case);
}

TEST(hmac_sha256)
{
    begin();
    if (vectors_each("HMACSHA256", hmac_file) == 0) {
        SKIP("no Wycheproof HMAC-SHA256 below WICK_VECTORS_DIR");
    }
    CHECK(valid >= 30 && invalid >= 100);
}

/* ---- HKDF ---- */

static void hkdf_case(const cJSON *group, const cJSON *test, bool good)
{
    uint8_t prk[32];
    size_t ikm_len = vectors_hex(key, sizeof key, test, "ikm");
    size_t salt_len = vectors_hex(msg, sizeof msg, test, "salt");
    size_t info_len = vectors_hex(aad, sizeof aad, test, "info");
    size_t okm_len = vectors_hex(ct, sizeof ct, test, "okm");
    int size = vectors_int(test, "size");
    (void)group;
    REQUIRE(ikm_len <= sizeof key && salt_len <= sizeof msg && info_len <= sizeof aad);
    REQUIRE(size >= 0 && (size_t)size <= sizeof out);
    const wick_span ikm = wick_span_make(key, ikm_len), info = wick_span_make(aad, info_len);
    REQUIRE_STATUS(wick_hkdf_extract(&crypto, prk, wick_span_make(msg, salt_len), &ikm, 1),
                   WICK_OK);
    CHECK_STATUS(wick_hkdf_expand(&crypto, out, (size_t)size, prk, &info, 1),
                 good ? WICK_OK : WICK_E_BAD_ARG);
    if (good) {
        CHECK_INT(okm_len, size);
        CHECK_MEM(out, ct, okm_len);
    }
    count(good);
}

static void hkdf_file(const cJSON *root)
{
    each_case(root, "HKDF-SHA-256", hkdf_case);
}

TEST(hkdf_sha256)
{
    begin();
    if (vectors_each("HKDF-SHA-256", hkdf_file) == 0) {
        SKIP("no Wycheproof HKDF-SHA-256 below WICK_VECTORS_DIR");
    }
    CHECK(valid >= 70 && invalid >= 1);
}

/* ---- AEADs ---- */

static wick_aead_alg aead_alg(const cJSON *group)
{
    if (vectors_int(group, "keySize") == 128) {
        return WICK_AEAD_AES128_GCM;
    }
    return WICK_AEAD_AES256_GCM;
}

static void run_aead(wick_aead_alg alg, const cJSON *test, bool good)
{
    size_t key_len = vectors_hex(key, sizeof key, test, "key");
    size_t iv_len = vectors_hex(iv, sizeof iv, test, "iv");
    size_t aad_len = vectors_hex(aad, sizeof aad, test, "aad");
    size_t msg_len = vectors_hex(msg, sizeof msg, test, "msg");
    size_t ct_len = vectors_hex(ct, sizeof ct - 16, test, "ct");
    size_t tag_len = vectors_hex(tag, sizeof tag, test, "tag");
    REQUIRE(key_len <= sizeof key && iv_len == 12 && aad_len <= sizeof aad);
    REQUIRE(msg_len <= sizeof msg - 16 && ct_len <= sizeof ct - 16 && tag_len == 16);
    memcpy(ct + ct_len, tag, 16);
    CHECK_STATUS(crypto.aead_open(crypto.ctx, alg, out, key, iv, wick_span_make(aad, aad_len),
                                  wick_span_make(ct, ct_len + 16)),
                 good ? WICK_OK : WICK_E_AUTH);
    if (good) {
        CHECK_MEM(out, msg, msg_len);
        CHECK_STATUS(crypto.aead_seal(crypto.ctx, alg, out, key, iv, wick_span_make(aad, aad_len),
                                      wick_span_make(msg, msg_len)),
                     WICK_OK);
        CHECK_MEM(out, ct, ct_len + 16);
    }
    count(good);
}

/* The HAL's nonces have 12 bytes, its tags 16, its AES keys 128 or 256 bits. */
static bool is_ours(const cJSON *group)
{
    int bits = vectors_int(group, "keySize");
    return vectors_int(group, "ivSize") == 96 && vectors_int(group, "tagSize") == 128 &&
           (bits == 128 || bits == 256);
}

static void chacha_case(const cJSON *group, const cJSON *test, bool good)
{
    if (is_ours(group)) {
        run_aead(WICK_AEAD_CHACHA20_POLY1305, test, good);
    }
}

static void gcm_case(const cJSON *group, const cJSON *test, bool good)
{
    if (is_ours(group)) {
        run_aead(aead_alg(group), test, good);
    }
}

static void chacha_file(const cJSON *root)
{
    each_case(root, "CHACHA20-POLY1305", chacha_case);
}

static void gcm_file(const cJSON *root)
{
    each_case(root, "AES-GCM", gcm_case);
}

TEST(chacha20_poly1305)
{
    begin();
    if (vectors_each("CHACHA20-POLY1305", chacha_file) == 0) {
        SKIP("no Wycheproof ChaCha20-Poly1305 below WICK_VECTORS_DIR");
    }
    CHECK(valid >= 100 && invalid >= 30);
}

TEST(aes_gcm)
{
    begin();
    if (vectors_each("AES-GCM", gcm_file) == 0) {
        SKIP("no Wycheproof AES-GCM below WICK_VECTORS_DIR");
    }
    CHECK(valid >= 40 && invalid >= 40);
}

/* ---- ECDSA ---- */

static void group_key(uint8_t pub33[33], const cJSON *group)
{
    uint8_t pub65[65];
    const cJSON *k = cJSON_GetObjectItemCaseSensitive(group, "publicKey");
    memset(pub33, 0, 33);
    REQUIRE(vectors_hex(pub65, 65, k, "uncompressed") == 65);
    pub33[0] = (uint8_t)(2 + (pub65[64] & 1));
    memcpy(pub33 + 1, pub65 + 1, 32);
}

/* n / 2, rounded down: the highest s that we accept */
static bool is_high(const uint8_t s[32])
{
    static const uint8_t half[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d,
                                     0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};
    return memcmp(s, half, 32) > 0;
}

static void check_ecdsa(const cJSON *group, const cJSON *test, const uint8_t sig64[64], bool good)
{
    uint8_t pub33[33], digest[32];
    wick_hash_ctx h;
    size_t msg_len = vectors_hex(msg, sizeof msg, test, "msg");

    group_key(pub33, group);
    memset(&h, 0, sizeof h);
    REQUIRE_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    REQUIRE_STATUS(crypto.hash_update(crypto.ctx, &h, msg, msg_len), WICK_OK);
    REQUIRE_STATUS(crypto.hash_finish(crypto.ctx, &h, digest), WICK_OK);
    /* a valid signature with a high s is refused: it is not the one form that we accept */
    CHECK_STATUS(crypto.secp256k1_verify(crypto.ctx, sig64, digest, pub33),
                 good && !is_high(sig64 + 32) ? WICK_OK : WICK_E_AUTH);
    count(good);
}

static void p1363_case(const cJSON *group, const cJSON *test, bool good)
{
    /* other lengths than 64 cannot be given to the function at all */
    if (strlen(vectors_text(test, "sig")) == 128) {
        REQUIRE(vectors_hex(tag, 64, test, "sig") == 64);
        check_ecdsa(group, test, tag, good);
    }
}

/* r | s of a strictly encoded DER signature whose numbers fit; false otherwise. */
static bool der_numbers(uint8_t sig64[64], const uint8_t *der, size_t len)
{
    size_t at = 2;
    if (len < 8 || der[0] != 0x30 || der[1] != len - 2) {
        return false;
    }
    memset(sig64, 0, 64);
    for (size_t i = 0; i < 2; i++) {
        if (at + 2 > len || der[at] != 2 || der[at + 1] == 0 || at + 2 + der[at + 1] > len) {
            return false;
        }
        size_t n = der[at + 1];
        const uint8_t *v = der + at + 2;
        at += 2 + n;
        if ((v[0] & 0x80) != 0 || (n > 1 && v[0] == 0 && (v[1] & 0x80) == 0)) {
            return false;
        }
        if (v[0] == 0) {
            v++;
            n--;
        }
        if (n > 32) {
            return false;
        }
        memcpy(sig64 + 32 * i + 32 - n, v, n);
    }
    return at == len;
}

static void bitcoin_case(const cJSON *group, const cJSON *test, bool good)
{
    size_t len = vectors_hex(ct, sizeof ct, test, "sig");
    REQUIRE(len <= sizeof ct);
    if (der_numbers(tag, ct, len)) {
        check_ecdsa(group, test, tag, good);
    } else {
        CHECK(!good);
    }
}

static void p1363_file(const cJSON *root)
{
    const cJSON *groups = cJSON_GetObjectItemCaseSensitive(root, "testGroups");
    if (strcmp(vectors_text(cJSON_GetArrayItem(groups, 0), "type"), "EcdsaP1363Verify") == 0) {
        each_case(root, "ECDSA", p1363_case);
    }
}

static void bitcoin_file(const cJSON *root)
{
    const cJSON *groups = cJSON_GetObjectItemCaseSensitive(root, "testGroups");
    if (strcmp(vectors_text(cJSON_GetArrayItem(groups, 0), "type"), "EcdsaBitcoinVerify") == 0) {
        each_case(root, "ECDSA", bitcoin_case);
    }
}

TEST(ecdsa_secp256k1_p1363)
{
    begin();
    if (vectors_each("EcdsaP1363Verify", p1363_file) == 0) {
        SKIP("no Wycheproof ECDSA (P1363) below WICK_VECTORS_DIR");
    }
    CHECK(valid >= 50 && invalid >= 50);
}

TEST(ecdsa_secp256k1_bitcoin)
{
    begin();
    if (vectors_each("EcdsaBitcoinVerify", bitcoin_file) == 0) {
        SKIP("no Wycheproof ECDSA (Bitcoin) below WICK_VECTORS_DIR");
    }
    CHECK(valid >= 50 && invalid >= 50);
}

/* ---- RSA-PSS ---- */

static void pss_case(const cJSON *group, const cJSON *test, bool good)
{
    uint8_t pub[WICK_RSA_PUB_BYTES], digest[32];
    wick_hash_ctx h;
    const cJSON *salt = cJSON_GetObjectItemCaseSensitive(group, "sLen");
    if (strcmp(vectors_text(group, "sha"), "SHA-256") != 0 ||
        strcmp(vectors_text(group, "mgfSha"), "SHA-256") != 0 || salt == NULL ||
        salt->valueint != 32) {
        return;
    }
    const size_t spki_len = vectors_hex(ct, sizeof ct, group, "publicKeyDer");
    const size_t msg_len = vectors_hex(msg, sizeof msg, test, "msg");
    const size_t sig_len = vectors_hex(out, sizeof out, test, "sig");
    REQUIRE(spki_len <= sizeof ct && msg_len <= sizeof msg && sig_len <= sizeof out);
    if (wick_rsa_spki_decode(pub, wick_span_make(ct, spki_len)) != WICK_OK) {
        return; /* another size */
    }
    CHECK_STATUS(crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256), WICK_OK);
    CHECK_STATUS(crypto.hash_update(crypto.ctx, &h, msg, msg_len), WICK_OK);
    CHECK_STATUS(crypto.hash_finish(crypto.ctx, &h, digest), WICK_OK);
    count(good);
    if (sig_len != WICK_RSA_BYTES) {
        CHECK(!good); /* the length is checked before, with that of the message */
        return;
    }
    CHECK_STATUS(crypto.rsa_verify(crypto.ctx, out, digest, pub), good ? WICK_OK : WICK_E_AUTH);
}

static void pss_file(const cJSON *root)
{
    each_case(root, "RSASSA-PSS", pss_case);
}

TEST(rsa_pss_2048_sha256)
{
    begin();
    if (vectors_each("RsassaPssVerify", pss_file) == 0) {
        SKIP("no Wycheproof RSASSA-PSS below WICK_VECTORS_DIR");
    }
    CHECK(valid >= 20 && invalid >= 40);
}

TAP_MAIN("vectors.wycheproof", CASE(hmac_sha256), CASE(hkdf_sha256), CASE(chacha20_poly1305),
         CASE(aes_gcm), CASE(ecdsa_secp256k1_p1363), CASE(ecdsa_secp256k1_bitcoin),
         CASE(rsa_pss_2048_sha256))
