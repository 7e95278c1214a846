/* SPDX-License-Identifier: Apache-2.0 */
/* wick/base.h: cursors latch, addresses have one text form, secrets compare and wipe. */
#include "wick/base.h"

#include "tap.h"

TEST(buf_counts_beyond_capacity)
{
    uint8_t m[4] = {0};
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_buf_put_be32(&b, 0x01020304u);
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    wick_buf_put_u8(&b, 5);
    CHECK_STATUS(wick_buf_status(&b), WICK_E_NO_SPACE);
    CHECK_INT(b.len, 5);
    CHECK_INT(m[3], 4);
}

TEST(buf_measures_without_memory)
{
    wick_buf b = wick_buf_make(NULL, 0);
    wick_buf_put_be64(&b, 1);
    wick_buf_put_be16(&b, 1);
    wick_buf_put_zero(&b, 7);
    CHECK_STATUS(wick_buf_status(&b), WICK_OK);
    CHECK_INT(b.len, 17);
}

TEST(buf_puts_zeros)
{
    for (size_t len = 0; len < 4; len++) {
        uint8_t m[4] = {0xEE, 0xEE, 0xEE, 0xEE};
        wick_buf b = wick_buf_make(m, sizeof m);
        wick_buf_put_zero(&b, len);
        CHECK_INT(b.len, len);
        CHECK(wick_ct_is_zero(m, len) && m[len] == 0xEE);
    }
}

TEST(span_of_text_stops_at_zero)
{
    wick_span s = wick_span_text("ab\0cd");
    CHECK_INT(s.len, 2);
    CHECK_MEM(s.ptr, "ab", 2);
    CHECK_INT(wick_span_text("").len, 0);
}

TEST(reader_takes_each_kind)
{
    static const uint8_t in[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
    uint8_t bytes[3] = {0};
    wick_reader r = wick_reader_make(wick_span_make(in, sizeof in));
    CHECK_INT(wick_read_u8(&r), 1);
    CHECK_INT(wick_read_be16(&r), 0x0203);
    CHECK_INT(wick_read_be32(&r), 0x04050607);
    CHECK(wick_read_be64(&r) == UINT64_C(0x08090a0b0c0d0e0f));
    wick_read_bytes(&r, bytes, 3);
    CHECK_MEM(bytes, in + 15, 3);
    wick_span s = wick_read_span(&r, 0);
    CHECK(s.ptr == in + 18 && s.len == 0);
    s = wick_read_span(&r, 3);
    CHECK(s.ptr == in + 18 && s.len == 3);
    CHECK_STATUS(wick_read_end(&r), WICK_OK);
    /* Behind the end, and ever after: nothing, and zero bytes. */
    for (unsigned i = 0; i < 2; i++) {
        s = wick_read_span(&r, 1);
        CHECK(s.ptr == NULL && s.len == 0);
        memset(bytes, 0xEE, sizeof bytes);
        wick_read_bytes(&r, bytes, 3);
        CHECK(wick_ct_is_zero(bytes, 3));
        CHECK(wick_read_be64(&r) == 0);
    }
    CHECK_STATUS(wick_read_end(&r), WICK_E_TRUNCATED);
}

TEST(reader_latches_first_error)
{
    static const uint8_t in[] = {1, 2, 3, 4, 5};
    wick_reader r = wick_reader_make(wick_span_make(in, sizeof in));
    CHECK_INT(wick_read_be32(&r), 0x01020304);
    CHECK_INT(wick_read_be16(&r), 0);
    CHECK_STATUS(r.status, WICK_E_TRUNCATED);
    CHECK_INT(wick_read_u8(&r), 0);
    CHECK_STATUS(wick_read_end(&r), WICK_E_TRUNCATED);
}

TEST(reader_refuses_trailing)
{
    static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    wick_reader r = wick_reader_make(wick_span_make(in, sizeof in));
    CHECK(wick_read_be64(&r) == UINT64_C(0x0102030405060708));
    CHECK_STATUS(wick_read_end(&r), WICK_E_TRAILING);
}

TEST(addr_text_round_trip)
{
    char t[WICK_ADDR_STR_BYTES];
    wick_addr a = wick_addr_v4(192, 0, 2, 255, 65535), b;
    wick_addr_str(t, &a);
    CHECK(strcmp(t, "192.0.2.255:65535") == 0);
    REQUIRE_STATUS(wick_addr_parse(&b, t, strlen(t)), WICK_OK);
    CHECK(wick_addr_equal(&a, &b));
    memset(&a, 0, sizeof a);
    a.ip[0] = 0x20;
    a.ip[1] = 0x01;
    a.ip[15] = 0x0f;
    a.port = 1;
    wick_addr_str(t, &a);
    CHECK(strcmp(t, "[2001:0:0:0:0:0:0:f]:1") == 0);
    REQUIRE_STATUS(wick_addr_parse(&b, t, strlen(t)), WICK_OK);
    CHECK(wick_addr_equal(&a, &b));
}

TEST(addr_parse_refuses)
{
    static const char *const bad[] = {"",           "1.2.3.4",      "1.2.3:4",    "1.2.3.256:1",
                                      "01.2.3.4:1", "1.2.3.4:65536", "1.2.3.4:", "1.2.3.4:1 ",
                                      "[1:2]:3",    "1.2.3.4:01",   "[::1]:1",    ".2.3.4:1",
                                      "1..3.4:1",   "1.2.3.:1",     ":1",         "1.2.3.4.5:1",
                                      "[1:2:3:4:5:6:7:8:1", "[1:2:3:4:5:6:7:]:1",
                                      "[1:2:3:4:5:6:7:8]1", "[1:2:3:4:5:6:7:12345]:1"};
    wick_addr a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(wick_addr_parse(&a, bad[i], strlen(bad[i])), WICK_E_MALFORMED);
    }
}

/* A text ends where its length says, whatever stands behind it. */
TEST(addr_parse_stops_at_the_length)
{
    static const char *const good[] = {"1.2.3.4:5", "[1:2:3:4:5:6:7:8]:9"};
    wick_addr a;
    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 0; len < strlen(good[i]); len++) {
            CHECK_STATUS(wick_addr_parse(&a, good[i], len), WICK_E_MALFORMED);
        }
        CHECK_STATUS(wick_addr_parse(&a, good[i], strlen(good[i])), WICK_OK);
    }
}

/* An IPv4 address, or a /64; never their ports. */
TEST(addr_same_net)
{
    static const struct {
        const char *a, *b;
        bool same;
    } t[] = {{"192.0.2.1:1", "192.0.2.1:2", true},
             {"192.0.2.1:1", "192.0.2.2:1", false},
             {"[2001:db8:0:1:0:0:0:1]:1", "[2001:db8:0:1:ffff:ffff:ffff:ffff]:2", true},
             {"[2001:db8:0:1:0:0:0:1]:1", "[2001:db8:0:2:0:0:0:1]:1", false},
             {"[0:0:0:0:0:0:0:1]:1", "0.0.0.1:1", false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        wick_addr a, b;
        REQUIRE_STATUS(wick_addr_parse(&a, t[i].a, strlen(t[i].a)), WICK_OK);
        REQUIRE_STATUS(wick_addr_parse(&b, t[i].b, strlen(t[i].b)), WICK_OK);
        CHECK_INT(wick_addr_same_net(&a, &b), t[i].same);
    }
}

TEST(addr_public)
{
    static const struct {
        uint8_t ip[4];
        bool is_public;
    } t[] = {{{8, 8, 8, 8}, true},        {{10, 1, 2, 3}, false},    {{100, 64, 0, 1}, false},
             {{100, 128, 0, 1}, true},    {{172, 31, 9, 9}, false},  {{172, 32, 0, 1}, true},
             {{192, 168, 1, 1}, false},   {{127, 0, 0, 1}, false},   {{169, 254, 1, 1}, false},
             {{198, 19, 0, 1}, false},    {{203, 0, 113, 9}, false}, {{224, 0, 0, 1}, false},
             {{255, 255, 255, 255}, false}, {{0, 0, 0, 0}, false},   {{20, 0, 0, 10}, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        wick_addr a = wick_addr_v4(t[i].ip[0], t[i].ip[1], t[i].ip[2], t[i].ip[3], 1);
        CHECK_INT(wick_addr_is_public(&a), t[i].is_public);
    }
    wick_addr v6;
    memset(&v6, 0, sizeof v6);
    CHECK(!wick_addr_is_public(&v6));
    v6.ip[0] = 0x20;
    v6.ip[1] = 0x01;
    CHECK(wick_addr_is_public(&v6));
    v6.ip[2] = 0x0d;
    v6.ip[3] = 0xb8;
    CHECK(!wick_addr_is_public(&v6));
}

TEST(hex_strict)
{
    uint8_t out[3];
    char text[7];
    REQUIRE_STATUS(wick_hex_decode(out, 3, "0x00aBff", 8), WICK_OK);
    wick_hex_encode(text, out, 3);
    CHECK(strcmp(text, "00abff") == 0);
    CHECK_STATUS(wick_hex_decode(out, 3, "00abf", 5), WICK_E_MALFORMED);
    CHECK_STATUS(wick_hex_decode(out, 3, "00abfg", 6), WICK_E_MALFORMED);
    CHECK_STATUS(wick_hex_decode(out, 3, "00abff00", 8), WICK_E_MALFORMED);
}

TEST(base64url_rfc4648_vectors)
{
    static const char *const in[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const want[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
    char out[16];
    for (size_t i = 0; i < 7; i++) {
        wick_base64url_encode(out, (const uint8_t *)in[i], strlen(in[i]));
        CHECK(strcmp(out, want[i]) == 0);
    }
}

TEST(secrets)
{
    uint8_t a[4] = {1, 2, 3, 4}, b[4] = {1, 2, 3, 5};
    CHECK(!wick_ct_equal(a, b, 4));
    CHECK(wick_ct_equal(a, b, 3));
    wick_wipe(a, sizeof a);
    CHECK(wick_ct_is_zero(a, 4));
    CHECK(!wick_ct_is_zero(b, 4));
}

TEST(time_wraps)
{
    CHECK(wick_time_reached(5, 5));
    CHECK(!wick_time_reached(4, 5));
    CHECK(wick_time_reached(3, UINT64_MAX - 2));
    CHECK(wick_time_min(UINT64_MAX, 2) == UINT64_MAX);
}

TEST(status_texts)
{
    CHECK(strcmp(wick_status_str(WICK_E_PROOF_INCOMPLETE), "PROOF_INCOMPLETE") == 0);
    CHECK(strcmp(wick_status_str((wick_status)-99), "UNKNOWN") == 0);
#if WICK_STATUS_TEXT
    CHECK(strlen(wick_status_cause(WICK_E_TURN_LOST)) > 10);
    CHECK(strlen(wick_status_remedy(WICK_E_TURN_LOST)) > 10);
#else
    CHECK(strcmp(wick_status_cause(WICK_E_TURN_LOST), "TURN_LOST") == 0);
    CHECK(wick_status_remedy(WICK_E_TURN_LOST)[0] == '\0');
#endif
}

TAP_MAIN("unit.base", CASE(buf_counts_beyond_capacity), CASE(buf_measures_without_memory),
         CASE(buf_puts_zeros), CASE(span_of_text_stops_at_zero),
         CASE(reader_takes_each_kind), CASE(reader_latches_first_error), CASE(reader_refuses_trailing),
         CASE(addr_text_round_trip), CASE(addr_parse_refuses),
         CASE(addr_parse_stops_at_the_length), CASE(addr_same_net), CASE(addr_public), CASE(hex_strict),
         CASE(base64url_rfc4648_vectors), CASE(secrets), CASE(time_wraps), CASE(status_texts))
