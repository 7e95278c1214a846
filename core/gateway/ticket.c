/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests: leaves of other gateways that come with a ticket (wick/ticket.h) instead of a handshake. A
 * ticket is shown as identity in DTLS, after the cookie, or uploaded ahead. Its issuer's record is
 * read once and kept for a while; where it is not known yet the answer is "not now", the look-up
 * begins, and the leaf tries again, for a (D)TLS server cannot wait inside its callback.
 *
 * In this order, so that nothing costs more than it must: form, audience, policy (an issuer without a
 * line in it is not even looked up), record, rate, private key, time and replay.
 *
 * An issuer that is in use is read again every ISSUER_FRESH_MS; when its record has another epoch or
 * key, or is void, its tickets and its guests' sessions end.
 */
#include "gateway_internal.h"

#if WICK_WITH_TICKETS

#define ISSUER_FRESH_MS 300000u
#define ISSUER_OLD_MS 900000u   /* oldest record of a key that is used, where it cannot be read again */
#define ISSUER_AGAIN_MS 30000u  /* least time between two readings */
#define REFUSED_MS 60000u
#define READ_LIFE_MS 10000u     /* a first reading that does not end */
#define ROOM_PERIOD_MS 200u
#define STRANGERS_MAX ((WICK_GW_ISSUERS_MAX + 1u) / 2u)

/* States of an issuer. READING is one that is not known yet; a known one may be read again as well. */
enum { ISSUER_FREE = 0, ISSUER_READING, ISSUER_KNOWN, ISSUER_REFUSED };

#define NO_SLOT 0xFFu

#define GUESTS_MAX ((WICK_GW_SESSIONS_MAX + 1u) / 2u) /* the other places are for peers */

static bool is_on(const wick_gateway *gw)
{
    return gw->cfg.ticket_rule_count != 0 && (gw->goals & WICK_GW_GOAL_ANSWER) != 0 &&
           gw->tickets.ready;
}

wick_status gw_ticket_start(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_tickets *t = &gw->tickets;
    if (t->ready || gw->cfg.ticket_rule_count == 0 || !gw->nsl_ready ||
        gw->device_pub.type != WICK_KEY_TYPE_SECP256K1) { /* tickets are sealed to keys on the curve */
        return WICK_OK;
    }
    wick_status s = wick_ticket_own_init(&t->own, gw->cfg.crypto, NULL, gw->cfg.keystore, gw->id,
                                         gw->cfg.device_key);
    if (s == WICK_OK && t->table.rules == NULL) { /* what was used stays so with another key */
        wick_ticket_table_init(&t->table, gw->cfg.crypto, gw->cfg.ticket_rules,
                               gw->cfg.ticket_rule_count);
        wick_ticket_door_init(&t->door, &gw->nsl, now_ms);
    }
    t->ready = s == WICK_OK;
    return s;
}

void gw_ticket_rotated(wick_gateway *gw, uint64_t now_ms)
{
    gw->tickets.ready = false;
    wick_status s = gw_ticket_start(gw, now_ms);
    (void)s; /* then there are none any more */
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX && !gw->tickets.ready; i++) {
        if (gw->session[i].state == SES_GUEST) {
            gw_session_end(gw, i, WICK_E_UNSUPPORTED); /* its issuer is watched no longer */
        }
    }
}

/* ------------------------------------------------------------------ issuers */

static uint8_t find_issuer(const wick_gateway *gw, const uint8_t id[32])
{
    for (uint8_t i = 0; i < WICK_GW_ISSUERS_MAX; i++) {
        const wick_gateway_issuer *x = &gw->tickets.issuer[i];
        if (x->state != ISSUER_FREE && memcmp(x->id, id, 32) == 0) {
            return i;
        }
    }
    return NO_SLOT;
}

static bool reads_one(const wick_gateway *gw)
{
    for (uint8_t i = 0; i < WICK_GW_ISSUERS_MAX; i++) {
        if (gw->tickets.issuer[i].asked) {
            return true;
        }
    }
    return false;
}

static bool has_guests(const wick_gateway *gw, const uint8_t id[32])
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (gw->session[i].state == SES_GUEST && memcmp(gw->session[i].id, id, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* Has it a line of its own in the policy? Other ids may be invented. */
static bool is_named(const wick_gateway *gw, const uint8_t id[32])
{
    for (size_t i = 0; i < gw->cfg.ticket_rule_count; i++) {
        const wick_ticket_rule *r = &gw->cfg.ticket_rules[i];
        if (!r->any && memcmp(r->issuer, id, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* Neither the policy nor a record speaks for it. */
static bool is_stranger(const wick_gateway *gw, const wick_gateway_issuer *x)
{
    return (x->state == ISSUER_READING || x->state == ISSUER_REFUSED) && !is_named(gw, x->id);
}

/* A place for a new issuer: free, or of the one used longest ago that has no guest here. Who is not
 * named takes none from those who are; and strangers share half of the places. */
static uint8_t place_for(const wick_gateway *gw, bool named)
{
    uint8_t oldest = NO_SLOT;
    unsigned strangers = 0;
    for (uint8_t i = 0; i < WICK_GW_ISSUERS_MAX; i++) {
        strangers += is_stranger(gw, &gw->tickets.issuer[i]) ? 1u : 0u;
    }
    const bool share_full = !named && strangers >= STRANGERS_MAX;
    for (uint8_t i = 0; i < WICK_GW_ISSUERS_MAX; i++) {
        const wick_gateway_issuer *x = &gw->tickets.issuer[i];
        if (x->state == ISSUER_FREE && !share_full) {
            return i;
        }
        if (x->state == ISSUER_FREE || (share_full && !is_stranger(gw, x)) ||
            (!named && is_named(gw, x->id))) {
            continue;
        }
        if (x->state != ISSUER_READING && !x->asked && !has_guests(gw, x->id) &&
            (oldest == NO_SLOT || x->used_ms < gw->tickets.issuer[oldest].used_ms)) {
            oldest = i;
        }
    }
    return oldest;
}

static void read_again(wick_gateway_issuer *x, uint64_t now_ms)
{
    if (!x->asked && now_ms - x->read_ms >= ISSUER_AGAIN_MS) {
        x->due_ms = now_ms;
    }
}

/* Known and fresh enough, or AGAIN: it is being read. */
static wick_status issuer_for(wick_gateway *gw, wick_gateway_issuer **out, uint64_t now_ms,
                              const wick_addr *from, const uint8_t id[32])
{
    uint8_t i = find_issuer(gw, id);
    if (i == NO_SLOT) {
        const bool named = is_named(gw, id);
        if (!named && !wick_ticket_door_take(&gw->tickets.door, from, now_ms)) {
            return WICK_E_NSL_RATE;
        }
        i = place_for(gw, named);
        if (i == NO_SLOT) {
            return WICK_E_LIMIT;
        }
        wick_gateway_issuer *x = &gw->tickets.issuer[i];
        memset(x, 0, sizeof *x);
        x->state = ISSUER_READING;
        memcpy(x->id, id, 32);
        x->due_ms = now_ms;
        x->give_up_ms = now_ms + READ_LIFE_MS;
    }
    *out = &gw->tickets.issuer[i];
    (*out)->used_ms = now_ms;
    switch ((*out)->state) {
    case ISSUER_KNOWN:
        if (now_ms - (*out)->proven_ms < ISSUER_OLD_MS) {
            return WICK_OK;
        }
        read_again(*out, now_ms); /* if that is not under way: nodes may be long in answering */
        return WICK_AGAIN;
    case ISSUER_REFUSED:
        return (*out)->status;
    default:
        return WICK_AGAIN;
    }
}

/* The record says that nobody speaks for it any more, or another key does. */
static void end_guests(wick_gateway *gw, const uint8_t id[32], uint32_t epoch, wick_status status)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_GUEST && memcmp(s->id, id, 32) == 0 && s->epoch < epoch) {
            gw_session_end(gw, i, status);
        }
    }
}

/* Could not be read, which says nothing of the record. */
static bool is_silence(wick_status status)
{
    return gw_retryable(status) || gw_untrue(status) || status == WICK_E_QUORUM ||
           status == WICK_E_HEADER_STALE;
}

void gw_ticket_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                         wick_status status)
{
    wick_gateway_issuer *x = &gw->tickets.issuer[read->owner];
    wick_peer_record rec;
    wick_nsl_key key;
    memset(&key, 0, sizeof key);
    x->asked = false;
    if (status == WICK_OK) {
        status = gw_record_verify(gw, now_ms, &rec, &key, read, x->id, NULL);
    }
    if (status == WICK_OK && key.type != WICK_KEY_TYPE_SECP256K1) {
        status = WICK_E_UNSUPPORTED; /* tickets are sealed with keys on the curve */
    }
    x->read_ms = now_ms;
    if (status == WICK_OK) {
        bool other = x->state == ISSUER_KNOWN && memcmp(x->pub33, key.bytes, sizeof x->pub33) != 0;
        memcpy(x->pub33, key.bytes, sizeof x->pub33);
        x->epoch = rec.device.epoch;
        x->state = ISSUER_KNOWN;
        x->proven_ms = now_ms;
        x->due_ms = now_ms + ISSUER_FRESH_MS;
        if (other) {
            wick_ticket_table_revoke(&gw->tickets.table, x->id);
        }
        wick_ticket_table_issuer(&gw->tickets.table, x->id, x->epoch);
        end_guests(gw, x->id, other ? UINT32_MAX : x->epoch, WICK_E_RECORD_STALE);
    } else if (is_silence(status)) {
        x->due_ms = now_ms + ISSUER_AGAIN_MS;
        if (x->state != ISSUER_KNOWN || now_ms - x->proven_ms >= ISSUER_OLD_MS) {
            x->state = ISSUER_FREE;
        }
    } else {
        wick_ticket_table_revoke(&gw->tickets.table, x->id);
        end_guests(gw, x->id, UINT32_MAX, status);
        x->state = ISSUER_REFUSED;
        x->status = status;
        x->due_ms = now_ms + REFUSED_MS;
    }
}

void gw_ticket_reorg(wick_gateway *gw, uint64_t now_ms)
{
    for (uint8_t i = 0; i < WICK_GW_ISSUERS_MAX; i++) {
        if (gw->tickets.issuer[i].state == ISSUER_KNOWN) {
            gw->tickets.issuer[i].due_ms = now_ms;
        }
    }
}

/* A first reading has ended in nothing, a refusal is forgotten, a known record is not needed any
 * more: free. @return false: it is to be read now */
static bool tick_issuer(wick_gateway *gw, uint64_t now_ms, wick_gateway_issuer *x)
{
    const bool due = wick_time_reached(now_ms, x->due_ms);
    if (x->state == ISSUER_READING && wick_time_reached(now_ms, x->give_up_ms)) {
        x->state = ISSUER_FREE;
        x->asked = false;
        gw_read_cancel(gw, READ_ISSUER, (uint8_t)(x - gw->tickets.issuer));
        return true;
    }
    if (!due || x->asked) {
        return true;
    }
    if (x->state == ISSUER_REFUSED || (x->state == ISSUER_KNOWN && !has_guests(gw, x->id) &&
                                       now_ms - x->used_ms >= ISSUER_OLD_MS)) {
        x->state = ISSUER_FREE;
        return true;
    }
    return false;
}

uint64_t gw_ticket_tick(wick_gateway *gw, uint64_t now_ms)
{
    uint64_t next = WICK_TIME_NEVER(now_ms), unix_s = 0;
    if (!is_on(gw)) {
        return next;
    }
    if (gw_unix(gw, now_ms, &unix_s)) {
        wick_ticket_table_start(&gw->tickets.table, unix_s);
    }
    for (uint8_t i = 0; i < WICK_GW_ISSUERS_MAX; i++) {
        wick_gateway_issuer *x = &gw->tickets.issuer[i];
        if (x->state == ISSUER_FREE) {
            continue;
        }
        if (!tick_issuer(gw, now_ms, x)) {
            x->asked = !reads_one(gw) && gw_issuer_read(gw, i);
            x->due_ms = x->asked ? now_ms + ISSUER_FRESH_MS : now_ms + ROOM_PERIOD_MS;
        }
        if (x->state != ISSUER_FREE) {
            next = wick_time_min(next, x->due_ms);
            next = x->state == ISSUER_READING ? wick_time_min(next, x->give_up_ms) : next;
        }
    }
    return next;
}

void gw_ticket_stop(wick_gateway *gw)
{
    for (uint8_t i = 0; i < WICK_GW_ISSUERS_MAX; i++) {
        memset(&gw->tickets.issuer[i], 0, sizeof gw->tickets.issuer[i]);
    }
    gw->tickets.has_reply = false;
}

/* ------------------------------------------------------------------ one ticket */

static wick_status take(wick_gateway *gw, wick_ticket *out, uint32_t *epoch, uint64_t now_ms,
                        const wick_addr *from, const wick_ticket_head *head)
{
    wick_gateway_tickets *t = &gw->tickets;
    wick_gateway_issuer *x = NULL;
    uint64_t unix_s = 0;
    wick_status s = wick_ticket_addressed(head, &t->own);
    if (s == WICK_OK) {
        s = wick_ticket_table_may(&t->table, head->issuer);
    }
    if (s == WICK_OK && !gw_unix(gw, now_ms, &unix_s)) {
        s = WICK_E_NO_CLOCK;
    }
    if (s == WICK_OK) {
        s = issuer_for(gw, &x, now_ms, from, head->issuer);
    }
    if (s == WICK_OK && !wick_ticket_door_take(&t->door, from, now_ms)) {
        s = WICK_E_NSL_RATE;
    }
    if (s != WICK_OK) {
        return s;
    }
    s = wick_ticket_open(out, head, &t->own, x->pub33);
    if (s == WICK_E_AUTH) {
        read_again(x, now_ms); /* its key may have been rotated */
    }
    if (s == WICK_OK) {
        *epoch = x->epoch;
        s = wick_ticket_table_accept(&t->table, out, x->epoch, unix_s);
    }
    if (s != WICK_OK) {
        wick_wipe(out, sizeof *out);
    }
    return s;
}

static wick_status key_of_text(wick_gateway *gw, wick_session_psk *out, wick_ticket_peer *peer,
                               wick_span identity, const wick_addr *from, uint64_t now_ms)
{
    uint8_t bytes[WICK_TICKET_BYTES];
    wick_ticket_head head;
    wick_ticket ticket;
    uint32_t epoch = 0;
    wick_status s = wick_ticket_from_text(bytes, identity);
    if (s == WICK_OK) {
        s = wick_ticket_parse(&head, wick_span_make(bytes, sizeof bytes));
    }
    if (s == WICK_OK) {
        s = take(gw, &ticket, &epoch, now_ms, from, &head);
    }
    if (s != WICK_OK) {
        return s;
    }
    s = wick_ticket_psk(out, gw->cfg.crypto, ticket.ks, WICK_USE_DTLS12);
    memcpy(peer->issuer, ticket.issuer, 32);
    memcpy(peer->sub, ticket.claims.sub, sizeof peer->sub);
    memcpy(peer->jti, ticket.claims.jti, sizeof peer->jti);
    peer->scope = ticket.claims.scope;
    peer->issuer_epoch = epoch;
    peer->expires_s = ticket.claims.iat_s + ticket.claims.life_s;
    wick_wipe(&ticket, sizeof ticket);
    return s;
}

wick_status wick_gateway_ticket_key(wick_gateway *gw, wick_session_psk *out,
                                    wick_ticket_peer *peer, wick_span identity,
                                    const wick_addr *from, uint64_t now_ms)
{
    uint64_t unix_s = 0;
    memset(out, 0, sizeof *out);
    memset(peer, 0, sizeof *peer);
    if (!is_on(gw)) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s;
    if (identity.len == WICK_TICKET_CHARS) {
        s = key_of_text(gw, out, peer, identity, from, now_ms);
    } else if (gw_unix(gw, now_ms, &unix_s)) {
        s = wick_ticket_table_find(&gw->tickets.table, out, peer, identity,
                                   (unsigned)WICK_USE_DTLS12 | (unsigned)WICK_USE_PSK16, unix_s);
    } else {
        s = WICK_E_NO_CLOCK;
    }
    gw->tickets.status = s;
    return s;
}

wick_status wick_gateway_ticket_status(const wick_gateway *gw)
{
    return gw->tickets.status;
}

/* ------------------------------------------------------------------ uploads */

bool gw_ticket_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                     wick_span bytes)
{
    wick_gateway_tickets *t = &gw->tickets;
    wick_ticket_upload up;
    wick_ticket ticket;
    uint32_t epoch = 0;
    if (bytes.len < 2 || bytes.ptr[0] != WICK_NSL_VERSION || bytes.ptr[1] != WICK_TICKET_UPLOAD) {
        return false;
    }
    if (!is_on(gw)) {
        gw->dropped++;
        return true;
    }
    wick_status s = wick_ticket_door_input(&t->door, &up, now_ms, bytes, from);
    if (s == WICK_AGAIN) {
        memcpy(t->reply, up.reply, sizeof t->reply);
    } else if (s == WICK_OK) {
        s = take(gw, &ticket, &epoch, now_ms, from, &up.head);
        t->status = s;
        if (s == WICK_OK) {
            s = wick_ticket_upload_done(t->reply, gw->cfg.crypto, up.head.bytes, ticket.ks, up.id);
            wick_wipe(&ticket, sizeof ticket);
        }
        s = s == WICK_AGAIN ? WICK_E_NOT_FOUND : s; /* its issuer is being read: it comes again */
    }
    if (s == WICK_OK || s == WICK_AGAIN) {
        t->has_reply = true;
        t->reply_via = via;
        t->reply_to = *from;
    } else {
        gw->dropped++;
    }
    return true;
}

bool gw_ticket_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    wick_gateway_tickets *t = &gw->tickets;
    if (!t->has_reply) {
        return false;
    }
    t->has_reply = false;
    return gw_path_send(gw, out, wick_span_make(t->reply, sizeof t->reply), now_ms, t->reply_via,
                        &t->reply_to) == WICK_OK;
}

/* ------------------------------------------------------------------ sessions */

/* A handshake in clear (RFC 6347 section 4.1: type, version, epoch): a guest that begins anew, or one
 * whose session has just begun and that has not heard so yet. */
static bool is_clear_handshake(wick_span bytes)
{
    return bytes.len > 13 && bytes.ptr[0] == 22 && bytes.ptr[3] == 0 && bytes.ptr[4] == 0;
}

bool gw_ticket_dtls(wick_gateway *gw, uint8_t via, const wick_addr *from, wick_span bytes)
{
    if (!is_on(gw)) {
        return false;
    }
    gw->data = bytes;
    gw->data_session = WICK_GW_GUEST;
    gw->tickets.from = *from;
    gw->tickets.via = via;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX && !is_clear_handshake(bytes); i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_GUEST && s->via == via && wick_addr_equal(&s->addr, from)) {
            gw->data_session = i; /* used once DTLS has taken it: anybody can write an address */
        }
    }
    return true;
}

wick_status wick_gateway_guest_send(wick_gateway *gw, wick_gateway_out *out, wick_span bytes,
                                    const wick_addr *to, uint64_t now_ms, uint8_t via)
{
    wick_status s = gw_path_send(gw, out, bytes, now_ms, via, to);
    return s == WICK_E_STATE || s == WICK_AGAIN ? WICK_E_TURN_LOST : s;
}

/* The guest that is replaced: of this path, else none, else the one that was silent for longest. */
static wick_gateway_session *session_for(wick_gateway *gw, uint8_t *index, const wick_addr *addr,
                                         uint64_t now_ms, uint8_t via)
{
    uint8_t oldest = WICK_GW_NO_SESSION;
    unsigned guests = 0;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state != SES_GUEST) {
            continue;
        }
        if (s->via == via && wick_addr_equal(&s->addr, addr)) {
            gw_session_end(gw, i, WICK_E_STATE); /* it has begun anew */
            continue;
        }
        guests++;
        if (now_ms - s->used_ms >= GW_BUSY_MS &&
            (oldest == WICK_GW_NO_SESSION || s->used_ms < gw->session[oldest].used_ms)) {
            oldest = i;
        }
    }
    wick_gateway_session *s = guests < GUESTS_MAX ? gw_session_new(gw, index) : NULL;
    if (s == NULL && oldest != WICK_GW_NO_SESSION) {
        gw_session_end(gw, oldest, WICK_E_LIMIT); /* free for the leaf's next try */
    }
    return s;
}

wick_status wick_gateway_guest_up(wick_gateway *gw, uint8_t *session, const wick_ticket_peer *peer,
                                  const wick_addr *addr, uint64_t now_ms, uint8_t via)
{
    uint64_t unix_s = 0;
    uint8_t index = WICK_GW_NO_SESSION;
    *session = WICK_GW_NO_SESSION;
    if (!is_on(gw)) {
        return WICK_E_STATE;
    }
    if (!gw_unix(gw, now_ms, &unix_s)) {
        return WICK_E_NO_CLOCK;
    }
    wick_gateway_session *s = session_for(gw, &index, addr, now_ms, via);
    if (s == NULL) {
        return WICK_E_LIMIT;
    }
    wick_status st = wick_ticket_table_use(&gw->tickets.table, peer, unix_s);
    if (st != WICK_OK) {
        return st; /* the place is free still */
    }
    s->state = SES_GUEST;
    s->via = via;
    s->addr = *addr;
    s->epoch = peer->issuer_epoch;
    s->guest = *peer;
    s->due_ms = now_ms;
    s->used_ms = now_ms;
    memcpy(s->id, peer->issuer, 32);
    *session = index;
    gw_event(gw, WICK_GW_EV_SESSION_UP, WICK_OK, index);
    return WICK_OK;
}

void wick_gateway_guest_heard(wick_gateway *gw, uint64_t now_ms, uint8_t session)
{
    if (session < WICK_GW_SESSIONS_MAX && gw->session[session].state == SES_GUEST) {
        gw->session[session].used_ms = now_ms;
    }
}

wick_status wick_gateway_guest(const wick_gateway *gw, wick_ticket_peer *out, uint8_t session)
{
    memset(out, 0, sizeof *out);
    if (session >= WICK_GW_SESSIONS_MAX || gw->session[session].state != SES_GUEST) {
        return WICK_E_STATE;
    }
    *out = gw->session[session].guest;
    return WICK_OK;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_gateway_tickets_are_off;
#endif
