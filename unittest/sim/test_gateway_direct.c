/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that leave their relay for a direct path, come back, and move between relays
 * (core/psk/PROTOCOL.md section 12).
 */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "tap.h"
#include "wick/port/stub_router.h"

static struct lab lab;
static uint8_t session;

/* Two gateways with a session over their relay. */
static void fresh(uint64_t seed, wick_stub_nat_kind a, wick_stub_nat_kind b, unsigned relays)
{
    lab_init(&lab, seed, a, b, relays);
}

static void begin(void)
{
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK_INT(lab.a.last[WICK_GW_EV_SESSION_UP].path_kind, WICK_DIRECT_RELAYED);
    CHECK(lab_echo(&lab, session, "over the relay", 5000));
}

static wick_direct_kind path_of(wick_stub_node *n, uint8_t index)
{
    wick_gateway_path p;
    CHECK_STATUS(wick_gateway_session_path(&n->gw, &p, index), WICK_OK);
    return p.kind;
}

static bool both_direct(void)
{
    return path_of(&lab.a, session) < WICK_DIRECT_RELAYED &&
           path_of(&lab.b, lab.session_b) < WICK_DIRECT_RELAYED;
}

static bool both_relayed(void)
{
    return path_of(&lab.a, session) == WICK_DIRECT_RELAYED &&
           path_of(&lab.b, lab.session_b) == WICK_DIRECT_RELAYED;
}

/* What a network does between two addresses, and what it saw. */
static struct {
    bool cut;         /* nothing passes between the NATs */
    bool one_way;     /* from a's NAT to b's only */
    unsigned direct, direct_stun, stun_bytes;
    unsigned to_stranger, data_to_stranger;
    wick_addr stranger;
    bool steal;       /* the next checks of a do not arrive, and are in `kept` */
    uint8_t kept[WICK_STUB_MTU]; /* the last check from a */
    size_t kept_len;
} net;

static bool is_nat(const wick_addr *a, uint8_t last)
{
    wick_addr nat = wick_addr_v4(20, 0, 0, last, a->port);
    return wick_addr_equal(&nat, a);
}

static bool tap(void *ctx, struct wick_stub_world *w, const wick_addr *from, const wick_addr *to,
                uint8_t *bytes, size_t *len)
{
    (void)ctx, (void)w;
    bool ab = is_nat(from, 1) && is_nat(to, 2), ba = is_nat(from, 2) && is_nat(to, 1);
    if (net.stranger.port != 0 && wick_addr_same_ip(to, &net.stranger)) {
        net.to_stranger++;
        net.data_to_stranger += wick_stun_is(wick_span_make(bytes, *len)) ? 0u : 1u;
    }
    if (!ab && !ba) {
        return true;
    }
    net.direct++;
    if (wick_stun_is(wick_span_make(bytes, *len))) {
        net.direct_stun++;
        net.stun_bytes += (unsigned)*len;
        if (ab && bytes[0] == 0) {
            memcpy(net.kept, bytes, *len);
            net.kept_len = *len;
            if (net.steal) {
                return false;
            }
        }
    }
    return !net.cut && !(net.one_way && ab);
}

static void watch(void)
{
    memset(&net, 0, sizeof net);
    lab.w.tap = tap;
}

/* Does a session of two such networks, whose datagrams are watched, find its direct path? */
static bool goes_direct(uint64_t seed, wick_stub_nat_kind a, wick_stub_nat_kind b)
{
    fresh(seed, a, b, 1);
    watch();
    begin();
    wick_stub_run(&lab.w, 3000, NULL);
    return both_direct();
}

/* ------------------------------------------------------------------ upgrade */

TEST(cones_meet)
{
    const wick_stub_nat_kind kinds[] = {WICK_STUB_FULL_CONE, WICK_STUB_RESTRICTED_CONE,
                                        WICK_STUB_PORT_RESTRICTED};
    for (unsigned i = 0; i < 9; i++) {
        CHECK(goes_direct(100 + i, kinds[i / 3], kinds[i % 3]));
        CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_MOVED], 1);
        CHECK_INT(lab.a.last[WICK_GW_EV_SESSION_MOVED].path_kind, WICK_DIRECT_REFLEXIVE);
        CHECK(is_nat(&lab.a.last[WICK_GW_EV_SESSION_MOVED].addr, 2));
        unsigned relayed = lab.relay[0].turn.relayed_in, direct = net.direct;
        CHECK(lab_echo(&lab, session, "straight", 5000));
        CHECK_INT(lab.relay[0].turn.relayed_in, relayed);
        CHECK(net.direct >= direct + 2);
    }
}

/* A symmetric NAT gives us another port for each peer: found where the other side lets it in. */
TEST(one_symmetric)
{
    fresh(120, WICK_STUB_SYMMETRIC, WICK_STUB_RESTRICTED_CONE, 1);
    begin();
    wick_stub_run(&lab.w, 5000, NULL);
    CHECK(both_direct());
    CHECK_INT(path_of(&lab.b, lab.session_b), WICK_DIRECT_LEARNED);
    CHECK(lab_echo(&lab, session, "straight", 5000));
}

TEST(both_symmetric_stay_on_the_relay)
{
    fresh(121, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    watch();
    begin();
    wick_stub_run(&lab.w, 20000, NULL);
    CHECK(both_relayed());
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_MOVED] + lab.b.seen[WICK_GW_EV_SESSION_MOVED], 0);
    CHECK_INT(net.direct_stun, 10); /* five of each side, and no more */
    CHECK(lab_echo(&lab, session, "still here", 5000));
    wick_stub_run(&lab.w, 3600000, NULL);
    CHECK(net.direct_stun <= 90); /* rounds after 0.5, 1, 2, 4 ... minutes */
}

/* ------------------------------------------------------------------ and back */

TEST(direct_path_dies)
{
    REQUIRE(goes_direct(130, WICK_STUB_FULL_CONE, WICK_STUB_PORT_RESTRICTED));
    CHECK(lab_echo(&lab, session, "straight", 5000));
    net.cut = true;
    uint64_t cut_at = lab.w.now_ms;
    CHECK(lab_echo(&lab, session, "back", 5000));
    CHECK(lab.w.now_ms - cut_at <= 5000);
    wick_stub_run(&lab.w, 6000, NULL);
    CHECK(lab_echo(&lab, session, "home", 3000));
    CHECK(both_relayed());
    CHECK_INT(lab.a.last[WICK_GW_EV_SESSION_MOVED].path_kind, WICK_DIRECT_RELAYED);
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    net.cut = false; /* and it is found again */
    for (unsigned i = 0; i < 80 && !both_direct(); i++) {
        wick_stub_run(&lab.w, 1000, NULL);
    }
    CHECK(both_direct());
    CHECK(lab_echo(&lab, session, "straight again", 5000));
}

/* An idle session is kept alive on its path, and the first word after a cut gets through. */
TEST(idle_then_cut)
{
    fresh(131, WICK_STUB_PORT_RESTRICTED, WICK_STUB_PORT_RESTRICTED, 1);
    watch();
    begin();
    wick_stub_run(&lab.w, 300000, NULL);
    CHECK(both_direct());
    CHECK(lab_echo(&lab, session, "straight", 1500));
    wick_stub_run(&lab.w, 60000, NULL);
    net.cut = true;
    CHECK(lab_echo(&lab, session, "back", 5000));
}

TEST(no_direct_by_policy)
{
    fresh(132, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE, 1);
    lab.b.cfg.no_direct = true;
    watch();
    begin();
    wick_stub_run(&lab.w, 60000, NULL);
    CHECK(both_relayed());
    CHECK_INT(net.direct, 0);
}

/* What a sends does not arrive, what b sends does: both go back. */
TEST(one_way_dies)
{
    REQUIRE(goes_direct(133, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE));
    net.one_way = true;
    CHECK(lab_echo(&lab, session, "back", 5000));
    for (unsigned i = 0; i < 10; i++) {
        CHECK(lab_echo(&lab, session, i % 2 == 0 ? "tick" : "tock", 3000));
    }
    CHECK(both_relayed());
}

/* A path that loses a third of all datagrams is no reason to leave it for long, nor to end. */
TEST(lossy)
{
    fresh(134, WICK_STUB_PORT_RESTRICTED, WICK_STUB_PORT_RESTRICTED, 1);
    begin();
    lab.w.link.loss = 150;
    for (unsigned i = 0; i < 200; i++) {
        CHECK(lab_echo(&lab, session, i % 2 == 0 ? "tick" : "tock", 20000));
    }
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
    lab.w.link.loss = 0;
    wick_stub_run(&lab.w, 70000, NULL);
    CHECK(lab_echo(&lab, session, "calm", 2000));
    CHECK(both_direct());
}

/* The NAT of b forgets: b comes from another address, which a learns from b's checks. */
TEST(nat_reboots_on_the_direct_path)
{
    REQUIRE(goes_direct(135, WICK_STUB_FULL_CONE, WICK_STUB_RESTRICTED_CONE));
    wick_stub_nat_reboot(&lab.w, lab.nat_b);
    for (unsigned i = 0; i < 20; i++) {
        CHECK(lab_echo(&lab, session, i % 2 == 0 ? "tick" : "tock", 5000));
    }
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

/* The relay dies under a session that has left it: nobody notices, and when it is back the session
 * can fall back on it, over relayed addresses that the ends have told each other directly. */
TEST(relay_restarts_behind_a_direct_session)
{
    REQUIRE(goes_direct(136, WICK_STUB_PORT_RESTRICTED, WICK_STUB_PORT_RESTRICTED));
    wick_stub_turn_restart(&lab.relay[0].turn);
    unsigned paths = lab.a.seen[WICK_GW_EV_PATH_CHANGED];
    for (unsigned i = 0; i < 120; i++) {
        CHECK(lab_echo(&lab, session, i % 2 == 0 ? "tick" : "tock", 1500));
        wick_stub_run(&lab.w, 1000, NULL);
    }
    CHECK(lab.a.seen[WICK_GW_EV_PATH_CHANGED] > paths);
    CHECK(both_direct());
    net.cut = true;
    CHECK(lab_echo(&lab, session, "over the new one", 8000));
    wick_stub_run(&lab.w, 6000, NULL);
    CHECK(lab_echo(&lab, session, "home", 3000));
    CHECK(both_relayed());
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

/* An ICMP error is a hint, which anybody can forge: the path is checked, and stays. */
TEST(refused_on_the_way)
{
    REQUIRE(goes_direct(137, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE));
    wick_addr to = lab.a.last[WICK_GW_EV_SESSION_MOVED].addr;
    unsigned before = net.direct_stun;
    for (unsigned i = 0; i < 50; i++) { /* a flood of them costs a check a tenth of a second */
        wick_gateway_refused(&lab.a.gw, lab.w.now_ms, 0, &to);
        wick_stub_node_wake(&lab.a);
        wick_stub_run(&lab.w, 10, NULL);
    }
    CHECK(net.direct_stun > before);
    CHECK(net.direct_stun <= before + 12);
    CHECK(both_direct());
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_MOVED], 1);
    CHECK(lab_echo(&lab, session, "still", 1500));
}

/* b's router maps a port for it (PCP). */
static wick_stub_router router;

static void behind_a_router(uint64_t seed, bool call_it)
{
    fresh(seed, WICK_STUB_SYMMETRIC, WICK_STUB_PORT_RESTRICTED, 1);
    REQUIRE(wick_stub_router_init(&router, &lab.w, lab.nat_b, wick_addr_v4(10, 10, 2, 1, 0)));
    lab.a.interfaces = true;
    lab.b.interfaces = true;
    lab.a.cfg.allow_unvalidated = call_it;
    watch();
    REQUIRE(lab_ready(&lab, 120000));
    wick_stub_run(&lab.w, 60000, NULL);
    REQUIRE(lab_connect(&lab, &session, 20000));
    CHECK(lab_echo(&lab, session, "hello", 5000));
}

/* Two NATs that no checks get through, but one has a mapping: it is offered, and found. */
TEST(symmetric_meets_a_mapping)
{
    behind_a_router(138, false);
    CHECK_INT(lab.a.last[WICK_GW_EV_SESSION_UP].path_kind, WICK_DIRECT_RELAYED);
    wick_stub_run(&lab.w, 6000, NULL);
    CHECK(both_direct());
    CHECK_INT(path_of(&lab.a, session), WICK_DIRECT_MAPPED);
    CHECK(lab_echo(&lab, session, "through the mapping", 3000));
}

/* A session that was direct from the beginning goes on over relays when that path ends. */
TEST(called_directly)
{
    behind_a_router(139, true);
    CHECK_INT(lab.a.last[WICK_GW_EV_SESSION_UP].path_kind, WICK_DIRECT_MAPPED);
    wick_stub_run(&lab.w, 6000, NULL);
    CHECK(lab_echo(&lab, session, "straight", 3000));
    net.cut = true;
    CHECK(lab_echo(&lab, session, "over the relay", 8000));
    wick_stub_run(&lab.w, 6000, NULL);
    CHECK(lab_echo(&lab, session, "still", 3000));
    CHECK(both_relayed());
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

/* ------------------------------------------------------------------ from relay to relay */

/* Milliseconds until the next text comes back, at most ten seconds; it is sent four times a second. */
static uint64_t outage(const char *text)
{
    uint8_t record[64] = {23};
    size_t len = strlen(text);
    uint64_t from = lab.w.now_ms;
    memcpy(record + 1, text, len);
    memset(lab.last_a, 0, sizeof lab.last_a);
    while (lab.w.now_ms - from < 10000 && memcmp(lab.last_a, record, len + 1) != 0) {
        wick_status s = wick_stub_node_send(&lab.a, session, wick_span_make(record, len + 1));
        CHECK(s == WICK_OK || s == WICK_E_TURN_LOST);
        for (unsigned i = 0; i < 25 && memcmp(lab.last_a, record, len + 1) != 0; i++) {
            wick_stub_run(&lab.w, 10, NULL);
        }
    }
    return lab.w.now_ms - from;
}

/* Two relays, of which either dies: a session over it goes on over the other within five seconds,
 * whoever had which of them, in use or idle, and comes through the next death as well. */
TEST(relay_dies)
{
    uint64_t worst = 0;
    char line[100];
    for (unsigned seed = 0; seed < 12; seed++) {
        for (unsigned k = 0; k < 2; k++) {
            fresh(200 + seed, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 2);
            begin();
            wick_stub_run(&lab.w, 30000, NULL); /* both hold their second relay by now */
            if (seed % 3 != 0) {
                CHECK(lab_echo(&lab, session, "busy", 3000));
            }
            lab.relay[k].down = true;
            uint64_t ms = outage("on");
            worst = ms > worst ? ms : worst;
            CHECK(ms <= 5000);
            CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN],
                      0);
            for (unsigned i = 0; i < 20; i++) {
                ms = outage(i % 2 == 0 ? "tick" : "tock");
                worst = ms > worst ? ms : worst;
            }
            lab.relay[k].down = false; /* with all that it knew */
            wick_stub_turn_restart(&lab.relay[k].turn);
            for (unsigned i = 0; i < 300; i++) {
                CHECK(outage(i % 2 == 0 ? "tick" : "tock") <= 5000);
                wick_stub_run(&lab.w, 1000, NULL);
            }
            lab.relay[1 - k].down = true;
            CHECK(outage("on again") <= 5000);
            CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_DOWN] + lab.b.seen[WICK_GW_EV_SESSION_DOWN],
                      0);
        }
    }
    (void)snprintf(line, sizeof line, "# longest outage %u ms\n", (unsigned)worst);
    tap_puts(line);
}

/* ------------------------------------------------------------------ others */

static int stranger(uint8_t last)
{
    int host = wick_stub_host(&lab.w, -1, wick_addr_v4(20, 0, 0, last, 0));
    net.stranger = wick_addr_v4(20, 0, 0, last, 5000);
    return wick_stub_open(&lab.w, host, 5000, -1);
}

static wick_addr direct_of_b(void)
{
    return lab.a.last[WICK_GW_EV_SESSION_MOVED].addr;
}

/* A check of a, seen on the way, is sent again from elsewhere: no answer, no interest. */
TEST(replayed_checks)
{
    REQUIRE(goes_direct(140, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE));
    int sock = stranger(66);
    wick_addr to = direct_of_b();
    REQUIRE(net.kept_len != 0);
    for (unsigned i = 0; i < 100; i++) {
        wick_stub_send(&lab.w, sock, &to, wick_span_make(net.kept, net.kept_len));
        wick_stub_run(&lab.w, 20, NULL);
    }
    CHECK_INT(net.to_stranger, 0);
    CHECK(both_direct());
}

/* Checks that are the first of their number, but from an address that somebody else put there: it
 * is answered as it must be, checked five times, and gets nothing else. */
TEST(stolen_checks)
{
    REQUIRE(goes_direct(141, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE));
    int sock = stranger(66);
    wick_addr to = direct_of_b();
    unsigned sent = 0;
    net.steal = true;
    for (unsigned i = 0; i < 20; i++) {
        net.kept_len = 0;
        (void)lab_echo(&lab, session, "on", 2000);
        if (net.kept_len != 0) {
            wick_stub_send(&lab.w, sock, &to, wick_span_make(net.kept, net.kept_len));
            sent++;
        }
    }
    CHECK(sent >= 3);
    CHECK(net.to_stranger >= 1);
    CHECK(net.to_stranger <= sent + 20);
    CHECK_INT(net.data_to_stranger, 0);
    net.steal = false;
    CHECK(lab_echo(&lab, session, "over the relay or not", 5000));
}

/* A peer names addresses of others: each is asked five times within half a minute, and no more. */
TEST(offered_victims)
{
    fresh(142, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    watch();
    REQUIRE(lab_ready(&lab, 60000));
    (void)stranger(77);
    wick_addr victim = net.stranger;
    CHECK_STATUS(wick_gateway_candidate(&lab.a.gw, WICK_DIRECT_HOST, &victim, false), WICK_OK);
    REQUIRE(lab_connect(&lab, &session, 10000));
    CHECK(lab_echo(&lab, session, "hello", 5000));
    wick_stub_run(&lab.w, 15000, NULL);
    CHECK_INT(net.to_stranger, 5);
    CHECK_INT(net.data_to_stranger, 0);
    net.to_stranger = 0; /* another address each second: the round's twenty bound them */
    for (unsigned i = 0; i < 25; i++) {
        victim.port++;
        CHECK_STATUS(wick_gateway_candidate(&lab.a.gw, WICK_DIRECT_HOST, &victim, false), WICK_OK);
        wick_stub_node_wake(&lab.a);
        wick_stub_run(&lab.w, 1000, NULL);
    }
    CHECK(net.to_stranger > 5);
    CHECK(net.to_stranger <= 40);
    CHECK_INT(net.data_to_stranger, 0);
    CHECK(both_relayed());
}

/* Addresses that are not probed whoever offers them, unless the operator says so. */
TEST(addresses_by_policy)
{
    const wick_addr bad[] = {
        wick_addr_v4(10, 10, 2, 99, 5000),    wick_addr_v4(192, 168, 1, 1, 5000),
        wick_addr_v4(127, 0, 0, 1, 5000),     wick_addr_v4(169, 254, 1, 1, 5000),
        wick_addr_v4(224, 0, 0, 1, 5000),     wick_addr_v4(255, 255, 255, 255, 5000),
        wick_addr_v4(0, 0, 0, 0, 5000),       wick_addr_v4(20, 0, 0, 10, 3478) /* the relay */};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (unsigned allowed = 0; allowed < 2; allowed++) {
            fresh(150 + i, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
            watch();
            lab.a.cfg.allow_private_direct = true; /* it tells them ... */
            lab.b.cfg.allow_private_direct = allowed == 1;
            REQUIRE(lab_ready(&lab, 60000));
            CHECK_STATUS(wick_gateway_candidate(&lab.a.gw, WICK_DIRECT_HOST, &bad[i], false),
                         WICK_OK);
            REQUIRE(lab_connect(&lab, &session, 10000));
            net.stranger = bad[i];
            unsigned relayed = i == 7 ? 1 : 0; /* where TURN goes anyway */
            wick_stub_run(&lab.w, 10000, NULL);
            CHECK_INT(relayed == 1 ? 0 : net.to_stranger, allowed == 1 && i < 2 ? 5 : 0);
        }
    }
}

/* Somebody with credentials at the relay, who knows the session's name: no answer. */
TEST(outsider_on_the_relay)
{
    uint8_t bytes[WICK_DIRECT_MAX_BYTES];
    wick_session guess;
    wick_direct_keys keys;
    fresh(143, WICK_STUB_SYMMETRIC, WICK_STUB_SYMMETRIC, 1);
    watch();
    begin();
    memset(&guess, 0, sizeof guess);
    guess.role = WICK_ROLE_INITIATOR;
    REQUIRE_STATUS(wick_direct_keys_derive(&keys, &lab.crypto, &guess, WICK_ROLE_INITIATOR),
                   WICK_OK);
    wick_addr from = wick_addr_v4(20, 0, 0, 10, 60123), home = *wick_turn_server(&lab.b.gw.turn[0]);
    const uint8_t *name = lab.b.gw.session[lab.session_b].ways.name;
    wick_gateway_out out;
    for (unsigned i = 1; i < 200; i++) {
        uint8_t frame[WICK_DIRECT_MAX_BYTES + 60];
        wick_buf b = wick_buf_make(bytes, sizeof bytes), f = wick_buf_make(frame, sizeof frame);
        wick_stun_build s;
        uint8_t tid[WICK_STUN_TID_BYTES] = {(uint8_t)i};
        REQUIRE_STATUS(wick_direct_request(&b, &lab.crypto, &keys, name, i << 5, NULL, 0),
                       WICK_OK);
        wick_stun_begin(&s, &f, WICK_STUN_DATA, WICK_STUN_INDICATION, tid);
        wick_stun_put_addr(&s, WICK_STUN_XOR_PEER_ADDRESS, &from);
        wick_stun_put(&s, WICK_STUN_DATA_ATTR, wick_buf_span(&b));
        REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
        wick_gateway_input(&lab.b.gw, lab.w.now_ms, 0, wick_buf_span(&f), &home);
        wick_gateway_poll(&lab.b.gw, &out, lab.w.now_ms);
        CHECK(out.kind == WICK_GW_OUT_WAIT);
    }
    CHECK(lab_echo(&lab, session, "untouched", 5000));
    CHECK_INT(lab.b.gw.direct.tokens, 0); /* a look at each was refused long before the end */
}

/* A record that bears the session's connection id is taken from anywhere (RFC 9146); where to send is
 * not decided by it. One that bears another id, or none, is nobody's. */
TEST(records_by_connection_id)
{
    REQUIRE(goes_direct(145, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE));
    int sock = stranger(66);
    wick_addr to = direct_of_b();
    uint8_t record[32] = {25, 0xfe, 0xfd};
    CHECK_STATUS(wick_gateway_session_cid(&lab.b.gw, record + 11, lab.session_b), WICK_OK);
    uint8_t mine[4];
    CHECK_STATUS(wick_gateway_session_cid(&lab.a.gw, mine, session), WICK_OK);
    CHECK(memcmp(mine, record + 11, 4) != 0);
    CHECK_STATUS(wick_gateway_session_cid(&lab.a.gw, mine, 3), WICK_E_STATE);
    unsigned got = lab.got_b, back = lab.got_a;
    wick_stub_send(&lab.w, sock, &to, wick_span_make(record, sizeof record));
    wick_stub_run(&lab.w, 500, NULL);
    CHECK_INT(lab.got_b, got + 1);
    CHECK_INT(lab.got_a, back + 1); /* the echo went to a */
    CHECK_INT(net.to_stranger, 0);
    record[12] ^= 1;
    wick_stub_send(&lab.w, sock, &to, wick_span_make(record, sizeof record));
    record[12] ^= 1;
    wick_stub_send(&lab.w, sock, &to, wick_span_make(record, 15));
    record[0] = 23;
    wick_stub_send(&lab.w, sock, &to, wick_span_make(record, sizeof record));
    wick_stub_run(&lab.w, 500, NULL);
    CHECK_INT(lab.got_b, got + 1);
}

/* What the checks of an idle session cost: told, not judged. */
TEST(keep_alive)
{
    char line[160];
    fresh(146, WICK_STUB_PORT_RESTRICTED, WICK_STUB_PORT_RESTRICTED, 1);
    watch();
    begin();
    wick_stub_run(&lab.w, 60000, NULL);
    REQUIRE(both_direct());
    unsigned from = net.stun_bytes, count = net.direct_stun;
    for (unsigned i = 0; i < 12; i++) {
        CHECK(lab_echo(&lab, session, i % 2 == 0 ? "tick" : "tock", 3000));
        wick_stub_run(&lab.w, 299000, NULL);
    }
    (void)snprintf(line, sizeof line,
                   "# idle direct session, both directions: %u datagrams, %u bytes of STUN an hour\n",
                   net.direct_stun - count, net.stun_bytes - from);
    tap_puts(line);
    CHECK(net.stun_bytes - from < 120000);
    from = net.stun_bytes;
    for (unsigned i = 0; i < 600; i++) {
        CHECK(lab_echo(&lab, session, i % 2 == 0 ? "tick" : "tock", 3000));
    }
    (void)snprintf(line, sizeof line, "# one with an echo each second: %u bytes of STUN in 10 min\n",
                   net.stun_bytes - from);
    tap_puts(line);
    CHECK(net.stun_bytes - from < 130000);
}

/* A peer of before: it drops what it does not know, and all stays as it was. */
TEST(peer_that_does_not_speak_it)
{
    fresh(144, WICK_STUB_FULL_CONE, WICK_STUB_FULL_CONE, 1);
    watch();
    REQUIRE(lab_ready(&lab, 60000));
    REQUIRE_STATUS(wick_stub_node_connect(&lab.a, &session, "gw-b"), WICK_OK);
    while (lab.b.seen[WICK_GW_EV_SESSION_UP] == 0) {
        wick_stub_run(&lab.w, 1, NULL);
    }
    wick_gateway_ways *deaf = &lab.b.gw.session[lab.b.last[WICK_GW_EV_SESSION_UP].session].ways;
    for (unsigned i = 0; i < 600; i++) {
        memset(deaf->name, 0xff, sizeof deaf->name);
        deaf->told = deaf->offered = lab.b.gw.direct.version;
        wick_stub_run(&lab.w, 100, NULL);
    }
    CHECK_INT(lab.a.seen[WICK_GW_EV_SESSION_UP], 1);
    CHECK(lab_echo(&lab, session, "as ever", 3000));
    CHECK(both_relayed());
    CHECK_INT(net.direct, 0);
    CHECK_INT(lab.a.gw.session[session].ways.counter, 6); /* six offers, and no check at all */
    wick_stub_run(&lab.w, 500000, NULL);
    CHECK(lab_echo(&lab, session, "as ever", 3000));
    CHECK_INT(lab.a.gw.session[session].ways.counter, 6);
}

TAP_MAIN("sim.gateway_direct", CASE(cones_meet), CASE(one_symmetric),
         CASE(both_symmetric_stay_on_the_relay), CASE(direct_path_dies), CASE(idle_then_cut),
         CASE(no_direct_by_policy), CASE(one_way_dies), CASE(lossy),
         CASE(nat_reboots_on_the_direct_path), CASE(relay_restarts_behind_a_direct_session),
         CASE(refused_on_the_way),
         CASE(symmetric_meets_a_mapping), CASE(called_directly), CASE(relay_dies), CASE(replayed_checks), CASE(stolen_checks), CASE(offered_victims),
         CASE(addresses_by_policy), CASE(outsider_on_the_relay),
         CASE(records_by_connection_id), CASE(keep_alive),
         CASE(peer_that_does_not_speak_it))
