/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups: who waits for which record, and the records that were proven before. */
#include "lookups.h"

#include <string.h>

#include "record_out.h"

void lookups_init(lookups *l, agent *a, lookup_done *done, void *ctx)
{
    memset(l, 0, sizeof *l);
    l->agent = a;
    l->done = done;
    l->ctx = ctx;
}

bool lookups_registry(uint8_t *out, const agent *a, wick_span name)
{
    for (size_t i = 0; i < a->gateway.cfg.registry_count; i++) {
        const char *n = a->registries[i].name;
        if (name.len == 0 || (strlen(n) == name.len && memcmp(n, name.ptr, name.len) == 0)) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

wick_status lookups_begin(lookups *l, unsigned client, uint32_t serial, const char *name,
                          uint64_t now_ms)
{
    wick_peer_ref ref;
    uint8_t id[32], service[32], registry = 0;
    wick_status s = wick_peer_ref_parse(&ref, name, strlen(name));
    if (s == WICK_OK) {
        s = wick_name_hash(id, ref.name);
    }
    if (s == WICK_OK) {
        s = wick_name_hash(service, ref.service.len != 0 ? ref.service
                                                         : wick_span_text(WICK_SERVICE_DEFAULT));
    }
    if (s == WICK_OK && !lookups_registry(&registry, l->agent, ref.registry)) {
        s = WICK_E_CONFIG;
    }
    if (s != WICK_OK) {
        return s;
    }
    memset(&l->job[client], 0, sizeof l->job[client]);
    memcpy(l->job[client].id, id, sizeof id);
    memcpy(l->job[client].service, service, sizeof service);
    memcpy(l->job[client].name, name, strlen(name) + 1); /* a reference has at most 191 */
    l->job[client].registry = registry;
    l->job[client].serial = serial;
    l->job[client].order = l->orders++;
    l->job[client].give_up_ms = now_ms + LOOKUPS_MS;
    l->job[client].used = true;
    l->asked++;
    return WICK_OK;
}

void lookups_forget(lookups *l, unsigned client)
{
    l->job[client].used = false;
}

/* ---- records kept ---- */

static bool same_key(const wick_gateway_record *r, const uint8_t id[32], const uint8_t service[32],
                     uint8_t registry)
{
    return r->registry == registry && memcmp(r->id, id, 32) == 0 &&
           memcmp(r->service, service, 32) == 0;
}

static int find_kept(const lookups *l, const uint8_t id[32], const uint8_t service[32],
                     uint8_t registry)
{
    for (int i = 0; i < LOOKUPS_KEPT; i++) {
        if (l->kept[i].used != 0 && same_key(&l->kept[i].record, id, service, registry)) {
            return i;
        }
    }
    return -1;
}

/* A live record is kept; one that is proven gone takes the older one with it. */
static void keep(lookups *l, const wick_gateway_record *r)
{
    int at = find_kept(l, r->id, r->service, r->registry);
    if (r->proven != WICK_OK) {
        if (at >= 0) {
            l->kept[at].used = 0;
        }
        return;
    }
    for (int i = 0; i < LOOKUPS_KEPT && at < 0; i++) {
        at = l->kept[i].used == 0 ? i : at;
    }
    if (at < 0) {
        at = 0;
        for (int i = 1; i < LOOKUPS_KEPT; i++) {
            at = l->kept[i].used < l->kept[at].used ? i : at;
        }
    }
    l->kept[at].record = *r;
    l->kept[at].used = ++l->uses;
}

void lookups_reorg(lookups *l, uint64_t chain_id, uint64_t number)
{
    for (int i = 0; i < LOOKUPS_KEPT; i++) {
        const wick_gateway_record *r = &l->kept[i].record;
        if (l->kept[i].used != 0 && r->header.chain_id == chain_id &&
            (r->header.number > number || r->endpoint_header.number > number)) {
            l->kept[i].used = 0;
        }
    }
}

/* ---- answers ---- */

/* What stands between us and an answer, and may pass; an untrue answer is not such a thing. */
static bool is_outage(wick_status s)
{
    switch ((int)s) {
    case WICK_AGAIN:
    case WICK_E_TIMEOUT:
    case WICK_E_NET:
    case WICK_E_RESOLVE:
    case WICK_E_HTTP:
    case WICK_E_HTTP_RATE:
    case WICK_E_RPC:
    case WICK_E_TLS:
    case WICK_E_HEADER_STALE:
        return true;
    default:
        return false;
    }
}

static const conf_chain *chain_of(const lookups *l, uint8_t registry)
{
    const conf *c = &l->agent->host.conf;
    uint64_t id = l->agent->registries[registry].chain_id;
    for (size_t i = 0; i < CONF_CHAINS_MAX; i++) {
        if (c->chains[i].s.line != 0 && c->chains[i].chain_id == id) {
            return &c->chains[i];
        }
    }
    return NULL;
}

static void set_age(const lookups *l, lookup_result *r)
{
    const wick_hal_clock *clock = &l->agent->host.clock;
    uint64_t time = r->found.header.timestamp;
    r->has_age = clock->unix_s(clock->ctx, &r->now_s) == WICK_OK;
    if (!r->has_age) {
        r->now_s = time; /* the newest proven time is a lower bound */
    }
    r->age_s = r->now_s > time ? r->now_s - time : 0;
    r->any = l->agent->host.conf.path_in.try_unvalidated;
}

/* The record judged by the time of day: expiry of the name, and an endpoint that may be tried. */
static wick_status judge(const wick_gateway_record *r, uint64_t now_s, bool any)
{
    static const wick_record_seen never;
    wick_status s = r->proven;
    if (s == WICK_OK) {
        s = wick_device_check(&r->record.device, &never, now_s);
    }
    for (unsigned i = 0; i < 2 && s == WICK_OK; i++) {
        wick_status e = r->record.has_endpoint[i]
                            ? record_usable(&r->record.endpoint[i], any, now_s)
                            : WICK_E_NO_ENDPOINT;
        if (e == WICK_OK) {
            return WICK_OK;
        }
        s = i == 1 ? e : s;
    }
    return s;
}

static bool serve_from_memory(const lookups *l, lookup_result *r, unsigned job)
{
    int at = find_kept(l, l->job[job].id, l->job[job].service, l->job[job].registry);
    const conf_chain *chain = chain_of(l, l->job[job].registry);
    if (at < 0 || chain == NULL || chain->grace_s == 0) {
        return false;
    }
    lookup_result kept = *r;
    kept.found = l->kept[at].record;
    set_age(l, &kept);
    /* Without a clock nobody knows how old it is. */
    if (!kept.has_age || kept.age_s > chain->max_age_s + chain->grace_s) {
        return false;
    }
    kept.grace = true;
    kept.status = judge(&kept.found, kept.now_s, kept.any);
    *r = kept;
    return true;
}

static void answer(lookups *l, unsigned job, const wick_gateway_record *found, wick_status status)
{
    lookup_result r;
    memset(&r, 0, sizeof r);
    r.name = l->job[job].name;
    r.status = status;
    if (found != NULL && found->proven != WICK_AGAIN) {
        r.found = *found;
        set_age(l, &r);
        r.status = judge(found, r.now_s, r.any);
        r.grace = found->grace;
    } else {
        r.found.proven = WICK_AGAIN;
        if (is_outage(status)) {
            (void)serve_from_memory(l, &r, job);
        }
    }
    l->job[job].used = false;
    l->answered++;
    l->from_grace += r.grace ? 1u : 0u;
    l->failed += r.status != WICK_OK ? 1u : 0u;
    l->done(l->ctx, job, l->job[job].serial, &r);
}

void lookups_event(lookups *l, const wick_gateway_event *e, uint64_t now_ms)
{
    (void)now_ms;
    if (e->session >= WICK_GW_SESSIONS_MAX) {
        return;
    }
    const wick_gateway_record *found = &l->agent->records[e->session];
    if (found->proven != WICK_AGAIN) {
        keep(l, found);
    }
    for (unsigned i = 0; i < LOOKUPS_WAITERS; i++) {
        if (l->job[i].used && l->job[i].started &&
            same_key(found, l->job[i].id, l->job[i].service, l->job[i].registry)) {
            answer(l, i, found, e->status);
        }
    }
}

/* ---- the queue ---- */

static int next_waiting(const lookups *l)
{
    int best = -1;
    for (int i = 0; i < LOOKUPS_WAITERS; i++) {
        if (l->job[i].used && !l->job[i].started &&
            (best < 0 || (int32_t)(l->job[i].order - l->job[best].order) < 0)) {
            best = i;
        }
    }
    return best;
}

/* Is this record being read for somebody else? Then its answer is this one's too. */
static bool under_way(const lookups *l, unsigned *running, int job)
{
    bool same = false;
    *running = 0;
    for (int i = 0; i < LOOKUPS_WAITERS; i++) {
        if (!l->job[i].used || !l->job[i].started) {
            continue;
        }
        bool first = true; /* those who wait for one record count once */
        for (int k = 0; k < i; k++) {
            first = first && !(l->job[k].used && l->job[k].started &&
                               l->job[k].registry == l->job[i].registry &&
                               memcmp(l->job[k].id, l->job[i].id, 32) == 0 &&
                               memcmp(l->job[k].service, l->job[i].service, 32) == 0);
        }
        *running += first ? 1u : 0u;
        same = same || (l->job[i].registry == l->job[job].registry &&
                        memcmp(l->job[i].id, l->job[job].id, 32) == 0 &&
                        memcmp(l->job[i].service, l->job[job].service, 32) == 0);
    }
    return same;
}

uint64_t lookups_run(lookups *l, uint64_t now_ms)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < LOOKUPS_WAITERS; i++) {
        if (l->job[i].used && now_ms >= l->job[i].give_up_ms) {
            answer(l, i, NULL, l->job[i].started ? WICK_E_TIMEOUT : WICK_E_LIMIT);
        }
    }
    for (int job; (job = next_waiting(l)) >= 0;) {
        unsigned running = 0;
        if (!under_way(l, &running, job)) {
            wick_status s = running < LOOKUPS_AT_ONCE
                                ? wick_gateway_lookup(&l->agent->gateway, now_ms, l->job[job].name)
                                : WICK_E_LIMIT;
            if (s == WICK_E_LIMIT) {
                next = now_ms + LOOKUPS_RETRY_MS;
                break;
            }
            if (s != WICK_OK) {
                answer(l, (unsigned)job, NULL, s);
                continue;
            }
        }
        l->job[job].started = true;
    }
    for (unsigned i = 0; i < LOOKUPS_WAITERS; i++) {
        if (l->job[i].used && l->job[i].give_up_ms < next) {
            next = l->job[i].give_up_ms;
        }
    }
    return next;
}
