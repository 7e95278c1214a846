/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of an update go: areas, whole units of programming, and lists of blocks. */
#include <string.h>

#include "update_internal.h"

/* Erase and program that fail once get a second try; then it is the medium. */
#define TRIES 2

wick_status update_info(const wick_update *u, wick_flash_info *info, wick_flash_area area)
{
    return u->config.flash->info(u->config.flash->ctx, area, info);
}

wick_status update_read(const wick_update *u, wick_flash_area area, uint32_t offset, uint8_t *out,
                        uint32_t length)
{
    return u->config.flash->read(u->config.flash->ctx, area, offset, out, length);
}

void update_place(const wick_update *u, uint8_t place, uint32_t bytes, wick_flash_area *area,
                  uint32_t *base)
{
    wick_flash_info info;
    *base = 0;
    if (place == WICK_PLAN_STAGING) {
        *area = WICK_FLASH_STAGING;
        if (update_info(u, &info, *area) == WICK_OK) {
            /* The end of it, on a sector; the plan has seen to it that there is room. */
            *base = (update_staging(u) - bytes) & ~(info.erase_size - 1);
        }
        return;
    }
    bool other = place == WICK_PLAN_TARGET && !u->single;
    *area = (u->boot.slot == 0) != other ? WICK_FLASH_SLOT_A : WICK_FLASH_SLOT_B;
}

bool update_in_place(const wick_update *u)
{
    return WICK_WITH_IN_PLACE && u->plan.step[u->step].to == WICK_PLAN_RUNNING;
}

/* ---- lists of blocks: at the end of the staging memory, one part for each list ---- */

static uint32_t entry_bytes(uint32_t list, uint32_t write_size)
{
    uint32_t bytes = list % 2 == 0 ? WICK_UNIXFS_LINK_BYTES : WICK_UNIXFS_SIZE_BYTES;
    return (bytes + write_size - 1) & ~(write_size - 1);
}

/* Sectors of a list: as many links as fit into list_bytes, and their sizes. */
static uint32_t list_sectors(const wick_update *u, const wick_flash_info *info, uint32_t list)
{
    uint32_t links = u->config.list_bytes / entry_bytes(0, info->write_size);
    uint32_t each = info->erase_size / entry_bytes(list, info->write_size);
    return (links + each - 1) / each;
}

uint32_t update_staging(const wick_update *u)
{
    wick_flash_info info;
    if (update_info(u, &info, WICK_FLASH_STAGING) != WICK_OK) {
        return 0;
    }
    uint64_t lists = (uint64_t)WICK_UNIXFS_LEVELS *
                     (list_sectors(u, &info, 0) + list_sectors(u, &info, 1)) * info.erase_size;
    return lists < info.size ? info.size - (uint32_t)lists : 0;
}

/* @param[out] info of the staging memory  @return offset of an entry; UINT32_MAX: there is no room for it */
static uint32_t entry_at(const wick_update *u, wick_flash_info *info, uint32_t list, uint32_t index)
{
    uint32_t staging = update_staging(u);
    if (staging == 0 || update_info(u, info, WICK_FLASH_STAGING) != WICK_OK) {
        return UINT32_MAX;
    }
    uint32_t links = list_sectors(u, info, 0), sizes = list_sectors(u, info, 1);
    uint32_t bytes = entry_bytes(list, info->write_size), each = info->erase_size / bytes;
    uint32_t sector = index / each, begin = list / 2 * (links + sizes) + (list % 2 == 0 ? 0 : links);
    if (list >= 2 * WICK_UNIXFS_LEVELS || sector >= (list % 2 == 0 ? links : sizes)) {
        return UINT32_MAX;
    }
    return staging + (begin + sector) * info->erase_size + index % each * bytes;
}

static wick_status list_write(void *ctx, uint32_t list, uint32_t index, const uint8_t *entry)
{
    const wick_update *u = (const wick_update *)ctx;
    const wick_hal_flash *f = u->config.flash;
    uint8_t padded[WICK_UNIXFS_LINK_BYTES + WICK_FLASH_WRITE_MAX];
    wick_flash_info info;
    wick_status status = WICK_OK;
    uint32_t at = entry_at(u, &info, list, index);
    if (at == UINT32_MAX) {
        return WICK_E_FW_LAYOUT; /* nodes with links need staging memory */
    }
    if (at % info.erase_size == 0) {
        status = f->erase(f->ctx, WICK_FLASH_STAGING, at);
    }
    memset(padded, 0xff, sizeof padded);
    memcpy(padded, entry, list % 2 == 0 ? WICK_UNIXFS_LINK_BYTES : WICK_UNIXFS_SIZE_BYTES);
    if (status == WICK_OK) {
        status =
            f->program(f->ctx, WICK_FLASH_STAGING, at, padded, entry_bytes(list, info.write_size));
    }
    return status;
}

static wick_status list_read(void *ctx, uint32_t list, uint32_t index, uint8_t *entry)
{
    const wick_update *u = (const wick_update *)ctx;
    wick_flash_info info;
    uint32_t at = entry_at(u, &info, list, index);
    if (at == UINT32_MAX) {
        return WICK_E_BAD_ARG;
    }
    return update_read(u, WICK_FLASH_STAGING, at, entry,
                       list % 2 == 0 ? WICK_UNIXFS_LINK_BYTES : WICK_UNIXFS_SIZE_BYTES);
}

const wick_unixfs_lists update_lists = {NULL, list_write, list_read};

/* ---- sink ---- */

uint32_t update_sector_floor(const wick_update *u, uint32_t pos)
{
    return pos & ~(u->sink.erase_size - 1);
}

wick_status update_sink_open(wick_update *u, wick_flash_area area, uint32_t base, uint32_t pos)
{
    wick_flash_info info;
    wick_status status = update_info(u, &info, area);
    if (status != WICK_OK) {
        return status;
    }
    u->sink.area = area;
    u->sink.base = base;
    u->sink.erase_size = info.erase_size;
    u->sink.write_size = info.write_size;
    u->sink.pos = pos & ~(info.erase_size - 1);
    return WICK_OK;
}

/* Whole units, within one sector; erases it where it begins. */
static wick_status program(wick_update *u, uint32_t pos, const uint8_t *bytes, uint32_t length)
{
    const wick_hal_flash *f = u->config.flash;
    const wick_update_sink *s = &u->sink;
    wick_status status = WICK_OK;
    if (pos % s->erase_size == 0) {
        status = WICK_E_HAL;
        for (int i = 0; i < TRIES && status != WICK_OK; i++) {
            status = f->erase(f->ctx, s->area, s->base + pos);
        }
    }
    return status == WICK_OK ? f->program(f->ctx, s->area, s->base + pos, bytes, length) : status;
}

wick_status update_sink_write(wick_update *u, const uint8_t *bytes, uint32_t length)
{
    wick_update_sink *s = &u->sink;
    wick_status status = WICK_OK;
    while (length > 0 && status == WICK_OK) {
        uint32_t held = s->pos % s->write_size;
        if (held != 0 || length < s->write_size) {
            uint32_t n = s->write_size - held < length ? s->write_size - held : length;
            memcpy(s->unit + held, bytes, n);
            s->pos += n;
            bytes += n;
            length -= n;
            if (held + n == s->write_size) {
                status = program(u, s->pos - s->write_size, s->unit, s->write_size);
            }
            continue;
        }
        uint32_t room = s->erase_size - s->pos % s->erase_size;
        uint32_t n = (length < room ? length : room) & ~(s->write_size - 1);
        status = program(u, s->pos, bytes, n);
        s->pos += n;
        bytes += n;
        length -= n;
    }
    return status;
}

wick_status update_sink_close(wick_update *u)
{
    wick_update_sink *s = &u->sink;
    uint32_t held = s->pos % s->write_size;
    if (held == 0) {
        return WICK_OK;
    }
    memset(s->unit + held, 0xff, s->write_size - held);
    return program(u, s->pos - held, s->unit, s->write_size);
}
