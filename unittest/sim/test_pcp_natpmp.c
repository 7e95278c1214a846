/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP client where the router speaks another version, and NAT-PMP as the fallback (RFC 6887
 * section 9 and appendix A, RFC 6886).
 */
#include "pcp_net.h"

/* ---- versions ---- */

TEST(other_versions)
{
    /* version 1: asked again after half an hour */
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_VERSION_1;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(1799000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_VERSION);
    CHECK_INT(w.sent, 1);
    w.server[0].faults = 0;
    run(2000);
    CHECK_INT(external(id)->port, 5001);
    /* from now on such an answer is not believed: somebody wants us to talk NAT-PMP */
    uint8_t bytes[24] = {0, 0x80, 0, 1};
    wick_span forged = wick_span_make(bytes, 8);
    CHECK_STATUS(deliver(forged, &w.server[0].cfg.listen), WICK_E_NOT_FOUND);
    (void)map(&want);
    run(1); /* the request is under way */
    CHECK_STATUS(deliver(forged, &w.server[0].cfg.listen), WICK_E_NOT_FOUND);
    run(100);
    CHECK(!wick_pcp_client_is_natpmp(&w.c));
    /* not allowed by configuration */
    world(5000);
    w.cfg.no_natpmp = true;
    restart_client();
    w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY;
    (void)map(&want);
    run(1000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_VERSION);
    CHECK_INT(w.server[0].natpmp, 0);
}

TEST(several_servers)
{
    world(5000);
    w.cfg.server_count = 2;
    restart_client();
    w.server[0].faults = WICK_STUB_PCP_SILENT;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(25000);
    CHECK(wick_addr_equal(wick_pcp_client_server(&w.c), &w.server[1].cfg.listen));
    CHECK(wick_addr_same_ip(external(id), &w.server[1].cfg.external));
    /* answers of the first no longer count */
    uint8_t bytes[24] = {2, 0x80};
    CHECK_STATUS(deliver(wick_span_make(bytes, 24), &w.server[0].cfg.listen), WICK_E_NOT_FOUND);
    /* the second dies: back to the first, once the mapping is lost */
    w.server[0].faults = 0;
    w.server[1].faults = WICK_STUB_PCP_SILENT;
    run(7300000);
    CHECK(wick_addr_same_ip(external(id), &w.server[0].cfg.external));
    CHECK_INT(count(EV(LOST)), 1);
}

/* ---- NAT-PMP ---- */

static unsigned natpmp_ready(void)
{
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(100);
    CHECK_STATUS(status_of(EV(NATPMP), 1), WICK_OK);
    CHECK_STATUS(status_of(EV(MAPPED), 1), WICK_OK);
    CHECK(wick_pcp_client_is_natpmp(&w.c));
    CHECK(wick_addr_same_ip(external(id), &w.server[0].cfg.external));
    CHECK_INT(external(id)->port, 5001);
    return id;
}

TEST(natpmp)
{
    unsigned id = natpmp_ready();
    CHECK_INT(w.server[0].natpmp, 2); /* the address, the mapping */
    wick_pcp_want tcp = udp(5001), sctp = udp(5003), two = udp(5002);
    tcp.protocol = 6;
    sctp.protocol = 132;
    unsigned id_tcp = map(&tcp), id_two = map(&two);
    (void)map(&sctp);
    run(100);
    CHECK(external(id_tcp)->port == 5001 && external(id_two)->port == 5002);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_UNSUPPORTED);
    run(86400000);
    CHECK_INT(count(EV(LOST)), 0);
    CHECK_INT(count(EV(MAPPED)), 3);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 6, 5001) != NULL);
    /* a new external address is seen at the next renewal */
    wick_addr other = wick_addr_v4(20, 0, 0, 99, 0);
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, false);
    run(7200000);
    CHECK_INT(count(EV(CHANGED)), 3);
    CHECK(wick_addr_same_ip(external(id), &other));
    wick_pcp_client_release(&w.c, w.now_ms);
    run(1000);
    CHECK(w.done);
    CHECK_INT(w.server[0].deletes, 3);
    CHECK(!w.stuck);
}

TEST(natpmp_reboot)
{
    unsigned id = natpmp_ready();
    run(60000);
    wick_stub_pcp_restart(&w.server[0], w.now_ms);
    run(5000);
    CHECK_INT(count(EV(SERVER_RESET)), 1);
    CHECK_INT(external(id)->port, 5001);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) != NULL);
    CHECK_INT(count(EV(MAPPED)), 2);
}

TEST(natpmp_refusals)
{
    static const struct {
        uint8_t result;
        wick_status status;
    } c[] = {{WICK_NATPMP_NOT_AUTHORIZED, WICK_E_PCP_REFUSED},
             {WICK_NATPMP_NETWORK_FAILURE, WICK_E_PCP_RESOURCES},
             {WICK_NATPMP_NO_RESOURCES, WICK_E_PCP_RESOURCES},
             {WICK_NATPMP_UNSUPP_VERSION, WICK_E_PCP_VERSION},
             {WICK_NATPMP_UNSUPP_OPCODE, WICK_E_PCP_REFUSED}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        (void)natpmp_ready();
        wick_pcp_want two = udp(5002);
        w.server[0].force.result = c[i].result;
        w.server[0].force.count = 1;
        unsigned id = map(&two);
        run(29000);
        CHECK_STATUS(status_of(EV(FAILED), 1), c[i].status);
        CHECK(wick_pcp_client_external(&w.c, id) == NULL);
        run(2000);
        CHECK_INT(external(id)->port, 5002);
    }
    /* the address is refused: nothing that could be published */
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY;
    w.server[0].force.result = WICK_NATPMP_NETWORK_FAILURE;
    w.server[0].force.count = 1;
    wick_pcp_want want = udp(5001);
    (void)map(&want);
    run(1000);
    CHECK_INT(count(EV(MAPPED)), 0);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_EXTERNAL);
    run(30000); /* and asked for again */
    CHECK_INT(count(EV(MAPPED)), 1);
}

/* Nine requests in 64 s, then PCP is tried again: the router may have been replaced. */
TEST(natpmp_silence)
{
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(3);
    w.server[0].faults |= WICK_STUB_PCP_SILENT;
    run(150000);
    CHECK(!wick_pcp_client_is_natpmp(&w.c));
    w.server[0].faults = 0;
    run(100000);
    CHECK_INT(external(id)->port, 5001);
    CHECK(!wick_pcp_client_is_natpmp(&w.c));
    /* silent while mappings are held: kept until they expire, renewals go on */
    id = natpmp_ready();
    w.server[0].faults |= WICK_STUB_PCP_SILENT;
    run(7100000);
    CHECK_INT(external(id)->port, 5001);
    CHECK(w.sent < 200);
    run(400000);
    CHECK_INT(count(EV(LOST)), 1);
    w.server[0].faults = 0;
    run(1000000);
    CHECK_INT(external(id)->port, 5001);
    CHECK(!w.stuck);
}

/* NAT-PMP answers that belong to nothing. */
TEST(natpmp_spoofed)
{
    unsigned id = natpmp_ready();
    static const char *const hex[] = {
        "00810000000000381389138900000064", /* unsolicited */
        "00820000000000381389138900000064", /* another protocol */
        "0000",                             /* a request */
        "0081000200000038",                 /* an error for nobody */
        "02810000",                         /* no NAT-PMP */
    };
    for (size_t i = 0; i < sizeof hex / sizeof hex[0]; i++) {
        uint8_t bytes[16];
        size_t len = strlen(hex[i]) / 2;
        CHECK_STATUS(wick_hex_decode(bytes, len, hex[i], 2 * len), WICK_OK);
        CHECK(deliver(wick_span_make(bytes, len), &w.server[0].cfg.listen) != WICK_OK);
    }
    run(10);
    CHECK(external(id)->port == 5001 && wick_pcp_client_lifetime_s(&w.c, id) == 7200);
}

TAP_MAIN("sim.pcp_natpmp", CASE(other_versions), CASE(several_servers), CASE(natpmp),
         CASE(natpmp_reboot), CASE(natpmp_refusals), CASE(natpmp_silence), CASE(natpmp_spoofed))
