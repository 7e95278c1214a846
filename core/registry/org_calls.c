/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of organisations and operators: people, attestors, what they may do to a record; relays. */
#include "wick/calldata.h"

#include <string.h>

#include "wick/abi.h"
#include "wick/record.h"

void wick_calldata_set_manager(wick_buf *out, const uint8_t org32[32], const uint8_t manager20[20])
{
    wick_abi_put_call(out, "setManager(bytes32,address)");
    wick_abi_put_word(out, org32);
    wick_abi_put_address(out, manager20);
}

#if WICK_WITH_RELAYED

void wick_calldata_admit(wick_buf *out, const uint8_t org32[32], const uint8_t admin20[20],
                         const uint8_t manager20[20], uint8_t number)
{
    wick_abi_put_call(out, "admit(bytes32,address,address,uint8)");
    wick_abi_put_word(out, org32);
    wick_abi_put_address(out, admin20);
    wick_abi_put_address(out, manager20);
    wick_abi_put_u64(out, number);
}

void wick_calldata_offer_admin(wick_buf *out, const uint8_t org32[32], const uint8_t admin20[20])
{
    wick_abi_put_call(out, "offerAdmin(bytes32,address)");
    wick_abi_put_word(out, org32);
    wick_abi_put_address(out, admin20);
}

void wick_calldata_take_admin(wick_buf *out, const uint8_t org32[32])
{
    wick_abi_put_call(out, "takeAdmin(bytes32)");
    wick_abi_put_word(out, org32);
}

void wick_calldata_set_attestors(wick_buf *out, const uint8_t org32[32],
                                 const uint8_t class32[32], uint8_t threshold,
                                 const uint8_t (*members)[20], size_t count)
{
    wick_abi_put_call(out, "setAttestors(bytes,uint8,bytes32,bytes32)");
    wick_abi_put_u64(out, UINT64_C(4) * 32); /* where the members begin */
    wick_abi_put_u64(out, threshold);
    wick_abi_put_word(out, org32);
    wick_abi_put_word(out, class32);
    wick_abi_put_bytes(out, count == 0 ? wick_span_make(NULL, 0)
                                       : wick_span_make(members[0], count * sizeof *members));
}

void wick_calldata_revoke_as_org(wick_buf *out, const uint8_t id32[32], uint32_t epoch)
{
    wick_abi_put_call(out, "revokeAsOrg(bytes32,uint32)");
    wick_abi_put_word(out, id32);
    wick_abi_put_u64(out, epoch);
}

void wick_calldata_recover(wick_buf *out, const uint8_t owner20[20], const uint8_t id32[32],
                           uint32_t epoch)
{
    wick_abi_put_call(out, "recover(address,bytes32,uint32)");
    wick_abi_put_address(out, owner20);
    wick_abi_put_word(out, id32);
    wick_abi_put_u64(out, epoch);
}

/* ---- relays ---- */

wick_status wick_calldata_relay_register_with(wick_buf *out, const uint8_t endpoint32[32],
                                              uint8_t transports, const char *region,
                                              wick_span realm)
{
    uint8_t info[32] = {0}, word[32] = {0}, region_word[32] = {0};
    wick_relay_details told;
    if (realm.len > sizeof word || transports > 15) {
        return WICK_E_BAD_ARG;
    }
    if (realm.len != 0) {
        memcpy(word, realm.ptr, realm.len);
    }
    if (region != NULL && region[0] != '\0') {
        info[5] = region_word[0] = (uint8_t)region[0];
        info[6] = region_word[1] = (uint8_t)region[1];
    }
    /* What readers would not take is not written. */
    wick_relay_details_decode(&told, info, word);
    if ((region != NULL && wick_span_text(region).len != wick_span_text(told.region).len) ||
        wick_span_text(told.realm).len != realm.len) {
        return WICK_E_BAD_ARG;
    }
    wick_abi_put_call(out, "register(uint256,uint8,bytes2,bytes32)");
    wick_abi_put_word(out, endpoint32);
    wick_abi_put_u64(out, transports);
    wick_abi_put_word(out, region_word);
    wick_abi_put_word(out, word);
    return WICK_OK;
}

void wick_calldata_relay_withdraw(wick_buf *out, uint32_t index)
{
    wick_abi_put_call(out, "withdraw(uint256)");
    wick_abi_put_u64(out, index);
}

void wick_calldata_relay_vacate(wick_buf *out, uint32_t index)
{
    wick_abi_put_call(out, "vacate(uint256)");
    wick_abi_put_u64(out, index);
}

void wick_calldata_relay_collect(wick_buf *out)
{
    wick_abi_put_call(out, "collect()");
}

void wick_calldata_relay_set_stake(wick_buf *out, uint64_t amount)
{
    wick_abi_put_call(out, "setStake(uint128)");
    wick_abi_put_u64(out, amount);
}

#endif
