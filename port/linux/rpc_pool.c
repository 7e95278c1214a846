/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which endpoint gets a request, and the next one where it fails. The request is text that names no
 * endpoint, so it is built once and sent as often as needed.
 */
#include "wick/port/rpc_pool.h"

#include <poll.h>
#include <string.h>

#include "rpc_internal.h"

enum { IDLE = 0, PAUSE, PROBE, CALL };

/* EIP-1474 and what providers made of it. */
#define RPC_LIMIT_EXCEEDED (-32005)

static const char probe_text[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}";

/* What twins have in common is the main pool's. */
static wick_rpc_pool *owner(wick_rpc_pool *p)
{
    return p->main != NULL ? p->main : p;
}

static wick_rpc_source *sources(wick_rpc_pool *p)
{
    return owner(p)->source;
}

static const wick_rpc_source *known(const wick_rpc_pool *p)
{
    return p->main != NULL ? p->main->source : p->source;
}

wick_status wick_rpc_pool_init(wick_rpc_pool *p, const wick_rpc_pool_config *cfg)
{
    memset(p, 0, sizeof *p);
    if (cfg->net == NULL || cfg->endpoints == NULL || cfg->count == 0 ||
        cfg->count > WICK_RPC_POOL_MAX) {
        return WICK_E_CONFIG;
    }
    for (size_t i = 0; i < cfg->count; i++) {
        const wick_rpc_endpoint *e = &cfg->endpoints[i];
        wick_rpc_source *src = &p->source[i];
        wick_status s = wick_http_url_parse(&src->url, e->url, strlen(e->url));
        if (s != WICK_OK) {
            return s;
        }
        if (src->url.tls &&
            (e->trust == NULL || (e->trust->ca_file == NULL && e->trust->pin32 == NULL))) {
            return WICK_E_TRUST_ANCHOR;
        }
        src->operator_id = e->operator_id;
        src->timeout_ms = e->timeout_ms != 0 ? e->timeout_ms : 5000;
        src->trust = e->trust;
    }
    p->net = cfg->net;
    p->entropy = cfg->entropy;
    p->chain_id = cfg->chain_id;
    p->budget_ms = cfg->budget_ms != 0 ? cfg->budget_ms : 15000;
    p->count = (uint8_t)cfg->count;
    wick_status s = wick_rpc_init(&p->rpc, cfg->net, cfg->endpoints[0].url, 0);
    p->rpc.held = true;
    return s;
}

void wick_rpc_pool_twin(wick_rpc_pool *p, wick_rpc_pool *twins, size_t count)
{
    p->twin = twins;
    p->twins = (uint8_t)(count < WICK_RPC_POOL_MAX ? count : WICK_RPC_POOL_MAX);
    for (uint8_t i = 0; i < p->twins; i++) {
        wick_rpc_pool *t = &twins[i];
        memset(t, 0, sizeof *t);
        t->main = p;
        t->net = p->net;
        t->entropy = p->entropy;
        t->chain_id = p->chain_id;
        t->budget_ms = p->budget_ms;
        t->count = p->count;
        wick_http_init(&t->rpc.http, p->net, &p->source[0].url);
        t->rpc.status = WICK_E_STATE;
        t->rpc.held = true;
    }
}

wick_rpc *wick_rpc_pool_rpc(wick_rpc_pool *p)
{
    return &p->rpc;
}

/* ---- choice ---- */

/* The best one that is not among those tried (bits); p->count if there is none. */
static uint8_t best_but(const wick_rpc_pool *p, uint64_t now_ms, uint32_t tried)
{
    uint8_t best = p->count;
    for (uint8_t i = 0; i < p->count; i++) {
        const wick_health *h = &known(p)[i].health;
        if ((tried >> i & 1u) != 0 || !wick_health_ready(h, now_ms)) {
            continue;
        }
        if (best == p->count ||
            wick_health_score(h, now_ms) < wick_health_score(&known(p)[best].health, now_ms)) {
            best = i;
        }
    }
    return best;
}

unsigned wick_rpc_pool_next(const wick_rpc_pool *p, uint64_t now_ms)
{
    uint8_t best = best_but(p, now_ms, 0);
    if (best != p->count) {
        return best;
    }
    best = 0;
    for (uint8_t i = 1; i < p->count; i++) { /* the first to come out of its pause */
        if (known(p)[i].health.not_before_ms < known(p)[best].health.not_before_ms) {
            best = i;
        }
    }
    return best;
}

wick_rpc_source *wick_rpc_pool_endpoint(wick_rpc_pool *p, unsigned source)
{
    return &sources(p)[source < p->count ? source : 0];
}

/* Why nobody is to be asked: what the one that is ready first said last. */
static wick_status reason(const wick_rpc_pool *p)
{
    const wick_health *soonest = &known(p)[0].health;
    for (uint8_t i = 1; i < p->count; i++) {
        if (known(p)[i].health.not_before_ms < soonest->not_before_ms) {
            soonest = &known(p)[i].health;
        }
    }
    return soonest->last != WICK_OK ? soonest->last : WICK_E_NET;
}

uint64_t wick_rpc_pool_ready_at(const wick_rpc_pool *p, uint64_t now_ms)
{
    uint64_t at = known(p)[0].health.not_before_ms;
    for (uint8_t i = 1; i < p->count; i++) {
        at = wick_time_min(at, known(p)[i].health.not_before_ms);
    }
    return wick_time_reached(now_ms, at) ? now_ms : at;
}

/* ---- one endpoint ---- */

static wick_status call(wick_rpc_pool *p, uint64_t now_ms)
{
    p->state = CALL;
    owner(p)->calls++;
    owner(p)->tx_bytes += p->rpc.request_len;
    return wick_rpc_transmit(&p->rpc, now_ms);
}

static wick_status send_to(wick_rpc_pool *p, uint64_t now_ms, uint8_t i)
{
    wick_rpc_source *src = &sources(p)[i];
    p->at = i;
    p->tried |= 1u << i;
    p->sent_ms = now_ms;
    wick_rpc_aim(&p->rpc, &src->url, src->trust, src->timeout_ms);
    if (src->checked) {
        return call(p, now_ms);
    }
    p->state = PROBE;
    owner(p)->calls++;
    owner(p)->tx_bytes += sizeof probe_text - 1;
    return wick_http_start(&p->rpc.http, now_ms, "POST", "application/json",
                           wick_span_make((const uint8_t *)probe_text, sizeof probe_text - 1),
                           p->probe, sizeof p->probe, src->timeout_ms);
}

/* After these another machine may stand there, so that it must name its chain again. */
static bool is_break(wick_status s)
{
    return wick_health_of(s) != WICK_HEALTH_GOOD && s != WICK_E_JSON && s != WICK_E_RPC_ID &&
           s != WICK_E_LIMIT && s != WICK_E_HTTP && s != WICK_E_HTTP_RATE;
}

static void note(wick_rpc_pool *p, uint64_t now_ms, wick_status status)
{
    wick_rpc_source *src = &sources(p)[p->at];
    wick_health_note(&src->health, p->entropy, now_ms, status, (uint32_t)(now_ms - p->sent_ms),
                     p->rpc.http.retry_s);
    if (is_break(status)) {
        src->checked = src->no_batch = src->by_number = false;
        src->batch = 0;
    }
}

/* Goes to the next endpoint, or gives up with `status`. */
static wick_status move_on(wick_rpc_pool *p, uint64_t now_ms, wick_status status)
{
    while (!p->one && now_ms - p->begun_ms < p->budget_ms) {
        uint8_t next = best_but(p, now_ms, p->tried);
        if (next == p->count) {
            break;
        }
        wick_status s = send_to(p, now_ms, next);
        if (s == WICK_OK) {
            return WICK_OK;
        }
        note(p, now_ms, s);
        status = s;
    }
    wick_http_cancel(&p->rpc.http);
    p->rpc.status = status;
    p->state = IDLE;
    return status;
}

/* The first endpoint of a request. */
static wick_status first(wick_rpc_pool *p, uint64_t now_ms)
{
    bool one = p->one;
    p->begun_ms = now_ms;
    p->tried = one ? ~(1u << p->at) : 0;
    p->one = false;
    wick_status s = move_on(p, now_ms, one ? sources(p)[p->at].health.last : reason(p));
    p->one = one;
    return s;
}

wick_status wick_rpc_pool_start(wick_rpc_pool *p, uint64_t now_ms, unsigned source)
{
    if (source != WICK_RPC_ANY && source >= p->count) {
        return WICK_E_BAD_ARG;
    }
    if (p->rpc.request_len >= sizeof p->rpc.request) {
        return WICK_E_NO_SPACE;
    }
    if (p->taken) { /* nobody has complained of the last answer */
        wick_health_use(&sources(p)[p->at].health, true);
    }
    p->taken = false;
    p->one = source != WICK_RPC_ANY;
    p->at = (uint8_t)(p->one ? source : 0);
    uint64_t at = p->one ? sources(p)[source].health.not_before_ms : wick_rpc_pool_ready_at(p, now_ms);
    if (wick_time_reached(now_ms, at)) {
        return first(p, now_ms);
    }
    /* The others of a quorum do not wait for one that failed just now. */
    if (p->one || at - now_ms > WICK_RPC_POOL_PATIENCE_MS) {
        return p->one ? sources(p)[source].health.last : reason(p);
    }
    p->wake_ms = at;
    p->state = PAUSE;
    return WICK_OK;
}

/* Error objects that another node might not give. Anything else is an answer. */
static wick_status of_error(const wick_rpc_pool *p, bool *elsewhere)
{
    int64_t code = wick_rpc_error_code(&p->rpc);
    if (code == RPC_LIMIT_EXCEEDED) {
        *elsewhere = true;
        return WICK_E_HTTP_RATE;
    }
    /* method not found, resource not found, unavailable, method not supported, internal error */
    *elsewhere = code == -32601 || code == -32001 || code == -32002 || code == -32004 ||
                 code == -32603;
    return WICK_E_RPC;
}

/* A batch is limited as a whole if one of its requests was. */
static bool batch_limited(wick_rpc_pool *p)
{
    bool limited = false;
    if (p->rpc.batch_count != 0 && p->rpc.batch_item[0] != NULL) {
        for (size_t i = 0; i < p->rpc.batch_count && !limited; i++) {
            limited = wick_rpc_batch_item(&p->rpc, i) == WICK_E_RPC &&
                      wick_rpc_error_code(&p->rpc) == RPC_LIMIT_EXCEEDED;
        }
        p->rpc.status = WICK_OK;
    }
    return limited;
}

static wick_status read_probe(wick_rpc_pool *p)
{
    const wick_json *root;
    uint64_t id = 0;
    uint64_t theirs = 0;
    wick_status s = wick_json_parse(&root, (uint8_t *)p->rpc.arena, sizeof p->rpc.arena,
                                    p->rpc.http.body);
    const char *version = wick_json_text(wick_json_member(root, "jsonrpc"));
    if (s != WICK_OK || version == NULL || strcmp(version, "2.0") != 0) {
        return WICK_E_JSON;
    }
    if (wick_json_u64(&theirs, wick_json_member(root, "id")) != WICK_OK || theirs != 1) {
        return WICK_E_RPC_ID;
    }
    if (wick_json_kind_of(wick_json_member(root, "error")) == WICK_JSON_OBJECT) {
        return wick_json_integer(wick_json_member(wick_json_member(root, "error"), "code")) ==
                       RPC_LIMIT_EXCEEDED
                   ? WICK_E_HTTP_RATE
                   : WICK_E_RPC;
    }
    s = wick_json_u64(&id, wick_json_member(root, "result"));
    return s != WICK_OK ? s : id == p->chain_id ? WICK_OK : WICK_E_CHAIN_MISMATCH;
}

static wick_status poll_probe(wick_rpc_pool *p, uint64_t now_ms)
{
    wick_status s = wick_http_poll(&p->rpc.http, now_ms);
    if (s == WICK_AGAIN) {
        return WICK_AGAIN;
    }
    owner(p)->rx_bytes += p->rpc.http.body.len;
    if (s == WICK_OK || (s == WICK_E_HTTP && p->rpc.http.body.len != 0)) {
        wick_status read = read_probe(p); /* some nodes send their errors with status 4xx */
        s = s == WICK_OK || read == WICK_E_HTTP_RATE || read == WICK_E_RPC ? read : s;
    } else if (s == WICK_E_TRUNCATED) {
        s = p->rpc.http.code == 0 ? WICK_E_NET : WICK_E_JSON;
    }
    if (s == WICK_OK) {
        sources(p)[p->at].checked = true;
        s = call(p, now_ms);
        if (s == WICK_OK) {
            return WICK_AGAIN;
        }
    }
    note(p, now_ms, s == WICK_E_RPC ? WICK_E_HTTP : s); /* a node without eth_chainId is no node */
    s = move_on(p, now_ms, s);
    return s == WICK_OK ? WICK_AGAIN : s;
}

wick_status wick_rpc_pool_poll(wick_rpc_pool *p, uint64_t now_ms)
{
    if (p->state == PAUSE) {
        if (!wick_time_reached(now_ms, p->wake_ms)) {
            return WICK_AGAIN;
        }
        wick_status started = first(p, now_ms);
        if (started != WICK_OK) {
            return started;
        }
    }
    if (p->state == PROBE) {
        wick_status s = poll_probe(p, now_ms);
        if (s != WICK_AGAIN || p->state != CALL) {
            return s;
        }
    }
    if (p->state != CALL) {
        return WICK_E_STATE;
    }
    wick_status s = wick_rpc_poll(&p->rpc, now_ms);
    if (s == WICK_AGAIN) {
        return WICK_AGAIN;
    }
    bool elsewhere = false;
    owner(p)->rx_bytes += p->rpc.http.body.len;
    if (s == WICK_E_RPC) {
        s = of_error(p, &elsewhere);
    } else if (s == WICK_OK && p->rpc.batch != 0 && batch_limited(p)) {
        s = WICK_E_HTTP_RATE;
    }
    note(p, now_ms, s);
    if (wick_health_of(s) == WICK_HEALTH_GOOD && !elsewhere) {
        p->state = IDLE;
        p->taken = s == WICK_OK;
        return s;
    }
    /* Where nobody else can be asked, what the node said stands. */
    s = move_on(p, now_ms, s);
    return s == WICK_OK ? WICK_AGAIN : s;
}

wick_status wick_rpc_pool_again(wick_rpc_pool *p, uint64_t now_ms, wick_status why)
{
    wick_rpc_pool_blame(p, now_ms, why);
    wick_health_use(&sources(p)[p->at].health, false);
    p->taken = false;
    return move_on(p, now_ms, why);
}

void wick_rpc_pool_blame(wick_rpc_pool *p, uint64_t now_ms, wick_status why)
{
    if (wick_health_of(why) != WICK_HEALTH_GOOD) {
        note(p, now_ms, why);
    }
}

wick_status wick_rpc_pool_wait(wick_rpc_pool *p, const wick_linux_net *net)
{
    wick_hal_clock clock;
    wick_linux_clock_init(&clock);
    for (;;) {
        uint64_t now = clock.now_ms(clock.ctx);
        wick_status s = wick_rpc_pool_poll(p, now);
        if (s != WICK_AGAIN) {
            return s;
        }
        struct pollfd fd;
        fd.fd = wick_linux_net_fd(net, wick_rpc_pool_sock(p));
        fd.events = wick_rpc_pool_wants_write(p) ? POLLOUT : POLLIN;
        fd.revents = 0;
        uint64_t at = wick_rpc_pool_deadline(p);
        uint64_t left = wick_time_reached(now, at) ? 0 : at - now;
        int wait_ms = left > 1000 ? 1000 : (int)left + 1;
        if (fd.fd < 0 && wait_ms > 20) {
            wait_ms = 20; /* the host name is being resolved */
        }
        (void)poll(&fd, 1, wait_ms);
    }
}

wick_sock wick_rpc_pool_sock(const wick_rpc_pool *p)
{
    return wick_rpc_sock(&p->rpc);
}

bool wick_rpc_pool_wants_write(const wick_rpc_pool *p)
{
    return wick_rpc_wants_write(&p->rpc);
}

uint64_t wick_rpc_pool_deadline(const wick_rpc_pool *p)
{
    return p->state == PAUSE ? p->wake_ms : wick_rpc_deadline(&p->rpc);
}

void wick_rpc_pool_cancel(wick_rpc_pool *p)
{
    wick_rpc_cancel(&p->rpc);
    p->state = IDLE;
}

unsigned wick_rpc_pool_source(const wick_rpc_pool *p)
{
    return p->at;
}

bool wick_rpc_pool_take(wick_rpc_pool *p, const void *holder)
{
    if (p->holder == NULL) {
        p->holder = holder;
    }
    return p->holder == holder;
}

void wick_rpc_pool_release(wick_rpc_pool *p, const void *holder)
{
    if (p->holder == holder) {
        p->holder = NULL;
    }
}
