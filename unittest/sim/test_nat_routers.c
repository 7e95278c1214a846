/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gateways behind routers that restart, move, forget, promise what they do not keep, or stand
 * behind another one: what is published leads to the gateway, and sessions outlive what can be outlived.
 */
#include "sites.h"
#include "tap.h"

static struct sites s;

static bool begin(uint64_t seed, enum site a, enum site b, unsigned relays)
{
    sites_init(&s, seed, a, b, relays);
    return true;
}

/* Runs until b's record leads to a way of this kind. */
static bool published_as(uint8_t kind, uint64_t ms)
{
    uint64_t end = s.lab.w.now_ms + ms;
    do {
        const wick_gateway_event *e = &s.lab.b.last[WICK_GW_EV_PUBLISHED];
        uint8_t id[32], service[32], slot[32], word[32];
        wick_endpoint p;
        CHECK_STATUS(wick_name_hash(id, wick_span_text("gw-b")), WICK_OK);
        CHECK_STATUS(wick_name_hash(service, wick_span_text("default")), WICK_OK);
        wick_slot_endpoint(slot, id, service, 0);
        wick_stub_chain_get(&s.lab.chain, word, 0, slot);
        if (e->kind == WICK_GW_EV_PUBLISHED && wick_endpoint_decode(&p, word) == WICK_OK &&
            p.kind == kind) {
            return true;
        }
        (void)wick_stub_run(&s.lab.w, 500, NULL);
    } while (s.lab.w.now_ms < end);
    return false;
}

static enum way call_and_echo(uint8_t *session)
{
    bool up = lab_connect(&s.lab, session, 40000);
    for (unsigned again = 0; !up && again < 2; again++) {
        up = lab_connect(&s.lab, session, 40000);
    }
    return up ? sites_echo(&s, *session, 20000) : WAY_NONE;
}

/* SUCCESS is a claim: here nothing behind it is open. It is tried, and not published. */
TEST(a_mapping_that_is_not_open)
{
    uint8_t session = 0;
    REQUIRE(begin(6000, SITE_SYMMETRIC, SITE_PCP, 1));
    s.lab.w.nat[s.lab.nat_b].pcp = NULL;
    REQUIRE(lab_ready(&s.lab, 180000));
    CHECK(s.router[1].pcp.maps != 0);
    CHECK(published_as(WICK_ENDPOINT_RELAY, 60000));
    CHECK_INT(call_and_echo(&session), WAY_RELAY);
    wick_gateway_path_state look;
    wick_gateway_path_look(&s.lab.b.gw, &look);
    CHECK_INT(look.claim[WICK_PATH_PCP].state, WICK_PATH_BAD);
    /* Once it is, it is found out, and published. */
    s.lab.w.nat[s.lab.nat_b].pcp = &s.router[1].pcp;
    CHECK(published_as(WICK_ENDPOINT_PCP, 3600000));
}

/* A PCP router behind a carrier: its external address is shared. Told, and not published. */
TEST(a_router_behind_a_carrier)
{
    for (unsigned honest = 0; honest < 2; honest++) {
        uint8_t session = 0;
        REQUIRE(begin(6010 + honest, SITE_PORT_RESTRICTED, SITE_DOUBLE, 1));
        REQUIRE(wick_stub_router_init(&s.router[1], &s.lab.w, s.lab.nat_b,
                                      wick_addr_v4(10, 10, 2, 1, 0)));
        s.router[1].honest = honest == 1;
        REQUIRE(lab_ready(&s.lab, 180000));
        CHECK(published_as(WICK_ENDPOINT_RELAY, 60000));
        CHECK_INT(call_and_echo(&session), WAY_RELAY);
        (void)wick_stub_run(&s.lab.w, 30000, NULL);
        CHECK_INT(sites_echo(&s, session, 20000), WAY_DIRECT);
        wick_gateway_path_state look;
        wick_gateway_path_look(&s.lab.b.gw, &look);
        CHECK(look.double_nat || honest == 1);
    }
}

/* The router restarts: its announcement brings the mapping back within seconds, and nothing has to
 * be written; the session that went through it goes on. */
TEST(a_router_restarts)
{
    for (unsigned quiet = 0; quiet < 2; quiet++) {
        uint8_t session = 0;
        REQUIRE(begin(6020 + quiet, SITE_PORT_RESTRICTED, SITE_PCP, 1));
        s.router[1].pcp.faults = quiet == 1 ? WICK_STUB_PCP_QUIET_START : 0u;
        REQUIRE(lab_ready(&s.lab, 180000));
        REQUIRE(published_as(WICK_ENDPOINT_PCP, 60000));
        REQUIRE(call_and_echo(&session) == WAY_MAPPED);
        uint32_t seq = s.lab.b.last[WICK_GW_EV_PUBLISHED].seq;
        wick_addr at = s.lab.a.last[WICK_GW_EV_SESSION_UP].addr;
        wick_stub_router_reboot(&s.router[1]);
        (void)wick_stub_run(&s.lab.w, 5000, NULL);
        if (quiet == 0) {
            CHECK(wick_stub_pcp_find(&s.router[1].pcp, s.lab.w.now_ms, 17, at.port) != NULL);
        }
        CHECK(sites_echo(&s, session, 60000) != WAY_NONE);
        CHECK_INT(s.lab.a.seen[WICK_GW_EV_SESSION_DOWN] + s.lab.b.seen[WICK_GW_EV_SESSION_DOWN],
                  0);
        if (quiet == 0) {
            CHECK_INT(s.lab.b.last[WICK_GW_EV_PUBLISHED].seq, seq);
        }
    }
}

/* Another external address, told by unsolicited MAP responses or found out: it is published, and
 * whoever calls after that arrives. */
TEST(a_router_is_renumbered)
{
    for (unsigned tell = 0; tell < 2; tell++) {
        uint8_t session = 0;
        wick_addr ip = wick_addr_v4(20, 0, 0, 45, 0);
        REQUIRE(begin(6030 + tell, SITE_PORT_RESTRICTED, SITE_PCP, 1));
        REQUIRE(lab_ready(&s.lab, 180000));
        REQUIRE(published_as(WICK_ENDPOINT_PCP, 60000));
        wick_stub_router_renumber(&s.router[1], ip, tell == 1);
        uint64_t end = s.lab.w.now_ms + 900000;
        while (!wick_addr_same_ip(&s.lab.b.last[WICK_GW_EV_PATH_CHANGED].addr, &ip) &&
               s.lab.w.now_ms < end) {
            (void)wick_stub_run(&s.lab.w, 500, NULL);
        }
        CHECK(wick_addr_same_ip(&s.lab.b.last[WICK_GW_EV_PATH_CHANGED].addr, &ip));
        (void)wick_stub_run(&s.lab.w, 30000, NULL);
        CHECK_INT(call_and_echo(&session), WAY_MAPPED);
        CHECK(wick_addr_same_ip(&s.lab.a.last[WICK_GW_EV_SESSION_UP].addr, &ip));
    }
}

/* No router answers any more, and the mapping runs out: the record leads to a relay again. */
TEST(a_router_goes_deaf)
{
    uint8_t session = 0;
    REQUIRE(begin(6040, SITE_SYMMETRIC, SITE_PCP, 1));
    s.router[1].pcp.lifetime_s = 300;
    REQUIRE(lab_ready(&s.lab, 180000));
    REQUIRE(published_as(WICK_ENDPOINT_PCP, 60000));
    s.router[1].down = true;
    CHECK(published_as(WICK_ENDPOINT_RELAY, 900000));
    CHECK_INT(call_and_echo(&session), WAY_RELAY);
    s.router[1].down = false;
    CHECK(published_as(WICK_ENDPOINT_PCP, 3600000));
}

/* Mappings of half a minute: what is idle is kept alive, and is there when it is wanted. */
TEST(idle_sessions_outlive_the_mappings_of_nats)
{
    static const enum site at[][2] = {{SITE_PORT_RESTRICTED, SITE_PORT_RESTRICTED},
                                      {SITE_SYMMETRIC, SITE_SYMMETRIC},
                                      {SITE_DOUBLE, SITE_FULL_CONE}};
    for (unsigned i = 0; i < 3; i++) {
        uint8_t session = 0;
        REQUIRE(begin(6050 + i, at[i][0], at[i][1], 1));
        for (unsigned n = 0; n < s.lab.w.nat_count; n++) {
            s.lab.w.nat[n].kind.timeout_ms = 30000;
        }
        REQUIRE(lab_ready(&s.lab, 180000));
        REQUIRE(call_and_echo(&session) == WAY_RELAY);
        for (unsigned k = 0; k < 4; k++) {
            (void)wick_stub_run(&s.lab.w, 200000, NULL);
            CHECK_INT(sites_echo(&s, session, 2000), i == 1 ? WAY_RELAY : WAY_DIRECT);
        }
        CHECK_INT(s.lab.b.seen[WICK_GW_EV_PATH_CHANGED], 1);
        CHECK_INT(s.lab.a.seen[WICK_GW_EV_SESSION_DOWN] + s.lab.b.seen[WICK_GW_EV_SESSION_DOWN],
                  0);
    }
}

/* The called gateway is carried to another network while it is talked to. */
TEST(a_gateway_moves_house)
{
    static const enum site to[] = {SITE_PUBLIC, SITE_SYMMETRIC};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t session = 0;
        REQUIRE(begin(6060 + i, SITE_PORT_RESTRICTED, SITE_PCP, 1));
        REQUIRE(lab_ready(&s.lab, 180000));
        REQUIRE(published_as(WICK_ENDPOINT_PCP, 60000));
        REQUIRE(call_and_echo(&session) == WAY_MAPPED);
        int nat = to[i] == SITE_PUBLIC ? -1
                                       : wick_stub_nat(&s.lab.w, -1, wick_addr_v4(20, 0, 0, 46, 0),
                                                       WICK_STUB_SYMMETRIC);
        wick_stub_host_move(&s.lab.w, s.lab.host_b, nat,
                            nat < 0 ? wick_addr_v4(20, 0, 0, 47, 0)
                                    : wick_addr_v4(192, 168, 7, 10, 0));
        wick_stub_node_wake(&s.lab.b);
        CHECK(published_as(nat < 0 ? WICK_ENDPOINT_DIRECT : WICK_ENDPOINT_RELAY, 600000));
        (void)wick_stub_run(&s.lab.w, 60000, NULL);
        CHECK(sites_echo(&s, session, 30000) != WAY_NONE); /* the session has come along */
        CHECK_INT(s.forged, 0);
    }
}

TAP_MAIN("sim.nat_routers", CASE(a_mapping_that_is_not_open), CASE(a_router_behind_a_carrier),
         CASE(a_router_restarts), CASE(a_router_is_renumbered), CASE(a_router_goes_deaf),
         CASE(idle_sessions_outlive_the_mappings_of_nats), CASE(a_gateway_moves_house))
