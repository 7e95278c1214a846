/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf's session with its gateway: DTLS-PSK, CoAP in it, and how answers are shown. */
#include "leaf_link.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

uint64_t leaf_now(const leaf *l)
{
    return l->h.clock.now_ms(l->h.clock.ctx);
}

/* ---- session ---- */

static void send_out(leaf *l, wick_span bytes)
{
    int32_t n = l->h.net.udp_send(l->h.net.ctx, l->sock, &l->gateway, bytes);
    l->bytes += n > 0 ? (uint64_t)n : 0;
}

/* Sends what DTLS has to send. WICK_OK: it goes on. */
static wick_status pump(leaf *l, uint64_t *deadline_ms)
{
    wick_out out;
    for (;;) {
        wick_dtls_poll(&l->dtls, &out, leaf_now(l));
        if (out.kind == WICK_OUT_SEND) {
            send_out(l, out.bytes);
        } else if (out.kind == WICK_OUT_DONE) {
            return out.status != WICK_OK ? out.status : WICK_E_TLS;
        } else if (out.kind == WICK_OUT_WAIT) {
            *deadline_ms = wick_time_min(*deadline_ms, out.deadline_ms);
            return WICK_OK;
        }
    }
}

/* Takes one datagram, or waits until the deadline. */
static wick_status turn(leaf *l, uint64_t deadline_ms)
{
    uint8_t bytes[2048];
    wick_addr from;
    struct pollfd fd = {wick_linux_net_fd(&l->h.linux_net, l->sock), POLLIN, 0};
    uint64_t now = leaf_now(l);
    deadline_ms = wick_time_min(deadline_ms, l->until_ms);
    if (wick_time_reached(now, l->until_ms)) {
        return WICK_E_TIMEOUT;
    }
    if (!wick_time_reached(now, deadline_ms)) {
        uint64_t wait = deadline_ms - now;
        (void)poll(&fd, 1, wait > 1000 ? 1000 : (int)wait);
    }
    int32_t n = l->h.net.udp_recv(l->h.net.ctx, l->sock, &from, bytes, sizeof bytes);
    if (n > 0 && wick_addr_equal(&from, &l->gateway)) {
        l->bytes += (uint64_t)n;
        wick_status s = wick_dtls_input(&l->dtls, leaf_now(l), wick_span_make(bytes, (size_t)n));
        return s == WICK_E_NO_SPACE ? WICK_OK : s;
    }
    return n == WICK_E_NET ? WICK_E_NET : WICK_OK; /* nobody listens there */
}

wick_status leaf_connect(leaf *l)
{
    static const wick_addr any;
    wick_dtls_config cfg;
    memset(&cfg, 0, sizeof cfg);
    l->entry.identity = wick_span_text(l->identity);
    l->entry.psk = wick_span_make(l->psk, l->psk_len);
    l->entry.role = WICK_DTLS_CLIENT;
    cfg.role = WICK_DTLS_CLIENT;
    cfg.entries = &l->entry;
    cfg.entry_count = 1;
    cfg.entropy = &l->h.entropy;
    cfg.suites = WICK_DTLS_SUITES_ALL;
    wick_status s = l->h.net.udp_open(l->h.net.ctx, &l->sock, &any);
    s = s == WICK_OK ? wick_dtls_init(&l->dtls, &cfg) : s;
    s = s == WICK_OK ? wick_dtls_start(&l->dtls, leaf_now(l)) : s;
    s = s == WICK_OK ? wick_coap_client_init(&l->coap, &l->h.entropy) : s;
    while (s == WICK_OK && !wick_dtls_is_up(&l->dtls)) {
        uint64_t deadline = l->until_ms;
        s = pump(l, &deadline);
        s = s == WICK_OK && !wick_dtls_is_up(&l->dtls) ? turn(l, deadline) : s;
    }
    return s;
}

/* ---- questions ---- */

wick_status leaf_ask(leaf *l, const wick_coap_call *call)
{
    wick_out out;
    wick_status s = wick_coap_client_begin(&l->coap, leaf_now(l), call);
    bool answered = false;
    while (s == WICK_OK && !answered) {
        uint64_t deadline = l->until_ms;
        size_t len = 0;
        wick_coap_client_poll(&l->coap, &out, leaf_now(l));
        if (out.kind == WICK_OUT_SEND) {
            s = wick_dtls_write(&l->dtls, leaf_now(l), out.bytes);
            s = s == WICK_OK ? pump(l, &deadline) : s;
            continue;
        }
        if (out.kind == WICK_OUT_DONE) {
            return out.status;
        }
        deadline = wick_time_min(deadline, out.deadline_ms);
        s = pump(l, &deadline);
        if (s == WICK_OK && wick_dtls_read(&l->dtls, l->plain, sizeof l->plain, &len) == WICK_OK) {
            answered = wick_coap_client_input(&l->coap, &l->answer, leaf_now(l),
                                              wick_span_make(l->plain, len)) == WICK_OK;
            continue;
        }
        s = s == WICK_OK ? turn(l, deadline) : s;
    }
    /* It may have to be acknowledged. */
    uint64_t deadline = l->until_ms;
    wick_coap_client_poll(&l->coap, &out, leaf_now(l));
    if (s == WICK_OK && out.kind == WICK_OUT_SEND) {
        s = wick_dtls_write(&l->dtls, leaf_now(l), out.bytes);
        s = s == WICK_OK ? pump(l, &deadline) : s;
    }
    return s;
}

wick_status leaf_fetch_into(leaf *l, wick_coap_call *call, wick_buf *out)
{
    for (;;) {
        wick_status s = leaf_ask(l, call);
        if (s != WICK_OK || WICK_COAP_CLASS(l->answer.code) != 2) {
            return s != WICK_OK ? s : WICK_E_LEAF_REFUSED;
        }
        if (l->answer.block2.given && l->answer.block2.num != call->block2.num) {
            return WICK_E_MALFORMED;
        }
        wick_buf_put(out, l->answer.payload.ptr, l->answer.payload.len);
        if (wick_buf_status(out) != WICK_OK) {
            return WICK_E_LIMIT;
        }
        if (!l->answer.block2.given || !l->answer.block2.more) {
            return WICK_OK;
        }
        call->block2.given = true;
        call->block2.szx = l->answer.block2.szx;
        call->block2.num++;
    }
}

wick_status leaf_fetch(leaf *l, wick_coap_call *call)
{
    wick_buf body = wick_buf_make(l->body, sizeof l->body);
    wick_status s = leaf_fetch_into(l, call, &body);
    l->body_len = s == WICK_OK ? body.len : 0;
    return s;
}

int leaf_failed(const leaf *l, wick_status s, const char *what)
{
    if (s != WICK_E_LEAF_REFUSED) {
        return cli_fail(l->c, s, "%s", what);
    }
    return cli_fail(l->c, s, "%s: %u.%02u %.*s%s", what, WICK_COAP_CLASS(l->answer.code),
                    WICK_COAP_DETAIL(l->answer.code), (int)l->answer.payload.len,
                    l->answer.payload.len != 0 ? (const char *)l->answer.payload.ptr : "",
                    l->answer.has_max_age ? " (ask again)" : "");
}

void leaf_finish(leaf *l)
{
    uint64_t deadline = 0;
    if (wick_dtls_is_up(&l->dtls)) {
        wick_dtls_close(&l->dtls, leaf_now(l));
        (void)!pump(l, &deadline);
    }
    wick_dtls_free(&l->dtls);
    host_close(&l->h);
    wick_wipe(l, sizeof *l);
}

/* ---- what is printed ---- */

void leaf_put_head(const leaf *l, out_rec *o, const uint8_t peer[32], uint32_t epoch)
{
    out_begin(o, stdout, l->c->json);
    out_hex(o, "peer", peer, 32);
    out_u64(o, "epoch", epoch);
}

void leaf_put_end(const leaf *l, out_rec *o)
{
    out_str(o, "suite", wick_dtls_suite(&l->dtls));
    out_ms(o, "ms", cli_now_us() - l->begin_us);
    out_u64(o, "bytes", l->bytes);
    out_end(o);
}

int leaf_write_file(const leaf *l, const uint8_t *bytes, size_t len, bool secret)
{
    if (secret) {
        wick_status s = wick_linux_secret_create(l->out_file, bytes, len);
        return s == WICK_OK ? CLI_OK : cli_fail(l->c, s, "%s", l->out_file);
    }
    FILE *f = fopen(l->out_file, "wb");
    bool ok = f != NULL && fwrite(bytes, 1, len, f) == len;
    ok = f != NULL && fclose(f) == 0 && ok;
    return ok ? CLI_OK : cli_fail(l->c, WICK_E_HAL, "%s", l->out_file);
}
