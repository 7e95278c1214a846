/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relays over TCP and TLS. The agent says what goes over which stream; here they are opened, cut into
 * messages, and their end is told.
 */
#include <string.h>

#include "driver_internal.h"

void wick_driver_relay_init(wick_driver *d)
{
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        d->relay[i].sock = -1;
    }
}

void wick_driver_relay_close(wick_driver *d, uint8_t socket)
{
    if (socket < WICK_GW_TURNS) {
        wick_turn_link_close(&d->relay[socket]);
        d->relay_readable[socket] = false;
    }
}

void wick_driver_relay_drop(wick_driver *d)
{
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        wick_driver_relay_close(d, i);
    }
}

static wick_status prepare(wick_driver *d, wick_turn_link *l, uint8_t over)
{
    wick_turn_over want = over == WICK_GW_OVER_TLS ? WICK_TURN_OVER_TLS : WICK_TURN_OVER_TCP;
    wick_turn_link_config cfg = {.net = d->cfg.net,
                                 .over = want,
                                 .trust = d->cfg.relay_trust,
                                 .host = d->cfg.relay_host};
    if (l->cfg.net != NULL && l->cfg.over == want) {
        return WICK_OK;
    }
    wick_turn_link_close(l);
    return want == WICK_TURN_OVER_TLS && cfg.trust == NULL ? WICK_E_TRUST_ANCHOR
                                                           : wick_turn_link_init(l, &cfg);
}

void wick_driver_relay_transmit(wick_driver *d, const wick_gateway_out *out)
{
    uint64_t now_ms = wick_driver_now(d);
    if (out->socket >= WICK_GW_TURNS) {
        return;
    }
    wick_turn_link *l = &d->relay[out->socket];
    wick_status s = prepare(d, l, out->over);
    if (s == WICK_OK) {
        s = wick_turn_link_send(l, now_ms, &out->to, out->bytes);
    }
    if (s == WICK_OK) {
        d->stats.stream_bytes += out->bytes.len;
        d->relay_readable[out->socket] = true; /* what waits is handed over there */
    } else if (s != WICK_E_LIMIT) { /* full: dropped, as a datagram would be */
        wick_turn_link_close(l);
        wick_gateway_stream_closed(d->cfg.gateway, now_ms, out->socket, s);
        d->gateway_deadline_ms = now_ms;
    }
}

bool wick_driver_relay_receive(wick_driver *d, uint64_t now_ms)
{
    for (uint8_t k = 0; k < WICK_GW_TURNS; k++) {
        uint8_t i = (uint8_t)((d->next_relay + k) % WICK_GW_TURNS); /* in turn, as the sockets */
        wick_turn_link *l = &d->relay[i];
        wick_span message;
        bool over = wick_time_reached(now_ms, wick_turn_link_deadline(l, now_ms + 1));
        if (!d->relay_readable[i] && !over) {
            continue;
        }
        wick_status s = wick_turn_link_receive(l, now_ms, &message);
        if (s == WICK_AGAIN) {
            d->relay_readable[i] = false;
            continue;
        }
        d->next_relay = (uint8_t)((i + 1) % WICK_GW_TURNS);
        d->burst++;
        if (s == WICK_OK) {
            d->stats.stream_bytes += message.len;
            wick_gateway_stream_input(d->cfg.gateway, now_ms, i, message);
        } else {
            wick_gateway_stream_closed(d->cfg.gateway, now_ms, i, s);
        }
        return true;
    }
    return false;
}

size_t wick_driver_relay_watch(const wick_driver *d, struct pollfd *out, uint8_t *index)
{
    size_t n = 0;
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        wick_sock s = wick_turn_link_sock(&d->relay[i]);
        int fd = s < 0 ? -1 : wick_linux_net_fd(d->cfg.linux_net, s);
        if (fd >= 0) {
            out[n].fd = fd;
            out[n].events = POLLIN;
            if (wick_turn_link_wants_write(&d->relay[i])) {
                out[n].events |= POLLOUT;
            }
            out[n].revents = 0;
            index[n++] = i;
        }
    }
    return n;
}

uint64_t wick_driver_relay_deadline(const wick_driver *d, uint64_t t)
{
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        t = wick_turn_link_deadline(&d->relay[i], t);
    }
    return t;
}
