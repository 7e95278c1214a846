/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receipts, read by two parsers: in memory, and in pieces on the way through a proof. The first
 * byte is the size of the pieces, the rest the receipt. Both accept the same receipts and say the
 * same, whatever log is sought. With the first byte's highest bit, the rest is the leaf itself: in
 * pieces and whole it gives the same verdict, as a receipt and as a transaction.
 */
#include "fuzz.h"

#include "wick/header.h"
#include "wick/receipt.h"
#include "wick/rlp.h"

static uint8_t leaf[66000], rlp[700];

/* A block whose receipts are this one leaf. */
static bool make_block(wick_trusted_header *block, wick_span node)
{
    static const uint8_t zero[256];
    static const uint16_t lens[15] = {32, 32, 20, 32, 32, 32, 256, 0, 0, 0, 0, 0, 0, 32, 8};
    uint8_t root[32], hash[32];
    wick_header h;
    memset(&h, 0, sizeof h);
    h.fields = 15;
    for (size_t i = 0; i < 15; i++) {
        h.field[i] = wick_span_make(zero, lens[i]);
    }
    wick_keccak256(root, node.ptr, node.len);
    h.field[WICK_HEADER_RECEIPTS_ROOT].ptr = root;
    h.field[WICK_HEADER_TRANSACTIONS_ROOT].ptr = root;
    wick_buf b = wick_buf_make(rlp, sizeof rlp);
    FUZZ_CHECK(wick_header_encode(&b, &h) == WICK_OK);
    wick_header_hash(hash, wick_buf_span(&b));
    return wick_trust_pinned(block, wick_buf_span(&b), hash, 1) == WICK_OK;
}

static void compare(const wick_item_proof *p, const wick_receipt *r, const wick_log_copy *copy)
{
    wick_log log;
    size_t at = 0, logs = 0;
    FUZZ_CHECK(p->receipt.type == r->type && p->receipt.success == r->success);
    FUZZ_CHECK(p->receipt.has_root == (r->root != NULL));
    FUZZ_CHECK(p->receipt.cumulative_gas == r->cumulative_gas);
    FUZZ_CHECK(p->receipt.logs == r->log_count && p->log_found == (r->log_count != 0));
    while (wick_log_next(&log, &at, r, NULL)) {
        fuzz_touch(log.data);
        if (logs++ == 0) {
            FUZZ_CHECK(copy->topics == log.topics && copy->data.len == log.data.len);
            FUZZ_CHECK(memcmp(copy->address, log.address, 20) == 0);
            for (size_t i = 0; i < log.topics; i++) {
                FUZZ_CHECK(memcmp(copy->topic[i], log.topic[i], 32) == 0);
            }
        }
    }
    FUZZ_CHECK(logs == r->log_count);
}

static uint8_t log_data[64];

/* One proof of one leaf; step 0: whole. */
static wick_mpt_result prove(wick_item_proof *p, wick_log_copy *copy, const wick_log_filter *filter,
                             const wick_trusted_header *block, wick_item item, wick_span node,
                             size_t step)
{
    memset(copy, 0, sizeof *copy);
    copy->data = wick_buf_make(log_data, sizeof log_data);
    FUZZ_CHECK(wick_item_begin(p, block, item, 0) == WICK_OK);
    wick_item_want_log(p, filter, copy);
    if (step == 0) {
        (void)wick_item_node(p, node);
    }
    for (size_t i = 0; step != 0 && i < node.len; i += step) {
        (void)wick_item_chunk(
            p, wick_span_make(node.ptr + i, node.len - i < step ? node.len - i : step));
    }
    if (step != 0) {
        FUZZ_CHECK(wick_item_end(p) == WICK_MPT_INCOMPLETE); /* not before its hash is known */
        FUZZ_CHECK(node.len == 0 || wick_item_node(p, node) == WICK_E_STATE);
        (void)wick_item_chunk_end(p);
    }
    wick_mpt_result r = wick_item_end(p);
    /* A node after the end undoes everything. */
    if (r == WICK_MPT_FOUND && (step & 1u) != 0) {
        wick_item_proof more = *p;
        FUZZ_CHECK(wick_item_node(&more, node) != WICK_OK &&
                   wick_item_end(&more) != WICK_MPT_FOUND);
    }
    return r;
}

/* Every log is found by what it holds, and by nothing that it does not hold. */
static void seek(const wick_receipt *r, const wick_trusted_header *block, wick_span node,
                 size_t step)
{
    wick_item_proof p;
    wick_log_copy copy;
    wick_log log, same;
    size_t at = 0;
    for (unsigned logs = 0; logs < 3 && wick_log_next(&log, &at, r, NULL); logs++) {
        wick_log_filter f = {log.address, {NULL, NULL, NULL, NULL}, log.index};
        uint8_t other[32] = {0};
        size_t from = 0;
        for (size_t i = 0; i < log.topics; i++) {
            f.topic[i] = log.topic[i];
        }
        FUZZ_CHECK(wick_log_next(&same, &from, r, &f) && same.index == log.index);
        FUZZ_CHECK(prove(&p, &copy, &f, block, WICK_ITEM_RECEIPT, node, step) == WICK_MPT_FOUND);
        FUZZ_CHECK(p.log_found && copy.index == log.index);
        FUZZ_CHECK(copy.data.len == log.data.len);
        f.topic[log.topics % WICK_LOG_TOPICS_MAX] = other; /* one more, or another first one */
        f.from = 0;
        from = 0;
        bool there = wick_log_next(&same, &from, r, &f);
        (void)prove(&p, &copy, &f, block, WICK_ITEM_RECEIPT, node, 0);
        FUZZ_CHECK(p.log_found == there);
        f.address = other;
        from = 0;
        there = wick_log_next(&same, &from, r, &f);
        (void)prove(&p, &copy, &f, block, WICK_ITEM_RECEIPT, node, step);
        FUZZ_CHECK(p.log_found == there);
    }
}

/* Whole and in pieces a leaf says the same. Other nodes do not come in pieces. */
static void raw_leaf(wick_span node, size_t step)
{
    wick_item_proof p;
    wick_log_copy copy;
    wick_trusted_header block;
    if (!make_block(&block, node)) {
        return;
    }
    for (int item = WICK_ITEM_TRANSACTION; item <= WICK_ITEM_RECEIPT; item++) {
        wick_mpt_result whole = prove(&p, &copy, NULL, &block, (wick_item)item, node, 0);
        uint8_t tx_hash[32];
        memcpy(tx_hash, p.tx_hash, sizeof tx_hash);
        wick_mpt_result pieces = prove(&p, &copy, NULL, &block, (wick_item)item, node, step);
        FUZZ_CHECK(pieces != WICK_MPT_FOUND ||
                   (whole == pieces && memcmp(tx_hash, p.tx_hash, sizeof tx_hash) == 0));
        FUZZ_CHECK(pieces != WICK_MPT_ABSENT || whole == pieces);
    }
    wick_trusted_header none;
    memset(&none, 0, sizeof none);
    FUZZ_CHECK(wick_item_begin(&p, &none, WICK_ITEM_RECEIPT, 0) == WICK_E_BAD_ARG);
    FUZZ_CHECK(wick_item_node(&p, node) == WICK_E_STATE);
    FUZZ_CHECK(wick_item_chunk(&p, node) == WICK_E_STATE);
    FUZZ_CHECK(wick_item_chunk_end(&p) == WICK_E_STATE);
    FUZZ_CHECK(wick_item_end(&p) == WICK_MPT_INCOMPLETE);
    FUZZ_CHECK(wick_item_begin(&p, &block, (wick_item)3, 0) == WICK_E_BAD_ARG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t hp[2] = {0x20, 0x80};
    wick_receipt r;
    wick_item_proof p;
    wick_trusted_header block;
    wick_log_copy copy;
    wick_buf b = wick_buf_make(leaf, sizeof leaf);
    if (size < 2 || size > 65000) {
        return 0;
    }
    wick_span in = wick_span_make(data + 1, size - 1);
    size_t step = (data[0] & 127u) + 1u;
    if ((data[0] & 128u) != 0) {
        raw_leaf(in, step);
        return 0;
    }
    bool good = wick_receipt_decode(&r, in) == WICK_OK;
    size_t at = wick_rlp_open(&b);
    wick_rlp_put(&b, hp, sizeof hp);
    wick_rlp_put(&b, in.ptr, in.len);
    wick_rlp_shut(&b, at);
    FUZZ_CHECK(make_block(&block, wick_buf_span(&b)));
    wick_span node = wick_buf_span(&b);
    wick_mpt_result found = prove(&p, &copy, NULL, &block, WICK_ITEM_RECEIPT, node, step);
    FUZZ_CHECK((found == WICK_MPT_FOUND) == good);
    if (good) {
        FUZZ_ACCEPTED();
        compare(&p, &r, &copy);
        seek(&r, &block, node, step);
    }
    /* The same bytes as a transaction: any are one. */
    FUZZ_CHECK(prove(&p, &copy, NULL, &block, WICK_ITEM_TRANSACTION, node, step) == WICK_MPT_FOUND);
    return 0;
}
