/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_VERIFIED_H
#define WICK_VERIFIED_H
/*
 * Storage words of one contract, proven under one trusted header. It takes the nodes of an
 * eth_getProof answer in their order and fills the words; either all of them are proven, or none is
 * given. What the answer claims beside its proofs is not looked at.
 *
 *   wick_peer_query q;                                  // wick/record.h
 *   wick_peer_query_init(&q, id, service, false);
 *   wick_verified_begin(&v, &header, contract20, q.slots, q.values, q.count);
 *   for each node of accountProof:          wick_verified_node(&v, node, WICK_VERIFIED_ACCOUNT);
 *   for each node of storageProof[i].proof: wick_verified_node(&v, node, i);
 *   s = wick_verified_end(&v);
 *   if (s == WICK_OK) { s = wick_peer_record_read(&record, &q); }
 *
 * Size on 32 bits: 280 bytes. Stack below 400 bytes, and that of wick/proof.h.
 */
#include "wick/proof.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Part number of the account's own proof. Slots follow as 0, 1, ... */
#define WICK_VERIFIED_ACCOUNT (-1)

/** A read under way. The fields are private. */
typedef struct wick_verified {
    wick_proof proof;
    const uint8_t (*slots)[32];
    uint8_t (*values)[32];
    size_t count;
    int part;
    wick_status status;
} wick_verified;

/**
 * Starts a read.
 * @param[out] values  `count` words, zeroed now; valid after wick_verified_end() gave WICK_OK
 * @param[in] slots    `count` storage keys; both arrays must stay until the end
 * @retval WICK_OK  @retval WICK_E_BAD_ARG no authenticator made `header`
 */
WICK_NODISCARD wick_status wick_verified_begin(wick_verified *v, const wick_trusted_header *header,
                                               const uint8_t contract20[20],
                                               const uint8_t (*slots)[32], uint8_t (*values)[32],
                                               size_t count);

/**
 * Takes the next node of a part. Parts come in ascending order; one without nodes is left out.
 * The first error sticks.
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG       a part that is past, or beyond the last slot
 * @retval WICK_E_NO_CONTRACT   proven: no account there, or one without code
 * @retval WICK_E_PROOF_INCOMPLETE, WICK_E_PROOF_BAD_HASH, WICK_E_PROOF_BAD_RLP
 */
WICK_NODISCARD wick_status wick_verified_node(wick_verified *v, wick_span node, int part);

/**
 * Ends the read. Statuses as wick_verified_node(); unless WICK_OK all values are zeroed.
 */
WICK_NODISCARD wick_status wick_verified_end(wick_verified *v);

#ifdef __cplusplus
}
#endif
#endif
