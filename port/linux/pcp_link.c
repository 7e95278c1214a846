/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of PCP: see wick/port/pcp_link.h. */
#include "wick/port/pcp_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "net_internal.h"
#include "wick/pcp.h"

#define NETIFS_MAX 64

/* ---- which routers ---- */

static bool is_zero(const wick_addr *a)
{
    return wick_ct_is_zero(a->ip, sizeof a->ip);
}

static bool is_link_local(const wick_addr *a) /* fe80::/10 */
{
    return a->ip[0] == 0xfe && (a->ip[1] & 0xc0u) == 0x80u;
}

/* One address of an interface is enough for IPv4; with IPv6 each has its own pinhole. */
static bool is_served(const wick_pcp_network *out, size_t n, const wick_netif *i)
{
    for (size_t k = 0; k < n && wick_addr_is_v4(&i->addr); k++) {
        if (out[k].index == i->index && wick_addr_is_v4(&out[k].own)) {
            return true;
        }
    }
    return false;
}

size_t wick_pcp_networks(wick_pcp_network *out, size_t cap, const char *interface)
{
    wick_netif list[NETIFS_MAX];
    int32_t found = wick_linux_interfaces(NULL, list, NETIFS_MAX);
    size_t n = 0;
    for (int32_t i = 0; i < found && n < cap; i++) {
        const wick_netif *a = &list[i];
        if (is_zero(&a->gateway) || is_link_local(&a->addr) || is_served(out, n, a) ||
            (interface != NULL && strcmp(interface, a->name) != 0)) {
            continue;
        }
        memset(&out[n], 0, sizeof out[n]);
        memcpy(out[n].name, a->name, sizeof out[n].name);
        out[n].index = a->index;
        out[n].own = a->addr;
        out[n].server = a->gateway;
        n++;
    }
    return n;
}

/* The kernel says which address it would send from. */
static bool own_address(wick_addr *own, const wick_addr *server)
{
    struct sockaddr_storage sa;
    int family = wick_addr_is_v4(server) ? 4 : 6;
    wick_addr to = *server;
    to.port = WICK_PCP_SERVER_PORT;
    socklen_t len = wick_linux_to_sockaddr(&sa, &to, family);
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (const struct sockaddr *)&sa, len) == 0;
    len = (socklen_t)sizeof sa;
    good = good && getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
           wick_linux_from_sockaddr(own, (const struct sockaddr *)&sa);
    if (fd >= 0) {
        (void)close(fd);
    }
    own->port = 0;
    return good;
}

wick_status wick_pcp_network_to(wick_pcp_network *out, const wick_addr *server)
{
    wick_netif list[NETIFS_MAX];
    int32_t found = wick_linux_interfaces(NULL, list, NETIFS_MAX);
    memset(out, 0, sizeof *out);
    if (is_link_local(server) || !own_address(&out->own, server)) {
        memset(out, 0, sizeof *out);
        return WICK_E_NET;
    }
    out->server = *server;
    for (int32_t i = 0; i < found; i++) {
        if (wick_addr_same_ip(&list[i].addr, &out->own)) {
            memcpy(out->name, list[i].name, sizeof out->name);
            out->index = list[i].index;
        }
    }
    return WICK_OK; /* on loopback the interface stays 0: any */
}

/* ---- sockets ---- */

static socklen_t to_kernel(struct sockaddr_storage *out, const wick_pcp_link *l,
                           const wick_addr *addr)
{
    socklen_t len = wick_linux_to_sockaddr(out, addr, l->family);
    if (len != 0 && l->family == 6 && is_link_local(addr)) {
        struct sockaddr_in6 a;
        memcpy(&a, out, sizeof a);
        a.sin6_scope_id = l->index;
        memcpy(out, &a, sizeof a);
    }
    return len;
}

static int open_at(const wick_pcp_link *l, const wick_addr *local, bool shared)
{
    struct sockaddr_storage sa;
    int on = 1;
    int fd = socket(l->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    0);
    if (fd < 0) {
        return -1;
    }
    bool good = !shared || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    good = good && (l->family == 4 ||
                    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0);
    socklen_t len = good ? to_kernel(&sa, l, local) : 0;
    if (len == 0 || bind(fd, (const struct sockaddr *)&sa, len) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Bound to the group, so that datagrams to this host alone go past it, and shared, since each
 * program on a host that speaks PCP has one. */
static int open_group(const wick_pcp_link *l)
{
    wick_addr group = wick_addr_v4(224, 0, 0, 1, WICK_PCP_CLIENT_PORT);
    int off = 0, fd;
    bool good;
    if (l->family == 4) {
        struct ip_mreqn m;
        fd = open_at(l, &group, true);
        memset(&m, 0, sizeof m);
        memcpy(&m.imr_multiaddr, group.ip + 12, 4);
        m.imr_ifindex = (int)l->index;
        /* Without the first, a socket hears the groups of every other socket of the host. */
        good = fd >= 0 && setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off) == 0 &&
               setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) == 0;
    } else {
        struct ipv6_mreq m;
        struct sockaddr_in6 a;
        memset(&group, 0, sizeof group);
        group.ip[0] = 0xff;
        group.ip[1] = 0x02;
        group.ip[15] = 1;
        memset(&a, 0, sizeof a);
        a.sin6_family = AF_INET6;
        a.sin6_port = htons(WICK_PCP_CLIENT_PORT);
        a.sin6_scope_id = l->index;
        memcpy(&a.sin6_addr, group.ip, 16);
        memset(&m, 0, sizeof m);
        memcpy(&m.ipv6mr_multiaddr, group.ip, 16);
        m.ipv6mr_interface = l->index;
        int on = 1;
        fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        good = fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0 &&
               setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
               bind(fd, (const struct sockaddr *)&a, (socklen_t)sizeof a) == 0 &&
               setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m) == 0;
    }
    if (!good && fd >= 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

wick_status wick_pcp_link_open(wick_pcp_link *l, const wick_pcp_network *network,
                               uint16_t local_port)
{
    wick_addr local = network->own;
    memset(l, 0, sizeof *l);
    l->group_fd = -1;
    l->family = wick_addr_is_v4(&network->own) ? 4 : 6;
    l->index = network->index;
    local.port = local_port;
    l->fd = open_at(l, &local, false);
    if (l->fd < 0) {
        return WICK_E_NET;
    }
    /* ICMP says that nobody listens: the router has no PCP. */
    int on = 1;
    (void)setsockopt(l->fd, l->family == 4 ? IPPROTO_IP : IPPROTO_IPV6,
                     l->family == 4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
    l->group_fd = open_group(l);
    return WICK_OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

void wick_pcp_link_close(wick_pcp_link *l)
{
    close_fd(&l->fd);
    close_fd(&l->group_fd);
}

bool wick_pcp_link_hears(const wick_pcp_link *l)
{
    return l->group_fd >= 0;
}

/* ---- datagrams ---- */

int32_t wick_pcp_link_send(const wick_pcp_link *l, const wick_addr *to, wick_span bytes)
{
    struct sockaddr_storage sa;
    socklen_t len = l->fd >= 0 ? to_kernel(&sa, l, to) : 0;
    if (len == 0) {
        return WICK_E_NET;
    }
    return wick_linux_send(l->fd, &sa, len, bytes);
}

int32_t wick_pcp_link_recv(const wick_pcp_link *l, wick_addr *from, uint8_t *buf, size_t cap)
{
    bool announced;
    return wick_pcp_link_hear(l, from, &announced, buf, cap);
}

int32_t wick_pcp_link_hear(const wick_pcp_link *l, wick_addr *from, bool *announced, uint8_t *buf,
                           size_t cap)
{
    int32_t n = WICK_AGAIN;
    *announced = false;
    memset(from, 0, sizeof *from);
    if (l->fd >= 0) {
        n = wick_linux_recv(l->fd, from, buf, cap);
    }
    if (n == WICK_AGAIN && l->group_fd >= 0) {
        *announced = true;
        n = wick_linux_recv(l->group_fd, from, buf, cap);
    }
    return n;
}

size_t wick_pcp_link_watch(const wick_pcp_link *l, struct pollfd *out)
{
    const int fd[2] = {l->fd, l->group_fd};
    size_t n = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (fd[i] >= 0) {
            out[n].fd = fd[i];
            out[n].events = POLLIN;
            out[n++].revents = 0;
        }
    }
    return n;
}
