/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relays over TCP and TLS: which way an allocation is begun, and what becomes of it when its stream
 * ends. The allocations of one gateway are begun in the way in which the one in use was last reached,
 * so that the second relay is not found out about once more.
 *
 * AUTO goes on from UDP only where the relay has given no answer whatever: a refusal is an answer, and
 * would be the same over a stream.
 */
#include "gateway_internal.h"

#if WICK_WITH_TURN_STREAM

#define AGAIN_MS 1000u
#define SETTLE_MS 500u
#define ANSWER_MS 3000u
#define BROKEN_MS 10000u     /* a ticket is given up, having no stream for so long */
#define UDP_PATIENCE_MS 8000u /* four repetitions of a request, RFC 8489 section 6.2.1 */

void gw_over_first(wick_gateway *gw)
{
    gw->relays.over = gw->cfg.relay_over == WICK_GW_OVER_AUTO ? (uint8_t)WICK_GW_OVER_UDP
                                                              : gw->cfg.relay_over;
}

bool gw_over_next(wick_gateway *gw)
{
    uint8_t over = gw->relays.over;
    if (gw->cfg.relay_over != WICK_GW_OVER_AUTO || gw->relays.answered ||
        over == WICK_GW_OVER_TCP) {
        return false;
    }
    gw->relays.over = over == WICK_GW_OVER_UDP ? WICK_GW_OVER_TLS : WICK_GW_OVER_TCP;
    return true;
}

bool gw_over_measures(const wick_gateway *gw)
{
    return gw->cfg.relay_over == WICK_GW_OVER_UDP || gw->cfg.relay_over == WICK_GW_OVER_AUTO;
}

void gw_over_begin(wick_gateway *gw, uint8_t index, wick_turn_config *cfg)
{
    uint8_t over = gw->relays.over;
    cfg->stream = over != WICK_GW_OVER_UDP;
    if (over == WICK_GW_OVER_TLS && gw->cfg.relay_tls_port != 0) {
        cfg->server.port = gw->cfg.relay_tls_port;
    }
    /* The stream of the one before, too, where this is to be reached by datagrams. */
    gw->stream[index].begin = cfg->stream || gw->stream[index].over != WICK_GW_OVER_UDP;
    gw->stream[index].over = over;
    gw->stream[index].broken = false;
    gw->stream[index].due_ms = 0;
    gw->stream[index].moving = false;
    gw->stream[index].why = WICK_OK;
    if (index == gw_main_via(gw)) {
        gw->relays.answered = false;
    }
}

uint64_t gw_over_patience(wick_gateway *gw, uint64_t now_ms)
{
    bool more = gw->cfg.relay_over == WICK_GW_OVER_AUTO && gw->relays.over == WICK_GW_OVER_UDP;
    return more ? now_ms + UDP_PATIENCE_MS : WICK_TIME_NEVER(now_ms);
}

wick_status gw_over_why(const wick_gateway *gw, uint8_t index, wick_status status)
{
    wick_status why = gw->stream[index].why;
    return status == WICK_E_NET && why != WICK_OK ? why : status;
}

static void go_on(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    gw->stream[index].begin = true;
    gw->stream[index].due_ms = 0;
    gw->stream[index].moving = true;
    gw->stream[index].moved_ms = now_ms;
    wick_turn_moved(&gw->turn[index], now_ms);
}

void gw_over_promoted(wick_gateway *gw, uint8_t index)
{
    gw->relays.over = gw->stream[index].over;
}

bool gw_over_poll(wick_gateway *gw, wick_gateway_out *out)
{
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        if (gw->stream[i].begin) {
            gw->stream[i].begin = false;
            out->kind = WICK_GW_OUT_SOCKET_NEW;
            out->socket = i;
            out->over = WICK_GW_OVER_TCP;
            return true;
        }
    }
    return false;
}

uint64_t gw_over_tick(wick_gateway *gw, uint64_t now_ms)
{
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        if (gw->stream[i].due_ms == 0) {
            continue;
        }
        if (!wick_time_reached(now_ms, gw->stream[i].due_ms)) {
            next = wick_time_min(next, gw->stream[i].due_ms);
        } else if (gw->stream[i].moving &&
                   !wick_time_reached(now_ms, gw->stream[i].moved_ms + ANSWER_MS)) {
            gw->stream[i].due_ms = gw->stream[i].moved_ms + ANSWER_MS;
            next = wick_time_min(next, gw->stream[i].due_ms);
        } else {
            gw->stream[i].due_ms = 0;
            if (gw->turn_used[i] && wick_turn_is_mobile(&gw->turn[i])) {
                go_on(gw, now_ms, i);
            }
        }
    }
    return next;
}

/* Each ticket serves once, and the next one is in the answer: whoever leaves before that has come has
 * none that the relay still knows. An address that changes does so in several steps besides. */
void gw_over_rehome(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    gw->stream[index].broken = false;
    gw->stream[index].due_ms = now_ms + SETTLE_MS;
}

void wick_gateway_stream_closed(wick_gateway *gw, uint64_t now_ms, uint8_t socket,
                                wick_status status)
{
    if (socket >= WICK_GW_TURNS || !gw->turn_used[socket] ||
        gw_over(gw, socket) == WICK_GW_OVER_UDP) {
        return;
    }
    gw->stream[socket].why = status;
    gw->stream[socket].moving = false;
    if (!wick_turn_is_mobile(&gw->turn[socket]) ||
        (gw->stream[socket].broken &&
         wick_time_reached(now_ms, gw->stream[socket].at_ms + BROKEN_MS))) {
        wick_turn_closed(&gw->turn[socket], now_ms);
    } else if (!gw->stream[socket].broken) {
        gw->stream[socket].broken = true;
        gw->stream[socket].at_ms = now_ms;
        if (gw->stream[socket].moved_ms == 0 ||
            wick_time_reached(now_ms, gw->stream[socket].moved_ms + AGAIN_MS)) {
            go_on(gw, now_ms, socket);
        } else if (gw->stream[socket].due_ms == 0) { /* whatever was said meanwhile */
            gw->stream[socket].due_ms = now_ms + AGAIN_MS;
        }
        if (socket == gw_main_via(gw)) {
            gw_standby_suspect(gw, now_ms);
        }
    } else if (gw->stream[socket].due_ms == 0) { /* a network may be away for a moment */
        gw->stream[socket].due_ms = now_ms + AGAIN_MS;
    }
}

#else /* datagrams only */

void wick_gateway_stream_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes)
{
    (void)gw, (void)now_ms, (void)socket, (void)bytes;
}

void wick_gateway_stream_closed(wick_gateway *gw, uint64_t now_ms, uint8_t socket,
                                wick_status status)
{
    (void)gw, (void)now_ms, (void)socket, (void)status;
}

#endif
