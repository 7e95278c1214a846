/* SPDX-License-Identifier: Apache-2.0 */
/* The node of DPK-NSL v1: one table of connection ids over both roles, dispatch, outputs, keys. */
#include "wick/nsl.h"

#include <string.h>

#include "nsl_internal.h"

#define FORMER_KEY_MS (15u * 60u * 1000u)
#define LINGER_MS 60000u

/* ---- small services for both roles ---- */

static bool cid_in_use(const wick_nsl_node *node, uint32_t cid)
{
    bool used = false;
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        used = used || (node->runs[i].state != NSL_RUN_FREE && node->runs[i].cid_i == cid);
    }
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        used = used || (node->half[i].state != NSL_HALF_FREE && node->half[i].cid_r == cid);
    }
    for (size_t i = 0; i < WICK_NSL_DONE_MAX; i++) {
        used = used || (node->done[i].used && node->done[i].cid_r == cid);
    }
    return used;
}

wick_status nsl_new_cid(const wick_nsl_node *node, uint32_t *out)
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < 8; i++) {
        wick_status st = node->cfg.entropy->fill(node->cfg.entropy->ctx, bytes, sizeof bytes);
        if (st != WICK_OK) {
            return st;
        }
        const uint32_t cid = wick_load_be32(bytes);
        if (cid != 0 && cid != NSL_STUN_COOKIE && !cid_in_use(node, cid)) {
            *out = cid;
            return WICK_OK;
        }
    }
    return WICK_E_ENTROPY; /* a source that repeats itself */
}

uint32_t nsl_new_run(wick_nsl_node *node)
{
    node->serial++;
    if (node->serial == 0) {
        node->serial = 1;
    }
    return node->serial;
}

void nsl_reply(wick_nsl_node *node, const uint8_t *bytes, size_t len, const wick_addr *to)
{
    memcpy(node->reply, bytes, len);
    node->reply_len = len;
    node->reply_to = *to;
    node->reply_pending = true;
}

static void count_up(uint32_t *counter)
{
    if (*counter != UINT32_MAX) {
        (*counter)++;
    }
}

/* ---- life ---- */

static wick_status load_own(wick_nsl_own *out, const wick_nsl_config *cfg,
                            const wick_nsl_key *pub, wick_key key)
{
    memset(out, 0, sizeof *out);
    if (key.handle == 0) {
        return WICK_E_BAD_ARG;
    }
    wick_status st = nsl_keyhash(cfg->crypto, out->keyhash, pub);
    if (st == WICK_OK) {
        st = nsl_type(pub->type)->own(cfg->keystore, pub, key);
    }
    if (st == WICK_OK) {
        out->key = key;
        out->pub = *pub;
    }
    return st;
}

wick_status wick_nsl_init(wick_nsl_node *node, const wick_nsl_config *cfg, uint64_t now_ms)
{
    memset(node, 0, sizeof *node);
    if (cfg->crypto == NULL || cfg->entropy == NULL || cfg->keystore == NULL ||
        (cfg->opts & ~WICK_NSL_OPT_ALL) != 0 || (cfg->allow == NULL && cfg->allow_count != 0) ||
        (cfg->relays == NULL && cfg->relay_count != 0)) {
        return WICK_E_BAD_ARG;
    }
    node->cfg = *cfg;
    wick_status st = load_own(&node->own[0], cfg, &cfg->pub, cfg->key);
    if (st == WICK_OK) {
        st = nsl_cookie_init(node, now_ms);
    }
    if (st != WICK_OK) {
        wick_nsl_wipe(node);
        return st;
    }
    nsl_bucket_init(&node->m1_bucket, now_ms,
                    cfg->m1_per_s != 0 ? cfg->m1_per_s : WICK_NSL_M1_PER_S);
    nsl_bucket_init(&node->m0_bucket, now_ms,
                    cfg->m0_per_s != 0 ? cfg->m0_per_s : WICK_NSL_M0_PER_S);
    return WICK_OK;
}

void wick_nsl_wipe(wick_nsl_node *node)
{
    wick_hmac_key_wipe(&node->cookie_key[0]);
    wick_hmac_key_wipe(&node->cookie_key[1]);
    wick_wipe(node, sizeof *node);
}

wick_status wick_nsl_rotate(wick_nsl_node *node, uint64_t now_ms, const wick_nsl_key *pub,
                            wick_key key)
{
    wick_nsl_own own;

    if (node->own[1].key.handle != 0) {
        return WICK_E_STATE;
    }
    wick_status st = load_own(&own, &node->cfg, pub, key);
    if (st == WICK_OK && wick_ct_equal(own.keyhash, node->own[0].keyhash, 32)) {
        st = WICK_E_BAD_ARG;
    }
#if WICK_WITH_NSL_RSA
    const unsigned suite = node->cfg.only_suite;
    if (st == WICK_OK && suite != 0 && suite >> 4 != own.pub.type &&
        (suite & 15u) != own.pub.type) {
        st = WICK_E_UNSUPPORTED; /* on neither side of any handshake that is allowed */
    }
#endif
    if (st != WICK_OK) {
        return st;
    }
    node->own[1] = node->own[0];
    node->own[1].until_ms =
        now_ms + (node->cfg.former_key_ms != 0 ? node->cfg.former_key_ms : FORMER_KEY_MS);
    node->own[0] = own;
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        node->runs[i].own = 1;
    }
    return WICK_OK;
}

void wick_nsl_forget(wick_nsl_node *node)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        nsl_run_forget(&node->runs[i]);
    }
    wick_wipe(&node->own[1], sizeof node->own[1]);
}

void wick_nsl_close(wick_nsl_node *node, uint32_t run)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (node->runs[i].state != NSL_RUN_FREE && node->runs[i].run == run) {
            wick_wipe(&node->runs[i], sizeof node->runs[i]);
        }
    }
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        if (node->half[i].state == NSL_HALF_DONE && node->half[i].run == run) {
            wick_wipe(&node->half[i], sizeof node->half[i]);
        }
    }
}

/* ---- input ---- */

static wick_status dispatch(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                            const wick_addr *from)
{
    struct nsl_header h;

    if (!nsl_header_get(&h, bytes)) {
        return WICK_E_NSL_DROP;
    }
    switch (h.type) {
    case NSL_M0:
        return nsl_on_m0(node, now_ms, bytes, &h, from);
    case NSL_M1:
        return nsl_on_m1(node, now_ms, bytes, &h, from);
    case NSL_M2:
        return nsl_on_m2(node, now_ms, bytes, &h);
    case NSL_M3:
        return nsl_on_m3(node, now_ms, bytes, &h, from);
#if WICK_WITH_NSL_RSA
    case NSL_ASK:
        return nsl_on_ask(node, now_ms, bytes, &h, from);
#endif
    default:
        return nsl_on_m4(node, bytes, &h);
    }
}

wick_status wick_nsl_input(wick_nsl_node *node, uint64_t now_ms, wick_span bytes,
                           const wick_addr *from)
{
    wick_status st = dispatch(node, now_ms, bytes, from);
    if (st == WICK_OK) {
        return WICK_OK;
    }
    count_up(&node->stats.dropped);
    switch ((int)st) {
    case WICK_E_NSL_RATE:
        count_up(&node->stats.rate_limited);
        return st;
    case WICK_E_NSL_TABLE_FULL:
        count_up(&node->stats.table_full);
        return st;
    case WICK_E_ENTROPY:
        return st;
    case WICK_E_AUTH:
    case WICK_E_BAD_KEY:
    case WICK_E_NSL_PEER_KEY:
        count_up(&node->stats.auth_failed);
        return WICK_E_NSL_DROP;
    default:
        return WICK_E_NSL_DROP;
    }
}

wick_status wick_nsl_lookup_result(wick_nsl_node *node, uint64_t now_ms, const uint8_t id[32],
                                   const wick_nsl_key *key, wick_status status)
{
    if (status == WICK_OK && key == NULL) {
        return WICK_E_BAD_ARG;
    }
    for (size_t i = 0; i < WICK_NSL_LOOKUPS_MAX; i++) {
        wick_nsl_lookup *l = &node->lookups[i];
        if (!l->used || !l->announced || wick_time_reached(now_ms, l->until_ms) ||
            memcmp(l->id, id, 32) != 0) {
            continue;
        }
        const bool fresh = l->fresh;
        memset(l, 0, sizeof *l);
        for (size_t k = 0; k < WICK_NSL_HALF_OPEN_MAX; k++) {
            wick_nsl_half *e = &node->half[k];
            if (e->state == NSL_LOOKUP && memcmp(e->id, id, 32) == 0) {
                nsl_half_lookup_result(node, e, now_ms, key, status, fresh);
            }
        }
        for (size_t k = 0; k < WICK_NSL_CONNECT_MAX; k++) {
            if (memcmp(node->runs[k].peer.id, id, 32) == 0) {
                nsl_run_lookup_result(node, &node->runs[k], now_ms, key, status);
            }
        }
        nsl_start_lookups(node, now_ms);
        return WICK_OK;
    }
    return WICK_E_STATE;
}

/* ---- output ---- */

/* The session of the last event was for the taking until now. */
static void forget_handed(wick_nsl_node *node, uint64_t now_ms)
{
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->state == NSL_HALF_DONE && e->run == node->handed) {
            wick_wipe(e, sizeof *e);
        }
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        wick_nsl_run *r = &node->runs[i];
        if (r->state == NSL_RUN_DONE && r->run == node->handed) {
            if ((r->chosen & WICK_NSL_OPT_NO_M4) != 0) {
                wick_wipe(&r->keys, sizeof r->keys);
                r->state = NSL_RUN_LINGER;
                r->give_up_ms = now_ms + LINGER_MS;
            } else {
                wick_wipe(r, sizeof *r);
            }
        }
    }
    node->handed = 0;
}

static void tick(wick_nsl_node *node, uint64_t now_ms)
{
    bool room = false;

    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->state != NSL_HALF_FREE && e->state != NSL_HALF_DONE &&
            wick_time_reached(now_ms, e->deadline_ms)) {
            wick_wipe(e, sizeof *e);
        }
    }
    for (size_t i = 0; i < WICK_NSL_LOOKUPS_MAX; i++) {
        wick_nsl_lookup *l = &node->lookups[i];
        if (l->used && wick_time_reached(now_ms, l->until_ms)) {
            memset(l, 0, sizeof *l);
            room = true;
        }
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        nsl_run_tick(node, &node->runs[i], now_ms);
    }
    if (node->own[1].key.handle != 0 && wick_time_reached(now_ms, node->own[1].until_ms)) {
        wick_wipe(&node->own[1], sizeof node->own[1]);
        node->former_done = true;
    }
    if (room) {
        nsl_start_lookups(node, now_ms);
    }
}

static bool give_send(wick_nsl_node *node, wick_nsl_out *out)
{
    out->kind = WICK_OUT_SEND;
    if (node->reply_pending) {
        node->reply_pending = false;
        out->bytes = wick_span_make(node->reply, node->reply_len);
        out->to = node->reply_to;
        return true;
    }
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->send_m2) {
            e->send_m2 = false;
            out->bytes = wick_span_make(e->m2, nsl_m2_bytes(e->suite));
            out->to = e->send_to;
            return true;
        }
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        wick_nsl_run *r = &node->runs[i];
        if (r->send) {
            r->send = false;
            out->bytes = wick_span_make(r->msg, r->msg_len);
            out->to = r->peer.addr;
            return true;
        }
    }
    return false;
}

static bool give_run_event(wick_nsl_node *node, wick_nsl_out *out)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        wick_nsl_run *r = &node->runs[i];
        if (r->state != NSL_RUN_DONE && r->state != NSL_RUN_FAILED) {
            continue;
        }
        out->run = r->run;
        out->role = WICK_ROLE_INITIATOR;
        memcpy(out->id, r->peer.id, 32);
        if (r->state == NSL_RUN_FAILED) {
            out->event = WICK_NSL_EV_FAILED;
            out->status = r->status;
            wick_wipe(r, sizeof *r);
        } else {
            out->event = WICK_NSL_EV_ESTABLISHED;
            node->handed = r->run;
            count_up(&node->stats.established);
        }
        return true;
    }
    return false;
}

static bool give_event(wick_nsl_node *node, wick_nsl_out *out)
{
    out->kind = WICK_OUT_EVENT;
    for (size_t i = 0; i < WICK_NSL_LOOKUPS_MAX; i++) {
        wick_nsl_lookup *l = &node->lookups[i];
        if (l->used && !l->announced) {
            l->announced = true;
            out->event = WICK_NSL_EV_LOOKUP_WANTED;
            out->fresh = l->fresh;
            memcpy(out->id, l->id, 32);
            return true;
        }
    }
    if (give_run_event(node, out)) {
        return true;
    }
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        const wick_nsl_half *e = &node->half[i];
        if (e->state == NSL_HALF_DONE) {
            out->event = WICK_NSL_EV_ESTABLISHED;
            out->run = e->run;
            out->role = WICK_ROLE_RESPONDER;
            memcpy(out->id, e->id, 32);
            node->handed = e->run;
            count_up(&node->stats.established);
            return true;
        }
    }
    if (node->former_done) {
        node->former_done = false;
        out->event = WICK_NSL_EV_FORMER_KEY_DONE;
        return true;
    }
    return false;
}

static uint64_t next_deadline(const wick_nsl_node *node, uint64_t now_ms)
{
    uint64_t at = WICK_TIME_NEVER(now_ms);

    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        if (node->half[i].state != NSL_HALF_FREE) {
            at = wick_time_min(at, node->half[i].deadline_ms);
        }
    }
    for (size_t i = 0; i < WICK_NSL_LOOKUPS_MAX; i++) {
        if (node->lookups[i].used) {
            at = wick_time_min(at, node->lookups[i].until_ms);
        }
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        const wick_nsl_run *r = &node->runs[i];
        if (r->state != NSL_RUN_FREE) {
            at = wick_time_min(at, r->give_up_ms);
        }
        if (r->state == NSL_WAIT_M2 || r->state == NSL_WAIT_M4) {
            at = wick_time_min(at, r->next_ms);
        }
        if (r->state == NSL_WAIT_M4) {
            at = wick_time_min(at, r->restart_ms);
        }
    }
    return node->own[1].key.handle != 0 ? wick_time_min(at, node->own[1].until_ms) : at;
}

void wick_nsl_poll(wick_nsl_node *node, wick_nsl_out *out, uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    if (node->handed != 0) {
        forget_handed(node, now_ms);
    }
    tick(node, now_ms);
    if (give_send(node, out) || give_event(node, out)) {
        return;
    }
    out->kind = WICK_OUT_WAIT;
    out->deadline_ms = next_deadline(node, now_ms);
}

wick_status wick_nsl_take(wick_nsl_node *node, wick_session *out, uint32_t run)
{
    memset(out, 0, sizeof *out);
    if (run == 0 || run != node->handed) {
        return WICK_E_STATE;
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        wick_nsl_run *r = &node->runs[i];
        if (r->state == NSL_RUN_DONE && r->run == run &&
            !wick_ct_is_zero(r->keys.late.root, 32)) {
            out->role = WICK_ROLE_INITIATOR;
            out->uses = nsl_session_uses(r->chosen);
            out->path = r->peer.addr;
            memcpy(out->peer_id, r->peer.id, 32);
            memcpy(out->peer_keyhash, r->keyhash, 32);
            memcpy(out->root, r->keys.late.root, 32);
            wick_wipe(&r->keys, sizeof r->keys);
            return WICK_OK;
        }
    }
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->state == NSL_HALF_DONE && e->run == run && !wick_ct_is_zero(e->keys.root, 32)) {
            out->role = WICK_ROLE_RESPONDER;
            out->uses = nsl_session_uses(e->chosen);
            out->path = e->path;
            memcpy(out->peer_id, e->id, 32);
            memcpy(out->peer_keyhash, e->keyhash, 32);
            memcpy(out->root, e->keys.root, 32);
            wick_wipe(&e->keys, sizeof e->keys);
            return WICK_OK;
        }
    }
    return WICK_E_STATE;
}
