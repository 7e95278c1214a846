/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket T1, its text and the keys under it: vectors, every field, every claim, every refusal. */
#include "ticket_vectors.h"
#include "ticket_world.h"

static uint8_t ticket[WICK_TICKET_BYTES + 1], ks[32];
static wick_ticket opened;

static size_t unhex(uint8_t *out, size_t cap, const char *hex)
{
    size_t len = strlen(hex) / 2;
    CHECK(len <= cap);
    CHECK_STATUS(wick_hex_decode(out, len, hex, strlen(hex)), WICK_OK);
    return len;
}

static void check_hex(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[256];
    CHECK_INT(unhex(want, sizeof want, hex), len);
    CHECK_MEM(got, want, len);
}

static bool is_zero(const void *p, size_t len)
{
    return wick_ct_is_zero((const uint8_t *)p, len);
}

/* What another implementation computes (unittest/vectors/ticket_vectors.py). */
TEST(must_22_vectors)
{
    static const struct {
        wick_session_use use;
        size_t len;
        const char *key, *identity;
    } uses[] = {{WICK_USE_DTLS12, 32, TICKET_PSK_DTLS12, TICKET_ID_DTLS12},
                {WICK_USE_TLS12, 32, TICKET_PSK_TLS12, TICKET_ID_TLS12},
                {WICK_USE_TLS13, 32, TICKET_PSK_TLS13, TICKET_ID_TLS13},
                {WICK_USE_PSK16, 16, TICKET_PSK_PSK16, TICKET_ID_PSK16}};
    char text[WICK_TICKET_CHARS + 1], name[WICK_TICKET_SUB_BYTES + 1];
    uint8_t back[WICK_TICKET_BYTES], secret[16], salt[8];
    wick_session_psk k;

    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    check_hex(ticket, WICK_TICKET_BYTES, TICKET_TICKET);
    check_hex(ks, sizeof ks, TICKET_KS);
    wick_ticket_text(text, ticket);
    CHECK(strcmp(text, TICKET_TEXT) == 0);
    CHECK_STATUS(wick_ticket_from_text(back, wick_span_text(text)), WICK_OK);
    CHECK_MEM(back, ticket, sizeof back);
    private_ops = 0;
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, G, S), WICK_OK);
    CHECK_INT(private_ops, 2);
    CHECK_MEM(opened.ks, ks, 32);
    CHECK_MEM(opened.issuer, own[G].id, 32);
    CHECK_STATUS(wick_ticket_sub_name(name, opened.claims.sub), WICK_OK);
    CHECK(strcmp(name, "meter-7") == 0);
    CHECK(opened.claims.iat_s == IAT && opened.claims.life_s == 600 &&
          opened.claims.scope == 0x8001);
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        CHECK_STATUS(wick_ticket_psk(&k, &crypto, ks, uses[i].use), WICK_OK);
        CHECK_INT(k.key_len, uses[i].len);
        check_hex(k.key, uses[i].len, uses[i].key);
        CHECK(strcmp(k.identity, uses[i].identity) == 0);
    }
    CHECK_STATUS(wick_ticket_psk(&k, &crypto, ks, (wick_session_use)3), WICK_E_UNSUPPORTED);
    CHECK(is_zero(&k, sizeof k));
    CHECK_STATUS(wick_ticket_psk(&k, &crypto, ks, (wick_session_use)0), WICK_E_UNSUPPORTED);
    CHECK_STATUS(wick_ticket_oscore(secret, salt, &crypto, ks), WICK_OK);
    check_hex(secret, 16, TICKET_OSCORE);
    check_hex(salt, 8, TICKET_OSCORE_SALT);
}

/* The exporter does not know the claims: only the hash in its context makes Ks theirs. */
TEST(must_22_each_claim_changes_ks)
{
    static const uint8_t at[] = {6, 18, 19, 20, 21, 22, 29, 31}; /* sub, iat, life, jti, scope */
    uint8_t claims[32], other[32], second[WICK_TICKET_BYTES];

    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    unhex(claims, sizeof claims, TICKET_CLAIMS);
    seal_claims(second, ticket, claims);
    CHECK_MEM(second, ticket, WICK_TICKET_BYTES); /* the very same seal */
    for (size_t i = 0; i < sizeof at; i++) {
        memcpy(other, claims, sizeof other);
        other[at[i]] = (uint8_t)(at[i] == 6 ? '8' : other[at[i]] ^ (at[i] == 31 ? 2 : 1));
        seal_claims(second, ticket, other);
        CHECK_MEM(second, ticket, 71);
        CHECK_STATUS(open_ticket(&opened, second, WICK_TICKET_BYTES, G, S), WICK_OK);
        CHECK(memcmp(opened.ks, ks, 32) != 0);
    }
}

TEST(must_22_every_bit_every_length)
{
    wick_ticket_head head;

    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    for (size_t bit = 0; bit < WICK_TICKET_BYTES * 8; bit++) {
        ticket[bit / 8] = (uint8_t)(ticket[bit / 8] ^ (1u << bit % 8));
        wick_status st = open_ticket(&opened, ticket, WICK_TICKET_BYTES, G, S);
        CHECK(st == WICK_E_AUTH || st == WICK_E_UNSUPPORTED || st == WICK_E_TICKET_AUDIENCE ||
              st == WICK_E_BAD_KEY);
        CHECK_INT(st == WICK_E_UNSUPPORTED, bit / 8 < 2);
        CHECK_INT(st == WICK_E_TICKET_AUDIENCE, bit / 8 >= 2 && bit / 8 < 6);
        CHECK(is_zero(&opened, sizeof opened));
        ticket[bit / 8] = (uint8_t)(ticket[bit / 8] ^ (1u << bit % 8));
    }
    for (size_t len = 0; len < WICK_TICKET_BYTES; len++) {
        CHECK_STATUS(wick_ticket_parse(&head, wick_span_make(ticket, len)), WICK_E_TRUNCATED);
        CHECK(head.bytes == NULL && head.issuer == NULL);
    }
    CHECK_STATUS(wick_ticket_parse(&head, wick_span_make(ticket, WICK_TICKET_BYTES + 1)),
                 WICK_E_TRAILING);
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, G, S), WICK_OK);
}

TEST(must_22_wrong_audience_wrong_issuer)
{
    wick_ticket_head head;
    wick_ticket_own copy;

    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    /* another server: no private-key operation for what is plainly not for it */
    private_ops = 0;
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, G, Z), WICK_E_TICKET_AUDIENCE);
    CHECK_INT(private_ops, 0);
    /* and where the selector says it is */
    memcpy(ticket + 2, own[Z].keyhash, 4);
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, G, Z), WICK_E_AUTH);
    memcpy(ticket + 2, own[S].keyhash, 4);
    /* opened with the key of another issuer; or the issuer named is another one */
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, H, S), WICK_E_AUTH);
    memcpy(ticket + 6, own[H].id, 32);
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, H, S), WICK_E_AUTH);
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, G, S), WICK_E_AUTH);
    memcpy(ticket + 6, own[G].id, 32);
    /* S under another name, with the same key */
    copy = own[S];
    copy.id[0] ^= 1;
    REQUIRE_STATUS(wick_ticket_parse(&head, wick_span_make(ticket, WICK_TICKET_BYTES)), WICK_OK);
    CHECK_STATUS(wick_ticket_open(&opened, &head, &copy, own[G].pub33), WICK_E_AUTH);
    CHECK_STATUS(wick_ticket_open(&opened, &head, &own[S], own[G].pub33), WICK_OK);
}

/* H registers G's key as its own: it can rename nothing, for the issuer's id is in the seal. Must 3. */
TEST(must_22_copied_keys)
{
    wick_ticket_head head;
    wick_ticket_own thief;
    const wick_ticket_claims c = (ticket_world(), claims_of("meter-7"));

    make_ticket(ticket, ks, G, S, &c);
    memcpy(ticket + 6, own[H].id, 32);
    REQUIRE_STATUS(wick_ticket_parse(&head, wick_span_make(ticket, WICK_TICKET_BYTES)), WICK_OK);
    CHECK_STATUS(wick_ticket_open(&opened, &head, &own[S], own[G].pub33), WICK_E_AUTH);
    /* a record with S's own key speaks for nobody at S: who holds it could forge all tickets */
    thief = own[S];
    memcpy(thief.id, own[H].id, 32);
    wick_ticket_audience a = audience_of(S);
    wick_ticket_claims d = c;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &d, &thief, &a), WICK_E_SAME_KEY);
    make_ticket(ticket, ks, G, S, &c);
    private_ops = 0;
    CHECK_STATUS(wick_ticket_open(&opened, &head, &own[S], own[S].pub33), WICK_E_BAD_KEY);
    CHECK_INT(private_ops, 0);
    /* nor does S itself */
    memcpy(ticket + 6, own[S].id, 32);
    CHECK_STATUS(open_ticket(&opened, ticket, WICK_TICKET_BYTES, G, S), WICK_E_TICKET_AUDIENCE);
    CHECK_INT(private_ops, 0);
}

TEST(what_is_not_made)
{
    ticket_world();
    const wick_ticket_claims good = claims_of("a");
    wick_ticket_audience to = audience_of(S);
    wick_ticket_claims c = good;
    wick_ticket_own other;

    c.life_s = 0;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_TICKET_LIFE);
    c.life_s = WICK_TICKET_LIFE_MAX + 1;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_TICKET_LIFE);
    c = good;
    c.scope = WICK_TICKET_REUSE;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_TICKET_SCOPE);
    c = good;
    c.sub[3] = 'x'; /* behind its end */
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_NAME);
    memset(c.sub, 0, sizeof c.sub);
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_NAME);
    c = good;
    to = audience_of(G);
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_SAME_KEY);
    to.id[0] ^= 1;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_SAME_KEY);
    to = audience_of(S);
    to.pub33[0] = 4;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_BAD_KEY);
    to = audience_of(S);
    no_entropy = true;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &own[G], &to), WICK_E_ENTROPY);
    CHECK(is_zero(ticket, WICK_TICKET_BYTES) && is_zero(ks, 32));
    other = own[G];
    other.entropy = NULL;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &other, &to), WICK_E_BAD_ARG);
    other = own[G];
    other.key.handle = 99;
    no_entropy = false;
    CHECK_STATUS(wick_ticket_make(ticket, ks, &c, &other, &to), WICK_E_NOT_FOUND);
    CHECK(is_zero(ticket, WICK_TICKET_BYTES) && is_zero(ks, 32));
    CHECK_STATUS(wick_ticket_own_init(&other, &crypto, &entropy, &keystore, own[G].id,
                                      (wick_key){99}),
                 WICK_E_NOT_FOUND);
    CHECK(is_zero(&other, sizeof other));
}

/* A registered issuer may seal anything: what breaks the format is refused all the same. */
TEST(claims_that_are_none)
{
    static const struct {
        uint8_t at, value;
    } wrong[] = {{0, 0}, {0, 'M'}, {8, 'x'}, {15, 1}, {3, ' '}, {20, 0xff}};
    uint8_t claims[32], other[32], second[WICK_TICKET_BYTES];

    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    unhex(claims, sizeof claims, TICKET_CLAIMS);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(other, claims, sizeof other);
        other[wrong[i].at] = wrong[i].value;
        seal_claims(second, ticket, other);
        CHECK_STATUS(open_ticket(&opened, second, WICK_TICKET_BYTES, G, S), WICK_E_MALFORMED);
        CHECK(is_zero(&opened, sizeof opened));
    }
    memcpy(other, claims, sizeof other);
    other[20] = other[21] = 0; /* no life */
    seal_claims(second, ticket, other);
    CHECK_STATUS(open_ticket(&opened, second, WICK_TICKET_BYTES, G, S), WICK_E_MALFORMED);
    memcpy(other, claims, sizeof other);
    other[31] = 0; /* REUSE of nothing */
    seal_claims(second, ticket, other);
    CHECK_STATUS(open_ticket(&opened, second, WICK_TICKET_BYTES, G, S), WICK_E_MALFORMED);
}

TEST(text)
{
    char text[WICK_TICKET_CHARS + 1];
    uint8_t back[WICK_TICKET_BYTES];

    ticket_world();
    const wick_ticket_claims c = claims_of("meter-7");
    make_ticket(ticket, ks, G, S, &c);
    wick_ticket_text(text, ticket);
    for (size_t len = 0; len < WICK_TICKET_CHARS; len++) {
        CHECK_STATUS(wick_ticket_from_text(back, wick_span_make((const uint8_t *)text, len)),
                     WICK_E_NOT_FOUND);
    }
    CHECK_STATUS(wick_ticket_from_text(back, wick_span_make((const uint8_t *)text,
                                                            WICK_TICKET_CHARS + 1)),
                 WICK_E_NOT_FOUND);
    for (size_t i = 0; i < WICK_TICKET_CHARS; i++) {
        static const char bad[] = "=+/ .\n\xff";
        for (size_t k = 0; k < sizeof bad; k++) { /* the zero as well */
            const char kept = text[i];
            text[i] = bad[k];
            wick_status st = wick_ticket_from_text(
                back, wick_span_make((const uint8_t *)text, WICK_TICKET_CHARS));
            CHECK(i == 4 && bad[k] == '.' ? st == WICK_OK
                                          : st == (i < 5 ? WICK_E_NOT_FOUND : WICK_E_MALFORMED));
            CHECK(st == WICK_OK || is_zero(back, sizeof back));
            text[i] = kept;
        }
    }
    /* 119 octets fill 158 characters and four bits: two bits of the last one are zero */
    unsigned canonical = 0;
    for (unsigned k = 0; k < 26; k++) {
        text[WICK_TICKET_CHARS - 1] = (char)('a' + k);
        wick_status st = wick_ticket_from_text(back, wick_span_text(text));
        CHECK(st == WICK_OK || st == WICK_E_NON_CANONICAL);
        canonical += st == WICK_OK ? 1u : 0u;
    }
    CHECK(canonical >= 6 && canonical <= 7);
}

TEST(names_of_leaves)
{
    static const char *const bad[] = {"", "A", "a b", "a/b", "seventeen-letters", "\xc3\xa4"};
    static const char *const good[] = {"a", "sixteen-letters.", "0_9-z"};
    uint8_t sub[16];
    char name[17];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(wick_ticket_sub(sub, wick_span_text(bad[i])), WICK_E_NAME);
        CHECK(is_zero(sub, sizeof sub));
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_STATUS(wick_ticket_sub(sub, wick_span_text(good[i])), WICK_OK);
        CHECK_STATUS(wick_ticket_sub_name(name, sub), WICK_OK);
        CHECK(strcmp(name, good[i]) == 0);
    }
}

/* Every call of the hash fails in turn: an error, and nothing is left of a key. */
static unsigned countdown;
static wick_hal_crypto failing, whole;

static wick_status f_begin(void *ctx, wick_hash_ctx *h, wick_hash_alg alg)
{
    return countdown-- == 0 ? WICK_E_CRYPTO : whole.hash_begin(ctx, h, alg);
}

static wick_status f_clone(void *ctx, wick_hash_ctx *dst, const wick_hash_ctx *src)
{
    return countdown-- == 0 ? WICK_E_CRYPTO : whole.hash_clone(ctx, dst, src);
}

TEST(failing_back_end)
{
    wick_status st = WICK_E_CRYPTO;
    wick_session_psk k;
    uint8_t secret[16], salt[8];
    wick_ticket_head head;
    unsigned n = 0;

    ticket_world();
    const wick_ticket_claims c = claims_of("a");
    const wick_ticket_audience to = audience_of(S);
    make_ticket(ticket, ks, G, S, &c);
    REQUIRE_STATUS(wick_ticket_parse(&head, wick_span_make(ticket, WICK_TICKET_BYTES)), WICK_OK);
    whole = crypto;
    failing = crypto;
    failing.hash_begin = f_begin;
    failing.hash_clone = f_clone;
    wick_ticket_own server = own[S], issuer = own[G];
    server.crypto = issuer.crypto = &failing;
    for (n = 0; n < 300 && st != WICK_OK; n++) {
        countdown = n;
        st = wick_ticket_open(&opened, &head, &server, own[G].pub33);
        CHECK(st == WICK_OK || (st == WICK_E_CRYPTO && is_zero(&opened, sizeof opened)));
    }
    CHECK(n > 20 && n < 100);
    st = WICK_E_CRYPTO;
    for (n = 0; n < 300 && st != WICK_OK; n++) {
        wick_ticket_claims d = c;
        uint8_t made[WICK_TICKET_BYTES];
        countdown = n;
        st = wick_ticket_make(made, ks, &d, &issuer, &to);
        CHECK(st == WICK_OK ||
              (st == WICK_E_CRYPTO && is_zero(made, sizeof made) && is_zero(ks, 32)));
    }
    CHECK(n > 20 && n < 100);
    for (n = 0; n < 8; n++) {
        countdown = n;
        st = wick_ticket_psk(&k, &failing, ks, WICK_USE_DTLS12);
        CHECK(st == WICK_OK || is_zero(&k, sizeof k));
        countdown = n;
        st = wick_ticket_oscore(secret, salt, &failing, ks);
        CHECK(st == WICK_OK || (is_zero(secret, 16) && is_zero(salt, 8)));
    }
}

TAP_MAIN("unit.ticket", CASE(must_22_vectors), CASE(must_22_each_claim_changes_ks),
         CASE(must_22_every_bit_every_length), CASE(must_22_wrong_audience_wrong_issuer),
         CASE(must_22_copied_keys), CASE(what_is_not_made), CASE(claims_that_are_none), CASE(text),
         CASE(names_of_leaves), CASE(failing_back_end))
