/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_DELTA_MAKE_H
#define WICK_EXAMPLES_DELTA_MAKE_H
/*
 * Makes and applies whole patches of firmware in memory (wick/delta.h). What is made is bsdiff's way of
 * looking for runs that nearly match (Percival, "Naive differences of executable code", 2003), in detools'
 * sequential container or in its in-place one.
 */
#include "wick/delta.h"

/** How a patch is packed, and for which device. */
typedef struct delta_kind {
    uint32_t dictionary; /* bytes, 4096 to 2^20; 0 = plain, not packed */
    uint32_t segment;    /* of an in-place patch: bytes, whole sectors of the device; 0 = sequential */
    uint32_t memory;     /* of an in-place patch: that the device has for both images, whole segments */
} delta_kind;

/** @param[out] patch  free with free()
 *  @retval WICK_OK  @retval WICK_E_LIMIT an image of 1 GiB or more  @retval WICK_E_HAL no memory
 *  @retval WICK_E_FW_SIZE an image has no room in kind->memory */
WICK_NODISCARD wick_status delta_make(uint8_t **patch, size_t *patch_bytes, wick_span old, wick_span new,
                                      const delta_kind *kind);

/** What a patch did. */
typedef struct delta_tally {
    wick_delta_info info;
    uint64_t from_old; /* new bytes made from old ones */
    uint64_t old_end;  /* the old image is read up to here */
} delta_tally;

/** Applies a patch; with old.ptr NULL only looks whether it is whole, for any old image.
 *  @param[out] out  the new image, free with free(); NULL: not wanted
 *  @return any status of wick_delta_input() and wick_delta_finish(), WICK_E_HAL no memory */
WICK_NODISCARD wick_status delta_apply(uint8_t **out, delta_tally *tally, wick_span old, wick_span patch);

/** RAM that a device needs for the patch: wick_delta, probabilities and window. */
size_t delta_ram(const wick_delta_info *info);

#endif
