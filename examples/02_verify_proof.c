/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves what an account and one of its storage slots hold, with nothing but Keccak and the nodes
 * of an eth_getProof answer. The chain is a small one: one account, one slot. The same answer with one
 * bit changed, and cut short, proves nothing, and the library says which is which.
 */
#include <stdio.h>
#include <string.h>

#include "wick/header.h"
#include "wick/proof.h"

static const char state_root[] =
    "3f171b1512900249da508bd3a4bd97edf5e2c51bad84eb0bf189dabf342ec6f8";
/* accountProof: one leaf {nonce 1, balance 2, storage root, code hash} */
static const char account_node[] =
    "f86aa120e048077237471699c7c990b1025cce9d38aa8de4a9805f603e3dae884232b859b846f8440102a0"
    "a81d6253cfe982c46684c6f10f9e860e65959f04914b84358281b6cdef63a02da0"
    "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
/* storageProof[0].proof: one leaf, slot 0 holds 5 */
static const char slot_node[] =
    "e3a120290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e56305";
static const uint8_t address[20] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                    11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

static uint8_t account_bytes[108], slot_bytes[36];

/* A header that holds the state root. On a real chain it comes from a node, and an authenticator
 * says who vouches for it: here its hash is pinned. */
static wick_status make_header(wick_trusted_header *out)
{
    static const uint8_t zero[256], lengths[WICK_HEADER_FIELDS_MIN] = {32, 32, 20, 0, 32, 32, 0, 1,
                                                                       1,  1,  1,  1, 0,  32, 8};
    static uint8_t bytes[WICK_HEADER_MAX], root[32];
    wick_buf rlp = wick_buf_make(bytes, sizeof bytes);
    wick_header h = {.fields = WICK_HEADER_FIELDS_MIN};
    uint8_t hash[32];
    for (size_t i = 0; i < WICK_HEADER_FIELDS_MIN; i++) {
        h.field[i] = wick_span_make(zero, i == WICK_HEADER_LOGS_BLOOM ? 256 : lengths[i]);
    }
    wick_status s = wick_hex_decode(root, sizeof root, state_root, strlen(state_root));
    h.field[WICK_HEADER_STATE_ROOT] = wick_span_make(root, sizeof root);
    if (s == WICK_OK) {
        s = wick_header_encode(&rlp, &h);
    }
    wick_header_hash(hash, wick_buf_span(&rlp));
    return s == WICK_OK ? wick_trust_pinned(out, wick_buf_span(&rlp), hash, 1) : s;
}

/* Walks both proofs and prints the verdicts. */
static void verify(const wick_trusted_header *header, size_t account_nodes, size_t slot_nodes)
{
    static const uint8_t slot0[32];
    wick_proof p;
    wick_account account;
    uint8_t word[32];
    wick_status s = wick_proof_begin(&p, header);
    if (s == WICK_OK) {
        s = wick_proof_account(&p, address);
    }
    if (s == WICK_OK && account_nodes > 0) {
        s = wick_proof_node(&p, wick_span_make(account_bytes, sizeof account_bytes));
    }
    wick_mpt_result verdict = wick_proof_account_end(&p, &account);
    printf("  account %s", wick_mpt_str(verdict));
    if (verdict == WICK_MPT_FOUND) {
        printf(": nonce %u, balance %u", (unsigned)account.nonce, account.balance[31]);
    }
    printf("\n");
    if (s != WICK_OK || wick_proof_slot(&p, slot0) != WICK_OK) {
        return; /* without the account there is no storage root to hang a slot on */
    }
    if (slot_nodes > 0) {
        s = wick_proof_node(&p, wick_span_make(slot_bytes, sizeof slot_bytes));
    }
    verdict = wick_proof_slot_end(&p, word);
    printf("  slot 0  %s", wick_mpt_str(verdict));
    if (verdict == WICK_MPT_FOUND) {
        printf(": %u", word[31]);
    }
    printf("%s%s\n", s != WICK_OK ? ": " : "", s != WICK_OK ? wick_status_cause(s) : "");
}

int main(void)
{
    wick_trusted_header header;
    wick_status s = make_header(&header);
    if (s == WICK_OK) {
        s = wick_hex_decode(account_bytes, sizeof account_bytes, account_node,
                            strlen(account_node));
    }
    if (s == WICK_OK) {
        s = wick_hex_decode(slot_bytes, sizeof slot_bytes, slot_node, strlen(slot_node));
    }
    if (s != WICK_OK) {
        printf("%s: %s\n", wick_status_str(s), wick_status_cause(s));
        return 1;
    }
    printf("the answer as it is (tier %s)\n", wick_tier_str(header.tier));
    verify(&header, 1, 1);
    printf("the slot's proof left out\n");
    verify(&header, 1, 0);
    printf("the slot's value changed to 4\n");
    slot_bytes[35] = 4;
    verify(&header, 1, 1);
    printf("the account's proof left out\n");
    verify(&header, 0, 0);
    return 0;
}
