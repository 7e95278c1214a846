/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TICKET_KEYS_H
#define WICK_TICKET_KEYS_H
/*
 * What a leaf needs of a ticket (wick/ticket.h), and the audience as well: names, the text form, and
 * one key with one identity for each use of Ks. HMAC-SHA256 only; of the crypto functions hash_*
 * alone are called.
 *
 *     wick_session_psk k;
 *     wick_ticket_psk(&k, crypto, ks, WICK_USE_DTLS12);
 *     ... DTLS 1.2: key k.key, identity = the ticket's text, or k.identity after an upload
 *     wick_wipe(&k, sizeof k);
 *
 * DTLS, TLS and the 16-byte keys of small stacks never share a key, and the short identity of one
 * names no other. The text of a ticket as psk_identity names the key of the protocol it is shown in,
 * DTLS 1.2 or TLS 1.2; a 16-byte key goes with its short identity only. Stack below 500 bytes.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/session_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_TICKET_BYTES 119
/** "dpk1." and 159 characters of base64url. */
#define WICK_TICKET_CHARS 164
#define WICK_TICKET_SUB_BYTES 16
#define WICK_TICKET_JTI_BYTES 8
#define WICK_TICKET_KS_BYTES 32
/* OSCORE (RFC 8613): Master Secret and Master Salt. */
#define WICK_TICKET_OSCORE_SECRET_BYTES 16
#define WICK_TICKET_OSCORE_SALT_BYTES 8

/**
 * A leaf's name at its gateway as the claim has it: filled up with zeros.
 * @param[out] sub zeroed on error
 * @retval WICK_OK  @retval WICK_E_NAME not [a-z0-9._-]{1,16}
 */
WICK_NODISCARD wick_status wick_ticket_sub(uint8_t sub[WICK_TICKET_SUB_BYTES], wick_span name);

/** The name again, zero-terminated. @retval WICK_OK  @retval WICK_E_NAME it is none; `name` is empty */
WICK_NODISCARD wick_status wick_ticket_sub_name(char name[WICK_TICKET_SUB_BYTES + 1],
                                                const uint8_t sub[WICK_TICKET_SUB_BYTES]);

/** "dpk1." and base64url, zero-terminated. */
void wick_ticket_text(char text[WICK_TICKET_CHARS + 1], const uint8_t ticket[WICK_TICKET_BYTES]);

/**
 * @param[out] ticket zeroed on error
 * @param[in]  text   without a zero byte; exactly WICK_TICKET_CHARS
 * @retval WICK_OK
 * @retval WICK_E_NOT_FOUND      not the text of a ticket: another length or prefix
 * @retval WICK_E_MALFORMED      a character outside of base64url
 * @retval WICK_E_NON_CANONICAL  bits of the last character that say nothing are not zero
 */
WICK_NODISCARD wick_status wick_ticket_from_text(uint8_t ticket[WICK_TICKET_BYTES],
                                                 wick_span text);

/**
 * Key and short identity of one use.
 * @param[out] out zeroed on error
 * @retval WICK_OK
 * @retval WICK_E_UNSUPPORTED  not one use
 * @retval others              the back end's
 */
WICK_NODISCARD wick_status wick_ticket_psk(wick_session_psk *out, const wick_hal_crypto *crypto,
                                           const uint8_t ks[WICK_TICKET_KS_BYTES],
                                           wick_session_use use);

/** Master Secret and Master Salt for OSCORE. The leaf is the client: Sender ID empty, Recipient ID
 *  0x01; ID Context: the 16 bytes of the short identity of WICK_USE_DTLS12.
 *  @retval WICK_OK  @retval others the back end's; both are zeroed */
WICK_NODISCARD wick_status wick_ticket_oscore(uint8_t secret[WICK_TICKET_OSCORE_SECRET_BYTES],
                                              uint8_t salt[WICK_TICKET_OSCORE_SALT_BYTES],
                                              const wick_hal_crypto *crypto,
                                              const uint8_t ks[WICK_TICKET_KS_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
