/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's requests to the wallet manager: one TLS-PSK connection each, which carries the
 * manager's challenge, one operation and its answer, each a JSON object on one line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "driver_internal.h"

#include "wick/rsa.h"

enum state { IDLE = 0, HANDSHAKE, CHALLENGE, REQUEST, ANSWER };

#define NO_SOCK (-1)

void wick_driver_wallet_drop(wick_driver *d)
{
    wick_driver_wallet *w = &d->wallet;
    if (w->state != IDLE) {
        wick_tls_free(&w->tls);
    }
    if (w->sock != NO_SOCK) {
        d->cfg.net->close(d->cfg.net->ctx, w->sock);
    }
    wick_wipe(w->line, sizeof w->line); /* the token was in it, or a password */
    wick_wipe(w->arena, sizeof w->arena);
    w->sock = NO_SOCK;
    w->state = IDLE;
    w->job = NULL;
    w->line_len = 0;
}

static wick_status begin(wick_driver *d, uint64_t now_ms)
{
    wick_driver_wallet *w = &d->wallet;
    const wick_hal_net *net = d->cfg.net;
    d->wallet_text[0] = '\0';
    w->deadline_ms = now_ms + WICK_DRIVER_WALLET_MS;
    if (d->cfg.wallet.port == 0) {
        return WICK_E_CONFIG;
    }
    wick_status s = net->tcp_open(net->ctx, &w->sock, &d->cfg.wallet);
    if (s != WICK_OK) {
        w->sock = NO_SOCK;
        return s;
    }
    memset(&w->entry, 0, sizeof w->entry);
    w->entry.identity = d->cfg.wallet_identity;
    w->entry.psk = d->cfg.wallet_psk;
    w->entry.role = WICK_DTLS_CLIENT;
    wick_dtls_config cfg = {.role = WICK_DTLS_CLIENT,
                            .entries = &w->entry,
                            .entry_count = 1,
                            .suites = WICK_DTLS_SUITES_ALL, /* forward secrecy: this key stays */
                            .entropy = d->cfg.entropy};
    s = wick_tls_init(&w->tls, &cfg, net, w->sock);
    if (s == WICK_OK) {
        w->state = HANDSHAKE;
        s = wick_tls_start(&w->tls, now_ms, WICK_DRIVER_WALLET_MS);
    }
    d->stats.wallet_calls++;
    return s;
}

/* ---- the request ---- */

__attribute__((format(printf, 2, 3))) static void put(wick_driver_wallet *w, const char *format,
                                                      ...)
{
    va_list args;
    va_start(args, format);
    size_t room = sizeof w->line - w->line_len;
    int n = vsnprintf(w->line + w->line_len, room, format, args);
    va_end(args);
    w->line_len += n < 0 || (size_t)n >= room ? room : (size_t)n; /* full: refused at the end */
}

static void put_hex(wick_driver_wallet *w, const char *key, const uint8_t *bytes, size_t len)
{
    char text[2 * WICK_RSA_SPKI_MAX + 1];
    wick_hex_encode(text, bytes, len);
    put(w, ",\"%s\":\"0x%s\"", key, text);
}

static wick_status put_voucher(wick_driver *d, const uint8_t challenge[32])
{
    wick_driver_wallet *w = &d->wallet;
    const wick_gateway_request *r = &w->job->request;
    uint8_t possession[WICK_RSA_BYTES], der[WICK_RSA_SPKI_MAX];
    wick_buf spki = wick_buf_make(der, sizeof der);
    bool rsa = r->key_type == WICK_KEY_TYPE_RSA2048;
    wick_status s =
        rsa ? wick_gateway_possession_rsa(d->cfg.gateway, possession, &spki, challenge, r->id)
            : wick_gateway_possession(d->cfg.gateway, possession, challenge, r->id);
    if (s != WICK_OK) {
        return s;
    }
    put(w, "{\"op\":\"voucher\",\"name\":\"%s\"", r->name); /* [a-z0-9._-]: needs no escapes */
    put_hex(w, "id", r->record_id, 32);
    put_hex(w, "owner", r->from, 20);
    put(w, ",\"keyType\":%u,\"flags\":%u", r->key_type, r->flags);
    put_hex(w, "key", r->key, 32);
    put(w, ",\"notAfter\":%llu", (unsigned long long)r->not_after_s);
    put_hex(w, "possession", possession, rsa ? sizeof possession : 64);
    if (rsa) {
        put_hex(w, "spki", der, spki.len);
    }
    if (d->cfg.wallet_token != NULL) {
        char quoted[512];
        s = wick_json_quote(quoted, sizeof quoted, d->cfg.wallet_token);
        put(w, ",\"token\":%s", s == WICK_OK ? quoted : "\"\"");
        wick_wipe(quoted, sizeof quoted);
    }
    put(w, "}\n");
    return s;
}

static wick_status put_call(wick_driver_wallet *w)
{
    const wick_span call = w->job->request.call_data;
    if (call.len > WICK_GW_CALL_MAX) {
        return WICK_E_LIMIT;
    }
    put(w, "{\"op\":\"sponsor\",\"call\":\"0x");
    for (size_t i = 0; i < call.len; i++) {
        put(w, "%02x", call.ptr[i]);
    }
    put(w, "\"}\n");
    return WICK_OK;
}

static wick_status make_request(wick_driver *d, const wick_json *root)
{
    wick_driver_wallet *w = &d->wallet;
    uint8_t challenge[32];
    wick_status s = wick_json_hex(challenge, sizeof challenge,
                                  wick_json_member(root, "challenge"));
    if (s != WICK_OK) {
        return s;
    }
    w->line_len = 0;
    w->sent = 0;
    switch ((int)w->job->request.kind) {
    case WICK_GW_REQ_WALLET_VOUCHER:
        s = put_voucher(d, challenge);
        break;
    case WICK_GW_REQ_WALLET_FUND:
        put(w, "{\"op\":\"fund\"");
        put_hex(w, "owner", w->job->request.from, 20);
        put(w, "}\n");
        break;
    case WICK_GW_REQ_WALLET_SPONSOR:
        s = put_call(w);
        break;
    default:
        put(w, "{\"op\":\"relay\"}\n");
        break;
    }
    if (s == WICK_OK && w->line_len >= sizeof w->line) {
        s = WICK_E_NO_SPACE;
    }
    w->state = REQUEST;
    return s;
}

/* ---- the answer ---- */

/* The manager's code is the name of a status, so its reason survives the way. */
wick_status wick_driver_status_of(const char *name)
{
    for (int s = -1; name != NULL && s > -800; s--) {
        if (strcmp(wick_status_str((wick_status)s), name) == 0) {
            return (wick_status)s;
        }
    }
    return WICK_E_JSON; /* a code that we do not know is no verdict on the voucher */
}

static wick_status refused(wick_driver *d, const wick_json *root)
{
    const char *text = wick_json_text(wick_json_member(root, "error"));
    size_t n = 0;
    for (; text != NULL && text[n] != '\0' && n < sizeof d->wallet_text - 1; n++) {
        bool plain = (unsigned char)text[n] >= 0x20 && (unsigned char)text[n] < 0x7f;
        d->wallet_text[n] = plain ? text[n] : '?';
    }
    d->wallet_text[n] = '\0';
    wick_status s = wick_driver_status_of(wick_json_text(wick_json_member(root, "code")));
    return s == WICK_AGAIN ? WICK_E_JSON : s;
}

static wick_status take_voucher(wick_driver *d, const wick_json *root, uint64_t now_ms)
{
    wick_gateway_voucher_answer a;
    uint64_t epoch = 0, manager_epoch = 0;
    memset(&a, 0, sizeof a);
    if (wick_json_hex(a.org, sizeof a.org, wick_json_member(root, "org")) != WICK_OK ||
        wick_json_u64(&epoch, wick_json_member(root, "epoch")) != WICK_OK ||
        wick_json_u64(&manager_epoch, wick_json_member(root, "managerEpoch")) != WICK_OK ||
        wick_json_u64(&a.deadline_s, wick_json_member(root, "deadline")) != WICK_OK ||
        wick_json_hex(a.r, sizeof a.r, wick_json_member(root, "r")) != WICK_OK ||
        wick_json_hex(a.vs, sizeof a.vs, wick_json_member(root, "vs")) != WICK_OK ||
        epoch > UINT32_MAX || manager_epoch > UINT32_MAX) {
        return WICK_E_JSON;
    }
    a.epoch = (uint32_t)epoch;
    a.manager_epoch = (uint32_t)manager_epoch;
    return wick_gateway_voucher(d->cfg.gateway, &a, now_ms, d->wallet.job->request.id);
}

static wick_status take_relay(wick_driver *d, const wick_json *root, uint64_t now_ms)
{
    const char *user = wick_json_text(wick_json_member(root, "username"));
    const char *password = wick_json_text(wick_json_member(root, "password"));
    uint64_t expires = 0;
    if (user == NULL || password == NULL ||
        wick_json_u64(&expires, wick_json_member(root, "expires")) != WICK_OK) {
        return WICK_E_JSON;
    }
    return wick_gateway_relay(d->cfg.gateway, user, password, expires, now_ms,
                              d->wallet.job->request.id);
}

static wick_status take_answer(wick_driver *d, const wick_json *root, uint64_t now_ms)
{
    if (!wick_json_is_true(wick_json_member(root, "ok"))) {
        return refused(d, root);
    }
    switch ((int)d->wallet.job->request.kind) {
    case WICK_GW_REQ_WALLET_VOUCHER:
        return take_voucher(d, root, now_ms);
    case WICK_GW_REQ_WALLET_FUND:
        return wick_gateway_funded(d->cfg.gateway, now_ms, d->wallet.job->request.id);
    case WICK_GW_REQ_WALLET_SPONSOR:
        return wick_gateway_sponsored(d->cfg.gateway, now_ms, d->wallet.job->request.id);
    default:
        return take_relay(d, root, now_ms);
    }
}

/* ---- the connection ---- */

/* Reads up to a whole line. Bytes behind the line end are against the protocol. */
static wick_status read_line(wick_driver *d)
{
    wick_driver_wallet *w = &d->wallet;
    while (w->line_len == 0 || w->line[w->line_len - 1] != '\n') {
        if (w->line_len == sizeof w->line) {
            return WICK_E_JSON;
        }
        int32_t n = wick_tls_read(&w->tls, (uint8_t *)w->line + w->line_len,
                                  sizeof w->line - w->line_len);
        if (n <= 0) {
            return n == 0 ? WICK_E_TRUNCATED : (wick_status)n;
        }
        w->line_len += (size_t)n;
        d->stats.wallet_rx_bytes += (uint64_t)n;
    }
    return WICK_OK;
}

static wick_status write_line(wick_driver *d)
{
    wick_driver_wallet *w = &d->wallet;
    while (w->sent < w->line_len) {
        int32_t n = wick_tls_write(&w->tls, wick_span_make((const uint8_t *)w->line + w->sent,
                                                           w->line_len - w->sent));
        if (n <= 0) {
            return n == 0 ? WICK_AGAIN : (wick_status)n;
        }
        w->sent += (size_t)n;
        d->stats.wallet_tx_bytes += (uint64_t)n;
    }
    wick_wipe(w->line, sizeof w->line);
    w->line_len = 0;
    w->state = ANSWER;
    return WICK_OK;
}

static wick_status parse_line(wick_driver *d, const wick_json **root)
{
    wick_driver_wallet *w = &d->wallet;
    wick_status s = read_line(d);
    if (s != WICK_OK) {
        return s;
    }
    return wick_json_parse(root, (uint8_t *)w->arena, sizeof w->arena,
                           wick_span_make((const uint8_t *)w->line, w->line_len));
}

/* Goes on until something is to be waited for, or the operation has ended (`*ended`). */
static wick_status go_on(wick_driver *d, bool *ended, uint64_t now_ms)
{
    wick_driver_wallet *w = &d->wallet;
    const wick_json *root = NULL;
    wick_status s = WICK_OK;
    while (s == WICK_OK && !*ended) {
        switch ((enum state)w->state) {
        case HANDSHAKE:
            s = wick_tls_poll(&w->tls, now_ms);
            if (s == WICK_OK) {
                w->state = CHALLENGE;
            }
            break;
        case CHALLENGE:
            s = parse_line(d, &root);
            if (s == WICK_OK) {
                s = make_request(d, root);
            }
            break;
        case REQUEST:
            s = write_line(d);
            break;
        case ANSWER:
            s = parse_line(d, &root);
            if (s == WICK_OK) {
                s = take_answer(d, root, now_ms);
                *ended = true;
            }
            break;
        case IDLE:
        default:
            s = WICK_E_STATE;
            break;
        }
    }
    return s;
}

bool wick_driver_wallet_run(wick_driver *d, uint64_t now_ms)
{
    wick_driver_wallet *w = &d->wallet;
    bool ended = false;
    wick_status s = WICK_OK;
    if (w->job == NULL) {
        w->job = wick_driver_next_job(d, false, 0);
        if (w->job == NULL) {
            return false;
        }
        w->job->step = 1;
        s = begin(d, now_ms);
    }
    if (s == WICK_OK) {
        s = go_on(d, &ended, now_ms);
    }
    if (s == WICK_AGAIN && wick_time_reached(now_ms, w->deadline_ms)) {
        s = WICK_E_TIMEOUT;
    }
    if (s == WICK_AGAIN) {
        return false;
    }
    if (ended) {
        wick_tls_close(&w->tls);
    }
    if (s != WICK_OK) {
        wick_driver_fail(d, w->job, s);
    } else {
        w->job->request.id = 0;
    }
    wick_driver_wallet_drop(d);
    return true;
}
