/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_IN_PLACE_H
#define WICK_IN_PLACE_H
/*
 * A new image in the place of the old one, for devices with one slot: what the boot loader does when the
 * patch lies in the staging memory (WICK_WITH_IN_PLACE). It needs the journal, the patch decoder and flash,
 * no other part of this library and no cryptography.
 *
 * The application's update (wick/update.h) fetches the patch, checks its digest, and applies it once without
 * writing, taking the digest of what comes out; only if that is the image that the manifest names, the work
 * is put in the journal, and then the loader is asked to do it. So a patch that does not lead to that image
 * never gets this far. From there on the device has to end with the new image, for the old one goes. If it
 * is no good, the way on is a newer release with a patch for it (which may bring the old content back), or a
 * rescue image.
 *
 *     static wick_in_place work;                           the loader, at a start with phase PENDING
 *     static wick_delta_memory memory;
 *     s = wick_journal_open(&journal, &flash, WICK_FLASH_JOURNAL);
 *     s = wick_in_place_open(&work, &flash, &journal, &memory);
 *     while (s == WICK_OK) {
 *         s = wick_in_place_poll(&work);
 *     }
 *     WICK_E_NOT_FOUND: all is done: the image runs, on trial until it is confirmed
 *     other errors:     if work.step is 0, the old image is whole: take the request back; else start
 *                       nothing, and try again: what is in the slot may be half of each image
 *
 * Where the journal cannot be read, or was lost, step is WICK_IN_PLACE_UNKNOWN and the error stays: how far the
 * work is, nobody knows. A rescue image that is written then has to come with an erased journal, or with the
 * request taken back, or the loader does not start it, or patches it.
 *
 * The steps: the old image is moved up by `shift`, one sector after the other from its end; then the new
 * one is made from the front, one segment after the other. The source of each step lies where neither it
 * nor a later one has written, so a step that a power cut has ended is done once more. After each step the
 * journal says so; what is staged is decoded again from its beginning, for the patch alone decides the
 * state of the decoder (wick/delta.h).
 *
 * Bounds: shift, segment and memory are whole sectors, segments whole pieces (WICK_DELTA_PIECE). Everything
 * that is written is read back. Wear: as many entries in the journal as the two images have sectors.
 *
 * Sizes on 32-bit: wick_in_place 844 bytes and the decoder's memory; code 1.4 KB beside journal and
 * decoder (Cortex-M4). Stack below 900 bytes, of which wick_delta_peek() takes most; HAL apart.
 */
#include "wick/delta.h"
#include "wick/journal.h"

#ifdef __cplusplus
extern "C" {
#endif

#if WICK_WITH_IN_PLACE

/** Kind of the journal's value. Not to be used for another. */
#define WICK_IN_PLACE_KIND 10u
/** The slot. */
#define WICK_IN_PLACE_AREA WICK_FLASH_SLOT_A
/** What is staged is summed up in pieces of so many bytes, the last one shorter. */
#define WICK_IN_PLACE_PIECE 64u

/** As `step`: what the journal said of it is gone. */
#define WICK_IN_PLACE_UNKNOWN UINT32_MAX

/** Fields are private, but for step and steps. */
typedef struct wick_in_place {
    const wick_hal_flash *flash;
    wick_journal *journal;
    wick_delta_memory *memory;
    uint32_t step, steps; /* done, of all: moves of sectors, then segments. steps is 0 before the head is read */
    uint32_t moves;       /* of sectors */
    uint32_t patch_bytes, sum;
    uint32_t at;          /* bytes of the patch that are read */
    uint32_t summed;      /* of them so far */
    uint32_t erase_size, write_size, slot_bytes;
    uint8_t state, tries;
    wick_delta_info info;
    wick_delta delta;
    uint8_t piece[256];
} wick_in_place;

/** Adds a piece of a patch to its sum, from 0 on: against what rots or is torn, not against anybody. */
static inline uint32_t wick_in_place_sum(uint32_t sum, wick_span piece)
{
    return (sum << 1 | sum >> 31) ^ wick_crc32(piece);
}

/** Whether a patch goes in a slot of this shape.
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED no in-place patch, or of segments or a shift that are no whole sectors, or a
 *                             slot whose sectors are no whole pieces, or these no whole units
 *  @retval WICK_E_FW_SIZE     it wants more memory than there is */
WICK_NODISCARD wick_status wick_in_place_fits(const wick_delta_info *info, const wick_flash_info *slot);

/** The application's part: the patch at the beginning of the staging memory is the one, and may be applied.
 *  To be put before the loader is asked.
 *  @param sum of its pieces  @retval WICK_OK  @return or the journal's error */
WICK_NODISCARD wick_status wick_in_place_put(wick_journal *journal, uint32_t patch_bytes, uint32_t sum);

/** The loader's part: looks for work, begun or not.
 *  @param[in] flash, journal, memory are kept
 *  @retval WICK_OK            poll
 *  @retval WICK_E_NOT_FOUND   none was put, or it is done
 *  @retval WICK_E_FW_JOURNAL  the journal is lost or its entry unreadable: nobody knows
 *  @retval WICK_E_UNSUPPORTED the journal is of another format, or the flash of another shape
 *  @retval WICK_E_HAL         also where slot or staging memory is missing */
WICK_NODISCARD wick_status wick_in_place_open(wick_in_place *p, const wick_hal_flash *flash,
                                              wick_journal *journal, wick_delta_memory *memory);

/** Some KB of it.
 *  @retval WICK_OK          call again
 *  @retval WICK_E_NOT_FOUND  the new image is whole, and the journal knows
 *  @retval WICK_E_FW_DIGEST  the patch is not what was put
 *  @retval WICK_E_LIMIT      it needs a larger wick_delta_memory than this loader's; nothing is written
 *  @retval WICK_E_HAL        flash did not do it in three tries; another call is one more
 *  @retval WICK_E_FW_JOURNAL the journal did not take in three tries what is done: final. Only after another
 *                            wick_journal_open() it may go on, for that says which entry counts
 *  @return or any status of wick_delta_input(), wick_delta_finish(), wick_in_place_fits() */
WICK_NODISCARD wick_status wick_in_place_poll(wick_in_place *p);

#endif

#ifdef __cplusplus
}
#endif
#endif
