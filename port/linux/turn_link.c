/* SPDX-License-Identifier: Apache-2.0 */
/* UDP, TCP or TLS under a TURN client. */
#include "wick/port/turn_link.h"

#include <string.h>

#define BURST_MAX 32u

enum { CLOSED = 0, HANDSHAKE, UP };

wick_status wick_turn_link_init(wick_turn_link *l, const wick_turn_link_config *cfg)
{
    memset(l, 0, sizeof *l);
    l->sock = -1;
    if (cfg->net == NULL || (cfg->over == WICK_TURN_OVER_TLS && cfg->trust == NULL)) {
        return WICK_E_BAD_ARG;
    }
    l->cfg = *cfg;
    return WICK_OK;
}

static bool is_stream(const wick_turn_link *l)
{
    return l->cfg.over != WICK_TURN_OVER_UDP;
}

void wick_turn_link_reopen(wick_turn_link *l)
{
    if (l->state != CLOSED) {
        wick_https_end(&l->tls);
        l->cfg.net->close(l->cfg.net->ctx, l->sock);
    }
    l->sock = -1;
    l->state = CLOSED;
    l->tx_len = 0;
}

void wick_turn_link_close(wick_turn_link *l)
{
    if (l->cfg.net != NULL) {
        wick_turn_link_reopen(l);
    }
    wick_wipe(l, sizeof *l);
    l->sock = -1;
}

/* The address alone, as text for the certificate. */
static void literal(char out[WICK_ADDR_STR_BYTES], const wick_addr *a)
{
    char text[WICK_ADDR_STR_BYTES];
    wick_addr_str(text, a);
    char *end = strrchr(text, ':');
    *end = '\0';
    size_t len = strlen(text);
    if (text[0] == '[') {
        memcpy(out, text + 1, len - 2);
        out[len - 2] = '\0';
    } else {
        memcpy(out, text, len + 1);
    }
}

static wick_status open_link(wick_turn_link *l, uint64_t now_ms, const wick_addr *to)
{
    const wick_hal_net *net = l->cfg.net;
    char text[WICK_ADDR_STR_BYTES];
    wick_status s = is_stream(l) ? net->tcp_open(net->ctx, &l->sock, to)
                                 : net->udp_open(net->ctx, &l->sock, &l->cfg.local);
    if (s != WICK_OK) {
        l->sock = -1;
        return s;
    }
    l->state = UP;
    l->peer = *to;
    l->tx_len = 0;
    l->deadline_ms = now_ms + WICK_TURN_LINK_CONNECT_MS;
    wick_turn_stream_init(&l->stream, l->rx, sizeof l->rx);
    if (l->cfg.over == WICK_TURN_OVER_TLS) {
        literal(text, to);
        l->state = HANDSHAKE;
        s = wick_https_start(&l->tls, l->cfg.trust, net, l->sock,
                             l->cfg.host != NULL ? l->cfg.host : text);
    }
    if (s != WICK_OK) {
        l->failure = s;
        wick_turn_link_reopen(l);
    }
    return s;
}

/* Hands over what waits. Errors end the stream. */
static wick_status flush(wick_turn_link *l)
{
    const wick_hal_net *net = l->cfg.net;
    if (l->state == HANDSHAKE) {
        wick_status s = wick_https_poll(&l->tls);
        if (s != WICK_OK) {
            return s;
        }
        l->state = UP;
    }
    while (l->tx_len != 0) {
        wick_span bytes = wick_span_make(l->tx, l->tx_len);
        int32_t n = l->cfg.over == WICK_TURN_OVER_TLS ? wick_https_write(&l->tls, bytes)
                                                      : net->tcp_send(net->ctx, l->sock, bytes);
        if (n <= 0) {
            return n == 0 ? WICK_AGAIN : (wick_status)n;
        }
        l->tx_len -= (size_t)n;
        memmove(l->tx, l->tx + n, l->tx_len);
        l->deadline_ms = 0; /* it is connected */
    }
    return WICK_OK;
}

wick_status wick_turn_link_send(wick_turn_link *l, uint64_t now_ms, const wick_addr *to,
                                wick_span bytes)
{
    const wick_hal_net *net = l->cfg.net;
    if (is_stream(l) && l->state != CLOSED && !wick_addr_equal(to, &l->peer)) {
        wick_turn_link_reopen(l); /* ALTERNATE-SERVER */
    }
    if (l->state == CLOSED) {
        wick_status s = open_link(l, now_ms, to);
        if (s != WICK_OK) {
            return s;
        }
    }
    if (!is_stream(l)) {
        int32_t n = net->udp_send(net->ctx, l->sock, to, bytes);
        if (n < 0) {
            return n == (int32_t)WICK_AGAIN ? WICK_E_LIMIT : (wick_status)n;
        }
    } else {
        if (bytes.len > sizeof l->tx - l->tx_len) {
            return WICK_E_LIMIT;
        }
        memcpy(l->tx + l->tx_len, bytes.ptr, bytes.len);
        l->tx_len += bytes.len;
    }
    l->bytes += bytes.len;
    l->messages++;
    return WICK_OK;
}

/* ---- receiving ---- */

/* The next message of a stream. WICK_AGAIN: none; else it has ended. */
static wick_status next_message(wick_turn_link *l, uint64_t now_ms, wick_span *message)
{
    const wick_hal_net *net = l->cfg.net;
    wick_status s = flush(l);
    if (s != WICK_OK && s != WICK_AGAIN) {
        return s;
    }
    if (l->deadline_ms != 0 && wick_time_reached(now_ms, l->deadline_ms)) {
        return WICK_E_TIMEOUT;
    }
    if (l->state != UP) {
        return WICK_AGAIN;
    }
    while ((s = wick_turn_stream_next(&l->stream, message)) == WICK_AGAIN) {
        size_t cap;
        uint8_t *to = wick_turn_stream_space(&l->stream, &cap);
        int32_t n = l->cfg.over == WICK_TURN_OVER_TLS
                        ? wick_https_read(&l->tls, to, cap)
                        : net->tcp_recv(net->ctx, l->sock, to, cap);
        if (n <= 0) {
            return n == 0 ? WICK_E_NET : (wick_status)n;
        }
        wick_turn_stream_filled(&l->stream, (size_t)n);
    }
    return s;
}

wick_status wick_turn_link_receive(wick_turn_link *l, uint64_t now_ms, wick_span *message)
{
    wick_status s = l->state == CLOSED ? WICK_AGAIN : next_message(l, now_ms, message);
    if (s == WICK_OK) {
        l->bytes += message->len;
        l->messages++;
    } else if (s != WICK_AGAIN) {
        wick_turn_link_reopen(l);
        l->failure = s;
    }
    return s;
}

uint64_t wick_turn_link_deadline(const wick_turn_link *l, uint64_t t)
{
    return l->state != CLOSED && l->deadline_ms != 0 ? wick_time_min(t, l->deadline_ms) : t;
}

/* A stream has ended: one more chance for an allocation that can move. */
static void broken(wick_turn_link *l, wick_turn *t, uint64_t now_ms, wick_status why)
{
    wick_turn_link_reopen(l);
    l->failure = why;
    if (wick_turn_is_mobile(t) && !l->tried) {
        l->tried = true;
        wick_turn_moved(t, now_ms);
    } else {
        wick_turn_closed(t, now_ms);
    }
}

/* Takes what has come. WICK_OK: data; WICK_AGAIN: nothing more. */
static wick_status receive(wick_turn_link *l, wick_turn *t, uint64_t now_ms, wick_turn_data *data)
{
    const wick_hal_net *net = l->cfg.net;
    unsigned burst = 0; /* a flood must not keep what is due waiting */
    while (l->state != CLOSED) {
        wick_span message;
        wick_addr from = l->peer;
        if (is_stream(l)) {
            wick_status s = wick_turn_link_receive(l, now_ms, &message);
            if (s == WICK_AGAIN) {
                break;
            }
            if (s != WICK_OK) {
                broken(l, t, now_ms, s);
                break;
            }
        } else {
            int32_t n = burst++ == BURST_MAX
                            ? (int32_t)WICK_AGAIN
                            : net->udp_recv(net->ctx, l->sock, &from, l->rx, sizeof l->rx);
            if (n == (int32_t)WICK_AGAIN) {
                break;
            }
            if (n == (int32_t)WICK_E_NET && wick_addr_same_ip(&from, wick_turn_server(t))) {
                wick_turn_refused(t, now_ms);
            }
            if (n < 0) {
                continue;
            }
            message = wick_span_make(l->rx, (size_t)n);
            l->bytes += message.len;
            l->messages++;
        }
        l->tried = false;
        if (wick_turn_input(t, now_ms, message, &from, data) == WICK_OK) {
            return WICK_OK;
        }
    }
    return WICK_AGAIN;
}

wick_status wick_turn_link_run(wick_turn_link *l, wick_turn *t, uint64_t now_ms, wick_out *out,
                               wick_turn_data *data)
{
    for (;;) {
        wick_status s = receive(l, t, now_ms, data);
        if (s == WICK_OK) {
            return s;
        }
        wick_turn_poll(t, now_ms, out);
        if (out->kind == WICK_OUT_SEND) {
            s = wick_turn_link_send(l, now_ms, &out->to, out->bytes);
            if (s != WICK_OK && s != WICK_E_LIMIT && is_stream(l)) {
                broken(l, t, now_ms, s);
            }
            continue;
        }
        s = is_stream(l) && l->state != CLOSED ? flush(l) : WICK_OK;
        if (s == WICK_OK || s == WICK_AGAIN) {
            break;
        }
        broken(l, t, now_ms, s); /* and the client has more to say */
    }
    if (out->kind == WICK_OUT_WAIT && is_stream(l)) {
        out->deadline_ms = wick_turn_link_deadline(l, out->deadline_ms);
    }
    return WICK_AGAIN;
}

wick_sock wick_turn_link_sock(const wick_turn_link *l)
{
    return l->sock;
}

bool wick_turn_link_wants_write(const wick_turn_link *l)
{
    if (!is_stream(l) || l->state == CLOSED) {
        return false;
    }
    return l->state == HANDSHAKE ? wick_https_wants_write(&l->tls) : l->tx_len != 0;
}

wick_status wick_turn_link_failure(const wick_turn_link *l)
{
    return l->failure;
}
