/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the approved relays: the one that the store remembers, else one drawn at random, the near
 * ones more often. Random, so that a fleet spreads over all relays; by round-trip time, because every
 * byte of a relayed session makes the way twice; and kept, because each change is a transaction.
 *
 * Round-trip times are measured by Binding requests (RFC 8489), two to each relay at most. A relay is
 * drawn with a chance that falls with the time that it took; one that does not answer is drawn only
 * where none does.
 */
#include "gateway_internal.h"

#if WICK_WITH_STANDBY

#define STORE_PATH WICK_STORE_KEY(6, 0)
#define STORE_VERSION 1u
#define STORE_BYTES 20u /* open port, relay */
#define ROUND_MS 400u
#define ROUNDS 2u
#define NEAR_MS 20u /* differences below this do not count */

_Static_assert(WICK_GW_RELAYS_MAX <= 8, "one bit for each relay");

/* ------------------------------------------------------------------ the store */

static uint16_t open_port(const wick_gateway *gw)
{
#if WICK_WITH_PATH
    return gw->open.kept_port;
#else
    (void)gw;
    return 0;
#endif
}

void gw_kept_load(wick_gateway *gw)
{
    uint8_t value[STORE_BYTES], version = 0;
    wick_buf out = wick_buf_make(value, sizeof value);
    const wick_hal_store *store = gw->cfg.store;
    if (store == NULL || store->get(store->ctx, STORE_PATH, &version, &out) != WICK_OK ||
        version != STORE_VERSION || out.len != STORE_BYTES) {
        return; /* it is only a preference */
    }
#if WICK_WITH_PATH
    gw->open.kept_port = wick_load_be16(value);
#endif
    memcpy(gw->standby.kept.ip, value + 2, 16);
    gw->standby.kept.port = wick_load_be16(value + 18);
}

void gw_keep(wick_gateway *gw)
{
    uint8_t value[STORE_BYTES];
    wick_gateway_standby *s = &gw->standby;
    bool registry = gw->cfg.relay.port == 0 && gw->relays.count != 0;
    if (gw->relays.state == R_UP && registry) {
        const wick_addr *at = gw_relay_chosen_at(gw);
        if (wick_addr_equal(&s->kept, at) && gw->relays.settled) {
            return;
        }
        s->kept = *at;
    }
    if (gw->cfg.store == NULL) {
        return;
    }
    wick_store_be16(value, open_port(gw));
    memcpy(value + 2, s->kept.ip, 16);
    wick_store_be16(value + 18, s->kept.port);
    wick_status st = gw->cfg.store->put(gw->cfg.store->ctx, STORE_PATH, STORE_VERSION,
                                        wick_span_make(value, sizeof value));
    (void)st; /* then another one is chosen after a restart */
}

/* ------------------------------------------------------------------ the draw */

bool gw_choice_draw(wick_gateway *gw, uint8_t *index, uint8_t except)
{
    uint32_t weight[WICK_GW_RELAYS_MAX], sum = 0;
    uint8_t count = gw->relays.count;
    bool answered = false;
    for (uint8_t i = 0; i < count; i++) {
        answered = answered || (i != except && gw->standby.rtt_ms[i] != 0);
    }
    for (uint8_t i = 0; i < count; i++) {
        uint32_t rtt = gw->standby.rtt_ms[i];
        weight[i] = i == except || (answered && rtt == 0) ? 0 : 1000000u / (rtt + NEAR_MS);
        sum += weight[i];
    }
    if (sum == 0) {
        return false;
    }
    uint32_t at = gw_random(gw) % sum;
    for (uint8_t i = 0; i < count; i++) {
        if (at < weight[i]) {
            *index = i;
            return true;
        }
        at -= weight[i];
    }
    return false;
}

/* ------------------------------------------------------------------ the measurement */

bool gw_choice_begin(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    wick_gateway_relays *r = &gw->relays;
    if (gw->cfg.relay.port != 0 || r->count < 2) {
        return false;
    }
    if (!gw_over_measures(gw)) {
        r->chosen = (uint8_t)(gw_random(gw) % r->count);
    }
    for (uint8_t i = 0; i < r->count; i++) {
        if (wick_addr_equal(&gw->relay[i], &s->kept)) {
            r->chosen = i;
            return false;
        }
    }
    if (!gw_over_measures(gw) ||
        gw->cfg.entropy->fill(gw->cfg.entropy->ctx, s->tid, sizeof s->tid) != WICK_OK) {
        return false;
    }
    memset(s->rtt_ms, 0, sizeof s->rtt_ms);
    s->round = 0;
    s->to_measure = (uint8_t)((1u << r->count) - 1u);
    s->measured_ms = now_ms;
    return true;
}

static bool all_answered(const wick_gateway *gw)
{
    for (uint8_t i = 0; i < gw->relays.count; i++) {
        if (gw->standby.rtt_ms[i] == 0) {
            return false;
        }
    }
    return true;
}

uint64_t gw_choice_tick(wick_gateway *gw, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    uint64_t end = s->measured_ms + ROUND_MS;
    if (!all_answered(gw) && !wick_time_reached(now_ms, end)) {
        return end;
    }
    if (!all_answered(gw) && s->round + 1u < ROUNDS) {
        s->round++;
        s->measured_ms = now_ms;
        for (uint8_t i = 0; i < gw->relays.count; i++) {
            unsigned again = s->rtt_ms[i] == 0 ? 1u << i : 0u;
            s->to_measure = (uint8_t)(s->to_measure | again);
        }
        return now_ms + ROUND_MS;
    }
    uint8_t index = 0;
    s->to_measure = 0;
    bool drawn = gw_choice_draw(gw, &index, WICK_GW_NO_SESSION);
    gw_relay_chosen(gw, now_ms, drawn ? index : 0);
    return now_ms;
}

/* Which relay and which round an answer is about is in the transaction id. */
static void make_tid(const wick_gateway *gw, uint8_t tid[WICK_STUN_TID_BYTES], uint8_t index)
{
    memcpy(tid, gw->standby.tid, 8);
    wick_store_be32(tid + 8, ((uint32_t)gw->standby.round << 8) | index);
}

bool gw_choice_poll(wick_gateway *gw, wick_gateway_out *out, uint64_t now_ms)
{
    wick_gateway_standby *s = &gw->standby;
    uint8_t tid[WICK_STUN_TID_BYTES];
    (void)now_ms;
    for (uint8_t i = 0; gw->relays.state == R_MEASURE && i < gw->relays.count; i++) {
        if ((s->to_measure & (1u << i)) == 0) {
            continue;
        }
        s->to_measure &= (uint8_t)~(1u << i);
        wick_buf b = wick_buf_make(gw->frame, sizeof gw->frame);
        wick_stun_build m;
        make_tid(gw, tid, i);
        wick_stun_begin(&m, &b, WICK_STUN_BINDING, WICK_STUN_REQUEST, tid);
        wick_stun_put_fingerprint(&m);
        if (wick_stun_end(&m) != WICK_OK) {
            continue;
        }
        out->kind = WICK_GW_OUT_SEND;
        out->socket = gw_main_via(gw);
        out->to = gw->relay[i];
        out->bytes = wick_buf_span(&b);
        return true;
    }
    return false;
}

bool gw_choice_input(wick_gateway *gw, uint64_t now_ms, wick_span bytes, const wick_addr *from)
{
    wick_gateway_standby *s = &gw->standby;
    uint8_t tid[WICK_STUN_TID_BYTES];
    wick_stun_msg m;
    if (gw->relays.state != R_MEASURE) {
        return false;
    }
    for (uint8_t i = 0; i < gw->relays.count; i++) {
        make_tid(gw, tid, i);
        if (!wick_addr_equal(from, &gw->relay[i]) || wick_stun_decode(&m, bytes) != WICK_OK ||
            m.method != WICK_STUN_BINDING || m.cls != WICK_STUN_SUCCESS ||
            memcmp(wick_stun_tid(&m), tid, sizeof tid) != 0) {
            continue;
        }
        uint64_t rtt = now_ms - s->measured_ms + 1;
        s->rtt_ms[i] = (uint16_t)(rtt < UINT16_MAX ? rtt : UINT16_MAX);
        if (all_answered(gw)) {
            gw->relays.due_ms = now_ms;
        }
        return true;
    }
    return false;
}

#else /* any of them */

bool gw_choice_begin(wick_gateway *gw, uint64_t now_ms)
{
    (void)now_ms;
    if (gw->relays.count != 0) {
        gw->relays.chosen = (uint8_t)(gw_random(gw) % gw->relays.count);
    }
    return false;
}

#endif
