/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCP paper's challenge (its section III-E): GET of the well-known path at
 * the endpoint, in TLS under the key that the record holds for the service. One
 * of the answer's lines must be keccak256(N1 | N2), for who answers there must
 * have heard what this attestor said, not merely have its key.
 */
#include <stdio.h>
#include <string.h>

#include "attestor.h"

attestor_fetch *attestor_fetch_place(attestor *a)
{
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        if (!a->fetch[i].job.used) {
            return &a->fetch[i];
        }
    }
    return NULL;
}

wick_status attestor_fetch_start(attestor *a, attestor_fetch *f, const wick_addr *at,
                                 const uint8_t pin[32], const uint8_t n1[32], const uint8_t n2[32])
{
    char place[WICK_ADDR_STR_BYTES], path[WICK_RESPONDER_PATH_BYTES];
    char text[sizeof "https://" + sizeof place + sizeof path];
    uint8_t mapping[32];
    wick_http_url url;
    wick_slot_endpoint(mapping, f->job.attest.id, f->job.attest.service, 0);
    wick_responder_path(path, mapping);
    wick_responder_answer(f->line, n1, n2);
    wick_addr_str(place, at);
    int n = snprintf(text, sizeof text, "https://%s%s", place, path);
    memcpy(f->pin, pin, sizeof f->pin);
    f->trust = (wick_https_trust){.entropy = &a->h.entropy, .pin32 = f->pin};
    wick_status s = wick_http_url_parse(&url, text, n > 0 ? (size_t)n : 0);
    if (s == WICK_OK) {
        s = wick_nsl_probe_reserve(&a->probe, attestor_now(a), at);
    }
    if (s != WICK_OK) {
        return s;
    }
    wick_http_init(&f->http, &a->h.net, &url);
    wick_http_trust(&f->http, &f->trust);
    wick_http_accept(&f->http, "text/plain");
    s = wick_http_start(&f->http, attestor_now(a), "GET", NULL, (wick_span){NULL, 0}, f->body,
                        sizeof f->body, ATTESTOR_FETCH_MS);
    return s;
}

/* Is it one of the lines, whole? */
static bool has_line(wick_span body, const char *line)
{
    size_t len = strlen(line);
    for (size_t from = 0, i = 0; i <= body.len; i++) {
        if (i == body.len || body.ptr[i] == '\n') {
            if (i - from == len && memcmp(body.ptr + from, line, len) == 0) {
                return true;
            }
            from = i + 1;
        }
    }
    return false;
}

/* What an end of the exchange says about the endpoint; our own trouble says
 * nothing. */
static wick_status verdict_of(const attestor_fetch *f, wick_status s)
{
    switch ((int)s) {
    case WICK_OK:
        return has_line(f->http.body, f->line) ? WICK_OK : WICK_E_AUTH;
    case WICK_E_CERT_KEY:
    case WICK_E_POOL:
    case WICK_E_ENTROPY:
        return s;
    default:
        return WICK_E_NSL_NO_ANSWER;
    }
}

uint64_t attestor_fetch_run(attestor *a)
{
    uint64_t next = WICK_TIME_NEVER(attestor_now(a));
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        attestor_fetch *f = &a->fetch[i];
        bool runs = f->job.used;
        wick_status s = runs ? wick_http_poll(&f->http, attestor_now(a)) : WICK_AGAIN;
        if (runs && s == WICK_AGAIN) {
            next = wick_time_min(next, wick_http_deadline(&f->http));
        } else if (runs) {
            attestor_conclude(a, &f->job, verdict_of(f, s));
            wick_http_cancel(&f->http);
        }
    }
    return next;
}

nfds_t attestor_fetch_fds(const attestor *a, struct pollfd out[ATTESTOR_FETCHES_MAX])
{
    nfds_t n = 0;
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        const attestor_fetch *f = &a->fetch[i];
        if (f->job.used && wick_http_sock(&f->http) >= 0) {
            short want = wick_http_wants_write(&f->http) ? POLLOUT : POLLIN;
            out[n++] = (struct pollfd){wick_linux_net_fd(&a->h.linux_net, wick_http_sock(&f->http)),
                                       want, 0};
        }
    }
    return n;
}

void attestor_fetch_end(attestor *a)
{
    for (size_t i = 0; i < ATTESTOR_FETCHES_MAX; i++) {
        if (a->fetch[i].job.used) {
            wick_http_cancel(&a->fetch[i].http);
            a->fetch[i].job.used = false;
        }
    }
}
