/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager's view of the chain. It runs beside its own node (tier OWN_NODE), and still proves
 * every word that it signs about, because a voucher over a wrong epoch is a voucher for nobody.
 */
#include <string.h>

#include "wallet.h"
#include "wick/tx.h"

#define CHAIN_SLOTS_MAX 3
#define TRANSFER_GAS 21000u

static uint64_t now_ms(const wallet *w)
{
    return w->clock.now_ms(w->clock.ctx);
}

wick_status wallet_chain_read(wallet_chain_view *out, wallet *w, const uint8_t id32[32])
{
    uint8_t slots[CHAIN_SLOTS_MAX][32], words[CHAIN_SLOTS_MAX][32];
    memset(out, 0, sizeof *out);
    wick_slot_device(slots[0], id32, 0);
    wick_slot_device(slots[1], id32, 1);
    wick_slot_manager(slots[2], w->org);
    wick_status s = reader_head(&w->chain);
    if (s == WICK_OK) {
        s = reader_words(&w->chain, words, (const uint8_t(*)[32])slots, CHAIN_SLOTS_MAX,
                         w->domain.contract);
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
    reader *r = &w->chain;
    wick_status s = reader_call(r, wick_rpc_fee_history(&r->rpc, now_ms(w)));
    if (s == WICK_OK) {
        s = wick_rpc_result_fees(&base, &tip, &r->rpc);
    }
    tip = tip != 0 ? tip : 1;
    /* The node names the price; a lying one must not be able to empty the wallet with it. */
    if (s == WICK_OK && (tip > WICK_GW_MAX_FEE_WEI || base > (WICK_GW_MAX_FEE_WEI - tip) / 2)) {
        s = WICK_E_LIMIT;
    }
    tx->max_priority_fee = tip;
    tx->max_fee = s == WICK_OK ? 2 * base + tip : 0;
    return s;
}

wick_status wallet_chain_fund(uint8_t tx_hash[32], bool *sent, wallet *w, wallet_device *device,
                              const uint8_t to[20])
{
    char hash_hex[67] = "0x";
    uint64_t wei = w->config->manager.fund_wei;
    wick_account theirs, ours;
    wick_tx tx = {.type = WICK_TX_DYNAMIC_FEE, .gas_limit = TRANSFER_GAS};
    uint8_t raw[256];
    wick_buf b = wick_buf_make(raw, sizeof raw);
    *sent = false;
    reader *r = &w->chain;
    wick_status s = reader_head(r);
    if (s == WICK_OK) {
        s = reader_account(r, &theirs, to);
    }
    if (s != WICK_OK || low_u64(theirs.balance) >= wei / 2) {
        return s;
    }
    s = reader_account(r, &ours, w->address);
    if (s == WICK_OK) {
        s = fee_caps(&tx, w);
    }
    if (s == WICK_OK) {
        s = reader_call(r, wick_rpc_nonce(&r->rpc, now_ms(w), w->address));
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&tx.nonce, &r->rpc);
    }
    uint64_t fee = TRANSFER_GAS * tx.max_fee;
    if (s == WICK_OK && (low_u64(ours.balance) < fee || low_u64(ours.balance) - fee < wei)) {
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
    /* On disk before it is given, and only what is really given counts against the device. */
    if (s == WICK_OK) {
        wick_hex_encode(hash_hex + 2, tx_hash, 32);
        s = wallet_ledger_add(w, "fund", device->name, hash_hex);
    }
    if (s == WICK_OK) {
        device->fundings++;
        s = reader_call(r, wick_rpc_send_raw(&r->rpc, now_ms(w), wick_buf_span(&b)));
    }
    *sent = s == WICK_OK;
    return s;
}
