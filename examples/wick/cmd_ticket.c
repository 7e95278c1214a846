/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick ticket: introduce a leaf of this gateway to a peer, and look at such introductions. The other
 * side's key comes from its record, proven as for `wick lookup`, or from an option where there is no
 * chain at hand.
 */
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "commands.h"
#include "host.h"
#include "out.h"
#include "reader.h"
#include "wick/ticket_table.h"

#define LIFE_S 600u

static reader r;
static chain_view view;
static host h;

/* Key of a live record, by id. */
static wick_status read_key(uint8_t pub33[33], uint32_t *epoch, const uint8_t id[32])
{
    static const wick_record_seen never;
    wick_peer_query query;
    wick_peer_record record;
    uint8_t service[32] = {0};
    uint64_t now_s = 0;
    wick_peer_query_init(&query, id, service, false);
    query.count = 2; /* the device words */
    wick_status s = chain_words(&view, query.values, (const uint8_t(*)[32])query.slots, query.count,
                                view.registry->device_registry);
    if (s == WICK_OK) {
        s = wick_peer_record_read(&record, &query);
    }
    if (s == WICK_OK) {
        if (h.clock.unix_s(h.clock.ctx, &now_s) != WICK_OK) {
            now_s = r.head.timestamp;
        }
        s = wick_device_check(&record.device, &never, now_s);
    }
    if (s == WICK_OK) {
        s = wick_device_pub33(pub33, &record.device);
        *epoch = record.device.epoch;
    }
    return s;
}

/* The other side's key: given, or from its record. @return exit code */
static int take_key(const cli *c, uint8_t pub33[33], uint32_t *epoch, const uint8_t id[32],
                    const char *given, wick_span registry, const char *what)
{
    if (given != NULL) {
        wick_status s = wick_hex_decode(pub33, 33, given, strlen(given));
        return s == WICK_OK ? CLI_OK : cli_usage(c, "a key is 33 bytes of hex, compressed");
    }
    int code = chain_open(&view, &r, c, &h, registry);
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = read_key(pub33, epoch, id);
    return s == WICK_OK ? CLI_OK : chain_fail(&view, s, what);
}

/* This gateway, with the device key of wick.conf. */
static int open_own(const cli *c, wick_ticket_own *own)
{
    uint8_t id[32];
    const char *name = h.conf.identity.name;
    int code = host_load_keys(&h, c);
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = wick_name_hash(id, wick_span_text(name));
    if (s == WICK_OK) {
        s = wick_ticket_own_init(own, &h.crypto, &h.entropy, &h.keystore, id, h.device_key);
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "identity '%s'", name);
}

/* Which claim a refusal is about. */
static const char *claim_of(wick_status s)
{
    switch ((int)s) {
    case WICK_E_TICKET_AUDIENCE:
        return "audience";
    case WICK_E_TICKET_SCOPE:
        return "scope";
    case WICK_E_TICKET_LIFE:
        return "life";
    case WICK_E_EXPIRED:
        return "iat + life";
    case WICK_E_TICKET_FUTURE:
    case WICK_E_TICKET_BOOT:
        return "iat";
    case WICK_E_NAME:
        return "sub (a leaf's name is [a-z0-9._-]{1,16})";
    case WICK_E_AUTH:
        return "seal (altered, or not by this issuer for this audience)";
    default:
        return "ticket";
    }
}

static void put_claims(out_rec *o, const wick_ticket_claims *claims, const uint8_t issuer[32])
{
    char leaf[WICK_TICKET_SUB_BYTES + 1];
    wick_status s = wick_ticket_sub_name(leaf, claims->sub);
    out_str(o, "leaf", s == WICK_OK ? leaf : "?");
    out_hex(o, "issuer", issuer, 32);
    out_hex(o, "jti", claims->jti, sizeof claims->jti);
    out_u64(o, "iat", claims->iat_s);
    out_u64(o, "life", claims->life_s);
    out_u64(o, "expires", (uint64_t)claims->iat_s + claims->life_s);
    out_u64(o, "scope", claims->scope);
    out_bool(o, "reuse", (claims->scope & WICK_TICKET_REUSE) != 0);
}

static wick_status put_keys(out_rec *o, const uint8_t ks[WICK_TICKET_KS_BYTES])
{
    wick_session_psk dtls, small;
    wick_status s = wick_ticket_psk(&dtls, &h.crypto, ks, WICK_USE_DTLS12);
    if (s == WICK_OK) {
        s = wick_ticket_psk(&small, &h.crypto, ks, WICK_USE_PSK16);
    }
    if (s == WICK_OK) {
        out_hex(o, "ks", ks, WICK_TICKET_KS_BYTES);
        out_hex(o, "psk", dtls.key, dtls.key_len);
        out_str(o, "short_identity", dtls.identity);
        out_hex(o, "psk16", small.key, small.key_len);
        out_str(o, "psk16_identity", small.identity);
    }
    wick_wipe(&dtls, sizeof dtls);
    wick_wipe(&small, sizeof small);
    return s;
}

static int make(const cli *c, const char *peer, wick_ticket_claims *claims, const char *given)
{
    wick_ticket_own own;
    wick_ticket_audience to;
    wick_peer_ref ref;
    uint8_t service[32], ticket[WICK_TICKET_BYTES], ks[WICK_TICKET_KS_BYTES];
    char text[WICK_TICKET_CHARS + 1];
    uint64_t now_s = 0;
    uint32_t epoch = 0;
    memset(&to, 0, sizeof to);
    wick_status s = chain_peer(&ref, to.id, service, peer);
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", peer);
    }
    int code = open_own(c, &own);
    code = code == CLI_OK ? take_key(c, to.pub33, &epoch, to.id, given, ref.registry, peer) : code;
    if (code != CLI_OK) {
        return code;
    }
    if (h.clock.unix_s(h.clock.ctx, &now_s) != WICK_OK) {
        return cli_fail(c, WICK_E_NO_CLOCK, "a ticket says when it was made");
    }
    claims->iat_s = (uint32_t)now_s;
    s = wick_ticket_make(ticket, ks, claims, &own, &to);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s: %s", peer, claim_of(s));
    }
    wick_ticket_text(text, ticket);
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_str(&o, "audience", peer);
    put_claims(&o, claims, own.id);
    out_str(&o, "ticket", text);
    s = put_keys(&o, ks);
    out_end(&o);
    wick_wipe(ks, sizeof ks);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", peer);
}

int cmd_ticket_make(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"leaf", required_argument, NULL, 'l'},
                                            {"life", required_argument, NULL, 't'},
                                            {"scope", required_argument, NULL, 's'},
                                            {"audience-key", required_argument, NULL, 'k'},
                                            CLI_COMMON_OPTIONS};
    const char *leaf = NULL, *given = NULL;
    uint64_t life = LIFE_S, scope = WICK_TICKET_CONNECT;
    wick_ticket_claims claims;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'l') {
            leaf = optarg;
        } else if (got == 'k') {
            given = optarg;
        } else if (got == 't') {
            if (cli_u64_arg(&life, optarg, UINT16_MAX) != WICK_OK) {
                return cli_usage(c, "--life takes seconds");
            }
        } else if (got == 's') {
            if (cli_u64_arg(&scope, optarg, UINT16_MAX) != WICK_OK) {
                return cli_usage(c, "--scope takes a number: 1 connect, 32768 more than once");
            }
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1 || leaf == NULL) {
        return cli_usage(c, "one peer, and --leaf");
    }
    memset(&claims, 0, sizeof claims);
    claims.life_s = (uint16_t)life;
    claims.scope = (uint16_t)scope;
    wick_status s = wick_ticket_sub(claims.sub, wick_span_text(leaf));
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s: '%s'", claim_of(s), leaf);
    }
    int code = host_open(&h, c);
    code = code == CLI_OK ? make(c, argv[optind], &claims, given) : code;
    chain_close(&view);
    host_close(&h);
    return code;
}

/* The ticket in an argument or a file, as bytes with a view of its clear part. */
static int take_ticket(const cli *c, uint8_t ticket[WICK_TICKET_BYTES], wick_ticket_head *head,
                       const char *arg)
{
    uint8_t *text = NULL;
    size_t len = 0;
    wick_status s = cli_read_arg(&text, &len, arg);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", arg);
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    s = wick_ticket_from_text(ticket, wick_span_make(text, len));
    free(text);
    if (s == WICK_E_NOT_FOUND) {
        return cli_fail_remedy(c, WICK_E_MALFORMED, "give the whole identity that the leaf shows",
                               "a ticket is dpk1. and 159 characters of base64url");
    }
    if (s == WICK_OK) {
        s = wick_ticket_parse(head, wick_span_make(ticket, WICK_TICKET_BYTES));
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", claim_of(s));
}

int cmd_ticket_show(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    uint8_t ticket[WICK_TICKET_BYTES];
    wick_ticket_head head;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one ticket");
    }
    int code = take_ticket(c, ticket, &head, argv[optind]);
    if (code != CLI_OK) {
        return code;
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_u64(&o, "version", ticket[0]);
    out_hex(&o, "suite", ticket + 1, 1);
    out_hex(&o, "audience_kid", head.kid, WICK_TICKET_KID_BYTES);
    out_hex(&o, "issuer", head.issuer, 32);
    out_u64(&o, "bytes", WICK_TICKET_BYTES);
    out_bool(&o, "verified", false);
    out_end(&o);
    return CLI_OK;
}

/* Seal, then the claims that need no memory of earlier tickets: time, life, scope. */
static int open_ticket(const cli *c, const char *arg, const char *given, uint64_t now_s)
{
    static wick_ticket_table table;
    static const wick_ticket_rule all = {.any = true, .scopes = UINT16_MAX};
    uint8_t bytes[WICK_TICKET_BYTES], pub33[33];
    wick_ticket_own own;
    wick_ticket_head head;
    wick_ticket ticket;
    uint32_t epoch = 0;
    int code = take_ticket(c, bytes, &head, arg);
    code = code == CLI_OK ? open_own(c, &own) : code;
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = wick_ticket_addressed(&head, &own);
    if (s != WICK_OK) {
        return cli_fail(c, s, "claim: %s", claim_of(s));
    }
    code = take_key(c, pub33, &epoch, head.issuer, given, wick_span_make(NULL, 0), "the issuer");
    if (code != CLI_OK) {
        return code;
    }
    s = wick_ticket_open(&ticket, &head, &own, pub33);
    if (s == WICK_OK) {
        wick_ticket_table_init(&table, &h.crypto, &all, 1);
        wick_ticket_table_start(&table, 0);
        s = wick_ticket_table_accept(&table, &ticket, epoch, now_s);
        wick_ticket_table_wipe(&table);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "claim: %s", claim_of(s));
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    put_claims(&o, &ticket.claims, ticket.issuer);
    s = put_keys(&o, ticket.ks);
    out_end(&o);
    wick_wipe(&ticket, sizeof ticket);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "keys");
}

int cmd_ticket_open(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"issuer-key", required_argument, NULL, 'k'},
                                            {"now", required_argument, NULL, 'n'},
                                            CLI_COMMON_OPTIONS};
    const char *given = NULL;
    uint64_t now_s = 0;
    bool has_now = false;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'k') {
            given = optarg;
        } else if (got == 'n') {
            has_now = true;
            if (cli_u64_arg(&now_s, optarg, UINT32_MAX) != WICK_OK) {
                return cli_usage(c, "--now takes unix seconds");
            }
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one ticket");
    }
    int code = host_open(&h, c);
    if (code == CLI_OK && !has_now && h.clock.unix_s(h.clock.ctx, &now_s) != WICK_OK) {
        code = cli_fail(c, WICK_E_NO_CLOCK, "a ticket has an end: give --now");
    }
    code = code == CLI_OK ? open_ticket(c, argv[optind], given, now_s) : code;
    chain_close(&view);
    host_close(&h);
    return code;
}
