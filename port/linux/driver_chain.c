/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's requests to the chains: those of one chain one after another, each one to three calls
 * over its pool of endpoints. Nothing is believed here; header and nodes go to the agent as they came.
 */
#include <string.h>

#include "driver_internal.h"
#include "net_internal.h"

#include "wick/calldata.h"

enum step {
    STEP_WAITS = 0,
    STEP_BLOCK,
    STEP_BOTH, /* block and proof in one batch */
    STEP_PROOF,
    STEP_FEES,
    STEP_KEY_BLOCK, /* where the log of a key is */
    STEP_KEY_LOG,
    STEP_DRY_RUN,
    STEP_SEND
};

/* What nodes answer that take a proof's block by number alone. */
#define RPC_INVALID_PARAMS (-32602)

wick_status wick_driver_chain_init(wick_driver *d)
{
    if (d->cfg.chains == NULL) {
        wick_rpc_endpoint e = {d->cfg.rpc_url, 0, d->cfg.rpc_timeout_ms, d->cfg.rpc_trust};
        wick_rpc_pool_config cfg = {d->cfg.net, d->cfg.entropy, d->cfg.chain_id, &e, 1, 0};
        d->lines = 1;
        d->line[0].pool = &d->pool;
        return wick_rpc_pool_init(&d->pool, &cfg);
    }
    for (size_t i = 0; i < d->cfg.chain_count; i++) {
        const wick_driver_chain *c = &d->cfg.chains[i];
        wick_driver_line *l = &d->line[i];
        if (c->pool == NULL) {
            return WICK_E_BAD_ARG;
        }
        l->pool = c->pool;
        l->has_light = c->light != NULL;
        if (l->has_light) {
            wick_light_driver_init(&l->light, c->light, c->pool, c->beacon);
        }
        d->lines++;
    }
    return d->lines != 0 ? WICK_OK : WICK_E_BAD_ARG;
}

bool wick_driver_serves(const wick_driver *d, uint64_t chain_id)
{
    for (uint8_t i = 0; i < d->lines; i++) {
        if (d->line[i].pool->chain_id == chain_id) {
            return true;
        }
    }
    return false;
}

/* ---- calls ---- */

static wick_status put_block(wick_driver_line *l, wick_rpc *rpc, uint64_t now_ms)
{
    const wick_gateway_request *r = &l->job->request;
    return r->at_hash ? wick_rpc_block_by_hash(rpc, now_ms, r->block_hash)
                      : wick_rpc_block(rpc, now_ms, WICK_RPC_LATEST);
}

/* Number of the light client's header that the proof is to stand under. */
static wick_status number_of(uint64_t *number, const wick_driver_line *l, uint64_t now_ms)
{
    static const wick_tier tiers[] = {WICK_TIER_OPTIMISTIC, WICK_TIER_FINALIZED};
    const wick_gateway_request *r = &l->job->request;
    wick_trusted_header th;
    *number = l->block.number;
    if (!r->has_header) {
        return WICK_OK;
    }
    for (size_t i = 0; l->has_light && i < 3; i++) {
        wick_tier tier = i < 2 ? tiers[i] : wick_light_rule_tier(l->light.light->cfg.rule);
        if (wick_light_head(l->light.light, &th, NULL, now_ms, tier) == WICK_OK &&
            memcmp(th.hash, r->block_hash, 32) == 0) {
            *number = th.number;
            return WICK_OK;
        }
    }
    return WICK_E_HEADER_STALE; /* it has moved on meanwhile: the agent asks again */
}

/* Whoever will be asked, or answered. */
static wick_rpc_source *next_of(const wick_driver_line *l, uint64_t now_ms)
{
    return wick_rpc_pool_endpoint(l->pool, wick_rpc_pool_next(l->pool, now_ms));
}

static wick_rpc_source *answerer(const wick_driver_line *l)
{
    return wick_rpc_pool_endpoint(l->pool, wick_rpc_pool_source(l->pool));
}

static wick_status put_proof(wick_driver_line *l, wick_rpc *rpc, uint64_t now_ms, unsigned source)
{
    const wick_gateway_request *r = &l->job->request;
    uint64_t number;
    const wick_rpc_source *e = source != WICK_RPC_ANY ? wick_rpc_pool_endpoint(l->pool, source)
                                                      : next_of(l, now_ms);
    l->at_hash = r->at_hash && !e->by_number;
    if (l->at_hash) {
        return wick_rpc_proof_at_hash(rpc, now_ms, r->account, r->slots, r->slot_count,
                                      r->block_hash);
    }
    wick_status s = number_of(&number, l, now_ms);
    return s == WICK_OK ? wick_rpc_proof(rpc, now_ms, r->account, r->slots, r->slot_count, number)
                        : s;
}

static wick_status put_key_block(const wick_driver_line *l, wick_rpc *rpc, uint64_t now_ms)
{
    const wick_gateway_request *r = &l->job->request;
    uint8_t bytes[4 + 32];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_calldata_stored_word(&call, r->slots[0]);
    return wick_rpc_call(rpc, now_ms, r->from, r->account, wick_buf_span(&call));
}

static wick_status put_key_log(const wick_driver_line *l, wick_rpc *rpc, uint64_t now_ms)
{
    const wick_gateway_request *r = &l->job->request;
    uint8_t topic[32];
    const uint8_t *const topics[4] = {topic, r->key, NULL, NULL};
    wick_announced_topic(topic);
    return wick_rpc_logs(rpc, now_ms, r->account, topics, l->key_block, l->key_block);
}

static wick_status start_at(wick_driver_line *l, uint8_t step, uint64_t now_ms, unsigned source)
{
    const wick_gateway_request *r = &l->job->request;
    wick_rpc *rpc = wick_rpc_pool_rpc(l->pool);
    wick_status s;
    l->job->step = step;
    switch ((enum step)step) {
    case STEP_BLOCK:
        s = put_block(l, rpc, now_ms);
        break;
    case STEP_BOTH:
        wick_rpc_batch(rpc);
        s = put_block(l, rpc, now_ms);
        s = s == WICK_OK ? put_proof(l, rpc, now_ms, source) : s;
        s = s == WICK_OK ? wick_rpc_batch_send(rpc, now_ms) : s;
        break;
    case STEP_PROOF:
        s = put_proof(l, rpc, now_ms, source);
        break;
    case STEP_FEES:
        s = wick_rpc_fee_history(rpc, now_ms);
        break;
    case STEP_KEY_BLOCK:
        s = put_key_block(l, rpc, now_ms);
        break;
    case STEP_KEY_LOG:
        s = put_key_log(l, rpc, now_ms);
        break;
    case STEP_DRY_RUN:
        s = wick_rpc_call(rpc, now_ms, r->from, r->to, r->call_data);
        break;
    case STEP_SEND:
        s = wick_rpc_send_raw(rpc, now_ms, r->raw_tx);
        break;
    case STEP_WAITS:
    default:
        s = WICK_E_STATE;
        break;
    }
    return s == WICK_OK ? wick_rpc_pool_start(l->pool, now_ms, source) : s;
}

static wick_status start_step(wick_driver_line *l, uint8_t step, uint64_t now_ms)
{
    /* A proof at a number, of the node whose block it is: others may have another one there. */
    bool bound = step == STEP_PROOF && !l->job->request.has_header;
    return start_at(l, step, now_ms, bound ? l->source : WICK_RPC_ANY);
}

static wick_status first_step(wick_driver_line *l, uint64_t now_ms)
{
    const wick_gateway_request *r = &l->job->request;
    if (r->kind == WICK_GW_REQ_CHAIN_PROOF) {
        const wick_rpc_source *e = next_of(l, now_ms);
        bool both = r->at_hash && !e->no_batch && !e->by_number;
        return start_step(l, r->has_header ? STEP_PROOF : both ? STEP_BOTH : STEP_BLOCK, now_ms);
    }
    if (r->kind == WICK_GW_REQ_CHAIN_KEY) {
        return start_step(l, STEP_KEY_BLOCK, now_ms);
    }
    return start_step(l, r->kind == WICK_GW_REQ_CHAIN_FEES ? STEP_FEES : STEP_DRY_RUN, now_ms);
}

/* ---- answers ---- */

static wick_status keep_block(wick_driver_line *l)
{
    wick_buf header = wick_buf_make(l->header, sizeof l->header);
    wick_status s = wick_rpc_result_block(&l->block, &header, wick_rpc_pool_rpc(l->pool));
    l->header_len = header.len;
    l->source = (uint8_t)wick_rpc_pool_source(l->pool);
    return s;
}

static wick_status take_block(wick_driver_line *l, uint64_t now_ms)
{
    wick_status s = keep_block(l);
    if (s != WICK_OK) {
        wick_rpc_pool_blame(l->pool, now_ms, s);
    }
    return s == WICK_OK ? start_step(l, STEP_PROOF, now_ms) : s;
}

static wick_status feed_nodes(wick_driver *d, const wick_driver_line *l, const wick_json *nodes,
                              int part, uint64_t now_ms)
{
    wick_status s = WICK_OK;
    for (const wick_json *n = wick_json_first(nodes); n != NULL && s == WICK_OK;
         n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(d->node, sizeof d->node);
        s = wick_json_data(&node, n);
        if (s == WICK_OK) {
            s = wick_gateway_proof_node(d->cfg.gateway, wick_buf_span(&node), now_ms,
                                        l->job->request.id, part);
        }
    }
    return s;
}

/* The node must answer for the account and the slots that were asked for, in that order. */
static wick_status feed_proof(wick_driver *d, const wick_driver_line *l, uint64_t now_ms)
{
    const wick_gateway_request *r = &l->job->request;
    wick_eth_proof p;
    wick_eth_slot slot;
    size_t i = 0;
    wick_status s = wick_rpc_result_proof(&p, &l->pool->rpc);
    if (s != WICK_OK) {
        return s;
    }
    if (memcmp(p.address, r->account, sizeof p.address) != 0 ||
        wick_json_count(p.slots) != r->slot_count) {
        return WICK_E_JSON;
    }
    if (!r->has_header) {
        s = wick_gateway_header(d->cfg.gateway, wick_span_make(l->header, l->header_len),
                                l->block.hash, now_ms, r->id);
    }
    if (s == WICK_OK) {
        s = feed_nodes(d, l, p.account_nodes, -1, now_ms);
    }
    for (const wick_json *e = wick_json_first(p.slots); e != NULL && s == WICK_OK;
         e = wick_json_next(e), i++) {
        s = wick_eth_json_slot(&slot, e);
        if (s == WICK_OK && memcmp(slot.key, r->slots[i], sizeof slot.key) != 0) {
            s = WICK_E_JSON;
        }
        if (s == WICK_OK) {
            s = feed_nodes(d, l, slot.nodes, (int)i, now_ms);
        }
    }
    return s;
}

static void end_job(wick_driver_line *l)
{
    l->job->request.id = 0;
    l->job = NULL;
    wick_rpc_pool_release(l->pool, l);
}

/* `called`: status of the call itself, which the pool has counted. */
static void end_proof(wick_driver *d, wick_driver_line *l, wick_status called, uint64_t now_ms)
{
    wick_status status = called == WICK_OK ? feed_proof(d, l, now_ms) : called;
    wick_status verdict = wick_gateway_proof_end(d->cfg.gateway, now_ms, l->job->request.id,
                                                 status);
    /* The agent reports a refusal by its own event; here it counts against the endpoint. STATE: what
     * was fed has been refused already, or is too late. */
    if (called == WICK_OK) {
        wick_rpc_pool_blame(l->pool, now_ms, verdict == WICK_E_STATE ? status : verdict);
    }
    end_job(l);
}

/* A node that has it already says so with an error; the transaction is where it should be. So it is where
 * another one of its nonce waits, for which this one pays too little more: after a restart that is the
 * one sent before, with the same content. */
static wick_status sent_status(const wick_driver_line *l, wick_status s)
{
    const char *text = wick_rpc_message(&l->pool->rpc);
    if (s != WICK_E_RPC) {
        return s;
    }
    if (strstr(text, "already known") != NULL || strstr(text, "already imported") != NULL ||
        strstr(text, "underpriced") != NULL) {
        return WICK_OK;
    }
    return strstr(text, "nsufficient funds") != NULL ? WICK_E_UNFUNDED : s;
}

static void end_send(wick_driver *d, wick_driver_line *l, wick_status s, uint64_t now_ms)
{
    uint8_t data[256];
    wick_buf revert = wick_buf_make(data, sizeof data);
    bool dry = l->job->step == STEP_DRY_RUN;
    if (dry && s == WICK_E_RPC) {
        wick_status found = wick_rpc_error_data(&revert, &l->pool->rpc);
        if (found != WICK_OK) {
            revert.len = 0;
        }
        if (found == WICK_OK || found == WICK_E_NO_SPACE ||
            strstr(wick_rpc_message(&l->pool->rpc), "revert") != NULL) {
            s = WICK_E_TX_REVERTED;
        }
    }
    wick_status late = wick_gateway_sent(d->cfg.gateway, wick_buf_span(&revert), now_ms,
                                         l->job->request.id, sent_status(l, s));
    (void)late;
    end_job(l);
}

/* A node can keep a transaction to itself: once one has taken it, every other one is given it too. What
 * those say changes nothing. True: under way. */
static bool offer_elsewhere(wick_driver_line *l, wick_status s, uint64_t now_ms)
{
    unsigned source = wick_rpc_pool_source(l->pool);
    if (l->offered == 0 && sent_status(l, s) != WICK_OK) {
        return false;
    }
    l->offered |= 1u << source;
    for (unsigned i = 0; i < l->pool->count; i++) {
        if ((l->offered >> i & 1u) != 0) {
            continue;
        }
        l->offered |= 1u << i;
        if (wick_rpc_send_raw(wick_rpc_pool_rpc(l->pool), now_ms, l->job->request.raw_tx) ==
                WICK_OK &&
            wick_rpc_pool_start(l->pool, now_ms, i) == WICK_OK) {
            return true;
        }
    }
    return false;
}

static void end_failed(wick_driver *d, wick_driver_line *l, wick_status s)
{
    wick_driver_fail(d, l->job, s);
    end_job(l);
}

static void end_fees(wick_driver *d, wick_driver_line *l, wick_status s, uint64_t now_ms)
{
    uint64_t base = 0, tip = 0;
    if (s == WICK_OK) {
        s = wick_rpc_result_fees(&base, &tip, &l->pool->rpc);
    }
    if (s != WICK_OK) {
        end_failed(d, l, s);
        return;
    }
    wick_status late = wick_gateway_fees(d->cfg.gateway, now_ms, l->job->request.id, base, tip);
    (void)late;
    end_job(l);
}

/* ---- keys of which a record holds the hash ---- */

/* Word of the registry: the block whose log holds the key, 0: none. */
static wick_status take_key_block(wick_driver_line *l, uint64_t now_ms)
{
    uint8_t word[32];
    wick_status s = wick_rpc_result_hash(word, &l->pool->rpc);
    if (s == WICK_OK && !wick_ct_is_zero(word, 24)) {
        s = WICK_E_JSON;
    }
    if (s != WICK_OK) {
        return s;
    }
    l->key_block = wick_load_be64(word + 24);
    return l->key_block != 0 ? start_step(l, STEP_KEY_LOG, now_ms) : WICK_E_NOT_FOUND;
}

/* Data of the event: where the bytes are (32), their number, and they themselves. The agent hashes them. */
static wick_status take_key_log(wick_driver *d, const wick_driver_line *l, uint64_t now_ms)
{
    const wick_json *log = wick_json_first(wick_rpc_result(&l->pool->rpc));
    wick_buf data = wick_buf_make(d->node, sizeof d->node);
    if (log == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = wick_json_data(&data, wick_json_member(log, "data"));
    if (s != WICK_OK) {
        return s;
    }
    if (data.len < 64 || !wick_ct_is_zero(d->node + 32, 28) ||
        wick_load_be32(d->node + 60) > data.len - 64) {
        return WICK_E_JSON;
    }
    return wick_gateway_key(d->cfg.gateway, wick_span_make(d->node + 64, wick_load_be32(d->node + 60)),
                            now_ms, l->job->request.id);
}

/* What the agent said of the key it has dealt with itself; all else it is told. */
static void end_key(wick_driver *d, wick_driver_line *l, wick_status s, uint64_t now_ms)
{
    bool given = s == WICK_OK || s == WICK_E_PROOF_CLAIM || s == WICK_E_BAD_KEY || s == WICK_E_STATE;
    if (s == WICK_E_PROOF_CLAIM) {
        wick_rpc_pool_blame(l->pool, now_ms, s);
    }
    if (!given) {
        wick_driver_fail(d, l->job, s);
    }
    end_job(l);
}

/* Block and proof came together, or the node takes no batches or no proofs by hash. */
static wick_status take_both(wick_driver *d, wick_driver_line *l, wick_status s, uint64_t now_ms)
{
    wick_rpc *rpc = &l->pool->rpc;
    if (s == WICK_E_RPC || s == WICK_E_JSON || s == WICK_E_RPC_ID || s == WICK_E_LIMIT) {
        answerer(l)->no_batch = true;
        return start_step(l, STEP_BLOCK, now_ms);
    }
    if (s != WICK_OK) {
        return s; /* counted by the pool */
    }
    s = wick_rpc_batch_item(rpc, 0);
    if (s == WICK_OK && wick_json_kind_of(wick_rpc_result(rpc)) == WICK_JSON_NULL) {
        s = WICK_E_NOT_FOUND;
    }
    s = s == WICK_OK ? keep_block(l) : s;
    if (s != WICK_OK) {
        return wick_rpc_pool_again(l->pool, now_ms, s); /* OK: under way elsewhere */
    }
    s = wick_rpc_batch_item(rpc, 1);
    if (s == WICK_E_RPC) {
        answerer(l)->by_number = wick_rpc_error_code(rpc) == RPC_INVALID_PARAMS;
        return start_step(l, STEP_PROOF, now_ms);
    }
    if (s == WICK_OK && wick_json_kind_of(wick_rpc_result(rpc)) == WICK_JSON_NULL) {
        return wick_rpc_pool_again(l->pool, now_ms, WICK_E_JSON);
    }
    end_proof(d, l, s, now_ms);
    return WICK_OK;
}

/* A node that refuses to read, or has nothing there, may be behind or keep less than others. AGAIN: the
 * same is under way elsewhere. */
static wick_status read_elsewhere(wick_driver_line *l, wick_status s, uint64_t now_ms)
{
    if (s == WICK_OK && wick_json_kind_of(wick_rpc_result(&l->pool->rpc)) == WICK_JSON_NULL) {
        s = l->job->step == STEP_PROOF ? WICK_E_JSON : WICK_E_NOT_FOUND;
    } else if (s != WICK_E_RPC) {
        return s;
    }
    return wick_rpc_pool_again(l->pool, now_ms, s) == WICK_OK ? WICK_AGAIN : s;
}

/* The call under way has ended with `s`: on to the next one, or answer. */
static void advance(wick_driver *d, wick_driver_line *l, wick_status s, uint64_t now_ms)
{
    if (s == WICK_E_RPC) { /* kept, for the next call has words of its own */
        const char *text = wick_rpc_message(&l->pool->rpc);
        size_t len = strnlen(text, sizeof d->rpc_text - 1);
        memcpy(d->rpc_text, text, len);
        d->rpc_text[len] = '\0';
    }
    switch ((enum step)l->job->step) {
    case STEP_BLOCK:
        s = read_elsewhere(l, s, now_ms);
        if (s == WICK_AGAIN) {
            return;
        }
        s = s == WICK_OK ? take_block(l, now_ms) : s;
        break;
    case STEP_BOTH:
        s = take_both(d, l, s, now_ms);
        if (s == WICK_OK) {
            return;
        }
        break;
    case STEP_PROOF:
        if (s == WICK_E_RPC && l->at_hash &&
            wick_rpc_error_code(&l->pool->rpc) == RPC_INVALID_PARAMS) {
            answerer(l)->by_number = true;
            s = start_at(l, STEP_PROOF, now_ms, wick_rpc_pool_source(l->pool));
            break;
        }
        s = read_elsewhere(l, s, now_ms);
        if (s == WICK_AGAIN) {
            return;
        }
        end_proof(d, l, s, now_ms);
        return;
    case STEP_FEES:
        end_fees(d, l, s, now_ms);
        return;
    case STEP_KEY_BLOCK:
        s = s == WICK_OK ? take_key_block(l, now_ms) : s;
        break;
    case STEP_KEY_LOG:
        s = read_elsewhere(l, s, now_ms);
        if (s != WICK_AGAIN) {
            end_key(d, l, s == WICK_OK ? take_key_log(d, l, now_ms) : s, now_ms);
        }
        return;
    case STEP_DRY_RUN:
        if (s == WICK_OK) {
            l->offered = 0;
            s = start_step(l, STEP_SEND, now_ms);
            break;
        }
        end_send(d, l, s, now_ms);
        return;
    case STEP_SEND:
        if (offer_elsewhere(l, s, now_ms)) {
            return;
        }
        end_send(d, l, l->offered != 0 ? WICK_OK : s, now_ms);
        return;
    case STEP_WAITS:
    default:
        s = WICK_E_STATE;
        break;
    }
    if (s != WICK_OK) {
        end_failed(d, l, s);
    }
}

static bool run_line(wick_driver *d, wick_driver_line *l, uint64_t now_ms)
{
    if (l->job == NULL) {
        wick_driver_job *job = wick_driver_next_job(d, true, l->pool->chain_id);
        if (job == NULL || !wick_rpc_pool_take(l->pool, l)) {
            return false;
        }
        l->job = job;
        wick_status s = first_step(l, now_ms);
        if (s != WICK_OK) {
            end_failed(d, l, s);
            return true;
        }
    }
    wick_status s = wick_rpc_pool_poll(l->pool, now_ms);
    if (s == WICK_AGAIN) {
        return false;
    }
    advance(d, l, s, now_ms);
    return true;
}

static void count(wick_driver *d)
{
    d->stats.rpc_calls = d->stats.rpc_tx_bytes = d->stats.rpc_rx_bytes = 0;
    for (uint8_t i = 0; i < d->lines; i++) {
        const wick_driver_line *l = &d->line[i];
        d->stats.rpc_calls += l->pool->calls;
        d->stats.rpc_tx_bytes += l->pool->tx_bytes;
        d->stats.rpc_rx_bytes += l->pool->rx_bytes;
    }
}

bool wick_driver_chain_run(wick_driver *d, uint64_t now_ms)
{
    bool moved = false;
    for (uint8_t i = 0; i < d->lines; i++) {
        moved = run_line(d, &d->line[i], now_ms) || moved;
    }
    count(d);
    return moved;
}

/* ---- light clients ---- */

bool wick_driver_light_run(wick_driver *d, wick_driver_event *event, uint64_t now_ms)
{
    for (uint8_t i = 0; i < d->lines; i++) {
        wick_light_event told;
        if (d->line[i].has_light &&
            wick_light_driver_step(&d->line[i].light, &told, now_ms)) {
            memset(event, 0, sizeof *event);
            event->kind = WICK_DRIVER_LIGHT;
            event->session = WICK_GW_NO_SESSION;
            event->status = told.status;
            event->chain = i;
            event->light = told;
            return true;
        }
    }
    return false;
}

const wick_light_driver *wick_driver_light(const wick_driver *d, size_t chain)
{
    return chain < d->lines && d->line[chain].has_light ? &d->line[chain].light : NULL;
}

uint64_t wick_driver_chain_deadline(const wick_driver *d, uint64_t t, uint64_t now_ms)
{
    for (uint8_t i = 0; i < d->lines; i++) {
        const wick_driver_line *l = &d->line[i];
        if (l->job != NULL) {
            /* Without a socket a name is being resolved, which poll() cannot see. */
            t = wick_time_min(t, wick_rpc_pool_sock(l->pool) < 0
                                     ? now_ms + 50
                                     : wick_rpc_pool_deadline(l->pool));
        }
        if (l->has_light) {
            t = wick_time_min(t, wick_light_driver_deadline(&l->light, now_ms));
        }
    }
    return t;
}

size_t wick_driver_chain_watch(const wick_driver *d, struct pollfd *out)
{
    size_t n = 0;
    for (uint8_t i = 0; i < d->lines; i++) {
        const wick_driver_line *l = &d->line[i];
        if (l->job != NULL) {
            n += wick_linux_net_watch(d->cfg.linux_net, out + n, wick_rpc_pool_sock(l->pool),
                                      wick_rpc_pool_wants_write(l->pool));
        }
        if (l->has_light) {
            n += wick_light_driver_watch(&l->light, out + n, d->cfg.linux_net);
        }
    }
    return n;
}

void wick_driver_chain_drop(wick_driver *d)
{
    for (uint8_t i = 0; i < d->lines; i++) {
        wick_driver_line *l = &d->line[i];
        if (l->has_light) {
            wick_light_driver_cancel(&l->light);
        }
        if (l->job != NULL) {
            wick_rpc_pool_cancel(l->pool);
            wick_rpc_pool_release(l->pool, l);
            l->job = NULL;
        }
    }
}
