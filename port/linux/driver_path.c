/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent needs to find ways in besides a relay: the interfaces of this host, a socket on a
 * port that it may choose, and a link to the router that it asks.
 */
#include <string.h>

#include "driver_internal.h"
#include "wick/pcp.h"

#define NETIFS 32
#define NO_SOCK (-1)

void wick_driver_path_init(wick_driver *d)
{
    d->router.link.fd = d->router.link.group_fd = -1;
}

static void close_router(wick_driver *d)
{
    if (d->router.open) {
        wick_pcp_link_close(&d->router.link);
        d->router.open = false;
    }
}

void wick_driver_path_drop(wick_driver *d)
{
    close_router(d);
}

void wick_driver_path_tick(wick_driver *d, uint64_t now_ms)
{
    wick_netif list[NETIFS];
    const wick_hal_net *net = d->cfg.net;
    if (!d->cfg.interfaces) {
        return;
    }
    uint32_t changes = net->change_count(net->ctx);
    if (d->looked && changes == d->changes) {
        return;
    }
    d->looked = true;
    d->changes = changes;
    close_router(d); /* bound to an address that may be gone */
    int32_t count = net->interfaces(net->ctx, list, NETIFS);
    wick_gateway_interfaces(d->cfg.gateway, now_ms, list, count > 0 ? (size_t)count : 0);
}

void wick_driver_path_open(wick_driver *d, const wick_gateway_out *out, uint64_t now_ms)
{
    const wick_hal_net *net = d->cfg.net;
    wick_addr local;
    memset(&local, 0, sizeof local);
    local.port = out->to.port;
    if (net->udp_open(net->ctx, &d->sock[out->socket], &local) != WICK_OK) {
        d->sock[out->socket] = NO_SOCK;
        wick_gateway_opened(d->cfg.gateway, now_ms, out->socket, 0);
        return;
    }
    wick_status s = net->local_addr(net->ctx, d->sock[out->socket], &local);
    wick_gateway_opened(d->cfg.gateway, now_ms, out->socket, s == WICK_OK ? local.port : 0);
}

/* Opens the link to this router, unless it is there already. */
static bool reach(wick_driver *d, const wick_addr *router)
{
    wick_pcp_network network;
    if (d->router.open && wick_addr_same_ip(&d->router.at, router)) {
        return true;
    }
    close_router(d);
    if (wick_pcp_network_to(&network, router) != WICK_OK) {
        size_t count = wick_pcp_networks(d->router.list, WICK_PCP_NETWORKS, NULL);
        size_t i = 0;
        while (i < count && !wick_addr_same_ip(&d->router.list[i].server, router)) {
            i++;
        }
        if (i == count) {
            return false;
        }
        network = d->router.list[i];
    }
    if (wick_pcp_link_open(&d->router.link, &network, 0) != WICK_OK) {
        return false;
    }
    d->router.at = *router;
    d->router.open = true;
    return true;
}

void wick_driver_path_transmit(wick_driver *d, const wick_gateway_out *out)
{
    if (reach(d, &out->to) && wick_pcp_link_send(&d->router.link, &out->to, out->bytes) >= 0) {
        d->stats.udp_tx++;
        d->stats.udp_tx_bytes += out->bytes.len;
    }
}

bool wick_driver_path_receive(wick_driver *d, uint64_t now_ms)
{
    wick_addr from;
    if (!d->router.open || !d->router.readable) {
        return false;
    }
    uint8_t bytes[WICK_PCP_MAX_BYTES + 4]; /* d->datagram may still be a session's */
    int32_t n = wick_pcp_link_recv(&d->router.link, &from, bytes, sizeof bytes);
    if (n == WICK_AGAIN) {
        d->router.readable = false;
        return false;
    }
    d->burst++;
    if (n >= 0) {
        d->stats.udp_rx++;
        d->stats.udp_rx_bytes += (uint64_t)n;
        wick_gateway_input(d->cfg.gateway, now_ms, WICK_GW_SOCKET_ROUTER,
                           wick_span_make(bytes, (size_t)n), &from);
    } else if (n == WICK_E_NET) {
        wick_gateway_refused(d->cfg.gateway, now_ms, WICK_GW_SOCKET_ROUTER, &from);
    }
    return true;
}

size_t wick_driver_path_watch(const wick_driver *d, struct pollfd *out)
{
    size_t n = d->router.open ? wick_pcp_link_watch(&d->router.link, out) : 0;
    int fd = d->cfg.interfaces ? wick_linux_net_change_fd(d->cfg.linux_net) : -1;
    if (fd >= 0) {
        out[n].fd = fd;
        out[n].events = POLLIN;
        out[n++].revents = 0;
    }
    return n;
}
