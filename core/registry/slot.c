/* SPDX-License-Identifier: Apache-2.0 */
/* Storage slots, by the layout that Solidity documents: a mapping's entry is at
 * keccak256(key | slot), further words of a struct follow it. */
#include <string.h>

#include "registry_internal.h"
#include "wick/abi.h"
#include "wick/keccak.h"
#include "wick/record.h"

void wick_registry_slot(uint8_t slot32[32], const uint8_t key32[32], uint64_t mapping,
                        unsigned word)
{
    wick_abi_mapping_slot_u64(slot32, key32, mapping);
    wick_abi_slot_add(slot32, slot32, word);
}

static void small_key(uint8_t key32[32], uint64_t n)
{
    memset(key32, 0, 32);
    wick_store_be64(key32 + 24, n);
}

void wick_slot_device(uint8_t slot32[32], const uint8_t id32[32], unsigned word)
{
    wick_registry_slot(slot32, id32, WICK_SLOT_DEVICES, word);
}

/* Every part has 32 bytes, so no triple can look like another: the papers' concatenated names
 * could. */
void wick_slot_endpoint(uint8_t slot32[32], const uint8_t id32[32], const uint8_t service32[32],
                        unsigned index)
{
    uint8_t parts[96];
    memcpy(parts, id32, 32);
    memcpy(parts + 32, service32, 32);
    small_key(parts + 64, index);
    wick_keccak256(slot32, parts, sizeof parts);
    wick_registry_slot(slot32, slot32, WICK_SLOT_ENDPOINTS, 0);
}

void wick_registry_pair(uint8_t hash32[32], const uint8_t a32[32], const uint8_t b32[32])
{
    uint8_t parts[64];
    memcpy(parts, a32, 32);
    memcpy(parts + 32, b32, 32);
    wick_keccak256(hash32, parts, sizeof parts);
}

static void word_of_pair(uint8_t slot32[32], const uint8_t a32[32], const uint8_t b32[32],
                         uint64_t mapping)
{
    wick_registry_pair(slot32, a32, b32);
    wick_registry_slot(slot32, slot32, mapping, 0);
}

void wick_slot_tls_key(uint8_t slot32[32], const uint8_t id32[32], const uint8_t service32[32])
{
    word_of_pair(slot32, id32, service32, WICK_SLOT_TLS_KEYS);
}

void wick_slot_attestors(uint8_t slot32[32], uint8_t number, const uint8_t class32[32])
{
    uint8_t org[32];
    small_key(org, number);
    word_of_pair(slot32, org, class32, WICK_SLOT_ATTESTORS);
}

void wick_slot_leaf_root(uint8_t slot32[32], const uint8_t id32[32])
{
    wick_registry_slot(slot32, id32, WICK_SLOT_LEAF_ROOTS, 0);
}

void wick_slot_offer(uint8_t slot32[32], const uint8_t id32[32])
{
    wick_registry_slot(slot32, id32, WICK_SLOT_OFFERS, 0);
}

void wick_slot_admin_offer(uint8_t slot32[32], const uint8_t org32[32])
{
    wick_registry_slot(slot32, org32, WICK_SLOT_ADMIN_OFFERS, 0);
}

void wick_slot_announced(uint8_t slot32[32], const uint8_t key32[32])
{
    wick_registry_slot(slot32, key32, WICK_SLOT_ANNOUNCED, 0);
}

void wick_slot_manager(uint8_t slot32[32], const uint8_t org32[32])
{
    wick_registry_slot(slot32, org32, WICK_SLOT_MANAGERS, 0);
}

void wick_slot_org(uint8_t slot32[32], uint8_t number, unsigned word)
{
    uint8_t key[32];
    small_key(key, number);
    wick_registry_slot(slot32, key, WICK_SLOT_ORGS, word);
}

void wick_slot_relay_count(uint8_t slot32[32])
{
    small_key(slot32, WICK_SLOT_RELAY_COUNT);
}

void wick_slot_relay(uint8_t slot32[32], uint32_t index, unsigned word)
{
    uint8_t key[32];
    small_key(key, index);
    wick_registry_slot(slot32, key, WICK_SLOT_RELAYS, word);
}

void wick_slot_relay_realm(uint8_t slot32[32], uint32_t index)
{
    uint8_t key[32];
    small_key(key, index);
    wick_registry_slot(slot32, key, WICK_SLOT_RELAY_REALMS, 0);
}

void wick_slot_relay_stake(uint8_t slot32[32], uint32_t index)
{
    uint8_t key[32];
    small_key(key, index);
    wick_registry_slot(slot32, key, WICK_SLOT_RELAY_STAKES, 0);
}

static void slot_of_address(uint8_t slot32[32], const uint8_t address20[20], unsigned mapping)
{
    uint8_t key[32] = {0};
    memcpy(key + 12, address20, 20);
    wick_registry_slot(slot32, key, mapping, 0);
}

void wick_slot_relay_manager(uint8_t slot32[32], const uint8_t manager20[20])
{
    slot_of_address(slot32, manager20, WICK_SLOT_RELAY_MANAGERS);
}

void wick_slot_relay_invitations(uint8_t slot32[32], const uint8_t operator20[20])
{
    slot_of_address(slot32, operator20, WICK_SLOT_RELAY_INVITATIONS);
}

void wick_slot_relay_owed(uint8_t slot32[32], const uint8_t operator20[20])
{
    slot_of_address(slot32, operator20, WICK_SLOT_RELAY_OWED);
}

void wick_slot_relay_vacant(uint8_t slot32[32])
{
    small_key(slot32, WICK_SLOT_RELAY_VACANT);
}
