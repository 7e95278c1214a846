/* SPDX-License-Identifier: Apache-2.0 */
/* Header of a handshake datagram (core/psk/PROTOCOL.md section 2): read inside the datagram, and
 * written again it is the same bytes. Bound: BOUND bytes. */
#include "cbmc.h"

#include "nsl_internal.h"

#ifndef BOUND
#define BOUND 24
#endif

void harness(void)
{
    wick_span in = cbmc_input(BOUND);
    struct nsl_header h;
    uint8_t out[WICK_NSL_HEADER_BYTES];
    bool good = nsl_header_get(&h, in);
    if (good) {
        PROVE(in.len >= WICK_NSL_HEADER_BYTES, "a whole header");
        nsl_header_put(out, &h);
        PROVE(memcmp(out, in.ptr, sizeof out) == 0, "written as read");
        PROVE(h.cid_i != 0 && h.cid_i != NSL_STUN_COOKIE, "no STUN message passes for ours");
        PROVE(h.type == NSL_M1 || h.flags == 0, "no flag that is not known");
        PROVE(h.type <= NSL_M4, "a type that is known");
    }
    COVER(good && h.type == NSL_M1 && h.flags != 0);
    COVER(good && h.type == NSL_M4);
    COVER(!good && in.len >= WICK_NSL_HEADER_BYTES);
    COVER(!good && in.len < WICK_NSL_HEADER_BYTES);
}
