/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_BUNDLE_H
#define WICK_BUNDLE_H
/*
 * Proof bundles: what a gateway hands to a leaf, or keeps for later, so that words of a contract can
 * be checked without a node. One binary object: a block header, what vouches for it, and the proof of
 * an account and its slots under it.
 *
 *     wick_bundle b;
 *     wick_trusted_header th;
 *     s = wick_bundle_decode(&b, bytes);
 *     s = wick_bundle_trust_bft(&th, &b, &bft, &crypto, &now, 0);     or _hash, _second, _clique,
 *     s = wick_bundle_words(values, &b, &th, chain_id, contract20, slots, count);         _beacon
 *
 * Who makes the bundle chooses the header, so hashing alone proves that the words belong to that
 * header and nothing more: with th = NULL the result of wick_bundle_words() is UNTRUSTED_HEADER,
 * never OK. It is OK under a trusted header, and that takes something the leaf has from elsewhere:
 * a block hash, the validators or signers of the chain, a sync committee, or the same header from a
 * second gateway. Seals and signatures inside a bundle are worth nothing without it. For records of
 * peers, and so that an older bundle is refused, use wick/peer_bundle.h.
 *
 * Format, version 1. Integers are big-endian. Fixed part, 41 bytes:
 *      0   3  "WPB"
 *      3   1  version, 1
 *      4   1  kind of evidence: 0 none, 1 QBFT, 2 IBFT 2.0, 3 IBFT 1, 4 Clique, 16 sync committee
 *      5   8  chain id
 *     13  20  address of the contract
 *     33   8  time of the header, unix seconds: the header's own
 * then pieces, each: tag 1 | length 2 | content. In this order:
 *     1 BEFORE      kinds 1-4, any number: headers that lead up to the header, ascending. RLP
 *     2 UPDATE      kind 16, any number: light client updates, ascending. Fork version 4 | SSZ
 *     3 FINALITY    kind 16, at most one finality update, likewise
 *     4 OPTIMISTIC  kind 16, at most one optimistic update, likewise. One of 3 and 4 is there
 *     5 HEADER      once: the execution block's header under which all is proven. RLP
 *     6 AFTER       kind 4, any number: headers on top of it, ascending. RLP
 *     7 ACCOUNT     any number: nodes of the account's proof, root first
 *     8 SLOT        one or more: key of a storage slot, 32 bytes
 *     9 NODE        any number after each SLOT: nodes of its proof, root first
 *     0 END         once, length 0; no byte follows
 * Values are not carried: they are in the last nodes.
 *
 * Decoding is strict (order, counts, lengths, no byte too many) and holds no node: a whole bundle is
 * read in place; one that comes in parts is read piece by piece by wick_bundle_next(), which needs
 * memory for the largest piece alone. Bounds: WICK_BUNDLE_SLOTS_MAX, WICK_BUNDLE_STEPS_MAX and
 * WICK_BUNDLE_NODES_MAX. Sizes on 32-bit: wick_bundle 80 bytes, wick_bundle_reader 72. Stack below
 * 1 KB, and that of the authenticator.
 */
#include "wick/base.h"
#include "wick/trust.h"
#if WICK_WITH_BFT
#include "wick/bft.h"
#endif
#if WICK_WITH_CLIQUE
#include "wick/clique.h"
#endif
#if WICK_WITH_BEACON
#include "wick/beacon.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_BUNDLE_VERSION 1
#define WICK_BUNDLE_FIXED_BYTES 41
#define WICK_BUNDLE_PIECE_OVERHEAD 3

/** What vouches for the header. The numbers of sealed headers are those of wick_seal_rule. */
typedef enum wick_bundle_kind {
    WICK_BUNDLE_ALONE = 0, /* nothing: header alone */
    WICK_BUNDLE_QBFT = 1,
    WICK_BUNDLE_IBFT2 = 2,
    WICK_BUNDLE_IBFT1 = 3,
    WICK_BUNDLE_CLIQUE = 4,
    WICK_BUNDLE_BEACON = 16
} wick_bundle_kind;

/** Pieces, by the table above. */
typedef enum wick_bundle_tag {
    WICK_BUNDLE_END = 0,
    WICK_BUNDLE_BEFORE = 1,
    WICK_BUNDLE_UPDATE = 2,
    WICK_BUNDLE_FINALITY = 3,
    WICK_BUNDLE_OPTIMISTIC = 4,
    WICK_BUNDLE_HEADER = 5,
    WICK_BUNDLE_AFTER = 6,
    WICK_BUNDLE_ACCOUNT = 7,
    WICK_BUNDLE_SLOT = 8,
    WICK_BUNDLE_NODE = 9
} wick_bundle_tag;

/** The fixed part. */
typedef struct wick_bundle_head {
    wick_bundle_kind kind;
    uint64_t chain_id;
    uint64_t time_s; /* of the header */
    uint8_t contract[20];
} wick_bundle_head;

/* ---- reading, piece by piece ---- */

/** A piece. `bytes` is a view of the input, or of the reader's memory where the piece came in parts:
 *  it lives until the next call. */
typedef struct wick_bundle_piece {
    wick_bundle_tag tag;
    wick_span bytes;
    uint8_t version4[4]; /* UPDATE, FINALITY, OPTIMISTIC: of the fork; `bytes` is the SSZ then */
} wick_bundle_piece;

/** Reader. `head` may be read once a piece has come; all else is private. */
typedef struct wick_bundle_reader {
    wick_bundle_head head;
    uint8_t *work;
    size_t cap, have;
    wick_status status;
    uint16_t len;
    uint8_t state, tag, last;
    uint16_t steps;
    uint8_t nodes, slots;
} wick_bundle_reader;

/** Starts reading.
 *  @param[in] work  memory for the largest piece and at least WICK_BUNDLE_FIXED_BYTES, where the
 *                   bundle comes in parts; NULL and 0 where it comes as a whole */
void wick_bundle_reader_init(wick_bundle_reader *r, uint8_t *work, size_t cap);

/** Gives the next piece; call until END. Content is not judged, but that the header's time is that of
 *  the fixed part.
 *  @param[in,out] in  what is there of the bundle: moves on behind what was used
 *  @retval WICK_OK              a piece
 *  @retval WICK_AGAIN           `in` is used up: give more. Never twice without new input
 *  @retval WICK_E_UNSUPPORTED   another version, or a kind of evidence not known
 *  @retval WICK_E_MALFORMED     no bundle, a piece out of order, of a wrong length, or missing
 *  @retval WICK_E_LIMIT         more slots, nodes or pieces of evidence than this build reads
 *  @retval WICK_E_NO_SPACE      a piece is larger than the memory given
 *  @retval WICK_E_TRAILING      bytes follow END
 *  @retval others               as wick_header_decode(). Errors stick */
WICK_NODISCARD wick_status wick_bundle_next(wick_bundle_reader *r, wick_bundle_piece *out,
                                            wick_span *in);

/* ---- a whole bundle ---- */

/** View of a bundle, which has been read to its end. Lives as long as the input. */
typedef struct wick_bundle {
    wick_bundle_head head;
    uint64_t number;  /* of the header */
    wick_span bytes;  /* all of it */
    wick_span header; /* RLP */
    uint16_t steps;   /* pieces of evidence: BEFORE to OPTIMISTIC, AFTER */
    uint8_t slots;
    uint16_t nodes; /* of the account and all slots */
} wick_bundle;

/** Reads a bundle. No cryptography.
 *  @param[out] b  zeroed on error
 *  @retval WICK_OK  @retval WICK_E_TRUNCATED it ends early  @retval others as wick_bundle_next() */
WICK_NODISCARD wick_status wick_bundle_decode(wick_bundle *b, wick_span in);

/** Starts going through the pieces of a decoded bundle with wick_bundle_next().
 *  @param[out] in  to be given to it */
void wick_bundle_rewind(const wick_bundle *b, wick_bundle_reader *r, wick_span *in);

/** Hash of the block by the rule of its chain: consortium chains leave seals out of it.
 *  @retval WICK_OK  @retval others as wick_seal_decode() and wick_header_decode(); zeroed */
WICK_NODISCARD wick_status wick_bundle_block_hash(uint8_t hash32[32], const wick_bundle *b);

/* ---- who vouches for the header: th is zeroed on error ---- */

/** By a block hash that the leaf has from elsewhere. Tier PINNED.
 *  @retval WICK_OK  @retval WICK_E_HEADER_HASH another block  @retval others as block_hash() */
WICK_NODISCARD wick_status wick_bundle_trust_hash(wick_trusted_header *th, const wick_bundle *b,
                                                  const uint8_t hash32[32]);

/** By a second gateway, which gave the same header. That the two are independent is the caller's
 *  knowledge. Tier QUORUM.
 *  @retval WICK_OK
 *  @retval WICK_E_HEADER_HASH     their headers differ
 *  @retval WICK_E_CHAIN_MISMATCH  they are of two chains
 *  @retval WICK_E_BAD_ARG         the same bundle twice
 *  @retval others                 as block_hash() */
WICK_NODISCARD wick_status wick_bundle_trust_second(wick_trusted_header *th, const wick_bundle *b,
                                                    const wick_bundle *second);

#if WICK_WITH_BFT
/** By the validators that the leaf trusts.
 *  @param[in,out] bft  moves on; headers that it has passed already are skipped
 *  @retval WICK_OK
 *  @retval WICK_E_TRUST_TIER      the bundle has other evidence, or seals of another rule
 *  @retval WICK_E_CHAIN_MISMATCH  of another chain
 *  @retval WICK_E_HEADER_STALE    older than the header that is trusted
 *  @retval others                 as wick_bft_header() */
WICK_NODISCARD wick_status wick_bundle_trust_bft(wick_trusted_header *th, const wick_bundle *b,
                                                 wick_bft *bft, const wick_hal_crypto *crypto,
                                                 const wick_trust_now *now, uint32_t trusting_s);
#endif

#if WICK_WITH_CLIQUE
/** By the signers that the leaf trusts.
 *  @param[in,out] c  moves on if the header is vouched for, and stays if it is not
 *  @param[out] work  memory for another state
 *  @retval WICK_OK
 *  @retval WICK_E_TRUST_TIER, WICK_E_CHAIN_MISMATCH as above
 *  @retval WICK_E_TRUST_DEPTH  too few headers after it
 *  @retval others              as wick_clique_header() and wick_clique_trust() */
WICK_NODISCARD wick_status wick_bundle_trust_clique(wick_trusted_header *th, const wick_bundle *b,
                                                    wick_clique *c, wick_clique *work,
                                                    const wick_hal_crypto *crypto,
                                                    const wick_trust_now *now);
#endif

#if WICK_WITH_BEACON
/** By the sync committee that the leaf trusts.
 *  @param[in,out] beacon  moves on; what it knows already is skipped
 *  @param[in] tier        FINALIZED or OPTIMISTIC, as in wick_beacon_trust()
 *  @retval WICK_OK
 *  @retval WICK_E_TRUST_TIER, WICK_E_CHAIN_MISMATCH as above
 *  @retval WICK_E_UNSUPPORTED  written in a fork that the leaf's table does not have
 *  @retval others              as wick_beacon_input() and wick_beacon_trust() */
WICK_NODISCARD wick_status wick_bundle_trust_beacon(wick_trusted_header *th, const wick_bundle *b,
                                                    wick_beacon *beacon,
                                                    const wick_hal_crypto *crypto,
                                                    const wick_trust_now *now, wick_tier tier);
#endif

/* ---- what is proven ---- */

/** Proves the words of a contract: of the one asked for, and exactly those asked for.
 *  @param[out] values   zeroed unless WICK_OK or WICK_E_UNTRUSTED_HEADER
 *  @param[in] th        of the bundle's header, made by any authenticator; NULL: nobody vouches for it
 *  @param[in] chain_id, contract20, slots  what was asked for; not taken from the bundle
 *  @retval WICK_OK                   proven
 *  @retval WICK_E_UNTRUSTED_HEADER   th is NULL: they are consistent with the header, which may be
 *                                    anybody's
 *  @retval WICK_E_CHAIN_MISMATCH     of another chain
 *  @retval WICK_E_BUNDLE_OTHER       of another contract, or other slots: an answer to another question
 *  @retval WICK_E_HEADER_HASH        `th` is another header
 *  @retval WICK_E_NO_CONTRACT, WICK_E_PROOF_INCOMPLETE, WICK_E_PROOF_BAD_HASH, WICK_E_PROOF_BAD_RLP
 *                                    as wick/verified.h */
WICK_NODISCARD wick_status wick_bundle_words(uint8_t (*values)[32], const wick_bundle *b,
                                             const wick_trusted_header *th, uint64_t chain_id,
                                             const uint8_t contract20[20],
                                             const uint8_t (*slots)[32], size_t count);

/* ---- making one ---- */

/** Writer. The fields are private. */
typedef struct wick_bundle_writer {
    wick_buf *out;
    wick_status status;
    uint8_t kind, last, nodes, slots;
    uint16_t steps;
    uint64_t time_s;
} wick_bundle_writer;

/** Starts. Errors are latched, and told by wick_bundle_write_end().
 *  @param[in] out  appended to; kept until the end; one with NULL measures */
void wick_bundle_write_begin(wick_bundle_writer *w, wick_buf *out, const wick_bundle_head *head);

/** Adds a piece; SLOT with its key, END by wick_bundle_write_end(). */
void wick_bundle_write(wick_bundle_writer *w, wick_bundle_tag tag, wick_span bytes);

/** Adds UPDATE, FINALITY or OPTIMISTIC, written in the fork of that version. */
void wick_bundle_write_beacon(wick_bundle_writer *w, wick_bundle_tag tag, const uint8_t version4[4],
                              wick_span ssz);

/** Ends.
 *  @retval WICK_OK  @retval WICK_E_NO_SPACE
 *  @retval WICK_E_MALFORMED, WICK_E_LIMIT, ... what a reader would say of it */
WICK_NODISCARD wick_status wick_bundle_write_end(wick_bundle_writer *w);

/** "header alone", "QBFT", "IBFT 2.0", "IBFT 1", "Clique", "sync committee". */
const char *wick_bundle_kind_str(wick_bundle_kind kind);

#ifdef __cplusplus
}
#endif
#endif
