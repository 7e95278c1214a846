/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_READER_H
#define WICK_EXAMPLES_READER_H
/*
 * Reads one peer's record from the chain and proves every word of it under one header: two calls to
 * the node, nothing of what it says is believed. Blocking; for commands that need no agent.
 */
#include "wick/port/rpc.h"
#include "wick/record.h"
#include "wick/trust.h"

typedef struct reader {
    wick_rpc rpc;
    const wick_linux_net *net;
    const wick_hal_clock *clock;
    uint64_t chain_id;
    wick_tier tier;           /* OWN_NODE or PINNED */
    uint8_t pinned_hash[32];
    uint64_t bytes;           /* sent and received, HTTP bodies */
    wick_trusted_header head; /* the block that was read */
    wick_account contract;
    uint8_t header[WICK_HEADER_MAX];
    uint8_t node[WICK_MPT_NODE_MAX];
} reader;

/** Asks for the chain id, gets the header and authenticates it by the tier.
 *  @retval WICK_E_CHAIN_MISMATCH  @retval WICK_E_HEADER_HASH  @retval WICK_E_HEADER_STALE older
 *  than 15 minutes  @retval others of the node and the network */
WICK_NODISCARD wick_status reader_head(reader *r);

/** Proves the slots of `query` in `contract` under the header and sets its values.
 *  @retval WICK_E_NO_CONTRACT proven: no code at the address
 *  @retval WICK_E_PROOF_* what is wrong with the proof  @retval WICK_E_PROOF_CLAIM the proof is
 *  sound, the node says otherwise  @retval others of the node */
WICK_NODISCARD wick_status reader_prove(reader *r, wick_peer_query *query,
                                        const uint8_t contract[20]);

#endif
