/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick service publish|unpublish|list: services of local applications, by the wickd that runs with the
 * same wick.conf, for somebody has to renew them.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "ctl.h"

#define TIMEOUT_DEFAULT_S 120u
#define LOOK_MS 250

static ctl link_to;

static int open_daemon(const cli *c)
{
    static conf f;
    conf_error e;
    if (conf_load(&f, &e, c->config) != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s", e.text);
    }
    wick_status s = ctl_open(&link_to, &f);
    return s == WICK_OK ? CLI_OK
                        : cli_fail_remedy(c, s, "start wickd with this wick.conf",
                                          "no daemon answers for %.200s", f.path);
}

static void put(const cli *c, const wick_json *v, bool step)
{
    static const char *const members[] = {"service", "transport", "port",    "published",
                                          "leaving", "kind",      "endpoint", "seq", "expires"};
    out_rec o;
    if (step) {
        out_begin_step(&o, stdout, c->json, "service");
    } else {
        out_begin(&o, stdout, c->json);
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        ctl_put(&o, v, members[i]);
    }
    out_end(&o);
}

/* The list; of one service if `name` is given. @return exit code; *found NULL: there is none */
static int look(const cli *c, const wick_json **found, const char *name)
{
    const wick_json *answer = NULL;
    const char *text = "";
    *found = NULL;
    int code = ctl_ask(&link_to, c, &answer, &text, "{\"op\":\"service_list\"}");
    for (const wick_json *v = wick_json_first(wick_json_member(answer, "services"));
         code == CLI_OK && v != NULL; v = wick_json_next(v)) {
        const char *is = wick_json_text(wick_json_member(v, "service"));
        if (name == NULL) {
            put(c, v, true);
        } else if (is != NULL && strcmp(is, name) == 0) {
            *found = v;
        }
    }
    return code;
}

/* Until it is proven on chain, or gone from there. */
static int await(const cli *c, const char *name, bool gone, uint64_t timeout_ms)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    const wick_json *v = NULL;
    uint64_t until_us = cli_now_us() + timeout_ms * 1000u;
    for (;;) {
        int code = look(c, &v, name);
        if (code != CLI_OK) {
            return code;
        }
        if (gone ? v == NULL : v != NULL && wick_json_is_true(wick_json_member(v, "published"))) {
            if (!gone) {
                put(c, v, false);
            }
            return CLI_OK;
        }
        bool lost = v == NULL && !gone;
        if (lost || cli_now_us() >= until_us) {
            const char *kind = v != NULL ? wick_json_text(wick_json_member(v, "kind")) : NULL;
            bool no_way = kind != NULL && strcmp(kind, "none") == 0;
            return cli_fail(c, no_way ? WICK_E_NO_ENDPOINT : WICK_E_TIMEOUT,
                            "%s: not on chain yet; wickd goes on trying", name);
        }
        nanosleep(&pause, NULL);
    }
}

int cmd_service_list(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    const wick_json *none = NULL;
    int got = cli_getopt(c, argc, argv, options);
    if (got != -1) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc != optind) {
        return cli_usage(c, "no argument but options");
    }
    int code = open_daemon(c);
    if (code == CLI_OK) {
        code = look(c, &none, NULL);
        ctl_close(&link_to);
    }
    return code;
}

int cmd_service_unpublish(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    char quoted[512], request[600];
    const wick_json *answer = NULL;
    const char *text = "";
    int got = cli_getopt(c, argc, argv, options);
    if (got != -1) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc - optind != 1 || wick_json_quote(quoted, sizeof quoted, argv[optind]) != WICK_OK) {
        return cli_usage(c, "one name");
    }
    int code = open_daemon(c);
    if (code != CLI_OK) {
        return code;
    }
    (void)snprintf(request, sizeof request, "{\"op\":\"service_unpublish\",\"service\":%s}", quoted);
    code = ctl_ask(&link_to, c, &answer, &text, request);
    code = code == CLI_OK ? await(c, argv[optind], true, TIMEOUT_DEFAULT_S * 1000u) : code;
    ctl_close(&link_to);
    return code;
}

typedef struct wish {
    const char *name, *address;
    bool tcp, wait;
    uint64_t port, expires_s, timeout_s;
} wish;

static int take_options(cli *c, wish *x, int argc, char **argv)
{
    static const struct option options[] = {{"tcp", no_argument, NULL, 'T'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"address", required_argument, NULL, 'a'},
                                            {"expires", required_argument, NULL, 'e'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"no-wait", no_argument, NULL, 'n'},
                                            CLI_COMMON_OPTIONS};
    x->wait = true;
    x->timeout_s = TIMEOUT_DEFAULT_S;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'T') {
            x->tcp = true;
        } else if (got == 'n') {
            x->wait = false;
        } else if (got == 'a') {
            x->address = optarg;
        } else if (got == 'p') {
            if (cli_u64_arg(&x->port, optarg, 65535) != WICK_OK || x->port == 0) {
                return cli_usage(c, "--port takes 1 to 65535");
            }
        } else if (got == 'e' || got == 't') {
            uint64_t *out = got == 'e' ? &x->expires_s : &x->timeout_s;
            if (cli_u64_arg(out, optarg, 31536000) != WICK_OK || *out == 0) {
                return cli_usage(c, "--expires and --timeout take seconds");
            }
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one name");
    }
    x->name = argv[optind];
    return -1;
}

/* One member more, where its value is given. */
static void add(char *request, size_t cap, const char *name, uint64_t value)
{
    if (value != 0) {
        size_t len = strlen(request);
        (void)snprintf(request + len, cap - len, ",\"%s\":%llu", name, (unsigned long long)value);
    }
}

int cmd_service_publish(cli *c, int argc, char **argv)
{
    char quoted[512], request[1400];
    const wick_json *answer = NULL;
    const char *text = "";
    wish x;
    memset(&x, 0, sizeof x);
    int code = take_options(c, &x, argc, argv);
    if (code >= 0) {
        return code;
    }
    if (wick_json_quote(quoted, sizeof quoted, x.name) != WICK_OK) {
        return cli_usage(c, "one name");
    }
    (void)snprintf(request, sizeof request,
                   "{\"op\":\"service_publish\",\"service\":%s,\"transport\":\"%s\"", quoted,
                   x.tcp ? "tcp" : "udp");
    add(request, sizeof request, "port", x.port);
    add(request, sizeof request, "expires_s", x.expires_s);
    if (x.address != NULL) {
        if (wick_json_quote(quoted, sizeof quoted, x.address) != WICK_OK) {
            return cli_usage(c, "--address takes ADDRESS:PORT");
        }
        size_t len = strlen(request);
        (void)snprintf(request + len, sizeof request - len, ",\"address\":%s", quoted);
    }
    size_t len = strlen(request);
    (void)snprintf(request + len, sizeof request - len, "}");
    code = open_daemon(c);
    if (code != CLI_OK) {
        return code;
    }
    code = ctl_ask(&link_to, c, &answer, &text, request);
    if (code == CLI_OK && x.wait) {
        code = await(c, x.name, false, x.timeout_s * 1000u);
    } else if (code == CLI_OK) {
        put(c, answer, false);
    }
    ctl_close(&link_to);
    return code;
}
