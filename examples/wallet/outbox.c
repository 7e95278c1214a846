/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions of the manager's key. Each is in the ledger, whole and signed, before a node sees it, and
 * stays outstanding until its nonce is used up on the chain. So a manager that is killed at any point
 * sends the very same transaction again, and never a second one in its place: what was given once is not
 * given twice. One that the node refused at once is void: the next one takes its nonce, and of two with
 * one nonce the chain takes one.
 */
#include <string.h>

#include "send.h"
#include "wallet.h"

#define RESEND_MS 15000u

static uint64_t now_ms(const wallet *w)
{
    return w->clock.now_ms(w->clock.ctx);
}

static uint64_t low_u64(const uint8_t be32[32])
{
    return wick_ct_is_zero(be32, 24) ? wick_load_be64(be32 + 24) : UINT64_MAX;
}

static wick_status note(wallet *w, const wallet_out *o, const char *op)
{
    char hash[67] = "0x";
    wick_hex_encode(hash + 2, o->hash, 32);
    return wallet_ledger_add(w, op, o->name, hash, (wick_span){NULL, 0});
}

wallet_out *wallet_outbox_find(wallet *w, const char *op, const char *name)
{
    for (size_t i = 0; i < WALLET_OUT_MAX; i++) {
        wallet_out *o = &w->out[i];
        if (o->len != 0 && strcmp(o->op, op) == 0 && strcmp(o->name, name) == 0) {
            return o;
        }
    }
    return NULL;
}

bool wallet_outbox_holds(const wallet *w, const uint8_t hash[32])
{
    for (size_t i = 0; i < WALLET_OUT_MAX; i++) {
        if (w->out[i].len != 0 && memcmp(w->out[i].hash, hash, 32) == 0) {
            return true;
        }
    }
    return false;
}

bool wallet_outbox_recovers(const wallet *w)
{
    for (size_t i = 0; i < WALLET_OUT_MAX; i++) {
        if (w->out[i].len != 0 && w->out[i].recovered && strcmp(w->out[i].op, "batch") == 0) {
            return true;
        }
    }
    return false;
}

/* Puts it into a free place. */
static wick_status keep(wallet_out **kept, wallet *w, const char *op, const char *name, wick_span raw)
{
    wick_tx tx;
    *kept = NULL;
    for (size_t i = 0; i < WALLET_OUT_MAX; i++) {
        wallet_out *o = &w->out[i];
        if (o->len != 0) {
            continue;
        }
        wick_status s = raw.len > sizeof o->raw ? WICK_E_LIMIT : wick_tx_decode(&tx, raw);
        if (s == WICK_OK) {
            s = wick_tx_hash(o->hash, &tx);
        }
        if (s == WICK_OK) {
            (void)snprintf(o->op, sizeof o->op, "%s", op);
            (void)snprintf(o->name, sizeof o->name, "%s", name);
            memcpy(o->raw, raw.ptr, raw.len);
            o->len = raw.len;
            o->nonce = tx.nonce;
            o->sent_at_ms = 0;
            o->recovered = false;
            *kept = o;
        }
        return s;
    }
    return WICK_E_BUSY; /* as many wait as can be kept: later */
}

wick_status wallet_outbox_take(wallet *w, const char *op, const char *name, wick_span raw)
{
    wallet_out *kept;
    wick_status s = keep(&kept, w, op, name, raw);
    if (s == WICK_OK) {
        kept->recovered = true;
    }
    return s;
}

void wallet_outbox_drop(wallet *w, const uint8_t hash[32])
{
    for (size_t i = 0; i < WALLET_OUT_MAX; i++) {
        if (w->out[i].len != 0 && memcmp(w->out[i].hash, hash, 32) == 0) {
            w->out[i].len = 0;
        }
    }
}

uint64_t wallet_outbox_fee(const wick_tx *tx)
{
    return tx->max_fee != 0 && tx->gas_limit > UINT64_MAX / 2 / tx->max_fee
               ? UINT64_MAX
               : tx->gas_limit * tx->max_fee;
}

static wick_status hand_over(wallet *w, wallet_out *o)
{
    o->sent_at_ms = now_ms(w);
    WALLET_STEP();
    wick_status s = send_raw(&w->chain, wick_span_make(o->raw, o->len));
    WALLET_STEP();
    return s;
}

wick_status wallet_outbox_settle(wallet *w)
{
    uint64_t used = 0;
    bool any = false;
    for (size_t i = 0; i < WALLET_OUT_MAX; i++) {
        any = any || w->out[i].len != 0;
    }
    if (!any) {
        return WICK_OK;
    }
    wick_rpc *rpc = &w->chain.rpc;
    wick_status s = reader_call(&w->chain, wick_rpc_nonce_latest(rpc, now_ms(w), w->manager.address));
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&used, rpc);
    }
    for (size_t i = 0; i < WALLET_OUT_MAX && s == WICK_OK; i++) {
        wallet_out *o = &w->out[i];
        if (o->len != 0 && o->nonce < used) {
            s = note(w, o, "done");
            o->len = 0;
        } else if (o->len != 0 && (o->sent_at_ms == 0 ||
                                   wick_time_reached(now_ms(w), o->sent_at_ms + RESEND_MS))) {
            (void)hand_over(w, o); /* the node may have lost it; it says "known" if not */
        }
    }
    return s;
}

/* The first one that neither the node nor we have used. */
static wick_status next_nonce(uint64_t *nonce, wallet *w)
{
    wick_rpc *rpc = &w->chain.rpc;
    wick_status s = reader_call(&w->chain, wick_rpc_nonce(rpc, now_ms(w), w->manager.address));
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(nonce, rpc);
    }
    for (size_t i = 0; i < WALLET_OUT_MAX && s == WICK_OK; i++) {
        if (w->out[i].len != 0 && w->out[i].nonce >= *nonce) {
            *nonce = w->out[i].nonce + 1;
        }
    }
    return s;
}

/* Whose the other calls of a batch are: its own line names the first one's device. */
static wick_status note_others(wallet *w, const char *hash_hex)
{
    wick_status s = WICK_OK;
    for (size_t i = 1; i < w->item_count && s == WICK_OK; i++) {
        s = wallet_ledger_add(w, "call", w->items[i].device->name, hash_hex, (wick_span){NULL, 0});
    }
    return s;
}

wick_status wallet_outbox_send(uint8_t hash[32], wallet *w, wick_tx *tx, const char *op,
                               const char *name)
{
    static uint8_t raw[WALLET_RAW_MAX];
    char hash_hex[67] = "0x";
    wick_account ours;
    wallet_out *o = NULL;
    wick_buf b = wick_buf_make(raw, sizeof raw);
    reader *r = &w->chain;
    wick_status s = wallet_outbox_settle(w);
    if (s == WICK_OK) {
        s = send_fees(tx, r);
    }
    if (s == WICK_OK) {
        s = next_nonce(&tx->nonce, w);
    }
    if (s == WICK_OK) {
        s = reader_account(r, &ours, w->manager.address);
    }
    uint64_t value = low_u64(tx->value);
    uint64_t fee = s == WICK_OK ? wallet_outbox_fee(tx) : 0;
    if (fee == UINT64_MAX) {
        s = WICK_E_LIMIT;
    }
    /* A device gets by sponsored calls what they cost. */
    uint64_t given = strcmp(op, "batch") == 0 ? fee : value;
    if (s == WICK_OK) {
        s = wallet_day_allows(w, given);
    }
    if (s == WICK_OK && (low_u64(ours.balance) < fee || low_u64(ours.balance) - fee < value)) {
        s = WICK_E_UNFUNDED;
    }
    tx->type = WICK_TX_DYNAMIC_FEE;
    tx->chain_id = w->manager.domain.chain_id;
    if (s == WICK_OK) {
        s = wick_tx_sign(tx, &w->keys, w->manager.key);
    }
    if (s == WICK_OK) {
        s = wick_tx_encode(&b, tx);
    }
    if (s == WICK_OK) {
        s = keep(&o, w, op, name, wick_buf_span(&b));
    }
    if (s != WICK_OK) {
        return s;
    }
    memcpy(hash, o->hash, 32);
    wick_hex_encode(hash_hex + 2, hash, 32);
    WALLET_STEP();
    s = strcmp(op, "batch") == 0 ? note_others(w, hash_hex) : WICK_OK;
    if (s == WICK_OK) {
        s = wallet_ledger_add(w, op, name, hash_hex, wick_buf_span(&b));
    }
    WALLET_STEP();
    if (s != WICK_OK) {
        o->len = 0; /* what is not on disk is not sent */
        return s;
    }
    w->day_wei += given;
    s = hand_over(w, o);
    if (s == WICK_E_RPC) {
        wick_status noted = note(w, o, "void");
        o->len = 0;
        w->day_wei -= given;
        return noted == WICK_OK ? s : noted;
    }
    return WICK_OK; /* the node was out of reach: it is sent again */
}
