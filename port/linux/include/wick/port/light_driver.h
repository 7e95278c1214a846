/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_LIGHT_DRIVER_H
#define WICK_PORT_LIGHT_DRIVER_H
/*
 * Fetches what a light client (wick/light.h) asks for: headers from the nodes of a pool, light client
 * objects from beacon nodes. What the light client finds untrue is held against the endpoint it came
 * from. Runs inside any loop that polls sockets, or by itself:
 *
 *     static wick_light_driver ld;
 *     wick_light_driver_init(&ld, &light, &pool, &api);           api NULL: no sync committee
 *     s = wick_light_start(&light, now);
 *     while (!wick_light_is_synced(&light)) {
 *         if (wick_light_driver_run(&ld, &event, until_ms, &clock, &net)) { ... event ... }
 *     }
 *
 * With several nodes the sources of wick_light_config are the endpoints of the pool, in their order.
 * The pool may be shared with others that take turns on it (wick_rpc_pool_take()). Those of a quorum are
 * asked beside each other if the pool has twins (wick_rpc_pool_twin()), best as many as there are nodes;
 * without, one after another, and then one that is slow costs the others their time.
 *
 * Headers come as JSON and are encoded again; with sealed chains the hash in the JSON is not the
 * Keccak of the header, so nothing is compared here but what was asked for. Sizes: 2 KB.
 */
#include "wick/light.h"
#include "wick/port/beacon_api.h"
#include "wick/port/rpc_pool.h"

#include <poll.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Requests of a light client that wait or are under way. */
#define WICK_LIGHT_DRIVER_JOBS (WICK_QUORUM_SOURCES_MAX + 2)

/* Requests of its own client at a time: of the pool, and of its twins. */
#define WICK_LIGHT_DRIVER_LANES (WICK_RPC_POOL_MAX + 1)
/* Most sockets to wait for. */
#define WICK_LIGHT_DRIVER_SOCKS (WICK_LIGHT_DRIVER_LANES + 1)

/** Private: headers being fetched. */
typedef struct wick_light_lane {
    wick_rpc_pool *pool;
    wick_light_request *job; /* under way, or NULL */
    uint32_t got, asked;     /* headers of the job so far; in the batch under way */
} wick_light_lane;

typedef struct wick_light_driver { /* private */
    wick_light *light;
    wick_rpc_pool *pool;
    wick_beacon_api *beacon;
    wick_light_request job[WICK_LIGHT_DRIVER_JOBS]; /* id 0: free */
    wick_light_lane lane[WICK_LIGHT_DRIVER_LANES];
    uint8_t lanes;
    wick_light_request *beacon_job; /* under way, or NULL */
    bool waits;             /* for the pool */
    uint8_t claimant;       /* endpoint that told the newest block last, */
    uint64_t claimed;       /* and its number */
    uint64_t deadline_ms;   /* of the light client */
    uint64_t rx_bytes, tx_bytes, calls; /* read only: what was fetched so far */
    uint8_t header[WICK_HEADER_MAX];
} wick_light_driver;

/** All pointers are kept. `beacon` is needed for the rule SYNC_COMMITTEE only. */
void wick_light_driver_init(wick_light_driver *d, wick_light *light, wick_rpc_pool *pool,
                            wick_beacon_api *beacon);

/** Does what can be done now. @return true if `event` was filled: call again */
bool wick_light_driver_step(wick_light_driver *d, wick_light_event *event, uint64_t now_ms);

/** When to step again, if no socket is ready before. */
uint64_t wick_light_driver_deadline(const wick_light_driver *d, uint64_t now_ms);

/** Sockets to wait for, at most WICK_LIGHT_DRIVER_SOCKS. @return number of entries filled */
size_t wick_light_driver_watch(const wick_light_driver *d, struct pollfd *out,
                               const wick_linux_net *net);

/** Runs until there is an event, or until `until_ms`. @return true if `event` was filled */
bool wick_light_driver_run(wick_light_driver *d, wick_light_event *event, uint64_t until_ms,
                           const wick_hal_clock *clock, const wick_linux_net *net);

/** Is a request under way? The pool is no one else's to use then, unless they take turns on it. */
bool wick_light_driver_is_busy(const wick_light_driver *d);

/** Drops what is under way. */
void wick_light_driver_cancel(wick_light_driver *d);

#ifdef __cplusplus
}
#endif
#endif
