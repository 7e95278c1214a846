/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick beacon: proof-of-stake headers by the sync committee. `verify` follows light client objects in
 * files (SSZ, or the JSON of the beacon API) from a trusted block root on, without a network; `sync`
 * brings the light client of wick.conf up to date and keeps it in the store.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block.h"
#include "chain.h"
#include "commands.h"
#include "json.h"
#include "out.h"
#include "wick/port/beacon_json.h"
#include "wick/port/crypto.h"

#define FILES_MAX 64

typedef struct object_file {
    wick_beacon_kind kind;
    const char *path;
} object_file;

typedef struct verify {
    const cli *c;
    host *h;
    wick_hal_crypto crypto;
    wick_crypto_ctx crypto_ctx;
    const char *network, *chain_name, *header;
    bool has_root;
    uint8_t root[32];
    uint64_t now_s;
    bool has_now;
    wick_trust_now now;
    const wick_beacon_chain *chain;
    chain_link link; /* memory for the chain of a devnet */
    wick_beacon beacon;
    object_file file[FILES_MAX];
    size_t files;
} verify;

static const char *kind_text(wick_beacon_kind kind)
{
    static const char *const names[] = {"bootstrap", "update", "finality", "optimistic"};
    return names[kind];
}

/* ---- one object ---- */

static uint64_t load_le64(const uint8_t *p)
{
    uint64_t v = 0;
    for (size_t i = 8; i-- > 0;) {
        v = v << 8 | p[i];
    }
    return v;
}

/* SSZ does not name its fork. It is that of the attested header's slot, which is the first field of the
 * object: in place, or from Capella on behind an offset. */
static const wick_beacon_fork *fork_of_ssz(const verify *v, wick_beacon_kind kind, wick_span ssz)
{
    const wick_beacon_chain *c = v->chain;
    for (int behind = 1; behind >= 0; behind--) {
        uint64_t at = behind == 0 ? 0
                      : ssz.len < 4
                          ? ssz.len
                          : (uint64_t)ssz.ptr[0] | (uint64_t)ssz.ptr[1] << 8 |
                                (uint64_t)ssz.ptr[2] << 16 | (uint64_t)ssz.ptr[3] << 24;
        /* A header that holds more than the beacon header begins with the offset of that. */
        if (ssz.len < 8 || at > ssz.len - 8) {
            continue;
        }
        wick_beacon_object o;
        const wick_beacon_fork *fork =
            wick_beacon_fork_at(c, load_le64(ssz.ptr + at) / c->slots_per_epoch);
        if (fork != NULL &&
            wick_beacon_decode(&o, kind, fork->shape, ssz, c->committee) == WICK_OK) {
            return fork;
        }
    }
    return NULL;
}

static void put_object(const verify *v, wick_beacon_kind kind, const wick_beacon_fork *fork,
                       wick_span ssz, unsigned changed)
{
    wick_beacon_object o;
    out_rec r;
    if ((!v->c->json && v->c->verbose == 0) ||
        wick_beacon_decode(&o, kind, fork->shape, ssz, v->chain->committee) != WICK_OK) {
        return;
    }
    out_begin_step(&r, stdout, v->c->json, kind_text(kind));
    out_str(&r, "fork", fork->name);
    out_u64(&r, "slot", o.attested.slot);
    out_bool(&r, "new_finalized", (changed & WICK_BEACON_NEW_FINALIZED) != 0);
    out_bool(&r, "new_committee",
             (changed & (WICK_BEACON_NEW_NEXT | WICK_BEACON_NEW_PERIOD)) != 0);
    out_u64(&r, "bytes", ssz.len);
    out_end(&r);
}

static int take(verify *v, const object_file *f, const wick_beacon_fork *fork, wick_span ssz)
{
    unsigned changed = 0;
    wick_beacon_config cfg = {.chain = v->chain};
    wick_status s;
    memcpy(cfg.trusted_root, v->root, sizeof cfg.trusted_root);
    if (fork == NULL) {
        return cli_fail(v->c, WICK_E_UNSUPPORTED, "%s: of no fork of this chain", f->path);
    }
    s = f->kind == WICK_BEACON_BOOTSTRAP
            ? wick_beacon_bootstrap(&v->beacon, &cfg, &v->crypto, fork, ssz, &v->now)
            : wick_beacon_input(&v->beacon, &changed, &v->crypto, f->kind, fork, ssz, &v->now);
    if (s == WICK_E_HEADER_STALE && f->kind == WICK_BEACON_UPDATE) {
        cli_note(v->c, 1, "%s: an update that is known already", f->path);
        return CLI_OK; /* servers give whole ranges of periods */
    }
    if (s != WICK_OK) {
        return cli_fail(v->c, s, "%s: %s", f->path, kind_text(f->kind));
    }
    put_object(v, f->kind, fork, ssz, changed);
    return CLI_OK;
}

static int take_json(verify *v, const object_file *f, const wick_json *item)
{
    static uint8_t bytes[WICK_BEACON_OBJECT_MAX];
    wick_buf ssz = wick_buf_make(bytes, sizeof bytes);
    char name[32];
    const wick_json *data = wick_json_member(item, "data");
    const char *version = wick_json_text(wick_json_member(item, "version"));
    if (version == NULL || data == NULL || strlen(version) >= sizeof name) {
        return cli_fail(v->c, WICK_E_JSON, "%s: neither version nor data", f->path);
    }
    const wick_beacon_fork *fork = wick_beacon_fork_by_name(v->chain, version, strlen(version));
    if (fork == NULL) {
        return cli_fail(v->c, WICK_E_UNSUPPORTED, "%s: fork '%.31s' is not of this chain", f->path,
                        version);
    }
    wick_status s = wick_beacon_json_object(&ssz, f->kind, fork->shape, data, v->chain->committee);
    return s == WICK_OK ? take(v, f, fork, wick_buf_span(&ssz))
                        : cli_fail(v->c, s, "%s: %s", f->path, kind_text(f->kind));
}

static int take_file(verify *v, const object_file *f)
{
    uint8_t *bytes = NULL;
    size_t len = 0, at = 0;
    json_doc d = {NULL, NULL, 0};
    wick_status s = cli_read_file(&bytes, &len, f->path);
    if (s != WICK_OK) {
        return cli_fail(v->c, s, "%s", f->path);
    }
    while (at < len && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r')) {
        at++;
    }
    int code = CLI_OK;
    if (at == len || (bytes[at] != '{' && bytes[at] != '[')) {
        wick_span ssz = wick_span_make(bytes, len);
        code = take(v, f, fork_of_ssz(v, f->kind, ssz), ssz);
    } else if ((s = json_open(&d, wick_span_make(bytes, len))) != WICK_OK) {
        code = cli_fail(v->c, s, "%s", f->path);
    } else if (wick_json_kind_of(d.root) == WICK_JSON_ARRAY) {
        for (const wick_json *e = wick_json_first(d.root); e != NULL && code == CLI_OK;
             e = wick_json_next(e)) {
            code = take_json(v, f, e);
        }
    } else {
        code = take_json(v, f, d.root);
    }
    json_free(&d);
    free(bytes);
    return code;
}

/* ---- the whole ---- */

static void put_head(out_rec *o, const verify *v, wick_tier tier)
{
    const wick_beacon_head *h = wick_beacon_head_of(&v->beacon, tier);
    bool final = tier == WICK_TIER_FINALIZED;
    if (h == NULL) {
        return;
    }
    out_u64(o, final ? "finalized_slot" : "optimistic_slot", h->slot);
    out_hex(o, final ? "finalized_root" : "optimistic_root", h->root, 32);
    out_hex(o, final ? "finalized_block_hash" : "optimistic_block_hash", h->execution_hash, 32);
}

static int put_result(verify *v)
{
    static uint8_t bytes[WICK_HEADER_MAX];
    wick_trusted_header th;
    memset(&th, 0, sizeof th);
    if (v->header != NULL) {
        block_series one;
        size_t at;
        wick_status s = block_series_load(&one, &at, v->header);
        wick_buf rlp = wick_buf_make(bytes, sizeof bytes);
        if (s == WICK_OK) {
            wick_buf_put(&rlp, one.header[0].ptr, one.header[0].len);
            s = wick_beacon_trust(&th, &v->beacon, wick_buf_span(&rlp), WICK_TIER_OPTIMISTIC);
        }
        block_series_free(&one);
        if (s != WICK_OK) {
            return cli_fail(v->c, s, "%s", v->header);
        }
    }
    out_rec o;
    if (v->c->json) {
        out_begin_step(&o, stdout, true, "trusted");
    } else {
        out_begin(&o, stdout, false);
    }
    out_str(&o, "network", v->chain->name);
    put_head(&o, v, WICK_TIER_FINALIZED);
    put_head(&o, v, WICK_TIER_OPTIMISTIC);
    if (wick_trust_is_made(&th)) {
        out_str(&o, "tier", wick_tier_str(th.tier));
        out_u64(&o, "number", th.number);
        out_hex(&o, "hash", th.hash, 32);
        out_u64(&o, "timestamp", th.timestamp);
        out_hex(&o, "state_root", th.state_root, 32);
    }
    out_end(&o);
    return CLI_OK;
}

static int find_chain(verify *v)
{
    conf_error e;
    if (v->network != NULL) {
        v->chain = wick_beacon_chain_by_name(v->network, strlen(v->network));
        return v->chain != NULL ? CLI_OK
                                : cli_usage(v->c, "--network takes mainnet, sepolia or gnosis");
    }
    if (conf_load(&v->h->conf, &e, v->c->config) != WICK_OK) {
        return cli_fail(v->c, WICK_E_CONFIG, "%s", e.text);
    }
    const conf_chain *x = conf_find_chain(&v->h->conf, v->chain_name);
    if (x == NULL || x->rule != CONF_RULE_SYNC_COMMITTEE) {
        return cli_fail(v->c, WICK_E_CONFIG, "%.200s: no such [chain.NAME] with rule = "
                                             "sync_committee",
                        v->h->conf.path);
    }
    if (!v->has_root) {
        memcpy(v->root, x->trusted_hash, sizeof v->root);
        v->has_root = true;
    }
    v->chain = link_beacon_chain(&v->link, v->c, x);
    return v->chain != NULL ? CLI_OK : CLI_REFUSED;
}

static int verify_files(verify *v)
{
    int code = find_chain(v);
    if (code == CLI_OK && !v->has_root) {
        return cli_usage(v->c, "--trusted-root is needed: what are the objects held against?");
    }
    if (code == CLI_OK && wick_crypto_init(&v->crypto, &v->crypto_ctx) != WICK_OK) {
        return cli_fail(v->c, WICK_E_CRYPTO, "start");
    }
    for (size_t i = 0; i < v->files && code == CLI_OK; i++) {
        code = take_file(v, &v->file[i]);
    }
    return code == CLI_OK ? put_result(v) : code;
}

static bool take_option(verify *v, int option)
{
    static const char kinds[] = "bufo";
    const char *kind = option < 128 ? strchr(kinds, option) : NULL;
    if (kind != NULL && option != 0) {
        if (v->files == FILES_MAX) {
            return false;
        }
        v->file[v->files].kind = (wick_beacon_kind)(kind - kinds);
        v->file[v->files++].path = optarg;
        return true;
    }
    switch (option) {
    case 'n':
        v->network = optarg;
        return true;
    case 'c':
        v->chain_name = optarg;
        return true;
    case 'r':
        v->has_root = cli_hex_arg(v->root, 32, optarg) == WICK_OK;
        return v->has_root;
    case 'h':
        v->header = optarg;
        return true;
    default:
        v->has_now = true;
        return cli_u64_arg(&v->now_s, optarg, UINT64_MAX) == WICK_OK;
    }
}

int cmd_beacon_verify(cli *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"network", required_argument, NULL, 'n'},   {"chain", required_argument, NULL, 'c'},
        {"trusted-root", required_argument, NULL, 'r'}, {"bootstrap", required_argument, NULL, 'b'},
        {"update", required_argument, NULL, 'u'},    {"finality", required_argument, NULL, 'f'},
        {"optimistic", required_argument, NULL, 'o'},{"header", required_argument, NULL, 'h'},
        {"now", required_argument, NULL, 't'},       CLI_COMMON_OPTIONS};
    static verify v;
    static host h;
    v.c = c;
    v.h = &h;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (!take_option(&v, got)) {
            return cli_usage(c, "'%s' is not a value of this option, or one file too many", optarg);
        }
    }
    if (argc != optind || v.files == 0 || v.file[0].kind != WICK_BEACON_BOOTSTRAP) {
        return cli_usage(c, "--bootstrap FILE first, then --update, --finality and --optimistic");
    }
    if ((v.network != NULL) == (v.chain_name != NULL)) {
        return cli_usage(c, "one of --network and --chain");
    }
    v.now.unix_s = v.has_now ? v.now_s : (uint64_t)time(NULL);
    v.now.valid = true;
    return verify_files(&v);
}

/* ---- sync ---- */

static chain_view view;

static int put_synced(const cli *c, const chain_link *l, uint64_t us)
{
    wick_trusted_header th;
    uint64_t now = l->h->clock.now_ms(l->h->clock.ctx);
    for (int i = 0; i < 2; i++) {
        wick_tier tier = i == 0 ? WICK_TIER_FINALIZED : WICK_TIER_OPTIMISTIC;
        wick_light_age age;
        if (wick_light_head(&l->light, &th, &age, now, tier) != WICK_OK) {
            continue;
        }
        out_rec o;
        out_begin_step(&o, stdout, c->json, "head");
        out_str(&o, "tier", wick_tier_str(tier));
        out_u64(&o, "block", th.number);
        out_hex(&o, "hash", th.hash, 32);
        out_u64(&o, "age_s", age.age_s);
        out_u64(&o, "bytes", l->driver.rx_bytes + l->driver.tx_bytes);
        out_ms(&o, "ms", us);
        out_end(&o);
    }
    return CLI_OK;
}

int cmd_beacon_sync(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"chain", required_argument, NULL, 'c'},
                                            {"timeout", required_argument, NULL, 't'},
                                            CLI_COMMON_OPTIONS};
    const char *name = NULL;
    uint64_t timeout_s = 120;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (got == 'c') {
            name = optarg;
        } else if (got != 't' || cli_u64_arg(&timeout_s, optarg, 86400) != WICK_OK) {
            return cli_usage(c, "--timeout takes seconds");
        }
    }
    if (argc != optind) {
        return cli_usage(c, "no argument");
    }
    static host h;
    wick_trusted_header th;
    uint64_t begin_us = cli_now_us();
    int code = host_open(&h, c);
    code = code == CLI_OK ? chain_open_link(&view, c, &h, name) : code;
    if (code == CLI_OK && view.chain->rule != CONF_RULE_SYNC_COMMITTEE) {
        code = cli_fail(c, WICK_E_CONFIG, "[chain.%s] has rule = %s, not sync_committee",
                        view.chain->s.name, conf_rule_str(view.chain->rule));
    }
    if (code == CLI_OK) {
        wick_status s = link_head(view.link, &th, WICK_TIER_FINALIZED,
                                  (uint32_t)(timeout_s * 1000));
        code = s == WICK_OK ? put_synced(c, view.link, cli_now_us() - begin_us)
                            : cli_fail(c, s, "[chain.%s]", view.chain->s.name);
    }
    chain_close(&view);
    host_close(&h);
    return code;
}
