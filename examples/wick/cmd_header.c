/* SPDX-License-Identifier: Apache-2.0 */
/* wick header hash: block hash and main fields of a header given as JSON or RLP. */
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "commands.h"
#include "out.h"

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
