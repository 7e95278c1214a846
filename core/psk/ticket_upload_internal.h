/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_TICKET_UPLOAD_INTERNAL_H
#define WICK_TICKET_UPLOAD_INTERNAL_H
/* Between the leaf's side of an upload and the audience's. */
#include "wick/ticket_upload.h"

#define TICKET_FLAG_COOKIE 0x01u

void ticket_header_put(uint8_t out[WICK_TICKET_HEADER_BYTES], unsigned type, unsigned flags,
                       uint32_t id);

#endif
