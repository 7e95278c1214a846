/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power-cut matrix on real firmware: every operation of an update by patch is cut before it, in the
 * middle of it and after it; and each of these recoveries is lived once to its end, and again with a second
 * cut of each kind in it: one soon, one among the first 64 operations, one anywhere in what is left. A
 * process is copied at each cut and lives on from there, so no life begins from the start again. Digests
 * are quick_hash.h's: the journal, the patch decoder and the flash are the device's.
 *
 * Pairs are directories with files old, new and patch (power_cut_pairs.sh). Without any, the small images
 * of firmware_world.h stand in for them, which shows that these cuts find what they are for.
 *
 *     WICK_PAIRS="DIR ..."   pairs      WICK_PAIRS_PART=K/N   only operations whose number modulo N is K
 *     WICK_PAIRS_IN_PLACE=1  a device with one slot, and the file in-place as patch
 *     WICK_PAIRS_NAIVE=1     with the naive journal, with two slots first cuts alone: bad outcomes are wanted
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/naive_flash.h"
#include "power_cut_life.h"
#include "quick_hash.h"
#include "tap.h"

#define FLASH_SECTOR 4096u

/* Counted by all processes; one lives at a time. */
typedef struct tally {
    unsigned long operations, first, second, boots, bad, alone;
} tally;

static fw_world w;
static life_of_cuts life; /* the one that this process lives */
static tally *count;
static uint32_t part, parts = 1;
static uint32_t room; /* of the one slot; 0: there are two */

/* Where this process is in the tree of lives. */
static struct {
    int cuts;            /* that lie behind it */
    uint32_t from;       /* operations when the power came back after the first one */
    uint32_t total;      /* of a life without cuts */
    uint32_t second[3];  /* operations of the recovery in which kind 0, 1, 2 of a second cut comes */
    unsigned seconds;    /* that came */
    bool naive;
    bool once; /* no second cuts */
} at;

/* The same number for the same cut, whoever asks. */
static uint32_t any(uint32_t a, uint32_t b)
{
    uint32_t x = (a * 2654435761u) ^ (b * 40503u + 12345u);
    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ x >> 13;
}

/* The copy lives on with the power going now, this process as if nothing had been.
 * @return whether this is the copy */
static bool branches(wick_stub_cut cut)
{
    pid_t child = fork();
    if (child < 0) {
        count->bad++; /* a cut that was not tried is not passed */
        return false;
    }
    if (child == 0) {
        w.flash.cut_at = w.flash.ops;
        w.flash.cut = cut;
        w.flash.random = any(w.flash.ops, (uint32_t)cut + 3u * (uint32_t)at.cuts) | 1u;
        at.cuts++;
        life.boots = 0;
        return true;
    }
    int status = 0;
    bool came = waitpid(child, &status, 0) == child && WIFEXITED(status);
    if (!came) {
        count->bad++; /* it crashed */
    }
    return false;
}

static void each_operation(void *ctx)
{
    (void)ctx;
    uint32_t op = w.flash.ops;
    if (at.cuts == 0 && op % parts == part) {
        count->operations++;
        for (unsigned kind = 0; kind < 3; kind++) {
            count->first++;
            if (branches((wick_stub_cut)kind)) {
                if (at.once) {
                    return;
                }
                uint32_t left = at.total > op ? at.total - op : 1, turn = op + kind;
                at.second[turn % 3] = 1 + any(op, kind) % 4;
                at.second[(turn + 1) % 3] = 1 + any(op, kind + 7) % 64;
                at.second[(turn + 2) % 3] = 1 + any(op, kind + 13) % left;
                return;
            }
        }
    } else if (at.cuts == 1 && at.from != 0) {
        for (unsigned kind = 0; kind < 3; kind++) {
            if (op - at.from + 1 == at.second[kind]) {
                count->second++;
                at.seconds++;
                if (branches((wick_stub_cut)kind)) {
                    return;
                }
            }
        }
    }
}

static void power_is_back(void *ctx)
{
    (void)ctx;
    if (at.cuts == 1) {
        at.from = w.flash.ops + 1;
    }
}

/* One life, and all that branch off it. */
static void live(void)
{
    life = (life_of_cuts){.naive = at.naive, .back = power_is_back};
    naive_flash_reset();
    bool good = life_goes_on(&w, &life);
    count->boots += life.boots;
    count->bad += good ? 0 : 1;
    if (at.cuts == 0) {
        return;
    }
    if (at.cuts == 1 && at.seconds == 0) {
        count->alone++; /* it recovered without an operation to cut */
    }
    _exit(0);
}

/* A new device with both images, and a release that has the patch. */
static void begin(const uint8_t *patch, uint32_t patch_size, bool naive)
{
    fw_begin(&w, &fw_old, &fw_new);
    w.config.list_bytes = 0;
    w.manifest.trial_boots = 4;
    if (room != 0) {
        fw_single(&w, room, patch, patch_size);
    } else if (patch == NULL) {
        (void)fw_add_patch(&w, &fw_old, &fw_new);
    } else {
        wick_manifest_delta *d = &w.manifest.delta[w.manifest.deltas++];
        memcpy(d->base, fw_old.sha256, sizeof d->base);
        d->base_size = fw_old.size;
        d->format = WICK_PATCH_DETOOLS_LZMA;
        d->dict = 4096;
        fw_add_large(&w, &d->patch, patch, patch_size);
    }
    fw_publish(&w);
    memset(&at, 0, sizeof at);
    memset(count, 0, sizeof *count);
    at.naive = naive;
    w.healthy = !naive || room != 0; /* roll-backs write more of the journal, where there are any */
    if (naive) {
        naive_flash_hal(&w.hal_flash, &w.flash);
    }
}

static tally matrix(const char *what, const uint8_t *patch, uint32_t patch_size, bool naive)
{
    begin(patch, patch_size, naive);
    live(); /* how long it is */
    uint32_t total = w.flash.ops;
    bool whole = count->bad == 0;
    begin(patch, patch_size, naive);
    at.total = total;
    /* One is enough to find what is looked for; with one slot the entry that is lost is missed at the next. */
    at.once = naive && patch != NULL && room == 0;
    w.flash.each = each_operation;
    live();
    CHECK(whole);
    CHECK(count->first == 3 * count->operations && count->operations >= total / parts);
    char text[240];
    (void)snprintf(text, sizeof text,
                   "# %s%s: image %u bytes, operations %lu, first cuts %lu, second cuts %lu, boots %lu, "
                   "bad %lu\n",
                   naive ? "naive journal, " : "", what, fw_new.size, count->operations, count->first,
                   count->second, count->boots, count->bad);
    tap_puts(text);
    return *count;
}

/* ---- pairs ---- */

static uint8_t *read_file(const char *dir, const char *name, uint32_t *size)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0) {
        return NULL;
    }
    long end = ftell(f);
    uint8_t *bytes = end > 0 ? malloc((size_t)end) : NULL;
    *size = (uint32_t)end;
    rewind(f);
    if (bytes != NULL && fread(bytes, 1, (size_t)end, f) != (size_t)end) {
        free(bytes);
        bytes = NULL;
    }
    (void)fclose(f);
    return bytes;
}

static void real_pair(const char *dir, bool naive_too)
{
    bool in_place = getenv("WICK_PAIRS_IN_PLACE") != NULL;
    wick_delta_info info;
    fw_image old, new;
    uint32_t patch_size;
    old.bytes = read_file(dir, "old", &old.size);
    new.bytes = read_file(dir, "new", &new.size);
    const uint8_t *patch = read_file(dir, in_place ? "in-place" : "patch", &patch_size);
    REQUIRE(old.bytes != NULL && new.bytes != NULL &&patch != NULL);
    fw_images();
    fw_sector = FLASH_SECTOR;
    fw_slot = ((old.size > new.size ? old.size : new.size) / fw_sector + 1) * fw_sector;
    if (in_place) {
        CHECK_STATUS(wick_delta_peek(&info, wick_span_make(patch, patch_size)), WICK_OK);
        fw_slot = room = info.memory_bytes;
    }
    fw_staging = (patch_size / fw_sector + 2) * fw_sector;
    fw_memory = malloc(fw_memory_bytes());
    REQUIRE(fw_memory != NULL);
    fw_sha256(old.sha256, old.bytes, old.size);
    fw_sha256(new.sha256, new.bytes, new.size);
    fw_old = old;
    fw_new = new;
    const char *name = strrchr(dir, '/') != NULL ? strrchr(dir, '/') + 1 : dir;
    if (naive_too) {
        CHECK(matrix(name, patch, patch_size, true).bad > 0);
    } else {
        CHECK_INT(matrix(name, patch, patch_size, false).bad, 0);
    }
    free(fw_memory);
    room = 0;
}

TEST(small_images)
{
    fw_images();
    tally t = matrix("small images", NULL, 0, false);
    CHECK_INT(t.bad, 0);
    /* Every recovery that has something to do is cut again, in all three ways where it is long. */
    CHECK(t.alone <= 6 && t.second >= 2 * t.first);
}

TEST(naive_journal_is_caught)
{
    fw_images();
    CHECK(matrix("small images", NULL, 0, true).bad >= 10);
}

TEST(real_firmware)
{
    const char *pairs = getenv("WICK_PAIRS"), *of = getenv("WICK_PAIRS_PART");
    if (pairs == NULL) {
        SKIP("takes minutes: unittest/sim/power_cut_pairs.sh");
    }
    bool naive_too = getenv("WICK_PAIRS_NAIVE") != NULL;
    if (of != NULL) {
        REQUIRE(sscanf(of, "%u/%u", &part, &parts) == 2 && part < parts);
    }
    char list[2048];
    REQUIRE(snprintf(list, sizeof list, "%s", pairs) < (int)sizeof list);
    for (char *dir = strtok(list, " "); dir != NULL; dir = strtok(NULL, " ")) {
        real_pair(dir, naive_too);
    }
}

int main(void)
{
    static const struct tap_case cases[] = {CASE_LONG(small_images), CASE_LONG(naive_journal_is_caught),
                                            CASE(real_firmware)};
    count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count == MAP_FAILED) {
        return 1;
    }
    fw_crypto_fill = quick_hash_fill;
    return tap_run("sim.power_cut_pairs", cases, sizeof cases / sizeof cases[0]);
}
