/* SPDX-License-Identifier: Apache-2.0 */
/* wick/keccak.h: published digests, every block boundary, streaming equals one call. */
#include "wick/keccak.h"

#include "tap.h"

static bool digest_is(const uint8_t got[32], const char *hex)
{
    uint8_t want[32];
    return wick_hex_decode(want, 32, hex, strlen(hex)) == WICK_OK && memcmp(got, want, 32) == 0;
}

static bool text_is(const char *text, const char *hex)
{
    uint8_t got[32];
    wick_keccak256(got, (const uint8_t *)text, strlen(text));
    return digest_is(got, hex);
}

/* The empty digest tells the original padding from that of SHA3-256 (a7ffc6f8...). */
TEST(known_digests)
{
    CHECK(text_is("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"));
    CHECK(text_is("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"));
    CHECK(text_is("The quick brown fox jumps over the lazy dog",
                  "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15"));
    CHECK(text_is("The quick brown fox jumps over the lazy dog.",
                  "578951e24efd62a3d63a86f7cd19aaa53c898fe287d2552133220370240b572d"));
    CHECK(text_is("transfer(address,uint256)",
                  "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b"));
}

/* h = keccak(h | n bytes) for n = 0..299 meets every length modulo the rate of 136. The digest was
 * computed by an independent implementation of the reference. */
TEST(all_lengths_chained)
{
    uint8_t m[332] = {0}, h[32];
    size_t have = 0;
    for (size_t n = 0; n < 300; n++) {
        if (have != 0) {
            memcpy(m, h, 32);
        }
        for (size_t i = 0; i < n; i++) {
            m[have + i] = (uint8_t)(i * 7 + n);
        }
        wick_keccak256(h, m, have + n);
        have = 32;
    }
    CHECK(digest_is(h, "4fa4fb86c686583121a010e2fb6f16ab34fc192b911c45f3846b1335b8edef8e"));
}

TEST(streaming_in_pieces)
{
    uint8_t m[300], one[32], many[32];
    for (size_t i = 0; i < sizeof m; i++) {
        m[i] = (uint8_t)(i * 13 + 5);
    }
    wick_keccak256(one, m, sizeof m);
    for (size_t piece = 1; piece <= 140; piece++) {
        wick_keccak k;
        wick_keccak_init(&k);
        for (size_t at = 0; at < sizeof m; at += piece) {
            size_t left = sizeof m - at;
            wick_keccak_update(&k, m + at, left < piece ? left : piece);
            wick_keccak_update(&k, NULL, 0);
        }
        wick_keccak_final(&k, many);
        CHECK_MEM(one, many, 32);
    }
}

TEST(context_forks_by_copy)
{
    uint8_t a[32], b[32];
    wick_keccak k, fork;
    wick_keccak_init(&k);
    wick_keccak_update(&k, (const uint8_t *)"ab", 2);
    fork = k;
    wick_keccak_update(&k, (const uint8_t *)"c", 1);
    wick_keccak_update(&fork, (const uint8_t *)"d", 1);
    wick_keccak_final(&k, a);
    wick_keccak_final(&fork, b);
    CHECK(digest_is(a, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"));
    CHECK(memcmp(a, b, 32) != 0);
}

/* Every bit of the input matters: one flipped bit changes the digest. */
TEST(bit_flips_change_the_digest)
{
    uint8_t m[137], base[32], h[32];
    memset(m, 0x5a, sizeof m);
    wick_keccak256(base, m, sizeof m);
    for (size_t i = 0; i < sizeof m; i++) {
        m[i] ^= (uint8_t)(1u << (i & 7));
        wick_keccak256(h, m, sizeof m);
        CHECK(memcmp(h, base, 32) != 0);
        m[i] ^= (uint8_t)(1u << (i & 7));
    }
}

TEST(in_place)
{
    uint8_t m[32];
    wick_keccak256(m, NULL, 0);
    wick_keccak256(m, m, 32);
    CHECK(digest_is(m, "10ca3eff73ebec87d2394fc58560afeab86dac7a21f5e402ea0a55e5c8a6758f"));
}

TAP_MAIN("unit.keccak", CASE(known_digests), CASE(all_lengths_chained), CASE(streaming_in_pieces),
         CASE(context_forks_by_copy), CASE(bit_flips_change_the_digest), CASE(in_place))
