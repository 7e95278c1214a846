/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf: a device that owns no public-key crypto. It asks its gateway for a key and a ticket for a peer, then
 * talks DTLS-PSK with that peer end to end. Two gateways carry its records, its own and the one in VIA
 * (GATEWAY/SERVICE), and cannot read them. Its firmware: leaf_update.c. */
#include "leaf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wick/leaf_answer.h"
#include "wick/port/leaf_hash.h"
#include "wick/record.h"
#include "wick/ticket_keys.h"

#define MEETINGS 12u /* handshakes at most, */
#define SHOWINGS 3u  /* so many of them with one ticket, */
#define SAYINGS 5u   /* and in each session tries of the text */

wick_leaf_client gateway;
static const wick_coap_block whole;
static wick_leaf_dtls peer;
static wick_session_psk psk;
static char ticket_text[256];
static char via[128]; /* query of what is carried, and what came back */
static uint8_t via_id[32], back[WICK_LEAF_DATAGRAM_MAX], heard[WICK_LEAF_DATAGRAM_MAX];
static size_t back_len;

/* DTLS that is carried: one message of ours, and what came back for it. */
static void carry(void *ctx, wick_span message)
{
    wick_leaf_head head;
    (void)ctx;
    if (wick_leaf_client_ask(&gateway, WICK_COAP_POST, "dpk/send", via, message, whole) == WICK_OK &&
        wick_leaf_head_read(&head, gateway.answer.payload, via_id, 0) == WICK_OK &&
        head.rest.len != 0) {
        memcpy(back, head.rest.ptr, head.rest.len);
        back_len = head.rest.len;
    }
}
static size_t carried(void *ctx, uint8_t *out, size_t cap, uint32_t timeout_ms)
{
    (void)timeout_ms; /* the gateways wait for some seconds */
    if (back_len == 0) {
        carry(ctx, wick_span_make(NULL, 0)); /* has anything come meanwhile? */
    }
    size_t n = back_len < cap ? back_len : cap;
    memcpy(out, back, n);
    back_len = 0;
    return n;
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
    wick_status s = wick_leaf_client_ask(&gateway, WICK_COAP_GET, "dpk/ticket", query,
                                         wick_span_make(NULL, 0), whole);
    s = s == WICK_OK ? wick_name_hash(id, wick_span_text(name)) : s;
    s = s == WICK_OK ? wick_leaf_ticket_read(&ticket, gateway.answer.payload, id, 0) : s;
    s = s == WICK_OK ? wick_ticket_psk(&psk, &crypto, ticket.ks, WICK_USE_DTLS12) : s;
    if (s != WICK_OK) {
        printf("no ticket: %s, code %u\n", wick_status_str(s), gateway.answer.code);
        return false;
    }
    snprintf(ticket_text, sizeof ticket_text, "%.*s", (int)ticket.text.len,
             (const char *)ticket.text.ptr);
    printf("ticket for %s: epoch %u, %zu characters\n", name, ticket.epoch, strlen(ticket_text));
    return true;
}

/* Says it until it comes back. The peer may have to look our gateway up: then the first handshake is in
 * vain. It may have ended one that failed here: then the ticket is used, and another one is needed. Later
 * the text or its answer may be lost. What the gateway refuses for good (4.xx) stays refused. */
static int talk(const char *name, const char *text)
{
    static const wick_leaf_carrier carrier = {NULL, carry, carried};
    bool has_ticket = false;
    size_t n = 0;
    for (unsigned i = 0; i < MEETINGS && WICK_COAP_CLASS(gateway.answer.code) != 4; i++) {
        usleep(100000u * i * i);
        has_ticket = (has_ticket && i % SHOWINGS != 0) || get_ticket(name);
        back_len = 0; /* that was for an earlier session */
        wick_status s = !has_ticket ? WICK_E_LEAF_REFUSED
                                    : wick_leaf_dtls_begin(&peer, wick_span_make(psk.key, psk.key_len),
                                                           wick_span_text(ticket_text), &carrier);
        for (unsigned k = 0; k < SAYINGS && s == WICK_OK; k++) {
            s = wick_leaf_dtls_write(&peer, wick_span_text(text));
            s = s == WICK_OK ? wick_leaf_dtls_read(&peer, heard, sizeof heard, &n, 1000) : s;
            if (s == WICK_OK) {
                printf("%s, %s: %.*s\n", name, wick_leaf_dtls_suite(&peer), (int)n, (char *)heard);
                return 0;
            }
            s = s == WICK_E_TIMEOUT ? WICK_OK : s; /* lost */
        }
    }
    printf("%s, no session: mbedtls -0x%04x\n", name, (unsigned)-peer.error);
    return 1;
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
    wick_status s =
        wick_leaf_client_open(&gateway, argv[1], argv[2], wick_span_make(key, sizeof key), argv[3]);
    wick_wipe(key, sizeof key);
    wick_wipe(hex, sizeof hex);
    if (s != WICK_OK) {
        printf("no gateway: %s, mbedtls -0x%04x\n", wick_status_str(s), (unsigned)-gateway.dtls.error);
        return LEAF_NO_GATEWAY;
    }
    int code = strcmp(argv[5], "--update") == 0 ? leaf_update(argv[6], argv[7])
                                                : talk(argv[5], argv[7]);
    wick_leaf_dtls_end(&peer);
    wick_wipe(&psk, sizeof psk);
    wick_leaf_client_close(&gateway);
    return code;
}
