/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick bundle: a peer's record with its proof in one file (`make` is in cmd_bundle_make.c). `show`
 * prints what is in it, `verify` proves it under a header that something of the caller's own vouches
 * for; without that the words are printed, and refused as UNTRUSTED_HEADER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "block.h"
#include "chain.h"
#include "commands.h"
#include "out.h"
#include "record_out.h"
#include "wick/peer_bundle.h"
#include "wick/port/crypto.h"
#include "wick/tx.h"

#define DAY_S 86400u

static int load(const cli *c, uint8_t **bytes, wick_bundle *b, const char *path)
{
    size_t len = 0;
    *bytes = NULL;
    wick_status s = cli_read_file(bytes, &len, path);
    if (s == WICK_OK) {
        s = wick_bundle_decode(b, wick_span_make(*bytes, len));
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", path);
}

/* ---- show ---- */

/* Pieces of evidence by what they are; none of a kind is not worth a line. */
static void put_evidence(out_rec *o, const wick_bundle *b)
{
    static const struct {
        wick_bundle_tag tag;
        const char *name;
    } kinds[] = {{WICK_BUNDLE_BEFORE, "headers_before"},
                 {WICK_BUNDLE_AFTER, "headers_after"},
                 {WICK_BUNDLE_UPDATE, "updates"}};
    wick_bundle_reader r;
    wick_bundle_piece p;
    wick_span in;
    uint64_t count[sizeof kinds / sizeof kinds[0]] = {0};
    wick_bundle_rewind(b, &r, &in);
    while (wick_bundle_next(&r, &p, &in) == WICK_OK && p.tag != WICK_BUNDLE_END) {
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            count[i] += p.tag == kinds[i].tag ? 1u : 0u;
        }
    }
    out_u64(o, "evidence_pieces", b->steps);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (count[i] != 0) {
            out_u64(o, kinds[i].name, count[i]);
        }
    }
}

int cmd_bundle_show(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one file");
    }
    uint8_t *bytes;
    wick_bundle b;
    out_rec o;
    int code = load(c, &bytes, &b, argv[optind]);
    if (code == CLI_OK) {
        out_begin(&o, stdout, c->json);
        out_u64(&o, "version", WICK_BUNDLE_VERSION);
        record_put_bundle(&o, &b);
        out_u64(&o, "header_bytes", b.header.len);
        put_evidence(&o, &b);
        out_u64(&o, "slots", b.slots);
        out_u64(&o, "nodes", b.nodes);
        out_u64(&o, "bytes", b.bytes.len);
        out_str(&o, "verified", "no: shown as it is");
        out_end(&o);
    }
    free(bytes);
    return code;
}

/* ---- verify ---- */

typedef struct verify {
    const cli *c;
    wick_hal_crypto crypto;
    wick_crypto_ctx crypto_ctx;
    const char *second, *trusted, *peer, *chain;
    bool has_hash, has_contract, has_chain, has_now;
    uint8_t hash[32], contract[20];
    uint64_t chain_id, now_s, days, epoch, period_s;
    wick_trust_now now;
    wick_bundle b;
    wick_trusted_header th;
} verify;

static int trust_second(verify *v)
{
    uint8_t *bytes;
    wick_bundle second;
    int code = load(v->c, &bytes, &second, v->second);
    if (code == CLI_OK) {
        wick_status s = wick_bundle_trust_second(&v->th, &v->b, &second);
        code = s == WICK_OK ? CLI_OK : cli_fail(v->c, s, "%s", v->second);
    }
    free(bytes);
    return code;
}

static wick_status trust_seals(verify *v, wick_span pinned)
{
    static wick_bft bft;
    static wick_clique clique, work;
    wick_seal_rule rule = (wick_seal_rule)v->b.head.kind;
    uint8_t hash[32];
    wick_status s = block_seal_hash(hash, rule, pinned);
    if (s != WICK_OK) {
        return s;
    }
    if (rule == WICK_SEAL_CLIQUE) {
        wick_clique_config cfg = {v->b.head.chain_id, (uint32_t)v->epoch, (uint32_t)v->period_s};
        s = wick_clique_pin(&clique, &cfg, &v->crypto, pinned, hash);
        return s != WICK_OK ? s
                            : wick_bundle_trust_clique(&v->th, &v->b, &clique, &work, &v->crypto,
                                                       &v->now);
    }
    s = wick_bft_pin(&bft, NULL, rule, pinned, hash, v->b.head.chain_id);
    return s != WICK_OK ? s
                        : wick_bundle_trust_bft(&v->th, &v->b, &bft, &v->crypto, &v->now,
                                                (uint32_t)(v->days * DAY_S));
}

/* A header that the operator trusts names validators or signers, and they vouch for the bundle's. */
static int trust_header(verify *v)
{
    block_series pinned;
    size_t at;
    wick_status s = block_series_load(&pinned, &at, v->trusted);
    if (s != WICK_OK || pinned.count != 1) {
        block_series_free(&pinned);
        return cli_fail(v->c, s == WICK_OK ? WICK_E_MALFORMED : s, "%s is not one header",
                        v->trusted);
    }
    s = v->b.head.kind < WICK_BUNDLE_QBFT || v->b.head.kind > WICK_BUNDLE_CLIQUE
            ? WICK_E_TRUST_TIER
            : trust_seals(v, pinned.header[0]);
    block_series_free(&pinned);
    return s == WICK_OK ? CLI_OK : cli_fail(v->c, s, "%s", v->trusted);
}

static chain_view view;

/* What the light client of wick.conf knows vouches for the bundle; nothing is asked of a node. */
static wick_status trust_known(verify *v)
{
    static wick_clique work;
    chain_link *l = view.link;
    uint32_t trusting_s = (uint32_t)(v->days * DAY_S);
    switch ((int)view.chain->rule) {
    case CONF_RULE_QBFT:
    case CONF_RULE_IBFT2:
    case CONF_RULE_IBFT1:
        return wick_bundle_trust_bft(&v->th, &v->b, &l->state.bft, &v->crypto, &v->now, trusting_s);
    case CONF_RULE_CLIQUE:
        return wick_bundle_trust_clique(&v->th, &v->b, &l->state.clique.now, &work, &v->crypto,
                                        &v->now);
    case CONF_RULE_SYNC_COMMITTEE:
        return wick_bundle_trust_beacon(&v->th, &v->b, &l->state.beacon, &v->crypto, &v->now,
                                        WICK_TIER_FINALIZED);
    default:
        return WICK_E_TRUST_TIER;
    }
}

static int trust_chain(verify *v)
{
    static host h;
    view.may_share = true;
    int code = host_open(&h, v->c);
    code = code == CLI_OK ? chain_open_link(&view, v->c, &h, v->chain) : code;
    if (code == CLI_OK) {
        wick_status s = trust_known(v);
        code = s == WICK_OK ? CLI_OK : cli_fail(v->c, s, "[chain.%s]", v->chain);
    }
    chain_close(&view);
    host_close(&h);
    return code;
}

static int find_trust(verify *v)
{
    wick_status s = wick_crypto_init(&v->crypto, &v->crypto_ctx);
    if (s != WICK_OK) {
        return cli_fail(v->c, s, "start");
    }
    if (v->has_hash) {
        s = wick_bundle_trust_hash(&v->th, &v->b, v->hash);
        return s == WICK_OK ? CLI_OK : cli_fail(v->c, s, "--trusted-hash");
    }
    return v->chain != NULL ? trust_chain(v) : v->second != NULL ? trust_second(v) : v->trusted != NULL ? trust_header(v) : CLI_OK;
}

static wick_status prove(verify *v, uint8_t (*values)[32], uint8_t (*slots)[32], size_t *count)
{
    wick_bundle_reader r;
    wick_bundle_piece p;
    wick_span in;
    *count = 0;
    wick_bundle_rewind(&v->b, &r, &in);
    while (wick_bundle_next(&r, &p, &in) == WICK_OK && p.tag != WICK_BUNDLE_END) {
        if (p.tag == WICK_BUNDLE_SLOT) {
            memcpy(slots[(*count)++], p.bytes.ptr, 32);
        }
    }
    return wick_bundle_words(values, &v->b, wick_trust_is_made(&v->th) ? &v->th : NULL,
                             v->has_chain ? v->chain_id : v->b.head.chain_id,
                             v->has_contract ? v->contract : v->b.head.contract,
                             (const uint8_t(*)[32])slots, *count);
}

/* Is it about this peer? The slots of a record are made of its name. */
static wick_status check_peer(const verify *v, uint8_t (*values)[32], uint8_t (*slots)[32],
                              size_t count, wick_peer_record *rec)
{
    wick_peer_query q;
    wick_peer_ref ref;
    uint8_t id[32], service[32];
    wick_status s = chain_peer(&ref, id, service, v->peer);
    if (s != WICK_OK) {
        return s;
    }
    wick_peer_query_init(&q, id, service, false);
    if (count != q.count || memcmp(slots, q.slots, count * 32) != 0) {
        return WICK_E_BUNDLE_OTHER;
    }
    memcpy(q.values, values, count * 32);
    return wick_peer_record_read(rec, &q);
}

static void put_result(const verify *v, uint8_t (*values)[32], uint8_t (*slots)[32], size_t count,
                       wick_status s)
{
    out_rec o;
    bool vouched = s == WICK_OK;
    if (v->c->json) {
        out_begin_step(&o, stdout, true, "bundle");
    } else {
        out_begin(&o, stdout, false);
    }
    record_put_bundle(&o, &v->b);
    out_str(&o, "tier", vouched ? wick_tier_str(v->th.tier) : "UNTRUSTED_HEADER");
    out_u64(&o, "bytes", v->b.bytes.len);
    out_end(&o);
    for (size_t i = 0; i < count; i++) {
        out_begin_step(&o, stdout, v->c->json, "word");
        out_hex(&o, "slot", slots[i], 32);
        out_quantity(&o, "value", values[i], 32);
        out_end(&o);
    }
}

static int verify_bundle(verify *v)
{
    uint8_t slots[WICK_BUNDLE_SLOTS_MAX][32], values[WICK_BUNDLE_SLOTS_MAX][32];
    wick_peer_record rec;
    size_t count;
    int code = find_trust(v);
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = prove(v, values, slots, &count);
    if (s == WICK_OK || s == WICK_E_UNTRUSTED_HEADER) {
        wick_status about = v->peer == NULL ? WICK_OK
                                            : check_peer(v, values, slots, count, &rec);
        if (about != WICK_E_BUNDLE_OTHER && about != WICK_E_NAME) {
            put_result(v, values, slots, count, s);
        }
        s = s == WICK_OK || about == WICK_E_BUNDLE_OTHER || about == WICK_E_NAME ? about : s;
    }
    if (s == WICK_OK) {
        return CLI_OK;
    }
    return cli_fail(v->c, s, "%s", v->peer == NULL ? "bundle" : v->peer);
}

static bool take_option(verify *v, int option)
{
    switch (option) {
    case 'h':
        v->has_hash = cli_hex_arg(v->hash, 32, optarg) == WICK_OK;
        return v->has_hash;
    case 's':
        v->second = optarg;
        return true;
    case 't':
        v->trusted = optarg;
        return true;
    case 'C':
        v->chain = optarg;
        return true;
    case 'p':
        v->peer = optarg;
        return true;
    case 'a':
        v->has_contract = true;
        return wick_eth_address_parse(v->contract, optarg, strlen(optarg)) == WICK_OK;
    case 'c':
        v->has_chain = true;
        return cli_u64_arg(&v->chain_id, optarg, UINT64_MAX) == WICK_OK;
    case 'd':
        return cli_u64_arg(&v->days, optarg, UINT32_MAX / DAY_S) == WICK_OK && v->days != 0;
    case 'e':
        return cli_u64_arg(&v->epoch, optarg, UINT32_MAX) == WICK_OK && v->epoch != 0;
    case 'P':
        return cli_u64_arg(&v->period_s, optarg, UINT32_MAX) == WICK_OK;
    default:
        v->has_now = true;
        return cli_u64_arg(&v->now_s, optarg, UINT64_MAX) == WICK_OK;
    }
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int cmd_bundle_verify(cli *c, int argc, char **argv)
{
    static const struct option options[] = {
        {"trusted-hash", required_argument, NULL, 'h'}, {"second", required_argument, NULL, 's'},
        {"trusted", required_argument, NULL, 't'},      {"peer", required_argument, NULL, 'p'},
        {"chain", required_argument, NULL, 'C'},
        {"contract", required_argument, NULL, 'a'},     {"chain-id", required_argument, NULL, 'c'},
        {"trusting-days", required_argument, NULL, 'd'},{"epoch", required_argument, NULL, 'e'},
        {"period", required_argument, NULL, 'P'},       {"now", required_argument, NULL, 'n'},
        CLI_COMMON_OPTIONS};
    static verify v;
    v.c = c;
    v.days = WICK_SEAL_TRUSTING_S / DAY_S;
    v.epoch = 30000;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == CLI_OPT_HELP || got == '?') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (!take_option(&v, got)) {
            return cli_usage(c, "'%s' is not a value of this option", optarg);
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one file");
    }
    if (v.has_hash + (v.second != NULL) + (v.trusted != NULL) + (v.chain != NULL) > 1) {
        return cli_usage(c, "one of --trusted-hash, --second, --trusted and --chain");
    }
    if (v.second != NULL && same_file(v.second, argv[optind])) {
        return cli_usage(c, "--second is the same file: it takes a second gateway");
    }
    v.now.unix_s = v.has_now ? v.now_s : (uint64_t)time(NULL);
    v.now.valid = true;
    uint8_t *bytes;
    int code = load(c, &bytes, &v.b, argv[optind]);
    code = code == CLI_OK ? verify_bundle(&v) : code;
    free(bytes);
    return code;
}
