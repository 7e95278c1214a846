/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_RESPONDER_H
#define WICK_PORT_RESPONDER_H
/*
 * Proof that an endpoint is ours (the PCP paper's challenge): a small HTTPS server on the endpoint's own
 * port that answers one URL with H = keccak256(N1 | N2), under the device's self-signed certificate. N1
 * is the challenger's, N2 is ours and goes out with the validation; both have 32 bytes, so that no two
 * pairs have one concatenation. Who asks learns that the holder of the registered TLS key hears what is
 * sent to this address. Then the port is the service's.
 *
 *     wick_responder_config cfg = {.net = &hn, .linux_net = &net, .clock = &clock,
 *                                  .entropy = &entropy, .own = &identity};
 *     s = wick_responder_open(&r, &cfg, &endpoint);
 *     s = wick_responder_arm(&r, mapping32, n1, n2);           // GET WICK_RESPONDER_PATH...
 *     for (;;) {
 *         wait for wick_responder_fds() or wick_responder_deadline(); wick_responder_run(&r);
 *         if (r.served != 0 && the validation is on chain) { break; }
 *     }
 *     wick_responder_hand_over(&r, &listener);                 // or wick_responder_close(&r)
 *
 * The URL is WICK_RESPONDER_PATH, the mapping as 64 lower-case hex digits, ".val"; the answer's body is
 * "0x" and 64 hex digits, and as many lines as there are challengers, each with an N1 of its own
 * (wick_responder_also()). Anything else is answered 404, 405 or 400 and closed; a request is at most
 * WICK_HTTP_REQUEST_MAX bytes, a connection lasts at most WICK_RESPONDER_LIFE_MS, and
 * WICK_RESPONDER_CONNECTIONS are served at a time: a newcomer takes the place of one of its own address
 * (IPv6: /64), else that of the oldest, so that silent ones cannot keep the challenger out, and nobody
 * alone can push it out.
 *
 * The listening socket may be handed over as it is: the service's port is never closed in between, and
 * nobody else can take it. Closed, it can be bound again at once.
 *
 * Sizes (64-bit): wick_responder 28 KB, and from the pool what an HTTPS connection takes, for each.
 */
#include <poll.h>

#include "wick/port/http_request.h"
#include "wick/port/https.h"
#include "wick/port/linux.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_RESPONDER_PATH "/.well-known/pki-validation/"
/** Of the whole path, and of one line of the answer, with their ends. */
#define WICK_RESPONDER_PATH_BYTES (sizeof WICK_RESPONDER_PATH + 64 + 4)
#define WICK_RESPONDER_ANSWER_BYTES 67
/* Range 1..16. 7 KB each. */
#ifndef WICK_RESPONDER_CONNECTIONS
#define WICK_RESPONDER_CONNECTIONS 4
#endif
/* Challengers at a time. 70 bytes each, and once more for each connection. */
#ifndef WICK_RESPONDER_ANSWERS
#define WICK_RESPONDER_ANSWERS 8
#endif
#ifndef WICK_RESPONDER_LIFE_MS
#define WICK_RESPONDER_LIFE_MS 10000
#endif

/** All pointers are kept. */
typedef struct wick_responder_config {
    const wick_hal_net *net;
    wick_linux_net *linux_net; /* behind `net` */
    const wick_hal_clock *clock;
    const wick_hal_entropy *entropy;
    wick_tls_identity *own;
} wick_responder_config;

/** Private: one connection. */
typedef struct wick_responder_link {
    bool used, answered;
    wick_sock sock;
    wick_addr from;
    uint64_t since_ms;
    size_t in_len, out_len, out_at;
    char in[WICK_HTTP_REQUEST_MAX];
    char out[192 + WICK_RESPONDER_ANSWER_BYTES * WICK_RESPONDER_ANSWERS];
    wick_https tls;
} wick_responder_link;

typedef struct wick_responder {
    uint32_t served;  /* right answers given so far */
    uint32_t refused; /* requests for anything else */
    /* private */
    wick_responder_config cfg;
    wick_https_trust trust;
    wick_sock listener;
    bool open, armed;
    char path[WICK_RESPONDER_PATH_BYTES];
    char answer[WICK_RESPONDER_ANSWER_BYTES * WICK_RESPONDER_ANSWERS]; /* lines with an end between them */
    wick_responder_link link[WICK_RESPONDER_CONNECTIONS];
} wick_responder;

/** What a challenger asks for, and the line that it looks for in the answer. */
void wick_responder_path(char out[WICK_RESPONDER_PATH_BYTES], const uint8_t mapping32[32]);
void wick_responder_answer(char out[WICK_RESPONDER_ANSWER_BYTES], const uint8_t n1[32],
                           const uint8_t n2[32]);

/**
 * Listens at the endpoint's local address. Until it is armed every path is answered 404.
 * @param[out] r  must stay where it is until it is closed or handed over
 * @retval WICK_OK  @retval WICK_E_BAD_ARG a pointer is missing, or the identity is not made
 * @retval WICK_E_NET  the address is in use
 */
WICK_NODISCARD wick_status wick_responder_open(wick_responder *r, const wick_responder_config *cfg,
                                               const wick_addr *local);

/** Sets the answer for a mapping, which the challenger names by its place in the contract
 *  (wick_slot_endpoint()). Once more replaces it. @retval WICK_E_STATE not open */
WICK_NODISCARD wick_status wick_responder_arm(wick_responder *r, const uint8_t mapping32[32],
                                              const uint8_t n1[32], const uint8_t n2[32]);

/** Another challenger asks about the same mapping: a line more in the answer. One that is there is not
 *  repeated. @retval WICK_OK  @retval WICK_E_STATE not armed
 *  @retval WICK_E_LIMIT  WICK_RESPONDER_ANSWERS are there */
WICK_NODISCARD wick_status wick_responder_also(wick_responder *r, const uint8_t n1[32],
                                               const uint8_t n2[32]);

/** Goes on with everything that can. */
void wick_responder_run(wick_responder *r);

/** Descriptors to wait for. @return how many, at most 1 + WICK_RESPONDER_CONNECTIONS */
size_t wick_responder_fds(const wick_responder *r,
                          struct pollfd out[1 + WICK_RESPONDER_CONNECTIONS]);

/** When to run at the latest. */
uint64_t wick_responder_deadline(const wick_responder *r);

/** Ends the connections and gives the listening socket to the caller, who closes it.
 *  @retval WICK_OK  @retval WICK_E_STATE not open; *listener is -1 */
WICK_NODISCARD wick_status wick_responder_hand_over(wick_responder *r, wick_sock *listener);

/** Ends everything; the port can be bound again at once. Any state; also twice, also zeroed memory. */
void wick_responder_close(wick_responder *r);

#ifdef __cplusplus
}
#endif
#endif
