/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks of the protocol's review on the real code, each named after its number there
 * (PROTOCOL.md section 10 lists the rules).
 */
#include "../../core/psk/nsl_internal.h"
#include "nsl_world.h"

#define A 0
#define B 1
#define D 2 /* dishonest */

static wick_nsl_node saved;

static void three_sides(void)
{
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
    world_side(D, 0xd4);
}

/* What is held back on its way. */
static uint8_t hold_type;
static struct packet held;
static unsigned held_count;

static bool hold(struct packet *p)
{
    if (p->bytes[1] == hold_type) {
        held = *p;
        held_count++;
        return false;
    }
    return true;
}

static void hold_back(uint8_t type)
{
    hold_type = type;
    held_count = 0;
    memset(&held, 0, sizeof held);
    on_packet = hold;
}

static wick_nsl_run *the_run(unsigned n)
{
    return &side[n].node.runs[0];
}

static wick_nsl_half *the_half(unsigned n)
{
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        if (side[n].node.half[i].state != NSL_HALF_FREE) {
            return &side[n].node.half[i];
        }
    }
    return &side[n].node.half[0];
}

/* An ephemeral key. */
static void some_point(uint8_t out[33])
{
    uint8_t secret[32] = {1};
    CHECK_STATUS(real_crypto.secp256k1_public(real_crypto.ctx, out, secret), WICK_OK);
}

/* ---- 1: key compromise impersonation ---- */

TEST(must_1_kci_with_the_initiators_key)
{
    uint8_t m2[WICK_NSL_M2_MAX], plain[98], th0[32], th1[32], m1_hash[32], keyhash_a[32], keyhash_b[32];
    uint8_t stolen[98], guess[32];

    three_sides();
    hold_back(NSL_M2);
    world_connect(A, B);
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    /* The attacker has A's private key and the genuine M2. Neither without nor with a guessed N1 does
     * it open: N1 is not in it, but needed for it. */
    const struct packet *m1 = world_sent(NSL_M1);
    CHECK_STATUS(nsl_m1_hash(&real_crypto, m1_hash, wick_span_make(m1->bytes, m1->len)), WICK_OK);
    world_keyhash(keyhash_a, A);
    world_keyhash(keyhash_b, B);
    CHECK_STATUS(nsl_th0(&real_crypto, th0, world_suite, side[B].cfg.id, keyhash_b), WICK_OK);
    CHECK_STATUS(nsl_th1(&real_crypto, th1, th0, m1_hash, side[A].cfg.id, keyhash_a), WICK_OK);
    CHECK_MEM(th1, the_run(A)->th1, 32);
    world_random_bytes(guess, 32);
    CHECK_STATUS(world_open_m2(stolen, A, th1, NULL, held.bytes), WICK_E_AUTH);
    CHECK_STATUS(world_open_m2(stolen, A, th1, guess, held.bytes), WICK_E_AUTH);
    CHECK_STATUS(world_open_m2(stolen, A, th1, the_run(A)->keys.fresh.n1, held.bytes), WICK_OK);
    /* It answers in B's name with nonce and ephemeral of its own. */
    world_random_bytes(plain, 32);
    some_point(plain + 32);
    memcpy(plain + 65, side[B].cfg.id, 32);
    plain[97] = WICK_NSL_OPT_SIG;
    world_seal_m2(m2, A, th1, NULL, plain, the_run(A)->cid_i, 77);
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[B].addr), WICK_E_NSL_DROP);
    world_seal_m2(m2, A, th1, guess, plain, the_run(A)->cid_i, 77);
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[B].addr), WICK_E_NSL_DROP);
    CHECK_INT(side[A].established, 0);
    /* With the real N1 the same message is good, so it is N1 that was missing. */
    saved = side[A].node;
    world_seal_m2(m2, A, th1, the_run(A)->keys.fresh.n1, plain, the_run(A)->cid_i, 77);
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[B].addr), WICK_OK);
    side[A].node = saved;
    /* The genuine M2 still counts. */
    on_packet = NULL;
    CHECK_STATUS(world_give(A, held.bytes, held.len, &held.from), WICK_OK);
    world_run(now_ms + 100);
    CHECK(world_same_session(A, B));
}

/* ---- 2: Lowe ---- */

TEST(must_2_lowe)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX], plain[98];

    three_sides();
    /* A means D. D opens M1 and passes its contents on to B, sealed anew. */
    hold_back(NSL_M1);
    world_connect(A, D);
    REQUIRE(held_count == 1);
    REQUIRE_STATUS(world_open_m1(&m, D, held.bytes), WICK_OK);
    CHECK_INT(m.suite, world_suite);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    hold_back(NSL_M2);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_OK);
    REQUIRE(held_count == 1);
    /* B's M2 is for A, under the N1 that A drew. A refuses: another transcript. */
    unsigned opens = calls.open;
    CHECK_STATUS(world_give(A, held.bytes, held.len, &side[D].addr), WICK_E_NSL_DROP);
    CHECK_INT(calls.open, opens + 1);
    CHECK_INT(the_run(A)->state, NSL_WAIT_M2);
    /* The second line: were the transcript right, the responder's id is not. */
    world_random_bytes(plain, 32);
    some_point(plain + 32);
    memcpy(plain + 65, side[B].cfg.id, 32);
    plain[97] = WICK_NSL_OPT_SIG;
    world_seal_m2(held.bytes, A, the_run(A)->th1, m.n1, plain, m.cid_i, 5);
    CHECK_STATUS(world_give(A, held.bytes, M2_LEN, &side[D].addr), WICK_E_NSL_DROP);
    memcpy(plain + 65, side[D].cfg.id, 32);
    plain[97] = WICK_NSL_OPT_SIG | WICK_NSL_OPT_PSK16; /* not offered */
    world_seal_m2(held.bytes, A, the_run(A)->th1, m.n1, plain, m.cid_i, 5);
    CHECK_STATUS(world_give(A, held.bytes, M2_LEN, &side[D].addr), WICK_E_NSL_DROP);
    plain[97] = WICK_NSL_OPT_SIG;
    world_seal_m2(held.bytes, A, the_run(A)->th1, m.n1, plain, m.cid_i, 5);
    CHECK_STATUS(world_give(A, held.bytes, M2_LEN, &side[D].addr), WICK_OK);
    CHECK_INT(side[A].established + side[B].established, 0);
}

/* ---- 3: a record that copies a key ---- */

TEST(must_3_copied_key)
{
    wick_nsl_peer peer;
    struct m1_made m;
    uint32_t run;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX];

    /* As responder: D's record names B's key and address. */
    three_sides();
    side[D].record = side[B].record;
    peer = world_peer(D);
    peer.addr = side[B].addr;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    world_run(now_ms + 40000);
    CHECK(side[B].node.stats.m1_opened >= 1);
    CHECK(side[B].node.stats.auth_failed >= 1);
    CHECK_INT(side[B].lookups, 0);
    CHECK_INT(side[A].established + side[B].established, 0);
    CHECK_STATUS(side[A].last_failure, WICK_E_NSL_NO_ANSWER);

    /* As initiator, a copy of B's own key: refused, and remembered. */
    three_sides();
    side[D].record = side[B].record;
    m = world_m1(D);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_OK);
    CHECK_INT(side[B].lookups, 1);
    CHECK_INT(world_halves(B), 0);
    CHECK(world_sent(NSL_M2) == NULL);
    m = world_m1(D);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_E_NSL_DROP);
    CHECK_INT(side[B].lookups, 1);

    /* As initiator, a copy of A's key: M2 is sealed to A's key, and D cannot open it. */
    three_sides();
    side[D].record = side[A].record;
    m = world_m1(D);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_OK);
    REQUIRE(world_sent(NSL_M2) != NULL);
    world_run(now_ms + 20000);
    CHECK_INT(side[B].established, 0);
    CHECK_INT(world_halves(B), 0);

    /* And nobody begins a handshake with a peer that has our key. */
    peer = world_peer(D);
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_NSL_PEER_KEY);
    CHECK_INT(run, 0);
}

/* ---- 4: reflection ---- */

TEST(must_4_reflection)
{
    wick_session_table table;
    wick_session_psk k, got;
    wick_nsl_peer self;
    struct m1_made m;
    uint32_t run;
    uint8_t peer_id[32], m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX];

    three_sides();
    world_connect(A, B);
    world_run(now_ms + 500);
    REQUIRE(world_same_session(A, B));
    wick_session_table_init(&table, &crypto);
    CHECK_STATUS(wick_session_table_put(&table, &side[A].session, now_ms, 1000), WICK_OK);
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &side[A].session, WICK_USE_DTLS12), WICK_OK);
    const wick_span identity =
        wick_span_make((const uint8_t *)k.identity, WICK_SESSION_IDENTITY_CHARS);
    CHECK_STATUS(wick_session_table_find(&table, &got, peer_id, identity, WICK_ROLE_RESPONDER,
                                         WICK_USE_DTLS12, now_ms),
                 WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_session_table_find(&table, &got, peer_id, identity, WICK_ROLE_INITIATOR,
                                         WICK_USE_DTLS12, now_ms),
                 WICK_OK);
    CHECK_MEM(peer_id, side[B].cfg.id, 32);
    /* idA = idB */
    self = world_peer(A);
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &self), WICK_E_BAD_ARG);
    m = world_m1(B);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_E_NSL_DROP);
    CHECK_INT(side[B].lookups, 1);
    /* Own messages come back. */
    const uint8_t types[] = {NSL_M1, NSL_M3};
    for (size_t i = 0; i < sizeof types; i++) {
        const struct packet *p = world_sent(types[i]);
        unsigned before = side[A].established;
        CHECK(world_give(A, p->bytes, p->len, &side[B].addr) != WICK_OK || types[i] == NSL_M1);
        CHECK_INT(side[A].established, before);
        CHECK_INT(world_halves(A), 0);
    }
}

/* ---- 5: bit-identical repetitions ---- */

static struct packet log_of[64];
static unsigned log_count;
static uint8_t lose_types; /* bit per type */

static bool log_packet(struct packet *p)
{
    if (log_count < 64) {
        log_of[log_count++] = *p;
    }
    return (lose_types >> p->bytes[1] & 1) == 0;
}

static unsigned same_of_type(uint8_t type)
{
    unsigned n = 0;
    const struct packet *first = NULL;
    for (unsigned i = 0; i < log_count; i++) {
        const struct packet *p = &log_of[i];
        if (p->bytes[1] != type) {
            continue;
        }
        if (first == NULL) {
            first = p;
        }
        CHECK(p->len == first->len && memcmp(p->bytes, first->bytes, p->len) == 0);
        n++;
    }
    return n;
}

TEST(must_5_repetitions_are_identical)
{
    three_sides();
    log_count = 0;
    on_packet = log_packet;
    lose_types = 1u << NSL_M0;
    world_connect(A, B);
    world_run(now_ms + 7500);
    CHECK_INT(same_of_type(NSL_M1), 4); /* 0, 1, 3, 7 s */
    struct packet without = log_of[0];
    log_count = 0;
    lose_types = 1u << NSL_M2;
    world_run(now_ms + 24000 - 7500); /* the repetition at 15 s brings the cookie, and M2 */
    unsigned m1s = 0;
    for (unsigned i = 0; i < log_count; i++) {
        const struct packet *p = &log_of[i];
        if (p->bytes[1] == NSL_M1 && (p->bytes[3] & NSL_FLAG_COOKIE) != 0) {
            CHECK_INT(p->len, M1C_LEN);
            CHECK(memcmp(p->bytes, without.bytes, 3) == 0);
            CHECK(memcmp(p->bytes + 4, without.bytes + 4, 8) == 0);
            CHECK(memcmp(p->bytes + 28, without.bytes + 12, M1_LEN - 12) == 0);
            m1s++;
        }
    }
    CHECK(m1s >= 1);
    /* M2: the same for each repetition of M1 while the entry lives. */
    three_sides();
    log_count = 0;
    on_packet = log_packet;
    lose_types = 1u << NSL_M2;
    world_connect(A, B);
    world_run(now_ms + 3500);
    CHECK(same_of_type(NSL_M2) >= 3);
    /* M3 and M4, and each was sealed and signed once. */
    three_sides();
    log_count = 0;
    on_packet = log_packet;
    lose_types = 1u << NSL_M4;
    world_connect(A, B);
    world_run(now_ms + 200);
    unsigned seals = calls.seal, signs = calls.key_signs;
    world_run(now_ms + 7200);
    CHECK(same_of_type(NSL_M3) == 4);
    CHECK(same_of_type(NSL_M4) == 4);
    CHECK_INT(calls.seal, seals);
    CHECK_INT(calls.key_signs, signs);
    CHECK_INT(signs, 1);
    CHECK_INT(side[B].established, 1);
}

TEST(must_5_second_m2_is_dropped)
{
    uint8_t m2[WICK_NSL_M2_MAX], plain[98];

    three_sides();
    hold_back(NSL_M3);
    world_connect(A, B);
    uint8_t n1[32], th1[32];
    uint32_t cid_i = the_run(A)->cid_i;
    memcpy(n1, the_run(A)->keys.fresh.n1, 32);
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    memcpy(th1, the_run(A)->th1, 32);
    /* Even one that is genuine in all points. */
    world_random_bytes(plain, 32);
    some_point(plain + 32);
    memcpy(plain + 65, side[B].cfg.id, 32);
    plain[97] = WICK_NSL_OPT_SIG;
    world_seal_m2(m2, A, th1, n1, plain, cid_i, 99);
    unsigned seals = calls.seal;
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[B].addr), WICK_E_NSL_DROP);
    CHECK_INT(calls.seal, seals);
    CHECK_INT(held_count, 1);
}

/* k3 seals once: what could not be finished is not begun anew under the same key. */
TEST(must_5_a_failed_m3_ends_the_run)
{
    three_sides();
    hold_back(NSL_M2);
    world_connect(A, B);
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    on_packet = NULL;
    const unsigned seals = calls.seal;
    side[A].entropy_left = 0; /* for Ks */
    CHECK_STATUS(world_give(A, held.bytes, held.len, &held.from), WICK_OK);
    side[A].entropy_left = UINT32_MAX;
    CHECK_STATUS(side[A].last_failure, WICK_E_ENTROPY);
    CHECK_INT(side[A].failed, 1);
    CHECK_STATUS(world_give(A, held.bytes, held.len, &held.from), WICK_E_NSL_DROP);
    world_run(now_ms + 40000);
    CHECK(world_sent(NSL_M3) == NULL);
    CHECK_INT(calls.seal, seals);
    CHECK_INT(side[A].established + side[B].established, 0);
}

/* ---- 6: the cookie is outside of everything ---- */

TEST(must_6_cookie_and_header)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX], h1[32], h2[32];

    three_sides();
    m = world_m1(A);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[A].addr);
    CHECK_STATUS(nsl_m1_hash(&crypto, h1, wick_span_make(m1, M1_LEN)), WICK_OK);
    CHECK_STATUS(nsl_m1_hash(&crypto, h2, wick_span_make(with_cookie, M1C_LEN)), WICK_OK);
    CHECK_MEM(h1, h2, 32);
    side[B].cfg.no_cookie = true;
    world_start(B);
    saved = side[B].node;
    unsigned refused = 0;
    for (unsigned bit = 0; bit < 96; bit++) {
        side[B].node = saved;
        m1[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK(world_give(B, m1, M1_LEN, &side[A].addr) != WICK_OK);
        CHECK_INT(world_halves(B), 0);
        m1[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        refused++;
    }
    CHECK_INT(refused, 96);
    /* So it is where the cookie is in it: the seal is over the header without its flag. */
    side[B].cfg.no_cookie = false;
    for (unsigned bit = 0; bit <= 96; bit++) {
        const uint8_t flip = (uint8_t)(bit < 96 ? 1u << (bit % 8) : 0u);
        const bool flags = bit / 8 == 3; /* else before the cookie is made, so that it is right */
        world_start(B);
        m1[bit / 8] ^= flags ? 0 : flip;
        world_add_cookie(with_cookie, m1, B, &side[A].addr);
        m1[bit / 8] ^= flags ? 0 : flip;
        with_cookie[3] ^= flags ? flip : 0;
        wick_status st = world_give(B, with_cookie, M1C_LEN, &side[A].addr);
        CHECK((st == WICK_OK) == (bit == 96));
        CHECK_INT(world_halves(B), bit == 96 ? 1 : 0);
    }
    side[B].cfg.no_cookie = true;
    world_start(B);
    /* Both forms open; the second is a repetition of the first. */
    side[B].node = saved;
    CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr), WICK_OK);
    unsigned ops = calls.key_opens;
    world_add_cookie(with_cookie, m1, B, &side[A].addr);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[A].addr), WICK_OK);
    CHECK_INT(calls.key_opens, ops);
    CHECK_INT(world_halves(B), 1);
}

/* ---- 7: every field, every length ---- */

/* Everything that a dropped datagram must leave alone: not counters, rates, or a computed k3. */
static bool same_state(const wick_nsl_node *x, const wick_nsl_node *y)
{
    bool same = memcmp(x->done, y->done, sizeof x->done) == 0 &&
                memcmp(x->lookups, y->lookups, sizeof x->lookups) == 0 &&
                memcmp(x->negative, y->negative, sizeof x->negative) == 0 &&
                x->reply_pending == y->reply_pending && x->handed == y->handed;
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        const wick_nsl_half *p = &x->half[i], *q = &y->half[i];
        same = same && p->state == q->state && p->send_m2 == q->send_m2 &&
               memcmp(p->m2, q->m2, sizeof p->m2) == 0 && memcmp(p->th, q->th, 32) == 0 &&
               wick_addr_equal(&p->path, &q->path) && p->deadline_ms == q->deadline_ms;
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        const wick_nsl_run *p = &x->runs[i], *q = &y->runs[i];
        same = same && p->state == q->state && p->send == q->send && p->cid_r == q->cid_r &&
               p->msg_len == q->msg_len && memcmp(p->msg, q->msg, sizeof p->msg) == 0 &&
               memcmp(&p->keys, &q->keys, sizeof p->keys) == 0 && p->next_ms == q->next_ms &&
               p->m0_count == q->m0_count;
    }
    return same;
}

static unsigned mutations;

static void refuse(unsigned n, const uint8_t *bytes, size_t len, const wick_addr *from)
{
    unsigned sent = side[n].sent, events = side[n].established + side[n].failed + side[n].lookups;

    side[n].node = saved;
    CHECK(world_give(n, bytes, len, from) != WICK_OK);
    CHECK_INT(side[n].sent, sent);
    CHECK_INT(side[n].established + side[n].failed + side[n].lookups, events);
    CHECK(same_state(&side[n].node, &saved));
    mutations++;
}

/* `flip_from`..`flip_to`: bytes of which each flip must be refused. */
static void mutate(unsigned n, const struct packet *good, size_t flip_from, size_t flip_to)
{
    /* where an opening is RSA's, one byte in 17: some in each field */
    const size_t step = world_suite == 0x22 ? 1 : 17;
    uint8_t bytes[PACKET_MAX + 1];

    saved = side[n].node;
    memcpy(bytes, good->bytes, good->len);
    for (size_t i = flip_from; i < flip_to; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            if (i >= 12 && (bit != i % 8 || (i - 12) % step != 0)) {
                continue; /* all bits of the header, one of each byte behind it */
            }
            bytes[i] ^= (uint8_t)(1u << bit);
            refuse(n, bytes, good->len, &good->from);
            bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    for (size_t len = 0; len < good->len; len++) {
        refuse(n, bytes, len, &good->from);
    }
    bytes[good->len] = 0;
    refuse(n, bytes, good->len + 1, &good->from);
    side[n].node = saved;
}

TEST(must_7_every_field_and_length)
{
    const uint8_t types[] = {NSL_M0, NSL_M2, NSL_M3, NSL_M4};

    for (size_t i = 0; i < sizeof types; i++) {
        three_sides();
        hold_back(types[i]);
        world_connect(A, B);
        world_run(now_ms + 300);
        REQUIRE(held_count >= 1);
        mutations = 0;
        unsigned to = types[i] == NSL_M3 ? B : A;
        /* the cookie itself authenticates nothing: only M0's header is compared */
        mutate(to, &held, 0, types[i] == NSL_M0 ? 12 : held.len);
        CHECK(mutations >= 12 * 8 + held.len);
        /* and the genuine one is still welcome */
        on_packet = NULL;
        CHECK_STATUS(world_give(to, held.bytes, held.len, &held.from), WICK_OK);
        world_run(now_ms + 500);
        CHECK(world_same_session(A, B));
    }
    /* M1, where no cookie is asked for: with one, every change is answered by a fresh M0. */
    three_sides();
    side[B].cfg.no_cookie = true;
    world_start(B);
    hold_back(NSL_M1);
    world_connect(A, B);
    REQUIRE(held_count == 1);
    mutations = 0;
    mutate(B, &held, 0, held.len);
    CHECK(mutations >= 12 * 8 + M1_LEN + (world_suite == 0x22 ? 156 : 9));
    on_packet = NULL;
    CHECK_STATUS(world_give(B, held.bytes, held.len, &held.from), WICK_OK);
    world_run(now_ms + 500);
    CHECK(world_same_session(A, B));
}

TEST(must_7_mandatory_options_and_bad_plaintexts)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX];

    three_sides();
    side[B].cfg.no_cookie = true;
    world_start(B);
    for (unsigned bit = 0; bit < 16; bit++) {
        m = world_m1(A);
        m.opts = (uint16_t)(1u << bit);
        world_start(B);
        world_seal_m1(m1, &m, B, side[B].cfg.id);
        /* bits 0..7 may be unknown, 8..15 must be understood */
        CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr),
                     bit < 8 ? WICK_OK : WICK_E_NSL_DROP);
        CHECK_INT(world_halves(B), bit < 8 ? 1 : 0);
    }
    /* a kid that is not that of the record, after reading it twice */
    m = world_m1(A);
    m.kid[7] ^= 1;
    world_start(B);
    side[B].lookups = side[B].fresh_lookups = 0;
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr), WICK_OK);
    CHECK_INT(world_halves(B), 0);
    CHECK_INT(side[B].lookups, 2);
    CHECK_INT(side[B].fresh_lookups, 1);
    /* within 30 s the record is not read a second time for it */
    m = world_m1(A);
    m.kid[0] ^= 1;
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr), WICK_OK);
    CHECK_INT(side[B].lookups, 3);
    CHECK_INT(world_halves(B), 0);
}

/* ---- 8: nothing before the cookie ---- */

TEST(must_8_nothing_before_the_cookie)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX];

    three_sides();
    m = world_m1(A);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    memset(&calls, 0, sizeof calls);
    for (unsigned i = 0; i < 150; i++) {
        wick_addr from = wick_addr_v4(198, 51, 100, (uint8_t)i, (uint16_t)(1000 + i));
        CHECK_STATUS(world_give(B, m1, M1_LEN, &from), WICK_OK);
        /* a cookie for another address, another message, another time, or none at all */
        world_add_cookie(with_cookie, m1, B, &side[A].addr);
        if (i % 2 == 0) {
            world_random_bytes(with_cookie + 12, 16);
        }
        CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &from), WICK_OK);
        memset(queue, 0, sizeof queue);
        now_ms += 20;
    }
    CHECK_INT(calls.key_opens + calls.key_signs + calls.ecdh + calls.pub, 0);
    CHECK_INT(world_halves(B), 0);
    CHECK_INT(side[B].lookups, 0);
    CHECK_INT(side[B].node.stats.m1_opened, 0);
    CHECK_INT(side[B].node.stats.m0_sent, 300);
    /* the secret changes each 64 s, and the former one counts for another 64 */
    world_add_cookie(with_cookie, m1, B, &side[A].addr);
    now_ms += 120000;
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[A].addr), WICK_OK);
    CHECK_INT(calls.key_opens, 1);
    m = world_m1(A);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[A].addr);
    now_ms += 129000;
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[A].addr), WICK_OK);
    CHECK_INT(calls.key_opens, 1);
}

/* ---- 12: the path ---- */

TEST(must_12_path_follows_m3_only)
{
    three_sides();
    hold_back(NSL_M3);
    world_connect(A, B);
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    /* M1 again, from elsewhere, with a cookie that is valid there: answered there, not moved. */
    const struct packet *m1 = world_sent(NSL_M1);
    uint8_t plain[WICK_NSL_M1_MAX], again[WICK_NSL_M1_MAX];
    memcpy(plain, m1->bytes, 12);
    plain[3] = 0;
    memcpy(plain + 12, m1->bytes + 28, M1_LEN - 12);
    world_add_cookie(again, plain, B, &side[D].addr);
    unsigned sent = side[B].sent;
    CHECK_STATUS(world_give(B, again, M1C_LEN, &side[D].addr), WICK_OK);
    CHECK_INT(side[B].sent, sent + 1);
    CHECK(wick_addr_equal(&world_sent(NSL_M2)->to, &side[D].addr));
    CHECK(wick_addr_equal(&the_half(B)->path, &side[A].addr));
    CHECK_INT(world_halves(B), 1);
    /* M3 from a new port: this is where the peer is. */
    wick_addr moved = side[A].addr;
    moved.port = 999;
    CHECK_STATUS(world_give(B, held.bytes, held.len, &moved), WICK_OK);
    CHECK_INT(side[B].established, 1);
    CHECK(wick_addr_equal(&side[B].session.path, &moved));
    CHECK(wick_addr_equal(&world_sent(NSL_M4)->to, &moved));
    /* a late M1 of a finished handshake begins nothing */
    world_add_cookie(again, plain, B, &side[A].addr);
    CHECK_STATUS(world_give(B, again, M1C_LEN, &side[A].addr), WICK_E_NSL_DROP);
    CHECK_INT(world_halves(B), 0);
}

/* ---- 13: slow look-ups ---- */

TEST(must_13_slow_lookup)
{
    const uint64_t delays[] = {100, 5000};

    for (size_t i = 0; i < 2; i++) {
        three_sides();
        log_count = 0;
        lose_types = 0;
        on_packet = log_packet;
        lookup_mode = LOOKUP_LATER;
        lookup_delay_ms = delays[i];
        world_connect(A, B);
        world_run(now_ms + delays[i] + 3000);
        CHECK(world_same_session(A, B));
        CHECK_INT(side[B].lookups, 1);
        CHECK_INT(same_of_type(NSL_M2), 1);
    }
    /* never: nothing stays, and the run ends in 31 s */
    three_sides();
    lookup_mode = LOOKUP_NEVER;
    world_connect(A, B);
    world_run(now_ms + 9900);
    CHECK_INT(side[B].lookups, 1);
    CHECK_INT(world_halves(B), 1);
    world_run(now_ms + 30000);
    CHECK_STATUS(side[A].last_failure, WICK_E_NSL_NO_ANSWER);
    CHECK_INT(world_halves(B), 0);
    CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, side[A].cfg.id, &side[A].record,
                                        WICK_OK),
                 WICK_E_STATE);
    /* at most two at once; others wait for their turn */
    three_sides();
    lookup_mode = LOOKUP_NEVER;
    side[B].cfg.no_cookie = true;
    world_start(B);
    for (unsigned n = 0; n < 5; n++) {
        struct m1_made m = world_m1(A);
        uint8_t m1[WICK_NSL_M1_MAX];
        wick_addr from = wick_addr_v4(198, 51, 100, (uint8_t)n, 7);
        m.id[0] = (uint8_t)(n % 3);
        world_seal_m1(m1, &m, B, side[B].cfg.id);
        CHECK_STATUS(world_give(B, m1, M1_LEN, &from), WICK_OK);
    }
    CHECK_INT(side[B].lookups, 2);
    CHECK_INT(world_halves(B), 5);
    uint8_t id[32];
    memcpy(id, side[A].cfg.id, 32);
    id[0] = 0;
    CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, id, NULL, WICK_OK), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, id, NULL, WICK_E_RECORD_ABSENT),
                 WICK_OK);
    world_poll(B);
    CHECK_INT(side[B].lookups, 3); /* the third id's turn */
    CHECK_INT(world_halves(B), 3); /* both entries of the absent id are gone */
    CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, id, NULL, WICK_E_RECORD_ABSENT),
                 WICK_E_STATE);
    /* absent is remembered for 60 s */
    struct m1_made m = world_m1(A);
    uint8_t m1[WICK_NSL_M1_MAX];
    m.id[0] = 0;
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    CHECK_STATUS(world_give(B, m1, M1_LEN, &side[D].addr), WICK_E_NSL_DROP);
    now_ms += 61000;
    world_poll(B);
    CHECK_STATUS(world_give(B, m1, M1_LEN, &side[D].addr), WICK_OK);
}

/* ---- 17: resets and losses ---- */

TEST(must_17_m3_to_a_rebooted_responder)
{
    three_sides();
    hold_back(NSL_M3);
    world_connect(A, B);
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    world_start(B); /* reboot: everything is forgotten */
    on_packet = NULL;
    CHECK_STATUS(world_give(B, held.bytes, held.len, &held.from), WICK_E_NSL_DROP);
    world_run(now_ms + 30000);
    CHECK_INT(side[A].established, 1);
    CHECK_INT(side[A].failed, 0);
    CHECK(world_same_session(A, B));
}

static unsigned lose_m4;

static bool lose_some_m4(struct packet *p)
{
    if (p->bytes[1] == NSL_M4 && lose_m4 > 0) {
        lose_m4--;
        return false;
    }
    return true;
}

TEST(must_17_m4_lost_five_times)
{
    three_sides();
    lose_m4 = 5;
    on_packet = lose_some_m4;
    uint64_t begin = now_ms;
    world_connect(A, B);
    world_run(begin + 31000);
    CHECK_INT(lose_m4, 0);
    CHECK_INT(side[A].established, 1);
    CHECK_INT(side[A].failed, 0);
    CHECK(world_same_session(A, B));
}

TEST(must_17_no_m4_with_m3_lost)
{
    static const uint8_t client_hello[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};

    three_sides();
    side[A].cfg.opts = side[B].cfg.opts = WICK_NSL_OPT_SIG | WICK_NSL_OPT_NO_M4;
    world_start(A);
    world_start(B);
    hold_back(NSL_M3);
    uint32_t run = world_connect(A, B);
    world_run(now_ms + 100);
    CHECK_INT(held_count, 1);
    CHECK_INT(side[A].established, 1);
    CHECK_INT(side[B].established, 0);
    /* DTLS before M3: not ours, and B has no server for this peer yet */
    CHECK_STATUS(world_give(B, client_hello, sizeof client_hello, &side[A].addr),
                 WICK_E_NSL_DROP);
    /* each ClientHello flight brings M3 again, the same bytes */
    on_packet = NULL;
    CHECK_STATUS(wick_nsl_repeat(&side[A].node, run, now_ms), WICK_OK);
    world_poll(A);
    CHECK_MEM(world_sent(NSL_M3)->bytes, held.bytes, held.len);
    world_run(now_ms + 100);
    CHECK_INT(side[B].established, 1);
    CHECK(world_same_session(A, B));
    /* once more: known, and not answered, because M4 is off */
    unsigned sent = side[B].sent;
    CHECK_STATUS(wick_nsl_repeat(&side[A].node, run, now_ms), WICK_OK);
    world_run(now_ms + 100);
    CHECK_INT(side[B].sent, sent);
    CHECK_INT(side[B].established, 1);
    /* it ends by itself, or when the caller says so */
    world_run(now_ms + 61000);
    CHECK_STATUS(wick_nsl_repeat(&side[A].node, run, now_ms), WICK_E_STATE);
    run = world_connect(A, B);
    world_run(now_ms + 100);
    wick_nsl_close(&side[A].node, run);
    CHECK_STATUS(wick_nsl_repeat(&side[A].node, run, now_ms), WICK_E_STATE);
    /* one side alone does not switch M4 off */
    three_sides();
    side[A].cfg.opts = WICK_NSL_OPT_SIG | WICK_NSL_OPT_NO_M4;
    world_start(A);
    world_connect(A, B);
    world_run(now_ms + 300);
    CHECK(world_sent(NSL_M4) != NULL);
    CHECK(world_same_session(A, B));
}

/* ---- 18: nothing secret stays ---- */

TEST(must_18_secrets_are_wiped)
{
    uint8_t secret[8][32];

    three_sides();
    hold_back(NSL_M3);
    world_connect(A, B);
    memcpy(secret[0], the_run(A)->keys.fresh.n1, 32);
    memcpy(secret[1], the_run(A)->keys.fresh.e_secret, 32);
    CHECK(world_node_has(A, secret[0], 32));
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    const wick_nsl_half *e = the_half(B);
    CHECK_MEM(secret[0], e->keys.fresh.n1, 32);
    memcpy(secret[2], e->keys.fresh.n2, 32);
    memcpy(secret[3], e->keys.fresh.e_secret, 32);
    CHECK_STATUS(crypto.secp256k1_ecdh(crypto.ctx, secret[4], secret[3], e->e_pub), WICK_OK);
    CHECK_STATUS(nsl_prk(&crypto, secret[5], secret[6], e->th, secret[0], secret[2], secret[3],
                         e->e_pub),
                 WICK_OK);
    /* A has sent M3 and waits for M4: only the root is left of it */
    for (size_t i = 0; i < 7; i++) {
        CHECK(!world_node_has(A, secret[i], 32));
    }
    /* a wrong M3 makes B compute k3: what it came from is gone */
    held.bytes[50] ^= 1;
    CHECK_STATUS(world_give(B, held.bytes, held.len, &held.from), WICK_E_NSL_DROP);
    held.bytes[50] ^= 1;
    CHECK(world_node_has(B, secret[6], 32));
    CHECK(!world_node_has(B, secret[0], 32) && !world_node_has(B, secret[3], 32));
    on_packet = NULL;
    CHECK_STATUS(world_give(B, held.bytes, held.len, &held.from), WICK_OK);
    world_run(now_ms + 100);
    REQUIRE(world_same_session(A, B));
    memcpy(secret[7], side[A].session.root, 32);
    for (size_t i = 0; i < 8; i++) {
        CHECK(!world_node_has(A, secret[i], 32));
        CHECK(!world_node_has(B, secret[i], 32));
    }
}

TEST(must_18_wiped_on_eviction_and_failure)
{
    uint8_t n1[32], e_secret[32], root[32];

    /* the initiator gives up */
    three_sides();
    hold_back(NSL_M0);
    world_connect(A, B);
    memcpy(n1, the_run(A)->keys.fresh.n1, 32);
    memcpy(e_secret, the_run(A)->keys.fresh.e_secret, 32);
    world_run(now_ms + 32000);
    CHECK_INT(side[A].failed, 1);
    CHECK(!world_node_has(A, n1, 32) && !world_node_has(A, e_secret, 32));
    /* the responder's entry ends by time */
    three_sides();
    hold_back(NSL_M3);
    world_connect(A, B);
    memcpy(n1, the_run(A)->keys.fresh.n1, 32);
    world_run(now_ms + 100);
    memcpy(e_secret, the_half(B)->keys.fresh.e_secret, 32);
    CHECK(world_node_has(B, n1, 32));
    now_ms += 9000;
    world_poll(B);
    CHECK(!world_node_has(B, n1, 32) && !world_node_has(B, e_secret, 32));
    /* a closed run, and a session that nobody took */
    three_sides();
    uint32_t run = world_connect(A, B);
    memcpy(n1, the_run(A)->keys.fresh.n1, 32);
    wick_nsl_close(&side[A].node, run);
    CHECK(!world_node_has(A, n1, 32));
    run = world_connect(A, B);
    hold_back(NSL_M4);
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    memcpy(root, the_run(A)->keys.late.root, 32);
    CHECK_STATUS(wick_nsl_input(&side[A].node, now_ms, wick_span_make(held.bytes, held.len),
                                &held.from),
                 WICK_OK);
    wick_nsl_out out;
    wick_nsl_poll(&side[A].node, &out, now_ms);
    CHECK_INT(out.event, WICK_NSL_EV_ESTABLISHED);
    CHECK(world_node_has(A, root, 32));
    wick_nsl_poll(&side[A].node, &out, now_ms);
    CHECK(!world_node_has(A, root, 32));
    wick_session s;
    CHECK_STATUS(wick_nsl_take(&side[A].node, &s, run), WICK_E_STATE);
    CHECK(wick_ct_is_zero(s.root, 32));
    wick_nsl_wipe(&side[B].node);
    CHECK(wick_ct_is_zero((const uint8_t *)&side[B].node, sizeof side[B].node));
}

/* ---- 20: points ---- */

static void bad_point(uint8_t out[33], unsigned how)
{
    some_point(out);
    switch (how) {
    case 0:
        out[0] = 0x00;
        break;
    case 1:
        out[0] = 0x04;
        break;
    case 2:
        out[0] = 0x06;
        break;
    case 3:
        out[0] = 0x07;
        break;
    case 4: /* x = 2^256 - 1 >= p */
        memset(out + 1, 0xff, 32);
        break;
    default: /* x = 5: no point of the curve */
        memset(out + 1, 0, 32);
        out[32] = 5;
        break;
    }
}

TEST(must_20_points)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX], m2[WICK_NSL_M2_MAX], plain[98];
    wick_nsl_peer peer;
    uint32_t run;

    for (unsigned how = 0; how < 6; how++) {
        /* on the wire: encapsulated key, ephemeral of M1 */
        three_sides();
        side[B].cfg.no_cookie = true;
        world_start(B);
        m = world_m1(A);
        world_seal_m1(m1, &m, B, side[B].cfg.id);
        bad_point(m1 + 12, how);
        unsigned ops = calls.key_opens;
        CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr), WICK_E_NSL_DROP);
        CHECK_INT(calls.key_opens, ops);
        bad_point(m.e_pub, how);
        world_seal_m1(m1, &m, B, side[B].cfg.id);
        CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr), WICK_E_NSL_DROP);
        CHECK_INT(world_halves(B), 0);
        /* ephemeral of M2 */
        hold_back(NSL_M1);
        world_connect(A, B);
        world_random_bytes(plain, 32);
        bad_point(plain + 32, how);
        memcpy(plain + 65, side[B].cfg.id, 32);
        plain[97] = WICK_NSL_OPT_SIG;
        world_seal_m2(m2, A, the_run(A)->th1, the_run(A)->keys.fresh.n1, plain,
                      the_run(A)->cid_i, 5);
        CHECK_STATUS(world_give(A, m2, M2_LEN, &side[B].addr), WICK_E_NSL_DROP);
        CHECK_INT(the_run(A)->state, NSL_WAIT_M2);
        bad_point(m2 + 12, how);
        CHECK_STATUS(world_give(A, m2, M2_LEN, &side[B].addr), WICK_E_NSL_DROP);
        /* from the chain */
        peer = world_peer(B);
        peer.id[0] ^= 1;
        bad_point(peer.key.bytes, how);
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_BAD_KEY);
        m = world_m1(A);
        world_seal_m1(m1, &m, B, side[B].cfg.id);
        bad_point(side[A].record.bytes, how);
        CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr), WICK_OK);
        CHECK_INT(world_halves(B), 0);
        CHECK_INT(side[B].lookups, 1);
        world_start(B);
    }
}

/* n of secp256k1, for the high-s form of a signature */
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

static void negate_s(uint8_t s[32])
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int v = order[i] - s[i] - borrow;
        borrow = v < 0 ? 1 : 0;
        s[i] = (uint8_t)(v & 0xff);
    }
}

/* An M3 with whatever signature, as only the initiator can make it. */
static void make_m3(uint8_t out[124], const wick_nsl_half *e, const uint8_t ks[32],
                    const uint8_t sig[64])
{
    static const uint8_t nonce[12] = {0};
    const struct nsl_header h = {NSL_M3, e->suite, 0, e->cid_i, e->cid_r};
    uint8_t prk[32], k3[32], aad[44], plain[96];

    CHECK_STATUS(nsl_prk(&real_crypto, prk, k3, e->th, e->keys.fresh.n1, e->keys.fresh.n2,
                         e->keys.fresh.e_secret, e->e_pub),
                 WICK_OK);
    nsl_header_put(out, &h);
    memcpy(aad, out, 12);
    memcpy(aad + 12, e->th, 32);
    memcpy(plain, ks, 32);
    memcpy(plain + 32, sig, 64);
    CHECK_STATUS(real_crypto.aead_seal(real_crypto.ctx, WICK_AEAD_CHACHA20_POLY1305, out + 12, k3,
                                       nonce, NSL_SPAN(aad), NSL_SPAN(plain)),
                 WICK_OK);
}

TEST(must_20_signature_of_m3)
{
    uint8_t ks[32] = {1}, sig[64], m3[124], digest[32], keyhash_b[32];
    wick_nsl_half e;

    three_sides();
    hold_back(NSL_M3);
    world_connect(A, B);
    world_run(now_ms + 100);
    REQUIRE(held_count == 1);
    e = *the_half(B);
    saved = side[B].node;
    world_keyhash(keyhash_b, B);
    CHECK_STATUS(nsl_sig_digest(&crypto, digest, e.th, side[A].cfg.id, side[B].cfg.id, keyhash_b,
                                ks),
                 WICK_OK);
    CHECK_STATUS(keystore.secp256k1_sign(keystore.ctx, sig, NULL, side[A].key, digest), WICK_OK);
    /* high s */
    negate_s(sig + 32);
    make_m3(m3, &e, ks, sig);
    unsigned verifies = calls.verify;
    CHECK_STATUS(world_give(B, m3, sizeof m3, &side[A].addr), WICK_E_NSL_DROP);
    CHECK_INT(calls.verify, verifies + 1);
    negate_s(sig + 32);
    /* for another Ks, and by another key */
    side[B].node = saved;
    ks[0] = 2;
    make_m3(m3, &e, ks, sig);
    CHECK_STATUS(world_give(B, m3, sizeof m3, &side[A].addr), WICK_E_NSL_DROP);
    ks[0] = 1;
    CHECK_STATUS(keystore.secp256k1_sign(keystore.ctx, sig, NULL, side[D].key, digest), WICK_OK);
    side[B].node = saved;
    make_m3(m3, &e, ks, sig);
    CHECK_STATUS(world_give(B, m3, sizeof m3, &side[A].addr), WICK_E_NSL_DROP);
    CHECK_INT(side[B].established, 0);
    /* a wrong tag is seen before the signature is looked at */
    verifies = calls.verify;
    m3[123] ^= 1;
    CHECK_STATUS(world_give(B, m3, sizeof m3, &side[A].addr), WICK_E_NSL_DROP);
    CHECK_INT(calls.verify, verifies);
    /* none of it ended the handshake */
    CHECK_STATUS(world_give(B, held.bytes, held.len, &side[A].addr), WICK_OK);
    CHECK_INT(side[B].established, 1);
}

IN_ALL_SUITES(must_1_kci_with_the_initiators_key)
IN_ALL_SUITES(must_2_lowe)
IN_ALL_SUITES(must_3_copied_key)
IN_ALL_SUITES(must_4_reflection)
IN_ALL_SUITES(must_5_repetitions_are_identical)
IN_ALL_SUITES(must_5_second_m2_is_dropped)
IN_ALL_SUITES(must_5_a_failed_m3_ends_the_run)
IN_ALL_SUITES(must_6_cookie_and_header)
IN_ALL_SUITES(must_7_every_field_and_length)
IN_ALL_SUITES(must_7_mandatory_options_and_bad_plaintexts)
IN_ALL_SUITES(must_8_nothing_before_the_cookie)
IN_ALL_SUITES(must_12_path_follows_m3_only)
IN_ALL_SUITES(must_13_slow_lookup)
IN_ALL_SUITES(must_17_m3_to_a_rebooted_responder)
IN_ALL_SUITES(must_17_m4_lost_five_times)
IN_ALL_SUITES(must_17_no_m4_with_m3_lost)
IN_ALL_SUITES(must_18_secrets_are_wiped)
IN_ALL_SUITES(must_18_wiped_on_eviction_and_failure)

TAP_MAIN("unit.nsl_musts", CASES(must_1_kci_with_the_initiators_key), CASES(must_2_lowe), CASES(must_3_copied_key), CASES(must_4_reflection), CASES(must_5_repetitions_are_identical), CASES(must_5_second_m2_is_dropped), CASES(must_5_a_failed_m3_ends_the_run), CASES(must_6_cookie_and_header), CASES(must_7_every_field_and_length), CASES(must_7_mandatory_options_and_bad_plaintexts), CASES(must_8_nothing_before_the_cookie), CASES(must_12_path_follows_m3_only), CASES(must_13_slow_lookup), CASES(must_17_m3_to_a_rebooted_responder), CASES(must_17_m4_lost_five_times), CASES(must_17_no_m4_with_m3_lost), CASES(must_18_secrets_are_wiped), CASES(must_18_wiped_on_eviction_and_failure), CASE(must_20_points), CASE(must_20_signature_of_m3))
