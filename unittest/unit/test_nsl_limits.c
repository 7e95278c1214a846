/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers, floods, rotation: the musts that are about limits, named after their number. */
#include "../../core/psk/nsl_internal.h"
#include "nsl_world.h"

#define A 0
#define B 1
#define D 2

static void three_sides(void)
{
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
    world_side(D, 0xd4);
}

/* A new M1 in the name of `id`, with the cookie of its source: it receives where it says. */
static wick_status flood(const wick_addr *from, const uint8_t id[32])
{
    struct m1_made m = world_m1(D);
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX];

    memcpy(m.id, id, 32);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, from);
    return world_give(B, with_cookie, M1C_LEN, from);
}

static wick_status flood_from(uint8_t host, uint16_t port)
{
    wick_addr from = wick_addr_v4(198, 51, 100, host, port);
    return flood(&from, side[D].cfg.id);
}

static void throw_away(void)
{
    memset(queue, 0, sizeof queue);
}

/* ---- 9: forged M0 ---- */

TEST(must_9_forged_m0)
{
    uint8_t m0[28] = {0};
    unsigned taken = 0;

    three_sides();
    lookup_mode = LOOKUP_LATER;
    lookup_delay_ms = 200;
    world_connect(A, B);
    const wick_nsl_run *r = &side[A].node.runs[0];
    const struct nsl_header good = {NSL_M0, world_suite, 0, r->cid_i, wick_load_be32(r->keyhash)};
    /* off the path: neither the cid nor, with it, the address is right */
    for (unsigned i = 0; i < 10000; i++) {
        struct nsl_header h = good;
        wick_addr from = side[B].addr;
        if (i % 2 == 0) {
            h.cid_i = world_random() | 1u;
            h.cid_i += (h.cid_i == good.cid_i) ? 2u : 0u;
        } else {
            from.port ^= (uint16_t)(1 + i % 60000);
        }
        nsl_header_put(m0, &h);
        taken += world_give(A, m0, sizeof m0, &from) == WICK_OK ? 1u : 0u;
        if (i % 100 == 0) {
            now_ms++;
        }
    }
    CHECK_INT(taken, 0);
    CHECK(!r->has_cookie);
    /* somebody who sees the traffic: three at most, one more transmission */
    unsigned sent = side[A].sent;
    for (unsigned i = 0; i < 100; i++) {
        nsl_header_put(m0, &good);
        world_random_bytes(m0 + 12, 16);
        taken += world_give(A, m0, sizeof m0, &side[B].addr) == WICK_OK ? 1u : 0u;
    }
    CHECK_INT(taken, 3);
    CHECK_INT(side[A].sent, sent + 1);
    world_run(now_ms + 12000);
    CHECK(world_same_session(A, B));
}

TEST(must_9_m0_in_other_states_and_bad_cookie)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX], first[28];

    /* a bad cookie is answered like none, with a good one */
    three_sides();
    m = world_m1(D);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    CHECK_STATUS(world_give(B, m1, M1_LEN, &side[D].addr), WICK_OK);
    memcpy(first, world_sent(NSL_M0)->bytes, 28);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    CHECK_MEM(first + 12, with_cookie + 12, 16);
    with_cookie[12] ^= 1;
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_OK);
    CHECK_INT(side[B].sent, 2);
    CHECK_MEM(world_sent(NSL_M0)->bytes, first, 28);
    CHECK_INT(first[2], (unsigned)side[D].record.type << 4 | (world_suite & 15u));
    CHECK_MEM(first + 4, m1 + 4, 8);
    throw_away();
    /* M0 to a responder, to nobody, after M2 */
    CHECK_STATUS(world_give(B, first, 28, &side[A].addr), WICK_E_NSL_DROP);
    world_connect(A, B);
    world_run(now_ms + 15);
    const struct packet *m0 = world_sent(NSL_M0);
    REQUIRE(m0 != NULL);
    struct packet copy = *m0;
    world_run(now_ms + 25);
    CHECK_INT(side[A].node.runs[0].state, NSL_WAIT_M4);
    CHECK_STATUS(world_give(A, copy.bytes, copy.len, &side[B].addr), WICK_E_NSL_DROP);
    world_run(now_ms + 100);
    CHECK(world_same_session(A, B));
    CHECK_STATUS(world_give(A, copy.bytes, copy.len, &side[B].addr), WICK_E_NSL_DROP);
}

/* ---- 10: a full table ---- */

static uint8_t allow[1][32];

static void allow_a(void)
{
    memset(allow[0], 0xa1, 32);
    side[B].cfg.allow = (const uint8_t(*)[32])allow;
    side[B].cfg.allow_count = 1;
    side[B].cfg.m1_per_s = 5;
    world_start(B);
}

static void flood_and_connect(bool many_ports, bool one_host)
{
    three_sides();
    allow_a();
    lookup_mode = LOOKUP_NEVER;
    unsigned most = 0;
    uint64_t begin = now_ms, last_connect = 0;
    unsigned tries = 0;
    while (now_ms < begin + 20000 && side[A].established == 0) {
        unsigned i = (unsigned)((now_ms - begin) / 200);
        (void)flood_from(one_host ? 1 : (uint8_t)i, many_ports ? (uint16_t)(1000 + i) : 1000);
        most = world_halves(B) > most ? world_halves(B) : most;
        if (now_ms >= begin + 4000 && (tries == 0 || now_ms >= last_connect + 2000)) {
            /* an attempt is one M1 with its cookie, no repetitions counted */
            if (tries > 0) {
                wick_nsl_close(&side[A].node, side[A].node.runs[0].run);
            }
            world_connect(A, B);
            last_connect = now_ms;
            tries++;
        }
        world_run(now_ms + 99);
        /* A's record is known; the others' are slow */
        if (wick_nsl_lookup_result(&side[B].node, now_ms, side[A].cfg.id, &side[A].record,
                                   WICK_OK) == WICK_OK) {
            world_poll(B);
        }
        world_run(now_ms + 101);
    }
    CHECK(most <= WICK_NSL_HALF_OPEN_MAX - WICK_NSL_HALF_OPEN_RESERVED);
    CHECK(tries <= 2);
    CHECK_INT(side[A].established, 1);
    CHECK(world_same_session(A, B));
}

TEST(must_10_flood_from_one_port)
{
    flood_and_connect(false, true);
}

TEST(must_10_flood_from_many_ports_and_hosts)
{
    flood_and_connect(true, false);
}

TEST(must_10_flood_from_many_ports_of_one_host)
{
    flood_and_connect(true, true);
}

TEST(places_in_the_table)
{
    three_sides();
    lookup_mode = LOOKUP_NEVER;
    allow_a();
    side[B].cfg.m1_per_s = 1000;
    world_start(B);
    /* one for each source until it is 2 s old */
    CHECK_STATUS(flood_from(1, 1), WICK_OK);
    CHECK_STATUS(flood_from(1, 1), WICK_E_NSL_RATE);
    CHECK_INT(side[B].node.stats.rate_limited, 1);
    now_ms += 2000;
    CHECK_STATUS(flood_from(1, 1), WICK_OK);
    CHECK_INT(world_halves(B), 1);
    /* half of the table for each address */
    for (uint16_t port = 2; port <= 4; port++) {
        CHECK_STATUS(flood_from(1, port), WICK_OK);
    }
    unsigned opened = side[B].node.stats.m1_opened;
    CHECK_STATUS(flood_from(1, 5), WICK_E_NSL_RATE);
    CHECK_INT(side[B].node.stats.m1_opened, opened); /* refused before any private-key operation */
    /* six of eight for strangers */
    CHECK_STATUS(flood_from(2, 1), WICK_OK);
    CHECK_STATUS(flood_from(3, 1), WICK_OK);
    CHECK_STATUS(flood_from(4, 1), WICK_E_NSL_TABLE_FULL);
    CHECK_INT(side[B].node.stats.table_full, 1);
    CHECK_INT(world_halves(B), 6);
    /* two more for known peers; a third evicts nobody who is younger than 2 s */
    wick_addr from = wick_addr_v4(198, 51, 100, 7, 7);
    for (uint16_t port = 7; port < 9; port++) {
        from.port = port;
        CHECK_STATUS(flood(&from, side[A].cfg.id), WICK_OK);
    }
    CHECK_INT(world_halves(B), 8);
    from.port = 9;
    CHECK_STATUS(flood(&from, side[A].cfg.id), WICK_E_NSL_TABLE_FULL);
    now_ms += 2000;
    CHECK_STATUS(flood(&from, side[A].cfg.id), WICK_OK);
    CHECK_INT(world_halves(B), 8);
    unsigned privileged = 0;
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        privileged += side[B].node.half[i].privileged ? 1u : 0u;
    }
    CHECK_INT(privileged, 3); /* the oldest stranger went */
    /* all of it ends by itself */
    world_run(now_ms + 11000);
    CHECK_INT(world_halves(B), 0);
    /* a stranger behind a known peer's port does not gain a place that strangers may not have */
    CHECK_STATUS(flood(&from, side[A].cfg.id), WICK_OK);
    for (uint8_t host = 1; host <= 6; host++) {
        CHECK_STATUS(flood_from(host, 1), WICK_OK);
    }
    now_ms += 2000;
    CHECK_STATUS(flood(&from, side[D].cfg.id), WICK_E_NSL_TABLE_FULL);
    CHECK_STATUS(flood(&from, side[A].cfg.id), WICK_OK);
    CHECK_INT(world_halves(B), 7);
    /* with allow_only nobody else is looked up */
    side[B].cfg.allow_only = true;
    world_start(B);
    CHECK_STATUS(flood_from(1, 1), WICK_E_NSL_DROP);
    CHECK_STATUS(flood(&from, side[A].cfg.id), WICK_OK);
    CHECK_INT(world_halves(B), 1);
}

TEST(rates)
{
    three_sides();
    side[B].cfg.m1_per_s = 5;
    side[B].cfg.m0_per_s = 10;
    world_start(B);
    lookup_mode = LOOKUP_NEVER;
    unsigned opened = 0, cookies = 0;
    for (unsigned i = 0; i < 100; i++) { /* within 2 s */
        struct m1_made m = world_m1(D);
        uint8_t m1[WICK_NSL_M1_MAX];
        opened += flood_from((uint8_t)i, 1) != WICK_E_NSL_RATE ? 1u : 0u;
        world_seal_m1(m1, &m, B, side[B].cfg.id);
        cookies += world_give(B, m1, M1_LEN, &side[D].addr) == WICK_OK ? 1u : 0u;
        throw_away();
        now_ms += 20;
    }
    CHECK(side[B].node.stats.m1_opened <= 15);
    CHECK(cookies >= 28 && cookies <= 30);
    CHECK(opened >= 10);
    /* after a pause of any length, one second's worth */
    now_ms += 3600000;
    cookies = 0;
    for (unsigned i = 0; i < 100; i++) {
        struct m1_made m = world_m1(D);
        uint8_t m1[WICK_NSL_M1_MAX];
        world_seal_m1(m1, &m, B, side[B].cfg.id);
        cookies += world_give(B, m1, M1_LEN, &side[D].addr) == WICK_OK ? 1u : 0u;
        throw_away();
    }
    CHECK_INT(cookies, 10);
}

/* ---- 11: everybody behind one relay ---- */

TEST(must_11_attacker_on_the_same_relay)
{
    static wick_addr relays[1];
    unsigned refused = 0;

    three_sides();
    relays[0] = side[A].addr;
    relays[0].port = 0;
    side[B].cfg.relays = relays;
    side[B].cfg.relay_count = 1;
    side[B].cfg.m1_per_s = 50;
    world_start(B);
    /* 100 a second from the five allocations that the attacker has there */
    lookup_mode = LOOKUP_LATER;
    lookup_delay_ms = 100;
    for (unsigned i = 0; i < 500 && side[A].established == 0; i++) {
        wick_addr from = side[A].addr;
        from.port = (uint16_t)(1000 + i % 5);
        refused += flood(&from, side[D].cfg.id) == WICK_E_NSL_RATE ? 1u : 0u;
        if (i == 40) {
            world_connect(A, B);
        }
        world_run(now_ms + 10);
    }
    CHECK(refused > 30);
    CHECK_INT(side[A].established, 1);
    CHECK(world_same_session(A, B));
    /* where the address is no relay, its share is half of the table */
    three_sides();
    lookup_mode = LOOKUP_NEVER;
    for (unsigned i = 0; i < 6; i++) {
        wick_addr from = side[A].addr;
        from.port = (uint16_t)(1000 + i);
        CHECK_STATUS(flood(&from, side[D].cfg.id), i < 4 ? WICK_OK : WICK_E_NSL_RATE);
    }
}

TEST(session_survives_floods)
{
    wick_session before;

    three_sides();
    world_connect(A, B);
    world_run(now_ms + 200);
    REQUIRE(world_same_session(A, B));
    before = side[B].session;
    /* M1 in A's name: A's session is not touched; and A is a known peer now */
    for (unsigned i = 0; i < 30; i++) {
        wick_addr from = wick_addr_v4(198, 51, 100, (uint8_t)i, 1);
        (void)flood(&from, side[A].cfg.id);
        now_ms += 100;
    }
    CHECK_MEM(&before, &side[B].session, sizeof before);
    CHECK_INT(side[B].established, 1);
    lookup_mode = LOOKUP_NEVER;
    wick_addr from = wick_addr_v4(198, 51, 100, 99, 1);
    world_run(now_ms + 20000);
    CHECK_STATUS(flood(&from, side[A].cfg.id), WICK_OK);
    CHECK(side[B].node.half[0].privileged);
    CHECK_STATUS(flood_from(98, 1), WICK_OK);
    CHECK(!side[B].node.half[1].privileged);
}

/* ---- 14: rotation ---- */

static bool (*at_packet)(struct packet *p);
static uint8_t rotate_before;
static unsigned rotate_who;
static bool rotated;
static bool chain_knows;

static void rotate_now(unsigned n)
{
    wick_nsl_key pub;
    wick_key key;
    uint8_t secret[32] = {0};

    secret[30] = (uint8_t)(n + 1);
    CHECK_STATUS(wick_ram_keystore_import(&key, &ram, secret), WICK_OK);
    pub.type = WICK_KEY_TYPE_SECP256K1;
    CHECK_STATUS(keystore.secp256k1_public(keystore.ctx, pub.bytes, key), WICK_OK);
    CHECK_STATUS(wick_nsl_rotate(&side[n].node, now_ms, &pub, key), WICK_OK);
    if (chain_knows) {
        side[n].record = pub;
    }
}

static bool rotate_at(struct packet *p)
{
    if (p->bytes[1] == rotate_before && !rotated) {
        rotated = true;
        rotate_now(rotate_who);
    }
    return at_packet == NULL || at_packet(p);
}

TEST(must_14_rotation_in_flight)
{
    const uint8_t before[] = {NSL_M1, NSL_M0, NSL_M2, NSL_M3, NSL_M4};

    for (unsigned who = A; who <= B; who++) {
        for (size_t i = 0; i < sizeof before; i++) {
            for (int known = 0; known < 2; known++) {
                three_sides();
                rotated = false;
                rotate_before = before[i];
                rotate_who = who;
                chain_knows = known == 1;
                at_packet = NULL;
                on_packet = rotate_at;
                world_connect(A, B);
                world_run(now_ms + 32000);
                CHECK(rotated);
                /* success, or a clean failure, never a session that only one end has */
                CHECK(side[A].established + side[A].failed == 1);
                CHECK(side[A].established == 0 || world_same_session(A, B));
                CHECK_INT(world_halves(B), 0);
                if (chain_knows) {
                    side[A].established = side[B].established = 0;
                    now_ms += 31000;
                    world_connect(A, B);
                    world_run(now_ms + 1000);
                    CHECK_INT(side[A].established, 1);
                    CHECK(world_same_session(A, B));
                }
            }
        }
    }
}

TEST(must_14_stale_view_of_the_responder)
{
    /* A still uses B's former key, for 15 minutes; then A reads the record anew and succeeds */
    for (int late = 0; late < 2; late++) {
        three_sides();
        wick_nsl_peer stale = world_peer(B);
        uint32_t run;
        chain_knows = true;
        rotate_now(B);
        CHECK_STATUS(wick_nsl_rotate(&side[B].node, now_ms, &side[B].record, side[B].key),
                     WICK_E_STATE);
        if (late == 1) {
            now_ms += 15 * 60 * 1000;
            world_poll(B);
            CHECK_INT(side[B].former_done, 1);
        }
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &stale), WICK_OK);
        world_run(now_ms + 2500);
        CHECK_INT(side[A].established, late == 0 ? 1 : 0);
        world_run(now_ms + 3000);
        CHECK_INT(side[A].established, 1);
        CHECK_INT(side[A].lookups, late);
        CHECK_INT(side[A].fresh_lookups, late);
        CHECK(world_same_session(A, B));
    }
    /* the record is revoked while A asks again */
    three_sides();
    wick_nsl_peer gone = world_peer(B);
    uint32_t run;
    gone.addr.port = 9;
    memset(gone.id, 0x77, 32);
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &gone), WICK_OK);
    world_run(now_ms + 4000);
    CHECK_INT(side[A].failed, 1);
    CHECK_STATUS(side[A].last_failure, WICK_E_RECORD_ABSENT);
    /* or now has our key */
    three_sides();
    gone = world_peer(B);
    gone.addr.port = 9;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &gone), WICK_OK);
    side[B].record = side[A].record;
    world_run(now_ms + 4000);
    CHECK_STATUS(side[A].last_failure, WICK_E_NSL_PEER_KEY);
    /* or cannot be read: the run goes on */
    three_sides();
    lookup_mode = LOOKUP_NEVER;
    gone = world_peer(B);
    gone.addr.port = 9;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &gone), WICK_OK);
    world_run(now_ms + 4000);
    CHECK_INT(side[A].lookups, 1);
    CHECK_STATUS(wick_nsl_lookup_result(&side[A].node, now_ms, side[B].cfg.id, NULL,
                                        WICK_E_TIMEOUT),
                 WICK_OK);
    world_run(now_ms + 4000);
    CHECK_INT(side[A].failed, 0);
    world_run(now_ms + 31000);
    CHECK_STATUS(side[A].last_failure, WICK_E_NSL_NO_ANSWER);
}

TEST(must_14_stale_view_of_the_initiator)
{
    /* B still reads A's former record: it reads once more, at the newest header */
    for (int still = 0; still < 2; still++) {
        three_sides();
        const wick_nsl_key former = side[A].record;
        chain_knows = true;
        rotate_now(A);
        lookup_mode = LOOKUP_NEVER;
        world_connect(A, B);
        world_run(now_ms + 50);
        CHECK_INT(side[B].lookups, 1);
        CHECK_INT(side[B].fresh_lookups, 0);
        CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, side[A].cfg.id, &former,
                                            WICK_OK),
                     WICK_OK);
        world_poll(B);
        CHECK_INT(side[B].lookups, 2);
        CHECK_INT(side[B].fresh_lookups, 1);
        CHECK_INT(world_halves(B), 1);
        CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, side[A].cfg.id,
                                            still == 0 ? &side[A].record : &former, WICK_OK),
                     WICK_OK);
        world_poll(B);
        CHECK_INT(world_halves(B), still == 0 ? 1 : 0);
        CHECK_INT(side[B].lookups, 2); /* once per id and 30 s */
        world_run(now_ms + 31000);
        CHECK_INT(side[A].established, still == 0 ? 1 : 0);
        CHECK_INT(side[B].established, side[A].established);
        /* and on the next run it is well */
        lookup_mode = LOOKUP_NOW;
        if (still == 1) {
            now_ms += 61000;
            world_connect(A, B);
            world_run(now_ms + 1000);
            CHECK_INT(side[A].established, 1);
        }
        CHECK(world_same_session(A, B));
    }
}

TEST(rotation_refusals)
{
    wick_nsl_key pub;

    three_sides();
    CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &side[A].record, side[A].key),
                 WICK_E_BAD_ARG); /* the same key */
    CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &side[D].record, side[B].key),
                 WICK_E_BAD_KEY); /* does not fit the private half */
    pub = side[B].record;
    pub.type = WICK_KEY_TYPE_P256;
    CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &pub, side[B].key), WICK_E_UNSUPPORTED);
    CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &side[B].record, (wick_key){0}),
                 WICK_E_BAD_ARG);
    world_connect(A, B);
    world_run(now_ms + 200);
    CHECK(world_same_session(A, B));
}

/* ---- 15: two own keys with one hint ---- */

static wick_nsl_key import(wick_key *key, uint32_t number)
{
    wick_nsl_key pub;
    uint8_t secret[32] = {0};
    wick_store_be32(secret + 28, number);
    pub.type = WICK_KEY_TYPE_SECP256K1;
    CHECK_STATUS(wick_ram_keystore_import(key, &ram, secret), WICK_OK);
    CHECK_STATUS(keystore.secp256k1_public(keystore.ctx, pub.bytes, *key), WICK_OK);
    return pub;
}

/* A third key within the time of the first: that one gives way. */
TEST(must_14_third_key)
{
    three_sides();
    const wick_nsl_peer first = world_peer(B);
    wick_key k2, k3;
    const wick_nsl_key p2 = import(&k2, 77), p3 = import(&k3, 78);
    uint32_t run;
    wick_nsl_forget(&side[B].node); /* none */
    CHECK_STATUS(wick_nsl_rotate(&side[B].node, now_ms, &p2, k2), WICK_OK);
    CHECK_STATUS(wick_nsl_rotate(&side[B].node, now_ms, &p3, k3), WICK_E_STATE);
    wick_nsl_forget(&side[B].node);
    CHECK_STATUS(wick_nsl_rotate(&side[B].node, now_ms, &p3, k3), WICK_OK);
    for (int i = 0; i < 2; i++) { /* the present and the former key are answered, and the first is not */
        wick_nsl_peer peer = world_peer(B);
        peer.key = i == 0 ? p3 : p2;
        side[A].established = 0;
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
        world_run(now_ms + 2500);
        CHECK_INT(side[A].established, 1);
    }
    side[B].record = p3;
    side[A].established = 0;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &first), WICK_OK);
    world_run(now_ms + 2000);
    CHECK_INT(side[A].established, 0);
    world_run(now_ms + 5000); /* and the record tells the key */
    CHECK_INT(side[A].established, 1);
    CHECK_INT(side[B].former_done, 0);
}

/* A run that began with the key that gives way ends then, and not after half a minute; one that began with the
 * other goes on. */
TEST(must_14_third_key_in_flight)
{
    wick_key k2, k3;
    three_sides();
    const wick_nsl_key p2 = import(&k2, 77), p3 = import(&k3, 78);
    world_connect(A, B);
    CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &p2, k2), WICK_OK);
    wick_nsl_forget(&side[A].node);
    CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &p3, k3), WICK_OK);
    world_run(now_ms + 100);
    CHECK_INT(side[A].established, 0);
    CHECK_INT(side[A].failed, 1);
    CHECK_STATUS(side[A].last_failure, WICK_E_NSL_NO_ANSWER);
}

TEST(must_15_kid_collision)
{
    wick_key k1, k2;
    wick_nsl_key p1, p2;
    wick_nsl_peer peer;
    uint32_t run;
    uint8_t h1[32], h2[32];

    three_sides();
    /* found by search: the first four bytes of both kids are 3f75728f */
    p1 = import(&k1, 5602);
    p2 = import(&k2, 130991);
    CHECK_STATUS(nsl_keyhash(&crypto, h1, &p1), WICK_OK);
    CHECK_STATUS(nsl_keyhash(&crypto, h2, &p2), WICK_OK);
    CHECK_MEM(h1, h2, 4);
    CHECK(memcmp(h1, h2, 8) != 0);
    side[B].cfg.key = k1;
    side[B].cfg.pub = p1;
    side[B].record = p2;
    world_start(B);
    CHECK_STATUS(wick_nsl_rotate(&side[B].node, now_ms, &p2, k2), WICK_OK);
    /* sealed to the current key: the right one is taken */
    world_connect(A, B);
    world_run(now_ms + 300);
    CHECK(world_same_session(A, B));
    CHECK_MEM(side[A].session.peer_keyhash, h2, 32);
    /* sealed to the former key: dropped, no session with the wrong one; then read anew */
    side[A].established = side[B].established = 0;
    peer = world_peer(B);
    peer.key = p1;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    world_run(now_ms + 2000);
    CHECK_INT(side[A].established, 0);
    world_run(now_ms + 3000);
    CHECK_INT(side[A].established, 1);
    CHECK_MEM(side[A].session.peer_keyhash, h2, 32);
}

/* ---- 16: suites ---- */

/* An M1 that is sealed to B as it should be, and names another suite. */
static void named_otherwise(uint8_t suite)
{
    const bool readable = (suite & 15u) == (world_suite & 15u) && nsl_type_i(suite) != NULL;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX];
    struct m1_made m = world_m1(A);
    const unsigned lookups = side[B].lookups, opened = side[B].node.stats.m1_opened;

    m.suite = suite;
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr),
                 readable ? WICK_OK : WICK_E_NSL_DROP);
    /* A type of ours that is not the record's: the record decides. */
    CHECK_INT(side[B].lookups, lookups + (readable ? 1 : 0));
    CHECK_INT(side[B].node.stats.m1_opened, opened + (readable ? 1 : 0));
    CHECK_INT(world_halves(B), 0);
    CHECK_INT(side[B].sent, 0);
}

TEST(must_16_suites)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX];
    wick_nsl_peer peer;
    uint32_t run;

    three_sides();
    for (unsigned suite = 0; suite < 256; suite++) {
        if (suite != world_suite) {
            named_otherwise((uint8_t)suite);
        }
    }
    /* the record says a type that has no suite */
    m = world_m1(D);
    side[D].record.type = WICK_KEY_TYPE_P256;
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    const unsigned lookups = side[B].lookups;
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_OK);
    CHECK_INT(side[B].lookups, lookups + 1);
    CHECK_INT(world_halves(B), 0);
    peer = world_peer(D);
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_UNSUPPORTED);
    peer.key.type = 0;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_UNSUPPORTED);
    /* the suite that the records say runs */
    world_connect(A, B);
    world_run(now_ms + 500);
    CHECK(world_same_session(A, B));
    CHECK_INT(world_sent(NSL_M4)->bytes[2], world_suite);
}

/* Messages of the review's table: M1, M1 with cookie, M2, M3, M3 without signature. */
TEST(must_16_lengths)
{
    static const struct {
        uint8_t suite;
        uint16_t m1, m1c, m2, m3, m3_bare;
    } want[] = {{0x22, 168, 184, 159, 124, 60},
#if WICK_WITH_NSL_RSA
                {0x11, 391, 407, 382, 316, 60},
                {0x21, 391, 407, 159, 124, 60},
                {0x12, 168, 184, 382, 316, 60},
#else /* M2 and M3 are of the initiator's type alone */
                {0x11, 0, 0, 0, 0, 0},
                {0x21, 0, 0, 159, 124, 60},
                {0x12, 0, 0, 0, 0, 0},
#endif
                {0x00, 0, 0, 0, 0, 0},
                {0x33, 0, 0, 0, 0, 0}};

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        CHECK_INT(nsl_m1_bytes(want[i].suite, false), want[i].m1);
        CHECK_INT(nsl_m1_bytes(want[i].suite, true), want[i].m1c);
        CHECK_INT(nsl_m2_bytes(want[i].suite), want[i].m2);
        CHECK_INT(nsl_m3_bytes(want[i].suite, WICK_NSL_OPT_SIG), want[i].m3);
        CHECK_INT(nsl_m3_bytes(want[i].suite, 0), want[i].m3_bare);
    }
    CHECK_INT(nsl_m1_bytes(0x32, false), 0);
    CHECK_INT(nsl_m1_bytes(0x23, false), 0);
}

IN_ALL_SUITES(must_9_m0_in_other_states_and_bad_cookie)
IN_ALL_SUITES(must_14_rotation_in_flight)
IN_ALL_SUITES(must_14_stale_view_of_the_responder)
IN_ALL_SUITES(must_14_stale_view_of_the_initiator)
IN_ALL_SUITES(must_16_suites)

TAP_MAIN("unit.nsl_limits", CASE(must_9_forged_m0),
         CASES(must_9_m0_in_other_states_and_bad_cookie), CASE(must_10_flood_from_one_port),
         CASE(must_10_flood_from_many_ports_and_hosts),
         CASE(must_10_flood_from_many_ports_of_one_host), CASE(places_in_the_table), CASE(rates),
         CASE(must_11_attacker_on_the_same_relay), CASE(session_survives_floods),
         CASES(must_14_rotation_in_flight), CASES(must_14_stale_view_of_the_responder),
         CASES(must_14_stale_view_of_the_initiator), CASE(rotation_refusals), CASE(must_14_third_key),
         CASE(must_14_third_key_in_flight),
         CASE(must_15_kid_collision), CASES(must_16_suites), CASE(must_16_lengths))
