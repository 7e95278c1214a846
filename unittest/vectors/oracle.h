/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TEST_ORACLE_H
#define WICK_TEST_ORACLE_H
/*
 * What a set of trie nodes really says about a key, found in another way than core does: all nodes
 * are put into a table by hash, and a recursive look-up over nibbles follows the key from the root.
 * It shares no code with core but Keccak. For honest nodes only: it does not check encodings.
 */
#include "wick/base.h"

enum oracle_says { ORACLE_UNKNOWN, ORACLE_VALUE, ORACLE_NOTHING };

#define ORACLE_TRAIL_MAX 80

/** The nodes that a look-up met, root first: the proof that an honest node would send. */
struct oracle_trail {
    wick_span node[ORACLE_TRAIL_MAX];
    size_t count;
};

/** @param[out] value what the leaf holds, if ORACLE_VALUE: a view into the nodes
 *  @param[out] trail may be NULL */
enum oracle_says oracle_look_up(wick_span *value, struct oracle_trail *trail,
                                const wick_span *nodes, size_t count, const uint8_t root32[32],
                                wick_span key);

#endif
