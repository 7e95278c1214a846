/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TURN client: requests and their repetition (RFC 8489 section 6.2.1). A request is not stored but
 * built again from the op with its transaction id: that saves 500 bytes each, and a nonce that was
 * learned meanwhile is used.
 */
#include <string.h>

#include "turn_internal.h"

#define TRANSPORT_UDP (UINT32_C(17) << 24) /* RFC 8656 section 18.8 */
/* One transmission over a stream waits as long as all of them over datagrams. */
#define STREAM_WAIT_MS (RTO_MS * ((1u << (RC - 1u)) - 1u) + RM * RTO_MS)
#define STREAM_SHORT_MS (RTO_MS * ((1u << RC_SHORT) - 1u))

static uint16_t method_of(const wick_turn *t, unsigned op)
{
    if (op == ALLOCATION) {
        return t->state == STATE_ALLOCATING ? WICK_STUN_ALLOCATE : WICK_STUN_REFRESH;
    }
    if (op == KEEPALIVE) {
        return WICK_STUN_BINDING;
    }
    return op < CHANNEL ? WICK_STUN_CREATE_PERMISSION : WICK_STUN_CHANNEL_BIND;
}

static bool is_short(const wick_turn *t, const wick_turn_request *r)
{
    return r->method == WICK_STUN_BINDING || t->state == STATE_RELEASING;
}

wick_turn_request *wick_turn_free_request_(wick_turn *t, unsigned op)
{
    /* The first one is for the allocation, so that nothing else can delay its refresh. */
    unsigned first = op == ALLOCATION ? 0 : 1;
    unsigned end = op == ALLOCATION ? 1 : WICK_TURN_TRANSACTIONS;
    for (unsigned i = first; i < end; i++) {
        if (t->request[i].op == 0) {
            return &t->request[i];
        }
    }
    return NULL;
}

/* The family or families that are wanted (RFC 8656 section 7.1). */
static void put_family(const wick_turn *t, wick_stun_build *s)
{
#if WICK_WITH_TURN_DUAL
    unsigned family = wick_turn_family_(t);
    if (family == WICK_TURN_FAMILY_BOTH) {
        wick_stun_put_family(s, WICK_STUN_ADDITIONAL_ADDRESS_FAMILY, WICK_TURN_FAMILY_IPV6);
    } else if (family != WICK_TURN_FAMILY_DEFAULT) {
        wick_stun_put_family(s, WICK_STUN_REQUESTED_ADDRESS_FAMILY, (uint8_t)family);
    }
#else
    (void)t;
    (void)s;
#endif
}

/* An empty ticket asks for one, the one that we have moves the allocation (RFC 8016 section 3). */
static void put_ticket(const wick_turn *t, wick_stun_build *s)
{
#if WICK_WITH_TURN_MOBILITY
    if (t->state == STATE_ALLOCATING && (t->flags & FLAG_MOBILE) != 0) {
        wick_stun_put(s, WICK_STUN_MOBILITY_TICKET, wick_span_make(t->ticket, 0));
    } else if (t->state == STATE_ALLOCATED && t->moving != 0) {
        wick_stun_put(s, WICK_STUN_MOBILITY_TICKET, wick_span_make(t->ticket, t->ticket_len));
    }
#else
    (void)t;
    (void)s;
#endif
}

static wick_status build(wick_turn *t, const wick_turn_request *r, wick_span *out)
{
    const wick_turn_op *op = &t->op[r->op - 1u];
    wick_buf b = wick_buf_make(t->tx, sizeof t->tx);
    wick_stun_build s;
    wick_stun_begin(&s, &b, r->method, WICK_STUN_REQUEST, r->tid);
    switch (r->method) {
    case WICK_STUN_ALLOCATE:
        wick_stun_put_u32(&s, WICK_STUN_REQUESTED_TRANSPORT, TRANSPORT_UDP);
        if (t->asked_lifetime_s != 0) {
            wick_stun_put_u32(&s, WICK_STUN_LIFETIME, t->asked_lifetime_s);
        }
        put_family(t, &s);
        put_ticket(t, &s);
        break;
    case WICK_STUN_REFRESH:
        if (t->state == STATE_RELEASING) {
            wick_stun_put_u32(&s, WICK_STUN_LIFETIME, 0);
        } else if (t->asked_lifetime_s != 0) {
            wick_stun_put_u32(&s, WICK_STUN_LIFETIME, t->asked_lifetime_s);
        }
        put_ticket(t, &s);
        break;
    case WICK_STUN_CHANNEL_BIND:
        wick_stun_put_u32(&s, WICK_STUN_CHANNEL_NUMBER, (uint32_t)op->channel << 16);
        wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &op->peer);
        break;
    case WICK_STUN_CREATE_PERMISSION:
        wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &op->peer);
        break;
    default: /* Binding carries nothing */
        break;
    }
    if (r->authenticated != 0) {
        wick_turn_put_credentials_(t, &s);
    }
    if ((t->flags & FLAG_FINGERPRINT) != 0) {
        wick_stun_put_fingerprint(&s);
    }
    wick_status status = wick_stun_end(&s);
    *out = wick_buf_span(&b);
    return status;
}

bool wick_turn_is_last_(const wick_turn_request *r)
{
    return r->left == 0;
}

/* What cannot be built now is not sent: before the allocation that is the end, later it waits. */
static wick_status failed(wick_turn *t, wick_turn_request *r, unsigned op, uint64_t now_ms,
                          wick_status status)
{
    r->op = 0;
    t->op[op].flight = 0;
    t->op[op].due_ms = now_ms + BACKOFF_MS;
    if (t->state == STATE_ALLOCATING) {
        wick_turn_end_(t, WICK_TURN_EV_FAILED, status);
    } else if (t->state == STATE_RELEASING) {
        wick_turn_end_(t, WICK_TURN_EV_NONE, status);
    }
    return status == WICK_AGAIN ? WICK_E_HAL : status;
}

wick_status wick_turn_transmit_(wick_turn *t, wick_turn_request *r, uint64_t now_ms,
                                wick_span *out)
{
    wick_status status = build(t, r, out);
    if (status != WICK_OK) {
        return failed(t, r, r->op - 1u, now_ms, status);
    }
    r->left--;
    r->doubted = 0;
    uint64_t wait_ms = r->rto_ms;
    if (wick_turn_is_stream_(t)) {
        wait_ms = is_short(t, r) ? STREAM_SHORT_MS : STREAM_WAIT_MS;
    } else if (r->left == 0 && !is_short(t, r)) {
        wait_ms = RM * RTO_MS;
    }
    r->next_ms = now_ms + wait_ms;
    r->rto_ms = (uint16_t)(r->rto_ms * 2u);
    return WICK_OK;
}

wick_status wick_turn_begin_(wick_turn *t, wick_turn_request *r, unsigned op, uint64_t now_ms,
                             wick_span *out)
{
    wick_status status = t->entropy->fill(t->entropy->ctx, r->tid, sizeof r->tid);
    if (status != WICK_OK) {
        return failed(t, r, op, now_ms, status);
    }
    r->op = (uint8_t)(op + 1u);
    r->method = method_of(t, op);
    r->authenticated = (r->method != WICK_STUN_BINDING && t->nonce_len != 0) ? 1 : 0;
    r->left = (uint8_t)(wick_turn_is_stream_(t) ? 1u : is_short(t, r) ? RC_SHORT : RC);
    r->rto_ms = RTO_MS;
    t->op[op].flight = 1;
    if (op == KEEPALIVE) {
        t->op[op].until_ms = now_ms + PROBE_GAP_MS;
    }
    return wick_turn_transmit_(t, r, now_ms, out);
}
