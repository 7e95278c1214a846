/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_HOST_H
#define WICK_EXAMPLES_HOST_H
/*
 * wick.conf, the HAL of Linux and the keys of an identity: what a command needs that has no agent.
 */
#include "cli.h"
#include "conf.h"
#include "wick/port/linux.h"

typedef struct host {
    conf conf;
    wick_crypto_ctx crypto_ctx;
    wick_hal_crypto crypto;
    wick_hal_clock clock;
    wick_hal_entropy entropy;
    wick_linux_net linux_net;
    wick_hal_net net;
    wick_ram_keystore ram;
    wick_hal_keystore keystore;
    wick_key wallet_key, device_key;
} host;

/** Reads wick.conf and fills the HAL. @return exit code; not CLI_OK after the error was printed */
int host_open(host *h, const cli *c);
/** The HAL alone, for commands that need no configuration; `h` is zeroed before. */
int host_open_hal(host *h, const cli *c);
/** Loads the two keys of [identity]. */
int host_load_keys(host *h, const cli *c);
void host_close(host *h);

/** Where the key that is to come is, while the device key is rotated. */
#define HOST_NEXT_KEY_PATH (CONF_TEXT_MAX + 8)
void host_next_key_path(char path[HOST_NEXT_KEY_PATH], const char *device_key_file);

/** Key of a leaf from its file: 16 bytes, for small stacks, or 32. As wick_linux_secret_bytes(). */
WICK_NODISCARD wick_status host_leaf_key(uint8_t psk[32], size_t *len, const char *path);

/** Takes a store for this process, after a short wait for commands that hold it for a moment.
 *  @return exit code; the error, which names the holder, is printed */
int store_take(const cli *c, wick_linux_store_lock *lock, const wick_linux_store *st);

#endif
