/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DTLS 1.2 (RFC 6347) without I/O around mbedtls. One datagram at a time goes in (`in`), one at a
 * time comes out (`out`; the library waits while it is taken), and the library's timer runs on the
 * time that the caller gives.
 */
#include "ssl_internal.h"

#include <string.h>

enum { NEW = 0, READY, HANDSHAKE, UP, CLOSING, ENDED };

/* Record header, RFC 6347 section 4.1 */
#define TYPE_ALERT 21
#define ALERT_FATAL 2
#define TYPE_HANDSHAKE 22
#define TYPE_CID 25 /* RFC 9146: an id stands before the length */
#define RECORD_HEADER 13
#define CLIENT_HELLO 1

static int put_datagram(void *ctx, const unsigned char *data, size_t len)
{
    wick_dtls *d = (wick_dtls *)ctx;
    if (len > sizeof d->out) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    if (d->out_len != 0) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    memcpy(d->out, data, len);
    d->out_len = len;
    return (int)len;
}

/* Length of the first record of a datagram of whole records, 0 if there is none. */
static size_t record_len(wick_span in, size_t cid_len)
{
    size_t id = in.len != 0 && in.ptr[0] == TYPE_CID ? cid_len : 0;
    if (in.len < RECORD_HEADER + id || (in.ptr[0] == TYPE_CID && id == 0)) {
        return 0;
    }
    size_t n = RECORD_HEADER + id + (size_t)wick_load_be16(in.ptr + 11 + id);
    return n <= in.len ? n : 0;
}

/* Until Finished an alert in clear is anybody's word (RFC 6347 section 4.1.2.7 lets it be ignored). It
 * is kept from the library, which would end the handshake, and shortens the wait of who heard it. */
static void heard_alert(wick_dtls *d, bool fatal)
{
    if (!fatal) {
        return;
    }
    d->alerted = true;
    d->status = WICK_E_TLS;
    if (d->cfg.role == WICK_DTLS_CLIENT) {
        d->deadline_ms = wick_time_min(d->deadline_ms, d->now_ms + WICK_DTLS_ALERT_WAIT_MS);
    }
}

static int get_datagram(void *ctx, unsigned char *buf, size_t cap)
{
    wick_dtls *d = (wick_dtls *)ctx;
    wick_span in = d->in;
    size_t n = 0;
    d->in = wick_span_make(NULL, 0);
    while (in.len != 0) {
        size_t len = record_len(in, d->cfg.cid.len);
        bool alert = in.ptr[0] == TYPE_ALERT && wick_load_be16(in.ptr + 3) == 0;
        if (len == 0 || n + len > cap) {
            break;
        }
        if (alert && d->state == HANDSHAKE) {
            heard_alert(d, len > RECORD_HEADER && in.ptr[RECORD_HEADER] == ALERT_FATAL);
        } else {
            memcpy(buf + n, in.ptr, len);
            n += len;
        }
        in = wick_span_make(in.ptr + len, in.len - len);
    }
    return n != 0 ? (int)n : MBEDTLS_ERR_SSL_WANT_READ;
}

/* The library doubles its timeout from 1 "millisecond" at each resending, which makes the count of
 * resendings its logarithm; how long each of them waits is decided here. RFC 6347 section 4.2.4.1
 * suggests 1, 2, 4 ... s, with which one handshake in twelve fails on a path that loses 30 %. A
 * flight is one datagram of less than 200 bytes, so that every two seconds congests nothing. */
static uint32_t resend_ms(uint32_t timeout)
{
    return timeout <= 1 ? 500 : timeout <= 2 ? 1000 : 2250;
}

static void set_timer(void *ctx, uint32_t int_ms, uint32_t fin_ms)
{
    wick_dtls *d = (wick_dtls *)ctx;
    (void)int_ms; /* of use to blocking callers only */
    d->timer_from_ms = d->now_ms;
    d->timer_fin_ms = fin_ms != 0 ? resend_ms(fin_ms) : 0;
}

static int get_timer(void *ctx)
{
    const wick_dtls *d = (const wick_dtls *)ctx;
    if (d->timer_fin_ms == 0) {
        return -1;
    }
    return wick_time_reached(d->now_ms, d->timer_from_ms + d->timer_fin_ms) ? 2 : 0;
}

static void end_with(wick_dtls *d, wick_status status)
{
    d->state = ENDED;
    d->status = status;
    d->timer_fin_ms = 0;
}

static bool offer_cid(wick_dtls *d)
{
    wick_ssl *s = wick_ssl_of(d->lib);
    return d->cfg.cid.len == 0 || mbedtls_ssl_set_cid(&s->ssl, MBEDTLS_SSL_CID_ENABLED,
                                                      d->cfg.cid.ptr, d->cfg.cid.len) == 0;
}

/* Back to waiting for a hello. */
static bool server_again(wick_dtls *d)
{
    wick_ssl *s = wick_ssl_of(d->lib);
    d->timer_fin_ms = 0;
    return mbedtls_ssl_session_reset(&s->ssl) == 0 && offer_cid(d) &&
           mbedtls_ssl_set_client_transport_id(&s->ssl, d->cfg.address.ptr, d->cfg.address.len) ==
               0;
}

static void step_handshake(wick_dtls *d)
{
    wick_ssl *s = wick_ssl_of(d->lib);
    d->blocked = false;
    int rc = mbedtls_ssl_handshake(&s->ssl);
    if (rc == 0) {
        wick_status st = wick_ssl_check_peer(s);
        if (st != WICK_OK) {
            (void)mbedtls_ssl_send_alert_message(&s->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                                 MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED);
            end_with(d, st);
            return;
        }
        d->state = UP;
        d->event = WICK_DTLS_UP;
        d->status = WICK_OK;
        return;
    }
    if (rc == MBEDTLS_ERR_SSL_WANT_READ) {
        return;
    }
    if (rc == MBEDTLS_ERR_SSL_WANT_WRITE) {
        d->blocked = true;
        return;
    }
    if (s->entropy_failed) {
        end_with(d, WICK_E_ENTROPY);
        return;
    }
    bool cookie = rc == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED;
    bool timeout = rc == MBEDTLS_ERR_SSL_TIMEOUT && !d->alerted;
    wick_status st = timeout ? WICK_E_TIMEOUT : WICK_E_TLS;
    if (d->cfg.role == WICK_DTLS_SERVER && server_again(d)) {
        if (!cookie) {
            d->status = st; /* told at the end, if nobody else completes a handshake */
        }
        return;
    }
    end_with(d, st);
}

/* Takes the records of one datagram; each is kept behind its length. */
static void step_read(wick_dtls *d)
{
    wick_ssl *s = wick_ssl_of(d->lib);
    while (d->state == UP) {
        size_t room = sizeof d->rx - d->rx_len;
        if (room <= 2) {
            return;
        }
        int rc = mbedtls_ssl_read(&s->ssl, d->rx + d->rx_len + 2, room - 2);
        if (rc > 0) {
            wick_store_be16(d->rx + d->rx_len, (uint16_t)rc);
            d->rx_len += 2 + (size_t)rc;
        } else if (rc == 0 || rc == MBEDTLS_ERR_SSL_WANT_READ ||
                   rc == MBEDTLS_ERR_SSL_WANT_WRITE) {
            return;
        } else if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            d->event = WICK_DTLS_CLOSED;
            end_with(d, WICK_OK);
        } else {
            end_with(d, WICK_E_TLS);
        }
    }
}

wick_status wick_dtls_init(wick_dtls *d, const wick_dtls_config *cfg)
{
    static const uint8_t nowhere[1] = {0};
    memset(d, 0, sizeof *d);
    d->cfg = *cfg;
    if (d->cfg.address.len == 0) { /* the library wants some octets */
        d->cfg.address = wick_span_make(nowhere, sizeof nowhere);
    }
    wick_ssl *s = wick_ssl_of(d->lib);
    wick_status st = wick_ssl_init(s, &d->cfg, true);
    if (st != WICK_OK) {
        wick_dtls_free(d);
        return st;
    }
    mbedtls_ssl_set_bio(&s->ssl, d, put_datagram, get_datagram, NULL);
    mbedtls_ssl_set_timer_cb(&s->ssl, d, set_timer, get_timer);
    mbedtls_ssl_set_mtu(&s->ssl, WICK_DTLS_DATAGRAM_MAX);
    if (cfg->role == WICK_DTLS_SERVER ? !server_again(d) : !offer_cid(d)) {
        wick_dtls_free(d);
        return WICK_E_POOL;
    }
    d->state = READY;
    return WICK_OK;
}

wick_status wick_dtls_start(wick_dtls *d, uint64_t now_ms)
{
    if (d->state != READY) {
        return WICK_E_STATE;
    }
    d->now_ms = now_ms;
    d->state = HANDSHAKE;
    d->status = WICK_E_TIMEOUT;
    d->deadline_ms = now_ms + WICK_DTLS_SERVER_WAIT_MS; /* a client ends before, by itself */
    if (d->cfg.role == WICK_DTLS_CLIENT) {
        step_handshake(d);
    }
    return WICK_OK;
}

wick_status wick_dtls_expect(wick_dtls *d, uint64_t now_ms, wick_span address)
{
    wick_ssl *s = wick_ssl_of(d->lib);
    if (d->state != HANDSHAKE || d->cfg.role != WICK_DTLS_SERVER ||
        s->ssl.MBEDTLS_PRIVATE(state) > MBEDTLS_SSL_CLIENT_HELLO ||
        mbedtls_ssl_set_client_transport_id(&s->ssl, address.ptr, address.len) != 0) {
        return WICK_E_STATE;
    }
    d->cfg.address = address;
    d->deadline_ms = now_ms + WICK_DTLS_SERVER_WAIT_MS;
    return WICK_OK;
}

/* A datagram is whole records, one behind the other (RFC 6347 section 4.1.1). The library takes octets
 * that are too few for a record as a fault of the session, and they need no key to send. */
static bool is_whole_records(wick_span in, size_t cid_len)
{
    for (size_t n; (n = record_len(in, cid_len)) != 0;) {
        in = wick_span_make(in.ptr + n, in.len - n);
    }
    return in.len == 0;
}

/* A hello in clear, in any record of a datagram, for a session that is up. The library would tear the
 * session down for anybody who answers a cookie; here a peer that starts anew comes with a new key and
 * a new wick_dtls. */
static bool has_new_hello(wick_span in, size_t cid_len) /* after is_whole_records() */
{
    for (size_t n; (n = record_len(in, cid_len)) != 0;) {
        if (in.ptr[0] == TYPE_HANDSHAKE && wick_load_be16(in.ptr + 3) == 0 && n > RECORD_HEADER &&
            in.ptr[RECORD_HEADER] == CLIENT_HELLO) {
            return true;
        }
        in = wick_span_make(in.ptr + n, in.len - n);
    }
    return false;
}

wick_status wick_dtls_input(wick_dtls *d, uint64_t now_ms, wick_span datagram)
{
    if (d->state != HANDSHAKE && d->state != UP) {
        return WICK_E_STATE;
    }
    if (d->out_len != 0 || d->rx_len != d->rx_at || d->event != 0) {
        return WICK_AGAIN;
    }
    if (datagram.len > WICK_DTLS_DATAGRAM_MAX) {
        return WICK_E_NO_SPACE;
    }
    if (datagram.len == 0 || !is_whole_records(datagram, d->cfg.cid.len) ||
        (d->state == UP && has_new_hello(datagram, d->cfg.cid.len))) {
        return WICK_OK;
    }
    d->now_ms = now_ms;
    d->rx_len = d->rx_at = 0;
    d->in = datagram;
    if (d->state == HANDSHAKE) {
        /* An expired timer comes first in the library; then the datagram needs a second round. */
        for (int i = 0; i < 2 && d->state == HANDSHAKE && !d->blocked && d->in.len != 0; i++) {
            step_handshake(d);
        }
    }
    if (d->state == UP) {
        step_read(d); /* data may stand behind Finished in the same datagram */
    }
    d->in = wick_span_make(NULL, 0);
    return WICK_OK;
}

static void wait_until(const wick_dtls *d, wick_out *out)
{
    out->kind = WICK_OUT_WAIT;
    out->deadline_ms = WICK_TIME_NEVER(d->now_ms);
    if (d->state == HANDSHAKE) {
        out->deadline_ms = d->deadline_ms;
    }
    if (d->timer_fin_ms != 0) {
        out->deadline_ms = wick_time_min(out->deadline_ms, d->timer_from_ms + d->timer_fin_ms);
    }
}

void wick_dtls_poll(wick_dtls *d, wick_out *out, uint64_t now_ms)
{
    memset(out, 0, sizeof *out);
    d->now_ms = now_ms;
    if (d->state == HANDSHAKE && d->out_len == 0 && (d->blocked || get_timer(d) == 2)) {
        step_handshake(d);
    }
    if (d->state == HANDSHAKE && wick_time_reached(now_ms, d->deadline_ms)) {
        end_with(d, d->status);
    }
    if (d->out_len != 0) {
        memcpy(d->sending, d->out, d->out_len);
        out->kind = WICK_OUT_SEND;
        out->bytes = wick_span_make(d->sending, d->out_len);
        d->out_len = 0;
    } else if (d->event != 0) {
        out->kind = WICK_OUT_EVENT;
        out->event = d->event;
        out->status = WICK_OK;
        d->event = 0;
    } else if (d->state == CLOSING || d->state == ENDED) {
        out->kind = WICK_OUT_DONE;
        out->status = d->status;
    } else {
        wait_until(d, out);
    }
}

wick_status wick_dtls_write(wick_dtls *d, uint64_t now_ms, wick_span bytes)
{
    wick_ssl *s = wick_ssl_of(d->lib);
    if (d->state != UP) {
        return WICK_E_STATE;
    }
    if (bytes.len > WICK_DTLS_WRITE_MAX) {
        return WICK_E_NO_SPACE;
    }
    if (d->out_len != 0) {
        return WICK_AGAIN;
    }
    d->now_ms = now_ms;
    int rc = mbedtls_ssl_write(&s->ssl, bytes.ptr, bytes.len);
    if (rc != (int)bytes.len) {
        end_with(d, WICK_E_TLS);
        return WICK_E_TLS;
    }
    return WICK_OK;
}

wick_status wick_dtls_read(wick_dtls *d, uint8_t *buf, size_t cap, size_t *len)
{
    *len = 0;
    if (d->rx_at == d->rx_len) {
        return WICK_AGAIN;
    }
    size_t n = wick_load_be16(d->rx + d->rx_at);
    const uint8_t *data = d->rx + d->rx_at + 2;
    d->rx_at += 2 + n;
    if (n > cap) {
        return WICK_E_NO_SPACE;
    }
    memcpy(buf, data, n);
    *len = n;
    return WICK_OK;
}

void wick_dtls_close(wick_dtls *d, uint64_t now_ms)
{
    d->now_ms = now_ms;
    if (d->state == UP) {
        d->out_len = 0; /* what was not polled is lost, as on any datagram path */
        (void)mbedtls_ssl_close_notify(&wick_ssl_of(d->lib)->ssl);
    }
    if (d->state != ENDED) {
        d->state = CLOSING;
        d->status = WICK_OK;
        d->timer_fin_ms = 0;
    }
}

bool wick_dtls_is_up(const wick_dtls *d)
{
    return d->state == UP;
}

const wick_dtls_entry *wick_dtls_peer(const wick_dtls *d)
{
    return d->state == UP ? wick_ssl_of_const(d->lib)->entry : NULL;
}

const char *wick_dtls_suite(const wick_dtls *d)
{
    return wick_ssl_suite(wick_ssl_of_const(d->lib), d->state == UP);
}

bool wick_dtls_has_cid(wick_dtls *d)
{
    unsigned char id[MBEDTLS_SSL_CID_OUT_LEN_MAX];
    size_t len = 0;
    int enabled = 0;
    return d->state == UP &&
           mbedtls_ssl_get_peer_cid(&wick_ssl_of(d->lib)->ssl, &enabled, id, &len) == 0 &&
           enabled == MBEDTLS_SSL_CID_ENABLED && len != 0;
}

void wick_dtls_free(wick_dtls *d)
{
    wick_ssl_free(wick_ssl_of(d->lib));
    wick_wipe(d, sizeof *d);
}
