/* SPDX-License-Identifier: Apache-2.0 */
/* The leaf's side of an upload, and its confirmation (PROTOCOL.md section 13.4): symmetric only. */
#include "wick/ticket_upload.h"

#if WICK_WITH_TICKETS

#include <string.h>

#include "ticket_upload_internal.h"
#include "wick/hkdf.h"

void ticket_header_put(uint8_t out[WICK_TICKET_HEADER_BYTES], unsigned type, unsigned flags,
                       uint32_t id)
{
    out[0] = WICK_NSL_VERSION;
    out[1] = (uint8_t)type;
    out[2] = WICK_TICKET_SUITE;
    out[3] = (uint8_t)flags;
    wick_store_be32(out + 4, id);
}

size_t wick_ticket_upload_put(uint8_t out[WICK_TICKET_UPLOAD_MAX],
                              const uint8_t ticket[WICK_TICKET_BYTES], const uint8_t *cookie,
                              uint32_t id)
{
    size_t at = WICK_TICKET_HEADER_BYTES;

    ticket_header_put(out, WICK_TICKET_UPLOAD, cookie != NULL ? TICKET_FLAG_COOKIE : 0, id);
    if (cookie != NULL) {
        memcpy(out + at, cookie, WICK_NSL_COOKIE_BYTES);
        at += WICK_NSL_COOKIE_BYTES;
    }
    memcpy(out + at, ticket, WICK_TICKET_BYTES);
    return at + WICK_TICKET_BYTES;
}

/* MAC of who has Ks over this header and this ticket. */
static wick_status done_mac(uint8_t mac[32], const wick_hal_crypto *crypto,
                            const uint8_t header[WICK_TICKET_HEADER_BYTES],
                            const uint8_t ticket[WICK_TICKET_BYTES],
                            const uint8_t ks[WICK_TICKET_KS_BYTES])
{
    static const char text[] = "dpk ticket done";
    const wick_span label = wick_span_make((const uint8_t *)text, sizeof text);
    uint8_t secret[32], message[WICK_TICKET_HEADER_BYTES + 32];
    wick_hash_ctx h;

    memcpy(message, header, WICK_TICKET_HEADER_BYTES);
    memset(&h, 0, sizeof h);
    wick_status st = crypto->hash_begin(crypto->ctx, &h, WICK_HASH_SHA256);
    if (st == WICK_OK) {
        st = crypto->hash_update(crypto->ctx, &h, ticket, WICK_TICKET_BYTES);
    }
    if (st == WICK_OK) {
        st = crypto->hash_finish(crypto->ctx, &h, message + WICK_TICKET_HEADER_BYTES);
    }
    crypto->hash_free(crypto->ctx, &h);
    if (st == WICK_OK) {
        st = wick_hkdf_expand(crypto, secret, sizeof secret, ks, &label, 1);
    }
    if (st == WICK_OK) {
        st = wick_hmac_once(crypto, mac, WICK_HASH_SHA256, wick_span_make(secret, sizeof secret),
                            wick_span_make(message, sizeof message));
    }
    wick_wipe(secret, sizeof secret);
    return st;
}

wick_status wick_ticket_upload_done(uint8_t out[WICK_TICKET_DONE_BYTES],
                                    const wick_hal_crypto *crypto,
                                    const uint8_t ticket[WICK_TICKET_BYTES],
                                    const uint8_t ks[WICK_TICKET_KS_BYTES], uint32_t id)
{
    uint8_t mac[32];

    ticket_header_put(out, WICK_TICKET_DONE, 0, id);
    wick_status st = done_mac(mac, crypto, out, ticket, ks);
    if (st != WICK_OK) {
        memset(out, 0, WICK_TICKET_DONE_BYTES);
        return st;
    }
    memcpy(out + WICK_TICKET_HEADER_BYTES, mac, 16);
    return WICK_OK;
}

wick_status wick_ticket_upload_answer(uint8_t cookie[WICK_NSL_COOKIE_BYTES],
                                      const wick_hal_crypto *crypto, wick_span bytes,
                                      const uint8_t ticket[WICK_TICKET_BYTES],
                                      const uint8_t ks[WICK_TICKET_KS_BYTES], uint32_t id)
{
    uint8_t header[WICK_TICKET_HEADER_BYTES], mac[32];

    memset(cookie, 0, WICK_NSL_COOKIE_BYTES);
    if (bytes.len != WICK_TICKET_DONE_BYTES) {
        return WICK_E_MALFORMED;
    }
    ticket_header_put(header, bytes.ptr[1], 0, id);
    if (memcmp(header, bytes.ptr, sizeof header) != 0) {
        return WICK_E_MALFORMED;
    }
    if (bytes.ptr[1] == WICK_TICKET_COOKIE) {
        memcpy(cookie, bytes.ptr + WICK_TICKET_HEADER_BYTES, WICK_NSL_COOKIE_BYTES);
        return WICK_AGAIN;
    }
    if (bytes.ptr[1] != WICK_TICKET_DONE) {
        return WICK_E_MALFORMED;
    }
    wick_status st = done_mac(mac, crypto, header, ticket, ks);
    if (st != WICK_OK) {
        return st;
    }
    return wick_ct_equal(mac, bytes.ptr + WICK_TICKET_HEADER_BYTES, 16) ? WICK_OK : WICK_E_AUTH;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_ticket_upload_is_off;
#endif
