/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_INCLUSION_H
#define WICK_PORT_INCLUSION_H
/*
 * Is a transaction in a block? eth_getTransactionReceipt is the node's word. Here all transactions
 * of the block (eth_getBlockByHash with `true`) are encoded again and the root of their trie is
 * worked out; if it is the one of a trusted header, the block holds these and no others, in this
 * order. What became of the transaction is in the receipt of the same index (wick/port/receipts.h).
 *
 *     s = wick_inclusion_find(&index, wick_json_member(block, "transactions"), &th, tx_hash, work,
 *                             sizeof work);
 *     OK: included at `index`    NOT_FOUND: proven not to be in this block
 *
 * Bounds: WICK_RPC_REPLY_MAX for the block; `work` for twice the largest transaction; types 0, 1 and
 * 2 (wick/tx.h): a block with others is UNSUPPORTED. Stack 5 KB.
 */
#include "wick/port/json.h"
#include "wick/trust.h"
#include "wick/tx.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Appends the signed form of a transaction of eth_getBlockBy...(..., true).
 *  @param[out] work  for its data and access list
 *  @retval WICK_OK  @retval WICK_E_JSON  @retval WICK_E_UNSUPPORTED another type
 *  @retval WICK_E_NO_SPACE `out` or `work` is too small */
WICK_NODISCARD wick_status wick_eth_json_tx_rlp(wick_buf *out, const wick_json *node, uint8_t *work,
                                                size_t cap);

/** Looks for a transaction among those of a block.
 *  @param[out] index  of the transaction, if WICK_OK
 *  @param[in] list    the block's transactions, as objects
 *  @param[in] header  of the block, vouched for
 *  @retval WICK_OK
 *  @retval WICK_E_NOT_FOUND       it is not in this block: proven
 *  @retval WICK_E_PROOF_BAD_HASH  these are not the transactions of that block
 *  @retval WICK_E_JSON            no transactions, or hashes alone
 *  @retval WICK_E_UNSUPPORTED     one has a type that is not known here
 *  @retval WICK_E_LIMIT           one is too large for `work`, or there are too many
 *  @retval WICK_E_BAD_ARG         no authenticator made `header` */
WICK_NODISCARD wick_status wick_inclusion_find(size_t *index, const wick_json *list,
                                               const wick_trusted_header *header,
                                               const uint8_t tx_hash32[32], uint8_t *work,
                                               size_t cap);

#ifdef __cplusplus
}
#endif
#endif
