/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TEST_DATA_H
#define WICK_TEST_DATA_H
/*
 * Test data from outside: every JSON file below $WICK_VECTORS_DIR (default: shared/data beside the
 * source tree), at any depth and under any name. A suite looks at the content of each and takes
 * what it knows; one that took nothing skips by name. Host only; memory is given back at exit.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wick/base.h"

/** One file. `root` lives until the program ends. */
typedef struct data_file {
    char *path;
    cJSON *root;
} data_file;

/** All JSON files found, sorted by path. @param[out] count how many; 0 gives NULL */
const data_file *data_files(size_t *count);

/** Memory that lives until the program ends; never NULL. */
void *data_alloc(size_t bytes);

/** Bytes of a hex string, "0x" optional, a zero in front of an odd digit count. False if `item` is
 *  no such string. */
bool data_hex(wick_span *out, const cJSON *item);

/** The same from a C string. */
bool data_hex_text(wick_span *out, const char *text);

/** A hex string of exactly `len` bytes. */
bool data_fixed(uint8_t *out, size_t len, const cJSON *item);

/** A quantity, right-aligned in 32 bytes. */
bool data_word(uint8_t out32[32], const cJSON *item);

/** Member of an object, NULL if it has none. Case-sensitive. */
const cJSON *data_get(const cJSON *object, const char *name);

/** printf to the test's output, as a TAP comment. */
void data_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
