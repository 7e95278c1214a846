/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of sector and slot (wick/journal.h). */
#include "journal_internal.h"

uint8_t wick_journal_counts(const journal_view view[2])
{
    if (view[0].opened && view[1].opened) {
        /* Both: one was erased only in part when it was to be entered. The newer one is the full
         * one. */
        return (int32_t)(view[1].turn - view[0].turn) > 0 ? 1 : 0;
    }
    if (view[0].opened) {
        return 0;
    }
    return view[1].opened ? 1 : WICK_JOURNAL_NO_SECTOR;
}

journal_place wick_journal_next(uint8_t sector, uint16_t used, uint16_t slots)
{
    journal_place at = {sector, used, false};
    if (sector == WICK_JOURNAL_NO_SECTOR || used >= slots) {
        at.sector = sector == 0 ? 1 : 0;
        at.slot = 0;
        at.enter = true;
    }
    return at;
}
