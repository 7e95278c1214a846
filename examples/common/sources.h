/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_SOURCES_H
#define WICK_EXAMPLES_SOURCES_H
/*
 * Where content of a [product.NAME] comes from: the URLs of `gateways` and `mirrors`, for wick/port/fetch.h.
 */
#include "conf.h"
#include "wick/port/fetch.h"
#include "wick/update.h"

typedef struct sources {
    char url[WICK_UPDATE_SOURCES_MAX][CONF_TEXT_MAX];
    wick_fetch_source from[WICK_UPDATE_SOURCES_MAX]; /* fit for wick_fetch_config */
    uint8_t count;
} sources;

/** One more. @param trust kept  @retval WICK_OK  @retval WICK_E_LIMIT no room */
WICK_NODISCARD wick_status sources_add(sources *s, const char *url, wick_fetch_kind kind,
                                       const wick_https_trust *trust);

/** Those of a list with commas. @retval as sources_add() */
WICK_NODISCARD wick_status sources_add_list(sources *s, const char *list, wick_fetch_kind kind,
                                            const wick_https_trust *trust);

#endif
