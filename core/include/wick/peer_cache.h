/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PEER_CACHE_H
#define WICK_PEER_CACHE_H
/*
 * Records that were proven a short while ago, so that the next handshake with the same peer waits for no
 * node: neither the side that calls nor the side that is called.
 *
 *     static wick_peer_cache cache;              zero
 *     registry.cache_s = 300;
 *     cfg.cache = &cache;
 *
 * When a record serves again. All of these must hold, else it is read anew:
 *   - it was proven in full, not in grace, at most registry.cache_s ago (0: never; at most
 *     WICK_GW_CACHE_MAX_S, for which time responders keep their former key)
 *   - the handshake with its key has succeeded since: a call that is not answered, a caller whose key is
 *     another one, and whoever only claims a name, get what the chain says now
 *   - nothing newer is known: its epoch and sequence number are not below the marks (wick/marks.h), no
 *     block it was read under has left the chain, headers of that chain are not stale or in conflict
 *   - it has not expired by now, and has an endpoint that may be tried
 * Look-ups that an application asks for are always read, and so are the looks at peers of running sessions
 * (WICK_GW_WATCH_MS); what these say takes the place of what was remembered, and a record that is absent or
 * revoked is forgotten. A record keeps the tier under which it was proven, and PEER_RESOLVED says `cached`.
 *
 * What it costs: a key that was revoked or replaced is believed for cache_s longer.
 *
 * Bounds: WICK_GW_PEERS_CACHED entries of 0.6 KB; the one used longest ago gives way. Built without
 * WICK_WITH_PEER_CACHE there is no cfg.cache, and wick_gateway_forget() says UNSUPPORTED.
 */
#include "wick/gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Fields are private. */
typedef struct wick_peer_cache {
    struct {
        bool used, whole;  /* whole: with the endpoints of a service, else the device words alone */
        bool confirmed;    /* a handshake with this key has succeeded since */
        uint64_t proven_ms, used_ms;
        wick_gateway_record record;
    } entry[WICK_GW_PEERS_CACHED];
} wick_peer_cache;

/** Forgets what is remembered of a peer, so that its record is read anew.
 *  @retval WICK_OK  @retval WICK_E_NAME  @retval WICK_E_CONFIG no such registry
 *  @retval WICK_E_UNSUPPORTED nothing is ever remembered */
WICK_NODISCARD wick_status wick_gateway_forget(wick_gateway *gw, const char *ref);

#ifdef __cplusplus
}
#endif
#endif
