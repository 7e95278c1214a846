/* SPDX-License-Identifier: Apache-2.0 */
/* ChannelData (RFC 8656 12.4): the data lies in the datagram, behind the header, and has the length
 * that the header says. Bound: datagrams of at most BOUND bytes. */
#include "cbmc.h"

#include "wick/stun.h"

#ifndef BOUND
#define BOUND 32
#endif

void harness(void)
{
    wick_span in = cbmc_input(BOUND);
    wick_channeldata d;
    wick_status s = wick_channeldata_decode(&d, in);
    if (s == WICK_OK) {
        PROVE(d.data.ptr == in.ptr + 4 && d.data.len <= in.len - 4, "data inside");
        PROVE(d.data.len == (size_t)in.ptr[2] * 256 + in.ptr[3], "as long as it says");
        PROVE(in.len - 4 - d.data.len <= 3, "padding only");
        PROVE(d.channel >= 0x4000 && d.channel <= 0x4fff, "a channel's number");
    }
    COVER(s == WICK_OK && d.data.len == 0);
    COVER(s == WICK_OK && d.data.len + 4 < in.len);
    COVER(s == WICK_E_TRUNCATED);
    COVER(s == WICK_E_UNSUPPORTED);
    COVER(s == WICK_E_TRAILING);
}
