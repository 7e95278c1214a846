/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: from a reference to a handshake. A call is an entry of the session table until it is a
 * session or has ended.
 *
 *   state    event            to
 *   LOOKUP   a read is free   READ
 *   READ     record proven    PATH (call) | FREE (look-up)      refused: ENDED
 *   PATH     peer permitted   NSL                               denied, 120 s: ENDED
 *   NSL      established      UP      no answer: PATH with the other endpoint (after 2.5 s at first),
 *                                     LOOKUP once more (then over the peer's relay if it is another);
 *                                     failed: ENDED
 *   UP       path lost, closed, idle                            ENDED
 *   ENDED    event polled     FREE
 */
#include "gateway_internal.h"

#define ROOM_PERIOD_MS 200u
#define PATH_PERIOD_MS 100u
#define SET_UP_MS 120000u /* a call ends at the latest after this and the handshake's 31 s */
#define REMEMBERED_MS 3000u /* a handshake by a remembered record, before it is read anew */
#define HOP_MS 2500u /* for the first try of each endpoint, where a record names two */
#define CALL_TRIES 2u     /* unanswered handshakes of a call, its record read anew for each */

static bool name_is(const char *name, wick_span text)
{
    size_t i = 0;
    while (i < text.len && name[i] != '\0' && (uint8_t)name[i] == text.ptr[i]) {
        i++;
    }
    return i == text.len && name[i] == '\0';
}

wick_status gw_call_parse(const wick_gateway *gw, wick_peer_ref *r, uint8_t id[32],
                          uint8_t service[32], uint8_t *registry, const char *ref)
{
    size_t len = 0;
    *registry = 0;
    while (len < 256 && ref[len] != '\0') {
        len++;
    }
    wick_status st = wick_peer_ref_parse(r, ref, len);
    if (st != WICK_OK) {
        return st;
    }
    if (r->registry.len != 0) {
        while (*registry < gw->cfg.registry_count &&
               !name_is(gw_registry(gw, *registry)->name, r->registry)) {
            (*registry)++;
        }
        if (*registry == gw->cfg.registry_count) {
            return WICK_E_CONFIG;
        }
    }
    static const uint8_t standard[] = WICK_SERVICE_DEFAULT;
    wick_span wanted = r->service.len != 0 ? r->service
                                           : wick_span_make(standard, sizeof standard - 1);
    st = wick_name_hash(id, r->name);
    return st == WICK_OK ? wick_name_hash(service, wanted) : st;
}

wick_status gw_call_begin(wick_gateway *gw, uint8_t *index, uint64_t now_ms, const char *ref,
                          bool lookup_only)
{
    wick_peer_ref r;
    uint8_t id[32], service[32], registry = 0;
    wick_status st = gw_call_parse(gw, &r, id, service, &registry, ref);
    if (st == WICK_OK && !lookup_only && registry == 0 && memcmp(id, gw->id, 32) == 0) {
        st = WICK_E_BAD_ARG;
    }
    if (st != WICK_OK) {
        return st;
    }
    wick_gateway_session *s = gw_session_new(gw, index);
    if (s == NULL) {
        gw_session_make_room(gw, now_ms); /* for the next try */
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
    return gw_call_begin(gw, &index, now_ms, ref, true);
}

wick_status wick_gateway_connect(wick_gateway *gw, uint8_t *session, uint64_t now_ms,
                                 const char *ref)
{
    *session = WICK_GW_NO_SESSION;
    if ((gw->goals & WICK_GW_GOAL_CALL) != WICK_GW_GOAL_CALL) {
        return WICK_E_STATE;
    }
    return gw_call_begin(gw, session, now_ms, ref, false);
}

void gw_call_path(wick_gateway_session *s, uint64_t now_ms)
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
        gw_call_path(s, now_ms);
    }
}

wick_status gw_call_handshake(wick_gateway *gw, wick_gateway_session *s, uint64_t now_ms)
{
    wick_nsl_peer peer;
    memset(&peer, 0, sizeof peer);
    memcpy(peer.id, s->id, 32);
    peer.key = s->key;
    peer.addr = s->addr;
    return wick_nsl_connect(&gw->nsl, &s->run, now_ms, &peer);
}

static void start_handshake(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    wick_status st = gw_call_handshake(gw, s, now_ms);
    if (st == WICK_OK) {
        s->state = SES_NSL;
        s->due_ms = gw_is_remembered(s)          ? now_ms + REMEMBERED_MS
                    : s->has_next && s->hops < 2 ? now_ms + HOP_MS
                                                 : WICK_TIME_NEVER(now_ms);
    } else {
        gw_session_end(gw, index, st);
    }
}

/* The way to the peer: its own address, or a permission on the own allocation. */
static void try_path(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    s->due_ms = now_ms + PATH_PERIOD_MS;
    bool relayed = s->endpoint_kind == WICK_ENDPOINT_RELAY;
    if (!gw->own.registered_told || (relayed ? !gw_relay_up(gw) : !gw_path_up(gw))) {
        if (gw->own.state == OWN_FAILED) {
            gw_session_end(gw, index, gw->own.failed_status);
        }
        return; /* the responder could not look us up, or there is no way out yet */
    }
    if (!relayed) {
        s->via = VIA_DIRECT;
        start_handshake(gw, now_ms, index);
        return;
    }
    s->via = gw_main_via(gw);
    if (s->over_second) {
        const wick_addr *server = gw_relay_at(gw, &s->addr);
        s->via = server != NULL ? 1 : gw_main_via(gw);
        if (server != NULL && !gw_second_up(gw, &s->addr)) {
            bool begun = gw_second_start(gw, now_ms, server, false, 1);
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

/* The other endpoint of the record is tried. The first one stays where it was. */
static void hop(wick_gateway *gw, uint64_t now_ms, uint8_t index, bool last)
{
    wick_gateway_session *s = &gw->session[index];
    wick_addr addr = s->addr;
    uint32_t seq = s->seq;
    uint8_t kind = s->endpoint_kind;
    gw_path_release(gw, index);
    s->hops++;
    s->has_next = !last;
    s->addr = s->next;
    s->seq = s->next_seq;
    s->endpoint_kind = s->next_kind;
    s->next = addr;
    s->next_seq = seq;
    s->next_kind = kind;
    gw_call_path(s, now_ms);
}

/* What was remembered is not answered: the peer may have moved. */
static void read_anew(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
#if WICK_WITH_PEER_CACHE
    wick_gateway_session *s = &gw->session[index];
    gw_cache_drop(gw, s->registry, s->id);
    gw_path_release(gw, index);
    s->cached = false;
    s->state = SES_LOOKUP;
    s->due_ms = now_ms;
    s->give_up_ms = now_ms + SET_UP_MS;
#else
    (void)gw, (void)now_ms, (void)index;
#endif
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
        if (s->state == SES_LOOKUP && wick_time_reached(now_ms, s->due_ms) &&
            !gw_peer_remembered(gw, now_ms, i)) {
            bool room = gw_peer_read(gw, i);
            s->state = room ? SES_READ : SES_LOOKUP;
            s->due_ms = now_ms + ROOM_PERIOD_MS;
        } else if (s->state == SES_PATH && wick_time_reached(now_ms, s->give_up_ms)) {
            gw_session_end(gw, i, WICK_E_TIMEOUT);
        } else if (s->state == SES_PATH && wick_time_reached(now_ms, s->due_ms)) {
            try_path(gw, now_ms, i);
        } else if (s->state == SES_NSL && wick_time_reached(now_ms, s->due_ms)) {
            wick_nsl_close(&gw->nsl, s->run);
            if (gw_is_remembered(s)) {
                read_anew(gw, now_ms, i);
            } else {
                hop(gw, now_ms, i, false);
            }
        } else if ((s->state == SES_UP || s->state == SES_GUEST) &&
                   now_ms - s->used_ms >= WICK_GW_IDLE_MS) {
            gw_session_end(gw, i, WICK_E_TIMEOUT);
        }
        if (s->state == SES_LOOKUP || s->state == SES_PATH || s->state == SES_NSL) {
            next = wick_time_min(next, s->due_ms);
        } else if (s->state == SES_UP || s->state == SES_GUEST) {
            next = wick_time_min(next, s->used_ms + WICK_GW_IDLE_MS);
            if (s->state == SES_UP) { /* a guest's keys are its ticket's */
                gw_rekey_tick(gw, now_ms, i, &next);
            }
        }
    }
    return next;
}

void gw_session_failed(wick_gateway *gw, uint64_t now_ms, uint32_t run, wick_status status)
{
    uint8_t renewed = gw_rekey_of(gw, run);
    if (renewed != WICK_GW_NO_SESSION) {
        gw_rekey_failed(gw, now_ms, renewed);
        return;
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
        if (s->state != SES_NSL || s->run != run) {
            continue;
        }
        gw_cache_drop(gw, s->registry, s->id);
        if (s->has_next && status == WICK_E_NSL_NO_ANSWER) {
            hop(gw, now_ms, i, true);
        } else if (s->tries + 1u < CALL_TRIES && status == WICK_E_NSL_NO_ANSWER) {
            gw_path_release(gw, i);
            s->tries++;
            s->over_second = !wick_addr_same_ip(&s->addr, wick_turn_relayed(gw_main(gw)));
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
