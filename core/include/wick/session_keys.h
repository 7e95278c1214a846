/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_SESSION_KEYS_H
#define WICK_SESSION_KEYS_H
/*
 * What a handshake leaves behind: one root secret per run, and from it one key with one identity
 * for each use. An identity names one key, one peer and one role, and is printable, 27 characters.
 *
 *     wick_session_psk k;
 *     wick_session_psk_derive(&k, crypto, &session, WICK_USE_DTLS12);
 *     ... give k.key, k.key_len, k.identity to the (D)TLS client
 *     wick_wipe(&k, sizeof k);
 *
 * Roles. The initiator of the handshake is always the (D)TLS client, the responder the server. A
 * server must look up with WICK_ROLE_RESPONDER: an own ClientHello that somebody reflects then
 * finds nothing. After the (D)TLS Finished, both ends compare `peer_id` with the peer they meant.
 *
 * Uses. TLS 1.2, TLS 1.3 and DTLS 1.2 never share a key. WICK_USE_PSK16 is 16 bytes long, for
 * stacks that take no more; it exists only where the handshake agreed on it, and its identity never
 * gives the 32-byte key.
 *
 * The table holds WICK_SESSIONS_MAX entries, about 210 bytes each. One thread at a time.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WICK_SESSION_ROOT_BYTES 32
#define WICK_SESSION_PSK_MAX 32
/** "dpk1." and 22 characters of base64url. */
#define WICK_SESSION_IDENTITY_CHARS 27

typedef enum wick_session_role {
    WICK_ROLE_INITIATOR = 1, /* (D)TLS client */
    WICK_ROLE_RESPONDER = 2  /* (D)TLS server */
} wick_session_role;

/** Bits, so that a server can name all uses that it serves. */
typedef enum wick_session_use {
    WICK_USE_DTLS12 = 1,
    WICK_USE_TLS12 = 2,
    WICK_USE_TLS13 = 4,
    WICK_USE_PSK16 = 8, /* DTLS 1.2 with a 16-byte key */
    WICK_USE_SRTP = 16  /* wick_session_srtp_derive(); has no identity */
} wick_session_use;
#define WICK_USES 4 /* that have an identity */

/** One handshake's outcome. Wipe it when it is no longer needed. */
typedef struct wick_session {
    wick_session_role role; /* of this node */
    unsigned uses;          /* OR of wick_session_use that the handshake agreed on */
    uint8_t peer_id[32];    /* record id of the peer, proven */
    uint8_t peer_keyhash[32];
    wick_addr path;         /* where the peer was heard last in the handshake */
    uint8_t root[WICK_SESSION_ROOT_BYTES];
} wick_session;

/** Key and identity of one use. */
typedef struct wick_session_psk {
    size_t key_len; /* 32, or 16 for WICK_USE_PSK16 */
    uint8_t key[WICK_SESSION_PSK_MAX];
    char identity[WICK_SESSION_IDENTITY_CHARS + 1];
} wick_session_psk;

/**
 * Derives key and identity of one use from the root.
 * @retval WICK_OK
 * @retval WICK_E_UNSUPPORTED  not one use, or one that the handshake did not agree on
 * @retval others              the back end's; `out` is then zeroed
 */
WICK_NODISCARD wick_status wick_session_psk_derive(wick_session_psk *out,
                                                   const wick_hal_crypto *crypto,
                                                   const wick_session *session,
                                                   wick_session_use use);

/** Replaces the root by its successor; all keys and identities change. Both ends do it after the
 *  same number of times. @retval WICK_OK  @retval others the back end's; the root is then wiped */
WICK_NODISCARD wick_status wick_session_ratchet(wick_session *session,
                                                const wick_hal_crypto *crypto);

/** Protection profiles of SRTP (RFC 5764 section 4.1.2, RFC 7714 section 14.2). */
typedef enum wick_srtp_profile {
    WICK_SRTP_AES128_CM_SHA1_80 = 0x0001,
    WICK_SRTP_AES128_CM_SHA1_32 = 0x0002,
    WICK_SRTP_AEAD_AES_128_GCM = 0x0007,
    WICK_SRTP_AEAD_AES_256_GCM = 0x0008
} wick_srtp_profile;
#define WICK_SRTP_BYTES_MAX 88

/** Master keys and salts of one media session, in the order of RFC 5764 section 4.2: key of the
 *  initiator, key of the responder, salt of the initiator, salt of the responder. */
typedef struct wick_session_srtp {
    size_t key_len, salt_len;
    uint8_t bytes[WICK_SRTP_BYTES_MAX]; /* 2 * (key_len + salt_len) */
} wick_session_srtp;

/**
 * Derives the keys of one media session. Two media sessions must never have one number: their packets
 * would share key streams. This remembers nothing; wick_srtp_take() (wick/peer_keys.h) does.
 * @param[in] media  number of the media session, agreed on by the applications
 * @retval WICK_OK
 * @retval WICK_E_UNSUPPORTED  another profile, or a handshake without its last message (NO_M4): there
 *                             media could flow before the peer is known
 * @retval others              the back end's; `out` is zeroed on every error
 */
WICK_NODISCARD wick_status wick_session_srtp_derive(wick_session_srtp *out,
                                                    const wick_hal_crypto *crypto,
                                                    const wick_session *session,
                                                    wick_srtp_profile profile, uint32_t media);

/** Private. */
typedef struct wick_session_entry {
    bool used;
    uint64_t expires_ms;
    wick_session session;
    uint8_t identity[WICK_USES][16];
} wick_session_entry;

/** Fields are private. */
typedef struct wick_session_table {
    const wick_hal_crypto *crypto;
    wick_session_entry entry[WICK_SESSIONS_MAX];
} wick_session_table;

/** An empty table. */
void wick_session_table_init(wick_session_table *t, const wick_hal_crypto *crypto);

/**
 * Takes a copy of `session` until `now_ms + life_ms`. A session with the same peer and role is
 * replaced: this one is newer. Entries that have not expired are never evicted for another peer.
 * @retval WICK_OK
 * @retval WICK_E_LIMIT  the table is full
 * @retval WICK_E_STATE  one of its identities names another session (128-bit collision)
 * @retval others        the back end's
 */
WICK_NODISCARD wick_status wick_session_table_put(wick_session_table *t,
                                                  const wick_session *session, uint64_t now_ms,
                                                  uint64_t life_ms);

/**
 * Finds the key that an identity names. Compares every entry, in constant time each.
 * @param[out] out      key of that use; zeroed unless WICK_OK
 * @param[out] peer_id  whose it is: compare after Finished; zeroed unless WICK_OK
 * @param[in]  identity as it came, without a zero byte
 * @param[in]  role     of this node
 * @param[in]  uses     OR of the uses that this server or client speaks
 * @retval WICK_OK
 * @retval WICK_E_NOT_FOUND  no such identity in that role and for these uses, or expired
 * @retval others            the back end's
 */
WICK_NODISCARD wick_status wick_session_table_find(const wick_session_table *t,
                                                   wick_session_psk *out, uint8_t peer_id[32],
                                                   wick_span identity, wick_session_role role,
                                                   unsigned uses, uint64_t now_ms);

/** The session with a peer in a role, copied. @retval WICK_E_NOT_FOUND none, `out` is zeroed */
WICK_NODISCARD wick_status wick_session_table_peer(const wick_session_table *t, wick_session *out,
                                                   const uint8_t peer_id[32],
                                                   wick_session_role role, uint64_t now_ms);

/** Wipes all sessions with a peer (revocation, new epoch). */
void wick_session_table_remove(wick_session_table *t, const uint8_t peer_id[32]);

/** Wipes what has expired. */
void wick_session_table_expire(wick_session_table *t, uint64_t now_ms);

/** Wipes everything; the table is empty and usable. */
void wick_session_table_wipe(wick_session_table *t);

#ifdef __cplusplus
}
#endif
#endif
