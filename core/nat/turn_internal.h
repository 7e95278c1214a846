/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TURN_INTERNAL_H
#define WICK_TURN_INTERNAL_H
/*
 * How the TURN client is divided: turn.c holds what the caller wants and the poll loop,
 * turn_request.c builds and repeats requests, turn_answer.c judges answers, turn_moves.c follows
 * another socket, turn_data.c carries peers' data, turn_credentials.c makes keys and passwords.
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

/* wick_turn.flags: the configuration, and what was learned about the server. */
#define FLAG_REALM 0x01u       /* the realm was configured */
#define FLAG_STREAM 0x02u      /* TCP or TLS */
#define FLAG_MOBILE 0x04u      /* a ticket is wanted */
#define FLAG_SHA256 0x08u      /* no less than SHA-256 */
#define FLAG_HELD 0x10u        /* it has proved that it does SHA-256 */
#define FLAG_FINGERPRINT 0x20u
#define FLAG_FAMILY_SHIFT 6u   /* two bits: wick_turn_family */

static inline unsigned wick_turn_family_(const wick_turn *t)
{
    return (unsigned)t->flags >> FLAG_FAMILY_SHIFT;
}

static inline bool wick_turn_is_stream_(const wick_turn *t)
{
    return WICK_WITH_TURN_STREAM != 0 && (t->flags & FLAG_STREAM) != 0;
}

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
#if WICK_WITH_TURN_SHA256
_Static_assert(WICK_TURN_ALGORITHMS_MAX >= 8 && WICK_TURN_ALGORITHMS_MAX <= 128,
               "WICK_TURN_ALGORITHMS_MAX");
_Static_assert(WICK_TURN_PASSWORD_MAX >= WICK_TURN_KEY_SHA256_BYTES &&
                   WICK_TURN_USERNAME_MAX >= 32,
               "a key takes the password's place, USERHASH that of USERNAME");
#endif
#if WICK_WITH_TURN_MOBILITY
_Static_assert(WICK_TURN_TICKET_MAX >= 12 && WICK_TURN_TICKET_MAX <= 255, "WICK_TURN_TICKET_MAX");
#endif

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

/* turn_moves.c */
/* Our address has changed: the next Refresh takes the allocation along, if there is a ticket. */
void wick_turn_follow_(wick_turn *t, uint64_t now_ms);
/* Takes the ticket of an answer. */
void wick_turn_take_ticket_(wick_turn *t, const wick_stun_msg *m);
/* A Refresh has succeeded: if it was one with a ticket, permissions are asked for again. */
void wick_turn_arrived_(wick_turn *t, uint64_t now_ms);
/* The allocation is on its way: nothing but its Refresh may be sent about it. */
bool wick_turn_is_moving_(const wick_turn *t);
/* Gives up moving, for the server says no. @return false: it was not moving */
bool wick_turn_stay_(wick_turn *t);

/* turn_credentials.c */
/* Takes a realm and makes the HMAC key for it. `algorithm`: of PASSWORD-ALGORITHM, and
 * MESSAGE-INTEGRITY-SHA256; 0: MD5 and MESSAGE-INTEGRITY. */
wick_status wick_turn_set_realm_(wick_turn *t, wick_span realm, unsigned algorithm);
/* May these bytes be a user name or password? (RFC 8489 section 9.2.2) */
bool wick_turn_is_text_(wick_span text, bool prepared);
/* What a challenge says about password algorithms (RFC 8489 section 9.2.5).
 * @retval WICK_E_STUN_BID_DOWN, WICK_E_UNSUPPORTED, WICK_E_MALFORMED, WICK_E_LIMIT no retry */
wick_status wick_turn_choose_(const wick_turn *t, unsigned *algorithm, const wick_stun_msg *m);
/* Does the nonce promise PASSWORD-ALGORITHMS that somebody has taken out? */
bool wick_turn_is_stripped_(const wick_stun_msg *m);
/* Takes over what wick_turn_choose_() has found good. */
void wick_turn_take_algorithms_(wick_turn *t, const wick_stun_msg *m, unsigned algorithm);
/* USERNAME or USERHASH, REALM, NONCE, algorithms, integrity. */
void wick_turn_put_credentials_(wick_turn *t, wick_stun_build *s);
/* The integrity that belongs to our key. @retval WICK_E_NOT_FOUND there is none of that kind */
wick_status wick_turn_check_(const wick_turn *t, const wick_stun_msg *m);

#endif
