/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ethereum/tests RLPTests. A case is {"in": value, "out": hex}: the value must encode to the bytes
 * and the bytes decode to the value. "in": "VALID" and "INVALID" say only what the bytes are.
 */
#include "data.h"

#include <stdlib.h>

#include "wick/keccak.h"
#include "wick/rlp.h"

#include "tap.h"

static unsigned valid, invalid, encoded;

/* ---- "in" to RLP ---- */

/* Decimal text to big-endian bytes: at most 40 of them. */
static size_t decimal(uint8_t out[40], const char *text)
{
    memset(out, 0, 40);
    for (; *text != '\0'; text++) {
        unsigned carry = (unsigned)(*text - '0');
        for (size_t i = 40; i-- != 0;) {
            carry += out[i] * 10u;
            out[i] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    return 40;
}

static void put_value(wick_buf *b, const cJSON *v)
{
    if (cJSON_IsArray(v)) {
        size_t at = wick_rlp_open(b);
        for (const cJSON *c = v->child; c != NULL; c = c->next) {
            put_value(b, c);
        }
        wick_rlp_shut(b, at);
    } else if (cJSON_IsNumber(v)) {
        wick_rlp_put_u64(b, (uint64_t)v->valuedouble);
    } else if (v->valuestring[0] == '#') {
        uint8_t n[40];
        wick_rlp_put_uint(b, n, decimal(n, v->valuestring + 1));
    } else {
        wick_rlp_put(b, (const uint8_t *)v->valuestring, strlen(v->valuestring));
    }
}

/* ---- RLP to "in" ---- */

static bool same_value(wick_rlp *r, const cJSON *v)
{
    if (cJSON_IsArray(v)) {
        bool same = true;
        wick_rlp l = wick_rlp_list(r);
        for (const cJSON *c = v->child; c != NULL && same; c = c->next) {
            same = same_value(&l, c);
        }
        wick_rlp_close(r, &l);
        return same && r->status == WICK_OK;
    }
    if (cJSON_IsNumber(v)) {
        return wick_rlp_u64(r) == (uint64_t)v->valuedouble && r->status == WICK_OK;
    }
    wick_span s = wick_rlp_string(r);
    if (v->valuestring[0] == '#') {
        uint8_t n[40];
        size_t at = 0, len = decimal(n, v->valuestring + 1);
        while (n[at] == 0) {
            at++;
        }
        return s.len == len - at && memcmp(s.ptr, n + at, s.len) == 0;
    }
    return r->status == WICK_OK && s.len == strlen(v->valuestring) &&
           memcmp(s.ptr, v->valuestring, s.len) == 0;
}

/* JSON has no zero byte in a C string: cJSON ends the text there. */
static bool has_text(const cJSON *in)
{
    return !cJSON_IsString(in) || in->valuestring[0] != '\0';
}

/* ---- cases ---- */

static void check_valid(const char *name, const cJSON *in, wick_span rlp)
{
    valid++;
    tap_checks++;
    if (wick_rlp_check(rlp) != WICK_OK) {
        tap_fail(__FILE__, __LINE__, name);
    }
    /* Cut anywhere, or with a byte after it, it is no item. */
    uint8_t *more = data_alloc(rlp.len + 1);
    memcpy(more, rlp.ptr, rlp.len);
    CHECK_STATUS(wick_rlp_check(wick_span_make(more, rlp.len + 1)), WICK_E_TRAILING);
    for (size_t n = 0; n < rlp.len; n++) {
        CHECK(wick_rlp_check(wick_span_make(more, n)) != WICK_OK);
    }
    if (cJSON_IsString(in) && strcmp(in->valuestring, "VALID") == 0) {
        return;
    }
    uint8_t *out = data_alloc(rlp.len + 16);
    wick_buf b = wick_buf_make(out, rlp.len + 16);
    if (has_text(in)) {
        put_value(&b, in);
        CHECK(wick_buf_status(&b) == WICK_OK && b.len == rlp.len &&
              memcmp(out, rlp.ptr, rlp.len) == 0);
        wick_rlp r = wick_rlp_make(rlp);
        CHECK(same_value(&r, in));
        CHECK_STATUS(wick_rlp_end(&r), WICK_OK);
        encoded++;
    }
}

static void check_invalid(const char *name, wick_span rlp)
{
    invalid++;
    tap_checks++;
    if (wick_rlp_check(rlp) == WICK_OK) {
        tap_fail(__FILE__, __LINE__, name);
    }
}

static void each_case(const cJSON *file)
{
    for (const cJSON *c = file->child; c != NULL; c = c->next) {
        wick_span rlp;
        const cJSON *in = data_get(c, "in"), *out = data_get(c, "out");
        if (in == NULL || !data_hex(&rlp, out)) {
            continue;
        }
        if (cJSON_IsString(in) && strcmp(in->valuestring, "INVALID") == 0) {
            check_invalid(c->string, rlp);
        } else {
            check_valid(c->string, in, rlp);
        }
    }
}

/* hexencodetest.json has "in"-less cases, tries have "root": only {"in", "out"} is RLP. */
TEST(rlp_tests)
{
    size_t count = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        if (cJSON_IsObject(f[i].root)) {
            each_case(f[i].root);
        }
    }
    if (valid == 0 && invalid == 0) {
        SKIP("no RLPTests below WICK_VECTORS_DIR");
    }
    data_note("%u valid (%u encoded too), %u invalid", valid, encoded, invalid);
}

/* Upstream's own count: a reader that finds fewer has lost some of them. */
TEST(all_invalid_vectors_are_there)
{
    if (invalid == 0) {
        SKIP("no invalidRLPTest below WICK_VECTORS_DIR");
    }
    CHECK(invalid >= 26);
}

TAP_MAIN("vectors.rlp", CASE(rlp_tests), CASE(all_invalid_vectors_are_there))
