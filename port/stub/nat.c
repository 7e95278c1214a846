/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NATs of the stub world, in the terms of RFC 4787: what a mapping and what a filter depend on, how
 * ports are chosen, when a flow ends. A flow is one (internal, remote) pair with its external port;
 * flows of one mapping share the port. Forwards and PCP mappings are open to everybody, and what
 * comes in through one makes a flow, so that the answer leaves from where the question came to.
 */
#include "stub_nat.h"

#include <string.h>

#include "wick/port/stub_pcp.h"

#define TIMEOUT_MS 120000u
#define UDP 17

const wick_stub_nat_kind WICK_STUB_FULL_CONE = {WICK_STUB_EI, WICK_STUB_EI, true, true, 0,
                                                false, false};
const wick_stub_nat_kind WICK_STUB_RESTRICTED_CONE = {WICK_STUB_EI, WICK_STUB_AD, true, false, 0,
                                                      false, false};
const wick_stub_nat_kind WICK_STUB_PORT_RESTRICTED = {WICK_STUB_EI, WICK_STUB_APD, true, false, 0,
                                                      false, false};
const wick_stub_nat_kind WICK_STUB_SYMMETRIC = {WICK_STUB_APD, WICK_STUB_APD, false, false, 0,
                                                false, false};
const wick_stub_nat_kind WICK_STUB_CARRIER = {WICK_STUB_EI, WICK_STUB_APD, false, true, 0, false,
                                              false};

int wick_stub_nat(wick_stub_world *w, int outer, wick_addr ip, wick_stub_nat_kind kind)
{
    if (w->nat_count == WICK_STUB_NATS) {
        return -1;
    }
    wick_stub_nat_box *n = &w->nat[w->nat_count];
    n->kind = kind;
    if (n->kind.timeout_ms == 0) {
        n->kind.timeout_ms = TIMEOUT_MS;
    }
    n->outer = outer;
    n->ip = ip;
    return (int)w->nat_count++;
}

void wick_stub_nat_reboot(wick_stub_world *w, int nat)
{
    memset(w->nat[nat].flow, 0, sizeof w->nat[nat].flow);
}

void wick_stub_nat_renumber(wick_stub_world *w, int nat, wick_addr ip)
{
    wick_stub_nat_reboot(w, nat);
    w->nat[nat].ip = ip;
}

bool wick_stub_nat_forward(wick_stub_world *w, int nat, uint16_t port, wick_addr in)
{
    wick_stub_nat_box *n = &w->nat[nat];
    unsigned at = WICK_STUB_FORWARDS;
    for (unsigned i = 0; i < WICK_STUB_FORWARDS; i++) {
        if (n->forward[i].port == port || (n->forward[i].port == 0 && at == WICK_STUB_FORWARDS)) {
            at = i;
        }
    }
    if (at == WICK_STUB_FORWARDS) {
        return false;
    }
    n->forward[at].port = in.port == 0 ? 0 : port;
    n->forward[at].in = in;
    return true;
}

/* Where what comes to `port` from `remote` goes by configuration or by PCP. */
static bool opened(const wick_stub_world *w, const wick_stub_nat_box *n, uint16_t port,
                   const wick_addr *remote, wick_addr *in)
{
    for (unsigned i = 0; i < WICK_STUB_FORWARDS; i++) {
        if (n->forward[i].port == port && port != 0) {
            *in = n->forward[i].in;
            return true;
        }
    }
    const wick_stub_pcp_mapping *m =
        n->pcp == NULL ? NULL : wick_stub_pcp_find(n->pcp, w->now_ms, UDP, port);
    if (m == NULL || (m->opcode == WICK_PCP_PEER &&
                      (remote == NULL || !wick_addr_equal(&m->remote, remote)))) {
        return false;
    }
    *in = m->internal;
    in->port = m->internal.port != 0 ? m->internal.port : port;
    return true;
}

/* The external port that `in` has by configuration or by PCP, 0: none. */
static uint16_t opened_for(const wick_stub_world *w, const wick_stub_nat_box *n,
                           const wick_addr *in)
{
    for (unsigned i = 0; i < WICK_STUB_FORWARDS; i++) {
        if (n->forward[i].port != 0 && wick_addr_equal(&n->forward[i].in, in)) {
            return n->forward[i].port;
        }
    }
    for (unsigned i = 0; n->pcp != NULL && i < WICK_STUB_PCP_MAPPINGS; i++) {
        const wick_stub_pcp_mapping *m = &n->pcp->mapping[i];
        if (m->used && m->protocol == UDP && m->opcode != WICK_PCP_PEER &&
            wick_addr_equal(&m->internal, in) &&
            wick_stub_pcp_find(n->pcp, w->now_ms, UDP, m->external_port) == m) {
            return m->external_port;
        }
    }
    return 0;
}

static bool same(wick_stub_dep dep, const wick_addr *a, const wick_addr *b)
{
    return dep == WICK_STUB_EI || (dep == WICK_STUB_AD && wick_addr_same_ip(a, b)) ||
           (dep == WICK_STUB_APD && wick_addr_equal(a, b));
}

static bool alive(const wick_stub_world *w, const wick_stub_nat_box *n, const wick_stub_flow *f)
{
    return f->ext_port != 0 && w->now_ms - f->used_ms < n->kind.timeout_ms;
}

static bool port_free(const wick_stub_world *w, const wick_stub_nat_box *n, uint16_t port)
{
    wick_addr in;
    for (unsigned i = 0; i < WICK_STUB_FLOWS; i++) {
        if (alive(w, n, &n->flow[i]) && n->flow[i].ext_port == port) {
            return false;
        }
    }
    return port >= 1024 && !opened(w, n, port, NULL, &in);
}

/* A free entry, or the one that has been idle for longest. */
static wick_stub_flow *entry(const wick_stub_world *w, wick_stub_nat_box *n)
{
    wick_stub_flow *oldest = &n->flow[0];
    for (unsigned i = 0; i < WICK_STUB_FLOWS; i++) {
        wick_stub_flow *f = &n->flow[i];
        if (!alive(w, n, f)) {
            return f;
        }
        oldest = f->used_ms < oldest->used_ms ? f : oldest;
    }
    n->evicted++;
    return oldest;
}

static void keep(wick_stub_world *w, wick_stub_nat_box *n, const wick_addr *in,
                 const wick_addr *remote, uint16_t port, bool fixed)
{
    wick_stub_flow *f = entry(w, n);
    f->in = *in;
    f->remote = *remote;
    f->ext_port = port;
    f->fixed = fixed;
    f->used_ms = w->now_ms;
}

static wick_stub_flow *find(const wick_stub_world *w, wick_stub_nat_box *n, const wick_addr *in,
                            const wick_addr *remote)
{
    for (unsigned i = 0; i < WICK_STUB_FLOWS; i++) {
        wick_stub_flow *f = &n->flow[i];
        if (alive(w, n, f) && wick_addr_equal(&f->in, in) && wick_addr_equal(&f->remote, remote)) {
            return f;
        }
    }
    return NULL;
}

/* Port of the mapping that a new flow shares; 0: it needs one of its own. */
static uint16_t shared_port(const wick_stub_world *w, const wick_stub_nat_box *n,
                            const wick_addr *in, const wick_addr *remote)
{
    for (unsigned i = 0; i < WICK_STUB_FLOWS; i++) {
        const wick_stub_flow *f = &n->flow[i];
        if (alive(w, n, f) && !f->fixed && wick_addr_equal(&f->in, in) &&
            same(n->kind.mapping, &f->remote, remote)) {
            return f->ext_port;
        }
    }
    return 0;
}

bool stub_nat_out(wick_stub_world *w, int nat, wick_addr *from, const wick_addr *to)
{
    wick_stub_nat_box *n = &w->nat[nat];
    if (wick_addr_same_ip(&n->ip, to) && !n->kind.hairpin) {
        n->filtered++;
        w->filtered++;
        return false;
    }
    wick_stub_flow *f = find(w, n, from, to);
    uint16_t port = f != NULL ? f->ext_port : 0;
    bool fixed = false;
    if (port == 0 && n->kind.explicit_outbound) {
        port = opened_for(w, n, from);
        fixed = port != 0;
    }
    if (port == 0) {
        port = shared_port(w, n, from, to);
    }
    if (port == 0 && n->kind.preserve_port && port_free(w, n, from->port)) {
        port = from->port;
    }
    while (port == 0) {
        uint16_t p = (uint16_t)(1024 + wick_stub_random(w) % 64000);
        port = port_free(w, n, p) ? p : 0;
    }
    if (f != NULL) {
        f->used_ms = w->now_ms;
    } else {
        keep(w, n, from, to, port, fixed);
    }
    *from = n->ip;
    from->port = port;
    return true;
}

bool stub_nat_in(wick_stub_world *w, int nat, const wick_addr *from, wick_addr *to)
{
    wick_stub_nat_box *n = &w->nat[nat];
    wick_stub_flow *best = NULL;
    for (unsigned i = 0; i < WICK_STUB_FLOWS; i++) {
        wick_stub_flow *f = &n->flow[i];
        bool exact = wick_addr_equal(&f->remote, from);
        if (alive(w, n, f) && f->ext_port == to->port &&
            (exact || (!f->fixed && same(n->kind.filtering, &f->remote, from)))) {
            best = exact || best == NULL ? f : best;
        }
    }
    wick_addr in;
    if (best != NULL) {
        in = best->in;
        best->used_ms = n->kind.inbound_refreshes ? w->now_ms : best->used_ms;
    } else if (opened(w, n, to->port, from, &in)) {
        keep(w, n, &in, from, to->port, true);
    } else {
        n->filtered++;
        w->filtered++;
        return false;
    }
    *to = in;
    return true;
}
