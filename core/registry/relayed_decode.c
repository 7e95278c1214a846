/* SPDX-License-Identifier: Apache-2.0 */
/* Calldata of a `...For` call back into its fields: what a sponsor is asked to
 * pay for, before he does. */
#include "wick/relayed.h"

#include <string.h>

#include "wick/abi.h"

#if WICK_WITH_RELAYED

#define SELECTOR 4u
#define WORD 32u
#define BITS 4u /* of the members who have signed */
#define ADDRESS 20u

/* Where the arguments of a kind stand; NONE: it has none of these. */
#define NONE 0xffu
static const struct form {
    const char *signature;
    uint8_t kind, words;
    uint8_t id, service, terms, epoch, deadline, info, word, owner, r, vs;
} forms[] = {
    {"publishFor(bytes32,bytes32,uint256,uint256,bytes32,bytes32)", WICK_RELAYED_PUBLISH, 6, 0, 1,
     2, NONE, NONE, NONE, 3, NONE, 4, 5},
    {"publishAttestedFor(uint256,uint256,bytes32,bytes32,bytes32,bytes32)",
     WICK_RELAYED_PUBLISH_ATTESTED, 6, 2, 3, 0, NONE, NONE, NONE, 1, NONE, 4, 5},
    {"rotateFor(bytes32,uint256,uint64,bytes32,bytes32,bytes32)", WICK_RELAYED_ROTATE, 6, 0, NONE,
     NONE, NONE, 2, 1, 3, NONE, 4, 5},
    {"revokeFor(bytes32,bytes32,bytes32,uint32,uint64)", WICK_RELAYED_REVOKE, 5, 0, NONE, NONE, 3,
     4, NONE, NONE, NONE, 1, 2},
    {"transferOwnerFor(bytes32,uint256,address,bytes32,bytes32)", WICK_RELAYED_TRANSFER_OWNER, 5, 0,
     NONE, 1, NONE, NONE, NONE, NONE, 2, 3, 4},
    {"claimOwnerFor(bytes32,uint64,uint32,bytes32,bytes32)", WICK_RELAYED_CLAIM_OWNER, 5, 0, NONE,
     NONE, 2, 1, NONE, NONE, NONE, 3, 4},
    {"setTlsKeyFor(bytes32,bytes32,uint256,bytes32,bytes32,bytes32)", WICK_RELAYED_TLS_KEY, 6, 0, 1,
     2, NONE, NONE, NONE, 3, NONE, 4, 5},
    {"setLeafRootFor(bytes32,uint256,bytes32,bytes32,bytes32)", WICK_RELAYED_LEAF_ROOT, 5, 0, NONE,
     1, NONE, NONE, NONE, 2, NONE, 3, 4},
};

static const uint8_t *at(wick_span calldata, uint8_t index)
{
    return calldata.ptr + SELECTOR + WORD * index;
}

static const struct form *form_of(wick_span calldata)
{
    uint8_t selector[SELECTOR];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && calldata.len >= SELECTOR; i++) {
        wick_abi_selector(selector, forms[i].signature);
        if (memcmp(selector, calldata.ptr, SELECTOR) == 0) {
            return &forms[i];
        }
    }
    return NULL;
}

/* A number of `bytes` at the low end of its word. */
static wick_status number(uint64_t *out, const uint8_t word32[WORD], size_t bytes)
{
    *out = wick_load_be64(word32 + 24);
    return wick_ct_is_zero(word32, WORD - bytes) ? WICK_OK : WICK_E_NON_CANONICAL;
}

static wick_status take_terms(wick_relayed *call, const uint8_t w[WORD])
{
    const bool indexed =
        call->kind == WICK_RELAYED_PUBLISH || call->kind == WICK_RELAYED_PUBLISH_ATTESTED;
    call->index = w[19];
    call->epoch = wick_load_be32(w + 20);
    call->deadline = wick_load_be64(w + 24);
    return wick_ct_is_zero(w, 19) && (indexed || w[19] == 0) ? WICK_OK : WICK_E_NON_CANONICAL;
}

/* keyType, flags and epoch where a device word has them. */
static wick_status take_info(wick_relayed *call, const uint8_t w[WORD])
{
    call->epoch = wick_load_be32(w + 1);
    call->flags = w[10];
    call->key_type = w[11];
    return w[0] == 0 && wick_ct_is_zero(w + 5, 5) && wick_ct_is_zero(w + 12, 20)
               ? WICK_OK
               : WICK_E_NON_CANONICAL;
}

static wick_status take_words(wick_relayed *call, uint8_t r32[32], uint8_t vs32[32],
                              const struct form *f, wick_span calldata)
{
    uint64_t epoch = 0;
    wick_status s = WICK_OK;
    memcpy(call->id, at(calldata, f->id), 32);
    memcpy(r32, at(calldata, f->r), 32);
    memcpy(vs32, at(calldata, f->vs), 32);
    if (f->service != NONE) {
        memcpy(call->service, at(calldata, f->service), 32);
    }
    if (f->word != NONE) {
        memcpy(call->word, at(calldata, f->word), 32);
    }
    if (f->terms != NONE) {
        s = take_terms(call, at(calldata, f->terms));
    }
    if (s == WICK_OK && f->info != NONE) {
        s = take_info(call, at(calldata, f->info));
    }
    if (s == WICK_OK && f->epoch != NONE) {
        s = number(&epoch, at(calldata, f->epoch), 4);
        call->epoch = (uint32_t)epoch;
    }
    if (s == WICK_OK && f->deadline != NONE) {
        s = number(&call->deadline, at(calldata, f->deadline), 8);
    }
    if (s == WICK_OK && f->owner != NONE) {
        memcpy(call->owner, at(calldata, f->owner) + 12, 20);
        s = wick_ct_is_zero(at(calldata, f->owner), 12) ? WICK_OK : WICK_E_NON_CANONICAL;
    }
    return s;
}

/* What stands behind the words: a bit for each member who signed, then for each member his
 * attestation or his address. How many members there are follows from the length. */
static wick_status take_proof(wick_span *proof, wick_span behind)
{
    size_t signers = 0;
    if (behind.len < BITS) {
        return WICK_E_TRUNCATED;
    }
    const uint32_t bits = wick_load_be32(behind.ptr);
    for (uint32_t left = bits; left != 0; left &= left - 1u) {
        signers++;
    }
    if (behind.len - BITS < signers * WICK_ATTESTATION_BYTES) {
        return WICK_E_TRUNCATED;
    }
    const size_t others = behind.len - BITS - signers * WICK_ATTESTATION_BYTES;
    if (others % ADDRESS != 0) {
        return WICK_E_TRAILING;
    }
    const size_t members = signers + others / ADDRESS;
    if (members > WICK_ATTESTORS_MAX || (uint64_t)bits >> members != 0) {
        return WICK_E_NON_CANONICAL;
    }
    *proof = behind;
    return WICK_OK;
}

wick_status wick_relayed_decode(wick_relayed *call, wick_span *proof, uint8_t r32[32],
                                uint8_t vs32[32], wick_span calldata)
{
    const struct form *f = form_of(calldata);
    wick_status s = WICK_OK;
    memset(call, 0, sizeof *call);
    *proof = wick_span_make(NULL, 0);
    memset(r32, 0, 32);
    memset(vs32, 0, 32);
    if (f == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    const size_t words = SELECTOR + (size_t)f->words * WORD;
    const bool has_proof = f->kind == WICK_RELAYED_PUBLISH_ATTESTED;
    if (calldata.len < words) {
        return WICK_E_TRUNCATED;
    }
    if (!has_proof && calldata.len > words) {
        return WICK_E_TRAILING;
    }
    call->kind = f->kind;
    s = take_words(call, r32, vs32, f, calldata);
    if (s == WICK_OK && has_proof) {
        s = take_proof(proof, wick_span_make(calldata.ptr + words, calldata.len - words));
    }
    if (s != WICK_OK) {
        memset(call, 0, sizeof *call);
        *proof = wick_span_make(NULL, 0);
        memset(r32, 0, 32);
        memset(vs32, 0, 32);
    }
    return s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_relayed_decode_is_off;
#endif
