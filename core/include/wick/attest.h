/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_ATTEST_H
#define WICK_ATTEST_H
/*
 * Attestations: k of n attestors of an organisation say that the key which the registry holds for a
 * device answered at an endpoint. They come inside the transaction that writes the endpoint, which
 * sets its validatedAt (core/registry/RECORDS.md, "Attestors").
 *
 *   attestor:  wick_attest a = {id, epoch, key, service, endpoint word with validatedAt 0, now};
 *              wick_attest_digest(digest, &domain, &a);  sign;  wick_signature_compact(r, vs, ...)
 *   device:    wick_attestors_decode(&set, proven_word);
 *              wick_attestors_match(&set, members, count);       // the list, by configuration
 *              wick_attest_check(crypto, &domain, &a, r, vs, members[position]);  // each answer
 *              wick_calldata_publish_attested(&call, id, service, 0, epoch, word, &proof);
 *
 * The list of members is ascending and without repetition; so are the attestations, by position in
 * it. Sizes on 32 bits: wick_attest 144 bytes, wick_attestation 80. Stack below 500 bytes.
 */
#include "wick/voucher.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most attestors of one class of services. */
#define WICK_ATTESTORS_MAX 32u
/** An attestation counts for so long, seconds. */
#define WICK_ATTESTATION_AGE_MAX_S 600u
/** Bytes of one attestation in calldata: checkedAt 5 | r 32 | vs 32. */
#define WICK_ATTESTATION_BYTES 69u

/** What an attestor signs: fields in the order of the EIP-712 type. */
typedef struct wick_attest {
    uint8_t id[32];
    uint32_t epoch;        /* of the device, stored now */
    uint8_t key[32];       /* key word of that epoch */
    uint8_t service[32];
    uint8_t endpoint[32];  /* the word that will be published, validatedAt zero */
    uint64_t checked_at;   /* unix seconds */
} wick_attest;

/** Digest that the attestor signs. */
void wick_attest_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                        const wick_attest *attest);

/** Did this attestor sign it? @retval WICK_OK
 *  @retval WICK_E_AUTH another signer, or no valid signature (high s included) */
WICK_NODISCARD wick_status wick_attest_check(const wick_hal_crypto *crypto,
                                             const wick_registry_domain *domain,
                                             const wick_attest *attest, const uint8_t r32[32],
                                             const uint8_t vs32[32],
                                             const uint8_t attestor20[20]);

/* ---- who may attest ---- */

/** attestors[..] of wick_slot_attestors(). */
typedef struct wick_attestors {
    uint8_t threshold; /* how many must sign, 1 or more */
    uint8_t count;     /* how many there are */
    uint8_t list[30];  /* first bytes of keccak256 of their addresses */
} wick_attestors;

/** @retval WICK_OK  @retval WICK_E_RECORD_ABSENT no attestors for this class: ask for class zero
 *  @retval WICK_E_RECORD_INVALID a word that no correct contract writes; `out` zeroed on error */
WICK_NODISCARD wick_status wick_attestors_decode(wick_attestors *out, const uint8_t word[32]);

/** Word of a list, as the contract stores it; zero for an empty one with threshold 0.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG more than WICK_ATTESTORS_MAX, not strictly ascending, a
 *  zero address, or a threshold of 0 or beyond the count; `word` zeroed */
WICK_NODISCARD wick_status wick_attestors_encode(uint8_t word[32], uint8_t threshold,
                                                 const uint8_t (*members)[20], size_t count);

/** Is this the list behind the word? @retval WICK_OK  @retval WICK_E_RECORD_STALE it is another */
WICK_NODISCARD wick_status wick_attestors_match(const wick_attestors *set,
                                                const uint8_t (*members)[20], size_t count);

/* ---- the call ---- */

typedef struct wick_attestation {
    uint8_t position; /* of the attestor in the list */
    uint64_t checked_at;
    uint8_t r[32], vs[32];
} wick_attestation;

/** The list and the attestations, ascending; views of the caller's. */
typedef struct wick_attest_proof {
    const uint8_t (*members)[20];
    size_t member_count;
    const wick_attestation *attestations;
    size_t attestation_count;
} wick_attest_proof;

/** Bytes of publishAttested() or its relayed twin with n attestors of which k signed, at most. */
#define WICK_CALLDATA_ATTESTED_BYTES(n, k)                                                         \
    (4u + 6u * 32u + 4u + 20u * (n) + (WICK_ATTESTATION_BYTES - 20u) * (k))

/** publishAttested(terms, word, id, service) and the attestations: by the owner. */
void wick_calldata_publish_attested(wick_buf *out, const uint8_t id32[32],
                                    const uint8_t service32[32], uint8_t index, uint32_t epoch,
                                    const uint8_t word32[32], const wick_attest_proof *proof);

/** What follows the arguments of these calls: a bit for each member who signed, 4 bytes; then for each
 *  member his attestation, or his address if he did not sign. Times are below 2^40. */
void wick_calldata_put_attest_proof(wick_buf *out, const wick_attest_proof *proof);

#ifdef __cplusplus
}
#endif
#endif
