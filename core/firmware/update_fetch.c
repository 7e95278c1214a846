/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking for manifest and content: who is asked, what counts as an answer, and what happens to bytes that
 * were not what they should be.
 */
#include <string.h>

#include "update_internal.h"

#define NOBODY 0xffu /* as the origin of bytes: our own flash */

static bool is_plain(const wick_update *u, uint8_t source)
{
    return source >= u->config.sources;
}

static uint8_t all_sources(const wick_update *u)
{
    return (uint8_t)(u->config.sources + u->config.plain + u->mirrors);
}

/* Whether a source can give what is asked for: plain ones have the image alone. */
static bool can_give(const wick_update *u, uint8_t source)
{
    if (u->strikes[source] >= WICK_UPDATE_STRIKES) {
        return false;
    }
    bool image = u->state == WICK_UPDATE_FETCH && !u->plan.step[u->step].delta;
    return !is_plain(u, source) || image || u->config.sources == 0;
}

/* The source at hand, or the next that can give it. @return false: there is none left */
static bool choose(wick_update *u)
{
    uint8_t all = all_sources(u);
    for (uint8_t i = 0; i < all; i++) {
        uint8_t source = (uint8_t)((u->source + i) % all);
        if (can_give(u, source)) {
            u->source = source;
            return true;
        }
    }
    return false;
}

static bool from_plain(const wick_update *u)
{
    return u->state == WICK_UPDATE_FETCH && is_plain(u, u->source) && !u->plan.step[u->step].delta;
}

/* Begins a request; the poll that asks for it gives it its time. */
static void ask(wick_update *u)
{
    u->request++;
    u->asked = false;
    u->until_ms = 0;
}

/* Of the block that is wanted nothing is here. */
static void from_nothing(wick_update *u)
{
    u->here = 0;
    u->mixed = false;
    u->first = NOBODY;
}

void update_ask_manifest(wick_update *u)
{
    u->state = WICK_UPDATE_GET_MANIFEST;
    u->mirrors = 0; /* of another manifest */
    from_nothing(u);
    ask(u);
}

void update_fetch_stop(wick_update *u)
{
    if (u->walking) {
        wick_unixfs_stop(&u->u.walk);
        u->walking = false;
    }
}

/* ---- content ---- */

/* The blocks from byte `pos` on, which is where the sink stands. */
static wick_status walk_from(wick_update *u, uint32_t pos)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    update_fetch_stop(u);
    u->lists = update_lists;
    u->lists.ctx = u;
    wick_status status = wick_unixfs_start(&u->u.walk, u->config.crypto, &u->lists, &s->fetch.cid,
                                           s->fetch.size, pos);
    u->walking = status == WICK_OK;
    from_nothing(u);
    return status;
}

/* Back to byte `pos` of the content, or to the sector that it lies in. */
static void go_back(wick_update *u, uint32_t pos)
{
    wick_flash_area area = u->sink.area;
    wick_status status = update_sink_open(u, area, u->sink.base, pos);
    if (status == WICK_OK) {
        status = walk_from(u, u->sink.pos);
    }
    if (status != WICK_OK) {
        update_refuse(u, status);
    }
}

void update_fetch_begin(wick_update *u, uint32_t from)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    wick_flash_area area = WICK_FLASH_STAGING;
    uint32_t base = 0;
    if (!s->delta) {
        update_place(u, s->to, s->result_bytes, &area, &base);
    }
    u->state = WICK_UPDATE_FETCH;
    u->sink.base = base;
    u->sink.area = area;
    u->saved = from;
    ask(u);
    go_back(u, from < s->fetch.size ? from : s->fetch.size);
    if (u->state == WICK_UPDATE_FETCH) {
        u->saved = u->sink.pos;
    }
}

/* Another source from now on. `why` counts against `source`; NOBODY: against none. */
static void strike(wick_update *u, uint8_t source, wick_status why)
{
    u->bad_answers++;
    if (source != NOBODY && u->strikes[source] < UINT8_MAX) {
        u->strikes[source]++;
    }
    if (source == u->source) {
        u->source = (uint8_t)((u->source + 1) % all_sources(u));
    }
    /* That one gave wrong bytes says more than that another gave none. */
    u->status = u->status == WICK_E_FW_DIGEST ? u->status : why;
    ask(u);
}

/* The block at hand is not what it should be. */
static void bad_block(wick_update *u, wick_status why)
{
    uint8_t guilty = u->mixed ? u->first : u->source;
    uint32_t begin = wick_unixfs_offset(&u->u.walk);
    strike(u, guilty, why);
    if (u->sink.pos == begin && u->walking && wick_unixfs_again(&u->u.walk) == WICK_OK) {
        from_nothing(u); /* nothing of it was written */
        return;
    }
    go_back(u, begin);
}

/* The block is the right one, and none for us: nobody can help. */
static void useless(wick_update *u, wick_status why)
{
    update_fetch_stop(u);
    update_other_way(u, why);
}

/* Bytes of the block at hand. @return what is wrong with them, or with flash */
static wick_status walk_input(wick_update *u, wick_span bytes)
{
    wick_unixfs *w = &u->u.walk;
    wick_status status = WICK_OK;
    u->here += (uint32_t)bytes.len;
    while (status == WICK_OK && bytes.len > 0) {
        status = wick_unixfs_input(w, &bytes);
        if (status == WICK_OK && w->data.len > 0) {
            if (w->offset != u->sink.pos) {
                return WICK_E_STATE; /* it goes from front to back, or it is ours */
            }
            status = update_sink_write(u, w->data.ptr, (uint32_t)w->data.len);
        }
        if (status == WICK_OK) {
            status = update_work_progress(u);
        }
    }
    return status;
}

/* All of it is there. */
static void whole(wick_update *u)
{
    wick_status status = update_sink_close(u);
    update_fetch_stop(u);
    if (status != WICK_OK) {
        update_refuse(u, status);
        return;
    }
    update_fetched(u);
}

/* A block is whole, says who gave it. */
static wick_status walk_end(wick_update *u)
{
    wick_status status = wick_unixfs_end(&u->u.walk);
    if (status == WICK_E_FW_DIGEST) {
        bad_block(u, status);
    } else if (status == WICK_E_FW_LAYOUT) {
        useless(u, status);
    } else if (status != WICK_OK) {
        update_refuse(u, status);
    } else {
        from_nothing(u);
        ask(u);
        if (wick_unixfs_whole(&u->u.walk)) {
            whole(u);
        }
    }
    return status;
}

/* Feeds what a reset left of the block at hand from flash. @return whether there was any */
static bool feed(wick_update *u)
{
    const wick_cid *cid = wick_unixfs_wanted(&u->u.walk);
    uint32_t begin = wick_unixfs_offset(&u->u.walk);
    if (cid == NULL || cid->codec != WICK_CID_RAW || u->first != NOBODY ||
        begin + u->here >= u->sink.pos) {
        return false;
    }
    uint32_t n = u->sink.pos - begin - u->here;
    n = n < sizeof u->piece ? n : (uint32_t)sizeof u->piece;
    wick_status status = update_read(u, u->sink.area, u->sink.base + begin + u->here, u->piece, n);
    if (status == WICK_OK) {
        status = walk_input(u, wick_span_make(u->piece, n));
    }
    if (status == WICK_E_HAL) { /* a unit that a cut has left unreadable: without it */
        go_back(u, begin);
    } else if (status != WICK_OK) {
        update_refuse(u, status);
    }
    u->mixed = true;
    if (status == WICK_OK && begin + u->here == u->plan.step[u->step].fetch.size) {
        status = walk_end(u); /* all of it was there */
    }
    return true;
}

bool update_fetch_work(wick_update *u, uint64_t now_ms)
{
    if (u->asked && u->until_ms != 0 && wick_time_reached(now_ms, u->until_ms)) {
        strike(u, u->source, WICK_E_TIMEOUT);
        return true;
    }
    if (u->asked) {
        return false;
    }
    if (u->until_ms != 0) { /* a pause */
        if (!wick_time_reached(now_ms, u->until_ms)) {
            return false;
        }
    } else if (!choose(u)) {
        update_refuse(u, u->status == WICK_OK ? WICK_E_NOT_FOUND : u->status);
        return true;
    } else if (u->strikes[u->source] != 0) {
        u->until_ms = now_ms + (uint64_t)u->strikes[u->source] * WICK_UPDATE_PAUSE_MS;
        return false;
    }
    if (u->state == WICK_UPDATE_FETCH && !from_plain(u)) {
        if (!u->walking) { /* after a plain source */
            go_back(u, u->sink.pos);
            return true;
        }
        if (wick_unixfs_whole(&u->u.walk)) {
            whole(u);
            return true;
        }
        if (feed(u)) {
            return true;
        }
    } else if (u->state == WICK_UPDATE_FETCH) {
        update_fetch_stop(u);
    }
    u->asked = true;
    u->until_ms = now_ms + WICK_UPDATE_ANSWER_MS;
    return false;
}

void update_fetch_out(const wick_update *u, wick_update_out *out)
{
    const wick_plan_step *s = &u->plan.step[u->step];
    out->deadline_ms = u->until_ms;
    if (!u->asked) {
        out->kind = WICK_UPDATE_WAIT;
        return;
    }
    out->request = u->request;
    out->source = u->source;
    out->offset = u->here;
    if (u->state == WICK_UPDATE_GET_MANIFEST) {
        out->kind = WICK_UPDATE_MANIFEST;
        out->cid.version = 1;
        out->cid.codec = WICK_CID_RAW;
        memcpy(out->cid.digest, u->release.manifest, sizeof out->cid.digest);
        out->max = u->release.manifest_bytes - u->here;
        return;
    }
    out->kind = WICK_UPDATE_CONTENT;
    if (from_plain(u)) {
        out->cid.version = 1;
        out->cid.codec = WICK_CID_RAW;
        memcpy(out->cid.digest, s->fetch.sha256, sizeof out->cid.digest);
        out->offset = u->sink.pos;
        out->max = s->fetch.size - u->sink.pos;
        return;
    }
    const wick_cid *cid = wick_unixfs_wanted(&u->u.walk);
    if (cid != NULL) {
        out->cid = *cid;
    }
    out->max = WICK_UNIXFS_BLOCK_MAX - u->here;
}

/* ---- answers ---- */

static wick_status manifest_bytes(wick_update *u, wick_span bytes)
{
    if (bytes.len > u->release.manifest_bytes - u->here) {
        u->here = 0;
        strike(u, u->source, WICK_E_FW_SIZE);
        return WICK_E_FW_SIZE;
    }
    memcpy(u->u.m.bytes + u->here, bytes.ptr, bytes.len);
    u->here += (uint32_t)bytes.len;
    return WICK_OK;
}

static wick_status plain_bytes(wick_update *u, wick_span bytes)
{
    if (bytes.len > u->plan.step[u->step].fetch.size - u->sink.pos) {
        strike(u, u->source, WICK_E_FW_SIZE);
        return WICK_E_FW_SIZE;
    }
    if (u->first == NOBODY) {
        u->first = u->source;
        u->mixed = u->sink.pos != 0; /* of before a reset, or another's */
    }
    u->mixed = u->mixed || u->first != u->source;
    wick_status status = update_sink_write(u, bytes.ptr, (uint32_t)bytes.len);
    status = status == WICK_OK ? update_work_progress(u) : status;
    if (status != WICK_OK) {
        update_refuse(u, status);
    }
    return status;
}

wick_status wick_update_bytes(wick_update *u, uint64_t now_ms, uint32_t request, wick_span bytes)
{
    (void)now_ms;
    if (!u->asked || request != u->request) {
        return WICK_E_STATE;
    }
    if (bytes.len == 0) {
        return WICK_OK;
    }
    if (u->state == WICK_UPDATE_GET_MANIFEST) {
        return manifest_bytes(u, bytes);
    }
    u->fetched += (uint32_t)bytes.len;
    if (from_plain(u)) {
        return plain_bytes(u, bytes);
    }
    if (u->here == 0) {
        u->first = u->source;
    } else if (u->first != u->source) {
        u->mixed = true;
    }
    if (bytes.len > WICK_UNIXFS_BLOCK_MAX - u->here) {
        bad_block(u, WICK_E_FW_SIZE);
        return WICK_E_FW_SIZE;
    }
    wick_status status = walk_input(u, bytes);
    if (status == WICK_E_FW_DIGEST) { /* more than the block may have */
        bad_block(u, WICK_E_FW_SIZE);
        return WICK_E_FW_SIZE;
    }
    if (status != WICK_OK) {
        update_refuse(u, status);
    }
    return status;
}

static wick_status manifest_end(wick_update *u)
{
    u->u.m.manifest.version = 0;
    wick_status status = wick_manifest_open(&u->u.m.manifest, u->config.crypto, &u->release,
                                            wick_span_make(u->u.m.bytes, u->here));
    if (status == WICK_E_FW_DIGEST) {
        u->here = 0;
        strike(u, u->source, status);
    } else if (status != WICK_OK) {
        update_refuse(u, status); /* it is the one, and nothing that we take */
    } else {
        u->state = WICK_UPDATE_PLAN;
        u->asked = false;
    }
    return status;
}

const wick_manifest *wick_update_manifest(const wick_update *u)
{
    return u->state == WICK_UPDATE_PLAN ? &u->u.m.manifest : NULL;
}

wick_status wick_update_mirrors(wick_update *u, uint8_t mirrors)
{
    if (u->state != WICK_UPDATE_PLAN) {
        return WICK_E_STATE;
    }
    if (u->config.sources + u->config.plain + mirrors > WICK_UPDATE_SOURCES_MAX) {
        return WICK_E_LIMIT;
    }
    u->mirrors = mirrors;
    return WICK_OK;
}

wick_status wick_update_end(wick_update *u, uint64_t now_ms, uint32_t request, wick_status ended)
{
    (void)now_ms;
    if (!u->asked || request != u->request) {
        return WICK_E_STATE;
    }
    if (u->state == WICK_UPDATE_GET_MANIFEST) {
        if (ended == WICK_OK) {
            return manifest_end(u);
        }
        u->here = 0;
        strike(u, u->source, ended);
        return ended;
    }
    bool plain = from_plain(u);
    if (plain && ended == WICK_OK) {
        if (u->sink.pos == u->plan.step[u->step].fetch.size) {
            u->asked = false;
            whole(u);
            return WICK_OK;
        }
        ended = WICK_E_TRUNCATED;
    }
    if (ended != WICK_OK) { /* what came of it may be good: the next one is asked for the rest */
        strike(u, u->source, ended);
        return ended;
    }
    return walk_end(u);
}
