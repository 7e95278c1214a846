/* SPDX-License-Identifier: Apache-2.0 */
/* Votes of independent nodes on one header. */
#include "wick/quorum.h"

#include <string.h>

#include "trust_internal.h"

#if WICK_WITH_LIGHT

enum vote { VOTE_OPEN = 0, VOTE_FOR, VOTE_NONE };

#define GOOD_ROUNDS 8u /* after which the next one is a block nearer to the newest */

/* Is it the first source of its operator? Those stand for their operators in counts. */
static bool is_first(const wick_quorum *q, size_t source)
{
    for (size_t i = 0; i < source; i++) {
        if (q->operators[i] == q->operators[source]) {
            return false;
        }
    }
    return true;
}

wick_status wick_quorum_init(wick_quorum *q, uint64_t chain_id, const uint32_t *operators,
                             size_t sources, size_t k, uint32_t depth)
{
    memset(q, 0, sizeof *q);
    if (sources > WICK_QUORUM_SOURCES_MAX) {
        return WICK_E_LIMIT;
    }
    q->chain_id = chain_id;
    q->operators = operators;
    q->sources = (uint8_t)sources;
    q->depth = depth;
    for (size_t i = 0; i < sources; i++) {
        q->n = (uint8_t)(q->n + is_first(q, i));
    }
    k = k != 0 ? k : q->n / 2u + 1u;
    q->k = (uint8_t)k;
    return q->n < 2 || k <= q->n / 2u || k > q->n ? WICK_E_CONFIG : WICK_OK;
}

void wick_quorum_begin(wick_quorum *q)
{
    if (q->asked && !q->decided) {
        q->back = q->back < WICK_QUORUM_BACK_MAX ? (uint8_t)(q->back + 1) : q->back;
        q->good = 0;
    } else if (q->decided && q->back != 0 && ++q->good == GOOD_ROUNDS) {
        q->back--;
        q->good = 0;
    }
    memset(q->source, 0, sizeof q->source);
    q->asked = false;
    q->decided = false;
    q->number = 0;
}

/* ---- the number ---- */

void wick_quorum_head(wick_quorum *q, size_t source, uint64_t number)
{
    if (source < q->sources && !q->asked) {
        q->source[source].has_head = true;
        q->source[source].head = number;
    }
}

/* Newest block that the operator of a source claims by any of its sources. */
static bool head_of(const wick_quorum *q, size_t source, uint64_t *head)
{
    bool found = false;
    for (size_t i = 0; i < q->sources; i++) {
        if (q->operators[i] == q->operators[source] && q->source[i].has_head &&
            (!found || q->source[i].head > *head)) {
            found = true;
            *head = q->source[i].head;
        }
    }
    return found;
}

/* How many operators claim to have this block? */
static size_t count_heads(const wick_quorum *q, uint64_t number)
{
    size_t count = 0;
    for (size_t i = 0; i < q->sources; i++) {
        uint64_t head = 0;
        count += is_first(q, i) && head_of(q, i, &head) && head >= number;
    }
    return count;
}

wick_status wick_quorum_newest(const wick_quorum *q, uint64_t *number, uint64_t floor)
{
    bool found = false;
    uint64_t best = 0;
    for (size_t i = 0; i < q->sources; i++) {
        uint64_t head = 0;
        if (head_of(q, i, &head) && (!found || head > best) && count_heads(q, head) >= q->k) {
            found = true;
            best = head;
        }
    }
    if (!found) {
        return WICK_AGAIN;
    }
    best = best > q->depth ? best - q->depth : 0;
    uint64_t room = best > floor ? best - floor : 0;
    *number = best - (room < q->back ? room : q->back);
    return WICK_OK;
}

wick_status wick_quorum_number(wick_quorum *q, uint64_t *number, uint64_t floor)
{
    wick_status s = wick_quorum_newest(q, number, floor);
    if (s == WICK_OK) {
        q->asked = true;
        q->number = *number;
    }
    return s;
}

/* ---- votes ---- */

/* The one hash that the sources of an operator voted for; NULL: none, or they contradict. */
static const uint8_t *vote_of(const wick_quorum *q, size_t source)
{
    const uint8_t *hash = NULL;
    for (size_t i = 0; i < q->sources; i++) {
        if (q->operators[i] != q->operators[source] || q->source[i].state != VOTE_FOR) {
            continue;
        }
        if (hash != NULL && memcmp(hash, q->source[i].hash, 32) != 0) {
            return NULL;
        }
        hash = q->source[i].hash;
    }
    return hash;
}

static size_t count_votes(const wick_quorum *q, const uint8_t hash32[32])
{
    size_t count = 0;
    for (size_t i = 0; i < q->sources; i++) {
        const uint8_t *hash = is_first(q, i) ? vote_of(q, i) : NULL;
        count += hash != NULL && memcmp(hash, hash32, 32) == 0;
    }
    return count;
}

/* May a source of this operator still vote? */
static bool is_open(const wick_quorum *q, size_t source)
{
    for (size_t i = 0; i < q->sources; i++) {
        if (q->operators[i] == q->operators[source] && q->source[i].state == VOTE_OPEN) {
            return true;
        }
    }
    return false;
}

/* No decision yet: can there still be one? */
static wick_status outlook(const wick_quorum *q)
{
    size_t open = 0, best = 0, cast = 0;
    for (size_t i = 0; i < q->sources; i++) {
        if (!is_first(q, i)) {
            continue;
        }
        const uint8_t *hash = vote_of(q, i);
        size_t votes = hash != NULL ? count_votes(q, hash) : 0;
        best = votes > best ? votes : best;
        cast += hash != NULL;
        open += hash == NULL && is_open(q, i);
    }
    if (best + open >= q->k) {
        return WICK_AGAIN;
    }
    return cast >= q->k ? WICK_E_QUORUM_SPLIT : WICK_E_QUORUM;
}

wick_status wick_quorum_header(wick_quorum *q, wick_trusted_header *th, size_t source,
                               wick_span header_rlp)
{
    wick_header h;
    memset(th, 0, sizeof *th);
    if (source >= q->sources || !q->asked || q->source[source].state != VOTE_OPEN) {
        return WICK_E_STATE;
    }
    q->source[source].state = VOTE_NONE;
    wick_status s = wick_header_decode(&h, header_rlp);
    if (s == WICK_OK && h.number != q->number) {
        s = WICK_E_HEADER_OTHER;
    }
    if (s != WICK_OK) {
        return s;
    }
    wick_header_hash(q->source[source].hash, header_rlp);
    q->source[source].state = VOTE_FOR;
    const uint8_t *hash = vote_of(q, source);
    if (hash == NULL || count_votes(q, hash) < q->k) {
        return outlook(q);
    }
    q->decided = true;
    wick_trust_make(th, &h, hash, q->chain_id, WICK_TIER_QUORUM);
    return WICK_OK;
}

wick_status wick_quorum_none(wick_quorum *q, size_t source)
{
    if (source < q->sources && q->source[source].state == VOTE_OPEN) {
        q->source[source].state = VOTE_NONE;
    }
    return outlook(q);
}

bool wick_quorum_dissents(const wick_quorum *q, size_t source, const uint8_t hash32[32])
{
    return source < q->sources && q->source[source].state == VOTE_FOR &&
           memcmp(q->source[source].hash, hash32, 32) != 0;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_quorum_is_off;
#endif
