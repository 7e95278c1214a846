/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_REACH_H
#define WICK_REACH_H
/*
 * Is a mapped address reached from outside? Asked of a STUN server with two addresses (RFC 5780), for
 * gateways that have no relay to try their own mapping from, sans-I/O. What a router says about a
 * mapping is a claim; this finds out whether a datagram from somebody who was never addressed arrives
 * through it at the socket to which it leads.
 *
 *     wick_reach r;
 *     wick_reach_config cfg = {.entropy = &e, .server = stun, .claim = mapped};
 *     status = wick_reach_init(&r, &cfg);
 *     status = wick_reach_start(&r, now);
 *     for (;;) {
 *         wick_reach_poll(&r, now, &out);             // until WAIT or DONE: out.status
 *         // SEND: out.bytes to out.to through socket out.event: 1 the mapped one, 0 another one
 *         status = wick_reach_input(&r, now, bytes, from, socket);
 *     }
 *     wick_reach_evidence_of(&r)
 *
 * What is done, and what it proves:
 *  1. Socket 0 asks plainly. The answer shows under which IP we are seen (wick_reach_seen()) and the
 *     server's other address. It proves nothing about the mapping.
 *  2. Socket 0 asks that the server answer from its other address and port (CHANGE-REQUEST) to the
 *     claimed port (RESPONSE-PORT). An answer that arrives at socket 1, which has sent nothing, proves
 *     that strangers get in there by the mapping itself: evidence STRANGER.
 *  3. Where the server does not know RESPONSE-PORT (420), socket 1 asks plainly. Its traffic must leave
 *     by the claimed address and port. That proves that the router translates as it says, not that it
 *     lets anybody in.
 *  4. Socket 1 asks for an answer from the other address and port. If it arrives, strangers get in while
 *     socket 1 keeps its mapping open: evidence OPEN. Behind a NAT that filters nobody (full cone) this
 *     comes true without the router's mapping, for as long as that traffic goes on. It is less than
 *     STRANGER, and more than a claim.
 * The answers carry an id of 96 random bits and count only from where they must come, so nobody off the
 * path can forge them; a server or a router that lies can, and then peers try in vain: the handshake
 * stands behind all that.
 *
 * Each request is sent three times over 3.5 s. Size: 160 bytes on 64-bit. Stack below 400 bytes.
 */
#include "wick/base.h"
#include "wick/hal/entropy.h"
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What was shown, weakest first. */
typedef enum wick_reach_evidence {
    WICK_REACH_NONE = 0,
    WICK_REACH_OPEN,    /* strangers get in while the socket's own traffic keeps the way open */
    WICK_REACH_STRANGER /* strangers get in by the mapping */
} wick_reach_evidence;

typedef struct wick_reach_config {
    const wick_hal_entropy *entropy; /* must outlive the machine */
    wick_addr server;                /* STUN server, of the family of `claim` */
    wick_addr claim;                 /* the address to be tried */
} wick_reach_config;

/** All state; fields are private. */
typedef struct wick_reach {
    wick_reach_config cfg;
    wick_addr other; /* of the server */
    wick_addr seen;
    uint64_t next_ms;
    uint16_t rto_ms;
    uint8_t state, left, evidence;
    uint8_t tid[WICK_STUN_TID_BYTES];
    wick_status status;
    uint8_t tx[40];
} wick_reach;

/** @retval WICK_OK
 *  @retval WICK_E_BAD_ARG  no entropy, or a port is 0
 *  @retval WICK_E_UNSUPPORTED  server and claim are of two families */
WICK_NODISCARD wick_status wick_reach_init(wick_reach *r, const wick_reach_config *cfg);

/** Begins, at first or again. @retval WICK_E_ENTROPY  @retval WICK_E_STATE not initialised */
WICK_NODISCARD wick_status wick_reach_start(wick_reach *r, uint64_t now_ms);

/**
 * Takes one datagram that came to socket 0 or 1.
 * @retval WICK_AGAIN        it was an answer: poll
 * @retval WICK_E_NOT_FOUND  not an answer to us: for somebody else on this socket
 * @retval others            of wick_stun_decode(): dropped
 */
WICK_NODISCARD wick_status wick_reach_input(wick_reach *r, uint64_t now_ms, wick_span bytes,
                                            const wick_addr *from, unsigned socket);

/**
 * Gives the next thing to do; `out.bytes` lives until the next call. DONE says in `out.status`:
 *     WICK_OK                  reached; wick_reach_evidence_of() says how that is known
 *     WICK_E_NAT_UNREACHED     no stranger's datagram arrived, or our traffic leaves by another address
 *     WICK_E_STUN_NAT_UNKNOWN  the server has no second address, or cannot answer from it
 *     WICK_E_TIMEOUT           the server does not answer: nothing is known
 *     WICK_E_ENTROPY
 */
void wick_reach_poll(wick_reach *r, uint64_t now_ms, wick_out *out);

/** How it is known that strangers get in; NONE before that. */
wick_reach_evidence wick_reach_evidence_of(const wick_reach *r);
/** The address under which socket 0 is seen, or socket 1 if that was asked too; port 0: not known. */
const wick_addr *wick_reach_seen(const wick_reach *r);

#ifdef __cplusplus
}
#endif
#endif
