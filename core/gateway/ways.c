/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths of a session. Way 0 leads over a relay (or is the address that was called): the session
 * began on it or has fallen back to it, and its allocation is kept. The others are what the peer has
 * offered or was heard from.
 *
 *   way     event                                   to
 *   KNOWN   a round of checks, or a request heard   TRIED
 *   TRIED   an answer                               PROVEN: taken into use where it is better
 *           five checks without one                 DEAD
 *   PROVEN  in use, five checks without an answer   DEAD, the session goes on over way 0
 *   DEAD    next round                              TRIED
 *
 * A way in use is in doubt as soon as one check is overdue: data goes over way 0 from then on, and
 * back when the answer comes. Only answered checks count; that data comes from an address shows
 * nothing, for anybody can write a sender's address.
 */
#include "gateway_internal.h"

#if WICK_WITH_DIRECT

#define PROBES 5u          /* to an address that has not answered */
#define ROUND_PROBES 20u   /* and to all such addresses of a session ... */
#define ROUND_MS 30000u    /* ... in this time */
#define PROBE_FIRST_MS 200u
#define PROBE_LAST_MS 1600u
#define RTO_MIN_MS 200u
#define RTO_MAX_MS 1000u
#define RTO_START_MS 500u
#define ACTIVE_MS 5000u    /* data went out in the last ... */
#define CHECK_MS 2000u     /* a way in use is checked so often then, ... */
#define QUIET_MS 750u      /* or so soon, where data goes out and nothing comes back */
#define KEEP_OTHER_MS 60000u /* by the responder */
#define KEEP_MS 15000u     /* else so often, for the sake of NATs: not the relay, TURN keeps that */
#define AGAIN_MS 30000u    /* a round that found nothing is repeated, ever more rarely */
#define AGAIN_SHIFT 6u     /* up to 32 minutes */
#define SETTLED_MS 60000u
#define LOST_MS 30000u     /* without an allocation and without another way: time for another one */
#define HOME_MS 5000u      /* between rounds of relays, where none answers */
#define TRIGGER_MS 100u
#define RELAY_WAYS (WICK_DIRECT_WAYS / 2u)

_Static_assert(WICK_DIRECT_WAYS >= 4 && WICK_DIRECT_WAYS <= 16, "slots have four bits");

static uint32_t since(uint64_t now_ms, uint32_t then)
{
    return (uint32_t)now_ms - then;
}

static bool is_direct(const wick_gateway_way *w)
{
    return GW_IS_DIRECT(w->via);
}

static bool is_active(const wick_gateway_ways *d, uint64_t now_ms)
{
    return d->has_data && since(now_ms, d->data_ms) < ACTIVE_MS;
}

static uint32_t rto(const wick_gateway_way *w)
{
    uint32_t t = w->rtt_ms == 0 ? RTO_START_MS : 2u * w->rtt_ms + 50u;
    return t < RTO_MIN_MS ? RTO_MIN_MS : t > RTO_MAX_MS ? RTO_MAX_MS : t;
}

static bool in_doubt(const wick_gateway_way *w, uint64_t now_ms)
{
    return w->unanswered > 1 || (w->unanswered == 1 && since(now_ms, w->sent_ms) > rto(w));
}

/* The relay is gone, or as good as. */
static bool home_bad(const wick_gateway_ways *d)
{
    return d->lost || d->way[0].unanswered >= 2;
}

/* ------------------------------------------------------------------ which addresses */

/* RFC 1918, 6598 (shared), 4193: what a network that the operator vouches for may use. */
static bool is_private(const wick_addr *a)
{
    const uint8_t *p = a->ip + 12;
    if (!wick_addr_is_v4(a)) {
        return (a->ip[0] & 0xfe) == 0xfc;
    }
    return p[0] == 10 || (p[0] == 172 && (p[1] & 0xf0) == 16) || (p[0] == 192 && p[1] == 168) ||
           (p[0] == 100 && (p[1] & 0xc0) == 64);
}

bool gw_way_unicast(const wick_gateway *gw, const wick_addr *addr)
{
    return addr->port != 0 &&
           (wick_addr_is_public(addr) || (gw->cfg.allow_private_direct && is_private(addr)));
}

bool gw_way_via_up(const wick_gateway *gw, uint8_t via)
{
    return via < WICK_GW_TURNS && gw->turn_used[via] && wick_turn_is_allocated(&gw->turn[via]) &&
           !(via == 1 && gw->second.check);
}

/* Relays are reached by TURN and by nothing else, and what is told us of us leads nowhere. */
static bool may_probe(const wick_gateway *gw, const wick_addr *addr)
{
    if (gw->cfg.no_direct || !gw_way_unicast(gw, addr) || gw_relay_at(gw, addr) != NULL) {
        return false;
    }
    for (unsigned i = 0; i < WICK_GW_TURNS; i++) {
        if (gw->turn_used[i] && wick_addr_same_ip(wick_turn_server(&gw->turn[i]), addr)) {
            return false;
        }
    }
    for (unsigned i = 0; i < gw->direct.own_count; i++) {
        if (wick_addr_equal(&gw->direct.own[i].addr, addr)) {
            return false;
        }
    }
    return true;
}

bool gw_way_open(const wick_gateway *gw, uint8_t index, uint8_t via, const wick_addr *from)
{
    return gw_way_find(gw, index, via, from) != GW_NO_WAY || may_probe(gw, from);
}

/* ------------------------------------------------------------------ the table */

uint8_t gw_way_find(const wick_gateway *gw, uint8_t index, uint8_t via, const wick_addr *addr)
{
    const wick_gateway_ways *d = &gw->session[index].ways;
    for (uint8_t i = 0; i < WICK_DIRECT_WAYS; i++) {
        if (d->way[i].state != WAY_FREE && d->way[i].via == via &&
            wick_addr_equal(&d->way[i].addr, addr)) {
            return i;
        }
    }
    return GW_NO_WAY;
}

static void drop(wick_gateway *gw, uint8_t index, uint8_t i)
{
    wick_gateway_way *w = &gw->session[index].ways.way[i];
    wick_gateway_way old = *w;
    memset(w, 0, sizeof *w);
    gw_way_release(gw, index, old.via, &old.addr);
}

static wick_gateway_way *add(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t via,
                             const wick_addr *addr, uint8_t kind)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    uint8_t slot = GW_NO_WAY;
    unsigned relays = 0;
    for (uint8_t i = 1; i < WICK_DIRECT_WAYS; i++) {
        const wick_gateway_way *w = &d->way[i];
        relays += w->state != WAY_FREE && !is_direct(w) ? 1u : 0u;
        if (w->state == WAY_FREE) {
            slot = slot == GW_NO_WAY || d->way[slot].state != WAY_FREE ? i : slot;
        } else if (w->state == WAY_DEAD && slot == GW_NO_WAY && i != d->at) {
            slot = i;
        }
    }
    if (slot == GW_NO_WAY || (!GW_IS_DIRECT(via) && relays >= RELAY_WAYS - 1)) {
        return NULL;
    }
    if (d->way[slot].state != WAY_FREE) {
        drop(gw, index, slot);
    }
    wick_gateway_way *w = &d->way[slot];
    w->addr = *addr;
    w->via = via;
    w->kind = kind;
    w->state = WAY_KNOWN;
    w->due_ms = WICK_TIME_NEVER(now_ms);
    if (!GW_IS_DIRECT(via)) {
        wick_status s = wick_turn_permit(&gw->turn[via], now_ms, addr);
        (void)s; /* approved relays have their permission already */
    }
    return w;
}

static void add_pairs(wick_gateway *gw, uint64_t now_ms, uint8_t index, const wick_addr *addr)
{
    for (uint8_t via = 0; via < WICK_GW_TURNS; via++) {
        if (gw_way_via_up(gw, via) && gw_way_find(gw, index, via, addr) == GW_NO_WAY) {
            (void)add(gw, now_ms, index, via, addr, WICK_DIRECT_RELAYED);
        }
    }
}

/* ------------------------------------------------------------------ trying */

static void try_way(wick_gateway_way *w, uint64_t now_ms)
{
    w->state = WAY_TRIED;
    w->unanswered = 0;
    w->due_ms = now_ms;
}

/* A round over the direct addresses. */
static void start_round(wick_gateway_ways *d, uint64_t now_ms)
{
    if (is_direct(&d->way[0]) || (d->at != 0 && !in_doubt(&d->way[d->at], now_ms))) {
        return;
    }
    if (wick_time_reached(now_ms, d->round_ms)) {
        d->probes = ROUND_PROBES;
        d->round_ms = now_ms + ROUND_MS;
    }
    for (unsigned i = 1; i < WICK_DIRECT_WAYS; i++) {
        wick_gateway_way *w = &d->way[i];
        if (is_direct(w) && (w->state == WAY_KNOWN || w->state == WAY_DEAD ||
                             (w->state == WAY_PROVEN && i != d->at))) {
            try_way(w, now_ms);
        }
    }
}

static void try_relays(wick_gateway_ways *d, uint64_t now_ms)
{
    for (unsigned i = 1; i < WICK_DIRECT_WAYS; i++) {
        wick_gateway_way *w = &d->way[i];
        if (w->state != WAY_FREE && w->state != WAY_TRIED && !is_direct(w)) {
            try_way(w, now_ms);
        }
    }
}

static void again_later(wick_gateway_ways *d, uint64_t now_ms)
{
    d->again_ms = now_ms + ((uint64_t)AGAIN_MS << d->round);
    d->round = d->round < AGAIN_SHIFT ? (uint8_t)(d->round + 1) : d->round;
}

static void check_soon(wick_gateway_way *w, uint64_t now_ms)
{
    if (w->unanswered == 0) {
        w->due_ms = now_ms;
    }
}

/* When a way that has just answered is checked next. */
static void rest(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    wick_gateway_way *w = &d->way[i];
    w->due_ms = WICK_TIME_NEVER(now_ms);
    if (i == d->at && is_active(d, now_ms)) {
        w->due_ms = now_ms + CHECK_MS;
    } else if (i == d->at && is_direct(w)) {
        /* What one side asks keeps the NATs of both open. */
        uint64_t keep = gw->session[index].keys.role == WICK_ROLE_INITIATOR ? KEEP_MS
                                                                            : KEEP_OTHER_MS;
        w->due_ms = now_ms + keep - gw_random(gw) % (keep / 5);
    }
}

/* ------------------------------------------------------------------ moving */

static void use(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    d->at = i;
    d->moved_ms = (uint32_t)now_ms;
    if (i != 0) {
        d->again_ms = WICK_TIME_NEVER(now_ms);
    }
    rest(gw, now_ms, index, i);
    gw_event(gw, WICK_GW_EV_SESSION_MOVED, WICK_OK, index);
}

/* Datagrams tell sessions apart by their path (unless DTLS has connection ids): one on each. */
static bool is_taken(const wick_gateway *gw, uint8_t index, const wick_gateway_way *w)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (i != index && s->state == SES_UP &&
            ((s->via == w->via && wick_addr_equal(&s->addr, &w->addr)) ||
             (s->ways.way[s->ways.at].via == w->via &&
              wick_addr_equal(&s->ways.way[s->ways.at].addr, &w->addr)))) {
            return true;
        }
    }
    return false;
}

/* Another relay takes the place of way 0. */
static void take_home(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i)
{
    wick_gateway_session *s = &gw->session[index];
    wick_gateway_ways *d = &s->ways;
    wick_gateway_way old = d->way[0];
    bool moved = d->at == 0;
    if (is_direct(&old)) {
        again_later(d, now_ms);
    }
    d->way[0] = d->way[i];
    d->way[i] = old;
    d->way[i].state = WAY_KNOWN;
    d->way[i].unanswered = 0;
    d->way[i].due_ms = WICK_TIME_NEVER(now_ms);
    d->lost = false;
    s->via = d->way[0].via;
    s->addr = d->way[0].addr;
    gw_way_release(gw, index, old.via, &old.addr);
    if (!is_direct(&d->way[0])) {
        wick_status bound = wick_turn_bind(&gw->turn[s->via], now_ms, &s->addr);
        (void)bound; /* without a channel data goes on in Send indications */
    }
    if (!GW_IS_DIRECT(old.via) && !gw_way_via_up(gw, old.via)) {
        memset(&d->way[i], 0, sizeof d->way[i]);
    }
    if (moved) {
        use(gw, now_ms, index, 0);
    }
}

/* The way in use, or way 0, has not answered five checks. */
static void silent(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    wick_gateway_way *w = &d->way[i];
    if (i == 0) { /* there is nothing to fall back to: all relays are tried, it too */
        w->due_ms = is_active(d, now_ms) || d->at != 0 ? now_ms + HOME_MS
                                                       : WICK_TIME_NEVER(now_ms);
        w->unanswered = PROBES - 1; /* one more then */
        try_relays(d, now_ms);
        return;
    }
    w->state = WAY_DEAD;
    w->heard = false;
    w->unanswered = 0;
    w->due_ms = WICK_TIME_NEVER(now_ms);
    if (i != d->at) {
        return;
    }
    d->round = since(now_ms, d->moved_ms) >= SETTLED_MS ? 0 : d->round;
    for (uint8_t k = 1; k < WICK_DIRECT_WAYS; k++) { /* the peer's NAT may have given it another */
        const wick_gateway_way *o = &d->way[k];
        if (o->state == WAY_PROVEN && is_direct(o) && since(now_ms, o->proven_ms) < ACTIVE_MS &&
            !is_taken(gw, index, o)) {
            use(gw, now_ms, index, k);
            return;
        }
    }
    again_later(d, now_ms);
    use(gw, now_ms, index, 0);
    d->lost_ms = now_ms + LOST_MS;
    check_soon(&d->way[0], now_ms);
}

/* ------------------------------------------------------------------ what the messages say */

void gw_way_asked(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t at, uint8_t via,
                  const wick_addr *from)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    wick_gateway_way *w = at == GW_NO_WAY
                              ? add(gw, now_ms, index, via, from,
                                    GW_IS_DIRECT(via) ? WICK_DIRECT_LEARNED : WICK_DIRECT_RELAYED)
                              : &d->way[at];
    if (w == NULL) {
        return;
    }
    w->heard = true;
    if (w == &d->way[0] || w == &d->way[d->at]) {
        return;
    }
    /* The peer tries another path: has the one in use ended, or the relay? */
    uint8_t current = is_direct(w) ? d->at : 0;
    if (since(now_ms, d->way[current].proven_ms) >= TRIGGER_MS) {
        check_soon(&d->way[current], now_ms);
    }
    if (is_direct(w) ? is_direct(&d->way[0]) : !home_bad(d)) {
        return;
    }
    if (w->state == WAY_KNOWN || w->state == WAY_DEAD) {
        if (is_direct(w) && wick_time_reached(now_ms, d->round_ms)) {
            d->probes = ROUND_PROBES;
            d->round_ms = now_ms + ROUND_MS;
        }
        try_way(w, now_ms);
    } else if (w->state == WAY_TRIED && since(now_ms, w->sent_ms) >= TRIGGER_MS) {
        w->due_ms = now_ms; /* its NAT is open now */
    }
}

static bool is_offered(const wick_direct_msg *m, const wick_gateway_way *w)
{
    for (unsigned i = 0; i < m->count; i++) {
        if (wick_addr_equal(&m->candidate[i].addr, &w->addr) &&
            (m->candidate[i].kind == WICK_DIRECT_RELAYED) == !is_direct(w)) {
            return true;
        }
    }
    return false;
}

void gw_way_offered(wick_gateway *gw, uint64_t now_ms, uint8_t index, const wick_direct_msg *m)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    for (uint8_t i = 1; i < WICK_DIRECT_WAYS; i++) {
        const wick_gateway_way *w = &d->way[i];
        if (w->state != WAY_FREE && i != d->at && w->kind != WICK_DIRECT_LEARNED &&
            !is_offered(m, w)) {
            drop(gw, index, i);
        }
    }
    for (unsigned i = 0; i < m->count; i++) {
        const wick_direct_candidate *c = &m->candidate[i];
        if (c->kind == WICK_DIRECT_RELAYED) {
            if (gw->cfg.allow_private_relay || wick_addr_is_public(&c->addr)) {
                add_pairs(gw, now_ms, index, &c->addr);
            }
            continue;
        }
        uint8_t at = gw_way_find(gw, index, VIA_DIRECT, &c->addr);
        if (at != GW_NO_WAY) {
            d->way[at].kind = c->kind;
        } else if (!is_direct(&d->way[0]) && may_probe(gw, &c->addr)) {
            (void)add(gw, now_ms, index, VIA_DIRECT, &c->addr, c->kind);
        }
    }
    start_round(d, now_ms);
    if (home_bad(d)) {
        try_relays(d, now_ms);
    }
}

void gw_way_answered(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    wick_gateway_way *w = &d->way[i];
    uint32_t rtt = since(now_ms, w->sent_ms);
    w->rtt_ms = (uint16_t)(rtt == 0 ? 1 : rtt < UINT16_MAX ? rtt : UINT16_MAX);
    w->unanswered = 0;
    w->asked = false;
    w->proven_ms = (uint32_t)now_ms;
    w->state = WAY_PROVEN;
    w->heard = true;
    rest(gw, now_ms, index, i);
    if (i == 0) {
        d->lost = false;
        return;
    }
    if (i == d->at) {
        return;
    }
    const wick_gateway_way *now_used = &d->way[d->at];
    if (!is_direct(w)) {
        if (home_bad(d) && !is_taken(gw, index, w)) {
            take_home(gw, now_ms, index, i);
        }
    } else if ((!is_direct(now_used) || in_doubt(now_used, now_ms) || w->kind < now_used->kind) &&
               !is_taken(gw, index, w)) {
        use(gw, now_ms, index, i);
    }
}

void gw_way_checked(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i, uint32_t counter)
{
    wick_gateway_way *w = &gw->session[index].ways.way[i];
    if (w->unanswered == 0) {
        w->first = counter;
    }
    w->sent_ms = (uint32_t)now_ms;
    uint32_t pause = rto(w);
    if (w->state == WAY_TRIED) {
        pause = PROBE_FIRST_MS << w->unanswered;
        pause = pause < PROBE_LAST_MS ? pause : PROBE_LAST_MS;
    }
    w->unanswered = w->unanswered < PROBES ? (uint8_t)(w->unanswered + 1) : w->unanswered;
    w->due_ms = now_ms + pause;
    if (i == 0 && w->unanswered == 2) {
        try_relays(&gw->session[index].ways, now_ms);
    }
}

bool gw_way_due(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t i)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    wick_gateway_way *w = &d->way[i];
    if ((w->state != WAY_TRIED && w->state != WAY_PROVEN) ||
        !wick_time_reached(now_ms, w->due_ms)) {
        return false;
    }
    if (w->state == WAY_TRIED && is_direct(w) && i != 0) {
        if (d->probes == 0) {
            w->unanswered = PROBES; /* enough for now: it ends with its last wait */
            w->due_ms = now_ms + PROBE_LAST_MS;
            return false;
        }
        d->probes--;
    }
    return true;
}

/* ------------------------------------------------------------------ the session's side */

void gw_ways_begin(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    wick_gateway_ways *d = &s->ways;
    wick_direct_keys keys;
    gw_ways_end(gw, index);
    d->way[0].addr = s->addr;
    d->way[0].via = s->via;
    d->way[0].kind = WICK_DIRECT_RELAYED;
    if (GW_IS_DIRECT(s->via)) {
        d->way[0].kind = s->endpoint_kind == WICK_ENDPOINT_DIRECT ? WICK_DIRECT_HOST
                         : s->endpoint_kind == WICK_ENDPOINT_PCP  ? WICK_DIRECT_MAPPED
                                                                  : WICK_DIRECT_LEARNED;
    }
    d->way[0].state = WAY_PROVEN; /* by the handshake */
    d->way[0].heard = true;
    d->way[0].proven_ms = (uint32_t)now_ms;
    d->way[0].due_ms = WICK_TIME_NEVER(now_ms);
    d->told = d->offered = (uint8_t)(gw->direct.version - 1u);
    d->offer_due_ms = now_ms + GW_OFFER_FIRST_MS;
    d->round_ms = now_ms;
    d->again_ms = WICK_TIME_NEVER(now_ms);
    wick_status st = wick_direct_name(d->name, gw->cfg.crypto, &s->keys);
    if (st == WICK_OK) {
        st = wick_direct_keys_derive(&keys, gw->cfg.crypto, &s->keys, s->keys.role);
    }
    if (st == WICK_OK) {
        memcpy(d->cid, keys.cid, sizeof d->cid);
    } else {
        d->told = d->offered = gw->direct.version; /* the session stays where it is */
    }
    wick_wipe(&keys, sizeof keys);
}

void gw_ways_end(wick_gateway *gw, uint8_t index)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    for (uint8_t i = 1; i < WICK_DIRECT_WAYS; i++) {
        if (d->way[i].state != WAY_FREE) {
            drop(gw, index, i);
        }
    }
    memset(d, 0, sizeof *d);
}

void gw_ways_speak(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    if (!d->speaks) {
        d->speaks = true;
        rest(gw, now_ms, index, d->at);
    }
}

void gw_ways_renew(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    for (uint8_t i = 0; i < WICK_DIRECT_WAYS; i++) {
        wick_gateway_way *w = &d->way[i];
        if (w->state == WAY_FREE || is_direct(w)) {
            continue;
        }
        if (i != 0 && !gw_way_via_up(gw, w->via)) {
            continue; /* kept: it says where the peer is */
        }
        wick_addr addr = w->addr;
        add_pairs(gw, now_ms, index, &addr);
    }
    if (d->lost && gw_way_via_up(gw, d->way[0].via)) {
        d->way[0].unanswered = 0; /* from another relayed address: does it reach the peer? */
        check_soon(&d->way[0], now_ms);
    }
    if (is_direct(&d->way[0]) && d->speaks) {
        check_soon(&d->way[0], now_ms); /* what has changed our addresses may have changed it too */
    }
    if (home_bad(d)) {
        try_relays(d, now_ms);
    }
}

void gw_ways_refused(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *to)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_ways *d = &gw->session[i].ways;
        if (gw->session[i].state == SES_UP && d->speaks && gw_way_find(gw, i, via, to) == d->at &&
            since(now_ms, d->way[d->at].proven_ms) >= TRIGGER_MS) {
            check_soon(&d->way[d->at], now_ms);
        }
    }
}

bool gw_ways_lost(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t via,
                  wick_status status)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    bool other = d->at != 0;
    for (uint8_t i = 1; i < WICK_DIRECT_WAYS; i++) {
        wick_gateway_way *w = &d->way[i];
        if (w->state != WAY_FREE && w->via == via) {
            w->state = WAY_DEAD; /* kept: it says where the peer is, and the allocation may be back */
            w->unanswered = 0;
            w->due_ms = WICK_TIME_NEVER(now_ms);
            continue;
        }
        other = other || (w->state != WAY_FREE && !is_direct(w));
    }
    if (d->way[0].via != via) {
        return true;
    }
    if (!other && !d->speaks) {
        return false; /* the peer would not understand where we are then */
    }
    d->lost = true;
    d->lost_status = status;
    d->lost_ms = now_ms + LOST_MS;
    try_relays(d, now_ms);
    return true;
}

bool gw_ways_tick(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint64_t *deadline)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    if (d->lost && d->at == 0) {
        if (wick_time_reached(now_ms, d->lost_ms)) {
            gw_session_end(gw, index, d->lost_status);
            *deadline = now_ms;
            return false;
        }
        *deadline = wick_time_min(*deadline, d->lost_ms);
    }
    bool trying = false, failed = false;
    for (uint8_t i = 0; i < WICK_DIRECT_WAYS; i++) {
        wick_gateway_way *w = &d->way[i];
        bool over = w->unanswered >= PROBES && wick_time_reached(now_ms, w->due_ms);
        if (w->state == WAY_TRIED && over) {
            w->state = WAY_DEAD;
            w->unanswered = 0;
            w->due_ms = WICK_TIME_NEVER(now_ms);
            failed = failed || is_direct(w);
        } else if (w->state == WAY_PROVEN && over) {
            silent(gw, now_ms, index, i);
        }
        trying = trying || (w->state == WAY_TRIED && is_direct(w));
    }
    if (failed && !trying && d->at == 0) {
        again_later(d, now_ms);
    }
    if (wick_time_reached(now_ms, d->again_ms)) {
        d->again_ms = WICK_TIME_NEVER(now_ms);
        d->told = (uint8_t)(gw->direct.version - 1u); /* both have to knock at the same time */
        d->offers = 0;
        d->offer_due_ms = now_ms;
        start_round(d, now_ms);
    }
    *deadline = wick_time_min(*deadline, d->again_ms);
    return true;
}

uint8_t gw_way_best(const wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    const wick_gateway_ways *d = &gw->session[index].ways;
    bool doubt = d->at != 0 && in_doubt(&d->way[d->at], now_ms);
    return doubt && !home_bad(d) ? 0 : d->at;
}

void gw_way_data_out(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    wick_gateway_way *w = &d->way[d->at];
    d->data_ms = (uint32_t)now_ms;
    d->has_data = true;
    if (d->speaks && w->unanswered == 0) {
        uint32_t age = since(now_ms, w->proven_ms);
        w->asked_ms = w->asked ? w->asked_ms : (uint32_t)now_ms;
        w->asked = true;
        bool quiet = since(now_ms, w->asked_ms) >= QUIET_MS;
        w->due_ms = wick_time_min(w->due_ms,
                                  quiet || age >= CHECK_MS ? now_ms : now_ms + CHECK_MS - age);
    }
}

bool gw_way_data_in(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint8_t via,
                    const wick_addr *from)
{
    wick_gateway_ways *d = &gw->session[index].ways;
    uint8_t i = gw_way_find(gw, index, via, from);
    if (i == GW_NO_WAY || (!d->way[i].heard && d->way[i].state != WAY_PROVEN)) {
        return false;
    }
    d->way[i].asked = false; /* a hint: anybody could have sent it */
    wick_gateway_way *w = &d->way[d->at];
    if (i != d->at && since(now_ms, w->proven_ms) >= RTO_MAX_MS) {
        check_soon(w, now_ms); /* the peer has doubts, or has moved */
    }
    return true;
}

#endif
