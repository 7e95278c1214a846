/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick connect: look a peer up, handshake, open DTLS, send a text and wait until it comes back.
 * Prints the time and the bytes of each part. With --for the text goes on, four times a second, and
 * what became of it is told at the end: how much came back, and the longest time in which nothing
 * did while the session looked for another path.
 */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "commands.h"
#include "talk.h"

#define TIMEOUT_DEFAULT_S 90u
#define ECHO_RETRY_MS 1000u /* a datagram may be lost */
#define CLOSE_MS 300u
#define KEEP_SEND_MS 250u
#define KEEP_LAST_MS 1000u /* for the last ones to come back */

static agent a;

typedef enum part { PART_SETUP = 0, PART_LOOKUP, PART_HANDSHAKE, PART_DTLS, PART_ECHO, PARTS } part;

typedef struct call {
    const char *peer, *text;
    part part;
    uint8_t session;
    uint64_t from_us, sent_ms;
    uint64_t us[PARTS];
    uint64_t udp_from;
    uint64_t udp[PARTS];
    wick_status last; /* why the last attempt failed */
    bool echoed;
    uint64_t keep_ms, keep_until_ms, got_ms; /* --for */
    uint64_t sent, got, gap_ms;
} call;

static uint64_t udp_bytes(void)
{
    return a.driver.stats.udp_tx_bytes + a.driver.stats.udp_rx_bytes;
}

/* The part at hand is over. */
static void next_part(call *x)
{
    uint64_t now = cli_now_us();
    x->us[x->part] = now - x->from_us;
    x->udp[x->part] = udp_bytes() - x->udp_from;
    x->from_us = now;
    x->udp_from = udp_bytes();
    x->part = (part)(x->part + 1);
}

static void send_text(call *x)
{
    wick_span bytes = wick_span_make((const uint8_t *)x->text, strlen(x->text));
    wick_status s = wick_driver_send(&a.driver, x->session, bytes);
    if (s == WICK_OK) {
        x->sent_ms = agent_now(&a);
        x->sent++;
    } else if (s != WICK_AGAIN) {
        x->last = s;
    }
}

/* All of these return an exit code, or -1 to go on. */

static int begin_call(call *x)
{
    wick_status s = wick_gateway_connect(&a.gateway, &x->session, agent_now(&a), x->peer);
    return s == WICK_OK ? -1 : cli_fail(a.cli, s, "%s", x->peer);
}

static int on_gateway(call *x, const wick_gateway_event *e)
{
    if (e->status != WICK_OK) {
        x->last = e->status;
        if (e->final || e->kind == WICK_GW_EV_SESSION_DOWN ||
            e->kind == WICK_GW_EV_PEER_RESOLVED) {
            return agent_fail(&a, e->status, x->peer);
        }
    }
    agent_print(&a, e);
    if (e->status != WICK_OK) {
        return -1;
    }
    if (e->kind == WICK_GW_EV_READY && x->part == PART_SETUP) {
        next_part(x);
        return begin_call(x);
    }
    if ((e->kind == WICK_GW_EV_PEER_RESOLVED && x->part == PART_LOOKUP) ||
        (e->kind == WICK_GW_EV_SESSION_UP && x->part == PART_HANDSHAKE)) {
        next_part(x);
    }
    return -1;
}

static void came_back(call *x)
{
    uint64_t now = agent_now(&a);
    uint64_t gap = now - x->got_ms;
    x->gap_ms = x->got != 0 && gap > x->gap_ms ? gap : x->gap_ms;
    x->got_ms = now;
    x->got++;
}

static int on_data(call *x, wick_span bytes)
{
    if (x->keep_until_ms != 0) {
        came_back(x);
        return -1;
    }
    if (x->part != PART_ECHO || bytes.len != strlen(x->text) ||
        memcmp(bytes.ptr, x->text, bytes.len) != 0) {
        return -1; /* not ours */
    }
    next_part(x);
    x->echoed = true;
    out_rec o;
    agent_step_begin(&a, &o, "echo");
    out_u64(&o, "bytes", bytes.len);
    out_str(&o, "text", x->text);
    agent_step_end(&a, &o);
    if (x->keep_ms != 0) {
        came_back(x);
        x->keep_until_ms = agent_now(&a) + x->keep_ms;
        return -1;
    }
    return CLI_OK;
}

static int on_open(call *x, const wick_driver_event *ev)
{
    out_rec o;
    if (x->part == PART_DTLS) { /* not again, if the session's keys were renewed */
        next_part(x);
    }
    agent_step_begin(&a, &o, "dtls");
    out_hex(&o, "peer", ev->peer, 32);
    out_str(&o, "suite", wick_driver_suite(&a.driver, ev->session));
    agent_step_end(&a, &o);
    send_text(x);
    return -1;
}

/* One more text, or the end of them. */
static int keep_on(call *x)
{
    uint64_t now = agent_now(&a);
    if (wick_time_reached(now, x->keep_until_ms + KEEP_LAST_MS)) {
        return CLI_OK;
    }
    if (!wick_time_reached(now, x->keep_until_ms) && now - x->sent_ms >= KEEP_SEND_MS) {
        send_text(x);
    }
    return -1;
}

static int on_event(call *x, const wick_driver_event *ev)
{
    switch (ev->kind) {
    case WICK_DRIVER_GATEWAY:
        return on_gateway(x, &ev->gateway);
    case WICK_DRIVER_OPEN:
        return on_open(x, ev);
    case WICK_DRIVER_DATA:
        return on_data(x, ev->bytes);
    case WICK_DRIVER_CLOSED:
        return agent_fail(&a, ev->status != WICK_OK ? ev->status : WICK_E_TLS, x->peer);
    case WICK_DRIVER_DONE:
        return agent_fail(&a, ev->status != WICK_OK ? ev->status : WICK_E_STATE, x->peer);
    case WICK_DRIVER_REFUSED:
    case WICK_DRIVER_LIGHT:
    case WICK_DRIVER_IDLE:
    default:
        if (x->keep_until_ms != 0) {
            return keep_on(x);
        }
        if (x->part == PART_ECHO && agent_now(&a) - x->sent_ms >= ECHO_RETRY_MS) {
            send_text(x);
        }
        return -1;
    }
}

static void put_result(const call *x)
{
    static const char *const names[PARTS][2] = {{"setup_ms", "setup_bytes"},
                                                {"lookup_ms", "lookup_bytes"},
                                                {"handshake_ms", "handshake_bytes"},
                                                {"dtls_ms", "dtls_bytes"},
                                                {"echo_ms", "echo_bytes"}};
    out_rec o;
    out_begin_step(&o, stdout, a.cli->json, "done");
    out_str(&o, "peer", x->peer);
    for (size_t i = 0; i < PARTS; i++) {
        out_ms(&o, names[i][0], x->us[i]);
    }
    for (size_t i = 0; i < PARTS; i++) {
        out_u64(&o, names[i][1], x->udp[i]);
    }
    out_u64(&o, "rpc_bytes", a.driver.stats.rpc_tx_bytes + a.driver.stats.rpc_rx_bytes);
    out_u64(&o, "udp_bytes", udp_bytes());
    out_end(&o);
}

static void put_kept(const call *x)
{
    out_rec o;
    wick_gateway_path path;
    wick_status s = wick_gateway_session_path(&a.gateway, &path, x->session);
    agent_step_begin(&a, &o, "kept");
    out_str(&o, "path", s == WICK_OK ? wick_direct_kind_str(path.kind) : "none");
    if (s == WICK_OK) {
        out_addr(&o, "peer", &path.addr);
        out_u64(&o, "rtt_ms", path.rtt_ms);
    }
    out_u64(&o, "sent", x->sent);
    out_u64(&o, "echoed", x->got);
    out_u64(&o, "longest_gap_ms", x->gap_ms);
    agent_step_end(&a, &o);
}

/* Says goodbye and gives the allocation back. */
static void hang_up(const call *x)
{
    wick_driver_event ev;
    uint64_t until = agent_now(&a) + CLOSE_MS;
    wick_driver_close(&a.driver, x->session);
    do {
        wick_driver_run(&a.driver, &ev, until);
    } while (ev.kind != WICK_DRIVER_IDLE && ev.kind != WICK_DRIVER_CLOSED &&
             ev.kind != WICK_DRIVER_DONE);
    wick_gateway_stop(&a.gateway, agent_now(&a));
    until = agent_now(&a) + CLOSE_MS;
    while (ev.kind != WICK_DRIVER_DONE && !wick_time_reached(agent_now(&a), until)) {
        wick_driver_run(&a.driver, &ev, until);
    }
}

static int call_peer(call *x, uint64_t until_ms)
{
    wick_driver_event ev;
    int code = -1;
    x->from_us = cli_now_us();
    x->last = WICK_E_TIMEOUT;
    while (code < 0 && !cli_interrupted() && !wick_time_reached(agent_now(&a), until_ms)) {
        uint64_t turn_ms = x->keep_until_ms != 0 ? 50 : 250;
        wick_driver_run(&a.driver, &ev, wick_time_min(until_ms, agent_now(&a) + turn_ms));
        code = on_event(x, &ev);
        until_ms = x->keep_until_ms != 0 ? x->keep_until_ms + 2 * KEEP_LAST_MS : until_ms;
    }
    if (x->echoed && (x->keep_ms == 0 || code <= CLI_OK)) {
        if (x->keep_ms != 0) {
            put_kept(x);
        }
        hang_up(x);
        put_result(x);
        return CLI_OK;
    }
    return code >= 0 ? code : agent_fail(&a, x->last, x->peer);
}

static bool take_seconds(uint64_t *out_ms, const char *text)
{
    uint64_t s = 0;
    bool good = cli_u64_arg(&s, text, 86400) == WICK_OK && s != 0;
    *out_ms = s * 1000u;
    return good;
}

/* @return exit code, or -1: go on */
static int take_options(cli *c, talk_wish *x, int argc, char **argv)
{
    static const struct option options[] = {{"send", required_argument, NULL, 's'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"for", required_argument, NULL, 'f'},
                                            {"publish", no_argument, NULL, 'p'},
                                            {"suite", required_argument, NULL, 'u'},
                                            {"over", required_argument, NULL, 'o'},
                                            {"out", required_argument, NULL, 'w'},
                                            {"protocol", required_argument, NULL, 'P'},
                                            {"to", required_argument, NULL, 'T'},
                                            {"fresh", no_argument, NULL, 'F'},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 's') {
            x->text = optarg;
        } else if (got == 'u') {
            x->suite = optarg;
        } else if (got == 'o' && !talk_take_over(&x->over, optarg)) {
            return cli_usage(c, "--over takes dtls, tls, tls12 or raw");
        } else if (got == 't' && !take_seconds(&x->timeout_ms, optarg)) {
            return cli_usage(c, "--timeout takes seconds, 1 to 86400");
        } else if (got == 'f' && !take_seconds(&x->keep_ms, optarg)) {
            return cli_usage(c, "--for takes seconds, 1 to 86400");
        } else if (got == 'p') {
            x->publish = true; /* with all that keeps it reachable: a second relay, too */
        } else if (got == 'w') {
            x->out = optarg;
        } else if (got == 'P') {
            x->protocol = optarg;
        } else if (got == 'T') {
            x->to = optarg;
        } else if (got == 'F') {
            x->fresh = true;
        } else if (got != 'o' && got != 't' && got != 'f') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one name");
    }
    x->peer = argv[optind];
    if (strlen(x->text) == 0 || strlen(x->text) > WICK_DTLS_WRITE_MAX) {
        return cli_usage(c, "--send takes 1 to %u bytes", (unsigned)WICK_DTLS_WRITE_MAX);
    }
    if (x->over != TALK_DTLS && (x->keep_ms != 0 || x->publish)) {
        return cli_usage(c, "--for and --publish are for sessions over DTLS");
    }
    if (talk_use(x->protocol) == 0) {
        return cli_usage(c, "--protocol takes dtls, tls12, tls13 or psk16");
    }
    return -1;
}

int cmd_connect(cli *c, int argc, char **argv)
{
    static call x;
    static conf f;
    talk_wish wish = {.text = "hello", .protocol = "dtls12", .timeout_ms = TIMEOUT_DEFAULT_S * 1000u};
    wick_peer_ref ref;
    conf_error e;
    int code = take_options(c, &wish, argc, argv);
    if (code >= 0) {
        return code;
    }
    wick_status s = wick_peer_ref_parse(&ref, wish.peer, strlen(wish.peer));
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", wish.peer);
    }
    if (conf_load(&f, &e, c->config) != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s", e.text);
    }
    if (wish.over != TALK_DTLS) {
        return over_connect(c, &f, &wish);
    }
    if (daemon_connect(c, &f, &wish, &code)) {
        return code;
    }
    x.peer = wish.peer;
    x.text = wish.text;
    x.keep_ms = wish.keep_ms;
    code = agent_open(&a, c);
    code = code == CLI_OK ? agent_suite(&a, wish.suite) : code;
    if (code == CLI_OK) {
        s = wick_gateway_start(&a.gateway, agent_now(&a),
                               wish.publish ? WICK_GW_GOAL_SERVE : WICK_GW_GOAL_CALL);
        code = s == WICK_OK ? call_peer(&x, agent_now(&a) + wish.timeout_ms)
                            : cli_fail(c, s, "agent");
    }
    agent_close(&a);
    return code;
}
