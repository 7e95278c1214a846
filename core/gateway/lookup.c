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

bool gw_peer_read(wick_gateway *gw, uint8_t session)
{
    const wick_gateway_session *s = &gw->session[session];
    wick_gateway_read *r = gw_read_new(gw, READ_PEER, session, s->registry,
                                       gw_registry(gw, s->registry)->device_registry);
    if (r == NULL) {
        return false;
    }
    wick_peer_query_init(&r->query, s->id, s->service, false);
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

wick_status gw_record_verify(wick_gateway *gw, uint64_t now_ms, wick_peer_record *rec,
                             wick_nsl_key *key, const wick_gateway_read *read,
                             const uint8_t id[32], const uint8_t *service)
{
    wick_record_seen seen;
    uint64_t unix_s = 0;
    wick_status s = wick_peer_record_read(rec, &read->query);
    s = wick_marks_record(&gw->marks, &seen, read->registry, id, service, rec, s);
    if (!gw_unix(gw, now_ms, &unix_s)) {
        unix_s = read->header.timestamp;
    }
    if (s == WICK_OK) {
        s = wick_device_check(&rec->device, &seen, unix_s);
    }
    if (s == WICK_OK) {
        s = key_of(gw, key, &rec->device);
    }
    if (s == WICK_OK) {
        wick_marks_put(&gw->marks, read->registry, id, service, &seen);
    }
    return s;
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
    if (e->kind != WICK_ENDPOINT_RELAY && e->validated_at_h == 0 && !gw->cfg.allow_unvalidated) {
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
static void endpoint_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                          wick_status status)
{
    wick_gateway_session *s = &gw->session[read->owner];
    wick_peer_record rec;
    uint8_t digest[32];
    hash_device(digest, read);
    if (status == WICK_OK && memcmp(digest, s->device_digest, 32) == 0 &&
        wick_peer_record_read(&rec, &read->query) == WICK_OK && rec.has_endpoint[0] &&
        rec.endpoint[0].seq >= s->seq &&
        choose(gw, now_ms, s, &rec, read->header.timestamp) == WICK_OK) {
        s->status = WICK_OK; /* also where the final record has no endpoint yet */
        s->endpoint_tier = (uint8_t)read->header.tier;
        if (gw->cfg.records != NULL) {
            wick_gateway_record *out = &gw->cfg.records[read->owner];
            out->endpoint_header = read->header;
            out->record = rec; /* its device words are the same */
        }
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

static void caller_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                        wick_status status)
{
    wick_peer_record rec;
    wick_nsl_key key;
    memset(&key, 0, sizeof key);
    if (status == WICK_OK) {
        status = gw_record_verify(gw, now_ms, &rec, &key, read, gw->nsl_lookup[read->owner].id,
                                  NULL);
    }
#if WICK_WITH_NSL_RSA
    if (status == WICK_OK && key.type == WICK_KEY_TYPE_RSA2048) {
        status = gw_key_want(gw, &key, READ_NSL, read->owner, read->registry, rec.device.key);
        if (status == WICK_AGAIN) {
            return;
        }
    }
#endif
    answer_caller(gw, now_ms, read->owner, &key, status);
}

/* A peer to be called has been read, and its key is at hand. */
static void peer_done(wick_gateway *gw, uint64_t now_ms, uint8_t session)
{
    if (!read_endpoint(gw, session)) {
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

void gw_peer_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                       wick_status status)
{
    if (read->purpose == READ_NSL) {
        caller_done(gw, now_ms, read, status);
        return;
    }
    if (read->purpose == READ_ISSUER) {
        gw_ticket_read_done(gw, now_ms, read, status);
        return;
    }
    if (read->purpose == READ_ENDPOINT) {
        endpoint_done(gw, now_ms, read, status);
        return;
    }
    wick_gateway_session *s = &gw->session[read->owner];
    wick_peer_record rec;
    bool proven = status == WICK_OK, key = false;
    if (proven) {
        s->grace = read->grace;
        s->tier = read->header.tier;
        s->block_number = read->header.number;
        s->block_time_s = read->header.timestamp;
        status = gw_record_verify(gw, now_ms, &rec, &s->key, read, s->id, s->service);
    }
    if (gw->cfg.records != NULL) {
        wick_gateway_record *out = &gw->cfg.records[read->owner];
        memset(out, 0, sizeof *out);
        memcpy(out->id, s->id, sizeof out->id);
        memcpy(out->service, s->service, sizeof out->service);
        out->registry = s->registry;
        out->proven = proven ? status : WICK_AGAIN;
        if (proven) {
            out->grace = read->grace;
            out->header = read->header;
            out->endpoint_header = read->header;
            out->record = rec;
        }
    }
    if (status == WICK_OK) {
        key = true;
        s->epoch = rec.device.epoch;
        s->seq = 0;
        s->endpoint_tier = (uint8_t)s->tier;
        hash_device(s->device_digest, read);
        status = choose(gw, now_ms, s, &rec, read->header.timestamp);
    }
    s->status = status;
#if WICK_WITH_NSL_RSA
    if (key && s->key.type == WICK_KEY_TYPE_RSA2048 &&
        gw_key_want(gw, &s->key, READ_PEER, read->owner, read->registry, rec.device.key) ==
            WICK_AGAIN) {
        return;
    }
#endif
    if (key) {
        peer_done(gw, now_ms, read->owner);
    } else {
        gw_session_resolved(gw, now_ms, read->owner, status);
    }
}

void gw_reorg(wick_gateway *gw, uint64_t now_ms, uint8_t registry, uint64_t number)
{
    gw_read_reorg(gw, registry, number);
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
            s->state = SES_LOOKUP;
            s->due_ms = now_ms;
        } else {
            gw_session_end(gw, i, WICK_E_RECORD_STALE);
        }
    }
}
