/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Return routability, as RFC 9175 section 2.4 (3) has it: a request without a
 * good Echo is answered 4.01 with one, which is made of the sender's address,
 * the time and a secret. Nothing is kept, so a flood from addresses that are
 * not the sender's takes nobody's place and costs no look at the chain; and the
 * answer is shorter than a question.
 */
#include <string.h>

#include "attestor.h"
#include "wick/hmac.h"

#define TIME_BYTES 4u
#define MAC_BYTES 12u
#define ECHO_BYTES (TIME_BYTES + MAC_BYTES)
/* An Echo is good in the period of its making and in the next. */
#define PERIOD_MS 64000u

static wick_status mac(uint8_t out[32], const attestor *a, const char *label, const uint8_t *of,
                       size_t len)
{
    uint8_t message[64];
    size_t at = strlen(label);
    memcpy(message, label, at);
    memcpy(message + at, of, len);
    return wick_hmac_once(&a->h.crypto, out, WICK_HASH_SHA256,
                          wick_span_make(a->secret, sizeof a->secret),
                          wick_span_make(message, at + len));
}

wick_status attestor_n1(uint8_t n1[32], const attestor *a, const uint8_t digest[32])
{
    return mac(n1, a, "N1", digest, 32);
}

static wick_status echo_of(uint8_t echo[ECHO_BYTES], const attestor *a, const wick_addr *from,
                           uint32_t period)
{
    uint8_t of[TIME_BYTES + 18], tag[32];
    wick_store_be32(of, period);
    memcpy(of + TIME_BYTES, from->ip, 16);
    wick_store_be16(of + TIME_BYTES + 16, from->port);
    wick_status s = mac(tag, a, "Echo", of, sizeof of);
    memcpy(echo, of, TIME_BYTES);
    memcpy(echo + TIME_BYTES, tag, MAC_BYTES);
    return s;
}

static bool is_good(const attestor *a, const wick_addr *from, uint32_t period, wick_span echo)
{
    uint8_t want[ECHO_BYTES];
    if (echo.len != sizeof want) {
        return false;
    }
    uint32_t made = wick_load_be32(echo.ptr);
    return (made == period || made == period - 1u) && echo_of(want, a, from, made) == WICK_OK &&
           wick_ct_equal(want, echo.ptr, sizeof want);
}

bool attestor_is_routable(attestor *a, wick_buf *answer, const wick_addr *from, wick_span datagram)
{
    wick_coap_msg m;
    wick_coap_request r;
    wick_coap_build b;
    uint8_t echo[ECHO_BYTES];
    uint32_t period = (uint32_t)(attestor_now(a) / PERIOD_MS);
    if (wick_coap_decode(&m, datagram) != WICK_OK || !wick_coap_is_request(&m) ||
        wick_coap_request_read(&r, &m) != 0) {
        return false; /* what is none, or asks for what is not here, is worth no
                         answer to an address */
    }
    if (is_good(a, from, period, r.echo)) {
        return true;
    }
    if (m.type != WICK_COAP_CON || echo_of(echo, a, from, period) != WICK_OK) {
        return false;
    }
    wick_coap_begin(&b, answer, WICK_COAP_ACK, WICK_COAP_UNAUTHORIZED, m.id,
                    wick_span_make(m.token, m.token_len));
    wick_coap_put(&b, WICK_COAP_ECHO, wick_span_make(echo, sizeof echo));
    if (wick_coap_end(&b) != WICK_OK || answer->len > datagram.len) {
        answer->len = 0; /* nobody is sent more than he seems to have sent */
    }
    return false;
}
