/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's choice of slot: whatever was found in the two sectors, the sector that counts is an opened
 * one and no older than the other; the next entry goes behind everything that is not blank, inside of its
 * sector; a sector is entered, and so erased, only when the one that counts is full, and is never that one;
 * and once it is entered, it counts. Every value of every field.
 */
#include "cbmc.h"

#include "journal_internal.h"

void harness(void)
{
    journal_view view[2];
    for (int i = 0; i < 2; i++) {
        view[i].opened = nondet_bool();
        view[i].turn = nondet_u32();
        view[i].used = nondet_u16();
    }
    uint16_t slots = nondet_u16();
    ASSUME(slots > 0);
    uint8_t counts = wick_journal_counts(view);
    PROVE(counts <= WICK_JOURNAL_NO_SECTOR, "a sector or none");
    PROVE((counts == WICK_JOURNAL_NO_SECTOR) == (!view[0].opened && !view[1].opened), "one counts");
    uint16_t used = 0;
    if (counts != WICK_JOURNAL_NO_SECTOR) {
        const journal_view *one = &view[counts], *other = &view[counts ^ 1];
        used = one->used;
        PROVE(one->opened, "an opened one");
        PROVE(!other->opened || one->turn - other->turn <= 0x80000000u, "the newer one");
    }
    journal_place at = wick_journal_next(counts, used, slots);
    PROVE(at.sector < 2 && at.slot < slots, "a slot that there is");
    PROVE(at.enter || (at.sector == counts && at.slot >= used), "behind all that is not blank");
    PROVE(!at.enter || at.sector != counts, "the sector that counts is not erased");
    PROVE(at.enter == (counts == WICK_JOURNAL_NO_SECTOR || used >= slots), "entered when it is full");
    if (at.enter && counts != WICK_JOURNAL_NO_SECTOR) {
        view[at.sector].opened = true;
        view[at.sector].turn = view[counts].turn + 1;
        PROVE(wick_journal_counts(view) == at.sector, "what was entered counts");
    }
    COVER(at.enter && counts == 0);
    COVER(at.enter && counts == 1);
    COVER(at.enter && counts == WICK_JOURNAL_NO_SECTOR);
    COVER(!at.enter && view[0].opened && view[1].opened);
}
