/* SPDX-License-Identifier: Apache-2.0 */
/* An update from the release to the image confirmed, and every rule broken alone: after each the device
 * runs the old image or the new one, and says which and why. */
#include "../../core/firmware/update_internal.h"
#include "../sim/firmware_world.h"
#include "tap.h"

static fw_world w;
static wick_update_report r;

static void begin(void)
{
    fw_images();
    fw_begin(&w, &fw_old, &fw_new);
}

static void report(void)
{
    wick_update_report_get(&w.update, &r);
}

/* The new image runs, confirmed, and nothing was done that the HAL excludes. */
static void is_new(void)
{
    REQUIRE(fw_live(&w));
    CHECK_INT(fw_running(&w), 2);
    CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
    CHECK_INT(w.boot.counter, 5);
    CHECK_INT(w.flash.violations, 0);
    report();
    CHECK_INT(r.outcome, WICK_UPDATE_CONFIRMED);
    CHECK_STATUS(r.status, WICK_OK);
    CHECK_INT(r.version, 2);
}

/* The old image runs as before, and the report says why; also after the next start. */
static void is_old(wick_status why)
{
    (void)fw_live(&w);
    CHECK_INT(fw_running(&w), 1);
    CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
    CHECK_INT(w.boot.slot, 0);
    CHECK_INT(w.boot.counter, 0);
    CHECK_STATUS(w.refused, why);
    report();
    CHECK_INT(r.outcome, WICK_UPDATE_REFUSED);
    CHECK_STATUS(r.status, why);
}

/* ... and nothing of flash was touched but the journal. */
static void is_untouched(wick_status why)
{
    is_old(why);
    CHECK(w.flash.ops <= 4);
    w.has_release = false;
    wick_stub_boot_start(&w.boot);
    REQUIRE_STATUS(wick_update_init(&w.update, &w.config), WICK_OK);
    report();
    CHECK_INT(r.outcome, WICK_UPDATE_REFUSED);
    CHECK_STATUS(r.status, why);
    CHECK_INT(r.version, 2);
}

/* ---- ways ---- */

TEST(whole_image)
{
    begin();
    is_new();
    CHECK_INT(w.events[WICK_UPDATE_READY], 1);
    CHECK_INT(w.events[WICK_UPDATE_TRIAL], 1);
    CHECK_INT(w.events[WICK_UPDATE_CONFIRMED], 1);
    CHECK_MEM(r.running, fw_new.sha256, 32);
    CHECK_INT(w.boot.starts, 2);
    /* And again: there is nothing new. */
    unsigned ops = w.flash.ops;
    CHECK(fw_live(&w));
    CHECK_INT(w.flash.ops, ops);
}

TEST(patch)
{
    begin();
    (void)fw_add_patch(&w, &fw_old, &fw_new);
    fw_publish(&w);
    is_new();
    CHECK_INT(w.asked[0], 2); /* manifest and patch */
}

TEST(chain)
{
    begin();
    (void)fw_add_patch(&w, &fw_middle, &fw_new);
    (void)fw_add_patch(&w, &fw_old, &fw_middle);
    fw_publish(&w);
    is_new();
    CHECK_INT(w.asked[0], 3);
}

TEST(blocks)
{
    begin();
    fw_as_dag(&w, &w.manifest.payload, fw_new.bytes, fw_new.size, 700, 3);
    fw_publish(&w);
    is_new();
    CHECK(w.asked[0] > 10);
    /* Without room for lists of blocks only contents of one block go. */
    fw_begin(&w, &fw_old, &fw_new);
    fw_as_dag(&w, &w.manifest.payload, fw_new.bytes, fw_new.size, 700, 3);
    fw_publish(&w);
    w.config.list_bytes = 0;
    is_old(WICK_E_FW_LAYOUT);
}

TEST(plain_source)
{
    begin();
    w.config.sources = 1;
    w.config.plain = 1;
    w.block[0].cid.codec = WICK_CID_RAW;
    w.manner[0] = FW_ABSENT; /* it has the manifest alone */
    w.lies[0] = 0;
    fw_as_dag(&w, &w.manifest.payload, fw_new.bytes, fw_new.size, 700, 3);
    fw_publish(&w);
    unsigned first = w.blocks;
    for (unsigned i = 1; i < first; i++) { /* no block of the DAG is to be had */
        if (w.block[i].cid.codec == WICK_CID_DAG_PB) {
            w.block[i].cid.digest[0] ^= 1;
        }
    }
    is_new();
    CHECK(w.asked[1] > 0);
    /* It lies: found when the image is read back. */
    fw_begin(&w, &fw_old, &fw_new);
    w.config.sources = 0;
    w.config.plain = 1;
    w.manner[0] = FW_WRONG;
    w.lies[0] = UINT32_MAX;
    is_old(WICK_E_FW_DIGEST);
}

/* Mirrors that a manifest names are asked when the sources of the device have failed, and are checked as
 * they are. */
static void with_mirrors(uint8_t mirrors, uint8_t liars)
{
    static const char *const urls[] = {"http://a.example/image", "https://b.example/image",
                                       "http://c.example/image", "http://d.example/image"};
    begin();
    w.config.sources = 1;
    w.manner[0] = FW_ABSENT; /* it has the manifest alone, and that of another image's blocks */
    w.lies[0] = 0;
    w.manifest.mirrors = mirrors;
    for (uint8_t i = 0; i < mirrors; i++) {
        w.manifest.mirror[i] = wick_span_text(urls[i]);
    }
    fw_as_dag(&w, &w.manifest.payload, fw_new.bytes, fw_new.size, 700, 3);
    fw_publish(&w);
    for (unsigned i = 0; i < w.blocks; i++) {
        if (w.block[i].cid.codec == WICK_CID_DAG_PB) {
            w.block[i].cid.digest[0] ^= 1;
        }
    }
    w.mirrors = mirrors;
    w.mirrored = WICK_E_STATE;
    for (unsigned i = 1; i <= mirrors; i++) {
        w.manner[i] = FW_WRONG;
        w.lies[i] = i <= liars ? UINT32_MAX : 0;
    }
}

TEST(mirrors_of_the_manifest)
{
    static const char *const urls[] = {"http://a.example/image"};
    for (uint8_t mirrors = 1; mirrors <= 4; mirrors++) {
        for (uint8_t liars = 0; liars <= mirrors; liars++) {
            with_mirrors(mirrors, liars);
            if (liars < mirrors) { /* each is asked before it is given up */
                is_new();
            } else {
                is_old(WICK_E_FW_DIGEST);
            }
            CHECK_STATUS(w.mirrored, WICK_OK);
            CHECK(w.asked[0] > 1 && w.asked[1] == 1);
            for (uint8_t i = 2; i <= mirrors; i++) {
                CHECK_INT(w.asked[i], i - 1 <= liars); /* who gave a wrong image, not again */
            }
        }
    }
    /* Not asked where nobody says that there are any, more than there is room for, or at another time. */
    begin();
    w.config.sources = 1;
    w.manner[0] = FW_ABSENT;
    w.lies[0] = 0;
    w.manifest.mirrors = 1;
    w.manifest.mirror[0] = wick_span_text(urls[0]);
    fw_publish(&w);
    w.mirrors = WICK_UPDATE_SOURCES_MAX;
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    CHECK_STATUS(wick_update_mirrors(&w.update, 1), WICK_E_STATE);
    CHECK(wick_update_manifest(&w.update) == NULL);
    is_new();
    CHECK_STATUS(w.mirrored, WICK_E_LIMIT);
    CHECK_INT(w.asked[1], 0);
}

/* ---- release ---- */

TEST(release_is_refused)
{
    static const struct {
        wick_status why;
        size_t what;
    } rules[] = {{WICK_E_FW_APPROVALS, 0}, {WICK_E_FW_REVOKED, 1},  {WICK_E_FW_NOT_ACTIVE, 2},
                 {WICK_E_FW_ROLLBACK, 3},  {WICK_E_FW_ROLLBACK, 4}, {WICK_E_FW_FROZEN, 5},
                 {WICK_E_FW_TARGET, 6},    {WICK_E_FW_SIZE, 7},     {WICK_E_FW_SIZE, 8},
                 {WICK_E_FW_APPROVALS, 9}};
    for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        begin();
        switch (rules[i].what) {
        case 0:
            w.release.approvals = 1;
            break;
        case 1:
            w.release.flags = WICK_RELEASE_REVOKED;
            break;
        case 2:
            w.release.active_from = w.release.seen_at + 1;
            break;
        case 3:
            w.boot.counter = 6;
            break;
        case 4:
            w.release.min_counter = 6;
            break;
        case 5:
            w.release.seen_at = FW_NOW - 3601;
            break;
        case 6:
            w.release.product[5] ^= 1;
            break;
        case 7:
            w.release.manifest_bytes = WICK_MANIFEST_MAX + 1;
            break;
        case 8:
            w.release.manifest_bytes = 0;
            break;
        default:
            w.release.threshold = w.release.approvals = 1;
            break;
        }
        uint32_t counter = w.boot.counter;
        (void)fw_live(&w);
        CHECK_INT(fw_running(&w), 1);
        CHECK_INT(w.boot.counter, counter);
        CHECK_STATUS(w.refused, rules[i].why);
        CHECK_INT(w.asked[0], 0);
        if (counter == 0) {
            is_untouched(rules[i].why);
        }
    }
}

TEST(nothing_new)
{
    begin();
    w.release.version = 1; /* what runs */
    CHECK(fw_live(&w));
    CHECK_INT(w.events[WICK_UPDATE_REFUSED], 0);
    CHECK_INT(w.flash.ops, 0);
    w.release.version = 0; /* the index is empty */
    CHECK(fw_live(&w));
    CHECK_INT(w.events[WICK_UPDATE_REFUSED], 0);
    w.has_release = false; /* nobody could be asked */
    is_old(WICK_E_NET);
}

/* ---- manifest ---- */

TEST(manifest_is_refused)
{
    static const wick_status why[] = {WICK_E_FW_TARGET, WICK_E_FW_TARGET, WICK_E_EXPIRED,
                                      WICK_E_FW_TARGET, WICK_E_FW_TARGET, WICK_E_FW_TARGET,
                                      WICK_E_FW_SIZE,   WICK_E_FW_TARGET, WICK_E_FW_ROLLBACK};
    for (unsigned i = 0; i < sizeof why / sizeof why[0]; i++) {
        begin();
        wick_manifest *m = &w.manifest;
        switch (i) {
        case 0:
            m->vendor[3] ^= 1;
            break;
        case 1:
            m->class_id[3] ^= 1;
            break;
        case 2:
            m->expires = FW_NOW - 1;
            break;
        case 3:
            m->component = 1;
            break;
        case 4:
            m->precursors = 1;
            memset(m->precursor[0], 9, 32);
            break;
        case 5: /* another component has to be of version 3 */
            m->dependencies = 1;
            memset(m->dependency[0].product, 7, 32);
            m->dependency[0].version = 3;
            break;
        case 6:
            m->payload.size = FW_SLOT + 1;
            break;
        case 7:
            m->from_version = 2;
            break;
        default:
            break;
        }
        fw_publish(&w);
        w.release.version += i == 8; /* the index says another version than the manifest */
        if (i == 8) {
            (void)fw_live(&w);
            CHECK_STATUS(w.refused, why[i]);
            CHECK_INT(fw_running(&w), 1);
            continue;
        }
        is_untouched(why[i]);
    }
}

TEST(component_that_it_depends_on)
{
    static wick_manifest_dependency here;
    begin();
    memset(here.product, 7, 32);
    here.version = 3;
    w.config.components = &here;
    w.config.components_len = 1;
    w.manifest.dependencies = 1;
    w.manifest.dependency[0] = here;
    fw_publish(&w);
    is_new();
    begin();
    here.version = 2;
    w.config.components = &here;
    w.config.components_len = 1;
    w.manifest.dependencies = 1;
    memset(w.manifest.dependency[0].product, 7, 32);
    w.manifest.dependency[0].version = 3;
    fw_publish(&w);
    is_untouched(WICK_E_FW_TARGET);
}

/* ---- sources ---- */

static const fw_manner manners[] = {FW_WRONG,   FW_OTHER,  FW_SHORT, FW_BREAKS,
                                    FW_ENDLESS, FW_SILENT, FW_ABSENT};
#define MANNERS (sizeof manners / sizeof manners[0])

TEST(one_source_lies)
{
    for (unsigned i = 0; i < MANNERS; i++) {
        for (int kind = 0; kind < 3; kind++) {
            begin();
            if (kind == 1) {
                (void)fw_add_patch(&w, &fw_old, &fw_new);
            } else if (kind == 2) {
                fw_as_dag(&w, &w.manifest.payload, fw_new.bytes, fw_new.size, 1500, 3);
            }
            fw_publish(&w);
            w.manner[0] = manners[i];
            w.lies[0] = UINT32_MAX;
            is_new();
            CHECK(w.asked[1] > 0);
            CHECK(w.asked[0] <= 2 * WICK_UPDATE_STRIKES);
        }
    }
}

TEST(it_lies_in_the_middle)
{
    for (unsigned i = 0; i < MANNERS; i++) {
        begin();
        fw_as_dag(&w, &w.manifest.payload, fw_new.bytes, fw_new.size, 900, 3);
        fw_publish(&w);
        w.manner[0] = w.manner[1] = w.manner[2] = manners[i];
        w.lies[0] = 0;
        w.lies[1] = w.lies[2] = 2;
        REQUIRE_STATUS(fw_start(&w), WICK_OK);
        w.lies[0] = 2; /* of the first answers, and then no more */
        (void)fw_run(&w);
        is_new();
    }
}

TEST(all_lie)
{
    static const wick_status why[] = {WICK_E_FW_DIGEST, WICK_E_FW_DIGEST, WICK_E_FW_DIGEST,
                                      WICK_E_NET,       WICK_E_FW_SIZE,   WICK_E_TIMEOUT,
                                      WICK_E_HTTP};
    for (unsigned i = 0; i < MANNERS; i++) {
        begin();
        for (int s = 0; s < FW_SOURCES; s++) {
            w.manner[s] = manners[i];
            w.lies[s] = UINT32_MAX;
        }
        is_untouched(why[i]);
        unsigned asked = w.asked[0] + w.asked[1] + w.asked[2];
        CHECK_INT(asked, FW_SOURCES * WICK_UPDATE_STRIKES);
    }
}

TEST(who_breaks_off_does_not_bring_others_down)
{
    /* Source 0 gives half a block with a wrong bit and breaks off; source 1 gives the rest. */
    begin();
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    wick_update_out out;
    memset(&out, 0, sizeof out);
    unsigned broken = 0;
    for (int i = 0; i < 2000 && out.kind != WICK_UPDATE_RESTART; i++) {
        wick_update_poll(&w.update, &out, w.now_ms);
        if (out.kind == WICK_UPDATE_RELEASE) {
            (void)!wick_update_release(&w.update, w.now_ms, &w.release, FW_NOW);
        } else if (out.kind == WICK_UPDATE_MANIFEST) {
            (void)!wick_update_bytes(&w.update, w.now_ms, out.request,
                                     wick_span_make(w.manifest_bytes, w.release.manifest_bytes));
            CHECK_STATUS(wick_update_end(&w.update, w.now_ms, out.request, WICK_OK), WICK_OK);
        } else if (out.kind == WICK_UPDATE_CONTENT && out.source == 0) {
            uint8_t bytes[64];
            memset(bytes, 0x3c, sizeof bytes);
            (void)!wick_update_bytes(&w.update, w.now_ms, out.request,
                                     wick_span_make(bytes, sizeof bytes));
            (void)!wick_update_end(&w.update, w.now_ms, out.request, WICK_E_NET);
            broken++;
        } else if (out.kind == WICK_UPDATE_CONTENT) {
            CHECK_INT(out.source, 1); /* nobody else needs to be asked */
            (void)!wick_update_bytes(
                &w.update, w.now_ms, out.request,
                wick_span_make(fw_new.bytes + out.offset, fw_new.size - out.offset));
            (void)!wick_update_end(&w.update, w.now_ms, out.request, WICK_OK);
        } else if (out.kind == WICK_UPDATE_WAIT) {
            w.now_ms = out.deadline_ms;
        }
    }
    CHECK_INT(out.kind, WICK_UPDATE_RESTART);
    CHECK(broken >= 1 && broken <= WICK_UPDATE_STRIKES);
}

TEST(answers_to_other_questions)
{
    begin();
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    wick_update_out out;
    const wick_span some = wick_span_make(fw_new.bytes, 10);
    CHECK_STATUS(wick_update_start(&w.update, 0), WICK_E_STATE);
    CHECK_STATUS(wick_update_release(&w.update, 0, &w.release, FW_NOW), WICK_E_STATE);
    CHECK_STATUS(wick_update_healthy(&w.update, 0), WICK_E_STATE);
    CHECK_STATUS(wick_update_give_up(&w.update, WICK_OK), WICK_E_STATE);
    do {
        wick_update_poll(&w.update, &out, w.now_ms);
    } while (out.kind == WICK_UPDATE_WORK);
    REQUIRE(out.kind == WICK_UPDATE_RELEASE);
    CHECK_STATUS(wick_update_bytes(&w.update, 0, 1, some), WICK_E_STATE);
    REQUIRE_STATUS(wick_update_release(&w.update, 0, &w.release, FW_NOW), WICK_OK);
    CHECK_STATUS(wick_update_bytes(&w.update, 0, w.update.request, some), WICK_E_STATE);
    wick_update_poll(&w.update, &out, w.now_ms);
    REQUIRE(out.kind == WICK_UPDATE_MANIFEST);
    CHECK_STATUS(wick_update_bytes(&w.update, 0, out.request + 1, some), WICK_E_STATE);
    CHECK_STATUS(wick_update_end(&w.update, 0, out.request - 1, WICK_OK), WICK_E_STATE);
    CHECK_STATUS(wick_update_bytes(&w.update, 0, out.request, wick_span_make(NULL, 0)), WICK_OK);
    uint32_t request = out.request;
    wick_update_poll(&w.update, &out, w.now_ms); /* the same question, until it is answered */
    CHECK(out.kind == WICK_UPDATE_MANIFEST && out.request == request);
    wick_update_poll(&w.update, &out, out.deadline_ms);
    wick_update_poll(&w.update, &out, w.now_ms);
    CHECK(out.kind == WICK_UPDATE_MANIFEST && out.request != request && out.source == 1);
    CHECK_STATUS(wick_update_end(&w.update, 0, request, WICK_OK), WICK_E_STATE); /* too late */
}

/* ---- patches ---- */

TEST(patch_for_another_base)
{
    begin();
    (void)fw_add_patch(&w, &fw_middle, &fw_new); /* not what runs */
    fw_publish(&w);
    is_new();
    CHECK_INT(w.asked[0], 2);
    CHECK_INT(w.update.without, 0); /* nobody tried it */
    /* It says that it is for what runs, and is not: found in time, and the whole image is taken. */
    begin();
    wick_manifest_delta *d = fw_add_patch(&w, &fw_middle, &fw_new);
    memcpy(d->base, fw_old.sha256, 32);
    d->base_size = fw_old.size;
    fw_publish(&w);
    is_new();
    CHECK(w.asked[0] >= 4); /* manifest, patch, manifest, image */
}

TEST(patch_that_is_none)
{
    static uint8_t junk[300];
    for (unsigned i = 0; i < 4; i++) {
        begin();
        wick_manifest_delta *d = fw_add_patch(&w, &fw_old, &fw_new);
        static uint8_t cut[2000];
        memcpy(cut, w.block[w.blocks - 1].bytes, d->patch.size);
        memset(junk, (int)(i * 77), sizeof junk);
        switch (i) {
        case 0:
            fw_add_block(&w, &d->patch, junk, sizeof junk);
            break;
        case 1:
            fw_add_block(&w, &d->patch, cut, d->patch.size - 3);
            break;
        case 2: /* one of 2 GB, by its head */
            memcpy(cut + 1, "\xbf\xff\xff\xff\x0f", 5);
            fw_add_block(&w, &d->patch, cut, d->patch.size);
            break;
        default:
            cut[d->patch.size / 2] ^= 4;
            fw_add_block(&w, &d->patch, cut, d->patch.size);
            break;
        }
        fw_publish(&w);
        is_new();
        CHECK(w.asked[0] >= 4);
    }
}

TEST(dictionary_that_is_too_large)
{
    begin();
    fw_add_patch(&w, &fw_old, &fw_new)->dict = 2 * WICK_DELTA_DICT_MAX;
    fw_publish(&w);
    is_new();
    CHECK_INT(w.asked[0], 2); /* the image */
}

/* ---- storage ---- */

static void fault(wick_stub_flash_kind kind, wick_flash_area area, uint32_t sector, uint32_t skip,
                  uint32_t times)
{
    wick_stub_flash_fault f = {kind, area, sector, skip, times};
    w.flash.fault[0] = f;
}

TEST(slot_that_wears)
{
    for (uint32_t sector = 0; sector < 3; sector++) {
        begin();
        fault(WICK_STUB_FLASH_ERASE_FAILS, WICK_FLASH_SLOT_B, sector, 0, 1000);
        is_old(WICK_E_HAL);
        begin();
        fault(WICK_STUB_FLASH_PROGRAM_FAILS, WICK_FLASH_SLOT_B, sector, 0, 1000);
        is_old(WICK_E_HAL);
        begin();
        fault(WICK_STUB_FLASH_PROGRAM_LIES, WICK_FLASH_SLOT_B, sector, 0, 1000);
        is_old(WICK_E_FW_DIGEST);
        begin();
        fault(WICK_STUB_FLASH_READ_LIES, WICK_FLASH_SLOT_B, sector, 0, 1000);
        is_old(WICK_E_FW_DIGEST);
        begin();
        fault(WICK_STUB_FLASH_READ_FAILS, WICK_FLASH_SLOT_B, sector, 0, 1000);
        is_old(WICK_E_HAL);
        /* Once only: it gets there. */
        begin();
        fault(WICK_STUB_FLASH_ERASE_FAILS, WICK_FLASH_SLOT_B, sector, 0, 1);
        is_new();
        begin();
        fault(WICK_STUB_FLASH_PROGRAM_LIES, WICK_FLASH_SLOT_B, sector, 0, 1);
        is_new();
    }
}

TEST(staging_that_wears)
{
    static const wick_stub_flash_kind kinds[] = {
        WICK_STUB_FLASH_ERASE_FAILS, WICK_STUB_FLASH_PROGRAM_FAILS, WICK_STUB_FLASH_PROGRAM_LIES,
        WICK_STUB_FLASH_READ_LIES};
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin();
        (void)fw_add_patch(&w, &fw_old, &fw_new);
        fw_publish(&w);
        fault(kinds[i], WICK_FLASH_STAGING, 0, 0, 1);
        if (kinds[i] == WICK_STUB_FLASH_PROGRAM_FAILS) {
            is_old(WICK_E_HAL);
            is_new(); /* the next look for a release goes on */
        } else {
            is_new();
        }
        /* For good: the whole image needs no staging. */
        begin();
        (void)fw_add_patch(&w, &fw_old, &fw_new);
        fw_publish(&w);
        fault(kinds[i], WICK_FLASH_STAGING, 0, 0, 100000);
        (void)fw_live(&w);
        CHECK(fw_running(&w) == 1 || fw_running(&w) == 2);
        CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
    }
}

TEST(journal_that_wears)
{
    for (uint32_t sector = 0; sector < 2; sector++) {
        begin();
        fault(WICK_STUB_FLASH_PROGRAM_FAILS, WICK_FLASH_JOURNAL, sector, 0, 100000);
        w.flash.fault[1] = w.flash.fault[0];
        w.flash.fault[1].sector = sector ^ 1;
        is_old(WICK_E_HAL);
        CHECK(w.flash.area[WICK_FLASH_SLOT_B].ptr[0] == 0xff); /* nothing that could not be told */
    }
    /* Worn out in the middle of an update. */
    for (uint32_t skip = 1; skip < 16; skip++) {
        begin();
        fault(WICK_STUB_FLASH_PROGRAM_FAILS, WICK_FLASH_JOURNAL, 0, skip, 100000);
        w.flash.fault[1] = w.flash.fault[0];
        w.flash.fault[1].sector = 1;
        w.flash.fault[1].skip = 0;
        (void)fw_live(&w);
        CHECK(fw_running(&w) == 1 || fw_running(&w) == 2);
    }
}

TEST(journal_that_is_lost)
{
    /* Between two starts everything in it goes, at each stage. */
    for (uint32_t op = 1; op < 40; op++) {
        begin();
        w.manifest.trial_boots = 3;
        fw_publish(&w);
        wick_stub_flash_cut(&w.flash, op, WICK_STUB_CUT_AFTER, 1);
        (void)fw_live(&w);
        wick_stub_flash_power_on(&w.flash);
        memset(w.flash.area[WICK_FLASH_JOURNAL].ptr, (int)(op % 2 == 0 ? 0 : 0xff), FW_JOURNAL);
        REQUIRE(fw_live(&w));
        CHECK_INT(fw_running(&w), 2);
        CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
        CHECK_INT(w.flash.violations, 0);
    }
}

TEST(no_room)
{
    begin(); /* a patch that does not fit the staging memory: the whole image */
    (void)fw_add_patch(&w, &fw_old, &fw_new);
    fw_publish(&w);
    w.config.list_bytes = 0;
    w.flash.area[WICK_FLASH_STAGING].size = 0;
    is_new();
    CHECK_INT(w.flash.violations, 0);
    begin();
    w.flash.area[WICK_FLASH_SLOT_B].size = 2 * FW_SECTOR;
    is_untouched(WICK_E_FW_SIZE);
}

TEST(shapes)
{
    begin();
    w.config.sources = 0;
    CHECK_STATUS(wick_update_init(&w.update, &w.config), WICK_E_BAD_ARG);
    w.config.sources = 9;
    CHECK_STATUS(wick_update_init(&w.update, &w.config), WICK_E_BAD_ARG);
    w.config.sources = 1;
    w.flash.area[WICK_FLASH_JOURNAL].size = FW_SECTOR;
    CHECK_STATUS(wick_update_init(&w.update, &w.config), WICK_E_UNSUPPORTED);
    begin();
    w.flash.write_size = 64;
    CHECK_STATUS(wick_update_init(&w.update, &w.config), WICK_E_UNSUPPORTED);
    begin();
    w.flash.dead = true;
    CHECK_STATUS(wick_update_init(&w.update, &w.config), WICK_E_HAL);
    begin();
    w.boot.image_bytes[0] = FW_SLOT + 1; /* the loader says nonsense */
    (void)fw_live(&w);
    CHECK_STATUS(w.refused, WICK_E_FW_SIZE);
    CHECK_INT(w.flash.violations, 0);
}

/* ---- trial ---- */

static void rolled_back(void)
{
    CHECK_INT(fw_running(&w), 1);
    CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
    CHECK_INT(w.boot.counter, 0);
    CHECK_INT(w.events[WICK_UPDATE_ROLLED_BACK], 1);
    CHECK_STATUS(w.refused, WICK_E_FW_BANNED); /* it is looked at again, and not tried */
    CHECK_INT(w.flash.violations, 0);
}

TEST(image_that_never_says_a_word)
{
    begin();
    w.healthy = false;
    REQUIRE(fw_live(&w));
    rolled_back();
    CHECK_INT(w.boot.starts, 3);
    /* A later release is another image. */
    w.healthy = true;
    w.manifest.version = 3;
    fw_add_block(&w, &w.manifest.payload, fw_middle.bytes, fw_middle.size);
    fw_publish(&w);
    REQUIRE(fw_live(&w));
    CHECK_INT(fw_running(&w), 3);
    CHECK_INT(w.boot.counter, 5);
}

TEST(image_that_gives_up)
{
    begin();
    w.manifest.confirm_s = 0;
    fw_publish(&w);
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    REQUIRE(fw_run(&w) == WICK_UPDATE_RESTART);
    CHECK_INT(fw_running(&w), 1);
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    wick_update_out out;
    do {
        wick_update_poll(&w.update, &out, w.now_ms);
    } while (out.kind != WICK_UPDATE_TESTING);
    CHECK_INT(w.boot.counter, 0); /* only once it is confirmed */
    REQUIRE_STATUS(wick_update_give_up(&w.update, WICK_E_NO_CLOCK), WICK_OK);
    wick_update_poll(&w.update, &out, w.now_ms);
    CHECK(out.kind == WICK_UPDATE_RESTART && out.status == WICK_E_NO_CLOCK);
    w.has_release = false;
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    do {
        wick_update_poll(&w.update, &out, w.now_ms);
    } while (out.kind == WICK_UPDATE_WORK);
    CHECK(out.kind == WICK_UPDATE_EVENT && out.state == WICK_UPDATE_ROLLED_BACK);
    CHECK_STATUS(out.status, WICK_E_NO_CLOCK);
    report();
    CHECK_INT(r.outcome, WICK_UPDATE_ROLLED_BACK);
    CHECK_STATUS(r.status, WICK_E_NO_CLOCK);
    CHECK_INT(r.version, 2);
    CHECK_INT(fw_running(&w), 1);
}

/* Until the new image runs on trial. Then the power goes: not a word of it is in the journal but that it
 * has begun, if `begins`. */
static void cut_on_trial(bool begins)
{
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    REQUIRE(fw_run(&w) == WICK_UPDATE_RESTART);
    wick_update_out out;
    memset(&out, 0, sizeof out);
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    CHECK_INT(w.boot.phase, WICK_BOOT_TRIAL);
    while (begins && out.kind != WICK_UPDATE_TESTING) {
        wick_update_poll(&w.update, &out, w.now_ms);
    }
}

TEST(power_that_goes_on_trial)
{
    /* Once: the image is as good as before. */
    for (int begins = 0; begins < 2; begins++) {
        begin();
        cut_on_trial(begins == 1);
        memset(w.asked, 0, sizeof w.asked);
        is_new();
        CHECK_INT(w.asked[0], 1); /* the manifest: the image is there, and verified again */
        CHECK_INT(w.events[WICK_UPDATE_ROLLED_BACK], 1);
        CHECK_INT(w.boot.starts, 4);
    }
    /* Revoked in between: it is not tried again. */
    begin();
    cut_on_trial(true);
    w.release.flags = WICK_RELEASE_REVOKED;
    is_old(WICK_E_FW_REVOKED);
    /* Each time: it cannot be told from one that hangs. */
    for (int begins = 0; begins < 2; begins++) {
        begin();
        cut_on_trial(begins == 1);
        cut_on_trial(begins == 1);
        REQUIRE(fw_live(&w));
        CHECK_INT(w.events[WICK_UPDATE_ROLLED_BACK], 2);
        is_old(WICK_E_FW_BANNED);
        /* Another image begins at none. */
        w.manifest.version = 3;
        fw_add_block(&w, &w.manifest.payload, fw_middle.bytes, fw_middle.size);
        fw_publish(&w);
        cut_on_trial(begins == 1);
        REQUIRE(fw_live(&w));
        CHECK_INT(fw_running(&w), 3);
    }
    /* A cut, and then it gives itself up. */
    begin();
    cut_on_trial(true);
    w.healthy = false;
    REQUIRE(fw_live(&w));
    CHECK_INT(w.events[WICK_UPDATE_ROLLED_BACK], 2);
    is_old(WICK_E_FW_BANNED);
}

TEST(more_than_one_start)
{
    begin();
    w.manifest.trial_boots = 3;
    fw_publish(&w);
    w.healthy = false;
    for (int i = 0; i < 3; i++) {
        REQUIRE_STATUS(fw_start(&w), WICK_OK);
        REQUIRE(fw_run(&w) == WICK_UPDATE_RESTART);
    }
    w.healthy = true; /* on its last start */
    is_new();
    CHECK_INT(w.boot.starts, 4);
}

TEST(ban_of_more_than_four)
{
    static uint8_t other[700];
    begin();
    w.healthy = false;
    for (unsigned i = 0; i < 6; i++) {
        memset(other, (int)i, sizeof other);
        w.manifest.version = 2 + i;
        w.events[WICK_UPDATE_ROLLED_BACK] = 0;
        w.refused = WICK_OK;
        w.blocks = w.stored = 0;
        fw_add_block(&w, &w.manifest.payload, other, sizeof other);
        fw_publish(&w);
        (void)fw_live(&w);
        CHECK_INT(w.events[WICK_UPDATE_ROLLED_BACK], 1);
        CHECK_STATUS(w.refused, WICK_E_FW_BANNED);
        CHECK_INT(fw_running(&w), 1);
    }
}

/* ---- reset ---- */

/* Runs until the power goes when the journal has taken progress of the image. */
static void stop_in_the_middle(bool with_patch)
{
    for (uint32_t op = 1; op < 60; op++) {
        begin();
        if (with_patch) {
            (void)fw_add_patch(&w, &fw_old, &fw_new);
        }
        fw_publish(&w);
        REQUIRE_STATUS(fw_start(&w), WICK_OK);
        wick_stub_flash_cut(&w.flash, op, WICK_STUB_CUT_TORN, 3);
        (void)fw_run(&w);
        REQUIRE(w.flash.dead);
        if (w.update.saved == 4096 && w.update.plan.step[0].delta == with_patch) {
            wick_stub_flash_power_on(&w.flash);
            return;
        }
    }
    CHECK(false);
}

TEST(goes_on_where_it_was)
{
    for (int kind = 0; kind < 2; kind++) {
        stop_in_the_middle(kind == 1);
        memset(w.asked, 0, sizeof w.asked);
        REQUIRE_STATUS(fw_start(&w), WICK_OK);
        REQUIRE(fw_run(&w) == WICK_UPDATE_RESTART);
        report();
        CHECK_INT(r.resumed_at, 4096);
        if (kind == 0) {
            CHECK_INT(r.fetched, fw_new.size - 4096); /* the rest of the block alone */
        } else {
            CHECK_INT(r.fetched, 0);
        }
        is_new();
    }
}

TEST(another_release_in_between)
{
    begin();
    wick_stub_flash_cut(&w.flash, 16, WICK_STUB_CUT_AFTER, 3);
    (void)fw_live(&w);
    wick_stub_flash_power_on(&w.flash);
    w.manifest.version = 3;
    fw_add_block(&w, &w.manifest.payload, fw_middle.bytes, fw_middle.size);
    fw_publish(&w);
    REQUIRE(fw_live(&w));
    CHECK_INT(fw_running(&w), 3);
    /* Revoked in between: it does not go on. */
    begin();
    wick_stub_flash_cut(&w.flash, 16, WICK_STUB_CUT_AFTER, 3);
    (void)fw_live(&w);
    wick_stub_flash_power_on(&w.flash);
    w.release.flags = WICK_RELEASE_REVOKED;
    is_old(WICK_E_FW_REVOKED);
}

/* The power goes after the whole image was verified, before the loader heard of it. */
static void stop_before_the_request(void)
{
    for (uint32_t op = 1; op < 60; op++) {
        begin();
        REQUIRE_STATUS(fw_start(&w), WICK_OK);
        wick_stub_flash_cut(&w.flash, op, WICK_STUB_CUT_BEFORE, 3);
        (void)fw_run(&w);
        REQUIRE(w.flash.dead);
        wick_stub_flash_power_on(&w.flash);
        update_ready ready;
        REQUIRE_STATUS(wick_update_init(&w.update, &w.config), WICK_OK);
        if (update_ready_get(&w.update, &ready) && !ready.asked) {
            CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
            return;
        }
    }
    CHECK(false);
}

TEST(not_asked_for_without_another_look)
{
    /* The release was revoked in between. */
    stop_before_the_request();
    w.release.flags = WICK_RELEASE_REVOKED;
    is_old(WICK_E_FW_REVOKED);
    CHECK_INT(w.events[WICK_UPDATE_READY], 0);
    /* What was verified is not what is in the slot any more: never started, and written again. */
    stop_before_the_request();
    w.flash.area[WICK_FLASH_SLOT_B].ptr[100] ^= 0x10;
    w.has_release = false;
    is_old(WICK_E_NET);
    w.has_release = true;
    is_new();
    /* Nothing of the sort: not a byte is fetched again. */
    stop_before_the_request();
    memset(w.asked, 0, sizeof w.asked);
    is_new();
    CHECK_INT(w.asked[0], 1); /* the manifest */
}

/* Up to the second look at the release, when the image is there and verified. */
static void up_to_the_second_look(void)
{
    begin();
    w.has_release = false;
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    wick_update_out out;
    unsigned looks = 0;
    while (looks < 2) {
        wick_update_poll(&w.update, &out, w.now_ms);
        const fw_block *image = &w.block[0];
        if (out.kind == WICK_UPDATE_RELEASE && ++looks == 1) {
            CHECK_STATUS(wick_update_release(&w.update, w.now_ms, &w.release, FW_NOW), WICK_OK);
        } else if (out.kind == WICK_UPDATE_MANIFEST || out.kind == WICK_UPDATE_CONTENT) {
            wick_span all = out.kind == WICK_UPDATE_MANIFEST
                                ? wick_span_make(w.manifest_bytes, w.release.manifest_bytes)
                                : wick_span_make(image->bytes, image->size);
            (void)!wick_update_bytes(&w.update, w.now_ms, out.request, all);
            CHECK_STATUS(wick_update_end(&w.update, w.now_ms, out.request, WICK_OK), WICK_OK);
        } else {
            REQUIRE(out.kind == WICK_UPDATE_WORK || out.kind == WICK_UPDATE_RELEASE);
        }
    }
    CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED); /* the loader knows nothing */
    w.has_release = true;
}

/* The same, from the second mirror of a manifest: the first one gave a wrong image. */
static void up_to_the_second_look_with_a_liar(void)
{
    with_mirrors(2, 1);
    REQUIRE_STATUS(fw_start(&w), WICK_OK);
    wick_update_out out;
    unsigned looks = 0;
    while (looks < 2) {
        wick_update_poll(&w.update, &out, w.now_ms);
        if (out.kind == WICK_UPDATE_RELEASE && ++looks == 1) {
            CHECK_STATUS(wick_update_release(&w.update, w.now_ms, &w.release, FW_NOW), WICK_OK);
        } else if (out.kind == WICK_UPDATE_MANIFEST) {
            wick_span all = wick_span_make(w.manifest_bytes, w.release.manifest_bytes);
            (void)!wick_update_bytes(&w.update, w.now_ms, out.request, all);
            CHECK_STATUS(wick_update_end(&w.update, w.now_ms, out.request, WICK_OK), WICK_OK);
            CHECK_STATUS(wick_update_mirrors(&w.update, 2), WICK_OK);
        } else if (out.kind == WICK_UPDATE_CONTENT && out.source == 0) {
            (void)!wick_update_end(&w.update, w.now_ms, out.request, WICK_E_HTTP);
        } else if (out.kind == WICK_UPDATE_CONTENT) {
            wick_span all = wick_span_make(out.source == 1 ? fw_old.bytes : fw_new.bytes, fw_old.size);
            (void)!wick_update_bytes(&w.update, w.now_ms, out.request, all);
            all = wick_span_make(fw_new.bytes + fw_old.size, fw_new.size - fw_old.size);
            (void)!wick_update_bytes(&w.update, w.now_ms, out.request, all);
            CHECK_STATUS(wick_update_end(&w.update, w.now_ms, out.request, WICK_OK), WICK_OK);
        } else if (out.kind == WICK_UPDATE_WAIT) {
            w.now_ms = out.deadline_ms;
        } else {
            REQUIRE(out.kind == WICK_UPDATE_WORK || out.kind == WICK_UPDATE_RELEASE);
        }
    }
}

TEST(release_is_looked_at_again)
{
    static const wick_status why[] = {WICK_E_FW_REVOKED, WICK_E_FW_FROZEN, WICK_E_FW_APPROVALS,
                                      WICK_E_NET};
    for (unsigned i = 0; i < sizeof why / sizeof why[0]; i++) {
        up_to_the_second_look();
        w.release.flags = i == 0 ? WICK_RELEASE_REVOKED : w.release.flags;
        w.release.seen_at = i == 1 ? FW_NOW - 3601 : w.release.seen_at;
        w.release.approvals = i == 2 ? 1 : w.release.approvals;
        w.has_release = i != 3;
        CHECK_INT(fw_run(&w), WICK_UPDATE_WAIT);
        CHECK_INT(w.events[WICK_UPDATE_READY], 0);
        is_old(why[i]);
    }
    /* Nobody could be asked: at the next start it is all there. */
    w.has_release = true;
    memset(w.asked, 0, sizeof w.asked);
    is_new();
    CHECK_INT(w.asked[0], 1);
    /* Withdrawn without another: nothing new. */
    up_to_the_second_look();
    w.release.version = 0;
    CHECK_INT(fw_run(&w), WICK_UPDATE_WAIT);
    CHECK_INT(w.events[WICK_UPDATE_READY], 0);
    CHECK_INT(fw_running(&w), 1);
    CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
    /* A newer one: that one is installed. */
    up_to_the_second_look();
    w.manifest.version = 3;
    fw_add_block(&w, &w.manifest.payload, fw_middle.bytes, fw_middle.size);
    fw_publish(&w);
    REQUIRE(fw_run(&w) == WICK_UPDATE_RESTART);
    REQUIRE(fw_live(&w));
    CHECK_INT(fw_running(&w), 3);
    CHECK_INT(w.boot.phase, WICK_BOOT_SETTLED);
    /* A newer one, whose first mirror stands where a liar of the other's stood. */
    up_to_the_second_look_with_a_liar();
    w.manifest.version = 3;
    w.manifest.mirrors = w.mirrors = 1;
    w.lies[1] = 0;
    fw_publish(&w);
    REQUIRE(fw_run(&w) == WICK_UPDATE_RESTART);
    CHECK_INT(w.asked[1], 1);
    REQUIRE(fw_live(&w));
    CHECK_INT(fw_running(&w), 2);
    /* The same: its counter is another. */
    up_to_the_second_look();
    w.release.counter++;
    (void)fw_run(&w);
    CHECK_INT(w.events[WICK_UPDATE_READY], 0);
    CHECK_INT(fw_running(&w), 1);
}

TEST(words)
{
    CHECK(strcmp(wick_update_state_str(WICK_UPDATE_IDLE), "idle") == 0);
    CHECK(strcmp(wick_update_state_str(WICK_UPDATE_REFUSED), "refused") == 0);
    CHECK(strcmp(wick_update_state_str((wick_update_state)99), "unknown") == 0);
}

TAP_MAIN("unit.update", CASE(whole_image), CASE(patch), CASE(chain), CASE(blocks),
         CASE(plain_source), CASE(mirrors_of_the_manifest), CASE(release_is_refused), CASE(nothing_new), CASE(manifest_is_refused),
         CASE(component_that_it_depends_on), CASE(one_source_lies), CASE(it_lies_in_the_middle),
         CASE(all_lie), CASE(who_breaks_off_does_not_bring_others_down),
         CASE(answers_to_other_questions), CASE(patch_for_another_base), CASE(patch_that_is_none),
         CASE(dictionary_that_is_too_large), CASE(slot_that_wears), CASE(staging_that_wears),
         CASE(journal_that_wears), CASE(journal_that_is_lost), CASE(no_room), CASE(shapes),
         CASE(image_that_never_says_a_word), CASE(image_that_gives_up),
         CASE(power_that_goes_on_trial), CASE(more_than_one_start),
         CASE(ban_of_more_than_four), CASE(goes_on_where_it_was), CASE(another_release_in_between),
         CASE(not_asked_for_without_another_look), CASE(release_is_looked_at_again),
         CASE(words))
