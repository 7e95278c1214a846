/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves on a UDP socket. A place is FREE, the SPARE that answers hellos, HALF (its client has shown
 * its cookie and the handshake goes on), or UP with a leaf of the service.
 */
#include "wick/port/leaf_port.h"

#include <string.h>

#include "net_internal.h"

#if WICK_WITH_LEAVES

enum { FREE = 0, SPARE, HALF, UP };

#define HALF_MS 5000u
#define SILENT_MS 60000u
#define IDLE_MS 1800000u
#define BURST 64

#define TYPE_HANDSHAKE 22
#define RECORD_HEADER 13
#define CLIENT_HELLO 1

static const wick_dtls_entry no_entry;

static void tell(const wick_leaf_port_place *x, bool up, wick_status status)
{
    const wick_leaf_port_config *cfg = &x->port->cfg;
    if (cfg->told != NULL) {
        cfg->told(cfg->ctx, x->key.name, wick_span_make(x->identity, x->identity_len), up, status,
                  &x->from);
    }
}

/* ------------------------------------------------------------------ keys */

static wick_status find(void *ctx, wick_dtls_entry *out, wick_span identity)
{
    wick_leaf_port_place *x = ctx;
    wick_leaf_port *p = x->port;
    wick_wipe(&x->key, sizeof x->key);
    x->identity_len = identity.len < sizeof x->identity ? identity.len : sizeof x->identity;
    memcpy(x->identity, identity.ptr, x->identity_len);
    wick_status s = p->cfg.find(p->cfg.ctx, &x->key, identity);
    if (s != WICK_OK) {
        wick_wipe(&x->key, sizeof x->key);
        p->refused++;
        tell(x, false, s);
        return s;
    }
    out->psk = wick_span_make(x->key.psk, x->key.psk_len);
    out->role = WICK_DTLS_SERVER;
    return WICK_OK;
}

/* ------------------------------------------------------------------ places */

static void release(wick_leaf_port_place *x)
{
    wick_leaf_port *p = x->port;
    if (x->state == UP) {
        wick_leaf_close(p->cfg.service, x->leaf);
        p->taken[x->leaf] = false;
    }
    if (x->state != FREE) {
        wick_dtls_free(&x->dtls);
    }
    wick_wipe(&x->key, sizeof x->key);
    x->state = FREE;
}

static wick_status make_spare(wick_leaf_port *p, wick_leaf_port_place *x, uint64_t now_ms)
{
    wick_dtls_config cfg;
    memset(x, 0, sizeof *x);
    memset(&cfg, 0, sizeof cfg);
    x->port = p;
    cfg.role = WICK_DTLS_SERVER;
    cfg.entries = &no_entry;
    cfg.entropy = p->cfg.entropy;
    cfg.suites = WICK_DTLS_SUITES_ALL;
    cfg.find = find;
    cfg.find_ctx = x;
    cfg.uses = WICK_USE_DTLS12;
    wick_status s = wick_dtls_init(&x->dtls, &cfg);
    if (s == WICK_OK) {
        s = wick_dtls_start(&x->dtls, now_ms);
        if (s != WICK_OK) {
            wick_dtls_free(&x->dtls);
        }
    }
    x->state = s == WICK_OK ? SPARE : FREE;
    return s;
}

/* The place that answers hellos; one is made if there is room, if need be that of the oldest handshake. */
static wick_leaf_port_place *spare(wick_leaf_port *p, uint64_t now_ms)
{
    wick_leaf_port_place *free_one = NULL, *oldest = NULL;
    unsigned half = 0;
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        wick_leaf_port_place *x = &p->place[i];
        if (x->state == SPARE) {
            return x;
        }
        if (x->state == FREE) {
            free_one = x;
        } else if (x->state == HALF) {
            half++;
            oldest = oldest == NULL || x->since_ms < oldest->since_ms ? x : oldest;
        }
    }
    if (half >= WICK_LEAF_PORT_HALF || free_one == NULL) {
        if (oldest == NULL || now_ms - oldest->since_ms < HALF_MS) {
            return NULL;
        }
        release(oldest);
        free_one = oldest;
    }
    return make_spare(p, free_one, now_ms) == WICK_OK ? free_one : NULL;
}

/* How many handshakes this host has under way. */
static unsigned half_of(const wick_leaf_port *p, const wick_addr *from)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        const wick_leaf_port_place *x = &p->place[i];
        n += x->state == HALF && wick_linux_same_source(&x->from, from) ? 1u : 0u;
    }
    return n;
}

/* A place in the service: one that nobody has, or that of the leaf which is silent longest. */
static bool take_leaf(wick_leaf_port *p, uint8_t *leaf, uint64_t now_ms)
{
    wick_leaf_port_place *silent = NULL;
    for (uint8_t i = 0; i < WICK_LEAVES_MAX; i++) {
        if (!p->taken[i]) {
            *leaf = i;
            return true;
        }
    }
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        wick_leaf_port_place *x = &p->place[i];
        if (x->state == UP && now_ms - x->heard_ms >= SILENT_MS &&
            (silent == NULL || x->heard_ms < silent->heard_ms)) {
            silent = x;
        }
    }
    if (silent == NULL) {
        return false;
    }
    *leaf = silent->leaf;
    tell(silent, false, WICK_E_LIMIT);
    release(silent);
    return true;
}

/* The handshake is over: the leaf has proved its key, and its former session ends. */
static void came_up(wick_leaf_port_place *x, uint64_t now_ms)
{
    wick_leaf_port *p = x->port;
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        wick_leaf_port_place *o = &p->place[i];
        if (o != x && o->state == UP && strcmp(o->key.name, x->key.name) == 0) {
            release(o);
        }
    }
    wick_status s = take_leaf(p, &x->leaf, now_ms) ? WICK_OK : WICK_E_LIMIT;
    if (s == WICK_OK) {
        s = wick_leaf_open(p->cfg.service, p->cfg.entropy, x->leaf, x->key.name);
    }
    tell(x, s == WICK_OK, s);
    if (s != WICK_OK) {
        p->refused++;
        release(x);
        return;
    }
    p->taken[x->leaf] = true;
    p->sessions++;
    x->state = UP;
    x->heard_ms = now_ms;
}

/* ------------------------------------------------------------------ datagrams */

static void send_to(wick_leaf_port_place *x, wick_span bytes)
{
    const wick_hal_net *net = x->port->cfg.net;
    int32_t n = net->udp_send(net->ctx, x->port->sock, &x->from, bytes);
    (void)n; /* lost, as on any path */
    x->tx++;
}

/* Sends what a session has to send, and notes its next time. @return false: it has ended */
static bool pump_out(wick_leaf_port_place *x, uint64_t now_ms)
{
    wick_out out;
    for (;;) {
        wick_dtls_poll(&x->dtls, &out, now_ms);
        if (out.kind == WICK_OUT_SEND) {
            send_to(x, out.bytes);
        } else if (out.kind == WICK_OUT_EVENT) {
            if (out.event == WICK_DTLS_UP) {
                came_up(x, now_ms);
                if (x->state != UP) {
                    return false;
                }
            }
        } else if (out.kind == WICK_OUT_DONE) {
            if (x->state == UP || out.status == WICK_E_TLS) {
                tell(x, false, out.status);
            }
            release(x);
            return false;
        } else {
            x->deadline_ms = out.deadline_ms;
            return true;
        }
    }
}

static void read_all(wick_leaf_port_place *x, uint64_t now_ms)
{
    uint8_t plain[WICK_DTLS_DATAGRAM_MAX];
    size_t len = 0;
    while (x->state == UP && wick_dtls_read(&x->dtls, plain, sizeof plain, &len) == WICK_OK) {
        x->heard_ms = now_ms;
        x->rx++;
        wick_status s =
            wick_leaf_input(x->port->cfg.service, now_ms, x->leaf, wick_span_make(plain, len));
        x->port->dropped += s != WICK_OK && s != WICK_AGAIN ? 1u : 0u;
    }
    wick_wipe(plain, sizeof plain);
}

static void give(wick_leaf_port_place *x, wick_span bytes, uint64_t now_ms)
{
    wick_status s = wick_dtls_input(&x->dtls, now_ms, bytes);
    x->port->dropped += s != WICK_OK ? 1u : 0u;
    if (pump_out(x, now_ms)) {
        read_all(x, now_ms);
    }
}

static bool is_hello(wick_span in)
{
    return in.len > RECORD_HEADER && in.ptr[0] == TYPE_HANDSHAKE && wick_load_be16(in.ptr + 3) == 0 &&
           in.ptr[RECORD_HEADER] == CLIENT_HELLO;
}

/* A hello of somebody who has no handshake here. */
static void take_hello(wick_leaf_port *p, const wick_addr *from, wick_span in, uint64_t now_ms)
{
    wick_leaf_port_place *x = spare(p, now_ms);
    if (x == NULL || half_of(p, from) * 2 >= WICK_LEAF_PORT_HALF + 1) {
        p->dropped++;
        return;
    }
    x->from = *from;
    memcpy(x->cookie_address, from->ip, 16);
    wick_store_be16(x->cookie_address + 16, from->port);
    if (wick_dtls_expect(&x->dtls, now_ms, wick_span_make(x->cookie_address, 18)) != WICK_OK) {
        release(x);
        return;
    }
    x->since_ms = now_ms;
    give(x, in, now_ms);
    /* Does it still wait for a hello? Then it was one without a cookie, or of no use. */
    if (x->state == SPARE &&
        wick_dtls_expect(&x->dtls, now_ms, wick_span_make(x->cookie_address, 18)) != WICK_OK) {
        x->state = HALF;
    }
}

static void take(wick_leaf_port *p, const wick_addr *from, wick_span in, uint64_t now_ms)
{
    wick_leaf_port_place *half = NULL, *up = NULL;
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        wick_leaf_port_place *x = &p->place[i];
        if ((x->state == HALF || x->state == UP) && wick_addr_equal(&x->from, from)) {
            half = x->state == HALF ? x : half;
            up = x->state == UP ? x : up;
        }
    }
    if (half == NULL && (up == NULL || is_hello(in))) {
        /* A leaf that was started again may come from its old port; its old session stays until then. */
        if (is_hello(in)) {
            take_hello(p, from, in, now_ms);
        } else {
            p->dropped++;
        }
        return;
    }
    if (half != NULL) {
        give(half, in, now_ms);
        if (half->state == HALF &&
            wick_dtls_expect(&half->dtls, now_ms, wick_span_make(half->cookie_address, 18)) ==
                WICK_OK) {
            p->refused++; /* it waits for a hello again: another key, or none that we know */
            tell(half, false, WICK_E_TLS);
            release(half);
        }
    }
    if (up != NULL && up->state == UP) { /* whose record it is only its key tells */
        give(up, in, now_ms);
    }
}

static void receive(wick_leaf_port *p, uint64_t now_ms)
{
    uint8_t bytes[2048];
    wick_addr from;
    const wick_hal_net *net = p->cfg.net;
    for (unsigned i = 0; i < BURST; i++) {
        int32_t n = net->udp_recv(net->ctx, p->sock, &from, bytes, sizeof bytes);
        if (n == WICK_AGAIN) {
            return;
        }
        if (n < 0) { /* longer than any of ours, or an ICMP error about somebody who has gone */
            p->dropped++;
        } else {
            take(p, &from, wick_span_make(bytes, (size_t)n), now_ms);
        }
    }
}

/* ------------------------------------------------------------------ public */

wick_status wick_leaf_port_open(wick_leaf_port *p, const wick_leaf_port_config *cfg, uint64_t now_ms)
{
    memset(p, 0, sizeof *p);
    p->cfg = *cfg;
    p->sock = -1;
    wick_status s = cfg->net->udp_open(cfg->net->ctx, &p->sock, &cfg->listen);
    if (s == WICK_OK) {
        s = make_spare(p, &p->place[0], now_ms);
        if (s != WICK_OK) {
            wick_leaf_port_close(p, now_ms);
        }
    } else {
        p->sock = -1;
    }
    return s;
}

static wick_leaf_port_place *place_of(wick_leaf_port *p, uint8_t leaf)
{
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        if (p->place[i].state == UP && p->place[i].leaf == leaf) {
            return &p->place[i];
        }
    }
    return NULL;
}

static void run_timers(wick_leaf_port *p, uint64_t *deadline_ms, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        wick_leaf_port_place *x = &p->place[i];
        if (x->state == UP && now_ms - x->heard_ms >= IDLE_MS) {
            tell(x, false, WICK_E_TIMEOUT);
            release(x);
        }
        if ((x->state == HALF || x->state == UP) && pump_out(x, now_ms)) {
            *deadline_ms = wick_time_min(*deadline_ms, x->deadline_ms);
        }
    }
}

bool wick_leaf_port_run(wick_leaf_port *p, wick_leaf_ask *ask, uint64_t *deadline_ms,
                        uint64_t now_ms)
{
    wick_leaf_out out;
    *deadline_ms = WICK_TIME_NEVER(now_ms);
    if (p->sock < 0) {
        return false;
    }
    receive(p, now_ms);
    for (;;) {
        wick_leaf_poll(p->cfg.service, &out, now_ms);
        if (out.kind == WICK_LEAF_OUT_ASK) {
            *ask = out.ask;
            return true;
        }
        if (out.kind == WICK_LEAF_OUT_WAIT) {
            break;
        }
        wick_leaf_port_place *x = place_of(p, out.leaf);
        if (x != NULL) {
            wick_status s = wick_dtls_write(&x->dtls, now_ms, out.bytes);
            p->dropped += s != WICK_OK ? 1u : 0u;
            (void)pump_out(x, now_ms);
        }
    }
    *deadline_ms = out.deadline_ms;
    run_timers(p, deadline_ms, now_ms);
    return false;
}

wick_leaf_port_status wick_leaf_port_leaf(const wick_leaf_port *p, uint8_t index)
{
    wick_leaf_port_status st;
    memset(&st, 0, sizeof st);
    st.name = "";
    st.suite = "";
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        const wick_leaf_port_place *x = &p->place[i];
        if (x->state == UP && x->leaf == index) {
            st.up = true;
            st.name = x->key.name;
            st.from = x->from;
            st.since_ms = x->since_ms;
            st.heard_ms = x->heard_ms;
            st.rx = x->rx;
            st.tx = x->tx;
            st.suite = wick_dtls_suite(&x->dtls);
        }
    }
    return st;
}

void wick_leaf_port_drop(wick_leaf_port *p, const char *name)
{
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        wick_leaf_port_place *x = &p->place[i];
        if ((x->state == UP || x->state == HALF) && strcmp(x->key.name, name) == 0) {
            release(x);
        }
    }
}

void wick_leaf_port_close(wick_leaf_port *p, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_LEAF_PORT_PLACES; i++) {
        wick_leaf_port_place *x = &p->place[i];
        if (x->state == UP) {
            wick_dtls_close(&x->dtls, now_ms);
            (void)pump_out(x, now_ms); /* close_notify; then it is released */
        }
        if (x->state != FREE) {
            release(x);
        }
    }
    if (p->sock >= 0) {
        p->cfg.net->close(p->cfg.net->ctx, p->sock);
    }
    p->sock = -1;
}

#else
typedef int wick_leaf_port_is_left_out;
#endif
