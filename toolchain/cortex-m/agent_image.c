/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A firmware that uses all of the agent and nothing else of wick, for toolchain/size.sh: what the
 * linker keeps of core is what a gateway pays for. It is linked, never run.
 */
#include "wick/gateway.h"

static wick_gateway gateway;
static wick_gateway_config config;
static wick_gateway_out out;
static wick_session_psk psk;
static wick_gateway_voucher_answer voucher;
static uint8_t bytes[64];
static char text[64];
static volatile int sink;

static void answers(uint64_t now, uint32_t request)
{
    sink = wick_gateway_header(&gateway, out.bytes, bytes, now, request);
    sink = wick_gateway_proof_node(&gateway, out.bytes, now, request, 0);
    sink = wick_gateway_proof_end(&gateway, now, request, WICK_OK);
    sink = wick_gateway_fees(&gateway, now, request, 1, 1);
    sink = wick_gateway_sent(&gateway, out.bytes, now, request, WICK_OK);
    sink = wick_gateway_voucher(&gateway, &voucher, now, request);
    sink = wick_gateway_possession(&gateway, bytes, bytes, request);
    sink = wick_gateway_funded(&gateway, now, request);
    sink = wick_gateway_relay(&gateway, text, text, 1, now, request);
    sink = wick_gateway_failed(&gateway, now, request, WICK_OK);
}

int main(void)
{
    uint8_t session = 0;
    uint64_t now = 1;
    sink = wick_gateway_init(&gateway, &config);
    sink = wick_gateway_start(&gateway, now, WICK_GW_GOAL_SERVE);
    sink = wick_gateway_connect(&gateway, &session, now, text);
    sink = wick_gateway_lookup(&gateway, now, text);
    wick_gateway_input(&gateway, now, 0, out.bytes, &out.to);
    wick_gateway_poll(&gateway, &out, now);
    answers(now, 1);
    sink = wick_gateway_session_psk(&gateway, &psk, session, WICK_ROLE_INITIATOR,
                                    WICK_USE_DTLS12);
    sink = wick_gateway_send(&gateway, &out, out.bytes, now, session);
    wick_gateway_close(&gateway, session);
    wick_gateway_stop(&gateway, now);
    wick_gateway_wipe(&gateway);
    return 0;
}
