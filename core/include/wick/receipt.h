/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RECEIPT_H
#define WICK_RECEIPT_H
/*
 * Transactions, receipts and logs of a block: what it holds at an index, or that it holds nothing
 * there, proven under the roots of a trusted header. The key in these tries is RLP(index).
 *
 *     wick_item_proof p;
 *     s = wick_item_begin(&p, &trusted_header, WICK_ITEM_RECEIPT, index);
 *     wick_item_want_log(&p, &filter, &log);              if a log is sought
 *     for each node: s = wick_item_node(&p, node);
 *     switch (wick_item_end(&p)) {
 *     case WICK_MPT_FOUND:  p.receipt tells status and gas; p.log_found: `log` is in this block
 *     case WICK_MPT_ABSENT: proven: the block has no such index
 *     default:              nothing is proven
 *
 * A receipt may be larger than any buffer. Only its last node, the leaf, is: give that one in pieces
 * of any size with wick_item_chunk(), then wick_item_chunk_end(). It is hashed and parsed as it comes,
 * and nothing counts before its hash is right; so read results after FOUND only. All nodes before it
 * are at most 564 bytes.
 *
 * Receipts in memory are read with wick_receipt_decode() and wick_log_next(). Types 0 to 4 (legacy,
 * EIP-2930, 1559, 4844, 7702) have one form: {status or state root, cumulative gas, bloom, logs}.
 *
 * Sizes: wick_item_proof 744 bytes, wick_log_copy 168 bytes on a Cortex-M4. Stack 1.2 KB. No heap.
 */
#include "wick/base.h"
#include "wick/keccak.h"
#include "wick/mpt.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_LOG_TOPICS_MAX 4

/* ---- receipts in memory ---- */

/** A receipt; views into what was decoded. */
typedef struct wick_receipt {
    uint8_t type;         /* 0..4 */
    bool success;         /* status; false where a root stands in its place */
    const uint8_t *root;  /* before Byzantium (EIP-658): state root, 32 bytes; else NULL */
    uint64_t cumulative_gas;
    const uint8_t *bloom; /* 256 bytes */
    wick_span logs;       /* RLP items of the logs, checked */
    size_t log_count;
} wick_receipt;

/** A log; views. Topic i begins at topic[i]. */
typedef struct wick_log {
    size_t index; /* in the receipt */
    const uint8_t *address; /* 20 bytes */
    const uint8_t *topic[WICK_LOG_TOPICS_MAX];
    size_t topics;
    wick_span data;
} wick_log;

/** What is sought; NULL matches everything. A topic asked for must be there. */
typedef struct wick_log_filter {
    const uint8_t *address;
    const uint8_t *topic[WICK_LOG_TOPICS_MAX];
    size_t from; /* index in the receipt to begin at */
} wick_log_filter;

/** Decodes a receipt as it is in the trie, and checks its logs. On error `out` is zeroed.
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED  a type above 4
 *  @retval WICK_E_MALFORMED    not four fields, a status other than 0 or 1, wrong lengths
 *  @retval WICK_E_TRUNCATED, WICK_E_NON_CANONICAL, WICK_E_TRAILING as in wick/rlp.h */
WICK_NODISCARD wick_status wick_receipt_decode(wick_receipt *out, wick_span in);

/** The next log that passes the filter.
 *  @param[in,out] at   0 at first, then as left
 *  @param[in] filter   NULL passes all
 *  @return false if there is none; `out` is zeroed */
WICK_NODISCARD bool wick_log_next(wick_log *out, size_t *at, const wick_receipt *r,
                                  const wick_log_filter *filter);

/* ---- proofs ---- */

typedef enum wick_item { WICK_ITEM_TRANSACTION = 1, WICK_ITEM_RECEIPT = 2 } wick_item;

/** A log that was found while its receipt passed by. */
typedef struct wick_log_copy {
    size_t index; /* in the receipt */
    uint8_t address[20];
    uint8_t topic[WICK_LOG_TOPICS_MAX][32];
    size_t topics;
    wick_buf data; /* caller's memory; len > cap if it is longer */
} wick_log_copy;

/** Private: RLP in pieces. */
typedef struct wick_rlp_push {
    uint32_t left[6]; /* bytes to come in each open list */
    uint32_t string;  /* bytes to come in the string at hand */
    uint8_t head[5];
    uint8_t have;
    uint8_t depth;
    bool single; /* the string at hand is one byte with a header: must be 0x80 or more */
    bool ended;
} wick_rlp_push;

/** Verification of one item. The fields down to the line are private. */
typedef struct wick_item_proof {
    wick_mpt walk;
    wick_keccak node;  /* of a leaf in pieces */
    wick_keccak value; /* of a transaction */
    wick_rlp_push outer, inner;
    uint8_t path[12];
    uint8_t path_len;
    uint8_t item;
    uint8_t phase;
    uint8_t fields;     /* items of the leaf */
    uint8_t field;      /* of the receipt */
    uint8_t log_field;
    uint8_t topics;
    uint8_t small[32];  /* the short field at hand */
    uint32_t small_len;
    bool type_known;
    bool passes; /* the log at hand, so far */
    wick_status status;
    const wick_log_filter *filter;
    wick_log_copy *log;
    /* ---- results, after FOUND ---- */
    struct {
        uint8_t type;
        bool success;
        bool has_root;
        uint8_t root[32];
        uint64_t cumulative_gas;
        size_t logs;
    } receipt;
    bool log_found;
    uint8_t tx_hash[32]; /* hash of the transaction */
} wick_item_proof;

/** Starts under a trusted header.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG no authenticator made `header`, or no such item */
WICK_NODISCARD wick_status wick_item_begin(wick_item_proof *p, const wick_trusted_header *header,
                                           wick_item item, uint64_t index);

/** Asks for the first log that passes the filter; before the first node.
 *  @param[in] filter   must stay until the end; NULL passes all
 *  @param[out] log     `data` is set up by the caller; must stay until the end */
void wick_item_want_log(wick_item_proof *p, const wick_log_filter *filter, wick_log_copy *log);

/** Consumes one node, whole. An error sticks until the verdict, so that it may be asked for
 *  once, at the end.
 *  @retval WICK_OK                linked
 *  @retval WICK_E_PROOF_BAD_HASH  not the node wanted, or one too many
 *  @retval WICK_E_PROOF_BAD_RLP   no canonical trie node, or no canonical receipt
 *  @retval WICK_E_UNSUPPORTED     a receipt of a type above 4
 *  @retval WICK_E_STATE           begin has not succeeded, or a leaf is coming in pieces */
wick_status wick_item_node(wick_item_proof *p, wick_span node);

/** Consumes the next piece of the leaf. Its hash is not known yet.
 *  @retval WICK_OK
 *  @retval WICK_E_PROOF_BAD_RLP, WICK_E_UNSUPPORTED, WICK_E_STATE as above */
wick_status wick_item_chunk(wick_item_proof *p, wick_span piece);

/** The leaf is complete. @retval as wick_item_node() */
wick_status wick_item_chunk_end(wick_item_proof *p);

/** Verdict. FOUND: the results in `p` hold, and `log` if `log_found`. */
WICK_NODISCARD wick_mpt_result wick_item_end(const wick_item_proof *p);

#ifdef __cplusplus
}
#endif
#endif
