/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_COAP_SERVER_H
#define WICK_COAP_SERVER_H
/*
 * The server's side of CoAP exchanges with one client (RFC 7252 section 4): duplicates, answers at
 * once and later, retransmission. One wick_coap_server is one endpoint of a client, for example one
 * DTLS session, so nobody takes another client's place.
 *
 *     wick_coap_server_init(&srv, &entropy);
 *     s = wick_coap_server_input(&srv, &req, &exchange, now, datagram);
 *     if (s == WICK_OK) {                        a request that has not been seen before
 *         s = wick_coap_server_answer(&srv, now, exchange, &response);      now or later
 *     }
 *     wick_coap_server_poll(&srv, &out, now);    SEND until WAIT
 *
 * A request is given to the caller once, however often it comes: what is repeated gets the same
 * answer again while that is kept, else none. That holds for EXCHANGE_LIFETIME and the last
 * WICK_COAP_SEEN requests; more than 64 records behind, DTLS drops what is delayed. WICK_COAP_EXCHANGES
 * are under way at most, one more is answered 5.03 with a Max-Age.
 *
 * What is refused here, with the answer for a CON and silence for a NON: a critical option that is
 * unknown (4.02), proxying (5.05), bodies in blocks (4.13), too many segments (4.00). Messages of a
 * broken format, responses and empty confirmable messages ("ping") get RST.
 *
 * Sizes: 3.0 KB with two exchanges. Stack below 300 bytes.
 */
#include "wick/coap.h"
#include "wick/hal/entropy.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Requests remembered by their message id. */
#define WICK_COAP_SEEN 64

/** A message of one's own, sent again until it is acknowledged. Private. */
typedef struct wick_coap_sending {
    uint64_t due_ms;
    uint32_t gap_ms; /* to the next time, 0: not confirmable */
    uint16_t id;
    uint8_t tries;
    bool active;
    size_t len;
    uint8_t bytes[WICK_COAP_MESSAGE_MAX];
} wick_coap_sending;

/** A request, and its answer. Private. */
typedef struct wick_coap_exchange {
    uint8_t state;
    bool confirmable;
    uint16_t id;
    uint8_t token_len;
    uint8_t token[WICK_COAP_TOKEN_MAX];
    uint64_t ack_ms, until_ms;
    wick_coap_sending answer;
} wick_coap_exchange;

typedef struct wick_coap_server { /* private */
    const wick_hal_entropy *entropy;
    uint16_t next_id;
    uint8_t seen_at;
    struct {
        uint32_t at_s;
        uint16_t id;
        bool used;
    } seen[WICK_COAP_SEEN];
    uint8_t reply_len;
    uint8_t reply[24]; /* an empty message, or 5.03 */
    wick_coap_exchange exchange[WICK_COAP_EXCHANGES];
} wick_coap_server;

/** @retval WICK_OK  @retval WICK_E_ENTROPY no first message id */
WICK_NODISCARD wick_status wick_coap_server_init(wick_coap_server *s,
                                                 const wick_hal_entropy *entropy);

/**
 * One datagram.
 * @param[out] r         the request: views into the datagram
 * @param[out] exchange  names it in wick_coap_server_answer()
 * @retval WICK_OK       a new request
 * @retval WICK_AGAIN    taken, nothing for the caller: a duplicate, an acknowledgement, a refusal
 * @retval others        as wick_coap_decode(): dropped, or answered by RST
 */
WICK_NODISCARD wick_status wick_coap_server_input(wick_coap_server *s, wick_coap_request *r,
                                                  uint8_t *exchange, uint64_t now_ms,
                                                  wick_span datagram);

/**
 * Answers a request: with the acknowledgement if that is not out yet, else in a message of its own.
 * @retval WICK_OK          poll gives it
 * @retval WICK_E_STATE     no such request, or answered already
 * @retval WICK_E_NO_SPACE  longer than WICK_COAP_MESSAGE_MAX; the request still waits
 */
WICK_NODISCARD wick_status wick_coap_server_answer(wick_coap_server *s, uint64_t now_ms,
                                                   uint8_t exchange, const wick_coap_response *r);

/** SEND (`to` is not set) or WAIT. */
void wick_coap_server_poll(wick_coap_server *s, wick_out *out, uint64_t now_ms);

/** Forgets all exchanges; answers hold secrets. */
void wick_coap_server_wipe(wick_coap_server *s);

#ifdef __cplusplus
}
#endif
#endif
