/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP driver and `wick pcp` on a host behind a real miniupnpd (see pcp_lab.h): routers found, not
 * told; IPv4 and IPv6 at once; announcements by multicast; addresses that change; another client,
 * natpmpc, on the same router.
 */
#include "pcp_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wick/port/pcp_driver.h"

#define EV(name) WICK_PCP_EV_##name

static struct {
    wick_hal_clock clock;
    wick_linux_net linux_net;
    wick_hal_net net;
    wick_pcp_driver driver;
    wick_pcp_driver_event event[200];
    unsigned events;
    bool open;
} h;

/* The driver's sockets are lan's, and so are the ones that it opens later. */
static void pump(uint64_t until_ms)
{
    wick_pcp_driver_event e;
    bool any = false;
    (void)lab_go_to("lan");
    while (h.open && wick_pcp_driver_step(&h.driver, &e)) {
        any = true;
        if (h.events < 200) {
            h.event[h.events++] = e;
        }
    }
    if (!any) {
        struct pollfd p[LAB_FDS + WICK_PCP_DRIVER_FDS];
        size_t n = lab_echo_fds(p);
        uint64_t at = until_ms, t = lab_now_ms();
        if (h.open) {
            n += wick_pcp_driver_watch(&h.driver, &p[n]);
            at = wick_time_min(at, wick_pcp_driver_deadline(&h.driver));
        }
        (void)poll(p, (nfds_t)n, wick_time_reached(t, at) ? 0 : (int)(at - t));
    }
    lab_echo();
}

/* The n-th event of a kind at a network of that family, NULL if it does not come. */
static const wick_pcp_driver_event *wait_event(int kind, bool v4, unsigned n)
{
    uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
    for (;;) {
        unsigned k = 0;
        for (unsigned i = 0; i < h.events; i++) {
            k += h.event[i].kind == kind && wick_addr_is_v4(&h.event[i].addr) == v4;
            if (k == n) {
                return &h.event[i];
            }
        }
        if (wick_time_reached(lab_now_ms(), end)) {
            return NULL;
        }
        pump(end);
    }
}

static unsigned count(int kind)
{
    unsigned n = 0;
    for (unsigned i = 0; i < h.events; i++) {
        n += h.event[i].kind == kind;
    }
    return n;
}

static void close_host(void)
{
    if (h.open) {
        wick_pcp_driver_close(&h.driver);
        wick_linux_net_close(&h.linux_net);
        h.open = false;
    }
}

static bool begin(void)
{
    close_host();
    memset(&h, 0, sizeof h);
    bool good = lab_router() && lab_go_to("lan") &&
                wick_linux_net_init(&h.net, &h.linux_net) == WICK_OK;
    wick_linux_clock_init(&h.clock);
    wick_pcp_driver_config cfg = {.clock = &h.clock, .entropy = &lab_entropy, .net = &h.net,
                                  .linux_net = &h.linux_net};
    h.open = good && wick_pcp_driver_init(&h.driver, &cfg) == WICK_OK;
    return h.open;
}

static unsigned map(uint16_t port)
{
    wick_pcp_want want;
    unsigned id = 99;
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = port;
    want.lifetime_s = 3600;
    CHECK_STATUS(wick_pcp_driver_map(&h.driver, &id, &want), WICK_OK);
    return id;
}

/* What must get in, and what must not. */
static bool passes(const wick_addr *to)
{
    return lab_gets_in(to, pump);
}

static bool blocked(const wick_addr *to)
{
    return !lab_passes(to, pump);
}

/* ---- the driver ---- */

/* One wish: a mapping by IPv4 and a pinhole by IPv6. Then the router is killed and started again:
 * both are back within 5 s. miniupnpd 2.3.1 announces itself to 224.0.0.1 alone; that has to do for
 * the pinhole. */
TEST(both_families_and_restart)
{
    wick_addr to4 = lab_outside(7007), to6 = lan6;
    to6.port = 7007;
    REQUIRE(begin());
    CHECK(blocked(&to4) && blocked(&to6));
    unsigned id = map(7007);
    REQUIRE(wait_event(EV(MAPPED), true, 1) != NULL && wait_event(EV(MAPPED), false, 1) != NULL);
    CHECK_INT(count(WICK_PCP_DRIVER_NETWORK_UP), 2);
    CHECK(passes(&to4) && passes(&to6));
    for (unsigned i = 0; i < 2; i++) {
        const wick_pcp_network *n = wick_pcp_driver_network(&h.driver, i);
        REQUIRE(n != NULL);
        CHECK(strcmp(n->name, "l0") == 0);
        CHECK(wick_addr_same_ip(&n->own, wick_addr_is_v4(&n->own) ? &lan4 : &lan6));
        CHECK(wick_addr_same_ip(&n->server, wick_addr_is_v4(&n->own) ? &gateway4 : &gateway6));
    }
    lab_router_stop();
    REQUIRE(lab_router_flush());
    CHECK(blocked(&to4) && blocked(&to6));
    uint64_t t0 = lab_now_ms();
    REQUIRE(lab_router_start());
    uint64_t start = lab_now_ms() - t0;
    uint64_t took4 = lab_until_passes(&to4, true, lab_bar_ms(5000), pump);
    uint64_t took6 = lab_until_passes(&to6, true, lab_bar_ms(5000), pump);
    printf("# router up after %u ms; mapped again %u ms later, its pinhole %u ms later\n",
           (unsigned)start, (unsigned)took4, (unsigned)(took4 + took6));
    CHECK(took4 + took6 <= lab_bar_ms(5000));
    CHECK_STATUS(wick_pcp_driver_unmap(&h.driver, id), WICK_OK);
    CHECK(wait_event(EV(DELETED), true, 1) != NULL && wait_event(EV(DELETED), false, 1) != NULL);
    CHECK(blocked(&to4) && blocked(&to6));
}

/* The host gets another address: told, and mapped again for the new one, without being asked. */
TEST(own_address_changes)
{
    REQUIRE(begin());
    (void)map(5005);
    REQUIRE(wait_event(EV(MAPPED), true, 1) != NULL);
    REQUIRE(lab_command("ip -n lan addr add 192.168.1.20/24 dev l0 && "
                        "ip -n lan addr del 192.168.1.10/24 dev l0; "
                        "ip -n lan addr show l0 | grep -q 1.20 || "
                        "ip -n lan addr add 192.168.1.20/24 dev l0; "
                        "ip -n lan route replace default via 192.168.1.1") == 0);
    const wick_pcp_driver_event *e = wait_event(EV(MAPPED), true, 2);
    REQUIRE(e != NULL);
    wick_addr to = e->addr;
    CHECK(count(EV(LOST)) >= 1 && count(WICK_PCP_DRIVER_NETWORK_DOWN) >= 1);
    CHECK(passes(&to));
    REQUIRE(lab_command("ip -n lan addr flush dev l0 scope global && "
                        "ip -n lan addr add 192.168.1.10/24 dev l0 && "
                        "ip -n lan addr add fd00:1::10/64 dev l0 nodad && "
                        "ip -n lan route replace default via 192.168.1.1 && "
                        "ip -n lan route replace default via fd00:1::1") == 0);
}

/* A second interface, whose router knows no PCP: it is asked too, holds nothing up, and may go. */
TEST(second_interface)
{
    REQUIRE(begin());
    (void)map(5005);
    REQUIRE(wait_event(EV(MAPPED), true, 1) != NULL);
    REQUIRE(lab_command("ip link add x0 netns lan type veth peer name x1 netns wan && "
                        "ip -n lan addr add 192.168.9.2/24 dev x0 && "
                        "ip -n lan link set x0 up && ip -n wan link set x1 up && "
                        "ip -n lan route add default via 192.168.9.1 dev x0 metric 500") == 0);
    const wick_pcp_driver_event *e = wait_event(EV(SILENT), true, 1);
    REQUIRE(e != NULL);
    const wick_pcp_network *n = wick_pcp_driver_network(&h.driver, e->network);
    REQUIRE(n != NULL);
    CHECK(strcmp(n->name, "x0") == 0 && count(WICK_PCP_DRIVER_NETWORK_UP) == 3);
    wick_addr to = lab_outside(5005);
    CHECK(passes(&to));
    REQUIRE(lab_command("ip -n lan link del x0") == 0);
    REQUIRE(wait_event(WICK_PCP_DRIVER_NETWORK_DOWN, true, 1) != NULL);
    CHECK_INT(count(EV(LOST)), 0);
    CHECK(passes(&to));
}

/* Another program has the port already: it keeps it, and we get another one that works. */
TEST(beside_natpmpc)
{
    if (lab_command("test -x \"$WICK_LAB_NATPMPC\"") != 0) {
        SKIP("there is no natpmpc: run toolchain/bootstrap.sh lab");
    }
    REQUIRE(begin());
    REQUIRE(lab_command("ip netns exec lan \"$WICK_LAB_NATPMPC\" -g 192.168.1.1 -a 5005 5006 udp 600 "
                        ">/run/natpmpc.txt 2>&1") == 0);
    CHECK_INT(lab_command("grep -q 'Public IP address : 11.22.33.1' /run/natpmpc.txt"), 0);
    CHECK_INT(lab_command("grep -q 'Mapped public port 5005 protocol UDP to local port 5006' "
                          "/run/natpmpc.txt"),
              0);
    (void)map(5005);
    const wick_pcp_driver_event *e = wait_event(EV(MAPPED), true, 1);
    REQUIRE(e != NULL);
    wick_addr to = e->addr, theirs = lab_outside(5005);
    CHECK(wick_addr_same_ip(&to, &theirs) && to.port != 5005);
    CHECK(passes(&to) && passes(&theirs));
}

/* ---- the tool ---- */

#define IN_LAN "ip netns exec lan " WICK_TOOL " "
/* Waits for a condition of the shell as long as LAB_PATIENCE_MS; its last verdict is the result. */
#define UNTIL(condition)                                                                           \
    "for i in $(seq 600); do " condition " && break; sleep 0.1; done; " condition
#define HEARD "grep -c '\"event\":\"heard\".*\"opcode\":\"ANNOUNCE\"' /run/watch"

TEST(tool)
{
    wick_addr to = lab_outside(5005), to6 = lan6;
    to6.port = 5005;
    if (lab_command("test -x " WICK_TOOL) != 0) {
        SKIP("the tool is not built");
    }
    close_host();
    REQUIRE(lab_router());
    CHECK_INT(lab_command(IN_LAN "--json pcp announce >/run/out"), 0);
    CHECK_INT(lab_command("grep -c '\"event\":\"alive\".*\"epoch_s\":[0-9]' /run/out | grep -qx 2"),
              0);
    CHECK_INT(lab_command(IN_LAN "--json pcp map --port 5005 --lifetime 600 >/run/out"), 0);
    CHECK_INT(lab_command("grep -q '\"event\":\"mapped\",\"external\":\"11.22.33.1:5005\","
                          "\"lifetime_s\":600,\"public\":true.*\"nonce\":\"0x' /run/out"),
              0);
    CHECK(passes(&to) && passes(&to6));
    /* without its nonce the mapping is somebody else's; miniupnpd says so to a delete */
    CHECK_INT(lab_command(IN_LAN "pcp delete --port 5005 --ipv4 >/run/out2 2>&1 || "
                                 "grep -q PCP_REFUSED /run/out2"),
              0);
    CHECK(passes(&to));
    CHECK_INT(lab_command(IN_LAN "pcp delete --port 5005 --ipv4 --nonce $(sed -n "
                                 "'s/.*11.22.33.1:5005.*\"nonce\":\"\\(0x[0-9a-f]*\\)\".*/\\1/p' "
                                 "/run/out) >/run/out2"),
              0);
    CHECK(blocked(&to));
    /* a store remembers the nonce instead */
    CHECK_INT(lab_command(IN_LAN "pcp map --port 5006 --ipv4 --store /run/pcp >/run/out"), 0);
    to.port = 5006;
    CHECK(passes(&to));
    CHECK_INT(lab_command(IN_LAN "pcp delete --port 5006 --ipv4 --store /run/pcp >/run/out"), 0);
    CHECK(blocked(&to));
    /* PEER is a hint; FILTER is accepted, and enforced by nobody but us */
    CHECK_INT(lab_command(IN_LAN "pcp peer --port 6100 --remote 11.22.33.2:9999 --ipv4 | "
                                 "grep -q '^hint .*by=PCP'"),
              0);
    CHECK_INT(lab_command(IN_LAN "pcp map --port 5006 --filter 11.22.33.99 --ipv4 | "
                                 "grep -q '^mapped '"),
              0);
    /* kept until the time is over, then given back */
    CHECK_INT(lab_command(IN_LAN "pcp map --port 7007 --ipv4 --keep --timeout 4 >/run/out"), 0);
    CHECK_INT(lab_command("grep -q '^mapped ' /run/out && grep -q '^deleted ' /run/out"), 0);
    /* a named router, and one that is silent */
    CHECK_INT(lab_command(IN_LAN "pcp announce --server 192.168.1.1 >/run/out"), 0);
    CHECK_INT(lab_command(IN_LAN "pcp announce --server 192.168.1.1:9 >/run/out 2>&1; test $? = 3"),
              0);
    /* what a router says at its start; before that, what each of its two addresses answers */
    CHECK_INT(lab_command(IN_LAN "--json pcp watch --timeout 300 >/run/watch & echo $! >/run/watch.pid"),
              0);
    CHECK_INT(lab_command(UNTIL("test $(" HEARD ") -ge 2")), 0);
    CHECK_INT(lab_command(HEARD " >/run/heard"), 0);
    lab_router_stop();
    REQUIRE(lab_router_start());
    CHECK_INT(lab_command(UNTIL("test $(" HEARD ") -gt $(cat /run/heard)")), 0);
    CHECK_INT(lab_command("kill $(cat /run/watch.pid)"), 0);
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {CASE(both_families_and_restart),
                                            CASE(own_address_changes), CASE(second_interface),
                                            CASE(beside_natpmpc), CASE(tool)};
    (void)argc;
    return lab_main(argv, "lab.pcp_host", cases, sizeof cases / sizeof cases[0]);
}
