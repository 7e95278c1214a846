/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded blocks with raw transactions and receipts: the tries are built from the raw data, their
 * roots are those of the header, and every item is proven under it, as is the absence of the next
 * one. Then the same receipts many times over, for tries of some depth, and altered proofs.
 */
#include "data.h"
#include "oracle.h"
#include "trie.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/receipt.h"
#include "wick/rlp.h"

#include "tap.h"

/* Keys of one, two and three bytes; fewer of the larger transactions, which take their time. */
#define MANY_RECEIPTS 300u
#define MANY_TRANSACTIONS 140u

static struct trie trie;
static struct oracle_trail trail;
static wick_item_proof p;
static unsigned blocks, proofs, altered, accepted;

static wick_span key_of(uint64_t index)
{
    uint8_t *m = data_alloc(9);
    wick_buf b = wick_buf_make(m, 9);
    wick_rlp_put_u64(&b, index);
    return wick_buf_span(&b);
}

static wick_mpt_result walk(const wick_trusted_header *th, wick_item item, uint64_t index,
                            size_t nodes, bool pieces)
{
    CHECK_STATUS(wick_item_begin(&p, th, item, index), WICK_OK);
    for (size_t i = 0; i < nodes; i++) {
        wick_span n = trail.node[i];
        if (!pieces || i + 1 != trail.count) {
            (void)wick_item_node(&p, n);
            continue;
        }
        for (size_t at = 0; at < n.len; at += 100) {
            size_t len = n.len - at < 100 ? n.len - at : 100;
            (void)wick_item_chunk(&p, wick_span_make(n.ptr + at, len));
        }
        (void)wick_item_chunk_end(&p);
    }
    return wick_item_end(&p);
}

static void check_item(wick_item item, wick_span raw)
{
    uint8_t hash[32];
    wick_receipt r;
    if (item == WICK_ITEM_TRANSACTION) {
        wick_keccak256(hash, raw.ptr, raw.len);
        CHECK_MEM(p.tx_hash, hash, 32);
        return;
    }
    REQUIRE_STATUS(wick_receipt_decode(&r, raw), WICK_OK);
    CHECK(p.receipt.type == r.type && p.receipt.success == r.success);
    CHECK_INT(p.receipt.cumulative_gas, r.cumulative_gas);
    CHECK_INT(p.receipt.logs, r.log_count);
}

static bool is_verdict(wick_mpt_result r)
{
    return r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT;
}

/* One bit of one node changed; a node left out, or given twice. */
static void alter(const wick_trusted_header *th, wick_item item, uint64_t index)
{
    struct oracle_trail whole = trail;
    for (size_t n = 0; n < whole.count; n++) {
        uint8_t *m = data_alloc(whole.node[n].len);
        memcpy(m, whole.node[n].ptr, whole.node[n].len);
        for (int pieces = 0; pieces < 2; pieces++) {
            size_t at = (size_t)((index * 131 + n * 37) % whole.node[n].len);
            trail = whole;
            trail.node[n].ptr = m;
            m[at] ^= (uint8_t)(1u << (index % 8));
            accepted += is_verdict(walk(th, item, index, trail.count, pieces != 0));
            m[at] ^= (uint8_t)(1u << (index % 8));
            altered++;
        }
        trail = whole;
        for (size_t i = n; i + 1 < whole.count; i++) {
            trail.node[i] = whole.node[i + 1];
        }
        trail.count = whole.count - 1;
        accepted += is_verdict(walk(th, item, index, trail.count, false));
        trail = whole;
        for (size_t i = whole.count; i > n; i--) {
            trail.node[i] = whole.node[i - 1];
        }
        trail.count = whole.count + 1;
        accepted += is_verdict(walk(th, item, index, trail.count, false));
        altered += 2;
    }
    trail = whole;
}

/* The trie's items are all proven under the header, and the indices after them are not there. */
static void prove_all(const wick_trusted_header *th, wick_item item, const wick_span *raw,
                      uint64_t count)
{
    for (uint64_t i = 0; i < count + 40; i++) {
        wick_span value;
        enum oracle_says says =
            oracle_look_up(&value, &trail, trie.node, trie.nodes, trie.root, key_of(i));
        REQUIRE(says == (i < count ? ORACLE_VALUE : ORACLE_NOTHING));
        wick_mpt_result want = i < count ? WICK_MPT_FOUND : WICK_MPT_ABSENT;
        CHECK_INT(walk(th, item, i, trail.count, false), want);
        for (size_t cut = 0; cut < trail.count; cut++) {
            CHECK_INT(walk(th, item, i, cut, false), WICK_MPT_INCOMPLETE);
            altered++;
        }
        if (i < count) {
            CHECK_INT(walk(th, item, i, trail.count, true), WICK_MPT_FOUND);
            check_item(item, raw[i]);
        }
        alter(th, item, i);
        proofs++;
    }
}

static void build(const wick_span *raw, uint64_t count)
{
    memset(&trie, 0, sizeof trie);
    for (uint64_t i = 0; i < count; i++) {
        trie_set(&trie, key_of(i), raw[i]);
    }
    trie_build(&trie);
}

/* The same header with another root, provisioned. */
static void pin_root(wick_trusted_header *th, wick_span rlp, wick_item item)
{
    wick_header h;
    uint8_t hash[32], *m = data_alloc(WICK_HEADER_MAX);
    wick_buf b = wick_buf_make(m, WICK_HEADER_MAX);
    REQUIRE_STATUS(wick_header_decode(&h, rlp), WICK_OK);
    h.field[item == WICK_ITEM_RECEIPT ? WICK_HEADER_RECEIPTS_ROOT : WICK_HEADER_TRANSACTIONS_ROOT]
        .ptr = trie.root;
    REQUIRE_STATUS(wick_header_encode(&b, &h), WICK_OK);
    wick_header_hash(hash, wick_buf_span(&b));
    REQUIRE_STATUS(wick_trust_pinned(th, wick_buf_span(&b), hash, 1), WICK_OK);
}

static void check_list(const cJSON *list, wick_item item, wick_span rlp,
                       const wick_trusted_header *th)
{
    static wick_span raw[MANY_RECEIPTS];
    wick_trusted_header many;
    uint64_t count = (uint64_t)cJSON_GetArraySize(list);
    REQUIRE(count <= MANY_TRANSACTIONS);
    for (uint64_t i = 0; i < count; i++) {
        REQUIRE(data_hex(&raw[i], cJSON_GetArrayItem(list, (int)i)));
    }
    build(raw, count);
    CHECK_MEM(trie.root, item == WICK_ITEM_RECEIPT ? th->receipts_root : th->transactions_root, 32);
    prove_all(th, item, raw, count);
    uint64_t more = item == WICK_ITEM_RECEIPT ? MANY_RECEIPTS : MANY_TRANSACTIONS;
    for (uint64_t i = count; count != 0 && i < more; i++) {
        raw[i] = raw[i % count];
    }
    if (count != 0) {
        build(raw, more);
        pin_root(&many, rlp, item);
        prove_all(&many, item, raw, more);
    }
}

TEST(blocks_with_raw_items)
{
    size_t count = 0;
    const data_file *f = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *txs = data_get(f[i].root, "raw_transactions");
        const cJSON *receipts = data_get(f[i].root, "raw_receipts");
        wick_span rlp;
        uint8_t hash[32];
        wick_trusted_header th;
        if (!cJSON_IsArray(txs) || !cJSON_IsArray(receipts)) {
            continue;
        }
        REQUIRE(data_hex(&rlp, data_get(f[i].root, "header_rlp")));
        REQUIRE(data_fixed(hash, 32, data_get(f[i].root, "hash")));
        REQUIRE_STATUS(wick_trust_pinned(&th, rlp, hash, 31337), WICK_OK);
        check_list(txs, WICK_ITEM_TRANSACTION, rlp, &th);
        check_list(receipts, WICK_ITEM_RECEIPT, rlp, &th);
        blocks++;
    }
    if (blocks == 0) {
        SKIP("no raw_receipts below WICK_VECTORS_DIR");
    }
    CHECK_INT(accepted, 0);
    data_note("%u blocks, %u proofs, %u altered ones, %u of them accepted", blocks, proofs, altered,
              accepted);
}

TAP_MAIN("vectors.receipts", CASE(blocks_with_raw_items))
