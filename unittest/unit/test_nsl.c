/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake as it should go: bytes, test vectors of PROTOCOL.md, options, a network that loses,
 * repeats and reorders, and what the functions refuse.
 */
#include "../../core/psk/nsl_internal.h"
#include "nsl_world.h"
#include "wick/rsa.h"

#define A 0
#define B 1
#define C 2

static void two_sides(void)
{
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
}

static bool is_rsa(unsigned type)
{
    return type == WICK_KEY_TYPE_RSA2048;
}

TEST(happy_path_and_bytes)
{
    const bool rsa_i = is_rsa(world_suite >> 4), rsa_r = is_rsa(world_suite & 15u);

    two_sides();
    world_connect(A, B);
    world_run(now_ms + 500);
    CHECK_INT(side[A].established, 1);
    CHECK_INT(side[B].established, 1);
    CHECK_INT(side[B].lookups, 1);
    CHECK(world_same_session(A, B));
    CHECK(wick_addr_equal(&side[A].session.path, &side[B].addr));
    CHECK(wick_addr_equal(&side[B].session.path, &side[A].addr));
    /* M1, M0, M1 with cookie, M2, M3, M4 */
    CHECK_INT(side[A].sent_bytes, (rsa_r ? 391 + 407 : 168 + 184) + (rsa_i ? 316 : 124));
    CHECK_INT(side[B].sent_bytes, 28 + (rsa_i ? 382 : 159) + 28);
    CHECK_INT(side[A].sent_bytes + side[B].sent_bytes,
              rsa_i ? (rsa_r ? 1552 : 1106) : (rsa_r ? 1137 : 691));
    /* I: opens M2, signs; R: opens M1. All other private-key operations are with ephemerals. */
    CHECK_INT(calls.key_opens, 2);
    CHECK_INT(calls.key_signs, 1);
    /* each side: ephemerals; where the other's key is on the curve, HPKE sender */
    CHECK_INT(calls.ecdh, 2 + (rsa_i ? 0 : 1) + (rsa_r ? 0 : 1));
    CHECK_INT(calls.pub, 2 + (rsa_i ? 0 : 1) + (rsa_r ? 0 : 1));
    CHECK_INT(calls.verify, 1);
    CHECK_INT(side[A].node.stats.dropped + side[B].node.stats.dropped, 0);
    CHECK_INT(side[B].node.stats.m0_sent, 1);
    CHECK_INT(side[B].node.stats.m1_opened, 1);
}

TEST(bytes_without_cookie)
{
    two_sides();
    side[B].cfg.no_cookie = true;
    world_start(B);
    world_connect(A, B);
    world_run(now_ms + 500);
    CHECK(world_same_session(A, B));
    CHECK_INT(side[A].sent_bytes + side[B].sent_bytes,
              world_suite == 0x22   ? 479
              : world_suite == 0x11 ? 1117
              : world_suite == 0x21 ? 702
                                    : 894);
}

/* ---- the vectors of PROTOCOL.md section 11 ---- */

static void expect_hex(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[PACKET_MAX];
    REQUIRE(len <= sizeof want);
    CHECK_STATUS(wick_hex_decode(want, len, hex, strlen(hex)), WICK_OK);
    CHECK_MEM(got, want, len);
}

#include "nsl_vectors.h"

static const uint8_t *vector_entropy;
static size_t vector_left;

static wick_status vector_fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (len > vector_left) {
        return WICK_E_ENTROPY;
    }
    memcpy(out, vector_entropy, len);
    vector_entropy += len;
    vector_left -= len;
    return WICK_OK;
}

/* Draws of a side in order; each is a run of one byte value. */
static void draws(uint8_t *out, size_t *len, const uint8_t (*list)[2], size_t count)
{
    *len = 0;
    for (size_t i = 0; i < count; i++) {
        memset(out + *len, list[i][0], list[i][1]);
        *len += list[i][1];
    }
}

#define VECTORS_OF(prefix, suite)                                                                  \
    {                                                                                              \
        suite, prefix##_PUB_I, prefix##_PUB_R, prefix##_KEYHASH_I, prefix##_KEYHASH_R, prefix##_M1, \
            prefix##_M0, prefix##_TH1, prefix##_M2, prefix##_TH2, prefix##_M3, prefix##_M4,        \
            prefix##_ROOT                                                                          \
    }
static const struct vectors {
    uint8_t suite;
    const char *pub_i, *pub_r, *keyhash_i, *keyhash_r, *m1, *m0, *th1, *m2, *th2, *m3, *m4, *root;
} all_vectors[] = {VECTORS_OF(VECTOR, 0x22),
#if WICK_WITH_NSL_RSA
                   VECTORS_OF(V11, 0x11), VECTORS_OF(V12, 0x12), VECTORS_OF(V21, 0x21)
#endif
};

#if WICK_WITH_NSL_RSA
/* Salt of PSS; what blinds an operation does not show. */
static wick_status salt_fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x17, len);
    return WICK_OK;
}
#endif

/* A record is the key itself, or the SPKI of which it holds the hash. */
static void expect_record(const wick_nsl_key *key, const char *hex)
{
    if (key->type == WICK_KEY_TYPE_SECP256K1) {
        expect_hex(key->bytes, 33, hex);
        return;
    }
#if WICK_WITH_NSL_RSA
    uint8_t spki[WICK_RSA_SPKI_MAX];
    expect_hex(spki, wick_rsa_spki_encode(spki, key->bytes), hex);
#else
    CHECK(false);
#endif
}

static void protocol_vectors_of(const struct vectors *v)
{
    /* I: cookie secret, cidI, N1, eA, ephemeral of the seal or seed and OAEP's seed, Ks */
    static const uint8_t at_i[][2] = {{0x10, 32}, {0x11, 4},  {0x12, 32}, {0x13, 32},
                                      {0x14, 32}, {0x16, 32}, {0x15, 32}};
    /* R: cookie secret, cidR, N2, eB, the same of its seal */
    static const uint8_t at_r[][2] = {{0x20, 32}, {0x21, 4},  {0x22, 32},
                                      {0x23, 32}, {0x24, 32}, {0x26, 32}};
    static uint8_t bytes_i[256], bytes_r[256];
    static const wick_hal_entropy entropy = {NULL, vector_fill};
    size_t len_i, len_r;
    wick_session_psk k;
    wick_nsl_out out;
    uint32_t run;
    uint8_t m2[WICK_NSL_M2_MAX], m3[WICK_NSL_M3_MAX];

    world_suite = v->suite;
    two_sides();
#if WICK_WITH_NSL_RSA
    static const wick_hal_entropy salt = {NULL, salt_fill};
    wick_ram_keystore_rsa(&keystore, &ram, &salt);
#endif
    draws(bytes_i, &len_i, at_i, 7);
    draws(bytes_r, &len_r, at_r, 6);
    side[A].cfg.opts = side[B].cfg.opts = WICK_NSL_OPT_SIG | WICK_NSL_OPT_PSK16;
    side[A].cfg.entropy = side[B].cfg.entropy = &entropy;
    vector_entropy = bytes_r;
    vector_left = 32;
    world_start(B);
    vector_entropy = bytes_i;
    vector_left = len_i;
    world_start(A);
    expect_record(&side[A].record, v->pub_i);
    expect_record(&side[B].record, v->pub_r);
    expect_hex(side[A].node.own[0].keyhash, 32, v->keyhash_i);
    expect_hex(side[B].node.own[0].keyhash, 32, v->keyhash_r);
    const wick_nsl_peer peer = world_peer(B);
    REQUIRE_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    wick_nsl_poll(&side[A].node, &out, now_ms);
    REQUIRE(out.kind == WICK_OUT_SEND && out.bytes.len == M1_LEN);
    expect_hex(out.bytes.ptr, M1_LEN, v->m1);
    expect_hex(side[A].node.runs[0].th1, 32, v->th1);
    /* M0 and its cookie */
    CHECK_STATUS(wick_nsl_input(&side[B].node, now_ms, out.bytes, &side[A].addr), WICK_OK);
    wick_nsl_poll(&side[B].node, &out, now_ms);
    REQUIRE(out.kind == WICK_OUT_SEND);
    expect_hex(out.bytes.ptr, 28, v->m0);
    CHECK_STATUS(wick_nsl_input(&side[A].node, now_ms, out.bytes, &side[B].addr), WICK_OK);
    wick_nsl_poll(&side[A].node, &out, now_ms);
    REQUIRE(out.kind == WICK_OUT_SEND && out.bytes.len == M1C_LEN);
    vector_entropy = bytes_r + 32;
    vector_left = len_r - 32;
    CHECK_STATUS(wick_nsl_input(&side[B].node, now_ms, out.bytes, &side[A].addr), WICK_OK);
    wick_nsl_poll(&side[B].node, &out, now_ms);
    CHECK(out.event == WICK_NSL_EV_LOOKUP_WANTED);
    CHECK_STATUS(wick_nsl_lookup_result(&side[B].node, now_ms, side[A].cfg.id, &side[A].record,
                                        WICK_OK),
                 WICK_OK);
    wick_nsl_poll(&side[B].node, &out, now_ms);
    REQUIRE(out.kind == WICK_OUT_SEND && out.bytes.len == M2_LEN);
    memcpy(m2, out.bytes.ptr, M2_LEN);
    expect_hex(m2, M2_LEN, v->m2);
    expect_hex(side[B].node.half[0].th, 32, v->th2);
    vector_entropy = bytes_i + len_i - 32;
    vector_left = 32;
    CHECK_STATUS(wick_nsl_input(&side[A].node, now_ms, wick_span_make(m2, M2_LEN), &side[B].addr),
                 WICK_OK);
    wick_nsl_poll(&side[A].node, &out, now_ms);
    REQUIRE(out.kind == WICK_OUT_SEND && out.bytes.len == M3_LEN);
    memcpy(m3, out.bytes.ptr, M3_LEN);
    expect_hex(m3, M3_LEN, v->m3);
    CHECK_STATUS(wick_nsl_input(&side[B].node, now_ms, wick_span_make(m3, M3_LEN), &side[A].addr),
                 WICK_OK);
    wick_nsl_poll(&side[B].node, &out, now_ms);
    REQUIRE(out.kind == WICK_OUT_SEND);
    expect_hex(out.bytes.ptr, 28, v->m4);
    wick_nsl_poll(&side[B].node, &out, now_ms);
    CHECK_STATUS(wick_nsl_take(&side[B].node, &side[B].session, out.run), WICK_OK);
    expect_hex(side[B].session.root, 32, v->root);
    if (v->suite != 0x22) {
        return;
    }
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &side[B].session, WICK_USE_DTLS12), WICK_OK);
    expect_hex(k.key, 32, VECTOR_PSK_DTLS12);
    CHECK(memcmp(k.identity, VECTOR_ID_DTLS12, 28) == 0);
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &side[B].session, WICK_USE_TLS12), WICK_OK);
    expect_hex(k.key, 32, VECTOR_PSK_TLS12);
    CHECK(memcmp(k.identity, VECTOR_ID_TLS12, 28) == 0);
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &side[B].session, WICK_USE_TLS13), WICK_OK);
    expect_hex(k.key, 32, VECTOR_PSK_TLS13);
    CHECK(memcmp(k.identity, VECTOR_ID_TLS13, 28) == 0);
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &side[B].session, WICK_USE_PSK16), WICK_OK);
    CHECK_INT(k.key_len, 16);
    expect_hex(k.key, 16, VECTOR_PSK16);
    CHECK(memcmp(k.identity, VECTOR_ID_PSK16, 28) == 0);
    wick_session_srtp m;
    CHECK_STATUS(wick_session_srtp_derive(&m, &crypto, &side[B].session,
                                          WICK_SRTP_AES128_CM_SHA1_80, 1),
                 WICK_OK);
    CHECK(m.key_len == 16 && m.salt_len == 14);
    expect_hex(m.bytes, 60, VECTOR_SRTP_CM);
    CHECK_STATUS(wick_session_srtp_derive(&m, &crypto, &side[B].session,
                                          WICK_SRTP_AEAD_AES_128_GCM, 1),
                 WICK_OK);
    CHECK(m.key_len == 16 && m.salt_len == 12);
    expect_hex(m.bytes, 56, VECTOR_SRTP_GCM);
    CHECK_STATUS(wick_session_ratchet(&side[B].session, &crypto), WICK_OK);
    expect_hex(side[B].session.root, 32, VECTOR_NEXT);
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &side[B].session, WICK_USE_DTLS12), WICK_OK);
    expect_hex(k.key, 32, VECTOR_PSK_NEXT);
    CHECK(memcmp(k.identity, VECTOR_ID_NEXT, 28) == 0);
}

TEST(protocol_vectors)
{
    for (size_t i = 0; i < sizeof all_vectors / sizeof all_vectors[0]; i++) {
        protocol_vectors_of(&all_vectors[i]);
    }
    world_suite = 0x22;
}

/* ---- options ---- */

TEST(options)
{
    /* without signature M3 is 60 bytes, and nobody signs */
    two_sides();
    side[A].cfg.opts = 0;
    world_start(A);
    world_connect(A, B);
    world_run(now_ms + 500);
    CHECK(world_same_session(A, B));
    CHECK_INT(world_sent(NSL_M3)->len, 60);
    CHECK_INT(calls.key_signs + calls.verify, 0);
    CHECK((side[A].session.uses & (unsigned)WICK_USE_PSK16) == 0);
    /* 16-byte keys only where both want them */
    for (unsigned i = 0; i < 4; i++) {
        two_sides();
        side[A].cfg.opts = (i & 1) != 0 ? WICK_NSL_OPT_PSK16 : 0;
        side[B].cfg.opts = (i & 2) != 0 ? WICK_NSL_OPT_PSK16 : 0;
        world_start(A);
        world_start(B);
        world_connect(A, B);
        world_run(now_ms + 500);
        CHECK(world_same_session(A, B));
        CHECK(((side[A].session.uses & (unsigned)WICK_USE_PSK16) != 0) == (i == 3));
    }
}

/* ---- several at once ---- */

TEST(both_directions_and_many_peers)
{
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
    world_side(C, 0xc3);
    world_connect(A, B);
    world_connect(B, A);
    world_connect(A, C);
    world_connect(C, B);
    world_run(now_ms + 500);
    CHECK_INT(side[A].established, 3);
    CHECK_INT(side[B].established, 3);
    CHECK_INT(side[C].established, 2);
    CHECK_INT(side[A].failed + side[B].failed + side[C].failed, 0);
    /* a new run later gives another key */
    wick_session old = side[C].session;
    world_run(now_ms + 1000);
    world_connect(C, B);
    world_run(now_ms + 500);
    CHECK(memcmp(old.root, side[C].session.root, 32) != 0);
    CHECK(world_same_session(C, B));
}

/* ---- a bad network ---- */

static unsigned loss_percent;

static bool bad_network(struct packet *p)
{
    if (world_random() % 100 < loss_percent) {
        return false;
    }
    p->at_ms = now_ms + 1 + world_random() % 300;
    if (world_random() % 100 < 30) {
        world_put(p->bytes, p->len, &p->from, &p->to, now_ms + 1 + world_random() % 900);
    }
    return true;
}

/* What still holds when anything may be lost: at each end at most what the other end has too. */
TEST(loss_repetition_and_reorder)
{
    unsigned first = 0;

    for (unsigned seed = 1; seed <= 300; seed++) {
        two_sides();
        for (unsigned i = 0; i < seed; i++) {
            (void)world_random();
        }
        world_entropy(A, seed * 2u);
        world_entropy(B, seed * 2u + 1u);
        loss_percent = 30;
        on_packet = bad_network;
        unsigned runs = 0;
        while (side[A].established == 0 && runs < 5) {
            world_connect(A, B);
            runs++;
            world_run(now_ms + 45000);
            CHECK_INT(side[A].established + side[A].failed, runs);
            CHECK(side[B].established >= side[A].established);
            CHECK_INT(world_halves(B), 0);
        }
        /* five transmissions of each message: nine runs of ten succeed, the next mends it */
        first += runs == 1 ? 1u : 0u;
        CHECK(world_same_session(A, B));
    }
    CHECK(first >= 255);
}

TEST(reset_at_every_step)
{
    for (unsigned step = 0; step < 7; step++) {
        for (unsigned who = A; who <= B; who++) {
            two_sides();
            uint64_t begin = now_ms;
            world_connect(A, B);
            world_run(begin + 10 * step + 5);
            world_start(who);
            if (who == A) {
                world_connect(A, B);
            }
            world_run(begin + 31000);
            CHECK(side[A].established >= 1);
            CHECK_INT(side[A].failed, 0);
            CHECK(world_same_session(A, B) || side[B].established == 1);
            /* where the responder was reset after it had ended, a new run mends it */
            if (!world_same_session(A, B)) {
                world_connect(A, B);
                world_run(now_ms + 1000);
                CHECK(world_same_session(A, B));
            }
        }
    }
}

TEST(clock_near_its_end)
{
    two_sides();
    now_ms = UINT64_MAX - 5000;
    world_start(A);
    world_start(B);
    wick_nsl_out out;
    const wick_nsl_peer peer = world_peer(B);
    uint32_t run;
    REQUIRE_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    wick_nsl_poll(&side[A].node, &out, now_ms);
    CHECK(out.kind == WICK_OUT_SEND);
    unsigned sends = 0, fails = 0;
    for (unsigned s = 0; s < 40; s++) {
        now_ms += 1000; /* wraps */
        for (;;) {
            wick_nsl_poll(&side[A].node, &out, now_ms);
            if (out.kind == WICK_OUT_WAIT) {
                break;
            }
            sends += out.kind == WICK_OUT_SEND ? 1u : 0u;
            fails += out.kind == WICK_OUT_EVENT && out.event == WICK_NSL_EV_FAILED ? 1u : 0u;
        }
    }
    CHECK_INT(sends, 4);
    CHECK_INT(fails, 1);
}

/* ---- refusals ---- */

TEST(init_refusals)
{
    wick_nsl_config good, cfg;

    two_sides();
    good = side[A].cfg;
    cfg = good;
    cfg.crypto = NULL;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_ARG);
    cfg = good;
    cfg.entropy = NULL;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_ARG);
    cfg = good;
    cfg.keystore = NULL;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_ARG);
    cfg = good;
    cfg.key.handle = 0;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_ARG);
    cfg = good;
    cfg.opts = 8;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_ARG);
    cfg = good;
    cfg.allow_count = 1;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_ARG);
    cfg = good;
    cfg.relay_count = 1;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_ARG);
    cfg = good;
    cfg.pub.type = WICK_KEY_TYPE_P256;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_UNSUPPORTED);
    cfg = good;
    cfg.pub.bytes[0] = 4;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_KEY);
    cfg = good;
    cfg.pub = side[B].record;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &cfg, 0), WICK_E_BAD_KEY);
    side[A].entropy_left = 0;
    CHECK_STATUS(wick_nsl_init(&side[C].node, &good, 0), WICK_E_ENTROPY);
    CHECK(wick_ct_is_zero((const uint8_t *)&side[C].node, sizeof side[C].node));
}

TEST(connect_refusals)
{
    wick_nsl_peer peer;
    uint32_t run, runs[WICK_NSL_CONNECT_MAX];

    two_sides();
    peer = world_peer(B);
    for (unsigned i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        peer.id[0] = (uint8_t)i;
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &runs[i], now_ms, &peer), WICK_OK);
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_STATE);
        CHECK_INT(run, 0);
    }
    peer.id[0] = 99;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_LIMIT);
    wick_nsl_close(&side[A].node, runs[1]);
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    wick_nsl_close(&side[A].node, 4711); /* unknown: nothing */
    wick_nsl_close(&side[A].node, run);
    /* cids that a broken source gives: 0, the STUN cookie, one in use */
    wick_session s;
    CHECK_STATUS(wick_nsl_take(&side[A].node, &s, run), WICK_E_STATE);
    CHECK_STATUS(wick_nsl_take(&side[A].node, &s, 0), WICK_E_STATE);
    for (uint32_t left = 0; left < 4; left++) {
        side[A].entropy_left = left;
        CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_ENTROPY);
        CHECK_INT(run, 0);
    }
    side[A].entropy_left = UINT32_MAX;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
}

static uint8_t cid_script[8][4];
static unsigned cid_at;

static wick_status script_fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x5a, len);
    if (len == 4 && cid_at < 8) {
        memcpy(out, cid_script[cid_at++], 4);
    }
    return WICK_OK;
}

TEST(connection_ids)
{
    static const wick_hal_entropy entropy = {NULL, script_fill};
    static const uint8_t stun[4] = {0x21, 0x12, 0xa4, 0x42};
    wick_nsl_peer peer;
    uint32_t run;

    /* zero, the STUN cookie and one in use are drawn again */
    two_sides();
    side[A].cfg.entropy = &entropy;
    world_start(A);
    memset(cid_script, 0, sizeof cid_script);
    memcpy(cid_script[1], stun, 4);
    memset(cid_script[2], 7, 4);
    memset(cid_script[3], 7, 4);
    memset(cid_script[4], 8, 4);
    cid_at = 0;
    peer = world_peer(B);
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    CHECK_INT(side[A].node.runs[0].cid_i, 0x07070707);
    peer.id[0] ^= 1;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_OK);
    CHECK_INT(side[A].node.runs[1].cid_i, 0x08080808);
    CHECK_INT(cid_at, 5);
    /* a source that never gives another */
    memset(cid_script, 7, sizeof cid_script);
    cid_at = 0;
    peer.id[0] ^= 2;
    CHECK_STATUS(wick_nsl_connect(&side[A].node, &run, now_ms, &peer), WICK_E_ENTROPY);
    /* and nobody else's either */
    uint8_t datagram[28] = {1, 0, 0x22, 0};
    CHECK_STATUS(world_give(B, datagram, 28, &side[A].addr), WICK_E_NSL_DROP);
    memcpy(datagram + 4, stun, 4);
    CHECK_STATUS(world_give(B, datagram, 28, &side[A].addr), WICK_E_NSL_DROP);
    datagram[1] = 4;
    memset(datagram + 4, 7, 4);
    CHECK_STATUS(world_give(B, datagram, 28, &side[A].addr), WICK_E_NSL_DROP);
}

TEST(no_randomness_on_the_way)
{
    /* at the responder: for M2, then for a cookie secret */
    for (uint32_t left = 0; left < 4; left++) {
        two_sides();
        side[B].entropy_left = left;
        world_connect(A, B);
        world_run(now_ms + 500);
        CHECK_INT(side[A].established, 0);
        CHECK_INT(world_halves(B), 0);
        side[B].entropy_left = UINT32_MAX;
        world_run(now_ms + 3000);
        CHECK(world_same_session(A, B)); /* the repetition of M1 succeeds */
    }
    two_sides();
    now_ms += 64000;
    side[B].entropy_left = 0;
    struct m1_made m = world_m1(A);
    uint8_t m1[WICK_NSL_M1_MAX], with_cookie[WICK_NSL_M1_MAX] = {0};
    world_seal_m1(m1, &m, B, side[B].cfg.id);
    CHECK_STATUS(world_give(B, m1, M1_LEN, &side[A].addr), WICK_E_ENTROPY);
    memcpy(with_cookie, m1, 12);
    with_cookie[3] = NSL_FLAG_COOKIE;
    CHECK_STATUS(world_give(B, with_cookie, M1C_LEN, &side[A].addr), WICK_E_ENTROPY);
    /* at the initiator: for Ks, which ends the run */
    two_sides();
    world_connect(A, B);
    side[A].entropy_left = 0;
    world_run(now_ms + 500);
    CHECK_INT(side[A].failed, 1);
    CHECK_STATUS(side[A].last_failure, WICK_E_ENTROPY);
    CHECK_INT(side[A].node.runs[0].state, NSL_RUN_FREE);
}

/* Every call of the hash, and every seal, fails once in turn, at either end: no crash, nothing half
 * done, and the same end as after a lost datagram. */
static unsigned fail_at;
static wick_hal_crypto sound;

static wick_status failing_begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    return fail_at-- == 0 ? WICK_E_CRYPTO : sound.hash_begin(ctx, h, alg);
}

static wick_status failing_clone(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src)
{
    return fail_at-- == 0 ? WICK_E_CRYPTO : sound.hash_clone(ctx, dst, src);
}

static wick_status failing_seal(void *ctx, wick_aead_alg alg, uint8_t *out, const uint8_t *key,
                                const uint8_t *nonce12, wick_span aad, wick_span pt)
{
    return fail_at-- == 0 ? WICK_E_CRYPTO : sound.aead_seal(ctx, alg, out, key, nonce12, aad, pt);
}

static wick_status failing_ecdh(void *ctx, uint8_t x32[32], const uint8_t secret32[32],
                                const uint8_t peer33[33])
{
    return fail_at-- == 0 ? WICK_E_CRYPTO : sound.secp256k1_ecdh(ctx, x32, secret32, peer33);
}

static unsigned one_failure(unsigned n)
{
    const wick_nsl_peer peer = world_peer(B);
    uint32_t run;

    sound = crypto;
    crypto.hash_begin = failing_begin;
    crypto.hash_clone = failing_clone;
    crypto.aead_seal = failing_seal;
    crypto.secp256k1_ecdh = failing_ecdh;
    fail_at = n;
    wick_status st = wick_nsl_connect(&side[A].node, &run, now_ms, &peer);
    world_run(now_ms + 45000);
    crypto = sound;
    if (st != WICK_OK) {
        CHECK_STATUS(st, WICK_E_CRYPTO);
        CHECK_INT(run, 0);
    } else {
        CHECK_INT(side[A].established + side[A].failed, 1);
        CHECK(side[A].failed == 0 || side[A].last_failure == WICK_E_CRYPTO);
        CHECK(side[A].established == 0 || world_same_session(A, B));
    }
    CHECK_INT(world_halves(B), 0);
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        CHECK_INT(side[A].node.runs[i].state, NSL_RUN_FREE);
    }
    return side[A].established;
}

TEST(back_end_fails_anywhere)
{
    unsigned n = 0, good = 0;

    for (n = 0; n < 400; n++) {
        two_sides();
        good += one_failure(n);
        if (fail_at > n) {
            continue; /* it was reached: the counter has wrapped */
        }
        break;
    }
    CHECK(n > 150 && n < 400);
    CHECK(good > 80); /* what R could not do is mended by a repetition */
}

TEST(at_most_four_m2_opened_each_second)
{
    uint8_t m2[WICK_NSL_M2_MAX] = {1, 2, world_suite, 0};

    two_sides();
    world_connect(A, B);
    memset(queue, 0, sizeof queue);
    wick_store_be32(m2 + 4, side[A].node.runs[0].cid_i);
    m2[11] = 9;
    /* a point, where there should be one */
    CHECK_STATUS(real_crypto.secp256k1_public(real_crypto.ctx, m2 + 12, side[B].cfg.id), WICK_OK);
    for (unsigned i = 0; i < 40; i++) {
        CHECK_STATUS(world_give(A, m2, M2_LEN, &side[B].addr),
                     i % 20 < 4 ? WICK_E_NSL_DROP : WICK_E_NSL_RATE);
        now_ms += 50;
    }
    CHECK_INT(calls.key_opens, 8);
    memset(queue, 0, sizeof queue);
    world_run(now_ms + 2000);
    CHECK(world_same_session(A, B));
}

TEST(not_ours)
{
    uint8_t bytes[256];

    two_sides();
    CHECK_STATUS(world_give(B, NULL, 0, &side[A].addr), WICK_E_NSL_DROP);
    for (unsigned i = 0; i < 2000; i++) {
        size_t len = world_random() % sizeof bytes;
        world_random_bytes(bytes, len);
        if (i % 2 == 0) {
            bytes[0] = 1;
            bytes[1] = (uint8_t)(world_random() % 6);
            bytes[2] = 0x22;
            bytes[3] = 0;
        }
        CHECK(world_give(B, bytes, len, &side[A].addr) != WICK_OK ||
              (len == 168 && bytes[1] == 1)); /* which a cookie answers */
    }
    CHECK_INT(world_halves(B), 0);
    CHECK_INT(calls.key_opens, 0);
}

IN_ALL_SUITES(happy_path_and_bytes)
IN_ALL_SUITES(bytes_without_cookie)
IN_ALL_SUITES(options)
IN_ALL_SUITES(both_directions_and_many_peers)
IN_ALL_SUITES(reset_at_every_step)
IN_ALL_SUITES(no_randomness_on_the_way)
IN_ALL_SUITES(at_most_four_m2_opened_each_second)

TAP_MAIN("unit.nsl", CASES(happy_path_and_bytes), CASES(bytes_without_cookie),
         CASE(protocol_vectors), CASES(options), CASES(both_directions_and_many_peers),
         CASE_LONG(loss_repetition_and_reorder), CASES(reset_at_every_step), CASE(clock_near_its_end),
         CASE(init_refusals), CASE(connect_refusals), CASE(connection_ids),
         CASES(no_randomness_on_the_way), CASE_LONG(back_end_fails_anywhere),
         CASES(at_most_four_m2_opened_each_second), CASE(not_ours))
