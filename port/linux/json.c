/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cJSON behind a strict front. cJSON itself is lenient about control characters, repeated members
 * and what follows the value, recurses, and asks for memory piece by piece: so the text is scanned
 * for depth and control characters first, memory comes from the caller's arena, and the tree is
 * checked for repeated members afterwards.
 */
#include "rpc_internal.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define MEMBERS_MAX 256 /* of one object: bounds the search for repetitions */

/* cJSON's hooks have no context, so the arena of the parse at hand stands here, per thread. */
static _Thread_local struct {
    uint8_t *ptr;
    size_t cap, used;
    bool full;
} arena;

/* The hooks stay installed, so outside of a parse they are what cJSON has by default: a program may
 * use cJSON for itself beside this. */
static void *arena_alloc(size_t len)
{
    if (arena.ptr == NULL) {
        return malloc(len);
    }
    size_t n = (len + 7u) & ~(size_t)7u;
    if (n < len || n > arena.cap - arena.used) {
        arena.full = true;
        return NULL;
    }
    void *p = arena.ptr + arena.used;
    arena.used += n;
    return p;
}

static void arena_free(void *p)
{
    if (arena.ptr == NULL) {
        free(p);
    } /* else the whole arena goes at once */
}

static const cJSON *in(const wick_json *node)
{
    return (const cJSON *)(const void *)node;
}

static const wick_json *out_of(const cJSON *node)
{
    return (const wick_json *)(const void *)node;
}

/* An escaped zero would end a text before its end: "gw\\u0000x" must not become "gw". */
static bool is_zero(wick_span text, size_t i)
{
    return text.len - i > 5 && memcmp(text.ptr + i, "\\u0000", 6) == 0;
}

/* Depth within the bound, no control character but white space between values, no zero in a text. */
static bool scan(wick_span text)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c < 0x20 && (quoted || (c != '\t' && c != '\n' && c != '\r'))) {
            return false;
        }
        if (quoted) {
            if (c == '\\') {
                if (is_zero(text, i)) {
                    return false;
                }
                i++;
            } else if (c == '"') {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > WICK_JSON_DEPTH_MAX) {
                return false;
            }
        } else if (c == '}' || c == ']') {
            if (depth-- == 0) {
                return false;
            }
        }
    }
    return depth == 0 && !quoted;
}

static bool members_differ(const cJSON *object)
{
    size_t n = 0;
    for (const cJSON *a = object->child; a != NULL; a = a->next) {
        if (++n > MEMBERS_MAX) {
            return false;
        }
        for (const cJSON *b = object->child; b != a; b = b->next) {
            if (strcmp(a->string, b->string) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* Walks the tree with a stack of its own; the depth was bounded by scan(). */
static bool all_members_differ(const cJSON *root)
{
    const cJSON *up[WICK_JSON_DEPTH_MAX + 1];
    size_t depth = 0;
    const cJSON *n = root;
    while (n != NULL) {
        if (cJSON_IsObject(n) && !members_differ(n)) {
            return false;
        }
        if (n->child != NULL) {
            if (depth == sizeof up / sizeof up[0]) {
                return false;
            }
            up[depth++] = n;
            n = n->child;
            continue;
        }
        while (n->next == NULL && depth != 0) {
            n = up[--depth];
        }
        n = n == root ? NULL : n->next;
    }
    return true;
}

wick_status wick_json_parse(const wick_json **out, uint8_t *mem, size_t cap, wick_span text)
{
    static const uint8_t bom[3] = {0xef, 0xbb, 0xbf};
    cJSON_Hooks hooks;
    const char *end = NULL;
    size_t skew = (size_t)(-(uintptr_t)mem) & 7u;
    *out = NULL;
    if (text.len == 0 || cap <= skew || !scan(text) ||
        (text.len >= 3 && memcmp(text.ptr, bom, 3) == 0)) {
        return WICK_E_JSON;
    }
    hooks.malloc_fn = arena_alloc;
    hooks.free_fn = arena_free;
    cJSON_InitHooks(&hooks);
    arena.ptr = mem + skew;
    arena.cap = cap - skew;
    arena.used = 0;
    arena.full = false;
    const char *begin = (const char *)text.ptr;
    const cJSON *root = cJSON_ParseWithLengthOpts(begin, text.len, &end, 0);
    arena.ptr = NULL;
    arena.cap = arena.used = 0;
    if (root == NULL || end == NULL) {
        return arena.full ? WICK_E_LIMIT : WICK_E_JSON;
    }
    for (; end < begin + text.len; end++) {
        if (*end != ' ' && *end != '\t' && *end != '\n' && *end != '\r') {
            return WICK_E_JSON;
        }
    }
    if (!all_members_differ(root)) {
        return WICK_E_JSON;
    }
    *out = out_of(root);
    return WICK_OK;
}

wick_json_kind wick_json_kind_of(const wick_json *node)
{
    const cJSON *n = in(node);
    if (n == NULL) {
        return WICK_JSON_MISSING;
    }
    if (cJSON_IsNull(n)) {
        return WICK_JSON_NULL;
    }
    if (cJSON_IsBool(n)) {
        return WICK_JSON_BOOL;
    }
    if (cJSON_IsNumber(n)) {
        return WICK_JSON_NUMBER;
    }
    if (cJSON_IsString(n)) {
        return WICK_JSON_TEXT;
    }
    return cJSON_IsArray(n) ? WICK_JSON_ARRAY : WICK_JSON_OBJECT;
}

const wick_json *wick_json_member(const wick_json *node, const char *name)
{
    const cJSON *n = in(node);
    return cJSON_IsObject(n) ? out_of(cJSON_GetObjectItemCaseSensitive(n, name)) : NULL;
}

const char *wick_json_name(const wick_json *node)
{
    return node != NULL && in(node)->string != NULL ? in(node)->string : "";
}

const wick_json *wick_json_first(const wick_json *node)
{
    const cJSON *n = in(node);
    return (cJSON_IsArray(n) || cJSON_IsObject(n)) ? out_of(n->child) : NULL;
}

const wick_json *wick_json_next(const wick_json *node)
{
    return node != NULL ? out_of(in(node)->next) : NULL;
}

size_t wick_json_count(const wick_json *node)
{
    size_t n = 0;
    for (const wick_json *i = wick_json_first(node); i != NULL; i = wick_json_next(i)) {
        n++;
    }
    return n;
}

const char *wick_json_text(const wick_json *node)
{
    return cJSON_IsString(in(node)) ? in(node)->valuestring : NULL;
}

bool wick_json_is_true(const wick_json *node)
{
    return cJSON_IsTrue(in(node)) != 0;
}

/* Digits after "0x", NULL if the node is no such text. */
static const char *digits_of(size_t *len, const wick_json *node)
{
    const char *s = wick_json_text(node);
    *len = 0;
    if (s == NULL || s[0] != '0' || s[1] != 'x') {
        return NULL;
    }
    *len = strlen(s + 2);
    return s + 2;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return (c >= 'A' && c <= 'F') ? c - 'A' + 10 : -1;
}

wick_status wick_json_hex(uint8_t *out, size_t len, const wick_json *node)
{
    size_t n;
    const char *s = digits_of(&n, node);
    if (s == NULL || n != 2 * len || wick_hex_decode(out, len, s, n) != WICK_OK) {
        memset(out, 0, len);
        return WICK_E_JSON;
    }
    return WICK_OK;
}

wick_status wick_json_data(wick_buf *out, const wick_json *node)
{
    size_t n;
    const char *s = digits_of(&n, node);
    if (s == NULL || n % 2 != 0) {
        return WICK_E_JSON;
    }
    for (size_t i = 0; i < n; i += 2) {
        int hi = digit(s[i]), lo = digit(s[i + 1]);
        if (hi < 0 || lo < 0) {
            return WICK_E_JSON;
        }
        wick_buf_put_u8(out, (uint8_t)((hi << 4) | lo));
    }
    return wick_buf_status(out);
}

wick_status wick_json_uint(uint8_t *out, size_t len, const wick_json *node)
{
    size_t n;
    const char *s = digits_of(&n, node);
    memset(out, 0, len);
    if (s == NULL || n == 0 || n > 2 * len) {
        return WICK_E_JSON;
    }
    for (size_t i = 0; i < n; i++) {
        int d = digit(s[n - 1 - i]);
        if (d < 0) {
            memset(out, 0, len);
            return WICK_E_JSON;
        }
        out[len - 1 - i / 2] |= (uint8_t)(i % 2 == 0 ? d : d << 4);
    }
    return WICK_OK;
}

wick_status wick_json_u64(uint64_t *out, const wick_json *node)
{
    uint8_t be[8];
    *out = 0;
    if (wick_json_kind_of(node) == WICK_JSON_NUMBER) {
        double v = in(node)->valuedouble;
        if (!(v >= 0.0 && v <= 9007199254740992.0)) {
            return WICK_E_JSON;
        }
        uint64_t u = (uint64_t)v;
        if ((double)u < v || (double)u > v) {
            return WICK_E_JSON;
        }
        *out = u;
        return WICK_OK;
    }
    if (wick_json_uint(be, sizeof be, node) != WICK_OK) {
        return WICK_E_JSON;
    }
    *out = wick_load_be64(be);
    return WICK_OK;
}

int64_t wick_json_integer(const wick_json *node)
{
    if (wick_json_kind_of(node) != WICK_JSON_NUMBER) {
        return 0;
    }
    double v = in(node)->valuedouble;
    if (!(v > -9.0e18)) { /* also what is no number */
        return INT64_MIN;
    }
    return v < 9.0e18 ? (int64_t)v : INT64_MAX;
}

wick_status wick_json_quote(char *out, size_t cap, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    for (const char *p = text;; p++) {
        unsigned char c = (unsigned char)*p;
        if (n + 8 > cap) { /* one escape, the closing quote and the terminator */
            return WICK_E_NO_SPACE;
        }
        if (p == text) {
            out[n++] = '"';
        }
        if (c == '\0') {
            break;
        }
        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = (char)c;
        } else if (c < 0x20 || c == 0x7f) {
            memcpy(out + n, "\\u00", 4);
            out[n + 4] = hex[c >> 4];
            out[n + 5] = hex[c & 15u];
            n += 6;
        } else {
            out[n++] = (char)c;
        }
    }
    out[n++] = '"';
    out[n] = '\0';
    return WICK_OK;
}
