/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RPC_INTERNAL_H
#define WICK_RPC_INTERNAL_H
/* Building a request piece by piece; what does not fit is seen by wick_rpc_send(). */
#include "wick/port/rpc.h"

/* Everything up to the parameters, which the caller appends as one JSON array. */
void wick_rpc_open(wick_rpc *rpc, const char *method);
void wick_rpc_put(wick_rpc *rpc, const char *text);
void wick_rpc_put_hex(wick_rpc *rpc, wick_span bytes); /* with quotes and 0x */
void wick_rpc_put_u64(wick_rpc *rpc, uint64_t v);      /* as a quantity */
wick_status wick_rpc_send(wick_rpc *rpc, uint64_t now_ms);
/* Sends what was built, also again and to another endpoint. */
wick_status wick_rpc_transmit(wick_rpc *rpc, uint64_t now_ms);
/* Another endpoint for the requests that follow. */
void wick_rpc_aim(wick_rpc *rpc, const wick_http_url *url, const wick_https_trust *trust,
                  uint32_t timeout_ms);

/* json.c: value of a number, saturated; 0 for anything else */
int64_t wick_json_integer(const wick_json *node);

#endif
