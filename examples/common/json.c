/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON, and the number forms of Ethereum's JSON-RPC. */
#define _GNU_SOURCE /* memmem */
#include "json.h"

#include <string.h>

/* cJSON bounds the nesting (CJSON_NESTING_LIMIT), so the walk over siblings and children ends. */
static bool members_differ(const cJSON *node)
{
    if (cJSON_IsObject(node)) {
        for (const cJSON *a = node->child; a != NULL; a = a->next) {
            for (const cJSON *b = a->next; b != NULL; b = b->next) {
                if (strcmp(a->string, b->string) == 0) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool all_members_differ(const cJSON *root)
{
    /* Depth first with a stack: cJSON has no parent pointers. */
    const cJSON *stack[64];
    size_t n = 0;
    stack[n++] = root;
    while (n > 0) {
        const cJSON *node = stack[--n];
        if (!members_differ(node)) {
            return false;
        }
        if (node->next != NULL && node != root) {
            stack[n++] = node->next;
        }
        if (node->child != NULL) {
            if (n == sizeof stack / sizeof stack[0]) {
                return false;
            }
            stack[n++] = node->child;
        }
    }
    return true;
}

wick_status json_parse(cJSON **out, const uint8_t *text, size_t len)
{
    const char *end = NULL;
    *out = NULL;
    if (memchr(text, 0, len) != NULL || memmem(text, len, "\\u0000", 6) != NULL) {
        return WICK_E_JSON;
    }
    cJSON *root = cJSON_ParseWithLengthOpts((const char *)text, len + 1, &end, 1);
    if (root == NULL) {
        return WICK_E_JSON;
    }
    if (!all_members_differ(root)) {
        cJSON_Delete(root);
        return WICK_E_JSON;
    }
    *out = root;
    return WICK_OK;
}

const cJSON *json_member(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

const char *json_text(const cJSON *value)
{
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

/* The digits behind 0x, or NULL. */
static const char *digits_of(const cJSON *value, size_t *count)
{
    const char *text = json_text(value);
    if (text == NULL || text[0] != '0' || text[1] != 'x') {
        return NULL;
    }
    *count = strlen(text + 2);
    return text + 2;
}

wick_status json_hex(uint8_t *out, size_t *len, const cJSON *value, size_t cap)
{
    size_t n = 0;
    const char *digits = digits_of(value, &n);
    if (digits == NULL || n % 2 != 0 || n / 2 > cap ||
        wick_hex_decode(out, n / 2, digits, n) != WICK_OK) {
        return WICK_E_JSON;
    }
    *len = n / 2;
    return WICK_OK;
}

wick_status json_hex_exact(uint8_t *out, const cJSON *value, size_t len)
{
    size_t got = 0;
    wick_status s = json_hex(out, &got, value, len);
    return s == WICK_OK && got != len ? WICK_E_JSON : s;
}

wick_status json_quantity(uint8_t out[32], const cJSON *value)
{
    size_t n = 0;
    char padded[64];
    const char *digits = digits_of(value, &n);
    if (digits == NULL || n > sizeof padded) {
        return WICK_E_JSON;
    }
    memset(padded, '0', sizeof padded);
    memcpy(padded + sizeof padded - n, digits, n);
    return wick_hex_decode(out, 32, padded, sizeof padded) == WICK_OK ? WICK_OK : WICK_E_JSON;
}

wick_status json_quantity_u64(uint64_t *out, const cJSON *value)
{
    uint8_t word[32];
    wick_status s = json_quantity(word, value);
    if (s != WICK_OK || !wick_ct_is_zero(word, 24)) {
        return WICK_E_JSON;
    }
    *out = wick_load_be64(word + 24);
    return WICK_OK;
}
