/* SPDX-License-Identifier: Apache-2.0 */
/* wick org: who vouches for the devices of an organisation, as the chain has it and as its admin sets
 * it. */
#include <string.h>

#include "commands.h"
#include "send.h"

static sender s;

/* Options, then `count` arguments. @return CLI_OK; else *over and what the command returns */
static int take(cli *c, bool *over, int argc, char **argv, int count, const char *what)
{
    static const struct option options[] = {SEND_OPTIONS, CLI_COMMON_OPTIONS};
    *over = true;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != count) {
        return cli_usage(c, "%s", what);
    }
    *over = false;
    return CLI_OK;
}

/* Proven: the manager, and the admin who appoints him. */
static int show(const cli *c, const char *name, const uint8_t org[32])
{
    uint8_t slots[2][32], words[2][32];
    wick_manager manager;
    wick_slot_manager(slots[0], org);
    wick_slot_org(slots[1], 0, 1);
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, 2, s.domain.contract, name);
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = wick_manager_decode(&manager, words[0]);
    if (st == WICK_OK && manager.org != 0) {
        wick_slot_org(slots[1], manager.org, 1);
        code = sender_words(&s, words, (const uint8_t(*)[32])slots, 2, s.domain.contract, name);
        st = code == CLI_OK ? wick_manager_decode(&manager, words[0]) : st;
    }
    if (st != WICK_OK || code != CLI_OK) {
        return st != WICK_OK ? cli_fail(c, st, "organisation '%s'", name) : code;
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_str(&o, "org", name);
    out_hex(&o, "id", org, 32);
    out_u64(&o, "number", manager.org);
    out_hex(&o, "manager", manager.address, sizeof manager.address);
    out_u64(&o, "manager_epoch", manager.epoch);
    out_hex(&o, "admin", words[1] + 12, 20);
    out_str(&o, "tier", wick_tier_str(s.r.head.tier));
    out_u64(&o, "block", s.r.head.number);
    out_end(&o);
    return CLI_OK;
}

int cmd_org_show(cli *c, int argc, char **argv)
{
    uint8_t org[32];
    bool over;
    int code = take(c, &over, argc, argv, 1, "one organisation");
    if (over) {
        return code;
    }
    wick_status st = wick_name_hash(org, wick_span_text(argv[optind]));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", argv[optind]);
    }
    s.no_key = true;
    code = sender_open(&s, c);
    code = code == CLI_OK ? show(c, argv[optind], org) : code;
    sender_close(&s);
    return code;
}

int cmd_org_manager(cli *c, int argc, char **argv)
{
    uint8_t org[32], manager[20], bytes[WICK_CALLDATA_MAX];
    bool over;
    int code = take(c, &over, argc, argv, 2, "an organisation and an address");
    if (over) {
        return code;
    }
    const char *name = argv[optind], *address = argv[optind + 1];
    wick_status st = wick_name_hash(org, wick_span_text(name));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", name);
    }
    st = wick_eth_address_parse(manager, address, strlen(address));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s' is not an address", address);
    }
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_calldata_set_manager(&call, org, manager);
    code = sender_open(&s, c);
    code = code == CLI_OK ? sender_call(&s, NULL, "set-manager", s.domain.contract,
                                        wick_buf_span(&call))
                          : code;
    code = code == CLI_OK && !s.dry_run ? show(c, name, org) : code;
    sender_close(&s);
    return code;
}
