/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick voucher: what wick-wallet does, by hand, for devices that cannot reach it.
 *
 *   device    wick voucher request --challenge HEX > request      proves that it holds its key
 *   manager   wick voucher issue request --challenge HEX > voucher
 *   anybody   wick voucher submit voucher                         sends it, and pays
 *
 * The challenge is the manager's, at random, and for one request. The voucher says everything that the
 * record will hold, so nothing in it can be changed on the way, and it works once.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "record_out.h"
#include "send.h"
#include "vouch.h"
#include "vouch_request.h"

#define DAYS_DEFAULT VOUCH_DAYS_DEFAULT

static sender s;

typedef struct arguments {
    const char *challenge_text;
    uint8_t challenge[32];
    uint64_t days;
} arguments;

/* @return CLI_OK, -1 after the help, else an exit code */
static int options(cli *c, arguments *a, int argc, char **argv, int count, const char *what)
{
    static const struct option all[] = {{"challenge", required_argument, NULL, 'c'},
                                        {"days", required_argument, NULL, 'd'},
                                        SEND_OPTIONS, CLI_COMMON_OPTIONS};
    memset(a, 0, sizeof *a);
    a->days = DAYS_DEFAULT;
    for (int got; (got = cli_getopt(c, argc, argv, all)) != -1;) {
        if (got == 'c') {
            a->challenge_text = optarg;
        } else if (got == 'd') {
            if (cli_u64_arg(&a->days, optarg, 731) != WICK_OK || a->days == 0) {
                return cli_usage(c, "--days takes 1 to 731");
            }
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
        }
    }
    if (a->challenge_text != NULL &&
        cli_hex_arg(a->challenge, sizeof a->challenge,
                    a->challenge_text + (strncmp(a->challenge_text, "0x", 2) == 0 ? 2 : 0)) !=
            WICK_OK) {
        return cli_usage(c, "--challenge takes 32 bytes of hex");
    }
    return argc - optind == count ? CLI_OK : cli_usage(c, "%s", what);
}

static int done(int code)
{
    sender_close(&s);
    return code < 0 ? CLI_OK : code;
}

static int open_with(const cli *c)
{
    int code = sender_open(&s, c);
    wick_status st = code == CLI_OK ? chain_head(&s.view) : WICK_OK;
    return st == WICK_OK ? code : chain_fail(&s.view, st, "head");
}

/* ---- request ---- */

int cmd_voucher_request(cli *c, int argc, char **argv)
{
    arguments a;
    int code = options(c, &a, argc, argv, 0, "no argument but options");
    if (code == CLI_OK && a.challenge_text == NULL) {
        code = cli_usage(c, "--challenge: the manager's");
    }
    code = code == CLI_OK ? sender_open(&s, c) : code;
    code = code == CLI_OK ? host_load_keys(&s.h, c) : code;
    return done(code == CLI_OK ? vouch_request(stdout, c, &s.h, &s.domain, a.challenge, a.days, NULL,
                                               NULL)
                               : code);
}

/* ---- issue ---- */

static int issue(const cli *c, const arguments *a, const wick_json *root)
{
    const conf_manager *m = &s.h.conf.manager;
    vouch_manager manager = {.crypto = &s.h.crypto, .keys = &s.h.keystore, .key = s.key,
                             .domain = s.domain};
    uint8_t slots[VOUCH_SLOTS][32], words[VOUCH_SLOTS][32], r[32], vs[32];
    wick_voucher v;
    uint64_t now = 0;
    memcpy(manager.address, s.address, sizeof manager.address);
    wick_status st = wick_name_hash(manager.org, wick_span_text(m->org));
    if (st != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "[manager] org");
    }
    st = vouch_read(&v, &manager, a->challenge, root);
    if (st != WICK_OK) {
        return cli_fail(c, st, "request");
    }
    vouch_slots(slots, v.id, manager.org);
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, VOUCH_SLOTS, s.domain.contract,
                            "request");
    if (code != CLI_OK) {
        return code;
    }
    st = s.h.clock.unix_s(s.h.clock.ctx, &now);
    if (st == WICK_OK) {
        st = vouch_complete(&v, &manager, (const uint8_t(*)[32])words, now);
    }
    if (st == WICK_OK) {
        st = vouch_sign(r, vs, &v, &manager);
    }
    if (st != WICK_OK) {
        return cli_fail(c, st, "request");
    }
    out_rec o;
    out_begin(&o, stdout, true); /* it is for `voucher submit` */
    vouch_put(&o, wick_json_text(wick_json_member(root, "name")), &v);
    out_hex(&o, "org", v.org, sizeof v.org);
    out_u64(&o, "epoch", v.epoch);
    out_u64(&o, "managerEpoch", v.manager_epoch);
    out_u64(&o, "deadline", v.deadline);
    out_hex(&o, "r", r, sizeof r);
    out_hex(&o, "vs", vs, sizeof vs);
    out_end(&o);
    return CLI_OK;
}

static int load(const cli *c, json_doc *d, const char *path)
{
    wick_status st = json_load(d, path);
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "%s", path);
}

int cmd_voucher_issue(cli *c, int argc, char **argv)
{
    arguments a;
    json_doc d;
    s.as_manager = true;
    int code = options(c, &a, argc, argv, 1, "one request: a file, or - for standard input");
    if (code == CLI_OK && a.challenge_text == NULL) {
        code = cli_usage(c, "--challenge: the one that was given to the device");
    }
    code = code == CLI_OK ? load(c, &d, argv[optind]) : code;
    if (code != CLI_OK) {
        return done(code);
    }
    code = open_with(c);
    code = code == CLI_OK ? issue(c, &a, d.root) : code;
    json_free(&d);
    return done(code);
}

/* ---- submit ---- */

static wick_status read_voucher(wick_voucher *v, uint8_t r[32], uint8_t vs[32], const wick_json *root)
{
    struct { const char *name; uint8_t *to; size_t len; } hex[] = {
        {"org", v->org, 32}, {"id", v->id, 32}, {"owner", v->owner, 20},
        {"key", v->key, 32}, {"r", r, 32}, {"vs", vs, 32}};
    uint64_t n[6];
    static const char *const numbers[] = {"keyType", "flags", "notAfter",
                                          "epoch", "managerEpoch", "deadline"};
    static const uint64_t most[] = {UINT8_MAX, UINT8_MAX, UINT64_MAX,
                                    UINT32_MAX, UINT32_MAX, UINT64_MAX};
    wick_status st = WICK_OK;
    memset(v, 0, sizeof *v);
    for (size_t i = 0; i < 6 && st == WICK_OK; i++) {
        st = wick_json_hex(hex[i].to, hex[i].len, wick_json_member(root, hex[i].name));
    }
    for (size_t i = 0; i < 6 && st == WICK_OK; i++) {
        st = wick_json_u64(&n[i], wick_json_member(root, numbers[i]));
        st = st == WICK_OK && n[i] > most[i] ? WICK_E_JSON : st;
    }
    if (st == WICK_OK) {
        v->key_type = (uint8_t)n[0];
        v->flags = (uint8_t)n[1];
        v->not_after = n[2];
        v->epoch = (uint32_t)n[3];
        v->manager_epoch = (uint32_t)n[4];
        v->deadline = n[5];
    }
    return st;
}

/* A voucher that the contract would refuse is told before it costs anything. */
static int submit(const cli *c, const wick_json *root)
{
    uint8_t r[32], vs[32], slots[1][32], words[1][32], bytes[WICK_CALLDATA_MAX];
    wick_voucher v;
    wick_manager manager;
    uint64_t now = 0;
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_status st = read_voucher(&v, r, vs, root);
    st = st == WICK_OK ? s.h.clock.unix_s(s.h.clock.ctx, &now) : st;
    st = st == WICK_OK ? wick_voucher_fits(&v, now) : st;
    if (st != WICK_OK) {
        return cli_fail(c, st, "voucher");
    }
    wick_slot_manager(slots[0], v.org);
    int code = sender_words(&s, words, (const uint8_t(*)[32])slots, 1, s.domain.contract, "voucher");
    if (code != CLI_OK) {
        return code;
    }
    st = wick_manager_decode(&manager, words[0]);
    if (st == WICK_OK) {
        st = wick_voucher_check(&s.h.crypto, &s.domain, &v, r, vs, manager.address);
    }
    if (st != WICK_OK) {
        return cli_fail(c, st, "voucher");
    }
    wick_calldata_register(&call, &v, r, vs);
    return sender_call(&s, NULL, "register", s.domain.contract, wick_buf_span(&call));
}

int cmd_voucher_submit(cli *c, int argc, char **argv)
{
    arguments a;
    json_doc d;
    int code = options(c, &a, argc, argv, 1, "one voucher: a file, or - for standard input");
    code = code == CLI_OK ? load(c, &d, argv[optind]) : code;
    if (code != CLI_OK) {
        return done(code);
    }
    code = open_with(c);
    code = code == CLI_OK ? submit(c, d.root) : code;
    json_free(&d);
    return done(code);
}
