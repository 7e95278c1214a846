/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tap.h"
#include "wick/base.h"

#define FILE_MAX (8 * 1024 * 1024)
#define DEPTH_MAX 8

static int use_file(const char *path, const char *needle, void (*use)(const cJSON *root))
{
    int used = 0;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return 0;
    }
    char *text = malloc(FILE_MAX);
    size_t len = text == NULL ? 0 : fread(text, 1, FILE_MAX - 1, f);
    if (len != 0 && len < FILE_MAX - 1 && (text[0] == '{' || text[0] == '[')) {
        text[len] = 0;
        cJSON *root = strstr(text, needle) != NULL ? cJSON_Parse(text) : NULL;
        if (root != NULL) {
            use(root);
            cJSON_Delete(root);
            used = 1;
        }
    }
    free(text);
    fclose(f);
    return used;
}

static int use_dir(const char *dir, const char *needle, void (*use)(const cJSON *root), int depth)
{
    int used = 0;
    DIR *d = depth < DEPTH_MAX ? opendir(dir) : NULL;
    if (d == NULL) {
        return 0;
    }
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        char path[4096];
        struct stat st;
        if (e->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path ||
            stat(path, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            used += use_dir(path, needle, use, depth + 1);
        } else if (S_ISREG(st.st_mode)) {
            used += use_file(path, needle, use);
        }
    }
    closedir(d);
    return used;
}

int vectors_each(const char *needle, void (*use)(const cJSON *root))
{
    const char *dir = getenv("WICK_VECTORS_DIR");
    return use_dir(dir != NULL ? dir : WICK_VECTORS_DEFAULT, needle, use, 0);
}

size_t vectors_hex(uint8_t *out, size_t cap, const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    const char *hex = cJSON_GetStringValue(item);
    size_t len = hex == NULL ? 0 : strlen(hex) / 2;
    if (hex == NULL || len > cap || wick_hex_decode(out, len, hex, strlen(hex)) != WICK_OK) {
        tap_fail(__FILE__, __LINE__, name);
        return (size_t)-1;
    }
    return len;
}

const char *vectors_text(const cJSON *object, const char *name)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

int vectors_int(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : -1;
}
