/* SPDX-License-Identifier: Apache-2.0 */
/* A node and the contracts on it, for the tests of the registry. */
#include "lab_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "wick/port/linux.h"
#include "wick/port/rpc.h"

wick_hal_crypto lab_crypto;
wick_registry_domain lab_domain;
uint8_t lab_relays[20], lab_releases[20], lab_account[LAB_PEOPLE][20], lab_org[32], lab_service[32];
uint8_t lab_root[32];
uint64_t lab_now_s, lab_block;

static wick_linux_net linux_net;
static wick_hal_net net;
static wick_hal_clock hal_clock;
static wick_rpc rpc;
static wick_crypto_ctx crypto_ctx;
static wick_ram_keystore ram;
static wick_hal_keystore keystore;
static wick_key key[LAB_KEYS];
static char params[16384];

static uint64_t now_ms(void)
{
    return hal_clock.now_ms(hal_clock.ctx);
}

static bool answered(wick_status started)
{
    return started == WICK_OK && wick_rpc_wait(&rpc, &linux_net) == WICK_OK;
}

static bool unhex20(uint8_t out[20], const char *name)
{
    const char *text = getenv(name);
    return text != NULL && wick_hex_decode(out, 20, text, strlen(text)) == WICK_OK;
}

/* ---- keys ---- */

void lab_sign(uint8_t r32[32], uint8_t vs32[32], unsigned who, const uint8_t digest32[32])
{
    uint8_t sig[64], recid;
    CHECK_STATUS(keystore.secp256k1_sign(keystore.ctx, sig, &recid, key[who], digest32), WICK_OK);
    CHECK_STATUS(wick_signature_compact(r32, vs32, sig, recid), WICK_OK);
}

/* Keys that everybody knows: of the node's first accounts, and three more. */
static bool import_keys(void)
{
    static const char *const secrets[LAB_KEYS] = {
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
        "00000000000000000000000000000000000000000000000000000000a77e5701",
        "00000000000000000000000000000000000000000000000000000000a77e5702",
        "00000000000000000000000000000000000000000000000000000000a77e5703"};
    wick_voucher v;
    uint8_t secret[32], digest[32], r[32], vs[32];
    memset(&v, 0, sizeof v);
    for (unsigned i = 0; i < LAB_KEYS; i++) {
        if (wick_hex_decode(secret, 32, secrets[i], 64) != WICK_OK ||
            wick_ram_keystore_import(&key[i], &ram, secret) != WICK_OK) {
            return false;
        }
    }
    for (unsigned i = LAB_ACCOUNTS; i < LAB_KEYS; i++) { /* whose address nobody tells */
        wick_voucher_digest(digest, &lab_domain, &v);
        lab_sign(r, vs, i, digest);
        if (wick_registry_signer(lab_account[i], &lab_crypto, digest, r, vs) != WICK_OK) {
            return false;
        }
    }
    return true;
}

bool lab_node_init(void)
{
    static bool ready;
    const char *url = getenv("WICK_LAB_RPC");
    if (ready || url == NULL) {
        return ready;
    }
    wick_linux_clock_init(&hal_clock);
    lab_domain.chain_id = 31337;
    ready = unhex20(lab_domain.contract, "WICK_LAB_DEVICES") &&
            unhex20(lab_relays, "WICK_LAB_RELAYS") && unhex20(lab_releases, "WICK_LAB_RELEASES") &&
            wick_linux_net_init(&net, &linux_net) == WICK_OK &&
            wick_rpc_init(&rpc, &net, url, 10000) == WICK_OK &&
            wick_crypto_init(&lab_crypto, &crypto_ctx) == WICK_OK &&
            wick_name_hash(lab_org, wick_span_text("capillary")) == WICK_OK &&
            wick_name_hash(lab_service, wick_span_text(WICK_SERVICE_DEFAULT)) == WICK_OK &&
            answered(wick_rpc_start(&rpc, now_ms(), "eth_accounts", "[]"));
    const wick_json *one = ready ? wick_json_first(wick_rpc_result(&rpc)) : NULL;
    for (size_t i = 0; ready && i < LAB_PEOPLE; i++) {
        if (i < LAB_ACCOUNTS || i >= LAB_KEYS) {
            ready = one != NULL && wick_json_hex(lab_account[i], 20, one) == WICK_OK;
            one = wick_json_next(one);
        }
    }
    if (ready) {
        wick_ram_keystore_init(&keystore, &ram, &crypto_ctx);
        ready = import_keys();
    }
    CHECK(ready);
    return ready;
}

/* ---- blocks ---- */

bool lab_next_block_at(uint64_t unix_s)
{
    (void)snprintf(params, sizeof params, "[%llu]", (unsigned long long)unix_s);
    return answered(wick_rpc_start(&rpc, now_ms(), "evm_setNextBlockTimestamp", params));
}

bool lab_mine(void)
{
    return answered(wick_rpc_start(&rpc, now_ms(), "evm_mine", "[]"));
}

static wick_status newest(wick_eth_block *block, wick_buf *header)
{
    if (!answered(wick_rpc_block_by_tag(&rpc, now_ms(), "latest")) ||
        wick_rpc_result_block(block, header, &rpc) != WICK_OK) {
        return WICK_E_RPC;
    }
    lab_now_s = block->timestamp;
    return WICK_OK;
}

bool lab_newest(void)
{
    static uint8_t header_rlp[WICK_HEADER_MAX];
    wick_buf header = wick_buf_make(header_rlp, sizeof header_rlp);
    wick_eth_block block;
    return newest(&block, &header) == WICK_OK;
}

/* ---- calls ---- */

static void put_call(unsigned from, const uint8_t to[20], const wick_buf *call, uint64_t wei,
                     const char *then)
{
    static char data_hex[2 * 6144 + 1];
    char from_hex[41], to_hex[41];
    wick_hex_encode(from_hex, lab_account[from], 20);
    wick_hex_encode(to_hex, to, 20);
    wick_hex_encode(data_hex, call->ptr, call->len);
    (void)snprintf(params, sizeof params,
                   "[{\"from\":\"0x%s\",\"to\":\"0x%s\",\"data\":\"0x%s\",\"gas\":\"0x200000\","
                   "\"value\":\"0x%llx\"}%s]",
                   from_hex, to_hex, data_hex, (unsigned long long)wei, then);
}

bool lab_send(unsigned from, const uint8_t to[20], const wick_buf *call, uint64_t wei)
{
    uint8_t hash[32];
    wick_eth_receipt receipt;
    put_call(from, to, call, wei, "");
    if (!answered(wick_rpc_start(&rpc, now_ms(), "eth_sendTransaction", params)) ||
        wick_rpc_result_hash(hash, &rpc) != WICK_OK) {
        return false;
    }
    /* The answer comes before the block that the node makes for it. */
    wick_status s = WICK_E_NOT_FOUND;
    for (uint64_t until = now_ms() + 60000; s == WICK_E_NOT_FOUND && now_ms() < until;) {
        s = answered(wick_rpc_receipt(&rpc, now_ms(), hash))
                ? wick_rpc_result_receipt(&receipt, &rpc)
                : WICK_E_RPC;
    }
    CHECK_STATUS(s, WICK_OK);
    lab_block = s == WICK_OK ? receipt.block_number : 0;
    return s == WICK_OK && receipt.ok;
}

void lab_logs(wick_buf *out)
{
    static uint8_t bytes[4096];
    const wick_json *logs = wick_json_member(wick_rpc_result(&rpc), "logs");
    for (const wick_json *log = wick_json_first(logs); log != NULL; log = wick_json_next(log)) {
        const wick_json *topics = wick_json_member(log, "topics");
        wick_buf data = wick_buf_make(bytes, sizeof bytes);
        uint8_t word[32];
        CHECK_STATUS(wick_json_hex(word, 20, wick_json_member(log, "address")), WICK_OK);
        wick_buf_put(out, word, 20);
        wick_buf_put_u8(out, (uint8_t)wick_json_count(topics));
        for (const wick_json *t = wick_json_first(topics); t != NULL; t = wick_json_next(t)) {
            CHECK_STATUS(wick_json_hex(word, 32, t), WICK_OK);
            wick_buf_put(out, word, 32);
        }
        CHECK_STATUS(wick_json_data(&data, wick_json_member(log, "data")), WICK_OK);
        wick_buf_put_be16(out, (uint16_t)data.len);
        wick_buf_put(out, data.ptr, data.len);
    }
}

wick_status lab_dry_run(wick_buf *data, unsigned from, const uint8_t to[20], const wick_buf *call,
                        uint64_t wei)
{
    put_call(from, to, call, wei, ",\"latest\"");
    if (answered(wick_rpc_start(&rpc, now_ms(), "eth_call", params))) {
        return WICK_OK;
    }
    return wick_rpc_error_data(data, &rpc);
}

bool lab_view(uint8_t word[32], unsigned from, const uint8_t to[20], const wick_buf *call)
{
    wick_buf data = wick_buf_make(word, 32);
    put_call(from, to, call, 0, ",\"latest\"");
    return answered(wick_rpc_start(&rpc, now_ms(), "eth_call", params)) &&
           wick_rpc_result_data(&data, &rpc) == WICK_OK && data.len == 32;
}

/* ---- words ---- */

/* Walks the nodes of one part of the answer. */
static void walk(wick_verified *v, const wick_json *nodes, int part)
{
    static uint8_t bytes[4096];
    for (const wick_json *n = wick_json_first(nodes); n != NULL; n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(bytes, sizeof bytes);
        CHECK_STATUS(wick_json_data(&node, n), WICK_OK);
        (void)!wick_verified_node(v, wick_buf_span(&node), part);
    }
}

/* The account alone, for the root of its words. */
static void prove_root(const wick_trusted_header *trusted, const uint8_t contract[20],
                       const wick_json *nodes)
{
    static uint8_t bytes[4096];
    static wick_proof proof;
    wick_account account;
    CHECK_STATUS(wick_proof_begin(&proof, trusted), WICK_OK);
    CHECK_STATUS(wick_proof_account(&proof, contract), WICK_OK);
    for (const wick_json *n = wick_json_first(nodes); n != NULL; n = wick_json_next(n)) {
        wick_buf node = wick_buf_make(bytes, sizeof bytes);
        CHECK_STATUS(wick_json_data(&node, n), WICK_OK);
        CHECK_STATUS(wick_proof_node(&proof, wick_buf_span(&node)), WICK_OK);
    }
    CHECK(wick_proof_account_end(&proof, &account) == WICK_MPT_FOUND);
    memcpy(lab_root, account.storage_root, 32);
}

wick_status lab_read_words(uint8_t (*values)[32], const uint8_t contract[20],
                           const uint8_t (*slots)[32], size_t count)
{
    static uint8_t header_rlp[WICK_HEADER_MAX];
    static wick_verified v;
    wick_buf header = wick_buf_make(header_rlp, sizeof header_rlp);
    wick_eth_block block;
    wick_trusted_header trusted;
    wick_eth_proof proof;
    wick_eth_slot slot;
    wick_status s = newest(&block, &header);
    if (s == WICK_OK) {
        s = wick_trust_own_node(&trusted, wick_buf_span(&header), block.hash, lab_domain.chain_id);
    }
    if (s == WICK_OK) {
        s = wick_verified_begin(&v, &trusted, contract, slots, values, count);
    }
    if (s != WICK_OK) {
        return s;
    }
    if (!answered(wick_rpc_proof(&rpc, now_ms(), contract, slots, count, block.number)) ||
        wick_rpc_result_proof(&proof, &rpc) != WICK_OK) {
        return WICK_E_RPC;
    }
    prove_root(&trusted, contract, proof.account_nodes);
    walk(&v, proof.account_nodes, WICK_VERIFIED_ACCOUNT);
    int part = 0;
    for (const wick_json *e = wick_json_first(proof.slots); e != NULL; e = wick_json_next(e)) {
        CHECK_STATUS(wick_eth_json_slot(&slot, e), WICK_OK);
        walk(&v, slot.nodes, part++);
    }
    return wick_verified_end(&v);
}

wick_status lab_claimed_words(uint8_t (*values)[32], const uint8_t contract[20],
                              const uint8_t (*slots)[32], size_t count)
{
    char hex[65];
    wick_hex_encode(hex, contract, 20);
    size_t n = (size_t)snprintf(params, sizeof params, "[\"0x%s\",[", hex);
    for (size_t i = 0; i < count && n < sizeof params; i++) {
        wick_hex_encode(hex, slots[i], 32);
        n += (size_t)snprintf(params + n, sizeof params - n, "%s\"0x%s\"", i == 0 ? "" : ",", hex);
    }
    (void)snprintf(params + n, sizeof params - n, "],\"latest\"]");
    if (!answered(wick_rpc_start(&rpc, now_ms(), "eth_getProof", params))) {
        return WICK_E_RPC;
    }
    const wick_json *e = wick_json_first(wick_json_member(wick_rpc_result(&rpc), "storageProof"));
    for (size_t i = 0; i < count; i++, e = wick_json_next(e)) {
        wick_status s = e == NULL ? WICK_E_JSON
                                  : wick_json_uint(values[i], 32, wick_json_member(e, "value"));
        if (s != WICK_OK) {
            return s;
        }
    }
    return WICK_OK;
}
