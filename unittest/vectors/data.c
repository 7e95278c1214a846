/* SPDX-License-Identifier: Apache-2.0 */
#include "data.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

#define FILE_MAX_BYTES (8u << 20)

/* ---- memory ---- */

struct block {
    struct block *next;
    max_align_t data[];
};

static struct block *blocks;
static data_file *files;
static size_t file_count;

static void give_back(void)
{
    for (size_t i = 0; i < file_count; i++) {
        cJSON_Delete(files[i].root);
        free(files[i].path);
    }
    free(files);
    while (blocks != NULL) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

static void *checked(void *p)
{
    if (p == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return p;
}

static void at_first_use(void)
{
    static bool done;
    if (!done) {
        done = true;
        (void)atexit(give_back);
    }
}

void *data_alloc(size_t bytes)
{
    at_first_use();
    struct block *b = checked(malloc(sizeof *b + bytes));
    b->next = blocks;
    blocks = b;
    memset(b->data, 0, bytes);
    return b->data;
}

/* ---- files ---- */

static cJSON *parse(const char *path)
{
    cJSON *root = NULL;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }
    char *text = checked(malloc(FILE_MAX_BYTES));
    size_t len = fread(text, 1, FILE_MAX_BYTES, f);
    if (len != FILE_MAX_BYTES) {
        root = cJSON_ParseWithLength(text, len);
    }
    free(text);
    fclose(f);
    return root;
}

static void add(const char *path, size_t size)
{
    size_t len = strlen(path);
    (void)size;
    if (strcmp(path + (len > 5 ? len - 5 : 0), ".json") != 0) {
        return;
    }
    cJSON *root = parse(path);
    if (root == NULL) {
        return;
    }
    files = checked(realloc(files, (file_count + 1) * sizeof *files));
    files[file_count].path = checked(malloc(len + 1));
    memcpy(files[file_count].path, path, len + 1);
    files[file_count].root = root;
    file_count++;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const data_file *)a)->path, ((const data_file *)b)->path);
}

const data_file *data_files(size_t *count)
{
    static bool scanned;
    if (!scanned) {
        scanned = true;
        at_first_use();
        walk_vectors(FILE_MAX_BYTES - 1, add);
        if (file_count != 0) {
            qsort(files, file_count, sizeof *files, by_path);
        }
    }
    *count = file_count;
    return files;
}

/* ---- values ---- */

bool data_hex_text(wick_span *out, const char *text)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
    }
    size_t digits = strlen(text), len = (digits + 1) / 2;
    char *even = data_alloc(digits + 2);
    uint8_t *bytes = data_alloc(len + 1);
    even[0] = '0';
    memcpy(even + digits % 2, text, digits);
    *out = wick_span_make(bytes, len);
    return wick_hex_decode(bytes, len, even, 2 * len) == WICK_OK;
}

bool data_hex(wick_span *out, const cJSON *item)
{
    return cJSON_IsString(item) && data_hex_text(out, item->valuestring);
}

bool data_fixed(uint8_t *out, size_t len, const cJSON *item)
{
    wick_span s;
    if (!data_hex(&s, item) || s.len != len) {
        return false;
    }
    memcpy(out, s.ptr, len);
    return true;
}

bool data_word(uint8_t out32[32], const cJSON *item)
{
    wick_span s;
    if (!data_hex(&s, item) || s.len > 32) {
        return false;
    }
    memset(out32, 0, 32);
    if (s.len != 0) {
        memcpy(out32 + (32 - s.len), s.ptr, s.len);
    }
    return true;
}

const cJSON *data_get(const cJSON *object, const char *name)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

void data_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("# ", stdout);
    (void)vfprintf(stdout, format, args);
    fputs("\n", stdout);
    va_end(args);
}
