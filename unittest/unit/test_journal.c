/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of updates: values survive resets, a full sector, torn programs and erases, slots and
 * sectors that fail; and the power going in every operation. The same world sees a journal fail
 * that uses its slot again after a torn entry, or it would prove nothing.
 */
#include "../../core/firmware/journal_internal.h"
#include "naive_flash.h"
#include "tap.h"
#include "wick/port/stub_flash.h"

#define SECTOR 2048u
#define SLOTS (SECTOR / WICK_JOURNAL_ENTRY_BYTES)

static wick_stub_flash flash;
static wick_hal_flash hal;
static wick_journal j;
static uint8_t memory[2 * SECTOR];

static void new_flash(uint32_t write_size)
{
    wick_stub_flash_init(&flash, SECTOR, write_size);
    wick_stub_flash_area(&flash, WICK_FLASH_JOURNAL, memory, sizeof memory);
    wick_stub_flash_hal(&hal, &flash);
}

static wick_status reopen(void)
{
    return wick_journal_open(&j, &hal, WICK_FLASH_JOURNAL);
}

/* What is written after a reset is never the same as what was under way before it. */
static uint8_t resets;

static wick_status put(uint8_t kind, uint32_t value)
{
    uint8_t data[WICK_JOURNAL_DATA_BYTES];
    memset(data, (int)(value & 0xff), sizeof data);
    wick_store_be32(data, value);
    data[4] = resets;
    return wick_journal_put(&j, kind, data);
}

/* The value of a kind; UINT32_MAX: none. */
static uint32_t get(uint8_t kind)
{
    uint8_t data[WICK_JOURNAL_DATA_BYTES];
    if (wick_journal_get(&j, data, kind) != WICK_OK) {
        return UINT32_MAX;
    }
    uint32_t value = wick_load_be32(data);
    CHECK_INT(data[WICK_JOURNAL_DATA_BYTES - 1], value & 0xff);
    return value;
}

TEST(newest_of_each_kind)
{
    new_flash(8);
    REQUIRE_STATUS(reopen(), WICK_OK);
    CHECK(!j.lost);
    CHECK_INT(get(1), UINT32_MAX);
    REQUIRE_STATUS(put(1, 10), WICK_OK);
    REQUIRE_STATUS(put(2, 20), WICK_OK);
    REQUIRE_STATUS(put(1, 11), WICK_OK);
    CHECK_INT(get(1), 11);
    CHECK_INT(get(2), 20);
    REQUIRE_STATUS(reopen(), WICK_OK);
    CHECK_INT(get(1), 11);
    CHECK_INT(get(2), 20);
    CHECK_INT(get(WICK_JOURNAL_KINDS), UINT32_MAX);
    CHECK_INT(flash.violations, 0);
}

TEST(sectors_take_turns)
{
    static const uint32_t units[] = {1, 4, 8, 16, 32};
    for (unsigned n = 0; n < sizeof units / sizeof units[0]; n++) {
        new_flash(units[n]);
        REQUIRE_STATUS(reopen(), WICK_OK);
        REQUIRE_STATUS(put(7, 77), WICK_OK);
        for (uint32_t i = 0; i < 5 * SLOTS; i++) {
            REQUIRE_STATUS(put(1, i), WICK_OK);
            REQUIRE_STATUS(reopen(), WICK_OK);
            CHECK_INT(get(1), i);
            CHECK_INT(get(7), 77);
        }
        CHECK_INT(flash.violations, 0);
        /* 5 * 64 entries and 3 carried in each sector: erased seldom. */
        CHECK(flash.ops < 5 * SLOTS + 40);
    }
}

TEST(arguments_and_shapes)
{
    uint8_t data[WICK_JOURNAL_DATA_BYTES] = {0};
    new_flash(8);
    REQUIRE_STATUS(reopen(), WICK_OK);
    CHECK_STATUS(wick_journal_put(&j, 0, data), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_journal_put(&j, WICK_JOURNAL_KINDS + 1, data), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_journal_get(&j, data, 0xf0), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_journal_open(&j, &hal, WICK_FLASH_STAGING), WICK_E_NOT_FOUND);
    wick_stub_flash_area(&flash, WICK_FLASH_STAGING, memory, SECTOR);
    CHECK_STATUS(wick_journal_open(&j, &hal, WICK_FLASH_STAGING), WICK_E_UNSUPPORTED);
    flash.write_size = 64;
    CHECK_STATUS(reopen(), WICK_E_UNSUPPORTED);
    flash.write_size = 8;
    flash.erase_size = 1024;
    wick_stub_flash_area(&flash, WICK_FLASH_STAGING, memory, 2048);
    CHECK_STATUS(wick_journal_open(&j, &hal, WICK_FLASH_STAGING), WICK_E_UNSUPPORTED);
}

TEST(damaged_entries_are_skipped)
{
    new_flash(8);
    REQUIRE_STATUS(reopen(), WICK_OK);
    REQUIRE_STATUS(put(1, 1), WICK_OK);
    REQUIRE_STATUS(put(1, 2), WICK_OK);
    uint32_t newest = (uint32_t)(j.next - 1) * WICK_JOURNAL_ENTRY_BYTES;
    for (uint32_t i = 0; i < WICK_JOURNAL_ENTRY_BYTES; i++) {
        memory[newest + i] ^= 0x40;
        REQUIRE_STATUS(reopen(), WICK_OK);
        CHECK_INT(get(1), 1);
        CHECK_INT(j.burnt, 1);
        memory[newest + i] ^= 0x40;
    }
    /* It goes bad after opening: said so, not read. */
    REQUIRE_STATUS(reopen(), WICK_OK);
    memory[newest + 5] ^= 1;
    uint8_t data[WICK_JOURNAL_DATA_BYTES];
    CHECK_STATUS(wick_journal_get(&j, data, 1), WICK_E_FW_JOURNAL);
    REQUIRE_STATUS(put(1, 3), WICK_OK);
    CHECK_INT(get(1), 3);
    CHECK_INT(flash.violations, 0);
}

TEST(nothing_to_believe)
{
    new_flash(8);
    for (uint32_t i = 0; i < sizeof memory; i++) {
        memory[i] = (uint8_t)(i * 7 + 1);
    }
    REQUIRE_STATUS(reopen(), WICK_OK);
    CHECK(j.lost);
    CHECK_INT(get(1), UINT32_MAX);
    REQUIRE_STATUS(put(1, 5), WICK_OK);
    REQUIRE_STATUS(reopen(), WICK_OK);
    CHECK(!j.lost);
    CHECK_INT(get(1), 5);
    CHECK_INT(flash.violations, 0); /* it was erased before */
}

TEST(slots_that_do_not_take)
{
    static const wick_stub_flash_kind kinds[] = {
        WICK_STUB_FLASH_PROGRAM_FAILS, WICK_STUB_FLASH_PROGRAM_LIES, WICK_STUB_FLASH_READ_LIES};
    for (unsigned n = 0; n < sizeof kinds / sizeof kinds[0]; n++) {
        new_flash(8);
        REQUIRE_STATUS(reopen(), WICK_OK);
        REQUIRE_STATUS(put(2, 22), WICK_OK);
        wick_stub_flash_fault fault = {kinds[n], WICK_FLASH_JOURNAL, j.sector, 0, 2};
        flash.fault[0] = fault;
        REQUIRE_STATUS(put(1, 9), WICK_OK); /* two slots later */
        CHECK_INT(j.burnt, 2);
        /* The sector takes nothing more: the other one does. */
        flash.fault[0].times = 3;
        uint8_t sector = j.sector;
        REQUIRE_STATUS(put(1, 10), WICK_OK);
        CHECK(j.sector != sector);
        REQUIRE_STATUS(reopen(), WICK_OK);
        CHECK_INT(get(1), 10);
        CHECK_INT(get(2), 22);
        CHECK_INT(flash.violations, 0);
    }
}

TEST(worn_out)
{
    new_flash(8);
    REQUIRE_STATUS(reopen(), WICK_OK);
    REQUIRE_STATUS(put(1, 0), WICK_OK);
    wick_stub_flash_fault fault = {WICK_STUB_FLASH_ERASE_FAILS, WICK_FLASH_JOURNAL,
                                   (uint32_t)(j.sector ^ 1), 0, 1000};
    flash.fault[0] = fault;
    uint32_t i = 0;
    wick_status s = WICK_OK;
    while (s == WICK_OK && i < 1000) {
        s = put(1, ++i);
    }
    CHECK_STATUS(s, WICK_E_HAL);
    CHECK_INT(get(1), i - 1); /* what was there stays */
    REQUIRE_STATUS(reopen(), WICK_OK);
    CHECK_INT(get(1), i - 1);
    flash.fault[0].times = 0; /* and it goes on when the sector does */
    REQUIRE_STATUS(put(1, i), WICK_OK);
    CHECK_INT(get(1), i);
}

/* Puts of which the first `done` were acknowledged: kind 1 counts, kind 2 each tenth. */
#define STORY_PUTS 100u

static uint32_t tell(uint32_t done)
{
    for (uint32_t i = done + 1; i < STORY_PUTS; i++) {
        if ((i % 10 == 0 && put(2, i) != WICK_OK) || put(1, i) != WICK_OK) {
            break;
        }
        done = i;
    }
    return done;
}

/* The power goes in operation `op` of the story, and in operation `second` after the reset; 0: not.
 * @return whether after each reset what was acknowledged is there, or the put that was under way */
static bool survives(uint32_t op, wick_stub_cut cut, uint32_t second, bool naive, bool *reached)
{
    new_flash(8);
    if (naive) {
        naive_flash_hal(&hal, &flash);
    }
    naive_flash_reset();
    bool good = reopen() == WICK_OK && put(1, 0) == WICK_OK && put(2, 0) == WICK_OK;
    wick_stub_flash_cut(&flash, op, cut, op + 1);
    uint32_t done = tell(0);
    *reached = flash.dead;
    for (int boot = 0; boot < 3 && good; boot++) {
        wick_stub_flash_power_on(&flash);
        naive_flash_reset();
        resets++;
        good = reopen() == WICK_OK;
        uint32_t one = get(1), two = get(2), next = done + 1;
        good = good && (one == done || one == next) &&
               (two == done / 10 * 10 || (next % 10 == 0 && two == next));
        if (boot == 0 && second != 0) {
            wick_stub_flash_cut(&flash, second, (wick_stub_cut)((op + second) % 3), op + second);
        }
        done = tell(one);
    }
    return good && !flash.dead && done == STORY_PUTS - 1 && (naive || flash.violations == 0);
}

static void every_cut(bool naive, uint32_t seconds, uint32_t *cuts, uint32_t *bad)
{
    bool reached = true;
    *cuts = *bad = 0;
    for (uint32_t op = 1; reached; op++) {
        for (uint32_t n = 0; n < 3 * (seconds + 1) && reached; n++) {
            *bad += !survives(op, (wick_stub_cut)(n % 3), n / 3, naive, &reached);
            ++*cuts;
        }
    }
    --*cuts; /* the last one was not reached */
}

TEST(power_cut_in_every_operation)
{
    uint32_t cuts, bad;
    every_cut(false, 4, &cuts, &bad);
    CHECK(cuts > 3 * STORY_PUTS);
    CHECK_INT(bad, 0);
}

TEST(naive_journal_is_caught)
{
    uint32_t cuts, bad;
    every_cut(true, 2, &cuts, &bad);
    CHECK(bad > cuts / 20);
}

TEST(rule)
{
    journal_view v[2] = {{false, 0, 0}, {false, 0, 0}};
    CHECK_INT(wick_journal_counts(v), WICK_JOURNAL_NO_SECTOR);
    v[0].opened = true;
    CHECK_INT(wick_journal_counts(v), 0);
    v[1].opened = true;
    v[1].turn = 1;
    CHECK_INT(wick_journal_counts(v), 1);
    v[0].turn = 2;
    CHECK_INT(wick_journal_counts(v), 0);
    v[0].turn = UINT32_MAX; /* turns have wrapped */
    CHECK_INT(wick_journal_counts(v), 1);
    v[0].opened = false;
    CHECK_INT(wick_journal_counts(v), 1);
    journal_place at = wick_journal_next(1, 5, SLOTS);
    CHECK(at.sector == 1 && at.slot == 5 && !at.enter);
    at = wick_journal_next(1, SLOTS, SLOTS);
    CHECK(at.sector == 0 && at.slot == 0 && at.enter);
    at = wick_journal_next(WICK_JOURNAL_NO_SECTOR, 0, SLOTS);
    CHECK(at.sector == 0 && at.enter);
}

TAP_MAIN("unit.journal", CASE(newest_of_each_kind), CASE(sectors_take_turns),
         CASE(arguments_and_shapes), CASE(damaged_entries_are_skipped), CASE(nothing_to_believe),
         CASE(slots_that_do_not_take), CASE(worn_out), CASE_LONG(power_cut_in_every_operation),
         CASE_LONG(naive_journal_is_caught), CASE(rule))
