/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_SELFTEST_H
#define WICK_HAL_SELFTEST_H
/*
 * Conformance checks of a port: does it keep the contracts of wick/hal? They run on any target, need
 * no libc, and say one line for each rule. See hal/PORTING.md for how a port comes about.
 *
 *     static wick_selftest t;
 *     memset(&t, 0, sizeof t);
 *     t.clock = &clock;           the parts that exist; what is NULL is not checked
 *     t.entropy = &entropy;
 *     t.wait = my_wait;           lets time pass, and datagrams travel
 *     t.report = my_report;       prints
 *     unsigned failed = wick_hal_selftest(&t);
 *
 * The store check uses the keys 0xFE00..0xFE03 and leaves nothing behind. The net check sends
 * datagrams from `self` to `self`; the flash check uses two sectors of the area given. It takes about half a second of the port's time.
 *
 * Sizes: wick_selftest 2.5 KB on 32-bit. Stack below 1 KB, the port's own apart.
 */
#include "wick/base.h"
#include "wick/hal/boot.h"
#include "wick/hal/clock.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/flash.h"
#include "wick/hal/keystore.h"
#include "wick/hal/net.h"
#include "wick/hal/store.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_SELFTEST_HALF (WICK_STORE_VALUE_MAX > 1200 ? WICK_STORE_VALUE_MAX + 16 : 1216)

typedef struct wick_selftest {
    const wick_hal_clock *clock;
    const wick_hal_entropy *entropy;
    const wick_hal_crypto *crypto;
    const wick_hal_store *store;
    const wick_hal_net *net;
    wick_addr self; /* for net: an address of this host that it can reach; port 0 */

    /* For keystore: two different secp256k1 keys, and an RSA key where there is one (handle 0: none).
     * Needs crypto. */
    const wick_hal_keystore *keystore;
    wick_key key_a, key_b, key_rsa;

    /* The first two sectors of the area are erased and written. The boot loader has nothing to do
     * afterwards, if nothing was asked of it before. */
    const wick_hal_flash *flash;
    wick_flash_area flash_area;
    const wick_hal_boot *boot;

    /** Lets about `ms` milliseconds pass. Needed by clock and net. */
    void (*wait)(void *ctx, uint32_t ms);
    void *wait_ctx;

    /** One line per rule: "store.overwrite". */
    void (*report)(void *ctx, const char *rule, bool kept);
    void *report_ctx;

    unsigned checked, failed; /* results */
    uint8_t scratch[2 * WICK_SELFTEST_HALF]; /* private */
} wick_selftest;

/** Runs all checks for which there is a part. @return rules broken; also t->failed */
unsigned wick_hal_selftest(wick_selftest *t);

#ifdef __cplusplus
}
#endif
#endif
