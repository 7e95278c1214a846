/* SPDX-License-Identifier: Apache-2.0 */
/* The probe of an attestor: what it takes for a proof, and whom it never sends anything. */
#include "nsl_world.h"
#include "wick/nsl_probe.h"

#if WICK_WITH_ATTEST

#include "../../core/psk/nsl_internal.h"

#define US 0   /* the attestor */
#define GW 1   /* the device that is probed */
#define LIAR 2 /* another device */

static wick_nsl_probe probe;
static unsigned sent, plain, asked, ended, proven;
static size_t longest, bytes_out;
static wick_status verdict;
static uint32_t verdict_of;

static void sides(void)
{
    world_init();
    world_side(US, 0xa1);
    world_side(GW, 0xb2);
    world_side(LIAR, 0xc3);
    sent = plain = asked = ended = proven = 0;
    longest = bytes_out = 0;
    verdict_of = 0;
    CHECK_STATUS(wick_nsl_probe_init(&probe, &side[US].cfg, now_ms), WICK_OK);
}

static void take_outputs(void)
{
    wick_nsl_probe_out out;
    for (unsigned guard = 0; guard < 100; guard++) {
        wick_nsl_probe_poll(&probe, &out, now_ms);
        if (out.kind == WICK_OUT_WAIT) {
            CHECK(!wick_time_reached(now_ms, out.deadline_ms));
            return;
        }
        if (out.kind == WICK_OUT_EVENT) {
            ended++;
            proven += out.status == WICK_OK ? 1u : 0u;
            verdict = out.status;
            verdict_of = out.handle;
            continue;
        }
        sent++;
        bytes_out += out.bytes.len;
        plain += (out.bytes.ptr[3] & NSL_FLAG_COOKIE) == 0 ? 1u : 0u;
        longest = out.bytes.len > longest ? out.bytes.len : longest;
        bool asks = out.bytes.ptr[1] == NSL_ASK;
        CHECK(asks || out.bytes.ptr[1] == NSL_M1);
        if ((out.bytes.ptr[3] & NSL_FLAG_COOKIE) == 0) {
            CHECK(out.bytes.len <= WICK_NSL_PROBE_BYTES_MAX);
        }
        asked += asks ? 1u : 0u;
        world_put(out.bytes.ptr, out.bytes.len, &side[US].addr, &out.to, now_ms + LATENCY_MS);
    }
    tap_fail(__FILE__, __LINE__, "the probe does not come to rest");
}

static wick_status feed(const uint8_t *bytes, size_t len, const wick_addr *from)
{
    wick_status s = wick_nsl_probe_input(&probe, now_ms, wick_span_make(bytes, len), from);
    take_outputs();
    return s;
}

/* Carries packets for so long; what is for us goes into the probe. */
static void carry(uint64_t ms)
{
    for (uint64_t until = now_ms + ms; now_ms < until; now_ms += LATENCY_MS) {
        for (size_t i = 0; i < QUEUE_MAX; i++) {
            struct packet p = queue[i];
            if (!p.used || p.at_ms > now_ms) {
                continue;
            }
            queue[i].used = false;
            if (wick_addr_equal(&p.to, &side[US].addr)) {
                (void)feed(p.bytes, p.len, &p.from);
            }
            for (unsigned n = GW; n <= LIAR; n++) {
                if (wick_addr_equal(&p.to, &side[n].addr)) {
                    last_input = world_give(n, p.bytes, p.len, &p.from);
                }
            }
        }
        take_outputs();
    }
}

static uint32_t start(const wick_nsl_peer *peer)
{
    uint32_t handle = 0;
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, peer), WICK_OK);
    take_outputs();
    return handle;
}

TEST(who_holds_the_key_is_proven)
{
    sides();
    wick_nsl_peer peer = world_peer(GW);
    uint32_t handle = start(&peer);
    carry(500);
    CHECK_INT(ended, 1);
    CHECK_INT(verdict_of, handle);
    CHECK_STATUS(verdict, WICK_OK);
    CHECK_INT(sent, 2); /* M1, and M1 with the cookie: no M3 */
    CHECK_INT(plain, 1);
    CHECK_INT(longest, 184);
    CHECK_INT(side[GW].established, 0);
    CHECK_INT(world_halves(GW), 1);
    carry(9000);
    wick_nsl_out o; /* nothing came of it, there or here */
    wick_nsl_poll(&side[GW].node, &o, now_ms);
    CHECK_INT(world_halves(GW), 0);
    CHECK_INT(sent, 2);
    CHECK_INT(ended, 1);
}

TEST(nobody_there_gets_one_datagram)
{
    sides();
    wick_nsl_peer peer = world_peer(GW);
    peer.addr = wick_addr_v4(198, 51, 100, 7, 4000);
    (void)start(&peer);
    carry(WICK_NSL_PROBE_LIFE_MS + 100);
    CHECK_INT(ended, 1);
    CHECK_STATUS(verdict, WICK_E_NSL_NO_ANSWER);
    CHECK_INT(sent, 1);
    CHECK_INT(bytes_out, 168);
    CHECK(bytes_out <= WICK_NSL_PROBE_BYTES_MAX);
}

TEST(another_key_there_is_no_proof)
{
    sides();
    wick_nsl_peer peer = world_peer(GW); /* the record of GW names an address where LIAR is */
    peer.addr = side[LIAR].addr;
    (void)start(&peer);
    carry(WICK_NSL_PROBE_LIFE_MS + 100);
    CHECK_INT(ended, 1);
    CHECK_STATUS(verdict, WICK_E_NSL_NO_ANSWER);
    /* And one that has the address of GW, an id that is not its own, and its own key. */
    sides();
    peer = world_peer(LIAR);
    memcpy(peer.id, side[GW].cfg.id, 32);
    (void)start(&peer);
    carry(WICK_NSL_PROBE_LIFE_MS + 100);
    CHECK_INT(ended, 1);
    CHECK_STATUS(verdict, WICK_E_NSL_NO_ANSWER);
}

TEST(the_key_elsewhere_is_no_proof)
{
    sides();
    wick_nsl_peer peer = world_peer(GW);
    peer.addr = side[LIAR].addr; /* LIAR passes everything on, and GW answers from its own address */
    (void)start(&peer);
    for (unsigned step = 0; step < 40; step++) {
        for (size_t i = 0; i < QUEUE_MAX; i++) {
            if (queue[i].used && wick_addr_equal(&queue[i].to, &side[LIAR].addr)) {
                queue[i].to = side[GW].addr;
            }
        }
        carry(LATENCY_MS);
    }
    carry(WICK_NSL_PROBE_LIFE_MS);
    CHECK_INT(ended, 1);
    CHECK_STATUS(verdict, WICK_E_NSL_NO_ANSWER);
    CHECK_INT(sent, 1); /* the cookie did not come from where the question went */
}

TEST(the_key_at_another_target_is_no_proof)
{
    sides();
    wick_nsl_peer peer = world_peer(GW), other = world_peer(LIAR);
    peer.addr = side[LIAR].addr; /* LIAR passes on what it is sent, and the cookie of GW */
    other.addr = side[GW].addr;  /* and has GW's address probed meanwhile, for a record of its own */
    (void)start(&other);
    (void)start(&peer);
    for (unsigned step = 0; step < 40; step++) {
        for (size_t i = 0; i < QUEUE_MAX; i++) {
            if (queue[i].used && wick_addr_equal(&queue[i].to, &side[LIAR].addr)) {
                queue[i].to = side[GW].addr;
            } else if (queue[i].used && queue[i].bytes[1] == NSL_M0) {
                queue[i].from = side[LIAR].addr;
            }
        }
        carry(LATENCY_MS);
    }
    CHECK_INT(world_halves(GW), 1); /* GW has sent an M2, from where it is */
    CHECK_INT(proven, 0);
    carry(WICK_NSL_PROBE_LIFE_MS);
    CHECK_INT(ended, 2);
    CHECK_INT(proven, 0);
}

TEST(false_answers_change_nothing)
{
    uint8_t fake[WICK_NSL_M2_MAX] = {1, NSL_M2, 0x22};
    sides();
    wick_nsl_peer peer = world_peer(GW);
    (void)start(&peer);
    memcpy(fake + 4, queue[0].bytes + 4, 4); /* who can read the question, and not open it */
    memcpy(fake + 8, queue[0].bytes + 8, 4);
    CHECK(feed(fake, nsl_m2_bytes(0x22), &peer.addr) != WICK_OK);
    CHECK_INT(ended, 0);
    CHECK_STATUS(feed(fake, 3, &peer.addr), WICK_E_NSL_DROP);
    carry(500);
    CHECK_STATUS(verdict, WICK_OK);
    CHECK_INT(ended, 1);
}

TEST(cookies_are_answered_three_times_at_most)
{
    uint8_t m0[WICK_NSL_M0_BYTES] = {1, NSL_M0, 0x22};
    sides();
    wick_nsl_peer peer = world_peer(GW);
    peer.addr = wick_addr_v4(198, 51, 100, 7, 4000);
    (void)start(&peer);
    memcpy(m0 + 4, queue[0].bytes + 4, 8);
    for (unsigned i = 0; i < 70; i++) {
        m0[27] = (uint8_t)i;
        (void)feed(m0, sizeof m0, &peer.addr);
        carry(100);
    }
    CHECK_INT(sent, 1 + WICK_NSL_PROBE_REPEATS);
    CHECK_INT(plain, 1);
    CHECK(longest <= WICK_NSL_PROBE_BYTES_MAX);
}

TEST(one_probe_of_an_address_in_ten_seconds)
{
    uint32_t handle = 0;
    sides();
    wick_nsl_peer peer = world_peer(GW), other = world_peer(LIAR);
    peer.addr = wick_addr_v4(198, 51, 100, 7, 4000);
    (void)start(&peer);
    other.addr = wick_addr_v4(198, 51, 100, 7, 4001); /* another port, another device: one target */
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &other), WICK_E_NSL_RATE);
    CHECK_INT(handle, 0);
    carry(WICK_NSL_PROBE_GAP_MS - 20);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &other), WICK_E_NSL_RATE);
    carry(40);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &other), WICK_OK);
    /* IPv6: a /64 is one target */
    sides();
    static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 7, 1};
    memcpy(peer.addr.ip, ip6, 16);
    memcpy(other.addr.ip, ip6, 16);
    other.addr.ip[15] = 9;
    (void)start(&peer);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &other), WICK_E_NSL_RATE);
    other.addr.ip[7] = 8;
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &other), WICK_OK);
}

TEST(a_full_table_refuses_and_forgets_nobody)
{
    uint32_t handle = 0;
    sides();
    wick_nsl_peer peer = world_peer(GW);
    for (unsigned i = 0; i < WICK_NSL_PROBE_TARGETS_MAX; i++) {
        peer.addr = wick_addr_v4(198, 51, (uint8_t)(i >> 8), (uint8_t)(i & 255u), 4000);
        CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_OK);
        wick_nsl_close(&probe.node, handle); /* ended */
        take_outputs();
    }
    peer.addr = wick_addr_v4(203, 0, 113, 1, 4000);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_E_NSL_RATE);
    now_ms += WICK_NSL_PROBE_GAP_MS;
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_OK);
}

TEST(what_is_refused_at_once)
{
    uint32_t handle = 0;
    sides();
    wick_nsl_peer peer = world_peer(GW), same = world_peer(US);
    same.addr = peer.addr;
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &same), WICK_E_BAD_ARG);
    peer.addr.port = 0;
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_E_BAD_ARG);
    peer = world_peer(GW);
    memset(peer.addr.ip, 0, 16);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_E_BAD_ARG);
    peer = world_peer(GW);
    memset(peer.key.bytes + 1, 0xff, 32);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_E_BAD_KEY);
    peer = world_peer(GW);
    peer.key.type = WICK_KEY_TYPE_P256;
    CHECK(wick_nsl_probe_start(&probe, &handle, now_ms, &peer) == WICK_E_UNSUPPORTED);
    /* What was refused has used up nobody's turn. */
    peer = world_peer(GW);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_OK);
    peer.addr = wick_addr_v4(198, 51, 100, 7, 4000);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_E_STATE);
    peer = world_peer(LIAR);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_OK);
}

TEST(it_answers_nobody)
{
    sides();
    /* M1 of somebody who takes us for a gateway */
    (void)world_connect(GW, US);
    carry(3000);
    CHECK_INT(sent, 0);
    CHECK_INT(probe.node.stats.m0_sent, 0);
}

TEST(as_many_at_once_as_there_is_room_for)
{
    uint32_t handle = 0;
    sides();
    wick_nsl_peer peer = world_peer(GW);
    for (unsigned i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        peer.id[0] = (uint8_t)i;
        peer.addr = wick_addr_v4(198, 51, 100, (uint8_t)(i + 1), 4000);
        CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_OK);
    }
    peer.id[0] = 0xee;
    peer.addr = wick_addr_v4(198, 51, 100, 99, 4000);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_E_LIMIT);
    take_outputs();
    CHECK_INT(sent, WICK_NSL_CONNECT_MAX);
    carry(WICK_NSL_PROBE_LIFE_MS + 100);
    CHECK_INT(ended, WICK_NSL_CONNECT_MAX);
    CHECK_INT(sent, WICK_NSL_CONNECT_MAX);
    peer.addr = side[GW].addr;
    memcpy(peer.id, side[GW].cfg.id, 32);
    (void)start(&peer); /* and there is room again */
    carry(500);
    CHECK_STATUS(verdict, WICK_OK);
    wick_nsl_probe_wipe(&probe);
    static const wick_nsl_probe nothing;
    CHECK_MEM(&probe, &nothing, sizeof probe);
}

TEST(one_table_for_all_ways_to_look)
{
    uint32_t handle = 0;
    sides();
    wick_nsl_peer peer = world_peer(GW);
    wick_addr nowhere = peer.addr;
    nowhere.port = 0;
    CHECK_STATUS(wick_nsl_probe_reserve(&probe, now_ms, &nowhere), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_nsl_probe_reserve(&probe, now_ms, &peer.addr), WICK_OK);
    CHECK_STATUS(wick_nsl_probe_reserve(&probe, now_ms, &peer.addr), WICK_E_NSL_RATE);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_E_NSL_RATE);
    now_ms += WICK_NSL_PROBE_GAP_MS;
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_OK);
    CHECK_STATUS(wick_nsl_probe_reserve(&probe, now_ms, &peer.addr), WICK_E_NSL_RATE);
}

#if WICK_WITH_NSL_RSA
/* PROTOCOL.md section 7, ASK: the first M1 for an RSA key has 391 bytes, more than an address that has not
 * answered may be sent. */
static void rsa_sides(void)
{
    world_suite = 0x21;
    sides();
}

TEST(who_holds_an_rsa_key_is_proven)
{
    rsa_sides();
    wick_nsl_peer peer = world_peer(GW);
    CHECK_INT(peer.key.type, WICK_KEY_TYPE_RSA2048);
    (void)start(&peer);
    CHECK_INT(bytes_out, 44); /* no more, until a cookie comes */
    carry(500);
    CHECK_INT(ended, 1);
    CHECK_STATUS(verdict, WICK_OK);
    CHECK_INT(asked, 1);
    CHECK_INT(sent, 2);
    CHECK_INT(longest, 407);
    CHECK_INT(side[GW].established, 0);
    /* Nobody there: 44 bytes, and that is all. */
    rsa_sides();
    peer = world_peer(GW);
    peer.addr = wick_addr_v4(198, 51, 100, 7, 4000);
    (void)start(&peer);
    carry(WICK_NSL_PROBE_LIFE_MS + 100);
    CHECK_STATUS(verdict, WICK_E_NSL_NO_ANSWER);
    CHECK_INT(sent, 1);
    CHECK_INT(bytes_out, 44);
    world_suite = 0x22;
}

/* What an RSA gateway does with an ASK: 28 bytes at most, no state, no private key. */
static unsigned m0_for(const uint8_t *bytes, size_t len)
{
    const uint32_t before = side[GW].node.stats.m0_sent;
    const unsigned opens = calls.key_opens;
    (void)world_give(GW, bytes, len, &side[US].addr);
    CHECK_INT(world_halves(GW), 0);
    CHECK_INT(calls.key_opens, opens);
    return side[GW].node.stats.m0_sent - before;
}

TEST(a_question_for_a_cookie)
{
    uint8_t ask[64], altered[64];
    wick_nsl_probe_out out;
    uint32_t handle = 0;
    rsa_sides();
    wick_nsl_peer peer = world_peer(GW);
    CHECK_STATUS(wick_nsl_probe_start(&probe, &handle, now_ms, &peer), WICK_OK);
    wick_nsl_probe_poll(&probe, &out, now_ms);
    REQUIRE(out.kind == WICK_OUT_SEND && out.bytes.len == NSL_ASK_BYTES);
    memset(ask, 0, sizeof ask);
    memcpy(ask, out.bytes.ptr, out.bytes.len);
    CHECK_INT(m0_for(ask, NSL_ASK_BYTES), 1);
    CHECK_INT(m0_for(ask, NSL_ASK_BYTES - 1), 0);
    CHECK_INT(m0_for(ask, NSL_ASK_BYTES + 1), 0);
    static const struct {
        uint8_t at, to;
    } wrong[] = {{1, 6}, {2, 0x22}, {2, 0x12}, {2, 0x31}, {3, 1}, {3, 2}, {8, 0xff}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(altered, ask, sizeof altered);
        altered[wrong[i].at] = (uint8_t)(wrong[i].at == 8 ? altered[8] ^ wrong[i].to : wrong[i].to);
        CHECK_INT(m0_for(altered, NSL_ASK_BYTES), 0);
    }
    memset(ask + 4, 0, 4); /* no connection id */
    CHECK_INT(m0_for(ask, NSL_ASK_BYTES), 0);
    side[GW].node.cfg.no_cookie = true; /* a link between two: nobody needs one */
    memcpy(ask, out.bytes.ptr, out.bytes.len);
    CHECK_INT(m0_for(ask, NSL_ASK_BYTES), 0);
    /* Who has a secp256k1 key has no use for it. */
    world_suite = 0x22;
    sides();
    peer = world_peer(GW);
    ask[2] = 0x22;
    CHECK_INT(m0_for(ask, NSL_ASK_BYTES), 0);
}
#define RSA_CASES , CASE(who_holds_an_rsa_key_is_proven), CASE(a_question_for_a_cookie)
#else
#define RSA_CASES
#endif

TAP_MAIN("unit.nsl_probe", CASE(who_holds_the_key_is_proven), CASE(nobody_there_gets_one_datagram),
         CASE(another_key_there_is_no_proof), CASE(the_key_elsewhere_is_no_proof),
         CASE(the_key_at_another_target_is_no_proof), CASE(false_answers_change_nothing),
         CASE(cookies_are_answered_three_times_at_most),
         CASE(one_probe_of_an_address_in_ten_seconds), CASE(a_full_table_refuses_and_forgets_nobody),
         CASE(what_is_refused_at_once), CASE(it_answers_nobody),
         CASE(as_many_at_once_as_there_is_room_for), CASE(one_table_for_all_ways_to_look) RSA_CASES)

#endif
