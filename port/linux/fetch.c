/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks and files from gateways, mirrors and local files: trustless gateway specification (IPFS),
 * section "raw blocks"; RFC 9110 section 14 for the rest of what is here in part. */
#include "wick/port/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { IDLE = 0, HTTP, LOCAL };

#define LOCAL_PREFIX "file://"
#define BLOCK_QUERY "?format=raw"

static bool is_local(const wick_fetch_source *s)
{
    return strncmp(s->url, LOCAL_PREFIX, sizeof LOCAL_PREFIX - 1) == 0;
}

wick_status wick_fetch_source_check(const wick_fetch_source *s)
{
    wick_http_url url;
    if (is_local(s)) {
        return s->kind != WICK_FETCH_FILE                       ? WICK_E_UNSUPPORTED
               : s->url[sizeof LOCAL_PREFIX - 1] != '/' ? WICK_E_MALFORMED
                                                                : WICK_OK;
    }
    wick_status status = wick_http_url_parse(&url, s->url, strlen(s->url));
    if (status != WICK_OK) {
        return status;
    }
    if (url.tls && (s->trust == NULL || (s->trust->ca_file == NULL && s->trust->pin32 == NULL))) {
        return WICK_E_TRUST_ANCHOR;
    }
    /* A CID goes behind the path: no room, or a query there, is no base. */
    if (s->kind == WICK_FETCH_GATEWAY &&
        (strchr(url.path, '?') != NULL ||
         strlen(url.path) + sizeof "/ipfs/" BLOCK_QUERY + WICK_CID_STR_BYTES > sizeof url.path)) {
        return WICK_E_MALFORMED;
    }
    return WICK_OK;
}

wick_status wick_fetch_init(wick_fetch *f, const wick_fetch_config *cfg)
{
    memset(f, 0, sizeof *f);
    f->file = -1;
    f->http.sock = -1;
    if (cfg->count == 0 || cfg->count > WICK_FETCH_SOURCES_MAX) {
        return WICK_E_CONFIG;
    }
    for (size_t i = 0; i < cfg->count; i++) {
        wick_status s = wick_fetch_source_check(&cfg->sources[i]);
        if (s != WICK_OK) {
            return s;
        }
        f->source[i] = cfg->sources[i];
    }
    f->net = cfg->net;
    f->count = cfg->count;
    f->idle_ms = cfg->idle_ms != 0 ? cfg->idle_ms : WICK_FETCH_IDLE_MS;
    f->rate_min = cfg->rate_min != 0 ? cfg->rate_min : WICK_FETCH_RATE_MIN;
    return WICK_OK;
}

void wick_fetch_cancel(wick_fetch *f)
{
    if (f->state == HTTP) {
        wick_http_cancel(&f->http);
    }
    if (f->file >= 0) {
        (void)close(f->file);
        f->file = -1;
    }
    f->state = IDLE;
}

static wick_status ended(wick_fetch *f, wick_status why)
{
    wick_fetch_cancel(f);
    return why;
}

static wick_status start_local(wick_fetch *f, const char *path, uint64_t offset)
{
    f->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (f->file < 0) {
        return errno == ENOENT ? WICK_E_NOT_FOUND : WICK_E_HAL;
    }
    f->state = LOCAL;
    if (offset > INT64_MAX || lseek(f->file, (off_t)offset, SEEK_SET) < 0) {
        return ended(f, WICK_E_HAL);
    }
    return WICK_OK;
}

/* "{base}/ipfs/{cid}?format=raw"; the base may end in a slash. It fits: wick_fetch_source_check(). */
static void block_path(wick_http_url *url, const wick_cid *cid)
{
    char text[WICK_CID_STR_BYTES];
    size_t n = strlen(url->path);
    n -= n != 0 && url->path[n - 1] == '/' ? 1 : 0;
    wick_cid_str(text, cid);
    (void)snprintf(url->path + n, sizeof url->path - n, "/ipfs/%s" BLOCK_QUERY, text);
}

wick_status wick_fetch_start(wick_fetch *f, uint64_t now_ms, unsigned source, const wick_cid *cid,
                             uint64_t offset, uint64_t max)
{
    wick_http_url url;
    wick_fetch_cancel(f);
    f->code = 0;
    f->piece = wick_span_make(f->window, 0);
    if (source >= f->count || (f->source[source].kind == WICK_FETCH_GATEWAY && cid == NULL)) {
        return WICK_E_BAD_ARG;
    }
    const wick_fetch_source *s = &f->source[source];
    f->requests++;
    f->left = max;
    f->skip = 0;
    f->quiet_ms = now_ms + f->idle_ms;
    f->slow_ms = f->quiet_ms;
    f->slow_rest = 0;
    if (is_local(s)) {
        return start_local(f, s->url + sizeof LOCAL_PREFIX - 1, offset);
    }
    wick_status status = wick_http_url_parse(&url, s->url, strlen(s->url));
    if (status != WICK_OK) {
        return status;
    }
    if (s->kind == WICK_FETCH_GATEWAY) {
        block_path(&url, cid);
    }
    wick_http_init(&f->http, f->net, &url);
    wick_http_trust(&f->http, s->trust);
    wick_http_accept(&f->http, s->kind == WICK_FETCH_GATEWAY ? "application/vnd.ipld.raw" : "*/*");
    wick_http_range(&f->http, offset);
    f->skip = offset;
    f->state = HTTP;
    status = wick_http_start(&f->http, now_ms, "GET", NULL, wick_span_make(NULL, 0), f->window,
                             sizeof f->window, UINT32_MAX); /* time is kept here */
    if (status == WICK_OK) {
        /* One byte more would be too much, whether the source begins where it was asked to or not. */
        wick_http_stream(&f->http, offset + max);
        return WICK_OK;
    }
    return ended(f, status);
}

/* Takes off what is here already, and counts the rest. */
static wick_status take(wick_fetch *f, wick_span bytes)
{
    uint64_t n = f->skip < bytes.len ? f->skip : bytes.len;
    f->skip -= n;
    bytes.ptr += n;
    bytes.len -= (size_t)n;
    if (bytes.len > f->left) {
        return WICK_E_LIMIT;
    }
    f->left -= bytes.len;
    f->rx_bytes += bytes.len;
    f->piece = bytes;
    return WICK_OK;
}

static wick_status poll_local(wick_fetch *f)
{
    /* One byte beyond the limit tells a file that is too large. */
    size_t want = f->left < sizeof f->window ? (size_t)f->left + 1 : sizeof f->window;
    ssize_t n = read(f->file, f->window, want);
    if (n < 0) {
        return errno == EINTR ? WICK_AGAIN : ended(f, WICK_E_HAL);
    }
    wick_status s = take(f, wick_span_make(f->window, (size_t)n));
    return s != WICK_OK ? ended(f, s) : n == 0 ? ended(f, WICK_OK) : WICK_AGAIN;
}

static wick_status poll_http(wick_fetch *f, uint64_t now_ms)
{
    wick_status s = wick_http_poll(&f->http, now_ms);
    f->code = f->http.code;
    if (f->code == 206) {
        f->skip = 0; /* it begins where it was asked to: wick_http_poll() has looked */
    }
    if (s != WICK_OK && s != WICK_AGAIN) {
        return ended(f, s);
    }
    if (f->http.body.len != 0) {
        f->quiet_ms = now_ms + f->idle_ms;
        f->slow_rest += f->http.body.len;
        f->slow_ms += f->slow_rest / f->rate_min * 1000u;
        f->slow_rest %= f->rate_min;
        wick_status taken = take(f, f->http.body);
        if (taken != WICK_OK) {
            return ended(f, taken);
        }
    }
    if (s == WICK_OK) {
        return ended(f, f->skip != 0 ? WICK_E_TRUNCATED : WICK_OK);
    }
    if (wick_time_reached(now_ms, f->quiet_ms) || wick_time_reached(now_ms, f->slow_ms)) {
        return ended(f, WICK_E_TIMEOUT);
    }
    return WICK_AGAIN;
}

wick_status wick_fetch_poll(wick_fetch *f, uint64_t now_ms)
{
    f->piece = wick_span_make(f->window, 0);
    if (f->state == IDLE) {
        return WICK_E_STATE;
    }
    return f->state == LOCAL ? poll_local(f) : poll_http(f, now_ms);
}

wick_sock wick_fetch_sock(const wick_fetch *f)
{
    return f->state == HTTP ? wick_http_sock(&f->http) : -1;
}

bool wick_fetch_wants_write(const wick_fetch *f)
{
    return f->state == HTTP && wick_http_wants_write(&f->http);
}

uint64_t wick_fetch_deadline(const wick_fetch *f)
{
    return wick_time_min(f->quiet_ms, f->slow_ms);
}
