/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_ETH_JSON_H
#define WICK_PORT_ETH_JSON_H
/*
 * From Ethereum's JSON to what core takes: blocks to header RLP, eth_getProof answers to nodes and
 * claims. Works on a reply of a node and on a file alike:
 *
 *     wick_eth_proof p;
 *     s = wick_eth_json_proof(&p, wick_eth_json_result(root));
 *     for (n = wick_json_first(p.account_nodes); n != NULL; n = wick_json_next(n)) {
 *         wick_buf b = wick_buf_make(node, sizeof node);
 *         s = wick_json_data(&b, n);
 *         s = wick_proof_node(&proof, wick_buf_span(&b));
 *     }
 *     for (e = wick_json_first(p.slots); e != NULL; e = wick_json_next(e)) {
 *         s = wick_eth_json_slot(&slot, e);    then slot.nodes as above
 *     }
 *
 * Nothing here is verified but what is said; everything is a claim until core has proven it.
 */
#include "wick/port/json.h"
#include "wick/proof.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A block as the node gave it, its header re-encoded and hashed. */
typedef struct wick_eth_block {
    uint8_t hash[32]; /* what the node calls it: equal to the Keccak of the header */
    uint8_t state_root[32];
    uint64_t number;
    uint64_t timestamp;
    uint64_t gas_limit;
    uint8_t base_fee[32]; /* zero before London */
} wick_eth_block;

/** An answer of eth_getProof: claims, and the nodes to walk. Lives as long as the JSON. */
typedef struct wick_eth_proof {
    uint8_t address[20];
    wick_account claim;
    const wick_json *account_nodes; /* array of hex strings */
    const wick_json *slots;         /* array; read each with wick_eth_json_slot() */
} wick_eth_proof;

typedef struct wick_eth_slot {
    uint8_t key[32];
    uint8_t claim[32];
    const wick_json *nodes;
} wick_eth_slot;

typedef struct wick_eth_receipt {
    uint8_t tx_hash[32];
    uint8_t block_hash[32];
    uint64_t block_number;
    uint64_t gas_used;
    bool ok; /* status 1 */
} wick_eth_receipt;

/** `result` of a JSON-RPC reply; anything that is no reply is given back as it is. */
const wick_json *wick_eth_json_result(const wick_json *root);

/**
 * Reads a block and encodes its header.
 * @param[out] header  RLP, appended; WICK_HEADER_MAX bytes suffice
 * @retval WICK_OK
 * @retval WICK_E_JSON         not a block
 * @retval WICK_E_HEADER_HASH  it does not hash to the hash that the node gives: it lies, or its
 *                             chain has header fields that are unknown here
 * @retval WICK_E_NOT_FOUND    null: the node has no such block
 * @retval others              as wick_header_encode()
 */
WICK_NODISCARD wick_status wick_eth_json_block(wick_eth_block *out, wick_buf *header,
                                               const wick_json *node);

/** As wick_eth_json_block(), without comparing the hash, which out->hash repeats from the node: the
 *  hash of a sealed block (wick/seal.h) is not the Keccak of its header. For authenticators that work
 *  it out themselves. */
WICK_NODISCARD wick_status wick_eth_json_header(wick_eth_block *out, wick_buf *header,
                                                const wick_json *node);

/** @retval WICK_OK  @retval WICK_E_JSON not an answer of eth_getProof */
WICK_NODISCARD wick_status wick_eth_json_proof(wick_eth_proof *out, const wick_json *node);

/** @retval WICK_OK  @retval WICK_E_JSON */
WICK_NODISCARD wick_status wick_eth_json_slot(wick_eth_slot *out, const wick_json *node);

/** @retval WICK_OK  @retval WICK_E_NOT_FOUND null: not included yet  @retval WICK_E_JSON */
WICK_NODISCARD wick_status wick_eth_json_receipt(wick_eth_receipt *out, const wick_json *node);

#ifdef __cplusplus
}
#endif
#endif
