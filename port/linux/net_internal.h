/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LINUX_NET_INTERNAL_H
#define WICK_LINUX_NET_INTERNAL_H
/* Parts of the socket table that live in files of their own. */
#include <string.h>
#include <sys/socket.h>

#include "wick/port/linux.h"

/* Kernel's form of an address for a socket of `family` (4 or 6). 0 if it does not fit. */
socklen_t wick_linux_to_sockaddr(struct sockaddr_storage *out, const wick_addr *in, int family);
/* false if it is no IP address */
bool wick_linux_from_sockaddr(wick_addr *out, const struct sockaddr *in);

/* Datagrams of a descriptor with IP_RECVERR; results as of the HAL. */
int32_t wick_linux_send(int fd, const struct sockaddr_storage *to, socklen_t to_len,
                        wick_span bytes);
int32_t wick_linux_recv(int fd, wick_addr *from, uint8_t *buf, size_t cap);

/* Is it the same host, as far as one can tell? Whoever has an IPv6 address has the /64 around it. */
static inline bool wick_linux_same_source(const wick_addr *a, const wick_addr *b)
{
    return memcmp(a->ip, b->ip, wick_addr_is_v4(a) || wick_addr_is_v4(b) ? 16 : 8) == 0;
}

struct pollfd;

/* What poll() is to wait for: `s` to be readable, or writable instead.
 * @return descriptors put into `out`: 0, there is no such socket, or 1 */
size_t wick_linux_net_watch(const wick_linux_net *net, struct pollfd *out, wick_sock s, bool write);

/* resolve.c */
wick_status wick_linux_resolve(void *ctx, const char *host, wick_addr *out);
void wick_linux_resolve_close(wick_linux_net *net);

/* netif.c */
int32_t wick_linux_interfaces(void *ctx, wick_netif *out, size_t cap);
uint32_t wick_linux_change_count(void *ctx);
int wick_linux_change_open(void);

#endif
