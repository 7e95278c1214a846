/* SPDX-License-Identifier: Apache-2.0 */
/* PCP: views stay inside; what decodes encodes to a canonical form of the same meaning. */
#include "fuzz.h"

#include "wick/pcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t one[1200], two[1200];
    wick_pcp_msg m, n;
    wick_pcp_option o;
    wick_pcp_filter f;
    wick_span in = wick_span_make(data, size);
    wick_buf b = wick_buf_make(one, sizeof one), c = wick_buf_make(two, sizeof two);
    uint8_t version = 2;
    bool other = wick_pcp_is_unsupported_version(&version, in);
    if (wick_pcp_decode(&m, in) != WICK_OK) {
        FUZZ_CHECK(m.options.len == 0 && m.lifetime_s == 0);
        if (m.result != 0) { /* what a server would send back is a response of its own making */
            FUZZ_CHECK(wick_pcp_refuse(&b, in, m.result, 30, 1) == WICK_OK);
            FUZZ_CHECK(b.len % 4 == 0 && b.len >= 24 && b.len <= 1100 && one[1] >= 0x80);
        }
        return 0;
    }
    FUZZ_CHECK(!other || (version == 2 && m.result == WICK_PCP_UNSUPP_VERSION));
    FUZZ_ACCEPTED();
    wick_span rest = m.options;
    size_t used = 0;
    while (wick_pcp_next_option(&o, &rest)) {
        fuzz_touch(o.data);
        used += 4 + ((o.data.len + 3) & ~(size_t)3);
        if (o.code == WICK_PCP_FILTER) {
            FUZZ_CHECK(wick_pcp_read_filter(&f, &o) == WICK_OK);
            FUZZ_CHECK(wick_pcp_filter_admits(&f, &f.remote));
        }
    }
    FUZZ_CHECK(used == m.options.len);
    FUZZ_CHECK(wick_pcp_encode(&b, &m) == WICK_OK && b.len == size);
    FUZZ_CHECK(wick_pcp_decode(&n, wick_buf_span(&b)) == WICK_OK);
    FUZZ_CHECK(n.opcode == m.opcode && n.result == m.result && n.lifetime_s == m.lifetime_s &&
               n.epoch_s == m.epoch_s && n.internal_port == m.internal_port &&
               wick_addr_equal(&n.external, &m.external) && wick_addr_equal(&n.remote, &m.remote));
    FUZZ_CHECK(wick_pcp_encode(&c, &n) == WICK_OK && c.len == b.len &&
               memcmp(one, two, b.len) == 0);
    return 0;
}
