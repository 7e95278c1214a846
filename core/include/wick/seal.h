/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SEAL_H
#define WICK_SEAL_H
/*
 * What consortium chains write into a header's extraData: who may seal, votes, and the seals
 * themselves. Pure decoding, hashing and recovery; who is to be believed is decided by wick/bft.h
 * (QBFT, IBFT 2.0, IBFT 1) and wick/clique.h, which are what a program uses.
 *
 *     wick_header h;                     decoded from rlp
 *     wick_seal_extra e;
 *     s = wick_seal_decode(&e, WICK_SEAL_QBFT, &h);
 *     wick_seal_hash(hash32, WICK_SEAL_OF_COMMIT, &e, rlp, &h);
 *     for (i = 0; i < e.seals; i++)
 *         s = wick_seal_recover(address20, &crypto, hash32, wick_seal_at(&e, i));
 *
 * extraData by rule ([]: an RLP list; V: addresses, S: seals):
 *     QBFT     [vanity, [V...], [] or [subject, ff or empty], round, [S...]]
 *     IBFT 2.0 [vanity, [V...], empty or [subject, ff or 00], round as 4 bytes, [S...]]
 *     IBFT 1   vanity | [[V...], proposer seal, [S...]]
 *     Clique   vanity | V... at an epoch | seal of 65 bytes
 * The commit hash leaves the seals out. The block hash also leaves the round out: it is 0 in QBFT
 * and missing in IBFT 2.0. The hash of block 0 is that of its bytes.
 *
 * Bounds: WICK_SEAL_SIGNERS_MAX. Sizes: wick_signers 1281 bytes with 64 of them; wick_seal_extra 60
 * bytes on a Cortex-M4, views into the header. Stack below 0.7 KB besides the recovery.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/header.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_SEAL_BYTES 65 /* r | s | recovery id 0 or 1 */
#define WICK_SEAL_VANITY_BYTES 32

typedef enum wick_seal_rule {
    WICK_SEAL_QBFT = 1, /* Besu, GoQuorum */
    WICK_SEAL_IBFT2 = 2, /* Besu */
    WICK_SEAL_IBFT1 = 3, /* Quorum ("istanbul") */
    WICK_SEAL_CLIQUE = 4 /* EIP-225 */
} wick_seal_rule;

/** A set of addresses. The fields are private. */
typedef struct wick_signers {
    uint8_t address[WICK_SEAL_SIGNERS_MAX][20]; /* ascending */
    uint8_t count;
} wick_signers;

typedef enum wick_seal_vote { WICK_SEAL_VOTE_NONE = 0, WICK_SEAL_VOTE_ADD, WICK_SEAL_VOTE_DROP }
    wick_seal_vote;

/** View of an extraData. */
typedef struct wick_seal_extra {
    wick_seal_rule rule;
    size_t signers;          /* addresses listed: 1..64; Clique: 0 outside an epoch header */
    size_t seals;            /* commit seals; 0 for Clique */
    const uint8_t *proposer; /* IBFT 1 and Clique: seal of the block's maker; NULL if none */
    const uint8_t *subject;  /* QBFT and IBFT 2.0: whom the vote is about; NULL if none */
    wick_seal_vote vote;
    uint32_t round;
    bool ascending; /* addresses are in strictly ascending order, as all but genesis must be */
    /* private */
    const uint8_t *first_signer, *first_seal;
    uint8_t signer_stride;
    wick_span kept;  /* bytes that go into every hash as they are */
    wick_span round_item; /* RLP of the round */
} wick_seal_extra;

/** What is hashed. */
typedef enum wick_seal_of {
    WICK_SEAL_OF_BLOCK = 0, /* the block's hash on its chain, and parent hash of the next one */
    WICK_SEAL_OF_COMMIT,    /* what validators sign; for Clique: what the signer signs */
    WICK_SEAL_OF_PROPOSER   /* IBFT 1: what the proposer signs */
} wick_seal_of;

/** Decodes the extraData of a header.
 *  @param[out] out  views into the header; zeroed on error
 *  @param[in] h     decoded header; its number tells genesis, where seals may be missing
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED    no validator at all: the set is kept in a contract (Besu), and
 *                                nothing in the header says who may seal
 *  @retval WICK_E_LIMIT          more than WICK_SEAL_SIGNERS_MAX addresses or seals
 *  @retval WICK_E_MALFORMED      address zero, wrong lengths, unknown vote or recovery id
 *  @retval WICK_E_TRUNCATED, WICK_E_NON_CANONICAL, WICK_E_TRAILING as in wick/rlp.h
 *  @retval WICK_E_BAD_ARG        no such rule */
WICK_NODISCARD wick_status wick_seal_decode(wick_seal_extra *out, wick_seal_rule rule,
                                            const wick_header *h);

/** Address `i` < e->signers, 20 bytes. */
const uint8_t *wick_seal_signer(const wick_seal_extra *e, size_t i);

/** Commit seal `i` < e->seals, 65 bytes. */
const uint8_t *wick_seal_at(const wick_seal_extra *e, size_t i);

/** Hashes a header with the parts of its extraData that `of` covers.
 *  @param[in] rlp the header's RLP, from which `h` and `e` were decoded */
void wick_seal_hash(uint8_t out32[32], wick_seal_of of, const wick_seal_extra *e, wick_span rlp,
                    const wick_header *h);

/** Address that made a seal. High s is accepted: nodes accept it, and nothing here is keyed by the
 *  bytes of a seal.
 *  @retval WICK_OK
 *  @retval WICK_E_AUTH no key belongs to it; `out20` is zeroed
 *  @retval others the back end's */
WICK_NODISCARD wick_status wick_seal_recover(uint8_t out20[20], const wick_hal_crypto *crypto,
                                             const uint8_t hash32[32], const uint8_t seal65[65]);

/** Makes a set of the addresses listed, in any order.
 *  @retval WICK_OK  @retval WICK_E_MALFORMED an address is listed twice; `out` is emptied */
WICK_NODISCARD wick_status wick_signers_from(wick_signers *out, const wick_seal_extra *e);

/** Place of an address in the ascending order; `count` if it is not in the set. */
size_t wick_signers_find(const wick_signers *set, const uint8_t address20[20]);

/** Adds an address. @retval WICK_OK also if it was in  @retval WICK_E_LIMIT the set is full */
WICK_NODISCARD wick_status wick_signers_add(wick_signers *set, const uint8_t address20[20]);

/** Removes an address, if it is in the set. */
void wick_signers_remove(wick_signers *set, const uint8_t address20[20]);

/** Is it what this module makes: within the bound, ascending, no address zero? For states that were
 *  read from a store. */
bool wick_signers_is_sane(const wick_signers *set);

/** Seals that make a header final among n: ceil(2n / 3). */
static inline size_t wick_seal_quorum(size_t n)
{
    return (2 * n + 2) / 3;
}

#ifdef __cplusplus
}
#endif
#endif
