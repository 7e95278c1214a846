/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a product's members: who they are, what they propose, approve and revoke. */
#include <string.h>

#include "registry_internal.h"
#include "wick/abi.h"
#include "wick/release_index.h"

/* Fields of the terms, big-endian: flags 1 | roots 1 | approvals 1 | delay 4 at the end. */
#define AT_FLAGS 25
#define AT_ROOTS 26
#define AT_APPROVALS 27
#define AT_DELAY 28

/* address 20 | role 1 */
#define MEMBER_BYTES 21u

wick_status wick_product_roles_add(wick_product_roles *roles, const uint8_t address20[20],
                                   uint8_t role)
{
    if (roles->count >= WICK_PRODUCT_MEMBERS_MAX) {
        return WICK_E_LIMIT;
    }
    if (wick_ct_is_zero(address20, 20) ||
        (role != WICK_ROLE_PUBLISHER && role != WICK_ROLE_APPROVER && role != WICK_ROLE_ROOT)) {
        return WICK_E_BAD_ARG;
    }
    size_t place = 0;
    while (place < roles->count && memcmp(roles->member[place].address, address20, 20) < 0) {
        place++;
    }
    if (place < roles->count && memcmp(roles->member[place].address, address20, 20) == 0) {
        return WICK_E_BAD_ARG;
    }
    memmove(&roles->member[place + 1], &roles->member[place],
            (roles->count - place) * sizeof roles->member[0]);
    memcpy(roles->member[place].address, address20, 20);
    roles->member[place].role = role;
    roles->count++;
    return WICK_OK;
}

wick_status wick_product_roles_check(const wick_product_roles *roles)
{
    unsigned held[WICK_ROLE_ROOT + 1] = {0};
    const uint8_t none[20] = {0}, *last = none;
    if (roles->count > WICK_PRODUCT_MEMBERS_MAX) {
        return WICK_E_BAD_ARG;
    }
    for (size_t i = 0; i < roles->count; i++) {
        const wick_product_member *m = &roles->member[i];
        bool is_role = m->role == WICK_ROLE_PUBLISHER || m->role == WICK_ROLE_APPROVER ||
                       m->role == WICK_ROLE_ROOT;
        if (!is_role || memcmp(m->address, last, 20) <= 0) {
            return WICK_E_BAD_ARG;
        }
        held[m->role]++;
        last = m->address;
    }
    bool fits = held[WICK_ROLE_PUBLISHER] != 0 && roles->approvals != 0 &&
                roles->approvals <= held[WICK_ROLE_APPROVER] && roles->roots >= 2 &&
                roles->roots <= held[WICK_ROLE_ROOT] &&
                roles->delay_s <= WICK_RELEASE_DELAY_MAX_S &&
                roles->flags <= WICK_PRODUCT_RESTRICTED;
    return fits ? WICK_OK : WICK_E_BAD_ARG;
}

static void put_roles(wick_buf *out, const char *call, const uint8_t product32[32],
                      const wick_product_roles *roles)
{
    static const uint8_t zero[31];
    uint8_t terms[32] = {0};
    size_t bytes = roles->count * MEMBER_BYTES;
    terms[AT_FLAGS] = roles->flags;
    terms[AT_ROOTS] = roles->roots;
    terms[AT_APPROVALS] = roles->approvals;
    wick_store_be32(terms + AT_DELAY, roles->delay_s);
    wick_abi_put_call(out, call);
    wick_abi_put_word(out, product32);
    wick_abi_put_u64(out, UINT64_C(3) * 32); /* where the list begins */
    wick_abi_put_word(out, terms);
    wick_abi_put_u64(out, bytes);
    for (size_t i = 0; i < roles->count; i++) {
        wick_buf_put(out, roles->member[i].address, 20);
        wick_buf_put(out, &roles->member[i].role, 1);
    }
    wick_buf_put(out, zero, (32 - bytes % 32) % 32);
}

void wick_calldata_product_create(wick_buf *out, const uint8_t product32[32],
                                  const wick_product_roles *roles)
{
    put_roles(out, "create(bytes32,bytes,uint256)", product32, roles);
}

void wick_calldata_product_set_roles(wick_buf *out, const uint8_t product32[32],
                                     const wick_product_roles *roles)
{
    put_roles(out, "setRoles(bytes32,bytes,uint256)", product32, roles);
}

void wick_calldata_product_allow(wick_buf *out, const uint8_t product32[32],
                                 const uint8_t device32[32], bool allow)
{
    wick_abi_put_call(out, "setAllowed(bytes32,bytes32,bool)");
    wick_abi_put_word(out, product32);
    wick_abi_put_word(out, device32);
    wick_abi_put_bool(out, allow);
}

void wick_calldata_release_publish(wick_buf *out, const wick_release *release)
{
    wick_abi_put_call(out, "publish(bytes32,bytes32,uint64,uint32,uint32,bool)");
    wick_abi_put_word(out, release->product);
    wick_abi_put_word(out, release->manifest);
    wick_abi_put_u64(out, release->version);
    wick_abi_put_u64(out, release->counter);
    wick_abi_put_u64(out, release->manifest_bytes);
    wick_abi_put_bool(out, (release->flags & WICK_RELEASE_FLOOR) != 0);
}

static void put_release(wick_buf *out, const char *call, const uint8_t product32[32],
                        uint32_t index)
{
    wick_abi_put_call(out, call);
    wick_abi_put_word(out, product32);
    wick_abi_put_u64(out, index);
}

static void put_reviewed(wick_buf *out, const char *call, const wick_release *reviewed)
{
    uint8_t claims[32];
    wick_registry_claims(claims, reviewed);
    put_release(out, call, reviewed->product, reviewed->index);
    wick_abi_put_word(out, reviewed->manifest);
    wick_abi_put_word(out, claims);
}

void wick_calldata_release_approve(wick_buf *out, const wick_release *reviewed)
{
    put_reviewed(out, "approve(bytes32,uint32,bytes32,uint256)", reviewed);
}

void wick_calldata_release_approve_for(wick_buf *out, const wick_release *reviewed,
                                       const uint8_t r32[32], const uint8_t vs32[32])
{
    put_reviewed(out, "approveFor(bytes32,uint32,bytes32,uint256,bytes32,bytes32)", reviewed);
    wick_abi_put_word(out, r32);
    wick_abi_put_word(out, vs32);
}

void wick_release_approve_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                                 const wick_release *reviewed, uint32_t epoch)
{
    uint8_t separator[32], body[32];
    wick_eip712 h;
    wick_eip712_begin(
        &h, "Approve(bytes32 product,uint32 index,bytes32 manifest,uint256 claims,uint32 epoch)");
    wick_eip712_word(&h, reviewed->product);
    wick_eip712_u64(&h, reviewed->index);
    wick_eip712_word(&h, reviewed->manifest);
    wick_registry_claims(body, reviewed);
    wick_eip712_word(&h, body);
    wick_eip712_u64(&h, epoch);
    wick_eip712_end(&h, body);
    wick_eip712_domain(separator, "wick ReleaseIndex", "1", domain->chain_id, domain->contract);
    wick_eip712_digest(digest32, separator, body);
}

void wick_calldata_release_revoke(wick_buf *out, const uint8_t product32[32], uint32_t index)
{
    put_release(out, "revoke(bytes32,uint32)", product32, index);
}
