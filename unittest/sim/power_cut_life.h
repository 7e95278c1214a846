/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_POWER_CUT_LIFE_H
#define WICK_POWER_CUT_LIFE_H
/*
 * The life of a device (firmware_world.h) whose power goes and comes back, until the device has nothing to
 * do any more; and what has to hold at each start and in the end. Whoever has set the first cut calls this.
 */
#include "firmware_world.h"

typedef struct life_of_cuts {
    bool naive;      /* its flash is naive_flash.h's */
    uint32_t second; /* the operation after the first start without power in which it goes again; 0: none */
    wick_stub_cut second_cut;
    uint32_t seed;
    unsigned boots; /* starts so far */
    void (*back)(void *ctx); /* each time the power is back; NULL: none */
    void *ctx;
} life_of_cuts;

/** @return whether at each start the old image ran or the new one, whole; the journal kept what it had
 *  taken; and the end is as it should be: a new image that is healthy runs, confirmed, with the counter
 *  raised, and one that is not is not tried again */
bool life_goes_on(fw_world *w, life_of_cuts *life);

#endif
