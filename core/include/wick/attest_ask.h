/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_ATTEST_ASK_H
#define WICK_ATTEST_ASK_H
/*
 * Between a device and an attestor: "am I reached there?", and the answer (core/registry/RECORDS.md,
 * Attestation). The owner of the record signs the question, so an attestor sends nothing to an address
 * that its owner did not name; the attestor signs the answer as the contract wants it.
 *
 *   device:    wick_attest_ask_digest(digest, &domain, &ask), sign with the wallet key,
 *              wick_attest_ask_encode(&out, &ask, WICK_ATTEST_ASK_NSL, r, vs)
 *   attestor:  wick_attest_ask_decode(&ask, &how, r, vs, datagram), wick_attest_ask_fits(&endpoint, &ask, how, now),
 *              wick_registry_signer() is the owner of the proven record;
 *              after the check wick_attest_answer_encode(&out, how, &answer)
 *   device:    wick_attest_answer_decode(&answer, bytes), wick_attest_digest() with its own epoch and key,
 *              wick_registry_signer() is the attestor that was asked
 *
 * They travel as bodies of CoAP (wick/coap.h): POST of WICK_ATTEST_ASK_PATH, content format 42.
 *
 * Sizes: wick_attest_ask 136 bytes. Stack below 700 bytes.
 */
#include "wick/attest.h"
#include "wick/record.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_ATTEST_ASK_PATH "dpk/attest"
#define WICK_ATTEST_ASK_VERSION 1
/** version 1 | how 1 | id 32 | service 32 | endpoint 32 | nonce 32 | askedAt 8 | r 32 | vs 32 */
#define WICK_ATTEST_ASK_BYTES 202
/** version 1 | how 1 | checkedAt 8 | r 32 | vs 32 */
#define WICK_ATTEST_ANSWER_BYTES 74
/** version 1 | how 1 | N1 32 */
#define WICK_ATTEST_ASK_CHALLENGE_BYTES 34
/** An attestor takes a question of at most this age. */
#define WICK_ATTEST_ASK_AGE_MAX_S 600u

/** How the endpoint is to be checked. */
typedef enum wick_attest_ask_how {
    WICK_ATTEST_ASK_NSL = 1,       /* UDP: first messages of the handshake, with the key of the record */
    WICK_ATTEST_ASK_CHALLENGE = 2, /* TCP: what is N1? */
    WICK_ATTEST_ASK_HTTPS = 3      /* TCP: keccak256(N1 | N2) is served under the key of tlsKeys */
} wick_attest_ask_how;

/** What the owner asks. */
typedef struct wick_attest_ask {
    uint8_t id[32];
    uint8_t service[32];
    uint8_t endpoint[32]; /* endpoint word, validatedAt zero */
    uint8_t nonce[32];    /* N2 of the device, zero for WICK_ATTEST_ASK_NSL */
    uint64_t asked_at;    /* unix seconds */
} wick_attest_ask;

/** What an attestor found. */
typedef struct wick_attest_answer {
    uint64_t checked_at; /* unix seconds */
    uint8_t r[32], vs[32];
} wick_attest_answer;

/** What the owner signs: EIP-712 `Reach(bytes32 id,bytes32 service,uint256 endpoint,bytes32 nonce,
 *  uint64 askedAt)` in the registry's domain. It never goes to the chain. */
void wick_attest_ask_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                       const wick_attest_ask *ask);

/** @param[out] out  WICK_ATTEST_ASK_BYTES are appended */
void wick_attest_ask_encode(wick_buf *out, const wick_attest_ask *ask, wick_attest_ask_how how,
                       const uint8_t r32[32], const uint8_t vs32[32]);

/**
 * @param[out] ask  zeroed on error, like the others
 * @retval WICK_OK
 * @retval WICK_E_TRUNCATED, WICK_E_TRAILING  another length than WICK_ATTEST_ASK_BYTES
 * @retval WICK_E_UNSUPPORTED  another version, or no such way to check
 * @retval WICK_E_NON_CANONICAL  a nonce where none belongs
 */
WICK_NODISCARD wick_status wick_attest_ask_decode(wick_attest_ask *ask, wick_attest_ask_how *how, uint8_t r32[32],
                                             uint8_t vs32[32], wick_span bytes);

/**
 * Is this a question that an attestor may look into, whoever signed it?
 * @param[out] endpoint  the word's fields; zeroed on error
 * @retval WICK_OK
 * @retval WICK_E_EXPIRED        asked more than WICK_ATTEST_ASK_AGE_MAX_S ago or ahead
 * @retval WICK_E_RECORD_INVALID not an endpoint word, or validatedAt is set
 * @retval WICK_E_NO_ENDPOINT    withdrawn  @retval WICK_E_RECORD_EXPIRED
 * @retval WICK_E_UNSUPPORTED    a relay's address (nobody but its relay vouches for that), or a protocol
 *                               that `how` does not reach
 */
WICK_NODISCARD wick_status wick_attest_ask_fits(wick_endpoint *endpoint, const wick_attest_ask *ask,
                                           wick_attest_ask_how how, uint64_t now_s);

/** Is this code of an attestor's response no answer, but to be asked again after Max-Age? 4.29: our address
 *  was looked at a moment ago; 5.03: its chain is out of reach. */
static inline bool wick_attest_is_later(uint8_t code)
{
    return code == (4u << 5 | 29u) || code == (5u << 5 | 3u);
}

/** @param[out] out  WICK_ATTEST_ANSWER_BYTES are appended */
void wick_attest_answer_encode(wick_buf *out, wick_attest_ask_how how, const wick_attest_answer *answer);

/** @retval WICK_OK  @retval WICK_E_TRUNCATED, WICK_E_TRAILING, WICK_E_UNSUPPORTED as above; zeroed */
WICK_NODISCARD wick_status wick_attest_answer_decode(wick_attest_answer *answer, wick_span bytes);

/** N1 for the owner of an endpoint on TCP: WICK_ATTEST_ASK_CHALLENGE_BYTES are appended. */
void wick_attest_ask_challenge_encode(wick_buf *out, const uint8_t n1[32]);

/** @retval WICK_OK  @retval WICK_E_TRUNCATED, WICK_E_TRAILING, WICK_E_UNSUPPORTED; n1 zeroed */
WICK_NODISCARD wick_status wick_attest_ask_challenge_decode(uint8_t n1[32], wick_span bytes);

#ifdef __cplusplus
}
#endif
#endif
