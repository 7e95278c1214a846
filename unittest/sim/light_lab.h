/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SIM_LIGHT_LAB_H
#define WICK_SIM_LIGHT_LAB_H
/* A light client of one node in the stub world; what the tests of sim.light_* by rule share. */
#include "lab.h"
#include "tap.h"

extern struct lab lab;
extern wick_stub_node *const n; /* the one that follows */
extern wick_trusted_header th;  /* the head, after head() and is_at() */
extern wick_light_age age;
extern const uint32_t operators[5]; /* each node is of another one */

/** The world with a chain of four validators; not started. */
void sealed(uint64_t seed, wick_seal_rule seal, wick_light_rule rule);
/** The world with `k` of `sources` nodes to agree; not started. */
void quorum(uint64_t seed, uint8_t sources, uint8_t k, uint32_t depth);
void run_ms(uint64_t ms);
void start(void);
/** As start(), with what was seen forgotten; `want` is what it must say. */
void restart(wick_status want);
wick_status head(wick_tier tier);
/** Is the head the chain's block of that number, and no more than `behind` blocks old? */
bool is_at(wick_tier tier, uint64_t behind);

#endif
