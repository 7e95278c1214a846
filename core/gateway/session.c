/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls and sessions: one table for both. A call goes through look-up, path and handshake; a
 * session begins there, or by a caller's handshake. Datagrams of a session are recognised by path
 * and address, and only when the handshake is over.
 *
 *   state    event            to
 *   LOOKUP   a read is free   READ
 *   READ     record proven    PATH (call) | FREE (look-up)      refused: ENDED
 *   PATH     peer permitted   NSL                               denied, 120 s: ENDED
 *   NSL      established      UP      no answer: PATH with the standby endpoint, LOOKUP once
 *                                     more; failed: ENDED
 *   UP       path lost, closed, idle                            ENDED
 *   ENDED    event polled     FREE
 */
#include "gateway_internal.h"

#define ROOM_PERIOD_MS 200u
#define PATH_PERIOD_MS 100u
#define SET_UP_MS 120000u /* a call ends at the latest after this and the handshake's 31 s */
#define CALL_TRIES 2u     /* unanswered handshakes of a call, its record read anew for each */
#define BUSY_MS 30000u    /* a session used so recently is not evicted for a new one */

wick_gateway_session *gw_session_new(wick_gateway *gw, uint8_t *index)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (gw->session[i].state == SES_FREE) {
            memset(&gw->session[i], 0, sizeof gw->session[i]);
            *index = i;
            return &gw->session[i];
        }
    }
    return NULL;
}

void gw_session_end(wick_gateway *gw, uint8_t index, wick_status status)
{
    wick_gateway_session *s = &gw->session[index];
    if (s->state == SES_NSL) {
        wick_nsl_close(&gw->nsl, s->run);
    }
    if (s->state == SES_UP && (s->via & VIA_DIRECT) == 0) {
        wick_status gone = wick_turn_unbind(&gw->turn[s->via], &s->addr);
        (void)gone; /* no channel was bound */
    }
    gw_read_cancel(gw, READ_PEER, index);
    wick_wipe(&s->keys, sizeof s->keys);
    s->status = status;
    s->state = SES_ENDED;
    gw_event(gw, WICK_GW_EV_SESSION_DOWN, status, index);
}

/* ------------------------------------------------------------------ calls */

static bool name_is(const char *name, wick_span text)
{
    size_t i = 0;
    while (i < text.len && name[i] != '\0' && (uint8_t)name[i] == text.ptr[i]) {
        i++;
    }
    return i == text.len && name[i] == '\0';
}

static wick_status begin(wick_gateway *gw, uint8_t *index, uint64_t now_ms, const char *ref,
                         bool lookup_only)
{
    wick_peer_ref r;
    uint8_t id[32], service[32];
    size_t len = 0;
    uint8_t registry = 0;
    while (len < 256 && ref[len] != '\0') {
        len++;
    }
    wick_status st = wick_peer_ref_parse(&r, ref, len);
    if (st != WICK_OK) {
        return st;
    }
    if (r.registry.len != 0) {
        while (registry < gw->cfg.registry_count &&
               !name_is(gw_registry(gw, registry)->name, r.registry)) {
            registry++;
        }
        if (registry == gw->cfg.registry_count) {
            return WICK_E_CONFIG;
        }
    }
    static const uint8_t standard[] = WICK_SERVICE_DEFAULT;
    wick_span wanted = r.service.len != 0 ? r.service
                                          : wick_span_make(standard, sizeof standard - 1);
    st = wick_name_hash(id, r.name);
    if (st == WICK_OK) {
        st = wick_name_hash(service, wanted);
    }
    if (st == WICK_OK && !lookup_only && registry == 0 && memcmp(id, gw->id, 32) == 0) {
        st = WICK_E_BAD_ARG;
    }
    if (st != WICK_OK) {
        return st;
    }
    wick_gateway_session *s = gw_session_new(gw, index);
    if (s == NULL) {
        return WICK_E_LIMIT;
    }
    memcpy(s->id, id, 32);
    memcpy(s->service, service, 32);
    memcpy(s->name, r.name.ptr, r.name.len < 64 ? r.name.len : 63);
    s->registry = registry;
    s->initiator = true;
    s->lookup_only = lookup_only;
    s->state = SES_LOOKUP;
    s->due_ms = now_ms;
    s->give_up_ms = now_ms + SET_UP_MS;
    return WICK_OK;
}

wick_status wick_gateway_lookup(wick_gateway *gw, uint64_t now_ms, const char *ref)
{
    uint8_t index = 0;
    return begin(gw, &index, now_ms, ref, true);
}

wick_status wick_gateway_connect(wick_gateway *gw, uint8_t *session, uint64_t now_ms,
                                 const char *ref)
{
    *session = WICK_GW_NO_SESSION;
    if ((gw->goals & WICK_GW_GOAL_CALL) != WICK_GW_GOAL_CALL) {
        return WICK_E_STATE;
    }
    return begin(gw, session, now_ms, ref, false);
}

static void enter_path(wick_gateway_session *s, uint64_t now_ms)
{
    s->state = SES_PATH;
    s->due_ms = now_ms;
    s->asked = false;
}

void gw_session_resolved(wick_gateway *gw, uint64_t now_ms, uint8_t index, wick_status status)
{
    wick_gateway_session *s = &gw->session[index];
    if (s->state != SES_READ) {
        return;
    }
    gw_event(gw, WICK_GW_EV_PEER_RESOLVED, status, index);
    if (s->lookup_only) {
        s->state = SES_ENDED; /* freed when the event is polled */
    } else if (status != WICK_OK) {
        gw_session_end(gw, index, status);
    } else {
        enter_path(s, now_ms);
    }
}

static void start_handshake(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    wick_nsl_peer peer;
    memset(&peer, 0, sizeof peer);
    memcpy(peer.id, s->id, 32);
    peer.key.type = WICK_KEY_TYPE_SECP256K1;
    memcpy(peer.key.bytes, s->pub33, 33);
    peer.addr = s->addr;
    wick_status st = wick_nsl_connect(&gw->nsl, &s->run, now_ms, &peer);
    if (st == WICK_OK) {
        s->state = SES_NSL;
        s->due_ms = WICK_TIME_NEVER(now_ms);
    } else {
        gw_session_end(gw, index, st);
    }
}

/* The way to the peer: its own address, or a permission on the own allocation. */
static void try_path(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    s->due_ms = now_ms + PATH_PERIOD_MS;
    if (!gw->own.registered_told || !gw_relay_up(gw)) {
        if (gw->own.state == OWN_FAILED) {
            gw_session_end(gw, index, gw->own.failed_status);
        }
        return; /* the responder could not look us up, or there is no way out yet */
    }
    if (s->endpoint_kind != WICK_ENDPOINT_RELAY) {
        s->via = VIA_DIRECT;
        start_handshake(gw, now_ms, index);
        return;
    }
    s->via = 0;
    if (s->over_second) {
        const wick_addr *server = gw_relay_at(gw, &s->addr);
        s->via = server != NULL ? 1 : 0;
        if (server != NULL && !gw_second_up(gw, &s->addr)) {
            bool begun = gw_second_start(gw, now_ms, server, false);
            (void)begun; /* it may be under way already, or serve another call first */
            return;
        }
    }
    wick_status st = s->asked ? WICK_OK : wick_turn_permit(&gw->turn[s->via], now_ms, &s->addr);
    s->asked = true; /* once: asking again after a denial would begin anew */
    if (st == WICK_OK) {
        uint8_t probe[64];
        wick_buf b = wick_buf_make(probe, sizeof probe);
        st = wick_turn_send(&gw->turn[s->via], now_ms, &b, &s->addr, wick_span_make(probe, 0));
    }
    if (st == WICK_OK) {
        start_handshake(gw, now_ms, index);
    } else if (st == WICK_E_TURN_FORBIDDEN && !s->over_second &&
               gw_relay_at(gw, &s->addr) != NULL) {
        s->over_second = true; /* our relay denies theirs */
        s->asked = false;
    } else if (st != WICK_AGAIN) {
        gw_session_end(gw, index, st);
    }
}

void gw_session_permission(wick_gateway *gw, uint64_t now_ms, const wick_addr *ip)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (gw->session[i].state == SES_PATH && wick_addr_same_ip(&gw->session[i].addr, ip)) {
            gw->session[i].due_ms = now_ms;
        }
    }
}

uint64_t gw_session_tick(wick_gateway *gw, uint64_t now_ms)
{
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_LOOKUP && wick_time_reached(now_ms, s->due_ms)) {
            bool room = gw_peer_read(gw, i);
            s->state = room ? SES_READ : SES_LOOKUP;
            s->due_ms = now_ms + ROOM_PERIOD_MS;
        } else if (s->state == SES_PATH && wick_time_reached(now_ms, s->give_up_ms)) {
            gw_session_end(gw, i, WICK_E_TIMEOUT);
        } else if (s->state == SES_PATH && wick_time_reached(now_ms, s->due_ms)) {
            try_path(gw, now_ms, i);
        } else if (s->state == SES_UP && now_ms - s->used_ms >= WICK_GW_IDLE_MS) {
            gw_session_end(gw, i, WICK_E_TIMEOUT);
        }
        if (s->state == SES_LOOKUP || s->state == SES_PATH) {
            next = wick_time_min(next, s->due_ms);
        } else if (s->state == SES_UP) {
            next = wick_time_min(next, s->used_ms + WICK_GW_IDLE_MS);
        }
    }
    return next;
}

/* ------------------------------------------------------------------ sessions */

void gw_session_failed(wick_gateway *gw, uint64_t now_ms, uint32_t run, wick_status status)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
        if (s->state != SES_NSL || s->run != run) {
            continue;
        }
        if (s->has_next && status == WICK_E_NSL_NO_ANSWER) {
            s->has_next = false;
            s->addr = s->next;
            s->seq = s->next_seq;
            s->endpoint_kind = s->next_kind;
            enter_path(s, now_ms);
        } else if (s->tries + 1u < CALL_TRIES && status == WICK_E_NSL_NO_ANSWER) {
            s->tries++;
            s->over_second = !wick_addr_same_ip(&s->addr, wick_turn_relayed(&gw->turn[0]));
            s->state = SES_LOOKUP; /* it may have moved; or its relay does not let ours in */
            s->due_ms = now_ms;
            s->give_up_ms = now_ms + SET_UP_MS;
        } else {
            s->state = SES_PATH; /* the run is gone already */
            gw_session_end(gw, i, status);
        }
        return;
    }
}

/* Place for a caller: the one it has, a free one, or one that nobody has used for a while. */
static wick_gateway_session *place_for(wick_gateway *gw, uint64_t now_ms, const uint8_t id[32],
                                       uint8_t *index)
{
    wick_gateway_session *s;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        s = &gw->session[i];
        if (s->state == SES_UP && !s->initiator && memcmp(s->id, id, 32) == 0) {
            *index = i;
            return s;
        }
    }
    s = gw_session_new(gw, index);
    if (s != NULL) {
        return s;
    }
    uint8_t oldest = WICK_GW_NO_SESSION;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        s = &gw->session[i];
        if (s->state == SES_UP && !s->initiator && now_ms - s->used_ms >= BUSY_MS &&
            (oldest == WICK_GW_NO_SESSION || s->used_ms < gw->session[oldest].used_ms)) {
            oldest = i;
        }
    }
    if (oldest != WICK_GW_NO_SESSION) {
        gw_session_end(gw, oldest, WICK_E_LIMIT); /* free for the caller's next try */
    }
    return NULL;
}

void gw_session_established(wick_gateway *gw, uint64_t now_ms, uint32_t run,
                            const wick_session *keys)
{
    wick_gateway_session *s = NULL;
    uint8_t index = WICK_GW_NO_SESSION;
    if (keys->role == WICK_ROLE_INITIATOR) {
        for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
            if (gw->session[i].state == SES_NSL && gw->session[i].run == run) {
                index = i;
                s = &gw->session[i];
            }
        }
        if (s == NULL || memcmp(s->id, keys->peer_id, 32) != 0) {
            return;
        }
    } else {
        s = place_for(gw, now_ms, keys->peer_id, &index);
        if (s == NULL) {
            gw->dropped++;
            return;
        }
        memcpy(s->id, keys->peer_id, 32);
        s->via = gw_route_get(gw, &keys->path);
        s->addr = keys->path;
    }
    s->state = SES_UP;
    s->keys = *keys;
    s->used_ms = now_ms;
    if ((s->via & VIA_DIRECT) == 0) {
        /* Four bytes around a datagram instead of 36, and the peer's port is pinned. */
        wick_status bound = wick_turn_bind(&gw->turn[s->via], now_ms, &s->addr);
        (void)bound; /* without a channel data goes on in Send indications */
    }
    gw_event(gw, WICK_GW_EV_SESSION_UP, WICK_OK, index);
}

void gw_session_path_lost(wick_gateway *gw, uint64_t now_ms, uint8_t via, wick_status status)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
        if ((s->state != SES_NSL && s->state != SES_UP) || s->via != via) {
            continue;
        }
        if (s->state == SES_UP) {
            gw_session_end(gw, i, status);
        } else {
            wick_nsl_close(&gw->nsl, s->run); /* begin again from the new address */
            enter_path(s, now_ms);
        }
    }
}

void gw_session_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                      wick_span bytes)
{
    if (bytes.len == 0 || gw_second_input(gw, now_ms, via, from, bytes)) {
        return;
    }
    if (bytes.ptr[0] == WICK_NSL_VERSION) {
        gw_nsl_input(gw, now_ms, via, from, bytes);
        return;
    }
    if (bytes.ptr[0] < 20 || bytes.ptr[0] > 63) { /* RFC 7983: DTLS */
        gw->dropped++;
        return;
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_UP && s->via == via && wick_addr_equal(&s->addr, from)) {
            s->used_ms = now_ms;
            gw->data = bytes;
            gw->data_session = i;
            return;
        }
    }
    gw->dropped++;
}

/* ------------------------------------------------------------------ the application's side */

wick_status gw_path_send(wick_gateway *gw, wick_gateway_out *out, wick_span bytes, uint64_t now_ms,
                         uint8_t via, const wick_addr *to)
{
    out->kind = WICK_GW_OUT_SEND;
    if (bytes.len > WICK_GW_DATAGRAM_MAX) {
        return WICK_E_NO_SPACE;
    }
    if (via == VIA_DIRECT) {
        memmove(gw->frame, bytes.ptr, bytes.len);
        out->socket = 0;
        out->to = *to;
        out->bytes = wick_span_make(gw->frame, bytes.len);
        return WICK_OK;
    }
    wick_buf b = wick_buf_make(gw->frame, sizeof gw->frame);
    wick_status s = wick_turn_send(&gw->turn[via], now_ms, &b, to, bytes);
    if (s == WICK_OK) {
        out->socket = via;
        out->to = *wick_turn_server(&gw->turn[via]);
        out->bytes = wick_buf_span(&b);
    }
    return s;
}

static wick_gateway_session *up(wick_gateway *gw, uint8_t session)
{
    return session < WICK_GW_SESSIONS_MAX && gw->session[session].state == SES_UP
               ? &gw->session[session]
               : NULL;
}

wick_status wick_gateway_send(wick_gateway *gw, wick_gateway_out *out, wick_span bytes,
                              uint64_t now_ms, uint8_t session)
{
    wick_gateway_session *s = up(gw, session);
    if (s == NULL) {
        return WICK_E_STATE;
    }
    s->used_ms = now_ms;
    wick_status st = gw_path_send(gw, out, bytes, now_ms, s->via, &s->addr);
    return st == WICK_E_STATE || st == WICK_AGAIN ? WICK_E_TURN_LOST : st;
}

void wick_gateway_close(wick_gateway *gw, uint8_t session)
{
    if (session < WICK_GW_SESSIONS_MAX && gw->session[session].state != SES_FREE) {
        gw_session_end(gw, session, WICK_OK);
        gw_event_drop(gw, session);
        gw->session[session].state = SES_FREE;
    }
}

wick_status wick_gateway_session_psk(const wick_gateway *gw, wick_session_psk *out,
                                     uint8_t session, wick_session_role role, wick_session_use use)
{
    memset(out, 0, sizeof *out);
    if (session >= WICK_GW_SESSIONS_MAX || gw->session[session].state != SES_UP ||
        gw->session[session].keys.role != role) {
        return WICK_E_STATE;
    }
    return wick_session_psk_derive(out, gw->cfg.crypto, &gw->session[session].keys, use);
}
