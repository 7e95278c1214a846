/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_JSON_H
#define WICK_EXAMPLES_JSON_H
/* JSON files for the port's strict parser (wick/port/json.h), with memory of the right size. */
#include "wick/port/json.h"

/* Larger files are refused: 48 bytes of memory go to each of theirs in the worst case. */
#define JSON_FILE_MAX (4u * 1024 * 1024)

typedef struct json_doc {
    const wick_json *root; /* lives until json_free() */
    uint8_t *arena;
    size_t cap; /* of the arena */
} json_doc;

/** Parses text. @retval WICK_E_JSON not strict JSON  @retval WICK_E_LIMIT  @retval WICK_E_HAL */
WICK_NODISCARD wick_status json_open(json_doc *d, wick_span text);

/** Reads and parses a file, "-" is standard input. Statuses also of cli_read_file(). */
WICK_NODISCARD wick_status json_load(json_doc *d, const char *path);

void json_free(json_doc *d);
/** The same for one that held a secret. */
void json_wipe(json_doc *d);

#endif
