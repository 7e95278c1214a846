/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages about paths, in and out (core/psk/PROTOCOL.md section 12): what is sent when, who is
 * answered, what counts as proof. Which paths there are and which is taken is in ways.c.
 *
 * Nobody who lacks the session's keys gets an answer, nor one who repeats what he saw: requests
 * count once. An answer is no longer than a request, and until an address has answered itself it
 * gets nothing but five checks.
 */
#include "gateway_internal.h"

#if WICK_WITH_DIRECT

#define OFFER_PAUSE_MS 500u  /* doubled after each */
#define OFFER_TRIES 6u
#define STRANGE_MAX 20u      /* requests in a row from addresses that are no way of the session ... */
#define STRANGE_MS 100u      /* ... and one more each 100 ms: each costs a look at its integrity */
#define TRIGGER_MS 100u
#define REQUEST_ROOM 96u     /* a check has 92 bytes */
#define COUNTER_MAX (UINT32_MAX >> GW_COUNTER_SHIFT)

static wick_session_role other(wick_session_role role)
{
    return role == WICK_ROLE_INITIATOR ? WICK_ROLE_RESPONDER : WICK_ROLE_INITIATOR;
}

/* ------------------------------------------------------------------ own addresses */

wick_status wick_gateway_candidate(wick_gateway *gw, wick_direct_kind kind, const wick_addr *addr,
                                   bool ipv6)
{
    if (kind != WICK_DIRECT_HOST && kind != WICK_DIRECT_MAPPED) {
        return WICK_E_BAD_ARG;
    }
    ipv6 = addr != NULL ? !wick_addr_is_v4(addr) : ipv6;
    wick_direct_candidate *c =
        &gw->direct.given[(kind == WICK_DIRECT_MAPPED ? 2 : 0) + (ipv6 ? 1 : 0)];
    memset(c, 0, sizeof *c);
    if (addr != NULL) {
        c->addr = *addr;
        c->kind = (uint8_t)kind;
    }
    return WICK_OK;
}

static void add_own(wick_direct_candidate *list, uint8_t *count, const wick_addr *addr,
                    uint8_t kind)
{
    for (unsigned i = 0; i < *count; i++) {
        if (wick_addr_equal(&list[i].addr, addr)) {
            return;
        }
    }
    if (*count < WICK_DIRECT_CANDIDATES && addr->port != 0) {
        list[*count].addr = *addr;
        list[*count].kind = kind;
        (*count)++;
    }
}

#if WICK_WITH_PATH
/* What leads to the open socket: verified endpoints, and on the own network by policy its address. */
static void add_open(const wick_gateway *gw, wick_direct_candidate *list, uint8_t *count)
{
    const wick_gateway_open *o = &gw->open;
    wick_addr addr;
    for (wick_path_source i = WICK_PATH_DIRECT; i <= WICK_PATH_NATPMP;
         i = (wick_path_source)(i + 1)) {
        if (o->open && wick_path_look(&o->path, i, &addr, NULL) == WICK_PATH_GOOD &&
            gw_way_unicast(gw, &addr)) {
            add_own(list, count, &addr,
                    i == WICK_PATH_DIRECT ? WICK_DIRECT_HOST : WICK_DIRECT_MAPPED);
        }
    }
    addr = o->local;
    addr.port = o->port;
    if (o->open && gw->cfg.allow_private_direct && gw_way_unicast(gw, &addr)) {
        add_own(list, count, &addr, WICK_DIRECT_HOST);
    }
}
#endif

/* What peers are told; a new version where it differs from the list before. */
static void list_own(wick_gateway *gw)
{
    wick_gateway_direct *d = &gw->direct;
    wick_direct_candidate list[WICK_DIRECT_CANDIDATES];
    uint8_t count = 0;
    memset(list, 0, sizeof list);
    for (uint8_t i = 0; i < WICK_GW_TURNS; i++) {
        if (gw_way_via_up(gw, i)) {
            add_own(list, &count, wick_turn_relayed(&gw->turn[i]), WICK_DIRECT_RELAYED);
        }
    }
    for (unsigned i = 0; i < sizeof d->given / sizeof d->given[0] && !gw->cfg.no_direct; i++) {
        if (gw_way_unicast(gw, &d->given[i].addr)) {
            add_own(list, &count, &d->given[i].addr, d->given[i].kind);
        }
    }
#if WICK_WITH_PATH
    if (!gw->cfg.no_direct) {
        add_open(gw, list, &count);
    }
#endif
    if (!gw->cfg.no_direct && gw->turn_used[0] && wick_turn_is_allocated(&gw->turn[0]) &&
        gw_over(gw, 0) == WICK_GW_OVER_UDP && /* of a stream it is nowhere to be reached */
        gw_way_unicast(gw, wick_turn_mapped(&gw->turn[0]))) {
        add_own(list, &count, wick_turn_mapped(&gw->turn[0]), WICK_DIRECT_REFLEXIVE);
    }
    if (count != d->own_count || memcmp(list, d->own, sizeof list) != 0) {
        memcpy(d->own, list, sizeof list);
        d->own_count = count;
        d->version++;
    }
}

/* ------------------------------------------------------------------ what comes in */

/* A request of the peer counts once: a window of 32 behind the newest, as in DTLS. */
static bool is_fresh(wick_gateway_ways *d, uint32_t counter)
{
    uint32_t n = counter >> GW_COUNTER_SHIFT;
    if (n > d->seen_high) {
        uint32_t shift = n - d->seen_high;
        d->seen_mask = shift < 32 ? (d->seen_mask << shift) | 1u : 1u;
        d->seen_high = n;
        return true;
    }
    uint32_t back = d->seen_high - n;
    if (back >= 32 || ((d->seen_mask >> back) & 1u) != 0) {
        return false;
    }
    d->seen_mask |= UINT32_C(1) << back;
    return true;
}

static bool prove(const wick_gateway *gw, wick_direct_msg *m, uint8_t index)
{
    const wick_gateway_session *s = &gw->session[index];
    wick_direct_keys keys;
    wick_status st =
        wick_direct_keys_derive(&keys, gw->cfg.crypto, &s->keys, other(s->keys.role));
    if (st == WICK_OK) {
        st = wick_direct_open(m, gw->cfg.crypto, &keys);
    }
    wick_wipe(&keys, sizeof keys);
    return st == WICK_OK;
}

/* Whoever floods us with requests under a name that he saw must not cost us all our time. */
static bool may_look(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_direct *d = &gw->direct;
    uint64_t more = (now_ms - d->tokens_ms) / STRANGE_MS;
    if (more != 0) {
        d->tokens = (uint8_t)(d->tokens + more < STRANGE_MAX ? d->tokens + more : STRANGE_MAX);
        d->tokens_ms = now_ms;
    }
    if (d->tokens == 0) {
        return false;
    }
    d->tokens--;
    return true;
}

static bool take_request(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                         wick_direct_msg *m)
{
    uint8_t index = 0;
    while (index < WICK_GW_SESSIONS_MAX &&
           !(gw->session[index].state == SES_UP &&
             wick_direct_is_named(m, gw->session[index].ways.name))) {
        index++;
    }
    if (index == WICK_GW_SESSIONS_MAX || (GW_IS_DIRECT(via) && !gw_way_open(gw, index, via, from))) {
        return false;
    }
    wick_gateway_ways *d = &gw->session[index].ways;
    uint8_t at = gw_way_find(gw, index, via, from);
    if ((at == GW_NO_WAY && !may_look(gw, now_ms)) || !prove(gw, m, index) ||
        !is_fresh(d, m->counter)) {
        return false;
    }
    gw_ways_speak(gw, now_ms, index);
    gw->direct.reply_session = index;
    gw->direct.reply_via = via;
    gw->direct.reply_to = *from;
    memcpy(gw->direct.reply_tid, wick_stun_tid(&m->stun), WICK_STUN_TID_BYTES);
    gw_way_asked(gw, now_ms, index, at, via, from);
    if (m->offer) {
        gw_way_offered(gw, now_ms, index, m);
    }
    return true;
}

static bool take_answer(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                        wick_direct_msg *m)
{
    uint8_t slot = m->counter & GW_COUNTER_SLOT;
    bool offer = (m->counter & GW_COUNTER_OFFER) != 0;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_ways *d = &gw->session[i].ways;
        if (gw->session[i].state != SES_UP || gw_way_find(gw, i, via, from) != slot ||
            (m->counter >> GW_COUNTER_SHIFT) > d->counter) {
            continue;
        }
        bool due = offer ? d->offers != 0 && m->counter >= d->offer_first
                         : d->way[slot].unanswered != 0 && m->counter >= d->way[slot].first;
        if (!due || !prove(gw, m, i)) {
            continue;
        }
        gw_ways_speak(gw, now_ms, i);
        if (offer) {
            d->told = d->offered;
            d->offers = 0;
        } else {
            gw_way_answered(gw, now_ms, i, slot);
        }
        return true;
    }
    return false;
}

/* A refusal counts for a call of ours on the path it took, and only while nothing has come from the
 * other side: it would otherwise have had a session. */
static bool take_refusal(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                         wick_direct_msg *m)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_UP && s->keys.role == WICK_ROLE_INITIATOR && s->ways.seen_high == 0 &&
            s->via == via && wick_addr_equal(&s->addr, from) && may_look(gw, now_ms) &&
            prove(gw, m, i)) {
            gw_session_end(gw, i, WICK_E_PEER_BUSY);
            return true;
        }
    }
    return false;
}

bool gw_direct_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                     wick_span bytes)
{
    wick_direct_msg m;
    if (!wick_stun_is(bytes) || wick_direct_read(&m, bytes) != WICK_OK) {
        return false;
    }
    if (m.busy) {
        return take_refusal(gw, now_ms, via, from, &m);
    }
    return m.answer ? take_answer(gw, now_ms, via, from, &m)
                    : take_request(gw, now_ms, via, from, &m);
}

/* ------------------------------------------------------------------ what goes out */

static bool send_reply(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    uint8_t index = gw->direct.reply_session, bytes[REQUEST_ROOM];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_direct_keys keys;
    gw->direct.reply_session = WICK_GW_NO_SESSION;
    if (index >= WICK_GW_SESSIONS_MAX || gw->session[index].state != SES_UP) {
        return false;
    }
    const wick_session *session = &gw->session[index].keys;
    wick_status s = wick_direct_keys_derive(&keys, gw->cfg.crypto, session, session->role);
    if (s == WICK_OK) {
        s = wick_direct_answer(&b, gw->cfg.crypto, &keys, gw->direct.reply_tid,
                               &gw->direct.reply_to);
    }
    wick_wipe(&keys, sizeof keys);
    return s == WICK_OK && gw_path_send(gw, out, wick_buf_span(&b), now_ms,
                                        gw->direct.reply_via, &gw->direct.reply_to) == WICK_OK;
}

/* A check of a way, or an offer over it. What cannot be sent now counts as sent and lost. */
static bool send_request(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint8_t index,
                         uint8_t slot, bool offer)
{
    wick_gateway_session *session = &gw->session[index];
    wick_gateway_ways *d = &session->ways;
    uint8_t bytes[WICK_DIRECT_MAX_BYTES];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_direct_keys keys;
    if (d->counter == COUNTER_MAX) {
        return false; /* a counter never comes twice; the session goes on where it is */
    }
    uint32_t counter = ++d->counter << GW_COUNTER_SHIFT | (offer ? GW_COUNTER_OFFER : 0u) | slot;
    if (offer) {
        d->offer_first = d->offers == 0 ? counter : d->offer_first;
        d->offers++;
    } else {
        gw_way_checked(gw, now_ms, index, slot, counter);
    }
    wick_status s =
        wick_direct_keys_derive(&keys, gw->cfg.crypto, &session->keys, session->keys.role);
    if (s == WICK_OK) {
        s = wick_direct_request(&b, gw->cfg.crypto, &keys, d->name, counter,
                                offer ? gw->direct.own : NULL,
                                offer ? gw->direct.own_count : 0);
    }
    wick_wipe(&keys, sizeof keys);
    return s == WICK_OK && gw_path_send(gw, out, wick_buf_span(&b), now_ms, d->way[slot].via,
                                        &d->way[slot].addr) == WICK_OK;
}

static bool offer_due(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    if (d->told != gw->direct.version && d->offered != gw->direct.version) {
        d->offered = gw->direct.version; /* a new list: the tries begin anew */
        d->offers = 0;
        gw_ways_renew(gw, now_ms, index);
    }
    if (d->told == gw->direct.version) {
        return false;
    }
    if (!wick_time_reached(now_ms, d->offer_due_ms)) {
        return false;
    }
    if (d->offers == OFFER_TRIES) {
        d->told = gw->direct.version; /* it does not speak this, or is gone */
        d->offers = 0;
        return false;
    }
    d->offer_due_ms = now_ms + (OFFER_PAUSE_MS << d->offers);
    return true;
}

static bool poll_session(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint8_t index,
                         uint64_t *deadline)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    if (!gw_ways_tick(gw, now_ms, index, deadline)) {
        return false; /* it has ended */
    }
    if (offer_due(gw, now_ms, index) &&
        send_request(gw, out, now_ms, index, gw_way_best(gw, now_ms, index), true)) {
        return true;
    }
    if (d->told != gw->direct.version) {
        *deadline = wick_time_min(*deadline, d->offer_due_ms);
    }
    for (uint8_t i = 0; i < WICK_DIRECT_WAYS; i++) {
        if (gw_way_due(gw, now_ms, index, i) && send_request(gw, out, now_ms, index, i, false)) {
            return true;
        }
        if (d->way[i].state != WAY_FREE) {
            *deadline = wick_time_min(*deadline, d->way[i].due_ms);
        }
    }
    return false;
}

bool gw_direct_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline)
{
    list_own(gw);
    if (send_reply(gw, out, now_ms)) {
        return true;
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (gw->session[i].state == SES_UP && poll_session(gw, out, now_ms, i, deadline)) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ the application's side */

wick_status wick_gateway_session_cid(const wick_gateway *gw, uint8_t out[WICK_DIRECT_CID_BYTES],
                                     uint8_t session)
{
    memset(out, 0, WICK_DIRECT_CID_BYTES);
    if (session >= WICK_GW_SESSIONS_MAX || gw->session[session].state != SES_UP) {
        return WICK_E_STATE;
    }
    memcpy(out, gw->session[session].ways.cid, WICK_DIRECT_CID_BYTES);
    return WICK_OK;
}

#else

wick_status wick_gateway_candidate(wick_gateway *gw, wick_direct_kind kind, const wick_addr *addr,
                                   bool ipv6)
{
    (void)gw, (void)kind, (void)addr, (void)ipv6;
    return WICK_E_UNSUPPORTED;
}

wick_status wick_gateway_session_cid(const wick_gateway *gw, uint8_t out[WICK_DIRECT_CID_BYTES],
                                     uint8_t session)
{
    (void)gw, (void)session;
    memset(out, 0, WICK_DIRECT_CID_BYTES);
    return WICK_E_UNSUPPORTED;
}

#endif
