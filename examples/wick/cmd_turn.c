/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick turn allocate: one allocation on a TURN server, a permission for the server's own relay
 * address (which peers on the same relay need), and the allocation given back.
 * wick turn ping: two allocations there and datagrams from one to the other and back, which is what
 * two gateways on one relay do.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "out.h"
#include "relay_trial.h"

typedef struct settings {
    conf_relay relay;
    wick_turn_over over;
    wick_https_trust trust;
    uint8_t pin[32];
    const char *host, *ca_file;
    uint64_t count, bytes;
    uint8_t family;
    bool mobile, sha256;
} settings;

static int allocate(relay_trial *s)
{
    const relay_end *e = &s->end[0];
    bool permitted = e->permitted;
    relay_trial_release(s);
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "released");
    out_bool(&o, "own_relay_permitted", permitted);
    out_ms(&o, "ms", cli_now_us() - s->begin_us);
    out_u64(&o, "bytes", e->link.bytes);
    out_end(&o);
    return permitted ? CLI_OK
                     : cli_fail(s->c, WICK_E_TURN_FORBIDDEN,
                                "the server denies its own relay address, so peers on the same "
                                "relay cannot meet");
}

static int ping(relay_trial *s, const settings *set)
{
    wick_status st = relay_trial_ping(s, set->count, set->bytes);
    if (s->sent == 0) {
        return cli_fail(s->c, st, st == WICK_E_TURN_FORBIDDEN
                                      ? "the server denies its own relay address"
                                      : "both allocations have the same relayed address: peers are "
                                        "multiplexed");
    }
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "ping");
    out_addr(&o, "from", &s->end[0].relayed);
    out_addr(&o, "to", &s->end[1].relayed);
    out_u64(&o, "sent", s->sent);
    out_u64(&o, "answered", s->answered);
    out_u64(&o, "payload_bytes", set->bytes);
    if (s->answered != 0) {
        out_u64(&o, "rtt_min_us", s->least_us);
        out_u64(&o, "rtt_us", s->sum_us / s->answered);
        out_u64(&o, "rtt_max_us", s->most_us);
    }
    out_end(&o);
    return st == WICK_OK
               ? CLI_OK
               : cli_fail(s->c, st, "%u of %u datagrams came back", s->answered, s->sent);
}

/* ---- options ---- */

static int parse_over(cli *c, settings *set, const char *text)
{
    if (strcmp(text, "udp") == 0 || strcmp(text, "tcp") == 0) {
        set->over = text[0] == 'u' ? WICK_TURN_OVER_UDP : WICK_TURN_OVER_TCP;
    } else if (strcmp(text, "tls") == 0) {
        set->over = WICK_TURN_OVER_TLS;
    } else {
        return cli_usage(c, "--over takes udp, tcp or tls");
    }
    return CLI_OK;
}

static int parse_family(cli *c, settings *set, const char *text)
{
    if (strcmp(text, "ipv4") == 0 || strcmp(text, "ipv6") == 0) {
        set->family = text[3] == '4' ? WICK_TURN_FAMILY_IPV4 : WICK_TURN_FAMILY_IPV6;
    } else if (strcmp(text, "both") == 0) {
        set->family = WICK_TURN_FAMILY_BOTH;
    } else {
        return cli_usage(c, "--family takes ipv4, ipv6 or both");
    }
    return CLI_OK;
}

static int parse_text(cli *c, char *to, const char *text)
{
    if (strlen(text) >= CONF_TEXT_MAX) {
        return cli_usage(c, "a value is too long");
    }
    memcpy(to, text, strlen(text) + 1);
    return CLI_OK;
}

static int parse_option(cli *c, settings *set, int got)
{
    switch (got) {
    case 's':
        return wick_addr_parse(&set->relay.server, optarg, strlen(optarg)) == WICK_OK
                   ? CLI_OK
                   : cli_usage(c, "--server takes address:port");
    case 'u':
        return parse_text(c, set->relay.username, optarg);
    case 'p':
        return parse_text(c, set->relay.password_file, optarg);
    case 'o':
        return parse_over(c, set, optarg);
    case 'f':
        return parse_family(c, set, optarg);
    case 'a':
        set->ca_file = optarg;
        return CLI_OK;
    case 'k':
        set->trust.pin32 = set->pin;
        return cli_hex_arg(set->pin, sizeof set->pin, optarg) == WICK_OK
                   ? CLI_OK
                   : cli_usage(c, "--pin takes 32 bytes of hex");
    case 'n':
        set->host = optarg;
        return CLI_OK;
    case 'm':
        set->mobile = true;
        return CLI_OK;
    case '2':
        set->sha256 = true;
        return CLI_OK;
    case 'c':
        return cli_u64_arg(&set->count, optarg, 1000000) == WICK_OK && set->count != 0
                   ? CLI_OK
                   : cli_usage(c, "--count takes 1..1000000");
    case 'b':
        return cli_u64_arg(&set->bytes, optarg, RELAY_TRIAL_PAYLOAD_MAX) == WICK_OK && set->bytes >= 4
                   ? CLI_OK
                   : cli_usage(c, "--bytes takes 4..1200");
    default:
        return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
    }
}

/* @return CLI_OK, -1 after the help, else an exit code */
static int parse_options(cli *c, int argc, char **argv, settings *set, bool is_ping)
{
    static const struct option options[] = {{"server", required_argument, NULL, 's'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"password-file", required_argument, NULL, 'p'},
                                            {"over", required_argument, NULL, 'o'},
                                            {"ca-file", required_argument, NULL, 'a'},
                                            {"pin", required_argument, NULL, 'k'},
                                            {"host", required_argument, NULL, 'n'},
                                            {"family", required_argument, NULL, 'f'},
                                            {"mobile", no_argument, NULL, 'm'},
                                            {"require-sha256", no_argument, NULL, '2'},
                                            {"count", required_argument, NULL, 'c'},
                                            {"bytes", required_argument, NULL, 'b'},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!is_ping && (got == 'c' || got == 'b')) {
            return cli_usage(c, "--count and --bytes are for ping");
        }
        int code = parse_option(c, set, got);
        if (code != CLI_OK) {
            return code;
        }
    }
    if (set->over == WICK_TURN_OVER_TLS && set->ca_file == NULL && set->trust.pin32 == NULL) {
        return cli_usage(c, "--over tls needs --ca-file or --pin");
    }
    return argc == optind ? CLI_OK : cli_usage(c, "no argument but options");
}

static int run(cli *c, int argc, char **argv, bool is_ping)
{
    static relay_trial s;
    static host h;
    static settings set = {.count = 5, .bytes = 32};
    static char password[256];
    int code = parse_options(c, argc, argv, &set, is_ping);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    conf_relay *r = &set.relay;
    code = r->server.port == 0 ? host_open(&h, c) : host_open_hal(&h, c);
    if (code == CLI_OK && r->server.port == 0) {
        *r = h.conf.relay;
    }
    if (code == CLI_OK && (r->server.port == 0 || r->username[0] == '\0' ||
                           r->password_file[0] == '\0')) {
        code = cli_usage(c, "server, user and password file are needed, as options or in [relay]");
    }
    if (code == CLI_OK) {
        wick_status st = wick_linux_secret_text(password, r->password_file, sizeof password);
        code = st == WICK_OK ? CLI_OK : cli_fail(c, st, "%s", r->password_file);
    }
    if (code == CLI_OK) {
        wick_turn_config cfg = {
            .crypto = &h.crypto,
            .entropy = &h.entropy,
            .server = r->server,
            .username = wick_span_make((const uint8_t *)r->username, strlen(r->username)),
            .password = wick_span_make((const uint8_t *)password, strlen(password)),
            .stream = set.over != WICK_TURN_OVER_UDP,
            .family = set.family,
            .mobile = set.mobile,
            .require_sha256 = set.sha256};
        set.trust.entropy = &h.entropy;
        set.trust.clock = &h.clock;
        set.trust.ca_file = set.ca_file;
        s.c = c;
        s.h = &h;
        s.ends = is_ping ? 2 : 1;
        wick_turn_link_config link = {.net = &h.net, .over = set.over, .trust = &set.trust,
                                      .host = set.host};
        wick_status st = relay_trial_begin(&s, &link, &cfg);
        code = st == WICK_OK ? CLI_OK : cli_fail(c, st, "TURN server");
        code = code != CLI_OK ? code : is_ping ? ping(&s, &set) : allocate(&s);
    }
    wick_wipe(password, sizeof password);
    relay_trial_end(&s);
    host_close(&h);
    return code;
}

int cmd_turn_allocate(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, false);
}

int cmd_turn_ping(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, true);
}
