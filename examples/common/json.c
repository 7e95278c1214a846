/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for the port's JSON parser. */
#include "json.h"

#include <stdlib.h>

#include "cli.h"

/* The densest text is an array of one-digit numbers: a value of less than 96 bytes for each two. */
#define ARENA_PER_BYTE 48u
#define ARENA_MIN 8192u

wick_status json_open(json_doc *d, wick_span text)
{
    d->root = NULL;
    d->arena = NULL;
    if (text.len > JSON_FILE_MAX) {
        return WICK_E_LIMIT;
    }
    size_t cap = text.len * ARENA_PER_BYTE + ARENA_MIN;
    d->arena = malloc(cap);
    d->cap = cap;
    wick_status s = d->arena == NULL ? WICK_E_HAL : wick_json_parse(&d->root, d->arena, cap, text);
    if (s != WICK_OK) {
        json_free(d);
    }
    return s;
}

wick_status json_load(json_doc *d, const char *path)
{
    uint8_t *text = NULL;
    size_t len = 0;
    d->root = NULL;
    d->arena = NULL;
    wick_status s = cli_read_file(&text, &len, path);
    if (s == WICK_OK) {
        s = json_open(d, wick_span_make(text, len));
    }
    free(text);
    return s;
}

void json_free(json_doc *d)
{
    free(d->arena);
    d->arena = NULL;
    d->root = NULL;
}

void json_wipe(json_doc *d)
{
    if (d->arena != NULL) {
        wick_wipe(d->arena, d->cap);
    }
    json_free(d);
}
