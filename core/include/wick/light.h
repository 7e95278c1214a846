/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LIGHT_H
#define WICK_LIGHT_H
/*
 * The light client of one chain. It follows the chain by one rule and holds the newest headers that
 * the rule vouches for; everything that reads records asks it for a header and proves under that.
 * It does no I/O: it says which header or light-client object it needs, is given bytes from
 * anywhere, and believes only what the rule lets it.
 *
 *     static wick_bft bft;
 *     static wick_light lc;
 *     wick_light_config cfg = {.chain_id = 2026, .rule = WICK_LIGHT_QBFT, .bft = &bft,
 *                              .crypto = &crypto, .clock = &clock};
 *     memcpy(cfg.trusted_hash, genesis_hash, 32);
 *     s = wick_light_init(&lc, &cfg);
 *     s = wick_light_start(&lc, now);
 *     for (;;) {
 *         while (wick_light_poll(&lc, &out, now), out.kind != WICK_LIGHT_OUT_WAIT) {
 *             ... REQUEST: fetch it, then answer with out.request.id
 *             ... EVENT: tell the application
 *         }
 *         wait until out.deadline_ms or an answer
 *     }
 *     s = wick_light_head(&lc, &th, &age, now, WICK_TIER_BFT);
 *
 * Rules: own node, pinned block, quorum of nodes (wick/quorum.h), sealed headers (wick/bft.h,
 * wick/clique.h), sync committee (wick/beacon.h). The state of a rule is the caller's and only that
 * of the rule in use is needed.
 *
 * Answers. A request is answered by any number of objects and one end:
 *     HEADER             wick_light_header(): RLP of the block asked for; `count` of them,
 *                        ascending
 *     BEACON_BOOTSTRAP,  wick_light_beacon(): one SSZ object at a time, in the order of the answer
 *     _UPDATES, _FINALITY, _OPTIMISTIC
 * and then wick_light_end(), or wick_light_failed() where nothing could be had. Every object gives
 * a status: a refusal ends the request, what was accepted before it stays. Answers to requests that
 * are not under way give WICK_E_STATE and change nothing. "Not yet" (no answer, node is behind) is
 * tried again after a growing pause; "no" (an untrue answer) too, from whichever node the driver
 * chooses then, and is told as REFUSED.
 *
 * Age. A head older than max_age_s is STALE. For grace_s more it still serves, flagged: a chain
 * that has halted, or a network that is down, does not take known peers away at once. After that
 * wick_light_head() refuses it. Two sealed headers of one height are a CONFLICT: nothing is vouched
 * for any more until the store is erased and another block is pinned.
 *
 * Store. With cfg.store the state survives restarts and power cuts (wick/trust_store.h): it is
 * written at most once in save_s, and at once after a conflict, a new committee and the first
 * synchronisation. With the default of an hour that is 24 small writes a day.
 *
 * Sizes on 32-bit: wick_light 2.3 KB; states: wick_bft 1.4 KB, wick_light_clique 15.2 KB,
 * wick_quorum 0.4 KB, wick_beacon see there. Stack below 1 KB in each function, and the rule's.
 */
#include "wick/base.h"
#include "wick/bft.h"
#include "wick/clique.h"
#include "wick/hal/clock.h"
#include "wick/hal/crypto.h"
#include "wick/hal/store.h"
#include "wick/quorum.h"
#include "wick/trust.h"
#include "wick/trust_store.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wick_beacon; /* wick/beacon.h */
struct wick_beacon_chain;
struct wick_beacon_fork;

typedef enum wick_light_rule {
    WICK_LIGHT_OWN_NODE = 1,  /* tier OWN_NODE */
    WICK_LIGHT_PINNED,        /* tier PINNED: one block, for ever */
    WICK_LIGHT_QUORUM,        /* tier QUORUM */
    WICK_LIGHT_QBFT,          /* tier BFT, as the next two */
    WICK_LIGHT_IBFT2,
    WICK_LIGHT_IBFT1,
    WICK_LIGHT_CLIQUE,        /* tier POA */
    WICK_LIGHT_SYNC_COMMITTEE /* tiers FINALIZED and OPTIMISTIC */
} wick_light_rule;

/** "own_node", "pinned", "quorum", "qbft", "ibft2", "ibft1", "clique", "sync_committee". */
const char *wick_light_rule_str(wick_light_rule rule);

/** Reads such a name. @retval WICK_OK  @retval WICK_E_MALFORMED no such rule */
WICK_NODISCARD wick_status wick_light_rule_parse(wick_light_rule *out, const char *text,
                                                 size_t len);

/** Tier of the newest headers that a rule makes; a sync committee makes OPTIMISTIC ones besides. */
wick_tier wick_light_rule_tier(wick_light_rule rule);

/** Work of the rule CLIQUE: the chain followed, where it was some way back, and a rival or a skip.
 *  Private. */
typedef struct wick_light_clique {
    wick_clique now, back, spare;
    uint8_t spare_use;
    uint8_t rivals;      /* followed in vain, in a row */
    bool no_head;        /* nobody has the header to be vouched for: on without it */
    bool restored;       /* the head is of the store, and not compared with the chain yet */
    uint64_t rival_ms;   /* the next one is not followed before */
    uint64_t skip_from;  /* epoch header that is being skipped to */
    uint64_t base_number, base_time_s; /* of the block that the store had */
} wick_light_clique;

/** All pointers are kept and must live as long as the light client. Zero is the default of what is
 *  not needed. */
typedef struct wick_light_config {
    uint64_t chain_id;
    wick_light_rule rule;
    uint8_t trusted_hash[32]; /* PINNED: the block; sealed headers: genesis or any sealed block
                               * (Clique: an epoch header); sync committee: a beacon block root */
    uint32_t epoch, period_s; /* CLIQUE: as in the genesis file */
    const uint32_t *operators; /* QUORUM: operator of each source */
    uint8_t sources;           /* nodes that can be asked one by one; 0: 1 */
    uint8_t quorum;            /* QUORUM: operators that must agree; 0: more than half */
    const struct wick_beacon_chain *beacon_chain; /* SYNC_COMMITTEE */

    uint32_t trusting_s; /* sealed headers: trusting period; 0: WICK_SEAL_TRUSTING_S. Sync
                          * committee: oldest bootstrap; 0: what the chain says */
    uint32_t poll_ms;    /* between looks for a new head; 0: WICK_LIGHT_POLL_MS */
    uint32_t max_age_s;  /* of a head; 0: WICK_LIGHT_MAX_AGE_S, twice that for FINALIZED */
    uint32_t grace_s;    /* how much longer a head serves when no newer one comes; 0: no longer */
    uint32_t depth;      /* OWN_NODE, QUORUM, CLIQUE: blocks to stay behind the newest */
    uint32_t save_s;     /* least time between writes of the store; 0: WICK_LIGHT_SAVE_S */

    const wick_hal_crypto *crypto;
    const wick_hal_clock *clock; /* only unix_s is used; may answer WICK_E_NO_CLOCK */
    const wick_hal_store *store; /* NULL: nothing survives a restart */
    uint16_t store_base;         /* first of its keys, see wick/trust_store.h */
    uint8_t *store_work;         /* WICK_LIGHT_WORK_BYTES, needed with a store; may be shared by all
                                  * that run in this thread */

    wick_bft *bft;               /* QBFT, IBFT2, IBFT1 */
    wick_light_clique *clique;   /* CLIQUE */
    wick_quorum *quorum_state;   /* QUORUM */
    struct wick_beacon *beacon;  /* SYNC_COMMITTEE */
} wick_light_config;

/** First key of the store for the chain with this number, 0..7, of a device. */
#define WICK_LIGHT_STORE_BASE(chain) WICK_STORE_KEY(16 + (chain), 0)

/** The largest state of a rule with what goes along with it, and a value of the store beside it. */
#define WICK_LIGHT_WORK_BYTES (WICK_CLIQUE_EXPORT_MAX + 512 + WICK_STORE_VALUE_MAX)

/* ------------------------------------------------------------------ what comes out of poll() */

typedef enum wick_light_request_kind {
    WICK_LIGHT_REQ_HEADER = 1,
    WICK_LIGHT_REQ_BEACON_BOOTSTRAP,  /* of block root `hash` */
    WICK_LIGHT_REQ_BEACON_UPDATES,    /* `count` periods from `number` */
    WICK_LIGHT_REQ_BEACON_FINALITY,   /* the newest */
    WICK_LIGHT_REQ_BEACON_OPTIMISTIC  /* the newest */
} wick_light_request_kind;

typedef enum wick_light_at {
    WICK_LIGHT_AT_LATEST = 1,
    WICK_LIGHT_AT_SAFE,
    WICK_LIGHT_AT_FINALIZED,
    WICK_LIGHT_AT_NUMBER, /* `number`, and the `count` - 1 that follow it */
    WICK_LIGHT_AT_HASH    /* `hash` */
} wick_light_at;

typedef struct wick_light_request {
    uint32_t id; /* not 0 */
    wick_light_request_kind kind;
    uint8_t source;   /* QUORUM: the node that must be asked; else 0: any node will do */
    wick_light_at at; /* HEADER */
    uint64_t number;
    uint32_t count;   /* 1..WICK_LIGHT_BATCH; fewer may be answered, from the first on */
    uint8_t hash[32];
} wick_light_request;

typedef enum wick_light_event_kind {
    WICK_LIGHT_EV_HEAD = 1, /* a newer header is vouched for */
    WICK_LIGHT_EV_SYNCED,   /* the head is the chain's newest as far as anybody says; told once, and
                             * again when STALE ends */
    WICK_LIGHT_EV_STALE,    /* the head of this tier is older than max_age_s; status: why, as far as
                             * known. Told once until a fresh head comes */
    WICK_LIGHT_EV_CONFLICT, /* final: no header is vouched for any more */
    WICK_LIGHT_EV_REORG,    /* blocks above `number` have left the chain: drop what was read */
    WICK_LIGHT_EV_REFUSED,  /* `source` gave something untrue or unfit: status */
    WICK_LIGHT_EV_STORE     /* the store refused a write: status. The state stays in RAM */
} wick_light_event_kind;

typedef struct wick_light_event {
    wick_light_event_kind kind;
    wick_status status;
    uint8_t source;
    wick_tier tier;
    uint64_t number;
    uint64_t time_s; /* of the header */
    uint8_t hash[32];
} wick_light_event;

typedef enum wick_light_out_kind {
    WICK_LIGHT_OUT_WAIT = 0, /* nothing before deadline_ms or an answer */
    WICK_LIGHT_OUT_REQUEST,
    WICK_LIGHT_OUT_EVENT
} wick_light_out_kind;

typedef struct wick_light_out {
    wick_light_out_kind kind;
    uint64_t deadline_ms;
    wick_light_request request;
    wick_light_event event;
} wick_light_out;

typedef struct wick_light wick_light; /* visible struct, fields private: end of this header */

/** Checks the configuration. No output yet.
 *  @retval WICK_OK
 *  @retval WICK_E_BAD_ARG      a pointer is missing
 *  @retval WICK_E_CONFIG       numbers that make no sense together (quorum, epoch 0)
 *  @retval WICK_E_UNSUPPORTED  this build has no such rule */
WICK_NODISCARD wick_status wick_light_init(wick_light *lc, const wick_light_config *cfg);

/** Reads the store, if there is one, and begins. On an error of the store nothing begins and
 *  nothing is written: what is stored is either to be kept or to be erased by the operator.
 *  @retval WICK_OK
 *  @retval WICK_E_CONFIG         the store is of another chain, rule or trusted hash
 *  @retval WICK_E_HEADER_STALE   the store is older than its own marks: it was rolled back
 *  @retval WICK_E_NO_CLOCK, WICK_E_EXPIRED  sync committee: the age of what is stored cannot be
 *                                told, or it is older than the trusting period
 *  @retval WICK_E_STORE_VERSION, WICK_E_STORE_CORRUPT and others of the store */
WICK_NODISCARD wick_status wick_light_start(wick_light *lc, uint64_t now_ms);

/** Gives the next output; call until WAIT. */
void wick_light_poll(wick_light *lc, wick_light_out *out, uint64_t now_ms);

/** Looks for a newer head at once instead of at the next poll, for example when somebody waits; at
 *  most once a second. */
void wick_light_hurry(wick_light *lc, uint64_t now_ms);

/** Writes what has changed to the store, without regard to save_s: before a planned power-off.
 *  @retval WICK_OK also where there is nothing to write  @retval others of the store */
WICK_NODISCARD wick_status wick_light_save(wick_light *lc, uint64_t now_ms);

/** Begins to export the state, after writing what has changed; then wick_trust_export_next().
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND there is nothing yet  @retval WICK_E_STATE no store
 *  @retval others of the store */
WICK_NODISCARD wick_status wick_light_export(wick_light *lc, wick_trust_export *x,
                                             uint64_t now_ms);

/** Begins to import a state into the store of a light client that has not been started; then
 *  wick_trust_import_input() for its bytes.
 *  @retval WICK_OK  @retval WICK_E_STATE it runs, or has no store
 *  @retval others  as wick_light_start(): what is there is not overwritten, erase it first */
WICK_NODISCARD wick_status wick_light_import(wick_light *lc, wick_trust_import *im);

/** All bytes were given: checks them as wick_light_start() checks a store, keys of committees
 *  against their roots included, and puts them in use. wick_light_start() may follow.
 *  @retval WICK_OK
 *  @retval others  as wick_trust_import_end() and wick_light_start(): what was stored stays */
WICK_NODISCARD wick_status wick_light_import_end(wick_light *lc, wick_trust_import *im,
                                                 uint64_t now_ms);

/* ------------------------------------------------------------------ heads */

/** How old a head is. */
typedef struct wick_light_age {
    uint64_t age_s; /* 0 if it is not known */
    bool known;     /* there is a time of day */
    bool grace;     /* older than max_age_s: the grace period serves it */
} wick_light_age;

/** Newest trusted header of a tier.
 *  @param[out] th   zeroed on error, but for HEADER_STALE, when it tells what is too old
 *  @param[out] age  may be NULL
 *  @retval WICK_OK
 *  @retval WICK_AGAIN             there is none yet
 *  @retval WICK_E_HEADER_STALE    older than max_age_s and grace_s together
 *  @retval WICK_E_SEAL_CONFLICT   nothing is vouched for any more
 *  @retval WICK_E_TRUST_TIER      the rule never makes that tier */
WICK_NODISCARD wick_status wick_light_head(const wick_light *lc, wick_trusted_header *th,
                                           wick_light_age *age, uint64_t now_ms, wick_tier tier);

/** Newest number that was followed or claimed by the evidence, for depths; 0 if none. */
uint64_t wick_light_tip(const wick_light *lc);

/** Has the chain's head been reached, and is it not stale now? */
bool wick_light_is_synced(const wick_light *lc);

/** Why there is no newer head: what the last round came to.
 *  @param[out] rounds  how many have failed in a row; may be NULL
 *  @retval WICK_OK  nothing has failed since the newest head was reached, or the first round is under
 *                   way  @retval others of the rule or the driver */
WICK_NODISCARD wick_status wick_light_trouble(const wick_light *lc, unsigned *rounds);

/** Reorganisations so far. After one, records read above wick_light_reorg_number() are to be
 *  dropped. */
uint32_t wick_light_reorgs(const wick_light *lc);

/** Highest block that the last reorganisation left in place. */
uint64_t wick_light_reorg_number(const wick_light *lc);

/** Highest block that all reorganisations after the first `seen` ones left in place, for whoever looks
 *  from time to time; 0 if there were more than are remembered.
 *  @param[out] time_s  a time not after that block's */
uint64_t wick_light_reorg_floor(const wick_light *lc, uint64_t *time_s, uint32_t seen);

/* ------------------------------------------------------------------ answers to requests */

/** One header of an answer.
 *  @param[in] hash32  the block's hash by the node; only the rule OWN_NODE takes it, others work it
 *                     out. NULL where it was not told
 *  @retval WICK_OK              taken
 *  @retval WICK_E_STATE         no such request is under way, or it has had all its objects
 *  @retval WICK_E_HEADER_OTHER  another block than the one asked for
 *  @retval WICK_E_HEADER_STALE  the node is behind what is known already
 *  @retval others               as the rule; but for STATE the request has ended */
WICK_NODISCARD wick_status wick_light_header(wick_light *lc, wick_span header_rlp,
                                             const uint8_t *hash32, uint64_t now_ms,
                                             uint32_t request);

/** One light-client object of an answer.
 *  @param[in] fork  the fork it was written in, found by the name or the digest that came with it
 *  @retval WICK_OK        taken  @retval WICK_E_STATE as above
 *  @retval others         as wick/beacon.h: the request has ended */
WICK_NODISCARD wick_status wick_light_beacon(wick_light *lc, const struct wick_beacon_fork *fork,
                                             wick_span ssz, uint64_t now_ms, uint32_t request);

/** End of an answer. @retval WICK_OK  @retval WICK_E_STATE no such request is under way */
WICK_NODISCARD wick_status wick_light_end(wick_light *lc, uint64_t now_ms, uint32_t request);

/** A request could not be carried out, or its answer could not be read. NOT_FOUND: the node does
 *  not have it.
 *  @retval WICK_OK  @retval WICK_E_STATE no such request  
 *  @retval WICK_E_BAD_ARG status is WICK_OK */
WICK_NODISCARD wick_status wick_light_failed(wick_light *lc, uint64_t now_ms, uint32_t request,
                                             wick_status status);

/** Is the answer to this request still waited for? One that was given up needs no fetching. */
bool wick_light_waits(const wick_light *lc, uint32_t request);

/* ------------------------------------------------------------------ private */

#define WICK_LIGHT_EVENTS 8
#define WICK_LIGHT_REORGS 4
#define WICK_LIGHT_TRAIL 8 /* heads that tell how deep a reorganisation is, where a node is believed */

/** A request. Private. */
typedef struct wick_light_ask {
    uint64_t due_ms; /* state ASKED: given up then; WAITING: wanted then */
    uint8_t state, tries;
    uint8_t purpose;  /* the rule's */
    uint32_t got;     /* objects taken */
    uint32_t wait_ms; /* given up after this */
    wick_light_request q;
} wick_light_ask;

struct wick_light {
    wick_light_config cfg;
    const struct wick_light_ops *ops; /* of the rule */
    wick_trusted_header head[2]; /* of the rule's tier; OPTIMISTIC */
    uint64_t tip;                /* newest number known */
    uint64_t floor_s, floor_ms;  /* newest trusted time, and when it was taken */
    uint64_t mark_number, mark_time; /* high-water marks of the store */
    uint64_t poll_due_ms, rest_ms, saved_ms;
    uint64_t target, upper; /* sealed headers: number to be reached, lowest one that failed */
    uint32_t steps;         /* of the way there */
    uint32_t next_id;
    uint32_t reorgs;
    struct {
        uint64_t number, time_s;
    } reorg[WICK_LIGHT_REORGS]; /* the newest; number n at n modulo their count */
    struct {
        uint64_t number;
        uint8_t hash[32];
    } trail[WICK_LIGHT_TRAIL]; /* newest heads, ascending */
    uint8_t trail_count;
    bool gone; /* the newest of them have been found to have left the chain */
    wick_trust_store ts;
    uint8_t phase;
    uint8_t failures; /* in a row */
    bool running, conflict, synced, stale[2], dirty, save_now;
    wick_status last_status;  /* of the last failure, for STALE */
    wick_status round_status; /* QUORUM: of this round */
    wick_light_ask ask[WICK_QUORUM_SOURCES_MAX];
    wick_light_event event[WICK_LIGHT_EVENTS];
    uint8_t event_head, event_count;
};

#ifdef __cplusplus
}
#endif
#endif
