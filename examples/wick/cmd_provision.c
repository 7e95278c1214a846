/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick provision: a new device's first-boot folder, and its announcement to the manager.
 * wick device replace: the same for a name whose device is lost. The PSK and token are renewed first, so
 * that the lost device gets no new voucher with the old ones; then its record is revoked, by the
 * organisation, so that its key is void, and the new device may take the name with keys of its own.
 */
#include <string.h>

#include "commands.h"
#include "provision.h"
#include "send.h"

static sender s;

/* @return CLI_OK, -1 after the help, else an exit code */
static int options(cli *c, provision *p, int argc, char **argv)
{
    static const struct option all[] = {{"dir", required_argument, NULL, 'd'},
                                        {"wallet", required_argument, NULL, 'w'},
                                        {"like", required_argument, NULL, 'l'},
                                        SEND_OPTIONS, CLI_COMMON_OPTIONS};
    memset(p, 0, sizeof *p);
    for (int got; (got = cli_getopt(c, argc, argv, all)) != -1;) {
        if (got == 'd') {
            p->dir = optarg;
        } else if (got == 'w') {
            p->wallet = optarg;
        } else if (got == 'l') {
            p->like = optarg;
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
        }
    }
    if (argc - optind != 1 || p->dir == NULL || p->wallet == NULL) {
        return cli_usage(c, "one name, --dir and --wallet");
    }
    p->name = argv[optind];
    return CLI_OK;
}

int cmd_provision(cli *c, int argc, char **argv)
{
    provision p;
    static host h;
    int code = options(c, &p, argc, argv);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    code = host_open(&h, c);
    code = code == CLI_OK ? provision_make(&p, c, &h) : code;
    host_close(&h);
    return code;
}

/* The record of a lost device: revoked, unless it is so already, or never was. */
static int revoke(const cli *c, const char *name)
{
    uint8_t id[32], slots[2][32], words[2][32], bytes[WICK_CALLDATA_MAX];
    wick_device d;
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_status st = wick_name_hash(id, wick_span_text(name));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", name);
    }
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, 2, s.domain.contract, name);
    if (code != CLI_OK) {
        return code;
    }
    st = wick_device_decode(&d, words[0], words[1]);
    if (st == WICK_E_RECORD_ABSENT || st == WICK_E_RECORD_REVOKED) {
        return CLI_OK;
    }
    if (st != WICK_OK) {
        return cli_fail(c, st, "%s", name);
    }
    if (s.as_manager) {
        wick_calldata_revoke_as_org(&call, id, d.epoch);
    } else {
        wick_calldata_revoke(&call, id);
    }
    return sender_call(&s, NULL, "revoke", s.domain.contract, wick_buf_span(&call));
}

int cmd_device_replace(cli *c, int argc, char **argv)
{
    provision p;
    int code = options(c, &p, argc, argv);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    p.renew = true;
    s.as_manager = s.key_file == NULL; /* who has the owner's key says so */
    code = sender_open(&s, c);
    code = code == CLI_OK && !s.dry_run ? provision_make(&p, c, &s.h) : code;
    code = code == CLI_OK ? revoke(c, p.name) : code;
    sender_close(&s);
    return code;
}
