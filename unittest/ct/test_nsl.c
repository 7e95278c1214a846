/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake, both sides, from connect to session, with every secret that is drawn, agreed on or
 * opened followed through it: genuine and forged messages; and a scan that finds whatever comes from
 * a secret in a node, however it was derived.
 */
#include "../../core/psk/nsl_internal.h"
#include "ct.h"
#include "nsl_world.h"

#define A 0
#define B 1
#define D 2

static const wick_hal_entropy *under[SIDES];
static wick_hal_entropy drawn[SIDES];

/* What is on the wire is public. */
static bool (*also)(struct packet *p);

static bool on_wire(struct packet *p)
{
    PUBLIC(p->bytes, p->len);
    return also == NULL || also(p);
}

static void two_sides(void)
{
    world_init();
    ct_macs_are_public = false;
    also = NULL;
    on_packet = on_wire;
    world_side(A, 0xa1);
    world_side(B, 0xb2);
    world_side(D, 0xd4);
    ct_border(&crypto, &keystore);
    for (unsigned n = A; n <= D; n++) {
        under[n] = side[n].cfg.entropy;
        drawn[n] = ct_entropy(under[n]);
        side[n].cfg.entropy = &drawn[n];
        world_start(n);
    }
    (void)ct_reports();
}

/* Everything in the node that comes from a secret, but the keys of its cookies, which it keeps, and
 * what it has sent: cookies, and M4, which is kept for repetitions. */
static size_t secrets_in(unsigned n)
{
    wick_nsl_node *node = &side[n].node;
    PUBLIC(node->reply, sizeof node->reply);
    PUBLIC(node->done, sizeof node->done);
    return ct_secret_bytes(node, sizeof *node) -
           ct_secret_bytes(node->cookie_key, sizeof node->cookie_key);
}

static bool one_root(void)
{
    uint8_t a[32], b[32];
    memcpy(a, side[A].session.root, 32);
    memcpy(b, side[B].session.root, 32);
    PUBLIC(a, 32);
    PUBLIC(b, 32);
    return memcmp(a, b, 32) == 0;
}

TEST(handshake)
{
    two_sides();
    CHECK(ct_secret_bytes(side[B].node.cookie_key, sizeof side[B].node.cookie_key) >= 32);
    world_connect(A, B);
    const wick_nsl_run *r = &side[A].node.runs[0];
    CHECK_INT(ct_secret_bytes(r->keys.fresh.n1, 32), 32);
    CHECK_INT(ct_secret_bytes(r->keys.fresh.e_secret, 32), 32);
    world_run(now_ms + 500);
    CONSTANT_TIME();
    CHECK_INT(side[A].established, 1);
    CHECK_INT(side[B].established, 1);
    CHECK_INT(ct_secret_bytes(side[A].session.root, 32), 32);
    CHECK_INT(ct_secret_bytes(side[B].session.root, 32), 32);
    CHECK(one_root());
}

/* ---- 18: whatever comes from a secret, and not only the values that a test knows of ---- */

TEST(must_18_nothing_derived_from_a_secret_stays)
{
    two_sides();
    world_connect(A, B);
    CHECK(secrets_in(A) >= 64);
    world_run(now_ms + 15); /* M0 is under way */
    world_run(now_ms + 20); /* M1 with cookie; M2 is under way */
    CHECK(secrets_in(B) >= 96);
    world_run(now_ms + 500);
    REQUIRE(side[A].established == 1 && side[B].established == 1);
    CHECK_INT(secrets_in(A), 0);
    CHECK_INT(secrets_in(B), 0);
    CONSTANT_TIME();
}

static uint8_t lost_type;

static bool lose(struct packet *p)
{
    return p->bytes[1] != lost_type;
}

TEST(must_18_nothing_stays_on_failure_and_eviction)
{
    for (uint8_t type = NSL_M1; type <= NSL_M4; type++) {
        two_sides();
        lost_type = type;
        also = lose;
        world_connect(A, B);
        world_run(now_ms + 45000);
        CHECK_INT(side[A].established, 0);
        CHECK_INT(side[A].failed, 1);
        CHECK_INT(secrets_in(A), 0);
        CHECK_INT(secrets_in(B), 0);
        CONSTANT_TIME();
    }
}

static struct packet last;
static uint8_t kept_type;
static bool keep(struct packet *p);

/* At each step what the next one needs, to the byte: a union hides much from a search for values. */
TEST(must_18_only_what_is_needed_stays)
{
    two_sides();
    kept_type = NSL_M3;
    also = keep;
    world_connect(A, B);
    CHECK_INT(secrets_in(A), 32 + 32); /* N1, ephemeral */
    world_run(now_ms + 100);
    CHECK_INT(secrets_in(A), 32 + 16);      /* root, M4 */
    CHECK_INT(secrets_in(B), 32 + 32 + 32); /* N1, N2, ephemeral */
    last.bytes[50] ^= 1;
    CHECK_STATUS(world_give(B, last.bytes, last.len, &last.from), WICK_E_NSL_DROP);
    CHECK_INT(secrets_in(B), 32 + 32); /* PRK, k3 */
    last.bytes[50] ^= 1;
    CHECK_STATUS(world_give(B, last.bytes, last.len, &last.from), WICK_OK);
    CHECK_INT(side[B].established, 1);
    CHECK_INT(secrets_in(B), 0);
    CONSTANT_TIME();
    /* a newcomer in the place of an entry that had more: its N1 and nothing else */
    two_sides();
    kept_type = NSL_M3;
    also = keep;
    uint32_t run = world_connect(A, B);
    world_run(now_ms + 100);
    CHECK_INT(secrets_in(B), 32 + 32 + 32);
    wick_nsl_close(&side[A].node, run);
    CHECK_INT(secrets_in(A), 0);
    now_ms += 2500;
    lookup_mode = LOOKUP_NEVER;
    world_connect(A, B);
    world_run(now_ms + 100);
    CHECK_INT(world_halves(B), 1);
    CHECK_INT(secrets_in(B), 32);
    /* and where its record is refused, not even that */
    CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, side[A].cfg.id, NULL,
                                        WICK_E_RECORD_ABSENT),
                 WICK_OK);
    CHECK_INT(secrets_in(B), 0);
    CONSTANT_TIME();
}

/* ---- forged messages: no branch tells how wrong they are ---- */

static bool keep(struct packet *p)
{
    if (p->bytes[1] == kept_type && (kept_type != NSL_M1 || (p->bytes[3] & 1u) != 0)) {
        last = *p;
        return false;
    }
    return true;
}

TEST(forged_messages)
{
    for (uint8_t type = NSL_M1; type <= NSL_M4; type++) {
        const unsigned to = type % 2 == 1 ? B : A;
        two_sides();
        kept_type = type;
        also = keep;
        memset(&last, 0, sizeof last);
        world_connect(A, B);
        world_run(now_ms + 100);
        REQUIRE(last.len != 0);
        /* the first byte behind the header (a cookie in M1), the middle, the last */
        const size_t at[] = {12, last.len / 2, last.len - 1};
        for (size_t i = 0; i < 3; i++) {
            last.bytes[at[i]] ^= 0x40;
            wick_status st = world_give(to, last.bytes, last.len, &last.from);
            CHECK(st != WICK_OK || type == NSL_M1); /* M1 with a bad cookie: a fresh M0 */
            last.bytes[at[i]] ^= 0x40;
        }
        CONSTANT_TIME();
        also = NULL;
        CHECK_STATUS(world_give(to, last.bytes, last.len, &last.from), WICK_OK);
        world_run(now_ms + 500);
        CHECK(one_root());
        CONSTANT_TIME();
    }
}

#if WICK_WITH_NSL_RSA
/* RSA is slow here. Each way of it once: the openings, and that which has both. */
TEST(handshakes_with_rsa)
{
    in_suite(0x12, handshake);
    in_suite(0x21, handshake);
}

TEST(must_18_with_rsa)
{
    in_suite(0x11, must_18_only_what_is_needed_stays);
}

TEST(forged_messages_with_rsa)
{
    in_suite(0x11, forged_messages);
}
#define RSA_CASES                                                                                  \
    , CASE(handshakes_with_rsa), CASE(must_18_with_rsa), CASE(forged_messages_with_rsa)
#else
#define RSA_CASES
#endif

CT_MAIN("ct.nsl", CASE(handshake), CASE(must_18_nothing_derived_from_a_secret_stays),
        CASE(must_18_nothing_stays_on_failure_and_eviction),
        CASE(must_18_only_what_is_needed_stays), CASE(forged_messages) RSA_CASES)
