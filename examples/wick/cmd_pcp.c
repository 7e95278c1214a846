/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick pcp map, peer, delete, announce: one conversation with the routers of this host, or with the
 * one that is named.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "host.h"
#include "out.h"
#include "pcp_text.h"
#include "wick/port/pcp_driver.h"

#define TIMEOUT_S 10u
#define EV(name) WICK_PCP_EV_##name

typedef enum verb { MAP, PEER, DELETE, ANNOUNCE } verb;

typedef struct pcp_cli {
    const cli *c;
    verb verb;
    host h;
    wick_linux_store linux_store;
    wick_linux_store_lock lock;
    wick_hal_store store;
    wick_pcp_driver driver;
    wick_pcp_driver_config cfg;
    wick_pcp_want want;
    wick_addr server;
    uint8_t nonce[WICK_PCP_NONCE_BYTES];
    const char *store_dir;
    uint64_t timeout_s, begin_us;
    unsigned id, good, bad, silent; /* answers of networks, and none */
    bool nonce_given, keep;
    wick_status last; /* the last refusal */
} pcp_cli;

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static uint64_t now_ms(const pcp_cli *p)
{
    return p->h.clock.now_ms(p->h.clock.ctx);
}

/* ---- options ---- */

static int parse_protocol(uint8_t *out, const char *text)
{
    uint64_t n = 0;
    if (strcmp(text, "udp") == 0) {
        n = 17;
    } else if (strcmp(text, "tcp") == 0) {
        n = 6;
    } else if (strcmp(text, "all") != 0 && cli_u64_arg(&n, text, 255) != WICK_OK) {
        return CLI_USAGE;
    }
    *out = (uint8_t)n;
    return CLI_OK;
}

/* ADDR:PORT, ADDR or PORT. */
static bool parse_place(wick_addr *out, const char *text)
{
    uint64_t port;
    if (cli_u64_arg(&port, text, 65535) == WICK_OK) {
        memset(out, 0, sizeof *out);
        out->port = (uint16_t)port;
        return true;
    }
    return pcp_parse_addr(out, text, strlen(text));
}

/* ADDR/BITS, ADDR:PORT/BITS; BITS as the family counts them. */
static bool parse_filter(wick_pcp_filter *out, const char *text)
{
    const char *slash = strchr(text, '/');
    uint64_t bits = 0;
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    memset(out, 0, sizeof *out);
    if (!pcp_parse_addr(&out->remote, text, len)) {
        return false;
    }
    bool v4 = wick_addr_is_v4(&out->remote);
    if (slash == NULL) {
        bits = v4 ? 32 : 128;
    } else if (cli_u64_arg(&bits, slash + 1, v4 ? 32 : 128) != WICK_OK) {
        return false;
    }
    out->prefix_bits = (uint8_t)(v4 ? 96 + bits : bits);
    return out->prefix_bits != 0;
}

static int one_option(pcp_cli *p, cli *c, int got)
{
    wick_pcp_want *w = &p->want;
    uint64_t n;
    wick_addr a;
    switch (got) {
    case 'p':
        if (cli_u64_arg(&n, optarg, 65535) != WICK_OK) {
            return cli_usage(c, "--port takes 0..65535 (0: all ports)");
        }
        w->internal_port = (uint16_t)n;
        return CLI_OK;
    case 'P':
        return parse_protocol(&w->protocol, optarg) == CLI_OK
                   ? CLI_OK
                   : cli_usage(c, "--protocol takes udp, tcp, all or a number");
    case 'e':
        return parse_place(&w->external, optarg) ? CLI_OK
                                                 : cli_usage(c, "--external takes [address:]port");
    case 'r':
        return parse_place(&w->remote, optarg) && w->remote.port != 0
                   ? CLI_OK
                   : cli_usage(c, "--remote takes address:port");
    case 'l':
        if (cli_u64_arg(&n, optarg, UINT32_MAX) != WICK_OK || n == 0) {
            return cli_usage(c, "--lifetime takes seconds");
        }
        w->lifetime_s = (uint32_t)n;
        return CLI_OK;
    case 'F':
        w->prefer_failure = true;
        return CLI_OK;
    case 'f':
        if (w->filter_count == WICK_PCP_FILTERS ||
            !parse_filter(&w->filter[w->filter_count], optarg)) {
            return cli_usage(c, "--filter takes address[:port][/bits], and at most %d of them",
                             WICK_PCP_FILTERS);
        }
        w->filter_count++;
        return CLI_OK;
    case 't':
        if (!pcp_parse_addr(&a, optarg, strlen(optarg))) {
            return cli_usage(c, "--third-party takes an address");
        }
        memcpy(w->third_party, a.ip, sizeof w->third_party);
        return CLI_OK;
    case 's':
        if (!parse_place(&p->server, optarg) || wick_ct_is_zero(p->server.ip, 16)) {
            return cli_usage(c, "--server takes address[:port]");
        }
        p->cfg.servers = &p->server;
        p->cfg.server_count = 1;
        return CLI_OK;
    case 'i':
        p->cfg.interface = optarg;
        return CLI_OK;
    case '4':
        p->cfg.no_ipv6 = true;
        return CLI_OK;
    case '6':
        p->cfg.no_ipv4 = true;
        return CLI_OK;
    case 'N':
        p->cfg.no_natpmp = true;
        return CLI_OK;
    case 'n':
        p->nonce_given = cli_hex_arg(p->nonce, sizeof p->nonce, optarg) == WICK_OK;
        return p->nonce_given ? CLI_OK : cli_usage(c, "--nonce takes 12 bytes in hex");
    case 'S':
        p->store_dir = optarg;
        return CLI_OK;
    case 'k':
        p->keep = true;
        return CLI_OK;
    case 'T':
        return cli_u64_arg(&p->timeout_s, optarg, 86400u * 365u) == WICK_OK
                   ? CLI_OK
                   : cli_usage(c, "--timeout takes seconds");
    default:
        return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
    }
}

static int parse_options(pcp_cli *p, cli *c, int argc, char **argv)
{
    static const struct option all[] = {
        {"port", required_argument, NULL, 'p'},      {"protocol", required_argument, NULL, 'P'},
        {"server", required_argument, NULL, 's'},    {"interface", required_argument, NULL, 'i'},
        {"timeout", required_argument, NULL, 'T'},   {"ipv4", no_argument, NULL, '4'},
        {"ipv6", no_argument, NULL, '6'},            {"no-natpmp", no_argument, NULL, 'N'},
        {"nonce", required_argument, NULL, 'n'},     {"store", required_argument, NULL, 'S'},
        {"third-party", required_argument, NULL, 't'}, {"remote", required_argument, NULL, 'r'},
        {"external", required_argument, NULL, 'e'},  {"lifetime", required_argument, NULL, 'l'},
        {"keep", no_argument, NULL, 'k'},            {"prefer-failure", no_argument, NULL, 'F'},
        {"filter", required_argument, NULL, 'f'},    CLI_COMMON_OPTIONS};
    static const struct option asking[] = {
        {"server", required_argument, NULL, 's'},  {"interface", required_argument, NULL, 'i'},
        {"timeout", required_argument, NULL, 'T'}, {"ipv4", no_argument, NULL, '4'},
        {"ipv6", no_argument, NULL, '6'},          {"no-natpmp", no_argument, NULL, 'N'},
        CLI_COMMON_OPTIONS};
    bool port_given = false;
    for (int got; (got = cli_getopt(c, argc, argv, p->verb == ANNOUNCE ? asking : all)) != -1;) {
        int code = one_option(p, c, got);
        if (code != CLI_OK) {
            return code;
        }
        port_given = port_given || got == 'p';
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    if (p->verb != ANNOUNCE && !port_given) {
        return cli_usage(c, "--port is needed");
    }
    if (p->verb == PEER && p->want.remote.port == 0) {
        return cli_usage(c, "--remote is needed");
    }
    if (p->verb == MAP && p->want.remote.port != 0) {
        return cli_usage(c, "--remote goes with wick pcp peer");
    }
    return p->verb == ANNOUNCE || wick_pcp_want_is_possible(&p->want)
               ? CLI_OK
               : cli_usage(c, "protocol all has port 0; peer has neither filters nor "
                              "--prefer-failure");
}

/* ---- what happens ---- */

static void put_event(const pcp_cli *p, const wick_pcp_driver_event *e)
{
    const wick_pcp_network *n = wick_pcp_driver_network(&p->driver, e->network);
    const wick_pcp_client *client = wick_pcp_driver_client(&p->driver, e->network);
    const uint8_t *nonce = wick_pcp_driver_nonce(&p->driver, e->network, e->id);
    out_rec o;
    out_begin_step(&o, stdout, p->c->json, pcp_event_text(e->kind));
    bool mapped = e->kind == EV(MAPPED) || e->kind == EV(CHANGED) || e->kind == EV(HINT);
    if (mapped) {
        out_addr(&o, "external", &e->addr);
        out_u64(&o, "lifetime_s", wick_pcp_driver_lifetime_s(&p->driver, e->network, e->id));
        out_bool(&o, "public", e->status != WICK_E_NAT_DOUBLE);
    } else if (e->status != WICK_OK) {
        out_str(&o, "status", wick_status_str(e->status));
    }
    if (e->id < WICK_PCP_MAPPINGS) {
        out_str(&o, "protocol", pcp_protocol_text(p->want.protocol));
        out_u64(&o, "internal_port", p->want.internal_port);
    }
    if (n != NULL) {
        out_addr(&o, "own", &n->own);
        out_str(&o, "interface", n->name);
    }
    if (client != NULL) {
        out_addr(&o, "server", wick_pcp_client_server(client));
        out_str(&o, "by", wick_pcp_client_is_natpmp(client) ? "NAT-PMP" : "PCP");
    }
    if (e->kind == EV(ALIVE)) {
        out_u64(&o, "epoch_s", wick_pcp_client_heard_s(client));
    }
    if (mapped && nonce != NULL && !wick_pcp_client_is_natpmp(client)) {
        out_hex(&o, "nonce", nonce, WICK_PCP_NONCE_BYTES);
    }
    out_ms(&o, "ms", cli_now_us() - p->begin_us);
    out_end(&o);
    fflush(stdout);
}

static unsigned networks(const pcp_cli *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        n += wick_pcp_driver_network(&p->driver, i) != NULL;
    }
    return n;
}

/* Counts what answers the question. */
static void take(pcp_cli *p, const wick_pcp_driver_event *e)
{
    bool yes = false, no = false;
    switch (e->kind) {
    case EV(MAPPED):
    case EV(HINT):
        yes = p->verb == MAP || p->verb == PEER;
        break;
    case EV(DELETED):
        yes = p->verb == DELETE && e->status == WICK_OK;
        no = p->verb == DELETE && e->status != WICK_OK;
        break;
    case EV(ALIVE):
        yes = p->verb == ANNOUNCE;
        break;
    case EV(FAILED):
        no = p->verb != ANNOUNCE;
        break;
    case EV(SILENT): /* mapping goes on being asked for until the time is over */
        no = p->verb == ANNOUNCE;
        p->silent += p->verb != ANNOUNCE;
        p->last = p->last == WICK_OK ? e->status : p->last;
        break;
    default:
        break;
    }
    p->good += yes;
    p->bad += no;
    if (no) {
        p->last = e->status;
    }
}

/* Every network has said something, or is not worth waiting for. */
static bool is_answered(const pcp_cli *p)
{
    unsigned n = networks(p), silent = p->good != 0 ? p->silent : 0;
    return !p->keep && n != 0 && p->good + p->bad + silent >= n;
}

static void run_until_answered(pcp_cli *p, uint64_t until_ms)
{
    wick_pcp_driver_event e;
    while (!stopped && !is_answered(p)) {
        uint64_t step = wick_time_min(until_ms, now_ms(p) + 500);
        if (wick_pcp_driver_run(&p->driver, &e, step)) {
            put_event(p, &e);
            take(p, &e);
        } else if (wick_time_reached(now_ms(p), until_ms)) {
            return;
        }
    }
}

static void give_back(pcp_cli *p)
{
    wick_pcp_driver_event e;
    uint64_t until_ms = now_ms(p) + 3000;
    wick_pcp_driver_release(&p->driver);
    while (wick_pcp_driver_run(&p->driver, &e, until_ms) && e.kind != WICK_PCP_DRIVER_DONE) {
        put_event(p, &e);
    }
}

static int run(pcp_cli *p)
{
    wick_status s = wick_pcp_driver_init(&p->driver, &p->cfg);
    const uint8_t *nonce = p->nonce_given ? p->nonce : NULL;
    if (s == WICK_OK && networks(p) == 0) {
        return cli_fail_remedy(p->c, WICK_E_NET, "name the router with --server",
                               "no interface with a default router");
    }
    if (s == WICK_OK && p->verb == ANNOUNCE) {
        wick_pcp_driver_probe(&p->driver);
    } else if (s == WICK_OK && p->verb == DELETE) {
        s = wick_pcp_driver_adopt(&p->driver, &p->id, &p->want, nonce);
        s = s == WICK_OK ? wick_pcp_driver_unmap(&p->driver, p->id) : s;
    } else if (s == WICK_OK) {
        s = nonce != NULL ? wick_pcp_driver_adopt(&p->driver, &p->id, &p->want, nonce)
                          : wick_pcp_driver_map(&p->driver, &p->id, &p->want);
    }
    if (s != WICK_OK) {
        return cli_fail(p->c, s, "PCP");
    }
    uint64_t until_ms = p->keep && p->timeout_s == 0 ? WICK_TIME_NEVER(now_ms(p))
                                                     : now_ms(p) + p->timeout_s * 1000u;
    run_until_answered(p, until_ms);
    if (p->keep) {
        give_back(p);
    }
    if (p->good == 0) {
        return cli_fail(p->c, p->last == WICK_OK ? WICK_E_TIMEOUT : p->last, "router");
    }
    return CLI_OK;
}

static int pcp(cli *c, int argc, char **argv, verb v)
{
    static pcp_cli p;
    memset(&p, 0, sizeof p);
    p.c = c;
    p.verb = v;
    p.want.protocol = 17;
    p.timeout_s = UINT64_MAX;
    p.begin_us = cli_now_us();
    int code = parse_options(&p, c, argc, argv);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    if (p.timeout_s == UINT64_MAX) {
        p.timeout_s = p.keep ? 0 : TIMEOUT_S;
    }
    code = host_open_hal(&p.h, c);
    if (code == CLI_OK && p.store_dir != NULL) {
        wick_status s = wick_linux_store_init(&p.store, &p.linux_store, p.store_dir);
        code = s == WICK_OK ? store_take(c, &p.lock, &p.linux_store)
                            : cli_fail(c, s, "%s", p.store_dir);
        p.cfg.store = &p.store;
        p.cfg.store_key = PCP_STORE_KEY;
    }
    if (code == CLI_OK) {
        p.cfg.clock = &p.h.clock;
        p.cfg.entropy = &p.h.entropy;
        p.cfg.net = &p.h.net;
        p.cfg.linux_net = &p.h.linux_net;
        if (p.keep) {
            struct sigaction a;
            memset(&a, 0, sizeof a);
            a.sa_handler = stop;
            (void)sigaction(SIGINT, &a, NULL);
            (void)sigaction(SIGTERM, &a, NULL);
        }
        code = run(&p);
        wick_pcp_driver_close(&p.driver);
    }
    wick_linux_store_release(&p.lock);
    host_close(&p.h);
    return code;
}

int cmd_pcp_map(cli *c, int argc, char **argv)
{
    return pcp(c, argc, argv, MAP);
}

int cmd_pcp_peer(cli *c, int argc, char **argv)
{
    return pcp(c, argc, argv, PEER);
}

int cmd_pcp_delete(cli *c, int argc, char **argv)
{
    return pcp(c, argc, argv, DELETE);
}

int cmd_pcp_announce(cli *c, int argc, char **argv)
{
    return pcp(c, argc, argv, ANNOUNCE);
}
