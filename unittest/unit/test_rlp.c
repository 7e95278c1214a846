/* SPDX-License-Identifier: Apache-2.0 */
/* wick/rlp.h: one form of each item, errors latch, nothing outside the span is read. */
#include "wick/rlp.h"

#include "tap.h"

#define SPAN(...)                                                                                  \
    wick_span_make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static wick_status check_bytes(const uint8_t *p, size_t len)
{
    return wick_rlp_check(wick_span_make(p, len));
}

#define CHECK_RLP(want, ...)                                                                       \
    do {                                                                                           \
        static const uint8_t in_[] = {__VA_ARGS__};                                                \
        CHECK_STATUS(check_bytes(in_, sizeof in_), (want));                                        \
    } while (0)

TEST(canonical_items_pass)
{
    CHECK_RLP(WICK_OK, 0x00);
    CHECK_RLP(WICK_OK, 0x7f);
    CHECK_RLP(WICK_OK, 0x80);
    CHECK_RLP(WICK_OK, 0x81, 0x80);
    CHECK_RLP(WICK_OK, 0x83, 'd', 'o', 'g');
    CHECK_RLP(WICK_OK, 0xc0);
    CHECK_RLP(WICK_OK, 0xc8, 0x83, 'c', 'a', 't', 0x83, 'd', 'o', 'g');
    CHECK_RLP(WICK_OK, 0xc7, 0xc0, 0xc1, 0xc0, 0xc3, 0xc0, 0xc1, 0xc0);
}

TEST(non_canonical_lengths_are_refused)
{
    static uint8_t m[60];
    CHECK_RLP(WICK_E_NON_CANONICAL, 0x81, 0x00);       /* a byte below 0x80 is itself */
    CHECK_RLP(WICK_E_NON_CANONICAL, 0x81, 0x7f);
    CHECK_RLP(WICK_E_NON_CANONICAL, 0xb8, 0x01, 0x00); /* long form of a short string */
    CHECK_RLP(WICK_E_NON_CANONICAL, 0xb9, 0x00, 0x38); /* zero in front of the length */
    CHECK_RLP(WICK_E_NON_CANONICAL, 0xf8, 0x01, 0xc0);
    CHECK_RLP(WICK_E_NON_CANONICAL, 0xf8, 0x00);
    CHECK_RLP(WICK_E_NON_CANONICAL, 0xc2, 0x81, 0x05); /* inside a list */
    m[0] = 0xb8;
    m[1] = 55;
    CHECK_STATUS(check_bytes(m, 57), WICK_E_NON_CANONICAL);
    m[1] = 56;
    CHECK_STATUS(check_bytes(m, 58), WICK_OK);
    m[0] = 0xf8;
    CHECK_STATUS(check_bytes(m, 58), WICK_OK); /* 56 items of one byte 0 */
    m[1] = 55;
    CHECK_STATUS(check_bytes(m, 57), WICK_E_NON_CANONICAL);
}

TEST(truncation_is_refused_at_each_length)
{
    static const uint8_t in[] = {0xcb, 0x84, 1, 2, 3, 4, 0xc5, 0x83, 7, 8, 9, 0xc0};
    for (size_t n = 0; n < sizeof in; n++) {
        CHECK_STATUS(check_bytes(in, n), WICK_E_TRUNCATED);
    }
    CHECK_STATUS(check_bytes(in, sizeof in), WICK_OK);
    CHECK_STATUS(check_bytes(NULL, 0), WICK_E_TRUNCATED);
    CHECK_RLP(WICK_E_TRUNCATED, 0xb8);
    CHECK_RLP(WICK_E_TRUNCATED, 0xb9, 0x01);
    CHECK_RLP(WICK_E_TRUNCATED, 0xc2, 0x82, 0x01); /* the string leaves its list */
}

/* Lengths near 2^64 and 2^32 must not wrap into small ones. */
TEST(huge_lengths_do_not_wrap)
{
    CHECK_RLP(WICK_E_TRUNCATED, 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    CHECK_RLP(WICK_E_TRUNCATED, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7, 1);
    CHECK_RLP(WICK_E_TRUNCATED, 0xbb, 0xff, 0xff, 0xff, 0xff, 1);
    CHECK_RLP(WICK_E_TRUNCATED, 0xfb, 0xff, 0xff, 0xff, 0xfb, 1);
    CHECK_RLP(WICK_E_TRUNCATED, 0xbc, 0x01, 0x00, 0x00, 0x00, 0x38, 1);
}

TEST(trailing_bytes_are_refused)
{
    CHECK_RLP(WICK_E_TRAILING, 0x80, 0x80);
    CHECK_RLP(WICK_E_TRAILING, 0xc0, 0x00);
    CHECK_RLP(WICK_E_TRAILING, 0x01, 0x02);
}

TEST(depth_is_bounded)
{
    uint8_t m[WICK_RLP_DEPTH_MAX + 1];
    /* n lists within each other: c0, c1 c0, c2 c1 c0, ... */
    for (size_t i = 0; i < sizeof m; i++) {
        m[sizeof m - 1 - i] = (uint8_t)(0xc0 + i);
    }
    CHECK_STATUS(check_bytes(m + 1, WICK_RLP_DEPTH_MAX), WICK_OK);
    CHECK_STATUS(check_bytes(m, sizeof m), WICK_E_LIMIT);
    wick_rlp r[WICK_RLP_DEPTH_MAX + 2];
    r[0] = wick_rlp_make(wick_span_make(m, sizeof m));
    for (size_t i = 0; i <= WICK_RLP_DEPTH_MAX; i++) {
        r[i + 1] = wick_rlp_list(&r[i]);
    }
    CHECK_STATUS(r[WICK_RLP_DEPTH_MAX].status, WICK_E_LIMIT);
    CHECK_STATUS(r[WICK_RLP_DEPTH_MAX + 1].status, WICK_E_LIMIT);
}

TEST(typed_reads)
{
    static const uint8_t in[] = {0xd5, 0x05, 0x82, 0x01, 0x00, 0x80, 0x84, 0xde, 0xad, 0xbe,
                                 0xef, 0xc2, 0x01, 0x02, 0x83, 'a',  'b',  'c',  0x83, 1,
                                 2,    3};
    uint8_t word[32], fixed[4];
    wick_rlp r = wick_rlp_make(wick_span_make(in, sizeof in));
    CHECK_INT(wick_rlp_peek(&r), WICK_RLP_LIST);
    wick_rlp l = wick_rlp_list(&r);
    CHECK_INT(wick_rlp_peek(&r), WICK_RLP_NONE);
    CHECK_INT(wick_rlp_peek(&l), WICK_RLP_STRING);
    CHECK_INT(wick_rlp_u64(&l), 5);
    CHECK_INT(wick_rlp_u64(&l), 256);
    CHECK_INT(wick_rlp_u64(&l), 0);
    wick_rlp_fixed(&l, fixed, 4);
    CHECK_INT(wick_load_be32(fixed), 0xdeadbeefll);
    wick_span raw = wick_rlp_raw(&l);
    CHECK_INT(raw.len, 3);
    CHECK_INT(raw.ptr[0], 0xc2);
    wick_span s = wick_rlp_string(&l);
    CHECK(s.len == 3 && memcmp(s.ptr, "abc", 3) == 0);
    wick_rlp_uint(&l, word, 32);
    CHECK(wick_ct_is_zero(word, 29) && word[29] == 1 && word[31] == 3);
    CHECK(wick_rlp_at_end(&l));
    wick_rlp_close(&r, &l);
    CHECK_STATUS(wick_rlp_end(&r), WICK_OK);
}

/* One read too many, of each kind, on a list that is at its end. */
TEST(reading_past_the_end)
{
    static const uint8_t in[] = {0xc0};
    for (int kind = 0; kind < 6; kind++) {
        uint8_t word[32] = {9};
        wick_rlp r = wick_rlp_make(wick_span_make(in, sizeof in));
        wick_rlp l = wick_rlp_list(&r);
        switch (kind) {
        case 0:
            CHECK(wick_rlp_string(&l).ptr == NULL);
            break;
        case 1:
            wick_rlp_fixed(&l, word, 32);
            CHECK(wick_ct_is_zero(word, 32));
            break;
        case 2:
            CHECK(wick_rlp_u64(&l) == 0);
            break;
        case 3:
            wick_rlp_uint(&l, word, 32);
            CHECK(wick_ct_is_zero(word, 32));
            break;
        case 4:
            CHECK(wick_rlp_raw(&l).ptr == NULL);
            break;
        default:
            CHECK_STATUS(wick_rlp_list(&l).status, WICK_E_TRUNCATED);
            break;
        }
        wick_rlp_close(&r, &l);
        CHECK_STATUS(wick_rlp_end(&r), WICK_E_TRUNCATED);
    }
}

TEST(kinds_and_sizes_are_checked)
{
    wick_rlp r = wick_rlp_make(SPAN(0xc0));
    (void)wick_rlp_string(&r);
    CHECK_STATUS(r.status, WICK_E_MALFORMED);
    r = wick_rlp_make(SPAN(0x80));
    CHECK_STATUS(wick_rlp_list(&r).status, WICK_E_MALFORMED);
    CHECK_STATUS(r.status, WICK_E_MALFORMED);
    r = wick_rlp_make(SPAN(0x82, 1, 2));
    CHECK(wick_rlp_fixed_view(&r, 3) == NULL);
    CHECK_STATUS(r.status, WICK_E_MALFORMED);
    r = wick_rlp_make(SPAN(0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    CHECK(wick_rlp_u64(&r) == 0);
    CHECK_STATUS(r.status, WICK_E_MALFORMED);
    r = wick_rlp_make(SPAN(0x88, 1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(wick_rlp_u64(&r) == UINT64_C(0x0102030405060708));
    CHECK_STATUS(wick_rlp_end(&r), WICK_OK);
}

TEST(integers_have_no_leading_zero)
{
    wick_rlp r = wick_rlp_make(SPAN(0x00));
    CHECK(wick_rlp_u64(&r) == 0);
    CHECK_STATUS(r.status, WICK_E_NON_CANONICAL);
    r = wick_rlp_make(SPAN(0x82, 0x00, 0x80));
    CHECK(wick_rlp_u64(&r) == 0);
    CHECK_STATUS(r.status, WICK_E_NON_CANONICAL);
}

/* The first error stays, through further reads, close and end. */
TEST(errors_latch)
{
    uint8_t word[32];
    wick_rlp r = wick_rlp_make(SPAN(0xc4, 0x81, 0x01, 0x02, 0x03));
    wick_rlp l = wick_rlp_list(&r);
    CHECK(wick_rlp_u64(&l) == 0);
    CHECK_STATUS(l.status, WICK_E_NON_CANONICAL);
    CHECK(wick_rlp_u64(&l) == 0);
    wick_rlp_fixed(&l, word, 32);
    CHECK(wick_rlp_at_end(&l));
    CHECK_INT(wick_rlp_peek(&l), WICK_RLP_NONE);
    CHECK_STATUS(l.status, WICK_E_NON_CANONICAL);
    wick_rlp_close(&r, &l);
    CHECK_STATUS(wick_rlp_end(&r), WICK_E_NON_CANONICAL);
}

TEST(unread_items_are_trailing)
{
    wick_rlp r = wick_rlp_make(SPAN(0xc2, 0x01, 0x02, 0x03));
    wick_rlp l = wick_rlp_list(&r);
    CHECK_INT(wick_rlp_u64(&l), 1);
    wick_rlp_close(&r, &l);
    CHECK_STATUS(r.status, WICK_E_TRAILING);
    r = wick_rlp_make(SPAN(0xc0, 0x03));
    l = wick_rlp_list(&r);
    wick_rlp_close(&r, &l);
    CHECK_STATUS(r.status, WICK_OK);
    CHECK_STATUS(wick_rlp_end(&r), WICK_E_TRAILING);
}

TEST(writer_makes_canonical_items)
{
    static const uint8_t want[] = {0xd7, 0x80, 0x05, 0x81, 0x80, 0x82, 0x01, 0x00, 0x80,
                                   0x83, 'd',  'o',  'g',  0xc7, 0xc0, 0xc1, 0xc0, 0xc3,
                                   0xc0, 0xc1, 0xc0, 0x7f, 0x81, 0x80};
    static const uint8_t zeros[4] = {0, 0, 1, 0};
    uint8_t m[64];
    wick_buf b = wick_buf_make(m, sizeof m);
    size_t outer = wick_rlp_open(&b);
    wick_rlp_put_u64(&b, 0);
    wick_rlp_put_u64(&b, 5);
    wick_rlp_put_u64(&b, 128);
    wick_rlp_put_uint(&b, zeros, 4);
    wick_rlp_put_uint(&b, zeros, 2);
    wick_rlp_put(&b, (const uint8_t *)"dog", 3);
    size_t three = wick_rlp_open(&b); /* [ [], [[]], [[], [[]]] ] */
    wick_rlp_shut(&b, wick_rlp_open(&b));
    size_t second = wick_rlp_open(&b);
    wick_rlp_shut(&b, wick_rlp_open(&b));
    wick_rlp_shut(&b, second);
    size_t third = wick_rlp_open(&b);
    wick_rlp_shut(&b, wick_rlp_open(&b));
    size_t inner = wick_rlp_open(&b);
    wick_rlp_shut(&b, wick_rlp_open(&b));
    wick_rlp_shut(&b, inner);
    wick_rlp_shut(&b, third);
    wick_rlp_shut(&b, three);
    wick_rlp_put(&b, (const uint8_t *)"\x7f", 1);
    wick_rlp_put(&b, (const uint8_t *)"\x80", 1);
    wick_rlp_shut(&b, outer);
    REQUIRE_STATUS(wick_buf_status(&b), WICK_OK);
    REQUIRE(b.len == sizeof want);
    CHECK_MEM(m, want, sizeof want);
    CHECK_STATUS(wick_rlp_check(wick_buf_span(&b)), WICK_OK);
}

/* Payloads around the border of the short form and of one length byte; measuring agrees with
 * writing, and a buffer one byte short says so. */
TEST(writer_lengths)
{
    static const size_t lens[] = {0, 2, 54, 55, 56, 57, 255, 256, 257, 1000};
    static const size_t headers[] = {1, 1, 1, 1, 2, 2, 2, 3, 3, 3};
    static uint8_t data[1000], m[1100];
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        wick_buf b = wick_buf_make(m, sizeof m), measure = wick_buf_make(NULL, 0);
        wick_buf *both[2] = {&b, &measure};
        for (size_t k = 0; k < 2; k++) {
            size_t at = wick_rlp_open(both[k]);
            wick_rlp_put(both[k], data, lens[i]);
            wick_rlp_shut(both[k], at);
        }
        CHECK_INT(b.len, measure.len);
        CHECK_STATUS(wick_rlp_check(wick_buf_span(&b)), WICK_OK);
        wick_rlp r = wick_rlp_make(wick_buf_span(&b));
        wick_rlp l = wick_rlp_list(&r);
        CHECK_INT(wick_rlp_string(&l).len, lens[i]);
        wick_rlp_close(&r, &l);
        CHECK_STATUS(wick_rlp_end(&r), WICK_OK);

        wick_buf plain = wick_buf_make(NULL, 0);
        wick_rlp_put_list_header(&plain, lens[i]);
        CHECK_INT(plain.len, headers[i]);
        wick_rlp_put_string_header(&plain, lens[i]);
        CHECK_INT(plain.len, 2 * headers[i]);

        wick_buf tight = wick_buf_make(m, b.len - 1);
        size_t at = wick_rlp_open(&tight);
        wick_rlp_put(&tight, data, lens[i]);
        wick_rlp_shut(&tight, at);
        CHECK_STATUS(wick_buf_status(&tight), WICK_E_NO_SPACE);
        CHECK_INT(tight.len, b.len);
    }
}

TAP_MAIN("unit.rlp", CASE(canonical_items_pass), CASE(non_canonical_lengths_are_refused),
         CASE(truncation_is_refused_at_each_length), CASE(huge_lengths_do_not_wrap),
         CASE(trailing_bytes_are_refused), CASE(depth_is_bounded), CASE(typed_reads),
         CASE(reading_past_the_end), CASE(kinds_and_sizes_are_checked),
         CASE(integers_have_no_leading_zero), CASE(errors_latch), CASE(unread_items_are_trailing),
         CASE(writer_makes_canonical_items), CASE(writer_lengths))
