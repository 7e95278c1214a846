/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TURN_INTERNAL_H
#define WICK_TURN_INTERNAL_H
/*
 * How the TURN client is divided: turn.c holds what the caller wants and the poll loop,
 * turn_request.c builds and repeats requests, turn_answer.c judges answers, turn_data.c carries
 * peers' data, turn_credentials.c makes keys and passwords.
 *
 * Everything the client keeps at the server (allocation, NAT binding, permissions, channels) is one
 * wick_turn_op each: state, when to ask again, when the server forgets it. A request belongs to one
 * op, an op has at most one request under way.
 */
#include "wick/turn.h"

enum { STATE_IDLE, STATE_ALLOCATING, STATE_ALLOCATED, STATE_RELEASING, STATE_ENDED };

enum {
    OP_FREE,
    OP_WANTED,
    OP_READY,
    OP_DENIED,
    OP_LAPSING /* a channel that is not renewed: the server may still use it */
};

/* Indices into wick_turn.op. */
#define ALLOCATION 0u
#define KEEPALIVE 1u
#define PERMISSION 2u
#define CHANNEL (PERMISSION + WICK_TURN_PERMISSIONS)

/* RFC 8489 section 6.2.1. */
#define RTO_MS 500u
#define RC 7u
#define RM 16u
/* Keep-alive and release are asked three times, and given up with the next doubling (3.5 s). */
#define RC_SHORT 3u

#define REFRESH_MAX_S UINT32_C(86400) /* however long a server promises */
#define PERMISSION_MS UINT64_C(300000)
#define PERMISSION_REFRESH_MS UINT64_C(240000)
#define CHANNEL_MS UINT64_C(600000)
#define CHANNEL_REFRESH_MS UINT64_C(540000)
#define CHANNEL_REUSE_MS UINT64_C(300000) /* RFC 8656 section 12: no reuse so long after expiry */
#define REFRESH_JITTER_MS 20000u
#define KEEPALIVE_MIN_MS 15000u
#define KEEPALIVE_JITTER_MS 10000u
#define STRIKE_WAIT_MS UINT64_C(250)
#define BACKOFF_MS UINT64_C(1000)
#define BACKOFF_SHIFT_MAX 5u
#define PROBE_GAP_MS UINT64_C(1000)
#define REFUSED_HINTS 3u
#define REFUSED_MS UINT64_C(1000)

_Static_assert(WICK_TURN_PERMISSIONS >= 1 && WICK_TURN_PERMISSIONS <= 64, "WICK_TURN_PERMISSIONS");
_Static_assert(WICK_TURN_CHANNELS >= 1 && WICK_TURN_CHANNELS <= 64, "WICK_TURN_CHANNELS");
_Static_assert(WICK_TURN_TRANSACTIONS >= 2 && WICK_TURN_TRANSACTIONS <= 16, "one for Refresh");
_Static_assert(WICK_TURN_USERNAME_MAX <= 255 && WICK_TURN_PASSWORD_MAX <= 255 &&
                   WICK_TURN_REALM_MAX <= 255 && WICK_TURN_NONCE_MAX <= 255,
               "lengths are kept in 8 bits");
_Static_assert(WICK_TURN_PASSWORD_MAX >= WICK_TURN_KEY_BYTES, "a key takes the password's place");

/* turn.c */
/* Ends with an event (or EV_NONE) and the status that DONE repeats. */
void wick_turn_end_(wick_turn *t, wick_turn_event event, wick_status status);
/* Wants the op's next transaction now, unless one is under way. */
void wick_turn_hurry_(wick_turn_op *op, uint64_t now_ms);
wick_turn_op *wick_turn_find_permission_(wick_turn *t, const wick_addr *peer);
wick_turn_op *wick_turn_find_channel_(wick_turn *t, const wick_addr *peer);
/* 0..below-1, not secret; 0 if there is no entropy. */
uint32_t wick_turn_jitter_(wick_turn *t, uint32_t below);

/* turn_request.c */
wick_turn_request *wick_turn_free_request_(wick_turn *t, unsigned op);
/* Begins the op's transaction and gives its first datagram (view of t->tx). */
wick_status wick_turn_begin_(wick_turn *t, wick_turn_request *r, unsigned op, uint64_t now_ms,
                             wick_span *out);
/* Builds the datagram again and sets the next deadline. */
wick_status wick_turn_transmit_(wick_turn *t, wick_turn_request *r, uint64_t now_ms,
                                wick_span *out);
bool wick_turn_is_last_(const wick_turn_request *r);

/* turn_answer.c */
wick_status wick_turn_answer_(wick_turn *t, uint64_t now_ms, const wick_stun_msg *m);
void wick_turn_timed_out_(wick_turn *t, unsigned op, uint64_t now_ms);

/* turn_credentials.c */
/* Takes a realm and makes the HMAC key for it. */
wick_status wick_turn_set_realm_(wick_turn *t, wick_span realm);

#endif
