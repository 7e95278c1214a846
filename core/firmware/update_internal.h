/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_UPDATE_INTERNAL_H
#define WICK_UPDATE_INTERNAL_H
/* What the parts of an update share: update.c, update_release.c, update_fetch.c, update_sink.c,
 * update_record.c. */
#include "wick/update.h"

/* Digests are known in the journal by so many bytes: it is no place for secrets, and who can write it can
 * write the slots. */
#define UPDATE_TAG 11u

/* How far a step is. */
typedef struct update_work {
    uint8_t step;
    uint8_t state;           /* FETCH, APPLY, VERIFY */
    uint32_t plan;           /* which plan */
    uint32_t offset;         /* bytes that stand */
    uint8_t tag[UPDATE_TAG]; /* of the manifest */
} update_work;

/* An image that the loader is to try. */
typedef struct update_ready {
    bool asked; /* the request was made */
    uint8_t silent; /* trials of the image that ended without a word from it */
    uint8_t starts;
    uint32_t confirm_s;
    uint32_t image_bytes;
    uint8_t tag[UPDATE_TAG]; /* of the image */
} update_ready;

/* ---- update.c ---- */
void update_refuse(wick_update *u, wick_status why);
void update_tell(wick_update *u, wick_update_state state, wick_status status);
/* The content of the step is in flash. */
void update_fetched(wick_update *u);
/* The patch of the step leads nowhere: another way. */
void update_other_way(wick_update *u, wick_status why);
void update_hash_stop(wick_update *u);

/* ---- update_release.c ---- */
/* Is the manifest for this device, and what there is to get to its image. */
wick_status update_judge(const wick_update *u, wick_plan_have *have);

/* ---- update_record.c ---- */
uint32_t update_plan_tag(const wick_plan *plan);
bool update_work_get(const wick_update *u, update_work *work);
/* How far the step under way is: `offset` bytes of it stand. */
wick_status update_work_save(wick_update *u, uint32_t offset);
/* The same of the sink, once it is worth an entry. */
wick_status update_work_progress(wick_update *u);
bool update_ready_get(const wick_update *u, update_ready *ready);
wick_status update_ready_put(wick_update *u, const update_ready *ready);
/* Nothing is to be tried. How often the image ended in silence stays known. */
wick_status update_ready_clear(wick_update *u);
bool update_is_banned(const wick_update *u, const uint8_t digest[32]);
/* What became of an update, for the next start. */
void update_outcome_put(wick_update *u, wick_update_state outcome, wick_status status);
void update_outcome_get(wick_update *u);
/* The image was verified: the loader is asked to try it. */
wick_status update_make_ready(wick_update *u);
/* What the loader and the journal say after a start, once the image that runs is known. */
void update_look_back(wick_update *u, uint64_t now_ms);
wick_status update_confirm(wick_update *u);
void update_trial_why(wick_update *u, wick_status why);

/* ---- update_sink.c ---- */
wick_status update_info(const wick_update *u, wick_flash_info *info, wick_flash_area area);
wick_status update_read(const wick_update *u, wick_flash_area area, uint32_t offset, uint8_t *out,
                        uint32_t length);
void update_place(const wick_update *u, uint8_t place, uint32_t bytes, wick_flash_area *area,
                  uint32_t *base);
/* The step under way makes its image in the place of the one that runs. */
bool update_in_place(const wick_update *u);
/* Staging memory without the lists. */
uint32_t update_staging(const wick_update *u);
wick_status update_sink_open(wick_update *u, wick_flash_area area, uint32_t base, uint32_t pos);
wick_status update_sink_write(wick_update *u, const uint8_t *bytes, uint32_t length);
wick_status update_sink_close(wick_update *u);
/* Begin of the sector that byte `pos` lies in. */
uint32_t update_sector_floor(const wick_update *u, uint32_t pos);
extern const wick_unixfs_lists update_lists;

/* ---- update_fetch.c ---- */
/* Begins to ask for the manifest, or for the content of the step from byte `from` on. */
void update_ask_manifest(wick_update *u);
void update_fetch_begin(wick_update *u, uint32_t from);
void update_fetch_stop(wick_update *u);
/* One thing that can be done without an answer; false: an answer is wanted. */
bool update_fetch_work(wick_update *u, uint64_t now_ms);
void update_fetch_out(const wick_update *u, wick_update_out *out);

#endif
