/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_LEAF_UPLOAD_H
#define WICK_LEAF_UPLOAD_H
/*
 * A leaf's ticket goes ahead of its session (wick/ticket_upload.h), for (D)TLS stacks that take no
 * identity of 164 characters: its short identity works from then on. How a datagram gets to the
 * audience and back is the caller's affair.
 */
#include "host.h"
#include "wick/leaf_answer.h"
#include "wick/ticket_upload.h"

/** One datagram to the audience, none if it is empty, and the next one from there, with at most `wait_ms`
 *  between. @retval WICK_OK  @retval WICK_AGAIN nothing came in that time
 *  @retval others  no use in trying again */
typedef wick_status leaf_exchange(void *ctx, wick_buf *answer, wick_span datagram,
                                  uint64_t wait_ms);

/**
 * Uploads the ticket, again after 1, 2, 4 ... s: the audience may have to read the issuer's record.
 * @param[out] sent  datagrams that it took
 * @retval WICK_OK         the audience has the ticket, and has shown that it knows its key
 * @retval WICK_E_TIMEOUT  it has not by `until_ms`: refused, which nobody says, or not reached
 * @retval others          as wick_ticket_from_text(), or of `exchange`
 */
WICK_NODISCARD wick_status leaf_upload(const host *h, unsigned *sent, const wick_leaf_ticket *ticket,
                                       leaf_exchange *exchange, void *ctx, uint64_t until_ms);

#endif
