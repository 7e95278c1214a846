/* SPDX-License-Identifier: Apache-2.0 */
/* Comparison, HMAC, HKDF, HPKE and the keys of a session; and that a leak would be seen. */
#include "ct.h"
#include "wick/hkdf.h"
#include "wick/hmac.h"
#include "wick/hpke.h"
#include "wick/port/crypto.h"
#include "wick/session_keys.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hal_keystore keystore;
static wick_ram_keystore ram;

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keystore, &ram, &cc);
    ct_macs_are_public = false;
    (void)ct_reports();
}

static void secret_bytes(uint8_t *out, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(seed + 7u * i);
    }
    SECRET(out, len);
}

/* ---- the test can fail ---- */

static volatile unsigned sink;

static __attribute__((noinline)) bool leaky_equal(const volatile uint8_t *a,
                                                  const volatile uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static __attribute__((noinline)) unsigned leaky_table(const uint8_t *key)
{
    static const volatile uint8_t table[256] = {1, 2, 3};
    return table[key[0]];
}

TEST(a_branch_on_a_secret_is_seen)
{
    uint8_t a[16], b[16];

    setup();
    secret_bytes(a, sizeof a, 1);
    memset(b, 0, sizeof b);
    sink = leaky_equal(a, b, sizeof a) ? 1u : 0u;
    CHECK(ct_reports() > 0);
    /* the same values, not secret */
    PUBLIC(a, sizeof a);
    sink = leaky_equal(a, b, sizeof a) ? 1u : 0u;
    CONSTANT_TIME();
}

TEST(an_address_from_a_secret_is_seen)
{
    uint8_t key[16];

    setup();
    secret_bytes(key, sizeof key, 1);
    sink = leaky_table(key);
    CHECK(ct_reports() > 0);
}

/* The library's own code with a secret that nobody declared public at the border. */
TEST(a_secret_identity_is_seen)
{
    char text[32];
    uint8_t id[16];

    setup();
    secret_bytes(id, sizeof id, 9);
    wick_base64url_encode(text, id, sizeof id);
    CHECK(ct_reports() > 0);
}

/* ---- base ---- */

bool __real_wick_ct_equal(const uint8_t *a, const uint8_t *b, size_t len);
bool __real_wick_ct_is_zero(const uint8_t *p, size_t len);

TEST(compare)
{
    uint8_t a[40], b[40];

    setup();
    secret_bytes(a, sizeof a, 1);
    secret_bytes(b, sizeof b, 1);
    /* the insides, with their answer still secret */
    bool equal = __real_wick_ct_equal(a, b, sizeof a);
    bool zero = __real_wick_ct_is_zero(a, sizeof a);
    CONSTANT_TIME();
    CHECK_INT(ct_secret_bytes(&equal, sizeof equal), 1);
    CHECK_INT(ct_secret_bytes(&zero, sizeof zero), 1);
    PUBLIC(&equal, sizeof equal);
    PUBLIC(&zero, sizeof zero);
    CHECK(equal && !zero);
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] ^= 1;
        CHECK(!wick_ct_equal(a, b, sizeof a));
        b[i] ^= 1;
    }
    CONSTANT_TIME();
}

TEST(wipe_leaves_nothing)
{
    uint8_t a[100];

    setup();
    secret_bytes(a, sizeof a, 1);
    CHECK_INT(ct_secret_bytes(a, sizeof a), 100);
    wick_wipe(a + 1, sizeof a - 1);
    CHECK_INT(ct_secret_bytes(a, sizeof a), 1);
    wick_wipe(a, 1);
    CHECK(wick_ct_is_zero(a, sizeof a));
    CONSTANT_TIME();
}

/* ---- HMAC, HKDF ---- */

TEST(hmac)
{
    static const wick_hash_alg algs[] = {WICK_HASH_SHA256, WICK_HASH_SHA1, WICK_HASH_MD5};
    uint8_t secret[100], text[70], mac[32];
    wick_hmac_key key;
    wick_hmac h;

    setup();
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        for (size_t len = 16; len <= sizeof secret; len += 42) { /* 100: hashed first */
            secret_bytes(secret, sizeof secret, 3);
            secret_bytes(text, sizeof text, 5);
            CHECK_STATUS(wick_hmac_key_init(&key, &crypto, algs[i], wick_span_make(secret, len)),
                         WICK_OK);
            wick_hmac_begin(&h, &key);
            wick_hmac_update(&h, wick_span_make(text, sizeof text));
            CHECK_STATUS(wick_hmac_finish(&h, mac), WICK_OK);
            CONSTANT_TIME();
            CHECK_INT(ct_secret_bytes(mac, wick_hash_bytes(algs[i])), wick_hash_bytes(algs[i]));
            for (unsigned wrong = 0; wrong < 2; wrong++) {
                wick_hmac_begin(&h, &key);
                wick_hmac_update(&h, wick_span_make(text, sizeof text));
                CHECK_STATUS(wick_hmac_verify(&h, wick_span_make(mac, 16)),
                             wrong == 0 ? WICK_OK : WICK_E_AUTH);
                mac[15] ^= 1;
            }
            CONSTANT_TIME();
            wick_hmac_key_wipe(&key);
            CHECK_INT(ct_secret_bytes(&key, sizeof key), 0);
        }
    }
}

TEST(hkdf)
{
    uint8_t salt[32], ikm[64], prk[32], out[76];
    const wick_span label = wick_span_make((const uint8_t *)"label", 6);
    const wick_span parts = wick_span_make(ikm, sizeof ikm);

    setup();
    secret_bytes(salt, sizeof salt, 1);
    secret_bytes(ikm, sizeof ikm, 2);
    CHECK_STATUS(wick_hkdf_extract(&crypto, prk, wick_span_make(salt, sizeof salt), &parts, 1),
                 WICK_OK);
    CHECK_STATUS(wick_hkdf_expand(&crypto, out, sizeof out, prk, &label, 1), WICK_OK);
    CONSTANT_TIME();
    CHECK_INT(ct_secret_bytes(out, sizeof out), sizeof out);
}

/* ---- HPKE ---- */

static wick_status fill_from(void *ctx, uint8_t *out, size_t len)
{
    memset(out, *(uint8_t *)ctx, len);
    SECRET(out, len);
    return WICK_OK;
}

static void hpke_mode(wick_hpke_mode mode, bool single)
{
    static uint8_t draw = 0x42;
    const wick_hal_entropy entropy = {&draw, fill_from};
    const wick_span aad = wick_span_make((const uint8_t *)"aad", 3);
    uint8_t secret[32] = {0}, pub_r[33], pub_s[33], enc[33], psk[32], pt[40], ct[56], back[40];
    uint8_t ex[32];
    wick_key key_r, key_s;
    wick_hpke_params p;
    wick_hpke s, r;

    setup();
    secret[31] = 7;
    REQUIRE_STATUS(wick_ram_keystore_import(&key_r, &ram, secret), WICK_OK);
    secret[31] = 8;
    REQUIRE_STATUS(wick_ram_keystore_import(&key_s, &ram, secret), WICK_OK);
    REQUIRE_STATUS(keystore.secp256k1_public(keystore.ctx, pub_r, key_r), WICK_OK);
    REQUIRE_STATUS(keystore.secp256k1_public(keystore.ctx, pub_s, key_s), WICK_OK);
    ct_border(&crypto, &keystore);
    memset(&p, 0, sizeof p);
    p.mode = mode;
    p.aead = WICK_AEAD_CHACHA20_POLY1305;
    p.single = single;
    if (mode == WICK_HPKE_PSK || mode == WICK_HPKE_AUTH_PSK) {
        secret_bytes(psk, sizeof psk, 4);
        p.psk = wick_span_make(psk, sizeof psk);
        p.psk_id = wick_span_make((const uint8_t *)"id", 2);
    }
    if (mode == WICK_HPKE_AUTH || mode == WICK_HPKE_AUTH_PSK) {
        p.sender_pub = pub_s;
        p.sender_keystore = &keystore;
        p.sender_key = key_s;
    }
    secret_bytes(pt, sizeof pt, 5);
    CHECK_STATUS(wick_hpke_setup_sender(&s, enc, &crypto, &entropy, pub_r, &p), WICK_OK);
    CHECK(ct_secret_bytes(s.key, sizeof s.key) == 32);
    CHECK_STATUS(wick_hpke_seal(&s, ct, aad, wick_span_make(pt, sizeof pt)), WICK_OK);
    CHECK_STATUS(wick_hpke_export(&s, ex, sizeof ex, aad), WICK_OK);
    p.sender_keystore = NULL;
    CHECK_STATUS(wick_hpke_setup_recipient(&r, &crypto, &keystore, pub_r, enc, &p, key_r),
                 WICK_OK);
    ct[0] ^= 1;
    CHECK_STATUS(wick_hpke_open(&r, back, aad, wick_span_make(ct, sizeof ct)), WICK_E_AUTH);
    ct[0] ^= 1;
    CHECK_STATUS(wick_hpke_open(&r, back, aad, wick_span_make(ct, sizeof ct)), WICK_OK);
    CONSTANT_TIME();
    CHECK_INT(ct_secret_bytes(ex, sizeof ex), sizeof ex);
    if (single) {
        CHECK_INT(ct_secret_bytes(s.key, sizeof s.key), 0); /* spent */
    }
    wick_hpke_wipe(&s);
    wick_hpke_wipe(&r);
    CHECK_INT(ct_secret_bytes(&s, sizeof s) + ct_secret_bytes(&r, sizeof r), 0);
    PUBLIC(back, sizeof back);
    PUBLIC(pt, sizeof pt);
    CHECK_MEM(back, pt, sizeof pt);
    (void)ct_reports();
}

TEST(hpke)
{
    hpke_mode(WICK_HPKE_BASE, false);
    hpke_mode(WICK_HPKE_PSK, true);
    hpke_mode(WICK_HPKE_AUTH, false);
    hpke_mode(WICK_HPKE_AUTH_PSK, false);
}

/* ---- session keys ---- */

static wick_session_table table;

TEST(session_keys)
{
    wick_session s, other;
    wick_session_psk k, got;
    uint8_t peer[32];

    setup();
    memset(&s, 0, sizeof s);
    memset(s.peer_id, 0x11, 32);
    s.role = WICK_ROLE_RESPONDER;
    s.uses = WICK_USE_DTLS12 | WICK_USE_TLS12 | WICK_USE_TLS13 | WICK_USE_PSK16;
    secret_bytes(s.root, sizeof s.root, 9);
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &s, WICK_USE_DTLS12), WICK_OK);
    CHECK_INT(ct_secret_bytes(k.key, sizeof k.key), 32);
    CHECK_INT(ct_secret_bytes(k.identity, sizeof k.identity), 0);
    wick_session_table_init(&table, &crypto);
    CHECK_STATUS(wick_session_table_put(&table, &s, 0, 1000), WICK_OK);
    other = s;
    memset(other.peer_id, 0x22, 32);
    secret_bytes(other.root, sizeof other.root, 10);
    CHECK_STATUS(wick_session_table_put(&table, &other, 0, 1000), WICK_OK);
    /* found by what is public, given with what is not */
    CHECK_STATUS(wick_session_table_find(
                     &table, &got, peer,
                     wick_span_make((const uint8_t *)k.identity, WICK_SESSION_IDENTITY_CHARS),
                     WICK_ROLE_RESPONDER, WICK_USE_DTLS12, 0),
                 WICK_OK);
    CHECK_MEM(peer, s.peer_id, 32);
    CHECK_INT(ct_secret_bytes(got.key, sizeof got.key), 32);
    CHECK_STATUS(wick_session_ratchet(&s, &crypto), WICK_OK);
    CHECK_INT(ct_secret_bytes(s.root, sizeof s.root), 32);
    wick_session_table_remove(&table, s.peer_id);
    wick_session_table_wipe(&table);
    CHECK_INT(ct_secret_bytes(&table, sizeof table), 0);
    CONSTANT_TIME();
}

CT_MAIN("ct.crypto", CASE(a_branch_on_a_secret_is_seen), CASE(an_address_from_a_secret_is_seen),
        CASE(a_secret_identity_is_seen), CASE(compare), CASE(wipe_leaves_nothing), CASE(hmac),
        CASE(hkdf), CASE(hpke), CASE(session_keys))
