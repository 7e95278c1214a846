/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a peer's key and endpoint from a chain through a node that is not believed: the header must
 * hash to its block, and every word must be proven under it.
 *
 *     01_lookup http://127.0.0.1:8545 31337 0x<DeviceRegistry> gw-b
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wick/port/rpc.h"
#include "wick/record.h"
#include "wick/verified.h"

static wick_linux_net linux_net;
static wick_hal_net net;
static wick_hal_clock hal_clock;
static wick_rpc rpc;

static uint64_t now_ms(void)
{
    return hal_clock.now_ms(hal_clock.ctx);
}

static wick_status finish(wick_status started)
{
    return started == WICK_OK ? wick_rpc_wait(&rpc, &linux_net) : started;
}

/* The operator's own node says which block is the newest; that it hashes right is checked. */
static wick_status newest_header(wick_trusted_header *out, uint64_t chain_id)
{
    static uint8_t bytes[WICK_HEADER_MAX];
    wick_buf header = wick_buf_make(bytes, sizeof bytes);
    wick_eth_block block;
    wick_status s = finish(wick_rpc_block(&rpc, now_ms(), WICK_RPC_LATEST));
    if (s == WICK_OK) {
        s = wick_rpc_result_block(&block, &header, &rpc);
    }
    return s == WICK_OK ? wick_trust_own_node(out, wick_buf_span(&header), block.hash, chain_id)
                        : s;
}

static wick_status feed(wick_verified *v, const wick_json *nodes, int part)
{
    wick_status s = WICK_OK;
    for (const wick_json *n = wick_json_first(nodes); n != NULL && s == WICK_OK;
         n = wick_json_next(n)) {
        uint8_t bytes[WICK_MPT_NODE_MAX];
        wick_buf node = wick_buf_make(bytes, sizeof bytes);
        s = wick_json_data(&node, n);
        if (s == WICK_OK) {
            s = wick_verified_node(v, wick_buf_span(&node), part);
        }
    }
    return s;
}

/* Asks for all words of the peer at once and proves them: what was asked, not what is named. */
static wick_status prove(wick_peer_query *q, const wick_trusted_header *header,
                         const uint8_t contract[20])
{
    const uint8_t(*slots)[32] = (const uint8_t(*)[32])q->slots;
    wick_verified v;
    wick_eth_proof answer;
    wick_eth_slot slot;
    int part = 0;
    wick_status s = finish(
        wick_rpc_proof(&rpc, now_ms(), contract, slots, q->count, header->number));
    if (s == WICK_OK) {
        s = wick_rpc_result_proof(&answer, &rpc);
    }
    if (s == WICK_OK) {
        s = wick_verified_begin(&v, header, contract, slots, q->values, q->count);
    }
    if (s == WICK_OK) {
        s = feed(&v, answer.account_nodes, WICK_VERIFIED_ACCOUNT);
    }
    for (const wick_json *e = s == WICK_OK ? wick_json_first(answer.slots) : NULL;
         e != NULL && s == WICK_OK; e = wick_json_next(e), part++) {
        s = wick_eth_json_slot(&slot, e);
        if (s == WICK_OK) {
            s = feed(&v, slot.nodes, part);
        }
    }
    return s == WICK_OK ? wick_verified_end(&v) : s;
}

static wick_status look_up(wick_peer_record *out, wick_trusted_header *header, char *argv[])
{
    uint8_t contract[20], id[32], service[32];
    wick_peer_query q;
    wick_status s = wick_hex_decode(contract, sizeof contract, argv[3], strlen(argv[3]));
    if (s == WICK_OK) {
        s = wick_name_hash(id, wick_span_text(argv[4]));
    }
    if (s == WICK_OK) {
        s = wick_name_hash(service, wick_span_text(WICK_SERVICE_DEFAULT));
    }
    if (s == WICK_OK) {
        s = wick_linux_net_init(&net, &linux_net);
    }
    if (s == WICK_OK) {
        wick_linux_clock_init(&hal_clock);
        s = wick_rpc_init(&rpc, &net, argv[1], 5000);
    }
    if (s == WICK_OK) {
        s = newest_header(header, strtoull(argv[2], NULL, 10));
    }
    if (s != WICK_OK) {
        return s;
    }
    wick_peer_query_init(&q, id, service, false);
    s = prove(&q, header, contract);
    return s == WICK_OK ? wick_peer_record_read(out, &q) : s;
}

int main(int argc, char *argv[])
{
    wick_trusted_header header;
    wick_peer_record peer;
    char text[WICK_ADDR_STR_BYTES] = "none";
    wick_status s = argc == 5 ? look_up(&peer, &header, argv) : WICK_E_BAD_ARG;
    if (s != WICK_OK) {
        printf("%s: %s; %s\n", wick_status_str(s), wick_status_cause(s), wick_status_remedy(s));
        return 1;
    }
    if (peer.has_endpoint[0]) {
        wick_addr_str(text, &peer.endpoint[0].addr);
    }
    printf("%s: epoch %u, endpoint %s, tier %s\n", argv[4], (unsigned)peer.device.epoch, text,
           wick_tier_str(header.tier));
    return 0;
}
