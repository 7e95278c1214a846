/* SPDX-License-Identifier: Apache-2.0 */
/* Suffix arrays against comparison of every two neighbours, and the longest match against all places. */
#include "suffix.h"

#include <stdlib.h>

#include "tap.h"

static uint32_t seed = 1;

static unsigned random_below(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static bool below(wick_span text, int32_t a, int32_t b)
{
    size_t x = (size_t)a, y = (size_t)b, n = text.len - (x > y ? x : y);
    int order = memcmp(text.ptr + x, text.ptr + y, n);
    return order < 0 || (order == 0 && x > y); /* the shorter one first */
}

static void check_order(wick_span text)
{
    int32_t *suffixes;
    REQUIRE_STATUS(suffix_array(&suffixes, text), WICK_OK);
    bool ordered = suffixes[0] == (int32_t)text.len;
    for (size_t i = 1; i <= text.len; i++) {
        ordered = ordered && below(text, suffixes[i - 1], suffixes[i]);
    }
    CHECK(ordered); /* strictly rising: so all are there, once */
    for (unsigned round = 0; round < 8; round++) {
        uint8_t wanted[12];
        size_t n = 1 + random_below(12), best = 0, at = 0;
        for (size_t i = 0; i < n; i++) {
            wanted[i] = text.len > 0 ? text.ptr[random_below((unsigned)text.len)] : 0;
        }
        for (size_t place = 0; place < text.len; place++) {
            size_t same = 0;
            while (same < n && place + same < text.len && text.ptr[place + same] == wanted[same]) {
                same++;
            }
            best = same > best ? same : best;
        }
        CHECK_INT(suffix_find(&at, suffixes, text, wick_span_make(wanted, n)), best);
        CHECK(at + best <= text.len && memcmp(text.ptr + at, wanted, best) == 0);
    }
    free(suffixes);
}

TEST(random_texts)
{
    static uint8_t text[400];
    for (unsigned letters = 1; letters < 6; letters++) {
        for (size_t n = 0; n < 60; n++) {
            for (size_t i = 0; i < n; i++) {
                text[i] = (uint8_t)(random_below(letters) * 51);
            }
            check_order(wick_span_make(text, n));
        }
    }
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)random_below(256);
    }
    check_order(wick_span_make(text, sizeof text));
}

/* Texts that repeat themselves need several levels. */
TEST(repeating_texts)
{
    static uint8_t text[610];
    for (size_t period = 1; period < 20; period++) {
        for (size_t i = 0; i < sizeof text; i++) {
            text[i] = (uint8_t)(i % period * 7 % 11);
        }
        check_order(wick_span_make(text, sizeof text));
    }
    size_t a = 1, b = 2; /* the Fibonacci word */
    text[0] = 'a';
    text[1] = 'b';
    while (b < sizeof text) {
        size_t n = a < sizeof text - b ? a : sizeof text - b;
        memmove(text + b, text, n);
        a = b;
        b += n;
    }
    check_order(wick_span_make(text, sizeof text));
}

TAP_MAIN("unit.suffix", CASE(random_texts), CASE(repeating_texts))
