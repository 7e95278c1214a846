/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal over a flash that holds anything. The input is what is in the two sectors to begin
 * with, and then puts, resets, and slots that are overwritten behind its back, with a whole entry
 * or without. Whatever is there: a program never meets bytes that are not blank, the sector that
 * counts is never erased, and what was put is what is read, also after a reset.
 */
#include "fuzz.h"

#include "../../core/firmware/journal_internal.h"

#define SECTOR 2048u
#define SLOTS (SECTOR / 32u)

static uint8_t memory[2 * SECTOR];
static wick_journal j;
static unsigned fail_next; /* operations that fail */
static uint32_t unit;

static wick_status info(void *ctx, wick_flash_area area, wick_flash_info *out)
{
    (void)ctx;
    (void)area;
    out->size = sizeof memory;
    out->erase_size = SECTOR;
    out->write_size = unit;
    if (unit > 200) { /* shapes that do not go */
        out->size = unit == 201 ? SECTOR : 2 * (unit == 202 ? 1024u : 1u << 21);
        out->erase_size = unit == 201 ? SECTOR : out->size / 2;
        out->write_size = 8;
    }
    if (unit == 255) {
        out->write_size = 0;
        out->erase_size = SECTOR;
        out->size = sizeof memory;
    }
    return unit == 77 ? WICK_E_NOT_FOUND : WICK_OK;
}

static wick_status read_flash(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                              uint32_t length)
{
    (void)ctx;
    (void)area;
    FUZZ_CHECK(length <= sizeof memory && offset <= sizeof memory - length);
    memcpy(out, memory + offset, length);
    /* Where a slot begins so, it cannot be read. */
    return out[0] == 0xee ? WICK_E_HAL : WICK_OK;
}

static wick_status program(void *ctx, wick_flash_area area, uint32_t offset, const uint8_t *bytes,
                           uint32_t length)
{
    (void)ctx;
    (void)area;
    FUZZ_CHECK(length == 32 && offset <= sizeof memory - length && offset % 32 == 0);
    for (uint32_t i = 0; i < length; i++) {
        FUZZ_CHECK(memory[offset + i] == 0xff);
    }
    if (fail_next > 0) {
        fail_next--;
        memory[offset + fail_next % 32] = (uint8_t)(bytes[fail_next % 32] | 0x80);
        if (fail_next == 4) {
            memory[offset] = 0xee;
        }
        return fail_next % 2 == 0 ? WICK_OK : WICK_E_HAL;
    }
    memcpy(memory + offset, bytes, length);
    return WICK_OK;
}

static wick_status erase(void *ctx, wick_flash_area area, uint32_t offset)
{
    (void)ctx;
    (void)area;
    FUZZ_CHECK(offset == 0 || offset == SECTOR);
    FUZZ_CHECK(offset / SECTOR != j.sector);
    if (fail_next > 100) {
        fail_next--;
        return WICK_E_HAL;
    }
    memset(memory + offset, 0xff, SECTOR);
    return WICK_OK;
}

static const wick_hal_flash hal = {NULL, info, read_flash, program, erase};

/* A slot as it would be written, from up to 24 bytes of the input. */
static void put_raw(uint32_t slot, const uint8_t *data, size_t len, bool whole)
{
    uint8_t *entry = memory + slot % (2 * SLOTS) * 32;
    memset(entry, 0, 32);
    memcpy(entry, data, len < 28 ? len : 28);
    wick_store_be32(entry + 28, wick_crc32(wick_span_make(entry, 28)) ^ (whole ? 0u : 1u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t known[WICK_JOURNAL_KINDS], back[WICK_JOURNAL_DATA_BYTES];
    if (size < 1) {
        return 0;
    }
    memset(memory, 0xff, sizeof memory);
    memset(known, 0, sizeof known); /* value + 1 of what is there for sure */
    fail_next = 0;
    unit = data[0] == 0 ? 8 : data[0];
    if (wick_journal_open(&j, &hal, WICK_FLASH_JOURNAL) != WICK_OK) {
        return 0;
    }
    for (size_t at = 1; at + 3 <= size; at += 3) {
        uint8_t what = data[at], a = data[at + 1], b = data[at + 2];
        size_t rest = size - at - 3;
        if (what % 8 < 4) {
            memset(back, b, sizeof back);
            wick_status s = wick_journal_put(&j, a, back);
            FUZZ_CHECK((s == WICK_E_BAD_ARG) == (a < 1 || a > WICK_JOURNAL_KINDS));
            if (s == WICK_OK) {
                FUZZ_CHECK(wick_journal_get(&j, back, a) == WICK_OK && back[7] == b);
                known[a - 1] = b == 255 ? 0 : (uint8_t)(b + 1);
                FUZZ_ACCEPTED();
            } else if (s == WICK_E_HAL) {
                known[a - 1] = 0; /* after a reset it may be the one or the other */
            }
        } else if (what % 8 < 6) {
            put_raw(((uint32_t)what << 8 | a), data + at + 3, rest, b % 4 != 0);
            memset(known, 0, sizeof known);
            FUZZ_CHECK(wick_journal_open(&j, &hal, WICK_FLASH_JOURNAL) == WICK_OK);
        } else if (what % 8 == 6) {
            fail_next = b % 8;
        } else {
            fail_next = b > 200 ? 101 : 0;
            FUZZ_CHECK(wick_journal_open(&j, &hal, WICK_FLASH_JOURNAL) == WICK_OK);
        }
        for (uint8_t kind = 0; kind < 16; kind++) {
            wick_status s = wick_journal_get(&j, back, kind);
            if (kind >= 1 && kind <= WICK_JOURNAL_KINDS && known[kind - 1] != 0) {
                FUZZ_CHECK(s == WICK_OK && back[0] == known[kind - 1] - 1);
            }
        }
        if (what % 16 == 3) { /* the same after a reset */
            wick_journal before = j;
            FUZZ_CHECK(wick_journal_open(&j, &hal, WICK_FLASH_JOURNAL) == WICK_OK);
            FUZZ_CHECK(j.sector == before.sector);
        }
        if (a == 0xab && j.sector < 2 && j.newest[b % WICK_JOURNAL_KINDS] != 0) {
            /* An entry goes bad while it runs, cannot be read, or is another one. */
            uint32_t slot = j.sector * SLOTS + j.newest[b % WICK_JOURNAL_KINDS] - 1u;
            memset(known, 0, sizeof known);
            if (what < 64) {
                memory[slot * 32 + 9] ^= 1;
            } else if (what < 128) {
                memory[slot * 32] = 0xee;
            } else {
                put_raw(slot, (const uint8_t *)"\x0c", 1, true);
            }
        }
    }
    return 0;
}
