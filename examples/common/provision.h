/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_PROVISION_H
#define WICK_EXAMPLES_PROVISION_H
/*
 * What the factory gives a device, and tells the manager about it: a PSK and a token, at random, and the
 * wick.conf of its first boot. The manager's file is {"name","psk","token"}, mode 0600, in [manager]
 * devices_dir. Each file is whole or not there, and the manager's comes last: a device that he knows has
 * all of its own.
 *
 *     int code = provision_make(&p, cli, &host);
 */
#include "cli.h"
#include "host.h"

typedef struct provision {
    const char *name;
    const char *dir;       /* the device's folder, made if it is not there */
    const char *like;      /* a wick.conf whose [chain], [rpc], [registry], [relay], [path] and [service]
                            * sections the device gets; NULL: that of the manager */
    const char *wallet;    /* address:port under which the device reaches wick-wallet */
    bool renew;            /* the device is known already: its PSK and token are replaced */
} provision;

/** @return exit code; the error is printed */
int provision_make(const provision *p, const cli *c, host *h);

#endif
