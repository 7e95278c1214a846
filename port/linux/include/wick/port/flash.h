/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_FLASH_H
#define WICK_PORT_FLASH_H
/*
 * Flash and boot loader of a Linux gateway that updates a file or a partition. A directory holds one file
 * for each area, slot_a, slot_b, staging and journal; where an area is a block device, its name there is a
 * symbolic link to it. What the loader has to know is a value of a wick_linux_store in the same directory,
 * replaced as a whole.
 *
 *     static wick_linux_flash flash;
 *     static wick_linux_boot boot;
 *     wick_linux_flash_config config = {.slot_bytes = 8 << 20, .staging_bytes = 4 << 20};
 *     s = wick_linux_flash_open(&hal_flash, &flash, "/var/lib/wick/image", &config);
 *     s = wick_linux_boot_open(&hal_boot, &boot, "/var/lib/wick/image", &flash);
 *     s = wick_linux_boot_begin(&boot, image_bytes);      once: slot_a holds the image that runs
 *     s = wick_linux_boot_start(&boot, &state);           what a start of the device does
 *
 * wick_linux_boot_start() is the loader: it begins a trial or gives one up, and leaves the symbolic link
 * `running` at the slot that is to run, which has image_bytes of an image and 0xff behind it. A start
 * script calls it (`wick update start`) before it runs what `running` points to.
 *
 * A program of the journal, and a request, wait until what was written before is on the medium.
 */
#include "wick/hal/boot.h"
#include "wick/hal/flash.h"
#include "wick/port/linux.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Sectors and units of programming of files and devices. */
#define WICK_LINUX_FLASH_SECTOR 4096u
#define WICK_LINUX_FLASH_UNIT 8u

/** Sizes of areas that are made anew; rounded up to sectors. What is there keeps its size. */
typedef struct wick_linux_flash_config {
    uint32_t slot_bytes;
    uint32_t staging_bytes; /* 0: none */
} wick_linux_flash_config;

typedef struct wick_linux_flash { /* private */
    int fd[WICK_FLASH_AREAS]; /* -1: there is no such area */
    uint32_t size[WICK_FLASH_AREAS];
    bool dirty[WICK_FLASH_AREAS];
} wick_linux_flash;

typedef struct wick_linux_boot { /* private */
    wick_linux_store store;
    wick_hal_store hal;
    wick_linux_flash *flash;
    char dir[200];
} wick_linux_boot;

/** Opens the areas; makes those that are missing, blank.
 *  @retval WICK_OK  @retval WICK_E_HAL cannot be opened or made; an area of no whole sectors */
WICK_NODISCARD wick_status wick_linux_flash_open(wick_hal_flash *out, wick_linux_flash *f,
                                                 const char *dir,
                                                 const wick_linux_flash_config *config);
void wick_linux_flash_close(wick_linux_flash *f);

/** The loader's state in the same directory. `flash` is written out before a request; may be NULL.
 *  @retval WICK_OK  @retval WICK_E_HAL  @retval WICK_E_BAD_ARG a name that is too long */
WICK_NODISCARD wick_status wick_linux_boot_open(wick_hal_boot *out, wick_linux_boot *b,
                                                const char *dir, wick_linux_flash *flash);
/** Slot A runs, confirmed, with an image of so many bytes, where no state is there yet.
 *  @retval WICK_OK also where there is one  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wick_linux_boot_begin(wick_linux_boot *b, uint32_t image_bytes);
/** A start of the device. @param[out] state what runs from now on
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND wick_linux_boot_begin() was never called
 *  @retval WICK_E_HAL, WICK_E_STORE_CORRUPT, WICK_E_STORE_VERSION */
WICK_NODISCARD wick_status wick_linux_boot_start(wick_linux_boot *b, wick_boot_state *state);

#ifdef __cplusplus
}
#endif
#endif
