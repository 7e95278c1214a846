/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of organisations: their people, their attestors, and what they may do to a record. */
#include "wick/calldata.h"

#include "wick/abi.h"

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

#endif
