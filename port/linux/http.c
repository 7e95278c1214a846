/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 client, RFC 9112. Strict where two readings of a reply are possible. */
#include "wick/port/http.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { IDLE = 0, RESOLVE, SECURE, SEND_HEAD, SEND_BODY, HEAD, BODY, ENDED };
enum { SIZE = 0, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, LAST_LF };

#define TRAILER_MAX 1024

static bool is_token(char c)
{
    return c > 0x20 && c < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", c) == NULL;
}

static char lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c + 32) : c;
}

static bool same_word(const char *text, size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++) {
        if (word[i] == '\0' || lower(text[i]) != word[i]) {
            return false;
        }
    }
    return word[len] == '\0';
}

wick_status wick_http_url_parse(wick_http_url *out, const char *text, size_t len)
{
    size_t at, end, port_at;
    unsigned long port = 0;
    memset(out, 0, sizeof *out);
    if (len > 7 && same_word(text, 7, "http://")) {
        at = 7;
        out->port = 80;
    } else if (len > 8 && same_word(text, 8, "https://")) {
        at = 8;
        out->port = 443;
        out->tls = true;
    } else {
        return memchr(text, ':', len) != NULL ? WICK_E_UNSUPPORTED : WICK_E_MALFORMED;
    }
    for (end = at; end < len && text[end] != '/' && text[end] != '?'; end++) {
        char c = text[end];
        if (c <= 0x20 || c >= 0x7f || c == '@' || c == '#' || c == '\\') {
            return WICK_E_MALFORMED;
        }
    }
    port_at = end;
    if (at < end && text[at] == '[') { /* IPv6 literal, RFC 3986 3.2.2 */
        const char *close = (const char *)memchr(text + at, ']', end - at);
        if (close == NULL) {
            return WICK_E_MALFORMED;
        }
        port_at = (size_t)(close - text) + 1;
    } else {
        const char *colon = (const char *)memchr(text + at, ':', end - at);
        if (colon != NULL) {
            port_at = (size_t)(colon - text);
        }
    }
    if (port_at == at || port_at - at >= sizeof out->host) {
        return WICK_E_MALFORMED;
    }
    memcpy(out->host, text + at, port_at - at);
    if (port_at != end) {
        if (text[port_at] != ':' || end - port_at < 2 || end - port_at > 6) {
            return WICK_E_MALFORMED;
        }
        for (size_t i = port_at + 1; i < end; i++) {
            if (text[i] < '0' || text[i] > '9') {
                return WICK_E_MALFORMED;
            }
            port = port * 10 + (unsigned long)(text[i] - '0');
        }
        if (port == 0 || port > 65535) {
            return WICK_E_MALFORMED;
        }
        out->port = (uint16_t)port;
    }
    size_t n = 0;
    if (end == len || text[end] != '/') {
        out->path[n++] = '/';
    }
    for (; end < len; end++) {
        char c = text[end];
        if (c <= 0x20 || c >= 0x7f || c == '#' || n + 1 >= sizeof out->path) {
            return WICK_E_MALFORMED;
        }
        out->path[n++] = c;
    }
    return WICK_OK;
}

void wick_http_init(wick_http *h, const wick_hal_net *net, const wick_http_url *url)
{
    memset(h, 0, sizeof *h);
    h->net = net;
    h->url = *url;
    h->sock = -1;
    h->accept = "application/json";
}

void wick_http_trust(wick_http *h, const wick_https_trust *trust)
{
    h->trust = trust;
}

void wick_http_accept(wick_http *h, const char *media_type)
{
    h->accept = media_type;
}

void wick_http_range(wick_http *h, uint64_t from)
{
    h->range_next = from;
}

void wick_http_stream(wick_http *h, uint64_t max)
{
    h->streaming = true;
    h->stream_left = max;
}

void wick_http_cancel(wick_http *h)
{
    if (h->url.tls) {
        wick_https_end(&h->secure);
    }
    if (h->net != NULL && h->sock >= 0) {
        h->net->close(h->net->ctx, h->sock);
        h->sock = -1;
    }
    h->state = IDLE;
}

static wick_status end_with(wick_http *h, wick_status status)
{
    wick_http_cancel(h);
    h->state = ENDED;
    return status;
}

wick_status wick_http_start(wick_http *h, uint64_t now_ms, const char *method,
                            const char *content_type, wick_span body, uint8_t *reply,
                            size_t reply_cap, uint32_t timeout_ms)
{
    char port[8] = "", about[96] = "", range[48] = "";
    wick_http_cancel(h);
    h->code = 0;
    h->fork[0] = '\0';
    h->is_json = false;
    h->retry_s = 0;
    h->body = wick_span_make(reply, 0);
    if (h->url.tls && (h->trust == NULL ||
                       (h->trust->ca_file == NULL && h->trust->pin32 == NULL))) {
        return WICK_E_TRUST_ANCHOR;
    }
    if (h->url.port != (h->url.tls ? 443 : 80)) {
        (void)snprintf(port, sizeof port, ":%u", (unsigned)h->url.port);
    }
    if (content_type != NULL) {
        (void)snprintf(about, sizeof about, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                       content_type, body.len);
    }
    h->range = h->range_next;
    h->range_next = 0;
    h->streaming = h->in_range = false;
    if (h->range != 0) {
        (void)snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-\r\n", h->range);
    }
    int n = snprintf(h->head, sizeof h->head,
                     "%s %s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: wick\r\nAccept: %s\r\n"
                     "%s%sConnection: close\r\n\r\n",
                     method, h->url.path, h->url.host, port, h->accept, range, about);
    if (n < 0 || (size_t)n >= sizeof h->head) {
        return WICK_E_NO_SPACE;
    }
    h->head_len = (size_t)n;
    h->request_body = body;
    h->reply = reply;
    h->reply_cap = reply_cap;
    h->deadline_ms = now_ms + timeout_ms;
    h->sent = 0;
    h->left = 0;
    h->chunked = h->sized = false;
    h->chunk = SIZE;
    h->line_len = 0;
    h->state = RESOLVE;
    return WICK_OK;
}

/* ---- reply: header ---- */

/* A value as text, "" if it is too long. */
static void keep_text(char *out, size_t cap, const char *text, size_t len)
{
    size_t n = len < cap ? len : 0;
    memcpy(out, text, n);
    out[n] = '\0';
}

/* "bytes 512-1023/2048": does the body begin where it was asked to? */
static bool is_range(const char *value, size_t len, uint64_t from)
{
    uint64_t at = 0;
    size_t i = 6;
    if (len < 8 || !same_word(value, 6, "bytes ")) {
        return false;
    }
    for (; i < len && i < 24 && value[i] >= '0' && value[i] <= '9'; i++) {
        at = at * 10 + (uint64_t)(value[i] - '0');
    }
    return i > 6 && i < len && value[i] == '-' && at == from;
}

/* Fields that say something about the body, beside those that say where it ends. */
static void read_about(wick_http *h, const char *line, size_t name, size_t value, size_t end)
{
    static const char json[] = "application/json";
    if (same_word(line, name, "eth-consensus-version")) {
        keep_text(h->fork, sizeof h->fork, line + value, end - value);
    } else if (same_word(line, name, "content-type")) {
        size_t n = sizeof json - 1;
        h->is_json = end - value >= n && same_word(line + value, n, json) &&
                     (end - value == n || line[value + n] == ';' || line[value + n] == ' ');
    } else if (same_word(line, name, "content-range")) {
        h->in_range = is_range(line + value, end - value, h->range);
    } else if (same_word(line, name, "retry-after") && end - value <= 6) {
        uint32_t v = 0;
        for (size_t i = value; i < end; i++) {
            if (line[i] < '0' || line[i] > '9') {
                return; /* a date */
            }
            v = v * 10 + (uint32_t)(line[i] - '0');
        }
        h->retry_s = v;
    }
}

/* One field line. Two of them say where the body ends. */
static wick_status read_field(wick_http *h, const char *line, size_t len)
{
    size_t name = 0, value, end = len;
    while (name < len && is_token(line[name])) {
        name++;
    }
    if (name == 0 || name == len || line[name] != ':') {
        return WICK_E_HTTP; /* folded line, space before the colon, or no field at all */
    }
    for (value = name + 1; value < len && (line[value] == ' ' || line[value] == '\t'); value++) {
    }
    while (end > value && (line[end - 1] == ' ' || line[end - 1] == '\t')) {
        end--;
    }
    for (size_t i = value; i < end; i++) {
        if ((unsigned char)line[i] < 0x20 && line[i] != '\t') {
            return WICK_E_HTTP;
        }
    }
    if (same_word(line, name, "content-length")) {
        uint64_t v = 0;
        if (h->sized || h->chunked || end == value || end - value > 18) {
            return WICK_E_HTTP;
        }
        for (size_t i = value; i < end; i++) {
            if (line[i] < '0' || line[i] > '9') {
                return WICK_E_HTTP;
            }
            v = v * 10 + (uint64_t)(line[i] - '0');
        }
        h->sized = true;
        h->left = v;
    } else if (same_word(line, name, "transfer-encoding")) {
        if (h->sized || h->chunked || !same_word(line + value, end - value, "chunked")) {
            return WICK_E_HTTP;
        }
        h->chunked = true;
    } else {
        read_about(h, line, name, value, end);
    }
    return WICK_OK;
}

/* The whole header stands in h->head, up to and with the empty line. */
static wick_status read_head(wick_http *h)
{
    const char *p = h->head;
    size_t len = h->head_len, at = 0;
    if (len < 14 || memcmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1') || p[8] != ' ' ||
        p[9] < '1' || p[9] > '5' || p[10] < '0' || p[10] > '9' || p[11] < '0' || p[11] > '9' ||
        (p[12] != ' ' && p[12] != '\r')) {
        return WICK_E_HTTP;
    }
    h->code = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    bool first = true;
    while (at < len) {
        const char *lf = (const char *)memchr(p + at, '\n', len - at);
        size_t end = lf != NULL ? (size_t)(lf - p) : len;
        if (lf == NULL || end == at || p[end - 1] != '\r') {
            return WICK_E_HTTP;
        }
        size_t n = end - 1 - at;
        if (!first && n != 0) {
            wick_status s = read_field(h, p + at, n);
            if (s != WICK_OK) {
                return s;
            }
        }
        first = false;
        at = end + 1;
    }
    if (h->sized && h->left > (h->streaming ? h->stream_left : h->reply_cap)) {
        return WICK_E_LIMIT;
    }
    return WICK_OK;
}

/* ---- reply: body ---- */

static wick_status put_body(wick_http *h, const uint8_t *data, size_t len)
{
    if (len > h->reply_cap - h->body.len || (h->streaming && len > h->stream_left)) {
        return WICK_E_LIMIT;
    }
    h->stream_left -= h->streaming ? len : 0;
    memcpy(h->reply + h->body.len, data, len);
    h->body.len += len;
    return WICK_OK;
}

static int hex_value(char c)
{
    c = lower(c);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

/* Line of a chunk's size, without its end: digits, then possibly an extension. */
static wick_status chunk_size(wick_http *h)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < h->line_len && hex_value(h->line[i]) >= 0; i++) {
        if (i == 8) {
            return WICK_E_LIMIT;
        }
        v = v * 16 + (uint64_t)hex_value(h->line[i]);
    }
    if (i == 0 || (i < h->line_len && h->line[i] != ';' && h->line[i] != ' ')) {
        return WICK_E_HTTP;
    }
    h->left = v;
    return WICK_OK;
}

/* One octet of the framing between chunks. WICK_OK: the body is complete. */
static wick_status chunk_octet(wick_http *h, char c)
{
    wick_status s;
    switch (h->chunk) {
    case SIZE:
        if (c == '\r') {
            h->chunk = SIZE_LF;
        } else if (c == '\n' || h->line_len == sizeof h->line) {
            return WICK_E_HTTP;
        } else {
            h->line[h->line_len++] = c;
        }
        return WICK_AGAIN;
    case SIZE_LF:
        s = c == '\n' ? chunk_size(h) : WICK_E_HTTP;
        h->line_len = 0;
        if (s != WICK_OK) {
            return s;
        }
        h->chunk = h->left != 0 ? DATA : TRAILER;
        return WICK_AGAIN;
    case DATA_CR:
        h->chunk = DATA_LF;
        return c == '\r' ? WICK_AGAIN : WICK_E_HTTP;
    case DATA_LF:
        h->chunk = SIZE;
        return c == '\n' ? WICK_AGAIN : WICK_E_HTTP;
    case TRAILER:
        if (c == '\r') {
            h->chunk = h->line_len == 0 ? LAST_LF : TRAILER_LF;
        } else if (c == '\n' || ++h->line_len > TRAILER_MAX) {
            return WICK_E_HTTP;
        }
        return WICK_AGAIN;
    case TRAILER_LF:
        h->chunk = TRAILER;
        h->line_len = 0;
        if (++h->left > 16) { /* trailer lines */
            return WICK_E_HTTP;
        }
        return c == '\n' ? WICK_AGAIN : WICK_E_HTTP;
    default: /* LAST_LF */
        return c == '\n' ? WICK_OK : WICK_E_HTTP;
    }
}

/* WICK_OK: complete; WICK_AGAIN: more is to come. */
static wick_status read_body(wick_http *h, const uint8_t *data, size_t len)
{
    size_t at = 0;
    if (!h->chunked) {
        if (h->sized && len > h->left) {
            return WICK_E_HTTP; /* more than was announced */
        }
        wick_status s = put_body(h, data, len);
        h->left -= h->sized ? len : 0;
        return s != WICK_OK ? s : (h->sized && h->left == 0) ? WICK_OK : WICK_AGAIN;
    }
    while (at < len) {
        if (h->chunk == DATA) {
            size_t n = h->left < len - at ? (size_t)h->left : len - at;
            wick_status s = put_body(h, data + at, n);
            if (s != WICK_OK) {
                return s;
            }
            at += n;
            h->left -= n;
            if (h->left == 0) {
                h->chunk = DATA_CR;
            }
            continue;
        }
        wick_status s = chunk_octet(h, (char)data[at++]);
        if (s == WICK_OK) {
            return at == len ? WICK_OK : WICK_E_HTTP;
        }
        if (s != WICK_AGAIN) {
            return s;
        }
    }
    return WICK_AGAIN;
}

static wick_status verdict(const wick_http *h)
{
    if (h->code == 200 || (h->code == 206 && h->range != 0 && h->in_range)) {
        return WICK_OK;
    }
    return h->code == 429 ? WICK_E_HTTP_RATE : WICK_E_HTTP;
}

/* Octets of the reply. */
static wick_status take(wick_http *h, const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (h->state == HEAD && at < len) {
        if (h->head_len == sizeof h->head) {
            return WICK_E_HTTP;
        }
        h->head[h->head_len++] = (char)data[at++];
        if (h->head_len < 4 || memcmp(h->head + h->head_len - 4, "\r\n\r\n", 4) != 0) {
            continue;
        }
        wick_status s = read_head(h);
        if (s != WICK_OK) {
            return s;
        }
        if (h->code < 200) { /* an interim reply; the real one follows */
            h->head_len = 0;
            h->sized = h->chunked = false;
            h->left = 0;
            if (++h->line_len > 4) {
                return WICK_E_HTTP;
            }
            continue;
        }
        h->line_len = 0;
        h->state = BODY;
        if ((h->code >= 300 && h->code < 400) || h->code == 429 ||
            (h->streaming && verdict(h) != WICK_OK)) {
            return verdict(h); /* redirects are not followed; their text says nothing */
        }
        if ((h->sized && h->left == 0) || h->code == 204) {
            return at == len ? verdict(h) : WICK_E_HTTP;
        }
    }
    if (h->state == HEAD || at == len) {
        return WICK_AGAIN;
    }
    wick_status s = read_body(h, data + at, len - at);
    return s == WICK_OK ? verdict(h) : s;
}

/* ---- the machine ---- */

/* The host without the brackets of a literal. */
static void bare_host(char *host, const wick_http *h)
{
    size_t len = strlen(h->url.host);
    memcpy(host, h->url.host, len + 1);
    if (host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        memmove(host, host + 1, len - 1);
    }
}

static wick_status step_resolve(wick_http *h)
{
    char host[sizeof h->url.host];
    bare_host(host, h);
    wick_status s = h->net->resolve(h->net->ctx, host, &h->address);
    if (s != WICK_OK) {
        return s;
    }
    h->address.port = h->url.port;
    s = h->net->tcp_open(h->net->ctx, &h->sock, &h->address);
    if (s != WICK_OK) {
        h->sock = -1;
        return s;
    }
    h->state = h->url.tls ? SECURE : SEND_HEAD;
    return h->url.tls ? wick_https_start(&h->secure, h->trust, h->net, h->sock, host) : WICK_OK;
}

static wick_status step_secure(wick_http *h)
{
    wick_status s = wick_https_poll(&h->secure);
    if (s == WICK_OK) {
        h->state = SEND_HEAD;
    }
    return s;
}

static int32_t put_octets(wick_http *h, wick_span bytes)
{
    return h->url.tls ? wick_https_write(&h->secure, bytes)
                      : h->net->tcp_send(h->net->ctx, h->sock, bytes);
}

static wick_status step_send(wick_http *h)
{
    wick_span all = h->state == SEND_HEAD
                        ? wick_span_make((const uint8_t *)h->head, h->head_len)
                        : h->request_body;
    if (h->sent < all.len) {
        int32_t n = put_octets(h, wick_span_make(all.ptr + h->sent, all.len - h->sent));
        if (n < 0) {
            return (wick_status)n;
        }
        h->sent += (size_t)n;
        if (h->sent < all.len) {
            return WICK_AGAIN;
        }
    }
    h->sent = 0;
    if (h->state == SEND_HEAD) {
        h->state = SEND_BODY;
    } else {
        h->state = HEAD;
        h->head_len = 0;
    }
    return WICK_OK;
}

static wick_status step_receive(wick_http *h)
{
    uint8_t buf[4096];
    int32_t n = h->url.tls ? wick_https_read(&h->secure, buf, sizeof buf)
                           : h->net->tcp_recv(h->net->ctx, h->sock, buf, sizeof buf);
    if (n > 0) {
        wick_status s = take(h, buf, (size_t)n);
        if (s == WICK_AGAIN) {
            return WICK_OK; /* go on reading */
        }
        return end_with(h, s);
    }
    if (n == 0) {
        bool whole = h->state == BODY && !h->sized && !h->chunked;
        return end_with(h, whole ? verdict(h) : WICK_E_TRUNCATED);
    }
    return n == WICK_AGAIN ? WICK_AGAIN : end_with(h, (wick_status)n);
}

wick_status wick_http_poll(wick_http *h, uint64_t now_ms)
{
    wick_status s = WICK_OK;
    if (h->state == IDLE || h->state == ENDED) {
        return WICK_E_STATE;
    }
    if (wick_time_reached(now_ms, h->deadline_ms)) {
        return end_with(h, WICK_E_TIMEOUT);
    }
    if (h->streaming) {
        h->body.len = 0;
    }
    while (s == WICK_OK && !(h->streaming && h->body.len != 0)) {
        switch (h->state) {
        case RESOLVE:
            s = step_resolve(h);
            break;
        case SECURE:
            s = step_secure(h);
            break;
        case SEND_HEAD:
        case SEND_BODY:
            s = step_send(h);
            break;
        default:
            s = step_receive(h);
            if (h->state == ENDED) {
                return s;
            }
            break;
        }
    }
    return s == WICK_OK || s == WICK_AGAIN ? WICK_AGAIN : end_with(h, s);
}

wick_sock wick_http_sock(const wick_http *h)
{
    return h->sock;
}

bool wick_http_wants_write(const wick_http *h)
{
    if (h->url.tls && h->state != RESOLVE) {
        return wick_https_wants_write(&h->secure);
    }
    return h->state == SEND_HEAD || h->state == SEND_BODY;
}

uint64_t wick_http_deadline(const wick_http *h)
{
    return h->deadline_ms;
}
