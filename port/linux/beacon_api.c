/* SPDX-License-Identifier: Apache-2.0 */
/* GET requests to beacon nodes, and what their answers hold, object by object. */
#include "wick/port/beacon_api.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { IDLE = 0, PROBE, CALL };
enum { NONE = 0, SSZ_ONE, SSZ_LIST, JSON_ONE, JSON_LIST, JSON_DATA };

static const char light[] = "/eth/v1/beacon/light_client/";

wick_status wick_beacon_api_init(wick_beacon_api *a, const wick_beacon_api_config *cfg)
{
    memset(a, 0, sizeof *a);
    if (cfg->net == NULL || cfg->crypto == NULL || cfg->chain == NULL || cfg->nodes == NULL ||
        cfg->count == 0 || cfg->count > WICK_BEACON_API_MAX) {
        return WICK_E_CONFIG;
    }
    for (size_t i = 0; i < cfg->count; i++) {
        const wick_beacon_node *n = &cfg->nodes[i];
        wick_beacon_source *src = &a->source[i];
        wick_status s = wick_http_url_parse(&src->url, n->url, strlen(n->url));
        if (s != WICK_OK) {
            return s;
        }
        if (src->url.tls &&
            (n->trust == NULL || (n->trust->ca_file == NULL && n->trust->pin32 == NULL))) {
            return WICK_E_TRUST_ANCHOR;
        }
        /* Our paths begin with a slash, and have no query to be put behind. */
        size_t len = strlen(src->url.path);
        if (strchr(src->url.path, '?') != NULL) {
            return WICK_E_MALFORMED;
        }
        if (src->url.path[len - 1] == '/') {
            src->url.path[len - 1] = '\0';
        }
        src->trust = n->trust;
        src->json = cfg->json;
    }
    a->cfg = *cfg;
    a->cfg.timeout_ms = cfg->timeout_ms != 0 ? cfg->timeout_ms : 10000;
    a->count = (uint8_t)cfg->count;
    wick_http_init(&a->http, cfg->net, &a->source[0].url);
    return WICK_OK;
}

/* ---- choice ---- */

static uint8_t best_of(const wick_beacon_api *a, uint64_t now_ms)
{
    uint8_t best = a->count;
    for (uint8_t i = 0; i < a->count; i++) {
        const wick_health *h = &a->source[i].health;
        if ((a->tried >> i & 1u) == 0 && wick_health_ready(h, now_ms) &&
            (best == a->count ||
             wick_health_score(h, now_ms) <
                 wick_health_score(&a->source[best].health, now_ms))) {
            best = i;
        }
    }
    return best;
}

static wick_status reason(const wick_beacon_api *a)
{
    const wick_health *first = &a->source[0].health;
    for (uint8_t i = 1; i < a->count; i++) {
        if (a->source[i].health.not_before_ms < first->not_before_ms) {
            first = &a->source[i].health;
        }
    }
    return first->last != WICK_OK ? first->last : WICK_E_NET;
}

/* ---- one node ---- */

static wick_status get(wick_beacon_api *a, uint64_t now_ms, const char *path, bool json)
{
    const wick_beacon_source *src = &a->source[a->at];
    wick_http_url url = src->url;
    size_t base = strlen(url.path), len = strlen(path);
    if (base + len >= sizeof url.path) {
        return WICK_E_NO_SPACE;
    }
    memcpy(url.path + base, path, len + 1);
    wick_http_cancel(&a->http);
    wick_http_init(&a->http, a->cfg.net, &url);
    wick_http_trust(&a->http, src->trust);
    wick_http_accept(&a->http, json ? "application/json"
                                    : "application/octet-stream, application/json;q=0.5");
    return wick_http_start(&a->http, now_ms, "GET", NULL, wick_span_make(NULL, 0), a->reply,
                           sizeof a->reply, a->cfg.timeout_ms);
}

static wick_status call(wick_beacon_api *a, uint64_t now_ms)
{
    a->state = CALL;
    return get(a, now_ms, a->path, a->source[a->at].json || a->form == JSON_DATA);
}

static wick_status send_to(wick_beacon_api *a, uint64_t now_ms, uint8_t i)
{
    a->at = i;
    a->tried |= 1u << i;
    a->sent_ms = now_ms;
    if (a->source[i].checked) {
        return call(a, now_ms);
    }
    a->state = PROBE;
    return get(a, now_ms, "/eth/v1/beacon/genesis", true);
}

static void note(wick_beacon_api *a, uint64_t now_ms, wick_status status)
{
    wick_beacon_source *src = &a->source[a->at];
    wick_health_note(&src->health, a->cfg.entropy, now_ms, status,
                     (uint32_t)(now_ms - a->sent_ms), a->http.retry_s);
    if (wick_health_of(status) != WICK_HEALTH_GOOD) {
        src->checked = false;
    }
}

static wick_status move_on(wick_beacon_api *a, uint64_t now_ms, wick_status status)
{
    for (uint8_t next = best_of(a, now_ms); next != a->count; next = best_of(a, now_ms)) {
        wick_status s = send_to(a, now_ms, next);
        if (s == WICK_OK) {
            return WICK_OK;
        }
        note(a, now_ms, s);
        status = s;
    }
    wick_beacon_api_cancel(a);
    return status;
}

static wick_status start(wick_beacon_api *a, uint64_t now_ms, wick_beacon_kind kind, uint8_t form)
{
    a->tried = 0;
    a->kind = kind;
    a->form = form;
    a->item = a->root = NULL;
    a->cursor = 0;
    return move_on(a, now_ms, reason(a));
}

wick_status wick_beacon_api_bootstrap(wick_beacon_api *a, uint64_t now_ms,
                                      const uint8_t root32[32])
{
    char hex[65];
    wick_hex_encode(hex, root32, 32);
    hex[64] = '\0';
    (void)snprintf(a->path, sizeof a->path, "%sbootstrap/0x%s", light, hex);
    return start(a, now_ms, WICK_BEACON_BOOTSTRAP, SSZ_ONE);
}

wick_status wick_beacon_api_updates(wick_beacon_api *a, uint64_t now_ms, uint64_t first,
                                    uint64_t count)
{
    (void)snprintf(a->path, sizeof a->path, "%supdates?start_period=%llu&count=%llu", light,
                   (unsigned long long)first,
                   (unsigned long long)(count < WICK_BEACON_API_UPDATES ? count
                                                                       : WICK_BEACON_API_UPDATES));
    return start(a, now_ms, WICK_BEACON_UPDATE, SSZ_LIST);
}

wick_status wick_beacon_api_finality(wick_beacon_api *a, uint64_t now_ms)
{
    (void)snprintf(a->path, sizeof a->path, "%sfinality_update", light);
    return start(a, now_ms, WICK_BEACON_FINALITY, SSZ_ONE);
}

wick_status wick_beacon_api_optimistic(wick_beacon_api *a, uint64_t now_ms)
{
    (void)snprintf(a->path, sizeof a->path, "%soptimistic_update", light);
    return start(a, now_ms, WICK_BEACON_OPTIMISTIC, SSZ_ONE);
}

wick_status wick_beacon_api_spec(wick_beacon_api *a, uint64_t now_ms)
{
    (void)snprintf(a->path, sizeof a->path, "/eth/v1/config/spec");
    return start(a, now_ms, WICK_BEACON_BOOTSTRAP, JSON_DATA);
}

/* ---- answers ---- */

static wick_status parse(wick_beacon_api *a)
{
    return wick_json_parse(&a->root, (uint8_t *)a->arena, sizeof a->arena, a->http.body);
}

static wick_status read_probe(wick_beacon_api *a)
{
    uint8_t root[32], time[8];
    wick_status s = parse(a);
    const wick_json *data = wick_json_member(a->root, "data");
    if (s == WICK_OK) {
        s = wick_json_hex(root, 32, wick_json_member(data, "genesis_validators_root"));
    }
    if (s == WICK_OK) {
        s = wick_beacon_json_uint(time, 8, wick_json_member(data, "genesis_time"));
    }
    if (s != WICK_OK) {
        return s;
    }
    uint64_t t = 0;
    for (unsigned i = 0; i < 8; i++) {
        t |= (uint64_t)time[i] << (8 * i);
    }
    return memcmp(root, a->cfg.chain->genesis_validators_root, 32) == 0 &&
                   t == a->cfg.chain->genesis_time
               ? WICK_OK
               : WICK_E_CHAIN_MISMATCH;
}

/* What form the answer has; its objects are read one by one later. */
static wick_status read_answer(wick_beacon_api *a)
{
    if (a->form == JSON_DATA || a->http.is_json) {
        wick_status s = parse(a);
        if (s != WICK_OK) {
            return s;
        }
        bool list = wick_json_kind_of(a->root) == WICK_JSON_ARRAY;
        if (list != (a->form == SSZ_LIST || a->form == JSON_LIST) ||
            (!list && wick_json_member(a->root, "data") == NULL)) {
            return WICK_E_JSON;
        }
        a->item = list ? wick_json_first(a->root) : a->root;
        a->form = a->form == JSON_DATA ? JSON_DATA : list ? JSON_LIST : JSON_ONE;
    }
    return WICK_OK;
}

/* Status of the node for an answer that is not 200. */
static wick_status refusal(wick_beacon_api *a, wick_status s)
{
    if (s == WICK_E_HTTP && a->http.code == 404) {
        return WICK_E_NOT_FOUND;
    }
    return s;
}

static wick_status poll_probe(wick_beacon_api *a, uint64_t now_ms)
{
    wick_status s = wick_http_poll(&a->http, now_ms);
    if (s == WICK_AGAIN) {
        return WICK_AGAIN;
    }
    if (s == WICK_OK) {
        s = read_probe(a);
    }
    if (s == WICK_OK) {
        a->source[a->at].checked = true;
        s = call(a, now_ms);
        if (s == WICK_OK) {
            return WICK_AGAIN;
        }
    }
    note(a, now_ms, s);
    s = move_on(a, now_ms, s);
    return s == WICK_OK ? WICK_AGAIN : s;
}

wick_status wick_beacon_api_poll(wick_beacon_api *a, uint64_t now_ms)
{
    if (a->state == PROBE) {
        wick_status s = poll_probe(a, now_ms);
        if (s != WICK_AGAIN || a->state != CALL) {
            return s;
        }
    }
    if (a->state != CALL) {
        return WICK_E_STATE;
    }
    wick_status s = wick_http_poll(&a->http, now_ms);
    if (s == WICK_AGAIN) {
        return WICK_AGAIN;
    }
    wick_beacon_source *src = &a->source[a->at];
    if (s == WICK_E_HTTP && (a->http.code == 406 || a->http.code == 415) && !src->json) {
        src->json = true; /* it has no SSZ: once more to the same one */
        s = call(a, now_ms);
        if (s == WICK_OK) {
            return WICK_AGAIN;
        }
    } else if (s == WICK_OK) {
        s = read_answer(a);
    } else {
        s = refusal(a, s);
    }
    note(a, now_ms, s);
    if (s == WICK_OK) {
        a->state = IDLE;
        return WICK_OK;
    }
    s = move_on(a, now_ms, s);
    return s == WICK_OK ? WICK_AGAIN : s;
}

/* One chunk of a list: length u64, fork digest, object (beacon-APIs, light_client/updates). */
static wick_status next_chunk(wick_beacon_api *a, const wick_beacon_fork **fork, wick_span *ssz)
{
    wick_span body = a->http.body;
    uint64_t len = 0;
    if (a->cursor == body.len) {
        return WICK_E_NOT_FOUND;
    }
    const uint8_t *p = body.ptr + a->cursor;
    size_t left = body.len - a->cursor;
    if (left < 12) {
        return WICK_E_TRUNCATED;
    }
    for (unsigned i = 0; i < 8; i++) {
        len |= (uint64_t)p[i] << (8 * i);
    }
    if (len < 4 || len > left - 8) {
        return WICK_E_TRUNCATED;
    }
    *ssz = wick_span_make(p + 12, (size_t)len - 4);
    a->cursor += 8 + (size_t)len;
    return wick_beacon_fork_by_digest(fork, a->cfg.chain, a->cfg.crypto, p + 8);
}

static wick_status by_name(wick_beacon_api *a, const wick_beacon_fork **fork, const char *name)
{
    *fork = name != NULL ? wick_beacon_fork_by_name(a->cfg.chain, name, strlen(name)) : NULL;
    return *fork != NULL ? WICK_OK : WICK_E_UNSUPPORTED;
}

static wick_status next_json(wick_beacon_api *a, const wick_beacon_fork **fork, wick_span *ssz)
{
    const wick_json *item = a->item;
    wick_buf out = wick_buf_make(a->ssz, sizeof a->ssz);
    if (item == NULL) {
        return WICK_E_NOT_FOUND;
    }
    a->item = a->form == JSON_LIST ? wick_json_next(item) : NULL;
    const char *name = wick_json_text(wick_json_member(item, "version"));
    wick_status s = by_name(a, fork, name != NULL ? name : a->http.fork);
    if (s == WICK_OK) {
        s = wick_beacon_json_object(&out, a->kind, (*fork)->shape, wick_json_member(item, "data"),
                                    a->cfg.chain->committee);
    }
    *ssz = wick_buf_span(&out);
    return s;
}

wick_status wick_beacon_api_next(wick_beacon_api *a, const wick_beacon_fork **fork, wick_span *ssz)
{
    *fork = NULL;
    *ssz = wick_span_make(NULL, 0);
    switch (a->state == IDLE ? a->form : NONE) {
    case SSZ_ONE:
        if (a->cursor != 0) {
            return WICK_E_NOT_FOUND;
        }
        a->cursor = 1;
        *ssz = a->http.body;
        return by_name(a, fork, a->http.fork);
    case SSZ_LIST:
        return next_chunk(a, fork, ssz);
    case JSON_ONE:
    case JSON_LIST:
        return next_json(a, fork, ssz);
    default:
        return WICK_E_NOT_FOUND;
    }
}

void wick_beacon_api_blame(wick_beacon_api *a, uint64_t now_ms, wick_status why)
{
    if (wick_health_of(why) != WICK_HEALTH_GOOD) {
        note(a, now_ms, why);
    }
}

const wick_json *wick_beacon_api_json(const wick_beacon_api *a)
{
    return a->state == IDLE ? wick_json_member(a->root, "data") : NULL;
}

/* ---- the node's configuration ---- */

static wick_status compare_number(const wick_json *data, const char *name, uint64_t want)
{
    uint8_t le[8];
    uint64_t v = 0;
    wick_status s = wick_beacon_json_uint(le, sizeof le, wick_json_member(data, name));
    for (unsigned i = 0; i < 8; i++) {
        v |= (uint64_t)le[i] << (8 * i);
    }
    return s != WICK_OK ? s : v == want ? WICK_OK : WICK_E_CHAIN_MISMATCH;
}

/* ELECTRA_FORK_VERSION and ELECTRA_FORK_EPOCH. A fork that the node does not know is one of the
 * future, or the node is old: nothing wrong with its answers until then. */
static wick_status compare_fork(const wick_json *data, const wick_beacon_fork *fork)
{
    char name[48];
    uint8_t version[4];
    size_t n = strlen(fork->name);
    if (n + sizeof "_FORK_VERSION" > sizeof name) {
        return WICK_OK;
    }
    for (size_t i = 0; i < n; i++) {
        char c = fork->name[i];
        name[i] = (c >= 'a' && c <= 'z') ? (char)(c - 32) : c;
    }
    memcpy(name + n, "_FORK_VERSION", sizeof "_FORK_VERSION");
    const wick_json *value = wick_json_member(data, name);
    if (value == NULL) {
        return WICK_OK;
    }
    wick_status s = wick_json_hex(version, 4, value);
    if (s == WICK_OK && memcmp(version, fork->version, 4) != 0) {
        s = WICK_E_CHAIN_MISMATCH;
    }
    memcpy(name + n, "_FORK_EPOCH", sizeof "_FORK_EPOCH");
    return s == WICK_OK ? compare_number(data, name, fork->epoch) : s;
}

wick_status wick_beacon_api_check_spec(const char **what, const wick_beacon_api *a)
{
    const wick_json *data = wick_beacon_api_json(a);
    const wick_beacon_chain *c = a->cfg.chain;
    const struct {
        const char *name;
        uint64_t want;
    } numbers[] = {{"SECONDS_PER_SLOT", c->seconds_per_slot},
                   {"SLOTS_PER_EPOCH", c->slots_per_epoch},
                   {"EPOCHS_PER_SYNC_COMMITTEE_PERIOD", c->epochs_per_period},
                   {"SYNC_COMMITTEE_SIZE", c->committee}};
    *what = NULL;
    if (data == NULL) {
        return WICK_E_STATE;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        wick_status s = compare_number(data, numbers[i].name, numbers[i].want);
        if (s != WICK_OK) {
            *what = numbers[i].name;
            return s;
        }
    }
    for (size_t i = 0; i < c->forks; i++) {
        wick_status s = compare_fork(data, &c->fork[i]);
        if (s != WICK_OK) {
            *what = c->fork[i].name;
            return s;
        }
    }
    return WICK_OK;
}

/* ---- waiting ---- */

wick_status wick_beacon_api_wait(wick_beacon_api *a, const wick_linux_net *net)
{
    wick_hal_clock clock;
    wick_linux_clock_init(&clock);
    for (;;) {
        uint64_t now = clock.now_ms(clock.ctx);
        wick_status s = wick_beacon_api_poll(a, now);
        if (s != WICK_AGAIN) {
            return s;
        }
        struct pollfd fd;
        fd.fd = wick_linux_net_fd(net, wick_beacon_api_sock(a));
        fd.events = wick_beacon_api_wants_write(a) ? POLLOUT : POLLIN;
        fd.revents = 0;
        uint64_t at = wick_beacon_api_deadline(a);
        uint64_t left = wick_time_reached(now, at) ? 0 : at - now;
        int wait_ms = left > 1000 ? 1000 : (int)left + 1;
        (void)poll(&fd, 1, fd.fd < 0 && wait_ms > 20 ? 20 : wait_ms);
    }
}

wick_sock wick_beacon_api_sock(const wick_beacon_api *a)
{
    return wick_http_sock(&a->http);
}

bool wick_beacon_api_wants_write(const wick_beacon_api *a)
{
    return wick_http_wants_write(&a->http);
}

uint64_t wick_beacon_api_deadline(const wick_beacon_api *a)
{
    return wick_http_deadline(&a->http);
}

void wick_beacon_api_cancel(wick_beacon_api *a)
{
    wick_http_cancel(&a->http);
    a->state = IDLE;
    a->form = NONE;
}
