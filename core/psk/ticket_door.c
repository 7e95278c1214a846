/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands before the private key of an audience (PROTOCOL.md section 13.4): proof that a sender
 * is where it says to be, and rates. Cookies are those of the handshake, over another hash.
 */
#include "wick/ticket_upload.h"

#if WICK_WITH_TICKETS

#include <string.h>

#include "nsl_internal.h"
#include "ticket_upload_internal.h"

_Static_assert((unsigned)WICK_TICKET_COOKIE_BYTES == (unsigned)WICK_TICKET_DONE_BYTES,
               "one length for both answers");

void wick_ticket_door_init(wick_ticket_door *d, wick_nsl_node *node, uint64_t now_ms)
{
    memset(d, 0, sizeof *d);
    d->node = node;
    d->second_ms = now_ms;
    nsl_bucket_init(&d->opens, now_ms, WICK_TICKET_OPENS_PER_S);
    nsl_bucket_init(&d->answers, now_ms, WICK_NSL_M0_PER_S);
}

/* Many peers share the address of a relay; one host of IPv6 has many addresses. */
static bool is_of(const wick_ticket_door *d, const wick_addr *source, const wick_addr *from)
{
    return nsl_is_relay(d->node, from) ? wick_addr_equal(source, from)
                                       : wick_addr_same_net(source, from);
}

/* Who has asked least makes room: one who has had his share is not forgotten for a newcomer. */
static uint32_t *count_of(wick_ticket_door *d, const wick_addr *from)
{
    size_t least = 0;
    for (size_t i = 0; i < WICK_TICKET_SOURCES; i++) {
        if (d->source[i].count != 0 && is_of(d, &d->source[i].at, from)) {
            return &d->source[i].count;
        }
        least = d->source[i].count < d->source[least].count ? i : least;
    }
    d->source[least].at = *from;
    d->source[least].count = 0;
    return &d->source[least].count;
}

bool wick_ticket_door_take(wick_ticket_door *d, const wick_addr *from, uint64_t now_ms)
{
    if (wick_time_reached(now_ms, d->second_ms + 1000u)) {
        memset(d->source, 0, sizeof d->source);
        d->second_ms = now_ms;
    }
    uint32_t *count = count_of(d, from);
    if (*count >= WICK_TICKET_OPENS_PER_SOURCE || !nsl_bucket_take(&d->opens, now_ms)) {
        return false;
    }
    (*count)++;
    return true;
}

/* Header, flags and exact length; the ticket stands at its end. */
static wick_status parse(wick_ticket_upload *out, const uint8_t **cookie, wick_span bytes)
{
    if (bytes.len < WICK_TICKET_UPLOAD_BYTES || bytes.ptr[0] != WICK_NSL_VERSION ||
        bytes.ptr[1] != WICK_TICKET_UPLOAD || (bytes.ptr[3] & ~TICKET_FLAG_COOKIE) != 0) {
        return WICK_E_MALFORMED;
    }
    const bool has_cookie = bytes.ptr[3] != 0;
    const size_t at = WICK_TICKET_HEADER_BYTES + (has_cookie ? WICK_NSL_COOKIE_BYTES : 0u);
    out->id = wick_load_be32(bytes.ptr + 4);
    if (bytes.len != at + WICK_TICKET_BYTES || out->id == NSL_STUN_COOKIE) {
        return WICK_E_MALFORMED;
    }
    if (bytes.ptr[2] != WICK_TICKET_SUITE) {
        return WICK_E_UNSUPPORTED;
    }
    *cookie = has_cookie ? bytes.ptr + WICK_TICKET_HEADER_BYTES : NULL;
    return wick_ticket_parse(&out->head, wick_span_make(bytes.ptr + at, WICK_TICKET_BYTES));
}

/* Over the upload as it is without a cookie. */
static wick_status hash_upload(const wick_ticket_door *d, uint8_t hash[32],
                               const wick_ticket_upload *up)
{
    static const char label[] = "dpk ticket cookie"; /* with its zero byte */
    uint8_t header[WICK_TICKET_HEADER_BYTES];
    const wick_span parts[] = {wick_span_make((const uint8_t *)label, sizeof label),
                               NSL_SPAN(header),
                               wick_span_make(up->head.bytes, WICK_TICKET_BYTES)};

    ticket_header_put(header, WICK_TICKET_UPLOAD, 0, up->id);
    return nsl_hash(d->node->cfg.crypto, hash, parts, 3);
}

wick_status wick_ticket_door_input(wick_ticket_door *d, wick_ticket_upload *out, uint64_t now_ms,
                                   wick_span bytes, const wick_addr *from)
{
    const uint8_t *cookie = NULL;
    uint8_t hash[32];

    memset(out, 0, sizeof *out);
    wick_status st = parse(out, &cookie, bytes);
    if (st == WICK_OK) {
        st = hash_upload(d, hash, out);
    }
    if (st != WICK_OK) {
        return st;
    }
    if (cookie != NULL) {
        st = nsl_cookie_check(d->node, cookie, now_ms, from, hash);
        if (st != WICK_E_AUTH) {
            return st;
        }
    }
    if (!nsl_bucket_take(&d->answers, now_ms)) {
        return WICK_E_NSL_RATE;
    }
    ticket_header_put(out->reply, WICK_TICKET_COOKIE, 0, out->id);
    st = nsl_cookie_make(d->node, out->reply + WICK_TICKET_HEADER_BYTES, now_ms, from, hash);
    return st == WICK_OK ? WICK_AGAIN : st;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_ticket_door_is_off;
#endif
