/* SPDX-License-Identifier: Apache-2.0 */
#include "release_args.h"

#include <string.h>

static int take_member(cli *c, release_args *a, uint8_t role)
{
    uint8_t address[20];
    if (wick_eth_address_parse(address, optarg, strlen(optarg)) != WICK_OK) {
        return cli_usage(c, "'%s' is not an address", optarg);
    }
    wick_status st = wick_product_roles_add(&a->members, address, role);
    return st == WICK_OK        ? CLI_OK
           : st == WICK_E_LIMIT ? cli_usage(c, "more than %u members", WICK_PRODUCT_MEMBERS_MAX)
                                : cli_usage(c, "'%s' has a role already, or is zero", optarg);
}

static int take_number(cli *c, uint64_t *out, uint64_t max)
{
    return cli_u64_arg(out, optarg, max) == WICK_OK
               ? CLI_OK
               : cli_usage(c, "'%s' is not a number that fits", optarg);
}

static int take_option(cli *c, release_args *a, int got)
{
    uint64_t n = 0;
    int code = CLI_OK;
    switch (got) {
    case 'P':
        return take_member(c, a, WICK_ROLE_PUBLISHER);
    case 'A':
        return take_member(c, a, WICK_ROLE_APPROVER);
    case 'R':
        return take_member(c, a, WICK_ROLE_ROOT);
    case 'a':
        code = take_number(c, &n, WICK_PRODUCT_MEMBERS_MAX);
        a->members.approvals = (uint8_t)n;
        return code;
    case 'r':
        code = take_number(c, &n, WICK_PRODUCT_MEMBERS_MAX);
        a->members.roots = (uint8_t)n;
        return code;
    case 'd':
        code = take_number(c, &n, WICK_RELEASE_DELAY_MAX_S);
        a->members.delay_s = (uint32_t)n;
        return code;
    case 'x':
        a->members.flags = WICK_PRODUCT_RESTRICTED;
        return CLI_OK;
    case 'f':
        a->is_floor = true;
        return CLI_OK;
    case 'V':
        a->has_version = true;
        return take_number(c, &a->version, INT64_MAX);
    case 'C':
        a->has_counter = true;
        return take_number(c, &a->counter, UINT32_MAX);
    case 'B':
        a->has_bytes = true;
        return take_number(c, &a->bytes, UINT32_MAX);
    case 'E':
        a->has_epoch = true;
        return take_number(c, &a->epoch, UINT32_MAX);
    case 'n':
        a->no = true;
        return CLI_OK;
    default: /* 'D' */
        a->has_digest = true;
        return cli_hex_arg(a->digest, sizeof a->digest, optarg) == WICK_OK
                   ? CLI_OK
                   : cli_usage(c, "'%s' is not the SHA-256 of a manifest", optarg);
    }
}

int release_take(cli *c, sender *s, release_args *a, int argc, char **argv, int least, int most,
                 const char *what)
{
    static const struct option all[] = {{"publisher", required_argument, NULL, 'P'},
                                        {"approver", required_argument, NULL, 'A'},
                                        {"root", required_argument, NULL, 'R'},
                                        {"approvals", required_argument, NULL, 'a'},
                                        {"roots", required_argument, NULL, 'r'},
                                        {"delay", required_argument, NULL, 'd'},
                                        {"restricted", no_argument, NULL, 'x'},
                                        {"floor", no_argument, NULL, 'f'},
                                        {"no", no_argument, NULL, 'n'},
                                        {"digest", required_argument, NULL, 'D'},
                                        {"version", required_argument, NULL, 'V'},
                                        {"counter", required_argument, NULL, 'C'},
                                        {"bytes", required_argument, NULL, 'B'},
                                        {"epoch", required_argument, NULL, 'E'},
                                        SEND_OPTIONS,
                                        CLI_COMMON_OPTIONS};
    memset(a, 0, sizeof *a);
    for (int got; (got = cli_getopt(c, argc, argv, all)) != -1;) {
        if (sender_option(s, got)) {
            continue;
        }
        if (got == CLI_OPT_HELP || got == '?') {
            return got == '?' ? CLI_USAGE : -1;
        }
        int code = take_option(c, a, got);
        if (code != CLI_OK) {
            return code;
        }
    }
    int count = argc - optind - 1;
    if (count < least || count > most) {
        return cli_usage(c, "%s", what);
    }
    a->name = argv[optind];
    wick_status st = wick_name_hash(a->product, wick_span_text(a->name));
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "product '%s'", a->name);
}

int release_take_index(cli *c, release_args *a, const char *text)
{
    return cli_u64_arg(&a->index, text, UINT32_MAX) == WICK_OK
               ? CLI_OK
               : cli_usage(c, "'%s' is no index of a release", text);
}

int release_take_reviewed(cli *c, sender *s, release_args *a, int argc, char **argv)
{
    const char *what =
        "a product, an index, and the manifest that was reviewed: its file, or --digest, "
        "--version, --counter and --bytes";
    int code = release_take(c, s, a, argc, argv, 1, 2, what);
    if (code == CLI_OK) {
        a->manifest = argc - optind == 3 ? argv[optind + 2] : NULL;
        code = release_take_index(c, a, argv[optind + 1]);
        bool is_told = a->has_digest && a->has_version && a->has_counter && a->has_bytes;
        bool is_partly = a->has_digest || a->has_version || a->has_counter || a->has_bytes;
        bool fits = a->manifest != NULL ? !is_partly : is_told;
        code = code == CLI_OK && !fits ? cli_usage(c, "%s", what) : code;
    }
    return code;
}
