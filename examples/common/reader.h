/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_READER_H
#define WICK_EXAMPLES_READER_H
/*
 * Blocking verified reads, for programs that need no agent: a header, then storage words or an
 * account under it. Nothing that the node says is believed.
 *
 *     r = (reader){.net = &net, .clock = &clock, .chain_id = 1, .tier = WICK_TIER_OWN_NODE};
 *     s = wick_rpc_init(&r.rpc, &hal_net, url, 5000);
 *     s = reader_head(&r);
 *     s = reader_words(&r, values, slots, 3, contract);
 *
 * About 0.7 MB, nearly all of it for the largest reply of a node.
 */
#include "wick/bundle.h"
#include "wick/hal/crypto.h"
#include "wick/port/rpc.h"
#include "wick/port/rpc_pool.h"
#include "wick/proof.h"
#include "wick/seal.h"
#include "wick/trust.h"

typedef struct reader {
    wick_rpc rpc;        /* unused with a pool */
    wick_rpc_pool *pool; /* several endpoints; NULL: rpc alone */
    bool by_hash;        /* proofs are asked for by block hash, as a light client's heads need */
    const wick_linux_net *net;
    const wick_hal_clock *clock;
    uint64_t chain_id;
    wick_tier tier;           /* OWN_NODE or PINNED */
    uint8_t pinned_hash[32];
    uint64_t bytes;           /* sent and received, HTTP bodies */
    wick_trusted_header head; /* the block that was read */
    size_t header_len;
    uint8_t header[WICK_HEADER_MAX];
    uint8_t node[WICK_MPT_NODE_MAX];
} reader;

/** Asks for the chain id, gets the header and authenticates it by the tier.
 *  @retval WICK_E_CHAIN_MISMATCH  @retval WICK_E_HEADER_HASH  @retval WICK_E_HEADER_STALE older
 *  than 15 minutes  @retval others of the node and the network */
WICK_NODISCARD wick_status reader_head(reader *r);

/** Proves `count` storage words of `contract` under the header.
 *  @param[out] values  in the order of `slots`; zeroed unless WICK_OK or WICK_E_PROOF_CLAIM
 *  @retval WICK_E_NO_CONTRACT proven: no code at the address
 *  @retval WICK_E_PROOF_* what is wrong with the proof  @retval WICK_E_PROOF_CLAIM the proof is
 *  sound, the node says otherwise  @retval others of the node and the network */
WICK_NODISCARD wick_status reader_words(reader *r, uint8_t (*values)[32], const uint8_t (*slots)[32],
                                        size_t count, const uint8_t contract[20]);

/** What a word is by the contract's own view (storedWord), unproven: for what a transaction is made of and the
 *  contract compares itself, or where something else is checked. @retval others of the node and the network */
WICK_NODISCARD wick_status reader_told(reader *r, uint8_t word[32], const uint8_t slot[32],
                                       const uint8_t contract[20]);

/** The SPKI of which a record holds the hash, from the one log that has it: bytes with that hash, or none.
 *  @param[out] spki  appended
 *  @retval WICK_E_NOT_FOUND it was not announced, or this node does not tell
 *  @retval WICK_E_PROOF_CLAIM the node gives other bytes  @retval others of the node and the network */
WICK_NODISCARD wick_status reader_announced(reader *r, wick_buf *spki, const wick_hal_crypto *crypto,
                                            const uint8_t key[32], const uint8_t contract[20]);

/** Proves balance and nonce of any account under the header; one that is absent has none.
 *  @retval WICK_E_PROOF_*  @retval others of the node and the network */
WICK_NODISCARD wick_status reader_account(reader *r, wick_account *out, const uint8_t address[20]);

/** What goes into a bundle besides its header: `put` writes the pieces in front of it, and those
 *  behind it. It may use reader_call(). */
typedef struct reader_evidence {
    wick_status (*put)(void *ctx, wick_bundle_writer *w, bool behind);
    void *ctx;
} reader_evidence;

/** The same as a proof bundle: the header, and the words proven under it.
 *  @param[out] out   the bundle, only if WICK_OK
 *  @param[in] kind   evidence: ALONE, the rule of the seals in the header, or BEACON
 *  @param[in] evidence  may be NULL
 *  @retval statuses of reader_words(), wick_bundle_write_end() and `put` */
WICK_NODISCARD wick_status reader_bundle(reader *r, wick_buf *out, wick_bundle_kind kind,
                                         const reader_evidence *evidence,
                                         const uint8_t (*slots)[32], size_t count,
                                         const uint8_t contract[20]);

/** Takes a header that a light client vouches for, and fetches its bytes.
 *  @retval WICK_E_HEADER_OTHER the node gives another block  @retval others of the node */
WICK_NODISCARD wick_status reader_take(reader *r, const wick_trusted_header *head,
                                       wick_seal_rule rule);

/** The client in which requests are made: of the pool, where there is one. */
wick_rpc *reader_rpc(reader *r);

/** Waits for any call of reader_rpc(), given the status with which it was started. */
WICK_NODISCARD wick_status reader_call(reader *r, wick_status started);

#endif
