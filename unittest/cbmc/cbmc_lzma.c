/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LZMA: from any state that earlier symbols can leave, one more, whatever its bits are: it touches the
 * probabilities that its parameters have and the window, and the distances that it leaves are within what
 * has been made. The range coder is left out: here each bit is any. Bound: a window of WINDOW bytes,
 * lc + lp <= 2, pb <= 1.
 */
#include "cbmc.h"

#include "lzma.c"

#define WINDOW 16u

static wick_delta d;
static uint16_t probs[WICK_DELTA_PROBS(2, 1)];
static uint8_t window[WINDOW];

void wick_lzma_refill(wick_delta *delta)
{
    delta->lzma.code = nondet_u32();
    delta->lzma.range = nondet_u32();
}

unsigned wick_lzma_bit(wick_delta *delta, uint16_t *prob)
{
    PROVE(cbmc_within(wick_span_make((const uint8_t *)prob, sizeof *prob),
                      wick_span_make((const uint8_t *)probs, delta->info.probs * sizeof *prob)),
          "one of the probabilities");
    return nondet_bool() ? 1 : 0;
}

wick_status wick_delta_runs(wick_delta *delta, const uint8_t *bytes, uint32_t n)
{
    (void)delta;
    (void)bytes;
    (void)n;
    return WICK_OK;
}

static bool sound(void)
{
    const wick_delta_lzma *l = &d.lzma;
    uint32_t reach = l->made < WINDOW ? l->made : WINDOW;
    bool distances = l->rep[0] < reach && l->rep[1] < WINDOW && l->rep[2] < WINDOW && l->rep[3] < WINDOW;
    return l->state < STATES && l->at <= WINDOW && (l->made >= WINDOW || l->made == l->at) &&
           (distances || (l->state == 0 && l->rep[0] == 0 && l->rep[1] == 0 && l->rep[2] == 0 && l->rep[3] == 0));
}

void harness(void)
{
    wick_delta_lzma *l = &d.lzma;
    __CPROVER_havoc_object(&d);
    __CPROVER_havoc_object(window);
    d.config.probs = probs;
    d.config.window = window;
    d.config.window_bytes = WINDOW;
    ASSUME(d.info.lc <= 2 && d.info.lp <= 2 && d.info.lc + d.info.lp <= 2 && d.info.pb <= 1);
    d.info.probs = WICK_DELTA_PROBS(d.info.lc + d.info.lp, d.info.pb);
    ASSUME(sound() && l->at < WINDOW && l->left == 0 && l->ended == 0);
    /* 4 GiB of stream: the count begins again, and distances are refused until enough is made. */
    ASSUME(l->made < UINT32_MAX);
    uint32_t made = l->made, state = l->state;
    wick_status s = symbol(&d);
    PROVE(l->left <= 273 && l->at <= WINDOW, "length and place");
    if (s == WICK_OK && l->ended == 0) {
        PROVE(sound(), "a state that may come again");
        if (l->left > 0 && l->at < WINDOW) {
            put(&d, earlier(&d, l->rep[0])); /* within the window, or a check fails */
        }
    }
    COVER(s == WICK_OK && l->made == made + 1 && state >= 7 && l->left == 0);
    COVER(s == WICK_OK && l->left == 272 && l->rep[0] == WINDOW - 1);
    COVER(s == WICK_OK && l->left == 1 && l->state == 9);
    COVER(s == WICK_OK && l->ended != 0);
    COVER(s == WICK_E_MALFORMED && l->rep[0] > 100000);
}
