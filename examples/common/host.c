/* SPDX-License-Identifier: Apache-2.0 */
/* wick.conf, the HAL of Linux, and the keys of an identity. */
#include "host.h"

#include <stdio.h>
#include <string.h>

/* A look-up holds the store for one round trip. */
#define STORE_WAIT_MS 2000u

int host_open(host *h, const cli *c)
{
    conf_error e;
    memset(h, 0, sizeof *h);
    if (conf_load(&h->conf, &e, c->config) != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%s", e.text);
    }
    return host_open_hal(h, c);
}

int host_open_hal(host *h, const cli *c)
{
    wick_linux_clock_init(&h->clock);
    wick_linux_entropy_init(&h->entropy);
    wick_status s = wick_crypto_init(&h->crypto, &h->crypto_ctx);
    if (s == WICK_OK) {
        s = wick_crypto_blind(&h->crypto_ctx, &h->entropy);
    }
    if (s == WICK_OK) {
        s = wick_linux_net_init(&h->net, &h->linux_net);
    }
    if (s != WICK_OK) {
        return cli_fail(c, s, "start");
    }
    wick_ram_keystore_init(&h->keystore, &h->ram, &h->crypto_ctx);
    wick_ram_keystore_rsa(&h->keystore, &h->ram, &h->entropy);
    return CLI_OK;
}

int host_load_keys(host *h, const cli *c)
{
    conf_error e;
    const conf_identity *id = &h->conf.identity;
    if (conf_require(&h->conf, &e, &id->s, "name wallet_key_file device_key_file") != WICK_OK) {
        return cli_fail(c, WICK_E_CONFIG, "%.200s: %.280s", h->conf.path, e.text);
    }
    wick_status s = wick_linux_key_load(&h->wallet_key, &h->ram, id->wallet_key_file);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", id->wallet_key_file);
    }
    s = wick_linux_device_key_load(&h->device_key, &h->ram, id->device_key_file);
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", id->device_key_file);
}

void host_next_key_path(char path[HOST_NEXT_KEY_PATH], const char *device_key_file)
{
    (void)snprintf(path, HOST_NEXT_KEY_PATH, "%s.next", device_key_file);
}

/* Does wickd hold the store? Its name is enough: the answer is for people. */
static bool is_daemon(uint32_t pid)
{
    char path[32], name[16] = "";
    (void)snprintf(path, sizeof path, "/proc/%lu/comm", (unsigned long)pid);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        size_t n = fread(name, 1, sizeof name - 1, file);
        name[n] = '\0';
        (void)fclose(file);
    }
    return strcmp(name, "wickd\n") == 0;
}

int store_take(const cli *c, wick_linux_store_lock *lock, const wick_linux_store *st)
{
    uint32_t holder = 0;
    wick_status s = wick_linux_store_take(lock, &holder, st, STORE_WAIT_MS);
    if (s == WICK_E_STORE_BUSY && holder != 0 && is_daemon(holder)) {
        return cli_fail_remedy(c, s,
                               "it registers, publishes, answers and follows the chain by itself: ask it "
                               "by wick status and wick lookup, or stop it to do this by hand",
                               "%s is held by wickd, process %lu", st->dir, (unsigned long)holder);
    }
    if (s == WICK_E_STORE_BUSY && holder != 0) {
        return cli_fail(c, s, "%s is held by process %lu", st->dir, (unsigned long)holder);
    }
    return s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", st->dir);
}

void host_close(host *h)
{
    if (h->net.ctx != NULL) {
        wick_linux_net_close(&h->linux_net);
    }
    wick_ram_keystore_wipe(&h->ram);
    wick_wipe(h, sizeof *h);
}

wick_status host_leaf_key(uint8_t psk[32], size_t *len, const char *path)
{
    *len = 16; /* 32 hex digits are 16 bytes, not 32 characters */
    wick_status s = wick_linux_secret_bytes(psk, path, 16);
    if (s != WICK_OK && s != WICK_E_NOT_FOUND && s != WICK_E_FILE_MODE) {
        *len = 32;
        s = wick_linux_secret_bytes(psk, path, 32);
    }
    return s;
}
