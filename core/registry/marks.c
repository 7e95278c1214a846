/* SPDX-License-Identifier: Apache-2.0 */
/* High-water marks in RAM and in the store. */
#include "wick/marks.h"

#include <string.h>

#define STORE_CHAINS WICK_STORE_KEY(5, 0)
#define STORE_PEERS WICK_STORE_KEY(5, 1)
#define CHAINS_VERSION 1u
#define PEERS_VERSION 2u /* 1 had no service */

#define CHAIN_BYTES 44u /* chain id 8, contract 20, number 8, time 8 */
#define PEER_BYTES 52u  /* registry 4, id 32, service 4, epoch 4, seq 4 + 4 */

_Static_assert(WICK_GW_MARKS_MAX * PEER_BYTES <= WICK_STORE_VALUE_MAX, "peer marks in one value");
_Static_assert(WICK_GW_REGISTRIES_MAX * CHAIN_BYTES <= WICK_STORE_VALUE_MAX, "chain marks too");

void wick_marks_init(wick_marks *m, const wick_hal_store *store)
{
    memset(m, 0, sizeof *m);
    m->store = store;
}

wick_status wick_marks_add(wick_marks *m, uint64_t chain_id, const uint8_t contract20[20])
{
    if (m->count == WICK_GW_REGISTRIES_MAX) {
        return WICK_E_LIMIT;
    }
    m->chain[m->count].chain_id = chain_id;
    m->chain[m->count].contract = contract20;
    m->count++;
    return WICK_OK;
}

/* ------------------------------------------------------------------ store */

/* WICK_E_NOT_FOUND where nothing is stored. */
static wick_status get(const wick_marks *m, wick_reader *r, uint8_t *work, uint16_t key,
                       uint8_t want)
{
    wick_buf b = wick_buf_make(work, WICK_STORE_VALUE_MAX);
    uint8_t version = 0;
    wick_status s = m->store->get(m->store->ctx, key, &version, &b);
    *r = wick_reader_make(wick_buf_span(&b));
    return s == WICK_OK && version != want ? WICK_E_STORE_VERSION : s;
}

static wick_status load_chains(wick_marks *m, uint8_t *work)
{
    wick_reader r;
    wick_status s = get(m, &r, work, STORE_CHAINS, CHAINS_VERSION);
    if (s != WICK_OK) {
        return s == WICK_E_NOT_FOUND ? WICK_OK : s;
    }
    while (r.status == WICK_OK && r.pos < r.len) {
        uint64_t chain = wick_read_be64(&r);
        wick_span contract = wick_read_span(&r, 20);
        uint64_t number = wick_read_be64(&r), time_s = wick_read_be64(&r);
        /* The configuration may have been reordered since: match by chain and contract. */
        for (size_t i = 0; i < m->count && r.status == WICK_OK; i++) {
            if (m->chain[i].chain_id == chain &&
                memcmp(m->chain[i].contract, contract.ptr, 20) == 0) {
                m->chain[i].number = number;
                m->chain[i].time_s = time_s;
            }
        }
    }
    return r.status == WICK_OK ? WICK_OK : WICK_E_STORE_CORRUPT;
}

static wick_status load_peers(wick_marks *m, uint8_t *work)
{
    wick_reader r;
    wick_status s = get(m, &r, work, STORE_PEERS, PEERS_VERSION);
    if (s != WICK_OK) {
        return s == WICK_E_NOT_FOUND ? WICK_OK : s;
    }
    m->peer_count = 0;
    while (m->peer_count < WICK_GW_MARKS_MAX && r.status == WICK_OK && r.pos < r.len) {
        wick_mark *p = &m->peer[m->peer_count++];
        wick_read_bytes(&r, p->registry, sizeof p->registry);
        wick_read_bytes(&r, p->id, sizeof p->id);
        wick_read_bytes(&r, p->service, sizeof p->service);
        p->seen.epoch = wick_read_be32(&r);
        p->seen.seq[0] = wick_read_be32(&r);
        p->seen.seq[1] = wick_read_be32(&r);
    }
    return wick_read_end(&r) == WICK_OK ? WICK_OK : WICK_E_STORE_CORRUPT;
}

wick_status wick_marks_load(wick_marks *m, uint8_t work[WICK_STORE_VALUE_MAX])
{
    if (m->store == NULL) {
        return WICK_OK;
    }
    wick_status s = load_chains(m, work);
    return s == WICK_OK ? load_peers(m, work) : s;
}

wick_status wick_marks_save(wick_marks *m, uint8_t work[WICK_STORE_VALUE_MAX])
{
    if (m->store == NULL || !m->dirty) {
        return WICK_OK;
    }
    m->dirty = false;
    wick_buf b = wick_buf_make(work, WICK_STORE_VALUE_MAX);
    for (size_t i = 0; i < m->count; i++) {
        wick_buf_put_be64(&b, m->chain[i].chain_id);
        wick_buf_put(&b, m->chain[i].contract, 20);
        wick_buf_put_be64(&b, m->chain[i].number);
        wick_buf_put_be64(&b, m->chain[i].time_s);
    }
    wick_status s = m->store->put(m->store->ctx, STORE_CHAINS, CHAINS_VERSION, wick_buf_span(&b));
    if (s != WICK_OK) {
        return s;
    }
    b = wick_buf_make(work, WICK_STORE_VALUE_MAX);
    for (unsigned i = 0; i < m->peer_count; i++) {
        const wick_mark *p = &m->peer[i];
        wick_buf_put(&b, p->registry, sizeof p->registry);
        wick_buf_put(&b, p->id, sizeof p->id);
        wick_buf_put(&b, p->service, sizeof p->service);
        wick_buf_put_be32(&b, p->seen.epoch);
        wick_buf_put_be32(&b, p->seen.seq[0]);
        wick_buf_put_be32(&b, p->seen.seq[1]);
    }
    return m->store->put(m->store->ctx, STORE_PEERS, PEERS_VERSION, wick_buf_span(&b));
}

/* ------------------------------------------------------------------ headers */

wick_status wick_marks_header(const wick_marks *m, size_t registry,
                              const wick_trusted_header *header)
{
    if (header->number < m->chain[registry].number ||
        header->timestamp < m->chain[registry].time_s) {
        return WICK_E_HEADER_STALE;
    }
    return WICK_OK;
}

void wick_marks_header_proven(wick_marks *m, size_t registry, const wick_trusted_header *header)
{
    if (header->number > m->chain[registry].number) {
        m->chain[registry].number = header->number;
        m->chain[registry].time_s = header->timestamp;
        m->dirty = true;
    }
}

void wick_marks_lower(wick_marks *m, size_t registry, uint64_t number, uint64_t time_s)
{
    if (m->chain[registry].number > number) {
        m->chain[registry].number = number;
        if (m->chain[registry].time_s > time_s) {
            m->chain[registry].time_s = time_s;
        }
        m->dirty = true;
    }
}

/* ------------------------------------------------------------------ peers */

/* Four bytes do: registries are the operator's own, and two services that collide are of one peer,
 * which thus has its own record called stale. */
static void shorten_registry(uint8_t out[4], const wick_marks *m, size_t registry)
{
    wick_store_be32(out, (uint32_t)m->chain[registry].chain_id ^
                             wick_load_be32(m->chain[registry].contract));
}

static bool is_of(const wick_mark *p, const uint8_t registry[4], const uint8_t id32[32])
{
    return memcmp(p->registry, registry, 4) == 0 && memcmp(p->id, id32, 32) == 0;
}

void wick_marks_get(const wick_marks *m, wick_record_seen *out, size_t registry,
                    const uint8_t id32[32], const uint8_t *service32)
{
    uint8_t tag[4];
    shorten_registry(tag, m, registry);
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < m->peer_count; i++) {
        const wick_mark *p = &m->peer[i];
        if (!is_of(p, tag, id32)) {
            continue;
        }
        out->epoch = p->seen.epoch > out->epoch ? p->seen.epoch : out->epoch;
        if (service32 != NULL && memcmp(p->service, service32, sizeof p->service) == 0) {
            memcpy(out->seq, p->seen.seq, sizeof out->seq);
        }
    }
}

wick_status wick_marks_record(const wick_marks *m, wick_record_seen *seen, size_t registry,
                              const uint8_t id32[32], const uint8_t *service32,
                              const wick_peer_record *rec, wick_status read)
{
    wick_marks_get(m, seen, registry, id32, service32);
    if (read == WICK_E_RECORD_ABSENT && seen->epoch != 0) {
        return WICK_E_RECORD_REVOKED;
    }
    if (read != WICK_OK) {
        return read;
    }
    if (rec->device.epoch < seen->epoch) {
        return WICK_E_RECORD_STALE;
    }
    for (unsigned i = 0; i < 2 && service32 != NULL; i++) {
        uint32_t seq = rec->has_endpoint[i] ? rec->endpoint[i].seq : 0;
        if (seq < seen->seq[i]) {
            return WICK_E_RECORD_STALE;
        }
        seen->seq[i] = seq;
    }
    seen->epoch = rec->device.epoch;
    return WICK_OK;
}

/* Index of the entry for this peer and service; one of the peer without a service will do;
 * peer_count if there is none. */
static unsigned find(const wick_marks *m, const uint8_t registry[4], const uint8_t id32[32],
                     const uint8_t *service32)
{
    static const uint8_t none[4];
    unsigned found = m->peer_count;
    for (unsigned i = 0; i < m->peer_count; i++) {
        const wick_mark *p = &m->peer[i];
        if (!is_of(p, registry, id32)) {
            continue;
        }
        if (service32 == NULL || memcmp(p->service, service32, sizeof p->service) == 0) {
            return i;
        }
        found = memcmp(p->service, none, sizeof none) == 0 ? i : found;
    }
    return found;
}

void wick_marks_put(wick_marks *m, size_t registry, const uint8_t id32[32],
                    const uint8_t *service32, const wick_record_seen *seen)
{
    wick_mark next;
    uint8_t tag[4];
    shorten_registry(tag, m, registry);
    unsigned i = find(m, tag, id32, service32);
    memset(&next, 0, sizeof next);
    if (i < m->peer_count) {
        next = m->peer[i];
    } else {
        memcpy(next.registry, tag, sizeof next.registry);
        memcpy(next.id, id32, sizeof next.id);
        m->dirty = true;
        if (m->peer_count == WICK_GW_MARKS_MAX) {
            i--; /* the one unused for longest makes room */
        } else {
            m->peer_count++;
        }
    }
    m->dirty = m->dirty || next.seen.epoch != seen->epoch;
    next.seen.epoch = seen->epoch;
    if (service32 != NULL) {
        memcpy(next.service, service32, sizeof next.service);
        m->dirty = m->dirty || memcmp(next.seen.seq, seen->seq, sizeof seen->seq) != 0;
        memcpy(next.seen.seq, seen->seq, sizeof next.seen.seq);
    }
    memmove(&m->peer[1], &m->peer[0], i * sizeof m->peer[0]);
    m->peer[0] = next;
}
