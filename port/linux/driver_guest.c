/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests: DTLS of leaves that come with a ticket. One server context listens for hellos from
 * anywhere; a hello without a cookie costs a HelloVerifyRequest and leaves nothing behind. With the
 * first hello that brings its cookie the context is bound to that path and address, and another one
 * listens. A leaf's identity is asked of the agent; where that cannot say yet, the handshake fails
 * and the leaf tries again.
 *
 *   FREE -> LISTENS (60 s after the last hello) -> SHAKES (20 s) -> UP
 */
#include <string.h>

#include "driver_internal.h"
#include "net_internal.h"

#if WICK_WITH_TICKETS

enum { FREE = 0, LISTENS, SHAKES, UP };

#define SHAKE_MS 20000u
#define EVICT_MS 2000u /* a handshake that is older gives way where all contexts are in use */

/* Record header, RFC 6347 section 4.1, and the handshake message behind it. */
#define TYPE_ALERT 21
#define TYPE_HANDSHAKE 22
#define RECORD_HEADER 13
#define CLIENT_HELLO 1
#define SERVER_HELLO 2

static bool is_clear(wick_span bytes, uint8_t message)
{
    return bytes.len > RECORD_HEADER && bytes.ptr[0] == TYPE_HANDSHAKE &&
           wick_load_be16(bytes.ptr + 3) == 0 && bytes.ptr[RECORD_HEADER] == message;
}

static void release(wick_driver_guest *g)
{
    if (g->state != FREE) {
        wick_dtls_free(&g->dtls);
        wick_wipe(g, sizeof *g);
    }
}

static wick_status find_key(void *ctx, wick_dtls_entry *out, wick_span identity)
{
    wick_driver_guest *g = (wick_driver_guest *)ctx;
    wick_driver *d = g->driver;
    wick_status s = wick_gateway_ticket_key(d->cfg.gateway, &g->psk, &g->peer, identity,
                                            &g->addr, wick_driver_now(d));
    if (s == WICK_OK) {
        out->role = WICK_DTLS_SERVER;
        out->psk = wick_span_make(g->psk.key, g->psk.key_len);
        out->uses = g->psk.key_len == 16 ? (unsigned)WICK_USE_PSK16 : (unsigned)WICK_USE_DTLS12;
        memcpy(out->peer, g->peer.issuer, sizeof out->peer);
    }
    g->refused = s;
    d->gateway_deadline_ms = wick_driver_now(d); /* a look-up may have begun */
    return s;
}

static bool listen_here(wick_driver *d, wick_driver_guest *g, uint64_t now_ms)
{
    wick_dtls_config cfg;
    memset(g, 0, sizeof *g);
    memset(&cfg, 0, sizeof cfg);
    g->driver = d;
    cfg.role = WICK_DTLS_SERVER;
    cfg.entropy = d->cfg.entropy;
    cfg.suites = WICK_DTLS_SUITES_ALL; /* the key alone has no forward secrecy */
    cfg.address = wick_span_make(g->address, sizeof g->address);
    cfg.find = find_key;
    cfg.find_ctx = g;
    cfg.uses = (unsigned)WICK_USE_DTLS12 | (unsigned)WICK_USE_PSK16;
    if (wick_dtls_init(&g->dtls, &cfg) != WICK_OK) {
        return false; /* no room: the leaf sends its hello again */
    }
    g->state = LISTENS;
    if (wick_dtls_start(&g->dtls, now_ms) != WICK_OK) {
        release(g);
    }
    return g->state == LISTENS;
}

/* The one that shakes hands, if there are two: the leaf has begun anew. */
static wick_driver_guest *at_address(wick_driver *d, const wick_addr *addr, uint8_t via)
{
    wick_driver_guest *found = NULL;
    for (size_t i = 0; i < WICK_DRIVER_GUESTS; i++) {
        wick_driver_guest *g = &d->guest[i];
        if ((g->state == SHAKES || (g->state == UP && found == NULL)) && g->via == via &&
            wick_addr_equal(&g->addr, addr)) {
            found = g;
        }
    }
    return found;
}

/* A context that is in `state`, of the handshakes the oldest; NULL if there is none. */
static wick_driver_guest *in_state(wick_driver *d, uint8_t state)
{
    wick_driver_guest *found = NULL;
    for (size_t i = 0; i < WICK_DRIVER_GUESTS; i++) {
        wick_driver_guest *g = &d->guest[i];
        if (g->state == state && (found == NULL || g->since_ms < found->since_ms)) {
            found = g;
        }
    }
    return found;
}

/* Ends a handshake that has had its time. @return false: there is none, or it has not */
static bool evict(wick_driver_guest *g, uint64_t now_ms)
{
    if (g == NULL || now_ms - g->since_ms < EVICT_MS) {
        return false;
    }
    release(g);
    return true;
}

/* One source has half of the contexts at most for its handshakes. */
static bool may_come(wick_driver *d, const wick_addr *from, uint64_t now_ms)
{
    wick_driver_guest *oldest = NULL;
    unsigned n = 0;
    for (size_t i = 0; i < WICK_DRIVER_GUESTS; i++) {
        wick_driver_guest *g = &d->guest[i];
        if (g->state == SHAKES && wick_linux_same_source(&g->addr, from)) {
            oldest = oldest == NULL || g->since_ms < oldest->since_ms ? g : oldest;
            n++;
        }
    }
    return n * 2 < WICK_DRIVER_GUESTS || evict(oldest, now_ms);
}

/* It has shown that it is where it says to be. For the next one there is to be a context, too. */
static void bind_to(wick_driver *d, wick_driver_guest *g, uint64_t now_ms)
{
    if (in_state(d, FREE) == NULL) {
        bool gone = evict(in_state(d, SHAKES), now_ms);
        (void)gone; /* else the next hello looks again */
    }
    g->state = SHAKES;
    g->since_ms = now_ms;
}

static void transmit(wick_driver *d, const wick_driver_guest *g, wick_span bytes, uint64_t now_ms)
{
    wick_gateway_out send;
    wick_status s = g->state == UP
                        ? wick_gateway_send(d->cfg.gateway, &send, bytes, now_ms, g->session)
                        : wick_gateway_guest_send(d->cfg.gateway, &send, bytes, &g->addr, now_ms,
                                                  g->via);
    if (s == WICK_OK) {
        wick_driver_transmit(d, &send);
    }
}

static void put(wick_driver_event *event, wick_driver *d, const wick_driver_guest *g,
                wick_driver_event_kind kind, wick_status status)
{
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->session = g->session;
    event->status = status;
    memcpy(d->closed_peer, g->peer.issuer, sizeof d->closed_peer);
    event->peer = d->closed_peer;
}

/* Finished: the leaf has the key. The ticket is used now, or was in the meantime. */
static bool begin_session(wick_driver *d, wick_driver_event *event, wick_driver_guest *g,
                          uint64_t now_ms)
{
    uint8_t index = WICK_GW_NO_SESSION;
    g->refused =
        wick_gateway_guest_up(d->cfg.gateway, &index, &g->peer, &g->addr, now_ms, g->via);
    if (g->refused != WICK_OK) {
        wick_dtls_close(&g->dtls, now_ms);
        return false;
    }
    g->state = UP;
    g->session = index;
    d->gateway_deadline_ms = now_ms;
    wick_wipe(&g->psk, sizeof g->psk);
    put(event, d, g, WICK_DRIVER_OPEN, WICK_OK);
    return true;
}

/* Not let in, which the wire says without a reason. Who only claims to be there is not told of. */
static void turn_away(wick_driver_event *event, wick_driver_guest *g, wick_status tls)
{
    memset(event, 0, sizeof *event);
    event->kind = WICK_DRIVER_REFUSED;
    event->session = WICK_GW_NO_SESSION;
    event->status = g->refused != WICK_OK ? g->refused : tls;
    event->from = g->addr;
    release(g);
}

/* @return true: `event` was filled */
static bool run_one(wick_driver *d, wick_driver_event *event, wick_driver_guest *g,
                    uint64_t now_ms)
{
    wick_out out;
    size_t len = 0;
    while (g->state != FREE) {
        if (g->state == UP &&
            wick_dtls_read(&g->dtls, d->plain, sizeof d->plain, &len) == WICK_OK) {
            wick_gateway_guest_heard(d->cfg.gateway, now_ms, g->session);
            put(event, d, g, WICK_DRIVER_DATA, WICK_OK);
            event->bytes = wick_span_make(d->plain, len);
            return true;
        }
        wick_dtls_poll(&g->dtls, &out, now_ms);
        switch (out.kind) {
        case WICK_OUT_SEND:
            if (g->state == LISTENS && is_clear(out.bytes, SERVER_HELLO)) {
                bind_to(d, g, now_ms);
            }
            transmit(d, g, out.bytes, now_ms);
            if (g->state == SHAKES && out.bytes.ptr[0] == TYPE_ALERT) {
                turn_away(event, g, WICK_E_TLS); /* it waits for nobody else */
                return true;
            }
            break;
        case WICK_OUT_EVENT:
            if (out.event == WICK_DTLS_UP && begin_session(d, event, g, now_ms)) {
                return true;
            }
            break;
        case WICK_OUT_DONE:
            if (g->state == UP) {
                put(event, d, g, WICK_DRIVER_CLOSED, out.status);
                release(g);
                wick_gateway_close(d->cfg.gateway, event->session);
                return true;
            }
            if (g->state == SHAKES) {
                turn_away(event, g, out.status != WICK_OK ? out.status : WICK_E_TLS);
                return true;
            }
            release(g);
            break;
        case WICK_OUT_WAIT:
        default:
            g->deadline_ms = out.deadline_ms;
            if (g->state != SHAKES) {
                return false;
            }
            if (wick_time_reached(now_ms, g->since_ms + SHAKE_MS)) {
                release(g);
            } else {
                g->deadline_ms = wick_time_min(g->deadline_ms, g->since_ms + SHAKE_MS);
            }
            return false;
        }
    }
    return false;
}

void wick_driver_guest_input(wick_driver *d, const wick_gateway_out *data, uint64_t now_ms)
{
    const bool hello = is_clear(data->bytes, CLIENT_HELLO);
    wick_driver_event none;
    wick_driver_guest *g = at_address(d, &data->to, data->socket);
    if (g == NULL || (hello && g->state == UP)) {
        if (!hello || !may_come(d, &data->to, now_ms)) {
            return;
        }
        g = in_state(d, LISTENS);
        if (g == NULL) {
            g = in_state(d, FREE);
            if (g == NULL && evict(in_state(d, SHAKES), now_ms)) {
                g = in_state(d, FREE);
            }
            if (g == NULL || !listen_here(d, g, now_ms)) {
                return;
            }
        }
        g->via = data->socket;
        g->addr = data->to;
        memcpy(g->address, data->to.ip, 16);
        wick_store_be16(g->address + 16, data->to.port);
        if (wick_dtls_expect(&g->dtls, now_ms, wick_span_make(g->address, sizeof g->address)) !=
            WICK_OK) {
            release(g);
            return;
        }
    }
    wick_status s = wick_dtls_input(&g->dtls, now_ms, data->bytes);
    (void)s; /* what is too long or not authentic is dropped there */
    g->deadline_ms = now_ms;
    if (g->state == LISTENS) {
        /* What it answers goes to this address: before the next hello comes from another one. */
        bool told = run_one(d, &none, g, now_ms);
        (void)told; /* no session begins with a hello, and none is refused before its second */
    }
}

bool wick_driver_guest_run(wick_driver *d, wick_driver_event *event, uint64_t now_ms)
{
    for (size_t i = 0; i < WICK_DRIVER_GUESTS; i++) {
        if (run_one(d, event, &d->guest[i], now_ms)) {
            return true;
        }
    }
    return false;
}

uint64_t wick_driver_guest_deadline(const wick_driver *d, uint64_t t)
{
    for (size_t i = 0; i < WICK_DRIVER_GUESTS; i++) {
        if (d->guest[i].state != FREE) {
            t = wick_time_min(t, d->guest[i].deadline_ms);
        }
    }
    return t;
}

static size_t index_of(const wick_driver *d, uint8_t session)
{
    size_t i = 0;
    while (i < WICK_DRIVER_GUESTS &&
           !(d->guest[i].state == UP && d->guest[i].session == session)) {
        i++;
    }
    return i;
}

const wick_dtls *wick_driver_guest_dtls(const wick_driver *d, uint8_t session)
{
    size_t i = index_of(d, session);
    return i < WICK_DRIVER_GUESTS ? &d->guest[i].dtls : NULL;
}

wick_dtls *wick_driver_guest_wake(wick_driver *d, uint8_t session)
{
    size_t i = index_of(d, session);
    if (i == WICK_DRIVER_GUESTS) {
        return NULL;
    }
    d->guest[i].deadline_ms = wick_driver_now(d);
    return &d->guest[i].dtls;
}

bool wick_driver_guest_again(wick_driver *d, uint8_t session, wick_span bytes, uint64_t now_ms)
{
    size_t i = index_of(d, session);
    if (i == WICK_DRIVER_GUESTS) {
        return false;
    }
    wick_driver_guest *g = at_address(d, &d->guest[i].addr, d->guest[i].via);
    if (g == NULL || g->state != SHAKES) {
        return false;
    }
    wick_status s = wick_dtls_input(&g->dtls, now_ms, bytes);
    (void)s;
    g->deadline_ms = now_ms;
    return true;
}

void wick_driver_guest_free(wick_driver *d, uint8_t session)
{
    for (size_t i = 0; i < WICK_DRIVER_GUESTS; i++) {
        wick_driver_guest *g = &d->guest[i];
        if (session == WICK_GW_NO_SESSION || (g->state == UP && g->session == session)) {
            release(g);
        }
    }
}

#else
/* ISO C forbids an empty file. */
typedef int wick_driver_guests_are_off;
#endif
