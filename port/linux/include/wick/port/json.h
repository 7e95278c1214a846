/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_JSON_H
#define WICK_PORT_JSON_H
/*
 * JSON in a fixed arena: a strict front to cJSON for replies of nodes, lines of the wallet
 * protocol, and files. The tree lives in the caller's arena until the next parse into it. Looking
 * up what is not there gives NULL, and every function takes NULL, so a path can be walked first and
 * checked once:
 *
 *     const wick_json *root;
 *     s = wick_json_parse(&root, arena, sizeof arena, text);
 *     s = wick_json_hex(hash, 32, wick_json_member(wick_json_member(root, "result"), "hash"));
 *
 * Bounds: WICK_JSON_DEPTH_MAX levels; arena about 80 B per value and 1 B per character. No heap.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Deepest nesting. Range 4..16 (the library is built for 16). */
#ifndef WICK_JSON_DEPTH_MAX
#define WICK_JSON_DEPTH_MAX 12
#endif

typedef struct wick_json wick_json; /* opaque node */

typedef enum wick_json_kind {
    WICK_JSON_MISSING = 0,
    WICK_JSON_NULL,
    WICK_JSON_BOOL,
    WICK_JSON_NUMBER,
    WICK_JSON_TEXT,
    WICK_JSON_ARRAY,
    WICK_JSON_OBJECT
} wick_json_kind;

/**
 * Parses one value with nothing after it but white space.
 * @retval WICK_E_JSON  not JSON, too deep, a zero character in a text, or an object that names a member
 *                      twice
 * @retval WICK_E_LIMIT the arena is full
 */
WICK_NODISCARD wick_status wick_json_parse(const wick_json **out, uint8_t *arena, size_t cap,
                                           wick_span text);

wick_json_kind wick_json_kind_of(const wick_json *node);
/** Member of an object, NULL if none. */
const wick_json *wick_json_member(const wick_json *node, const char *name);
/** Name of a member of an object, "" of anything else. */
const char *wick_json_name(const wick_json *node);
/** First item of an array or object; then wick_json_next(). NULL if none. */
const wick_json *wick_json_first(const wick_json *node);
const wick_json *wick_json_next(const wick_json *node);
/** Items of an array or object, else 0. Takes time by length. */
size_t wick_json_count(const wick_json *node);
/** Zero-terminated text of a string, NULL if it is none. */
const char *wick_json_text(const wick_json *node);
/** Is it the literal `true`? */
bool wick_json_is_true(const wick_json *node);

/* ---- Ethereum's encodings (execution-apis), all strict. WICK_E_JSON for anything else. ---- */

/** "0x" and exactly 2 * len digits. Zeroed on error. */
WICK_NODISCARD wick_status wick_json_hex(uint8_t *out, size_t len, const wick_json *node);
/** "0x" and an even number of digits, appended. @retval WICK_E_NO_SPACE longer than `out` */
WICK_NODISCARD wick_status wick_json_data(wick_buf *out, const wick_json *node);
/** "0x" and 1 to 2 * len digits of an integer, right-aligned. Nodes write storage keys and values
 *  with and without leading zeros: both are taken. Zeroed on error. */
WICK_NODISCARD wick_status wick_json_uint(uint8_t *out, size_t len, const wick_json *node);
/** Quantity ("0x" and digits) or a JSON integer up to 2^53. */
WICK_NODISCARD wick_status wick_json_u64(uint64_t *out, const wick_json *node);

/** Writes `text` as a JSON string with its quotes, zero-terminated. For building requests.
 *  @retval WICK_E_NO_SPACE */
WICK_NODISCARD wick_status wick_json_quote(char *out, size_t cap, const char *text);

#ifdef __cplusplus
}
#endif
#endif
