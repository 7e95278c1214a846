/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN client against a server in virtual time: what it keeps alive, for hours and over a bad
 * network, its channels and credentials, and how it ends. Rules: RFC 8656 sections 7 to 12,
 * RFC 8489 sections 6.2.1, 9.2.5 and 10. What servers refuse: test_turn_refusals.c.
 */
#include "sim/turn_net.h"
#include "tap.h"

static struct net n;

#define EV(name) WICK_TURN_EV_##name

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

TEST(main_path)
{
    REQUIRE(net_ready(&n, 1, 1000));
    CHECK_INT(n.events, 2);
    CHECK_INT(n.event[0].event, EV(ALLOCATED));
    CHECK(wick_addr_equal(&n.event[0].to, wick_turn_relayed(&n.t)));
    CHECK_INT(n.event[0].to.port, 50000);
    CHECK(wick_addr_equal(wick_turn_mapped(&n.t), &n.client));
    CHECK_INT(wick_turn_lifetime_s(&n.t), 600);
    CHECK(wick_addr_same_ip(&n.event[1].to, &n.peer) && n.event[1].to.port == 0);
    CHECK_INT(n.server[0].allocates, 2); /* one for the challenge */
    CHECK_INT(n.server[0].requests, 3);
    /* Send and Data indications */
    CHECK_STATUS(net_send(&n, &n.peer, "hello"), WICK_OK);
    net_run(&n, 50);
    CHECK_INT(n.peer_got, 1);
    CHECK(wick_addr_equal(&n.peer_saw, wick_turn_relayed(&n.t)));
    CHECK_INT(n.peer_len, 5);
    CHECK_MEM(n.peer_bytes, "hello", 5);
    net_peer_send(&n, &n.peer, "world!");
    net_run(&n, 50);
    CHECK_INT(n.got, 1);
    CHECK(wick_addr_equal(&n.last.peer, &n.peer));
    CHECK_INT(n.last.channel, 0);
    CHECK_INT(n.last.data.len, 6);
    CHECK_MEM(n.last_bytes, "world!", 6);
    /* the same through a channel */
    CHECK_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    const struct net_event *e = net_until(&n, EV(CHANNEL_READY), 1, 1000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK(wick_addr_equal(&e->to, &n.peer));
    CHECK_STATUS(net_send(&n, &n.peer, "again"), WICK_OK);
    net_peer_send(&n, &n.peer, "back");
    net_run(&n, 50);
    CHECK_INT(n.peer_got, 2);
    CHECK_INT(n.got, 2);
    CHECK_INT(n.last.channel, 0x4000);
    CHECK_MEM(n.last_bytes, "back", 4);
    /* another port of the same IP: permitted, no channel */
    wick_addr other = n.peer;
    other.port++;
    CHECK_STATUS(net_send(&n, &other, "port"), WICK_OK);
    net_peer_send(&n, &other, "two");
    net_run(&n, 50);
    CHECK_INT(n.peer_got, 3);
    CHECK_INT(n.got, 3);
    CHECK_INT(n.last.channel, 0);
    CHECK_INT(n.last.peer.port, other.port);
    /* release */
    wick_turn_release(&n.t, n.now_ms);
    CHECK(!wick_turn_is_allocated(&n.t));
    net_run(&n, 100);
    CHECK(n.done);
    CHECK_STATUS(n.done_status, WICK_OK);
    CHECK(wick_stub_turn_find(&n.server[0], &n.client) == NULL);
    CHECK(!n.stuck);
}

TEST(permissions_are_enforced)
{
    REQUIRE(net_ready(&n, 2, 0));
    net_peer_send(&n, &n.stranger, "let me in");
    net_run(&n, 50);
    CHECK_INT(n.got, 0);
    CHECK_STATUS(net_send(&n, &n.stranger, "x"), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
    CHECK_STATUS(net_send(&n, &n.stranger, "x"), WICK_AGAIN);
    CHECK_STATUS(net_until(&n, EV(PERMISSION_READY), 2, 1000)->status, WICK_OK);
    CHECK_STATUS(net_send(&n, &n.stranger, "x"), WICK_OK);
    /* Once unwanted it is refused here at once, and lapses at the server. */
    CHECK_STATUS(wick_turn_unpermit(&n.t, &n.stranger), WICK_OK);
    CHECK_STATUS(wick_turn_unpermit(&n.t, &n.stranger), WICK_E_NOT_FOUND);
    net_peer_send(&n, &n.stranger, "still here?");
    net_run(&n, 50);
    CHECK_INT(n.got, 0);
    CHECK_STATUS(net_send(&n, &n.stranger, "x"), WICK_E_NOT_FOUND);
    unsigned dropped = n.server[0].dropped;
    net_run(&n, 300000);
    net_peer_send(&n, &n.stranger, "gone");
    net_run(&n, 50);
    CHECK_INT(n.server[0].dropped, dropped + 1);
}

/* Everything is renewed in time: data passes at any moment of three hours. */
static void run_hours(uint64_t start_ms, uint32_t nonce_ms)
{
    REQUIRE(net_ready(&n, 3, start_ms));
    n.server[0].cfg.nonce_ms = nonce_ms;
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    wick_addr other = wick_addr_v4(20, 0, 0, 66, 1);
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &other), WICK_OK);
    net_run(&n, 1000);
    for (unsigned i = 0; i < 3 * 360; i++) {
        net_run(&n, 9900);
        net_peer_send(&n, &n.peer, "a");
        net_peer_send(&n, &other, "b");
        CHECK_STATUS(net_send(&n, &n.peer, "c"), WICK_OK);
        CHECK_STATUS(net_send(&n, &other, "d"), WICK_OK);
        net_run(&n, 100);
    }
    CHECK_INT(n.got, 2 * 3 * 360);
    CHECK_INT(n.peer_got, 2 * 3 * 360);
    CHECK_INT(n.events, 4); /* ALLOCATED, 2 permissions, a channel, nothing since */
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK(!n.stuck);
    CHECK(n.server[0].bindings >= 3 * 3600 / 25 && n.server[0].bindings <= 3 * 3600 / 15);
    if (nonce_ms == 0) {
        CHECK(n.server[0].refreshes >= 3 * 12 && n.server[0].refreshes <= 3 * 15);
        /* two of them, each 220 to 240 s */
        CHECK(n.server[0].permissions >= 2 * 3 * 15 && n.server[0].permissions <= 2 * 3 * 17);
        CHECK(n.server[0].channels >= 3 * 6 && n.server[0].channels <= 3 * 7 + 1);
    }
}

TEST(three_hours)
{
    run_hours(5, 0);
}

TEST(three_hours_with_short_nonces)
{
    run_hours(5, 30000);
}

TEST(clock_wrap)
{
    run_hours(UINT64_MAX - 5000, 0);
    run_hours(UINT64_MAX - 3600000, 30000);
    run_hours(0 - UINT64_C(300000), 0);
}

TEST(short_lifetimes)
{
    net_init(&n, 24, 0);
    n.server[0].cfg.lifetime_max_s = 2;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(ALLOCATED), 1, 5000)->status, WICK_OK);
    CHECK_INT(wick_turn_lifetime_s(&n.t), 2);
    net_run(&n, 60000);
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK(n.server[0].refreshes >= 60 && n.server[0].refreshes < 80);
    /* asked for and granted less */
    net_init(&n, 24, 0);
    wick_turn_config cfg = net_config(&n);
    cfg.lifetime_s = 7200;
    REQUIRE_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(ALLOCATED), 1, 5000)->status, WICK_OK);
    CHECK_INT(wick_turn_lifetime_s(&n.t), 3600);
    net_run(&n, 1700000);
    CHECK_INT(n.server[0].refreshes, 1); /* half, less jitter */
}

TEST(rest_and_key_credentials)
{
    char user[64], pass[WICK_TURN_REST_PASSWORD_BYTES];
    uint8_t key[WICK_TURN_KEY_BYTES];
    for (unsigned expired = 0; expired < 2; expired++) {
        net_init(&n, 25, 0);
        n.server[0].cfg.rest_secret = "north";
        n.server[0].cfg.unix_base_s = 1700000000;
        REQUIRE_STATUS(wick_turn_rest_username(user, sizeof user,
                                               expired != 0 ? 1699999999 : 1700000060, text("gw")),
                       WICK_OK);
        REQUIRE_STATUS(wick_turn_rest_password(pass, &n.crypto, text("north"), text(user)),
                       WICK_OK);
        wick_turn_config cfg = net_config(&n);
        cfg.username = text(user);
        cfg.password = text(pass);
        REQUIRE_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK);
        REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
        CHECK_STATUS(net_until(&n, expired != 0 ? EV(FAILED) : EV(ALLOCATED), 1, 5000)->status,
                     expired != 0 ? WICK_E_TURN_CREDENTIALS : WICK_OK);
    }
    net_init(&n, 25, 0);
    REQUIRE_STATUS(wick_turn_key(key, &n.crypto, text("test"), text("wick.example"),
                                 text("secret")),
                   WICK_OK);
    wick_turn_config cfg = net_config(&n);
    cfg.password = wick_span_make(NULL, 0);
    cfg.key = wick_span_make(key, sizeof key);
    cfg.realm = text("wick.example");
    REQUIRE_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(ALLOCATED), 1, 5000)->status, WICK_OK);
}

/* Loss, duplication and reordering: 40 worlds, each for an hour. */
TEST(bad_network)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        net_init(&n, seed, seed * 1000);
        n.loss = 200;
        n.duplicate = 200;
        n.jitter_ms = 300;
        REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.peer), WICK_OK);
        REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
        CHECK_STATUS(net_until(&n, EV(PERMISSION_READY), 1, 80000)->status, WICK_OK);
        REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
        CHECK_STATUS(net_until(&n, EV(CHANNEL_READY), 1, 80000)->status, WICK_OK);
        net_run(&n, 3600000);
        CHECK(wick_turn_is_allocated(&n.t));
        CHECK_INT(net_count(&n, EV(LOST)), 0);
        CHECK_INT(net_count(&n, EV(ALLOCATED)), 1);
        CHECK_INT(net_count(&n, EV(PERMISSION_READY)), 1);
        n.loss = 0;
        unsigned before = n.got;
        n.duplicate = 0;
        net_peer_send(&n, &n.peer, "a");
        net_run(&n, 1000);
        CHECK_INT(n.got, before + 1);
        CHECK(!n.stuck);
    }
}

TEST(release_in_every_state)
{
    net_init(&n, 26, 0);
    wick_turn_release(&n.t, 0); /* idle */
    net_run(&n, 10);
    CHECK(n.done && n.done_status == WICK_OK && n.sent == 0);
    net_init(&n, 26, 0);
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    net_run(&n, 5); /* waiting for the challenge: nothing to give back */
    wick_turn_release(&n.t, n.now_ms);
    net_run(&n, 1000);
    CHECK(n.done && n.done_status == WICK_OK && n.sent == 1);
    net_init(&n, 26, 0);
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    net_run(&n, 35); /* the authenticated Allocate has arrived, its answer has not */
    CHECK(wick_stub_turn_find(&n.server[0], &n.client) != NULL);
    wick_turn_release(&n.t, n.now_ms);
    wick_turn_release(&n.t, n.now_ms);
    net_run(&n, 1000);
    CHECK(n.done && n.done_status == WICK_OK);
    CHECK(wick_stub_turn_find(&n.server[0], &n.client) == NULL);
    /* a server that is gone, one that storms, one that refuses */
    for (unsigned i = 0; i < 4; i++) {
        REQUIRE(net_ready(&n, 26, 0));
        n.server[0].faults = i == 0 ? WICK_STUB_TURN_SILENT : i == 1 ? WICK_STUB_TURN_438 : 0;
        if (i == 2) {
            wick_stub_turn_restart(&n.server[0]);
        }
        n.sent = 0;
        wick_turn_release(&n.t, n.now_ms);
        net_run(&n, 4000);
        CHECK(n.done && n.done_status == WICK_OK);
        CHECK(n.sent <= 4);
        CHECK_INT(net_count(&n, EV(LOST)), 0);
    }
}

TEST(entropy_fails)
{
    net_init(&n, 27, 0);
    n.entropy_fails = true;
    CHECK_STATUS(wick_turn_start(&n.t, 0), WICK_E_ENTROPY);
    n.entropy_fails = false;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    n.entropy_fails = true;
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 1000)->status, WICK_E_ENTROPY);
    CHECK_INT(n.sent, 0);
    /* later it waits for it to come back */
    REQUIRE(net_ready(&n, 27, 0));
    n.entropy_fails = true;
    net_run(&n, 310000);
    n.entropy_fails = false;
    net_run(&n, 600000);
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK(!n.stuck);
    n.entropy_fails = true;
    wick_turn_release(&n.t, n.now_ms);
    net_run(&n, 100);
    CHECK(n.done);
}

TEST(connection_refused)
{
    /* while allocating: three hints over a second */
    net_init(&n, 28, 0);
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    wick_turn_refused(&n.t, 0); /* idle: no effect */
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    for (unsigned i = 0; i < 50; i++) {
        wick_turn_refused(&n.t, n.now_ms); /* a burst of forged ICMP */
    }
    net_run(&n, 900);
    CHECK_INT(n.events, 0);
    net_run(&n, 200);
    wick_turn_refused(&n.t, n.now_ms);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 10)->status, WICK_E_NET);
    wick_turn_refused(&n.t, n.now_ms);
    /* established: it is probed, and lives as long as it answers */
    REQUIRE(net_ready(&n, 28, 0));
    unsigned bindings = n.server[0].bindings;
    for (unsigned i = 0; i < 100; i++) {
        wick_turn_refused(&n.t, n.now_ms);
        net_run(&n, 100);
    }
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK(n.server[0].bindings - bindings >= 5 && n.server[0].bindings - bindings <= 11);
    /* timed so that none of the hints meets a request of ours */
    for (unsigned i = 0; i < 20; i++) {
        net_run(&n, 2000);
        wick_turn_refused(&n.t, n.now_ms);
        net_run(&n, 500);
        wick_turn_refused(&n.t, n.now_ms);
        wick_turn_refused(&n.t, n.now_ms);
        net_run(&n, 1100);
        wick_turn_refused(&n.t, n.now_ms);
        CHECK(wick_turn_is_allocated(&n.t));
    }
    net_run(&n, 2000);
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    uint64_t from = n.now_ms;
    while (wick_turn_is_allocated(&n.t) && n.now_ms - from < 5000) {
        net_run(&n, 100);
        wick_turn_refused(&n.t, n.now_ms);
    }
    CHECK_STATUS(net_until(&n, EV(LOST), 1, 10)->status, WICK_E_NET);
    CHECK(n.now_ms - from < 2000);
    /* while releasing it is as good as an answer */
    REQUIRE(net_ready(&n, 28, 0));
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    wick_turn_release(&n.t, n.now_ms);
    for (unsigned i = 0; i < 12; i++) {
        net_run(&n, 100);
        wick_turn_refused(&n.t, n.now_ms);
    }
    net_run(&n, 10);
    CHECK(n.done && n.done_status == WICK_OK);
}

TEST(probe_on_demand)
{
    REQUIRE(net_ready(&n, 29, 0));
    n.sent = 0;
    net_run(&n, 2000);
    wick_turn_probe(&n.t, n.now_ms);
    wick_turn_probe(&n.t, n.now_ms);
    net_run(&n, 50);
    CHECK_INT(n.sent, 1);
    wick_turn_probe(&n.t, n.now_ms); /* not twice within a second */
    net_run(&n, 50);
    CHECK_INT(n.sent, 1);
}

TEST(channels)
{
    REQUIRE(net_ready(&n, 30, 0));
    wick_addr p[WICK_TURN_CHANNELS + 1];
    for (unsigned i = 0; i <= WICK_TURN_CHANNELS; i++) {
        p[i] = n.peer;
        p[i].port = (uint16_t)(7100 + i);
    }
    for (unsigned i = 0; i < WICK_TURN_CHANNELS; i++) {
        REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &p[i]), WICK_OK);
        CHECK_STATUS(wick_turn_bind(&n.t, n.now_ms, &p[i]), WICK_OK);
    }
    CHECK_STATUS(wick_turn_bind(&n.t, n.now_ms, &p[WICK_TURN_CHANNELS]), WICK_E_LIMIT);
    net_run(&n, 2000);
    CHECK_INT(net_count(&n, EV(CHANNEL_READY)), WICK_TURN_CHANNELS);
    /* Unbound: data still comes in on it, ours goes out in indications, and it is not renewed. */
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &p[0]), WICK_OK);
    CHECK_STATUS(wick_turn_unbind(&n.t, &p[0]), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_turn_unbind(&n.t, &n.stranger), WICK_E_NOT_FOUND);
    net_peer_send(&n, &p[0], "on the old number");
    net_run(&n, 50);
    CHECK_INT(n.got, 1);
    CHECK_INT(n.last.channel, 0x4000);
    CHECK_STATUS(net_send(&n, &p[0], "x"), WICK_OK);
    /* Its number may not go to another peer before 5 minutes after it has expired. */
    CHECK_STATUS(wick_turn_bind(&n.t, n.now_ms, &p[WICK_TURN_CHANNELS]), WICK_E_LIMIT);
    net_run(&n, 890000);
    CHECK_STATUS(wick_turn_bind(&n.t, n.now_ms, &p[WICK_TURN_CHANNELS]), WICK_E_LIMIT);
    net_run(&n, 20000);
    CHECK_STATUS(wick_turn_bind(&n.t, n.now_ms, &p[WICK_TURN_CHANNELS]), WICK_OK);
    net_run(&n, 1000);
    CHECK_INT(net_count(&n, EV(CHANNEL_READY)), WICK_TURN_CHANNELS + 1);
    CHECK_INT(net_count(&n, EV(CHANNEL_DENIED)), 0);
    net_peer_send(&n, &p[WICK_TURN_CHANNELS], "new");
    net_run(&n, 50);
    CHECK_INT(n.last.channel, 0x4000 + WICK_TURN_CHANNELS);
    /* Bound again while lapsing: the same number. */
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &p[1]), WICK_OK);
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &p[1]), WICK_OK);
    net_run(&n, 1000);
    net_peer_send(&n, &p[1], "again");
    net_run(&n, 50);
    CHECK_INT(n.last.channel, 0x4001);
    /* Without the permission no channel either. */
    REQUIRE_STATUS(wick_turn_unpermit(&n.t, &n.peer), WICK_OK);
    unsigned got = n.got;
    net_peer_send(&n, &p[1], "no");
    net_run(&n, 50);
    CHECK_INT(n.got, got);
}

TEST(given_up_while_under_way)
{
    REQUIRE(net_ready(&n, 31, 0));
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    wick_addr other = n.peer;
    other.port++;
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &other), WICK_OK);
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &other), WICK_OK); /* before it was asked for */
    net_run(&n, 20);
    REQUIRE_STATUS(wick_turn_unpermit(&n.t, &n.stranger), WICK_OK);
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &n.peer), WICK_OK);
    n.server[0].faults = 0;
    net_run(&n, 3000); /* answered now, but nobody wants it */
    CHECK_INT(net_count(&n, EV(PERMISSION_READY)), 1);
    CHECK_INT(net_count(&n, EV(CHANNEL_READY)), 0);
    CHECK_INT(n.server[0].channels, 1);
    /* the server did bind: what comes through it is ours */
    net_peer_send(&n, &n.peer, "late");
    net_run(&n, 50);
    CHECK_INT(n.got, 1);
    CHECK_INT(n.last.channel, 0x4000);
    /* refused meanwhile: free again */
    REQUIRE(net_ready(&n, 31, 0));
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    net_run(&n, 20);
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &n.peer), WICK_OK);
    net_force(&n, WICK_STUN_CHANNEL_BIND, 403, 1, false);
    net_run(&n, 3000);
    CHECK_INT(net_count(&n, EV(CHANNEL_DENIED)), 0);
    CHECK_STATUS(wick_turn_unbind(&n.t, &n.peer), WICK_E_NOT_FOUND);
    /* never answered */
    REQUIRE(net_ready(&n, 31, 0));
    n.loss = 1000;
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
    net_run(&n, 20);
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &n.peer), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(LOST), 1, 200000)->status, WICK_E_TIMEOUT);
}

TAP_MAIN("sim.turn", CASE(main_path), CASE(permissions_are_enforced), CASE(three_hours),
         CASE(three_hours_with_short_nonces), CASE(clock_wrap), CASE(short_lifetimes),
         CASE(rest_and_key_credentials), CASE(bad_network), CASE(release_in_every_state),
         CASE(entropy_fails), CASE(connection_refused), CASE(probe_on_demand), CASE(channels),
         CASE(given_up_while_under_way))
