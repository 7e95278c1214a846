/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_HPKE_H
#define WICK_HPKE_H
/*
 * Hybrid public key encryption (RFC 9180): DHKEM(secp256k1, HKDF-SHA256) 0x0016, HKDF-SHA256
 * 0x0001, AEADs 0x0001..0x0003, all four modes.
 *
 *     wick_hpke h;
 *     wick_hpke_params p = {0};                      base mode
 *     p.aead = WICK_AEAD_CHACHA20_POLY1305;
 *     p.info = info;
 *     p.single = true;                               one message, then the key is gone
 *     wick_hpke_setup_sender(&h, enc33, crypto, entropy, recipient_pub33, &p);
 *     wick_hpke_seal(&h, ct, aad, pt);               pt.len + 16 bytes
 *     wick_hpke_wipe(&h);
 *
 * The encapsulated key travels in compressed form (33 bytes). It is expanded to the 65 bytes of
 * RFC 9180 before it enters the KEM context, so the published vectors hold. First byte 02 or 03
 * only.
 *
 * Long-term private keys stay in the keystore: opening and authenticated sealing name a handle.
 * An ephemeral secret lives on the stack of the set-up call and is wiped before it returns.
 *
 * A context seals or opens in sequence; the nonce cannot repeat. With `single`, key and nonce are
 * wiped after the first message and the second is refused. Exporting works until wick_hpke_wipe().
 * Size 104 bytes; stack below 2 KB besides the back end's.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_HPKE_ENC_BYTES 33
#define WICK_HPKE_PSK_MIN 32
/** In place of an AEAD: the context exports and does nothing else. */
#define WICK_HPKE_EXPORT_ONLY 0xFFFFu

typedef enum wick_hpke_mode {
    WICK_HPKE_BASE = 0,
    WICK_HPKE_PSK = 1,
    WICK_HPKE_AUTH = 2,
    WICK_HPKE_AUTH_PSK = 3
} wick_hpke_mode;

/** What both ends must agree on. Views; needed during set-up only. */
typedef struct wick_hpke_params {
    wick_hpke_mode mode;
    unsigned aead; /* wick_aead_alg, or WICK_HPKE_EXPORT_ONLY */
    wick_span info;
    wick_span psk;    /* modes PSK and AUTH_PSK: at least 32 bytes of full entropy; else empty */
    wick_span psk_id; /* modes PSK and AUTH_PSK: not empty; else empty */
    bool single;      /* one message only */
    bool no_export;   /* wick_hpke_export() is not wanted: saves its derivation */

    /* Modes AUTH and AUTH_PSK. Sender: keystore and key are its own. Recipient: sender_pub is what
     * it expects. `sender_pub` is needed at both ends. */
    const wick_hal_keystore *sender_keystore;
    wick_key sender_key;
    const uint8_t *sender_pub; /* 33 bytes */
} wick_hpke_params;

/** Fields are private. */
typedef struct wick_hpke {
    const wick_hal_crypto *crypto; /* NULL: wiped */
    uint64_t seq;
    unsigned aead;
    bool single;
    bool sender;
    bool spent;     /* no more messages; export still works */
    bool no_export;
    uint8_t key[32];
    uint8_t base_nonce[12];
    uint8_t exporter[32];
} wick_hpke;

/**
 * SetupS of RFC 9180 section 5.1.
 * @param[out] h    wiped on error
 * @param[out] enc  compressed encapsulated key, to be sent; zeroed on error
 * @param[in]  recipient_pub  33 bytes
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG      mode, psk, psk_id, sender key do not fit together, or psk is short
 * @retval WICK_E_UNSUPPORTED  unknown AEAD
 * @retval WICK_E_BAD_KEY      a public key is not a point of the curve
 * @retval WICK_E_ENTROPY      no randomness
 */
WICK_NODISCARD wick_status wick_hpke_setup_sender(wick_hpke *h, uint8_t enc[WICK_HPKE_ENC_BYTES],
                                                  const wick_hal_crypto *crypto,
                                                  const wick_hal_entropy *entropy,
                                                  const uint8_t recipient_pub[33],
                                                  const wick_hpke_params *params);

/**
 * SetupR of RFC 9180 section 5.1.
 * @param[out] h      wiped on error
 * @param[in]  key    the recipient's private key in `keystore`
 * @param[in]  pub    its public key, 33 bytes
 * @param[in]  enc    as received
 * @retval as wick_hpke_setup_sender(); WICK_E_NOT_FOUND there is no such key
 */
WICK_NODISCARD wick_status wick_hpke_setup_recipient(wick_hpke *h, const wick_hal_crypto *crypto,
                                                     const wick_hal_keystore *keystore,
                                                     const uint8_t pub[33],
                                                     const uint8_t enc[WICK_HPKE_ENC_BYTES],
                                                     const wick_hpke_params *params, wick_key key);

/**
 * Seals the next message.
 * @param[out] ct  pt.len + 16 bytes; may equal pt.ptr
 * @retval WICK_OK
 * @retval WICK_E_HPKE_SEQ  a single context has sealed already, or the sequence is used up
 * @retval WICK_E_STATE     wiped, a recipient's context, or one for export only
 * @retval WICK_E_CRYPTO    the back end failed
 */
WICK_NODISCARD wick_status wick_hpke_seal(wick_hpke *h, uint8_t *ct, wick_span aad, wick_span pt);

/**
 * Opens the next message. A message that does not open leaves the sequence where it is.
 * @param[out] pt  ct.len - 16 bytes; zeroed on failure
 * @retval WICK_OK
 * @retval WICK_E_AUTH      not sealed for us under this info, aad, psk and sequence number
 * @retval WICK_E_HPKE_SEQ  as wick_hpke_seal()
 * @retval WICK_E_STATE     wiped, a sender's context, or one for export only
 */
WICK_NODISCARD wick_status wick_hpke_open(wick_hpke *h, uint8_t *pt, wick_span aad, wick_span ct);

/**
 * Export of RFC 9180 section 5.3. It depends on keys, mode, info and psk, not on any message.
 * @param[out] out  `len` bytes; zeroed on error
 * @retval WICK_OK
 * @retval WICK_E_STATE    wiped, or set up with no_export
 * @retval WICK_E_BAD_ARG  len is above 255 * 32
 */
WICK_NODISCARD wick_status wick_hpke_export(const wick_hpke *h, uint8_t *out, size_t len,
                                            wick_span context);

/** Wipes the context; harmless on a wiped one. */
void wick_hpke_wipe(wick_hpke *h);

#ifdef __cplusplus
}
#endif
#endif
