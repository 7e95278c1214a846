/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_RPC_H
#define WICK_PORT_RPC_H
/*
 * JSON-RPC 2.0 client for an Ethereum node: one request at a time, non-blocking, in fixed memory. A
 * driver that serves several requests uses several clients.
 *
 *     static wick_rpc rpc;
 *     wick_rpc_init(&rpc, &net, "http://10.0.0.1:8545", 5000);
 *     s = wick_rpc_proof(&rpc, now, address, slots, 2, number);
 *     while ((s = wick_rpc_poll(&rpc, now)) == WICK_AGAIN) { wait for wick_rpc_sock(&rpc) }
 *     if (s == WICK_OK) { s = wick_rpc_result_proof(&p, &rpc); }
 *
 * A tool that may block calls wick_rpc_wait() instead of the loop. Results live until the next
 * request. Several requests go in one round trip as a batch (JSON-RPC 2.0 section 6):
 *
 *     wick_rpc_batch(&rpc);
 *     s = wick_rpc_block_by_hash(&rpc, now, hash);       each is number 0, 1, 2 ...
 *     s = wick_rpc_proof_at_hash(&rpc, now, address, slots, 2, hash);
 *     s = wick_rpc_batch_send(&rpc, now);
 *     while ((s = wick_rpc_poll(&rpc, now)) == WICK_AGAIN) { ... }
 *     if (s == WICK_OK) { s = wick_rpc_batch_item(&rpc, 1); }     then its result as above
 *
 * https URLs need wick_rpc_trust(). Nothing that a node says is trusted; see wick/port/eth_json.h.
 *
 * Sizes: WICK_RPC_REPLY_MAX + WICK_RPC_ARENA_BYTES + WICK_RPC_REQUEST_MAX + 19 KB.
 */
#include "wick/port/eth_json.h"
#include "wick/port/http.h"
#include "wick/port/linux.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Largest reply. An account with 16 slots of a large trie takes 180 KB. */
#ifndef WICK_RPC_REPLY_MAX
#define WICK_RPC_REPLY_MAX (256u * 1024u)
#endif
/* Memory of the parsed reply: its strings and 80 B per value. */
#ifndef WICK_RPC_ARENA_BYTES
#define WICK_RPC_ARENA_BYTES (384u * 1024u)
#endif
/* Largest request. A transaction of 4 KB takes 8.3 KB; one that makes a contract up to 100 KB. */
#ifndef WICK_RPC_REQUEST_MAX
#define WICK_RPC_REQUEST_MAX 102400
#endif

/* Requests in one batch. Range 1..64. 16 B each. */
#ifndef WICK_RPC_BATCH_MAX
#define WICK_RPC_BATCH_MAX 16
#endif

typedef struct wick_rpc { /* private */
    wick_http http;
    uint8_t batch; /* 0: no batch, 1: being built, 2: complete */
    bool held;     /* requests are built, and sent by a pool (wick/port/rpc_pool.h) */
    uint8_t batch_count;
    uint32_t batch_first; /* its first id */
    const wick_json *batch_item[WICK_RPC_BATCH_MAX];
    uint32_t timeout_ms;
    uint32_t id;
    wick_status status; /* of the last request */
    const wick_json *result;
    int64_t error_code;
    char message[200];
    size_t request_len;
    char request[WICK_RPC_REQUEST_MAX];
    uint8_t reply[WICK_RPC_REPLY_MAX];
    uint64_t arena[WICK_RPC_ARENA_BYTES / 8];
} wick_rpc;

/** @retval WICK_E_MALFORMED  @retval WICK_E_UNSUPPORTED as wick_http_url_parse() */
WICK_NODISCARD wick_status wick_rpc_init(wick_rpc *rpc, const wick_hal_net *net, const char *url,
                                         uint32_t timeout_ms);

/** What an https server must show; kept. */
void wick_rpc_trust(wick_rpc *rpc, const wick_https_trust *trust);

/** Starts any method. `params` is JSON text, for example "[]".
 *  @retval WICK_E_NO_SPACE larger than WICK_RPC_REQUEST_MAX  @retval others wick_http_start() */
WICK_NODISCARD wick_status wick_rpc_start(wick_rpc *rpc, uint64_t now_ms, const char *method,
                                          const char *params);

/**
 * Goes on.
 * @retval WICK_OK        there is a result
 * @retval WICK_AGAIN     not yet
 * @retval WICK_E_RPC     the node refused: wick_rpc_message(), wick_rpc_error_data()
 * @retval WICK_E_RPC_ID  the answer is to another request
 * @retval WICK_E_JSON    not JSON-RPC, too deep, or cut
 * @retval WICK_E_LIMIT   larger than WICK_RPC_REPLY_MAX, or than WICK_RPC_ARENA_BYTES when parsed
 * @retval WICK_E_HTTP, WICK_E_HTTP_RATE, WICK_E_TIMEOUT, WICK_E_NET, WICK_E_RESOLVE
 */
WICK_NODISCARD wick_status wick_rpc_poll(wick_rpc *rpc, uint64_t now_ms);

/** Blocks until the request has ended or timed out. `net` is the one behind the rpc's HAL table. */
WICK_NODISCARD wick_status wick_rpc_wait(wick_rpc *rpc, const wick_linux_net *net);

wick_sock wick_rpc_sock(const wick_rpc *rpc);
bool wick_rpc_wants_write(const wick_rpc *rpc);
uint64_t wick_rpc_deadline(const wick_rpc *rpc);
void wick_rpc_cancel(wick_rpc *rpc);

/** Begins a batch: the request functions below add to it instead of sending. */
void wick_rpc_batch(wick_rpc *rpc);
/** Sends the batch. @retval WICK_E_NO_SPACE larger than WICK_RPC_REQUEST_MAX, or more than
 *  WICK_RPC_BATCH_MAX  @retval WICK_E_STATE empty  @retval others wick_http_start() */
WICK_NODISCARD wick_status wick_rpc_batch_send(wick_rpc *rpc, uint64_t now_ms);
/**
 * Makes number `i` of the batch the one that the result functions read. Answers may come in any
 * order; wick_rpc_poll() gives WICK_OK only if each request has exactly one.
 * @retval WICK_OK
 * @retval WICK_E_RPC    the node refused this one: wick_rpc_message()
 * @retval WICK_E_JSON   it has neither result nor error
 * @retval WICK_E_STATE  no such item, or the batch has not succeeded
 */
WICK_NODISCARD wick_status wick_rpc_batch_item(wick_rpc *rpc, size_t i);

/** Result of the last request, NULL if it has none. */
const wick_json *wick_rpc_result(const wick_rpc *rpc);
/** The node's error message, printable ASCII, "" if there was none. */
const char *wick_rpc_message(const wick_rpc *rpc);
int64_t wick_rpc_error_code(const wick_rpc *rpc);
/** HTTP status code of the last request, 0 if there was none. */
int wick_rpc_http_code(const wick_rpc *rpc);
/** Revert data that came with WICK_E_RPC. @retval WICK_E_NOT_FOUND none came
 *  @retval WICK_E_NO_SPACE */
WICK_NODISCARD wick_status wick_rpc_error_data(wick_buf *out, const wick_rpc *rpc);

/* ---- requests ---- */

#define WICK_RPC_LATEST UINT64_MAX /* as a block number */

WICK_NODISCARD wick_status wick_rpc_chain_id(wick_rpc *rpc, uint64_t now_ms);
WICK_NODISCARD wick_status wick_rpc_block(wick_rpc *rpc, uint64_t now_ms, uint64_t number);
/** `tag` is "latest", "safe", "finalized", "earliest" or "pending". @retval WICK_E_BAD_ARG */
WICK_NODISCARD wick_status wick_rpc_block_by_tag(wick_rpc *rpc, uint64_t now_ms, const char *tag);
WICK_NODISCARD wick_status wick_rpc_block_by_hash(wick_rpc *rpc, uint64_t now_ms,
                                                  const uint8_t hash[32]);
/** Account and slots at a block. */
WICK_NODISCARD wick_status wick_rpc_proof(wick_rpc *rpc, uint64_t now_ms,
                                          const uint8_t address[20], const uint8_t (*slots)[32],
                                          size_t slot_count, uint64_t number);
/** Account and slots at the block of that hash, which must be on the node's chain (EIP-1898). */
WICK_NODISCARD wick_status wick_rpc_proof_at_hash(wick_rpc *rpc, uint64_t now_ms,
                                                  const uint8_t address[20],
                                                  const uint8_t (*slots)[32], size_t slot_count,
                                                  const uint8_t hash[32]);
/** All receipts of a block. */
WICK_NODISCARD wick_status wick_rpc_block_receipts(wick_rpc *rpc, uint64_t now_ms,
                                                   const uint8_t hash[32]);
/** Logs of a contract (NULL: of any) from one block to another, with topics (NULL: any). */
WICK_NODISCARD wick_status wick_rpc_logs(wick_rpc *rpc, uint64_t now_ms, const uint8_t *address20,
                                         const uint8_t *const topics[4], uint64_t from,
                                         uint64_t to);
WICK_NODISCARD wick_status wick_rpc_send_raw(wick_rpc *rpc, uint64_t now_ms, wick_span tx);
WICK_NODISCARD wick_status wick_rpc_receipt(wick_rpc *rpc, uint64_t now_ms,
                                            const uint8_t tx_hash[32]);
WICK_NODISCARD wick_status wick_rpc_gas_price(wick_rpc *rpc, uint64_t now_ms);
WICK_NODISCARD wick_status wick_rpc_priority_fee(wick_rpc *rpc, uint64_t now_ms);
/** Base fee of the next block and the middle one of the median tips of the newest five. */
WICK_NODISCARD wick_status wick_rpc_fee_history(wick_rpc *rpc, uint64_t now_ms);
/** Transactions of an account that are in the newest block. */
WICK_NODISCARD wick_status wick_rpc_nonce_latest(wick_rpc *rpc, uint64_t now_ms,
                                                 const uint8_t address[20]);
/** Transactions of an account, those waiting included. */
WICK_NODISCARD wick_status wick_rpc_nonce(wick_rpc *rpc, uint64_t now_ms,
                                          const uint8_t address[20]);
WICK_NODISCARD wick_status wick_rpc_balance(wick_rpc *rpc, uint64_t now_ms,
                                            const uint8_t address[20]);
/** Dry run that gives the gas; a refusal is WICK_E_RPC with error data.
 *  @param[in] to20  NULL: `data` makes a contract
 *  @param[in] value32  wei, big-endian; NULL: none */
WICK_NODISCARD wick_status wick_rpc_estimate_gas(wick_rpc *rpc, uint64_t now_ms,
                                                 const uint8_t from[20], const uint8_t *to20,
                                                 const uint8_t *value32, wick_span data);
/** Dry run that gives the returned bytes; a refusal is WICK_E_RPC with error data. */
WICK_NODISCARD wick_status wick_rpc_call(wick_rpc *rpc, uint64_t now_ms, const uint8_t from[20],
                                         const uint8_t to[20], wick_span data);

/* ---- results: WICK_E_STATE if the last request did not succeed, else WICK_E_JSON for another
 * shape than asked for ---- */

WICK_NODISCARD wick_status wick_rpc_result_u64(uint64_t *out, const wick_rpc *rpc);
WICK_NODISCARD wick_status wick_rpc_result_uint256(uint8_t out[32], const wick_rpc *rpc);
WICK_NODISCARD wick_status wick_rpc_result_hash(uint8_t out[32], const wick_rpc *rpc);
WICK_NODISCARD wick_status wick_rpc_result_data(wick_buf *out, const wick_rpc *rpc);
/** As wick_eth_json_block(). */
WICK_NODISCARD wick_status wick_rpc_result_block(wick_eth_block *out, wick_buf *header,
                                                 const wick_rpc *rpc);
WICK_NODISCARD wick_status wick_rpc_result_proof(wick_eth_proof *out, const wick_rpc *rpc);
/** @retval WICK_E_NOT_FOUND not included yet */
WICK_NODISCARD wick_status wick_rpc_result_receipt(wick_eth_receipt *out, const wick_rpc *rpc);
/** @param[out] tip zero if the node gives none */
WICK_NODISCARD wick_status wick_rpc_result_fees(uint64_t *base_fee, uint64_t *tip,
                                                const wick_rpc *rpc);

#ifdef __cplusplus
}
#endif
#endif
