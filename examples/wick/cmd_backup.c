/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick id backup, wick id restore: both keys of an identity, in one encrypted file. Whoever loses the
 * wallet key loses the name; whoever finds the file needs the passphrase too.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup.h"
#include "commands.h"
#include "host.h"
#include "out.h"

#define PASSPHRASE_MAX 1024

typedef struct arguments {
    const char *passphrase_file, *output;
    uint64_t fd;
    bool has_fd;
    char passphrase[PASSPHRASE_MAX];
} arguments;

static wick_status read_fd(char *out, size_t cap, int fd)
{
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n < cap - 1;) {
        got = read(fd, out + n, cap - 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    out[n] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return n == 0 ? WICK_E_MALFORMED : WICK_OK;
}

static int take_passphrase(const cli *c, arguments *a)
{
    wick_status s = a->has_fd ? read_fd(a->passphrase, sizeof a->passphrase, (int)a->fd)
                              : wick_linux_secret_text(a->passphrase, a->passphrase_file,
                                                       sizeof a->passphrase);
    if (s != WICK_OK) {
        return cli_fail(c, s, "passphrase: %s", a->has_fd ? "descriptor" : a->passphrase_file);
    }
    return strlen(a->passphrase) >= BACKUP_PASSPHRASE_MIN
               ? CLI_OK
               : cli_fail_remedy(c, WICK_E_LIMIT, "take several words at random",
                                 "the passphrase has less than %d characters", BACKUP_PASSPHRASE_MIN);
}

/* @return CLI_OK, -1 after the help, else an exit code */
static int options(cli *c, arguments *a, int argc, char **argv, bool backup)
{
    static const struct option out[] = {{"output", required_argument, NULL, 'o'},
                                        {"passphrase-file", required_argument, NULL, 'p'},
                                        {"passphrase-fd", required_argument, NULL, 'f'},
                                        CLI_COMMON_OPTIONS};
    memset(a, 0, sizeof *a);
    for (int got; (got = cli_getopt(c, argc, argv, backup ? out : out + 1)) != -1;) {
        if (got == 'o') {
            a->output = optarg;
        } else if (got == 'p') {
            a->passphrase_file = optarg;
        } else if (got == 'f' && cli_u64_arg(&a->fd, optarg, 1023) == WICK_OK) {
            a->has_fd = true;
        } else if (got == 'f') {
            return cli_usage(c, "--passphrase-fd takes the number of an open file");
        } else {
            return got == CLI_OPT_HELP ? -1 : CLI_USAGE;
        }
    }
    if ((a->passphrase_file == NULL) == !a->has_fd || argc - optind != (backup ? 0 : 1) ||
        (backup && a->output == NULL)) {
        return cli_usage(c, "one of --passphrase-file and --passphrase-fd, and %s",
                         backup ? "-o FILE" : "one file");
    }
    return take_passphrase(c, a);
}

static int open_host(const cli *c, host *h)
{
    conf_error e;
    int code = host_open(h, c);
    if (code == CLI_OK && conf_require(&h->conf, &e, &h->conf.identity.s,
                                       "name wallet_key_file device_key_file") != WICK_OK) {
        code = cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", h->conf.path, e.text);
    }
    return code;
}

static wick_status read_keys(backup_keys *k, const conf_identity *id)
{
    (void)snprintf(k->name, sizeof k->name, "%s", id->name);
    wick_status s = wick_linux_secret_bytes(k->wallet, id->wallet_key_file, sizeof k->wallet);
    if (s == WICK_OK) {
        k->device_len = 32;
        s = wick_linux_secret_bytes(k->device, id->device_key_file, 32);
        if (s == WICK_E_MALFORMED) {
            k->device_len = BACKUP_DEVICE_KEY_MAX;
            s = wick_linux_secret_bytes(k->device, id->device_key_file, BACKUP_DEVICE_KEY_MAX);
        }
    }
    return s;
}

static wick_status create(const char *path, wick_span bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return access(path, F_OK) == 0 ? WICK_E_STATE : WICK_E_HAL;
    }
    bool good = write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0;
    (void)close(fd);
    if (!good) {
        (void)unlink(path);
    }
    return good ? WICK_OK : WICK_E_HAL;
}

static void put(const cli *c, const char *event, const char *name, const char *file)
{
    out_rec o;
    out_begin_step(&o, stdout, c->json, event);
    out_str(&o, "name", name);
    out_str(&o, "file", file);
    out_end(&o);
}

int cmd_id_backup(cli *c, int argc, char **argv)
{
    static host h;
    static arguments a;
    backup_keys keys = {.name = ""};
    uint8_t bytes[BACKUP_BYTES_MAX], salt[BACKUP_SALT_BYTES];
    wick_buf out = wick_buf_make(bytes, sizeof bytes);
    int code = options(c, &a, argc, argv, true);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    code = open_host(c, &h);
    if (code == CLI_OK) {
        wick_status s = read_keys(&keys, &h.conf.identity);
        s = s == WICK_OK ? h.entropy.fill(h.entropy.ctx, salt, sizeof salt) : s;
        s = s == WICK_OK ? backup_seal(&out, &keys, wick_span_text(a.passphrase), BACKUP_ITERATIONS,
                                       &h.crypto, salt)
                         : s;
        code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "keys of '%s'", h.conf.identity.name);
        wick_wipe(&keys, sizeof keys);
    }
    if (code == CLI_OK) {
        wick_status s = create(a.output, wick_buf_span(&out));
        code = s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", a.output);
    }
    if (code == CLI_OK) {
        put(c, "backup", h.conf.identity.name, a.output);
    }
    wick_wipe(&a, sizeof a);
    host_close(&h);
    return code;
}

/* Both files, or none: a key that is there already is never overwritten. */
static int write_keys(const cli *c, const backup_keys *k, const conf_identity *id)
{
    if (strcmp(k->name, id->name) != 0) {
        return cli_fail(c, WICK_E_NAME, "the keys are of '%s', and [identity] name is '%s'", k->name,
                        id->name);
    }
    if (access(id->device_key_file, F_OK) == 0) {
        return cli_fail(c, WICK_E_STATE, "%s exists and is not overwritten", id->device_key_file);
    }
    wick_status s = wick_linux_secret_create(id->wallet_key_file, k->wallet, sizeof k->wallet);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", id->wallet_key_file);
    }
    s = wick_linux_secret_create(id->device_key_file, k->device, k->device_len);
    if (s != WICK_OK) {
        (void)unlink(id->wallet_key_file);
        return cli_fail(c, s, "%s", id->device_key_file);
    }
    return CLI_OK;
}

int cmd_id_restore(cli *c, int argc, char **argv)
{
    static host h;
    static arguments a;
    backup_keys keys;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int code = options(c, &a, argc, argv, false);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    const char *path = argv[optind];
    code = open_host(c, &h);
    if (code == CLI_OK) {
        wick_status s = cli_read_file(&bytes, &len, path);
        s = s == WICK_OK ? backup_open(&keys, wick_span_make(bytes, len),
                                       wick_span_text(a.passphrase), &h.crypto)
                         : s;
        code = s == WICK_OK ? write_keys(c, &keys, &h.conf.identity) : cli_fail(c, s, "%s", path);
    }
    if (code == CLI_OK) {
        put(c, "restored", keys.name, path);
    }
    free(bytes);
    wick_wipe(&keys, sizeof keys);
    wick_wipe(&a, sizeof a);
    host_close(&h);
    return code;
}
