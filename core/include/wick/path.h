/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PATH_H
#define WICK_PATH_H
/*
 * Path manager: which of a gateway's addresses peers are told, sans-I/O. It makes no datagram. Those
 * who get addresses offer them here (an interface, a PCP client, TURN clients); it has each claim
 * verified from outside, and says what to publish: the best endpoint and a standby.
 *
 *     wick_path p;
 *     wick_path_init(&p, &cfg);
 *     wick_path_expect(&p, now, WICK_PATH_PCP);           // a router is being asked
 *     wick_path_offer(&p, now, WICK_PATH_RELAY, &relayed, true);
 *     wick_path_offer(&p, now, WICK_PATH_PCP, &claimed, false);
 *     for (;;) {
 *         wick_path_poll(&p, now, &out);                  // until WAIT
 *         // VERIFY:  try out.addr from outside, then wick_path_verdict(&p, now, out.source, status)
 *         // CHANGED: wick_path_primary(&p), wick_path_standby(&p): publish them
 *         // DOUBLE:  out.source claims out.addr, which is not the address that relays see
 *     }
 *
 * Rules:
 *  1. Order: DIRECT, PCP, NATPMP, RELAY, RELAY2. The first that is verified is the primary, the next
 *     one the standby.
 *  2. A claim is no endpoint until it was reached from outside. A relayed address is offered as
 *     verified, for a relay is checked where its allocation is made.
 *  3. Private and shared (RFC 6598) claims are refused and reported as NAT_DOUBLE, unless
 *     cfg.allow_private; so is a public claim that differs from the reflexive address, but that one is
 *     tried all the same: routers with several addresses exist.
 *  4. The first publication waits until every source that is expected has spoken, at most
 *     WICK_PATH_GATHER_MS, so that what comes a second later does not cost a second transaction.
 *  5. What is published stays so for WICK_PATH_GRACE_MS after it was lost: a router that restarts, or
 *     an allocation made anew, often gives the same address back.
 *  6. A better source takes the place of a worse one only after it has been good for a while:
 *     WICK_PATH_HOLD_MS, twice as long each time that it fails, up to WICK_PATH_HOLD_MAX_MS; an hour
 *     of being good forgives.
 *  7. A verified claim is tried again each WICK_PATH_REVERIFY_MS and on doubt (send failures, a
 *     server's lost state, a changed reflexive address or interface), and is given up after two
 *     failures in a row. A claim that failed is tried again after 5 s, 10 s ... 5 min.
 *
 * Size: 448 bytes. Stack below 150 bytes.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where an address comes from, best first. */
typedef enum wick_path_source {
    WICK_PATH_NONE = 0,
    WICK_PATH_DIRECT, /* an interface's own public address */
    WICK_PATH_PCP,    /* a mapping or pinhole of a PCP server */
    WICK_PATH_NATPMP, /* a mapping of a NAT-PMP router */
    WICK_PATH_RELAY,  /* the allocation in use */
    WICK_PATH_RELAY2  /* the one kept warm on another relay */
} wick_path_source;
#define WICK_PATH_SOURCES 6u

typedef enum wick_path_state {
    WICK_PATH_ABSENT = 0,  /* nothing offered */
    WICK_PATH_CLAIMED,     /* to be verified */
    WICK_PATH_VERIFYING,   /* being verified */
    WICK_PATH_GOOD,        /* verified */
    WICK_PATH_BAD          /* not reached; tried again later */
} wick_path_state;

typedef struct wick_path_config {
    bool allow_private; /* laboratories: private claims are verified like others */
    uint32_t gather_ms; /* 0: WICK_PATH_GATHER_MS */
    uint32_t hold_ms;   /* 0: WICK_PATH_HOLD_MS */
    uint32_t grace_ms;  /* 0: WICK_PATH_GRACE_MS */
} wick_path_config;

/** One source. Private; see wick_path_look(). */
typedef struct wick_path_claim {
    wick_addr addr;
    uint8_t state;
    uint8_t fails;    /* in a row */
    bool expected;    /* it has not spoken yet */
    bool again;       /* GOOD, and being verified again */
    bool double_told; /* NAT_DOUBLE was reported for this address */
    uint32_t hold_ms; /* how long it must have been good */
    uint64_t due_ms;  /* next verification */
    uint64_t good_ms; /* good since */
    wick_status status;
} wick_path_claim;

/** An endpoint. */
typedef struct wick_path_point {
    wick_addr addr;
    uint8_t source; /* wick_path_source; NONE: there is none */
} wick_path_point;

/** All state. Fields are private. */
typedef struct wick_path {
    wick_path_config cfg;
    wick_path_claim claim[WICK_PATH_SOURCES];
    wick_path_point said[2]; /* primary and standby as last told */
    wick_addr reflexive;
    uint64_t gather_until_ms;
    uint64_t lost_ms[2]; /* since when what was told is not good any more */
    bool lost[2];
    bool begun, told;
    bool judge;   /* somebody outside can be asked */
    uint8_t busy; /* source that is being verified */
    uint8_t report; /* sources with a DOUBLE to tell, one bit each */
} wick_path;

typedef enum wick_path_out_kind {
    WICK_PATH_OUT_WAIT = 0, /* nothing before deadline_ms */
    WICK_PATH_OUT_VERIFY,   /* is `addr` of `source` reached from outside? */
    WICK_PATH_OUT_CHANGED,  /* primary or standby */
    WICK_PATH_OUT_DOUBLE    /* behind another NAT: `addr` of `source` is not where packets come from */
} wick_path_out_kind;

typedef struct wick_path_out {
    wick_path_out_kind kind;
    wick_path_source source;
    wick_addr addr;
    uint64_t deadline_ms;
} wick_path_out;

/** `cfg` may be NULL: all defaults. */
void wick_path_init(wick_path *p, const wick_path_config *cfg);

/** This source is being asked: rule 4 waits for it until it offers or withdraws. */
void wick_path_expect(wick_path *p, uint64_t now_ms, wick_path_source source);
/** The source has this address now. The same one again changes nothing; `verified` as rule 2. */
void wick_path_offer(wick_path *p, uint64_t now_ms, wick_path_source source, const wick_addr *addr,
                     bool verified);
/** The source has no address, or none any more; status says why. */
void wick_path_withdraw(wick_path *p, uint64_t now_ms, wick_path_source source, wick_status status);
/** Answer to VERIFY: WICK_OK it was reached, WICK_AGAIN it could not be tried (asked again in 5 s),
 *  others it was not reached. An answer about another source than asked is ignored. */
void wick_path_verdict(wick_path *p, uint64_t now_ms, wick_path_source source, wick_status status);
/** Something makes this source's address doubtful (NONE: all): it is verified again soon. */
void wick_path_doubt(wick_path *p, uint64_t now_ms, wick_path_source source);
/** Own address as a relay sees it; another IP than before makes everything doubtful. */
void wick_path_reflexive(wick_path *p, uint64_t now_ms, const wick_addr *seen);
/** Whether verification is possible now (a relay is up). Without, no claim becomes good. */
void wick_path_judge(wick_path *p, uint64_t now_ms, bool possible);

/** Gives the next thing to do. Call until WAIT. */
void wick_path_poll(wick_path *p, uint64_t now_ms, wick_path_out *out);

/** What is to be published: as told by the last CHANGED. */
const wick_path_point *wick_path_primary(const wick_path *p);
const wick_path_point *wick_path_standby(const wick_path *p);
/** Is the primary good at this moment? false also during the grace of rule 5. */
bool wick_path_is_up(const wick_path *p);
/** State of a source, for those who show it; `addr` and `status` may be NULL. */
wick_path_state wick_path_look(const wick_path *p, wick_path_source source, wick_addr *addr,
                               wick_status *status);
/** "direct", "pcp", "natpmp", "relay", "relay2" or "none". */
const char *wick_path_source_str(wick_path_source source);

#ifdef __cplusplus
}
#endif
#endif
