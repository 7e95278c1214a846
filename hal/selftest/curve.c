/* SPDX-License-Identifier: Apache-2.0 */
/* secp256k1: SEC 2 constants, the low-s rule of EIP-2, and everything that is no point or key. */
#include <string.h>

#include "selftest_internal.h"

/* G, then its y. */
static const uint8_t g_plain[65] = {
    0x04, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95,
    0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59,
    0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98, 0x48, 0x3a, 0xda, 0x77, 0x26, 0xa3,
    0xc4, 0x65, 0x5d, 0xa4, 0xfb, 0xfc, 0x0e, 0x11, 0x08, 0xa8, 0xfd, 0x17, 0xb4,
    0x48, 0xa6, 0x85, 0x54, 0x19, 0x9c, 0x47, 0xd0, 0x8f, 0xfb, 0x10, 0xd4, 0xb8};
static const uint8_t two_g_x[32] = {0xc6, 0x04, 0x7f, 0x94, 0x41, 0xed, 0x7d, 0x6d, 0x30, 0x45, 0x40,
                                    0x6e, 0x95, 0xc0, 0x7c, 0xd8, 0x5c, 0x77, 0x8e, 0x4b, 0x8c, 0xef,
                                    0x3c, 0xa7, 0xab, 0xac, 0x09, 0xb9, 0x5c, 0x70, 0x9e, 0xe5};
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

/* Key 1 signs SHA-256("Satoshi Nakamoto") by RFC 6979: published with several libraries. */
static const uint8_t digest[32] = {0xa0, 0xdc, 0x65, 0xff, 0xca, 0x79, 0x98, 0x73, 0xcb, 0xea, 0x0a,
                                   0xc2, 0x74, 0x01, 0x5b, 0x95, 0x26, 0x50, 0x5d, 0xaa, 0xae, 0xd3,
                                   0x85, 0x15, 0x54, 0x25, 0xf7, 0x33, 0x77, 0x04, 0x88, 0x3e};
static const uint8_t signature[64] = {
    0x93, 0x4b, 0x1e, 0xa1, 0x0a, 0x4b, 0x3c, 0x17, 0x57, 0xe2, 0xb0, 0xc0, 0x17, 0xd0, 0xb6, 0x14,
    0x3c, 0xe3, 0xc9, 0xa7, 0xe6, 0xa4, 0xa4, 0x98, 0x60, 0xd7, 0xa6, 0xab, 0x21, 0x0e, 0xe3, 0xd8,
    0x24, 0x42, 0xce, 0x9d, 0x2b, 0x91, 0x60, 0x64, 0x10, 0x80, 0x14, 0x78, 0x3e, 0x92, 0x3e, 0xc3,
    0x6b, 0x49, 0x74, 0x3e, 0x2f, 0xfa, 0x1c, 0x44, 0x96, 0xf0, 0x1a, 0x51, 0x2a, 0xaf, 0xd9, 0xe5};

/* s -> n - s */
static void other_s(uint8_t sig[64])
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int d = (int)order[i] - (int)sig[32 + i] - borrow;
        borrow = d < 0 ? 1 : 0;
        sig[32 + i] = (uint8_t)(d + 256 * borrow);
    }
}

static void check_keys(wick_selftest *t)
{
    const wick_hal_crypto *c = t->crypto;
    uint8_t secret[32] = {0}, pub[33], plain[65], x[32];
    bool refuses = c->secp256k1_public(c->ctx, pub, secret) == WICK_E_BAD_KEY &&
                   c->secp256k1_public(c->ctx, pub, order) == WICK_E_BAD_KEY;
    secret[31] = 1;
    bool known = c->secp256k1_public(c->ctx, pub, secret) == WICK_OK && pub[0] == 2 &&
                 memcmp(pub + 1, g_plain + 1, 32) == 0;
    (void)wick_selftest_rule(t, "secp256k1.public", known);
    (void)wick_selftest_rule(t, "secp256k1.expand",
                             c->secp256k1_expand(c->ctx, plain, pub) == WICK_OK &&
                                 memcmp(plain, g_plain, 65) == 0);
    secret[31] = 2;
    (void)wick_selftest_rule(t, "secp256k1.ecdh_is_raw_x",
                             c->secp256k1_ecdh(c->ctx, x, secret, pub) == WICK_OK &&
                                 memcmp(x, two_g_x, 32) == 0);
    secret[31] = 0;
    refuses = refuses && c->secp256k1_ecdh(c->ctx, x, secret, pub) == WICK_E_BAD_KEY &&
              c->secp256k1_ecdh(c->ctx, x, order, pub) == WICK_E_BAD_KEY;
    (void)wick_selftest_rule(t, "secp256k1.refuses_secret_outside_group", refuses);
}

static bool refuses_point(const wick_hal_crypto *c, const uint8_t bad[33])
{
    uint8_t secret[32] = {0}, x[32], plain[65];
    secret[31] = 3;
    return c->secp256k1_expand(c->ctx, plain, bad) == WICK_E_BAD_KEY &&
           c->secp256k1_ecdh(c->ctx, x, secret, bad) == WICK_E_BAD_KEY &&
           c->secp256k1_verify(c->ctx, signature, digest, bad) != WICK_OK;
}

static void check_points(wick_selftest *t)
{
    static const uint8_t prefixes[] = {0, 1, 4, 5, 6, 7, 0x82, 0xff};
    uint8_t bad[33];
    bool ok = true;
    memcpy(bad, g_plain, 33);
    for (size_t i = 0; i < sizeof prefixes; i++) {
        bad[0] = prefixes[i];
        ok = ok && refuses_point(t->crypto, bad);
    }
    (void)wick_selftest_rule(t, "secp256k1.refuses_other_prefixes", ok);
    memset(bad, 0, sizeof bad);
    bad[0] = 2;
    bad[32] = 5; /* 5^3 + 7 is no square */
    (void)wick_selftest_rule(t, "secp256k1.refuses_off_curve", refuses_point(t->crypto, bad));
    memset(bad, 0xff, sizeof bad); /* p + 1: the x of a point, written in a second way */
    bad[0] = 2;
    bad[28] = 0xfe;
    bad[31] = 0xfc;
    bad[32] = 0x30;
    (void)wick_selftest_rule(t, "secp256k1.refuses_x_above_p", refuses_point(t->crypto, bad));
}

static void check_signatures(wick_selftest *t)
{
    const wick_hal_crypto *c = t->crypto;
    uint8_t pub[33], sig[64], plain[65], wrong[32];
    bool recovered = false;
    memcpy(pub, g_plain, 33);
    pub[0] = 2;
    memcpy(sig, signature, 64);
    memcpy(wrong, digest, 32);
    wrong[31] ^= 1;
    (void)wick_selftest_rule(t, "secp256k1.verify",
                             c->secp256k1_verify(c->ctx, sig, digest, pub) == WICK_OK);
    (void)wick_selftest_rule(t, "secp256k1.verify_refuses_wrong",
                             c->secp256k1_verify(c->ctx, sig, wrong, pub) == WICK_E_AUTH);
    uint8_t id = 0;
    for (; id < 2 && !recovered; id++) {
        recovered = c->secp256k1_recover(c->ctx, plain, sig, id, digest) == WICK_OK &&
                    memcmp(plain, g_plain, 65) == 0;
    }
    (void)wick_selftest_rule(t, "secp256k1.recover", recovered);
    bool ok = c->secp256k1_recover(c->ctx, plain, sig, 2, digest) == WICK_E_AUTH;
    other_s(sig);
    ok = ok && c->secp256k1_verify(c->ctx, sig, digest, pub) == WICK_E_AUTH;
    for (id = 0; id < 2; id++) {
        ok = ok && c->secp256k1_recover(c->ctx, plain, sig, id, digest) == WICK_E_AUTH;
    }
    (void)wick_selftest_rule(t, "secp256k1.refuses_high_s", ok);
    ok = true;
    for (size_t part = 0; part < 64; part += 32) {
        memcpy(sig, signature, 64);
        memset(sig + part, 0, 32);
        ok = ok && c->secp256k1_verify(c->ctx, sig, digest, pub) == WICK_E_AUTH &&
             c->secp256k1_recover(c->ctx, plain, sig, 0, digest) == WICK_E_AUTH;
        memcpy(sig + part, order, 32);
        ok = ok && c->secp256k1_verify(c->ctx, sig, digest, pub) == WICK_E_AUTH &&
             c->secp256k1_recover(c->ctx, plain, sig, 0, digest) == WICK_E_AUTH;
    }
    (void)wick_selftest_rule(t, "secp256k1.refuses_r_s_outside_group", ok);
}

void wick_selftest_curve(wick_selftest *t)
{
    check_keys(t);
    check_points(t);
    check_signatures(t);
}
