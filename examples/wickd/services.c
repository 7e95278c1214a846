/* SPDX-License-Identifier: Apache-2.0 */
/* Services of local applications: what the socket and wick.conf ask the agent to publish. */
#include <string.h>

#include "daemon.h"
#include "wick/service.h"

static const char *kind_name(const wick_service_state *v)
{
    static const char *const names[] = {"none", "direct", "pcp", "relay"};
    return v->has_endpoint && v->kind < sizeof names / sizeof names[0] ? names[v->kind] : names[0];
}

static void put_service(out_rec *o, const wick_service_state *v)
{
    out_str(o, "service", v->name);
    out_str(o, "transport", v->protocol == WICK_PROTOCOL_TCP ? "tcp" : "udp");
    out_u64(o, "port", v->port);
    out_bool(o, "published", v->published);
    out_bool(o, "leaving", v->leaving);
    out_str(o, "kind", kind_name(v));
    if (v->has_endpoint) {
        out_addr(o, "endpoint", &v->addr);
    }
    out_u64(o, "seq", v->seq);
    out_u64(o, "expires", v->expires);
}

void services_put(wickd *d, out_rec *o)
{
    wick_service_state v;
    out_open(o, "services", true);
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        if (wick_service_look(&d->agent.gateway, &v, i) == WICK_OK) {
            out_open(o, NULL, false);
            put_service(o, &v);
            out_close(o, false);
        }
    }
    out_close(o, true);
}

static bool find(const wickd *d, wick_service_state *v, const char *name)
{
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        if (wick_service_look(&d->agent.gateway, v, i) == WICK_OK && strcmp(v->name, name) == 0) {
            return true;
        }
    }
    return false;
}

void services_publish(wickd *d, unsigned client)
{
    const wickd_request *q = &d->asked[client];
    wick_service_spec spec = {.name = q->name,
                              .protocol = q->transport,
                              .port = q->port,
                              .addr = q->address,
                              .expires_s = q->expires_s};
    wick_service_state v;
    out_rec o;
    wick_status s = wick_service_publish(&d->agent.gateway, agent_now(&d->agent), &spec);
    if (s != WICK_OK) {
        ops_refuse(d, client, s,
                   s == WICK_E_STATE     ? "this daemon does not publish: [wickd] serve = no"
                   : s == WICK_E_BAD_ARG ? "a port or an address is missing, or the port is the agent's"
                                         : "");
        return;
    }
    if (ops_begin(d, &o, client, true)) {
        if (find(d, &v, q->name)) {
            put_service(&o, &v);
        }
        ops_end(d, &o, client);
    }
}

void services_unpublish(wickd *d, unsigned client)
{
    out_rec o;
    wick_status s = wick_service_unpublish(&d->agent.gateway, agent_now(&d->agent),
                                           d->asked[client].name);
    if (s != WICK_OK) {
        ops_refuse(d, client, s, "no such service is published here");
    } else if (ops_begin(d, &o, client, true)) {
        out_str(&o, "service", d->asked[client].name);
        ops_end(d, &o, client);
    }
}
