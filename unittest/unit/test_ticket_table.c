/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets at the audience: policy, time, replay, the issuer's record, a full table. */
#include "ticket_world.h"

static wick_ticket_table table;
static wick_ticket_rule rules[3];
static uint8_t ticket[WICK_TICKET_BYTES], ks[32];
static uint8_t next_jti;

#define NOW (IAT + 10u)
#define EPOCH 3u

static void setup(void)
{
    ticket_world();
    memset(rules, 0, sizeof rules);
    memcpy(rules[0].issuer, own[G].id, 32);
    rules[0].scopes = WICK_TICKET_CONNECT | WICK_TICKET_REUSE | 4u;
    memcpy(rules[1].issuer, own[H].id, 32);
    rules[1].scopes = WICK_TICKET_CONNECT;
    wick_ticket_table_init(&table, &crypto, rules, 2);
    wick_ticket_table_start(&table, IAT - 100);
    next_jti = 1;
}

/* An opened ticket; Ks of the jti, as if from the seal. */
static wick_ticket ticket_of(unsigned from, uint8_t jti, uint16_t scope)
{
    wick_ticket t;
    memset(&t, 0, sizeof t);
    memcpy(t.issuer, own[from].id, 32);
    t.claims = claims_of("meter-7");
    t.claims.scope = scope;
    memset(t.claims.jti, jti, sizeof t.claims.jti);
    memset(t.ks, jti, sizeof t.ks);
    t.ks[0] = (uint8_t)(from + 1);
    return t;
}

static wick_status find_use(const wick_ticket *t, wick_ticket_peer *peer, wick_session_use use,
                            unsigned uses, uint64_t now_s)
{
    wick_session_psk k, got;
    CHECK_STATUS(wick_ticket_psk(&k, &crypto, t->ks, use), WICK_OK);
    wick_status st = wick_ticket_table_find(
        &table, &got, peer, wick_span_make((const uint8_t *)k.identity, 27), uses, now_s);
    if (st == WICK_OK) {
        CHECK_INT(got.key_len, k.key_len);
        CHECK_MEM(got.key, k.key, 32);
    } else {
        CHECK(wick_ct_is_zero((const uint8_t *)&got, sizeof got));
        CHECK(wick_ct_is_zero((const uint8_t *)peer, sizeof *peer));
    }
    return st;
}

static wick_status find(const wick_ticket *t, wick_ticket_peer *peer, uint64_t now_s)
{
    return find_use(t, peer, WICK_USE_DTLS12, WICK_USE_DTLS12, now_s);
}

/* From the seal to the session, and by each use's own identity only. */
TEST(accepted_and_found)
{
    wick_ticket_peer peer;
    wick_ticket t;

    setup();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    REQUIRE_STATUS(open_ticket(&t, ticket, sizeof ticket, G, S), WICK_OK);
    CHECK_STATUS(find(&t, &peer, NOW), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    CHECK_STATUS(find(&t, &peer, NOW), WICK_OK);
    CHECK_MEM(peer.issuer, own[G].id, 32);
    CHECK_MEM(peer.sub, "meter-7\0\0\0\0\0\0\0\0", 16);
    CHECK(peer.scope == 0x8001 && peer.issuer_epoch == EPOCH && peer.expires_s == IAT + 600);
    /* the 16-byte identity never gives the 32-byte key, nor is it served where it is not spoken */
    CHECK_STATUS(find_use(&t, &peer, WICK_USE_PSK16, WICK_USE_DTLS12, NOW), WICK_E_NOT_FOUND);
    CHECK_STATUS(find_use(&t, &peer, WICK_USE_DTLS12, WICK_USE_PSK16, NOW), WICK_E_NOT_FOUND);
    CHECK_STATUS(find_use(&t, &peer, WICK_USE_PSK16, WICK_USE_PSK16 | WICK_USE_DTLS12, NOW),
                 WICK_OK);
    CHECK_STATUS(find_use(&t, &peer, WICK_USE_TLS12, 15, NOW), WICK_OK);
    CHECK_STATUS(find_use(&t, &peer, WICK_USE_TLS13, 15, NOW), WICK_OK);
    /* until it ends */
    CHECK_STATUS(find(&t, &peer, IAT + 599), WICK_OK);
    CHECK_INT(wick_ticket_table_count(&table, IAT + 599), 1);
    CHECK_STATUS(find(&t, &peer, IAT + 600), WICK_E_NOT_FOUND);
    CHECK_INT(wick_ticket_table_count(&table, IAT + 600), 0);
    CHECK(wick_ct_is_zero((const uint8_t *)table.entry, sizeof table.entry));
}

TEST(must_22_time)
{
    wick_ticket t;

    setup();
    wick_ticket_table_init(&table, &crypto, rules, 2);
    t = ticket_of(G, 1, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_NO_CLOCK);
    wick_ticket_table_start(&table, NOW);
    wick_ticket_table_start(&table, 1); /* a second beginning is none */
    /* issued before this table began: it may have been used before the restart */
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_BOOT);
    t.claims.iat_s = NOW - 1;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_BOOT);
    t.claims.iat_s = NOW;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    /* ahead of our clock */
    t = ticket_of(G, 2, WICK_TICKET_CONNECT);
    t.claims.iat_s = NOW + 61;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_FUTURE);
    t.claims.iat_s = NOW + 60;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    /* too long, none, ended; sums do not wrap */
    t = ticket_of(G, 3, WICK_TICKET_CONNECT);
    t.claims.iat_s = NOW;
    t.claims.life_s = 3601;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_LIFE);
    t.claims.life_s = 0;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_LIFE);
    t.claims.life_s = 3600;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW + 3600), WICK_E_EXPIRED);
    t.claims.iat_s = UINT32_MAX - 10;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, UINT32_MAX - 10),
                 WICK_E_TICKET_FUTURE);
    /* a clock that goes back does not bring an ended ticket back */
    t = ticket_of(G, 4, WICK_TICKET_CONNECT);
    t.claims.iat_s = NOW;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_EXPIRED);
}

TEST(must_22_jti_twice)
{
    wick_ticket_peer peer, late;
    wick_ticket t, other;

    setup();
    t = ticket_of(G, 7, WICK_TICKET_CONNECT);
    REQUIRE_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    /* before Finished: a handshake may be lost, the same ticket is taken again */
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW + 5), WICK_OK);
    CHECK_STATUS(find(&t, &peer, NOW + 5), WICK_OK);
    CHECK_INT(wick_ticket_table_count(&table, NOW + 5), 1);
    /* another ticket with this jti is not the same */
    other = t;
    other.ks[9] ^= 1;
    CHECK_STATUS(wick_ticket_table_accept(&table, &other, EPOCH, NOW), WICK_E_TICKET_REPLAY);
    /* but another issuer's is */
    other = ticket_of(H, 7, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &other, EPOCH, NOW), WICK_OK);
    /* two handshakes side by side: one Finished */
    late = peer;
    CHECK_STATUS(wick_ticket_table_use(&table, &peer, NOW + 6), WICK_OK);
    CHECK_STATUS(wick_ticket_table_use(&table, &late, NOW + 6), WICK_E_TICKET_REPLAY);
    /* after it: neither the ticket nor its short identity */
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW + 7), WICK_E_TICKET_REPLAY);
    CHECK_STATUS(find(&t, &peer, NOW + 7), WICK_E_NOT_FOUND);
    CHECK_STATUS(find(&other, &peer, NOW + 7), WICK_OK);
    /* unless it says REUSE, and the policy lets its issuer say so */
    t = ticket_of(G, 8, WICK_TICKET_CONNECT | WICK_TICKET_REUSE);
    REQUIRE_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW + 7), WICK_OK);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_STATUS(find(&t, &peer, NOW + 8), WICK_OK);
        CHECK_STATUS(wick_ticket_table_use(&table, &peer, NOW + 8), WICK_OK);
        CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW + 8), WICK_OK);
    }
    CHECK_STATUS(wick_ticket_table_use(&table, &peer, IAT + 600), WICK_E_NOT_FOUND);
}

TEST(must_22_scopes)
{
    wick_ticket t;

    setup();
    t = ticket_of(G, 1, WICK_TICKET_CONNECT | 2u);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_SCOPE);
    t.claims.scope = 4;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    t = ticket_of(G, 2, WICK_TICKET_REUSE);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_SCOPE);
    t = ticket_of(G, 2, 0);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_SCOPE);
    t = ticket_of(H, 3, WICK_TICKET_CONNECT | WICK_TICKET_REUSE);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_SCOPE);
    /* registered is not authorised */
    t = ticket_of(Z, 4, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_ISSUER);
    CHECK_STATUS(wick_ticket_table_may(&table, own[Z].id), WICK_E_TICKET_ISSUER);
    CHECK_STATUS(wick_ticket_table_may(&table, own[H].id), WICK_OK);
    /* a line for all, and one that takes it away from one */
    rules[2].any = true;
    rules[2].scopes = WICK_TICKET_CONNECT;
    rules[1].scopes = 0;
    table.rule_count = 3;
    CHECK_STATUS(wick_ticket_table_may(&table, own[Z].id), WICK_OK);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    CHECK_STATUS(wick_ticket_table_may(&table, own[H].id), WICK_E_TICKET_ISSUER);
    t = ticket_of(H, 5, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_ISSUER);
    table.rule_count = 0;
    CHECK_STATUS(wick_ticket_table_may(&table, own[G].id), WICK_E_TICKET_ISSUER);
}

/* H's "meter-7" is not G's: both are let in, under two names. */
TEST(must_22_sub_of_another_gateway)
{
    wick_ticket_peer of_g, of_h;
    wick_ticket t, u;

    setup();
    t = ticket_of(G, 1, WICK_TICKET_CONNECT);
    u = ticket_of(H, 1, WICK_TICKET_CONNECT);
    REQUIRE_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    REQUIRE_STATUS(wick_ticket_table_accept(&table, &u, EPOCH, NOW), WICK_OK);
    CHECK_STATUS(find(&t, &of_g, NOW), WICK_OK);
    CHECK_STATUS(find(&u, &of_h, NOW), WICK_OK);
    CHECK_MEM(of_g.sub, of_h.sub, 16);
    CHECK_MEM(of_g.issuer, own[G].id, 32);
    CHECK_MEM(of_h.issuer, own[H].id, 32);
    CHECK_STATUS(wick_ticket_table_use(&table, &of_g, NOW), WICK_OK);
    CHECK_STATUS(find(&u, &of_h, NOW), WICK_OK);
}

TEST(must_22_epoch_and_revocation)
{
    wick_ticket_peer peer;
    wick_ticket t, u, v;

    setup();
    t = ticket_of(G, 1, WICK_TICKET_CONNECT | WICK_TICKET_REUSE);
    u = ticket_of(H, 1, WICK_TICKET_CONNECT);
    REQUIRE_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    REQUIRE_STATUS(wick_ticket_table_accept(&table, &u, EPOCH, NOW), WICK_OK);
    wick_ticket_table_issuer(&table, own[G].id, EPOCH); /* as before */
    CHECK_STATUS(find(&t, &peer, NOW), WICK_OK);
    wick_ticket_table_issuer(&table, own[G].id, EPOCH + 1);
    CHECK_STATUS(find(&t, &peer, NOW), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_ticket_table_use(&table, &peer, NOW), WICK_E_NOT_FOUND);
    CHECK_STATUS(find(&u, &peer, NOW), WICK_OK);
    /* it does not come back, under whatever epoch its seal would still open */
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_RECORD_REVOKED);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH + 1, NOW), WICK_E_RECORD_REVOKED);
    /* a new one under the new epoch does, and then none under the old one */
    v = ticket_of(G, 2, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &v, EPOCH + 1, NOW), WICK_OK);
    v = ticket_of(G, 3, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &v, EPOCH, NOW), WICK_E_RECORD_STALE);
    wick_ticket_table_revoke(&table, own[H].id);
    CHECK_STATUS(find(&u, &peer, NOW), WICK_E_NOT_FOUND);
    CHECK_INT(wick_ticket_table_count(&table, NOW), 3); /* none is forgotten */
    unsigned secrets = 0;
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        secrets += wick_ct_is_zero(table.entry[i].ks, 32) ? 0u : 1u;
    }
    CHECK_INT(secrets, 1);
}

TEST(must_22_full_table)
{
    const size_t share = WICK_TICKETS_MAX / 4;
    wick_ticket_peer peer;
    wick_ticket t, first;
    uint8_t jti = 0;

    setup();
    rules[2].any = true;
    rules[2].scopes = WICK_TICKET_CONNECT;
    table.rule_count = 3;
    first = ticket_of(G, 1, WICK_TICKET_CONNECT);
    /* a quarter for each issuer */
    for (size_t i = 0; i < share; i++) {
        t = ticket_of(G, ++jti, WICK_TICKET_CONNECT);
        CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
    }
    t = ticket_of(G, ++jti, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_TICKET_SHARE);
    CHECK_STATUS(wick_ticket_table_accept(&table, &first, EPOCH, NOW), WICK_OK); /* is there */
    for (uint8_t other = 0; other < 3; other++) {
        for (size_t i = 0; i < share; i++) {
            t = ticket_of(H, ++jti, WICK_TICKET_CONNECT);
            memset(t.issuer, 0xe0 + other, 32);
            CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_OK);
        }
    }
    CHECK_INT(wick_ticket_table_count(&table, NOW), WICK_TICKETS_MAX);
    /* full: the new one is refused, none is evicted, used or not */
    t = ticket_of(H, ++jti, WICK_TICKET_CONNECT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_LIMIT);
    REQUIRE_STATUS(find(&first, &peer, NOW), WICK_OK);
    CHECK_STATUS(wick_ticket_table_use(&table, &peer, NOW), WICK_OK);
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, NOW), WICK_E_LIMIT);
    CHECK_STATUS(wick_ticket_table_accept(&table, &first, EPOCH, NOW), WICK_E_TICKET_REPLAY);
    /* time makes room */
    t.claims.iat_s = IAT + 500;
    CHECK_STATUS(wick_ticket_table_accept(&table, &t, EPOCH, IAT + 600), WICK_OK);
    CHECK_INT(wick_ticket_table_count(&table, IAT + 600), 1);
    wick_ticket_table_wipe(&table);
    CHECK(wick_ct_is_zero((const uint8_t *)&table, sizeof table));
}

TAP_MAIN("unit.ticket_table", CASE(accepted_and_found), CASE(must_22_time),
         CASE(must_22_jti_twice), CASE(must_22_scopes), CASE(must_22_sub_of_another_gateway),
         CASE(must_22_epoch_and_revocation), CASE(must_22_full_table))
