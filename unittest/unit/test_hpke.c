/* SPDX-License-Identifier: Apache-2.0 */
/* HPKE: what must not work. The published vectors are in unittest/vectors/test_hpke.c. */
#include "tap.h"
#include "wick/hpke.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_ram_keystore ram;
static wick_hal_keystore keystore;
static wick_key key_r, key_s;
static uint8_t pub_r[33], pub_s[33], enc[33];
static wick_hpke s, r;
static wick_hpke_params base;
static const uint8_t psk[32] = {1, 2, 3};
static const uint8_t psk_id[] = {'i', 'd'};
static uint8_t next_byte;
static unsigned fills_left;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (fills_left == 0) {
        return WICK_E_ENTROPY;
    }
    fills_left--;
    memset(out, next_byte++, len);
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void setup(void)
{
    uint8_t secret[32] = {9};

    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_ram_keystore_init(&keystore, &ram, &cc);
    CHECK_STATUS(wick_ram_keystore_import(&key_r, &ram, secret), WICK_OK);
    secret[0] = 8;
    CHECK_STATUS(wick_ram_keystore_import(&key_s, &ram, secret), WICK_OK);
    CHECK_STATUS(keystore.secp256k1_public(keystore.ctx, pub_r, key_r), WICK_OK);
    CHECK_STATUS(keystore.secp256k1_public(keystore.ctx, pub_s, key_s), WICK_OK);
    memset(&base, 0, sizeof base);
    base.aead = WICK_AEAD_CHACHA20_POLY1305;
    next_byte = 1;
    fills_left = 1000;
}

static wick_status send_with(const wick_hpke_params *p)
{
    return wick_hpke_setup_sender(&s, enc, &crypto, &entropy, pub_r, p);
}

static wick_status receive_with(const wick_hpke_params *p)
{
    return wick_hpke_setup_recipient(&r, &crypto, &keystore, pub_r, enc, p, key_r);
}

TEST(must_21_parameters)
{
    wick_hpke_params p;

    setup();
    /* psk shorter than 32 bytes, without identity, or in a mode that has none */
    p = base;
    p.mode = WICK_HPKE_PSK;
    p.psk = wick_span_make(psk, 32);
    p.psk_id = wick_span_make(psk_id, 2);
    CHECK_STATUS(send_with(&p), WICK_OK);
    CHECK_STATUS(receive_with(&p), WICK_OK);
    p.psk.len = 31;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    CHECK(wick_ct_is_zero((const uint8_t *)&s, sizeof s) && wick_ct_is_zero(enc, 33));
    CHECK_STATUS(receive_with(&p), WICK_E_BAD_ARG);
    p.psk.len = 32;
    p.psk_id.len = 0;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    p.mode = WICK_HPKE_BASE;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    p = base;
    p.psk_id = wick_span_make(psk_id, 2);
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    /* the sender's key in auth modes, and in no other */
    p = base;
    p.mode = WICK_HPKE_AUTH;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    p.sender_pub = pub_s;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    p.sender_keystore = &keystore;
    p.sender_key = key_s;
    CHECK_STATUS(send_with(&p), WICK_OK);
    p.sender_key.handle = 99;
    CHECK_STATUS(send_with(&p), WICK_E_NOT_FOUND);
    p.mode = WICK_HPKE_BASE;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    p = base;
    p.sender_keystore = &keystore;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    p = base;
    p.mode = (wick_hpke_mode)4;
    CHECK_STATUS(send_with(&p), WICK_E_BAD_ARG);
    p = base;
    p.aead = 4;
    CHECK_STATUS(send_with(&p), WICK_E_UNSUPPORTED);
    fills_left = 0;
    CHECK_STATUS(send_with(&base), WICK_E_ENTROPY);
    setup();
    next_byte = 0; /* the secret 0, which no good source gives */
    CHECK_STATUS(send_with(&base), WICK_E_ENTROPY);
}

TEST(must_21_once_is_once)
{
    static const uint8_t text[] = "attack at dawn";
    uint8_t ct[64], pt[64];
    const wick_span none = wick_span_make(NULL, 0);
    wick_hpke_params p;

    setup();
    p = base;
    p.single = true;
    REQUIRE_STATUS(send_with(&p), WICK_OK);
    REQUIRE_STATUS(receive_with(&p), WICK_OK);
    CHECK_STATUS(wick_hpke_seal(&s, ct, none, wick_span_make(text, 14)), WICK_OK);
    CHECK_STATUS(wick_hpke_seal(&s, pt, none, wick_span_make(text, 14)), WICK_E_HPKE_SEQ);
    CHECK(wick_ct_is_zero(s.key, 32) && wick_ct_is_zero(s.base_nonce, 12));
    /* a wrong one does not count; the right one counts once */
    ct[3] ^= 1;
    CHECK_STATUS(wick_hpke_open(&r, pt, none, wick_span_make(ct, 30)), WICK_E_AUTH);
    ct[3] ^= 1;
    CHECK_STATUS(wick_hpke_open(&r, pt, none, wick_span_make(ct, 30)), WICK_OK);
    CHECK_MEM(pt, text, 14);
    CHECK_STATUS(wick_hpke_open(&r, pt, none, wick_span_make(ct, 30)), WICK_E_HPKE_SEQ);
    /* export still works, and is the same at both ends */
    CHECK_STATUS(wick_hpke_export(&s, ct, 32, none), WICK_OK);
    CHECK_STATUS(wick_hpke_export(&r, pt, 32, none), WICK_OK);
    CHECK_MEM(ct, pt, 32);
    /* as long as HKDF goes (RFC 5869 2.3), and its first bytes are those of no shorter one */
    static uint8_t longest[2][255 * 32];
    CHECK_STATUS(wick_hpke_export(&s, longest[0], sizeof longest[0], none), WICK_OK);
    CHECK_STATUS(wick_hpke_export(&r, longest[1], sizeof longest[1], none), WICK_OK);
    CHECK_MEM(longest[0], longest[1], sizeof longest[0]);
    CHECK(memcmp(longest[0], ct, 32) != 0);
    /* roles are not exchanged */
    REQUIRE_STATUS(send_with(&base), WICK_OK);
    REQUIRE_STATUS(receive_with(&base), WICK_OK);
    CHECK_STATUS(wick_hpke_open(&s, pt, none, wick_span_make(ct, 30)), WICK_E_STATE);
    CHECK_STATUS(wick_hpke_seal(&r, ct, none, wick_span_make(text, 14)), WICK_E_STATE);
    /* every octet of the sequence number is in the nonce: no other one has a ciphertext of this */
    for (unsigned bit = 0; bit < 64; bit++) {
        s.seq = 0;
        CHECK_STATUS(wick_hpke_seal(&s, ct, none, wick_span_make(text, 14)), WICK_OK);
        s.seq = UINT64_C(1) << bit;
        CHECK_STATUS(wick_hpke_seal(&s, pt, none, wick_span_make(text, 14)), WICK_OK);
        CHECK(memcmp(ct, pt, 30) != 0);
    }
    /* the end of the sequence */
    s.seq = UINT64_MAX - 1;
    CHECK_STATUS(wick_hpke_seal(&s, ct, none, wick_span_make(text, 14)), WICK_OK);
    CHECK_STATUS(wick_hpke_seal(&s, ct, none, wick_span_make(text, 14)), WICK_E_HPKE_SEQ);
    wick_hpke_wipe(&s);
    CHECK_STATUS(wick_hpke_seal(&s, ct, none, wick_span_make(text, 14)), WICK_E_STATE);
    CHECK_STATUS(wick_hpke_export(&s, ct, 32, none), WICK_E_STATE);
    CHECK_STATUS(wick_hpke_export(&r, ct, 255 * 32 + 1, none), WICK_E_BAD_ARG);
    p = base;
    p.no_export = true;
    REQUIRE_STATUS(send_with(&p), WICK_OK);
    CHECK_STATUS(wick_hpke_export(&s, ct, 32, none), WICK_E_STATE);
    p = base;
    p.aead = WICK_HPKE_EXPORT_ONLY;
    REQUIRE_STATUS(send_with(&p), WICK_OK);
    CHECK_STATUS(wick_hpke_seal(&s, ct, none, wick_span_make(text, 14)), WICK_E_STATE);
}

/* Whatever the two ends do not share, the message does not open. */
TEST(both_ends_must_agree)
{
    static const uint8_t text[4] = {1, 2, 3, 4};
    uint8_t ct[20], pt[4], other[32] = {5};
    const wick_span none = wick_span_make(NULL, 0);
    wick_hpke_params p, q;

    setup();
    p = base;
    p.mode = WICK_HPKE_AUTH_PSK;
    p.info = wick_span_make(text, 4);
    p.psk = wick_span_make(psk, 32);
    p.psk_id = wick_span_make(psk_id, 2);
    p.sender_pub = pub_s;
    p.sender_keystore = &keystore;
    p.sender_key = key_s;
    for (unsigned what = 0; what < 8; what++) {
        REQUIRE_STATUS(send_with(&p), WICK_OK);
        REQUIRE_STATUS(wick_hpke_seal(&s, ct, wick_span_make(text, 2), wick_span_make(text, 4)),
                       WICK_OK);
        q = p;
        q.sender_keystore = NULL;
        wick_span aad = wick_span_make(text, 2);
        switch (what) {
        case 1:
            q.info.len = 3;
            break;
        case 2:
            q.psk = wick_span_make(other, 32);
            break;
        case 3:
            q.psk_id.len = 1;
            break;
        case 4:
            q.sender_pub = pub_r;
            break;
        case 5:
            q.aead = WICK_AEAD_AES256_GCM;
            break;
        case 6:
            q.mode = WICK_HPKE_PSK;
            q.sender_pub = NULL;
            break;
        case 7:
            aad = none;
            break;
        default:
            break;
        }
        q.sender_keystore = q.sender_pub != NULL ? &keystore : NULL;
        REQUIRE_STATUS(receive_with(&q), WICK_OK);
        CHECK_STATUS(wick_hpke_open(&r, pt, aad, wick_span_make(ct, 20)),
                     what == 0 ? WICK_OK : WICK_E_AUTH);
        CHECK(wick_ct_is_zero(pt, 4) == (what != 0));
    }
    CHECK_STATUS(wick_hpke_open(&r, pt, none, wick_span_make(ct, 15)), WICK_E_AUTH);
}

TEST(points)
{
    wick_hpke_params p;
    uint8_t good[33];

    setup();
    REQUIRE_STATUS(send_with(&base), WICK_OK);
    memcpy(good, enc, 33);
    const uint8_t firsts[] = {0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0xff};
    for (size_t i = 0; i < sizeof firsts; i++) {
        enc[0] = firsts[i];
        CHECK_STATUS(receive_with(&base), WICK_E_BAD_KEY);
        CHECK(wick_ct_is_zero((const uint8_t *)&r, sizeof r));
        pub_r[0] ^= 0x10;
        CHECK_STATUS(send_with(&base), WICK_E_BAD_KEY);
        pub_r[0] ^= 0x10;
        memcpy(enc, good, 33);
    }
    p = base;
    p.mode = WICK_HPKE_AUTH;
    p.sender_pub = good;
    good[0] = 4;
    CHECK_STATUS(receive_with(&p), WICK_E_BAD_KEY);
    CHECK_STATUS(wick_hpke_setup_recipient(&r, &crypto, &keystore, pub_r, enc, &base,
                                           (wick_key){77}),
                 WICK_E_NOT_FOUND);
}

/* Every call of the back end fails in turn: an error, nothing left, and no endless loop. */
static unsigned countdown;
static wick_hal_crypto failing;

static wick_status f_clone(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src)
{
    return countdown-- == 0 ? WICK_E_CRYPTO : crypto.hash_clone(ctx, dst, src);
}

static wick_status f_begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    return countdown-- == 0 ? WICK_E_CRYPTO : crypto.hash_begin(ctx, h, alg);
}

TEST(failing_back_end)
{
    unsigned n = 0;
    wick_status st = WICK_E_CRYPTO;

    setup();
    failing = crypto;
    failing.hash_clone = f_clone;
    failing.hash_begin = f_begin;
    for (n = 0; n < 200 && st != WICK_OK; n++) {
        countdown = n;
        st = wick_hpke_setup_sender(&s, enc, &failing, &entropy, pub_r, &base);
        CHECK(st == WICK_OK || (st == WICK_E_CRYPTO &&
                                wick_ct_is_zero((const uint8_t *)&s, sizeof s)));
    }
    CHECK(n > 20 && n < 100);
    uint8_t out[32];
    for (n = 0; n < 3; n++) {
        countdown = n;
        memset(out, 1, 32);
        CHECK_STATUS(wick_hpke_export(&s, out, 32, wick_span_make(NULL, 0)), WICK_E_CRYPTO);
        CHECK(wick_ct_is_zero(out, 32));
    }
}

TAP_MAIN("unit.hpke", CASE(must_21_parameters), CASE(must_21_once_is_once),
         CASE(both_ends_must_agree), CASE(points), CASE(failing_back_end))
