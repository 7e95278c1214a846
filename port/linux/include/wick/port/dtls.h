/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_DTLS_H
#define WICK_PORT_DTLS_H
/*
 * DTLS 1.2 with pre-shared keys (RFC 6347, RFC 4279), sans-I/O: datagrams and the time go in,
 * datagrams, deadlines and events come out. Underneath is mbedtls in its static pool
 * (wick_mbedtls_pool_init()); nothing of it shows here.
 *
 *     wick_dtls_entry e = {identity, psk, peer_id, WICK_DTLS_CLIENT};
 *     wick_dtls_config cfg = {.role = WICK_DTLS_CLIENT, .entries = &e, .entry_count = 1,
 *                             .expect_peer = peer_id, .entropy = &entropy};
 *     s = wick_dtls_init(&d, &cfg);
 *     s = wick_dtls_start(&d, now);
 *     for (;;) {
 *         while (wick_dtls_poll(&d, &out, now), out.kind != WICK_OUT_WAIT) {
 *             SEND: send out.bytes    EVENT: out.event is WICK_DTLS_UP    DONE: out.status
 *         }
 *         wait for out.deadline_ms or a datagram; wick_dtls_input(&d, now, datagram);
 *         while (wick_dtls_read(&d, buf, cap, &len) == WICK_OK) { ... }
 *     }
 *
 * An entry serves one role only, so that a hello reflected to its sender finds no key, and one
 * identity names one key and one peer. The server finds an entry by the identity that the client
 * shows; both sides compare its peer with the one expected after Finished.
 *
 * A key is for one protocol (wick/session_keys.h): `uses` of an entry says for which, and in another
 * one it is not found. Where identities cannot stand in a table, as those of tickets, a function finds
 * them (`find`); it runs after the cookie, so that it may cost something.
 *
 * Suites: the three with a plain PSK, whose forward secrecy is that of the handshake that made the
 * key, and ECDHE-PSK (RFC 8442) for keys that no handshake made, which is asked for by name.
 *
 * Datagrams are at most WICK_DTLS_DATAGRAM_MAX bytes. A flight is resent after 0.5 s, 1 s and
 * then every 2.25 s, and given up after 31 s. A server asks for a cookie first (HelloVerifyRequest); after a
 * handshake that failed it waits for another one until WICK_DTLS_SERVER_WAIT_MS have passed, so that
 * a forged hello costs nobody his session. Nor does a forged alert: until Finished alerts only shorten
 * the wait (WICK_DTLS_ALERT_WAIT_MS), and a handshake that succeeds meanwhile stands.
 *
 * Nothing but the cookie depends on the peer's address, so a session lives on when either end gets
 * another one. With a connection id (RFC 9146) the other side's records carry it, and who takes
 * datagrams from anywhere can tell whose they are; it is used where both sides offer it, and makes
 * a record 5 bytes longer, and the sender's padding (up to 15).
 *
 * Sizes (64-bit): wick_dtls 5.3 KB, and from the pool 25 KB, 29 KB while it shakes hands. A session is
 * admitted only if the most that any takes is there (36 KB), so that none fails for memory later.
 * A wick_dtls must stay where it was initialised.
 */
#include "wick/base.h"
#include "wick/hal/entropy.h"
#include "wick/session_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Largest datagram. Range 600..1400. Twice in each wick_dtls. */
#ifndef WICK_DTLS_DATAGRAM_MAX
#define WICK_DTLS_DATAGRAM_MAX 1200
#endif
/* Room for the TLS library's structures. Checked at compile time. */
#ifndef WICK_DTLS_LIB_BYTES
#define WICK_DTLS_LIB_BYTES 1536
#endif

/* How long a server waits for a complete handshake. */
#ifndef WICK_DTLS_SERVER_WAIT_MS
#define WICK_DTLS_SERVER_WAIT_MS 60000
#endif

/* How long a client goes on that has heard a fatal alert before Finished: it may be forged, since it is
 * not authenticated, or tell the truth (unknown identity, no common suite). */
#ifndef WICK_DTLS_ALERT_WAIT_MS
#define WICK_DTLS_ALERT_WAIT_MS 10000
#endif

/** Application bytes that surely fit one datagram. */
#define WICK_DTLS_WRITE_MAX (WICK_DTLS_DATAGRAM_MAX - 64)

typedef enum wick_dtls_role { WICK_DTLS_CLIENT = 1, WICK_DTLS_SERVER = 2 } wick_dtls_role;

/** Longest connection id. */
#define WICK_DTLS_CID_MAX 8

#define WICK_DTLS_CHACHA20_POLY1305 1u
#define WICK_DTLS_AES128_GCM 2u
#define WICK_DTLS_AES128_CCM8 4u
/** ECDHE-PSK with ChaCha20-Poly1305, on X25519 or P-256: forward secret whatever the key is. */
#define WICK_DTLS_ECDHE_CHACHA20 8u
/** What `suites` 0 stands for: for keys that a handshake made. */
#define WICK_DTLS_SUITES_DEFAULT 7u
/** What keys want that were handed out by somebody, as those of leaves and tickets. */
#define WICK_DTLS_SUITES_ALL 15u

/** One session key. All memory is the caller's and lives as long as the wick_dtls. */
typedef struct wick_dtls_entry {
    wick_span identity; /* 1..255 printable characters */
    wick_span psk;      /* 16..32 bytes; with WICK_USE_PSK16 alone 16 */
    uint8_t peer[32];   /* whom the key was agreed with */
    wick_dtls_role role; /* the role in which this side may use it */
    unsigned uses; /* OR of wick_session_use: the protocols that it is for; 0: DTLS 1.2 and TLS 1.2,
                    * for keys that were handed out by somebody */
} wick_dtls_entry;

/**
 * Finds the key of an identity that is in no entry of the server's table.
 * @param[out] out      zeroed before; to be set are psk, peer, role (server) and uses. What its spans
 *                      name must live until wick_dtls_free() or the next call
 * @param[in] identity  as it came, 1..255 printable characters; lives during the call
 * @return WICK_OK; anything else: there is no such key, and the client is refused
 */
typedef wick_status (*wick_dtls_find)(void *ctx, wick_dtls_entry *out, wick_span identity);

typedef struct wick_dtls_config {
    wick_dtls_role role;
    const wick_dtls_entry *entries; /* client: the one to use; server: table searched by identity.
                                     * It may change between calls, but not move */
    size_t entry_count;
    const uint8_t *expect_peer; /* 32 bytes; NULL: any peer of the table */
    const wick_hal_entropy *entropy;
    unsigned suites; /* OR of WICK_DTLS_*; 0: WICK_DTLS_SUITES_DEFAULT */
    uint8_t order[4]; /* those wanted most, first one first, 0 ends; the others of `suites` follow,
                       * ECDHE before ChaCha20 before GCM before CCM-8. The server's order counts */
    wick_span address; /* server: bytes of the peer's address, bound into the cookie */
    wick_span cid; /* the peer is asked to put it into its records; at most WICK_DTLS_CID_MAX bytes,
                    * empty: connection ids are not used */
    wick_dtls_find find; /* server: NULL, or what is asked after the table, which may then be empty */
    void *find_ctx;
    unsigned uses; /* server with `find`: OR of the protocols that it speaks, beside those of its
                    * entries; 0: DTLS 1.2 and TLS 1.2 */
} wick_dtls_config;

typedef enum wick_dtls_event {
    WICK_DTLS_UP = 1, /* handshake complete and the peer is the expected one */
    WICK_DTLS_CLOSED  /* the peer closed; DONE follows */
} wick_dtls_event;

typedef struct wick_dtls { /* private */
    uint64_t lib[WICK_DTLS_LIB_BYTES / 8];
    wick_dtls_config cfg;
    wick_status status;
    uint64_t now_ms, deadline_ms, timer_from_ms;
    uint32_t timer_fin_ms; /* 0: no timer */
    uint8_t state, event;
    bool blocked; /* the library waits for room in `out` */
    bool alerted; /* by somebody who was not authenticated */
    wick_span in;
    size_t out_len, rx_len, rx_at;
    uint8_t out[WICK_DTLS_DATAGRAM_MAX], sending[WICK_DTLS_DATAGRAM_MAX];
    uint8_t rx[WICK_DTLS_DATAGRAM_MAX];
} wick_dtls;

/**
 * @retval WICK_OK
 * @retval WICK_E_BAD_ARG  roles, entries or lengths do not fit the rules above
 * @retval WICK_E_POOL     no room for another session: try again when one has ended
 */
WICK_NODISCARD wick_status wick_dtls_init(wick_dtls *d, const wick_dtls_config *cfg);

/** Client: makes the first flight. Server: waits for it. */
WICK_NODISCARD wick_status wick_dtls_start(wick_dtls *d, uint64_t now_ms);

/** Server that waits for a hello: the next datagram comes from `address`, into which cookies are bound,
 *  and the wait begins anew. So one wick_dtls answers the hellos of everybody until one of them has
 *  shown its cookie, and is that client's from then on. @param[in] address  lives until the next call
 *  @retval WICK_OK  @retval WICK_E_STATE a handshake is under way, or it is no server, or not started */
WICK_NODISCARD wick_status wick_dtls_expect(wick_dtls *d, uint64_t now_ms, wick_span address);

/** One datagram. What is not authentic is dropped without a word.
 *  @retval WICK_OK taken or dropped  @retval WICK_E_NO_SPACE longer than the bound, dropped
 *  @retval WICK_AGAIN not taken: poll and read what is there first
 *  @retval WICK_E_STATE not started, or ended */
WICK_NODISCARD wick_status wick_dtls_input(wick_dtls *d, uint64_t now_ms, wick_span datagram);

/** SEND, EVENT, WAIT or DONE; `to` is not set. DONE has WICK_OK after a close by either side, else
 *  WICK_E_TIMEOUT, WICK_E_TLS (wrong key, unknown identity, no common suite), WICK_E_AUTH (a key of
 *  another peer than expected) or WICK_E_ENTROPY. Free it then. */
void wick_dtls_poll(wick_dtls *d, wick_out *out, uint64_t now_ms);

/** Encrypts one application datagram; poll gives it as SEND.
 *  @retval WICK_AGAIN poll first: the one before is not out  @retval WICK_E_STATE not up
 *  @retval WICK_E_NO_SPACE longer than WICK_DTLS_WRITE_MAX  @retval WICK_E_TLS */
WICK_NODISCARD wick_status wick_dtls_write(wick_dtls *d, uint64_t now_ms, wick_span bytes);

/** Gives one application datagram that came, also after the end. @retval WICK_OK
 *  @retval WICK_AGAIN none is there @retval WICK_E_NO_SPACE `cap` is too small, the datagram is gone */
WICK_NODISCARD wick_status wick_dtls_read(wick_dtls *d, uint8_t *buf, size_t cap, size_t *len);

/** Sends close_notify (poll gives it), then DONE. */
void wick_dtls_close(wick_dtls *d, uint64_t now_ms);

bool wick_dtls_is_up(const wick_dtls *d);
/** Entry in use once up, else NULL; what `find` found has no identity unless it set one. */
const wick_dtls_entry *wick_dtls_peer(const wick_dtls *d);
/** Name of the cipher suite once up, else "". */
const char *wick_dtls_suite(const wick_dtls *d);

/** Both sides put the other's connection id into their records. */
bool wick_dtls_has_cid(wick_dtls *d);

/** Gives the pool its memory back and wipes everything. Any state; also twice. */
void wick_dtls_free(wick_dtls *d);

#ifdef __cplusplus
}
#endif
#endif
