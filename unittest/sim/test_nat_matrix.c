/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every pair of places in both directions: the caller at the left, the called one on top. A cell
 * is what an authenticated payload and its echo did, read from the datagrams: the way taken at
 * first, and the way after the session has had time to find a better one. Nothing echoed, no cell.
 */
#include <stdio.h>

#include "sites.h"
#include "tap.h"

#define SETTLE_MS 30000

static struct sites s;

struct cell {
    enum way first, last;
};

static struct cell cells[2][SITES][SITES];

static bool mapped(enum site at)
{
    return at == SITE_PCP || at == SITE_NATPMP;
}

/* What is published: the address itself, the router's mapping, or a relayed one. */
static enum way expected_first(unsigned relays, enum site a, enum site b)
{
    (void)a;
    return b == SITE_PUBLIC ? WAY_DIRECT
           : mapped(b)      ? WAY_MAPPED
           : relays == 2    ? WAY_RELAYS
                            : WAY_RELAY;
}

/* Two ends find each other if what one sends to the address that it knows of the other passes. That
 * is so for all pairs but a symmetric NAT, whose port for us nobody knows beforehand, against a
 * filter that asks for the port: there the relays stay. */
static bool by_port(enum site at)
{
    return at == SITE_PORT_RESTRICTED || at == SITE_SYMMETRIC || at == SITE_DOUBLE;
}

static enum way expected_last(unsigned relays, enum site a, enum site b)
{
    if (b == SITE_PUBLIC || mapped(b)) {
        return expected_first(relays, a, b);
    }
    if (mapped(a)) {
        return WAY_MAPPED;
    }
    if ((a == SITE_SYMMETRIC && by_port(b)) || (b == SITE_SYMMETRIC && by_port(a))) {
        return expected_first(relays, a, b);
    }
    return WAY_DIRECT;
}

static void connect_pair(struct cell *cell, uint64_t seed, enum site a, enum site b,
                         unsigned relays)
{
    uint8_t session = 0;
    cell->first = cell->last = WAY_NONE;
    sites_init(&s, seed, a, b, relays);
    REQUIRE(lab_ready(&s.lab, 120000));
    REQUIRE(lab_connect(&s.lab, &session, 30000));
    cell->first = sites_echo(&s, session, 20000);
    (void)wick_stub_run(&s.lab.w, SETTLE_MS, NULL);
    cell->last = sites_echo(&s, session, 20000);
    CHECK_INT(s.forged, 0);
    CHECK_INT(s.lab.a.seen[WICK_GW_EV_SESSION_DOWN] + s.lab.b.seen[WICK_GW_EV_SESSION_DOWN], 0);
}

static void table(unsigned relays)
{
    char line[240];
    const char *title = relays == 2 ? "two relays" : "one relay";
    size_t n = (size_t)snprintf(line, sizeof line, "# %-19s", title);
    for (unsigned b = 0; b < SITES; b++) {
        n += (size_t)snprintf(line + n, sizeof line - n, " %-18s", site_name[b]);
    }
    (void)snprintf(line + n, sizeof line - n, "\n");
    tap_puts(line);
    unsigned up = 0, at_once = 0, direct = 0;
    for (unsigned a = 0; a < SITES; a++) {
        n = (size_t)snprintf(line, sizeof line, "# %-19s", site_name[a]);
        for (unsigned b = 0; b < SITES; b++) {
            const struct cell *c = &cells[relays - 1][a][b];
            char text[40];
            (void)snprintf(text, sizeof text, c->first == c->last ? "%s" : "%s>%s",
                           way_name[c->first], way_name[c->last]);
            n += (size_t)snprintf(line + n, sizeof line - n, " %-18s", text);
            up += c->first != WAY_NONE && c->last != WAY_NONE ? 1u : 0u;
            at_once += c->first == WAY_DIRECT || c->first == WAY_MAPPED ? 1u : 0u;
            direct += c->last == WAY_DIRECT || c->last == WAY_MAPPED ? 1u : 0u;
        }
        (void)snprintf(line + n, sizeof line - n, "\n");
        tap_puts(line);
    }
    (void)snprintf(line, sizeof line,
                   "# connected %u of %u (%.1f %%), without a relay at once %u (%.1f %%), "
                   "in the end %u (%.1f %%; published for hole punching by peers in the wild: "
                   "70 %% +- 7 %%)\n",
                   up, SITES * SITES, 100.0 * up / (SITES * SITES), at_once,
                   100.0 * at_once / (SITES * SITES), direct, 100.0 * direct / (SITES * SITES));
    tap_puts(line);
}

static void matrix(unsigned relays)
{
    for (unsigned a = 0; a < SITES; a++) {
        for (unsigned b = 0; b < SITES; b++) {
            struct cell *c = &cells[relays - 1][a][b];
            connect_pair(c, 3000 + 100 * relays + 10 * a + b, (enum site)a, (enum site)b, relays);
            CHECK_INT(c->first, expected_first(relays, (enum site)a, (enum site)b));
            CHECK_INT(c->last, expected_last(relays, (enum site)a, (enum site)b));
        }
    }
    table(relays);
}

TEST(both_on_one_relay)
{
    matrix(1);
}

TEST(each_on_its_own_relay)
{
    matrix(2);
}

/* Who asks for an attestor's word takes no direct or mapped endpoint without it: the standby word,
 * which is a relay's, serves, and the session moves all the same. */
TEST(without_an_attestor)
{
    static const enum site called[] = {SITE_PUBLIC, SITE_PCP, SITE_NATPMP};
    for (unsigned i = 0; i < 3; i++) {
        uint8_t session = 0;
        sites_init(&s, 3800 + i, SITE_SYMMETRIC, called[i], 1);
        s.lab.a.cfg.allow_unvalidated = false;
        REQUIRE(lab_ready(&s.lab, 120000));
        /* The better word is written first, the standby with the next block. */
        while (s.lab.b.seen[WICK_GW_EV_PUBLISHED] < 2 && s.lab.w.now_ms < 120000) {
            (void)wick_stub_run(&s.lab.w, 1000, NULL);
        }
        CHECK_INT(s.lab.b.last[WICK_GW_EV_PUBLISHED].index, 1);
        REQUIRE(lab_connect(&s.lab, &session, 60000));
        CHECK_INT(sites_echo(&s, session, 20000), WAY_RELAY);
        (void)wick_stub_run(&s.lab.w, SETTLE_MS, NULL);
        CHECK_INT(sites_echo(&s, session, 20000),
                  called[i] == SITE_PUBLIC ? WAY_DIRECT : WAY_MAPPED);
        CHECK_INT(s.forged, 0);
    }
}

/* The same where one datagram in ten is lost at each hop, some come twice, late, or altered. */
TEST(every_pair_on_a_bad_network)
{
    for (unsigned i = 0; i < SITES * SITES; i++) {
        uint8_t session = 0;
        sites_init(&s, 3700 + i, (enum site)(i / SITES), (enum site)(i % SITES), 1 + i % 2);
        s.lab.w.link.loss = 100;
        s.lab.w.link.duplicate = 50;
        s.lab.w.link.corrupt = 5;
        s.lab.w.link.jitter_ms = 100;
        CHECK(lab_ready(&s.lab, 300000));
        bool up = lab_connect(&s.lab, &session, 70000);
        for (unsigned again = 0; !up && again < 3; again++) {
            up = lab_connect(&s.lab, &session, 70000);
        }
        CHECK(up);
        for (unsigned n = 0; n < 5 && up; n++) {
            CHECK(sites_echo(&s, session, 60000) != WAY_NONE);
            (void)wick_stub_run(&s.lab.w, 10000, NULL);
        }
    }
}

/* Two homes of one carrier: seen from outside they have the same address. */
TEST(neighbours_behind_one_carrier)
{
    for (unsigned hairpin = 0; hairpin < 2; hairpin++) {
        uint8_t session = 0;
        sites_init(&s, 3900 + hairpin, SITE_PORT_RESTRICTED, SITE_PORT_RESTRICTED, 1);
        sites_share_carrier(&s, hairpin == 1);
        REQUIRE(lab_ready(&s.lab, 120000));
        REQUIRE(lab_connect(&s.lab, &session, 30000));
        CHECK_INT(sites_echo(&s, session, 20000), WAY_RELAY);
        (void)wick_stub_run(&s.lab.w, SETTLE_MS, NULL);
        /* With a hairpin they meet at their outer addresses; addresses inside are not told. */
        CHECK_INT(sites_echo(&s, session, 20000), hairpin == 1 ? WAY_DIRECT : WAY_RELAY);
    }
}

/* What the table stands on: a payload under another key, or cut, is not an echo. */
TEST(an_echo_is_authenticated)
{
    uint8_t session = 0, frame[45] = {23};
    sites_init(&s, 3950, SITE_SYMMETRIC, SITE_SYMMETRIC, 1);
    REQUIRE(lab_ready(&s.lab, 120000));
    REQUIRE(lab_connect(&s.lab, &session, 30000));
    CHECK_STATUS(wick_stub_node_send(&s.lab.a, session, wick_span_make(frame, sizeof frame)),
                 WICK_OK);
    (void)wick_stub_run(&s.lab.w, 1000, NULL);
    CHECK_INT(s.forged, 1);
    CHECK(!s.there && !s.back);
    CHECK(sites_echo(&s, session, 20000) != WAY_NONE);
    s.lab.relay[0].down = true;
    CHECK(sites_echo(&s, session, 3000) == WAY_NONE);
}

static struct sites *direct_session(uint64_t seed, uint8_t *session)
{
    sites_init(&s, seed, SITE_PORT_RESTRICTED, SITE_PORT_RESTRICTED, 1);
    CHECK(lab_ready(&s.lab, 120000));
    CHECK(lab_connect(&s.lab, session, 30000));
    (void)wick_stub_run(&s.lab.w, SETTLE_MS, NULL);
    CHECK_INT(sites_echo(&s, *session, 20000), WAY_DIRECT);
    return &s;
}

static unsigned ended(void)
{
    return s.lab.a.seen[WICK_GW_EV_SESSION_DOWN] + s.lab.b.seen[WICK_GW_EV_SESSION_DOWN];
}

/* A router forgets its flows, or is changed for a symmetric one: back over the relay where need be,
 * and straight again where that goes. */
TEST(a_router_is_changed_under_a_session)
{
    for (unsigned symmetric = 0; symmetric < 2; symmetric++) {
        uint8_t session = 0;
        (void)direct_session(3960 + symmetric, &session);
        wick_stub_nat_kind *kind = &s.lab.w.nat[s.lab.nat_a].kind;
        if (symmetric == 1) {
            kind->mapping = WICK_STUB_APD;
            kind->preserve_port = false;
        }
        wick_stub_nat_reboot(&s.lab.w, s.lab.nat_a);
        CHECK(sites_echo(&s, session, 60000) != WAY_NONE);
        (void)wick_stub_run(&s.lab.w, 300000, NULL);
        CHECK_INT(sites_echo(&s, session, 20000), symmetric == 1 ? WAY_RELAY : WAY_DIRECT);
        CHECK_INT(ended(), 0);
        CHECK_INT(s.forged, 0);
    }
}

/* A provider gives another address: all that was known of one end is void, relay included. The
 * session waits for another allocation, and goes on from there. */
TEST(a_network_is_renumbered_under_a_session)
{
    for (uint64_t seed = 3970; seed < 3978; seed++) {
        uint8_t session = 0;
        (void)direct_session(seed, &session);
        wick_stub_nat_renumber(&s.lab.w, s.lab.nat_b, wick_addr_v4(20, 0, 0, 44, 0));
        CHECK(sites_echo(&s, session, 60000) != WAY_NONE);
        (void)wick_stub_run(&s.lab.w, SETTLE_MS, NULL);
        CHECK_INT(sites_echo(&s, session, 20000), WAY_DIRECT);
        CHECK_INT(ended(), 0);
        CHECK_INT(s.forged, 0);
    }
}

TAP_MAIN("sim.nat_matrix", CASE(both_on_one_relay), CASE(each_on_its_own_relay),
         CASE(without_an_attestor), CASE(every_pair_on_a_bad_network),
         CASE(neighbours_behind_one_carrier), CASE(an_echo_is_authenticated),
         CASE(a_router_is_changed_under_a_session), CASE(a_network_is_renumbered_under_a_session))
