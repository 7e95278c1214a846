/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_FUZZ_H
#define WICK_FUZZ_H
/*
 * A fuzz target is one function over bytes. It must do more than survive: FUZZ_CHECK states what
 * holds for every input that was accepted.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wick/base.h"

#define FUZZ_CHECK(cond)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Said for every input that got past the decoder; a corpus of which nothing does is a failure. */
#define FUZZ_ACCEPTED() (fuzz_accepted++)
extern unsigned long fuzz_accepted;
__attribute__((weak)) unsigned long fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte of a view is read, so that a view outside the input is seen by AddressSanitizer. */
static inline void fuzz_touch(wick_span s)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < s.len; i++) {
        sum = (uint8_t)(sum + s.ptr[i]);
    }
    (void)sum;
}

#endif
