/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_DAEMON_H
#define WICK_DAEMON_H
/* What commands leave to a wickd that runs with the same wick.conf, because it holds the store. */
#include "cli.h"
#include "conf.h"

/** Looks `name` up through the daemon and prints the record.
 *  @param[out] code  exit code  @return false: no daemon runs, nothing was done */
bool daemon_lookup(const cli *c, const conf *f, const char *name, int *code);

#endif
