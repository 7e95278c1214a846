/* SPDX-License-Identifier: Apache-2.0 */
/* Retransmission: RFC 7252 section 4.2. */
#include "coap_internal.h"

uint8_t coap_empty(uint8_t out[WICK_COAP_HEADER_BYTES], wick_coap_type type, uint16_t id)
{
    out[0] = (uint8_t)((unsigned)WICK_COAP_VERSION << 6 | (unsigned)type << 4);
    out[1] = WICK_COAP_EMPTY;
    wick_store_be16(out + 2, id);
    return WICK_COAP_HEADER_BYTES;
}

wick_status coap_sending_begin(wick_coap_sending *s, const wick_hal_entropy *entropy,
                               uint64_t now_ms, uint16_t id, bool confirmable)
{
    uint8_t random[2] = {0, 0};
    wick_status st = confirmable ? entropy->fill(entropy->ctx, random, sizeof random) : WICK_OK;
    s->active = st == WICK_OK;
    s->id = id;
    s->tries = 0;
    s->due_ms = now_ms;
    /* ACK_TIMEOUT to ACK_TIMEOUT x ACK_RANDOM_FACTOR, 1.5 */
    s->gap_ms = confirmable ? ACK_TIMEOUT_MS + wick_load_be16(random) % (ACK_TIMEOUT_MS / 2 + 1) : 0;
    return st;
}

bool coap_sending_poll(wick_coap_sending *s, uint64_t *due_ms, uint64_t now_ms)
{
    if (!s->active) {
        return false;
    }
    if (!wick_time_reached(now_ms, s->due_ms)) {
        *due_ms = wick_time_min(*due_ms, s->due_ms);
        return false;
    }
    if (s->gap_ms == 0) {
        s->active = false;
        return true;
    }
    if (s->tries > MAX_RETRANSMIT) {
        s->active = false;
        return false;
    }
    s->tries++;
    s->due_ms = now_ms + s->gap_ms;
    s->gap_ms *= 2;
    return true;
}
