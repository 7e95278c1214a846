/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over DAGs of the input's making: a hash that is always the one wanted stands for SHA-256, so that
 * every block counts that has the right shape. Bytes come out in order, once, inside the file, and none
 * below where the walk began; the work is bounded by the input.
 *
 * Input: flags | size 2 | from 1, then blocks, each length 2 | bytes. Flags: 1..2 the hash of every second
 * block is wrong; 4 the size is known; 8 the root is raw; the rest is the size of the pieces. From 255 on the
 * list fails whose number `size` says, and 254 stands for a hash that fails.
 */
#include "fuzz.h"

#include "wick/unixfs.h"

static wick_unixfs u;
static uint8_t room[WICK_UNIXFS_LEVELS * 38 * 8];
static bool wrong, no_hash;
static unsigned fails_at, calls;
static wick_unixfs_lists in_ram;

static wick_status list_write(void *ctx, uint32_t list, uint32_t index, const uint8_t *entry)
{
    return ++calls == fails_at ? WICK_E_HAL : in_ram.write(ctx, list, index, entry);
}

static wick_status list_read(void *ctx, uint32_t list, uint32_t index, uint8_t *entry)
{
    return ++calls == fails_at ? WICK_E_HAL : in_ram.read(ctx, list, index, entry);
}

static wick_status begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    (void)ctx;
    (void)h;
    (void)alg;
    return WICK_OK;
}

static wick_status update(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)h;
    fuzz_touch(wick_span_make(data, len));
    return WICK_OK;
}

static wick_status finish(void *ctx, wick_hash_ctx *h, uint8_t *out)
{
    (void)ctx;
    (void)h;
    memcpy(out, u.want.digest, 32);
    out[0] ^= wrong ? 1 : 0;
    return no_hash ? WICK_E_CRYPTO : WICK_OK;
}

static void no_free(void *ctx, wick_hash_ctx *h)
{
    (void)ctx;
    (void)h;
}

/* A block in pieces. @return the end of what came out, or of the file so far */
static wick_status put(wick_span block, size_t piece, uint32_t from, uint32_t *end)
{
    wick_status s = WICK_OK;
    uint32_t next = wick_unixfs_offset(&u) > from ? wick_unixfs_offset(&u) : from;
    while (s == WICK_OK && block.len > 0) {
        wick_span in = wick_span_make(block.ptr, block.len < piece ? block.len : piece);
        size_t before = in.len;
        s = wick_unixfs_input(&u, &in);
        FUZZ_CHECK(s != WICK_OK || in.len < before);
        if (s == WICK_OK && u.data.len != 0) {
            fuzz_touch(u.data);
            FUZZ_CHECK(u.offset == next);
            next += (uint32_t)u.data.len;
            FUZZ_CHECK(next <= WICK_UNIXFS_SIZE_ANY);
        }
        block.ptr += before - in.len;
        block.len -= before - in.len;
    }
    *end = next;
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wick_hal_crypto crypto;
    wick_unixfs_ram ram = {room, sizeof room};
    wick_unixfs_lists lists = {&ram, list_write, list_read};
    wick_reader r = wick_reader_make(wick_span_make(data, size));
    uint8_t flags = wick_read_u8(&r);
    uint32_t of = wick_read_be16(&r), from = wick_read_u8(&r), end = 0;
    wick_cid root = {1, (flags & 8) != 0 ? WICK_CID_RAW : WICK_CID_DAG_PB, {0}};
    in_ram = wick_unixfs_lists_ram(&ram);
    no_hash = from == 254;
    fails_at = from == 255 ? of : 0;
    calls = 0;
    from = from < 254 ? from : 0;
    memset(&crypto, 0, sizeof crypto);
    crypto.hash_begin = begin;
    crypto.hash_update = update;
    crypto.hash_finish = finish;
    crypto.hash_free = no_free;
    FUZZ_CHECK(wick_unixfs_start(&u, &crypto, &lists, &root,
                                 (flags & 4) != 0 ? of : WICK_UNIXFS_SIZE_ANY, from) == WICK_OK);
    wrong = false;
    while (r.status == WICK_OK && wick_unixfs_wanted(&u) != NULL) {
        size_t len = wick_read_be16(&r);
        wick_span block = wick_read_span(&r, len);
        uint32_t offset = wick_unixfs_offset(&u);
        wick_status s = put(block, 1 + (flags >> 4), from, &end);
        wrong = (flags & 3) == 3 && !wrong;
        s = s == WICK_OK ? wick_unixfs_end(&u) : s;
        if (s == WICK_E_FW_DIGEST) {
            FUZZ_CHECK(wick_unixfs_offset(&u) == offset);
            FUZZ_CHECK(wick_unixfs_again(&u) == WICK_OK);
        } else {
            FUZZ_CHECK(s == WICK_OK || s == WICK_E_FW_LAYOUT || (s == WICK_E_HAL && fails_at != 0) ||
                       (s == WICK_E_CRYPTO && no_hash));
            FUZZ_CHECK(wick_unixfs_offset(&u) >= offset);
        }
    }
    if (wick_unixfs_whole(&u)) {
        FUZZ_ACCEPTED();
        FUZZ_CHECK((flags & 4) == 0 || wick_unixfs_offset(&u) == of);
        FUZZ_CHECK(wick_unixfs_offset(&u) <= from || end == wick_unixfs_offset(&u));
    }
    if (wick_unixfs_wanted(&u) == NULL) {
        wick_span none = wick_span_make(data, size);
        FUZZ_CHECK(wick_unixfs_input(&u, &none) == WICK_E_STATE && none.len == size);
        FUZZ_CHECK(wick_unixfs_end(&u) == WICK_E_STATE);
    }
    wick_unixfs_stop(&u);
    return 0;
}
