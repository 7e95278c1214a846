/* SPDX-License-Identifier: Apache-2.0 */
/* wick status, and look-ups, by the daemon that holds the store. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "ctl.h"
#include "daemon.h"
#include "host.h"

static ctl link_to;

/* ---- look-ups ---- */

static const char *const device_members[] = {
    "name", "id",    "owner",      "key_type",   "key",        "flags", "org", "epoch", "not_after",
    "tls_pin",
    "tier", "block", "block_hash", "block_time", "age_s", "grace", "endpoint_tier",
    "endpoint_block"};
static const char *const endpoint_members[] = {"endpoint", "protocol", "kind", "seq", "expires",
                                               "validated_at_h", "usable"};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void put_record(const cli *c, const wick_json *answer)
{
    out_rec o;
    if (c->json) {
        out_begin_step(&o, stdout, true, "device");
    } else {
        out_begin(&o, stdout, false);
    }
    for (size_t i = 0; i < COUNT(device_members); i++) {
        ctl_put(&o, answer, device_members[i]);
    }
    out_str(&o, "by", "wickd");
    out_end(&o);
    for (const wick_json *e = wick_json_first(wick_json_member(answer, "endpoints")); e != NULL;
         e = wick_json_next(e)) {
        const char *place = wick_json_text(wick_json_member(e, "place"));
        out_begin_step(&o, stdout, c->json, place != NULL ? place : "endpoint");
        for (size_t i = 0; i < COUNT(endpoint_members); i++) {
            ctl_put(&o, e, endpoint_members[i]);
        }
        out_end(&o);
    }
}

bool daemon_lookup(const cli *c, const conf *f, const char *name, int *code)
{
    char quoted[1024], request[1200];
    const wick_json *answer = NULL;
    const char *text = "";
    wick_status s = ctl_open(&link_to, f);
    if (s == WICK_E_NOT_FOUND) {
        return false;
    }
    if (s == WICK_OK) {
        s = wick_json_quote(quoted, sizeof quoted, name);
    }
    if (s != WICK_OK) {
        *code = cli_fail(c, s, "'%.100s', by wickd", name);
        return true;
    }
    (void)snprintf(request, sizeof request, "{\"op\":\"lookup\",\"name\":%s}", quoted);
    /* A record that is there and cannot be used is shown, and then why. */
    s = ctl_send(&link_to, request);
    if (s == WICK_OK) {
        s = ctl_next(&link_to, &answer, &text, CTL_TIMEOUT_MS);
    }
    if (s != WICK_OK) {
        *code = cli_fail(c, s, "wickd does not answer");
    } else {
        if (wick_json_member(answer, "owner") != NULL) {
            put_record(c, answer);
        }
        *code = ctl_verdict(c, answer, text);
    }
    ctl_close(&link_to);
    return true;
}

/* ---- status ---- */

/* Everything of an answer, one value in a row, with the path to it as its name. */
static void put_all(out_rec *o, const wick_json *object, const char *above)
{
    /* Two levels are all that the daemon's answers have. */
    char name[128];
    for (const wick_json *v = wick_json_first(object); v != NULL; v = wick_json_next(v)) {
        const char *key = wick_json_name(v);
        if (strcmp(key, "ok") == 0 || strcmp(key, "op") == 0) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s%s%s", above, above[0] != '\0' ? "." : "", key);
        ctl_put_as(o, v, name);
    }
}

static void put_lists(const wick_json *answer)
{
    for (const wick_json *v = wick_json_first(answer); v != NULL; v = wick_json_next(v)) {
        out_rec o;
        if (wick_json_kind_of(v) == WICK_JSON_OBJECT) {
            out_begin_step(&o, stdout, false, wick_json_name(v));
            put_all(&o, v, "");
            out_end(&o);
        }
        for (const wick_json *i = wick_json_kind_of(v) == WICK_JSON_ARRAY ? wick_json_first(v) : NULL;
             i != NULL; i = wick_json_next(i)) {
            out_begin_step(&o, stdout, false, wick_json_name(v));
            put_all(&o, i, "");
            out_end(&o);
        }
    }
}

static int show(const cli *c, const char *op)
{
    char request[64];
    const wick_json *answer = NULL;
    const char *text = "";
    out_rec o;
    (void)snprintf(request, sizeof request, "{\"op\":\"%s\"}", op);
    int code = ctl_ask(&link_to, c, &answer, &text, request);
    if (code != CLI_OK) {
        return code;
    }
    if (strcmp(op, "metrics") == 0 && !c->json) {
        const char *figures = wick_json_text(wick_json_member(answer, "text"));
        fputs(figures != NULL ? figures : "", stdout);
    } else if (c->json) {
        puts(text);
    } else {
        out_begin(&o, stdout, false);
        put_all(&o, answer, "");
        out_end(&o);
        put_lists(answer);
    }
    return fflush(stdout) == 0 ? CLI_OK : CLI_REFUSED;
}

/* Events as they come, until the daemon or the reader ends. */
static int watch(const cli *c)
{
    const wick_json *answer = NULL;
    const char *text = "";
    int code = ctl_ask(&link_to, c, &answer, &text, "{\"op\":\"subscribe\"}");
    while (code == CLI_OK) {
        wick_status s = ctl_next(&link_to, &answer, &text, 3600000);
        if (s == WICK_E_TIMEOUT) {
            continue;
        }
        if (s != WICK_OK) {
            return cli_fail(c, s, "wickd has ended");
        }
        if (c->json) {
            puts(text);
        } else {
            out_rec o;
            const char *event = wick_json_text(wick_json_member(answer, "event"));
            out_begin_step(&o, stdout, false, event != NULL ? event : "event");
            put_all(&o, answer, "");
            out_end(&o);
        }
        code = fflush(stdout) == 0 ? CLI_OK : CLI_REFUSED;
    }
    return code;
}

static int ask_daemon(const cli *c, const char *op, bool follow)
{
    static conf f;
    conf_error e;
    if (conf_load(&f, &e, c->config) != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s", e.text);
    }
    wick_status s = ctl_open(&link_to, &f);
    if (s != WICK_OK) {
        return cli_fail_remedy(c, s, "start wickd with this wick.conf",
                               "no daemon answers for %.200s", f.path);
    }
    int code = follow ? watch(c) : show(c, op);
    ctl_close(&link_to);
    return code;
}

int cmd_path_status(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    int got = cli_getopt(c, argc, argv, options);
    if (got != -1) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    return argc != optind ? cli_usage(c, "no argument but options") : ask_daemon(c, "path", false);
}

int cmd_status(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"prometheus", no_argument, NULL, 'p'},
                                            {"light", no_argument, NULL, 'l'},
                                            {"sessions", no_argument, NULL, 's'},
                                            {"watch", no_argument, NULL, 'w'},
                                            CLI_COMMON_OPTIONS};
    const char *op = "status";
    bool follow = false;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'p' || got == 'l' || got == 's') {
            op = got == 'p' ? "metrics" : got == 'l' ? "light" : "sessions";
        } else if (got == 'w') {
            follow = true;
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    return ask_daemon(c, op, follow);
}
