/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RLP_H
#define WICK_RLP_H
/*
 * RLP (Ethereum yellow paper, appendix B): a strict reader and a writer.
 *
 * The reader accepts canonical RLP only: shortest length form, a single byte below 0x80 as itself,
 * integers without leading zeros, nothing after the end. It is a cursor over a span that latches
 * its first error: afterwards every read gives zeros or an empty span. A list is read through a
 * sub-reader, which close() folds back, so one check at the end suffices:
 *
 *     wick_rlp r = wick_rlp_make(input);
 *     wick_rlp list = wick_rlp_list(&r);
 *     uint64_t nonce = wick_rlp_u64(&list);
 *     wick_rlp_fixed(&list, root, 32);
 *     wick_rlp_close(&r, &list);              latches the list's error, or TRAILING
 *     if (wick_rlp_end(&r) != WICK_OK) ...
 *
 * The writer appends to a wick_buf (NULL memory measures). A list is opened and closed around its
 * items; closing moves the items up by the 1..9 bytes of the list's header:
 *
 *     size_t at = wick_rlp_open(&b);
 *     wick_rlp_put_u64(&b, nonce);
 *     wick_rlp_put(&b, root, 32);
 *     wick_rlp_shut(&b, at);
 *
 * Bounds: WICK_RLP_DEPTH_MAX lists within each other. Sizes: wick_rlp is 12 bytes on a Cortex-M4.
 * No recursion; stack below 150 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Cursor over the items of one list or of a whole input. Lives as long as the input. */
typedef struct wick_rlp {
    const uint8_t *ptr; /* next item */
    size_t len;         /* bytes left */
    wick_status status; /* WICK_OK or the first error */
    uint8_t depth;      /* lists around this cursor */
} wick_rlp;

typedef enum wick_rlp_kind {
    WICK_RLP_NONE = 0, /* end of the list, or the cursor is in error */
    WICK_RLP_STRING,
    WICK_RLP_LIST
} wick_rlp_kind;

/* ---- reader ----
 * What a read may latch:
 *   WICK_E_TRUNCATED      an item reaches beyond the span, or none is left
 *   WICK_E_NON_CANONICAL  long form where the short one fits, leading zero of a length or integer
 *   WICK_E_MALFORMED      list where a string is due or the reverse, or another size than asked for
 *   WICK_E_LIMIT          deeper than WICK_RLP_DEPTH_MAX
 *   WICK_E_TRAILING       bytes left at close or end
 */

/** Cursor over `in`. */
wick_rlp wick_rlp_make(wick_span in);

/** Kind of the next item; does not move. */
wick_rlp_kind wick_rlp_peek(const wick_rlp *r);

/** True if nothing is left (also when in error). */
bool wick_rlp_at_end(const wick_rlp *r);

/** Payload of the next item, which must be a string. A view into the input. */
wick_span wick_rlp_string(wick_rlp *r);

/** Reads a string of exactly `len` bytes to `out`; zeros on error. */
void wick_rlp_fixed(wick_rlp *r, uint8_t *out, size_t len);

/** View of a string of exactly `len` bytes, NULL on error. */
const uint8_t *wick_rlp_fixed_view(wick_rlp *r, size_t len);

/** Unsigned integer of at most 8 bytes. */
uint64_t wick_rlp_u64(wick_rlp *r);

/** Unsigned integer of at most `len` bytes, written big-endian with zeros in front. len <= 32. */
void wick_rlp_uint(wick_rlp *r, uint8_t *out, size_t len);

/** Next item with its header, string or list. The inside of a list is not looked at: see
 *  wick_rlp_check(). */
wick_span wick_rlp_raw(wick_rlp *r);

/** Sub-reader over the items of the next item, which must be a list. The outer cursor steps over
 *  it. On error the sub-reader carries the error. */
wick_rlp wick_rlp_list(wick_rlp *r);

/** Ends a sub-reader: its error, or TRAILING if items are left, is latched in `r`. */
void wick_rlp_close(wick_rlp *r, const wick_rlp *sub);

/** Ends the input: latches TRAILING if bytes are left; gives the final status. */
WICK_NODISCARD wick_status wick_rlp_end(wick_rlp *r);

/** Is `in` exactly one canonical item, all the way down? Iterative.
 *  @retval WICK_OK yes  @retval others as listed above */
WICK_NODISCARD wick_status wick_rlp_check(wick_span in);

/* ---- writer ---- */

/** A string. */
void wick_rlp_put(wick_buf *b, const uint8_t *data, size_t len);

/** An integer, without leading zeros; 0 is the empty string. */
void wick_rlp_put_u64(wick_buf *b, uint64_t v);

/** A big-endian integer of `len` bytes; leading zeros are dropped. */
void wick_rlp_put_uint(wick_buf *b, const uint8_t *be, size_t len);

/** Header of a string of `len` bytes whose content the caller appends. Not for a single byte below
 *  0x80, which has no header. */
void wick_rlp_put_string_header(wick_buf *b, size_t len);

/** Header of a list whose items, `len` bytes together, the caller appends. */
void wick_rlp_put_list_header(wick_buf *b, size_t len);

/** Opens a list. @return where its items begin; hand it to wick_rlp_shut() */
size_t wick_rlp_open(const wick_buf *b);

/** Closes the list opened at `at`: everything appended since becomes its items. */
void wick_rlp_shut(wick_buf *b, size_t at);

#ifdef __cplusplus
}
#endif
#endif
