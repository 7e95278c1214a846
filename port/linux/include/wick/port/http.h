/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_HTTP_H
#define WICK_PORT_HTTP_H
/*
 * A small HTTP/1.1 client (RFC 9112) over wick_hal_net: one request at a time, non-blocking, one
 * connection per request. Strict: a reply with both Content-Length and chunks, with two lengths, or
 * with folded header lines is refused, and so are redirects. Chunked bodies are put together.
 *
 *     wick_http_init(&h, &net, &url);
 *     s = wick_http_start(&h, now, "POST", "application/json", body, reply, sizeof reply, 5000);
 *     while ((s = wick_http_poll(&h, now)) == WICK_AGAIN) { wait for wick_http_sock(&h) }
 *     if (s == WICK_OK) ... h.body ...
 *
 * https needs wick_http_trust(): the operator's CAs, the pinned key of the server, or both. Without
 * it the request is refused. See wick/port/https.h.
 *
 * Bounds: WICK_HTTP_HEAD_MAX bytes of reply header, the caller's buffer for the body. Sizes: 18 KB,
 * and 50 KB of the pool of mbedtls during an https request.
 */
#include "wick/base.h"
#include "wick/hal/net.h"
#include "wick/port/https.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Longest header of a reply, and of a request without its body. */
#ifndef WICK_HTTP_HEAD_MAX
#define WICK_HTTP_HEAD_MAX 8192
#endif

typedef struct wick_http_url {
    char host[128];
    char path[384]; /* with the query; at least "/" */
    uint16_t port;
    bool tls;
} wick_http_url;

typedef struct wick_http { /* private but for what is marked */
    const wick_hal_net *net;
    wick_http_url url;
    wick_sock sock; /* -1: none */
    uint8_t state, chunk;
    bool chunked, sized;
    uint64_t deadline_ms;
    uint64_t left; /* bytes of body or chunk to come */
    wick_span request_body;
    char head[WICK_HTTP_HEAD_MAX];
    size_t head_len, sent;
    uint8_t *reply;
    size_t reply_cap;
    size_t line_len;
    char line[24];
    const char *accept;
    bool streaming, in_range;
    uint64_t stream_left;       /* bytes of body that may still come */
    uint64_t range_next, range; /* where the body is to begin: of the next request, of this one */
    const wick_https_trust *trust; /* NULL: no https */
    wick_https secure;

    wick_span body;    /* result: body of the reply, in the caller's buffer */
    int code;          /* result: status code, 0 before there is one */
    char fork[16];     /* result: Eth-Consensus-Version, "" if there was none */
    bool is_json;      /* result: Content-Type application/json */
    uint32_t retry_s;  /* result: Retry-After in seconds, 0 if there was none */
    wick_addr address; /* result: address of the server, once known */
} wick_http;

/** Reads "http://host[:port][/path]".
 *  @retval WICK_E_MALFORMED no such URL, or user information in it
 *  @retval WICK_E_UNSUPPORTED another scheme */
WICK_NODISCARD wick_status wick_http_url_parse(wick_http_url *out, const char *text, size_t len);

/** `net` must outlive `h`. */
void wick_http_init(wick_http *h, const wick_hal_net *net, const wick_http_url *url);

/** What https servers must show. Kept, must outlive `h`; NULL: https is refused. */
void wick_http_trust(wick_http *h, const wick_https_trust *trust);

/** Value of the Accept header of the requests that follow; kept. Default application/json. */
void wick_http_accept(wick_http *h, const char *media_type);

/**
 * Starts a request. A request under way is cancelled.
 * @param[in] body   kept until the end of the request
 * @param[in] reply  memory for the body of the reply
 * @param[in] content_type  NULL: there is no body
 * @retval WICK_E_TRUST_ANCHOR https without CA file or pinned key
 * @retval WICK_E_NO_SPACE     method and URL do not fit the header
 */
WICK_NODISCARD wick_status wick_http_start(wick_http *h, uint64_t now_ms, const char *method,
                                           const char *content_type, wick_span body,
                                           uint8_t *reply, size_t reply_cap, uint32_t timeout_ms);

/** For the next request alone: the body from this byte on. Where the server gives all of it (h->code
 *  200, not 206), the caller skips. */
void wick_http_range(wick_http *h, uint64_t from);

/** After wick_http_start(): the body comes in pieces and may be larger than its memory, which has 4096
 *  bytes at least. Whenever wick_http_poll() says WICK_AGAIN or WICK_OK, h->body is the next piece, which
 *  may be empty. Bodies of other replies than 200, and 206 where a range was asked for, are not given.
 *  @param max  bytes in all; more is WICK_E_LIMIT */
void wick_http_stream(wick_http *h, uint64_t max);

/**
 * Goes on. Call when the socket is ready, and at wick_http_deadline().
 * @retval WICK_OK           200, or 206 with the range asked for; h->body
 * @retval WICK_AGAIN        not yet
 * @retval WICK_E_HTTP       another status (h->code; h->body), a redirect, or a reply that is no HTTP
 * @retval WICK_E_HTTP_RATE  429
 * @retval WICK_E_LIMIT      the reply is larger than its memory
 * @retval WICK_E_TRUNCATED  the server closed too early
 * @retval WICK_E_TIMEOUT    @retval WICK_E_NET  @retval WICK_E_RESOLVE
 * @retval WICK_E_TLS, WICK_E_CERT_*, others as wick_https_poll()
 * @retval WICK_E_STATE      nothing was started
 */
WICK_NODISCARD wick_status wick_http_poll(wick_http *h, uint64_t now_ms);

/** Socket to wait for, -1 while the host name is being resolved (then poll again within 50 ms). */
wick_sock wick_http_sock(const wick_http *h);
/** Is it to become writable, rather than readable? */
bool wick_http_wants_write(const wick_http *h);
uint64_t wick_http_deadline(const wick_http *h);
/** Drops a request under way. */
void wick_http_cancel(wick_http *h);

#ifdef __cplusplus
}
#endif
#endif
