/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TICKET_WORLD_H
#define TICKET_WORLD_H
/*
 * Parties for tests of tickets: issuer G (id 32 x a1, key a1), audience S (b2), another gateway H
 * (c3) and another server Z (d4), with randomness that repeats one octet per draw, beginning at
 * 0x31, and counters of private-key operations and of all calls of the curve.
 */
#include "tap.h"
#include "wick/nsl.h"
#include "wick/port/crypto.h"
#include "wick/ticket_table.h"

enum { G = 0, S, H, Z, PARTIES };

#define IAT 1700000000u

extern wick_hal_crypto crypto;
extern wick_hal_entropy entropy;
extern wick_hal_keystore keystore;
extern wick_ticket_own own[PARTIES];
extern unsigned private_ops; /* ECDH with keys of the keystore */
extern uint8_t next_byte;    /* of randomness */
extern bool no_entropy;

void ticket_world(void);
wick_ticket_audience audience_of(unsigned party);
/* "meter-7", 600 s from IAT, CONNECT and REUSE: the claims of the vectors. */
wick_ticket_claims claims_of(const char *sub);
/* By `from` for `to`; checks that it could be made. */
void make_ticket(uint8_t ticket[WICK_TICKET_BYTES], uint8_t ks[32], unsigned from, unsigned to,
                 const wick_ticket_claims *claims);
/* What G could seal for S in place of the claims of `like`, under the same encapsulation and header:
 * `like` is its first ticket in this world. */
void seal_claims(uint8_t out[WICK_TICKET_BYTES], const uint8_t like[WICK_TICKET_BYTES],
                 const uint8_t claims[32]);
/* S as a node of the handshake, whose cookies uploads use; their secret is 32 x 20. */
void audience_node(wick_nsl_node *node, uint64_t now_ms);
/* Opens as `to`, with the key of `from`. */
wick_status open_ticket(wick_ticket *out, const uint8_t *ticket, size_t len, unsigned from,
                        unsigned to);

#endif
