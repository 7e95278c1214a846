/* SPDX-License-Identifier: Apache-2.0 */
/* The leaves of this gateway: leaves.h. */
#include "leaves.h"

#include <string.h>

#define NEXT_SUFFIX ".next"

/* ---- keys ---- */

static bool next_path(char path[CONF_TEXT_MAX + 8], const conf_leaf *x)
{
    int n = snprintf(path, CONF_TEXT_MAX + 8, "%s" NEXT_SUFFIX, x->psk_file);
    return n > 0 && n < CONF_TEXT_MAX + 8;
}

/* Is this the short identity of the key in a file? */
static bool is_named(const leaves *l, wick_leaf_port_key *key, const char *path, wick_span identity)
{
    char name[WICK_LEAF_IDENTITY_BYTES];
    if (host_leaf_key(key->psk, &key->psk_len, path) != WICK_OK ||
        wick_leaf_identity(name, &l->agent->host.crypto,
                           wick_span_make(key->psk, key->psk_len)) != WICK_OK) {
        return false;
    }
    return identity.len == WICK_LEAF_IDENTITY_BYTES - 1 &&
           wick_ct_equal((const uint8_t *)name, identity.ptr, identity.len);
}

static wick_status find_key(void *ctx, wick_leaf_port_key *out, wick_span identity)
{
    const leaves *l = ctx;
    const conf *c = &l->agent->host.conf;
    char path[CONF_TEXT_MAX + 8];
    for (size_t i = 0; i < CONF_LEAVES_MAX; i++) {
        const conf_leaf *x = &c->leaves[i];
        size_t len = strlen(x->s.name);
        if (x->s.line == 0 || len == 0) {
            continue;
        }
        (void)snprintf(out->name, sizeof out->name, "%.*s", WICK_LEAF_NAME_MAX, x->s.name);
        if (identity.len == len && memcmp(identity.ptr, x->s.name, len) == 0) {
            return host_leaf_key(out->psk, &out->psk_len, x->psk_file);
        }
        if (is_named(l, out, x->psk_file, identity) ||
            (next_path(path, x) && is_named(l, out, path, identity))) {
            return WICK_OK;
        }
    }
    wick_wipe(out, sizeof *out);
    return WICK_E_NOT_FOUND;
}

/* The leaf has proved a key: if it is the new one, the old one is of no use any more. */
static void on_leaf(void *ctx, const char *name, wick_span identity, bool up, wick_status status,
                    const wick_addr *from)
{
    leaves *l = ctx;
    char path[CONF_TEXT_MAX + 8];
    wick_leaf_port_key key;
    const conf_leaf *x = name[0] != '\0' ? conf_find_leaf(&l->agent->host.conf, name) : NULL;
    if (up && x != NULL && next_path(path, x) && is_named(l, &key, path, identity) &&
        rename(path, x->psk_file) != 0) {
        status = WICK_E_HAL;
    }
    wick_wipe(&key, sizeof key);
    l->told(l->ctx, name, identity, up, status, from);
}

static wick_status enrol(leaves *l, const wick_leaf_ask *ask, uint64_t now_ms)
{
    const host *h = &l->agent->host;
    wick_leaf_enrolment e;
    char identity[WICK_LEAF_IDENTITY_BYTES], path[CONF_TEXT_MAX + 8];
    uint8_t psk[32], next[32];
    size_t psk_len = 0;
    const conf_leaf *x = conf_find_leaf(&h->conf, ask->name);
    memset(&e, 0, sizeof e);
    memcpy(e.gateway, l->agent->gateway.id, sizeof e.gateway);
    wick_status s = wick_ticket_sub(e.subject, wick_span_text(ask->name));
    if (h->clock.unix_s(h->clock.ctx, &e.unix_s) != WICK_OK) {
        e.unix_s = 0;
    }
    if (s == WICK_OK && ask->payload.len != 0) {
        e.changes = true;
        s = x == NULL || !next_path(path, x) ? WICK_E_NOT_FOUND
                                             : host_leaf_key(psk, &psk_len, x->psk_file);
        s = s == WICK_OK ? h->entropy.fill(h->entropy.ctx, e.contribution, sizeof e.contribution)
                         : s;
        s = s == WICK_OK ? wick_leaf_key_next(next, identity, &h->crypto,
                                              wick_span_make(psk, psk_len), ask->payload.ptr, &e)
                         : s;
        if (s == WICK_OK) {
            (void)remove(path); /* of an earlier try that the leaf did not finish */
            s = wick_linux_secret_create(path, next, sizeof next);
        }
    }
    s = s == WICK_OK ? wick_leaf_enrolled(&l->service, now_ms, ask->id, &e)
                     : wick_leaf_failed(&l->service, now_ms, ask->id, s);
    wick_wipe(psk, sizeof psk);
    wick_wipe(next, sizeof next);
    return s;
}

/* ---- what is asked ---- */

static void fail(leaves *l, leaves_job *j, wick_status status, uint64_t now_ms)
{
    wick_status s = wick_leaf_failed(&l->service, now_ms, j->ask, status);
    (void)s; /* the leaf may have gone */
    l->failed++;
    j->ask = 0;
    j->calling = false;
}

/* NAME[/SERVICE][@REGISTRY] without its service: a gateway is reached as itself, and the service is
 * behind it. */
static void route_of(char out[WICK_LEAF_REF_BYTES], const char *peer)
{
    wick_peer_ref ref;
    if (wick_peer_ref_parse(&ref, peer, strlen(peer)) != WICK_OK) {
        out[0] = '\0'; /* the service has checked it */
        return;
    }
    (void)snprintf(out, WICK_LEAF_REF_BYTES, "%.*s%s%.*s", (int)ref.name.len,
                   (const char *)ref.name.ptr, ref.registry.len != 0 ? "@" : "",
                   (int)ref.registry.len,
                   ref.registry.len != 0 ? (const char *)ref.registry.ptr : "");
}

/* A session with this peer that is open. */
static int open_session(const leaves *l, const leaves_job *j)
{
    for (int i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_driver_session *x = &l->agent->driver.session[i];
        if (x->used && wick_dtls_is_up(&x->dtls) &&
            l->agent->gateway.session[i].registry == j->registry &&
            memcmp(x->peer, j->id, 32) == 0) {
            return i;
        }
    }
    return -1;
}

static wick_status send_over(leaves *l, leaves_job *j, uint8_t session, uint64_t now_ms)
{
    wick_peer_ref ref;
    char service[WICK_NAME_MAX + 1] = WICK_SERVICE_DEFAULT;
    wick_status s = wick_peer_ref_parse(&ref, j->peer, strlen(j->peer));
    if (s == WICK_OK && ref.service.len != 0) {
        memcpy(service, ref.service.ptr, ref.service.len);
        service[ref.service.len] = '\0';
    }
    j->calling = false;
    return s != WICK_OK ? s
                        : carry_send(l->carry, session, j->ask, service, j->name,
                                     wick_span_make(j->payload, j->payload_len), now_ms);
}

/* The peer is known: over the session with it, or a new one. */
static void begin_send(leaves *l, leaves_job *j, uint64_t now_ms)
{
    int session = open_session(l, j);
    wick_status s = WICK_OK;
    if (session >= 0) {
        s = send_over(l, j, (uint8_t)session, now_ms);
    } else {
        bool another = false; /* leaf has called the same peer already? */
        for (unsigned i = 0; i < WICK_LEAVES_MAX && !another; i++) {
            const leaves_job *o = &l->job[i];
            another = o != j && o->ask != 0 && o->calling && o->registry == j->registry &&
                      memcmp(o->id, j->id, 32) == 0;
            j->session = another ? o->session : j->session;
        }
        if (!another) {
            s = wick_gateway_connect(&l->agent->gateway, &j->session, now_ms, j->known);
        }
        j->calling = s == WICK_OK;
    }
    if (s != WICK_OK) {
        fail(l, j, s, now_ms);
    }
}

static void begin_job(leaves *l, const wick_leaf_ask *ask, uint64_t now_ms)
{
    leaves_job *j = &l->job[ask->leaf];
    char route[WICK_LEAF_REF_BYTES];
    route_of(route, ask->peer);
    bool known = now_ms < j->known_until_ms && strcmp(j->known, route) == 0 &&
                 strcmp(j->name, ask->name) == 0;
    j->ask = ask->id;
    j->kind = ask->kind;
    j->calling = false;
    j->making = false;
    j->payload_len = ask->payload.len;
    memcpy(j->payload, ask->payload.ptr, ask->payload.len);
    (void)snprintf(j->name, sizeof j->name, "%s", ask->name);
    (void)snprintf(j->peer, sizeof j->peer, "%s", ask->peer);
    if (ask->kind == WICK_LEAF_SEND && known && open_session(l, j) >= 0) {
        begin_send(l, j, now_ms);
        return;
    }
    bool sends = ask->kind == WICK_LEAF_SEND;
    if (sends) {
        memcpy(j->known, route, sizeof j->known);
        j->known_until_ms = 0; /* until it is */
    }
    wick_status s = lookups_begin(l->lookups, LOOKUPS_LEAF(ask->leaf), ask->id,
                                  sends ? route : j->peer, now_ms);
    if (s != WICK_OK) {
        fail(l, j, s, now_ms);
    }
}

static void answer_key(leaves *l, leaves_job *j, const lookup_result *r, uint64_t now_ms)
{
    const wick_device *d = &r->found.record.device;
    wick_leaf_key key;
    memset(&key, 0, sizeof key);
    memcpy(key.peer, r->found.id, sizeof key.peer);
    key.epoch = d->epoch;
    key.key_type = d->key_type;
    key.flags = d->flags;
    memcpy(key.key, d->key, sizeof key.key);
    key.not_after = d->not_after;
    key.block_number = r->found.header.number;
    key.block_time_s = r->found.header.timestamp;
    key.tier = (uint8_t)r->found.header.tier;
    wick_status s = wick_leaf_key_is(&l->service, now_ms, j->ask, &key);
    l->keys += s == WICK_OK ? 1u : 0u;
    j->ask = 0;
}

static void answer_ticket(leaves *l, leaves_job *j, const lookup_result *r, uint64_t now_ms)
{
    uint8_t ticket[WICK_TICKET_BYTES], ks[WICK_TICKET_KS_BYTES];
    char text[WICK_TICKET_CHARS + 1];
    wick_ticket_claims claims;
    wick_ticket_audience audience;
    memset(&claims, 0, sizeof claims);
    memcpy(audience.id, r->found.id, sizeof audience.id);
    wick_status s = r->has_age ? WICK_OK : WICK_E_NO_CLOCK;
    s = s == WICK_OK ? wick_device_pub33(audience.pub33, &r->found.record.device) : s;
    s = s == WICK_OK ? wick_ticket_sub(claims.sub, wick_span_text(j->name)) : s;
    claims.iat_s = (uint32_t)r->now_s;
    claims.life_s = LEAVES_TICKET_S;
    claims.scope = WICK_TICKET_CONNECT;
    s = s == WICK_OK ? wick_ticket_make(ticket, ks, &claims, &l->own, &audience) : s;
    if (s != WICK_OK) {
        fail(l, j, s, now_ms);
        return;
    }
    wick_ticket_text(text, ticket);
    s = wick_leaf_ticket_is(&l->service, now_ms, j->ask, r->found.id, r->found.record.device.epoch,
                            ks, wick_span_text(text));
    wick_wipe(ks, sizeof ks);
    l->tickets += s == WICK_OK ? 1u : 0u;
    j->ask = 0;
}

/* From its file, or once that has been made: j->making. `any`: whatever its age, for no newer one is to
 * be had. */
static void answer_proof(leaves *l, leaves_job *j, bool any, uint64_t now_ms)
{
    wick_span bundle;
    const bundles_ask ask = {
        .peer = j->peer, .registry = j->registry, .epoch = j->epoch, .any = any};
    wick_status s = bundles_find(&l->bundles, &bundle, &ask);
    j->making = s != WICK_OK && !any;
    if (j->making) {
        return;
    }
    s = s == WICK_OK ? wick_leaf_proof_is(&l->service, now_ms, j->ask, j->id, j->epoch, bundle) : s;
    if (s != WICK_OK) {
        fail(l, j, s, now_ms);
        return;
    }
    l->proofs++;
    j->ask = 0;
}

static bool waits(const leaves_job *j)
{
    return j->ask != 0 && j->kind == WICK_LEAF_PROOF && j->making;
}

/* One is made at a time; whoever waits for the same peer has it then, and others the next one. */
static uint64_t make_bundles(leaves *l, uint64_t now_ms)
{
    wick_status done;
    bool ended = bundles_run(&l->bundles, &done, now_ms);
    for (unsigned i = 0; i < WICK_LEAVES_MAX; i++) {
        leaves_job *j = &l->job[i];
        if (!waits(j)) {
            continue;
        }
        if (ended && strcmp(j->peer, l->bundles.peer) == 0) {
            j->making = false;
            if (done == WICK_OK) {
                answer_proof(l, j, true, now_ms);
            } else {
                fail(l, j, done, now_ms);
            }
        } else if (wick_time_reached(now_ms, j->making_until_ms)) {
            fail(l, j, WICK_E_TIMEOUT, now_ms); /* the leaf has been told so already */
        }
    }
    for (unsigned i = 0; i < WICK_LEAVES_MAX && l->bundles.helper.pid == 0; i++) {
        leaves_job *j = &l->job[l->turn]; /* in turn, so that none waits for ever */
        l->turn = (l->turn + 1) % WICK_LEAVES_MAX;
        wick_status s = waits(j) ? bundles_make(&l->bundles, j->peer, now_ms) : WICK_OK;
        if (s != WICK_OK) {
            fail(l, j, s, now_ms);
        }
    }
    return l->bundles.helper.pid != 0 ? now_ms + HELPER_POLL_MS : WICK_TIME_NEVER(now_ms);
}

static void begin_proof(leaves *l, leaves_job *j, const lookup_result *r, uint64_t now_ms)
{
    memcpy(j->id, r->found.id, sizeof j->id);
    j->registry = r->found.registry;
    j->epoch = r->found.record.device.epoch;
    j->known_until_ms = 0; /* id and epoch are another peer's now */
    j->making_until_ms = now_ms + WICK_LEAF_ASK_MS;
    answer_proof(l, j, false, now_ms);
}

/* A key needs no endpoint: is the device itself in force? */
static wick_status judge_device(const lookup_result *r)
{
    static const wick_record_seen never;
    if (r->status == WICK_OK || r->found.proven != WICK_OK) {
        return r->status;
    }
    return wick_device_check(&r->found.record.device, &never, r->now_s);
}

void leaves_lookup_done(leaves *l, unsigned leaf, uint32_t serial, const lookup_result *r)
{
    uint64_t now_ms = agent_now(l->agent);
    leaves_job *j = &l->job[leaf];
    if (leaf >= WICK_LEAVES_MAX || j->ask == 0 || j->ask != serial) {
        return;
    }
    wick_status s = j->kind == WICK_LEAF_SEND ? r->status : judge_device(r);
    if (s != WICK_OK) {
        fail(l, j, s, now_ms);
    } else if (j->kind == WICK_LEAF_KEY) {
        answer_key(l, j, r, now_ms);
    } else if (j->kind == WICK_LEAF_TICKET) {
        answer_ticket(l, j, r, now_ms);
    } else if (j->kind == WICK_LEAF_PROOF) {
        begin_proof(l, j, r, now_ms);
    } else {
        memcpy(j->id, r->found.id, sizeof j->id);
        j->registry = r->found.registry;
        j->epoch = r->found.record.device.epoch;
        j->known_until_ms = now_ms + LEAVES_KNOWN_MS;
        begin_send(l, j, now_ms);
    }
}

void leaves_carry_done(leaves *l, uint32_t ask, wick_status status, wick_span payload)
{
    uint64_t now_ms = agent_now(l->agent);
    for (unsigned i = 0; i < WICK_LEAVES_MAX; i++) {
        leaves_job *j = &l->job[i];
        if (j->ask == 0 || j->ask != ask) {
            continue;
        }
        if (status != WICK_OK) {
            fail(l, j, status, now_ms);
            return;
        }
        wick_status s = wick_leaf_sent(&l->service, now_ms, ask, j->id, j->epoch, payload);
        l->carried += s == WICK_OK ? 1u : 0u;
        j->ask = 0;
    }
}

void leaves_session(leaves *l, uint8_t session, wick_status status)
{
    uint64_t now_ms = agent_now(l->agent);
    for (unsigned i = 0; i < WICK_LEAVES_MAX; i++) {
        leaves_job *j = &l->job[i];
        if (j->ask == 0 || !j->calling || j->session != session) {
            continue;
        }
        status = status == WICK_OK ? send_over(l, j, session, now_ms) : status;
        if (status != WICK_OK) {
            fail(l, j, status, now_ms);
        }
    }
}

/* ---- the whole ---- */

wick_status leaves_key(leaves *l)
{
    const host *h = &l->agent->host;
    return wick_ticket_own_init(&l->own, &h->crypto, &h->entropy, &h->keystore, l->agent->gateway.id,
                                h->device_key);
}

wick_status leaves_open(leaves *l, const leaves_config *cfg, uint64_t now_ms)
{
    const host *h = &cfg->agent->host;
    const conf_leaf *x = conf_find_leaf(&h->conf, "");
    memset(l, 0, sizeof *l);
    l->agent = cfg->agent;
    l->lookups = cfg->lookups;
    l->carry = cfg->carry;
    l->told = cfg->told;
    l->ctx = cfg->ctx;
    bundles_init(&l->bundles, cfg->agent);
    firmware_init(&l->firmware, cfg->agent, &l->service);
    if (x == NULL) {
        return WICK_OK;
    }
    wick_leaf_init(&l->service, cfg->agent->gateway.id, l->body, sizeof l->body);
    wick_status s = leaves_key(l);
    wick_leaf_port_config port = {.net = &h->net,
                                  .entropy = &h->entropy,
                                  .listen = x->listen,
                                  .service = &l->service,
                                  .find = find_key,
                                  .told = on_leaf,
                                  .ctx = l};
    s = s == WICK_OK ? wick_leaf_port_open(&l->port, &port, now_ms) : s;
    l->open = s == WICK_OK;
    return s;
}

void leaves_close(leaves *l, uint64_t now_ms)
{
    if (l->open) {
        wick_leaf_port_close(&l->port, now_ms);
    }
    bundles_close(&l->bundles);
    firmware_close(&l->firmware);
    wick_wipe(l, sizeof *l);
}

int leaves_fd(const leaves *l)
{
    return l->open ? wick_linux_net_fd(&l->agent->host.linux_net, l->port.sock) : -1;
}

uint64_t leaves_run(leaves *l, uint64_t now_ms)
{
    wick_leaf_ask ask;
    uint64_t next = WICK_TIME_NEVER(now_ms);
    if (!l->open) {
        return next;
    }
    while (wick_leaf_port_run(&l->port, &ask, &next, now_ms)) {
        if (ask.kind == WICK_LEAF_ENROL) {
            wick_status s = enrol(l, &ask, now_ms);
            (void)s; /* the leaf is told */
        } else if (ask.kind == WICK_LEAF_BLOCK || ask.kind == WICK_LEAF_RELEASE) {
            firmware_ask(&l->firmware, &ask, now_ms);
        } else {
            begin_job(l, &ask, now_ms);
        }
    }
    next = wick_time_min(next, firmware_run(&l->firmware, now_ms));
    return wick_time_min(next, make_bundles(l, now_ms));
}
