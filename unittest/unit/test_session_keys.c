/* SPDX-License-Identifier: Apache-2.0 */
/* Session keys: one identity for one key, peer, role and use; the table and what it refuses. */
#include "tap.h"
#include "wick/port/crypto.h"
#include "wick/session_keys.h"

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_session_table table;

#define ALL_USES 15u
#define BIG_USES 7u

static void setup(void)
{
    CHECK_STATUS(wick_crypto_init(&crypto, &cc), WICK_OK);
    wick_session_table_init(&table, &crypto);
}

static wick_session make(uint8_t seed, wick_session_role role, unsigned uses)
{
    wick_session s;
    memset(&s, 0, sizeof s);
    memset(s.peer_id, seed, 32);
    memset(s.root, seed ^ 0x55, 32);
    s.role = role;
    s.uses = uses;
    return s;
}

static wick_span span_of(const wick_session_psk *k)
{
    return wick_span_make((const uint8_t *)k->identity, WICK_SESSION_IDENTITY_CHARS);
}

static wick_status find(const wick_session_psk *k, wick_session_role role, unsigned uses,
                        uint64_t now)
{
    wick_session_psk got;
    uint8_t peer[32];
    wick_status st = wick_session_table_find(&table, &got, peer, span_of(k), role, uses, now);
    if (st == WICK_OK) {
        CHECK_INT(got.key_len, k->key_len);
        CHECK_MEM(got.key, k->key, 32);
        CHECK_MEM(got.identity, k->identity, sizeof k->identity);
    } else {
        CHECK(wick_ct_is_zero((const uint8_t *)&got, sizeof got));
        CHECK(wick_ct_is_zero(peer, 32));
    }
    return st;
}

TEST(one_key_for_each_use)
{
    const wick_session_use uses[] = {WICK_USE_DTLS12, WICK_USE_TLS12, WICK_USE_TLS13,
                                     WICK_USE_PSK16};
    wick_session s = make(1, WICK_ROLE_INITIATOR, ALL_USES);
    wick_session_psk k[4];

    setup();
    for (size_t i = 0; i < 4; i++) {
        CHECK_STATUS(wick_session_psk_derive(&k[i], &crypto, &s, uses[i]), WICK_OK);
        CHECK_INT(k[i].key_len, i == 3 ? 16 : 32);
        CHECK_INT(strlen(k[i].identity), 27);
        CHECK(memcmp(k[i].identity, "dpk1.", 5) == 0);
        for (size_t j = 0; j < i; j++) {
            CHECK(memcmp(k[i].key, k[j].key, 16) != 0);
            CHECK(strcmp(k[i].identity, k[j].identity) != 0);
        }
    }
    /* not agreed on; two at once; none */
    s.uses = BIG_USES;
    CHECK_STATUS(wick_session_psk_derive(&k[0], &crypto, &s, WICK_USE_PSK16), WICK_E_UNSUPPORTED);
    CHECK(wick_ct_is_zero((const uint8_t *)&k[0], sizeof k[0]));
    CHECK_STATUS(wick_session_psk_derive(&k[0], &crypto, &s, (wick_session_use)3),
                 WICK_E_UNSUPPORTED);
    CHECK_STATUS(wick_session_psk_derive(&k[0], &crypto, &s, (wick_session_use)0),
                 WICK_E_UNSUPPORTED);
    /* a ratchet changes all, and the same at both ends */
    wick_session t = s;
    CHECK_STATUS(wick_session_psk_derive(&k[0], &crypto, &s, WICK_USE_DTLS12), WICK_OK);
    CHECK_STATUS(wick_session_ratchet(&s, &crypto), WICK_OK);
    CHECK_STATUS(wick_session_ratchet(&t, &crypto), WICK_OK);
    CHECK_MEM(s.root, t.root, 32);
    CHECK_STATUS(wick_session_psk_derive(&k[1], &crypto, &s, WICK_USE_DTLS12), WICK_OK);
    CHECK(memcmp(k[0].key, k[1].key, 32) != 0);
    CHECK(strcmp(k[0].identity, k[1].identity) != 0);
}

/* SRTP: another profile or media session, other keys; none where the last message was left out. */
TEST(media_sessions)
{
    static const struct {
        wick_srtp_profile profile;
        size_t key, salt;
    } known[] = {{WICK_SRTP_AES128_CM_SHA1_80, 16, 14},
                 {WICK_SRTP_AES128_CM_SHA1_32, 16, 14},
                 {WICK_SRTP_AEAD_AES_128_GCM, 16, 12},
                 {WICK_SRTP_AEAD_AES_256_GCM, 32, 12}};
    wick_session s = make(1, WICK_ROLE_INITIATOR, ALL_USES | WICK_USE_SRTP);
    wick_session_srtp a[4], b;
    wick_session_psk k;
    setup();
    for (size_t i = 0; i < 4; i++) {
        CHECK_STATUS(wick_session_srtp_derive(&a[i], &crypto, &s, known[i].profile, 7), WICK_OK);
        CHECK_INT(a[i].key_len, known[i].key);
        CHECK_INT(a[i].salt_len, known[i].salt);
        CHECK(memcmp(a[i].bytes, a[i].bytes + known[i].key, known[i].key) != 0); /* each direction */
        for (size_t j = 0; j < i; j++) {
            CHECK(memcmp(a[i].bytes, a[j].bytes, 16) != 0);
        }
        CHECK_STATUS(wick_session_srtp_derive(&b, &crypto, &s, known[i].profile, 8), WICK_OK);
        CHECK(memcmp(a[i].bytes, b.bytes, 16) != 0);
    }
    CHECK_STATUS(wick_session_srtp_derive(&b, &crypto, &s, (wick_srtp_profile)3, 7),
                 WICK_E_UNSUPPORTED);
    CHECK(wick_ct_is_zero((const uint8_t *)&b, sizeof b));
    s.uses = ALL_USES;
    CHECK_STATUS(wick_session_srtp_derive(&b, &crypto, &s, WICK_SRTP_AEAD_AES_128_GCM, 7),
                 WICK_E_UNSUPPORTED);
    CHECK(wick_ct_is_zero((const uint8_t *)&b, sizeof b));
    s.uses |= WICK_USE_SRTP;
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &s, WICK_USE_SRTP), WICK_E_UNSUPPORTED);
}

TEST(must_24_identities_find_only_what_they_name)
{
    wick_session a = make(1, WICK_ROLE_RESPONDER, ALL_USES);
    wick_session b = make(2, WICK_ROLE_INITIATOR, BIG_USES);
    wick_session_psk ka, ka16, kb, got;
    uint8_t peer[32];

    setup();
    CHECK_STATUS(wick_session_table_put(&table, &a, 0, 1000), WICK_OK);
    CHECK_STATUS(wick_session_table_put(&table, &b, 0, 1000), WICK_OK);
    CHECK_STATUS(wick_session_psk_derive(&ka, &crypto, &a, WICK_USE_DTLS12), WICK_OK);
    CHECK_STATUS(wick_session_psk_derive(&ka16, &crypto, &a, WICK_USE_PSK16), WICK_OK);
    CHECK_STATUS(wick_session_psk_derive(&kb, &crypto, &b, WICK_USE_DTLS12), WICK_OK);
    CHECK_STATUS(find(&ka, WICK_ROLE_RESPONDER, WICK_USE_DTLS12, 0), WICK_OK);
    /* whose it is, to be compared with the peer that was asked for */
    CHECK_STATUS(wick_session_table_find(&table, &got, peer, span_of(&ka), WICK_ROLE_RESPONDER,
                                         ALL_USES, 0),
                 WICK_OK);
    CHECK_MEM(peer, a.peer_id, 32);
    CHECK(memcmp(peer, b.peer_id, 32) != 0);
    /* of the other role */
    CHECK_STATUS(find(&ka, WICK_ROLE_INITIATOR, ALL_USES, 0), WICK_E_NOT_FOUND);
    CHECK_STATUS(find(&kb, WICK_ROLE_RESPONDER, ALL_USES, 0), WICK_E_NOT_FOUND);
    CHECK_STATUS(find(&kb, WICK_ROLE_INITIATOR, WICK_USE_DTLS12, 0), WICK_OK);
    /* of another protocol */
    CHECK_STATUS(find(&ka, WICK_ROLE_RESPONDER, WICK_USE_TLS12, 0), WICK_E_NOT_FOUND);
    CHECK_STATUS(find(&ka, WICK_ROLE_RESPONDER, WICK_USE_TLS13 | WICK_USE_PSK16, 0),
                 WICK_E_NOT_FOUND);
    /* the identity of the 16-byte key never gives the 32-byte one */
    CHECK_STATUS(find(&ka16, WICK_ROLE_RESPONDER, BIG_USES, 0), WICK_E_NOT_FOUND);
    CHECK_STATUS(find(&ka16, WICK_ROLE_RESPONDER, ALL_USES, 0), WICK_OK);
    /* where it was not agreed on, the identity that would name it finds nothing */
    b.uses = ALL_USES;
    CHECK_STATUS(wick_session_psk_derive(&ka16, &crypto, &b, WICK_USE_PSK16), WICK_OK);
    CHECK_STATUS(find(&ka16, WICK_ROLE_INITIATOR, ALL_USES, 0), WICK_E_NOT_FOUND);
    /* nearly right, and of any length */
    wick_session_psk wrong = ka;
    wrong.identity[26] = wrong.identity[26] == 'A' ? 'B' : 'A';
    CHECK_STATUS(find(&wrong, WICK_ROLE_RESPONDER, ALL_USES, 0), WICK_E_NOT_FOUND);
    for (size_t len = 0; len < 27; len++) {
        CHECK_STATUS(wick_session_table_find(&table, &got, peer,
                                             wick_span_make((const uint8_t *)ka.identity, len),
                                             WICK_ROLE_RESPONDER, ALL_USES, 0),
                     WICK_E_NOT_FOUND);
    }
    CHECK_STATUS(wick_session_table_find(&table, &got, peer,
                                         wick_span_make((const uint8_t *)ka.identity, 28),
                                         WICK_ROLE_RESPONDER, ALL_USES, 0),
                 WICK_E_NOT_FOUND);
    /* an unused identity slot is all zero; nobody may name it */
    memcpy(wrong.identity, "dpk1.AAAAAAAAAAAAAAAAAAAAAA", 28);
    CHECK_STATUS(find(&wrong, WICK_ROLE_INITIATOR, ALL_USES, 0), WICK_E_NOT_FOUND);
}

TEST(life_of_an_entry)
{
    wick_session s = make(1, WICK_ROLE_RESPONDER, BIG_USES), got;
    wick_session_psk old, k;

    setup();
    CHECK_STATUS(wick_session_psk_derive(&old, &crypto, &s, WICK_USE_DTLS12), WICK_OK);
    CHECK_STATUS(wick_session_table_put(&table, &s, 100, 1000), WICK_OK);
    CHECK_STATUS(find(&old, WICK_ROLE_RESPONDER, BIG_USES, 1099), WICK_OK);
    CHECK_STATUS(find(&old, WICK_ROLE_RESPONDER, BIG_USES, 1100), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_session_table_peer(&table, &got, s.peer_id, WICK_ROLE_RESPONDER, 1099),
                 WICK_OK);
    CHECK_MEM(&got, &s, sizeof s);
    CHECK_STATUS(wick_session_table_peer(&table, &got, s.peer_id, WICK_ROLE_INITIATOR, 1099),
                 WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_session_table_peer(&table, &got, s.peer_id, WICK_ROLE_RESPONDER, 1100),
                 WICK_E_NOT_FOUND);
    CHECK(wick_ct_is_zero((const uint8_t *)&got, sizeof got));
    /* a newer session of the same peer and role takes its place */
    wick_session newer = s;
    newer.root[0] ^= 1;
    CHECK_STATUS(wick_session_table_put(&table, &newer, 200, 1000), WICK_OK);
    CHECK_STATUS(find(&old, WICK_ROLE_RESPONDER, BIG_USES, 300), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &newer, WICK_USE_TLS13), WICK_OK);
    CHECK_STATUS(find(&k, WICK_ROLE_RESPONDER, BIG_USES, 300), WICK_OK);
    /* revocation ends both roles */
    newer.role = WICK_ROLE_INITIATOR;
    newer.root[1] ^= 1;
    CHECK_STATUS(wick_session_table_put(&table, &newer, 200, 1000), WICK_OK);
    wick_session_table_remove(&table, s.peer_id);
    CHECK(wick_ct_is_zero((const uint8_t *)table.entry, sizeof table.entry));
    /* what has expired is wiped */
    CHECK_STATUS(wick_session_table_put(&table, &s, 0, 10), WICK_OK);
    wick_session_table_expire(&table, 9);
    CHECK(!wick_ct_is_zero((const uint8_t *)table.entry, sizeof table.entry));
    wick_session_table_expire(&table, 10);
    CHECK(wick_ct_is_zero((const uint8_t *)table.entry, sizeof table.entry));
    CHECK_STATUS(wick_session_table_put(&table, &s, 0, 10), WICK_OK);
    wick_session_table_wipe(&table);
    CHECK(wick_ct_is_zero((const uint8_t *)table.entry, sizeof table.entry));
    CHECK_STATUS(wick_session_table_put(&table, &s, 0, 10), WICK_OK);
}

TEST(full_and_colliding)
{
    wick_session s;

    setup();
    for (uint8_t i = 0; i < WICK_SESSIONS_MAX; i++) {
        s = make((uint8_t)(i + 1), WICK_ROLE_RESPONDER, BIG_USES);
        CHECK_STATUS(wick_session_table_put(&table, &s, 0, 1000 + i), WICK_OK);
    }
    s = make(99, WICK_ROLE_RESPONDER, BIG_USES);
    CHECK_STATUS(wick_session_table_put(&table, &s, 0, 1000), WICK_E_LIMIT);
    /* nobody was evicted; one that has expired gives way */
    wick_session got;
    uint8_t first[32];
    memset(first, 1, 32);
    CHECK_STATUS(wick_session_table_peer(&table, &got, first, WICK_ROLE_RESPONDER, 999), WICK_OK);
    CHECK_STATUS(wick_session_table_put(&table, &s, 1000, 1000), WICK_OK);
    /* one root under two peers would be one identity for two */
    setup();
    s = make(1, WICK_ROLE_RESPONDER, BIG_USES);
    CHECK_STATUS(wick_session_table_put(&table, &s, 0, 1000), WICK_OK);
    s.peer_id[0] ^= 1;
    CHECK_STATUS(wick_session_table_put(&table, &s, 0, 1000), WICK_E_STATE);
    CHECK_STATUS(wick_session_table_put(&table, &s, 1000, 1000), WICK_OK);
}

static unsigned countdown;
static wick_status (*real_update)(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len);

static wick_status failing_update(void *ctx, wick_hash_ctx *h, const uint8_t *data, size_t len)
{
    return countdown-- == 0 ? WICK_E_CRYPTO : real_update(ctx, h, data, len);
}

TEST(failing_back_end)
{
    wick_session s = make(1, WICK_ROLE_RESPONDER, BIG_USES);
    wick_session_psk k;

    setup();
    real_update = crypto.hash_update;
    crypto.hash_update = failing_update;
    for (unsigned n = 0; n < 8; n++) {
        countdown = n;
        CHECK_STATUS(wick_session_psk_derive(&k, &crypto, &s, WICK_USE_DTLS12), WICK_E_CRYPTO);
        CHECK(wick_ct_is_zero((const uint8_t *)&k, sizeof k));
        countdown = n;
        CHECK_STATUS(wick_session_table_put(&table, &s, 0, 1000), WICK_E_CRYPTO);
        CHECK(wick_ct_is_zero((const uint8_t *)table.entry, sizeof table.entry));
    }
    /* an old root does not live on in place of a new one */
    countdown = 0;
    CHECK_STATUS(wick_session_ratchet(&s, &crypto), WICK_E_CRYPTO);
    CHECK(wick_ct_is_zero(s.root, 32));
}

TAP_MAIN("unit.session_keys", CASE(one_key_for_each_use), CASE(media_sessions),
         CASE(must_24_identities_find_only_what_they_name), CASE(life_of_an_entry),
         CASE(full_and_colliding), CASE(failing_back_end))
