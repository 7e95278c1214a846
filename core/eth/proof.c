/* SPDX-License-Identifier: Apache-2.0 */
/* Account and storage proofs (EIP-1186) under a trusted header. */
#include "wick/proof.h"

#include <string.h>

#include "wick/keccak.h"
#include "wick/rlp.h"

enum phase { PHASE_NONE = 0, PHASE_BEGUN, PHASE_ACCOUNT, PHASE_ACCOUNT_DONE, PHASE_SLOT };

const uint8_t wick_empty_code_hash[32] = {
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70};

static bool is_verdict(wick_mpt_result r)
{
    return r == WICK_MPT_FOUND || r == WICK_MPT_ABSENT;
}

static void set_empty(wick_account *a)
{
    memset(a, 0, sizeof *a);
    memcpy(a->storage_root, wick_mpt_empty_root, 32);
    memcpy(a->code_hash, wick_empty_code_hash, 32);
}

/* Leaf of the state trie: [nonce, balance, storage root, code hash]. */
static bool decode_account(wick_account *a, wick_span value)
{
    wick_rlp r = wick_rlp_make(value);
    wick_rlp l = wick_rlp_list(&r);
    a->nonce = wick_rlp_u64(&l);
    wick_rlp_uint(&l, a->balance, sizeof a->balance);
    wick_rlp_fixed(&l, a->storage_root, sizeof a->storage_root);
    wick_rlp_fixed(&l, a->code_hash, sizeof a->code_hash);
    wick_rlp_close(&r, &l);
    return wick_rlp_end(&r) == WICK_OK;
}

/* Leaf of a storage trie: RLP of the word as an integer. A zero word is never stored. */
static bool decode_word(uint8_t word[32], wick_span value)
{
    wick_rlp r = wick_rlp_make(value);
    wick_rlp_uint(&r, word, 32);
    return wick_rlp_end(&r) == WICK_OK && !wick_ct_is_zero(word, 32);
}

static void start_walk(wick_proof *p, const uint8_t root32[32], const uint8_t *preimage, size_t len)
{
    uint8_t key[32];
    wick_keccak256(key, preimage, len);
    wick_mpt_begin(&p->walk, root32, key);
}

wick_status wick_proof_begin(wick_proof *p, const wick_trusted_header *header)
{
    memset(p, 0, sizeof *p);
    if (!wick_trust_is_made(header)) {
        return WICK_E_BAD_ARG;
    }
    memcpy(p->state_root, header->state_root, sizeof p->state_root);
    p->phase = PHASE_BEGUN;
    return WICK_OK;
}

wick_status wick_proof_account(wick_proof *p, const uint8_t address20[20])
{
    if (p->phase == PHASE_NONE) {
        return WICK_E_STATE;
    }
    memset(&p->account, 0, sizeof p->account);
    memset(p->word, 0, sizeof p->word);
    p->account_result = WICK_MPT_INCOMPLETE;
    p->phase = PHASE_ACCOUNT;
    start_walk(p, p->state_root, address20, 20);
    return WICK_OK;
}

wick_status wick_proof_slot(wick_proof *p, const uint8_t slot32[32])
{
    if (!is_verdict((wick_mpt_result)p->account_result)) {
        return WICK_E_STATE;
    }
    memset(p->word, 0, sizeof p->word);
    p->phase = PHASE_SLOT;
    start_walk(p, p->account.storage_root, slot32, 32);
    return WICK_OK;
}

wick_status wick_proof_node(wick_proof *p, wick_span node)
{
    wick_span value;
    if (p->phase != PHASE_ACCOUNT && p->phase != PHASE_SLOT) {
        return WICK_E_STATE;
    }
    (void)wick_mpt_node(&p->walk, node);
    wick_mpt_result result = wick_mpt_end(&p->walk, &value);
    if (result == WICK_MPT_FOUND) {
        bool good = p->phase == PHASE_ACCOUNT ? decode_account(&p->account, value)
                                              : decode_word(p->word, value);
        if (!good) {
            p->walk.result = WICK_MPT_BAD_RLP;
            result = WICK_MPT_BAD_RLP;
        }
        /* The view ends with the node, which the caller may now forget. */
        p->walk.value = wick_span_make(NULL, 0);
    }
    return result == WICK_MPT_INCOMPLETE ? WICK_OK : wick_mpt_status(result);
}

wick_mpt_result wick_proof_account_end(wick_proof *p, wick_account *out)
{
    if (p->phase == PHASE_ACCOUNT) {
        p->account_result = p->walk.result;
        p->phase = PHASE_ACCOUNT_DONE;
        if (p->account_result == WICK_MPT_ABSENT) {
            set_empty(&p->account);
        } else if (p->account_result != WICK_MPT_FOUND) {
            memset(&p->account, 0, sizeof p->account);
        }
    }
    if (out != NULL) {
        *out = p->account;
    }
    return (wick_mpt_result)p->account_result;
}

wick_mpt_result wick_proof_slot_end(wick_proof *p, uint8_t word32[32])
{
    wick_mpt_result result =
        p->phase == PHASE_SLOT ? wick_mpt_end(&p->walk, NULL) : WICK_MPT_INCOMPLETE;
    if (result != WICK_MPT_FOUND) {
        memset(p->word, 0, sizeof p->word);
    }
    if (word32 != NULL) {
        memcpy(word32, p->word, 32);
    }
    return result;
}

/* ---- claims ---- */

static bool is_empty_or_zero(const uint8_t claim[32], const uint8_t empty[32])
{
    return memcmp(claim, empty, 32) == 0 || wick_ct_is_zero(claim, 32);
}

wick_status wick_proof_account_claim(const wick_proof *p, const wick_account *claim)
{
    const wick_account *a = &p->account;
    wick_mpt_result result = (wick_mpt_result)p->account_result;
    if (!is_verdict(result)) {
        return wick_mpt_status(result);
    }
    bool same = claim->nonce == a->nonce && memcmp(claim->balance, a->balance, 32) == 0;
    if (result == WICK_MPT_ABSENT) {
        same = same && is_empty_or_zero(claim->storage_root, wick_mpt_empty_root) &&
               is_empty_or_zero(claim->code_hash, wick_empty_code_hash);
    } else {
        same = same && memcmp(claim->storage_root, a->storage_root, 32) == 0 &&
               memcmp(claim->code_hash, a->code_hash, 32) == 0;
    }
    return same ? WICK_OK : WICK_E_PROOF_CLAIM;
}

wick_status wick_proof_slot_claim(const wick_proof *p, const uint8_t claim32[32])
{
    wick_mpt_result result =
        p->phase == PHASE_SLOT ? wick_mpt_end(&p->walk, NULL) : WICK_MPT_INCOMPLETE;
    if (!is_verdict(result)) {
        return wick_mpt_status(result);
    }
    return memcmp(claim32, p->word, 32) == 0 ? WICK_OK : WICK_E_PROOF_CLAIM;
}
