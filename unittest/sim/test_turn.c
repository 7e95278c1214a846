/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN client against a server in virtual time: what it keeps alive, how it recovers, and that
 * no server can make it ask without end. Rules: RFC 8656 sections 7 to 12, RFC 8489 sections 6.2.1,
 * 9.2.5 and 10, and what real servers do wrong.
 */
#include "sim/turn_net.h"
#include "tap.h"

static struct net n;

#define EV(name) WICK_TURN_EV_##name

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

/* A client with an allocation and a permission for n.peer. */
static bool ready(uint64_t seed, uint64_t start_ms)
{
    net_init(&n, seed, start_ms);
    return wick_turn_permit(&n.t, n.now_ms, &n.peer) == WICK_OK &&
           wick_turn_start(&n.t, n.now_ms) == WICK_OK &&
           net_until(&n, EV(PERMISSION_READY), 1, 1000)->status == WICK_OK && !n.stuck;
}

TEST(main_path)
{
    REQUIRE(ready(1, 1000));
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
    REQUIRE(ready(2, 0));
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
    REQUIRE(ready(3, start_ms));
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

TEST(wrong_password_ends)
{
    net_init(&n, 4, 0);
    wick_turn_config cfg = net_config(&n);
    cfg.password = text("guess");
    REQUIRE_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    const struct net_event *e = net_until(&n, EV(FAILED), 1, 100000);
    CHECK_STATUS(e->status, WICK_E_TURN_CREDENTIALS);
    net_run(&n, 100000);
    CHECK_INT(n.sent, 2); /* not one more */
    CHECK(n.done);
    CHECK_STATUS(n.done_status, WICK_E_TURN_CREDENTIALS);
}

TEST(unauthorized_for_ever_ends)
{
    net_init(&n, 5, 0);
    n.server[0].faults = WICK_STUB_TURN_401;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 100000)->status, WICK_E_TURN_CREDENTIALS);
    net_run(&n, 100000);
    CHECK_INT(n.sent, 2);
    /* again with another realm in each challenge */
    net_init(&n, 5, 0);
    n.server[0].faults = WICK_STUB_TURN_401 | WICK_STUB_TURN_REALM;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 100000)->status, WICK_E_TURN_CREDENTIALS);
    net_run(&n, 100000);
    CHECK_INT(n.sent, 2);
}

TEST(unauthorized_when_established_is_no_sudden_death)
{
    REQUIRE(ready(6, 0));
    n.server[0].faults = WICK_STUB_TURN_401;
    net_run(&n, 320000); /* beyond the first Refresh */
    const struct net_event *e = net_until(&n, EV(LOST), 1, 1000);
    CHECK_STATUS(e->status, WICK_E_TURN_CREDENTIALS);
    CHECK(n.server[0].refreshes >= WICK_TURN_STRIKES && n.server[0].refreshes < 8);
    /* A single one is just a new nonce. */
    REQUIRE(ready(6, 0));
    n.server[0].faults = WICK_STUB_TURN_401;
    unsigned before = n.server[0].requests - n.server[0].bindings;
    while (n.server[0].requests - n.server[0].bindings == before) {
        net_run(&n, 10);
    }
    n.server[0].faults = 0;
    net_run(&n, 900000);
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK_INT(net_count(&n, EV(LOST)), 0);
}

TEST(nonce_storm_while_allocating)
{
    net_init(&n, 7, 0);
    n.server[0].faults = WICK_STUB_TURN_438;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 100000)->status, WICK_E_TURN_LOOP);
    net_run(&n, 100000);
    CHECK(n.sent <= 2 + WICK_TURN_RETRIES);
}

TEST(nonce_storm_when_established)
{
    REQUIRE(ready(8, 0));
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    net_run(&n, 1000);
    n.server[0].faults = WICK_STUB_TURN_438;
    n.sent = 0;
    unsigned bindings = n.server[0].bindings;
    net_run(&n, 600000); /* lifetime of the allocation and more than that of the permission */
    const struct net_event *e = net_until(&n, EV(LOST), 1, 20000);
    CHECK_STATUS(e->status, WICK_E_TURN_LOOP);
    CHECK(e->at_ms >= 598000);
    CHECK(n.sent - (n.server[0].bindings - bindings) < 100);
    /* A storm that passes does no harm. */
    REQUIRE(ready(8, 0));
    net_run(&n, 270000);
    n.server[0].faults = WICK_STUB_TURN_438;
    net_run(&n, 120000);
    n.server[0].faults = 0;
    net_run(&n, 400000);
    CHECK(wick_turn_is_allocated(&n.t));
    net_peer_send(&n, &n.peer, "a");
    net_run(&n, 50);
    CHECK_INT(n.got, 1);
}

/* A restarted server: Refresh says 437, CreatePermission and ChannelBind say 400. */
TEST(allocation_lost)
{
    /* found by Refresh */
    REQUIRE(ready(9, 0));
    REQUIRE_STATUS(wick_turn_unpermit(&n.t, &n.peer), WICK_OK);
    wick_stub_turn_restart(&n.server[0]);
    const struct net_event *e = net_until(&n, EV(LOST), 1, 310000);
    CHECK_STATUS(e->status, WICK_E_TURN_LOST);
    CHECK(n.done && n.done_status == WICK_E_TURN_LOST);
    CHECK(wick_ct_is_zero(wick_turn_relayed(&n.t)->ip, 16));
    /* found by CreatePermission: the 400 is checked by Refresh at once */
    REQUIRE(ready(9, 0));
    wick_stub_turn_restart(&n.server[0]);
    n.sent = 0;
    uint64_t at = n.now_ms;
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
    e = net_until(&n, EV(LOST), 1, 10000);
    CHECK_STATUS(e->status, WICK_E_TURN_LOST);
    CHECK(e->at_ms - at < 2000);
    CHECK(n.sent < 15);
    CHECK_INT(net_count(&n, EV(PERMISSION_DENIED)), 0);
    /* found by ChannelBind */
    REQUIRE(ready(9, 0));
    wick_stub_turn_restart(&n.server[0]);
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(LOST), 1, 2000)->status, WICK_E_TURN_LOST);
    /* The same socket allocates again; permissions come back by themselves. */
    CHECK_STATUS(wick_turn_send(&n.t, n.now_ms, NULL, &n.peer, text("")), WICK_E_STATE);
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_E_STATE);
    CHECK_STATUS(net_until(&n, EV(PERMISSION_READY), 2, 1000)->status, WICK_OK);
    CHECK_INT(net_count(&n, EV(ALLOCATED)), 2);
    net_peer_send(&n, &n.peer, "a");
    net_run(&n, 50);
    CHECK_INT(n.got, 1);
}

static void force(uint16_t method, uint16_t code, unsigned count, bool bare)
{
    n.server[0].force.method = method;
    n.server[0].force.code = code;
    n.server[0].force.count = count;
    n.server[0].faults = bare ? WICK_STUB_TURN_ERRORS_BARE : 0;
}

TEST(bare_errors_never_kill_at_once)
{
    static const uint16_t codes[] = {400, 403, 437, 441, 442, 486, 508, 500, 300, 420, 600};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        REQUIRE(ready(10, 0));
        force(WICK_STUN_REFRESH, codes[i], WICK_TURN_STRIKES - 1, true);
        net_run(&n, 600000);
        CHECK(wick_turn_is_allocated(&n.t));
        CHECK_INT(n.server[0].force.count, 0);
        CHECK_INT(n.events, 2);
    }
    /* Enough of them do, but not in one instant. */
    REQUIRE(ready(10, 0));
    force(WICK_STUN_REFRESH, 437, 100, true);
    const struct net_event *e = net_until(&n, EV(LOST), 1, 600000);
    CHECK_STATUS(e->status, WICK_E_TURN_LOST);
    CHECK_INT(n.server[0].refreshes, WICK_TURN_STRIKES);
    CHECK_INT(n.server[0].force.count, 100 - WICK_TURN_STRIKES);
    CHECK(e->at_ms > n.server[0].nonce_born_ms);
}

TEST(authentic_errors_count_at_once)
{
    static const struct {
        uint16_t code;
        wick_status want;
    } t[] = {{437, WICK_E_TURN_LOST},      {403, WICK_E_TURN_FORBIDDEN},
             {441, WICK_E_TURN_CREDENTIALS}, {486, WICK_E_TURN_QUOTA},
             {508, WICK_E_TURN_CAPACITY},  {400, WICK_E_TURN_REFUSED}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        REQUIRE(ready(11, 0));
        force(WICK_STUN_REFRESH, t[i].code, 100, false);
        CHECK_STATUS(net_until(&n, EV(LOST), 1, 600000)->status, t[i].want);
        CHECK_INT(n.server[0].force.count, 99);
    }
    /* 5xx may pass: it is asked again until the allocation would be gone. */
    REQUIRE(ready(11, 0));
    force(WICK_STUN_REFRESH, 500, 1000, false);
    const struct net_event *e = net_until(&n, EV(LOST), 1, 700000);
    CHECK_STATUS(e->status, WICK_E_TURN_REFUSED);
    CHECK(e->at_ms >= 599000);
    CHECK(n.server[0].refreshes > 5 && n.server[0].refreshes < 20);
}

TEST(allocate_errors)
{
    static const struct {
        uint16_t code;
        wick_status want;
    } t[] = {{400, WICK_E_TURN_REFUSED},   {403, WICK_E_TURN_FORBIDDEN},
             {420, WICK_E_STUN_UNKNOWN_ATTR}, {437, WICK_E_TURN_MISMATCH},
             {440, WICK_E_TURN_TRANSPORT}, {441, WICK_E_TURN_CREDENTIALS},
             {442, WICK_E_TURN_TRANSPORT}, {486, WICK_E_TURN_QUOTA},
             {508, WICK_E_TURN_CAPACITY},  {500, WICK_E_TURN_REFUSED},
             {300, WICK_E_TURN_REFUSED},   {699, WICK_E_TURN_REFUSED}};
    for (size_t i = 0; i < 2 * sizeof t / sizeof t[0]; i++) {
        net_init(&n, 12, 0);
        force(WICK_STUN_ALLOCATE, t[i / 2].code, 100, i % 2 != 0);
        REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
        CHECK_STATUS(net_until(&n, EV(FAILED), 1, 50000)->status, t[i / 2].want);
        net_run(&n, 50000);
        CHECK(n.sent <= 2);
        CHECK(n.done);
    }
}

TEST(second_allocation_on_one_socket)
{
    REQUIRE(ready(13, 0));
    wick_turn_config cfg = net_config(&n);
    REQUIRE_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK); /* forgets, the server does not */
    n.events = 0;
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 50000)->status, WICK_E_TURN_MISMATCH);
    n.client.port++; /* a new socket */
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(ALLOCATED), 1, 50000)->status, WICK_OK);
}

TEST(quota)
{
    REQUIRE(ready(14, 0));
    n.server[0].cfg.quota = 1;
    wick_turn_config cfg = net_config(&n);
    REQUIRE_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK);
    n.client.port++;
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 50000)->status, WICK_E_TURN_QUOTA);
}

/* RFC 8489 section 6.2.1: 0, 500, 1500, 3500, 7500, 15500, 31500, end at 39500 ms. */
TEST(silent_server_while_allocating)
{
    static const uint64_t at[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
    net_init(&n, 15, 77);
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    const struct net_event *e = net_until(&n, EV(FAILED), 1, 100000);
    CHECK_STATUS(e->status, WICK_E_TIMEOUT);
    CHECK_INT(e->at_ms - 77, 39500);
    CHECK_INT(n.sent, 7);
    for (size_t i = 0; i < 7; i++) {
        CHECK_INT(n.sent_at[i] - 77, at[i]);
    }
}

TEST(silent_server_later)
{
    REQUIRE(ready(16, 0));
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    uint64_t from = n.now_ms;
    const struct net_event *e = net_until(&n, EV(SILENT), 1, 40000);
    CHECK_STATUS(e->status, WICK_E_TIMEOUT);
    CHECK(e->at_ms - from < 29000);
    e = net_until(&n, EV(LOST), 1, 100000);
    CHECK_STATUS(e->status, WICK_E_TIMEOUT);
    CHECK(e->at_ms - from < 70000);
    CHECK_INT(net_count(&n, EV(SILENT)), 1);
    /* A pause that ends in time is only reported. */
    REQUIRE(ready(16, 0));
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    CHECK_STATUS(net_until(&n, EV(SILENT), 1, 40000)->status, WICK_E_TIMEOUT);
    n.server[0].faults = 0;
    net_run(&n, 600000);
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK_INT(n.events, 3);
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    CHECK_STATUS(net_until(&n, EV(SILENT), 2, 40000)->status, WICK_E_TIMEOUT);
}

/* With requests of peers waiting for answers, the Refresh that settles it is not held up. */
TEST(silent_server_with_many_permissions)
{
    REQUIRE(ready(17, 0));
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    uint64_t from = n.now_ms;
    for (uint8_t i = 1; i < WICK_TURN_PERMISSIONS; i++) {
        wick_addr a = wick_addr_v4(20, 0, 1, i, 1);
        CHECK_STATUS(wick_turn_permit(&n.t, n.now_ms, &a), WICK_OK);
    }
    wick_addr more = wick_addr_v4(20, 0, 2, 1, 1);
    CHECK_STATUS(wick_turn_permit(&n.t, n.now_ms, &more), WICK_E_LIMIT);
    CHECK_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.peer), WICK_OK); /* has one */
    const struct net_event *e = net_until(&n, EV(LOST), 1, 200000);
    CHECK_STATUS(e->status, WICK_E_TIMEOUT);
    CHECK(e->at_ms - from < 90000);
}

TEST(mapping_changed)
{
    REQUIRE(ready(18, 0));
    n.client.port = 5001; /* the NAT has forgotten us */
    const struct net_event *e = net_until(&n, EV(MAPPING_CHANGED), 1, 30000);
    CHECK_STATUS(e->status, WICK_OK);
    CHECK(wick_addr_equal(&e->to, &n.client));
    uint64_t at = e->at_ms;
    e = net_until(&n, EV(LOST), 1, 10000);
    CHECK_STATUS(e->status, WICK_E_TURN_LOST);
    CHECK(e->at_ms - at < 2000);
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(PERMISSION_READY), 2, 1000)->status, WICK_OK);
    /* A server that tells nonsense about the address costs an event and a Refresh. */
    REQUIRE(ready(18, 0));
    n.server[0].faults = WICK_STUB_TURN_MAPPED;
    CHECK_STATUS(net_until(&n, EV(MAPPING_CHANGED), 1, 30000)->status, WICK_OK);
    net_run(&n, 200000);
    CHECK(wick_turn_is_allocated(&n.t));
    CHECK_INT(net_count(&n, EV(MAPPING_CHANGED)), 1);
    CHECK_INT(n.server[0].refreshes, 1);
}

TEST(alternate_server)
{
    net_init(&n, 19, 0);
    n.server[0].faults = WICK_STUB_TURN_ALTERNATE;
    n.server[0].alternate = n.server[1].cfg.listen;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(ALLOCATED), 1, 5000)->status, WICK_OK);
    CHECK(wick_addr_equal(wick_turn_server(&n.t), &n.server[1].cfg.listen));
    CHECK(wick_addr_same_ip(wick_turn_relayed(&n.t), &n.server[1].cfg.relay));
    CHECK_INT(n.server[1].allocates, 2); /* a challenge of its own */
    wick_turn_release(&n.t, n.now_ms);
    net_run(&n, 1000);
    CHECK(n.done);
    /* Two that send us to each other, and one to itself. */
    net_init(&n, 19, 0);
    n.server[0].faults = WICK_STUB_TURN_ALTERNATE;
    n.server[1].faults = WICK_STUB_TURN_ALTERNATE;
    n.server[0].alternate = n.server[1].cfg.listen;
    n.server[1].alternate = n.server[0].cfg.listen;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_TURN_LOOP);
    CHECK_INT(n.sent, 4);
    CHECK(n.done);
    REQUIRE_STATUS(wick_turn_start(&n.t, n.now_ms), WICK_OK);
    CHECK(wick_addr_equal(wick_turn_server(&n.t), &n.server[0].cfg.listen)); /* from home again */
    net_init(&n, 19, 0);
    n.server[0].faults = WICK_STUB_TURN_ALTERNATE;
    n.server[0].alternate = n.server[0].cfg.listen;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_TURN_LOOP);
    /* coturn sends it to the first request, bare. The other server must know the password. */
    for (unsigned open = 0; open < 2; open++) {
        net_init(&n, 19, 0);
        n.server[0].faults = WICK_STUB_TURN_ALTERNATE_BARE;
        n.server[1].faults = open != 0 ? WICK_STUB_TURN_OPEN : 0;
        n.server[0].alternate = n.server[1].cfg.listen;
        REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
        CHECK_STATUS(net_until(&n, open != 0 ? EV(FAILED) : EV(ALLOCATED), 1, 5000)->status,
                     open != 0 ? WICK_E_STUN_INTEGRITY : WICK_OK);
        CHECK_INT(n.server[0].allocates, 1);
    }
    net_init(&n, 19, 0);
    n.server[0].faults = WICK_STUB_TURN_ALTERNATE_BARE;
    n.server[1].faults = WICK_STUB_TURN_ALTERNATE_BARE;
    n.server[0].alternate = n.server[1].cfg.listen;
    n.server[1].alternate = n.server[0].cfg.listen;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_TURN_LOOP);
    CHECK_INT(n.sent, 2);
    /* Port 0 is no server. */
    net_init(&n, 19, 0);
    n.server[0].faults = WICK_STUB_TURN_ALTERNATE;
    n.server[0].alternate = wick_addr_v4(20, 0, 0, 11, 0);
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_TURN_REFUSED);
}

TEST(denied_peers)
{
    REQUIRE(ready(20, 0));
    n.server[0].denied_ip = n.stranger;
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
    const struct net_event *e = net_until(&n, EV(PERMISSION_DENIED), 1, 5000);
    CHECK_STATUS(e->status, WICK_E_TURN_FORBIDDEN);
    CHECK(wick_addr_same_ip(&e->to, &n.stranger));
    CHECK_STATUS(net_send(&n, &n.stranger, "x"), WICK_E_TURN_FORBIDDEN);
    CHECK_STATUS(net_send(&n, &n.peer, "x"), WICK_OK); /* the other one lives */
    unsigned before = n.server[0].permissions;
    net_run(&n, 60000);
    CHECK_INT(n.server[0].permissions, before); /* and is not asked for again */
    n.server[0].denied_ip.port = 0;
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(PERMISSION_READY), 2, 5000)->status, WICK_OK);
    /* A channel is refused: data goes on in indications. */
    force(WICK_STUN_CHANNEL_BIND, 403, 1, false);
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(CHANNEL_DENIED), 1, 5000)->status, WICK_E_TURN_FORBIDDEN);
    CHECK_STATUS(net_send(&n, &n.peer, "still"), WICK_OK);
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(CHANNEL_READY), 1, 5000)->status, WICK_OK);
}

TEST(peer_errors)
{
    static const struct {
        uint16_t code;
        wick_status want;
        unsigned asked;
    } t[] = {{400, WICK_E_TURN_REFUSED, 3},   {508, WICK_E_TURN_CAPACITY, 1},
             {486, WICK_E_TURN_QUOTA, 1},     {500, WICK_E_TURN_REFUSED, 3},
             {441, WICK_E_TURN_CREDENTIALS, 3}, {437, WICK_E_TURN_MISMATCH, 3}};
    for (size_t i = 0; i < 2 * sizeof t / sizeof t[0]; i++) {
        REQUIRE(ready(21, 0));
        unsigned before = n.server[0].permissions;
        force(WICK_STUN_CREATE_PERMISSION, t[i / 2].code, 100, i % 2 != 0);
        REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
        CHECK_STATUS(net_until(&n, EV(PERMISSION_DENIED), 1, 5000)->status, t[i / 2].want);
        CHECK_INT(n.server[0].permissions - before, t[i / 2].asked);
        net_run(&n, 10000);
        CHECK(wick_turn_is_allocated(&n.t)); /* Refresh has shown that it is there */
    }
    /* A bare 403 does not end a permission that is there; three do. */
    for (unsigned count = 2; count <= 3; count++) {
        REQUIRE(ready(21, 0));
        force(WICK_STUN_CREATE_PERMISSION, 403, count, true);
        net_run(&n, 245000);
        CHECK_INT(net_count(&n, EV(PERMISSION_DENIED)), count == 3);
    }
}

TEST(answers_with_wrong_integrity_do_not_count)
{
    net_init(&n, 22, 0);
    n.server[0].faults = WICK_STUB_TURN_BAD_MI;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 50000)->status, WICK_E_TIMEOUT);
    CHECK_INT(net_count(&n, EV(ALLOCATED)), 0);
    /* Nor does an error with wrong integrity. */
    REQUIRE(ready(22, 0));
    force(WICK_STUN_REFRESH, 437, 1000, false);
    n.server[0].faults |= WICK_STUB_TURN_BAD_MI;
    while (n.server[0].refreshes < 3) {
        net_run(&n, 100);
    }
    CHECK(wick_turn_is_allocated(&n.t));
    n.server[0].faults = 0;
    n.server[0].force.count = 0;
    net_run(&n, 600000);
    CHECK(wick_turn_is_allocated(&n.t));
}

TEST(odd_servers)
{
    /* a challenge that cannot be answered */
    net_init(&n, 23, 0);
    n.server[0].faults = WICK_STUB_TURN_NO_NONCE;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_MALFORMED);
    /* success without a relayed address */
    net_init(&n, 23, 0);
    n.server[0].faults = WICK_STUB_TURN_NO_RELAYED;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_MALFORMED);
    /* an answer that demands what we do not know */
    net_init(&n, 23, 0);
    n.server[0].faults = WICK_STUB_TURN_UNKNOWN_ATTR;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_STUN_UNKNOWN_ATTR);
    /* no authentication at all */
    net_init(&n, 23, 0);
    n.server[0].faults = WICK_STUB_TURN_OPEN;
    REQUIRE_STATUS(wick_turn_permit(&n.t, 0, &n.peer), WICK_OK);
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(PERMISSION_READY), 1, 5000)->status, WICK_OK);
    CHECK_INT(n.server[0].allocates, 1);
    n.server[0].faults = 0; /* and then it asks for it */
    net_run(&n, 900000);
    CHECK(wick_turn_is_allocated(&n.t));
    /* a realm that is too long to keep, and another than configured */
    static const char long_realm[] = "0123456789012345678901234567890123456789012345678901234567890123"
                                     "01234567890123456789012345678901234567890123456789012345678901234";
    net_init(&n, 23, 0);
    n.server[0].cfg.realm = long_realm;
    REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_LIMIT);
    static const char *const realms[] = {"other.example", "wick.exampla"};
    for (size_t i = 0; i < 2; i++) {
        net_init(&n, 23, 0);
        wick_turn_config cfg = net_config(&n);
        cfg.realm = text(realms[i]);
        REQUIRE_STATUS(wick_turn_init(&n.t, &cfg), WICK_OK);
        REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
        CHECK_STATUS(net_until(&n, EV(FAILED), 1, 5000)->status, WICK_E_TURN_CREDENTIALS);
        CHECK_INT(n.sent, 1); /* the password is not shown to it */
    }
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
        REQUIRE(ready(26, 0));
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
    REQUIRE(ready(27, 0));
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
    REQUIRE(ready(28, 0));
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
    REQUIRE(ready(28, 0));
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
    REQUIRE(ready(29, 0));
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
    REQUIRE(ready(30, 0));
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
    REQUIRE(ready(31, 0));
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
    REQUIRE(ready(31, 0));
    n.server[0].faults = WICK_STUB_TURN_SILENT;
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    net_run(&n, 20);
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &n.peer), WICK_OK);
    force(WICK_STUN_CHANNEL_BIND, 403, 1, false);
    net_run(&n, 3000);
    CHECK_INT(net_count(&n, EV(CHANNEL_DENIED)), 0);
    CHECK_STATUS(wick_turn_unbind(&n.t, &n.peer), WICK_E_NOT_FOUND);
    /* never answered */
    REQUIRE(ready(31, 0));
    n.loss = 1000;
    REQUIRE_STATUS(wick_turn_bind(&n.t, n.now_ms, &n.peer), WICK_OK);
    REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
    net_run(&n, 20);
    REQUIRE_STATUS(wick_turn_unbind(&n.t, &n.peer), WICK_OK);
    CHECK_STATUS(net_until(&n, EV(LOST), 1, 200000)->status, WICK_E_TIMEOUT);
}

TAP_MAIN("sim.turn", CASE(main_path), CASE(permissions_are_enforced), CASE(three_hours),
         CASE(three_hours_with_short_nonces), CASE(clock_wrap), CASE(wrong_password_ends),
         CASE(unauthorized_for_ever_ends), CASE(unauthorized_when_established_is_no_sudden_death),
         CASE(nonce_storm_while_allocating), CASE(nonce_storm_when_established),
         CASE(allocation_lost), CASE(bare_errors_never_kill_at_once),
         CASE(authentic_errors_count_at_once), CASE(allocate_errors),
         CASE(second_allocation_on_one_socket), CASE(quota), CASE(silent_server_while_allocating),
         CASE(silent_server_later), CASE(silent_server_with_many_permissions),
         CASE(mapping_changed), CASE(alternate_server), CASE(denied_peers), CASE(peer_errors),
         CASE(answers_with_wrong_integrity_do_not_count), CASE(odd_servers), CASE(short_lifetimes),
         CASE(rest_and_key_credentials), CASE(bad_network), CASE(release_in_every_state),
         CASE(entropy_fails), CASE(connection_refused), CASE(probe_on_demand), CASE(channels),
         CASE(given_up_while_under_way))
