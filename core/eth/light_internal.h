/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LIGHT_INTERNAL_H
#define WICK_LIGHT_INTERNAL_H
/*
 * What the files of the light client share.
 *
 *   light.c         requests, events, heads and their age     light_rules.c  names, plain rules
 *   light_bft.c     QBFT, IBFT 2.0, IBFT 1                     light_clique.c
 *   light_quorum.c                                             light_beacon.c sync committee
 *   light_store.c   the state in the trust store
 *
 * A rule is asked what to do (`plan`) whenever nothing is under way and its time has come. It makes
 * asks, takes their objects, and when an ask has ended either goes on at once or rests.
 */
#include "wick/light.h"

#include <string.h>

#include "wick/header.h"

/* States of an ask. */
enum { ASK_FREE = 0, ASK_WANTED, ASK_ASKED };

struct wick_light_ops {
    /** Is everything there that the rule needs? */
    wick_status (*check)(const wick_light_config *cfg);
    /** Empties the rule's state. */
    wick_status (*begin)(wick_light *lc);
    void (*plan)(wick_light *lc, uint64_t now_ms);
    /** `h` is `rlp` decoded, and is what was asked for by hash or number as far as its number
     *  tells. */
    wick_status (*header)(wick_light *lc, wick_light_ask *a, wick_span rlp, const wick_header *h,
                          const uint8_t *hash32, uint64_t now_ms);
    /** NULL: there are no such objects. */
    wick_status (*beacon)(wick_light *lc, wick_light_ask *a, const struct wick_beacon_fork *fork,
                          wick_span ssz, uint64_t now_ms);
    /** An answer has ended, well (OK) or not. The ask is free. */
    void (*done)(wick_light *lc, const wick_light_ask *a, uint64_t now_ms, wick_status status);
    /** The rule's state for the store. NULL: there is none. */
    wick_status (*save)(wick_buf *out, const wick_light *lc);
    wick_status (*load)(wick_light *lc, wick_span in);
    /** Its sets of pieces. NULL: there are none. */
    size_t (*sets)(wick_trust_set *out, const wick_light *lc);
    wick_trust_piece_fn piece; /* the light client is the context */
    wick_status (*load_piece)(wick_light *lc, wick_span in, size_t set, size_t piece);
    wick_status (*load_end)(wick_light *lc, uint64_t now_ms);
};

extern const struct wick_light_ops light_own_node, light_pinned;
#if WICK_WITH_BFT
extern const struct wick_light_ops light_bft;
#endif
#if WICK_WITH_CLIQUE
extern const struct wick_light_ops light_clique;
#endif
#if WICK_WITH_BEACON
extern const struct wick_light_ops light_beacon;
#endif
extern const struct wick_light_ops light_quorum;

/* ---- what rules may call ---- */

/** Asks for something; NULL if everything is in use. The caller fills in `q` beyond kind and
 *  source. */
wick_light_ask *light_ask(wick_light *lc, wick_light_request_kind kind, uint8_t source,
                          uint8_t purpose);
wick_light_ask *light_ask_at(wick_light *lc, wick_light_at at, uint8_t purpose);
wick_light_ask *light_ask_number(wick_light *lc, uint64_t number, uint32_t count, uint8_t purpose);
wick_light_ask *light_ask_hash(wick_light *lc, const uint8_t hash32[32], uint8_t purpose);

/** What was asked for and is not there in `wait_ms` is given up. */
void light_cut(wick_light *lc, uint64_t now_ms, uint32_t wait_ms);
/** Plan again at once. */
void light_go_on(wick_light *lc, uint64_t now_ms);
/** Something was learned that is worth keeping: pauses after failures are short again. */
void light_progress(wick_light *lc);
/** The newest is known: plan again at the next poll. */
void light_rest(wick_light *lc, uint64_t now_ms);
/** Plan again after a pause that grows with each failure in a row. */
void light_back_off(wick_light *lc, uint64_t now_ms, wick_status status);

/** A header of the rule's tier (index 0) or of the tier OPTIMISTIC (1) is vouched for.
 *  @retval WICK_OK  @retval WICK_E_HEADER_STALE it is below the high-water marks */
WICK_NODISCARD wick_status light_take_head(wick_light *lc, const wick_trusted_header *th,
                                           uint64_t now_ms, unsigned index);
/** Blocks above `number` have left the chain. `time_s`: of a block not above it. */
void light_reorg(wick_light *lc, uint64_t number, uint64_t time_s);
void light_conflict(wick_light *lc);
void light_refused(wick_light *lc, uint8_t source, wick_status status);
/** OWN_NODE and QUORUM, before a head is taken: tells of a reorganisation if it takes the place of
 *  the one at hand, or is the next one on another parent. How deep it is nobody says: all heads that
 *  are remembered are given up. */
void light_follow(wick_light *lc, const wick_trusted_header *th, const wick_header *h);
/** OWN_NODE and QUORUM, before anything is made of a header: nobody but the node says when it was
 *  made. Held against the clock as it is; one lifted by such headers would follow them anywhere.
 *  @retval WICK_OK                not ahead, or there is no clock
 *  @retval WICK_E_HEADER_FUTURE   more than WICK_TRUST_FUTURE_S ahead of the clock */
WICK_NODISCARD wick_status light_check_future(const wick_light *lc, const wick_trusted_header *th);
/** The clock, lifted to the newest trusted time. */
wick_trust_now light_now(const wick_light *lc, uint64_t now_ms);
void light_tip(wick_light *lc, uint64_t number);

/* light_store.c */
wick_status light_store_load(wick_light *lc, uint64_t now_ms);
wick_status light_store_save(wick_light *lc);

#endif
