/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions of a block from JSON, checked as a whole against the header's root. */
#include "wick/port/inclusion.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/port/receipts.h"
#include "wick/rlp.h"

static bool is_there(const wick_json *node)
{
    wick_json_kind kind = wick_json_kind_of(node);
    return kind != WICK_JSON_MISSING && kind != WICK_JSON_NULL;
}

/* [{address, storageKeys}, ...] (EIP-2930). */
static wick_status put_access_list(wick_buf *out, const wick_json *list)
{
    uint8_t bytes[32];
    size_t at = wick_rlp_open(out);
    wick_status s = WICK_OK;
    for (const wick_json *e = wick_json_first(list); e != NULL && s == WICK_OK;
         e = wick_json_next(e)) {
        size_t entry = wick_rlp_open(out);
        s = wick_json_hex(bytes, 20, wick_json_member(e, "address"));
        wick_rlp_put(out, bytes, 20);
        size_t keys = wick_rlp_open(out);
        for (const wick_json *k = wick_json_first(wick_json_member(e, "storageKeys"));
             k != NULL && s == WICK_OK; k = wick_json_next(k)) {
            s = wick_json_uint(bytes, 32, k);
            wick_rlp_put(out, bytes, 32);
        }
        wick_rlp_shut(out, keys);
        wick_rlp_shut(out, entry);
    }
    wick_rlp_shut(out, at);
    return s == WICK_OK ? wick_buf_status(out) : s;
}

/* Typed transactions have yParity, and nodes of some age `v` alone; legacy ones the chain in `v`
 * (EIP-155). */
static wick_status take_parity(wick_tx *tx, const wick_json *node)
{
    uint64_t v = 0;
    const wick_json *parity = wick_json_member(node, "yParity");
    bool typed = tx->type != WICK_TX_LEGACY;
    wick_status s = wick_json_u64(&v, typed && is_there(parity) ? parity
                                                                : wick_json_member(node, "v"));
    tx->chain_id = 0;
    if (s != WICK_OK || (typed && v > 1) || (!typed && v != 27 && v != 28 && v < 35)) {
        return WICK_E_JSON;
    }
    if (typed) {
        tx->y_parity = (uint8_t)v;
        return wick_json_u64(&tx->chain_id, wick_json_member(node, "chainId"));
    }
    tx->y_parity = (uint8_t)(v >= 35 ? (v - 35) % 2 : v - 27);
    tx->chain_id = v >= 35 ? (v - 35) / 2 : 0;
    return WICK_OK;
}

static wick_status take_numbers(wick_tx *tx, const wick_json *node)
{
    bool dynamic = tx->type == WICK_TX_DYNAMIC_FEE;
    wick_status s = wick_json_u64(&tx->nonce, wick_json_member(node, "nonce"));
    if (s == WICK_OK) {
        s = wick_json_u64(&tx->gas_limit, wick_json_member(node, "gas"));
    }
    if (s == WICK_OK) {
        s = wick_json_u64(&tx->max_fee,
                          wick_json_member(node, dynamic ? "maxFeePerGas" : "gasPrice"));
    }
    if (s == WICK_OK && dynamic) {
        s = wick_json_u64(&tx->max_priority_fee, wick_json_member(node, "maxPriorityFeePerGas"));
    }
    if (s == WICK_OK) {
        s = wick_json_uint(tx->value, 32, wick_json_member(node, "value"));
    }
    if (s == WICK_OK) {
        s = wick_json_uint(tx->r, 32, wick_json_member(node, "r"));
    }
    return s == WICK_OK ? wick_json_uint(tx->s, 32, wick_json_member(node, "s")) : s;
}

wick_status wick_eth_json_tx_rlp(wick_buf *out, const wick_json *node, uint8_t *work, size_t cap)
{
    wick_tx tx;
    uint64_t type = 0;
    const wick_json *to = wick_json_member(node, "to");
    const wick_json *input = wick_json_member(node, "input");
    memset(&tx, 0, sizeof tx);
    wick_status s = is_there(wick_json_member(node, "type"))
                        ? wick_json_u64(&type, wick_json_member(node, "type"))
                        : WICK_OK;
    if (s != WICK_OK || wick_json_kind_of(node) != WICK_JSON_OBJECT) {
        return WICK_E_JSON;
    }
    if (type > WICK_TX_DYNAMIC_FEE) {
        return WICK_E_UNSUPPORTED;
    }
    tx.type = (wick_tx_type)type;
    tx.create = !is_there(to);
    tx.is_signed = true;
    s = take_numbers(&tx, node);
    if (s == WICK_OK) {
        s = take_parity(&tx, node);
    }
    if (s == WICK_OK && !tx.create) {
        s = wick_json_hex(tx.to, 20, to);
    }
    wick_buf data = wick_buf_make(work, cap);
    if (s == WICK_OK) {
        s = wick_json_data(&data, input);
    }
    wick_buf list = wick_buf_make(work + data.len, cap - data.len);
    if (s == WICK_OK && type != WICK_TX_LEGACY) {
        s = put_access_list(&list, wick_json_member(node, "accessList"));
    }
    tx.data = wick_buf_span(&data);
    tx.access_list = type != WICK_TX_LEGACY ? wick_buf_span(&list) : wick_span_make(NULL, 0);
    s = s == WICK_OK ? wick_tx_encode(out, &tx) : s;
    return s == WICK_E_BAD_ARG ? WICK_E_JSON : s;
}

static const wick_json *nth(const wick_json *list, size_t n)
{
    const wick_json *e = wick_json_first(list);
    for (; n != 0 && e != NULL; n--) {
        e = wick_json_next(e);
    }
    return e;
}

wick_status wick_inclusion_find(size_t *index, const wick_json *list,
                                const wick_trusted_header *header, const uint8_t tx_hash32[32],
                                uint8_t *work, size_t cap)
{
    wick_list_root l;
    uint8_t root[32], hash[32];
    size_t count = wick_json_count(list), found = count, last = 0;
    const wick_json *e = NULL;
    *index = 0;
    if (!wick_trust_is_made(header)) {
        return WICK_E_BAD_ARG;
    }
    if (wick_json_kind_of(list) != WICK_JSON_ARRAY) {
        return WICK_E_JSON;
    }
    wick_status s = wick_list_root_begin(&l, count);
    for (size_t i = 0; i < count && s == WICK_OK; i++) {
        size_t want = wick_list_root_wants(&l);
        e = e != NULL && want == last + 1 ? wick_json_next(e) : nth(list, want);
        last = want;
        wick_buf tx = wick_buf_make(work, cap / 2);
        s = wick_eth_json_tx_rlp(&tx, e, work + cap / 2, cap - cap / 2);
        if (s == WICK_OK) {
            wick_keccak256(hash, tx.ptr, tx.len);
            found = memcmp(hash, tx_hash32, sizeof hash) == 0 ? want : found;
            s = wick_list_root_item(&l, wick_buf_span(&tx));
        }
    }
    if (s == WICK_OK) {
        s = wick_list_root_end(&l, root);
    }
    if (s == WICK_OK && memcmp(root, header->transactions_root, sizeof root) != 0) {
        s = WICK_E_PROOF_BAD_HASH;
    }
    if (s != WICK_OK) {
        return s == WICK_E_NO_SPACE ? WICK_E_LIMIT : s;
    }
    *index = found != count ? found : 0;
    return found != count ? WICK_OK : WICK_E_NOT_FOUND;
}
