/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP client against real miniupnpd, below build/deps/lab, in namespaces of its own: the program
 * starts itself again under `unshare`, makes lan - gw - wan there, and opens each socket inside the
 * namespace it belongs to. A mapping counts when a datagram or a connection from wan went through
 * it. Skipped where there is no miniupnpd, nft or namespace.
 *
 *   lan 192.168.1.10, fd00:1::10 - gw 192.168.1.1, 11.22.33.1 - wan 11.22.33.2, 2001:4860:1::2
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "wick/natpmp.h"
#include "wick/pcp_client.h"

#define EV(name) WICK_PCP_EV_##name
#define INSIDE "WICK_LAB_INSIDE"

/* ---- sockets and time ---- */

static uint64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    return getrandom(out, len, 0) == (ssize_t)len ? WICK_OK : WICK_E_ENTROPY;
}

static const wick_hal_entropy entropy = {NULL, fill};

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

static wick_addr from_sys(const struct sockaddr_in6 *s)
{
    wick_addr a;
    memcpy(a.ip, &s->sin6_addr, 16);
    a.port = ntohs(s->sin6_port);
    return a;
}

static wick_addr v6(const char *text, uint16_t port)
{
    wick_addr a;
    memset(&a, 0, sizeof a);
    (void)inet_pton(AF_INET6, text, a.ip);
    a.port = port;
    return a;
}

static bool go_to(const char *ns)
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

/* Bound to port on any address, in that namespace. */
static int open_socket(const char *ns, int type, uint16_t port)
{
    struct sockaddr_in6 s;
    int off = 0, on = 1;
    memset(&s, 0, sizeof s);
    s.sin6_family = AF_INET6;
    s.sin6_port = htons(port);
    int fd = go_to(ns) ? socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd >= 0 && (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 ||
                    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
                    bind(fd, (struct sockaddr *)&s, sizeof s) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* An IPv6 socket hears 224.0.0.1 only after it asked for it. */
static bool join_announcements(int fd)
{
    struct ip_mreqn m;
    memset(&m, 0, sizeof m);
    (void)inet_pton(AF_INET, "224.0.0.1", &m.imr_multiaddr);
    (void)inet_pton(AF_INET, "192.168.1.10", &m.imr_address);
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) == 0;
}

/* ---- the router ---- */

static pid_t router;
static const char *lab_bin;
static const wick_addr *gateway;
static wick_addr gateway4, gateway6, lan4, lan6;

static int command(const char *line)
{
    return system(line); /* fixed text only */
}

static void stop_router(void)
{
    if (router > 0) {
        kill(router, SIGKILL);
        waitpid(router, NULL, 0);
    }
    router = 0;
}

/* Without the mappings that a killed server leaves behind. */
static bool flush_rules(void)
{
    return command("ip netns exec gw sh -c 'for c in miniupnpd prerouting_miniupnpd "
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
    int fd = wick_pcp_encode(&b, &m) == WICK_OK ? open_socket("lan", SOCK_DGRAM, 0) : -1;
    bool good = false;
    for (unsigned tries = 0; tries < 100 && !good && fd >= 0; tries++) {
        struct pollfd p = {fd, POLLIN, 0};
        (void)!sendto(fd, bytes, b.len, 0, (struct sockaddr *)&s, sizeof s);
        good = poll(&p, 1, 50) == 1 && recv(fd, bytes, sizeof bytes, 0) >= 24;
    }
    close(fd);
    return good;
}

static bool start_router(void)
{
    char program[600];
    stop_router();
    snprintf(program, sizeof program, "%s/miniupnpd", lab_bin);
    router = fork();
    if (router == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if (go_to("gw")) {
            execl(program, program, "-d", "-f", "/run/miniupnpd.conf", "-P", "/run/miniupnpd.pid",
                  (char *)NULL);
        }
        _exit(127);
    }
    return router > 0 && answers();
}

/* ---- a client and the hosts ---- */

#define ECHO_PORTS 3
static const uint16_t echo_port[ECHO_PORTS] = {5005, 5006, 7007};
static int pcp_fd = -1, echo_fd[ECHO_PORTS], tcp_fd = -1, wan_fd = -1;
static wick_pcp_client c, *client;
static wick_pcp_client_config cfg;
static unsigned events;
static struct {
    int event;
    wick_status status;
    wick_addr to;
} event[64];
static bool echoed, done;

static void pump(uint64_t until_ms)
{
    uint8_t in[2048];
    struct sockaddr_in6 s;
    socklen_t len = sizeof s;
    wick_out out;
    uint64_t at = until_ms;
    ssize_t n;
    while (client != NULL &&
           (n = recvfrom(pcp_fd, in, sizeof in, 0, (struct sockaddr *)&s, &len)) >= 0) {
        wick_addr from = from_sys(&s);
        (void)!wick_pcp_client_input(client, now_ms(), wick_span_make(in, (size_t)n), &from);
        len = sizeof s;
    }
    for (unsigned i = 0; client != NULL && i < 100; i++) {
        wick_pcp_client_poll(client, now_ms(), &out);
        if (out.kind == WICK_OUT_SEND) {
            s = to_sys(&out.to);
            (void)!sendto(pcp_fd, out.bytes.ptr, out.bytes.len, 0, (struct sockaddr *)&s, sizeof s);
        } else if (out.kind == WICK_OUT_EVENT) {
            if (events < 64) {
                event[events].event = out.event;
                event[events].status = out.status;
                event[events++].to = out.to;
            }
        } else {
            done = out.kind == WICK_OUT_DONE;
            at = done ? until_ms : wick_time_min(until_ms, out.deadline_ms);
            break;
        }
    }
    struct pollfd p[ECHO_PORTS + 2];
    for (unsigned i = 0; i < ECHO_PORTS; i++) {
        p[i].fd = echo_fd[i];
        p[i].events = POLLIN;
    }
    p[ECHO_PORTS].fd = wan_fd;
    p[ECHO_PORTS].events = POLLIN;
    p[ECHO_PORTS + 1].fd = client != NULL ? pcp_fd : -1;
    p[ECHO_PORTS + 1].events = POLLIN;
    uint64_t t = now_ms();
    (void)poll(p, ECHO_PORTS + 2, wick_time_reached(t, at) ? 0 : (int)(at - t));
    for (unsigned i = 0; i < ECHO_PORTS; i++) {
        len = sizeof s;
        n = recvfrom(echo_fd[i], in, sizeof in, 0, (struct sockaddr *)&s, &len);
        if (n >= 0) {
            (void)!sendto(echo_fd[i], in, (size_t)n, 0, (struct sockaddr *)&s, len);
        }
    }
    if (wan_fd >= 0 && recv(wan_fd, in, sizeof in, 0) == 5 && memcmp(in, "hello", 5) == 0) {
        echoed = true;
    }
}

/* One datagram from wan, from a new port, so that no earlier flow lets it in; is it echoed? */
static bool passes(const wick_addr *to)
{
    struct sockaddr_in6 s = to_sys(to);
    wan_fd = open_socket("wan", SOCK_DGRAM, 0);
    echoed = false;
    (void)!sendto(wan_fd, "hello", 5, 0, (struct sockaddr *)&s, sizeof s);
    uint64_t end = now_ms() + 150;
    while (!echoed && !wick_time_reached(now_ms(), end)) {
        pump(end);
    }
    close(wan_fd);
    wan_fd = -1;
    return echoed;
}

/* How long until it does (or does not) pass, ms; ms + 1 if it takes longer. */
static uint64_t until_passes(const wick_addr *to, bool want, uint64_t ms)
{
    uint64_t t0 = now_ms();
    while (passes(to) != want) {
        if (now_ms() - t0 > ms) {
            return ms + 1;
        }
        if (want) {
            continue;
        }
        uint64_t end = now_ms() + 200;
        while (!wick_time_reached(now_ms(), end)) {
            pump(end);
        }
    }
    return now_ms() - t0;
}

static bool tcp_passes(const wick_addr *to)
{
    struct sockaddr_in6 s = to_sys(to);
    char in[8] = "";
    int fd = open_socket("wan", SOCK_STREAM, 0), peer = -1;
    (void)connect(fd, (struct sockaddr *)&s, sizeof s);
    struct pollfd p = {tcp_fd, POLLIN, 0};
    if (poll(&p, 1, 500) == 1) {
        peer = accept(tcp_fd, NULL, NULL);
    }
    if (peer >= 0) {
        struct pollfd w = {fd, POLLOUT, 0}, r = {peer, POLLIN, 0};
        if (poll(&w, 1, 500) == 1 && send(fd, "stream", 6, 0) == 6 && poll(&r, 1, 500) == 1) {
            (void)!recv(peer, in, 6, 0);
        }
        close(peer);
    }
    close(fd);
    return memcmp(in, "stream", 6) == 0;
}

static unsigned count(int kind)
{
    unsigned n = 0;
    for (unsigned i = 0; i < events; i++) {
        n += event[i].event == kind;
    }
    return n;
}

/* Status of the n-th such event, WICK_AGAIN if it does not come in time. */
static wick_status wait_event(int kind, unsigned n, uint64_t ms)
{
    uint64_t end = now_ms() + ms;
    while (count(kind) < n && !wick_time_reached(now_ms(), end)) {
        pump(end);
    }
    for (unsigned i = 0, k = 0; i < events; i++) {
        k += event[i].event == kind;
        if (event[i].event == kind && k == n) {
            return event[i].status;
        }
    }
    return WICK_AGAIN;
}

static bool begin(const wick_addr *server, const wick_addr *own)
{
    memset(&cfg, 0, sizeof cfg);
    gateway = server;
    cfg.entropy = &entropy;
    cfg.servers = gateway;
    cfg.server_count = 1;
    cfg.client = *own;
    events = 0;
    done = false;
    client = &c;
    return flush_rules() && start_router() && wick_pcp_client_init(&c, &cfg) == WICK_OK;
}

static unsigned map(uint8_t protocol, uint16_t port, uint32_t lifetime_s)
{
    wick_pcp_want want;
    unsigned id = 99;
    memset(&want, 0, sizeof want);
    want.protocol = protocol;
    want.internal_port = port;
    want.lifetime_s = lifetime_s;
    CHECK_STATUS(wick_pcp_client_map(&c, &id, now_ms(), &want), WICK_OK);
    return id;
}

static wick_addr outside(uint16_t port)
{
    return wick_addr_v4(11, 22, 33, 1, port);
}

/* ---- tests ---- */

TEST(udp)
{
    wick_addr to = outside(5005);
    REQUIRE(begin(&gateway4, &lan4));
    CHECK(!passes(&to));
    unsigned id = map(17, 5005, 600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1, 3000), WICK_OK);
    CHECK(wick_addr_equal(&event[0].to, &to)); /* external port = internal port */
    CHECK_INT(wick_pcp_client_lifetime_s(&c, id), 600);
    CHECK(passes(&to));
    CHECK_STATUS(wick_pcp_client_unmap(&c, now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1, 3000), WICK_OK);
    CHECK(!passes(&to));
}

TEST(tcp)
{
    wick_addr to = outside(5005);
    REQUIRE(begin(&gateway4, &lan4));
    (void)map(6, 5005, 600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1, 3000), WICK_OK);
    CHECK(tcp_passes(&to));
    CHECK(!passes(&to)); /* UDP was not asked for */
    wick_pcp_client_release(&c, now_ms());
    CHECK_STATUS(wait_event(EV(DELETED), 1, 3000), WICK_OK);
    pump(now_ms());
    CHECK(done);
    CHECK(!tcp_passes(&to));
}

/* A mapping whose owner has gone ends; one that is renewed stays. */
TEST(renew_and_expire)
{
    wick_addr kept = outside(5005), left = outside(5006);
    REQUIRE(begin(&gateway4, &lan4));
    wick_pcp_client gone;
    unsigned left_id = map(17, 5006, 10);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1, 3000), WICK_OK);
    gone = c; /* nobody polls this one again */
    CHECK(wick_pcp_client_external(&gone, left_id) != NULL);
    REQUIRE_STATUS(wick_pcp_client_init(&c, &cfg), WICK_OK);
    events = 0;
    (void)map(17, 5005, 10);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1, 3000), WICK_OK);
    CHECK(passes(&left) && passes(&kept));
    CHECK(until_passes(&left, false, 25000) <= 25000);
    CHECK(passes(&kept));
    CHECK_INT(events, 1); /* not LOST, not FAILED */
}

/* Killed, its rules flushed, started again: mapped within 5 s, by its announcement. */
TEST(router_restarted)
{
    wick_addr to = outside(5005);
    REQUIRE(begin(&gateway4, &lan4));
    (void)map(17, 5005, 3600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1, 3000), WICK_OK);
    CHECK(passes(&to));
    stop_router();
    REQUIRE(flush_rules());
    CHECK(!passes(&to));
    REQUIRE(start_router());
    uint64_t took = until_passes(&to, true, 5000);
    printf("# mapped again after %u ms\n", (unsigned)took);
    CHECK(took <= 5000);
}

/* The router's address changes; miniupnpd says nothing, the client asks. */
TEST(address_changed)
{
    wick_addr to = wick_addr_v4(11, 22, 33, 9, 5005);
    REQUIRE(begin(&gateway4, &lan4));
    unsigned id = map(17, 5005, 3600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1, 3000), WICK_OK);
    REQUIRE(command("ip netns exec gw sh -c 'ip addr add 11.22.33.9/24 dev e0 && "
                    "ip addr del 11.22.33.1/24 dev e0; ip addr show e0 | grep -q 33.9 || "
                    "ip addr add 11.22.33.9/24 dev e0'") == 0);
    uint64_t end = now_ms() + 10000;
    while (count(EV(CHANGED)) == 0 && !wick_time_reached(now_ms(), end)) {
        uint64_t step = now_ms() + 200;
        c.hint_next_ms = now_ms(); /* the test's patience, not a gateway's */
        wick_pcp_client_check(&c, now_ms());
        while (!wick_time_reached(now_ms(), step)) {
            pump(step);
        }
    }
    CHECK_INT(count(EV(CHANGED)), 1);
    CHECK(wick_pcp_client_external(&c, id) != NULL &&
          wick_addr_equal(wick_pcp_client_external(&c, id), &to));
    CHECK(passes(&to));
    REQUIRE(command("ip netns exec gw sh -c 'ip addr flush dev e0 && "
                    "ip addr add 11.22.33.1/24 dev e0 && "
                    "ip addr add 2001:4860:1::1/64 dev e0 nodad'") == 0);
}

/* A router behind another NAT: miniupnpd refuses with NO_RESOURCES. */
TEST(double_nat)
{
    REQUIRE(command("ip netns exec gw sh -c 'ip addr flush dev e0 && "
                    "ip addr add 100.64.7.1/24 dev e0'") == 0);
    REQUIRE(begin(&gateway4, &lan4));
    (void)map(17, 5005, 600);
    CHECK_STATUS(wait_event(EV(FAILED), 1, 3000), WICK_E_PCP_RESOURCES);
    CHECK_INT(count(EV(MAPPED)), 0);
    REQUIRE(command("ip netns exec gw sh -c 'ip addr flush dev e0 && "
                    "ip addr add 11.22.33.1/24 dev e0 && "
                    "ip addr add 2001:4860:1::1/64 dev e0 nodad'") == 0);
}

/* Its answer to PEER says a port that packets do not leave from: HINT, never MAPPED. */
TEST(peer)
{
    REQUIRE(begin(&gateway4, &lan4));
    wick_pcp_want want;
    unsigned id;
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = 6100;
    want.external.port = 45000;
    want.remote = wick_addr_v4(11, 22, 33, 2, 9999);
    CHECK_STATUS(wick_pcp_client_map(&c, &id, now_ms(), &want), WICK_OK);
    CHECK_STATUS(wait_event(EV(HINT), 1, 3000), WICK_OK);
    CHECK_INT(count(EV(MAPPED)), 0);
}

/* NAT-PMP with the same server: what it would say if it spoke nothing else. */
TEST(natpmp)
{
    wick_addr to = outside(5005);
    uint8_t unsupported[8] = {0, 0x80, 0, WICK_NATPMP_UNSUPP_VERSION};
    REQUIRE(begin(&gateway4, &lan4));
    unsigned id = map(17, 5005, 600);
    wick_out out;
    wick_pcp_client_poll(&c, now_ms(), &out);
    CHECK_INT(out.kind, WICK_OUT_SEND); /* and lost */
    wick_addr from = gateway4;
    from.port = WICK_PCP_SERVER_PORT;
    CHECK_STATUS(wick_pcp_client_input(&c, now_ms(), wick_span_make(unsupported, 8), &from),
                 WICK_OK);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1, 3000), WICK_OK);
    CHECK(wick_pcp_client_is_natpmp(&c));
    CHECK(wick_addr_equal(wick_pcp_client_external(&c, id), &to));
    CHECK(passes(&to));
    CHECK_STATUS(wick_pcp_client_unmap(&c, now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1, 3000), WICK_OK);
    CHECK(!passes(&to));
}

TEST(ipv6_pinhole)
{
    wick_addr to = lan6;
    to.port = 7007;
    REQUIRE(begin(&gateway6, &lan6));
    CHECK(!passes(&to));
    unsigned id = map(17, 7007, 600);
    wick_status status = wait_event(EV(MAPPED), 1, 5000);
    if (status == WICK_AGAIN) {
        SKIP("this miniupnpd does not answer PCP over IPv6 here");
    }
    CHECK_STATUS(status, WICK_E_NAT_DOUBLE); /* the lab's addresses are fd00::/8 */
    CHECK(wick_addr_equal(wick_pcp_client_external(&c, id), &to));
    CHECK(passes(&to));
    CHECK_STATUS(wick_pcp_client_unmap(&c, now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1, 3000), WICK_OK);
    CHECK(!passes(&to));
}

/* ---- the way in ---- */

static int skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n# SKIP %s\n", why, why);
    return 77;
}

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

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        CASE(udp),     CASE(tcp),        CASE(renew_and_expire), CASE(router_restarted),
        CASE(natpmp),  CASE(peer),       CASE(ipv6_pinhole),     CASE(address_changed),
        CASE(double_nat)};
    char program[600];
    (void)argc;
    lab_bin = getenv("WICK_LAB_BIN") != NULL ? getenv("WICK_LAB_BIN") : WICK_LAB_BIN_DEFAULT;
    snprintf(program, sizeof program, "%s/miniupnpd", lab_bin);
    if (access(program, X_OK) != 0) {
        return skip_all("there is no miniupnpd: run toolchain/bootstrap.sh lab");
    }
    if (command("command -v nft >/dev/null 2>&1 && command -v ip >/dev/null 2>&1") != 0) {
        return skip_all("nft or ip is missing (nftables, iproute2)");
    }
    if (getenv(INSIDE) == NULL) {
        if (command("unshare -Urnmpf --kill-child --mount-proc true >/dev/null 2>&1") != 0) {
            return skip_all("no user, network and mount namespaces here");
        }
        setenv(INSIDE, "1", 1);
        execlp("unshare", "unshare", "-Urnmpf", "--kill-child", "--mount-proc", argv[0],
               (char *)NULL);
        return skip_all("there is no unshare (util-linux)");
    }
    if (command(topology) != 0) {
        return skip_all("cannot set up namespaces and nft rules here");
    }
    gateway4 = wick_addr_v4(192, 168, 1, 1, WICK_PCP_SERVER_PORT);
    lan4 = wick_addr_v4(192, 168, 1, 10, 0);
    gateway6 = v6("fd00:1::1", WICK_PCP_SERVER_PORT);
    lan6 = v6("fd00:1::10", 0);
    pcp_fd = open_socket("lan", SOCK_DGRAM, WICK_PCP_CLIENT_PORT);
    tcp_fd = open_socket("lan", SOCK_STREAM, 5005);
    bool good = write_config() && pcp_fd >= 0 && join_announcements(pcp_fd) && tcp_fd >= 0 &&
                listen(tcp_fd, 4) == 0;
    for (unsigned i = 0; i < ECHO_PORTS; i++) {
        echo_fd[i] = open_socket("lan", SOCK_DGRAM, echo_port[i]);
        good = good && echo_fd[i] >= 0;
    }
    if (!good) {
        printf("Bail out! no sockets\n");
        return 1;
    }
    int rc = tap_run("lab.pcp", cases, sizeof cases / sizeof cases[0]);
    stop_router();
    return rc;
}
