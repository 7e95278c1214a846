/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PEER_KEYS_H
#define WICK_PEER_KEYS_H
/*
 * Keys of peers for local applications: a destination's public key from its verified record, and a
 * fresh PSK that the destination's gateway shares, for whatever protocol the application speaks. The
 * gateway runs the look-up and the handshake; the application needs to know neither.
 *
 * The public key:
 *     s = wick_get_peer_key(&gw, &request, now, "gw-b");
 *     at the event PEER_RESOLVED with event.session == request:
 *         s = wick_peer_key_take(&gw, &key, &event);
 *
 * A PSK, by the side that will be the client:
 *     s = wick_get_psk(&gw, &request, now, "gw-b");
 *     WICK_OK: there is one already. WICK_AGAIN: at SESSION_UP with event.session == request:
 *         s = wick_psk_take(&gw, &psk, request, WICK_USE_TLS13);
 *     ... hand psk.psk.key and psk.psk.identity to the TLS client; wick_wipe(&psk, sizeof psk)
 * and by the side that will be the server, in its PSK callback:
 *         s = wick_psk_find(&gw, &psk, identity, WICK_USE_TLS12 | WICK_USE_TLS13, now);
 *     psk.peer_id says who that is. Compare it with whom the application lets in.
 *
 * Roles: who asked is the client, who was asked is the server, for ever. take() gives keys of calls
 * only and find() keys of callers only: an own hello that somebody reflects finds nothing.
 *
 * A next PSK: wick_psk_next() replaces the keys of a call by their successors, so that no two
 * connections show one identity on the wire and what was recorded stays closed. The server follows by
 * itself: find() knows the identities of the next WICK_PSK_AHEAD steps, and finding one of them
 * replaces its keys too, for only the other end can have known it.
 *
 * The agent keeps the session behind a PSK while it is in use or younger than WICK_GW_IDLE_MS, and no
 * application data need ever go over it: event.keys_only says that nobody is to begin DTLS there.
 * wick_gateway_close() ends it.
 *
 * A service that speaks TLS with certificates needs no PSK: ask for the key of "gw-b/camera" and pin
 * key.tls_pin.
 *
 * RAM: 42 bytes a session. Stack below 600 bytes. Constant time where identities are compared. Built without
 * WICK_WITH_PEER_KEYS: UNSUPPORTED.
 */
#include "wick/gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Steps of wick_psk_next() of which the server may have missed all but the last. */
#define WICK_PSK_AHEAD 4u

/** Public key of a peer, with all that says how far to trust it. */
typedef struct wick_peer_key {
    uint8_t id[32];
    wick_nsl_key key;     /* type and bytes as the record has them */
    uint32_t epoch;       /* rises with each change of the key */
    wick_tier tier;       /* of the header under which it was proven */
    bool grace;           /* for want of a newer header */
    uint64_t block_number, block_time_s;
    /* SHA-256 of the SPKI that the service of `ref` must show by TLS with certificates: its word of
     * tlsKeys, else the device's own RSA key (wick_peer_tls_pin()). `pin32` of wick/port/https.h. */
    bool has_tls_pin;
    uint8_t tls_pin[32];
} wick_peer_key;

/** A PSK and whom it is shared with. Wipe it. */
typedef struct wick_peer_psk {
    uint8_t peer_id[32];
    wick_session_role role; /* of this side: INITIATOR is the client */
    wick_session_use use;
    uint8_t session;        /* of the agent */
    wick_session_psk psk;
} wick_peer_psk;

/**
 * Asks for the public key of `ref` (name[/service][@registry]).
 * @param[out] request  names it in PEER_RESOLVED; no session comes of it
 * @retval as wick_gateway_lookup()  @retval WICK_E_UNSUPPORTED built without it
 */
WICK_NODISCARD wick_status wick_get_peer_key(wick_gateway *gw, uint8_t *request, uint64_t now_ms,
                                             const char *ref);

/**
 * The key, at PEER_RESOLVED and before the next call of wick_gateway_poll(). Also where the event
 * says that no endpoint is usable: the key is proven all the same.
 * @retval WICK_OK
 * @retval WICK_E_STATE    another event
 * @retval others          event->status: there is no such key; `out` is zeroed
 */
WICK_NODISCARD wick_status wick_peer_key_take(const wick_gateway *gw, wick_peer_key *out,
                                              const wick_gateway_event *event);

/**
 * Asks for a PSK shared with `ref`. A call to that peer that is up or under way serves.
 * @param[out] request  the session
 * @retval WICK_OK     it is up: wick_psk_take() now
 * @retval WICK_AGAIN  SESSION_UP will tell, or PEER_RESOLVED or SESSION_DOWN with the reason
 * @retval others      as wick_gateway_connect()  @retval WICK_E_UNSUPPORTED built without it
 */
WICK_NODISCARD wick_status wick_get_psk(wick_gateway *gw, uint8_t *request, uint64_t now_ms,
                                        const char *ref);

/** The PSK of a call, for one use.
 *  @retval WICK_OK  @retval WICK_E_STATE not up, or the peer called  @retval WICK_E_UNSUPPORTED the
 *  handshake did not agree on that use  @retval others the back end's; `out` is zeroed on error */
WICK_NODISCARD wick_status wick_psk_take(const wick_gateway *gw, wick_peer_psk *out,
                                         uint8_t session, wick_session_use use);

/**
 * Keys of a media session over SRTP, of a session in either role (wick/session_keys.h); both ends agree
 * on `media`, which is not 0. Each number is given out once under the keys that the session has: of the
 * 32 numbers up to the highest one each may still come, in any order; below them none. A new handshake
 * or wick_psk_next() begins anew.
 * @retval as wick_session_srtp_derive()
 * @retval WICK_E_STATE       not up
 * @retval WICK_E_MEDIA_USED  that number was given out, or is too far below another
 * @retval WICK_E_BAD_ARG     the number is 0
 */
WICK_NODISCARD wick_status wick_srtp_take(wick_gateway *gw, wick_session_srtp *out, uint8_t session,
                                          wick_srtp_profile profile, uint32_t media);

/** Replaces the keys of a call by their successors; what was taken before no longer serves.
 *  @retval WICK_OK  @retval WICK_E_STATE not up, or not begun by wick_get_psk(): a session that
 *  carries data keeps its keys until the next handshake  @retval others the back end's: the session
 *  has ended */
WICK_NODISCARD wick_status wick_psk_next(wick_gateway *gw, uint8_t session);

/** Whose PSK an identity names: among callers only, for any of `uses` (OR of wick_session_use).
 *  @retval WICK_OK  @retval WICK_E_NOT_FOUND  @retval others the back end's; `out` is zeroed on error */
WICK_NODISCARD wick_status wick_psk_find(wick_gateway *gw, wick_peer_psk *out, wick_span identity,
                                         unsigned uses, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
