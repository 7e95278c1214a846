/* SPDX-License-Identifier: Apache-2.0 */
/* MESSAGE-INTEGRITY and FINGERPRINT on the test vectors of RFC 5769, and credentials. */
#include "tap.h"
#include "wick/port/crypto.h"
#include "wick/stun.h"
#include "wick/turn.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

/* RFC 5769 section 2.1 */
static const char request_short[] =
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001"
    "ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3"
    "f249c1b571a280280004e57a3bcf";
/* section 2.2 */
static const char response_v4[] =
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a6"
    "43000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
/* section 2.3 */
static const char response_v6[] =
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9"
    "faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";
/* section 2.4 */
static const char request_long[] =
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b90000001500"
    "1c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f7267000008"
    "0014f67024656dd64a3e02b8e0712e85c9a28ca89666";
static const char short_password[] = "VOkJxbRl1RmTxUk/WvJxBt";
static const char long_user[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9";

struct vector {
    uint8_t bytes[160];
    size_t len;
    wick_stun_msg m;
};

static bool load(struct vector *v, const char *hex)
{
    v->len = strlen(hex) / 2;
    return wick_crypto_init(&crypto, &cc) == WICK_OK && v->len <= sizeof v->bytes &&
           wick_hex_decode(v->bytes, v->len, hex, strlen(hex)) == WICK_OK &&
           wick_stun_decode(&v->m, wick_span_make(v->bytes, v->len)) == WICK_OK;
}

static void check_short(const char *hex)
{
    struct vector v;
    wick_hmac_key key;
    REQUIRE(load(&v, hex));
    REQUIRE_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, text(short_password)),
                   WICK_OK);
    CHECK_STATUS(wick_stun_check_integrity(&v.m, &key), WICK_OK);
    CHECK_STATUS(wick_stun_check_fingerprint(&v.m), WICK_OK);
    /* Each byte before the integrity value counts, the length field included. */
    size_t end = v.m.attr[WICK_STUN_MESSAGE_INTEGRITY].off + 20u;
    for (size_t i = 0; i < end; i++) {
        wick_stun_msg m;
        v.bytes[i] ^= 1;
        if (wick_stun_decode(&m, wick_span_make(v.bytes, v.len)) == WICK_OK) {
            CHECK_STATUS(wick_stun_check_integrity(&m, &key), WICK_E_STUN_INTEGRITY);
        }
        v.bytes[i] ^= 1;
    }
    wick_hmac_key_wipe(&key);
    CHECK_STATUS(wick_stun_check_integrity(&v.m, &key), WICK_E_BAD_ARG);
}

TEST(rfc5769_short_term)
{
    check_short(request_short);
    check_short(response_v4);
    check_short(response_v6);
}

TEST(rfc5769_addresses)
{
    struct vector v;
    wick_addr a, want = wick_addr_v4(192, 0, 2, 1, 32853);
    REQUIRE(load(&v, response_v4));
    REQUIRE_STATUS(wick_stun_get_addr(&a, &v.m, WICK_STUN_XOR_MAPPED_ADDRESS), WICK_OK);
    CHECK(wick_addr_equal(&a, &want));
    REQUIRE(load(&v, response_v6));
    REQUIRE_STATUS(wick_stun_get_addr(&a, &v.m, WICK_STUN_XOR_MAPPED_ADDRESS), WICK_OK);
    REQUIRE_STATUS(wick_addr_parse(&want, "[2001:db8:1234:5678:11:2233:4455:6677]:32853", 44),
                   WICK_OK);
    CHECK(wick_addr_equal(&a, &want));
    CHECK_INT(wick_stun_get(&v.m, WICK_STUN_SOFTWARE).len, 11);
}

TEST(rfc5769_long_term)
{
    struct vector v;
    uint8_t k[WICK_TURN_KEY_BYTES];
    wick_hmac_key key;
    REQUIRE(load(&v, request_long));
    REQUIRE_STATUS(wick_turn_key(k, &crypto, text(long_user), text("example.org"),
                                 text("TheMatrIX")),
                   WICK_OK);
    REQUIRE_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, wick_span_make(k, sizeof k)),
                   WICK_OK);
    CHECK_STATUS(wick_stun_check_integrity(&v.m, &key), WICK_OK);
    CHECK_STATUS(wick_stun_check_fingerprint(&v.m), WICK_E_NOT_FOUND);
    /* The same attributes in the same order give the same bytes. */
    uint8_t out[160];
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_stun_build s;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, wick_stun_tid(&v.m));
    wick_stun_put(&s, WICK_STUN_USERNAME, text(long_user));
    wick_stun_put(&s, WICK_STUN_NONCE, text("f//499k954d6OL34oL9FSTvy64sA"));
    wick_stun_put(&s, WICK_STUN_REALM, text("example.org"));
    wick_stun_put_integrity(&s, &key);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    CHECK_INT(b.len, v.len);
    CHECK_MEM(out, v.bytes, v.len);
    wick_hmac_key_wipe(&key);
}

TEST(integrity_with_fingerprint_behind)
{
    static const uint8_t tid[12] = {1, 2, 3};
    uint8_t out[128];
    wick_hmac_key key, key256;
    wick_stun_msg m;
    wick_stun_build s;
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    REQUIRE_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, text("k")), WICK_OK);
    REQUIRE_STATUS(wick_hmac_key_init(&key256, &crypto, WICK_HASH_SHA256, text("k")), WICK_OK);
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_buf_put(&b, tid, 4); /* a message behind other bytes */
    wick_stun_begin(&s, &b, WICK_STUN_REFRESH, WICK_STUN_REQUEST, tid);
    wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 600);
    wick_stun_put_integrity(&s, &key);
    wick_stun_put_integrity_sha256(&s, &key256);
    wick_stun_put_fingerprint(&s);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&m, wick_span_make(out + 4, b.len - 4)), WICK_OK);
    CHECK_STATUS(wick_stun_check_integrity(&m, &key), WICK_OK);
    CHECK_STATUS(wick_stun_check_integrity_sha256(&m, &key256), WICK_OK);
    CHECK_STATUS(wick_stun_check_fingerprint(&m), WICK_OK);
    /* keys are not mixed up */
    CHECK_STATUS(wick_stun_check_integrity(&m, &key256), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_stun_check_integrity_sha256(&m, &key), WICK_E_BAD_ARG);
    b.len = 0;
    wick_stun_begin(&s, &b, WICK_STUN_REFRESH, WICK_STUN_REQUEST, tid);
    wick_stun_put_integrity(&s, &key256);
    CHECK_STATUS(wick_stun_end(&s), WICK_E_BAD_ARG);
    /* measuring counts integrity too */
    b = wick_buf_make(NULL, 0);
    wick_stun_begin(&s, &b, WICK_STUN_REFRESH, WICK_STUN_REQUEST, tid);
    wick_stun_put_integrity(&s, &key);
    wick_stun_put_integrity_sha256(&s, &key256);
    wick_stun_put_fingerprint(&s);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    CHECK_INT(b.len, 20 + 24 + 36 + 8);
    wick_hmac_key_wipe(&key);
    wick_hmac_key_wipe(&key256);
}

/* Truncated MESSAGE-INTEGRITY-SHA256 (RFC 8489 section 14.6): 16..32 bytes, multiples of 4. */
TEST(sha256_truncated)
{
    static const uint8_t tid[12] = {9};
    uint8_t full[64], cut[64];
    wick_hmac_key key;
    wick_stun_msg m;
    wick_stun_build s;
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    REQUIRE_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA256, text("k")), WICK_OK);
    for (size_t n = 12; n <= 32; n += 2) {
        /* The length field, which is hashed, depends on the truncation. */
        wick_hmac h;
        uint8_t mac[32];
        wick_buf b = wick_buf_make(full, sizeof full);
        wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
        REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
        memcpy(cut, full, 20);
        wick_store_be16(cut + 2, (uint16_t)(4 + n));
        wick_hmac_begin(&h, &key);
        wick_hmac_update(&h, wick_span_make(cut, 20));
        REQUIRE_STATUS(wick_hmac_finish(&h, mac), WICK_OK);
        wick_stun_put(&s, WICK_STUN_MESSAGE_INTEGRITY_SHA256, wick_span_make(mac, n));
        REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
        wick_status decoded = wick_stun_decode(&m, wick_span_make(full, b.len));
        CHECK_STATUS(decoded, n < 16 ? WICK_E_MALFORMED : WICK_OK);
        if (decoded == WICK_OK) {
            CHECK_STATUS(wick_stun_check_integrity_sha256(&m, &key),
                         n % 4 == 0 ? WICK_OK : WICK_E_STUN_INTEGRITY);
        }
    }
    CHECK_STATUS(wick_stun_check_integrity(&m, &key), WICK_E_BAD_ARG);
    wick_hmac_key_wipe(&key);
}

TEST(absent_integrity_is_no_integrity)
{
    static const uint8_t tid[12] = {9};
    uint8_t out[20];
    wick_hmac_key key;
    wick_stun_msg m;
    wick_stun_build s;
    wick_buf b = wick_buf_make(out, sizeof out);
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    REQUIRE_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA1, text("k")), WICK_OK);
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&m, wick_span_make(out, 20)), WICK_OK);
    CHECK_STATUS(wick_stun_check_integrity(&m, &key), WICK_E_STUN_INTEGRITY);
    wick_hmac_key_wipe(&key);
}

/* `turnserver --use-auth-secret --static-auth-secret=north` accepts these (reproduce with openssl:
 * printf %s 1700000000:gw | openssl dgst -sha1 -hmac north -binary | base64). */
TEST(rest_credentials)
{
    char user[16], pass[WICK_TURN_REST_PASSWORD_BYTES];
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    REQUIRE_STATUS(wick_turn_rest_username(user, sizeof user, 1700000000, text("gw")), WICK_OK);
    CHECK(strcmp(user, "1700000000:gw") == 0);
    REQUIRE_STATUS(wick_turn_rest_password(pass, &crypto, text("north"), text(user)), WICK_OK);
    CHECK(strcmp(pass, "ig4kdjTM3yzwWtmNuQVkS5RItjo=") == 0);
    CHECK_STATUS(wick_turn_rest_username(user, 13, 1700000000, text("gw")), WICK_E_NO_SPACE);
    CHECK_STATUS(wick_turn_rest_username(user, 14, 1700000000, text("gw")), WICK_OK);
    CHECK_STATUS(wick_turn_rest_username(user, 3, 0, text("g")), WICK_E_NO_SPACE);
    CHECK_STATUS(wick_turn_rest_username(user, 4, 0, text("g")), WICK_OK);
    CHECK(strcmp(user, "0:g") == 0);
    static const char *const bad[] = {"", "a b", "a:b", "a\x7f", "\xc3\xa9", "a\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(wick_turn_rest_username(user, sizeof user, 1, text(bad[i])), WICK_E_BAD_ARG);
    }
    CHECK_STATUS(wick_turn_rest_username(user, sizeof user, 1, text("!~")), WICK_OK);
    char longest[32];
    REQUIRE_STATUS(wick_turn_rest_username(longest, sizeof longest, UINT64_MAX, text("n")),
                   WICK_OK);
    CHECK(strcmp(longest, "18446744073709551615:n") == 0);
}

static unsigned fail_at;
static wick_status (*real_begin)(void *, wick_hash_ctx *, wick_hash_alg);
static wick_status failing_begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    return fail_at-- == 0 ? WICK_E_CRYPTO : real_begin(ctx, h, alg);
}

TEST(crypto_failure_gives_no_key)
{
    uint8_t k[WICK_TURN_KEY_BYTES] = {1};
    char pass[WICK_TURN_REST_PASSWORD_BYTES] = "x";
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    real_begin = crypto.hash_begin;
    crypto.hash_begin = failing_begin;
    fail_at = 0;
    CHECK_STATUS(wick_turn_key(k, &crypto, text("u"), text("r"), text("p")), WICK_E_CRYPTO);
    CHECK(wick_ct_is_zero(k, sizeof k));
    fail_at = 0;
    CHECK_STATUS(wick_turn_rest_password(pass, &crypto, text("s"), text("u")), WICK_E_CRYPTO);
    CHECK(pass[0] == '\0');
}

TAP_MAIN("unit.stun_integrity", CASE(rfc5769_short_term), CASE(rfc5769_addresses),
         CASE(rfc5769_long_term), CASE(integrity_with_fingerprint_behind), CASE(sha256_truncated),
         CASE(absent_integrity_is_no_integrity), CASE(rest_credentials),
         CASE(crypto_failure_gives_no_key))
