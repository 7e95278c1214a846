/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks on the handshake with one of its lines of defence taken out of the library: what the models
 * (unittest/models) say of the others must hold for the code. The linker puts a comparison of
 * ours in place of wick_ct_equal (--wrap), which finds all identities equal while `blind`.
 */
#include "../../core/psk/nsl_internal.h"
#include "nsl_world.h"
#include "wick/hpke.h"

#define A 0
#define B 1
#define D 2 /* dishonest */

static bool blind;
static unsigned looks;

bool __real_wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len);
bool __wrap_wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len);

bool __wrap_wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    if (blind && len == 32) {
        looks++;
        return true;
    }
    return __real_wick_ct_equal(a, b, len);
}

static uint8_t hold_type;
static struct packet held;

static bool hold(struct packet *p)
{
    if (p->bytes[1] == hold_type) {
        held = *p;
        return false;
    }
    return true;
}

static void hold_back(uint8_t type)
{
    hold_type = type;
    memset(&held, 0, sizeof held);
    on_packet = hold;
}

/* A means D, who opens M1 and seals it anew to B; B's M2, which is for A, is held back. */
static struct m1_made relay(void)
{
    struct m1_made m;
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX];

    memset(&m, 0, sizeof m);
    blind = false;
    looks = 0;
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
    world_side(D, 0xd4);
    hold_back(NSL_M1);
    world_connect(A, D);
    CHECK_STATUS(world_open_m1(&m, D, held.bytes), WICK_OK);
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    world_add_cookie(with_cookie, m1, B, &side[D].addr);
    hold_back(NSL_M2);
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[D].addr), WICK_OK);
    CHECK(held.len == M2_LEN);
    return m;
}

static wick_status open_as_a(uint8_t plain[98], const uint8_t th1[32], const uint8_t n1[32])
{
    wick_hpke_params p;
    wick_hpke h;

    memset(&p, 0, sizeof p);
    p.mode = WICK_HPKE_PSK;
    p.aead = WICK_AEAD_CHACHA20_POLY1305;
    p.info = wick_span_make(th1, 32);
    p.psk = wick_span_make(n1, 32);
    p.psk_id = wick_span_make((const uint8_t *)"DPK-NSL v1 N1", 13);
    wick_status st = wick_hpke_setup_recipient(&h, &crypto, &keystore, side[A].record.bytes,
                                               held.bytes + 12, &p, side[A].key);
    return st == WICK_OK ? wick_hpke_open(&h, plain, wick_span_make(held.bytes, 12),
                                          wick_span_make(held.bytes + 45, 114))
                         : st;
}

/* Lowe's relay, and A compares no identity: the transcript in the seal refuses it alone. */
TEST(must_2_lowe_without_the_compare_of_ids)
{
    uint8_t plain[98], m2[WICK_NSL_M2_MAX];

    const struct m1_made m = relay();
    const wick_nsl_run *r = &side[A].node.runs[0];
    /* It is the info, and nothing else: under B's own transcript A's key and N1 open what D brings,
     * and there it says whose it is. */
    const wick_nsl_half *e = &side[B].node.half[0];
    uint8_t th0[32], th1[32], m1_hash[32], keyhash_a[32], keyhash_b[32];
    world_keyhash(keyhash_a, A);
    world_keyhash(keyhash_b, B);
    CHECK_STATUS(nsl_th0(&crypto, th0, 0x22, side[B].cfg.id, keyhash_b), WICK_OK);
    memcpy(m1_hash, e->m1_hash, 32);
    CHECK_STATUS(nsl_th1(&crypto, th1, th0, m1_hash, side[A].cfg.id, keyhash_a), WICK_OK);
    CHECK_STATUS(open_as_a(plain, r->th1, m.n1), WICK_E_AUTH);
    CHECK_STATUS(open_as_a(plain, th1, m.n1), WICK_OK);
    CHECK_MEM(plain + 65, side[B].cfg.id, 32);
    blind = true;
    unsigned opens = calls.open;
    CHECK_STATUS(world_give(A, held.bytes, held.len, &side[D].addr), WICK_E_NSL_DROP);
    CHECK_INT(calls.open, opens + 1);
    CHECK_INT(looks, 0); /* it did not come to the compare */
    CHECK_INT(r->state, NSL_WAIT_M2);
    /* The compare is gone indeed: with A's transcript, B's name where D's should be passes. */
    world_seal_m2(m2, A, r->th1, m.n1, plain, m.cid_i, 5);
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[D].addr), WICK_OK);
    CHECK_INT(looks, 1);
    blind = false;
    CHECK_INT(side[A].established + side[B].established, 0);
}

/* The other way about: with the right transcript, the compare refuses alone. */
TEST(must_2_lowe_without_the_transcript)
{
    uint8_t plain[98], m2[WICK_NSL_M2_MAX];

    const struct m1_made m = relay();
    const wick_nsl_run *r = &side[A].node.runs[0];
    world_random_bytes(plain, 32);
    memcpy(plain + 32, side[B].record.bytes, 33);
    memcpy(plain + 65, side[B].cfg.id, 32);
    plain[97] = WICK_NSL_OPT_SIG;
    world_seal_m2(m2, A, r->th1, m.n1, plain, m.cid_i, 5);
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[D].addr), WICK_E_NSL_DROP);
    CHECK_INT(r->state, NSL_WAIT_M2);
    memcpy(plain + 65, side[D].cfg.id, 32);
    plain[96] ^= 0x80; /* nearly D's */
    world_seal_m2(m2, A, r->th1, m.n1, plain, m.cid_i, 5);
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[D].addr), WICK_E_NSL_DROP);
    plain[96] ^= 0x80;
    world_seal_m2(m2, A, r->th1, m.n1, plain, m.cid_i, 5);
    CHECK_STATUS(world_give(A, m2, M2_LEN, &side[D].addr), WICK_OK);
}

/* A record that copies B's key, and A compares no identity: th0 has the id, not the key alone. */
TEST(must_3_copied_key_without_the_compare_of_ids)
{
    wick_nsl_peer peer;
    uint32_t run;

    blind = false;
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
    world_side(D, 0xd4);
    side[D].record = side[B].record;
    peer = world_peer(D);
    peer.addr = side[B].addr;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    world_run(now_ms + 15);
    looks = 0;
    blind = true;
    world_run(now_ms + 20); /* M1 with its cookie reaches B, who has the private key */
    CHECK(calls.key_opens >= 1);
    CHECK(side[B].node.stats.auth_failed >= 1);
    CHECK_INT(side[B].lookups, 0);
    CHECK_INT(world_halves(B), 0);
    blind = false;
    world_run(now_ms + 40000);
    CHECK_INT(side[A].established + side[B].established, 0);
}

TAP_MAIN("unit.nsl_attacks", CASE(must_2_lowe_without_the_compare_of_ids),
         CASE(must_2_lowe_without_the_transcript),
         CASE(must_3_copied_key_without_the_compare_of_ids))
