/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of an Ethereum node that wick uses, typed. */
#include "rpc_internal.h"

#include <string.h>

#define FEE_BLOCKS 5u /* of the fee history */

static void put_block(wick_rpc *rpc, uint64_t number)
{
    if (number == WICK_RPC_LATEST) {
        wick_rpc_put(rpc, "\"latest\"");
    } else {
        wick_rpc_put_u64(rpc, number);
    }
}

static void put_address(wick_rpc *rpc, const uint8_t address[20])
{
    wick_rpc_put_hex(rpc, wick_span_make(address, 20));
}

wick_status wick_rpc_chain_id(wick_rpc *rpc, uint64_t now_ms)
{
    return wick_rpc_start(rpc, now_ms, "eth_chainId", "[]");
}

wick_status wick_rpc_block(wick_rpc *rpc, uint64_t now_ms, uint64_t number)
{
    wick_rpc_open(rpc, "eth_getBlockByNumber");
    wick_rpc_put(rpc, "[");
    put_block(rpc, number);
    wick_rpc_put(rpc, ",false]");
    return wick_rpc_send(rpc, now_ms);
}

wick_status wick_rpc_block_by_tag(wick_rpc *rpc, uint64_t now_ms, const char *tag)
{
    static const char *const tags[] = {"latest", "safe", "finalized", "earliest", "pending"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (strcmp(tag, tags[i]) == 0) {
            wick_rpc_open(rpc, "eth_getBlockByNumber");
            wick_rpc_put(rpc, "[\"");
            wick_rpc_put(rpc, tags[i]);
            wick_rpc_put(rpc, "\",false]");
            return wick_rpc_send(rpc, now_ms);
        }
    }
    return WICK_E_BAD_ARG;
}

wick_status wick_rpc_block_by_hash(wick_rpc *rpc, uint64_t now_ms, const uint8_t hash[32])
{
    wick_rpc_open(rpc, "eth_getBlockByHash");
    wick_rpc_put(rpc, "[");
    wick_rpc_put_hex(rpc, wick_span_make(hash, 32));
    wick_rpc_put(rpc, ",false]");
    return wick_rpc_send(rpc, now_ms);
}

static void put_proof(wick_rpc *rpc, const uint8_t address[20], const uint8_t (*slots)[32],
                      size_t slot_count)
{
    wick_rpc_open(rpc, "eth_getProof");
    wick_rpc_put(rpc, "[");
    put_address(rpc, address);
    wick_rpc_put(rpc, ",[");
    for (size_t i = 0; i < slot_count; i++) {
        wick_rpc_put(rpc, i != 0 ? "," : "");
        wick_rpc_put_hex(rpc, wick_span_make(slots[i], 32));
    }
    wick_rpc_put(rpc, "],");
}

wick_status wick_rpc_proof(wick_rpc *rpc, uint64_t now_ms, const uint8_t address[20],
                           const uint8_t (*slots)[32], size_t slot_count, uint64_t number)
{
    put_proof(rpc, address, slots, slot_count);
    put_block(rpc, number);
    wick_rpc_put(rpc, "]");
    return wick_rpc_send(rpc, now_ms);
}

wick_status wick_rpc_proof_at_hash(wick_rpc *rpc, uint64_t now_ms, const uint8_t address[20],
                                   const uint8_t (*slots)[32], size_t slot_count,
                                   const uint8_t hash[32])
{
    put_proof(rpc, address, slots, slot_count);
    wick_rpc_put(rpc, "{\"blockHash\":");
    wick_rpc_put_hex(rpc, wick_span_make(hash, 32));
    wick_rpc_put(rpc, "}]");
    return wick_rpc_send(rpc, now_ms);
}

static wick_status start_hex(wick_rpc *rpc, uint64_t now_ms, const char *method, wick_span bytes)
{
    wick_rpc_open(rpc, method);
    wick_rpc_put(rpc, "[");
    wick_rpc_put_hex(rpc, bytes);
    wick_rpc_put(rpc, "]");
    return wick_rpc_send(rpc, now_ms);
}

wick_status wick_rpc_send_raw(wick_rpc *rpc, uint64_t now_ms, wick_span tx)
{
    return start_hex(rpc, now_ms, "eth_sendRawTransaction", tx);
}

wick_status wick_rpc_receipt(wick_rpc *rpc, uint64_t now_ms, const uint8_t tx_hash[32])
{
    return start_hex(rpc, now_ms, "eth_getTransactionReceipt", wick_span_make(tx_hash, 32));
}

wick_status wick_rpc_block_receipts(wick_rpc *rpc, uint64_t now_ms, const uint8_t hash[32])
{
    return start_hex(rpc, now_ms, "eth_getBlockReceipts", wick_span_make(hash, 32));
}

wick_status wick_rpc_logs(wick_rpc *rpc, uint64_t now_ms, const uint8_t *address20,
                          const uint8_t *const topics[4], uint64_t from, uint64_t to)
{
    wick_rpc_open(rpc, "eth_getLogs");
    wick_rpc_put(rpc, "[{\"fromBlock\":");
    put_block(rpc, from);
    wick_rpc_put(rpc, ",\"toBlock\":");
    put_block(rpc, to);
    if (address20 != NULL) {
        wick_rpc_put(rpc, ",\"address\":");
        put_address(rpc, address20);
    }
    wick_rpc_put(rpc, ",\"topics\":[");
    size_t last = 4;
    while (last != 0 && topics[last - 1] == NULL) {
        last--;
    }
    for (size_t i = 0; i < last; i++) {
        wick_rpc_put(rpc, i != 0 ? "," : "");
        if (topics[i] != NULL) {
            wick_rpc_put_hex(rpc, wick_span_make(topics[i], 32));
        } else {
            wick_rpc_put(rpc, "null");
        }
    }
    wick_rpc_put(rpc, "]}]");
    return wick_rpc_send(rpc, now_ms);
}

wick_status wick_rpc_gas_price(wick_rpc *rpc, uint64_t now_ms)
{
    return wick_rpc_start(rpc, now_ms, "eth_gasPrice", "[]");
}

wick_status wick_rpc_priority_fee(wick_rpc *rpc, uint64_t now_ms)
{
    return wick_rpc_start(rpc, now_ms, "eth_maxPriorityFeePerGas", "[]");
}

wick_status wick_rpc_fee_history(wick_rpc *rpc, uint64_t now_ms)
{
    return wick_rpc_start(rpc, now_ms, "eth_feeHistory", "[\"0x5\",\"latest\",[50]]");
}

static wick_status start_account(wick_rpc *rpc, uint64_t now_ms, const char *method,
                                 const uint8_t address[20], const char *tag)
{
    wick_rpc_open(rpc, method);
    wick_rpc_put(rpc, "[");
    put_address(rpc, address);
    wick_rpc_put(rpc, tag);
    return wick_rpc_send(rpc, now_ms);
}

wick_status wick_rpc_nonce(wick_rpc *rpc, uint64_t now_ms, const uint8_t address[20])
{
    return start_account(rpc, now_ms, "eth_getTransactionCount", address, ",\"pending\"]");
}

wick_status wick_rpc_nonce_latest(wick_rpc *rpc, uint64_t now_ms, const uint8_t address[20])
{
    return start_account(rpc, now_ms, "eth_getTransactionCount", address, ",\"latest\"]");
}

wick_status wick_rpc_balance(wick_rpc *rpc, uint64_t now_ms, const uint8_t address[20])
{
    return start_account(rpc, now_ms, "eth_getBalance", address, ",\"latest\"]");
}

/* Of 256 bits: without leading zeros, which nodes refuse. */
static void put_quantity(wick_rpc *rpc, const uint8_t value[32])
{
    char text[65];
    size_t at = 0;
    wick_hex_encode(text, value, 32);
    text[64] = '\0';
    while (at < 63 && text[at] == '0') {
        at++;
    }
    wick_rpc_put(rpc, "\"0x");
    wick_rpc_put(rpc, text + at);
    wick_rpc_put(rpc, "\"");
}

static wick_status start_call(wick_rpc *rpc, uint64_t now_ms, const char *method,
                              const uint8_t from[20], const uint8_t *to, const uint8_t *value,
                              wick_span data, const char *tag)
{
    wick_rpc_open(rpc, method);
    wick_rpc_put(rpc, "[{\"from\":");
    put_address(rpc, from);
    if (to != NULL) {
        wick_rpc_put(rpc, ",\"to\":");
        put_address(rpc, to);
    }
    if (value != NULL) {
        wick_rpc_put(rpc, ",\"value\":");
        put_quantity(rpc, value);
    }
    wick_rpc_put(rpc, ",\"data\":");
    wick_rpc_put_hex(rpc, data);
    wick_rpc_put(rpc, tag);
    return wick_rpc_send(rpc, now_ms);
}

wick_status wick_rpc_estimate_gas(wick_rpc *rpc, uint64_t now_ms, const uint8_t from[20],
                                  const uint8_t *to20, const uint8_t *value32, wick_span data)
{
    return start_call(rpc, now_ms, "eth_estimateGas", from, to20, value32, data, "}]");
}

wick_status wick_rpc_call(wick_rpc *rpc, uint64_t now_ms, const uint8_t from[20],
                          const uint8_t to[20], wick_span data)
{
    return start_call(rpc, now_ms, "eth_call", from, to, NULL, data, "},\"latest\"]");
}

/* ---- results ---- */

static wick_status ready(const wick_rpc *rpc)
{
    return rpc->status == WICK_OK ? WICK_OK : WICK_E_STATE;
}

wick_status wick_rpc_result_u64(uint64_t *out, const wick_rpc *rpc)
{
    *out = 0;
    wick_status s = ready(rpc);
    return s == WICK_OK ? wick_json_u64(out, rpc->result) : s;
}

wick_status wick_rpc_result_uint256(uint8_t out[32], const wick_rpc *rpc)
{
    memset(out, 0, 32);
    wick_status s = ready(rpc);
    return s == WICK_OK ? wick_json_uint(out, 32, rpc->result) : s;
}

wick_status wick_rpc_result_hash(uint8_t out[32], const wick_rpc *rpc)
{
    memset(out, 0, 32);
    wick_status s = ready(rpc);
    return s == WICK_OK ? wick_json_hex(out, 32, rpc->result) : s;
}

wick_status wick_rpc_result_data(wick_buf *out, const wick_rpc *rpc)
{
    wick_status s = ready(rpc);
    return s == WICK_OK ? wick_json_data(out, rpc->result) : s;
}

wick_status wick_rpc_result_block(wick_eth_block *out, wick_buf *header, const wick_rpc *rpc)
{
    wick_status s = ready(rpc);
    return s == WICK_OK ? wick_eth_json_block(out, header, rpc->result) : s;
}

wick_status wick_rpc_result_proof(wick_eth_proof *out, const wick_rpc *rpc)
{
    wick_status s = ready(rpc);
    return s == WICK_OK ? wick_eth_json_proof(out, rpc->result) : s;
}

wick_status wick_rpc_result_receipt(wick_eth_receipt *out, const wick_rpc *rpc)
{
    wick_status s = ready(rpc);
    return s == WICK_OK ? wick_eth_json_receipt(out, rpc->result) : s;
}

wick_status wick_rpc_result_fees(uint64_t *base_fee, uint64_t *tip, const wick_rpc *rpc)
{
    const wick_json *fee, *last = NULL;
    *base_fee = *tip = 0;
    if (ready(rpc) != WICK_OK) {
        return WICK_E_STATE;
    }
    /* One fee for the block asked for, then the one of the block to come. */
    for (fee = wick_json_first(wick_json_member(rpc->result, "baseFeePerGas")); fee != NULL;
         fee = wick_json_next(fee)) {
        last = fee;
    }
    wick_status s = wick_json_u64(base_fee, last);
    /* The middle one of the blocks' medians: one block that is empty or full says little. */
    uint64_t tips[FEE_BLOCKS];
    size_t n = 0;
    for (fee = wick_json_first(wick_json_member(rpc->result, "reward"));
         fee != NULL && n < FEE_BLOCKS && s == WICK_OK; fee = wick_json_next(fee)) {
        uint64_t v = 0;
        size_t at = n;
        s = wick_json_u64(&v, wick_json_first(fee));
        for (; at != 0 && tips[at - 1] > v; at--) {
            tips[at] = tips[at - 1];
        }
        tips[at] = v;
        n++;
    }
    if (s == WICK_OK && n != 0) {
        *tip = tips[n / 2];
    }
    return s;
}
