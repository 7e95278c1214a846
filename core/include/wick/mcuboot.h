/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_MCUBOOT_H
#define WICK_MCUBOOT_H
/*
 * MCUboot as the boot loader of an update: reads and writes the trailers of its two slots, as "Image
 * trailer" and "High-level operation" of MCUboot's design document have them. For its swapping modes
 * (move, offset, scratch), in which what runs is always in the primary slot, WICK_FLASH_SLOT_A, and a new
 * image is put into the secondary one.
 *
 *     static wick_mcuboot mcuboot;
 *     wick_mcuboot_config config = {.flash = &flash, .max_align = 8, .max_sectors = 128,
 *                                   .counter = nv_counter, .counter_raise = nv_counter_raise};
 *     s = wick_mcuboot_init(&mcuboot, &boot, &slots, &config);
 *     update_config.flash = &slots;              slots without their trailers
 *     update_config.boot = &boot;
 *
 * A request writes the secondary slot's swap type (test) and then its magic, which is what counts: a cut
 * before that has asked for nothing. Confirming writes image_ok of the primary slot. A trial is one start:
 * MCUboot counts no more. The digest of an image is over all that is signed and its signature, header and
 * TLVs included: imgtool's output without padding.
 *
 * During a trial request() is WICK_E_STATE, as wick/hal/boot.h has it: the secondary slot holds the image to go
 * back to. MCUboot itself would take the request, for in its tables a good magic there comes before the return
 * (state I before III), and would leave an image that never proved itself as the way back from the next one.
 * Confirm first, or restart and let it go back.
 *
 * Trailer, from the end of a slot: magic 16 | image_ok | copy_done | swap_info | swap size, each in a field
 * of max_align bytes, aligned; before them the status of a swap, 3 x max_sectors x write_size bytes.
 *
 * Sizes: 44 bytes on 32-bit, and what the two HALs take. Stack below 150 bytes.
 */
#include "wick/hal/boot.h"
#include "wick/hal/flash.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wick_mcuboot_config {
    const wick_hal_flash *flash; /* slots with their trailers; kept */
    uint8_t max_align;           /* BOOT_MAX_ALIGN: 8, 16 or 32 */
    uint16_t max_sectors;        /* BOOT_MAX_IMG_SECTORS */
    uint8_t spare_sectors;       /* that swapping needs beside the trailer: 1 for "move" and "offset" */
    /** Security counter of the platform, as wick/hal/boot.h has it; MCUboot's own where it has one. */
    void *counter_ctx;
    wick_status (*counter)(void *ctx, uint32_t *value);
    wick_status (*counter_raise)(void *ctx, uint32_t value);
} wick_mcuboot_config;

/** Fields are private. */
typedef struct wick_mcuboot {
    wick_mcuboot_config config;
    uint32_t size[2];       /* of the slots, trailers included */
    uint32_t erase_size, write_size;
    uint32_t image_max;     /* bytes of a slot for an image */
} wick_mcuboot;

/** @param[out] boot  the loader  @param[out] slots  the flash for the update: slots end before their
 *                    trailers, all other areas are as they are
 *  @retval WICK_OK
 *  @retval WICK_E_BAD_ARG      max_align, or no counter
 *  @retval WICK_E_UNSUPPORTED  slots of unequal size or shape, units larger than max_align, or no room for
 *                              an image
 *  @retval others of the flash */
WICK_NODISCARD wick_status wick_mcuboot_init(wick_mcuboot *m, wick_hal_boot *boot,
                                             wick_hal_flash *slots,
                                             const wick_mcuboot_config *config);

/** Length of an image with header and TLVs, at the front of a slot.
 *  @retval WICK_OK  @retval WICK_E_MALFORMED no image of MCUboot, or one longer than a slot
 *  @retval others of the flash */
WICK_NODISCARD wick_status wick_mcuboot_image_bytes(const wick_mcuboot *m, uint32_t *bytes,
                                                    wick_flash_area slot);

#ifdef __cplusplus
}
#endif
#endif
