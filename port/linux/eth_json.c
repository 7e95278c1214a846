/* SPDX-License-Identifier: Apache-2.0 */
/* Ethereum's JSON (execution-apis) to what core takes. */
#include "wick/port/eth_json.h"

#include <string.h>

#include "wick/header.h"

const wick_json *wick_eth_json_result(const wick_json *root)
{
    if (wick_json_member(root, "jsonrpc") != NULL) {
        return wick_json_member(root, "result");
    }
    return root;
}

static bool is_absent(const wick_json *node)
{
    wick_json_kind kind = wick_json_kind_of(node);
    return kind == WICK_JSON_MISSING || kind == WICK_JSON_NULL;
}

/* Bytes of one header field, appended. An integer may have an odd number of digits. */
static wick_status put_field(wick_buf *b, const wick_json *node, size_t index)
{
    uint8_t be[32];
    if (!wick_header_field_is_integer(index)) {
        return wick_json_data(b, node);
    }
    wick_status s = wick_json_uint(be, sizeof be, node);
    if (s == WICK_OK) {
        wick_buf_put(b, be, sizeof be);
        s = wick_buf_status(b);
    }
    return s;
}

wick_status wick_eth_json_header(wick_eth_block *out, wick_buf *header, const wick_json *node)
{
    /* Integers stand here with 32 bytes, 9 of them: a little more than in the header itself. */
    uint8_t bytes[WICK_HEADER_MAX + 9 * 32], hash[32];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_header h;
    memset(out, 0, sizeof *out);
    memset(&h, 0, sizeof h);
    if (wick_json_kind_of(node) == WICK_JSON_NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = wick_json_hex(hash, sizeof hash, wick_json_member(node, "hash"));
    for (size_t i = 0; s == WICK_OK && i < WICK_HEADER_FIELDS_KNOWN; i++) {
        const wick_json *value = wick_json_member(node, wick_header_field_name(i));
        size_t at = b.len;
        if (is_absent(value)) {
            break;
        }
        s = put_field(&b, value, i);
        if (s == WICK_OK) {
            h.field[i] = wick_span_make(bytes + at, b.len - at);
            h.fields = (uint8_t)(i + 1);
        }
    }
    if (s == WICK_E_NO_SPACE) {
        s = WICK_E_LIMIT;
    }
    if (s == WICK_OK && h.fields < WICK_HEADER_FIELDS_MIN) {
        s = WICK_E_JSON;
    }
    size_t start = header->len;
    if (s == WICK_OK) {
        s = wick_header_encode(header, &h);
    }
    if (s == WICK_OK) {
        s = wick_buf_status(header);
    }
    if (s != WICK_OK) {
        return s;
    }
    if (header->ptr == NULL) {
        return WICK_E_BAD_ARG;
    }
    wick_span rlp = wick_span_make(header->ptr + start, header->len - start);
    s = wick_header_decode(&h, rlp);
    if (s != WICK_OK) {
        header->len = start;
        return s;
    }
    memcpy(out->hash, hash, 32);
    memcpy(out->state_root, h.field[WICK_HEADER_STATE_ROOT].ptr, 32);
    out->number = h.number;
    out->timestamp = h.timestamp;
    out->gas_limit = h.gas_limit;
    wick_span fee = h.field[WICK_HEADER_BASE_FEE];
    if (fee.len != 0 && fee.len <= 32) {
        memcpy(out->base_fee + 32 - fee.len, fee.ptr, fee.len);
    }
    return WICK_OK;
}

wick_status wick_eth_json_block(wick_eth_block *out, wick_buf *header, const wick_json *node)
{
    uint8_t hash[32];
    size_t start = header->len;
    wick_status s = wick_eth_json_header(out, header, node);
    if (s != WICK_OK) {
        return s;
    }
    wick_header_hash(hash, wick_span_make(header->ptr + start, header->len - start));
    if (memcmp(out->hash, hash, 32) != 0) {
        memset(out, 0, sizeof *out);
        header->len = start;
        return WICK_E_HEADER_HASH;
    }
    return WICK_OK;
}

wick_status wick_eth_json_proof(wick_eth_proof *out, const wick_json *node)
{
    memset(out, 0, sizeof *out);
    const wick_json *nodes = wick_json_member(node, "accountProof");
    const wick_json *slots = wick_json_member(node, "storageProof");
    if (wick_json_kind_of(nodes) != WICK_JSON_ARRAY ||
        wick_json_kind_of(slots) != WICK_JSON_ARRAY ||
        wick_json_hex(out->address, 20, wick_json_member(node, "address")) != WICK_OK ||
        wick_json_u64(&out->claim.nonce, wick_json_member(node, "nonce")) != WICK_OK ||
        wick_json_uint(out->claim.balance, 32, wick_json_member(node, "balance")) != WICK_OK ||
        wick_json_hex(out->claim.code_hash, 32, wick_json_member(node, "codeHash")) != WICK_OK ||
        wick_json_hex(out->claim.storage_root, 32, wick_json_member(node, "storageHash")) !=
            WICK_OK) {
        memset(out, 0, sizeof *out);
        return WICK_E_JSON;
    }
    out->account_nodes = nodes;
    out->slots = slots;
    return WICK_OK;
}

wick_status wick_eth_json_slot(wick_eth_slot *out, const wick_json *node)
{
    const wick_json *nodes = wick_json_member(node, "proof");
    memset(out, 0, sizeof *out);
    if (wick_json_kind_of(nodes) != WICK_JSON_ARRAY ||
        wick_json_uint(out->key, 32, wick_json_member(node, "key")) != WICK_OK ||
        wick_json_uint(out->claim, 32, wick_json_member(node, "value")) != WICK_OK) {
        memset(out, 0, sizeof *out);
        return WICK_E_JSON;
    }
    out->nodes = nodes;
    return WICK_OK;
}

wick_status wick_eth_json_receipt(wick_eth_receipt *out, const wick_json *node)
{
    uint64_t status = 0;
    memset(out, 0, sizeof *out);
    if (wick_json_kind_of(node) == WICK_JSON_NULL) {
        return WICK_E_NOT_FOUND;
    }
    if (wick_json_hex(out->tx_hash, 32, wick_json_member(node, "transactionHash")) != WICK_OK ||
        wick_json_hex(out->block_hash, 32, wick_json_member(node, "blockHash")) != WICK_OK ||
        wick_json_u64(&out->block_number, wick_json_member(node, "blockNumber")) != WICK_OK ||
        wick_json_u64(&out->gas_used, wick_json_member(node, "gasUsed")) != WICK_OK ||
        wick_json_u64(&status, wick_json_member(node, "status")) != WICK_OK || status > 1) {
        memset(out, 0, sizeof *out);
        return WICK_E_JSON;
    }
    out->ok = status == 1;
    return WICK_OK;
}
