/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_ABI_H
#define WICK_ABI_H
/*
 * Contract ABI: calldata of static words and dynamic bytes, decoding of answers, storage slots.
 *
 *     wick_abi_put_call(&b, "publish(bytes32,bytes32,uint8,uint32,uint256)");
 *     wick_abi_put_word(&b, id32);
 *     ...
 *     wick_abi_put_u64(&b, index);
 *
 * A dynamic argument is two parts: in its place the offset of its tail, counted from the first
 * argument; after all arguments the tail:
 *
 *     wick_abi_put_u64(&b, 2 * 32);                 two arguments: tails begin at byte 64
 *     wick_abi_put_word(&b, other);
 *     wick_abi_put_bytes(&b, text);                 length word, bytes, padding
 *
 * Decoding latches like every reader here: read all, then check `status` once. Padding must be
 * zero.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- encoding ---- */

/** First four bytes of keccak256(signature).
 *  @param[in] signature e.g. "transfer(address,uint256)" */
void wick_abi_selector(uint8_t out4[4], const char *signature);

/** Appends a selector. */
void wick_abi_put_call(wick_buf *b, const char *signature);

void wick_abi_put_word(wick_buf *b, const uint8_t word32[32]);
void wick_abi_put_u64(wick_buf *b, uint64_t v);
void wick_abi_put_bool(wick_buf *b, bool v);
void wick_abi_put_address(wick_buf *b, const uint8_t address20[20]);

/** Tail of a dynamic `bytes` or `string`. */
void wick_abi_put_bytes(wick_buf *b, wick_span bytes);

/* ---- decoding ---- */

/** Answer or calldata without its selector. */
typedef struct wick_abi {
    wick_span in;
    wick_status status; /* WICK_OK or the first error */
} wick_abi;

wick_abi wick_abi_make(wick_span in);

/** Word number `index`, NULL on error. Latches WICK_E_TRUNCATED. */
const uint8_t *wick_abi_word(wick_abi *a, size_t index);

/** An integer below 2^64. Latches WICK_E_MALFORMED if it is larger. */
uint64_t wick_abi_u64(wick_abi *a, size_t index);

/** 0 or 1. Latches WICK_E_MALFORMED. */
bool wick_abi_bool(wick_abi *a, size_t index);

/** 20 bytes, zeroed on error. Latches WICK_E_MALFORMED if the upper 12 are not zero. */
void wick_abi_address(wick_abi *a, uint8_t out20[20], size_t index);

/** Dynamic bytes whose offset is word `index`: a view, {NULL, 0} on error. Latches
 *  WICK_E_TRUNCATED for an offset or length beyond the end, WICK_E_MALFORMED for padding that is
 *  not zero. */
wick_span wick_abi_bytes(wick_abi *a, size_t index);

/* ---- storage layout of Solidity ---- */

/** Slot of a mapping's entry: keccak256(key | slot). */
void wick_abi_mapping_slot(uint8_t out32[32], const uint8_t key32[32], const uint8_t slot32[32]);

/** The same for a mapping at a small slot number. */
void wick_abi_mapping_slot_u64(uint8_t out32[32], const uint8_t key32[32], uint64_t slot);

/** out = slot + n, modulo 2^256: further words of a struct. May be in place. */
void wick_abi_slot_add(uint8_t out32[32], const uint8_t slot32[32], uint64_t n);

#ifdef __cplusplus
}
#endif
#endif
