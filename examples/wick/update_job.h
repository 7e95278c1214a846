/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_EXAMPLES_UPDATE_JOB_H
#define WICK_EXAMPLES_UPDATE_JOB_H
/*
 * What `wick update` works with: a [product.NAME], its slots, the release index, and the sources of
 * content. A job is zeroed, then gets `c` and `name`:
 *
 *     int code = update_open_product(j, "dir version");
 *     code = code == CLI_OK ? update_open_slots(j, 8 << 20, 4 << 20) : code;
 *                                                       or update_open_loader(j)
 *     code = code == CLI_OK ? update_open_chain(j) : code;
 *     s = update_read_index(j);                        j->release, j->index
 *     update_close(j);
 *
 * What opens gives an exit code, and has printed the error.
 */
#include "chain.h"
#include "release_read.h"
#include "sources.h"
#include "wick/port/flash.h"
#include "wick/update.h"

typedef struct update_job {
    cli *c;
    host h;
    reader r;
    chain_view view;
    wick_linux_flash flash;
    wick_linux_boot boot;
    wick_linux_store_lock lock; /* of the product's directory */
    wick_hal_flash hal_flash;
    wick_hal_boot hal_boot;
    wick_fetch fetch;
    const char *name;
    const conf_product *product;
    uint8_t id[32];
    sources from;
    uint8_t gateways;   /* the first of them; the others are plain */
    uint8_t configured; /* those of [product.NAME]; the others are mirrors of the manifest */
    wick_https_trust trust;
    uint64_t version; /* of the image that runs */
    wick_release release;
    wick_product index;
    uint64_t stop_after; /* bytes of the new image; UINT64_MAX: never */
    wick_update_state shown;
} update_job;

int update_open_product(update_job *j, const char *keys);
/** What the boot loader knows, to read it beside whoever works on the slots. */
int update_open_loader(update_job *j);
/** Loader and slots, for this process alone until update_close(): two that work on them would write
 * the same slot, one of them after the other has asked the loader for it. Sizes are for areas that
 * are made now. */
int update_open_slots(update_job *j, uint32_t slot_bytes, uint32_t staging_bytes);
int update_open_chain(update_job *j);
int update_open_sources(update_job *j);
/** The mirrors of a manifest that was accepted, behind the sources of [product.NAME], as far as they may be
 *  asked; prints each of them. */
void update_add_mirrors(update_job *j, wick_update *u);
void update_close(update_job *j);

uint64_t update_now_ms(const update_job *j);
/** Time of day; 0: not known. */
uint64_t update_unix_s(const update_job *j);

/** The version of what is in a slot is in a file beside it, written before the slot is. Slot A
 * without one has the version of [product.NAME], for `init` puts an image there; elsewhere that
 * would be a guess.
 *  @retval WICK_OK  @retval others no file, or no number in it */
WICK_NODISCARD wick_status update_put_version(const update_job *j, uint8_t slot, uint64_t version);
WICK_NODISCARD wick_status update_get_version(const update_job *j, uint8_t slot,
                                              uint64_t *version);
/** That of the slot that runs, to j->version. */
int update_running_version(update_job *j, uint8_t slot);

/** The head of the product, proven under a new head of the chain.
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND no release yet
 *  @retval others of the node, the proof, and wick_release_query_read() */
WICK_NODISCARD wick_status update_read_index(update_job *j);
/** Prints it. @param s whether it may be installed */
void update_put_index(const update_job *j, wick_status s);

const char *update_slot_text(uint8_t slot);
const char *update_phase_text(wick_boot_phase phase);

#endif
