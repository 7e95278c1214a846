/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN client against servers that refuse, fail, go silent or answer what nobody asked: who says
 * it counts, none can make it ask without end, and what was lost is told with its reason. Rules:
 * RFC 8656 sections 7 to 12, RFC 8489 sections 6.2.1, 9.2.5 and 10, and what real servers do wrong.
 */
#include "sim/turn_net.h"
#include "tap.h"

static struct net n;

#define EV(name) WICK_TURN_EV_##name

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
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
    REQUIRE(net_ready(&n, 6, 0));
    n.server[0].faults = WICK_STUB_TURN_401;
    net_run(&n, 320000); /* beyond the first Refresh */
    const struct net_event *e = net_until(&n, EV(LOST), 1, 1000);
    CHECK_STATUS(e->status, WICK_E_TURN_CREDENTIALS);
    CHECK(n.server[0].refreshes >= WICK_TURN_STRIKES && n.server[0].refreshes < 8);
    /* A single one is just a new nonce. */
    REQUIRE(net_ready(&n, 6, 0));
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
    REQUIRE(net_ready(&n, 8, 0));
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
    REQUIRE(net_ready(&n, 8, 0));
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
    REQUIRE(net_ready(&n, 9, 0));
    REQUIRE_STATUS(wick_turn_unpermit(&n.t, &n.peer), WICK_OK);
    wick_stub_turn_restart(&n.server[0]);
    const struct net_event *e = net_until(&n, EV(LOST), 1, 310000);
    CHECK_STATUS(e->status, WICK_E_TURN_LOST);
    CHECK(n.done && n.done_status == WICK_E_TURN_LOST);
    CHECK(wick_ct_is_zero(wick_turn_relayed(&n.t)->ip, 16));
    /* found by CreatePermission: the 400 is checked by Refresh at once */
    REQUIRE(net_ready(&n, 9, 0));
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
    REQUIRE(net_ready(&n, 9, 0));
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

TEST(bare_errors_never_kill_at_once)
{
    static const uint16_t codes[] = {400, 403, 437, 441, 442, 486, 508, 500, 300, 420, 600};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        REQUIRE(net_ready(&n, 10, 0));
        net_force(&n, WICK_STUN_REFRESH, codes[i], WICK_TURN_STRIKES - 1, true);
        net_run(&n, 600000);
        CHECK(wick_turn_is_allocated(&n.t));
        CHECK_INT(n.server[0].force.count, 0);
        CHECK_INT(n.events, 2);
    }
    /* Enough of them do, but not in one instant. */
    REQUIRE(net_ready(&n, 10, 0));
    net_force(&n, WICK_STUN_REFRESH, 437, 100, true);
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
        REQUIRE(net_ready(&n, 11, 0));
        net_force(&n, WICK_STUN_REFRESH, t[i].code, 100, false);
        CHECK_STATUS(net_until(&n, EV(LOST), 1, 600000)->status, t[i].want);
        CHECK_INT(n.server[0].force.count, 99);
    }
    /* 5xx may pass: it is asked again until the allocation would be gone. */
    REQUIRE(net_ready(&n, 11, 0));
    net_force(&n, WICK_STUN_REFRESH, 500, 1000, false);
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
        net_force(&n, WICK_STUN_ALLOCATE, t[i / 2].code, 100, i % 2 != 0);
        REQUIRE_STATUS(wick_turn_start(&n.t, 0), WICK_OK);
        CHECK_STATUS(net_until(&n, EV(FAILED), 1, 50000)->status, t[i / 2].want);
        net_run(&n, 50000);
        CHECK(n.sent <= 2);
        CHECK(n.done);
    }
}

TEST(second_allocation_on_one_socket)
{
    REQUIRE(net_ready(&n, 13, 0));
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
    REQUIRE(net_ready(&n, 14, 0));
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
    REQUIRE(net_ready(&n, 16, 0));
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
    REQUIRE(net_ready(&n, 16, 0));
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
    REQUIRE(net_ready(&n, 17, 0));
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
    REQUIRE(net_ready(&n, 18, 0));
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
    REQUIRE(net_ready(&n, 18, 0));
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
    REQUIRE(net_ready(&n, 20, 0));
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
    net_force(&n, WICK_STUN_CHANNEL_BIND, 403, 1, false);
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
        REQUIRE(net_ready(&n, 21, 0));
        unsigned before = n.server[0].permissions;
        net_force(&n, WICK_STUN_CREATE_PERMISSION, t[i / 2].code, 100, i % 2 != 0);
        REQUIRE_STATUS(wick_turn_permit(&n.t, n.now_ms, &n.stranger), WICK_OK);
        CHECK_STATUS(net_until(&n, EV(PERMISSION_DENIED), 1, 5000)->status, t[i / 2].want);
        CHECK_INT(n.server[0].permissions - before, i % 2 != 0 ? 3 : t[i / 2].asked);
        net_run(&n, 10000);
        CHECK(wick_turn_is_allocated(&n.t)); /* Refresh has shown that it is there */
    }
    /* A bare 403 does not end a permission that is there; three do. */
    for (unsigned count = 2; count <= 3; count++) {
        REQUIRE(net_ready(&n, 21, 0));
        net_force(&n, WICK_STUN_CREATE_PERMISSION, 403, count, true);
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
    REQUIRE(net_ready(&n, 22, 0));
    net_force(&n, WICK_STUN_REFRESH, 437, 1000, false);
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

TAP_MAIN("sim.turn_refusals", CASE(wrong_password_ends), CASE(unauthorized_for_ever_ends),
         CASE(unauthorized_when_established_is_no_sudden_death), CASE(nonce_storm_while_allocating),
         CASE(nonce_storm_when_established), CASE(allocation_lost),
         CASE(bare_errors_never_kill_at_once), CASE(authentic_errors_count_at_once),
         CASE(allocate_errors), CASE(second_allocation_on_one_socket), CASE(quota),
         CASE(silent_server_while_allocating), CASE(silent_server_later),
         CASE(silent_server_with_many_permissions), CASE(mapping_changed), CASE(alternate_server),
         CASE(denied_peers), CASE(peer_errors), CASE(answers_with_wrong_integrity_do_not_count),
         CASE(odd_servers))
