/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keccak-256 (The Keccak reference, version 3.0), rate 1088 bits, original padding.
 *
 * Lane (x, y) is lane[x + 5 * y]. Two permutations: an unrolled one for 64-bit machines, two rounds
 * between two states, and a rolled one for flash.
 */
#include "wick/keccak.h"

#include <string.h>

#define RATE 136u

static const uint64_t round_constant[24] = {
    UINT64_C(0x0000000000000001), UINT64_C(0x0000000000008082), UINT64_C(0x800000000000808a),
    UINT64_C(0x8000000080008000), UINT64_C(0x000000000000808b), UINT64_C(0x0000000080000001),
    UINT64_C(0x8000000080008081), UINT64_C(0x8000000000008009), UINT64_C(0x000000000000008a),
    UINT64_C(0x0000000000000088), UINT64_C(0x0000000080008009), UINT64_C(0x000000008000000a),
    UINT64_C(0x000000008000808b), UINT64_C(0x800000000000008b), UINT64_C(0x8000000000008089),
    UINT64_C(0x8000000000008003), UINT64_C(0x8000000000008002), UINT64_C(0x8000000000000080),
    UINT64_C(0x000000000000800a), UINT64_C(0x800000008000000a), UINT64_C(0x8000000080008081),
    UINT64_C(0x8000000000008080), UINT64_C(0x0000000080000001), UINT64_C(0x8000000080008008),
};

static inline uint64_t rol(uint64_t v, unsigned n)
{
    return (v << n) | (v >> (64u - n));
}

#if WICK_KECCAK_FAST

/*
 * Lane complementing (reference, section 2.2 of the implementation overview): lanes 1, 2, 8, 12, 17
 * and 20 are held inverted, which leaves 5 of chi's 25 inversions a round. c0..c4 are the column
 * parities of the state at hand, gathered while it is written.
 */
#define THETA()                                                                                    \
    do {                                                                                           \
        d0 = c4 ^ rol(c1, 1);                                                                      \
        d1 = c0 ^ rol(c2, 1);                                                                      \
        d2 = c1 ^ rol(c3, 1);                                                                      \
        d3 = c2 ^ rol(c4, 1);                                                                      \
        d4 = c3 ^ rol(c0, 1);                                                                      \
    } while (0)

/* The five lanes that rho and pi bring into one row. */
#define ROW(a, i0, r0, i1, r1, i2, r2, i3, r3, i4, r4, e0, e1, e2, e3, e4)                         \
    do {                                                                                           \
        b0 = rol((a)[i0] ^ e0, r0);                                                                \
        b1 = rol((a)[i1] ^ e1, r1);                                                                \
        b2 = rol((a)[i2] ^ e2, r2);                                                                \
        b3 = rol((a)[i3] ^ e3, r3);                                                                \
        b4 = rol((a)[i4] ^ e4, r4);                                                                \
    } while (0)

#define ROUND(a, e, rc)                                                                            \
    do {                                                                                           \
        uint64_t b0, b1, b2, b3, b4, d0, d1, d2, d3, d4;                                           \
        THETA();                                                                                   \
        b0 = (a)[0] ^ d0;                                                                          \
        b1 = rol((a)[6] ^ d1, 44);                                                                 \
        b2 = rol((a)[12] ^ d2, 43);                                                                \
        b3 = rol((a)[18] ^ d3, 21);                                                                \
        b4 = rol((a)[24] ^ d4, 14);                                                                \
        (e)[0] = c0 = b0 ^ (b1 | b2) ^ (rc);                                                       \
        (e)[1] = c1 = b1 ^ (~b2 | b3);                                                             \
        (e)[2] = c2 = b2 ^ (b3 & b4);                                                              \
        (e)[3] = c3 = b3 ^ (b4 | b0);                                                              \
        (e)[4] = c4 = b4 ^ (b0 & b1);                                                              \
        ROW(a, 3, 28, 9, 20, 10, 3, 16, 45, 22, 61, d3, d4, d0, d1, d2);                           \
        c0 ^= (e)[5] = b0 ^ (b1 | b2);                                                             \
        c1 ^= (e)[6] = b1 ^ (b2 & b3);                                                             \
        c2 ^= (e)[7] = b2 ^ (b3 | ~b4);                                                            \
        c3 ^= (e)[8] = b3 ^ (b4 | b0);                                                             \
        c4 ^= (e)[9] = b4 ^ (b0 & b1);                                                             \
        ROW(a, 1, 1, 7, 6, 13, 25, 19, 8, 20, 18, d1, d2, d3, d4, d0);                             \
        c0 ^= (e)[10] = b0 ^ (b1 | b2);                                                            \
        c1 ^= (e)[11] = b1 ^ (b2 & b3);                                                            \
        b3 = ~b3;                                                                                  \
        c2 ^= (e)[12] = b2 ^ (b3 & b4);                                                            \
        c3 ^= (e)[13] = b3 ^ (b4 | b0);                                                            \
        c4 ^= (e)[14] = b4 ^ (b0 & b1);                                                            \
        ROW(a, 4, 27, 5, 36, 11, 10, 17, 15, 23, 56, d4, d0, d1, d2, d3);                          \
        c0 ^= (e)[15] = b0 ^ (b1 & b2);                                                            \
        c1 ^= (e)[16] = b1 ^ (b2 | b3);                                                            \
        b3 = ~b3;                                                                                  \
        c2 ^= (e)[17] = b2 ^ (b3 | b4);                                                            \
        c3 ^= (e)[18] = b3 ^ (b4 & b0);                                                            \
        c4 ^= (e)[19] = b4 ^ (b0 | b1);                                                            \
        ROW(a, 2, 62, 8, 55, 14, 39, 15, 41, 21, 2, d2, d3, d4, d0, d1);                           \
        c4 ^= (e)[24] = b4 ^ (b0 & b1);                                                            \
        b1 = ~b1;                                                                                  \
        c0 ^= (e)[20] = b0 ^ (b1 & b2);                                                            \
        c1 ^= (e)[21] = b1 ^ (b2 | b3);                                                            \
        c2 ^= (e)[22] = b2 ^ (b3 & b4);                                                            \
        c3 ^= (e)[23] = b3 ^ (b4 | b0);                                                            \
    } while (0)

static void complement(uint64_t a[25])
{
    a[1] = ~a[1];
    a[2] = ~a[2];
    a[8] = ~a[8];
    a[12] = ~a[12];
    a[17] = ~a[17];
    a[20] = ~a[20];
}

static void permute(uint64_t a[25])
{
    uint64_t e[25];
    uint64_t c0, c1, c2, c3, c4;
    complement(a);
    c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    for (size_t i = 0; i < 24; i += 2) {
        ROUND(a, e, round_constant[i]);
        ROUND(e, a, round_constant[i + 1]);
    }
    complement(a);
}

#else

static void permute(uint64_t a[25])
{
    /* The cycle in which pi moves the 24 lanes beside (0, 0); rho rotates the n-th of them by the
     * n-th triangular number. */
    static const uint8_t pi[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                   15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
    uint64_t c[5];
    for (size_t round = 0; round < 24; round++) {
        for (size_t x = 0; x < 5; x++) {
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        }
        for (size_t x = 0; x < 5; x++) {
            uint64_t d = c[x == 0 ? 4 : x - 1] ^ rol(c[x == 4 ? 0 : x + 1], 1);
            for (size_t y = 0; y < 25; y += 5) {
                a[x + y] ^= d;
            }
        }
        uint64_t moving = a[1];
        unsigned turn = 0;
        for (unsigned i = 0; i < 24; i++) {
            uint64_t next = a[pi[i]];
            turn = (turn + i + 1) & 63u;
            a[pi[i]] = rol(moving, turn);
            moving = next;
        }
        for (size_t y = 0; y < 25; y += 5) {
            memcpy(c, a + y, sizeof c);
            for (size_t x = 0; x < 5; x++) {
                a[x + y] = c[x] ^ (~c[x == 4 ? 0 : x + 1] & c[x >= 3 ? x - 3 : x + 2]);
            }
        }
        a[0] ^= round_constant[round];
    }
}

#endif

static uint64_t load_le64(const uint8_t *p)
{
    return (uint64_t)p[0] | ((uint64_t)p[1] << 8) | ((uint64_t)p[2] << 16) |
           ((uint64_t)p[3] << 24) | ((uint64_t)p[4] << 32) | ((uint64_t)p[5] << 40) |
           ((uint64_t)p[6] << 48) | ((uint64_t)p[7] << 56);
}

void wick_keccak_init(wick_keccak *k)
{
    memset(k, 0, sizeof *k);
}

void wick_keccak_update(wick_keccak *k, const uint8_t *data, size_t len)
{
    while (len != 0) {
        size_t n = 1;
        if (WICK_KECCAK_FAST && (k->pos & 7u) == 0 && len >= 8) {
            k->lane[k->pos / 8] ^= load_le64(data);
            n = 8;
        } else {
            k->lane[k->pos / 8] ^= (uint64_t)*data << (8 * (k->pos & 7u));
        }
        data += n;
        len -= n;
        k->pos += (uint32_t)n;
        if (k->pos == RATE) {
            permute(k->lane);
            k->pos = 0;
        }
    }
}

void wick_keccak_final(wick_keccak *k, uint8_t out32[WICK_KECCAK256_BYTES])
{
    k->lane[k->pos / 8] ^= UINT64_C(1) << (8 * (k->pos & 7u));
    k->lane[RATE / 8 - 1] ^= UINT64_C(1) << 63;
    permute(k->lane);
    for (size_t i = 0; i < WICK_KECCAK256_BYTES; i++) {
        out32[i] = (uint8_t)(k->lane[i / 8] >> (8 * (i & 7u)));
    }
}

void wick_keccak256(uint8_t out32[WICK_KECCAK256_BYTES], const uint8_t *data, size_t len)
{
    wick_keccak k;
    wick_keccak_init(&k);
    wick_keccak_update(&k, data, len);
    wick_keccak_final(&k, out32);
}
