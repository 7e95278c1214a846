/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_RELAY_TRIAL_H
#define WICK_EXAMPLES_RELAY_TRIAL_H
/*
 * A trial of a TURN server: one or two allocations, a permission for the server's own relay address,
 * which peers on the same relay need, and datagrams from one allocation to the other and back, which is
 * what two gateways on one relay do.
 *
 *     static relay_trial t = {.c = cli, .h = &host, .ends = 2, .quiet = true};
 *     s = relay_trial_begin(&t, &link, &cfg);
 *     if (s == WICK_OK) { s = relay_trial_ping(&t, 5, 32); }
 *     relay_trial_end(&t);
 */
#include "cli.h"
#include "host.h"
#include "wick/port/turn_link.h"
#include "wick/turn.h"

#define RELAY_TRIAL_PAYLOAD_MAX 1200u

typedef struct relay_end {
    wick_turn turn;
    wick_turn_link link;
    wick_addr relayed;
    wick_status status; /* of the client, once it is done */
    bool done, allocated, permitted, denied;
} relay_end;

typedef struct relay_trial {
    const cli *c; /* for notes; also for what is allocated, unless `quiet` */
    host *h;
    bool quiet;
    relay_end end[2];
    unsigned ends;
    uint64_t begin_us;
    /* ping */
    unsigned sent, answered;
    uint64_t sent_us, least_us, most_us, sum_us;
    bool waiting;
    bool news; /* something has happened since wait() began */
} relay_trial;

/** Allocates, and asks for the permissions; prints what was allocated unless `quiet`. Of `t` the caller
 *  sets c, h, ends and quiet.
 *  @retval WICK_OK settled: permitted or not  @retval others why there is no allocation */
WICK_NODISCARD wick_status relay_trial_begin(relay_trial *t, const wick_turn_link_config *link,
                                             const wick_turn_config *cfg);

/** `count` datagrams of `bytes` to the second end, which sends them back; then gives both back.
 *  @retval WICK_OK all came back  @retval WICK_E_TURN_FORBIDDEN the server denies its own address
 *  @retval WICK_E_TURN_RELAY_UNFIT none came back, or both ends have one address
 *  @retval WICK_E_TIMEOUT some were lost */
WICK_NODISCARD wick_status relay_trial_ping(relay_trial *t, uint64_t count, uint64_t bytes);

/** Gives the allocations back, and waits a moment for the answers. */
void relay_trial_release(relay_trial *t);

/** Closes sockets and wipes. */
void relay_trial_end(relay_trial *t);

/** Begin, five datagrams, end. As relay_trial_begin() and relay_trial_ping(), but for WICK_OK it is
 *  enough that most came back. */
WICK_NODISCARD wick_status relay_trial_once(relay_trial *t, const wick_turn_link_config *link,
                                            const wick_turn_config *cfg);

#endif
