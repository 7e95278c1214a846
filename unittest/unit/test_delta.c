/* SPDX-License-Identifier: Apache-2.0 */
/* Patches: vectors of other tools in any pieces, resumed anywhere; and each rule of the format broken
 * alone, by a patch that is right but for it. */
#include "delta_vectors.h"
#include "tap.h"
#include "wick/delta.h"

/* ---- the images of the vectors, and a device that has the old one ---- */

enum { SMALL_OLD = 1500, SMALL_NEW = 1690, LARGE_OLD = 9000, LARGE_NEW = 13640 };

static struct {
    const uint8_t *old, *expected; /* NULL: nothing is compared */
    uint32_t old_bytes, next, writes, reads, least_read;
    uint32_t fail_read, fail_write; /* the call that fails; 0 = none */
    bool bad;                       /* a call that the header excludes */
} device;

static uint8_t small_old[SMALL_OLD], small_new[SMALL_NEW], large_old[LARGE_OLD],
    large_new[LARGE_NEW];
static wick_delta delta;
static wick_delta_memory memory;
static uint16_t more_probs[WICK_DELTA_PROBS(3, 4)];
static uint8_t more_window[8192];

static uint32_t seed;

static unsigned random_below(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static void words(uint8_t *out, size_t bytes)
{
    size_t at = 0;
    while (at < bytes) {
        unsigned w = random_below(40), k = 2 + random_below(9);
        for (unsigned i = 0; i < k && at < bytes; i++) {
            out[at++] = (uint8_t)(w * 37 + i * i * 11 + (w ^ i));
        }
        if (random_below(7) == 0) {
            uint8_t byte = (uint8_t)random_below(256);
            if (at < bytes) {
                out[at++] = byte;
            }
        }
    }
}

static void images(uint8_t *old, uint8_t *new, size_t old_bytes, size_t inserted, size_t gap)
{
    static uint8_t edited[LARGE_OLD];
    words(old, old_bytes);
    memcpy(edited, old, old_bytes);
    for (size_t i = gap; i < old_bytes; i += gap) {
        edited[i] = (uint8_t)(edited[i] + 1 + random_below(5));
    }
    size_t a = old_bytes / 3, b = old_bytes / 2;
    memcpy(new, edited, a);
    words(new + a, inserted);
    memcpy(new + a + inserted, edited + b, old_bytes - b);
    memcpy(new + a + inserted + old_bytes - b, edited + a - 100, 140);
}

static void make_images(void)
{
    seed = 1;
    images(small_old, small_new, SMALL_OLD, 300, 97);
    seed = 7;
    images(large_old, large_new, LARGE_OLD, 6000, 211);
}

static wick_status device_read(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    (void)ctx;
    if (++device.reads == device.fail_read) {
        return WICK_E_HAL;
    }
    if (length == 0 || offset > device.old_bytes || length > device.old_bytes - offset) {
        device.bad = true;
        return WICK_OK;
    }
    if (offset < device.least_read) {
        device.least_read = offset;
    }
    memcpy(out, device.old + offset, length);
    return WICK_OK;
}

static wick_status device_write(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    (void)ctx;
    if (++device.writes == device.fail_write) {
        return WICK_E_HAL;
    }
    /* In order, and never across the end of a piece. */
    if (length == 0 || offset != device.next ||
        offset % WICK_DELTA_PIECE + length > WICK_DELTA_PIECE) {
        device.bad = true;
        return WICK_OK;
    }
    device.next = offset + length;
    if (device.expected != NULL && memcmp(device.expected + offset, bytes, length) != 0) {
        device.bad = true;
    }
    return WICK_OK;
}

static wick_delta_config begin(const uint8_t *old, uint32_t old_bytes, const uint8_t *expected,
                               uint32_t new_bytes)
{
    memset(&device, 0, sizeof device);
    device.old = old;
    device.old_bytes = old_bytes;
    device.expected = expected;
    device.least_read = UINT32_MAX;
    wick_delta_config c = {
        .io = {NULL, device_read, device_write}, .old_bytes = old_bytes, .new_max = new_bytes};
    wick_delta_use(&c, &memory);
    return c;
}

static wick_delta_config begin_small(void)
{
    return begin(small_old, SMALL_OLD, small_new, SMALL_NEW);
}

/* All of the patch, `step` bytes at a time. */
static wick_status apply(const wick_delta_config *c, const uint8_t *patch, size_t bytes,
                         size_t step)
{
    device.next = c->resume_at;
    wick_delta_init(&delta, c);
    wick_status status = WICK_OK;
    for (size_t at = 0; at < bytes && status == WICK_OK; at += step) {
        status = wick_delta_input(
            &delta, wick_span_make(patch + at, bytes - at < step ? bytes - at : step));
    }
    return status == WICK_OK ? wick_delta_finish(&delta) : status;
}

/* ---- vectors ---- */

TEST(vectors)
{
    make_images();
    wick_delta_config c = begin_small();
    CHECK_STATUS(apply(&c, delta_small_plain, sizeof delta_small_plain, SIZE_MAX / 2), WICK_OK);
    CHECK(device.next == SMALL_NEW && !device.bad);
    c = begin_small();
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, SIZE_MAX / 2), WICK_OK);
    CHECK(device.next == SMALL_NEW && !device.bad);
    c = begin(large_old, LARGE_OLD, large_new, LARGE_NEW);
    CHECK_STATUS(apply(&c, delta_large, sizeof delta_large, SIZE_MAX / 2), WICK_OK);
    CHECK(device.next == LARGE_NEW && !device.bad);
    CHECK_INT(device.writes, (LARGE_NEW + WICK_DELTA_PIECE - 1) / WICK_DELTA_PIECE);
}

TEST(vectors_with_other_parameters)
{
    make_images();
    wick_delta_config c = begin_small();
    c.probs = more_probs;
    c.probs_len = WICK_DELTA_PROBS(3, 2);
    CHECK_STATUS(apply(&c, delta_small_usual, sizeof delta_small_usual, 5), WICK_OK);
    CHECK(device.next == SMALL_NEW && !device.bad);
    c = begin_small();
    c.probs = more_probs;
    c.probs_len = WICK_DELTA_PROBS(3, 4);
    c.window = more_window;
    c.window_bytes = sizeof more_window;
    CHECK_STATUS(apply(&c, delta_small_odd, sizeof delta_small_odd, SIZE_MAX / 2), WICK_OK);
    CHECK(device.next == SMALL_NEW && !device.bad);
}

TEST(peek)
{
    wick_delta_info info;
    CHECK_STATUS(wick_delta_peek(&info, wick_span_make(delta_small, sizeof delta_small)), WICK_OK);
    CHECK_INT(info.new_bytes, SMALL_NEW);
    CHECK_INT(info.window_bytes, 4096);
    CHECK_INT(info.probs, 1775);
    CHECK_INT(info.packing, WICK_DELTA_LZMA);
    CHECK_INT(info.header_bytes, 16);
    CHECK_STATUS(wick_delta_peek(&info, wick_span_make(delta_small_odd, 16)), WICK_OK);
    CHECK(info.lc == 1 && info.lp == 2 && info.pb == 4 && info.window_bytes == 8192);
    CHECK_INT(info.probs, WICK_DELTA_PROBS(3, 4));
    CHECK_STATUS(wick_delta_peek(&info, wick_span_make(delta_small_plain, 3)), WICK_OK);
    CHECK(info.packing == WICK_DELTA_PLAIN && info.probs == 0 && info.window_bytes == 0);
    for (size_t n = 0; n < 16; n++) {
        CHECK_STATUS(wick_delta_peek(&info, wick_span_make(delta_small, n)), WICK_E_TRUNCATED);
        CHECK(info.new_bytes == 0 && info.header_bytes == 0);
    }
    CHECK_STATUS(wick_delta_peek(&info, wick_span_make((const uint8_t[]){2, 5}, 2)),
                 WICK_E_UNSUPPORTED);
}

TEST(every_split)
{
    make_images();
    size_t bytes = sizeof delta_small;
    for (size_t cut = 0; cut <= bytes; cut++) {
        wick_delta_config c = begin_small();
        wick_delta_init(&delta, &c);
        CHECK_STATUS(wick_delta_input(&delta, wick_span_make(delta_small, cut)), WICK_OK);
        CHECK_STATUS(wick_delta_input(&delta, wick_span_make(delta_small + cut, bytes - cut)),
                     WICK_OK);
        CHECK_STATUS(wick_delta_finish(&delta), WICK_OK);
        CHECK(device.next == SMALL_NEW && !device.bad);
    }
    for (size_t step = 1; step < 70; step++) {
        wick_delta_config c = begin_small();
        CHECK_STATUS(apply(&c, delta_small, bytes, step), WICK_OK);
        CHECK(device.next == SMALL_NEW && !device.bad);
        c = begin_small();
        CHECK_STATUS(apply(&c, delta_small_plain, sizeof delta_small_plain, step), WICK_OK);
        CHECK(device.next == SMALL_NEW && !device.bad);
    }
    wick_delta_config c = begin(large_old, LARGE_OLD, large_new, LARGE_NEW);
    CHECK_STATUS(apply(&c, delta_large, sizeof delta_large, 1), WICK_OK);
    CHECK(device.next == LARGE_NEW && !device.bad);
}

/* Nothing below the offset is written, and the bytes behind it are those of an uncut run. */
TEST(resume_everywhere)
{
    make_images();
    for (uint32_t at = 0; at <= SMALL_NEW; at++) {
        wick_delta_config c = begin_small();
        c.resume_at = at;
        REQUIRE_STATUS(apply(&c, delta_small, sizeof delta_small, 31), WICK_OK);
        REQUIRE(device.next == SMALL_NEW && !device.bad);
        uint32_t pieces = (SMALL_NEW + WICK_DELTA_PIECE - 1) / WICK_DELTA_PIECE;
        REQUIRE(device.writes == (at == SMALL_NEW ? 0 : pieces - at / WICK_DELTA_PIECE));
    }
    /* The last bytes need only the old bytes that they are made of. */
    wick_delta_config c = begin_small();
    CHECK_STATUS(apply(&c, delta_small_plain, sizeof delta_small_plain, 31), WICK_OK);
    uint32_t all = device.reads;
    c = begin_small();
    c.resume_at = 1600;
    CHECK_STATUS(apply(&c, delta_small_plain, sizeof delta_small_plain, 31), WICK_OK);
    CHECK(device.reads < all / 5 && device.next == SMALL_NEW);
    /* All is there: nothing is touched. */
    c = begin_small();
    c.resume_at = SMALL_NEW;
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, 31), WICK_OK);
    CHECK(device.reads == 0 && device.writes == 0);
}

TEST(every_end_is_noticed)
{
    make_images();
    for (size_t n = 0; n < sizeof delta_small; n++) {
        wick_delta_config c = begin_small();
        CHECK_STATUS(apply(&c, delta_small, n, 64), WICK_E_TRUNCATED);
        CHECK(!device.bad);
        CHECK_STATUS(wick_delta_finish(&delta), WICK_E_TRUNCATED);
    }
    for (size_t n = 0; n < sizeof delta_small_plain; n++) {
        wick_delta_config c = begin_small();
        CHECK_STATUS(apply(&c, delta_small_plain, n, 4096), WICK_E_TRUNCATED);
        CHECK(!device.bad);
    }
    uint8_t longer[sizeof delta_small + 1];
    memcpy(longer, delta_small, sizeof delta_small);
    longer[sizeof delta_small] = 0;
    for (size_t step = 1; step < 400; step += 7) {
        wick_delta_config c = begin_small();
        CHECK_STATUS(apply(&c, longer, sizeof longer, step), WICK_E_TRAILING);
    }
    wick_delta_config c = begin_small();
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, 64), WICK_OK);
    CHECK_STATUS(wick_delta_finish(&delta), WICK_OK);
    CHECK_STATUS(wick_delta_input(&delta, wick_span_make(delta_small, 1)), WICK_E_TRAILING);
    CHECK_STATUS(wick_delta_finish(&delta), WICK_E_TRAILING);
}

/* ---- plain patches with one rule broken ---- */

static uint8_t patch[256];
static size_t patch_bytes;

static void put(uint8_t byte)
{
    patch[patch_bytes++] = byte;
}

static void put_number(int64_t value)
{
    uint64_t rest = (uint64_t)(value < 0 ? -value : value);
    uint8_t byte = (uint8_t)((value < 0 ? 0x40 : 0) | (rest & 0x3f));
    for (rest >>= 6; rest != 0; rest >>= 7) {
        put(byte | 0x80);
        byte = rest & 0x7f;
    }
    put(byte);
}

/* The head of a plain patch for eight new bytes out of 16 old ones. */
static void put_head(int64_t new_bytes)
{
    patch_bytes = 0;
    put(0);
    put_number(new_bytes);
    put_number(0);
}

static void put_run(int64_t diff, int64_t extra, int64_t jump)
{
    put_number(diff);
    for (int64_t i = 0; i < diff && i < 20; i++) {
        put(0);
    }
    put_number(extra);
    for (int64_t i = 0; i < extra && i < 20; i++) {
        put('x');
    }
    put_number(jump);
}

static const uint8_t sixteen[] = "0123456789abcdef";

/* How it ends, given whole and in single bytes. */
static wick_status result(const char *expected, uint32_t new_max)
{
    wick_delta_config c = begin(sixteen, 16, (const uint8_t *)expected, new_max);
    wick_status whole = apply(&c, patch, patch_bytes, 256);
    CHECK(!device.bad);
    c = begin(sixteen, 16, (const uint8_t *)expected, new_max);
    wick_status single = apply(&c, patch, patch_bytes, 1);
    CHECK(!device.bad);
    CHECK(whole == single);
    return whole;
}

TEST(plain_runs)
{
    put_head(8);
    put_run(2, 1, 13); /* to the very end of the old image, and back to its beginning */
    put_run(1, 0, -16);
    put_run(4, 0, 12);
    CHECK_STATUS(result("01xf0123", 8), WICK_OK);
    put_head(8);
    put_run(2, 6, -2);
    CHECK_STATUS(result("01xxxxxx", 8), WICK_OK);
    patch_bytes = 0; /* an empty image: the head is all */
    put(0);
    put_number(0);
    CHECK_STATUS(result("", 8), WICK_OK);
    put(0);
    CHECK_STATUS(result("", 8), WICK_E_TRAILING);
    patch_bytes = 0;
    put(1);
    put_number(0);
    CHECK_STATUS(result("", 8), WICK_OK);
    put(0);
    CHECK_STATUS(result("", 8), WICK_E_TRAILING);
}

TEST(head_rules)
{
    put_head(8);
    put_run(8, 0, 0);
    CHECK_STATUS(result("01234567", 8), WICK_OK);
    CHECK_STATUS(result("01234567", 7), WICK_E_FW_SIZE);
    patch[0] = 2; /* another packing */
    CHECK_STATUS(result(NULL, 8), WICK_E_UNSUPPORTED);
    patch[0] = 0x20; /* another type */
    CHECK_STATUS(result(NULL, 8), WICK_E_UNSUPPORTED);
    patch[0] = 0x80; /* reserved */
    CHECK_STATUS(result(NULL, 8), WICK_E_UNSUPPORTED);
    put_head(8);
    patch[2] = 5; /* a data format */
    CHECK_STATUS(result(NULL, 8), WICK_E_UNSUPPORTED);
    static const int64_t too_large[] = {9,
                                        INT32_MAX,
                                        INT64_C(1) << 31,
                                        (INT64_C(1) << 32) + 8,
                                        (INT64_C(1) << 34) + 8,
                                        INT64_C(1) << 40,
                                        -1,
                                        -8,
                                        -(INT64_C(1) << 31)};
    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) {
        put_head(too_large[i]);
        put_run(8, 0, 0);
        CHECK_STATUS(result(NULL, 8), WICK_E_FW_SIZE);
    }
    put_head(INT32_MAX);
    CHECK_STATUS(result(NULL, UINT32_MAX), WICK_E_TRUNCATED); /* as far as it goes */
    put_head(INT64_C(1) << 31);
    CHECK_STATUS(result(NULL, UINT32_MAX), WICK_E_FW_SIZE);
    put_head(-8);
    CHECK_STATUS(result(NULL, UINT32_MAX), WICK_E_FW_SIZE);
}

TEST(run_rules)
{
    static const int64_t too_long[] = {9, INT32_MAX, -1, -INT32_MAX};
    for (size_t i = 0; i < sizeof too_long / sizeof too_long[0]; i++) {
        put_head(8);
        put_run(too_long[i], 0, 0);
        CHECK_STATUS(result(NULL, 8), WICK_E_FW_RUN);
        put_head(8);
        put_run(2, too_long[i], 0); /* 7 would be too long already */
        CHECK_STATUS(result(NULL, 8), WICK_E_FW_RUN);
    }
    put_head(8);
    put_run(2, 7, 0);
    CHECK_STATUS(result(NULL, 8), WICK_E_FW_RUN);
    static const int64_t numbers[] = {INT64_C(1) << 31, INT64_C(1) << 32, INT64_C(1) << 40};
    for (size_t i = 0; i < 3; i++) {
        put_head(8);
        put_run(numbers[i], 0, 0);
        CHECK_STATUS(result(NULL, 8), WICK_E_FW_SIZE);
        put_head(8);
        put_run(2, 2, -numbers[i]);
        CHECK_STATUS(result(NULL, 8), WICK_E_FW_SIZE);
    }
    put_head(8);
    put_run(8, 0, 0);
    put(0);
    CHECK_STATUS(result("01234567", 8), WICK_E_TRAILING);
}

TEST(nothing_outside_of_the_old_image)
{
    static const int64_t outside[] = {15, INT32_MAX, -3, -INT32_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        put_head(8);
        put_run(2, 2, outside[i]);
        put_run(0, 4, 0);
        CHECK_STATUS(result(NULL, 8), WICK_E_FW_BASE);
        put_head(8); /* also behind the last run */
        put_run(2, 6, outside[i]);
        CHECK_STATUS(result(NULL, 8), WICK_E_FW_BASE);
    }
    put_head(20);
    put_run(17, 0, 0);
    CHECK_STATUS(result(NULL, 20), WICK_E_FW_BASE);
    put_head(20);
    put_run(2, 2, 13);
    put_run(2, 0, 0);
    CHECK_STATUS(result(NULL, 20), WICK_E_FW_BASE);
    put_head(20); /* reaching the end is allowed */
    put_run(16, 4, 0);
    CHECK_STATUS(result("0123456789abcdefxxxx", 20), WICK_OK);
}

TEST(runs_that_do_nothing)
{
    put_head(8);
    for (int i = 0; i < 3; i++) {
        put_run(0, 0, 0);
    }
    put_run(4, 0, 0);
    for (int i = 0; i < 3; i++) {
        put_run(0, 0, 0);
    }
    put_run(4, 0, 0);
    CHECK_STATUS(result("01234567", 8), WICK_OK);
    put_head(8);
    for (int i = 0; i < 5; i++) {
        put_run(0, 0, 0);
    }
    CHECK_STATUS(result(NULL, 8), WICK_E_MALFORMED);
}

TEST(images_that_fail)
{
    make_images();
    wick_delta_config c = begin_small();
    device.fail_read = 3;
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, 64), WICK_E_HAL);
    CHECK_INT(device.reads, 3);
    CHECK_STATUS(wick_delta_input(&delta, wick_span_make(delta_small, 1)), WICK_E_HAL);
    CHECK_STATUS(wick_delta_finish(&delta), WICK_E_HAL);
    CHECK_INT(device.reads, 3);
    c = begin_small();
    device.fail_write = 2;
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, 64), WICK_E_HAL);
    CHECK_INT(device.writes, 2);
    /* The write of the last bytes, too. */
    c = begin_small();
    device.fail_write = (SMALL_NEW + WICK_DELTA_PIECE - 1) / WICK_DELTA_PIECE;
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, 64), WICK_E_HAL);
}

/* ---- .lzma with one rule broken ---- */

static uint8_t packed[sizeof delta_small];

static wick_status packed_result(size_t at, uint8_t byte)
{
    memcpy(packed, delta_small, sizeof delta_small);
    packed[at] = byte;
    wick_delta_config c = begin_small();
    return apply(&c, packed, sizeof packed, 64);
}

TEST(lzma_head_rules)
{
    enum { PROPERTIES = 3, DICTIONARY = 4, LENGTH = 8, CODER = 16 };
    make_images();
    CHECK_STATUS(packed_result(PROPERTIES, 0), WICK_OK);
    CHECK_STATUS(packed_result(PROPERTIES, 225), WICK_E_MALFORMED);
    CHECK_STATUS(packed_result(PROPERTIES, 224), WICK_E_LIMIT); /* lc 8, lp 4, pb 4 */
    CHECK_STATUS(packed_result(PROPERTIES, 1), WICK_E_LIMIT);   /* lc 1 */
    CHECK_STATUS(packed_result(DICTIONARY, 1), WICK_E_LIMIT);   /* 4097 */
    CHECK_STATUS(packed_result(DICTIONARY + 3, 0xff), WICK_E_LIMIT);
    CHECK_STATUS(packed_result(DICTIONARY + 1, 0), WICK_OK); /* less than 4096 counts as that */
    for (size_t i = 0; i < 8; i++) {
        CHECK_STATUS(packed_result(LENGTH + i, 0), WICK_E_UNSUPPORTED);
    }
    CHECK_STATUS(packed_result(CODER, 1), WICK_E_MALFORMED);
    wick_delta_config c = begin_small();
    c.window_bytes = 0;
    c.window = NULL;
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, 64), WICK_E_LIMIT);
    c = begin_small();
    c.probs_len--;
    CHECK_STATUS(apply(&c, delta_small, sizeof delta_small, 64), WICK_E_LIMIT);
    CHECK_INT(device.writes, 0);
    c = begin_small();
    c.window = NULL; /* a plain patch needs neither */
    c.probs = NULL;
    c.window_bytes = c.probs_len = 0;
    CHECK_STATUS(apply(&c, delta_small_plain, sizeof delta_small_plain, 64), WICK_OK);
}

/* A match before there is anything, and one from before the beginning. */
TEST(lzma_distances)
{
    uint8_t bytes[64];
    memcpy(bytes, delta_small, 17);
    memset(bytes + 17, 0xff, sizeof bytes - 17);
    bytes[17] = 0xf0; /* the first bit says match */
    wick_delta_config c = begin_small();
    CHECK_STATUS(apply(&c, bytes, sizeof bytes, 64), WICK_E_MALFORMED);
    CHECK_INT(device.writes, 0);
}

/* The end mark comes with a range coder that has nothing left. */
TEST(lzma_end)
{
    make_images();
    CHECK_STATUS(
        packed_result(sizeof delta_small - 1, (uint8_t)(delta_small[sizeof delta_small - 1] ^ 1)),
        WICK_E_MALFORMED);
}

TEST(bombs)
{
    make_images();
    wick_delta_config c = begin(sixteen, 16, NULL, 5000);
    CHECK_STATUS(apply(&c, delta_bomb_idle, sizeof delta_bomb_idle, 64), WICK_E_MALFORMED);
    CHECK(!device.bad && device.writes == 0);
    CHECK(delta.lzma.made <= WICK_DELTA_DICT_MAX); /* after one window at most */
    c = begin_small();
    CHECK_STATUS(apply(&c, delta_bomb_behind, sizeof delta_bomb_behind, 64), WICK_E_TRAILING);
    CHECK(!device.bad && delta.lzma.made <= 2 * WICK_DELTA_DICT_MAX);
}

/* Whatever a flipped bit makes of it: an answer, and no call outside of the images. */
TEST(every_flipped_bit)
{
    make_images();
    unsigned refused = 0;
    for (size_t at = 0; at < sizeof delta_small; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(packed, delta_small, sizeof delta_small);
            packed[at] = (uint8_t)(packed[at] ^ 1u << bit);
            wick_delta_config c = begin_small();
            device.expected = NULL;
            wick_status status = apply(&c, packed, sizeof packed, 64);
            REQUIRE(!device.bad && (status == WICK_OK || status < WICK_AGAIN));
            refused += status != WICK_OK;
        }
    }
    CHECK(refused > sizeof delta_small * 7); /* the rest is what digests are for */
}

TAP_MAIN("unit.delta", CASE(vectors), CASE(vectors_with_other_parameters), CASE(peek),
         CASE_LONG(every_split), CASE_LONG(resume_everywhere), CASE_LONG(every_end_is_noticed),
         CASE(plain_runs), CASE(head_rules), CASE(run_rules),
         CASE(nothing_outside_of_the_old_image), CASE(runs_that_do_nothing), CASE(images_that_fail),
         CASE(lzma_head_rules), CASE(lzma_distances), CASE(lzma_end), CASE(bombs),
         CASE_LONG(every_flipped_bit))
