/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TICKET_UPLOAD_H
#define WICK_TICKET_UPLOAD_H
/*
 * Upload of a ticket, for leaves whose (D)TLS stack takes no identity of 164 characters: the ticket
 * goes ahead in a datagram of its own, and its short identity works from then on.
 * core/psk/PROTOCOL.md section 13.4.
 *
 *     leaf                                  audience
 *       UPLOAD, ticket ---------------------->      nothing is kept, looked up or opened
 *       <---------------------- COOKIE              before the address has proved to be the sender's
 *       UPLOAD, cookie, ticket -------------->      look-up of the issuer, opening, table
 *       <---------------------- DONE                MAC under Ks: the audience has it
 *
 * Leaf (no asymmetric function behind this half):
 *
 *     wick_ticket_upload_put(out, ticket, NULL, id);            127 bytes; again after 1, 2, 4 s ...
 *     wick_ticket_upload_answer(cookie, crypto, bytes, ticket, ks, id);
 *         WICK_AGAIN: wick_ticket_upload_put(out, ticket, cookie, id), 143 bytes, and repeat that
 *         WICK_OK:    the short identity works
 *
 * Audience:
 *
 *     wick_ticket_door_init(&door, &node, now);                 cookies are those of the handshake
 *     switch (wick_ticket_door_input(&door, &up, now, bytes, &from)) {
 *     case WICK_AGAIN: send up.reply, WICK_TICKET_COOKIE_BYTES
 *     case WICK_OK:    up.ticket is from where it says; wick_ticket_door_take() before opening it,
 *                      then wick_ticket_upload_done() and send that
 *     default:         nothing is sent
 *
 * On a socket shared with others the first byte is 1 and the second WICK_TICKET_UPLOAD; the handshake
 * uses 0..4 there. Failure is silent on the wire.
 */
#include "wick/nsl.h"
#include "wick/ticket.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Second byte: what it is. */
#define WICK_TICKET_UPLOAD 0x10u
#define WICK_TICKET_COOKIE 0x11u
#define WICK_TICKET_DONE 0x12u

#define WICK_TICKET_HEADER_BYTES 8
#define WICK_TICKET_COOKIE_BYTES (WICK_TICKET_HEADER_BYTES + WICK_NSL_COOKIE_BYTES)
#define WICK_TICKET_DONE_BYTES (WICK_TICKET_HEADER_BYTES + 16)
#define WICK_TICKET_UPLOAD_BYTES (WICK_TICKET_HEADER_BYTES + WICK_TICKET_BYTES)
#define WICK_TICKET_UPLOAD_MAX (WICK_TICKET_UPLOAD_BYTES + WICK_NSL_COOKIE_BYTES)

/* ---- leaf ---- */

/**
 * Writes an upload.
 * @param[out] out     WICK_TICKET_UPLOAD_MAX bytes of room
 * @param[in]  cookie  as the audience sent it, or NULL
 * @param[in]  id      random, not 0x2112A442 (STUN); the same in all uploads of this ticket
 * @return bytes written
 */
size_t wick_ticket_upload_put(uint8_t out[WICK_TICKET_UPLOAD_MAX],
                              const uint8_t ticket[WICK_TICKET_BYTES], const uint8_t *cookie,
                              uint32_t id);

/**
 * Judges a datagram that came from the audience's address.
 * @param[out] cookie  set on WICK_AGAIN
 * @retval WICK_OK           the audience has opened the ticket: it knows Ks
 * @retval WICK_AGAIN        a cookie: send the upload with it (three times at most; anybody can
 *                           write such an answer)
 * @retval WICK_E_MALFORMED  no answer to this upload
 * @retval WICK_E_AUTH       not from who has Ks
 * @retval others            the back end's
 */
WICK_NODISCARD wick_status wick_ticket_upload_answer(uint8_t cookie[WICK_NSL_COOKIE_BYTES],
                                                     const wick_hal_crypto *crypto,
                                                     wick_span bytes,
                                                     const uint8_t ticket[WICK_TICKET_BYTES],
                                                     const uint8_t ks[WICK_TICKET_KS_BYTES],
                                                     uint32_t id);

/**
 * The confirmation, by the audience.
 * @param[out] out zeroed on error
 * @retval WICK_OK  @retval others the back end's
 */
WICK_NODISCARD wick_status wick_ticket_upload_done(uint8_t out[WICK_TICKET_DONE_BYTES],
                                                   const wick_hal_crypto *crypto,
                                                   const uint8_t ticket[WICK_TICKET_BYTES],
                                                   const uint8_t ks[WICK_TICKET_KS_BYTES],
                                                   uint32_t id);

/* ---- audience ---- */

/** What stands before the private key. Fields are private. */
typedef struct wick_ticket_door {
    wick_nsl_node *node; /* whose cookies it uses */
    wick_nsl_bucket opens, answers;
    uint64_t second_ms; /* begin of the present second of `source` */
    struct {
        wick_addr at;
        uint32_t count; /* 0: free */
    } source[WICK_TICKET_SOURCES];
} wick_ticket_door;

/** One upload. */
typedef struct wick_ticket_upload {
    uint32_t id;
    wick_ticket_head head; /* on WICK_OK; a view into the datagram */
    uint8_t reply[WICK_TICKET_COOKIE_BYTES]; /* on WICK_AGAIN */
} wick_ticket_upload;

/** `node` is initialised and outlives the door. Rates: WICK_TICKET_OPENS_PER_S, WICK_NSL_M0_PER_S. */
void wick_ticket_door_init(wick_ticket_door *d, wick_nsl_node *node, uint64_t now_ms);

/**
 * One datagram. Costs hashes only, whatever it is.
 * @retval WICK_OK             an upload whose sender is where it says to be
 * @retval WICK_AGAIN          out->reply is to be sent to `from`
 * @retval WICK_E_NSL_RATE     too many cookies in this second
 * @retval WICK_E_MALFORMED    no upload
 * @retval WICK_E_UNSUPPORTED  of another version or with keys of other types
 * @retval others              the back end's
 */
WICK_NODISCARD wick_status wick_ticket_door_input(wick_ticket_door *d, wick_ticket_upload *out,
                                                  uint64_t now_ms, wick_span bytes,
                                                  const wick_addr *from);

/** Asked before each opening, uploaded or shown in (D)TLS: WICK_TICKET_OPENS_PER_S of all, and of them
 *  WICK_TICKET_OPENS_PER_SOURCE of one source, so that one cannot keep the others out.
 *  @param[in] from  whom a cookie has reached  @return false: too many in this second */
bool wick_ticket_door_take(wick_ticket_door *d, const wick_addr *from, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
