/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_VECTORS_H
#define WICK_VECTORS_H
/*
 * Published vectors among the files of data.h, chosen by a word that they hold, and read by member
 * name. A suite that finds none is a SKIP, not a success.
 */
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/** Calls `use` with each file that has `word` as a member's name or as a string.
 *  @return how many there were */
int vectors_each(const char *word, void (*use)(const cJSON *root));

/** Hex member `name` of `object`, at most `cap` bytes. @return its length; (size_t)-1 if it is
 *  missing, no hex, or too long (and the running test has failed) */
size_t vectors_hex(uint8_t *out, size_t cap, const cJSON *object, const char *name);

/** Text member, "" if missing. */
const char *vectors_text(const cJSON *object, const char *name);

/** Number member, -1 if missing. */
int vectors_int(const cJSON *object, const char *name);

#endif
