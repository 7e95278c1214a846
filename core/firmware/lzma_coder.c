/* SPDX-License-Identifier: Apache-2.0 */
/* The range coder of LZMA (LZMA specification, "The main loop of decoder" and "Range Decoder"). */
#include "lzma_internal.h"

void wick_lzma_refill(wick_delta *d)
{
    wick_delta_lzma *l = &d->lzma;
    if (l->range >> 24 == 0) {
        l->range <<= 8;
        l->code <<= 8;
        /* Beyond the end zeros come; that it went there, is looked at once for each symbol. */
        if (l->taken < d->held_bytes) {
            l->code |= d->held[l->taken];
        }
        l->taken++;
    }
}

unsigned wick_lzma_bit(wick_delta *d, uint16_t *prob)
{
    wick_delta_lzma *l = &d->lzma;
    wick_lzma_refill(d);
    uint32_t bound = (l->range >> 11) * *prob;
    if (l->code < bound) {
        l->range = bound;
        *prob = (uint16_t)(*prob + ((2048u - *prob) >> 5));
        return 0;
    }
    l->range -= bound;
    l->code -= bound;
    *prob = (uint16_t)(*prob - (*prob >> 5));
    return 1;
}
