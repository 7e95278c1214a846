/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick store: what a light client knows, carried from one device to another. An administrator
 * synchronises where there is a network, exports, and imports on devices before they go to the field.
 * An import is checked as a start checks a store, and never goes back behind what is known.
 */
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "commands.h"
#include "out.h"
#include "wick/trust_store.h"

#define EXPORT_MAX (256u * 1024)

static chain_view view;
static uint8_t bytes[EXPORT_MAX];

static uint64_t now_ms(const host *h)
{
    return h->clock.now_ms(h->clock.ctx);
}

static void put(const cli *c, const char *path, const wick_light *light, size_t len)
{
    wick_trusted_header th;
    out_rec o;
    wick_tier tier = link_tier(view.chain);
    wick_status s = wick_light_head(light, &th, NULL, now_ms(view.link->h), tier);
    out_begin(&o, stdout, c->json);
    out_str(&o, "chain", view.chain->s.name);
    out_str(&o, "rule", conf_rule_str(view.chain->rule));
    if (s == WICK_OK || s == WICK_E_HEADER_STALE) {
        out_str(&o, "tier", wick_tier_str(th.tier));
        out_u64(&o, "block", th.number);
        out_hex(&o, "hash", th.hash, 32);
        out_bool(&o, "stale", s != WICK_OK);
    }
    out_u64(&o, "bytes", len);
    out_str(&o, "file", path);
    out_end(&o);
}

static int export_to(const cli *c, host *h, const char *path)
{
    wick_trust_export x;
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    wick_status s = wick_light_export(&view.link->light, &x, now_ms(h));
    if (s == WICK_E_NOT_FOUND) {
        return cli_fail_remedy(c, s, "synchronise first: wick beacon sync, or any look-up",
                               "the store knows no header of [chain.%s]", view.chain->s.name);
    }
    if (s == WICK_OK) {
        do {
            s = wick_trust_export_next(&x, &out);
        } while (s == WICK_AGAIN);
    }
    if (s == WICK_OK) {
        s = cli_write_file(path, bytes, out.len);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", path);
    }
    if (strcmp(path, "-") != 0) {
        put(c, path, &view.link->light, out.len);
    }
    return CLI_OK;
}

static int import_from(const cli *c, host *h, const char *path)
{
    static wick_trust_import im;
    uint8_t *in = NULL;
    size_t len = 0;
    wick_light *light = &view.link->light;
    wick_status s = cli_read_file(&in, &len, path);
    if (s == WICK_OK) {
        s = wick_light_import(light, &im);
    }
    if (s == WICK_OK) {
        s = wick_trust_import_input(&im, wick_span_make(in, len));
    }
    if (s == WICK_OK) {
        s = wick_light_import_end(light, &im, now_ms(h));
    }
    free(in);
    if (s == WICK_OK) {
        s = wick_light_start(light, now_ms(h));
        view.link->has_light = s == WICK_OK;
    }
    if (s == WICK_E_CONFIG) {
        return cli_fail_remedy(c, s, "export it with the same chain_id, rule and trusted_hash",
                               "%s is not of [chain.%s]", path, view.chain->s.name);
    }
    if (s == WICK_OK) {
        put(c, path, light, len);
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", path);
}

static int erase(const cli *c, const host *h, bool marks)
{
    wick_status s = wick_trust_store_erase(
        &view.store, (uint16_t)WICK_LIGHT_STORE_BASE(link_index(&h->conf, view.chain)), marks);
    out_rec o;
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", h->conf.identity.store_dir);
    }
    out_begin(&o, stdout, c->json);
    out_str(&o, "chain", view.chain->s.name);
    out_bool(&o, "erased", true);
    out_bool(&o, "marks", marks);
    out_end(&o);
    return CLI_OK;
}

enum { EXPORT, IMPORT, ERASE };

static int run(cli *c, int argc, char **argv, int what)
{
    static const struct option options[] = {
        {"chain", required_argument, NULL, 'c'}, {"marks", no_argument, NULL, 'm'},
        CLI_COMMON_OPTIONS};
    const char *name = NULL;
    bool marks = false;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (got == 'm') {
            marks = true;
        } else {
            name = optarg;
        }
    }
    if (argc - optind != (what == ERASE ? 0 : 1) || (marks && what != ERASE)) {
        return cli_usage(c, what == ERASE ? "no argument" : "one file");
    }
    static host h;
    int code = host_open(&h, c);
    if (code == CLI_OK && h.conf.identity.store_dir[0] == '\0') {
        code = cli_fail(c, WICK_E_CONFIG, "%.200s: [identity] store_dir is missing", h.conf.path);
    }
    view.stopped = what != EXPORT;
    code = code == CLI_OK ? chain_open_link(&view, c, &h, name) : code;
    if (code == CLI_OK && link_tier(view.chain) <= WICK_TIER_OWN_NODE) {
        code = cli_fail(c, WICK_E_CONFIG, "[chain.%s]: rule = %s keeps nothing in a store",
                        view.chain->s.name, conf_rule_str(view.chain->rule));
    }
    if (code == CLI_OK) {
        code = what == EXPORT   ? export_to(c, &h, argv[optind])
               : what == IMPORT ? import_from(c, &h, argv[optind])
                                : erase(c, &h, marks);
    }
    chain_close(&view);
    host_close(&h);
    return code;
}

int cmd_store_export(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, EXPORT);
}

int cmd_store_import(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, IMPORT);
}

int cmd_store_erase(cli *c, int argc, char **argv)
{
    return run(c, argc, argv, ERASE);
}
