/* SPDX-License-Identifier: Apache-2.0 */
/* What an update keeps in the journal, and what it makes of it after a start. Every value begins with the
 * version of its format. */
#include <string.h>

#include "update_internal.h"

#define FORMAT 1u
#define BANS 4u

enum {
    KIND_WORK = 1,
    KIND_READY = 2,
    KIND_CLAIM = 3,
    KIND_OUTCOME = 4,
    KIND_TRIAL = 5,
    KIND_BAN = 6 /* and BANS - 1 behind it, then WICK_IN_PLACE_KIND */
};
_Static_assert(KIND_BAN + BANS - 1 <= WICK_JOURNAL_KINDS,
               "WICK_JOURNAL_KINDS: too few for an update");
#if WICK_WITH_IN_PLACE
_Static_assert(WICK_IN_PLACE_KIND >= KIND_BAN + BANS && WICK_IN_PLACE_KIND <= WICK_JOURNAL_KINDS,
               "WICK_JOURNAL_KINDS: too few for updates in place");
#endif

/* @return whether there is a value of a format that is known */
static bool get(const wick_update *u, uint8_t value[WICK_JOURNAL_DATA_BYTES], uint8_t kind)
{
    return wick_journal_get(&u->journal, value, kind) == WICK_OK && value[0] == FORMAT;
}

static wick_status put(wick_update *u, uint8_t kind, uint8_t value[WICK_JOURNAL_DATA_BYTES])
{
    value[0] = FORMAT;
    return wick_journal_put(&u->journal, kind, value);
}

/* ---- progress: format | step | state | plan 4 | offset 4 | tag of the manifest 11 ---- */

uint32_t update_plan_tag(const wick_plan *plan)
{
    uint32_t tag = plan->steps;
    for (uint8_t i = 0; i < plan->steps; i++) {
        const wick_plan_step *s = &plan->step[i];
        tag = tag * 31 + wick_crc32(wick_span_make(s->result, sizeof s->result));
        tag = tag * 31 + wick_crc32(wick_span_make(s->fetch.sha256, sizeof s->fetch.sha256));
        tag = tag * 31 + (uint32_t)(s->from * 4 + s->to);
    }
    return tag;
}

bool update_work_get(const wick_update *u, update_work *work)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    if (!get(u, v, KIND_WORK)) {
        return false;
    }
    work->step = v[1];
    work->state = v[2];
    work->plan = wick_load_be32(v + 3);
    work->offset = wick_load_be32(v + 7);
    memcpy(work->tag, v + 11, UPDATE_TAG);
    return true;
}

wick_status update_work_save(wick_update *u, uint32_t offset)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES] = {0};
    v[1] = u->step;
    v[2] = (uint8_t)u->state;
    wick_store_be32(v + 3, update_plan_tag(&u->plan));
    wick_store_be32(v + 7, offset);
    memcpy(v + 11, u->release.manifest, UPDATE_TAG);
    wick_status status = put(u, KIND_WORK, v);
    u->saved = status == WICK_OK ? offset : u->saved;
    return status;
}

wick_status update_work_progress(wick_update *u)
{
    uint32_t stands = update_sector_floor(u, u->sink.pos);
    if (stands < u->saved + WICK_UPDATE_SAVE_BYTES || stands < u->saved + u->sink.erase_size) {
        return WICK_OK;
    }
    return update_work_save(u, stands);
}

/* ---- an image to be tried: format | flags | silent | starts | confirm 4 | bytes 4 | tag 11 ---- */

#define READY_PRESENT 1u
#define READY_ASKED 2u

/* A cut of the power in a trial looks like an image that hangs: it gets another one, and no more. */
#define SILENT_MAX 2u

bool update_ready_get(const wick_update *u, update_ready *ready)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    if (!get(u, v, KIND_READY) || (v[1] & READY_PRESENT) == 0) {
        return false;
    }
    ready->asked = (v[1] & READY_ASKED) != 0;
    ready->silent = v[2];
    ready->starts = v[3];
    ready->confirm_s = wick_load_be32(v + 4);
    ready->image_bytes = wick_load_be32(v + 8);
    memcpy(ready->tag, v + 12, UPDATE_TAG);
    return true;
}

wick_status update_ready_put(wick_update *u, const update_ready *ready)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES] = {0};
    v[1] = (uint8_t)(READY_PRESENT | (ready->asked ? READY_ASKED : 0));
    v[2] = ready->silent;
    v[3] = ready->starts;
    wick_store_be32(v + 4, ready->confirm_s);
    wick_store_be32(v + 8, ready->image_bytes);
    memcpy(v + 12, ready->tag, UPDATE_TAG);
    return put(u, KIND_READY, v);
}

static wick_status ready_end(wick_update *u, const uint8_t tag[UPDATE_TAG], uint8_t silent)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES] = {0};
    v[2] = silent;
    memcpy(v + 12, tag, UPDATE_TAG);
    return put(u, KIND_READY, v);
}

wick_status update_ready_clear(wick_update *u)
{
    update_ready ready;
    return update_ready_get(u, &ready) ? ready_end(u, ready.tag, ready.silent) : WICK_OK;
}

/* @return how many trials of this image have ended in silence */
static uint8_t silent_trials(const wick_update *u, const uint8_t *digest)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    bool known = get(u, v, KIND_READY) && memcmp(v + 12, digest, UPDATE_TAG) == 0;
    return known ? v[2] : 0;
}

/* ---- what the counter becomes once it is confirmed: format | counter 4 | version 8 | tag 10 ---- */

#define CLAIM_TAG 10u

static wick_status claim_put(wick_update *u, const uint8_t *digest)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES] = {0};
    wick_store_be32(v + 1, u->release.counter);
    wick_store_be64(v + 5, u->release.version);
    memcpy(v + 13, digest, CLAIM_TAG);
    return put(u, KIND_CLAIM, v);
}

static bool claim_get(wick_update *u, const uint8_t *digest, uint32_t *counter)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    if (!get(u, v, KIND_CLAIM) || memcmp(v + 13, digest, CLAIM_TAG) != 0) {
        return false;
    }
    *counter = wick_load_be32(v + 1);
    u->version = wick_load_be64(v + 5);
    return true;
}

/* ---- images that were rolled back: format | number | tag 11 ---- */

bool update_is_banned(const wick_update *u, const uint8_t digest[32])
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    for (uint8_t i = 0; i < BANS; i++) {
        if (get(u, v, (uint8_t)(KIND_BAN + i)) && memcmp(v + 2, digest, UPDATE_TAG) == 0) {
            return true;
        }
    }
    return false;
}

/* In the place of the oldest. */
static wick_status ban(wick_update *u, const uint8_t tag[UPDATE_TAG])
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES], place = 0, number = 0;
    bool free_place = false;
    for (uint8_t i = 0; i < BANS; i++) {
        if (!get(u, v, (uint8_t)(KIND_BAN + i))) {
            place = free_place ? place : i;
            free_place = true;
        } else if (memcmp(v + 2, tag, UPDATE_TAG) == 0) {
            return WICK_OK;
        } else if (i == 0 || (int8_t)(uint8_t)(v[1] - number) >= 0) {
            number = v[1];
            place = free_place ? place : (uint8_t)((i + 1) % BANS);
        }
    }
    memset(v, 0, sizeof v);
    v[1] = (uint8_t)(number + 1);
    memcpy(v + 2, tag, UPDATE_TAG);
    return put(u, (uint8_t)(KIND_BAN + place), v);
}

/* ---- a trial: format | starts | why 2 | tag 11 ---- */

/* @param[out] why WICK_OK: it said nothing */
static uint8_t trial_get(const wick_update *u, const uint8_t *tag, wick_status *why)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    *why = WICK_OK;
    if (!get(u, v, KIND_TRIAL) || memcmp(v + 4, tag, UPDATE_TAG) != 0) {
        return 0;
    }
    *why = (wick_status)(-(int)wick_load_be16(v + 2));
    return v[1];
}

static void trial_put(wick_update *u, uint8_t starts, wick_status why)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES] = {0};
    v[1] = starts;
    wick_store_be16(v + 2, (uint16_t)(-(int)why));
    memcpy(v + 4, u->running, UPDATE_TAG);
    /* A note for the user alone: what cannot be written is not needed. */
    wick_status ignored = put(u, KIND_TRIAL, v);
    (void)ignored;
}

void update_trial_why(wick_update *u, wick_status why)
{
    wick_status before;
    trial_put(u, trial_get(u, u->running, &before), why);
}

/* ---- what became of the last one: format | outcome | status 2 | version 8 ---- */

void update_outcome_get(wick_update *u)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES];
    if (get(u, v, KIND_OUTCOME)) {
        u->outcome = (wick_update_state)v[1];
        u->status = (wick_status)(-(int)wick_load_be16(v + 2));
        u->version = wick_load_be64(v + 4);
    }
}

void update_outcome_put(wick_update *u, wick_update_state outcome, wick_status status)
{
    uint8_t v[WICK_JOURNAL_DATA_BYTES] = {0}, before[WICK_JOURNAL_DATA_BYTES];
    u->outcome = outcome;
    u->status = status;
    v[0] = FORMAT;
    v[1] = (uint8_t)outcome;
    wick_store_be16(v + 2, (uint16_t)(-(int)status));
    wick_store_be64(v + 4, u->version);
    if (!get(u, before, KIND_OUTCOME) || memcmp(v, before, sizeof v) != 0) {
        wick_status ignored = put(u, KIND_OUTCOME, v);
        (void)ignored;
    }
}

/* ---- loader and journal ---- */

/* Asks the loader. That it was begun stands in the journal before, that it was done after it. */
static wick_status request(wick_update *u, update_ready *ready)
{
    const wick_hal_boot *b = u->config.boot;
    ready->asked = false;
    wick_status status = update_ready_put(u, ready);
    if (status == WICK_OK) {
        status = b->request(b->ctx, ready->image_bytes, ready->starts);
    }
    if (status == WICK_OK) {
        ready->asked = true;
        status = update_ready_put(u, ready);
    }
    if (status == WICK_OK) {
        u->boot.phase = WICK_BOOT_PENDING;
        update_tell(u, WICK_UPDATE_READY, WICK_OK);
    }
    return status;
}

wick_status update_make_ready(wick_update *u)
{
    const wick_plan_step *last = &u->plan.step[u->plan.steps - 1];
    update_ready ready = {.silent = silent_trials(u, last->result),
                          .starts = (uint8_t)u->trial_boots,
                          .confirm_s = u->confirm_s,
                          .image_bytes = last->result_bytes};
    memcpy(ready.tag, last->result, UPDATE_TAG);
    wick_status status = claim_put(u, last->result);
#if WICK_WITH_IN_PLACE
    if (status == WICK_OK && update_in_place(u)) {
        status = wick_in_place_put(&u->journal, last->fetch.size, u->sum);
    }
#endif
    return status == WICK_OK ? request(u, &ready) : status;
}

/* What runs is confirmed: the counter follows, then the journal. */
static wick_status settle(wick_update *u)
{
    const wick_hal_boot *b = u->config.boot;
    uint32_t counter = 0;
    if (claim_get(u, u->running, &counter)) {
        wick_status status = b->counter_raise(b->ctx, counter);
        if (status != WICK_OK) {
            return status;
        }
    }
    update_outcome_put(u, WICK_UPDATE_CONFIRMED, WICK_OK);
    wick_status status = update_ready_clear(u);
    if (status == WICK_OK) {
        update_tell(u, WICK_UPDATE_CONFIRMED, WICK_OK);
    }
    return status;
}

wick_status update_confirm(wick_update *u)
{
    const wick_hal_boot *b = u->config.boot;
    wick_status status = b->confirm(b->ctx);
    if (status == WICK_OK) {
        u->boot.phase = WICK_BOOT_SETTLED;
        status = settle(u);
    }
    return status;
}

static void begin_trial(wick_update *u, const update_ready *ready, uint64_t now_ms)
{
    wick_status why;
    uint32_t counter;
    trial_put(u, (uint8_t)(trial_get(u, u->running, &why) + 1), WICK_OK);
    (void)claim_get(u, u->running, &counter); /* for the version of the report */
    u->confirm_s = ready->confirm_s;
    u->until_ms = ready->confirm_s == 0 ? 0 : now_ms + (uint64_t)ready->confirm_s * 1000;
    update_tell(u, WICK_UPDATE_TRIAL, WICK_OK);
}

/* An image that gave itself up is not tried again. One that said nothing is, once: verified again, and
 * the release looked at, as after any other start. */
static wick_status rolled_back(wick_update *u, const update_ready *ready)
{
    wick_status why;
    uint32_t counter;
    (void)trial_get(u, ready->tag, &why);
    (void)claim_get(u, ready->tag, &counter);
    uint8_t silent = (uint8_t)(ready->silent + (why == WICK_OK));
    wick_status status = WICK_OK;
    if (why != WICK_OK || silent >= SILENT_MAX) {
        status = ban(u, ready->tag);
    }
    why = why == WICK_OK ? WICK_E_TIMEOUT : why;
    if (status == WICK_OK) {
        update_outcome_put(u, WICK_UPDATE_ROLLED_BACK, why);
        status = ready_end(u, ready->tag, silent);
    }
    if (status == WICK_OK) {
        update_tell(u, WICK_UPDATE_ROLLED_BACK, why);
        u->state = WICK_UPDATE_CHECK;
    }
    return status;
}

void update_look_back(wick_update *u, uint64_t now_ms)
{
    update_ready ready;
    memset(&ready, 0, sizeof ready);
    bool present = update_ready_get(u, &ready);
    bool runs = present && memcmp(ready.tag, u->running, UPDATE_TAG) == 0;
    wick_status status = WICK_OK, said = WICK_OK;
    if (present) {
        (void)trial_get(u, ready.tag, &said);
    }
    u->state = WICK_UPDATE_CHECK;
    if (u->boot.phase == WICK_BOOT_TRIAL) {
        /* Not by this journal, or it is lost: it is still the image that has to prove itself. With one slot it
         * may be the record of the next one, which was about to be asked for: its time does as well. */
        if (!runs && !u->single) {
            ready.confirm_s = 0;
        }
        begin_trial(u, &ready, now_ms);
    } else if (present && u->boot.phase == WICK_BOOT_PENDING) {
        update_tell(u, WICK_UPDATE_READY, WICK_OK);
    } else if (runs) { /* confirmed, but the power went before the rest was done */
        status = settle(u);
        u->state = WICK_UPDATE_CHECK;
    } else if (present && (ready.asked || said != WICK_OK)) {
        status = rolled_back(u, &ready);
    } else if (present) {
        /* The power went before the loader heard of it. What is in the slot was verified in another
         * life, and the release may have been revoked since: both are looked at again. */
        status = update_ready_clear(u);
    }
    if (status != WICK_OK) {
        update_refuse(u, status);
    }
}
