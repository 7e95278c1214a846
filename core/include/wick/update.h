/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_UPDATE_H
#define WICK_UPDATE_H
/*
 * An update from the news of a release to the image confirmed or rolled back, without a thread, a
 * socket or a heap: it says what it wants next, takes it, and writes flash. Two slots: the one that
 * runs is only read, so at any instruction a power cut leaves the device with the old image or the new
 * one. Each step is in a journal (wick/journal.h); after a reset the same calls go on from there.
 *
 *     static wick_update update;
 *     s = wick_update_init(&update, &config);
 *     s = wick_update_start(&update, now_ms);                  at each start of the device, and to look
 *     for (;;) {                                               for a release
 *         wick_update_poll(&update, &out, now_ms);
 *         switch (out.kind) {
 *         case WICK_UPDATE_WORK:     poll again, when other things are done
 *         case WICK_UPDATE_RELEASE:  read the index: wick_update_release(&update, now_ms, &release, now_s);
 *         case WICK_UPDATE_MANIFEST: ask out.source for block out.cid: bytes as for CONTENT
 *         case WICK_UPDATE_CONTENT:  ask out.source for block out.cid from byte out.offset on; then
 *                wick_update_bytes(&update, now_ms, out.request, piece) for each piece that comes, and
 *                wick_update_end(&update, now_ms, out.request, WICK_OK), or with the error there was
 *         case WICK_UPDATE_RESTART:  restart the device when it suits
 *         case WICK_UPDATE_TESTING:  the new image runs on trial: wick_update_healthy(&update, now_ms)
 *                when it does what it is for
 *         case WICK_UPDATE_EVENT:    out.state with out.status: tell the user
 *         case WICK_UPDATE_WAIT:     nothing before out.deadline_ms
 *         }
 *     }
 *
 * What has to hold for an image to be installed, in this order: the release is usable
 * (wick_release_usable()): approved by enough, not revoked, active, not rolled back, and read under a
 * header that is not too old; the manifest is the one that the release names (SHA-256), of this product,
 * vendor, class and component, not expired, for the version that runs; the image fits its slot and is
 * not one that was given up here; the patch is for the image that runs, by the digest of the slot; every
 * block is the one that its CID names; and the whole image, read back from flash, has the digest that
 * the manifest says. Fetching may take days, so the release is asked for once more then: the loader hears
 * of the image only if that release is usable still. The security counter is raised only after the image
 * has confirmed itself.
 *
 * An image that gives itself up on trial (wick_update_give_up(), or the time for it is over) is rolled
 * back and not tried again. One that is rolled back without a word of it may have hung, or the power may
 * have gone during its trial: it is verified and tried once more, and after the second time not again.
 *
 * Sources are numbers of the caller's. One that gives wrong bytes, more than asked for, or nothing in
 * time gets a strike and the next one is asked; after WICK_UPDATE_STRIKES strikes it is not asked again
 * in this update, and when none is left the update is refused with the last error, or with WICK_E_FW_DIGEST if
 * one gave wrong bytes. Strikes are not kept over a reset: whoever lied before it may be asked first again,
 * and lies at most WICK_UPDATE_STRIKES times more; what
 * it gave was never counted, so that costs time and no bytes that stand. Sources from
 * config.sources on are plain: they have the image as one file, no blocks. Mirrors that a manifest names
 * may follow them: wick_update_mirrors(), once wick_update_end() has said WICK_OK of the manifest.
 *
 * A device without WICK_FLASH_SLOT_B has one slot and a loader that applies patches in its place
 * (WICK_WITH_IN_PLACE, wick/in_place.h). Then only an in-place patch is taken, and after it is fetched it is
 * applied once without writing: what comes out must be the image that the manifest describes. There is no
 * image to go back to: one that gives itself up stays on trial, and a newer release is looked for, to take its
 * place. If there is none, each later start begins the trial again, and there it can still confirm itself.
 *
 * A refused update changes nothing in what runs. wick_update_report() says what runs, what was tried,
 * and why not.
 *
 * Sizes on 32-bit: wick_update 9,376 bytes, 8.1 KB of which are shared by manifest, blocks and patch
 * decoder; 10.8 KB of code with journal and plan, 2.3 KB for manifests that are only read
 * (WICK_WITH_MANIFEST_WRITE 0; Cortex-M4). Stack below 600 bytes, HAL apart.
 */
#include "wick/delta.h"
#include "wick/hal/boot.h"
#include "wick/hal/crypto.h"
#include "wick/in_place.h"
#include "wick/journal.h"
#include "wick/manifest.h"
#include "wick/plan.h"
#include "wick/release.h"
#include "wick/unixfs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_update_state {
    WICK_UPDATE_IDLE = 0,        /* nothing under way */
    WICK_UPDATE_MEASURE = 1,     /* digest of the image that runs */
    WICK_UPDATE_CHECK = 2,       /* a release is looked for */
    WICK_UPDATE_GET_MANIFEST = 3,
    WICK_UPDATE_PLAN = 4,
    WICK_UPDATE_FETCH = 5,       /* patch or image */
    WICK_UPDATE_APPLY = 6,       /* patch */
    WICK_UPDATE_VERIFY = 7,      /* digest of what was written, read back */
    WICK_UPDATE_READY = 8,       /* the next start tries the new image */
    WICK_UPDATE_TRIAL = 9,       /* the new image runs, not confirmed */
    WICK_UPDATE_CONFIRMED = 10,  /* it has confirmed itself */
    WICK_UPDATE_ROLLED_BACK = 11,/* it did not, and the one before runs */
    WICK_UPDATE_REFUSED = 12     /* not installed; out.status says why */
} wick_update_state;

typedef enum wick_update_kind {
    WICK_UPDATE_WAIT = 0,
    WICK_UPDATE_WORK,
    WICK_UPDATE_RELEASE,
    WICK_UPDATE_MANIFEST,
    WICK_UPDATE_CONTENT,
    WICK_UPDATE_RESTART,
    WICK_UPDATE_TESTING,
    WICK_UPDATE_EVENT
} wick_update_kind;

/** What poll gives. */
typedef struct wick_update_out {
    wick_update_kind kind;
    wick_update_state state;
    wick_status status;   /* EVENT: why; RESTART: WICK_OK, or why a trial is given up */
    uint32_t request;     /* MANIFEST, CONTENT: number of the question, for what comes in answer */
    wick_cid cid;         /* the block; of a plain source the raw CID of the whole image */
    uint32_t offset;      /* bytes of it that are here: the rest is wanted */
    uint32_t max;         /* no answer has more bytes than this, from offset on */
    uint8_t source;       /* who is asked */
    uint64_t deadline_ms; /* WAIT, MANIFEST, CONTENT, TESTING: ask again at this time */
} wick_update_out;

/** What the device is and has; copied. */
typedef struct wick_update_config {
    const wick_hal_flash *flash;
    const wick_hal_boot *boot;
    const wick_hal_crypto *crypto;
    uint8_t product[32]; /* keccak256 of the product's name */
    uint8_t vendor[16];
    uint8_t class_id[16];
    uint8_t component;
    uint64_t running_version; /* of the image that runs: it knows it itself */
    const wick_manifest_dependency *components; /* other components and their versions; kept */
    uint8_t components_len;
    uint32_t approvals_min; /* of wick_release_rules */
    uint32_t max_age_s;
    uint32_t list_bytes; /* of staging for each level of lists of blocks; 0: contents of one block */
    uint8_t sources;     /* of blocks, numbered from 0; 1..WICK_UPDATE_SOURCES_MAX with the plain ones */
    uint8_t plain;       /* plain sources, behind them */
} wick_update_config;

/** What was done, for the user. */
typedef struct wick_update_report {
    wick_update_state state;
    wick_update_state outcome; /* CONFIRMED, ROLLED_BACK, REFUSED: of the last update; IDLE: none yet */
    wick_status status;        /* why, of REFUSED and ROLLED_BACK */
    uint64_t version;          /* of the release under way, or of the last one that was tried */
    wick_boot_state boot;      /* which slot runs, and whether on trial */
    uint8_t running[32];       /* SHA-256 of the image that runs; zeros before it is known */
    uint8_t step, steps;       /* of the plan */
    bool delta;                /* the step applies a patch */
    uint32_t done, size;       /* bytes of what the state is about */
    uint32_t fetched;          /* bytes of content since the start */
    uint32_t plan_bytes;       /* that the plan fetches in all */
    uint32_t resumed_at;       /* bytes of the step that a reset had left standing */
    uint16_t bad_answers;      /* answers that were wrong or did not come, since the start */
} wick_update_report;

/** Sources at most, plain ones included. */
#define WICK_UPDATE_SOURCES_MAX 8

/** Where the next byte goes. Private. */
typedef struct wick_update_sink {
    wick_flash_area area;
    uint32_t base;     /* where byte 0 lies */
    uint32_t pos;      /* bytes taken, with those held */
    uint32_t erase_size, write_size;
    uint8_t unit[WICK_FLASH_WRITE_MAX]; /* bytes that are no whole unit yet */
} wick_update_sink;

/** Fields are private. */
typedef struct wick_update {
    wick_update_config config;
    wick_journal journal;
    wick_boot_state boot;
    wick_release release;
    wick_plan plan;
    wick_update_sink sink;
    wick_update_state state;
    wick_update_state event;   /* not told yet; IDLE: none */
    wick_update_state outcome;
    wick_status event_status, status, giving_up;
    uint64_t version, now_s;
    uint64_t until_ms;         /* of the request, the pause before it, or the trial; 0: none */
    uint8_t running[32];
    bool measured;             /* running[] is known */
    bool asked;                /* a request is open */
    bool hashing;              /* `hash` is in use */
    bool walking;              /* u.walk is in use */
    bool checked;              /* the staged patch has its digest */
    bool verified;             /* the new image has; the release is looked at once more */
    bool mixed;                /* the block at hand comes from more than one */
    bool single;               /* there is one slot */
    uint8_t mirrors;           /* plain sources of this manifest, behind those of config */
    uint8_t first;             /* and from whom first */
    uint8_t source, step, rounds;
    uint16_t without;          /* patches that did not work: wick_plan_make() */
    uint16_t bad_answers;
    uint8_t strikes[WICK_UPDATE_SOURCES_MAX];
    uint32_t request;
    uint32_t at;               /* bytes done of what is read */
    uint32_t here;             /* bytes of the block at hand that came so far */
    uint32_t saved;            /* what the journal says of the step */
    uint32_t sum;              /* of the staged patch: wick/in_place.h */
    uint32_t fetched, resumed_at;
    uint32_t trial_boots, confirm_s; /* as the manifest says */
    wick_unixfs_lists lists;
    wick_hash_ctx hash;
    uint8_t piece[256];
    union {
        struct {
            wick_manifest manifest;
            uint8_t bytes[WICK_MANIFEST_MAX];
        } m;
        wick_unixfs walk;
        struct {
            wick_delta delta;
            wick_delta_memory memory;
        } d;
    } u;
} wick_update;

/** Opens the journal and asks the boot loader.
 *  @retval WICK_OK
 *  @retval WICK_E_BAD_ARG     no source, or more than 8
 *  @retval WICK_E_UNSUPPORTED areas of a shape that does not go: wick/journal.h; slots without sectors
 *  @retval WICK_E_NOT_FOUND   an area is missing
 *  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wick_update_init(wick_update *u, const wick_update_config *config);

/** Begins, or goes on with what a reset has ended: first what became of an earlier update, then, if
 *  nothing is left to do there, a look for a release.
 *  @retval WICK_OK  @retval WICK_E_STATE an update is under way  @retval WICK_E_HAL */
WICK_NODISCARD wick_status wick_update_start(wick_update *u, uint64_t now_ms);

/** The next thing to do. WORK is a piece of it: some KB are read, or a piece of a patch is applied.
 *  Asks for the same again until it is answered: see out->request. */
void wick_update_poll(wick_update *u, wick_update_out *out, uint64_t now_ms);

/** The newest release, as the index says. Asked for at the begin, and again before the loader is asked:
 *  another one than at the begin is begun with anew.
 *  @param now_s time of day; 0: none, the header's counts
 *  @retval WICK_OK     @retval WICK_E_STATE none is wanted
 *  @return or why it is refused; the machine says so by an event, too. Nothing new: WICK_E_STATE's event
 *          does not come, the machine is idle */
WICK_NODISCARD wick_status wick_update_release(wick_update *u, uint64_t now_ms,
                                               const wick_release *release, uint64_t now_s);

/** Nobody could be asked for the release. */
void wick_update_no_release(wick_update *u, wick_status why);

/** A piece of the answer to a request.
 *  @retval WICK_OK
 *  @retval WICK_E_STATE   an answer to another request than the last one
 *  @retval WICK_E_FW_SIZE more than can be: stop reading. The next poll asks another source
 *  @return or an error of flash: the update is refused */
WICK_NODISCARD wick_status wick_update_bytes(wick_update *u, uint64_t now_ms, uint32_t request,
                                             wick_span bytes);

/** The answer has ended. WICK_OK: the source says that this was all of it.
 *  @retval WICK_OK the block is right and counts  @retval WICK_E_STATE another request
 *  @return or what is wrong with it; the next poll asks another source */
WICK_NODISCARD wick_status wick_update_end(wick_update *u, uint64_t now_ms, uint32_t request,
                                           wick_status ended);

/** The manifest that was accepted, until the next poll: for wick_update_mirrors(). NULL: none is at hand. */
const wick_manifest *wick_update_manifest(const wick_update *u);

/** So many more plain sources for this manifest, numbered behind those of the config.
 *  @retval WICK_OK      @retval WICK_E_STATE no manifest is at hand
 *  @retval WICK_E_LIMIT more than WICK_UPDATE_SOURCES_MAX in all */
WICK_NODISCARD wick_status wick_update_mirrors(wick_update *u, uint8_t mirrors);

/** What runs on trial does what it is for: it stays, and the security counter is raised.
 *  @retval WICK_OK also when it was confirmed before  @retval WICK_E_STATE no trial
 *  @retval WICK_E_HAL call again */
WICK_NODISCARD wick_status wick_update_healthy(wick_update *u, uint64_t now_ms);

/** What runs on trial does not do it: the next poll says RESTART, and the loader goes back. With one slot the
 *  next poll asks for a release instead: restart if that may help.
 *  @retval WICK_OK  @retval WICK_E_STATE no trial */
WICK_NODISCARD wick_status wick_update_give_up(wick_update *u, wick_status why);

void wick_update_report_get(const wick_update *u, wick_update_report *out);

/** Lower-case name of a state. */
const char *wick_update_state_str(wick_update_state state);

#ifdef __cplusplus
}
#endif
#endif
