/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An update of firmware without a network and without a device: two slots of flash that cuts the
 * power, a source whose first answer is a lie, and an image on trial until it says that it is good.
 * What a product writes of this is answer(), and the loop around wick_update_poll().
 */
#include <stdio.h>
#include <string.h>

#include "wick/port/crypto.h"
#include "wick/port/stub_flash.h"
#include "wick/update.h"

#define SECTOR 4096u
#define SLOT (8u * SECTOR)
#define OLD_BYTES 20000u
#define NEW_BYTES 24000u
#define NOW UINT64_C(1800000000)

static wick_crypto_ctx crypto_ctx;
static wick_hal_crypto crypto;
static wick_stub_flash flash;
static wick_stub_boot boot;
static wick_hal_flash hal_flash;
static wick_hal_boot hal_boot;
static wick_update update;
static uint8_t memory[2 * SLOT + 2 * SECTOR + 2 * SECTOR];
static uint8_t new_image[NEW_BYTES], manifest_bytes[WICK_MANIFEST_MAX];
static wick_span manifest;
static wick_release release;
static wick_update_config config;
static uint64_t now_ms = 1000;
static int lies = 1;

static wick_status sha256(uint8_t out[32], const uint8_t *bytes, size_t len)
{
    wick_hash_ctx h;
    wick_status s = crypto.hash_begin(crypto.ctx, &h, WICK_HASH_SHA256);
    s = s == WICK_OK ? crypto.hash_update(crypto.ctx, &h, bytes, len) : s;
    return s == WICK_OK ? crypto.hash_finish(crypto.ctx, &h, out) : s;
}

/* What the maker does: a manifest of the new image, and its digest for the release index. */
static wick_status publish(void)
{
    wick_manifest m = {.version = 2, .counter = 5, .trial_boots = 1};
    wick_buf out = wick_buf_make(manifest_bytes, sizeof manifest_bytes);
    m.payload.size = NEW_BYTES;
    m.payload.cid = (wick_cid){.version = 1, .codec = WICK_CID_RAW};
    memcpy(m.product, config.product, sizeof m.product);
    memcpy(m.vendor, config.vendor, sizeof m.vendor);
    memcpy(m.class_id, config.class_id, sizeof m.class_id);
    wick_status s = sha256(m.payload.sha256, new_image, NEW_BYTES);
    memcpy(m.payload.cid.digest, m.payload.sha256, 32); /* one block: its CID is its digest */
    s = s == WICK_OK ? wick_manifest_encode(&out, &m) : s;
    manifest = wick_buf_span(&out);
    release = (wick_release){.version = 2, .counter = 5, .manifest_bytes = (uint32_t)manifest.len,
                             .active_from = NOW - 60, .approvals = 2, .threshold = 2,
                             .seen_at = NOW};
    memcpy(release.product, config.product, sizeof release.product);
    return s == WICK_OK ? sha256(release.manifest, manifest.ptr, manifest.len) : s;
}

/* Whoever is asked gives bytes; whether they are right is not for him to say. */
static void answer(const wick_update_out *want)
{
    bool is_manifest = want->kind == WICK_UPDATE_MANIFEST;
    wick_span all = is_manifest ? manifest : wick_span_make(new_image, NEW_BYTES);
    wick_status s = WICK_OK;
    for (size_t at = want->offset; at < all.len && s == WICK_OK; at += 512) {
        uint8_t piece[512];
        size_t n = all.len - at < sizeof piece ? all.len - at : sizeof piece;
        memcpy(piece, all.ptr + at, n);
        piece[0] ^= lies > 0 ? 1 : 0;
        s = wick_update_bytes(&update, now_ms, want->request, wick_span_make(piece, n));
    }
    s = s == WICK_OK ? wick_update_end(&update, now_ms, want->request, WICK_OK) : s;
    lies--;
    if (s == WICK_E_FW_DIGEST) {
        printf("  answer refused: %s\n", wick_status_str(s));
    }
}

/* From one start of the device to the next, or to the cut of its power. @return whether to go on */
static bool live(void)
{
    wick_update_state shown = WICK_UPDATE_IDLE;
    wick_update_out out;
    wick_stub_boot_start(&boot);
    config.running_version = boot.slot == WICK_FLASH_SLOT_A ? 1 : 2; /* it knows its version */
    printf("start: slot %c, version %u\n", boot.slot == WICK_FLASH_SLOT_A ? 'A' : 'B',
           (unsigned)config.running_version);
    if (wick_update_init(&update, &config) != WICK_OK ||
        wick_update_start(&update, now_ms) != WICK_OK) {
        return false;
    }
    while (!flash.dead) {
        wick_update_poll(&update, &out, now_ms);
        if (out.state != shown && out.state != WICK_UPDATE_IDLE && !flash.dead) {
            printf("  %s\n", wick_update_state_str(out.state));
            shown = out.state;
        }
        if (out.kind == WICK_UPDATE_RELEASE) { /* of the registry: wick/release_index.h */
            (void)!wick_update_release(&update, now_ms, &release, NOW);
        } else if (out.kind == WICK_UPDATE_MANIFEST || out.kind == WICK_UPDATE_CONTENT) {
            answer(&out);
        } else if (out.kind == WICK_UPDATE_TESTING) {
            (void)!wick_update_healthy(&update, now_ms);
        } else if (out.kind == WICK_UPDATE_RESTART) {
            return true;
        } else if (out.kind == WICK_UPDATE_WAIT) {
            if (out.state == WICK_UPDATE_IDLE || out.state == WICK_UPDATE_CONFIRMED) {
                return false;
            }
            now_ms = out.deadline_ms;
        }
    }
    printf("  the power goes\n");
    wick_stub_flash_power_on(&flash);
    return true;
}

int main(void)
{
    wick_status s = wick_crypto_init(&crypto, &crypto_ctx);
    for (uint32_t i = 0; i < NEW_BYTES; i++) {
        new_image[i] = (uint8_t)(i * 7u + i / 251u);
    }
    wick_stub_flash_init(&flash, SECTOR, 8);
    wick_stub_flash_area(&flash, WICK_FLASH_SLOT_A, memory, SLOT);
    wick_stub_flash_area(&flash, WICK_FLASH_SLOT_B, memory + SLOT, SLOT);
    wick_stub_flash_area(&flash, WICK_FLASH_STAGING, memory + 2 * SLOT, 2 * SECTOR);
    wick_stub_flash_area(&flash, WICK_FLASH_JOURNAL, memory + 2 * SLOT + 2 * SECTOR, 2 * SECTOR);
    memset(memory, 0x55, OLD_BYTES); /* the old image */
    wick_stub_flash_hal(&hal_flash, &flash);
    wick_stub_boot_init(&boot, &flash, OLD_BYTES);
    wick_stub_boot_hal(&hal_boot, &boot);
    config = (wick_update_config){.flash = &hal_flash, .boot = &hal_boot, .crypto = &crypto,
                                  .product = {1}, .vendor = {2}, .class_id = {3},
                                  .approvals_min = 2, .max_age_s = 3600, .sources = 1};
    s = s == WICK_OK ? publish() : s;
    wick_stub_flash_cut(&flash, 60, WICK_STUB_CUT_TORN, 1);
    while (s == WICK_OK && live()) {
    }
    bool is_new = memcmp(memory + boot.slot * SLOT, new_image, NEW_BYTES) == 0;
    printf("slot %c runs the %s image, counter %u\n", boot.slot == WICK_FLASH_SLOT_A ? 'A' : 'B',
           is_new ? "new" : "old", (unsigned)boot.counter);
    return s == WICK_OK && boot.slot == WICK_FLASH_SLOT_B ? 0 : 1;
}
