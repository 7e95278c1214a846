/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN and ChannelData on a stream (RFC 8656 section 12.5): from any bytes in the room, the next
 * message lies inside what has come, and what is taken is never more than that. Bound: a room of at
 * most BOUND bytes.
 */
#include "cbmc.h"

#include "wick/turn_stream.h"

#ifndef BOUND
#define BOUND 32
#endif

void harness(void)
{
    static uint8_t room[BOUND];
    wick_turn_stream s;
    size_t cap = nondet_size(), bytes = nondet_size(), space, more;
    wick_span message = {NULL, 0};
    __CPROVER_havoc_object(room);
    ASSUME(cap <= BOUND);
    wick_turn_stream_init(&s, room, cap);
    wick_turn_stream_filled(&s, bytes);
    bool channel = (room[0] & 0xc0u) == 0x40u;
    size_t have = bytes < cap ? bytes : cap;
    wick_status t = wick_turn_stream_length(&more, wick_span_make(room, have));
    wick_status st = wick_turn_stream_next(&s, &message);
    if (st == WICK_OK) {
        PROVE(message.ptr == room && message.len >= 4 && message.len <= have, "inside what has come");
        size_t left = s.end - s.start;
        PROVE(left + message.len <= have && have - left - message.len <= 3, "padding goes with it");
        uint8_t *to = wick_turn_stream_space(&s, &space);
        PROVE(to == room + left && space == cap - left, "the rest moves to the front");
    }
    PROVE(st == WICK_OK || s.end - s.start == have, "nothing is taken");
    PROVE(st != WICK_AGAIN || t != WICK_OK || more <= cap, "waits for what has room only");
    PROVE(st != WICK_OK || t == WICK_OK, "by its own length");
    COVER(st == WICK_OK && channel && message.len % 4 != 0);
    COVER(st == WICK_OK && !channel);
    COVER(st == WICK_AGAIN && have >= 8);
    COVER(st == WICK_E_LIMIT);
    COVER(st == WICK_E_MALFORMED);
}
