/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf: a device that owns no public-key crypto. It asks its gateway (leaf_gateway.c) for a key and a
 * ticket for a peer, then talks DTLS-PSK with that peer end to end. Two gateways carry its records, its
 * own and the one in VIA (GATEWAY/SERVICE), and cannot read them. Its firmware: leaf_update.c. */
#include <stdio.h>
#include <string.h>

#include "leaf.h"
#include "wick/leaf_answer.h"
#include "wick/port/leaf_hash.h"
#include "wick/record.h"
#include "wick/ticket_keys.h"

#define MEETINGS 12u /* handshakes at most, */
#define SHOWINGS 3u  /* so many of them with one ticket, */
#define SAYINGS 5u   /* and in each session tries of the text */

static const wick_coap_block whole;
static leaf_session peer;
static wick_session_psk psk;
static char ticket_text[256];
static char via[128]; /* query of what is carried, and what came back */
static uint8_t via_id[32], back[1200], heard[1200];
static size_t back_len;

/* DTLS that is carried: one message of ours, and what came back for it. */
static int carry(void *ctx, const unsigned char *bytes, size_t len)
{
    wick_leaf_head head;
    (void)ctx;
    if (leaf_ask(WICK_COAP_POST, "dpk/send", via, wick_span_make(bytes, len), whole) &&
        wick_leaf_head_read(&head, leaf_answer.payload, via_id, 0) == WICK_OK &&
        head.rest.len != 0) {
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

/* A key for the peer, and the ticket to show it. */
static bool get_ticket(const char *name)
{
    char query[128];
    uint8_t id[32];
    wick_hal_crypto crypto;
    wick_leaf_ticket ticket;
    wick_leaf_hash_init(&crypto);
    snprintf(query, sizeof query, "peer=%s", name);
    if (!leaf_ask(WICK_COAP_GET, "dpk/ticket", query, wick_span_make(NULL, 0), whole) ||
        wick_name_hash(id, wick_span_text(name)) != WICK_OK ||
        wick_leaf_ticket_read(&ticket, leaf_answer.payload, id, 0) != WICK_OK ||
        wick_ticket_psk(&psk, &crypto, ticket.ks, WICK_USE_DTLS12) != WICK_OK) {
        printf("no ticket: code %u\n", leaf_answer.code);
        return false;
    }
    snprintf(ticket_text, sizeof ticket_text, "%.*s", (int)ticket.text.len,
             (const char *)ticket.text.ptr);
    printf("ticket for %s: epoch %u, %zu characters\n", name, ticket.epoch, strlen(ticket_text));
    return true;
}

/* @return octets in `heard`, or an error of mbedtls */
static int say(const char *text)
{
    int n = mbedtls_ssl_write(&peer.ssl, (const uint8_t *)text, strlen(text));
    return n > 0 ? mbedtls_ssl_read(&peer.ssl, heard, sizeof heard) : n;
}

/* Says it until it comes back. The peer may have to look our gateway up: then the first handshake is in
 * vain. It may have ended one that failed here: then the ticket is used, and another one is needed. Later
 * the text or its answer may be lost. What the gateway refuses for good (4.xx) stays refused. */
static int talk(const char *name, const char *text)
{
    int n = 0, why = 0;
    bool has_ticket = false;
    for (unsigned i = 0; i < MEETINGS && n <= 0; i++) {
        mbedtls_net_usleep(100000UL * i * i);
        has_ticket = has_ticket && i % SHOWINGS != 0 ? true : get_ticket(name);
        back_len = 0; /* that was for an earlier session */
        why = !has_ticket ? MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY
                          : leaf_begin(&peer, wick_span_make(psk.key, psk.key_len),
                                       wick_span_text(ticket_text), carry, carried);
        n = why;
        for (unsigned k = 0; k < SAYINGS && n == 0; k++) {
            why = say(text);
            bool lost = why == MBEDTLS_ERR_SSL_TIMEOUT || why == MBEDTLS_ERR_SSL_WANT_READ;
            n = lost ? 0 : why;
        }
        if (WICK_COAP_CLASS(leaf_answer.code) == 4) {
            break;
        }
    }
    if (n <= 0) {
        printf("%s, no session: mbedtls -0x%04x\n", name, (unsigned)-why);
        return 1;
    }
    printf("%s, %s: %.*s\n", name, mbedtls_ssl_get_ciphersuite(&peer.ssl), n, (char *)heard);
    return 0;
}

int main(int argc, char **argv)
{
    uint8_t key[32];
    char hex[70] = "";
    FILE *f = argc == 8 ? fopen(argv[4], "r") : NULL;
    if (f == NULL || fgets(hex, sizeof hex, f) == NULL || fclose(f) != 0 ||
        wick_hex_decode(key, 32, hex, strcspn(hex, "\n")) != WICK_OK ||
        wick_name_hash(via_id, wick_span_make((uint8_t *)argv[6], strcspn(argv[6], "/"))) !=
            WICK_OK) {
        puts("wick-leaf GATEWAY PORT NAME KEY-FILE (PEER VIA TEXT | --update PRODUCT DIR)");
        return 2;
    }
    snprintf(via, sizeof via, "peer=%s", argv[6]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rc = leaf_gateway(argv[1], argv[2], wick_span_make(key, sizeof key), argv[3]);
    if (rc != 0) {
        printf("no gateway: mbedtls -0x%04x\n", (unsigned)-rc);
        return LEAF_NO_GATEWAY;
    }
    return strcmp(argv[5], "--update") == 0 ? leaf_update(argv[6], argv[7])
                                            : talk(argv[5], argv[7]);
}
