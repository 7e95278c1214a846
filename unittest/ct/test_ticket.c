/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets: Ks from the seal to the session, at the issuer, at the audience and at the leaf. Claims are
 * no secret between those who can open them; jti and identities are on the wire.
 */
#include "ct.h"
#include "ticket_world.h"
#include "wick/ticket_upload.h"

#define NOW (IAT + 10u)
#define EPOCH 3u

static wick_ticket_table table;
static wick_ticket_rule rule;
static wick_hal_entropy drawn;
static uint8_t ticket[WICK_TICKET_BYTES], ks[32];

static void setup(void)
{
    ticket_world();
    ct_border(&crypto, &keystore);
    ct_macs_are_public = false;
    ct_opened_is_secret = false;
    drawn = ct_entropy(&entropy);
    own[G].entropy = &drawn;
    memset(&rule, 0, sizeof rule);
    rule.any = true;
    rule.scopes = WICK_TICKET_CONNECT | WICK_TICKET_REUSE;
    wick_ticket_table_init(&table, &crypto, &rule, 1);
    wick_ticket_table_start(&table, IAT - 100);
    (void)ct_reports();
}

/* By G for S, opened there: one secret at both ends. */
static wick_ticket made_and_opened(void)
{
    wick_ticket t;
    uint8_t a[32], b[32];
    const wick_ticket_claims c = claims_of("meter-7");

    make_ticket(ticket, ks, G, S, &c);
    CONSTANT_TIME();
    CHECK_INT(ct_secret_bytes(ks, sizeof ks), 32);
    PUBLIC(ticket, sizeof ticket);
    CHECK_STATUS(open_ticket(&t, ticket, sizeof ticket, G, S), WICK_OK);
    CONSTANT_TIME();
    CHECK_INT(ct_secret_bytes(t.ks, sizeof t.ks), 32);
    memcpy(a, ks, 32);
    memcpy(b, t.ks, 32);
    PUBLIC(a, 32);
    PUBLIC(b, 32);
    CHECK_MEM(a, b, 32);
    return t;
}

TEST(seal_and_open)
{
    setup();
    const wick_ticket t = made_and_opened();
    CHECK_INT(ct_secret_bytes(&own, sizeof own), 0);
    (void)t;
}

/* Wherever a ticket is wrong, nothing of Ks was made, and nothing is left. */
TEST(forged)
{
    wick_ticket t;
    setup();
    t = made_and_opened();
    for (size_t at = 0; at < sizeof ticket; at += 7) {
        ticket[at] ^= 1;
        CHECK(open_ticket(&t, ticket, sizeof ticket, G, S) != WICK_OK);
        CHECK_INT(ct_secret_bytes(&t, sizeof t), 0);
        ticket[at] ^= 1;
    }
    CONSTANT_TIME();
}

static wick_status find(const char *identity, wick_session_use use)
{
    wick_session_psk k;
    wick_ticket_peer peer;
    wick_status st = wick_ticket_table_find(&table, &k, &peer, wick_span_text(identity),
                                            (unsigned)use, NOW);
    CHECK_INT(ct_secret_bytes(k.key, sizeof k.key), st == WICK_OK ? k.key_len : 0);
    wick_wipe(&k, sizeof k);
    return st;
}

/* Acceptance, repetition with the same and with another Ks, every use, use up, replay. */
TEST(table_of_the_audience)
{
    static const wick_session_use uses[] = {WICK_USE_DTLS12, WICK_USE_TLS12, WICK_USE_TLS13,
                                            WICK_USE_PSK16};
    wick_ticket_peer peer;
    wick_session_psk k;
    setup();
    wick_ticket t = made_and_opened();
    t.claims.scope = WICK_TICKET_CONNECT;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    CHECK_INT(ct_secret_bytes(&table, sizeof table), 32); /* Ks and no key under it */
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    for (size_t i = 0; i < 32; i += 31) {
        t.ks[i] ^= 0x10;
        CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_REPLAY);
        t.ks[i] ^= 0x10;
    }
    CONSTANT_TIME();
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        CHECK_STATUS(wick_ticket_psk(&k, &crypto, ks, uses[i]), WICK_OK);
        CHECK_INT(ct_secret_bytes(k.key, sizeof k.key), k.key_len);
        CHECK_STATUS(find(k.identity, uses[i]), WICK_OK);
        k.identity[26] = k.identity[26] == 'A' ? 'B' : 'A';
        CHECK_STATUS(find(k.identity, uses[i]), WICK_E_NOT_FOUND);
        wick_wipe(&k, sizeof k);
    }
    CONSTANT_TIME();
    memcpy(peer.issuer, t.issuer, 32);
    memcpy(peer.jti, t.claims.jti, sizeof peer.jti);
    CHECK_STATUS(wick_ticket_table_use(&table, &peer, NOW), WICK_OK);
    CHECK_STATUS(wick_ticket_table_use(&table, &peer, NOW), WICK_E_TICKET_REPLAY);
    CONSTANT_TIME();
    wick_ticket_table_wipe(&table);
    CHECK_INT(ct_secret_bytes(&table, sizeof table), 0);
}

/* What ends takes its Ks along: by time, by the issuer's record. */
TEST(nothing_stays)
{
    setup();
    const wick_ticket t = made_and_opened();
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    wick_ticket_table_issuer(&table, t.issuer, EPOCH);
    CHECK_INT(ct_secret_bytes(&table, sizeof table), 32);
    wick_ticket_table_issuer(&table, t.issuer, EPOCH + 1);
    CHECK_INT(ct_secret_bytes(&table, sizeof table), 0);
    CHECK_INT(wick_ticket_table_count(&table, NOW), 1); /* its jti is not new again */
    wick_ticket_table_wipe(&table);
    wick_ticket_table_init(&table, &crypto, &rule, 1);
    wick_ticket_table_start(&table, IAT - 100);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    CHECK_INT(ct_secret_bytes(&table, sizeof table), 32);
    wick_ticket_peer nobody;
    memset(&nobody, 0, sizeof nobody);
    CHECK_STATUS(wick_ticket_table_use(&table, &nobody, IAT + 700), WICK_E_NOT_FOUND);
    CHECK_INT(ct_secret_bytes(&table, sizeof table), 0);
    CONSTANT_TIME();
}

/* The leaf's side: keys of each use, the confirmation of an upload, OSCORE. */
TEST(leaf)
{
    uint8_t done[WICK_TICKET_DONE_BYTES], cookie[WICK_NSL_COOKIE_BYTES];
    uint8_t secret[WICK_TICKET_OSCORE_SECRET_BYTES], salt[WICK_TICKET_OSCORE_SALT_BYTES];
    setup();
    const wick_ticket t = made_and_opened();
    CHECK_STATUS(wick_ticket_upload_done(done, &crypto, ticket, t.ks, 77), WICK_OK);
    CONSTANT_TIME();
    CHECK_INT(ct_secret_bytes(done, sizeof done), 16);
    PUBLIC(done, sizeof done);
    for (size_t at = 0; at < 2; at++) {
        const size_t flip = at == 0 ? 8 : sizeof done - 1;
        done[flip] ^= 1;
        CHECK_STATUS(wick_ticket_upload_answer(cookie, &crypto, wick_span_make(done, sizeof done),
                                               ticket, ks, 77),
                     WICK_E_AUTH);
        done[flip] ^= 1;
    }
    CHECK_STATUS(wick_ticket_upload_answer(cookie, &crypto, wick_span_make(done, sizeof done), ticket,
                                           ks, 77),
                 WICK_OK);
    CHECK_STATUS(wick_ticket_oscore(secret, salt, &crypto, ks), WICK_OK);
    CHECK_INT(ct_secret_bytes(secret, sizeof secret), sizeof secret);
    CONSTANT_TIME();
}

/* ---- the test can fail: a comparison that ends at the first difference ---- */

static __attribute__((noinline)) bool leaky_equal(const volatile uint8_t *a, const volatile uint8_t *b)
{
    size_t i = 0;
    while (i < 32 && a[i] == b[i]) {
        i++;
    }
    return i == 32;
}

TEST(a_comparison_of_ks_that_stops_is_seen)
{
    setup();
    const wick_ticket t = made_and_opened();
    volatile bool same = leaky_equal(t.ks, ks);
    (void)same;
    CHECK(ct_reports() > 0);
}

CT_MAIN("ct.ticket", CASE(seal_and_open), CASE(forged), CASE(table_of_the_audience),
        CASE(nothing_stays), CASE(leaf), CASE(a_comparison_of_ks_that_stops_is_seen))
