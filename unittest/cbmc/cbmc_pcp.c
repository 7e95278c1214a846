/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCP messages (RFC 6887): nothing outside of the datagram is read; options of what was accepted lie
 * inside of it, end where it ends and keep their rules; a refusal is a response of whole words.
 * Bound: datagrams of at most BOUND bytes.
 */
#include "cbmc.h"

#include "wick/pcp.h"

#ifndef BOUND
#define BOUND 64
#endif

static void check_options(const wick_pcp_msg *m, wick_span in)
{
    wick_span rest = m->options;
    wick_pcp_option o;
    wick_pcp_filter f;
    PROVE(cbmc_within(rest, in), "options inside");
    if (wick_pcp_next_option(&o, &rest)) {
        PROVE(cbmc_within(o.data, in), "option inside");
        PROVE(o.code != WICK_PCP_FILTER || wick_pcp_read_filter(&f, &o) == WICK_OK,
              "a filter can be read");
        PROVE(o.code != WICK_PCP_THIRD_PARTY || o.data.len == 16, "a third party is an address");
        PROVE(o.code != WICK_PCP_PREFER_FAILURE || m->opcode == WICK_PCP_MAP, "MAP only");
        PROVE(m->response != 0 || o.code >= 128 || (o.code >= 1 && o.code <= 3),
              "no unknown mandatory option in a request");
        COVER(o.code == WICK_PCP_PREFER_FAILURE);
        COVER(o.code >= 128);
    } else {
        PROVE(rest.len == 0, "options end with the datagram");
    }
}

void harness(void)
{
    wick_span in = CBMC_INPUT_END(BOUND);
    wick_pcp_msg m;
    uint8_t out[BOUND + 4], version = 9;
    wick_buf r = wick_buf_make(out, sizeof out);
    wick_status s = wick_pcp_decode(&m, in);
    if (s == WICK_OK) {
        PROVE(in.len % 4 == 0 && in.ptr[0] == 2, "whole words of version 2");
        PROVE(m.protocol != 0 || m.internal_port == 0, "all protocols have all ports");
        PROVE(m.opcode <= WICK_PCP_PEER && m.opcode == (in.ptr[1] & 0x7f), "a known opcode");
        check_options(&m, in);
    } else {
        PROVE(m.options.len == 0 && m.lifetime_s == 0, "nothing of a bad message");
        PROVE(m.response == 0 || m.result == 0, "a response is not answered");
        if (m.result != 0) {
            PROVE(wick_pcp_refuse(&r, in, m.result, 30, 1) == WICK_OK, "it can be refused");
            PROVE(r.len >= 24 && r.len % 4 == 0 && out[1] >= 0x80 && out[3] == m.result,
                  "by a response");
        }
    }
    bool other = wick_pcp_is_unsupported_version(&version, in);
    PROVE(!other || (version == in.ptr[0] && in.ptr[3] == 1), "says so itself");
    PROVE(other || version == 9, "untouched");
    COVER(s == WICK_OK && m.opcode == WICK_PCP_ANNOUNCE && m.options.len == 0);
    COVER(s == WICK_OK && m.opcode == WICK_PCP_MAP && m.options.len != 0);
    COVER(s == WICK_OK && m.response && m.result != 0);
    COVER(s == WICK_E_TRUNCATED && m.result == WICK_PCP_MALFORMED_REQUEST);
    COVER(s == WICK_E_MALFORMED && m.result == WICK_PCP_MALFORMED_OPTION);
    COVER(s == WICK_E_UNSUPPORTED && m.result == WICK_PCP_UNSUPP_OPTION);
    COVER(s == WICK_E_UNSUPPORTED && m.result == WICK_PCP_UNSUPP_VERSION);
    COVER(s == WICK_E_UNSUPPORTED && m.result == WICK_PCP_UNSUPP_OPCODE);
    COVER(other && version == 0);
}
