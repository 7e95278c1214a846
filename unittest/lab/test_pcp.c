/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP client alone against a real miniupnpd (see pcp_lab.h): one socket that hears answers and
 * announcements, and the loop of the header. A mapping counts when a datagram or a connection from
 * wan went through it.
 */
#include "pcp_lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "wick/natpmp.h"
#include "wick/pcp_client.h"
#include "wick/port/pcp_link.h"

#define EV(name) WICK_PCP_EV_##name

static wick_pcp_link link_fd = {-1, -1, 0, 0};
static wick_pcp_client c, *client;
static wick_pcp_client_config cfg;
static unsigned events;
static struct {
    int event;
    wick_status status;
    wick_addr to;
} event[64];
static bool done;

/* One turn: what has come, what is due, and a wait unless an event came. */
static void pump(uint64_t until_ms)
{
    uint8_t in[2048];
    wick_addr from;
    wick_out out;
    uint64_t at = until_ms;
    unsigned before = events;
    int32_t n;
    while (client != NULL && (n = wick_pcp_link_recv(&link_fd, &from, in, sizeof in)) != WICK_AGAIN) {
        if (n >= 0) {
            (void)!wick_pcp_client_input(client, lab_now_ms(), wick_span_make(in, (size_t)n), &from);
        }
    }
    for (unsigned i = 0; client != NULL && i < 100; i++) {
        wick_pcp_client_poll(client, lab_now_ms(), &out);
        if (out.kind == WICK_OUT_SEND) {
            (void)wick_pcp_link_send(&link_fd, &out.to, out.bytes);
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
    if (events == before) {
        struct pollfd p[LAB_FDS + 2];
        size_t fds = lab_echo_fds(p);
        fds += wick_pcp_link_watch(&link_fd, &p[fds]);
        uint64_t t = lab_now_ms();
        (void)poll(p, (nfds_t)fds, wick_time_reached(t, at) ? 0 : (int)(at - t));
    }
    lab_echo();
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

static unsigned count(int kind)
{
    unsigned n = 0;
    for (unsigned i = 0; i < events; i++) {
        n += event[i].event == kind;
    }
    return n;
}

/* Status of the n-th such event, WICK_AGAIN if it does not come. */
static wick_status wait_event(int kind, unsigned n)
{
    uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
    while (count(kind) < n && !wick_time_reached(lab_now_ms(), end)) {
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
    wick_pcp_network network = {.own = *own, .server = *server};
    memset(&cfg, 0, sizeof cfg);
    cfg.entropy = &lab_entropy;
    cfg.servers = server;
    cfg.server_count = 1;
    cfg.client = *own;
    events = 0;
    done = false;
    client = &c;
    wick_pcp_link_close(&link_fd);
    /* The only interface of lan besides loopback. */
    bool good = lab_router() && lab_go_to("lan");
    for (wick_pcp_network n; good && wick_pcp_networks(&n, 1, "l0") == 1;) {
        network.index = n.index;
        break;
    }
    return good && network.index != 0 &&
           wick_pcp_link_open(&link_fd, &network, WICK_PCP_CLIENT_PORT) == WICK_OK &&
           wick_pcp_link_hears(&link_fd) && wick_pcp_client_init(&c, &cfg) == WICK_OK;
}

static unsigned map(uint8_t protocol, uint16_t port, uint32_t lifetime_s)
{
    wick_pcp_want want;
    unsigned id = 99;
    memset(&want, 0, sizeof want);
    want.protocol = protocol;
    want.internal_port = port;
    want.lifetime_s = lifetime_s;
    CHECK_STATUS(wick_pcp_client_map(&c, &id, lab_now_ms(), &want), WICK_OK);
    return id;
}

/* ---- tests ---- */

TEST(udp)
{
    wick_addr to = lab_outside(5005);
    REQUIRE(begin(&gateway4, &lan4));
    CHECK(blocked(&to));
    unsigned id = map(17, 5005, 600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    CHECK(wick_addr_equal(&event[0].to, &to)); /* external port = internal port */
    CHECK_INT(wick_pcp_client_lifetime_s(&c, id), 600);
    CHECK(passes(&to));
    CHECK_STATUS(wick_pcp_client_unmap(&c, lab_now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1), WICK_OK);
    CHECK(blocked(&to));
}

TEST(tcp)
{
    wick_addr to = lab_outside(5005);
    REQUIRE(begin(&gateway4, &lan4));
    (void)map(6, 5005, 600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    CHECK(lab_tcp_passes(&to, LAB_PATIENCE_MS));
    CHECK(blocked(&to)); /* UDP was not asked for */
    wick_pcp_client_release(&c, lab_now_ms());
    CHECK_STATUS(wait_event(EV(DELETED), 1), WICK_OK);
    pump(lab_now_ms());
    CHECK(done);
    CHECK(!lab_tcp_passes(&to, 500));
}

/* A mapping whose owner has gone ends; one that is renewed stays. */
TEST(renew_and_expire)
{
    wick_addr kept = lab_outside(5005), left = lab_outside(5006);
    REQUIRE(begin(&gateway4, &lan4));
    wick_pcp_client gone;
    unsigned left_id = map(17, 5006, 10);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    gone = c; /* nobody polls this one again */
    CHECK(wick_pcp_client_external(&gone, left_id) != NULL);
    REQUIRE_STATUS(wick_pcp_client_init(&c, &cfg), WICK_OK);
    events = 0;
    (void)map(17, 5005, 10);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    CHECK(passes(&left) && passes(&kept));
    CHECK(lab_until_passes(&left, false, LAB_PATIENCE_MS, pump) <= LAB_PATIENCE_MS);
    CHECK(passes(&kept));
    CHECK_INT(events, 1); /* not LOST, not FAILED */
}

/* Killed, its rules flushed, started again: mapped within 5 s, by its announcement. */
TEST(router_restarted)
{
    wick_addr to = lab_outside(5005);
    REQUIRE(begin(&gateway4, &lan4));
    (void)map(17, 5005, 3600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    CHECK(passes(&to));
    lab_router_stop();
    REQUIRE(lab_router_flush());
    CHECK(blocked(&to));
    REQUIRE(lab_router_start());
    uint64_t took = lab_until_passes(&to, true, lab_bar_ms(5000), pump);
    printf("# mapped again after %u ms (bar 5000)\n", (unsigned)took);
    CHECK(took <= lab_bar_ms(5000));
}

/* The router's address changes; miniupnpd says nothing, the client asks. */
TEST(address_changed)
{
    wick_addr to = wick_addr_v4(11, 22, 33, 9, 5005);
    REQUIRE(begin(&gateway4, &lan4));
    unsigned id = map(17, 5005, 3600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    REQUIRE(lab_command("ip netns exec gw sh -c 'ip addr add 11.22.33.9/24 dev e0 && "
                    "ip addr del 11.22.33.1/24 dev e0; ip addr show e0 | grep -q 33.9 || "
                    "ip addr add 11.22.33.9/24 dev e0'") == 0);
    uint64_t end = lab_now_ms() + LAB_PATIENCE_MS;
    while (count(EV(CHANGED)) == 0 && !wick_time_reached(lab_now_ms(), end)) {
        uint64_t step = lab_now_ms() + 200;
        c.hint_next_ms = lab_now_ms(); /* the test's patience, not a gateway's */
        wick_pcp_client_check(&c, lab_now_ms());
        while (!wick_time_reached(lab_now_ms(), step)) {
            pump(step);
        }
    }
    CHECK_INT(count(EV(CHANGED)), 1);
    CHECK(wick_pcp_client_external(&c, id) != NULL &&
          wick_addr_equal(wick_pcp_client_external(&c, id), &to));
    CHECK(passes(&to));
    REQUIRE(lab_command("ip netns exec gw sh -c 'ip addr flush dev e0 && "
                    "ip addr add 11.22.33.1/24 dev e0 && "
                    "ip addr add 2001:4860:1::1/64 dev e0 nodad'") == 0);
}

/* A router behind another NAT: miniupnpd refuses with NO_RESOURCES. */
TEST(double_nat)
{
    REQUIRE(lab_command("ip netns exec gw sh -c 'ip addr flush dev e0 && "
                    "ip addr add 100.64.7.1/24 dev e0'") == 0);
    REQUIRE(begin(&gateway4, &lan4));
    (void)map(17, 5005, 600);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_PCP_RESOURCES);
    CHECK_INT(count(EV(MAPPED)), 0);
    REQUIRE(lab_command("ip netns exec gw sh -c 'ip addr flush dev e0 && "
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
    CHECK_STATUS(wick_pcp_client_map(&c, &id, lab_now_ms(), &want), WICK_OK);
    CHECK_STATUS(wait_event(EV(HINT), 1), WICK_OK);
    CHECK_INT(count(EV(MAPPED)), 0);
}

/* NAT-PMP with the same server: what it would say if it spoke nothing else. */
TEST(natpmp)
{
    wick_addr to = lab_outside(5005);
    uint8_t unsupported[8] = {0, 0x80, 0, WICK_NATPMP_UNSUPP_VERSION};
    REQUIRE(begin(&gateway4, &lan4));
    unsigned id = map(17, 5005, 600);
    wick_out out;
    wick_pcp_client_poll(&c, lab_now_ms(), &out);
    CHECK_INT(out.kind, WICK_OUT_SEND); /* and lost */
    wick_addr from = gateway4;
    from.port = WICK_PCP_SERVER_PORT;
    CHECK_STATUS(wick_pcp_client_input(&c, lab_now_ms(), wick_span_make(unsupported, 8), &from),
                 WICK_OK);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    CHECK(wick_pcp_client_is_natpmp(&c));
    CHECK(wick_addr_equal(wick_pcp_client_external(&c, id), &to));
    CHECK(passes(&to));
    CHECK_STATUS(wick_pcp_client_unmap(&c, lab_now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1), WICK_OK);
    CHECK(blocked(&to));
}

/* FILTER: SUCCESS, and a host that it does not name gets in. Asking the client is what helps. */
TEST(filter_is_not_enforced)
{
    wick_addr to = lab_outside(5005), wan = wick_addr_v4(11, 22, 33, 2, 0);
    REQUIRE(begin(&gateway4, &lan4));
    wick_pcp_want want;
    unsigned id;
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = 5005;
    want.filter_count = 2;
    want.filter[0].remote = wick_addr_v4(11, 22, 33, 99, 0);
    want.filter[0].prefix_bits = 128;
    want.filter[1].remote = wick_addr_v4(20, 0, 0, 0, 443);
    want.filter[1].prefix_bits = 104;
    CHECK_STATUS(wick_pcp_client_map(&c, &id, lab_now_ms(), &want), WICK_OK);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    printf("# with filters for others, wan %s\n", blocked(&to) ? "is kept out" : "gets in all the same");
    CHECK(!wick_pcp_client_admits(&c, id, &wan));
    CHECK(wick_pcp_client_admits(&c, id, &want.filter[0].remote));
}

/* A mapping for another host of lan, by THIRD_PARTY; and one's own address is left out. */
TEST(third_party)
{
    REQUIRE(begin(&gateway4, &lan4));
    wick_pcp_want want;
    wick_addr other = wick_addr_v4(192, 168, 1, 77, 0);
    unsigned id;
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = 5006;
    memcpy(want.third_party, other.ip, sizeof want.third_party);
    CHECK_STATUS(wick_pcp_client_map(&c, &id, lab_now_ms(), &want), WICK_OK);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    CHECK_INT(lab_command("ip netns exec gw nft list chain inet filter prerouting_miniupnpd | "
                          "grep -q 192.168.1.77"),
              0);
    CHECK_STATUS(wick_pcp_client_unmap(&c, lab_now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1), WICK_OK);
    CHECK(lab_command("ip netns exec gw nft list chain inet filter prerouting_miniupnpd | "
                      "grep -q 192.168.1.77") != 0);
    wick_addr to = lab_outside(5005);
    want.internal_port = 5005;
    memcpy(want.third_party, lan4.ip, sizeof want.third_party);
    CHECK_STATUS(wick_pcp_client_map(&c, &id, lab_now_ms(), &want), WICK_OK);
    CHECK_STATUS(wait_event(EV(MAPPED), 2), WICK_OK);
    CHECK(passes(&to));
}

/* The port of another mapping, or none: miniupnpd gives a third one and says SUCCESS, which is given
 * back; a later miniupnpd may refuse. Either way the caller is told. */
TEST(prefer_failure)
{
    REQUIRE(begin(&gateway4, &lan4));
    wick_pcp_want want;
    unsigned id;
    (void)map(17, 5005, 600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = 5006;
    want.external.port = 5005;
    want.prefer_failure = true;
    CHECK_STATUS(wick_pcp_client_map(&c, &id, lab_now_ms(), &want), WICK_OK);
    CHECK_STATUS(wait_event(EV(FAILED), 1), WICK_E_PCP_EXTERNAL);
    CHECK(wick_pcp_client_external(&c, id) == NULL && count(EV(MAPPED)) == 1);
}

/* The router runs on while the client starts anew: what it kept makes it no stranger. */
TEST(client_restarted)
{
    wick_addr to = lab_outside(5005);
    REQUIRE(begin(&gateway4, &lan4));
    unsigned id = map(17, 5005, 600);
    REQUIRE_STATUS(wait_event(EV(MAPPED), 1), WICK_OK);
    uint8_t nonce[WICK_PCP_NONCE_BYTES];
    memcpy(nonce, wick_pcp_client_nonce(&c, id), sizeof nonce);
    REQUIRE_STATUS(wick_pcp_client_init(&c, &cfg), WICK_OK);
    events = 0;
    wick_pcp_want want;
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = 5005;
    CHECK_STATUS(wick_pcp_client_adopt(&c, &id, lab_now_ms(), &want, nonce), WICK_OK);
    CHECK_STATUS(wick_pcp_client_unmap(&c, lab_now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1), WICK_OK);
    CHECK(blocked(&to));
}

TEST(ipv6_pinhole)
{
    wick_addr to = lan6;
    to.port = 7007;
    REQUIRE(begin(&gateway6, &lan6));
    CHECK(blocked(&to));
    unsigned id = map(17, 7007, 600);
    wick_status status = wait_event(EV(MAPPED), 1);
    if (status == WICK_AGAIN) {
        SKIP("this miniupnpd does not answer PCP over IPv6 here");
    }
    CHECK_STATUS(status, WICK_E_NAT_DOUBLE); /* the lab's addresses are fd00::/8 */
    CHECK(wick_addr_equal(wick_pcp_client_external(&c, id), &to));
    CHECK(passes(&to));
    CHECK_STATUS(wick_pcp_client_unmap(&c, lab_now_ms(), id), WICK_OK);
    CHECK_STATUS(wait_event(EV(DELETED), 1), WICK_OK);
    CHECK(blocked(&to));
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        CASE(udp),     CASE(tcp),        CASE(renew_and_expire), CASE(router_restarted),
        CASE(natpmp),  CASE(peer),       CASE(third_party),      CASE(filter_is_not_enforced),
        CASE(prefer_failure),            CASE(client_restarted), CASE(ipv6_pinhole),
        CASE(address_changed),           CASE(double_nat)};
    (void)argc;
    return lab_main(argv, "lab.pcp", cases, sizeof cases / sizeof cases[0]);
}
