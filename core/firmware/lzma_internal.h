/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LZMA_INTERNAL_H
#define WICK_LZMA_INTERNAL_H
/* The .lzma decoder under a patch: from the held input into the window. */
#include "wick/delta.h"

/** What comes next in the stream. */
enum {
    WICK_STEP_PACKING = 0,
#if WICK_WITH_IN_PLACE
    WICK_STEP_MEMORY,
    WICK_STEP_SEGMENT,
    WICK_STEP_SHIFT,
    WICK_STEP_OLD_LENGTH,
#endif
    WICK_STEP_NEW_LENGTH,
    WICK_STEP_FORMAT,
    WICK_STEP_DIFF_LENGTH,
    WICK_STEP_DIFF,
    WICK_STEP_EXTRA_LENGTH,
    WICK_STEP_EXTRA,
    WICK_STEP_JUMP,
    WICK_STEP_DONE
};

#define WICK_LZMA_HEAD_BYTES 13u

/** Takes bytes of the stream, unpacked. */
wick_status wick_delta_runs(wick_delta *delta, const uint8_t *bytes, uint32_t n);

/** The head of an .lzma (LZMA specification, "lzma file format"), 13 bytes. */
static inline wick_status wick_lzma_head(wick_delta_info *info, const uint8_t *head)
{
    unsigned properties = head[0];
    uint32_t window =
        head[1] | (uint32_t)head[2] << 8 | (uint32_t)head[3] << 16 | (uint32_t)head[4] << 24;
    info->window_bytes = window < 4096 ? 4096 : window;
    if (properties >= 9 * 5 * 5) {
        return WICK_E_MALFORMED;
    }
    info->lc = (uint8_t)(properties % 9);
    info->lp = (uint8_t)(properties / 9 % 5);
    info->pb = (uint8_t)(properties / 45);
    info->probs = WICK_DELTA_PROBS(info->lc + info->lp, info->pb);
    /* All ones: no length stated. */
    return (wick_load_be32(head + 5) & wick_load_be32(head + 9)) == UINT32_MAX ? WICK_OK
                                                                               : WICK_E_UNSUPPORTED;
}

/** Takes a byte if the range has become small. */
void wick_lzma_refill(wick_delta *delta);

/** One bit, and what it says of the next one: `prob` is of delta->config.probs. */
unsigned wick_lzma_bit(wick_delta *delta, uint16_t *prob);

/** Decodes until the window's end is reached, the stream has ended, or the held input may not be
 *  enough for another symbol; with `last` no more will come. The bytes between lzma.at before and
 *  after are new; lzma.taken says how much of the held input is used up.
 *  @retval WICK_OK  @retval WICK_E_MALFORMED  @retval WICK_E_UNSUPPORTED  @retval WICK_E_LIMIT
 *  @retval WICK_E_TRAILING behind the end mark  @retval WICK_E_TRUNCATED only with `last` */
wick_status wick_lzma_run(wick_delta *delta, bool last);

#endif
