/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick listen: register if needed, take an address on a relay, publish it, answer handshakes, and
 * send back what peers send over DTLS. The line READY says when peers can connect.
 */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "commands.h"
#include "talk.h"

#define STOP_MS 3000u

static agent a;

typedef struct service {
    unsigned long wanted; /* sessions to serve, 0: no end */
    unsigned long served; /* sessions that carried data and have ended */
    bool ready;
    struct {
        uint64_t bytes;
        uint64_t messages;
    } session[WICK_GW_SESSIONS_MAX];
} service;

static void put_ready(service *v)
{
    out_rec o;
    v->ready = true;
    agent_step_begin(&a, &o, "READY");
    out_str(&o, "name", a.host.conf.identity.name);
    agent_step_end(&a, &o);
}

static void on_open(service *v, const wick_driver_event *ev)
{
    out_rec o;
    memset(&v->session[ev->session], 0, sizeof v->session[0]);
    agent_step_begin(&a, &o, "dtls");
    out_u64(&o, "session", ev->session);
    out_hex(&o, "peer", ev->peer, 32);
    out_str(&o, "suite", wick_driver_suite(&a.driver, ev->session));
    agent_step_end(&a, &o);
}

static void on_data(service *v, const wick_driver_event *ev)
{
    out_rec o;
    v->session[ev->session].bytes += ev->bytes.len;
    v->session[ev->session].messages++;
    wick_status s = wick_driver_send(&a.driver, ev->session, ev->bytes);
    agent_step_begin(&a, &o, "echo");
    out_u64(&o, "session", ev->session);
    out_u64(&o, "bytes", ev->bytes.len);
    out_str(&o, "sent", s == WICK_OK ? "yes" : wick_status_str(s));
    agent_step_end(&a, &o);
}

static void on_closed(service *v, const wick_driver_event *ev)
{
    out_rec o;
    uint64_t messages = 0;
    if (ev->session < WICK_GW_SESSIONS_MAX) {
        messages = v->session[ev->session].messages;
        memset(&v->session[ev->session], 0, sizeof v->session[0]);
    }
    v->served += messages > 0 ? 1u : 0u;
    agent_step_begin(&a, &o, "closed");
    out_u64(&o, "session", ev->session);
    out_u64(&o, "messages", messages);
    out_str(&o, "status", wick_status_str(ev->status));
    agent_step_end(&a, &o);
}

static void on_refused(const wick_driver_event *ev)
{
    out_rec o;
    agent_step_begin(&a, &o, "refused");
    out_addr(&o, "from", &ev->from);
    out_str(&o, "status", wick_status_str(ev->status));
    agent_step_end(&a, &o);
}

static void end_session(service *v, const wick_driver_event *ev)
{
    wick_driver_event closed = *ev;
    closed.session = ev->gateway.session;
    if (closed.session < WICK_GW_SESSIONS_MAX) {
        on_closed(v, &closed);
    }
}

/* Returns an exit code, or -1 to go on. */
static int on_gateway(service *v, const wick_driver_event *ev)
{
    const wick_gateway_event *e = &ev->gateway;
    if (e->status != WICK_OK && e->final && !v->ready && e->kind != WICK_GW_EV_SESSION_DOWN) {
        return agent_fail(&a, e->status, a.host.conf.identity.name);
    }
    agent_print(&a, e);
    if (e->kind == WICK_GW_EV_READY && e->status == WICK_OK && !v->ready) {
        put_ready(v);
    }
    if (e->kind == WICK_GW_EV_SESSION_DOWN) {
        end_session(v, ev);
    }
    return -1;
}

/* Gives the allocation back, so that the relay's quota is free for the next start. */
static void stop(void)
{
    wick_driver_event ev;
    uint64_t until = agent_now(&a) + STOP_MS;
    wick_gateway_stop(&a.gateway, agent_now(&a));
    do {
        wick_driver_run(&a.driver, &ev, until);
    } while (ev.kind != WICK_DRIVER_DONE && ev.kind != WICK_DRIVER_IDLE);
}

static int serve(service *v)
{
    wick_driver_event ev;
    while (!cli_interrupted() && (v->wanted == 0 || v->served < v->wanted)) {
        wick_driver_run(&a.driver, &ev, agent_now(&a) + 500);
        int code = -1;
        switch (ev.kind) {
        case WICK_DRIVER_GATEWAY:
            code = on_gateway(v, &ev);
            break;
        case WICK_DRIVER_OPEN:
            on_open(v, &ev);
            break;
        case WICK_DRIVER_DATA:
            on_data(v, &ev);
            break;
        case WICK_DRIVER_CLOSED:
            on_closed(v, &ev);
            break;
        case WICK_DRIVER_DONE:
            code = ev.status == WICK_OK ? CLI_OK : agent_fail(&a, ev.status, "agent");
            break;
        case WICK_DRIVER_REFUSED:
            on_refused(&ev);
            break;
        case WICK_DRIVER_LIGHT:
        case WICK_DRIVER_IDLE:
        default:
            break;
        }
        if (code >= 0) {
            return code;
        }
    }
    stop();
    return CLI_OK;
}

/* @return exit code, or -1: go on */
static int take_options(cli *c, talk_wish *x, int argc, char **argv)
{
    static const struct option options[] = {{"once", no_argument, NULL, 'o'},
                                            {"count", required_argument, NULL, 'n'},
                                            {"suite", required_argument, NULL, 'u'},
                                            {"over", required_argument, NULL, 'O'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"address", required_argument, NULL, 'a'},
                                            {"service", required_argument, NULL, 's'},
                                            {"out", required_argument, NULL, 'w'},
                                            {"protocol", required_argument, NULL, 'P'},
                                            CLI_COMMON_OPTIONS};
    uint64_t number = 0;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'o') {
            x->wanted = 1;
        } else if (got == 'u') {
            x->suite = optarg;
        } else if (got == 'n') {
            if (cli_u64_arg(&number, optarg, 1000000) != WICK_OK || number == 0) {
                return cli_usage(c, "--count takes a number above 0");
            }
            x->wanted = (unsigned long)number;
        } else if (got == 'O') {
            if (!talk_take_over(&x->over, optarg)) {
                return cli_usage(c, "--over takes dtls, tls, tls12 or raw");
            }
        } else if (got == 'p') {
            if (cli_u64_arg(&number, optarg, 65535) != WICK_OK || number == 0) {
                return cli_usage(c, "--port takes 1 to 65535");
            }
            x->port = (uint16_t)number;
        } else if (got == 'a') {
            x->address = optarg;
        } else if (got == 's') {
            x->service = optarg;
        } else if (got == 'w') {
            x->out = optarg;
        } else if (got == 'P') {
            x->protocol = optarg;
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    if (talk_use(x->protocol) == 0) {
        return cli_usage(c, "--protocol takes dtls, tls12, tls13 or psk16");
    }
    bool tls = x->over == TALK_TLS13 || x->over == TALK_TLS12;
    return !tls && (x->port != 0 || x->address != NULL)
               ? cli_usage(c, "--port and --address are for --over tls")
               : -1;
}

int cmd_listen(cli *c, int argc, char **argv)
{
    static service v;
    static conf f;
    conf_error e;
    talk_wish wish = {.service = "tls", .protocol = "dtls12"};
    int code = take_options(c, &wish, argc, argv);
    if (code >= 0) {
        return code;
    }
    if (conf_load(&f, &e, c->config) != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s", e.text);
    }
    if (wish.over != TALK_DTLS) {
        return over_listen(c, &f, &wish);
    }
    if (daemon_listen(c, &f, &wish, &code)) {
        return code;
    }
    v.wanted = wish.wanted;
    code = agent_open(&a, c);
    code = code == CLI_OK ? agent_suite(&a, wish.suite) : code;
    if (code == CLI_OK) {
        wick_status s = wick_gateway_start(&a.gateway, agent_now(&a), WICK_GW_GOAL_SERVE);
        code = s == WICK_OK ? agent_publish(&a) : cli_fail(c, s, "agent");
        code = code == CLI_OK ? serve(&v) : code;
    }
    agent_close(&a);
    return code;
}
