/* SPDX-License-Identifier: Apache-2.0 */
/* Records that were proven a short while ago and serve again; when, says wick/peer_cache.h. */
#include "wick/peer_cache.h"

#include "gateway_internal.h"

#if WICK_WITH_PEER_CACHE

_Static_assert(WICK_GW_PEERS_CACHED >= 1 && WICK_GW_PEERS_CACHED <= 255, "the table");

static bool is_of(const wick_gateway_record *r, uint8_t registry, const uint8_t id[32])
{
    return r->registry == registry && memcmp(r->id, id, 32) == 0;
}

/* Service NULL: whichever, for the device words are the same. -1: none */
static int find(const wick_peer_cache *c, uint8_t registry, const uint8_t id[32],
                const uint8_t *service)
{
    for (int i = 0; i < WICK_GW_PEERS_CACHED; i++) {
        const wick_gateway_record *r = &c->entry[i].record;
        if (c->entry[i].used && is_of(r, registry, id) &&
            (service == NULL || (c->entry[i].whole && memcmp(r->service, service, 32) == 0))) {
            return i;
        }
    }
    return -1;
}

static int place(const wick_peer_cache *c)
{
    int oldest = 0;
    for (int i = 0; i < WICK_GW_PEERS_CACHED; i++) {
        if (!c->entry[i].used) {
            return i;
        }
        oldest = c->entry[i].used_ms < c->entry[oldest].used_ms ? i : oldest;
    }
    return oldest;
}

void gw_cache_put(wick_gateway *gw, uint64_t now_ms, const wick_gateway_record *record, bool whole)
{
    wick_peer_cache *c = gw->cfg.cache;
    if (c == NULL || gw_registry(gw, record->registry)->cache_s == 0) {
        return;
    }
    if (record->proven != WICK_OK || record->grace) {
        gw_cache_drop(gw, record->registry, record->id);
        return;
    }
    int i = find(c, record->registry, record->id, whole ? record->service : NULL);
    i = i < 0 ? place(c) : i;
    if (!whole && c->entry[i].used && c->entry[i].whole &&
        is_of(&c->entry[i].record, record->registry, record->id)) {
        c->entry[i].used = false; /* its endpoints are older than these device words */
    }
    c->entry[i].used = true;
    c->entry[i].whole = whole;
    c->entry[i].confirmed = false;
    c->entry[i].proven_ms = c->entry[i].used_ms = now_ms;
    c->entry[i].record = *record;
}

void gw_cache_endpoints(wick_gateway *gw, uint8_t registry, const uint8_t id[32],
                        const uint8_t service[32], const wick_peer_record *rec,
                        const wick_trusted_header *header)
{
    wick_peer_cache *c = gw->cfg.cache;
    int i = c == NULL ? -1 : find(c, registry, id, service);
    if (i >= 0) {
        c->entry[i].record.record = *rec;
        c->entry[i].record.endpoint_header = *header;
    }
}

void gw_cache_confirm(wick_gateway *gw, const uint8_t id[32])
{
    for (int i = 0; gw->cfg.cache != NULL && i < WICK_GW_PEERS_CACHED; i++) {
        if (memcmp(gw->cfg.cache->entry[i].record.id, id, 32) == 0) {
            gw->cfg.cache->entry[i].confirmed = true;
        }
    }
}

void gw_cache_drop(wick_gateway *gw, uint8_t registry, const uint8_t id[32])
{
    for (int i = 0; gw->cfg.cache != NULL && i < WICK_GW_PEERS_CACHED; i++) {
        if (is_of(&gw->cfg.cache->entry[i].record, registry, id)) {
            gw->cfg.cache->entry[i].used = false;
        }
    }
}

void gw_cache_reorg(wick_gateway *gw, uint8_t registry, uint64_t number)
{
    for (int i = 0; gw->cfg.cache != NULL && i < WICK_GW_PEERS_CACHED; i++) {
        const wick_gateway_record *r = &gw->cfg.cache->entry[i].record;
        if (r->registry == registry &&
            (r->header.number > number || r->endpoint_header.number > number)) {
            gw->cfg.cache->entry[i].used = false;
        }
    }
}

const wick_gateway_record *gw_cache_get(wick_gateway *gw, uint64_t now_ms, uint8_t registry,
                                        const uint8_t id[32], const uint8_t *service)
{
    wick_peer_cache *c = gw->cfg.cache;
    uint32_t life_s = gw_registry(gw, registry)->cache_s;
    int i = c == NULL || gw->trust_stale ? -1 : find(c, registry, id, service);
    if (i < 0) {
        return NULL;
    }
    life_s = life_s > WICK_GW_CACHE_MAX_S ? WICK_GW_CACHE_MAX_S : life_s;
    if (!c->entry[i].confirmed || now_ms - c->entry[i].proven_ms >= life_s * UINT64_C(1000)) {
        c->entry[i].used = false;
        return NULL;
    }
    c->entry[i].confirmed = false; /* until the handshake that it serves for has succeeded, too */
    c->entry[i].used_ms = now_ms;
    return &c->entry[i].record;
}

wick_status wick_gateway_forget(wick_gateway *gw, const char *ref)
{
    uint8_t id[32], service[32], registry = 0;
    wick_peer_ref parsed;
    wick_status s = gw_call_parse(gw, &parsed, id, service, &registry, ref);
    if (s == WICK_OK) {
        gw_cache_drop(gw, registry, id);
    }
    return s;
}

#else

wick_status wick_gateway_forget(wick_gateway *gw, const char *ref)
{
    (void)gw, (void)ref;
    return WICK_E_UNSUPPORTED;
}

#endif
