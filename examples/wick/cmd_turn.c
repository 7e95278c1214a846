/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick turn allocate: one allocation on a TURN server, a permission for the server's own relay
 * address (which peers on the same relay need), and the allocation given back.
 * wick turn ping: two allocations there and datagrams from one to the other and back, which is what
 * two gateways on one relay do.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "host.h"
#include "out.h"
#include "wick/port/turn_link.h"
#include "wick/turn.h"

/* Retransmissions end after 39.5 s (RFC 8489 section 6.2.1). */
#define RELEASE_MS 3000u
#define ANSWER_MS 2000u
#define PAYLOAD_MAX 1200u

typedef struct end {
    wick_turn turn;
    wick_turn_link link;
    wick_addr relayed;
    wick_status status; /* of the client, once it is done */
    bool done, allocated, permitted, denied;
} end;

typedef struct session {
    const cli *c;
    host *h;
    end end[2];
    unsigned ends;
    uint64_t begin_us;
    /* ping */
    unsigned sent, answered;
    uint64_t sent_us, least_us, most_us, sum_us;
    bool waiting;
    bool news; /* something has happened since wait() began */
} session;

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

static uint64_t now_ms(const session *s)
{
    return s->h->clock.now_ms(s->h->clock.ctx);
}

static void put_allocated(const session *s, const end *e)
{
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "allocated");
    out_addr(&o, "relayed", wick_turn_relayed(&e->turn));
    if (wick_turn_relayed2(&e->turn)->port != 0) {
        out_addr(&o, "relayed2", wick_turn_relayed2(&e->turn));
    }
    out_addr(&o, "reflexive", wick_turn_mapped(&e->turn));
    out_addr(&o, "server", wick_turn_server(&e->turn));
    out_u64(&o, "lifetime_s", wick_turn_lifetime_s(&e->turn));
    out_str(&o, "integrity", wick_turn_is_sha256(&e->turn) ? "sha256" : "sha1");
    out_bool(&o, "mobile", wick_turn_is_mobile(&e->turn));
    out_ms(&o, "ms", cli_now_us() - s->begin_us);
    out_u64(&o, "bytes", e->link.bytes);
    out_u64(&o, "messages", e->link.messages);
    out_end(&o);
}

static void handle_event(const session *s, end *e, const wick_out *out)
{
    cli_note(s->c, 1, "event %d: %s", out->event, wick_status_str(out->status));
    switch (out->event) {
    case WICK_TURN_EV_ALLOCATED: {
        e->relayed = *wick_turn_relayed(&e->turn);
        e->allocated = true;
        put_allocated(s, e);
        /* Both ends are on one relay: its address is the only one that has to pass. */
        e->denied = wick_turn_permit(&e->turn, now_ms(s), &e->relayed) != WICK_OK;
        break;
    }
    case WICK_TURN_EV_PERMISSION_READY:
        e->permitted = true;
        break;
    case WICK_TURN_EV_PERMISSION_DENIED:
        e->denied = true;
        break;
    default:
        break;
    }
}

static void send_data(const session *s, end *e, const wick_addr *to, wick_span payload)
{
    uint8_t bytes[PAYLOAD_MAX + 64];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    if (wick_turn_send(&e->turn, now_ms(s), &b, to, payload) == WICK_OK) {
        wick_status st = wick_turn_link_send(&e->link, now_ms(s), wick_turn_server(&e->turn),
                                             wick_buf_span(&b));
        cli_note(s->c, 2, "%zu bytes to the relay: %s", b.len, wick_status_str(st));
    }
}

/* The second end echoes, the first one takes the time. */
static void handle_data(session *s, unsigned i, const wick_turn_data *data)
{
    if (i == 1) {
        send_data(s, &s->end[1], &data->peer, data->data);
        return;
    }
    if (!s->waiting || data->data.len < 4 || wick_load_be32(data->data.ptr) != s->sent) {
        return; /* late: it has been counted as lost */
    }
    uint64_t us = cli_now_us() - s->sent_us;
    s->waiting = false;
    s->answered++;
    s->sum_us += us;
    s->least_us = s->answered == 1 || us < s->least_us ? us : s->least_us;
    s->most_us = us > s->most_us ? us : s->most_us;
}

/* Runs all ends until each waits or is done. Gives the time of the next need. */
static uint64_t pump(session *s)
{
    uint64_t at = WICK_TIME_NEVER(now_ms(s));
    for (unsigned i = 0; i < s->ends; i++) {
        end *e = &s->end[i];
        wick_out out;
        wick_turn_data data;
        for (;;) {
            if (wick_turn_link_run(&e->link, &e->turn, now_ms(s), &out, &data) == WICK_OK) {
                s->news = true;
                handle_data(s, i, &data);
            } else if (out.kind == WICK_OUT_EVENT) {
                s->news = true;
                handle_event(s, e, &out);
            } else {
                break;
            }
        }
        if (out.kind == WICK_OUT_DONE) {
            s->news = s->news || !e->done;
            e->done = true;
            e->status = out.status;
        } else {
            at = wick_time_min(at, out.deadline_ms);
        }
    }
    return at;
}

/* Runs; where nothing has happened, waits for a socket or until `until_ms`, and runs again. */
static void wait(session *s, uint64_t until_ms)
{
    struct pollfd p[2];
    s->news = false;
    uint64_t at = wick_time_min(pump(s), until_ms), now = now_ms(s);
    if (s->news) {
        return;
    }
    for (unsigned i = 0; i < s->ends; i++) {
        wick_sock sock = wick_turn_link_sock(&s->end[i].link);
        p[i].fd = sock >= 0 && !s->end[i].done ? wick_linux_net_fd(&s->h->linux_net, sock) : -1;
        p[i].events = POLLIN;
        if (wick_turn_link_wants_write(&s->end[i].link)) {
            p[i].events |= POLLOUT;
        }
    }
    uint64_t ms = wick_time_reached(now, at) ? 0 : at - now;
    (void)poll(p, s->ends, ms > 60000 ? 60000 : (int)ms);
    (void)pump(s);
}

static bool all(const session *s, bool (*is)(const end *e))
{
    bool good = true;
    for (unsigned i = 0; i < s->ends; i++) {
        good = good && is(&s->end[i]);
    }
    return good;
}

static bool is_settled(const end *e)
{
    return e->permitted || e->denied || e->done;
}

static bool is_done(const end *e)
{
    return e->done;
}

static int begin(session *s, const settings *set, const wick_turn_config *cfg)
{
    for (unsigned i = 0; i < s->ends; i++) {
        end *e = &s->end[i];
        wick_turn_link_config link = {.net = &s->h->net, .over = set->over, .trust = &set->trust,
                                      .host = set->host};
        wick_status st = wick_turn_init(&e->turn, cfg);
        if (st == WICK_OK) {
            st = wick_turn_link_init(&e->link, &link);
        }
        if (st == WICK_OK) {
            st = wick_turn_start(&e->turn, now_ms(s));
        }
        if (st != WICK_OK) {
            return cli_fail(s->c, st, "TURN client");
        }
    }
    while (!all(s, is_settled)) {
        wait(s, WICK_TIME_NEVER(now_ms(s)));
    }
    for (unsigned i = 0; i < s->ends; i++) {
        const end *e = &s->end[i];
        if (e->done) {
            wick_status why = wick_turn_link_failure(&e->link);
            return cli_fail(s->c, e->status == WICK_E_NET && why != WICK_OK ? why : e->status,
                            "TURN server");
        }
    }
    return CLI_OK;
}

static void finish(session *s)
{
    for (unsigned i = 0; i < s->ends; i++) {
        wick_turn_release(&s->end[i].turn, now_ms(s));
    }
    uint64_t until = now_ms(s) + RELEASE_MS;
    while (!all(s, is_done) && !wick_time_reached(now_ms(s), until)) {
        wait(s, until);
    }
}

static int allocate(session *s)
{
    const end *e = &s->end[0];
    bool permitted = e->permitted;
    finish(s);
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

static int ping(session *s, const settings *set)
{
    uint8_t payload[PAYLOAD_MAX];
    const wick_addr to = s->end[1].relayed;
    if (!s->end[0].permitted || !s->end[1].permitted) {
        return cli_fail(s->c, WICK_E_TURN_FORBIDDEN, "the server denies its own relay address");
    }
    if (wick_addr_equal(&s->end[0].relayed, &to)) {
        return cli_fail(s->c, WICK_E_TURN_RELAY_UNFIT,
                        "both allocations have the same relayed address: peers are multiplexed");
    }
    memset(payload, 0x5A, sizeof payload);
    while (s->sent < set->count && !s->end[0].done && !s->end[1].done) {
        s->sent++;
        s->waiting = true;
        s->sent_us = cli_now_us();
        wick_store_be32(payload, s->sent);
        send_data(s, &s->end[0], &to, wick_span_make(payload, (size_t)set->bytes));
        uint64_t until = now_ms(s) + ANSWER_MS;
        while (s->waiting && !wick_time_reached(now_ms(s), until) && !s->end[0].done) {
            wait(s, until);
        }
    }
    finish(s);
    out_rec o;
    out_begin_step(&o, stdout, s->c->json, "ping");
    out_addr(&o, "from", &s->end[0].relayed);
    out_addr(&o, "to", &to);
    out_u64(&o, "sent", s->sent);
    out_u64(&o, "answered", s->answered);
    out_u64(&o, "payload_bytes", set->bytes);
    if (s->answered != 0) {
        out_u64(&o, "rtt_min_us", s->least_us);
        out_u64(&o, "rtt_us", s->sum_us / s->answered);
        out_u64(&o, "rtt_max_us", s->most_us);
    }
    out_end(&o);
    return s->answered == set->count
               ? CLI_OK
               : cli_fail(s->c, s->answered == 0 ? WICK_E_TURN_RELAY_UNFIT : WICK_E_TIMEOUT,
                          "%u of %u datagrams came back", s->answered, s->sent);
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
        return cli_u64_arg(&set->bytes, optarg, PAYLOAD_MAX) == WICK_OK && set->bytes >= 4
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
    static session s;
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
        s.begin_us = cli_now_us();
        code = begin(&s, &set, &cfg);
        code = code != CLI_OK ? code : is_ping ? ping(&s, &set) : allocate(&s);
    }
    wick_wipe(password, sizeof password);
    for (unsigned i = 0; i < s.ends; i++) {
        wick_turn_wipe(&s.end[i].turn);
        wick_turn_link_close(&s.end[i].link);
    }
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
