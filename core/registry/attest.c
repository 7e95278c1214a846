/* SPDX-License-Identifier: Apache-2.0 */
/* Attestations of endpoints: what attestors sign, who they are, and the call that carries them. */
#include "wick/attest.h"

#include <string.h>

#include "registry_internal.h"
#include "wick/abi.h"
#include "wick/keccak.h"

#if WICK_WITH_RELAYED

#define ATTEST_TYPE                                                                                \
    "Attest(bytes32 id,uint32 epoch,bytes32 key,bytes32 service,uint256 endpoint,uint64 checkedAt)"

/* Attestor word, big-endian: members 30 | count 1 | threshold 1. */
#define AT_COUNT 30
#define AT_THRESHOLD 31

void wick_attest_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                        const wick_attest *attest)
{
    wick_eip712 h;
    wick_eip712_begin(&h, ATTEST_TYPE);
    wick_eip712_word(&h, attest->id);
    wick_eip712_u64(&h, attest->epoch);
    wick_eip712_word(&h, attest->key);
    wick_eip712_word(&h, attest->service);
    wick_eip712_word(&h, attest->endpoint);
    wick_eip712_u64(&h, attest->checked_at);
    wick_registry_digest(digest32, domain, &h);
}

wick_status wick_attest_check(const wick_hal_crypto *crypto, const wick_registry_domain *domain,
                              const wick_attest *attest, const uint8_t r32[32],
                              const uint8_t vs32[32], const uint8_t attestor20[20])
{
    uint8_t digest[32], address[20];
    wick_attest_digest(digest, domain, attest);
    wick_status s = wick_registry_signer(address, crypto, digest, r32, vs32);
    return s == WICK_OK && memcmp(address, attestor20, sizeof address) == 0 ? WICK_OK
                                                                            : WICK_E_AUTH;
}

/* ---- who may attest ---- */

wick_status wick_attestors_decode(wick_attestors *out, const uint8_t word[32])
{
    memset(out, 0, sizeof *out);
    if (wick_ct_is_zero(word, 32)) {
        return WICK_E_RECORD_ABSENT;
    }
    if (word[AT_THRESHOLD] == 0 || word[AT_THRESHOLD] > word[AT_COUNT] ||
        word[AT_COUNT] > WICK_ATTESTORS_MAX) {
        return WICK_E_RECORD_INVALID;
    }
    out->threshold = word[AT_THRESHOLD];
    out->count = word[AT_COUNT];
    memcpy(out->list, word, sizeof out->list);
    return WICK_OK;
}

static bool is_ascending(const uint8_t (*members)[20], size_t count)
{
    static const uint8_t zero[20] = {0};
    const uint8_t *last = zero;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(members[i], last, 20) <= 0) {
            return false;
        }
        last = members[i];
    }
    return true;
}

static void hash_list(uint8_t hash32[32], const uint8_t (*members)[20], size_t count)
{
    wick_keccak h;
    wick_keccak_init(&h);
    for (size_t i = 0; i < count; i++) {
        wick_keccak_update(&h, members[i], 20);
    }
    wick_keccak_final(&h, hash32);
}

wick_status wick_attestors_encode(uint8_t word[32], uint8_t threshold,
                                  const uint8_t (*members)[20], size_t count)
{
    memset(word, 0, 32);
    if (count > WICK_ATTESTORS_MAX || threshold > count || (threshold == 0) != (count == 0) ||
        !is_ascending(members, count)) {
        return WICK_E_BAD_ARG;
    }
    if (count != 0) {
        hash_list(word, members, count);
        word[AT_COUNT] = (uint8_t)count;
        word[AT_THRESHOLD] = threshold;
    }
    return WICK_OK;
}

wick_status wick_attestors_match(const wick_attestors *set, const uint8_t (*members)[20],
                                 size_t count)
{
    uint8_t hash[32];
    if (count != set->count) {
        return WICK_E_RECORD_STALE;
    }
    hash_list(hash, members, count);
    return memcmp(hash, set->list, sizeof set->list) == 0 ? WICK_OK : WICK_E_RECORD_STALE;
}

/* ---- the call ---- */

/* The next attestation is that of member i. */
static bool signs(const wick_attest_proof *proof, size_t next, size_t i)
{
    return next < proof->attestation_count && proof->attestations[next].position == i;
}

void wick_calldata_put_attest_proof(wick_buf *out, const wick_attest_proof *proof)
{
    uint32_t signed_bits = 0;
    for (size_t i = 0, next = 0; i < proof->member_count; i++) {
        if (signs(proof, next, i)) {
            signed_bits |= UINT32_C(1) << i;
            next++;
        }
    }
    wick_buf_put_be32(out, signed_bits);
    for (size_t i = 0, next = 0; i < proof->member_count; i++) {
        if (!signs(proof, next, i)) {
            wick_buf_put(out, proof->members[i], 20);
            continue;
        }
        const wick_attestation *a = &proof->attestations[next++];
        wick_buf_put_u8(out, (uint8_t)(a->checked_at >> 32));
        wick_buf_put_be32(out, (uint32_t)a->checked_at);
        wick_buf_put(out, a->r, sizeof a->r);
        wick_buf_put(out, a->vs, sizeof a->vs);
    }
}

void wick_calldata_publish_attested(wick_buf *out, const uint8_t id32[32],
                                    const uint8_t service32[32], uint8_t index, uint32_t epoch,
                                    const uint8_t word32[32], const wick_attest_proof *proof)
{
    uint8_t terms[32];
    wick_registry_terms(terms, 0, epoch, index);
    wick_abi_put_call(out, "publishAttested(uint256,uint256,bytes32,bytes32)");
    wick_abi_put_word(out, terms);
    wick_abi_put_word(out, word32);
    wick_abi_put_word(out, id32);
    wick_abi_put_word(out, service32);
    wick_calldata_put_attest_proof(out, proof);
}

#endif
