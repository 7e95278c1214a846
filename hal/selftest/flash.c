/* SPDX-License-Identifier: Apache-2.0 */
/* Flash and boot loader, as wick/hal/flash.h and wick/hal/boot.h have them. What a power cut leaves
 * is the port's own tests' matter. */
#include <string.h>

#include "selftest_internal.h"

#define PIECE 256u

static bool all(const uint8_t *p, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != value) {
            return false;
        }
    }
    return true;
}

static bool reads(wick_selftest *t, uint32_t offset, uint32_t length)
{
    const wick_hal_flash *f = t->flash;
    memset(t->scratch, 0x5a, length + 1);
    return f->read(f->ctx, t->flash_area, offset, t->scratch, length) == WICK_OK &&
           t->scratch[length] == 0x5a;
}

/* Whether a sector is blank, but for PIECE bytes at `skip` into it. */
static bool is_blank(wick_selftest *t, uint32_t sector, uint32_t erase_size, uint32_t skip)
{
    for (uint32_t at = 0; at < erase_size; at += PIECE) {
        if (at != skip &&
            (!reads(t, sector * erase_size + at, PIECE) || !all(t->scratch, PIECE, 0xff))) {
            return false;
        }
    }
    return true;
}

static bool program(wick_selftest *t, uint32_t offset, uint32_t length, uint8_t seed)
{
    const wick_hal_flash *f = t->flash;
    for (uint32_t i = 0; i < length; i++) {
        t->scratch[i] = (uint8_t)(i * 31u + seed);
    }
    return f->program(f->ctx, t->flash_area, offset, t->scratch, length) == WICK_OK;
}

static bool holds(wick_selftest *t, uint32_t offset, uint32_t length, uint8_t seed)
{
    bool same = reads(t, offset, length);
    for (uint32_t i = 0; i < length; i++) {
        same = same && t->scratch[i] == (uint8_t)(i * 31u + seed);
    }
    return same;
}

void wick_selftest_flash(wick_selftest *t)
{
    const wick_hal_flash *f = t->flash;
    wick_flash_info info;
    memset(&info, 0, sizeof info);
    bool ok = f->info(f->ctx, t->flash_area, &info) == WICK_OK;
    uint32_t sector = info.erase_size, unit = info.write_size;
    ok = ok && sector >= 256 && (sector & (sector - 1)) == 0 && unit > 0 &&
         (unit & (unit - 1)) == 0 && unit <= WICK_FLASH_WRITE_MAX && info.size >= 2 * sector &&
         info.size % sector == 0 && info.size < 0x80000000u;
    if (!wick_selftest_rule(t, "flash.shape", ok)) {
        return;
    }
    ok = f->info(f->ctx, (wick_flash_area)WICK_FLASH_AREAS, &info) == WICK_E_NOT_FOUND;
    (void)wick_selftest_rule(t, "flash.no_such_area", ok);
    ok = f->erase(f->ctx, t->flash_area, 0) == WICK_OK &&
         f->erase(f->ctx, t->flash_area, sector) == WICK_OK && is_blank(t, 0, sector, sector) &&
         is_blank(t, 1, sector, sector);
    (void)wick_selftest_rule(t, "flash.erase", ok);
    ok = program(t, sector, unit, 1) && holds(t, sector, unit, 1);
    (void)wick_selftest_rule(t, "flash.one_unit", ok);
    ok = program(t, sector - PIECE, PIECE, 2) && holds(t, sector - PIECE, PIECE, 2);
    (void)wick_selftest_rule(t, "flash.many_units", ok);
    ok = is_blank(t, 0, sector, sector - PIECE) && holds(t, sector, unit, 1) &&
         (sector == PIECE || is_blank(t, 1, sector, 0));
    (void)wick_selftest_rule(t, "flash.nothing_beside", ok);
    /* Read from anywhere, across sectors; the scratch pattern repeats every 256 bytes. */
    ok = reads(t, sector - 7, 7 + unit) && t->scratch[0] == (uint8_t)((PIECE - 7) * 31u + 2) &&
         t->scratch[7] == 1 && reads(t, 3, 0);
    (void)wick_selftest_rule(t, "flash.read_anywhere", ok);
    ok = f->erase(f->ctx, t->flash_area, 0) == WICK_OK && is_blank(t, 0, sector, sector) &&
         holds(t, sector, unit, 1);
    (void)wick_selftest_rule(t, "flash.one_sector_at_a_time", ok);
    ok = f->read(f->ctx, t->flash_area, info.size, t->scratch, 1) == WICK_E_BAD_ARG &&
         f->read(f->ctx, t->flash_area, UINT32_MAX, t->scratch, 2) == WICK_E_BAD_ARG &&
         f->program(f->ctx, t->flash_area, info.size, t->scratch, unit) == WICK_E_BAD_ARG &&
         f->erase(f->ctx, t->flash_area, info.size) == WICK_E_BAD_ARG;
    (void)wick_selftest_rule(t, "flash.outside", ok);
    ok = f->erase(f->ctx, t->flash_area, unit) == WICK_E_BAD_ARG;
    if (unit > 1) {
        ok = ok && f->program(f->ctx, t->flash_area, 1, t->scratch, unit) == WICK_E_BAD_ARG &&
             f->program(f->ctx, t->flash_area, 0, t->scratch, unit - 1) == WICK_E_BAD_ARG;
    }
    (void)wick_selftest_rule(t, "flash.whole_units", ok);
    ok = f->erase(f->ctx, t->flash_area, sector) == WICK_OK;
    (void)wick_selftest_rule(t, "flash.cleared", ok);
}

static bool is_phase(wick_selftest *t, wick_boot_phase phase, const wick_boot_state *like)
{
    const wick_hal_boot *b = t->boot;
    wick_boot_state now;
    return b->state(b->ctx, &now) == WICK_OK && now.phase == phase && now.slot == like->slot &&
           now.image_bytes == like->image_bytes;
}

void wick_selftest_boot(wick_selftest *t)
{
    const wick_hal_boot *b = t->boot;
    wick_boot_state at;
    uint32_t counter = 0, again = 0;
    bool ok = b->state(b->ctx, &at) == WICK_OK && at.slot <= 1;
    if (!wick_selftest_rule(t, "boot.state", ok)) {
        return;
    }
    ok = b->counter(b->ctx, &counter) == WICK_OK && b->counter_raise(b->ctx, counter) == WICK_OK &&
         (counter == 0 || b->counter_raise(b->ctx, counter - 1) == WICK_OK) &&
         b->counter(b->ctx, &again) == WICK_OK && again == counter;
    (void)wick_selftest_rule(t, "boot.counter_never_falls", ok);
    if (at.phase != WICK_BOOT_SETTLED) {
        return; /* what runs is on trial: it is not for a check to say that it is good */
    }
    ok = b->confirm(b->ctx) == WICK_OK && is_phase(t, WICK_BOOT_SETTLED, &at);
    (void)wick_selftest_rule(t, "boot.confirm_of_nothing", ok);
    ok = b->cancel(b->ctx) == WICK_OK && is_phase(t, WICK_BOOT_SETTLED, &at);
    (void)wick_selftest_rule(t, "boot.cancel_of_nothing", ok);
    ok = b->request(b->ctx, 4096, 1) == WICK_OK && is_phase(t, WICK_BOOT_PENDING, &at);
    (void)wick_selftest_rule(t, "boot.request", ok);
    ok = b->request(b->ctx, 8192, 1) == WICK_OK && is_phase(t, WICK_BOOT_PENDING, &at);
    (void)wick_selftest_rule(t, "boot.request_again", ok);
    ok = b->cancel(b->ctx) == WICK_OK && is_phase(t, WICK_BOOT_SETTLED, &at);
    (void)wick_selftest_rule(t, "boot.cancel", ok);
}
