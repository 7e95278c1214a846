/* SPDX-License-Identifier: Apache-2.0 */
/* The states of an update (wick/update.h): what is done in each, and what follows. */
#include <string.h>

#include "update_internal.h"

/* Bytes that one poll reads for a digest, and of a patch. */
#define HASH_STEP 4096u
#define PATCH_STEP 64u
#if WICK_WITH_IN_PLACE
_Static_assert(PATCH_STEP == WICK_IN_PLACE_PIECE, "the loader sums up the same pieces");
#endif

void update_tell(wick_update *u, wick_update_state state, wick_status status)
{
    u->event = state;
    u->event_status = status;
    u->state = state;
}

void update_hash_stop(wick_update *u)
{
    if (u->hashing) {
        u->config.crypto->hash_free(u->config.crypto->ctx, &u->hash);
        u->hashing = false;
    }
}

void update_refuse(wick_update *u, wick_status why)
{
    update_fetch_stop(u);
    update_hash_stop(u);
    u->asked = u->verified = false;
    update_outcome_put(u, WICK_UPDATE_REFUSED, why);
    update_tell(u, WICK_UPDATE_REFUSED, why);
    u->state = WICK_UPDATE_IDLE;
}

static wick_status hash_start(wick_update *u)
{
    update_hash_stop(u);
    u->at = 0;
    wick_status status =
        u->config.crypto->hash_begin(u->config.crypto->ctx, &u->hash, WICK_HASH_SHA256);
    u->hashing = status == WICK_OK;
    return status;
}

/* Reads on, up to `size` bytes from `base`. @return WICK_AGAIN: more to come; WICK_OK: digest is there */
static wick_status hash_some(wick_update *u, uint8_t digest[32], wick_flash_area area,
                             uint32_t base, uint32_t size)
{
    const wick_hal_crypto *c = u->config.crypto;
    wick_status status = WICK_OK;
    uint32_t until = size - u->at > HASH_STEP ? u->at + HASH_STEP : size;
    while (u->at < until && status == WICK_OK) {
        uint32_t n = until - u->at < sizeof u->piece ? until - u->at : (uint32_t)sizeof u->piece;
        status = update_read(u, area, base + u->at, u->piece, n);
        if (status == WICK_OK) {
            status = c->hash_update(c->ctx, &u->hash, u->piece, n);
        }
        u->at += n;
    }
    if (status != WICK_OK || u->at < size) {
        return status == WICK_OK ? WICK_AGAIN : status;
    }
    status = c->hash_finish(c->ctx, &u->hash, digest);
    u->hashing = false;
    return status;
}

/* ---- begin ---- */

wick_status wick_update_init(wick_update *u, const wick_update_config *config)
{
    wick_flash_info a, b;
    memset(u, 0, sizeof *u);
    u->config = *config;
    if (config->sources + config->plain < 1 ||
        config->sources + config->plain > WICK_UPDATE_SOURCES_MAX) {
        return WICK_E_BAD_ARG;
    }
    wick_status status = update_info(u, &a, WICK_FLASH_SLOT_A);
    if (status == WICK_OK) {
        status = update_info(u, &b, WICK_FLASH_SLOT_B);
        u->single = WICK_WITH_IN_PLACE && status == WICK_E_NOT_FOUND;
        if (u->single) {
            b = a;
            status = WICK_OK;
        }
    }
    if (status == WICK_OK && (a.write_size > WICK_FLASH_WRITE_MAX || a.write_size == 0 ||
                              b.write_size > WICK_FLASH_WRITE_MAX || b.write_size == 0)) {
        status = WICK_E_UNSUPPORTED;
    }
    if (status == WICK_OK) {
        status = wick_journal_open(&u->journal, config->flash, WICK_FLASH_JOURNAL);
    }
    if (status == WICK_OK) {
        status = config->boot->state(config->boot->ctx, &u->boot);
    }
    if (status == WICK_OK) {
        update_outcome_get(u);
    }
    return status;
}

wick_status wick_update_start(wick_update *u, uint64_t now_ms)
{
    (void)now_ms;
    if (u->state != WICK_UPDATE_IDLE && u->state != WICK_UPDATE_CONFIRMED) {
        return WICK_E_STATE;
    }
    wick_status status = u->config.boot->state(u->config.boot->ctx, &u->boot);
    if (status != WICK_OK) {
        return status;
    }
    memset(u->strikes, 0, sizeof u->strikes);
    u->source = u->rounds = 0;
    u->verified = false;
    u->without = u->bad_answers = 0;
    u->fetched = u->resumed_at = 0;
    u->state = WICK_UPDATE_CHECK;
    if (!u->measured) {
        u->state = WICK_UPDATE_MEASURE;
        status = hash_start(u);
    }
    return status;
}

static void measure(wick_update *u, uint64_t now_ms)
{
    wick_flash_area area;
    uint32_t base;
    wick_flash_info info;
    update_place(u, WICK_PLAN_RUNNING, u->boot.image_bytes, &area, &base);
    wick_status status = update_info(u, &info, area);
    if (status == WICK_OK && u->boot.image_bytes > info.size) {
        status = WICK_E_FW_SIZE; /* the loader says nonsense */
    }
    if (status == WICK_OK) {
        status = hash_some(u, u->running, area, base, u->boot.image_bytes);
    }
    if (status == WICK_OK) {
        u->measured = true;
        update_look_back(u, now_ms);
    } else if (status != WICK_AGAIN) {
        update_refuse(u, status);
    }
}

/* ---- plan ---- */

/* Nothing may start what is going to be overwritten. */
static wick_status withdraw(wick_update *u)
{
    const wick_hal_boot *b = u->config.boot;
    if (u->single && u->boot.phase == WICK_BOOT_TRIAL) {
        return WICK_OK; /* nothing is asked for, and the record of the trial says how long the next one is */
    }
    wick_status status = b->cancel(b->ctx);
    return status == WICK_OK ? update_ready_clear(u) : status;
}

/* The step from its beginning. */
static void step_fetch(wick_update *u)
{
    u->state = WICK_UPDATE_FETCH;
    wick_status status = update_work_save(u, 0);
    if (status == WICK_OK) {
        update_fetch_begin(u, 0);
    } else {
        update_refuse(u, status);
    }
}

static void step_verify(wick_update *u)
{
    u->state = WICK_UPDATE_VERIFY;
    wick_status status = hash_start(u);
    if (status != WICK_OK) {
        update_refuse(u, status);
    }
}

static void step_apply(wick_update *u, uint32_t offset)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    wick_flash_area area;
    uint32_t base;
    u->state = WICK_UPDATE_APPLY;
    u->checked = false;
    update_place(u, s->to, s->result_bytes, &area, &base);
    wick_status status = update_sink_open(u, area, base, update_in_place(u) ? 0 : offset);
    if (status == WICK_OK) {
        u->saved = u->sink.pos;
        status = hash_start(u); /* the staged patch, first */
    }
    if (status != WICK_OK) {
        update_refuse(u, status);
    }
}

static void make_plan(wick_update *u)
{
    wick_plan_have have;
    update_work work;
    wick_status status = update_judge(u, &have);
    if (status == WICK_OK) {
        status = wick_plan_make(&u->plan, &u->u.m.manifest, &have, u->without);
    }
    if (status != WICK_OK) {
        update_refuse(u, status);
        return;
    }
    u->trial_boots = u->u.m.manifest.trial_boots;
    u->confirm_s = u->u.m.manifest.confirm_s;
    u->step = 0;
    bool known = update_work_get(u, &work) && work.step < u->plan.steps &&
                 work.plan == update_plan_tag(&u->plan) &&
                 memcmp(work.tag, u->release.manifest, UPDATE_TAG) == 0 && u->rounds == 0;
    /* Also where it goes on: nothing may start what is being written. */
    status = withdraw(u);
    if (status != WICK_OK) {
        update_refuse(u, status);
        return;
    }
    if (!known) {
        step_fetch(u);
        return;
    }
    u->step = work.step;
    u->resumed_at = work.offset;
    if (work.state == WICK_UPDATE_APPLY) {
        step_apply(u, work.offset);
    } else if (work.state == WICK_UPDATE_VERIFY) {
        step_verify(u);
    } else {
        update_fetch_begin(u, work.offset);
    }
}

/* ---- steps ---- */

void update_fetched(wick_update *u)
{
    bool delta = u->plan.step[u->step].delta;
    u->state = delta ? WICK_UPDATE_APPLY : WICK_UPDATE_VERIFY;
    wick_status status = update_work_save(u, 0);
    if (status != WICK_OK) {
        update_refuse(u, status);
    } else if (delta) {
        step_apply(u, 0);
    } else {
        step_verify(u);
    }
}

void update_other_way(wick_update *u, wick_status why)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    update_fetch_stop(u);
    update_hash_stop(u);
    u->bad_answers++;
    u->status = why;
    if (s->delta) {
        u->without |= (uint16_t)(1u << s->edge);
    } else if (++u->rounds >= WICK_UPDATE_ROUNDS) {
        update_refuse(u, why);
        return;
    }
    update_ask_manifest(u); /* the plan is made anew */
}

static wick_status delta_read(void *ctx, uint32_t offset, uint8_t *out, uint32_t length)
{
    const wick_update *u = (const wick_update *)ctx;
    const wick_plan_step *s = &u->plan.step[u->step];
    wick_flash_area area;
    uint32_t base;
    update_place(u, s->from, s->base_bytes, &area, &base);
    return update_read(u, area, base + offset, out, length);
}

static wick_status delta_write(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
    wick_update *u = (wick_update *)ctx;
    if (offset != u->sink.pos) {
        return WICK_E_STATE;
    }
    if (update_in_place(u)) { /* for its digest alone */
        u->sink.pos += length;
        return u->config.crypto->hash_update(u->config.crypto->ctx, &u->hash, bytes, length);
    }
    wick_status status = update_sink_write(u, bytes, length);
    return status == WICK_OK ? update_work_progress(u) : status;
}

/* The staged patch is what was fetched: now it is applied. */
static wick_status apply_begin(wick_update *u)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    wick_delta_config config;
    memset(&config, 0, sizeof config);
    config.io.ctx = u;
    config.io.read = delta_read;
    config.io.write = delta_write;
    config.old_bytes = s->base_bytes;
    config.new_max = s->result_bytes;
    config.resume_at = u->sink.pos;
    wick_delta_use(&config, &u->u.d.memory);
    wick_delta_init(&u->u.d.delta, &config);
    u->checked = true;
    u->at = u->sum = 0;
    if (!update_in_place(u)) {
        return WICK_OK;
    }
    wick_status status = hash_start(u); /* of what it makes */
    u->at = 0;
    return status;
}

/* All of the patch was applied. */
static wick_status applied(wick_update *u)
{
    wick_status status = update_sink_close(u);
    if (status == WICK_OK) {
        u->state = WICK_UPDATE_VERIFY;
        status = update_work_save(u, 0);
    }
    if (status == WICK_OK) {
        step_verify(u);
    }
    return status;
}

/* It was, without writing: whether the loader may do it. */
static wick_status proved(wick_update *u)
{
#if WICK_WITH_IN_PLACE
    const wick_hal_crypto *c = u->config.crypto;
    uint8_t digest[32];
    wick_flash_info slot;
    wick_status status = update_info(u, &slot, WICK_IN_PLACE_AREA);
    if (status == WICK_OK) {
        status = wick_in_place_fits(&u->u.d.delta.info, &slot);
    }
    if (status == WICK_OK && u->u.d.delta.info.old_bytes != u->plan.step[u->step].base_bytes) {
        status = WICK_E_FW_BASE;
    }
    if (status == WICK_OK) {
        status = c->hash_finish(c->ctx, &u->hash, digest);
        u->hashing = false;
    }
    if (status == WICK_OK && memcmp(digest, u->plan.step[u->step].result, sizeof digest) != 0) {
        status = WICK_E_FW_DIGEST;
    }
    if (status == WICK_OK) {
        u->verified = true;
        u->state = WICK_UPDATE_CHECK;
    }
    return status;
#else
    (void)u;
    return WICK_E_UNSUPPORTED;
#endif
}

static void apply(wick_update *u)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    wick_status status;
    if (!u->checked) {
        uint8_t digest[32];
        status = hash_some(u, digest, WICK_FLASH_STAGING, 0, s->fetch.size);
        if (status == WICK_OK && memcmp(digest, s->fetch.sha256, sizeof digest) != 0) {
            /* Right when it came, and now it is not: flash lies, or a cut came between. Once more. */
            if (++u->rounds >= WICK_UPDATE_ROUNDS) {
                update_other_way(u, WICK_E_FW_DIGEST);
            } else {
                u->bad_answers++;
                update_fetch_begin(u, 0);
            }
            return;
        }
        status = status == WICK_OK ? apply_begin(u) : status;
        if (status != WICK_OK && status != WICK_AGAIN) {
            update_refuse(u, status);
        }
        return;
    }
    uint32_t n = s->fetch.size - u->at < PATCH_STEP ? s->fetch.size - u->at : PATCH_STEP;
    status = update_read(u, WICK_FLASH_STAGING, u->at, u->piece, n);
    if (status == WICK_OK) {
        status = wick_delta_input(&u->u.d.delta, wick_span_make(u->piece, n));
        u->at += n;
#if WICK_WITH_IN_PLACE
        u->sum = wick_in_place_sum(u->sum, wick_span_make(u->piece, n));
#endif
    }
    if (status == WICK_OK && u->at == s->fetch.size) {
        status = wick_delta_finish(&u->u.d.delta);
        if (status == WICK_OK) {
            status = update_in_place(u) ? proved(u) : applied(u);
        }
    }
    if (status == WICK_E_HAL || status == WICK_E_STATE || status == WICK_E_CRYPTO) {
        update_refuse(u, status);
    } else if (status != WICK_OK) {
        update_other_way(u, status); /* the patch is the one, and it leads nowhere */
    }
}

static void verify(wick_update *u)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    uint8_t digest[32];
    wick_flash_area area;
    uint32_t base;
    update_place(u, s->to, s->result_bytes, &area, &base);
    wick_status status = hash_some(u, digest, area, base, s->result_bytes);
    if (status == WICK_AGAIN) {
        return;
    }
    if (status == WICK_OK && memcmp(digest, s->result, sizeof digest) != 0) {
        bool plain = !s->delta && u->source >= u->config.sources;
        if (!plain || u->mixed) {
            if (plain) {
                u->strikes[u->source]++;
                u->source = 0;
            }
            update_other_way(u, WICK_E_FW_DIGEST);
            return;
        }
        /* A plain source: nothing of it was checked before. All of it from one is that one's fault, who is
         * not asked again. So that is no round, and the others are asked for the same. */
        u->strikes[u->source] = WICK_UPDATE_STRIKES;
        u->bad_answers++;
        u->status = WICK_E_FW_DIGEST;
        step_fetch(u);
        return;
    }
    if (status != WICK_OK) {
        update_refuse(u, status);
    } else if (u->step + 1 == u->plan.steps) {
        u->verified = true;
        u->state = WICK_UPDATE_CHECK;
    } else {
        u->step++;
        step_fetch(u);
    }
}

/* ---- trial ---- */

wick_status wick_update_healthy(wick_update *u, uint64_t now_ms)
{
    (void)now_ms;
    if (u->state == WICK_UPDATE_CONFIRMED) {
        return WICK_OK;
    }
    return u->state == WICK_UPDATE_TRIAL ? update_confirm(u) : WICK_E_STATE;
}

wick_status wick_update_give_up(wick_update *u, wick_status why)
{
    if (u->state != WICK_UPDATE_TRIAL) {
        return WICK_E_STATE;
    }
    why = why == WICK_OK ? WICK_E_STATE : why;
    update_trial_why(u, why);
    if (u->single) { /* there is no image to go back to: forward, if there is a release */
        u->status = why;
        u->until_ms = 0;
        u->state = WICK_UPDATE_CHECK;
    } else {
        u->giving_up = why;
    }
    return WICK_OK;
}

static void trial_out(wick_update *u, wick_update_out *out, uint64_t now_ms)
{
    if (u->giving_up == WICK_OK && u->until_ms != 0 && wick_time_reached(now_ms, u->until_ms)) {
        wick_status ignored = wick_update_give_up(u, WICK_E_TIMEOUT);
        (void)ignored;
        if (u->state != WICK_UPDATE_TRIAL) {
            return;
        }
    }
    out->kind = u->giving_up == WICK_OK ? WICK_UPDATE_TESTING : WICK_UPDATE_RESTART;
    out->status = u->giving_up;
    out->deadline_ms = u->until_ms != 0 ? u->until_ms : WICK_TIME_NEVER(now_ms);
}

void wick_update_poll(wick_update *u, wick_update_out *out, uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    out->state = u->state;
    out->kind = WICK_UPDATE_WORK;
    if (u->event != WICK_UPDATE_IDLE) {
        out->kind = WICK_UPDATE_EVENT;
        out->state = u->event;
        out->status = u->event_status;
        u->event = WICK_UPDATE_IDLE;
        return;
    }
    switch (u->state) {
    case WICK_UPDATE_MEASURE:
        measure(u, now_ms);
        break;
    case WICK_UPDATE_CHECK:
        out->kind = WICK_UPDATE_RELEASE;
        break;
    case WICK_UPDATE_GET_MANIFEST:
    case WICK_UPDATE_FETCH:
        if (!update_fetch_work(u, now_ms)) {
            update_fetch_out(u, out);
        }
        break;
    case WICK_UPDATE_PLAN:
        make_plan(u);
        break;
    case WICK_UPDATE_APPLY:
        apply(u);
        break;
    case WICK_UPDATE_VERIFY:
        verify(u);
        break;
    case WICK_UPDATE_READY:
        out->kind = WICK_UPDATE_RESTART;
        break;
    case WICK_UPDATE_TRIAL:
        trial_out(u, out, now_ms);
        break;
    case WICK_UPDATE_IDLE:
    case WICK_UPDATE_CONFIRMED:
    case WICK_UPDATE_ROLLED_BACK:
    case WICK_UPDATE_REFUSED:
    default:
        out->kind = WICK_UPDATE_WAIT;
        out->deadline_ms = WICK_TIME_NEVER(now_ms);
        break;
    }
}

/* ---- report ---- */

void wick_update_report_get(const wick_update *u, wick_update_report *out)
{
    memset(out, 0, sizeof *out);
    out->state = u->state;
    out->outcome = u->outcome;
    out->status = u->status;
    out->version = u->version;
    out->boot = u->boot;
    memcpy(out->running, u->running, sizeof out->running);
    out->fetched = u->fetched;
    out->resumed_at = u->resumed_at;
    out->bad_answers = u->bad_answers;
    if (u->state >= WICK_UPDATE_FETCH && u->state <= WICK_UPDATE_VERIFY) {
        const wick_plan_step *s = &u->plan.step[u->step];
        out->step = u->step;
        out->steps = u->plan.steps;
        out->delta = s->delta;
        out->plan_bytes = u->plan.bytes;
        out->size = u->state == WICK_UPDATE_FETCH ? s->fetch.size : s->result_bytes;
        out->done = u->state == WICK_UPDATE_VERIFY ? u->at : u->sink.pos;
    }
}

const char *wick_update_state_str(wick_update_state state)
{
    static const char *const names[] = {"idle",      "measure",     "check",  "manifest", "plan",
                                        "fetch",     "apply",       "verify", "ready",    "trial",
                                        "confirmed", "rolled_back", "refused"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}
