/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse_header() of core/eth/rlp.c and the loop-free model_header() of rlp_model.h, with which the
 * walker is checked, are the same function: on every span they give the same status and item.
 *
 * Bound: spans of at most BOUND bytes, which is more than the walker's harness uses.
 */
#include "cbmc.h"

#include "rlp.c"

#include "rlp_model.h"

#ifndef BOUND
#define BOUND 255
#endif

void harness(void)
{
    wick_span in = CBMC_INPUT_END(BOUND);
    struct item real, model;
    wick_status s = parse_header(&real, in.ptr, in.len);
    wick_status t = model_header(&model, in.ptr, in.len);
    PROVE(s == t, "same status");
    if (s == WICK_OK) {
        PROVE(real.header == model.header && real.payload == model.payload &&
                  real.is_list == model.is_list,
              "same item");
        PROVE(real.header + real.payload <= in.len && real.header + real.payload != 0,
              "inside the span");
    }
    COVER(s == WICK_OK && real.header == 0);
    COVER(s == WICK_OK && real.header == 1);
    COVER(s == WICK_OK && real.header == 2);
    COVER(s == WICK_E_TRUNCATED);
    COVER(s == WICK_E_NON_CANONICAL);
}
