/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_JOURNAL_INTERNAL_H
#define WICK_JOURNAL_INTERNAL_H
/* The rule of the journal apart from its bytes: which sector counts, and where the next entry goes.
 */
#include "wick/journal.h"

#define WICK_JOURNAL_NO_SECTOR 2u

/* What a scan has found in a sector. */
typedef struct journal_view {
    bool opened;   /* there is a whole opening entry */
    uint32_t turn; /* of it */
    uint16_t used; /* slots up to the last one that is not blank */
} journal_view;

typedef struct journal_place {
    uint8_t sector;
    uint16_t slot;
    bool enter; /* erase the sector, carry what counts, then write */
} journal_place;

/* The sector that counts: 0, 1, or WICK_JOURNAL_NO_SECTOR. */
uint8_t wick_journal_counts(const journal_view view[2]);

/* Where the next entry goes when `sector` counts and its first `used` slots are not blank. */
journal_place wick_journal_next(uint8_t sector, uint16_t used, uint16_t slots);

#endif
