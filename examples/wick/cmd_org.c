/* SPDX-License-Identifier: Apache-2.0 */
/* wick org: who vouches for the devices of an organisation and who attests where they are, as the chain has
 * it and as its admin sets it. */
#include <string.h>

#include "commands.h"
#include "send.h"
#include "wick/attest.h"

static sender s;

/* Of the options of one command or another. */
static const char *admin_text, *manager_text, *class_text;
static uint64_t number, threshold;
static bool has_threshold;

/* Options, then `count` arguments, or at least one if that is 0. @return CLI_OK; else *over and what the
 * command returns */
static int take(cli *c, bool *over, int argc, char **argv, int count, const char *what)
{
    static const struct option options[] = {{"admin", required_argument, NULL, 'a'},
                                            {"manager", required_argument, NULL, 'm'},
                                            {"number", required_argument, NULL, 'n'},
                                            {"class", required_argument, NULL, 'c'},
                                            {"threshold", required_argument, NULL, 't'},
                                            SEND_OPTIONS,
                                            CLI_COMMON_OPTIONS};
    *over = true;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'a' || got == 'm' || got == 'c') {
            *(got == 'a' ? &admin_text : got == 'm' ? &manager_text : &class_text) = optarg;
        } else if (got == 'n' || got == 't') {
            if (cli_u64_arg(got == 'n' ? &number : &threshold, optarg, 255) != WICK_OK) {
                return cli_usage(c, "--number and --threshold take a number below 256");
            }
            has_threshold = has_threshold || got == 't';
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (count == 0 ? argc - optind < 1 : argc - optind != count) {
        return cli_usage(c, "%s", what);
    }
    *over = false;
    return CLI_OK;
}

/* Class of services whose attestors are meant: zero unless named. */
static wick_status class_of(uint8_t class32[32])
{
    memset(class32, 0, 32);
    return class_text != NULL ? wick_name_hash(class32, wick_span_text(class_text)) : WICK_OK;
}

static wick_status put_attestors(out_rec *o, const uint8_t word[32])
{
    wick_attestors set;
    wick_status st = wick_attestors_decode(&set, word);
    if (st == WICK_OK) {
        out_u64(o, "attestors", set.count);
        out_u64(o, "needed", set.threshold);
        out_hex(o, "attestor_list", set.list, sizeof set.list);
    } else if (st == WICK_E_RECORD_ABSENT) {
        out_u64(o, "attestors", 0);
        st = WICK_OK;
    }
    return st;
}

enum { W_MANAGER = 0, W_ADMIN, W_ATTESTORS, WORDS };

/* Proven: the manager, the admin who appoints him, and the attestors. To whom that is offered is the node's
 * word: nothing follows from it before it is taken. */
static int show(const cli *c, const char *name, const uint8_t org[32])
{
    uint8_t slots[WORDS][32], words[WORDS][32], class32[32], offer[32];
    static const uint8_t none[20] = {0};
    wick_manager manager;
    wick_status st = class_of(class32);
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", class_text);
    }
    wick_slot_manager(slots[W_MANAGER], org);
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, 1, s.domain.contract, name);
    if (code != CLI_OK) {
        return code;
    }
    st = wick_manager_decode(&manager, words[W_MANAGER]);
    if (st == WICK_OK) {
        wick_slot_org(slots[W_ADMIN], manager.org, 1);
        wick_slot_attestors(slots[W_ATTESTORS], manager.org, class32);
        code = sender_words(&s, words, (const uint8_t(*)[32])slots, WORDS, s.domain.contract, name);
        st = code == CLI_OK ? wick_manager_decode(&manager, words[W_MANAGER]) : st;
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
    out_hex(&o, "admin", words[W_ADMIN] + 12, 20);
    wick_slot_admin_offer(slots[0], org);
    if (reader_told(&s.r, offer, slots[0], s.domain.contract) == WICK_OK &&
        memcmp(offer + 12, none, sizeof none) != 0) {
        out_hex(&o, "offered_to", offer + 12, 20);
    }
    st = put_attestors(&o, words[W_ATTESTORS]);
    out_str(&o, "tier", wick_tier_str(s.r.head.tier));
    out_u64(&o, "block", s.r.head.number);
    out_end(&o);
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "attestors of '%s'", name);
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

/* One transaction about an organisation, and what it is then. */
static int change(const cli *c, const char *what, const char *name, const uint8_t org[32], wick_span call)
{
    int code = sender_open(&s, c);
    code = code == CLI_OK ? sender_call(&s, NULL, what, s.domain.contract, call) : code;
    code = code == CLI_OK && !s.dry_run ? show(c, name, org) : code;
    sender_close(&s);
    return code;
}

/* @return CLI_OK, or the error was printed */
static int read_names(const cli *c, uint8_t org[32], const char *name, uint8_t address[20], const char *text)
{
    wick_status st = wick_name_hash(org, wick_span_text(name));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", name);
    }
    st = text != NULL ? wick_eth_address_parse(address, text, strlen(text)) : WICK_OK;
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "'%s' is not an address", text);
}

int cmd_org_manager(cli *c, int argc, char **argv)
{
    uint8_t org[32], manager[20], bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    bool over;
    int code = take(c, &over, argc, argv, 2, "an organisation and an address");
    code = over ? code : read_names(c, org, argv[optind], manager, argv[optind + 1]);
    if (over || code != CLI_OK) {
        return code;
    }
    wick_calldata_set_manager(&call, org, manager);
    return change(c, "set-manager", argv[optind], org, wick_buf_span(&call));
}

int cmd_org_admit(cli *c, int argc, char **argv)
{
    uint8_t org[32], admin[20], manager[20], bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    bool over;
    int code = take(c, &over, argc, argv, 1, "an organisation");
    if (!over && (admin_text == NULL || manager_text == NULL || number == 0)) {
        return cli_usage(c, "--admin, --manager and --number (1 to 255) are needed");
    }
    code = over ? code : read_names(c, org, argv[optind], admin, admin_text);
    code = over || code != CLI_OK ? code : read_names(c, org, argv[optind], manager, manager_text);
    if (over || code != CLI_OK) {
        return code;
    }
    wick_calldata_admit(&call, org, admin, manager, (uint8_t)number);
    return change(c, "admit", argv[optind], org, wick_buf_span(&call));
}

int cmd_org_offer_admin(cli *c, int argc, char **argv)
{
    uint8_t org[32], admin[20] = {0}, bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    bool over;
    int code = take(c, &over, argc, argv, 2, "an organisation, and an address or none");
    if (over) {
        return code;
    }
    const char *to = strcmp(argv[optind + 1], "none") == 0 ? NULL : argv[optind + 1];
    code = read_names(c, org, argv[optind], admin, to);
    if (code != CLI_OK) {
        return code;
    }
    wick_calldata_offer_admin(&call, org, admin);
    return change(c, "offer-admin", argv[optind], org, wick_buf_span(&call));
}

int cmd_org_take_admin(cli *c, int argc, char **argv)
{
    uint8_t org[32], bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    bool over;
    int code = take(c, &over, argc, argv, 1, "an organisation");
    code = over ? code : read_names(c, org, argv[optind], NULL, NULL);
    if (over || code != CLI_OK) {
        return code;
    }
    wick_calldata_take_admin(&call, org);
    return change(c, "take-admin", argv[optind], org, wick_buf_span(&call));
}

/* The addresses, ascending, as the contract wants them. */
static int read_members(const cli *c, uint8_t (*members)[20], size_t count, char **texts)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t one[20];
        size_t at = i;
        wick_status st = wick_eth_address_parse(one, texts[i], strlen(texts[i]));
        if (st != WICK_OK) {
            return cli_fail(c, st, "'%s' is not an address", texts[i]);
        }
        for (; at > 0 && memcmp(members[at - 1], one, sizeof one) > 0; at--) {
            memcpy(members[at], members[at - 1], sizeof one);
        }
        memcpy(members[at], one, sizeof one);
    }
    return CLI_OK;
}

int cmd_org_attestors(cli *c, int argc, char **argv)
{
    static uint8_t bytes[4 + 5 * 32 + 20 * WICK_ATTESTORS_MAX + 32];
    uint8_t org[32], class32[32], word[32], members[WICK_ATTESTORS_MAX][20];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    bool over;
    int code = take(c, &over, argc, argv, 0, "an organisation, and the addresses of its attestors");
    if (over) {
        return code;
    }
    const char *name = argv[optind];
    size_t count = (size_t)(argc - optind - 1);
    if (count > WICK_ATTESTORS_MAX || (count != 0 && !has_threshold)) {
        return cli_usage(c, "--threshold, and at most %u addresses", WICK_ATTESTORS_MAX);
    }
    code = read_names(c, org, name, NULL, NULL);
    code = code == CLI_OK ? read_members(c, members, count, argv + optind + 1) : code;
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = class_of(class32);
    if (st == WICK_OK) {
        st = wick_attestors_encode(word, (uint8_t)threshold, (const uint8_t(*)[20])members, count);
    }
    if (st != WICK_OK) {
        return cli_fail_remedy(c, st, "each address once, and a threshold of 1 up to their number",
                               "attestors of '%s'", name);
    }
    wick_calldata_set_attestors(&call, org, class32, (uint8_t)threshold, (const uint8_t(*)[20])members,
                                count);
    return change(c, "set-attestors", name, org, wick_buf_span(&call));
}

int cmd_org_recover(cli *c, int argc, char **argv)
{
    uint8_t id[32], owner[20], slots[2][32], words[2][32], bytes[WICK_CALLDATA_MAX];
    wick_device d;
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    bool over;
    int code = take(c, &over, argc, argv, 2, "a device, and the address of its new owner");
    code = over ? code : read_names(c, id, argv[optind], owner, argv[optind + 1]);
    if (over || code != CLI_OK) {
        return code;
    }
    const char *name = argv[optind];
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    code = sender_open(&s, c);
    code = code == CLI_OK ? sender_words(&s, words, (const uint8_t(*)[32])slots, 2, s.domain.contract, name)
                          : code;
    if (code == CLI_OK) {
        wick_status st = wick_device_decode(&d, words[0], words[1]);
        code = st == WICK_OK || st == WICK_E_RECORD_REVOKED ? CLI_OK : cli_fail(c, st, "%s", name);
    }
    if (code == CLI_OK) {
        wick_calldata_recover(&call, owner, id, d.epoch);
        code = sender_call(&s, NULL, "recover", s.domain.contract, wick_buf_span(&call));
    }
    sender_close(&s);
    return code;
}
