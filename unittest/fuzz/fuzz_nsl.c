/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any datagram to an initiator or a responder in any state. The first byte names role and state (and the
 * suite, where there are several: fuzz_nsl_rsa.c), the rest is the datagram. Nothing but the one genuine datagram may bring a handshake forward to a
 * session, outputs must come to rest, and a datagram gives at most one datagram in answer.
 */
#include "fuzz.h"

#include "../../core/psk/nsl_internal.h"
#include "../unit/nsl_world.h"

#define A 0
#define B 1

/* 0: I awaits M2. 1: I awaits M4. 2: R is fresh and asks for cookies. 3: R is fresh and asks for
 * none. 4: R awaits M3. 5: R has ended. 6: I has ended. 7: R looks up. */
static const struct {
    uint8_t node;
    uint8_t awaits; /* the type that brings it forward, 255: none */
} stages[8] = {{A, NSL_M2}, {A, NSL_M4}, {B, 255}, {B, 255},
               {B, NSL_M3}, {B, 255},    {A, 255}, {B, 255}};
/* Bits 3 and 4 of the first byte choose among them. */
#ifndef FUZZ_SUITES
#define FUZZ_SUITES 0x22
#endif
static const uint8_t suites[] = {FUZZ_SUITES};
#define SUITES (sizeof suites / sizeof suites[0])

static wick_nsl_node at_stage[SUITES][8];
static wick_ram_keystore keys_of[SUITES];
static size_t keys_at; /* suite whose keys are in the keystore */
static struct packet genuine[SUITES][5];
static struct packet *recorded; /* of the suite at hand */
static bool ready;

static uint8_t stop_at;

static bool stop(struct packet *p)
{
    recorded[p->bytes[1]] = *p;
    return p->bytes[1] != stop_at;
}

static void run_until(uint8_t type, bool cookie)
{
    world_init();
    world_side(A, 0xa1);
    world_side(B, 0xb2);
    side[B].cfg.no_cookie = !cookie;
    world_start(B);
    stop_at = type;
    on_packet = stop;
    world_connect(A, B);
    world_run(now_ms + 200);
}

static void prepare_suite(wick_nsl_node stage[8])
{
    run_until(NSL_M0, true);
    run_until(255, false);
    stage[6] = side[A].node;
    stage[5] = side[B].node;
    run_until(NSL_M4, false);
    stage[1] = side[A].node;
    run_until(NSL_M3, false);
    stage[4] = side[B].node;
    run_until(NSL_M1, true);
    stage[2] = side[B].node;
    stage[0] = side[A].node;
    run_until(NSL_M1, false);
    stage[3] = side[B].node;
    lookup_mode = LOOKUP_NEVER;
    last_input = world_give(B, recorded[NSL_M1].bytes, recorded[NSL_M1].len, &side[A].addr);
    stage[7] = side[B].node;
    lookup_mode = LOOKUP_NOW;
}

static void prepare(void)
{
    ready = true;
    for (size_t i = 0; i < SUITES; i++) {
        world_suite = suites[i];
        recorded = genuine[i];
        prepare_suite(at_stage[i]);
        keys_of[i] = ram;
        keys_at = i;
    }
    on_packet = NULL; /* `genuine` stays as it is */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ready) {
        prepare();
    }
    FUZZ_CHECK(tap_failed == 0);
    if (size == 0) {
        return 0;
    }
    const unsigned stage = data[0] & 7u;
    const size_t of = (data[0] >> 3 & 3u) % SUITES;
    const unsigned n = stages[stage].node;
    const struct packet *right =
        stages[stage].awaits != 255 ? &genuine[of][stages[stage].awaits] : NULL;
    struct side *s = &side[n];

    if (of != keys_at) {
        ram = keys_of[of];
        keys_at = of;
    }
    memset(queue, 0, sizeof queue);
    s->node = at_stage[of][stage];
    s->established = s->failed = s->sent = 0;
    const wick_addr from = side[1 - n].addr;
    wick_status st =
        wick_nsl_input(&s->node, now_ms, wick_span_make(data + 1, size - 1), &from);
    world_poll(n);
    const bool is_right =
        right != NULL && size - 1 == right->len && memcmp(data + 1, right->bytes, right->len) == 0;
    FUZZ_CHECK(tap_failed == 0);
    FUZZ_CHECK(s->failed == 0 && s->sent <= 1);
    FUZZ_CHECK(s->established == 0 || is_right);
    FUZZ_CHECK(!is_right || st == WICK_OK);
    if (st == WICK_OK) {
        FUZZ_ACCEPTED();
    }
    return 0;
}
