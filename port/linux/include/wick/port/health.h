/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_HEALTH_H
#define WICK_PORT_HEALTH_H
/*
 * How well an endpoint has served, and when to ask it again. One rule for nodes and beacon nodes
 * (wick/port/rpc_pool.h, wick/port/beacon_api.h):
 *
 *  - A failure to answer (network, time-out, server error) gives a pause that doubles from
 *    WICK_HEALTH_PAUSE_MS to WICK_HEALTH_PAUSE_MAX_MS, with a quarter of jitter either way, so that a
 *    fleet that lost a server does not come back to it at once.
 *  - A wish to slow down (HTTP 429, JSON-RPC error -32005) gives what Retry-After says, else a pause
 *    four times as long.
 *  - An untrue answer (another chain, a header that does not hash, a proof that fails) disqualifies
 *    the endpoint for WICK_HEALTH_BAN_MS, doubled each time up to a day: it may have been forged by
 *    somebody on the way, so it is not for ever, and each WICK_HEALTH_FADE_MS takes one away again.
 *  - A good answer forgives failures; the time it took is averaged.
 *
 * The lower the score the better. Size 56 bytes.
 */
#include "wick/base.h"
#include "wick/hal/entropy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_HEALTH_PAUSE_MS 250u
#define WICK_HEALTH_PAUSE_MAX_MS 60000u
#define WICK_HEALTH_BAN_MS 30000u
#define WICK_HEALTH_BAN_MAX_MS 86400000u
#define WICK_HEALTH_FADE_MS 21600000u

typedef struct wick_health {
    uint64_t not_before_ms; /* asked again from then on */
    uint64_t banned_ms;     /* when it was disqualified last */
    uint32_t latency_ms;    /* average of good answers, 0: none yet */
    uint32_t good, failed, limited, untrue; /* answers so far */
    uint8_t failures;       /* in a row */
    uint8_t bans;           /* then; older ones fade */
    uint8_t useless;        /* in a row: true for all that is known, and of no use to who asked */
    wick_status last;       /* of the last answer */
} wick_health;

typedef enum wick_health_verdict {
    WICK_HEALTH_GOOD = 0,
    WICK_HEALTH_FAILED,  /* no answer, or an error of the server */
    WICK_HEALTH_LIMITED, /* it wants to be asked less */
    WICK_HEALTH_UNTRUE   /* disqualified */
} wick_health_verdict;

/** What a status says of the endpoint it came from. Statuses that say nothing are GOOD. */
wick_health_verdict wick_health_of(wick_status status);

/** Takes note of an answer.
 *  @param[in] took_ms  time it took
 *  @param[in] wait_s   what the endpoint asked for (Retry-After), 0: nothing
 *  @param[in] entropy  for the jitter; without randomness there is none */
void wick_health_note(wick_health *h, const wick_hal_entropy *entropy, uint64_t now_ms,
                      wick_status status, uint32_t took_ms, uint32_t wait_s);

/** An answer was of use, or of none: whoever has nothing to say is not preferred for being quick. */
void wick_health_use(wick_health *h, bool of_use);

bool wick_health_ready(const wick_health *h, uint64_t now_ms);
uint32_t wick_health_score(const wick_health *h, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
