/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block header: for any row of items, what decodes is what the yellow paper (4.3) and EIP-1559, 4895,
 * 4844, 4788 and 7685 say, and what they say decodes. Every field is a view of its own item, integers
 * have no leading zero, numbers are read right or saturate, what comes behind the 21st field is kept
 * and checked, and after an error nothing is left.
 *
 * The RLP reader is replaced by what cbmc_rlp.c proves of it: a list is a row of items, or fails.
 *
 * Bound: strings of up to 33 bytes and of 256; up to 23 items.
 */
#include "cbmc.h"

#include "wick/header.h"
#include "wick/rlp.h"

#define SHOWN 33
#define KNOWN WICK_HEADER_FIELDS_KNOWN

/* ---- the reader, as far as it is proven ---- */

static uint8_t *payload[KNOWN];
static size_t length[KNOWN];
static size_t count;              /* items of the list */
static size_t next_field;
static size_t bad_at;             /* where an item is no canonical string, or beyond */
static wick_status bad_why;
static wick_status top, tail[2];  /* of the list; of the items behind the known ones */
static bool trailing;             /* bytes follow the list */
static uint8_t input[1], row[1];

wick_rlp wick_rlp_make(wick_span in)
{
    wick_rlp r = {in.ptr, in.len, WICK_OK, 0};
    return r;
}

wick_rlp wick_rlp_list(wick_rlp *r)
{
    wick_rlp sub = {row, count, WICK_OK, 1};
    r->status = top;
    r->len = top == WICK_OK && !trailing ? 0 : r->len;
    sub.status = top;
    return sub;
}

wick_status wick_rlp_end(wick_rlp *r)
{
    return r->status != WICK_OK ? r->status : r->len != 0 ? WICK_E_TRAILING : WICK_OK;
}

bool wick_rlp_at_end(const wick_rlp *r)
{
    return r->status != WICK_OK || r->len == 0;
}

wick_span wick_rlp_string(wick_rlp *r)
{
    size_t i = next_field++;
    PROVE(r->ptr == row && r->status == WICK_OK && i < KNOWN && r->len == count - i,
          "in their turn");
    if (i >= bad_at) {
        r->status = bad_why;
        return wick_span_make(NULL, 0);
    }
    r->len--;
    return wick_span_make(payload[i], length[i]);
}

/* Behind the known fields: the row's own memory names the item. */
wick_span wick_rlp_raw(wick_rlp *r)
{
    PROVE(r->len != 0 && r->len <= 2, "an item is left");
    size_t i = r->len - 1;
    if (tail[i] == WICK_E_TRUNCATED) {
        r->status = WICK_E_TRUNCATED;
        return wick_span_make(NULL, 0);
    }
    r->len--;
    return wick_span_make(row, i + 1);
}

wick_status wick_rlp_check(wick_span in)
{
    return tail[in.len - 1];
}

/* ---- what a header is ---- */

static bool is_integer(size_t i)
{
    return (i >= 7 && i <= 11) || i == 15 || i == 17 || i == 18;
}

static bool field_good(size_t i)
{
    size_t n = length[i];
    switch (i) {
    case 2:
        return n == 20;
    case 6:
        return n == 256;
    case 7:
    case 15:
        return n <= 32 && (n == 0 || payload[i][0] != 0);
    case 8:
    case 9:
    case 10:
    case 11:
    case 17:
    case 18:
        return n <= 8 && (n == 0 || payload[i][0] != 0);
    case 12:
    case 13:
    case 14:
        return true;
    default:
        return n == 32;
    }
}

static bool seal_good(void)
{
    if (length[14] == 65) {
        return length[13] <= 8 && (length[13] == 0 || payload[13][0] != 0);
    }
    return length[13] == 32 && length[14] == 8;
}

static uint64_t number(size_t i)
{
    uint64_t v = 0;
    for (size_t k = 0; k < 8; k++) {
        v = k < length[i] ? (v << 8) | payload[i][k] : v;
    }
    return length[i] > 8 ? UINT64_MAX : v;
}

void harness(void)
{
    wick_header h;
    size_t len = nondet_size();
    for (size_t i = 0; i < KNOWN; i++) {
        uint8_t *memory = malloc(SHOWN);
        ASSUME(memory != NULL);
        length[i] = nondet_size();
        /* Strings that no rule reads may be longer than the memory that stands for them. */
        ASSUME(length[i] <= SHOWN || (length[i] == 65 && i == 14) || (length[i] == 256 && i == 6));
        payload[i] = length[i] <= SHOWN ? memory + (SHOWN - length[i]) : memory;
    }
    count = nondet_size();
    bad_at = nondet_size();
    ASSUME(count <= KNOWN + 2);
    bad_why = nondet_bool() ? WICK_E_MALFORMED : WICK_E_NON_CANONICAL;
    top = nondet_bool() ? WICK_OK : WICK_E_TRUNCATED;
    for (size_t i = 0; i < 2; i++) {
        tail[i] = nondet_bool() ? WICK_OK : nondet_bool() ? WICK_E_TRUNCATED : WICK_E_NON_CANONICAL;
    }
    trailing = nondet_bool();
    ASSUME(!trailing || len != 0);
    __CPROVER_havoc_object(&h);

    wick_status s = wick_header_decode(&h, wick_span_make(input, len));

    size_t known = count < KNOWN ? count : KNOWN;
    bool good = len <= WICK_HEADER_MAX && top == WICK_OK && !trailing && count >= 15 &&
                bad_at >= known && seal_good();
    for (size_t k = 0; k < KNOWN; k++) {
        good = good && (k >= known || field_good(k));
    }
    for (size_t k = 0; k < 2; k++) {
        good = good && (k + KNOWN >= count || tail[k] == WICK_OK);
    }
    PROVE((s == WICK_OK) == good, "a header, neither more nor less");
    for (size_t i = 0; i < KNOWN; i++) {
        if (s == WICK_OK) {
            PROVE(i >= known || (h.field[i].ptr == payload[i] && h.field[i].len == length[i]),
                  "a field is a view of its item");
            PROVE(i < known || (h.field[i].ptr == NULL && h.field[i].len == 0), "none beyond them");
        } else {
            PROVE(h.field[i].ptr == NULL && h.field[i].len == 0, "no field after an error");
        }
        PROVE(wick_header_field_is_integer(i) == is_integer(i), "integers by their place");
    }
    if (s == WICK_OK) {
        PROVE(h.fields == known, "as many fields as there are");
        PROVE(h.unknown.len == count - known, "what a later fork adds is kept");
        PROVE(h.number == number(8) && h.gas_limit == number(9) && h.gas_used == number(10) &&
                  h.timestamp == number(11),
              "numbers as they are written");
        PROVE(h.base_fee == (known > 15 ? number(15) : 0), "the base fee saturates");
    } else {
        PROVE(h.fields == 0 && h.number == 0 && h.timestamp == 0 &&
                  h.gas_limit == 0 && h.gas_used == 0 && h.base_fee == 0 &&
                  h.unknown.ptr == NULL && h.unknown.len == 0,
              "nothing is left of what is no header");
    }
    COVER(s == WICK_OK && count == 15);
    COVER(s == WICK_OK && count == 16 && h.base_fee == UINT64_MAX && length[15] == 32);
    COVER(s == WICK_OK && count == 21);
    COVER(s == WICK_OK && count == 23);
    COVER(s == WICK_OK && length[14] == 65);
    COVER(s == WICK_E_LIMIT);
    COVER(s == WICK_E_TRUNCATED && top == WICK_OK);
    COVER(s == WICK_E_TRAILING);
    COVER(s == WICK_E_MALFORMED && count == 14);
    COVER(s == WICK_E_MALFORMED && count == 15);
    COVER(s == WICK_E_NON_CANONICAL && bad_at > 30);
}
