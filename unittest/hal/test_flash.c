/* SPDX-License-Identifier: Apache-2.0 */
/* hal/selftest on flash and boot loader of the stub world, and on ones that break one rule each;
 * what the stub's power cuts and worn sectors do. */
#include "wick/hal/selftest.h"

#include "tap.h"
#include "wick/port/stub_flash.h"

#define SECTOR 1024u

static wick_selftest t;
static wick_stub_flash flash;
static wick_stub_boot boot;
static wick_hal_flash hf, good;
static wick_hal_boot hb, good_boot;
static uint8_t staging[3 * SECTOR], slot_a[2 * SECTOR], slot_b[2 * SECTOR];
static const char *watched;
static bool seen_broken;

static void report(void *ctx, const char *rule, bool kept)
{
    (void)ctx;
    if (watched == NULL) {
        tap_checks++;
        if (!kept) {
            tap_fail(__FILE__, __LINE__, rule);
        }
    } else if (!kept && strcmp(rule, watched) == 0) {
        seen_broken = true;
    }
}

static void setup(uint32_t unit)
{
    memset(&t, 0, sizeof t);
    wick_stub_flash_init(&flash, SECTOR, unit);
    wick_stub_flash_area(&flash, WICK_FLASH_STAGING, staging, sizeof staging);
    wick_stub_flash_area(&flash, WICK_FLASH_SLOT_A, slot_a, sizeof slot_a);
    wick_stub_flash_area(&flash, WICK_FLASH_SLOT_B, slot_b, sizeof slot_b);
    wick_stub_boot_init(&boot, &flash, 1000);
    wick_stub_flash_hal(&hf, &flash);
    wick_stub_boot_hal(&hb, &boot);
    good = hf;
    good_boot = hb;
    t.flash = &hf;
    t.flash_area = WICK_FLASH_STAGING;
    t.boot = &hb;
    t.report = report;
    watched = NULL;
    seen_broken = false;
}

TEST(stub_port)
{
    static const uint32_t units[] = {1, 2, 8, 32};
    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
        setup(units[i]);
        boot.counter = i;
        CHECK_INT(wick_hal_selftest(&t), 0);
        CHECK_INT(t.checked, 18);
        CHECK_INT(flash.violations, units[i] > 1 ? 7 : 5); /* the calls outside and askew */
    }
}

static uint32_t wrong_unit;
static wick_status info_wrong(void *ctx, wick_flash_area area, wick_flash_info *info)
{
    wick_status s = good.info(ctx, area, info);
    info->write_size = wrong_unit;
    return s;
}

static wick_status info_any(void *ctx, wick_flash_area area, wick_flash_info *info)
{
    return good.info(ctx, (unsigned)area < WICK_FLASH_AREAS ? area : WICK_FLASH_STAGING, info);
}

static wick_status erase_zero(void *ctx, wick_flash_area area, uint32_t offset)
{
    wick_status s = good.erase(ctx, area, offset);
    if (s == WICK_OK) {
        memset(staging + offset, 0, SECTOR);
    }
    return s;
}

static wick_status erase_all(void *ctx, wick_flash_area area, uint32_t offset)
{
    wick_status s = good.erase(ctx, area, offset);
    if (s == WICK_OK) {
        memset(staging, 0xff, sizeof staging);
    }
    return s;
}

static wick_status erase_askew(void *ctx, wick_flash_area area, uint32_t offset)
{
    return good.erase(ctx, area, offset < sizeof staging ? offset / SECTOR * SECTOR : offset);
}

static wick_status program_first(void *ctx, wick_flash_area area, uint32_t offset,
                                 const uint8_t *bytes, uint32_t length)
{
    return good.program(ctx, area, offset, bytes, length > 8 ? 8 : length);
}

static wick_status program_none(void *ctx, wick_flash_area area, uint32_t offset,
                                const uint8_t *bytes, uint32_t length)
{
    (void)bytes;
    uint8_t blank[256];
    memset(blank, 0xff, sizeof blank);
    return good.program(ctx, area, offset, blank, length > sizeof blank ? 256 : length);
}

static wick_status program_beside(void *ctx, wick_flash_area area, uint32_t offset,
                                  const uint8_t *bytes, uint32_t length)
{
    staging[3] &= length == 256 ? 0 : 0xff;
    return good.program(ctx, area, offset, bytes, length);
}

static wick_status read_wraps(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                              uint32_t length)
{
    return good.read(ctx, area, offset % sizeof staging, out, length < 256 ? length : 256);
}

static wick_status read_even(void *ctx, wick_flash_area area, uint32_t offset, uint8_t *out,
                             uint32_t length)
{
    return good.read(ctx, area, offset & ~1u, out, length);
}

static bool sees(const char *rule)
{
    watched = rule;
    (void)wick_hal_selftest(&t);
    return seen_broken;
}

TEST(flash_that_breaks_a_rule)
{
    setup(8);
    hf.info = info_wrong;
    wrong_unit = 3;
    CHECK(sees("flash.shape"));
    setup(8);
    hf.info = info_wrong;
    wrong_unit = 64;
    CHECK(sees("flash.shape"));
    setup(8);
    hf.info = info_any;
    CHECK(sees("flash.no_such_area"));
    setup(8);
    hf.erase = erase_zero;
    CHECK(sees("flash.erase"));
    setup(8);
    hf.erase = erase_all;
    CHECK(sees("flash.one_sector_at_a_time"));
    setup(8);
    hf.erase = erase_askew;
    CHECK(sees("flash.whole_units"));
    setup(8);
    hf.program = program_none;
    CHECK(sees("flash.one_unit"));
    setup(8);
    hf.program = program_first;
    CHECK(sees("flash.many_units"));
    setup(8);
    hf.program = program_beside;
    CHECK(sees("flash.nothing_beside"));
    setup(8);
    hf.read = read_even;
    CHECK(sees("flash.read_anywhere"));
    setup(8);
    hf.read = read_wraps;
    CHECK(sees("flash.outside"));
}

static wick_status raise_any(void *ctx, uint32_t value)
{
    ((wick_stub_boot *)ctx)->counter = value;
    return WICK_OK;
}

static wick_status forgets(void *ctx, uint32_t image_bytes, uint8_t starts)
{
    (void)ctx;
    (void)image_bytes;
    (void)starts;
    return WICK_OK;
}

static wick_status nothing(void *ctx)
{
    (void)ctx;
    return WICK_OK;
}

static wick_status starts_trial(void *ctx)
{
    ((wick_stub_boot *)ctx)->phase = WICK_BOOT_TRIAL;
    return WICK_OK;
}

static wick_status takes_one(void *ctx, uint32_t image_bytes, uint8_t starts)
{
    return ((wick_stub_boot *)ctx)->phase == WICK_BOOT_PENDING
               ? WICK_E_STATE
               : good_boot.request(ctx, image_bytes, starts);
}

static wick_status no_state(void *ctx, wick_boot_state *state)
{
    (void)ctx;
    (void)state;
    return WICK_E_HAL;
}

TEST(boot_loader_that_breaks_a_rule)
{
    setup(8);
    hb.state = no_state;
    CHECK(sees("boot.state"));
    setup(8);
    boot.counter = 4;
    hb.counter_raise = raise_any;
    CHECK(sees("boot.counter_never_falls"));
    setup(8);
    hb.request = forgets;
    CHECK(sees("boot.request"));
    setup(8);
    hb.request = takes_one;
    CHECK(sees("boot.request_again"));
    setup(8);
    hb.cancel = nothing;
    CHECK(sees("boot.cancel"));
    setup(8);
    hb.cancel = starts_trial;
    CHECK(sees("boot.cancel_of_nothing"));
    setup(8);
    hb.confirm = starts_trial;
    CHECK(sees("boot.confirm_of_nothing"));
}

TEST(programs_clear_bits_and_set_none)
{
    setup(1);
    uint8_t one = 0xf0, two = 0x3c, back;
    REQUIRE_STATUS(hf.program(hf.ctx, WICK_FLASH_STAGING, 0, &one, 1), WICK_OK);
    CHECK_INT(flash.violations, 0);
    REQUIRE_STATUS(hf.program(hf.ctx, WICK_FLASH_STAGING, 0, &two, 1), WICK_OK);
    REQUIRE_STATUS(hf.read(hf.ctx, WICK_FLASH_STAGING, 0, &back, 1), WICK_OK);
    CHECK_INT(back, 0x30);
    CHECK_INT(flash.violations, 1);
    REQUIRE_STATUS(hf.program(hf.ctx, WICK_FLASH_SLOT_A, 0, &two, 1), WICK_OK);
    CHECK_INT(flash.violations, 2); /* it runs */
}

TEST(power_cuts)
{
    uint8_t zeros[64] = {0};
    unsigned partly = 0, erased_partly = 0;
    for (uint32_t seed = 0; seed < 40; seed++) {
        for (int cut = 0; cut < 3; cut++) {
            setup(8);
            wick_stub_flash_cut(&flash, 1, (wick_stub_cut)cut, seed);
            CHECK_STATUS(hf.program(hf.ctx, WICK_FLASH_STAGING, 64, zeros, 64), WICK_E_HAL);
            CHECK(flash.dead);
            CHECK_STATUS(hf.read(hf.ctx, WICK_FLASH_STAGING, 0, zeros, 1), WICK_E_HAL);
            CHECK_STATUS(hf.erase(hf.ctx, WICK_FLASH_STAGING, 0), WICK_E_HAL);
            wick_stub_flash_power_on(&flash);
            unsigned set = 0, beside = 0;
            for (unsigned i = 0; i < sizeof staging; i++) {
                unsigned blank = staging[i] == 0xff, inside = i >= 64 && i < 128;
                set += inside && blank;
                beside += !inside && !blank;
            }
            CHECK_INT(beside, 0);
            CHECK(cut != WICK_STUB_CUT_BEFORE || set == 64);
            CHECK(cut != WICK_STUB_CUT_AFTER || set == 0);
            partly += cut == WICK_STUB_CUT_TORN && set != 0 && set != 64;
            memset(staging, 0, sizeof staging);
            wick_stub_flash_cut(&flash, 1, (wick_stub_cut)cut, seed);
            CHECK_STATUS(hf.erase(hf.ctx, WICK_FLASH_STAGING, SECTOR), WICK_E_HAL);
            set = beside = 0;
            for (unsigned i = 0; i < sizeof staging; i++) {
                bool inside = i >= SECTOR && i < 2 * SECTOR;
                set += inside && staging[i] == 0xff;
                beside += !inside && staging[i] != 0;
            }
            CHECK_INT(beside, 0);
            CHECK(cut != WICK_STUB_CUT_BEFORE || set == 0);
            CHECK(cut != WICK_STUB_CUT_AFTER || set == SECTOR);
            erased_partly += cut == WICK_STUB_CUT_TORN && set != SECTOR;
        }
    }
    CHECK(partly > 20);
    CHECK(erased_partly > 20);
}

TEST(trial_and_return)
{
    wick_boot_state state;
    setup(8);
    REQUIRE_STATUS(hb.request(hb.ctx, 2000, 2), WICK_OK);
    wick_stub_boot_start(&boot);
    REQUIRE_STATUS(hb.state(hb.ctx, &state), WICK_OK);
    CHECK(state.phase == WICK_BOOT_TRIAL && state.slot == 1 && state.image_bytes == 2000);
    CHECK_STATUS(hb.request(hb.ctx, 1, 1), WICK_E_STATE);
    wick_stub_boot_start(&boot);
    CHECK(boot.phase == WICK_BOOT_TRIAL);
    wick_stub_boot_start(&boot); /* two starts, no word */
    REQUIRE_STATUS(hb.state(hb.ctx, &state), WICK_OK);
    CHECK(state.phase == WICK_BOOT_SETTLED && state.slot == 0 && state.image_bytes == 1000);
    REQUIRE_STATUS(hb.request(hb.ctx, 2000, 1), WICK_OK);
    wick_stub_boot_start(&boot);
    REQUIRE_STATUS(hb.confirm(hb.ctx), WICK_OK);
    wick_stub_boot_start(&boot);
    CHECK(boot.phase == WICK_BOOT_SETTLED && boot.slot == 1);
    /* A loader that swaps. */
    setup(8);
    boot.swaps = true;
    slot_b[0] = 7;
    REQUIRE_STATUS(hb.request(hb.ctx, 2000, 1), WICK_OK);
    wick_stub_boot_start(&boot);
    CHECK(boot.slot == 0 && slot_a[0] == 7 && boot.image_bytes[0] == 2000);
    wick_stub_boot_start(&boot);
    CHECK(boot.slot == 0 && slot_a[0] == 0xff && boot.image_bytes[0] == 1000);
}

TAP_MAIN("hal.flash", CASE(stub_port), CASE(flash_that_breaks_a_rule),
         CASE(boot_loader_that_breaks_a_rule), CASE(programs_clear_bits_and_set_none),
         CASE(power_cuts), CASE(trial_and_return))
