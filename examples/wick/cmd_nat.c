/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick stun bind: the address that a STUN server sees; with --watch also every change of it.
 * wick stun nat-type: mapping, filtering and more of the NAT in between (RFC 5780).
 */
#include <poll.h>
#include <string.h>

#include "commands.h"
#include "host.h"
#include "out.h"
#include "wick/nat_behaviour.h"
#include "wick/stun_client.h"

typedef struct settings {
    wick_addr server, local;
    uint64_t watch_s, lifetime_s;
    uint8_t tests;
} settings;

static uint64_t now_ms(const host *h)
{
    return h->clock.now_ms(h->clock.ctx);
}

/* The address that this socket sends from to the server; port 0 if that cannot be told. */
static wick_addr own_address(const host *h, wick_sock sock, const wick_addr *server)
{
    wick_netif nif[16];
    wick_addr bound;
    int32_t n = h->net.interfaces(h->net.ctx, nif, sizeof nif / sizeof nif[0]);
    if (h->net.local_addr(h->net.ctx, sock, &bound) != WICK_OK) {
        memset(&bound, 0, sizeof bound);
        return bound;
    }
    if (!wick_ct_is_zero(bound.ip, sizeof bound.ip)) {
        return bound;
    }
    /* A host with one address of the family sends from it; with several the kernel chooses. */
    unsigned found = 0;
    wick_addr own = bound;
    for (int32_t i = 0; i < n; i++) {
        if (wick_addr_is_v4(&nif[i].addr) == wick_addr_is_v4(server) &&
            !wick_ct_is_zero(nif[i].gateway.ip, sizeof nif[i].gateway.ip)) {
            own = nif[i].addr;
            own.port = bound.port;
            found++;
        }
    }
    return found == 1 ? own : bound;
}

static void wait_for(const host *h, const wick_sock *sock, unsigned socks, uint64_t at)
{
    struct pollfd p[2];
    uint64_t now = now_ms(h);
    for (unsigned i = 0; i < socks; i++) {
        p[i].fd = wick_linux_net_fd(&h->linux_net, sock[i]);
        p[i].events = POLLIN;
    }
    uint64_t ms = wick_time_reached(now, at) ? 0 : at - now;
    (void)poll(p, socks, ms > 60000 ? 60000 : (int)ms);
}

/* ---- bind ---- */

static void put_mapped(const cli *c, const char *event, const wick_stun_client *s,
                       const wick_addr *own)
{
    const wick_addr *mapped = wick_stun_client_mapped(s);
    out_rec o;
    out_begin_step(&o, stdout, c->json, event);
    out_addr(&o, "reflexive", mapped);
    out_bool(&o, "public", wick_addr_is_public(mapped));
    if (!wick_ct_is_zero(own->ip, sizeof own->ip)) {
        out_addr(&o, "local", own);
        out_bool(&o, "translated", !wick_addr_equal(mapped, own));
    } else {
        out_u64(&o, "local_port", own->port);
    }
    out_u64(&o, "rtt_ms", wick_stun_client_rtt_ms(s));
    out_end(&o);
    (void)fflush(stdout);
}

static void take(host *h, wick_stun_client *s, wick_sock sock, const wick_addr *server)
{
    uint8_t bytes[1500];
    wick_addr from;
    int32_t n;
    while ((n = h->net.udp_recv(h->net.ctx, sock, &from, bytes, sizeof bytes)) !=
           (int32_t)WICK_AGAIN) {
        if (n >= 0) {
            (void)!wick_stun_client_input(s, now_ms(h), wick_span_make(bytes, (size_t)n), &from);
        } else if (n == (int32_t)WICK_E_NET && wick_addr_same_ip(&from, server)) {
            wick_stun_client_refused(s, now_ms(h));
        } else if (n != (int32_t)WICK_E_NET) {
            return;
        }
    }
}

static int bind_run(cli *c, host *h, const settings *set)
{
    wick_stun_client s;
    wick_sock sock = -1;
    wick_stun_client_config cfg = {.entropy = &h->entropy,
                                   .server = set->server,
                                   .keepalive_ms =
                                       set->watch_s != 0 ? WICK_STUN_KEEPALIVE_MS : 0};
    wick_status st = wick_stun_client_init(&s, &cfg);
    st = st == WICK_OK ? h->net.udp_open(h->net.ctx, &sock, &set->local) : st;
    st = st == WICK_OK ? wick_stun_client_start(&s, now_ms(h)) : st;
    if (st != WICK_OK) {
        return cli_fail(c, st, "STUN client");
    }
    wick_addr own = own_address(h, sock, &set->server);
    uint64_t end = now_ms(h) + set->watch_s * 1000;
    for (;;) {
        wick_out out;
        wick_stun_client_poll(&s, now_ms(h), &out);
        if (out.kind == WICK_OUT_SEND) {
            (void)h->net.udp_send(h->net.ctx, sock, &out.to, out.bytes);
        } else if (out.kind == WICK_OUT_EVENT && out.event == WICK_STUN_EV_FAILED) {
            return cli_fail(c, out.status, "STUN server");
        } else if (out.kind == WICK_OUT_EVENT && out.event == WICK_STUN_EV_SILENT) {
            cli_note(c, 0, "no answer to a keep-alive");
        } else if (out.kind == WICK_OUT_EVENT) {
            put_mapped(c, out.event == WICK_STUN_EV_MAPPED ? "mapped" : "changed", &s, &own);
        } else if (out.kind == WICK_OUT_DONE ||
                   (set->watch_s != 0 && wick_time_reached(now_ms(h), end))) {
            return CLI_OK;
        } else {
            wait_for(h, &sock, 1,
                     set->watch_s != 0 ? wick_time_min(out.deadline_ms, end) : out.deadline_ms);
            take(h, &s, sock, &set->server);
        }
    }
}

/* ---- nat-type ---- */

static const char *answer_text(wick_nat_answer a)
{
    return a == WICK_NAT_YES ? "yes" : a == WICK_NAT_NO ? "no" : "unknown";
}

static void put_result(const cli *c, const wick_nat_result *r)
{
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_addr(&o, "reflexive", &r->mapped);
    out_bool(&o, "public", wick_addr_is_public(&r->mapped));
    out_str(&o, "mapping", wick_nat_kind_name(r->mapping));
    out_str(&o, "filtering", wick_nat_kind_name(r->filtering));
    out_str(&o, "port_kept", answer_text(r->port_kept));
    out_str(&o, "hairpin", answer_text(r->hairpin));
    out_str(&o, "fragments", answer_text(r->fragments));
    if (r->lifetime_s != 0 || r->lifetime_below_s != 0) {
        out_u64(&o, "lifetime_s", r->lifetime_s);
        out_u64(&o, "lifetime_below_s", r->lifetime_below_s);
    }
    /* What follows for a gateway: RFC 4787's words are not everybody's. */
    if (r->mapping != WICK_NAT_UNKNOWN) {
        out_bool(&o, "symmetric", r->mapping >= WICK_NAT_ADDRESS_DEPENDENT);
    }
    out_end(&o);
}

static int nat_run(cli *c, host *h, const settings *set)
{
    static uint8_t tx[WICK_NAT_TX_FRAGMENT_BYTES];
    static const wick_addr any;
    wick_nat_behaviour n;
    wick_sock sock[2] = {-1, -1};
    wick_status st = h->net.udp_open(h->net.ctx, &sock[0], &set->local);
    st = st == WICK_OK ? h->net.udp_open(h->net.ctx, &sock[1], &any) : st;
    wick_nat_behaviour_config cfg = {.entropy = &h->entropy,
                                     .server = set->server,
                                     .tests = set->tests,
                                     .lifetime_max_s = (uint16_t)set->lifetime_s};
    if (st == WICK_OK) {
        cfg.local = own_address(h, sock[0], &set->server);
        st = wick_nat_behaviour_init(&n, tx, sizeof tx, &cfg);
    }
    st = st == WICK_OK ? wick_nat_behaviour_start(&n, now_ms(h)) : st;
    if (st != WICK_OK) {
        return cli_fail(c, st, "NAT discovery");
    }
    wick_out out;
    for (;;) {
        wick_nat_behaviour_poll(&n, now_ms(h), &out);
        if (out.kind == WICK_OUT_SEND) {
            cli_note(c, 1, "%zu bytes from socket %d", out.bytes.len, out.event);
            (void)h->net.udp_send(h->net.ctx, sock[out.event], &out.to, out.bytes);
            continue;
        }
        if (out.kind == WICK_OUT_DONE) {
            break;
        }
        wait_for(h, sock, 2, out.deadline_ms);
        for (unsigned i = 0; i < 2; i++) {
            uint8_t bytes[2048];
            wick_addr from;
            int32_t got;
            while ((got = h->net.udp_recv(h->net.ctx, sock[i], &from, bytes, sizeof bytes)) !=
                   (int32_t)WICK_AGAIN) {
                if (got >= 0) {
                    (void)!wick_nat_behaviour_input(
                        &n, now_ms(h), wick_span_make(bytes, (size_t)got), &from, i);
                } else if (got != (int32_t)WICK_E_NET) {
                    break;
                }
            }
        }
    }
    if (out.status != WICK_OK && out.status != WICK_E_STUN_NAT_UNKNOWN) {
        return cli_fail(c, out.status, "STUN server");
    }
    put_result(c, wick_nat_behaviour_result(&n));
    return out.status == WICK_OK ? CLI_OK : cli_fail(c, out.status, "STUN server");
}

/* ---- options ---- */

static int parse_option(cli *c, settings *set, int got)
{
    switch (got) {
    case 's':
        return wick_addr_parse(&set->server, optarg, strlen(optarg)) == WICK_OK
                   ? CLI_OK
                   : cli_usage(c, "--server takes address:port");
    case 'l':
        return wick_addr_parse(&set->local, optarg, strlen(optarg)) == WICK_OK
                   ? CLI_OK
                   : cli_usage(c, "--local takes address:port");
    case 'w':
        return cli_u64_arg(&set->watch_s, optarg, 31536000) == WICK_OK && set->watch_s != 0
                   ? CLI_OK
                   : cli_usage(c, "--watch takes seconds");
    case 't':
        set->tests |= WICK_NAT_TEST_LIFETIME;
        return cli_u64_arg(&set->lifetime_s, optarg, 3600) == WICK_OK && set->lifetime_s != 0
                   ? CLI_OK
                   : cli_usage(c, "--lifetime takes 1..3600 seconds");
    default:
        return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
    }
}

static int run(cli *c, int argc, char **argv, const struct option *options,
               int (*command)(cli *c, host *h, const settings *set))
{
    static host h;
    settings set;
    memset(&set, 0, sizeof set);
    set.tests = WICK_NAT_TEST_MAPPING | WICK_NAT_TEST_FILTERING | WICK_NAT_TEST_HAIRPIN |
                WICK_NAT_TEST_FRAGMENTS;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        int code = parse_option(c, &set, got);
        if (code != CLI_OK) {
            return code < 0 ? CLI_OK : code;
        }
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    int code = set.server.port == 0 ? host_open(&h, c) : host_open_hal(&h, c);
    if (code == CLI_OK && set.server.port == 0) {
        set.server = h.conf.relay.server; /* a TURN server answers Binding requests */
    }
    if (code == CLI_OK && set.server.port == 0) {
        code = cli_usage(c, "a server is needed, as --server or in [relay]");
    }
    code = code == CLI_OK ? command(c, &h, &set) : code;
    host_close(&h);
    return code;
}

int cmd_stun_bind(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"server", required_argument, NULL, 's'},
                                            {"local", required_argument, NULL, 'l'},
                                            {"watch", required_argument, NULL, 'w'},
                                            CLI_COMMON_OPTIONS};
    return run(c, argc, argv, options, bind_run);
}

int cmd_stun_nat_type(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"server", required_argument, NULL, 's'},
                                            {"local", required_argument, NULL, 'l'},
                                            {"lifetime", required_argument, NULL, 't'},
                                            CLI_COMMON_OPTIONS};
    return run(c, argc, argv, options, nat_run);
}
