/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf: a device that owns no public-key crypto. It asks its gateway for a key and a ticket for a
 * peer, then talks DTLS-PSK with that peer end to end. Two gateways carry its records, its own and
 * the one in VIA (GATEWAY/SERVICE), and cannot read them. Its firmware: leaf_update.c. */
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "leaf.h"
#include "wick/leaf_answer.h"
#include "wick/port/leaf_hash.h"
#include "wick/record.h"
#include "wick/ticket_keys.h"

typedef struct session {
    mbedtls_net_context net;
    mbedtls_timing_delay_context timer;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
} session;
static session gateway, peer;
static char via[128]; /* query of what is carried, and what came back */
static uint8_t via_id[32], back[1200], datagram[1200];
static size_t back_len;
static wick_coap_client coap;
static const wick_coap_block whole;
wick_coap_response leaf_answer;
static int random_bytes(void *ctx, unsigned char *out, size_t len)
{
    return ctx == NULL && getrandom(out, len, 0) == (ssize_t)len ? 0 : WICK_E_ENTROPY;
}
static wick_status fill(void *ctx, uint8_t *out, size_t len)
{
    return (wick_status)random_bytes(ctx, out, len);
}

bool leaf_ask(uint8_t method, const char *path, const char *query, wick_span payload,
              wick_coap_block block2)
{
    wick_coap_call call = {method, path, query, false, 0, block2, payload};
    wick_out out = {.kind = WICK_OUT_DONE};
    bool answered = false;
    for (wick_status s = wick_coap_client_begin(&coap, leaf_now_ms(), &call); s == WICK_OK;) {
        wick_coap_client_poll(&coap, &out, leaf_now_ms());
        if (out.kind == WICK_OUT_SEND) {
            s = mbedtls_ssl_write(&gateway.ssl, out.bytes.ptr, out.bytes.len) > 0 ? s : WICK_E_TLS;
        } else if (out.kind == WICK_OUT_DONE || answered) {
            break; /* what had to be acknowledged is */
        } else {
            uint64_t now = leaf_now_ms(), due = out.deadline_ms > now ? out.deadline_ms - now : 1;
            mbedtls_ssl_conf_read_timeout(&gateway.conf, (uint32_t)due);
            int n = mbedtls_ssl_read(&gateway.ssl, datagram, sizeof datagram);
            s = n > 0 || n == MBEDTLS_ERR_SSL_TIMEOUT ? s : WICK_E_TLS;
            answered = n > 0 && wick_coap_client_input(&coap, &leaf_answer, leaf_now_ms(),
                           wick_span_make(datagram, (size_t)n)) == WICK_OK;
        }
    }
    return answered && WICK_COAP_CLASS(leaf_answer.code) == 2;
}

/* DTLS that is carried: one message of ours, and what came back for it. */
static int carry(void *ctx, const unsigned char *bytes, size_t len)
{
    wick_leaf_head head;
    (void)ctx;
    if (leaf_ask(WICK_COAP_POST, "dpk/send", via, wick_span_make(bytes, len), whole) &&
        wick_leaf_head_read(&head, leaf_answer.payload, via_id, 0) == WICK_OK) {
        memcpy(back, head.rest.ptr, head.rest.len);
        back_len = head.rest.len;
    }
    return (int)len; /* or lost, as on any path */
}
static int carried(void *ctx, unsigned char *out, size_t cap, uint32_t timeout_ms)
{
    (void)timeout_ms;
    if (back_len == 0) {
        (void)carry(ctx, out, 0); /* has anything come meanwhile? */
    }
    size_t n = back_len < cap ? back_len : cap;
    memcpy(out, back, n);
    back_len = 0;
    return n != 0 ? (int)n : MBEDTLS_ERR_SSL_TIMEOUT;
}

static int begin(session *s, wick_span psk, wick_span id)
{
    mbedtls_ssl_free(&s->ssl);
    mbedtls_ssl_config_free(&s->conf);
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->conf);
    int rc = mbedtls_ssl_config_defaults(&s->conf, MBEDTLS_SSL_IS_CLIENT,
                 MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&s->conf, random_bytes, NULL);
    rc = rc != 0 ? rc : mbedtls_ssl_conf_psk(&s->conf, psk.ptr, psk.len, id.ptr, id.len);
    rc = rc != 0 ? rc : mbedtls_ssl_setup(&s->ssl, &s->conf);
    mbedtls_ssl_set_timer_cb(&s->ssl, &s->timer, mbedtls_timing_set_delay,
                             mbedtls_timing_get_delay);
    mbedtls_ssl_set_bio(&s->ssl, &s->net, s == &gateway ? mbedtls_net_send : carry, NULL,
                        s == &gateway ? mbedtls_net_recv_timeout : carried);
    return rc != 0 ? rc : mbedtls_ssl_handshake(&s->ssl);
}

int main(int argc, char **argv)
{
    static const wick_hal_entropy entropy = {NULL, fill};
    uint8_t key[32], id[32];
    char hex[70] = "", text[256];
    wick_hal_crypto crypto;
    wick_leaf_ticket ticket;
    wick_session_psk psk;
    FILE *f = argc == 8 ? fopen(argv[4], "r") : NULL;
    if (f == NULL || fgets(hex, sizeof hex, f) == NULL || fclose(f) != 0 ||
        wick_hex_decode(key, 32, hex, strcspn(hex, "\n")) != WICK_OK ||
        wick_name_hash(id, wick_span_text(argv[5])) != WICK_OK ||
        wick_name_hash(via_id, wick_span_make((uint8_t *)argv[6], strcspn(argv[6], "/"))) !=
            WICK_OK) {
        puts("wick-leaf GATEWAY PORT NAME KEY-FILE (PEER VIA TEXT | --update PRODUCT DIR)");
        return 2;
    }
    wick_leaf_hash_init(&crypto);
    snprintf(text, sizeof text, "peer=%s", argv[5]);
    snprintf(via, sizeof via, "peer=%s", argv[6]);
    bool up = wick_coap_client_init(&coap, &entropy) == WICK_OK &&
              mbedtls_net_connect(&gateway.net, argv[1], argv[2], MBEDTLS_NET_PROTO_UDP) == 0 &&
              begin(&gateway, wick_span_make(key, sizeof key), wick_span_text(argv[3])) == 0;
    if (strcmp(argv[5], "--update") == 0) {
        return up ? leaf_update(argv[6], argv[7]) : LEAF_NO_GATEWAY;
    }
    if (!up || !leaf_ask(WICK_COAP_GET, "dpk/ticket", text, wick_span_make(NULL, 0), whole) ||
        wick_leaf_ticket_read(&ticket, leaf_answer.payload, id, 0) != WICK_OK ||
        wick_ticket_psk(&psk, &crypto, ticket.ks, WICK_USE_DTLS12) != WICK_OK) {
        return printf("no ticket: code %u\n", leaf_answer.code) > 0;
    }
    snprintf(text, sizeof text, "%.*s", (int)ticket.text.len, (const char *)ticket.text.ptr);
    printf("ticket for %s: epoch %u, %zu characters\n", argv[5], ticket.epoch, strlen(text));
    int n = -1; /* the peer may have to look our gateway up: then the first hello is in vain */
    for (unsigned i = 0; i < 9 && n != 0; i++) {
        mbedtls_net_usleep(100000UL * i * i);
        n = begin(&peer, wick_span_make(psk.key, psk.key_len), wick_span_text(text));
    }
    if (n == 0 && mbedtls_ssl_write(&peer.ssl, (uint8_t *)argv[7], strlen(argv[7])) > 0) {
        n = mbedtls_ssl_read(&peer.ssl, datagram, sizeof datagram);
    }
    printf("%s, %s: %.*s\n", argv[5], n > 0 ? mbedtls_ssl_get_ciphersuite(&peer.ssl) : "no session",
           n > 0 ? n : 0, (const char *)datagram);
    return n <= 0;
}
