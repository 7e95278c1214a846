/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TURN client: another socket, another connection, another mapping. Mobility is RFC 8016 section 3:
 * the ticket of the Allocate answer goes into a Refresh from the new 5-tuple, and each such Refresh
 * gives the next ticket.
 */
#include <string.h>

#include "turn_internal.h"

/* Forgets requests under way: their answers would go to where we no longer are. */
static void begin_again(wick_turn *t, uint64_t now_ms)
{
    memset(t->request, 0, sizeof t->request);
    for (unsigned i = 0; i < WICK_TURN_OPS; i++) {
        if (t->op[i].flight != 0) {
            t->op[i].flight = 0;
            t->op[i].due_ms = now_ms;
        }
    }
}

bool wick_turn_is_mobile(const wick_turn *t)
{
#if WICK_WITH_TURN_MOBILITY
    return t->state == STATE_ALLOCATED && t->ticket_len != 0;
#else
    (void)t;
    return false;
#endif
}

bool wick_turn_is_moving_(const wick_turn *t)
{
#if WICK_WITH_TURN_MOBILITY
    return t->moving != 0;
#else
    (void)t;
    return false;
#endif
}

void wick_turn_follow_(wick_turn *t, uint64_t now_ms)
{
#if WICK_WITH_TURN_MOBILITY
    wick_turn_op *op = &t->op[ALLOCATION];
    if (t->ticket_len == 0 || t->moving != 0) {
        return;
    }
    t->moving = 1;
    op->retries = 0;
    op->strikes = 0;
    if (op->flight != 0) {
        /* A plain Refresh from the new place is bound to fail. */
        memset(&t->request[0], 0, sizeof t->request[0]);
        op->flight = 0;
    }
    op->due_ms = now_ms;
#else
    (void)t;
    (void)now_ms;
#endif
}

bool wick_turn_stay_(wick_turn *t)
{
#if WICK_WITH_TURN_MOBILITY
    bool was = t->moving != 0;
    t->moving = 0;
    return was;
#else
    (void)t;
    return false;
#endif
}

void wick_turn_take_ticket_(wick_turn *t, const wick_stun_msg *m)
{
#if WICK_WITH_TURN_MOBILITY
    wick_span ticket = wick_stun_get(m, WICK_STUN_MOBILITY_TICKET);
    if ((t->flags & FLAG_MOBILE) != 0 && ticket.len != 0 && ticket.len <= WICK_TURN_TICKET_MAX) {
        memcpy(t->ticket, ticket.ptr, ticket.len);
        t->ticket_len = (uint8_t)ticket.len;
    }
#else
    (void)t;
    (void)m;
#endif
}

void wick_turn_arrived_(wick_turn *t, uint64_t now_ms)
{
    if (!wick_turn_stay_(t)) {
        return;
    }
#if WICK_WITH_TURN_MOBILITY
    t->moved_event = 1;
#endif
    /* The RFC keeps them, but there are servers that deliver nothing before one more request. */
    for (unsigned i = PERMISSION; i < CHANNEL; i++) {
        if (t->op[i].state == OP_READY) {
            wick_turn_hurry_(&t->op[i], now_ms);
        }
    }
}

void wick_turn_moved(wick_turn *t, uint64_t now_ms)
{
    if (t->state == STATE_IDLE || t->state == STATE_ENDED) {
        return;
    }
    begin_again(t, now_ms);
    t->refused_count = 0;
    if (t->state == STATE_ALLOCATING) {
        t->nonce_len = 0; /* servers bind it to the 5-tuple */
        t->op[ALLOCATION].retries = 0;
        return;
    }
    if (t->state == STATE_RELEASING) {
        return;
    }
    if (wick_turn_is_mobile(t)) {
        memset(&t->mapped, 0, sizeof t->mapped);
        wick_turn_follow_(t, now_ms);
    } else if (wick_turn_is_stream_(t)) {
        wick_turn_end_(t, WICK_TURN_EV_LOST, WICK_E_TURN_LOST);
        return;
    }
    t->op[KEEPALIVE].due_ms = now_ms;
}

void wick_turn_closed(wick_turn *t, uint64_t now_ms)
{
    (void)now_ms;
    if (t->state == STATE_IDLE || t->state == STATE_ENDED) {
        return;
    }
    if (t->state == STATE_RELEASING) {
        wick_turn_end_(t, WICK_TURN_EV_NONE, WICK_OK); /* with its connection it is gone */
    } else {
        wick_turn_end_(t, t->state == STATE_ALLOCATED ? WICK_TURN_EV_LOST : WICK_TURN_EV_FAILED,
                       WICK_E_NET);
    }
}
