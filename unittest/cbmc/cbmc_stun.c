/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN (RFC 8489 section 5, 14): header and attribute walk. Every attribute of an accepted message
 * lies inside of it, with a length that it may have; the walk ends; what is refused has no attribute.
 * Bound: datagrams of at most BOUND bytes, so four attributes.
 */
#include "cbmc.h"

#include "wick/stun.h"

#ifndef BOUND
#define BOUND 36
#endif

void harness(void)
{
    wick_span in = CBMC_INPUT_END(BOUND);
    wick_stun_msg m;
    wick_stun_walk walk = {0};
    wick_status s = wick_stun_decode(&m, in);
    if (s != WICK_OK) {
        PROVE(m.present == 0 && m.len == 0 && m.unknown_count == 0, "nothing of a bad message");
    } else {
        unsigned i = nondet_u8();
        ASSUME(i < WICK_STUN_ATTRS);
        PROVE(m.len == in.len && m.len % 4 == 0, "the whole datagram");
        PROVE(m.method < 0x1000 && m.cls < 4, "method and class");
        wick_span v = wick_stun_get(&m, (wick_stun_attr)i);
        PROVE(cbmc_within(v, in), "an attribute inside");
        if (wick_stun_has(&m, (wick_stun_attr)i)) {
            PROVE(v.ptr >= in.ptr + 24, "behind the header");
            PROVE(wick_load_be16(v.ptr - 4) == wick_stun_attr_type((wick_stun_attr)i), "of its type");
        }
        unsigned last = 0, n = 0;
        while (wick_stun_next(&walk, &m)) {
            PROVE(cbmc_within(walk.value, in), "the walk stays inside");
            PROVE(walk.pos > last && walk.pos <= m.len, "and goes on");
            last = walk.pos;
            n++;
        }
        PROVE(n <= (BOUND - 20) / 4 && (n == 0 || last == m.len), "to the end");
        COVER(n == 0);
        COVER(n == (BOUND - 20) / 4);
        COVER(m.unknown_count == 2);
        COVER(wick_stun_has(&m, WICK_STUN_LIFETIME));
        COVER(wick_stun_has(&m, WICK_STUN_FINGERPRINT) && wick_stun_has(&m, WICK_STUN_LIFETIME));
    }
    COVER(s == WICK_E_TRUNCATED && in.len >= 20);
    COVER(s == WICK_E_TRAILING);
    COVER(s == WICK_E_STUN_COOKIE);
    COVER(s == WICK_E_MALFORMED && in.len == BOUND);
    COVER(s == WICK_E_LIMIT);
}
