/* SPDX-License-Identifier: Apache-2.0 */
/* Typed messages around a registration (EIP-712), and compact signatures (EIP-2098). */
#include "registry_internal.h"

#include <string.h>

#include "wick/eip712.h"
#include "wick/record.h"
#include "wick/rsa.h"
#include "wick/tx.h"

#define VOUCHER_TYPE                                                                               \
    "Voucher(bytes32 org,bytes32 id,address owner,uint8 keyType,uint8 flags,bytes32 key,"          \
    "uint40 notAfter,uint32 epoch,uint32 managerEpoch,uint64 deadline)"
#define POSSESSION_TYPE "Possession(bytes32 id,bytes32 challenge)"

/* (group order of secp256k1) / 2: the largest low s (EIP-2). */
static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

void wick_registry_domain_separator(uint8_t separator32[32], const wick_registry_domain *domain)
{
    wick_eip712_domain(separator32, "wick DeviceRegistry", "1", domain->chain_id,
                       domain->contract);
}

void wick_registry_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                          wick_eip712 *h)
{
    uint8_t separator[32], body[32];
    wick_eip712_end(h, body);
    wick_registry_domain_separator(separator, domain);
    wick_eip712_digest(digest32, separator, body);
}

void wick_voucher_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                         const wick_voucher *voucher)
{
    wick_eip712 h;
    wick_eip712_begin(&h, VOUCHER_TYPE);
    wick_eip712_word(&h, voucher->org);
    wick_eip712_word(&h, voucher->id);
    wick_eip712_address(&h, voucher->owner);
    wick_eip712_u64(&h, voucher->key_type);
    wick_eip712_u64(&h, voucher->flags);
    wick_eip712_word(&h, voucher->key);
    wick_eip712_u64(&h, voucher->not_after);
    wick_eip712_u64(&h, voucher->epoch);
    wick_eip712_u64(&h, voucher->manager_epoch);
    wick_eip712_u64(&h, voucher->deadline);
    wick_registry_digest(digest32, domain, &h);
}

void wick_possession_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                            const uint8_t id32[32], const uint8_t challenge32[32])
{
    wick_eip712 h;
    wick_eip712_begin(&h, POSSESSION_TYPE);
    wick_eip712_word(&h, id32);
    wick_eip712_word(&h, challenge32);
    wick_registry_digest(digest32, domain, &h);
}

wick_status wick_signature_compact(uint8_t r32[32], uint8_t vs32[32], const uint8_t sig64[64],
                                   uint8_t recid)
{
    if (recid > 1 || memcmp(sig64 + 32, half_order, 32) > 0) {
        memset(r32, 0, 32);
        memset(vs32, 0, 32);
        return WICK_E_AUTH;
    }
    memcpy(r32, sig64, 32);
    memcpy(vs32, sig64 + 32, 32);
    vs32[0] = (uint8_t)(vs32[0] | (recid << 7));
    return WICK_OK;
}

wick_status wick_registry_signer(uint8_t address20[20], const wick_hal_crypto *crypto,
                                 const uint8_t digest32[32], const uint8_t r32[32],
                                 const uint8_t vs32[32])
{
    uint8_t sig[64], pub65[65];
    memcpy(sig, r32, 32);
    memcpy(sig + 32, vs32, 32);
    sig[32] &= 0x7f;
    memset(address20, 0, 20);
    if (memcmp(sig + 32, half_order, 32) > 0 ||
        crypto->secp256k1_recover(crypto->ctx, pub65, sig, vs32[0] >> 7, digest32) != WICK_OK) {
        return WICK_E_AUTH;
    }
    return wick_eth_address(address20, pub65);
}

wick_status wick_voucher_check(const wick_hal_crypto *crypto, const wick_registry_domain *domain,
                               const wick_voucher *voucher, const uint8_t r32[32],
                               const uint8_t vs32[32], const uint8_t manager20[20])
{
    uint8_t digest32[32], address[20];
    wick_voucher_digest(digest32, domain, voucher);
    wick_status s = wick_registry_signer(address, crypto, digest32, r32, vs32);
    return s == WICK_OK && memcmp(address, manager20, sizeof address) == 0 ? WICK_OK
                                                                           : WICK_E_VOUCHER;
}

wick_status wick_voucher_fits(const wick_voucher *voucher, uint64_t now_s)
{
    wick_device record;
    uint8_t word0[32], word1[32];
    /* What success would store must be a record. */
    memset(&record, 0, sizeof record);
    memcpy(record.owner, voucher->owner, sizeof record.owner);
    memcpy(record.key, voucher->key, sizeof record.key);
    record.key_type = voucher->key_type;
    record.flags = voucher->flags;
    record.not_after = voucher->not_after;
    record.epoch = voucher->epoch + 1; /* wraps to 0 where saturated: refused */
    if (wick_device_encode(word0, word1, &record) != WICK_OK ||
        (voucher->flags & WICK_DEVICE_FLAG_REVOKED) != 0 || voucher->not_after <= now_s) {
        return WICK_E_VOUCHER;
    }
    if (voucher->deadline < now_s) {
        return WICK_E_EXPIRED;
    }
    return voucher->deadline - now_s > WICK_VOUCHER_LIFE_MAX_S ? WICK_E_VOUCHER : WICK_OK;
}

wick_status wick_possession_check(const wick_hal_crypto *crypto,
                                  const wick_registry_domain *domain, const uint8_t id32[32],
                                  const uint8_t challenge32[32], const uint8_t sig64[64],
                                  const uint8_t pub33[33])
{
    uint8_t digest32[32];
    wick_possession_digest(digest32, domain, id32, challenge32);
    return crypto->secp256k1_verify(crypto->ctx, sig64, digest32, pub33);
}

wick_status wick_possession_check_rsa(const wick_hal_crypto *crypto,
                                      const wick_registry_domain *domain, const uint8_t id32[32],
                                      const uint8_t challenge32[32], const uint8_t sig256[256],
                                      wick_span spki, const uint8_t key32[32])
{
#if WICK_WITH_NSL_RSA
    uint8_t pub260[WICK_RSA_PUB_BYTES], digest32[32];
    wick_hash_ctx h;
    if (crypto->rsa_verify == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    wick_status st = wick_rsa_spki_decode(pub260, spki);
    if (st != WICK_OK) {
        return st;
    }
    memset(&h, 0, sizeof h);
    st = crypto->hash_begin(crypto->ctx, &h, WICK_HASH_SHA256);
    if (st == WICK_OK) {
        st = crypto->hash_update(crypto->ctx, &h, spki.ptr, spki.len);
    }
    if (st == WICK_OK) {
        st = crypto->hash_finish(crypto->ctx, &h, digest32);
    }
    crypto->hash_free(crypto->ctx, &h);
    if (st == WICK_OK && memcmp(digest32, key32, 32) != 0) {
        st = WICK_E_BAD_KEY;
    }
    if (st == WICK_OK) {
        wick_possession_digest(digest32, domain, id32, challenge32);
        st = crypto->rsa_verify(crypto->ctx, sig256, digest32, pub260);
    }
    return st;
#else
    (void)crypto, (void)domain, (void)id32, (void)challenge32, (void)sig256, (void)spki;
    (void)key32;
    return WICK_E_UNSUPPORTED;
#endif
}
