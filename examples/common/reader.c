/* SPDX-License-Identifier: Apache-2.0 */
/* One record, proven. */
#include "reader.h"

#include <string.h>

#define HEADER_AGE_MAX_S 900u

static uint64_t now_ms(const reader *r)
{
    return r->clock->now_ms(r->clock->ctx);
}

static wick_status finish(reader *r, wick_status started)
{
    if (started != WICK_OK) {
        return started;
    }
    r->bytes += r->rpc.http.request_body.len;
    wick_status s = wick_rpc_wait(&r->rpc, r->net);
    r->bytes += r->rpc.http.body.len;
    return s;
}

static wick_status check_age(const reader *r)
{
    wick_trust_now now = {0, false};
    uint32_t age_s = r->tier == WICK_TIER_PINNED ? 0 : HEADER_AGE_MAX_S; /* 0: any */
    wick_trust_rule rule = {r->chain_id, r->tier, age_s, 0};
    wick_trust_policy policy = {&rule, 1};
    now.valid = r->clock->unix_s(r->clock->ctx, &now.unix_s) == WICK_OK;
    return wick_trust_policy_allows(&policy, &r->head, r->head.number, &now);
}

wick_status reader_head(reader *r)
{
    uint64_t id = 0;
    wick_eth_block block;
    wick_buf header = wick_buf_make(r->header, sizeof r->header);
    bool pinned = r->tier == WICK_TIER_PINNED;
    wick_status s = finish(r, wick_rpc_chain_id(&r->rpc, now_ms(r)));
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&id, &r->rpc);
    }
    if (s == WICK_OK && id != r->chain_id) {
        s = WICK_E_CHAIN_MISMATCH;
    }
    if (s == WICK_OK) {
        s = finish(r, pinned ? wick_rpc_block_by_hash(&r->rpc, now_ms(r), r->pinned_hash)
                             : wick_rpc_block(&r->rpc, now_ms(r), WICK_RPC_LATEST));
    }
    if (s == WICK_OK) {
        s = wick_rpc_result_block(&block, &header, &r->rpc);
    }
    if (s == WICK_OK) {
        s = pinned ? wick_trust_pinned(&r->head, wick_buf_span(&header), r->pinned_hash,
                                       r->chain_id)
                   : wick_trust_own_node(&r->head, wick_buf_span(&header), block.hash,
                                         r->chain_id);
    }
    return s == WICK_OK ? check_age(r) : s;
}

static wick_status feed(reader *r, wick_proof *proof, const wick_json *nodes)
{
    wick_status s = WICK_OK;
    for (const wick_json *n = wick_json_first(nodes); n != NULL && s == WICK_OK;
         n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(r->node, sizeof r->node);
        s = wick_json_data(&node, n);
        if (s == WICK_OK) {
            s = wick_proof_node(proof, wick_buf_span(&node));
        }
    }
    return s;
}

static wick_status prove_account(reader *r, wick_proof *proof, const wick_eth_proof *answer,
                                 const uint8_t contract[20])
{
    wick_status s = wick_proof_begin(proof, &r->head);
    if (s == WICK_OK) {
        s = wick_proof_account(proof, contract);
    }
    if (s == WICK_OK) {
        s = feed(r, proof, answer->account_nodes);
    }
    if (s == WICK_OK) {
        s = wick_mpt_status(wick_proof_account_end(proof, &r->contract));
    }
    if (s == WICK_OK) {
        s = wick_proof_account_claim(proof, &answer->claim); /* a node that lies is not used */
    }
    if (s == WICK_OK && memcmp(r->contract.code_hash, wick_empty_code_hash, 32) == 0) {
        s = WICK_E_NO_CONTRACT;
    }
    return s;
}

wick_status reader_prove(reader *r, wick_peer_query *query, const uint8_t contract[20])
{
    wick_proof proof;
    wick_eth_proof answer;
    wick_eth_slot slot;
    size_t i = 0;
    const uint8_t(*slots)[32] = (const uint8_t(*)[32])query->slots;
    wick_status s = finish(r, wick_rpc_proof(&r->rpc, now_ms(r), contract, slots, query->count,
                                             r->head.number));
    if (s == WICK_OK) {
        s = wick_rpc_result_proof(&answer, &r->rpc);
    }
    if (s == WICK_OK && wick_json_count(answer.slots) != query->count) {
        s = WICK_E_JSON;
    }
    if (s == WICK_OK) {
        s = prove_account(r, &proof, &answer, contract);
    }
    for (const wick_json *e = wick_json_first(s == WICK_OK ? answer.slots : NULL);
         e != NULL && s == WICK_OK; e = wick_json_next(e), i++) {
        s = wick_eth_json_slot(&slot, e);
        if (s == WICK_OK) {
            s = wick_proof_slot(&proof, query->slots[i]); /* what was asked, not what it names */
        }
        if (s == WICK_OK) {
            s = feed(r, &proof, slot.nodes);
        }
        if (s == WICK_OK) {
            s = wick_mpt_status(wick_proof_slot_end(&proof, query->values[i]));
        }
        if (s == WICK_OK) {
            s = wick_proof_slot_claim(&proof, slot.claim);
        }
    }
    return s;
}
