/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions. One begins when a call's handshake is over (call.c), or a caller's. Datagrams of a
 * session are recognised by path and address; its keys go to the driver's DTLS in one role only.
 */
#include "gateway_internal.h"

#define CROSSING_MS 5000u /* calls of two to each other within this time have crossed */

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

void gw_session_make_room(wick_gateway *gw, uint64_t now_ms)
{
    uint8_t oldest = WICK_GW_NO_SESSION;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_ENDED) {
            return; /* there will be one when its event has been taken */
        }
        if ((s->state == SES_UP || s->state == SES_GUEST) && now_ms - s->used_ms >= GW_BUSY_MS &&
            (oldest == WICK_GW_NO_SESSION || s->used_ms < gw->session[oldest].used_ms)) {
            oldest = i;
        }
    }
    if (oldest != WICK_GW_NO_SESSION) {
        gw_session_end(gw, oldest, WICK_E_LIMIT);
    }
}

void gw_way_release(wick_gateway *gw, uint8_t index, uint8_t via, const wick_addr *addr)
{
    if (via >= WICK_GW_TURNS || addr->port == 0) {
        return;
    }
    /* Relays keep theirs: through them come callers. So does who shares the IP with another. */
    bool kept = via != 1 && gw_relay_at(gw, addr) != NULL;
    for (unsigned i = WICK_GW_RELAYS_MAX; via != 1 && i < sizeof gw->relay / sizeof gw->relay[0]; i++) {
        kept = kept || wick_addr_same_ip(&gw->relay[i], addr);
    }
    bool bound = false;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *o = &gw->session[i];
        if (i != index && o->via == via && wick_addr_same_ip(&o->addr, addr) &&
            (o->state == SES_PATH || o->state == SES_NSL || o->state == SES_UP)) {
            kept = true;
            bound = bound || (o->state == SES_UP && wick_addr_equal(&o->addr, addr));
        }
#if WICK_WITH_DIRECT
        for (uint8_t k = 0; k < WICK_DIRECT_WAYS && o->state == SES_UP; k++) {
            const wick_gateway_way *w = &o->ways.way[k];
            kept = kept ||
                   (w->state != WAY_FREE && w->via == via && wick_addr_same_ip(&w->addr, addr));
        }
#endif
    }
    wick_status gone = bound ? WICK_OK : wick_turn_unbind(&gw->turn[via], addr);
    gone = kept ? gone : wick_turn_unpermit(&gw->turn[via], addr);
    (void)gone; /* it never came so far */
}

void gw_path_release(wick_gateway *gw, uint8_t index)
{
    const wick_gateway_session *s = &gw->session[index];
#if WICK_WITH_DIRECT
    gw_ways_end(gw, index);
#endif
    gw_way_release(gw, index, s->via, &s->addr);
}

void gw_session_end(wick_gateway *gw, uint8_t index, wick_status status)
{
    wick_gateway_session *s = &gw->session[index];
    if (s->state == SES_NSL) {
        wick_nsl_close(&gw->nsl, s->run);
    }
    if (s->state == SES_PATH || s->state == SES_NSL || s->state == SES_UP) {
        gw_path_release(gw, index);
    }
    gw_read_cancel(gw, READ_PEER, index);
    gw_rekey_end(gw, index);
    gw_key_cancel(gw, READ_PEER, index);
    wick_wipe(&s->keys, sizeof s->keys);
    s->status = status;
    s->state = SES_ENDED;
    gw_event(gw, WICK_GW_EV_SESSION_DOWN, status, index);
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
    if (s == NULL) {
        gw_session_make_room(gw, now_ms); /* for the caller's next try */
    }
    return s;
}

/*
 * Datagrams tell sessions apart by path and address alone, so there can be one on each. The newer
 * takes the place of the older: the peer has begun anew. Where two calls crossed, the sides may see
 * them end in either order, so both keep the call of the lower id.
 * @return false: the older one stays
 */
static bool claim_path(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t via,
                       const wick_addr *addr, const wick_session *keys)
{
    bool calling = keys->role == WICK_ROLE_INITIATOR;
    bool mine_lower = memcmp(gw->id, keys->peer_id, 32) < 0;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (i == index || s->state != SES_UP || s->via != via || !wick_addr_equal(&s->addr, addr)) {
            continue;
        }
        bool same = memcmp(s->id, keys->peer_id, 32) == 0;
        if (same && !calling && !s->initiator) {
            continue; /* this entry is used again */
        }
        if (same && s->initiator != calling &&
            now_ms - s->due_ms < CROSSING_MS && s->initiator == mine_lower) {
            return false;
        }
        gw_session_end(gw, i, WICK_E_STATE);
    }
    return true;
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
        if (s == NULL) { /* new keys for one that is up */
            index = gw_rekey_of(gw, run);
            s = index != WICK_GW_NO_SESSION ? &gw->session[index] : NULL;
        }
        if (s == NULL || memcmp(s->id, keys->peer_id, 32) != 0) {
            return;
        }
        if (!claim_path(gw, now_ms, index, s->via, &s->addr, keys)) {
            gw_session_end(gw, index, WICK_E_STATE);
            return;
        }
    } else {
        s = place_for(gw, now_ms, keys->peer_id, &index);
        uint8_t via = gw_route_get(gw, &keys->path);
        if (s == NULL) {
            gw->dropped++;
#if WICK_WITH_DIRECT
            gw_refuse(gw, now_ms, keys, via);
#endif
            return;
        }
        if (!claim_path(gw, now_ms, index, via, &keys->path, keys)) {
            return; /* the entry is free still */
        }
        if (s->state == SES_UP && (s->via != via || !wick_addr_equal(&s->addr, &keys->path))) {
            gw_path_release(gw, index);
        }
        memcpy(s->id, keys->peer_id, 32);
        s->via = via;
        s->addr = keys->path;
        /* The caller's record was read during the handshake: under this header at the latest. */
        const wick_light *light = gw_registry(gw, 0)->light;
        s->block_number = light != NULL ? wick_light_tip(light) : 0;
    }
    gw_cache_confirm(gw, keys->peer_id);
    s->state = SES_UP;
    s->keys = *keys;
    gw_media_reset(s);
    s->due_ms = now_ms; /* since when it is up */
    s->used_ms = now_ms;
    gw_rekey_begin(gw, now_ms, index);
    if (!GW_IS_DIRECT(s->via)) {
        /* Four bytes around a datagram instead of 36, and the peer's port is pinned. */
        wick_status bound = wick_turn_bind(&gw->turn[s->via], now_ms, &s->addr);
        (void)bound; /* without a channel data goes on in Send indications */
    }
#if WICK_WITH_DIRECT
    gw_ways_begin(gw, now_ms, index);
#endif
    gw_standby_wake(gw, now_ms); /* it is worth a second relay */
    gw_event(gw, WICK_GW_EV_SESSION_UP, WICK_OK, index);
}

void gw_session_path_lost(wick_gateway *gw, uint64_t now_ms, uint8_t via, wick_status status)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
#if WICK_WITH_DIRECT
        if (s->state == SES_UP && gw_ways_lost(gw, now_ms, i, via, status)) {
            continue;
        }
#endif
        if ((s->state != SES_NSL && s->state != SES_UP) || s->via != via) {
            continue;
        }
        if (s->state == SES_UP) {
            gw_session_end(gw, i, status);
        } else {
            wick_nsl_close(&gw->nsl, s->run); /* begin again from the new address */
            gw_call_path(s, now_ms);
        }
    }
}

/* Session that a DTLS record belongs to: by its path, or by a connection id of ours. */
static uint8_t session_of(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                          wick_span bytes)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state != SES_UP) {
            continue;
        }
#if WICK_WITH_DIRECT
        if (gw_way_data_in(gw, now_ms, i, via, from)) {
            return i;
        }
        /* tls12_cid, RFC 9146 section 4: the id stands behind type, version and number. What comes
         * in its name is DTLS' to believe, and where the peer is now ours to ask. */
        if (bytes.ptr[0] == 25 && bytes.len > 11 + WICK_DIRECT_CID_BYTES &&
            memcmp(bytes.ptr + 11, s->ways.cid, WICK_DIRECT_CID_BYTES) == 0) {
            return i;
        }
#else
        (void)now_ms, (void)bytes;
        if (s->via == via && wick_addr_equal(&s->addr, from)) {
            return i;
        }
#endif
    }
    return WICK_GW_NO_SESSION;
}

void gw_session_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                      wick_span bytes)
{
    if (bytes.len == 0 || gw_second_input(gw, now_ms, via, from, bytes)) {
        return;
    }
#if WICK_WITH_DIRECT
    if (bytes.ptr[0] <= 1 && gw_direct_input(gw, now_ms, via, from, bytes)) {
        return; /* STUN. A handshake's message begins with 1 too, but is never as long as it then
                 * would say: its third octet is a suite, of which the smallest is 17 */
    }
#endif
    if (gw_ticket_input(gw, now_ms, via, from, bytes)) {
        return;
    }
    if (bytes.ptr[0] == WICK_NSL_VERSION) {
        gw_nsl_input(gw, now_ms, via, from, bytes);
        return;
    }
    uint8_t index = WICK_GW_NO_SESSION;
    if (bytes.ptr[0] >= 20 && bytes.ptr[0] <= 63) { /* RFC 7983: DTLS */
        index = session_of(gw, now_ms, via, from, bytes);
        if (index == WICK_GW_NO_SESSION && gw_ticket_dtls(gw, via, from, bytes)) {
#if WICK_WITH_DIRECT
            gw_refusal_heard(gw, now_ms, via, from); /* or a caller's who was turned away */
#endif
            return;
        }
    }
    if (index == WICK_GW_NO_SESSION) {
        gw->dropped++;
#if WICK_WITH_DIRECT
        gw_refusal_heard(gw, now_ms, via, from);
#endif
        return;
    }
#if WICK_WITH_DIRECT
    /* What comes from elsewhere may be a copy: it keeps nothing alive that the peer has left. */
    if (gw_way_find(gw, index, via, from) != GW_NO_WAY)
#endif
    {
        gw->session[index].used_ms = now_ms;
    }
    gw_rekey_count(&gw->session[index], bytes.len);
    gw->data = bytes;
    gw->data_session = index;
}

/* ------------------------------------------------------------------ the application's side */

wick_status gw_path_send(wick_gateway *gw, wick_gateway_out *out, wick_span bytes, uint64_t now_ms,
                         uint8_t via, const wick_addr *to)
{
    out->kind = WICK_GW_OUT_SEND;
    out->over = WICK_GW_OVER_UDP;
    if (bytes.len > WICK_GW_DATAGRAM_MAX) {
        return WICK_E_NO_SPACE;
    }
    if (GW_IS_DIRECT(via)) {
        memmove(gw->frame, bytes.ptr, bytes.len);
        out->socket = VIA_SOCKET(via);
        out->to = *to;
        out->bytes = wick_span_make(gw->frame, bytes.len);
        return WICK_OK;
    }
    wick_buf b = wick_buf_make(gw->frame, sizeof gw->frame);
    wick_status s = wick_turn_send(&gw->turn[via], now_ms, &b, to, bytes);
    if (s == WICK_OK) {
        gw_standby_asked(gw, now_ms, via);
        out->socket = via;
        out->over = gw_over(gw, via);
        out->to = *wick_turn_server(&gw->turn[via]);
        out->bytes = wick_buf_span(&b);
    }
    return s;
}

static wick_gateway_session *up(wick_gateway *gw, uint8_t session)
{
    return session < WICK_GW_SESSIONS_MAX &&
                   (gw->session[session].state == SES_UP || gw->session[session].state == SES_GUEST)
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
    uint8_t via = s->via;
    const wick_addr *to = &s->addr;
    s->used_ms = now_ms;
    gw_rekey_count(s, bytes.len);
#if WICK_WITH_DIRECT
    if (s->state == SES_UP) {
        const wick_gateway_way *way = &s->ways.way[gw_way_best(gw, now_ms, session)];
        via = way->via;
        to = &way->addr;
        gw_way_data_out(gw, now_ms, session);
    }
#endif
    wick_status st = gw_path_send(gw, out, bytes, now_ms, via, to);
    return st == WICK_E_STATE || st == WICK_AGAIN ? WICK_E_TURN_LOST : st;
}

wick_status wick_gateway_session_path(const wick_gateway *gw, wick_gateway_path *out,
                                      uint8_t session)
{
    memset(out, 0, sizeof *out);
    if (session >= WICK_GW_SESSIONS_MAX ||
        (gw->session[session].state != SES_UP && gw->session[session].state != SES_GUEST)) {
        return WICK_E_STATE;
    }
    const wick_gateway_session *s = &gw->session[session];
#if WICK_WITH_DIRECT
    if (s->state == SES_GUEST) {
        out->kind = GW_IS_DIRECT(s->via) ? WICK_DIRECT_HOST : WICK_DIRECT_RELAYED;
        out->addr = s->addr;
        out->proven = true;
        return WICK_OK;
    }
    const wick_gateway_way *way = &s->ways.way[s->ways.at];
    out->kind = (wick_direct_kind)way->kind;
    out->addr = way->addr;
    out->proven = way->unanswered < 2;
    out->rtt_ms = way->rtt_ms;
    for (unsigned i = 1; i < WICK_DIRECT_WAYS; i++) {
        out->trying = out->trying || s->ways.way[i].state == WAY_TRIED;
    }
#else
    out->kind = GW_IS_DIRECT(s->via) ? WICK_DIRECT_HOST : WICK_DIRECT_RELAYED;
    out->addr = s->addr;
    out->proven = true;
#endif
    return WICK_OK;
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
