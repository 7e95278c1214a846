/* SPDX-License-Identifier: Apache-2.0 */
/* The lab of the PCP tests: see pcp_lab.h. */
#include "pcp_lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wick/pcp.h"

#define SETTLE_MS 150u /* a datagram has come back by then, or will not */

wick_addr gateway4, gateway6, lan4, lan6;

static pid_t router;
static const uint16_t echo_port[LAB_ECHO_PORTS] = {5005, 5006, 7007};
static int echo_fd[LAB_ECHO_PORTS], tcp_fd = -1, wan_fd = -1;
static bool echoed;

/* ---- sockets ---- */

/* All sockets are IPv6 ones: a wick_addr is a mapped address already. */
static struct sockaddr_in6 to_sys(const wick_addr *a)
{
    struct sockaddr_in6 s;
    memset(&s, 0, sizeof s);
    s.sin6_family = AF_INET6;
    memcpy(&s.sin6_addr, a->ip, 16);
    s.sin6_port = htons(a->port);
    return s;
}

static wick_addr v6(const char *text, uint16_t port)
{
    wick_addr a;
    memset(&a, 0, sizeof a);
    (void)inet_pton(AF_INET6, text, a.ip);
    a.port = port;
    return a;
}

bool lab_go_to(const char *ns)
{
    char path[64];
    snprintf(path, sizeof path, "/run/netns/%s", ns);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

int lab_socket(const char *ns, int type, uint16_t port)
{
    struct sockaddr_in6 s;
    int off = 0, on = 1;
    memset(&s, 0, sizeof s);
    s.sin6_family = AF_INET6;
    s.sin6_port = htons(port);
    int fd = lab_go_to(ns) ? socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd >= 0 && (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 ||
                    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
                    bind(fd, (struct sockaddr *)&s, sizeof s) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* ---- the router ---- */

void lab_router_stop(void)
{
    lab_kill(&router);
}

bool lab_router_flush(void)
{
    return lab_command("ip netns exec gw sh -c 'for c in miniupnpd prerouting_miniupnpd "
                   "postrouting_miniupnpd; do nft flush chain inet filter $c || exit 1; done; "
                   "rm -f /run/leases'") == 0;
}

/* Does it answer an ANNOUNCE request? */
static bool answers(void)
{
    uint8_t bytes[64];
    wick_pcp_msg m;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    struct sockaddr_in6 s = to_sys(&gateway4);
    memset(&m, 0, sizeof m);
    memcpy(m.client_ip, lan4.ip, sizeof m.client_ip);
    int fd = wick_pcp_encode(&b, &m) == WICK_OK ? lab_socket("lan", SOCK_DGRAM, 0) : -1;
    uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
    bool good = false;
    while (fd >= 0 && !good && lab_runs(router) && !wick_time_reached(lab_now_ms(), end)) {
        struct pollfd p = {fd, POLLIN, 0};
        uint8_t in[64];
        (void)!sendto(fd, bytes, b.len, 0, (struct sockaddr *)&s, sizeof s);
        good = poll(&p, 1, 50) == 1 && recv(fd, in, sizeof in, 0) >= 24;
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

bool lab_router_start(void)
{
    const char *arg[] = {lab_program("miniupnpd"), "-d", "-f", "/run/miniupnpd.conf", "-P",
                         "/run/miniupnpd.pid", NULL};
    lab_router_stop();
    return lab_go_to("gw") && lab_spawn(&router, arg) && answers();
}

bool lab_router(void)
{
    lab_router_stop();
    return lab_router_flush() && lab_router_start();
}

/* ---- traffic ---- */

wick_addr lab_outside(uint16_t port)
{
    return wick_addr_v4(11, 22, 33, 1, port);
}

void lab_echo(void)
{
    uint8_t in[2048];
    struct sockaddr_in6 s;
    socklen_t len;
    for (unsigned i = 0; i < LAB_ECHO_PORTS; i++) {
        len = sizeof s;
        ssize_t n = recvfrom(echo_fd[i], in, sizeof in, 0, (struct sockaddr *)&s, &len);
        if (n >= 0) {
            (void)!sendto(echo_fd[i], in, (size_t)n, 0, (struct sockaddr *)&s, len);
        }
    }
    if (wan_fd >= 0 && recv(wan_fd, in, sizeof in, 0) == 5 && memcmp(in, "hello", 5) == 0) {
        echoed = true;
    }
}

size_t lab_echo_fds(struct pollfd out[LAB_FDS])
{
    size_t n = 0;
    for (unsigned i = 0; i < LAB_ECHO_PORTS; i++) {
        out[n].fd = echo_fd[i];
        out[n++].events = POLLIN;
    }
    out[n].fd = wan_fd;
    out[n++].events = POLLIN;
    return n;
}

bool lab_passes(const wick_addr *to, void (*turn)(uint64_t until_ms))
{
    struct sockaddr_in6 s = to_sys(to);
    wan_fd = lab_socket("wan", SOCK_DGRAM, 0);
    echoed = false;
    (void)!sendto(wan_fd, "hello", 5, 0, (struct sockaddr *)&s, sizeof s);
    uint64_t end = lab_now_ms() + SETTLE_MS;
    while (!echoed && !wick_time_reached(lab_now_ms(), end)) {
        turn(end);
    }
    for (unsigned i = 0; i < 4 && !echoed; i++) { /* we did not run, but the datagram did */
        lab_echo();
    }
    close(wan_fd);
    wan_fd = -1;
    return echoed;
}

uint64_t lab_until_passes(const wick_addr *to, bool want, uint64_t ms,
                          void (*turn)(uint64_t until_ms))
{
    uint64_t t0 = lab_now_ms();
    while (lab_passes(to, turn) != want) {
        if (lab_now_ms() - t0 > ms) {
            return ms + 1;
        }
        uint64_t end = lab_now_ms() + (want ? 0 : 200);
        while (!wick_time_reached(lab_now_ms(), end)) {
            turn(end);
        }
    }
    return lab_now_ms() - t0;
}

bool lab_gets_in(const wick_addr *to, void (*turn)(uint64_t until_ms))
{
    uint64_t bar = lab_bar_ms(2 * SETTLE_MS);
    return lab_until_passes(to, true, bar, turn) <= bar;
}

bool lab_tcp_passes(const wick_addr *to, uint64_t ms)
{
    struct sockaddr_in6 s = to_sys(to);
    char in[8] = "", back[8] = "";
    int fd = lab_socket("wan", SOCK_STREAM, 0), peer = -1;
    (void)connect(fd, (struct sockaddr *)&s, sizeof s);
    struct pollfd p = {tcp_fd, POLLIN, 0};
    if (poll(&p, 1, (int)ms) == 1) {
        peer = accept(tcp_fd, NULL, NULL);
    }
    if (peer >= 0) {
        struct pollfd w = {fd, POLLOUT, 0}, r = {peer, POLLIN, 0}, b = {fd, POLLIN, 0};
        if (poll(&w, 1, LAB_PATIENCE_MS) == 1 && send(fd, "stream", 6, 0) == 6 &&
            poll(&r, 1, LAB_PATIENCE_MS) == 1 && recv(peer, in, 6, 0) == 6 &&
            send(peer, in, 6, 0) == 6 && poll(&b, 1, LAB_PATIENCE_MS) == 1) {
            (void)!recv(fd, back, 6, 0);
        }
        close(peer);
    }
    close(fd);
    return memcmp(back, "stream", 6) == 0;
}

/* ---- the way in ---- */

static const char topology[] =
    "mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && "
    "for n in lan gw wan; do ip netns add $n && ip -n $n link set lo up || exit 1; done && "
    "ip link add i0 netns gw type veth peer name l0 netns lan && "
    "ip link add e0 netns gw type veth peer name w0 netns wan && "
    "ip -n lan addr add 192.168.1.10/24 dev l0 && ip -n lan addr add fd00:1::10/64 dev l0 nodad && "
    "ip -n gw addr add 192.168.1.1/24 dev i0 && ip -n gw addr add fd00:1::1/64 dev i0 nodad && "
    "ip -n gw addr add 11.22.33.1/24 dev e0 && ip -n gw addr add 2001:4860:1::1/64 dev e0 nodad && "
    "ip -n wan addr add 11.22.33.2/24 dev w0 && ip -n wan addr add 2001:4860:1::2/64 dev w0 nodad && "
    "ip -n lan link set l0 up && ip -n gw link set i0 up && ip -n gw link set e0 up && "
    "ip -n wan link set w0 up && ip -n lan route add default via 192.168.1.1 && "
    "ip -n lan route add default via fd00:1::1 && "
    "ip -n wan route add fd00:1::/64 via 2001:4860:1::1 && "
    "ip netns exec gw sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward && "
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' && "
    "ip netns exec gw nft -f - <<'RULES'\n"
    "table inet filter {\n"
    "  chain miniupnpd { }\n"
    "  chain prerouting_miniupnpd { }\n"
    "  chain postrouting_miniupnpd { }\n"
    "  chain forward {\n"
    "    type filter hook forward priority 0; policy drop;\n"
    "    ct state established,related accept\n"
    "    iifname \"i0\" accept\n"
    "    jump miniupnpd\n"
    "  }\n"
    "  chain prerouting {\n"
    "    type nat hook prerouting priority dstnat;\n"
    "    jump prerouting_miniupnpd\n"
    "  }\n"
    "  chain postrouting {\n"
    "    type nat hook postrouting priority srcnat;\n"
    "    jump postrouting_miniupnpd\n"
    "    oifname \"e0\" masquerade\n"
    "  }\n"
    "}\n"
    "RULES\n";

static const char config[] =
    "ext_ifname=e0\next_ifname6=e0\nipv6_disable=no\nlistening_ip=i0\nenable_natpmp=yes\n"
    "enable_upnp=no\nsecure_mode=no\nmin_lifetime=10\nmax_lifetime=86400\n"
    "pcp_allow_thirdparty=yes\nlease_file=/run/leases\n"
    "uuid=7d4b1b6e-1111-4c4c-9a9a-000000000001\nupnp_table_name=filter\n"
    "upnp_nat_table_name=filter\nupnp_forward_chain=miniupnpd\n"
    "upnp_nat_chain=prerouting_miniupnpd\nupnp_nat_postrouting_chain=postrouting_miniupnpd\n"
    "allow 0-65535 192.168.1.0/24 0-65535\n";

static bool write_config(void)
{
    FILE *f = fopen("/run/miniupnpd.conf", "w");
    bool good = f != NULL && fputs(config, f) >= 0;
    return f != NULL && fclose(f) == 0 && good;
}

int lab_main(char **argv, const char *suite, const struct tap_case *cases, size_t count)
{
    int rc;
    if (!lab_inside(&rc, argv, "miniupnpd", "{ command -v nft && command -v ip; } >/dev/null")) {
        return rc;
    }
    setenv("WICK_LAB_NATPMPC", lab_program("natpmpc"), 1);
    if (lab_command(topology) != 0) {
        return lab_skip_all("cannot set up namespaces and nft rules here");
    }
    gateway4 = wick_addr_v4(192, 168, 1, 1, WICK_PCP_SERVER_PORT);
    lan4 = wick_addr_v4(192, 168, 1, 10, 0);
    gateway6 = v6("fd00:1::1", WICK_PCP_SERVER_PORT);
    lan6 = v6("fd00:1::10", 0);
    tcp_fd = lab_socket("lan", SOCK_STREAM, 5005);
    bool good = write_config() && tcp_fd >= 0 && listen(tcp_fd, 4) == 0;
    for (unsigned i = 0; i < LAB_ECHO_PORTS; i++) {
        echo_fd[i] = lab_socket("lan", SOCK_DGRAM, echo_port[i]);
        good = good && echo_fd[i] >= 0;
    }
    if (!good) {
        printf("Bail out! no sockets\n");
        return 1;
    }
    rc = tap_run(suite, cases, count);
    lab_router_stop();
    return rc;
}
