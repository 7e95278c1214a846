/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoAP messages and options. Examples of RFC 7252 appendix A first, then each rule of sections 3 and
 * 5.4 with a message that breaks it.
 */
#include "tap.h"

#include "wick/coap.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})
#define SPAN(...) wick_span_make(BYTES(__VA_ARGS__), sizeof(BYTES(__VA_ARGS__)))
#define DECODE(m, ...) wick_coap_decode(m, SPAN(__VA_ARGS__))

static uint8_t bytes[2048];

static wick_span request_bytes(uint16_t id, wick_span token)
{
    wick_coap_build b;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_GET, id, token);
    wick_coap_put_list(&b, WICK_COAP_URI_PATH, wick_span_text("temperature"), '/');
    CHECK_STATUS(wick_coap_end(&b), WICK_OK);
    return wick_buf_span(&out);
}

static wick_span answer_bytes(wick_coap_type type, uint16_t id, wick_span token)
{
    wick_coap_build b;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_begin(&b, &out, type, WICK_COAP_CONTENT, id, token);
    wick_coap_put_payload(&b, wick_span_text("22.3 C"));
    CHECK_STATUS(wick_coap_end(&b), WICK_OK);
    return wick_buf_span(&out);
}

static const wick_span none = {NULL, 0};

/* ---- appendix A ---- */

TEST(figure_16_piggybacked)
{
    static const uint8_t ask[] = {0x40, 0x01, 0x7d, 0x34, 0xbb, 't', 'e', 'm', 'p',
                                  'e',  'r',  'a',  't',  'u',  'r', 'e'};
    static const uint8_t tell[] = {0x60, 0x45, 0x7d, 0x34, 0xff, '2', '2', '.', '3', ' ', 'C'};
    wick_span got = request_bytes(0x7d34, none);
    REQUIRE(got.len == sizeof ask);
    CHECK_MEM(got.ptr, ask, sizeof ask);
    got = answer_bytes(WICK_COAP_ACK, 0x7d34, none);
    REQUIRE(got.len == sizeof tell);
    CHECK_MEM(got.ptr, tell, sizeof tell);
    wick_coap_msg m;
    wick_coap_request r;
    REQUIRE_STATUS(wick_coap_decode(&m, wick_span_make(ask, sizeof ask)), WICK_OK);
    CHECK(wick_coap_is_request(&m) && m.type == WICK_COAP_CON && m.id == 0x7d34);
    CHECK_INT(wick_coap_request_read(&r, &m), 0);
    CHECK(wick_coap_path_is(&r, "temperature"));
    wick_coap_response a;
    REQUIRE_STATUS(wick_coap_decode(&m, wick_span_make(tell, sizeof tell)), WICK_OK);
    CHECK(wick_coap_is_response(&m) && m.type == WICK_COAP_ACK);
    REQUIRE_STATUS(wick_coap_response_read(&a, &m), WICK_OK);
    CHECK(a.code == WICK_COAP_CONTENT && a.payload.len == 6 && a.max_age_s == 60);
    CHECK_MEM(a.payload.ptr, "22.3 C", 6);
}

TEST(figure_17_token)
{
    static const uint8_t ask[] = {0x41, 0x01, 0x7d, 0x35, 0x20, 0xbb, 't', 'e', 'm', 'p',
                                  'e',  'r',  'a',  't',  'u',  'r',  'e'};
    static const uint8_t tell[] = {0x61, 0x45, 0x7d, 0x35, 0x20, 0xff, '2', '2', '.', '3', ' ', 'C'};
    wick_span got = request_bytes(0x7d35, SPAN(0x20));
    REQUIRE(got.len == sizeof ask);
    CHECK_MEM(got.ptr, ask, sizeof ask);
    got = answer_bytes(WICK_COAP_ACK, 0x7d35, SPAN(0x20));
    REQUIRE(got.len == sizeof tell);
    CHECK_MEM(got.ptr, tell, sizeof tell);
}

TEST(figure_20_separate)
{
    wick_coap_msg m;
    REQUIRE_STATUS(DECODE(&m, 0x60, 0x00, 0x7d, 0x38), WICK_OK);
    CHECK(m.code == WICK_COAP_EMPTY && m.type == WICK_COAP_ACK);
    CHECK(!wick_coap_is_request(&m) && !wick_coap_is_response(&m));
    REQUIRE_STATUS(DECODE(&m, 0x41, 0x45, 0xad, 0x7b, 0x53, 0xff, '2'), WICK_OK);
    CHECK(m.type == WICK_COAP_CON && m.token_len == 1 && m.token[0] == 0x53);
}

TEST(figure_22_non_confirmable)
{
    wick_coap_msg m;
    REQUIRE_STATUS(DECODE(&m, 0x51, 0x01, 0x7d, 0x40, 0x75, 0xb1, 't'), WICK_OK);
    CHECK(m.type == WICK_COAP_NON && m.token[0] == 0x75);
}

/* ---- section 3 ---- */

TEST(header_rules)
{
    wick_coap_msg m;
    CHECK_STATUS(DECODE(&m, 0x40, 0x00, 0x12), WICK_E_TRUNCATED);
    CHECK_STATUS(wick_coap_decode(&m, none), WICK_E_TRUNCATED);
    CHECK_STATUS(DECODE(&m, 0x00, 0x01, 0x12, 0x34), WICK_E_UNSUPPORTED);
    CHECK_STATUS(DECODE(&m, 0x80, 0x01, 0x12, 0x34), WICK_E_UNSUPPORTED);
    CHECK_STATUS(DECODE(&m, 0xc0, 0x01, 0x12, 0x34), WICK_E_UNSUPPORTED);
    CHECK_STATUS(DECODE(&m, 0x48, 0x01, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8), WICK_OK);
    CHECK_STATUS(DECODE(&m, 0x48, 0x01, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7), WICK_E_TRUNCATED);
    CHECK(m.id == 0x1234 && m.token_len == 0); /* zeroed but for what an RST needs */
    for (uint8_t len = 9; len < 16; len++) {
        CHECK_STATUS(DECODE(&m, (uint8_t)(0x40 | len), 0x01, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                            10, 11, 12, 13, 14, 15), WICK_E_MALFORMED);
    }
}

TEST(empty_has_nothing_behind_the_header)
{
    wick_coap_msg m;
    CHECK_STATUS(DECODE(&m, 0x40, 0x00, 0x12, 0x34), WICK_OK);
    CHECK_STATUS(DECODE(&m, 0x40, 0x00, 0x12, 0x34, 0x00), WICK_E_MALFORMED);
    CHECK_STATUS(DECODE(&m, 0x41, 0x00, 0x12, 0x34, 0x20), WICK_E_MALFORMED);
    CHECK_STATUS(DECODE(&m, 0x41, 0x00, 0x12, 0x34), WICK_E_MALFORMED);
    CHECK_STATUS(DECODE(&m, 0x60, 0x00, 0x12, 0x34, 0xff, 1), WICK_E_MALFORMED);
}

/* Table 1, and the classes of section 12.1. */
TEST(codes_that_go_with_types)
{
    wick_coap_msg m;
    for (unsigned type = 0; type < 4; type++) {
        for (unsigned code = 0; code < 256; code++) {
            unsigned c = code >> 5;
            bool good = c == 2 || c == 4 || c == 5;
            good = code == 0 ? type != 1 : c == 0 ? type < 2 : good && type != 3;
            CHECK_STATUS(DECODE(&m, (uint8_t)(0x40 | type << 4), (uint8_t)code, 0x12, 0x34),
                         good ? WICK_OK : WICK_E_MALFORMED);
            wick_coap_build b;
            wick_buf out = wick_buf_make(bytes, sizeof bytes);
            wick_coap_begin(&b, &out, (wick_coap_type)type, (uint8_t)code, 1, none);
            CHECK_STATUS(wick_coap_end(&b), good ? WICK_OK : WICK_E_BAD_ARG);
        }
    }
}

TEST(option_format)
{
    wick_coap_msg m;
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xf0), WICK_E_MALFORMED);       /* delta 15 */
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0x0f), WICK_E_MALFORMED);       /* length 15 */
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xd0), WICK_E_TRUNCATED);       /* no extension */
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xe0, 0), WICK_E_TRUNCATED);
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0x0d), WICK_E_TRUNCATED);
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xb2, 'a'), WICK_E_TRUNCATED);  /* value too short */
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xbe, 0, 0), WICK_E_TRUNCATED);
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xff), WICK_E_MALFORMED);       /* marker alone */
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xb1, 'a', 0xff), WICK_E_MALFORMED);
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xb1, 'a', 0xff, 0xff), WICK_OK);
    CHECK_INT(m.options.len, 2);
    CHECK_INT(m.payload.len, 1);
    /* 269 + 65266 is the highest number there is */
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xe0, 0xfe, 0xf2), WICK_OK);
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xe0, 0xfe, 0xf3), WICK_E_MALFORMED);
    CHECK_STATUS(DECODE(&m, 0x40, 1, 0, 1, 0xe0, 0xfe, 0xf2, 0x10), WICK_E_MALFORMED);
}

/* Each size of delta and length, written and read again. */
TEST(option_extensions)
{
    static const uint16_t numbers[] = {0, 12, 13, 268, 269, 1000, 65535};
    static const size_t lens[] = {0, 12, 13, 268, 269, 600};
    static const uint8_t value[600] = {7};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        for (size_t k = 0; k < sizeof lens / sizeof lens[0]; k++) {
            wick_coap_build b;
            wick_coap_msg m;
            wick_coap_option o = {0, {NULL, 0}};
            wick_buf out = wick_buf_make(bytes, sizeof bytes);
            wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_POST, 1, none);
            wick_coap_put(&b, numbers[i], wick_span_make(value, lens[k]));
            wick_coap_put(&b, numbers[i], wick_span_make(value, 1));
            REQUIRE_STATUS(wick_coap_end(&b), WICK_OK);
            REQUIRE_STATUS(wick_coap_decode(&m, wick_buf_span(&out)), WICK_OK);
            wick_span rest = m.options;
            REQUIRE(wick_coap_next(&o, &rest));
            CHECK(o.number == numbers[i] && o.value.len == lens[k]);
            REQUIRE(wick_coap_next(&o, &rest));
            CHECK(o.number == numbers[i] && o.value.len == 1);
            CHECK(!wick_coap_next(&o, &rest));
        }
    }
}

TEST(writer_refuses)
{
    wick_coap_build b;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    static const uint8_t nine[9] = {0};
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_GET, 1, wick_span_make(nine, 9));
    CHECK_STATUS(wick_coap_end(&b), WICK_E_BAD_ARG);
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_GET, 1, none);
    wick_coap_put_uint(&b, WICK_COAP_URI_QUERY, 1);
    wick_coap_put_uint(&b, WICK_COAP_URI_PATH, 1); /* out of order */
    CHECK_STATUS(wick_coap_end(&b), WICK_E_BAD_ARG);
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_GET, 1, none);
    wick_coap_put_payload(&b, wick_span_text("a"));
    wick_coap_put_uint(&b, WICK_COAP_URI_PATH, 1); /* behind the payload */
    CHECK_STATUS(wick_coap_end(&b), WICK_E_BAD_ARG);
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_GET, 1, none);
    wick_coap_put_payload(&b, wick_span_text("a"));
    wick_coap_put_payload(&b, wick_span_text("a"));
    CHECK_STATUS(wick_coap_end(&b), WICK_E_BAD_ARG);
    out = wick_buf_make(bytes, 6);
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_GET, 1, none);
    wick_coap_put(&b, WICK_COAP_URI_PATH, wick_span_text("ab"));
    CHECK_STATUS(wick_coap_end(&b), WICK_E_NO_SPACE);
}

/* ---- section 5.4 and 5.10 ---- */

static uint8_t refusal(uint16_t number, const uint8_t *value, size_t len, unsigned times)
{
    wick_coap_build b;
    wick_coap_msg m;
    wick_coap_request r;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_GET, 1, none);
    for (unsigned i = 0; i < times; i++) {
        wick_coap_put(&b, number, wick_span_make(value, len));
    }
    CHECK_STATUS(wick_coap_end(&b), WICK_OK);
    CHECK_STATUS(wick_coap_decode(&m, wick_buf_span(&out)), WICK_OK);
    return wick_coap_request_read(&r, &m);
}

TEST(critical_and_elective)
{
    static const uint8_t v[1100] = {0};
    CHECK_INT(refusal(9, v, 0, 1), WICK_COAP_BAD_OPTION);   /* nobody knows it: odd, critical */
    CHECK_INT(refusal(10, v, 0, 1), 0);                     /* even, elective */
    CHECK_INT(refusal(2049, v, 3, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(2048, v, 3, 1), 0);
    CHECK_INT(refusal(WICK_COAP_IF_MATCH, v, 0, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_IF_NONE_MATCH, v, 0, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_PROXY_URI, v, 1034, 1), WICK_COAP_NO_PROXY);
    CHECK_INT(refusal(WICK_COAP_PROXY_URI, v, 1035, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_PROXY_SCHEME, v, 4, 1), WICK_COAP_NO_PROXY);
    CHECK_INT(refusal(WICK_COAP_BLOCK1, v, 1, 1), WICK_COAP_TOO_LARGE);
    CHECK_INT(refusal(WICK_COAP_URI_HOST, v, 1, 1), 0);
    CHECK_INT(refusal(WICK_COAP_URI_HOST, v, 0, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_URI_HOST, v, 256, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_URI_HOST, v, 1, 2), WICK_COAP_BAD_OPTION); /* twice */
    CHECK_INT(refusal(WICK_COAP_URI_PORT, v, 2, 1), 0);
    CHECK_INT(refusal(WICK_COAP_URI_PORT, v, 3, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_URI_PATH, v, 255, 1), 0);
    CHECK_INT(refusal(WICK_COAP_URI_PATH, v, 256, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_URI_PATH, v, 1, WICK_COAP_SEGMENTS_MAX), 0);
    CHECK_INT(refusal(WICK_COAP_URI_PATH, v, 1, WICK_COAP_SEGMENTS_MAX + 1), WICK_COAP_BAD_REQUEST);
    CHECK_INT(refusal(WICK_COAP_URI_QUERY, v, 1, WICK_COAP_SEGMENTS_MAX), 0);
    CHECK_INT(refusal(WICK_COAP_URI_QUERY, v, 1, WICK_COAP_SEGMENTS_MAX + 1),
              WICK_COAP_BAD_REQUEST);
    CHECK_INT(refusal(WICK_COAP_ACCEPT, v, 2, 1), 0);
    CHECK_INT(refusal(WICK_COAP_ACCEPT, v, 3, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_ACCEPT, v, 1, 2), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_CONTENT_FORMAT, v, 3, 1), 0); /* elective: skipped */
    CHECK_INT(refusal(WICK_COAP_CONTENT_FORMAT, v, 1, 2), 0);
    CHECK_INT(refusal(WICK_COAP_SIZE1, v, 4, 1), 0);
    CHECK_INT(refusal(WICK_COAP_BLOCK2, BYTES(0x16), 1, 1), 0);
    CHECK_INT(refusal(WICK_COAP_BLOCK2, BYTES(0x1e), 1, 1), WICK_COAP_BAD_REQUEST); /* more */
    CHECK_INT(refusal(WICK_COAP_BLOCK2, BYTES(0x17), 1, 1), WICK_COAP_BAD_REQUEST); /* size 7 */
    CHECK_INT(refusal(WICK_COAP_BLOCK2, v, 4, 1), WICK_COAP_BAD_OPTION);
    CHECK_INT(refusal(WICK_COAP_BLOCK2, v, 1, 2), WICK_COAP_BAD_OPTION);
}

TEST(request_fields)
{
    wick_coap_build b;
    wick_coap_msg m;
    wick_coap_request r;
    wick_span value;
    wick_coap_block block = {true, false, 4, 0x12345};
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_POST, 1, none);
    wick_coap_put_list(&b, WICK_COAP_URI_PATH, wick_span_text("dpk/send"), '/');
    wick_coap_put_uint(&b, WICK_COAP_CONTENT_FORMAT, WICK_COAP_OCTETS);
    wick_coap_put_list(&b, WICK_COAP_URI_QUERY, wick_span_text("peer=gw-b/echo@x&a=&b&a=1"), '&');
    wick_coap_put_uint(&b, WICK_COAP_ACCEPT, WICK_COAP_TEXT);
    wick_coap_put_uint(&b, WICK_COAP_BLOCK2, wick_coap_block_value(&block));
    wick_coap_put_payload(&b, wick_span_text("xyz"));
    REQUIRE_STATUS(wick_coap_end(&b), WICK_OK);
    REQUIRE_STATUS(wick_coap_decode(&m, wick_buf_span(&out)), WICK_OK);
    REQUIRE(wick_coap_request_read(&r, &m) == 0);
    CHECK(r.method == WICK_COAP_POST && r.payload.len == 3);
    CHECK(r.has_content_format && r.content_format == 42 && r.has_accept && r.accept == 0);
    CHECK(r.block2.given && r.block2.num == 0x12345 && r.block2.szx == 4 && !r.block2.more);
    CHECK(wick_coap_path_is(&r, "dpk/send"));
    CHECK(!wick_coap_path_is(&r, "dpk"));
    CHECK(!wick_coap_path_is(&r, "dpk/send/x"));
    CHECK(!wick_coap_path_is(&r, "dpk/sene"));
    CHECK(!wick_coap_path_is(&r, ""));
    CHECK(wick_coap_query(&value, &r, "peer") && value.len == 11);
    CHECK_MEM(value.ptr, "gw-b/echo@x", 11);
    CHECK(!wick_coap_query(&value, &r, "pee"));
    CHECK(!wick_coap_query(&value, &r, "b"));
    CHECK(!wick_coap_query(&value, &r, "a")); /* twice */
    CHECK(!wick_coap_query(&value, &r, "peers"));
}

TEST(response_fields)
{
    wick_coap_build b;
    wick_coap_msg m;
    wick_coap_response r;
    static const uint16_t critical[] = {WICK_COAP_URI_PATH, WICK_COAP_BLOCK1, 9, WICK_COAP_ACCEPT};
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_coap_begin(&b, &out, WICK_COAP_ACK, WICK_COAP_UNAVAILABLE, 1, none);
    wick_coap_put(&b, WICK_COAP_ETAG, wick_span_text("tag"));
    wick_coap_put_uint(&b, WICK_COAP_CONTENT_FORMAT, 42);
    wick_coap_put_uint(&b, WICK_COAP_MAX_AGE, 300);
    wick_coap_put_uint(&b, WICK_COAP_BLOCK2, 0x1e);
    REQUIRE_STATUS(wick_coap_end(&b), WICK_OK);
    REQUIRE_STATUS(wick_coap_decode(&m, wick_buf_span(&out)), WICK_OK);
    REQUIRE_STATUS(wick_coap_response_read(&r, &m), WICK_OK);
    CHECK(r.etag_len == 3 && r.has_max_age && r.max_age_s == 300);
    CHECK(r.has_content_format && r.content_format == 42);
    CHECK(r.block2.given && r.block2.more && r.block2.num == 1 && r.block2.szx == 6);
    for (size_t i = 0; i < sizeof critical / sizeof critical[0]; i++) {
        out.len = 0;
        wick_coap_begin(&b, &out, WICK_COAP_ACK, WICK_COAP_CONTENT, 1, none);
        wick_coap_put_uint(&b, critical[i], 1);
        REQUIRE_STATUS(wick_coap_decode(&m, wick_buf_span(&out)), WICK_OK);
        CHECK_STATUS(wick_coap_response_read(&r, &m), WICK_E_COAP_OPTION);
    }
    static const uint8_t reserved[] = {0x60, 0x45, 0, 1, 0xd1, 10, 0x07}; /* Block2, size 7 */
    REQUIRE_STATUS(wick_coap_decode(&m, wick_span_make(reserved, sizeof reserved)), WICK_OK);
    CHECK_STATUS(wick_coap_response_read(&r, &m), WICK_E_COAP_OPTION);
}

/* RFC 9175 section 2.2.1: 1 to 40 bytes, once, elective. */
TEST(echo)
{
    static const struct {
        size_t len, want;
        unsigned times;
    } c[] = {{0, 0, 1}, {1, 1, 1}, {40, 40, 1}, {41, 0, 1}, {8, 8, 2}};
    static const uint8_t value[41] = {1, 2, 3};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        wick_coap_build b;
        wick_coap_msg m;
        wick_coap_request q;
        wick_coap_response r;
        wick_buf out = wick_buf_make(bytes, sizeof bytes);
        wick_coap_begin(&b, &out, WICK_COAP_CON, WICK_COAP_UNAUTHORIZED, 1, none);
        for (unsigned n = 0; n < c[i].times; n++) {
            wick_coap_put(&b, WICK_COAP_ECHO, wick_span_make(value, c[i].len));
        }
        REQUIRE_STATUS(wick_coap_end(&b), WICK_OK);
        REQUIRE_STATUS(wick_coap_decode(&m, wick_buf_span(&out)), WICK_OK);
        REQUIRE_STATUS(wick_coap_response_read(&r, &m), WICK_OK);
        REQUIRE(wick_coap_request_read(&q, &m) == 0);
        CHECK_INT(r.echo.len, c[i].want);
        CHECK_INT(q.echo.len, c[i].want);
        CHECK(memcmp(c[i].want == 0 ? value : q.echo.ptr, value, c[i].want) == 0);
    }
}

/* RFC 7959 section 2.4: blocks of a body. */
TEST(blocks)
{
    static uint8_t body[2500];
    wick_coap_request q;
    wick_coap_response r;
    memset(&q, 0, sizeof q);
    memset(&r, 0, sizeof r);
    CHECK_INT(wick_coap_slice(&r, &q, wick_span_make(body, 1024)), 0);
    CHECK(!r.block2.given && r.payload.len == 1024);
    CHECK_INT(wick_coap_slice(&r, &q, wick_span_make(body, 1025)), 0);
    CHECK(r.block2.given && r.block2.more && r.block2.num == 0 && r.payload.len == 1024);
    q.block2 = (wick_coap_block){true, false, 6, 2};
    CHECK_INT(wick_coap_slice(&r, &q, wick_span_make(body, sizeof body)), 0);
    CHECK(!r.block2.more && r.payload.len == 452 && r.payload.ptr == body + 2048);
    q.block2.num = 3;
    CHECK_INT(wick_coap_slice(&r, &q, wick_span_make(body, sizeof body)), WICK_COAP_BAD_REQUEST);
    q.block2 = (wick_coap_block){true, false, 0, 0xfffff};
    CHECK_INT(wick_coap_slice(&r, &q, wick_span_make(body, sizeof body)), WICK_COAP_BAD_REQUEST);
    q.block2 = (wick_coap_block){true, false, 2, 1};
    CHECK_INT(wick_coap_slice(&r, &q, wick_span_make(body, 128)), 0);
    CHECK(!r.block2.more && r.payload.len == 64);
    q.block2 = (wick_coap_block){true, false, 2, 0};
    CHECK_INT(wick_coap_slice(&r, &q, wick_span_make(body, 0)), 0);
    CHECK(r.block2.given && !r.block2.more && r.payload.len == 0);
}

TAP_MAIN("unit.coap", CASE(figure_16_piggybacked), CASE(figure_17_token), CASE(figure_20_separate),
         CASE(figure_22_non_confirmable), CASE(header_rules),
         CASE(empty_has_nothing_behind_the_header), CASE(codes_that_go_with_types),
         CASE(option_format), CASE(option_extensions), CASE(writer_refuses), CASE(echo),
         CASE(critical_and_elective), CASE(request_fields), CASE(response_fields), CASE(blocks))
