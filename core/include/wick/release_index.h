/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_RELEASE_INDEX_H
#define WICK_RELEASE_INDEX_H
/*
 * The release index on chain (contracts/src/ReleaseIndex.sol): which storage words say what the
 * newest release of a product is, what they mean, and the calls that its publishers, approvers and
 * roots make. Layout, with tables, is in core/registry/RECORDS.md.
 *
 * A device asks for three words under constant keys (four if the product is for an allow-list) and
 * proves them under one trusted header:
 *
 *   wick_release_query q;
 *   wick_release_query_init(&q, product, device_id);
 *   ... ask for q.slots[0..q.count); wick_verified_*() fills q.values (wick/verified.h) ...
 *   wick_release_query_read(&release, &state, &q, header_time_s);
 *   wick_release_usable(&release, &rules, now_s);              // wick/release.h
 *
 * The head shows the newest release that enough approvers have approved: a proposal that is not
 * approved changes no word but its count, and so neither hides a release nor uses up a version.
 *
 * Functions here are pure. Sizes on 32 bits: wick_release_query 292 bytes, wick_product 40 bytes.
 * Stack below 300 bytes, and that of Keccak.
 */
#include "wick/record.h"
#include "wick/release.h"
#include "wick/voucher.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Slots of the mappings in ReleaseIndex, fixed for ever. */
enum {
    WICK_SLOT_HEADS = 0,
    WICK_SLOT_RELEASES = 1,
    WICK_SLOT_MEMBERS = 2,
    WICK_SLOT_VOTES = 3,
    WICK_SLOT_ALLOWED = 4
};

/** What a member of a product may do; each has one role. */
typedef enum wick_release_role {
    WICK_ROLE_NONE = 0,
    WICK_ROLE_PUBLISHER = 1, /* proposes, keeps the allow-list */
    WICK_ROLE_APPROVER = 2,  /* m of n activate, any one revokes */
    WICK_ROLE_ROOT = 4       /* m of n appoint all */
} wick_release_role;

/** Most members of a product. */
#define WICK_PRODUCT_MEMBERS_MAX 32u
/** Longest delay between the last approval needed and the installation. */
#define WICK_RELEASE_DELAY_MAX_S (UINT64_C(90) * 86400u)

/* Flags of a release, beside WICK_RELEASE_REVOKED: with it, nothing below its counter runs. */
#define WICK_RELEASE_FLOOR 0x02u
/* Flags of a product: only devices of its allow-list may install. */
#define WICK_PRODUCT_RESTRICTED 0x01u

/** A product, from its word. */
typedef struct wick_product {
    uint32_t count;       /* releases that were proposed */
    uint32_t index;       /* which of them is the head, if there is one */
    uint32_t min_counter; /* nothing below it is to run */
    uint32_t epoch;       /* of its members; rises with every change of them */
    uint32_t delay_s;
    uint64_t updated_at; /* last change of the head, 0 = there is none */
    uint8_t approvals;   /* how many approvers are needed */
    uint8_t roots;       /* how many roots are needed */
    uint8_t flags;       /* WICK_PRODUCT_* */
} wick_product;

/* ---- storage slots ---- */

/** heads[product], word 0 (manifest), 1 (release word) or 2 (product word). */
void wick_slot_release_head(uint8_t slot32[32], const uint8_t product32[32], unsigned word);
/** releases[keccak256(abi.encode(product, index))], word 0 (manifest) or 1 (release word). */
void wick_slot_release(uint8_t slot32[32], const uint8_t product32[32], uint32_t index,
                       unsigned word);
/** members[keccak256(abi.encode(product, epoch, member))]. */
void wick_slot_release_member(uint8_t slot32[32], const uint8_t product32[32], uint32_t epoch,
                              const uint8_t member20[20]);
/** allowed[keccak256(abi.encode(product, device))]. */
void wick_slot_release_allowed(uint8_t slot32[32], const uint8_t product32[32],
                               const uint8_t device32[32]);

/* ---- words ---- */

/**
 * @param[out] out zeroed but for WICK_OK
 * @retval WICK_OK
 * @retval WICK_E_RECORD_ABSENT   zero: there is no such product
 * @retval WICK_E_RECORD_INVALID  a word that no correct contract writes
 */
WICK_NODISCARD wick_status wick_product_decode(wick_product *out, const uint8_t word[32]);

/**
 * One release of the history, approved or not.
 * @param[out] out zeroed but for WICK_OK; min_counter and updated_at stay 0
 * @param[in] manifest, word  words 0 and 1
 * @param seen_at time of the header under which they were proven
 * @retval WICK_OK                a release; active_from is 0 until its threshold is reached
 * @retval WICK_E_NOT_FOUND       both are zero
 * @retval WICK_E_RECORD_INVALID  words that no correct contract writes
 */
WICK_NODISCARD wick_status wick_release_decode(wick_release *out, const uint8_t product32[32],
                                               uint32_t index, const uint8_t manifest[32],
                                               const uint8_t word[32], uint64_t seen_at);

/** The word of a release, for comparison. `voters` has a bit for each member that has approved.
 *  @retval WICK_OK  @retval WICK_E_RECORD_INVALID wick_release_decode() would refuse it; zeroed */
WICK_NODISCARD wick_status wick_release_encode(uint8_t word[32], const wick_release *release,
                                               uint32_t epoch, uint32_t voters);

/** Which role a word of `members` gives; WICK_ROLE_NONE for none.
 *  @param[out] position where the member stands in the list: its bit in `voters` */
wick_release_role wick_release_role_decode(uint8_t *position, const uint8_t word[32]);

/* ---- the head in one proof ---- */

#define WICK_RELEASE_SLOTS_MAX 4

/** What to ask for, and room for what was proven. */
typedef struct wick_release_query {
    uint8_t product[32];
    uint8_t slots[WICK_RELEASE_SLOTS_MAX][32];  /* keys for eth_getProof, in this order */
    uint8_t values[WICK_RELEASE_SLOTS_MAX][32]; /* the caller puts the proven values here */
    uint8_t count;                              /* 3, or 4 with the allow-list */
} wick_release_query;

/** @param[in] device32 id of the device that wants to install, NULL to leave the allow-list out */
void wick_release_query_init(wick_release_query *query, const uint8_t product32[32],
                             const uint8_t *device32);

/**
 * Reads the newest approved release from the values in `query`, all proven under one header.
 * Whether it may be installed is for wick_release_usable() to say.
 * @param[out] release zeroed but for WICK_OK and WICK_E_FW_DENIED
 * @param[out] product zeroed unless there is one
 * @param seen_at time of that header
 * @retval WICK_OK
 * @retval WICK_E_RECORD_ABSENT   there is no such product
 * @retval WICK_E_NOT_FOUND       no release of it was approved yet
 * @retval WICK_E_FW_DENIED       restricted, and this device (or none given) is not on its list
 * @retval WICK_E_RECORD_INVALID  words that no correct contract writes
 */
WICK_NODISCARD wick_status wick_release_query_read(wick_release *release, wick_product *product,
                                                   const wick_release_query *query,
                                                   uint64_t seen_at);

/* ---- calls ---- */

/** One member of a product. */
typedef struct wick_product_member {
    uint8_t address[20];
    uint8_t role; /* wick_release_role */
} wick_product_member;

/** Who decides about a product. */
typedef struct wick_product_roles {
    wick_product_member member[WICK_PRODUCT_MEMBERS_MAX]; /* addresses strictly ascending */
    uint8_t count;
    uint8_t approvals; /* 1 .. number of approvers */
    uint8_t roots;     /* 2 .. number of roots */
    uint8_t flags;     /* WICK_PRODUCT_* */
    uint32_t delay_s;  /* at most WICK_RELEASE_DELAY_MAX_S */
} wick_product_roles;

/** Longest call: members of a product. */
#define WICK_CALLDATA_ROLES_MAX (4u + 4u * 32u + 672u)

/** Puts a member in its place; whoever is there already is refused, as one key has one role.
 *  @retval WICK_OK  @retval WICK_E_LIMIT  @retval WICK_E_BAD_ARG there already, zero, or no role */
WICK_NODISCARD wick_status wick_product_roles_add(wick_product_roles *roles,
                                                  const uint8_t address20[20], uint8_t role);
/** Would the contract take them? No single key may decide, and somebody must be able to.
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG */
WICK_NODISCARD wick_status wick_product_roles_check(const wick_product_roles *roles);

/** create(product, list, terms): by the registrar, or by anybody if there is none. */
void wick_calldata_product_create(wick_buf *out, const uint8_t product32[32],
                                  const wick_product_roles *roles);
/** setRoles(product, list, terms): by a root; done when as many as must have sent the same. */
void wick_calldata_product_set_roles(wick_buf *out, const uint8_t product32[32],
                                     const wick_product_roles *roles);
/** setAllowed(product, device, allow): by a publisher. */
void wick_calldata_product_allow(wick_buf *out, const uint8_t product32[32],
                                 const uint8_t device32[32], bool allow);
/** publish(product, manifest, version, counter, size, isFloor): by a publisher. `release` gives
 *  product, manifest, version, counter, manifest_bytes and the flag WICK_RELEASE_FLOOR. */
void wick_calldata_release_publish(wick_buf *out, const wick_release *release);
/**
 * approve(product, index, manifest, claims): by an approver. The contract cannot read manifests:
 * `reviewed` is made of the manifest that was reviewed (wick_manifest_decode()), never of the
 * proposal. It gives product, index, manifest, version, counter, manifest_bytes, and the flag
 * WICK_RELEASE_FLOOR if the approver agrees to it. A proposal that says anything else of its
 * manifest is refused (WrongManifest).
 */
void wick_calldata_release_approve(wick_buf *out, const wick_release *reviewed);
/** approveFor(product, index, manifest, claims, r, vs): by anybody, signed by an approver. */
void wick_calldata_release_approve_for(wick_buf *out, const wick_release *reviewed,
                                       const uint8_t r32[32], const uint8_t vs32[32]);
/** What an approver signs for approveFor(). @param epoch that of the product's members */
void wick_release_approve_digest(uint8_t digest32[32], const wick_registry_domain *domain,
                                 const wick_release *reviewed, uint32_t epoch);
/** revoke(product, index): by any approver. */
void wick_calldata_release_revoke(wick_buf *out, const uint8_t product32[32], uint32_t index);

#ifdef __cplusplus
}
#endif
#endif
