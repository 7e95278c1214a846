/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick turn allocate: one allocation on a TURN server, a permission for the server's own relay
 * address (which peers on the same relay need), and the allocation given back.
 */
#include <poll.h>
#include <string.h>

#include "commands.h"
#include "host.h"
#include "out.h"
#include "wick/turn.h"

/* Retransmissions end after 39.5 s (RFC 8489 section 6.2.1). */
#define RELEASE_MS 3000u

typedef struct allocation {
    const cli *c;
    host *h;
    wick_turn turn;
    wick_sock sock;
    uint64_t bytes, datagrams, begin_us;
    wick_addr relayed;
    wick_status end; /* of the client, once it is done */
    bool done, permitted, denied;
} allocation;

static uint64_t now_ms(const allocation *a)
{
    return a->h->clock.now_ms(a->h->clock.ctx);
}

static void put_allocated(allocation *a)
{
    out_rec o;
    out_begin_step(&o, stdout, a->c->json, "allocated");
    out_addr(&o, "relayed", wick_turn_relayed(&a->turn));
    out_addr(&o, "reflexive", wick_turn_mapped(&a->turn));
    out_addr(&o, "server", wick_turn_server(&a->turn));
    out_u64(&o, "lifetime_s", wick_turn_lifetime_s(&a->turn));
    out_ms(&o, "ms", cli_now_us() - a->begin_us);
    out_u64(&o, "udp_bytes", a->bytes);
    out_u64(&o, "datagrams", a->datagrams);
    out_end(&o);
}

static void handle_event(allocation *a, const wick_out *out)
{
    switch (out->event) {
    case WICK_TURN_EV_ALLOCATED: {
        a->relayed = *wick_turn_relayed(&a->turn);
        put_allocated(a);
        wick_status s = wick_turn_permit(&a->turn, now_ms(a), &a->relayed);
        a->denied = s != WICK_OK;
        break;
    }
    case WICK_TURN_EV_PERMISSION_READY:
        a->permitted = true;
        break;
    case WICK_TURN_EV_PERMISSION_DENIED:
        a->denied = true;
        break;
    default:
        break;
    }
}

/* Polls until there is nothing to do. Gives the time of the next need. */
static uint64_t drain(allocation *a)
{
    const wick_hal_net *net = &a->h->net;
    wick_out out;
    for (;;) {
        wick_turn_poll(&a->turn, now_ms(a), &out);
        switch (out.kind) {
        case WICK_OUT_SEND:
            if (net->udp_send(net->ctx, a->sock, &out.to, out.bytes) >= 0) {
                a->bytes += out.bytes.len;
                a->datagrams++;
            }
            break;
        case WICK_OUT_EVENT:
            handle_event(a, &out);
            break;
        case WICK_OUT_DONE:
            a->done = true;
            a->end = out.status;
            return now_ms(a);
        case WICK_OUT_WAIT:
        default:
            return out.deadline_ms;
        }
    }
}

static void receive(allocation *a)
{
    const wick_hal_net *net = &a->h->net;
    uint8_t datagram[2048];
    wick_addr from;
    wick_turn_data data;
    int32_t n;
    while ((n = net->udp_recv(net->ctx, a->sock, &from, datagram, sizeof datagram)) != WICK_AGAIN) {
        if (n >= 0) {
            a->bytes += (uint64_t)n;
            a->datagrams++;
            wick_status s = wick_turn_input(&a->turn, now_ms(a),
                                            wick_span_make(datagram, (size_t)n), &from, &data);
            cli_note(a->c, 2, "datagram of %d bytes: %s", (int)n, wick_status_str(s));
        } else if (n == WICK_E_NET) {
            wick_turn_refused(&a->turn, now_ms(a));
        } else {
            break;
        }
    }
}

/* Runs until `*flag`, the end of the client, or `until_ms` (0: none). */
static void run_until(allocation *a, const bool *flag, const bool *other, uint64_t until_ms)
{
    struct pollfd p = {wick_linux_net_fd(&a->h->linux_net, a->sock), POLLIN, 0};
    while (!a->done && !*flag && !*other) {
        uint64_t at = drain(a), now = now_ms(a);
        if (a->done || *flag || *other || (until_ms != 0 && wick_time_reached(now, until_ms))) {
            return;
        }
        at = until_ms != 0 ? wick_time_min(at, until_ms) : at;
        uint64_t ms = wick_time_reached(now, at) ? 0 : at - now;
        (void)poll(&p, 1, ms > 60000 ? 60000 : (int)ms);
        receive(a);
    }
}

static int allocate(allocation *a, const wick_turn_config *cfg)
{
    static const wick_addr any;
    static const bool never = false;
    const wick_hal_net *net = &a->h->net;
    wick_status s = wick_turn_init(&a->turn, cfg);
    if (s == WICK_OK) {
        s = net->udp_open(net->ctx, &a->sock, &any);
    }
    if (s == WICK_OK) {
        s = wick_turn_start(&a->turn, now_ms(a));
    }
    if (s != WICK_OK) {
        return cli_fail(a->c, s, "TURN client");
    }
    run_until(a, &a->permitted, &a->denied, 0);
    if (a->done) {
        return cli_fail(a->c, a->end, "TURN server");
    }
    bool permitted = a->permitted;
    wick_turn_release(&a->turn, now_ms(a));
    run_until(a, &never, &never, now_ms(a) + RELEASE_MS);
    out_rec o;
    out_begin_step(&o, stdout, a->c->json, "released");
    out_bool(&o, "own_relay_permitted", permitted);
    out_ms(&o, "ms", cli_now_us() - a->begin_us);
    out_u64(&o, "udp_bytes", a->bytes);
    out_end(&o);
    return permitted ? CLI_OK
                     : cli_fail(a->c, WICK_E_TURN_FORBIDDEN,
                                "the server denies its own relay address, so peers on the same "
                                "relay cannot meet");
}

static int parse_options(cli *c, int argc, char **argv, conf_relay *r)
{
    static const struct option options[] = {{"server", required_argument, NULL, 's'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"password-file", required_argument, NULL, 'p'},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        char *to = got == 'u' ? r->username : r->password_file;
        if (got == 's') {
            if (wick_addr_parse(&r->server, optarg, strlen(optarg)) != WICK_OK) {
                return cli_usage(c, "--server takes address:port");
            }
        } else if (got == 'u' || got == 'p') {
            if (strlen(optarg) >= CONF_TEXT_MAX) {
                return cli_usage(c, "a value is too long");
            }
            memcpy(to, optarg, strlen(optarg) + 1);
        } else {
            return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
        }
    }
    return argc == optind ? CLI_OK : cli_usage(c, "no argument but options");
}

int cmd_turn_allocate(cli *c, int argc, char **argv)
{
    static allocation a;
    static host h;
    static char password[256];
    conf_relay r;
    memset(&r, 0, sizeof r);
    int code = parse_options(c, argc, argv, &r);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    code = r.server.port == 0 ? host_open(&h, c) : host_open_hal(&h, c);
    if (code == CLI_OK && r.server.port == 0) {
        r = h.conf.relay;
    }
    if (code == CLI_OK && (r.server.port == 0 || r.username[0] == '\0' ||
                           r.password_file[0] == '\0')) {
        code = cli_usage(c, "server, user and password file are needed, as options or in [relay]");
    }
    if (code == CLI_OK) {
        wick_status s = wick_linux_secret_text(password, r.password_file, sizeof password);
        code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", r.password_file);
    }
    if (code == CLI_OK) {
        wick_turn_config cfg = {
            .crypto = &h.crypto,
            .entropy = &h.entropy,
            .server = r.server,
            .username = wick_span_make((const uint8_t *)r.username, strlen(r.username)),
            .password = wick_span_make((const uint8_t *)password, strlen(password))};
        a.c = c;
        a.h = &h;
        a.begin_us = cli_now_us();
        code = allocate(&a, &cfg);
    }
    wick_wipe(password, sizeof password);
    wick_turn_wipe(&a.turn);
    host_close(&h);
    return code;
}
