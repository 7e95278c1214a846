/* SPDX-License-Identifier: Apache-2.0 */
/* Values under keys, as wick/hal/store.h has them. Power cuts are the port's own tests' matter. */
#include <string.h>

#include "selftest_internal.h"

#define KEY_1 WICK_STORE_KEY(0xfe, 0)
#define KEY_2 WICK_STORE_KEY(0xfe, 1)

/* Pattern of `len` octets in the first half of the scratch memory. */
static wick_span pattern(wick_selftest *t, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++) {
        t->scratch[i] = (uint8_t)(i * 31u + seed);
    }
    return wick_span_make(t->scratch, len);
}

static bool holds(wick_selftest *t, uint16_t key, uint8_t version, size_t len, uint8_t seed)
{
    const wick_hal_store *s = t->store;
    uint8_t got_version = 0;
    wick_buf b = wick_buf_make(t->scratch + WICK_SELFTEST_HALF, WICK_STORE_VALUE_MAX);
    wick_span want = pattern(t, len, seed);
    return s->get(s->ctx, key, &got_version, &b) == WICK_OK && got_version == version &&
           b.len == len && (len == 0 || memcmp(b.ptr, want.ptr, len) == 0);
}

static wick_status get(wick_selftest *t, uint16_t key, size_t cap, size_t *len)
{
    const wick_hal_store *s = t->store;
    uint8_t version = 0;
    wick_buf b = wick_buf_make(t->scratch + WICK_SELFTEST_HALF, cap);
    wick_status st = s->get(s->ctx, key, &version, &b);
    *len = b.len;
    return st;
}

void wick_selftest_store(wick_selftest *t)
{
    const wick_hal_store *s = t->store;
    size_t len = 0;
    bool erased = s->erase(s->ctx, KEY_1) == WICK_OK && s->erase(s->ctx, KEY_2) == WICK_OK;
    (void)wick_selftest_rule(t, "store.absent",
                             erased && get(t, KEY_1, 64, &len) == WICK_E_NOT_FOUND);
    (void)wick_selftest_rule(t, "store.put_get",
                             s->put(s->ctx, KEY_1, 1, pattern(t, 40, 1)) == WICK_OK &&
                                 holds(t, KEY_1, 1, 40, 1));
    (void)wick_selftest_rule(t, "store.overwrite",
                             s->put(s->ctx, KEY_1, 1, pattern(t, 33, 2)) == WICK_OK &&
                                 holds(t, KEY_1, 1, 33, 2));
    (void)wick_selftest_rule(t, "store.keys_are_apart",
                             s->put(s->ctx, KEY_2, 5, pattern(t, 7, 3)) == WICK_OK &&
                                 holds(t, KEY_1, 1, 33, 2) && holds(t, KEY_2, 5, 7, 3));
    (void)wick_selftest_rule(t, "store.small_buffer",
                             get(t, KEY_1, 32, &len) == WICK_E_NO_SPACE && len == 33 &&
                                 get(t, KEY_1, 33, &len) == WICK_OK);
    (void)wick_selftest_rule(t, "store.empty_is_not_absent",
                             s->put(s->ctx, KEY_1, 1, wick_span_make(t->scratch, 0)) == WICK_OK &&
                                 holds(t, KEY_1, 1, 0, 0));
    bool ok = s->put(s->ctx, KEY_1, 1, pattern(t, WICK_STORE_VALUE_MAX, 4)) == WICK_OK &&
              holds(t, KEY_1, 1, WICK_STORE_VALUE_MAX, 4);
    (void)wick_selftest_rule(t, "store.largest_value", ok);
    ok = s->put(s->ctx, KEY_1, 1, pattern(t, WICK_STORE_VALUE_MAX + 1, 5)) < 0 &&
         holds(t, KEY_1, 1, WICK_STORE_VALUE_MAX, 4);
    (void)wick_selftest_rule(t, "store.too_large_keeps_the_old", ok);
    ok = s->put(s->ctx, KEY_2, 4, pattern(t, 3, 6)) == WICK_E_STORE_VERSION &&
         holds(t, KEY_2, 5, 7, 3);
    (void)wick_selftest_rule(t, "store.newer_version_is_kept", ok);
    ok = s->put(s->ctx, KEY_2, 6, pattern(t, 3, 6)) == WICK_OK && holds(t, KEY_2, 6, 3, 6);
    (void)wick_selftest_rule(t, "store.version_may_rise", ok);
    ok = s->erase(s->ctx, KEY_1) == WICK_OK && get(t, KEY_1, 64, &len) == WICK_E_NOT_FOUND &&
         holds(t, KEY_2, 6, 3, 6);
    (void)wick_selftest_rule(t, "store.erase", ok);
    ok = s->erase(s->ctx, KEY_1) == WICK_OK;
    (void)wick_selftest_rule(t, "store.erase_twice", ok);
    ok = s->erase(s->ctx, KEY_2) == WICK_OK &&
         s->put(s->ctx, KEY_2, 1, pattern(t, 3, 7)) == WICK_OK && holds(t, KEY_2, 1, 3, 7) &&
         s->erase(s->ctx, KEY_2) == WICK_OK;
    (void)wick_selftest_rule(t, "store.erased_key_starts_anew", ok);
}
