/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RELAYED_H
#define WICK_RELAYED_H
/*
 * Calls that an owner signs and anybody may send, so that a device needs no Ether: the `...For`
 * twins of DeviceRegistry's calls, alone or in a batch whose items are independent. Each has a typed
 * struct of its own (EIP-712, domain of wick/voucher.h).
 *
 *   device:   wick_relayed c = {.kind = WICK_RELAYED_PUBLISH, .epoch = epoch, ...};
 *             wick_relayed_digest(digest, &domain, &c);  sign;  wick_signature_compact(r, vs, ...)
 *   sponsor:  wick_relayed_signer(owner, crypto, &domain, &c, r, vs);    // is it the record's owner?
 *             wick_calldata_relayed(&call, &c, r, vs);                   // one, or an item of
 *             wick_calldata_batch(&batch, calls, count);                 // many
 *
 * All kinds but the two that publish raise the record's epoch, so that each works once; an endpoint
 * has its sequence number. A signature lives at most a week.
 * Size on 32 bits: wick_relayed 192 bytes. Stack below 500 bytes.
 */
#include "wick/attest.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A signed call lives at most so long (the contract checks it). */
#define WICK_RELAYED_LIFE_MAX_S WICK_VOUCHER_LIFE_MAX_S

typedef enum wick_relayed_kind {
    WICK_RELAYED_PUBLISH = 1,
    WICK_RELAYED_PUBLISH_ATTESTED = 2,
    WICK_RELAYED_ROTATE = 3,
    WICK_RELAYED_REVOKE = 4,
    WICK_RELAYED_TRANSFER_OWNER = 5,
    WICK_RELAYED_CLAIM_OWNER = 6, /* signed by the new owner */
    WICK_RELAYED_TLS_KEY = 7,
    WICK_RELAYED_LEAF_ROOT = 8
} wick_relayed_kind;

/** One call. Fields that the kind does not name are not looked at. */
typedef struct wick_relayed {
    uint8_t kind;        /* wick_relayed_kind */
    uint8_t id[32];
    uint32_t epoch;      /* the stored one */
    uint64_t deadline;   /* unix seconds */
    uint8_t service[32]; /* publish, TLS key */
    uint8_t index;       /* publish */
    uint8_t key_type;    /* rotate */
    uint8_t flags;       /* rotate */
    uint8_t word[32];    /* publish: endpoint word; rotate: key; TLS key: its hash; leaf root */
    uint8_t owner[20];   /* transfer: who may accept, zero to take an offer back */
    wick_attest_proof proof; /* publish attested; not under the signature */
} wick_relayed;

/** Largest call but those with attestations. */
#define WICK_CALLDATA_RELAYED_MAX (4u + 6u * 32u)

/** Digest that the owner signs; zero for an unknown kind. */
void wick_relayed_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                         const wick_relayed *call);

/** Who signed it? @param[out] address20 zeroed on error
 *  @retval WICK_OK  @retval WICK_E_AUTH no valid signature, high s included
 *  @retval WICK_E_BAD_ARG unknown kind */
WICK_NODISCARD wick_status wick_relayed_signer(uint8_t address20[20],
                                               const wick_hal_crypto *crypto,
                                               const wick_registry_domain *domain,
                                               const wick_relayed *call, const uint8_t r32[32],
                                               const uint8_t vs32[32]);

/** Calldata of the `...For` call; nothing for an unknown kind. */
void wick_calldata_relayed(wick_buf *out, const wick_relayed *call, const uint8_t r32[32],
                           const uint8_t vs32[32]);

/**
 * The way back: what a sponsor is asked to pay for. Strict: one encoding of each call.
 * @param[out] call   zeroed on error; call->proof stays empty
 * @param[out] proof  of WICK_RELAYED_PUBLISH_ATTESTED: what stands behind the arguments
 *                    (wick_calldata_put_attest_proof()), a view; else empty
 * @param[out] r32, vs32  zeroed on error
 * @retval WICK_OK
 * @retval WICK_E_UNSUPPORTED    no such call
 * @retval WICK_E_TRUNCATED, WICK_E_TRAILING  another length than its arguments have
 * @retval WICK_E_NON_CANONICAL  bits where none belong
 */
WICK_NODISCARD wick_status wick_relayed_decode(wick_relayed *call, wick_span *proof, uint8_t r32[32],
                                               uint8_t vs32[32], wick_span calldata);

/** The same call as the owner himself sends it, for a device that pays; deadline is not looked at. */
void wick_calldata_direct(wick_buf *out, const wick_relayed *call);

/** runBatch(calls): each `calls[i]` is the calldata of one call of DeviceRegistry. An item that is
 *  refused changes nothing and is named by the event Refused(index, reason). */
void wick_calldata_batch(wick_buf *out, const wick_span *calls, size_t count);
/** Bytes of a packed batch of n calls of `len` bytes each. */
#define WICK_CALLDATA_LIST_BYTES(n, len) (4u + 64u + (((n) * ((len) + 2u) + 31u) / 32u) * 32u)
/** runList(items): the same, 380 gas less for each call, which must be below 64 KiB. */
void wick_calldata_list(wick_buf *out, const wick_span *calls, size_t count);
/** Topic of the event Refused(uint256 indexed index, bytes reason). */
void wick_refused_topic(uint8_t topic32[32]);

#ifdef __cplusplus
}
#endif
#endif
