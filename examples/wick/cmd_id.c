/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick id: the two keys of a gateway. The wallet key owns the record and pays; the device key
 * proves the name in handshakes. They are never one key, so that one can be kept where the other is
 * not.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chain.h"
#include "commands.h"
#include "host.h"
#include "out.h"
#include "record_out.h"
#include "wick/record.h"
#include "wick/rsa.h"
#include "wick/tx.h"

/* Prints both public sides, and refuses one key in two roles. */
static int put_identity(const cli *c, const host *h, const char *name, const char *const paths[2])
{
    uint8_t wallet[33], device[33], address[20], id[32];
    uint8_t pub[WICK_RSA_PUB_BYTES], spki[WICK_RSA_SPKI_MAX];
    size_t spki_len = 0;
    char text[WICK_ETH_ADDRESS_STR_BYTES];
    const wick_hal_keystore *k = &h->keystore;
    wick_status s = wick_name_hash(id, wick_span_make((const uint8_t *)name, strlen(name)));
    if (s == WICK_OK) {
        s = k->secp256k1_public(k->ctx, wallet, h->wallet_key);
    }
    if (s == WICK_OK) {
        s = k->secp256k1_public(k->ctx, device, h->device_key);
    }
    if (s == WICK_E_NOT_FOUND && k->rsa_public != NULL) {
        s = k->rsa_public(k->ctx, pub, h->device_key);
        spki_len = s == WICK_OK ? wick_rsa_spki_encode(spki, pub) : 0;
    }
    if (s == WICK_OK && spki_len == 0 && memcmp(wallet, device, sizeof wallet) == 0) {
        s = WICK_E_SAME_KEY;
    }
    if (s == WICK_OK) {
        s = wick_eth_address_of(address, wallet, &h->crypto);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "identity '%s'", name);
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_str(&o, "name", name);
    out_hex(&o, "id", id, sizeof id);
    if (c->json) {
        out_hex(&o, "wallet", address, sizeof address);
    } else {
        wick_eth_address_str(text, address);
        out_str(&o, "wallet", text);
    }
    out_str(&o, "device_key_type", spki_len != 0 ? "rsa" : "secp256k1");
    if (spki_len != 0) {
        out_hex(&o, "device_key", spki, spki_len); /* SPKI; the record holds its SHA-256 */
    } else {
        out_hex(&o, "device_key", device, sizeof device);
    }
    out_str(&o, "wallet_key_file", paths[0]);
    out_str(&o, "device_key_file", paths[1]);
    out_end(&o);
    return CLI_OK;
}

/* Both files or none. */
static int make_keys(const cli *c, host *h, const char *const paths[2], bool rsa)
{
    for (int i = 0; i < 2; i++) {
        if (access(paths[i], F_OK) == 0) {
            return cli_fail_remedy(c, WICK_E_STATE,
                                   "name other files, or move the old key away if its record is "
                                   "no longer needed",
                                   "%s exists and is not overwritten", paths[i]);
        }
    }
    wick_status s = wick_linux_key_generate(&h->wallet_key, &h->ram, paths[0], &h->entropy);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", paths[0]);
    }
    s = rsa ? wick_linux_rsa_key_generate(&h->device_key, &h->ram, paths[1])
            : wick_linux_key_generate(&h->device_key, &h->ram, paths[1], &h->entropy);
    if (s != WICK_OK) {
        unlink(paths[0]);
        return cli_fail(c, s, "%s", paths[1]);
    }
    return CLI_OK;
}

static int new_in_dir(const cli *c, host *h, const char *name, const char *dir, bool rsa)
{
    char wallet[CONF_TEXT_MAX], device[CONF_TEXT_MAX];
    int n = snprintf(wallet, sizeof wallet, "%s/%s.wallet.key", dir, name);
    int m = snprintf(device, sizeof device, "%s/%s.device.key", dir, name);
    const char *const paths[2] = {wallet, device};
    if (n < 0 || m < 0 || (size_t)n >= sizeof wallet || (size_t)m >= sizeof device) {
        return cli_usage(c, "--dir is too long");
    }
    int code = make_keys(c, h, paths, rsa);
    return code == CLI_OK ? put_identity(c, h, name, paths) : code;
}

static int new_from_conf(const cli *c, host *h, const char *name, bool rsa)
{
    conf_error e;
    const conf_identity *id = &h->conf.identity;
    const char *const paths[2] = {id->wallet_key_file, id->device_key_file};
    if (conf_require(&h->conf, &e, &id->s, "name wallet_key_file device_key_file") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", h->conf.path, e.text);
    }
    if (strcmp(id->name, name) != 0) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: [identity] name is %s, not %s", h->conf.path,
                        id->name, name);
    }
    int code = make_keys(c, h, paths, rsa);
    return code == CLI_OK ? put_identity(c, h, name, paths) : code;
}

int cmd_id_new(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"type", required_argument, NULL, 't'},
                                            CLI_COMMON_OPTIONS};
    const char *dir = NULL, *type = "secp256k1";
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'd') {
            dir = optarg;
        } else if (got == 't') {
            type = optarg;
        } else {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    bool rsa = strcmp(type, "rsa") == 0;
    if (!rsa && strcmp(type, "secp256k1") != 0) {
        return cli_usage(c, "--type takes rsa or secp256k1");
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one name");
    }
    const char *name = argv[optind];
    wick_status s = wick_name_check(wick_span_make((const uint8_t *)name, strlen(name)));
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", name);
    }
    static host h;
    int code = dir != NULL ? host_open_hal(&h, c) : host_open(&h, c);
    if (code == CLI_OK) {
        code = dir != NULL ? new_in_dir(c, &h, name, dir, rsa) : new_from_conf(c, &h, name, rsa);
    }
    host_close(&h);
    return code;
}

int cmd_id_show(cli *c, int argc, char **argv)
{
    static const struct option options[] = {CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
    }
    if (argc != optind) {
        return cli_usage(c, "no argument");
    }
    static host h;
    int code = host_open(&h, c);
    code = code == CLI_OK ? host_load_keys(&h, c) : code;
    if (code == CLI_OK) {
        const char *const paths[2] = {h.conf.identity.wallet_key_file,
                                      h.conf.identity.device_key_file};
        code = put_identity(c, &h, h.conf.identity.name, paths);
    }
    host_close(&h);
    return code;
}

/* ---- check ---- */

static reader r;
static chain_view view;

/* Three results: FOUND, ABSENT, and not proven, which is an error. The words are proven either way: a
 * node cannot make a name look free by leaving something out. */
static int check(const cli *c, host *h, const char *text)
{
    uint8_t id[32], service[32], slots[2][32], words[2][32];
    wick_peer_ref ref;
    wick_device device;
    wick_status s = chain_peer(&ref, id, service, text);
    s = s == WICK_OK && ref.service.len != 0 ? WICK_E_NAME : s;
    if (s != WICK_OK) {
        return cli_fail(c, s, "'%s'", text);
    }
    int code = chain_open(&view, &r, c, h, ref.registry);
    if (code != CLI_OK) {
        return code;
    }
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    s = chain_words(&view, words, (const uint8_t(*)[32])slots, 2, view.registry->device_registry);
    if (s != WICK_OK) {
        return chain_fail(&view, s, text);
    }
    s = wick_device_decode(&device, words[0], words[1]);
    if (s == WICK_E_RECORD_INVALID) {
        return cli_fail(c, s, "%s", text);
    }
    out_rec o;
    out_begin(&o, stdout, c->json);
    out_str(&o, "name", text);
    out_str(&o, "result", s == WICK_E_RECORD_ABSENT ? "ABSENT" : "FOUND");
    out_bool(&o, "free", s == WICK_E_RECORD_ABSENT);
    out_hex(&o, "id", id, sizeof id);
    if (s != WICK_E_RECORD_ABSENT) {
        out_hex(&o, "owner", device.owner, sizeof device.owner);
        out_u64(&o, "epoch", device.epoch);
        out_bool(&o, "revoked", s == WICK_E_RECORD_REVOKED);
    }
    record_put_header(&o, &r.head);
    out_u64(&o, "bytes", r.bytes);
    out_end(&o);
    return s == WICK_E_RECORD_ABSENT ? CLI_OK : CLI_REFUSED;
}

int cmd_id_check(cli *c, int argc, char **argv)
{
    bool over;
    int code = chain_options(&view, &over, c, argc, argv);
    if (over) {
        return code;
    }
    static host h;
    code = host_open(&h, c);
    view.may_share = true;
    code = code == CLI_OK ? check(c, &h, argv[optind]) : code;
    chain_close(&view);
    host_close(&h);
    return code;
}
