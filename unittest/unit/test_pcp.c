/* SPDX-License-Identifier: Apache-2.0 */
/* wick/pcp.h: RFC 6887 sections 7, 8.2, 9, 11.1, 12.1 and 13. */
#include "wick/pcp.h"

#include "tap.h"

static uint8_t bytes[1200];

static wick_pcp_msg map_request(void)
{
    wick_pcp_msg m;
    wick_addr client = wick_addr_v4(192, 168, 1, 10, 0);
    memset(&m, 0, sizeof m);
    m.opcode = WICK_PCP_MAP;
    m.lifetime_s = 7200;
    memcpy(m.client_ip, client.ip, 16);
    memset(m.nonce, 0x5a, sizeof m.nonce);
    m.protocol = 17;
    m.internal_port = 5001;
    m.external = wick_addr_v4(0, 0, 0, 0, 5001);
    return m;
}

static wick_span encoded(const wick_pcp_msg *m)
{
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_pcp_encode(&b, m), WICK_OK);
    return wick_buf_span(&b);
}

static bool equal(const wick_pcp_msg *a, const wick_pcp_msg *b)
{
    return a->response == b->response && a->opcode == b->opcode && a->result == b->result &&
           a->protocol == b->protocol && a->lifetime_s == b->lifetime_s &&
           a->epoch_s == b->epoch_s && memcmp(a->client_ip, b->client_ip, 16) == 0 &&
           memcmp(a->nonce, b->nonce, 12) == 0 && a->internal_port == b->internal_port &&
           wick_addr_equal(&a->external, &b->external) && wick_addr_equal(&a->remote, &b->remote) &&
           a->options.len == b->options.len;
}

/* The first request of a capture of libpcp, and its answer by miniupnpd. */
TEST(layout)
{
    static const char *const want =
        "0201000000001c2000000000000000000000ffffc0a8010a5a5a5a5a5a5a5a5a5a5a5a5a110000001389138900"
        "000000000000000000ffff00000000";
    uint8_t w[60];
    wick_pcp_msg m = map_request(), n;
    wick_span s = encoded(&m);
    REQUIRE(wick_hex_decode(w, sizeof w, want, strlen(want)) == WICK_OK);
    CHECK_INT(s.len, 60);
    CHECK_MEM(s.ptr, w, 60);
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_OK);
    CHECK(equal(&m, &n));
    m.response = 1;
    m.result = WICK_PCP_NO_RESOURCES;
    m.epoch_s = 0x01020304;
    memset(m.client_ip, 0, 16);
    s = encoded(&m);
    CHECK_INT(s.ptr[1], 0x81);
    CHECK_INT(s.ptr[3], 8);
    CHECK_INT(wick_load_be32(s.ptr + 8), 0x01020304);
    CHECK(wick_ct_is_zero(s.ptr + 12, 12));
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_OK);
    CHECK(equal(&m, &n));
}

TEST(peer_and_announce)
{
    wick_pcp_msg m = map_request(), n;
    m.opcode = WICK_PCP_PEER;
    m.remote = wick_addr_v4(11, 22, 33, 2, 9999);
    wick_span s = encoded(&m);
    CHECK_INT(s.len, 80);
    CHECK_INT(wick_load_be16(s.ptr + 60), 9999);
    CHECK_INT(s.ptr[79], 2);
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_OK);
    CHECK(equal(&m, &n));
    memset(&m, 0, sizeof m);
    s = encoded(&m);
    CHECK_INT(s.len, 24);
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_OK);
    CHECK(equal(&m, &n));
    /* a response to it, as in a capture */
    m.response = 1;
    s = encoded(&m);
    CHECK_INT(s.ptr[1], 0x80);
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_OK);
    CHECK(n.response == 1 && n.opcode == WICK_PCP_ANNOUNCE);
}

/* Section 8.2: which lengths are requests, and what a server answers to others. */
TEST(lengths)
{
    wick_pcp_msg m = map_request(), n;
    wick_span s = encoded(&m);
    memset(bytes + s.len, 0, sizeof bytes - s.len);
    for (size_t len = 0; len < 60; len++) {
        n = m;
        CHECK(wick_pcp_decode(&n, wick_span_make(bytes, len)) != WICK_OK);
        CHECK_INT(n.result, len < 2 ? WICK_PCP_SUCCESS : WICK_PCP_MALFORMED_REQUEST);
        CHECK_INT(n.protocol, 0);
    }
    CHECK_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 61)), WICK_E_MALFORMED);
    CHECK_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 1104)), WICK_E_MALFORMED);
    CHECK_INT(n.result, WICK_PCP_MALFORMED_REQUEST);
    CHECK_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 23)), WICK_E_TRUNCATED);
    /* 1100 are allowed: an optional option fills them */
    bytes[60] = 200;
    wick_store_be16(bytes + 62, 1100 - 64);
    CHECK_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 1100)), WICK_OK);
    /* PEER needs 80, ANNOUNCE 24 */
    bytes[1] = WICK_PCP_PEER;
    CHECK_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 76)), WICK_E_TRUNCATED);
    bytes[1] = WICK_PCP_ANNOUNCE;
    CHECK_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 20)), WICK_E_TRUNCATED);
    CHECK_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 24)), WICK_OK);
}

TEST(version_and_opcode)
{
    wick_pcp_msg m = map_request(), n;
    wick_span s = encoded(&m);
    for (unsigned version = 0; version < 256; version++) {
        bytes[0] = (uint8_t)version;
        CHECK_STATUS(wick_pcp_decode(&n, s), version == 2 ? WICK_OK : WICK_E_UNSUPPORTED);
        CHECK_INT(n.result, version == 2 ? WICK_PCP_SUCCESS : WICK_PCP_UNSUPP_VERSION);
    }
    bytes[0] = 2;
    for (unsigned opcode = 3; opcode < 128; opcode++) {
        bytes[1] = (uint8_t)opcode;
        CHECK_STATUS(wick_pcp_decode(&n, s), WICK_E_UNSUPPORTED);
        CHECK_INT(n.result, WICK_PCP_UNSUPP_OPCODE);
        CHECK_INT(n.opcode, opcode);
        /* a response is never answered */
        bytes[1] = (uint8_t)(0x80 | opcode);
        CHECK_STATUS(wick_pcp_decode(&n, s), WICK_E_UNSUPPORTED);
        CHECK_INT(n.result, WICK_PCP_SUCCESS);
        CHECK_INT(n.response, 1);
        m.opcode = (uint8_t)opcode;
        wick_buf b = wick_buf_make(NULL, 0);
        CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_E_BAD_ARG);
    }
}

/* Section 11.1: all protocols means all ports. */
TEST(all_protocols)
{
    wick_pcp_msg m = map_request(), n;
    m.protocol = 0;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_E_BAD_ARG);
    m.internal_port = 0;
    wick_span s = encoded(&m);
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_OK);
    bytes[41] = 1;
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_E_MALFORMED);
    CHECK_INT(n.result, WICK_PCP_MALFORMED_REQUEST);
    m.protocol = 6; /* all ports of one protocol */
    s = encoded(&m);
    CHECK_STATUS(wick_pcp_decode(&n, s), WICK_OK);
}

/* Encodes a request of `opcode` with raw option bytes behind it and decodes it. */
static wick_status with_options(wick_pcp_msg *n, uint8_t opcode, bool response,
                                const uint8_t *options, size_t len)
{
    wick_pcp_msg m = map_request();
    m.opcode = opcode;
    m.response = response;
    if (opcode == WICK_PCP_ANNOUNCE) {
        m.protocol = 0;
        m.internal_port = 0;
    }
    wick_span s = encoded(&m);
    memcpy(bytes + s.len, options, len);
    return wick_pcp_decode(n, wick_span_make(bytes, s.len + len));
}

TEST(options)
{
    wick_pcp_msg n, again;
    wick_pcp_option o;
    wick_pcp_filter f = {wick_addr_v4(11, 22, 33, 0, 0), 120}, g;
    wick_addr other = wick_addr_v4(192, 168, 1, 77, 0);
    uint8_t raw[256];
    wick_buf b = wick_buf_make(raw, sizeof raw);
    wick_pcp_put_option(&b, WICK_PCP_THIRD_PARTY, wick_span_make(other.ip, 16));
    wick_pcp_put_option(&b, WICK_PCP_PREFER_FAILURE, wick_span_make(NULL, 0));
    wick_pcp_put_filter(&b, &f);
    f.remote.port = 7;
    wick_pcp_put_filter(&b, &f);
    wick_pcp_put_option(&b, 130, wick_span_make(other.ip, 3));
    REQUIRE(b.len == 20 + 4 + 24 + 24 + 8);
    REQUIRE_STATUS(with_options(&n, WICK_PCP_MAP, false, raw, b.len), WICK_OK);
    wick_span rest = n.options;
    REQUIRE(wick_pcp_next_option(&o, &rest));
    CHECK(o.code == WICK_PCP_THIRD_PARTY && memcmp(o.data.ptr, other.ip, 16) == 0);
    CHECK_STATUS(wick_pcp_read_filter(&g, &o), WICK_E_MALFORMED);
    REQUIRE(wick_pcp_next_option(&o, &rest));
    CHECK(o.code == WICK_PCP_PREFER_FAILURE && o.data.len == 0);
    REQUIRE(wick_pcp_next_option(&o, &rest));
    CHECK_STATUS(wick_pcp_read_filter(&g, &o), WICK_OK);
    CHECK_INT(g.remote.port, 0);
    REQUIRE(wick_pcp_next_option(&o, &rest));
    CHECK_STATUS(wick_pcp_read_filter(&g, &o), WICK_OK);
    CHECK(g.remote.port == 7 && g.prefix_bits == 120 && g.remote.ip[15] == 0);
    REQUIRE(wick_pcp_next_option(&o, &rest));
    CHECK(o.code == 130 && o.data.len == 3);
    CHECK(!wick_pcp_next_option(&o, &rest));
    /* what was decoded is written again, canonical: reserved byte and padding zero */
    bytes[60 + 1] = 9;
    bytes[60 + 20 + 4 + 4] = 9; /* reserved byte of a FILTER */
    bytes[60 + b.len - 1] = 9;
    REQUIRE_STATUS(wick_pcp_decode(&n, wick_span_make(bytes, 60 + b.len)), WICK_OK);
    uint8_t twice[256];
    wick_buf c = wick_buf_make(twice, sizeof twice);
    REQUIRE_STATUS(wick_pcp_encode(&c, &n), WICK_OK);
    CHECK_INT(c.len, 60 + b.len);
    CHECK_MEM(twice + 60, raw, b.len);
    CHECK_STATUS(wick_pcp_decode(&again, wick_buf_span(&c)), WICK_OK);
    CHECK(equal(&n, &again));
}

TEST(bad_options)
{
    static const struct {
        uint8_t opcode, response;
        uint8_t raw[28];
        uint8_t len;
        wick_status status;
        uint8_t result;
    } c[] = {
        /* overruns: head alone, data missing, padding missing */
        {1, 0, {130, 0, 0, 4}, 4, WICK_E_MALFORMED, 6},
        {1, 0, {130, 0, 0, 5, 1, 2, 3, 4}, 8, WICK_E_MALFORMED, 6},
        {1, 0, {130, 0, 0xff, 0xff}, 4, WICK_E_MALFORMED, 6},
        {1, 0, {1, 0, 0, 4, 1, 2, 3, 4}, 8, WICK_E_MALFORMED, 6},          /* THIRD_PARTY of 4 */
        {0, 0, {1, 0, 0, 16}, 20, WICK_E_MALFORMED, 6},                    /* with ANNOUNCE */
        {1, 0, {2, 0, 0, 0, 2, 0, 0, 0}, 8, WICK_E_MALFORMED, 6},          /* twice */
        {1, 0, {2, 0, 0, 4, 0, 0, 0, 0}, 8, WICK_E_MALFORMED, 6},          /* with data */
        {2, 0, {2, 0, 0, 0}, 4, WICK_E_MALFORMED, 6},                      /* with PEER */
        {2, 0, {3, 0, 0, 20}, 24, WICK_E_MALFORMED, 6},                    /* FILTER with PEER */
        {1, 0, {3, 0, 0, 16}, 20, WICK_E_MALFORMED, 6},                    /* short */
        {1, 0, {3, 0, 0, 20, 0, 129}, 24, WICK_E_MALFORMED, 6},            /* 129 bits */
        {1, 0, {4, 0, 0, 0}, 4, WICK_E_UNSUPPORTED, 5},                    /* unknown, mandatory */
        {1, 0, {127, 0, 0, 0}, 4, WICK_E_UNSUPPORTED, 5},
        {1, 0, {0, 0, 0, 0}, 4, WICK_E_UNSUPPORTED, 5},
        {1, 0, {128, 0, 0, 0}, 4, WICK_OK, 0},                             /* unknown, optional */
        {1, 1, {4, 0, 0, 0}, 4, WICK_OK, 0},   /* in a response: not the client's business */
        {1, 1, {130, 0, 0, 4}, 4, WICK_E_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        wick_pcp_msg n;
        CHECK_STATUS(with_options(&n, c[i].opcode, c[i].response != 0, c[i].raw, c[i].len),
                     c[i].status);
        CHECK_INT(n.result, c[i].result);
    }
    /* THIRD_PARTY twice */
    uint8_t raw[40] = {1, 0, 0, 16};
    wick_pcp_msg n;
    raw[20] = 1;
    raw[23] = 16;
    CHECK_STATUS(with_options(&n, 1, false, raw, 20), WICK_OK);
    CHECK_STATUS(with_options(&n, 1, false, raw, 40), WICK_E_MALFORMED);
}

TEST(encode_refuses)
{
    static uint8_t big[1100];
    wick_pcp_msg m = map_request();
    wick_buf b = wick_buf_make(bytes, 59);
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_E_NO_SPACE);
    CHECK_INT(b.len, 60);
    b = wick_buf_make(NULL, 0);
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_OK);
    CHECK_INT(b.len, 60);
    b = wick_buf_make(bytes, sizeof bytes);
    b.len = SIZE_MAX - 3;
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_E_NO_SPACE);
    big[0] = 200;
    wick_store_be16(big + 2, 1100 - 60 - 4);
    m.options = wick_span_make(big, 1100 - 60);
    b = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_OK);
    CHECK_INT(b.len, 1100);
    m.options.len += 4;
    b = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_E_LIMIT);
    m.options.len = 8;
    CHECK_STATUS(wick_pcp_encode(&b, &m), WICK_E_BAD_ARG);
}

/* Section 13.3. */
TEST(filters)
{
    wick_addr host = wick_addr_v4(11, 22, 33, 2, 4000), next = wick_addr_v4(11, 22, 33, 3, 4000);
    wick_pcp_filter one = {host, 128};
    CHECK(wick_pcp_filter_admits(&one, &host));
    CHECK(!wick_pcp_filter_admits(&one, &next));
    one.remote.port = 4001;
    CHECK(!wick_pcp_filter_admits(&one, &host));
    one.remote.port = 0;
    CHECK(wick_pcp_filter_admits(&one, &host));
    one.prefix_bits = 127; /* .2 and .3 */
    CHECK(wick_pcp_filter_admits(&one, &next));
    next.ip[15] = 4;
    CHECK(!wick_pcp_filter_admits(&one, &next));
    one.prefix_bits = 120;
    CHECK(wick_pcp_filter_admits(&one, &next));
    one.prefix_bits = 0; /* removes filters */
    one.remote.port = 1;
    next.ip[0] = 9;
    CHECK(wick_pcp_filter_admits(&one, &next));
}

/* Section 8.2: an error answer is the request with another head. */
TEST(refuse)
{
    wick_pcp_msg m = map_request(), n;
    uint8_t answer[1200];
    wick_span s = encoded(&m);
    wick_buf b = wick_buf_make(answer, sizeof answer);
    REQUIRE_STATUS(wick_pcp_refuse(&b, s, WICK_PCP_NOT_AUTHORIZED, 1800, 77), WICK_OK);
    REQUIRE_STATUS(wick_pcp_decode(&n, wick_buf_span(&b)), WICK_OK);
    CHECK(n.response == 1 && n.result == WICK_PCP_NOT_AUTHORIZED && n.opcode == WICK_PCP_MAP);
    CHECK(n.lifetime_s == 1800 && n.epoch_s == 77 && n.internal_port == 5001);
    CHECK_MEM(n.nonce, m.nonce, 12);
    /* 23 bytes become 24, 25 become 28, 1104 become 1100; 0 give a head */
    static const size_t lens[][2] = {{23, 24}, {25, 28}, {1104, 1100}, {0, 24}, {60, 60}};
    for (size_t i = 0; i < 5; i++) {
        b = wick_buf_make(answer, sizeof answer);
        CHECK_STATUS(wick_pcp_refuse(&b, wick_span_make(bytes, lens[i][0]), 3, 0, 0), WICK_OK);
        CHECK_INT(b.len, lens[i][1]);
        CHECK_INT(answer[0], 2);
        CHECK_INT(answer[3], 3);
        CHECK(wick_ct_is_zero(answer + 12, 12));
    }
    b = wick_buf_make(answer, 59);
    CHECK_STATUS(wick_pcp_refuse(&b, s, 2, 0, 0), WICK_E_NO_SPACE);
}

/* Section 9; miniupnpd answers broken requests with version 0, opcode 0x80, result 3: no NAT-PMP. */
TEST(unsupported_version)
{
    static const struct {
        uint8_t head[4];
        uint8_t len;
        int version; /* -1: no such answer */
    } c[] = {
        {{0, 0, 0, 1}, 8, 0},        {{0, 0x81, 0, 1}, 8, 0},     {{0, 0x80, 0, 1}, 16, 0},
        {{0, 0x80, 0, 3}, 24, -1},   {{0, 0x80, 1, 1}, 8, -1},    {{0, 1, 0, 1}, 8, -1},
        {{0, 0x80, 0, 1}, 7, -1},    {{1, 0x81, 0, 1}, 24, 1},    {{1, 0x81, 0, 1}, 20, -1},
        {{1, 0x01, 0, 1}, 24, -1},   {{2, 0x81, 0, 1}, 60, 2},    {{2, 0x81, 0, 2}, 60, -1},
        {{3, 0x81, 0, 1}, 24, 3},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        uint8_t m[64] = {0}, version = 99;
        memcpy(m, c[i].head, 4);
        bool is = wick_pcp_is_unsupported_version(&version, wick_span_make(m, c[i].len));
        CHECK_INT(is ? version : -1, c[i].version);
    }
    memset(bytes, 0, sizeof bytes);
    bytes[1] = 0x80;
    bytes[3] = 1;
    uint8_t version;
    CHECK(!wick_pcp_is_unsupported_version(&version, wick_span_make(bytes, 1101)));
}

TEST(result_names)
{
    CHECK(strcmp(wick_pcp_result_str(0), "SUCCESS") == 0);
    CHECK(strcmp(wick_pcp_result_str(11), "CANNOT_PROVIDE_EXTERNAL") == 0);
    CHECK(strcmp(wick_pcp_result_str(13), "EXCESSIVE_REMOTE_PEERS") == 0);
    CHECK(strcmp(wick_pcp_result_str(14), "UNKNOWN") == 0);
}

TAP_MAIN("unit.pcp", CASE(layout), CASE(peer_and_announce), CASE(lengths),
         CASE(version_and_opcode), CASE(all_protocols), CASE(options), CASE(bad_options),
         CASE(encode_refuses), CASE(filters), CASE(refuse), CASE(unsupported_version),
         CASE(result_names))
