/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys of which a record holds the hash: an RSA-2048 key is in a log of the registry
 * (RECORDS.md). Any node may be asked for it, without a proof: what it gives counts only if its
 * SHA-256 is the key word, which is proven. Keys that were found are kept, for they never change.
 */
#include "gateway_internal.h"

#include "wick/rsa.h"

#if WICK_WITH_NSL_RSA

static wick_status sha256(const wick_gateway *gw, uint8_t out32[32], wick_span bytes)
{
    const wick_hal_crypto *c = gw->cfg.crypto;
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    wick_status s = c->hash_begin(c->ctx, &h, WICK_HASH_SHA256);
    if (s == WICK_OK) {
        s = c->hash_update(c->ctx, &h, bytes.ptr, bytes.len);
    }
    if (s == WICK_OK) {
        s = c->hash_finish(c->ctx, &h, out32);
    }
    c->hash_free(c->ctx, &h);
    return s;
}

wick_status gw_key_public(const wick_gateway *gw, wick_nsl_key *pub, uint8_t word[32], wick_key key)
{
    const wick_hal_keystore *ks = gw->cfg.keystore;
    uint8_t spki[WICK_RSA_SPKI_MAX];
    if (ks->rsa_public == NULL) {
        return WICK_E_NOT_FOUND;
    }
    wick_status s = ks->rsa_public(ks->ctx, pub->bytes, key);
    if (s != WICK_OK) {
        return s;
    }
    size_t len = wick_rsa_spki_encode(spki, pub->bytes);
    pub->type = WICK_KEY_TYPE_RSA2048;
    return len != 0 ? sha256(gw, word, wick_span_make(spki, len)) : WICK_E_BAD_KEY;
}

void gw_key_announce(const wick_gateway *gw, wick_buf *call)
{
    uint8_t spki[WICK_RSA_SPKI_MAX];
    size_t len = wick_rsa_spki_encode(spki, gw->device_pub.bytes);
    wick_calldata_announce(call, wick_span_make(spki, len));
}

/* ------------------------------------------------------------------ what is known */

static void remember(wick_gateway *gw, const uint8_t word[32], const uint8_t *pub260)
{
    unsigned at = 0;
    for (unsigned i = 1; i < WICK_GW_KEYS_MAX; i++) {
        at = gw->keys.known[i].used < gw->keys.known[at].used ? i : at;
    }
    gw->keys.known[at].used = ++gw->keys.clock;
    memcpy(gw->keys.known[at].word, word, 32);
    memcpy(gw->keys.known[at].pub, pub260, WICK_RSA_PUB_BYTES);
}

static bool recall(wick_gateway *gw, wick_nsl_key *key, const uint8_t word[32])
{
    for (unsigned i = 0; i < WICK_GW_KEYS_MAX; i++) {
        if (gw->keys.known[i].used != 0 && memcmp(gw->keys.known[i].word, word, 32) == 0) {
            gw->keys.known[i].used = ++gw->keys.clock;
            memcpy(key->bytes, gw->keys.known[i].pub, WICK_RSA_PUB_BYTES);
            return true;
        }
    }
    return false;
}

/* A record may name a key that nobody ever announced. Whoever calls again in that name, or is called,
 * costs no further question to the nodes for a while; the key may be announced at any time. */
static bool is_missing(const wick_gateway *gw, uint64_t now_ms, uint8_t registry,
                       const uint8_t word[32])
{
    for (unsigned i = 0; i < WICK_GW_KEYS_MISSING_MAX; i++) {
        const uint64_t until_ms = gw->keys.missing[i].until_ms;
        if (until_ms != 0 && !wick_time_reached(now_ms, until_ms) &&
            gw->keys.missing[i].registry == registry &&
            memcmp(gw->keys.missing[i].word, word, sizeof gw->keys.missing[i].word) == 0) {
            return true;
        }
    }
    return false;
}

/* A free place, else the one that ends first. */
static void note_missing(wick_gateway *gw, uint64_t now_ms, uint8_t registry,
                         const uint8_t word[32])
{
    unsigned at = 0;
    for (unsigned i = 1; i < WICK_GW_KEYS_MISSING_MAX && gw->keys.missing[at].until_ms != 0; i++) {
        const uint64_t until_ms = gw->keys.missing[i].until_ms;
        at = until_ms == 0 || !wick_time_reached(until_ms, gw->keys.missing[at].until_ms) ? i : at;
    }
    gw->keys.missing[at].until_ms = (now_ms + WICK_GW_KEY_MISSING_MS) | 1u; /* not 0 */
    gw->keys.missing[at].registry = registry;
    memcpy(gw->keys.missing[at].word, word, sizeof gw->keys.missing[at].word);
}

/* ------------------------------------------------------------------ asking for one */

/* One place for each session, and one for each look-up of a caller. */
static wick_gateway_key_fetch *place(wick_gateway *gw, uint8_t purpose, uint8_t owner)
{
    return &gw->keys.fetch[purpose == READ_NSL ? WICK_GW_SESSIONS_MAX + owner : owner];
}

wick_status gw_key_want(wick_gateway *gw, wick_nsl_key *key, uint64_t now_ms, uint8_t purpose,
                        uint8_t owner, uint8_t registry, const uint8_t word[32])
{
    key->type = WICK_KEY_TYPE_RSA2048;
    if (recall(gw, key, word)) {
        return WICK_OK;
    }
    if (is_missing(gw, now_ms, registry, word)) {
        return WICK_E_NOT_FOUND;
    }
    wick_gateway_key_fetch *f = place(gw, purpose, owner);
    f->purpose = purpose;
    f->owner = owner;
    f->registry = registry;
    memcpy(f->word, word, 32);
    wick_slot_announced(f->slot[0], word);
    gw_ask(gw, &f->ask, WICK_GW_REQ_CHAIN_KEY);
    return WICK_AGAIN;
}

void gw_key_cancel(wick_gateway *gw, uint8_t purpose, uint8_t owner)
{
    place(gw, purpose, owner)->ask.state = REQ_FREE;
}

bool gw_key_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    for (unsigned i = 0; i < WICK_GW_KEY_FETCHES; i++) {
        wick_gateway_key_fetch *f = &gw->keys.fetch[i];
        if (f->ask.state != REQ_WANTED) {
            continue;
        }
        f->ask.state = REQ_ASKED;
        f->ask.request = gw_request_id(gw);
        f->ask.due_ms = now_ms + WICK_GW_REQUEST_MS;
        out->kind = WICK_GW_OUT_REQUEST;
        out->request.id = f->ask.request;
        out->request.kind = WICK_GW_REQ_CHAIN_KEY;
        out->request.registry = f->registry;
        out->request.chain_id = gw_registry(gw, f->registry)->chain_id;
        out->request.account = gw_registry(gw, f->registry)->device_registry;
        out->request.from = gw->wallet;
        out->request.slots = (const uint8_t(*)[32])f->slot;
        out->request.slot_count = 1;
        out->request.key = f->word;
        return true;
    }
    return false;
}

static wick_gateway_key_fetch *find(wick_gateway *gw, uint32_t request)
{
    for (unsigned i = 0; i < WICK_GW_KEY_FETCHES && request != 0; i++) {
        wick_gateway_key_fetch *f = &gw->keys.fetch[i];
        if (f->ask.state == REQ_ASKED && f->ask.request == request) {
            return f;
        }
    }
    return NULL;
}

/* A node that does not have the log, or has another one, says nothing of the key: others may. */
static void fail(wick_gateway *gw, uint64_t now_ms, wick_gateway_key_fetch *f, wick_status status)
{
    f->ask.tries++;
    if ((gw_retryable(status) || gw_untrue(status) || status == WICK_E_NOT_FOUND) &&
        f->ask.tries < REQUEST_TRIES) {
        f->ask.state = REQ_WAITING;
        f->ask.due_ms = now_ms + ((status == WICK_E_HTTP_RATE ? 2000u : 500u) << f->ask.tries);
        return;
    }
    f->ask.state = REQ_FREE;
    if (status == WICK_E_NOT_FOUND) { /* a lie or a time-out says nothing of the key */
        note_missing(gw, now_ms, f->registry, f->word);
    }
    gw_peer_key_done(gw, now_ms, f->purpose, f->owner, NULL, status);
}

uint64_t gw_key_tick(wick_gateway *gw, uint64_t now_ms)
{
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (unsigned i = 0; i < WICK_GW_KEY_FETCHES; i++) {
        wick_gateway_key_fetch *f = &gw->keys.fetch[i];
        if (f->ask.state == REQ_ASKED && wick_time_reached(now_ms, f->ask.due_ms)) {
            fail(gw, now_ms, f, WICK_E_TIMEOUT);
        }
        if (f->ask.state == REQ_WAITING && wick_time_reached(now_ms, f->ask.due_ms)) {
            f->ask.state = REQ_WANTED;
        }
        if (f->ask.state == REQ_ASKED || f->ask.state == REQ_WAITING) {
            next = wick_time_min(next, f->ask.due_ms);
        }
    }
    return next;
}

bool gw_key_failed(wick_gateway *gw, uint64_t now_ms, uint32_t request, wick_status status)
{
    wick_gateway_key_fetch *f = find(gw, request);
    if (f != NULL) {
        fail(gw, now_ms, f, status);
    }
    return f != NULL;
}

wick_status wick_gateway_key(wick_gateway *gw, wick_span spki, uint64_t now_ms, uint32_t request)
{
    wick_gateway_key_fetch *f = find(gw, request);
    wick_nsl_key key;
    uint8_t hash[32];
    if (f == NULL) {
        return WICK_E_STATE;
    }
    wick_status s = sha256(gw, hash, spki);
    if (s == WICK_OK && memcmp(hash, f->word, 32) != 0) {
        s = WICK_E_PROOF_CLAIM;
    }
    if (s != WICK_OK) {
        fail(gw, now_ms, f, s);
        return s;
    }
    /* From here on it is the record that is right or wrong. */
    memset(&key, 0, sizeof key);
    key.type = WICK_KEY_TYPE_RSA2048;
    s = wick_rsa_spki_decode(key.bytes, spki);
    f->ask.state = REQ_FREE;
    if (s == WICK_OK) {
        remember(gw, f->word, key.bytes);
    }
    gw_peer_key_done(gw, now_ms, f->purpose, f->owner, &key, s);
    return s;
}

wick_status wick_gateway_suite(wick_gateway *gw, uint8_t suite)
{
    if (suite != 0 && suite >> 4 != gw->device_pub.type && (suite & 15u) != gw->device_pub.type) {
        return WICK_E_UNSUPPORTED;
    }
    gw->keys.only_suite = suite;
    return WICK_OK;
}

/* ------------------------------------------------------------------ possession */

wick_status wick_gateway_possession_rsa(wick_gateway *gw, uint8_t sig256[256], wick_buf *spki,
                                        const uint8_t challenge[32], uint32_t request)
{
    uint8_t digest[32], der[WICK_RSA_SPKI_MAX];
    memset(sig256, 0, WICK_RSA_BYTES);
    if (gw->device_pub.type != WICK_KEY_TYPE_RSA2048) {
        return WICK_E_UNSUPPORTED;
    }
    if (!gw_possession_digest(gw, digest, challenge, request)) {
        return WICK_E_STATE;
    }
    wick_buf_put(spki, der, wick_rsa_spki_encode(der, gw->device_pub.bytes));
    wick_status s = wick_buf_status(spki);
    return s == WICK_OK ? gw->cfg.keystore->rsa_sign(gw->cfg.keystore->ctx, sig256,
                                                     gw->cfg.device_key, digest)
                        : s;
}

#else

wick_status wick_gateway_suite(wick_gateway *gw, uint8_t suite)
{
    (void)gw;
    return suite == 0 || suite == 0x22 ? WICK_OK : WICK_E_UNSUPPORTED;
}

wick_status wick_gateway_key(wick_gateway *gw, wick_span spki, uint64_t now_ms, uint32_t request)
{
    (void)gw, (void)spki, (void)now_ms, (void)request;
    return WICK_E_UNSUPPORTED;
}

wick_status wick_gateway_possession_rsa(wick_gateway *gw, uint8_t sig256[256], wick_buf *spki,
                                        const uint8_t challenge[32], uint32_t request)
{
    (void)gw, (void)spki, (void)challenge, (void)request;
    memset(sig256, 0, 256);
    return WICK_E_UNSUPPORTED;
}

#endif
