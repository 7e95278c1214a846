/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups. The record of a peer to be called is read whole: key and endpoints under one header. Of
 * a caller only the key is needed. Both are held against the marks of that peer: what is lower than
 * before is stale, and what was there before and is gone is revoked.
 *
 * Where a sync committee vouches for headers, the record is read under the newest final one; then
 * once more under the newest that the committee has signed, for an endpoint that has moved in the
 * meantime. Such an endpoint is taken if the device words are the same there.
 */
#include "gateway_internal.h"

#include "wick/keccak.h"

#define SLOTS_OF_DEVICE 2u

/* Has the service a TLS key of its own? Not the agent's, whose peers shake hands by NSL. */
static bool wants_tls_key(const wick_gateway *gw, const uint8_t service[32])
{
    return WICK_WITH_PEER_KEYS && memcmp(service, gw->service, 32) != 0;
}

bool gw_peer_read(wick_gateway *gw, uint8_t session)
{
    const wick_gateway_session *s = &gw->session[session];
    wick_gateway_read *r = gw_read_new(gw, READ_PEER, session, s->registry,
                                       gw_registry(gw, s->registry)->device_registry);
    if (r == NULL) {
        return false;
    }
    wick_peer_query_init(&r->query, s->id, s->service, wants_tls_key(gw, s->service));
    return true;
}

bool gw_peer_read_caller(wick_gateway *gw, uint8_t lookup)
{
    wick_gateway_read *r =
        gw_read_new(gw, READ_NSL, lookup, 0, gw_registry(gw, 0)->device_registry);
    if (r == NULL) {
        return false;
    }
    wick_peer_query_init(&r->query, gw->nsl_lookup[lookup].id, gw->service, false);
    r->query.count = SLOTS_OF_DEVICE;
    return true;
}

#if WICK_WITH_TICKETS
bool gw_issuer_read(wick_gateway *gw, uint8_t issuer)
{
    wick_gateway_read *r =
        gw_read_new(gw, READ_ISSUER, issuer, 0, gw_registry(gw, 0)->device_registry);
    if (r != NULL) {
        wick_peer_query_init(&r->query, gw->tickets.issuer[issuer].id, gw->service, false);
        r->query.count = SLOTS_OF_DEVICE;
    }
    return r != NULL;
}
#endif

/* The record's key, a point of the curve; or its type alone, where the record has no more than a hash. */
static wick_status key_of(const wick_gateway *gw, wick_nsl_key *key, const wick_device *device)
{
    uint8_t pub65[65];
    key->type = device->key_type;
#if WICK_WITH_NSL_RSA
    if (key->type == WICK_KEY_TYPE_RSA2048) {
        return WICK_OK;
    }
#endif
    wick_status s = wick_device_pub33(key->bytes, device);
    return s == WICK_OK
               ? gw->cfg.crypto->secp256k1_expand(gw->cfg.crypto->ctx, pub65, key->bytes)
               : s;
}

/* `said`: what wick_peer_record_read() said of it. */
static wick_status judge(wick_gateway *gw, uint64_t now_ms, wick_nsl_key *key,
                         const wick_peer_record *rec, wick_status said, uint8_t registry,
                         const uint8_t id[32], const uint8_t *service, uint64_t header_time_s)
{
    wick_record_seen seen;
    uint64_t unix_s = 0;
    wick_status s = wick_marks_record(&gw->marks, &seen, registry, id, service, rec, said);
    if (!gw_unix(gw, now_ms, &unix_s)) {
        unix_s = header_time_s;
    }
    if (s == WICK_OK) {
        s = wick_device_check(&rec->device, &seen, unix_s);
    }
    if (s == WICK_OK) {
        s = key_of(gw, key, &rec->device);
    }
    if (s == WICK_OK) {
        wick_marks_put(&gw->marks, registry, id, service, &seen);
    }
    return s;
}

wick_status gw_record_verify(wick_gateway *gw, uint64_t now_ms, wick_peer_record *rec,
                             wick_nsl_key *key, const wick_gateway_read *read,
                             const uint8_t id[32], const uint8_t *service)
{
    wick_status said = wick_peer_record_read(rec, &read->query);
    return judge(gw, now_ms, key, rec, said, read->registry, id, service, read->header.timestamp);
}

/* May this endpoint be tried from here? */
static wick_status usable(const wick_gateway *gw, const wick_endpoint *e, uint64_t unix_s)
{
    wick_status s = wick_endpoint_check(e, 0, unix_s);
    if (s != WICK_OK) {
        return s;
    }
    if (e->protocol != WICK_PROTOCOL_UDP) {
        return WICK_E_UNSUPPORTED;
    }
    if (!gw->cfg.allow_unvalidated && wick_endpoint_validated(e, unix_s) != WICK_OK) {
        return WICK_E_NO_ENDPOINT;
    }
    return wick_addr_is_public(&e->addr) || gw->cfg.allow_private_relay ? WICK_OK
                                                                        : WICK_E_NO_ENDPOINT;
}

static wick_status choose(wick_gateway *gw, uint64_t now_ms, wick_gateway_session *s,
                          const wick_peer_record *rec, uint64_t header_time_s)
{
    wick_status why = WICK_E_NO_ENDPOINT;
    uint64_t unix_s = 0;
    bool found = false;
    if (!gw_unix(gw, now_ms, &unix_s)) {
        unix_s = header_time_s;
    }
    s->has_next = false;
    for (unsigned i = 0; i < 2; i++) {
        const wick_endpoint *e = &rec->endpoint[i];
        wick_status u = rec->has_endpoint[i] ? usable(gw, e, unix_s) : WICK_E_NO_ENDPOINT;
        if (u != WICK_OK) {
            why = i == 0 ? u : why;
        } else if (!found) {
            found = true;
            s->addr = e->addr;
            s->seq = e->seq;
            s->endpoint_kind = e->kind;
        } else {
            s->has_next = true;
            s->next = e->addr;
            s->next_seq = e->seq;
            s->next_kind = e->kind;
        }
    }
    return found ? WICK_OK : why;
}

static void hash_device(uint8_t out32[32], const wick_gateway_read *read)
{
    uint8_t words[64];
    memcpy(words, read->query.values[0], 32);
    memcpy(words + 32, read->query.values[1], 32);
    wick_keccak256(out32, words, sizeof words);
}

static bool read_endpoint(wick_gateway *gw, uint8_t session)
{
    const wick_gateway_session *s = &gw->session[session];
    const wick_gateway_registry *reg = gw_registry(gw, s->registry);
    if (reg->light == NULL || reg->light->cfg.rule != WICK_LIGHT_SYNC_COMMITTEE) {
        return false;
    }
    wick_gateway_read *r =
        gw_read_new(gw, READ_ENDPOINT, session, s->registry, reg->device_registry);
    if (r != NULL) {
        wick_peer_query_init(&r->query, s->id, s->service, false);
    }
    return r != NULL;
}

/* The second reading. Whatever is wrong with it, the first one stands. */
static void endpoint_done(wick_gateway *gw, uint64_t now_ms, wick_peer_record *rec,
                          const wick_gateway_read *read, wick_status status)
{
    wick_gateway_session *s = &gw->session[read->owner];
    uint8_t digest[32];
    hash_device(digest, read);
    if (status == WICK_OK && memcmp(digest, s->device_digest, 32) == 0 &&
        wick_peer_record_read(rec, &read->query) == WICK_OK && rec->has_endpoint[0] &&
        rec->endpoint[0].seq >= s->seq &&
        choose(gw, now_ms, s, rec, read->header.timestamp) == WICK_OK) {
        s->status = WICK_OK; /* also where the final record has no endpoint yet */
#if WICK_WITH_PEER_KEYS
        rec->has_tls_key = s->has_tls_key; /* a key: that of the final record */
        memcpy(rec->tls_key, s->tls_pin, sizeof rec->tls_key);
#endif
        s->endpoint_tier = (uint8_t)read->header.tier;
        if (gw->cfg.records != NULL) {
            wick_gateway_record *out = &gw->cfg.records[read->owner];
            out->endpoint_header = read->header;
            out->record = *rec; /* its device words are the same */
        }
        gw_cache_endpoints(gw, s->registry, s->id, s->service, rec, &read->header);
    }
    gw_session_resolved(gw, now_ms, read->owner, s->status);
}

static void answer_caller(wick_gateway *gw, uint64_t now_ms, uint8_t owner, const wick_nsl_key *key,
                          wick_status status)
{
    gw->nsl_lookup[owner].used = false;
    /* STATE: it came too late and the caller asks again; nothing to do. */
    status = wick_nsl_lookup_result(&gw->nsl, now_ms, gw->nsl_lookup[owner].id, key, status);
    (void)status;
}

/* The device words of a caller are at hand, and its key, or the hash of it. */
static void caller_known(wick_gateway *gw, uint64_t now_ms, uint8_t owner, wick_nsl_key *key,
                         const wick_peer_record *rec, wick_status status)
{
#if WICK_WITH_NSL_RSA
    if (status == WICK_OK && key->type == WICK_KEY_TYPE_RSA2048) {
        status = gw_key_want(gw, key, now_ms, READ_NSL, owner, 0, rec->device.key);
        if (status == WICK_AGAIN) {
            return;
        }
    }
#else
    (void)rec;
#endif
    answer_caller(gw, now_ms, owner, key, status);
}

static void caller_done(wick_gateway *gw, uint64_t now_ms, wick_gateway_record *found,
                        const wick_gateway_read *read, wick_status status)
{
    wick_nsl_key key;
    memset(&key, 0, sizeof key);
    if (status == WICK_OK) {
        memcpy(found->id, gw->nsl_lookup[read->owner].id, sizeof found->id);
        status = gw_record_verify(gw, now_ms, &found->record, &key, read, found->id, NULL);
        found->registry = read->registry;
        found->grace = read->grace;
        found->proven = status;
        found->header = found->endpoint_header = read->header;
        gw_cache_put(gw, now_ms, found, false);
    }
    caller_known(gw, now_ms, read->owner, &key, &found->record, status);
}

/* A peer to be called has been read, and its key is at hand. */
static void peer_done(wick_gateway *gw, uint64_t now_ms, uint8_t session)
{
    if (gw_is_remembered(&gw->session[session]) || !read_endpoint(gw, session)) {
        gw_session_resolved(gw, now_ms, session, gw->session[session].status);
    }
}

#if WICK_WITH_NSL_RSA
void gw_peer_key_done(wick_gateway *gw, uint64_t now_ms, uint8_t purpose, uint8_t owner,
                      const wick_nsl_key *key, wick_status status)
{
    if (purpose == READ_NSL) {
        answer_caller(gw, now_ms, owner, key, status);
        return;
    }
#if WICK_WITH_REKEY
    if (purpose == READ_WATCH) {
        gw_rekey_key_done(gw, now_ms, owner, key, status);
        return;
    }
#endif
    wick_gateway_session *s = &gw->session[owner];
    if (status == WICK_OK) {
        s->key = *key;
        peer_done(gw, now_ms, owner);
    } else {
        s->status = status;
        s->epoch = 0; /* a record without its key is none */
        gw_session_resolved(gw, now_ms, owner, status);
    }
}
#endif

/* The record of a peer to be called, or why there is none. */
static void record_found(wick_gateway *gw, uint64_t now_ms, uint8_t session,
                         const wick_gateway_record *found, wick_status status)
{
    wick_gateway_session *s = &gw->session[session];
    const wick_device *device = &found->record.device;
    if (found->proven != WICK_AGAIN) {
        s->grace = found->grace;
        s->tier = found->header.tier;
        s->block_number = found->header.number;
        s->block_time_s = found->header.timestamp;
    }
    if (gw->cfg.records != NULL) {
        gw->cfg.records[session] = *found;
    }
    s->status = status;
    if (status != WICK_OK) {
        gw_session_resolved(gw, now_ms, session, status);
        return;
    }
    s->epoch = device->epoch;
#if WICK_WITH_PEER_KEYS
    s->has_tls_key = found->record.has_tls_key;
    s->has_tls_pin = wick_peer_tls_pin(s->tls_pin, &found->record);
#endif
    s->seq = 0;
    s->endpoint_tier = (uint8_t)found->endpoint_header.tier;
    s->status = choose(gw, now_ms, s, &found->record, found->header.timestamp);
#if WICK_WITH_NSL_RSA
    if (s->key.type == WICK_KEY_TYPE_RSA2048) {
        wick_status known =
            gw_key_want(gw, &s->key, now_ms, READ_PEER, session, s->registry, device->key);
        if (known != WICK_OK) {
            if (known != WICK_AGAIN) {
                gw_peer_key_done(gw, now_ms, READ_PEER, session, NULL, known);
            }
            return;
        }
    }
#endif
    peer_done(gw, now_ms, session);
}

void gw_peer_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                       wick_status status)
{
    wick_gateway_record found; /* one on the stack, whatever was read */
    memset(&found, 0, sizeof found);
    if (read->purpose == READ_NSL) {
        caller_done(gw, now_ms, &found, read, status);
        return;
    }
    if (read->purpose == READ_ISSUER) {
        gw_ticket_read_done(gw, now_ms, read, status);
        return;
    }
    if (read->purpose == READ_ENDPOINT) {
        endpoint_done(gw, now_ms, &found.record, read, status);
        return;
    }
    wick_gateway_session *s = &gw->session[read->owner];
    memcpy(found.id, s->id, sizeof found.id);
    memcpy(found.service, s->service, sizeof found.service);
    found.registry = s->registry;
    found.proven = WICK_AGAIN;
    if (status == WICK_OK) {
        found.grace = read->grace;
        found.header = found.endpoint_header = read->header;
        status = gw_record_verify(gw, now_ms, &found.record, &s->key, read, s->id, s->service);
        found.proven = status;
        gw_cache_put(gw, now_ms, &found, true);
        hash_device(s->device_digest, read);
    }
    record_found(gw, now_ms, read->owner, &found, status);
}

#if WICK_WITH_PEER_CACHE
bool gw_peer_remembered(wick_gateway *gw, uint64_t now_ms, uint8_t session)
{
    wick_gateway_session *s = &gw->session[session];
    if (s->lookup_only || s->tries != 0) { /* is read, and the record anew that did not help */
        return false;
    }
    const wick_gateway_record *r = gw_cache_get(gw, now_ms, s->registry, s->id, s->service);
    if (r == NULL ||
        judge(gw, now_ms, &s->key, &r->record, WICK_OK, s->registry, s->id, s->service,
              r->header.timestamp) != WICK_OK ||
        choose(gw, now_ms, s, &r->record, r->header.timestamp) != WICK_OK) {
        return false;
    }
    s->cached = true;
    s->state = SES_READ;
    record_found(gw, now_ms, session, r, WICK_OK);
    return true;
}

bool gw_caller_remembered(wick_gateway *gw, uint64_t now_ms, uint8_t lookup)
{
    const uint8_t *id = gw->nsl_lookup[lookup].id;
    const wick_gateway_record *r = gw_cache_get(gw, now_ms, 0, id, NULL);
    wick_nsl_key key;
    memset(&key, 0, sizeof key);
    if (r == NULL || judge(gw, now_ms, &key, &r->record, WICK_OK, 0, id, NULL,
                           r->header.timestamp) != WICK_OK) {
        return false;
    }
    caller_known(gw, now_ms, lookup, &key, &r->record, WICK_OK);
    return true;
}
#endif

void gw_reorg(wick_gateway *gw, uint64_t now_ms, uint8_t registry, uint64_t number)
{
    gw_read_reorg(gw, registry, number);
    gw_cache_reorg(gw, registry, number);
    if (registry == 0) {
        gw_own_wake(gw, now_ms);
        gw_ticket_reorg(gw, now_ms);
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        wick_gateway_session *s = &gw->session[i];
        bool resolved = s->state == SES_PATH || s->state == SES_NSL || s->state == SES_UP;
        if (s->registry != registry || s->block_number <= number || !resolved) {
            continue;
        }
        if (s->state == SES_PATH) {
#if WICK_WITH_PEER_CACHE
            s->cached = false; /* gone from memory too */
#endif
            s->state = SES_LOOKUP;
            s->due_ms = now_ms;
        } else {
            gw_session_end(gw, i, WICK_E_RECORD_STALE);
        }
    }
}
