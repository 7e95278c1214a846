/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include <string.h>

#include "data.h"
#include "tap.h"

/* Is there a member of this name, or a string of this value? cJSON bounds the depth. */
static bool holds(const cJSON *item, const char *word)
{
    for (; item != NULL; item = item->next) {
        if ((item->string != NULL && strcmp(item->string, word) == 0) ||
            (cJSON_IsString(item) && strcmp(item->valuestring, word) == 0) ||
            holds(item->child, word)) {
            return true;
        }
    }
    return false;
}

int vectors_each(const char *word, void (*use)(const cJSON *root))
{
    int used = 0;
    size_t count = 0;
    const data_file *files = data_files(&count);
    for (size_t i = 0; i < count; i++) {
        if (holds(files[i].root, word)) {
            use(files[i].root);
            used++;
        }
    }
    return used;
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
