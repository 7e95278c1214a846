/* SPDX-License-Identifier: Apache-2.0 */
#include "naive_flash.h"

#include <string.h>

#include "wick/journal.h"

static struct {
    uint32_t offset;
    uint8_t bytes[WICK_JOURNAL_ENTRY_BYTES];
} written = {UINT32_MAX, {0}};

static wick_status naive_read(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                              uint32_t length)
{
    wick_hal_flash honest;
    wick_stub_flash_hal(&honest, ctx);
    wick_status s = honest.read(ctx, area, offset, out, length);
    if (s != WICK_OK || area != WICK_FLASH_JOURNAL) {
        return s;
    }
    if (offset == written.offset) {
        memcpy(out, written.bytes, sizeof written.bytes);
    } else if (wick_load_be32(out + 28) != wick_crc32(wick_span_make(out, 28))) {
        memset(out, 0xff, length);
    }
    return s;
}

static wick_status naive_program(void *ctx, wick_flash_area area, uint32_t offset,
                                 const uint8_t *bytes, uint32_t length)
{
    wick_hal_flash honest;
    wick_stub_flash_hal(&honest, ctx);
    wick_status s = honest.program(ctx, area, offset, bytes, length);
    if (s == WICK_OK && area == WICK_FLASH_JOURNAL) {
        written.offset = offset;
        memcpy(written.bytes, bytes, sizeof written.bytes);
    }
    return s;
}

void naive_flash_hal(wick_hal_flash *hal, wick_stub_flash *flash)
{
    wick_stub_flash_hal(hal, flash);
    hal->read = naive_read;
    hal->program = naive_program;
}

void naive_flash_reset(void)
{
    written.offset = UINT32_MAX;
}
