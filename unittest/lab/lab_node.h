/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAB_NODE_H
#define LAB_NODE_H
/*
 * A node that unlocks its accounts, and the contracts on it, as the tests of the registry use them:
 * calls, their refusals, their events, and words with or without proof. registry.sh starts the node
 * and says in WICK_LAB_RPC, WICK_LAB_DEVICES, WICK_LAB_RELAYS and WICK_LAB_RELEASES where all that is.
 */
#include "wick/hal/keystore.h"
#include "wick/port/crypto.h"
#include "wick/record.h"
#include "wick/verified.h"
#include "wick/voucher.h"

/* Accounts of the node, in its order; their keys are known. Then keys that own no account, then further
 * accounts of the node. */
enum { LAB_ADMIN, LAB_MANAGER, LAB_OWNER, LAB_STRANGER, LAB_ACCOUNTS, LAB_KEYS = 7, LAB_PEOPLE = 11 };

extern wick_hal_crypto lab_crypto;
extern wick_registry_domain lab_domain;     /* of DeviceRegistry */
extern uint8_t lab_relays[20];              /* address of RelayRegistry */
extern uint8_t lab_releases[20];            /* address of ReleaseIndex */
extern uint8_t lab_account[LAB_PEOPLE][20]; /* of accounts and of the other keys */
extern uint8_t lab_org[32], lab_service[32];
extern uint64_t lab_now_s;                  /* of the newest block that was asked for */

/** Connects; false if there is no node to connect to. Does nothing the second time. */
bool lab_node_init(void);

/** Time of the next block; no block is older than the one before it. */
bool lab_next_block_at(uint64_t unix_s);
/** A block without transactions. */
bool lab_mine(void);
/** The newest block; sets lab_now_s. */
bool lab_newest(void);

/** Signature of lab_account[key]. */
void lab_sign(uint8_t r32[32], uint8_t vs32[32], unsigned key, const uint8_t digest32[32]);

/** One transaction of an account with this many wei. @return included, and succeeded. */
bool lab_send(unsigned from, const uint8_t to[20], const wick_buf *call, uint64_t wei);
/** Block of the last transaction. */
extern uint64_t lab_block;
/** Events of the last transaction: for each address 20, number of topics 1, topics, length 2, data. */
void lab_logs(wick_buf *out);

/** Dry run: what the contract says, nothing if it takes the call. */
wick_status lab_dry_run(wick_buf *data, unsigned from, const uint8_t to[20], const wick_buf *call,
                        uint64_t wei);

/** What a call would return to an account, one word. @return answered so */
bool lab_view(uint8_t word[32], unsigned from, const uint8_t to[20], const wick_buf *call);

/** Words of a contract, proven under the newest header. */
wick_status lab_read_words(uint8_t (*values)[32], const uint8_t contract[20],
                           const uint8_t (*slots)[32], size_t count);
/** Root of all words of that contract, as lab_read_words() found it in the account that was proven. */
extern uint8_t lab_root[32];
/** The same as the node claims them: also those that a call set back to zero. */
wick_status lab_claimed_words(uint8_t (*values)[32], const uint8_t contract[20],
                              const uint8_t (*slots)[32], size_t count);
#endif
