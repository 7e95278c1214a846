/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_SUFFIX_H
#define WICK_EXAMPLES_SUFFIX_H
/*
 * The suffix array of a file: the places of all its suffixes, in the order of what stands there, by induced
 * sorting (Nong, Zhang and Chan, "Two Efficient Algorithms for Linear Time Suffix Array Construction", 2009).
 * Linear time, 9 bytes of memory for each byte.
 */
#include "wick/base.h"

/** @param[out] suffixes  text.len + 1 places, the empty suffix first. Free with free().
 *  @retval WICK_OK  @retval WICK_E_LIMIT longer than 2^30  @retval WICK_E_HAL no memory */
WICK_NODISCARD wick_status suffix_array(int32_t **suffixes, wick_span text);

/** The longest beginning of `wanted` that stands somewhere in `text`.
 *  @param[out] at  where  @return how long it is */
size_t suffix_find(size_t *at, const int32_t *suffixes, wick_span text, wick_span wanted);

#endif
