/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_JSON_H
#define WICK_EXAMPLES_JSON_H
/*
 * Strict reading of JSON with cJSON: one value and nothing after it, no member twice in an object
 * (readers would disagree on which one counts), no zero byte inside a string (a C reader would stop
 * there). Hex and quantities as the Ethereum JSON-RPC writes them.
 */
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/base.h"

/** Parses; free the result with cJSON_Delete(). `text` is followed by a zero byte.
 *  @retval WICK_E_JSON not JSON, too deep, a member twice, text after the value */
WICK_NODISCARD wick_status json_parse(cJSON **out, const uint8_t *text, size_t len);

/** Member of an object, or NULL (also if `object` is NULL or is none). Case counts. */
const cJSON *json_member(const cJSON *object, const char *key);

/** The text of a string, or NULL. */
const char *json_text(const cJSON *value);

/** "0x" and an even number of digits, at most `cap` bytes. @retval WICK_E_JSON not of this form */
WICK_NODISCARD wick_status json_hex(uint8_t *out, size_t *len, const cJSON *value, size_t cap);

/** The same, of exactly `len` bytes. */
WICK_NODISCARD wick_status json_hex_exact(uint8_t *out, const cJSON *value, size_t len);

/** A quantity of at most 256 bits: "0x" and 0..64 digits, with or without leading zeros, because
 *  nodes differ. Big-endian. @retval WICK_E_JSON not of this form */
WICK_NODISCARD wick_status json_quantity(uint8_t out[32], const cJSON *value);

/** A quantity below 2^64. */
WICK_NODISCARD wick_status json_quantity_u64(uint64_t *out, const cJSON *value);

#endif
