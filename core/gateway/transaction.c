/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction that writes the own record. Nonce and balance are proven, the wallet is funded
 * first if it cannot pay, and success is the proven word, never a receipt: the record is polled
 * until it holds what was written. When it does not, the proven nonce tells "not included yet" from
 * "included and refused". Everything ends: with the word, with a decoded refusal, or TX_LOST.
 *
 * What is not included after a while is replaced: the same content under the same nonce for an eighth
 * more, a few times, never above the limit. The nonce is the proven one and no node's claim, so that a
 * restarted node, or one that has lost or kept what waits, changes nothing; and a nonce under which
 * something was sent before is a replacement as well, whenever that was.
 */
#include "gateway_internal.h"

#define CONFIRM_PERIOD_MS 1000u
#define FUND_PERIOD_MS 1500u
#define FUND_TRIES 12u
#define LAG_MAX_S 1800u

void gw_tx_begin(wick_gateway *gw, uint64_t now_ms, uint8_t action)
{
    wick_gateway_own *o = &gw->own;
    o->action = action;
    o->funded = false;
    o->fund_tries = 0;
    o->sent_status = WICK_OK;
    o->sends = 0;
#if WICK_WITH_RELAYED
    o->sponsored = false;
#endif
    memset(&o->revert, 0, sizeof o->revert);
    const wick_gateway_registry *reg = gw_registry(gw, 0);
    if (reg->light != NULL ? reg->light->cfg.rule == WICK_LIGHT_PINNED
                           : reg->tier == WICK_TIER_PINNED) {
        gw_own_fail(gw, now_ms, WICK_E_UNSUPPORTED); /* a pinned block never shows the result */
        return;
    }
    if (gw_sponsor_always(gw)) {
        gw_sponsor_begin(gw, now_ms);
        return;
    }
    gw_own_set(gw, OWN_ACCOUNT, now_ms);
}

static uint64_t gas_limit(const wick_gateway_own *o)
{
#if WICK_WITH_NSL_RSA
    if (o->action == ACT_ANNOUNCE) {
        return WICK_GW_GAS_ANNOUNCE;
    }
#endif
    return o->action == ACT_REGISTER ? WICK_GW_GAS_REGISTER : WICK_GW_GAS_PUBLISH;
}

/* gas * fee, at most 96 bits, as a 32-byte number. */
static void cost_of(uint8_t out32[32], uint64_t gas, uint64_t fee)
{
    uint64_t low = (gas & 0xFFFFFFFFu) * (fee & 0xFFFFFFFFu);
    uint64_t high = (gas & 0xFFFFFFFFu) * (fee >> 32) + (low >> 32);
    memset(out32, 0, 32);
    wick_store_be64(out32 + 20, high);
    wick_store_be32(out32 + 28, (uint32_t)low);
}

static bool replacement_is_due(const wick_gateway_own *o, uint64_t now_ms)
{
    return o->sends != 0 && o->sends <= WICK_GW_REPLACE_MAX &&
           now_ms - o->started_ms >= (uint64_t)o->sends * WICK_GW_REPLACE_MS;
}

void gw_tx_account(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read)
{
    wick_gateway_own *o = &gw->own;
    if (o->state == OWN_NONCE) {
        if (read->nonce > o->nonce) {
            gw_own_set(gw, OWN_MINED, now_ms);
        } else if (replacement_is_due(o, now_ms)) {
            gw_own_set(gw, OWN_FEES, now_ms);
        } else {
            gw_own_set(gw, OWN_CONFIRM, now_ms + CONFIRM_PERIOD_MS);
        }
        return;
    }
    o->bid = o->bid && read->nonce == o->nonce;
    o->nonce = read->nonce;
    memcpy(o->balance, read->balance, 32);
    gw_own_set(gw, OWN_FEES, now_ms);
}

/* How far the headers that are vouched for lie behind: a transaction shows that much later. */
static uint64_t lag_ms(const wick_gateway *gw, uint64_t now_ms)
{
    uint64_t unix_s = 0, then = gw->own.block_time_s;
    if (!gw_unix(gw, now_ms, &unix_s) || unix_s <= then || gw_registry(gw, 0)->light == NULL) {
        return 0;
    }
    return unix_s - then < LAG_MAX_S ? (unix_s - then) * 1000 : LAG_MAX_S * 1000u;
}

static void unfunded(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    if (!gw->cfg.has_wallet_manager || o->fund_tries == FUND_TRIES) {
        gw_own_fail(gw, now_ms, WICK_E_UNFUNDED);
    } else if (!o->funded) {
        o->funded = true;
        gw_own_set(gw, OWN_FUND, now_ms);
    } else {
        o->fund_tries++;
        gw_own_set(gw, OWN_FUNDED, now_ms + FUND_PERIOD_MS + lag_ms(gw, now_ms) / FUND_TRIES);
    }
}

wick_status gw_tx_make_word(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    wick_endpoint e;
    uint64_t unix_s = 0;
    if (!gw_unix(gw, now_ms, &unix_s)) {
        return WICK_E_NO_CLOCK;
    }
    uint32_t life_s = 0;
    if (gw_own_wish(gw, o->index, &e, &life_s) != GW_WORD_THIS) {
        memset(&e, 0, sizeof e); /* withdrawn */
    }
    uint32_t seq = o->has_endpoint[o->index] ? o->endpoint[o->index].seq : 0;
    uint32_t floor = o->seq_floor[o->index];
    /* The contract takes no larger steps: then it takes several to pass what peers have seen. */
    e.seq = floor - seq < WICK_SEQ_JUMP_MAX ? floor + 1 : seq + WICK_SEQ_JUMP_MAX;
    e.expires = unix_s + life_s;
    return wick_endpoint_encode(o->word, &e);
}

/* Calldata goes to the end of the buffer first, then into the transaction at its front. */
static wick_status build(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    uint8_t call[WICK_GW_CALL_MAX];
    wick_buf data = wick_buf_make(call, sizeof call);
    wick_tx tx;
#if WICK_WITH_NSL_RSA
    if (o->action == ACT_ANNOUNCE) {
        gw_key_announce(gw, &data);
    } else
#endif
    if (o->action == ACT_REGISTER) {
        wick_calldata_register(&data, &o->voucher, o->r, o->vs);
    } else if (!gw_attest_call(gw, &data)) {
        /* A replacement carries the same word: it does not matter which of them is included. */
        wick_status s = o->sends == 0 ? gw_tx_make_word(gw, now_ms) : WICK_OK;
        if (s != WICK_OK) {
            return s;
        }
        uint8_t index = 0;
        const uint8_t *service = gw_own_service(gw, o->index, &index);
        wick_calldata_publish(&data, gw->id, service, index, o->device.epoch, o->word);
    }
    memset(&tx, 0, sizeof tx);
    tx.type = WICK_TX_DYNAMIC_FEE;
    tx.chain_id = gw_registry(gw, 0)->chain_id;
    tx.nonce = o->nonce;
    tx.max_priority_fee = o->priority;
    tx.max_fee = o->max_fee;
    tx.gas_limit = gas_limit(o);
    memcpy(tx.to, gw_registry(gw, 0)->device_registry, 20);
    tx.data = wick_buf_span(&data);
    wick_status s = wick_buf_status(&data);
    if (s == WICK_OK) {
        s = wick_tx_sign(&tx, gw->cfg.keystore, gw->cfg.wallet_key);
    }
    wick_buf raw = wick_buf_make(o->raw, sizeof o->raw);
    if (s == WICK_OK) {
        s = wick_tx_encode(&raw, &tx);
    }
    if (s != WICK_OK) {
        return s;
    }
    o->raw_len = raw.len;
    o->call_len = data.len;
    /* The driver's dry run needs the calldata alone: it stands in front of the access list (one
     * byte), the parity (one byte) and r and s (33 bytes each at most); find it from its start. */
    for (o->call_at = 0; o->call_at + data.len <= raw.len; o->call_at++) {
        if (memcmp(o->raw + o->call_at, call, data.len) == 0) {
            return WICK_OK;
        }
    }
    return WICK_E_CRYPTO;
}

/* At least an eighth more, or the limit if that is less. */
static uint64_t more(uint64_t fee, uint64_t limit)
{
    uint64_t eighth = fee / 8 + (fee % 8 != 0 ? 1 : 0);
    return fee < limit && eighth <= limit - fee ? fee + eighth : limit;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The replacement cannot be: what was sent is waited for. */
static void no_bid(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    wick_gateway_own *o = &gw->own;
    if (o->sends == 0) {
        gw_own_fail(gw, now_ms, status);
    } else {
        o->sends = WICK_GW_REPLACE_MAX + 1;
        gw_own_set(gw, OWN_CONFIRM, now_ms + CONFIRM_PERIOD_MS);
    }
}

void gw_tx_no_fees(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    no_bid(gw, now_ms, status);
}

void gw_tx_fees(wick_gateway *gw, uint64_t now_ms, uint64_t base, uint64_t priority)
{
    wick_gateway_own *o = &gw->own;
    uint64_t limit = gw->cfg.max_fee_wei != 0 ? gw->cfg.max_fee_wei : WICK_GW_MAX_FEE_WEI;
    uint8_t cost[32];
    /* Fees are the node's claim. The limit bounds what a false one can cost. */
    if (base > limit || (o->sends != 0 && o->max_fee >= limit)) {
        no_bid(gw, now_ms, WICK_E_LIMIT);
        return;
    }
    uint64_t max_fee = base <= limit / 2 ? base * 2 : limit;
    max_fee = priority <= limit - max_fee ? max_fee + priority : limit;
    if (o->bid) {
        max_fee = larger(max_fee, more(o->max_fee, limit));
        priority = larger(priority, more(o->priority, limit));
    }
    priority = priority <= max_fee ? priority : max_fee;
    cost_of(cost, gas_limit(o), max_fee);
    if (memcmp(o->balance, cost, 32) < 0) {
        if (o->sends == 0) {
            unfunded(gw, now_ms);
        } else {
            no_bid(gw, now_ms, WICK_E_UNFUNDED);
        }
        return;
    }
    o->max_fee = max_fee;
    o->priority = priority;
    wick_status s = build(gw, now_ms);
    if (s != WICK_OK) {
        gw_own_fail(gw, now_ms, s);
        return;
    }
    if (o->sends == 0) {
        if (o->action == ACT_PUBLISH) {
            gw_own_publishing(gw, now_ms);
        }
        o->started_ms = now_ms;
    }
    o->bid = true;
    o->sends++;
    gw_own_set(gw, OWN_SEND, now_ms);
}

void gw_tx_sent(wick_gateway *gw, uint64_t now_ms, wick_status status, wick_span revert)
{
    wick_gateway_own *o = &gw->own;
    if (o->sends > 1) {
        /* Whatever became of the replacement, the one before it may be included yet. */
        gw_own_set(gw, OWN_CONFIRM, now_ms + CONFIRM_PERIOD_MS);
        return;
    }
    /* What it costs was compared with a proven balance; an altered one has another sender. */
    o->sent_status = status == WICK_E_UNFUNDED ? WICK_E_TX_DENIED : status;
    if (status == WICK_E_TX_REVERTED && revert.len != 0) {
        o->sent_status = wick_revert_decode(&o->revert, revert);
    }
    if (status == WICK_OK || (gw_retryable(status) && status != WICK_E_RPC)) {
        /* Without an answer it may have been taken all the same. */
        gw_own_set(gw, OWN_CONFIRM, now_ms + CONFIRM_PERIOD_MS);
    } else {
        gw_own_set(gw, OWN_MINED, now_ms); /* somebody may have submitted the same content */
    }
}

bool wick_gateway_tx_waits(const wick_gateway *gw)
{
    switch (gw->own.state) {
    case OWN_SEND:
    case OWN_CONFIRM:
    case OWN_NONCE:
    case OWN_MINED:
        return true;
    case OWN_FEES:
        return gw->own.sends != 0; /* of a replacement */
    default:
        return false;
    }
}

/* Another's transaction: the own nonce says nothing of it. */
static bool is_sponsored(const wick_gateway_own *o)
{
#if WICK_WITH_RELAYED
    return o->sponsored;
#else
    (void)o;
    return false;
#endif
}

void gw_tx_not_there(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_own *o = &gw->own;
    if (o->state == OWN_MINED) {
        gw_own_fail(gw, now_ms, o->sent_status != WICK_OK ? o->sent_status : WICK_E_TX_REVERTED);
    } else if (now_ms - o->started_ms >= WICK_GW_INCLUSION_MS + lag_ms(gw, now_ms)) {
        gw_own_fail(gw, now_ms, o->sent_status != WICK_OK ? o->sent_status : WICK_E_TX_LOST);
    } else if (o->state == OWN_CONFIRM && !is_sponsored(o)) {
        gw_own_set(gw, OWN_NONCE, now_ms);
    } else {
        gw_own_set(gw, OWN_CONFIRM, now_ms + CONFIRM_PERIOD_MS);
    }
}
