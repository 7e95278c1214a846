/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP client and routers that are not what they were, or not what they say: reboots, announced
 * or noticed (RFC 6887 sections 8.5, 14), other addresses, answers of somebody else, and each wrong
 * thing that miniupnpd 2.3.1 was seen to do; a client that was started again; and all of it mixed.
 */
#include "pcp_net.h"

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

/* A move that nobody asked about is kept with the next answer, and not before: whoever could make us
 * write at will would wear the flash out. */
TEST(an_unasked_move_is_kept)
{
    unsigned id = ready(1000);
    const wick_pcp_mapping *m = &w.c.mapping[id];
    unsigned puts = w.store.puts;
    uint8_t bytes[WICK_PCP_MAX_BYTES];
    for (uint16_t i = 0; i < 20; i++) {
        wick_buf b = wick_buf_make(bytes, sizeof bytes);
        wick_pcp_msg r;
        memset(&r, 0, sizeof r);
        r.response = 1;
        r.opcode = WICK_PCP_MAP;
        r.lifetime_s = 3600;
        r.epoch_s = (uint32_t)((w.now_ms - w.server[0].born_ms) / 1000);
        memcpy(r.nonce, m->nonce, sizeof r.nonce);
        r.protocol = 17;
        r.internal_port = 5001;
        r.external = *external(id);
        r.external.port = (uint16_t)(7000 + i);
        REQUIRE_STATUS(wick_pcp_encode(&b, &r), WICK_OK);
        CHECK_STATUS(deliver(wick_buf_span(&b), &w.server[0].cfg.listen), WICK_OK);
        run(10);
    }
    CHECK_INT(external(id)->port, 7019);
    CHECK_INT(w.store.puts, puts);
    w.server[0].mapping[0].external_port = 7019; /* so it has it */
    run(3600000);
    CHECK_INT(external(id)->port, 7019);
    CHECK_INT(w.store.puts, puts + 1);
    wick_stub_pcp_restart(&w.server[0], w.now_ms);
    restart_client();
    wick_pcp_want want = udp(5001);
    id = map(&want);
    run(30000);
    CHECK_INT(external(id)->port, 7019); /* asked for, since it was remembered */
}

TAP_MAIN("sim.pcp_routers", CASE(reboot_announced), CASE(reboot_noticed), CASE(epochs),
         CASE(forged_announcements), CASE(external_address), CASE(double_nat), CASE(nonce_persists),
         CASE(store_of_others), CASE(answers_that_do_not_belong), CASE(peer_answers),
         CASE(mapping_taken_over), CASE(prefer_failure_ignored), CASE(errors_without_lifetime),
         CASE(unknown_options_echoed), CASE(restless), CASE(an_unasked_move_is_kept))
