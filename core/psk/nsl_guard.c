/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What strangers may cost us: cookies before any private-key operation, rates, and who gets a place
 * in the table of half-open handshakes (PROTOCOL.md section 7).
 */
#include <string.h>

#include "nsl_internal.h"

/* ---- token buckets: one second's worth deep ---- */

void nsl_bucket_init(wick_nsl_bucket *b, uint64_t now_ms, uint32_t per_s)
{
    b->at_ms = now_ms;
    b->per_s = per_s;
    b->milli = per_s * 1000u;
}

bool nsl_bucket_take(wick_nsl_bucket *b, uint64_t now_ms)
{
    const uint64_t passed = now_ms - b->at_ms;
    const uint32_t full = b->per_s * 1000u;

    if (passed >= 1000u) {
        b->milli = full;
    } else {
        const uint32_t more = (uint32_t)passed * b->per_s;
        b->milli = (b->milli + more < full) ? b->milli + more : full;
    }
    b->at_ms = now_ms;
    if (b->milli < 1000u) {
        return false;
    }
    b->milli -= 1000u;
    return true;
}

/* ---- cookies ---- */

static wick_status new_cookie_key(wick_nsl_node *node, wick_hmac_key *key)
{
    uint8_t secret[32];

    wick_status st = node->cfg.entropy->fill(node->cfg.entropy->ctx, secret, sizeof secret);
    if (st == WICK_OK) {
        st = wick_hmac_key_init(key, node->cfg.crypto, WICK_HASH_SHA256, NSL_SPAN(secret));
    }
    wick_wipe(secret, sizeof secret);
    return st;
}

wick_status nsl_cookie_init(wick_nsl_node *node, uint64_t now_ms)
{
    node->cookie_ms = now_ms;
    node->cookie_at = 0;
    return new_cookie_key(node, &node->cookie_key[0]);
}

/* A new secret every 64 s; the one before stays for another 64 s. */
static wick_status rotate(wick_nsl_node *node, uint64_t now_ms)
{
    const uint64_t age = now_ms - node->cookie_ms;
    if (age < NSL_COOKIE_MS) {
        return WICK_OK;
    }
    wick_hmac_key *current = &node->cookie_key[node->cookie_at];
    wick_hmac_key *next = &node->cookie_key[1 - node->cookie_at];
    wick_hmac_key_wipe(next);
    if (age >= 2u * NSL_COOKIE_MS) {
        wick_hmac_key_wipe(current);
    }
    wick_status st = new_cookie_key(node, next);
    if (st == WICK_OK) {
        node->cookie_at = (uint8_t)(1 - node->cookie_at);
        /* Counted from when it was due: no cookie is good for longer than 128 s. */
        node->cookie_ms =
            (age < 2u * NSL_COOKIE_MS) ? node->cookie_ms + NSL_COOKIE_MS : now_ms;
    }
    return st;
}

static void cookie_mac(wick_hmac *h, const wick_hmac_key *key, const wick_addr *from,
                       const uint8_t m1_hash[32])
{
    static const char label[] = "dpk-nsl cookie"; /* with its zero byte */
    uint8_t port[2];

    wick_store_be16(port, from->port);
    wick_hmac_begin(h, key);
    wick_hmac_update(h, wick_span_make((const uint8_t *)label, sizeof label));
    wick_hmac_update(h, NSL_SPAN(from->ip));
    wick_hmac_update(h, NSL_SPAN(port));
    wick_hmac_update(h, wick_span_make(m1_hash, 32));
}

wick_status nsl_cookie_make(wick_nsl_node *node, uint8_t cookie[WICK_NSL_COOKIE_BYTES],
                            uint64_t now_ms, const wick_addr *from, const uint8_t m1_hash[32])
{
    uint8_t mac[32];
    wick_hmac h;

    wick_status st = rotate(node, now_ms);
    if (st == WICK_OK) {
        cookie_mac(&h, &node->cookie_key[node->cookie_at], from, m1_hash);
        st = wick_hmac_finish(&h, mac);
    }
    if (st == WICK_OK) {
        memcpy(cookie, mac, WICK_NSL_COOKIE_BYTES);
    }
    return st;
}

wick_status nsl_cookie_check(wick_nsl_node *node, const uint8_t cookie[WICK_NSL_COOKIE_BYTES],
                             uint64_t now_ms, const wick_addr *from, const uint8_t m1_hash[32])
{
    const wick_span tag = wick_span_make(cookie, WICK_NSL_COOKIE_BYTES);
    wick_hmac h;

    wick_status st = rotate(node, now_ms);
    if (st != WICK_OK) {
        return st;
    }
    cookie_mac(&h, &node->cookie_key[node->cookie_at], from, m1_hash);
    st = wick_hmac_verify(&h, tag);
    if (st == WICK_E_AUTH && node->cookie_key[1 - node->cookie_at].crypto != NULL) {
        cookie_mac(&h, &node->cookie_key[1 - node->cookie_at], from, m1_hash);
        st = wick_hmac_verify(&h, tag);
    }
    return st;
}

/* ---- ids remembered for a while ---- */

static bool memo_live(const wick_nsl_memo *m, uint64_t now_ms)
{
    return m->used && !wick_time_reached(now_ms, m->until_ms);
}

bool nsl_memo_has(const wick_nsl_memo *memos, size_t count, uint64_t now_ms,
                  const uint8_t id[32])
{
    for (size_t i = 0; i < count; i++) {
        if (memo_live(&memos[i], now_ms) && memcmp(memos[i].id, id, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* The same id, else a free place, else the one that ends first. */
void nsl_memo_add(wick_nsl_memo *memos, size_t count, uint64_t now_ms, uint64_t until_ms,
                  const uint8_t id[32])
{
    wick_nsl_memo *place = &memos[0];

    for (size_t i = 0; i < count; i++) {
        wick_nsl_memo *m = &memos[i];
        if (m->used && memcmp(m->id, id, 32) == 0) {
            place = m;
            break;
        }
        if (memo_live(place, now_ms) &&
            (!memo_live(m, now_ms) || !wick_time_reached(m->until_ms, place->until_ms))) {
            place = m;
        }
    }
    place->used = true;
    place->until_ms = until_ms;
    memcpy(place->id, id, 32);
}

bool nsl_is_allowed(const wick_nsl_node *node, const uint8_t id[32])
{
    for (size_t i = 0; i < node->cfg.allow_count; i++) {
        if (memcmp(node->cfg.allow[i], id, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- places in the half-open table ---- */

bool nsl_is_relay(const wick_nsl_node *node, const wick_addr *a)
{
    for (size_t i = 0; i < node->cfg.relay_count; i++) {
        if (wick_addr_same_ip(&node->cfg.relays[i], a)) {
            return true;
        }
    }
    return false;
}

#define UNPRIVILEGED_MAX (WICK_NSL_HALF_OPEN_MAX - WICK_NSL_HALF_OPEN_RESERVED)

/* Which entries a question is about. */
enum whose { OF_ANYBODY, OF_UNPRIVILEGED, OF_THIS_IP };

static bool counts(const wick_nsl_half *e, const wick_addr *from, enum whose whose)
{
    if (e->state == NSL_HALF_FREE) {
        return false;
    }
    switch (whose) {
    case OF_UNPRIVILEGED:
        return !e->privileged;
    case OF_THIS_IP:
        return wick_addr_same_ip(&e->path, from);
    case OF_ANYBODY:
    default:
        return true;
    }
}

static size_t count_of(const wick_nsl_node *node, const wick_addr *from, enum whose whose)
{
    size_t n = 0;
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        n += counts(&node->half[i], from, whose) ? 1u : 0u;
    }
    return n;
}

/* The oldest of them that is older than 2 s, and whose session does not wait to be taken. */
static wick_nsl_half *oldest_of(wick_nsl_node *node, uint64_t now_ms, const wick_addr *from,
                                enum whose whose)
{
    wick_nsl_half *oldest = NULL;
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (counts(e, from, whose) && e->state != NSL_HALF_DONE &&
            wick_time_reached(now_ms, e->since_ms + NSL_EVICT_MS) &&
            (oldest == NULL || !wick_time_reached(e->since_ms, oldest->since_ms))) {
            oldest = e;
        }
    }
    return oldest;
}

static wick_nsl_half *find_source(wick_nsl_node *node, const wick_addr *from)
{
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        wick_nsl_half *e = &node->half[i];
        if (e->state != NSL_HALF_FREE && e->state != NSL_HALF_DONE &&
            wick_addr_equal(&e->path, from)) {
            return e;
        }
    }
    return NULL;
}

static wick_status find_place(wick_nsl_node *node, wick_nsl_half **out, uint64_t now_ms,
                              const wick_addr *from, bool privileged)
{
    /* One entry for each source; a newer handshake replaces it once it is old enough. */
    wick_nsl_half *e = find_source(node, from);
    if (e != NULL) {
        *out = e;
        return wick_time_reached(now_ms, e->since_ms + NSL_EVICT_MS) ? WICK_OK : WICK_E_NSL_RATE;
    }
    /* At most half of the table for each address, except relays, where many share one. */
    if (!nsl_is_relay(node, from) &&
        count_of(node, from, OF_THIS_IP) >= WICK_NSL_HALF_OPEN_MAX / 2) {
        *out = oldest_of(node, now_ms, from, OF_THIS_IP);
        return *out != NULL ? WICK_OK : WICK_E_NSL_RATE;
    }
    if (!privileged && count_of(node, from, OF_UNPRIVILEGED) >= UNPRIVILEGED_MAX) {
        *out = oldest_of(node, now_ms, from, OF_UNPRIVILEGED);
        return *out != NULL ? WICK_OK : WICK_E_NSL_TABLE_FULL;
    }
    for (size_t i = 0; i < WICK_NSL_HALF_OPEN_MAX; i++) {
        if (node->half[i].state == NSL_HALF_FREE) {
            *out = &node->half[i];
            return WICK_OK;
        }
    }
    *out = oldest_of(node, now_ms, from, OF_UNPRIVILEGED);
    if (*out == NULL && privileged) {
        *out = oldest_of(node, now_ms, from, OF_ANYBODY);
    }
    return *out != NULL ? WICK_OK : WICK_E_NSL_TABLE_FULL;
}

wick_status nsl_place(wick_nsl_node *node, wick_nsl_half **out, uint64_t now_ms,
                      const wick_addr *from, bool privileged)
{
    wick_status st = find_place(node, out, now_ms, from, privileged);
    /* Nobody may turn a reserved place into an ordinary one by replacing an own entry. */
    if (st == WICK_OK && !privileged && (*out)->privileged &&
        count_of(node, from, OF_UNPRIVILEGED) >= UNPRIVILEGED_MAX) {
        st = WICK_E_NSL_TABLE_FULL;
    }
    return st;
}
