/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_FIRMWARE_WORLD_H
#define WICK_FIRMWARE_WORLD_H
/*
 * A device with two slots, a release with its manifest, patches and blocks, and sources that give them,
 * lie, or do not answer. fw_run() does what a product's loop does, until the device wants to restart, has
 * nothing to do, or its power goes.
 */
#include "wick/port/crypto.h"
#include "wick/port/stub_flash.h"
#include "wick/update.h"

#define FW_SECTOR 2048u
#define FW_SLOT (12u * FW_SECTOR)
#define FW_STAGING (40u * FW_SECTOR)
#define FW_JOURNAL (2u * FW_SECTOR)
#define FW_IMAGE_MAX FW_SLOT
#define FW_BLOCKS_MAX 64
#define FW_SOURCES 3
#define FW_NOW UINT64_C(1800000000)

/** What a source does with a question. */
typedef enum fw_manner {
    FW_HONEST = 0,
    FW_WRONG,  /* one bit of the block is wrong */
    FW_OTHER,  /* another block */
    FW_SHORT,  /* it stops in the middle and says that this was all */
    FW_BREAKS, /* it stops in the middle and says so */
    FW_ENDLESS,
    FW_SILENT, /* no answer at all */
    FW_ABSENT  /* says that it has not got it */
} fw_manner;

typedef struct fw_image {
    const uint8_t *bytes;
    uint32_t size;
    uint8_t sha256[32];
} fw_image;

typedef struct fw_block {
    wick_cid cid;
    const uint8_t *bytes;
    uint32_t size;
} fw_block;

typedef struct fw_world {
    wick_stub_flash flash;
    wick_stub_boot boot;
    wick_hal_flash hal_flash;
    wick_hal_boot hal_boot;
    wick_hal_crypto crypto;
    wick_crypto_ctx crypto_ctx;
    wick_update_config config;
    wick_update update;
    wick_manifest manifest;
    wick_release release;
    bool has_release;
    uint8_t manifest_bytes[WICK_MANIFEST_MAX];
    fw_block block[FW_BLOCKS_MAX];
    unsigned blocks;
    uint8_t store[256 * 1024]; /* what blocks point to */
    uint32_t stored;
    fw_manner manner[WICK_UPDATE_SOURCES_MAX];
    unsigned lies[WICK_UPDATE_SOURCES_MAX]; /* so many, then it is honest; UINT_MAX: always */
    unsigned asked[WICK_UPDATE_SOURCES_MAX];
    uint64_t now_ms;
    bool healthy; /* a new image says so */
    bool cut_in_loader; /* of the last start: the power went while the loader applied a patch in place */
    unsigned applied;   /* starts in which it did something */
    uint64_t version_of[4]; /* of images, as fw_running() counts; 0: 1, and the manifest's of the new one */
    uint8_t mirrors;      /* of the manifest: sources behind those of `config` */
    wick_status mirrored; /* what the update said of them */
    /* what was seen */
    wick_status refused; /* of the last refusal */
    unsigned events[WICK_UPDATE_REFUSED + 1];
    unsigned steps; /* polls of the last run */
} fw_world;

/** Flash of the device: slots, staging, journal, one after the other. fw_images() sets it all. */
extern uint8_t *fw_memory;
extern uint32_t fw_slot, fw_staging, fw_sector;
static inline uint32_t fw_memory_bytes(void)
{
    return 2 * fw_slot + fw_staging + 2 * fw_sector;
}
extern fw_image fw_old, fw_middle, fw_new;

/** Called for the crypto table of the world before any digest is taken; NULL: it stays as it is. */
extern void (*fw_crypto_fill)(wick_hal_crypto *crypto);
/** Images, once. `fw_new` is `fw_old` with changes; `fw_middle` lies between. */
void fw_images(void);
void fw_sha256(uint8_t out[32], const uint8_t *bytes, size_t len);
/** A new device that runs `running`, and a release of `wanted` whose content is one block; call fw_publish()
 *  after changing w->manifest. */
void fw_begin(fw_world *w, const fw_image *running, const fw_image *wanted);
/** The same device with one slot of `room` bytes, and a patch in place: detools' in-place container, or
 *  NULL: one is made, plain, of segments of one sector. */
void fw_single(fw_world *w, uint32_t room, const uint8_t *patch, uint32_t patch_size);
/** A patch in place from one image to another, as above. */
void fw_add_in_place(fw_world *w, const fw_image *from, const fw_image *to, uint32_t room,
                     const uint8_t *patch, uint32_t patch_size);
/** Encodes the manifest, names it in the release and stores it as a block. */
void fw_publish(fw_world *w);
/** The content as a DAG of blocks of `chunk` bytes, `links` a node. */
void fw_as_dag(fw_world *w, wick_manifest_content *content, const uint8_t *bytes, uint32_t size,
               uint32_t chunk, uint32_t links);
/** A patch from one image to another, as a block: packed for two of the images above, else plain. `from`
 *  NULL: of no base. @return it, in w->manifest */
wick_manifest_delta *fw_add_patch(fw_world *w, const fw_image *from, const fw_image *to);
/** Bytes as a raw block, and as content. */
void fw_add_block(fw_world *w, wick_manifest_content *content, const uint8_t *bytes, uint32_t size);
/** The same, of bytes that stay where they are. */
void fw_add_large(fw_world *w, wick_manifest_content *content, const uint8_t *bytes, uint32_t size);

/** The device starts: loader, then the update's memory from nothing. @return what start said */
wick_status fw_start(fw_world *w);
/** @return RESTART, WAIT (nothing to do), or WORK when the power went or steps ran out */
wick_update_kind fw_run(fw_world *w);
/** Starts and runs until nothing more happens, restarting as wanted. @return whether it ended */
bool fw_live(fw_world *w);

/** What runs: 1 the old image, 2 the new one, 3 the one between, 0 none of them. */
int fw_running(const fw_world *w);

#endif
