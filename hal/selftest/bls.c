/* SPDX-License-Identifier: Apache-2.0 */
/* BLS12-381: the keys and the aggregate of ethereum/bls12-381-tests (fast_aggregate_verify, message
 * abab...), and everything that is no key or no signature of them. */
#include <string.h>

#include "selftest_internal.h"

static const uint8_t keys[3][48] = {
   {0xa4, 0x91, 0xd1, 0xb0, 0xec, 0xd9, 0xbb, 0x91, 0x79, 0x89, 0xf0, 0xe7, 0x4f, 0x0d, 0xea, 0x04,
    0x22, 0xea, 0xc4, 0xa8, 0x73, 0xe5, 0xe2, 0x64, 0x4f, 0x36, 0x8d, 0xff, 0xb9, 0xa6, 0xe2, 0x0f,
    0xd6, 0xe1, 0x0c, 0x1b, 0x77, 0x65, 0x4d, 0x06, 0x7c, 0x06, 0x18, 0xf6, 0xe5, 0xa7, 0xf7, 0x9a},
   {0xb3, 0x01, 0x80, 0x3f, 0x8b, 0x5a, 0xc4, 0xa1, 0x13, 0x35, 0x81, 0xfc, 0x67, 0x6d, 0xfe, 0xdc,
    0x60, 0xd8, 0x91, 0xdd, 0x5f, 0xa9, 0x90, 0x28, 0x80, 0x5e, 0x5e, 0xa5, 0xb0, 0x8d, 0x34, 0x91,
    0xaf, 0x75, 0xd0, 0x70, 0x7a, 0xda, 0xb3, 0xb7, 0x0c, 0x6a, 0x6a, 0x58, 0x02, 0x17, 0xbf, 0x81},
   {0xb5, 0x3d, 0x21, 0xa4, 0xcf, 0xd5, 0x62, 0xc4, 0x69, 0xcc, 0x81, 0x51, 0x4d, 0x4c, 0xe5, 0xa6,
    0xb5, 0x77, 0xd8, 0x40, 0x3d, 0x32, 0xa3, 0x94, 0xdc, 0x26, 0x5d, 0xd1, 0x90, 0xb4, 0x7f, 0xa9,
    0xf8, 0x29, 0xfd, 0xd7, 0x96, 0x3a, 0xfd, 0xf9, 0x72, 0xe5, 0xe7, 0x78, 0x54, 0x05, 0x1f, 0x6f}};
static const uint8_t signature[96] = {
    0x97, 0x12, 0xc3, 0xed, 0xd7, 0x3a, 0x20, 0x9c, 0x74, 0x2b, 0x82, 0x50, 0x75, 0x9d, 0xb1, 0x25,
    0x49, 0xb3, 0xea, 0xf4, 0x3b, 0x5c, 0xa6, 0x13, 0x76, 0xd9, 0xf3, 0x0e, 0x27, 0x47, 0xdb, 0xcf,
    0x84, 0x2d, 0x8b, 0x2a, 0xc0, 0x90, 0x1d, 0x2a, 0x09, 0x37, 0x13, 0xe2, 0x02, 0x84, 0xa7, 0x67,
    0x0f, 0xcf, 0x69, 0x54, 0xe9, 0xab, 0x93, 0xde, 0x99, 0x1b, 0xb9, 0xb3, 0x13, 0xe6, 0x64, 0x78,
    0x5a, 0x07, 0x5f, 0xc2, 0x85, 0x80, 0x6f, 0xa5, 0x22, 0x4c, 0x82, 0xbd, 0xe1, 0x46, 0x56, 0x1b,
    0x44, 0x6c, 0xcf, 0xc7, 0x06, 0xa6, 0x4b, 0x85, 0x79, 0x51, 0x3c, 0xfc, 0x4f, 0xf1, 0xd9, 0x30};

/* x = 4 is on the curve, outside the subgroup; infinity is the other key that KeyValidate refuses. */
static const uint8_t outside[48] = {0x80, [47] = 4};
static const uint8_t infinity[48] = {0xc0};

static wick_status check(const wick_hal_crypto *c, const wick_bls_key *key, size_t count,
                         uint8_t message_byte, const uint8_t sig96[96])
{
    wick_bls_sum sum;
    uint8_t message[32];
    memset(message, message_byte, sizeof message);
    c->bls_begin(c->ctx, &sum);
    for (size_t i = 0; i < count; i++) {
        c->bls_add(c->ctx, &sum, &key[i], false);
    }
    return c->bls_verify(c->ctx, &sum, message, sig96);
}

static void check_keys(wick_selftest *t, wick_bls_key key[3])
{
    const wick_hal_crypto *c = t->crypto;
    uint8_t again[48], bad[48];
    bool known = true, inverse = true, refuses;
    for (size_t i = 0; i < 3; i++) {
        known = known && c->bls_key(c->ctx, &key[i], keys[i], true) == WICK_OK;
        c->bls_compress(c->ctx, again, &key[i]);
        inverse = inverse && memcmp(again, keys[i], sizeof again) == 0;
    }
    (void)wick_selftest_rule(t, "bls.key", known);
    (void)wick_selftest_rule(t, "bls.compress", inverse);
    wick_bls_key none;
    refuses = c->bls_key(c->ctx, &none, infinity, true) == WICK_E_BAD_KEY &&
              c->bls_key(c->ctx, &none, outside, true) == WICK_E_BAD_KEY;
    memcpy(bad, keys[0], sizeof bad);
    bad[0] &= 0x7f; /* not marked as compressed */
    refuses = refuses && c->bls_key(c->ctx, &none, bad, true) == WICK_E_BAD_KEY;
    memset(bad, 0xff, sizeof bad); /* x not below the field's order */
    bad[0] = 0x9f;
    refuses = refuses && c->bls_key(c->ctx, &none, bad, false) == WICK_E_BAD_KEY;
    (void)wick_selftest_rule(t, "bls.refuses_keys", refuses);
}

static void check_sums(wick_selftest *t, const wick_bls_key key[3])
{
    const wick_hal_crypto *c = t->crypto;
    wick_bls_sum sum;
    wick_bls_key total;
    uint8_t a[48], message[32];
    memset(message, 0xab, sizeof message);
    c->bls_begin(c->ctx, &sum);
    bool empty = c->bls_total(c->ctx, &total, &sum) == WICK_E_BAD_KEY &&
                 c->bls_verify(c->ctx, &sum, message, signature) == WICK_E_AUTH;
    c->bls_add(c->ctx, &sum, &key[0], false);
    c->bls_add(c->ctx, &sum, &key[0], false); /* twice the same: a doubling */
    c->bls_add(c->ctx, &sum, &key[0], true);
    bool one = c->bls_total(c->ctx, &total, &sum) == WICK_OK;
    c->bls_compress(c->ctx, a, &total);
    one = one && memcmp(a, keys[0], sizeof a) == 0;
    c->bls_add(c->ctx, &sum, &key[0], true);
    empty = empty && c->bls_total(c->ctx, &total, &sum) == WICK_E_BAD_KEY;
    (void)wick_selftest_rule(t, "bls.sum", one);
    (void)wick_selftest_rule(t, "bls.empty_sum_signs_nothing", empty);
}

void wick_selftest_bls(wick_selftest *t)
{
    const wick_hal_crypto *c = t->crypto;
    wick_bls_key key[3];
    uint8_t bad[96];
    check_keys(t, key);
    check_sums(t, key);
    (void)wick_selftest_rule(t, "bls.verify", check(c, key, 3, 0xab, signature) == WICK_OK);
    (void)wick_selftest_rule(t, "bls.refuses_missing_key",
                             check(c, key, 2, 0xab, signature) == WICK_E_AUTH);
    (void)wick_selftest_rule(t, "bls.refuses_other_message",
                             check(c, key, 3, 0xaa, signature) == WICK_E_AUTH);
    memcpy(bad, signature, sizeof bad);
    bad[0] ^= 0x20; /* the other root: -S */
    bool refuses = check(c, key, 3, 0xab, bad) == WICK_E_AUTH;
    memset(bad, 0, sizeof bad);
    refuses = refuses && check(c, key, 3, 0xab, bad) == WICK_E_AUTH;
    bad[0] = 0xc0; /* infinity */
    refuses = refuses && check(c, key, 3, 0xab, bad) == WICK_E_AUTH;
    bad[0] = 0x80;
    bad[95] = 2; /* on the curve, outside the subgroup */
    refuses = refuses && check(c, key, 3, 0xab, bad) == WICK_E_AUTH;
    (void)wick_selftest_rule(t, "bls.refuses_signatures", refuses);
}
