/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAB_STORAGE_H
#define LAB_STORAGE_H
/*
 * All words that a contract is expected to hold, and the root of the storage trie that they make: where
 * it is the node's, the contract holds these words and no other. Words are never set back to zero.
 */
#include "wick/base.h"

#define LAB_WORDS 8192u

/** None at all. */
void lab_storage_clear(void);
/** Sets a word, not to zero. */
void lab_storage_put(const uint8_t slot32[32], const uint8_t word[32]);
/** Zero where none was set. */
void lab_storage_get(uint8_t word[32], const uint8_t slot32[32]);
size_t lab_storage_count(void);
/** A slot of those that were set, in any fixed order. */
const uint8_t *lab_storage_slot(size_t n);
/** Root of the trie (yellow paper, appendix D). */
void lab_storage_root(uint8_t root32[32]);
#endif
