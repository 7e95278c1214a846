/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and PSKs of peers for local applications: look-ups and calls of the agent, seen from outside. */
#include "wick/peer_keys.h"

#include "gateway_internal.h"

#if WICK_WITH_PEER_KEYS

wick_status wick_get_peer_key(wick_gateway *gw, uint8_t *request, uint64_t now_ms, const char *ref)
{
    *request = WICK_GW_NO_SESSION;
    return gw_call_begin(gw, request, now_ms, ref, true);
}

wick_status wick_peer_key_take(const wick_gateway *gw, wick_peer_key *out,
                               const wick_gateway_event *event)
{
    memset(out, 0, sizeof *out);
    if (event->kind != WICK_GW_EV_PEER_RESOLVED || event->session >= WICK_GW_SESSIONS_MAX) {
        return WICK_E_STATE;
    }
    const wick_gateway_session *s = &gw->session[event->session];
    if (memcmp(s->id, event->id, 32) != 0) {
        return WICK_E_STATE; /* its place is another's by now */
    }
    if (s->epoch == 0) {
        return event->status != WICK_OK ? event->status : WICK_E_STATE;
    }
    memcpy(out->id, s->id, 32);
    out->key = s->key;
    out->epoch = s->epoch;
    out->tier = s->tier;
    out->grace = s->grace;
    out->block_number = s->block_number;
    out->block_time_s = s->block_time_s;
    out->has_tls_pin = s->has_tls_pin;
    memcpy(out->tls_pin, s->tls_pin, sizeof out->tls_pin);
    return WICK_OK;
}

wick_status wick_get_psk(wick_gateway *gw, uint8_t *request, uint64_t now_ms, const char *ref)
{
    uint8_t id[32], service[32], registry = 0;
    wick_peer_ref parsed;
    *request = WICK_GW_NO_SESSION;
    wick_status st = gw_call_parse(gw, &parsed, id, service, &registry, ref);
    if (st != WICK_OK) {
        return st;
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
        bool live = s->state != SES_FREE && s->state != SES_ENDED;
        if (live && s->initiator && !s->lookup_only && s->registry == registry &&
            memcmp(s->id, id, 32) == 0) {
            *request = i;
            s->used_ms = now_ms;
            return s->state == SES_UP ? WICK_OK : WICK_AGAIN;
        }
    }
    st = wick_gateway_connect(gw, request, now_ms, ref);
    if (st != WICK_OK) {
        return st;
    }
    gw->session[*request].keys_only = true;
    return WICK_AGAIN;
}

static void name_peer(wick_peer_psk *out, const wick_session *keys, uint8_t session,
                      wick_session_use use)
{
    memcpy(out->peer_id, keys->peer_id, 32);
    out->role = keys->role;
    out->use = use;
    out->session = session;
}

wick_status wick_psk_take(const wick_gateway *gw, wick_peer_psk *out, uint8_t session,
                          wick_session_use use)
{
    memset(out, 0, sizeof *out);
    wick_status st = wick_gateway_session_psk(gw, &out->psk, session, WICK_ROLE_INITIATOR, use);
    if (st == WICK_OK) {
        name_peer(out, &gw->session[session].keys, session, use);
    }
    return st;
}

#define MEDIA_WINDOW 32u /* bits of media_seen: bit i is number media_top - i */

static bool media_used(const wick_gateway_session *s, uint32_t media)
{
    const uint32_t below = s->media_top - media;
    return media <= s->media_top && (below >= MEDIA_WINDOW || (s->media_seen >> below & 1u) != 0);
}

static void media_use(wick_gateway_session *s, uint32_t media)
{
    if (media > s->media_top) {
        const uint32_t up = media - s->media_top;
        s->media_seen = up < MEDIA_WINDOW ? s->media_seen << up : 0;
        s->media_top = media;
    }
    s->media_seen |= UINT32_C(1) << (s->media_top - media);
}

wick_status wick_srtp_take(wick_gateway *gw, wick_session_srtp *out, uint8_t session,
                           wick_srtp_profile profile, uint32_t media)
{
    memset(out, 0, sizeof *out);
    if (session >= WICK_GW_SESSIONS_MAX || gw->session[session].state != SES_UP) {
        return WICK_E_STATE;
    }
    wick_gateway_session *s = &gw->session[session];
    if (media == 0) {
        return WICK_E_BAD_ARG;
    }
    if (media_used(s, media)) {
        return WICK_E_MEDIA_USED;
    }
    wick_status st = wick_session_srtp_derive(out, gw->cfg.crypto, &s->keys, profile, media);
    if (st == WICK_OK) {
        media_use(s, media);
    }
    return st;
}

wick_status wick_psk_next(wick_gateway *gw, uint8_t session)
{
    wick_gateway_session *s = session < WICK_GW_SESSIONS_MAX ? &gw->session[session] : NULL;
    if (s == NULL || s->state != SES_UP || !s->keys_only) {
        return WICK_E_STATE;
    }
    wick_status st = wick_session_ratchet(&s->keys, gw->cfg.crypto);
    gw_media_reset(s);
    if (st != WICK_OK) {
        gw_session_end(gw, session, st);
    }
    return st;
}

static bool is_named(const wick_gateway *gw, wick_session_psk *psk, const wick_session *keys,
                     wick_session_use use, wick_span identity, wick_status *status)
{
    wick_status st = wick_session_psk_derive(psk, gw->cfg.crypto, keys, use);
    if (st != WICK_OK) {
        *status = st;
        return false;
    }
    return wick_ct_equal((const uint8_t *)psk->identity, identity.ptr, WICK_SESSION_IDENTITY_CHARS);
}

/* The caller's keys as they are, or after some steps; then `keys` is what they are from now on. */
static bool find_in(const wick_gateway *gw, wick_peer_psk *out, wick_session *keys,
                    wick_span identity, unsigned uses, wick_status *status)
{
    for (unsigned step = 0; step <= WICK_PSK_AHEAD; step++) {
        for (unsigned bit = 1; bit < 1u << WICK_USES; bit <<= 1) {
            if ((bit & uses & keys->uses) != 0 &&
                is_named(gw, &out->psk, keys, (wick_session_use)bit, identity, status)) {
                out->use = (wick_session_use)bit;
                return true;
            }
        }
        wick_status st = wick_session_ratchet(keys, gw->cfg.crypto);
        if (st != WICK_OK) {
            *status = st;
            return false;
        }
    }
    return false;
}

wick_status wick_psk_find(wick_gateway *gw, wick_peer_psk *out, wick_span identity, unsigned uses,
                          uint64_t now_ms)
{
    wick_status status = WICK_E_NOT_FOUND;
    wick_session keys;
    bool found = false;
    memset(out, 0, sizeof *out);
    if (identity.len != WICK_SESSION_IDENTITY_CHARS) {
        return WICK_E_NOT_FOUND;
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX && !found; i++) {
        wick_gateway_session *s = &gw->session[i];
        if (s->state != SES_UP || s->keys.role != WICK_ROLE_RESPONDER) {
            continue;
        }
        keys = s->keys;
        found = find_in(gw, out, &keys, identity, uses, &status);
        if (found) {
            if (!wick_ct_equal(s->keys.root, keys.root, sizeof keys.root)) {
                gw_media_reset(s);
            }
            s->keys = keys; /* its other end has gone so far: there is no way back */
            s->used_ms = now_ms;
            name_peer(out, &keys, i, out->use);
        }
    }
    wick_wipe(&keys, sizeof keys);
    if (!found) {
        wick_wipe(out, sizeof *out);
    }
    return found ? WICK_OK : status;
}

#else /* none */

wick_status wick_get_peer_key(wick_gateway *gw, uint8_t *request, uint64_t now_ms, const char *ref)
{
    (void)gw, (void)now_ms, (void)ref;
    *request = WICK_GW_NO_SESSION;
    return WICK_E_UNSUPPORTED;
}

wick_status wick_peer_key_take(const wick_gateway *gw, wick_peer_key *out,
                               const wick_gateway_event *event)
{
    (void)gw, (void)event;
    memset(out, 0, sizeof *out);
    return WICK_E_UNSUPPORTED;
}

wick_status wick_get_psk(wick_gateway *gw, uint8_t *request, uint64_t now_ms, const char *ref)
{
    (void)gw, (void)now_ms, (void)ref;
    *request = WICK_GW_NO_SESSION;
    return WICK_E_UNSUPPORTED;
}

wick_status wick_psk_take(const wick_gateway *gw, wick_peer_psk *out, uint8_t session,
                          wick_session_use use)
{
    (void)gw, (void)session, (void)use;
    memset(out, 0, sizeof *out);
    return WICK_E_UNSUPPORTED;
}

wick_status wick_srtp_take(wick_gateway *gw, wick_session_srtp *out, uint8_t session,
                           wick_srtp_profile profile, uint32_t media)
{
    (void)gw, (void)session, (void)profile, (void)media;
    memset(out, 0, sizeof *out);
    return WICK_E_UNSUPPORTED;
}

wick_status wick_psk_next(wick_gateway *gw, uint8_t session)
{
    (void)gw, (void)session;
    return WICK_E_UNSUPPORTED;
}

wick_status wick_psk_find(wick_gateway *gw, wick_peer_psk *out, wick_span identity, unsigned uses,
                          uint64_t now_ms)
{
    (void)gw, (void)identity, (void)uses, (void)now_ms;
    memset(out, 0, sizeof *out);
    return WICK_E_UNSUPPORTED;
}

#endif
