/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for Prometheus. Names end in their unit, and in _total where they only rise. */
#include <inttypes.h>
#include <string.h>

#include "daemon.h"

static void head(FILE *f, const char *name, const char *type, const char *help)
{
    fprintf(f, "# HELP wick_%s %s\n# TYPE wick_%s %s\n", name, help, name, type);
}

static void put(FILE *f, const char *name, const char *type, const char *help, uint64_t value)
{
    head(f, name, type, help);
    fprintf(f, "wick_%s %" PRIu64 "\n", name, value);
}

static void put_reached(FILE *f, const wickd *d)
{
    head(f, "reached", "gauge", "What the gateway has reached of what it works for");
    fprintf(f, "wick_reached{goal=\"registered\"} %d\n", d->registered ? 1 : 0);
    fprintf(f, "wick_reached{goal=\"path\"} %d\n", d->path ? 1 : 0);
    fprintf(f, "wick_reached{goal=\"published\"} %d\n", d->published ? 1 : 0);
    fprintf(f, "wick_reached{goal=\"all\"} %d\n", d->ready ? 1 : 0);
}

static void put_path(FILE *f, const wickd *d)
{
    wick_gateway_path_state p;
    wick_gateway_path_look(&d->agent.gateway, &p);
    head(f, "path", "gauge", "1 for where peers get in, and for the standby");
    for (unsigned i = WICK_PATH_DIRECT; i < WICK_PATH_SOURCES; i++) {
        const char *name = wick_path_source_str((wick_path_source)i);
        fprintf(f, "wick_path{place=\"primary\",source=\"%s\"} %d\n", name, p.source == i ? 1 : 0);
        fprintf(f, "wick_path{place=\"standby\",source=\"%s\"} %d\n", name,
                p.standby_source == i ? 1 : 0);
    }
    put(f, "double_nat", "gauge", "1 if the router is behind another one", p.double_nat ? 1 : 0);
}

static void put_traffic(FILE *f, const wick_driver_stats *t)
{
    head(f, "bytes_total", "counter", "Bytes sent and received");
    fprintf(f, "wick_bytes_total{kind=\"udp\",way=\"tx\"} %" PRIu64 "\n", t->udp_tx_bytes);
    fprintf(f, "wick_bytes_total{kind=\"udp\",way=\"rx\"} %" PRIu64 "\n", t->udp_rx_bytes);
    fprintf(f, "wick_bytes_total{kind=\"rpc\",way=\"tx\"} %" PRIu64 "\n", t->rpc_tx_bytes);
    fprintf(f, "wick_bytes_total{kind=\"rpc\",way=\"rx\"} %" PRIu64 "\n", t->rpc_rx_bytes);
    fprintf(f, "wick_bytes_total{kind=\"wallet\",way=\"tx\"} %" PRIu64 "\n", t->wallet_tx_bytes);
    fprintf(f, "wick_bytes_total{kind=\"wallet\",way=\"rx\"} %" PRIu64 "\n", t->wallet_rx_bytes);
    put(f, "rpc_calls_total", "counter", "Requests to nodes", t->rpc_calls);
    put(f, "wallet_calls_total", "counter", "Requests to the wallet manager", t->wallet_calls);
}

static void put_lookups(FILE *f, const lookups *l)
{
    put(f, "lookups_total", "counter", "Look-ups asked for", l->asked);
    put(f, "lookups_failed_total", "counter", "Look-ups without a usable record", l->failed);
    put(f, "lookups_grace_total", "counter", "Look-ups answered from memory in the grace time",
        l->from_grace);
}

static void put_heads(FILE *f, const wickd *d)
{
    static const char *const states[] = {"ok", "grace", "stale", "none", "conflict"};
    static const struct {
        const char *name, *help;
    } gauge[] = {{"head_block", "Newest trusted block, by chain and tier"},
                 {"head_age_seconds", "Age of that block"},
                 {"head_state", "1 for the state that it is in"}};
    for (unsigned g = 0; g < 3; g++) {
        head(f, gauge[g].name, "gauge", gauge[g].help);
        for (size_t i = 0; i < d->agent.link_count; i++) {
            light_head h[2];
            size_t n = light_heads(d, h, d->agent.links[i]);
            for (size_t k = 0; k < n; k++) {
                const char *chain = d->agent.links[i]->chain->s.name;
                const char *tier = wick_tier_str(h[k].tier);
                if (g == 0 && h[k].has) {
                    fprintf(f, "wick_head_block{chain=\"%s\",tier=\"%s\"} %" PRIu64 "\n", chain,
                            tier, h[k].header.number);
                } else if (g == 1 && h[k].has && h[k].age.known) {
                    fprintf(f, "wick_head_age_seconds{chain=\"%s\",tier=\"%s\"} %" PRIu64 "\n",
                            chain, tier, h[k].age.age_s);
                }
                for (size_t s = 0; g == 2 && s < sizeof states / sizeof states[0]; s++) {
                    fprintf(f, "wick_head_state{chain=\"%s\",tier=\"%s\",state=\"%s\"} %d\n",
                            chain, tier, states[s], strcmp(states[s], light_state(&h[k])) == 0);
                }
            }
        }
    }
}

static void put_node(FILE *f, const char *chain, const char *kind, unsigned index,
                     const wick_health *h)
{
    static const char *const names[] = {"good", "failed", "limited", "untrue"};
    const uint32_t value[] = {h->good, h->failed, h->limited, h->untrue};
    for (unsigned i = 0; i < 4; i++) {
        fprintf(f,
                "wick_node_answers_total{chain=\"%s\",kind=\"%s\",node=\"%u\",answer=\"%s\"} %" PRIu32
                "\n",
                chain, kind, index, names[i], value[i]);
    }
}

static void put_nodes(FILE *f, const wickd *d)
{
    head(f, "node_answers_total", "counter",
         "Answers of nodes; node is the place in wick.conf, as a URL may hold a key");
    for (size_t i = 0; i < d->agent.link_count; i++) {
        const chain_link *l = d->agent.links[i];
        for (unsigned k = 0; k < l->pool.count; k++) {
            put_node(f, l->chain->s.name, "execution", k, &l->pool.source[k].health);
        }
        for (unsigned k = 0; l->has_beacon && k < l->api.count; k++) {
            put_node(f, l->chain->s.name, "beacon", k, &l->api.source[k].health);
        }
    }
}

void metrics_write(wickd *d, FILE *f)
{
    unsigned up = 0;
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        up += d->session[i].used ? 1u : 0u;
    }
    put(f, "uptime_seconds", "gauge", "Time since the start",
        (agent_now(&d->agent) - d->started_ms) / 1000);
    put_reached(f, d);
    put_path(f, d);
    put(f, "trust_stale", "gauge", "1 while nodes give only headers that are too old",
        d->agent.gateway.trust_stale ? 1 : 0);
    put(f, "sessions", "gauge", "Sessions with peers", up);
    put(f, "sessions_total", "counter", "Sessions set up", d->seen[WICK_GW_EV_SESSION_UP]);
    put_heads(f, d);
    put_nodes(f, d);
    put_lookups(f, &d->lookups);
    put(f, "store_writes_total", "counter", "Values written to the store",
        d->agent.linux_store.writes);
    put_traffic(f, &d->agent.driver.stats);
    put(f, "socket_clients", "gauge", "Clients of the socket", server_clients(&d->server, false));
    put(f, "socket_requests_total", "counter", "Lines of clients", d->server.lines);
    put(f, "socket_refused_total", "counter", "Clients turned away at the door",
        d->server.refused);
}
