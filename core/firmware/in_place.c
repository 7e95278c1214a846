/* SPDX-License-Identifier: Apache-2.0 */
/* One slot: the old image is moved up, and the new one written from the front (wick/in_place.h). */
#include "wick/in_place.h"

#if WICK_WITH_IN_PLACE
#include <string.h>

#define FORMAT 1u
#define TRIES 3u
#define PATCH_STEP 4096u /* bytes of a patch that one poll sums up */

enum { SUM = 0, MOVE, SEGMENTS, STUCK };

/* ---- journal: format | done | step 4 | bytes of the patch 4 | their sum 4 ---- */

static wick_status put(wick_journal *journal, bool done, uint32_t step, uint32_t bytes, uint32_t sum)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES] = {FORMAT};
    v[1] = done;
    wick_store_be32(v + 2, step);
    wick_store_be32(v + 6, bytes);
    wick_store_be32(v + 10, sum);
    return wick_journal_put(journal, WICK_IN_PLACE_KIND, v);
}

wick_status wick_in_place_put(wick_journal *journal, uint32_t patch_bytes, uint32_t sum)
{
    return put(journal, false, 0, patch_bytes, sum);
}

/* A step is done, and what comes next may write where its source was: only once the journal knows. Nor is
 * the step done again where it does not, for an entry that was not taken may count after a reset. */
static wick_status step_done(wick_in_place *p)
{
    uint32_t step = p->step + 1;
    wick_status status = WICK_E_HAL;
    for (unsigned i = 0; i < TRIES && status != WICK_OK; i++) {
        status = put(p->journal, step == p->steps, step, p->patch_bytes, p->sum);
    }
    if (status != WICK_OK) {
        p->state = STUCK;
        return WICK_E_FW_JOURNAL;
    }
    p->step = step;
    p->tries = 0;
    return WICK_OK;
}

/* ---- flash ---- */

/* Whole units within one sector, read back; erases the sector where it begins. */
static wick_status program(const wick_in_place *p, uint32_t at, const uint8_t *bytes, uint32_t length)
{
    const wick_hal_flash *f = p->flash;
    uint8_t back[WICK_IN_PLACE_PIECE];
    wick_status status = WICK_OK;
    if (at % p->erase_size == 0) {
        status = f->erase(f->ctx, WICK_IN_PLACE_AREA, at);
    }
    if (status == WICK_OK) {
        status = f->program(f->ctx, WICK_IN_PLACE_AREA, at, bytes, length);
    }
    for (uint32_t n; length > 0 && status == WICK_OK; length -= n) {
        n = length < sizeof back ? length : (uint32_t)sizeof back;
        status = f->read(f->ctx, WICK_IN_PLACE_AREA, at, back, n);
        if (status == WICK_OK && memcmp(back, bytes, n) != 0) {
            status = WICK_E_HAL;
        }
        at += n;
        bytes += n;
    }
    return status;
}

/* Moves one sector up, the last one first. */
static wick_status move(wick_in_place *p)
{
    const wick_hal_flash *f = p->flash;
    uint32_t from = (p->moves - 1 - p->step) * p->erase_size;
    wick_status status = WICK_OK;
    for (uint32_t at = 0; at < p->erase_size && status == WICK_OK; at += (uint32_t)sizeof p->piece) {
        status = f->read(f->ctx, WICK_IN_PLACE_AREA, from + at, p->piece, sizeof p->piece);
        if (status == WICK_OK) {
            status = program(p, from + p->info.shift_bytes + at, p->piece, sizeof p->piece);
        }
    }
    return status;
}

/* ---- segments ---- */

static wick_status read_old(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    const wick_in_place *p = ctx;
    const wick_hal_flash *f = p->flash;
    return f->read(f->ctx, WICK_IN_PLACE_AREA, p->info.shift_bytes + offset, out, length);
}

static wick_status write_new(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    wick_in_place *p = ctx;
    uint8_t unit[WICK_FLASH_WRITE_MAX];
    uint32_t rest = length % p->write_size, end = offset + length;
    wick_status status = WICK_OK;
    if (length > rest) {
        status = program(p, offset, bytes, length - rest);
    }
    if (status == WICK_OK && rest > 0) { /* the end of the image */
        memset(unit, 0xff, sizeof unit);
        memcpy(unit, bytes + length - rest, rest);
        status = program(p, end - rest, unit, p->write_size);
    }
    if (status == WICK_OK && (end % p->info.segment_bytes == 0 || end == p->info.new_bytes)) {
        status = step_done(p);
    }
    return status;
}

/* From the beginning of the patch, and of the first segment that is not done. */
static void segments_begin(wick_in_place *p)
{
    wick_delta_config config;
    memset(&config, 0, sizeof config);
    config.io.ctx = p;
    config.io.read = read_old;
    config.io.write = write_new;
    config.old_bytes = p->info.old_bytes;
    config.new_max = p->info.new_bytes;
    config.resume_at = (p->step - p->moves) * p->info.segment_bytes;
    wick_delta_use(&config, p->memory);
    wick_delta_init(&p->delta, &config);
    p->at = 0;
    p->state = SEGMENTS;
}

static wick_status next_piece(wick_in_place *p, wick_span *piece)
{
    const wick_hal_flash *f = p->flash;
    uint32_t n = p->patch_bytes - p->at;
    n = n < WICK_IN_PLACE_PIECE ? n : WICK_IN_PLACE_PIECE;
    *piece = wick_span_make(p->piece, n);
    wick_status status = f->read(f->ctx, WICK_FLASH_STAGING, p->at, p->piece, n);
    p->at += n;
    return status;
}

static wick_status segments(wick_in_place *p)
{
    wick_span piece;
    wick_status status = next_piece(p, &piece);
    if (status == WICK_OK) {
        status = wick_delta_input(&p->delta, piece);
    }
    if (status == WICK_OK && p->at == p->patch_bytes) {
        status = wick_delta_finish(&p->delta);
    }
    return status;
}

/* ---- begin ---- */

wick_status wick_in_place_fits(const wick_delta_info *info, const wick_flash_info *slot)
{
    uint32_t segment = info->segment_bytes;
    /* A piece is whole units, and lies in one sector. */
    if (slot->write_size == 0 || WICK_DELTA_PIECE % slot->write_size != 0 || slot->erase_size == 0 ||
        slot->erase_size % WICK_DELTA_PIECE != 0) {
        return WICK_E_UNSUPPORTED;
    }
    if (segment == 0 || segment % slot->erase_size != 0 || segment % WICK_DELTA_PIECE != 0 ||
        info->shift_bytes % slot->erase_size != 0 || info->memory_bytes % slot->erase_size != 0) {
        return WICK_E_UNSUPPORTED;
    }
    return info->memory_bytes <= slot->size && info->new_bytes <= info->memory_bytes ? WICK_OK
                                                                                      : WICK_E_FW_SIZE;
}

/* What the patch is, and what there is to do. */
static wick_status look(wick_in_place *p)
{
    wick_flash_info slot = {p->slot_bytes, p->erase_size, p->write_size};
    const wick_hal_flash *f = p->flash;
    uint32_t n = p->patch_bytes < WICK_DELTA_HEADER_MAX ? p->patch_bytes : WICK_DELTA_HEADER_MAX;
    wick_status status = f->read(f->ctx, WICK_FLASH_STAGING, 0, p->piece, n);
    if (status == WICK_OK) {
        status = wick_delta_peek(&p->info, wick_span_make(p->piece, n));
    }
    if (status == WICK_OK) {
        status = wick_in_place_fits(&p->info, &slot);
    }
    if (status != WICK_OK) {
        return status;
    }
    const wick_delta_info *i = &p->info;
    /* What asked may have been built with more memory than this. Later is too late to see that. */
    if (i->window_bytes > sizeof p->memory->window ||
        i->probs > sizeof p->memory->probs / sizeof p->memory->probs[0]) {
        return WICK_E_LIMIT;
    }
    uint32_t stays = i->memory_bytes - i->shift_bytes; /* of the old image, at most */
    stays = i->old_bytes < stays ? i->old_bytes : stays;
    p->moves = i->shift_bytes == 0 ? 0 : (stays + p->erase_size - 1) / p->erase_size;
    p->steps = p->moves + (i->new_bytes + i->segment_bytes - 1) / i->segment_bytes;
    if (p->step >= p->steps) {
        return WICK_E_MALFORMED; /* an image of no bytes, or more done than there is */
    }
    p->state = MOVE;
    p->tries = 0;
    return WICK_OK;
}

wick_status wick_in_place_open(wick_in_place *p, const wick_hal_flash *flash, wick_journal *journal,
                               wick_delta_memory *memory)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    wick_flash_info slot, staging;
    memset(p, 0, sizeof *p);
    p->flash = flash;
    p->journal = journal;
    p->memory = memory;
    p->step = WICK_IN_PLACE_UNKNOWN;
    wick_status status = wick_journal_get(journal, v, WICK_IN_PLACE_KIND);
    if (status == WICK_E_NOT_FOUND && journal->lost) {
        status = WICK_E_FW_JOURNAL; /* there may have been some, and some of it done */
    }
    if (status != WICK_OK) {
        return status;
    }
    if (v[0] != FORMAT) {
        return WICK_E_UNSUPPORTED;
    }
    p->step = wick_load_be32(v + 2);
    p->patch_bytes = wick_load_be32(v + 6);
    p->sum = wick_load_be32(v + 10);
    if (v[1] != 0) {
        return WICK_E_NOT_FOUND;
    }
    /* An area that is not there is not NOT_FOUND: that would say that all is done. */
    if (flash->info(flash->ctx, WICK_IN_PLACE_AREA, &slot) != WICK_OK ||
        flash->info(flash->ctx, WICK_FLASH_STAGING, &staging) != WICK_OK) {
        return WICK_E_HAL;
    }
    p->erase_size = slot.erase_size;
    p->write_size = slot.write_size;
    p->slot_bytes = slot.size;
    if (p->patch_bytes == 0 || p->patch_bytes > staging.size || slot.erase_size % sizeof p->piece != 0 ||
        slot.write_size == 0 || slot.write_size > WICK_FLASH_WRITE_MAX) {
        return WICK_E_UNSUPPORTED;
    }
    return WICK_OK;
}

/* Before anything is written, and each time it goes on: is the patch still what it was? */
static wick_status sum_up(wick_in_place *p)
{
    wick_span piece;
    wick_status status = WICK_OK;
    for (uint32_t n = 0; n < PATCH_STEP && p->at < p->patch_bytes && status == WICK_OK;
         n += WICK_IN_PLACE_PIECE) {
        status = next_piece(p, &piece);
        p->summed = wick_in_place_sum(p->summed, piece);
    }
    if (status == WICK_OK && p->at == p->patch_bytes) {
        status = p->summed == p->sum ? look(p) : WICK_E_FW_DIGEST;
    }
    if (status != WICK_OK) { /* a piece that was not read is not in the sum: whoever goes on begins again */
        p->at = p->summed = 0;
    }
    return status;
}

wick_status wick_in_place_poll(wick_in_place *p)
{
    wick_status status;
    if (p->state == STUCK) {
        return WICK_E_FW_JOURNAL;
    }
    if (p->state == SUM) {
        status = sum_up(p);
    } else if (p->state == MOVE && p->step < p->moves) {
        status = move(p);
        if (status == WICK_OK) {
            status = step_done(p);
        }
    } else {
        if (p->state == MOVE) {
            segments_begin(p);
        }
        status = segments(p);
        if (status == WICK_OK && p->at == p->patch_bytes) {
            return WICK_E_NOT_FOUND;
        }
    }
    if (status != WICK_E_HAL) {
        return status;
    }
    if (p->state != SUM) { /* the same step again, also for whoever asks after the last try */
        p->state = MOVE;
    }
    if (p->tries < TRIES) {
        p->tries++;
    }
    return p->tries < TRIES ? WICK_OK : status;
}

#endif
