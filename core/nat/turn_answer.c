/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TURN client: what an answer means. The rules follow RFC 8489 sections 6.3 and 9.2.5 and RFC 8656
 * sections 7 to 12, and what coturn does beside them: it sends 401, 437, 438 and 441 without
 * MESSAGE-INTEGRITY, and after it has lost an allocation it says 437 to Refresh but 400 to
 * CreatePermission and ChannelBind.
 */
#include <string.h>

#include "turn_internal.h"

static void deny(wick_turn *t, wick_turn_op *op, wick_status status)
{
    bool channel = op >= &t->op[CHANNEL];
    op->state = OP_DENIED;
    op->event_status = status;
    op->event = channel ? WICK_TURN_EV_CHANNEL_DENIED : WICK_TURN_EV_PERMISSION_DENIED;
}

/* Peers wait longer, so that a Refresh has settled whether the allocation lives. */
static uint64_t strike_wait(unsigned i, unsigned strikes)
{
    return (i == ALLOCATION ? STRIKE_WAIT_MS : BACKOFF_MS) << strikes;
}

/* The server refuses for good. Without integrity an established thing gets several chances. */
static void refuse(wick_turn *t, unsigned i, wick_status status, bool authentic, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[i];
    if (t->state == STATE_ALLOCATING) {
        wick_turn_end_(t, WICK_TURN_EV_FAILED, status);
        return;
    }
    if (t->state == STATE_RELEASING) {
        wick_turn_end_(t, WICK_TURN_EV_NONE, WICK_OK);
        return;
    }
    op->strikes++;
    op->event_status = status;
    if (!authentic && op->strikes < WICK_TURN_STRIKES) {
        op->due_ms = now_ms + strike_wait(i, op->strikes - 1u);
        return;
    }
    if (i == ALLOCATION) {
        wick_turn_end_(t, WICK_TURN_EV_LOST, status);
    } else {
        deny(t, op, status);
    }
}

/* Trouble that may pass: exponential waits, until what we hold expires at the server. */
static void back_off(wick_turn_op *op, unsigned times, wick_status status, uint64_t now_ms)
{
    unsigned shift = times < BACKOFF_SHIFT_MAX ? times : BACKOFF_SHIFT_MAX;
    op->event_status = status;
    op->due_ms = now_ms + (BACKOFF_MS << shift);
}

/* ---- success ---- */

static void schedule_keepalive(wick_turn *t, uint64_t now_ms)
{
    t->op[KEEPALIVE].due_ms =
        now_ms + KEEPALIVE_MIN_MS + wick_turn_jitter_(t, KEEPALIVE_JITTER_MS + 1u);
}

static void set_lifetime(wick_turn *t, uint32_t lifetime_s, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[ALLOCATION];
    uint32_t s = lifetime_s < REFRESH_MAX_S ? lifetime_s : REFRESH_MAX_S;
    uint64_t life_ms = (uint64_t)s * 1000u;
    uint32_t jitter = wick_turn_jitter_(t, (uint32_t)(life_ms / 16u) + 1u);
    t->lifetime_s = lifetime_s;
    op->until_ms = now_ms + life_ms;
    op->due_ms = now_ms + life_ms / 2u - jitter;
    op->state = OP_READY;
}

/* One relayed address, or with WICK_TURN_FAMILY_BOTH up to two, of the families asked for. */
static wick_status take_relayed(wick_turn *t, wick_addr *relayed, const wick_stun_msg *m)
{
    wick_status status = wick_stun_get_addr(relayed, m, WICK_STUN_XOR_RELAYED_ADDRESS);
#if WICK_WITH_TURN_DUAL
    unsigned family = wick_turn_family_(t);
    wick_stun_walk w = {0};
    uint8_t refused;
    bool v4 = status == WICK_OK && wick_addr_is_v4(relayed);
    t->family_error = 0;
    if (status == WICK_OK && ((family == WICK_TURN_FAMILY_IPV4 && !v4) ||
                              (family == WICK_TURN_FAMILY_IPV6 && v4))) {
        return WICK_E_TURN_TRANSPORT;
    }
    if (family != WICK_TURN_FAMILY_BOTH || status != WICK_OK) {
        return status;
    }
    while (wick_stun_next(&w, m) &&
           w.type != wick_stun_attr_type(WICK_STUN_MESSAGE_INTEGRITY) &&
           w.type != wick_stun_attr_type(WICK_STUN_MESSAGE_INTEGRITY_SHA256)) {
        wick_addr a;
        if (w.type != wick_stun_attr_type(WICK_STUN_XOR_RELAYED_ADDRESS) ||
            wick_stun_read_addr(&a, w.value, m, WICK_STUN_XOR_RELAYED_ADDRESS) != WICK_OK ||
            wick_addr_is_v4(&a) == v4) {
            continue;
        }
        t->relayed2 = v4 ? a : *relayed;
        *relayed = v4 ? *relayed : a;
        return WICK_OK;
    }
    if (wick_stun_get_address_error(&refused, &t->family_error, m) != WICK_OK) {
        t->family_error = 0;
    }
#else
    (void)t;
#endif
    return status;
}

static void allocated(wick_turn *t, const wick_stun_msg *m, uint64_t now_ms)
{
    wick_addr relayed, mapped;
    uint32_t lifetime_s;
    wick_status status = take_relayed(t, &relayed, m);
    if (status == WICK_E_TURN_TRANSPORT) {
        wick_turn_end_(t, WICK_TURN_EV_FAILED, status);
        return;
    }
    if (status != WICK_OK ||
        wick_stun_get_addr(&mapped, m, WICK_STUN_XOR_MAPPED_ADDRESS) != WICK_OK ||
        wick_stun_get_u32(&lifetime_s, m, WICK_STUN_LIFETIME) != WICK_OK || lifetime_s == 0) {
        wick_turn_end_(t, WICK_TURN_EV_FAILED, WICK_E_MALFORMED);
        return;
    }
    t->relayed = relayed;
    t->mapped = mapped;
    t->state = STATE_ALLOCATED;
    t->event = WICK_TURN_EV_ALLOCATED;
    wick_turn_take_ticket_(t, m);
    set_lifetime(t, lifetime_s, now_ms);
    t->op[KEEPALIVE].state = OP_READY;
    t->op[KEEPALIVE].until_ms = now_ms;
    schedule_keepalive(t, now_ms);
}

static void refreshed(wick_turn *t, const wick_stun_msg *m, uint64_t now_ms)
{
    uint32_t lifetime_s = t->lifetime_s;
    if (t->state == STATE_RELEASING) {
        wick_turn_end_(t, WICK_TURN_EV_NONE, WICK_OK);
        return;
    }
    if (wick_stun_get_u32(&lifetime_s, m, WICK_STUN_LIFETIME) == WICK_OK && lifetime_s == 0) {
        wick_turn_end_(t, WICK_TURN_EV_LOST, WICK_E_TURN_LOST);
        return;
    }
    set_lifetime(t, lifetime_s, now_ms);
    wick_turn_take_ticket_(t, m);
    wick_turn_arrived_(t, now_ms);
}

static void bound(wick_turn *t, const wick_stun_msg *m, uint64_t now_ms)
{
    wick_addr mapped;
    /* RFC 3489 servers know MAPPED-ADDRESS only. */
    if (wick_stun_get_addr(&mapped, m, WICK_STUN_XOR_MAPPED_ADDRESS) != WICK_OK &&
        wick_stun_get_addr(&mapped, m, WICK_STUN_MAPPED_ADDRESS) != WICK_OK) {
        return;
    }
    if (!wick_addr_equal(&mapped, &t->mapped)) {
        bool expected = t->mapped.port == 0; /* after wick_turn_moved() */
        t->mapped = mapped;
        t->mapping_event = 1;
        /* The allocation hangs on the old 5-tuple: Refresh tells, by 437, if it is out of reach. */
        if (!expected) {
            wick_turn_follow_(t, now_ms);
        }
        wick_turn_hurry_(&t->op[ALLOCATION], now_ms);
    }
}

static void installed(wick_turn *t, wick_turn_op *op, bool channel, uint64_t now_ms)
{
    uint32_t jitter = wick_turn_jitter_(t, REFRESH_JITTER_MS + 1u);
    op->until_ms = now_ms + (channel ? CHANNEL_MS : PERMISSION_MS);
    op->due_ms = now_ms + (channel ? CHANNEL_REFRESH_MS : PERMISSION_REFRESH_MS) - jitter;
    if (op->state == OP_WANTED) {
        op->state = OP_READY;
        op->event = channel ? WICK_TURN_EV_CHANNEL_READY : WICK_TURN_EV_PERMISSION_READY;
    }
}

static void success(wick_turn *t, unsigned i, const wick_stun_msg *m, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[i];
    op->retries = 0;
    op->strikes = 0;
    op->event_status = WICK_OK;
    if (t->hmac.crypto != NULL && t->hmac.alg == WICK_HASH_SHA256 && t->nonce_len != 0) {
        t->flags = (uint8_t)(t->flags | FLAG_HELD);
    }
    if (i != ALLOCATION) {
        installed(t, op, i >= CHANNEL, now_ms);
    } else if (t->state == STATE_ALLOCATING) {
        allocated(t, m, now_ms);
    } else {
        refreshed(t, m, now_ms);
    }
}

/* ---- errors ---- */

/* Realm and nonce of 401 and 438 (RFC 8489 section 9.2.5). */
static wick_status take_challenge(wick_turn *t, const wick_stun_msg *m)
{
    wick_span nonce = wick_stun_get(m, WICK_STUN_NONCE);
    wick_span realm = wick_stun_get(m, WICK_STUN_REALM);
    if (nonce.len == 0 || (realm.len == 0 && t->realm_len == 0)) {
        return WICK_E_MALFORMED;
    }
    if (nonce.len > WICK_TURN_NONCE_MAX) {
        return WICK_E_LIMIT;
    }
    if (realm.len == 0) {
        realm = wick_span_make(t->realm, t->realm_len);
    }
    bool same = realm.len == t->realm_len && memcmp(realm.ptr, t->realm, realm.len) == 0;
    if ((t->flags & FLAG_REALM) != 0 && !same) {
        return WICK_E_TURN_CREDENTIALS;
    }
    unsigned algorithm = 0;
    wick_status status = wick_turn_choose_(t, &algorithm, m);
    if (status == WICK_OK) {
        status = wick_turn_set_realm_(t, realm, algorithm);
    }
    if (status == WICK_OK) {
        wick_turn_take_algorithms_(t, m, algorithm);
        memcpy(t->nonce, nonce.ptr, nonce.len);
        t->nonce_len = (uint8_t)nonce.len;
    }
    return status;
}

static void challenged(wick_turn *t, unsigned i, const wick_turn_request *r, unsigned code,
                       const wick_stun_msg *m, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[i];
    if (code == 401 && r->authenticated != 0 && t->state != STATE_ALLOCATED) {
        refuse(t, i, WICK_E_TURN_CREDENTIALS, false, now_ms);
        return;
    }
    wick_status status = take_challenge(t, m);
    if (status != WICK_OK) {
        refuse(t, i, status, false, now_ms);
        return;
    }
    if (code == 401 && r->authenticated != 0 && op->retries != 0) {
        /* With the nonce that it has just given: it is the password. */
        refuse(t, i, WICK_E_TURN_CREDENTIALS, false, now_ms);
        return;
    }
    op->retries = (uint8_t)(op->retries + (op->retries < UINT8_MAX ? 1u : 0u));
    if (op->retries <= WICK_TURN_RETRIES) {
        op->due_ms = now_ms;
    } else if (t->state == STATE_ALLOCATED) {
        back_off(op, op->retries - WICK_TURN_RETRIES - 1u, WICK_E_TURN_LOOP, now_ms);
    } else {
        refuse(t, i, WICK_E_TURN_LOOP, false, now_ms);
    }
}

/* 300 Try Alternate: another server, a new challenge there (RFC 8489 section 10). It must have
 * integrity, but coturn sends it to the first, unauthenticated Allocate, where there can be none.
 * That is followed too; the other server must then prove that it knows the password. */
static void redirected(wick_turn *t, const wick_turn_request *r, const wick_stun_msg *m,
                       bool authentic, uint64_t now_ms)
{
    wick_addr server;
    if (t->state != STATE_ALLOCATING || (r->authenticated != 0 && !authentic) ||
        wick_stun_get_addr(&server, m, WICK_STUN_ALTERNATE_SERVER) != WICK_OK ||
        server.port == 0) {
        refuse(t, ALLOCATION, WICK_E_TURN_REFUSED, authentic, now_ms);
        return;
    }
    bool loop = t->redirects >= WICK_TURN_REDIRECTS || wick_addr_equal(&server, &t->server);
    for (unsigned i = 0; i < t->redirects; i++) {
        loop = loop || wick_addr_equal(&server, &t->visited[i]);
    }
    if (loop) {
        refuse(t, ALLOCATION, WICK_E_TURN_LOOP, authentic, now_ms);
        return;
    }
    t->must_authenticate = authentic ? t->must_authenticate : 1;
    t->visited[t->redirects] = t->server;
    t->redirects++;
    t->server = server;
    t->nonce_len = 0;
    t->op[ALLOCATION].retries = 0;
    t->op[ALLOCATION].due_ms = now_ms;
}

static wick_status status_of(unsigned code)
{
    switch (code) {
    case 401:
    case 441:
        return WICK_E_TURN_CREDENTIALS;
    case 403:
        return WICK_E_TURN_FORBIDDEN;
    case 420:
        return WICK_E_STUN_UNKNOWN_ATTR;
    case 437:
        return WICK_E_TURN_MISMATCH;
    case 440:
    case 442:
    case 443:
        return WICK_E_TURN_TRANSPORT;
    case 486:
        return WICK_E_TURN_QUOTA;
    case 508:
        return WICK_E_TURN_CAPACITY;
    default:
        return WICK_E_TURN_REFUSED;
    }
}

/* An error about a permission or channel. Some mean that the allocation is gone: a Refresh finds
 * out, while the request itself is tried again a few times. */
static void peer_error(wick_turn *t, unsigned i, unsigned code, bool authentic, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[i];
    if (code == 400 || code == 437 || code == 441 || (code >= 500 && code != 508)) {
        wick_turn_hurry_(&t->op[ALLOCATION], now_ms);
        refuse(t, i, status_of(code), false, now_ms);
    } else {
        refuse(t, i, status_of(code), authentic || op->state == OP_WANTED, now_ms);
    }
}

static void error(wick_turn *t, unsigned i, const wick_turn_request *r, unsigned code,
                  const wick_stun_msg *m, bool authentic, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[i];
    if (code == 438 || code == 401) {
        challenged(t, i, r, code, m, now_ms);
    } else if (i == ALLOCATION && code == 405 && t->state == STATE_ALLOCATING &&
               (t->flags & FLAG_MOBILE) != 0) {
        t->flags = (uint8_t)(t->flags & ~FLAG_MOBILE); /* RFC 8016 section 3.1.3: again without */
        op->due_ms = now_ms;
    } else if (i == ALLOCATION && wick_turn_stay_(t)) {
        op->due_ms = now_ms; /* a plain Refresh tells whether the allocation lives where we are */
    } else if (i != ALLOCATION) {
        peer_error(t, i, code, authentic, now_ms);
    } else if (code == 300) {
        redirected(t, r, m, authentic, now_ms);
    } else if (code >= 500 && code != 508 && t->state == STATE_ALLOCATED) {
        op->retries = (uint8_t)(op->retries + (op->retries < UINT8_MAX ? 1u : 0u));
        back_off(op, op->retries, WICK_E_TURN_REFUSED, now_ms);
    } else if (code == 437 && t->state == STATE_ALLOCATED) {
        refuse(t, i, WICK_E_TURN_LOST, authentic, now_ms);
    } else {
        refuse(t, i, status_of(code), authentic, now_ms);
    }
}

/* ---- entry points ---- */

/* Was the op given up while its request was under way? A channel may be bound at the server then. */
static bool dropped_by_caller(wick_turn_op *op, bool success, uint64_t now_ms)
{
    if (op->state == OP_WANTED || op->state == OP_READY) {
        return false;
    }
    if (op->state == OP_LAPSING && success) {
        op->until_ms = now_ms + CHANNEL_MS;
    } else if (op->state == OP_LAPSING && op->until_ms == 0) {
        op->state = OP_FREE;
    }
    return true;
}

static wick_turn_request *find_request(wick_turn *t, const wick_stun_msg *m)
{
    for (unsigned i = 0; i < WICK_TURN_TRANSACTIONS; i++) {
        wick_turn_request *r = &t->request[i];
        if (r->op != 0 && r->method == m->method &&
            memcmp(r->tid, wick_stun_tid(m), sizeof r->tid) == 0) {
            return r;
        }
    }
    return NULL;
}

/* An error that has no integrity where it should have (RFC 8489 section 9.2.5): anybody who sees our
 * requests can send it before the server answers. */
static bool is_bare(const wick_turn *t, const wick_turn_request *r, unsigned code, bool authentic)
{
    return r->authenticated != 0 && !authentic && code != 0 && code != 401 && code != 438 &&
           t->state != STATE_RELEASING && !wick_turn_is_stream_(t);
}

/* The transaction goes on, and is asked again soon. @return false: it was said often enough */
static bool goes_on(wick_turn *t, wick_turn_request *r, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[r->op - 1u];
    if (op->strikes + 1u >= WICK_TURN_STRIKES || r->left == 0) {
        return false;
    }
    r->doubted = 1;
    r->next_ms = now_ms + strike_wait(r->op - 1u, op->strikes);
    op->strikes++;
    return true;
}

wick_status wick_turn_answer_(wick_turn *t, uint64_t now_ms, const wick_stun_msg *m)
{
    wick_turn_request *found = find_request(t, m);
    bool authentic = false;
    uint16_t code = 0;
    if (found == NULL || m->cls == WICK_STUN_REQUEST) {
        return WICK_E_NOT_FOUND;
    }
    wick_turn_request r = *found;
    unsigned i = r.op - 1u;
    if (r.authenticated != 0) {
        wick_status status = wick_turn_check_(t, m);
        authentic = status == WICK_OK;
        if (status == WICK_E_NOT_FOUND && m->cls == WICK_STUN_SUCCESS) {
            status = WICK_E_STUN_INTEGRITY;
        }
        if (!authentic && status != WICK_E_NOT_FOUND) {
            return status;
        }
    }
    if (m->cls == WICK_STUN_ERROR && wick_stun_get_error(&code, NULL, m) != WICK_OK) {
        return WICK_E_MALFORMED;
    }
    if (code != 401 && code != 438 && wick_turn_is_stripped_(m)) {
        return WICK_E_STUN_BID_DOWN; /* RFC 8489 section 9.2.5 */
    }
    bool bare = is_bare(t, &r, code, authentic);
    if (bare && r.doubted != 0) {
        return WICK_E_STUN_INTEGRITY; /* one for each transmission: they come at once from a forger */
    }
    if (bare && goes_on(t, found, now_ms)) {
        return WICK_AGAIN;
    }
    found->op = 0;
    t->op[i].flight = 0;
    t->refused_count = 0;
    t->silent_event = 0;
    if (i == KEEPALIVE) {
        /* Any answer says that the server is there; only a success names our address. */
        schedule_keepalive(t, now_ms);
        if (m->cls == WICK_STUN_SUCCESS) {
            bound(t, m, now_ms);
        }
    } else if (dropped_by_caller(&t->op[i], m->cls == WICK_STUN_SUCCESS, now_ms)) {
        return WICK_AGAIN;
    } else if (m->unknown_count != 0) {
        refuse(t, i, WICK_E_STUN_UNKNOWN_ATTR, authentic, now_ms);
    } else if (code != 0) {
        error(t, i, &r, code, m, authentic, now_ms);
    } else if (!authentic && t->must_authenticate != 0) {
        refuse(t, i, WICK_E_STUN_INTEGRITY, false, now_ms);
    } else {
        success(t, i, m, now_ms);
    }
    return WICK_AGAIN;
}

void wick_turn_timed_out_(wick_turn *t, unsigned i, uint64_t now_ms)
{
    wick_turn_op *op = &t->op[i];
    if (i == ALLOCATION) {
        refuse(t, i, WICK_E_TIMEOUT, true, now_ms);
        return;
    }
    wick_turn_hurry_(&t->op[ALLOCATION], now_ms);
    if (i == KEEPALIVE) {
        schedule_keepalive(t, now_ms);
        t->silent_event = t->silent_event == 0 ? 1 : t->silent_event;
    } else if (!dropped_by_caller(op, true, now_ms)) { /* it may have arrived */
        op->due_ms = now_ms + BACKOFF_MS;
    }
}
