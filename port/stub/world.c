/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual time and the datagram network. A datagram is translated outwards through the sender's
 * NATs when it is sent, and inwards through the receiver's NATs when it arrives, so that a mapping
 * that ends while it is under way drops it.
 */
#include "wick/port/stub.h"

#include <string.h>

#include "stub_nat.h"

static uint64_t mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15)); /* SplitMix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void wick_stub_init(wick_stub_world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->rng = seed;
    w->entropy_rng = seed ^ UINT64_C(0xA5A5A5A55A5A5A5A);
    w->link.delay_ms = 10;
}

uint64_t wick_stub_random(wick_stub_world *w)
{
    return mix(&w->rng);
}

static bool chance(wick_stub_world *w, unsigned per_mille)
{
    return per_mille != 0 && mix(&w->rng) % 1000 < per_mille;
}

int wick_stub_host(wick_stub_world *w, int nat, wick_addr ip)
{
    if (w->host_count == WICK_STUB_HOSTS) {
        return -1;
    }
    w->host[w->host_count].nat = nat;
    w->host[w->host_count].ip = ip;
    return (int)w->host_count++;
}

void wick_stub_host_move(wick_stub_world *w, int host, int nat, wick_addr ip)
{
    w->host[host].nat = nat;
    w->host[host].ip = ip;
    w->host[host].changes++;
}

int wick_stub_actor_add(wick_stub_world *w, wick_stub_run_fn run, void *ctx)
{
    if (w->actor_count == WICK_STUB_ACTORS) {
        return -1;
    }
    wick_stub_actor *a = &w->actor[w->actor_count];
    a->run = run;
    a->ctx = ctx;
    a->deadline_ms = w->now_ms;
    return (int)w->actor_count++;
}

void wick_stub_actor_wake(wick_stub_world *w, int actor)
{
    if (actor >= 0) {
        w->actor[actor].deadline_ms = w->now_ms;
    }
}

static int find_sock(const wick_stub_world *w, int host, uint16_t port)
{
    for (int i = 0; i < WICK_STUB_SOCKS; i++) {
        if (w->sock[i].open && w->sock[i].host == host && w->sock[i].port == port) {
            return i;
        }
    }
    return -1;
}

static int make_sock(wick_stub_world *w, int host, uint16_t port, int actor)
{
    for (int i = 0; i < WICK_STUB_SOCKS; i++) {
        if (!w->sock[i].open) {
            w->sock[i].open = true;
            w->sock[i].host = host;
            w->sock[i].port = port;
            w->sock[i].actor = actor;
            return i;
        }
    }
    return -1;
}

int wick_stub_open_all(wick_stub_world *w, int host, int actor)
{
    return make_sock(w, host, 0, actor);
}

int wick_stub_open(wick_stub_world *w, int host, uint16_t port, int actor)
{
    while (port == 0) {
        uint16_t p = (uint16_t)(32768 + mix(&w->rng) % 28000);
        port = find_sock(w, host, p) < 0 ? p : 0;
    }
    if (find_sock(w, host, port) >= 0) {
        return -1;
    }
    return make_sock(w, host, port, actor);
}

void wick_stub_close(wick_stub_world *w, int sock)
{
    w->sock[sock].open = false;
    for (unsigned i = 0; i < WICK_STUB_PACKETS; i++) {
        if (w->packet[i].state == 2 && w->packet[i].sock == sock) {
            w->packet[i].state = 0;
        }
    }
}

/* ------------------------------------------------------------------ routes */

static int find_nat(const wick_stub_world *w, int net, const wick_addr *ip)
{
    for (unsigned n = 0; n < w->nat_count; n++) {
        if (w->nat[n].outer == net && wick_addr_same_ip(&w->nat[n].ip, ip)) {
            return (int)n;
        }
    }
    return -1;
}

static bool in_network(const wick_stub_world *w, int net, const wick_addr *ip)
{
    for (unsigned h = 0; h < w->host_count; h++) {
        if (w->host[h].nat == net && wick_addr_same_ip(&w->host[h].ip, ip)) {
            return true;
        }
    }
    return find_nat(w, net, ip) >= 0;
}

/* Finds the socket behind `to` as seen in network `net`; -1 if none. */
static int route_in(wick_stub_world *w, const wick_addr *from, wick_addr to, int net)
{
    for (unsigned depth = 0; depth <= WICK_STUB_NATS; depth++) {
        for (unsigned h = 0; h < w->host_count; h++) {
            if (w->host[h].nat == net && wick_addr_same_ip(&w->host[h].ip, &to)) {
                int sock = find_sock(w, (int)h, to.port);
                return sock >= 0 ? sock : find_sock(w, (int)h, 0);
            }
        }
        net = find_nat(w, net, &to);
        if (net < 0 || !stub_nat_in(w, net, from, &to)) {
            return -1;
        }
    }
    return -1;
}

/* Translates outwards until a network holds the destination; gives that network, -2: dropped. */
static int route_out(wick_stub_world *w, wick_addr *from, const wick_addr *to, int net)
{
    while (net >= 0 && !in_network(w, net, to)) {
        if (!stub_nat_out(w, net, from, to)) {
            return -2;
        }
        net = w->nat[net].outer;
    }
    return net;
}

static bool is_multicast(const wick_addr *a)
{
    return wick_addr_is_v4(a) ? (a->ip[12] & 0xF0) == 0xE0 : a->ip[0] == 0xFF;
}

static wick_stub_packet *free_packet(wick_stub_world *w)
{
    for (unsigned i = 0; i < WICK_STUB_PACKETS; i++) {
        if (w->packet[i].state == 0) {
            return &w->packet[i];
        }
    }
    return NULL;
}

void wick_stub_send(wick_stub_world *w, int sock, const wick_addr *to, wick_span bytes)
{
    wick_stub_send_from(w, sock, sock < 0 ? 0 : w->sock[sock].port, to, bytes);
}

/* Puts one datagram under way; `host` < 0: to whoever has the address in network `net`. */
static void put(wick_stub_world *w, int net, int host, const wick_addr *from, const wick_addr *to,
                wick_span bytes)
{
    unsigned times = chance(w, w->link.duplicate) ? 2 : 1;
    for (unsigned i = 0; i < times; i++) {
        wick_stub_packet *p = chance(w, w->link.loss) ? NULL : free_packet(w);
        if (p == NULL) {
            w->lost++;
            continue;
        }
        p->state = 1;
        p->sock = net;
        p->host = host;
        p->from = *from;
        p->to = *to;
        p->len = bytes.len;
        memcpy(p->bytes, bytes.ptr, bytes.len);
        if (bytes.len != 0 && chance(w, w->link.corrupt)) {
            p->bytes[mix(&w->rng) % bytes.len] ^= (uint8_t)(1u << (mix(&w->rng) % 8));
        }
        p->due_ms = w->now_ms + w->link.delay_ms +
                    (w->link.jitter_ms == 0 ? 0 : mix(&w->rng) % w->link.jitter_ms);
        p->order = w->order++;
    }
}

void wick_stub_send_from(wick_stub_world *w, int sock, uint16_t port, const wick_addr *to,
                         wick_span bytes)
{
    if (sock < 0 || !w->sock[sock].open || bytes.len > WICK_STUB_MTU) {
        return;
    }
    int host = w->sock[sock].host;
    wick_addr from = w->host[host].ip;
    from.port = port;
    wick_stub_inject(w, w->host[host].nat, &from, to, bytes);
}

void wick_stub_inject(wick_stub_world *w, int net, const wick_addr *source, const wick_addr *to,
                      wick_span bytes)
{
    wick_addr from = *source;
    uint8_t copy[WICK_STUB_MTU];
    size_t len = bytes.len;
    if (len > sizeof copy) {
        return;
    }
    w->sent++;
    w->bytes += len;
    bool all = is_multicast(to); /* stays in its network */
    int there = all ? net : route_out(w, &from, to, net);
    memcpy(copy, bytes.ptr, len);
    if (there == -2 || (w->tap != NULL && !w->tap(w->tap_ctx, w, &from, to, copy, &len))) {
        w->lost++;
        return;
    }
    for (unsigned h = 0; all && h < w->host_count; h++) {
        if (w->host[h].nat == net && !wick_addr_same_ip(&w->host[h].ip, &from)) {
            put(w, net, (int)h, &from, to, wick_span_make(copy, len));
        }
    }
    if (!all) {
        put(w, there, -1, &from, to, wick_span_make(copy, len));
    }
}

int wick_stub_recv(wick_stub_world *w, int sock, wick_addr *from, uint8_t *buf, size_t cap)
{
    wick_addr to;
    return wick_stub_recv_at(w, sock, from, &to, buf, cap);
}

int wick_stub_recv_at(wick_stub_world *w, int sock, wick_addr *from, wick_addr *to, uint8_t *buf,
                      size_t cap)
{
    wick_stub_packet *best = NULL;
    for (unsigned i = 0; i < WICK_STUB_PACKETS; i++) {
        wick_stub_packet *p = &w->packet[i];
        if (p->state == 2 && p->sock == sock && (best == NULL || p->order < best->order)) {
            best = p;
        }
    }
    if (best == NULL) {
        return -1;
    }
    best->state = 0;
    *from = best->from;
    *to = best->to;
    memcpy(buf, best->bytes, best->len < cap ? best->len : cap);
    return (int)best->len;
}

/* ------------------------------------------------------------------ time */

static void deliver(wick_stub_world *w, wick_stub_packet *p)
{
    int sock = p->host < 0 ? route_in(w, &p->from, p->to, p->sock)
                           : find_sock(w, p->host, p->to.port);
    if (sock < 0) {
        p->state = 0;
        return;
    }
    w->delivered++;
    p->state = 2;
    p->sock = sock;
    p->order = w->order++;
    wick_stub_actor_wake(w, w->sock[sock].actor);
}

bool wick_stub_run(wick_stub_world *w, uint64_t ms, const bool *until)
{
    uint64_t end = w->now_ms + ms;
    while (until == NULL || !*until) {
        wick_stub_packet *p = NULL;
        for (unsigned i = 0; i < WICK_STUB_PACKETS; i++) {
            wick_stub_packet *q = &w->packet[i];
            if (q->state == 1 && (p == NULL || q->due_ms < p->due_ms ||
                                  (q->due_ms == p->due_ms && q->order < p->order))) {
                p = q;
            }
        }
        wick_stub_actor *a = NULL;
        for (unsigned i = 0; i < w->actor_count; i++) {
            if (a == NULL || w->actor[i].deadline_ms < a->deadline_ms) {
                a = &w->actor[i];
            }
        }
        uint64_t next = p != NULL ? p->due_ms : end + 1;
        if (a != NULL && a->deadline_ms < next) {
            next = a->deadline_ms;
            p = NULL;
        }
        if (next > end) {
            w->now_ms = end;
            return until != NULL && *until;
        }
        w->now_ms = next > w->now_ms ? next : w->now_ms;
        if (p != NULL) {
            deliver(w, p);
        } else if (a != NULL) {
            a->deadline_ms = w->now_ms + (UINT64_C(1) << 40);
            uint64_t again = a->run(a->ctx, w);
            again = again <= w->now_ms ? w->now_ms + 1 : again; /* an actor cannot stop the clock */
            a->deadline_ms = again < a->deadline_ms ? again : a->deadline_ms;
        }
    }
    return true;
}
