/* SPDX-License-Identifier: Apache-2.0 */
/*
 * High-water marks: per chain the highest header proven, per peer the highest epoch and sequence
 * numbers. What is lower than its mark is stale, however well it is proven: an old state of a chain
 * is a true state. Two values in the store, rewritten whole: 0x0500 chains, 0x0501 peers.
 */
#include "gateway_internal.h"

#define STORE_CHAINS WICK_STORE_KEY(5, 0)
#define STORE_PEERS WICK_STORE_KEY(5, 1)
#define STORE_VERSION 1u

#define CHAIN_BYTES 44u /* chain id 8, contract 20, number 8, time 8 */
#define PEER_BYTES 45u  /* registry 1, id 32, epoch 4, seq 4 + 4 */

_Static_assert(WICK_GW_MARKS_MAX * PEER_BYTES <= WICK_STORE_VALUE_MAX, "peer marks in one value");
_Static_assert(WICK_GW_REGISTRIES_MAX * CHAIN_BYTES <= WICK_STORE_VALUE_MAX, "chain marks too");

static wick_status load_chains(wick_gateway *gw, uint8_t *bytes, size_t cap)
{
    wick_buf b = wick_buf_make(bytes, cap);
    uint8_t version = 0;
    wick_status s = gw->cfg.store->get(gw->cfg.store->ctx, STORE_CHAINS, &version, &b);
    if (s == WICK_E_NOT_FOUND) {
        return WICK_OK;
    }
    if (s == WICK_OK && version != STORE_VERSION) {
        s = WICK_E_STORE_VERSION;
    }
    if (s != WICK_OK) {
        return s;
    }
    wick_reader r = wick_reader_make(wick_buf_span(&b));
    while (r.status == WICK_OK && r.pos < r.len) {
        uint64_t chain = wick_read_be64(&r);
        wick_span contract = wick_read_span(&r, 20);
        uint64_t number = wick_read_be64(&r), time_s = wick_read_be64(&r);
        /* The configuration may have been reordered since: match by chain and contract. */
        for (unsigned i = 0; i < gw->cfg.registry_count && r.status == WICK_OK; i++) {
            const wick_gateway_registry *reg = &gw->cfg.registries[i];
            if (reg->chain_id == chain && memcmp(reg->device_registry, contract.ptr, 20) == 0) {
                gw->chain_mark[i].number = number;
                gw->chain_mark[i].time_s = time_s;
            }
        }
    }
    return r.status == WICK_OK ? WICK_OK : WICK_E_STORE_CORRUPT;
}

static wick_status load_peers(wick_gateway *gw, uint8_t *bytes, size_t cap)
{
    wick_buf b = wick_buf_make(bytes, cap);
    uint8_t version = 0;
    wick_status s = gw->cfg.store->get(gw->cfg.store->ctx, STORE_PEERS, &version, &b);
    if (s == WICK_E_NOT_FOUND) {
        return WICK_OK;
    }
    if (s == WICK_OK && version != STORE_VERSION) {
        s = WICK_E_STORE_VERSION;
    }
    if (s != WICK_OK) {
        return s;
    }
    wick_reader r = wick_reader_make(wick_buf_span(&b));
    for (unsigned i = 0; i < WICK_GW_MARKS_MAX && r.pos < r.len; i++) {
        wick_gateway_mark *m = &gw->mark[i];
        m->registry = wick_read_u8(&r);
        wick_read_bytes(&r, m->id, 32);
        m->seen.epoch = wick_read_be32(&r);
        m->seen.seq[0] = wick_read_be32(&r);
        m->seen.seq[1] = wick_read_be32(&r);
        m->used = ++gw->mark_clock;
    }
    return wick_read_end(&r) == WICK_OK ? WICK_OK : WICK_E_STORE_CORRUPT;
}

wick_status gw_marks_load(wick_gateway *gw)
{
    if (gw->cfg.store == NULL) {
        return WICK_OK;
    }
    /* The frame is idle before start, and large enough for both values. */
    _Static_assert(sizeof gw->frame >= WICK_STORE_VALUE_MAX, "frame holds a value");
    wick_status s = load_chains(gw, gw->frame, WICK_STORE_VALUE_MAX);
    return s == WICK_OK ? load_peers(gw, gw->frame, WICK_STORE_VALUE_MAX) : s;
}

void gw_marks_save(wick_gateway *gw)
{
    if (gw->cfg.store == NULL || !gw->marks_dirty) {
        return;
    }
    gw->marks_dirty = false;
    wick_buf b = wick_buf_make(gw->frame, WICK_STORE_VALUE_MAX);
    for (unsigned i = 0; i < gw->cfg.registry_count; i++) {
        wick_buf_put_be64(&b, gw->cfg.registries[i].chain_id);
        wick_buf_put(&b, gw->cfg.registries[i].device_registry, 20);
        wick_buf_put_be64(&b, gw->chain_mark[i].number);
        wick_buf_put_be64(&b, gw->chain_mark[i].time_s);
    }
    wick_status s =
        gw->cfg.store->put(gw->cfg.store->ctx, STORE_CHAINS, STORE_VERSION, wick_buf_span(&b));
    b = wick_buf_make(gw->frame, WICK_STORE_VALUE_MAX);
    for (unsigned i = 0; i < WICK_GW_MARKS_MAX; i++) {
        const wick_gateway_mark *m = &gw->mark[i];
        if (m->used != 0) {
            wick_buf_put_u8(&b, m->registry);
            wick_buf_put(&b, m->id, 32);
            wick_buf_put_be32(&b, m->seen.epoch);
            wick_buf_put_be32(&b, m->seen.seq[0]);
            wick_buf_put_be32(&b, m->seen.seq[1]);
        }
    }
    if (s == WICK_OK) {
        s = gw->cfg.store->put(gw->cfg.store->ctx, STORE_PEERS, STORE_VERSION, wick_buf_span(&b));
    }
    if (s != WICK_OK && gw->cfg.log != NULL) {
        /* Marks stay in RAM: only a restart would forget them. */
        gw->cfg.log->write(gw->cfg.log->ctx, WICK_LOG_WARN, "gateway",
                           "the store refused the high-water marks");
    }
}

wick_status gw_mark_header(const wick_gateway *gw, uint8_t registry, const wick_trusted_header *h)
{
    if (h->number < gw->chain_mark[registry].number ||
        h->timestamp < gw->chain_mark[registry].time_s) {
        return WICK_E_HEADER_STALE;
    }
    return WICK_OK;
}

void gw_mark_header_proven(wick_gateway *gw, uint64_t now_ms, uint8_t registry,
                           const wick_trusted_header *h)
{
    if (h->number > gw->chain_mark[registry].number) {
        gw->chain_mark[registry].number = h->number;
        gw->chain_mark[registry].time_s = h->timestamp;
        gw->marks_dirty = true;
    }
    if (h->timestamp > gw->floor_unix_s) {
        gw->floor_unix_s = h->timestamp;
        gw->floor_ms = now_ms;
    }
}

static int find_mark(const wick_gateway *gw, uint8_t registry, const uint8_t id[32])
{
    for (int i = 0; i < WICK_GW_MARKS_MAX; i++) {
        const wick_gateway_mark *m = &gw->mark[i];
        if (m->used != 0 && m->registry == registry && memcmp(m->id, id, 32) == 0) {
            return i;
        }
    }
    return -1;
}

void gw_mark_get(const wick_gateway *gw, wick_record_seen *out, uint8_t registry,
                 const uint8_t id[32])
{
    int i = find_mark(gw, registry, id);
    if (i >= 0) {
        *out = gw->mark[i].seen;
    } else {
        memset(out, 0, sizeof *out);
    }
}

void gw_mark_put(wick_gateway *gw, uint8_t registry, const uint8_t id[32],
                 const wick_record_seen *seen)
{
    int i = find_mark(gw, registry, id);
    if (i < 0) {
        i = 0;
        for (int k = 1; k < WICK_GW_MARKS_MAX; k++) {
            i = gw->mark[k].used < gw->mark[i].used ? k : i; /* free ones have 0 */
        }
        memset(&gw->mark[i], 0, sizeof gw->mark[i]);
        gw->mark[i].registry = registry;
        memcpy(gw->mark[i].id, id, 32);
    }
    wick_gateway_mark *m = &gw->mark[i];
    gw->marks_dirty = gw->marks_dirty || memcmp(&m->seen, seen, sizeof *seen) != 0;
    m->seen = *seen;
    m->used = ++gw->mark_clock;
}
