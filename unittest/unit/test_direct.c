/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages about paths (core/psk/PROTOCOL.md section 12): the vectors of that section, made by
 * another implementation of HKDF, HMAC and ChaCha20-Poly1305, and what is refused.
 */
#include "tap.h"
#include "wick/direct.h"
#include "wick/hmac.h"
#include "wick/port/crypto.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_session session;
static wick_direct_keys i2r, r2i;
static uint8_t name[WICK_DIRECT_NAME_BYTES];

static const uint8_t check_vector[] = {
    0x00, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0x34, 0x7d, 0xb0, 0x27, 0xd8, 0x9e, 0x9d, 0x2b,
    0x00, 0x00, 0x00, 0x20, 0x00, 0x06, 0x00, 0x16, 0x5f, 0x2d, 0x70, 0x65, 0x50, 0x53, 0x50, 0x6b,
    0x6c, 0x50, 0x42, 0x70, 0x49, 0x62, 0x68, 0x41, 0x5a, 0x44, 0x6c, 0x4e, 0x53, 0x77, 0x00, 0x00,
    0x00, 0x1c, 0x00, 0x20, 0xdb, 0x32, 0x5f, 0xc8, 0xde, 0x2f, 0x6d, 0x27, 0x7c, 0x48, 0xd0, 0x1c,
    0x23, 0x5f, 0x04, 0x41, 0x91, 0xac, 0x73, 0xa1, 0x20, 0x41, 0x52, 0x96, 0x71, 0x94, 0x09, 0x92,
    0xd4, 0x31, 0xe3, 0x7f, 0x80, 0x28, 0x00, 0x04, 0x2b, 0x44, 0x8e, 0x8b};
static const uint8_t offer_vector[] = {
    0x00, 0x01, 0x00, 0x7c, 0x21, 0x12, 0xa4, 0x42, 0x34, 0x7d, 0xb0, 0x27, 0xd8, 0x9e, 0x9d, 0x2b,
    0x00, 0x00, 0x00, 0x50, 0x00, 0x06, 0x00, 0x16, 0x5f, 0x2d, 0x70, 0x65, 0x50, 0x53, 0x50, 0x6b,
    0x6c, 0x50, 0x42, 0x70, 0x49, 0x62, 0x68, 0x41, 0x5a, 0x44, 0x6c, 0x4e, 0x53, 0x77, 0x00, 0x00,
    0x00, 0x13, 0x00, 0x30, 0x4d, 0x8b, 0x5a, 0x90, 0xb9, 0x66, 0x47, 0x48, 0x2f, 0xe9, 0x45, 0x3f,
    0x0c, 0xf9, 0xdc, 0x17, 0xf9, 0xbd, 0x54, 0xd6, 0x3b, 0x8a, 0xab, 0x1c, 0x19, 0x6d, 0x3f, 0xd1,
    0x56, 0x3f, 0x29, 0x00, 0x88, 0x82, 0x63, 0x6f, 0xaa, 0xff, 0x81, 0xae, 0x3e, 0x1d, 0x1e, 0x4b,
    0xbc, 0x46, 0x75, 0xc3, 0x00, 0x1c, 0x00, 0x20, 0x1b, 0xb4, 0xab, 0x4f, 0xf2, 0x58, 0xc5, 0xe8,
    0x61, 0x09, 0x61, 0xf8, 0x09, 0x4c, 0x46, 0xd0, 0x28, 0xb9, 0xef, 0x2f, 0x2d, 0xbc, 0xb7, 0xc3,
    0x2d, 0xd4, 0xa0, 0x39, 0x05, 0xd1, 0xaf, 0x82, 0x80, 0x28, 0x00, 0x04, 0x1f, 0x01, 0xad, 0xd9};
static const uint8_t answer_vector[] = {
    0x01, 0x01, 0x00, 0x38, 0x21, 0x12, 0xa4, 0x42, 0x34, 0x7d, 0xb0, 0x27, 0xd8, 0x9e, 0x9d, 0x2b,
    0x00, 0x00, 0x00, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xbd, 0x52, 0xea, 0x12, 0xd5, 0x45,
    0x00, 0x1c, 0x00, 0x20, 0xc6, 0xdc, 0xa3, 0xd2, 0x65, 0x35, 0x6c, 0xbb, 0x54, 0x22, 0x8c, 0x44,
    0xdb, 0xf3, 0x91, 0xcd, 0xff, 0x8f, 0x93, 0x1f, 0x25, 0x1e, 0x0d, 0xd9, 0xea, 0xc8, 0x0b, 0xb5,
    0x79, 0x68, 0xaf, 0x3c, 0x80, 0x28, 0x00, 0x04, 0xa8, 0x5a, 0xd3, 0x9d};
static const uint8_t cid_vector[2][4] = {{0x67, 0x07, 0x83, 0xdf}, {0x3e, 0x7b, 0x49, 0x7b}};

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    memset(&session, 0, sizeof session);
    session.role = WICK_ROLE_INITIATOR;
    for (unsigned i = 0; i < 32; i++) {
        session.root[i] = (uint8_t)i;
    }
    CHECK_STATUS(wick_direct_keys_derive(&i2r, &crypto, &session, WICK_ROLE_INITIATOR), WICK_OK);
    CHECK_STATUS(wick_direct_keys_derive(&r2i, &crypto, &session, WICK_ROLE_RESPONDER), WICK_OK);
    CHECK_STATUS(wick_direct_name(name, &crypto, &session), WICK_OK);
}

static wick_addr v6(uint8_t last, uint16_t port)
{
    wick_addr a = {{0x20, 0x01, 0x0d, 0xb8}, port};
    a.ip[15] = last;
    return a;
}

static wick_status read_and_open(wick_direct_msg *m, wick_span in, const wick_direct_keys *keys)
{
    wick_status s = wick_direct_read(m, in);
    return s == WICK_OK ? wick_direct_open(m, &crypto, keys) : s;
}

TEST(vectors)
{
    uint8_t bytes[WICK_DIRECT_MAX_BYTES];
    wick_direct_candidate list[2] = {{wick_addr_v4(203, 0, 113, 7, 40000), WICK_DIRECT_REFLEXIVE},
                                     {v6(1, 50000), WICK_DIRECT_RELAYED}};
    wick_direct_msg m;
    setup();
    CHECK_MEM(i2r.cid, cid_vector[0], 4);
    CHECK_MEM(r2i.cid, cid_vector[1], 4);
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_direct_request(&b, &crypto, &i2r, name, 0x20, NULL, 0), WICK_OK);
    CHECK_INT(b.len, sizeof check_vector);
    CHECK_MEM(bytes, check_vector, sizeof check_vector);
    CHECK_STATUS(read_and_open(&m, wick_buf_span(&b), &i2r), WICK_OK);
    CHECK(!m.answer && !m.offer && m.counter == 0x20 && wick_direct_is_named(&m, name));
    b.len = 0;
    CHECK_STATUS(wick_direct_request(&b, &crypto, &i2r, name, 0x50, list, 2), WICK_OK);
    CHECK_INT(b.len, sizeof offer_vector);
    CHECK_MEM(bytes, offer_vector, sizeof offer_vector);
    CHECK_STATUS(read_and_open(&m, wick_buf_span(&b), &i2r), WICK_OK);
    REQUIRE(m.offer && m.count == 2);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(wick_addr_equal(&m.candidate[i].addr, &list[i].addr));
        CHECK_INT(m.candidate[i].kind, list[i].kind);
    }
    b.len = 0;
    CHECK_STATUS(wick_direct_answer(&b, &crypto, &r2i, check_vector + 8, &list[0].addr), WICK_OK);
    CHECK_INT(b.len, sizeof answer_vector);
    CHECK_MEM(bytes, answer_vector, sizeof answer_vector);
    CHECK_STATUS(read_and_open(&m, wick_buf_span(&b), &r2i), WICK_OK);
    CHECK(m.answer && !m.offer && m.counter == 0x20 && wick_addr_equal(&m.mapped, &list[0].addr));
}

/* An answer is never longer than the shortest request: nothing is amplified. */
TEST(sizes)
{
    uint8_t bytes[WICK_DIRECT_MAX_BYTES];
    wick_direct_candidate list[WICK_DIRECT_CANDIDATES + 1];
    wick_addr wide = v6(9, 65535);
    setup();
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    CHECK_STATUS(wick_direct_answer(&b, &crypto, &i2r, check_vector + 8, &wide), WICK_OK);
    CHECK_INT(b.len, 88);
    for (unsigned i = 0; i <= WICK_DIRECT_CANDIDATES; i++) {
        list[i].addr = v6((uint8_t)i, 1);
        list[i].kind = WICK_DIRECT_HOST;
    }
    b.len = 0;
    CHECK_STATUS(wick_direct_request(&b, &crypto, &i2r, name, 1, list, 8), WICK_OK);
    CHECK_INT(b.len, WICK_DIRECT_MAX_BYTES);
    b.len = 0;
    CHECK_STATUS(wick_direct_request(&b, &crypto, &i2r, name, 1, list, 9), WICK_E_BAD_ARG);
    list[3].kind = WICK_DIRECT_LEARNED;
    CHECK_STATUS(wick_direct_request(&b, &crypto, &i2r, name, 1, list, 8), WICK_E_BAD_ARG);
    list[3].kind = 0;
    CHECK_STATUS(wick_direct_request(&b, &crypto, &i2r, name, 1, list, 8), WICK_E_BAD_ARG);
    list[3].kind = WICK_DIRECT_MAPPED;
    list[4].addr.port = 0;
    CHECK_STATUS(wick_direct_request(&b, &crypto, &i2r, name, 1, list, 8), WICK_E_BAD_ARG);
    wick_buf small = wick_buf_make(bytes, 91);
    CHECK_STATUS(wick_direct_request(&small, &crypto, &i2r, name, 1, NULL, 0), WICK_E_NO_SPACE);
}

/* The message of one side does not open as that of the other, nor in another session. */
TEST(who_made_it)
{
    const wick_span all[] = {wick_span_make(check_vector, sizeof check_vector),
                             wick_span_make(offer_vector, sizeof offer_vector),
                             wick_span_make(answer_vector, sizeof answer_vector)};
    wick_direct_msg m;
    wick_direct_keys third;
    uint8_t other[WICK_DIRECT_NAME_BYTES];
    setup();
    session.root[31] ^= 1;
    CHECK_STATUS(wick_direct_keys_derive(&third, &crypto, &session, WICK_ROLE_INITIATOR), WICK_OK);
    CHECK_STATUS(wick_direct_name(other, &crypto, &session), WICK_OK);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_STATUS(read_and_open(&m, all[i], i == 2 ? &i2r : &r2i), WICK_E_STUN_INTEGRITY);
        CHECK_STATUS(read_and_open(&m, all[i], &third), WICK_E_STUN_INTEGRITY);
        CHECK(!wick_direct_is_named(&m, other));
        CHECK(wick_direct_is_named(&m, name) == (i != 2));
        CHECK_INT(m.count, 0);
    }
    /* The right integrity, but a transaction id that the sender does not use. */
    wick_direct_keys mixed = i2r;
    uint8_t bytes[WICK_DIRECT_MAX_BYTES];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    memcpy(mixed.tid, r2i.tid, sizeof mixed.tid);
    CHECK_STATUS(wick_direct_request(&b, &crypto, &mixed, name, 1, NULL, 0), WICK_OK);
    CHECK_STATUS(read_and_open(&m, wick_buf_span(&b), &i2r), WICK_E_AUTH);
}

TEST(altered_and_cut)
{
    const wick_span all[] = {wick_span_make(check_vector, sizeof check_vector),
                             wick_span_make(offer_vector, sizeof offer_vector),
                             wick_span_make(answer_vector, sizeof answer_vector)};
    uint8_t copy[sizeof offer_vector + 4];
    wick_direct_msg m;
    setup();
    for (unsigned i = 0; i < 3; i++) {
        const wick_direct_keys *keys = i == 2 ? &r2i : &i2r;
        for (size_t bit = 0; bit < all[i].len * 8; bit++) {
            memcpy(copy, all[i].ptr, all[i].len);
            copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            CHECK(read_and_open(&m, wick_span_make(copy, all[i].len), keys) != WICK_OK);
        }
        memset(copy, 0, sizeof copy);
        memcpy(copy, all[i].ptr, all[i].len);
        for (size_t len = 0; len < all[i].len + 4; len++) {
            if (len != all[i].len) {
                CHECK(wick_direct_read(&m, wick_span_make(copy, len)) != WICK_OK);
            }
        }
    }
}

/* A request of ours in every respect but what stands in it. */
static wick_status with_body(wick_direct_msg *m, const uint8_t *body, size_t len)
{
    static uint8_t bytes[600];
    uint8_t tid[WICK_STUN_TID_BYTES] = {0}, sealed[400];
    char text[24];
    wick_stun_build s;
    wick_hmac_key mac;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    memcpy(tid, i2r.tid, 8);
    wick_base64url_encode(text, name, sizeof name);
    CHECK_STATUS(crypto.aead_seal(crypto.ctx, WICK_AEAD_CHACHA20_POLY1305, sealed, i2r.seal, tid,
                                  wick_span_make(NULL, 0), wick_span_make(body, len)),
                 WICK_OK);
    CHECK_STATUS(wick_hmac_key_init(&mac, &crypto, WICK_HASH_SHA256, wick_span_make(i2r.mac, 32)),
                 WICK_OK);
    wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
    wick_stun_put(&s, WICK_STUN_USERNAME, wick_span_make((const uint8_t *)text, 22));
    wick_stun_put(&s, WICK_STUN_DATA_ATTR, wick_span_make(sealed, len + 16));
    wick_stun_put_integrity_sha256(&s, &mac);
    wick_stun_put_fingerprint(&s);
    CHECK_STATUS(wick_stun_end(&s), WICK_OK);
    wick_hmac_key_wipe(&mac);
    return read_and_open(m, wick_buf_span(&b), &i2r);
}

TEST(what_is_sealed)
{
    static const struct {
        wick_status want;
        uint8_t count, len;
        uint8_t bytes[28];
    } rows[] = {
        {WICK_OK, 0, 4, {1}},
        {WICK_E_MALFORMED, 0, 3, {1}},
        {WICK_E_MALFORMED, 0, 0, {0}},
        {WICK_E_UNSUPPORTED, 0, 4, {2}},
        {WICK_E_UNSUPPORTED, 0, 4, {1, 0, 0, 1}},
        {WICK_OK, 1, 12, {1, 0, 0, 0, 3, 1, 0, 9, 1, 2, 3, 4}},
        {WICK_OK, 0, 12, {1, 0, 0, 0, 9, 1, 0, 9, 1, 2, 3, 4}}, /* a kind of the future */
        {WICK_OK, 0, 12, {1, 0, 0, 0, 4, 1, 0, 9, 1, 2, 3, 4}}, /* one that is not told */
        {WICK_E_MALFORMED, 0, 12, {1, 0, 0, 0, 3, 3, 0, 9, 1, 2, 3, 4}},
        {WICK_E_MALFORMED, 0, 12, {1, 0, 0, 0, 3, 1, 0, 0, 1, 2, 3, 4}},
        {WICK_E_MALFORMED, 0, 11, {1, 0, 0, 0, 3, 1, 0, 9, 1, 2, 3}},
        {WICK_E_MALFORMED, 0, 7, {1, 0, 0, 0, 3, 1, 0}},
        {WICK_E_MALFORMED, 0, 12, {1, 0, 0, 0, 3, 2, 0, 9, 1, 2, 3, 4}},
        {WICK_E_MALFORMED, 0, 13, {1, 0, 0, 0, 3, 1, 0, 9, 1, 2, 3, 4, 0}},
        {WICK_E_MALFORMED, 0, 24, {1, 0, 0, 0, 3, 2, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
                                   1, 2, 3, 4}},
        {WICK_OK, 1, 24, {1, 0, 0, 0, 3, 2, 0, 9, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3,
                          4}},
    };
    wick_direct_msg m;
    setup();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(with_body(&m, rows[i].bytes, rows[i].len), rows[i].want);
        CHECK_INT(m.count, rows[i].count);
    }
    uint8_t many[4 + 9 * 8] = {1};
    for (unsigned i = 0; i < 9; i++) {
        memcpy(many + 4 + 8 * i, rows[5].bytes + 4, 8);
    }
    CHECK_STATUS(with_body(&m, many, sizeof many - 8), WICK_OK);
    CHECK_INT(m.count, 8);
    CHECK_STATUS(with_body(&m, many, sizeof many), WICK_E_MALFORMED);
    CHECK_INT(m.count, 0);
    uint8_t huge[240] = {1};
    CHECK_STATUS(with_body(&m, huge, sizeof huge), WICK_E_MALFORMED);
}

/* A refusal is its maker's word alone: every bit of it, with the code and counter it must have. */
TEST(refusals)
{
    uint8_t bytes[200], tid[WICK_STUN_TID_BYTES];
    wick_direct_msg m;
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    setup();
    REQUIRE_STATUS(wick_direct_busy(&b, &crypto, &r2i), WICK_OK);
    CHECK_INT(b.len, WICK_DIRECT_BUSY_BYTES);
    CHECK_STATUS(read_and_open(&m, wick_buf_span(&b), &r2i), WICK_OK);
    CHECK(m.busy && !m.answer && !m.offer && m.counter == 0);
    CHECK_STATUS(read_and_open(&m, wick_buf_span(&b), &i2r), WICK_E_STUN_INTEGRITY);
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK(read_and_open(&m, wick_buf_span(&b), &r2i) != WICK_OK);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (unsigned row = 0; row < 5; row++) {
        wick_stun_build s;
        wick_hmac_key mac;
        CHECK_STATUS(wick_hmac_key_init(&mac, &crypto, WICK_HASH_SHA256,
                                        wick_span_make(r2i.mac, 32)),
                     WICK_OK);
        memset(tid, 0, sizeof tid);
        memcpy(tid, r2i.tid, 8);
        tid[0] ^= row == 3 ? 1u : 0u;
        tid[11] = row == 1 ? 1 : 0;
        b.len = 0;
        wick_stun_begin(&s, &b, WICK_STUN_BINDING, WICK_STUN_ERROR, tid);
        if (row != 4) {
            wick_stun_put_error(&s, row == 2 ? 487 : 486, "");
        }
        wick_stun_put_integrity_sha256(&s, &mac);
        wick_stun_put_fingerprint(&s);
        CHECK_STATUS(wick_stun_end(&s), WICK_OK);
        wick_hmac_key_wipe(&mac);
        wick_status want = row == 0   ? WICK_OK
                           : row == 3 ? WICK_E_AUTH
                                      : WICK_E_UNSUPPORTED;
        CHECK_STATUS(read_and_open(&m, wick_buf_span(&b), &r2i), want);
    }
}

/* Other STUN of other people, and handshakes, whose first octet is that of an answer. */
TEST(neighbours)
{
    uint8_t bytes[400], tid[WICK_STUN_TID_BYTES] = {0};
    wick_direct_msg m;
    wick_hmac_key mac;
    setup();
    CHECK_STATUS(wick_hmac_key_init(&mac, &crypto, WICK_HASH_SHA256, wick_span_make(i2r.mac, 32)),
                 WICK_OK);
    for (unsigned row = 0; row < 6; row++) {
        wick_stun_build s;
        wick_buf b = wick_buf_make(bytes, sizeof bytes);
        wick_stun_begin(&s, &b, row == 0 ? WICK_STUN_ALLOCATE : WICK_STUN_BINDING,
                        row == 1 ? WICK_STUN_INDICATION : row == 2 ? WICK_STUN_ERROR
                                                                   : WICK_STUN_REQUEST,
                        tid);
        wick_stun_put(&s, WICK_STUN_USERNAME, wick_span_make(bytes, row == 3 ? 21 : 22));
        if (row == 4) {
            wick_stun_put_raw(&s, 0x7abc, wick_span_make(bytes, 4));
        }
        if (row != 5) {
            wick_stun_put_integrity_sha256(&s, &mac);
        }
        wick_stun_put_fingerprint(&s);
        REQUIRE_STATUS(wick_stun_end(&s), WICK_OK);
        CHECK_STATUS(wick_direct_read(&m, wick_buf_span(&b)), WICK_E_UNSUPPORTED);
    }
    wick_hmac_key_wipe(&mac);
    static const uint8_t suites[] = {0x11, 0x12, 0x21, 0x22};
    for (unsigned i = 0; i < 4; i++) { /* even with the cookie as connection id */
        for (size_t len = 20; len <= sizeof bytes; len++) {
            uint8_t nsl[12] = {1, 1, suites[i], 0, 0x21, 0x12, 0xa4, 0x42};
            memset(bytes, 0, sizeof bytes);
            memcpy(bytes, nsl, sizeof nsl);
            CHECK(wick_direct_read(&m, wick_span_make(bytes, len)) != WICK_OK);
        }
    }
}

TAP_MAIN("unit.direct", CASE(vectors), CASE(sizes), CASE(who_made_it), CASE(altered_and_cut),
         CASE(what_is_sealed), CASE(refusals), CASE(neighbours))
