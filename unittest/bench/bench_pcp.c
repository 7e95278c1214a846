/* SPDX-License-Identifier: Apache-2.0 */
/* PCP: a MAP request built, its answer checked and parsed, as budgets.txt counts it. */
#include "bench.h"

#include <string.h>

#include "wick/pcp.h"

static wick_pcp_msg request, view;
static uint8_t out[64], in[64];
static size_t out_len;
static wick_status status;

BENCH_SETUP(pcp_map_encode)
{
    wick_addr client = wick_addr_v4(192, 168, 1, 10, 0);
    request.opcode = WICK_PCP_MAP;
    request.lifetime_s = 600;
    request.protocol = 17;
    request.internal_port = 5005;
    request.external = wick_addr_v4(0, 0, 0, 0, 5005);
    memcpy(request.client_ip, client.ip, sizeof client.ip);
    return BENCH_READY;
}

BENCH(pcp_map_encode)
{
    wick_buf b = wick_buf_make(out, sizeof out);
    status = wick_pcp_encode(&b, &request);
    out_len = b.len;
}

BENCH_CHECK(pcp_map_encode)
{
    return status == WICK_OK && out_len == WICK_PCP_MAP_BYTES &&
           wick_pcp_decode(&view, wick_span_make(out, out_len)) == WICK_OK &&
           view.internal_port == 5005 && memcmp(view.client_ip, request.client_ip, 16) == 0;
}

BENCH_SETUP(pcp_map_parse)
{
    wick_buf b = wick_buf_make(in, sizeof in);
    (void)setup_pcp_map_encode();
    request.response = 1;
    request.epoch_s = 55;
    request.external = wick_addr_v4(11, 22, 33, 1, 41006);
    status = wick_pcp_encode(&b, &request);
    return status == WICK_OK ? BENCH_READY : "encode failed";
}

BENCH(pcp_map_parse)
{
    status = wick_pcp_decode(&view, wick_span_make(in, WICK_PCP_MAP_BYTES));
}

BENCH_CHECK(pcp_map_parse)
{
    return status == WICK_OK && view.response == 1 && view.epoch_s == 55 &&
           view.external.port == 41006 && view.protocol == 17 && view.options.len == 0;
}

BENCH_MAIN(BENCH_CASE(pcp_map_encode), BENCH_CASE(pcp_map_parse))
