/* SPDX-License-Identifier: Apache-2.0 */
#include "pcp_net.h"

struct pcp_net w;


uint32_t rnd(void)
{
    w.rng = w.rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(w.rng >> 33);
}

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (w.entropy_fails) {
        return WICK_E_ENTROPY;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)rnd();
    }
    return WICK_OK;
}

static void post(const wick_addr *from, const wick_addr *to, wick_span bytes, bool to_server)
{
    if (rnd() % 1000 < w.loss) {
        return;
    }
    for (unsigned i = 0; i < PACKETS; i++) {
        if (!w.packet[i].used) {
            w.packet[i].used = true;
            w.packet[i].to_server = to_server;
            w.packet[i].due_ms = w.now_ms + 2;
            w.packet[i].from = *from;
            w.packet[i].to = *to;
            w.packet[i].len = bytes.len;
            memcpy(w.packet[i].bytes, bytes.ptr, bytes.len);
            return;
        }
    }
    w.stuck = true;
}

static void flush_servers(void)
{
    wick_stub_pcp_out out;
    for (unsigned i = 0; i < 2; i++) {
        while (wick_stub_pcp_poll(&w.server[i], &out)) {
            post(&out.from, &out.to, out.bytes, false);
        }
    }
}

wick_status deliver(wick_span bytes, const wick_addr *from)
{
    return wick_pcp_client_input(&w.c, w.now_ms, bytes, from);
}

static uint64_t pump(void)
{
    wick_out out;
    for (unsigned i = 0; i < 200; i++) {
        wick_pcp_client_poll(&w.c, w.now_ms, &out);
        if (out.kind == WICK_OUT_SEND) {
            if (w.sent < 64) {
                w.sent_at[w.sent] = w.now_ms;
            }
            w.sent++;
            w.sent_len = out.bytes.len;
            post(&w.own, &out.to, out.bytes, true);
        } else if (out.kind == WICK_OUT_EVENT) {
            if (w.events < EVENTS) {
                w.event[w.events].at_ms = w.now_ms;
                w.event[w.events].event = out.event;
                w.event[w.events].id = wick_pcp_client_event_id(&w.c);
                w.event[w.events].status = out.status;
                w.event[w.events].to = out.to;
                w.events++;
            }
        } else {
            w.done = out.kind == WICK_OUT_DONE;
            return w.done ? WICK_TIME_NEVER(w.now_ms) : out.deadline_ms;
        }
    }
    w.stuck = true;
    return w.now_ms + 1000;
}

void run(uint64_t ms)
{
    uint64_t end = w.now_ms + ms;
    for (;;) {
        flush_servers();
        uint64_t at = wick_time_min(end, pump());
        for (unsigned i = 0; i < PACKETS; i++) {
            if (w.packet[i].used) {
                at = wick_time_min(at, w.packet[i].due_ms);
            }
        }
        if (!wick_time_reached(w.now_ms, at)) {
            w.now_ms = at;
        }
        for (unsigned i = 0; i < PACKETS; i++) {
            if (!w.packet[i].used || !wick_time_reached(w.now_ms, w.packet[i].due_ms)) {
                continue;
            }
            w.packet[i].used = false;
            wick_span bytes = wick_span_make(w.packet[i].bytes, w.packet[i].len);
            if (!w.packet[i].to_server) {
                (void)!deliver(bytes, &w.packet[i].from);
                continue;
            }
            for (unsigned k = 0; k < 2; k++) {
                if (wick_addr_equal(&w.packet[i].to, &w.server[k].cfg.listen)) {
                    wick_stub_pcp_input(&w.server[k], w.now_ms, bytes, &w.packet[i].from);
                }
            }
        }
        if (wick_time_reached(w.now_ms, end)) {
            flush_servers();
            (void)pump();
            return;
        }
    }
}

unsigned count(int event)
{
    unsigned n = 0;
    for (unsigned i = 0; i < w.events; i++) {
        n += w.event[i].event == event;
    }
    return n;
}

static const wick_addr nowhere;

wick_status status_of(int event, unsigned n)
{
    for (unsigned i = 0, k = 0; i < w.events; i++) {
        k += w.event[i].event == event;
        if (w.event[i].event == event && k == n) {
            return w.event[i].status;
        }
    }
    return WICK_AGAIN;
}

uint64_t time_of(int event, unsigned n)
{
    for (unsigned i = 0, k = 0; i < w.events; i++) {
        k += w.event[i].event == event;
        if (w.event[i].event == event && k == n) {
            return w.event[i].at_ms;
        }
    }
    return 0;
}

const wick_addr *external(unsigned id)
{
    const wick_addr *a = wick_pcp_client_external(&w.c, id);
    return a != NULL ? a : &nowhere;
}

void restart_client(void)
{
    REQUIRE_STATUS(wick_pcp_client_init(&w.c, &w.cfg), WICK_OK);
    w.events = 0;
    w.sent = 0;
}

void world(uint64_t start_ms)
{
    memset(&w, 0, sizeof w);
    w.now_ms = start_ms;
    w.rng = 7;
    w.own = wick_addr_v4(192, 168, 1, 10, 5350);
    for (unsigned i = 0; i < 2; i++) {
        wick_stub_pcp_config s;
        memset(&s, 0, sizeof s);
        s.listen = wick_addr_v4(192, 168, 1, (uint8_t)(1 + i), 0);
        s.external = wick_addr_v4(20, 0, 0, (uint8_t)(1 + i), 0);
        wick_stub_pcp_init(&w.server[i], &s, start_ms - 500000);
        w.list[i] = s.listen;
    }
    wick_stub_store_init(&w.store);
    wick_stub_hal_store(&w.hal_store, &w.store);
    w.entropy.fill = fill;
    w.cfg.entropy = &w.entropy;
    w.cfg.store = &w.hal_store;
    w.cfg.store_key = WICK_STORE_KEY(2, 0);
    w.cfg.servers = w.list;
    w.cfg.server_count = 1;
    w.cfg.client = w.own;
    restart_client();
}

wick_pcp_want udp(uint16_t port)
{
    wick_pcp_want want;
    memset(&want, 0, sizeof want);
    want.protocol = 17;
    want.internal_port = port;
    return want;
}

unsigned map(const wick_pcp_want *want)
{
    unsigned id = 99;
    CHECK_STATUS(wick_pcp_client_map(&w.c, &id, w.now_ms, want), WICK_OK);
    return id;
}

unsigned ready(uint64_t start_ms)
{
    world(start_ms);
    wick_pcp_want want = udp(5001);
    unsigned id = map(&want);
    run(100);
    CHECK_INT(count(EV(MAPPED)), 1);
    return id;
}
