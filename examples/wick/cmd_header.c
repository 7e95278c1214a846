/* SPDX-License-Identifier: Apache-2.0 */
/* wick header: block hash and main fields of one; the seals of a series of a consortium chain. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block.h"
#include "commands.h"
#include "out.h"
#include "wick/bft.h"
#include "wick/clique.h"
#include "wick/port/crypto.h"

int cmd_header_hash(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"expect", required_argument, NULL, 'e'},
                                            CLI_COMMON_OPTIONS};
    const char *expect = NULL;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 'e') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        expect = optarg;
    }
    uint8_t wanted[32];
    if (argc - optind > 1) {
        return cli_usage(c, "one input only");
    }
    if (expect != NULL && cli_hex_arg(wanted, sizeof wanted, expect) != WICK_OK) {
        return cli_usage(c, "--expect takes 32 bytes in hex");
    }
    uint8_t *text = NULL;
    size_t len = 0;
    wick_status s = cli_read_file(&text, &len, optind < argc ? argv[optind] : "-");
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", optind < argc ? argv[optind] : "standard input");
    }
    static uint8_t bytes[WICK_HEADER_MAX];
    wick_buf rlp = wick_buf_make(bytes, sizeof bytes);
    wick_header h;
    s = block_header_read(&rlp, &h, text, len);
    free(text);
    if (s != WICK_OK) {
        return cli_fail(c, s, "header");
    }
    uint8_t hash[32];
    wick_header_hash(hash, wick_buf_span(&rlp));
    if (expect != NULL && memcmp(hash, wanted, sizeof hash) != 0) {
        char text_hash[65];
        wick_hex_encode(text_hash, hash, sizeof hash);
        return cli_fail(c, WICK_E_HEADER_HASH, "header hashes to 0x%s", text_hash);
    }
    wick_span root = h.field[WICK_HEADER_STATE_ROOT];
    wick_span receipts = h.field[WICK_HEADER_RECEIPTS_ROOT];
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_hex(&o, "hash", hash, sizeof hash);
    out_u64(&o, "number", h.number);
    out_u64(&o, "timestamp", h.timestamp);
    out_hex(&o, "state_root", root.ptr, root.len);
    out_hex(&o, "receipts_root", receipts.ptr, receipts.len);
    out_u64(&o, "fields", h.fields);
    out_u64(&o, "bytes", rlp.len);
    out_end(&o);
    return CLI_OK;
}

/* ---- verify ---- */

#define DAY_S 86400u

typedef struct verify {
    const cli *c;
    wick_hal_crypto crypto;
    wick_crypto_ctx crypto_ctx;
    wick_seal_rule rule;
    const char *trusted_file;
    bool has_hash, has_now;
    uint8_t trusted_hash[32];
    uint64_t chain_id, now_s, days, epoch, period_s;
    wick_trust_now now;
    block_series series;
    union {
        wick_bft bft;
        wick_clique clique;
    } state;
    wick_trusted_header newest; /* vouched for */
} verify;

static const char *rule_text(wick_seal_rule rule)
{
    static const char *const names[] = {"", "qbft", "ibft2", "ibft1", "clique"};
    return names[rule];
}

static bool parse_rule(wick_seal_rule *out, const char *text)
{
    for (int i = WICK_SEAL_QBFT; i <= WICK_SEAL_CLIQUE; i++) {
        if (strcmp(text, rule_text((wick_seal_rule)i)) == 0) {
            *out = (wick_seal_rule)i;
            return true;
        }
    }
    return false;
}

static wick_status pin(verify *v, wick_span rlp, const uint8_t hash[32])
{
    wick_clique_config cfg = {v->chain_id, (uint32_t)v->epoch, (uint32_t)v->period_s};
    return v->rule == WICK_SEAL_CLIQUE
               ? wick_clique_pin(&v->state.clique, &cfg, &v->crypto, rlp, hash)
               : wick_bft_pin(&v->state.bft, &v->newest, v->rule, rlp, hash, v->chain_id);
}

/* Starts at the header that is trusted: one of a file, or the first of the series. */
static int start(verify *v, size_t *next)
{
    block_series trusted;
    size_t at;
    wick_status s;
    memset(&trusted, 0, sizeof trusted);
    if (v->trusted_file != NULL) {
        s = block_series_load(&trusted, &at, v->trusted_file);
        if (s != WICK_OK || trusted.count != 1) {
            block_series_free(&trusted);
            return cli_fail(v->c, s == WICK_OK ? WICK_E_MALFORMED : s, "%s is not one header",
                            v->trusted_file);
        }
    }
    wick_span first = v->trusted_file != NULL ? trusted.header[0] : v->series.header[0];
    uint8_t hash[32];
    s = block_seal_hash(hash, v->rule, first);
    if (s == WICK_OK && v->has_hash && memcmp(hash, v->trusted_hash, sizeof hash) != 0) {
        s = WICK_E_HEADER_HASH;
    }
    if (s == WICK_OK) {
        s = pin(v, first, hash);
    }
    /* The series may begin with the trusted header itself. */
    wick_span head = v->series.header[0];
    *next = head.len == first.len && memcmp(head.ptr, first.ptr, head.len) == 0 ? 1 : 0;
    block_series_free(&trusted);
    return s == WICK_OK ? CLI_OK : cli_fail(v->c, s, "the trusted header");
}

static wick_status follow(verify *v, wick_span rlp)
{
    return v->rule == WICK_SEAL_CLIQUE
               ? wick_clique_header(&v->state.clique, &v->crypto, rlp, &v->now)
               : wick_bft_header(&v->state.bft, &v->newest, &v->crypto, rlp, &v->now,
                                 (uint32_t)(v->days * DAY_S));
}

/* Clique vouches for a header once there are others on top: the newest such one. */
static void find_newest(verify *v)
{
    memset(&v->newest, 0, sizeof v->newest);
    for (size_t i = v->series.count; i-- > 0;) {
        if (wick_clique_trust(&v->newest, &v->state.clique, v->series.header[i]) == WICK_OK) {
            return;
        }
    }
}

static void put_line(const verify *v, wick_span rlp)
{
    wick_header h;
    uint8_t hash[32];
    out_rec o;
    if (wick_header_decode(&h, rlp) != WICK_OK ||
        block_seal_hash(hash, v->rule, rlp) != WICK_OK) {
        return;
    }
    out_begin_step(&o, stdout, v->c->json, "header");
    out_u64(&o, "number", h.number);
    out_hex(&o, "hash", hash, sizeof hash);
    out_u64(&o, "signers", v->rule == WICK_SEAL_CLIQUE ? v->state.clique.set.count
                                                       : v->state.bft.set.count);
    out_end(&o);
}

static int put_result(verify *v)
{
    out_rec o;
    if (v->rule == WICK_SEAL_CLIQUE) {
        find_newest(v);
    }
    if (!wick_trust_is_made(&v->newest)) {
        return cli_fail(v->c, WICK_E_TRUST_DEPTH, "%zu headers followed, none vouched for",
                        v->series.count);
    }
    if (v->c->json) {
        out_begin_step(&o, stdout, true, "trusted");
    } else {
        out_begin(&o, stdout, false);
    }
    out_str(&o, "rule", rule_text(v->rule));
    out_u64(&o, "headers", v->series.count);
    out_str(&o, "tier", wick_tier_str(v->newest.tier));
    out_u64(&o, "number", v->newest.number);
    out_hex(&o, "hash", v->newest.hash, 32);
    out_u64(&o, "timestamp", v->newest.timestamp);
    out_hex(&o, "state_root", v->newest.state_root, 32);
    out_hex(&o, "receipts_root", v->newest.receipts_root, 32);
    out_end(&o);
    return CLI_OK;
}

static int verify_series(verify *v, const char *path)
{
    size_t at = 0;
    wick_status s = wick_crypto_init(&v->crypto, &v->crypto_ctx);
    if (s != WICK_OK) {
        return cli_fail(v->c, s, "start");
    }
    s = block_series_load(&v->series, &at, path);
    if (s == WICK_E_JSON) {
        return cli_fail_remedy(v->c, s, "give blocks as nodes do, one or an array of them, or RLP in hex",
                               "%s holds no headers", path);
    }
    if (s != WICK_OK) {
        return at != 0 ? cli_fail(v->c, s, "%s: header %zu", path, at)
                       : cli_fail(v->c, s, "%s", path);
    }
    int code = start(v, &at);
    for (; code == CLI_OK && at < v->series.count; at++) {
        s = follow(v, v->series.header[at]);
        if (s == WICK_E_EXPIRED) {
            code = cli_fail_remedy(v->c, s, "trust a newer header, or give --trusting-days",
                                   "%s: header %zu: what is trusted", path, at + 1);
        } else if (s != WICK_OK) {
            code = cli_fail(v->c, s, "%s: header %zu", path, at + 1);
        } else if (v->c->json || v->c->verbose > 0) {
            put_line(v, v->series.header[at]);
        }
    }
    code = code == CLI_OK ? put_result(v) : code;
    block_series_free(&v->series);
    return code;
}

static bool take_option(verify *v, bool *has_rule, int option)
{
    switch (option) {
    case 'r':
        *has_rule = parse_rule(&v->rule, optarg);
        return *has_rule;
    case 'h':
        v->has_hash = cli_hex_arg(v->trusted_hash, 32, optarg) == WICK_OK;
        return v->has_hash;
    case 't':
        v->trusted_file = optarg;
        return true;
    case 'c':
        return cli_u64_arg(&v->chain_id, optarg, UINT64_MAX) == WICK_OK;
    case 'e':
        return cli_u64_arg(&v->epoch, optarg, UINT32_MAX) == WICK_OK && v->epoch != 0;
    case 'p':
        return cli_u64_arg(&v->period_s, optarg, UINT32_MAX) == WICK_OK;
    case 'd':
        return cli_u64_arg(&v->days, optarg, UINT32_MAX / DAY_S) == WICK_OK && v->days != 0;
    default:
        v->has_now = true;
        return cli_u64_arg(&v->now_s, optarg, UINT64_MAX) == WICK_OK;
    }
}

int cmd_header_verify(cli *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"rule", required_argument, NULL, 'r'},     {"trusted-hash", required_argument, NULL, 'h'},
        {"trusted", required_argument, NULL, 't'},  {"chain-id", required_argument, NULL, 'c'},
        {"epoch", required_argument, NULL, 'e'},    {"period", required_argument, NULL, 'p'},
        {"now", required_argument, NULL, 'n'},      {"trusting-days", required_argument, NULL, 'd'},
        CLI_COMMON_OPTIONS};
    static verify v;
    bool has_rule = false;
    v.c = c;
    v.days = WICK_SEAL_TRUSTING_S / DAY_S;
    v.epoch = 30000;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (!take_option(&v, &has_rule, got)) {
            return cli_usage(c, "'%s' is not a value of this option", optarg);
        }
    }
    if (argc - optind != 1 || !has_rule) {
        return cli_usage(c, "one file of headers, and --rule qbft, ibft2, ibft1 or clique");
    }
    if (v.has_hash == (v.trusted_file != NULL)) {
        return cli_usage(c, "one of --trusted-hash and --trusted: what is the series held against?");
    }
    v.now.unix_s = v.has_now ? v.now_s : (uint64_t)time(NULL);
    v.now.valid = true;
    return verify_series(&v, argv[optind]);
}
