/* SPDX-License-Identifier: Apache-2.0 */
/* wick/stun.h without cryptography: RFC 8489 sections 5 and 14, RFC 8656 sections 12.4 and 18. */
#include "wick/stun.h"

#include "tap.h"

static const uint8_t tid[WICK_STUN_TID_BYTES] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
                                                 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

static wick_span span(const void *p, size_t len)
{
    return wick_span_make((const uint8_t *)p, len);
}

static wick_addr v6(uint8_t last, uint16_t port)
{
    wick_addr a;
    memset(&a, 0, sizeof a);
    a.ip[0] = 0x20;
    a.ip[1] = 0x01;
    a.ip[15] = last;
    a.port = port;
    return a;
}

/* A message with one value of each shape, for the negative cases. */
static void begin_sample(wick_stun_build *s, wick_buf *b)
{
    wick_addr peer = wick_addr_v4(192, 0, 2, 1, 32853), other = v6(9, 7);
    wick_stun_begin(s, b, WICK_STUN_CREATE_PERMISSION, WICK_STUN_REQUEST, tid);
    wick_stun_put_addr(s, WICK_STUN_XOR_PEER_ADDRESS, &peer);
    wick_stun_put_addr(s, WICK_STUN_XOR_RELAYED_ADDRESS, &other);
    wick_stun_put(s, WICK_STUN_USERNAME, span("abcde", 5));
    wick_stun_put_u32(s, WICK_STUN_LIFETIME, 600);
    wick_stun_put(s, WICK_STUN_DATA_ATTR, span("", 0));
    wick_stun_put_error(s, 438, "Stale Nonce");
    wick_stun_put_fingerprint(s);
}

static size_t sample(uint8_t *out, size_t cap)
{
    wick_buf b = wick_buf_make(out, cap);
    wick_stun_build s;
    begin_sample(&s, &b);
    CHECK_STATUS(wick_stun_end(&s), WICK_OK);
    return b.len;
}

TEST(round_trip)
{
    uint8_t m[256];
    wick_stun_msg v;
    wick_addr a;
    uint32_t n;
    uint16_t code;
    wick_span reason;
    size_t len = sample(m, sizeof m);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, len)), WICK_OK);
    CHECK_INT(v.method, WICK_STUN_CREATE_PERMISSION);
    CHECK_INT(v.cls, WICK_STUN_REQUEST);
    CHECK_INT(v.len, len);
    CHECK_INT(v.unknown_count, 0);
    CHECK_MEM(wick_stun_tid(&v), tid, sizeof tid);
    REQUIRE_STATUS(wick_stun_get_addr(&a, &v, WICK_STUN_XOR_PEER_ADDRESS), WICK_OK);
    wick_addr want = wick_addr_v4(192, 0, 2, 1, 32853);
    CHECK(wick_addr_equal(&a, &want));
    REQUIRE_STATUS(wick_stun_get_addr(&a, &v, WICK_STUN_XOR_RELAYED_ADDRESS), WICK_OK);
    want = v6(9, 7);
    CHECK(wick_addr_equal(&a, &want));
    wick_span u = wick_stun_get(&v, WICK_STUN_USERNAME);
    CHECK_INT(u.len, 5);
    CHECK_MEM(u.ptr, "abcde\0\0\0", 8); /* padded with zeros */
    REQUIRE_STATUS(wick_stun_get_u32(&n, &v, WICK_STUN_LIFETIME), WICK_OK);
    CHECK_INT(n, 600);
    wick_span d = wick_stun_get(&v, WICK_STUN_DATA_ATTR);
    CHECK(d.ptr != NULL && d.len == 0); /* present and empty is not absent */
    REQUIRE_STATUS(wick_stun_get_error(&code, &reason, &v), WICK_OK);
    CHECK_INT(code, 438);
    CHECK_INT(reason.len, 11);
    CHECK_MEM(reason.ptr, "Stale Nonce", 11);
    CHECK_STATUS(wick_stun_get_error(&code, NULL, &v), WICK_OK);
    CHECK_STATUS(wick_stun_check_fingerprint(&v), WICK_OK);
    CHECK(sizeof v <= 256);
}

TEST(absent_is_not_found)
{
    uint8_t m[64];
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_stun_build s;
    wick_stun_msg v;
    wick_addr a;
    uint32_t n;
    uint16_t code;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_SUCCESS, tid);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, b.len)), WICK_OK);
    CHECK_INT(b.len, 20);
    CHECK_STATUS(wick_stun_get_addr(&a, &v, WICK_STUN_MAPPED_ADDRESS), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_stun_get_u32(&n, &v, WICK_STUN_LIFETIME), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_stun_get_error(&code, NULL, &v), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_stun_check_fingerprint(&v), WICK_E_NOT_FOUND);
    CHECK(wick_stun_get(&v, WICK_STUN_NONCE).ptr == NULL);
}

TEST(method_and_class_bits)
{
    uint8_t m[20];
    wick_stun_msg v;
    wick_stun_build s;
    for (unsigned method = 0; method <= 0xFFF; method += 0x111) {
        for (unsigned c = 0; c < 4; c++) {
            wick_buf b = wick_buf_make(m, sizeof m);
            wick_stun_begin(&s, &b, (uint16_t)method, (wick_stun_class)c, tid);
            REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
            REQUIRE_STATUS(wick_stun_decode(&v, span(m, 20)), WICK_OK);
            CHECK_INT(v.method, method);
            CHECK_INT(v.cls, c);
        }
    }
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_stun_begin(&s, &b, 0x1000, WICK_STUN_REQUEST, tid);
    CHECK_STATUS(wick_stun_end(&s), WICK_E_BAD_ARG);
    /* 0x0113: Allocate error response, 0x0016: Send indication (RFC 8656 section 17) */
    b = wick_buf_make(m, sizeof m);
    wick_stun_begin(&s, &b, WICK_STUN_ALLOCATE, WICK_STUN_ERROR, tid);
    CHECK(m[0] == 0x01 && m[1] == 0x13);
    b = wick_buf_make(m, sizeof m);
    wick_stun_begin(&s, &b, WICK_STUN_SEND, WICK_STUN_INDICATION, tid);
    CHECK(m[0] == 0x00 && m[1] == 0x16);
}

TEST(every_length_but_the_right_one_is_refused)
{
    uint8_t m[300];
    wick_stun_msg v;
    memset(m, 0, sizeof m);
    size_t len = sample(m, sizeof m);
    for (size_t n = 0; n < len; n++) {
        CHECK_STATUS(wick_stun_decode(&v, span(m, n)), WICK_E_TRUNCATED);
        CHECK(v.present == 0 && v.len == 0);
    }
    for (size_t n = len + 1; n < sizeof m; n++) {
        CHECK_STATUS(wick_stun_decode(&v, span(m, n)), WICK_E_TRAILING);
    }
    for (unsigned field = 0; field < 300; field++) {
        wick_store_be16(m + 2, (uint16_t)field);
        if (field != len - 20) {
            CHECK(wick_stun_decode(&v, span(m, len)) != WICK_OK);
        }
    }
}

TEST(every_attribute_truncated_or_extended)
{
    uint8_t m[256], cut[256];
    wick_stun_msg v, w;
    size_t len = sample(m, sizeof m);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, len)), WICK_OK);
    /* The message ends inside each attribute in turn, with a length field that agrees. */
    for (size_t n = 20; n < len; n += 4) {
        memcpy(cut, m, n);
        wick_store_be16(cut + 2, (uint16_t)(n - 20));
        wick_status st = wick_stun_decode(&w, span(cut, n));
        bool boundary = n == 20;
        wick_stun_walk walk = {0};
        while (wick_stun_next(&walk, &v)) {
            boundary = boundary || walk.pos == n;
        }
        CHECK_STATUS(st, boundary ? WICK_OK : WICK_E_MALFORMED);
    }
    /* Any attribute's own length beyond the message. */
    wick_stun_walk walk = {0};
    while (wick_stun_next(&walk, &v)) {
        size_t at = (size_t)(walk.value.ptr - m) - 2;
        memcpy(cut, m, len);
        wick_store_be16(cut + at, (uint16_t)(len - at));
        CHECK_STATUS(wick_stun_decode(&w, span(cut, len)), WICK_E_MALFORMED);
        CHECK(w.present == 0 && w.method == 0);
        wick_store_be16(cut + at, 0xFFFF);
        CHECK_STATUS(wick_stun_decode(&w, span(cut, len)), WICK_E_MALFORMED);
    }
}

/* One attribute of a given length, alone in a message. */
static wick_status alone(wick_stun_msg *v, uint8_t *m, size_t cap, uint16_t type, size_t len)
{
    static const uint8_t zero[1100];
    wick_buf b = wick_buf_make(m, cap);
    wick_stun_build s;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    wick_stun_put_raw(&s, type, span(zero, len));
    CHECK_STATUS(wick_stun_end(&s), WICK_OK);
    return wick_stun_decode(v, span(m, b.len));
}

TEST(lengths_of_known_attributes)
{
    static const struct {
        wick_stun_attr attr;
        size_t min, max;
    } fixed[] = {
        {WICK_STUN_MESSAGE_INTEGRITY, 20, 20}, {WICK_STUN_CHANNEL_NUMBER, 4, 4},
        {WICK_STUN_LIFETIME, 4, 4},            {WICK_STUN_XOR_PEER_ADDRESS, 8, 20},
        {WICK_STUN_XOR_MAPPED_ADDRESS, 8, 20}, {WICK_STUN_REQUESTED_TRANSPORT, 4, 4},
        {WICK_STUN_EVEN_PORT, 1, 1},           {WICK_STUN_DONT_FRAGMENT, 0, 0},
        {WICK_STUN_ERROR_CODE, 4, 767},        {WICK_STUN_USERHASH, 32, 32},
        {WICK_STUN_RESERVATION_TOKEN, 8, 8},   {WICK_STUN_REALM, 0, 763},
        {WICK_STUN_NONCE, 0, 763},             {WICK_STUN_USERNAME, 0, 512},
        {WICK_STUN_FINGERPRINT, 4, 4},         {WICK_STUN_MESSAGE_INTEGRITY_SHA256, 16, 32},
    };
    static uint8_t m[1200];
    wick_stun_msg v;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        uint16_t type = wick_stun_attr_type(fixed[i].attr);
        if (fixed[i].min != 0) {
            CHECK_STATUS(alone(&v, m, sizeof m, type, fixed[i].min - 1), WICK_E_MALFORMED);
        }
        CHECK_STATUS(alone(&v, m, sizeof m, type, fixed[i].min), WICK_OK);
        CHECK(wick_stun_has(&v, fixed[i].attr));
        CHECK_STATUS(alone(&v, m, sizeof m, type, fixed[i].max), WICK_OK);
        CHECK_STATUS(alone(&v, m, sizeof m, type, fixed[i].max + 1), WICK_E_MALFORMED);
    }
}

TEST(not_stun)
{
    uint8_t m[256];
    wick_stun_msg v;
    size_t len = sample(m, sizeof m);
    CHECK(wick_stun_is(span(m, len)));
    CHECK(!wick_stun_is(span(m, 19)));
    m[4] ^= 1;
    CHECK_STATUS(wick_stun_decode(&v, span(m, len)), WICK_E_STUN_COOKIE);
    CHECK(!wick_stun_is(span(m, len)));
    m[4] ^= 1;
    for (unsigned top = 0x40; top <= 0xC0; top += 0x40) {
        uint8_t was = m[0];
        m[0] = (uint8_t)(m[0] | top);
        CHECK_STATUS(wick_stun_decode(&v, span(m, len)), WICK_E_STUN_COOKIE);
        m[0] = was;
    }
    /* a length of 3 mod 4 */
    m[3] = (uint8_t)(m[3] + 1);
    CHECK_STATUS(wick_stun_decode(&v, span(m, len + 1)), WICK_E_MALFORMED);
}

TEST(offsets_have_a_limit)
{
    static uint8_t m[WICK_STUN_MAX_BYTES + 4];
    wick_stun_msg v;
    memset(m, 0, 20);
    wick_store_be32(m + 4, WICK_STUN_COOKIE);
    wick_store_be16(m + 2, 65516); /* 65,536 with the header */
    CHECK_STATUS(wick_stun_decode(&v, span(m, sizeof m)), WICK_E_LIMIT);
    wick_store_be16(m + 2, (uint16_t)(WICK_STUN_MAX_BYTES - 20));
    wick_store_be16(m + 20, 0x8022);
    wick_store_be16(m + 22, 0);
    wick_store_be16(m + 24, 0x0013);
    wick_store_be16(m + 26, (uint16_t)(WICK_STUN_MAX_BYTES - 28));
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, WICK_STUN_MAX_BYTES)), WICK_OK);
    CHECK_INT(wick_stun_get(&v, WICK_STUN_DATA_ATTR).len, WICK_STUN_MAX_BYTES - 28);
}

TEST(first_of_repeated_attributes_counts)
{
    uint8_t m[128];
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_stun_build s;
    wick_stun_msg v;
    wick_addr a, one = wick_addr_v4(20, 0, 0, 1, 1), two = wick_addr_v4(20, 0, 0, 2, 2);
    wick_stun_begin(&s, &b, WICK_STUN_CREATE_PERMISSION, WICK_STUN_REQUEST, tid);
    wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &one);
    wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &two);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, b.len)), WICK_OK);
    REQUIRE_STATUS(wick_stun_get_addr(&a, &v, WICK_STUN_XOR_PEER_ADDRESS), WICK_OK);
    CHECK(wick_addr_equal(&a, &one));
    /* The walk gives both, as CreatePermission needs (RFC 8656 section 10.1). */
    wick_stun_walk walk = {0};
    REQUIRE(wick_stun_next(&walk, &v));
    REQUIRE(wick_stun_next(&walk, &v));
    CHECK_INT(walk.type, 0x0012);
    REQUIRE_STATUS(wick_stun_read_addr(&a, walk.value, &v, WICK_STUN_XOR_PEER_ADDRESS), WICK_OK);
    CHECK(wick_addr_equal(&a, &two));
    CHECK(!wick_stun_next(&walk, &v));
}

TEST(unknown_attributes)
{
    uint8_t m[256];
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_stun_build s;
    wick_stun_msg v;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    for (unsigned i = 0; i < WICK_STUN_UNKNOWN_MAX + 2; i++) {
        wick_stun_put_raw(&s, (uint16_t)(0x7F00 + i), span("x", 1));
        wick_stun_put_raw(&s, (uint16_t)(0xFF00 + i), span("x", 1)); /* optional: nobody cares */
    }
    wick_stun_put_raw(&s, 0x0024, span("prio", 4)); /* ICE: not ours */
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, b.len)), WICK_OK);
    CHECK_INT(v.unknown_count, WICK_STUN_UNKNOWN_MAX + 3);
    CHECK_INT(v.unknown[0], 0x7F00);
    CHECK_INT(v.unknown[WICK_STUN_UNKNOWN_MAX - 1], 0x7F00 + WICK_STUN_UNKNOWN_MAX - 1);
    CHECK_INT(v.present, 0);
}

TEST(unknown_count_saturates)
{
    static uint8_t m[20 + 4 * 300];
    wick_stun_msg v;
    memset(m, 0, sizeof m);
    wick_store_be32(m + 4, WICK_STUN_COOKIE);
    wick_store_be16(m + 2, 4 * 300);
    for (size_t i = 0; i < 300; i++) {
        wick_store_be16(m + 20 + 4 * i, 0x7FFF);
    }
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, sizeof m)), WICK_OK);
    CHECK_INT(v.unknown_count, 255);
    wick_store_be16(m + sizeof m - 2, 9);
    CHECK_STATUS(wick_stun_decode(&v, span(m, sizeof m)), WICK_E_MALFORMED);
    CHECK_INT(v.unknown_count, 0);
}

TEST(after_integrity_only_fingerprint_and_sha256)
{
    static const uint8_t mac[32] = {1};
    uint8_t m[256];
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_stun_build s;
    wick_stun_msg v;
    uint32_t n;
    wick_stun_begin(&s, &b, WICK_STUN_REFRESH, WICK_STUN_REQUEST, tid);
    wick_stun_put(&s, WICK_STUN_MESSAGE_INTEGRITY, span(mac, 20));
    wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 7);
    wick_stun_put_raw(&s, 0x7F00, span("", 0));            /* unprotected: not even reported */
    wick_stun_put_raw(&s, 0x0019, span("too long", 8));    /* nor judged */
    wick_stun_put(&s, WICK_STUN_MESSAGE_INTEGRITY_SHA256, span(mac, 32));
    wick_stun_put(&s, WICK_STUN_MESSAGE_INTEGRITY, span(mac, 20));
    wick_stun_put_fingerprint(&s);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, b.len)), WICK_OK);
    CHECK_STATUS(wick_stun_get_u32(&n, &v, WICK_STUN_LIFETIME), WICK_E_NOT_FOUND);
    CHECK_INT(v.unknown_count, 0);
    CHECK(!wick_stun_has(&v, WICK_STUN_REQUESTED_TRANSPORT));
    CHECK(wick_stun_has(&v, WICK_STUN_MESSAGE_INTEGRITY_SHA256));
    CHECK_STATUS(wick_stun_check_fingerprint(&v), WICK_OK);
    CHECK_INT(v.attr[WICK_STUN_MESSAGE_INTEGRITY].off, 24);
    /* MESSAGE-INTEGRITY behind the SHA-256 one is ignored (RFC 8489 section 14.6). */
    b = wick_buf_make(m, sizeof m);
    wick_stun_begin(&s, &b, WICK_STUN_REFRESH, WICK_STUN_REQUEST, tid);
    wick_stun_put(&s, WICK_STUN_MESSAGE_INTEGRITY_SHA256, span(mac, 32));
    wick_stun_put(&s, WICK_STUN_MESSAGE_INTEGRITY, span(mac, 20));
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, b.len)), WICK_OK);
    CHECK(!wick_stun_has(&v, WICK_STUN_MESSAGE_INTEGRITY));
}

TEST(fingerprint_is_last_and_right)
{
    uint8_t m[256];
    wick_stun_msg v;
    size_t len = sample(m, sizeof m);
    for (size_t i = 8; i < len - 8; i++) {
        m[i] ^= 0x10;
        if (wick_stun_decode(&v, span(m, len)) == WICK_OK &&
            wick_stun_has(&v, WICK_STUN_FINGERPRINT)) {
            CHECK_STATUS(wick_stun_check_fingerprint(&v), WICK_E_STUN_FINGERPRINT);
        }
        m[i] ^= 0x10;
    }
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_stun_build s;
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    wick_stun_put_fingerprint(&s);
    wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 7);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    CHECK_STATUS(wick_stun_decode(&v, span(m, b.len)), WICK_E_MALFORMED);
}

TEST(crc32_check_value)
{
    CHECK(wick_crc32(span("123456789", 9)) == UINT32_C(0xCBF43926));
    CHECK(wick_crc32(span("", 0)) == 0);
}

static wick_status read_addr(wick_addr *a, const uint8_t *value, size_t len, wick_stun_attr attr)
{
    static const uint8_t head[20] = {0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42};
    wick_stun_msg v;
    CHECK_STATUS(wick_stun_decode(&v, span(head, 20)), WICK_OK);
    return wick_stun_read_addr(a, span(value, len), &v, attr);
}

TEST(addresses)
{
    static const uint8_t good[] = {0, 1, 0x12, 0x34, 1, 2, 3, 4};
    uint8_t bad[20] = {0, 1, 0, 0, 1, 2, 3, 4};
    wick_addr a, want = wick_addr_v4(1, 2, 3, 4, 0x1234);
    CHECK_STATUS(read_addr(&a, good, 8, WICK_STUN_MAPPED_ADDRESS), WICK_OK);
    CHECK(wick_addr_equal(&a, &want));
    CHECK_STATUS(read_addr(&a, good, 8, WICK_STUN_XOR_MAPPED_ADDRESS), WICK_OK);
    want = wick_addr_v4(0x20, 0x10, 0xA7, 0x46, 0x1234 ^ 0x2112);
    CHECK(wick_addr_equal(&a, &want));
    CHECK_STATUS(read_addr(&a, good, 3, WICK_STUN_MAPPED_ADDRESS), WICK_E_MALFORMED);
    CHECK_STATUS(read_addr(&a, good, 7, WICK_STUN_MAPPED_ADDRESS), WICK_E_MALFORMED);
    bad[1] = 2; /* IPv6 in 8 bytes, IPv4 in 20 */
    CHECK_STATUS(read_addr(&a, bad, 8, WICK_STUN_MAPPED_ADDRESS), WICK_E_MALFORMED);
    bad[1] = 1;
    CHECK_STATUS(read_addr(&a, bad, 20, WICK_STUN_MAPPED_ADDRESS), WICK_E_MALFORMED);
    bad[1] = 3;
    CHECK_STATUS(read_addr(&a, bad, 8, WICK_STUN_MAPPED_ADDRESS), WICK_E_UNSUPPORTED);
    CHECK_STATUS(read_addr(&a, bad, 4, WICK_STUN_MAPPED_ADDRESS), WICK_E_UNSUPPORTED);
    /* ::ffff:1.2.3.4 is IPv4 in disguise, and could get round a filter */
    memset(bad, 0, sizeof bad);
    bad[1] = 2;
    bad[14] = 0xff;
    bad[15] = 0xff;
    CHECK_STATUS(read_addr(&a, bad, 20, WICK_STUN_MAPPED_ADDRESS), WICK_E_NON_CANONICAL);
}

TEST(errors_have_a_range)
{
    static uint8_t m[900], phrase[800];
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_stun_build s;
    wick_stun_msg v;
    uint16_t code;
    static const uint8_t bad[][4] = {{0, 0, 2, 99}, {0, 0, 7, 0}, {0, 0, 4, 100}, {0, 0, 0, 0}};
    for (size_t i = 0; i < 4; i++) {
        b = wick_buf_make(m, sizeof m);
        wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_ERROR, tid);
        wick_stun_put(&s, WICK_STUN_ERROR_CODE, span(bad[i], 4));
        REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
        REQUIRE_STATUS(wick_stun_decode(&v, span(m, b.len)), WICK_OK);
        CHECK_STATUS(wick_stun_get_error(&code, NULL, &v), WICK_E_MALFORMED);
    }
    memset(phrase, 'x', sizeof phrase);
    const char *const reasons[] = {"", "", "", "", (const char *)phrase, (const char *)phrase + 1};
    static const uint16_t codes[] = {299, 700, 300, 699, 400, 400};
    static const wick_status want[] = {WICK_E_BAD_ARG, WICK_E_BAD_ARG, WICK_OK,
                                       WICK_OK,        WICK_E_BAD_ARG, WICK_OK};
    phrase[764] = 0; /* 763 bytes are the most (RFC 8489 section 14.8) */
    for (size_t i = 0; i < 6; i++) {
        b = wick_buf_make(m, sizeof m);
        wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_ERROR, tid);
        wick_stun_put_error(&s, codes[i], reasons[i]);
        CHECK_STATUS(wick_stun_end(&s), want[i]);
    }
}

TEST(get_u32_is_for_words)
{
    uint8_t m[256];
    wick_stun_msg v;
    uint32_t n;
    size_t len = sample(m, sizeof m);
    REQUIRE_STATUS(wick_stun_decode(&v, span(m, len)), WICK_OK);
    CHECK_STATUS(wick_stun_get_u32(&n, &v, WICK_STUN_USERNAME), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_stun_get_u32(&n, &v, WICK_STUN_ERROR_CODE), WICK_E_BAD_ARG);
}

TEST(builder_counts_and_refuses)
{
    uint8_t m[256], small[255];
    size_t len = sample(m, sizeof m);
    wick_buf b = wick_buf_make(NULL, 0);
    const wick_addr other = v6(9, 7);
    wick_stun_build s;
    /* Every capacity below the need: nothing is written behind it. */
    for (size_t cap = 0; cap < len; cap++) {
        memset(small, 0xEE, sizeof small);
        b = wick_buf_make(small, cap);
        begin_sample(&s, &b);
        CHECK_STATUS(wick_stun_end(&s), WICK_E_NO_SPACE);
        CHECK_INT(b.len, len);
        CHECK(small[cap] == 0xEE && small[254] == 0xEE);
    }
    /* Too long a value, too long a message; the first error stays. */
    static uint8_t big[70000], out[80000];
    b = wick_buf_make(out, sizeof out);
    wick_stun_begin(&s, &b, WICK_STUN_SEND, WICK_STUN_INDICATION, tid);
    wick_stun_put(&s, WICK_STUN_DATA_ATTR, span(big, 65001));
    wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 1);
    CHECK_STATUS(wick_stun_end(&s), WICK_E_BAD_ARG);
    CHECK_INT(b.len, 20);
    b = wick_buf_make(out, sizeof out);
    wick_stun_begin(&s, &b, WICK_STUN_SEND, WICK_STUN_INDICATION, tid);
    wick_stun_put(&s, WICK_STUN_DATA_ATTR, span(big, 65000));
    CHECK_STATUS(wick_stun_end(&s), WICK_OK);
    wick_stun_put(&s, WICK_STUN_DATA_ATTR, span(big, 600));
    CHECK_STATUS(wick_stun_end(&s), WICK_E_BAD_ARG);
    /* A message behind other bytes. */
    b = wick_buf_make(out, sizeof out);
    b.len = SIZE_MAX - 3;
    wick_stun_begin(&s, &b, WICK_STUN_SEND, WICK_STUN_INDICATION, tid);
    CHECK_STATUS(wick_stun_end(&s), WICK_E_NO_SPACE);
    b = wick_buf_make(out, sizeof out);
    wick_buf_put(&b, tid, 5);
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_INDICATION, tid);
    wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &other);
    wick_stun_put_fingerprint(&s);
    REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
    wick_stun_msg v;
    wick_addr a;
    REQUIRE_STATUS(wick_stun_decode(&v, span(out + 5, b.len - 5)), WICK_OK);
    CHECK_STATUS(wick_stun_check_fingerprint(&v), WICK_OK);
    CHECK_STATUS(wick_stun_get_addr(&a, &v, WICK_STUN_XOR_PEER_ADDRESS), WICK_OK);
    CHECK(wick_addr_equal(&a, &other));
}

TEST(numbers_and_names)
{
    for (unsigned i = 0; i < WICK_STUN_ATTRS; i++) {
        uint16_t type = wick_stun_attr_type((wick_stun_attr)i);
        CHECK_INT(wick_stun_attr_of(type), i);
        CHECK(strcmp(wick_stun_attr_name(type), "UNKNOWN") != 0);
    }
    CHECK_INT(wick_stun_attr_of(0x0000), WICK_STUN_ATTRS);
    CHECK_INT(wick_stun_attr_of(0x0031), WICK_STUN_ATTRS);
    CHECK_INT(wick_stun_attr_of(0x8031), WICK_STUN_ATTRS);
    CHECK(strcmp(wick_stun_attr_name(0x0012), "XOR-PEER-ADDRESS") == 0);
    CHECK(strcmp(wick_stun_attr_name(0x0000), "UNKNOWN") == 0);
    CHECK(strcmp(wick_stun_method_name(WICK_STUN_ALLOCATE), "Allocate") == 0);
    CHECK(strcmp(wick_stun_method_name(0xFFF), "Unknown") == 0);
}

TEST(channeldata)
{
    uint8_t m[32];
    wick_channeldata c;
    for (size_t n = 0; n <= 20; n++) {
        wick_buf b = wick_buf_make(m, sizeof m);
        memset(m, 0, sizeof m);
        REQUIRE_STATUS(wick_channeldata_encode(&b, 0x4ABC, span("0123456789abcdefghij", n)),
                       WICK_OK);
        REQUIRE(b.len == 4 + n);
        for (size_t cut = 0; cut < b.len; cut++) {
            CHECK_STATUS(wick_channeldata_decode(&c, span(m, cut)), WICK_E_TRUNCATED);
        }
        REQUIRE_STATUS(wick_channeldata_decode(&c, span(m, b.len)), WICK_OK);
        CHECK_INT(c.channel, 0x4ABC);
        CHECK_INT(c.data.len, n);
        CHECK_MEM(c.data.ptr, "0123456789abcdefghij", n);
        size_t padded = (b.len + 3) & ~(size_t)3;
        for (size_t more = b.len + 1; more < b.len + 8; more++) {
            CHECK_STATUS(wick_channeldata_decode(&c, span(m, more)),
                         more == padded ? WICK_OK : WICK_E_TRAILING);
        }
    }
}

TEST(channeldata_refuses)
{
    uint8_t m[8] = {0};
    wick_channeldata c;
    static const uint8_t bad[] = {0x00, 0x3F, 0x50, 0x7F, 0x80, 0xFF};
    for (size_t i = 0; i < sizeof bad; i++) {
        m[0] = bad[i];
        CHECK_STATUS(wick_channeldata_decode(&c, span(m, 4)), WICK_E_UNSUPPORTED);
    }
    static uint8_t big[65536];
    wick_buf b = wick_buf_make(m, sizeof m);
    CHECK_STATUS(wick_channeldata_encode(&b, 0x3FFF, span(big, 1)), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_channeldata_encode(&b, 0x5000, span(big, 1)), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_channeldata_encode(&b, 0x4000, span(big, 65536)), WICK_E_BAD_ARG);
    CHECK_INT(b.len, 0);
    CHECK_STATUS(wick_channeldata_encode(&b, 0x4000, span(big, 5)), WICK_E_NO_SPACE);
    CHECK_INT(b.len, 9);
    b = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_channeldata_encode(&b, 0x4000, span(big, 5)), WICK_OK);
    CHECK_INT(b.len, 9);
}

TAP_MAIN("unit.stun", CASE(round_trip), CASE(absent_is_not_found), CASE(method_and_class_bits),
         CASE(every_length_but_the_right_one_is_refused),
         CASE(every_attribute_truncated_or_extended), CASE(lengths_of_known_attributes),
         CASE(not_stun), CASE(offsets_have_a_limit), CASE(first_of_repeated_attributes_counts),
         CASE(unknown_attributes), CASE(unknown_count_saturates),
         CASE(after_integrity_only_fingerprint_and_sha256), CASE(fingerprint_is_last_and_right),
         CASE(crc32_check_value), CASE(addresses), CASE(errors_have_a_range),
         CASE(get_u32_is_for_words), CASE(builder_counts_and_refuses), CASE(numbers_and_names),
         CASE(channeldata), CASE(channeldata_refuses))
