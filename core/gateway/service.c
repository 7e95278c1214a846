/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services of local applications: which word of the record should say what. Reading and writing the
 * words is own.c's and transaction.c's, for which a service is one more word of the record.
 *
 *   state    event                       to
 *   FREE     publish()                   WANTED
 *   WANTED   unpublish()                 LEAVING     refused for good: FAILED
 *   FAILED   publish()                   WANTED
 *   LEAVING  withdrawn on chain          FREE
 */
#include "wick/service.h"

#include "gateway_internal.h"

#if WICK_WITH_SERVICES

enum { SVC_FREE = 0, SVC_WANTED, SVC_FAILED, SVC_LEAVING };

static size_t text_len(const char *text, size_t cap)
{
    size_t n = 0;
    while (n < cap && text[n] != '\0') {
        n++;
    }
    return n;
}

static wick_status hash_of(uint8_t hash32[32], const char *name)
{
    return name == NULL
               ? WICK_E_NAME
               : wick_name_hash(hash32, wick_span_make((const uint8_t *)name, text_len(name, 65)));
}

static wick_gateway_service *find(wick_gateway *gw, const uint8_t hash[32])
{
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        wick_gateway_service *v = &gw->services[i];
        if (v->state != SVC_FREE && memcmp(v->hash, hash, 32) == 0) {
            return v;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ the way to it */

#if WICK_WITH_PATH
static bool is_good(const wick_gateway *gw, wick_path_source source, wick_addr *addr)
{
    wick_status why = WICK_OK;
    return wick_path_look(&gw->open.path, source, addr, &why) == WICK_PATH_GOOD;
}

/* To a port of this host. */
static bool way_to_port(const wick_gateway *gw, const wick_gateway_service *v, wick_endpoint *e)
{
    wick_addr seen;
    if (is_good(gw, WICK_PATH_DIRECT, &seen)) {
        e->addr = seen;
        e->addr.port = v->port;
        e->kind = WICK_ENDPOINT_DIRECT;
        return true;
    }
    const wick_addr *mapped = v->mapped ? wick_pcp_client_external(&gw->open.pcp, v->mapping) : NULL;
    bool proven = is_good(gw, WICK_PATH_PCP, &seen) || is_good(gw, WICK_PATH_NATPMP, &seen);
    /* A router's SUCCESS is a claim. This one was found true for another port. */
    if (mapped == NULL || mapped->port == 0 || !proven || !wick_addr_same_ip(mapped, &seen)) {
        return false;
    }
    e->addr = *mapped;
    e->kind = WICK_ENDPOINT_PCP;
    return true;
}

void gw_service_map(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_open *o = &gw->open;
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX && o->asking && o->open && !gw->stopping; i++) {
        wick_gateway_service *v = &gw->services[i];
        wick_pcp_want want;
        unsigned id = 0;
        if (v->state != SVC_WANTED || v->port == 0 || v->given.port != 0 || v->mapped) {
            continue;
        }
        memset(&want, 0, sizeof want);
        want.protocol = v->protocol;
        want.internal_port = v->port;
        v->mapped = wick_pcp_client_map(&o->pcp, &id, now_ms, &want) == WICK_OK;
        v->mapping = (uint8_t)id;
    }
}

static void unmap(wick_gateway *gw, uint64_t now_ms, wick_gateway_service *v)
{
    if (v->mapped && gw->open.asking) {
        wick_status s = wick_pcp_client_unmap(&gw->open.pcp, now_ms, v->mapping);
        (void)s; /* then it expires by itself */
    }
    v->mapped = false;
}

void gw_service_unmapped(wick_gateway *gw)
{
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        gw->services[i].mapped = false;
    }
}

bool gw_service_mapping(wick_gateway *gw, uint64_t now_ms, unsigned mapping)
{
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        if (gw->services[i].mapped && gw->services[i].mapping == mapping) {
            gw_own_wake(gw, now_ms);
            return true;
        }
    }
    return !gw->open.mapped || mapping != gw->open.mapping; /* of one that has gone */
}

bool gw_service_waits(const wick_gateway *gw)
{
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        if (gw->services[i].state == SVC_WANTED && gw->services[i].told_none) {
            return true;
        }
    }
    return false;
}

static bool own_port(const wick_gateway *gw, const wick_service_spec *spec)
{
    return spec->protocol != WICK_PROTOCOL_TCP && spec->port != 0 && gw->open.open &&
           spec->port == gw->open.port;
}
#else
static bool way_to_port(const wick_gateway *gw, const wick_gateway_service *v, wick_endpoint *e)
{
    (void)gw, (void)v, (void)e;
    return false;
}

static void unmap(wick_gateway *gw, uint64_t now_ms, wick_gateway_service *v)
{
    (void)gw, (void)now_ms, (void)v;
}

static bool own_port(const wick_gateway *gw, const wick_service_spec *spec)
{
    (void)gw, (void)spec;
    return false;
}
#endif

static bool way_to(const wick_gateway *gw, const wick_gateway_service *v, wick_endpoint *e)
{
    e->protocol = v->protocol;
    if (v->given.port != 0) {
        e->addr = v->given;
        e->kind = WICK_ENDPOINT_DIRECT;
        return true;
    }
    if (v->port != 0) {
        return way_to_port(gw, v, e);
    }
    uint8_t source = WICK_PATH_NONE;
    const wick_addr *at = gw_path_endpoint(gw, 0, &source);
    if (at != NULL) {
        e->addr = *at;
        e->kind = gw_path_kind(source);
    }
    return at != NULL;
}

/* ------------------------------------------------------------------ for own.c */

const uint8_t *gw_service_hash(const wick_gateway *gw, unsigned index)
{
    return gw->services[index].hash;
}

uint16_t gw_service_tcp_port(const wick_gateway *gw, unsigned index)
{
    const wick_gateway_service *v = &gw->services[index];
    uint16_t port = v->port != 0 ? v->port : v->given.port;
    return v->protocol == WICK_PROTOCOL_TCP ? port : 0;
}

uint32_t gw_service_mask(const wick_gateway *gw)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < WICK_GW_SERVICES_MAX; i++) {
        if (gw->services[i].state == SVC_WANTED || gw->services[i].state == SVC_LEAVING) {
            mask |= 1u << i;
        }
    }
    return mask;
}

gw_word_wish gw_service_wish(const wick_gateway *gw, unsigned index, wick_endpoint *e,
                             uint32_t *life_s)
{
    const wick_gateway_service *v = &gw->services[index];
    *life_s = v->expires_s;
    if (v->state == SVC_WANTED && way_to(gw, v, e)) {
        return GW_WORD_THIS;
    }
    if (v->state == SVC_LEAVING) {
        return GW_WORD_GONE;
    }
    /* What an earlier run has written may be right yet: it stays until there is something to say. */
    return v->state == SVC_WANTED && !v->told ? GW_WORD_ANY : GW_WORD_NONE;
}

void gw_service_written(wick_gateway *gw, uint64_t now_ms, unsigned index, gw_word_wish wish,
                        bool sent)
{
    wick_gateway_service *v = &gw->services[index];
    if (v->state == SVC_LEAVING) {
        unmap(gw, now_ms, v);
        gw_event_more(gw, WICK_GW_EV_SERVICE, WICK_OK, false, sent);
        gw_event_index(gw, (uint8_t)index);
        v->state = SVC_FREE; /* its name stands until the place is used again */
        return;
    }
    if (wish == GW_WORD_THIS) {
        if (!v->told || sent) {
            gw_event_more(gw, WICK_GW_EV_SERVICE, WICK_OK, false, sent);
            gw_event_index(gw, (uint8_t)index);
        }
        v->told = true;
        v->told_none = false;
    } else if (!v->told_none) {
        gw_event(gw, WICK_GW_EV_SERVICE, WICK_E_NO_ENDPOINT, WICK_GW_NO_SESSION);
        gw_event_index(gw, (uint8_t)index);
        v->told = false;
        v->told_none = true;
    }
}

void gw_service_refused(wick_gateway *gw, uint64_t now_ms, unsigned index, wick_status status,
                        bool final)
{
    wick_gateway_service *v = &gw->services[index];
    if (final && v->state != SVC_FREE) {
        if (v->state == SVC_LEAVING) {
            unmap(gw, now_ms, v); /* the place may be another's next */
        }
        /* One that is being withdrawn is left to expire. */
        v->state = v->state == SVC_LEAVING ? SVC_FREE : SVC_FAILED;
    }
    gw_event_more(gw, WICK_GW_EV_SERVICE, status, final, false);
    gw_event_index(gw, (uint8_t)index);
}

void gw_service_tell(const wick_gateway *gw, wick_gateway_event *e)
{
    const wick_gateway_service *v = &gw->services[e->index];
    memset(e->name, 0, sizeof e->name);
    memcpy(e->name, v->name, sizeof e->name - 1);
    e->protocol = v->protocol;
}

/* ------------------------------------------------------------------ the application's side */

static wick_status check(const wick_gateway *gw, const wick_service_spec *spec, uint8_t hash[32])
{
    wick_status s = hash_of(hash, spec->name);
    if (s == WICK_OK && memcmp(hash, gw->service, 32) == 0) {
        s = WICK_E_NAME;
    }
    if (s != WICK_OK) {
        return s;
    }
    static const wick_addr nowhere;
    bool tcp = spec->protocol == WICK_PROTOCOL_TCP;
    if ((!tcp && spec->protocol != WICK_PROTOCOL_UDP && spec->protocol != 0) ||
        (tcp && spec->port == 0 && spec->addr.port == 0) || own_port(gw, spec) ||
        (spec->addr.port == 0) != wick_addr_same_ip(&spec->addr, &nowhere)) {
        return WICK_E_BAD_ARG;
    }
    if ((gw->goals & WICK_GW_GOAL_PUBLISH) == 0) {
        return WICK_E_STATE;
    }
    return spec->port != 0 && spec->addr.port == 0 && !WICK_WITH_PATH ? WICK_E_UNSUPPORTED : WICK_OK;
}

static wick_gateway_service *place(wick_gateway *gw, const uint8_t hash[32])
{
    wick_gateway_service *v = find(gw, hash);
    for (unsigned i = 0; v == NULL && i < WICK_GW_SERVICES_MAX; i++) {
        if (gw->services[i].state == SVC_FREE) {
            unsigned word = WICK_GW_WORDS + i;
            v = &gw->services[i];
            memset(v, 0, sizeof *v);
            gw->own.known &= ~(1u << i);
            gw->own.has_endpoint[word] = false;
            gw->own.seq_floor[word] = 0;
        }
    }
    return v;
}

wick_status wick_service_publish(wick_gateway *gw, uint64_t now_ms, const wick_service_spec *spec)
{
    uint8_t hash[32];
    wick_status s = check(gw, spec, hash);
    wick_gateway_service *v = s == WICK_OK ? place(gw, hash) : NULL;
    if (v == NULL) {
        return s == WICK_OK ? WICK_E_LIMIT : s;
    }
    uint8_t protocol = spec->protocol != 0 ? spec->protocol : (uint8_t)WICK_PROTOCOL_UDP;
    if (v->port != spec->port || v->protocol != protocol || spec->addr.port != 0) {
        unmap(gw, now_ms, v);
    }
    memcpy(v->hash, hash, 32);
    memset(v->name, 0, sizeof v->name);
    memcpy(v->name, spec->name, text_len(spec->name, sizeof v->name - 1));
    v->state = SVC_WANTED;
    v->told = v->told_none = false;
    v->protocol = protocol;
    v->port = spec->port;
    v->given = spec->addr;
    v->expires_s = spec->expires_s != 0 ? spec->expires_s : gw->cfg.expires_s;
#if WICK_WITH_PATH
    gw_service_map(gw, now_ms);
#endif
    gw_own_wake(gw, now_ms);
    return WICK_OK;
}

wick_status wick_service_unpublish(wick_gateway *gw, uint64_t now_ms, const char *name)
{
    uint8_t hash[32];
    wick_gateway_service *v = hash_of(hash, name) == WICK_OK ? find(gw, hash) : NULL;
    if (v == NULL) {
        return WICK_E_NOT_FOUND;
    }
    v->state = SVC_LEAVING;
    gw_own_wake(gw, now_ms);
    return WICK_OK;
}

wick_status wick_service_look(const wick_gateway *gw, wick_service_state *out, unsigned index)
{
    memset(out, 0, sizeof *out);
    if (index >= WICK_GW_SERVICES_MAX || gw->services[index].state == SVC_FREE) {
        return WICK_E_NOT_FOUND;
    }
    const wick_gateway_service *v = &gw->services[index];
    unsigned word = WICK_GW_WORDS + index;
    wick_endpoint e;
    memset(&e, 0, sizeof e);
    out->name = v->name;
    out->protocol = v->protocol;
    out->port = v->port;
    out->leaving = v->state == SVC_LEAVING;
    out->published = v->state == SVC_WANTED && v->told;
    out->has_endpoint = way_to(gw, v, &e);
    out->addr = e.addr;
    out->kind = e.kind;
    if (gw->own.has_endpoint[word]) {
        out->seq = gw->own.endpoint[word].seq;
        out->expires = gw->own.endpoint[word].expires;
    }
    return WICK_OK;
}

#else /* none */

wick_status wick_service_publish(wick_gateway *gw, uint64_t now_ms, const wick_service_spec *spec)
{
    (void)gw, (void)now_ms, (void)spec;
    return WICK_E_UNSUPPORTED;
}

wick_status wick_service_unpublish(wick_gateway *gw, uint64_t now_ms, const char *name)
{
    (void)gw, (void)now_ms, (void)name;
    return WICK_E_NOT_FOUND;
}

wick_status wick_service_look(const wick_gateway *gw, wick_service_state *out, unsigned index)
{
    (void)gw, (void)index;
    memset(out, 0, sizeof *out);
    return WICK_E_NOT_FOUND;
}

#endif
