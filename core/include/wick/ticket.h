/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TICKET_H
#define WICK_TICKET_H
/*
 * Ticket T1: a gateway (the issuer) introduces one of its leaves, which has symmetric crypto only,
 * to a server anywhere (the audience). The gateway makes a ticket and a key Ks from its own private
 * key and the audience's public key, read from its verified record; the leaf gets both, shows the
 * ticket, and both ends have Ks without a message between gateway and audience.
 * core/psk/PROTOCOL.md section 13.
 *
 * Gateway:
 *
 *     wick_ticket_own_init(&own, crypto, entropy, keystore, own_id, device_key);
 *     wick_ticket_claims claims = {.iat_s = now, .life_s = 600, .scope = WICK_TICKET_CONNECT};
 *     wick_ticket_sub(claims.sub, leaf_name);
 *     wick_ticket_make(ticket, ks, &claims, &own, &audience);
 *     ... to the leaf: ks, ticket (119 bytes) or its text (164 characters)
 *
 * Leaf (wick/ticket_keys.h: no asymmetric function behind it):
 *
 *     wick_ticket_psk(&k, crypto, ks, WICK_USE_DTLS12);
 *     ... psk_identity: the text of the ticket. Where the stack takes fewer than 164 characters:
 *     upload the ticket (wick/ticket_upload.h), then k.identity, 27 characters
 *
 * Audience:
 *
 *     wick_ticket_from_text(ticket, identity);
 *     wick_ticket_parse(&head, ticket);            head.issuer: whose record to look up, verified
 *     wick_ticket_open(&t, &head, &own, issuer_pub33);   the private-key operation: two ECDH
 *     wick_ticket_table_accept(&table, &t, issuer_epoch, now_s);   time, replay, scope
 *     wick_ticket_psk(&k, crypto, t.ks, WICK_USE_DTLS12);
 *
 * The name of the peer is the pair (issuer, subject): two gateways may have leaves of one name, and a
 * leaf's name alone is never authorisation. The issuer being registered is no authorisation either:
 * which issuers may speak for which scopes is the audience's policy (wick/ticket_table.h).
 *
 * Ks is exported over a hash of all clear bytes and all claims, so it belongs to these claims alone.
 * It has no forward secrecy by itself: use ECDHE-PSK where the leaf can. Whoever holds the
 * audience's private key can make tickets for that audience: a ticket is no evidence to others.
 *
 * Both keys are on secp256k1. With an RSA-2048 key on either side there is no ticket (UNSUPPORTED): it
 * would have 598 bytes, which no PSK identity holds; there the gateways carry the leaf's payload.
 *
 * RAM: nothing is kept. Stack below 1 KB in each function besides the back end's. WICK_WITH_TICKETS
 * = 0 leaves all of it out.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hal/keystore.h"
#include "wick/ticket_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_TICKET_VERSION 1
/** Issuer's key type << 4 | audience's: both secp256k1. */
#define WICK_TICKET_SUITE 0x22
#define WICK_TICKET_KID_BYTES 4

/* Scopes: what the issuer lets the leaf do. Bits 1..14 are the audience's to define. */
#define WICK_TICKET_CONNECT 0x0001u /* a session with the audience's service */
#define WICK_TICKET_REUSE 0x8000u   /* more than one session until the ticket ends */

/** What the issuer says of the leaf; sealed, only the audience reads it. */
typedef struct wick_ticket_claims {
    uint8_t sub[WICK_TICKET_SUB_BYTES]; /* the leaf at its gateway: wick_ticket_sub() */
    uint8_t jti[WICK_TICKET_JTI_BYTES]; /* random, names the ticket */
    uint32_t iat_s;                     /* issued at, unix seconds */
    uint16_t life_s;                    /* 1..WICK_TICKET_LIFE_MAX */
    uint16_t scope;                     /* OR of scopes, not zero */
} wick_ticket_claims;

/** An opened ticket. Wipe it when it is no longer needed. */
typedef struct wick_ticket {
    uint8_t issuer[32]; /* record id, the one that the issuer's key was looked up under */
    wick_ticket_claims claims;
    uint8_t ks[WICK_TICKET_KS_BYTES];
} wick_ticket;

/** The clear part: who the issuer claims to be. Nothing of it is believed before the ticket opens. */
typedef struct wick_ticket_head {
    const uint8_t *bytes;  /* WICK_TICKET_BYTES of the caller's; must outlive this view */
    const uint8_t *kid;    /* first 4 bytes of the audience's key hash */
    const uint8_t *issuer; /* 32-byte record id */
} wick_ticket_head;

/** This side's identity, in either role. The private key stays in the keystore. */
typedef struct wick_ticket_own {
    const wick_hal_crypto *crypto;
    const wick_hal_entropy *entropy; /* NULL: opens only */
    const wick_hal_keystore *keystore;
    wick_key key;
    uint8_t id[32]; /* own record id */
    uint8_t pub33[33];
    uint8_t keyhash[32];
} wick_ticket_own;

/** The audience as its verified record has it. */
typedef struct wick_ticket_audience {
    uint8_t id[32];
    uint8_t pub33[33];
} wick_ticket_audience;

/**
 * Reads the public key from the keystore and hashes it as records do.
 * @param[out] own  zeroed on error
 * @param[in]  id   own record id, 32 bytes
 * @retval WICK_OK
 * @retval WICK_E_NOT_FOUND  there is no such key, or it is none of secp256k1
 * @retval others            the back end's
 */
WICK_NODISCARD wick_status wick_ticket_own_init(wick_ticket_own *own,
                                                const wick_hal_crypto *crypto,
                                                const wick_hal_entropy *entropy,
                                                const wick_hal_keystore *keystore,
                                                const uint8_t id[32], wick_key key);

/**
 * Makes a ticket and the key that belongs to it. Two ECDH: one ephemeral, one with the own key.
 * @param[out]    ticket  WICK_TICKET_BYTES, for the leaf and the audience; zeroed on error
 * @param[out]    ks      for the leaf alone; zeroed on error
 * @param[in,out] claims  all but jti given; jti is drawn
 * @retval WICK_OK
 * @retval WICK_E_NAME           sub is none that wick_ticket_sub() makes
 * @retval WICK_E_TICKET_LIFE    life_s is 0 or above WICK_TICKET_LIFE_MAX
 * @retval WICK_E_TICKET_SCOPE   scope names nothing
 * @retval WICK_E_SAME_KEY       the audience is the issuer, by id or by key
 * @retval WICK_E_BAD_KEY        the audience's key is not a point of the curve
 * @retval WICK_E_BAD_ARG        own has no randomness
 * @retval WICK_E_ENTROPY        no randomness
 */
WICK_NODISCARD wick_status wick_ticket_make(uint8_t ticket[WICK_TICKET_BYTES],
                                            uint8_t ks[WICK_TICKET_KS_BYTES],
                                            wick_ticket_claims *claims,
                                            const wick_ticket_own *own,
                                            const wick_ticket_audience *audience);

/**
 * First step of opening: the clear header. Costs nothing.
 * @param[out] head    a view into `ticket`; zeroed on error
 * @param[in]  ticket  exactly WICK_TICKET_BYTES
 * @retval WICK_OK
 * @retval WICK_E_TRUNCATED    too few bytes
 * @retval WICK_E_TRAILING     too many
 * @retval WICK_E_UNSUPPORTED  another version, or keys of other types
 */
WICK_NODISCARD wick_status wick_ticket_parse(wick_ticket_head *head, wick_span ticket);

/** Is it sealed to this key, as far as the clear header says, and not by ourselves? Before any look-up.
 *  @retval WICK_OK  @retval WICK_E_TICKET_AUDIENCE no */
WICK_NODISCARD wick_status wick_ticket_addressed(const wick_ticket_head *head,
                                                 const wick_ticket_own *own);

/**
 * Second step: opens it with the own key and the issuer's, which was read from the verified record of
 * head->issuer. Two private-key operations. Whether the claims are in force says
 * wick_ticket_table_accept().
 * @param[out] out           zeroed on error
 * @param[in]  issuer_pub33  compressed
 * @retval WICK_OK
 * @retval WICK_E_TICKET_AUDIENCE  the header names another key than ours, or we are the issuer
 * @retval WICK_E_AUTH             not sealed by that issuer for us, or altered
 * @retval WICK_E_BAD_KEY          a point that is none, or the issuer's key is our own
 * @retval WICK_E_MALFORMED        sealed by the issuer, but sub, life or scope are none
 */
WICK_NODISCARD wick_status wick_ticket_open(wick_ticket *out, const wick_ticket_head *head,
                                            const wick_ticket_own *own,
                                            const uint8_t issuer_pub33[33]);

#ifdef __cplusplus
}
#endif
#endif
