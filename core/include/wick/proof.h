/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PROOF_H
#define WICK_PROOF_H
/*
 * Proofs of `eth_getProof` (EIP-1186): an account and any number of its storage slots, in one pass
 * under a trusted header. Absence is proven like presence. Nodes may be forgotten after each call.
 *
 *     wick_proof p;
 *     wick_account a;
 *     uint8_t word[32];
 *     s = wick_proof_begin(&p, &trusted_header);
 *     s = wick_proof_account(&p, address20);
 *     for each node of accountProof: s = wick_proof_node(&p, node);
 *     r = wick_proof_account_end(&p, &a);            FOUND or ABSENT, else nothing is proven
 *     for each slot:
 *         s = wick_proof_slot(&p, slot32);
 *         for each node of its proof: s = wick_proof_node(&p, node);
 *         r = wick_proof_slot_end(&p, word);         FOUND: word; ABSENT: proven zero
 *
 * The storage of an absent account, and of one without storage, is the empty trie: its slots are
 * ABSENT with no node at all. What the answer claims beside its proof is compared with
 * wick_proof_account_claim() and wick_proof_slot_claim().
 *
 * Sizes: 256 bytes on a Cortex-M4. Stack 1.3 KB over all (x86-64). No heap.
 */
#include "wick/mpt.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An account. All zero but the two hashes of emptiness if it is absent. */
typedef struct wick_account {
    uint64_t nonce;
    uint8_t balance[32]; /* wei, big-endian */
    uint8_t storage_root[32];
    uint8_t code_hash[32];
} wick_account;

/** keccak256 of no bytes: code hash of an account without code. */
extern const uint8_t wick_empty_code_hash[32];

/** Running verification. The fields are private. */
typedef struct wick_proof {
    wick_mpt walk;
    uint8_t state_root[32];
    wick_account account;
    uint8_t word[32];
    uint8_t phase;
    uint8_t account_result; /* wick_mpt_result of the account, once ended */
} wick_proof;

/** Starts under a trusted header.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG no authenticator made `header` */
WICK_NODISCARD wick_status wick_proof_begin(wick_proof *p, const wick_trusted_header *header);

/** Names the account whose proof nodes follow. Any account walked before is forgotten.
 *  @retval WICK_OK  @retval WICK_E_STATE wick_proof_begin() has not succeeded */
WICK_NODISCARD wick_status wick_proof_account(wick_proof *p, const uint8_t address20[20]);

/** Consumes the next node of the account or slot at hand. An error sticks until the next
 *  wick_proof_account() or wick_proof_slot().
 *  @retval WICK_OK                 linked
 *  @retval WICK_E_PROOF_BAD_HASH   not the node wanted here, or one too many
 *  @retval WICK_E_PROOF_BAD_RLP    not a canonical trie node, account or word
 *  @retval WICK_E_STATE            no account or slot was named */
WICK_NODISCARD wick_status wick_proof_node(wick_proof *p, wick_span node);

/** Verdict on the account.
 *  @param[out] out the account if FOUND; an empty one (nonce and balance 0, the hashes of empty
 *                  storage and code) if ABSENT; else zeroed. May be NULL.
 *  @return the five results of wick/mpt.h */
WICK_NODISCARD wick_mpt_result wick_proof_account_end(wick_proof *p, wick_account *out);

/** Names the slot whose proof nodes follow.
 *  @param[in] slot32 position in the contract's storage, not hashed
 *  @retval WICK_OK
 *  @retval WICK_E_STATE the account's verdict was not taken, or was neither FOUND nor ABSENT */
WICK_NODISCARD wick_status wick_proof_slot(wick_proof *p, const uint8_t slot32[32]);

/** Verdict on the slot.
 *  @param[out] word32 its value if FOUND; zeros else. May be NULL.
 *  @return the five results of wick/mpt.h; ABSENT is a proven zero */
WICK_NODISCARD wick_mpt_result wick_proof_slot_end(wick_proof *p, uint8_t word32[32]);

/** Compares the proven account with what the answer claims. For an absent account, a claimed code
 *  hash and storage root may be those of emptiness or zero: nodes differ.
 *  @retval WICK_OK              the claim is what is proven
 *  @retval WICK_E_PROOF_CLAIM   it is not
 *  @retval WICK_E_PROOF_INCOMPLETE, ... nothing is proven (as wick_mpt_status()) */
WICK_NODISCARD wick_status wick_proof_account_claim(const wick_proof *p,
                                                    const wick_account *claim);

/** Compares the slot at hand with the value claimed for it. Results as above. */
WICK_NODISCARD wick_status wick_proof_slot_claim(const wick_proof *p, const uint8_t claim32[32]);

#ifdef __cplusplus
}
#endif
#endif
