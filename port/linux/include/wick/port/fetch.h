/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WICK_PORT_FETCH_H
#define WICK_PORT_FETCH_H
/*
 * Blocks and files from sources that nobody trusts: trustless IPFS gateways
 * (`GET {base}/ipfs/{cid}?format=raw`), plain HTTP(S) mirrors and local files. One request at a time,
 * non-blocking; bytes are handed on as they come, and whoever takes them checks them (wick/unixfs.h,
 * wick/update.h).
 *
 *     wick_fetch_source sources[] = {{"https://gateway.example", WICK_FETCH_GATEWAY, &trust},
 *                                    {"http://10.0.0.7/fw.bin", WICK_FETCH_FILE, NULL}};
 *     wick_fetch_config cfg = {&net, sources, 2, 0, 0};
 *     s = wick_fetch_init(&f, &cfg);
 *     s = wick_fetch_start(&f, now, 0, &cid, offset, max);
 *     while ((s = wick_fetch_poll(&f, now)) == WICK_AGAIN) {
 *         f.piece: bytes, which may be none; then wait for wick_fetch_sock() or wick_fetch_deadline()
 *     }
 *     WICK_OK: f.piece has the last ones, and this was all
 *
 * Redirects are refused, answers without end are cut at `max` bytes, a Content-Type says nothing here. A
 * source that is silent, or slower than WICK_FETCH_RATE_MIN, is given up. Where a source ignores from
 * which byte the rest is wanted, what is here already is skipped.
 *
 * Size (64-bit): 28 KB, an https request takes as much as wick/port/http.h says.
 */
#include "wick/cid.h"
#include "wick/port/http.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WICK_FETCH_SOURCES_MAX
#define WICK_FETCH_SOURCES_MAX 16
#endif
/* A source that sends nothing for so long is given up, milliseconds, unless configured otherwise. */
#ifndef WICK_FETCH_IDLE_MS
#define WICK_FETCH_IDLE_MS 15000u
#endif
/* ... and one that after that time has sent less than this on average, bytes a second. */
#ifndef WICK_FETCH_RATE_MIN
#define WICK_FETCH_RATE_MIN 2048u
#endif

typedef enum wick_fetch_kind {
    WICK_FETCH_GATEWAY = 0, /* url is the base: blocks by CID */
    WICK_FETCH_FILE = 1     /* url is that of one file, http, https or file:///path; the CID is not sent */
} wick_fetch_kind;

typedef struct wick_fetch_source {
    const char *url;
    wick_fetch_kind kind;
    const wick_https_trust *trust; /* https; kept. NULL: https is refused */
} wick_fetch_source;

/** The sources are copied but for `trust`, the texts of their URLs are kept. */
typedef struct wick_fetch_config {
    const wick_hal_net *net;
    const wick_fetch_source *sources;
    size_t count;
    uint32_t idle_ms;  /* 0: WICK_FETCH_IDLE_MS */
    uint32_t rate_min; /* bytes a second; 0: WICK_FETCH_RATE_MIN */
} wick_fetch_config;

typedef struct wick_fetch { /* private but for `piece`, `code` and the counters */
    const wick_hal_net *net;
    wick_fetch_source source[WICK_FETCH_SOURCES_MAX];
    size_t count;
    uint32_t idle_ms, rate_min;
    uint8_t state;
    int file;           /* of a local file, -1 */
    uint64_t skip;      /* bytes to come that are here already */
    uint64_t left;      /* bytes that may come after that */
    uint64_t quiet_ms;  /* given up then, unless something comes */
    uint64_t slow_ms;   /* given up then, unless enough has come */
    uint64_t slow_rest; /* bytes that have not moved slow_ms yet */
    wick_http http;
    uint8_t window[8192];

    wick_span piece;    /* result of poll: bytes, valid until the next call */
    int code;           /* HTTP status of the last request, 0: none */
    uint64_t rx_bytes;  /* content so far */
    uint32_t requests;  /* so far */
} wick_fetch;

/** Can it be asked? @retval as wick_fetch_init() */
WICK_NODISCARD wick_status wick_fetch_source_check(const wick_fetch_source *source);

/** @retval WICK_OK
 *  @retval WICK_E_CONFIG no source, or more than WICK_FETCH_SOURCES_MAX
 *  @retval WICK_E_MALFORMED, WICK_E_UNSUPPORTED a URL, as wick_http_url_parse(); too long for a CID behind
 *          it; a gateway that is a file
 *  @retval WICK_E_TRUST_ANCHOR https without CA file and pinned key */
WICK_NODISCARD wick_status wick_fetch_init(wick_fetch *f, const wick_fetch_config *cfg);

/** Starts a request; one under way is cancelled.
 *  @param source  index
 *  @param cid     the block; of a file it is not sent and may be NULL
 *  @param offset  bytes of it that are here
 *  @param max     no more than these are wanted from there on
 *  @retval WICK_OK under way, poll
 *  @retval WICK_E_BAD_ARG no such source
 *  @retval WICK_E_NOT_FOUND, WICK_E_HAL  no such local file; it cannot be read
 *  @retval others as wick_http_start() */
WICK_NODISCARD wick_status wick_fetch_start(wick_fetch *f, uint64_t now_ms, unsigned source,
                                            const wick_cid *cid, uint64_t offset, uint64_t max);

/** Goes on. Call when the socket is ready, and at wick_fetch_deadline().
 *  @retval WICK_AGAIN    more is to come; f->piece
 *  @retval WICK_OK       this was all; f->piece
 *  @retval WICK_E_LIMIT  more than `max` bytes
 *  @retval WICK_E_TIMEOUT silent or too slow
 *  @retval WICK_E_TRUNCATED the source closed too early, or has less than is here already
 *  @retval WICK_E_STATE  nothing is under way
 *  @retval others        as wick_http_poll(), a redirect is WICK_E_HTTP; WICK_E_HAL of a local file */
WICK_NODISCARD wick_status wick_fetch_poll(wick_fetch *f, uint64_t now_ms);

/** Socket to wait for, -1: none yet, or a local file: poll again at once. */
wick_sock wick_fetch_sock(const wick_fetch *f);
bool wick_fetch_wants_write(const wick_fetch *f);
uint64_t wick_fetch_deadline(const wick_fetch *f);
void wick_fetch_cancel(wick_fetch *f);

#ifdef __cplusplus
}
#endif
#endif
