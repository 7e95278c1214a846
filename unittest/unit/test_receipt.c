/* SPDX-License-Identifier: Apache-2.0 */
/* wick/receipt.h: receipts, logs and transactions, in memory and passing by, present and absent. */
#include "wick/receipt.h"

#include "wick/header.h"
#include "wick/rlp.h"

#include "tap.h"

static const uint8_t alice[20] = {0xa1}, bob[20] = {0xb0};
static const uint8_t topic[3][32] = {{1}, {2}, {3}};
static const uint8_t root[32] = {9, 9};

/* ---- receipts to read ---- */

struct shape {
    uint8_t type, status; /* status 32: a root */
    size_t logs, data;    /* log i has i % 5 topics, alternating addresses and `data` bytes */
    int bad;              /* which rule is broken */
};

static uint8_t blob[40000];

static void put_log(wick_buf *b, const struct shape *s, size_t i)
{
    size_t at = wick_rlp_open(b), topics, count = i % 5 + (s->bad == 1 ? 5 : 0);
    wick_rlp_put(b, i % 2 == 0 ? alice : bob, s->bad == 2 ? 19 : 20);
    topics = wick_rlp_open(b);
    for (size_t t = 0; t < count; t++) {
        wick_rlp_put(b, topic[(i + t) % 3], s->bad == 3 ? 31 : 32);
    }
    wick_rlp_shut(b, topics);
    if (s->bad == 11 && count != 0) {
        b->ptr[b->len - 33]++; /* the last topic is longer than its list */
    }
    if (s->bad != 4) {
        blob[0] = (uint8_t)i;
        wick_rlp_put(b, blob, s->data);
    }
    if (s->bad == 5) {
        wick_rlp_put_u64(b, 1);
    }
    wick_rlp_shut(b, at);
}

static void make(wick_buf *b, const struct shape *s)
{
    static const uint8_t bloom[256] = {7};
    if (s->type != 0) {
        wick_buf_put_u8(b, s->type);
    }
    size_t at = wick_rlp_open(b), logs;
    if (s->status == 32) {
        wick_rlp_put(b, root, 32);
    } else {
        wick_rlp_put_u64(b, s->status);
    }
    if (s->bad == 6) {
        wick_buf_put_u8(b, 0); /* gas with a leading zero */
    } else {
        wick_rlp_put_u64(b, 0x123456);
    }
    wick_rlp_put(b, bloom, s->bad == 7 ? 255 : 256);
    logs = wick_rlp_open(b);
    for (size_t i = 0; i < s->logs; i++) {
        put_log(b, s, i);
    }
    if (s->bad == 8) {
        wick_rlp_put_u64(b, 1);
    }
    wick_rlp_shut(b, logs);
    if (s->bad == 9) {
        wick_rlp_put_u64(b, 1);
    }
    wick_rlp_shut(b, at);
    if (s->bad == 10) {
        wick_buf_put_u8(b, 1);
    }
    if (s->bad == 12) { /* the list of logs is longer than the receipt */
        uint8_t *head = b->ptr + (s->type != 0 ? 1 : 0);
        head[head[0] - 0xf7]--;
    }
}

/* ---- a block of two items: a branch and two leaves ---- */

static uint8_t value[2][60000], leaf[2][60100], branch[200], header[700];
static wick_span leaf_node[2], branch_node, item[2];
static wick_trusted_header block;

static void put_leaf(size_t i, uint8_t path)
{
    wick_buf b = wick_buf_make(leaf[i], sizeof leaf[i]);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, &path, 1);
    wick_rlp_put(&b, item[i].ptr, item[i].len);
    wick_rlp_shut(&b, at);
    REQUIRE_STATUS(wick_buf_status(&b), WICK_OK);
    leaf_node[i] = wick_buf_span(&b);
}

/* Index 0 has key 80, index 1 has key 01: nibbles 8-0 and 0-1. */
static void make_block(bool transactions)
{
    static const uint8_t zero[256];
    static const uint16_t lens[15] = {32, 32, 20, 32, 32, 32, 256, 0, 0, 0, 0, 0, 0, 32, 8};
    uint8_t hash[32], child[32];
    wick_buf b = wick_buf_make(branch, sizeof branch);
    put_leaf(0, 0x30);
    put_leaf(1, 0x31);
    size_t at = wick_rlp_open(&b);
    for (size_t i = 0; i < 17; i++) {
        size_t which = i == 8 ? 0 : 1;
        bool has = i == 8 || i == 0;
        wick_keccak256(child, leaf_node[which].ptr, leaf_node[which].len);
        wick_rlp_put(&b, child, has ? 32 : 0);
    }
    wick_rlp_shut(&b, at);
    branch_node = wick_buf_span(&b);
    wick_keccak256(child, branch_node.ptr, branch_node.len);
    wick_header h;
    memset(&h, 0, sizeof h);
    h.fields = 15;
    for (size_t i = 0; i < 15; i++) {
        h.field[i] = wick_span_make(zero, lens[i]);
    }
    h.field[transactions ? WICK_HEADER_TRANSACTIONS_ROOT : WICK_HEADER_RECEIPTS_ROOT].ptr = child;
    b = wick_buf_make(header, sizeof header);
    REQUIRE_STATUS(wick_header_encode(&b, &h), WICK_OK);
    wick_header_hash(hash, wick_buf_span(&b));
    REQUIRE_STATUS(wick_trust_pinned(&block, wick_buf_span(&b), hash, 1), WICK_OK);
}

static void make_receipts(const struct shape *s)
{
    for (size_t i = 0; i < 2; i++) {
        wick_buf b = wick_buf_make(value[i], sizeof value[i]);
        make(&b, s);
        REQUIRE_STATUS(wick_buf_status(&b), WICK_OK);
        item[i] = wick_buf_span(&b);
    }
    make_block(false);
}

static wick_item_proof p;

static void begin(wick_item what, uint64_t index)
{
    REQUIRE_STATUS(wick_item_begin(&p, &block, what, index), WICK_OK);
}

static wick_status in_pieces(wick_span node, size_t size)
{
    wick_status s = WICK_OK;
    for (size_t at = 0; at < node.len && s == WICK_OK; at += size) {
        size_t n = node.len - at < size ? node.len - at : size;
        s = wick_item_chunk(&p, wick_span_make(node.ptr + at, n));
        CHECK(s != WICK_OK || wick_item_end(&p) == WICK_MPT_INCOMPLETE); /* not yet */
    }
    wick_status end = wick_item_chunk_end(&p);
    return s != WICK_OK ? s : end;
}

static const struct shape plain = {2, 1, 7, 40, 0};

/* ---- in memory ---- */

TEST(decode_of_each_type)
{
    for (uint8_t type = 0; type <= 4; type++) {
        for (uint8_t status = 0; status <= 1; status++) {
            struct shape s = plain;
            wick_receipt r;
            s.type = type;
            s.status = status;
            make_receipts(&s);
            REQUIRE_STATUS(wick_receipt_decode(&r, item[0]), WICK_OK);
            CHECK(r.type == type && r.success == (status == 1) && r.root == NULL);
            CHECK_INT(r.cumulative_gas, 0x123456);
            CHECK(r.bloom[0] == 7);
            CHECK_INT(r.log_count, 7);
            for (size_t len = 0; len < item[0].len; len++) {
                CHECK(wick_receipt_decode(&r, wick_span_make(item[0].ptr, len)) != WICK_OK);
                CHECK(r.bloom == NULL);
            }
        }
    }
    struct shape s = plain;
    wick_receipt r;
    s.status = 32;
    s.type = 0;
    make_receipts(&s);
    REQUIRE_STATUS(wick_receipt_decode(&r, item[0]), WICK_OK);
    CHECK_MEM(r.root, root, 32);
}

/* What is wrong in memory is wrong in a proof, whole or in pieces. */
static void refused(const struct shape *s, wick_status want, wick_status proof)
{
    wick_receipt r;
    make_receipts(s);
    wick_status got = wick_receipt_decode(&r, item[0]);
    CHECK(got == want || (want == WICK_E_MALFORMED && got != WICK_OK));
    begin(WICK_ITEM_RECEIPT, 0);
    CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
    CHECK_STATUS(wick_item_node(&p, leaf_node[0]), proof);
    CHECK_INT(wick_item_end(&p), WICK_MPT_BAD_RLP);
    begin(WICK_ITEM_RECEIPT, 0);
    CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
    CHECK_STATUS(in_pieces(leaf_node[0], 13), proof);
    CHECK_INT(wick_item_end(&p), WICK_MPT_BAD_RLP);
}

TEST(malformed_receipts)
{
    for (int bad = 1; bad <= 12; bad++) {
        struct shape s = plain;
        s.bad = bad;
        refused(&s, WICK_E_MALFORMED, WICK_E_PROOF_BAD_RLP);
    }
    struct shape s = plain;
    s.status = 2;
    refused(&s, WICK_E_MALFORMED, WICK_E_PROOF_BAD_RLP);
    s.status = 32; /* a root in a typed receipt */
    refused(&s, WICK_E_MALFORMED, WICK_E_PROOF_BAD_RLP);
    s = plain;
    s.type = 5;
    refused(&s, WICK_E_UNSUPPORTED, WICK_E_UNSUPPORTED);
}

TEST(logs_and_filters)
{
    wick_receipt r;
    wick_log log;
    size_t at = 0, n = 0;
    make_receipts(&plain);
    REQUIRE_STATUS(wick_receipt_decode(&r, item[0]), WICK_OK);
    while (wick_log_next(&log, &at, &r, NULL)) {
        CHECK_INT(log.index, n);
        CHECK_INT(log.topics, n % 5);
        CHECK_INT(log.data.len, 40);
        CHECK_INT(log.data.ptr[0], n);
        CHECK_MEM(log.address, n % 2 == 0 ? alice : bob, 20);
        n++;
    }
    CHECK_INT(n, 7);
    CHECK(!wick_log_next(&log, &at, &r, NULL) && log.address == NULL);
    wick_log_filter f;
    memset(&f, 0, sizeof f);
    f.address = bob;
    at = 0;
    for (size_t i = 1; i < 7; i += 2) {
        REQUIRE(wick_log_next(&log, &at, &r, &f));
        CHECK_INT(log.index, i);
    }
    CHECK(!wick_log_next(&log, &at, &r, &f));
    f.address = NULL;
    f.topic[1] = topic[0]; /* (i + 1) % 3 == 0 and two topics: 2, and not 5, which has none */
    at = 0;
    REQUIRE(wick_log_next(&log, &at, &r, &f));
    CHECK_INT(log.index, 2);
    CHECK(!wick_log_next(&log, &at, &r, &f));
    f.from = 3;
    at = 0;
    CHECK(!wick_log_next(&log, &at, &r, &f));
}

/* ---- proofs ---- */

static void check_found(void)
{
    CHECK_INT(wick_item_end(&p), WICK_MPT_FOUND);
    CHECK(p.receipt.type == 2 && p.receipt.success && !p.receipt.has_root);
    CHECK_INT(p.receipt.cumulative_gas, 0x123456);
    CHECK_INT(p.receipt.logs, 7);
}

TEST(receipt_whole_and_in_pieces_of_each_size)
{
    make_receipts(&plain);
    for (uint64_t i = 0; i < 2; i++) {
        begin(WICK_ITEM_RECEIPT, i);
        CHECK_INT(wick_item_end(&p), WICK_MPT_INCOMPLETE);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        CHECK_INT(wick_item_end(&p), WICK_MPT_INCOMPLETE);
        CHECK_STATUS(wick_item_node(&p, leaf_node[i]), WICK_OK);
        check_found();
        CHECK_STATUS(wick_item_node(&p, leaf_node[i]), WICK_E_PROOF_BAD_HASH); /* one too many */
        CHECK_INT(wick_item_end(&p), WICK_MPT_BAD_HASH);
        for (size_t size = 1; size < 300; size += size < 40 ? 1 : 37) {
            begin(WICK_ITEM_RECEIPT, i);
            CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
            CHECK_STATUS(in_pieces(leaf_node[i], size), WICK_OK);
            check_found();
        }
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_E_PROOF_BAD_HASH);
        CHECK_INT(wick_item_end(&p), WICK_MPT_BAD_HASH);
    }
}

TEST(absent_index)
{
    static const uint64_t none[] = {2, 0x10, 0x7f, 128, 300};
    make_receipts(&plain);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        begin(WICK_ITEM_RECEIPT, none[i]);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        if (wick_item_end(&p) == WICK_MPT_INCOMPLETE) {
            /* The slot of the key leads to another one. */
            size_t which = none[i] == 2 ? 1 : 0;
            wick_item_proof before = p;
            CHECK_STATUS(wick_item_node(&p, leaf_node[which]), WICK_OK);
            CHECK_INT(wick_item_end(&p), WICK_MPT_ABSENT);
            p = before;
            CHECK_STATUS(in_pieces(leaf_node[which], 100), WICK_OK);
        }
        CHECK_INT(wick_item_end(&p), WICK_MPT_ABSENT);
    }
}

/* No piece may be missing, repeated or altered; the log found on the way counts for nothing. */
TEST(cut_and_altered_leaves)
{
    wick_log_copy log;
    uint8_t data[64];
    unsigned proven = 0;
    make_receipts(&plain);
    for (size_t i = 0; i < leaf_node[0].len; i++) {
        memset(&log, 0, sizeof log);
        log.data = wick_buf_make(data, sizeof data);
        begin(WICK_ITEM_RECEIPT, 0);
        wick_item_want_log(&p, NULL, &log);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        leaf[0][i] ^= (uint8_t)(1u << (i % 8));
        (void)in_pieces(leaf_node[0], 50);
        leaf[0][i] ^= (uint8_t)(1u << (i % 8));
        wick_mpt_result r = wick_item_end(&p);
        proven += r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT;
        begin(WICK_ITEM_RECEIPT, 0);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        (void)in_pieces(wick_span_make(leaf[0], i), 50);
        r = wick_item_end(&p);
        proven += r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT;
    }
    CHECK_INT(proven, 0);
    begin(WICK_ITEM_RECEIPT, 0); /* the wrong leaf, and a branch in pieces */
    CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
    CHECK_STATUS(in_pieces(leaf_node[1], 50), WICK_E_PROOF_BAD_HASH);
    CHECK_INT(wick_item_end(&p), WICK_MPT_BAD_HASH);
    begin(WICK_ITEM_RECEIPT, 0);
    CHECK_STATUS(in_pieces(branch_node, 50), WICK_E_PROOF_BAD_RLP);
    CHECK_INT(wick_item_end(&p), WICK_MPT_BAD_RLP);
}

TEST(a_log_of_a_block)
{
    make_receipts(&plain);
    for (size_t size = 1; size < 3000; size = size * 3 + 1) {
        wick_log_filter f;
        wick_log_copy log;
        uint8_t data[64];
        memset(&f, 0, sizeof f);
        memset(&log, 0, sizeof log);
        f.address = bob;
        f.topic[2] = topic[2]; /* (i + 2) % 3 == 2, three topics, odd: 3 */
        log.data = wick_buf_make(data, sizeof data);
        begin(WICK_ITEM_RECEIPT, 1);
        wick_item_want_log(&p, &f, &log);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        CHECK_STATUS(in_pieces(leaf_node[1], size), WICK_OK);
        check_found();
        REQUIRE(p.log_found);
        CHECK_INT(log.index, 3);
        CHECK_INT(log.topics, 3);
        CHECK_MEM(log.address, bob, 20);
        CHECK_MEM(log.topic[0], topic[0], 32);
        CHECK_MEM(log.topic[2], topic[2], 32);
        CHECK_INT(log.data.len, 40);
        CHECK_INT(data[0], 3);
        f.from = 4; /* proven: no further one in this receipt */
        begin(WICK_ITEM_RECEIPT, 1);
        wick_item_want_log(&p, &f, &log);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        CHECK_STATUS(in_pieces(leaf_node[1], size), WICK_OK);
        check_found();
        CHECK(!p.log_found);
    }
}

/* 50 KB of logs, 64 bytes at a time; the data of the log does not fit either, and says so. */
TEST(a_receipt_larger_than_any_buffer)
{
    static const struct shape large = {2, 1, 7, 7000, 0};
    wick_log_copy log;
    wick_log_filter f;
    uint8_t data[100];
    memset(&f, 0, sizeof f);
    memset(&log, 0, sizeof log);
    f.from = 5;
    log.data = wick_buf_make(data, sizeof data);
    make_receipts(&large);
    begin(WICK_ITEM_RECEIPT, 0);
    wick_item_want_log(&p, &f, &log);
    CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
    CHECK_STATUS(in_pieces(leaf_node[0], 64), WICK_OK);
    check_found();
    CHECK(p.log_found && log.index == 5 && data[0] == 5);
    CHECK_INT(log.data.len, 7000);
    CHECK_STATUS(wick_buf_status(&log.data), WICK_E_NO_SPACE);
}

TEST(transactions)
{
    uint8_t hash[32];
    for (size_t i = 0; i < 2; i++) {
        memset(value[i], (int)(0x41 + i), 50000);
        item[i] = wick_span_make(value[i], 50000 - i);
    }
    make_block(true);
    for (uint64_t i = 0; i < 2; i++) {
        wick_keccak256(hash, item[i].ptr, item[i].len);
        begin(WICK_ITEM_TRANSACTION, i);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        CHECK_STATUS(wick_item_node(&p, leaf_node[i]), WICK_OK);
        CHECK_INT(wick_item_end(&p), WICK_MPT_FOUND);
        CHECK_MEM(p.tx_hash, hash, 32);
        begin(WICK_ITEM_TRANSACTION, i);
        CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
        CHECK_STATUS(in_pieces(leaf_node[i], 333), WICK_OK);
        CHECK_INT(wick_item_end(&p), WICK_MPT_FOUND);
        CHECK_MEM(p.tx_hash, hash, 32);
    }
    begin(WICK_ITEM_RECEIPT, 0); /* they are under another root */
    CHECK_STATUS(wick_item_node(&p, branch_node), WICK_E_PROOF_BAD_HASH);
}

TEST(order_of_calls)
{
    wick_trusted_header nobody;
    memset(&nobody, 0, sizeof nobody);
    make_receipts(&plain);
    CHECK_STATUS(wick_item_begin(&p, &nobody, WICK_ITEM_RECEIPT, 0), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_item_node(&p, branch_node), WICK_E_STATE);
    CHECK_STATUS(wick_item_chunk(&p, branch_node), WICK_E_STATE);
    CHECK_STATUS(wick_item_chunk_end(&p), WICK_E_STATE);
    CHECK_INT(wick_item_end(&p), WICK_MPT_INCOMPLETE);
    CHECK_STATUS(wick_item_begin(&p, &block, (wick_item)3, 0), WICK_E_BAD_ARG);
    begin(WICK_ITEM_RECEIPT, 0);
    CHECK_STATUS(wick_item_chunk_end(&p), WICK_E_STATE);
    CHECK_STATUS(wick_item_node(&p, branch_node), WICK_OK);
    CHECK_STATUS(wick_item_chunk(&p, wick_span_make(leaf[0], 10)), WICK_OK);
    CHECK_STATUS(wick_item_node(&p, leaf_node[0]), WICK_E_STATE);
    CHECK_INT(wick_item_end(&p), WICK_MPT_INCOMPLETE);
}

TAP_MAIN("unit.receipt", CASE(decode_of_each_type), CASE(malformed_receipts),
         CASE(logs_and_filters), CASE(receipt_whole_and_in_pieces_of_each_size),
         CASE(absent_index), CASE(cut_and_altered_leaves), CASE(a_log_of_a_block),
         CASE(a_receipt_larger_than_any_buffer), CASE(transactions), CASE(order_of_calls))
