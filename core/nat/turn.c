/* SPDX-License-Identifier: Apache-2.0 */
/* TURN client: configuration, what the caller wants, and the poll loop. See turn_internal.h. */
#include "wick/turn.h"

#include <string.h>

#include "turn_internal.h"

wick_status wick_turn_init(wick_turn *t, const wick_turn_config *cfg)
{
    memset(t, 0, sizeof *t);
    bool with_key = cfg->key.len != 0;
    bool long_key = cfg->key.len == WICK_TURN_KEY_SHA256_BYTES;
    wick_span secret = with_key ? cfg->key : cfg->password;
    if (cfg->crypto == NULL || cfg->entropy == NULL || cfg->server.port == 0 ||
        cfg->username.len == 0 || secret.len == 0) {
        return WICK_E_BAD_ARG;
    }
    if ((with_key && !long_key && cfg->key.len != WICK_TURN_KEY_BYTES) ||
        (with_key && cfg->realm.len == 0) || cfg->family > WICK_TURN_FAMILY_BOTH) {
        return WICK_E_BAD_ARG;
    }
    if ((WICK_WITH_TURN_SHA256 == 0 && (cfg->require_sha256 || long_key)) ||
        (WICK_WITH_TURN_MOBILITY == 0 && cfg->mobile) ||
        (WICK_WITH_TURN_STREAM == 0 && cfg->stream) ||
        (WICK_WITH_TURN_DUAL == 0 && cfg->family >= WICK_TURN_FAMILY_IPV6)) {
        return WICK_E_UNSUPPORTED;
    }
    if (cfg->username.len > WICK_TURN_USERNAME_MAX || secret.len > WICK_TURN_PASSWORD_MAX ||
        cfg->realm.len > WICK_TURN_REALM_MAX) {
        return WICK_E_LIMIT;
    }
    if (!wick_turn_is_text_(cfg->username, cfg->prepared) ||
        (!with_key && !wick_turn_is_text_(secret, cfg->prepared))) {
        return WICK_E_STUN_NOT_ASCII;
    }
    t->crypto = cfg->crypto;
    t->entropy = cfg->entropy;
    t->home = cfg->server;
    t->server = cfg->server;
    t->asked_lifetime_s = cfg->lifetime_s;
    memcpy(t->username, cfg->username.ptr, cfg->username.len);
    t->username_len = (uint8_t)cfg->username.len;
    memcpy(t->password, secret.ptr, secret.len);
    t->password_len = (uint8_t)secret.len;
    t->fixed_key = with_key ? 1 : 0;
    t->flags = (uint8_t)((cfg->realm.len != 0 ? FLAG_REALM : 0u) |
                         (cfg->stream ? FLAG_STREAM : 0u) | (cfg->mobile ? FLAG_MOBILE : 0u) |
                         (cfg->require_sha256 || long_key ? FLAG_SHA256 : 0u) |
                         (cfg->fingerprint ? FLAG_FINGERPRINT : 0u) |
                         ((unsigned)cfg->family << FLAG_FAMILY_SHIFT));
    if (cfg->realm.len != 0) {
        wick_status status =
            wick_turn_set_realm_(t, cfg->realm, long_key ? (unsigned)WICK_STUN_SHA256 : 0u);
        if (status != WICK_OK) {
            wick_turn_wipe(t);
            return status;
        }
    }
    return WICK_OK;
}

void wick_turn_wipe(wick_turn *t)
{
    wick_hmac_key_wipe(&t->hmac);
    wick_wipe(t, sizeof *t);
}

wick_status wick_turn_start(wick_turn *t, uint64_t now_ms)
{
    if (t->crypto == NULL || (t->state != STATE_IDLE && t->state != STATE_ENDED)) {
        return WICK_E_STATE;
    }
    wick_status status = t->entropy->fill(t->entropy->ctx, t->tid_base, sizeof t->tid_base);
    if (status != WICK_OK) {
        return status;
    }
    t->server = t->home;
    /* What another server had proved does not bind this one. */
    t->flags = (uint8_t)(t->flags & (t->redirects != 0 ? ~FLAG_HELD : ~0u));
    t->redirects = 0;
    t->must_authenticate = 0;
    t->nonce_len = 0;
    t->event = WICK_TURN_EV_NONE;
    t->status = WICK_OK;
    t->refused_count = 0;
    t->next_channel = WICK_CHANNEL_MIN;
    t->state = STATE_ALLOCATING;
    memset(&t->op[ALLOCATION], 0, sizeof t->op[ALLOCATION]);
    memset(&t->op[KEEPALIVE], 0, sizeof t->op[KEEPALIVE]);
    memset(&t->op[CHANNEL], 0, sizeof t->op[CHANNEL] * WICK_TURN_CHANNELS);
    t->op[ALLOCATION].state = OP_WANTED;
    t->op[ALLOCATION].due_ms = now_ms;
    for (unsigned i = PERMISSION; i < CHANNEL; i++) {
        wick_turn_op *op = &t->op[i];
        if (op->state != OP_FREE) {
            wick_addr peer = op->peer;
            memset(op, 0, sizeof *op);
            op->peer = peer;
            op->state = OP_WANTED;
            op->due_ms = now_ms;
        }
    }
    return WICK_OK;
}

void wick_turn_end_(wick_turn *t, wick_turn_event event, wick_status status)
{
    t->state = STATE_ENDED;
    t->event = (uint8_t)event;
    t->status = status;
    t->mapping_event = 0;
    t->silent_event = 0;
    t->lifetime_s = 0;
    memset(&t->relayed, 0, sizeof t->relayed);
    memset(&t->mapped, 0, sizeof t->mapped);
#if WICK_WITH_TURN_DUAL
    memset(&t->relayed2, 0, sizeof t->relayed2);
#endif
#if WICK_WITH_TURN_MOBILITY
    t->moving = 0;
    t->moved_event = 0;
    t->ticket_len = 0;
#endif
    memset(t->request, 0, sizeof t->request);
    for (unsigned i = 0; i < WICK_TURN_OPS; i++) {
        t->op[i].flight = 0;
        t->op[i].event = WICK_TURN_EV_NONE;
    }
}

void wick_turn_hurry_(wick_turn_op *op, uint64_t now_ms)
{
    if (op->flight == 0) {
        op->due_ms = wick_time_min(op->due_ms, now_ms);
    }
}

uint32_t wick_turn_jitter_(wick_turn *t, uint32_t below)
{
    uint8_t r[4];
    if (t->entropy->fill(t->entropy->ctx, r, sizeof r) != WICK_OK) {
        return 0;
    }
    return wick_load_be32(r) % below;
}

/* ---- what the caller wants ---- */

wick_turn_op *wick_turn_find_permission_(wick_turn *t, const wick_addr *peer)
{
    for (unsigned i = PERMISSION; i < CHANNEL; i++) {
        if (t->op[i].state != OP_FREE && wick_addr_same_ip(&t->op[i].peer, peer)) {
            return &t->op[i];
        }
    }
    return NULL;
}

wick_turn_op *wick_turn_find_channel_(wick_turn *t, const wick_addr *peer)
{
    for (unsigned i = CHANNEL; i < WICK_TURN_OPS; i++) {
        if (t->op[i].state != OP_FREE && wick_addr_equal(&t->op[i].peer, peer)) {
            return &t->op[i];
        }
    }
    return NULL;
}

/* Wants it (again); leaves alone what is wanted or there. */
static void want(wick_turn_op *op, uint64_t now_ms)
{
    if (op->state == OP_WANTED || op->state == OP_READY) {
        return;
    }
    op->state = OP_WANTED;
    op->due_ms = now_ms;
    op->retries = 0;
    op->strikes = 0;
    op->event = WICK_TURN_EV_NONE;
}

wick_status wick_turn_permit(wick_turn *t, uint64_t now_ms, const wick_addr *peer)
{
    wick_turn_op *op = wick_turn_find_permission_(t, peer);
    for (unsigned i = PERMISSION; i < CHANNEL && op == NULL; i++) {
        /* A freed op whose request is still under way must not be given to another peer. */
        if (t->op[i].state == OP_FREE && t->op[i].flight == 0) {
            op = &t->op[i];
            memset(op, 0, sizeof *op);
            op->peer = *peer;
            op->peer.port = 0;
        }
    }
    if (op == NULL) {
        return WICK_E_LIMIT;
    }
    want(op, now_ms);
    return WICK_OK;
}

static void lapse(wick_turn_op *op)
{
    /* Never bound: the number is free. Bound or under way: the server may send on it for as long as
     * it keeps it, and it may not be given to another peer. */
    op->state = (op->state == OP_READY || op->flight != 0) ? OP_LAPSING : OP_FREE;
    op->event = WICK_TURN_EV_NONE;
}

wick_status wick_turn_unpermit(wick_turn *t, const wick_addr *peer)
{
    wick_turn_op *op = wick_turn_find_permission_(t, peer);
    if (op == NULL) {
        return WICK_E_NOT_FOUND;
    }
    op->state = OP_FREE;
    op->event = WICK_TURN_EV_NONE;
    for (unsigned i = CHANNEL; i < WICK_TURN_OPS; i++) {
        wick_turn_op *c = &t->op[i];
        if ((c->state == OP_WANTED || c->state == OP_READY) && wick_addr_same_ip(&c->peer, peer)) {
            lapse(c);
        }
    }
    return WICK_OK;
}

/* The next number of the range that no entry holds: freed numbers come back as late as possible. */
static uint16_t next_channel(wick_turn *t)
{
    bool taken = true;
    uint16_t number = WICK_CHANNEL_MIN;
    while (taken) {
        number = t->next_channel;
        t->next_channel =
            (uint16_t)(number == WICK_CHANNEL_MAX ? WICK_CHANNEL_MIN : number + 1u);
        taken = false;
        for (unsigned i = CHANNEL; i < WICK_TURN_OPS; i++) {
            taken = taken || (t->op[i].state != OP_FREE && t->op[i].channel == number);
        }
    }
    return number;
}

wick_status wick_turn_bind(wick_turn *t, uint64_t now_ms, const wick_addr *peer)
{
    if (t->state != STATE_ALLOCATED) {
        return WICK_E_STATE;
    }
    wick_turn_op *op = wick_turn_find_channel_(t, peer);
    for (unsigned i = CHANNEL; i < WICK_TURN_OPS && op == NULL; i++) {
        wick_turn_op *c = &t->op[i];
        bool lapsed = c->state == OP_LAPSING && c->flight == 0 &&
                      wick_time_reached(now_ms, c->until_ms + CHANNEL_REUSE_MS);
        if (lapsed || (c->state == OP_FREE && c->flight == 0)) {
            op = c;
        }
    }
    if (op == NULL) {
        return WICK_E_LIMIT;
    }
    wick_status status = wick_turn_permit(t, now_ms, peer);
    if (status != WICK_OK) {
        return status;
    }
    if (!wick_addr_equal(&op->peer, peer) || op->state == OP_FREE) {
        memset(op, 0, sizeof *op);
        op->peer = *peer;
        op->channel = next_channel(t);
    }
    want(op, now_ms);
    return WICK_OK;
}

wick_status wick_turn_unbind(wick_turn *t, const wick_addr *peer)
{
    wick_turn_op *op = wick_turn_find_channel_(t, peer);
    if (op == NULL || op->state == OP_LAPSING) {
        return WICK_E_NOT_FOUND;
    }
    lapse(op);
    return WICK_OK;
}

void wick_turn_release(wick_turn *t, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[ALLOCATION];
    if (t->state == STATE_RELEASING || t->state == STATE_ENDED) {
        return;
    }
    /* An Allocate under way may have succeeded at the server, which is told to forget it. */
    bool maybe = t->state == STATE_ALLOCATED || (t->state == STATE_ALLOCATING && op->flight != 0 &&
                                                 t->nonce_len != 0);
    wick_turn_end_(t, WICK_TURN_EV_NONE, WICK_OK);
    if (maybe) {
        t->state = STATE_RELEASING;
        op->state = OP_WANTED;
        op->due_ms = now_ms;
        op->retries = 0;
        op->strikes = 0;
    }
}

void wick_turn_probe(wick_turn *t, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[KEEPALIVE];
    /* until_ms of this op: not before. Hints that anybody can cause must not make a flood. */
    if (t->state == STATE_ALLOCATED && wick_time_reached(now_ms, op->until_ms)) {
        wick_turn_hurry_(op, now_ms);
    }
}

void wick_turn_refused(wick_turn *t, uint64_t now_ms)
{
    if (t->state == STATE_IDLE || t->state == STATE_ENDED) {
        return;
    }
    if (t->refused_count == 0) {
        t->refused_ms = now_ms;
    }
    if (t->refused_count < REFUSED_HINTS) {
        t->refused_count++;
    }
    /* Anybody can cause hints: they count once a request of ours is unanswered for a second. */
    const wick_turn_op *keep = &t->op[KEEPALIVE];
    bool asked = t->state != STATE_ALLOCATED ||
                 (keep->flight != 0 && wick_time_reached(now_ms, keep->until_ms));
    if (asked && t->refused_count == REFUSED_HINTS &&
        wick_time_reached(now_ms, t->refused_ms + REFUSED_MS)) {
        if (t->state == STATE_RELEASING) {
            wick_turn_end_(t, WICK_TURN_EV_NONE, WICK_OK);
        } else {
            wick_turn_end_(t,
                           t->state == STATE_ALLOCATED ? WICK_TURN_EV_LOST : WICK_TURN_EV_FAILED,
                           WICK_E_NET);
        }
        return;
    }
    wick_turn_probe(t, now_ms);
}

bool wick_turn_is_allocated(const wick_turn *t)
{
    return t->state == STATE_ALLOCATED;
}

const wick_addr *wick_turn_relayed(const wick_turn *t)
{
    return &t->relayed;
}

const wick_addr *wick_turn_mapped(const wick_turn *t)
{
    return &t->mapped;
}

const wick_addr *wick_turn_server(const wick_turn *t)
{
    return &t->server;
}

uint32_t wick_turn_lifetime_s(const wick_turn *t)
{
    return t->lifetime_s;
}

const wick_addr *wick_turn_relayed2(const wick_turn *t)
{
#if WICK_WITH_TURN_DUAL
    return &t->relayed2;
#else
    static const wick_addr none;
    (void)t;
    return &none;
#endif
}

uint16_t wick_turn_family_error(const wick_turn *t)
{
#if WICK_WITH_TURN_DUAL
    return t->family_error;
#else
    (void)t;
    return 0;
#endif
}

bool wick_turn_is_sha256(const wick_turn *t)
{
    return t->state == STATE_ALLOCATED && (t->flags & FLAG_HELD) != 0;
}

/* ---- poll ---- */

static void expire(wick_turn *t, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_TURN_TRANSACTIONS; i++) {
        wick_turn_request *r = &t->request[i];
        if (r->op != 0 && wick_turn_is_last_(r) && wick_time_reached(now_ms, r->next_ms)) {
            unsigned op = r->op - 1u;
            r->op = 0;
            t->op[op].flight = 0;
            wick_turn_timed_out_(t, op, now_ms);
        }
    }
    const wick_turn_op *a = &t->op[ALLOCATION];
    if (t->state == STATE_ALLOCATED && wick_time_reached(now_ms, a->until_ms)) {
        /* The last thing that kept it from being refreshed is the reason. */
        wick_turn_end_(t, WICK_TURN_EV_LOST,
                       a->event_status != WICK_OK ? a->event_status : WICK_E_TURN_LOST);
    }
}

static void event_out(wick_out *out, uint8_t event, wick_status status, const wick_addr *about)
{
    out->kind = WICK_OUT_EVENT;
    out->event = event;
    out->status = status;
    out->to = *about;
}

static bool next_event(wick_turn *t, wick_out *out)
{
    if (t->event != WICK_TURN_EV_NONE) {
        event_out(out, t->event, t->status,
                  t->event == WICK_TURN_EV_ALLOCATED ? &t->relayed : &t->server);
        t->event = WICK_TURN_EV_NONE;
        return true;
    }
    if (t->mapping_event != 0) {
        t->mapping_event = 0;
        event_out(out, WICK_TURN_EV_MAPPING_CHANGED, WICK_OK, &t->mapped);
        return true;
    }
#if WICK_WITH_TURN_MOBILITY
    if (t->moved_event != 0) {
        t->moved_event = 0;
        event_out(out, WICK_TURN_EV_MOVED, WICK_OK, &t->relayed);
        return true;
    }
#endif
    if (t->silent_event == 1) {
        t->silent_event = 2; /* told; 0 again after an answer */
        event_out(out, WICK_TURN_EV_SILENT, WICK_E_TIMEOUT, &t->server);
        return true;
    }
    for (unsigned i = PERMISSION; i < WICK_TURN_OPS; i++) {
        wick_turn_op *op = &t->op[i];
        if (op->event != WICK_TURN_EV_NONE) {
            event_out(out, op->event, op->event_status, &op->peer);
            op->event = WICK_TURN_EV_NONE;
            return true;
        }
    }
    return false;
}

/* Does this op have something to ask for in the present state? */
static bool is_active(const wick_turn *t, unsigned i)
{
    const wick_turn_op *op = &t->op[i];
    return op->flight == 0 && (op->state == OP_WANTED || op->state == OP_READY) &&
           (i == ALLOCATION || t->state == STATE_ALLOCATED) &&
           (i <= KEEPALIVE || !wick_turn_is_moving_(t));
}

/* A request to repeat or to begin. WICK_OK: in out; WICK_AGAIN: none is due; else it failed, and the
 * state has changed. */
static wick_status next_send(wick_turn *t, uint64_t now_ms, wick_out *out)
{
    for (unsigned i = 0; i < WICK_TURN_TRANSACTIONS; i++) {
        wick_turn_request *r = &t->request[i];
        if (r->op != 0 && wick_time_reached(now_ms, r->next_ms)) {
            return wick_turn_transmit_(t, r, now_ms, &out->bytes);
        }
    }
    for (unsigned i = 0; i < WICK_TURN_OPS; i++) {
        wick_turn_request *r = wick_turn_free_request_(t, i);
        if (r != NULL && is_active(t, i) && wick_time_reached(now_ms, t->op[i].due_ms)) {
            return wick_turn_begin_(t, r, i, now_ms, &out->bytes);
        }
    }
    return WICK_AGAIN;
}

static uint64_t next_deadline(wick_turn *t, uint64_t now_ms)
{
    uint64_t at = WICK_TIME_NEVER(now_ms);
    for (unsigned i = 0; i < WICK_TURN_TRANSACTIONS; i++) {
        if (t->request[i].op != 0) {
            at = wick_time_min(at, t->request[i].next_ms);
        }
    }
    for (unsigned i = 0; i < WICK_TURN_OPS; i++) {
        if (is_active(t, i) && wick_turn_free_request_(t, i) != NULL) {
            at = wick_time_min(at, t->op[i].due_ms);
        }
    }
    if (t->state == STATE_ALLOCATED) {
        at = wick_time_min(at, t->op[ALLOCATION].until_ms);
    }
    return at;
}

void wick_turn_poll(wick_turn *t, uint64_t now_ms, wick_out *out)
{
    memset(out, 0, sizeof *out);
    for (;;) {
        expire(t, now_ms);
        if (next_event(t, out)) {
            return;
        }
        if (t->state == STATE_ENDED) {
            out->kind = WICK_OUT_DONE;
            out->status = t->status;
            return;
        }
        wick_status status = next_send(t, now_ms, out);
        if (status == WICK_OK) {
            out->kind = WICK_OUT_SEND;
            out->to = t->server;
            return;
        }
        if (status == WICK_AGAIN) {
            out->kind = WICK_OUT_WAIT;
            out->deadline_ms = next_deadline(t, now_ms);
            return;
        }
        /* It failed here, not at the server: that op waits or all has ended. Look again. */
    }
}
