/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with pre-shared keys over a non-blocking stream socket. */
#include "wick/port/tls.h"

#include <string.h>

#include "ssl_internal.h"

enum { NEW = 0, READY, HANDSHAKE, UP, ENDED };

static wick_ssl_wire wire(wick_tls *t)
{
    return (wick_ssl_wire){t->net, t->sock, &t->net_failed, &t->quiet};
}

static int put_bytes(void *ctx, const unsigned char *data, size_t len)
{
    wick_ssl_wire w = wire((wick_tls *)ctx);
    return wick_ssl_put(&w, data, len);
}

static int get_bytes(void *ctx, unsigned char *buf, size_t cap)
{
    wick_ssl_wire w = wire((wick_tls *)ctx);
    return wick_ssl_get(&w, buf, cap);
}

wick_status wick_tls_init(wick_tls *t, const wick_dtls_config *cfg, const wick_hal_net *net,
                          wick_sock sock)
{
    memset(t, 0, sizeof *t);
    t->cfg = *cfg;
    t->net = net;
    t->sock = sock;
    wick_status st = wick_ssl_init(wick_ssl_of(t->lib), &t->cfg, false);
    if (st == WICK_OK) {
        mbedtls_ssl_set_bio(&wick_ssl_of(t->lib)->ssl, t, put_bytes, get_bytes, NULL);
        t->state = READY;
    } else {
        wick_tls_free(t);
    }
    return st;
}

wick_status wick_tls_start(wick_tls *t, uint64_t now_ms, uint32_t timeout_ms)
{
    if (t->state != READY) {
        return WICK_E_STATE;
    }
    t->deadline_ms = now_ms + timeout_ms;
    t->state = HANDSHAKE;
    t->wants_write = t->cfg.role == WICK_DTLS_CLIENT;
    return WICK_OK;
}

static wick_status end_with(wick_tls *t, wick_status status)
{
    t->state = ENDED;
    t->wants_write = false;
    return status;
}

/* Why the library refused. */
static wick_status reason(const wick_tls *t, int rc)
{
    if (wick_ssl_of_const(t->lib)->entropy_failed) {
        return WICK_E_ENTROPY;
    }
    return (t->net_failed || rc == MBEDTLS_ERR_SSL_CONN_EOF) ? WICK_E_NET : WICK_E_TLS;
}

wick_status wick_tls_poll(wick_tls *t, uint64_t now_ms)
{
    wick_ssl *s = wick_ssl_of(t->lib);
    if (t->state == UP) {
        return WICK_OK;
    }
    if (t->state != HANDSHAKE) {
        return WICK_E_STATE;
    }
    if (wick_time_reached(now_ms, t->deadline_ms)) {
        return end_with(t, WICK_E_TIMEOUT);
    }
    int rc = mbedtls_ssl_handshake(&s->ssl);
    t->wants_write = rc == MBEDTLS_ERR_SSL_WANT_WRITE;
    if (wick_ssl_waits(rc)) {
        return WICK_AGAIN;
    }
    if (rc != 0) {
        return end_with(t, reason(t, rc));
    }
    wick_status st = wick_ssl_check_peer(s);
    if (st != WICK_OK) {
        (void)mbedtls_ssl_send_alert_message(&s->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                             MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED);
        return end_with(t, st);
    }
    t->state = UP;
    t->quiet = 0;
    return WICK_OK;
}

int32_t wick_tls_write(wick_tls *t, wick_span bytes)
{
    if (t->state != UP) {
        return WICK_E_STATE;
    }
    if (bytes.len == 0) {
        return 0;
    }
    int rc;
    if (!wick_ssl_write(&rc, &wick_ssl_of(t->lib)->ssl, &t->owed, bytes)) {
        return WICK_E_BAD_ARG;
    }
    t->wants_write = rc == MBEDTLS_ERR_SSL_WANT_WRITE;
    if (rc >= 0) {
        return rc;
    }
    if (wick_ssl_waits(rc)) {
        return WICK_AGAIN;
    }
    return end_with(t, reason(t, rc));
}

int32_t wick_tls_read(wick_tls *t, uint8_t *buf, size_t cap)
{
    if (t->state != UP) {
        return WICK_E_STATE;
    }
    int rc = mbedtls_ssl_read(&wick_ssl_of(t->lib)->ssl, buf, cap);
    if (rc > 0) {
        t->quiet = 0;
        return rc;
    }
    if (wick_ssl_waits(rc)) {
        return WICK_AGAIN;
    }
    if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        (void)end_with(t, WICK_OK);
        return 0;
    }
    /* An end without close_notify may be a cut by somebody else. */
    return end_with(t, t->net_failed ? WICK_E_NET : WICK_E_TLS);
}

bool wick_tls_wants_write(const wick_tls *t)
{
    return t->wants_write;
}

const wick_dtls_entry *wick_tls_peer(const wick_tls *t)
{
    return t->state == UP ? wick_ssl_of_const(t->lib)->entry : NULL;
}

const char *wick_tls_suite(const wick_tls *t)
{
    return wick_ssl_suite(wick_ssl_of_const(t->lib), t->state == UP);
}

unsigned wick_tls_use(const wick_tls *t)
{
    if (t->state != UP) {
        return 0;
    }
    return mbedtls_ssl_get_version_number(&wick_ssl_of_const(t->lib)->ssl) ==
                   MBEDTLS_SSL_VERSION_TLS1_3
               ? (unsigned)WICK_USE_TLS13
               : (unsigned)WICK_USE_TLS12;
}

void wick_tls_close(wick_tls *t)
{
    if (t->state == UP) {
        (void)mbedtls_ssl_close_notify(&wick_ssl_of(t->lib)->ssl);
        t->state = ENDED;
    }
}

void wick_tls_free(wick_tls *t)
{
    wick_ssl_free(wick_ssl_of(t->lib));
    wick_wipe(t, sizeof *t);
}
