/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS-PSK of a leaf, and its questions to its gateway: wick/port/leaf_client.h. */
#include "wick/port/leaf_client.h"

#include <mbedtls/net_sockets.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>
#include <string.h>
#include <sys/random.h>

#define OPEN_TRIES 6u
#define FLIGHT_MS 1000u /* until a flight is sent again, twice as long each time; until it is given up: */
#define FLIGHT_MAX_MS 4000u
#define BUSY_TIMES 30u

typedef struct secure {
    bool used;
    mbedtls_timing_delay_context timer;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
} secure;

_Static_assert(sizeof(secure) <= WICK_LEAF_DTLS_LIB_BYTES, "raise WICK_LEAF_DTLS_LIB_BYTES");
_Static_assert(WICK_LEAF_DATAGRAM_MAX >= MBEDTLS_SSL_IN_CONTENT_LEN, "records fit into datagrams");

static secure *lib_of(wick_leaf_dtls *d)
{
    return (secure *)(void *)d->lib.bytes;
}

static int random_bytes(void *ctx, unsigned char *out, size_t len)
{
    return ctx == NULL && getrandom(out, len, 0) == (ssize_t)len ? 0 : WICK_E_ENTROPY;
}
static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    return (wick_status)random_bytes(ctx, out, len);
}

uint64_t wick_leaf_now_ms(void)
{
    return (uint64_t)mbedtls_ms_time();
}

/* ---- a session ---- */

static int send_by(void *ctx, const unsigned char *bytes, size_t len)
{
    wick_leaf_dtls *d = ctx;
    d->carrier.send(d->carrier.ctx, wick_span_make(bytes, len));
    return (int)len; /* or lost, as on any path */
}

static int recv_by(void *ctx, unsigned char *out, size_t cap, uint32_t timeout_ms)
{
    wick_leaf_dtls *d = ctx;
    size_t n = d->carrier.recv(d->carrier.ctx, out, cap, timeout_ms);
    return n != 0 ? (int)n : MBEDTLS_ERR_SSL_TIMEOUT;
}

static wick_status said(wick_leaf_dtls *d, int rc)
{
    d->error = rc < 0 ? rc : 0;
    /* After a flight that was sent again, it wants to be called again. */
    bool again = rc == MBEDTLS_ERR_SSL_TIMEOUT || rc == MBEDTLS_ERR_SSL_WANT_READ;
    return rc >= 0 ? WICK_OK : again ? WICK_E_TIMEOUT : WICK_E_TLS;
}

void wick_leaf_dtls_end(wick_leaf_dtls *d)
{
    secure *x = lib_of(d);
    if (x->used) {
        mbedtls_ssl_free(&x->ssl);
        mbedtls_ssl_config_free(&x->conf);
    }
    wick_wipe(d, sizeof *d);
}

/* Nothing is left that the library would go on with. */
static wick_status failed(wick_leaf_dtls *d, int rc)
{
    wick_leaf_dtls_end(d);
    d->error = rc;
    return WICK_E_TLS;
}

wick_status wick_leaf_dtls_begin(wick_leaf_dtls *d, wick_span psk, wick_span identity,
                                 const wick_leaf_carrier *carrier)
{
    secure *x = lib_of(d);
    const wick_leaf_carrier by = *carrier;
    wick_leaf_dtls_end(d);
    d->carrier = by;
    x->used = true;
    mbedtls_ssl_init(&x->ssl);
    mbedtls_ssl_config_init(&x->conf);
    int rc = mbedtls_ssl_config_defaults(&x->conf, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&x->conf, random_bytes, NULL);
    mbedtls_ssl_conf_handshake_timeout(&x->conf, FLIGHT_MS, FLIGHT_MAX_MS);
    rc = rc != 0 ? rc : mbedtls_ssl_conf_psk(&x->conf, psk.ptr, psk.len, identity.ptr, identity.len);
    rc = rc != 0 ? rc : mbedtls_ssl_setup(&x->ssl, &x->conf);
    if (rc != 0) {
        return failed(d, rc);
    }
    mbedtls_ssl_set_timer_cb(&x->ssl, &x->timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    mbedtls_ssl_set_bio(&x->ssl, d, send_by, NULL, recv_by);
    do {
        rc = mbedtls_ssl_handshake(&x->ssl);
    } while (rc == MBEDTLS_ERR_SSL_WANT_READ); /* it has sent a flight again, and waits for more */
    return rc == 0 ? WICK_OK : failed(d, rc);
}

wick_status wick_leaf_dtls_write(wick_leaf_dtls *d, wick_span message)
{
    return said(d, mbedtls_ssl_write(&lib_of(d)->ssl, message.ptr, message.len)) == WICK_OK ? WICK_OK
                                                                                            : WICK_E_TLS;
}

wick_status wick_leaf_dtls_read(wick_leaf_dtls *d, uint8_t *out, size_t cap, size_t *len,
                                uint32_t timeout_ms)
{
    mbedtls_ssl_conf_read_timeout(&lib_of(d)->conf, timeout_ms);
    int n = mbedtls_ssl_read(&lib_of(d)->ssl, out, cap);
    *len = n > 0 ? (size_t)n : 0;
    return n == 0 ? WICK_E_TLS : said(d, n); /* 0: the other side has closed it */
}

const char *wick_leaf_dtls_suite(const wick_leaf_dtls *d)
{
    const secure *x = (const secure *)(const void *)d->lib.bytes;
    return mbedtls_ssl_get_ciphersuite(&x->ssl);
}

/* ---- the gateway ---- */

static void send_udp(void *ctx, wick_span datagram)
{
    wick_leaf_client *c = ctx;
    mbedtls_net_context net = {.fd = c->fd};
    (void)mbedtls_net_send(&net, datagram.ptr, datagram.len);
}

static size_t recv_udp(void *ctx, uint8_t *out, size_t cap, uint32_t timeout_ms)
{
    wick_leaf_client *c = ctx;
    mbedtls_net_context net = {.fd = c->fd};
    int n = mbedtls_net_recv_timeout(&net, out, cap, timeout_ms);
    return n > 0 ? (size_t)n : 0;
}

void wick_leaf_client_close(wick_leaf_client *c)
{
    wick_leaf_dtls_end(&c->dtls);
    if (c->open) {
        mbedtls_net_context net = {.fd = c->fd};
        mbedtls_net_free(&net);
    }
    wick_wipe(c, sizeof *c);
}

wick_status wick_leaf_client_open(wick_leaf_client *c, const char *host, const char *port, wick_span psk,
                                  const char *name)
{
    static const wick_hal_entropy entropy = {NULL, fill};
    const wick_leaf_carrier udp = {c, send_udp, recv_udp};
    mbedtls_net_context net;
    wick_leaf_client_close(c);
    wick_status s = wick_coap_client_init(&c->coap, &entropy);
    if (s != WICK_OK) {
        return s;
    }
    mbedtls_net_init(&net);
    if (mbedtls_net_connect(&net, host, port, MBEDTLS_NET_PROTO_UDP) != 0) {
        return WICK_E_NET;
    }
    c->fd = net.fd;
    c->open = true;
    for (unsigned i = 0; i < OPEN_TRIES && (i == 0 || s != WICK_OK); i++) {
        mbedtls_net_usleep(100000UL * i * i);
        s = wick_leaf_dtls_begin(&c->dtls, psk, wick_span_text(name), &udp);
    }
    return s;
}

/* Until it is answered, or given up by CoAP. */
static wick_status ask_once(wick_leaf_client *c, const wick_coap_call *call)
{
    wick_out out = {.kind = WICK_OUT_WAIT};
    bool answered = false;
    wick_status s = wick_coap_client_begin(&c->coap, wick_leaf_now_ms(), call);
    while (s == WICK_OK) {
        wick_coap_client_poll(&c->coap, &out, wick_leaf_now_ms());
        if (out.kind == WICK_OUT_SEND) {
            s = wick_leaf_dtls_write(&c->dtls, out.bytes);
        } else if (out.kind == WICK_OUT_DONE || answered) {
            break; /* what had to be acknowledged is */
        } else {
            uint64_t now = wick_leaf_now_ms(), due = out.deadline_ms > now ? out.deadline_ms - now : 1;
            size_t n = 0;
            s = wick_leaf_dtls_read(&c->dtls, c->datagram, sizeof c->datagram, &n, (uint32_t)due);
            answered = s == WICK_OK && wick_coap_client_input(&c->coap, &c->answer, wick_leaf_now_ms(),
                                           wick_span_make(c->datagram, n)) == WICK_OK;
            s = s == WICK_E_TIMEOUT ? WICK_OK : s;
        }
    }
    return answered ? WICK_OK : s != WICK_OK ? s : WICK_E_TIMEOUT;
}

wick_status wick_leaf_client_ask(wick_leaf_client *c, uint8_t method, const char *path,
                                 const char *query, wick_span payload, wick_coap_block block2)
{
    const wick_coap_call call = {method, path, query, false, 0, block2, payload};
    const uint64_t until_ms = wick_leaf_now_ms() + UINT64_C(1000) * WICK_LEAF_BUSY_MAX_S;
    wick_status s;
    for (unsigned i = 1;; i++) {
        c->answer.code = 0;
        s = ask_once(c, &call);
        if (s != WICK_OK || c->answer.code != WICK_COAP_UNAVAILABLE || !c->answer.has_max_age) {
            break;
        }
        /* Earlier than it said would be of no use (RFC 7252 section 5.9.3.4). */
        uint64_t wait_ms = UINT64_C(1000) * c->answer.max_age_s;
        if (i == BUSY_TIMES || wick_leaf_now_ms() + wait_ms > until_ms) {
            break;
        }
        mbedtls_net_usleep((unsigned long)wait_ms * 1000UL);
    }
    return s != WICK_OK || WICK_COAP_CLASS(c->answer.code) == 2 ? s : WICK_E_LEAF_REFUSED;
}
