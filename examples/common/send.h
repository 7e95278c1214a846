/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_SEND_H
#define WICK_EXAMPLES_SEND_H
/*
 * Transactions of the programs: what one will cost, by a dry run of the node; the signature; and the
 * proof that it was included. A node's receipt only says where to look: the block is reached parent
 * by parent from a trusted head, and its transactions and receipts are checked against the roots in
 * its header.
 *
 * A command that sends is a few lines:
 *
 *     static sender s = {.as_manager = true};
 *     {SEND_OPTIONS, CLI_COMMON_OPTIONS} ... if (!sender_option(&s, got)) { its own }
 *     int code = sender_open(&s, cli);
 *     wick_calldata_revoke(&call, id);
 *     code = code == CLI_OK ? sender_call(&s, NULL, "revoke", contract, wick_buf_span(&call)) : code;
 *     sender_close(&s);
 *
 * The dry run (--dry-run) prints gas and cost, and ends there. A refusal of the contract is told by the
 * name of its custom error, before anything is signed.
 */
#include "chain.h"
#include "out.h"
#include "wick/calldata.h"
#include "wick/tx.h"

/* Largest transaction: what nodes take as the code of a contract, twice. */
#define SEND_DATA_MAX 49152u

/* ---- parts ---- */

/** Sets the fees of a transaction from those of the newest blocks.
 *  @retval WICK_E_LIMIT the node names a price above WICK_GW_MAX_FEE_WEI  @retval others of the node */
WICK_NODISCARD wick_status send_fees(wick_tx *tx, reader *r);

/** Hands a signed transaction over; one that the node has already is no error. */
WICK_NODISCARD wick_status send_raw(reader *r, wick_span raw);

typedef struct send_outcome {
    wick_trusted_header block;
    size_t index;      /* of the transaction in it */
    bool succeeded;
    uint64_t gas_used;
} send_outcome;

/** Waits until a transaction is proven to be included.
 *  @retval WICK_OK  @retval WICK_E_TIMEOUT  @retval others what stood in the way last */
WICK_NODISCARD wick_status send_await(send_outcome *out, chain_view *view,
                                      const uint8_t hash[32], uint64_t until_ms);

/** Where a node says that a transaction is. @retval WICK_E_NOT_FOUND not included yet */
WICK_NODISCARD wick_status send_claimed(uint64_t *number, reader *r, const uint8_t hash[32]);

/* ---- a command that sends ---- */

#define SEND_OPT_KEY 1100
#define SEND_OPT_DRY 1101
#define SEND_OPT_TIMEOUT 1102
#define SEND_OPT_TIER 1103
#define SEND_OPTIONS                                                                               \
    {"key", required_argument, NULL, SEND_OPT_KEY}, {"dry-run", no_argument, NULL, SEND_OPT_DRY},  \
        {"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},                                    \
        {"tier", required_argument, NULL, SEND_OPT_TIER}
#define SEND_USAGE "[--key FILE] [--dry-run] [--timeout S] [--tier TIER]"

typedef struct sender {
    /* set by the command */
    bool as_manager;      /* signs with [manager] key_file, else with that of [identity] */
    bool without_registry; /* there is none yet */
    bool no_key;           /* it reads alone */
    bool offline;          /* it signs alone: no node is asked, wick.conf needs none */
    /* of the options */
    const char *key_file;
    bool dry_run;
    uint64_t wait_s; /* 0: three minutes */
    bool bad_option;
    /* open */
    const cli *c;
    host h;
    reader r;
    chain_view view;
    wick_key key;
    uint8_t address[20];
    wick_registry_domain domain;
    uint64_t dry_count;   /* transactions that would have been sent */
    uint8_t contract[20]; /* that the last one made, or would make */
} sender;

/** Takes one of SEND_OPTIONS. @return false: it is another one */
bool sender_option(sender *s, int option);

/** wick.conf, the home registry, the key. @return exit code; the error is printed */
int sender_open(sender *s, const cli *c);
void sender_close(sender *s);

/** One transaction, from its dry run to the proof that it succeeded; prints a step for each.
 *  @param[out] out   may be NULL; not written by a dry run
 *  @param[in] what   in the output: "revoke"
 *  @param[in] to     NULL: makes a contract
 *  @return exit code; the error is printed */
int sender_call(sender *s, send_outcome *out, const char *what, const uint8_t *to, wick_span data);

/** The same with wei that go to `to`, big-endian: they are part of the dry run, and of what the account
 *  must have. */
int sender_pay(sender *s, send_outcome *out, const char *what, const uint8_t *to,
               const uint8_t value[32], wick_span data);

/** Words of the home registry (or another contract), proven under a new head.
 *  @return exit code; the error is printed */
int sender_words(sender *s, uint8_t (*values)[32], const uint8_t (*slots)[32], size_t count,
                 const uint8_t contract[20], const char *what);

#endif
