/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_STUN_CLIENT_H
#define WICK_STUN_CLIENT_H
/*
 * Which address does the world see? A STUN Binding client (RFC 8489 section 6, without credentials),
 * sans-I/O: asks a server through the socket whose mapping is wanted, with retransmission, and may go
 * on asking, which keeps the mapping of a NAT open and notices when it changes.
 *
 *     wick_stun_client c;
 *     wick_stun_client_config cfg = {.entropy = &e, .server = addr, .keepalive_ms = 15000};
 *     status = wick_stun_client_init(&c, &cfg);
 *     status = wick_stun_client_start(&c, now);
 *     for (;;) {
 *         wick_stun_client_poll(&c, now, &out);            // until WAIT or DONE
 *         // SEND: out.bytes to out.to;  EVENT: out.event
 *         // datagram came in: NOT_FOUND means it is somebody else's
 *         status = wick_stun_client_input(&c, now, bytes, from);
 *     }
 *
 * Events; `out.to` holds the address that the server sees, all zero for SILENT and FAILED:
 *     MAPPED    the first answer of a run
 *     CHANGED   another address than before: what was published is wrong now
 *     SILENT    a keep-alive went unanswered (WICK_E_TIMEOUT), once until an answer comes
 *     FAILED    no first answer: WICK_E_TIMEOUT after 39.5 s, WICK_E_NET, or what the server refused
 * After FAILED, and after MAPPED where keepalive_ms is 0, poll gives DONE.
 *
 * Trust: an answer counts from the server's address with the id of a request under way, of 96 random
 * bits, so nobody off the path can forge one. On the path anybody can: what it says is checked from
 * outside before it is published.
 *
 * Size of wick_stun_client: 144 bytes on 64-bit. Stack below 400 bytes.
 */
#include "wick/base.h"
#include "wick/hal/entropy.h"
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_stun_client_event {
    WICK_STUN_EV_NONE = 0,
    WICK_STUN_EV_MAPPED,
    WICK_STUN_EV_CHANGED,
    WICK_STUN_EV_SILENT,
    WICK_STUN_EV_FAILED
} wick_stun_client_event;

typedef struct wick_stun_client_config {
    const wick_hal_entropy *entropy; /* must outlive the client */
    wick_addr server;
    uint32_t keepalive_ms; /* between requests, with up to a quarter less; 0: ask once.
                            * WICK_STUN_KEEPALIVE_MS is a good value */
    uint8_t tries;         /* requests sent before giving up: 1..7, 0: 7 (39.5 s) */
    bool fingerprint;      /* for sockets that carry other protocols too */
} wick_stun_client_config;

/** All state; fields are private. */
typedef struct wick_stun_client {
    wick_stun_client_config cfg;
    wick_addr mapped;
    uint64_t next_ms;  /* retransmit, give up, or ask again */
    uint64_t sent_ms;  /* of the last transmission */
    uint32_t rtt_ms;
    uint16_t rto_ms;
    uint8_t tid[WICK_STUN_TID_BYTES];
    uint8_t state, left, event, silent;
    wick_status status;
    uint8_t tx[32];
} wick_stun_client;

/** @retval WICK_OK  @retval WICK_E_BAD_ARG no entropy, no server port, more than 7 tries */
WICK_NODISCARD wick_status wick_stun_client_init(wick_stun_client *c,
                                                 const wick_stun_client_config *cfg);

/** Asks, at first or again. What was mapped before is forgotten.
 *  @retval WICK_E_ENTROPY no randomness: nothing begun  @retval WICK_E_STATE not initialised */
WICK_NODISCARD wick_status wick_stun_client_start(wick_stun_client *c, uint64_t now_ms);

/**
 * Takes one datagram.
 * @retval WICK_AGAIN        it was the answer: poll
 * @retval WICK_E_NOT_FOUND  not the server's answer to us: for somebody else on this socket
 * @retval WICK_E_STUN_FINGERPRINT, others of wick_stun_decode()  dropped
 */
WICK_NODISCARD wick_status wick_stun_client_input(wick_stun_client *c, uint64_t now_ms,
                                                  wick_span bytes, const wick_addr *from);

/** Gives the next thing to do; `out.bytes` lives until the next call. */
void wick_stun_client_poll(wick_stun_client *c, uint64_t now_ms, wick_out *out);

/** Asks now instead of at its time: the interface changed, or there is trouble above. Not more than
 *  once a second. */
void wick_stun_client_probe(wick_stun_client *c, uint64_t now_ms);

/** The port saw ECONNREFUSED from the server: before the first answer that is the end, later only a
 *  reason to ask, for a forged ICMP message must not undo what works. */
void wick_stun_client_refused(wick_stun_client *c, uint64_t now_ms);

/** The address last seen; zero if none. */
const wick_addr *wick_stun_client_mapped(const wick_stun_client *c);
/** Round trip of the last answer to a request that was sent once, milliseconds; 0 if none yet. */
uint32_t wick_stun_client_rtt_ms(const wick_stun_client *c);

#ifdef __cplusplus
}
#endif
#endif
