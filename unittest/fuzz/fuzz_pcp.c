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
    wick_buf none = wick_buf_make(NULL, 0), small;
    wick_addr from = wick_addr_v4(20, 0, 0, 9, 443);
    uint8_t version = 2;
    bool other = wick_pcp_is_unsupported_version(&version, in);
    fuzz_touch(wick_span_make((const uint8_t *)wick_pcp_result_str(size != 0 ? data[0] : 0), 1));
    if (wick_pcp_decode(&m, in) != WICK_OK) {
        FUZZ_CHECK(m.options.len == 0 && m.lifetime_s == 0);
        if (m.result != 0) { /* what a server would send back is a response of its own making */
            FUZZ_CHECK(wick_pcp_refuse(&b, in, m.result, 30, 1) == WICK_OK);
            FUZZ_CHECK(b.len % 4 == 0 && b.len >= 24 && b.len <= 1100 && one[1] >= 0x80);
            FUZZ_CHECK(wick_pcp_refuse(&none, in, m.result, 30, 1) == WICK_OK &&
                       none.len == b.len);
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
            bool admits = wick_pcp_filter_admits(&f, &from);
            FUZZ_CHECK(admits || f.prefix_bits != 0);
        }
    }
    FUZZ_CHECK(used == m.options.len);
    FUZZ_CHECK(wick_pcp_encode(&b, &m) == WICK_OK && b.len == size);
    FUZZ_CHECK(wick_pcp_encode(&none, &m) == WICK_OK && none.len == b.len);
    small = wick_buf_make(two, b.len - 1);
    FUZZ_CHECK(wick_pcp_encode(&small, &m) == WICK_E_NO_SPACE);
    FUZZ_CHECK(wick_pcp_encode(&small, &m) == WICK_E_NO_SPACE); /* beyond its end by now */
    small = wick_buf_make(NULL, 0);
    small.len = SIZE_MAX - 8;
    (void)!wick_pcp_encode(&small, &m);
    n = m;
    n.opcode = 3;
    FUZZ_CHECK(wick_pcp_encode(&small, &n) == WICK_E_BAD_ARG);
    n = m;
    n.protocol = 0;
    n.internal_port = 1;
    FUZZ_CHECK(wick_pcp_encode(&small, &n) == WICK_E_BAD_ARG);
    n = m;
    n.options = wick_span_make(two, sizeof two);
    FUZZ_CHECK(wick_pcp_encode(&small, &n) == WICK_E_LIMIT);
    two[0] = WICK_PCP_PREFER_FAILURE; /* with a length that it does not have */
    memset(two + 1, 1, 3);
    n.options = wick_span_make(two, 4);
    FUZZ_CHECK(wick_pcp_encode(&small, &n) == WICK_E_BAD_ARG);
    FUZZ_CHECK(wick_pcp_decode(&n, wick_buf_span(&b)) == WICK_OK);
    FUZZ_CHECK(n.opcode == m.opcode && n.result == m.result && n.lifetime_s == m.lifetime_s &&
               n.epoch_s == m.epoch_s && n.internal_port == m.internal_port &&
               wick_addr_equal(&n.external, &m.external) && wick_addr_equal(&n.remote, &m.remote));
    FUZZ_CHECK(wick_pcp_encode(&c, &n) == WICK_OK && c.len == b.len &&
               memcmp(one, two, b.len) == 0);
    return 0;
}
