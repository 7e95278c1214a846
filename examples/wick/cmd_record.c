/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick device tls-key|leaf-root: what a record holds besides the device's key,
 * by its owner. wick sponsor tls-key|leaf-root: the same by the wallet
 * manager's transaction. Each raises the epoch.
 */
#include <string.h>

#include "commands.h"
#include "owner_call.h"
#include "record_out.h"
#include "wick/port/tls_identity.h"

static sender s;
static manager_link m;

/* One word of the record, of the kind that `call` sets. */
static wick_status read_word(uint8_t word[32], const uint8_t id[32], const wick_relayed *call)
{
    uint8_t slot[1][32], words[1][32];
    if (call->kind == WICK_RELAYED_TLS_KEY) {
        wick_slot_tls_key(slot[0], id, call->service);
    } else {
        wick_slot_leaf_root(slot[0], id);
    }
    wick_status st = chain_words(&s.view, words, (const uint8_t(*)[32])slot, 1, s.domain.contract);
    memcpy(word, words[0], 32);
    return st;
}

static int set(const cli *c, wick_relayed *call, bool sponsored, const char *what)
{
    wick_device d;
    uint8_t id[32], there[32];
    uint64_t until_ms = 0;
    manager_link *by = sponsored ? &m : NULL;
    int code = owner_open(&s, by, &until_ms, c);
    code = code == CLI_OK ? owner_read(&s, &d, id) : code;
    code = code == CLI_OK ? owner_send(&s, by, call, &d, what) : code;
    bool over = code != CLI_OK || s.dry_run;
    while (!over) {
        wick_status st = read_word(there, id, call);
        over = st == WICK_OK && memcmp(there, call->word, 32) == 0;
        if (!over && !owner_later(&s, until_ms)) {
            code = st == WICK_OK
                       ? cli_fail(c, WICK_E_TX_LOST, "%s: the record does not hold it", what)
                       : chain_fail(&s.view, st, what);
            over = true;
        }
    }
    if (code == CLI_OK && !s.dry_run) {
        out_rec o;
        out_begin_step(&o, stdout, c->json, what);
        out_str(&o, "name", s.h.conf.identity.name);
        out_hex(&o, "word", there, sizeof there);
        record_put_header(&o, &s.r.head);
        out_end(&o);
    }
    owner_close(&s, by);
    return code;
}

/* SHA-256 of the SPKI of a key file. */
static int hash_of(const cli *c, uint8_t out[32], const char *path)
{
    static wick_tls_identity own;
    static host h;
    int code = host_open_hal(&h, c);
    if (code != CLI_OK) {
        return code;
    }
    wick_status st = wick_tls_identity_load(&own, path, "key", &h.entropy);
    memcpy(out, own.spki_hash, 32);
    wick_tls_identity_free(&own);
    host_close(&h);
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "%s", path);
}

static int tls_key(cli *c, int argc, char **argv, bool sponsored)
{
    static const struct option options[] = {{"tls-key", required_argument, NULL, 't'},
                                            {"hash", required_argument, NULL, 'h'},
                                            {"none", no_argument, NULL, 'n'},
                                            SEND_OPTIONS,
                                            CLI_COMMON_OPTIONS};
    const char *file = NULL, *hash = NULL;
    bool none = false;
    wick_relayed call = {.kind = WICK_RELAYED_TLS_KEY};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 't' || got == 'h') {
            *(got == 't' ? &file : &hash) = optarg;
        } else if (got == 'n') {
            none = true;
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1 || (file != NULL) + (hash != NULL) + none != 1) {
        return cli_usage(c, "one service, and one of --tls-key, --hash and --none");
    }
    if (hash != NULL && cli_hex_arg(call.word, sizeof call.word, hash) != WICK_OK) {
        return cli_usage(c, "--hash takes SHA-256 of an SPKI: 32 bytes as hex");
    }
    wick_status st = wick_name_hash(call.service, wick_span_text(argv[optind]));
    if (st != WICK_OK) {
        return cli_fail(c, st, "service '%s'", argv[optind]);
    }
    int code = file != NULL ? hash_of(c, call.word, file) : CLI_OK;
    return code == CLI_OK ? set(c, &call, sponsored, "tls-key") : code;
}

static int leaf_root(cli *c, int argc, char **argv, bool sponsored)
{
    static const struct option options[] = {SEND_OPTIONS, CLI_COMMON_OPTIONS};
    wick_relayed call = {.kind = WICK_RELAYED_LEAF_ROOT};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1 || cli_hex_arg(call.word, sizeof call.word, argv[optind]) != WICK_OK) {
        return cli_usage(c, "one root: 32 bytes as hex, zero for none");
    }
    return set(c, &call, sponsored, "leaf-root");
}

int cmd_device_tls_key(cli *c, int argc, char **argv)
{
    return tls_key(c, argc, argv, false);
}

int cmd_sponsor_tls_key(cli *c, int argc, char **argv)
{
    return tls_key(c, argc, argv, true);
}

int cmd_device_leaf_root(cli *c, int argc, char **argv)
{
    return leaf_root(c, argc, argv, false);
}

int cmd_sponsor_leaf_root(cli *c, int argc, char **argv)
{
    return leaf_root(c, argc, argv, true);
}
