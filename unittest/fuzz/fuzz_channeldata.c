/* SPDX-License-Identifier: Apache-2.0 */
/* ChannelData: what decodes is written again with the same first bytes. */
#include "fuzz.h"

#include "wick/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[65536 + 4];
    wick_channeldata c;
    wick_buf b = wick_buf_make(out, sizeof out), none = wick_buf_make(NULL, 0);
    if (wick_channeldata_decode(&c, wick_span_make(data, size)) != WICK_OK) {
        return 0;
    }
    FUZZ_ACCEPTED();
    if (wick_channeldata_encode(&b, c.channel, c.data) != WICK_OK || b.len > size ||
        size - b.len > 3 || memcmp(out, data, b.len) != 0) {
        abort();
    }
    wick_buf small = wick_buf_make(out, b.len - 1);
    wick_span long_data = wick_span_make(out, 65536);
    FUZZ_CHECK(wick_channeldata_encode(&none, c.channel, c.data) == WICK_OK && none.len == b.len);
    FUZZ_CHECK(wick_channeldata_encode(&small, c.channel, c.data) == WICK_E_NO_SPACE);
    FUZZ_CHECK(wick_channeldata_encode(&none, 0x5000, c.data) == WICK_E_BAD_ARG);
    FUZZ_CHECK(wick_channeldata_encode(&none, c.channel, long_data) == WICK_E_BAD_ARG);
    return 0;
}
