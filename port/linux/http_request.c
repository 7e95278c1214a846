/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an HTTP request, line by line (RFC 9112 sections 2 to 6). */
#include "wick/port/http_request.h"

#include <string.h>

#define LINES_MAX 32

typedef struct head {
    bool v11, host;
} head;

static bool is_text(wick_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

/* tchar, RFC 9110 section 5.6.2 */
static bool is_token(wick_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return s.len != 0;
}

static bool is(wick_span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static bool is_name(wick_span s, const char *lower)
{
    if (s.len != strlen(lower)) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)lower[i]) {
            return false;
        }
    }
    return true;
}

/* Up to `end`, which is passed over. */
static bool cut(wick_span *out, wick_span *rest, uint8_t end)
{
    const uint8_t *p = (const uint8_t *)memchr(rest->ptr, end, rest->len);
    if (p == NULL) {
        return false;
    }
    size_t n = (size_t)(p - rest->ptr);
    *out = wick_span_make(rest->ptr, n);
    *rest = wick_span_make(p + 1, rest->len - n - 1);
    return true;
}

static wick_status first_line(wick_http_request *out, head *h, wick_span line)
{
    if (!cut(&out->method, &line, ' ') || !cut(&out->path, &line, ' ') || !is_token(out->method) ||
        out->path.len == 0 || out->path.ptr[0] != '/' ||
        memchr(out->path.ptr, '\t', out->path.len) != NULL) {
        return WICK_E_MALFORMED;
    }
    h->v11 = is(line, "HTTP/1.1");
    return h->v11 || is(line, "HTTP/1.0") ? WICK_OK : WICK_E_UNSUPPORTED;
}

static wick_status field(head *h, wick_span line)
{
    wick_span name;
    if (!cut(&name, &line, ':') || !is_token(name)) {
        return WICK_E_MALFORMED; /* a folded line, too: it begins with a space */
    }
    while (line.len != 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        line = wick_span_make(line.ptr + 1, line.len - 1);
    }
    if (is_name(name, "host")) {
        if (h->host) {
            return WICK_E_MALFORMED;
        }
        h->host = true;
    }
    bool body = is_name(name, "transfer-encoding") ||
                (is_name(name, "content-length") && !is(line, "0"));
    return body ? WICK_E_UNSUPPORTED : WICK_OK;
}

wick_status wick_http_request_parse(wick_http_request *out, wick_span in)
{
    head h = {false, false};
    memset(out, 0, sizeof *out);
    wick_span seen = wick_span_make(in.ptr, in.len < WICK_HTTP_REQUEST_MAX ? in.len
                                                                           : WICK_HTTP_REQUEST_MAX);
    wick_span rest = seen;
    for (unsigned n = 0; n < LINES_MAX; n++) {
        wick_span line;
        if (!cut(&line, &rest, '\n')) {
            return seen.len < WICK_HTTP_REQUEST_MAX ? WICK_AGAIN : WICK_E_LIMIT;
        }
        if (line.len == 0 || line.ptr[line.len - 1] != '\r') {
            return WICK_E_MALFORMED;
        }
        line.len--;
        if (!is_text(line)) {
            return WICK_E_MALFORMED;
        }
        if (n != 0 && line.len == 0) {
            out->len = seen.len - rest.len;
            return h.v11 && !h.host ? WICK_E_MALFORMED : WICK_OK;
        }
        wick_status s = n == 0 ? first_line(out, &h, line) : field(&h, line);
        if (s != WICK_OK) {
            return s;
        }
    }
    return WICK_E_LIMIT;
}
