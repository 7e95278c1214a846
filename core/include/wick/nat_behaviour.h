/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_NAT_BEHAVIOUR_H
#define WICK_NAT_BEHAVIOUR_H
/*
 * What kind of NAT are we behind? Discovery of RFC 5780, sans-I/O, against a STUN server with two
 * addresses and two ports: mapping, filtering, hairpinning, fragments and the lifetime of a mapping.
 * For diagnosis and for choosing what to try; the RFC itself warns that a NAT may behave otherwise in
 * the next minute, so nothing is decided by it that an attempt would not decide too.
 *
 *     wick_nat_behaviour n;
 *     wick_nat_behaviour_config cfg = {.entropy = &e, .server = addr, .local = own,
 *                                      .tests = WICK_NAT_TEST_MAPPING | WICK_NAT_TEST_FILTERING};
 *     status = wick_nat_behaviour_init(&n, tx, sizeof tx, &cfg);
 *     status = wick_nat_behaviour_start(&n, now);
 *     for (;;) {
 *         wick_nat_behaviour_poll(&n, now, &out);     // until WAIT or DONE
 *         // SEND: out.bytes to out.to through socket out.event, which is 0 or 1
 *         status = wick_nat_behaviour_input(&n, now, bytes, from, socket);
 *     }
 *     wick_nat_behaviour_result(&n)
 *
 * The order matters (RFC 5780 section 4.4): filtering is looked at before anything is sent to the
 * server's second address, for that would open the filter. Socket 1 is needed for the lifetime alone:
 * its mapping is left alone for 15 s, 30 s and so on up to `lifetime_max_s`, and where it was gone the
 * time is halved in, to 2 in 100. That takes several times as long as a mapping lives.
 *
 * What is not answered is told apart by retransmission: 3 requests over 3.5 s for tests whose answer
 * may never come, 7 over 39.5 s for the first.
 *
 * Size: 200 bytes on 64-bit; requests are built in a buffer of the caller. Stack below 400 bytes.
 */
#include "wick/base.h"
#include "wick/hal/entropy.h"
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to find out. */
enum {
    WICK_NAT_TEST_MAPPING = 1u << 0,
    WICK_NAT_TEST_FILTERING = 1u << 1,
    WICK_NAT_TEST_HAIRPIN = 1u << 2,
    WICK_NAT_TEST_FRAGMENTS = 1u << 3,
    WICK_NAT_TEST_LIFETIME = 1u << 4
};

/** Mapping and filtering in the words of RFC 4787 sections 4.1 and 5. */
typedef enum wick_nat_kind {
    WICK_NAT_UNKNOWN = 0,              /* not tested, or the server cannot tell */
    WICK_NAT_NONE,                     /* mapping: our own address is seen outside */
    WICK_NAT_ENDPOINT_INDEPENDENT,
    WICK_NAT_ADDRESS_DEPENDENT,
    WICK_NAT_ADDRESS_PORT_DEPENDENT    /* as mapping: "symmetric" */
} wick_nat_kind;

typedef enum wick_nat_answer { WICK_NAT_NOT_TESTED = 0, WICK_NAT_YES, WICK_NAT_NO } wick_nat_answer;

typedef struct wick_nat_result {
    wick_nat_kind mapping, filtering;
    wick_nat_answer hairpin;       /* a datagram to our own mapped address comes back */
    wick_nat_answer fragments;     /* fragmented datagrams pass both ways */
    wick_nat_answer port_kept;     /* external port = internal port */
    uint32_t lifetime_s;           /* a silent mapping lives so long at least; 0: not tested */
    uint32_t lifetime_below_s;     /* and is gone after so long; 0: outlived all that was tried */
    wick_addr mapped;              /* as the server's first address sees us */
    wick_addr other;               /* the server's second address and port; zero: it has none */
} wick_nat_result;

typedef struct wick_nat_behaviour_config {
    const wick_hal_entropy *entropy; /* must outlive the machine */
    wick_addr server;
    wick_addr local;         /* of socket 0 with its port; IP zero if not known */
    uint8_t tests;           /* WICK_NAT_TEST_* */
    uint16_t lifetime_max_s; /* longest lifetime that is tried; 0: 300 */
} wick_nat_behaviour_config;

/** Fields are private. */
typedef struct wick_nat_behaviour {
    wick_nat_behaviour_config cfg;
    wick_nat_result result;
    wick_addr to, second;  /* of the request under way; mapping towards the second address */
    uint64_t next_ms;
    uint32_t wait_s; /* of the life test under way */
    uint16_t rto_ms;
    uint8_t state, left;
    uint8_t tid[WICK_STUN_TID_BYTES];
    wick_status status;
    uint8_t *tx; /* of the caller: see wick_nat_behaviour_init() */
    size_t tx_cap;
} wick_nat_behaviour;

/** Bytes for requests: without and with the fragment test. */
#define WICK_NAT_TX_BYTES 48
#define WICK_NAT_TX_FRAGMENT_BYTES 1536

/**
 * @param[in] tx  room for requests, must outlive the machine: WICK_NAT_TX_BYTES, with
 *                WICK_NAT_TEST_FRAGMENTS WICK_NAT_TX_FRAGMENT_BYTES
 * @retval WICK_OK  @retval WICK_E_BAD_ARG no entropy, server port or test, or too little room
 */
WICK_NODISCARD wick_status wick_nat_behaviour_init(wick_nat_behaviour *n, uint8_t *tx, size_t tx_bytes,
                                                   const wick_nat_behaviour_config *cfg);

/** Begins. @retval WICK_E_ENTROPY no randomness  @retval WICK_E_STATE not initialised */
WICK_NODISCARD wick_status wick_nat_behaviour_start(wick_nat_behaviour *n, uint64_t now_ms);

/**
 * Takes one datagram that came to socket 0 or 1.
 * @retval WICK_AGAIN        it was for us: poll
 * @retval WICK_E_NOT_FOUND  not an answer to the request under way, or from where it cannot be
 * @retval others            of wick_stun_decode(): dropped
 */
WICK_NODISCARD wick_status wick_nat_behaviour_input(wick_nat_behaviour *n, uint64_t now_ms,
                                                    wick_span bytes, const wick_addr *from,
                                                    unsigned socket);

/**
 * Gives the next thing to do; SEND goes through socket `out.event`. DONE: with WICK_OK the result is
 * complete; WICK_E_TIMEOUT no answer at all; WICK_E_STUN_NAT_UNKNOWN the server has no second address,
 * and the result holds what can be known without.
 */
void wick_nat_behaviour_poll(wick_nat_behaviour *n, uint64_t now_ms, wick_out *out);

/** What is known so far. */
const wick_nat_result *wick_nat_behaviour_result(const wick_nat_behaviour *n);

/** "endpoint-independent" and so on; never NULL. */
const char *wick_nat_kind_name(wick_nat_kind kind);

#ifdef __cplusplus
}
#endif
#endif
