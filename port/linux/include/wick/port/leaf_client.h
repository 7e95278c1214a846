/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_LEAF_CLIENT_H
#define WICK_PORT_LEAF_CLIENT_H
/*
 * What a leaf needs to speak: DTLS 1.2 with a pre-shared key (RFC 4279), with its gateway over UDP or with
 * a peer over whatever carries datagrams, and questions to the gateway (CoAP, RFC 7252). It waits where
 * there is something to wait for, and bears what a path does: loss, repetition, delay.
 *
 *     s = wick_leaf_client_open(&client, "10.10.3.1", "5684", key, name);
 *     s = wick_leaf_client_ask(&client, WICK_COAP_GET, "dpk/ticket", "peer=gw-b", empty, whole);
 *     s == WICK_OK ? read client.answer : see there why not;
 *
 * It is compiled into the leaf's program, as wick/port/leaf_hash.h is, with the mbedtls of
 * toolchain/mbedtls_leaf_config.h: no function of public-key crypto comes along. No archive has it; its
 * source and that file are installed below share/wick/leaf. Nothing of mbedtls shows here. One thread; no
 * object may be moved once it is in use.
 */
#include "wick/base.h"
#include "wick/coap_client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for the TLS library's structures, without what it allocates. Checked at compile time. */
#define WICK_LEAF_DTLS_LIB_BYTES 1536
/* Largest datagram. */
#define WICK_LEAF_DATAGRAM_MAX 1200
/* A question that the gateway has no time for is asked again for so long. Range 0..3600. */
#ifndef WICK_LEAF_BUSY_MAX_S
#define WICK_LEAF_BUSY_MAX_S 120
#endif

/** What carries the datagrams of a session. One that is lost is sent again. */
typedef struct wick_leaf_carrier {
    void *ctx;
    void (*send)(void *ctx, wick_span datagram);
    /** Waits for one. @return its octets in `out`; 0: none came within `timeout_ms` (0: without end) */
    size_t (*recv)(void *ctx, uint8_t *out, size_t cap, uint32_t timeout_ms);
} wick_leaf_carrier;

/** A session; begins as zeros. */
typedef struct wick_leaf_dtls {
    int error; /* what the TLS library said last, as it numbers that; 0: nothing */
    wick_leaf_carrier carrier;
    union {
        uint64_t align;
        uint8_t bytes[WICK_LEAF_DTLS_LIB_BYTES];
    } lib;
} wick_leaf_dtls;

/** Milliseconds of a clock that never goes back. */
uint64_t wick_leaf_now_ms(void);

/** Shakes hands; a session that was there ends. A flight is sent again after 1 s and 2 s more, and given
 *  up 4 s later.
 *  @param[in] psk       at most 32 bytes  @param[in] identity  who we are, to who knows the key
 *  @retval WICK_OK  @retval WICK_E_TLS refused, or given up: `error`, and no session */
WICK_NODISCARD wick_status wick_leaf_dtls_begin(wick_leaf_dtls *d, wick_span psk, wick_span identity,
                                                const wick_leaf_carrier *carrier);
/** One message. @retval WICK_OK sent, which is not arrived  @retval WICK_E_TLS */
WICK_NODISCARD wick_status wick_leaf_dtls_write(wick_leaf_dtls *d, wick_span message);
/** The next message. @param[in] timeout_ms  at least 1
 *  @retval WICK_OK  @retval WICK_E_TIMEOUT none came, or it was none for us: ask again
 *  @retval WICK_E_TLS the session has ended: `error` */
WICK_NODISCARD wick_status wick_leaf_dtls_read(wick_leaf_dtls *d, uint8_t *out, size_t cap, size_t *len,
                                               uint32_t timeout_ms);
/** Name of the cipher suite. */
const char *wick_leaf_dtls_suite(const wick_leaf_dtls *d);
/** Ends the session, if there is one, and wipes it: zeros again. */
void wick_leaf_dtls_end(wick_leaf_dtls *d);

/** A leaf and its gateway; begins as zeros. */
typedef struct wick_leaf_client {
    wick_leaf_dtls dtls;
    bool open;
    int fd;
    wick_coap_client coap;
    wick_coap_response answer; /* to the last question; its payload lives until the next. Code 0: none came */
    uint8_t datagram[WICK_LEAF_DATAGRAM_MAX];
} wick_leaf_client;

/** The session with the gateway; where nobody answers, it is tried for up to 50 s.
 *  @param[in] host, port  names or numbers  @param[in] psk, name  of the leaf
 *  @retval WICK_OK  @retval WICK_E_NET no such host  @retval WICK_E_TLS see dtls.error  @retval WICK_E_ENTROPY */
WICK_NODISCARD wick_status wick_leaf_client_open(wick_leaf_client *c, const char *host, const char *port,
                                                 wick_span psk, const char *name);
/** One question and its answer; again, where the gateway says that it is busy and for how long (5.03 with
 *  Max-Age): up to 30 times, the last time at most WICK_LEAF_BUSY_MAX_S after the first. A question is
 *  given up after 93 s without an answer.
 *  @param[in] block2  of the answer: all zeros for none
 *  @retval WICK_OK  @retval WICK_E_LEAF_REFUSED `answer` says why  @retval WICK_E_TIMEOUT no answer
 *  @retval WICK_E_TLS the session has ended  @retval others of wick_coap_client_begin() */
WICK_NODISCARD wick_status wick_leaf_client_ask(wick_leaf_client *c, uint8_t method, const char *path,
                                                const char *query, wick_span payload, wick_coap_block block2);
/** Any state. */
void wick_leaf_client_close(wick_leaf_client *c);

#ifdef __cplusplus
}
#endif
#endif
