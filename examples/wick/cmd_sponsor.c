/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick sponsor: transactions that the wallet manager sends and pays for, so that a device needs no Ether.
 * The device signs what it wants; what the manager says of it counts for nothing before the record is
 * proven to hold it.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "record_out.h"
#include "send.h"
#include "vouch.h"
#include "vouch_request.h"
#include "wick/relayed.h"

#define PERIOD_MS 200

static sender s;
static manager_link m;

static int refused(const cli *c, wick_status st, const wick_json *answer)
{
    const char *code = answer == NULL ? NULL : wick_json_text(wick_json_member(answer, "code"));
    const char *error = answer == NULL ? NULL : wick_json_text(wick_json_member(answer, "error"));
    return st == WICK_E_RPC && code != NULL && error != NULL
               ? cli_fail(c, st, "wallet manager: %.40s: %.200s", code, error)
               : cli_fail(c, st, "wallet manager");
}

static wick_status read_device(wick_device *d, const uint8_t id[32])
{
    uint8_t slots[2][32], words[2][32];
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    wick_status st = chain_head(&s.view);
    if (st == WICK_OK) {
        st = reader_words(&s.r, words, (const uint8_t(*)[32])slots, 2, s.domain.contract);
    }
    return st == WICK_OK ? wick_device_decode(d, words[0], words[1]) : st;
}

static bool is_ours(const wick_device *d, const wick_device *key, const uint8_t owner[20])
{
    return memcmp(d->owner, owner, 20) == 0 && d->key_type == key->key_type &&
           memcmp(d->key, key->key, sizeof d->key) == 0 && d->flags == key->flags;
}

static int put(const cli *c, const char *name, const uint8_t id[32], const wick_device *d,
               const char *tx)
{
    out_rec o;
    out_begin_step(&o, stdout, c->json, "registered");
    out_str(&o, "name", name);
    out_hex(&o, "id", id, 32);
    out_u64(&o, "epoch", d->epoch);
    out_str(&o, "tier", wick_tier_str(s.r.head.tier));
    out_u64(&o, "block", s.r.head.number);
    out_str(&o, "tx", tx);
    out_end(&o);
    return CLI_OK;
}

static int enrol(const cli *c, uint64_t until_ms)
{
    static char line[MANAGER_LINE_MAX];
    char tx[67] = "";
    uint8_t id[32];
    wick_device d, key;
    const wick_json *answer = NULL;
    host *h = &s.h;
    const char *name = h->conf.identity.name;
    wick_status st = wick_name_hash(id, wick_span_text(name));
    if (st == WICK_OK) {
        st = vouch_key_words(&key, NULL, &h->crypto, &h->keystore, h->device_key);
    }
    if (st != WICK_OK) {
        return cli_fail(c, st, "identity '%s'", name);
    }
    st = read_device(&d, id);
    if (st == WICK_OK && is_ours(&d, &key, s.address)) {
        return put(c, name, id, &d, "");
    }
    FILE *f = fmemopen(line, sizeof line - 1, "w");
    int code = f == NULL ? cli_fail(c, WICK_E_HAL, "memory")
                         : vouch_request(f, c, h, &s.domain, m.challenge, VOUCH_DAYS_DEFAULT,
                                         "register", m.token);
    if (f != NULL) {
        (void)fclose(f);
    }
    if (code != CLI_OK) {
        return code;
    }
    st = manager_ask(&m, &answer, line);
    wick_wipe(line, sizeof line);
    if (st != WICK_OK) {
        return refused(c, st, answer);
    }
    const char *text = wick_json_text(wick_json_member(answer, "tx"));
    (void)snprintf(tx, sizeof tx, "%.66s", text != NULL ? text : "");
    for (;;) {
        st = read_device(&d, id);
        if (st == WICK_OK && is_ours(&d, &key, s.address)) {
            return put(c, name, id, &d, tx);
        }
        bool later = st == WICK_OK || st == WICK_E_RECORD_ABSENT || st == WICK_E_RECORD_REVOKED;
        if (!later || wick_time_reached(h->clock.now_ms(h->clock.ctx), until_ms)) {
            return later ? cli_fail_remedy(c, WICK_E_TX_LOST, "ask again",
                                           "%s: the registration is not in the record", name)
                         : chain_fail(&s.view, st, name);
        }
        (void)poll(NULL, 0, PERIOD_MS);
    }
}

/* wick.conf, keys, manager: then `run`, and all is closed. */
static int with_manager(const cli *c, int (*run)(const cli *c, uint64_t until_ms))
{
    int code = sender_open(&s, c);
    code = code == CLI_OK ? host_load_keys(&s.h, c) : code;
    if (code == CLI_OK) {
        uint64_t until_ms = s.h.clock.now_ms(s.h.clock.ctx) + s.wait_s * 1000;
        code = manager_open(&m, c, &s.h, s.wait_s);
        code = code == CLI_OK ? run(c, until_ms) : code;
        manager_close(&m);
    }
    sender_close(&s);
    return code;
}

int cmd_sponsor_register(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    return argc == optind ? with_manager(c, enrol) : cli_usage(c, "no argument but options");
}

/* ---- calls that the owner signs ---- */

#define CALL_LIFE_S 3600u /* a day at most would do; the manager sends it at once */

static wick_relayed call;
static wick_endpoint endpoint = {.protocol = WICK_PROTOCOL_UDP, .kind = WICK_ENDPOINT_DIRECT};
static const char *service = WICK_SERVICE_DEFAULT;
static uint64_t expires_s = 86400;

/* Signs `call`, which has all but its deadline, and has the manager send it. */
static int have_sent(const cli *c)
{
    static char line[MANAGER_LINE_MAX];
    uint8_t digest[32], sig[64], r[32], vs[32], recid = 0, bytes[WICK_CALLDATA_RELAYED_MAX];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    host *h = &s.h;
    uint64_t now = 0;
    const wick_json *answer = NULL;
    wick_status st = h->clock.unix_s(h->clock.ctx, &now);
    call.deadline = now + CALL_LIFE_S;
    if (st == WICK_OK) {
        wick_relayed_digest(digest, &s.domain, &call);
        st = h->keystore.secp256k1_sign(h->keystore.ctx, sig, &recid, h->wallet_key, digest);
    }
    st = st == WICK_OK ? wick_signature_compact(r, vs, sig, recid) : st;
    if (st == WICK_OK) {
        wick_calldata_relayed(&b, &call, r, vs);
        st = wick_buf_status(&b);
    }
    FILE *f = st == WICK_OK ? fmemopen(line, sizeof line - 1, "w") : NULL;
    if (f == NULL) {
        return cli_fail(c, st == WICK_OK ? WICK_E_HAL : st, "call");
    }
    out_rec o;
    out_begin(&o, f, true);
    out_str(&o, "op", "sponsor");
    out_hex(&o, "call", b.ptr, b.len);
    out_end(&o);
    (void)fclose(f);
    st = manager_ask(&m, &answer, line);
    return st == WICK_OK ? CLI_OK : refused(c, st, answer);
}

/* The own record, which must be there. */
static int begin_call(wick_device *d, uint8_t kind)
{
    const char *name = s.h.conf.identity.name;
    memset(&call, 0, sizeof call);
    call.kind = kind;
    wick_status st = wick_name_hash(call.id, wick_span_text(name));
    st = st == WICK_OK ? read_device(d, call.id) : st;
    call.epoch = d->epoch;
    return st == WICK_OK ? CLI_OK : chain_fail(&s.view, st, name);
}

static bool later(uint64_t until_ms)
{
    (void)poll(NULL, 0, PERIOD_MS);
    return !wick_time_reached(s.h.clock.now_ms(s.h.clock.ctx), until_ms);
}

static int revoke(const cli *c, uint64_t until_ms)
{
    wick_device d;
    int code = begin_call(&d, WICK_RELAYED_REVOKE);
    code = code == CLI_OK ? have_sent(c) : code;
    while (code == CLI_OK && read_device(&d, call.id) != WICK_E_RECORD_REVOKED) {
        if (!later(until_ms)) {
            code = cli_fail(c, WICK_E_TX_LOST, "the record is not revoked");
        }
    }
    if (code == CLI_OK) {
        out_rec o;
        out_begin_step(&o, stdout, c->json, "revoked");
        record_put_device(&o, s.h.conf.identity.name, call.id, &d);
        record_put_header(&o, &s.r.head);
        out_end(&o);
    }
    return code;
}

static wick_status read_endpoint(wick_endpoint *e)
{
    uint8_t slots[1][32], words[1][32];
    wick_slot_endpoint(slots[0], call.id, call.service, 0);
    wick_status st = chain_head(&s.view);
    if (st == WICK_OK) {
        st = reader_words(&s.r, words, (const uint8_t(*)[32])slots, 1, s.domain.contract);
    }
    return st == WICK_OK ? wick_endpoint_decode(e, words[0]) : st;
}

static int publish(const cli *c, uint64_t until_ms)
{
    wick_device d;
    wick_endpoint there;
    int code = begin_call(&d, WICK_RELAYED_PUBLISH);
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = wick_name_hash(call.service, wick_span_text(service));
    if (st != WICK_OK) {
        return cli_fail(c, st, "service '%s'", service);
    }
    memset(&there, 0, sizeof there);
    st = read_endpoint(&there);
    if (st == WICK_OK || st == WICK_E_NO_ENDPOINT) {
        endpoint.seq = there.seq + 1;
        endpoint.expires = s.r.head.timestamp + expires_s;
        st = wick_endpoint_encode(call.word, &endpoint);
    }
    code = st == WICK_OK ? have_sent(c) : chain_fail(&s.view, st, "endpoint");
    while (code == CLI_OK &&
           (read_endpoint(&there) != WICK_OK || there.seq != endpoint.seq ||
            !wick_addr_equal(&there.addr, &endpoint.addr))) {
        if (!later(until_ms)) {
            code = cli_fail(c, WICK_E_TX_LOST, "the endpoint is not in the record");
        }
    }
    if (code == CLI_OK) {
        out_rec o;
        out_begin_step(&o, stdout, c->json, "published");
        record_put_endpoint(&o, &there, WICK_OK);
        record_put_header(&o, &s.r.head);
        out_end(&o);
    }
    return code;
}

int cmd_sponsor_revoke(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    return argc == optind ? with_manager(c, revoke) : cli_usage(c, "no argument but options");
}

static bool take_kind(const char *text)
{
    endpoint.kind = strcmp(text, "direct") == 0  ? WICK_ENDPOINT_DIRECT
                    : strcmp(text, "pcp") == 0   ? WICK_ENDPOINT_PCP
                    : strcmp(text, "relay") == 0 ? WICK_ENDPOINT_RELAY
                                                 : WICK_ENDPOINT_WITHDRAWN;
    return endpoint.kind != WICK_ENDPOINT_WITHDRAWN;
}

int cmd_sponsor_publish(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"service", required_argument, NULL, 's'},
                                            {"tcp", no_argument, NULL, 't'},
                                            {"kind", required_argument, NULL, 'k'},
                                            {"expires", required_argument, NULL, 'e'},
                                            {"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 's') {
            service = optarg;
        } else if (got == 't') {
            endpoint.protocol = WICK_PROTOCOL_TCP;
        } else if (got == 'k' && !take_kind(optarg)) {
            return cli_usage(c, "--kind takes direct, pcp or relay");
        } else if (got == 'e' && (cli_u64_arg(&expires_s, optarg, WICK_EXPIRY_MAX_S - 86400) != WICK_OK ||
                                  expires_s == 0)) {
            return cli_usage(c, "--expires takes seconds, less than a year");
        } else if (got != 'k' && got != 'e' && !sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1 ||
        wick_addr_parse(&endpoint.addr, argv[optind], strlen(argv[optind])) != WICK_OK) {
        return cli_usage(c, "one address:port");
    }
    return with_manager(c, publish);
}
