/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_BEACON_INTERNAL_H
#define WICK_BEACON_INTERNAL_H
/* What the files of the sync committee authenticator share. */
#include "ssz_internal.h"
#include "wick/beacon.h"

/* Where fields of a beacon block header begin (phase0 beacon-chain.md, BeaconBlockHeader). */
#define WICK_BEACON_STATE_ROOT 48u
#define WICK_BEACON_BODY_ROOT 80u
#define WICK_BEACON_PLAIN_BYTES 112u

/* Where the block hash is in an execution payload header: the same in Capella and Deneb. */
#define WICK_BEACON_PAYLOAD_HASH 472u

enum { WICK_BEACON_PHASE_NONE = 0, WICK_BEACON_PHASE_IMPORT, WICK_BEACON_PHASE_READY };

/* How well a committee is known. */
enum {
    WICK_BEACON_WEAK = 0, /* by force, signed by half or less of a committee */
    WICK_BEACON_MAJORITY, /* by force, signed by more than half, each time */
    WICK_BEACON_FINAL     /* 2/3 and a finalised header, all the way from the trusted root */
};

/* ---- objects (beacon_ssz.c) ---- */

/** Root of a beacon block header. */
void wick_beacon_root(wick_ssz *z, uint8_t out32[32], const wick_beacon_header *h);

/** Is it the default object? */
bool wick_beacon_is_default(const wick_beacon_header *h);

/** Reduces a header to what is kept of it, once its execution part is shown to be of its body.
 *  @retval WICK_OK
 *  @retval WICK_E_BEACON_BRANCH  it is not
 *  @retval WICK_E_MALFORMED      written in a fork that does not fit its slot
 *  @retval WICK_E_UNSUPPORTED    a slot before the chain's first fork */
WICK_NODISCARD wick_status wick_beacon_reduce(wick_ssz *z, wick_beacon_head *out,
                                              const wick_beacon_chain *chain,
                                              const wick_beacon_shape *wire,
                                              const wick_beacon_header *h);

/** Root of a SyncCommittee. @param[in] stride  from key to key */
void wick_beacon_committee_root(wick_ssz *z, uint8_t out32[32], const uint8_t *keys, size_t stride,
                                size_t members, const uint8_t aggregate48[48]);

/** What validators of a fork sign for a block root: signing root of the domain SYNC_COMMITTEE. */
void wick_beacon_signing_root(wick_ssz *z, uint8_t out32[32], const wick_beacon_chain *chain,
                              const wick_beacon_fork *fork, const uint8_t root32[32]);

/* ---- keys (beacon_keys.c) ---- */

static inline size_t wick_beacon_members(const wick_beacon *b)
{
    return b->cfg.chain->committee;
}

static inline uint64_t wick_beacon_period(const wick_beacon_chain *c, uint64_t slot)
{
    return slot / c->slots_per_epoch / c->epochs_per_period;
}

/** Is trust in a slot fresh enough? @retval WICK_OK  @retval WICK_E_EXPIRED
 *  @retval WICK_E_HEADER_FUTURE the slot has not come yet */
WICK_NODISCARD wick_status wick_beacon_check_age(const wick_beacon_config *cfg, uint64_t slot,
                                                 uint64_t now_slot);

bool wick_beacon_has_bls(const wick_hal_crypto *crypto);

/** Decompresses the keys of the current committee into the bank.
 *  @param[in] keys    compressed, all of the committee; may lie in the bank itself, one in each place
 *  @param[in] stride  from key to key
 *  @retval WICK_OK  @retval WICK_E_BAD_KEY */
WICK_NODISCARD wick_status wick_beacon_keys_load(wick_beacon *b, const wick_hal_crypto *crypto,
                                                 const uint8_t *keys, size_t stride);

/** Puts the keys of the current or the next committee into the bank, the other one's aside.
 *  @retval WICK_OK  @retval WICK_E_BAD_KEY a key of that committee; nothing has changed */
WICK_NODISCARD wick_status wick_beacon_keys_use(wick_beacon *b, const wick_hal_crypto *crypto,
                                                bool next);

/** The next committee is that one, of `keys` of 48 bytes each. The bank holds the current one. */
void wick_beacon_keys_next(wick_beacon *b, const uint8_t *keys);

/** The next committee has become the current one. The bank holds it. */
void wick_beacon_keys_turn(wick_beacon *b);

/** One key in compressed form. */
void wick_beacon_key(uint8_t out48[48], const wick_beacon *b, const wick_hal_crypto *crypto,
                     bool next, size_t index);

/** Have those members of the committee in the bank signed the root whose bits are set?
 *  @retval WICK_OK  @retval WICK_E_AUTH */
WICK_NODISCARD wick_status wick_beacon_keys_verify(const wick_beacon *b,
                                                   const wick_hal_crypto *crypto, wick_span bits,
                                                   size_t participants, const uint8_t root32[32],
                                                   const uint8_t sig96[96]);

/** Bits that are set. */
size_t wick_beacon_count(wick_span bits);

#endif
