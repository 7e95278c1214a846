/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_DRIVER_INTERNAL_H
#define WICK_DRIVER_INTERNAL_H
/* Between the files of the driver. Each part takes its turn in wick_driver_run(). */
#include <poll.h>

#include "wick/port/driver.h"

static inline uint64_t wick_driver_now(const wick_driver *d)
{
    return d->cfg.clock->now_ms(d->cfg.clock->ctx);
}

/* Answers "could not be done". A late answer is refused by the agent, which has given it up. */
static inline void wick_driver_fail(wick_driver *d, wick_driver_job *job, wick_status status)
{
    wick_status late = wick_gateway_failed(d->cfg.gateway, wick_driver_now(d), job->request.id,
                                           status);
    (void)late;
    job->request.id = 0;
}

/* Sends what wick_gateway gave as SEND. What the socket does not take is lost, as on a network. */
void wick_driver_transmit(wick_driver *d, const wick_gateway_out *out);

/* Keeps a request of the agent until its turn comes; BUSY is its answer where there is no room. */
void wick_driver_add_job(wick_driver *d, const wick_gateway_request *request);

/* Oldest waiting job for the nodes of a chain (chain = true) or for the wallet manager, or NULL. */
wick_driver_job *wick_driver_next_job(wick_driver *d, bool chain, uint64_t chain_id);

/* Chains: pools and light clients of the configuration. */
wick_status wick_driver_chain_init(wick_driver *d);
bool wick_driver_serves(const wick_driver *d, uint64_t chain_id);
/* Requests to the nodes. Returns true if something moved. */
bool wick_driver_chain_run(wick_driver *d, uint64_t now_ms);
/* Light clients. Returns true if `event` was filled. */
bool wick_driver_light_run(wick_driver *d, wick_driver_event *event, uint64_t now_ms);
uint64_t wick_driver_chain_deadline(const wick_driver *d, uint64_t t, uint64_t now_ms);
/* At most three for each chain. */
size_t wick_driver_chain_watch(const wick_driver *d, struct pollfd *out);
void wick_driver_chain_drop(wick_driver *d);

/* Requests to the wallet manager. Returns true if something moved. */
bool wick_driver_wallet_run(wick_driver *d, uint64_t now_ms);
void wick_driver_wallet_drop(wick_driver *d);

/* Status of this name; WICK_E_JSON: none. */
wick_status wick_driver_status_of(const char *name);

/* Questions to attestors. Returns true if something moved. */
#if WICK_WITH_ATTEST
bool wick_driver_attest_run(wick_driver *d, uint64_t now_ms);
void wick_driver_attest_drop(wick_driver *d);
/* Goes on with what answers the challenge. */
void wick_driver_attest_answer(wick_driver *d);
#else
#define wick_driver_attest_answer(d) ((void)(d))
#define wick_driver_attest_run(d, now_ms) false
#define wick_driver_attest_drop(d) ((void)(d))
#endif

/* Ways in besides relays: interfaces, the open socket, the router. */
#define WICK_DRIVER_PATH_FDS 3
void wick_driver_path_init(wick_driver *d);
void wick_driver_path_drop(wick_driver *d);
/* Tells the agent of the network where that has changed. */
void wick_driver_path_tick(wick_driver *d, uint64_t now_ms);
void wick_driver_path_open(wick_driver *d, const wick_gateway_out *out, uint64_t now_ms);
void wick_driver_path_transmit(wick_driver *d, const wick_gateway_out *out);
/* One datagram of the router. Returns true if there was one. */
bool wick_driver_path_receive(wick_driver *d, uint64_t now_ms);
/* At most WICK_DRIVER_PATH_FDS, those of the router first. */
size_t wick_driver_path_watch(const wick_driver *d, struct pollfd *out);

/* Leaves with tickets. */
#if WICK_WITH_TICKETS
void wick_driver_guest_input(wick_driver *d, const wick_gateway_out *data, uint64_t now_ms);
/* Returns true if `event` was filled. */
bool wick_driver_guest_run(wick_driver *d, wick_driver_event *event, uint64_t now_ms);
uint64_t wick_driver_guest_deadline(const wick_driver *d, uint64_t t);
/* DTLS of a guest's session; NULL: it is of no guest. `wake`: it is run at once. */
const wick_dtls *wick_driver_guest_dtls(const wick_driver *d, uint8_t session);
wick_dtls *wick_driver_guest_wake(wick_driver *d, uint8_t session);
/* A datagram of a guest's session, where the leaf has begun another handshake from the same address:
 * it is of that one. Returns false if it is the session's. */
bool wick_driver_guest_again(wick_driver *d, uint8_t session, wick_span bytes, uint64_t now_ms);
/* Of one session, or with WICK_GW_NO_SESSION all. */
void wick_driver_guest_free(wick_driver *d, uint8_t session);
#else
#define wick_driver_guest_input(d, data, now_ms) ((void)(d))
#define wick_driver_guest_run(d, event, now_ms) false
#define wick_driver_guest_deadline(d, t) (t)
#define wick_driver_guest_dtls(d, session) ((const wick_dtls *)NULL)
#define wick_driver_guest_wake(d, session) ((wick_dtls *)NULL)
#define wick_driver_guest_again(d, session, bytes, now_ms) false
#define wick_driver_guest_free(d, session) ((void)(d))
#endif

/* Streams to relays. */
void wick_driver_relay_init(wick_driver *d);
void wick_driver_relay_transmit(wick_driver *d, const wick_gateway_out *out);
void wick_driver_relay_close(wick_driver *d, uint8_t socket);
/* One message of a stream. Returns true if there was one, or a stream has ended. */
bool wick_driver_relay_receive(wick_driver *d, uint64_t now_ms);
/* At most WICK_GW_TURNS; `index` says whose. */
size_t wick_driver_relay_watch(const wick_driver *d, struct pollfd *out, uint8_t *index);
uint64_t wick_driver_relay_deadline(const wick_driver *d, uint64_t t);
void wick_driver_relay_drop(wick_driver *d);

/* Sessions. `up` starts DTLS for a session of the agent. */
wick_status wick_driver_session_up(wick_driver *d, const wick_gateway_event *event,
                                   uint64_t now_ms);
void wick_driver_session_input(wick_driver *d, uint8_t session, wick_span bytes, uint64_t now_ms);
/* Forgets a session, its keys and its part of the pool. */
void wick_driver_session_free(wick_driver *d, uint8_t session);
/* Returns true if `event` was filled. */
bool wick_driver_session_run(wick_driver *d, wick_driver_event *event, uint64_t now_ms);

#endif
