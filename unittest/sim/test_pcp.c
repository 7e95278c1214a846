/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP client against a server in virtual time: RFC 6887 sections 8, 9, 11, 12, 14, 15, NAT-PMP
 * as the fallback, and each wrong thing that miniupnpd 2.3.1 was seen to do.
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

/* ---- state of the server ---- */

TEST(reboot_announced)
{
    unsigned id = ready(5000);
    wick_pcp_want want = udp(5002);
    unsigned id2 = map(&want);
    run(60000);
    wick_stub_pcp_restart(&w.server[0], w.now_ms);
    uint64_t t0 = w.now_ms;
    run(5000);
    CHECK_INT(count(EV(SERVER_RESET)), 1);
    CHECK_INT(count(EV(MAPPED)), 4); /* both again */
    CHECK(time_of(EV(MAPPED), 4) - t0 <= WICK_PCP_RECOVERY_MS + 10);
    CHECK(external(id)->port == 5001 && external(id2)->port == 5002);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) != NULL);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5002) != NULL);
    /* rebooting again and again makes no storm: one round in 10 s */
    w.sent = 0;
    for (unsigned i = 0; i < 100; i++) {
        wick_stub_pcp_restart(&w.server[0], w.now_ms);
        run(300);
    }
    CHECK(w.sent >= 4 && w.sent <= 10);
    run(20000);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) != NULL);
}

/* Nobody said it: the epoch of the next answer does. Also by a probe, at once. */
TEST(reboot_noticed)
{
    unsigned id = ready(5000);
    run(60000);
    w.server[0].faults = WICK_STUB_PCP_QUIET_START;
    wick_stub_pcp_restart(&w.server[0], w.now_ms);
    run(1000);
    CHECK_INT(w.sent, 1);
    wick_pcp_client_probe(&w.c, w.now_ms);
    wick_pcp_client_probe(&w.c, w.now_ms);
    run(100);
    CHECK_INT(w.server[0].announces, 1);
    CHECK_INT(count(EV(SERVER_RESET)), 1);
    CHECK_INT(count(EV(MAPPED)), 2);
    CHECK_INT(external(id)->port, 5001);
    /* a probe that finds nothing wrong changes nothing */
    unsigned sent = w.sent;
    run(20000);
    wick_pcp_client_probe(&w.c, w.now_ms);
    run(100);
    CHECK_INT(w.sent, sent + 1);
    CHECK_INT(count(EV(SERVER_RESET)), 1);
    /* unanswered: given up after three */
    w.server[0].faults |= WICK_STUB_PCP_SILENT;
    wick_pcp_client_probe(&w.c, w.now_ms);
    run(60000);
    CHECK_INT(w.sent, sent + 4);
}

/* Section 8.5: which epochs are the same server's. */
TEST(epochs)
{
    static const struct {
        int32_t skew;   /* s, at the second answer */
        uint64_t gap_ms; /* between the answers */
        bool reset;
    } c[] = {
        {0, 60000, false}, {1, 60000, false},   {-1, 0, false},     {-2, 0, true},
        {-1, 1000, false}, {5, 60000, false},   {8, 60000, true},   {-5, 60000, false},
        {-6, 60000, true}, {-700, 10000, true}, {INT32_MAX, 0, true},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        (void)ready(5000);
        wick_pcp_want want = udp(5002);
        run(c[i].gap_ms);
        w.server[0].epoch_skew_s = c[i].skew;
        (void)map(&want);
        run(100);
        CHECK_INT(count(EV(SERVER_RESET)), c[i].reset);
    }
    /* a server in its first second: 0, then 0 and 1, then one less; nothing runs below zero */
    world(5000);
    w.server[0].born_ms = w.now_ms;
    for (uint16_t port = 1; port <= 4; port++) {
        wick_pcp_want want = udp(port);
        (void)map(&want);
        run(400);
    }
    CHECK_INT(count(EV(SERVER_RESET)), 0);
    CHECK_INT(count(EV(MAPPED)), 4);
}

/* Announcements carry no nonce: a forged one costs one request, no state. */
TEST(forged_announcements)
{
    unsigned id = ready(5000);
    uint8_t bytes[24] = {2, 0x80};
    wick_span forged = wick_span_make(bytes, sizeof bytes);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK_STATUS(deliver(forged, &w.server[0].cfg.listen), WICK_OK);
        run(50);
    }
    CHECK(w.sent <= 8);
    CHECK_INT(w.events, 1);
    CHECK_INT(external(id)->port, 5001);
    /* from elsewhere, or an error: nothing */
    run(20000);
    w.sent = 0;
    CHECK_STATUS(deliver(forged, &w.server[1].cfg.listen), WICK_E_NOT_FOUND);
    bytes[3] = 8;
    CHECK_STATUS(deliver(forged, &w.server[0].cfg.listen), WICK_E_NOT_FOUND);
    bytes[1] = 0;
    bytes[3] = 0;
    CHECK_STATUS(deliver(forged, &w.server[0].cfg.listen), WICK_E_NOT_FOUND);
    run(5000);
    CHECK_INT(w.sent, 0);
}

/* ---- address changes ---- */

TEST(external_address)
{
    unsigned id = ready(5000);
    wick_pcp_want want = udp(5002);
    unsigned id2 = map(&want);
    run(100);
    wick_addr other = wick_addr_v4(20, 0, 0, 77, 0);
    /* told, section 14.2 */
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, true);
    run(100);
    CHECK_INT(count(EV(CHANGED)), 2);
    CHECK(wick_addr_same_ip(external(id), &other) && wick_addr_same_ip(external(id2), &other));
    /* not told: noticed at one mapping's renewal, and the other is asked at once */
    run(20000);
    other.ip[15] = 78;
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, false);
    while (count(EV(CHANGED)) < 3) {
        run(1000);
    }
    run(100);
    CHECK_INT(count(EV(CHANGED)), 4);
    /* with a watch: within its time */
    w.cfg.watch_s = 60;
    restart_client();
    (void)map(&want);
    run(100);
    other.ip[15] = 79;
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, false);
    run(61000);
    CHECK_INT(count(EV(CHANGED)), 1);
    /* or when the caller asks */
    other.ip[15] = 80;
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, false);
    wick_pcp_client_check(&w.c, w.now_ms);
    run(10000);
    CHECK_INT(count(EV(CHANGED)), 2);
}

TEST(double_nat)
{
    static const uint8_t c[][4] = {{192, 168, 7, 1}, {10, 1, 1, 1}, {100, 64, 0, 1}, {198, 18, 0, 1}};
    for (size_t i = 0; i < 4; i++) {
        world(5000);
        w.server[0].cfg.external = wick_addr_v4(c[i][0], c[i][1], c[i][2], c[i][3], 0);
        wick_pcp_want want = udp(5001);
        unsigned id = map(&want);
        run(100);
        CHECK_STATUS(status_of(EV(MAPPED), 1), WICK_E_NAT_DOUBLE);
        CHECK(wick_addr_same_ip(external(id), &w.server[0].cfg.external));
    }
    /* no address at all */
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_ZERO_EXTERNAL;
    wick_pcp_want want = udp(5001);
    (void)map(&want);
    run(29000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_EXTERNAL);
    CHECK(w.sent == 1 && count(EV(MAPPED)) == 0);
}

/* ---- restarts of the client ---- */

TEST(nonce_persists)
{
    unsigned id = ready(5000);
    wick_pcp_want want = udp(5001);
    uint8_t nonce[12];
    memcpy(nonce, w.server[0].last.nonce, 12);
    run(1000);
    restart_client();
    id = map(&want);
    run(100);
    CHECK_INT(count(EV(MAPPED)), 1);
    CHECK_INT(count(EV(FAILED)), 0);
    CHECK_MEM(w.server[0].last.nonce, nonce, 12);
    CHECK_INT(external(id)->port, 5001);
    /* an external port that was given instead of the wanted one is asked for again */
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    run(100);
    w.server[0].faults = WICK_STUB_PCP_OTHER_PORT;
    id = map(&want);
    run(100);
    CHECK(memcmp(w.server[0].last.nonce, nonce, 12) != 0); /* deleted with its mapping */
    CHECK_INT(external(id)->port, 40000);
    wick_stub_pcp_restart(&w.server[0], w.now_ms);
    w.server[0].faults = 0;
    w.server[0].queued = 0;
    restart_client();
    id = map(&want);
    run(100);
    CHECK_INT(external(id)->port, 40000);
    CHECK_INT(count(EV(SERVER_RESET)), 1); /* its epoch is younger than the one kept */
    /* without the store the client is a stranger, and waits as long as it is told */
    w.cfg.store = NULL;
    restart_client();
    id = map(&want);
    run(100);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_REFUSED);
    run(1790000);
    CHECK_INT(w.sent, 1);
}

/* The nonce of one server is not shown to another; a damaged or newer store is an empty one. */
TEST(store_of_others)
{
    unsigned id = ready(5000);
    wick_pcp_want want = udp(5001);
    uint8_t nonce[12];
    memcpy(nonce, w.server[0].last.nonce, 12);
    w.cfg.servers = &w.list[1];
    restart_client();
    id = map(&want);
    run(100);
    CHECK(memcmp(w.server[1].last.nonce, nonce, 12) != 0);
    CHECK_INT(external(id)->port, 5001);
    CHECK_STATUS(w.hal_store.put(w.hal_store.ctx, w.cfg.store_key, 9, wick_span_make(nonce, 12)),
                 WICK_OK);
    restart_client();
    (void)map(&want);
    run(100);
    CHECK_INT(count(EV(FAILED)), 1);
    CHECK_STATUS(w.hal_store.erase(w.hal_store.ctx, w.cfg.store_key), WICK_OK);
    CHECK_STATUS(w.hal_store.put(w.hal_store.ctx, w.cfg.store_key, 1, wick_span_make(nonce, 12)),
                 WICK_OK);
    restart_client();
    CHECK_INT(w.c.epoch_known, 0);
    /* remembered mappings give way to wanted ones */
    ready(5000);
    restart_client();
    for (uint16_t port = 1; port <= WICK_PCP_MAPPINGS; port++) {
        want = udp(port);
        (void)map(&want);
    }
    run(100);
    CHECK_INT(count(EV(MAPPED)), WICK_PCP_MAPPINGS);
}

/* ---- spoofed answers ---- */

TEST(answers_that_do_not_belong)
{
    static const unsigned faults[] = {WICK_STUB_PCP_WRONG_NONCE, WICK_STUB_PCP_WRONG_PORT,
                                      WICK_STUB_PCP_WRONG_PROTOCOL, WICK_STUB_PCP_NO_R_BIT,
                                      WICK_STUB_PCP_WRONG_SOURCE,
                                      WICK_STUB_PCP_VERSION_0_BROKEN};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        world(5000);
        w.server[0].faults = faults[i];
        wick_pcp_want want = udp(5001);
        unsigned id = map(&want);
        run(25000);
        CHECK_INT(w.sent, 4); /* goes on as if nothing had come */
        CHECK(wick_pcp_client_external(&w.c, id) == NULL);
        CHECK(count(EV(SILENT)) == 1 && w.events == 1);
        CHECK(!wick_pcp_client_is_natpmp(&w.c));
        w.server[0].faults = 0;
        run(30000);
        CHECK_INT(external(id)->port, 5001);
    }
}

TEST(peer_answers)
{
    world(5000);
    wick_pcp_want want = udp(6100);
    want.external = wick_addr_v4(0, 0, 0, 0, 45000);
    want.remote = wick_addr_v4(20, 0, 0, 9, 9999);
    unsigned id = map(&want);
    run(100);
    CHECK_INT(w.sent_len, 80);
    /* SUCCESS with 45000, though packets leave from 6100: a hint, never MAPPED */
    CHECK_STATUS(status_of(EV(HINT), 1), WICK_OK);
    CHECK_INT(count(EV(MAPPED)), 0);
    CHECK_INT(external(id)->port, 45000);
    /* an answer about another peer is not taken */
    uint8_t bytes[128];
    wick_pcp_msg r = w.server[0].last;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    r.response = 1;
    r.remote.port++;
    CHECK_STATUS(wick_pcp_encode(&b, &r), WICK_OK);
    CHECK_STATUS(deliver(wick_buf_span(&b), &w.server[0].cfg.listen), WICK_E_NOT_FOUND);
}

/* ---- what miniupnpd does ---- */

/* Renewal with another nonce: SUCCESS, and the owner's delete then gets NOT_AUTHORIZED. */
TEST(mapping_taken_over)
{
    unsigned id = ready(5000);
    wick_stub_pcp_mapping *m = &w.server[0].mapping[0];
    m->nonce[0] ^= 1;
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    run(200000);
    CHECK_STATUS(status_of(EV(DELETED), 1), WICK_E_PCP_REFUSED);
    CHECK_INT(w.sent, 2); /* once, not for ever */
    CHECK_INT(count(EV(DELETED)), 1);
}

/* PREFER_FAILURE: SUCCESS with another port. It is given back, and counted as a failure. */
TEST(prefer_failure_ignored)
{
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_NO_PREFER | WICK_STUB_PCP_OTHER_PORT;
    wick_pcp_want want = udp(5001);
    want.prefer_failure = true;
    unsigned id = map(&want);
    run(1000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_EXTERNAL);
    CHECK(count(EV(MAPPED)) == 0 && wick_pcp_client_external(&w.c, id) == NULL);
    CHECK_INT(w.server[0].deletes, 1);
    CHECK(!w.server[0].mapping[0].used);
    CHECK_INT(w.sent, 2);
    w.server[0].faults = 0;
    run(30000);
    CHECK_INT(external(id)->port, 5001);
    /* honest servers say it: asked again for the same port, later */
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_OTHER_PORT;
    id = map(&want);
    run(1000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_EXTERNAL);
    w.server[0].faults = 0;
    run(30000);
    CHECK_INT(external(id)->port, 5001);
}

/* Errors name no time: our own 30 s, not at once. */
TEST(errors_without_lifetime)
{
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_ERROR_LIFE_0;
    w.server[0].force.result = WICK_PCP_NOT_AUTHORIZED;
    w.server[0].force.lifetime_s = 1800;
    w.server[0].force.count = 1000;
    wick_pcp_want want = udp(5001);
    (void)map(&want);
    run(3600000);
    CHECK(w.sent >= 119 && w.sent <= 121);
}

/* Unknown optional options come back: skipped. */
TEST(unknown_options_echoed)
{
    unsigned id = ready(5000);
    uint8_t bytes[128];
    wick_pcp_msg r = w.server[0].last;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    r.response = 1;
    r.lifetime_s = 7200;
    r.epoch_s = 500;
    r.external = wick_addr_v4(20, 0, 0, 5, 5001);
    memset(r.client_ip, 0, 16);
    CHECK_STATUS(wick_pcp_encode(&b, &r), WICK_OK);
    wick_pcp_put_option(&b, 200, wick_span_make(bytes, 5));
    wick_pcp_put_option(&b, 100, wick_span_make(bytes, 4));
    CHECK_STATUS(deliver(wick_buf_span(&b), &w.server[0].cfg.listen), WICK_OK);
    CHECK_INT(external(id)->ip[15], 5);
}

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

/* Any caller with any server: nothing hangs, nothing floods, and once the server behaves again,
 * what is wanted is mapped. */
TEST(restless)
{
    for (unsigned seed = 1; seed <= 300; seed++) {
        world(seed % 5 == 0 ? UINT64_MAX - 2000000 : 5000);
        w.rng = seed;
        w.cfg.server_count = 1 + seed % 2;
        w.cfg.watch_s = seed % 3 == 0 ? 300 : 0;
        w.cfg.store = seed % 4 == 0 ? NULL : &w.hal_store;
        restart_client();
        for (unsigned step = 0; step < 60; step++) {
            wick_pcp_want want = udp((uint16_t)(5001 + rnd() % 3));
            unsigned id;
            want.protocol = rnd() % 3 == 0 ? 6 : 17;
            want.prefer_failure = rnd() % 4 == 0;
            want.lifetime_s = rnd() % 2 == 0 ? 600 : 0;
            if (rnd() % 8 == 0) {
                want.prefer_failure = false;
                want.remote = wick_addr_v4(20, 0, 0, 9, 443);
            }
            wick_stub_pcp *s = &w.server[rnd() % 2];
            w.loss = rnd() % 4 == 0 ? 300 : 0;
            w.entropy_fails = rnd() % 16 == 0;
            s->faults = rnd() % 2 == 0 ? 0 : 1u << (rnd() % 17);
            s->force.result = (uint8_t)(1 + rnd() % 14);
            s->force.lifetime_s = rnd() % 100;
            s->force.count = rnd() % 4 == 0 ? 1 : 0;
            s->grant_zero = rnd() % 8 == 0;
            s->lifetime_s = rnd() % 6 == 0 ? 1 + rnd() % 20 : 0;
            switch (rnd() % 10) {
            case 0:
                wick_stub_pcp_restart(s, w.now_ms);
                break;
            case 1:
                (void)!wick_pcp_client_unmap(&w.c, w.now_ms, rnd() % WICK_PCP_MAPPINGS);
                break;
            case 2:
                wick_pcp_client_probe(&w.c, w.now_ms);
                break;
            case 3:
                wick_pcp_client_check(&w.c, w.now_ms);
                break;
            case 4:
                wick_stub_pcp_move(s, w.now_ms, &s->cfg.external, true);
                break;
            case 5:
                wick_pcp_client_release(&w.c, w.now_ms);
                break;
            case 6:
                restart_client();
                break;
            default:
                (void)!wick_pcp_client_map(&w.c, &id, w.now_ms, &want);
                break;
            }
            unsigned before = w.sent;
            uint64_t ms = rnd() % 3 == 0 ? rnd() % 2000000 : rnd() % 20000;
            run(ms);
            /* lifetimes of seconds: each mapping each 4 s, with NAT-PMP after the address */
            CHECK(w.sent - before <= 60 + ms / 500);
            REQUIRE(!w.stuck);
        }
        w.loss = 0;
        w.entropy_fails = false;
        for (unsigned i = 0; i < 2; i++) {
            w.server[i].faults = 0;
            w.server[i].force.count = 0;
            w.server[i].grant_zero = false;
            w.server[i].lifetime_s = 0;
            memset(w.server[i].mapping, 0, sizeof w.server[i].mapping);
        }
        wick_pcp_client_release(&w.c, w.now_ms);
        run(40000);
        CHECK(w.done);
        wick_pcp_want want = udp(6000);
        unsigned id = map(&want);
        run(7200000);
        CHECK(wick_pcp_client_external(&w.c, id) != NULL);
    }
}

TAP_MAIN("sim.pcp", CASE(map_renew_delete), CASE(several_and_release), CASE(options_are_sent),
         CASE(all_ports), CASE(refused_configuration), CASE(ipv6_pinhole), CASE(retransmission),
         CASE(heavy_loss), CASE(renewal_schedule), CASE(odd_lifetimes), CASE(clock_wrap),
         CASE(error_results), CASE(error_lifetimes), CASE(renewal_refused),
         CASE(address_mismatch_and_move), CASE(reboot_announced), CASE(reboot_noticed),
         CASE(epochs), CASE(forged_announcements), CASE(external_address), CASE(double_nat),
         CASE(nonce_persists), CASE(store_of_others), CASE(answers_that_do_not_belong),
         CASE(peer_answers), CASE(mapping_taken_over), CASE(prefer_failure_ignored),
         CASE(errors_without_lifetime), CASE(unknown_options_echoed), CASE(other_versions),
         CASE(several_servers), CASE(natpmp), CASE(natpmp_reboot), CASE(natpmp_refusals),
         CASE(natpmp_silence), CASE(natpmp_spoofed), CASE(restless))
