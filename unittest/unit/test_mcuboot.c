/* SPDX-License-Identifier: Apache-2.0 */
/* Trailers of MCUboot's slots, byte for byte as its design document has them, and the states that it
 * reads out of them. */
#include "tap.h"
#include "wick/mcuboot.h"
#include "wick/port/stub_flash.h"

#define SECTOR 1024u
#define SLOT (8u * SECTOR)

static wick_stub_flash flash;
static wick_hal_flash raw, slots;
static wick_hal_boot boot;
static wick_mcuboot mcuboot;
static wick_mcuboot_config config;
static uint8_t one[SLOT], two[SLOT], staging[SECTOR];
static uint32_t counter_value;

static wick_status counter(void *ctx, uint32_t *value)
{
    (void)ctx;
    *value = counter_value;
    return WICK_OK;
}

static wick_status counter_raise(void *ctx, uint32_t value)
{
    (void)ctx;
    counter_value = value > counter_value ? value : counter_value;
    return WICK_OK;
}

/* An image of 32 + size + protected + 8 bytes. */
static void put_image(uint8_t *slot, uint32_t size, uint32_t protected_bytes)
{
    static const uint8_t magic[] = {0x3d, 0xb8, 0xf3, 0x96};
    memset(slot, 0x42, 32 + size + protected_bytes + 8);
    memcpy(slot, magic, 4);
    slot[8] = 32;
    slot[9] = 0;
    slot[10] = (uint8_t)protected_bytes;
    slot[11] = 0;
    slot[12] = (uint8_t)size;
    slot[13] = (uint8_t)(size >> 8);
    slot[14] = slot[15] = 0;
    uint8_t *tlv = slot + 32 + size + protected_bytes;
    tlv[0] = 0x07;
    tlv[1] = 0x69;
    tlv[2] = 8;
    tlv[3] = 0;
}

static void begin(uint8_t align, uint32_t unit)
{
    wick_stub_flash_init(&flash, SECTOR, unit);
    wick_stub_flash_area(&flash, WICK_FLASH_SLOT_A, one, SLOT);
    wick_stub_flash_area(&flash, WICK_FLASH_SLOT_B, two, SLOT);
    wick_stub_flash_area(&flash, WICK_FLASH_STAGING, staging, SECTOR);
    wick_stub_flash_hal(&raw, &flash);
    memset(&config, 0, sizeof config);
    config.flash = &raw;
    config.max_align = align;
    config.max_sectors = 8;
    config.spare_sectors = 1;
    config.counter = counter;
    config.counter_raise = counter_raise;
    counter_value = 3;
    put_image(one, 1000, 0);
    put_image(two, 1200, 16);
    REQUIRE_STATUS(wick_mcuboot_init(&mcuboot, &boot, &slots, &config), WICK_OK);
}

static wick_boot_phase phase(void)
{
    wick_boot_state state;
    memset(&state, 0x55, sizeof state);
    CHECK_STATUS(boot.state(boot.ctx, &state), WICK_OK);
    CHECK_INT(state.slot, WICK_FLASH_SLOT_A);
    CHECK_INT(state.image_bytes, 1040);
    return state.phase;
}

static const uint8_t magic8[16] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                   0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
static const uint8_t magic32[16] = {0x20, 0x00, 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b,
                                    0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};

/* All of the trailer's last bytes: 0xff, but for what is said. */
static void trailer_is(const uint8_t *slot, const uint8_t *magic, uint32_t swap_info_at,
                       uint32_t image_ok_at)
{
    for (uint32_t i = SLOT - SECTOR; i < SLOT; i++) {
        uint8_t want = 0xff;
        if (magic != NULL && i >= SLOT - 16) {
            want = magic[i - (SLOT - 16)];
        } else if (i == swap_info_at) {
            want = 0x02;
        } else if (i == image_ok_at) {
            want = 0x01;
        }
        if (slot[i] != want) {
            CHECK_INT(i, -1);
            CHECK_INT(slot[i], want);
            return;
        }
    }
    CHECK(true);
}

TEST(request_in_bytes)
{
    begin(8, 8);
    CHECK_INT(phase(), WICK_BOOT_SETTLED);
    REQUIRE_STATUS(boot.request(boot.ctx, 1256, 1), WICK_OK);
    trailer_is(two, magic8, SLOT - 16 - 24, 0);
    trailer_is(one, NULL, 0, 0);
    CHECK_INT(phase(), WICK_BOOT_PENDING);
    CHECK_MEM(two + 32, "BBBB", 4);                           /* the image stays */
    REQUIRE_STATUS(boot.request(boot.ctx, 1256, 1), WICK_OK); /* once more: the same */
    trailer_is(two, magic8, SLOT - 16 - 24, 0);
    REQUIRE_STATUS(boot.cancel(boot.ctx), WICK_OK);
    trailer_is(two, NULL, 0, 0);
    CHECK_INT(phase(), WICK_BOOT_SETTLED);
    CHECK_INT(flash.violations, 0);
    /* Fields of 32 bytes: image_ok lies at a multiple of 32 below the magic. */
    static const uint32_t units[] = {4, 16, 32};
    for (unsigned i = 0; i < 3; i++) {
        begin(32, units[i]);
        REQUIRE_STATUS(boot.request(boot.ctx, 1256, 1), WICK_OK);
        trailer_is(two, magic32, SLOT - 64 - 64, 0);
        CHECK_INT(phase(), WICK_BOOT_PENDING);
        CHECK_INT(flash.violations, 0);
    }
}

TEST(trial_and_confirmation)
{
    begin(8, 8);
    /* After a swap for a test: magic good, copy_done set, image_ok not. */
    memcpy(one + SLOT - 16, magic8, 16);
    CHECK_INT(phase(), WICK_BOOT_SETTLED); /* the swap is not over: MCUboot ends it first */
    one[SLOT - 16 - 16] = 0x01;
    CHECK_INT(phase(), WICK_BOOT_TRIAL);
    CHECK_STATUS(boot.request(boot.ctx, 1256, 1), WICK_E_STATE); /* the way back lies there */
    CHECK_INT(flash.ops, 0);
    REQUIRE_STATUS(boot.confirm(boot.ctx), WICK_OK);
    CHECK_INT(one[SLOT - 16 - 8], 0x01);
    CHECK_INT(one[SLOT - 16 - 7], 0xff);
    CHECK_INT(phase(), WICK_BOOT_SETTLED);
    unsigned ops = flash.ops;
    REQUIRE_STATUS(boot.confirm(boot.ctx), WICK_OK);
    REQUIRE_STATUS(boot.cancel(boot.ctx), WICK_OK);
    CHECK_INT(flash.ops, ops);
    /* The next update: a request out of a confirmed state with a trailer in the primary slot. */
    REQUIRE_STATUS(boot.request(boot.ctx, 1256, 1), WICK_OK);
    CHECK_INT(phase(), WICK_BOOT_PENDING);
    /* Permanent, asked for by another: pending as well. */
    begin(8, 8);
    memcpy(two + SLOT - 16, magic8, 16);
    two[SLOT - 16 - 8] = 0x01;
    CHECK_INT(phase(), WICK_BOOT_PENDING);
}

TEST(power_cuts)
{
    for (int confirm = 0; confirm < 2; confirm++) {
        for (uint32_t op = 1; op < 8; op++) {
            for (int cut = 0; cut < 3; cut++) {
                for (uint32_t seed = 0; seed < 10; seed++) {
                    begin(8, 8);
                    if (confirm) {
                        memcpy(one + SLOT - 16, magic8, 16);
                        one[SLOT - 16 - 16] = 0x01;
                    }
                    wick_stub_flash_cut(&flash, op, (wick_stub_cut)cut, seed);
                    wick_status s =
                        confirm ? boot.confirm(boot.ctx) : boot.request(boot.ctx, 1256, 1);
                    wick_stub_flash_power_on(&flash);
                    wick_boot_phase before = confirm ? WICK_BOOT_TRIAL : WICK_BOOT_SETTLED;
                    wick_boot_phase after = confirm ? WICK_BOOT_SETTLED : WICK_BOOT_PENDING;
                    wick_boot_phase is = phase();
                    CHECK(is == before || is == after);
                    CHECK(s != WICK_OK || is == after);
                    /* Done again, it is done. */
                    s = confirm ? boot.confirm(boot.ctx) : boot.request(boot.ctx, 1256, 1);
                    if (!confirm || is == after || one[SLOT - 16 - 8] == 0xff) {
                        CHECK_STATUS(s, WICK_OK);
                        CHECK_INT(phase(), after);
                    }
                }
            }
        }
    }
}

TEST(images)
{
    uint32_t bytes;
    begin(8, 8);
    REQUIRE_STATUS(wick_mcuboot_image_bytes(&mcuboot, &bytes, WICK_FLASH_SLOT_B), WICK_OK);
    CHECK_INT(bytes, 32 + 1200 + 16 + 8);
    CHECK_STATUS(boot.request(boot.ctx, 1255, 1), WICK_E_FW_SIZE);
    two[0] ^= 1;
    CHECK_STATUS(boot.request(boot.ctx, 1256, 1), WICK_E_MALFORMED);
    two[0] ^= 1;
    two[32 + 1200 + 16] ^= 1; /* no TLVs */
    CHECK_STATUS(boot.request(boot.ctx, 1256, 1), WICK_E_MALFORMED);
    two[32 + 1200 + 16] ^= 1;
    two[32 + 1200 + 16 + 2] = 3; /* shorter than their own head */
    CHECK_STATUS(boot.request(boot.ctx, 1256, 1), WICK_E_MALFORMED);
    two[32 + 1200 + 16 + 3] = 0x40; /* beyond the slot */
    CHECK_STATUS(boot.request(boot.ctx, 1256, 1), WICK_E_MALFORMED);
    two[15] = 0xff; /* near 2^32 */
    two[14] = two[13] = two[12] = 0xff;
    CHECK_STATUS(boot.request(boot.ctx, 1256, 1), WICK_E_MALFORMED);
    CHECK_INT(phase(), WICK_BOOT_SETTLED);
    CHECK_INT(flash.ops, 0);
    CHECK_INT(flash.violations, 0);
    one[0] ^= 1;
    wick_boot_state state;
    CHECK_STATUS(boot.state(boot.ctx, &state), WICK_E_HAL);
}

TEST(slots_end_before_their_trailers)
{
    wick_flash_info info;
    uint8_t bytes[8] = {0};
    begin(8, 8);
    REQUIRE_STATUS(slots.info(slots.ctx, WICK_FLASH_SLOT_B, &info), WICK_OK);
    CHECK_INT(info.size, SLOT - 2 * SECTOR); /* the trailer's sector, and one to swap by */
    REQUIRE_STATUS(slots.info(slots.ctx, WICK_FLASH_STAGING, &info), WICK_OK);
    CHECK_INT(info.size, SECTOR);
    uint32_t end = SLOT - 2 * SECTOR;
    CHECK_STATUS(slots.read(slots.ctx, WICK_FLASH_SLOT_B, end - 8, bytes, 8), WICK_OK);
    CHECK_STATUS(slots.read(slots.ctx, WICK_FLASH_SLOT_B, end - 7, bytes, 8), WICK_E_BAD_ARG);
    CHECK_STATUS(slots.read(slots.ctx, WICK_FLASH_SLOT_B, UINT32_MAX, bytes, 8), WICK_E_BAD_ARG);
    CHECK_STATUS(slots.program(slots.ctx, WICK_FLASH_SLOT_B, end, bytes, 8), WICK_E_BAD_ARG);
    CHECK_STATUS(slots.program(slots.ctx, WICK_FLASH_SLOT_B, end - 8, bytes, 8), WICK_OK);
    CHECK_STATUS(slots.erase(slots.ctx, WICK_FLASH_SLOT_B, end), WICK_E_BAD_ARG);
    CHECK_STATUS(slots.erase(slots.ctx, WICK_FLASH_SLOT_B, end - SECTOR), WICK_OK);
    CHECK_STATUS(slots.erase(slots.ctx, WICK_FLASH_STAGING, 0), WICK_OK);
    CHECK_STATUS(slots.program(slots.ctx, WICK_FLASH_STAGING, 0, bytes, 8), WICK_OK);
    uint32_t value;
    REQUIRE_STATUS(boot.counter_raise(boot.ctx, 9), WICK_OK);
    REQUIRE_STATUS(boot.counter(boot.ctx, &value), WICK_OK);
    CHECK_INT(value, 9);
}

TEST(shapes)
{
    begin(8, 8);
    config.max_align = 4;
    CHECK_STATUS(wick_mcuboot_init(&mcuboot, &boot, &slots, &config), WICK_E_BAD_ARG);
    config.max_align = 8;
    config.counter = NULL;
    CHECK_STATUS(wick_mcuboot_init(&mcuboot, &boot, &slots, &config), WICK_E_BAD_ARG);
    config.counter = counter;
    config.max_sectors = 400; /* a trailer of 9.6 KB */
    CHECK_STATUS(wick_mcuboot_init(&mcuboot, &boot, &slots, &config), WICK_E_UNSUPPORTED);
    config.max_sectors = 8;
    flash.write_size = 16;
    CHECK_STATUS(wick_mcuboot_init(&mcuboot, &boot, &slots, &config), WICK_E_UNSUPPORTED);
    flash.write_size = 8;
    flash.area[1].size -= SECTOR;
    CHECK_STATUS(wick_mcuboot_init(&mcuboot, &boot, &slots, &config), WICK_E_UNSUPPORTED);
    flash.area[1].size = 0;
    CHECK_STATUS(wick_mcuboot_init(&mcuboot, &boot, &slots, &config), WICK_E_NOT_FOUND);
}

TAP_MAIN("unit.mcuboot", CASE(request_in_bytes), CASE(trial_and_confirmation), CASE(power_cuts),
         CASE(images), CASE(slots_end_before_their_trailers), CASE(shapes))
