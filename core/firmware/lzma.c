/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LZMA in the .lzma form (LZMA specification of the LZMA SDK; sections named below are its own), for
 * the length of a patch: the window is the caller's, input comes in pieces, and the stream ends by its
 * end mark. Nothing is looked at twice: a symbol begins only when as much input is there as the longest
 * can take, so that none has to be given up half-way.
 */
#include <string.h>

#include "lzma_internal.h"

#define SYMBOL_MAX 21u /* 20 bytes, and one for the range coder */
#define STATES 12u

/* Inlined into their one caller they cost 100 bytes more on a Cortex-M4. */
#if defined(__GNUC__) || defined(__clang__)
#define APART __attribute__((noinline))
#else
#define APART
#endif

/* Where the probabilities are: first what has one size, then a group for each position state, then
 * the literals. A tree of n bits has 2^n places, the first unused. */
enum {
    IS_REP = 0,
    IS_REP0 = IS_REP + STATES,
    IS_REP1 = IS_REP0 + STATES,
    IS_REP2 = IS_REP1 + STATES,
    SLOT = IS_REP2 + STATES, /* four trees of six bits, by the length */
    SPECIAL = SLOT + 4 * 64, /* distances of the slots 4 to 13 */
    ALIGN = SPECIAL + 115,
    MATCH_LENGTH = ALIGN + 16, /* two choices and the tree of long lengths */
    REP_LENGTH = MATCH_LENGTH + 2 + 256,
    GROUPS = REP_LENGTH + 2 + 256,
    /* in a group */
    IS_MATCH = 0,
    IS_REP0_LONG = IS_MATCH + STATES,
    LENGTHS = IS_REP0_LONG + STATES, /* of each kind eight short and eight middle ones */
    GROUP = LENGTHS + 4 * 8
};
_Static_assert(WICK_DELTA_PROBS(2, 1) == GROUPS + 2 * GROUP + 4 * 768, "the header counts them");

/* ---- numbers ---- */

static unsigned tree(wick_delta *d, uint16_t *probs, unsigned bits)
{
    unsigned node = 1;
    for (unsigned i = bits; i > 0; i--) {
        node = node << 1 | wick_lzma_bit(d, probs + node);
    }
    return node - (1u << bits);
}

/* The same, lowest bit first. */
static uint32_t reverse_tree(wick_delta *d, uint16_t *probs, unsigned bits)
{
    uint32_t forward = tree(d, probs, bits), value = 0;
    for (unsigned i = bits; i > 0; i--) {
        value = value << 1 | (forward & 1);
        forward >>= 1;
    }
    return value;
}

/* ---- symbols ---- */

/* The byte so many places before the last one. */
static unsigned earlier(const wick_delta *d, uint32_t back)
{
    uint32_t at = d->lzma.at - back - 1;
    return d->config.window[d->lzma.at > back ? at : at + d->config.window_bytes];
}

static void put(wick_delta *d, unsigned byte)
{
    d->config.window[d->lzma.at++] = (uint8_t)byte;
    d->lzma.made++;
}

/* Section "The Literal Decoding". After a match the byte that it would have gone on with decides as
 * well. */
static void literal(wick_delta *d)
{
    wick_delta_lzma *l = &d->lzma;
    unsigned set =
        ((l->made & ((1u << d->info.lp) - 1)) << d->info.lc) + (earlier(d, 0) >> (8 - d->info.lc));
    uint16_t *probs = d->config.probs + GROUPS + ((unsigned)GROUP << d->info.pb) + 768 * set;
    unsigned offset = 0, match = 0, symbol = 1;
    if (l->state >= 7) {
        offset = 0x100;
        match = earlier(d, l->rep[0]);
    }
    do {
        match <<= 1;
        unsigned expected = match & offset;
        unsigned b = wick_lzma_bit(d, probs + offset + expected + symbol);
        symbol = symbol << 1 | b;
        offset = b != 0 ? expected : offset & ~expected;
    } while (symbol < 0x100);
    put(d, symbol);
    l->state = l->state < 4 ? 0 : l->state - (l->state < 10 ? 3 : 6);
}

APART static uint32_t length(wick_delta *d, uint16_t *probs, uint16_t *near)
{
    if (wick_lzma_bit(d, probs) == 0) {
        return 2 + tree(d, near, 3);
    }
    if (wick_lzma_bit(d, probs + 1) == 0) {
        return 10 + tree(d, near + 8, 3);
    }
    return 18 + tree(d, probs + 2, 8);
}

/* Section "The Match Distance Decoding". */
APART static uint32_t distance(wick_delta *d, uint16_t *probs, uint32_t match_length)
{
    wick_delta_lzma *l = &d->lzma;
    unsigned by_length = match_length < 6 ? match_length - 2 : 3;
    uint32_t slot = tree(d, probs + SLOT + 64 * by_length, 6);
    if (slot < 4) {
        return slot;
    }
    unsigned bits = (slot >> 1) - 1;
    uint32_t high = 2 | (slot & 1);
    if (slot < 14) {
        high <<= bits;
        return high + reverse_tree(d, probs + SPECIAL + high - slot, bits);
    }
    for (; bits > 4; bits--) {
        wick_lzma_refill(d);
        l->range >>= 1;
        high <<= 1;
        if (l->code >= l->range) {
            l->code -= l->range;
            high |= 1;
        }
    }
    return (high << 4) + reverse_tree(d, probs + ALIGN, 4);
}

APART static wick_status symbol(wick_delta *d)
{
    wick_delta_lzma *l = &d->lzma;
    uint16_t *probs = d->config.probs;
    uint16_t *group = probs + GROUPS + GROUP * (l->made & ((1u << d->info.pb) - 1));
    uint32_t state = l->state;
    if (wick_lzma_bit(d, group + IS_MATCH + state) == 0) {
        literal(d);
        return WICK_OK;
    }
    /* Which of the last distances, 3 also for one that is none of them; and the state that follows. */
    unsigned which = 3, kind = 0, after = 7;
    if (wick_lzma_bit(d, probs + IS_REP + state) != 0) {
        kind = 1;
        after = 8;
        for (which = 0; which < 3 && wick_lzma_bit(d, probs + IS_REP0 + STATES * which + state) != 0;) {
            which++;
        }
        if (which == 0 && wick_lzma_bit(d, group + IS_REP0_LONG + state) == 0) {
            l->left = 1;
            after = 9;
        }
    }
    if (state >= 7) {
        after = kind + 10;
    }
    l->state = after;
    if (l->left == 0) {
        l->left = length(d, probs + MATCH_LENGTH + 258 * kind, group + LENGTHS + 16 * kind);
    }
    uint32_t back = l->rep[which];
    if (kind == 0) {
        back = distance(d, probs, l->left);
        if (back == UINT32_MAX) { /* the end mark */
            l->left = 0;
            l->ended = 1;
            wick_lzma_refill(d);
            return l->code == 0 ? WICK_OK : WICK_E_MALFORMED;
        }
    }
    for (; which > 0; which--) {
        l->rep[which] = l->rep[which - 1];
    }
    l->rep[0] = back;
    return back < l->made && back < d->config.window_bytes ? WICK_OK : WICK_E_MALFORMED;
}

APART static wick_status start(wick_delta *d)
{
    wick_delta_lzma *l = &d->lzma;
    const wick_delta_config *c = &d->config;
    const uint8_t *coder = d->held + WICK_LZMA_HEAD_BYTES;
    l->taken = WICK_LZMA_HEAD_BYTES + 5; /* should they not be there, the caller sees it */
    wick_status status = wick_lzma_head(&d->info, d->held);
    if (status != WICK_OK) {
        return status;
    }
    if (d->info.window_bytes > c->window_bytes || d->info.probs > c->probs_len) {
        return WICK_E_LIMIT;
    }
    for (uint32_t i = 0; i < d->info.probs; i++) {
        c->probs[i] = 1024;
    }
    c->window[c->window_bytes - 1] = 0; /* the byte before the first */
    l->range = UINT32_MAX;
    l->code = wick_load_be32(coder + 1);
    return coder[0] == 0 ? WICK_OK : WICK_E_MALFORMED;
}

/* Until the window's end, or as far as the input goes. */
static wick_status fill(wick_delta *d, bool last)
{
    wick_delta_lzma *l = &d->lzma;
    wick_status status = WICK_OK;
    do {
        if (l->left > 0) {
            put(d, earlier(d, l->rep[0]));
            l->left--;
            continue;
        }
        uint32_t unused = d->held_bytes - l->taken;
        if (l->ended != 0) {
            return unused > 0 ? WICK_E_TRAILING : WICK_OK;
        }
        if (!last && unused < SYMBOL_MAX) {
            break;
        }
        status = l->range == 0 ? start(d) : symbol(d);
        if (l->taken > d->held_bytes) {
            status = WICK_E_TRUNCATED;
        }
    } while (status == WICK_OK && l->at < d->config.window_bytes);
    return status;
}

wick_status wick_lzma_run(wick_delta *d, bool last)
{
    wick_delta_lzma *l = &d->lzma;
    wick_status status, before;
    uint32_t from;
    l->taken = 0;
    if (d->config.window_bytes == 0) {
        return WICK_E_LIMIT;
    }
    do {
        if (l->at == d->config.window_bytes) {
            l->at = 0;
        }
        from = l->at;
        status = fill(d, last);
        /* What came before an error goes first: however the patch is cut, it ends alike. */
        before = wick_delta_runs(d, d->config.window + from, l->at - from);
        if (before != WICK_OK) {
            return before;
        }
    } while (status == WICK_OK && l->at == d->config.window_bytes);
    return status;
}
