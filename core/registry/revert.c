/* SPDX-License-Identifier: Apache-2.0 */
/* Custom errors of the contracts, and what each means to a caller. Selectors are the first four
 * bytes of keccak256 of the error's signature; a test computes each of them again. */
#include <string.h>

#include "wick/abi.h"
#include "wick/calldata.h"

struct refusal {
    uint32_t selector;
    wick_status status;
    const char *name;
    bool has_value; /* one argument, an integer of at most 32 bits */
};

static const struct refusal refusals[] = {
    /* DeviceRegistry */
    {0xd92e233d, WICK_E_BAD_ARG, "ZeroAddress", false},
    {0x55052e14, WICK_E_BAD_ARG, "ZeroOrg", false},
    {0x866bb354, WICK_E_BAD_ARG, "BadWord", false},
    {0xef3ff4ae, WICK_E_BAD_ARG, "BadIndex", false},
    {0xe0e5533b, WICK_E_BAD_ARG, "ValidationClaimed", false},
    {0xaedc7c8a, WICK_E_BAD_ARG, "SeqJump", true},
    {0x4828eeca, WICK_E_BAD_ARG, "ExpiryTooFar", false},
    {0x7bfa4b9f, WICK_E_NOT_OWNER, "NotAdmin", false},
    {0x30cd7471, WICK_E_NOT_OWNER, "NotOwner", false},
    {0xaba47339, WICK_E_RECORD_ABSENT, "NotRegistered", false},
    {0x315840e7, WICK_E_RECORD_REVOKED, "RecordRevoked", false},
    {0x9e4b2685, WICK_E_NAME_TAKEN, "NameTaken", false},
    {0x0d942080, WICK_E_NAME_TAKEN, "WrongOrg", true},
    {0x488a7095, WICK_E_RECORD_STALE, "WrongEpoch", true},
    {0x709c44cd, WICK_E_RECORD_STALE, "SeqNotRising", true},
    {0xec8ee924, WICK_E_LIMIT, "EpochSaturated", false},
    {0xd3588deb, WICK_E_VOUCHER, "UnknownOrg", false},
    {0x37eb5fae, WICK_E_VOUCHER, "WrongManagerEpoch", true},
    {0x48f0fae6, WICK_E_VOUCHER, "DeadlineTooFar", false},
    {0xa7932e6a, WICK_E_VOUCHER, "WrongSigner", false},
    {0x63376d6d, WICK_E_VOUCHER, "HighS", false},
    {0x157fd87e, WICK_E_EXPIRED, "VoucherExpired", false},
    {0xcbd989e8, WICK_E_RECORD_EXPIRED, "NotAfterPassed", false},
    {0x4b16e1cb, WICK_E_RECORD_EXPIRED, "EndpointExpired", false},
    {0xc26c2696, WICK_E_UNSUPPORTED, "BadKeyType", false},
    {0x5f304789, WICK_E_BAD_KEY, "BadFlags", false},
    {0xee9f2d53, WICK_E_BAD_KEY, "BadKey", false},
#if WICK_WITH_RELAYED
    /* what only signed calls and organisations meet */
    {0x4127c3f4, WICK_E_NAME_TAKEN, "OrgTaken", false},
    {0x0819bdcd, WICK_E_EXPIRED, "SignatureExpired", false},
    {0xff43b88f, WICK_E_NOT_OWNER, "NotOffered", false},
    {0x122d82d6, WICK_E_STATE, "RecoveryPending", false},
    {0x87a15126, WICK_E_NOT_FOUND, "NoAttestors", false},
    {0x3e8b0f82, WICK_E_BAD_ARG, "BadAttestors", false},
    {0xe48960c6, WICK_E_RECORD_STALE, "WrongAttestors", false},
    {0x342bd384, WICK_E_BAD_ARG, "BadAttestation", false},
    {0x716dcc39, WICK_E_EXPIRED, "AttestationExpired", false},
#endif
    /* RelayRegistry */
    {0xc0fc8a8a, WICK_E_NOT_OWNER, "NotManager", false},
    {0x7c214f04, WICK_E_NOT_OWNER, "NotOperator", false},
    {0x779a6f41, WICK_E_NOT_OWNER, "NotInvited", false},
    {0xe9d38271, WICK_E_NOT_FOUND, "UnknownRelay", false},
    {0xb2debedc, WICK_E_RECORD_STALE, "WrongRelay", false},
    {0xd98d0ab4, WICK_E_BAD_ARG, "BadEndpoint", false},
    {0x24904fe5, WICK_E_STATE, "SameStatus", false},
    {0x3c654645, WICK_E_LIMIT, "TooManyRelays", false},
#if WICK_WITH_RELAYED
    /* ReleaseIndex */
    {0x2ad95351, WICK_E_NOT_OWNER, "NotRegistrar", false},
    {0x6cc8883a, WICK_E_NOT_OWNER, "NotPublisher", false},
    {0x65f84cc0, WICK_E_NOT_OWNER, "NotApprover", false},
    {0x28ab6450, WICK_E_NOT_OWNER, "NotRoot", false},
    {0x4c49e9c2, WICK_E_NAME_TAKEN, "ProductTaken", false},
    {0x7f974cc9, WICK_E_BAD_ARG, "BadRoles", false},
    {0x1f874323, WICK_E_BAD_ARG, "BadRelease", false},
    {0xc2fd875d, WICK_E_FW_ROLLBACK, "VersionNotRising", false},
    {0x9d6531e3, WICK_E_FW_ROLLBACK, "CounterFalls", true},
    {0xe69f370a, WICK_E_NOT_FOUND, "UnknownRelease", false},
    {0x769c8ece, WICK_E_FW_DIGEST, "WrongManifest", false},
    {0xfabf8eff, WICK_E_FW_REVOKED, "ReleaseRevoked", false},
    {0xf4cb405c, WICK_E_RECORD_STALE, "RolesChanged", true},
    {0x7c9a1cf9, WICK_E_STATE, "AlreadyVoted", false},
    {0xc0a6b52c, WICK_E_STATE, "SameEntry", false},
    /* RelayRegistry, stakes and details */
    {0x67f3734e, WICK_E_BAD_ARG, "WrongStake", false},
    {0xa46c7b0c, WICK_E_STATE, "StakeHeld", false},
    {0x9085d4c3, WICK_E_STATE, "StakeNotTaken", false},
    {0x1fd421c8, WICK_E_STATE, "RelayInUse", false},
    {0x4f14f07c, WICK_E_BAD_ARG, "BadDetails", false},
#endif
};

static const struct refusal *find(uint32_t selector)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].selector == selector) {
            return &refusals[i];
        }
    }
    return NULL;
}

const char *wick_registry_error_name(uint32_t selector)
{
    const struct refusal *r = find(selector);
    return r != NULL ? r->name : NULL;
}

wick_status wick_revert_decode(wick_revert *out, wick_span data)
{
    memset(out, 0, sizeof *out);
    if (data.len < 4) {
        return WICK_E_TX_REVERTED;
    }
    out->selector = wick_load_be32(data.ptr);
    const struct refusal *r = find(out->selector);
    if (r == NULL) {
        return WICK_E_TX_REVERTED;
    }
    wick_abi args = wick_abi_make(wick_span_make(data.ptr + 4, data.len - 4));
    uint64_t value = r->has_value ? wick_abi_u64(&args, 0) : 0;
    size_t want = r->has_value ? 4 + 32 : 4;
    if (data.len != want || args.status != WICK_OK || value > UINT32_MAX) {
        return WICK_E_TX_REVERTED;
    }
    out->name = r->name;
    out->has_value = r->has_value;
    out->value = value;
    return r->status;
}
