/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that last: the peer's record is read again now and then, and keys are changed after a time
 * or many bytes by a new handshake on the running session's path, whose keys then take the place of the
 * old ones (core/psk/PROTOCOL.md section 9).
 *
 *   the record says        then
 *   revoked, expired       the session ends at once
 *   another epoch          it ends at its next change of keys, unless the handshake with the new key
 *                          succeeds
 *   the same               it goes on
 *   nothing (not to be     it goes on; asked again a minute later
 *   had)
 *
 * Who called begins the handshake. Who was called ends a session of an epoch that is over when the
 * caller has let the time for it pass.
 */
#include "gateway_internal.h"

#if WICK_WITH_REKEY

#define AGAIN_MS 60000u
#define ROOM_PERIOD_MS 200u
#define SLOTS_OF_DEVICE 2u

enum { RENEW_NONE = 0, RENEW_READ, RENEW_NSL };

void gw_rekey_begin(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    if (!s->initiator) { /* the handshake has just read the caller's record */
        wick_record_seen seen;
        wick_marks_get(&gw->marks, &seen, s->registry, s->id, NULL);
        s->epoch = seen.epoch;
    }
    s->renew = RENEW_NONE;
    s->outdated = false;
    s->bytes = 0;
    s->watch_ms = now_ms + WICK_GW_WATCH_MS;
    /* The caller goes first. */
    s->rekey_ms = now_ms + WICK_GW_REKEY_MS + (s->initiator ? 0 : WICK_GW_REKEY_MS / 4);
}

/* Is it time for other keys? */
static bool is_due(const wick_gateway_session *s, uint64_t now_ms)
{
    return s->initiator && !s->keys_only &&
           (wick_time_reached(now_ms, s->rekey_ms) || s->bytes >= WICK_GW_REKEY_BYTES);
}

static bool begin_read(wick_gateway *gw, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    wick_gateway_read *r = gw_read_new(gw, READ_WATCH, index, s->registry,
                                       gw_registry(gw, s->registry)->device_registry);
    if (r != NULL) {
        wick_peer_query_init(&r->query, s->id, gw->service, false);
        r->query.count = SLOTS_OF_DEVICE;
        s->renew = RENEW_READ;
    }
    return r != NULL;
}

void gw_rekey_tick(wick_gateway *gw, uint64_t now_ms, uint8_t index, uint64_t *deadline)
{
    wick_gateway_session *s = &gw->session[index];
    if (s->renew != RENEW_NONE) {
        return;
    }
    if (!s->initiator && s->outdated && wick_time_reached(now_ms, s->rekey_ms)) {
        gw_session_end(gw, index, WICK_E_RECORD_STALE);
        return;
    }
    bool due = is_due(s, now_ms);
    if ((due || wick_time_reached(now_ms, s->watch_ms)) && !begin_read(gw, index)) {
        *deadline = wick_time_min(*deadline, now_ms + ROOM_PERIOD_MS);
        return;
    }
    if (s->renew == RENEW_NONE) {
        *deadline = wick_time_min(*deadline, s->watch_ms);
        bool waits = s->initiator ? !s->keys_only : s->outdated;
        *deadline = waits ? wick_time_min(*deadline, s->rekey_ms) : *deadline;
    }
}

/* The new handshake, while data goes on under the old keys. */
static void begin_handshake(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    s->renew = RENEW_NSL;
    if (gw_call_handshake(gw, s, now_ms) != WICK_OK) {
        s->renew = RENEW_NONE; /* no place, or no randomness: later */
        s->rekey_ms = now_ms + AGAIN_MS;
        s->bytes = 0;
    }
}

/* Does the status say that there is no such key any more? */
static bool is_void(wick_status status)
{
    switch ((int)status) {
    case WICK_E_RECORD_REVOKED:
    case WICK_E_RECORD_ABSENT:
    case WICK_E_RECORD_EXPIRED:
    case WICK_E_BAD_KEY:
    case WICK_E_UNSUPPORTED:
        return true;
    default:
        return false;
    }
}

void gw_rekey_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                        wick_status status)
{
    wick_gateway_session *s = &gw->session[read->owner];
    wick_peer_record rec;
    wick_nsl_key key;
    memset(&key, 0, sizeof key);
    if (s->state != SES_UP || s->renew != RENEW_READ) {
        return;
    }
    s->renew = RENEW_NONE;
    bool due = is_due(s, now_ms);
    if (status == WICK_OK) {
        status = gw_record_verify(gw, now_ms, &rec, &key, read, s->id, NULL);
        if (is_void(status)) {
            gw_cache_drop(gw, read->registry, s->id);
            gw_session_end(gw, read->owner, status);
            return;
        }
    }
    if (status != WICK_OK) {
        s->watch_ms = now_ms + AGAIN_MS;
        s->rekey_ms = due ? now_ms + AGAIN_MS : s->rekey_ms;
        s->bytes = due ? 0 : s->bytes;
        return;
    }
    s->watch_ms = now_ms + WICK_GW_WATCH_MS;
    s->outdated = s->outdated || (s->epoch != 0 && rec.device.epoch != s->epoch);
    s->epoch = s->epoch == 0 ? rec.device.epoch : s->epoch;
    if (due) {
        s->epoch = rec.device.epoch;
#if WICK_WITH_NSL_RSA
        if (key.type == WICK_KEY_TYPE_RSA2048) {
            wick_status known = gw_key_want(gw, &key, now_ms, READ_WATCH, read->owner,
                                            read->registry, rec.device.key);
            if (known != WICK_OK) {
                s->renew = RENEW_READ;
                if (known != WICK_AGAIN) {
                    gw_rekey_key_done(gw, now_ms, read->owner, NULL, known);
                }
                return;
            }
        }
#endif
        s->key = key;
        begin_handshake(gw, now_ms, read->owner);
    }
}

#if WICK_WITH_NSL_RSA
void gw_rekey_key_done(wick_gateway *gw, uint64_t now_ms, uint8_t index, const wick_nsl_key *key,
                       wick_status status)
{
    wick_gateway_session *s = &gw->session[index];
    if (s->state != SES_UP || s->renew != RENEW_READ) {
        return;
    }
    s->renew = RENEW_NONE;
    if (status == WICK_OK) {
        s->key = *key;
        begin_handshake(gw, now_ms, index);
    } else {
        gw_rekey_failed(gw, now_ms, index);
    }
}
#endif

uint8_t gw_rekey_of(const wick_gateway *gw, uint32_t run)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if (s->state == SES_UP && s->renew == RENEW_NSL && s->run == run) {
            return i;
        }
    }
    return WICK_GW_NO_SESSION;
}

void gw_rekey_failed(wick_gateway *gw, uint64_t now_ms, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    s->renew = RENEW_NONE;
    if (s->outdated) {
        gw_session_end(gw, index, WICK_E_RECORD_STALE);
        return;
    }
    s->rekey_ms = now_ms + AGAIN_MS;
    s->bytes = 0;
}

void gw_rekey_end(wick_gateway *gw, uint8_t index)
{
    wick_gateway_session *s = &gw->session[index];
    gw_read_cancel(gw, READ_WATCH, index);
    if (s->state == SES_UP && s->renew == RENEW_NSL) {
        wick_nsl_close(&gw->nsl, s->run);
    }
    s->renew = RENEW_NONE;
}

wick_status wick_gateway_rekey(wick_gateway *gw, uint64_t now_ms, uint8_t session)
{
    if (session >= WICK_GW_SESSIONS_MAX || gw->session[session].state != SES_UP ||
        !gw->session[session].initiator || gw->session[session].keys_only) {
        return WICK_E_STATE;
    }
    gw->session[session].rekey_ms = now_ms;
    return WICK_OK;
}

#else /* keys last as long as their session */

wick_status wick_gateway_rekey(wick_gateway *gw, uint64_t now_ms, uint8_t session)
{
    (void)gw, (void)now_ms, (void)session;
    return WICK_E_UNSUPPORTED;
}

#endif

wick_status wick_gateway_rotate(wick_gateway *gw, uint64_t now_ms, wick_key device_key)
{
    const wick_hal_keystore *ks = gw->cfg.keystore;
    uint8_t wallet33[33];
    wick_nsl_key pub;
    memset(&pub, 0, sizeof pub);
    pub.type = WICK_KEY_TYPE_SECP256K1;
    wick_status s = ks->secp256k1_public(ks->ctx, wallet33, gw->cfg.wallet_key);
    if (s == WICK_OK) {
        s = ks->secp256k1_public(ks->ctx, pub.bytes, device_key);
    }
#if WICK_WITH_NSL_RSA
    uint8_t word[32] = {0};
    if (s == WICK_E_NOT_FOUND) {
        s = gw_key_public(gw, &pub, word, device_key);
    }
#endif
    if (s == WICK_OK && pub.type == WICK_KEY_TYPE_SECP256K1 && memcmp(wallet33 + 1, pub.bytes + 1, 32) == 0) {
        s = WICK_E_SAME_KEY;
    }
    if (s == WICK_OK && gw->nsl_ready) {
        s = wick_nsl_rotate(&gw->nsl, now_ms, &pub, device_key);
    }
    if (s == WICK_OK) {
        gw->device_pub = pub;
#if WICK_WITH_NSL_RSA
        memcpy(gw->keys.own_word, word, 32);
        gw->keys.announced = false;
#endif
        gw->cfg.device_key = device_key;
        gw->own.registered_told = false;
        gw->own.key_asked = true; /* this is the answer */
        gw_ticket_rotated(gw, now_ms);
        gw_own_wake(gw, now_ms);
    }
    return s;
}

void wick_gateway_forget_key(wick_gateway *gw)
{
    if (gw->nsl_ready) {
        wick_nsl_forget(&gw->nsl);
    }
}
