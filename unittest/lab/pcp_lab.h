/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LAB_PCP_LAB_H
#define WICK_LAB_PCP_LAB_H
/*
 * A real miniupnpd, below build/deps/lab, in namespaces of its own. The program starts itself again
 * under `unshare`, makes lan - gw - wan there, and opens each socket inside the namespace it belongs
 * to. Skipped where there is no miniupnpd, nft or namespace.
 *
 *   lan 192.168.1.10, fd00:1::10 - gw 192.168.1.1, 11.22.33.1 - wan 11.22.33.2, 2001:4860:1::2
 *
 * lan echoes UDP on the ports below, so that what wan sends counts only if it came back through a
 * mapping.
 */
#include <poll.h>
#include <sys/socket.h>

#include "lab_inside.h"
#include "tap.h"

#define LAB_ECHO_PORTS 3
#define LAB_FDS (LAB_ECHO_PORTS + 2)

extern wick_addr gateway4, gateway6, lan4, lan6;

/** Makes the lab and runs the cases in it; what main() returns. */
int lab_main(char **argv, const char *suite, const struct tap_case *cases, size_t count);

/** Enters a namespace: lan, gw or wan. */
bool lab_go_to(const char *ns);
/** Bound to a port on any address in that namespace, for both families; -1 if not. */
int lab_socket(const char *ns, int type, uint16_t port);
wick_addr lab_outside(uint16_t port);

/** The router without what an earlier test left, and answering. */
bool lab_router(void);
/** Kills it; its rules stay. */
void lab_router_stop(void);
bool lab_router_start(void);
/** Takes away the mappings of a router that was killed. */
bool lab_router_flush(void);

/** Echoes what has come to lan; for a loop that polls lab_echo_fds() too. */
void lab_echo(void);
size_t lab_echo_fds(struct pollfd out[LAB_FDS]);

/** One datagram from wan, from a new port, so that no earlier flow lets it in: does it come back soon?
 *  `turn` is called while it waits: what the test itself must keep running. For what must not pass. */
bool lab_passes(const wick_addr *to, void (*turn)(uint64_t until_ms));
/** How long until it passes, or does not any more: ms + 1 if it takes longer. */
uint64_t lab_until_passes(const wick_addr *to, bool want, uint64_t ms,
                          void (*turn)(uint64_t until_ms));
/** For what must pass: as lab_passes(), but on a busy machine it may take some tries. */
bool lab_gets_in(const wick_addr *to, void (*turn)(uint64_t until_ms));
/** A TCP connection from wan within `ms`, and six bytes through it each way. */
bool lab_tcp_passes(const wick_addr *to, uint64_t ms);

#endif
