/* SPDX-License-Identifier: Apache-2.0 */
/* One slot (wick/in_place.h): what is refused before anything is written, what is done again, and that an
 * update takes no patch that does not lead to the image of its manifest. Power cuts: sim/test_power_cut.c. */
#include "../sim/firmware_world.h"
#include "tap.h"

#if WICK_WITH_IN_PLACE

#define ROOM (4 * FW_SECTOR)

static fw_world w;
static wick_in_place work;
static wick_delta_memory decoder;
static wick_journal journal;
static uint8_t before[ROOM];

static void begin(void)
{
    fw_images();
    fw_begin(&w, &fw_old, &fw_new);
    fw_single(&w, ROOM, NULL, 0);
    fw_publish(&w);
}

/* Up to the point where the loader has been asked. */
static void begin_asked(void)
{
    begin();
    CHECK_STATUS(fw_start(&w), WICK_OK);
    CHECK_INT(fw_run(&w), WICK_UPDATE_RESTART);
    CHECK_INT(w.boot.phase, WICK_BOOT_PENDING);
    w.flash.area[WICK_FLASH_SLOT_A].is_protected = false;
    memcpy(before, fw_memory, ROOM);
    CHECK_STATUS(wick_journal_open(&journal, &w.hal_flash, WICK_FLASH_JOURNAL), WICK_OK);
}

static wick_status apply(void)
{
    wick_status s = wick_in_place_open(&work, &w.hal_flash, &journal, &decoder);
    while (s == WICK_OK) {
        s = wick_in_place_poll(&work);
    }
    return s;
}

TEST(update_in_place)
{
    begin();
    CHECK(fw_live(&w));
    CHECK_INT(fw_running(&w), 2);
    CHECK_INT(w.applied, 1);
    CHECK_INT(w.boot.counter, 5);
    CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
    CHECK_INT(w.events[WICK_UPDATE_TRIAL], 1);
    CHECK_INT(w.flash.violations, 0);
}

TEST(shapes)
{
    wick_flash_info slot = {.size = ROOM, .erase_size = 2048, .write_size = 8};
    wick_delta_info good = {.new_bytes = 100, .memory_bytes = ROOM, .segment_bytes = 4096,
                            .shift_bytes = 2048, .old_bytes = 100};
    CHECK_STATUS(wick_in_place_fits(&good, &slot), WICK_OK);
    wick_delta_info i = good;
    i.segment_bytes = 0; /* a sequential patch */
    CHECK_STATUS(wick_in_place_fits(&i, &slot), WICK_E_UNSUPPORTED);
    i.segment_bytes = 1024;
    CHECK_STATUS(wick_in_place_fits(&i, &slot), WICK_E_UNSUPPORTED);
    i = good;
    i.shift_bytes = 1024;
    CHECK_STATUS(wick_in_place_fits(&i, &slot), WICK_E_UNSUPPORTED);
    i = good;
    i.memory_bytes = ROOM - 1;
    CHECK_STATUS(wick_in_place_fits(&i, &slot), WICK_E_UNSUPPORTED);
    i.memory_bytes = ROOM + 2048;
    CHECK_STATUS(wick_in_place_fits(&i, &slot), WICK_E_FW_SIZE);
    i = good;
    i.new_bytes = ROOM + 1;
    CHECK_STATUS(wick_in_place_fits(&i, &slot), WICK_E_FW_SIZE);
    /* Pieces that are no whole units, or would lie across sectors. */
    slot.write_size = 48;
    CHECK_STATUS(wick_in_place_fits(&good, &slot), WICK_E_UNSUPPORTED);
    slot.write_size = 0;
    CHECK_STATUS(wick_in_place_fits(&good, &slot), WICK_E_UNSUPPORTED);
    slot.write_size = 8;
    slot.erase_size = 0;
    CHECK_STATUS(wick_in_place_fits(&good, &slot), WICK_E_UNSUPPORTED);
    slot.erase_size = 3 * WICK_DELTA_PIECE / 2;
    i = good;
    i.segment_bytes = i.shift_bytes = 2 * slot.erase_size;
    i.memory_bytes = 4 * slot.erase_size;
    CHECK_STATUS(wick_in_place_fits(&i, &slot), WICK_E_UNSUPPORTED);
}

TEST(order_of_work)
{
    begin();
    CHECK_STATUS(wick_journal_open(&journal, &w.hal_flash, WICK_FLASH_JOURNAL), WICK_OK);
    CHECK_STATUS(wick_in_place_open(&work, &w.hal_flash, &journal, &decoder), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_in_place_put(&journal, fw_staging + 1, 0), WICK_OK);
    CHECK_STATUS(wick_in_place_open(&work, &w.hal_flash, &journal, &decoder), WICK_E_UNSUPPORTED);
    CHECK_STATUS(wick_in_place_put(&journal, 0, 0), WICK_OK);
    CHECK_STATUS(wick_in_place_open(&work, &w.hal_flash, &journal, &decoder), WICK_E_UNSUPPORTED);
    begin_asked();
    CHECK_STATUS(apply(), WICK_E_NOT_FOUND);
    CHECK_INT(work.step, 6); /* three sectors up, three segments */
    CHECK_INT(work.steps, 6);
    CHECK_MEM(fw_memory, fw_new.bytes, fw_new.size);
    CHECK_STATUS(apply(), WICK_E_NOT_FOUND); /* done is done */
}

/* What a loader must not take for "nothing is begun" or "all is done", with half of the work behind it. */
TEST(nobody_knows_how_far)
{
    for (int what = 0; what < 5; what++) {
        begin_asked();
        REQUIRE_STATUS(wick_in_place_open(&work, &w.hal_flash, &journal, &decoder), WICK_OK);
        CHECK_INT(work.step, 0);
        wick_status s = WICK_OK;
        while (s == WICK_OK && work.step < 4) {
            s = wick_in_place_poll(&work);
        }
        REQUIRE_STATUS(s, WICK_OK);
        uint8_t *log = w.flash.area[WICK_FLASH_JOURNAL].ptr, v[WICK_JOURNAL_DATA_BYTES] = {2, 0};
        bool known = what >= 3;
        wick_status why = known ? WICK_E_HAL : WICK_E_FW_JOURNAL;
        if (what == 0) { /* the newest entry cannot be read any more */
            w.flash.fault[0] = (wick_stub_flash_fault){WICK_STUB_FLASH_READ_FAILS, WICK_FLASH_JOURNAL, 0, 0, 1};
        } else if (what == 1) { /* neither sector counts */
            memset(log, 0, 2 * FW_SECTOR);
            REQUIRE_STATUS(wick_journal_open(&journal, &w.hal_flash, WICK_FLASH_JOURNAL), WICK_OK);
        } else if (what == 2) { /* of another build */
            REQUIRE_STATUS(wick_journal_put(&journal, WICK_IN_PLACE_KIND, v), WICK_OK);
            why = WICK_E_UNSUPPORTED;
        } else {
            w.flash.area[what == 3 ? WICK_FLASH_STAGING : WICK_IN_PLACE_AREA].size = 0;
        }
        CHECK_STATUS(wick_in_place_open(&work, &w.hal_flash, &journal, &decoder), why);
        CHECK_INT(work.step, known ? 4 : WICK_IN_PLACE_UNKNOWN);
    }
}

TEST(patch_that_has_rotted)
{
    begin_asked();
    fw_memory[2 * fw_slot + 700] ^= 1;
    CHECK_STATUS(apply(), WICK_E_FW_DIGEST);
    CHECK_INT(work.step, 0);
    CHECK_MEM(fw_memory, before, ROOM);
    /* The loader takes the request back, and the next start tries once more. */
    fw_memory[2 * fw_slot + 700] ^= 1;
    CHECK_STATUS(w.hal_boot.cancel(w.hal_boot.ctx), WICK_OK);
    CHECK(fw_live(&w));
    CHECK_INT(fw_running(&w), 2);
}

/* A read of the staged patch that fails is tried again, wherever it falls: while the patch is summed up, in its
 * head, while it is applied. */
TEST(staged_patch_that_is_read_badly)
{
    begin_asked();
    uint32_t pieces = (w.manifest.delta[0].patch.size + WICK_IN_PLACE_PIECE - 1) / WICK_IN_PLACE_PIECE;
    uint32_t sectors = (w.manifest.delta[0].patch.size + FW_SECTOR - 1) / FW_SECTOR;
    REQUIRE(sectors >= 3);
    for (uint32_t sector = 0; sector < sectors; sector++) {
        for (uint32_t skip = 0; skip < 2 * pieces / sectors; skip += 7) {
            for (uint32_t times = 1; times <= 3; times++) {
                begin_asked();
                w.flash.fault[0] = (wick_stub_flash_fault){WICK_STUB_FLASH_READ_FAILS, WICK_FLASH_STAGING,
                                                           sector, skip, times};
                wick_status s = apply();
                CHECK_STATUS(s, times < 3 ? WICK_E_NOT_FOUND : WICK_E_HAL);
                CHECK_INT(w.flash.fault[0].times, 0);
                while (s == WICK_E_HAL || s == WICK_OK) { /* and who asks once more, gets on */
                    s = wick_in_place_poll(&work);
                }
                CHECK_STATUS(s, WICK_E_NOT_FOUND);
                CHECK_MEM(fw_memory, fw_new.bytes, fw_new.size);
            }
        }
    }
}

/* An application that was built with more memory for its decoder than the loader: heads of such patches. */
TEST(loader_with_less_memory)
{
    static const struct {
        uint8_t properties; /* (pb * 5 + lp) * 9 + lc */
        uint32_t window;
        wick_status why;
    } heads[] = {{0, WICK_DELTA_DICT_MAX + 1, WICK_E_LIMIT},
                 {0, 2 * WICK_DELTA_DICT_MAX, WICK_E_LIMIT},
                 {1, WICK_DELTA_DICT_MAX, WICK_E_LIMIT},
                 {45, WICK_DELTA_DICT_MAX, WICK_E_LIMIT},
                 {0, WICK_DELTA_DICT_MAX, WICK_OK}};
    for (unsigned k = 0; k < sizeof heads / sizeof heads[0]; k++) {
        begin_asked();
        uint8_t *patch = fw_memory + 2 * fw_slot;
        wick_delta_info was, is;
        REQUIRE_STATUS(wick_delta_peek(&was, wick_span_make(patch, WICK_DELTA_HEADER_MAX)), WICK_OK);
        /* The same patch, said to be packed: what follows its head is that of a stream of no known length. */
        patch[0] |= WICK_DELTA_LZMA;
        uint8_t *head = patch + was.header_bytes;
        head[0] = heads[k].properties;
        for (unsigned i = 0; i < 4; i++) {
            head[1 + i] = (uint8_t)(heads[k].window >> 8 * i);
        }
        memset(head + 5, 0xff, 8);
        REQUIRE_STATUS(wick_delta_peek(&is, wick_span_make(patch, WICK_DELTA_HEADER_MAX)), WICK_OK);
        CHECK_INT(is.window_bytes, heads[k].window);
        uint32_t size = w.manifest.delta[0].patch.size, sum = 0;
        for (uint32_t at = 0; at < size; at += WICK_IN_PLACE_PIECE) {
            uint32_t n = size - at < WICK_IN_PLACE_PIECE ? size - at : WICK_IN_PLACE_PIECE;
            sum = wick_in_place_sum(sum, wick_span_make(patch + at, n));
        }
        REQUIRE_STATUS(wick_in_place_put(&journal, size, sum), WICK_OK);
        REQUIRE_STATUS(wick_in_place_open(&work, &w.hal_flash, &journal, &decoder), WICK_OK);
        wick_status s = WICK_OK;
        while (s == WICK_OK && work.steps == 0) {
            s = wick_in_place_poll(&work);
        }
        CHECK_STATUS(s, heads[k].why);
        CHECK_INT(work.step, 0);
        CHECK_MEM(fw_memory, before, ROOM);
    }
}

TEST(flash_that_fails_or_lies)
{
    static const wick_stub_flash_kind kinds[] = {WICK_STUB_FLASH_ERASE_FAILS, WICK_STUB_FLASH_PROGRAM_FAILS,
                                                 WICK_STUB_FLASH_PROGRAM_LIES};
    for (unsigned k = 0; k < 3; k++) {
        for (uint32_t sector = 0; sector < 4; sector++) {
            begin_asked();
            w.flash.fault[0] = (wick_stub_flash_fault){kinds[k], WICK_FLASH_SLOT_A, sector, 0, 2};
            CHECK_STATUS(apply(), WICK_E_NOT_FOUND);
            CHECK_MEM(fw_memory, fw_new.bytes, fw_new.size);
            begin_asked();
            w.flash.fault[0] = (wick_stub_flash_fault){kinds[k], WICK_FLASH_SLOT_A, sector, 0, 3};
            CHECK_STATUS(apply(), WICK_E_HAL);
            CHECK_STATUS(apply(), WICK_E_NOT_FOUND); /* it goes on where it was */
            CHECK_MEM(fw_memory, fw_new.bytes, fw_new.size);
        }
    }
}

/* The journal does not take a step: nothing goes on past it, and a cut at any time after it does no harm. */
TEST(journal_that_fails)
{
    static const wick_stub_flash_kind kinds[] = {WICK_STUB_FLASH_PROGRAM_FAILS, WICK_STUB_FLASH_PROGRAM_LIES};
    for (unsigned k = 0; k < 2; k++) {
        for (uint32_t step = 0; step < 6; step++) {
            for (uint32_t times = 1; times <= 3; times++) {
                begin_asked();
                REQUIRE_STATUS(wick_in_place_open(&work, &w.hal_flash, &journal, &decoder), WICK_OK);
                wick_status s = WICK_OK;
                while (s == WICK_OK && (work.step < step || work.steps == 0)) {
                    s = wick_in_place_poll(&work);
                }
                REQUIRE_STATUS(s, WICK_OK);
                /* Three slots that take nothing, and a sector that cannot be erased: one put. */
                w.flash.fault[0] = (wick_stub_flash_fault){kinds[k], WICK_FLASH_JOURNAL, 0, 0, UINT32_MAX};
                w.flash.fault[1] = (wick_stub_flash_fault){WICK_STUB_FLASH_ERASE_FAILS, WICK_FLASH_JOURNAL, 1,
                                                           0, times};
                while (s == WICK_OK) {
                    s = wick_in_place_poll(&work);
                }
                if (times < 3) { /* it is tried again, and nothing else */
                    CHECK_STATUS(s, WICK_E_NOT_FOUND);
                    CHECK_INT(work.step, 6);
                    CHECK_MEM(fw_memory, fw_new.bytes, fw_new.size);
                    continue;
                }
                CHECK_STATUS(s, WICK_E_FW_JOURNAL);
                CHECK_INT(work.step, step);
                uint32_t ops = w.flash.ops;
                CHECK_STATUS(wick_in_place_poll(&work), WICK_E_FW_JOURNAL);
                CHECK_INT(w.flash.ops, ops);
                memset(w.flash.fault, 0, sizeof w.flash.fault);
                for (uint32_t op = 1; op <= 3; op++) { /* the loader starts anew, and the power goes again */
                    REQUIRE_STATUS(wick_journal_open(&journal, &w.hal_flash, WICK_FLASH_JOURNAL), WICK_OK);
                    wick_stub_flash_cut(&w.flash, op * 5, WICK_STUB_CUT_TORN, step * 7 + op);
                    (void)apply();
                    wick_stub_flash_power_on(&w.flash);
                }
                REQUIRE_STATUS(wick_journal_open(&journal, &w.hal_flash, WICK_FLASH_JOURNAL), WICK_OK);
                CHECK_STATUS(apply(), WICK_E_NOT_FOUND);
                CHECK_MEM(fw_memory, fw_new.bytes, fw_new.size);
            }
        }
    }
}

/* Published with the wrong content in the patch: the device does not begin to write. */
static void refuses(wick_status why)
{
    memcpy(before, fw_memory, ROOM);
    fw_publish(&w);
    CHECK(fw_live(&w));
    CHECK_INT(w.refused, why);
    CHECK_INT(w.applied, 0);
    CHECK_INT(fw_running(&w), 1);
    CHECK_MEM(fw_memory, before, ROOM);
}

TEST(patch_for_another_image)
{
    static uint8_t patch[FW_IMAGE_MAX];
    begin();
    const fw_block *b = &w.block[w.blocks - 2]; /* the patch, before the manifest */
    uint32_t size = w.manifest.delta[0].patch.size;
    memcpy(patch, b->bytes, size);
    patch[size / 2] ^= 1;
    w.manifest.deltas = 0;
    fw_single(&w, ROOM, patch, size);
    w.manifest.delta[0].format = WICK_PATCH_IN_PLACE_NONE;
    w.manifest.delta[0].dict = 0;
    refuses(WICK_E_FW_NO_PATH);
    CHECK_INT(w.update.bad_answers, 1);
}

TEST(patch_that_wants_more_memory)
{
    begin();
    w.flash.area[WICK_FLASH_SLOT_A].size = ROOM - FW_SECTOR;
    refuses(WICK_E_FW_NO_PATH);
}

TEST(nothing_but_in_place)
{
    begin();
    w.manifest.deltas = 0;
    refuses(WICK_E_FW_NO_PATH); /* the whole image has no place */
    begin();
    w.manifest.deltas = 0;
    (void)fw_add_patch(&w, &fw_old, &fw_new);
    refuses(WICK_E_FW_NO_PATH);
}

TEST(two_slots_take_it_too)
{
    begin();
    w.boot.single = false;
    w.flash.area[WICK_FLASH_SLOT_A].size = w.flash.area[WICK_FLASH_SLOT_B].size = fw_slot;
    CHECK(fw_live(&w));
    CHECK_INT(fw_running(&w), 2);
    CHECK_INT(w.boot.slot, 1);
    CHECK_INT(w.applied, 0);
    CHECK(w.update.fetched == 0 && w.flash.violations == 0);
}

TEST(image_that_gives_up_stays_on_trial)
{
    begin();
    w.healthy = false;
    CHECK(fw_live(&w)); /* nothing newer */
    CHECK_INT(fw_running(&w), 2);
    CHECK_INT(w.boot.phase, WICK_BOOT_TRIAL);
    CHECK_INT(w.boot.counter, 0);
    w.healthy = true;
    CHECK(fw_live(&w));
    CHECK_INT(w.boot.counter, 5);
}

/* ... and there is a release after it. */
static void begin_stuck(void)
{
    begin();
    w.version_of[2] = 2;
    w.version_of[3] = 3;
    w.healthy = false;
    CHECK(fw_live(&w));
    CHECK_INT(fw_running(&w), 2);
    CHECK_INT(w.boot.phase, WICK_BOOT_TRIAL);
    w.manifest.version = 3;
    w.manifest.counter = 6;
    w.manifest.deltas = 0;
    fw_add_large(&w, &w.manifest.payload, fw_middle.bytes, fw_middle.size);
    fw_add_in_place(&w, &fw_new, &fw_middle, ROOM, NULL, 0);
    fw_publish(&w);
}

/* @return whether the release after it is what runs in the end. It says that it is healthy, the other not */
static bool gets_on(void)
{
    for (int starts = 0; starts < 8; starts++) {
        if (w.flash.dead) {
            wick_stub_flash_power_on(&w.flash);
        }
        wick_status s = fw_start(&w);
        w.healthy = fw_running(&w) == 3;
        wick_update_kind kind = s == WICK_OK ? fw_run(&w) : WICK_UPDATE_WORK;
        if (!w.flash.dead && kind != WICK_UPDATE_RESTART) {
            return kind == WICK_UPDATE_WAIT && fw_running(&w) == 3 && w.boot.counter == 6 &&
                   w.boot.phase == WICK_BOOT_SETTLED && w.flash.violations == 0;
        }
    }
    return false;
}

TEST(image_that_cannot_confirm_itself_is_replaced)
{
    bool cut = true;
    for (uint32_t op = 1; cut && op < 300; op++) { /* the power goes once, at any time */
        for (int how = WICK_STUB_CUT_BEFORE; how <= WICK_STUB_CUT_AFTER; how++) {
            begin_stuck();
            wick_stub_flash_cut(&w.flash, op, (wick_stub_cut)how, op);
            REQUIRE(gets_on());
            cut = w.flash.cut_at == 0;
        }
    }
    CHECK(!cut);
}

/* The next one cannot be applied, and the loader takes the request back: what runs goes on. */
TEST(replacement_that_is_taken_back)
{
    begin_stuck();
    CHECK_STATUS(fw_start(&w), WICK_OK);
    CHECK_INT(fw_run(&w), WICK_UPDATE_RESTART);
    CHECK_INT(w.boot.phase, WICK_BOOT_PENDING);
    CHECK_STATUS(w.hal_boot.cancel(w.hal_boot.ctx), WICK_OK);
    CHECK(gets_on());
}

TAP_MAIN("unit.in_place", CASE(update_in_place), CASE(shapes), CASE(order_of_work),
         CASE(nobody_knows_how_far), CASE(patch_that_has_rotted), CASE(staged_patch_that_is_read_badly),
         CASE(loader_with_less_memory),
         CASE(flash_that_fails_or_lies), CASE(journal_that_fails), CASE(patch_for_another_image),
         CASE(patch_that_wants_more_memory), CASE(nothing_but_in_place),
         CASE(two_slots_take_it_too), CASE(image_that_gives_up_stays_on_trial),
         CASE(image_that_cannot_confirm_itself_is_replaced), CASE(replacement_that_is_taken_back))

#else

TEST(off)
{
    SKIP("WICK_WITH_IN_PLACE is 0");
}

TAP_MAIN("unit.in_place", CASE(off))

#endif
