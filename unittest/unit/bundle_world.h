/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TEST_BUNDLE_WORLD_H
#define WICK_TEST_BUNDLE_WORLD_H
/*
 * A state of a chain with one DeviceRegistry, and bundles out of it. Peers "gw-a" and "gw-b" are
 * registered, "gw-c" is not; accounts and other words stand around them, so that proofs have several
 * nodes.
 */
#include "seal_world.h"
#include "wick/bundle.h"
#include "wick/record.h"

#define BUNDLE_BYTES 65536

struct bundle_state {
    uint8_t root[32];     /* state root */
    uint32_t epoch, seq;  /* of gw-a */
};

extern const uint8_t bundle_contract[20];

/** Ids of "gw-a", "gw-b", "gw-c", and the service "default". */
void bundle_id(uint8_t id32[32], char peer);
void bundle_service(uint8_t service32[32]);

/** Makes the state with gw-a at this epoch and sequence number. One at a time. */
void bundle_state_make(struct bundle_state *s, uint32_t epoch, uint32_t seq);

/** Header of no consensus with the state root. @return its length */
size_t bundle_header(uint8_t rlp[WICK_HEADER_MAX], const uint8_t root[32], uint64_t number,
                     uint64_t time_s);

/** Puts the proof of the slots of the state at hand: ACCOUNT, SLOT and NODE pieces. */
void bundle_put_proof(wick_bundle_writer *w, const uint8_t contract[20], const uint8_t (*slots)[32],
                      size_t count);

/** A bundle for a peer, header alone. @return its length */
size_t bundle_make(uint8_t out[BUNDLE_BYTES], const struct bundle_state *s, char peer,
                   uint64_t number, uint64_t time_s);

#endif
