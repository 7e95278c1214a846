/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_BFT_H
#define WICK_BFT_H
/*
 * Headers of consortium chains with finality: QBFT and IBFT 2.0 (Besu), IBFT 1 (Quorum). Every
 * header names the validators that seal it, and carries their commit seals. A state trusts one
 * header and its validators T (n of them); a newer header, however far ahead, takes its place if
 *
 *  1. its validators N, 1 to 64 and in ascending order, have sealed it: at least ceil(2|N| / 3) of
 *     them, counted as a set, seals of strangers and repeated ones being nothing;
 *  2. at least ceil(2n / 3) of T are among those who sealed it. For the very next block, whose
 *     parent is the trusted block and whose set differs by one member, more than a third of T is
 *     enough (floor(n / 3) + 1), for one block's honest validators cannot always give more. Not
 *     with n = 2, where that would be one key;
 *  3. it is newer by number and time, not ahead of the clock, and the trusted header is not older
 *     than the trusting period: keys of validators long gone prove nothing.
 *
 *     wick_bft b;
 *     wick_trusted_header th;
 *     s = wick_bft_pin(&b, &th, WICK_SEAL_QBFT, genesis_rlp, genesis_hash32, chain_id);
 *     s = wick_bft_header(&b, &th, &crypto, header_rlp, &now, 0);        now th is of tier BFT
 *
 * SEAL_OVERLAP means that the set has changed too much: give a header in between, down to the next
 * one. A set replaced by configuration (a transition of Besu) or a pair of validators of which one
 * leaves needs a new pin. Two sealed headers of one height end the state: nothing is trusted until
 * it is pinned again.
 *
 * Seals carry no chain id: validator keys must serve one chain only. It is assumed that less than a
 * third of T's keys are in wrong hands during the trusting period.
 * Sizes: wick_bft 1384 bytes with 64 validators, of which WICK_SEAL_SIGNERS_MAX takes 20 each.
 * Stack 1.1 KB besides the recovery. Time: one recovery for each seal, until there are enough.
 */
#include "wick/seal.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The newest trusted header and its validators. Plain data: may be copied. Private fields. */
typedef struct wick_bft {
    wick_signers set;
    uint8_t hash[32];
    uint8_t origin[32]; /* block that was pinned */
    uint64_t chain_id;
    uint64_t number;
    uint64_t timestamp;
    uint8_t rule;
    uint8_t tier;
    uint8_t phase;
} wick_bft;

/** Starts at a header whose block hash the operator provisioned, genesis or any other. Its seals
 *  are not looked at: the hash is what is trusted.
 *  @param[out] b          zeroed on error, when it trusts nothing
 *  @param[out] th         the header, of tier PINNED; zeroed on error. May be NULL.
 *  @param[in] header_rlp  the header as nodes give it, with its seals
 *  @param[in] hash32      block hash
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_HASH   it is another block
 *  @retval WICK_E_BAD_ARG       `rule` is not one of QBFT, IBFT2, IBFT1
 *  @retval WICK_E_MALFORMED     constants of the rule wrong, or validators listed twice or, but for
 *                               genesis, out of order
 *  @retval WICK_E_UNSUPPORTED, ... as wick_seal_decode() and wick_header_decode() */
WICK_NODISCARD wick_status wick_bft_pin(wick_bft *b, wick_trusted_header *th, wick_seal_rule rule,
                                        wick_span header_rlp, const uint8_t hash32[32],
                                        uint64_t chain_id);

/** Takes a newer header. The one at hand may be given again, to have its trusted header made.
 *  @param[in,out] b       moves to the header; untouched on error, but for SEAL_CONFLICT
 *  @param[out] th         the header, of tier BFT (or PINNED, if it is the pinned one); zeroed on
 *                         error
 *  @param[in] now         the clock; needed
 *  @param[in] trusting_s  trusting period; 0 is WICK_SEAL_TRUSTING_S
 *  @retval WICK_OK
 *  @retval WICK_E_SEAL_QUORUM    sealed by too few of its validators
 *  @retval WICK_E_SEAL_OVERLAP   by too few of ours: give one in between
 *  @retval WICK_E_SEAL_SIGNER    IBFT 1: its proposer is none of its validators
 *  @retval WICK_E_SEAL_CONFLICT  sealed, and contradicts the header at hand; also ever after
 *  @retval WICK_E_HEADER_STALE   older than the header at hand, by number or time
 *  @retval WICK_E_HEADER_HASH    of the height at hand, another block, and not sealed by ours
 *  @retval WICK_E_HEADER_FUTURE  its time is more than WICK_TRUST_FUTURE_S ahead of the clock
 *  @retval WICK_E_EXPIRED        the trusting period has ended: pin again
 *  @retval WICK_E_NO_CLOCK       there is no clock
 *  @retval WICK_E_STATE          nothing is pinned
 *  @retval WICK_E_MALFORMED, ... as wick_bft_pin() */
WICK_NODISCARD wick_status wick_bft_header(wick_bft *b, wick_trusted_header *th,
                                           const wick_hal_crypto *crypto, wick_span header_rlp,
                                           const wick_trust_now *now, uint32_t trusting_s);

/** Largest export, bytes. */
#define WICK_BFT_EXPORT_MAX (5 + 3 * 8 + 2 * 32 + 20 * WICK_SEAL_SIGNERS_MAX)

/** Appends the state for the trust store: version byte, fields big-endian, addresses.
 *  @retval WICK_OK  @retval WICK_E_NO_SPACE  @retval WICK_E_STATE nothing is pinned */
WICK_NODISCARD wick_status wick_bft_export(wick_buf *out, const wick_bft *b);

/** Reads what export wrote. The store vouches for it. `b` is zeroed on error.
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED  another version
 *  @retval WICK_E_LIMIT        more validators than this build holds
 *  @retval WICK_E_MALFORMED, WICK_E_TRUNCATED, WICK_E_TRAILING it was not written by export */
WICK_NODISCARD wick_status wick_bft_import(wick_bft *b, wick_span in);

#ifdef __cplusplus
}
#endif
#endif
