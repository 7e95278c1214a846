/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the handshake and the rest of the agent: datagrams in and out by the path on which the
 * peer was heard, records of callers, sessions that begin. At most WICK_GW_NSL_LOOKUPS records are
 * read for callers at a time; what is asked beyond waits until its time is over.
 */
#include "gateway_internal.h"

#define LOOKUP_LIFE_MS 10000u
#define ROOM_PERIOD_MS 200u

_Static_assert(WICK_GW_NSL_LOOKUPS <= WICK_GW_READS_MAX, "a read for each look-up");

wick_status gw_nsl_start(wick_gateway *gw, uint64_t now_ms)
{
    wick_nsl_config cfg;
    if (gw->nsl_ready) {
        return WICK_OK;
    }
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = gw->cfg.crypto;
    cfg.entropy = gw->cfg.entropy;
    cfg.keystore = gw->cfg.keystore;
    memcpy(cfg.id, gw->id, 32);
    cfg.pub = gw->device_pub;
#if WICK_WITH_NSL_RSA
    cfg.only_suite = gw->keys.only_suite;
#endif
    cfg.key = gw->cfg.device_key;
    cfg.opts = WICK_NSL_OPT_SIG | WICK_NSL_OPT_PSK16;
    cfg.relays = gw->relay; /* filled as relays become known */
    cfg.relay_count = sizeof gw->relay / sizeof gw->relay[0];
    wick_status s = wick_nsl_init(&gw->nsl, &cfg, now_ms);
    gw->nsl_ready = s == WICK_OK;
    return s;
}

/* ------------------------------------------------------------------ routes */

static void route_put(wick_gateway *gw, const wick_addr *addr, uint8_t via)
{
    unsigned slot = 0;
    for (unsigned i = 0; i < WICK_GW_ROUTES; i++) {
        if (gw->route[i].used != 0 && wick_addr_equal(&gw->route[i].addr, addr)) {
            slot = i;
            break;
        }
        slot = gw->route[i].used < gw->route[slot].used ? i : slot;
    }
    gw->route[slot].addr = *addr;
    gw->route[slot].via = via;
    gw->route[slot].used = ++gw->route_clock;
}

uint8_t gw_route_get(const wick_gateway *gw, const wick_addr *addr)
{
    for (unsigned i = 0; i < WICK_GW_SESSIONS_MAX; i++) {
        const wick_gateway_session *s = &gw->session[i];
        if ((s->state == SES_NSL || s->state == SES_UP) && wick_addr_equal(&s->addr, addr)) {
            return s->via;
        }
    }
    for (unsigned i = 0; i < WICK_GW_ROUTES; i++) {
        if (gw->route[i].used != 0 && wick_addr_equal(&gw->route[i].addr, addr)) {
            return gw->route[i].via;
        }
    }
    return gw_main_via(gw); /* forgotten in a flood: nearly every peer comes over it */
}

/* ------------------------------------------------------------------ in, out */

void gw_nsl_input(wick_gateway *gw, uint64_t now_ms, uint8_t via, const wick_addr *from,
                  wick_span bytes)
{
    if (!gw->nsl_ready) {
        gw->dropped++;
        return;
    }
    if (wick_nsl_input(&gw->nsl, now_ms, bytes, from) == WICK_OK) {
        route_put(gw, from, via);
    } else {
        gw->dropped++;
    }
}

static void lookup_wanted(wick_gateway *gw, uint64_t now_ms, const uint8_t id[32])
{
    for (unsigned i = 0; i < WICK_GW_NSL_LOOKUPS; i++) {
        if (!gw->nsl_lookup[i].used) {
            gw->nsl_lookup[i].used = true;
            gw->nsl_lookup[i].asked = false;
            gw->nsl_lookup[i].give_up_ms = now_ms + LOOKUP_LIFE_MS;
            memcpy(gw->nsl_lookup[i].id, id, 32);
            return;
        }
    }
}

uint64_t gw_nsl_tick(wick_gateway *gw, uint64_t now_ms)
{
    uint64_t next = WICK_TIME_NEVER(now_ms);
    for (uint8_t i = 0; i < WICK_GW_NSL_LOOKUPS; i++) {
        if (!gw->nsl_lookup[i].used) {
            continue;
        }
        if (wick_time_reached(now_ms, gw->nsl_lookup[i].give_up_ms)) {
            gw->nsl_lookup[i].used = false;
            gw_read_cancel(gw, READ_NSL, i);
            gw_key_cancel(gw, READ_NSL, i);
            continue;
        }
        if (!gw->nsl_lookup[i].asked) {
            if (gw_caller_remembered(gw, now_ms, i)) {
                gw->nsl_lookup[i].asked = true;
                next = now_ms; /* its answer goes out */
                continue;
            }
            gw->nsl_lookup[i].asked = gw_peer_read_caller(gw, i);
            next = gw->nsl_lookup[i].asked ? next : wick_time_min(next, now_ms + ROOM_PERIOD_MS);
        }
        next = wick_time_min(next, gw->nsl_lookup[i].give_up_ms);
    }
    return next;
}

static void established(wick_gateway *gw, uint64_t now_ms, uint32_t run)
{
    wick_session keys;
    if (wick_nsl_take(&gw->nsl, &keys, run) == WICK_OK) {
        gw_session_established(gw, now_ms, run, &keys);
    }
    wick_wipe(&keys, sizeof keys);
}

bool gw_nsl_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms, uint64_t *deadline)
{
    while (gw->nsl_ready) {
        wick_nsl_out o;
        memset(&o, 0, sizeof o);
        wick_nsl_poll(&gw->nsl, &o, now_ms);
        if (o.kind == WICK_OUT_WAIT) {
            *deadline = wick_time_min(*deadline, o.deadline_ms);
            return false;
        }
        if (o.kind == WICK_OUT_SEND) {
            if (gw_path_send(gw, out, o.bytes, now_ms, gw_route_get(gw, &o.to), &o.to) ==
                WICK_OK) {
                return true;
            }
            continue; /* no path now: the schedule sends it again */
        }
        switch (o.event) {
        case WICK_NSL_EV_LOOKUP_WANTED:
            lookup_wanted(gw, now_ms, o.id);
            break;
        case WICK_NSL_EV_ESTABLISHED:
            established(gw, now_ms, o.run);
            break;
        case WICK_NSL_EV_FAILED:
            gw_session_failed(gw, now_ms, o.run, o.status);
            break;
        case WICK_NSL_EV_FORMER_KEY_DONE:
            break;
        }
        *deadline = now_ms; /* something may be due now */
        return false;
    }
    return false;
}
