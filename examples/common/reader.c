/* SPDX-License-Identifier: Apache-2.0 */
/* Words and accounts, proven under one header. */
#include "reader.h"

#include <string.h>

#include "block.h"
#include "dag.h"
#include "wick/calldata.h"
#include "wick/header.h"
#include "wick/record.h"
#include "wick/verified.h"

#define HEADER_AGE_MAX_S 900u

static uint64_t now_ms(const reader *r)
{
    return r->clock->now_ms(r->clock->ctx);
}

wick_rpc *reader_rpc(reader *r)
{
    return r->pool != NULL ? wick_rpc_pool_rpc(r->pool) : &r->rpc;
}

wick_status reader_call(reader *r, wick_status started)
{
    if (started != WICK_OK) {
        return started;
    }
    wick_rpc *rpc = reader_rpc(r);
    r->bytes += rpc->http.request_body.len;
    wick_status s = WICK_OK;
    if (r->pool == NULL) {
        s = wick_rpc_wait(rpc, r->net);
    } else {
        s = wick_rpc_pool_start(r->pool, now_ms(r), WICK_RPC_ANY);
        s = s == WICK_OK ? wick_rpc_pool_wait(r->pool, r->net) : s;
    }
    r->bytes += rpc->http.body.len;
    return s;
}

/* Where an answer proves untrue, or empty, the same is asked of the next endpoint, of each once.
 * True: there is another answer to look at. */
static bool again(reader *r, wick_status s)
{
    bool useless = s == WICK_E_NOT_FOUND || s == WICK_E_JSON;
    if (r->pool == NULL || (!useless && wick_health_of(s) != WICK_HEALTH_UNTRUE) ||
        wick_rpc_pool_again(r->pool, now_ms(r), s) != WICK_OK) {
        return false;
    }
    s = wick_rpc_pool_wait(r->pool, r->net);
    r->bytes += r->pool->rpc.request_len + r->pool->rpc.http.body.len;
    return s == WICK_OK;
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
    wick_status s = reader_call(r, wick_rpc_chain_id(reader_rpc(r), now_ms(r)));
    if (s == WICK_OK) {
        s = wick_rpc_result_u64(&id, reader_rpc(r));
    }
    if (s == WICK_OK && id != r->chain_id) {
        s = WICK_E_CHAIN_MISMATCH;
    }
    if (s == WICK_OK) {
        s = reader_call(r, pinned ? wick_rpc_block_by_hash(reader_rpc(r), now_ms(r), r->pinned_hash)
                                  : wick_rpc_block(reader_rpc(r), now_ms(r), WICK_RPC_LATEST));
    }
    if (s != WICK_OK) {
        return s;
    }
    do {
        header = wick_buf_make(r->header, sizeof r->header);
        s = wick_rpc_result_block(&block, &header, reader_rpc(r));
        r->header_len = header.len;
        if (s == WICK_OK) {
            s = pinned ? wick_trust_pinned(&r->head, wick_buf_span(&header), r->pinned_hash,
                                           r->chain_id)
                       : wick_trust_own_node(&r->head, wick_buf_span(&header), block.hash,
                                             r->chain_id);
        }
    } while (again(r, s));
    return s == WICK_OK ? check_age(r) : s;
}

static wick_status take_header(reader *r, const wick_trusted_header *head, wick_seal_rule rule)
{
    wick_eth_block block;
    uint8_t hash[32];
    wick_buf header = wick_buf_make(r->header, sizeof r->header);
    wick_status s = wick_eth_json_header(&block, &header, wick_rpc_result(reader_rpc(r)));
    r->header_len = header.len;
    if (s == WICK_OK && rule != 0) {
        s = block_seal_hash(hash, rule, wick_buf_span(&header));
    } else if (s == WICK_OK) {
        wick_header_hash(hash, wick_buf_span(&header));
    }
    return s == WICK_OK && memcmp(hash, head->hash, sizeof hash) != 0 ? WICK_E_HEADER_OTHER : s;
}

wick_status reader_take(reader *r, const wick_trusted_header *head, wick_seal_rule rule)
{
    r->head = *head;
    r->tier = head->tier;
    r->by_hash = true;
    wick_status s = reader_call(r, wick_rpc_block_by_hash(reader_rpc(r), now_ms(r), head->hash));
    if (s != WICK_OK) {
        return s;
    }
    do {
        s = take_header(r, head, rule);
    } while (again(r, s));
    return s;
}

static wick_status ask_proof(reader *r, const uint8_t address[20], const uint8_t (*slots)[32],
                             size_t count)
{
    wick_rpc *rpc = reader_rpc(r);
    wick_status s = WICK_E_RPC;
    if (r->by_hash) {
        s = reader_call(r, wick_rpc_proof_at_hash(rpc, now_ms(r), address, slots, count,
                                                  r->head.hash));
    }
    if (s == WICK_E_RPC) { /* not all nodes know proofs by hash; the root is the same one */
        s = reader_call(r, wick_rpc_proof(rpc, now_ms(r), address, slots, count, r->head.number));
    }
    return s;
}

typedef wick_status take_node(void *walk, wick_span node, int part);

static wick_status words_node(void *walk, wick_span node, int part)
{
    return wick_verified_node(walk, node, part);
}

static wick_status account_node(void *walk, wick_span node, int part)
{
    (void)part;
    return wick_proof_node(walk, node);
}

static wick_status feed(reader *r, const wick_json *nodes, take_node *take, void *walk, int part)
{
    wick_status s = WICK_OK;
    for (const wick_json *n = wick_json_first(nodes); n != NULL && s == WICK_OK;
         n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(r->node, sizeof r->node);
        s = wick_json_data(&node, n);
        if (s == WICK_OK) {
            s = take(walk, wick_buf_span(&node), part);
        }
    }
    return s;
}

/* A node that proves one value and names another is not used, whichever it meant. */
static wick_status check_claims(const wick_eth_proof *answer, const uint8_t (*values)[32])
{
    wick_eth_slot slot;
    wick_status s = WICK_OK;
    for (const wick_json *e = wick_json_first(answer->slots); e != NULL && s == WICK_OK;
         e = wick_json_next(e), values++) {
        s = wick_eth_json_slot(&slot, e);
        if (s == WICK_OK && memcmp(slot.claim, *values, 32) != 0) {
            s = WICK_E_PROOF_CLAIM;
        }
    }
    return s;
}

/* The words that the answer at hand proves. */
static wick_status take_words(reader *r, uint8_t (*values)[32], const uint8_t (*slots)[32],
                              size_t count, const uint8_t contract[20])
{
    wick_verified v;
    wick_eth_proof answer;
    wick_eth_slot slot;
    int part = 0;
    wick_status s = wick_rpc_result_proof(&answer, reader_rpc(r));
    if (s == WICK_OK && wick_json_count(answer.slots) != count) {
        s = WICK_E_JSON;
    }
    if (s == WICK_OK) {
        s = wick_verified_begin(&v, &r->head, contract, slots, values, count);
    }
    if (s == WICK_OK) {
        s = feed(r, answer.account_nodes, words_node, &v, WICK_VERIFIED_ACCOUNT);
    }
    for (const wick_json *e = wick_json_first(s == WICK_OK ? answer.slots : NULL);
         e != NULL && s == WICK_OK; e = wick_json_next(e), part++) {
        s = wick_eth_json_slot(&slot, e); /* proves what was asked, not what it names */
        if (s == WICK_OK) {
            s = feed(r, slot.nodes, words_node, &v, part);
        }
    }
    if (s == WICK_OK) {
        s = wick_verified_end(&v);
    }
    return s == WICK_OK ? check_claims(&answer, (const uint8_t(*)[32])values) : s;
}

wick_status reader_words(reader *r, uint8_t (*values)[32], const uint8_t (*slots)[32], size_t count,
                         const uint8_t contract[20])
{
    wick_status s = ask_proof(r, contract, slots, count);
    if (s != WICK_OK) {
        return s;
    }
    do {
        s = take_words(r, values, slots, count, contract);
    } while (again(r, s));
    return s;
}

static wick_status put_nodes(reader *r, wick_bundle_writer *w, wick_bundle_tag tag,
                             const wick_json *nodes)
{
    wick_status s = WICK_OK;
    for (const wick_json *n = wick_json_first(nodes); n != NULL && s == WICK_OK;
         n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(r->node, sizeof r->node);
        s = wick_json_data(&node, n);
        if (s == WICK_OK) {
            wick_bundle_write(w, tag, wick_buf_span(&node));
        }
    }
    return s;
}

static wick_status put_evidence(wick_bundle_writer *w, const reader_evidence *e, bool behind)
{
    return e != NULL ? e->put(e->ctx, w, behind) : WICK_OK;
}

wick_status reader_bundle(reader *r, wick_buf *out, wick_bundle_kind kind,
                          const reader_evidence *evidence, const uint8_t (*slots)[32],
                          size_t count, const uint8_t contract[20])
{
    uint8_t values[WICK_BUNDLE_SLOTS_MAX][32];
    wick_bundle_head head = {kind, r->chain_id, r->head.timestamp, {0}};
    wick_bundle_writer w;
    wick_eth_proof answer;
    wick_eth_slot slot;
    if (count > WICK_BUNDLE_SLOTS_MAX) {
        return WICK_E_LIMIT;
    }
    memcpy(head.contract, contract, sizeof head.contract);
    wick_bundle_write_begin(&w, out, &head);
    wick_status s = put_evidence(&w, evidence, false);
    if (s == WICK_OK) {
        wick_bundle_write(&w, WICK_BUNDLE_HEADER, wick_span_make(r->header, r->header_len));
        s = put_evidence(&w, evidence, true);
    }
    /* What goes into the file has been proven here first; the answer is still there then. */
    s = s == WICK_OK ? reader_words(r, values, slots, count, contract) : s;
    s = s == WICK_OK ? wick_rpc_result_proof(&answer, reader_rpc(r)) : s;
    if (s != WICK_OK) {
        return s;
    }
    s = put_nodes(r, &w, WICK_BUNDLE_ACCOUNT, answer.account_nodes);
    for (const wick_json *e = wick_json_first(answer.slots); e != NULL && s == WICK_OK;
         e = wick_json_next(e), slots++) {
        wick_bundle_write(&w, WICK_BUNDLE_SLOT, wick_span_make(*slots, 32));
        s = wick_eth_json_slot(&slot, e);
        if (s == WICK_OK) {
            s = put_nodes(r, &w, WICK_BUNDLE_NODE, slot.nodes);
        }
    }
    return s == WICK_OK ? wick_bundle_write_end(&w) : s;
}

static wick_status take_account(reader *r, wick_account *out, const uint8_t address[20])
{
    wick_proof proof;
    wick_eth_proof answer;
    wick_status s = wick_rpc_result_proof(&answer, reader_rpc(r));
    if (s == WICK_OK) {
        s = wick_proof_begin(&proof, &r->head);
    }
    if (s == WICK_OK) {
        s = wick_proof_account(&proof, address);
    }
    if (s == WICK_OK) {
        s = feed(r, answer.account_nodes, account_node, &proof, 0);
    }
    return s == WICK_OK ? wick_mpt_status(wick_proof_account_end(&proof, out)) : s;
}

wick_status reader_account(reader *r, wick_account *out, const uint8_t address[20])
{
    wick_status s = ask_proof(r, address, NULL, 0);
    if (s != WICK_OK) {
        return s;
    }
    do {
        s = take_account(r, out, address);
    } while (again(r, s));
    return s;
}

/* ---- what is told, not proven ---- */

wick_status reader_told(reader *r, uint8_t word[32], const uint8_t slot[32], const uint8_t contract[20])
{
    static const uint8_t nobody[20] = {0};
    uint8_t bytes[4 + 32];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_calldata_stored_word(&call, slot);
    wick_status s = reader_call(
        r, wick_rpc_call(reader_rpc(r), now_ms(r), nobody, contract, wick_buf_span(&call)));
    return s == WICK_OK ? wick_rpc_result_hash(word, reader_rpc(r)) : s;
}

/* Data of Announced: where the bytes are (32), their number, and they themselves. */
static wick_status take_announced(reader *r, wick_buf *spki)
{
    const wick_json *log = wick_json_first(wick_rpc_result(reader_rpc(r)));
    wick_buf data = wick_buf_make(r->node, sizeof r->node);
    if (log == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = wick_json_data(&data, wick_json_member(log, "data"));
    if (s != WICK_OK || data.len < 64 || !wick_ct_is_zero(r->node + 32, 28) ||
        wick_load_be32(r->node + 60) > data.len - 64) {
        return s != WICK_OK ? s : WICK_E_JSON;
    }
    wick_buf_put(spki, r->node + 64, wick_load_be32(r->node + 60));
    return wick_buf_status(spki);
}

wick_status reader_announced(reader *r, wick_buf *spki, const wick_hal_crypto *crypto,
                             const uint8_t key[32], const uint8_t contract[20])
{
    uint8_t slot[32], word[32], topic[32], hash[32];
    const uint8_t *const topics[4] = {topic, key, NULL, NULL};
    const size_t from = spki->len;
    wick_slot_announced(slot, key);
    wick_announced_topic(topic);
    wick_status s = reader_told(r, word, slot, contract);
    uint64_t block = s == WICK_OK ? wick_load_be64(word + 24) : 0;
    if (s == WICK_OK && block == 0) {
        s = WICK_E_NOT_FOUND;
    }
    if (s == WICK_OK) {
        s = reader_call(r, wick_rpc_logs(reader_rpc(r), now_ms(r), contract, topics, block, block));
    }
    s = s == WICK_OK ? take_announced(r, spki) : s;
    if (s == WICK_OK) {
        s = dag_sha256(crypto, hash, wick_span_make(spki->ptr + from, spki->len - from));
    }
    return s == WICK_OK && memcmp(hash, key, sizeof hash) != 0 ? WICK_E_PROOF_CLAIM : s;
}
