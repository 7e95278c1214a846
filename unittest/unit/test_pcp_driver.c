/* SPDX-License-Identifier: Apache-2.0 */
/* The PCP driver of Linux on loopback, against the stub's server behind a socket of its own. */
#include <poll.h>

#include "tap.h"
#include "wick/port/pcp_driver.h"
#include "wick/port/stub.h"
#include "wick/port/stub_pcp.h"

#define EV(name) WICK_PCP_EV_##name
#define PATIENCE_MS 60000u

static struct {
    wick_hal_clock clock;
    wick_hal_entropy entropy;
    wick_hal_net net;
    wick_linux_net linux_net;
    wick_stub_store stub_store;
    wick_hal_store store;
    wick_stub_pcp server;
    wick_sock sock;
    wick_pcp_driver driver;
    wick_pcp_driver_config cfg;
    wick_addr listen;
} t;

static uint64_t now_ms(void)
{
    return t.clock.now_ms(t.clock.ctx);
}

static wick_addr loopback(bool v6)
{
    wick_addr a = wick_addr_v4(127, 0, 0, 1, 0);
    if (v6) {
        memset(&a, 0, sizeof a);
        a.ip[15] = 1;
    }
    return a;
}

static bool begin(bool v6)
{
    wick_stub_pcp_config s;
    memset(&t, 0, sizeof t);
    memset(&s, 0, sizeof s);
    wick_linux_clock_init(&t.clock);
    wick_linux_entropy_init(&t.entropy);
    if (wick_linux_net_init(&t.net, &t.linux_net) != WICK_OK) {
        return false;
    }
    wick_stub_store_init(&t.stub_store);
    wick_stub_hal_store(&t.store, &t.stub_store);
    t.listen = loopback(v6);
    if (t.net.udp_open(t.net.ctx, &t.sock, &t.listen) != WICK_OK ||
        t.net.local_addr(t.net.ctx, t.sock, &t.listen) != WICK_OK) {
        return false;
    }
    s.listen = t.listen;
    s.external = wick_addr_v4(20, 0, 0, 1, 0);
    wick_stub_pcp_init(&t.server, &s, now_ms() - 100000);
    t.cfg.clock = &t.clock;
    t.cfg.entropy = &t.entropy;
    t.cfg.net = &t.net;
    t.cfg.linux_net = &t.linux_net;
    t.cfg.store = &t.store;
    t.cfg.store_key = WICK_STORE_KEY(2, 0);
    t.cfg.servers = &t.listen;
    t.cfg.server_count = 1;
    return true;
}

static void end(void)
{
    wick_pcp_driver_close(&t.driver);
    wick_linux_net_close(&t.linux_net);
}

static void serve(void)
{
    uint8_t bytes[1200];
    wick_addr from;
    wick_stub_pcp_out out;
    int32_t n;
    while ((n = t.net.udp_recv(t.net.ctx, t.sock, &from, bytes, sizeof bytes)) >= 0) {
        wick_stub_pcp_input(&t.server, now_ms(), wick_span_make(bytes, (size_t)n), &from);
    }
    while (wick_stub_pcp_poll(&t.server, &out)) {
        (void)t.net.udp_send(t.net.ctx, t.sock, &out.to, out.bytes);
    }
}

/* The next event of this kind; false if it does not come. Others are passed over. */
static bool expect(wick_pcp_driver_event *event, int kind)
{
    uint64_t end_ms = now_ms() + PATIENCE_MS;
    while (!wick_time_reached(now_ms(), end_ms)) {
        struct pollfd p[WICK_PCP_DRIVER_FDS + 1];
        serve();
        if (wick_pcp_driver_step(&t.driver, event)) {
            if (event->kind == kind) {
                return true;
            }
            continue;
        }
        size_t n = wick_pcp_driver_watch(&t.driver, p);
        p[n].fd = wick_linux_net_fd(&t.linux_net, t.sock);
        p[n].events = POLLIN;
        (void)poll(p, (nfds_t)(n + 1), 100);
    }
    return false;
}

static wick_pcp_want udp(uint16_t port)
{
    wick_pcp_want want;
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = port;
    return want;
}

TEST(map_and_give_back)
{
    wick_pcp_driver_event e;
    unsigned id = 99, again = 99;
    wick_pcp_want want = udp(5001);
    REQUIRE(begin(false));
    REQUIRE_STATUS(wick_pcp_driver_init(&t.driver, &t.cfg), WICK_OK);
    REQUIRE(expect(&e, WICK_PCP_DRIVER_NETWORK_UP));
    wick_addr own = loopback(false);
    CHECK(wick_addr_equal(&e.addr, &own) && e.id == WICK_PCP_MAPPINGS);
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_OK);
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &again, &want), WICK_OK);
    CHECK_INT(again, id);
    REQUIRE(expect(&e, EV(MAPPED)));
    CHECK_INT(e.id, id);
    CHECK_STATUS(e.status, WICK_OK);
    CHECK_INT(e.addr.port, 5001);
    CHECK(wick_pcp_driver_external(&t.driver, e.network, id) != NULL);
    CHECK_INT(wick_pcp_driver_lifetime_s(&t.driver, e.network, id), 7200);
    /* the own address that the server sees is the one the client names */
    wick_stub_pcp_mapping m = t.server.mapping[0];
    CHECK(m.used && wick_addr_same_ip(&m.internal, &own));
    CHECK_STATUS(wick_pcp_driver_unmap(&t.driver, id), WICK_OK);
    CHECK_STATUS(wick_pcp_driver_unmap(&t.driver, id), WICK_E_NOT_FOUND);
    REQUIRE(expect(&e, EV(DELETED)));
    CHECK_INT(e.id, id);
    CHECK_INT(t.server.deletes, 1);
    CHECK(wick_pcp_driver_external(&t.driver, e.network, id) == NULL);
    wick_pcp_driver_release(&t.driver);
    CHECK(expect(&e, WICK_PCP_DRIVER_DONE));
    CHECK(t.driver.tx == 2 && t.driver.tx_bytes == 120 && t.driver.rx == 2);
    end();
}

/* A second life finds nonce and port in the store, and is no stranger. */
TEST(state_lives_on)
{
    wick_pcp_driver_event e;
    unsigned id;
    uint8_t nonce[WICK_PCP_NONCE_BYTES];
    wick_pcp_want want = udp(5001);
    REQUIRE(begin(false));
    REQUIRE_STATUS(wick_pcp_driver_init(&t.driver, &t.cfg), WICK_OK);
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_OK);
    REQUIRE(expect(&e, EV(MAPPED)));
    memcpy(nonce, t.server.last.nonce, sizeof nonce);
    wick_pcp_driver_close(&t.driver);
    REQUIRE_STATUS(wick_pcp_driver_init(&t.driver, &t.cfg), WICK_OK);
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_OK);
    REQUIRE(expect(&e, EV(MAPPED)));
    CHECK_MEM(t.server.last.nonce, nonce, sizeof nonce);
    end();
}

/* A probe finds that the server began anew, though nobody announced it. */
TEST(reset_is_noticed)
{
    wick_pcp_driver_event e;
    unsigned id;
    wick_pcp_want want = udp(5001);
    REQUIRE(begin(false));
    REQUIRE_STATUS(wick_pcp_driver_init(&t.driver, &t.cfg), WICK_OK);
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_OK);
    REQUIRE(expect(&e, EV(MAPPED)));
    t.server.faults = WICK_STUB_PCP_QUIET_START;
    wick_stub_pcp_restart(&t.server, now_ms());
    wick_pcp_driver_probe(&t.driver);
    REQUIRE(expect(&e, EV(SERVER_RESET)));
    CHECK_INT(e.id, WICK_PCP_MAPPINGS);
    REQUIRE(expect(&e, EV(MAPPED)));
    CHECK(wick_stub_pcp_find(&t.server, now_ms(), 17, 5001) != NULL);
    end();
}

/* Wishes go to the networks of their family only. */
TEST(families)
{
    wick_pcp_driver_event e;
    unsigned id = 99;
    wick_pcp_want want = udp(5001), other = udp(5002);
    if (!begin(true)) {
        SKIP("no IPv6 on loopback");
    }
    REQUIRE_STATUS(wick_pcp_driver_init(&t.driver, &t.cfg), WICK_OK);
    REQUIRE(expect(&e, WICK_PCP_DRIVER_NETWORK_UP));
    other.external = wick_addr_v4(20, 0, 0, 9, 0);
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &other), WICK_OK);
    CHECK_STATUS(wick_pcp_driver_unmap(&t.driver, id), WICK_OK);
    REQUIRE(expect(&e, EV(DELETED)));
    CHECK_INT(e.network, WICK_PCP_NETWORKS); /* it was nowhere */
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_OK);
    REQUIRE(expect(&e, EV(MAPPED)));
    CHECK_INT(e.addr.port, 5001);
    CHECK_INT(t.server.maps, 1);
    end();
    /* a family that is not wanted has no network */
    REQUIRE(begin(true));
    t.cfg.no_ipv6 = true;
    REQUIRE_STATUS(wick_pcp_driver_init(&t.driver, &t.cfg), WICK_OK);
    CHECK(!wick_pcp_driver_step(&t.driver, &e));
    CHECK(wick_pcp_driver_network(&t.driver, 0) == NULL &&
          wick_pcp_driver_client(&t.driver, 0) == NULL);
    end();
}

TEST(refused)
{
    wick_pcp_driver_config cfg;
    wick_pcp_driver_event e;
    unsigned id;
    REQUIRE(begin(false));
    cfg = t.cfg;
    cfg.clock = NULL;
    CHECK_STATUS(wick_pcp_driver_init(&t.driver, &cfg), WICK_E_BAD_ARG);
    cfg = t.cfg;
    cfg.servers = NULL;
    CHECK_STATUS(wick_pcp_driver_init(&t.driver, &cfg), WICK_E_BAD_ARG);
    cfg.server_count = WICK_PCP_SERVERS + 1;
    cfg.servers = &t.listen;
    CHECK_STATUS(wick_pcp_driver_init(&t.driver, &cfg), WICK_E_LIMIT);
    REQUIRE_STATUS(wick_pcp_driver_init(&t.driver, &t.cfg), WICK_OK);
    wick_pcp_want want = udp(1);
    want.protocol = 0;
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_E_BAD_ARG);
    want = udp(1);
    want.filter_count = WICK_PCP_FILTERS + 1;
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_E_BAD_ARG);
    for (uint16_t port = 1; port <= WICK_PCP_MAPPINGS; port++) {
        want = udp(port);
        CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_OK);
    }
    want = udp(99);
    CHECK_STATUS(wick_pcp_driver_map(&t.driver, &id, &want), WICK_E_LIMIT);
    CHECK_STATUS(wick_pcp_driver_unmap(&t.driver, 77), WICK_E_NOT_FOUND);
    /* time runs out, and says so */
    t.server.faults = WICK_STUB_PCP_SILENT;
    bool more = true;
    for (unsigned i = 0; i < 100 && more; i++) {
        more = wick_pcp_driver_run(&t.driver, &e, now_ms());
    }
    CHECK(!more);
    end();
}

TAP_MAIN("unit.pcp_driver", CASE(map_and_give_back), CASE(state_lives_on), CASE(reset_is_noticed),
         CASE(families), CASE(refused))
