/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CLIQUE_H
#define WICK_CLIQUE_H
/*
 * Headers of Clique chains (EIP-225), proof of authority. Signers take turns; they vote others in
 * and out; every epoch (30,000 blocks) a header lists them. Every header is followed, since votes
 * change the set:
 *
 *     wick_clique c;
 *     wick_clique_config cfg = {chain_id, 30000, 15};
 *     s = wick_clique_pin(&c, &cfg, &crypto, genesis_rlp, genesis_hash32);
 *     for each header:  s = wick_clique_header(&c, &crypto, header_rlp, &now);
 *     s = wick_clique_trust(&th, &c, header_rlp);         tier POA, or TRUST_DEPTH: wait
 *
 * A header is vouched for once it and those on top of it have floor(n / 2) + 1 distinct signers. That
 * is honesty of the majority, not finality: the chain may still be reorganised, so a policy asks for
 * depth, and records read under a header that left the chain are to be dropped.
 *
 * Reorganisation: a state is plain data. Keep a copy at a block some way back; when a header does not
 * fit (HEADER_PARENT), give the rival branch to a copy of that copy, and go over to it if
 * wick_clique_is_heavier() says so.
 *
 * Skipping: after a long absence, start at the header of a newer epoch. Its list is believed when
 * floor(n / 2) + 1 distinct signers of the state at hand have sealed it or the headers right after it:
 *
 *     s = wick_clique_skip(&d, &c, &crypto, epoch_header_rlp, &now, 0);
 *     do { s = wick_clique_header(&d, &crypto, next_rlp, &now); } while (wick_clique_skip_end(&d, &c)
 *          == WICK_E_TRUST_DEPTH);                        then d takes the place of c
 *
 * Bounds: WICK_SEAL_SIGNERS_MAX signers, WICK_CLIQUE_VOTES_MAX open votes (a chain with more cannot
 * be followed until the next epoch: LIMIT), WICK_CLIQUE_WINDOW newest headers that can be asked for.
 * Sizes: wick_clique 5.2 KB with the defaults. Stack 1.1 KB besides the recovery. One recovery for
 * each header.
 */
#include "wick/seal.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_clique_config {
    uint64_t chain_id;
    uint32_t epoch;    /* blocks, as in the genesis file; 30000 on most chains */
    uint32_t period_s; /* least seconds between blocks, as in the genesis file; 0 allows any */
} wick_clique_config;

/** The newest header, the signers after it, and what decides about the next. Plain data: may be
 *  copied. The fields are private. */
typedef struct wick_clique {
    wick_clique_config cfg;
    wick_signers set;
    uint8_t votes;
    uint8_t phase;
    uint8_t known; /* entries of `block` */
    uint64_t number;
    uint64_t timestamp;
    uint64_t weight;    /* difficulty of all headers after `base` */
    uint8_t origin[32]; /* block that was pinned */
    uint8_t base[32];   /* block that was pinned or skipped to */
    struct {
        uint8_t voter[20];
        uint8_t subject[20];
    } vote[WICK_CLIQUE_VOTES_MAX]; /* for what the subject is not: signers out, others in */
    struct {
        uint8_t hash[32];
        uint8_t signer[20];
    } block[WICK_CLIQUE_WINDOW]; /* ring: that of number N at N modulo the window */
} wick_clique;

/** Starts at genesis or at an epoch header, whose hash the operator provisioned.
 *  @param[out] c  zeroed on error, when it trusts nothing
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_HASH   it is another block
 *  @retval WICK_E_MALFORMED     no epoch header, or one that lists nobody, somebody twice or out of
 *                               order
 *  @retval WICK_E_SEAL_SIGNER   not sealed by one of those it lists
 *  @retval WICK_E_BAD_ARG       epoch 0
 *  @retval others               as wick_seal_decode() and wick_header_decode() */
WICK_NODISCARD wick_status wick_clique_pin(wick_clique *c, const wick_clique_config *cfg,
                                           const wick_hal_crypto *crypto, wick_span header_rlp,
                                           const uint8_t hash32[32]);

/** Follows the next header.
 *  @param[in,out] c  moves to the header; untouched on error
 *  @param[in] now    the clock, or valid = false: then nothing is too far ahead
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_PARENT  not the child of the newest header
 *  @retval WICK_E_HEADER_STALE   earlier than its parent's time and the period allow
 *  @retval WICK_E_HEADER_FUTURE  its time is more than WICK_TRUST_FUTURE_S ahead of the clock
 *  @retval WICK_E_SEAL_SIGNER    sealed by none of the signers, by one of the last floor(n / 2), or
 *                                with the difficulty of another one's turn
 *  @retval WICK_E_MALFORMED      a field that is not as EIP-225 says
 *  @retval WICK_E_LIMIT          more votes or signers than this build holds
 *  @retval WICK_E_STATE          nothing is pinned
 *  @retval others                as wick_seal_decode() and wick_header_decode() */
WICK_NODISCARD wick_status wick_clique_header(wick_clique *c, const wick_hal_crypto *crypto,
                                              wick_span header_rlp, const wick_trust_now *now);

/** Vouches for one of the newest headers.
 *  @param[out] th   the header, of tier POA; zeroed on error
 *  @retval WICK_OK
 *  @retval WICK_E_TRUST_DEPTH   it and those on top of it have too few distinct signers yet
 *  @retval WICK_E_HEADER_HASH   it is not on the chain that is followed
 *  @retval WICK_E_HEADER_STALE  further back than WICK_CLIQUE_WINDOW
 *  @retval WICK_E_HEADER_PARENT newer than what was followed
 *  @retval WICK_E_STATE         nothing is pinned, or a skip has not ended
 *  @retval others               as wick_header_decode() */
WICK_NODISCARD wick_status wick_clique_trust(wick_trusted_header *th, const wick_clique *c,
                                             wick_span header_rlp);

/** Begins a skip to an epoch header.
 *  @param[out] to    another state; zeroed on error. It vouches for nothing until the skip has ended
 *  @param[in] from   the state at hand
 *  @param[in] now    the clock; needed
 *  @param[in] trusting_s  trusting period; 0 is WICK_SEAL_TRUSTING_S
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_STALE  not newer than the state at hand, by number and time
 *  @retval WICK_E_HEADER_FUTURE its time is more than WICK_TRUST_FUTURE_S ahead of the clock
 *  @retval WICK_E_EXPIRED       the trusting period has ended: follow all headers, or pin again
 *  @retval WICK_E_NO_CLOCK      there is no clock
 *  @retval WICK_E_STATE         `from` trusts nothing itself
 *  @retval others               as wick_clique_pin() */
WICK_NODISCARD wick_status wick_clique_skip(wick_clique *to, const wick_clique *from,
                                            const wick_hal_crypto *crypto, wick_span header_rlp,
                                            const wick_trust_now *now, uint32_t trusting_s);

/** Ends a skip, if enough signers of `from` have sealed the epoch header or one followed since.
 *  @retval WICK_OK             `to` is as good as `from` now
 *  @retval WICK_E_TRUST_DEPTH  not yet: follow further headers
 *  @retval WICK_E_BAD_ARG      `to` was not made from `from`
 *  @retval WICK_E_STATE        no skip is under way */
WICK_NODISCARD wick_status wick_clique_skip_end(wick_clique *to, const wick_clique *from);

/** Newest block that wick_clique_trust() vouches for and that has at least `depth` blocks on top.
 *  @retval WICK_OK             `*number` is set
 *  @retval WICK_E_TRUST_DEPTH  none of those known
 *  @retval WICK_E_STATE        nothing is pinned, or a skip has not ended */
WICK_NODISCARD wick_status wick_clique_usable(const wick_clique *c, uint64_t *number,
                                              uint32_t depth);

/** Hash of a block, 32 bytes, to ask for its header. NULL: newer than what was followed, or further
 *  back than WICK_CLIQUE_WINDOW. */
const uint8_t *wick_clique_hash(const wick_clique *c, uint64_t number);

/** Of two states that were followed from the same block: is the rival's branch the heavier one? */
bool wick_clique_is_heavier(const wick_clique *rival, const wick_clique *own);

/** Largest export, bytes. */
#define WICK_CLIQUE_EXPORT_MAX                                                                     \
    (5 + 16 + 3 * 8 + 2 * 32 + 20 * WICK_SEAL_SIGNERS_MAX + 40 * WICK_CLIQUE_VOTES_MAX +           \
     52 * WICK_CLIQUE_WINDOW)

/** Appends the state for the trust store: version byte, fields big-endian.
 *  @retval WICK_OK  @retval WICK_E_NO_SPACE
 *  @retval WICK_E_STATE nothing is pinned, or a skip has not ended */
WICK_NODISCARD wick_status wick_clique_export(wick_buf *out, const wick_clique *c);

/** Reads what export wrote. The store vouches for it. `c` is zeroed on error.
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED  another version
 *  @retval WICK_E_LIMIT        larger tables than this build holds
 *  @retval WICK_E_MALFORMED, WICK_E_TRUNCATED, WICK_E_TRAILING it was not written by export */
WICK_NODISCARD wick_status wick_clique_import(wick_clique *c, wick_span in);

#ifdef __cplusplus
}
#endif
#endif
