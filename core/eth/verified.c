/* SPDX-License-Identifier: Apache-2.0 */
/* Words of one contract under one header: the walk of wick/proof.h over an account and its slots. */
#include "wick/verified.h"

#include <string.h>

static void zero_values(const wick_verified *v)
{
    for (size_t i = 0; i < v->count; i++) {
        memset(v->values[i], 0, 32);
    }
}

wick_status wick_verified_begin(wick_verified *v, const wick_trusted_header *header,
                                const uint8_t contract20[20], const uint8_t (*slots)[32],
                                uint8_t (*values)[32], size_t count)
{
    memset(v, 0, sizeof *v);
    v->slots = slots;
    v->values = values;
    v->count = count;
    v->part = WICK_VERIFIED_ACCOUNT;
    zero_values(v);
    v->status = wick_proof_begin(&v->proof, header);
    if (v->status == WICK_OK) {
        v->status = wick_proof_account(&v->proof, contract20);
    }
    return v->status;
}

/* An address without code holds no contract: its empty storage would prove every record absent. */
static wick_status close_account(wick_verified *v)
{
    wick_account account;
    wick_mpt_result result = wick_proof_account_end(&v->proof, &account);
    if (result == WICK_MPT_FOUND &&
        memcmp(account.code_hash, wick_empty_code_hash, sizeof account.code_hash) != 0) {
        return WICK_OK;
    }
    return result == WICK_MPT_FOUND || result == WICK_MPT_ABSENT ? WICK_E_NO_CONTRACT
                                                                 : wick_mpt_status(result);
}

/* Ends the part at hand and names the next slot. */
static void next_part(wick_verified *v)
{
    if (v->part == WICK_VERIFIED_ACCOUNT) {
        v->status = close_account(v);
    } else {
        v->status = wick_mpt_status(wick_proof_slot_end(&v->proof, v->values[v->part]));
    }
    v->part++;
    if (v->status == WICK_OK && (size_t)v->part < v->count) {
        v->status = wick_proof_slot(&v->proof, v->slots[v->part]);
    }
}

wick_status wick_verified_node(wick_verified *v, wick_span node, int part)
{
    if (v->status == WICK_OK && (part < v->part || (part >= 0 && (size_t)part >= v->count))) {
        v->status = WICK_E_BAD_ARG;
    }
    while (v->status == WICK_OK && v->part < part) {
        next_part(v);
    }
    if (v->status == WICK_OK) {
        v->status = wick_proof_node(&v->proof, node);
    }
    return v->status;
}

wick_status wick_verified_end(wick_verified *v)
{
    while (v->status == WICK_OK && (v->part < 0 || (size_t)v->part < v->count)) {
        next_part(v);
    }
    if (v->status != WICK_OK) {
        zero_values(v);
    }
    return v->status;
}
