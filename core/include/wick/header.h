/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HEADER_H
#define WICK_HEADER_H
/*
 * Block headers: RLP to view, view to RLP, hash. A header has 15 fields (Frontier) to 21 (Prague);
 * later forks append. Fields are taken by index; those beyond the known ones are kept as raw RLP,
 * so that a header of a fork to come still hashes right.
 *
 *     wick_header h;
 *     wick_status s = wick_header_decode(&h, rlp);
 *     ... h.number, h.timestamp, h.field[WICK_HEADER_STATE_ROOT].ptr ...
 *     wick_header_hash(out32, rlp);
 *
 * From JSON: for i in 0..20, take the value named wick_header_field_name(i), turn its hex into
 * bytes (odd digit counts get a zero in front), set field[i], and stop at the first name that is
 * missing; set `fields`; wick_header_encode() drops leading zeros of integers and checks lengths.
 * The result means something only if it hashes to the block's hash.
 *
 * A decoded header is NOT trusted: see wick/trust.h. Sizes: 224 bytes on a Cortex-M4; all pointers
 * are views into the input. Bound: WICK_HEADER_MAX bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_header_field {
    WICK_HEADER_PARENT_HASH = 0,
    WICK_HEADER_UNCLES_HASH = 1,
    WICK_HEADER_MINER = 2, /* 20 bytes */
    WICK_HEADER_STATE_ROOT = 3,
    WICK_HEADER_TRANSACTIONS_ROOT = 4,
    WICK_HEADER_RECEIPTS_ROOT = 5,
    WICK_HEADER_LOGS_BLOOM = 6, /* 256 bytes */
    WICK_HEADER_DIFFICULTY = 7,
    WICK_HEADER_NUMBER = 8,
    WICK_HEADER_GAS_LIMIT = 9,
    WICK_HEADER_GAS_USED = 10,
    WICK_HEADER_TIMESTAMP = 11,
    WICK_HEADER_EXTRA_DATA = 12, /* any length */
    WICK_HEADER_MIX_HASH = 13,           /* 32 bytes; Authority Round: step, an integer */
    WICK_HEADER_NONCE = 14,              /* 8 bytes, no integer; Authority Round: 65, signature */
    WICK_HEADER_BASE_FEE = 15,           /* London, EIP-1559 */
    WICK_HEADER_WITHDRAWALS_ROOT = 16,   /* Shanghai, EIP-4895 */
    WICK_HEADER_BLOB_GAS_USED = 17,      /* Cancun, EIP-4844 */
    WICK_HEADER_EXCESS_BLOB_GAS = 18,    /* Cancun */
    WICK_HEADER_PARENT_BEACON_ROOT = 19, /* Cancun, EIP-4788 */
    WICK_HEADER_REQUESTS_HASH = 20       /* Prague, EIP-7685 */
} wick_header_field;

#define WICK_HEADER_FIELDS_MIN 15
#define WICK_HEADER_FIELDS_KNOWN 21

/** View of a header. Integers in `field` are big-endian bytes. */
typedef struct wick_header {
    wick_span field[WICK_HEADER_FIELDS_KNOWN]; /* payload of each; {NULL, 0} beyond `fields` */
    uint8_t fields;                            /* known fields present, 15..21 */
    wick_span unknown; /* RLP of the fields after the 21st, one after another; may be empty */
    /* Set by decode, ignored by encode: */
    uint64_t number;
    uint64_t timestamp; /* unix seconds */
    uint64_t gas_limit;
    uint64_t gas_used;
    uint64_t base_fee; /* wei per gas; 0 before London, UINT64_MAX if it needs more than 64 bits */
} wick_header;

/** Decodes the RLP of a header. On error `out` is zeroed.
 *  @retval WICK_OK
 *  @retval WICK_E_LIMIT         longer than WICK_HEADER_MAX, or nested too deep
 *  @retval WICK_E_MALFORMED     fewer than 15 fields, or a field of the wrong kind or length
 *  @retval WICK_E_TRUNCATED, WICK_E_NON_CANONICAL, WICK_E_TRAILING as in wick/rlp.h */
WICK_NODISCARD wick_status wick_header_decode(wick_header *out, wick_span rlp);

/** Encodes a header. Leading zeros of integer fields are dropped.
 *  @retval WICK_OK            appended to `out` (check wick_buf_status())
 *  @retval WICK_E_MALFORMED   field count outside 15..21, a field of the wrong length, or unknown
 *                             fields that are not RLP or come before the 21st
 *  @retval WICK_E_NO_SPACE    `out` is too small */
WICK_NODISCARD wick_status wick_header_encode(wick_buf *out, const wick_header *h);

/** Block hash: Keccak-256 of the header's RLP. */
void wick_header_hash(uint8_t out32[32], wick_span rlp);

/** Name of a field in JSON-RPC blocks, for example "stateRoot"; NULL if index > 20. */
const char *wick_header_field_name(size_t index);

/** Is the field an integer (a JSON quantity: leading zeros mean nothing)? */
bool wick_header_field_is_integer(size_t index);

#ifdef __cplusplus
}
#endif
#endif
