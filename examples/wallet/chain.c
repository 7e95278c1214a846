/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager's view of the chain. It runs beside its own node (tier OWN_NODE), and still proves
 * every word that it signs about, because a voucher over a wrong epoch is a voucher for nobody.
 */
#include <string.h>

#include "send.h"
#include "wallet.h"

#define TRANSFER_GAS 21000u

static uint64_t now_ms(const wallet *w)
{
    return w->clock.now_ms(w->clock.ctx);
}

wick_status wallet_chain_read(uint8_t words[VOUCH_SLOTS][32], wallet *w, const uint8_t id32[32])
{
    uint8_t slots[VOUCH_SLOTS][32];
    vouch_slots(slots, id32, w->manager.org);
    wick_status s = reader_head(&w->chain);
    return s == WICK_OK ? reader_words(&w->chain, words, (const uint8_t(*)[32])slots, VOUCH_SLOTS,
                                       w->manager.domain.contract)
                        : s;
}

static uint64_t low_u64(const uint8_t be32[32])
{
    return wick_ct_is_zero(be32, 24) ? wick_load_be64(be32 + 24) : UINT64_MAX;
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
    s = reader_account(r, &ours, w->manager.address);
    if (s == WICK_OK) {
        s = send_fees(&tx, r);
    }
    if (s == WICK_OK) {
        s = reader_call(r, wick_rpc_nonce(&r->rpc, now_ms(w), w->manager.address));
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&tx.nonce, &r->rpc);
    }
    uint64_t fee = TRANSFER_GAS * tx.max_fee;
    if (s == WICK_OK && (low_u64(ours.balance) < fee || low_u64(ours.balance) - fee < wei)) {
        s = WICK_E_UNFUNDED;
    }
    tx.chain_id = w->manager.domain.chain_id;
    memcpy(tx.to, to, sizeof tx.to);
    wick_store_be64(tx.value + 24, wei);
    if (s == WICK_OK) {
        s = wick_tx_sign(&tx, &w->keys, w->manager.key);
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
