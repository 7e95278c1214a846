/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_BOOT_H
#define WICK_HAL_BOOT_H
/*
 * The boot loader as an update sees it: which slot runs, whether on trial, and the security counter.
 * request(), confirm() and counter_raise() are atomic: after a power cut they happened or they did
 * not.
 *
 * A request makes the next start run another slot, on trial. As long as nothing confirms it, the
 * loader starts it once, or as often as it was set up to, and then goes back to the slot before, for
 * good. Whether that happened shows by the image that runs: it is not the one that was asked for,
 * and nothing is pending. A loader that swaps the contents of slots (MCUboot) always runs
 * WICK_FLASH_SLOT_A. A loader with one slot applies a patch in its place before it starts the image that
 * was asked for (wick/in_place.h); it has nothing to go back to, so the trial lasts until confirm(), or until
 * another image is asked for: it must be possible to replace one that cannot confirm itself.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the loader stands. */
typedef enum wick_boot_phase {
    WICK_BOOT_SETTLED = 0, /* what runs is confirmed, and nothing else is asked for */
    WICK_BOOT_PENDING = 1, /* the next start tries the other slot */
    WICK_BOOT_TRIAL = 2    /* what runs is on trial: without confirm() a later start goes back */
} wick_boot_phase;

typedef struct wick_boot_state {
    wick_boot_phase phase;
    uint8_t slot;         /* WICK_FLASH_SLOT_A or WICK_FLASH_SLOT_B: the one that runs */
    uint32_t image_bytes; /* length of the image that runs */
} wick_boot_state;

typedef struct wick_hal_boot {
    void *ctx;
    /** @retval WICK_E_HAL */
    wick_status (*state)(void *ctx, wick_boot_state *state);
    /** The next start tries the slot that does not run, where an image of image_bytes lies, and so do
     *  starts after it without confirm(), `starts` in all; a loader that cannot count takes 1. Takes the
     *  place of an earlier request. @retval WICK_E_STATE what runs is on trial, and there are two slots; with
     *  one a request ends the trial, also if it is taken back  @retval WICK_E_HAL */
    wick_status (*request)(void *ctx, uint32_t image_bytes, uint8_t starts);
    /** Takes a request back. Without effect where there is none. @retval WICK_E_HAL */
    wick_status (*cancel)(void *ctx);
    /** What runs is good: later starts keep it. Without effect where it is no trial.
     *  @retval WICK_E_HAL */
    wick_status (*confirm)(void *ctx);
    /** Security counter of the device; 0 at first. @retval WICK_E_HAL */
    wick_status (*counter)(void *ctx, uint32_t *value);
    /** Raises it; lower or equal is without effect. @retval WICK_E_HAL */
    wick_status (*counter_raise)(void *ctx, uint32_t value);
} wick_hal_boot;

#ifdef __cplusplus
}
#endif
#endif
