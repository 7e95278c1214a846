/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LEAF_ANSWER_H
#define WICK_LEAF_ANSWER_H
/*
 * What a gateway answers its leaves (wick/leaf.h), written and read. A leaf needs this, the CoAP client
 * and a DTLS-PSK of its own; nothing here calls a function of public-key crypto.
 *
 *     s = wick_name_hash(id, wick_span_text("gw-b"));       whom the leaf asked for
 *     s = wick_leaf_ticket_read(&t, response.payload, id, epoch_seen);
 *     connect to gw-b with t.text as the PSK identity and t.ks as the key
 *
 * Every answer about a peer repeats the peer's full id and the epoch of its record; the leaf compares,
 * so that an answer to another question is no answer. core/psk/PROTOCOL.md section 14.
 *
 * Format, integers big-endian:
 *     head      version 1 (1) | id of the peer 32 | epoch 4
 *     key       head | key type 1 | flags 1 | key 32 | not after 8 | block number 8 | block time 8 | tier 1
 *     ticket    head | Ks 32 | the ticket as text
 *     proof     head | bundle (wick/bundle.h)
 *     send      head | payload
 *     release   head, with the product and the release's place in the index | manifest 32 | version 8 |
 *               counter 4 | length of the manifest 4 | active from 8 | approvals 1 | threshold 1 |
 *               flags 1 | least counter 4 | updated at 8 | seen at 8 | tier 1
 *     enrol     version 1 (1) | id of the gateway 32 | subject 16 | unix time 8, 0: unknown |
 *               contribution 32, if the leaf sent its own
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/release.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_LEAF_VERSION 1
#define WICK_LEAF_HEAD_BYTES 37
/** Longest name of a leaf, and its bytes as the subject of tickets: zeros behind it. */
#define WICK_LEAF_NAME_MAX 16
#define WICK_LEAF_SUBJECT_BYTES 16
#define WICK_LEAF_KEY_BYTES 32
/** "dpk1." and 22 characters, and its zero. */
#define WICK_LEAF_IDENTITY_BYTES 28

/** The head of an answer. `rest` is a view of it. */
typedef struct wick_leaf_head {
    uint8_t peer[32];
    uint32_t epoch;
    wick_span rest;
} wick_leaf_head;

void wick_leaf_head_put(wick_buf *out, const uint8_t peer32[32], uint32_t epoch);

/**
 * Reads the head and compares it.
 * @param[in] id32         whom the leaf asked for, constant-time compared
 * @param[in] epoch_known  the highest epoch of that peer seen so far, 0: none
 * @retval WICK_OK
 * @retval WICK_E_TRUNCATED, WICK_E_UNSUPPORTED (another version)
 * @retval WICK_E_LEAF_PEER     the answer is about another peer
 * @retval WICK_E_RECORD_STALE  its epoch is lower than known
 * @retval others than OK       `out` is zeroed
 */
WICK_NODISCARD wick_status wick_leaf_head_read(wick_leaf_head *out, wick_span answer,
                                               const uint8_t id32[32], uint32_t epoch_known);

/** A peer's public key as the chain has it, under the gateway's word: a leaf that wants it proven asks
 *  for the proof. */
typedef struct wick_leaf_key {
    uint8_t peer[32];
    uint32_t epoch;
    uint8_t key_type, flags, tier; /* wick/record.h, wick_tier */
    uint8_t key[32];
    uint64_t not_after, block_number, block_time_s;
} wick_leaf_key;

void wick_leaf_key_put(wick_buf *out, const wick_leaf_key *key);
/** @retval as wick_leaf_head_read(), and WICK_E_TRAILING */
WICK_NODISCARD wick_status wick_leaf_key_read(wick_leaf_key *out, wick_span answer,
                                              const uint8_t id32[32], uint32_t epoch_known);

/** Key and ticket for a session with a peer. Wipe `ks` after use. */
typedef struct wick_leaf_ticket {
    uint8_t peer[32];
    uint32_t epoch;
    uint8_t ks[32];
    wick_span text; /* view of the answer: 1..255 printable characters */
} wick_leaf_ticket;

void wick_leaf_ticket_put(wick_buf *out, const uint8_t peer32[32], uint32_t epoch,
                          const uint8_t ks32[32], wick_span text);
/** @retval as wick_leaf_head_read(), and WICK_E_MALFORMED for a text that is none */
WICK_NODISCARD wick_status wick_leaf_ticket_read(wick_leaf_ticket *out, wick_span answer,
                                                 const uint8_t id32[32], uint32_t epoch_known);

/** The newest release of a product, as the gateway has proven it on chain. A leaf cannot prove it itself:
 *  what makes a header a trusted one are signatures. So it has the gateway's word for it, and holds all that
 *  follows, manifest and blocks, against the digest in it. */
typedef struct wick_leaf_release {
    wick_release release;
    uint8_t tier; /* wick_tier: who vouches for the header */
} wick_leaf_release;

void wick_leaf_release_put(wick_buf *out, const wick_leaf_release *r);
/** @param[in] product32  keccak256 of the product's name
 *  @retval as wick_leaf_head_read(), and WICK_E_TRAILING */
WICK_NODISCARD wick_status wick_leaf_release_read(wick_leaf_release *out, wick_span answer,
                                                  const uint8_t product32[32]);

/** What an enrolled leaf knows of its gateway. */
typedef struct wick_leaf_enrolment {
    uint8_t gateway[32];
    uint8_t subject[WICK_LEAF_SUBJECT_BYTES];
    uint64_t unix_s; /* 0: the gateway has no clock */
    bool changes;    /* the key changes to that of wick_leaf_key_next() */
    uint8_t contribution[WICK_LEAF_KEY_BYTES]; /* of the gateway */
} wick_leaf_enrolment;

void wick_leaf_enrolment_put(wick_buf *out, const wick_leaf_enrolment *e);
/** @retval WICK_OK  @retval WICK_E_TRUNCATED, WICK_E_TRAILING, WICK_E_UNSUPPORTED */
WICK_NODISCARD wick_status wick_leaf_enrolment_read(wick_leaf_enrolment *out, wick_span answer);

/** The PSK identity that names a key of a leaf, once it is not the one the leaf was delivered with:
 *  "dpk1." || base64url(HMAC-SHA256(key, "dpk leaf id" || 0)[0..15]). @retval WICK_OK
 *  @retval others the back end's; zeroed */
WICK_NODISCARD wick_status wick_leaf_identity(char identity[WICK_LEAF_IDENTITY_BYTES],
                                              const wick_hal_crypto *crypto, wick_span key);

/**
 * The key that follows on `key` once both sides have contributed, and the PSK identity that names it:
 *     next = HMAC-SHA256(key, "dpk leaf key" || 0 || leaf 32 || gateway 32 || id of the gateway 32 ||
 *            subject 16)
 * The key that a leaf was delivered with serves until the next one is used for the first time.
 * @retval WICK_OK  @retval others the back end's; outputs are then zeroed
 */
WICK_NODISCARD wick_status wick_leaf_key_next(uint8_t next[WICK_LEAF_KEY_BYTES],
                                              char identity[WICK_LEAF_IDENTITY_BYTES],
                                              const wick_hal_crypto *crypto, wick_span key,
                                              const uint8_t leaf32[32],
                                              const wick_leaf_enrolment *enrolment);

#ifdef __cplusplus
}
#endif
#endif
