/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_CALLDATA_H
#define WICK_CALLDATA_H
/*
 * Calls to the contracts, and their refusals. Encoders append selector and ABI words to a wick_buf
 * (NULL measures); the lengths are fixed, so a stack buffer of WICK_CALLDATA_MAX serves all.
 * Encoders do not check the rules of the contract; the contract does, and wick_revert_decode() says
 * in words which one it was.
 *
 *   uint8_t bytes[WICK_CALLDATA_MAX];
 *   wick_buf call = wick_buf_make(bytes, sizeof bytes);
 *   wick_calldata_publish(&call, id, service, 0, epoch, word);
 *   ... put wick_buf_span(&call) into a transaction ...
 */
#include "wick/base.h"
#include "wick/voucher.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_CALLDATA_REGISTER_BYTES (4 + 7 * 32)
#define WICK_CALLDATA_PUBLISH_BYTES (4 + 5 * 32)
#define WICK_CALLDATA_ROTATE_BYTES (4 + 3 * 32)
/* announce() of an RSA-2048 key, whose SPKI has 294 to 296 octets. */
#define WICK_CALLDATA_ANNOUNCE_BYTES (4 + 2 * 32 + 320)
#if WICK_WITH_NSL_RSA
#define WICK_CALLDATA_MAX WICK_CALLDATA_ANNOUNCE_BYTES
#else
#define WICK_CALLDATA_MAX WICK_CALLDATA_REGISTER_BYTES
#endif

/* DeviceRegistry */

/** register(org, id, word, key, terms, r, vs) with the voucher's fields packed: anybody may send
 *  it. not_after must be below 2^40 (wick_voucher_fits()). */
void wick_calldata_register(wick_buf *out, const wick_voucher *voucher, const uint8_t r32[32],
                            const uint8_t vs32[32]);
/** publish(id, service, index, epoch, word); word from wick_endpoint_encode(), validated_at_h 0. */
void wick_calldata_publish(wick_buf *out, const uint8_t id32[32], const uint8_t service32[32],
                           uint8_t index, uint32_t epoch, const uint8_t word32[32]);
/** rotate(id, info, key): info packs epoch, key type and flags. */
void wick_calldata_rotate(wick_buf *out, const uint8_t id32[32], uint32_t epoch, uint8_t key_type,
                          uint8_t flags, const uint8_t key32[32]);
/** revoke(id). */
void wick_calldata_revoke(wick_buf *out, const uint8_t id32[32]);
/** announce(spki): by anybody; of up to 320 octets. */
void wick_calldata_announce(wick_buf *out, wick_span spki);
/** storedWord(slot): a view, for eth_call. */
void wick_calldata_stored_word(wick_buf *out, const uint8_t slot32[32]);
/** Topic of the event Announced(bytes32 indexed key, bytes spki). */
void wick_announced_topic(uint8_t topic32[32]);
/** setManager(org, manager): by the organisation's admin. */
void wick_calldata_set_manager(wick_buf *out, const uint8_t org32[32],
                               const uint8_t manager20[20]);
/** admit(org, admin, manager, number): another organisation; by the admin of organisation 0. */
void wick_calldata_admit(wick_buf *out, const uint8_t org32[32], const uint8_t admin20[20],
                         const uint8_t manager20[20], uint8_t number);
/** offerAdmin(org, admin): by the admin; zero takes an offer back. */
void wick_calldata_offer_admin(wick_buf *out, const uint8_t org32[32], const uint8_t admin20[20]);
/** takeAdmin(org): by who it is offered to. */
void wick_calldata_take_admin(wick_buf *out, const uint8_t org32[32]);
/** setAttestors(members, threshold, org, class): by the admin; wick_attestors_encode() says what
 *  fits. class is a service, or zero for those that have no attestors of their own. */
void wick_calldata_set_attestors(wick_buf *out, const uint8_t org32[32],
                                 const uint8_t class32[32], uint8_t threshold,
                                 const uint8_t (*members)[20], size_t count);
/** revokeAsOrg(id, epoch): by manager or admin of the record's organisation. */
void wick_calldata_revoke_as_org(wick_buf *out, const uint8_t id32[32], uint32_t epoch);
/** recover(owner, id, epoch): by the admin of the record's organisation; the new owner may claim
 *  the record two days later, unless the epoch has risen. */
void wick_calldata_recover(wick_buf *out, const uint8_t owner20[20], const uint8_t id32[32],
                           uint32_t epoch);

/* RelayRegistry */

/** register(endpoint); endpoint from wick_relay_word(). */
void wick_calldata_relay_register(wick_buf *out, const uint8_t endpoint32[32]);
/** register(endpoint, transports, region, realm), with `msg.value` = the stake for who is not
 *  invited. @param[in] region two letters or NULL @param[in] realm at most 32 octets or empty
 *  @retval WICK_OK  @retval WICK_E_BAD_ARG the contract would refuse them; nothing appended */
WICK_NODISCARD wick_status wick_calldata_relay_register_with(wick_buf *out,
                                                             const uint8_t endpoint32[32],
                                                             uint8_t transports,
                                                             const char *region,
                                                             wick_span realm);
/** withdraw(index): the operator takes his stake back. */
void wick_calldata_relay_withdraw(wick_buf *out, uint32_t index);
/** vacate(index): frees the place of a relay that is not approved; by a manager or its operator, or
 *  by anybody once its stake is due, and it was not suspended within 30 days. */
void wick_calldata_relay_vacate(wick_buf *out, uint32_t index);
/** collect(): the operator takes what vacated places left him. */
void wick_calldata_relay_collect(wick_buf *out);
/** setStake(amount): by the admin; wei, 0 = by invitation only. */
void wick_calldata_relay_set_stake(wick_buf *out, uint64_t amount);
/** approve(index, endpoint, info, realm): the words of the relay as they stood when it was tested; with
 *  any other the contract refuses. */
void wick_calldata_relay_approve(wick_buf *out, uint32_t index, const uint8_t endpoint32[32],
                                 const uint8_t info32[32], const uint8_t realm32[32]);
/** suspend(index). */
void wick_calldata_relay_suspend(wick_buf *out, uint32_t index);
/** invite(operator, count): allows an operator to register `count` more relays. */
void wick_calldata_relay_invite(wick_buf *out, const uint8_t operator20[20], uint32_t count);
/** setManager(manager, allowed): appoints or dismisses one; by the admin. */
void wick_calldata_relay_set_manager(wick_buf *out, const uint8_t manager20[20], bool allowed);

/* Refusals */

typedef struct wick_revert {
    uint32_t selector;  /* first four bytes, 0 if there were none */
    const char *name;   /* custom error in the contract's source, NULL if unknown; static */
    bool has_value;     /* the error tells the stored epoch or sequence number */
    uint64_t value;
} wick_revert;

/** Name of a custom error in the contracts' source, NULL if unknown; static. */
const char *wick_registry_error_name(uint32_t selector);

/**
 * Decodes revert data.
 * @param[out] out always written
 * @return what the refusal means, never WICK_OK: for example WICK_E_NAME_TAKEN, WICK_E_VOUCHER,
 *         WICK_E_RECORD_STALE (epoch or seq is behind), WICK_E_RECORD_EXPIRED,
 *         WICK_E_RECORD_REVOKED, WICK_E_RECORD_ABSENT, WICK_E_NOT_OWNER, WICK_E_BAD_KEY,
 *         WICK_E_BAD_ARG;
 *         WICK_E_TX_REVERTED if unknown, empty, or of another form
 */
WICK_NODISCARD wick_status wick_revert_decode(wick_revert *out, wick_span data);

#ifdef __cplusplus
}
#endif
#endif
