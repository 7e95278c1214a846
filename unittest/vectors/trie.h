/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TEST_TRIE_H
#define WICK_TEST_TRIE_H
/*
 * A Merkle-Patricia trie made from a whole set of keys and values at once (yellow paper, appendix
 * D), for tests: host memory, recursion, no updates.
 */
#include "wick/base.h"

#define TRIE_MAX 512

struct trie_entry {
    wick_span key;
    wick_span value; /* not empty */
};

struct trie {
    struct trie_entry entry[TRIE_MAX];
    size_t entries;
    /* Made by trie_build(): */
    uint8_t root[32];
    wick_span node[2 * TRIE_MAX]; /* those referred to by hash, and the root */
    size_t nodes;
};

/** Sets, replaces or (empty value) removes. */
void trie_set(struct trie *t, wick_span key, wick_span value);

/** Makes the nodes and the root. */
void trie_build(struct trie *t);

#endif
