/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy, time and replay at the audience of tickets (PROTOCOL.md section 13.3).
 *
 * States of an entry: OPEN from its acceptance, USED from the first session on, ENDED where the
 * issuer's record has changed. Whatever the state, it stays until its ticket has ended, for the jti
 * must not become new again.
 */
#include "wick/ticket_table.h"

#if WICK_WITH_TICKETS

#include <string.h>

#include "session_keys_internal.h"

enum { FREE = 0, OPEN, USED, ENDED };

#define SHARE (WICK_TICKETS_MAX / 4)

static const wick_session_use uses_of[] = {WICK_USE_DTLS12, WICK_USE_TLS12, WICK_USE_TLS13,
                                           WICK_USE_PSK16};
_Static_assert(sizeof uses_of / sizeof uses_of[0] == WICK_USES, "an identity for each use");

void wick_ticket_table_init(wick_ticket_table *t, const wick_hal_crypto *crypto,
                            const wick_ticket_rule *rules, size_t rule_count)
{
    memset(t, 0, sizeof *t);
    t->crypto = crypto;
    t->rules = rules;
    t->rule_count = rule_count;
}

void wick_ticket_table_start(wick_ticket_table *t, uint64_t now_s)
{
    if (!t->started) {
        t->started = true;
        t->start_s = now_s;
        t->latest_s = now_s;
    }
}

/* ---- policy ---- */

static const wick_ticket_rule *rule_of(const wick_ticket_table *t, const uint8_t issuer[32])
{
    const wick_ticket_rule *any = NULL;
    for (size_t i = 0; i < t->rule_count; i++) {
        const wick_ticket_rule *r = &t->rules[i];
        if (r->any) {
            any = r;
        } else if (memcmp(r->issuer, issuer, 32) == 0) {
            return r; /* a line of its own says all, less than that of the others too */
        }
    }
    return any;
}

wick_status wick_ticket_table_may(const wick_ticket_table *t, const uint8_t issuer[32])
{
    const wick_ticket_rule *r = rule_of(t, issuer);
    return r != NULL && r->scopes != 0 ? WICK_OK : WICK_E_TICKET_ISSUER;
}

/* ---- time ---- */

/* Seconds since 1970 that never go back: an entry that was forgotten as ended stays ended. */
static uint64_t time_of(wick_ticket_table *t, uint64_t now_s)
{
    t->latest_s = now_s > t->latest_s ? now_s : t->latest_s;
    return t->latest_s;
}

static uint64_t end_of(const wick_ticket_claims *c)
{
    return (uint64_t)c->iat_s + c->life_s;
}

static wick_status check_time(const wick_ticket_table *t, const wick_ticket_claims *c,
                              uint64_t now_s)
{
    if (c->life_s == 0 || c->life_s > WICK_TICKET_LIFE_MAX) {
        return WICK_E_TICKET_LIFE;
    }
    if (c->iat_s > now_s + WICK_TICKET_FUTURE_S || end_of(c) > UINT32_MAX) {
        return WICK_E_TICKET_FUTURE;
    }
    if (now_s >= end_of(c)) {
        return WICK_E_EXPIRED;
    }
    return c->iat_s >= t->start_s ? WICK_OK : WICK_E_TICKET_BOOT;
}

static void expire(wick_ticket_table *t, uint64_t now_s)
{
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        if (t->entry[i].state != FREE && now_s >= t->entry[i].peer.expires_s) {
            wick_wipe(&t->entry[i], sizeof t->entry[i]);
        }
    }
}

/* ---- entries ---- */

static wick_ticket_entry *entry_of(wick_ticket_table *t, const uint8_t issuer[32],
                                   const uint8_t jti[WICK_TICKET_JTI_BYTES])
{
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        wick_ticket_entry *e = &t->entry[i];
        if (e->state != FREE && memcmp(e->peer.jti, jti, WICK_TICKET_JTI_BYTES) == 0 &&
            memcmp(e->peer.issuer, issuer, 32) == 0) {
            return e;
        }
    }
    return NULL;
}

/* May a session begin with it? */
static bool in_force(const wick_ticket_entry *e)
{
    return e->state == OPEN || (e->state == USED && (e->peer.scope & WICK_TICKET_REUSE) != 0);
}

static wick_status again(const wick_ticket_entry *e, const wick_ticket *ticket)
{
    /* Ks stands for all claims and clear bytes. */
    if (!in_force(e) || !wick_ct_equal(e->ks, ticket->ks, sizeof e->ks)) {
        return e->state == ENDED ? WICK_E_RECORD_REVOKED : WICK_E_TICKET_REPLAY;
    }
    return WICK_OK;
}

static wick_status place_for(wick_ticket_table *t, wick_ticket_entry **out,
                             const uint8_t issuer[32])
{
    size_t of_issuer = 0;

    *out = NULL;
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        wick_ticket_entry *e = &t->entry[i];
        if (e->state == FREE) {
            *out = *out == NULL ? e : *out;
        } else if (memcmp(e->peer.issuer, issuer, 32) == 0) {
            of_issuer++;
        }
    }
    if (of_issuer >= SHARE) {
        return WICK_E_TICKET_SHARE;
    }
    return *out != NULL ? WICK_OK : WICK_E_LIMIT;
}

static wick_status fill(wick_ticket_entry *e, const wick_hal_crypto *crypto,
                        const wick_ticket *ticket, uint32_t epoch)
{
    wick_session_psk psk;
    wick_status st = WICK_OK;

    memset(e, 0, sizeof *e);
    for (size_t i = 0; i < WICK_USES && st == WICK_OK; i++) {
        st = wick_ticket_psk(&psk, crypto, ticket->ks, uses_of[i]);
        if (st == WICK_OK) {
            st = wick_base64url_decode(e->identity[i], 16, psk.identity + 5, 22);
        }
    }
    wick_wipe(&psk, sizeof psk);
    if (st != WICK_OK) {
        wick_wipe(e, sizeof *e);
        return st;
    }
    memcpy(e->ks, ticket->ks, sizeof e->ks);
    memcpy(e->peer.issuer, ticket->issuer, 32);
    memcpy(e->peer.sub, ticket->claims.sub, sizeof e->peer.sub);
    memcpy(e->peer.jti, ticket->claims.jti, sizeof e->peer.jti);
    e->peer.scope = ticket->claims.scope;
    e->peer.issuer_epoch = epoch;
    e->peer.expires_s = (uint32_t)end_of(&ticket->claims);
    e->state = OPEN;
    return WICK_OK;
}

static bool newer_known(const wick_ticket_table *t, const uint8_t issuer[32], uint32_t epoch)
{
    bool newer = false;
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        const wick_ticket_entry *e = &t->entry[i];
        newer = newer || (e->state != FREE && e->peer.issuer_epoch > epoch &&
                          memcmp(e->peer.issuer, issuer, 32) == 0);
    }
    return newer;
}

wick_status wick_ticket_table_accept(wick_ticket_table *t, const wick_ticket *ticket,
                                     uint32_t epoch, uint64_t now_s)
{
    const wick_ticket_rule *rule = rule_of(t, ticket->issuer);
    wick_ticket_entry *e;

    if (!t->started) {
        return WICK_E_NO_CLOCK;
    }
    if (rule == NULL || rule->scopes == 0) {
        return WICK_E_TICKET_ISSUER;
    }
    if ((ticket->claims.scope & ~(unsigned)rule->scopes) != 0 ||
        (ticket->claims.scope & ~WICK_TICKET_REUSE) == 0) {
        return WICK_E_TICKET_SCOPE;
    }
    now_s = time_of(t, now_s);
    wick_status st = check_time(t, &ticket->claims, now_s);
    if (st != WICK_OK) {
        return st;
    }
    expire(t, now_s);
    if (newer_known(t, ticket->issuer, epoch)) {
        return WICK_E_RECORD_STALE;
    }
    e = entry_of(t, ticket->issuer, ticket->claims.jti);
    if (e != NULL) {
        return again(e, ticket);
    }
    st = place_for(t, &e, ticket->issuer);
    return st == WICK_OK ? fill(e, t->crypto, ticket, epoch) : st;
}

wick_status wick_ticket_table_find(wick_ticket_table *t, wick_session_psk *out,
                                   wick_ticket_peer *peer, wick_span identity, unsigned uses,
                                   uint64_t now_s)
{
    const wick_ticket_entry *found = NULL;
    wick_session_use use = WICK_USE_DTLS12;
    char text[WICK_SESSION_IDENTITY_CHARS + 1];

    memset(out, 0, sizeof *out);
    memset(peer, 0, sizeof *peer);
    if (identity.len != WICK_SESSION_IDENTITY_CHARS) {
        return WICK_E_NOT_FOUND;
    }
    expire(t, time_of(t, now_s));
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        const wick_ticket_entry *e = &t->entry[i];
        for (size_t u = 0; u < WICK_USES; u++) {
            psk_identity_text(text, e->identity[u]);
            if (wick_ct_equal((const uint8_t *)text, identity.ptr, WICK_SESSION_IDENTITY_CHARS) &&
                in_force(e) && ((unsigned)uses_of[u] & uses) != 0) {
                found = e;
                use = uses_of[u];
            }
        }
    }
    if (found == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status st = wick_ticket_psk(out, t->crypto, found->ks, use);
    if (st == WICK_OK) {
        *peer = found->peer;
    }
    return st;
}

wick_status wick_ticket_table_use(wick_ticket_table *t, const wick_ticket_peer *peer,
                                  uint64_t now_s)
{
    expire(t, time_of(t, now_s));
    wick_ticket_entry *e = entry_of(t, peer->issuer, peer->jti);
    if (e == NULL || e->state == ENDED) {
        return WICK_E_NOT_FOUND;
    }
    if (!in_force(e)) {
        return WICK_E_TICKET_REPLAY;
    }
    e->state = USED;
    return WICK_OK;
}

/* ---- the issuer's record ---- */

static void end_before(wick_ticket_table *t, const uint8_t issuer[32], uint64_t epoch)
{
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        wick_ticket_entry *e = &t->entry[i];
        if (e->state != FREE && e->peer.issuer_epoch < epoch &&
            memcmp(e->peer.issuer, issuer, 32) == 0) {
            e->state = ENDED;
            wick_wipe(e->ks, sizeof e->ks);
            wick_wipe(e->identity, sizeof e->identity);
        }
    }
}

void wick_ticket_table_issuer(wick_ticket_table *t, const uint8_t issuer[32], uint32_t epoch)
{
    end_before(t, issuer, epoch);
}

void wick_ticket_table_revoke(wick_ticket_table *t, const uint8_t issuer[32])
{
    end_before(t, issuer, UINT64_MAX);
}

size_t wick_ticket_table_count(const wick_ticket_table *t, uint64_t now_s)
{
    size_t n = 0;
    for (size_t i = 0; i < WICK_TICKETS_MAX; i++) {
        n += t->entry[i].state != FREE && now_s < t->entry[i].peer.expires_s ? 1u : 0u;
    }
    return n;
}

void wick_ticket_table_wipe(wick_ticket_table *t)
{
    wick_wipe(t, sizeof *t);
}

#else
/* ISO C forbids an empty file. */
typedef int wick_ticket_table_is_off;
#endif
