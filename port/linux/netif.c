/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces, default gateways, and whether either changed. */
#include "net_internal.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Default gateway of an interface from /proc/net/route, whose numbers are in host order. */
static void gateway_v4(wick_addr *out, const char *name)
{
    char line[256], ifname[32];
    unsigned dest, gw, flags, mask;
    FILE *f = fopen("/proc/net/route", "re");
    if (f == NULL) {
        return;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%31s %x %x %x %*d %*u %*d %x", ifname, &dest, &gw, &flags, &mask) == 5 &&
            dest == 0 && mask == 0 && (flags & 2u) != 0 && strcmp(ifname, name) == 0) {
            uint32_t raw = (uint32_t)gw;
            uint8_t b[4];
            memcpy(b, &raw, 4);
            *out = wick_addr_v4(b[0], b[1], b[2], b[3], 0);
            break;
        }
    }
    (void)fclose(f);
}

static void gateway_v6(wick_addr *out, const char *name)
{
    char line[256], dest[33], source[33], next[33], ifname[32];
    unsigned dest_len, source_len, flags;
    FILE *f = fopen("/proc/net/ipv6_route", "re");
    if (f == NULL) {
        return;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%32s %x %32s %x %32s %*x %*x %*x %x %31s", dest, &dest_len, source,
                   &source_len, next, &flags, ifname) == 7 &&
            dest_len == 0 && (flags & 2u) != 0 && strcmp(ifname, name) == 0 &&
            wick_hex_decode(out->ip, 16, next, 32) == WICK_OK) {
            break;
        }
    }
    (void)fclose(f);
}

int32_t wick_linux_interfaces(void *ctx, wick_netif *out, size_t cap)
{
    struct ifaddrs *list = NULL;
    size_t n = 0;
    (void)ctx;
    if (getifaddrs(&list) != 0) {
        return WICK_E_NET;
    }
    for (const struct ifaddrs *a = list; a != NULL && n < cap; a = a->ifa_next) {
        wick_netif *o = &out[n];
        if (a->ifa_addr == NULL || (a->ifa_flags & IFF_UP) == 0 ||
            (a->ifa_flags & IFF_LOOPBACK) != 0) {
            continue;
        }
        memset(o, 0, sizeof *o);
        if (!wick_linux_from_sockaddr(&o->addr, a->ifa_addr)) {
            continue;
        }
        o->addr.port = 0;
        (void)snprintf(o->name, sizeof o->name, "%s", a->ifa_name);
        o->index = if_nametoindex(a->ifa_name);
        if (wick_addr_is_v4(&o->addr)) {
            gateway_v4(&o->gateway, o->name);
        } else {
            gateway_v6(&o->gateway, o->name);
        }
        n++;
    }
    freeifaddrs(list);
    return (int32_t)n;
}

int wick_linux_change_open(void)
{
    struct sockaddr_nl a;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        return -1;
    }
    memset(&a, 0, sizeof a);
    a.nl_family = AF_NETLINK;
    a.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    if (bind(fd, (const struct sockaddr *)&a, (socklen_t)sizeof a) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

uint32_t wick_linux_change_count(void *ctx)
{
    wick_linux_net *net = (wick_linux_net *)ctx;
    char buf[4096];
    bool any = false;
    ssize_t n;
    if (net->change_fd < 0) {
        return net->changes;
    }
    /* What the messages say does not matter, nor that some were lost (ENOBUFS): callers look anew. */
    while ((n = recv(net->change_fd, buf, sizeof buf, 0)) != 0) {
        if (n > 0) {
            any = true;
            continue;
        }
        if (errno == ENOBUFS) {
            any = true;
            continue;
        }
        break;
    }
    if (any) {
        net->changes++;
    }
    return net->changes;
}
