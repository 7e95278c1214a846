/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of both sides that few messages carry, the nonce cookie, password algorithms, USERHASH and
 * the stream framer. Numbers and layouts: RFC 8489 sections 9.2, 14 and 18, RFC 8656 section 18.
 */
#include "tap.h"
#include "wick/port/crypto.h"
#include "wick/turn.h"
#include "wick/turn_stream.h"

static const uint8_t tid[WICK_STUN_TID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static uint8_t bytes[512];
static wick_buf buf;
static wick_stun_build s;
static wick_stun_msg m;

static void begin(void)
{
    buf = wick_buf_make(bytes, sizeof bytes);
    wick_stun_begin(&s, &buf, WICK_STUN_ALLOCATE, WICK_STUN_SUCCESS, tid);
}

static wick_status finish(void)
{
    wick_status st = wick_stun_end(&s);
    return st == WICK_OK ? wick_stun_decode(&m, wick_buf_span(&buf)) : st;
}

/* Value of one attribute in hex, in a message of its own. */
static void check_value(wick_stun_attr attr, const char *hex)
{
    uint8_t want[64];
    size_t len = strlen(hex) / 2;
    REQUIRE_STATUS(finish(), WICK_OK);
    REQUIRE_STATUS(wick_hex_decode(want, len, hex, 2 * len), WICK_OK);
    wick_span v = wick_stun_get(&m, attr);
    CHECK_INT(v.len, len);
    CHECK_MEM(v.ptr, want, len);
    CHECK_INT(wick_load_be16(bytes + 20), wick_stun_attr_type(attr));
    CHECK_INT(buf.len, 24 + ((len + 3) & ~(size_t)3));
}

TEST(values_on_the_wire)
{
    begin();
    wick_stun_put_family(&s, WICK_STUN_REQUESTED_ADDRESS_FAMILY, 2);
    check_value(WICK_STUN_REQUESTED_ADDRESS_FAMILY, "02000000");
    begin();
    wick_stun_put_family(&s, WICK_STUN_ADDITIONAL_ADDRESS_FAMILY, 2);
    check_value(WICK_STUN_ADDITIONAL_ADDRESS_FAMILY, "02000000");
    begin();
    wick_stun_put_even_port(&s, true);
    check_value(WICK_STUN_EVEN_PORT, "80");
    begin();
    wick_stun_put_even_port(&s, false);
    check_value(WICK_STUN_EVEN_PORT, "00");
    begin();
    wick_stun_put_algorithm(&s, WICK_STUN_SHA256);
    check_value(WICK_STUN_PASSWORD_ALGORITHM, "00020000");
    begin();
    wick_stun_put_address_error(&s, 2, 440, "no");
    check_value(WICK_STUN_ADDRESS_ERROR_CODE, "020004286e6f");
    begin();
    wick_stun_put_icmp(&s, 3, 4, 1400);
    check_value(WICK_STUN_ICMP, "0000060400000578");
    begin();
    wick_stun_put(&s, WICK_STUN_DONT_FRAGMENT, wick_span_make(bytes, 0));
    check_value(WICK_STUN_DONT_FRAGMENT, "");
    begin();
    wick_stun_put_u32(&s, WICK_STUN_CHANGE_REQUEST, 6);
    check_value(WICK_STUN_CHANGE_REQUEST, "00000006");
    /* lengths that an attribute cannot have */
    static const struct {
        uint16_t type;
        size_t len;
    } bad[] = {{0x0018, 4}, {0x0022, 4}, {0x0022, 12}, {0x001A, 4}, {0x8004, 4}, {0x8004, 12},
               {0x8001, 0}, {0x001E, 28}, {0x001E, 36}, {0x0017, 8}, {0x8000, 0}, {0x0003, 8},
               {0x0027, 0}, {0x001D, 0}, {0x8002, 0}, {0x001C, 12}, {0x001C, 36}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        static const uint8_t zeros[64];
        begin();
        wick_stun_put_raw(&s, bad[i].type, wick_span_make(zeros, bad[i].len));
        CHECK_STATUS(finish(), WICK_E_MALFORMED);
    }
}

TEST(address_error_and_icmp)
{
    uint8_t family = 9, type = 9;
    uint16_t code = 9;
    uint32_t data = 9;
    begin();
    REQUIRE_STATUS(finish(), WICK_OK);
    CHECK_STATUS(wick_stun_get_address_error(&family, &code, &m), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_stun_get_icmp(&type, &code, &data, &m), WICK_E_NOT_FOUND);
    begin();
    wick_stun_put_address_error(&s, 2, 508, "");
    wick_stun_put_icmp(&s, 127, 511, UINT32_MAX);
    REQUIRE_STATUS(finish(), WICK_OK);
    CHECK_STATUS(wick_stun_get_address_error(&family, &code, &m), WICK_OK);
    CHECK_INT(family, 2);
    CHECK_INT(code, 508);
    CHECK_STATUS(wick_stun_get_icmp(&type, &code, &data, &m), WICK_OK);
    CHECK_INT(type, 127);
    CHECK_INT(code, 511);
    CHECK_INT(data, UINT32_MAX);
    static const uint8_t out_of_range[][4] = {{2, 0, 2, 99}, {2, 0, 7, 0}, {2, 0, 4, 100}};
    for (size_t i = 0; i < 3; i++) {
        begin();
        wick_stun_put(&s, WICK_STUN_ADDRESS_ERROR_CODE, wick_span_make(out_of_range[i], 4));
        REQUIRE_STATUS(finish(), WICK_OK);
        CHECK_STATUS(wick_stun_get_address_error(&family, &code, &m), WICK_E_MALFORMED);
    }
    begin();
    wick_stun_put_icmp(&s, 128, 0, 0);
    CHECK_STATUS(finish(), WICK_E_BAD_ARG);
    begin();
    wick_stun_put_icmp(&s, 0, 512, 0);
    CHECK_STATUS(finish(), WICK_E_BAD_ARG);
    begin();
    wick_stun_put_address_error(&s, 2, 299, "");
    CHECK_STATUS(finish(), WICK_E_BAD_ARG);
    begin();
    wick_stun_put_address_error(&s, 2, 440,
                                "01234567890123456789012345678901234567890123456789012345678901234");
    CHECK_STATUS(finish(), WICK_E_BAD_ARG);
}

/* RFC 8489 section 14.9: all that the decoder counted, as far as the view keeps them. */
TEST(unknown_attributes)
{
    wick_stun_msg q;
    uint8_t request[256];
    wick_buf b = wick_buf_make(request, sizeof request);
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    for (uint16_t i = 0; i < WICK_STUN_UNKNOWN_MAX + 3; i++) {
        wick_stun_put_raw(&s, (uint16_t)(0x7000 + i), wick_span_make(tid, 3));
    }
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&q, wick_buf_span(&b)), WICK_OK);
    CHECK_INT(q.unknown_count, WICK_STUN_UNKNOWN_MAX + 3);
    begin();
    wick_stun_put_unknown(&s, &q);
    REQUIRE_STATUS(finish(), WICK_OK);
    wick_span v = wick_stun_get(&m, WICK_STUN_UNKNOWN_ATTRIBUTES);
    REQUIRE(v.len == 2 * WICK_STUN_UNKNOWN_MAX);
    for (size_t i = 0; i < WICK_STUN_UNKNOWN_MAX; i++) {
        CHECK_INT(wick_load_be16(v.ptr + 2 * i), 0x7000 + i);
    }
}

TEST(nonce_cookie)
{
    static const struct {
        const char *nonce;
        uint32_t want;
    } t[] = {{"obMatJos2AAAA", 0},
             {"obMatJos2AAABnonce", 1},
             {"obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA", 2}, /* appendix B.1 */
             {"obMatJos2AAAD", 3},
             {"obMatJos2gAAA", 0x800001}, /* counted from the left, as section 18.1 says */
             {"obMatJos2wAAA", 0xC00003},
             {"obMatJos2//8A", 0xFFFF00 | 3},
             {"obMatJos2", 0},             /* no features: no cookie */
             {"obMatJos2AAA", 0},
             {"obMatJos2AA=A", 0},
             {"obmatJos2AAAD", 0},
             {"xobMatJos2AAAD", 0},
             {"", 0}};
    uint8_t out[WICK_STUN_COOKIE_CHARS];
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        CHECK_INT(wick_stun_nonce_features(wick_span_text(t[i].nonce)), t[i].want);
    }
    for (uint32_t features = 0; features < 4; features++) {
        wick_stun_nonce_cookie(out, features);
        CHECK_INT(wick_stun_nonce_features(wick_span_make(out, sizeof out)), features);
    }
    wick_stun_nonce_cookie(out, 2);
    CHECK_MEM(out, "obMatJos2AAAC", sizeof out);
}

TEST(password_algorithms)
{
    static const uint8_t list[] = {0, 9, 0, 3, 1, 2, 3, 0, 0, 2, 0, 0, 0, 1, 0, 0};
    wick_span rest = wick_span_make(list, sizeof list);
    wick_stun_algorithm a;
    CHECK_STATUS(wick_stun_next_algorithm(&a, &rest), WICK_OK);
    CHECK_INT(a.number, 9);
    CHECK_INT(a.parameters.len, 3);
    CHECK_INT(a.parameters.ptr[2], 3);
    CHECK_STATUS(wick_stun_next_algorithm(&a, &rest), WICK_OK);
    CHECK_INT(a.number, WICK_STUN_SHA256);
    CHECK_INT(a.parameters.len, 0);
    CHECK_STATUS(wick_stun_next_algorithm(&a, &rest), WICK_OK);
    CHECK_INT(a.number, WICK_STUN_MD5);
    CHECK_STATUS(wick_stun_next_algorithm(&a, &rest), WICK_E_NOT_FOUND);
    /* every cut is malformed where it is not between two entries */
    for (size_t cut = 1; cut < sizeof list; cut++) {
        wick_status st = WICK_OK;
        rest = wick_span_make(list, cut);
        for (unsigned i = 0; i < 5 && st == WICK_OK; i++) {
            st = wick_stun_next_algorithm(&a, &rest);
        }
        bool between = cut == 7 || cut == 8 || cut == 12; /* 7: the padding is not counted */
        CHECK_STATUS(st, between ? WICK_E_NOT_FOUND : WICK_E_MALFORMED);
        CHECK_INT(rest.len, 0);
    }
}

TEST(keys_and_userhash)
{
    /* RFC 8489 appendix B.1: USERHASH of its user and realm. */
    static const char user[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9";
    static const char userhash[] = "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704";
    /* SHA-256 of "user:example.org:secret" */
    static const char key_hex[] = "bf9f8cc2da128fcb78077f794a818f9d3ccf550dab291cb21c82f29a153b3355";
    wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    uint8_t got[32], want[32];
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    REQUIRE_STATUS(wick_turn_userhash(got, &crypto, wick_span_text(user),
                                      wick_span_text("example.org")),
                   WICK_OK);
    REQUIRE_STATUS(wick_hex_decode(want, 32, userhash, 64), WICK_OK);
    CHECK_MEM(got, want, 32);
    REQUIRE_STATUS(wick_turn_key_sha256(got, &crypto, wick_span_text("user"),
                                        wick_span_text("example.org"), wick_span_text("secret")),
                   WICK_OK);
    REQUIRE_STATUS(wick_hex_decode(want, 32, key_hex, 64), WICK_OK);
    CHECK_MEM(got, want, 32);
}

/* Appendix B.1 as corrected by its erratum: the same attributes give the same bytes. */
TEST(rfc8489_b1)
{
    static const char hex[] =
        "000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f24819415569e"
        "60b205c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c39"
        "4653547679363473410000000014000b6578616d706c652e6f726700001d000400020000001c0020b5c7bf005b6c"
        "52a21c51c5e892f81924136296cb927c43149309278cc6518e65";
    static const char user[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9";
    uint8_t want[256], k[32], hash[32];
    wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    wick_hmac_key key;
    size_t len = strlen(hex) / 2;
    wick_span realm = wick_span_text("example.org");
    REQUIRE_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    REQUIRE_STATUS(wick_hex_decode(want, len, hex, 2 * len), WICK_OK);
    REQUIRE_STATUS(wick_turn_userhash(hash, &crypto, wick_span_text(user), realm), WICK_OK);
    REQUIRE_STATUS(wick_turn_key_sha256(k, &crypto, wick_span_text(user), realm,
                                        wick_span_text("TheMatrIX")),
                   WICK_OK);
    REQUIRE_STATUS(wick_hmac_key_init(&key, &crypto, WICK_HASH_SHA256, wick_span_make(k, 32)),
                   WICK_OK);
    buf = wick_buf_make(bytes, sizeof bytes);
    wick_stun_begin(&s, &buf, WICK_STUN_BINDING, WICK_STUN_REQUEST, want + 8);
    wick_stun_put(&s, WICK_STUN_USERHASH, wick_span_make(hash, 32));
    wick_stun_put(&s, WICK_STUN_NONCE, wick_span_text("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"));
    wick_stun_put(&s, WICK_STUN_REALM, realm);
    wick_stun_put_algorithm(&s, WICK_STUN_SHA256);
    wick_stun_put_integrity_sha256(&s, &key);
    REQUIRE_STATUS(finish(), WICK_OK);
    CHECK_INT(buf.len, len);
    CHECK_MEM(bytes, want, len);
    CHECK_STATUS(wick_stun_check_integrity_sha256(&m, &key), WICK_OK);
    for (size_t i = 0; i < len; i++) { /* each byte is protected */
        bytes[i] ^= 0x10;
        wick_stun_msg x;
        if (wick_stun_decode(&x, wick_buf_span(&buf)) == WICK_OK) {
            CHECK_STATUS(wick_stun_check_integrity_sha256(&x, &key), WICK_E_STUN_INTEGRITY);
        }
        bytes[i] ^= 0x10;
    }
    wick_hmac_key_wipe(&key);
}

/* ---- streams ---- */

TEST(lengths_in_a_stream)
{
    static const uint8_t stun[] = {0, 1, 0, 8, 0x21, 0x12, 0xA4, 0x42};
    static const uint8_t channel[] = {0x40, 1, 0, 5};
    uint8_t x[8];
    size_t n = 0;
    CHECK_STATUS(wick_turn_stream_length(&n, wick_span_make(stun, 8)), WICK_OK);
    CHECK_INT(n, 28);
    CHECK_STATUS(wick_turn_stream_length(&n, wick_span_make(channel, 4)), WICK_OK);
    CHECK_INT(n, 12);
    for (size_t i = 0; i < 8; i++) {
        CHECK_STATUS(wick_turn_stream_length(&n, wick_span_make(stun, i)), WICK_AGAIN);
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK_STATUS(wick_turn_stream_length(&n, wick_span_make(channel, i)), WICK_AGAIN);
    }
    for (unsigned first = 0x80; first <= 0xFF; first++) { /* TLS, DTLS and others: at the first byte */
        x[0] = (uint8_t)first;
        CHECK_STATUS(wick_turn_stream_length(&n, wick_span_make(x, 1)), WICK_E_MALFORMED);
    }
    memcpy(x, stun, 8);
    x[7] ^= 1;
    CHECK_STATUS(wick_turn_stream_length(&n, wick_span_make(x, 8)), WICK_E_MALFORMED);
    memcpy(x, stun, 8);
    x[3] = 9;
    CHECK_STATUS(wick_turn_stream_length(&n, wick_span_make(x, 8)), WICK_E_MALFORMED);
}

TEST(rooms_that_are_too_small)
{
    uint8_t room[32], big[40] = {0x40, 0, 0, 29};
    wick_turn_stream st;
    wick_span msg;
    size_t cap;
    wick_turn_stream_init(&st, room, sizeof room);
    CHECK_STATUS(wick_turn_stream_next(&st, &msg), WICK_AGAIN);
    memcpy(wick_turn_stream_space(&st, &cap), big, 4);
    CHECK_INT(cap, 32);
    wick_turn_stream_filled(&st, 4);
    CHECK_STATUS(wick_turn_stream_next(&st, &msg), WICK_E_LIMIT); /* 4 + 32 */
    wick_turn_stream_init(&st, room, sizeof room);
    big[3] = 28;
    memcpy(wick_turn_stream_space(&st, &cap), big, 32);
    wick_turn_stream_filled(&st, 99); /* no more than there was room for */
    CHECK_STATUS(wick_turn_stream_next(&st, &msg), WICK_OK);
    CHECK_INT(msg.len, 32);
    CHECK_STATUS(wick_turn_stream_next(&st, &msg), WICK_AGAIN);
    (void)wick_turn_stream_space(&st, &cap);
    CHECK_INT(cap, 32);
    wick_turn_stream_init(&st, room, 7);
    CHECK_STATUS(wick_turn_stream_next(&st, &msg), WICK_E_LIMIT);
}

TEST(channeldata_in_a_stream)
{
    for (size_t len = 0; len < 9; len++) {
        size_t padded = 4 + ((len + 3) & ~(size_t)3);
        memset(bytes, 0xEE, sizeof bytes);
        buf = wick_buf_make(bytes, sizeof bytes);
        CHECK_STATUS(wick_channeldata_encode_stream(&buf, 0x4001, wick_span_make(tid, len)),
                     WICK_OK);
        CHECK_INT(buf.len, padded);
        CHECK_INT(wick_load_be16(bytes + 2), len);
        for (size_t i = 4 + len; i < padded; i++) {
            CHECK_INT(bytes[i], 0);
        }
        CHECK_INT(bytes[padded], 0xEE);
        if (padded > 4 + len) {
            buf = wick_buf_make(bytes, padded - 1);
            CHECK_STATUS(wick_channeldata_encode_stream(&buf, 0x4001, wick_span_make(tid, len)),
                         WICK_E_NO_SPACE);
            CHECK_INT(buf.len, padded);
        }
        buf = wick_buf_make(NULL, 0);
        CHECK_STATUS(wick_channeldata_encode_stream(&buf, 0x4001, wick_span_make(tid, len)),
                     WICK_OK);
        CHECK_INT(buf.len, padded);
    }
    CHECK_STATUS(wick_channeldata_encode_stream(&buf, 0x5000, wick_span_make(tid, 1)),
                 WICK_E_BAD_ARG);
}

TAP_MAIN("unit.stun_attributes", CASE(values_on_the_wire), CASE(address_error_and_icmp),
         CASE(unknown_attributes), CASE(nonce_cookie), CASE(password_algorithms),
         CASE(keys_and_userhash), CASE(rfc8489_b1), CASE(lengths_in_a_stream),
         CASE(rooms_that_are_too_small), CASE(channeldata_in_a_stream))
