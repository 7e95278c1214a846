/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_REGISTRY_INTERNAL_H
#define WICK_REGISTRY_INTERNAL_H
/* Shared by the parts of core/registry: digests of typed messages, packed arguments. */
#include "wick/eip712.h"
#include "wick/voucher.h"

/* Ends the struct and makes the digest that is signed in the registry's domain. */
void wick_registry_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                          wick_eip712 *h);

/* Argument of rotate and part of register's: keyType, flags and epoch where a device word has them. */
void wick_registry_key_info(uint8_t word32[32], uint32_t epoch, uint8_t key_type, uint8_t flags);

/* Terms of a relayed call: deadline 64 | epoch 32 | index 8. */
void wick_registry_terms(uint8_t terms32[32], uint64_t deadline, uint32_t epoch, uint8_t index);

#endif
