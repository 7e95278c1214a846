/* SPDX-License-Identifier: Apache-2.0 */
/* The light client of a gateway in the stub world, and what its sources tell it: the truth, or not. */
#include "stub_node_internal.h"

#include <string.h>

#include "wick/header.h"

/* One header of an answer, as this source tells it. */
static wick_status give_header(wick_stub_node *n, const wick_light_request *q, uint32_t index)
{
    static uint8_t bytes[WICK_STUB_CHAIN_HEADER]; /* one world at a time asks */
    wick_stub_source source = n->source[q->source];
    wick_light_request asked = *q;
    const wick_stub_chain_state *b = wick_stub_chain_block(n->chain, q, index);
    uint64_t behind = n->chain->state.number - 10;
    if (source == WICK_STUB_SOURCE_BEHIND && (b == NULL || b->number > behind)) {
        asked.at = WICK_LIGHT_AT_NUMBER;
        asked.number = behind;
        b = q->at == WICK_LIGHT_AT_LATEST ? wick_stub_chain_block(n->chain, &asked, 0) : NULL;
    }
    if (source == WICK_STUB_SOURCE_OTHER && b != NULL) {
        asked.at = WICK_LIGHT_AT_NUMBER;
        asked.number = b->number - 1;
        b = wick_stub_chain_block(n->chain, &asked, 0);
    }
    if (source == WICK_STUB_SOURCE_SHALLOW && q->at == WICK_LIGHT_AT_HASH && b != NULL) {
        asked.at = WICK_LIGHT_AT_NUMBER;
        asked.number = b->number + 2;
        b = wick_stub_chain_block(n->chain, &asked, 0);
    }
    bool no_hash = source == WICK_STUB_SOURCE_NO_HASH && q->at == WICK_LIGHT_AT_HASH;
    if (b == NULL || source == WICK_STUB_SOURCE_UNKNOWN || no_hash) {
        return WICK_E_NOT_FOUND;
    }
    size_t len = b->header_len;
    memcpy(bytes, b->header, len);
    if (source == WICK_STUB_SOURCE_FORGED) {
        bytes[100] ^= 1; /* in the state root */
    } else if (source == WICK_STUB_SOURCE_GARBAGE) {
        len /= 2;
    } else if (source == WICK_STUB_SOURCE_AHEAD && q->at == WICK_LIGHT_AT_LATEST) {
        wick_header h;
        if (wick_header_decode(&h, wick_span_make(bytes, len)) == WICK_OK) {
            uint8_t *number = bytes + (h.field[WICK_HEADER_NUMBER].ptr - bytes);
            number[0] = 0xff;
        }
    }
    return wick_light_header(&n->light, wick_span_make(bytes, len), b->hash, n->w->now_ms, q->id);
}

static void serve_light(wick_stub_node *n, const wick_light_request *q)
{
    uint64_t now = n->w->now_ms;
    wick_status s = WICK_OK;
    uint32_t given = 0;
    if (n->source[q->source] == WICK_STUB_SOURCE_SILENT) {
        return;
    }
    while (given < q->count && s == WICK_OK) {
        s = give_header(n, q, given);
        given += s == WICK_OK ? 1 : 0;
    }
    /* Where nothing could be given the request fails; else the answer is shorter than asked for. */
    s = given == 0 && s == WICK_E_NOT_FOUND ? wick_light_failed(&n->light, now, q->id, s)
                                            : wick_light_end(&n->light, now, q->id);
    (void)s; /* STATE after a refusal, which shows in its events */
}

static void take_light_request(wick_stub_node *n, const wick_light_request *q)
{
    n->light_requests++;
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        if (n->light_pending[i].q.id == 0) {
            n->light_pending[i].q = *q;
            n->light_pending[i].due_ms = n->w->now_ms + n->chain->latency_ms;
            return;
        }
    }
}

void stub_node_run_light(wick_stub_node *n, uint64_t *deadline)
{
    wick_light_out o;
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        if (n->light_pending[i].q.id != 0 && n->light_pending[i].due_ms <= n->w->now_ms) {
            wick_light_request q = n->light_pending[i].q;
            n->light_pending[i].q.id = 0;
            serve_light(n, &q);
        }
    }
    while (wick_light_poll(&n->light, &o, n->w->now_ms), o.kind != WICK_LIGHT_OUT_WAIT) {
        if (o.kind == WICK_LIGHT_OUT_REQUEST) {
            take_light_request(n, &o.request);
        } else {
            n->light_seen[o.event.kind]++;
            n->light_last[o.event.kind] = o.event;
        }
    }
    *deadline = wick_time_min(*deadline, o.deadline_ms);
    for (unsigned i = 0; i < WICK_QUORUM_SOURCES_MAX; i++) {
        if (n->light_pending[i].q.id != 0) {
            *deadline = wick_time_min(*deadline, n->light_pending[i].due_ms);
        }
    }
}

void wick_stub_node_light(wick_stub_node *n, wick_light_rule rule)
{
    wick_light_config *c = &n->light_cfg;
    memset(c, 0, sizeof *c);
    n->has_light = true;
    c->chain_id = n->chain->chain_id;
    c->rule = rule;
    memcpy(c->trusted_hash, n->chain->genesis, 32);
    c->epoch = n->chain->sealing.epoch;
    c->poll_ms = 500;
    c->crypto = &n->crypto;
    c->clock = &n->clock;
    c->store = &n->store;
    c->store_base = WICK_LIGHT_STORE_BASE(0);
    c->store_work = n->light_work;
    c->bft = &n->bft;
    c->clique = &n->clique;
    c->quorum_state = &n->quorum;
    n->registry.light = &n->light;
}
