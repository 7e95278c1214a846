/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store in RAM, two copies per value, each version u8 | length u16 | counter u32 | bytes | CRC32.
 * A put writes the older copy, so that a cut in the middle leaves the newer one. The fault says
 * where the power goes.
 */
#include "wick/port/stub.h"

#include <string.h>

void wick_stub_store_init(wick_stub_store *s)
{
    memset(s, 0, sizeof *s);
}

void wick_stub_store_power_on(wick_stub_store *s)
{
    s->dead = false;
    s->fault = WICK_STUB_FAULT_NONE;
}

/* Length of the value in a copy, or -1 if it is not whole. */
static int whole(const uint8_t *raw, size_t len)
{
    if (len < 11) {
        return -1;
    }
    size_t n = wick_load_be16(raw + 1);
    if (n + 11 != len || wick_load_be32(raw + 7 + n) != wick_crc32(wick_span_make(raw, 7 + n))) {
        return -1;
    }
    return (int)n;
}

static int newest(const wick_stub_store *s, int item)
{
    int best = -1;
    for (int c = 0; c < 2; c++) {
        const uint8_t *raw = s->item[item].copy[c].raw;
        if (whole(raw, s->item[item].copy[c].len) < 0) {
            continue;
        }
        if (best < 0 || (int32_t)(wick_load_be32(raw + 3) -
                                  wick_load_be32(s->item[item].copy[best].raw + 3)) > 0) {
            best = c;
        }
    }
    return best;
}

static int find(const wick_stub_store *s, uint16_t key)
{
    for (int i = 0; i < WICK_STUB_STORE_ITEMS; i++) {
        if (s->item[i].used && s->item[i].key == key) {
            return i;
        }
    }
    return -1;
}

static wick_status store_get(void *ctx, uint16_t key, uint8_t *version, wick_buf *out)
{
    const wick_stub_store *s = ctx;
    int i = find(s, key);
    out->len = 0;
    if (s->dead) {
        return WICK_E_HAL;
    }
    if (i < 0) {
        return WICK_E_NOT_FOUND;
    }
    int c = newest(s, i);
    if (c < 0) {
        return (s->item[i].copy[0].len == 0 || s->item[i].copy[1].len == 0) ? WICK_E_NOT_FOUND
                                                                             : WICK_E_STORE_CORRUPT;
    }
    const uint8_t *raw = s->item[i].copy[c].raw;
    size_t n = wick_load_be16(raw + 1);
    *version = raw[0];
    if (n > out->cap) {
        out->len = n;
        return WICK_E_NO_SPACE;
    }
    memcpy(out->ptr, raw + 7, n);
    out->len = n;
    return WICK_OK;
}

static wick_status store_put(void *ctx, uint16_t key, uint8_t version, wick_span value)
{
    wick_stub_store *s = ctx;
    if (s->dead) {
        return WICK_E_HAL;
    }
    if (value.len > WICK_STORE_VALUE_MAX) {
        return WICK_E_STORE_FULL;
    }
    int i = find(s, key);
    for (int k = 0; i < 0 && k < WICK_STUB_STORE_ITEMS; k++) {
        if (!s->item[k].used) {
            memset(&s->item[k], 0, sizeof s->item[k]);
            s->item[k].used = true;
            s->item[k].key = key;
            i = k;
        }
    }
    if (i < 0) {
        return WICK_E_STORE_FULL;
    }
    int c = newest(s, i);
    uint32_t counter = 1;
    if (c >= 0) {
        if (s->item[i].copy[c].raw[0] > version) {
            return WICK_E_STORE_VERSION;
        }
        counter = wick_load_be32(s->item[i].copy[c].raw + 3) + 1;
    }
    s->puts++;
    if (s->fault == WICK_STUB_FAULT_BEFORE) {
        s->dead = true;
        return WICK_E_HAL;
    }
    uint8_t raw[WICK_STORE_VALUE_MAX + 11];
    raw[0] = version;
    wick_store_be16(raw + 1, (uint16_t)value.len);
    wick_store_be32(raw + 3, counter);
    if (value.len != 0) {
        memcpy(raw + 7, value.ptr, value.len);
    }
    wick_store_be32(raw + 7 + value.len, wick_crc32(wick_span_make(raw, 7 + value.len)));
    size_t len = value.len + 11;
    int older = c == 0 ? 1 : 0;
    if (s->fault == WICK_STUB_FAULT_TORN) {
        memcpy(s->item[i].copy[older].raw, raw, len / 2);
        s->item[i].copy[older].len = len;
        s->dead = true;
        return WICK_E_HAL;
    }
    memcpy(s->item[i].copy[older].raw, raw, len);
    s->item[i].copy[older].len = len;
    if (s->fault == WICK_STUB_FAULT_AFTER) {
        s->dead = true;
        return WICK_E_HAL;
    }
    return WICK_OK;
}

static wick_status store_erase(void *ctx, uint16_t key)
{
    wick_stub_store *s = ctx;
    int i = find(s, key);
    if (s->dead) {
        return WICK_E_HAL;
    }
    if (i >= 0) {
        s->item[i].used = false;
    }
    return WICK_OK;
}

void wick_stub_hal_store(wick_hal_store *out, wick_stub_store *s)
{
    out->ctx = s;
    out->get = store_get;
    out->put = store_put;
    out->erase = store_erase;
}
