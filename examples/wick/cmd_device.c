/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick device: the records of devices, for those who run them. `list` and `show` are proven reads;
 * `rotate` and `revoke` are transactions of the record's owner.
 *
 * A rotation must not end between two keys. The new key is on disk, beside the old one, before its
 * transaction is sent; it takes the old one's place when the record is proven to hold it. A rotation
 * that was cut short is taken up again from what the chain says.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "ctl.h"
#include "owner_call.h"
#include "record_out.h"
#include "vouch.h"
#include "wick/rsa.h"

#define DEVICES_MAX 16384u

static sender s;
static manager_link m;

static const char *state_text(wick_status st, const wick_device *d, uint64_t now_s)
{
    return st == WICK_E_RECORD_ABSENT    ? "absent"
           : st == WICK_E_RECORD_REVOKED ? "revoked"
           : st != WICK_OK               ? "invalid"
           : d->not_after <= now_s       ? "expired"
                                         : "live";
}

static uint64_t unix_now(void)
{
    uint64_t now = 0;
    return s.h.clock.unix_s(s.h.clock.ctx, &now) == WICK_OK ? now : s.r.head.timestamp;
}

/* Proven under the head that was read last. */
static wick_status read_under_head(wick_device *d, const uint8_t id[32])
{
    uint8_t slots[2][32], words[2][32];
    wick_slot_device(slots[0], id, 0);
    wick_slot_device(slots[1], id, 1);
    wick_status st = reader_words(&s.r, words, (const uint8_t(*)[32])slots, 2, s.domain.contract);
    return st == WICK_OK ? wick_device_decode(d, words[0], words[1]) : st;
}

static bool is_record(wick_status st)
{
    return st == WICK_OK || st == WICK_E_RECORD_ABSENT || st == WICK_E_RECORD_REVOKED ||
           st == WICK_E_RECORD_INVALID;
}

/* ---- list, show ---- */

static int put_one(const cli *c, const char *name, bool whole)
{
    uint8_t id[32];
    wick_device d;
    wick_status st = wick_name_hash(id, wick_span_text(name));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", name);
    }
    st = read_under_head(&d, id);
    if (!is_record(st)) {
        return chain_fail(&s.view, st, name);
    }
    const char *state = state_text(st, &d, unix_now());
    out_rec o;
    if (whole && !c->json) {
        out_begin(&o, stdout, false);
    } else {
        out_begin_step(&o, stdout, c->json, "device");
    }
    out_str(&o, "state", state);
    if (whole && (st == WICK_OK || st == WICK_E_RECORD_REVOKED)) {
        record_put_device(&o, name, id, &d);
    } else {
        out_str(&o, "name", name);
        out_u64(&o, "epoch", d.epoch);
        out_u64(&o, "not_after", d.not_after);
    }
    if (whole) {
        record_put_header(&o, &s.r.head);
    }
    out_end(&o);
    return strcmp(state, "live") == 0 ? CLI_OK : CLI_REFUSED;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the provisioning files, in order. */
static int list_folder(const cli *c)
{
    static char *names[DEVICES_MAX];
    size_t n = 0;
    conf_error e;
    const char *folder = s.h.conf.manager.devices_dir;
    if (conf_require(&s.h.conf, &e, &s.h.conf.manager.s, "devices_dir") != WICK_OK) {
        return cli_fail_remedy(c, WICK_E_CONFIG, "name the devices, or give [manager] devices_dir",
                               "%.200s: %.280s", s.h.conf.path, e.text);
    }
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return cli_fail(c, WICK_E_NOT_FOUND, "%s", folder);
    }
    for (struct dirent *d = readdir(dir); d != NULL && n < DEVICES_MAX; d = readdir(dir)) {
        if (wick_name_check(wick_span_text(d->d_name)) == WICK_OK && d->d_name[0] != '.') {
            names[n] = strdup(d->d_name);
            n += names[n] != NULL;
        }
    }
    (void)closedir(dir);
    qsort(names, n, sizeof names[0], by_name);
    int code = CLI_OK;
    for (size_t i = 0; i < n; i++) {
        int one = put_one(c, names[i], false);
        code = one > code && one != CLI_REFUSED ? one : code; /* an absent one is no error of a list */
        free(names[i]);
    }
    return code;
}

static int reading(cli *c, int argc, char **argv, bool whole)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, SEND_OPT_TIMEOUT},
                                            CLI_COMMON_OPTIONS};
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (whole && argc - optind != 1) {
        return cli_usage(c, "one name");
    }
    s.no_key = true;
    int code = sender_open(&s, c);
    if (code == CLI_OK) {
        wick_status st = chain_head(&s.view);
        code = st == WICK_OK ? CLI_OK : chain_fail(&s.view, st, "head");
    }
    if (code == CLI_OK && !whole && argc == optind) {
        code = list_folder(c);
    }
    for (int i = optind; i < argc && (code == CLI_OK || code == CLI_REFUSED); i++) {
        int one = put_one(c, argv[i], whole);
        code = one > code ? one : code;
    }
    sender_close(&s);
    return code;
}

int cmd_device_list(cli *c, int argc, char **argv)
{
    return reading(c, argc, argv, false);
}

int cmd_device_show(cli *c, int argc, char **argv)
{
    return reading(c, argc, argv, true);
}

/* ---- revoke ---- */

static int read_record(const cli *c, wick_device *d, const uint8_t id[32], const char *name)
{
    wick_status st = chain_head(&s.view);
    if (st == WICK_OK) {
        st = read_under_head(d, id);
    }
    return st == WICK_OK           ? CLI_OK
           : is_record(st)         ? cli_fail(c, st, "%s", name)
                                   : chain_fail(&s.view, st, name);
}

int cmd_device_revoke(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"as-org", no_argument, NULL, 'o'}, SEND_OPTIONS,
                                            CLI_COMMON_OPTIONS};
    uint8_t id[32], bytes[WICK_CALLDATA_MAX];
    wick_device d;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 'o') {
            s.as_manager = true;
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    if (argc - optind != 1) {
        return cli_usage(c, "one name");
    }
    const char *name = argv[optind];
    wick_status st = wick_name_hash(id, wick_span_text(name));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", name);
    }
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    int code = sender_open(&s, c);
    if (code == CLI_OK && s.as_manager) {
        code = read_record(c, &d, id, name);
        wick_calldata_revoke_as_org(&call, id, d.epoch);
    } else {
        wick_calldata_revoke(&call, id);
    }
    code = code == CLI_OK ? sender_call(&s, NULL, "revoke", s.domain.contract, wick_buf_span(&call))
                          : code;
    if (code == CLI_OK && !s.dry_run) {
        st = chain_head(&s.view);
        code = st != WICK_OK                           ? chain_fail(&s.view, st, name)
               : put_one(c, name, true) == CLI_REFUSED ? CLI_OK
                                                       : CLI_REFUSED;
    }
    sender_close(&s);
    return code;
}

/* ---- rotate ---- */

/* A daemon that is not root has to read what root has made: it belongs to whom the present key belongs to. */
static void give_to_owner(const char *path, const char *device_key_file)
{
    struct stat own, next;
    int fd = geteuid() == 0 && stat(device_key_file, &own) == 0
                 ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                 : -1;
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &next) != 0 || !S_ISREG(next.st_mode) || next.st_nlink != 1 ||
        (next.st_uid != own.st_uid && fchown(fd, own.st_uid, own.st_gid) != 0)) {
        fprintf(stderr, "wick: %s stays with root\n", path); /* the daemon says so, too */
    }
    (void)close(fd);
}

/* The key that is to come: of a rotation that was cut short, or a new one. */
static int next_key(const cli *c, wick_device *next, wick_buf *spki, const char *path, bool rsa)
{
    wick_key key;
    host *h = &s.h;
    wick_status st = wick_linux_device_key_load(&key, &h->ram, path);
    if (st == WICK_E_NOT_FOUND) {
        st = rsa ? wick_linux_rsa_key_generate(&key, &h->ram, path)
                 : wick_linux_key_generate(&key, &h->ram, path, &h->entropy);
    }
    if (st == WICK_OK) {
        st = vouch_key_words(next, spki, &h->crypto, &h->keystore, key);
    }
    return st == WICK_OK ? CLI_OK : cli_fail(c, st, "%s", path);
}

/* announce() of the key that a record will have the hash of; it takes nobody's signature. */
static int announce(manager_link *by, wick_span spki)
{
    uint8_t bytes[WICK_CALLDATA_MAX];
    wick_buf call = wick_buf_make(bytes, sizeof bytes);
    wick_calldata_announce(&call, spki);
    return by != NULL ? owner_have_sent(&s, by, wick_buf_span(&call))
                      : sender_call(&s, NULL, "announce", s.domain.contract, wick_buf_span(&call));
}

/* A daemon that runs takes the new key. If it cannot be told, it sees the record. */
static void tell_daemon(void)
{
    static ctl link_to;
    if (ctl_open(&link_to, &s.h.conf) == WICK_OK) {
        const wick_json *answer;
        const char *text;
        if (ctl_send(&link_to, "{\"op\":\"reload\"}") == WICK_OK) {
            wick_status told = ctl_next(&link_to, &answer, &text, CTL_TIMEOUT_MS);
            (void)told;
        }
    }
    ctl_close(&link_to);
}

/* @param[in] by  who pays; NULL: the owner */
static int rotate(const cli *c, manager_link *by, uint64_t until_ms, bool rsa)
{
    char path[HOST_NEXT_KEY_PATH];
    uint8_t id[32], der[WICK_RSA_SPKI_MAX];
    wick_device now, next;
    wick_relayed call = {.kind = WICK_RELAYED_ROTATE};
    wick_buf spki = wick_buf_make(der, sizeof der);
    const conf_identity *id_conf = &s.h.conf.identity;
    const char *name = id_conf->name;
    host_next_key_path(path, id_conf->device_key_file);
    wick_status st = wick_name_hash(id, wick_span_text(name));
    if (st != WICK_OK) {
        return cli_fail(c, st, "'%s'", name);
    }
    int code = read_record(c, &now, id, name);
    bool there = access(path, F_OK) == 0;
    code = code == CLI_OK ? next_key(c, &next, &spki, path, rsa) : code;
    if (code == CLI_OK) {
        give_to_owner(path, id_conf->device_key_file);
    }
    if (code == CLI_OK && !vouch_same_key(&now, &next)) {
        code = spki.len != 0 ? announce(by, wick_buf_span(&spki)) : code;
        call.key_type = next.key_type;
        call.flags = next.flags;
        memcpy(call.word, next.key, sizeof call.word);
        code = code == CLI_OK ? owner_send(&s, by, &call, &now, "rotate") : code;
        if (s.dry_run && !there) {
            (void)unlink(path); /* nobody has seen it */
        }
        if (s.dry_run) {
            return code;
        }
        do {
            code = code == CLI_OK ? read_record(c, &now, id, name) : code;
        } while (code == CLI_OK && by != NULL && !vouch_same_key(&now, &next) && owner_later(&s, until_ms));
    }
    if (code != CLI_OK) {
        return code;
    }
    if (!vouch_same_key(&now, &next)) {
        return cli_fail(c, WICK_E_RECORD_STALE, "%s: the record does not hold the key of %s", name,
                        path);
    }
    if (rename(path, id_conf->device_key_file) != 0 && errno != ENOENT) {
        return cli_fail(c, WICK_E_HAL, "%s", id_conf->device_key_file);
    }
    tell_daemon(); /* it may have put the key in its place itself */
    return put_one(c, name, true);
}

static int cmd_rotate(cli *c, int argc, char **argv, manager_link *by)
{
    static const struct option options[] = {{"type", required_argument, NULL, 't'}, SEND_OPTIONS,
                                            CLI_COMMON_OPTIONS};
    const char *type = "secp256k1";
    uint64_t until_ms = 0;
    conf_error e;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got == 't') {
            type = optarg;
        } else if (!sender_option(&s, got)) {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
    }
    bool rsa = strcmp(type, "rsa") == 0;
    if (argc != optind || (!rsa && strcmp(type, "secp256k1") != 0)) {
        return cli_usage(c, "no argument; --type takes rsa or secp256k1");
    }
    int code = by != NULL ? owner_open(&s, by, &until_ms, c) : sender_open(&s, c);
    if (code == CLI_OK &&
        conf_require(&s.h.conf, &e, &s.h.conf.identity.s, "name device_key_file") != WICK_OK) {
        code = cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", s.h.conf.path, e.text);
    }
    code = code == CLI_OK ? rotate(c, by, until_ms, rsa) : code;
    owner_close(&s, by);
    return code;
}

int cmd_device_rotate(cli *c, int argc, char **argv)
{
    return cmd_rotate(c, argc, argv, NULL);
}

int cmd_sponsor_rotate(cli *c, int argc, char **argv)
{
    return cmd_rotate(c, argc, argv, &m);
}
