/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HAL_FLASH_H
#define WICK_HAL_FLASH_H
/*
 * Areas of flash: image slots, staging, the journal of updates. An area is addressed from 0 to size.
 * Erased bytes read as 0xff; a program turns them into the bytes given, in whole units of write_size,
 * each unit once between two erases. Nothing else may change what an area holds.
 *
 * A power cut may leave a program or an erase half done. What the units or the sector then hold is
 * anything, and reading them may fail; all other units and sectors are as they were.
 *
 * A call comes back when its work is done. The slot that runs is only ever read.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What an area is for. */
typedef enum wick_flash_area {
    WICK_FLASH_SLOT_A = 0,
    WICK_FLASH_SLOT_B = 1,
    WICK_FLASH_STAGING = 2, /* patches, lists of blocks, images on the way */
    WICK_FLASH_JOURNAL = 3  /* two sectors */
} wick_flash_area;
#define WICK_FLASH_AREAS 4
/** Largest write_size that the library takes. */
#define WICK_FLASH_WRITE_MAX 32u

/** Shape of an area, bytes. */
typedef struct wick_flash_info {
    uint32_t size;       /* whole sectors, below 2 GiB; of a slot, what an image may have */
    uint32_t erase_size; /* one sector: a power of two, 256 or more */
    uint32_t write_size; /* one unit of programming: a power of two, WICK_FLASH_WRITE_MAX at most */
} wick_flash_info;

typedef struct wick_hal_flash {
    void *ctx;
    /** @retval WICK_OK  @retval WICK_E_NOT_FOUND no such area */
    wick_status (*info)(void *ctx, wick_flash_area area, wick_flash_info *info);
    /** Any offset and length inside the area; 0 is allowed.
     *  @retval WICK_E_BAD_ARG outside  @retval WICK_E_HAL the medium, or what a power cut left */
    wick_status (*read)(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                        uint32_t length);
    /** Offset and length are multiples of write_size; what is there must be erased.
     *  @retval WICK_E_BAD_ARG outside, or no whole units  @retval WICK_E_HAL the medium */
    wick_status (*program)(void *ctx, wick_flash_area area, uint32_t offset, const uint8_t *bytes,
                           uint32_t length);
    /** One sector, by its first offset.
     *  @retval WICK_E_BAD_ARG outside, or not a first offset  @retval WICK_E_HAL the medium */
    wick_status (*erase)(void *ctx, wick_flash_area area, uint32_t offset);
} wick_hal_flash;

#ifdef __cplusplus
}
#endif
#endif
