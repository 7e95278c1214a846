/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket T1: what a gateway does to make one, what the audience does to take one in its text form to
 * the key (opening, claims, table), what an upload without cookie costs, and what a leaf does to have
 * key and identity.
 */
#include "bench.h"

#include <string.h>

#include "wick/port/crypto.h"
#include "wick/ticket_table.h"
#include "wick/ticket_upload.h"

#define NOW_S 1700000000u
#define NOW_MS 1000u

static wick_crypto_ctx cc;
static wick_hal_crypto crypto;
static wick_hal_keystore keystore;
static wick_ram_keystore ram;
static uint8_t drawn;
static wick_ticket_own gateway, server;
static wick_ticket_audience audience;
static wick_ticket_claims claims;
static wick_ticket_rule rule;
static wick_ticket_table table;
static wick_nsl_node node;
static wick_ticket_door door;
static wick_ticket_upload up;
static wick_addr from;
static uint8_t ticket[WICK_TICKET_BYTES], ks[WICK_TICKET_KS_BYTES];
static uint8_t upload[WICK_TICKET_UPLOAD_MAX];
static char text[WICK_TICKET_CHARS + 1];
static wick_ticket opened;
static wick_session_psk psk, leaf_psk;
static wick_status status;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    drawn++;
    memset(out, drawn, len);
    return WICK_OK;
}

static const wick_hal_entropy entropy = {NULL, fill};

static void keep(wick_status st)
{
    status = status == WICK_OK ? st : status;
}

static void own(wick_ticket_own *out, uint8_t seed)
{
    uint8_t secret[32] = {0}, id[32];
    wick_key key = {0};
    secret[31] = seed;
    memset(id, seed, sizeof id);
    keep(wick_ram_keystore_import(&key, &ram, secret));
    keep(wick_ticket_own_init(out, &crypto, &entropy, &keystore, id, key));
}

static const char *prepare(void)
{
    wick_nsl_config cfg;
    keep(wick_crypto_init(&crypto, &cc));
    wick_ram_keystore_init(&keystore, &ram, &cc);
    own(&gateway, 5);
    own(&server, 6);
    memcpy(audience.id, server.id, 32);
    memcpy(audience.pub33, server.pub33, 33);
    claims.iat_s = NOW_S;
    claims.life_s = 600;
    claims.scope = WICK_TICKET_CONNECT;
    keep(wick_ticket_sub(claims.sub, wick_span_text("meter-7")));
    rule.any = true;
    rule.scopes = WICK_TICKET_CONNECT;
    wick_ticket_table_init(&table, &crypto, &rule, 1);
    wick_ticket_table_start(&table, NOW_S);
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &crypto;
    cfg.entropy = &entropy;
    cfg.keystore = &keystore;
    memcpy(cfg.id, server.id, 32);
    cfg.pub.type = WICK_KEY_TYPE_SECP256K1;
    memcpy(cfg.pub.bytes, server.pub33, 33);
    cfg.key = server.key;
    keep(wick_nsl_init(&node, &cfg, NOW_MS));
    wick_ticket_door_init(&door, &node, NOW_MS);
    from = wick_addr_v4(192, 0, 2, 1, 40000);
    return BENCH_READY;
}

static const char *prepare_made(void)
{
    const char *skip = prepare();
    keep(wick_ticket_make(ticket, ks, &claims, &gateway, &audience));
    wick_ticket_text(text, ticket);
    (void)wick_ticket_upload_put(upload, ticket, NULL, 7);
    return skip;
}

BENCH_SETUP(ticket_make)
{
    return prepare();
}
BENCH(ticket_make)
{
    keep(wick_ticket_make(ticket, ks, &claims, &gateway, &audience));
    wick_ticket_text(text, ticket);
}
BENCH_CHECK(ticket_make)
{
    return status == WICK_OK && strlen(text) == WICK_TICKET_CHARS;
}

BENCH_SETUP(ticket_open)
{
    return prepare_made();
}
BENCH(ticket_open)
{
    uint8_t bytes[WICK_TICKET_BYTES];
    wick_ticket_head head;
    keep(wick_ticket_from_text(bytes, wick_span_make((const uint8_t *)text, WICK_TICKET_CHARS)));
    keep(wick_ticket_parse(&head, wick_span_make(bytes, sizeof bytes)));
    keep(wick_ticket_open(&opened, &head, &server, gateway.pub33));
    keep(wick_ticket_table_accept(&table, &opened, 1, NOW_S));
    keep(wick_ticket_psk(&psk, &crypto, opened.ks, WICK_USE_DTLS12));
}
BENCH_CHECK(ticket_open)
{
    return status == WICK_OK && memcmp(opened.ks, ks, sizeof ks) == 0;
}

BENCH_SETUP(ticket_cookie)
{
    return prepare_made();
}
BENCH(ticket_cookie)
{
    wick_status st = wick_ticket_door_input(
        &door, &up, NOW_MS, wick_span_make(upload, WICK_TICKET_UPLOAD_BYTES), &from);
    keep(st == WICK_AGAIN ? WICK_OK : WICK_E_STATE);
}
BENCH_CHECK(ticket_cookie)
{
    return status == WICK_OK;
}

BENCH_SETUP(ticket_leaf)
{
    return prepare_made();
}
BENCH(ticket_leaf)
{
    keep(wick_ticket_psk(&leaf_psk, &crypto, ks, WICK_USE_DTLS12));
}
BENCH_CHECK(ticket_leaf)
{
    return status == WICK_OK && leaf_psk.key_len == 32;
}

BENCH_MAIN(BENCH_CASE(ticket_make), BENCH_CASE(ticket_open), BENCH_CASE(ticket_cookie),
           BENCH_CASE(ticket_leaf))
