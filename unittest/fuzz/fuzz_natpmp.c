/* SPDX-License-Identifier: Apache-2.0 */
/* NAT-PMP: what decodes is written again; besides reserved bytes, byte for byte. */
#include "fuzz.h"

#include "wick/natpmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[16];
    wick_natpmp_msg m, n;
    wick_buf b = wick_buf_make(out, sizeof out);
    if (wick_natpmp_decode(&m, wick_span_make(data, size)) != WICK_OK) {
        FUZZ_CHECK(m.opcode == 0 && m.epoch_s == 0 && m.lifetime_s == 0);
        return 0;
    }
    FUZZ_ACCEPTED();
    FUZZ_CHECK(wick_natpmp_encode(&b, &m) == WICK_OK && b.len >= size);
    FUZZ_CHECK(b.len == size || (m.result != 0 && size == 8));
    if (m.response != 0) {
        FUZZ_CHECK(memcmp(out, data, size) == 0);
    }
    FUZZ_CHECK(wick_natpmp_decode(&n, wick_buf_span(&b)) == WICK_OK);
    FUZZ_CHECK(n.external_port == m.external_port && n.internal_port == m.internal_port &&
               n.result == m.result && n.lifetime_s == m.lifetime_s);
    return 0;
}
