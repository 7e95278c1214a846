/* SPDX-License-Identifier: Apache-2.0 */
/* What a release and its manifest say, against what this device is and has (wick/update.h). */
#include <string.h>

#include "update_internal.h"

static bool is_same(const wick_release *a, const wick_release *b)
{
    return memcmp(a->manifest, b->manifest, sizeof a->manifest) == 0 &&
           a->version == b->version && a->counter == b->counter;
}

wick_status wick_update_release(wick_update *u, uint64_t now_ms, const wick_release *release,
                                uint64_t now_s)
{
    (void)now_ms;
    const wick_hal_boot *b = u->config.boot;
    wick_release_rules rules = {.running_version = u->config.running_version,
                                .approvals_min = u->config.approvals_min,
                                .max_age_s = u->config.max_age_s};
    if (u->state != WICK_UPDATE_CHECK) {
        return WICK_E_STATE;
    }
    wick_status status = b->counter(b->ctx, &rules.counter);
    if (status == WICK_OK) {
        status = wick_release_usable(release, &rules, now_s);
    }
    if (status == WICK_E_STATE || status == WICK_E_NOT_FOUND) {
        u->state = WICK_UPDATE_IDLE; /* nothing new */
        return status;
    }
    u->version = release->version;
    if (status == WICK_OK && memcmp(release->product, u->config.product, 32) != 0) {
        status = WICK_E_FW_TARGET;
    }
    if (status == WICK_OK &&
        (release->manifest_bytes == 0 || release->manifest_bytes > WICK_MANIFEST_MAX)) {
        status = WICK_E_FW_SIZE;
    }
    if (status != WICK_OK) {
        update_refuse(u, status);
        return status;
    }
    bool ready = u->verified && is_same(&u->release, release);
    if (u->verified && !ready) { /* what was learned of the other's patches and mirrors says nothing here */
        uint8_t own = (uint8_t)(u->config.sources + u->config.plain);
        memset(u->strikes + own, 0, sizeof u->strikes - own);
        u->without = 0;
        u->rounds = 0;
    }
    u->verified = false;
    u->release = *release;
    u->now_s = now_s > release->seen_at ? now_s : release->seen_at;
    u->status = WICK_OK;
    if (!ready) {
        update_ask_manifest(u);
        return WICK_OK;
    }
    status = update_make_ready(u);
    if (status != WICK_OK) {
        update_refuse(u, status);
    }
    return status;
}

void wick_update_no_release(wick_update *u, wick_status why)
{
    if (u->state == WICK_UPDATE_CHECK) {
        update_refuse(u, why);
    }
}

/* Whether the components that it depends on are here, and new enough. */
static bool depends_on_what_is_here(const wick_update *u, const wick_manifest *m)
{
    for (uint8_t i = 0; i < m->dependencies; i++) {
        bool met = false;
        for (uint8_t k = 0; k < u->config.components_len; k++) {
            const wick_manifest_dependency *c = &u->config.components[k];
            met = met || (memcmp(c->product, m->dependency[i].product, sizeof c->product) == 0 &&
                          c->version >= m->dependency[i].version);
        }
        if (!met) {
            return false;
        }
    }
    return true;
}

wick_status update_judge(const wick_update *u, wick_plan_have *have)
{
    const wick_manifest *m = &u->u.m.manifest;
    wick_manifest_device device;
    wick_flash_info info;
    wick_flash_area area;
    uint32_t base;
    update_place(u, WICK_PLAN_TARGET, 0, &area, &base);
    wick_status status = update_info(u, &info, area);
    if (status != WICK_OK) {
        return status;
    }
    memset(&device, 0, sizeof device);
    memcpy(device.vendor, u->config.vendor, sizeof device.vendor);
    memcpy(device.class_id, u->config.class_id, sizeof device.class_id);
    memcpy(device.product, u->config.product, sizeof device.product);
    device.component = u->config.component;
    device.running_version = u->config.running_version;
    memcpy(device.running_sha256, u->running, sizeof device.running_sha256);
    device.slot_bytes = info.size;
    status = wick_manifest_fits(m, &device, u->now_s);
    if (status == WICK_OK && !depends_on_what_is_here(u, m)) {
        status = WICK_E_FW_TARGET;
    }
    if (status == WICK_OK && update_is_banned(u, m->payload.sha256)) {
        status = WICK_E_FW_BANNED;
    }
    memset(have, 0, sizeof *have);
    memcpy(have->running, u->running, sizeof have->running);
    have->running_bytes = u->boot.image_bytes;
    have->slot_bytes = info.size;
    have->in_place = u->single;
    have->dict_max = WICK_DELTA_DICT_MAX;
    have->sector_bytes = info.erase_size;
    if (u->config.sources > 0 && update_info(u, &info, WICK_FLASH_STAGING) == WICK_OK) {
        have->staging_bytes = update_staging(u);
        have->sector_bytes = info.erase_size;
    }
    return status;
}
