/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_QUORUM_H
#define WICK_QUORUM_H
/*
 * Agreement of independent nodes, for chains whose headers prove nothing by themselves (layer 2,
 * test chains). Tier QUORUM: k of n operators, k > n / 2, gave headers that hash to the same value
 * at one number. An operator is a name in the configuration, not a URL: two endpoints of one
 * company are one vote. What is counted is the hash that we work out from the header's bytes;
 * "unknown", a time-out or a rate limit is no vote at all.
 *
 *     static const uint32_t operators[] = {1, 2, 3};         source i belongs to operators[i]
 *     s = wick_quorum_init(&q, chain_id, operators, 3, 2, depth);
 *     wick_quorum_begin(&q);                                 a round
 *     wick_quorum_head(&q, source, newest_number);           from each source that answers
 *     s = wick_quorum_number(&q, &number, 0);                the number to ask everybody for
 *     s = wick_quorum_header(&q, &th, source, header_rlp);   from each: AGAIN, ..., OK: th is made
 *     s = wick_quorum_none(&q, source);                      or the lack of an answer
 *
 * The number is the k-th highest of the operators' newest blocks, less `depth`: k of them claim to
 * have it, and one who lags or claims to lag cannot hold the others back. One who claims blocks that
 * nobody has could, by a block that the others see a moment later: so after each round without
 * agreement the next one asks one block further back, up to WICK_QUORUM_BACK_MAX, and comes nearer
 * again when rounds go well. k = n = 1 is no quorum: use the rule of the own node (wick/trust.h),
 * which says so by its tier.
 *
 * Bounds: WICK_QUORUM_SOURCES_MAX. Size: 0.4 KB with 8 sources. Stack 0.4 KB.
 */
#include "wick/base.h"
#include "wick/trust.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most blocks that rounds without agreement step back. */
#define WICK_QUORUM_BACK_MAX 8u

/** One round of asking. Private fields. */
typedef struct wick_quorum {
    uint64_t chain_id, number;
    const uint32_t *operators;
    uint32_t depth;
    uint8_t sources, k, n; /* n: distinct operators */
    uint8_t back, good;    /* blocks further back; rounds in a row that agreed */
    bool asked;            /* the number is fixed */
    bool decided;          /* k operators agree */
    struct {
        uint64_t head;
        uint8_t hash[32];
        uint8_t state;
        bool has_head;
    } source[WICK_QUORUM_SOURCES_MAX];
} wick_quorum;

/** @param[in] operators  operator of each source; kept
 *  @param[in] k          operators that must agree; 0: the least that is more than half
 *  @param[in] depth      blocks to stay behind the newest
 *  @retval WICK_OK
 *  @retval WICK_E_LIMIT   more than WICK_QUORUM_SOURCES_MAX sources
 *  @retval WICK_E_CONFIG  fewer than two operators, k not above half of them, or more than all */
WICK_NODISCARD wick_status wick_quorum_init(wick_quorum *q, uint64_t chain_id,
                                            const uint32_t *operators, size_t sources, size_t k,
                                            uint32_t depth);

/** Begins a round: forgets all answers. */
void wick_quorum_begin(wick_quorum *q);

/** A source claims that this is its newest block. */
void wick_quorum_head(wick_quorum *q, size_t source, uint64_t number);

/** The number that the round would have by what was told so far; nothing is fixed.
 *  @param[in] floor  a block that is agreed on already: stepping back does not go below it
 *  @retval WICK_OK     @retval WICK_AGAIN fewer than k operators have told theirs */
WICK_NODISCARD wick_status wick_quorum_newest(const wick_quorum *q, uint64_t *number,
                                              uint64_t floor);

/** Fixes the number of the round, once enough sources have told their newest block. As
 *  wick_quorum_newest(). */
WICK_NODISCARD wick_status wick_quorum_number(wick_quorum *q, uint64_t *number, uint64_t floor);

/** A vote. It counts the first time; an operator whose sources contradict each other has none.
 *  @param[out] th  made of tier QUORUM when this was the vote that decided; else zeroed
 *  @retval WICK_OK              k operators agree on this header
 *  @retval WICK_AGAIN           not yet
 *  @retval WICK_E_HEADER_OTHER  the header has another number than asked for; no vote
 *  @retval WICK_E_QUORUM_SPLIT  too many votes differ: k cannot be reached in this round any more
 *  @retval WICK_E_QUORUM        k cannot be reached for lack of votes
 *  @retval WICK_E_STATE         the number is not fixed yet, or the source has voted
 *  @retval others               as wick_header_decode(); no vote */
WICK_NODISCARD wick_status wick_quorum_header(wick_quorum *q, wick_trusted_header *th,
                                              size_t source, wick_span header_rlp);

/** A source gives no vote in this round.
 *  @retval WICK_AGAIN the others may still agree
 *  @retval WICK_E_QUORUM, WICK_E_QUORUM_SPLIT as wick_quorum_header() */
WICK_NODISCARD wick_status wick_quorum_none(wick_quorum *q, size_t source);

/** Has the source voted for another header than this? */
bool wick_quorum_dissents(const wick_quorum *q, size_t source, const uint8_t hash32[32]);

#ifdef __cplusplus
}
#endif
#endif
