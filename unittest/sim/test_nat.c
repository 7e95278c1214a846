/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NATs of the stub world behave as RFC 4787 names them: mapping, filtering, ports, hairpin,
 * time-outs, reboots, one behind another, and routers that open what they grant by PCP or NAT-PMP.
 * What the path tests conclude stands on this.
 */
#include "tap.h"
#include "wick/natpmp.h"
#include "wick/pcp.h"
#include "wick/port/stub_router.h"

#define IN_PORT 5001

static wick_stub_world w;

/* Two public hosts with two ports each: all that tells one kind of NAT from another. */
static int s1, s1b, s2, inside_sock;
static wick_addr a1, a1b, a2;

static wick_addr lan(uint8_t last)
{
    return wick_addr_v4(10, 10, 1, last, 0);
}

static wick_addr outer(void)
{
    return wick_addr_v4(20, 0, 0, 1, 0);
}

static void servers(void)
{
    wick_stub_init(&w, 11);
    a1 = wick_addr_v4(20, 0, 0, 101, 3478);
    a1b = wick_addr_v4(20, 0, 0, 101, 3479);
    a2 = wick_addr_v4(20, 0, 0, 102, 3478);
    int h1 = wick_stub_host(&w, -1, wick_addr_v4(20, 0, 0, 101, 0));
    int h2 = wick_stub_host(&w, -1, wick_addr_v4(20, 0, 0, 102, 0));
    s1 = wick_stub_open(&w, h1, 3478, -1);
    s1b = wick_stub_open(&w, h1, 3479, -1);
    s2 = wick_stub_open(&w, h2, 3478, -1);
}

/* The servers, a NAT and a host with one socket behind it. */
static int behind(wick_stub_nat_kind kind)
{
    servers();
    int nat = wick_stub_nat(&w, -1, outer(), kind);
    inside_sock = wick_stub_open(&w, wick_stub_host(&w, nat, lan(10)), IN_PORT, -1);
    return nat;
}

static void say(int sock, const wick_addr *to)
{
    wick_stub_send(&w, sock, to, wick_span_make((const uint8_t *)"x", 1));
    (void)wick_stub_run(&w, 100, NULL);
}

/* Does something arrive at `sock`? `from` is who it seems to come from; all is drained. */
static bool heard(int sock, wick_addr *from)
{
    uint8_t buf[16];
    wick_addr any;
    bool got = false;
    while (wick_stub_recv(&w, sock, from == NULL ? &any : from, buf, sizeof buf) >= 0) {
        got = true;
    }
    return got;
}

/* As which address `server` sees what `sock` sends to `to`. */
static wick_addr seen_by(int server, int sock, const wick_addr *to)
{
    wick_addr from;
    memset(&from, 0, sizeof from);
    say(sock, to);
    CHECK(heard(server, &from));
    return from;
}

static bool lets_in(int from, const wick_addr *to)
{
    say(from, to);
    return heard(inside_sock, NULL);
}

/* RFC 4787 section 4.1: what the external port depends on. */
TEST(mapping)
{
    for (unsigned i = 0; i < 3; i++) {
        wick_stub_nat_kind kind = {(wick_stub_dep)i, WICK_STUB_APD, false, false, 0, false, false};
        (void)behind(kind);
        wick_addr m1 = seen_by(s1, inside_sock, &a1);
        wick_addr m1b = seen_by(s1b, inside_sock, &a1b);
        wick_addr m2 = seen_by(s2, inside_sock, &a2);
        wick_addr again = seen_by(s1, inside_sock, &a1);
        CHECK(wick_addr_equal(&m1, &again));
        CHECK(wick_addr_same_ip(&m1, &w.nat[0].ip));
        CHECK(wick_addr_equal(&m1, &m1b) == (kind.mapping != WICK_STUB_APD));
        CHECK(wick_addr_equal(&m1, &m2) == (kind.mapping == WICK_STUB_EI));
    }
}

/* Section 5: who may answer. */
TEST(filtering)
{
    for (unsigned i = 0; i < 3; i++) {
        wick_stub_nat_kind kind = {WICK_STUB_EI, (wick_stub_dep)i, false, false, 0, false, false};
        (void)behind(kind);
        wick_addr m = seen_by(s1, inside_sock, &a1);
        unsigned before = w.nat[0].filtered;
        CHECK(lets_in(s1, &m));
        CHECK(lets_in(s1b, &m) == (kind.filtering != WICK_STUB_APD));
        CHECK(lets_in(s2, &m) == (kind.filtering == WICK_STUB_EI));
        CHECK_INT(w.nat[0].filtered - before, i); /* each refusal is counted once */
        wick_addr other = m;
        other.port ^= 1;
        CHECK(!lets_in(s1, &other));
    }
}

/* Filtering never widens mapping: what one port let in does not open another. */
TEST(symmetric_ports_are_separate)
{
    (void)behind(WICK_STUB_SYMMETRIC);
    wick_addr m1 = seen_by(s1, inside_sock, &a1);
    wick_addr m2 = seen_by(s2, inside_sock, &a2);
    CHECK(lets_in(s1, &m1));
    CHECK(lets_in(s2, &m2));
    CHECK(!lets_in(s2, &m1));
    CHECK(!lets_in(s1, &m2));
}

/* Section 4.2.1: preserved where it is free, and never shared by two hosts. */
TEST(ports)
{
    int nat = behind(WICK_STUB_PORT_RESTRICTED);
    int second = wick_stub_open(&w, wick_stub_host(&w, nat, lan(11)), IN_PORT, -1);
    wick_addr m = seen_by(s1, inside_sock, &a1), n = seen_by(s1, second, &a1);
    CHECK_INT(m.port, IN_PORT);
    CHECK(n.port != IN_PORT && n.port >= 1024);
    CHECK(lets_in(s1, &m));
    CHECK(!lets_in(s1, &n));
    CHECK(heard(second, NULL));
    (void)behind(WICK_STUB_CARRIER);
    CHECK(seen_by(s1, inside_sock, &a1).port != IN_PORT);
}

/* Section 6, REQ-9: with the external address and port as source; dropped where there is none. */
TEST(hairpin)
{
    for (unsigned i = 0; i < 2; i++) {
        wick_stub_nat_kind kind = WICK_STUB_FULL_CONE;
        kind.hairpin = i == 1;
        int nat = behind(kind);
        int second = wick_stub_open(&w, wick_stub_host(&w, nat, lan(11)), 6001, -1);
        wick_addr m = seen_by(s1, inside_sock, &a1), from;
        say(second, &m);
        bool got = heard(inside_sock, &from);
        CHECK(got == kind.hairpin);
        if (got) {
            CHECK(wick_addr_same_ip(&from, &w.nat[0].ip));
            say(inside_sock, &from);
            CHECK(heard(second, &from) && wick_addr_equal(&from, &m));
        }
        wick_addr direct = lan(10); /* in the same network no NAT is asked */
        direct.port = IN_PORT;
        say(second, &direct);
        CHECK(heard(inside_sock, &from) && from.port == 6001);
    }
}

/* REQ-5, REQ-6: what goes out keeps a mapping alive; what comes in, where the NAT is so made. */
TEST(timeouts)
{
    for (unsigned i = 0; i < 2; i++) {
        wick_stub_nat_kind kind = WICK_STUB_PORT_RESTRICTED;
        kind.timeout_ms = 30000;
        kind.preserve_port = false;
        kind.inbound_refreshes = i == 1;
        (void)behind(kind);
        wick_addr m = seen_by(s1, inside_sock, &a1);
        for (unsigned n = 0; n < 4; n++) {
            (void)wick_stub_run(&w, 20000, NULL);
            wick_addr again = seen_by(s1, inside_sock, &a1);
            CHECK(wick_addr_equal(&m, &again));
        }
        (void)wick_stub_run(&w, 20000, NULL);
        CHECK(lets_in(s1, &m));
        (void)wick_stub_run(&w, 20000, NULL);
        CHECK(lets_in(s1, &m) == kind.inbound_refreshes);
        (void)wick_stub_run(&w, 40000, NULL);
        CHECK(!lets_in(s1, &m));
        wick_addr fresh = seen_by(s1, inside_sock, &a1);
        CHECK(!wick_addr_equal(&m, &fresh));
    }
}

TEST(reboot_and_renumbering)
{
    int nat = behind(WICK_STUB_CARRIER);
    wick_addr m = seen_by(s1, inside_sock, &a1);
    wick_stub_nat_reboot(&w, nat);
    CHECK(!lets_in(s1, &m));
    wick_addr n = seen_by(s1, inside_sock, &a1);
    CHECK(!wick_addr_equal(&m, &n));
    wick_stub_nat_renumber(&w, nat, wick_addr_v4(20, 0, 0, 9, 0));
    CHECK(!lets_in(s1, &n)); /* nobody has that address now */
    m = seen_by(s1, inside_sock, &a1);
    CHECK_INT(m.ip[15], 9);
    CHECK(lets_in(s1, &m));
}

/* A port that was opened by hand is open to all, and the answer leaves from there. */
TEST(forwards)
{
    int nat = behind(WICK_STUB_SYMMETRIC);
    wick_addr in = lan(10), at = outer(), from;
    in.port = IN_PORT;
    at.port = 7000;
    CHECK(!lets_in(s2, &at));
    CHECK(wick_stub_nat_forward(&w, nat, 7000, in));
    say(s2, &at);
    CHECK(heard(inside_sock, &from) && wick_addr_equal(&from, &a2));
    from = seen_by(s2, inside_sock, &a2);
    CHECK(wick_addr_equal(&from, &at));
    CHECK(!(seen_by(s1, inside_sock, &a1).port == 7000)); /* but what begins inside does not */
    wick_stub_nat_reboot(&w, nat);
    CHECK(lets_in(s1, &at));
    in.port = 0;
    CHECK(wick_stub_nat_forward(&w, nat, 7000, in));
    wick_stub_nat_reboot(&w, nat);
    CHECK(!lets_in(s1, &at));
    in.port = 1;
    for (uint16_t i = 0; i < WICK_STUB_FORWARDS; i++) {
        CHECK(wick_stub_nat_forward(&w, nat, (uint16_t)(7000 + i), in));
    }
    CHECK(!wick_stub_nat_forward(&w, nat, 8000, in));
    wick_stub_nat_kind kind = WICK_STUB_SYMMETRIC;
    kind.explicit_outbound = true;
    nat = behind(kind);
    in.port = IN_PORT;
    CHECK(wick_stub_nat_forward(&w, nat, 7000, in));
    CHECK_INT(seen_by(s1, inside_sock, &a1).port, 7000);
}

/* A home router behind a carrier's NAT, with 100.64/10 between them. */
TEST(double_nat)
{
    servers();
    int carrier = wick_stub_nat(&w, -1, wick_addr_v4(20, 0, 0, 3, 0), WICK_STUB_CARRIER);
    wick_addr between = wick_addr_v4(100, 64, 0, 2, 0), from;
    int home = wick_stub_nat(&w, carrier, between, WICK_STUB_PORT_RESTRICTED);
    int other = wick_stub_nat(&w, carrier, wick_addr_v4(100, 64, 0, 3, 0),
                              WICK_STUB_PORT_RESTRICTED);
    inside_sock = wick_stub_open(&w, wick_stub_host(&w, home, lan(10)), IN_PORT, -1);
    int neighbour = wick_stub_open(&w, wick_stub_host(&w, other, lan(10)), IN_PORT, -1);
    wick_addr m = seen_by(s1, inside_sock, &a1), n = seen_by(s1, neighbour, &a1);
    CHECK(wick_addr_same_ip(&m, &w.nat[carrier].ip) && wick_addr_same_ip(&n, &m));
    CHECK(m.port != n.port);
    CHECK(lets_in(s1, &m));
    CHECK(!lets_in(s2, &m));
    /* Neighbours in the shared space meet there without the carrier's NAT ... */
    wick_addr near = wick_addr_v4(100, 64, 0, 3, IN_PORT);
    say(inside_sock, &near);
    CHECK(!heard(neighbour, NULL)); /* port-restricted */
    near.ip[15] = 2;
    say(neighbour, &near);
    CHECK(heard(inside_sock, &from) && wick_addr_same_ip(&from, &w.nat[other].ip));
    /* ... and by their public addresses through its hairpin. */
    say(inside_sock, &n);
    say(neighbour, &m);
    CHECK(heard(inside_sock, &from) && wick_addr_equal(&from, &n));
    /* Either box may lose what it knows. */
    wick_stub_nat_reboot(&w, home);
    CHECK(!lets_in(s1, &m));
    m = seen_by(s1, inside_sock, &a1);
    wick_stub_nat_reboot(&w, carrier);
    CHECK(!lets_in(s1, &m));
}

/* ------------------------------------------------------------------ PCP and NAT-PMP */

static wick_stub_router router;
static int client;

static int with_router(wick_stub_nat_kind kind)
{
    int nat = behind(kind);
    CHECK(wick_stub_router_init(&router, &w, nat, lan(1)));
    client = wick_stub_open(&w, w.sock[inside_sock].host, WICK_PCP_CLIENT_PORT, -1);
    return nat;
}

/* Sends one PCP request, gives its answer. */
static bool ask(wick_pcp_msg *answer, const wick_pcp_msg *q)
{
    static uint8_t bytes[WICK_PCP_MAX_BYTES];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_addr to = lan(1), from;
    to.port = WICK_PCP_SERVER_PORT;
    CHECK_STATUS(wick_pcp_encode(&b, q), WICK_OK);
    wick_stub_send(&w, client, &to, wick_buf_span(&b));
    (void)wick_stub_run(&w, 100, NULL);
    int len = wick_stub_recv(&w, client, &from, bytes, sizeof bytes);
    return len > 0 && wick_pcp_decode(answer, wick_span_make(bytes, (size_t)len)) == WICK_OK &&
           answer->response != 0 && wick_addr_equal(&from, &to);
}

static wick_pcp_msg map_of(uint16_t internal, uint16_t external, uint32_t lifetime_s)
{
    wick_pcp_msg q;
    wick_addr self = lan(10);
    memset(&q, 0, sizeof q);
    q.opcode = WICK_PCP_MAP;
    q.lifetime_s = lifetime_s;
    memcpy(q.client_ip, self.ip, 16);
    memset(q.nonce, 7, sizeof q.nonce);
    q.protocol = 17;
    q.internal_port = internal;
    q.external.ip[10] = q.external.ip[11] = 0xff;
    q.external.port = external;
    return q;
}

/* What is granted is open until it ends, whatever the NAT is otherwise. */
TEST(pcp_opens_what_it_grants)
{
    for (unsigned i = 0; i < 2; i++) {
        wick_pcp_msg r, q = map_of(IN_PORT, i == 0 ? IN_PORT : 6000, 600);
        wick_addr from;
        int nat = with_router(i == 0 ? WICK_STUB_PORT_RESTRICTED : WICK_STUB_SYMMETRIC);
        wick_addr at = outer();
        at.port = q.external.port;
        CHECK(!lets_in(s1, &at));
        REQUIRE(ask(&r, &q));
        CHECK_INT(r.result, WICK_PCP_SUCCESS);
        CHECK(wick_addr_equal(&r.external, &at));
        CHECK(lets_in(s1, &at));
        CHECK(lets_in(s2, &at));
        from = seen_by(s2, inside_sock, &a2); /* an answer leaves from the mapping */
        CHECK(wick_addr_equal(&from, &at));
        from = seen_by(s1b, inside_sock, &a1b); /* a question need not */
        CHECK(i == 0 || from.port != at.port);
        q.lifetime_s = 0;
        REQUIRE(ask(&r, &q));
        wick_stub_nat_reboot(&w, nat); /* flows through it outlive it, as in real NATs */
        CHECK(!lets_in(s1, &at));
        q.lifetime_s = 200;
        REQUIRE(ask(&r, &q));
        (void)wick_stub_run(&w, 199000, NULL);
        CHECK(lets_in(s1, &at));
        (void)wick_stub_run(&w, 2000 + w.nat[nat].kind.timeout_ms, NULL);
        CHECK(!lets_in(s1, &at));
    }
}

/* A mapped port is not given to somebody else's flow. */
TEST(pcp_port_is_taken)
{
    wick_pcp_msg r, q = map_of(IN_PORT, 6001, 600);
    int nat = with_router(WICK_STUB_PORT_RESTRICTED);
    int second = wick_stub_open(&w, wick_stub_host(&w, nat, lan(11)), 6001, -1);
    REQUIRE(ask(&r, &q));
    CHECK(seen_by(s1, second, &a1).port != 6001);
}

TEST(pcp_peer_is_for_one_peer)
{
    wick_pcp_msg r, q = map_of(IN_PORT, 6000, 600);
    (void)with_router(WICK_STUB_PORT_RESTRICTED);
    q.opcode = WICK_PCP_PEER;
    q.remote = a1;
    REQUIRE(ask(&r, &q));
    CHECK_INT(r.result, WICK_PCP_SUCCESS);
    CHECK(lets_in(s1, &r.external));
    CHECK(!lets_in(s2, &r.external));
    CHECK(!lets_in(s1b, &r.external));
}

/* A reboot takes flows and mappings, begins the epoch anew and says so to everybody. */
TEST(pcp_reboot_and_renumbering)
{
    uint8_t bytes[WICK_PCP_MAX_BYTES];
    wick_pcp_msg r, q = map_of(IN_PORT, IN_PORT, 600);
    wick_addr from;
    int nat = with_router(WICK_STUB_PORT_RESTRICTED);
    int second = wick_stub_open(&w, wick_stub_host(&w, nat, lan(11)), WICK_PCP_CLIENT_PORT, -1);
    (void)wick_stub_run(&w, 60000, NULL);
    REQUIRE(ask(&r, &q));
    CHECK(r.epoch_s >= 60);
    wick_addr at = r.external;
    wick_stub_router_reboot(&router);
    CHECK(!lets_in(s1, &at));
    int len = wick_stub_recv(&w, client, &from, bytes, sizeof bytes);
    REQUIRE(len > 0 &&
            wick_pcp_decode(&r, wick_span_make(bytes, (size_t)len)) == WICK_OK);
    CHECK(r.response != 0 && r.opcode == WICK_PCP_ANNOUNCE && r.epoch_s == 0);
    CHECK(wick_addr_same_ip(&from, &w.nat[nat].inside));
    CHECK(heard(second, NULL));   /* multicast: every host of the network */
    CHECK(!heard(s1, NULL));      /* and no other */
    REQUIRE(ask(&r, &q));
    CHECK(r.epoch_s < 5);
    wick_stub_router_renumber(&router, wick_addr_v4(20, 0, 0, 9, 0), true);
    (void)wick_stub_run(&w, 100, NULL);
    len = wick_stub_recv(&w, client, &from, bytes, sizeof bytes);
    REQUIRE(len > 0 &&
            wick_pcp_decode(&r, wick_span_make(bytes, (size_t)len)) == WICK_OK);
    CHECK_INT(r.opcode, WICK_PCP_MAP);
    CHECK_INT(r.external.ip[15], 9);
    CHECK(lets_in(s1, &r.external));
    CHECK(!lets_in(s1, &at));
    router.down = true;
    CHECK(!ask(&r, &q));
    CHECK(lets_in(s2, &r.external)); /* what is open stays open */
}

/* Behind a carrier its external address is not public: refused by the honest, told by the other. */
TEST(pcp_behind_a_carrier)
{
    wick_pcp_msg r, q = map_of(IN_PORT, IN_PORT, 600);
    servers();
    int carrier = wick_stub_nat(&w, -1, wick_addr_v4(20, 0, 0, 3, 0), WICK_STUB_CARRIER);
    int home =
        wick_stub_nat(&w, carrier, wick_addr_v4(100, 64, 0, 2, 0), WICK_STUB_PORT_RESTRICTED);
    inside_sock = wick_stub_open(&w, wick_stub_host(&w, home, lan(10)), IN_PORT, -1);
    CHECK(wick_stub_router_init(&router, &w, home, lan(1)));
    client = wick_stub_open(&w, w.sock[inside_sock].host, WICK_PCP_CLIENT_PORT, -1);
    REQUIRE(ask(&r, &q));
    CHECK_INT(r.result, WICK_PCP_SUCCESS);
    CHECK_INT(r.external.ip[12], 100);
    CHECK(!lets_in(s1, &r.external)); /* a claim that is worth nothing */
    router.honest = true;
    REQUIRE(ask(&r, &q));
    CHECK_INT(r.result, WICK_PCP_NO_RESOURCES);
    CHECK_INT(r.lifetime_s, 30);
}

TEST(natpmp_router)
{
    uint8_t bytes[WICK_PCP_MAX_BYTES];
    wick_pcp_msg r, q = map_of(IN_PORT, IN_PORT, 600);
    wick_natpmp_msg n, a;
    wick_addr from, to = lan(1), at = outer();
    (void)with_router(WICK_STUB_SYMMETRIC);
    router.pcp.faults = WICK_STUB_PCP_NATPMP_ONLY;
    to.port = WICK_PCP_SERVER_PORT;
    CHECK(!ask(&r, &q));
    memset(&n, 0, sizeof n);
    n.opcode = WICK_NATPMP_UDP;
    n.internal_port = IN_PORT;
    n.external_port = 6000;
    n.lifetime_s = 600;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    REQUIRE_STATUS(wick_natpmp_encode(&b, &n), WICK_OK);
    wick_stub_send(&w, client, &to, wick_buf_span(&b));
    (void)wick_stub_run(&w, 100, NULL);
    int len = wick_stub_recv(&w, client, &from, bytes, sizeof bytes);
    REQUIRE(len > 0 &&
            wick_natpmp_decode(&a, wick_span_make(bytes, (size_t)len)) == WICK_OK);
    CHECK_INT(a.result, WICK_NATPMP_SUCCESS);
    at.port = a.external_port;
    CHECK_INT(at.port, 6000);
    CHECK(lets_in(s1, &at));
    CHECK(lets_in(s2, &at));
}

/* A host sees its default gateway, and a spoofer's source is what he says it is. */
TEST(gateway_and_spoofed_source)
{
    wick_hal_net net;
    wick_netif nif;
    wick_stub_net host = {&w, 0, -1};
    int nat = with_router(WICK_STUB_PORT_RESTRICTED);
    host.host = w.sock[inside_sock].host;
    wick_stub_hal_net(&net, &host);
    CHECK_INT(net.interfaces(net.ctx, &nif, 1), 1);
    CHECK(wick_addr_same_ip(&nif.gateway, &w.nat[nat].inside));
    wick_addr m = seen_by(s1, inside_sock, &a1), from;
    wick_stub_inject(&w, -1, &a1, &m, wick_span_make((const uint8_t *)"x", 1));
    (void)wick_stub_run(&w, 100, NULL);
    CHECK(heard(inside_sock, &from) && wick_addr_equal(&from, &a1));
    wick_stub_inject(&w, -1, &a2, &m, wick_span_make((const uint8_t *)"x", 1));
    (void)wick_stub_run(&w, 100, NULL);
    CHECK(!heard(inside_sock, NULL));
}

TAP_MAIN("sim.nat", CASE(mapping), CASE(filtering), CASE(symmetric_ports_are_separate), CASE(ports),
         CASE(hairpin), CASE(timeouts), CASE(reboot_and_renumbering), CASE(forwards),
         CASE(double_nat), CASE(pcp_opens_what_it_grants), CASE(pcp_port_is_taken),
         CASE(pcp_peer_is_for_one_peer), CASE(pcp_reboot_and_renumbering),
         CASE(pcp_behind_a_carrier), CASE(natpmp_router), CASE(gateway_and_spoofed_source))
