/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways in besides a relay: the open socket, its own public address or its mapping at a router, and the
 * path manager (wick/path.h) that says which of all addresses peers are told.
 *
 * The open socket is one of its own, from which nothing goes to relays: a NAT that lets in whom it has
 * seen addressed would else pass the trial from outside though no mapping is there.
 *
 * The trial: a datagram with a nonce of 128 bits goes from the own relayed address to the claimed one,
 * a few times, and must arrive at the open socket. While there is no relay, a STUN server with two
 * addresses is asked for such a datagram, where one is configured (wick/reach.h).
 */
#include "gateway_internal.h"

uint8_t gw_path_kind(uint8_t source)
{
    static const uint8_t kinds[WICK_PATH_SOURCES] = {WICK_ENDPOINT_WITHDRAWN, WICK_ENDPOINT_DIRECT,
                                                     WICK_ENDPOINT_PCP,       WICK_ENDPOINT_PCP,
                                                     WICK_ENDPOINT_RELAY,     WICK_ENDPOINT_RELAY};
    return source < WICK_PATH_SOURCES ? kinds[source] : WICK_ENDPOINT_WITHDRAWN;
}

/* There is another path than before. */
static void tell(wick_gateway *gw, uint64_t now_ms)
{
    gw_event(gw, WICK_GW_EV_PATH_CHANGED, WICK_OK, WICK_GW_NO_SESSION);
    gw_own_wake(gw, now_ms);
    gw_check_ready(gw);
}

#if WICK_WITH_PATH

#define STORE_PCP WICK_STORE_KEY(6, 1)
#define PORT_MIN 49152u
#define PORT_SPAN 16384u
#define WATCH_S 60u /* how often a router is asked whether it has another address now */
#define PROBE_PERIOD_MS 400u
#define PROBE_TIME_MS 3000u
#define PROBE_BYTES 20u
#define PROBE_HEAD "wtry" /* neither NSL nor DTLS, STUN or ChannelData by its first byte */

static const wick_addr nowhere;

static bool wanted(const wick_gateway *gw)
{
    return (gw->goals & WICK_GW_GOAL_PUBLISH) != 0; /* who only calls needs no way in */
}

static bool is_set(const wick_addr *a)
{
    return !wick_addr_same_ip(a, &nowhere);
}

bool gw_path_up(const wick_gateway *gw)
{
    return wick_path_is_up(&gw->open.path);
}

const wick_addr *gw_path_endpoint(const wick_gateway *gw, unsigned index, uint8_t *source)
{
    const wick_path_point *p = index == 0 ? wick_path_primary(&gw->open.path)
                                          : wick_path_standby(&gw->open.path);
    *source = p->source;
    return p->source != WICK_PATH_NONE ? &p->addr : NULL;
}

bool gw_path_is_relayed(const wick_gateway *gw)
{
    uint8_t source = wick_path_primary(&gw->open.path)->source;
    return source == WICK_PATH_NONE || source >= WICK_PATH_RELAY || !gw_path_up(gw);
}

void gw_path_relays(wick_gateway *gw, uint64_t now_ms)
{
    wick_path *p = &gw->open.path;
    const wick_addr *warm = gw_standby_relayed(gw);
    bool up = gw_relay_up(gw);
    if (up) {
        wick_path_reflexive(p, now_ms, wick_turn_mapped(gw_main(gw)));
        wick_path_offer(p, now_ms, WICK_PATH_RELAY, wick_turn_relayed(gw_main(gw)), true);
    } else {
        wick_path_withdraw(p, now_ms, WICK_PATH_RELAY, WICK_E_TURN_LOST);
    }
    if (warm != NULL) {
        wick_path_offer(p, now_ms, WICK_PATH_RELAY2, warm, true);
    } else {
        wick_path_withdraw(p, now_ms, WICK_PATH_RELAY2, WICK_E_TURN_LOST);
    }
    wick_path_judge(p, now_ms, up || warm != NULL || gw->cfg.stun.port != 0);
}

/* ------------------------------------------------------------------ the trial from outside */

static void probe_end(wick_gateway *gw, uint64_t now_ms, wick_status status)
{
    wick_gateway_open *o = &gw->open;
    wick_path_source source = (wick_path_source)o->probing;
    o->probing = WICK_PATH_NONE;
    o->send_probe = false;
    if (o->reaching) {
        o->reaching = false;
    } else {
        gw_way_release(gw, WICK_GW_NO_SESSION, o->probe_via, &o->probe_to);
    }
    wick_path_verdict(&o->path, now_ms, source, status);
    if (status == WICK_OK && gw_service_waits(gw)) {
        gw_own_wake(gw, now_ms);
    }
}

/* By the STUN server; its answers come to socket 0 and to the open one. */
static void reach_begin(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    wick_reach_config cfg = {gw->cfg.entropy, gw->cfg.stun, o->probe_to};
    o->reaching = true;
    if (!o->open || wick_reach_init(&o->trial.reach, &cfg) != WICK_OK ||
        wick_reach_start(&o->trial.reach, now_ms) != WICK_OK) {
        probe_end(gw, now_ms, WICK_AGAIN); /* of the other family, or no randomness */
    }
}

static bool reach_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms,
                       uint64_t *deadline)
{
    wick_gateway_open *o = &gw->open;
    wick_out v;
    if (!o->reaching) {
        return false;
    }
    wick_reach_poll(&o->trial.reach, now_ms, &v);
    if (v.kind == WICK_OUT_SEND) {
        out->kind = WICK_GW_OUT_SEND;
        out->socket = v.event == 1 ? WICK_GW_SOCKET_OPEN : 0;
        out->to = v.to;
        out->bytes = v.bytes;
        return true;
    }
    if (v.kind == WICK_OUT_DONE) {
        const wick_addr *seen = wick_reach_seen(&o->trial.reach);
        if (seen->port != 0 && !gw_relay_up(gw)) {
            wick_path_reflexive(&o->path, now_ms, seen);
        }
        bool unknown = v.status == WICK_E_TIMEOUT || v.status == WICK_E_ENTROPY;
        probe_end(gw, now_ms, unknown ? WICK_AGAIN : v.status);
        *deadline = now_ms;
    } else {
        *deadline = wick_time_min(*deadline, v.deadline_ms);
    }
    return false;
}

bool gw_path_reached(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes,
                     const wick_addr *from)
{
    wick_gateway_open *o = &gw->open;
    return o->reaching && wick_reach_input(&o->trial.reach, now_ms, bytes, from,
                                           socket == WICK_GW_SOCKET_OPEN ? 1u : 0u) == WICK_AGAIN;
}

static void probe_begin(wick_gateway *gw, uint64_t now_ms, const wick_path_out *v)
{
    wick_gateway_open *o = &gw->open;
    wick_status s = WICK_AGAIN;
    o->probing = (uint8_t)v->source;
    o->probe_to = v->addr;
    if (!gw_relay_up(gw) && gw_standby_relayed(gw) == NULL && gw->cfg.stun.port != 0) {
        reach_begin(gw, now_ms);
        return;
    }
    o->probe_via = gw_relay_up(gw) ? gw_main_via(gw) : gw_standby_via(gw);
    o->trial.probe.until_ms = now_ms + PROBE_TIME_MS;
    o->trial.probe.due_ms = now_ms;
    if (o->open && wick_turn_is_allocated(&gw->turn[o->probe_via])) {
        s = gw->cfg.entropy->fill(gw->cfg.entropy->ctx, o->trial.probe.bytes + 4, PROBE_BYTES - 4);
        s = s == WICK_OK ? wick_turn_permit(&gw->turn[o->probe_via], now_ms, &o->probe_to)
                         : WICK_AGAIN;
        memcpy(o->trial.probe.bytes, PROBE_HEAD, 4);
    }
    if (s != WICK_OK) {
        probe_end(gw, now_ms, WICK_AGAIN); /* no room, or nobody to try with: later */
    }
}

static uint64_t probe_tick(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    if (o->probing == WICK_PATH_NONE || o->reaching) {
        return WICK_TIME_NEVER(now_ms);
    }
    if (wick_time_reached(now_ms, o->trial.probe.until_ms)) {
        probe_end(gw, now_ms, WICK_E_NAT_UNREACHED);
        return now_ms;
    }
    if (wick_time_reached(now_ms, o->trial.probe.due_ms)) {
        o->send_probe = true;
        o->trial.probe.due_ms = now_ms + PROBE_PERIOD_MS;
    }
    return wick_time_min(o->trial.probe.due_ms, o->trial.probe.until_ms);
}

static bool probe_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    if (!o->send_probe) {
        return false;
    }
    o->send_probe = false;
    wick_status s = gw_path_send(gw, out, wick_span_make(o->trial.probe.bytes, PROBE_BYTES), now_ms,
                                 o->probe_via, &o->probe_to);
    if (s == WICK_E_TURN_FORBIDDEN) {
        probe_end(gw, now_ms, s);
    } else if (s == WICK_E_STATE || s == WICK_E_NOT_FOUND) {
        probe_end(gw, now_ms, WICK_AGAIN); /* the allocation is gone */
    }
    return s == WICK_OK;
}

/* ------------------------------------------------------------------ the router */

/* What the router does with the open socket it may have done with all of them. */
static void probe_relays(wick_gateway *gw, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        if (gw->turn_used[i]) {
            wick_turn_probe(&gw->turn[i], now_ms);
        }
    }
}

static void pcp_event(wick_gateway *gw, uint64_t now_ms, const wick_out *e)
{
    wick_gateway_open *o = &gw->open;
    bool natpmp = wick_pcp_client_is_natpmp(&o->pcp);
    wick_path_source source = natpmp ? WICK_PATH_NATPMP : WICK_PATH_PCP;
    bool held = wick_pcp_client_external(&o->pcp, o->mapping) != NULL;
    bool about_one = e->event == WICK_PCP_EV_MAPPED || e->event == WICK_PCP_EV_CHANGED ||
                     e->event == WICK_PCP_EV_HINT || e->event == WICK_PCP_EV_FAILED ||
                     e->event == WICK_PCP_EV_LOST || e->event == WICK_PCP_EV_DELETED;
    if (about_one && gw_service_mapping(gw, now_ms, wick_pcp_client_event_id(&o->pcp))) {
        return;
    }
    switch (e->event) {
    case WICK_PCP_EV_MAPPED:
    case WICK_PCP_EV_CHANGED:
        wick_path_withdraw(&o->path, now_ms, natpmp ? WICK_PATH_PCP : WICK_PATH_NATPMP, WICK_AGAIN);
        wick_path_offer(&o->path, now_ms, source, &e->to, false);
        wick_path_doubt(&o->path, now_ms, source);
        if (e->event == WICK_PCP_EV_CHANGED) {
            probe_relays(gw, now_ms);
        }
        break;
    case WICK_PCP_EV_FAILED:
    case WICK_PCP_EV_LOST:
        if (!held) {
            wick_path_withdraw(&o->path, now_ms, WICK_PATH_PCP, e->status);
            wick_path_withdraw(&o->path, now_ms, WICK_PATH_NATPMP, e->status);
        }
        if (e->status == WICK_E_PCP_ADDRESS) { /* ADDRESS_MISMATCH: translated on the way */
            gw_event(gw, WICK_GW_EV_PATH_CHANGED, WICK_E_NAT_DOUBLE, WICK_GW_NO_SESSION);
        }
        break;
    case WICK_PCP_EV_SILENT:
        if (!held) {
            wick_path_withdraw(&o->path, now_ms, WICK_PATH_PCP, WICK_E_TIMEOUT);
        }
        break;
    case WICK_PCP_EV_SERVER_RESET:
        probe_relays(gw, now_ms);
        wick_path_doubt(&o->path, now_ms, WICK_PATH_NONE);
        break;
    default:
        break;
    }
}

static void ask_router(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    wick_pcp_want want;
    unsigned id = 0;
    if (!o->asking || !o->open || o->mapped || gw->stopping) {
        return;
    }
    memset(&want, 0, sizeof want);
    want.protocol = WICK_PROTOCOL_UDP;
    want.internal_port = o->port;
    o->mapped = wick_pcp_client_map(&o->pcp, &id, now_ms, &want) == WICK_OK;
    o->mapping = (uint8_t)id;
    gw_service_map(gw, now_ms);
}

static void find_router(wick_gateway *gw, uint64_t now_ms, const wick_addr *local,
                        const wick_addr *router)
{
    wick_gateway_open *o = &gw->open;
    wick_pcp_client_config cfg;
    bool same_router = o->asking && wick_addr_equal(router, &o->router);
    if (same_router && wick_addr_same_ip(local, &o->local)) {
        return;
    }
    o->local = *local;
    o->router = *router;
    wick_path_withdraw(&o->path, now_ms, WICK_PATH_PCP, WICK_AGAIN);
    wick_path_withdraw(&o->path, now_ms, WICK_PATH_NATPMP, WICK_AGAIN);
    if (same_router) {
        wick_pcp_client_set_address(&o->pcp, now_ms, local);
        return;
    }
    o->mapped = false;
    gw_service_unmapped(gw);
    o->asking = is_set(router);
    if (o->asking) {
        memset(&cfg, 0, sizeof cfg);
        cfg.entropy = gw->cfg.entropy;
        cfg.store = gw->cfg.store;
        cfg.store_key = STORE_PCP;
        cfg.servers = &o->router;
        cfg.server_count = 1;
        cfg.client = *local;
        cfg.watch_s = WATCH_S;
        o->asking = wick_pcp_client_init(&o->pcp, &cfg) == WICK_OK;
    }
    if (o->asking) {
        wick_path_expect(&o->path, now_ms, WICK_PATH_PCP);
        ask_router(gw, now_ms);
    }
}

/* ------------------------------------------------------------------ the open socket */

static void offer_own(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    if (!is_set(&o->own)) {
        wick_path_withdraw(&o->path, now_ms, WICK_PATH_DIRECT, WICK_AGAIN);
    } else if (o->open) {
        wick_addr at = o->own;
        at.port = o->port;
        wick_path_offer(&o->path, now_ms, WICK_PATH_DIRECT, &at, false);
    } else {
        wick_path_expect(&o->path, now_ms, WICK_PATH_DIRECT);
    }
}

static void open_socket(wick_gateway *gw)
{
    wick_gateway_open *o = &gw->open;
    if (o->open || o->opening || !wanted(gw) || (!o->asking && !is_set(&o->own))) {
        return;
    }
    uint16_t kept = gw->cfg.open_port != 0 ? gw->cfg.open_port : o->kept_port;
    o->port = kept != 0 ? kept : (uint16_t)(PORT_MIN + gw_random(gw) % PORT_SPAN);
    o->opening = true;
    gw->socket_new[WICK_GW_SOCKET_OPEN] = true;
}

void wick_gateway_opened(wick_gateway *gw, uint64_t now_ms, uint8_t socket, uint16_t port)
{
    wick_gateway_open *o = &gw->open;
    if (socket != WICK_GW_SOCKET_OPEN || !o->opening) {
        return;
    }
    o->opening = false;
    if (port == 0) {
        if (!o->reopened) { /* somebody else has that port: any one will do, once */
            o->reopened = true;
            o->opening = true;
            o->port = 0;
            gw->socket_new[WICK_GW_SOCKET_OPEN] = true;
        }
        return;
    }
    o->open = true;
    o->port = port;
    if (port != o->kept_port) {
        o->kept_port = port;
        gw_keep(gw);
    }
    offer_own(gw, now_ms);
    ask_router(gw, now_ms);
}

/* ------------------------------------------------------------------ the network */

/* Interfaces come in the order of the system; one with a default gateway is the way out. */
static void choose_own(const wick_gateway *gw, const wick_netif *list, size_t count, wick_addr *own,
                       wick_addr *local, wick_addr *router)
{
    *own = *local = *router = nowhere;
    for (size_t i = 0; i < count; i++) {
        const wick_netif *n = &list[i];
        bool v4 = wick_addr_is_v4(&n->addr), out = is_set(&n->gateway);
        bool is_public = wick_addr_is_public(&n->addr);
        if (is_public && !gw->cfg.no_direct && (!is_set(own) || (v4 && !wick_addr_is_v4(own)))) {
            *own = n->addr;
            own->port = 0;
        }
        /* A host with a public IPv4 address needs no mapping; one with IPv6 may need a pinhole. */
        if (gw->cfg.no_pcp || (v4 && is_public) || (!out && !is_set(&gw->cfg.pcp_server)) ||
            (is_set(&gw->cfg.pcp_server) && v4 != wick_addr_is_v4(&gw->cfg.pcp_server))) {
            continue;
        }
        if (!is_set(local) || (v4 && !wick_addr_is_v4(local))) {
            *local = n->addr;
            *router = is_set(&gw->cfg.pcp_server) ? gw->cfg.pcp_server : n->gateway;
        }
    }
    if (is_set(own) && wick_addr_is_v4(own) && is_set(local) && !wick_addr_is_v4(local)) {
        *local = *router = nowhere; /* the public address will do */
    }
}

void gw_path_start(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    if (gw->cfg.stun.port != 0) {
        wick_path_judge(&o->path, now_ms, true);
    }
    if (wanted(gw) && o->begun) {
        find_router(gw, now_ms, &o->seen_local, &o->seen_router);
        offer_own(gw, now_ms);
        open_socket(gw);
        ask_router(gw, now_ms); /* also for a mapping that is being given back */
    }
}

void wick_gateway_interfaces(wick_gateway *gw, uint64_t now_ms, const wick_netif *list,
                             size_t count)
{
    wick_gateway_open *o = &gw->open;
    wick_addr own = o->own, local = o->seen_local, router = o->seen_router;
    choose_own(gw, list, count, &o->own, &o->seen_local, &o->seen_router);
    bool same = wick_addr_same_ip(&own, &o->own) && wick_addr_same_ip(&local, &o->seen_local) &&
                wick_addr_same_ip(&router, &o->seen_router);
    bool first = !o->begun;
    o->begun = true;
    if (same && !first) {
        return;
    }
    gw_path_start(gw, now_ms);
    if (!first) {
        gw_relay_rehome(gw, now_ms);
        wick_path_doubt(&o->path, now_ms, WICK_PATH_NONE);
    }
}

void gw_path_init(wick_gateway *gw)
{
    wick_path_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.allow_private = gw->cfg.allow_private_relay;
    wick_path_init(&gw->open.path, &cfg);
}

void gw_path_stop(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    if (o->asking) {
        wick_pcp_client_release(&o->pcp, now_ms);
    }
    o->probing = WICK_PATH_NONE;
    o->send_probe = o->reaching = false;
    o->mapped = false; /* the next start asks again */
    gw_service_unmapped(gw);
    for (unsigned i = WICK_PATH_DIRECT; i < WICK_PATH_SOURCES; i++) {
        wick_path_withdraw(&o->path, now_ms, (wick_path_source)i, WICK_AGAIN);
    }
}

bool gw_path_released(const wick_gateway *gw)
{
    return !gw->open.asking;
}

void gw_path_mapping_changed(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    wick_path_reflexive(&o->path, now_ms, wick_turn_mapped(gw_main(gw)));
    if (o->asking && !gw->stopping) {
        wick_pcp_client_check(&o->pcp, now_ms);
    }
}

bool gw_path_input(wick_gateway *gw, uint64_t now_ms, uint8_t socket, wick_span bytes,
                   const wick_addr *from)
{
    wick_gateway_open *o = &gw->open;
    if (socket == WICK_GW_SOCKET_ROUTER) {
        wick_status s = o->asking ? wick_pcp_client_input(&o->pcp, now_ms, bytes, from) : WICK_OK;
        (void)s; /* what is not ours is dropped there */
        return true;
    }
    if (gw_path_reached(gw, now_ms, socket, bytes, from)) {
        return true;
    }
    if (o->probing != WICK_PATH_NONE && !o->reaching && bytes.len == PROBE_BYTES &&
        memcmp(bytes.ptr, o->trial.probe.bytes, PROBE_BYTES) == 0) {
        probe_end(gw, now_ms, WICK_OK);
        return true;
    }
    return false;
}

uint64_t gw_path_tick(wick_gateway *gw, uint64_t now_ms)
{
    wick_path_out v;
    uint64_t next = probe_tick(gw, now_ms);
    if (gw->stopping || (gw->goals & (WICK_GW_GOAL_PATH | WICK_GW_GOAL_PUBLISH)) == 0) {
        return next;
    }
    for (;;) {
        wick_path_poll(&gw->open.path, now_ms, &v);
        if (v.kind == WICK_PATH_OUT_WAIT) {
            return wick_time_min(next, v.deadline_ms);
        }
        if (v.kind == WICK_PATH_OUT_VERIFY) {
            probe_begin(gw, now_ms, &v);
            next = now_ms;
        } else if (v.kind == WICK_PATH_OUT_DOUBLE) {
            gw_event(gw, WICK_GW_EV_PATH_CHANGED, WICK_E_NAT_DOUBLE, WICK_GW_NO_SESSION);
        } else if (v.source != WICK_PATH_NONE) {
            tell(gw, now_ms);
        }
    }
}

bool gw_path_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline)
{
    wick_gateway_open *o = &gw->open;
    while (o->asking && (o->open || gw->stopping)) {
        wick_out p;
        memset(&p, 0, sizeof p);
        wick_pcp_client_poll(&o->pcp, now_ms, &p);
        if (p.kind == WICK_OUT_SEND) {
            out->kind = WICK_GW_OUT_SEND;
            out->socket = WICK_GW_SOCKET_ROUTER;
            out->to = p.to;
            out->bytes = p.bytes;
            return true;
        }
        if (p.kind == WICK_OUT_EVENT) {
            pcp_event(gw, now_ms, &p);
            *deadline = now_ms;
            continue;
        }
        if (p.kind == WICK_OUT_DONE) {
            o->asking = false;
            o->mapped = false;
            gw_service_unmapped(gw);
            break;
        }
        *deadline = wick_time_min(*deadline, p.deadline_ms);
        break;
    }
    return reach_poll(gw, out, now_ms, deadline) || probe_poll(gw, out, now_ms);
}

void gw_path_tell_event(const wick_gateway *gw, wick_gateway_event *e)
{
    const wick_path *p = &gw->open.path;
    e->addr = wick_path_primary(p)->addr;
    e->source = wick_path_primary(p)->source;
    e->endpoint_kind = gw_path_kind(e->source);
    e->standby = wick_path_standby(p)->addr;
    e->standby_kind = gw_path_kind(wick_path_standby(p)->source);
    for (unsigned i = WICK_PATH_DIRECT; e->status == WICK_E_NAT_DOUBLE && i <= WICK_PATH_NATPMP; i++) {
        if (p->claim[i].double_told) {
            e->source = (uint8_t)i;
            e->addr = p->claim[i].addr;
            e->endpoint_kind = gw_path_kind((uint8_t)i);
            break;
        }
    }
}

void wick_gateway_path_look(const wick_gateway *gw, wick_gateway_path_state *out)
{
    const wick_gateway_open *o = &gw->open;
    memset(out, 0, sizeof *out);
    out->source = wick_path_primary(&o->path)->source;
    out->standby_source = wick_path_standby(&o->path)->source;
    out->primary = wick_path_primary(&o->path)->addr;
    out->standby = wick_path_standby(&o->path)->addr;
    out->open_port = o->open ? o->port : 0;
    out->natpmp = o->asking && wick_pcp_client_is_natpmp(&o->pcp);
    out->router = o->asking ? o->router : nowhere;
    out->local = o->asking ? o->local : o->own;
    for (unsigned i = 0; i < WICK_PATH_SOURCES; i++) {
        out->claim[i].state = (uint8_t)wick_path_look(&o->path, (wick_path_source)i,
                                                      &out->claim[i].addr, &out->claim[i].status);
        out->double_nat = out->double_nat || o->path.claim[i].double_told;
    }
    gw_relay_describe(gw, out);
}

#else /* relays only */

bool gw_path_up(const wick_gateway *gw)
{
    return gw_relay_up(gw);
}

const wick_addr *gw_path_endpoint(const wick_gateway *gw, unsigned index, uint8_t *source)
{
    const wick_addr *warm = gw_standby_relayed(gw);
    *source = index == 0 ? WICK_PATH_RELAY : WICK_PATH_RELAY2;
    return index == 0 ? (gw_relay_up(gw) ? wick_turn_relayed(gw_main(gw)) : NULL) : warm;
}

bool gw_path_is_relayed(const wick_gateway *gw)
{
    (void)gw;
    return true;
}

void gw_path_relays(wick_gateway *gw, uint64_t now_ms)
{
    if (gw_relay_up(gw)) {
        tell(gw, now_ms);
    }
}

void gw_path_tell_event(const wick_gateway *gw, wick_gateway_event *e)
{
    const wick_addr *warm = gw_standby_relayed(gw);
    e->addr = *wick_turn_relayed(gw_main(gw));
    e->source = WICK_PATH_RELAY;
    e->endpoint_kind = WICK_ENDPOINT_RELAY;
    if (warm != NULL) {
        e->standby = *warm;
        e->standby_kind = WICK_ENDPOINT_RELAY;
    }
}

void wick_gateway_interfaces(wick_gateway *gw, uint64_t now_ms, const wick_netif *list,
                             size_t count)
{
    (void)list;
    (void)count;
    gw_relay_rehome(gw, now_ms);
}

void wick_gateway_opened(wick_gateway *gw, uint64_t now_ms, uint8_t socket, uint16_t port)
{
    (void)gw;
    (void)now_ms;
    (void)socket;
    (void)port;
}

void wick_gateway_path_look(const wick_gateway *gw, wick_gateway_path_state *out)
{
    memset(out, 0, sizeof *out);
    const wick_addr *at = gw_path_endpoint(gw, 0, &out->source);
    out->source = at != NULL ? (uint8_t)WICK_PATH_RELAY : (uint8_t)WICK_PATH_NONE;
    if (at != NULL) {
        out->primary = *at;
    }
    gw_relay_describe(gw, out);
}

#endif

void wick_gateway_refused(wick_gateway *gw, uint64_t now_ms, uint8_t socket, const wick_addr *to)
{
#if WICK_WITH_PATH
    wick_gateway_open *o = &gw->open;
    if (socket == WICK_GW_SOCKET_ROUTER && wick_addr_same_ip(to, &o->router) &&
        (!o->mapped || wick_pcp_client_external(&o->pcp, o->mapping) == NULL)) {
        wick_path_withdraw(&o->path, now_ms, WICK_PATH_PCP, WICK_E_NET); /* no longer waited for */
    }
#endif
    if (socket < WICK_GW_TURNS && gw->turn_used[socket] &&
        gw_over(gw, socket) == WICK_GW_OVER_UDP &&
        wick_addr_equal(to, wick_turn_server(&gw->turn[socket]))) {
        wick_turn_refused(&gw->turn[socket], now_ms);
    }
#if WICK_WITH_DIRECT
    gw_ways_refused(gw, now_ms, (uint8_t)(VIA_DIRECT | socket), to);
#endif
}
