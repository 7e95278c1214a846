/* SPDX-License-Identifier: Apache-2.0 */
/* Flash in memory, with power cuts and worn sectors (wick/port/stub_flash.h). */
#include "wick/port/stub_flash.h"

#include <string.h>

void wick_stub_flash_init(wick_stub_flash *f, uint32_t erase_size, uint32_t write_size)
{
    memset(f, 0, sizeof *f);
    f->erase_size = erase_size;
    f->write_size = write_size;
    f->random = 1;
}

void wick_stub_flash_area(wick_stub_flash *f, wick_flash_area area, uint8_t *ptr, uint32_t size)
{
    f->area[area].ptr = ptr;
    f->area[area].size = size;
    memset(ptr, 0xff, size);
}

void wick_stub_flash_cut(wick_stub_flash *f, uint32_t op, wick_stub_cut cut, uint32_t seed)
{
    f->cut_at = op == 0 ? 0 : f->ops + op;
    f->cut = cut;
    f->random = seed * 2654435761u + 1;
}

void wick_stub_flash_power_on(wick_stub_flash *f)
{
    f->dead = false;
    f->cut_at = 0;
}

static uint32_t any(wick_stub_flash *f)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 17;
    f->random ^= f->random << 5;
    return f->random;
}

/* Counts an operation. Does the power go in it, and how? -1: it does not. */
static int strikes(wick_stub_flash *f)
{
    f->ops++;
    if (f->each != NULL) {
        f->each(f->each_ctx);
    }
    if (f->cut_at != f->ops) {
        return -1;
    }
    f->dead = true;
    return (int)f->cut;
}

static bool inside(const wick_stub_flash *f, wick_flash_area area, uint32_t offset, uint32_t length)
{
    return (unsigned)area < WICK_FLASH_AREAS && offset <= f->area[area].size &&
           length <= f->area[area].size - offset;
}

/* Whether a fault of this kind strikes in the sectors from `first` to `last`. */
static bool fails(wick_stub_flash *f, wick_stub_flash_kind kind, wick_flash_area area,
                  uint32_t first, uint32_t last)
{
    for (int i = 0; i < WICK_STUB_FLASH_FAULTS; i++) {
        wick_stub_flash_fault *fault = &f->fault[i];
        if (fault->kind != kind || fault->area != area || fault->sector < first ||
            fault->sector > last) {
            continue;
        }
        if (fault->skip > 0) {
            fault->skip--;
        } else if (fault->times > 0) {
            fault->times--;
            return true;
        }
    }
    return false;
}

static wick_status flash_info(void *ctx, wick_flash_area area, wick_flash_info *info)
{
    const wick_stub_flash *f = ctx;
    if ((unsigned)area >= WICK_FLASH_AREAS || f->area[area].size == 0) {
        return WICK_E_NOT_FOUND;
    }
    info->size = f->area[area].size;
    info->erase_size = f->erase_size;
    info->write_size = f->write_size;
    return WICK_OK;
}

static wick_status flash_read(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                              uint32_t length)
{
    wick_stub_flash *f = ctx;
    if (!inside(f, area, offset, length)) {
        f->violations++;
        return WICK_E_BAD_ARG;
    }
    if (f->dead) {
        return WICK_E_HAL;
    }
    if (length == 0) {
        return WICK_OK;
    }
    uint32_t first = offset / f->erase_size, last = (offset + length - 1) / f->erase_size;
    if (fails(f, WICK_STUB_FLASH_READ_FAILS, area, first, last)) {
        return WICK_E_HAL;
    }
    memcpy(out, f->area[area].ptr + offset, length);
    if (fails(f, WICK_STUB_FLASH_READ_LIES, area, first, last)) {
        out[any(f) % length] ^= (uint8_t)(1u << any(f) % 8);
    }
    return WICK_OK;
}

/* Clears the bits of a program that the power left it the time for. */
static void program_torn(wick_stub_flash *f, uint8_t *to, const uint8_t *bytes, uint32_t length)
{
    uint32_t units = length / f->write_size;
    uint32_t done = any(f) % units * f->write_size;
    uint32_t until = any(f) % 4 == 0 ? length : done + f->write_size;
    for (uint32_t i = 0; i < until; i++) {
        to[i] &= (uint8_t)(bytes[i] | (i < done ? 0 : any(f)));
    }
}

static wick_status flash_program(void *ctx, wick_flash_area area, uint32_t offset,
                                 const uint8_t *bytes, uint32_t length)
{
    wick_stub_flash *f = ctx;
    if (!inside(f, area, offset, length) || length == 0 || offset % f->write_size != 0 ||
        length % f->write_size != 0) {
        f->violations++;
        return WICK_E_BAD_ARG;
    }
    if (f->dead) {
        return WICK_E_HAL;
    }
    uint8_t *to = f->area[area].ptr + offset;
    bool used = false;
    for (uint32_t i = 0; i < length; i++) {
        used |= to[i] != 0xff;
    }
    if (used || f->area[area].is_protected) {
        f->violations++;
    }
    int cut = strikes(f);
    if (cut == WICK_STUB_CUT_BEFORE) {
        return WICK_E_HAL;
    }
    if (cut == WICK_STUB_CUT_TORN) {
        program_torn(f, to, bytes, length);
        return WICK_E_HAL;
    }
    uint32_t first = offset / f->erase_size, last = (offset + length - 1) / f->erase_size;
    if (fails(f, WICK_STUB_FLASH_PROGRAM_FAILS, area, first, last)) {
        return WICK_E_HAL;
    }
    bool lies = fails(f, WICK_STUB_FLASH_PROGRAM_LIES, area, first, last);
    for (uint32_t i = 0; i < length; i++) {
        uint8_t stuck = lies ? (uint8_t)(~bytes[i] & (uint8_t)(0u - (~bytes[i] & 0xffu))) : 0;
        lies = lies && stuck == 0;
        to[i] &= (uint8_t)(bytes[i] | stuck);
    }
    return f->dead ? WICK_E_HAL : WICK_OK;
}

static wick_status flash_erase(void *ctx, wick_flash_area area, uint32_t offset)
{
    wick_stub_flash *f = ctx;
    if (!inside(f, area, offset, f->erase_size) || offset % f->erase_size != 0) {
        f->violations++;
        return WICK_E_BAD_ARG;
    }
    if (f->dead) {
        return WICK_E_HAL;
    }
    if (f->area[area].is_protected) {
        f->violations++;
    }
    uint8_t *sector = f->area[area].ptr + offset;
    int cut = strikes(f);
    if (cut == WICK_STUB_CUT_BEFORE) {
        return WICK_E_HAL;
    }
    if (cut == WICK_STUB_CUT_TORN) {
        uint32_t begin = any(f) % f->erase_size, end = begin + any(f) % (f->erase_size - begin) + 1;
        bool clean = any(f) % 2 == 0; /* a part is erased, or bits all over it are */
        for (uint32_t i = begin; i < end; i++) {
            sector[i] |= clean ? 0xff : (uint8_t)any(f);
        }
        return WICK_E_HAL;
    }
    if (fails(f, WICK_STUB_FLASH_ERASE_FAILS, area, offset / f->erase_size,
              offset / f->erase_size)) {
        return WICK_E_HAL;
    }
    memset(sector, 0xff, f->erase_size);
    return f->dead ? WICK_E_HAL : WICK_OK;
}

void wick_stub_flash_hal(wick_hal_flash *hal, wick_stub_flash *f)
{
    hal->ctx = f;
    hal->info = flash_info;
    hal->read = flash_read;
    hal->program = flash_program;
    hal->erase = flash_erase;
}

/* ---- boot loader ---- */

void wick_stub_boot_init(wick_stub_boot *b, wick_stub_flash *flash, uint32_t image_bytes)
{
    memset(b, 0, sizeof *b);
    b->flash = flash;
    b->image_bytes[0] = image_bytes;
    flash->area[WICK_FLASH_SLOT_A].is_protected = true;
}

/* An atomic write: a torn one has happened or not. @return whether it has; *status is the call's */
static bool atomic(wick_stub_boot *b, wick_status *status)
{
    *status = WICK_E_HAL;
    if (b->flash->dead) {
        return false;
    }
    int cut = strikes(b->flash);
    *status = cut < 0 ? WICK_OK : WICK_E_HAL;
    return cut < 0 || cut == WICK_STUB_CUT_AFTER ||
           (cut == WICK_STUB_CUT_TORN && any(b->flash) % 2 == 0);
}

static wick_status boot_state(void *ctx, wick_boot_state *state)
{
    const wick_stub_boot *b = ctx;
    if (b->flash->dead) {
        return WICK_E_HAL;
    }
    state->phase = b->phase;
    state->slot = b->slot;
    state->image_bytes = b->image_bytes[b->slot];
    return WICK_OK;
}

static wick_status boot_request(void *ctx, uint32_t image_bytes, uint8_t starts)
{
    wick_stub_boot *b = ctx;
    wick_status status;
    if (b->phase == WICK_BOOT_TRIAL && !b->single) {
        return WICK_E_STATE;
    }
    if (atomic(b, &status)) {
        b->phase = WICK_BOOT_PENDING;
        b->starts_left = starts;
        b->image_bytes[b->slot ^ 1] = image_bytes;
    }
    return status;
}

static wick_status boot_cancel(void *ctx)
{
    wick_stub_boot *b = ctx;
    wick_status status;
    if (b->phase != WICK_BOOT_PENDING) {
        return WICK_OK;
    }
    if (atomic(b, &status)) {
        b->phase = WICK_BOOT_SETTLED;
    }
    return status;
}

static wick_status boot_confirm(void *ctx)
{
    wick_stub_boot *b = ctx;
    wick_status status;
    if (b->phase != WICK_BOOT_TRIAL) {
        return WICK_OK;
    }
    if (atomic(b, &status)) {
        b->phase = WICK_BOOT_SETTLED;
    }
    return status;
}

static wick_status boot_counter(void *ctx, uint32_t *value)
{
    const wick_stub_boot *b = ctx;
    *value = b->counter;
    return b->flash->dead ? WICK_E_HAL : WICK_OK;
}

static wick_status boot_counter_raise(void *ctx, uint32_t value)
{
    wick_stub_boot *b = ctx;
    wick_status status;
    if (value <= b->counter) {
        return WICK_OK;
    }
    if (atomic(b, &status)) {
        b->counter = value;
    }
    return status;
}

void wick_stub_boot_hal(wick_hal_boot *hal, wick_stub_boot *b)
{
    hal->ctx = b;
    hal->state = boot_state;
    hal->request = boot_request;
    hal->cancel = boot_cancel;
    hal->confirm = boot_confirm;
    hal->counter = boot_counter;
    hal->counter_raise = boot_counter_raise;
}

/* The other slot's image runs from now on. */
static void change(wick_stub_boot *b)
{
    if (b->single) {
        b->image_bytes[0] = b->image_bytes[1];
        return;
    }
    if (!b->swaps) {
        b->slot ^= 1;
        return;
    }
    uint8_t *one = b->flash->area[WICK_FLASH_SLOT_A].ptr;
    uint8_t *two = b->flash->area[WICK_FLASH_SLOT_B].ptr;
    for (uint32_t i = 0; i < b->flash->area[WICK_FLASH_SLOT_A].size; i++) {
        uint8_t byte = one[i];
        one[i] = two[i];
        two[i] = byte;
    }
    uint32_t bytes = b->image_bytes[0];
    b->image_bytes[0] = b->image_bytes[1];
    b->image_bytes[1] = bytes;
}

void wick_stub_boot_start(wick_stub_boot *b)
{
    b->starts++;
    if (b->phase == WICK_BOOT_PENDING) {
        change(b);
        b->phase = WICK_BOOT_TRIAL;
        b->starts_left--;
    } else if (b->phase == WICK_BOOT_TRIAL && b->starts_left == 0 && !b->single) {
        change(b);
        b->phase = WICK_BOOT_SETTLED;
    } else if (b->phase == WICK_BOOT_TRIAL && b->starts_left > 0) {
        b->starts_left--;
    }
    b->flash->area[WICK_FLASH_SLOT_A].is_protected = b->slot == 0;
    b->flash->area[WICK_FLASH_SLOT_B].is_protected = b->slot == 1;
}
