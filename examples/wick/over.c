/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick connect|listen --over tls|raw. TLS: a TCP connection to a service that the peer has published with
 * protocol TCP, with the key and identity that the handshake between both gateways gave for TLS alone.
 * Raw: no record protocol at all, key and identity are handed out. Both work by the wickd that runs with
 * this wick.conf, or with an agent of one's own.
 */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent.h"
#include "commands.h"
#include "ctl.h"
#include "record_out.h"
#include "talk.h"
#include "tls_echo.h"
#include "wick/peer_keys.h"
#include "wick/service.h"

#define LOOK_MS 250
#define HANG_UP_MS 300u

static agent a;
static ctl link_to;

/* Where the service is, and the key for it. */
typedef struct target {
    wick_addr addr;
    uint8_t peer[32];
    wick_session_psk psk;
    uint64_t lookup_us, handshake_us;
} target;

bool talk_take_over(talk_over *out, const char *text)
{
    static const char *const names[] = {"dtls", "tls", "tls12", "raw"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (talk_over)i;
            return true;
        }
    }
    return false;
}

wick_session_use talk_use(const char *protocol)
{
    static const struct {
        const char *name;
        wick_session_use use;
    } known[] = {{"dtls", WICK_USE_DTLS12},   {"dtls12", WICK_USE_DTLS12},
                 {"tls12", WICK_USE_TLS12},   {"tls13", WICK_USE_TLS13},
                 {"psk16", WICK_USE_PSK16}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(protocol, known[i].name) == 0) {
            return known[i].use;
        }
    }
    return (wick_session_use)0;
}

static wick_session_use tls_use(const talk_wish *x)
{
    return x->over == TALK_TLS12 ? WICK_USE_TLS12 : WICK_USE_TLS13;
}

static const char *tls_name(const talk_wish *x)
{
    return x->over == TALK_TLS12 ? "tls12" : "tls13";
}

/* The peer without the service: whom the gateways' handshake is with. */
static void peer_of(char out[256], const char *ref)
{
    wick_peer_ref r;
    wick_status s = wick_peer_ref_parse(&r, ref, strlen(ref));
    (void)s; /* the command has checked it */
    (void)snprintf(out, 256, "%.*s%s%.*s", (int)r.name.len, (const char *)r.name.ptr,
                   r.registry.len != 0 ? "@" : "", (int)r.registry.len,
                   r.registry.len != 0 ? (const char *)r.registry.ptr : "");
}

static int no_tcp(const cli *c, const talk_wish *x)
{
    return cli_fail_remedy(c, WICK_E_NO_ENDPOINT,
                           "name a service that the peer has published with `wick service publish NAME "
                           "--tcp` or `wick listen --over tls`, or say --to ADDR:PORT",
                           "%s: its record has no usable endpoint for TCP", x->peer);
}

/* ---- connect: by the daemon ---- */

static wick_status question(char *request, size_t cap, const char *op, const char *name,
                            const char *more)
{
    char quoted[1024];
    wick_status s = wick_json_quote(quoted, sizeof quoted, name);
    if (s == WICK_OK) {
        (void)snprintf(request, cap, "{\"op\":\"%s\",\"%s\":%s%s}", op,
                       strcmp(op, "find_psk") == 0 ? "identity" : "name", quoted, more);
    }
    return s;
}

/* Endpoint of the service in an answer. */
static bool take_endpoint(wick_addr *out, const wick_json *answer, bool may_be_private)
{
    for (const wick_json *e = wick_json_first(wick_json_member(answer, "endpoints")); e != NULL;
         e = wick_json_next(e)) {
        uint64_t protocol = 0;
        const char *at = wick_json_text(wick_json_member(e, "endpoint"));
        if (at != NULL && wick_json_u64(&protocol, wick_json_member(e, "protocol")) == WICK_OK &&
            protocol == WICK_PROTOCOL_TCP && wick_addr_parse(out, at, strlen(at)) == WICK_OK &&
            (may_be_private || wick_addr_is_public(out))) {
            return true;
        }
    }
    return false;
}

static int ask(const cli *c, const wick_json **answer, const char *request, uint64_t timeout_ms)
{
    const char *text = "";
    wick_status s = ctl_send(&link_to, request);
    s = s == WICK_OK ? ctl_next(&link_to, answer, &text, (int)timeout_ms) : s;
    return s == WICK_OK ? ctl_verdict(c, *answer, text) : cli_fail(c, s, "wickd does not answer");
}

static wick_status take_psk(target *t, const wick_json *answer)
{
    const char *identity = wick_json_text(wick_json_member(answer, "identity"));
    wick_status s = wick_json_hex(t->peer, sizeof t->peer, wick_json_member(answer, "peer"));
    t->psk.key_len = 32;
    s = s == WICK_OK ? wick_json_hex(t->psk.key, 32, wick_json_member(answer, "psk")) : s;
    if (s != WICK_OK || identity == NULL || strlen(identity) != WICK_SESSION_IDENTITY_CHARS) {
        return WICK_E_JSON;
    }
    memcpy(t->psk.identity, identity, sizeof t->psk.identity);
    return WICK_OK;
}

static bool may_be_private(const conf *f)
{
    return f->relay.allow_private || f->path_in.private;
}

static int target_by_daemon(const cli *c, const conf *f, target *t, const talk_wish *x, bool fresh)
{
    char request[1200], peer[256], more[64];
    const wick_json *answer = NULL;
    uint64_t begin_us = cli_now_us();
    int code = CLI_OK;
    wick_status s = question(request, sizeof request, "lookup", x->peer, "");
    if (s == WICK_OK && x->to == NULL) {
        code = ask(c, &answer, request, CTL_TIMEOUT_MS);
        if (code == CLI_OK && !take_endpoint(&t->addr, answer, may_be_private(f))) {
            return no_tcp(c, x);
        }
    }
    t->lookup_us = cli_now_us() - begin_us;
    peer_of(peer, x->peer);
    (void)snprintf(more, sizeof more, ",\"protocol\":\"%s\"%s", tls_name(x),
                   fresh ? ",\"fresh\":true" : "");
    s = s == WICK_OK ? question(request, sizeof request, "get_psk", peer, more) : s;
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", x->peer);
    }
    code = code == CLI_OK ? ask(c, &answer, request, x->timeout_ms) : code;
    t->handshake_us = cli_now_us() - begin_us - t->lookup_us;
    if (code == CLI_OK && take_psk(t, answer) != WICK_OK) {
        code = cli_fail(c, WICK_E_JSON, "wickd's answer");
    }
    ctl_wipe(&link_to);
    return code;
}

/* ---- connect: with an agent of our own ---- */

typedef struct errand {
    const talk_wish *x;
    target *t;
    char peer[256];
    bool looking, asked;
    uint8_t session;
    uint64_t begin_us;
} errand;

static int begin_psk(errand *e)
{
    wick_status s = wick_get_psk(&a.gateway, &e->session, agent_now(&a), e->peer);
    e->asked = true;
    return s == WICK_AGAIN ? -1 : agent_fail(&a, s != WICK_OK ? s : WICK_E_STATE, e->x->peer);
}

/* The record of the service: the agent itself calls by UDP alone, so its verdict is not ours. */
static int on_resolved(errand *e, const wick_gateway_event *ev)
{
    const wick_gateway_record *r = &a.records[ev->session];
    uint64_t now_s = 0;
    e->looking = false;
    if (r->proven != WICK_OK) {
        return agent_fail(&a, ev->status != WICK_OK ? ev->status : r->proven, e->x->peer);
    }
    if (a.host.clock.unix_s(a.host.clock.ctx, &now_s) != WICK_OK) {
        now_s = r->header.timestamp;
    }
    for (unsigned i = 0; i < 2; i++) {
        const wick_endpoint *at = &r->record.endpoint[i];
        if (r->record.has_endpoint[i] && at->protocol == WICK_PROTOCOL_TCP &&
            record_usable(at, a.host.conf.path_in.try_unvalidated, now_s) == WICK_OK &&
            (may_be_private(&a.host.conf) || wick_addr_is_public(&at->addr))) {
            e->t->addr = at->addr;
            e->t->lookup_us = cli_now_us() - e->begin_us;
            e->begin_us = cli_now_us();
            return begin_psk(e);
        }
    }
    return no_tcp(a.cli, e->x);
}

static int on_event(errand *e, const wick_gateway_event *ev)
{
    wick_peer_psk p;
    if (e->looking && ev->kind == WICK_GW_EV_PEER_RESOLVED) {
        return on_resolved(e, ev);
    }
    bool ours = e->asked && ev->session == e->session;
    if (ev->status != WICK_OK && (ev->final || (ours && ev->kind != WICK_GW_EV_SESSION_UP))) {
        return agent_fail(&a, ev->status, e->x->peer);
    }
    if (ev->kind == WICK_GW_EV_READY && !e->asked && !e->looking) {
        e->begin_us = cli_now_us();
        if (e->x->to != NULL) {
            return begin_psk(e);
        }
        wick_status s = wick_gateway_lookup(&a.gateway, agent_now(&a), e->x->peer);
        e->looking = true;
        return s == WICK_OK ? -1 : cli_fail(a.cli, s, "%s", e->x->peer);
    }
    if (!ours || ev->kind != WICK_GW_EV_SESSION_UP) {
        return -1;
    }
    wick_status s = wick_psk_take(&a.gateway, &p, e->session, tls_use(e->x));
    memcpy(e->t->peer, p.peer_id, 32);
    e->t->psk = p.psk;
    e->t->handshake_us = cli_now_us() - e->begin_us;
    wick_wipe(&p, sizeof p);
    return s == WICK_OK ? CLI_OK : agent_fail(&a, s, e->x->peer);
}

static int target_by_ourselves(target *t, const talk_wish *x)
{
    wick_driver_event ev;
    errand e = {.x = x, .t = t};
    peer_of(e.peer, x->peer);
    int code = agent_suite(&a, x->suite);
    uint64_t until = agent_now(&a) + x->timeout_ms;
    wick_status s = wick_gateway_start(&a.gateway, agent_now(&a), WICK_GW_GOAL_CALL);
    code = code != CLI_OK ? code : s != WICK_OK ? cli_fail(a.cli, s, "agent") : -1;
    while (code < 0 && !cli_interrupted() && !wick_time_reached(agent_now(&a), until)) {
        wick_driver_run(&a.driver, &ev, until);
        if (ev.kind == WICK_DRIVER_GATEWAY) {
            code = on_event(&e, &ev.gateway);
        } else if (ev.kind == WICK_DRIVER_DONE) {
            code = agent_fail(&a, ev.status != WICK_OK ? ev.status : WICK_E_STATE, x->peer);
        }
    }
    return code >= 0 ? code : agent_fail(&a, WICK_E_TIMEOUT, x->peer);
}

static void hang_up(void)
{
    wick_driver_event ev;
    uint64_t until = agent_now(&a) + HANG_UP_MS;
    wick_gateway_stop(&a.gateway, agent_now(&a));
    do {
        wick_driver_run(&a.driver, &ev, until);
    } while (ev.kind != WICK_DRIVER_DONE && ev.kind != WICK_DRIVER_IDLE);
}

static wick_status talk_tls(const cli *c, host *h, const target *t, const talk_wish *x)
{
    tls_call call = {.host = h,
                     .to = t->addr,
                     .peer_id = t->peer,
                     .psk = &t->psk,
                     .use = tls_use(x),
                     .text = x->text,
                     .timeout_ms = x->timeout_ms,
                     .peer = x->peer,
                     .lookup_us = t->lookup_us,
                     .handshake_us = t->handshake_us};
    return tls_echo_call(c, &call);
}

/* The daemon may hold a session of which the peer knows nothing any more: then with a new one. */
static int tls_by_daemon(cli *c, const conf *f, target *t, const talk_wish *x)
{
    static host h;
    int code = host_open(&h, c);
    wick_status s = WICK_E_TLS;
    for (unsigned i = 0; code == CLI_OK && s == WICK_E_TLS && i < 2; i++) {
        code = target_by_daemon(c, f, t, x, i != 0 || x->fresh);
        s = code == CLI_OK ? talk_tls(c, &h, t, x) : s;
        i += x->fresh ? 1 : 0;
    }
    host_close(&h);
    return code != CLI_OK ? code : s == WICK_OK ? CLI_OK : cli_fail(c, s, "%s", x->peer);
}

static int tls_by_ourselves(cli *c, target *t, const talk_wish *x)
{
    int code = agent_open(&a, c);
    if (code == CLI_OK) {
        code = target_by_ourselves(t, x);
        wick_status s = code == CLI_OK ? talk_tls(c, &a.host, t, x) : WICK_OK;
        code = s == WICK_OK ? code : cli_fail(c, s, "%s", x->peer);
        hang_up();
    }
    agent_close(&a);
    return code;
}

static int connect_tls(cli *c, const conf *f, const talk_wish *x)
{
    static target t;
    wick_status s;
    int code;
    if (x->to != NULL &&
        (wick_addr_parse(&t.addr, x->to, strlen(x->to)) != WICK_OK || t.addr.port == 0)) {
        return cli_usage(c, "--to takes ADDRESS:PORT");
    }
    cli_catch_signals();
    s = ctl_open(&link_to, f);
    if (s == WICK_OK) {
        code = tls_by_daemon(c, f, &t, x);
        ctl_close(&link_to);
    } else {
        code = s == WICK_E_NOT_FOUND ? tls_by_ourselves(c, &t, x)
                                     : cli_fail(c, s, "the wickd of %.200s", f->path);
    }
    wick_wipe(&t, sizeof t);
    return code;
}

int over_connect(cli *c, const conf *f, const talk_wish *x)
{
    if (x->over != TALK_RAW) {
        return connect_tls(c, f, x);
    }
    if (x->out == NULL) {
        return cli_usage(c, "--over raw needs --out FILE: where the key goes; - is standard output");
    }
    return keys_hand_out(c, f, x->peer, x->protocol, x->out, x->timeout_ms);
}

/* ---- listen: TLS ---- */

static wick_status find_by_agent(void *ctx, wick_session_psk *out, uint8_t peer[32],
                                 wick_span identity, wick_session_use use)
{
    wick_peer_psk p;
    (void)ctx;
    wick_status s = wick_psk_find(&a.gateway, &p, identity, (unsigned)use, agent_now(&a));
    memcpy(peer, p.peer_id, 32);
    *out = p.psk;
    wick_wipe(&p, sizeof p);
    return s;
}

static wick_status find_by_daemon(void *ctx, wick_session_psk *out, uint8_t peer[32],
                                  wick_span identity, wick_session_use use)
{
    char request[1200], name[256], more[64];
    const wick_json *answer = NULL;
    const char *text = "";
    target t;
    (void)ctx;
    memset(&t, 0, sizeof t);
    if (identity.len >= sizeof name) {
        return WICK_E_NOT_FOUND;
    }
    memcpy(name, identity.ptr, identity.len);
    name[identity.len] = '\0';
    (void)snprintf(more, sizeof more, ",\"protocol\":\"%s\"",
                   use == WICK_USE_TLS12 ? "tls12" : "tls13");
    wick_status s = question(request, sizeof request, "find_psk", name, more);
    s = s == WICK_OK ? ctl_send(&link_to, request) : s;
    s = s == WICK_OK ? ctl_next(&link_to, &answer, &text, CTL_TIMEOUT_MS) : s;
    s = s == WICK_OK && !wick_json_is_true(wick_json_member(answer, "ok")) ? WICK_E_NOT_FOUND : s;
    s = s == WICK_OK ? take_psk(&t, answer) : s;
    ctl_wipe(&link_to);
    memcpy(peer, t.peer, 32);
    *out = t.psk;
    wick_wipe(&t, sizeof t);
    return s;
}

static void put_ready(const cli *c, const talk_wish *x, const char *name)
{
    out_rec o;
    out_begin_step(&o, stdout, c->json, "READY");
    out_str(&o, "name", name);
    out_str(&o, "service", x->service);
    out_u64(&o, "port", x->port);
    out_end(&o);
    (void)fflush(stdout);
}

static bool is_over(const tls_server *v, const talk_wish *x)
{
    return cli_interrupted() || (x->wanted != 0 && v->served >= x->wanted);
}

static int publish_by_daemon(const cli *c, const talk_wish *x)
{
    char request[512], address[160] = "";
    const wick_json *answer = NULL;
    if (x->address != NULL) {
        (void)snprintf(address, sizeof address, ",\"address\":\"%.100s\"", x->address);
    }
    (void)snprintf(request, sizeof request,
                   "{\"op\":\"service_publish\",\"service\":\"%.64s\",\"transport\":\"tcp\","
                   "\"port\":%u%s}",
                   x->service, (unsigned)x->port, address);
    return ask(c, &answer, request, CTL_TIMEOUT_MS);
}

static bool is_published(const cli *c, const talk_wish *x, int *code)
{
    const wick_json *answer = NULL;
    *code = ask(c, &answer, "{\"op\":\"service_list\"}", CTL_TIMEOUT_MS);
    for (const wick_json *v = wick_json_first(wick_json_member(answer, "services"));
         *code == CLI_OK && v != NULL; v = wick_json_next(v)) {
        const char *name = wick_json_text(wick_json_member(v, "service"));
        if (name != NULL && strcmp(name, x->service) == 0) {
            return wick_json_is_true(wick_json_member(v, "published"));
        }
    }
    return false;
}

static int listen_by_daemon(const cli *c, const conf *f, tls_server *v, const talk_wish *x)
{
    char request[160];
    const wick_json *answer = NULL;
    struct epoll_event e;
    bool told = false;
    int code = publish_by_daemon(c, x);
    while (code == CLI_OK && !is_over(v, x)) {
        if (!told && is_published(c, x, &code)) {
            told = true;
            put_ready(c, x, f->identity.name);
        }
        (void)epoll_wait(v->epoll_fd, &e, 1, LOOK_MS);
        tls_server_run(v);
    }
    (void)snprintf(request, sizeof request,
                   "{\"op\":\"service_unpublish\",\"service\":\"%.64s\"}", x->service);
    int gone = ask(c, &answer, request, CTL_TIMEOUT_MS);
    return code == CLI_OK ? gone : code;
}

static int listen_by_ourselves(tls_server *v, const talk_wish *x)
{
    wick_driver_event ev;
    wick_service_spec spec = {.name = x->service, .protocol = WICK_PROTOCOL_TCP, .port = x->port};
    int code = agent_suite(&a, x->suite);
    if (x->address != NULL &&
        wick_addr_parse(&spec.addr, x->address, strlen(x->address)) != WICK_OK) {
        return cli_usage(a.cli, "--address takes ADDRESS:PORT");
    }
    wick_status s = wick_gateway_start(&a.gateway, agent_now(&a), WICK_GW_GOAL_SERVE);
    s = s == WICK_OK ? wick_service_publish(&a.gateway, agent_now(&a), &spec) : s;
    code = code != CLI_OK ? code : s != WICK_OK ? cli_fail(a.cli, s, "%s", x->service) : -1;
    a.driver.cfg.keys_only = true;
    wick_driver_watch(&a.driver, v->epoll_fd);
    while (code < 0 && !is_over(v, x)) {
        wick_driver_run(&a.driver, &ev, agent_now(&a) + LOOK_MS);
        tls_server_run(v);
        if (ev.kind == WICK_DRIVER_DONE) {
            code = agent_fail(&a, ev.status != WICK_OK ? ev.status : WICK_E_STATE, "agent");
        } else if (ev.kind == WICK_DRIVER_GATEWAY) {
            agent_print(&a, &ev.gateway);
            if (ev.gateway.status != WICK_OK && ev.gateway.final) {
                code = agent_fail(&a, ev.gateway.status, a.host.conf.identity.name);
            } else if (ev.gateway.kind == WICK_GW_EV_SERVICE && ev.gateway.status == WICK_OK) {
                put_ready(a.cli, x, a.host.conf.identity.name);
            }
        }
    }
    wick_driver_watch(&a.driver, -1);
    return code < 0 ? CLI_OK : code;
}

static int listen_tls(cli *c, const conf *f, const talk_wish *x)
{
    static host h;
    static tls_server v;
    wick_status s = ctl_open(&link_to, f);
    bool daemon = s == WICK_OK;
    if (!daemon && s != WICK_E_NOT_FOUND) {
        return cli_fail(c, s, "the wickd of %.200s", f->path);
    }
    cli_catch_signals();
    int code = daemon ? host_open(&h, c) : agent_open(&a, c);
    if (code == CLI_OK) {
        code = tls_server_open(c, &v, daemon ? &h : &a.host, x->port, tls_use(x),
                               daemon ? find_by_daemon : find_by_agent);
    }
    if (code == CLI_OK) {
        code = daemon ? listen_by_daemon(c, f, &v, x) : listen_by_ourselves(&v, x);
        if (!daemon) {
            hang_up();
        }
    }
    tls_server_close(&v);
    if (daemon) {
        ctl_close(&link_to);
        host_close(&h);
    } else {
        agent_close(&a);
    }
    return code;
}

/* ---- listen: raw ---- */

/* A caller's key goes into a file that is named by its identity. */
static int hand_out(const talk_wish *x, const wick_gateway_event *e)
{
    wick_session_psk psk;
    char path[CONF_TEXT_MAX + 32];
    out_rec o;
    bool shown = strcmp(x->out, "-") == 0;
    wick_status s = wick_gateway_session_psk(&a.gateway, &psk, e->session, WICK_ROLE_RESPONDER,
                                             talk_use(x->protocol));
    if (s == WICK_OK && !shown) {
        (void)snprintf(path, sizeof path, "%.255s/%s", x->out, psk.identity);
        s = wick_linux_secret_create(path, psk.key, psk.key_len);
    }
    if (s == WICK_OK) {
        agent_step_begin(&a, &o, "raw");
        out_u64(&o, "session", e->session);
        out_hex(&o, "peer", e->id, sizeof e->id);
        out_str(&o, "protocol", x->protocol);
        out_str(&o, "identity", psk.identity);
        if (shown) {
            out_hex(&o, "psk", psk.key, psk.key_len);
        } else {
            out_str(&o, "file", path);
        }
        agent_step_end(&a, &o);
        (void)fflush(stdout);
    }
    wick_wipe(&psk, sizeof psk);
    return s == WICK_OK ? -1 : agent_fail(&a, s, x->out);
}

static int listen_raw(cli *c, const conf *f, const talk_wish *x)
{
    wick_driver_event ev;
    unsigned long served = 0;
    wick_status s = ctl_open(&link_to, f);
    if (s == WICK_OK) {
        ctl_close(&link_to);
        return cli_fail_remedy(c, WICK_E_UNSUPPORTED,
                               "wick psk find IDENTITY --out FILE, once a client has shown its identity",
                               "the wickd of %.200s answers callers, and keeps their keys", f->path);
    }
    int code = agent_open(&a, c);
    code = code == CLI_OK ? agent_suite(&a, x->suite) : code;
    if (code == CLI_OK) {
        a.driver.cfg.keys_only = true; /* no DTLS, whatever a caller says */
        s = wick_gateway_start(&a.gateway, agent_now(&a), WICK_GW_GOAL_SERVE);
        code = s == WICK_OK ? -1 : cli_fail(c, s, "agent");
        while (code < 0 && !cli_interrupted() && (x->wanted == 0 || served < x->wanted)) {
            wick_driver_run(&a.driver, &ev, agent_now(&a) + LOOK_MS);
            if (ev.kind == WICK_DRIVER_DONE) {
                code = agent_fail(&a, ev.status != WICK_OK ? ev.status : WICK_E_STATE, "agent");
            } else if (ev.kind == WICK_DRIVER_GATEWAY) {
                const wick_gateway_event *e = &ev.gateway;
                agent_print(&a, e);
                if (e->status != WICK_OK && e->final && e->kind != WICK_GW_EV_SESSION_DOWN) {
                    code = agent_fail(&a, e->status, a.host.conf.identity.name);
                } else if (e->kind == WICK_GW_EV_READY && e->status == WICK_OK) {
                    printf(c->json ? "{\"ok\":true,\"event\":\"READY\"}\n" : "READY\n");
                    (void)fflush(stdout);
                } else if (e->kind == WICK_GW_EV_SESSION_UP && e->status == WICK_OK && !e->guest) {
                    code = hand_out(x, e);
                    served++;
                }
            }
        }
        hang_up();
    }
    agent_close(&a);
    return code < 0 ? CLI_OK : code;
}

int over_listen(cli *c, const conf *f, const talk_wish *x)
{
    if (x->over == TALK_RAW) {
        return x->out != NULL ? listen_raw(c, f, x)
                              : cli_usage(c, "--over raw needs --out FOLDER: where callers' keys go; - "
                                             "is standard output");
    }
    return x->port != 0 ? listen_tls(c, f, x)
                        : cli_usage(c, "--over tls needs --port N, the TCP port to listen at");
}
