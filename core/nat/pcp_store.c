/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCP client: what survives a restart. Without its nonce a client is a stranger to its own mapping
 * (RFC 6887 section 11.3) and gets NOT_AUTHORIZED until that expires.
 *
 * Value, version 1: server address 16 | epoch 4 | own address 16 | entries of 71 bytes:
 * nonce 12 | protocol 1 | internal port 2 | external 18 | remote 18 | third party 16 | lifetime 4.
 */
#include <string.h>

#include "pcp_internal.h"

#define STORE_VERSION 1u
#define HEAD_BYTES 36u
#define ENTRY_BYTES 71u
#define KEPT (WICK_PCP_MAPPINGS < 8 ? WICK_PCP_MAPPINGS : 8)
#define VALUE_BYTES (HEAD_BYTES + ENTRY_BYTES * KEPT)

_Static_assert(VALUE_BYTES <= WICK_STORE_VALUE_MAX, "one value holds all mappings");

static void put_addr(wick_buf *b, const wick_addr *a)
{
    wick_buf_put(b, a->ip, sizeof a->ip);
    wick_buf_put_be16(b, a->port);
}

static wick_addr get_addr(wick_reader *r)
{
    wick_addr a;
    wick_read_bytes(r, a.ip, sizeof a.ip);
    a.port = wick_read_be16(r);
    return a;
}

void wick_pcp_save_(wick_pcp_client *c)
{
    uint8_t value[VALUE_BYTES];
    wick_buf b = wick_buf_make(value, sizeof value);
    if (c->store == NULL) {
        return;
    }
    wick_buf_put(&b, c->server[c->current].ip, 16);
    wick_buf_put_be32(&b, c->epoch_s);
    wick_buf_put(&b, c->client.ip, 16);
    for (unsigned i = 0; i < WICK_PCP_MAPPINGS && b.len + ENTRY_BYTES <= sizeof value; i++) {
        const wick_pcp_mapping *m = &c->mapping[i];
        if (m->state == M_FREE || m->state == M_GONE) {
            continue;
        }
        wick_buf_put(&b, m->nonce, sizeof m->nonce);
        wick_buf_put_u8(&b, m->want.protocol);
        wick_buf_put_be16(&b, m->want.internal_port);
        put_addr(&b, &m->external);
        put_addr(&b, &m->want.remote);
        wick_buf_put(&b, m->want.third_party, sizeof m->want.third_party);
        wick_buf_put_be32(&b, m->want.lifetime_s);
    }
    /* A store that is full or broken costs the next restart a wait, not the mapping. */
    (void)!c->store->put(c->store->ctx, c->store_key, STORE_VERSION, wick_buf_span(&b));
}

void wick_pcp_load_(wick_pcp_client *c)
{
    uint8_t value[VALUE_BYTES], server[16], client[16], version = 0;
    wick_buf b = wick_buf_make(value, sizeof value);
    if (c->store == NULL ||
        c->store->get(c->store->ctx, c->store_key, &version, &b) != WICK_OK ||
        version != STORE_VERSION || b.len < HEAD_BYTES ||
        (b.len - HEAD_BYTES) % ENTRY_BYTES != 0 || b.len > sizeof value) {
        return;
    }
    wick_reader r = wick_reader_make(wick_buf_span(&b));
    wick_read_bytes(&r, server, sizeof server);
    uint32_t epoch_s = wick_read_be32(&r);
    wick_read_bytes(&r, client, sizeof client);
    bool same_server = false;
    for (unsigned i = 0; i < c->server_count && !same_server; i++) {
        same_server = memcmp(server, c->server[i].ip, sizeof server) == 0;
        c->current = same_server ? (uint8_t)i : 0;
    }
    if (!same_server) {
        return; /* its nonces are nobody else's business */
    }
    c->epoch_s = epoch_s;
    c->epoch_known = 2;
    size_t count = (b.len - HEAD_BYTES) / ENTRY_BYTES;
    for (size_t i = 0; i < count; i++) {
        wick_pcp_mapping *m = &c->mapping[i];
        wick_read_bytes(&r, m->nonce, sizeof m->nonce);
        m->want.protocol = wick_read_u8(&r);
        m->want.internal_port = wick_read_be16(&r);
        m->external = get_addr(&r);
        m->want.remote = get_addr(&r);
        wick_read_bytes(&r, m->want.third_party, sizeof m->want.third_party);
        m->want.lifetime_s = wick_read_be32(&r);
        m->state = M_REMEMBERED;
    }
}
