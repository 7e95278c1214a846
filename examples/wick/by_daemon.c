/* SPDX-License-Identifier: Apache-2.0 */
/* wick connect, listen, register and publish where a wickd runs with the same wick.conf. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent.h"
#include "ctl.h"
#include "talk.h"
#include "wick/port/dtls.h"

#define ECHO_RETRY_US 1000000u /* a datagram may be lost */
#define KEEP_SEND_US 250000u
#define KEEP_LAST_US 1000000u
#define CLOSE_US 300000u
#define LOOK_MS 100
#define HEX_CAP (2 * WICK_DTLS_WRITE_MAX + 3)

static ctl link_to;

/* ---- lines ---- */

static const char *text_of(const wick_json *line, const char *member)
{
    const char *text = wick_json_text(wick_json_member(line, member));
    return text != NULL ? text : "";
}

static uint64_t number_of(const wick_json *line, const char *member)
{
    uint64_t n = 0;
    const wick_json *v = wick_json_member(line, member);
    return wick_json_kind_of(v) == WICK_JSON_NUMBER && wick_json_u64(&n, v) == WICK_OK ? n : 0;
}

static bool is_event(const wick_json *line, const char *name)
{
    return strcmp(text_of(line, "event"), name) == 0;
}

/* @return exit code, or -1: there is a daemon, go on; *none: there is none, and nothing wrong */
static int open_daemon(const cli *c, const conf *f, bool *none)
{
    wick_status s = ctl_open(&link_to, f);
    *none = s == WICK_E_NOT_FOUND;
    return s == WICK_OK ? -1 : *none ? CLI_OK : cli_fail(c, s, "the wickd of %.200s", f->path);
}

/* A datagram on its way; its answer comes among the other lines. */
static wick_status send_hex(uint64_t session, const char *hex)
{
    char request[HEX_CAP + 64];
    (void)snprintf(request, sizeof request, "{\"op\":\"send\",\"session\":%llu,\"data\":\"%s\"}",
                   (unsigned long long)session, hex);
    return ctl_send(&link_to, request);
}

static void close_session(uint64_t session)
{
    char request[64];
    (void)snprintf(request, sizeof request, "{\"op\":\"close\",\"session\":%llu}",
                   (unsigned long long)session);
    const wick_json *line = NULL;
    const char *text = "";
    uint64_t until_us = cli_now_us() + CLOSE_US;
    wick_status s = ctl_send(&link_to, request);
    /* Answers to what was sent last come first. It ends with us in any case. */
    while (s == WICK_OK && cli_now_us() < until_us && strcmp(text_of(line, "op"), "close") != 0) {
        s = ctl_next(&link_to, &line, &text, LOOK_MS);
    }
}

/* ---- connect ---- */

static const char *const part_names[] = {"lookup_us", "handshake_us", "dtls_us",
                                         "rpc_calls", "rpc_bytes",    "udp_bytes"};
#define PARTS (sizeof part_names / sizeof part_names[0])

typedef struct call {
    const cli *c;
    const talk_wish *x;
    uint64_t session;
    char hex[HEX_CAP];
    uint64_t up_us, sent_us, echo_us, until_us, got_us, gap_us, sent, got;
    bool existing, cached;
    char tier[16];
    uint64_t part[PARTS];
} call;

static wick_status send_text(call *x)
{
    x->sent_us = cli_now_us();
    x->sent++;
    return send_hex(x->session, x->hex);
}

static void put_echo(call *x)
{
    out_rec o;
    out_begin_step(&o, stdout, x->c->json, "echo");
    out_u64(&o, "bytes", strlen(x->x->text));
    out_str(&o, "text", x->x->text);
    out_end(&o);
    (void)fflush(stdout);
}

static void put_kept(const call *x)
{
    out_rec o;
    out_begin_step(&o, stdout, x->c->json, "kept");
    out_u64(&o, "sent", x->sent);
    out_u64(&o, "echoed", x->got);
    out_u64(&o, "longest_gap_ms", x->gap_us / 1000);
    out_end(&o);
}

static void came_back(call *x)
{
    uint64_t now = cli_now_us();
    x->gap_us = x->got != 0 && now - x->got_us > x->gap_us ? now - x->got_us : x->gap_us;
    x->got_us = now;
    if (x->got++ == 0) {
        x->echo_us = now - x->up_us;
        put_echo(x);
        x->until_us = x->x->keep_ms != 0 ? now + x->x->keep_ms * 1000u : now;
    }
}

/* One line. @return exit code, or -1 to go on */
static int on_line(call *x, const wick_json *line, const char *text)
{
    if (is_event(line, "closed")) {
        return wick_json_is_true(wick_json_member(line, "ok"))
                   ? cli_fail(x->c, WICK_E_NET, "%s has ended the session", x->x->peer)
                   : ctl_verdict(x->c, line, text);
    }
    if (is_event(line, "moved")) {
        out_rec o;
        out_begin_step(&o, stdout, x->c->json, "session-moved");
        ctl_put(&o, line, "from");
        ctl_put(&o, line, "path");
        out_end(&o);
    } else if (is_event(line, "data") && strcmp(text_of(line, "data"), x->hex) == 0) {
        came_back(x);
    } else if (strcmp(text_of(line, "op"), "send") == 0 &&
               !wick_json_is_true(wick_json_member(line, "ok")) &&
               strcmp(text_of(line, "code"), wick_status_str(WICK_AGAIN)) != 0 &&
               strcmp(text_of(line, "code"), wick_status_str(WICK_E_TURN_LOST)) != 0) {
        return ctl_verdict(x->c, line, text);
    }
    return -1;
}

/* Sends and waits until the text is back, and with --for goes on. */
static int exchange(call *x, uint64_t give_up_us)
{
    const wick_json *line = NULL;
    const char *text = "";
    int code = -1;
    wick_status s = send_text(x);
    while (s == WICK_OK && code < 0 && !cli_interrupted()) {
        uint64_t now = cli_now_us();
        uint64_t each = x->got == 0 ? ECHO_RETRY_US : KEEP_SEND_US;
        if (x->got == 0 && now >= give_up_us) {
            return cli_fail(x->c, WICK_E_TIMEOUT, "%s", x->x->peer);
        }
        if (x->got != 0 && (x->x->keep_ms == 0 || now >= x->until_us + KEEP_LAST_US)) {
            return CLI_OK;
        }
        if (now - x->sent_us >= each && (x->got == 0 || now < x->until_us)) {
            s = send_text(x);
        }
        s = s == WICK_OK ? ctl_next(&link_to, &line, &text, LOOK_MS) : s;
        code = s == WICK_OK ? on_line(x, line, text) : code;
        s = s == WICK_E_TIMEOUT ? WICK_OK : s;
    }
    return code >= 0     ? code
           : s == WICK_OK ? CLI_OK
                         : cli_fail(x->c, s, "wickd has ended");
}

/* What the daemon said of the parts of the set-up, before it is overwritten. */
static void take_parts(call *x, const wick_json *answer)
{
    x->existing = wick_json_is_true(wick_json_member(answer, "existing"));
    x->cached = wick_json_is_true(wick_json_member(answer, "cached"));
    (void)snprintf(x->tier, sizeof x->tier, "%s", text_of(answer, "tier"));
    for (size_t i = 0; i < PARTS; i++) {
        x->part[i] = number_of(answer, part_names[i]);
    }
}

static void put_done(const call *x)
{
    static const char *const printed[] = {"lookup_ms", "handshake_ms", "dtls_ms"};
    out_rec o;
    out_begin_step(&o, stdout, x->c->json, "done");
    out_str(&o, "peer", x->x->peer);
    out_bool(&o, "existing", x->existing);
    out_bool(&o, "cached", x->cached);
    out_str(&o, "tier", x->tier);
    for (size_t i = 0; i < PARTS; i++) {
        if (i < sizeof printed / sizeof printed[0]) {
            out_ms(&o, printed[i], x->part[i]);
        } else {
            out_u64(&o, part_names[i], x->part[i]);
        }
    }
    out_ms(&o, "echo_ms", x->echo_us);
    out_str(&o, "by", "wickd");
    out_end(&o);
}

static int talk(call *x)
{
    char quoted[1024], request[1200];
    const wick_json *answer = NULL;
    const char *text = "";
    out_rec o;
    uint64_t give_up_us = cli_now_us() + x->x->timeout_ms * 1000u;
    wick_status s = wick_json_quote(quoted, sizeof quoted, x->x->peer);
    if (s != WICK_OK) {
        return cli_fail(x->c, s, "'%.100s'", x->x->peer);
    }
    (void)snprintf(request, sizeof request, "{\"op\":\"connect\",\"name\":%s%s}", quoted,
                   x->x->fresh ? ",\"fresh\":true" : "");
    s = ctl_send(&link_to, request);
    s = s == WICK_OK ? ctl_next(&link_to, &answer, &text, (int)x->x->timeout_ms) : s;
    if (s != WICK_OK) {
        return cli_fail(x->c, s, "%s, by wickd", x->x->peer);
    }
    int code = ctl_verdict(x->c, answer, text);
    if (code != CLI_OK) {
        return code;
    }
    x->up_us = cli_now_us();
    x->session = number_of(answer, "session");
    take_parts(x, answer);
    out_begin_step(&o, stdout, x->c->json, "dtls");
    ctl_put(&o, answer, "session");
    ctl_put(&o, answer, "peer");
    ctl_put(&o, answer, "suite");
    out_end(&o);
    code = exchange(x, give_up_us);
    if (code == CLI_OK && x->got != 0) {
        if (x->x->keep_ms != 0) {
            put_kept(x);
        }
        close_session(x->session);
        put_done(x);
    }
    return x->got == 0 && code == CLI_OK ? CLI_REFUSED : code;
}

static int refuse(const cli *c, const char *option)
{
    return cli_fail_remedy(c, WICK_E_UNSUPPORTED, "leave it out, or stop wickd",
                           "%s is for an agent of one's own, and wickd runs with this wick.conf",
                           option);
}

bool daemon_connect(const cli *c, const conf *f, const talk_wish *wish, int *code)
{
    static call x;
    memset(&x, 0, sizeof x);
    x.c = c;
    x.x = wish;
    memcpy(x.hex, "0x", 2);
    wick_hex_encode(x.hex + 2, (const uint8_t *)wish->text, strlen(wish->text));
    wick_status there = ctl_open(&link_to, f);
    if (there == WICK_E_NOT_FOUND) {
        return false;
    }
    cli_catch_signals();
    *code = there != WICK_OK       ? cli_fail(c, there, "the wickd of %.200s", f->path)
            : wish->suite != NULL  ? refuse(c, "--suite")
            : wish->publish        ? refuse(c, "--publish")
                                   : talk(&x);
    ctl_close(&link_to);
    return true;
}

/* ---- listen ---- */

typedef struct served {
    uint64_t bytes, messages;
} served;

static void put_session(const cli *c, const wick_json *line, const char *step, const served *v,
                        const char *member)
{
    out_rec o;
    out_begin_step(&o, stdout, c->json, step);
    ctl_put(&o, line, "session");
    ctl_put(&o, line, "peer");
    ctl_put(&o, line, "leaf");
    ctl_put(&o, line, "suite");
    if (v != NULL) {
        out_u64(&o, member, strcmp(member, "bytes") == 0 ? v->bytes : v->messages);
    }
    ctl_put(&o, line, "code");
    out_end(&o);
    (void)fflush(stdout);
}

/* Sends back what comes, until `wanted` sessions have carried something. */
static int serve(const cli *c, const talk_wish *x)
{
    static served session[256];
    static char hex[HEX_CAP];
    const wick_json *line = NULL;
    const char *text = "";
    unsigned long done = 0;
    while (!cli_interrupted() && (x->wanted == 0 || done < x->wanted)) {
        wick_status s = ctl_next(&link_to, &line, &text, LOOK_MS);
        if (s == WICK_E_TIMEOUT) {
            continue;
        }
        if (s != WICK_OK) {
            return cli_fail(c, s, "wickd has ended");
        }
        uint64_t index = number_of(line, "session");
        served *v = &session[index < 256 ? index : 255];
        if (is_event(line, "open")) {
            memset(v, 0, sizeof *v);
            put_session(c, line, "dtls", NULL, "");
        } else if (is_event(line, "data") && strlen(text_of(line, "data")) < sizeof hex) {
            (void)snprintf(hex, sizeof hex, "%s", text_of(line, "data"));
            served one = {.bytes = strlen(hex) / 2 - 1};
            v->messages++;
            v->bytes += one.bytes;
            put_session(c, line, "echo", &one, "bytes");
            s = send_hex(index, hex);
            if (s != WICK_OK) {
                return cli_fail(c, s, "wickd has ended");
            }
        } else if (is_event(line, "closed")) {
            done += v->messages != 0 ? 1u : 0u;
            put_session(c, line, "closed", v, "messages");
        }
    }
    return CLI_OK;
}

static void put_goal(const cli *c, const wick_json *said, const char *goal)
{
    static const char *const members[] = {"name",  "id",   "epoch",    "block", "tier",
                                          "place", "kind", "endpoint", "seq"};
    out_rec o;
    out_begin_step(&o, stdout, c->json, goal);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        ctl_put(&o, said, members[i]);
    }
    out_str(&o, "by", "wickd");
    out_end(&o);
    (void)fflush(stdout);
}

/* Until peers can connect: wickd is on its way there. */
static int await_ready(const cli *c, const char *goal, uint64_t until_us, bool *there)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    const wick_json *answer = NULL;
    const char *text = "";
    *there = false;
    while (!cli_interrupted()) {
        int code = ctl_ask(&link_to, c, &answer, &text, "{\"op\":\"status\"}");
        const wick_json *last = wick_json_member(answer, goal);
        bool object = wick_json_kind_of(last) == WICK_JSON_OBJECT;
        if (code != CLI_OK) {
            return code;
        }
        *there = object ? wick_json_is_true(wick_json_member(last, "ok")) : wick_json_is_true(last);
        if (*there) {
            if (object) {
                put_goal(c, last, goal);
            }
            return CLI_OK;
        }
        if (object && wick_json_is_true(wick_json_member(last, "final"))) {
            return ctl_verdict(c, last, text);
        }
        if (!wick_json_is_true(wick_json_member(answer, "serve"))) {
            return cli_fail(c, WICK_E_STATE,
                            "wickd runs with [wickd] serve = no: it registers and publishes nothing");
        }
        if (until_us != 0 && cli_now_us() >= until_us) {
            return cli_fail(c, WICK_E_TIMEOUT, "%s, by wickd, which goes on trying", goal);
        }
        nanosleep(&pause, NULL);
    }
    return CLI_OK;
}

bool daemon_listen(const cli *c, const conf *f, const talk_wish *x, int *code)
{
    const wick_json *answer = NULL;
    const char *text = "";
    bool none = false, there = false;
    *code = open_daemon(c, f, &none);
    if (none) {
        return false;
    }
    cli_catch_signals();
    if (*code < 0) {
        *code = x->suite != NULL ? refuse(c, "--suite") : await_ready(c, "ready", 0, &there);
        if (*code == CLI_OK && there) {
            *code = ctl_ask(&link_to, c, &answer, &text, "{\"op\":\"listen\"}");
        }
        if (*code == CLI_OK && there) {
            put_goal(c, answer, "READY");
            *code = serve(c, x);
        }
    }
    ctl_close(&link_to);
    return true;
}

bool daemon_register(const cli *c, const conf *f, bool publish, uint64_t timeout_ms, int *code)
{
    bool none = false, there = false;
    *code = open_daemon(c, f, &none);
    if (none) {
        return false;
    }
    cli_catch_signals();
    if (*code < 0) {
        uint64_t until_us = cli_now_us() + timeout_ms * 1000u;
        *code = await_ready(c, "registered", until_us, &there);
        if (*code == CLI_OK && there && publish) {
            *code = await_ready(c, "published", until_us, &there);
        }
    }
    ctl_close(&link_to);
    return true;
}
