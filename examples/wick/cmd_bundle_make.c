/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick bundle make: a peer's record, proven here, with its proof and what vouches for its header, in one
 * file. Evidence that leads to the header from further back is added for devices that have been away.
 */
#include <string.h>

#include "commands.h"
#include "evidence.h"
#include "out.h"
#include "record_out.h"

#define BUNDLE_FILE_MAX (512u * 1024)

static chain_view view;
static reader r;
static evidence e;
static uint8_t file[BUNDLE_FILE_MAX];

/* Why it cannot be made, where --since is the cause. */
static int fail(const cli *c, wick_status s, const char *text, uint64_t since)
{
    if (since == EVIDENCE_UP_TO_DATE) {
        return chain_fail(&view, s, text);
    }
    switch ((int)s) {
    case WICK_E_BAD_ARG:
        return cli_fail_remedy(c, s, "name a block that the device knows, of a chain that has evidence",
                               "--since %llu is newer than the proven block %llu, or [chain.%s] has no "
                               "evidence to carry",
                               (unsigned long long)since, (unsigned long long)r.head.number,
                               view.chain->s.name);
    case WICK_E_LIMIT:
    case WICK_E_NO_SPACE:
    case WICK_E_EXPIRED:
        return cli_fail_remedy(c, s, "bring the device up to date by wick store export and import",
                               "%s: more lies between block %llu and now than a bundle carries", text,
                               (unsigned long long)since);
    default:
        return chain_fail(&view, s, text);
    }
}

static int make(const cli *c, host *h, const char *text, const char *path, uint64_t since)
{
    wick_peer_query q;
    wick_peer_ref ref;
    uint8_t id[32], service[32];
    wick_buf out = wick_buf_make(file, sizeof file);
    const reader_evidence pieces = {evidence_put, &e};
    wick_status s = chain_peer(&ref, id, service, text);
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", text);
    }
    int code = chain_open(&view, &r, c, h, ref.registry);
    if (code != CLI_OK) {
        return code;
    }
    wick_peer_query_init(&q, id, service, false);
    s = chain_head(&view);
    s = s == WICK_OK ? evidence_init(&e, &view, &r, since) : s;
    if (s == WICK_OK) {
        s = reader_bundle(&r, &out, view.kind, &pieces, (const uint8_t(*)[32])q.slots, q.count,
                          view.registry->device_registry);
    }
    if (s != WICK_OK) {
        return fail(c, s, text, since);
    }
    s = cli_write_file(path, file, out.len);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", path);
    }
    wick_bundle b;
    out_rec o;
    if (strcmp(path, "-") != 0 && wick_bundle_decode(&b, wick_buf_span(&out)) == WICK_OK) {
        out_begin(&o, stdout, c->json);
        record_put_bundle(&o, &b);
        out_str(&o, "tier", wick_tier_str(r.head.tier));
        out_u64(&o, "evidence_pieces", b.steps);
        out_u64(&o, "bytes", out.len);
        out_str(&o, "file", path);
        out_end(&o);
    }
    return CLI_OK;
}

int cmd_bundle_make(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"since", required_argument, NULL, 's'},
                                            CLI_COMMON_OPTIONS};
    const char *path = NULL;
    uint64_t since = EVIDENCE_UP_TO_DATE;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 'o' && got != 's') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        if (got == 'o') {
            path = optarg;
        } else if (cli_u64_arg(&since, optarg, UINT64_MAX - 1) != WICK_OK) {
            return cli_usage(c, "--since takes a block number");
        }
    }
    if (argc - optind != 1 || path == NULL) {
        return cli_usage(c, "one name, and -o FILE");
    }
    static host h;
    int code = host_open(&h, c);
    view.may_share = true;
    code = code == CLI_OK ? make(c, &h, argv[optind], path, since) : code;
    chain_close(&view);
    host_close(&h);
    return code;
}
