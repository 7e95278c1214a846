/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_BEACON_H
#define WICK_BEACON_H
/*
 * Headers of proof-of-stake Ethereum, by its sync committee: 512 validators, drawn anew every 27
 * hours, sign each block, and each committee names the next. From one beacon block root that the
 * operator trusts, a device follows the chain with one update of 27 KB a period, and checks any
 * finalised block by one signature.
 *
 *     static wick_beacon b;                                           97 KB, see below
 *     wick_beacon_config cfg = {&wick_beacon_mainnet, {trusted root}, 0};
 *     s = wick_beacon_bootstrap(&b, &cfg, &crypto, fork, ssz, &now);   once
 *     each update:  s = wick_beacon_input(&b, &changed, &crypto, WICK_BEACON_UPDATE, fork, ssz, &now);
 *     s = wick_beacon_input(&b, &changed, &crypto, WICK_BEACON_FINALITY, fork, ssz, &now);
 *     const wick_beacon_head *h = wick_beacon_head_of(&b, WICK_TIER_FINALIZED);
 *     ... ask anybody for the header of execution block h->execution_hash ...
 *     s = wick_beacon_trust(&th, &b, header_rlp, WICK_TIER_FINALIZED);
 *
 * Objects come as SSZ (Accept: application/octet-stream, or made from JSON); `fork` is the fork they
 * were written in, found by name (wick/chains.h) or by digest (wick_beacon_fork_by_digest()). Trusted
 * headers are made by way of the execution block's hash, never of a state root in these objects.
 *
 * Rules: the consensus specification's light client ("sync protocol", Altair to Gloas) in full, and
 * beyond it these:
 *  - FINALIZED needs a finality branch signed by two thirds of a committee that was itself learned
 *    so, all the way from the trusted root. OPTIMISTIC needs more than half of a committee (the
 *    specification's optimistic header may be signed by one).
 *  - wick_beacon_force(), the specification's way out when finality is not seen for a whole period,
 *    moves the store on, but what comes of it is OPTIMISTIC at most: its header is not FINALIZED, and
 *    neither is what is signed by a committee that was learned by force.
 *  - A next committee that 2/3 signed for, without a finalised header of the same period, is used for
 *    OPTIMISTIC only, until an update proves it.
 *  - A bootstrap or a store older than the trusting period (weak subjectivity) is EXPIRED.
 *  - Without a clock nothing is accepted (NO_CLOCK); what was signed later than now is HEADER_FUTURE.
 *
 * Keys: the committee in use is kept decompressed (96 bytes a key), because that is two thirds of a
 * signature check otherwise; the other one compressed (48 bytes). At the turn of a period they change
 * forms in place, which takes one decompression and one subgroup check for each key, once.
 *
 * Bounds: WICK_BEACON_COMMITTEE_MAX members. Sizes with 512: wick_beacon 97 KB, of which 24 KB for
 * wick_beacon_force() (WICK_BEACON_FORCE 0 leaves it out: 73 KB); with 32: 7 KB. The largest object
 * is WICK_BEACON_OBJECT_MAX. Stack 2.5 KB besides the back end's 9 KB (blst).
 */
#include "wick/chains.h"
#include "wick/hal/crypto.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Light client objects of the specification. */
typedef enum wick_beacon_kind {
    WICK_BEACON_BOOTSTRAP = 0,
    WICK_BEACON_UPDATE,
    WICK_BEACON_FINALITY,
    WICK_BEACON_OPTIMISTIC
} wick_beacon_kind;

/* Longest branch: 11 in Gloas. */
#define WICK_BEACON_BRANCH_MAX 12
/* Largest header of an object: beacon header, payload header with 32 bytes of extra data, branch. */
#define WICK_BEACON_HEADER_MAX (112 + 2 * 4 + 584 + 32 + 4 * 32)
/* Largest object: an update. */
#define WICK_BEACON_OBJECT_MAX                                                                     \
    (48 * (WICK_BEACON_COMMITTEE_MAX + 1) + WICK_BEACON_COMMITTEE_MAX / 8 + 96 + 8 + 2 * 4 +       \
     2 * WICK_BEACON_BRANCH_MAX * 32 + 2 * WICK_BEACON_HEADER_MAX)

/* ---- objects ---- */

/** View of a LightClientHeader. */
typedef struct wick_beacon_header {
    uint64_t slot;
    wick_span beacon;  /* 112 bytes: slot, proposer, parent root, state root, body root */
    wick_span payload; /* execution payload header as SSZ; empty if there is none */
    wick_span branch;  /* of the payload or the block hash */
    const uint8_t *block_hash; /* of the execution block; NULL if there is none */
} wick_beacon_header;

/** View of any of the four objects; what it does not have is empty. Lives as long as the input. */
typedef struct wick_beacon_object {
    wick_beacon_kind kind;
    const wick_beacon_shape *shape;
    wick_beacon_header attested;  /* of a bootstrap: its header */
    wick_beacon_header finalized; /* update, finality */
    wick_span committee;          /* keys and aggregate: current of a bootstrap, next of an update */
    wick_span committee_branch;
    wick_span finality_branch;
    wick_span bits;            /* who signed */
    const uint8_t *signature;  /* 96 bytes */
    uint64_t signature_slot;
} wick_beacon_object;

/** Decodes an object, strictly: offsets, lengths, no byte too many. No cryptography.
 *  @param[out] out  zeroed on error
 *  @param[in] committee  members of a committee of the chain
 *  @retval WICK_OK
 *  @retval WICK_E_TRUNCATED  shorter than its fixed part
 *  @retval WICK_E_TRAILING   longer than its fields
 *  @retval WICK_E_MALFORMED  an offset or a length that SSZ does not allow */
WICK_NODISCARD wick_status wick_beacon_decode(wick_beacon_object *out, wick_beacon_kind kind,
                                              const wick_beacon_shape *shape, wick_span ssz,
                                              uint16_t committee);

/** The fork whose digest prefixes an object on the wire (fork version, genesis validators root and,
 *  from Fulu on, blob bounds).
 *  @retval WICK_OK  @retval WICK_E_UNSUPPORTED no fork of this chain  @retval WICK_E_CRYPTO */
WICK_NODISCARD wick_status wick_beacon_fork_by_digest(const wick_beacon_fork **out,
                                                      const wick_beacon_chain *chain,
                                                      const wick_hal_crypto *crypto,
                                                      const uint8_t digest4[4]);

/* ---- store ---- */

typedef struct wick_beacon_config {
    const wick_beacon_chain *chain; /* lives as long as the store */
    uint8_t trusted_root[32]; /* beacon block root of a finalised block, from the operator */
    uint32_t trusting_s;      /* weak subjectivity period; 0 is the chain's */
} wick_beacon_config;

/** What is kept of a light client header. Slot 0: none. */
typedef struct wick_beacon_head {
    uint64_t slot;
    uint8_t root[32];           /* of the beacon block */
    uint8_t execution_root[32]; /* as get_lc_execution_root() */
    uint8_t execution_hash[32]; /* zero before Capella */
} wick_beacon_head;

/** Private: what matters of an update once its branches are checked. */
typedef struct wick_beacon_facts {
    wick_beacon_head attested;
    wick_beacon_head finalized; /* as in the update; zero without finality */
    uint64_t signature_slot;
    uint16_t participants; /* 0: there is none */
    uint8_t level;         /* of the committee that signed */
    bool has_finality;
    bool has_committee;
    uint8_t root[32]; /* of its committee */
    uint8_t aggregate[48];
} wick_beacon_facts;

/** Private: a committee by name; its keys are in the bank or aside. */
typedef struct wick_beacon_committee {
    uint8_t level;        /* how well it is known */
    uint8_t root[32];     /* hash_tree_root */
    uint8_t aggregate[48];
} wick_beacon_committee;

/** A store. May be copied as a whole. The fields are private. */
typedef struct wick_beacon {
    wick_beacon_config cfg;
    uint8_t phase;
    bool has_next;
    bool provisional; /* next is not in the specification's store: it serves OPTIMISTIC only */
    bool bank_is_next; /* whose keys `bank` holds; `other` holds the other one's */
    bool other_valid;  /* the keys in `other` have been in the bank before */
    uint16_t max_before; /* participants: most of the last period and of this one */
    uint16_t max_now;
    wick_beacon_head finalized;  /* of the specification: may be forced */
    wick_beacon_head optimistic; /* of the specification: may be signed by a few */
    wick_beacon_head proven;     /* newest one that is FINALIZED */
    wick_beacon_head signed_by_most; /* newest one that is OPTIMISTIC */
    wick_beacon_committee current;
    wick_beacon_committee next;
#if WICK_BEACON_FORCE
    wick_beacon_facts best; /* best valid update that was not applied; without participants: none */
    uint8_t best_keys[WICK_BEACON_COMMITTEE_MAX][48];
#endif
    wick_bls_key sum; /* of all keys in the bank */
    wick_bls_key bank[WICK_BEACON_COMMITTEE_MAX];
    uint8_t other[WICK_BEACON_COMMITTEE_MAX][48];
} wick_beacon;

/** What an object has changed; may be several. */
#define WICK_BEACON_NEW_FINALIZED 1u  /* a newer FINALIZED header */
#define WICK_BEACON_NEW_OPTIMISTIC 2u /* a newer OPTIMISTIC header */
#define WICK_BEACON_NEW_NEXT 4u       /* the next committee is known */
#define WICK_BEACON_NEW_PERIOD 8u     /* the next committee has become the current one */

/** Starts from a trusted beacon block root.
 *  @param[out] b    zeroed on error, when it trusts nothing
 *  @param[in] fork  the fork the object was written in
 *  @param[in] now   the clock; needed
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_HASH   another block than the trusted one
 *  @retval WICK_E_BEACON_BRANCH the committee or the execution block is not of that block
 *  @retval WICK_E_EXPIRED       older than the trusting period: take a newer trusted root
 *  @retval WICK_E_HEADER_FUTURE its slot has not come yet
 *  @retval WICK_E_NO_CLOCK      there is no clock
 *  @retval WICK_E_UNSUPPORTED   the back end has no BLS12-381, or the fork is not of this chain
 *  @retval WICK_E_BAD_KEY       a key of the committee is not valid
 *  @retval others               as wick_beacon_decode() and wick_beacon_chain_check() */
WICK_NODISCARD wick_status wick_beacon_bootstrap(wick_beacon *b, const wick_beacon_config *cfg,
                                                 const wick_hal_crypto *crypto,
                                                 const wick_beacon_fork *fork, wick_span ssz,
                                                 const wick_trust_now *now);

/** Takes an update, a finality update or an optimistic update.
 *  @param[in,out] b     untouched on error, but for the form its keys are kept in
 *  @param[out] changed  WICK_BEACON_NEW_...; 0: valid, but nothing came of it yet
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_STALE   older than what is known, or known already
 *  @retval WICK_E_HEADER_FUTURE  signed later than now
 *  @retval WICK_E_BEACON_PERIOD  signed by a committee that is not known: an update between is missing
 *  @retval WICK_E_BEACON_BRANCH  a Merkle branch does not lead to the signed header
 *  @retval WICK_E_BEACON_COMMITTEE  another next committee than the one known
 *  @retval WICK_E_SEAL_QUORUM    signed by nobody
 *  @retval WICK_E_AUTH           the signature is wrong
 *  @retval WICK_E_MALFORMED      slots out of order, or as wick_beacon_decode()
 *  @retval WICK_E_EXPIRED        what is known is older than the trusting period: bootstrap again
 *  @retval WICK_E_NO_CLOCK       there is no clock
 *  @retval WICK_E_STATE          no bootstrap yet
 *  @retval WICK_E_BAD_ARG        a bootstrap, or a fork of another chain
 *  @retval WICK_E_UNSUPPORTED    the back end has no BLS12-381, or a slot before the first fork */
WICK_NODISCARD wick_status wick_beacon_input(wick_beacon *b, unsigned *changed,
                                             const wick_hal_crypto *crypto, wick_beacon_kind kind,
                                             const wick_beacon_fork *fork, wick_span ssz,
                                             const wick_trust_now *now);

#if WICK_BEACON_FORCE
/** Moves on with the best update seen when nothing was finalised for a whole period. Never makes a
 *  FINALIZED header.
 *  @retval WICK_OK        done, see `changed`
 *  @retval WICK_AGAIN     not due yet, or there is no update to go on with
 *  @retval WICK_E_NO_CLOCK, WICK_E_STATE as above */
WICK_NODISCARD wick_status wick_beacon_force(wick_beacon *b, unsigned *changed,
                                             const wick_hal_crypto *crypto,
                                             const wick_trust_now *now);
#endif

/** Newest header of tier FINALIZED or OPTIMISTIC; NULL if there is none. */
const wick_beacon_head *wick_beacon_head_of(const wick_beacon *b, wick_tier tier);

/** Slot of the clock. @retval WICK_OK  @retval WICK_E_NO_CLOCK none, or before genesis */
WICK_NODISCARD wick_status wick_beacon_slot_now(uint64_t *slot, const wick_beacon_chain *chain,
                                                const wick_trust_now *now);

/** Unix time of a slot. */
uint64_t wick_beacon_slot_time(const wick_beacon_chain *chain, uint64_t slot);

/** Which updates to ask for, one for each period.
 *  @param[out] first, count  of light_client/updates; count 0: none are missing, ask for finality and
 *                            optimistic updates */
WICK_NODISCARD wick_status wick_beacon_wanted(uint64_t *first, uint64_t *count,
                                              const wick_beacon *b, const wick_trust_now *now);

/** Vouches for the execution header of the newest head of a tier.
 *  @param[out] th    zeroed on error
 *  @param[in] tier   FINALIZED or OPTIMISTIC. OPTIMISTIC also vouches for the FINALIZED block, which
 *                    then has tier FINALIZED
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_HASH  another block
 *  @retval WICK_E_STATE        no head of that tier, or one before Capella
 *  @retval WICK_E_TRUST_TIER   a tier that a sync committee does not give
 *  @retval others              as wick_header_decode() */
WICK_NODISCARD wick_status wick_beacon_trust(wick_trusted_header *th, const wick_beacon *b,
                                             wick_span header_rlp, wick_tier tier);

/* ---- trust store ----
 *
 * A store is written as one small value and two committees in pieces, each of which fits a value of
 * wick/hal/store.h. The small value names the committees by their roots, so that pieces of different
 * times do not pass for a store. Write pieces first and the small value last, under other items than
 * the ones in use, and a power cut loses nothing.
 *
 *     wick_beacon_export(&buf, &b);
 *     for (i = 0; i < wick_beacon_pieces(&b); i++) { wick_beacon_export_piece(&buf, &b, &crypto, i); }
 *
 *     wick_beacon_import(&b, &cfg, value);
 *     for (i = 0; i < wick_beacon_pieces(&b); i++) { wick_beacon_import_piece(&b, value, i); }
 *     s = wick_beacon_import_end(&b, &crypto, &now);
 *
 * Only sound state is worth keeping across a restart; a best update that was not applied is not
 * written.
 */

/* Keys in a piece and largest piece, bytes. */
#define WICK_BEACON_PIECE_KEYS 16
#define WICK_BEACON_PIECE_MAX (WICK_BEACON_PIECE_KEYS * 48)
/* Largest small value, bytes. */
#define WICK_BEACON_EXPORT_MAX 640
/* Most pieces of a store. */
#define WICK_BEACON_PIECES_MAX (2 * (WICK_BEACON_COMMITTEE_MAX / WICK_BEACON_PIECE_KEYS))

/** Appends the small value: version byte, fields big-endian.
 *  @retval WICK_OK  @retval WICK_E_NO_SPACE  @retval WICK_E_STATE no bootstrap yet */
WICK_NODISCARD wick_status wick_beacon_export(wick_buf *out, const wick_beacon *b);

/** Pieces of this store: of the current committee first, then of the next one if it is known. */
size_t wick_beacon_pieces(const wick_beacon *b);

/** Committees of this store: 0 before the bootstrap, 1, or 2 if the next one is known. */
size_t wick_beacon_committees(const wick_beacon *b);
/** Root of the current committee (0) or of the next one (1), 32 bytes. NULL: there is none. */
const uint8_t *wick_beacon_committee_name(const wick_beacon *b, size_t index);

/** Appends one piece. @retval WICK_OK  @retval WICK_E_NO_SPACE  @retval WICK_E_BAD_ARG no such piece
 *  @retval WICK_E_STATE no bootstrap yet */
WICK_NODISCARD wick_status wick_beacon_export_piece(wick_buf *out, const wick_beacon *b,
                                                    const wick_hal_crypto *crypto, size_t piece);

/** Begins an import. `b` is zeroed on error and trusts nothing before wick_beacon_import_end().
 *  @param[in] cfg  as it is configured now; its trusted root does not matter any more
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED    another version
 *  @retval WICK_E_CHAIN_MISMATCH written for another chain
 *  @retval WICK_E_MALFORMED, WICK_E_TRUNCATED, WICK_E_TRAILING it was not written by export
 *  @retval others                as wick_beacon_chain_check() */
WICK_NODISCARD wick_status wick_beacon_import(wick_beacon *b, const wick_beacon_config *cfg,
                                              wick_span in);

/** Takes one piece, in any order.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG no such piece, or another length
 *  @retval WICK_E_STATE no import is under way */
WICK_NODISCARD wick_status wick_beacon_import_piece(wick_beacon *b, wick_span in, size_t piece);

/** Ends an import: the keys must be those of the roots in the small value.
 *  @param[in] now  the clock; needed
 *  @retval WICK_OK
 *  @retval WICK_E_BEACON_COMMITTEE  pieces missing, changed or of another time
 *  @retval WICK_E_EXPIRED           older than the trusting period
 *  @retval WICK_E_HEADER_FUTURE     it is of a time that the clock has not reached
 *  @retval WICK_E_NO_CLOCK, WICK_E_STATE, WICK_E_UNSUPPORTED, WICK_E_BAD_KEY as above; `b` is zeroed
 *          on any error but NO_CLOCK */
WICK_NODISCARD wick_status wick_beacon_import_end(wick_beacon *b, const wick_hal_crypto *crypto,
                                                  const wick_trust_now *now);

#ifdef __cplusplus
}
#endif
#endif
