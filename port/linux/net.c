/* SPDX-License-Identifier: Apache-2.0 */
/* Non-blocking sockets behind small numbers. */
#include "net_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { FREE = 0, UDP = 1, TCP = 2 };

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

socklen_t wick_linux_to_sockaddr(struct sockaddr_storage *out, const wick_addr *in, int family)
{
    memset(out, 0, sizeof *out);
    if (family == 4) {
        struct sockaddr_in a;
        bool any = wick_ct_is_zero(in->ip, 16);
        if (!any && !wick_addr_is_v4(in)) {
            return 0;
        }
        memset(&a, 0, sizeof a);
        a.sin_family = AF_INET;
        a.sin_port = htons(in->port);
        memcpy(&a.sin_addr, in->ip + 12, 4);
        memcpy(out, &a, sizeof a);
        return (socklen_t)sizeof a;
    }
    struct sockaddr_in6 a;
    memset(&a, 0, sizeof a);
    a.sin6_family = AF_INET6;
    a.sin6_port = htons(in->port);
    memcpy(&a.sin6_addr, in->ip, 16);
    memcpy(out, &a, sizeof a);
    return (socklen_t)sizeof a;
}

bool wick_linux_from_sockaddr(wick_addr *out, const struct sockaddr *in)
{
    memset(out, 0, sizeof *out);
    if (in->sa_family == AF_INET) {
        struct sockaddr_in a;
        memcpy(&a, in, sizeof a);
        memcpy(out->ip, v4_prefix, sizeof v4_prefix);
        memcpy(out->ip + 12, &a.sin_addr, 4);
        out->port = ntohs(a.sin_port);
        return true;
    }
    if (in->sa_family == AF_INET6) {
        struct sockaddr_in6 a;
        memcpy(&a, in, sizeof a);
        memcpy(out->ip, &a.sin6_addr, 16);
        out->port = ntohs(a.sin6_port);
        return true;
    }
    return false;
}

static int fd_of(const wick_linux_net *net, wick_sock s, uint8_t kind)
{
    if (s < 0 || s >= WICK_LINUX_SOCKS_MAX || net->sock[s].kind == FREE ||
        (kind != FREE && net->sock[s].kind != kind)) {
        return -1;
    }
    return net->sock[s].fd;
}

static wick_status place(wick_sock *out, wick_linux_net *net, int fd, uint8_t kind, uint8_t family)
{
    for (wick_sock s = 0; s < WICK_LINUX_SOCKS_MAX; s++) {
        if (net->sock[s].kind == FREE) {
            net->sock[s].fd = fd;
            net->sock[s].kind = kind;
            net->sock[s].family = family;
            *out = s;
            return WICK_OK;
        }
    }
    (void)close(fd);
    return WICK_E_LIMIT;
}

static void enable(int fd, int level, int option)
{
    int on = 1;
    (void)setsockopt(fd, level, option, &on, sizeof on);
}

/* A socket of the family that `addr` needs; the zero address gets one for both families. */
static int open_for(const wick_addr *addr, int type, uint8_t *family)
{
    int flags = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int off = 0, fd = -1;
    if (!wick_addr_is_v4(addr)) {
        fd = socket(AF_INET6, flags, 0);
        *family = 6;
        if (fd >= 0) {
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        }
    }
    if (fd < 0) { /* IPv4 asked for, or a kernel without IPv6 */
        fd = socket(AF_INET, flags, 0);
        *family = 4;
    }
    return fd;
}

static wick_status udp_open(void *ctx, wick_sock *out, const wick_addr *local)
{
    wick_linux_net *net = (wick_linux_net *)ctx;
    struct sockaddr_storage sa;
    uint8_t family = 6;
    int fd = open_for(local, SOCK_DGRAM, &family);
    if (fd < 0) {
        return WICK_E_NET;
    }
    socklen_t len = wick_linux_to_sockaddr(&sa, local, family);
    if (len == 0 || bind(fd, (const struct sockaddr *)&sa, len) != 0) {
        (void)close(fd);
        return WICK_E_NET;
    }
    /* An ICMP refusal comes back with the address that refused (udp_recv). */
    enable(fd, IPPROTO_IP, IP_RECVERR);
    if (family == 6) {
        enable(fd, IPPROTO_IPV6, IPV6_RECVERR);
    }
    return place(out, net, fd, UDP, family);
}

int32_t wick_linux_send(int fd, const struct sockaddr_storage *to, socklen_t to_len, wick_span bytes)
{
    /* The first try may only report an ICMP error about an earlier datagram to somebody else. */
    for (int i = 0; i < 3; i++) {
        ssize_t n = sendto(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL, (const struct sockaddr *)to,
                           to_len);
        if (n >= 0) {
            return (int32_t)n;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
            return WICK_AGAIN;
        }
    }
    return WICK_E_NET;
}

static int32_t udp_send(void *ctx, wick_sock s, const wick_addr *to, wick_span bytes)
{
    wick_linux_net *net = (wick_linux_net *)ctx;
    struct sockaddr_storage sa;
    int fd = fd_of(net, s, UDP);
    if (fd < 0) {
        return WICK_E_BAD_ARG;
    }
    socklen_t len = wick_linux_to_sockaddr(&sa, to, net->sock[s].family);
    if (len == 0) {
        return WICK_E_NET;
    }
    return wick_linux_send(fd, &sa, len, bytes);
}

/* Takes one report off the error queue; true if it was an ICMP refusal with its address. */
static bool take_refusal(int fd, wick_addr *from)
{
    union {
        char bytes[512];
        struct cmsghdr align;
    } control;
    struct sockaddr_storage name;
    uint8_t payload[64];
    struct iovec iov = {payload, sizeof payload};
    struct msghdr m;
    memset(&m, 0, sizeof m);
    memset(&name, 0, sizeof name);
    m.msg_name = &name;
    m.msg_namelen = (socklen_t)sizeof name;
    m.msg_iov = &iov;
    m.msg_iovlen = 1;
    m.msg_control = &control;
    m.msg_controllen = sizeof control;
    return recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0 &&
           wick_linux_from_sockaddr(from, (const struct sockaddr *)&name);
}

int32_t wick_linux_recv(int fd, wick_addr *from, uint8_t *buf, size_t cap)
{
    struct sockaddr_storage sa;
    struct iovec iov = {buf, cap};
    struct msghdr m;
    memset(from, 0, sizeof *from);
    for (int i = 0; i < 3; i++) {
        memset(&m, 0, sizeof m);
        memset(&sa, 0, sizeof sa);
        m.msg_name = &sa;
        m.msg_namelen = (socklen_t)sizeof sa;
        m.msg_iov = &iov;
        m.msg_iovlen = 1;
        ssize_t n = recvmsg(fd, &m, 0);
        if (n >= 0) {
            (void)wick_linux_from_sockaddr(from, (const struct sockaddr *)&sa);
            return (m.msg_flags & MSG_TRUNC) != 0 ? (int32_t)WICK_E_NO_SPACE : (int32_t)n;
        }
        bool again = errno == EAGAIN || errno == EWOULDBLOCK;
        if (take_refusal(fd, from)) {
            return WICK_E_NET;
        }
        if (again) {
            return WICK_AGAIN;
        }
        /* An error without a report was cleared by reading it. */
    }
    return WICK_AGAIN;
}

static int32_t udp_recv(void *ctx, wick_sock s, wick_addr *from, uint8_t *buf, size_t cap)
{
    int fd = fd_of((const wick_linux_net *)ctx, s, UDP);
    if (fd < 0) {
        memset(from, 0, sizeof *from);
        return WICK_E_BAD_ARG;
    }
    return wick_linux_recv(fd, from, buf, cap);
}

static wick_status tcp_open(void *ctx, wick_sock *out, const wick_addr *to)
{
    wick_linux_net *net = (wick_linux_net *)ctx;
    struct sockaddr_storage sa;
    uint8_t family = 6;
    int fd = open_for(to, SOCK_STREAM, &family);
    if (fd < 0) {
        return WICK_E_NET;
    }
    enable(fd, IPPROTO_TCP, TCP_NODELAY);
    socklen_t len = wick_linux_to_sockaddr(&sa, to, family);
    if (len == 0 ||
        (connect(fd, (const struct sockaddr *)&sa, len) != 0 && errno != EINPROGRESS)) {
        (void)close(fd);
        return WICK_E_NET;
    }
    return place(out, net, fd, TCP, family);
}

static int32_t tcp_send(void *ctx, wick_sock s, wick_span bytes)
{
    int fd = fd_of((const wick_linux_net *)ctx, s, TCP);
    if (fd < 0) {
        return WICK_E_BAD_ARG;
    }
    ssize_t n;
    do {
        n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        return (int32_t)n;
    }
    return (errno == EAGAIN || errno == EWOULDBLOCK) ? (int32_t)WICK_AGAIN : (int32_t)WICK_E_NET;
}

static int32_t tcp_recv(void *ctx, wick_sock s, uint8_t *buf, size_t cap)
{
    int fd = fd_of((const wick_linux_net *)ctx, s, TCP);
    if (fd < 0) {
        return WICK_E_BAD_ARG;
    }
    ssize_t n;
    do {
        n = recv(fd, buf, cap, 0);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        return (int32_t)n;
    }
    return (errno == EAGAIN || errno == EWOULDBLOCK) ? (int32_t)WICK_AGAIN : (int32_t)WICK_E_NET;
}

static wick_status local_addr(void *ctx, wick_sock s, wick_addr *out)
{
    struct sockaddr_storage sa;
    socklen_t len = (socklen_t)sizeof sa;
    int fd = fd_of((const wick_linux_net *)ctx, s, FREE);
    memset(out, 0, sizeof *out);
    if (fd < 0) {
        return WICK_E_BAD_ARG;
    }
    memset(&sa, 0, sizeof sa);
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0 ||
        !wick_linux_from_sockaddr(out, (const struct sockaddr *)&sa)) {
        return WICK_E_NET;
    }
    return WICK_OK;
}

static void sock_close(void *ctx, wick_sock s)
{
    wick_linux_net *net = (wick_linux_net *)ctx;
    int fd = fd_of(net, s, FREE);
    if (fd >= 0) {
        (void)close(fd);
        net->sock[s].kind = FREE;
        net->sock[s].fd = -1;
    }
}

wick_status wick_linux_net_init(wick_hal_net *out, wick_linux_net *net)
{
    memset(net, 0, sizeof *net);
    for (size_t i = 0; i < WICK_LINUX_SOCKS_MAX; i++) {
        net->sock[i].fd = -1;
    }
    net->change_fd = wick_linux_change_open();
    out->ctx = net;
    out->udp_open = udp_open;
    out->udp_send = udp_send;
    out->udp_recv = udp_recv;
    out->tcp_open = tcp_open;
    out->tcp_send = tcp_send;
    out->tcp_recv = tcp_recv;
    out->local_addr = local_addr;
    out->close = sock_close;
    out->resolve = wick_linux_resolve;
    out->interfaces = wick_linux_interfaces;
    out->change_count = wick_linux_change_count;
    return WICK_OK;
}

void wick_linux_net_close(wick_linux_net *net)
{
    for (wick_sock s = 0; s < WICK_LINUX_SOCKS_MAX; s++) {
        sock_close(net, s);
    }
    if (net->change_fd >= 0) {
        (void)close(net->change_fd);
        net->change_fd = -1;
    }
    wick_linux_resolve_close(net);
}

int wick_linux_net_fd(const wick_linux_net *net, wick_sock s)
{
    return fd_of(net, s, FREE);
}

size_t wick_linux_net_watch(const wick_linux_net *net, struct pollfd *out, wick_sock s, bool write)
{
    int fd = s >= 0 ? wick_linux_net_fd(net, s) : -1;
    if (fd < 0) {
        return 0;
    }
    out->fd = fd;
    out->events = write ? POLLOUT : POLLIN;
    out->revents = 0;
    return 1;
}

int wick_linux_net_change_fd(const wick_linux_net *net)
{
    return net->change_fd;
}

wick_status wick_linux_tcp_listen(wick_sock *out, wick_linux_net *net, const wick_addr *local)
{
    struct sockaddr_storage sa;
    uint8_t family = 6;
    int fd = open_for(local, SOCK_STREAM, &family);
    if (fd < 0) {
        return WICK_E_NET;
    }
    enable(fd, SOL_SOCKET, SO_REUSEADDR);
    socklen_t len = wick_linux_to_sockaddr(&sa, local, family);
    if (len == 0 || bind(fd, (const struct sockaddr *)&sa, len) != 0 || listen(fd, 16) != 0) {
        (void)close(fd);
        return WICK_E_NET;
    }
    return place(out, net, fd, TCP, family);
}

wick_status wick_linux_tcp_accept(wick_sock *out, wick_addr *from, wick_linux_net *net,
                                  wick_sock listener)
{
    struct sockaddr_storage sa;
    socklen_t len = (socklen_t)sizeof sa;
    int fd = fd_of(net, listener, TCP);
    memset(from, 0, sizeof *from);
    if (fd < 0) {
        return WICK_E_BAD_ARG;
    }
    memset(&sa, 0, sizeof sa);
    int got = accept4(fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got < 0) {
        /* ECONNABORTED: the caller left before we came. */
        bool nobody = errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED ||
                      errno == EINTR;
        return nobody ? WICK_AGAIN : WICK_E_NET;
    }
    (void)wick_linux_from_sockaddr(from, (const struct sockaddr *)&sa);
    enable(got, IPPROTO_TCP, TCP_NODELAY);
    return place(out, net, got, TCP, net->sock[listener].family);
}
