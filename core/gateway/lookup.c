/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups. The record of a peer to be called is read whole: key and endpoints under one header. Of
 * a caller only the key is needed. Both are held against the marks of that peer: what is lower than
 * before is stale, and what was there before and is gone is revoked.
 */
#include "gateway_internal.h"

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

/* The proven words as a record that may be used now, its key a point of the curve. */
static wick_status verify(wick_gateway *gw, uint64_t now_ms, wick_peer_record *rec,
                          uint8_t pub33[33], const wick_gateway_read *read, const uint8_t id[32],
                          const uint8_t *service)
{
    wick_record_seen seen;
    uint8_t pub65[65];
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
        s = wick_device_pub33(pub33, &rec->device);
    }
    if (s == WICK_OK) {
        s = gw->cfg.crypto->secp256k1_expand(gw->cfg.crypto->ctx, pub65, pub33);
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

static void caller_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                        wick_status status)
{
    wick_peer_record rec;
    wick_nsl_key key;
    memset(&key, 0, sizeof key);
    gw->nsl_lookup[read->owner].used = false;
    if (status == WICK_OK) {
        status = verify(gw, now_ms, &rec, key.bytes, read, gw->nsl_lookup[read->owner].id,
                        NULL);
        key.type = WICK_KEY_TYPE_SECP256K1;
    }
    /* STATE: it came too late and the caller asks again; nothing to do. */
    status = wick_nsl_lookup_result(&gw->nsl, now_ms, gw->nsl_lookup[read->owner].id, &key,
                                    status);
    (void)status;
}

void gw_peer_read_done(wick_gateway *gw, uint64_t now_ms, const wick_gateway_read *read,
                       wick_status status)
{
    if (read->purpose == READ_NSL) {
        caller_done(gw, now_ms, read, status);
        return;
    }
    wick_gateway_session *s = &gw->session[read->owner];
    wick_peer_record rec;
    bool proven = status == WICK_OK;
    if (proven) {
        s->tier = read->header.tier;
        s->block_number = read->header.number;
        s->block_time_s = read->header.timestamp;
        status = verify(gw, now_ms, &rec, s->pub33, read, s->id, s->service);
    }
    if (gw->cfg.records != NULL) {
        wick_gateway_record *out = &gw->cfg.records[read->owner];
        memset(out, 0, sizeof *out);
        memcpy(out->id, s->id, sizeof out->id);
        memcpy(out->service, s->service, sizeof out->service);
        out->registry = s->registry;
        out->proven = proven ? status : WICK_AGAIN;
        if (proven) {
            out->header = read->header;
            out->record = rec;
        }
    }
    if (status == WICK_OK) {
        s->epoch = rec.device.epoch;
        status = choose(gw, now_ms, s, &rec, read->header.timestamp);
    }
    gw_session_resolved(gw, now_ms, read->owner, status);
}
