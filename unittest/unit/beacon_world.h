/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TEST_BEACON_WORLD_H
#define WICK_TEST_BEACON_WORLD_H
/*
 * A beacon chain by construction: headers with states and bodies of which only the leaves that a light
 * client asks for are real, committees whose secret keys are small numbers, and light client objects
 * of any fork signed by as many of them as a test wants. Written from the specification's lists of
 * fields, apart from the library's own code.
 *
 * A header is named by its slot, by what it finalises and by its next committee; the committee of a
 * period is named by a seed, beacon_seed(period) on the honest chain.
 */
#include "wick/beacon.h"
#include "wick/port/crypto.h"

/** The chain under test; also the crypto back ends. */
extern wick_beacon_chain beacon_chain;
extern wick_beacon_fork beacon_forks[8];
extern wick_hal_crypto beacon_crypto;

/** A chain of `members`, 8 slots an epoch, 8 epochs a period, 6 s a slot, one fork: `first` at epoch 0,
 *  and `second` (if not NULL) at `second_epoch`. False without BLS. */
bool beacon_world(uint16_t members, const char *first, const char *second, uint64_t second_epoch);

/** Another fork of that shape. */
void beacon_add_fork(const char *name, uint64_t epoch, const wick_beacon_shape *shape);

#define BEACON_PERIOD_SLOTS 64u

unsigned beacon_seed(uint64_t period);

/** What an object says. */
typedef struct beacon_plan {
    wick_beacon_kind kind;
    const char *wire;      /* fork it is written in; NULL: that of its slot */
    uint64_t slot;         /* attested, or of a bootstrap */
    uint64_t finalized;    /* 0: none */
    bool genesis_final;    /* finality branch of a zero root */
    unsigned next;         /* next committee in the state and in an update; 0: not in the update */
    uint64_t signature_slot;
    unsigned signers;      /* committee that signs; 0: that of the signature slot's period */
    unsigned participants; /* how many, from the first on */
    const wick_beacon_fork *sign_fork; /* NULL: the right one */
    bool sign_other_root;  /* another genesis validators root in the domain */
} beacon_plan;

/** A plan that is in order: attested `slot`, signed a slot later by all. */
beacon_plan beacon_plan_at(wick_beacon_kind kind, uint64_t slot, uint64_t finalized);

/** The object; lives until the second next call. */
wick_span beacon_make(const beacon_plan *p);

/** The fork that a plan is written in. */
const wick_beacon_fork *beacon_wire(const beacon_plan *p);

/** Root of the header that a plan attests. */
void beacon_root_of(uint8_t out32[32], const beacon_plan *p);

/** Header RLP of the execution block of a slot. Lives until the next call. */
wick_span beacon_execution(uint64_t slot);

/** Compressed keys of a committee, and its aggregate behind them. */
const uint8_t *beacon_committee(unsigned seed);

/** Puts a key into a committee that is on the curve and outside the group. */
void beacon_spoil(unsigned seed);

/** The clock at a slot. */
wick_trust_now beacon_at(uint64_t slot);

#endif
