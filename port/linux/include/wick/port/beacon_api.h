/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_BEACON_API_H
#define WICK_PORT_BEACON_API_H
/*
 * Client of the beacon nodes' REST API, for what a light client needs: light client objects as SSZ, or
 * as JSON where a node has no SSZ (then turned into the same SSZ, wick/port/beacon_json.h). Several
 * nodes; a request that fails at one goes to the next (wick/port/health.h). Each is asked for its
 * genesis first: one of another chain is left alone.
 *
 *     static wick_beacon_api api;
 *     wick_beacon_node nodes[] = {{"https://beacon.example", &trust}};
 *     wick_beacon_api_config cfg = {&net, &entropy, &crypto, &wick_beacon_mainnet, nodes, 1, 10000};
 *     s = wick_beacon_api_init(&api, &cfg);
 *     s = wick_beacon_api_updates(&api, now, first, count);
 *     while ((s = wick_beacon_api_poll(&api, now)) == WICK_AGAIN) { wait for wick_beacon_api_sock() }
 *     while (s == WICK_OK && (s = wick_beacon_api_next(&api, &fork, &ssz)) == WICK_OK) {
 *         ... wick_beacon_input(&b, &changed, &crypto, kind, fork, ssz, &now)
 *         if (it is untrue) { wick_beacon_api_blame(&api, now, why); }
 *     }
 *
 * Bounds: WICK_BEACON_API_UPDATES updates in one request (57 KB each as JSON, 27 KB as SSZ).
 * Sizes (64-bit): 1 MB, of which 256 KB for the answer and 640 KB for JSON.
 */
#include "wick/beacon.h"
#include "wick/port/beacon_json.h"
#include "wick/port/health.h"
#include "wick/port/http.h"
#include "wick/port/linux.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Beacon nodes. Range 1..16. */
#ifndef WICK_BEACON_API_MAX
#define WICK_BEACON_API_MAX 4
#endif
/* Updates asked for at a time. Range 1..128. */
#ifndef WICK_BEACON_API_UPDATES
#define WICK_BEACON_API_UPDATES 4u
#endif
/* Largest answer, and memory of one that is JSON. */
#ifndef WICK_BEACON_API_REPLY_MAX
#define WICK_BEACON_API_REPLY_MAX (256u * 1024u)
#endif
#ifndef WICK_BEACON_API_ARENA_BYTES
#define WICK_BEACON_API_ARENA_BYTES (640u * 1024u)
#endif

typedef struct wick_beacon_node {
    const char *url; /* of the API's root; a path is put in front of /eth/v1 */
    const wick_https_trust *trust; /* https; kept */
} wick_beacon_node;

/** All pointers are kept but for the nodes and their URLs, which are copied. */
typedef struct wick_beacon_api_config {
    const wick_hal_net *net;
    const wick_hal_entropy *entropy; /* for jitter; may be NULL */
    const wick_hal_crypto *crypto;   /* fork digests */
    const wick_beacon_chain *chain;
    const wick_beacon_node *nodes;
    size_t count;
    uint32_t timeout_ms; /* of one node; 0: 10000 */
    bool json;           /* ask for JSON only */
} wick_beacon_api_config;

/** A node and how it does. Read only. */
typedef struct wick_beacon_source {
    wick_http_url url;
    const wick_https_trust *trust;
    bool checked;  /* it has named the right genesis since its last failure */
    bool json;     /* it gives no SSZ */
    wick_health health;
} wick_beacon_source;

typedef struct wick_beacon_api { /* private but for `source` */
    wick_beacon_api_config cfg;
    uint8_t count, state, at, form;
    uint32_t tried;
    wick_beacon_kind kind;
    uint64_t sent_ms;
    char path[160];
    size_t cursor;          /* in the answer: SSZ */
    const wick_json *item;  /* in the answer: JSON */
    const wick_json *root;
    wick_beacon_source source[WICK_BEACON_API_MAX];
    wick_http http;
    uint8_t ssz[WICK_BEACON_OBJECT_MAX];
    uint8_t reply[WICK_BEACON_API_REPLY_MAX];
    uint64_t arena[WICK_BEACON_API_ARENA_BYTES / 8];
} wick_beacon_api;

/** @retval WICK_OK
 *  @retval WICK_E_CONFIG no node, or more than WICK_BEACON_API_MAX
 *  @retval WICK_E_MALFORMED, WICK_E_UNSUPPORTED a URL, as wick_http_url_parse()
 *  @retval WICK_E_TRUST_ANCHOR an https node without CA file and pinned key */
WICK_NODISCARD wick_status wick_beacon_api_init(wick_beacon_api *a,
                                                const wick_beacon_api_config *cfg);

/* ---- requests: WICK_OK under way, poll; else status of the node that will be ready first ---- */

WICK_NODISCARD wick_status wick_beacon_api_bootstrap(wick_beacon_api *a, uint64_t now_ms,
                                                     const uint8_t root32[32]);
/** At most WICK_BEACON_API_UPDATES of them are asked for. */
WICK_NODISCARD wick_status wick_beacon_api_updates(wick_beacon_api *a, uint64_t now_ms,
                                                   uint64_t first, uint64_t count);
WICK_NODISCARD wick_status wick_beacon_api_finality(wick_beacon_api *a, uint64_t now_ms);
WICK_NODISCARD wick_status wick_beacon_api_optimistic(wick_beacon_api *a, uint64_t now_ms);
/** Configuration of the node: then wick_beacon_api_json(), wick_beacon_api_check_spec(). */
WICK_NODISCARD wick_status wick_beacon_api_spec(wick_beacon_api *a, uint64_t now_ms);

/** Goes on.
 *  @retval WICK_OK        there is an answer
 *  @retval WICK_AGAIN     not yet
 *  @retval WICK_E_NOT_FOUND no node has it
 *  @retval WICK_E_CHAIN_MISMATCH every node left is of another chain
 *  @retval WICK_E_JSON    neither SSZ nor JSON of the API
 *  @retval others         as wick_http_poll(), of the node tried last
 *  @retval WICK_E_STATE   nothing is under way */
WICK_NODISCARD wick_status wick_beacon_api_poll(wick_beacon_api *a, uint64_t now_ms);

/** Blocks until the request has ended. */
WICK_NODISCARD wick_status wick_beacon_api_wait(wick_beacon_api *a, const wick_linux_net *net);

/** The next object of the answer; lives until the next call.
 *  @param[out] fork  the fork it was written in
 *  @retval WICK_OK
 *  @retval WICK_E_NOT_FOUND   no more
 *  @retval WICK_E_UNSUPPORTED a fork that this chain does not have
 *  @retval WICK_E_JSON        another shape than that of its fork
 *  @retval WICK_E_TRUNCATED, WICK_E_MALFORMED the answer is cut */
WICK_NODISCARD wick_status wick_beacon_api_next(wick_beacon_api *a, const wick_beacon_fork **fork,
                                                wick_span *ssz);

/** The node that answered last gave something untrue: status as of wick_beacon_input(). */
void wick_beacon_api_blame(wick_beacon_api *a, uint64_t now_ms, wick_status why);

/** `data` of the last answer that was JSON, else NULL. */
const wick_json *wick_beacon_api_json(const wick_beacon_api *a);
/** Does the node's configuration agree with the chain's: slots, periods, committee, fork versions and
 *  epochs?
 *  @param[out] what  name of the first value that differs, NULL if none
 *  @retval WICK_OK  @retval WICK_E_CHAIN_MISMATCH  @retval WICK_E_JSON  @retval WICK_E_STATE */
WICK_NODISCARD wick_status wick_beacon_api_check_spec(const char **what,
                                                      const wick_beacon_api *a);

wick_sock wick_beacon_api_sock(const wick_beacon_api *a);
bool wick_beacon_api_wants_write(const wick_beacon_api *a);
uint64_t wick_beacon_api_deadline(const wick_beacon_api *a);
void wick_beacon_api_cancel(wick_beacon_api *a);

#ifdef __cplusplus
}
#endif
#endif
