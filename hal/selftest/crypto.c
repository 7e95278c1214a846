/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and AEADs: published vectors and the rules of wick/hal/crypto.h. */
#include <string.h>

#include "selftest_internal.h"

/* "abc", FIPS 180-4 and RFC 1321 */
static const uint8_t sha256_abc[32] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
static const uint8_t sha1_abc[20] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                                     0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
static const uint8_t md5_abc[16] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                    0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};

static const struct {
    wick_hash_alg alg;
    size_t len;
    const uint8_t *abc;
    const char *known, *pieces, *cloned;
} hashes[] = {
    {WICK_HASH_SHA256, 32, sha256_abc, "sha256.known_answer", "sha256.in_pieces", "sha256.clone"},
    {WICK_HASH_SHA1, 20, sha1_abc, "sha1.known_answer", "sha1.in_pieces", "sha1.clone"},
    {WICK_HASH_MD5, 16, md5_abc, "md5.known_answer", "md5.in_pieces", "md5.clone"},
};

/* Hash of m[0..len), in two updates. */
static bool hash_two(const wick_hal_crypto *c, uint8_t out[32], wick_hash_alg alg,
                     const uint8_t *m, size_t len, size_t cut)
{
    wick_hash_ctx h;
    bool ok = c->hash_begin(c->ctx, &h, alg) == WICK_OK &&
              c->hash_update(c->ctx, &h, m, cut) == WICK_OK &&
              c->hash_update(c->ctx, &h, m + cut, len - cut) == WICK_OK &&
              c->hash_finish(c->ctx, &h, out) == WICK_OK;
    c->hash_free(c->ctx, &h);
    return ok;
}

static bool clone_goes_its_own_way(const wick_hal_crypto *c, wick_hash_alg alg, size_t len)
{
    static const uint8_t ababc[5] = {'a', 'b', 'a', 'b', 'c'};
    const uint8_t *abc = ababc + 2;
    wick_hash_ctx a, b;
    uint8_t x[32] = {0}, y[32] = {0}, want_x[32], want_y[32];
    bool ok = c->hash_begin(c->ctx, &a, alg) == WICK_OK &&
              c->hash_update(c->ctx, &a, abc, 2) == WICK_OK &&
              c->hash_clone(c->ctx, &b, &a) == WICK_OK &&
              c->hash_update(c->ctx, &b, abc, 3) == WICK_OK &&
              c->hash_finish(c->ctx, &b, y) == WICK_OK &&
              c->hash_update(c->ctx, &a, abc + 2, 1) == WICK_OK &&
              c->hash_finish(c->ctx, &a, x) == WICK_OK;
    c->hash_free(c->ctx, &a);
    c->hash_free(c->ctx, &b);
    return ok && hash_two(c, want_x, alg, abc, 3, 1) && hash_two(c, want_y, alg, ababc, 5, 1) &&
           memcmp(x, want_x, len) == 0 && memcmp(y, want_y, len) == 0;
}

void wick_selftest_hash(wick_selftest *t)
{
    const wick_hal_crypto *c = t->crypto;
    static const uint8_t abc[3] = {'a', 'b', 'c'};
    uint8_t x[32], y[32];
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        size_t len = hashes[i].len;
        bool pieces = true;
        memset(x, 0, sizeof x);
        (void)wick_selftest_rule(t, hashes[i].known,
                                 hash_two(c, x, hashes[i].alg, abc, 3, 0) &&
                                     memcmp(x, hashes[i].abc, len) == 0);
        for (size_t n = 0; n < 200; n++) {
            t->scratch[n] = (uint8_t)n;
        }
        pieces = hash_two(c, x, hashes[i].alg, t->scratch, 200, 200);
        for (size_t cut = 0; cut < 200; cut++) {
            pieces = pieces && hash_two(c, y, hashes[i].alg, t->scratch, 200, cut) &&
                     memcmp(x, y, len) == 0;
        }
        (void)wick_selftest_rule(t, hashes[i].pieces, pieces);
        (void)wick_selftest_rule(t, hashes[i].cloned,
                                 clone_goes_its_own_way(c, hashes[i].alg, len));
    }
}

/* Key 00..1f (or 00..0f), nonce 00..0b, additional data "aad", text 00..0f; computed with OpenSSL. The
 * published vectors are long and in unittest/unit/test_crypto.c. */
static const struct {
    wick_aead_alg alg;
    const char *known, *refuses, *zeroes, *in_place;
    uint8_t sealed[32];
} aeads[] = {
    {WICK_AEAD_AES128_GCM, "aes128gcm.known_answer", "aes128gcm.refuses_altered",
     "aes128gcm.zeroes_on_failure", "aes128gcm.in_place",
     {0x93, 0x6d, 0xa5, 0xcd, 0x62, 0x1e, 0xf1, 0x53, 0x43, 0xdb, 0x6b, 0x81, 0x3a, 0xae, 0x7e,
      0x07, 0xe0, 0xdc, 0xd6, 0x66, 0xd2, 0xe9, 0x94, 0x08, 0x7e, 0xe2, 0xa5, 0x53, 0x48, 0xff,
      0x07, 0x69}},
    {WICK_AEAD_AES256_GCM, "aes256gcm.known_answer", "aes256gcm.refuses_altered",
     "aes256gcm.zeroes_on_failure", "aes256gcm.in_place",
     {0x47, 0x03, 0xd4, 0x18, 0xc1, 0xe0, 0xc4, 0x1c, 0x85, 0x48, 0x9d, 0x80, 0xbd, 0xe4, 0x76,
      0x62, 0x29, 0x8f, 0x7e, 0x4c, 0x8a, 0x95, 0x2a, 0x58, 0x22, 0x6c, 0x83, 0xd2, 0xb6, 0x8c,
      0xdf, 0x4e}},
    {WICK_AEAD_CHACHA20_POLY1305, "chacha20poly1305.known_answer",
     "chacha20poly1305.refuses_altered", "chacha20poly1305.zeroes_on_failure",
     "chacha20poly1305.in_place",
     {0x89, 0xfa, 0x0a, 0x03, 0x2d, 0x12, 0xa3, 0x47, 0xbf, 0x8a, 0x35, 0xf8, 0x94, 0x10, 0x00,
      0x6c, 0x7c, 0x88, 0x2c, 0x5a, 0x4f, 0xa9, 0x7a, 0xd3, 0x84, 0xcf, 0x89, 0xdf, 0xa1, 0x24,
      0x3c, 0x6b}},
};

void wick_selftest_aead(wick_selftest *t)
{
    const wick_hal_crypto *c = t->crypto;
    static const uint8_t aad_bytes[3] = {'a', 'a', 'd'};
    uint8_t seq[32], out[32], back[16];
    wick_span aad = wick_span_make(aad_bytes, sizeof aad_bytes);
    for (size_t i = 0; i < sizeof seq; i++) {
        seq[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof aeads / sizeof aeads[0]; i++) {
        wick_aead_alg alg = aeads[i].alg;
        bool refuses = true, zeroes = true;
        memset(out, 0, sizeof out);
        bool known = c->aead_seal(c->ctx, alg, out, seq, seq, aad, wick_span_make(seq, 16)) ==
                         WICK_OK &&
                     memcmp(out, aeads[i].sealed, 32) == 0;
        known = known &&
                c->aead_open(c->ctx, alg, back, seq, seq, aad, wick_span_make(out, 32)) ==
                    WICK_OK &&
                memcmp(back, seq, 16) == 0;
        if (!wick_selftest_rule(t, aeads[i].known, known)) {
            continue;
        }
        for (size_t bit = 0; bit < 256; bit += 5) {
            out[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            memset(back, 0x77, sizeof back);
            refuses = refuses && c->aead_open(c->ctx, alg, back, seq, seq, aad,
                                              wick_span_make(out, 32)) == WICK_E_AUTH;
            zeroes = zeroes && wick_ct_is_zero(back, sizeof back);
            out[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        aad.len--;
        refuses = refuses && c->aead_open(c->ctx, alg, back, seq, seq, aad,
                                          wick_span_make(out, 32)) == WICK_E_AUTH;
        aad.len++;
        refuses = refuses && c->aead_open(c->ctx, alg, back, seq, seq, aad,
                                          wick_span_make(out, 15)) == WICK_E_AUTH;
        (void)wick_selftest_rule(t, aeads[i].refuses, refuses);
        (void)wick_selftest_rule(t, aeads[i].zeroes, zeroes);
        memcpy(out, seq, 16);
        bool in_place = c->aead_seal(c->ctx, alg, out, seq, seq, aad, wick_span_make(out, 16)) ==
                            WICK_OK &&
                        memcmp(out, aeads[i].sealed, 32) == 0 &&
                        c->aead_open(c->ctx, alg, out, seq, seq, aad, wick_span_make(out, 32)) ==
                            WICK_OK &&
                        memcmp(out, seq, 16) == 0;
        (void)wick_selftest_rule(t, aeads[i].in_place, in_place);
    }
}
