/* SPDX-License-Identifier: Apache-2.0 */
/* Files out of CARs that somebody else has made: in any order, with too much in them, and with too little. */
#include "block_source.h"
#include "dag.h"
#include "tap.h"
#include "wick/port/crypto.h"

#define FILE_BYTES 150000u
#define CHUNK 16u /* so many blocks that a search from the front for each would be seen */

static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static uint8_t file[FILE_BYTES], car_bytes[3u << 20];
static dag d;
static wick_buf car;

static void put_varint(uint32_t n)
{
    for (; n > 0x7f; n >>= 7) {
        wick_buf_put_u8(&car, (uint8_t)(n | 0x80u));
    }
    wick_buf_put_u8(&car, (uint8_t)n);
}

static void put_block(const dag_block *b)
{
    uint8_t cid[WICK_CID_MAX];
    size_t n = wick_cid_encode(cid, &b->cid);
    put_varint((uint32_t)(n + b->bytes.len));
    wick_buf_put(&car, cid, n);
    wick_buf_put(&car, b->bytes.ptr, b->bytes.len);
}

static void begin(bool alike, uint32_t links)
{
    static const uint8_t header[] = {2, 0xa0, 0xf6}; /* what is in it is not asked */
    const dag_options options = {CHUNK, links, 1, true};
    REQUIRE_STATUS(wick_crypto_init(&crypto, &crypto_ctx), WICK_OK);
    for (uint32_t i = 0; i < FILE_BYTES; i++) {
        file[i] = (uint8_t)(alike ? 7u : i / CHUNK >> (i % 3 * 8));
    }
    REQUIRE_STATUS(dag_make(&d, &crypto, wick_span_make(file, FILE_BYTES), &options), WICK_OK);
    car = wick_buf_make(car_bytes, sizeof car_bytes);
    wick_buf_put(&car, header, sizeof header);
}

static wick_status walk(block_walk *w)
{
    w->crypto = &crypto;
    CHECK_STATUS(wick_buf_status(&car), WICK_OK);
    return block_walk_car(w, &d.block[d.root].cid, wick_buf_span(&car));
}

/* Nearly 9,500 blocks, the last one that is wanted first. */
TEST(order_is_free)
{
    block_walk w;
    begin(false, 174);
    for (size_t i = 0; i < d.count; i++) { /* leaves, then nodes, and the root last */
        put_block(&d.block[i]);
    }
    memset(&w, 0, sizeof w);
    CHECK_STATUS(walk(&w), WICK_OK);
    CHECK(w.size == FILE_BYTES && w.blocks > FILE_BYTES / CHUNK);
    car.len = 3;
    for (size_t i = d.count; i-- > 0;) {
        put_block(&d.block[i]);
    }
    memset(&w, 0, sizeof w);
    CHECK_STATUS(walk(&w), WICK_OK);
    CHECK_INT(w.size, FILE_BYTES);
    /* Twice in it: the first of both that is found is right, or it is not that block. */
    put_block(&d.block[0]);
    CHECK_STATUS(walk(&w), WICK_OK);
    dag_free(&d);
}

TEST(what_is_missing)
{
    block_walk w;
    begin(false, 174);
    CHECK_STATUS((memset(&w, 0, sizeof w), walk(&w)), WICK_E_NOT_FOUND);
    for (size_t i = 1; i < d.count; i++) {
        put_block(&d.block[i]);
    }
    CHECK_STATUS((memset(&w, 0, sizeof w), walk(&w)), WICK_E_NOT_FOUND);
    car.len--;
    CHECK_STATUS((memset(&w, 0, sizeof w), walk(&w)), WICK_E_MALFORMED);
    car.len = 2;
    CHECK_STATUS((memset(&w, 0, sizeof w), walk(&w)), WICK_E_MALFORMED);
    dag_free(&d);
}

/* Another block under the name of one: the file ends there. */
TEST(block_that_is_another)
{
    block_walk w;
    begin(false, 174);
    for (size_t i = 0; i < d.count; i++) {
        dag_block b = d.block[i];
        b.bytes = i == 5 ? d.block[6].bytes : b.bytes;
        put_block(&b);
    }
    memset(&w, 0, sizeof w);
    CHECK_STATUS(walk(&w), WICK_E_FW_DIGEST);
    dag_free(&d);
}

/* A file of equal pieces is a handful of blocks, which are taken again and again: up to a bound. */
TEST(few_blocks_that_are_a_large_file)
{
    block_walk w;
    begin(true, 174);
    for (size_t i = 0; i < d.count; i++) {
        if (!d.block[i].again) {
            put_block(&d.block[i]);
        }
    }
    CHECK(car.len < 32768);
    memset(&w, 0, sizeof w);
    CHECK_STATUS(walk(&w), WICK_OK);
    CHECK_INT(w.size, FILE_BYTES);
    unsigned all = w.blocks;
    memset(&w, 0, sizeof w);
    w.most = all;
    CHECK_STATUS(walk(&w), WICK_OK);
    memset(&w, 0, sizeof w);
    w.most = all - 1;
    CHECK_STATUS(walk(&w), WICK_E_LIMIT);
    dag_free(&d);
}

TAP_MAIN("unit.block_source", CASE(order_is_free), CASE(what_is_missing),
         CASE(block_that_is_another), CASE(few_blocks_that_are_a_large_file))
