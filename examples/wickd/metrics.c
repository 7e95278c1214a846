/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for Prometheus. Names end in their unit, and in _total where they only rise. */
#include <inttypes.h>

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

void metrics_write(wickd *d, FILE *f)
{
    unsigned up = 0;
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        up += d->session[i].used ? 1u : 0u;
    }
    put(f, "uptime_seconds", "gauge", "Time since the start",
        (agent_now(&d->agent) - d->started_ms) / 1000);
    put_reached(f, d);
    put(f, "trust_stale", "gauge", "1 while nodes give only headers that are too old",
        d->agent.gateway.trust_stale ? 1 : 0);
    put(f, "sessions", "gauge", "Sessions with peers", up);
    put(f, "sessions_total", "counter", "Sessions set up", d->seen[WICK_GW_EV_SESSION_UP]);
    put_lookups(f, &d->lookups);
    put_traffic(f, &d->agent.driver.stats);
    put(f, "socket_clients", "gauge", "Clients of the socket", server_clients(&d->server, false));
    put(f, "socket_requests_total", "counter", "Lines of clients", d->server.lines);
    put(f, "socket_refused_total", "counter", "Clients turned away at the door",
        d->server.refused);
}
