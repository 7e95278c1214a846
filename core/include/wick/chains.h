/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CHAINS_H
#define WICK_CHAINS_H
/*
 * Beacon chains: what a light client must know of one before it talks to anybody. Mainnet, Sepolia
 * and Gnosis are built in; a chain of one's own is the same struct, filled by the caller:
 *
 *     const wick_beacon_chain *c = wick_beacon_chain_by_name("sepolia", 7);
 *
 *     static const wick_beacon_fork forks[] = {
 *         {"electra", 0, {0x05, 0, 0, 1}, &wick_beacon_shape_electra},
 *         {"fulu", 10, {0x06, 0, 0, 1}, &wick_beacon_shape_electra}};
 *     wick_beacon_chain own = {"devnet", 4242, time, {root}, 6, 8, 8, 32, 86400, forks, 2, 0, 0};
 *     s = wick_beacon_chain_check(&own);
 *
 * A fork is one row: from which epoch on, its version (which is signed), and the shape of its light
 * client objects. The shape says where in the state the committees and the finalised checkpoint are
 * and what a header tells of the execution block, so that the next fork is a row more and no code.
 *
 * Sizes: read-only data only, about 0.9 KB. A caller's chain is 96 bytes (64-bit), a fork 32.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a light client header says of its execution block. */
typedef enum wick_beacon_header_kind {
    WICK_BEACON_HEADER_PLAIN = 0,  /* nothing (Altair, Bellatrix) */
    WICK_BEACON_HEADER_PAYLOAD,    /* the payload header and its branch (Capella to Fulu) */
    WICK_BEACON_HEADER_BLOCK_HASH  /* the block hash and its branch (Gloas) */
} wick_beacon_header_kind;

/** Generalised indices and layout of one generation of forks. An index of 0: there is none. */
typedef struct wick_beacon_shape {
    uint16_t finalized;     /* of finalized_checkpoint.root in the state */
    uint16_t current;       /* of current_sync_committee in the state */
    uint16_t next;          /* of next_sync_committee in the state */
    uint16_t payload;       /* of execution_payload in the body */
    uint16_t block_hash;    /* of the execution block's hash in the body */
    uint8_t payload_fields; /* of the execution payload header: 15 (Capella) or 17 (Deneb on) */
    uint8_t header;         /* wick_beacon_header_kind */
} wick_beacon_shape;

extern const wick_beacon_shape wick_beacon_shape_altair; /* and Bellatrix */
extern const wick_beacon_shape wick_beacon_shape_capella;
extern const wick_beacon_shape wick_beacon_shape_deneb;
extern const wick_beacon_shape wick_beacon_shape_electra; /* and Fulu */
extern const wick_beacon_shape wick_beacon_shape_gloas;

/** Shape by the fork's name in lower case, as the beacon API writes it ("electra"); NULL if unknown. */
const wick_beacon_shape *wick_beacon_shape_by_name(const char *name, size_t len);

typedef struct wick_beacon_fork {
    const char *name; /* lower case, as in Eth-Consensus-Version */
    uint64_t epoch;   /* the first */
    uint8_t version[4];
    const wick_beacon_shape *shape;
} wick_beacon_fork;

/** From `epoch` on at most `max` blobs in a block (EIP-7892): changes the fork digest from Fulu on and
 *  nothing else. */
typedef struct wick_beacon_blobs {
    uint64_t epoch;
    uint64_t max;
} wick_beacon_blobs;

typedef struct wick_beacon_chain {
    const char *name;
    uint64_t chain_id;     /* of the execution layer */
    uint64_t genesis_time; /* unix seconds */
    uint8_t genesis_validators_root[32];
    uint16_t seconds_per_slot;
    uint16_t slots_per_epoch;
    uint16_t epochs_per_period;
    uint16_t committee;    /* members, 512 or (minimal preset) 32 */
    uint32_t trusting_s;   /* default weak-subjectivity period: older trust is refused */
    const wick_beacon_fork *fork; /* Altair or later first, by epoch */
    uint8_t forks;
    const wick_beacon_blobs *blobs; /* by epoch; Electra's bound first. May be NULL */
    uint8_t blob_rows;
} wick_beacon_chain;

extern const wick_beacon_chain wick_beacon_mainnet;
extern const wick_beacon_chain wick_beacon_sepolia;
extern const wick_beacon_chain wick_beacon_gnosis;

/** "mainnet", "sepolia", "gnosis"; NULL if there is no such chain. */
const wick_beacon_chain *wick_beacon_chain_by_name(const char *name, size_t len);

/** Is a caller's chain usable in this build?
 *  @retval WICK_OK
 *  @retval WICK_E_LIMIT    the committee is larger than WICK_BEACON_COMMITTEE_MAX
 *  @retval WICK_E_BAD_ARG  a zero where none may be, a committee that is no power of two >= 32, no
 *                          fork, forks out of order, or a fork without a shape */
WICK_NODISCARD wick_status wick_beacon_chain_check(const wick_beacon_chain *chain);

/** The fork of an epoch; NULL before the first. */
const wick_beacon_fork *wick_beacon_fork_at(const wick_beacon_chain *chain, uint64_t epoch);

/** The fork of that name ("electra"), as told by the beacon API's JSON and its Eth-Consensus-Version
 *  header; NULL if the chain has none. */
const wick_beacon_fork *wick_beacon_fork_by_name(const wick_beacon_chain *chain, const char *name,
                                                 size_t len);

/** The fork of that version; NULL if the chain has none. */
const wick_beacon_fork *wick_beacon_fork_by_version(const wick_beacon_chain *chain,
                                                    const uint8_t version4[4]);

#ifdef __cplusplus
}
#endif
#endif
