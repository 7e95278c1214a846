/* SPDX-License-Identifier: Apache-2.0 */
/* NAT-PMP messages (RFC 6886): nothing outside of the datagram is read, and what was read is what
 * was sent: it encodes to the same bytes, but for the reserved ones. Bound: BOUND bytes. */
#include "cbmc.h"

#include "wick/natpmp.h"

#ifndef BOUND
#define BOUND 20
#endif

void harness(void)
{
    wick_span in = cbmc_input(BOUND);
    wick_natpmp_msg m;
    uint8_t out[BOUND];
    wick_buf b = wick_buf_make(out, sizeof out);
    wick_status s = wick_natpmp_decode(&m, in);
    if (s == WICK_OK && (!m.response || m.result == 0)) {
        PROVE(wick_natpmp_encode(&b, &m) == WICK_OK && b.len == in.len, "encodes to its length");
        PROVE(memcmp(out, in.ptr, 2) == 0, "version and opcode");
        PROVE(in.len < 12 || m.response || memcmp(out + 4, in.ptr + 4, 8) == 0,
              "ports and lifetime");
    }
    COVER(s == WICK_OK && m.response && m.result != 0 && in.len == 8);
    COVER(s == WICK_OK && m.response && m.opcode == WICK_NATPMP_ADDRESS);
    COVER(s == WICK_OK && m.response && m.opcode == WICK_NATPMP_UDP);
    COVER(s == WICK_OK && !m.response);
    COVER(s == WICK_E_TRUNCATED);
    COVER(s == WICK_E_TRAILING);
    COVER(s == WICK_E_UNSUPPORTED);
}
