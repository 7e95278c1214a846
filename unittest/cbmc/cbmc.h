/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CBMC_H
#define WICK_CBMC_H
/*
 * What the harnesses share. A harness is a function that CBMC runs on every input within the bound
 * that it states: cbmc_input() gives memory of exactly the length that was chosen, so a read one
 * byte outside of it is a pointer-check failure. COVER goals must be reachable (run.sh demands it),
 * or the harness would prove nothing; PROVE must hold on every path.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wick/base.h"

#define PROVE(cond, why) __CPROVER_assert(cond, why)
#define ASSUME(cond) __CPROVER_assume(cond)
#ifdef CBMC_COVER
#define COVER(cond) __CPROVER_cover(cond)
#else
#define COVER(cond) ((void)0)
#endif

uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
size_t nondet_size(void);
bool nondet_bool(void);

/* Any bytes, up to max of them. */
static inline wick_span cbmc_input(size_t max)
{
    size_t len = nondet_size();
    ASSUME(len <= max);
    uint8_t *ptr = malloc(len);
    ASSUME(ptr != NULL);
    return wick_span_make(ptr, len);
}

/* The same at the end of memory of a constant size, which costs CBMC far less: a read beyond the
 * end is seen, one before the beginning is not. For decoders that only go forward. */
#define CBMC_INPUT_END(max)                                                                        \
    ({                                                                                             \
        static uint8_t cbmc_memory[max];                                                           \
        size_t cbmc_len = nondet_size();                                                           \
        ASSUME(cbmc_len <= (max));                                                                 \
        __CPROVER_havoc_object(cbmc_memory);                                                       \
        wick_span_make(cbmc_memory + ((max) - cbmc_len), cbmc_len);                                \
    })

/* Is `part` inside `whole`, wherever that begins? {NULL, 0} is inside everything. */
static inline bool cbmc_within(wick_span part, wick_span whole)
{
    if (part.ptr == NULL) {
        return part.len == 0;
    }
    size_t at = __CPROVER_POINTER_OFFSET(part.ptr), begin = __CPROVER_POINTER_OFFSET(whole.ptr);
    return __CPROVER_same_object(part.ptr, whole.ptr) && at >= begin &&
           at + part.len <= begin + whole.len;
}

/* Is `part` inside `whole`? {NULL, 0} is inside everything. */
static inline bool cbmc_inside(wick_span part, wick_span whole)
{
    if (part.ptr == NULL) {
        return part.len == 0;
    }
    return __CPROVER_same_object(part.ptr, whole.ptr) &&
           __CPROVER_POINTER_OFFSET(part.ptr) + part.len <= whole.len;
}

#endif
