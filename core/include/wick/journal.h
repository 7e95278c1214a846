/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_JOURNAL_H
#define WICK_JOURNAL_H
/*
 * A few small values that survive a power cut at any instruction, in two sectors of flash: a put is
 * there wholly or not at all. It needs no other part of this library but its CRC.
 *
 *     wick_journal journal;
 *     uint8_t value[WICK_JOURNAL_DATA_BYTES];
 *     s = wick_journal_open(&journal, &flash, WICK_FLASH_JOURNAL);
 *     s = wick_journal_put(&journal, 3, value);       value 3 is now this one
 *     s = wick_journal_get(&journal, value, 3);       the newest, or WICK_E_NOT_FOUND
 *
 * Entries of 32 bytes are appended, each with a CRC: kind 1 | data 23 | turn 4 | CRC-32 4, big
 * endian. The newest of a kind counts. When a sector is full, the other one is erased, gets the
 * newest entry of each kind, and then an opening entry (kind 0xf0), from which on it counts; until
 * then the full one does. Its entries say in which turn it was entered. So
 *  - a slot that is not blank is never written, whatever a cut has left there: the next entry comes
 *    behind the last slot that is not blank;
 *  - a sector is erased only when entering it, and it is never the one that counts.
 * Each entry is read back; one that reads otherwise than written is left behind, and the next slot
 * is taken.
 *
 * Wear: with sectors of 4 KiB, one erase of each sector for about 240 puts.
 * Bounds: kinds 1..WICK_JOURNAL_KINDS. Sizes: 48 bytes on 32-bit. Stack below 200 bytes.
 */
#include "wick/hal/flash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_JOURNAL_ENTRY_BYTES 32u
#define WICK_JOURNAL_DATA_BYTES 23u

/** Fields are private, but for `lost` and `burnt`. */
typedef struct wick_journal {
    const wick_hal_flash *flash;
    wick_flash_area area;
    uint32_t sector_bytes;
    uint32_t turn;                       /* how often a sector was entered */
    uint16_t next;                       /* slot behind the last one that is not blank */
    uint16_t newest[WICK_JOURNAL_KINDS]; /* slot + 1 in the sector that counts; 0: none */
    uint8_t sector;                      /* 0, 1: the one that counts; 2: none */
    bool lost;      /* there was something at opening, but no sector that counts */
    uint16_t burnt; /* slots found neither blank nor whole */
} wick_journal;

/** Finds the sector that counts. A flash without one (new, or lost) opens as an empty journal.
 *  @param[in] flash is kept
 *  @retval WICK_OK
 *  @retval WICK_E_UNSUPPORTED the area has not two sectors, sectors of fewer than 64 slots, or units
 *          larger than an entry
 *  @retval WICK_E_NOT_FOUND   no such area */
WICK_NODISCARD wick_status wick_journal_open(wick_journal *j, const wick_hal_flash *flash,
                                             wick_flash_area area);

/** The newest value of a kind. On error `data` is zeroed.
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND  @retval WICK_E_BAD_ARG no such kind
 *  @retval WICK_E_FW_JOURNAL it reads otherwise than at opening */
WICK_NODISCARD wick_status wick_journal_get(const wick_journal *j,
                                            uint8_t data[WICK_JOURNAL_DATA_BYTES], uint8_t kind);

/** Makes a value the newest of its kind. On error the one before still is; after a reset
 *  it may be the one or the other, as after a power cut.
 *  @retval WICK_OK it reads back
 *  @retval WICK_E_BAD_ARG no such kind
 *  @retval WICK_E_HAL neither a slot nor the other sector takes it */
WICK_NODISCARD wick_status wick_journal_put(wick_journal *j, uint8_t kind,
                                            const uint8_t data[WICK_JOURNAL_DATA_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
