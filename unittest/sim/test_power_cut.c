/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power goes in every operation of flash and boot loader of an update, before it, in the middle of it
 * and after it, and a second time while it recovers. After each start the device runs the old image or the
 * new one, whole; in the end it runs the new one, confirmed, with the security counter raised; or, where
 * the new one does not prove itself, the old one, and the new one is not tried again. The same world has
 * to find bad outcomes with a journal that uses a slot again after a torn entry.
 */
#include <stdio.h>

#include "../unit/naive_flash.h"
#include "power_cut_life.h"
#include "tap.h"

static fw_world fresh, w;
static uint8_t small_memory[2 * FW_SLOT + FW_STAGING + FW_JOURNAL], *fresh_memory = small_memory;
static unsigned long cuts, boots;

static bool naive; /* the journal: unit/naive_flash.h */

/* ---- one life ---- */

static void be_born(void)
{
    memcpy(&w, &fresh, sizeof w);
    memcpy(fw_memory, fresh_memory, fw_memory_bytes());
    wick_stub_flash_hal(&w.hal_flash, &w.flash);
    wick_stub_boot_hal(&w.hal_boot, &w.boot);
    w.boot.flash = &w.flash;
    w.config.flash = &w.hal_flash;
    w.config.boot = &w.hal_boot;
    w.config.crypto = &w.crypto;
    naive_flash_reset();
    if (naive) {
        naive_flash_hal(&w.hal_flash, &w.flash);
    }
}

/* The power goes in operation `op`, and in operation `second` after that. @return whether all was well */
static bool lives(uint32_t op, wick_stub_cut cut, uint32_t second)
{
    be_born();
    wick_stub_flash_cut(&w.flash, op, cut, op);
    life_of_cuts life = {.naive = naive,
                         .second = second,
                         .second_cut = (wick_stub_cut)((op + second) % 3),
                         .seed = op * 7 + second};
    bool good = life_goes_on(&w, &life);
    boots += life.boots;
    return good;
}

/* @return operations of a life without a cut */
static uint32_t quiet_life(void)
{
    CHECK(lives(0, WICK_STUB_CUT_BEFORE, 0));
    return w.flash.ops;
}

static unsigned long matrix(const char *what, uint32_t seconds, uint32_t stride)
{
    unsigned long bad = 0, first_cut = cuts, first_boot = boots;
    memcpy(&fresh, &w, sizeof fresh);
    memcpy(fresh_memory, fw_memory, fw_memory_bytes());
    uint32_t ops = quiet_life();
    for (uint32_t op = 1; op <= ops; op += stride) {
        for (int cut = 0; cut < 3; cut++) {
            for (uint32_t second = 0; second <= seconds; second++) {
                static const uint32_t soon[] = {0, 2, 1, 5, 17};
                uint32_t at = soon[second];
                cuts += second != 0 ? 2 : 1;
                if (!lives(op, (wick_stub_cut)cut, at)) {
                    bad++;
                    if (bad <= 3 && !naive) {
                        char text[160];
                        (void)snprintf(
                            text, sizeof text,
                            "# %s: operation %u cut %d second %u: runs %d, state %d, %s\n", what,
                            op, cut, at, fw_running(&w), (int)w.update.state,
                            wick_status_str(w.refused));
                        tap_puts(text);
                    }
                }
            }
        }
    }
    char text[160];
    (void)snprintf(text, sizeof text,
                   "# %s: %u operations, %lu cuts, %lu boots, %lu bad outcomes\n", what, ops,
                   cuts - first_cut, boots - first_boot, bad);
    tap_puts(text);
    return bad;
}

static void begin(const fw_image *wanted)
{
    fw_images();
    fw_begin(&w, &fw_old, wanted);
    w.manifest.trial_boots = 4;
}

TEST(whole_image)
{
    begin(&fw_new);
    fw_publish(&w);
    CHECK_INT(matrix("whole image", 4, 1), 0);
}

TEST(whole_image_in_blocks)
{
    begin(&fw_new);
    fw_as_dag(&w, &w.manifest.payload, fw_new.bytes, fw_new.size, 1500, 3);
    fw_publish(&w);
    CHECK_INT(matrix("whole image in blocks", 1, 1), 0);
}

TEST(patch)
{
    begin(&fw_new);
    (void)fw_add_patch(&w, &fw_old, &fw_new);
    fw_publish(&w);
    CHECK_INT(matrix("patch", 3, 1), 0);
}

TEST(chain_of_patches)
{
    begin(&fw_new);
    (void)fw_add_patch(&w, &fw_middle, &fw_new);
    (void)fw_add_patch(&w, &fw_old, &fw_middle);
    fw_publish(&w);
    CHECK_INT(matrix("chain of patches", 1, 1), 0);
}

TEST(loader_that_swaps)
{
    begin(&fw_new);
    w.boot.swaps = true;
    fw_publish(&w);
    CHECK_INT(matrix("loader that swaps", 1, 1), 0);
}

TEST(image_that_fails)
{
    begin(&fw_new);
    fw_publish(&w);
    w.healthy = false;
    CHECK_INT(matrix("image that fails", 1, 1), 0);
}

TEST(naive_journal_is_caught)
{
    begin(&fw_new);
    fw_publish(&w);
    w.healthy = false;
    naive = true;
    unsigned long bad = matrix("naive journal", 1, 1);
    naive = false;
    CHECK(bad >= 10);
}

#if WICK_WITH_IN_PLACE
/* One slot, and a spare of some sectors; with one the images overlap in every segment. */
static void one_slot(const char *what, uint32_t spare, uint32_t seconds)
{
    begin(&fw_new);
    fw_single(&w, (3 + spare) * FW_SECTOR, NULL, 0);
    fw_publish(&w);
    CHECK_INT(matrix(what, seconds, 1), 0);
    CHECK(w.applied >= 1);
}

TEST(in_place)
{
    one_slot("in place, one spare sector", 1, 2);
}

TEST(in_place_with_room)
{
    one_slot("in place, three spare sectors", 3, 1);
}

TEST(in_place_without_spare)
{
    one_slot("in place, no spare sector", 0, 1);
}

TEST(in_place_naive_journal_is_caught)
{
    begin(&fw_new);
    fw_single(&w, 4 * FW_SECTOR, NULL, 0);
    fw_publish(&w);
    naive = true;
    unsigned long bad = matrix("in place, naive journal", 2, 1);
    naive = false;
    CHECK(bad >= 4);
}
#else
TEST(in_place)
{
    SKIP("WICK_WITH_IN_PLACE is off");
}
#define in_place_with_room in_place
#define in_place_without_spare in_place
#define in_place_naive_journal_is_caught in_place
#endif

TEST(sum)
{
    char text[80];
    (void)snprintf(text, sizeof text, "# in all %lu cuts, %lu boots\n", cuts, boots);
    tap_puts(text);
    CHECK(cuts > 1000);
}

TAP_MAIN("sim.power_cut", CASE(whole_image), CASE(whole_image_in_blocks), CASE(patch),
         CASE(chain_of_patches), CASE(loader_that_swaps), CASE(image_that_fails),
         CASE(naive_journal_is_caught), CASE(in_place), CASE(in_place_with_room),
         CASE(in_place_without_spare), CASE(in_place_naive_journal_is_caught), CASE(sum))
