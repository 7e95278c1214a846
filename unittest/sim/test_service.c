/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services of local applications (wick/service.h): their words on chain, how they are found, kept,
 * moved and withdrawn, and that nothing of that touches the agent's own endpoint.
 */
#include "sites.h"
#include "tap.h"
#include "wick/service.h"

static struct sites site;
static struct lab *const lab = &site.lab;

static wick_addr cam_addr(uint16_t port)
{
    return wick_addr_v4(20, 0, 0, 99, port);
}

static bool fresh(uint64_t seed, enum site b)
{
    sites_init(&site, seed, SITE_SYMMETRIC, b, 1);
    return lab_ready(lab, 120000);
}

/* What b's record says under a service. @return false: never written */
static bool word(wick_endpoint *e, const char *service)
{
    uint8_t hash[32], slot[32], value[32];
    memset(e, 0, sizeof *e);
    if (wick_name_hash(hash, wick_span_text(service)) != WICK_OK) {
        return false;
    }
    wick_slot_endpoint(slot, lab->b.gw.id, hash, 0);
    wick_stub_chain_get(&lab->chain, value, 0, slot);
    return wick_endpoint_decode(e, value) == WICK_OK;
}

static wick_status publish(const char *name, uint8_t protocol, uint16_t port, const wick_addr *addr)
{
    wick_service_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.name = name;
    spec.protocol = protocol;
    spec.port = port;
    if (addr != NULL) {
        spec.addr = *addr;
    }
    wick_status s = wick_service_publish(&lab->b.gw, lab->w.now_ms, &spec);
    wick_stub_node_wake(&lab->b);
    return s;
}

static wick_status unpublish(const char *name)
{
    wick_status s = wick_service_unpublish(&lab->b.gw, lab->w.now_ms, name);
    wick_stub_node_wake(&lab->b);
    return s;
}

static const wick_gateway_event *told(void)
{
    return &lab->b.last[WICK_GW_EV_SERVICE];
}

static bool until_told(uint64_t ms)
{
    return lab_until(lab, &lab->b, WICK_GW_EV_SERVICE, ms);
}

/* An endpoint that the application knows: written, proven, told, found by a peer under its name. */
TEST(given_endpoint_is_published_and_found)
{
    static wick_gateway_record records[WICK_GW_SESSIONS_MAX];
    wick_addr at = cam_addr(8443);
    wick_endpoint e;
    wick_service_state v;
    REQUIRE(fresh(1, SITE_SYMMETRIC));
    unsigned own = lab->b.seen[WICK_GW_EV_PUBLISHED], mined = lab->chain.mined;
    REQUIRE_STATUS(publish("camera", WICK_PROTOCOL_TCP, 0, &at), WICK_OK);
    REQUIRE(until_told(60000));
    CHECK_STATUS(told()->status, WICK_OK);
    CHECK_INT(told()->index, 0);
    CHECK(told()->sent);
    CHECK(strcmp(told()->name, "camera") == 0);
    CHECK_INT(told()->protocol, WICK_PROTOCOL_TCP);
    CHECK(wick_addr_equal(&told()->addr, &at));
    CHECK_INT(told()->endpoint_kind, WICK_ENDPOINT_DIRECT);
    REQUIRE(word(&e, "camera"));
    CHECK(wick_addr_equal(&e.addr, &at));
    CHECK_INT(e.protocol, WICK_PROTOCOL_TCP);
    CHECK_INT(e.seq, 1);
    CHECK_INT(lab->chain.mined, mined + 1);
    CHECK_INT(lab->b.seen[WICK_GW_EV_PUBLISHED], own); /* nothing of its own was written */
    REQUIRE_STATUS(wick_service_look(&lab->b.gw, &v, 0), WICK_OK);
    CHECK(v.published && !v.leaving && v.has_endpoint);
    CHECK_INT(v.seq, 1);
    CHECK_STATUS(wick_service_look(&lab->b.gw, &v, 1), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_service_look(&lab->b.gw, &v, WICK_GW_SERVICES_MAX), WICK_E_NOT_FOUND);

    lab->a.gw.cfg.records = records;
    REQUIRE_STATUS(wick_stub_node_lookup(&lab->a, "gw-b/camera"), WICK_OK);
    REQUIRE(lab_until(lab, &lab->a, WICK_GW_EV_PEER_RESOLVED, 20000));
    const wick_gateway_event *r = &lab->a.last[WICK_GW_EV_PEER_RESOLVED];
    /* The record holds it; the agent's own calls go over UDP. */
    CHECK_STATUS(r->status, WICK_E_UNSUPPORTED);
    REQUIRE(r->session < WICK_GW_SESSIONS_MAX);
    CHECK(records[r->session].record.has_endpoint[0]);
    CHECK(wick_addr_equal(&records[r->session].record.endpoint[0].addr, &at));
}

/* The same once more writes nothing; another endpoint is one transaction, with a higher number. */
TEST(writes_only_what_differs)
{
    wick_addr at = cam_addr(8443), other = cam_addr(8444);
    wick_endpoint e;
    REQUIRE(fresh(2, SITE_SYMMETRIC));
    REQUIRE_STATUS(publish("camera", WICK_PROTOCOL_TCP, 0, &at), WICK_OK);
    REQUIRE(until_told(60000));
    unsigned mined = lab->chain.mined;
    REQUIRE_STATUS(publish("camera", WICK_PROTOCOL_TCP, 0, &at), WICK_OK);
    REQUIRE(until_told(60000));
    CHECK(!told()->sent);
    CHECK_INT(lab->chain.mined, mined);
    REQUIRE_STATUS(publish("camera", WICK_PROTOCOL_TCP, 0, &other), WICK_OK);
    REQUIRE(until_told(120000));
    CHECK(told()->sent);
    CHECK_INT(lab->chain.mined, mined + 1);
    REQUIRE(word(&e, "camera"));
    CHECK(wick_addr_equal(&e.addr, &other));
    CHECK_INT(e.seq, 2);
}

/* Behind the agent: peers call it under the name of the service. */
TEST(behind_the_agents_own_endpoint)
{
    uint8_t session = 0;
    wick_endpoint e;
    REQUIRE(fresh(3, SITE_SYMMETRIC));
    REQUIRE_STATUS(publish("door", 0, 0, NULL), WICK_OK);
    REQUIRE(until_told(60000));
    CHECK_STATUS(told()->status, WICK_OK);
    REQUIRE(word(&e, "door"));
    CHECK_INT(e.kind, WICK_ENDPOINT_RELAY);
    CHECK(wick_addr_equal(&e.addr, &lab->b.last[WICK_GW_EV_PUBLISHED].addr));
    REQUIRE_STATUS(wick_stub_node_connect(&lab->a, &session, "gw-b/door"), WICK_OK);
    REQUIRE(lab_until(lab, &lab->a, WICK_GW_EV_SESSION_UP, 20000));
    CHECK(sites_echo(&site, session, 5000) != WAY_NONE);
}

/* Publishes "web" on TCP port 8080 of the host, and waits for its word, which may be tried again. */
static bool web_is_up(wick_endpoint *e)
{
    CHECK_STATUS(publish("web", WICK_PROTOCOL_TCP, 8080, NULL), WICK_OK);
    for (unsigned i = 0; i < 4 && !(lab->b.seen[WICK_GW_EV_SERVICE] != 0 && told()->status == WICK_OK);
         i++) {
        (void)until_told(30000);
    }
    CHECK_STATUS(told()->status, WICK_OK);
    return word(e, "web");
}

/* A port of the host behind a router: a mapping of its own, published because the agent's is proven. */
TEST(port_is_mapped_at_the_router)
{
    wick_endpoint e;
    REQUIRE(fresh(4, SITE_PCP));
    REQUIRE(web_is_up(&e));
    CHECK_INT(e.kind, WICK_ENDPOINT_PCP);
    CHECK_INT(e.protocol, WICK_PROTOCOL_TCP);
    const wick_stub_pcp *p = &site.router[1].pcp;
    CHECK(wick_addr_same_ip(&e.addr, &p->cfg.external));
    const wick_stub_pcp_mapping *m = wick_stub_pcp_find(p, lab->w.now_ms, 6, e.addr.port);
    REQUIRE(m != NULL);

    /* Withdrawn, on chain and at the router; the agent's own mapping stays. */
    wick_addr own = lab->b.last[WICK_GW_EV_PATH_CHANGED].addr;
    REQUIRE_STATUS(unpublish("web"), WICK_OK);
    REQUIRE(until_told(60000));
    CHECK_INT(told()->endpoint_kind, WICK_ENDPOINT_WITHDRAWN);
    (void)wick_stub_run(&lab->w, 5000, NULL);
    CHECK(wick_stub_pcp_find(p, lab->w.now_ms, 6, e.addr.port) == NULL);
    CHECK(wick_stub_pcp_find(p, lab->w.now_ms, 17, own.port) != NULL);
    REQUIRE(word(&e, "web"));
    CHECK_INT(e.kind, WICK_ENDPOINT_WITHDRAWN);
    CHECK_INT(e.seq, 2);
}

static wick_status no_signature(void *ctx, uint8_t sig64[64], uint8_t *recid, wick_key key,
                                const uint8_t digest32[32])
{
    (void)ctx, (void)sig64, (void)recid, (void)key, (void)digest32;
    return WICK_E_UNSUPPORTED;
}

/* A word that cannot be withdrawn is left to expire; the mapping is not, for nobody would know of it. */
TEST(mapping_goes_with_a_service_that_stays_on_chain)
{
    wick_endpoint e;
    REQUIRE(fresh(14, SITE_PCP));
    REQUIRE(web_is_up(&e));
    const wick_stub_pcp *p = &site.router[1].pcp;
    REQUIRE(wick_stub_pcp_find(p, lab->w.now_ms, 6, e.addr.port) != NULL);
    lab->b.keystore.secp256k1_sign = no_signature;
    REQUIRE_STATUS(unpublish("web"), WICK_OK);
    REQUIRE(until_told(60000));
    CHECK_STATUS(told()->status, WICK_E_UNSUPPORTED);
    CHECK(told()->final);
    (void)wick_stub_run(&lab->w, 5000, NULL);
    CHECK(wick_stub_pcp_find(p, lab->w.now_ms, 6, e.addr.port) == NULL);
}

/* A public host needs no mapping. */
TEST(port_of_a_public_host)
{
    wick_endpoint e;
    REQUIRE(fresh(5, SITE_PUBLIC));
    REQUIRE_STATUS(publish("web", WICK_PROTOCOL_TCP, 8080, NULL), WICK_OK);
    REQUIRE(until_told(60000));
    REQUIRE_STATUS(told()->status, WICK_OK);
    REQUIRE(word(&e, "web"));
    CHECK_INT(e.kind, WICK_ENDPOINT_DIRECT);
    CHECK_INT(e.addr.port, 8080);
    wick_addr ip = wick_addr_v4(20, 0, 0, 78, 0);
    CHECK(wick_addr_same_ip(&e.addr, &ip));
}

/* Where no way leads to the port, that is said, once, and nothing is written. */
TEST(no_way_is_told)
{
    wick_endpoint e;
    wick_service_state v;
    REQUIRE(fresh(6, SITE_SYMMETRIC));
    unsigned mined = lab->chain.mined;
    REQUIRE_STATUS(publish("web", WICK_PROTOCOL_TCP, 8080, NULL), WICK_OK);
    REQUIRE(until_told(60000));
    CHECK_STATUS(told()->status, WICK_E_NO_ENDPOINT);
    CHECK(!word(&e, "web"));
    REQUIRE_STATUS(wick_service_look(&lab->b.gw, &v, 0), WICK_OK);
    CHECK(!v.published && !v.has_endpoint);
    unsigned seen = lab->b.seen[WICK_GW_EV_SERVICE];
    (void)wick_stub_run(&lab->w, 120000, NULL);
    CHECK_INT(lab->b.seen[WICK_GW_EV_SERVICE], seen);
    CHECK_INT(lab->chain.mined, mined);
    CHECK(lab->b.gw.ready_told); /* the agent's own goals are reached as before */
}

/* Several at a time, all in one proof; one more than there is room for is refused. */
TEST(several_and_no_more)
{
    static const char *const names[] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"};
    wick_endpoint e;
    wick_addr at = cam_addr(1000);
    REQUIRE(fresh(7, SITE_SYMMETRIC));
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        at.port = (uint16_t)(1000 + i);
        CHECK_STATUS(publish(names[i], WICK_PROTOCOL_UDP, 0, &at), WICK_OK);
    }
    CHECK_STATUS(publish("one-more", WICK_PROTOCOL_UDP, 0, &at), WICK_E_LIMIT);
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        CHECK(until_told(60000));
    }
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        CHECK(word(&e, names[i]) && e.addr.port == 1000 + i);
    }
    /* A place that is given back serves the next. */
    CHECK_STATUS(unpublish("s1"), WICK_OK);
    CHECK(until_told(60000));
    CHECK_INT(told()->index, 1);
    CHECK_INT(told()->endpoint_kind, WICK_ENDPOINT_WITHDRAWN);
    CHECK_STATUS(unpublish("s1"), WICK_E_NOT_FOUND);
    CHECK_STATUS(publish("one-more", WICK_PROTOCOL_UDP, 0, &at), WICK_OK);
    CHECK(until_told(60000));
    CHECK(word(&e, "one-more") && e.seq == 1);
    CHECK(word(&e, "s0") && e.seq == 1);
}

TEST(bad_requests)
{
    wick_addr at = cam_addr(1000), no_port = cam_addr(0);
    wick_addr no_ip;
    memset(&no_ip, 0, sizeof no_ip);
    no_ip.port = 5;
    REQUIRE(fresh(8, SITE_PCP));
    (void)wick_stub_run(&lab->w, 60000, NULL); /* the standby's word is written, too */
    unsigned mined = lab->chain.mined;
    CHECK_STATUS(publish(NULL, 0, 0, &at), WICK_E_NAME);
    CHECK_STATUS(publish("", 0, 0, &at), WICK_E_NAME);
    CHECK_STATUS(publish("Web", 0, 0, &at), WICK_E_NAME);
    CHECK_STATUS(publish("a/b", 0, 0, &at), WICK_E_NAME);
    CHECK_STATUS(publish(WICK_SERVICE_DEFAULT, 0, 0, &at), WICK_E_NAME);
    CHECK_STATUS(publish("web", 1, 0, &at), WICK_E_BAD_ARG);
    CHECK_STATUS(publish("web", WICK_PROTOCOL_TCP, 0, NULL), WICK_E_BAD_ARG);
    CHECK_STATUS(publish("web", WICK_PROTOCOL_TCP, 0, &no_port), WICK_E_BAD_ARG);
    CHECK_STATUS(publish("web", WICK_PROTOCOL_TCP, 0, &no_ip), WICK_E_BAD_ARG);
    wick_gateway_path_state p;
    wick_gateway_path_look(&lab->b.gw, &p);
    CHECK(p.open_port != 0);
    CHECK_STATUS(publish("web", WICK_PROTOCOL_UDP, p.open_port, NULL), WICK_E_BAD_ARG);
    CHECK_STATUS(unpublish("web"), WICK_E_NOT_FOUND);
    CHECK_STATUS(unpublish(NULL), WICK_E_NOT_FOUND);
    /* Who does not publish itself publishes nothing for others. */
    REQUIRE_STATUS(wick_service_publish(&lab->a.gw, 0, &(wick_service_spec){.name = "x", .port = 1}),
                   WICK_OK);
    lab->a.gw.goals = WICK_GW_GOAL_CALL;
    CHECK_STATUS(wick_service_publish(&lab->a.gw, 0, &(wick_service_spec){.name = "y", .port = 1}),
                 WICK_E_STATE);
    (void)wick_stub_run(&lab->w, 30000, NULL);
    CHECK_INT(lab->chain.mined, mined);
}

/* Renewed at half of its life, also where the agent's own endpoint lives longer. */
TEST(renewed_before_it_expires)
{
    wick_addr at = cam_addr(1000);
    wick_endpoint e;
    REQUIRE(fresh(9, SITE_SYMMETRIC));
    wick_service_spec spec = {.name = "short", .addr = at, .expires_s = 600};
    REQUIRE_STATUS(wick_service_publish(&lab->b.gw, lab->w.now_ms, &spec), WICK_OK);
    wick_stub_node_wake(&lab->b);
    REQUIRE(until_told(60000));
    REQUIRE(word(&e, "short"));
    uint64_t expires = e.expires;
    unsigned own = lab->b.seen[WICK_GW_EV_PUBLISHED];
    REQUIRE(until_told(400000));
    CHECK(told()->sent);
    REQUIRE(word(&e, "short"));
    CHECK_INT(e.seq, 2);
    CHECK(e.expires > expires);
    CHECK_INT(lab->b.seen[WICK_GW_EV_PUBLISHED], own);
}

/* After a restart what the application asks for again is found, not written again. */
TEST(restart_finds_it)
{
    wick_addr at = cam_addr(1000);
    wick_endpoint e;
    REQUIRE(fresh(10, SITE_SYMMETRIC));
    REQUIRE_STATUS(publish("camera", WICK_PROTOCOL_UDP, 0, &at), WICK_OK);
    REQUIRE(until_told(60000));
    wick_stub_node_kill(&lab->b);
    (void)wick_stub_run(&lab->w, 2000, NULL);
    REQUIRE_STATUS(wick_stub_node_begin(&lab->b, WICK_GW_GOAL_SERVE), WICK_OK);
    REQUIRE_STATUS(publish("camera", WICK_PROTOCOL_UDP, 0, &at), WICK_OK);
    REQUIRE(until_told(120000));
    CHECK_STATUS(told()->status, WICK_OK);
    CHECK(!told()->sent);
    REQUIRE(word(&e, "camera"));
    CHECK_INT(e.seq, 1);
}

/* A stranger's word under the same service name of another device changes nothing here; a node that
 * lies about ours is caught, and asked again. */
TEST(lying_node)
{
    wick_addr at = cam_addr(1000);
    wick_endpoint e;
    REQUIRE(fresh(11, SITE_SYMMETRIC));
    lab->chain.lie = WICK_STUB_LIE_SWAPPED;
    lab->chain.second_node = true;
    REQUIRE_STATUS(publish("camera", WICK_PROTOCOL_UDP, 0, &at), WICK_OK);
    for (unsigned i = 0; i < 20 && !(word(&e, "camera") && told()->status == WICK_OK); i++) {
        (void)until_told(30000);
    }
    CHECK_STATUS(told()->status, WICK_OK);
    CHECK(word(&e, "camera") && wick_addr_equal(&e.addr, &at));
    CHECK(lab->chain.lies_told != 0);
}

/* READY may come before the standby's word is on chain, and says so. */
TEST(ready_tells_of_a_standby_to_come)
{
    REQUIRE(fresh(12, SITE_PUBLIC));
    CHECK(lab->b.last[WICK_GW_EV_READY].standby_pending);
    CHECK(!lab->a.last[WICK_GW_EV_READY].standby_pending);
    for (unsigned i = 0; i < 4 && lab->b.last[WICK_GW_EV_PUBLISHED].index != 1; i++) {
        (void)lab_until(lab, &lab->b, WICK_GW_EV_PUBLISHED, 30000);
    }
    CHECK_INT(lab->b.last[WICK_GW_EV_PUBLISHED].index, 1);
}

TAP_MAIN("sim.service", CASE(given_endpoint_is_published_and_found), CASE(writes_only_what_differs),
         CASE(behind_the_agents_own_endpoint), CASE(port_is_mapped_at_the_router),
         CASE(mapping_goes_with_a_service_that_stays_on_chain),
         CASE(port_of_a_public_host), CASE(no_way_is_told), CASE(several_and_no_more),
         CASE(bad_requests), CASE(renewed_before_it_expires), CASE(restart_finds_it),
         CASE(lying_node), CASE(ready_tells_of_a_standby_to_come))
