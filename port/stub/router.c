/* SPDX-License-Identifier: Apache-2.0 */
/* A PCP and NAT-PMP router in the stub world: see wick/port/stub_router.h. */
#include "wick/port/stub_router.h"

#include <string.h>

static void flush(wick_stub_router *r)
{
    wick_stub_pcp_out out;
    while (wick_stub_pcp_poll(&r->pcp, &out)) {
        if (!r->down) {
            wick_stub_send_from(r->w, r->sock, out.from.port, &out.to, out.bytes);
        }
    }
}

static uint64_t router_run(void *ctx, wick_stub_world *w)
{
    wick_stub_router *r = ctx;
    uint8_t buf[WICK_STUB_MTU];
    wick_addr from;
    int len;
    while ((len = wick_stub_recv(w, r->sock, &from, buf, sizeof buf)) >= 0) {
        if (r->down) {
            continue;
        }
        if (r->honest && !wick_addr_is_public(&r->pcp.cfg.external) && r->pcp.force.count == 0) {
            r->pcp.force.result = WICK_PCP_NO_RESOURCES;
            r->pcp.force.lifetime_s = 30;
            r->pcp.force.count = 1;
        }
        wick_stub_pcp_input(&r->pcp, w->now_ms, wick_span_make(buf, (size_t)len), &from);
        flush(r);
    }
    return w->now_ms + 3600000;
}

bool wick_stub_router_init(wick_stub_router *r, wick_stub_world *w, int nat, wick_addr inside)
{
    wick_stub_pcp_config cfg;
    memset(r, 0, sizeof *r);
    memset(&cfg, 0, sizeof cfg);
    inside.port = 0;
    cfg.listen = inside;
    cfg.external = w->nat[nat].ip;
    wick_stub_pcp_init(&r->pcp, &cfg, w->now_ms);
    r->w = w;
    r->nat = nat;
    r->host = wick_stub_host(w, nat, inside);
    r->actor = wick_stub_actor_add(w, router_run, r);
    if (r->host < 0 || r->actor < 0) {
        return false;
    }
    r->sock = wick_stub_open(w, r->host, r->pcp.cfg.listen.port, r->actor);
    w->nat[nat].inside = inside;
    w->nat[nat].pcp = &r->pcp;
    return r->sock >= 0;
}

void wick_stub_router_restart(wick_stub_router *r)
{
    wick_stub_pcp_restart(&r->pcp, r->w->now_ms);
    flush(r);
}

void wick_stub_router_reboot(wick_stub_router *r)
{
    wick_stub_nat_reboot(r->w, r->nat);
    wick_stub_router_restart(r);
}

void wick_stub_router_renumber(wick_stub_router *r, wick_addr ip, bool tell)
{
    wick_stub_nat_renumber(r->w, r->nat, ip);
    wick_stub_pcp_move(&r->pcp, r->w->now_ms, &ip, tell);
    flush(r);
}
