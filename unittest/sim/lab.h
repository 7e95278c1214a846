/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SIM_LAB_H
#define WICK_SIM_LAB_H
/*
 * The laboratory of the sim tests: two gateways behind two NATs, relays, a chain, a wallet manager.
 */
#include "wick/port/stub_node.h"

#define LAB_SECRET "relay secret of the lab"

struct lab {
    wick_stub_world w;
    wick_crypto_ctx crypto_ctx;
    wick_hal_crypto crypto;
    wick_stub_chain chain;
    wick_stub_wallet wallet;
    wick_stub_relay relay[2];
    wick_stub_node a, b;
    int nat_a, nat_b, host_a, host_b;
    /* what application bytes came to each */
    unsigned got_a, got_b;
    uint8_t last_a[64], last_b[64];
    uint8_t session_b; /* session under which b was spoken to */
};

/** A fresh world. `relays` 1 or 2 are approved on chain. Nothing has begun. */
void lab_init(struct lab *lab, uint64_t seed, wick_stub_nat_kind nat_a, wick_stub_nat_kind nat_b,
              unsigned relays);
/** Gives a and b device keys of the types that a suite names (0xAB: a's type A, b's type B), before
 *  anything begins; those of type 2 they have anyway. */
void lab_suite(struct lab *lab, uint8_t suite);
/** Both serve; runs until both are ready. @return true if they are within `ms` */
bool lab_ready(struct lab *lab, uint64_t ms);
/** a connects to b; runs until a's session is up. @return true if it is within `ms` */
bool lab_connect(struct lab *lab, uint8_t *session, uint64_t ms);
/** a sends `text`; b echoes; @return true if a got it back within `ms` (sends again each second) */
bool lab_echo(struct lab *lab, uint8_t session, const char *text, uint64_t ms);
/** Runs until event `kind` came once more. */
bool lab_until(struct lab *lab, wick_stub_node *n, wick_gateway_event_kind kind, uint64_t ms);

#endif
