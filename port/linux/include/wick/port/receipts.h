/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_RECEIPTS_H
#define WICK_PORT_RECEIPTS_H
/*
 * Events of a block, proven: eth_getLogs is the node's word, and may leave out or invent. Here all
 * receipts of the block (eth_getBlockReceipts) are encoded again and the root of their trie is worked
 * out; if it is the one of a trusted header, every log in them is in the block, and no other is. So
 * eth_getLogs only says where to look.
 *
 *     static wick_receipts r;
 *     s = wick_rpc_block_receipts(&rpc, now, header.hash);   ... poll ...
 *     s = wick_receipts_begin(&r, wick_rpc_result(&rpc), &header, work, sizeof work);
 *     wick_log_filter f = {.address = contract, .topic = {event}};
 *     while ((s = wick_receipts_next(&r, &log, &f)) == WICK_OK) {
 *         ... log.address, log.topic, log.data; r.index: the transaction's index in the block
 *     }
 *     NOT_FOUND: these were all
 *
 * For large blocks, or where the node gives proofs, single receipts are proven with wick/receipt.h.
 *
 * Bounds: WICK_RPC_REPLY_MAX (256 KB, some 150 transfers of tokens) for the answer of the node, beyond
 * which wick_rpc_poll() gives WICK_E_LIMIT; a build for chains with larger blocks raises it and
 * WICK_RPC_ARENA_BYTES. `work` for the largest receipt. Sizes: 64 B; stack 4.5 KB.
 */
#include "wick/port/json.h"
#include "wick/receipt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_receipts {
    const wick_json *list;
    uint8_t *work;
    size_t cap, count;
    /* of the receipt at hand; `index` may be read */
    const wick_json *at;
    size_t index, log_at;
    wick_receipt receipt; /* views into `work` */
    bool open;
} wick_receipts;

/**
 * Verifies the receipts of a block.
 * @param[out] r     zeroed on error
 * @param[in] list   result of eth_getBlockReceipts; kept, as is `work`
 * @param[in] header of the block, vouched for
 * @retval WICK_OK
 * @retval WICK_E_PROOF_BAD_HASH  not the receipts of that block: some are missing, added or altered
 * @retval WICK_E_JSON            no receipts, or not in the order of their transactions
 * @retval WICK_E_NOT_FOUND       null: the node has no such block
 * @retval WICK_E_UNSUPPORTED     a type of transaction that has no known receipt
 * @retval WICK_E_LIMIT           a receipt larger than `work`
 * @retval WICK_E_BAD_ARG         no authenticator made `header`
 */
WICK_NODISCARD wick_status wick_receipts_begin(wick_receipts *r, const wick_json *list,
                                               const wick_trusted_header *header, uint8_t *work,
                                               size_t cap);

/** The next log that passes; views live until the next call. Only logs of transactions that
 *  succeeded exist.
 *  @param[in] filter NULL passes all; `from` is not used
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND no more  @retval WICK_E_STATE begin has not succeeded */
WICK_NODISCARD wick_status wick_receipts_next(wick_receipts *r, wick_log *log,
                                              const wick_log_filter *filter);

/** The receipt of the transaction at `index`. It tells status and gas; which transaction that is, is
 *  proven under the header's transactions root (wick_item_begin()).
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND the block has fewer  @retval WICK_E_STATE */
WICK_NODISCARD wick_status wick_receipts_get(wick_receipts *r, wick_receipt *out, size_t index);

/** Appends one receipt as it stands in the trie.
 *  @retval WICK_OK  @retval WICK_E_JSON  @retval WICK_E_UNSUPPORTED  @retval WICK_E_NO_SPACE */
WICK_NODISCARD wick_status wick_eth_json_receipt_rlp(wick_buf *out, const wick_json *node);

/* ---- root of a list's trie, item by item ---- */

/** Trie of a block's transactions or receipts: keys are RLP(index), so at most 6 nibbles. Private. */
typedef struct wick_list_root {
    uint32_t count; /* of the list */
    uint32_t done;
    uint16_t mask[6];       /* children of the open branches, by depth */
    uint8_t child[6][16][32];
    uint8_t root[32];
} wick_list_root;

/** `count` items will come, at most 65,536. @retval WICK_OK  @retval WICK_E_LIMIT */
WICK_NODISCARD wick_status wick_list_root_begin(wick_list_root *l, size_t count);
/** Index of the item to be given next; the order is that of the keys: 1 to 127, 0, 128 and on. */
size_t wick_list_root_wants(const wick_list_root *l);
/** The item, of at least 32 bytes: every receipt and transaction is. @retval WICK_OK
 *  @retval WICK_E_STATE all have come  @retval WICK_E_BAD_ARG too short */
WICK_NODISCARD wick_status wick_list_root_item(wick_list_root *l, wick_span item);
/** @retval WICK_OK  @retval WICK_E_STATE items are missing */
WICK_NODISCARD wick_status wick_list_root_end(const wick_list_root *l, uint8_t root32[32]);

#ifdef __cplusplus
}
#endif
#endif
