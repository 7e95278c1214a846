/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_DELTA_H
#define WICK_DELTA_H
/*
 * Patches of firmware: from the image that is here and a patch, the new image. The format is the
 * "sequential" patch of detools: bsdiff's runs of differences, new bytes and jumps, one after the
 * other, plain or as one .lzma stream; and its "in-place" one, the same in segments, each of which reads
 * nothing of the old image that earlier ones may have been written over (WICK_WITH_IN_PLACE,
 * wick/in_place.h). It needs no other part of this library.
 *
 *     static wick_delta delta;
 *     static wick_delta_memory memory;
 *     wick_delta_config config = {.io = {&slots, slot_read, slot_write},
 *                                 .old_bytes = old_image_bytes, .new_max = slot_bytes};
 *     wick_delta_use(&config, &memory);
 *     wick_delta_init(&delta, &config);
 *     while (status == WICK_OK && next_part(&part)) {        the patch, cut anywhere
 *         status = wick_delta_input(&delta, part);
 *     }
 *     if (status == WICK_OK) { status = wick_delta_finish(&delta); }
 *
 * Only after WICK_OK from wick_delta_finish() is the new image whole; whether it is the right one,
 * its digest says, for a patch carries none. The old image is read and the new one written through
 * two functions: writes come in order, each WICK_DELTA_PIECE bytes long and at a multiple of that,
 * but for the first after resume_at and the last.
 *
 * After a power cut: begin again with the whole patch and with resume_at = how many bytes of the new
 * image are written for sure. What lies below is neither read nor written again; the patch alone
 * decides the state of the decoder, so no more need be kept.
 *
 * Everything in a patch is taken to be hostile. Its work is bounded by the length of the new image: a run
 * that goes beyond either image ends it, and so do runs that do nothing and bytes behind the last.
 *
 * Sizes on 32-bit: wick_delta 468 bytes, 496 with WICK_WITH_IN_PLACE; wick_delta_memory 7646 bytes with a dictionary of 4 KiB, 3550 of
 * them probabilities; together below 8 KiB. Code 2.0 KB (Cortex-M4). Stack below 250 bytes, and what the
 * two functions take.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Probabilities of an .lzma stream with lc + lp literal bits and pb position bits, uint16_t each. */
#define WICK_DELTA_PROBS(lc_lp, pb) (951u + (56u << (pb)) + (768u << (lc_lp)))
/** As many bytes of a patch are enough for wick_delta_peek(). */
#if WICK_WITH_IN_PLACE
#define WICK_DELTA_HEADER_MAX 39u
#else
#define WICK_DELTA_HEADER_MAX 19u
#endif

/** How the runs are packed: detools' numbers. */
typedef enum wick_delta_packing { WICK_DELTA_PLAIN = 0, WICK_DELTA_LZMA = 1 } wick_delta_packing;

/** What the first bytes of a patch say. */
typedef struct wick_delta_info {
    uint32_t new_bytes;    /* length of the new image */
    uint32_t window_bytes; /* dictionary that applying it needs; 0 if plain */
    uint32_t probs;        /* and so many probabilities, 2 bytes each */
    uint8_t header_bytes;  /* as long is what was looked at */
    uint8_t packing;       /* wick_delta_packing */
    uint8_t lc, lp, pb; /* parameters of LZMA: literal context, literal and match position bits */
#if WICK_WITH_IN_PLACE
    /* Of an in-place patch; segment_bytes is 0 in a sequential one. */
    uint32_t memory_bytes;  /* that both images have together */
    uint32_t segment_bytes; /* of the new image, made one after the other */
    uint32_t shift_bytes;   /* how far up the old image is moved first */
    uint32_t old_bytes;     /* length of the old image */
#endif
} wick_delta_info;

/** The two images. A status other than WICK_OK ends the patch and is passed on. */
typedef struct wick_delta_io {
    void *ctx;
    /** `length` bytes of the old image; never beyond old_bytes, never of length 0. */
    wick_status (*read)(void *ctx, uint32_t offset, uint8_t *out, uint32_t length);
    /** The next bytes of the new image. */
    wick_status (*write)(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length);
} wick_delta_io;

/** What .lzma needs with lc = lp = pb = 0 and WICK_DELTA_DICT_MAX: what `wick delta make` makes. */
typedef struct wick_delta_memory {
    uint16_t probs[WICK_DELTA_PROBS(0, 0)];
    uint8_t window[WICK_DELTA_DICT_MAX];
} wick_delta_memory;

typedef struct wick_delta_config {
    wick_delta_io io;
    uint32_t old_bytes; /* length of the old image, below 2^31 */
    uint32_t resume_at; /* so many bytes of the new image are there; 0 = begin */
    /* Memory of the caller's, as long as the patch lasts. With no window only plain patches go. */
    uint16_t *probs;
    uint8_t *window;
    uint32_t window_bytes;
    uint32_t probs_len; /* uint16_t's there */
    uint32_t new_max;   /* longest new image that there is room for */
} wick_delta_config;

/** The .lzma decoder. Private. */
typedef struct wick_delta_lzma {
    uint32_t range, code; /* the range coder; 0 = not begun */
    uint32_t rep[4];      /* the last distances less one */
    uint32_t state;       /* which kinds of symbols came last */
    uint32_t at;          /* next place in the window */
    uint32_t made;        /* bytes made so far, modulo 2^32 */
    uint32_t left;        /* bytes of a match that are still to be copied */
    uint32_t ended;       /* the end mark was there */
    uint32_t taken;       /* bytes of the held input that are used up */
} wick_delta_lzma;

/** One patch under way. Fields are private. */
typedef struct wick_delta {
    wick_delta_lzma lzma;
    uint32_t step;  /* what comes next in the stream */
    uint32_t value; /* a number of the stream, as far as it came */
    uint32_t shift; /* how many bits came, */
    uint32_t sign;  /* and all ones if it is negative */
    uint32_t old_at, new_at;
    uint32_t left;       /* bytes of the run in hand */
    uint32_t idle;       /* runs since the last that made a byte */
#if WICK_WITH_IN_PLACE
    uint32_t old_from, old_end; /* what may be read of the old image now */
    uint32_t until;             /* end of the segment in the new image */
#endif
    uint32_t held_bytes; /* input that is not enough to go on with */
    wick_status status;  /* the first refusal, for good */
    wick_delta_config config;
    wick_delta_info info;
    uint8_t held[64];
    uint8_t piece[WICK_DELTA_PIECE]; /* new bytes since the last write */
} wick_delta;

/** Reads the head of a patch: what it makes, and what a device needs for it. Decoding does not need it.
 *  Stack below 750 bytes.
 *  @param patch its first bytes; WICK_DELTA_HEADER_MAX are always enough.
 *  @retval WICK_OK  @retval WICK_E_TRUNCATED more bytes are needed
 *  @retval WICK_E_UNSUPPORTED another patch type or packing, or an .lzma that states its length
 *  @retval WICK_E_MALFORMED LZMA parameters out of range, segments of no bytes
 *  @retval WICK_E_FW_SIZE the new image has 2 GiB or more, or more than its memory; on errors *out is zero */
WICK_NODISCARD wick_status wick_delta_peek(wick_delta_info *out, wick_span patch);

/** Points the configuration to memory for what `wick delta make` makes. */
static inline void wick_delta_use(wick_delta_config *config, wick_delta_memory *memory)
{
    config->probs = memory->probs;
    config->probs_len = (uint32_t)(sizeof memory->probs / sizeof memory->probs[0]);
    config->window = memory->window;
    config->window_bytes = (uint32_t)sizeof memory->window;
}

/** Begins. The configuration is copied; what it points to must last. */
void wick_delta_init(wick_delta *delta, const wick_delta_config *config);

/** The next bytes of the patch, any number of them. An error is final: further input gives it again.
 *  @retval WICK_OK they are taken
 *  @retval WICK_E_UNSUPPORTED another patch type, packing or data format, an .lzma that states its length
 *  @retval WICK_E_LIMIT needs a larger window or more probabilities than configured
 *  @retval WICK_E_FW_SIZE the new image is longer than new_max, or a number has 32 bits or more
 *  @retval WICK_E_FW_RUN a run longer than what is left of the new image, or of negative length
 *  @retval WICK_E_FW_BASE the patch reads outside the old image: it is for another one
 *  @retval WICK_E_MALFORMED not LZMA, or runs that do nothing
 *  @retval WICK_E_TRAILING bytes after the end of the patch
 *  @return or what a function of the configuration gave */
WICK_NODISCARD wick_status wick_delta_input(wick_delta *delta, wick_span patch);

/** The patch has no more bytes.
 *  @retval WICK_OK the new image is whole  @retval WICK_E_TRUNCATED the patch ends too early
 *  @return or any status of wick_delta_input() */
WICK_NODISCARD wick_status wick_delta_finish(wick_delta *delta);

#ifdef __cplusplus
}
#endif
#endif
