/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_OUT_H
#define WICK_EXAMPLES_OUT_H
/*
 * What the programs print. A record is a few named values; it goes out as one JSON object on one
 * line (--json), or for people as "name  value" lines, or, if it is a step of something longer, as
 * one line "step name=value name=value". Bytes are lower-case 0x hex; integers above 2^53 are
 * strings, because JSON readers round them.
 *
 *     out_rec o;
 *     out_begin(&o, stdout, cli->json);
 *     out_hex(&o, "hash", hash, 32);
 *     out_u64(&o, "number", number);
 *     out_end(&o);
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "wick/base.h"

typedef struct out_rec {
    FILE *file;
    bool json;
    bool line; /* a step: all values on one line */
    bool first;
} out_rec;

/** Starts a record. A JSON record opens with "ok": true; out_begin_fail() says false. */
void out_begin(out_rec *o, FILE *file, bool json);
void out_begin_fail(out_rec *o, FILE *file, bool json);
/** Starts the record of a step: "event" in JSON, the first word of the line for people. */
void out_begin_step(out_rec *o, FILE *file, bool json, const char *event);
void out_str(out_rec *o, const char *key, const char *value);
void out_u64(out_rec *o, const char *key, uint64_t value);
void out_bool(out_rec *o, const char *key, bool value);
/** 0x and two digits a byte. */
void out_hex(out_rec *o, const char *key, const uint8_t *bytes, size_t len);
/** 0x without leading zeros, as JSON-RPC writes quantities. */
void out_quantity(out_rec *o, const char *key, const uint8_t *big_endian, size_t len);
void out_addr(out_rec *o, const char *key, const wick_addr *addr);
/** Milliseconds with one decimal, from microseconds. */
void out_ms(out_rec *o, const char *key, uint64_t us);
/** Objects and lists inside a JSON record; people get their values in one row. `key` NULL: an item
 *  of a list. */
void out_open(out_rec *o, const char *key, bool list);
void out_close(out_rec *o, bool list);
void out_end(out_rec *o);

/** Text of a quantity: `text` has 2 * len + 3 bytes. */
void out_quantity_text(char *text, const uint8_t *big_endian, size_t len);

#endif
