/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification of one recorded eth_getProof answer of 9 account and 7 storage nodes, chosen by
 * content below WICK_VECTORS_DIR: keccak, RLP and trie walk, and the header it is proven under.
 */
#include "bench.h"

#include <string.h>

#include "vectors/data.h"
#include "wick/header.h"
#include "wick/proof.h"

#define ACCOUNT_NODES 9
#define SLOT_NODES 7

static wick_span nodes[ACCOUNT_NODES + SLOT_NODES], header_rlp;
static uint8_t address[20], slot[32], want[32], word[32], block_hash[32];
static wick_trusted_header trusted;
static wick_account account;
static wick_mpt_result account_result, slot_result;
static wick_status status;
static wick_header header;

static bool take_nodes(wick_span *out, const cJSON *list, int count)
{
    for (int i = 0; i < count; i++) {
        if (!data_hex(&out[i], cJSON_GetArrayItem(list, i))) {
            return false;
        }
    }
    return true;
}

/* A file fits if it is an answer of 9 nodes with a slot of 7, beside its header. */
static bool take(const cJSON *root)
{
    const cJSON *answer = data_get(root, "get_proof");
    const cJSON *account_proof = data_get(answer, "accountProof");
    const cJSON *storage = data_get(answer, "storageProof");
    if (cJSON_GetArraySize(account_proof) != ACCOUNT_NODES || cJSON_GetArraySize(storage) != 1) {
        return false;
    }
    const cJSON *entry = cJSON_GetArrayItem(storage, 0);
    const cJSON *slot_proof = data_get(entry, "proof");
    return cJSON_GetArraySize(slot_proof) == SLOT_NODES &&
           take_nodes(nodes, account_proof, ACCOUNT_NODES) &&
           take_nodes(nodes + ACCOUNT_NODES, slot_proof, SLOT_NODES) &&
           data_fixed(address, sizeof address, data_get(answer, "address")) &&
           data_word(slot, data_get(entry, "key")) && data_word(want, data_get(entry, "value")) &&
           data_hex(&header_rlp, data_get(root, "header_rlp")) &&
           data_fixed(block_hash, sizeof block_hash, data_get(root, "block_hash"));
}

static const char *find(void)
{
    size_t count = 0;
    const data_file *files = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        if (take(files[i].root)) {
            status = wick_trust_pinned(&trusted, header_rlp, block_hash, 1);
            return status == WICK_OK ? BENCH_READY : "the header of the case does not hash";
        }
    }
    BENCH_SKIP("no eth_getProof answer of 9 + 7 nodes below WICK_VECTORS_DIR");
}

#define setup_proof_9_7 find
BENCH(proof_9_7)
{
    wick_proof p;
    account_result = slot_result = WICK_MPT_INCOMPLETE;
    status = wick_proof_begin(&p, &trusted);
    if (status == WICK_OK) {
        status = wick_proof_account(&p, address);
    }
    for (size_t i = 0; i < ACCOUNT_NODES && status == WICK_OK; i++) {
        status = wick_proof_node(&p, nodes[i]);
    }
    account_result = wick_proof_account_end(&p, &account);
    if (status == WICK_OK) {
        status = wick_proof_slot(&p, slot);
    }
    for (size_t i = 0; i < SLOT_NODES && status == WICK_OK; i++) {
        status = wick_proof_node(&p, nodes[ACCOUNT_NODES + i]);
    }
    slot_result = wick_proof_slot_end(&p, word);
}

BENCH_CHECK(proof_9_7)
{
    return status == WICK_OK && account_result == WICK_MPT_FOUND &&
           slot_result == WICK_MPT_FOUND && memcmp(word, want, sizeof word) == 0;
}

#define setup_header_decode find
BENCH(header_decode)
{
    status = wick_header_decode(&header, header_rlp);
}

BENCH_CHECK(header_decode)
{
    return status == WICK_OK;
}

BENCH_MAIN(BENCH_CASE(proof_9_7), BENCH_CASE(header_decode))
