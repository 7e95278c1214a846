/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the two committees. The bank holds those in use as points; the others wait compressed. A
 * change of use swaps the two key by key in place, so that no third buffer is needed, and can be
 * taken back when a key turns out to be none.
 */
#include <string.h>

#include "beacon_internal.h"

#if WICK_WITH_BEACON

bool wick_beacon_has_bls(const wick_hal_crypto *crypto)
{
    return crypto->bls_key != NULL && crypto->bls_compress != NULL && crypto->bls_begin != NULL &&
           crypto->bls_add != NULL && crypto->bls_total != NULL && crypto->bls_verify != NULL;
}

/* The sum of the whole bank, from which a check takes the few that are missing. */
static wick_status sum_up(wick_beacon *b, const wick_hal_crypto *crypto)
{
    wick_bls_sum sum;
    crypto->bls_begin(crypto->ctx, &sum);
    for (size_t i = 0; i < wick_beacon_members(b); i++) {
        crypto->bls_add(crypto->ctx, &sum, &b->bank[i], false);
    }
    return crypto->bls_total(crypto->ctx, &b->sum, &sum);
}

wick_status wick_beacon_keys_load(wick_beacon *b, const wick_hal_crypto *crypto,
                                  const uint8_t *keys, size_t stride)
{
    uint8_t key[48];
    for (size_t i = 0; i < wick_beacon_members(b); i++) {
        memcpy(key, keys + stride * i, sizeof key);
        wick_status s = crypto->bls_key(crypto->ctx, &b->bank[i], key, true);
        if (s != WICK_OK) {
            return s;
        }
    }
    b->bank_is_next = false;
    return sum_up(b, crypto);
}

/* One key from the bank aside and the one aside into the bank. Untouched on error. */
static wick_status swap_key(wick_beacon *b, const wick_hal_crypto *crypto, size_t i, bool validate)
{
    uint8_t key[48];
    wick_bls_key point;
    wick_status s = crypto->bls_key(crypto->ctx, &point, b->other[i], validate);
    if (s == WICK_OK) {
        crypto->bls_compress(crypto->ctx, key, &b->bank[i]);
        b->bank[i] = point;
        memcpy(b->other[i], key, sizeof key);
    }
    return s;
}

wick_status wick_beacon_keys_use(wick_beacon *b, const wick_hal_crypto *crypto, bool next)
{
    if (b->bank_is_next == next) {
        return WICK_OK;
    }
    size_t done = 0;
    wick_bls_key sum = b->sum;
    wick_status s = WICK_OK;
    while (s == WICK_OK && done < wick_beacon_members(b)) {
        s = swap_key(b, crypto, done, !b->other_valid);
        done += s == WICK_OK ? 1u : 0u;
    }
    if (s == WICK_OK) {
        s = sum_up(b, crypto);
    }
    if (s != WICK_OK) {
        /* The keys aside have all been in the bank: taking them back cannot fail. */
        for (size_t i = 0; i < done; i++) {
            (void)swap_key(b, crypto, i, false);
        }
        b->sum = sum;
        return s;
    }
    b->bank_is_next = next;
    b->other_valid = true;
    return WICK_OK;
}

void wick_beacon_keys_next(wick_beacon *b, const uint8_t *keys)
{
    memcpy(b->other[0], keys, 48 * wick_beacon_members(b));
    b->other_valid = false;
}

void wick_beacon_keys_turn(wick_beacon *b)
{
    b->bank_is_next = false;
}

void wick_beacon_key(uint8_t out48[48], const wick_beacon *b, const wick_hal_crypto *crypto,
                     bool next, size_t index)
{
    if (b->bank_is_next == next) {
        crypto->bls_compress(crypto->ctx, out48, &b->bank[index]);
    } else {
        memcpy(out48, b->other[index], 48);
    }
}

/* ---- signatures ---- */

static bool is_set(wick_span bits, size_t i)
{
    return (((unsigned)bits.ptr[i / 8] >> (i % 8)) & 1u) != 0;
}

size_t wick_beacon_count(wick_span bits)
{
    size_t n = 0;
    for (size_t i = 0; i < 8 * bits.len; i++) {
        n += is_set(bits, i) ? 1u : 0u;
    }
    return n;
}

wick_status wick_beacon_keys_verify(const wick_beacon *b, const wick_hal_crypto *crypto,
                                    wick_span bits, size_t participants, const uint8_t root32[32],
                                    const uint8_t sig96[96])
{
    /* Whichever is shorter: the sum of those who signed, or that of all without the others. */
    bool subtract = 2 * participants > wick_beacon_members(b);
    wick_bls_sum sum;
    crypto->bls_begin(crypto->ctx, &sum);
    if (subtract) {
        crypto->bls_add(crypto->ctx, &sum, &b->sum, false);
    }
    for (size_t i = 0; i < wick_beacon_members(b); i++) {
        if (is_set(bits, i) != subtract) {
            crypto->bls_add(crypto->ctx, &sum, &b->bank[i], subtract);
        }
    }
    return crypto->bls_verify(crypto->ctx, &sum, root32, sig96);
}

#else
/* ISO C forbids an empty file. */
typedef int wick_beacon_keys_is_off;
#endif
