/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real PCP servers were seen to do wrong (miniupnpd 2.3.1, probe by probe), and what the client
 * makes of it; where the probe asks what a server should do, the codec's server side does that. The
 * name of a test is the probe.
 */
#include "pcp_net.h"

#define SERVER (&w.server[0].cfg.listen)

/* Gives a request to the first server, as from the client's address; its answer, or len 0. */
static wick_span ask(uint8_t out[1200], wick_span request)
{
    wick_stub_pcp_out o;
    wick_stub_pcp_input(&w.server[0], w.now_ms, request, &w.own);
    if (!wick_stub_pcp_poll(&w.server[0], &o)) {
        return wick_span_make(out, 0);
    }
    memcpy(out, o.bytes.ptr, o.bytes.len);
    return wick_span_make(out, o.bytes.len);
}

/* A MAP request of this host, for another client program than the one under test. */
static wick_pcp_msg request(uint16_t port)
{
    wick_pcp_msg m;
    memset(&m, 0, sizeof m);
    m.opcode = WICK_PCP_MAP;
    m.protocol = 17;
    m.lifetime_s = 600;
    memcpy(m.client_ip, w.own.ip, 16);
    memset(m.nonce, 0x77, sizeof m.nonce);
    m.internal_port = port;
    m.external = wick_addr_v4(0, 0, 0, 0, port);
    return m;
}

static size_t encode(uint8_t *out, const wick_pcp_msg *m)
{
    wick_buf b = wick_buf_make(out, 1200);
    CHECK_STATUS(wick_pcp_encode(&b, m), WICK_OK);
    return b.len;
}

/* "renew with a different nonce": SUCCESS, and the owner is a stranger from then on. */
TEST(different_nonce_renews)
{
    unsigned id = ready(5000);
    uint8_t bytes[1200], out[1200];
    wick_pcp_msg thief = request(5001), r;
    w.server[0].faults = WICK_STUB_PCP_ANY_NONCE;
    wick_span got = ask(out, wick_span_make(bytes, encode(bytes, &thief)));
    REQUIRE_STATUS(wick_pcp_decode(&r, got), WICK_OK);
    CHECK_INT(r.result, WICK_PCP_SUCCESS); /* the wrong thing */
    w.server[0].faults = 0;
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    run(200000);
    CHECK_STATUS(status_of(EV(DELETED), 1), WICK_E_PCP_REFUSED);
    CHECK_INT(w.sent, 2); /* once, not for ever */
    /* a server that keeps to section 11.2 refuses the thief */
    id = ready(5000);
    got = ask(out, wick_span_make(bytes, encode(bytes, &thief)));
    REQUIRE_STATUS(wick_pcp_decode(&r, got), WICK_OK);
    CHECK_INT(r.result, WICK_PCP_NOT_AUTHORIZED);
    run(10);
    CHECK_INT(external(id)->port, 5001);
}

/* "PREFER_FAILURE when the port is taken by another mapping of the same host": another port, SUCCESS.
 * It is given back, and told as the failure that it is. */
TEST(prefer_failure_gives_another_port)
{
    unsigned first = ready(5000);
    wick_pcp_want want = udp(6000);
    want.prefer_failure = true;
    want.external.port = 5001;
    w.server[0].faults = WICK_STUB_PCP_NO_PREFER;
    unsigned id = map(&want);
    run(1000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_EXTERNAL);
    CHECK(wick_pcp_client_external(&w.c, id) == NULL);
    CHECK_INT(w.server[0].deletes, 1);
    CHECK_INT(external(first)->port, 5001);
    CHECK_INT(count(EV(MAPPED)), 1);
    /* and a server that keeps to section 13.2 says so itself */
    (void)ready(5000);
    id = map(&want);
    run(1000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_EXTERNAL);
    CHECK_INT(w.server[0].deletes, 0);
}

/* "FILTER": SUCCESS, echoed, not enforced. The client enforces it for its caller. */
TEST(filter_is_not_enforced)
{
    world(5000);
    wick_pcp_want want = udp(5001);
    wick_addr friend = wick_addr_v4(20, 0, 0, 9, 443), enemy = wick_addr_v4(20, 0, 0, 66, 443);
    want.filter_count = 2;
    want.filter[0].remote = friend;
    want.filter[0].prefix_bits = 128;
    want.filter[1].remote = wick_addr_v4(20, 0, 1, 0, 0);
    want.filter[1].prefix_bits = 120;
    w.server[0].faults = WICK_STUB_PCP_NO_FILTER;
    unsigned id = map(&want);
    run(100);
    CHECK_STATUS(status_of(EV(MAPPED), 1), WICK_OK);
    const wick_stub_pcp_mapping *m = wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001);
    REQUIRE(m != NULL && m->filter_count == 2);
    CHECK(wick_stub_pcp_admits(&w.server[0], m, &enemy)); /* the wrong thing */
    CHECK(!wick_pcp_client_admits(&w.c, id, &enemy));
    CHECK(wick_pcp_client_admits(&w.c, id, &friend));
    w.server[0].faults = 0;
    CHECK(!wick_stub_pcp_admits(&w.server[0], m, &enemy));
    enemy = wick_addr_v4(20, 0, 1, 66, 7);
    CHECK(wick_stub_pcp_admits(&w.server[0], m, &enemy) &&
          wick_pcp_client_admits(&w.c, id, &enemy));
    /* more than the server keeps */
    uint8_t bytes[1200], out[1200], opts[1200];
    wick_pcp_msg q = request(7000), r;
    wick_buf o = wick_buf_make(opts, sizeof opts);
    for (uint8_t i = 1; i <= 5; i++) {
        wick_pcp_filter f = {wick_addr_v4(20, 0, 2, i, 0), 128};
        wick_pcp_put_filter(&o, &f);
    }
    q.options = wick_buf_span(&o);
    wick_span got = ask(out, wick_span_make(bytes, encode(bytes, &q)));
    REQUIRE_STATUS(wick_pcp_decode(&r, got), WICK_OK);
    CHECK_INT(r.result, WICK_PCP_EXCESSIVE_REMOTE_PEERS);
}

/* "PEER with suggested port 45000": SUCCESS, but packets leave from 6100: never more than a hint. */
TEST(peer_port_is_untrue)
{
    world(5000);
    wick_pcp_want want = udp(6100);
    want.external.port = 45000;
    want.remote = wick_addr_v4(20, 0, 0, 9, 9999);
    unsigned id = map(&want);
    run(100);
    CHECK_STATUS(status_of(EV(HINT), 1), WICK_OK);
    CHECK(count(EV(MAPPED)) == 0 && count(EV(CHANGED)) == 0);
    CHECK_INT(external(id)->port, 45000);
    /* neither when it moves */
    wick_addr other = wick_addr_v4(20, 0, 0, 77, 0);
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, true);
    run(100);
    CHECK_INT(count(EV(HINT)), 2);
    CHECK(count(EV(MAPPED)) == 0 && count(EV(CHANGED)) == 0);
}

/* "protocol 0 delete-all": NO_RESOURCES, 30 s. Ends at once, with what the server said. */
TEST(delete_all_is_refused)
{
    world(5000);
    wick_pcp_want all = udp(0);
    unsigned id;
    all.protocol = 0;
    w.server[0].force.result = WICK_PCP_NO_RESOURCES;
    w.server[0].force.lifetime_s = 30;
    w.server[0].force.count = 1;
    CHECK_STATUS(wick_pcp_client_adopt(&w.c, &id, w.now_ms, &all, NULL), WICK_OK);
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    run(60000);
    CHECK_STATUS(status_of(EV(DELETED), 1), WICK_E_PCP_RESOURCES);
    CHECK_INT(w.sent, 1);
    CHECK(w.server[0].last.protocol == 0 && w.server[0].last.internal_port == 0 &&
          w.server[0].last.lifetime_s == 0);
}

/* "unknown mandatory option / duplicate THIRD_PARTY / option overrun / optional unknown": 5, 6, 6,
 * and the last one ignored, but echoed, which it must not be. */
TEST(options_in_requests)
{
    static const struct {
        const char *hex;
        uint8_t result;
    } c[] = {
        {"7f000000", WICK_PCP_UNSUPP_OPTION},
        {"0100001000000000000000000000ffffc0a8014d0100001000000000000000000000ffffc0a8014d",
         WICK_PCP_MALFORMED_OPTION},
        {"01000011", WICK_PCP_MALFORMED_OPTION},
        {"02000000"
         "02000000",
         WICK_PCP_MALFORMED_OPTION},
        /* filters of IPv4 count their bits from 96 on (section 13.3) */
        {"03000014002000000000000000000000" "0000ffff14000009", WICK_PCP_MALFORMED_OPTION},
        {"03000014008100000000000000000000" "0000ffff14000009", WICK_PCP_MALFORMED_OPTION},
        /* a third party that is the sender (section 13.1) */
        {"0100001000000000000000000000ffffc0a8010a", WICK_PCP_MALFORMED_REQUEST},
        {"c8000004aabbccdd", WICK_PCP_SUCCESS},
    };
    world(5000);
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        uint8_t bytes[1200], out[1200];
        wick_pcp_msg q = request(5001), r;
        size_t len = encode(bytes, &q), more = strlen(c[i].hex) / 2;
        CHECK_STATUS(wick_hex_decode(bytes + len, more, c[i].hex, 2 * more), WICK_OK);
        wick_span got = ask(out, wick_span_make(bytes, len + more));
        REQUIRE(got.len >= 60);
        CHECK_INT(got.ptr[3], c[i].result);
        if (c[i].result == WICK_PCP_SUCCESS) {
            REQUIRE_STATUS(wick_pcp_decode(&r, got), WICK_OK);
            CHECK_INT(r.options.len, 0);
        }
    }
    /* echoed all the same: the client takes the mapping and skips the option */
    unsigned id = ready(5000);
    uint8_t bytes[1200];
    wick_pcp_msg r = w.server[0].last;
    r.response = 1;
    r.lifetime_s = 7200;
    r.epoch_s = 500;
    r.external = wick_addr_v4(20, 0, 0, 5, 5001);
    memset(r.client_ip, 0, 16);
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_pcp_encode(&b, &r), WICK_OK);
    wick_pcp_put_option(&b, 200, wick_span_make(bytes, 5));
    CHECK_STATUS(deliver(wick_buf_span(&b), SERVER), WICK_OK);
    CHECK_INT(external(id)->ip[15], 5);
    /* a wish that names the own host as third party goes out without it */
    world(5000);
    wick_pcp_want want = udp(5001);
    memcpy(want.third_party, w.own.ip, 16);
    (void)map(&want);
    run(100);
    CHECK_INT(count(EV(MAPPED)), 1);
    CHECK_INT(w.server[0].last_options, 0);
}

/* "version 3 / version 1": v2 UNSUPP_VERSION / an answer of version 1, MALFORMED_OPTION. */
TEST(other_versions_in_requests)
{
    uint8_t bytes[1200], out[1200];
    world(5000);
    for (uint8_t version = 1; version <= 3; version += 2) {
        wick_pcp_msg q = request(5001);
        size_t len = encode(bytes, &q);
        bytes[0] = version;
        wick_span got = ask(out, wick_span_make(bytes, len));
        REQUIRE(got.len == 60);
        CHECK(got.ptr[0] == 2 && got.ptr[3] == WICK_PCP_UNSUPP_VERSION);
        CHECK_MEM(got.ptr + 24, bytes + 24, 36); /* a copy (section 8.2) */
    }
    /* the answer of version 1 says nothing to us */
    w.server[0].faults = WICK_STUB_PCP_SILENT;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(10);
    wick_pcp_msg q = request(5001);
    size_t len = encode(bytes, &q);
    bytes[0] = 1;
    bytes[1] = 0x81;
    bytes[3] = WICK_PCP_MALFORMED_OPTION;
    CHECK_STATUS(deliver(wick_span_make(bytes, len), SERVER), WICK_E_UNSUPPORTED);
    w.server[0].faults = 0;
    run(3500);
    CHECK(external(id)->port == 5001 && count(EV(FAILED)) == 0);
}

/* "opcode 9 / client-address mismatch": 4 / 12. */
TEST(opcode_and_address)
{
    uint8_t bytes[1200], out[1200];
    world(5000);
    wick_pcp_msg q = request(5001);
    size_t len = encode(bytes, &q);
    bytes[1] = 9;
    wick_span got = ask(out, wick_span_make(bytes, len));
    CHECK(got.len == 60 && got.ptr[1] == 0x89 && got.ptr[3] == WICK_PCP_UNSUPP_OPCODE);
    q.client_ip[15]++;
    got = ask(out, wick_span_make(bytes, encode(bytes, &q)));
    CHECK(got.len == 60 && got.ptr[3] == WICK_PCP_ADDRESS_MISMATCH);
}

/* "23-byte or 25-byte message": answered with version 0, result 3. No reason to speak NAT-PMP. */
TEST(odd_length_answered_as_version_0)
{
    uint8_t bytes[1200], out[1200];
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_VERSION_0_BROKEN;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(25000);
    CHECK(!wick_pcp_client_is_natpmp(&w.c) && w.server[0].natpmp == 0);
    CHECK(wick_pcp_client_external(&w.c, id) == NULL);
    w.server[0].faults = 0;
    run(30000);
    CHECK_INT(external(id)->port, 5001);
    /* what a server should answer to such lengths */
    wick_pcp_msg q = request(5001);
    (void)encode(bytes, &q);
    for (size_t len = 2; len < 64; len++) {
        if (len % 4 != 0 || len < 60) {
            wick_span got = ask(out, wick_span_make(bytes, len));
            CHECK(got.len >= 24 && got.len % 4 == 0 && got.ptr[0] == 2 &&
                  got.ptr[3] == WICK_PCP_MALFORMED_REQUEST);
        }
    }
}

/* "1,104-byte": SUCCESS. Our server refuses it; the client drops an answer of that length. */
TEST(longer_than_1100_bytes)
{
    uint8_t bytes[1200], out[1200];
    memset(bytes, 0, sizeof bytes);
    world(5000);
    wick_pcp_msg q = request(5001);
    size_t len = encode(bytes, &q);
    bytes[len] = 200; /* one option to the end */
    wick_store_be16(bytes + len + 2, (uint16_t)(1104 - len - 4));
    wick_span got = ask(out, wick_span_make(bytes, 1104));
    CHECK(got.len == 1100 && got.ptr[3] == WICK_PCP_MALFORMED_REQUEST);
    unsigned id = ready(5000);
    wick_pcp_msg r = w.server[0].last;
    r.response = 1;
    r.lifetime_s = 7200;
    r.external = wick_addr_v4(20, 0, 0, 5, 5001);
    memset(bytes, 0, sizeof bytes);
    len = encode(bytes, &r);
    bytes[len] = 200;
    wick_store_be16(bytes + len + 2, (uint16_t)(1104 - len - 4));
    CHECK_STATUS(deliver(wick_span_make(bytes, 1104), SERVER), WICK_E_MALFORMED);
    CHECK_INT(external(id)->ip[15], 1);
}

/* "error lifetimes": 0 but for NO_RESOURCES (30). 0 is the client's own 30 s, never at once. */
TEST(error_lifetime_0)
{
    static const uint8_t results[] = {2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13};
    for (size_t i = 0; i < sizeof results; i++) {
        world(5000);
        w.server[0].faults = WICK_STUB_PCP_ERROR_LIFE_0;
        w.server[0].force.result = results[i];
        w.server[0].force.lifetime_s = 1800;
        w.server[0].force.count = 1000;
        wick_pcp_want want = udp(5001);
        (void)map(&want);
        run(600000);
        CHECK(w.sent >= 20 && w.sent <= 21);
    }
}

/* "R bit set / 1 byte": dropped, by server and client. */
TEST(responses_and_fragments)
{
    uint8_t bytes[1200], out[1200];
    unsigned id = ready(5000);
    wick_pcp_msg q = request(5001);
    q.response = 1;
    CHECK_INT(ask(out, wick_span_make(bytes, encode(bytes, &q))).len, 0);
    CHECK_INT(ask(out, wick_span_make(bytes, 1)).len, 0);
    CHECK_INT(ask(out, wick_span_make(bytes, 0)).len, 0);
    for (size_t len = 0; len < 60; len++) {
        CHECK(deliver(wick_span_make(bytes, len), SERVER) != WICK_OK || len == 24);
    }
    run(10);
    CHECK(external(id)->port == 5001 && w.events == 1);
}

/* "SCTP (132)": SUCCESS and a real rule; so the protocol is the caller's business. */
TEST(sctp)
{
    world(5000);
    wick_pcp_want want = udp(5001);
    want.protocol = 132;
    unsigned id = map(&want);
    run(100);
    CHECK_INT(external(id)->port, 5001);
    CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 132, 5001) != NULL);
}

/* "lifetime 1 / 10^9": clamped. What was granted counts, not what was asked. */
TEST(lifetime_clamped)
{
    world(5000);
    wick_pcp_want want = udp(5001), other = udp(5002);
    want.lifetime_s = 1;
    other.lifetime_s = 1000000000;
    unsigned id = map(&want), id2 = map(&other);
    run(100);
    CHECK_INT(wick_pcp_client_lifetime_s(&w.c, id), 120);
    CHECK_INT(wick_pcp_client_lifetime_s(&w.c, id2), 86400);
    run(59000);
    CHECK_INT(w.sent, 2);
    run(20000); /* renewed between 1/2 and 5/8 of 120 s */
    CHECK_INT(w.sent, 3);
}

/* "reserved external address": NO_RESOURCES, 30 s, 0.0.0.0. Not mapped, and asked again in time. */
TEST(double_nat_refused)
{
    world(5000);
    w.server[0].force.result = WICK_PCP_NO_RESOURCES;
    w.server[0].force.lifetime_s = 30;
    w.server[0].force.count = 1;
    w.server[0].faults = WICK_STUB_PCP_ERROR_BLANK;
    wick_pcp_want want = udp(5001);
    (void)map(&want);
    run(29000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_RESOURCES);
    CHECK(count(EV(MAPPED)) == 0 && w.sent == 1);
    run(2000);
    CHECK_INT(count(EV(MAPPED)), 1); /* the line outside is up by now */
}

/* "start-up": a multicast ANNOUNCE, and an epoch of 0 or 2. */
TEST(start_up)
{
    for (uint64_t young = 0; young <= 2000; young += 2000) {
        unsigned id = ready(5000);
        run(60000);
        wick_stub_pcp_restart(&w.server[0], w.now_ms);
        w.server[0].born_ms = w.now_ms - young;
        run(5000);
        CHECK_INT(count(EV(SERVER_RESET)), 1);
        CHECK_INT(external(id)->port, 5001);
        CHECK(wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) != NULL);
    }
}

/* "external address change": no announcement. Seen by the watch, or when the caller has doubts. */
TEST(address_change_unannounced)
{
    world(5000);
    w.cfg.watch_s = 60;
    restart_client();
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(1000);
    wick_addr other = wick_addr_v4(20, 0, 0, 77, 0);
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, false);
    run(61000);
    CHECK_INT(count(EV(CHANGED)), 1);
    CHECK(wick_addr_same_ip(external(id), &other));
    other.ip[15]++;
    wick_stub_pcp_move(&w.server[0], w.now_ms, &other, false);
    wick_pcp_client_check(&w.c, w.now_ms);
    run(100);
    CHECK_INT(count(EV(CHANGED)), 2);
    CHECK(wick_addr_same_ip(external(id), &other));
}

/* "UNSUPP_VERSION reply": nonce and protocol copied, ports and address zero; NOT_AUTHORIZED carries
 * the real external address. Both are answers, by nonce and protocol; neither is a mapping. */
TEST(errors_match_by_nonce)
{
    static const uint8_t results[] = {WICK_PCP_UNSUPP_VERSION, WICK_PCP_NOT_AUTHORIZED};
    for (size_t i = 0; i < 2; i++) {
        world(5000);
        w.server[0].faults = WICK_STUB_PCP_SILENT;
        wick_pcp_want want = udp(5001);
        unsigned id = map(&want);
        run(10);
        uint8_t bytes[1200];
        wick_pcp_msg r;
        memset(&r, 0, sizeof r);
        r.response = 1;
        r.opcode = WICK_PCP_MAP;
        r.result = results[i];
        r.protocol = 17;
        memcpy(r.nonce, wick_pcp_client_nonce(&w.c, id), sizeof r.nonce);
        if (i == 1) {
            r.internal_port = 5001;
            r.external = wick_addr_v4(20, 0, 0, 1, 5001);
        }
        r.nonce[0] ^= 1;
        CHECK_STATUS(deliver(wick_span_make(bytes, encode(bytes, &r)), SERVER), WICK_E_NOT_FOUND);
        r.nonce[0] ^= 1;
        r.protocol = 6;
        CHECK_STATUS(deliver(wick_span_make(bytes, encode(bytes, &r)), SERVER), WICK_E_NOT_FOUND);
        r.protocol = 17;
        CHECK_STATUS(deliver(wick_span_make(bytes, encode(bytes, &r)), SERVER), WICK_OK);
        run(10);
        CHECK_INT(count(EV(FAILED)), 1);
        CHECK(wick_pcp_client_external(&w.c, id) == NULL);
    }
}

/* NAT-PMP servers that lie in the same ways. */
TEST(natpmp_variants)
{
    static const struct {
        unsigned fault;
        bool mapped; /* all the same */
    } c[] = {{0, true},
             {WICK_STUB_PCP_OTHER_PORT, true},
             {WICK_STUB_PCP_WRONG_PORT, false},
             {WICK_STUB_PCP_NO_R_BIT, false},
             {WICK_STUB_PCP_WRONG_SOURCE, false},
             {WICK_STUB_PCP_NO_ADDRESS, false},
             {WICK_STUB_PCP_SILENT, false}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        world(5000);
        w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY;
        wick_pcp_want want = udp(5001);
        unsigned id = map(&want);
        run(5); /* it said that it speaks NAT-PMP */
        CHECK_INT(count(EV(NATPMP)), 1);
        w.server[0].faults |= c[i].fault;
        run(50000);
        CHECK_INT(wick_pcp_client_external(&w.c, id) != NULL, c[i].mapped);
        CHECK_INT(count(EV(MAPPED)), c[i].mapped);
        w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY;
        run(200000);
        CHECK(wick_pcp_client_external(&w.c, id) != NULL);
        CHECK(!w.stuck);
    }
    /* an error of 8 bytes */
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY | WICK_STUB_PCP_ERROR_BLANK;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(9); /* its address is known */
    w.server[0].force.result = WICK_NATPMP_NO_RESOURCES;
    w.server[0].force.count = 1;
    run(1000);
    CHECK_STATUS(status_of(EV(FAILED), 1), WICK_E_PCP_RESOURCES);
    run(40000);
    CHECK_INT(external(id)->port, 5001);
}

/* ---- what users suffer from ---- */

/* A mapping nonce that can be set and read: another run, or another program, goes on with it. */
TEST(nonce_is_settable)
{
    unsigned id = ready(5000);
    uint8_t nonce[WICK_PCP_NONCE_BYTES];
    wick_pcp_want want = udp(5001);
    REQUIRE(wick_pcp_client_nonce(&w.c, id) != NULL);
    memcpy(nonce, wick_pcp_client_nonce(&w.c, id), sizeof nonce);
    CHECK(wick_pcp_client_nonce(&w.c, 77) == NULL);
    w.cfg.store = NULL;
    restart_client();
    CHECK(wick_pcp_client_nonce(&w.c, id) == NULL);
    CHECK_STATUS(wick_pcp_client_adopt(&w.c, &id, w.now_ms, &want, nonce), WICK_OK);
    run(100);
    CHECK_INT(count(EV(MAPPED)), 1); /* no NOT_AUTHORIZED */
    /* deleted by a third run, without a renewal before */
    restart_client();
    CHECK_STATUS(wick_pcp_client_adopt(&w.c, &id, w.now_ms, &want, nonce), WICK_OK);
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    run(100);
    CHECK_STATUS(status_of(EV(DELETED), 1), WICK_OK);
    CHECK(w.sent == 1 && wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) == NULL);
    /* one that never went out is forgotten without a word */
    id = map(&want);
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    run(100);
    CHECK(w.sent == 1 && count(EV(DELETED)) == 2);
    /* what the store remembers is at the server too */
    w.cfg.store = &w.hal_store;
    (void)ready(5000);
    restart_client();
    id = map(&want);
    CHECK_STATUS(wick_pcp_client_unmap(&w.c, w.now_ms, id), WICK_OK);
    run(100);
    CHECK(w.sent == 1 && wick_stub_pcp_find(&w.server[0], w.now_ms, 17, 5001) == NULL);
    /* not what makes no sense */
    want.protocol = 0;
    CHECK_STATUS(wick_pcp_client_adopt(&w.c, &id, w.now_ms, &want, nonce), WICK_E_BAD_ARG);
}

/* A probe is answered, or it is told that it was not; by PCP and by NAT-PMP. */
TEST(probe_is_told)
{
    world(5000);
    wick_pcp_client_probe(&w.c, w.now_ms);
    run(100);
    CHECK_INT(count(EV(ALIVE)), 1);
    CHECK_INT(wick_pcp_client_heard_s(&w.c), 500);
    w.server[0].faults = WICK_STUB_PCP_SILENT;
    wick_pcp_client_probe(&w.c, w.now_ms);
    run(60000);
    CHECK_STATUS(status_of(EV(SILENT), 1), WICK_E_TIMEOUT);
    CHECK_INT(count(EV(ALIVE)), 1);
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_NATPMP_ONLY;
    wick_pcp_client_probe(&w.c, w.now_ms);
    run(100);
    CHECK(count(EV(NATPMP)) == 1 && count(EV(ALIVE)) == 1);
    CHECK_INT(wick_pcp_client_heard_s(&w.c), 500);
    /* the address that NAT-PMP needs for a mapping is no probe of the caller's */
    wick_pcp_want want = udp(5001);
    (void)map(&want);
    run(100);
    CHECK(count(EV(MAPPED)) == 1 && count(EV(ALIVE)) == 1);
}

/* ICMP says that nobody listens: told at once, believed not at all. */
TEST(refused_by_icmp)
{
    world(5000);
    w.server[0].faults = WICK_STUB_PCP_SILENT;
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(10);
    wick_pcp_client_refused(&w.c, &w.server[1].cfg.listen);
    run(1);
    CHECK_INT(count(EV(SILENT)), 0);
    wick_pcp_client_refused(&w.c, SERVER);
    wick_pcp_client_refused(&w.c, SERVER);
    run(1);
    CHECK_INT(count(EV(SILENT)), 1);
    w.server[0].faults = 0;
    run(3500);
    CHECK_INT(external(id)->port, 5001);
    /* again after an answer */
    wick_pcp_client_refused(&w.c, SERVER);
    run(1);
    CHECK_INT(count(EV(SILENT)), 2);
    CHECK_INT(external(id)->port, 5001);
}

/* Filters with a prefix that is none. */
TEST(filter_prefixes)
{
    static const struct {
        uint8_t bits;
        bool v4, good;
    } c[] = {{0, true, true},   {1, true, false},  {95, true, false},  {96, true, true},
             {128, true, true}, {129, true, false}, {1, false, true},  {128, false, true},
             {129, false, false}};
    world(5000);
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        wick_pcp_want want = udp(5001);
        unsigned id;
        want.filter_count = 1;
        want.filter[0].prefix_bits = c[i].bits;
        want.filter[0].remote = wick_addr_v4(20, 0, 0, 9, 0);
        if (!c[i].v4) {
            want.filter[0].remote.ip[0] = 0x20;
        }
        CHECK_STATUS(wick_pcp_client_map(&w.c, &id, w.now_ms, &want),
                     c[i].good ? WICK_OK : WICK_E_BAD_ARG);
    }
}

TAP_MAIN("sim.pcp_rows", CASE(different_nonce_renews), CASE(prefer_failure_gives_another_port),
         CASE(filter_is_not_enforced), CASE(peer_port_is_untrue), CASE(delete_all_is_refused),
         CASE(options_in_requests), CASE(other_versions_in_requests), CASE(opcode_and_address),
         CASE(odd_length_answered_as_version_0), CASE(longer_than_1100_bytes),
         CASE(error_lifetime_0), CASE(responses_and_fragments), CASE(sctp), CASE(lifetime_clamped),
         CASE(double_nat_refused), CASE(start_up), CASE(address_change_unannounced),
         CASE(errors_match_by_nonce), CASE(natpmp_variants), CASE(nonce_is_settable),
         CASE(probe_is_told), CASE(refused_by_icmp), CASE(filter_prefixes))
