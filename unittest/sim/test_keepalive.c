/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to stay reachable, in bytes per idle hour, with IPv4 and UDP headers and both
 * directions: PCP and NAT-PMP renew a mapping whose lifetime the router grants; STUN-style
 * keep-alives hold a mapping that a NAT would forget after half a minute; TURN holds one to the relay
 * and refreshes allocation, permission and channel besides. A day in virtual time after an hour's
 * start, with the library's own clients and the stub's servers.
 *
 * The papers say that PCP needs less traffic than keep-alives (section II-B of the first one) and
 * that the relays' share is minimal; they give no figure. The bars here are ours.
 */
#include <stdio.h>

#include "tap.h"
#include "wick/pcp_client.h"
#include "wick/port/crypto.h"
#include "wick/port/stub_pcp.h"
#include "wick/port/stub_turn.h"
#include "wick/stun_client.h"
#include "wick/turn.h"

#define HOUR_MS UINT64_C(3600000)
#define HOURS 24u
#define HEADERS 28u /* IPv4 and UDP */
#define STEPS_MAX 20000000u

enum { PCP, NATPMP, STUN, TURN, WAYS };

static const char *const name[WAYS] = {
    "PCP, one mapping", "NAT-PMP, one mapping", "STUN-style keep-alive",
    "TURN, one permission and one channel"};

static struct {
    uint64_t now_ms, rng, packets, bytes;
    wick_crypto_ctx cc;
    wick_hal_crypto crypto;
    wick_hal_entropy entropy;
    wick_stub_pcp pcp_server;
    wick_stub_turn turn_server;
    wick_pcp_client pcp;
    wick_stun_client stun;
    wick_turn turn;
    unsigned way, mapped, lost;
    wick_addr own, server, peer;
} w;

static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        w.rng = w.rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(w.rng >> 56);
    }
    return WICK_OK;
}

static void on_the_wire(size_t bytes)
{
    w.packets++;
    w.bytes += bytes + HEADERS;
}

static void event(int kind)
{
    if (w.way == TURN) {
        if (kind == WICK_TURN_EV_ALLOCATED) {
            w.mapped++;
            CHECK_STATUS(wick_turn_permit(&w.turn, w.now_ms, &w.peer), WICK_OK);
            CHECK_STATUS(wick_turn_bind(&w.turn, w.now_ms, &w.peer), WICK_OK);
        }
        w.lost += kind == WICK_TURN_EV_PERMISSION_DENIED;
    } else if (w.way == STUN) {
        w.mapped += kind == WICK_STUN_EV_MAPPED;
        w.lost += kind != WICK_STUN_EV_MAPPED;
    } else {
        w.mapped += kind == WICK_PCP_EV_MAPPED;
        w.lost += kind == WICK_PCP_EV_LOST || kind == WICK_PCP_EV_SILENT ||
                  kind == WICK_PCP_EV_FAILED;
    }
}

static void poll_client(wick_out *out)
{
    if (w.way == TURN) {
        wick_turn_poll(&w.turn, w.now_ms, out);
    } else if (w.way == STUN) {
        wick_stun_client_poll(&w.stun, w.now_ms, out);
    } else {
        wick_pcp_client_poll(&w.pcp, w.now_ms, out);
    }
}

/* A datagram to the server, and its answers. */
static void exchange(wick_span bytes)
{
    on_the_wire(bytes.len);
    if (w.way == PCP || w.way == NATPMP) {
        wick_stub_pcp_out answer;
        wick_stub_pcp_input(&w.pcp_server, w.now_ms, bytes, &w.own);
        while (wick_stub_pcp_poll(&w.pcp_server, &answer)) {
            on_the_wire(answer.bytes.len);
            (void)!wick_pcp_client_input(&w.pcp, w.now_ms, answer.bytes, &answer.from);
        }
        return;
    }
    wick_stub_turn_out answer;
    wick_turn_data data;
    wick_stub_turn_input(&w.turn_server, w.now_ms, bytes, &w.own, &w.server);
    while (wick_stub_turn_poll(&w.turn_server, w.now_ms, &answer)) {
        on_the_wire(answer.bytes.len);
        if (w.way == TURN) {
            (void)!wick_turn_input(&w.turn, w.now_ms, answer.bytes, &answer.from, &data);
        } else {
            (void)!wick_stun_client_input(&w.stun, w.now_ms, answer.bytes, &answer.from);
        }
    }
}

static void run(uint64_t ms)
{
    uint64_t end = w.now_ms + ms;
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        wick_out out;
        poll_client(&out);
        if (out.kind == WICK_OUT_SEND) {
            exchange(out.bytes);
        } else if (out.kind == WICK_OUT_EVENT) {
            event(out.event);
        } else if (out.kind == WICK_OUT_DONE) {
            w.lost++;
            return;
        } else if (wick_time_reached(out.deadline_ms, end)) {
            w.now_ms = end;
            return;
        } else {
            w.now_ms = wick_time_reached(w.now_ms, out.deadline_ms) ? w.now_ms + 1
                                                                    : out.deadline_ms;
        }
    }
    w.lost++;
}

static wick_span text(const char *s)
{
    return wick_span_make((const uint8_t *)s, strlen(s));
}

static void begin(unsigned way)
{
    memset(&w, 0, sizeof w);
    w.way = way;
    w.rng = 7;
    w.now_ms = 5000;
    w.entropy.fill = fill;
    w.own = wick_addr_v4(192, 168, 1, 10, 5000);
    w.server = wick_addr_v4(20, 0, 0, 10, 3478);
    REQUIRE_STATUS(wick_crypto_init(&w.crypto, &w.cc), WICK_OK);
    if (way == PCP || way == NATPMP) {
        wick_stub_pcp_config s = {.listen = wick_addr_v4(192, 168, 1, 1, 0),
                                  .external = wick_addr_v4(20, 0, 0, 1, 0)};
        wick_pcp_client_config cfg = {.entropy = &w.entropy, .servers = &s.listen,
                                      .server_count = 1, .client = w.own};
        wick_pcp_want want = {.protocol = 17, .internal_port = 5001};
        unsigned id;
        wick_stub_pcp_init(&w.pcp_server, &s, w.now_ms);
        w.pcp_server.faults = way == NATPMP ? WICK_STUB_PCP_NATPMP_ONLY : 0;
        REQUIRE_STATUS(wick_pcp_client_init(&w.pcp, &cfg), WICK_OK);
        REQUIRE_STATUS(wick_pcp_client_map(&w.pcp, &id, w.now_ms, &want), WICK_OK);
        return;
    }
    wick_stub_turn_config s;
    memset(&s, 0, sizeof s);
    s.crypto = &w.crypto;
    s.listen = w.server;
    s.relay = wick_addr_v4(20, 0, 0, 10, 50000);
    s.username = "test";
    s.password = "secret";
    wick_stub_turn_init(&w.turn_server, &s);
    w.peer = wick_addr_v4(20, 0, 0, 20, 7000);
    if (way == STUN) {
        wick_stun_client_config cfg = {.entropy = &w.entropy, .server = w.server,
                                       .keepalive_ms = WICK_STUN_KEEPALIVE_MS};
        REQUIRE_STATUS(wick_stun_client_init(&w.stun, &cfg), WICK_OK);
        REQUIRE_STATUS(wick_stun_client_start(&w.stun, w.now_ms), WICK_OK);
    } else {
        wick_turn_config cfg = {.crypto = &w.crypto, .entropy = &w.entropy, .server = w.server,
                                .username = text("test"), .password = text("secret")};
        REQUIRE_STATUS(wick_turn_init(&w.turn, &cfg), WICK_OK);
        REQUIRE_STATUS(wick_turn_start(&w.turn, w.now_ms), WICK_OK);
    }
}

TEST(bytes_per_hour)
{
    uint64_t packets[WAYS], bytes[WAYS];
    printf("# to stay reachable for an idle hour   datagrams     bytes\n");
    for (unsigned i = 0; i < WAYS; i++) {
        begin(i);
        run(HOUR_MS);
        CHECK_INT(w.mapped, 1);
        w.packets = 0;
        w.bytes = 0;
        run(HOURS * HOUR_MS);
        CHECK_INT(w.mapped, 1);
        CHECK_INT(w.lost, 0);
        packets[i] = w.packets;
        bytes[i] = w.bytes / HOURS;
        printf("# %-36s %8u.%u  %8u\n", name[i], (unsigned)(packets[i] / HOURS),
               (unsigned)(packets[i] % HOURS * 10 / HOURS), (unsigned)bytes[i]);
    }
    /* the papers' claim, and by how much */
    printf("# PCP: 1/%u of STUN-style keep-alive, 1/%u of TURN\n",
           (unsigned)(bytes[STUN] / bytes[PCP]), (unsigned)(bytes[TURN] / bytes[PCP]));
    CHECK(bytes[PCP] > 0 && bytes[PCP] * 100 <= bytes[STUN] && bytes[PCP] * 100 <= bytes[TURN]);
    CHECK(bytes[NATPMP] > 0 && bytes[NATPMP] * 100 <= bytes[STUN]);
    /* and what it is: two messages of 60 bytes each half to five eighths of two hours */
    CHECK(packets[PCP] >= HOURS * 2 * 8 / 10 && packets[PCP] <= HOURS * 2);
}

TAP_MAIN("sim.keepalive", CASE(bytes_per_hour))
