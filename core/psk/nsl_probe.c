/* SPDX-License-Identifier: Apache-2.0 */
/* An initiator that goes as far as M2, and never sends more than one datagram to whom it does not hear. */
#include "wick/nsl_probe.h"

#if WICK_WITH_ATTEST

#include <string.h>

#include "nsl_internal.h"

wick_status wick_nsl_probe_init(wick_nsl_probe *p, const wick_nsl_config *cfg, uint64_t now_ms)
{
    wick_nsl_config own = *cfg;
    memset(p, 0, sizeof *p);
    own.opts = 0; /* there will be no session */
    return wick_nsl_init(&p->node, &own, now_ms);
}

void wick_nsl_probe_wipe(wick_nsl_probe *p)
{
    wick_wipe(p, sizeof *p);
}

/* A place for the target. NULL: it is one of those that have been probed a moment ago, or there are too
 * many of them; none of them is forgotten for another. */
static uint64_t *place_for(wick_nsl_probe *p, uint64_t now_ms, const uint8_t net[16])
{
    uint64_t *free_place = NULL;
    for (size_t i = 0; i < WICK_NSL_PROBE_TARGETS_MAX; i++) {
        uint64_t *until = &p->target[i].until_ms;
        if (*until != 0 && wick_time_reached(now_ms, *until)) {
            *until = 0;
        }
        if (*until == 0) {
            memcpy(p->target[i].net, net, 16);
            free_place = until;
        }
    }
    for (size_t i = 0; i < WICK_NSL_PROBE_TARGETS_MAX; i++) {
        if (p->target[i].until_ms != 0 && memcmp(p->target[i].net, net, 16) == 0) {
            return NULL;
        }
    }
    return free_place;
}

static bool is_nowhere(const wick_addr *a)
{
    static const uint8_t nowhere[16] = {0};
    return a->port == 0 || memcmp(a->ip, nowhere, 16) == 0;
}

static wick_status target(wick_nsl_probe *p, uint64_t **until_ms, uint64_t now_ms, const wick_addr *to)
{
    uint8_t net[16];
    wick_addr_net(net, to);
    *until_ms = place_for(p, now_ms, net);
    return *until_ms != NULL ? WICK_OK : WICK_E_NSL_RATE;
}

wick_status wick_nsl_probe_reserve(wick_nsl_probe *p, uint64_t now_ms, const wick_addr *to)
{
    uint64_t *until_ms = NULL;
    wick_status s = is_nowhere(to) ? WICK_E_BAD_ARG : target(p, &until_ms, now_ms, to);
    if (s == WICK_OK) {
        *until_ms = now_ms + WICK_NSL_PROBE_GAP_MS;
    }
    return s;
}

wick_status wick_nsl_probe_start(wick_nsl_probe *p, uint32_t *handle, uint64_t now_ms,
                                 const wick_nsl_peer *peer)
{
    uint64_t *until_ms = NULL;
    size_t at = 0;

    *handle = 0;
    if (is_nowhere(&peer->addr)) {
        return WICK_E_BAD_ARG;
    }
    while (at < WICK_NSL_CONNECT_MAX && p->probe[at].run != 0) {
        at++;
    }
    if (at == WICK_NSL_CONNECT_MAX) {
        return WICK_E_LIMIT;
    }
    wick_status s = target(p, &until_ms, now_ms, &peer->addr);
    if (s != WICK_OK) {
        return s;
    }
    s = wick_nsl_connect(&p->node, &p->probe[at].run, now_ms, peer);
    if (s != WICK_OK) {
        p->probe[at].run = 0;
        return s;
    }
    *until_ms = now_ms + WICK_NSL_PROBE_GAP_MS;
    p->probe[at].end_ms = now_ms + WICK_NSL_PROBE_LIFE_MS;
    p->probe[at].begun = false;
    p->probe[at].repeats = 0;
    p->probe[at].to = peer->addr;
    *handle = p->probe[at].run;
    return WICK_OK;
}

static const wick_nsl_run *run_of(const wick_nsl_probe *p, uint32_t run)
{
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (p->node.runs[i].state != NSL_RUN_FREE && p->node.runs[i].run == run) {
            return &p->node.runs[i];
        }
    }
    return NULL;
}

wick_status wick_nsl_probe_input(wick_nsl_probe *p, uint64_t now_ms, wick_span bytes,
                                 const wick_addr *from)
{
    /* What would begin a handshake, or go on with one, is not for us. */
    if (bytes.len < WICK_NSL_HEADER_BYTES || (bytes.ptr[1] != NSL_M0 && bytes.ptr[1] != NSL_M2)) {
        return WICK_E_NSL_DROP;
    }
    /* Another probe's target is not whom this run asked: the answer has to come from its own. */
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        const wick_nsl_run *r = p->probe[i].run != 0 ? run_of(p, p->probe[i].run) : NULL;
        if (r != NULL && r->cid_i == wick_load_be32(bytes.ptr + 4) &&
            wick_addr_equal(&p->probe[i].to, from)) {
            return wick_nsl_input(&p->node, now_ms, bytes, from);
        }
    }
    return WICK_E_NSL_DROP; /* the holder of the key may be there too, but that was not the question */
}

/* Has probe `i` ended? */
static bool ended(const wick_nsl_probe *p, wick_status *status, size_t i, uint64_t now_ms)
{
    const wick_nsl_run *r = run_of(p, p->probe[i].run);
    if (r == NULL) {
        *status = WICK_E_NSL_NO_ANSWER;
        return true;
    }
    if (r->state == NSL_RUN_FAILED) {
        *status = r->status;
        return true;
    }
    if (r->state != NSL_WAIT_M2) {
        *status = WICK_OK; /* an M2 has opened */
        return true;
    }
    *status = WICK_E_NSL_NO_ANSWER;
    return wick_time_reached(now_ms, p->probe[i].end_ms);
}

/* May this datagram go out? */
static bool lawful(wick_nsl_probe *p, const wick_nsl_out *o)
{
    if (o->bytes.len < WICK_NSL_HEADER_BYTES || o->bytes.ptr[1] != NSL_M1) {
        return false;
    }
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        const wick_nsl_run *r = p->probe[i].run != 0 ? run_of(p, p->probe[i].run) : NULL;
        if (r == NULL || r->cid_i != wick_load_be32(o->bytes.ptr + 4)) {
            continue;
        }
        if ((o->bytes.ptr[3] & NSL_FLAG_COOKIE) != 0) {
            p->probe[i].begun = true;
            return p->probe[i].repeats++ < WICK_NSL_PROBE_REPEATS;
        }
        bool first = !p->probe[i].begun;
        p->probe[i].begun = true;
        return first;
    }
    return false;
}

/* An M1 that is too long for an address that has not answered: its hash alone is enough for a cookie. */
static wick_status shorten(wick_nsl_probe *p, wick_span *bytes)
{
    if ((bytes->ptr[3] & NSL_FLAG_COOKIE) != 0 || bytes->len <= WICK_NSL_PROBE_BYTES_MAX) {
        return WICK_OK;
    }
    memcpy(p->ask, bytes->ptr, WICK_NSL_HEADER_BYTES);
    p->ask[1] = NSL_ASK;
    wick_status s =
        nsl_m1_hash(p->node.cfg.crypto, p->ask + WICK_NSL_HEADER_BYTES, *bytes);
    *bytes = wick_span_make(p->ask, sizeof p->ask);
    return s;
}

void wick_nsl_probe_poll(wick_nsl_probe *p, wick_nsl_probe_out *out, uint64_t now_ms)
{
    wick_nsl_out o;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (p->probe[i].run != 0 && ended(p, &out->status, i, now_ms)) {
            out->kind = WICK_OUT_EVENT;
            out->handle = p->probe[i].run;
            wick_nsl_close(&p->node, p->probe[i].run);
            p->probe[i].run = 0;
            return;
        }
    }
    do { /* an event of the node asks for a record that we have just read */
        wick_nsl_poll(&p->node, &o, now_ms);
    } while (o.kind == WICK_OUT_EVENT ||
             (o.kind == WICK_OUT_SEND && (!lawful(p, &o) || shorten(p, &o.bytes) != WICK_OK)));
    if (o.kind == WICK_OUT_SEND) {
        out->kind = WICK_OUT_SEND;
        out->bytes = o.bytes;
        out->to = o.to;
        return;
    }
    out->kind = WICK_OUT_WAIT;
    out->deadline_ms = o.deadline_ms;
    for (size_t i = 0; i < WICK_NSL_CONNECT_MAX; i++) {
        if (p->probe[i].run != 0) {
            out->deadline_ms = wick_time_min(out->deadline_ms, p->probe[i].end_ms);
        }
    }
}

#else
/* ISO C forbids an empty file. */
typedef int wick_nsl_probe_is_off;
#endif
