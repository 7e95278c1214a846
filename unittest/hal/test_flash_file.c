/* SPDX-License-Identifier: Apache-2.0 */
/* Flash and boot loader in files: the conformance checks, and what stays after the process. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "wick/hal/selftest.h"
#include "wick/port/flash.h"

static char dir[64];
static wick_linux_flash flash;
static wick_linux_boot boot;
static wick_hal_flash hf;
static wick_hal_boot hb;
static const wick_linux_flash_config config = {.slot_bytes = 10000, .staging_bytes = 8192};

static const char *path(const char *name)
{
    static char out[128];
    (void)snprintf(out, sizeof out, "%s/%s", dir, name);
    return out;
}

static void setup(void)
{
    static const char template[] = "/tmp/wick-flash-XXXXXX";
    memcpy(dir, template, sizeof template);
    REQUIRE(mkdtemp(dir) != NULL);
}

static void reopen(void)
{
    REQUIRE_STATUS(wick_linux_flash_open(&hf, &flash, dir, &config), WICK_OK);
    REQUIRE_STATUS(wick_linux_boot_open(&hb, &boot, dir, &flash), WICK_OK);
}

static void teardown(void)
{
    wick_linux_flash_close(&flash);
    static const char *const names[] = {"slot_a",  "slot_b", "staging", "journal",
                                        "running", "f001.a", "f001.b"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(path(names[i]));
    }
    CHECK_INT(rmdir(dir), 0);
}

static void report(void *ctx, const char *rule, bool kept)
{
    (void)ctx;
    tap_checks++;
    if (!kept) {
        tap_fail(__FILE__, __LINE__, rule);
    }
}

TEST(keeps_the_contracts)
{
    setup();
    reopen();
    REQUIRE_STATUS(wick_linux_boot_begin(&boot, 5000), WICK_OK);
    wick_selftest t;
    memset(&t, 0, sizeof t);
    t.flash = &hf;
    t.flash_area = WICK_FLASH_STAGING;
    t.boot = &hb;
    t.report = report;
    CHECK_INT(wick_hal_selftest(&t), 0);
    CHECK_INT(t.checked, 18);
    teardown();
}

TEST(an_image_that_was_copied_there)
{
    setup();
    FILE *f = fopen(path("slot_a"), "wb");
    REQUIRE(f != NULL);
    CHECK_INT(fwrite("image", 1, 5, f), 5);
    CHECK_INT(fclose(f), 0);
    reopen();
    wick_flash_info info;
    REQUIRE_STATUS(hf.info(hf.ctx, WICK_FLASH_SLOT_A, &info), WICK_OK);
    CHECK_INT(info.size, 12288);
    uint8_t bytes[8];
    REQUIRE_STATUS(hf.read(hf.ctx, WICK_FLASH_SLOT_A, 0, bytes, 8), WICK_OK);
    CHECK_MEM(bytes, "image\xff\xff\xff", 8);
    /* Smaller wishes later change nothing. */
    wick_linux_flash_close(&flash);
    wick_linux_flash_config less = {.slot_bytes = 4096, .staging_bytes = 0};
    REQUIRE_STATUS(wick_linux_flash_open(&hf, &flash, dir, &less), WICK_OK);
    REQUIRE_STATUS(hf.info(hf.ctx, WICK_FLASH_SLOT_A, &info), WICK_OK);
    CHECK_INT(info.size, 12288);
    REQUIRE_STATUS(hf.info(hf.ctx, WICK_FLASH_STAGING, &info), WICK_OK);
    CHECK_INT(info.size, 8192);
    teardown();
}

TEST(stays_after_the_process)
{
    wick_boot_state state;
    uint32_t counter;
    setup();
    reopen();
    CHECK_STATUS(hb.state(hb.ctx, &state), WICK_E_NOT_FOUND);
    CHECK_STATUS(wick_linux_boot_start(&boot, &state), WICK_E_NOT_FOUND);
    REQUIRE_STATUS(wick_linux_boot_begin(&boot, 5000), WICK_OK);
    REQUIRE_STATUS(wick_linux_boot_begin(&boot, 6000), WICK_OK);
    REQUIRE_STATUS(hb.counter_raise(hb.ctx, 7), WICK_OK);
    REQUIRE_STATUS(hb.request(hb.ctx, 7000, 2), WICK_OK);
    wick_linux_flash_close(&flash);
    reopen();
    REQUIRE_STATUS(hb.state(hb.ctx, &state), WICK_OK);
    CHECK(state.phase == WICK_BOOT_PENDING && state.slot == 0 && state.image_bytes == 5000);
    REQUIRE_STATUS(hb.counter(hb.ctx, &counter), WICK_OK);
    CHECK_INT(counter, 7);
    char target[32] = {0};
    REQUIRE_STATUS(wick_linux_boot_start(&boot, &state), WICK_OK);
    CHECK(state.phase == WICK_BOOT_TRIAL && state.slot == 1 && state.image_bytes == 7000);
    CHECK(readlink(path("running"), target, sizeof target - 1) == 6);
    CHECK_MEM(target, "slot_b", 6);
    CHECK_STATUS(hb.request(hb.ctx, 1, 1), WICK_E_STATE);
    REQUIRE_STATUS(wick_linux_boot_start(&boot, &state), WICK_OK);
    CHECK_INT(state.phase, WICK_BOOT_TRIAL);
    REQUIRE_STATUS(wick_linux_boot_start(&boot, &state), WICK_OK); /* two starts, no word */
    CHECK(state.phase == WICK_BOOT_SETTLED && state.slot == 0);
    CHECK(readlink(path("running"), target, sizeof target - 1) == 6);
    CHECK_MEM(target, "slot_a", 6);
    REQUIRE_STATUS(hb.request(hb.ctx, 7000, 1), WICK_OK);
    REQUIRE_STATUS(wick_linux_boot_start(&boot, &state), WICK_OK);
    REQUIRE_STATUS(hb.confirm(hb.ctx), WICK_OK);
    REQUIRE_STATUS(wick_linux_boot_start(&boot, &state), WICK_OK);
    CHECK(state.phase == WICK_BOOT_SETTLED && state.slot == 1);
    teardown();
}

TEST(refused)
{
    setup();
    REQUIRE(mkdir(path("slot_b"), 0700) == 0);
    CHECK_STATUS(wick_linux_flash_open(&hf, &flash, dir, &config), WICK_E_HAL);
    CHECK_INT(rmdir(path("slot_b")), 0);
    char name[300];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    CHECK_STATUS(wick_linux_boot_open(&hb, &boot, name, NULL), WICK_E_BAD_ARG);
    CHECK_STATUS(wick_linux_flash_open(&hf, &flash, "/nonexistent/dir", &config), WICK_E_HAL);
    teardown();
}

TAP_MAIN("hal.flash_file", CASE(keeps_the_contracts), CASE(an_image_that_was_copied_there),
         CASE(stays_after_the_process), CASE(refused))
