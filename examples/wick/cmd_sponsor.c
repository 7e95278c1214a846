/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick sponsor: transactions that the wallet manager sends and pays for, so that a device needs no Ether.
 * The device signs what it wants; what the manager says of it counts for nothing before the record is
 * proven to hold it.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "record_out.h"
#include "owner_call.h"
#include "vouch.h"

static sender s;
static manager_link m;

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
    /* Twice: a light client may take long for the first look; and the manager, who was killed perhaps, may have
     * sent what he had promised before he answers the call. */
    st = owner_device(&s, &d, id);
    if (st != WICK_OK || !is_ours(&d, &key, s.address)) {
        st = manager_connect(&m);
        if (st != WICK_OK) {
            return owner_refused(c, st, NULL);
        }
        st = owner_device(&s, &d, id);
    }
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
        return owner_refused(c, st, answer);
    }
    const char *text = wick_json_text(wick_json_member(answer, "tx"));
    (void)snprintf(tx, sizeof tx, "%.66s", text != NULL ? text : "");
    manager_hang_up(&m);
    for (;;) {
        st = owner_device(&s, &d, id);
        if (st == WICK_OK && is_ours(&d, &key, s.address)) {
            return put(c, name, id, &d, tx);
        }
        bool may_come = st == WICK_OK || st == WICK_E_RECORD_ABSENT || st == WICK_E_RECORD_REVOKED;
        if (!may_come || !owner_later(&s, until_ms)) {
            return may_come ? cli_fail_remedy(c, WICK_E_TX_LOST, "ask again",
                                           "%s: the registration is not in the record", name)
                            : chain_fail(&s.view, st, name);
        }
    }
}

/* wick.conf, keys, manager: then `run`, and all is closed. */
static int with_manager(const cli *c, int (*run)(const cli *c, uint64_t until_ms))
{
    uint64_t until_ms = 0;
    int code = owner_open(&s, &m, &until_ms, c);
    code = code == CLI_OK ? run(c, until_ms) : code;
    owner_close(&s, &m);
    return code;
}

/* For commands with no argument. */
static int without_argument(cli *c, int argc, char **argv, int (*run)(const cli *c, uint64_t until_ms))
{
    static const struct option options[] = {{"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},
                                            {"tier", required_argument, NULL, SEND_OPT_TIER},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    return argc == optind ? with_manager(c, run) : cli_usage(c, "no argument but options");
}

int cmd_sponsor_register(cli *c, int argc, char **argv)
{
    return without_argument(c, argc, argv, enrol);
}

/* ---- calls that the owner signs ---- */

static wick_relayed call;
static wick_endpoint endpoint = {.protocol = WICK_PROTOCOL_UDP, .kind = WICK_ENDPOINT_DIRECT};
static const char *service = WICK_SERVICE_DEFAULT;
static uint64_t expires_s = 86400;

static int revoke(const cli *c, uint64_t until_ms)
{
    wick_device d;
    uint8_t id[32];
    call.kind = WICK_RELAYED_REVOKE;
    int code = owner_read(&s, &d, id);
    code = code == CLI_OK ? owner_send(&s, &m, &call, &d, "revoke") : code;
    while (code == CLI_OK && owner_device(&s, &d, call.id) != WICK_E_RECORD_REVOKED) {
        if (!owner_later(&s, until_ms)) {
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

static int publish(const cli *c, uint64_t until_ms)
{
    wick_device d;
    wick_endpoint there;
    uint8_t id[32];
    call.kind = WICK_RELAYED_PUBLISH;
    int code = owner_read(&s, &d, id);
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = wick_name_hash(call.service, wick_span_text(service));
    if (st != WICK_OK) {
        return cli_fail(c, st, "service '%s'", service);
    }
    memset(&there, 0, sizeof there);
    memcpy(call.id, id, sizeof call.id);
    st = owner_endpoint(&s, &there, call.id, call.service);
    if (st == WICK_OK || st == WICK_E_NO_ENDPOINT) {
        endpoint.seq = there.seq + 1;
        endpoint.expires = s.r.head.timestamp + expires_s;
        st = wick_endpoint_encode(call.word, &endpoint);
    }
    code = st == WICK_OK ? owner_send(&s, &m, &call, &d, "publish") : chain_fail(&s.view, st, "endpoint");
    while (code == CLI_OK &&
           (owner_endpoint(&s, &there, call.id, call.service) != WICK_OK || there.seq != endpoint.seq ||
            !wick_addr_equal(&there.addr, &endpoint.addr))) {
        if (!owner_later(&s, until_ms)) {
            code = cli_fail(c, WICK_E_TX_LOST, "the endpoint is not in the record");
        }
    }
    if (code == CLI_OK) {
        owner_published(&s, &there);
    }
    return code;
}

int cmd_sponsor_revoke(cli *c, int argc, char **argv)
{
    return without_argument(c, argc, argv, revoke);
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
                                            {"tier", required_argument, NULL, SEND_OPT_TIER},
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
