/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_COAP_INTERNAL_H
#define WICK_COAP_INTERNAL_H
/* What server and client share: times of RFC 7252 section 4.8, and a message that is sent again. */
#include "wick/coap_server.h"

#include <string.h>

#define ACK_TIMEOUT_MS 2000u
#define MAX_RETRANSMIT 4u
#define MAX_TRANSMIT_WAIT_MS 93000u
#define EXCHANGE_LIFETIME_MS 247000u

static inline wick_span coap_token(const uint8_t *token, size_t len)
{
    return wick_span_make(token, len);
}

/** An empty message: ACK or RST. @return its length */
uint8_t coap_empty(uint8_t out[WICK_COAP_HEADER_BYTES], wick_coap_type type, uint16_t id);

/** The message in s->bytes goes out, and again unless it is not confirmable. */
WICK_NODISCARD wick_status coap_sending_begin(wick_coap_sending *s, const wick_hal_entropy *entropy,
                                              uint64_t now_ms, uint16_t id, bool confirmable);

/** @return true: it is to be sent now. Else *due_ms comes next; s->active is false once it is given up
 *  or was sent for the only time. */
bool coap_sending_poll(wick_coap_sending *s, uint64_t *due_ms, uint64_t now_ms);

#endif
