/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICKD_HELPER_H
#define WICKD_HELPER_H
/*
 * Another process of this program, for what blocks: making a proof bundle (bundles.h), reading the release
 * index and fetching blocks of firmware (firmware.h). It has none of our descriptors and memory, loads no
 * key, and does not touch the store: where a chain has a light client, it begins from a copy of what ours
 * has stored. What it makes is one file, written beside it and put in its place.
 *
 * Files of a kind of helper are in a folder of its own in the store_dir, `part`.
 */
#include <sys/types.h>

#include "host.h"

#define HELPER_MS 30000u    /* for one file; below WICK_LEAF_ASK_MS */
#define HELPER_POLL_MS 100u /* is it ready? */
#define HELPER_PATH_BYTES (2 * CONF_TEXT_MAX + 16)
/* Of a process that has proven that there is nothing: one more exit code than the tool's. */
#define HELPER_NOTHING 4

typedef struct helper {
    pid_t pid;     /* 0: none runs */
    unsigned turn; /* how many the time was too short for: the next one may begin with another source */
    uint64_t until_ms;
} helper;

/** The folder of `part`. @return false: there is no store_dir */
bool helper_dir(char path[HELPER_PATH_BYTES], const conf *c, const char *part);

/** Starts `wickd --config FILE --WHAT NAME --turn N --output PATH`; makes the folder of `part`, and the
 *  copy there.
 *  @retval WICK_OK helper_run() will say  @retval WICK_E_LIMIT one runs
 *  @retval WICK_E_UNSUPPORTED no store_dir, and so no place for it  @retval WICK_E_HAL */
WICK_NODISCARD wick_status helper_start(helper *h, const conf *c, const char *part, const char *what,
                                        const char *name, const char *path, uint64_t now_ms);

/** @param[out] status  OK; NOT_FOUND where there is nothing of the kind; TIMEOUT where a node or the time
 *                      was short; AGAIN where it failed otherwise (stderr says why)
 *  @return true: it has ended */
bool helper_run(helper *h, wick_status *status, uint64_t now_ms);

/** Ends it. */
void helper_close(helper *h);

/** In the other process: the configuration, with the copy in place of the store. @return exit code */
int helper_open(host *h, const cli *c, const char *part);

/** A file as a whole, readable by its owner alone. */
bool helper_replace(const char *path, wick_span bytes);

#endif
