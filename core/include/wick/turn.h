/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TURN_H
#define WICK_TURN_H
/*
 * TURN client (RFC 8656) with long-term credentials (RFC 8489 section 9.2), sans-I/O: it takes
 * datagrams and the time, gives datagrams, deadlines and events. One wick_turn is one allocation on
 * one socket. The server is reached over UDP, or over a stream (TCP or TLS, wick/turn_stream.h).
 *
 *     wick_turn t;
 *     wick_turn_config cfg = {.crypto = &c, .entropy = &e, .server = addr,
 *                             .username = user, .password = pass};
 *     status = wick_turn_init(&t, &cfg);
 *     status = wick_turn_start(&t, now);
 *     status = wick_turn_permit(&t, now, &peer);           // may be called before ALLOCATED
 *     for (;;) {
 *         wick_turn_poll(&t, now, &out);                   // until WAIT or DONE
 *         // SEND: out.bytes to out.to;  EVENT: out.event, out.status, out.to
 *         // datagram came in: OK means peer data
 *         if (wick_turn_input(&t, now, bytes, from, &data) == WICK_OK) { use(data.peer, data.data); }
 *     }
 *
 * Events and what `out.to` then holds:
 *     ALLOCATED          relayed address (wick_turn_mapped(), wick_turn_lifetime_s() for the rest)
 *     PERMISSION_READY   peer, port 0: data to and from this IP passes
 *     PERMISSION_DENIED  peer, port 0; status says why. Not asked again until permitted again
 *     CHANNEL_READY      peer: data to it now costs 4 bytes instead of 36
 *     CHANNEL_DENIED     peer: data goes on in Send indications
 *     MAPPING_CHANGED    our new address as the server sees it; the client checks at once whether the
 *                        allocation survived, and LOST follows if not
 *     MOVED              relayed address: the allocation is with our new socket or mapping now
 *     SILENT             server: a keep-alive went unanswered for 3.5 s; LOST follows if that lasts
 *     LOST               server: the allocation is gone. wick_turn_start() may be called again on the
 *                        same socket; permissions are kept and asked for again, channels forgotten
 *     FAILED             server: no allocation was made. TURN_MISMATCH: open a new socket first;
 *                        TURN_CREDENTIALS: get others; QUOTA, CAPACITY, TRANSPORT, LOOP, TIMEOUT:
 *                        another relay
 * After LOST or FAILED, poll gives DONE with the same status; after release, DONE with WICK_OK.
 *
 * Time-outs: requests follow RFC 8489 section 6.2.1 (RTO 500 ms, Rc 7, Rm 16: 39.5 s in all). The
 * allocation is refreshed at half its lifetime, permissions after 220..240 s (they last 300),
 * channels after 520..540 s (600), and a Binding request each 15..25 s keeps the NAT open and sees
 * a changed mapping.
 *
 * Over a stream a request is sent once and waits 39.5 s (RFC 8489 section 6.2.2), and what is sent is
 * padded to 4 bytes. When the connection is gone, wick_turn_moved() on a new one, or
 * wick_turn_closed().
 *
 * Credentials: SHA-1 with the MD5 key against a server of RFC 5766; where the server offers the nonce
 * cookie of RFC 8489, SHA-256 with the first password algorithm that we know, and USERHASH if it asks
 * for it. A server that offered SHA-256 once is held to it (STUN_BID_DOWN), and with
 * `require_sha256` each is. An answer with the weaker integrity never counts. That a time-limited
 * credential expires ends no allocation; another credential wants another socket and allocation.
 *
 * Mobility (RFC 8016): with `mobile` the server is asked for a ticket. When the keep-alive sees
 * another mapped address, or the caller has changed sockets and calls wick_turn_moved(), a Refresh
 * with the ticket takes the allocation along, and every permission is asked for again, as some
 * servers need that. A server without mobility is asked again without.
 *
 * Families: the relayed address is IPv4 unless `family` says IPv6 or both; with both, a server that
 * has one alone gives that, and wick_turn_relayed2() stays zero.
 *
 * Trust: answers count only from the server's address, with the transaction id of a request that is
 * under way, and where the request was authenticated a success only with right MESSAGE-INTEGRITY.
 * Real servers send 401, 437, 438 and 441 without it, so errors are believed unauthenticated in the
 * end, but not at once. RFC 8489 section 9.2.5 has such an error discarded: the transaction goes on, and
 * an answer with integrity still counts. What differs from the RFC is that a server which says it
 * WICK_TURN_STRIKES times, each in answer to another transmission, is believed then (0.75 s for the
 * allocation, 3 s for peers) instead of after 39.5 s of silence: coturn has nothing else to say about
 * an allocation that it has lost. Over a stream each is a transaction of its own. 300 (ALTERNATE-SERVER) is followed while allocating: with integrity, or in
 * answer to the first request, which has none; that server must then authenticate itself.
 * Whatever a server does, the number of requests is bounded: one 401 per server, at most WICK_TURN_RETRIES
 * new nonces in a row (then exponential waits), WICK_TURN_REDIRECTS other servers.
 *
 * A permission is no authentication: everyone with credentials at a permitted relay gets through.
 *
 * Size of wick_turn with the default bounds (wick/config.h): 3,248 bytes on 64-bit, 3,232 on 32-bit;
 * without SHA-256, mobility, dual allocation and streams (WICK_WITH_TURN_*) 2,864 and 2,848 bytes.
 * It is not moved once initialised (hash states) and holds the password: end with wick_turn_wipe().
 * Stack below 800 bytes.
 */
#include "wick/base.h"
#include "wick/hal/crypto.h"
#include "wick/hal/entropy.h"
#include "wick/hmac.h"
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wick_turn_event {
    WICK_TURN_EV_NONE = 0,
    WICK_TURN_EV_ALLOCATED,
    WICK_TURN_EV_PERMISSION_READY,
    WICK_TURN_EV_PERMISSION_DENIED,
    WICK_TURN_EV_CHANNEL_READY,
    WICK_TURN_EV_CHANNEL_DENIED,
    WICK_TURN_EV_MAPPING_CHANGED,
    WICK_TURN_EV_SILENT,
    WICK_TURN_EV_LOST,
    WICK_TURN_EV_FAILED,
    WICK_TURN_EV_MOVED
} wick_turn_event;

/** Families of the relayed address (RFC 8656 section 18.12 in its values). */
typedef enum wick_turn_family {
    WICK_TURN_FAMILY_DEFAULT = 0, /* the server's default: IPv4 */
    WICK_TURN_FAMILY_IPV4 = 1,    /* IPv4, asked for by name */
    WICK_TURN_FAMILY_IPV6 = 2,    /* IPv6 alone */
    WICK_TURN_FAMILY_BOTH = 3     /* one of each, as far as the server has them */
} wick_turn_family;

typedef struct wick_turn_config {
    const wick_hal_crypto *crypto;   /* must outlive the client */
    const wick_hal_entropy *entropy; /* must outlive the client */
    wick_addr server;
    wick_span username; /* copied; 1..WICK_TURN_USERNAME_MAX bytes; ASCII, or see `prepared` */
    wick_span password; /* copied; 1..WICK_TURN_PASSWORD_MAX bytes, or empty if `key` is given */
    wick_span key;      /* optional: key of wick_turn_key() (16 bytes) or wick_turn_key_sha256() (32)
                         * instead of password; needs `realm` */
    wick_span realm;    /* optional: refuse a server that names another; <= WICK_TURN_REALM_MAX */
    uint32_t lifetime_s; /* asked for; 0: the server's default. What it grants counts */
    uint8_t family;      /* wick_turn_family; IPV6 and BOTH need WICK_WITH_TURN_DUAL */
    bool stream;         /* the server is reached by TCP or TLS; needs WICK_WITH_TURN_STREAM */
    bool mobile;         /* ask for a mobility ticket; needs WICK_WITH_TURN_MOBILITY */
    bool require_sha256; /* no less from the server; needs WICK_WITH_TURN_SHA256 */
    bool prepared;       /* user name and password are UTF-8 that the OpaqueString profile of RFC 8265
                          * has been applied to; else they must be ASCII */
    bool fingerprint;    /* add FINGERPRINT to requests */
} wick_turn_config;

/** One of: the allocation, the keep-alive, a permission, a channel. Private. */
typedef struct wick_turn_op {
    uint64_t due_ms;   /* when to begin the next transaction */
    uint64_t until_ms; /* when the server forgets what this holds */
    wick_addr peer;
    uint16_t channel;
    uint8_t state;   /* free, wanted, ready, denied, lapsing */
    uint8_t flight;  /* a transaction is under way */
    uint8_t retries; /* 401 and 438 in a row */
    uint8_t strikes; /* fatal errors without integrity in a row */
    uint8_t event;   /* wick_turn_event to report */
    wick_status event_status;
} wick_turn_op;

/** A request that waits for its answer. Private. */
typedef struct wick_turn_request {
    uint64_t next_ms; /* retransmit, or give up */
    uint8_t tid[WICK_STUN_TID_BYTES];
    uint16_t rto_ms;
    uint16_t method;
    uint8_t op;   /* index + 1 into op[]; 0 free */
    uint8_t left; /* transmissions left */
    uint8_t authenticated;
    uint8_t doubted; /* an error without integrity came since the last transmission */
} wick_turn_request;

#define WICK_TURN_OPS (2 + WICK_TURN_PERMISSIONS + WICK_TURN_CHANNELS)

/** All state of one client. Fields are private. */
typedef struct wick_turn {
    const wick_hal_crypto *crypto;
    const wick_hal_entropy *entropy;
    wick_addr server, home; /* home: as configured; server: after redirects */
    wick_addr relayed, mapped;
    wick_addr visited[WICK_TURN_REDIRECTS];
    wick_hmac_key hmac;
    wick_turn_op op[WICK_TURN_OPS];
    wick_turn_request request[WICK_TURN_TRANSACTIONS];
    uint64_t refused_ms; /* first ECONNREFUSED since the last answer */
    uint32_t lifetime_s, asked_lifetime_s;
    uint32_t counter; /* tail of the ids of indications */
    wick_status status;
    uint16_t next_channel;
    uint8_t state;
    uint8_t event; /* wick_turn_event of the whole, besides those of op[] */
    uint8_t mapping_event, silent_event;
    uint8_t refused_count, redirects;
    uint8_t must_authenticate; /* redirected without proof: no unauthenticated success counts */
    uint8_t fixed_key; /* password holds a key */
    uint8_t flags;     /* of the configuration */
    uint8_t tid_base[8];
    uint8_t username_len, password_len, realm_len, nonce_len;
    uint8_t username[WICK_TURN_USERNAME_MAX];
    uint8_t password[WICK_TURN_PASSWORD_MAX];
    uint8_t realm[WICK_TURN_REALM_MAX];
    uint8_t nonce[WICK_TURN_NONCE_MAX];
    uint8_t tx[WICK_TURN_TX_BYTES];
#if WICK_WITH_TURN_SHA256
    uint8_t userhash;  /* the server wants USERHASH for USERNAME */
    uint8_t algorithm; /* PASSWORD-ALGORITHM that is used; 0: none was offered */
    uint8_t algorithms_len;
    uint8_t algorithms[WICK_TURN_ALGORITHMS_MAX];
#endif
#if WICK_WITH_TURN_MOBILITY
    uint8_t moving; /* the next Refresh takes the allocation along */
    uint8_t moved_event;
    uint8_t ticket_len;
    uint8_t ticket[WICK_TURN_TICKET_MAX];
#endif
#if WICK_WITH_TURN_DUAL
    wick_addr relayed2;
    uint16_t family_error; /* ADDRESS-ERROR-CODE of the family that was refused */
#endif
} wick_turn;

/** Data from a peer: a view into the datagram that carried it. */
typedef struct wick_turn_data {
    wick_addr peer;
    wick_span data;
    uint16_t channel; /* 0: came as Data indication */
    /* of WICK_E_TURN_ICMP alone */
    uint8_t icmp_type;
    uint16_t icmp_code;
    uint32_t icmp_data; /* the next hop's MTU where a datagram was too big, else 0 */
} wick_turn_data;

/**
 * Takes the configuration; sends nothing. A client used before is wiped first (wick_turn_wipe()).
 * @retval WICK_OK         ready for wick_turn_start()
 * @retval WICK_E_BAD_ARG  no crypto, entropy, server port, username or password; key without realm
 * @retval WICK_E_LIMIT    a credential longer than its bound
 * @retval WICK_E_STUN_NOT_ASCII  a credential outside ASCII that is not `prepared`, or with control
 *                         characters
 * @retval WICK_E_UNSUPPORTED  asks for a part that is left out of this build (wick/config.h)
 */
WICK_NODISCARD wick_status wick_turn_init(wick_turn *t, const wick_turn_config *cfg);

/**
 * Begins to allocate, at first or again after LOST, FAILED or DONE.
 * @retval WICK_E_STATE    an allocation is there or under way
 * @retval WICK_E_ENTROPY  no randomness: nothing begun
 */
WICK_NODISCARD wick_status wick_turn_start(wick_turn *t, uint64_t now_ms);

/**
 * Takes one datagram.
 * @param[in]  from  over a stream: the server's address
 * @param[out] data  filled for WICK_OK and WICK_E_TURN_ICMP only; lives as long as `bytes`
 * @retval WICK_OK             peer data
 * @retval WICK_E_TURN_ICMP    no data: an ICMP error came back about what we sent to data->peer, as
 *                             the relay says. A hint, as anybody can forge ICMP towards the relay
 * @retval WICK_AGAIN          an answer of the server was taken: poll
 * @retval WICK_E_NOT_FOUND    not from the server, or answers no request under way: dropped
 * @retval WICK_E_STUN_INTEGRITY, WICK_E_STUN_FINGERPRINT  not authentic: dropped
 * @retval WICK_E_TURN_FORBIDDEN  data of a peer without permission or channel: dropped
 * @retval WICK_E_STATE        data without an allocation: dropped
 * @retval others              of wick_stun_decode() and wick_channeldata_decode(): dropped
 */
WICK_NODISCARD wick_status wick_turn_input(wick_turn *t, uint64_t now_ms, wick_span bytes,
                                           const wick_addr *from, wick_turn_data *data);

/** Gives the next thing to do. Call until WAIT or DONE; `out.bytes` lives until the next call. */
void wick_turn_poll(wick_turn *t, uint64_t now_ms, wick_out *out);

/**
 * Wants a permission for the peer's IP (the port does not matter) and keeps it.
 * Asks again if it was denied. Idempotent.
 * @retval WICK_E_LIMIT  WICK_TURN_PERMISSIONS are in use
 */
WICK_NODISCARD wick_status wick_turn_permit(wick_turn *t, uint64_t now_ms, const wick_addr *peer);
/** Lets the permission of this IP lapse, its channels too. @retval WICK_E_NOT_FOUND none */
WICK_NODISCARD wick_status wick_turn_unpermit(wick_turn *t, const wick_addr *peer);
/**
 * Wants a channel to the peer's IP and port (and the permission) and keeps it. Idempotent.
 * @retval WICK_E_STATE  not allocated  @retval WICK_E_LIMIT  tables full
 */
WICK_NODISCARD wick_status wick_turn_bind(wick_turn *t, uint64_t now_ms, const wick_addr *peer);
/** Lets the channel lapse. @retval WICK_E_NOT_FOUND none */
WICK_NODISCARD wick_status wick_turn_unbind(wick_turn *t, const wick_addr *peer);

/**
 * Appends one datagram for the server that carries `payload` to `peer`: ChannelData if a channel is
 * bound, else a Send indication.
 * @retval WICK_OK                 send buf to wick_turn_server()
 * @retval WICK_AGAIN              the permission is being asked for, or another stream: not yet
 * @retval WICK_E_STATE            no allocation
 * @retval WICK_E_NOT_FOUND        permit the peer first
 * @retval WICK_E_TURN_FORBIDDEN   the server denied this peer
 * @retval WICK_E_NO_SPACE         buf too small: 36 bytes for IPv4, 48 for IPv6, 3 padding, payload
 */
WICK_NODISCARD wick_status wick_turn_send(wick_turn *t, uint64_t now_ms, wick_buf *buf,
                                          const wick_addr *peer, wick_span payload);

/** Gives the allocation back (Refresh with lifetime 0); poll until DONE. In any state. */
void wick_turn_release(wick_turn *t, uint64_t now_ms);

/** The port saw ECONNREFUSED on this socket: the server is probed at once, and given up after three
 *  such hints and 1 s without an answer. A forged ICMP message alone ends nothing. */
void wick_turn_refused(wick_turn *t, uint64_t now_ms);

/**
 * The caller has another socket, connection or interface now, and what it gives to
 * wick_turn_input() comes from there. With a ticket the allocation is taken along: MOVED follows, or
 * LOST. Without one it is lost if our address has changed, which a probe finds out at once; over a
 * stream it is lost in any case. Requests under way are begun again. While allocating: from the
 * start.
 */
void wick_turn_moved(wick_turn *t, uint64_t now_ms);

/** The connection to the server is gone and no other takes its place: LOST or FAILED with
 *  WICK_E_NET. */
void wick_turn_closed(wick_turn *t, uint64_t now_ms);

/** True if the server has given a mobility ticket: wick_turn_moved() keeps the relayed address. */
bool wick_turn_is_mobile(const wick_turn *t);

/** Sends a keep-alive now instead of at its time: after a change of interface, or of trouble above. */
void wick_turn_probe(wick_turn *t, uint64_t now_ms);

/** True from ALLOCATED to LOST or release. */
bool wick_turn_is_allocated(const wick_turn *t);
/** Relayed and reflexive address: valid while allocated, else zero. */
const wick_addr *wick_turn_relayed(const wick_turn *t);
const wick_addr *wick_turn_mapped(const wick_turn *t);
/** The second relayed address of WICK_TURN_FAMILY_BOTH, which is IPv6; else zero. */
const wick_addr *wick_turn_relayed2(const wick_turn *t);
/** Why there is no second one: 440 or 508 of ADDRESS-ERROR-CODE, 0 if nothing was said. */
uint16_t wick_turn_family_error(const wick_turn *t);
/** True once the server authenticates itself by SHA-256. */
bool wick_turn_is_sha256(const wick_turn *t);
/** Server in use: another than configured after ALTERNATE-SERVER. */
const wick_addr *wick_turn_server(const wick_turn *t);
/** Granted lifetime, seconds. */
uint32_t wick_turn_lifetime_s(const wick_turn *t);
/** Wipes everything, credentials included. */
void wick_turn_wipe(wick_turn *t);

/* ---- credentials ---- */

#define WICK_TURN_KEY_BYTES 16
/** Long-term key: MD5(username ":" realm ":" password), RFC 8489 section 9.2.2.
 *  @retval WICK_E_CRYPTO back end failed; key zeroed */
WICK_NODISCARD wick_status wick_turn_key(uint8_t key[WICK_TURN_KEY_BYTES],
                                         const wick_hal_crypto *crypto, wick_span username,
                                         wick_span realm, wick_span password);

#define WICK_TURN_KEY_SHA256_BYTES 32
/** The same by password algorithm SHA-256 (RFC 8489 section 18.5.1.2). */
WICK_NODISCARD wick_status wick_turn_key_sha256(uint8_t key[WICK_TURN_KEY_SHA256_BYTES],
                                                const wick_hal_crypto *crypto, wick_span username,
                                                wick_span realm, wick_span password);

#define WICK_TURN_USERHASH_BYTES 32
/** USERHASH: SHA-256(username ":" realm), RFC 8489 section 14.4. For servers too, which look users up
 *  by it. */
WICK_NODISCARD wick_status wick_turn_userhash(uint8_t hash[WICK_TURN_USERHASH_BYTES],
                                              const wick_hal_crypto *crypto, wick_span username,
                                              wick_span realm);

#define WICK_TURN_REST_PASSWORD_BYTES 29
/**
 * Password of a time-limited user name "expiry:name": base64(HMAC-SHA1(secret, username)), the
 * scheme of `turnserver --use-auth-secret` (draft-uberti-behave-turn-rest-00). For who hands out
 * credentials. `out` is zero-terminated. @retval WICK_E_CRYPTO back end failed; out zeroed
 */
WICK_NODISCARD wick_status wick_turn_rest_password(char out[WICK_TURN_REST_PASSWORD_BYTES],
                                                   const wick_hal_crypto *crypto, wick_span secret,
                                                   wick_span username);
/** Writes "expiry:name" with a terminating zero. @retval WICK_E_NO_SPACE `out` is too small
 *  @retval WICK_E_BAD_ARG empty name, or a byte outside 0x21..0x7E, or a colon in it */
WICK_NODISCARD wick_status wick_turn_rest_username(char *out, size_t cap, uint64_t expiry_unix_s,
                                                   wick_span name);

#ifdef __cplusplus
}
#endif
#endif
