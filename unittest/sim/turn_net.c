/* SPDX-License-Identifier: Apache-2.0 */
#include "turn_net.h"

#include <string.h>

static uint32_t next(struct net *n, uint32_t below)
{
    n->rng ^= n->rng << 13;
    n->rng ^= n->rng >> 7;
    n->rng ^= n->rng << 17;
    return (uint32_t)(n->rng >> 20) % below;
}

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    struct net *n = ctx;
    if (n->entropy_fails) {
        return WICK_E_ENTROPY;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)next(n, 256);
    }
    return WICK_OK;
}

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

wick_turn_config net_config(struct net *n)
{
    wick_turn_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.crypto = &n->crypto;
    cfg.entropy = &n->entropy;
    cfg.server = n->server[0].cfg.listen;
    cfg.username = text("test");
    cfg.password = text("secret");
    return cfg;
}

void net_init(struct net *n, uint64_t seed, uint64_t start_ms)
{
    memset(n, 0, sizeof *n);
    n->rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    n->now_ms = start_ms;
    n->client = wick_addr_v4(20, 0, 0, 1, 5000);
    n->peer = wick_addr_v4(20, 0, 0, 20, 7000);
    n->stranger = wick_addr_v4(20, 0, 0, 66, 6666);
    n->entropy.ctx = n;
    n->entropy.fill = fill;
    if (wick_crypto_init(&n->crypto, &n->cc) != WICK_OK) {
        n->stuck = true;
    }
    for (unsigned i = 0; i < 2; i++) {
        wick_stub_turn_config s;
        memset(&s, 0, sizeof s);
        s.crypto = &n->crypto;
        s.listen = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 3478);
        s.relay = wick_addr_v4(20, 0, 0, (uint8_t)(10 + i), 50000);
        s.username = "test";
        s.password = "secret";
        wick_stub_turn_init(&n->server[i], &s);
    }
    wick_turn_config cfg = net_config(n);
    if (wick_turn_init(&n->t, &cfg) != WICK_OK) {
        n->stuck = true;
    }
}

void net_inject(struct net *n, const wick_addr *from, const wick_addr *to, wick_span bytes)
{
    unsigned copies = next(n, 1000) < n->duplicate ? 2 : 1;
    for (unsigned c = 0; c < copies; c++) {
        if (next(n, 1000) < n->loss) {
            continue;
        }
        for (unsigned i = 0; i < NET_PACKETS; i++) {
            if (!n->packet[i].used) {
                n->packet[i].used = true;
                n->packet[i].due_ms = n->now_ms + 10 + (n->jitter_ms ? next(n, n->jitter_ms) : 0);
                n->packet[i].from = *from;
                n->packet[i].to = *to;
                n->packet[i].len = bytes.len;
                memcpy(n->packet[i].bytes, bytes.ptr, bytes.len);
                break;
            }
            n->stuck = n->stuck || i + 1 == NET_PACKETS;
        }
    }
}

static void pump_servers(struct net *n)
{
    wick_stub_turn_out out;
    for (unsigned i = 0; i < 2; i++) {
        while (wick_stub_turn_poll(&n->server[i], n->now_ms, &out)) {
            net_inject(n, &out.from, &out.to, out.bytes);
        }
    }
}

/* @return when the client wants to run again */
static uint64_t pump_client(struct net *n)
{
    wick_out out;
    for (unsigned i = 0; i < 200; i++) {
        wick_turn_poll(&n->t, n->now_ms, &out);
        switch (out.kind) {
        case WICK_OUT_SEND:
            if (n->sent < 16) {
                n->sent_at[n->sent] = n->now_ms;
            }
            n->sent++;
            net_inject(n, &n->client, &out.to, out.bytes);
            break;
        case WICK_OUT_EVENT:
            if (n->events < NET_EVENTS) {
                struct net_event e = {n->now_ms, out.event, out.status, out.to};
                n->event[n->events++] = e;
            }
            break;
        case WICK_OUT_DONE:
            n->done = true;
            n->done_status = out.status;
            return WICK_TIME_NEVER(n->now_ms);
        case WICK_OUT_WAIT:
            n->done = false;
            return out.deadline_ms;
        }
    }
    n->stuck = true; /* a poll loop that never waits */
    return WICK_TIME_NEVER(n->now_ms);
}

static void deliver(struct net *n, const wick_addr *from, const wick_addr *to, wick_span bytes)
{
    wick_turn_data data;
    for (unsigned i = 0; i < 2; i++) {
        if (wick_stub_turn_owns(&n->server[i], to)) {
            wick_stub_turn_input(&n->server[i], n->now_ms, bytes, from, to);
            return;
        }
    }
    if (wick_addr_equal(to, &n->client)) {
        if (wick_turn_input(&n->t, n->now_ms, bytes, from, &data) == WICK_OK) {
            n->got++;
            n->last = data;
            memcpy(n->last_bytes, data.data.ptr, data.data.len);
            n->last.data.ptr = n->last_bytes;
        }
    } else if (wick_addr_same_ip(to, &n->peer) || wick_addr_same_ip(to, &n->stranger)) {
        n->peer_got++;
        n->peer_saw = *from;
        n->peer_len = bytes.len;
        memcpy(n->peer_bytes, bytes.ptr, bytes.len);
    }
}

/* One step: to the next packet or deadline, not beyond `end_ms`. */
static void step(struct net *n, uint64_t end_ms)
{
    uint64_t at = pump_client(n);
    pump_servers(n);
    unsigned first = NET_PACKETS;
    at = wick_time_min(at, end_ms);
    for (unsigned i = 0; i < NET_PACKETS; i++) {
        if (n->packet[i].used && !wick_time_reached(n->packet[i].due_ms, at + 1)) {
            at = n->packet[i].due_ms;
            first = i;
        }
    }
    if (!wick_time_reached(n->now_ms, at)) {
        n->now_ms = at;
    }
    if (first != NET_PACKETS) {
        n->packet[first].used = false;
        deliver(n, &n->packet[first].from, &n->packet[first].to,
                wick_span_make(n->packet[first].bytes, n->packet[first].len));
    }
}

void net_run(struct net *n, uint64_t ms)
{
    uint64_t end_ms = n->now_ms + ms;
    while (!wick_time_reached(n->now_ms, end_ms) && !n->stuck) {
        step(n, end_ms);
    }
    (void)pump_client(n);
    pump_servers(n);
}

unsigned net_count(const struct net *n, int event)
{
    unsigned count = 0;
    for (unsigned i = 0; i < n->events; i++) {
        count += n->event[i].event == event;
    }
    return count;
}

const struct net_event *net_until(struct net *n, int event, unsigned count, uint64_t ms)
{
    static const struct net_event none = {0, WICK_TURN_EV_NONE, WICK_AGAIN, {{0}, 0}};
    uint64_t end_ms = n->now_ms + ms;
    while (net_count(n, event) < count && !wick_time_reached(n->now_ms, end_ms) && !n->stuck) {
        step(n, end_ms);
    }
    (void)pump_client(n);
    const struct net_event *found = &none;
    for (unsigned i = 0, seen = 0; i < n->events && seen < count; i++) {
        if (n->event[i].event == event) {
            seen++;
            found = seen == count ? &n->event[i] : found;
        }
    }
    return found;
}

wick_status net_send(struct net *n, const wick_addr *peer, const char *what)
{
    uint8_t bytes[256];
    wick_buf b = wick_buf_make(bytes, sizeof bytes);
    wick_status status = wick_turn_send(&n->t, n->now_ms, &b, peer, text(what));
    if (status == WICK_OK) {
        net_inject(n, &n->client, wick_turn_server(&n->t), wick_buf_span(&b));
    }
    return status;
}

void net_peer_send(struct net *n, const wick_addr *from, const char *what)
{
    net_inject(n, from, wick_turn_relayed(&n->t), text(what));
}

bool net_ready(struct net *n, uint64_t seed, uint64_t start_ms)
{
    net_init(n, seed, start_ms);
    return wick_turn_permit(&n->t, n->now_ms, &n->peer) == WICK_OK &&
           wick_turn_start(&n->t, n->now_ms) == WICK_OK &&
           net_until(n, WICK_TURN_EV_PERMISSION_READY, 1, 1000)->status == WICK_OK && !n->stuck;
}

void net_force(struct net *n, uint16_t method, uint16_t code, unsigned count, bool bare)
{
    n->server[0].force.method = method;
    n->server[0].force.code = code;
    n->server[0].force.count = count;
    n->server[0].faults = bare ? WICK_STUB_TURN_ERRORS_BARE : 0;
}
