/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers for whom there is no session (core/psk/PROTOCOL.md, messages about paths): their handshake was
 * genuine, so they are told with its keys, and do not wait for a time-out. What was lost is said again
 * when they are heard.
 */
#include "gateway_internal.h"

#if WICK_WITH_DIRECT

#define LIFE_MS 35000u  /* a DTLS client gives up before */
#define PAUSE_MS 200u   /* between two to the same caller */

void gw_refuse(wick_gateway *gw, uint64_t now_ms, const wick_session *keys, uint8_t via)
{
    wick_gateway_away *r = &gw->direct.refused[0];
    for (unsigned i = 1; i < WICK_GW_REFUSED_MAX; i++) { /* the one whose time is over first */
        wick_gateway_away *o = &gw->direct.refused[i];
        r = o->until_ms < r->until_ms ? o : r;
    }
    wick_direct_keys own;
    memset(r, 0, sizeof *r);
    wick_buf b = wick_buf_make(r->bytes, sizeof r->bytes);
    wick_status s = wick_direct_keys_derive(&own, gw->cfg.crypto, keys, keys->role);
    if (s == WICK_OK) {
        s = wick_direct_busy(&b, gw->cfg.crypto, &own);
    }
    wick_wipe(&own, sizeof own);
    if (s == WICK_OK) {
        r->len = (uint8_t)b.len;
        r->due = true;
        r->via = via;
        r->to = keys->path;
        r->next_ms = now_ms;
        r->until_ms = now_ms + LIFE_MS;
    }
}

void gw_refusal_heard(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from)
{
    for (unsigned i = 0; i < WICK_GW_REFUSED_MAX; i++) {
        wick_gateway_away *r = &gw->direct.refused[i];
        if (r->len != 0 && r->via == via && wick_addr_equal(&r->to, from)) {
            r->due = r->due || wick_time_reached(now_ms, r->next_ms);
        }
    }
}

bool gw_refusal_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_GW_REFUSED_MAX; i++) {
        wick_gateway_away *r = &gw->direct.refused[i];
        if (r->len != 0 && wick_time_reached(now_ms, r->until_ms)) {
            memset(r, 0, sizeof *r);
        }
        if (!r->due) {
            continue;
        }
        r->due = false;
        r->next_ms = now_ms + PAUSE_MS;
        if (gw_path_send(gw, out, wick_span_make(r->bytes, r->len), now_ms, r->via, &r->to) ==
            WICK_OK) {
            return true;
        }
    }
    return false;
}

#endif

void wick_gateway_turn_away(wick_gateway *gw, uint64_t now_ms, uint8_t session)
{
#if WICK_WITH_DIRECT
    if (session < WICK_GW_SESSIONS_MAX && gw->session[session].state == SES_UP) {
        const wick_gateway_session *s = &gw->session[session];
        if (s->keys.role == WICK_ROLE_RESPONDER) {
            gw_refuse(gw, now_ms, &s->keys, s->via);
        }
    }
#else
    (void)now_ms; /* it sees a time-out */
#endif
    wick_gateway_close(gw, session);
}
