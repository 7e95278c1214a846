/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_BLOCK_H
#define WICK_EXAMPLES_BLOCK_H
/*
 * Block headers as people and nodes hand them over: RLP in hex, RLP in bytes, or the JSON of
 * eth_getBlockByNumber (bare or in its JSON-RPC reply), which is encoded again as RLP.
 */
#include "wick/base.h"
#include "wick/header.h"

/** RLP of the header in `text`, which a zero byte follows. If the JSON names a hash, the header
 *  must have it.
 *  @param[out] rlp      buffer of at least WICK_HEADER_MAX bytes
 *  @retval WICK_E_JSON, WICK_E_MALFORMED, WICK_E_HEADER_HASH and those of wick_header_decode() */
WICK_NODISCARD wick_status block_header_read(wick_buf *rlp, wick_header *header, uint8_t *text,
                                             size_t len);

#endif
