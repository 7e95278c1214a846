/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks, accounts and what a node answers. A block is made each block_ms; it executes the pool,
 * and its header commits to the state by real roots. Lies are made here, out of true answers.
 */
#include "wick/port/stub_chain.h"

#include "stub_contracts.h"
#include "stub_seal.h"
#include "wick/header.h"
#include "wick/keccak.h"
#include "wick/mpt.h"
#include "wick/proof.h"
#include "wick/record.h"
#include "wick/tx.h"

#include <string.h>

#define GWEI UINT64_C(1000000000)

/* ------------------------------------------------------------------ state */

static int find_word(const wick_stub_chain_state *s, unsigned contract, const uint8_t slot[32])
{
    for (unsigned i = 0; i < s->word_count; i++) {
        if (s->word[i].contract == contract && memcmp(s->word[i].slot, slot, 32) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void wick_stub_chain_get(const wick_stub_chain *c, uint8_t value[32], unsigned contract,
                         const uint8_t slot[32])
{
    int i = find_word(&c->state, contract, slot);
    if (i < 0) {
        memset(value, 0, 32);
    } else {
        memcpy(value, c->state.word[i].value, 32);
    }
}

static void put_word(wick_stub_chain *c, unsigned contract, const uint8_t slot[32],
                     const uint8_t value[32])
{
    int i = find_word(&c->state, contract, slot);
    if (i < 0) {
        if (c->state.word_count == WICK_STUB_CHAIN_WORDS) {
            return;
        }
        i = (int)c->state.word_count++;
        c->state.word[i].contract = (uint8_t)contract;
        memcpy(c->state.word[i].slot, slot, 32);
    }
    memcpy(c->state.word[i].value, value, 32);
}

static wick_stub_account *account_of(wick_stub_chain *c, const uint8_t address[20])
{
    for (unsigned i = 0; i < c->state.account_count; i++) {
        if (memcmp(c->state.account[i].address, address, 20) == 0) {
            return &c->state.account[i];
        }
    }
    if (c->state.account_count == WICK_STUB_CHAIN_ACCOUNTS) {
        return &c->state.account[0];
    }
    wick_stub_account *a = &c->state.account[c->state.account_count++];
    memset(a, 0, sizeof *a);
    memcpy(a->address, address, 20);
    return a;
}


/* ------------------------------------------------------------------ tries and header */

static wick_stub_trie trie_scratch; /* one world at a time asks; too large for a stack */

static void storage_trie(const wick_stub_chain_state *s, unsigned contract, wick_stub_trie *t)
{
    t->count = 0;
    for (unsigned i = 0; i < s->word_count; i++) {
        uint8_t mem[40];
        wick_buf b = wick_buf_make(mem, sizeof mem);
        wick_rlp_put_uint(&b, s->word[i].value, 32);
        if (s->word[i].contract == contract && !wick_ct_is_zero(s->word[i].value, 32)) {
            wick_stub_trie_put(t, s->word[i].slot, 32, wick_buf_span(&b));
        }
    }
}

static void put_account(wick_stub_trie *t, const uint8_t address[20], uint64_t nonce,
                        uint64_t gwei, const uint8_t root[32], const uint8_t code_hash[32])
{
    uint8_t mem[112], wei[16];
    wick_buf b = wick_buf_make(mem, sizeof mem);
    uint64_t low = (gwei & 0xFFFFFFFFu) * GWEI, high = (gwei >> 32) * GWEI + (low >> 32);
    memset(wei, 0, sizeof wei);
    wick_store_be64(wei + 4, high);
    wick_store_be32(wei + 12, (uint32_t)low);
    size_t at = wick_rlp_open(&b);
    wick_rlp_put_u64(&b, nonce);
    wick_rlp_put_uint(&b, wei, sizeof wei);
    wick_rlp_put(&b, root, 32);
    wick_rlp_put(&b, code_hash, 32);
    wick_rlp_shut(&b, at);
    wick_stub_trie_put(t, address, 20, wick_buf_span(&b));
}

static void state_trie(const wick_stub_chain *c, const wick_stub_chain_state *s, wick_stub_trie *t)
{
    uint8_t root[2][32], code[32];
    for (unsigned i = 0; i < 2; i++) {
        storage_trie(s, i, t);
        wick_stub_trie_root(t, root[i]);
    }
    wick_keccak256(code, (const uint8_t *)"wick", 4);
    t->count = 0;
    for (unsigned i = 0; i < s->account_count; i++) {
        put_account(t, s->account[i].address, s->account[i].nonce, s->account[i].balance,
                    wick_mpt_empty_root, wick_empty_code_hash);
    }
    if (!c->no_contract) {
        put_account(t, c->device_registry, 1, 0, root[0], code);
        put_account(t, c->relay_registry, 1, 0, root[1], code);
    }
}

static void make_header(wick_stub_chain *c)
{
    static const uint8_t zero[256];
    wick_stub_chain_state *s = &c->state;
    uint8_t root[32], number[8], time[8], fee[8];
    wick_header h;
    state_trie(c, s, &trie_scratch);
    wick_stub_trie_root(&trie_scratch, root);
    wick_store_be64(number, s->number);
    wick_store_be64(time, s->timestamp);
    wick_store_be64(fee, c->base_fee);
    memset(&h, 0, sizeof h);
    h.fields = WICK_HEADER_FIELDS_KNOWN;
    for (unsigned i = 0; i < WICK_HEADER_FIELDS_KNOWN; i++) {
        bool hash = i <= 1 || (i >= 3 && i <= 5) || i == 13 || i == 16 || i >= 19;
        h.field[i] = wick_span_make(zero, hash ? 32 : 0);
    }
    h.field[WICK_HEADER_MINER].len = 20;
    h.field[WICK_HEADER_LOGS_BLOOM].len = 256;
    h.field[WICK_HEADER_NONCE].len = 8;
    h.field[WICK_HEADER_PARENT_HASH] = wick_span_make(s->parent, 32);
    h.field[WICK_HEADER_STATE_ROOT] = wick_span_make(root, 32);
    h.field[WICK_HEADER_NUMBER] = wick_span_make(number, 8);
    h.field[WICK_HEADER_TIMESTAMP] = wick_span_make(time, 8);
    h.field[WICK_HEADER_BASE_FEE] = wick_span_make(fee, 8);
    if (c->sealing.crypto != NULL) {
        stub_seal(c, &h);
        return;
    }
    wick_buf b = wick_buf_make(s->header, sizeof s->header);
    if (wick_header_encode(&b, &h) == WICK_OK && b.len <= sizeof s->header) {
        s->header_len = b.len;
        wick_header_hash(s->hash, wick_span_make(s->header, s->header_len));
    }
}

static void remember(wick_stub_chain *c)
{
    c->past[c->state.number % WICK_STUB_CHAIN_HISTORY] = c->state;
}

/* What was changed by hand. The newest header always commits to the present state; it is made anew
 * where nobody has sealed it. */
static void commit(wick_stub_chain *c)
{
    if (c->executing) {
        return; /* the block under way will */
    }
    if (c->sealing.crypto != NULL) {
        wick_stub_chain_mine(c);
    } else {
        make_header(c);
        remember(c);
    }
}

void wick_stub_chain_put(wick_stub_chain *c, unsigned contract, const uint8_t slot[32],
                         const uint8_t value[32])
{
    put_word(c, contract, slot, value);
    commit(c);
}

void wick_stub_chain_fund(wick_stub_chain *c, const uint8_t address[20], uint64_t gwei)
{
    account_of(c, address)->balance += gwei;
    commit(c);
}

/* ------------------------------------------------------------------ blocks */

/* Executes one transaction of the pool; false keeps it (its nonce is not due). */
static bool execute(wick_stub_chain *c, wick_span raw)
{
    wick_tx tx;
    uint8_t from[20], revert[36];
    if (wick_tx_decode(&tx, raw) != WICK_OK || wick_tx_sender(from, &tx, c->crypto) != WICK_OK) {
        return true;
    }
    wick_stub_account *a = account_of(c, from);
    if (tx.nonce > a->nonce) {
        return false;
    }
    uint64_t cost = 90000 * (c->base_fee + tx.max_priority_fee) / GWEI; /* gas used, roughly */
    if (tx.nonce < a->nonce || a->balance < cost) {
        return true;
    }
    a->nonce++;
    a->balance -= cost;
    c->mined++;
    c->reverted += memcmp(tx.to, c->device_registry, 20) != 0 || c->no_contract ||
                           stub_contract_run(c, revert, from, tx.data, true) != 0
                       ? 1u
                       : 0u;
    return true;
}

static void next_block(wick_stub_chain *c)
{
    wick_stub_chain_state *s = &c->state;
    memcpy(s->parent, s->hash, 32);
    s->number++;
    uint64_t now_s = WICK_STUB_UNIX_BASE + c->w->now_ms / 1000;
    s->timestamp = now_s > s->timestamp ? now_s : s->timestamp + 1;
    c->executing = true;
    for (unsigned i = 0; i < WICK_STUB_CHAIN_POOL; i++) {
        if (c->pool[i].len != 0 && execute(c, wick_span_make(c->pool[i].raw, c->pool[i].len))) {
            c->pool[i].len = 0;
        }
    }
    c->executing = false;
    make_header(c);
    remember(c);
}

void wick_stub_chain_mine(wick_stub_chain *c)
{
    next_block(c);
}

void wick_stub_chain_rewind(wick_stub_chain *c, unsigned depth)
{
    const wick_stub_chain_state *to = &c->past[(c->state.number - depth) % WICK_STUB_CHAIN_HISTORY];
    if (depth < WICK_STUB_CHAIN_HISTORY && to->number == c->state.number - depth) {
        c->state = *to;
    }
}

static uint64_t run(void *ctx, wick_stub_world *w)
{
    wick_stub_chain *c = ctx;
    if (!c->halted) {
        next_block(c);
    }
    return w->now_ms + c->block_ms;
}

void wick_stub_chain_init(wick_stub_chain *c, wick_stub_world *w, const wick_hal_crypto *crypto,
                          uint64_t chain_id, const uint8_t manager[20])
{
    memset(c, 0, sizeof *c);
    c->w = w;
    c->crypto = crypto;
    c->chain_id = chain_id;
    c->block_ms = 1000;
    c->latency_ms = 5;
    c->base_fee = GWEI;
    c->state.number = 1000;
    memset(c->device_registry, 0xD0, 20);
    memset(c->relay_registry, 0xE0, 20);
    wick_keccak256(c->org, (const uint8_t *)"lab", 3);
    /* Neighbours, so that the tries have branches, extensions and leaves of all depths. */
    for (unsigned i = 0; i < 24; i++) {
        uint8_t key[32], value[32];
        for (unsigned k = 0; k < 4; k++) {
            wick_store_be64(key + 8 * k, wick_stub_random(w));
            wick_store_be64(value + 8 * k, wick_stub_random(w) >> (8 * (i % 8)));
        }
        put_word(c, i % 2, key, value);
        if (i < 16) {
            account_of(c, value)->balance += i + 1;
        }
    }
    uint8_t slot[32], word[32];
    memset(word, 0, 32); /* manager 160 | epoch 32 | org 8, from the least significant bit */
    memcpy(word + 12, manager, 20);
    wick_store_be32(word + 8, 1);
    wick_slot_manager(slot, c->org);
    wick_stub_chain_put(c, 0, slot, word);
    wick_slot_org(slot, 0, 0);
    wick_stub_chain_put(c, 0, slot, c->org);
    next_block(c);
    c->old = c->state;
    int actor = wick_stub_actor_add(w, run, c);
    w->actor[actor].deadline_ms = w->now_ms + c->block_ms;
}

void wick_stub_chain_remember(wick_stub_chain *c)
{
    c->old = c->state;
}

void wick_stub_chain_relay(wick_stub_chain *c, const wick_addr *server)
{
    uint8_t slot[32], word[32];
    wick_slot_relay_count(slot);
    wick_stub_chain_get(c, word, 1, slot);
    uint32_t index = wick_load_be32(word + 28);
    wick_store_be32(word + 28, index + 1);
    wick_stub_chain_put(c, 1, slot, word);
    wick_slot_relay(slot, index, 0);
    if (wick_relay_word(word, server, WICK_PROTOCOL_UDP) == WICK_OK) {
        wick_stub_chain_put(c, 1, slot, word);
    }
    wick_slot_relay(slot, index, 1);
    memset(word, 0, 32); /* operator 160 | status 8 */
    memset(word + 12, 0xAA, 20);
    word[11] = WICK_RELAY_APPROVED;
    wick_stub_chain_put(c, 1, slot, word);
}

/* ------------------------------------------------------------------ what a node answers */

static const wick_stub_chain_state *by_number(const wick_stub_chain *c, uint64_t number)
{
    const wick_stub_chain_state *s = &c->past[number % WICK_STUB_CHAIN_HISTORY];
    return number <= c->state.number && s->number == number && s->header_len != 0 ? s : NULL;
}

static const wick_stub_chain_state *by_hash(const wick_stub_chain *c, const uint8_t hash32[32])
{
    for (unsigned i = 0; i < WICK_STUB_CHAIN_HISTORY; i++) {
        const wick_stub_chain_state *s = &c->past[i];
        if (s->number <= c->state.number && s->header_len != 0 &&
            memcmp(s->hash, hash32, 32) == 0) {
            return s;
        }
    }
    return NULL;
}

const wick_stub_chain_state *wick_stub_chain_block(const wick_stub_chain *c,
                                                   const wick_light_request *q, uint32_t index)
{
    switch (q->at) {
    case WICK_LIGHT_AT_NUMBER:
        return by_number(c, q->number + index);
    case WICK_LIGHT_AT_HASH:
        return by_hash(c, q->hash);
    case WICK_LIGHT_AT_LATEST:
    case WICK_LIGHT_AT_SAFE:
    case WICK_LIGHT_AT_FINALIZED:
    default:
        return &c->state;
    }
}

static void tell(wick_stub_chain *c, const wick_stub_chain_state *s, wick_stub_proof *out,
                 const uint8_t account[20], const uint8_t (*slots)[32], size_t slot_count)
{
    static uint8_t node[WICK_STUB_PROOF_NODES][600];
    size_t len[WICK_STUB_PROOF_NODES];
    int contract = memcmp(account, c->device_registry, 20) == 0  ? 0
                   : memcmp(account, c->relay_registry, 20) == 0 ? 1
                                                                 : -1;
    memcpy(out->hash, s->hash, 32);
    memcpy(out->header, s->header, s->header_len);
    out->header_len = s->header_len;
    out->part_count = (unsigned)slot_count + 1;
    for (unsigned part = 0; part < out->part_count && part < WICK_STUB_PROOF_PARTS; part++) {
        unsigned n = 0;
        if (part == 0) {
            state_trie(c, s, &trie_scratch);
            n = wick_stub_trie_prove(&trie_scratch, node, len, account, 20);
        } else if (contract >= 0 && !c->no_contract) {
            storage_trie(s, (unsigned)contract, &trie_scratch);
            n = wick_stub_trie_prove(&trie_scratch, node, len, slots[part - 1], 32);
        }
        out->part[part].node_count = n;
        for (unsigned i = 0; i < n; i++) {
            out->part[part].node[i].len = len[i];
            memcpy(out->part[part].node[i].bytes, node[i], len[i]);
        }
    }
}

/* What the node that is asked now makes of it. */
static wick_stub_lie mood(wick_stub_chain *c)
{
    if (c->lie == WICK_STUB_HONEST || (c->second_node && c->w->now_ms < c->pause_ms)) {
        return WICK_STUB_HONEST;
    }
    c->lies_told++;
    if (c->second_node) {
        c->pause_ms = c->w->now_ms + 10000 + wick_stub_random(c->w) % 40000;
    }
    return c->lie;
}

bool wick_stub_chain_is_slow(wick_stub_chain *c)
{
    return c->lie == WICK_STUB_LIE_SLOW && mood(c) == WICK_STUB_LIE_SLOW;
}

static void tell_lie(wick_stub_lie kind, wick_stub_proof *out)
{
    unsigned last = out->part[0].node_count - 1;
    switch (kind) {
    case WICK_STUB_LIE_TRUNCATED:
        for (unsigned p = 1; p < out->part_count; p++) {
            out->part[p].node_count -= out->part[p].node_count != 0 ? 1u : 0u;
        }
        out->part[0].node_count -= out->part_count == 1 ? 1u : 0u;
        break;
    case WICK_STUB_LIE_EXTENDED:
        out->part[0].node[last + 1] = out->part[0].node[last];
        out->part[0].node_count++;
        break;
    case WICK_STUB_LIE_FLIPPED:
        out->part[0].node[last].bytes[out->part[0].node[last].len / 2] ^= 1;
        break;
    case WICK_STUB_LIE_SWAPPED:
        for (unsigned p = 0; p < out->part_count; p++) {
            unsigned n = out->part[p].node_count - 1;
            size_t len = out->part[p].node[n].len;
            out->part[p].node[n].bytes[len - 1] ^= 0x5A; /* the lowest byte of the value */
        }
        break;
    case WICK_STUB_LIE_REORDERED:
        if (last != 0) {
            wick_stub_proof tmp;
            tmp.part[0].node[0] = out->part[0].node[0];
            out->part[0].node[0] = out->part[0].node[last];
            out->part[0].node[last] = tmp.part[0].node[0];
        }
        break;
    case WICK_STUB_LIE_HEADER:
        out->header[100] ^= 1;
        break;
    case WICK_STUB_LIE_NO_PROOF:
        for (unsigned p = 0; p < out->part_count; p++) {
            out->part[p].node_count = 0;
        }
        break;
    case WICK_STUB_LIE_SILENT:
        out->delay_ms = UINT64_MAX;
        break;
    case WICK_STUB_LIE_SLOW:
        out->delay_ms = 30000;
        break;
    case WICK_STUB_LIE_RATE:
        out->status = WICK_E_HTTP_RATE;
        break;
    case WICK_STUB_LIE_JSON:
        out->status = WICK_E_JSON;
        break;
    case WICK_STUB_HONEST:
    case WICK_STUB_LIE_OLD:
    case WICK_STUB_LIE_MIXED:
    case WICK_STUB_LIE_SWALLOW:
    case WICK_STUB_LIE_UNANSWERED:
    case WICK_STUB_LIE_REFUSED:
    case WICK_STUB_LIE_OTHER_KEY:
    case WICK_STUB_LIE_ALTERED_TX:
    case WICK_STUB_LIE_COPIED_TX:
    case WICK_STUB_LIE_HELD_TX:
    case WICK_STUB_LIES:
    default:
        break;
    }
}

void wick_stub_chain_proof_at(wick_stub_chain *c, wick_stub_proof *out, const uint8_t *hash32,
                              const uint8_t account[20], const uint8_t (*slots)[32],
                              size_t slot_count)
{
    const wick_stub_chain_state *s = hash32 != NULL ? by_hash(c, hash32) : &c->state;
    wick_stub_lie kind = mood(c);
    s = kind == WICK_STUB_LIE_OLD ? &c->old : s;
    c->proofs++;
    out->status = s != NULL ? WICK_OK : WICK_E_RPC; /* "header not found" */
    out->delay_ms = 0;
    out->part_count = 0;
    if (s != NULL) {
        tell(c, s, out, account, slots, slot_count);
        tell_lie(kind, out);
    }
    if (s != NULL && kind == WICK_STUB_LIE_OTHER_KEY) {
        uint8_t other[WICK_STUB_PROOF_PARTS][32], who[20];
        memcpy(who, account, 20);
        who[19] ^= slot_count == 0 ? 1 : 0; /* the contract, where slots of it were asked for */
        for (size_t i = 0; i < slot_count && i < WICK_STUB_PROOF_PARTS; i++) {
            memcpy(other[i], slots[i], 32);
            other[i][31] ^= 1;
        }
        tell(c, s, out, who, (const uint8_t(*)[32])other, slot_count);
        if (slot_count != 0) {
            return;
        }
    }
    if (s != NULL && kind == WICK_STUB_LIE_MIXED) {
        static wick_stub_proof old; /* one world at a time asks */
        tell(c, &c->old, &old, account, slots, slot_count);
        for (unsigned part = 3; part < out->part_count; part++) {
            out->part[part] = old.part[part];
        }
    }
}

void wick_stub_chain_proof(wick_stub_chain *c, wick_stub_proof *out, const uint8_t account[20],
                           const uint8_t (*slots)[32], size_t slot_count)
{
    wick_stub_chain_proof_at(c, out, NULL, account, slots, slot_count);
}

size_t wick_stub_chain_call(wick_stub_chain *c, uint8_t revert[36], const uint8_t from[20],
                            wick_span call_data)
{
    return c->no_contract ? 0 : stub_contract_run(c, revert, from, call_data, false);
}

static bool pool_put(wick_stub_chain *c, wick_span raw)
{
    for (unsigned i = 0; i < WICK_STUB_CHAIN_POOL; i++) {
        if (c->pool[i].len == 0 && raw.len <= WICK_STUB_CHAIN_TX) {
            memcpy(c->pool[i].raw, raw.ptr, raw.len);
            c->pool[i].len = raw.len;
            return true;
        }
    }
    return false;
}

/* One bit of the content is another: whoever the signature names now, the contract is asked. */
static void run_altered(wick_stub_chain *c, wick_span raw)
{
    uint8_t copy[WICK_STUB_CHAIN_TX], from[20], revert[36];
    wick_tx tx;
    if (raw.len > sizeof copy) {
        return;
    }
    memcpy(copy, raw.ptr, raw.len);
    for (size_t at = raw.len / 4; at < raw.len; at++) { /* where it is still a transaction */
        copy[at] ^= 0x10;
        if (wick_tx_decode(&tx, wick_span_make(copy, raw.len)) == WICK_OK &&
            wick_tx_sender(from, &tx, c->crypto) == WICK_OK) {
            c->mined++;
            c->reverted += stub_contract_run(c, revert, from, tx.data, true) != 0 ? 1u : 0u;
            commit(c);
            return;
        }
        copy[at] ^= 0x10;
    }
}

void wick_stub_chain_run(wick_stub_chain *c, const uint8_t from[20], wick_span call_data)
{
    uint8_t revert[36];
    c->mined++;
    c->reverted += stub_contract_run(c, revert, from, call_data, true) != 0 ? 1u : 0u;
    commit(c);
}

/* The same content from the node's own account, before everybody else. */
static void run_copied(wick_stub_chain *c, const wick_tx *tx)
{
    uint8_t thief[20];
    memset(thief, 0x66, sizeof thief);
    wick_stub_chain_run(c, thief, tx->data);
}

wick_status wick_stub_chain_send(wick_stub_chain *c, wick_span raw)
{
    wick_tx tx;
    uint8_t from[20];
    if (wick_tx_decode(&tx, raw) != WICK_OK || tx.chain_id != c->chain_id ||
        wick_tx_sender(from, &tx, c->crypto) != WICK_OK) {
        return WICK_E_RPC;
    }
    wick_stub_account *a = account_of(c, from);
    if (tx.nonce < a->nonce || a->balance < tx.gas_limit * (tx.max_fee / GWEI)) {
        return WICK_E_RPC; /* "nonce too low", "insufficient funds" */
    }
    wick_stub_lie kind = mood(c);
    if (kind == WICK_STUB_LIE_ALTERED_TX) {
        run_altered(c, raw);
        return WICK_OK;
    }
    if (kind == WICK_STUB_LIE_COPIED_TX) {
        run_copied(c, &tx);
        return WICK_OK;
    }
    if (kind == WICK_STUB_LIE_HELD_TX && c->held_len == 0 && raw.len <= sizeof c->held) {
        memcpy(c->held, raw.ptr, raw.len);
        c->held_len = raw.len;
    }
    if (kind == WICK_STUB_LIE_HELD_TX || kind == WICK_STUB_LIE_SWALLOW) {
        return WICK_OK;
    }
    if (kind == WICK_STUB_LIE_REFUSED || !pool_put(c, raw)) {
        return WICK_E_RPC;
    }
    return kind == WICK_STUB_LIE_UNANSWERED ? WICK_E_TIMEOUT : WICK_OK;
}

bool wick_stub_chain_release(wick_stub_chain *c)
{
    size_t len = c->held_len;
    c->held_len = 0;
    return len != 0 && pool_put(c, wick_span_make(c->held, len));
}
