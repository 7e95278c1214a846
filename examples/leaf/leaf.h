/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLE_LEAF_H
#define WICK_EXAMPLE_LEAF_H
/* What the files of the example share: sessions, questions to the gateway, and the update that asks it. */
#include <mbedtls/net_sockets.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>

#include "wick/coap_client.h"

#define LEAF_NO_GATEWAY 3 /* exit code: start again */
#define leaf_now_ms() ((uint64_t)mbedtls_ms_time())

/** DTLS-PSK with somebody; begins as zeros. */
typedef struct leaf_session {
    mbedtls_net_context net;
    mbedtls_timing_delay_context timer;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
} leaf_session;

/** Shakes hands, over `send` and `recv` with its `net`. @return 0, or an error of mbedtls */
int leaf_begin(leaf_session *s, wick_span psk, wick_span identity, mbedtls_ssl_send_t *send,
               mbedtls_ssl_recv_timeout_t *recv);

/** The session with the gateway, in which leaf_ask() asks. @return 0, or an error of mbedtls */
int leaf_gateway(const char *host, const char *port, wick_span psk, const char *name);

/** One question to the gateway; again, where it says that it is busy and for how long.
 *  @return true: leaf_answer is a good one; false: it is a refusal, or its code is 0 for there is none */
bool leaf_ask(uint8_t method, const char *path, const char *query, wick_span payload,
              wick_coap_block block2);
/** The last answer; its payload lives until the next request. */
extern wick_coap_response leaf_answer;

/** Looks for a release of `product` and installs it in the slots of `dir`, or goes on so.
 *  @return exit code: 0; 1 refused; LEAF_NO_GATEWAY */
int leaf_update(const char *product, const char *dir);

#endif
