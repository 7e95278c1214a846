/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_DIRECT_H
#define WICK_DIRECT_H
/*
 * Messages with which two ends of a session move it to another path: core/psk/PROTOCOL.md section
 * 12. They are STUN Binding requests and answers (RFC 8489) with keys of the session, so that what
 * tells STUN from its neighbours on a socket tells them too (RFC 7983), and so that they work
 * whatever runs in the session.
 *
 *   check   a request that proves that a path leads to the peer and back
 *   offer   the same, and the sender's addresses, sealed
 *   answer  to either; says from where the request came
 *   busy    to a caller whose handshake was good: there is no room for a session
 *
 *     wick_direct_keys k;
 *     s = wick_direct_keys_derive(&k, crypto, &session, WICK_ROLE_INITIATOR); // of the sender
 *     s = wick_direct_request(&buf, crypto, &k, name, counter, NULL, 0);      // a check
 *
 *     wick_direct_msg m;
 *     if (wick_direct_read(&m, datagram) == WICK_OK) {           // whose? wick_direct_is_named()
 *         s = wick_direct_open(&m, crypto, &k);                  // k: of the peer's role
 *     }
 *
 * Each side has keys of its own, so a message that is sent back to its maker does not open. The
 * counter rises with each request of a side; who takes them keeps a window and refuses old ones.
 * An answer is never longer than the shortest request (92 bytes; an answer has 76, for IPv6 88).
 *
 * Sizes: wick_direct_msg 0.4 KB; stack below 800 bytes.
 */
#include "wick/hal/crypto.h"
#include "wick/session_keys.h"
#include "wick/stun.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most addresses of one offer. */
#define WICK_DIRECT_CANDIDATES 8
/** Names the session in its requests, 22 characters of base64url on the wire. */
#define WICK_DIRECT_NAME_BYTES 16
/** Connection id that a side of the session uses in DTLS (RFC 9146). */
#define WICK_DIRECT_CID_BYTES 4
/** Longest message: an offer with WICK_DIRECT_CANDIDATES IPv6 addresses. */
#define WICK_DIRECT_MAX_BYTES 276

/** A refusal. */
#define WICK_DIRECT_BUSY_BYTES 72

/** How an address came about; lower ones are preferred. */
typedef enum wick_direct_kind {
    WICK_DIRECT_HOST = 1,      /* of an interface */
    WICK_DIRECT_MAPPED = 2,    /* external address of a mapping by PCP or NAT-PMP */
    WICK_DIRECT_REFLEXIVE = 3, /* as a server outside sees the socket */
    WICK_DIRECT_LEARNED = 4,   /* from where an authentic request of the peer came; never offered */
    WICK_DIRECT_RELAYED = 5    /* on a TURN server */
} wick_direct_kind;

/** "relayed"; "none" for what is none of these. Never NULL. */
const char *wick_direct_kind_str(wick_direct_kind kind);

typedef struct wick_direct_candidate {
    wick_addr addr;
    uint8_t kind; /* wick_direct_kind */
} wick_direct_candidate;

/** Secrets of one side of a session; wipe them after use. */
typedef struct wick_direct_keys {
    uint8_t mac[32];  /* MESSAGE-INTEGRITY-SHA256 */
    uint8_t seal[32]; /* of offered addresses */
    uint8_t tid[8];   /* first bytes of its transaction ids */
    uint8_t cid[WICK_DIRECT_CID_BYTES];
} wick_direct_keys;

/** One message. */
typedef struct wick_direct_msg {
    wick_stun_msg stun; /* view into the input */
    bool answer;        /* else a request */
    bool offer;         /* a request with addresses, of which there may be none */
    bool busy;          /* neither: a refusal */
    wick_span name;                       /* of a request: compare by wick_direct_is_named() */
    uint32_t counter;                     /* of the request, also in its answer */
    wick_addr mapped;                     /* of an answer: whence the request came */
    uint8_t count;                        /* of an offer, once opened */
    wick_direct_candidate candidate[WICK_DIRECT_CANDIDATES];
} wick_direct_msg;

/** Keys of the side that has `sender` as its role. @retval WICK_OK
 *  @retval others the back end's; `out` is then zeroed */
WICK_NODISCARD wick_status wick_direct_keys_derive(wick_direct_keys *out,
                                                   const wick_hal_crypto *crypto,
                                                   const wick_session *session,
                                                   wick_session_role sender);

/** Name of the session in requests of either side. Results as above. */
WICK_NODISCARD wick_status wick_direct_name(uint8_t out[WICK_DIRECT_NAME_BYTES],
                                            const wick_hal_crypto *crypto,
                                            const wick_session *session);

/**
 * Appends a request.
 * @param[in] keys     of the own side
 * @param[in] counter  never used before with these keys
 * @param[in] list     NULL: a check; else `count` addresses to offer
 * @retval WICK_OK  @retval WICK_E_NO_SPACE buf.len says how much
 * @retval WICK_E_BAD_ARG  too many, or of a kind that is not offered
 * @retval others          the back end's
 */
WICK_NODISCARD wick_status wick_direct_request(wick_buf *buf, const wick_hal_crypto *crypto,
                                               const wick_direct_keys *keys,
                                               const uint8_t name[WICK_DIRECT_NAME_BYTES],
                                               uint32_t counter,
                                               const wick_direct_candidate *list, size_t count);

/** Appends the answer to a request with this transaction id, which came from `mapped`.
 *  @param[in] keys of the own side  Results as above. */
WICK_NODISCARD wick_status wick_direct_answer(wick_buf *buf, const wick_hal_crypto *crypto,
                                              const wick_direct_keys *keys,
                                              const uint8_t tid[WICK_STUN_TID_BYTES],
                                              const wick_addr *mapped);

/** Appends a refusal (WICK_DIRECT_BUSY_BYTES). Its counter is 0, which no request has.
 *  @param[in] keys of the own side, the responder's  Results as above. */
WICK_NODISCARD wick_status wick_direct_busy(wick_buf *buf, const wick_hal_crypto *crypto,
                                            const wick_direct_keys *keys);

/**
 * Reads what is in clear: is it one of these messages, and of which session? Proves nothing yet.
 * @retval WICK_OK
 * @retval WICK_E_UNSUPPORTED  a STUN message, but none of these
 * @retval others              of wick_stun_decode(), and MALFORMED
 */
WICK_NODISCARD wick_status wick_direct_read(wick_direct_msg *m, wick_span in);

/** A request that names this session. */
bool wick_direct_is_named(const wick_direct_msg *m, const uint8_t name[WICK_DIRECT_NAME_BYTES]);

/**
 * Proves a message that was read, and opens the addresses of an offer.
 * @param[in] keys  of the side that sent it
 * @retval WICK_OK                the peer made it, in this session
 * @retval WICK_E_STUN_INTEGRITY  it did not
 * @retval WICK_E_AUTH            the sealed part does not open, or the transaction id is another's
 * @retval WICK_E_MALFORMED, WICK_E_UNSUPPORTED  the sealed part breaks the format
 */
WICK_NODISCARD wick_status wick_direct_open(wick_direct_msg *m, const wick_hal_crypto *crypto,
                                            const wick_direct_keys *keys);

#ifdef __cplusplus
}
#endif
#endif
