/* SPDX-License-Identifier: Apache-2.0 */
/* Where content comes from: sources.h. */
#include "sources.h"

#include <string.h>

wick_status sources_add(sources *s, const char *url, wick_fetch_kind kind,
                        const wick_https_trust *trust)
{
    size_t len = strlen(url);
    if (s->count == WICK_UPDATE_SOURCES_MAX || len >= sizeof s->url[0]) {
        return WICK_E_LIMIT;
    }
    memcpy(s->url[s->count], url, len + 1);
    s->from[s->count] = (wick_fetch_source){s->url[s->count], kind, trust};
    s->count++;
    return WICK_OK;
}

wick_status sources_add_list(sources *s, const char *list, wick_fetch_kind kind,
                             const wick_https_trust *trust)
{
    char url[CONF_TEXT_MAX];
    wick_status status = WICK_OK;
    for (size_t i = 0; status == WICK_OK && conf_list_at(url, sizeof url, list, i); i++) {
        status = sources_add(s, url, kind, trust);
    }
    return status;
}
