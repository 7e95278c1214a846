/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include <string.h>

/* Moves what DTLS has to say; gives its next deadline. */
static uint64_t pump(struct channel *c, wick_stub_world *w)
{
    wick_out o;
    size_t len = 0;
    for (;;) {
        wick_dtls_poll(&c->dtls, &o, w->now_ms);
        if (o.kind == WICK_OUT_SEND) {
            wick_status s = wick_stub_node_send(c->node, c->session, o.bytes);
            (void)s; /* a lost flight is sent again by DTLS */
        } else if (o.kind == WICK_OUT_EVENT) {
            c->up = c->up || o.event == WICK_DTLS_UP;
        } else {
            break;
        }
    }
    while (wick_dtls_read(&c->dtls, (uint8_t *)c->text, sizeof c->text - 1, &len) == WICK_OK) {
        c->text[len] = '\0';
        c->texts++;
    }
    return o.kind == WICK_OUT_WAIT ? o.deadline_ms : w->now_ms + 3600000;
}

static uint64_t run(void *ctx, wick_stub_world *w)
{
    struct channel *c = ctx;
    return c->used ? pump(c, w) : w->now_ms + 3600000;
}

wick_status channel_open(struct channel *c, wick_stub_node *node, const wick_gateway_event *e)
{
    wick_dtls_config cfg;
    if (c->used) {
        wick_dtls_free(&c->dtls); /* the session has new keys */
    } else {
        c->actor = wick_stub_actor_add(node->w, run, c);
    }
    wick_status s = wick_gateway_session_psk(
        &node->gw, &c->psk, e->session, e->initiator ? WICK_ROLE_INITIATOR : WICK_ROLE_RESPONDER,
        WICK_USE_DTLS12);
    if (s != WICK_OK) {
        return s;
    }
    c->node = node;
    c->session = e->session;
    c->up = false;
    memcpy(c->peer, e->id, 32);
    memcpy(c->address, e->addr.ip, 16);
    wick_store_be16(c->address + 16, e->addr.port);
    memset(&cfg, 0, sizeof cfg);
    cfg.role = e->initiator ? WICK_DTLS_CLIENT : WICK_DTLS_SERVER;
    c->entry.identity = wick_span_text(c->psk.identity);
    c->entry.psk = wick_span_make(c->psk.key, c->psk.key_len);
    memcpy(c->entry.peer, e->id, 32);
    c->entry.role = cfg.role;
    cfg.entries = &c->entry;
    cfg.entry_count = 1;
    cfg.expect_peer = c->peer;
    cfg.entropy = &node->entropy;
    cfg.address = wick_span_make(c->address, sizeof c->address);
    s = wick_dtls_init(&c->dtls, &cfg);
    if (s == WICK_OK) {
        c->used = true;
        s = wick_dtls_start(&c->dtls, node->w->now_ms);
    }
    wick_stub_actor_wake(node->w, c->actor);
    return s;
}

void channel_input(struct channel *c, wick_span record)
{
    if (c->used && wick_dtls_input(&c->dtls, c->node->w->now_ms, record) == WICK_OK) {
        (void)pump(c, c->node->w);
        wick_stub_actor_wake(c->node->w, c->actor); /* its deadline may have changed */
    }
}

wick_status channel_write(struct channel *c, const char *text)
{
    wick_status s = wick_dtls_write(&c->dtls, c->node->w->now_ms, wick_span_text(text));
    wick_stub_actor_wake(c->node->w, c->actor);
    return s;
}
