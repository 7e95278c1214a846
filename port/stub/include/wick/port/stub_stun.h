/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_STUB_STUN_H
#define WICK_PORT_STUB_STUN_H
/*
 * The server's side of STUN Binding (RFC 8489 section 6.3.1) and of NAT behaviour discovery (RFC 5780
 * section 6), for tests: two addresses, two ports, each answer from where the request asks for it.
 *
 *     if (wick_stub_stun_answer(&answer, &s, request, &from, at)) {
 *         send answer.bytes from s.at[answer.at] to answer.to
 *     }
 *
 * wick_stub_stun_open() makes it a host of the stub world.
 */
#include "wick/port/stub.h"
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The four places: bit 0 the other port, bit 1 the other address. */
typedef struct wick_stub_stun {
    wick_addr at[4];
    bool single;           /* one address: no OTHER-ADDRESS, CHANGE-REQUEST is unknown (420) */
    bool no_response_port; /* does not know RESPONSE-PORT: 420 */
    bool classic;          /* RFC 3489: MAPPED-ADDRESS alone */
    uint16_t error;        /* answers every request with this; 0: none */
    bool ignores_changes;  /* answers from where it was asked, whatever was asked for */
    bool down;             /* answers nothing */
    unsigned requests;
    int sock[4]; /* in the world */
} wick_stub_stun;

typedef struct wick_stub_stun_out {
    uint8_t bytes[1600];
    size_t len;
    wick_addr to;
    unsigned at;
} wick_stub_stun_out;

/** Places from the first one, by the second address and port. */
void wick_stub_stun_init(wick_stub_stun *s, const wick_addr *first, const wick_addr *second);
/** Answers a request that came to place `at`. @return false: there is no answer to it */
bool wick_stub_stun_answer(wick_stub_stun_out *out, wick_stub_stun *s, wick_span request,
                           const wick_addr *from, unsigned at);

/** Two public hosts, which answer. @return false: there is no room for them */
bool wick_stub_stun_open(wick_stub_stun *s, wick_stub_world *w);

#ifdef __cplusplus
}
#endif
#endif
