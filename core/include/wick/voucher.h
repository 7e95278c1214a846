/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_VOUCHER_H
#define WICK_VOUCHER_H
/*
 * The two typed messages around a registration (EIP-712, domain "wick DeviceRegistry" version "1"
 * of one chain and one contract).
 *
 * A device proves to its organisation's manager that it holds the key it wants to register, by
 * signing Possession(id, challenge) with that very key. The manager then signs a Voucher: every
 * word that the contract will store, the epoch that makes it usable once, and a deadline. Whoever
 * submits it, nothing in it can be changed on the way.
 *
 *   manager:  wick_possession_check(crypto, &domain, id, challenge, sig64, pub33)
 *             wick_voucher_digest(digest, &domain, &voucher), sign with the manager's key,
 *             wick_signature_compact(r, vs, sig64, recid)
 *   device:   wick_voucher_check(crypto, &domain, &voucher, r, vs, manager_address)
 *             wick_calldata_register(&buf, &voucher, r, vs)
 *
 * Sizes on 32 bits: wick_voucher 144 bytes, wick_registry_domain 32. Stack below 900 bytes.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A voucher lives at most so long (the contract checks it). */
#define WICK_VOUCHER_LIFE_MAX_S (UINT64_C(7) * 86400u)

/** Where a signature counts: one contract on one chain. */
typedef struct wick_registry_domain {
    uint64_t chain_id;
    uint8_t contract[20]; /* DeviceRegistry */
} wick_registry_domain;

/** Fields in the order of the EIP-712 type and of the calldata. */
typedef struct wick_voucher {
    uint8_t org[32];        /* id of the organisation */
    uint8_t id[32];         /* of the device */
    uint8_t owner[20];      /* wallet that will own the record */
    uint8_t key_type;       /* WICK_KEY_TYPE_* */
    uint8_t flags;          /* parity of a secp256k1 key */
    uint8_t key[32];
    uint64_t not_after;     /* unix seconds, below 2^40 */
    uint32_t epoch;         /* the stored one: 0 if never registered; success stores epoch + 1 */
    uint32_t manager_epoch; /* of the organisation's manager */
    uint64_t deadline;      /* unix seconds, at most WICK_VOUCHER_LIFE_MAX_S ahead */
} wick_voucher;

/** EIP-712 domain separator. */
void wick_registry_domain_separator(uint8_t separator32[32], const wick_registry_domain *domain);

/** Digest that the manager signs. */
void wick_voucher_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                         const wick_voucher *voucher);

/** Digest that the device key signs for the manager. */
void wick_possession_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                            const uint8_t id32[32], const uint8_t challenge32[32]);

/**
 * Compact form of a signature (EIP-2098): vs is s with the recovery id in its top bit.
 * @param[in] sig64 r | s with low s
 * @retval WICK_OK  @retval WICK_E_AUTH s is high or recid above 1; outputs zeroed
 */
WICK_NODISCARD wick_status wick_signature_compact(uint8_t r32[32], uint8_t vs32[32],
                                                  const uint8_t sig64[64], uint8_t recid);

/**
 * Who signed a digest, by its compact signature?
 * @param[out] address20 zeroed on error
 * @retval WICK_OK  @retval WICK_E_AUTH no valid signature, high s included
 */
WICK_NODISCARD wick_status wick_registry_signer(uint8_t address20[20],
                                                const wick_hal_crypto *crypto,
                                                const uint8_t digest32[32],
                                                const uint8_t r32[32], const uint8_t vs32[32]);

/**
 * Did the manager at `manager20` sign this voucher? The address must come from a proven
 * managers[org] word. Content and deadline are for wick_voucher_fits().
 * @retval WICK_OK  @retval WICK_E_VOUCHER another signer, or no valid signature (high s included)
 */
WICK_NODISCARD wick_status wick_voucher_check(const wick_hal_crypto *crypto,
                                              const wick_registry_domain *domain,
                                              const wick_voucher *voucher, const uint8_t r32[32],
                                              const uint8_t vs32[32],
                                              const uint8_t manager20[20]);

/**
 * Rules of the contract that need no signature: key type, flags and key range, owner set, notAfter
 * ahead, epoch not saturated, deadline between now and a week from now.
 * @retval WICK_OK
 * @retval WICK_E_VOUCHER  a rule is broken
 * @retval WICK_E_EXPIRED  deadline has passed
 */
WICK_NODISCARD wick_status wick_voucher_fits(const wick_voucher *voucher, uint64_t now_s);

/**
 * Does the device hold its key? (secp256k1 only.)
 * @retval WICK_OK  @retval WICK_E_AUTH wrong signature or high s  @retval WICK_E_BAD_KEY no point
 */
WICK_NODISCARD wick_status wick_possession_check(const wick_hal_crypto *crypto,
                                                 const wick_registry_domain *domain,
                                                 const uint8_t id32[32],
                                                 const uint8_t challenge32[32],
                                                 const uint8_t sig64[64],
                                                 const uint8_t pub33[33]);

/**
 * The same with an RSA-2048 key: PSS over the digest.
 * @param[in] spki   the key, as the device handed it in
 * @param[in] key32  key word that is to be vouched for
 * @retval WICK_OK
 * @retval WICK_E_AUTH         wrong signature
 * @retval WICK_E_BAD_KEY      no key that may be used, or `key32` is not its hash
 * @retval WICK_E_UNSUPPORTED  a build or back end without RSA
 */
WICK_NODISCARD wick_status wick_possession_check_rsa(
    const wick_hal_crypto *crypto, const wick_registry_domain *domain, const uint8_t id32[32],
    const uint8_t challenge32[32], const uint8_t sig256[256], wick_span spki,
    const uint8_t key32[32]);

#ifdef __cplusplus
}
#endif
#endif
