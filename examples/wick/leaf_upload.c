/* SPDX-License-Identifier: Apache-2.0 */
/* Upload of a leaf's ticket: leaf_upload.h. */
#include "leaf_upload.h"

#include <string.h>

#define FIRST_WAIT_MS 1000u
#define LAST_WAIT_MS 16000u
#define COOKIES_MAX 3u /* anybody can write such an answer */
#define STUN_MAGIC 0x2112a442u

static wick_status draw_id(const host *h, uint32_t *id)
{
    uint8_t bytes[4];
    wick_status s = WICK_OK;
    do {
        s = h->entropy.fill(h->entropy.ctx, bytes, sizeof bytes);
        *id = wick_load_be32(bytes);
    } while (s == WICK_OK && *id == STUN_MAGIC);
    return s;
}

wick_status leaf_upload(const host *h, unsigned *sent, const wick_leaf_ticket *ticket,
                        leaf_exchange *exchange, void *ctx, uint64_t until_ms)
{
    uint8_t bytes[WICK_TICKET_BYTES], out[WICK_TICKET_UPLOAD_MAX], in[256];
    uint8_t cookie[WICK_NSL_COOKIE_BYTES];
    unsigned cookies = 0;
    uint32_t id = 0;
    uint64_t wait_ms = FIRST_WAIT_MS, now = h->clock.now_ms(h->clock.ctx), due_ms = now;
    *sent = 0;
    wick_status s = wick_ticket_from_text(bytes, ticket->text);
    s = s == WICK_OK ? draw_id(h, &id) : s;
    for (; s == WICK_OK; now = h->clock.now_ms(h->clock.ctx)) {
        wick_buf answer = wick_buf_make(in, sizeof in);
        wick_span datagram = {NULL, 0};
        if (wick_time_reached(now, until_ms)) {
            return WICK_E_TIMEOUT;
        }
        if (wick_time_reached(now, due_ms)) {
            datagram.ptr = out;
            datagram.len = wick_ticket_upload_put(out, bytes, cookies != 0 ? cookie : NULL, id);
            due_ms = now + wait_ms;
            wait_ms = wait_ms < LAST_WAIT_MS ? wait_ms * 2 : wait_ms;
            (*sent)++;
        }
        s = exchange(ctx, &answer, datagram, wick_time_min(due_ms, until_ms) - now);
        if (s == WICK_AGAIN) {
            s = WICK_OK;
            continue;
        }
        wick_status judged = s != WICK_OK
                                 ? s
                                 : wick_ticket_upload_answer(cookie, &h->crypto,
                                                             wick_buf_span(&answer), bytes,
                                                             ticket->ks, id);
        if (judged == WICK_OK) {
            return WICK_OK;
        }
        if (judged == WICK_AGAIN && cookies < COOKIES_MAX) {
            cookies++;
            due_ms = h->clock.now_ms(h->clock.ctx);
        }
    }
    return s;
}
