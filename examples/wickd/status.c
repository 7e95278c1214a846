/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of "status", "sessions" and "path". */
#include <string.h>
#include <unistd.h>

#include "daemon.h"

#ifndef WICK_VERSION
#define WICK_VERSION "0"
#endif

/* The last of a kind of event: what it said, or why not, and how long ago. */
static void put_last(wickd *d, out_rec *o, const char *key, wick_gateway_event_kind kind)
{
    const wick_gateway_event *e = &d->last[kind];
    if (d->seen[kind] == 0) {
        return;
    }
    out_open(o, key, false);
    out_bool(o, "ok", e->status == WICK_OK);
    out_u64(o, "since_s", (agent_now(&d->agent) - d->last_ms[kind]) / 1000);
    if (e->status == WICK_OK) {
        agent_event_put(o, e);
    } else {
        out_str(o, "code", wick_status_str(e->status));
        out_str(o, "error", wick_status_cause(e->status));
        out_str(o, "remedy", wick_status_remedy(e->status));
        out_bool(o, "final", e->final);
    }
    out_close(o, false);
}

static void put_counters(const wickd *d, out_rec *o)
{
    const wick_driver_stats *t = &d->agent.driver.stats;
    out_open(o, "counters", false);
    out_u64(o, "lookups", d->lookups.asked);
    out_u64(o, "lookups_failed", d->lookups.failed);
    out_u64(o, "lookups_grace", d->lookups.from_grace);
    out_u64(o, "sessions", d->seen[WICK_GW_EV_SESSION_UP]);
    out_u64(o, "carried_in", d->carry.taken);
    out_u64(o, "trust_stale", d->seen[WICK_GW_EV_TRUST_STALE]);
    out_u64(o, "clients", d->server.accepted);
    out_u64(o, "clients_refused", d->server.refused);
    out_u64(o, "requests", d->server.lines);
    out_u64(o, "store_writes", d->agent.linux_store.writes);
    out_u64(o, "udp_bytes", t->udp_tx_bytes + t->udp_rx_bytes);
    out_u64(o, "rpc_bytes", t->rpc_tx_bytes + t->rpc_rx_bytes);
    out_u64(o, "rpc_calls", t->rpc_calls);
    out_u64(o, "wallet_calls", t->wallet_calls);
    out_close(o, false);
}

static unsigned sessions_up(const wickd *d)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        n += d->session[i].used ? 1u : 0u;
    }
    return n;
}

void status_put(wickd *d, out_rec *o)
{
    const agent *a = &d->agent;
    out_str(o, "version", WICK_VERSION);
    out_u64(o, "pid", (uint64_t)getpid());
    out_u64(o, "uptime_s", (agent_now(a) - d->started_ms) / 1000);
    out_str(o, "name", a->host.conf.identity.name);
    out_hex(o, "id", a->gateway.id, sizeof a->gateway.id);
    out_hex(o, "wallet", a->gateway.wallet, sizeof a->gateway.wallet);
    out_bool(o, "serve", a->host.conf.wickd.serve);
    out_bool(o, "ready", d->ready);
    put_last(d, o, "registered", WICK_GW_EV_REGISTERED);
    put_last(d, o, "path", WICK_GW_EV_PATH_CHANGED);
    put_last(d, o, "published", WICK_GW_EV_PUBLISHED);
    put_last(d, o, "publish_failed", WICK_GW_EV_PUBLISH_FAILED);
    out_bool(o, "trust_stale", a->gateway.trust_stale);
    out_u64(o, "sessions", sessions_up(d));
    out_u64(o, "clients", server_clients(&d->server, false));
    status_put_leaves(d, o);
    put_counters(d, o);
    light_put(d, o);
}

void status_put_leaves(wickd *d, out_rec *o)
{
    uint64_t now_ms = agent_now(&d->agent);
    const leaves *l = &d->leaves;
    if (!l->open) {
        return;
    }
    out_open(o, "leaves", true);
    for (uint8_t i = 0; i < WICK_LEAVES_MAX; i++) {
        wick_leaf_port_status st = wick_leaf_port_leaf(&l->port, i);
        if (st.up) {
            out_open(o, NULL, false);
            out_str(o, "leaf", st.name);
            out_addr(o, "from", &st.from);
            out_str(o, "suite", st.suite);
            out_u64(o, "age_s", (now_ms - st.since_ms) / 1000);
            out_u64(o, "silent_s", (now_ms - st.heard_ms) / 1000);
            out_u64(o, "rx", st.rx);
            out_u64(o, "tx", st.tx);
            out_close(o, false);
        }
    }
    out_close(o, true);
    out_open(o, "leaf_counters", false);
    out_u64(o, "sessions", l->port.sessions);
    out_u64(o, "refused", l->port.refused);
    out_u64(o, "dropped", l->port.dropped);
    out_u64(o, "requests", l->service.asked);
    out_u64(o, "answered", l->service.answered);
    out_u64(o, "keys", l->keys);
    out_u64(o, "tickets", l->tickets);
    out_u64(o, "proofs", l->proofs);
    out_u64(o, "bundles_made", l->bundles.made);
    out_u64(o, "bundles_failed", l->bundles.failed);
    out_u64(o, "blocks", l->firmware.blocks);
    out_u64(o, "releases", l->firmware.releases);
    out_u64(o, "blocks_fetched", l->firmware.fetched);
    out_u64(o, "carried", l->carried);
    out_close(o, false);
}

/* One place where peers can get in, as far as it is known. */
static void put_way(out_rec *o, const wick_gateway_path_state *p, wick_path_source source)
{
    static const char *const states[] = {"absent", "claimed", "verifying", "good", "bad"};
    unsigned state = p->claim[source].state;
    wick_status why = p->claim[source].status;
    out_open(o, NULL, false);
    out_str(o, "source", wick_path_source_str(source));
    out_str(o, "state", state < sizeof states / sizeof states[0] ? states[state] : "");
    if (state != WICK_PATH_ABSENT) {
        out_addr(o, "addr", &p->claim[source].addr);
    }
    out_str(o, "code", why != WICK_OK && why != WICK_AGAIN ? wick_status_str(why) : "");
    out_close(o, false);
}

void status_put_path(wickd *d, out_rec *o)
{
    static const char *const overs[] = {"udp", "tcp", "tls"}; /* as wick_gateway_over */
    wick_gateway_path_state p;
    wick_gateway_path_look(&d->agent.gateway, &p);
    out_str(o, "source", wick_path_source_str((wick_path_source)p.source));
    out_addr(o, "endpoint", &p.primary);
    out_str(o, "standby_source", wick_path_source_str((wick_path_source)p.standby_source));
    out_addr(o, "standby", &p.standby);
    out_addr(o, "reflexive", &p.reflexive);
    out_addr(o, "relay", &p.relay);
    if (p.relay.port != 0) {
        out_str(o, "relay_over", overs[p.relay_over < WICK_GW_OVER_AUTO ? p.relay_over : 0]);
    }
    out_addr(o, "second_relay", &p.relay2);
    out_addr(o, "router", &p.router);
    out_addr(o, "local", &p.local);
    out_u64(o, "open_port", p.open_port);
    out_bool(o, "double_nat", p.double_nat);
    out_open(o, "ways", true);
    for (unsigned i = WICK_PATH_DIRECT; i < WICK_PATH_SOURCES; i++) {
        put_way(o, &p, (wick_path_source)i);
    }
    out_close(o, true);
}

void status_put_sessions(wickd *d, out_rec *o)
{
    uint64_t now_ms = agent_now(&d->agent);
    out_open(o, "sessions", true);
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wickd_session *s = &d->session[i];
        if (!s->used) {
            continue;
        }
        out_open(o, NULL, false);
        out_u64(o, "session", i);
        out_hex(o, "peer", s->peer, sizeof s->peer);
        if (s->leaf[0] != '\0') {
            out_str(o, "leaf", s->leaf); /* of the gateway `peer` */
        }
        out_addr(o, "from", &s->addr);
        out_str(o, "role", s->initiator ? "initiator" : "responder");
        wick_gateway_path path;
        if (wick_gateway_session_path(&d->agent.gateway, &path, (uint8_t)i) == WICK_OK) {
            out_str(o, "path", wick_direct_kind_str(path.kind));
            out_addr(o, "path_addr", &path.addr);
            out_u64(o, "rtt_ms", path.rtt_ms);
        }
        out_bool(o, "open", s->open);
        out_str(o, "suite", wick_driver_suite(&d->agent.driver, (uint8_t)i));
        out_u64(o, "age_s", (now_ms - s->since_ms) / 1000);
        out_u64(o, "rx_bytes", s->rx_bytes);
        out_u64(o, "rx_messages", s->rx_messages);
        out_close(o, false);
    }
    out_close(o, true);
}
