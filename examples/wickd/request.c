/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the socket, checked against the table of operations. */
#include "request.h"

#include <string.h>

/* Members that an operation has besides "op" and "tag". */
enum { TAKES_NAME = 1 };

static const struct {
    const char *name;
    unsigned members;
} ops[WICKD_OPS] = {
    [WICKD_OP_NONE] = {"", 0},
    [WICKD_OP_VERSION] = {"version", 0},
    [WICKD_OP_STATUS] = {"status", 0},
    [WICKD_OP_LOOKUP] = {"lookup", TAKES_NAME},
    [WICKD_OP_LIGHT] = {"light", 0},
    [WICKD_OP_SESSIONS] = {"sessions", 0},
    [WICKD_OP_PATH] = {"path", 0},
    [WICKD_OP_METRICS] = {"metrics", 0},
    [WICKD_OP_SUBSCRIBE] = {"subscribe", 0},
    [WICKD_OP_UNSUBSCRIBE] = {"unsubscribe", 0},
    [WICKD_OP_RELOAD] = {"reload", 0},
};

/* A value takes up to 96 bytes of it, and two bytes of a line make one. */
static uint64_t arena[(48u * WICKD_LINE_MAX + 8192u) / 8];

const char *wickd_op_str(wickd_op op)
{
    return (unsigned)op < WICKD_OPS ? ops[op].name : "";
}

static wickd_op find_op(const char *name)
{
    for (unsigned i = WICKD_OP_NONE + 1; name != NULL && i < WICKD_OPS; i++) {
        if (strcmp(name, ops[i].name) == 0) {
            return (wickd_op)i;
        }
    }
    return WICKD_OP_NONE;
}

static wick_status refuse(const char **why, wick_status status, const char *text)
{
    *why = text;
    return status;
}

static wick_status take_tag(wickd_request *out, const char **why, const wick_json *tag)
{
    if (tag == NULL) {
        return WICK_OK;
    }
    if (wick_json_kind_of(tag) != WICK_JSON_NUMBER || wick_json_u64(&out->tag, tag) != WICK_OK) {
        out->tag = 0;
        return refuse(why, WICK_E_MALFORMED, "'tag' is not an integer of at most 2^53");
    }
    out->has_tag = true;
    return WICK_OK;
}

static wick_status take_name(wickd_request *out, const char **why, const wick_json *name)
{
    const char *text = wick_json_text(name);
    if (text == NULL) {
        return refuse(why, WICK_E_MALFORMED, "'name' is missing, or not a text");
    }
    size_t len = strlen(text);
    if (len >= sizeof out->name) {
        return refuse(why, WICK_E_MALFORMED, "'name' is longer than 255 characters");
    }
    memcpy(out->name, text, len + 1);
    return WICK_OK;
}

wick_status wickd_request_parse(wickd_request *out, const char **why, wick_span line)
{
    const wick_json *root = NULL;
    memset(out, 0, sizeof *out);
    *why = "";
    if (line.len >= WICKD_LINE_MAX ||
        wick_json_parse(&root, (uint8_t *)arena, sizeof arena, line) != WICK_OK ||
        wick_json_kind_of(root) != WICK_JSON_OBJECT) {
        return refuse(why, WICK_E_JSON, "a line is one JSON object of at most 4095 bytes");
    }
    wick_status s = take_tag(out, why, wick_json_member(root, "tag"));
    if (s != WICK_OK) {
        return s;
    }
    out->op = find_op(wick_json_text(wick_json_member(root, "op")));
    if (out->op == WICKD_OP_NONE) {
        return refuse(why, WICK_E_UNSUPPORTED, "'op' names no operation: see \"version\"");
    }
    /* The parser refuses a member that is there twice, so counting tells of unknown ones. */
    size_t known = out->has_tag ? 2 : 1;
    if ((ops[out->op].members & TAKES_NAME) != 0) {
        s = take_name(out, why, wick_json_member(root, "name"));
        known++;
    }
    if (s == WICK_OK && wick_json_count(root) != known) {
        s = refuse(why, WICK_E_MALFORMED, "a member that this operation does not have");
    }
    return s;
}
