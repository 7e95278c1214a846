/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receipts, read by two parsers: in memory, and in pieces on the way through a proof. The first byte
 * is the size of the pieces, the rest the receipt. Both accept the same receipts and say the same.
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
    bool good = wick_receipt_decode(&r, in) == WICK_OK;
    size_t at = wick_rlp_open(&b), step = data[0] + 1u;
    wick_rlp_put(&b, hp, sizeof hp);
    wick_rlp_put(&b, in.ptr, in.len);
    wick_rlp_shut(&b, at);
    FUZZ_CHECK(make_block(&block, wick_buf_span(&b)));
    memset(&copy, 0, sizeof copy);
    FUZZ_CHECK(wick_item_begin(&p, &block, WICK_ITEM_RECEIPT, 0) == WICK_OK);
    wick_item_want_log(&p, NULL, &copy);
    for (size_t i = 0; i < b.len; i += step) {
        size_t n = b.len - i < step ? b.len - i : step;
        (void)wick_item_chunk(&p, wick_span_make(leaf + i, n));
    }
    (void)wick_item_chunk_end(&p);
    FUZZ_CHECK((wick_item_end(&p) == WICK_MPT_FOUND) == good);
    if (good) {
        FUZZ_ACCEPTED();
        compare(&p, &r, &copy);
    }
    return 0;
}
