/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager's view of the chain. It runs beside its own node (tier OWN_NODE), and still proves
 * every word that it signs about, because a voucher over a wrong epoch is a voucher for nobody.
 */
#include <string.h>

#include "wallet.h"
#include "wick/proof.h"
#include "wick/trust.h"
#include "wick/tx.h"

#define CHAIN_SLOTS_MAX 3
#define TRANSFER_GAS 21000u

static uint64_t now_ms(const wallet *w)
{
    return w->clock.now_ms(w->clock.ctx);
}

static wick_status walk(wick_proof *proof, const wick_json *nodes)
{
    uint8_t node[WICK_MPT_NODE_MAX];
    for (const wick_json *n = wick_json_first(nodes); n != NULL; n = wick_json_next(n)) {
        wick_buf b = wick_buf_make(node, sizeof node);
        wick_status s = wick_json_data(&b, n);
        if (s == WICK_OK) {
            s = wick_proof_node(proof, wick_buf_span(&b));
        }
        if (s != WICK_OK) {
            return s;
        }
    }
    return WICK_OK;
}

static wick_status newest_header(wick_trusted_header *out, wallet *w)
{
    static uint8_t rlp[WICK_HEADER_MAX];
    wick_buf header = wick_buf_make(rlp, sizeof rlp);
    wick_eth_block block;
    uint64_t chain_id = 0;
    wick_status s = wick_rpc_chain_id(&w->rpc, now_ms(w));
    if (s == WICK_OK) {
        s = wick_rpc_wait(&w->rpc, &w->net);
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&chain_id, &w->rpc);
    }
    if (s == WICK_OK && chain_id != w->domain.chain_id) {
        s = WICK_E_CHAIN_MISMATCH;
    }
    if (s == WICK_OK) {
        s = wick_rpc_block(&w->rpc, now_ms(w), WICK_RPC_LATEST);
    }
    if (s == WICK_OK) {
        s = wick_rpc_wait(&w->rpc, &w->net);
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_block(&block, &header, &w->rpc);
    }
    if (s == WICK_OK) {
        s = wick_trust_own_node(out, wick_buf_span(&header), block.hash, chain_id);
    }
    return s;
}

/* Account and words of some slots under the newest header. */
static wick_status read_words(uint8_t (*words)[32], wick_account *account, wallet *w,
                              const uint8_t address[20], const uint8_t (*slots)[32], size_t count)
{
    wick_trusted_header header;
    wick_proof proof;
    wick_eth_proof answer;
    wick_status s = newest_header(&header, w);
    if (s == WICK_OK) {
        s = wick_rpc_proof(&w->rpc, now_ms(w), address, slots, count, header.number);
    }
    if (s == WICK_OK) {
        s = wick_rpc_wait(&w->rpc, &w->net);
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_proof(&answer, &w->rpc);
    }
    if (s == WICK_OK) {
        s = wick_proof_begin(&proof, &header);
    }
    if (s == WICK_OK) {
        s = wick_proof_account(&proof, address);
    }
    if (s == WICK_OK) {
        s = walk(&proof, answer.account_nodes);
    }
    if (s == WICK_OK) {
        s = wick_mpt_status(wick_proof_account_end(&proof, account));
    }
    const wick_json *item = s == WICK_OK ? wick_json_first(answer.slots) : NULL;
    for (size_t i = 0; i < count && s == WICK_OK; i++, item = wick_json_next(item)) {
        wick_eth_slot slot;
        s = wick_eth_json_slot(&slot, item);
        if (s == WICK_OK) {
            s = wick_proof_slot(&proof, slots[i]);
        }
        if (s == WICK_OK) {
            s = walk(&proof, slot.nodes);
        }
        if (s == WICK_OK) {
            s = wick_mpt_status(wick_proof_slot_end(&proof, words[i]));
        }
    }
    return s;
}

wick_status wallet_chain_read(wallet_chain_view *out, wallet *w, const uint8_t id32[32])
{
    uint8_t slots[CHAIN_SLOTS_MAX][32], words[CHAIN_SLOTS_MAX][32];
    wick_account account;
    memset(out, 0, sizeof *out);
    wick_slot_device(slots[0], id32, 0);
    wick_slot_device(slots[1], id32, 1);
    wick_slot_manager(slots[2], w->org);
    wick_status s = read_words(words, &account, w, w->domain.contract,
                               (const uint8_t (*)[32])slots, CHAIN_SLOTS_MAX);
    if (s == WICK_OK && memcmp(account.code_hash, wick_empty_code_hash, 32) == 0) {
        s = WICK_E_NO_CONTRACT;
    }
    if (s == WICK_OK) {
        out->record = wick_device_decode(&out->device, words[0], words[1]);
        s = wick_manager_decode(&out->manager, words[2]);
    }
    return s;
}

static uint64_t low_u64(const uint8_t be32[32])
{
    return wick_ct_is_zero(be32, 24) ? wick_load_be64(be32 + 24) : UINT64_MAX;
}

static wick_status fee_caps(wick_tx *tx, wallet *w)
{
    uint64_t base = 0, tip = 0;
    wick_status s = wick_rpc_fee_history(&w->rpc, now_ms(w));
    if (s == WICK_OK) {
        s = wick_rpc_wait(&w->rpc, &w->net);
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_fees(&base, &tip, &w->rpc);
    }
    tx->max_priority_fee = tip != 0 ? tip : 1;
    tx->max_fee = 2 * base + tx->max_priority_fee;
    return s;
}

wick_status wallet_chain_fund(uint8_t tx_hash[32], bool *sent, wallet *w, const uint8_t to[20],
                              uint64_t wei)
{
    wick_account theirs, ours;
    wick_tx tx = {.type = WICK_TX_DYNAMIC_FEE, .gas_limit = TRANSFER_GAS};
    uint8_t raw[256];
    wick_buf b = wick_buf_make(raw, sizeof raw);
    *sent = false;
    wick_status s = read_words(NULL, &theirs, w, to, NULL, 0);
    if (s != WICK_OK || low_u64(theirs.balance) >= wei / 2) {
        return s;
    }
    s = read_words(NULL, &ours, w, w->address, NULL, 0);
    if (s == WICK_OK) {
        s = fee_caps(&tx, w);
    }
    if (s == WICK_OK) {
        s = wick_rpc_nonce(&w->rpc, now_ms(w), w->address);
    }
    if (s == WICK_OK) {
        s = wick_rpc_wait(&w->rpc, &w->net);
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&tx.nonce, &w->rpc);
    }
    if (s == WICK_OK && low_u64(ours.balance) < wei + TRANSFER_GAS * tx.max_fee) {
        s = WICK_E_UNFUNDED;
    }
    tx.chain_id = w->domain.chain_id;
    memcpy(tx.to, to, sizeof tx.to);
    wick_store_be64(tx.value + 24, wei);
    if (s == WICK_OK) {
        s = wick_tx_sign(&tx, &w->keys, w->key);
    }
    if (s == WICK_OK) {
        s = wick_tx_encode(&b, &tx);
    }
    if (s == WICK_OK) {
        s = wick_tx_hash(tx_hash, &tx);
    }
    if (s == WICK_OK) {
        s = wick_rpc_send_raw(&w->rpc, now_ms(w), wick_buf_span(&b));
    }
    if (s == WICK_OK) {
        s = wick_rpc_wait(&w->rpc, &w->net);
    }
    *sent = s == WICK_OK;
    return s;
}
