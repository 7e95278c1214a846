/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that an owner signs and anybody may send: typed structs, digests, calldata, batches. */
#include "wick/relayed.h"

#include <string.h>

#include "registry_internal.h"
#include "wick/abi.h"
#include "wick/calldata.h"
#include "wick/keccak.h"

/* Big-endian: unused 19 | index 1 | epoch 4 | deadline 8. */
void wick_registry_terms(uint8_t terms32[32], uint64_t deadline, uint32_t epoch, uint8_t index)
{
    memset(terms32, 0, 32);
    terms32[19] = index;
    wick_store_be32(terms32 + 20, epoch);
    wick_store_be64(terms32 + 24, deadline);
}

#if WICK_WITH_RELAYED

static const char *type_of(uint8_t kind)
{
    static const char *const types[] = {
        [WICK_RELAYED_PUBLISH] = "Publish(bytes32 id,bytes32 service,uint8 index,uint32 epoch,"
                                 "uint256 word,uint64 deadline)",
        [WICK_RELAYED_PUBLISH_ATTESTED] = "PublishAttested(bytes32 id,bytes32 service,uint8 index,"
                                          "uint32 epoch,uint256 word,uint64 deadline)",
        [WICK_RELAYED_ROTATE] = "Rotate(bytes32 id,uint8 keyType,uint8 flags,bytes32 key,"
                                "uint32 epoch,uint64 deadline)",
        [WICK_RELAYED_REVOKE] = "Revoke(bytes32 id,uint32 epoch,uint64 deadline)",
        [WICK_RELAYED_TRANSFER_OWNER] =
            "Transfer(bytes32 id,address owner,uint32 epoch,uint64 deadline)",
        [WICK_RELAYED_CLAIM_OWNER] = "Claim(bytes32 id,uint32 epoch,uint64 deadline)",
        [WICK_RELAYED_TLS_KEY] =
            "TlsKey(bytes32 id,bytes32 service,bytes32 key,uint32 epoch,uint64 deadline)",
        [WICK_RELAYED_LEAF_ROOT] = "LeafRoot(bytes32 id,bytes32 root,uint32 epoch,uint64 deadline)",
    };
    return kind < sizeof types / sizeof types[0] ? types[kind] : NULL;
}

static bool is_publish(uint8_t kind)
{
    return kind == WICK_RELAYED_PUBLISH || kind == WICK_RELAYED_PUBLISH_ATTESTED;
}

void wick_relayed_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                         const wick_relayed *call)
{
    wick_eip712 h;
    const char *type = type_of(call->kind);
    if (type == NULL) {
        memset(digest32, 0, 32);
        return;
    }
    wick_eip712_begin(&h, type);
    wick_eip712_word(&h, call->id);
    if (is_publish(call->kind) || call->kind == WICK_RELAYED_TLS_KEY) {
        wick_eip712_word(&h, call->service);
    }
    if (is_publish(call->kind)) {
        wick_eip712_u64(&h, call->index);
        wick_eip712_u64(&h, call->epoch);
        wick_eip712_word(&h, call->word);
    } else {
        if (call->kind == WICK_RELAYED_ROTATE) {
            wick_eip712_u64(&h, call->key_type);
            wick_eip712_u64(&h, call->flags);
        }
        if (call->kind == WICK_RELAYED_TRANSFER_OWNER) {
            wick_eip712_address(&h, call->owner);
        }
        if (call->kind == WICK_RELAYED_ROTATE || call->kind == WICK_RELAYED_TLS_KEY ||
            call->kind == WICK_RELAYED_LEAF_ROOT) {
            wick_eip712_word(&h, call->word);
        }
        wick_eip712_u64(&h, call->epoch);
    }
    wick_eip712_u64(&h, call->deadline);
    wick_registry_digest(digest32, domain, &h);
}

wick_status wick_relayed_signer(uint8_t address20[20], const wick_hal_crypto *crypto,
                                const wick_registry_domain *domain, const wick_relayed *call,
                                const uint8_t r32[32], const uint8_t vs32[32])
{
    uint8_t digest[32];
    memset(address20, 0, 20);
    if (type_of(call->kind) == NULL) {
        return WICK_E_BAD_ARG;
    }
    wick_relayed_digest(digest, domain, call);
    return wick_registry_signer(address20, crypto, digest, r32, vs32);
}

static void put_signature(wick_buf *out, const uint8_t r32[32], const uint8_t vs32[32])
{
    wick_abi_put_word(out, r32);
    wick_abi_put_word(out, vs32);
}

/* publishAttestedFor(terms, word, id, service, r, vs) and the attestations */
static void put_publish_attested(wick_buf *out, const wick_relayed *call, const uint8_t terms[32],
                                 const uint8_t r32[32], const uint8_t vs32[32])
{
    wick_abi_put_call(out, "publishAttestedFor(uint256,uint256,bytes32,bytes32,bytes32,bytes32)");
    wick_abi_put_word(out, terms);
    wick_abi_put_word(out, call->word);
    wick_abi_put_word(out, call->id);
    wick_abi_put_word(out, call->service);
    put_signature(out, r32, vs32);
    wick_calldata_put_attest_proof(out, &call->proof);
}

void wick_calldata_relayed(wick_buf *out, const wick_relayed *call, const uint8_t r32[32],
                           const uint8_t vs32[32])
{
    static const char *const calls[] = {
        [WICK_RELAYED_PUBLISH] = "publishFor(bytes32,bytes32,uint256,uint256,bytes32,bytes32)",
        [WICK_RELAYED_ROTATE] = "rotateFor(bytes32,uint256,uint64,bytes32,bytes32,bytes32)",
        [WICK_RELAYED_REVOKE] = "revokeFor(bytes32,bytes32,bytes32,uint32,uint64)",
        [WICK_RELAYED_TRANSFER_OWNER] =
            "transferOwnerFor(bytes32,uint256,address,bytes32,bytes32)",
        [WICK_RELAYED_CLAIM_OWNER] = "claimOwnerFor(bytes32,uint64,uint32,bytes32,bytes32)",
        [WICK_RELAYED_TLS_KEY] = "setTlsKeyFor(bytes32,bytes32,uint256,bytes32,bytes32,bytes32)",
        [WICK_RELAYED_LEAF_ROOT] = "setLeafRootFor(bytes32,uint256,bytes32,bytes32,bytes32)",
    };
    uint8_t terms[32], info[32];
    wick_registry_terms(terms, call->deadline, call->epoch, 0);
    if (is_publish(call->kind)) {
        terms[19] = call->index;
    }
    if (call->kind == WICK_RELAYED_PUBLISH_ATTESTED) {
        put_publish_attested(out, call, terms, r32, vs32);
        return;
    }
    if (call->kind >= sizeof calls / sizeof calls[0] || calls[call->kind] == NULL) {
        return;
    }
    wick_abi_put_call(out, calls[call->kind]);
    wick_abi_put_word(out, call->id);
    switch (call->kind) {
    case WICK_RELAYED_ROTATE:
        wick_registry_key_info(info, call->epoch, call->key_type, call->flags);
        wick_abi_put_word(out, info);
        wick_abi_put_u64(out, call->deadline);
        wick_abi_put_word(out, call->word);
        break;
    case WICK_RELAYED_REVOKE:
        put_signature(out, r32, vs32);
        wick_abi_put_u64(out, call->epoch);
        wick_abi_put_u64(out, call->deadline);
        return;
    case WICK_RELAYED_CLAIM_OWNER:
        wick_abi_put_u64(out, call->deadline);
        wick_abi_put_u64(out, call->epoch);
        break;
    case WICK_RELAYED_TRANSFER_OWNER:
        wick_abi_put_word(out, terms);
        wick_abi_put_address(out, call->owner);
        break;
    default: /* publish, TLS key, leaf root */
        if (call->kind != WICK_RELAYED_LEAF_ROOT) {
            wick_abi_put_word(out, call->service);
        }
        wick_abi_put_word(out, terms);
        wick_abi_put_word(out, call->word);
        break;
    }
    put_signature(out, r32, vs32);
}

void wick_calldata_direct(wick_buf *out, const wick_relayed *call)
{
    switch (call->kind) {
    case WICK_RELAYED_PUBLISH:
        wick_calldata_publish(out, call->id, call->service, call->index, call->epoch, call->word);
        break;
    case WICK_RELAYED_PUBLISH_ATTESTED:
        wick_calldata_publish_attested(out, call->id, call->service, call->index, call->epoch,
                                       call->word, &call->proof);
        break;
    case WICK_RELAYED_ROTATE:
        wick_calldata_rotate(out, call->id, call->epoch, call->key_type, call->flags, call->word);
        break;
    case WICK_RELAYED_REVOKE:
        wick_calldata_revoke(out, call->id);
        break;
    case WICK_RELAYED_TRANSFER_OWNER:
        wick_abi_put_call(out, "transferOwner(bytes32,address,uint32)");
        wick_abi_put_word(out, call->id);
        wick_abi_put_address(out, call->owner);
        wick_abi_put_u64(out, call->epoch);
        break;
    case WICK_RELAYED_CLAIM_OWNER:
        wick_abi_put_call(out, "claimOwner(bytes32,uint32)");
        wick_abi_put_word(out, call->id);
        wick_abi_put_u64(out, call->epoch);
        break;
    case WICK_RELAYED_TLS_KEY:
        wick_abi_put_call(out, "setTlsKey(bytes32,uint32,bytes32,bytes32)");
        wick_abi_put_word(out, call->id);
        wick_abi_put_u64(out, call->epoch);
        wick_abi_put_word(out, call->service);
        wick_abi_put_word(out, call->word);
        break;
    case WICK_RELAYED_LEAF_ROOT:
        wick_abi_put_call(out, "setLeafRoot(bytes32,uint32,bytes32)");
        wick_abi_put_word(out, call->id);
        wick_abi_put_u64(out, call->epoch);
        wick_abi_put_word(out, call->word);
        break;
    default:
        break;
    }
}

/* ---- batches ---- */

void wick_calldata_batch(wick_buf *out, const wick_span *calls, size_t count)
{
    uint64_t at = UINT64_C(32) * count; /* tails begin after the offsets */
    wick_abi_put_call(out, "runBatch(bytes[])");
    wick_abi_put_u64(out, 32);
    wick_abi_put_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        wick_abi_put_u64(out, at);
        at += 32 + (calls[i].len + 31) / 32 * 32;
    }
    for (size_t i = 0; i < count; i++) {
        wick_abi_put_bytes(out, calls[i]);
    }
}

void wick_calldata_list(wick_buf *out, const wick_span *calls, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += 2 + calls[i].len;
    }
    wick_abi_put_call(out, "runList(bytes)");
    wick_abi_put_u64(out, 32); /* where the list begins */
    wick_abi_put_u64(out, len);
    for (size_t i = 0; i < count; i++) {
        wick_buf_put_be16(out, (uint16_t)calls[i].len);
        wick_buf_put(out, calls[i].ptr, calls[i].len);
    }
    wick_buf_put_zero(out, (32 - len % 32) % 32);
}

void wick_refused_topic(uint8_t topic32[32])
{
    static const uint8_t event[] = "Refused(uint256,bytes)";
    wick_keccak256(topic32, event, sizeof event - 1);
}

#endif
