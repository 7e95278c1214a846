/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's requests to the chain, one after another over one JSON-RPC client: each is two or
 * three calls. Nothing is believed here; header and nodes go to the agent as they came.
 */
#include <string.h>

#include "driver_internal.h"

enum step {
    STEP_WAITS = 0,
    STEP_CHAIN_ID,
    STEP_BLOCK,
    STEP_PROOF,
    STEP_FEES,
    STEP_DRY_RUN,
    STEP_SEND
};

static wick_status start_step(wick_driver *d, uint8_t step, uint64_t now_ms)
{
    const wick_gateway_request *r = &d->rpc_job->request;
    wick_status s;
    d->rpc_job->step = step;
    switch ((enum step)step) {
    case STEP_CHAIN_ID:
        s = wick_rpc_chain_id(&d->rpc, now_ms);
        break;
    case STEP_BLOCK:
        s = r->at_hash ? wick_rpc_block_by_hash(&d->rpc, now_ms, r->block_hash)
                       : wick_rpc_block(&d->rpc, now_ms, WICK_RPC_LATEST);
        break;
    case STEP_PROOF:
        s = wick_rpc_proof(&d->rpc, now_ms, r->account, r->slots, r->slot_count, d->block.number);
        break;
    case STEP_FEES:
        s = wick_rpc_fee_history(&d->rpc, now_ms);
        break;
    case STEP_DRY_RUN:
        s = wick_rpc_call(&d->rpc, now_ms, r->from, r->to, r->call_data);
        break;
    case STEP_SEND:
        s = wick_rpc_send_raw(&d->rpc, now_ms, r->raw_tx);
        break;
    case STEP_WAITS:
    default:
        s = WICK_E_STATE;
        break;
    }
    if (s == WICK_OK) {
        d->stats.rpc_calls++;
        d->stats.rpc_tx_bytes += d->rpc.http.request_body.len;
    }
    return s;
}

static wick_status first_step(wick_driver *d, uint64_t now_ms)
{
    const wick_gateway_request *r = &d->rpc_job->request;
    if (r->chain_id != d->cfg.chain_id) {
        return WICK_E_CONFIG; /* no node for this chain is configured */
    }
    if (!d->chain_checked) {
        return start_step(d, STEP_CHAIN_ID, now_ms);
    }
    return start_step(d,
                      r->kind == WICK_GW_REQ_CHAIN_PROOF  ? STEP_BLOCK
                      : r->kind == WICK_GW_REQ_CHAIN_FEES ? STEP_FEES
                                                          : STEP_DRY_RUN,
                      now_ms);
}

static wick_status take_chain_id(wick_driver *d, uint64_t now_ms)
{
    uint64_t id = 0;
    wick_status s = wick_rpc_result_u64(&id, &d->rpc);
    if (s == WICK_OK && id != d->cfg.chain_id) {
        s = WICK_E_CHAIN_MISMATCH;
    }
    d->chain_checked = s == WICK_OK;
    return s == WICK_OK ? first_step(d, now_ms) : s;
}

static wick_status take_block(wick_driver *d, uint64_t now_ms)
{
    wick_buf header = wick_buf_make(d->header, sizeof d->header);
    wick_status s = wick_rpc_result_block(&d->block, &header, &d->rpc);
    d->header_len = header.len;
    return s == WICK_OK ? start_step(d, STEP_PROOF, now_ms) : s;
}

static wick_status feed_nodes(wick_driver *d, const wick_json *nodes, int part, uint64_t now_ms)
{
    wick_status s = WICK_OK;
    for (const wick_json *n = wick_json_first(nodes); n != NULL && s == WICK_OK;
         n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(d->node, sizeof d->node);
        s = wick_json_data(&node, n);
        if (s == WICK_OK) {
            s = wick_gateway_proof_node(d->cfg.gateway, wick_buf_span(&node), now_ms,
                                        d->rpc_job->request.id, part);
        }
    }
    return s;
}

/* The node must answer for the account and the slots that were asked for, in that order. */
static wick_status feed_proof(wick_driver *d, uint64_t now_ms)
{
    const wick_gateway_request *r = &d->rpc_job->request;
    wick_eth_proof p;
    wick_eth_slot slot;
    size_t i = 0;
    wick_status s = wick_rpc_result_proof(&p, &d->rpc);
    if (s != WICK_OK) {
        return s;
    }
    if (memcmp(p.address, r->account, sizeof p.address) != 0 ||
        wick_json_count(p.slots) != r->slot_count) {
        return WICK_E_JSON;
    }
    s = wick_gateway_header(d->cfg.gateway, wick_span_make(d->header, d->header_len),
                            d->block.hash, now_ms, r->id);
    if (s == WICK_OK) {
        s = feed_nodes(d, p.account_nodes, -1, now_ms);
    }
    for (const wick_json *e = wick_json_first(p.slots); e != NULL && s == WICK_OK;
         e = wick_json_next(e), i++) {
        s = wick_eth_json_slot(&slot, e);
        if (s == WICK_OK && memcmp(slot.key, r->slots[i], sizeof slot.key) != 0) {
            s = WICK_E_JSON;
        }
        if (s == WICK_OK) {
            s = feed_nodes(d, slot.nodes, (int)i, now_ms);
        }
    }
    return s;
}

static void end_proof(wick_driver *d, wick_status status, uint64_t now_ms)
{
    wick_status late = wick_gateway_proof_end(d->cfg.gateway, now_ms, d->rpc_job->request.id,
                                              status);
    (void)late; /* the agent reports a refusal by its own event */
    d->rpc_job->request.id = 0;
    d->rpc_job = NULL;
}

/* A node that has it already says so with an error; the transaction is where it should be. */
static wick_status sent_status(const wick_driver *d, wick_status s)
{
    const char *text = wick_rpc_message(&d->rpc);
    if (s != WICK_E_RPC) {
        return s;
    }
    if (strstr(text, "already known") != NULL || strstr(text, "already imported") != NULL) {
        return WICK_OK;
    }
    return strstr(text, "nsufficient funds") != NULL ? WICK_E_UNFUNDED : s;
}

static void end_send(wick_driver *d, wick_status s, uint64_t now_ms)
{
    uint8_t data[256];
    wick_buf revert = wick_buf_make(data, sizeof data);
    bool dry = d->rpc_job->step == STEP_DRY_RUN;
    if (dry && s == WICK_E_RPC) {
        wick_status found = wick_rpc_error_data(&revert, &d->rpc);
        if (found != WICK_OK) {
            revert.len = 0;
        }
        if (found == WICK_OK || found == WICK_E_NO_SPACE ||
            strstr(wick_rpc_message(&d->rpc), "revert") != NULL) {
            s = WICK_E_TX_REVERTED;
        }
    }
    wick_status late = wick_gateway_sent(d->cfg.gateway, wick_buf_span(&revert), now_ms,
                                         d->rpc_job->request.id, sent_status(d, s));
    (void)late;
    d->rpc_job->request.id = 0;
    d->rpc_job = NULL;
}

static void end_fees(wick_driver *d, wick_status s, uint64_t now_ms)
{
    uint64_t base = 0, tip = 0;
    if (s == WICK_OK) {
        s = wick_rpc_result_fees(&base, &tip, &d->rpc);
    }
    if (s != WICK_OK) {
        wick_driver_fail(d, d->rpc_job, s);
    } else {
        wick_status late = wick_gateway_fees(d->cfg.gateway, now_ms, d->rpc_job->request.id, base,
                                             tip);
        (void)late;
        d->rpc_job->request.id = 0;
    }
    d->rpc_job = NULL;
}

/* The whole request has failed before it gave anything. */
static void end_failed(wick_driver *d, wick_status s)
{
    wick_driver_fail(d, d->rpc_job, s);
    d->rpc_job = NULL;
}

/* The call under way has ended with `s`: on to the next one, or answer. */
static void advance(wick_driver *d, wick_status s, uint64_t now_ms)
{
    d->stats.rpc_rx_bytes += d->rpc.http.body.len;
    switch ((enum step)d->rpc_job->step) {
    case STEP_CHAIN_ID:
        s = s == WICK_OK ? take_chain_id(d, now_ms) : s;
        break;
    case STEP_BLOCK:
        s = s == WICK_OK ? take_block(d, now_ms) : s;
        break;
    case STEP_PROOF:
        end_proof(d, s == WICK_OK ? feed_proof(d, now_ms) : s, now_ms);
        return;
    case STEP_FEES:
        end_fees(d, s, now_ms);
        return;
    case STEP_DRY_RUN:
        if (s == WICK_OK) {
            s = start_step(d, STEP_SEND, now_ms);
            break;
        }
        end_send(d, s, now_ms);
        return;
    case STEP_SEND:
        end_send(d, s, now_ms);
        return;
    case STEP_WAITS:
    default:
        s = WICK_E_STATE;
        break;
    }
    if (s != WICK_OK) {
        end_failed(d, s);
    }
}

bool wick_driver_chain_run(wick_driver *d, uint64_t now_ms)
{
    if (d->rpc_job == NULL) {
        d->rpc_job = wick_driver_next_job(d, true);
        if (d->rpc_job == NULL) {
            return false;
        }
        wick_status s = first_step(d, now_ms);
        if (s != WICK_OK) {
            end_failed(d, s);
            return true;
        }
    }
    wick_status s = wick_rpc_poll(&d->rpc, now_ms);
    if (s == WICK_AGAIN) {
        return false;
    }
    advance(d, s, now_ms);
    return true;
}
