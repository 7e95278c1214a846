/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLE_LEAF_H
#define WICK_EXAMPLE_LEAF_H
/* What the files of the example share: a question to the gateway, and the update that asks it. */
#include <mbedtls/platform_time.h>

#include "wick/coap_client.h"

#define LEAF_NO_GATEWAY 3 /* exit code: start again */
#define leaf_now_ms() ((uint64_t)mbedtls_ms_time())

/** One request in the session with the gateway.
 *  @return true: leaf_answer is a good one; false: it is a refusal, or as it was before */
bool leaf_ask(uint8_t method, const char *path, const char *query, wick_span payload,
              wick_coap_block block2);
/** The last answer; its payload lives until the next request. */
extern wick_coap_response leaf_answer;

/** Looks for a release of `product` and installs it in the slots of `dir`, or goes on so.
 *  @return exit code: 0; 1 refused; LEAF_NO_GATEWAY */
int leaf_update(const char *product, const char *dir);

#endif
