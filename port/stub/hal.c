/* SPDX-License-Identifier: Apache-2.0 */
/* The HAL on the virtual world: clock, entropy, datagram sockets. */
#include "wick/port/stub.h"

#include <string.h>

static uint64_t clock_now(void *ctx)
{
    return ((const wick_stub_world *)ctx)->now_ms;
}

static wick_status clock_unix(void *ctx, uint64_t *out)
{
    const wick_stub_world *w = ctx;
    if (w->no_clock) {
        return WICK_E_NO_CLOCK;
    }
    *out = (uint64_t)((int64_t)(WICK_STUB_UNIX_BASE + w->now_ms / 1000) + w->skew_s);
    return WICK_OK;
}

void wick_stub_hal_clock(wick_hal_clock *out, wick_stub_world *w)
{
    out->ctx = w;
    out->now_ms = clock_now;
    out->unix_s = clock_unix;
}

static wick_status entropy_fill(void *ctx, uint8_t *out, size_t len)
{
    wick_stub_world *w = ctx;
    if (w->entropy_fails) {
        memset(out, 0, len);
        return WICK_E_ENTROPY;
    }
    /* Not the network's stream: what nodes draw must not depend on what the network lost. */
    for (size_t i = 0; i < len; i++) {
        uint64_t z = (w->entropy_rng += UINT64_C(0x9E3779B97F4A7C15));
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        out[i] = (uint8_t)((z ^ (z >> 31)) >> 24);
    }
    return WICK_OK;
}

void wick_stub_hal_entropy(wick_hal_entropy *out, wick_stub_world *w)
{
    out->ctx = w;
    out->fill = entropy_fill;
}

/* ------------------------------------------------------------------ net */

static wick_status net_udp_open(void *ctx, wick_sock *out, const wick_addr *local)
{
    wick_stub_net *n = ctx;
    wick_addr any;
    memset(&any, 0, sizeof any);
    if (local != NULL && !wick_addr_same_ip(local, &n->w->host[n->host].ip) &&
        !wick_ct_is_zero(local->ip, 16) &&
        !(wick_addr_is_v4(local) && wick_ct_is_zero(local->ip + 12, 4))) {
        return WICK_E_NET; /* not an address of this host */
    }
    int s = wick_stub_open(n->w, n->host, local == NULL ? 0 : local->port, n->actor);
    if (s < 0) {
        return WICK_E_NET;
    }
    *out = s;
    return WICK_OK;
}

static bool valid(const wick_stub_net *n, wick_sock s)
{
    return s >= 0 && s < WICK_STUB_SOCKS && n->w->sock[s].open && n->w->sock[s].host == n->host;
}

static int32_t net_udp_send(void *ctx, wick_sock s, const wick_addr *to, wick_span bytes)
{
    wick_stub_net *n = ctx;
    if (!valid(n, s) || bytes.len > WICK_STUB_MTU || to->port == 0) {
        return WICK_E_NET;
    }
    wick_stub_send(n->w, s, to, bytes);
    return (int32_t)bytes.len;
}

static int32_t net_udp_recv(void *ctx, wick_sock s, wick_addr *from, uint8_t *buf, size_t cap)
{
    wick_stub_net *n = ctx;
    if (!valid(n, s)) {
        return WICK_E_NET;
    }
    int len = wick_stub_recv(n->w, s, from, buf, cap);
    if (len < 0) {
        return WICK_AGAIN;
    }
    return (size_t)len > cap ? (int32_t)WICK_E_NO_SPACE : (int32_t)len;
}

static wick_status net_tcp_open(void *ctx, wick_sock *out, const wick_addr *to)
{
    (void)ctx;
    (void)to;
    *out = -1;
    return WICK_E_UNSUPPORTED;
}

static int32_t net_tcp_send(void *ctx, wick_sock s, wick_span bytes)
{
    (void)ctx;
    (void)s;
    (void)bytes;
    return WICK_E_NET;
}

static int32_t net_tcp_recv(void *ctx, wick_sock s, uint8_t *buf, size_t cap)
{
    (void)ctx;
    (void)s;
    (void)buf;
    (void)cap;
    return WICK_E_NET;
}

static wick_status net_local_addr(void *ctx, wick_sock s, wick_addr *out)
{
    wick_stub_net *n = ctx;
    if (!valid(n, s)) {
        return WICK_E_NET;
    }
    *out = n->w->host[n->host].ip;
    out->port = n->w->sock[s].port;
    return WICK_OK;
}

static void net_close(void *ctx, wick_sock s)
{
    wick_stub_net *n = ctx;
    if (valid(n, s)) {
        wick_stub_close(n->w, s);
    }
}

static wick_status net_resolve(void *ctx, const char *host, wick_addr *out)
{
    (void)ctx;
    wick_addr a;
    char text[WICK_ADDR_STR_BYTES];
    size_t len = 0;
    while (host[len] != '\0' && len < sizeof text - 4) {
        text[len] = host[len];
        len++;
    }
    if (host[len] != '\0') {
        return WICK_E_RESOLVE;
    }
    memcpy(text + len, ":1", 3); /* numeric only: the world has no name server */
    if (wick_addr_parse(&a, text, len + 2) != WICK_OK) {
        return WICK_E_RESOLVE;
    }
    a.port = 0;
    *out = a;
    return WICK_OK;
}

static int32_t net_interfaces(void *ctx, wick_netif *out, size_t cap)
{
    wick_stub_net *n = ctx;
    if (cap == 0) {
        return 0;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->name, "stub0", 6);
    out->addr = n->w->host[n->host].ip;
    out->addr.port = 0;
    int nat = n->w->host[n->host].nat;
    if (nat >= 0) {
        out->gateway = n->w->nat[nat].inside;
    }
    out->index = 1;
    return 1;
}

static uint32_t net_change_count(void *ctx)
{
    const wick_stub_net *n = ctx;
    return n->w->host[n->host].changes;
}

void wick_stub_hal_net(wick_hal_net *out, wick_stub_net *ctx)
{
    out->ctx = ctx;
    out->udp_open = net_udp_open;
    out->udp_send = net_udp_send;
    out->udp_recv = net_udp_recv;
    out->tcp_open = net_tcp_open;
    out->tcp_send = net_tcp_send;
    out->tcp_recv = net_tcp_recv;
    out->local_addr = net_local_addr;
    out->close = net_close;
    out->resolve = net_resolve;
    out->interfaces = net_interfaces;
    out->change_count = net_change_count;
}
