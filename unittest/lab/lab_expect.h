/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAB_EXPECT_H
#define LAB_EXPECT_H
/*
 * What a call must do, said before it is sent: refuse with this custom error, or leave these events.
 * A model predicts (lab_refuse(), lab_event()), lab_run() sends and compares; words are the model's.
 */
#include "lab_node.h"

/** Begins a prediction: nothing is refused and no event expected. */
void lab_expect(const uint8_t contract[20]);
/** The call is refused with this error. @return false, for a model to return */
bool lab_refuse(const char *signature);
/** An error that tells one value. */
bool lab_refuse_with(const char *signature, uint64_t value);
/** An event with `indexed` topics behind its own, then words of data; all in `words`. */
void lab_event(const char *signature, size_t indexed, const uint8_t (*words)[32], size_t count);
/** An event whose data are words and then bytes. */
void lab_event_bytes(const char *signature, size_t indexed, const uint8_t (*words)[32],
                     size_t count, wick_span bytes);
/** Takes back what the last calls of a batch expected: the error becomes its event Refused. */
void lab_refused_item(size_t index);
/** How many bytes of events are expected so far, and back to that. */
size_t lab_expect_mark(void);
void lab_expect_back(size_t mark);

/** Sends it and compares. @return as predicted */
bool lab_run(unsigned from, const wick_buf *call, uint64_t wei, const char *what);

/** Calls a view of the contract of lab_expect() with one argument or none (NULL) and compares. */
void lab_view_is(const char *signature, const uint8_t *argument, const uint8_t want[32]);

/** What the calls since lab_covered() was last asked have not yet met of a contract, by the list of its
 *  ABI in the file WICK_LAB_METHODS. */
typedef struct lab_unmet {
    unsigned functions; /* that have not succeeded */
    unsigned others;    /* functions that write and were not refused; events; errors */
} lab_unmet;

/** Is it no more than this? */
bool lab_is_covered(const char *contract, lab_unmet most);
/** Tells what was met how often, and fails if more is unmet than this. Begins again. */
void lab_covered(const char *contract, lab_unmet most);

/** Words, right-aligned. */
void lab_word_u64(uint8_t word[32], uint64_t value);
void lab_word_address(uint8_t word[32], const uint8_t address[20]);

/** A number below `below`; the sequence is fixed by the seed. */
uint32_t lab_draw(uint32_t below);
/** True once in `n` times. */
bool lab_one_in(uint32_t n);
void lab_seed(uint32_t seed);
#endif
