/* SPDX-License-Identifier: Apache-2.0 */
/* Payload of leaves between two gateways: carry.h. */
#include "carry.h"

#include <string.h>

#define PATH_IN "dpk/in"
#define BURST 32u /* datagrams of one service between two looks at everything else */

void carry_init(carry *c, const carry_config *cfg)
{
    memset(c, 0, sizeof *c);
    c->cfg = *cfg;
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        c->flow[i].sock = -1;
    }
}

static void close_flow(carry *c, unsigned i)
{
    const wick_hal_net *net = &c->cfg.agent->host.net;
    if (c->flow[i].used && c->flow[i].sock >= 0) {
        net->close(net->ctx, c->flow[i].sock);
    }
    wick_wipe(&c->flow[i], sizeof c->flow[i]);
    c->flow[i].sock = -1;
}

void carry_close(carry *c)
{
    for (unsigned i = 0; c->cfg.agent != NULL && i < CARRY_FLOWS; i++) {
        close_flow(c, i);
    }
}

void carry_reset(carry *c, uint8_t session, wick_status status)
{
    uint32_t ask = session < WICK_GW_SESSIONS_MAX ? c->session[session].ask : 0;
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        if (c->flow[i].used && c->flow[i].session == session) {
            close_flow(c, i);
        }
    }
    if (session < WICK_GW_SESSIONS_MAX) {
        wick_wipe(&c->session[session], sizeof c->session[session]);
    }
    if (ask != 0) {
        c->cfg.done(c->cfg.ctx, ask, status, wick_span_make(NULL, 0));
    }
}

/* Both roles of a session, made when the first message needs them. */
static bool ready(carry *c, uint8_t session)
{
    const wick_hal_entropy *entropy = &c->cfg.agent->host.entropy;
    wick_ticket_peer guest;
    /* A leaf with a ticket is no gateway: it would speak for other leaves. */
    if (session >= WICK_GW_SESSIONS_MAX ||
        wick_gateway_guest(&c->cfg.agent->gateway, &guest, session) == WICK_OK) {
        return false;
    }
    if (!c->session[session].used) {
        c->session[session].used =
            wick_coap_client_init(&c->session[session].client, entropy) == WICK_OK &&
            wick_coap_server_init(&c->session[session].server, entropy) == WICK_OK;
    }
    return c->session[session].used;
}

wick_status carry_send(carry *c, uint8_t session, uint32_t ask, const char *service,
                       const char *leaf, wick_span payload, uint64_t now_ms)
{
    char query[CONF_NAME_MAX + WICK_LEAF_NAME_MAX + 24];
    wick_coap_call call;
    if (!ready(c, session)) {
        return WICK_E_STATE;
    }
    if (c->session[session].ask != 0) {
        return WICK_E_LIMIT;
    }
    (void)snprintf(query, sizeof query, "service=%s&leaf=%s", service, leaf);
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_POST;
    call.path = PATH_IN;
    call.query = query;
    call.payload = payload;
    wick_status s = wick_coap_client_begin(&c->session[session].client, now_ms, &call);
    if (s == WICK_OK) {
        c->session[session].ask = ask;
        c->sent++;
    }
    return s;
}

static void finish(carry *c, uint8_t session, wick_status status, wick_span payload)
{
    uint32_t ask = c->session[session].ask;
    c->session[session].ask = 0;
    if (ask != 0) {
        c->cfg.done(c->cfg.ctx, ask, status, payload);
    }
}

/* ---- the side of the service ---- */

static void answer(carry *c, uint8_t session, uint8_t exchange, uint8_t code, wick_span payload,
                   uint64_t now_ms)
{
    wick_coap_response r;
    memset(&r, 0, sizeof r);
    r.code = code;
    r.payload = payload;
    r.has_max_age = code == WICK_COAP_UNAVAILABLE;
    r.max_age_s = 2;
    wick_status s =
        wick_coap_server_answer(&c->session[session].server, now_ms, exchange, &r);
    c->taken += s == WICK_OK && WICK_COAP_CLASS(code) == 2 ? 1u : 0u;
    c->refused += s != WICK_OK || WICK_COAP_CLASS(code) != 2 ? 1u : 0u;
}

static bool copy_text(char *out, size_t cap, wick_span text)
{
    if (text.len == 0 || text.len >= cap) {
        return false;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return wick_name_check(text) == WICK_OK;
}

/* Flows of a session; of one leaf of it, if `leaf` is given. */
static unsigned held(const carry *c, uint8_t session, const char *leaf)
{
    unsigned n = 0;
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        n += c->flow[i].used && c->flow[i].session == session &&
                     (leaf == NULL || strcmp(c->flow[i].leaf, leaf) == 0)
                 ? 1u
                 : 0u;
    }
    return n;
}

/* The flow of this session that gives way: of the leaf that has most of them, `least` or more, the one
 * that is silent longest; -1: none. */
static int gives_way(const carry *c, uint8_t session, unsigned least, bool waiting)
{
    int found = -1;
    unsigned most = 0;
    for (int i = 0; i < CARRY_FLOWS; i++) {
        if (!c->flow[i].used || c->flow[i].session != session || c->flow[i].waiting != waiting) {
            continue;
        }
        unsigned n = held(c, session, c->flow[i].leaf);
        if (n >= least && (n > most || (n == most && c->flow[i].used_ms < c->flow[found].used_ms))) {
            found = i;
            most = n;
        }
    }
    return found;
}

/* Where all flows are in use, a session that has less than its share takes one from the session that
 * has most, even one on which an answer is awaited. */
static int share_of(carry *c, uint8_t session, uint64_t now_ms)
{
    static const wick_span none = {NULL, 0};
    uint8_t richest = session;
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        richest = held(c, i, NULL) > held(c, richest, NULL) ? i : richest;
    }
    if (held(c, session, NULL) >= CARRY_SHARE || held(c, richest, NULL) <= CARRY_SHARE) {
        return -1;
    }
    int at = gives_way(c, richest, 0, false);
    if (at < 0) {
        at = gives_way(c, richest, 0, true);
        answer(c, richest, c->flow[at].exchange, WICK_COAP_UNAVAILABLE, none, now_ms);
    }
    return at;
}

/* The socket of a leaf to a service: the one it has, a free one, or the one that gives way. A session
 * has half of them at most, and is sure of its share; nor does a leaf take from another of the same
 * session that has fewer. */
static int flow_of(carry *c, uint8_t session, const char *service, const char *leaf,
                   const conf_carry *to, uint64_t now_ms)
{
    static const wick_addr any;
    const wick_hal_net *net = &c->cfg.agent->host.net;
    int at = -1;
    for (int i = 0; i < CARRY_FLOWS; i++) {
        if (!c->flow[i].used) {
            at = i;
        } else if (c->flow[i].session == session && strcmp(c->flow[i].service, service) == 0 &&
                   strcmp(c->flow[i].leaf, leaf) == 0) {
            return i;
        }
    }
    if (held(c, session, NULL) >= CARRY_FLOWS / 2) {
        at = gives_way(c, session, held(c, session, leaf), false);
    } else if (at < 0) {
        at = share_of(c, session, now_ms);
        at = at >= 0 ? at : gives_way(c, session, held(c, session, leaf), false);
    }
    if (at < 0) {
        return -1;
    }
    close_flow(c, (unsigned)at);
    if (net->udp_open(net->ctx, &c->flow[at].sock, &any) != WICK_OK) {
        c->flow[at].sock = -1;
        return -1;
    }
    c->flow[at].used = true;
    c->flow[at].session = session;
    c->flow[at].to = to->to;
    c->flow[at].used_ms = now_ms;
    (void)snprintf(c->flow[at].service, sizeof c->flow[at].service, "%s", service);
    (void)snprintf(c->flow[at].leaf, sizeof c->flow[at].leaf, "%s", leaf);
    c->cfg.watch(c->cfg.ctx, wick_linux_net_fd(&c->cfg.agent->host.linux_net, c->flow[at].sock));
    return at;
}

static void take(carry *c, uint8_t session, uint8_t exchange, const wick_coap_request *r,
                 uint64_t now_ms)
{
    char service[CONF_NAME_MAX], leaf[WICK_LEAF_NAME_MAX + 1];
    wick_span q_service, q_leaf, none = {NULL, 0};
    const conf *cf = &c->cfg.agent->host.conf;
    const wick_hal_net *net = &c->cfg.agent->host.net;
    if (r->method != WICK_COAP_POST) {
        answer(c, session, exchange, WICK_COAP_METHOD, none, now_ms);
        return;
    }
    if (!wick_coap_query(&q_service, r, "service") || !wick_coap_query(&q_leaf, r, "leaf") ||
        !copy_text(service, sizeof service, q_service) || !copy_text(leaf, sizeof leaf, q_leaf) ||
        r->payload.len > CARRY_MAX) {
        answer(c, session, exchange, WICK_COAP_BAD_REQUEST, none, now_ms);
        return;
    }
    const conf_carry *to = conf_find_carry(cf, service);
    if (to == NULL) {
        bool echo = cf->wickd.echo;
        answer(c, session, exchange, echo ? WICK_COAP_CHANGED : WICK_COAP_NOT_FOUND,
               echo ? r->payload : none, now_ms);
        return;
    }
    int i = flow_of(c, session, service, leaf, to, now_ms);
    if (i < 0 || c->flow[i].waiting) {
        answer(c, session, exchange, WICK_COAP_UNAVAILABLE, none, now_ms);
        return;
    }
    c->flow[i].used_ms = now_ms;
    if (r->payload.len != 0) {
        int32_t n = net->udp_send(net->ctx, c->flow[i].sock, &c->flow[i].to, r->payload);
        (void)n; /* lost, as on any path: then nothing comes back */
    }
    if (c->flow[i].queued != 0) {
        unsigned at = c->flow[i].first;
        answer(c, session, exchange, WICK_COAP_CHANGED,
               wick_span_make(c->flow[i].queue[at], c->flow[i].queue_len[at]), now_ms);
        c->flow[i].first = (at + 1) % CARRY_QUEUE;
        c->flow[i].queued--;
        return;
    }
    c->flow[i].waiting = true;
    c->flow[i].exchange = exchange;
    c->flow[i].give_up_ms = now_ms + CARRY_WAIT_MS;
}

/* Behind what waits already; if that is too much, the oldest goes. */
static void keep(carry *c, unsigned i, wick_span bytes)
{
    if (c->flow[i].queued == CARRY_QUEUE) {
        c->flow[i].first = (c->flow[i].first + 1) % CARRY_QUEUE;
        c->flow[i].queued--;
    }
    unsigned at = (c->flow[i].first + c->flow[i].queued) % CARRY_QUEUE;
    memcpy(c->flow[i].queue[at], bytes.ptr, bytes.len);
    c->flow[i].queue_len[at] = bytes.len;
    c->flow[i].queued++;
}

/* What the service behind us says. */
static void run_flow(carry *c, unsigned i, uint64_t now_ms)
{
    uint8_t bytes[2048];
    wick_addr from;
    const wick_hal_net *net = &c->cfg.agent->host.net;
    for (unsigned k = 0; k < BURST; k++) { /* what is left keeps the descriptor readable */
        int32_t n = net->udp_recv(net->ctx, c->flow[i].sock, &from, bytes, sizeof bytes);
        if (n == WICK_AGAIN) {
            break;
        }
        if (n <= 0 || n > CARRY_MAX || !wick_addr_equal(&from, &c->flow[i].to)) {
            if (n == WICK_E_NET && c->flow[i].waiting) { /* nobody is there */
                c->flow[i].give_up_ms = now_ms;
            }
            continue;
        }
        c->flow[i].used_ms = now_ms;
        if (c->flow[i].waiting) {
            c->flow[i].waiting = false;
            answer(c, c->flow[i].session, c->flow[i].exchange, WICK_COAP_CHANGED,
                   wick_span_make(bytes, (size_t)n), now_ms);
        } else {
            keep(c, i, wick_span_make(bytes, (size_t)n));
        }
    }
    if (c->flow[i].waiting && wick_time_reached(now_ms, c->flow[i].give_up_ms)) {
        c->flow[i].waiting = false;
        answer(c, c->flow[i].session, c->flow[i].exchange, WICK_COAP_GATEWAY_TIMEOUT,
               wick_span_make(NULL, 0), now_ms);
    }
    if (!c->flow[i].waiting && now_ms - c->flow[i].used_ms >= CARRY_IDLE_MS) {
        close_flow(c, i);
    }
}

/* ---- both sides ---- */

/* An application may speak CoAP in the same session: its requests go elsewhere than ours, and its
 * answers have other tokens. An answer of ours that comes again is still ours. */
static bool is_ours(const carry *c, uint8_t session, const wick_coap_msg *m)
{
    wick_coap_request r;
    if (wick_coap_is_request(m)) {
        /* one that is refused too: the path comes before what it may be refused for */
        uint8_t refused = wick_coap_request_read(&r, m);
        (void)refused;
        return wick_coap_path_is(&r, PATH_IN);
    }
    return c->session[session].used &&
           (m->code == WICK_COAP_EMPTY ||
            (m->token_len != 0 && m->token_len == c->session[session].token_len &&
             memcmp(m->token, c->session[session].token, m->token_len) == 0));
}

bool carry_input(carry *c, uint8_t session, wick_span bytes, uint64_t now_ms)
{
    wick_coap_msg m;
    wick_coap_request request;
    wick_coap_response response;
    uint8_t exchange = 0;
    /* A text of somebody's is no message: its second octet would be the code of a request, or the
     * answer to a question that we have not asked. */
    if (wick_coap_decode(&m, bytes) != WICK_OK || session >= WICK_GW_SESSIONS_MAX ||
        !is_ours(c, session, &m) || !ready(c, session)) {
        return false;
    }
    if (!wick_coap_is_request(&m) && (m.type == WICK_COAP_RST || m.code != WICK_COAP_EMPTY ||
                                      c->session[session].ask != 0)) {
        wick_status s =
            wick_coap_client_input(&c->session[session].client, &response, now_ms, bytes);
        if (s == WICK_OK) {
            bool good = WICK_COAP_CLASS(response.code) == 2;
            wick_status why = response.code == WICK_COAP_NOT_FOUND         ? WICK_E_NOT_FOUND
                              : response.code == WICK_COAP_GATEWAY_TIMEOUT ? WICK_E_TIMEOUT
                              : response.code == WICK_COAP_UNAVAILABLE     ? WICK_E_LIMIT
                                                                           : WICK_E_LEAF_REFUSED;
            finish(c, session, good ? WICK_OK : why, response.payload);
        }
    }
    if (wick_coap_is_request(&m) || m.code == WICK_COAP_EMPTY) {
        if (wick_coap_server_input(&c->session[session].server, &request, &exchange, now_ms,
                                   bytes) == WICK_OK) {
            take(c, session, exchange, &request, now_ms);
        }
    }
    return true;
}

/* @return false: it could not be sent, and is kept */
static bool send_out(carry *c, uint8_t session, wick_span bytes)
{
    if (wick_driver_send(&c->cfg.agent->driver, session, bytes) != WICK_AGAIN) {
        return true;
    }
    memcpy(c->session[session].out, bytes.ptr, bytes.len);
    c->session[session].out_len = bytes.len;
    return false;
}

static void keep_token(carry *c, uint8_t session, wick_span bytes)
{
    wick_coap_msg m;
    if (wick_coap_decode(&m, bytes) == WICK_OK && wick_coap_is_request(&m)) {
        c->session[session].token_len = m.token_len;
        memcpy(c->session[session].token, m.token, sizeof m.token);
    }
}

static uint64_t run_session(carry *c, uint8_t i, uint64_t now_ms)
{
    wick_out out;
    size_t len = c->session[i].out_len;
    uint64_t next;
    c->session[i].out_len = 0;
    if (len != 0 && !send_out(c, i, wick_span_make(c->session[i].out, len))) {
        return now_ms + 5;
    }
    for (;;) {
        wick_coap_client_poll(&c->session[i].client, &out, now_ms);
        if (out.kind != WICK_OUT_SEND) {
            break;
        }
        keep_token(c, i, out.bytes);
        if (!send_out(c, i, out.bytes)) {
            return now_ms + 5;
        }
    }
    if (out.kind == WICK_OUT_DONE) {
        finish(c, i, out.status, wick_span_make(NULL, 0));
        return now_ms;
    }
    next = out.deadline_ms;
    for (;;) {
        wick_coap_server_poll(&c->session[i].server, &out, now_ms);
        if (out.kind != WICK_OUT_SEND) {
            return wick_time_min(next, out.deadline_ms);
        }
        if (!send_out(c, i, out.bytes)) {
            return now_ms + 5;
        }
    }
}

uint64_t carry_run(carry *c, uint64_t now_ms)
{
    uint64_t next = now_ms + CARRY_IDLE_MS;
    for (unsigned i = 0; i < CARRY_FLOWS; i++) {
        if (c->flow[i].used) {
            run_flow(c, i, now_ms);
        }
        if (c->flow[i].waiting) {
            next = wick_time_min(next, c->flow[i].give_up_ms);
        }
    }
    for (uint8_t i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        if (c->session[i].used) {
            next = wick_time_min(next, run_session(c, i, now_ms));
        }
    }
    return next;
}
