/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the contracts of contracts/src. Their arguments are one word each, so a call is its
 * selector and these words. */
#include "wick/calldata.h"

#include <string.h>

#include "wick/abi.h"
#include "wick/keccak.h"
#include "registry_internal.h"

/* Fields of a device word, big-endian: org 1 | epoch 4 | notAfter 5 | flags 1 | keyType 1 |
 * owner 20. A call leaves at zero what it has no say in. */
#define AT_EPOCH 1
#define AT_NOT_AFTER 5
#define AT_FLAGS 10
#define AT_KEY_TYPE 11
#define AT_OWNER 12

/* Fields of the terms: managerEpoch 4 | deadline 8 at the end of the word. */
#define AT_MANAGER_EPOCH 20
#define AT_DEADLINE 24

void wick_registry_key_info(uint8_t word32[32], uint32_t epoch, uint8_t key_type, uint8_t flags)
{
    memset(word32, 0, 32);
    wick_store_be32(word32 + AT_EPOCH, epoch);
    word32[AT_FLAGS] = flags;
    word32[AT_KEY_TYPE] = key_type;
}

void wick_calldata_register(wick_buf *out, const wick_voucher *voucher, const uint8_t r32[32],
                            const uint8_t vs32[32])
{
    uint8_t word[32], terms[32] = {0};
    wick_registry_key_info(word, voucher->epoch, voucher->key_type, voucher->flags);
    word[AT_NOT_AFTER] = (uint8_t)(voucher->not_after >> 32);
    wick_store_be32(word + AT_NOT_AFTER + 1, (uint32_t)voucher->not_after);
    memcpy(word + AT_OWNER, voucher->owner, sizeof voucher->owner);
    wick_store_be32(terms + AT_MANAGER_EPOCH, voucher->manager_epoch);
    wick_store_be64(terms + AT_DEADLINE, voucher->deadline);

    wick_abi_put_call(out, "register(bytes32,bytes32,uint256,bytes32,uint256,bytes32,bytes32)");
    wick_abi_put_word(out, voucher->org);
    wick_abi_put_word(out, voucher->id);
    wick_abi_put_word(out, word);
    wick_abi_put_word(out, voucher->key);
    wick_abi_put_word(out, terms);
    wick_abi_put_word(out, r32);
    wick_abi_put_word(out, vs32);
}

void wick_calldata_publish(wick_buf *out, const uint8_t id32[32], const uint8_t service32[32],
                           uint8_t index, uint32_t epoch, const uint8_t word32[32])
{
    wick_abi_put_call(out, "publish(bytes32,bytes32,uint8,uint32,uint256)");
    wick_abi_put_word(out, id32);
    wick_abi_put_word(out, service32);
    wick_abi_put_u64(out, index);
    wick_abi_put_u64(out, epoch);
    wick_abi_put_word(out, word32);
}

void wick_calldata_rotate(wick_buf *out, const uint8_t id32[32], uint32_t epoch, uint8_t key_type,
                          uint8_t flags, const uint8_t key32[32])
{
    uint8_t info[32];
    wick_registry_key_info(info, epoch, key_type, flags);
    wick_abi_put_call(out, "rotate(bytes32,uint256,bytes32)");
    wick_abi_put_word(out, id32);
    wick_abi_put_word(out, info);
    wick_abi_put_word(out, key32);
}

void wick_calldata_revoke(wick_buf *out, const uint8_t id32[32])
{
    wick_abi_put_call(out, "revoke(bytes32)");
    wick_abi_put_word(out, id32);
}

void wick_calldata_announce(wick_buf *out, wick_span spki)
{
    wick_abi_put_call(out, "announce(bytes)");
    wick_abi_put_u64(out, 32); /* where the bytes begin */
    wick_abi_put_u64(out, spki.len);
    wick_buf_put(out, spki.ptr, spki.len);
    wick_buf_put_zero(out, (32 - spki.len % 32) % 32);
}

void wick_calldata_stored_word(wick_buf *out, const uint8_t slot32[32])
{
    wick_abi_put_call(out, "storedWord(bytes32)");
    wick_abi_put_word(out, slot32);
}

void wick_announced_topic(uint8_t topic32[32])
{
    static const uint8_t event[] = "Announced(bytes32,bytes)";
    wick_keccak256(topic32, event, sizeof event - 1);
}

void wick_calldata_relay_register(wick_buf *out, const uint8_t endpoint32[32])
{
    wick_abi_put_call(out, "register(uint256)");
    wick_abi_put_word(out, endpoint32);
}

void wick_calldata_relay_approve(wick_buf *out, uint32_t index, const uint8_t endpoint32[32],
                                 const uint8_t info32[32], const uint8_t realm32[32])
{
    wick_abi_put_call(out, "approve(uint256,uint256,uint256,bytes32)");
    wick_abi_put_u64(out, index);
    wick_abi_put_word(out, endpoint32);
    wick_abi_put_word(out, info32);
    wick_abi_put_word(out, realm32);
}

void wick_calldata_relay_suspend(wick_buf *out, uint32_t index)
{
    wick_abi_put_call(out, "suspend(uint256)");
    wick_abi_put_u64(out, index);
}

void wick_calldata_relay_invite(wick_buf *out, const uint8_t operator20[20], uint32_t count)
{
    wick_abi_put_call(out, "invite(address,uint32)");
    wick_abi_put_address(out, operator20);
    wick_abi_put_u64(out, count);
}

void wick_calldata_relay_set_manager(wick_buf *out, const uint8_t manager20[20], bool allowed)
{
    wick_abi_put_call(out, "setManager(address,bool)");
    wick_abi_put_address(out, manager20);
    wick_abi_put_bool(out, allowed);
}
