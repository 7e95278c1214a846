/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_BLOCK_H
#define WICK_EXAMPLES_BLOCK_H
/*
 * Block headers as people and nodes hand them over: RLP in hex, RLP in bytes, or the JSON of
 * eth_getBlockByNumber (bare or in its JSON-RPC reply), which is encoded again as RLP.
 */
#include "wick/base.h"
#include "wick/header.h"
#include "wick/seal.h"

/** RLP of the header in `text`, which a zero byte follows. If the JSON names a hash, the header
 *  must have it.
 *  @param[out] rlp      buffer of at least WICK_HEADER_MAX bytes
 *  @retval WICK_E_JSON, WICK_E_MALFORMED, WICK_E_HEADER_HASH and those of wick_header_decode() */
WICK_NODISCARD wick_status block_header_read(wick_buf *rlp, wick_header *header, uint8_t *text,
                                             size_t len);

/* Headers one after another: a JSON array of blocks (also below "blocks" or "headers"), or the same
 * as text, one header in hex after another with white space between. */
#define BLOCK_SERIES_MAX 65536

typedef struct block_series {
    wick_span *header; /* RLP of each, in memory of its own */
    size_t count;
} block_series;

/** Reads a file. What JSON says of a hash is not looked at: consortium chains hash headers in ways of
 *  their own.
 *  @param[out] at  number of the header, counted from 1, that an error is about; 0: the whole file
 *  @retval WICK_E_JSON, WICK_E_MALFORMED, WICK_E_LIMIT, ... as block_header_read(), cli_read_file() */
WICK_NODISCARD wick_status block_series_load(block_series *s, size_t *at, const char *path);

void block_series_free(block_series *s);

/** Block hash by the rule of a consortium chain, which leaves seals out.
 *  @retval WICK_OK  @retval others as wick_seal_decode() and wick_header_decode() */
WICK_NODISCARD wick_status block_seal_hash(uint8_t hash[32], wick_seal_rule rule, wick_span rlp);

#endif
