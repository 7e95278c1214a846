/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick pcp decode: one message. wick pcp watch: what routers say by themselves, and how the networks
 * of this host come and go; each router is asked for its epoch once.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "host.h"
#include "out.h"
#include "pcp_text.h"
#include "wick/pcp.h"
#include "wick/port/pcp_driver.h"

int cmd_pcp_decode(cli *c, int argc, char **argv)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int code;
    if (!cli_hex_input(c, &bytes, &len, &code, argc, argv)) {
        return code;
    }
    wick_status s = pcp_put_message(c, wick_span_make(bytes, len), NULL, "");
    free(bytes);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "message");
}

/* ---- watch ---- */

typedef struct place {
    bool used;
    wick_pcp_network network;
    wick_pcp_link link;
} place;

typedef struct watcher {
    const cli *c;
    host h;
    place place[WICK_PCP_NETWORKS];
    const char *interface;
    uint32_t changes;
} watcher;

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void put_network(const watcher *w, const place *p, const char *event)
{
    out_rec o;
    out_begin_step(&o, stdout, w->c->json, event);
    out_addr(&o, "own", &p->network.own);
    out_addr(&o, "server", &p->network.server);
    out_str(&o, "interface", p->network.name);
    if (p->used) {
        out_bool(&o, "hears_announcements", wick_pcp_link_hears(&p->link));
    }
    out_end(&o);
    fflush(stdout);
}

static void ask(const place *p)
{
    uint8_t bytes[WICK_PCP_HEADER_BYTES];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_pcp_msg m;
    wick_addr to = p->network.server;
    memset(&m, 0, sizeof m);
    m.opcode = WICK_PCP_ANNOUNCE;
    memcpy(m.client_ip, p->network.own.ip, sizeof m.client_ip);
    to.port = WICK_PCP_SERVER_PORT;
    if (wick_pcp_encode(&b, &m) == WICK_OK) {
        (void)wick_pcp_link_send(&p->link, &to, wick_buf_span(&b));
    }
}

static bool is_same(const wick_pcp_network *a, const wick_pcp_network *b)
{
    return a->index == b->index && wick_addr_equal(&a->own, &b->own) &&
           wick_addr_equal(&a->server, &b->server);
}

static unsigned look(watcher *w)
{
    wick_pcp_network now[WICK_PCP_NETWORKS];
    size_t n = wick_pcp_networks(now, WICK_PCP_NETWORKS, w->interface);
    unsigned used = 0;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        place *p = &w->place[i];
        bool still = false;
        for (size_t k = 0; p->used && k < n; k++) {
            still = still || is_same(&p->network, &now[k]);
        }
        if (p->used && !still) {
            wick_pcp_link_close(&p->link);
            p->used = false;
            put_network(w, p, "network_down");
        }
    }
    for (size_t k = 0; k < n; k++) {
        place *to = NULL;
        bool known = false;
        for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
            known = known || (w->place[i].used && is_same(&w->place[i].network, &now[k]));
            to = to == NULL && !w->place[i].used ? &w->place[i] : to;
        }
        if (!known && to != NULL && wick_pcp_link_open(&to->link, &now[k], 0) == WICK_OK) {
            to->network = now[k];
            to->used = true;
            put_network(w, to, "network_up");
            ask(to);
        }
    }
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        used += w->place[i].used;
    }
    return used;
}

static void hear(const watcher *w, const place *p)
{
    uint8_t bytes[2048];
    wick_addr from;
    int32_t n;
    while ((n = wick_pcp_link_recv(&p->link, &from, bytes, sizeof bytes)) != WICK_AGAIN) {
        if (n < 0) {
            cli_note(w->c, 1, "nobody listens at the router, or a datagram was too long");
            continue;
        }
        wick_status s = pcp_put_message(w->c, wick_span_make(bytes, (size_t)n), &from,
                                        p->network.name);
        if (s != WICK_OK) {
            cli_note(w->c, 1, "%d bytes that are no message: %s", (int)n, wick_status_str(s));
        }
        fflush(stdout);
    }
}

static void wait(watcher *w, uint64_t ms)
{
    struct pollfd p[WICK_PCP_DRIVER_FDS];
    size_t n = 0;
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        n += w->place[i].used ? wick_pcp_link_watch(&w->place[i].link, &p[n]) : 0;
    }
    int fd = wick_linux_net_change_fd(&w->h.linux_net);
    if (fd >= 0) {
        p[n].fd = fd;
        p[n++].events = POLLIN;
    }
    (void)poll(p, (nfds_t)n, ms > 60000 ? 60000 : (int)ms);
}

static int watch(watcher *w, uint64_t timeout_s)
{
    const wick_hal_clock *clock = &w->h.clock;
    uint64_t begin = clock->now_ms(clock->ctx);
    w->changes = w->h.net.change_count(w->h.net.ctx);
    if (look(w) == 0) {
        return cli_fail_remedy(w->c, WICK_E_NET, "see `ip route`",
                               "no interface with a default router");
    }
    while (!stopped) {
        uint64_t gone = clock->now_ms(clock->ctx) - begin;
        if (timeout_s != 0 && gone >= timeout_s * 1000u) {
            break;
        }
        uint32_t changes = w->h.net.change_count(w->h.net.ctx);
        if (changes != w->changes) {
            w->changes = changes;
            (void)look(w);
        }
        for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
            if (w->place[i].used) {
                hear(w, &w->place[i]);
            }
        }
        wait(w, timeout_s != 0 ? timeout_s * 1000u - gone : 60000);
    }
    return CLI_OK;
}

int cmd_pcp_watch(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"interface", required_argument, NULL, 'i'},
                                            {"timeout", required_argument, NULL, 'T'},
                                            CLI_COMMON_OPTIONS};
    static watcher w;
    uint64_t timeout_s = 0;
    memset(&w, 0, sizeof w);
    w.c = c;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'i') {
            w.interface = optarg;
        } else if (got != 'T') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        } else if (cli_u64_arg(&timeout_s, optarg, 86400u * 365u) != WICK_OK) {
            return cli_usage(c, "--timeout takes seconds");
        }
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    int code = host_open_hal(&w.h, c);
    if (code == CLI_OK) {
        struct sigaction a;
        memset(&a, 0, sizeof a);
        a.sa_handler = stop;
        (void)sigaction(SIGINT, &a, NULL);
        (void)sigaction(SIGTERM, &a, NULL);
        code = watch(&w, timeout_s);
    }
    for (unsigned i = 0; i < WICK_PCP_NETWORKS; i++) {
        if (w.place[i].used) {
            wick_pcp_link_close(&w.place[i].link);
        }
    }
    host_close(&w.h);
    return code;
}
