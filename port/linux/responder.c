/* SPDX-License-Identifier: Apache-2.0 */
/* The challenge's HTTPS server: a few connections side by side, each one request and one answer. */
#include "wick/port/responder.h"

#include <stdio.h>
#include <string.h>

#include "wick/keccak.h"

#define NO_SOCK (-1)

static uint64_t now_of(const wick_responder *r)
{
    return r->cfg.clock->now_ms(r->cfg.clock->ctx);
}

wick_status wick_responder_open(wick_responder *r, const wick_responder_config *cfg,
                                const wick_addr *local)
{
    memset(r, 0, sizeof *r);
    r->listener = NO_SOCK;
    if (cfg->net == NULL || cfg->linux_net == NULL || cfg->clock == NULL || cfg->entropy == NULL ||
        cfg->own == NULL || !cfg->own->made) {
        return WICK_E_BAD_ARG;
    }
    r->cfg = *cfg;
    r->trust.entropy = cfg->entropy;
    r->trust.own = cfg->own;
    wick_status s = wick_linux_tcp_listen(&r->listener, cfg->linux_net, local);
    r->open = s == WICK_OK;
    return s;
}

void wick_responder_path(char out[WICK_RESPONDER_PATH_BYTES], const uint8_t mapping32[32])
{
    char hex[65];
    wick_hex_encode(hex, mapping32, 32);
    (void)snprintf(out, WICK_RESPONDER_PATH_BYTES, "%s%s.val", WICK_RESPONDER_PATH, hex);
}

void wick_responder_answer(char out[WICK_RESPONDER_ANSWER_BYTES], const uint8_t n1[32],
                           const uint8_t n2[32])
{
    uint8_t both[64], hash[32];
    char hex[65];
    memcpy(both, n1, 32);
    memcpy(both + 32, n2, 32);
    wick_keccak256(hash, both, sizeof both);
    wick_hex_encode(hex, hash, sizeof hash);
    (void)snprintf(out, WICK_RESPONDER_ANSWER_BYTES, "0x%s", hex);
}

wick_status wick_responder_arm(wick_responder *r, const uint8_t mapping32[32],
                               const uint8_t n1[32], const uint8_t n2[32])
{
    if (!r->open) {
        return WICK_E_STATE;
    }
    wick_responder_path(r->path, mapping32);
    wick_responder_answer(r->answer, n1, n2);
    r->armed = true;
    return WICK_OK;
}

wick_status wick_responder_also(wick_responder *r, const uint8_t n1[32], const uint8_t n2[32])
{
    char line[WICK_RESPONDER_ANSWER_BYTES];
    size_t len = strlen(r->answer);
    if (!r->open || !r->armed) {
        return WICK_E_STATE;
    }
    wick_responder_answer(line, n1, n2);
    if (strstr(r->answer, line) != NULL) {
        return WICK_OK;
    }
    if (sizeof r->answer - len < sizeof line + 1) {
        return WICK_E_LIMIT;
    }
    (void)snprintf(r->answer + len, sizeof r->answer - len, "\n%s", line);
    return WICK_OK;
}

static void drop(wick_responder *r, wick_responder_link *l)
{
    if (l->used) {
        wick_https_end(&l->tls);
        r->cfg.net->close(r->cfg.net->ctx, l->sock);
        l->used = false;
    }
}

/* A free place, or that of the oldest: of those from where the newcomer comes, before all others. Who opens
 * one connection after the other takes them from himself, and not from a challenger. */
static wick_responder_link *place(wick_responder *r, const wick_addr *from)
{
    wick_responder_link *oldest = &r->link[0];
    bool own = false; /* does `oldest` come from there? */
    for (size_t i = 0; i < WICK_RESPONDER_CONNECTIONS; i++) {
        wick_responder_link *l = &r->link[i];
        if (!l->used) {
            return l;
        }
        bool same = wick_addr_same_net(&l->from, from);
        if ((same && !own) || (same == own && l->since_ms < oldest->since_ms)) {
            oldest = l;
        }
        own = own || same;
    }
    drop(r, oldest);
    return oldest;
}

static bool accept_one(wick_responder *r, uint64_t now_ms)
{
    wick_sock sock;
    wick_addr from;
    if (wick_linux_tcp_accept(&sock, &from, r->cfg.linux_net, r->listener) != WICK_OK) {
        return false;
    }
    wick_responder_link *l = place(r, &from);
    l->answered = false;
    l->in_len = l->out_len = l->out_at = 0;
    l->sock = sock;
    l->from = from;
    l->since_ms = now_ms;
    l->used = wick_https_accept(&l->tls, &r->trust, r->cfg.net, sock) == WICK_OK;
    if (!l->used) {
        r->cfg.net->close(r->cfg.net->ctx, sock); /* no memory: it asks again */
    }
    return true;
}

static void put_answer(wick_responder *r, wick_responder_link *l, const wick_http_request *req,
                       wick_status s)
{
    const char *status = "400 Bad Request", *body = "";
    if (s == WICK_OK) {
        bool get = req->method.len == 3 && memcmp(req->method.ptr, "GET", 3) == 0;
        bool found = r->armed && req->path.len == strlen(r->path) &&
                     memcmp(req->path.ptr, r->path, req->path.len) == 0;
        status = !get ? "405 Method Not Allowed" : found ? "200 OK" : "404 Not Found";
        body = get && found ? r->answer : "";
        l->answered = get && found;
    }
    r->refused += l->answered ? 0u : 1u;
    int n = snprintf(l->out, sizeof l->out,
                     "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                     "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
                     status, strlen(body), body);
    l->out_len = n > 0 && (size_t)n < sizeof l->out ? (size_t)n : 0;
}

/* @return false: nothing to do before something comes, or it is over */
static bool step(wick_responder *r, wick_responder_link *l)
{
    wick_status s = wick_https_poll(&l->tls);
    if (s == WICK_AGAIN) {
        return false;
    }
    if (s != WICK_OK) {
        drop(r, l);
        return false;
    }
    if (l->out_at < l->out_len) {
        int32_t n = wick_https_write(&l->tls, wick_span_make((const uint8_t *)l->out + l->out_at,
                                                             l->out_len - l->out_at));
        if (n == (int32_t)WICK_AGAIN) {
            return false;
        }
        l->out_at += n > 0 ? (size_t)n : 0;
        if (n < 0 || l->out_at == l->out_len) {
            r->served += n > 0 && l->answered ? 1u : 0u;
            drop(r, l); /* close_notify goes with it */
            return false;
        }
        return true;
    }
    int32_t n = wick_https_read(&l->tls, (uint8_t *)l->in + l->in_len, sizeof l->in - l->in_len);
    if (n == (int32_t)WICK_AGAIN) {
        return false;
    }
    if (n <= 0) {
        drop(r, l);
        return false;
    }
    l->in_len += (size_t)n;
    wick_http_request req;
    s = wick_http_request_parse(&req, wick_span_make((const uint8_t *)l->in, l->in_len));
    if (s != WICK_AGAIN) {
        put_answer(r, l, &req, s);
    }
    return true;
}

void wick_responder_run(wick_responder *r)
{
    if (!r->open) {
        return;
    }
    uint64_t now_ms = now_of(r);
    /* So many at a time, as one that has just come should be heard before the next pushes it out. */
    for (unsigned i = 0; i < WICK_RESPONDER_CONNECTIONS && accept_one(r, now_ms); i++) {
    }
    for (size_t i = 0; i < WICK_RESPONDER_CONNECTIONS; i++) {
        wick_responder_link *l = &r->link[i];
        while (l->used && step(r, l)) {
        }
        if (l->used && wick_time_reached(now_ms, l->since_ms + WICK_RESPONDER_LIFE_MS)) {
            drop(r, l);
        }
    }
}

size_t wick_responder_fds(const wick_responder *r,
                          struct pollfd out[1 + WICK_RESPONDER_CONNECTIONS])
{
    size_t n = 0;
    if (!r->open) {
        return 0;
    }
    memset(out, 0, (1 + WICK_RESPONDER_CONNECTIONS) * sizeof out[0]);
    out[n].fd = wick_linux_net_fd(r->cfg.linux_net, r->listener);
    out[n++].events = POLLIN;
    for (size_t i = 0; i < WICK_RESPONDER_CONNECTIONS; i++) {
        const wick_responder_link *l = &r->link[i];
        if (l->used) {
            out[n].fd = wick_linux_net_fd(r->cfg.linux_net, l->sock);
            out[n++].events = wick_https_wants_write(&l->tls) ? POLLOUT : POLLIN;
        }
    }
    return n;
}

uint64_t wick_responder_deadline(const wick_responder *r)
{
    uint64_t at = WICK_TIME_NEVER(r->open ? now_of(r) : 0);
    for (size_t i = 0; r->open && i < WICK_RESPONDER_CONNECTIONS; i++) {
        if (r->link[i].used) {
            at = wick_time_min(at, r->link[i].since_ms + WICK_RESPONDER_LIFE_MS);
        }
    }
    return at;
}

wick_status wick_responder_hand_over(wick_responder *r, wick_sock *listener)
{
    *listener = NO_SOCK;
    if (!r->open) {
        return WICK_E_STATE;
    }
    for (size_t i = 0; i < WICK_RESPONDER_CONNECTIONS; i++) {
        drop(r, &r->link[i]);
    }
    *listener = r->listener;
    r->open = false;
    r->armed = false;
    return WICK_OK;
}

void wick_responder_close(wick_responder *r)
{
    wick_sock listener;
    if (wick_responder_hand_over(r, &listener) == WICK_OK) {
        r->cfg.net->close(r->cfg.net->ctx, listener);
    }
    wick_wipe(r->link, sizeof r->link);
}
