/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append-only journal in two sectors (wick/journal.h). The newest entry of each kind is known by
 * its slot; values are read from flash when they are asked for.
 */
#include "wick/journal.h"

#include <string.h>

#include "journal_internal.h"

#define SLOTS_MIN 64u /* fewer would carry more than they take */
#define OPENING 0xf0u /* kind of the entry that makes a sector count */
#define AT_DATA 1u
#define AT_TURN 24u
#define AT_CRC 28u
/* Slots in a row that do not take an entry, before the sector is given up. */
#define BURNT_MAX 3u

static uint16_t slots_of(const wick_journal *j)
{
    return (uint16_t)(j->sector_bytes / WICK_JOURNAL_ENTRY_BYTES);
}

static uint32_t offset_of(const wick_journal *j, uint8_t sector, uint16_t slot)
{
    return sector * j->sector_bytes + slot * WICK_JOURNAL_ENTRY_BYTES;
}

static bool read_slot(const wick_journal *j, uint8_t *entry, uint8_t sector, uint16_t slot)
{
    return j->flash->read(j->flash->ctx, j->area, offset_of(j, sector, slot), entry,
                          WICK_JOURNAL_ENTRY_BYTES) == WICK_OK;
}

static bool is_kind(uint8_t kind)
{
    return kind >= 1 && kind <= WICK_JOURNAL_KINDS;
}

static bool is_whole(const uint8_t *entry)
{
    return (is_kind(entry[0]) || entry[0] == OPENING) &&
           wick_load_be32(entry + AT_CRC) == wick_crc32(wick_span_make(entry, AT_CRC));
}

static bool is_blank(const uint8_t *entry)
{
    for (uint32_t i = 0; i < WICK_JOURNAL_ENTRY_BYTES; i++) {
        if (entry[i] != 0xff) {
            return false;
        }
    }
    return true;
}

/* Looks through a sector. With `keep` its entries of that turn become the newest of their kinds. */
static journal_view scan(const wick_journal *j, uint8_t sector, wick_journal *keep)
{
    journal_view view = {false, 0, 0};
    uint8_t entry[WICK_JOURNAL_ENTRY_BYTES];
    for (uint16_t slot = 0; slot < slots_of(j); slot++) {
        /* What cannot be read is not blank. */
        bool readable = read_slot(j, entry, sector, slot);
        if (readable && is_blank(entry)) {
            continue;
        }
        view.used = (uint16_t)(slot + 1);
        bool whole = readable && is_whole(entry);
        if (whole && entry[0] == OPENING) {
            view.opened = true;
            view.turn = wick_load_be32(entry + AT_TURN);
        }
        if (keep == NULL) {
            continue;
        }
        if (!whole || wick_load_be32(entry + AT_TURN) != keep->turn) {
            keep->burnt++;
        } else if (entry[0] != OPENING) {
            keep->newest[entry[0] - 1] = view.used;
        }
    }
    return view;
}

wick_status wick_journal_open(wick_journal *j, const wick_hal_flash *flash, wick_flash_area area)
{
    wick_flash_info info;
    memset(j, 0, sizeof *j);
    j->flash = flash;
    j->area = area;
    j->sector = WICK_JOURNAL_NO_SECTOR;
    wick_status status = flash->info(flash->ctx, area, &info);
    if (status != WICK_OK) {
        return status;
    }
    if (info.size != 2 * info.erase_size ||
        info.erase_size < SLOTS_MIN * WICK_JOURNAL_ENTRY_BYTES ||
        info.erase_size > UINT16_MAX * WICK_JOURNAL_ENTRY_BYTES || info.write_size == 0 ||
        WICK_JOURNAL_ENTRY_BYTES % info.write_size != 0) {
        return WICK_E_UNSUPPORTED;
    }
    j->sector_bytes = info.erase_size;
    journal_view view[2];
    view[0] = scan(j, 0, NULL);
    view[1] = scan(j, 1, NULL);
    j->sector = wick_journal_counts(view);
    if (j->sector == WICK_JOURNAL_NO_SECTOR) {
        j->lost = view[0].used != 0 || view[1].used != 0;
        return WICK_OK;
    }
    j->turn = view[j->sector].turn;
    j->next = scan(j, j->sector, j).used;
    return WICK_OK;
}

wick_status wick_journal_get(const wick_journal *j, uint8_t data[WICK_JOURNAL_DATA_BYTES],
                             uint8_t kind)
{
    uint8_t entry[WICK_JOURNAL_ENTRY_BYTES];
    memset(data, 0, WICK_JOURNAL_DATA_BYTES);
    if (!is_kind(kind)) {
        return WICK_E_BAD_ARG;
    }
    if (j->newest[kind - 1] == 0) {
        return WICK_E_NOT_FOUND;
    }
    if (!read_slot(j, entry, j->sector, (uint16_t)(j->newest[kind - 1] - 1)) || !is_whole(entry) ||
        entry[0] != kind) {
        return WICK_E_FW_JOURNAL;
    }
    memcpy(data, entry + AT_DATA, WICK_JOURNAL_DATA_BYTES);
    return WICK_OK;
}

/* Writes one entry and reads it back. */
static bool write_slot(const wick_journal *j, uint8_t sector, uint16_t slot, uint8_t kind,
                       const uint8_t *data, uint32_t turn)
{
    uint8_t entry[WICK_JOURNAL_ENTRY_BYTES], back[WICK_JOURNAL_ENTRY_BYTES];
    entry[0] = kind;
    memcpy(entry + AT_DATA, data, WICK_JOURNAL_DATA_BYTES);
    wick_store_be32(entry + AT_TURN, turn);
    wick_store_be32(entry + AT_CRC, wick_crc32(wick_span_make(entry, AT_CRC)));
    if (j->flash->program(j->flash->ctx, j->area, offset_of(j, sector, slot), entry,
                          sizeof entry) != WICK_OK) {
        return false;
    }
    return read_slot(j, back, sector, slot) && memcmp(entry, back, sizeof entry) == 0;
}

/* Writes into the first slot from *slot on that takes it; *slot is then behind it. */
static bool append(const wick_journal *j, uint8_t sector, uint16_t *slot, uint8_t kind,
                   const uint8_t *data, uint32_t turn)
{
    for (uint16_t burnt = 0; burnt < BURNT_MAX && *slot < slots_of(j); burnt++) {
        bool taken = write_slot(j, sector, *slot, kind, data, turn);
        (*slot)++;
        if (taken) {
            return true;
        }
    }
    return false;
}

/* Makes the other sector the one that counts, with the newest of each kind in it. */
static wick_status enter(wick_journal *j, uint8_t sector)
{
    static const uint8_t nothing[WICK_JOURNAL_DATA_BYTES];
    uint8_t data[WICK_JOURNAL_DATA_BYTES];
    uint16_t newest[WICK_JOURNAL_KINDS], slot = 0;
    if (j->flash->erase(j->flash->ctx, j->area, sector * j->sector_bytes) != WICK_OK) {
        return WICK_E_HAL;
    }
    for (uint8_t kind = 1; kind <= WICK_JOURNAL_KINDS; kind++) {
        newest[kind - 1] = 0;
        wick_status status = wick_journal_get(j, data, kind);
        if (status == WICK_E_NOT_FOUND) {
            continue;
        }
        if (status != WICK_OK) {
            j->lost = true; /* it has rotted: what else there is must not be lost with it */
            continue;
        }
        if (!append(j, sector, &slot, kind, data, j->turn + 1)) {
            return WICK_E_HAL;
        }
        newest[kind - 1] = slot;
    }
    if (!append(j, sector, &slot, OPENING, nothing, j->turn + 1)) {
        return WICK_E_HAL;
    }
    memcpy(j->newest, newest, sizeof newest);
    j->sector = sector;
    j->next = slot;
    j->turn++;
    return WICK_OK;
}

wick_status wick_journal_put(wick_journal *j, uint8_t kind,
                             const uint8_t data[WICK_JOURNAL_DATA_BYTES])
{
    if (!is_kind(kind)) {
        return WICK_E_BAD_ARG;
    }
    /* Once here, once in the other sector. */
    for (int turn = 0; turn < 2; turn++) {
        journal_place at = wick_journal_next(j->sector, j->next, slots_of(j));
        if (at.enter && enter(j, at.sector) != WICK_OK) {
            return WICK_E_HAL;
        }
        uint16_t before = j->next;
        if (append(j, j->sector, &j->next, kind, data, j->turn)) {
            j->burnt = (uint16_t)(j->burnt + j->next - before - 1);
            j->newest[kind - 1] = j->next;
            return WICK_OK;
        }
        j->burnt = (uint16_t)(j->burnt + j->next - before);
        j->next = slots_of(j); /* this sector takes no more */
    }
    return WICK_E_HAL;
}
