/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wickd: the gateway daemon. It keeps the name registered, the path open and the record fresh,
 * answers peers, and serves look-ups and its state on a Unix socket (request.h). SIGTERM ends it
 * with its allocations given back; SIGHUP reads wick.conf again.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon.h"

#ifndef WICK_VERSION
#define WICK_VERSION "0"
#endif

#define TURN_MS 5000u /* longest wait of the loop: soon enough for what has no descriptor */
#define STOP_MS 3000u

static wickd daemon_state;

/* ---- start ---- */

static bool catch_signals(wickd *d)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD); /* wakes the loop: leaves_run() looks which helper has ended */
    d->signal_fd = -1;
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0) {
        d->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    }
    return d->signal_fd >= 0;
}

static int open_socket(wickd *d)
{
    const conf *c = &d->agent.host.conf;
    char path[CONF_TEXT_MAX];
    if (!conf_socket_path(path, c)) {
        return cli_fail(&d->cli, WICK_E_CONFIG,
                        "%.200s: neither [wickd] socket nor [identity] store_dir", c->path);
    }
    wick_status s = server_open(&d->server, path, ops_on_line, d);
    if (s == WICK_E_STATE) {
        return cli_fail_remedy(&d->cli, s, "stop it first, or name another socket",
                               "%s: another daemon listens there", path);
    }
    if (s == WICK_E_FILE_MODE) {
        return cli_fail_remedy(&d->cli, s, "name a socket in a folder that only this user writes to",
                               "%s", path);
    }
    if (s == WICK_OK) {
        s = server_watch(&d->server, d->signal_fd);
    }
    return s == WICK_OK ? CLI_OK : cli_fail(&d->cli, s, "%s", path);
}

static void watch(void *ctx, int fd)
{
    wickd *d = ctx;
    wick_status s = fd >= 0 ? server_watch(&d->server, fd) : WICK_OK;
    if (s != WICK_OK) {
        events_log(d, WICK_LOG_WARN, "a socket is not watched: %s", wick_status_str(s));
    }
}

/* Leaves, and what is carried for them. */
static int open_leaves(wickd *d)
{
    carry_config carried = {
        .agent = &d->agent, .done = events_carried, .watch = watch, .ctx = d};
    leaves_config cfg = {.agent = &d->agent,
                         .lookups = &d->lookups,
                         .carry = &d->carry,
                         .told = events_leaf,
                         .ctx = d};
    carry_init(&d->carry, &carried);
    wick_status s = leaves_open(&d->leaves, &cfg, d->started_ms);
    if (s != WICK_OK) {
        return cli_fail(&d->cli, s, "[leaf] listen");
    }
    watch(d, leaves_fd(&d->leaves));
    return CLI_OK;
}

static int start(wickd *d)
{
    agent *a = &d->agent;
    int code = open_socket(d);
    if (code != CLI_OK) {
        return code;
    }
    a->linux_log.most = d->cli.verbose > 0 ? WICK_LOG_DEBUG : a->host.conf.wickd.log;
    wick_driver_watch(&a->driver, server_fd(&d->server));
    lookups_init(&d->lookups, a, ops_lookup_done, d);
    d->started_ms = agent_now(a);
    code = open_leaves(d);
    if (code != CLI_OK) {
        return code;
    }
    bool serve = a->host.conf.wickd.serve;
    d->ready = !serve;
    wick_status s = wick_gateway_start(&a->gateway, d->started_ms, serve ? WICK_GW_GOAL_SERVE : 0);
    if (s != WICK_OK) {
        return cli_fail(&d->cli, s, "agent");
    }
    code = serve ? agent_publish(a) : CLI_OK;
    if (code != CLI_OK) {
        return code;
    }
    events_log(d, WICK_LOG_INFO, "started as %s, listening on %s", a->host.conf.identity.name,
               d->server.path);
    return CLI_OK;
}

/* ---- the loop ---- */

static void take_signals(wickd *d)
{
    struct signalfd_siginfo info;
    while (read(d->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            d->reload = true;
        } else if (info.ssi_signo != SIGCHLD) {
            d->stop = true;
        }
    }
}

/* What can change in a running daemon does; the rest is said to need a restart. */
static void reload(wickd *d)
{
    static conf fresh;
    conf_error e;
    char differs[160];
    conf *c = &d->agent.host.conf;
    d->reload = false;
    d->reloads++;
    if (conf_load(&fresh, &e, c->path) != WICK_OK) {
        events_log(d, WICK_LOG_WARN, "configuration not taken: %s", e.text);
        return;
    }
    c->wickd.log = fresh.wickd.log;
    c->wickd.echo = fresh.wickd.echo;
    memcpy(c->products, fresh.products, sizeof c->products); /* for leaves; those under way see it next */
    for (size_t i = 0; i < CONF_CHAINS_MAX; i++) {
        if (strcmp(c->chains[i].s.name, fresh.chains[i].s.name) == 0) {
            c->chains[i].grace_s = fresh.chains[i].grace_s;
        }
    }
    d->agent.linux_log.most = d->cli.verbose > 0 ? WICK_LOG_DEBUG : c->wickd.log;
    if (conf_differs(differs, sizeof differs, c, &fresh)) {
        events_log(d, WICK_LOG_WARN,
                   "configuration read again; %s changed, which takes a restart", differs);
    } else {
        events_log(d, WICK_LOG_INFO, "configuration read again");
    }
    keys_own_again(d, false);
    d->retry_ms = d->retry_ms != 0 ? agent_now(&d->agent) : 0;
}

/* What was refused for good may have been mended: a name that was freed, a manager that was taught. */
static void retry(wickd *d, uint64_t now_ms)
{
    if (d->retry_ms == 0 || now_ms < d->retry_ms) {
        return;
    }
    d->retry_ms = 0;
    wick_status s = wick_gateway_start(&d->agent.gateway, now_ms, WICK_GW_GOAL_SERVE);
    if (s != WICK_OK) {
        events_log(d, WICK_LOG_WARN, "start: %s", wick_status_str(s));
        return;
    }
    (void)agent_publish(&d->agent); /* what was refused of it, too; as at the start */
}

static uint64_t housekeeping(wickd *d)
{
    uint64_t now_ms = agent_now(&d->agent);
    take_signals(d);
    if (d->reload) {
        reload(d);
    }
    retry(d, now_ms);
    server_run(&d->server, now_ms);
    (void)leaves_run(&d->leaves, now_ms); /* their questions first, their answers at the end */
    (void)lookups_run(&d->lookups, now_ms);
    (void)keys_run(d, now_ms);
    server_run(&d->server, now_ms); /* what was answered at once goes out at once */
    /* It may have brought more lines: what these ask for begins now, not in the next turn. */
    uint64_t until = now_ms + TURN_MS;
    uint64_t next = lookups_run(&d->lookups, now_ms);
    until = next < until ? next : until;
    next = keys_run(d, now_ms);
    until = next < until ? next : until;
    next = server_deadline(&d->server);
    until = next < until ? next : until;
    next = talks_run(d, now_ms); /* now that it is known who has left */
    until = next < until ? next : until;
    until = wick_time_min(until, carry_run(&d->carry, now_ms));
    return wick_time_min(until, leaves_run(&d->leaves, now_ms));
}

static int loop(wickd *d)
{
    wick_driver_event ev;
    for (;;) {
        uint64_t until_ms = housekeeping(d); /* takes signals */
        if (d->stop) {
            return d->stopped_by_key ? CLI_REFUSED : CLI_OK;
        }
        wick_driver_run(&d->agent.driver, &ev, until_ms);
        switch (ev.kind) {
        case WICK_DRIVER_GATEWAY:
            events_gateway(d, &ev.gateway);
            break;
        case WICK_DRIVER_OPEN:
        case WICK_DRIVER_DATA:
        case WICK_DRIVER_CLOSED:
        case WICK_DRIVER_REFUSED:
            events_driver(d, &ev);
            break;
        case WICK_DRIVER_DONE:
            return ev.status == WICK_OK ? CLI_OK : agent_fail(&d->agent, ev.status, "agent");
        case WICK_DRIVER_LIGHT:
            events_light(d, &ev);
            break;
        case WICK_DRIVER_IDLE:
        default:
            break;
        }
    }
}

/* Gives the allocations back, so that the relay's quota is free for the next start. */
static void stop(wickd *d)
{
    wick_driver_event ev;
    uint64_t until = agent_now(&d->agent) + STOP_MS;
    events_log(d, WICK_LOG_INFO, "stopping");
    wick_driver_watch(&d->agent.driver, -1);
    wick_gateway_stop(&d->agent.gateway, agent_now(&d->agent));
    do {
        wick_driver_run(&d->agent.driver, &ev, until);
    } while (ev.kind != WICK_DRIVER_DONE && ev.kind != WICK_DRIVER_IDLE);
}

static int run(wickd *d)
{
    if (!catch_signals(d)) {
        return cli_fail(&d->cli, WICK_E_HAL, "signals");
    }
    int code = agent_open(&d->agent, &d->cli);
    code = code == CLI_OK ? start(d) : code;
    if (code == CLI_OK) {
        code = loop(d);
        stop(d);
        events_log(d, WICK_LOG_INFO, "ended");
    }
    server_close(&d->server);
    carry_close(&d->carry);
    if (d->leaves.open) {
        leaves_close(&d->leaves, agent_now(&d->agent));
    }
    agent_close(&d->agent);
    wick_wipe(d, sizeof *d);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"version", no_argument, NULL, 'V'},
                                            {"bundle", required_argument, NULL, 'b'},
                                            {"release", required_argument, NULL, 'r'},
                                            {"block", required_argument, NULL, 'c'},
                                            {"turn", required_argument, NULL, 't'},
                                            {"output", required_argument, NULL, 'o'},
                                            CLI_COMMON_OPTIONS};
    const char *what = NULL, *path = NULL;
    unsigned turn = 0;
    int make = 0;
    wickd *d = &daemon_state;
    d->cli.program = "wickd";
    d->cli.usage = "[--config FILE] [-v] | --version | --bundle NAME | --release NAME "
                   "| --block CID [--turn N] --output FILE";
    d->cli.help = "the gateway as a daemon: keeps its record and its ways in, answers `wick status` and\n"
                  "  `wick lookup` on its socket. SIGHUP reads wick.conf again, SIGTERM ends it. With --bundle,\n"
                  "  --release or --block it makes one file and ends: it calls itself so for its leaves. Exit codes:\n"
                  "  0 ended, 1 refused, 2 usage, 3 the store is another process's, or no network";
    for (int got; (got = cli_getopt(&d->cli, argc, argv, options)) != -1;) {
        if (got == 'V') {
            puts("wickd " WICK_VERSION);
            return CLI_OK;
        }
        if (got == 't') { /* any number will do */
            turn = (unsigned)strtoul(optarg, NULL, 10);
            continue;
        }
        if (got != 'b' && got != 'r' && got != 'c' && got != 'o') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        make = got != 'o' ? got : make;
        what = got != 'o' ? optarg : what;
        path = got == 'o' ? optarg : path;
    }
    if (argc != optind || (what == NULL) != (path == NULL)) {
        return cli_usage(&d->cli, "no argument but options; --bundle, --release or --block with --output");
    }
    return make == 'b'   ? bundles_main(&d->cli, what, path)
           : make == 'r' ? firmware_release_main(&d->cli, what, path)
           : make == 'c' ? firmware_block_main(&d->cli, what, path, turn)
                         : run(d);
}
