/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second allocation, on a socket of its own, for one of two ends:
 *
 * CHECK: before a relayed address is published, the relay is tried: an allocation beside the own
 * one, a datagram from each to the other. A relay that denies its own address, gives both the same
 * address or passes nothing is of no use to peers (TURN_RELAY_UNFIT).
 *
 * CALL: the relay of a peer may not let ours in. Then the peer is called from an allocation on its
 * own relay, which it always permits. It is given back when no session has used it for a minute.
 *
 *   state   event                          to
 *   IDLE    wanted                         WAIT
 *   WAIT    allocated                      CHECK | UP      refused: IDLE
 *   CHECK   both datagrams came            END             3 s, or denied: END, unfit
 *   UP      unused for 60 s, or lost       END
 *   END     released                       IDLE
 */
#include "gateway_internal.h"

#define PROBE_PERIOD_MS 300u
#define PROBE_TIME_MS 3000u
#define UNUSED_MS 60000u
#define PROBE_BYTES 12u

enum { SECOND_IDLE = 0, SECOND_WAIT, SECOND_CHECK, SECOND_UP, SECOND_END };

static void to_state(wick_gateway *gw, uint8_t state, uint64_t due_ms)
{
    gw->second.state = state;
    gw->second.due_ms = due_ms;
}

bool gw_second_start(wick_gateway *gw, uint64_t now_ms, const wick_addr *server, bool check,
                     uint8_t of)
{
    wick_gateway_second *s = &gw->second;
    if (s->state != SECOND_IDLE) {
        return false;
    }
    memset(s, 0, sizeof *s);
    s->check = check;
    s->of = of;
    s->server = *server;
    gw->socket_new[1] = true; /* the server may remember the 5-tuple of an earlier one */
    if (gw_turn_start(gw, 1, server, now_ms) != WICK_OK) {
        return false;
    }
    to_state(gw, SECOND_WAIT, WICK_TIME_NEVER(now_ms));
    return true;
}

bool gw_second_up(const wick_gateway *gw, const wick_addr *peer)
{
    return gw->second.state == SECOND_UP && wick_addr_same_ip(&gw->second.server, peer);
}

static void end(wick_gateway *gw, uint64_t now_ms)
{
    wick_turn_release(&gw->turn[1], now_ms);
    to_state(gw, gw->turn_used[1] ? SECOND_END : SECOND_IDLE, WICK_TIME_NEVER(now_ms));
}

static void tell_checked(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    if (gw->second.of == gw_main_via(gw)) {
        gw_relay_checked(gw, now_ms, status);
    } else {
        gw_standby_checked(gw, now_ms, status);
    }
}

static void checked(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    end(gw, now_ms);
    tell_checked(gw, now_ms, status);
}

/* ------------------------------------------------------------------ events of its client */

static void allocated(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_second *s = &gw->second;
    const wick_addr *own = wick_turn_relayed(&gw->turn[s->of]);
    if (!s->check) {
        s->used_ms = now_ms;
        to_state(gw, SECOND_UP, now_ms + UNUSED_MS);
        return;
    }
    if (wick_addr_equal(own, wick_turn_relayed(&gw->turn[1]))) {
        checked(gw, now_ms, WICK_E_TURN_RELAY_UNFIT); /* all clients behind one address */
        return;
    }
    wick_status st = wick_turn_permit(&gw->turn[1], now_ms, own);
    if (st == WICK_OK) {
        st = gw->cfg.entropy->fill(gw->cfg.entropy->ctx, s->probe + 4, PROBE_BYTES - 4);
    }
    if (st != WICK_OK) {
        checked(gw, now_ms, st);
        return;
    }
    memcpy(s->probe, "wick", 4); /* neither NSL nor DTLS by its first byte */
    s->until_ms = now_ms + PROBE_TIME_MS;
    to_state(gw, SECOND_CHECK, now_ms);
}

void gw_second_event(wick_gateway *gw, uint64_t now_ms, const wick_out *o)
{
    wick_gateway_second *s = &gw->second;
    if (o->event == WICK_TURN_EV_ALLOCATED && s->state == SECOND_WAIT) {
        allocated(gw, now_ms);
    } else if (o->event == WICK_TURN_EV_FAILED || o->event == WICK_TURN_EV_LOST) {
        bool check = s->check && (s->state == SECOND_WAIT || s->state == SECOND_CHECK);
        gw->turn_used[1] = false;
        to_state(gw, SECOND_IDLE, WICK_TIME_NEVER(now_ms));
        gw_session_path_lost(gw, now_ms, 1, o->status);
        for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX && !check; i++) {
            /* Refused: those who wait for it would only ask again, ten times a second. */
            if (o->event == WICK_TURN_EV_FAILED && gw->session[i].state == SES_PATH &&
                gw->session[i].over_second &&
                wick_addr_same_ip(&gw->session[i].addr, &s->server)) {
                gw_session_end(gw, i, o->status);
            }
        }
        if (check) {
            tell_checked(gw, now_ms, WICK_OK); /* no second one to be had: cannot be checked */
        }
    } else if (o->event == WICK_TURN_EV_PERMISSION_READY ||
               o->event == WICK_TURN_EV_PERMISSION_DENIED) {
        gw_session_permission(gw, now_ms, &o->to);
    }
}

void gw_second_ended(wick_gateway *gw, uint64_t now_ms)
{
    to_state(gw, SECOND_IDLE, WICK_TIME_NEVER(now_ms));
}

/* ------------------------------------------------------------------ probes */

bool gw_second_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                     wick_span bytes)
{
    wick_gateway_second *s = &gw->second;
    if (s->state != SECOND_CHECK || (via != 1 && via != s->of) || bytes.len != PROBE_BYTES ||
        memcmp(bytes.ptr, s->probe, PROBE_BYTES) != 0 ||
        !wick_addr_equal(from, wick_turn_relayed(&gw->turn[via == 1 ? s->of : 1]))) {
        return false;
    }
    s->got = (uint8_t)(s->got | (via == 1 ? 2u : 1u));
    if (s->got == 3) {
        checked(gw, now_ms, WICK_OK);
    }
    return true;
}

bool gw_second_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    wick_gateway_second *s = &gw->second;
    for (uint8_t side = 0; side < 2 && s->state == SECOND_CHECK; side++) {
        uint8_t via = side == 0 ? s->of : 1, other = side == 0 ? 1 : s->of;
        if ((s->to_send & (1u << side)) == 0) {
            continue;
        }
        s->to_send &= (uint8_t)~(1u << side);
        wick_status st = gw_path_send(gw, out, wick_span_make(s->probe, PROBE_BYTES), now_ms, via,
                                      wick_turn_relayed(&gw->turn[other]));
        if (st == WICK_OK) {
            return true;
        }
        if (st == WICK_E_TURN_FORBIDDEN) {
            checked(gw, now_ms, WICK_E_TURN_RELAY_UNFIT);
        }
    }
    return false;
}

uint64_t gw_second_tick(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_second *s = &gw->second;
    if (s->state == SECOND_IDLE || !wick_time_reached(now_ms, s->due_ms)) {
        return s->state == SECOND_IDLE ? WICK_TIME_NEVER(now_ms) : s->due_ms;
    }
    if (s->state == SECOND_CHECK && wick_time_reached(now_ms, s->until_ms)) {
        checked(gw, now_ms, WICK_E_TURN_RELAY_UNFIT);
    } else if (s->state == SECOND_CHECK) {
        s->to_send = 3;
        s->due_ms = now_ms + PROBE_PERIOD_MS;
    } else if (s->state == SECOND_UP) {
        for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
            bool uses = gw->session[i].via == 1 && gw->session[i].state != SES_FREE &&
                        gw->session[i].state != SES_ENDED;
            s->used_ms = uses ? now_ms : s->used_ms;
        }
        if (now_ms - s->used_ms >= UNUSED_MS) {
            end(gw, now_ms);
        } else {
            s->due_ms = s->used_ms + UNUSED_MS;
        }
    } else {
        s->due_ms = WICK_TIME_NEVER(now_ms);
    }
    return s->due_ms;
}
