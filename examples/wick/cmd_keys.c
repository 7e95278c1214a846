/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick key get, wick psk get|find: what the papers' API gives to local applications. A wickd that runs
 * with the same wick.conf answers; without one, `key get` and `psk get` do it themselves. A PSK is
 * written to a new file of mode 0600, or to standard output where that is asked for by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "commands.h"
#include "ctl.h"
#include "wick/peer_keys.h"
#include "wick/rsa.h"

#define TIMEOUT_DEFAULT_S 100u
#define SAY_LATER_MS 300u

static agent a;
static ctl link_to;

typedef struct keys_ask {
    const char *name;     /* peer, or identity */
    const char *protocol; /* as wickd calls it */
    wick_session_use use;
    wick_srtp_profile srtp; /* 0: no SRTP */
    uint32_t media;
    const char *out;
    bool next, fresh;
    uint64_t timeout_ms;
} keys_ask;

/* ---- what is printed ---- */

static int put_secret(const cli *c, const keys_ask *x, out_rec *o, const uint8_t *secret, size_t len)
{
    if (strcmp(x->out, "-") == 0) {
        out_hex(o, x->srtp != 0 ? "keys" : "psk", secret, len);
        return CLI_OK;
    }
    wick_status s = wick_linux_secret_create(x->out, secret, len);
    if (s != WICK_OK) {
        return s == WICK_E_STATE
                   ? cli_fail_remedy(c, s, "name a new file", "%s: there is such a file", x->out)
                   : cli_fail(c, s, "%s", x->out);
    }
    out_str(o, "file", x->out);
    return CLI_OK;
}

static int put_psk(const cli *c, const keys_ask *x, const uint8_t peer[32], const char *role,
                   const char *protocol, const char *identity, const uint8_t *secret, size_t len)
{
    out_rec o;
    char text[1024] = "";
    FILE *file = fmemopen(text, sizeof text - 1, "w"); /* printed only if the secret got its place */
    if (file == NULL) {
        return cli_fail(c, WICK_E_HAL, "memory");
    }
    out_begin(&o, file, c->json);
    out_hex(&o, "peer", peer, 32);
    out_str(&o, "role", role);
    out_str(&o, "protocol", protocol);
    if (identity[0] != '\0') {
        out_str(&o, "identity", identity);
    }
    int code = put_secret(c, x, &o, secret, len);
    out_end(&o);
    (void)fclose(file);
    if (code == CLI_OK) {
        fputs(text, stdout);
        code = fflush(stdout) == 0 ? CLI_OK : CLI_REFUSED;
    }
    wick_wipe(text, sizeof text);
    return code;
}

static void put_key(const cli *c, const char *name, const wick_peer_key *k)
{
    out_rec o;
    uint8_t spki[WICK_RSA_SPKI_MAX];
    out_begin(&o, stdout, c->json);
    out_str(&o, "name", name);
    out_hex(&o, "id", k->id, sizeof k->id);
    out_u64(&o, "key_type", k->key.type);
    if (k->key.type == WICK_KEY_TYPE_RSA2048) {
        /* the whole key, as wick id shows one; the record holds SHA-256 of these octets */
        out_hex(&o, "public_key", spki, wick_rsa_spki_encode(spki, k->key.bytes));
    } else {
        out_hex(&o, "public_key", k->key.bytes, 33);
    }
    if (k->has_tls_pin) {
        out_hex(&o, "tls_pin", k->tls_pin, sizeof k->tls_pin);
    }
    out_u64(&o, "epoch", k->epoch);
    out_str(&o, "tier", wick_tier_str(k->tier));
    out_u64(&o, "block", k->block_number);
    out_u64(&o, "block_time", k->block_time_s);
    out_bool(&o, "grace", k->grace);
    out_end(&o);
}

/* ---- by the daemon ---- */

/* Sends a request with one text in it and waits. @return false: no daemon runs */
static bool ask_daemon(const cli *c, const conf *f, const wick_json **answer, int *code,
                       const char *format, const char *name, const char *more, uint64_t timeout_ms)
{
    char quoted[1024], request[1200];
    const char *text = "";
    wick_status s = ctl_open(&link_to, f);
    if (s == WICK_E_NOT_FOUND) {
        return false;
    }
    s = s == WICK_OK ? wick_json_quote(quoted, sizeof quoted, name) : s;
    if (s == WICK_OK) {
        (void)snprintf(request, sizeof request, "{\"op\":\"%s\":%s%s}", format, quoted, more);
        s = ctl_send(&link_to, request);
    }
    s = s == WICK_OK ? ctl_next(&link_to, answer, &text, (int)timeout_ms) : s;
    *code = s == WICK_OK ? ctl_verdict(c, *answer, text) : cli_fail(c, s, "'%.100s', by wickd", name);
    return true;
}

static const char *member(const wick_json *answer, const char *name)
{
    const char *text = wick_json_text(wick_json_member(answer, name));
    return text != NULL ? text : "";
}

static bool psk_by_daemon(const cli *c, const conf *f, const keys_ask *x, const char *op, int *code)
{
    const wick_json *answer = NULL;
    char more[96] = "", format[64];
    uint8_t peer[32], secret[WICK_SRTP_BYTES_MAX];
    bool srtp = x->srtp != 0;
    size_t len = srtp ? 56 : 32;
    (void)snprintf(format, sizeof format, "%s\",\"%s", op,
                   strcmp(op, "find_psk") == 0 ? "identity" : "name");
    if (x->protocol != NULL) {
        (void)snprintf(more, sizeof more, ",\"protocol\":\"%s\"%s", x->protocol,
                       x->next ? ",\"next\":true" : "");
    }
    if (x->fresh) {
        (void)snprintf(more + strlen(more), sizeof more - strlen(more), ",\"fresh\":true");
    }
    if (srtp && x->media != 0) {
        (void)snprintf(more + strlen(more), sizeof more - strlen(more), ",\"media\":%u",
                       (unsigned)x->media);
    }
    if (!ask_daemon(c, f, &answer, code, format, x->name, more, x->timeout_ms)) {
        return false;
    }
    if (*code == CLI_OK) {
        if (strcmp(member(answer, "protocol"), "psk16") == 0) {
            len = 16;
        }
        if (wick_json_hex(peer, sizeof peer, wick_json_member(answer, "peer")) != WICK_OK ||
            wick_json_hex(secret, len, wick_json_member(answer, srtp ? "keys" : "psk")) != WICK_OK) {
            *code = cli_fail(c, WICK_E_JSON, "wickd's answer");
        } else {
            *code = put_psk(c, x, peer, member(answer, "role"), member(answer, "protocol"),
                            member(answer, "identity"), secret, len);
        }
        wick_wipe(secret, sizeof secret);
    }
    ctl_wipe(&link_to);
    ctl_close(&link_to);
    wick_wipe(&link_to, sizeof link_to);
    return true;
}

static bool key_by_daemon(const cli *c, const conf *f, const char *name, int *code)
{
    static const char *const members[] = {"name",  "id",    "key_type",   "public_key",
                                          "spki_sha256", "tls_pin", "epoch", "not_after", "tier",
                                          "block", "block_hash", "block_time", "age_s",
                                          "grace"};
    const wick_json *answer = NULL;
    out_rec o;
    if (!ask_daemon(c, f, &answer, code, "get_peer_key\",\"name", name, "", CTL_TIMEOUT_MS)) {
        return false;
    }
    if (*code == CLI_OK) {
        out_begin(&o, stdout, c->json);
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            ctl_put(&o, answer, members[i]);
        }
        out_str(&o, "by", "wickd");
        out_end(&o);
    }
    ctl_close(&link_to);
    return true;
}

/* ---- by an agent of our own ---- */

/* All of these return an exit code, or -1 to go on. */

static int take_psk(const cli *c, const keys_ask *x, uint8_t session)
{
    wick_peer_psk p;
    int code;
    wick_status s = wick_psk_take(&a.gateway, &p, session,
                                  x->srtp != 0 ? WICK_USE_DTLS12 : x->use);
    if (s == WICK_OK && x->srtp != 0) {
        wick_session_srtp k;
        s = wick_srtp_take(&a.gateway, &k, session, x->srtp, x->media);
        code = s == WICK_OK ? put_psk(c, x, p.peer_id, "client", "srtp", "", k.bytes,
                                      2 * (k.key_len + k.salt_len))
                            : agent_fail(&a, s, x->name);
        wick_wipe(&k, sizeof k);
    } else {
        code = s == WICK_OK ? put_psk(c, x, p.peer_id, "client", x->protocol, p.psk.identity,
                                      p.psk.key, p.psk.key_len)
                            : agent_fail(&a, s, x->name);
    }
    wick_wipe(&p, sizeof p);
    return code;
}

static int on_event(const cli *c, const keys_ask *x, bool key, uint8_t *session,
                    const wick_gateway_event *e)
{
    wick_peer_key k;
    wick_status s;
    if (key) {
        s = e->kind == WICK_GW_EV_PEER_RESOLVED ? wick_peer_key_take(&a.gateway, &k, e) : WICK_AGAIN;
        if (s == WICK_OK) {
            put_key(c, x->name, &k);
            return CLI_OK;
        }
        return s == WICK_AGAIN ? -1 : agent_fail(&a, s, x->name);
    }
    bool ours = *session != WICK_GW_NO_SESSION && e->session == *session;
    if (e->status != WICK_OK && (e->final || (ours && e->kind != WICK_GW_EV_SESSION_UP))) {
        return agent_fail(&a, e->status, x->name);
    }
    if (e->kind == WICK_GW_EV_READY && *session == WICK_GW_NO_SESSION) {
        s = wick_get_psk(&a.gateway, session, agent_now(&a), x->name);
        return s == WICK_AGAIN ? -1 : cli_fail(c, s, "%s", x->name);
    }
    return ours && e->kind == WICK_GW_EV_SESSION_UP ? take_psk(c, x, *session) : -1;
}

static void hang_up(void)
{
    wick_driver_event ev;
    uint64_t until = agent_now(&a) + SAY_LATER_MS;
    wick_gateway_stop(&a.gateway, agent_now(&a));
    do {
        wick_driver_run(&a.driver, &ev, until);
    } while (ev.kind != WICK_DRIVER_DONE && ev.kind != WICK_DRIVER_IDLE);
}

static int by_ourselves(const cli *c, const keys_ask *x, bool key)
{
    wick_driver_event ev;
    uint8_t session = WICK_GW_NO_SESSION, request = 0;
    int code = agent_open(&a, c);
    if (code == CLI_OK) {
        uint64_t until = agent_now(&a) + x->timeout_ms;
        wick_status s = key ? wick_get_peer_key(&a.gateway, &request, agent_now(&a), x->name)
                            : wick_gateway_start(&a.gateway, agent_now(&a), WICK_GW_GOAL_CALL);
        code = s == WICK_OK ? -1 : cli_fail(c, s, "%s", x->name);
        while (code < 0 && !cli_interrupted() && !wick_time_reached(agent_now(&a), until)) {
            wick_driver_run(&a.driver, &ev, until);
            if (ev.kind == WICK_DRIVER_GATEWAY) {
                code = on_event(c, x, key, &session, &ev.gateway);
            } else if (ev.kind == WICK_DRIVER_DONE) {
                code = agent_fail(&a, ev.status != WICK_OK ? ev.status : WICK_E_STATE, x->name);
            }
        }
        code = code < 0 ? agent_fail(&a, WICK_E_TIMEOUT, x->name) : code;
        hang_up();
    }
    agent_close(&a);
    return code;
}

static bool take_protocol(keys_ask *x, const char *text)
{
    static const struct {
        const char *name, *wire;
        wick_session_use use;
        wick_srtp_profile srtp;
    } known[] = {{"dtls", "dtls12", WICK_USE_DTLS12, 0},
                 {"dtls12", "dtls12", WICK_USE_DTLS12, 0},
                 {"tls12", "tls12", WICK_USE_TLS12, 0},
                 {"tls13", "tls13", WICK_USE_TLS13, 0},
                 {"psk16", "psk16", WICK_USE_PSK16, 0},
                 {"srtp", "srtp", WICK_USE_DTLS12, WICK_SRTP_AEAD_AES_128_GCM}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(text, known[i].name) == 0) {
            x->protocol = known[i].wire;
            x->use = known[i].use;
            x->srtp = known[i].srtp;
            return true;
        }
    }
    return false;
}

int keys_hand_out(cli *c, const conf *f, const char *name, const char *protocol, const char *out,
                  uint64_t timeout_ms)
{
    keys_ask x = {.name = name, .out = out, .fresh = true, .timeout_ms = timeout_ms};
    int code = CLI_OK;
    if (!take_protocol(&x, protocol)) {
        return cli_usage(c, "--protocol takes dtls, tls12, tls13 or psk16");
    }
    return psk_by_daemon(c, f, &x, "get_psk", &code) ? code : by_ourselves(c, &x, false);
}

/* ---- commands ---- */

static int load(const cli *c, conf *f)
{
    conf_error e;
    return conf_load(f, &e, c->config) == WICK_OK ? CLI_OK
                                                  : cli_fail(c, WICK_E_CONFIG, "%s", e.text);
}

/* Options of all three. @return exit code, or -1: go on */
static int take_options(cli *c, keys_ask *x, bool secret, int argc, char **argv)
{
    static const struct option options[] = {{"protocol", required_argument, NULL, 'p'},
                                            {"bits", required_argument, NULL, 'b'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"next", no_argument, NULL, 'n'},
                                            {"media", required_argument, NULL, 'm'},
                                            {"timeout", required_argument, NULL, 't'},
                                            CLI_COMMON_OPTIONS};
    uint64_t number = 0;
    x->timeout_ms = TIMEOUT_DEFAULT_S * 1000u;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 't' && cli_u64_arg(&number, optarg, 3600) == WICK_OK && number != 0) {
            x->timeout_ms = number * 1000u;
        } else if (got == 't') {
            return cli_usage(c, "--timeout takes seconds, 1 to 3600");
        } else if (secret && got == 'p' && take_protocol(x, optarg)) {
            continue;
        } else if (secret && got == 'p') {
            return cli_usage(c, "--protocol takes dtls, tls12, tls13, psk16 or srtp");
        } else if (secret && got == 'b') {
            if (cli_u64_arg(&number, optarg, 256) != WICK_OK || (number != 128 && number != 256)) {
                return cli_usage(c, "--bits takes 128 or 256");
            }
            if (number == 128 && !(take_protocol(x, "psk16"))) {
                return CLI_USAGE;
            }
        } else if (secret && got == 'o') {
            x->out = optarg;
        } else if (secret && got == 'm') {
            if (cli_u64_arg(&number, optarg, UINT32_MAX) != WICK_OK || number == 0) {
                return cli_usage(c, "--media takes 1 to 4294967295");
            }
            x->media = (uint32_t)number;
        } else if (secret && got == 'n') {
            x->next = true;
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : cli_usage(c, "no such option here");
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, secret ? "one name or identity" : "one name");
    }
    x->name = argv[optind];
    if (secret && x->out == NULL) {
        return cli_usage(c, "--out FILE says where the key goes; --out - is standard output");
    }
    if (x->srtp != 0 && x->media == 0) {
        return cli_usage(c, "--protocol srtp needs --media N, another number for each media session "
                            "with this peer: each is given once under one key");
    }
    return -1;
}

int cmd_key_get(cli *c, int argc, char **argv)
{
    static conf f;
    keys_ask x = {.name = NULL};
    int code = take_options(c, &x, false, argc, argv);
    code = code < 0 ? load(c, &f) : code;
    if (code != CLI_OK || x.name == NULL || key_by_daemon(c, &f, x.name, &code)) {
        return code;
    }
    return by_ourselves(c, &x, true);
}

int cmd_psk_get(cli *c, int argc, char **argv)
{
    static conf f;
    keys_ask x = {.name = NULL, .protocol = "dtls12", .use = WICK_USE_DTLS12};
    int code = take_options(c, &x, true, argc, argv);
    code = code < 0 ? load(c, &f) : code;
    if (code != CLI_OK || x.name == NULL) {
        return code;
    }
    if (psk_by_daemon(c, &f, &x, "get_psk", &code)) {
        return code;
    }
    return x.next ? cli_fail(c, WICK_E_NOT_FOUND, "--next is for a session that wickd holds")
                  : by_ourselves(c, &x, false);
}

int cmd_psk_find(cli *c, int argc, char **argv)
{
    static conf f;
    keys_ask x = {.name = NULL};
    int code = take_options(c, &x, true, argc, argv);
    code = code < 0 ? load(c, &f) : code;
    if (code != CLI_OK || x.name == NULL) {
        return code;
    }
    if (x.next) {
        return cli_usage(c, "--next is for psk get: the side that calls goes on first");
    }
    if (psk_by_daemon(c, &f, &x, "find_psk", &code)) {
        return code;
    }
    return cli_fail_remedy(c, WICK_E_NOT_FOUND, "start wickd with this wick.conf",
                           "callers' keys are with the wickd that answered them");
}
