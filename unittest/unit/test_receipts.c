/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs under the receipts root of a trusted header: a recorded block, every change of it refused, and
 * the roots of lists of every length against a plain recursive trie.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "receipts_data.h"
#include "tap.h"
#include "wick/keccak.h"
#include "wick/port/eth_json.h"
#include "wick/port/receipts.h"
#include "wick/rlp.h"

static uint64_t arena[60000 / 8], block_arena[30000 / 8];
static uint8_t work[4096];
static wick_trusted_header header;
static wick_receipts r;

static bool setup(void)
{
    const wick_json *root;
    wick_eth_block block;
    uint8_t rlp[WICK_HEADER_MAX];
    wick_buf b = wick_buf_make(rlp, sizeof rlp);
    CHECK_STATUS(wick_json_parse(&root, (uint8_t *)block_arena, sizeof block_arena,
                                 wick_span_text(recorded_block)), WICK_OK);
    CHECK_STATUS(wick_eth_json_block(&block, &b, root), WICK_OK);
    wick_status s = wick_trust_own_node(&header, wick_buf_span(&b), block.hash, 31337);
    CHECK_STATUS(s, WICK_OK);
    return s == WICK_OK;
}

static wick_status begin(const char *text)
{
    const wick_json *root;
    wick_status s = wick_json_parse(&root, (uint8_t *)arena, sizeof arena, wick_span_text(text));
    return s == WICK_OK ? wick_receipts_begin(&r, root, &header, work, sizeof work) : s;
}

TEST(recorded_logs)
{
    wick_log log;
    size_t n = 0;
    REQUIRE(setup());
    REQUIRE_STATUS(begin(recorded_receipts), WICK_OK);
    while (wick_receipts_next(&r, &log, NULL) == WICK_OK) {
        static const size_t index[] = {0, 2, 2, 3, 3}, topics[] = {2, 0, 4, 0, 4};
        static const size_t data[] = {32, 1, 0, 1, 0};
        REQUIRE(n < 5);
        CHECK_INT(r.index, index[n]);
        CHECK_INT(log.topics, topics[n]);
        CHECK_INT(log.data.len, data[n]);
        n++;
    }
    CHECK_INT(n, 5);
    CHECK_STATUS(wick_receipts_next(&r, &log, NULL), WICK_E_NOT_FOUND);
}

TEST(filters)
{
    uint8_t topic[32] = {0}, contract[20];
    wick_log_filter f;
    wick_log log;
    REQUIRE(setup());
    memset(&f, 0, sizeof f);
    topic[31] = 0x44;
    f.topic[0] = topic;
    REQUIRE_STATUS(begin(recorded_receipts), WICK_OK);
    REQUIRE_STATUS(wick_receipts_next(&r, &log, &f), WICK_OK);
    CHECK_INT(r.index, 2);
    CHECK_INT(log.index, 1);
    memcpy(contract, log.address, 20);
    REQUIRE_STATUS(wick_receipts_next(&r, &log, &f), WICK_OK);
    CHECK_INT(r.index, 3);
    CHECK_STATUS(wick_receipts_next(&r, &log, &f), WICK_E_NOT_FOUND);
    f.address = contract;
    REQUIRE_STATUS(begin(recorded_receipts), WICK_OK);
    CHECK_STATUS(wick_receipts_next(&r, &log, &f), WICK_OK);
    CHECK_STATUS(wick_receipts_next(&r, &log, &f), WICK_E_NOT_FOUND);
    topic[31] = 0x45;
    REQUIRE_STATUS(begin(recorded_receipts), WICK_OK);
    CHECK_STATUS(wick_receipts_next(&r, &log, &f), WICK_E_NOT_FOUND);
}

TEST(one_receipt)
{
    wick_receipt one;
    REQUIRE(setup());
    REQUIRE_STATUS(begin(recorded_receipts), WICK_OK);
    REQUIRE_STATUS(wick_receipts_get(&r, &one, 4), WICK_OK);
    CHECK(!one.success && one.type == 2);
    REQUIRE_STATUS(wick_receipts_get(&r, &one, 1), WICK_OK);
    CHECK(one.success && one.type == 0);
    CHECK_STATUS(wick_receipts_get(&r, &one, 5), WICK_E_NOT_FOUND);
}

/* Every digit of every hex text changed, one at a time. */
TEST(any_change_is_seen)
{
    static char text[sizeof recorded_receipts];
    size_t changed = 0;
    wick_log log;
    REQUIRE(setup());
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        memcpy(text, recorded_receipts, sizeof text);
        bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (!hex || (text[i] == '0' && text[i + 1] == 'x') || i % 3 != 0) {
            continue; /* every third one is enough */
        }
        text[i] = text[i] == '1' ? '2' : '1';
        wick_status s = begin(text);
        CHECK(s != WICK_OK);
        CHECK_STATUS(wick_receipts_next(&r, &log, NULL), WICK_E_STATE);
        changed++;
    }
    CHECK(changed > 500);
}

TEST(one_more_or_less)
{
    static char text[sizeof recorded_receipts + 100];
    REQUIRE(setup());
    CHECK_STATUS(begin("null"), WICK_E_NOT_FOUND);
    CHECK_STATUS(begin("{}"), WICK_E_JSON);
    CHECK_STATUS(begin("[]"), WICK_E_PROOF_BAD_HASH);
    CHECK_STATUS(begin("[7]"), WICK_E_JSON);
    /* Without the last one. */
    memcpy(text, recorded_receipts, sizeof recorded_receipts);
    char *last = strstr(text, ",{\"type\":\"0x1\"");
    REQUIRE(last != NULL);
    memcpy(last, "]", 2);
    CHECK_STATUS(begin(text), WICK_E_PROOF_BAD_HASH);
    /* A type to come. */
    memcpy(text, recorded_receipts, sizeof recorded_receipts);
    char *type = strstr(text, "\"type\":\"0x1\"");
    REQUIRE(type != NULL);
    type[10] = '5';
    CHECK_STATUS(begin(text), WICK_E_UNSUPPORTED);
    wick_trusted_header none;
    const wick_json *root;
    memset(&none, 0, sizeof none);
    CHECK_STATUS(wick_json_parse(&root, (uint8_t *)arena, sizeof arena, wick_span_text("[]")),
                 WICK_OK);
    CHECK_STATUS(wick_receipts_begin(&r, root, &none, work, sizeof work), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_json_parse(&root, (uint8_t *)arena, sizeof arena,
                                 wick_span_text(recorded_receipts)), WICK_OK);
    CHECK_STATUS(wick_receipts_begin(&r, root, &header, work, 300), WICK_E_LIMIT);
}

/* ---- roots against a plain recursive trie ---- */

#define ITEMS 700

static struct {
    uint8_t key[6];
    size_t len;
    uint32_t index;
} sorted[ITEMS];

static uint8_t item_bytes[40];

static wick_span item_of(uint32_t index)
{
    memset(item_bytes, 0x5A, sizeof item_bytes);
    item_bytes[0] = (uint8_t)(index >> 8);
    item_bytes[1] = (uint8_t)index;
    return wick_span_make(item_bytes, 32 + index % 9);
}

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, 6);
}

static size_t pack(uint8_t *out, const uint8_t *path, size_t len, unsigned flag)
{
    size_t n = 0, at = len % 2;
    out[n++] = (uint8_t)((flag + at) * 16 + (at != 0 ? path[0] : 0));
    for (; at < len; at += 2) {
        out[n++] = (uint8_t)(path[at] * 16 + path[at + 1]);
    }
    return n;
}

static void node_hash(uint8_t out[32], size_t lo, size_t hi, size_t depth)
{
    uint8_t node[600], packed[8], hash[32];
    wick_buf b = wick_buf_make(node, sizeof node);
    size_t at = wick_rlp_open(&b), shared = depth;
    if (hi - lo == 1) {
        wick_span item = item_of(sorted[lo].index);
        wick_rlp_put(&b, packed, pack(packed, sorted[lo].key + depth, sorted[lo].len - depth, 2));
        wick_rlp_put(&b, item.ptr, item.len);
        wick_rlp_shut(&b, at);
        wick_keccak256(out, node, b.len);
        return;
    }
    while (sorted[lo].key[shared] == sorted[hi - 1].key[shared]) {
        shared++;
    }
    if (shared != depth) {
        node_hash(hash, lo, hi, shared);
        wick_rlp_put(&b, packed, pack(packed, sorted[lo].key + depth, shared - depth, 0));
        wick_rlp_put(&b, hash, 32);
        wick_rlp_shut(&b, at);
        wick_keccak256(out, node, b.len);
        return;
    }
    for (unsigned n = 0; n < 16; n++) {
        size_t end = lo;
        while (end < hi && sorted[end].key[depth] == n) {
            end++;
        }
        if (end != lo) {
            node_hash(hash, lo, end, depth + 1);
        }
        wick_rlp_put(&b, hash, end != lo ? 32 : 0);
        lo = end;
    }
    wick_rlp_put(&b, NULL, 0);
    wick_rlp_shut(&b, at);
    wick_keccak256(out, node, b.len);
}

static void reference(uint8_t out[32], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t rlp[3];
        wick_buf b = wick_buf_make(rlp, sizeof rlp);
        wick_rlp_put_u64(&b, i);
        memset(&sorted[i], 0, sizeof sorted[i]);
        for (size_t k = 0; k < b.len; k++) {
            sorted[i].key[2 * k] = rlp[k] >> 4;
            sorted[i].key[2 * k + 1] = rlp[k] & 15u;
        }
        sorted[i].len = 2 * b.len;
        sorted[i].index = i;
    }
    qsort(sorted, count, sizeof sorted[0], by_key);
    node_hash(out, 0, count, 0);
}

TEST(roots_of_lists)
{
    static const uint8_t empty[32] = {
        0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
        0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21};
    uint8_t want[32], got[32];
    wick_list_root l;
    CHECK_STATUS(wick_list_root_begin(&l, 0), WICK_OK);
    CHECK_STATUS(wick_list_root_end(&l, got), WICK_OK);
    CHECK_MEM(got, empty, 32);
    for (uint32_t count = 1; count <= ITEMS; count += count < 300 ? 1 : 57) {
        REQUIRE_STATUS(wick_list_root_begin(&l, count), WICK_OK);
        for (uint32_t i = 0; i < count; i++) {
            CHECK_STATUS(wick_list_root_end(&l, got), WICK_E_STATE);
            CHECK_STATUS(wick_list_root_item(&l, item_of((uint32_t)wick_list_root_wants(&l))),
                         WICK_OK);
        }
        CHECK_STATUS(wick_list_root_item(&l, item_of(0)), WICK_E_STATE);
        CHECK_STATUS(wick_list_root_end(&l, got), WICK_OK);
        reference(want, count);
        CHECK_MEM(got, want, 32);
    }
    CHECK_STATUS(wick_list_root_begin(&l, 65537), WICK_E_LIMIT);
    CHECK_STATUS(wick_list_root_begin(&l, 1), WICK_OK);
    CHECK_STATUS(wick_list_root_item(&l, wick_span_make(want, 31)), WICK_E_BAD_ARG);
}

TAP_MAIN("unit.receipts", CASE(recorded_logs), CASE(filters), CASE(one_receipt),
         CASE(any_change_is_seen), CASE(one_more_or_less), CASE(roots_of_lists))
