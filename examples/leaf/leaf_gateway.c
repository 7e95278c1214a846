/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS-PSK of the leaf, and the session in which it asks its gateway: CoAP, one question at a time.
 * A path loses, repeats and delays: that ends nothing here. */
#include <sys/random.h>

#include "leaf.h"

#define TRIES 6u
#define FLIGHT_MS 1000u /* until a flight is sent again, twice as long each time; the last time: */
#define FLIGHT_MAX_MS 4000u
#define BUSY_TIMES 30u
#define BUSY_MAX_S 30u

static leaf_session gateway;
static uint8_t datagram[1200];
static wick_coap_client coap;
wick_coap_response leaf_answer;

static int random_bytes(void *ctx, unsigned char *out, size_t len)
{
    return ctx == NULL && getrandom(out, len, 0) == (ssize_t)len ? 0 : WICK_E_ENTROPY;
}
static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    return (wick_status)random_bytes(ctx, out, len);
}

int leaf_begin(leaf_session *s, wick_span psk, wick_span identity, mbedtls_ssl_send_t *send,
               mbedtls_ssl_recv_timeout_t *recv)
{
    mbedtls_ssl_free(&s->ssl);
    mbedtls_ssl_config_free(&s->conf);
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->conf);
    int rc = mbedtls_ssl_config_defaults(&s->conf, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&s->conf, random_bytes, NULL);
    mbedtls_ssl_conf_handshake_timeout(&s->conf, FLIGHT_MS, FLIGHT_MAX_MS);
    rc = rc != 0 ? rc
                 : mbedtls_ssl_conf_psk(&s->conf, psk.ptr, psk.len, identity.ptr, identity.len);
    rc = rc != 0 ? rc : mbedtls_ssl_setup(&s->ssl, &s->conf);
    if (rc != 0) {
        return rc;
    }
    mbedtls_ssl_set_timer_cb(&s->ssl, &s->timer, mbedtls_timing_set_delay,
                             mbedtls_timing_get_delay);
    mbedtls_ssl_set_bio(&s->ssl, &s->net, send, NULL, recv);
    do {
        rc = mbedtls_ssl_handshake(&s->ssl);
    } while (rc == MBEDTLS_ERR_SSL_WANT_READ); /* it has sent a flight again, and waits for more */
    return rc;
}

int leaf_gateway(const char *host, const char *port, wick_span psk, const char *name)
{
    static const wick_hal_entropy entropy = {NULL, fill};
    if (wick_coap_client_init(&coap, &entropy) != WICK_OK) {
        return MBEDTLS_ERR_SSL_NO_RNG;
    }
    int rc = mbedtls_net_connect(&gateway.net, host, port, MBEDTLS_NET_PROTO_UDP);
    bool known = rc == 0;
    for (unsigned i = 0; known && i < TRIES && (i == 0 || rc != 0); i++) {
        mbedtls_net_usleep(100000UL * i * i);
        rc = leaf_begin(&gateway, psk, wick_span_text(name), mbedtls_net_send,
                        mbedtls_net_recv_timeout);
    }
    return rc;
}

/* Until it is answered, or given up by CoAP. */
static wick_status ask_once(const wick_coap_call *call)
{
    wick_out out = {.kind = WICK_OUT_WAIT};
    bool answered = false;
    wick_status s = wick_coap_client_begin(&coap, leaf_now_ms(), call);
    while (s == WICK_OK) {
        wick_coap_client_poll(&coap, &out, leaf_now_ms());
        if (out.kind == WICK_OUT_SEND) {
            s = mbedtls_ssl_write(&gateway.ssl, out.bytes.ptr, out.bytes.len) > 0 ? s : WICK_E_TLS;
        } else if (out.kind == WICK_OUT_DONE || answered) {
            break; /* what had to be acknowledged is */
        } else {
            uint64_t now = leaf_now_ms(), due = out.deadline_ms > now ? out.deadline_ms - now : 1;
            mbedtls_ssl_conf_read_timeout(&gateway.conf, (uint32_t)due);
            int n = mbedtls_ssl_read(&gateway.ssl, datagram, sizeof datagram);
            s = n > 0 || n == MBEDTLS_ERR_SSL_TIMEOUT || n == MBEDTLS_ERR_SSL_WANT_READ
                    ? s
                    : WICK_E_TLS;
            answered = n > 0 && wick_coap_client_input(&coap, &leaf_answer, leaf_now_ms(),
                                    wick_span_make(datagram, (size_t)n)) == WICK_OK;
        }
    }
    return answered ? WICK_OK : WICK_E_TIMEOUT;
}

bool leaf_ask(uint8_t method, const char *path, const char *query, wick_span payload,
              wick_coap_block block2)
{
    const wick_coap_call call = {method, path, query, false, 0, block2, payload};
    for (unsigned i = 0; i < BUSY_TIMES; i++) {
        leaf_answer.code = 0;
        bool answered = ask_once(&call) == WICK_OK;
        if (!answered || leaf_answer.code != WICK_COAP_UNAVAILABLE || !leaf_answer.has_max_age) {
            break;
        }
        uint32_t s = leaf_answer.max_age_s < BUSY_MAX_S ? leaf_answer.max_age_s : BUSY_MAX_S;
        mbedtls_net_usleep(1000000UL * s);
    }
    return WICK_COAP_CLASS(leaf_answer.code) == 2;
}
