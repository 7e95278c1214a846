/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LAB_TURN_LAB_H
#define WICK_LAB_TURN_LAB_H
/*
 * Real coturn, below build/deps/lab, in namespaces of its own: the loopback device has addresses that
 * look public, and the servers run there. Skipped where there is no coturn or no namespace.
 *
 *   20.0.0.1 a client - 20.0.0.10, 20.0.0.11 the servers - 20.0.0.20 a peer
 */
#include "lab_inside.h"

/** Inside, with the addresses; as lab_inside(). */
bool lab_turn_inside(int *rc, char **argv, const char *needs);
/** Starts a server, having ended the one before, and waits until it answers Binding requests at
 *  `server`. `extra` are its own arguments, ended by NULL: addresses, users. */
bool lab_turn_start(pid_t *child, const wick_addr *server, const char *const extra[]);

#endif
