/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of wickd's socket (examples/wickd/request.h): what is taken, and what each other is. */
#include "request.h"

#include "tap.h"
#include "wick/record.h"
#include "wick/session_keys.h"

static wickd_request q;
static const char *why;

static wick_status parse(const char *text)
{
    return wickd_request_parse(&q, &why, wick_span_text(text));
}

/* The one member that an operation must have. */
static const char *must_have(unsigned op)
{
    switch (op) {
    case WICKD_OP_LOOKUP:
    case WICKD_OP_GET_PEER_KEY:
    case WICKD_OP_GET_PSK:
    case WICKD_OP_CONNECT:
        return "\",\"name\":\"gw-b\"}";
    case WICKD_OP_FIND_PSK:
        return "\",\"identity\":\"gw-b\"}";
    case WICKD_OP_SERVICE_PUBLISH:
    case WICKD_OP_SERVICE_UNPUBLISH:
        return "\",\"service\":\"gw-b\"}";
    case WICKD_OP_SEND:
        return "\",\"session\":1,\"data\":\"0x00\"}";
    case WICKD_OP_CLOSE:
        return "\",\"session\":1}";
    default:
        return "\"}";
    }
}

TEST(every_operation)
{
    char line[128];
    for (unsigned i = WICKD_OP_NONE + 1; i < WICKD_OPS; i++) {
        const char *name = wickd_op_str((wickd_op)i);
        size_t len = strlen(name);
        REQUIRE(len > 0 && len < 32);
        memcpy(line, "{\"op\":\"", 7);
        memcpy(line + 7, name, len);
        memcpy(line + 7 + len, must_have(i), strlen(must_have(i)) + 1);
        CHECK_STATUS(parse(line), WICK_OK);
        CHECK_INT(q.op, i);
        CHECK(!q.has_tag);
        CHECK(strcmp(q.name, strstr(must_have(i), "gw-b") != NULL ? "gw-b" : "") == 0);
        if (strlen(must_have(i)) > 2) { /* without it, or with another one's */
            memcpy(line + 7 + len, "\"}", 3);
            CHECK_STATUS(parse(line), WICK_E_MALFORMED);
            memcpy(line + 7 + len, "\",\"nam\":\"gw-b\"}", 16);
            CHECK_STATUS(parse(line), WICK_E_MALFORMED);
        }
    }
    CHECK(strcmp(wickd_op_str(WICKD_OP_NONE), "") == 0);
    CHECK(strcmp(wickd_op_str(WICKD_OPS), "") == 0);
}

TEST(tags)
{
    CHECK_STATUS(parse("{\"tag\":7,\"op\":\"status\"}"), WICK_OK);
    CHECK(q.has_tag && q.tag == 7);
    CHECK_STATUS(parse("{\"op\":\"status\",\"tag\":0}"), WICK_OK);
    CHECK(q.has_tag && q.tag == 0);
    CHECK_STATUS(parse("{\"op\":\"status\",\"tag\":9007199254740992}"), WICK_OK);
    CHECK(q.tag == UINT64_C(1) << 53);
    static const char *const bad[] = {
        "{\"op\":\"status\",\"tag\":9007199254740994}", "{\"op\":\"status\",\"tag\":-1}",
        "{\"op\":\"status\",\"tag\":1.5}",              "{\"op\":\"status\",\"tag\":\"7\"}",
        "{\"op\":\"status\",\"tag\":null}",             "{\"op\":\"status\",\"tag\":[1]}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(parse(bad[i]), WICK_E_MALFORMED);
        CHECK(!q.has_tag && q.tag == 0);
        CHECK(why[0] != '\0');
    }
    /* The tag of a request that is refused comes back with the refusal. */
    CHECK_STATUS(parse("{\"op\":\"frobnicate\",\"tag\":9}"), WICK_E_UNSUPPORTED);
    CHECK(q.has_tag && q.tag == 9);
    CHECK_STATUS(parse("{\"op\":\"lookup\",\"tag\":9}"), WICK_E_MALFORMED);
    CHECK(q.has_tag && q.tag == 9 && q.op == WICKD_OP_LOOKUP);
}

TEST(refused)
{
    static const struct {
        const char *line;
        wick_status want;
    } bad[] = {
        {"", WICK_E_JSON},
        {" ", WICK_E_JSON},
        {"status", WICK_E_JSON},
        {"[]", WICK_E_JSON},
        {"\"status\"", WICK_E_JSON},
        {"null", WICK_E_JSON},
        {"{\"op\":\"status\"", WICK_E_JSON},
        {"{\"op\":\"status\"}}", WICK_E_JSON},
        {"{\"op\":\"status\"}{\"op\":\"status\"}", WICK_E_JSON},
        {"{\"op\":\"status\",\"op\":\"light\"}", WICK_E_JSON},
        {"{\"op\":\"status\",\"tag\":1,\"tag\":1}", WICK_E_JSON},
        {"{'op':'status'}", WICK_E_JSON},
        {"{\"op\":\"status\",}", WICK_E_JSON},
        {"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1"
         "}}}}}}}}}}}}}",
         WICK_E_JSON},
        {"{}", WICK_E_UNSUPPORTED},
        {"{\"op\":\"\"}", WICK_E_UNSUPPORTED},
        {"{\"op\":\"Status\"}", WICK_E_UNSUPPORTED},
        {"{\"op\":1}", WICK_E_UNSUPPORTED},
        {"{\"op\":[\"status\"]}", WICK_E_UNSUPPORTED},
        {"{\"OP\":\"status\"}", WICK_E_UNSUPPORTED},
        {"{\"op\":\"status\",\"name\":\"gw-b\"}", WICK_E_MALFORMED},
        {"{\"op\":\"status\",\"verbose\":true}", WICK_E_MALFORMED},
        {"{\"op\":\"lookup\"}", WICK_E_MALFORMED},
        {"{\"op\":\"lookup\",\"name\":7}", WICK_E_MALFORMED},
        {"{\"op\":\"lookup\",\"name\":null}", WICK_E_MALFORMED},
        {"{\"op\":\"lookup\",\"nmae\":\"gw-b\"}", WICK_E_MALFORMED},
        {"{\"op\":\"lookup\",\"name\":\"gw-b\",\"tier\":\"any\"}", WICK_E_MALFORMED},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(parse(bad[i].line), bad[i].want);
        CHECK(why[0] != '\0');
    }
}

#define PSK "{\"op\":\"get_psk\",\"name\":\"gw-b\""
#define SVC "{\"op\":\"service_publish\",\"service\":\"web\""

TEST(keys)
{
    static const struct {
        const char *protocol;
        unsigned use;
    } uses[] = {{"dtls12", WICK_USE_DTLS12},
                {"tls12", WICK_USE_TLS12},
                {"tls13", WICK_USE_TLS13},
                {"psk16", WICK_USE_PSK16},
                {"srtp", WICK_USE_SRTP}};
    char line[128];
    CHECK_STATUS(parse(PSK "}"), WICK_OK);
    CHECK(q.uses == 0 && !q.next && q.media == 0);
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        for (unsigned find = 0; find < 2; find++) {
            const char *head = find != 0 ? "{\"op\":\"find_psk\",\"identity\":\"x\"" : PSK;
            size_t at = strlen(head), len = strlen(uses[i].protocol);
            memcpy(line, head, at);
            memcpy(line + at, ",\"protocol\":\"", 13);
            memcpy(line + at + 13, uses[i].protocol, len);
            const char *end = uses[i].use == WICK_USE_SRTP ? "\",\"media\":7}" : "\"}";
            memcpy(line + at + 13 + len, end, strlen(end) + 1);
            CHECK_STATUS(parse(line), WICK_OK);
            CHECK_INT(q.uses, uses[i].use);
            CHECK_INT(q.media, uses[i].use == WICK_USE_SRTP ? 7 : 0);
        }
    }
    CHECK_STATUS(parse(PSK ",\"next\":true}"), WICK_OK);
    CHECK(q.next);
    CHECK_STATUS(parse(PSK ",\"next\":false,\"tag\":1}"), WICK_OK);
    CHECK(!q.next);
    CHECK_STATUS(parse(PSK ",\"protocol\":\"srtp\",\"media\":4294967295}"), WICK_OK);
    CHECK(q.media == UINT32_MAX);
    static const char *const bad[] = {PSK ",\"protocol\":\"dtls\"}",
                                      PSK ",\"protocol\":\"\"}",
                                      PSK ",\"protocol\":12}",
                                      PSK ",\"protocol\":null}",
                                      PSK ",\"next\":1}",
                                      PSK ",\"next\":\"true\"}",
                                      PSK ",\"media\":1}",
                                      PSK ",\"protocol\":\"tls12\",\"media\":1}",
                                      PSK ",\"protocol\":\"srtp\"}",
                                      "{\"op\":\"find_psk\",\"identity\":\"a\","
                                      "\"protocol\":\"srtp\"}",
                                      PSK ",\"protocol\":\"srtp\",\"media\":0}",
                                      PSK ",\"protocol\":\"srtp\",\"media\":4294967296}",
                                      PSK ",\"port\":1}",
                                      "{\"op\":\"get_peer_key\",\"name\":\"a\",\"next\":true}",
                                      "{\"op\":\"find_psk\",\"name\":\"a\"}",
                                      "{\"op\":\"find_psk\",\"identity\":\"a\",\"next\":true}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(parse(bad[i]), WICK_E_MALFORMED);
        CHECK(why[0] != '\0');
    }
}

TEST(sessions)
{
    static char line[4096];
    CHECK_STATUS(parse("{\"op\":\"connect\",\"name\":\"gw-b\"}"), WICK_OK);
    CHECK(!q.fresh);
    CHECK_STATUS(parse("{\"op\":\"connect\",\"name\":\"gw-b\",\"fresh\":true}"), WICK_OK);
    CHECK(q.fresh);
    CHECK_STATUS(parse(PSK ",\"fresh\":true}"), WICK_OK);
    CHECK(q.fresh);
    CHECK_STATUS(parse("{\"op\":\"close\",\"session\":254}"), WICK_OK);
    CHECK_INT(q.session, 254);
    CHECK_STATUS(parse("{\"op\":\"send\",\"session\":0,\"data\":\"0x00fF\"}"), WICK_OK);
    CHECK(q.session == 0 && q.data_len == 2 && q.data[0] == 0 && q.data[1] == 0xFF);
    /* the longest, and one byte more */
    static const char head[] = "{\"op\":\"send\",\"session\":0,\"data\":\"0x";
    size_t at = sizeof head - 1;
    memcpy(line, head, at);
    memset(line + at, 'a', 2 * WICKD_DATA_MAX);
    memcpy(line + at + 2 * WICKD_DATA_MAX, "\"}", 3);
    CHECK_STATUS(parse(line), WICK_OK);
    CHECK_INT(q.data_len, WICKD_DATA_MAX);
    memset(line + at, 'a', 2 * WICKD_DATA_MAX + 2);
    memcpy(line + at + 2 * WICKD_DATA_MAX + 2, "\"}", 3);
    CHECK_STATUS(parse(line), WICK_E_MALFORMED);
    CHECK_INT(q.data_len, 0);
#define SEND "{\"op\":\"send\",\"session\":1,\"data\":"
    static const char *const bad[] = {"{\"op\":\"connect\",\"name\":\"a\",\"fresh\":1}",
                                      "{\"op\":\"connect\",\"name\":\"a\",\"session\":1}",
                                      "{\"op\":\"listen\",\"name\":\"a\"}",
                                      "{\"op\":\"listen\",\"session\":1}",
                                      "{\"op\":\"close\",\"session\":255}",
                                      "{\"op\":\"close\",\"session\":-1}",
                                      "{\"op\":\"close\",\"session\":\"1\"}",
                                      "{\"op\":\"close\",\"session\":1,\"data\":\"0x00\"}",
                                      "{\"op\":\"send\",\"session\":1}",
                                      "{\"op\":\"send\",\"data\":\"0x00\"}",
                                      SEND "\"\"}",
                                      SEND "\"0x\"}",
                                      SEND "\"0x0\"}",
                                      SEND "\"0x000\"}",
                                      SEND "\"0X00\"}",
                                      SEND "\"1x00\"}",
                                      SEND "\"0x0g\"}",
                                      SEND "\"0000\"}",
                                      SEND "16}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(parse(bad[i]), WICK_E_MALFORMED);
        CHECK(why[0] != '\0');
    }
}

TEST(services)
{
    wick_addr at = wick_addr_v4(192, 0, 2, 1, 8443);
    CHECK_STATUS(parse(SVC "}"), WICK_OK);
    CHECK(q.transport == WICK_PROTOCOL_UDP && q.port == 0 && q.address.port == 0);
    CHECK_STATUS(parse(SVC ",\"transport\":\"tcp\",\"port\":65535,\"expires_s\":31536000,"
                           "\"address\":\"192.0.2.1:8443\"}"),
                 WICK_OK);
    CHECK(q.transport == WICK_PROTOCOL_TCP && q.port == 65535 && q.expires_s == 31536000);
    CHECK(wick_addr_equal(&q.address, &at));
    static const char *const bad[] = {SVC ",\"transport\":\"sctp\"}",
                                      SVC ",\"transport\":6}",
                                      SVC ",\"port\":0}",
                                      SVC ",\"port\":65536}",
                                      SVC ",\"port\":-1}",
                                      SVC ",\"port\":\"80\"}",
                                      SVC ",\"expires_s\":0}",
                                      SVC ",\"expires_s\":31536001}",
                                      SVC ",\"address\":\"192.0.2.1\"}",
                                      SVC ",\"address\":\"192.0.2.1:0\"}",
                                      SVC ",\"address\":\"host:80\"}",
                                      SVC ",\"address\":80}",
                                      SVC ",\"name\":\"web\"}",
                                      SVC ",\"protocol\":\"tls12\"}",
                                      "{\"op\":\"service_unpublish\",\"service\":\"a\",\"port\":1}",
                                      "{\"op\":\"service_list\",\"service\":\"a\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(parse(bad[i]), WICK_E_MALFORMED);
        CHECK(why[0] != '\0');
    }
}

TEST(lengths)
{
    static char line[WICKD_LINE_MAX + 1];
    static const char head[] = "{\"op\":\"lookup\",\"name\":\"";
    /* White space may fill a line, up to the last byte before its line end. */
    memset(line, ' ', sizeof line);
    memcpy(line, "{\"op\":\"status\"}", 15);
    CHECK_STATUS(wickd_request_parse(&q, &why, wick_span_make((const uint8_t *)line,
                                                              WICKD_LINE_MAX - 1)),
                 WICK_OK);
    CHECK_STATUS(wickd_request_parse(&q, &why, wick_span_make((const uint8_t *)line,
                                                              WICKD_LINE_MAX)),
                 WICK_E_JSON);
    /* The longest name, and one more character. */
    for (size_t len = sizeof q.name - 1; len <= sizeof q.name; len++) {
        memcpy(line, head, sizeof head - 1);
        memset(line + sizeof head - 1, 'a', len);
        memcpy(line + sizeof head - 1 + len, "\"}", 3);
        CHECK_STATUS(parse(line), len < sizeof q.name ? WICK_OK : WICK_E_MALFORMED);
    }
    /* The densest line there can be: an array of one-digit numbers fits into the parser's memory. */
    memset(line, 0, sizeof line);
    memcpy(line, "{\"op\":[", 7);
    size_t at = 7;
    while (at < WICKD_LINE_MAX - 6) {
        line[at++] = '1';
        line[at++] = ',';
    }
    memcpy(line + at, "1]}", 3);
    CHECK_STATUS(wickd_request_parse(&q, &why, wick_span_make((const uint8_t *)line, at + 3)),
                 WICK_E_UNSUPPORTED);
}

/* A zero byte, written or escaped, never cuts a name to another one. */
TEST(zero_bytes)
{
    static const char raw[] = "{\"op\":\"lookup\",\"name\":\"gw\0b\"}";
    CHECK_STATUS(wickd_request_parse(&q, &why,
                                     wick_span_make((const uint8_t *)raw, sizeof raw - 1)),
                 WICK_E_JSON);
    CHECK_STATUS(parse("{\"op\":\"lookup\",\"name\":\"gw\\u0000b\"}"), WICK_E_JSON);
    CHECK_STATUS(parse("{\"op\\u0000x\":\"status\"}"), WICK_E_JSON);
    CHECK_STATUS(parse("{\"op\":\"lookup\",\"name\":\"\\\\u0000\"}"), WICK_OK); /* text, no escape */
    CHECK(strcmp(q.name, "\\u0000") == 0);
}

TAP_MAIN("unit.wickd_request", CASE(every_operation), CASE(tags), CASE(refused), CASE(keys), CASE(sessions), CASE(services),
         CASE(lengths),
         CASE(zero_bytes))
