/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager's view of the chain. It runs beside its own node (tier OWN_NODE), and still proves
 * every word that it signs about, because a voucher over a wrong epoch is a voucher for nobody.
 */
#include <string.h>

#include "wallet.h"

#define TRANSFER_GAS 21000u

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

wick_status wallet_day_allows(wallet *w, uint64_t wei)
{
    uint64_t now = 0;
    wick_status s = w->clock.unix_s(w->clock.ctx, &now);
    if (s != WICK_OK) {
        return s;
    }
    if (now < w->day_at_s || now - w->day_at_s >= WALLET_DAY_S) {
        w->day_at_s = now;
        w->day_wei = 0;
    }
    return wei > w->config->manager.fund_day_wei ||
                   w->day_wei > w->config->manager.fund_day_wei - wei
               ? WICK_E_LIMIT
               : WICK_OK;
}

wick_status wallet_calls_allow(const wallet *w, wallet_device *device)
{
    uint64_t now = 0;
    wick_status s = w->clock.unix_s(w->clock.ctx, &now);
    if (s != WICK_OK) {
        return s;
    }
    if (now < device->calls_at_s || now - device->calls_at_s >= WALLET_DAY_S) {
        device->calls_at_s = now;
        device->calls = 0;
    }
    return device->calls >= w->config->manager.calls_per_day ? WICK_E_LIMIT : WICK_OK;
}

wick_status wallet_chain_fund(uint8_t tx_hash[32], bool *sent, wallet *w, wallet_device *device,
                              const uint8_t to[20])
{
    uint64_t wei = w->config->manager.fund_wei;
    wick_account theirs;
    wick_tx tx;
    reader *r = &w->chain;
    *sent = false;
    memset(&tx, 0, sizeof tx);
    wick_status s = wallet_outbox_settle(w);
    const wallet_out *o = s == WICK_OK ? wallet_outbox_find(w, "fund", device->name) : NULL;
    if (o != NULL) {
        memcpy(tx_hash, o->hash, 32);
        *sent = true;
        return WICK_OK;
    }
    if (s == WICK_OK) {
        s = reader_head(r);
    }
    if (s == WICK_OK) {
        s = reader_account(r, &theirs, to);
    }
    if (s != WICK_OK || low_u64(theirs.balance) >= wei / 2) {
        return s;
    }
    tx.gas_limit = TRANSFER_GAS;
    memcpy(tx.to, to, sizeof tx.to);
    wick_store_be64(tx.value + 24, wei);
    s = wallet_outbox_send(tx_hash, w, &tx, "fund", device->name);
    if (s == WICK_OK) {
        device->fundings++;
        *sent = true;
    }
    return s;
}
