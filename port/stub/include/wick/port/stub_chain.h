/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_CHAIN_H
#define WICK_PORT_STUB_CHAIN_H
/*
 * A chain in the stub world. Its state is a real Merkle-Patricia trie under real headers, so what
 * it serves are real proofs; its two contracts obey the rules of the Solidity ones, refusals
 * included; blocks come with virtual time. And it lies on request, in all the ways in which a node
 * between a gateway and its chain can lie.
 *
 *   wick_stub_chain_init(&chain, &world, &crypto, 31337, manager_address);
 *   wick_stub_chain_fund(&chain, wallet, ether);
 *   wick_stub_chain_proof(&chain, &answer, account, slots, count);
 *
 * It can seal its blocks as a consortium chain does, with validators that change by script, and
 * rewind itself as a reorganisation does:
 *
 *   static const uint8_t members[] = {1, 2, 3, 4};
 *   wick_stub_chain_seal(&chain, &crypto_ctx, WICK_SEAL_QBFT, members, 4);
 *   ... chain.genesis is the block to pin ...
 *
 * One struct, no heap, about 2 MB.
 */
#include "wick/hal/crypto.h"
#include "wick/light.h"
#include "wick/port/crypto.h"
#include "wick/port/stub.h"
#include "wick/rlp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_STUB_CHAIN_WORDS 160
#define WICK_STUB_CHAIN_ACCOUNTS 32
#define WICK_STUB_CHAIN_POOL 8
#define WICK_STUB_CHAIN_TX 800
#define WICK_STUB_CHAIN_HISTORY 128 /* blocks that can still be asked for */
#define WICK_STUB_CHAIN_HEADER 2048
#define WICK_STUB_CHAIN_MEMBERS 8
#define WICK_STUB_CHAIN_KEYS 8 /* announced */
#define WICK_STUB_PROOF_NODES 8
#define WICK_STUB_PROOF_PARTS 12

typedef enum wick_stub_lie {
    WICK_STUB_HONEST = 0,
    WICK_STUB_LIE_TRUNCATED, /* the last node of each slot's proof is missing: "not there" */
    WICK_STUB_LIE_EXTENDED,  /* a node too many */
    WICK_STUB_LIE_FLIPPED,   /* one bit in the last node of the account proof */
    WICK_STUB_LIE_SWAPPED,   /* the endpoint in the last node of each slot is another */
    WICK_STUB_LIE_REORDERED, /* two nodes of the account proof change places */
    WICK_STUB_LIE_HEADER,    /* the header has another state root than its hash covers */
    WICK_STUB_LIE_OLD,       /* a true answer of an old block (see wick_stub_chain_remember()) */
    WICK_STUB_LIE_MIXED,     /* as OLD for the third slot and those after it */
    WICK_STUB_LIE_NO_PROOF,  /* header and end, nothing between */
    WICK_STUB_LIE_SILENT,    /* no answer at all */
    WICK_STUB_LIE_SLOW,      /* the answer comes after 30 s */
    WICK_STUB_LIE_RATE,      /* HTTP 429 */
    WICK_STUB_LIE_JSON,      /* not JSON */
    WICK_STUB_LIE_SWALLOW,   /* proofs are true, but transactions are taken and forgotten */
    WICK_STUB_LIE_UNANSWERED, /* proofs are true; transactions are taken, but the answer is lost */
    WICK_STUB_LIE_REFUSED,    /* proofs are true; transactions are refused by the pool */
    WICK_STUB_LIE_OTHER_KEY,  /* true proofs of keys that were not asked for */
    WICK_STUB_LIE_ALTERED_TX, /* proofs are true; transactions are run with one bit changed */
    WICK_STUB_LIE_COPIED_TX,  /* its content goes in under another name; it is dropped */
    WICK_STUB_LIE_HELD_TX,    /* kept back until wick_stub_chain_release() */
    WICK_STUB_LIES
} wick_stub_lie;

typedef struct wick_stub_account {
    uint8_t address[20];
    uint64_t nonce, balance; /* balance in gwei */
} wick_stub_account;

typedef struct wick_stub_chain_state {
    uint64_t number, timestamp;
    unsigned word_count, account_count;
    struct {
        uint8_t contract; /* 0 DeviceRegistry, 1 RelayRegistry */
        uint8_t slot[32], value[32];
    } word[WICK_STUB_CHAIN_WORDS];
    wick_stub_account account[WICK_STUB_CHAIN_ACCOUNTS];
    uint8_t hash[32], parent[32];
    size_t header_len;
    uint8_t header[WICK_STUB_CHAIN_HEADER];
    uint8_t recent[WICK_STUB_CHAIN_MEMBERS]; /* Clique: who sealed last, newest first */
} wick_stub_chain_state;

/** Who seals, and how. Key numbers are 1..255. */
typedef struct wick_stub_sealing {
    wick_crypto_ctx *crypto; /* NULL: nobody */
    wick_seal_rule rule;
    uint8_t member[WICK_STUB_CHAIN_MEMBERS]; /* ascending by address */
    unsigned members;
    uint32_t epoch;     /* Clique */
    uint8_t subject;    /* Clique: whom the next blocks vote about; 0: nobody */
    unsigned votes;     /* blocks that still vote */
    bool lazy;          /* Clique: out of turn */
    unsigned absent;    /* BFT: that many do not seal */
    bool strangers;     /* BFT: other keys seal in their place */
} wick_stub_sealing;

/** One eth_getProof answer with its header. part[0] is the account, part[1 + i] slot i. */
typedef struct wick_stub_proof {
    wick_status status; /* WICK_OK, or how asking failed */
    uint64_t delay_ms;  /* besides the chain's latency; UINT64_MAX: never */
    uint8_t hash[32];
    size_t header_len;
    uint8_t header[WICK_STUB_CHAIN_HEADER];
    unsigned part_count;
    struct {
        unsigned node_count;
        struct {
            size_t len;
            uint8_t bytes[600];
        } node[WICK_STUB_PROOF_NODES];
    } part[WICK_STUB_PROOF_PARTS];
} wick_stub_proof;

#define WICK_STUB_ATTESTORS 3

typedef struct wick_stub_chain {
    wick_stub_world *w;
    const wick_hal_crypto *crypto;
    uint64_t chain_id;
    uint8_t device_registry[20], relay_registry[20];
    uint8_t org[32];
    uint8_t attestor[WICK_STUB_ATTESTORS][20]; /* ascending */
    uint8_t attestor_count, attestor_threshold;
    uint32_t block_ms, latency_ms;
    uint64_t base_fee; /* wei */
    bool no_contract;  /* nothing is at the addresses */
    wick_stub_lie lie;
    bool second_node; /* there is an honest node, too: after a lie it is asked for 10 to 50 s, as a
                       * driver does that gives an endpoint a pause */
    uint64_t pause_ms;
    unsigned lies_told;
    size_t held_len; /* HELD_TX: the first one that came */
    uint8_t held[WICK_STUB_CHAIN_TX];
    wick_stub_chain_state state, old;
    struct {
        size_t len;
        uint8_t raw[WICK_STUB_CHAIN_TX];
    } pool[WICK_STUB_CHAIN_POOL];
    unsigned mined, reverted, proofs;
    bool halted; /* no block is made any more */
    bool executing;
    struct {
        size_t len;
        uint8_t hash[32], spki[320];
    } key[WICK_STUB_CHAIN_KEYS]; /* logs of announce(); they stay where a branch is left */
    unsigned keys_asked;
    wick_stub_sealing sealing;
    uint8_t genesis[32]; /* first sealed block: what there is to pin */
    wick_stub_chain_state past[WICK_STUB_CHAIN_HISTORY]; /* that of number N at N modulo its size */
} wick_stub_chain;

void wick_stub_chain_init(wick_stub_chain *c, wick_stub_world *w, const wick_hal_crypto *crypto,
                          uint64_t chain_id, const uint8_t manager[20]);
/** Keeps the present state for WICK_STUB_LIE_OLD. */
void wick_stub_chain_remember(wick_stub_chain *c);
/** Adds money, in gwei. */
void wick_stub_chain_fund(wick_stub_chain *c, const uint8_t address[20], uint64_t gwei);
/** Word of a contract (0 devices, 1 relays); zero if never written. */
void wick_stub_chain_get(const wick_stub_chain *c, uint8_t value[32], unsigned contract,
                         const uint8_t slot[32]);
void wick_stub_chain_put(wick_stub_chain *c, unsigned contract, const uint8_t slot[32],
                         const uint8_t value[32]);
/** The SPKI that was announced under a hash. @return its length, 0: none */
size_t wick_stub_chain_spki(const wick_stub_chain *c, uint8_t out[320], const uint8_t hash32[32]);
/** Adds an approved relay. */
void wick_stub_chain_relay(wick_stub_chain *c, const wick_addr *server);

/** Seals all blocks from the next one on, which is made now and is the one to pin.
 *  @param[in] members  key numbers; their order does not matter */
void wick_stub_chain_seal(wick_stub_chain *c, wick_crypto_ctx *crypto, wick_seal_rule rule,
                          const uint8_t *members, unsigned count);
/** Other validators (BFT) from the next block on. */
void wick_stub_chain_members(wick_stub_chain *c, const uint8_t *members, unsigned count);
/** Clique: the next blocks vote `key` in or out, until that is decided. */
void wick_stub_chain_vote(wick_stub_chain *c, uint8_t key);
/** Forgets the newest `depth` blocks; what comes now is another branch. */
void wick_stub_chain_rewind(wick_stub_chain *c, unsigned depth);
/** Makes a block now. */
void wick_stub_chain_mine(wick_stub_chain *c);

/** What a node knows of a block: NULL if it has none such. */
const wick_stub_chain_state *wick_stub_chain_block(const wick_stub_chain *c,
                                                   const wick_light_request *q, uint32_t index);

/** Answers eth_getProof at a block (NULL: the newest), truly or not. */
void wick_stub_chain_proof_at(wick_stub_chain *c, wick_stub_proof *out, const uint8_t *hash32,
                              const uint8_t account[20], const uint8_t (*slots)[32],
                              size_t slot_count);
/** Answers eth_getProof at the newest block, truly or not. */
void wick_stub_chain_proof(wick_stub_chain *c, wick_stub_proof *out, const uint8_t account[20],
                           const uint8_t (*slots)[32], size_t slot_count);
/** A call in a transaction of its own, in the next block at once; nobody is asked to pay. */
void wick_stub_chain_run(wick_stub_chain *c, const uint8_t from[20], wick_span call_data);
/** eth_call as a dry run. @return length of the revert data written, 0 = it would succeed */
size_t wick_stub_chain_call(wick_stub_chain *c, uint8_t revert[36], const uint8_t from[20],
                            wick_span call_data);
/** eth_sendRawTransaction. @retval WICK_OK taken  @retval WICK_E_RPC refused by the pool */
wick_status wick_stub_chain_send(wick_stub_chain *c, wick_span raw);

/** Will the request that comes now be answered after 30 s? */
bool wick_stub_chain_is_slow(wick_stub_chain *c);
/** HELD_TX: the transaction goes to the pool now. @return false if there is none or no room */
bool wick_stub_chain_release(wick_stub_chain *c);

/* Trie: sorted by key; values are RLP as the trie holds them. */
#define WICK_STUB_TRIE_MAX 200
typedef struct wick_stub_trie {
    unsigned count;
    struct {
        uint8_t key[32];
        uint8_t len;
        uint8_t value[112];
    } entry[WICK_STUB_TRIE_MAX];
} wick_stub_trie;

/** Adds or replaces; `key` is not hashed yet. */
void wick_stub_trie_put(wick_stub_trie *t, const uint8_t *key, size_t key_len, wick_span value);
void wick_stub_trie_root(const wick_stub_trie *t, uint8_t root[32]);
/** Proof of `key`, root first. @return number of nodes */
unsigned wick_stub_trie_prove(const wick_stub_trie *t, uint8_t (*node)[600], size_t *len,
                              const uint8_t *key, size_t key_len);

#ifdef __cplusplus
}
#endif
#endif
