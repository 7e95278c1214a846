/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CID_H
#define WICK_CID_H
/*
 * Content identifiers (CID) of version 0 and 1, as IPFS and IPLD use them: which block is meant, by
 * its SHA-256. A block is fetched from anybody under its CID and checked against it
 * (wick/unixfs.h).
 *
 *     wick_cid cid;
 *     s = wick_cid_parse(&cid, "bafkreif...", 59);     text
 *     s = wick_cid_decode(&cid, bytes);                34 or 36 bytes, as in a link or a manifest
 *     wick_cid_str(text, &cid);                        59 characters, or 46 for version 0
 *
 * Taken: SHA-256 with its whole 32 bytes; version 0 (which is always dag-pb), version 1 with codec
 * raw or dag-pb; text in base32 lower case for version 1, base58btc for version 0, each without
 * padding or other freedom, so that a CID has one form. Everything else is refused, identity CIDs
 * first of all: their "digest" is the content itself.
 *
 * Stateless; 34 bytes of the caller's; stack below 128 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Codecs (multicodec table). */
#define WICK_CID_RAW 0x55u
#define WICK_CID_DAG_PB 0x70u

/** Largest binary form, and its length for a version. */
#define WICK_CID_MAX 36
#define WICK_CID_BYTES(version) ((version) == 0 ? 34u : 36u)
/** Largest text with its zero. */
#define WICK_CID_STR_BYTES 60

typedef struct wick_cid {
    uint8_t version; /* 0 or 1 */
    uint8_t codec;   /* WICK_CID_RAW or WICK_CID_DAG_PB; version 0: WICK_CID_DAG_PB */
    uint8_t digest[32];
} wick_cid;

/** Binary form, whole.
 *  @retval WICK_OK
 *  @retval WICK_E_TRUNCATED, WICK_E_TRAILING  another length than its head says
 *  @retval WICK_E_UNSUPPORTED another version, codec, hash or digest length; identity
 *  On error `out` is not touched. */
WICK_NODISCARD wick_status wick_cid_decode(wick_cid *out, wick_span bytes);

/** Writes the binary form: 34 or 36 bytes. @return how many */
size_t wick_cid_encode(uint8_t out[WICK_CID_MAX], const wick_cid *cid);

/** Text.
 *  @retval WICK_OK
 *  @retval WICK_E_MALFORMED     a character that is none of its alphabet, or another length
 *  @retval WICK_E_NON_CANONICAL base32 whose last character has bits that belong to no byte
 *  @retval WICK_E_UNSUPPORTED   another base, version, codec or hash; identity
 *  On error `out` is not touched. */
WICK_NODISCARD wick_status wick_cid_parse(wick_cid *out, const char *text, size_t len);

/** Text, zero-terminated. */
void wick_cid_str(char out[WICK_CID_STR_BYTES], const wick_cid *cid);

/** The same block under the same codec: a dag-pb block has two CIDs, by version. */
bool wick_cid_same_block(const wick_cid *a, const wick_cid *b);

#ifdef __cplusplus
}
#endif
#endif
