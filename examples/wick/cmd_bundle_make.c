/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick bundle make: a peer's record, proven here, with its proof and what vouches for its header, in one
 * file. Evidence that leads to the header from further back is added for devices that have been away.
 */
#include <string.h>

#include "bundle_make.h"
#include "commands.h"
#include "out.h"
#include "record_out.h"

#define BUNDLE_FILE_MAX (512u * 1024)

static bundle_maker m;
static uint8_t file[BUNDLE_FILE_MAX];

static int make(const cli *c, host *h, const char *text, const char *path, uint64_t since)
{
    wick_buf out = wick_buf_make(file, sizeof file);
    int code = bundle_make(&m, &out, c, h, text, since);
    if (code != CLI_OK) {
        return code;
    }
    wick_status s = cli_write_file(path, file, out.len);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", path);
    }
    wick_bundle b;
    out_rec o;
    if (strcmp(path, "-") != 0 && wick_bundle_decode(&b, wick_buf_span(&out)) == WICK_OK) {
        out_begin(&o, stdout, c->json);
        record_put_bundle(&o, &b);
        out_str(&o, "tier", wick_tier_str(m.r.head.tier));
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
    m.view.may_share = true;
    code = code == CLI_OK ? make(c, &h, argv[optind], path, since) : code;
    bundle_make_close(&m);
    host_close(&h);
    return code;
}
