/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP client against a server in virtual time: what it asks for, when it asks again, and what it
 * makes of a refusal. RFC 6887 sections 8, 11, 12, 15.
 */
#include "pcp_net.h"

/* ---- the main path ---- */

TEST(map_renew_delete)
{
    unsigned id = ready(1000000);
    CHECK_STATUS(w.event[0].status, WICK_OK);
    CHECK_INT(w.event[0].to.port, 5001); /* external = internal is asked for first */
    CHECK(wick_addr_same_ip(&w.event[0].to, &w.server[0].cfg.external));
    CHECK(wick_addr_equal(external(id), &w.event[0].to));
    CHECK_INT(wick_pcp_client_lifetime_s(&w.c, id), 7200);
    CHECK_INT(w.sent, 1);
    CHECK_INT(w.sent_len, 60);
    CHECK_INT(w.server[0].last.external.port, 5001);
    wick_addr any = wick_addr_v4(0, 0, 0, 0, 0);
    CHECK(wick_addr_same_ip(&w.server[0].last.external, &any));
    /* renewed for a day: each time between 1/2 and 5/8 of the lifetime */
    uint64_t last = w.now_ms;
    unsigned sent = w.sent;
    for (unsigned i = 0; i < 20; i++) {
        uint64_t before = last;
        while (w.sent == sent) {
            run(1000);
        }
        last = w.now_ms;
        sent = w.sent;
        CHECK(last - before >= 3599000 && last - before <= 4502000);
    }
    CHECK_INT(w.events, 1);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) != NULL);
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    CHECK(wick_pcp_client_external(&w.c, id) == NULL);
    run(100);
    CHECK_STATUS(status_of(EV(DELETED), 1), WICK_OK);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) == NULL);
    CHECK_INT(w.server[0].last.lifetime_s, 0);
    CHECK(w.server[0].last.external.port == 0); /* section 15 */
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, 77), WICK_E_NOT_FOUND);
    CHECK(!w.stuck && !w.done);
}

TEST(several_and_release)
{
    world(5000);
    wick_pcp_want a = udp(5001), b = udp(5002), t = udp(5001), p = udp(6000), more = udp(9);
    unsigned id[4], extra;
    t.protocol = 6;
    p.remote = wick_addr_v4(20, 0, 0, 9, 443);
    id[0] = map(&a);
    id[1] = map(&b);
    id[2] = map(&t);
    id[3] = map(&p);
    CHECK_STATUS(wick_pcp_client_map(&w.c, &extra, w.now_ms, &more), WICK_E_LIMIT);
    CHECK_INT(map(&a), id[0]); /* the same */
    run(100);
    CHECK_INT(count(EV(MAPPED)), 3);
    CHECK_INT(count(EV(HINT)), 1); /* an answer to PEER is a hint */
    CHECK_INT(w.server[0].maps, 4);
    /* nonces differ */
    CHECK(memcmp(w.server[0].mapping[0].nonce, w.server[0].mapping[1].nonce, 12) != 0);
    wick_pcp_client_release(&w.c, w.now_ms);
    run(100);
    CHECK(w.done);
    CHECK_INT(count(EV(DELETED)), 4);
    CHECK_INT(w.server[0].deletes, 4);
    /* and it can be used again */
    id[0] = map(&a);
    run(100);
    CHECK(!w.done);
    CHECK_INT(external(id[0])->port, 5001);
}

TEST(options_are_sent)
{
    world(5000);
    wick_pcp_want a = udp(5001);
    wick_addr other = wick_addr_v4(192, 168, 1, 77, 0), good = wick_addr_v4(20, 0, 0, 9, 1);
    memcpy(a.third_party, other.ip, 16);
    a.prefer_failure = true;
    a.filter_count = 2;
    a.filter[0].remote = good;
    a.filter[0].remote.port = 0;
    a.filter[0].prefix_bits = 128;
    a.filter[1].remote = wick_addr_v4(20, 0, 1, 0, 443);
    a.filter[1].prefix_bits = 120;
    unsigned id = map(&a);
    run(100);
    CHECK_INT(w.server[0].last_options, 20 + 4 + 24 + 24);
    CHECK(wick_addr_same_ip(&w.server[0].mapping[0].internal, &other));
    /* FILTER is accepted by servers that do not filter: the caller asks here about each source */
    CHECK(wick_pcp_client_admits(&w.c, id, &good));
    good.ip[15] = 10;
    CHECK(!wick_pcp_client_admits(&w.c, id, &good));
    good = wick_addr_v4(20, 0, 1, 200, 443);
    CHECK(wick_pcp_client_admits(&w.c, id, &good));
    good.port = 444;
    CHECK(!wick_pcp_client_admits(&w.c, id, &good));
    CHECK(!wick_pcp_client_admits(&w.c, 99, &good));
    wick_pcp_want plain = udp(7);
    CHECK(wick_pcp_client_admits(&w.c, map(&plain), &good));
    /* wants that are no wants */
    unsigned none;
    a.filter_count = WICK_PCP_FILTERS + 1;
    CHECK_STATUS(wick_pcp_client_map(&w.c, &none, w.now_ms, &a), WICK_E_BAD_ARG);
    plain.protocol = 0;
    CHECK_STATUS(wick_pcp_client_map(&w.c, &none, w.now_ms, &plain), WICK_E_BAD_ARG);
    plain = udp(7);
    plain.remote.port = 1;
    plain.prefer_failure = true;
    CHECK_STATUS(wick_pcp_client_map(&w.c, &none, w.now_ms, &plain), WICK_E_BAD_ARG);
    plain.prefer_failure = false;
    plain.filter_count = 1;
    CHECK_STATUS(wick_pcp_client_map(&w.c, &none, w.now_ms, &plain), WICK_E_BAD_ARG);
}

/* Port 0 is "all ports"; protocol 0 "all protocols", which servers refuse in their own ways. */
TEST(all_ports)
{
    world(5000);
    wick_pcp_want a = udp(0), all = udp(0);
    all.protocol = 0;
    unsigned id = map(&a), id0 = map(&all);
    run(100);
    CHECK(count(EV(MAPPED)) == 1 && wick_pcp_client_external(&w.c, id) != NULL);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_REFUSED);
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id0), WICK_OK);
    run(100);
    CHECK_INT(count(EV(DELETED)), 1);
    /* the delete of everything refused with NO_RESOURCES, as miniupnpd does: ends all the same */
    (void)map(&all);
    w.loss = 1000;
    run(1000);
    w.loss = 0;
    w.server[0].force.result = WICK_PCP_NO_RESOURCES;
    w.server[0].force.lifetime_s = 30;
    w.server[0].force.count = 1;
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id0), WICK_OK);
    run(20000);
    CHECK_STATUS(status_of(EV(DELETED), 2), WICK_E_PCP_RESOURCES);
}

TEST(refused_configuration)
{
    world(5000);
    wick_pcp_client c;
    wick_pcp_client_config cfg = w.cfg;
    cfg.entropy = NULL;
    CHECK_STATUS(wick_pcp_client_init(&c, &cfg), WICK_E_BAD_ARG);
    cfg = w.cfg;
    cfg.server_count = 0;
    CHECK_STATUS(wick_pcp_client_init(&c, &cfg), WICK_E_BAD_ARG);
    cfg.server_count = 1;
    cfg.servers = NULL;
    CHECK_STATUS(wick_pcp_client_init(&c, &cfg), WICK_E_BAD_ARG);
    cfg = w.cfg;
    cfg.server_count = WICK_PCP_SERVERS + 1;
    CHECK_STATUS(wick_pcp_client_init(&c, &cfg), WICK_E_LIMIT);
    cfg = w.cfg;
    memset(&cfg.client, 0, sizeof cfg.client);
    CHECK_STATUS(wick_pcp_client_init(&c, &cfg), WICK_E_BAD_ARG);
    cfg.client.ip[0] = 0xfd;
    CHECK_STATUS(wick_pcp_client_init(&c, &cfg), WICK_E_BAD_ARG);
    w.entropy_fails = true;
    wick_pcp_want want = udp(1);
    unsigned id;
    CHECK_STATUS(wick_pcp_client_map(&w.c, &id, w.now_ms, &want), WICK_E_ENTROPY);
}

TEST(ipv6_pinhole)
{
    world(5000);
    wick_stub_pcp_config s;
    memset(&s, 0, sizeof s);
    s.listen.ip[0] = 0xfd;
    s.listen.ip[15] = 1;
    wick_stub_pcp_init(&w.server[0], &s, 0);
    w.list[0] = w.server[0].cfg.listen;
    memset(&w.own, 0, sizeof w.own);
    w.own.ip[0] = 0x20;
    w.own.ip[1] = 0x01;
    w.own.ip[15] = 10;
    w.own.port = 5350;
    w.cfg.client = w.own;
    restart_client();
    wick_pcp_want want = udp(7007);
    unsigned id = map(&want);
    run(100);
    CHECK_STATUS(status_of(EV(MAPPED), 1), WICK_OK);
    CHECK(wick_addr_same_ip(external(id), &w.own) && external(id)->port == 7007);
    /* no fallback: NAT-PMP is IPv4 */
    wick_stub_pcp_restart(&w.server[0], w.now_ms);
    run(6000);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 7007) != NULL);
}

/* ---- time ---- */

/* Section 8.1.1: 3 s, doubled to 1024 s, each +-10 %; for ever. */
TEST(retransmission)
{
    world(5000);
    w.loss = 1000;
    wick_pcp_want want = udp(5001);
    (void)map(&want);
    run(20000000);
    CHECK(w.sent > 20 && w.sent < 40);
    uint64_t rt = 3000;
    for (unsigned i = 1; i < 20; i++) {
        uint64_t gap = w.sent_at[i] - w.sent_at[i - 1];
        CHECK(gap >= rt * 9 / 10 - 1 && gap <= rt * 11 / 10 + 1);
        rt = 2 * gap < 1024000 ? 2 * gap : 1024000;
    }
    CHECK_INT(count(EV(SILENT)), 1);
    CHECK_STATUS(status_of(EV(SILENT), 1), WICK_E_TIMEOUT);
    CHECK(time_of(EV(SILENT), 1) - w.sent_at[0] < 3400);
    /* it comes back, and its announcement ends the wait of minutes */
    w.loss = 0;
    wick_stub_pcp_restart(&w.server[0], w.now_ms);
    run(WICK_PCP_RECOVERY_MS + 100);
    CHECK_INT(count(EV(MAPPED)), 1);
}

TEST(heavy_loss)
{
    for (unsigned seed = 1; seed <= 20; seed++) {
        world(5000);
        w.rng = seed;
        w.loss = 500;
        wick_pcp_want want = udp(5001);
        unsigned id = map(&want);
        run(20000000);
        CHECK_INT(external(id)->port, 5001);
        run(86400000);
        CHECK(wick_pcp_client_external(&w.c, id) != NULL || count(EV(LOST)) != 0);
    }
}

/* Renewals unanswered: 1/2, 3/4, 7/8 ..., never closer than 4 s, then LOST at the expiry. */
TEST(renewal_schedule)
{
    unsigned id = ready(5000);
    w.server[0].faults = WICK_STUB_PCP_SILENT;
    uint64_t t0 = w.now_ms;
    w.sent = 0;
    run(7300000);
    CHECK_INT(count(EV(LOST)), 1);
    CHECK_STATUS(status_of(EV(LOST), 1), WICK_E_EXPIRED);
    CHECK(time_of(EV(LOST), 1) - t0 > 7199000 && time_of(EV(LOST), 1) - t0 <= 7200000);
    CHECK(wick_pcp_client_external(&w.c, id) == NULL);
    uint64_t part = 3600000;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t left = t0 + 7200000 - w.sent_at[i];
        CHECK(left <= part + 200 && left >= part * 3 / 4 - 200);
        CHECK(w.sent_at[i + 1] - w.sent_at[i] >= 3900);
        part /= 2;
    }
    w.server[0].faults = 0;
    run(1100000);
    CHECK_INT(count(EV(MAPPED)), 2);
}

TEST(odd_lifetimes)
{
    /* 1 s: asked again, but not more often than each 4 s */
    world(5000);
    w.server[0].lifetime_s = 1;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(60000);
    CHECK(count(EV(MAPPED)) >= 10 && count(EV(MAPPED)) <= 17);
    CHECK(w.sent <= 17);
    CHECK(!w.stuck);
    /* 2^32-1: renewed each half day nevertheless */
    world(5000);
    w.server[0].lifetime_s = UINT32_MAX;
    id = map(&want);
    run(100);
    CHECK_INT(wick_pcp_client_lifetime_s(&w.c, id), 86400);
    run(86400000);
    CHECK(w.sent >= 2 && w.sent <= 3);
    /* 0: nothing was granted. Own 30 s, not at once */
    world(5000);
    w.server[0].grant_zero = true;
    id = map(&want);
    run(29000);
    CHECK_INT(w.sent, 1);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_RESOURCES);
    w.server[0].grant_zero = false;
    run(2000);
    CHECK_INT(external(id)->port, 5001);
    /* renewal that grants 0: LOST */
    w.server[0].grant_zero = true;
    run(4600000);
    CHECK_INT(count(EV(LOST)), 1);
}

/* The monotonic clock runs over: nothing is sent early, nothing is lost. */
TEST(clock_wrap)
{
    unsigned id = ready(UINT64_MAX - 3000000);
    run(6000000);
    CHECK_INT(w.events, 1);
    CHECK_INT(external(id)->port, 5001);
    CHECK(w.sent >= 2 && w.sent <= 3);
}

/* ---- refusals ---- */

TEST(error_results)
{
    static const struct {
        uint8_t result;
        wick_status status;
    } c[] = {
        {WICK_PCP_UNSUPP_VERSION, WICK_E_PCP_VERSION},
        {WICK_PCP_NOT_AUTHORIZED, WICK_E_PCP_REFUSED},
        {WICK_PCP_MALFORMED_REQUEST, WICK_E_PCP_REFUSED},
        {WICK_PCP_UNSUPP_OPCODE, WICK_E_PCP_REFUSED},
        {WICK_PCP_UNSUPP_OPTION, WICK_E_PCP_REFUSED},
        {WICK_PCP_MALFORMED_OPTION, WICK_E_PCP_REFUSED},
        {WICK_PCP_NETWORK_FAILURE, WICK_E_PCP_RESOURCES},
        {WICK_PCP_NO_RESOURCES, WICK_E_PCP_RESOURCES},
        {WICK_PCP_UNSUPP_PROTOCOL, WICK_E_PCP_REFUSED},
        {WICK_PCP_USER_EX_QUOTA, WICK_E_PCP_RESOURCES},
        {WICK_PCP_CANNOT_PROVIDE_EXTERNAL, WICK_E_PCP_EXTERNAL},
        {WICK_PCP_ADDRESS_MISMATCH, WICK_E_PCP_ADDRESS},
        {WICK_PCP_EXCESSIVE_REMOTE_PEERS, WICK_E_PCP_RESOURCES},
        {99, WICK_E_PCP_REFUSED},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        world(5000);
        w.server[0].force.result = c[i].result;
        w.server[0].force.lifetime_s = 77;
        w.server[0].force.count = 1;
        /* answers that clear ports and addresses belong to the request all the same */
        w.server[0].faults = WICK_STUB_PCP_ERROR_BLANK;
        wick_pcp_want want = udp(5001);
        unsigned id = map(&want);
        uint64_t wait = c[i].result == WICK_PCP_UNSUPP_VERSION ? 1800000 : 77000;
        run(wait);
        CHECK_STATUS(status_of(EV(FAILED), 1), c[i].status);
        CHECK_INT(w.sent, 1);
        CHECK(wick_pcp_client_external(&w.c, id) == NULL);
        run(200);
        CHECK_INT(w.sent, 2);
        CHECK_INT(count(EV(MAPPED)), 1);
        /* the port that could not be had is not asked for again */
        CHECK_INT(w.server[0].last.external.port,
                  c[i].result == WICK_PCP_CANNOT_PROVIDE_EXTERNAL ? 0 : 5001);
    }
}

/* Errors hold as long as they say: 0 is our own 30 s, for ever is half an hour. */
TEST(error_lifetimes)
{
    static const uint32_t c[][2] = {{0, 30000}, {1, 1000}, {30, 30000}, {UINT32_MAX, 1800000}};
    for (size_t i = 0; i < 4; i++) {
        world(5000);
        w.server[0].force.result = WICK_PCP_NO_RESOURCES;
        w.server[0].force.lifetime_s = c[i][0];
        w.server[0].force.count = 1;
        wick_pcp_want want = udp(5001);
        (void)map(&want);
        run(c[i][1]);
        CHECK_INT(w.sent, 1);
        run(100);
        CHECK_INT(w.sent, 2);
    }
}

/* A renewal that is refused: the mapping stays until it expires. */
TEST(renewal_refused)
{
    unsigned id = ready(5000);
    w.server[0].force.result = WICK_PCP_NOT_AUTHORIZED;
    w.server[0].force.lifetime_s = UINT32_MAX;
    w.server[0].force.count = 1000;
    run(4600000);
    CHECK(count(EV(FAILED)) == 1 && external(id)->port == 5001);
    run(2700000);
    CHECK_INT(count(EV(LOST)), 1);
    CHECK(w.sent < 10);
}

TEST(address_mismatch_and_move)
{
    world(5000);
    w.cfg.client = wick_addr_v4(10, 0, 0, 5, 0); /* another NAT between */
    restart_client();
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(100);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_ADDRESS);
    /* or the address had changed: asked at once with the new one */
    wick_pcp_client_set_address(&w.c, w.now_ms, &w.own);
    run(100);
    CHECK_INT(external(id)->port, 5001);
    unsigned sent = w.sent;
    wick_pcp_client_set_address(&w.c, w.now_ms, &w.own);
    run(100);
    CHECK_INT(w.sent, sent);
}

TAP_MAIN("sim.pcp", CASE(map_renew_delete), CASE(several_and_release), CASE(options_are_sent),
         CASE(all_ports), CASE(refused_configuration), CASE(ipv6_pinhole), CASE(retransmission),
         CASE(heavy_loss), CASE(renewal_schedule), CASE(odd_lifetimes), CASE(clock_wrap),
         CASE(error_results), CASE(error_lifetimes), CASE(renewal_refused),
         CASE(address_mismatch_and_move))
