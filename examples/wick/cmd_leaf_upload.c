/* SPDX-License-Identifier: Apache-2.0 */
/* wick leaf upload: a ticket goes ahead of its session, by datagrams of the leaf or carried by gateways. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "leaf_link.h"
#include "leaf_upload.h"
#include "wick/record.h"
#include "wick/ticket_keys.h"

/* Who carries the datagrams. */
typedef struct courier {
    leaf *l;
    wick_sock sock;       /* to the audience itself */
    const uint8_t *via;   /* id of the gateway behind which the service is that leads to it */
} courier;

/* By datagrams of our own to the audience. */
static wick_status exchange_direct(void *ctx, wick_buf *answer, wick_span datagram, uint64_t wait_ms)
{
    const courier *k = (const courier *)ctx;
    leaf *l = k->l;
    wick_addr from;
    int32_t n = 0;
    if (datagram.len != 0) {
        n = l->h.net.udp_send(l->h.net.ctx, k->sock, &l->audience, datagram);
        l->bytes += n > 0 ? (uint64_t)n : 0;
    }
    for (uint64_t until = leaf_now(l) + wait_ms, now = leaf_now(l); !wick_time_reached(now, until);
         now = leaf_now(l)) {
        struct pollfd fd = {wick_linux_net_fd(&l->h.linux_net, k->sock), POLLIN, 0};
        (void)poll(&fd, 1, (int)(until - now));
        n = l->h.net.udp_recv(l->h.net.ctx, k->sock, &from, answer->ptr, answer->cap);
        if (n > 0 && wick_addr_equal(&from, &l->audience)) {
            l->bytes += (uint64_t)n;
            answer->len = (size_t)n;
            return WICK_OK;
        }
    }
    return WICK_AGAIN;
}

/* As payload that the gateways carry to a service behind the audience's, which leads to itself. */
static wick_status exchange_carried(void *ctx, wick_buf *answer, wick_span datagram,
                                    uint64_t wait_ms)
{
    const courier *k = (const courier *)ctx;
    leaf *l = k->l;
    char query[256];
    wick_leaf_head head;
    wick_coap_call call;
    const uint64_t until = leaf_now(l) + wait_ms;
    (void)snprintf(query, sizeof query, "peer=%.191s", l->via);
    memset(&call, 0, sizeof call);
    call.method = WICK_COAP_POST;
    call.path = "dpk/send";
    call.query = query;
    call.payload = datagram;
    wick_status s = leaf_ask(l, &call);
    if (s == WICK_OK && WICK_COAP_CLASS(l->answer.code) == 2) {
        s = wick_leaf_head_read(&head, l->answer.payload, k->via, 0);
        wick_buf_put(answer, head.rest.ptr, head.rest.len);
        s = s != WICK_OK ? s : answer->len == 0 ? WICK_AGAIN : wick_buf_status(answer);
    } else if (s == WICK_OK) {
        s = l->answer.has_max_age || l->answer.code == WICK_COAP_GATEWAY_TIMEOUT ? WICK_AGAIN
                                                                               : WICK_E_LEAF_REFUSED;
    }
    const uint64_t now = leaf_now(l);
    if (s == WICK_AGAIN && !wick_time_reached(now, until)) {
        (void)poll(NULL, 0, (int)(until - now)); /* the gateway has said so before the time was up */
    }
    return s;
}

static wick_status upload(leaf *l, unsigned *sent, const wick_leaf_ticket *t)
{
    static const wick_addr any;
    wick_peer_ref ref;
    uint8_t id[32];
    courier k = {.l = l, .sock = -1, .via = id};
    wick_status s;
    if (l->via == NULL) {
        s = l->h.net.udp_open(l->h.net.ctx, &k.sock, &any);
        s = s == WICK_OK ? leaf_upload(&l->h, sent, t, exchange_direct, &k, l->until_ms) : s;
        if (k.sock >= 0) {
            l->h.net.close(l->h.net.ctx, k.sock);
        }
        return s;
    }
    s = wick_peer_ref_parse(&ref, l->via, strlen(l->via));
    s = s == WICK_OK ? wick_name_hash(id, ref.name) : s;
    return s == WICK_OK ? leaf_upload(&l->h, sent, t, exchange_carried, &k, l->until_ms) : s;
}

/* The ticket goes ahead: what works from then on is its short identity. */
int leaf_show_upload(leaf *l, wick_span body, const uint8_t id[32])
{
    static uint8_t kept[512]; /* the body is used for other answers meanwhile */
    wick_leaf_ticket t;
    wick_session_psk k, small;
    out_rec o;
    unsigned sent = 0;
    int code = CLI_OK;
    wick_status s = body.len <= sizeof kept ? WICK_OK : WICK_E_MALFORMED;
    if (s == WICK_OK) {
        memcpy(kept, body.ptr, body.len);
        s = wick_leaf_ticket_read(&t, wick_span_make(kept, body.len), id, 0);
    }
    s = s == WICK_OK ? upload(l, &sent, &t) : s;
    s = s == WICK_OK ? wick_ticket_psk(&k, &l->h.crypto, t.ks, WICK_USE_DTLS12) : s;
    s = s == WICK_OK ? wick_ticket_psk(&small, &l->h.crypto, t.ks, WICK_USE_PSK16) : s;
    if (s != WICK_OK) {
        wick_wipe(kept, sizeof kept);
        return leaf_failed(l, s, "upload");
    }
    if (l->out_file != NULL) {
        const wick_session_psk *wanted = l->small_key ? &small : &k;
        code = leaf_write_file(l, wanted->key, wanted->key_len, true);
    }
    if (code == CLI_OK) {
        leaf_put_head(l, &o, t.peer, t.epoch);
        out_str(&o, "short_identity", k.identity);
        out_str(&o, "psk16_identity", small.identity);
        out_u64(&o, "uploads", sent);
        leaf_put_end(l, &o);
    }
    wick_wipe(kept, sizeof kept);
    wick_wipe(&t, sizeof t);
    wick_wipe(&k, sizeof k);
    wick_wipe(&small, sizeof small);
    return code;
}
