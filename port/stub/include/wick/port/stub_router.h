/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_ROUTER_H
#define WICK_PORT_STUB_ROUTER_H
/*
 * A router that serves PCP and NAT-PMP to the network behind a NAT of the stub world, and keeps its
 * word: a mapping that it grants is open, one that ended is not.
 *
 *   int nat = wick_stub_nat(&w, -1, addr("20.0.0.1"), WICK_STUB_PORT_RESTRICTED);
 *   wick_stub_router_init(&r, &w, nat, addr("10.10.1.1"));
 *   r.pcp.faults = WICK_STUB_PCP_NATPMP_ONLY;       what it does wrong, see stub_pcp.h
 *   wick_stub_router_reboot(&r);
 *
 * Hosts behind the NAT see `inside` as their default gateway (wick_hal_net.interfaces). What it
 * announces goes to all hosts behind the NAT that have port 5350 open.
 */
#include "wick/port/stub.h"
#include "wick/port/stub_pcp.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_stub_router {
    wick_stub_pcp pcp;
    wick_stub_world *w;
    int nat, host, sock, actor;
    bool down;   /* serves no PCP; what is open stays open */
    bool honest; /* refuses mappings while its external address is private, as miniupnpd does */
} wick_stub_router;

/** @return false if the world is full */
bool wick_stub_router_init(wick_stub_router *r, wick_stub_world *w, int nat, wick_addr inside);
/** Power off and on: flows and mappings are gone, the epoch begins again and is announced. */
void wick_stub_router_reboot(wick_stub_router *r);
/** The PCP server alone begins again; flows stay. */
void wick_stub_router_restart(wick_stub_router *r);
/** Another external address; flows are lost, mappings go along. `tell`: announced to their owners
 *  (RFC 6887 section 14.2). */
void wick_stub_router_renumber(wick_stub_router *r, wick_addr ip, bool tell);

#ifdef __cplusplus
}
#endif
#endif
