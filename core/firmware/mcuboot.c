/* SPDX-License-Identifier: Apache-2.0 */
/* Trailers of MCUboot's slots (wick/mcuboot.h). */
#include "wick/mcuboot.h"

#include <string.h>

#define MAGIC_BYTES 16u
#define ALIGN_MAX 32u
#define SET 0x01u
#define SWAP_TEST 2u /* swap_info: type in the low half, number of the image in the high one */
#define IMAGE_MAGIC 0x96f3b83du
#define TLV_MAGIC 0x6907u
#define HEADER_BYTES 16u /* of its 32, those that say lengths */

typedef enum magic_kind { MAGIC_UNSET, MAGIC_GOOD, MAGIC_BAD } magic_kind;

static wick_status read_at(const wick_mcuboot *m, wick_flash_area slot, uint32_t offset,
                           uint8_t *out, uint32_t length)
{
    return m->config.flash->read(m->config.flash->ctx, slot, offset, out, length);
}

static uint32_t load_le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t load_le32(const uint8_t *p)
{
    return load_le16(p) | load_le16(p + 2) << 16;
}

/* ---- fields ---- */

/* With an alignment of 8 the magic is the one of old; else it begins with the alignment. */
static void magic_of(uint8_t out[MAGIC_BYTES], uint8_t align)
{
    static const uint8_t eight[MAGIC_BYTES] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                               0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
    static const uint8_t other[MAGIC_BYTES] = {0x00, 0x00, 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b,
                                               0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};
    memcpy(out, align == 8 ? eight : other, MAGIC_BYTES);
    if (align != 8) {
        out[0] = align;
    }
}

/* Fields before the magic, from its end: 1 image_ok, 2 copy_done, 3 swap_info. */
static uint32_t field_at(const wick_mcuboot *m, wick_flash_area slot, uint32_t number)
{
    uint32_t align = m->config.max_align, magic = m->size[slot] - MAGIC_BYTES;
    return ((magic - align) & ~(align - 1)) - (number - 1) * align;
}

static wick_status is_set(const wick_mcuboot *m, bool *set, wick_flash_area slot, uint32_t number)
{
    uint8_t byte = 0xff;
    wick_status status = read_at(m, slot, field_at(m, slot, number), &byte, 1);
    *set = byte == SET;
    return status;
}

static wick_status write_field(const wick_mcuboot *m, wick_flash_area slot, uint32_t number,
                               uint8_t value)
{
    uint8_t field[ALIGN_MAX];
    memset(field, 0xff, sizeof field);
    field[0] = value;
    return m->config.flash->program(m->config.flash->ctx, slot, field_at(m, slot, number), field,
                                    m->config.max_align);
}

static wick_status magic_in(const wick_mcuboot *m, magic_kind *kind, wick_flash_area slot)
{
    uint8_t is[MAGIC_BYTES], good[MAGIC_BYTES];
    wick_status status = read_at(m, slot, m->size[slot] - MAGIC_BYTES, is, sizeof is);
    if (status != WICK_OK) {
        return status;
    }
    magic_of(good, m->config.max_align);
    *kind = memcmp(is, good, sizeof is) == 0 ? MAGIC_GOOD : MAGIC_UNSET;
    for (uint32_t i = 0; i < MAGIC_BYTES && *kind == MAGIC_UNSET; i++) {
        *kind = is[i] == 0xff ? MAGIC_UNSET : MAGIC_BAD;
    }
    return WICK_OK;
}

/* ---- images ---- */

wick_status wick_mcuboot_image_bytes(const wick_mcuboot *m, uint32_t *bytes, wick_flash_area slot)
{
    uint8_t head[HEADER_BYTES], tlv[4];
    *bytes = 0;
    wick_status status = read_at(m, slot, 0, head, sizeof head);
    if (status != WICK_OK) {
        return status;
    }
    /* magic 4 | load address 4 | header size 2 | size of protected TLVs 2 | image size 4 */
    uint64_t at = (uint64_t)load_le16(head + 8) + load_le16(head + 10) + load_le32(head + 12);
    if (load_le32(head) != IMAGE_MAGIC || at + sizeof tlv > m->image_max) {
        return WICK_E_MALFORMED;
    }
    status = read_at(m, slot, (uint32_t)at, tlv, sizeof tlv);
    if (status != WICK_OK) {
        return status;
    }
    at += load_le16(tlv + 2);
    if (load_le16(tlv) != TLV_MAGIC || load_le16(tlv + 2) < sizeof tlv || at > m->image_max) {
        return WICK_E_MALFORMED;
    }
    *bytes = (uint32_t)at;
    return WICK_OK;
}

/* ---- the loader ---- */

static wick_status boot_state(void *ctx, wick_boot_state *state)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    magic_kind primary = MAGIC_UNSET, secondary = MAGIC_UNSET;
    bool image_ok = false, copy_done = false;
    state->slot = WICK_FLASH_SLOT_A;
    state->phase = WICK_BOOT_SETTLED;
    wick_status status = wick_mcuboot_image_bytes(m, &state->image_bytes, WICK_FLASH_SLOT_A);
    if (status == WICK_OK) {
        status = magic_in(m, &secondary, WICK_FLASH_SLOT_B);
    }
    if (status == WICK_OK) {
        status = magic_in(m, &primary, WICK_FLASH_SLOT_A);
    }
    if (status == WICK_OK) {
        status = is_set(m, &image_ok, WICK_FLASH_SLOT_A, 1);
    }
    if (status == WICK_OK) {
        status = is_set(m, &copy_done, WICK_FLASH_SLOT_A, 2);
    }
    if (status != WICK_OK) {
        return WICK_E_HAL;
    }
    if (secondary == MAGIC_GOOD) { /* states I and II: a swap was asked for */
        state->phase = WICK_BOOT_PENDING;
    } else if (primary == MAGIC_GOOD && copy_done && !image_ok) { /* state III: it will go back */
        state->phase = WICK_BOOT_TRIAL;
    }
    return WICK_OK;
}

/* The secondary slot's trailer, blank: nothing is asked for. */
static wick_status clear(const wick_mcuboot *m)
{
    const wick_hal_flash *f = m->config.flash;
    wick_status status = WICK_OK;
    /* From its end: once the magic is gone, what is left means nothing. */
    for (uint32_t at = m->size[1]; at > m->image_max && status == WICK_OK; at -= m->erase_size) {
        status = f->erase(f->ctx, WICK_FLASH_SLOT_B, at - m->erase_size);
    }
    return status;
}

static wick_status boot_cancel(void *ctx)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    magic_kind kind = MAGIC_UNSET;
    wick_status status = magic_in(m, &kind, WICK_FLASH_SLOT_B);
    return status == WICK_OK && kind != MAGIC_UNSET ? clear(m) : status;
}

static wick_status boot_request(void *ctx, uint32_t image_bytes, uint8_t starts)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    const wick_hal_flash *f = m->config.flash;
    wick_boot_state state;
    uint32_t bytes;
    (void)starts; /* one */
    wick_status status = boot_state(ctx, &state);
    if (status != WICK_OK || state.phase == WICK_BOOT_TRIAL) {
        return status != WICK_OK ? status : WICK_E_STATE;
    }
    /* What MCUboot would not take is not asked of it. */
    status = wick_mcuboot_image_bytes(m, &bytes, WICK_FLASH_SLOT_B);
    if (status != WICK_OK || bytes != image_bytes) {
        return status != WICK_OK ? status : WICK_E_FW_SIZE;
    }
    status = clear(m);
    if (status == WICK_OK) {
        status = write_field(m, WICK_FLASH_SLOT_B, 3, SWAP_TEST);
    }
    if (status == WICK_OK) {
        uint8_t tail[ALIGN_MAX + MAGIC_BYTES];
        uint32_t unit = m->write_size > MAGIC_BYTES ? m->write_size : MAGIC_BYTES;
        memset(tail, 0xff, sizeof tail);
        magic_of(tail + unit - MAGIC_BYTES, m->config.max_align);
        status = f->program(f->ctx, WICK_FLASH_SLOT_B, m->size[1] - unit, tail, unit);
    }
    return status;
}

static wick_status boot_confirm(void *ctx)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    wick_boot_state state;
    wick_status status = boot_state(ctx, &state);
    return status == WICK_OK && state.phase == WICK_BOOT_TRIAL
               ? write_field(m, WICK_FLASH_SLOT_A, 1, SET)
               : status;
}

static wick_status boot_counter(void *ctx, uint32_t *value)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    return m->config.counter(m->config.counter_ctx, value);
}

static wick_status boot_counter_raise(void *ctx, uint32_t value)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    return m->config.counter_raise(m->config.counter_ctx, value);
}

/* ---- slots without trailers ---- */

static bool inside(const wick_mcuboot *m, wick_flash_area area, uint32_t offset, uint32_t length)
{
    return area > WICK_FLASH_SLOT_B || (offset <= m->image_max && length <= m->image_max - offset);
}

static wick_status slots_info(void *ctx, wick_flash_area area, wick_flash_info *info)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    wick_status status = m->config.flash->info(m->config.flash->ctx, area, info);
    if (status == WICK_OK && area <= WICK_FLASH_SLOT_B) {
        info->size = m->image_max;
    }
    return status;
}

static wick_status slots_read(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                              uint32_t length)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    return inside(m, area, offset, length) ? read_at(m, area, offset, out, length) : WICK_E_BAD_ARG;
}

static wick_status slots_program(void *ctx, wick_flash_area area, uint32_t offset,
                                 const uint8_t *bytes, uint32_t length)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    return inside(m, area, offset, length)
               ? m->config.flash->program(m->config.flash->ctx, area, offset, bytes, length)
               : WICK_E_BAD_ARG;
}

static wick_status slots_erase(void *ctx, wick_flash_area area, uint32_t offset)
{
    const wick_mcuboot *m = (const wick_mcuboot *)ctx;
    return inside(m, area, offset, 1) ? m->config.flash->erase(m->config.flash->ctx, area, offset)
                                      : WICK_E_BAD_ARG;
}

wick_status wick_mcuboot_init(wick_mcuboot *m, wick_hal_boot *boot, wick_hal_flash *slots,
                              const wick_mcuboot_config *config)
{
    wick_flash_info a, b;
    const wick_hal_flash *f = config->flash;
    memset(m, 0, sizeof *m);
    m->config = *config;
    if ((config->max_align != 8 && config->max_align != 16 && config->max_align != 32) ||
        config->counter == NULL || config->counter_raise == NULL) {
        return WICK_E_BAD_ARG;
    }
    wick_status status = f->info(f->ctx, WICK_FLASH_SLOT_A, &a);
    if (status == WICK_OK) {
        status = f->info(f->ctx, WICK_FLASH_SLOT_B, &b);
    }
    if (status != WICK_OK) {
        return status;
    }
    uint32_t trailer =
        3u * config->max_sectors * a.write_size + 4u * config->max_align + 2 * MAGIC_BYTES;
    uint32_t sectors = (trailer + a.erase_size - 1) / a.erase_size + config->spare_sectors;
    if (a.size != b.size || a.erase_size != b.erase_size || a.write_size != b.write_size ||
        a.write_size > config->max_align || sectors >= a.size / a.erase_size) {
        return WICK_E_UNSUPPORTED;
    }
    m->size[0] = a.size;
    m->size[1] = b.size;
    m->erase_size = a.erase_size;
    m->write_size = a.write_size;
    m->image_max = a.size - sectors * a.erase_size;
    slots->ctx = m;
    slots->info = slots_info;
    slots->read = slots_read;
    slots->program = slots_program;
    slots->erase = slots_erase;
    boot->ctx = m;
    boot->state = boot_state;
    boot->request = boot_request;
    boot->cancel = boot_cancel;
    boot->confirm = boot_confirm;
    boot->counter = boot_counter;
    boot->counter_raise = boot_counter_raise;
    return WICK_OK;
}
