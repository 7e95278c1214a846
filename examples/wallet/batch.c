/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sponsored calls: what devices ask the manager to send and to pay for. Calls wait a moment for others
 * and go into one transaction, in which each stands for itself: one that is refused takes nothing with
 * it. Before it waits, each is tried by a dry run, so that a device learns the contract's refusal and the
 * manager pays for none that would fail.
 */
#include <string.h>

#include "send.h"
#include "wallet.h"
#include "wick/relayed.h"

/* Of a batch besides its items: the transaction, and room for state that changes before it is in. */
#define BATCH_GAS 60000u

static uint64_t now_ms(const wallet *w)
{
    return w->clock.now_ms(w->clock.ctx);
}

/* The gas of a call, or why the contract refuses it. */
static wick_status dry_run(uint64_t *gas, wallet *w, wick_span call)
{
    uint8_t bytes[512];
    wick_revert revert;
    wick_buf data = wick_buf_make(bytes, sizeof bytes);
    wick_rpc *rpc = &w->chain.rpc;
    wick_status s = reader_call(&w->chain, wick_rpc_estimate_gas(rpc, now_ms(w), w->manager.address,
                                                                 w->manager.domain.contract, NULL, call));
    if (s == WICK_OK) {
        return wick_rpc_result_u64(gas, rpc);
    }
    if (s == WICK_E_RPC && wick_rpc_error_data(&data, rpc) == WICK_OK) {
        s = wick_revert_decode(&revert, wick_buf_span(&data));
    }
    return s;
}

/* A batch of before the start may hold a call of any device. */
static bool is_out(const wallet *w, const wallet_device *device)
{
    return wallet_outbox_holds(w, device->batch_hash) || wallet_outbox_recovers(w);
}

/* Has the device a call that is not on the chain yet? A dry run knows nothing of it: the same call again
 * would pass, and be paid for twice. */
static bool is_under_way(wallet *w, const wallet_device *device)
{
    for (size_t i = 0; i < w->item_count; i++) {
        if (w->items[i].device == device) {
            return true;
        }
    }
    return is_out(w, device) && (wallet_outbox_settle(w) != WICK_OK || is_out(w, device));
}

wick_status wallet_batch_add(wallet *w, wallet_job *job, wallet_device *device, wick_span call)
{
    uint64_t gas = 0;
    if (w->item_count == w->config->manager.batch || w->item_count == WALLET_BATCH_MAX) {
        wallet_batch_flush(w);
    }
    if (call.len > WALLET_CALL_MAX) {
        return WICK_E_LIMIT;
    }
    if (is_under_way(w, device)) {
        return WICK_E_BUSY;
    }
    wick_status s = dry_run(&gas, w, call);
    if (s != WICK_OK) {
        return s;
    }
    wallet_item *item = &w->items[w->item_count++];
    item->job = job;
    item->device = device;
    item->gas = gas;
    item->len = call.len;
    memcpy(item->call, call.ptr, call.len);
    job->state = WALLET_JOB_WAITS;
    if (w->item_count == 1) {
        w->batch_at_ms = now_ms(w) + w->config->manager.batch_ms;
    }
    if (w->item_count == w->config->manager.batch || w->item_count == WALLET_BATCH_MAX) {
        wallet_batch_flush(w);
    }
    return WICK_AGAIN;
}

static wick_status send_all(uint8_t hash[32], wallet *w)
{
    static uint8_t bytes[WALLET_RAW_MAX - 256];
    wick_tx tx;
    uint64_t gas = BATCH_GAS;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    memset(&tx, 0, sizeof tx);
    if (w->item_count == 1) {
        wick_buf_put(&b, w->items[0].call, w->items[0].len);
    } else {
        wick_span calls[WALLET_BATCH_MAX];
        for (size_t i = 0; i < w->item_count; i++) {
            calls[i] = wick_span_make(w->items[i].call, w->items[i].len);
        }
        wick_calldata_batch(&b, calls, w->item_count);
    }
    wick_status s = wick_buf_status(&b);
    if (s == WICK_OK) {
        s = reader_head(&w->chain);
    }
    /* An estimate of the whole would be too low: a batch succeeds though the gas of an item runs out.
     * Those of the items hold, and each has room for the start of a transaction that it is not. */
    for (size_t i = 0; i < w->item_count; i++) {
        gas += w->items[i].gas;
    }
    memcpy(tx.to, w->manager.domain.contract, sizeof tx.to);
    tx.data = wick_buf_span(&b);
    tx.gas_limit = gas;
    return s == WICK_OK ? wallet_outbox_send(hash, w, &tx, "batch", w->items[0].device->name) : s;
}

void wallet_batch_flush(wallet *w)
{
    uint8_t hash[32] = {0};
    if (w->item_count == 0) {
        return;
    }
    wick_status s = send_all(hash, w);
    for (size_t i = 0; i < w->item_count; i++) {
        wallet_item *item = &w->items[i];
        if (s == WICK_OK) {
            memcpy(item->device->batch_hash, hash, sizeof hash);
            item->device->calls++;
        }
        if (item->job != NULL) {
            item->job->state = WALLET_JOB_SENT;
            item->job->status = s;
            memcpy(item->job->hash, hash, sizeof hash);
        }
    }
    w->batches++;
    w->sponsored += w->item_count;
    w->item_count = 0;
}

void wallet_batch_run(wallet *w)
{
    if (w->item_count != 0 && wick_time_reached(now_ms(w), w->batch_at_ms)) {
        wallet_batch_flush(w);
    }
}

void wallet_batch_forget(wallet *w, const wallet_job *job)
{
    for (size_t i = 0; i < w->item_count; i++) {
        if (w->items[i].job == job) {
            w->items[i].job = NULL; /* its connection is gone; the call is paid for all the same */
        }
    }
}
