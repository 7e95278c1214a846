/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port/linux store: a value survives any damage to one of its two files, is never taken from a
 * damaged one, and a newer version is never overwritten (wick/hal/store.h).
 */
#include "wick/port/linux.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char dir[64];
static wick_linux_store st;
static wick_hal_store hs;

static void path_of(char out[128], const char *name)
{
    (void)snprintf(out, 128, "%s/%s", dir, name);
}

static size_t load(uint8_t *out, size_t cap, const char *name)
{
    char path[128];
    path_of(path, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return SIZE_MAX;
    }
    size_t n = fread(out, 1, cap, f);
    (void)fclose(f);
    return n;
}

static void save(const char *name, const uint8_t *data, size_t len)
{
    char path[128];
    path_of(path, name);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL);
    CHECK_INT(fwrite(data, 1, len, f), len);
    (void)fclose(f);
}

static void drop(const char *name)
{
    char path[128];
    path_of(path, name);
    (void)unlink(path);
}

static void setup(void)
{
    static const char template[] = "/tmp/wick-store-XXXXXX";
    memcpy(dir, template, sizeof template);
    REQUIRE(mkdtemp(dir) != NULL);
    REQUIRE_STATUS(wick_linux_store_init(&hs, &st, dir), WICK_OK);
}

static void teardown(void)
{
    static const char *const names[] = {"0102.a", "0102.b", "0102.new", "0103.a", "0103.b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        drop(names[i]);
    }
    CHECK_INT(rmdir(dir), 0);
}

static wick_status put(uint16_t key, uint8_t version, const char *text)
{
    return hs.put(hs.ctx, key, version, wick_span_make((const uint8_t *)text, strlen(text)));
}

/* Status of a get; *same says whether it gave `text`. */
static wick_status get(bool *same, uint16_t key, const char *text)
{
    uint8_t m[64] = {0}, version = 0;
    wick_buf b = wick_buf_make(m, sizeof m);
    wick_status s = hs.get(hs.ctx, key, &version, &b);
    *same = b.len == strlen(text) && memcmp(m, text, b.len) == 0;
    return s;
}

TEST(form_on_the_medium)
{
    /* version | length | bytes | CRC-32 (IEEE 802.3), both files alike */
    static const uint8_t want[] = {7, 0, 9, '1', '2', '3', '4', '5', '6', '7', '8', '9'};
    uint8_t a[64], b[64];
    setup();
    CHECK_STATUS(put(0x0102, 7, "123456789"), WICK_OK);
    CHECK_INT(load(a, sizeof a, "0102.a"), sizeof want + 4);
    CHECK_INT(load(b, sizeof b, "0102.b"), sizeof want + 4);
    CHECK_MEM(a, want, sizeof want);
    CHECK_MEM(a, b, sizeof want + 4);
    CHECK_INT(load(b, sizeof b, "0102.new"), SIZE_MAX);
    teardown();
}

TEST(one_file_damaged_at_every_byte)
{
    static const char *const names[] = {"0102.a", "0102.b"};
    uint8_t good[64], bad[65];
    bool same = false;
    setup();
    CHECK_STATUS(put(0x0102, 1, "the value"), WICK_OK);
    size_t len = load(good, sizeof good, "0102.a");
    REQUIRE(len == 16);
    for (size_t f = 0; f < 2; f++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                memcpy(bad, good, len);
                bad[at] ^= (uint8_t)(1u << bit);
                save(names[f], bad, len);
                CHECK_STATUS(get(&same, 0x0102, "the value"), WICK_OK);
                CHECK(same);
            }
            save(names[f], good, at); /* torn: only the first bytes reached the medium */
            CHECK_STATUS(get(&same, 0x0102, "the value"), WICK_OK);
            CHECK(same);
        }
        memcpy(bad, good, len);
        bad[len] = 0;
        save(names[f], bad, len + 1);
        CHECK_STATUS(get(&same, 0x0102, "the value"), WICK_OK);
        CHECK(same);
        drop(names[f]);
        CHECK_STATUS(get(&same, 0x0102, "the value"), WICK_OK);
        CHECK(same);
        /* and the get has mended it */
        CHECK_INT(load(bad, sizeof bad, names[f]), len);
        CHECK_MEM(bad, good, len);
    }
    teardown();
}

TEST(both_files_damaged_at_every_byte)
{
    uint8_t good[64], bad[64];
    bool same = true;
    setup();
    CHECK_STATUS(put(0x0102, 1, "the value"), WICK_OK);
    size_t len = load(good, sizeof good, "0102.a");
    for (size_t at = 0; at < len; at++) {
        memcpy(bad, good, len);
        bad[at] ^= 0x40;
        save("0102.a", bad, len);
        save("0102.b", good, at);
        CHECK_STATUS(get(&same, 0x0102, "the value"), WICK_E_STORE_CORRUPT);
        CHECK(!same);
        save("0102.b", bad, len);
        CHECK_STATUS(get(&same, 0x0102, "the value"), WICK_E_STORE_CORRUPT);
        CHECK(!same);
    }
    CHECK_STATUS(hs.erase(hs.ctx, 0x0102), WICK_OK);
    CHECK_STATUS(get(&same, 0x0102, "the value"), WICK_E_NOT_FOUND);
    teardown();
}

TEST(power_cut_between_the_files)
{
    uint8_t old[64], new[64];
    bool same = false;
    setup();
    CHECK_STATUS(put(0x0102, 1, "old"), WICK_OK);
    size_t old_len = load(old, sizeof old, "0102.b");
    CHECK_STATUS(put(0x0102, 1, "newer"), WICK_OK);
    size_t new_len = load(new, sizeof new, "0102.a");
    /* .a is new and .b is old: the new value is in force and stays so when .a is lost later */
    save("0102.b", old, old_len);
    CHECK_STATUS(get(&same, 0x0102, "newer"), WICK_OK);
    CHECK(same);
    drop("0102.a");
    CHECK_STATUS(get(&same, 0x0102, "newer"), WICK_OK);
    CHECK(same);
    /* the temporary file was half-written, at every length */
    for (size_t n = 0; n <= new_len; n++) {
        save("0102.a", old, old_len);
        save("0102.b", old, old_len);
        save("0102.new", new, n);
        CHECK_STATUS(get(&same, 0x0102, "old"), WICK_OK);
        CHECK(same);
    }
    CHECK_STATUS(put(0x0102, 1, "next"), WICK_OK);
    CHECK_STATUS(get(&same, 0x0102, "next"), WICK_OK);
    CHECK(same);
    teardown();
}

TEST(newer_version_is_not_touched)
{
    bool same = false;
    uint8_t version = 0, m[16];
    wick_buf b = wick_buf_make(m, sizeof m);
    setup();
    CHECK_STATUS(put(0x0102, 3, "future"), WICK_OK);
    CHECK_STATUS(put(0x0102, 2, "mine"), WICK_E_STORE_VERSION);
    CHECK_STATUS(hs.get(hs.ctx, 0x0102, &version, &b), WICK_OK);
    CHECK_INT(version, 3);
    drop("0102.a"); /* the copy says the same */
    CHECK_STATUS(put(0x0102, 2, "mine"), WICK_E_STORE_VERSION);
    CHECK_STATUS(get(&same, 0x0102, "future"), WICK_OK);
    CHECK(same);
    CHECK_STATUS(put(0x0102, 3, "same version"), WICK_OK);
    CHECK_STATUS(put(0x0102, 4, "newer version"), WICK_OK);
    teardown();
}

TEST(lengths_and_keys)
{
    static uint8_t big[WICK_STORE_VALUE_MAX + 1], back[WICK_STORE_VALUE_MAX];
    uint8_t version;
    bool same;
    wick_buf b = wick_buf_make(back, sizeof back);
    wick_buf small = wick_buf_make(back, 5);
    setup();
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i * 7u);
    }
    CHECK_STATUS(hs.put(hs.ctx, 0x0102, 1, wick_span_make(big, sizeof big)), WICK_E_STORE_FULL);
    CHECK_STATUS(get(&same, 0x0102, ""), WICK_E_NOT_FOUND);
    CHECK_STATUS(hs.put(hs.ctx, 0x0102, 1, wick_span_make(big, WICK_STORE_VALUE_MAX)), WICK_OK);
    CHECK_STATUS(hs.get(hs.ctx, 0x0102, &version, &b), WICK_OK);
    CHECK_INT(b.len, WICK_STORE_VALUE_MAX);
    CHECK_MEM(back, big, WICK_STORE_VALUE_MAX);
    CHECK_STATUS(hs.get(hs.ctx, 0x0102, &version, &small), WICK_E_NO_SPACE);
    CHECK_INT(small.len, WICK_STORE_VALUE_MAX);
    CHECK_STATUS(put(0x0103, 1, ""), WICK_OK); /* empty is not absent */
    CHECK_STATUS(get(&same, 0x0103, ""), WICK_OK);
    CHECK(same);
    CHECK_STATUS(hs.erase(hs.ctx, 0x0103), WICK_OK);
    CHECK_STATUS(hs.erase(hs.ctx, 0x0103), WICK_OK);
    CHECK_STATUS(get(&same, 0x0103, ""), WICK_E_NOT_FOUND);
    teardown();
}

TEST(files_are_private)
{
    struct stat info;
    char path[128];
    setup();
    CHECK_STATUS(put(0x0102, 1, "x"), WICK_OK);
    path_of(path, "0102.a");
    CHECK_INT(stat(path, &info), 0);
    CHECK_INT(info.st_mode & 0777, 0600);
    teardown();
    CHECK_STATUS(wick_linux_store_init(&hs, &st, dir), WICK_OK); /* makes it anew */
    CHECK_INT(stat(dir, &info), 0);
    CHECK_INT(info.st_mode & 0777, 0700);
    CHECK_INT(rmdir(dir), 0);
    CHECK_STATUS(wick_linux_store_init(&hs, &st, "/proc/wick"), WICK_E_HAL);
    CHECK_STATUS(wick_linux_store_init(&hs, &st, ""), WICK_E_NO_SPACE);
}

/* One process for a store, until it lets go or ends, however it ends. */
TEST(one_process)
{
    wick_linux_store_lock a, b;
    uint32_t holder = 0;
    int ready[2];
    char byte = 0;
    setup();
    REQUIRE_STATUS(wick_linux_store_take(&a, &holder, &st, 0), WICK_OK);
    CHECK_INT(holder, 0);
    CHECK_STATUS(wick_linux_store_take(&b, &holder, &st, 50), WICK_E_STORE_BUSY);
    CHECK_INT(holder, getpid());
    CHECK(!b.held);
    wick_linux_store_release(&a);
    REQUIRE_STATUS(wick_linux_store_take(&b, NULL, &st, 0), WICK_OK);
    wick_linux_store_release(&b);
    wick_linux_store_release(&b); /* once more is no harm */

    REQUIRE(pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        bool held = wick_linux_store_take(&a, NULL, &st, 0) == WICK_OK;
        (void)!write(ready[1], held ? "y" : "n", 1);
        for (;;) {
            (void)pause();
        }
    }
    REQUIRE(child > 0);
    CHECK(read(ready[0], &byte, 1) == 1 && byte == 'y');
    CHECK_STATUS(wick_linux_store_take(&b, &holder, &st, 0), WICK_E_STORE_BUSY);
    CHECK_INT(holder, child);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    CHECK_STATUS(wick_linux_store_take(&b, NULL, &st, 0), WICK_OK);
    wick_linux_store_release(&b);
    (void)close(ready[0]);
    (void)close(ready[1]);
    drop("lock");
    teardown();
    CHECK_STATUS(wick_linux_store_take(&b, NULL, &st, 0), WICK_E_HAL); /* there is no folder */
}

TAP_MAIN("unit.store", CASE(form_on_the_medium), CASE(one_file_damaged_at_every_byte),
         CASE(both_files_damaged_at_every_byte), CASE(power_cut_between_the_files),
         CASE(newer_version_is_not_touched), CASE(lengths_and_keys), CASE(files_are_private),
         CASE(one_process))
