/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_ATTESTOR_H
#define WICK_PORT_STUB_ATTESTOR_H
/*
 * Attestors of the stub world, and the rule of its contract for them. They sign what they are asked
 * without a look: what a probe proves is the business of wick/nsl_probe.h, and here it is about what a
 * gateway does with good, bad, few and no signatures.
 *
 *   wick_stub_attestors_init(&m, &chain, &crypto_ctx, 2);      two of three
 *   wick_stub_attestors_of(&m, &node.cfg);
 *   node.attestors = &m;
 */
#include "wick/gateway.h"
#include "wick/port/crypto.h"
#include "wick/port/stub.h"
#include "wick/port/stub_chain.h"

#if WICK_WITH_ATTEST

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_stub_attestor_fault {
    WICK_STUB_ATTESTOR_GOOD = 0,
    WICK_STUB_ATTESTOR_SILENT,
    WICK_STUB_ATTESTOR_TWICE,        /* answers twice */
    WICK_STUB_ATTESTOR_OTHER_PLACE,  /* signs another endpoint */
    WICK_STUB_ATTESTOR_OTHER_KEY,    /* for another key of the device */
    WICK_STUB_ATTESTOR_OTHER_SIGNER, /* with the key of another attestor */
    WICK_STUB_ATTESTOR_OLD,
    WICK_STUB_ATTESTOR_AHEAD
} wick_stub_attestor_fault;

typedef struct wick_stub_attestors {
    wick_stub_chain *chain;
    wick_crypto_ctx *crypto_ctx;
    uint8_t secret[WICK_STUB_ATTESTORS][32];
    wick_stub_attestor_fault fault[WICK_STUB_ATTESTORS];
    unsigned first; /* who answers first */
    unsigned asked;
    unsigned challenged; /* of these: about services on TCP */
    uint8_t mapping[32]; /* of the last challenge */
    wick_status last;                       /* what the question was worth */
    wick_status taken[WICK_STUB_ATTESTORS]; /* and each answer */
    wick_status again;                      /* and that which came twice */
} wick_stub_attestors;

/** Draws keys and puts their addresses into the contract. */
wick_status wick_stub_attestors_init(wick_stub_attestors *m, wick_stub_chain *chain,
                                     wick_crypto_ctx *ctx, uint8_t threshold);
/** A gateway asks them. */
void wick_stub_attestors_of(wick_stub_attestors *m, wick_gateway_config *cfg);
/** Answers a request. @param port  its challenge_port */
wick_status wick_stub_attestors_serve(wick_stub_attestors *m, wick_gateway *gw, uint64_t now_ms,
                                      uint32_t request, uint16_t port);

#ifdef __cplusplus
}
#endif

#endif
#endif
