/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LAB_INSIDE_H
#define WICK_LAB_INSIDE_H
/*
 * What the C tests of the lab share: a program that starts itself again in namespaces of its own,
 * where it may be root and no packet leaves the machine; servers as its children, which end with it;
 * time, and how long to be patient.
 *
 *     int rc;
 *     if (!lab_inside(&rc, argv, "turnserver")) {
 *         return rc;                 skipped: there is no server or no namespace
 *     }
 *     pid_t server = 0;
 *     lab_spawn(&server, arguments); and wait until it answers
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wick/base.h"
#include "wick/hal/entropy.h"

#define LAB_PATIENCE_MS 60000u /* for what happens at once on an idle machine */

extern const wick_hal_entropy lab_entropy;

uint64_t lab_now_ms(void);
/** How long something with a bar may take: the bar itself where the machine is ours alone
 *  (WICK_FULL), else LAB_PATIENCE_MS, for a busy machine says nothing about us. */
uint64_t lab_bar_ms(uint64_t bar_ms);

/** Runs a shell command that is fixed text. @return its exit status */
int lab_command(const char *line);
/** Says that nothing here can run. @return what main() returns then */
int lab_skip_all(const char *why);

/** Are we inside? Starts the program itself again under `unshare` if not. `server`, of
 *  build/deps/lab/bin, must be there, and `needs`, a shell command or NULL, must succeed.
 *  @return false: `*rc` is what main() returns */
bool lab_inside(int *rc, char **argv, const char *server, const char *needs);
/** Path of a program below build/deps/lab/bin; static, overwritten by the next call. */
const char *lab_program(const char *name);

/** Starts a program without input and output. `arg` ends with NULL. @return false if it cannot fork */
bool lab_spawn(pid_t *child, const char *const arg[]);
/** Kills it, if there is one, and waits for its end. */
void lab_kill(pid_t *child);
/** Does it still run? For a wait that a server may end by dying. */
bool lab_runs(pid_t child);

#endif
