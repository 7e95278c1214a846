/* SPDX-License-Identifier: Apache-2.0 */
/* wick keccak */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "out.h"
#include "wick/keccak.h"

int cmd_keccak(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"hex", required_argument, NULL, 'x'},
                                            CLI_COMMON_OPTIONS};
    const char *hex = NULL;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 'x') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        hex = optarg;
    }
    const char *arg = optind < argc ? argv[optind] : NULL;
    if (argc - optind > 1 || (hex != NULL && arg != NULL)) {
        return cli_usage(c, "one input only");
    }
    uint8_t *bytes = NULL;
    size_t len = 0;
    wick_status s = cli_read_arg(&bytes, &len, hex != NULL ? hex : arg);
    if (s == WICK_OK && hex != NULL) {
        s = cli_unhex(bytes, &len);
    }
    if (s != WICK_OK) {
        free(bytes);
        return cli_fail(c, s, "input");
    }
    uint8_t hash[WICK_KECCAK256_BYTES];
    wick_keccak256(hash, bytes, len);
    free(bytes);
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_hex(&o, "keccak256", hash, sizeof hash);
    out_u64(&o, "bytes", len);
    out_end(&o);
    return CLI_OK;
}
