/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_REGISTRY_INTERNAL_H
#define WICK_REGISTRY_INTERNAL_H
/* Shared by the parts of core/registry: slots, digests of typed messages, packed arguments. */
#include "wick/eip712.h"
#include "wick/release.h"
#include "wick/voucher.h"

/* Word number `word` of what a mapping at a small slot holds for a key. */
void wick_registry_slot(uint8_t slot32[32], const uint8_t key32[32], uint64_t mapping,
                        unsigned word);

/* keccak256(abi.encode(a, b)). */
void wick_registry_pair(uint8_t hash32[32], const uint8_t a32[32], const uint8_t b32[32]);

/* Ends the struct and makes the digest that is signed in the registry's domain. */
void wick_registry_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                          wick_eip712 *h);

/* Argument of rotate and part of register's: keyType, flags and epoch where a device word has them. */
void wick_registry_key_info(uint8_t word32[32], uint32_t epoch, uint8_t key_type, uint8_t flags);

/* Terms of a relayed call: deadline 64 | epoch 32 | index 8. */
void wick_registry_terms(uint8_t terms32[32], uint64_t deadline, uint32_t epoch, uint8_t index);

/* What an approval says of a release beside its manifest: version, counter, size and FLOOR where the
 * release word has them, zero elsewhere. */
void wick_registry_claims(uint8_t word32[32], const wick_release *release);

#endif
