/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PLAN_H
#define WICK_PLAN_H
/*
 * How to get from the image that runs to the one that a manifest describes with the fewest bytes: one
 * patch, a chain of patches over images between, or the whole image.
 *
 *     wick_plan plan;
 *     s = wick_plan_make(&plan, &manifest, &have, 0);
 *     for (i = 0; i < plan.steps; i++) { plan.step[i] ... }
 *
 * A patch is taken only where its decoder's memory is there and it fits the staging memory. Images
 * between are made in turn in the staging memory and in the slot that does not run, the last one
 * always in that slot; so a chain needs staging for one image and one patch at a time. A patch for
 * a base of no bytes is a packed whole image and may stand at the front of any chain.
 *
 * A device with one slot takes one in-place patch (wick/in_place.h), and nothing else; with two slots an
 * in-place patch is one like the others (WICK_WITH_IN_PLACE).
 *
 * The result depends on its arguments alone: after a reset it is the same one. Sizes: wick_plan 356
 * bytes with 3 steps. Stack below 300 bytes.
 */
#include "wick/manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the bytes of a step come from and go to. */
typedef enum wick_plan_place {
    WICK_PLAN_NONE = 0,    /* from: nothing is needed */
    WICK_PLAN_RUNNING = 1, /* the slot that runs; `to`: in its place */
    WICK_PLAN_TARGET = 2,  /* the one that does not */
    WICK_PLAN_STAGING = 3  /* the end of the staging memory */
} wick_plan_place;

typedef struct wick_plan_step {
    wick_manifest_content fetch; /* a patch, or the image */
    uint8_t result[32];          /* SHA-256 of the image that the step makes */
    uint32_t result_bytes;
    uint32_t base_bytes;
    uint8_t from, to;            /* wick_plan_place */
    uint8_t edge;                /* number of the patch in the manifest */
    bool delta;
} wick_plan_step;

typedef struct wick_plan {
    uint32_t bytes; /* that are fetched in all */
    uint8_t steps;
    wick_plan_step step[WICK_PLAN_STEPS_MAX];
} wick_plan;

/** What there is to work with. */
typedef struct wick_plan_have {
    uint8_t running[32];    /* SHA-256 of the image that runs */
    uint32_t running_bytes;
    uint32_t slot_bytes;    /* of the slot that does not run */
    uint32_t staging_bytes; /* for patches and images between; 0: no patches */
    uint32_t sector_bytes;  /* of staging */
    uint32_t dict_max;      /* memory of the patch decoder */
    bool in_place;          /* one slot: slot_bytes of it */
} wick_plan_have;

/**
 * The cheapest way.
 * @param without  bit n: leave out patch n of the manifest (it did not work); bit 15: the whole image
 * @retval WICK_OK
 * @retval WICK_E_STATE      the image that runs is the one that is described
 * @retval WICK_E_FW_SIZE    the image is larger than the slot
 * @retval WICK_E_FW_NO_PATH nothing leads there with what there is
 */
WICK_NODISCARD wick_status wick_plan_make(wick_plan *plan, const wick_manifest *m,
                                          const wick_plan_have *have, uint16_t without);

#ifdef __cplusplus
}
#endif
#endif
