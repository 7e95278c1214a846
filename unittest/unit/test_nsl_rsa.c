/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handshakes with RSA keys: what is theirs alone. The rules that hold in each suite are tested there by
 * unit.nsl, unit.nsl_musts and unit.nsl_limits; numbers are those of the protocol's review.
 */
#include "../../core/psk/nsl_internal.h"
#include "nsl_world.h"
#include "wick/rsa.h"

#define A 0
#define B 1

static void two_rsa_sides(void)
{
    world_suite = 0x11;
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
}

/* ---- 5: PSS is randomised, M3 is not ---- */

static struct packet first_m3;
static unsigned m3_count;

static bool lose_m4(struct packet *p)
{
    if (p->bytes[1] == NSL_M3) {
        if (m3_count == 0) {
            first_m3 = *p;
        }
        CHECK(p->len == 316 && memcmp(p->bytes, first_m3.bytes, p->len) == 0);
        m3_count++;
    }
    return p->bytes[1] != NSL_M4;
}

TEST(must_5_m3_with_pss_is_sealed_once)
{
    uint8_t digest[32] = {1}, sig1[256], sig2[256];

    two_rsa_sides();
    CHECK_STATUS(keystore.rsa_sign(keystore.ctx, sig1, side[A].key, digest), WICK_OK);
    CHECK_STATUS(keystore.rsa_sign(keystore.ctx, sig2, side[A].key, digest), WICK_OK);
    CHECK(memcmp(sig1, sig2, sizeof sig1) != 0); /* a second M3 would be another one */
    m3_count = 0;
    on_packet = lose_m4;
    world_connect(A, B);
    world_run(now_ms + 200);
    const unsigned seals = calls.seal, signs = calls.key_signs;
    world_run(now_ms + 7200);
    CHECK_INT(m3_count, 4);
    CHECK_INT(calls.seal, seals);
    CHECK_INT(calls.key_signs, signs);
    /* a further M2, even the genuine one, makes no further M3 */
    const struct packet m2 = *world_sent(NSL_M2);
    CHECK_STATUS(world_give(A, m2.bytes, m2.len, &m2.from), WICK_E_NSL_DROP);
    CHECK_INT(calls.key_signs, signs);
    world_suite = 0x22;
}

/* ---- 19: no oracle ---- */

static wick_hal_crypto counted;
static unsigned hashed;

static wick_status count_hash(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    hashed += (unsigned)len;
    return counted.hash_update(ctx, h, data, len);
}

/* What an M1 costs that does not open, in all that can be counted. */
struct cost {
    wick_status status;
    unsigned key_opens, opens, hashed, auth_failed;
};

static struct cost cost_of(const uint8_t m1[WICK_NSL_M1_MAX])
{
    struct cost c;

    world_start(B);
    counted = crypto;
    crypto.hash_update = count_hash;
    hashed = 0;
    memset(&calls, 0, sizeof calls);
    c.status = world_give(B, m1, M1_LEN, &side[A].addr);
    crypto = counted;
    c.key_opens = calls.key_opens;
    c.opens = calls.open;
    c.hashed = hashed;
    c.auth_failed = side[B].node.stats.auth_failed;
    CHECK_INT(world_halves(B), 0);
    CHECK_INT(side[B].sent + side[B].lookups, 0);
    return c;
}

TEST(must_19_bad_padding_and_bad_tag_are_one)
{
    uint8_t good[WICK_NSL_M1_MAX], m1[WICK_NSL_M1_MAX];
    struct m1_made m;

    two_rsa_sides();
    side[B].cfg.no_cookie = true;
    world_start(B);
    m = world_m1(A);
    world_seal_m1(good, &m, B, side[B].cfg.id);
    memcpy(m1, good, M1_LEN);
    m1[M1_LEN - 1] ^= 1; /* padding good, tag bad */
    const struct cost tag = cost_of(m1);
    CHECK_STATUS(tag.status, WICK_E_NSL_DROP);
    CHECK_INT(tag.key_opens, 1);
    CHECK_INT(tag.opens, 1);
    CHECK_INT(tag.auth_failed, 1);
    for (unsigned how = 0; how < 6; how++) {
        memcpy(m1, good, M1_LEN);
        switch (how) {
        case 0:
            m1[12 + 255] ^= 1;
            break;
        case 1:
            m1[12] ^= 0x40;
            break;
        case 2:
            memset(m1 + 12, 0, 256);
            break;
        case 3:
            memset(m1 + 12, 0xff, 256); /* not below n */
            break;
        case 4:
            memcpy(m1 + 12, side[B].record.bytes, 256); /* n */
            break;
        default:
            world_random_bytes(m1 + 13, 255);
            m1[12] = 0;
            break;
        }
        const struct cost c = cost_of(m1);
        CHECK_STATUS(c.status, tag.status);
        CHECK_INT(c.key_opens, tag.key_opens);
        CHECK_INT(c.opens, tag.opens);
        CHECK_INT(c.hashed, tag.hashed);
        CHECK_INT(c.auth_failed, tag.auth_failed);
    }
    /* a seed for another transcript: the label is wrong */
    uint8_t other_id[32] = {3};
    m = world_m1(A);
    world_seal_m1(m1, &m, B, other_id);
    const struct cost label = cost_of(m1);
    CHECK_STATUS(label.status, tag.status);
    CHECK_INT(label.opens, tag.opens);
    CHECK_INT(label.hashed, tag.hashed);
    CHECK_STATUS(world_give(B, good, M1_LEN, &side[A].addr), WICK_OK);
    CHECK_INT(world_halves(B), 1);
    world_suite = 0x22;
}

/* ---- 19: keys of a record that may not be used ---- */

static void spoil(wick_nsl_key *key, unsigned how)
{
    switch (how) {
    case 0: /* e = 1 */
        wick_store_be32(key->bytes + 256, 1);
        break;
    case 1: /* e = 3 */
        wick_store_be32(key->bytes + 256, 3);
        break;
    case 2: /* even */
        wick_store_be32(key->bytes + 256, 65538);
        break;
    case 3: /* 1,024 bits */
        memset(key->bytes, 0, 128);
        break;
    default: /* even modulus */
        key->bytes[255] ^= 1;
        break;
    }
}

TEST(must_19_keys_of_records)
{
    wick_nsl_peer peer;
    wick_nsl_config cfg;
    uint32_t run;

    two_rsa_sides();
    for (unsigned how = 0; how < 5; how++) {
        peer = world_peer(B);
        spoil(&peer.key, how);
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_BAD_KEY);
        CHECK_INT(run, 0);
        cfg = side[A].cfg;
        spoil(&cfg.pub, how);
        CHECK_STATUS(wick_nsl_init(&side[2].node, &cfg, now_ms), WICK_E_BAD_KEY);
    }
    /* as initiator: refused when the record is read, and remembered */
    spoil(&side[A].record, 1);
    world_connect(A, B);
    world_run(now_ms + 500);
    CHECK_INT(side[B].lookups, 1);
    CHECK_INT(world_halves(B), 0);
    CHECK(world_sent(NSL_M2) == NULL);
    world_run(now_ms + 2000);
    CHECK_INT(side[B].lookups, 1);
    world_suite = 0x22;
}

/* A build or a port without RSA says so, and nothing else breaks. */
TEST(no_back_end)
{
    uint8_t keyhash[32];
    wick_nsl_config cfg;
    wick_nsl_peer peer;
    uint32_t run;

    two_rsa_sides();
    peer = world_peer(B);
    cfg = side[A].cfg;
    wick_hal_crypto without = crypto;
    without.rsa_seal = NULL;
    CHECK_STATUS(nsl_keyhash(&without, keyhash, &peer.key), WICK_E_UNSUPPORTED);
    wick_hal_keystore bare = keystore;
    bare.rsa_public = NULL;
    cfg.keystore = &bare;
    CHECK_STATUS(wick_nsl_init(&side[2].node, &cfg, now_ms), WICK_E_UNSUPPORTED);
    world_suite = 0x22;
    world_init();
    world_side(A, 0xa1);
    crypto.rsa_seal = NULL;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_UNSUPPORTED);
}

/* A suite that was asked for holds when a key changes its type: the peer's during a run, or the own. */
TEST(only_suite_holds)
{
    wick_nsl_peer gone;
    uint32_t run;

    for (unsigned only = 0; only < 2; only++) {
        two_rsa_sides();
        world_suite = 0x12;
        world_side(2, 0xc3); /* secp256k1 */
        side[A].cfg.only_suite = only != 0 ? 0x11 : 0;
        world_start(A);
        lookup_mode = LOOKUP_NEVER;
        gone = world_peer(B);
        gone.addr.port = 9;
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &gone), WICK_OK);
        world_run(now_ms + 4000);
        CHECK_INT(side[A].lookups, 1);
        CHECK_STATUS(wick_nsl_lookup_result(&side[A].node, now_ms, side[B].cfg.id,
                                            &side[2].record, WICK_OK),
                     WICK_OK);
        world_poll(A);
        CHECK_INT(side[A].failed, only);
        CHECK(only == 0 || side[A].last_failure == WICK_E_UNSUPPORTED);
        CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &side[2].record, side[2].key),
                     only != 0 ? WICK_E_UNSUPPORTED : WICK_OK);
    }
    side[A].cfg.only_suite = 0x12; /* allowed on the other side of a handshake */
    world_start(A);
    CHECK_STATUS(wick_nsl_rotate(&side[A].node, now_ms, &side[2].record, side[2].key), WICK_OK);
    world_suite = 0x22;
}

/* The keystore or the back end fails at any of its calls: no crash, and the end is clean. */
static unsigned fail_at;
static wick_hal_keystore sound_keys;
static wick_hal_crypto sound;

static wick_status failing_open(void *ctx, uint8_t message32[32], wick_key key, wick_span label,
                                const uint8_t sealed256[256])
{
    return fail_at-- == 0 ? WICK_E_CRYPTO
                          : sound_keys.rsa_open(ctx, message32, key, label, sealed256);
}

static wick_status failing_sign(void *ctx, uint8_t sig256[256], wick_key key,
                                const uint8_t digest32[32])
{
    return fail_at-- == 0 ? WICK_E_CRYPTO : sound_keys.rsa_sign(ctx, sig256, key, digest32);
}

static wick_status failing_seal(void *ctx, uint8_t out256[256], const uint8_t pub260[260],
                                wick_span label, const uint8_t message32[32],
                                const uint8_t seed32[32])
{
    return fail_at-- == 0 ? WICK_E_CRYPTO
                          : sound.rsa_seal(ctx, out256, pub260, label, message32, seed32);
}

static wick_status failing_verify(void *ctx, const uint8_t sig256[256], const uint8_t digest32[32],
                                  const uint8_t pub260[260])
{
    return fail_at-- == 0 ? WICK_E_CRYPTO : sound.rsa_verify(ctx, sig256, digest32, pub260);
}

TEST(back_end_fails_anywhere)
{
    unsigned good = 0;

    /* seal of M1, open, seal of M2, open, sign, verify */
    for (unsigned n = 0; n < 7; n++) {
        two_rsa_sides();
        sound_keys = keystore;
        sound = crypto;
        keystore.rsa_open = failing_open;
        keystore.rsa_sign = failing_sign;
        crypto.rsa_seal = failing_seal;
        crypto.rsa_verify = failing_verify;
        fail_at = n;
        const wick_nsl_peer peer = world_peer(B);
        uint32_t run;
        const wick_status st = wick_nsl_connect(&side[A].node, &run, now_ms, &peer);
        CHECK_STATUS(st, n == 0 ? WICK_E_CRYPTO : WICK_OK);
        world_run(now_ms + 32000);
        CHECK_INT(side[A].established + side[A].failed, n == 0 ? 0 : 1);
        CHECK(side[A].established == 0 || world_same_session(A, B));
        CHECK_INT(world_halves(B), 0);
        good += side[A].established;
        keystore = sound_keys;
        crypto = sound;
    }
    CHECK_INT(good, 5); /* all but without M1, and without a signature under the same M2 */
    world_suite = 0x22;
}

TAP_MAIN("unit.nsl_rsa", CASE(must_5_m3_with_pss_is_sealed_once),
         CASE_LONG(must_19_bad_padding_and_bad_tag_are_one), CASE(must_19_keys_of_records),
         CASE(no_back_end), CASE(only_suite_holds), CASE_LONG(back_end_fails_anywhere))
