/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports of a trust store. First byte: 0, the rest is the import; else, its digest is added, so
 * that mutations get past it. What is accepted can be opened, read and exported to the same bytes;
 * what is refused leaves the store empty.
 */
#include "fuzz.h"

#include "wick/trust_store.h"

#define CHAIN 2026u
#define RULE 4u
#define INPUT_MAX 60000u

static const uint8_t anchor[32] = {1, 2, 3};

static struct {
    bool used;
    uint8_t version;
    size_t len;
    uint8_t bytes[WICK_STORE_VALUE_MAX];
} value[WICK_TRUST_KEYS];

static wick_status get(void *ctx, uint16_t key, uint8_t *version, wick_buf *out)
{
    (void)ctx;
    FUZZ_CHECK(key < WICK_TRUST_KEYS);
    if (!value[key].used) {
        return WICK_E_NOT_FOUND;
    }
    *version = value[key].version;
    out->len = value[key].len;
    if (value[key].len > out->cap) {
        return WICK_E_NO_SPACE;
    }
    memcpy(out->ptr, value[key].bytes, value[key].len);
    return WICK_OK;
}

static wick_status put(void *ctx, uint16_t key, uint8_t version, wick_span in)
{
    (void)ctx;
    FUZZ_CHECK(key < WICK_TRUST_KEYS && in.len <= WICK_STORE_VALUE_MAX);
    value[key].used = true;
    value[key].version = version;
    value[key].len = in.len;
    memcpy(value[key].bytes, in.ptr, in.len);
    return WICK_OK;
}

static wick_status drop(void *ctx, uint16_t key)
{
    (void)ctx;
    value[key].used = false;
    return WICK_OK;
}

static const wick_hal_store store = {NULL, get, put, drop};

static void check_export(const wick_trust_store *ts, wick_span bytes)
{
    static uint8_t out[INPUT_MAX + WICK_TRUST_STEP_MAX + 32];
    wick_trust_export x;
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_status s = WICK_AGAIN;
    FUZZ_CHECK(wick_trust_export_begin(&x, ts) == WICK_OK);
    while (s == WICK_AGAIN) {
        s = wick_trust_export_next(&x, &b);
    }
    FUZZ_CHECK(s == WICK_OK && b.len == bytes.len && memcmp(out, bytes.ptr, b.len) == 0);
}

static void import(wick_span bytes, size_t step)
{
    static wick_trust_import im;
    static uint8_t state[WICK_TRUST_STATE_MAX];
    wick_trust_store ts;
    wick_buf b = wick_buf_make(state, sizeof state);
    wick_status s = WICK_OK;
    memset(value, 0, sizeof value);
    FUZZ_CHECK(wick_trust_store_open(&ts, &store, 0, CHAIN, RULE, anchor) == WICK_OK);
    wick_trust_import_begin(&im, &ts);
    for (size_t at = 0; at < bytes.len; at += step) {
        size_t n = bytes.len - at < step ? bytes.len - at : step;
        s = wick_trust_import_input(&im, wick_span_make(bytes.ptr + at, n));
    }
    if (wick_trust_import_end(&im) != WICK_OK) {
        FUZZ_CHECK(wick_trust_import_commit(&im) == WICK_E_STATE);
        FUZZ_CHECK(wick_trust_store_open(&ts, &store, 0, CHAIN, RULE, anchor) == WICK_OK);
        FUZZ_CHECK(wick_trust_store_is_empty(&ts));
        return;
    }
    FUZZ_CHECK(s == WICK_OK);
    FUZZ_ACCEPTED();
    FUZZ_CHECK(wick_trust_import_commit(&im) == WICK_OK);
    FUZZ_CHECK(wick_trust_store_open(&ts, &store, 0, CHAIN, RULE, anchor) == WICK_OK);
    FUZZ_CHECK(wick_trust_store_state(&ts, &b) == WICK_OK && b.len == ts.state_len);
    check_export(&ts, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t whole[INPUT_MAX + 32];
    if (size < 1 || size > INPUT_MAX) {
        return 0;
    }
    size_t len = size - 1;
    memcpy(whole, data + 1, len);
    if (data[0] != 0) {
        wick_keccak256(whole + len, whole, len);
        len += 32;
    }
    import(wick_span_make(whole, len), 1 + data[0] % 97u);
    return 0;
}
