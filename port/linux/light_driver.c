/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a light client over JSON-RPC and the beacon API. */
#include "wick/port/light_driver.h"

#include <string.h>

#include "net_internal.h"

void wick_light_driver_init(wick_light_driver *d, wick_light *light, wick_rpc_pool *pool,
                            wick_beacon_api *beacon)
{
    memset(d, 0, sizeof *d);
    d->light = light;
    d->pool = pool;
    d->beacon = beacon;
    d->lane[0].pool = pool;
    d->lanes = 1;
    /* Nodes of a quorum: each in the lane of its number. The pool itself stays free for readers. */
    bool quorum = light->cfg.rule == WICK_LIGHT_QUORUM && pool->twins != 0;
    for (uint8_t i = 0; quorum && i < pool->twins; i++) {
        d->lane[i].pool = &pool->twin[i];
        d->lanes = (uint8_t)(i + 1);
    }
}

static bool is_header(const wick_light_request *r)
{
    return r->kind == WICK_LIGHT_REQ_HEADER;
}

/* The light client gives up by itself what it does not hear of, so that late answers do no harm. */
static void failed(wick_light_driver *d, uint32_t id, wick_status status, uint64_t now_ms)
{
    wick_status late = wick_light_failed(d->light, now_ms, id, status);
    (void)late;
}

static void add_job(wick_light_driver *d, const wick_light_request *request, uint64_t now_ms)
{
    for (size_t i = 0; i < WICK_LIGHT_DRIVER_JOBS; i++) {
        if (d->job[i].id == 0) {
            d->job[i] = *request;
            return;
        }
    }
    failed(d, request->id, WICK_E_LIMIT, now_ms);
}

static bool is_under_way(const wick_light_driver *d, const wick_light_request *r)
{
    bool found = r == d->beacon_job;
    for (uint8_t i = 0; i < d->lanes; i++) {
        found = found || d->lane[i].job == r;
    }
    return found;
}

/* What was given up before its turn came is not asked any more. */
static void drop_late(wick_light_driver *d)
{
    for (size_t i = 0; i < WICK_LIGHT_DRIVER_JOBS; i++) {
        wick_light_request *r = &d->job[i];
        if (r->id != 0 && !is_under_way(d, r) && !wick_light_waits(d->light, r->id)) {
            r->id = 0;
        }
    }
}

/* Ids rise, so the lowest one has waited longest. `lane`: of headers, which go where their source
 * does. */
static wick_light_request *next_job(wick_light_driver *d, bool header, uint8_t lane)
{
    wick_light_request *best = NULL;
    for (size_t i = 0; i < WICK_LIGHT_DRIVER_JOBS; i++) {
        wick_light_request *r = &d->job[i];
        if (r->id != 0 && is_header(r) == header && !is_under_way(d, r) &&
            (!header || r->source % d->lanes == lane) &&
            (best == NULL || (int32_t)(r->id - best->id) < 0)) {
            best = r;
        }
    }
    return best;
}

/* ---- headers ---- */

/* Headers in a batch: as many as whoever will be asked takes. */
static uint32_t most_of(const wick_light_lane *l, uint64_t now_ms, unsigned source)
{
    unsigned next = source != WICK_RPC_ANY ? source : wick_rpc_pool_next(l->pool, now_ms);
    const wick_rpc_source *e = wick_rpc_pool_endpoint(l->pool, next);
    return e->no_batch ? 1 : e->batch != 0 ? e->batch : WICK_RPC_BATCH_MAX;
}

/* A batch that was refused as a whole, or whose answer is too large: smaller ones, of this
 * endpoint. */
static void take_less(wick_light_lane *l, wick_status s)
{
    wick_rpc_source *e =
        wick_rpc_pool_endpoint(l->pool, wick_rpc_pool_source(l->pool));
    e->no_batch = e->no_batch || s == WICK_E_RPC || l->asked < 4;
    e->batch = (uint8_t)(l->asked / 2);
}

static wick_status start_headers(wick_light_driver *d, wick_light_lane *l, uint64_t now_ms)
{
    const wick_light_request *r = l->job;
    wick_rpc *rpc = wick_rpc_pool_rpc(l->pool);
    wick_status s = WICK_OK;
    bool one = d->light->cfg.rule == WICK_LIGHT_QUORUM;
    unsigned source = one ? r->source : WICK_RPC_ANY;
    uint32_t most = most_of(l, now_ms, source);
    l->asked = 1;
    switch (r->at) {
    case WICK_LIGHT_AT_SAFE:
        s = wick_rpc_block_by_tag(rpc, now_ms, "safe");
        break;
    case WICK_LIGHT_AT_FINALIZED:
        s = wick_rpc_block_by_tag(rpc, now_ms, "finalized");
        break;
    case WICK_LIGHT_AT_HASH:
        s = wick_rpc_block_by_hash(rpc, now_ms, r->hash);
        break;
    case WICK_LIGHT_AT_NUMBER:
        l->asked = r->count - l->got < most ? r->count - l->got : most;
        if (l->asked <= 1) {
            l->asked = 1;
            s = wick_rpc_block(rpc, now_ms, r->number + l->got);
            break;
        }
        wick_rpc_batch(rpc);
        for (uint32_t i = 0; i < l->asked && s == WICK_OK; i++) {
            s = wick_rpc_block(rpc, now_ms, r->number + l->got + i);
        }
        s = s == WICK_OK ? wick_rpc_batch_send(rpc, now_ms) : s;
        break;
    case WICK_LIGHT_AT_LATEST:
    default:
        s = wick_rpc_block(rpc, now_ms, WICK_RPC_LATEST);
        break;
    }
    if (s != WICK_OK) {
        return s;
    }
    d->calls++;
    d->tx_bytes += rpc->request_len;
    return wick_rpc_pool_start(l->pool, now_ms, source);
}

static void end_rpc_job(wick_light_driver *d, wick_light_lane *l)
{
    wick_rpc_pool_release(l->pool, d);
    l->job->id = 0;
    l->job = NULL;
}

/* The light client ended the request with a refusal, or the answer cannot be used. */
static void refuse(wick_light_driver *d, wick_light_lane *l, wick_status s, bool told,
                   uint64_t now_ms)
{
    wick_rpc_pool_blame(l->pool, now_ms, s);
    if (!told) {
        failed(d, l->job->id, s, now_ms);
    }
    end_rpc_job(d, l);
}

/* Nobody is left to be asked: whoever was has been blamed already; but a block that not even the one has
 * who claims it is held against that one, or it would be asked for the newest again. */
static void give_up(wick_light_driver *d, wick_light_lane *l, wick_status s, uint64_t now_ms)
{
    const wick_light_request *r = l->job;
    if (s == WICK_E_NOT_FOUND && r->at == WICK_LIGHT_AT_NUMBER && r->number <= d->claimed &&
        d->light->cfg.rule != WICK_LIGHT_QUORUM) {
        wick_rpc_source *e = wick_rpc_pool_endpoint(l->pool, d->claimant);
        wick_health_note(&e->health, l->pool->entropy, now_ms, WICK_E_JSON, 0, 0);
        wick_health_use(&e->health, false);
        d->claimed = 0;
    }
    failed(d, l->job->id, s, now_ms);
    end_rpc_job(d, l);
}

static void end_headers(wick_light_driver *d, wick_light_lane *l, uint64_t now_ms)
{
    wick_status late = wick_light_end(d->light, now_ms, l->job->id);
    (void)late;
    end_rpc_job(d, l);
}

/* One block of the answer. True: taken; else the request has ended. */
static bool take_block(wick_light_driver *d, wick_light_lane *l, uint64_t now_ms)
{
    wick_eth_block block;
    wick_light_at at = l->job->at;
    wick_buf header = wick_buf_make(d->header, sizeof d->header);
    wick_status s = wick_eth_json_header(&block, &header,
                                         wick_rpc_result(wick_rpc_pool_rpc(l->pool)));
    if (s != WICK_OK) {
        refuse(d, l, s, false, now_ms);
        return false;
    }
    s = wick_light_header(d->light, wick_buf_span(&header), block.hash, now_ms, l->job->id);
    if (s == WICK_E_STATE && l->got != 0) {
        end_headers(d, l, now_ms); /* it has no use for the rest, and goes on from here */
        return false;
    }
    if (s != WICK_OK) {
        refuse(d, l, s, true, now_ms);
        return false;
    }
    l->got++;
    if (at == WICK_LIGHT_AT_LATEST) {
        d->claimant = (uint8_t)wick_rpc_pool_source(l->pool);
        d->claimed = block.number;
    }
    return true;
}

static void take_headers(wick_light_driver *d, wick_light_lane *l, uint64_t now_ms)
{
    wick_rpc *rpc = wick_rpc_pool_rpc(l->pool);
    bool batch = l->asked > 1;
    for (uint32_t i = 0; i < l->asked; i++) {
        wick_status s = batch ? wick_rpc_batch_item(rpc, i) : WICK_OK;
        bool had = s == WICK_OK && wick_json_kind_of(wick_rpc_result(rpc)) != WICK_JSON_NULL;
        if (!had && l->got != 0) {
            end_headers(d, l, now_ms); /* so far and no further */
            return;
        }
        if (!had) {
            /* Another node may be further, or hold older blocks. */
            s = wick_rpc_pool_again(l->pool, now_ms, s == WICK_OK ? WICK_E_NOT_FOUND : s);
            if (s != WICK_OK) {
                give_up(d, l, s, now_ms);
            }
            return;
        }
        if (!take_block(d, l, now_ms)) {
            return;
        }
    }
    if (l->job->at == WICK_LIGHT_AT_NUMBER && l->got < l->job->count) {
        wick_status s = start_headers(d, l, now_ms);
        if (s == WICK_OK) {
            return;
        }
    }
    end_headers(d, l, now_ms);
}

/* Returns true if something has moved. */
static bool run_rpc(wick_light_driver *d, wick_light_lane *l, uint64_t now_ms)
{
    if (l->job == NULL) {
        wick_light_request *r = next_job(d, true, (uint8_t)(l - d->lane));
        if (r == NULL) {
            return false;
        }
        if (!wick_rpc_pool_take(l->pool, d)) {
            d->waits = true;
            return false;
        }
        l->job = r;
        l->got = 0;
        wick_status s = start_headers(d, l, now_ms);
        if (s != WICK_OK) {
            give_up(d, l, s, now_ms);
            return true;
        }
    }
    wick_status s = wick_rpc_pool_poll(l->pool, now_ms);
    if (s == WICK_AGAIN) {
        return false;
    }
    d->rx_bytes += l->pool->rpc.http.body.len;
    if (s == WICK_OK) {
        take_headers(d, l, now_ms);
    } else if (l->asked > 1 && (s == WICK_E_RPC || s == WICK_E_JSON || s == WICK_E_LIMIT ||
                                s == WICK_E_RPC_ID)) {
        take_less(l, s);
        s = start_headers(d, l, now_ms);
        if (s != WICK_OK) {
            give_up(d, l, s, now_ms);
        }
    } else if (l->got != 0) {
        end_headers(d, l, now_ms);
    } else {
        /* What one node refuses another may give. */
        s = s == WICK_E_RPC ? wick_rpc_pool_again(l->pool, now_ms, s) : s;
        if (s != WICK_OK) {
            give_up(d, l, s, now_ms);
        }
    }
    return true;
}

/* ---- light client objects ---- */

static wick_status start_beacon(wick_light_driver *d, uint64_t now_ms)
{
    const wick_light_request *r = d->beacon_job;
    if (d->beacon == NULL) {
        return WICK_E_CONFIG;
    }
    d->calls++;
    switch (r->kind) {
    case WICK_LIGHT_REQ_BEACON_BOOTSTRAP:
        return wick_beacon_api_bootstrap(d->beacon, now_ms, r->hash);
    case WICK_LIGHT_REQ_BEACON_UPDATES:
        return wick_beacon_api_updates(d->beacon, now_ms, r->number, r->count);
    case WICK_LIGHT_REQ_BEACON_FINALITY:
        return wick_beacon_api_finality(d->beacon, now_ms);
    case WICK_LIGHT_REQ_BEACON_OPTIMISTIC:
        return wick_beacon_api_optimistic(d->beacon, now_ms);
    case WICK_LIGHT_REQ_HEADER:
    default:
        return WICK_E_STATE;
    }
}

static void end_beacon(wick_light_driver *d)
{
    d->beacon_job->id = 0;
    d->beacon_job = NULL;
}

static void take_objects(wick_light_driver *d, uint64_t now_ms)
{
    uint32_t id = d->beacon_job->id;
    const wick_beacon_fork *fork;
    wick_span ssz;
    wick_status s;
    bool told = false;
    while ((s = wick_beacon_api_next(d->beacon, &fork, &ssz)) == WICK_OK) {
        s = wick_light_beacon(d->light, fork, ssz, now_ms, id);
        if (s != WICK_OK) {
            told = true;
            break;
        }
    }
    if (!told && s == WICK_E_NOT_FOUND) {
        wick_status late = wick_light_end(d->light, now_ms, id);
        (void)late;
    } else {
        wick_beacon_api_blame(d->beacon, now_ms, s);
        if (!told) {
            failed(d, id, s, now_ms);
        }
    }
    end_beacon(d);
}

static bool run_beacon(wick_light_driver *d, uint64_t now_ms)
{
    if (d->beacon_job == NULL) {
        d->beacon_job = next_job(d, false, 0);
        if (d->beacon_job == NULL) {
            return false;
        }
        wick_status s = start_beacon(d, now_ms);
        if (s != WICK_OK) {
            failed(d, d->beacon_job->id, s, now_ms);
            end_beacon(d);
            return true;
        }
    }
    wick_status s = wick_beacon_api_poll(d->beacon, now_ms);
    if (s == WICK_AGAIN) {
        return false;
    }
    d->rx_bytes += d->beacon->http.body.len;
    if (s == WICK_OK) {
        take_objects(d, now_ms);
    } else {
        failed(d, d->beacon_job->id, s, now_ms);
        end_beacon(d);
    }
    return true;
}

/* ---- the loop ---- */

bool wick_light_driver_step(wick_light_driver *d, wick_light_event *event, uint64_t now_ms)
{
    wick_light_out out;
    bool moved;
    do {
        wick_light_poll(d->light, &out, now_ms);
        while (out.kind == WICK_LIGHT_OUT_REQUEST) {
            add_job(d, &out.request, now_ms);
            wick_light_poll(d->light, &out, now_ms);
        }
        if (out.kind == WICK_LIGHT_OUT_EVENT) {
            *event = out.event;
            return true;
        }
        d->deadline_ms = out.deadline_ms;
        drop_late(d);
        moved = run_beacon(d, now_ms);
        d->waits = false;
        for (uint8_t i = 0; i < d->lanes; i++) {
            moved = run_rpc(d, &d->lane[i], now_ms) || moved;
        }
    } while (moved);
    return false;
}

uint64_t wick_light_driver_deadline(const wick_light_driver *d, uint64_t now_ms)
{
    uint64_t t = d->deadline_ms;
    /* Without a socket a name is being resolved, which poll() cannot see. */
    for (uint8_t i = 0; i < d->lanes; i++) {
        const wick_light_lane *l = &d->lane[i];
        if (l->job != NULL) {
            t = wick_time_min(t, wick_rpc_pool_sock(l->pool) < 0
                                     ? now_ms + 50
                                     : wick_rpc_pool_deadline(l->pool));
        }
    }
    if (d->beacon_job != NULL) {
        t = wick_time_min(t, wick_beacon_api_sock(d->beacon) < 0
                                 ? now_ms + 50
                                 : wick_beacon_api_deadline(d->beacon));
    }
    return d->waits ? wick_time_min(t, now_ms + 20) : t;
}

size_t wick_light_driver_watch(const wick_light_driver *d, struct pollfd *out,
                               const wick_linux_net *net)
{
    size_t n = 0;
    for (uint8_t i = 0; i < d->lanes; i++) {
        const wick_light_lane *l = &d->lane[i];
        if (l->job != NULL) {
            n += wick_linux_net_watch(net, out + n, wick_rpc_pool_sock(l->pool),
                                      wick_rpc_pool_wants_write(l->pool));
        }
    }
    if (d->beacon_job != NULL) {
        n += wick_linux_net_watch(net, out + n, wick_beacon_api_sock(d->beacon),
                                  wick_beacon_api_wants_write(d->beacon));
    }
    return n;
}

bool wick_light_driver_run(wick_light_driver *d, wick_light_event *event, uint64_t until_ms,
                           const wick_hal_clock *clock, const wick_linux_net *net)
{
    for (;;) {
        struct pollfd p[WICK_LIGHT_DRIVER_SOCKS];
        uint64_t now_ms = clock->now_ms(clock->ctx);
        if (wick_light_driver_step(d, event, now_ms)) {
            return true;
        }
        if (wick_time_reached(now_ms, until_ms)) {
            return false;
        }
        uint64_t at = wick_time_min(until_ms, wick_light_driver_deadline(d, now_ms));
        uint64_t ms = wick_time_reached(now_ms, at) ? 0 : at - now_ms;
        size_t n = wick_light_driver_watch(d, p, net);
        (void)poll(p, (nfds_t)n, ms > 60000 ? 60000 : (int)ms);
    }
}

bool wick_light_driver_is_busy(const wick_light_driver *d)
{
    bool busy = d->beacon_job != NULL;
    for (uint8_t i = 0; i < d->lanes; i++) {
        busy = busy || d->lane[i].job != NULL;
    }
    return busy;
}

void wick_light_driver_cancel(wick_light_driver *d)
{
    for (uint8_t i = 0; i < d->lanes; i++) {
        wick_light_lane *l = &d->lane[i];
        if (l->job != NULL) {
            wick_rpc_pool_cancel(l->pool);
            wick_rpc_pool_release(l->pool, d);
            l->job = NULL;
        }
    }
    if (d->beacon_job != NULL) {
        wick_beacon_api_cancel(d->beacon);
    }
    d->beacon_job = NULL;
    memset(d->job, 0, sizeof d->job);
}
