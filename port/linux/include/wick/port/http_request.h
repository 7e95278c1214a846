/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_HTTP_REQUEST_H
#define WICK_PORT_HTTP_REQUEST_H
/*
 * The head of an HTTP request without body (RFC 9112), as small servers meet it. Strict: what two
 * readers could understand differently is refused.
 *
 *     switch (wick_http_request_parse(&req, bytes_so_far)) {
 *     case WICK_OK:    req.method, req.path; req.len bytes belong to it
 *     case WICK_AGAIN: more has to come
 *     default:         400
 *     }
 *
 * Refused: more than WICK_HTTP_REQUEST_MAX bytes, lines that end in LF alone, control characters and
 * bytes above 126, folded lines, space before a colon, an absolute URI, no or two Host fields in HTTP/1.1,
 * any body (Content-Length other than 0, Transfer-Encoding), other versions than 1.0 and 1.1.
 */
#include "wick/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WICK_HTTP_REQUEST_MAX
#define WICK_HTTP_REQUEST_MAX 1024
#endif

typedef struct wick_http_request {
    wick_span method; /* views into the input */
    wick_span path;   /* origin form: begins with '/'; the query is part of it */
    size_t len;       /* of the head, with its empty line */
} wick_http_request;

/**
 * @retval WICK_OK
 * @retval WICK_AGAIN           the head is not whole yet
 * @retval WICK_E_MALFORMED     @retval WICK_E_UNSUPPORTED a body, or another version
 * @retval WICK_E_LIMIT         not whole after WICK_HTTP_REQUEST_MAX bytes
 */
WICK_NODISCARD wick_status wick_http_request_parse(wick_http_request *out, wick_span in);

#ifdef __cplusplus
}
#endif
#endif
