/* SPDX-License-Identifier: Apache-2.0 */
/* PSK, token and first wick.conf of a device. */
#include "provision.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out.h"
#include "wick/record.h"

#define TOKEN_BYTES 16
#define PSK_BYTES 32
#define PATH_BYTES (2 * CONF_TEXT_MAX)
#define CONF_BYTES_MAX 65536u

static wick_status write_all(int fd, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = write(fd, text + at, len - at);
        if (n < 0 && errno != EINTR) {
            return WICK_E_HAL;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0 ? WICK_OK : WICK_E_HAL;
}

/* In one step, also over a file that is there. The folder is on disk too, when it returns. */
static wick_status put_file(const char *dir, const char *name, const char *text)
{
    char path[PATH_BYTES], fresh[PATH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)snprintf(fresh, sizeof fresh, "%s/.%s.new", dir, name);
    (void)unlink(fresh); /* of a run that was cut short */
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return WICK_E_HAL;
    }
    wick_status s = write_all(fd, text, strlen(text));
    (void)close(fd);
    if (s == WICK_OK && rename(fresh, path) != 0) {
        s = WICK_E_HAL;
    }
    fd = s == WICK_OK ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        s = fsync(fd) == 0 ? WICK_OK : WICK_E_HAL;
        (void)close(fd);
    }
    return s;
}

/* Is it the head of a section that a device needs too? */
static bool is_shared(const char *line)
{
    static const char *const kinds[] = {"chain", "rpc", "registry", "relay", "path", "service"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i]);
        if (strncmp(line + 1, kinds[i], n) == 0 && (line[1 + n] == ']' || line[1 + n] == '.')) {
            return true;
        }
    }
    return false;
}

/* Copies those sections, line by line. */
static void copy_sections(FILE *out, char *text)
{
    bool shared = false;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (line[0] == '[') {
            shared = is_shared(line);
        }
        if (shared && line[0] != '#' && line[0] != ';') {
            fprintf(out, "%s\n", line);
        }
    }
}

static wick_status put_conf(const provision *p, const host *h)
{
    static char conf_text[CONF_BYTES_MAX];
    uint8_t *like = NULL;
    size_t len = 0;
    wick_status s = cli_read_file(&like, &len, p->like != NULL ? p->like : h->conf.path);
    FILE *out = s == WICK_OK ? fmemopen(conf_text, sizeof conf_text, "w") : NULL;
    if (s == WICK_OK && out == NULL) {
        s = WICK_E_HAL;
    }
    if (s == WICK_OK) {
        fprintf(out,
                "# First boot: `wick id new %s` makes the keys, and `wickd` registers the name.\n"
                "[identity]\nname = %s\nwallet_key_file = wallet.key\ndevice_key_file = device.key\n"
                "store_dir = store\n"
                "[wallet]\naddress = %s\npsk_identity = %s\npsk_file = wallet.psk\n"
                "token_file = wallet.token\n",
                p->name, p->name, p->wallet, p->name);
        copy_sections(out, (char *)like);
        s = ferror(out) == 0 && ftell(out) < (long)sizeof conf_text - 1 ? WICK_OK : WICK_E_LIMIT;
        (void)fclose(out);
    }
    free(like);
    return s == WICK_OK ? put_file(p->dir, "wick.conf", conf_text) : s;
}

static wick_status put_secrets(const provision *p, const host *h, const char *devices)
{
    uint8_t psk[PSK_BYTES], token[TOKEN_BYTES];
    char psk_hex[2 * PSK_BYTES + 2], token_hex[2 * TOKEN_BYTES + 2], text[512];
    wick_status s = h->entropy.fill(h->entropy.ctx, psk, sizeof psk);
    if (s == WICK_OK) {
        s = h->entropy.fill(h->entropy.ctx, token, sizeof token);
    }
    wick_hex_encode(psk_hex, psk, sizeof psk);
    wick_hex_encode(token_hex, token, sizeof token);
    if (s == WICK_OK) {
        (void)snprintf(text, sizeof text, "%s\n", psk_hex);
        s = put_file(p->dir, "wallet.psk", text);
    }
    if (s == WICK_OK) {
        (void)snprintf(text, sizeof text, "%s\n", token_hex);
        s = put_file(p->dir, "wallet.token", text);
    }
    if (s == WICK_OK) {
        (void)snprintf(text, sizeof text, "{\"name\":\"%s\",\"psk\":\"0x%s\",\"token\":\"%s\"}\n",
                       p->name, psk_hex, token_hex);
        s = put_file(devices, p->name, text);
    }
    wick_wipe(psk, sizeof psk);
    wick_wipe(token, sizeof token);
    wick_wipe(psk_hex, sizeof psk_hex);
    wick_wipe(token_hex, sizeof token_hex);
    wick_wipe(text, sizeof text);
    return s;
}

int provision_make(const provision *p, const cli *c, host *h)
{
    conf_error e;
    char path[PATH_BYTES];
    wick_addr wallet;
    const char *devices = h->conf.manager.devices_dir;
    wick_status s = wick_name_check(wick_span_text(p->name));
    if (s != WICK_OK || p->name[0] == '.') {
        return cli_fail(c, WICK_E_NAME, "'%s'", p->name);
    }
    if (wick_addr_parse(&wallet, p->wallet, strlen(p->wallet)) != WICK_OK) {
        return cli_fail(c, WICK_E_MALFORMED, "'%s' is not address:port", p->wallet);
    }
    if (conf_require(&h->conf, &e, &h->conf.manager.s, "devices_dir") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", h->conf.path, e.text);
    }
    (void)snprintf(path, sizeof path, "%s/%s", devices, p->name);
    bool known = access(path, F_OK) == 0;
    if (known != p->renew) {
        return cli_fail_remedy(c, known ? WICK_E_STATE : WICK_E_NOT_FOUND,
                               known ? "`wick device replace` gives a known device a new PSK and token"
                                     : "`wick provision` announces a new device",
                               "%s", path);
    }
    if (mkdir(p->dir, 0700) != 0 && errno != EEXIST) {
        return cli_fail(c, WICK_E_HAL, "%s", p->dir);
    }
    s = put_conf(p, h);
    if (s == WICK_OK) {
        s = put_secrets(p, h, devices);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s or %s", p->dir, path);
    }
    out_rec o;
    out_begin_step(&o, stdout, c->json, "provisioned");
    out_str(&o, "name", p->name);
    out_str(&o, "device_folder", p->dir);
    out_str(&o, "manager_file", path);
    out_end(&o);
    return CLI_OK;
}
