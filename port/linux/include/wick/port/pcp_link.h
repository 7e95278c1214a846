/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_PCP_LINK_H
#define WICK_PORT_PCP_LINK_H
/*
 * The sockets of PCP on Linux: which routers there are, one socket that asks one of them, and one
 * that hears its announcements. For those who run wick_pcp_client in a loop of their own; a whole
 * client with its loop is wick/port/pcp_driver.h.
 *
 *     wick_pcp_network n[WICK_PCP_NETWORKS];
 *     size_t count = wick_pcp_networks(n, WICK_PCP_NETWORKS, NULL);
 *     wick_pcp_client_config cfg = {.servers = &n[0].server, .server_count = 1,
 *                                   .client = n[0].own, ...};
 *     status = wick_pcp_link_open(&link, &n[0], 0);
 *     SEND:  wick_pcp_link_send(&link, &out.to, out.bytes);
 *     poll() on wick_pcp_link_watch(), then until WICK_AGAIN:
 *            n = wick_pcp_link_recv(&link, &from, buf, sizeof buf);
 *            (void)!wick_pcp_client_input(&client, now, bytes, &from);
 *
 * The socket that asks is bound to the own address, since a PCP mapping is for the address that the
 * request comes from (RFC 6887 section 8.1) and a host with several addresses would else have the
 * kernel choose. Announcements come to 224.0.0.1 or ff02::1, port 5350 (section 14.1); that socket
 * is a member on the network's interface alone, and hears no other one's. Routers of IPv6 go by
 * link-local addresses; the link adds the interface that those need.
 *
 * The kernel says who sent a datagram, and a host on the link can lie about it: the client checks
 * source and nonce. Sizes: wick_pcp_network 56 bytes, wick_pcp_link 16. No heap besides
 * getifaddrs().
 */
#include <poll.h>

#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Networks served at a time: one for each own address with a default router. Range 1..8. About
 * 1.2 KB each in a wick_pcp_driver. */
#ifndef WICK_PCP_NETWORKS
#define WICK_PCP_NETWORKS 4
#endif

/** One own address and the default router on its way out. */
typedef struct wick_pcp_network {
    char name[16]; /* of the interface */
    uint32_t index;
    wick_addr own;    /* port 0 */
    wick_addr server; /* the default router, port 0: 5351 */
} wick_pcp_network;

typedef struct wick_pcp_link { /* private */
    int fd, group_fd;          /* -1: none */
    uint32_t index;
    uint8_t family; /* 4 or 6 */
} wick_pcp_link;

/**
 * Lists the networks that have a default router: of IPv4 the first address of each interface, of
 * IPv6 every address but link-local ones, since each needs its own pinhole.
 * @param[in] interface  NULL: all
 * @return how many, at most `cap`
 */
size_t wick_pcp_networks(wick_pcp_network *out, size_t cap, const char *interface);

/**
 * The network on the way to a server that is named, not found.
 * @param[out] out  zeroed on error
 * @retval WICK_E_NET  no way there, or a link-local address, which says no interface
 */
WICK_NODISCARD wick_status wick_pcp_network_to(wick_pcp_network *out, const wick_addr *server);

/**
 * Opens both sockets. Without the second (no multicast here, or no membership) announcements are
 * not heard and a restart of the router shows at the next renewal only; wick_pcp_link_hears() tells.
 * @param[out] l          closed on error
 * @param[in] local_port  0: any
 * @retval WICK_E_NET  the address is not this host's, or the port is in use
 */
WICK_NODISCARD wick_status wick_pcp_link_open(wick_pcp_link *l, const wick_pcp_network *network,
                                              uint16_t local_port);
/** Closes; may be called twice, and on a link that wick_pcp_link_open() refused. */
void wick_pcp_link_close(wick_pcp_link *l);
/** Are announcements heard? */
bool wick_pcp_link_hears(const wick_pcp_link *l);

/** @return bytes sent, WICK_AGAIN, or WICK_E_NET */
int32_t wick_pcp_link_send(const wick_pcp_link *l, const wick_addr *to, wick_span bytes);
/** One datagram of either socket. @return bytes, WICK_AGAIN, WICK_E_NO_SPACE (longer than `cap`, and
 *  gone), or WICK_E_NET: nobody listens at `*from`, by ICMP */
int32_t wick_pcp_link_recv(const wick_pcp_link *l, wick_addr *from, uint8_t *buf, size_t cap);
/** The same. @param[out] announced  it came to the group */
int32_t wick_pcp_link_hear(const wick_pcp_link *l, wick_addr *from, bool *announced, uint8_t *buf,
                           size_t cap);
/** Fills at most two entries for poll(). @return how many */
size_t wick_pcp_link_watch(const wick_pcp_link *l, struct pollfd *out);

#ifdef __cplusplus
}
#endif
#endif
