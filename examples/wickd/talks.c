/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of local applications: the daemon looks up, shakes hands and runs DTLS; an application says
 * what goes in and is told what comes out. So nobody needs a second agent on the same identity. A
 * session that leaves use already serves as well: what is carried for them is told apart (carry.h).
 */
#include <string.h>

#include "daemon.h"
#include "wick/peer_cache.h"

#define CALL_MS 100000u /* look-up, two handshakes of 31 s, what a relay takes to permit, DTLS */

/* ---- whose session it is ---- */

static bool is_of(const wickd *d, uint8_t session, unsigned client)
{
    const wickd_talk *t = session < WICK_GW_SESSIONS_MAX ? &d->talks.session[session] : NULL;
    return t != NULL && t->owned && t->client == client &&
           t->serial == server_serial(&d->server, client);
}

static bool is_calling(const wickd *d, unsigned client)
{
    return d->talks.call[client].waiting && d->asked[client].op == WICKD_OP_CONNECT &&
           server_serial(&d->server, client) == d->talks.call[client].serial;
}

static bool listens(const wickd *d, unsigned client)
{
    return d->talks.listening && d->talks.listener == client &&
           server_serial(&d->server, client) == d->talks.listener_serial;
}

/* Only who is told something may be silent. */
static void let_go(wickd *d, unsigned client)
{
    bool keeps = listens(d, client);
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        keeps = keeps || is_of(d, i, client);
    }
    if (!keeps && server_serial(&d->server, client) != 0) {
        bool gone = server_hold(&d->server, client, false);
        (void)gone; /* it may always */
    }
}

static void own(wickd *d, uint8_t session, unsigned client, bool mine)
{
    wickd_talk *t = &d->talks.session[session];
    t->owned = true;
    t->mine = mine;
    t->client = (uint8_t)client;
    t->serial = server_serial(&d->server, client);
}

/* Ends a session that was begun for an application, unless a leaf waits for an answer in it. */
static void end_mine(wickd *d, uint8_t session)
{
    if (d->talks.session[session].mine && d->carry.session[session].ask == 0) {
        wick_driver_close(&d->agent.driver, session);
    }
    memset(&d->talks.session[session], 0, sizeof d->talks.session[session]);
}

/* ---- calls ---- */

static void put_us(out_rec *o, const char *name, uint64_t from_us, uint64_t to_us)
{
    out_u64(o, name, to_us > from_us ? to_us - from_us : 0);
}

static void answer_call(wickd *d, unsigned client, uint8_t session)
{
    const wick_driver_stats *t = &d->agent.driver.stats;
    wickd_call *c = &d->talks.call[client];
    out_rec o;
    c->waiting = false;
    if (!ops_begin(d, &o, client, true)) {
        return;
    }
    out_u64(&o, "session", session);
    out_hex(&o, "peer", d->agent.driver.session[session].peer, 32);
    out_str(&o, "suite", wick_driver_suite(&d->agent.driver, session));
    out_bool(&o, "existing", c->existing);
    if (!c->existing) {
        out_bool(&o, "cached", c->cached);
        out_str(&o, "tier", wick_tier_str(c->tier));
        out_u64(&o, "block", c->block);
        put_us(&o, "lookup_us", c->us[0], c->us[1]);
        put_us(&o, "handshake_us", c->us[1], c->us[2]);
        put_us(&o, "dtls_us", c->us[2], cli_now_us());
        out_u64(&o, "rpc_bytes", t->rpc_tx_bytes + t->rpc_rx_bytes - c->rpc);
        out_u64(&o, "rpc_calls", t->rpc_calls - c->rpc_calls);
        out_u64(&o, "udp_bytes", t->udp_tx_bytes + t->udp_rx_bytes - c->udp);
    }
    ops_end(d, &o, client);
    own(d, session, client, !c->existing);
}

static void refuse_call(wickd *d, unsigned client, wick_status status, const char *error)
{
    d->talks.call[client].waiting = false;
    ops_refuse(d, client, status, error);
    let_go(d, client);
}

/* The agent says nothing of what it is told to close, yet another client may wait for its key. */
static void give_up(wickd *d, unsigned client)
{
    uint8_t session = d->talks.call[client].session;
    d->talks.call[client].waiting = false;
    if (d->agent.driver.session[session].used) {
        wick_driver_close(&d->agent.driver, session); /* DTLS has begun */
    } else {
        const wick_gateway_event gone = {
            .kind = WICK_GW_EV_SESSION_DOWN, .status = WICK_E_STATE, .session = session};
        wick_gateway_close(&d->agent.gateway, session);
        keys_event(d, &gone);
    }
}

/* The same name in another registry is another peer. */
static bool is_to(const wickd *d, uint8_t session, const uint8_t id[32], uint8_t registry)
{
    return d->agent.gateway.session[session].registry == registry &&
           memcmp(d->agent.driver.session[session].peer, id, 32) == 0;
}

/* Does another application talk to this peer, or call it? */
static bool is_taken(const wickd *d, unsigned client, const uint8_t id[32], uint8_t registry)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (d->talks.session[i].owned && d->session[i].initiator && is_to(d, i, id, registry)) {
            return true;
        }
    }
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (i != client && is_calling(d, i) && d->talks.call[i].registry == registry &&
            memcmp(d->talks.call[i].id, id, 32) == 0) {
            return true;
        }
    }
    return false;
}

static wick_status read_peer(const wickd *d, uint8_t *registry, uint8_t id[32], const char *name)
{
    wick_peer_ref ref;
    wick_status s = wick_peer_ref_parse(&ref, name, strlen(name));
    if (s == WICK_OK && !lookups_registry(registry, &d->agent, ref.registry)) {
        s = WICK_E_CONFIG;
    }
    return s == WICK_OK ? wick_name_hash(id, ref.name) : s;
}

/* A session that this side began and that carries payload of leaves already. */
static int find_open(const wickd *d, const uint8_t id[32], uint8_t registry)
{
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_driver_session *x = &d->agent.driver.session[i];
        if (x->used && x->initiator && wick_dtls_is_up(&x->dtls) && is_to(d, i, id, registry)) {
            return i;
        }
    }
    return -1;
}

void talks_connect(wickd *d, unsigned client)
{
    const wick_driver_stats *t = &d->agent.driver.stats;
    const wickd_request *q = &d->asked[client];
    wickd_call *c = &d->talks.call[client];
    uint64_t now_ms = agent_now(&d->agent);
    if (c->waiting) { /* the call of who had this place before */
        give_up(d, client);
    }
    memset(c, 0, sizeof *c);
    wick_status s = read_peer(d, &c->registry, c->id, q->name);
    if (s == WICK_OK && !d->agent.host.conf.wickd.serve) {
        ops_refuse(d, client, WICK_E_STATE, "this daemon has [wickd] serve = no: it calls nobody");
        return;
    }
    if (s == WICK_OK && is_taken(d, client, c->id, c->registry)) {
        ops_refuse(d, client, WICK_E_STATE, "another application talks to this peer");
        return;
    }
    if (s == WICK_OK && !server_hold(&d->server, client, true)) {
        ops_refuse(d, client, WICK_E_LIMIT, "too many clients that are told things");
        return;
    }
    int open = s == WICK_OK ? find_open(d, c->id, c->registry) : -1;
    if (open >= 0) {
        c->existing = true;
        answer_call(d, client, (uint8_t)open);
        return;
    }
    if (s == WICK_OK && q->fresh) {
        s = wick_gateway_forget(&d->agent.gateway, q->name);
        s = s == WICK_E_UNSUPPORTED ? WICK_OK : s; /* nothing is ever remembered then */
    }
    s = s == WICK_OK ? wick_gateway_connect(&d->agent.gateway, &c->session, now_ms, q->name) : s;
    if (s != WICK_OK) {
        refuse_call(d, client, s, s == WICK_E_CONFIG ? "no such registry is configured" : "");
        return;
    }
    c->waiting = true;
    c->serial = server_serial(&d->server, client);
    c->give_up_ms = now_ms + CALL_MS;
    c->us[0] = cli_now_us();
    c->rpc = t->rpc_tx_bytes + t->rpc_rx_bytes;
    c->rpc_calls = t->rpc_calls;
    c->udp = t->udp_tx_bytes + t->udp_rx_bytes;
}

/* ---- the other operations ---- */

void talks_listen(wickd *d, unsigned client)
{
    out_rec o;
    if (d->talks.listening && !listens(d, client) &&
        server_serial(&d->server, d->talks.listener) == d->talks.listener_serial) {
        ops_refuse(d, client, WICK_E_STATE, "another application listens");
        return;
    }
    if (!server_hold(&d->server, client, true)) {
        ops_refuse(d, client, WICK_E_LIMIT, "too many clients that are told things");
        return;
    }
    d->talks.listening = true;
    d->talks.listener = (uint8_t)client;
    d->talks.listener_serial = server_serial(&d->server, client);
    if (ops_begin(d, &o, client, true)) {
        out_str(&o, "name", d->agent.host.conf.identity.name);
        out_bool(&o, "ready", d->ready);
        ops_end(d, &o, client);
    }
}

void talks_send(wickd *d, unsigned client)
{
    const wickd_request *q = &d->asked[client];
    out_rec o;
    wick_status s = WICK_E_NOT_FOUND;
    if (is_of(d, q->session, client)) {
        s = wick_driver_send(&d->agent.driver, q->session,
                             wick_span_make(q->data, q->data_len));
    }
    if (s != WICK_OK) {
        ops_refuse(d, client, s, s == WICK_E_NOT_FOUND ? "no session of this client" : "");
    } else if (ops_begin(d, &o, client, true)) {
        ops_end(d, &o, client);
    }
}

void talks_close(wickd *d, unsigned client)
{
    const wickd_request *q = &d->asked[client];
    out_rec o;
    if (!is_of(d, q->session, client)) {
        ops_refuse(d, client, WICK_E_NOT_FOUND, "no session of this client");
        return;
    }
    if (ops_begin(d, &o, client, true)) {
        ops_end(d, &o, client);
    }
    d->talks.session[q->session].mine = true; /* a caller's too: that is what was asked for */
    end_mine(d, q->session);
    let_go(d, client);
}

/* ---- what happens ---- */

static void tell(wickd *d, out_rec *o, uint8_t session)
{
    const wickd_talk *t = &d->talks.session[session];
    events_end(d, o, t->client, t->serial);
}

static void closed(wickd *d, uint8_t session, wick_status status)
{
    out_rec o;
    wickd_talk *t = &d->talks.session[session];
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (is_calling(d, i) && d->talks.call[i].session == session) {
            refuse_call(d, i, status != WICK_OK ? status : WICK_E_STATE, "");
        }
    }
    if (!t->owned) {
        return;
    }
    unsigned client = t->client;
    if (is_of(d, session, client) && events_begin(d, &o, "closed", status)) {
        out_u64(&o, "session", session);
        tell(d, &o, session);
    }
    memset(t, 0, sizeof *t);
    let_go(d, client);
}

void talks_gateway(wickd *d, const wick_gateway_event *e)
{
    out_rec o;
    if (e->session >= WICK_GW_SESSIONS_MAX) {
        return;
    }
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        wickd_call *c = &d->talks.call[i];
        if (!is_calling(d, i) || c->session != e->session || e->status != WICK_OK) {
            continue;
        }
        if (e->kind == WICK_GW_EV_PEER_RESOLVED) {
            c->us[1] = cli_now_us();
            c->cached = e->cached;
            c->tier = e->tier;
            c->block = e->block_number;
        } else if (e->kind == WICK_GW_EV_SESSION_UP) {
            c->us[2] = cli_now_us();
        }
    }
    if (e->kind == WICK_GW_EV_SESSION_DOWN) {
        closed(d, e->session, e->status);
    } else if (e->kind == WICK_GW_EV_SESSION_MOVED && e->status == WICK_OK &&
               d->talks.session[e->session].owned && events_begin(d, &o, "moved", WICK_OK)) {
        agent_event_put(&o, e);
        tell(d, &o, e->session);
    }
}

static void opened(wickd *d, const wick_driver_event *ev)
{
    out_rec o;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        if (is_calling(d, i) && d->talks.call[i].session == ev->session) {
            answer_call(d, i, ev->session);
            return;
        }
    }
    if (d->session[ev->session].initiator || !listens(d, d->talks.listener)) {
        return;
    }
    own(d, ev->session, d->talks.listener, false);
    if (events_begin(d, &o, "open", WICK_OK)) {
        out_u64(&o, "session", ev->session);
        out_hex(&o, "peer", ev->peer, 32);
        if (d->session[ev->session].leaf[0] != '\0') {
            out_str(&o, "leaf", d->session[ev->session].leaf);
        }
        out_str(&o, "suite", wick_driver_suite(&d->agent.driver, ev->session));
        tell(d, &o, ev->session);
    }
}

bool talks_driver(wickd *d, const wick_driver_event *ev)
{
    out_rec o;
    if (ev->kind == WICK_DRIVER_OPEN) {
        opened(d, ev);
    } else if (ev->kind == WICK_DRIVER_CLOSED) {
        closed(d, ev->session, ev->status);
    } else if (ev->kind == WICK_DRIVER_DATA && d->talks.session[ev->session].owned) {
        if (events_begin(d, &o, "data", WICK_OK)) {
            out_u64(&o, "session", ev->session);
            out_hex(&o, "data", ev->bytes.ptr, ev->bytes.len);
            tell(d, &o, ev->session);
        }
        return true;
    }
    return false;
}

uint64_t talks_run(wickd *d, uint64_t now_ms)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        wickd_call *c = &d->talks.call[i];
        if (!c->waiting) {
            continue;
        }
        if (!is_calling(d, i)) { /* it has left */
            give_up(d, i);
        } else if (now_ms >= c->give_up_ms) {
            give_up(d, i);
            ops_refuse(d, i, WICK_E_TIMEOUT, "");
            let_go(d, i);
            next = now_ms; /* the refusal goes out */
        } else {
            next = c->give_up_ms < next ? c->give_up_ms : next;
        }
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wickd_talk *t = &d->talks.session[i];
        if (t->owned && server_serial(&d->server, t->client) != t->serial) {
            end_mine(d, i);
        }
    }
    return next;
}
