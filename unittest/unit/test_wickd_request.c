/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of wickd's socket (examples/wickd/request.h): what is taken, and what each other is. */
#include "request.h"

#include "tap.h"

static wickd_request q;
static const char *why;

static wick_status parse(const char *text)
{
    return wickd_request_parse(&q, &why, wick_span_text(text));
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
        memcpy(line + 7 + len, i == WICKD_OP_LOOKUP ? "\",\"name\":\"gw-b\"}" : "\"}",
               i == WICKD_OP_LOOKUP ? 17 : 3);
        CHECK_STATUS(parse(line), WICK_OK);
        CHECK_INT(q.op, i);
        CHECK(!q.has_tag);
        CHECK(strcmp(q.name, i == WICKD_OP_LOOKUP ? "gw-b" : "") == 0);
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

TAP_MAIN("unit.wickd_request", CASE(every_operation), CASE(tags), CASE(refused), CASE(lengths),
         CASE(zero_bytes))
