/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: what the agent gives goes to its part, and poll() waits for all of them. */
#include "wick/port/driver.h"

#include <string.h>

#include "driver_internal.h"
#include "net_internal.h"

#define NO_SOCK (-1)
#define BURST_MAX 32u /* datagrams between two looks at all descriptors */

wick_status wick_driver_init(wick_driver *d, const wick_driver_config *cfg)
{
    memset(d, 0, sizeof *d);
    if (cfg->gateway == NULL || cfg->clock == NULL || cfg->entropy == NULL || cfg->net == NULL ||
        cfg->linux_net == NULL || (cfg->rpc_url == NULL && cfg->chains == NULL) ||
        cfg->chain_count > WICK_DRIVER_CHAINS) {
        return WICK_E_BAD_ARG;
    }
    d->cfg = *cfg;
    for (size_t i = 0; i < WICK_GW_SOCKETS; i++) {
        d->sock[i] = NO_SOCK;
    }
    d->wallet.sock = NO_SOCK;
#if WICK_WITH_ATTEST
    d->attest.sock = NO_SOCK;
#endif
    d->watched_fd = -1;
    wick_driver_path_init(d);
    wick_driver_relay_init(d);
    d->gateway_deadline_ms = wick_driver_now(d);
    return wick_driver_chain_init(d);
}

static void close_sock(wick_driver *d, uint8_t i)
{
    if (d->sock[i] != NO_SOCK) {
        d->cfg.net->close(d->cfg.net->ctx, d->sock[i]);
        d->sock[i] = NO_SOCK;
        d->readable[i] = false;
    }
}

void wick_driver_transmit(wick_driver *d, const wick_gateway_out *out)
{
    const wick_hal_net *net = d->cfg.net;
    if (out->socket >= WICK_GW_SOCKETS) {
        return;
    }
    if (out->socket == WICK_GW_SOCKET_ROUTER) {
        wick_driver_path_transmit(d, out);
        return;
    }
    if (out->over != WICK_GW_OVER_UDP) {
        wick_driver_relay_transmit(d, out);
        return;
    }
    if (d->sock[out->socket] == NO_SOCK) {
        static const wick_addr any;
        if (net->udp_open(net->ctx, &d->sock[out->socket], &any) != WICK_OK) {
            d->sock[out->socket] = NO_SOCK;
            return;
        }
    }
    if (net->udp_send(net->ctx, d->sock[out->socket], &out->to, out->bytes) >= 0) {
        d->stats.udp_tx++;
        d->stats.udp_tx_bytes += out->bytes.len;
    }
}

static bool is_chain(const wick_driver_job *job)
{
    return job->request.kind == WICK_GW_REQ_CHAIN_PROOF ||
           job->request.kind == WICK_GW_REQ_CHAIN_FEES ||
           job->request.kind == WICK_GW_REQ_CHAIN_SEND ||
           job->request.kind == WICK_GW_REQ_CHAIN_KEY;
}

void wick_driver_add_job(wick_driver *d, const wick_gateway_request *request)
{
    wick_driver_job none = {.request = *request};
    if (is_chain(&none) && !wick_driver_serves(d, request->chain_id)) {
        wick_driver_fail(d, &none, WICK_E_CONFIG); /* no node for this chain is configured */
        return;
    }
    for (size_t i = 0; i < WICK_DRIVER_JOBS; i++) {
        wick_driver_job *job = &d->job[i];
        if (job->request.id == 0) {
            job->request = *request;
            job->order = d->orders++;
            job->step = 0;
            return;
        }
    }
    wick_driver_fail(d, &none, WICK_E_BUSY);
}

#if WICK_WITH_NSL_RSA
_Static_assert(WICK_DRIVER_JOBS > WICK_GW_READS_MAX + 2 + WICK_GW_KEY_FETCHES,
               "all that the agent asks at once");
#endif

wick_driver_job *wick_driver_next_job(wick_driver *d, bool chain, uint64_t chain_id)
{
    wick_driver_job *best = NULL;
    for (size_t i = 0; i < WICK_DRIVER_JOBS; i++) {
        wick_driver_job *job = &d->job[i];
        if (job->request.id != 0 && job->step == 0 && job->request.kind != WICK_GW_REQ_ATTEST &&
            is_chain(job) == chain &&
            (!chain || job->request.chain_id == chain_id) &&
            (best == NULL || (int32_t)(job->order - best->order) < 0)) {
            best = job;
        }
    }
    return best;
}

static void put_event(wick_driver_event *event, wick_driver_event_kind kind, uint8_t session,
                      wick_status status)
{
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->session = session;
    event->status = status;
}

/* One output of the agent. Returns true if `event` was filled. */
static bool handle(wick_driver *d, wick_driver_event *event, const wick_gateway_out *out,
                   uint64_t now_ms)
{
    switch (out->kind) {
    case WICK_GW_OUT_SEND:
        wick_driver_transmit(d, out);
        return false;
    case WICK_GW_OUT_DATA:
        if (out->session == WICK_GW_GUEST) {
            wick_driver_guest_input(d, out, now_ms);
        } else {
            wick_driver_session_input(d, out->session, out->bytes, now_ms);
        }
        return false;
    case WICK_GW_OUT_REQUEST:
        wick_driver_add_job(d, &out->request);
        return false;
    case WICK_GW_OUT_SOCKET_NEW:
        if (out->over != WICK_GW_OVER_UDP) {
            wick_driver_relay_close(d, out->socket);
        } else if (out->socket < WICK_GW_SOCKETS) {
            close_sock(d, out->socket);
        }
        return false;
    case WICK_GW_OUT_SOCKET_OPEN:
        if (out->socket < WICK_GW_SOCKETS) {
            close_sock(d, out->socket);
            wick_driver_path_open(d, out, now_ms);
        }
        return false;
    case WICK_GW_OUT_EVENT:
        put_event(event, WICK_DRIVER_GATEWAY, out->event.session, out->event.status);
        event->gateway = out->event;
        if (out->event.kind == WICK_GW_EV_SESSION_UP && out->event.status == WICK_OK &&
            !out->event.guest && !out->event.keys_only && !d->cfg.keys_only) {
            wick_status s = wick_driver_session_up(d, &out->event, now_ms);
            if (s != WICK_OK) {
                wick_gateway_turn_away(d->cfg.gateway, now_ms, out->event.session);
                event->kind = WICK_DRIVER_CLOSED;
                event->status = s;
            }
        } else if (out->event.kind == WICK_GW_EV_SESSION_DOWN) {
            wick_driver_session_free(d, out->event.session);
        }
        return true;
    case WICK_GW_OUT_DONE:
        d->done = true;
        put_event(event, WICK_DRIVER_DONE, WICK_GW_NO_SESSION, out->event.status);
        return true;
    case WICK_GW_OUT_WAIT:
    default:
        return false;
    }
}

static bool run_gateway(wick_driver *d, wick_driver_event *event, uint64_t now_ms)
{
    wick_gateway_out out;
    for (;;) {
        wick_gateway_poll(d->cfg.gateway, &out, now_ms);
        if (out.kind == WICK_GW_OUT_WAIT) {
            d->gateway_deadline_ms = out.deadline_ms;
            return false;
        }
        if (handle(d, event, &out, now_ms)) {
            return true;
        }
    }
}

/* One datagram of one socket. Returns true if there was one. */
static bool receive(wick_driver *d, uint64_t now_ms)
{
    const wick_hal_net *net = d->cfg.net;
    for (uint8_t k = 0; k < WICK_GW_SOCKETS; k++) {
        uint8_t i = (uint8_t)((d->next_sock + k) % WICK_GW_SOCKETS); /* in turn: a flood on one */
        wick_addr from;
        if (!d->readable[i] || d->sock[i] == NO_SOCK) {
            continue;
        }
        int32_t n = net->udp_recv(net->ctx, d->sock[i], &from, d->datagram, sizeof d->datagram);
        if (n == WICK_AGAIN) {
            d->readable[i] = false;
            continue;
        }
        d->next_sock = (uint8_t)((i + 1) % WICK_GW_SOCKETS);
        d->burst++;
        if (n >= 0) {
            d->stats.udp_rx++;
            d->stats.udp_rx_bytes += (uint64_t)n;
            wick_gateway_input(d->cfg.gateway, now_ms, i,
                               wick_span_make(d->datagram, (size_t)n), &from);
        } else if (n == WICK_E_NET && from.port != 0) {
            wick_gateway_refused(d->cfg.gateway, now_ms, i, &from);
        }
        return true; /* a datagram, or an error that concerns one datagram alone */
    }
    return false;
}

/* One message for sessions, of either kind and in turn: the agent keeps one until it has given it. */
static bool receive_one(wick_driver *d, uint64_t now_ms)
{
    d->streams_first = !d->streams_first;
    return d->streams_first ? wick_driver_relay_receive(d, now_ms) || receive(d, now_ms)
                            : receive(d, now_ms) || wick_driver_relay_receive(d, now_ms);
}

static uint64_t next_deadline(const wick_driver *d, uint64_t until_ms, uint64_t now_ms)
{
    uint64_t t = wick_time_min(until_ms, d->gateway_deadline_ms);
    for (size_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (d->session[i].used) {
            t = wick_time_min(t, d->session[i].deadline_ms);
        }
    }
    t = wick_driver_guest_deadline(d, t);
    t = wick_driver_relay_deadline(d, t);
    t = wick_driver_chain_deadline(d, t, now_ms);
    if (d->challenge != NULL) {
        t = wick_time_min(t, wick_responder_deadline(d->challenge));
    }
    if (d->wallet.job != NULL) {
        t = wick_time_min(t, d->wallet.deadline_ms);
    }
#if WICK_WITH_ATTEST
    if (d->attest.job != NULL) {
        t = wick_time_min(t, d->attest.next_ms);
    }
    if (d->attest.answering) {
        t = wick_time_min(t, wick_responder_deadline(d->cfg.responder));
    }
#endif
    return t;
}

static void wait(wick_driver *d, uint64_t until_ms, uint64_t now_ms)
{
    struct pollfd p[WICK_GW_SOCKETS + WICK_GW_TURNS + (1 + WICK_LIGHT_DRIVER_SOCKS) * WICK_DRIVER_CHAINS +
                    WICK_DRIVER_PATH_FDS + 2 * (1 + WICK_RESPONDER_CONNECTIONS) + 3];
    uint8_t index[WICK_GW_SOCKETS], relay[WICK_GW_TURNS];
    nfds_t udp = 0, n;
    for (uint8_t i = 0; i < WICK_GW_SOCKETS; i++) {
        if (wick_linux_net_watch(d->cfg.linux_net, &p[udp], d->sock[i], false) != 0) {
            index[udp++] = i;
        }
    }
    n = udp;
    n += (nfds_t)wick_driver_path_watch(d, &p[n]);
    nfds_t router = n;
    n += (nfds_t)wick_driver_relay_watch(d, &p[n], relay);
    nfds_t streams = n;
    n += (nfds_t)wick_driver_chain_watch(d, &p[n]);
    if (d->wallet.job != NULL) {
        n += (nfds_t)wick_linux_net_watch(d->cfg.linux_net, &p[n], d->wallet.sock,
                                          wick_tls_wants_write(&d->wallet.tls));
    }
#if WICK_WITH_ATTEST
    if (d->attest.job != NULL) {
        n += (nfds_t)wick_linux_net_watch(d->cfg.linux_net, &p[n], d->attest.sock, false);
    }
    if (d->attest.answering) {
        n += (nfds_t)wick_responder_fds(d->cfg.responder, &p[n]);
    }
#endif
    if (d->challenge != NULL) {
        n += (nfds_t)wick_responder_fds(d->challenge, &p[n]);
    }
    nfds_t own = n;
    if (d->watched_fd >= 0) {
        p[n].fd = d->watched_fd;
        p[n].events = POLLIN;
        p[n++].revents = 0;
    }
    uint64_t at = next_deadline(d, until_ms, now_ms);
    uint64_t ms = wick_time_reached(now_ms, at) ? 0 : at - now_ms;
    if (poll(p, n, ms > 60000 ? 60000 : (int)ms) <= 0) {
        return;
    }
    for (nfds_t i = 0; i < udp; i++) {
        d->readable[index[i]] = d->readable[index[i]] || p[i].revents != 0;
    }
    for (nfds_t i = udp; i < router; i++) {
        d->router.readable = d->router.readable || p[i].revents != 0;
    }
    for (nfds_t i = router; i < streams; i++) {
        uint8_t k = relay[i - router];
        d->relay_readable[k] = d->relay_readable[k] || p[i].revents != 0;
    }
    d->watched = own < n && p[own].revents != 0;
}

void wick_driver_watch(wick_driver *d, int fd)
{
    d->watched_fd = fd;
}

void wick_driver_challenge(wick_driver *d, wick_responder *responder)
{
    d->challenge = responder;
    d->challenged = responder != NULL ? responder->served : 0;
}

/* @return true: the answer was fetched */
static bool run_challenge(wick_driver *d)
{
    if (d->challenge == NULL) {
        return false;
    }
    wick_responder_run(d->challenge);
    bool fetched = d->challenge->served != d->challenged;
    d->challenged = d->challenge->served;
    return fetched;
}

void wick_driver_run(wick_driver *d, wick_driver_event *event, uint64_t until_ms)
{
    put_event(event, WICK_DRIVER_DONE, WICK_GW_NO_SESSION, WICK_OK);
    while (!d->done) {
        uint64_t now_ms = wick_driver_now(d);
        wick_driver_path_tick(d, now_ms);
        if (run_gateway(d, event, now_ms) || wick_driver_session_run(d, event, now_ms) ||
            wick_driver_guest_run(d, event, now_ms)) {
            return;
        }
        if (wick_driver_light_run(d, event, now_ms)) {
            return;
        }
        if (run_challenge(d)) {
            put_event(event, WICK_DRIVER_IDLE, WICK_GW_NO_SESSION, WICK_OK);
            return;
        }
        bool moved = wick_driver_chain_run(d, now_ms);
        moved = wick_driver_wallet_run(d, now_ms) || moved;
        moved = wick_driver_attest_run(d, now_ms) || moved;
        wick_driver_attest_answer(d);
        moved = receive_one(d, now_ms) || moved;
        moved = wick_driver_path_receive(d, now_ms) || moved; /* of the router: no session's */
        /* The time counts also under a flood, or the caller would never see it. */
        bool over = wick_time_reached(now_ms, until_ms);
        bool flood = d->burst >= BURST_MAX; /* others may be waiting, as the caller's descriptor */
        if (moved && !over && !d->watched && !flood) {
            continue;
        }
        if (over || d->watched) {
            d->watched = false;
            put_event(event, WICK_DRIVER_IDLE, WICK_GW_NO_SESSION, WICK_OK);
            return;
        }
        d->burst = 0;
        wait(d, flood ? now_ms : until_ms, now_ms);
    }
}

const char *wick_driver_wallet_text(const wick_driver *d)
{
    return d->wallet_text;
}

const char *wick_driver_rpc_text(const wick_driver *d)
{
    return d->rpc_text;
}

void wick_driver_free(wick_driver *d)
{
    wick_driver_chain_drop(d);
    wick_driver_wallet_drop(d);
    wick_driver_attest_drop(d);
    wick_driver_path_drop(d);
    wick_driver_relay_drop(d);
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_driver_session_free(d, i);
    }
    wick_driver_guest_free(d, WICK_GW_NO_SESSION);
    for (uint8_t i = 0; i < WICK_GW_SOCKETS; i++) {
        close_sock(d, i);
    }
    wick_wipe(d, sizeof *d);
}
