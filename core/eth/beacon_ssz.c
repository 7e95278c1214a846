/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light client objects: SSZ to view, strictly, and the roots of what is in them
 * (consensus-specs light-client/sync-protocol.md of Altair, Capella, Deneb, Electra and Gloas).
 */
#include <string.h>

#include "beacon_internal.h"

#if WICK_WITH_BEACON

/* Execution payload header: fixed part up to Capella and from Deneb on, and its one variable field. */
#define PAYLOAD_CAPELLA 568u
#define PAYLOAD_DENEB 584u
#define EXTRA_OFFSET 436u
#define EXTRA_MAX 32u
#define BLOOM_OFFSET 116u
#define BLOOM_BYTES 256u

static size_t branch_bytes(unsigned gindex)
{
    return 32u * wick_ssz_depth(gindex);
}

static size_t payload_fixed(const wick_beacon_shape *shape)
{
    return shape->payload_fields == 15 ? PAYLOAD_CAPELLA : PAYLOAD_DENEB;
}

/* Bytes of a header that has one size only; 0 if it has not. */
static size_t header_fixed(const wick_beacon_shape *shape)
{
    switch ((wick_beacon_header_kind)shape->header) {
    case WICK_BEACON_HEADER_PLAIN:
        return WICK_BEACON_PLAIN_BYTES;
    case WICK_BEACON_HEADER_BLOCK_HASH:
        return WICK_BEACON_PLAIN_BYTES + 32 + branch_bytes(shape->block_hash);
    case WICK_BEACON_HEADER_PAYLOAD:
        break;
    }
    return 0;
}

/* ---- decoding ---- */

static wick_status decode_payload(wick_beacon_header *out, const wick_beacon_shape *shape)
{
    size_t fixed = payload_fixed(shape);
    wick_span p = out->payload;
    if (p.len < fixed) {
        return WICK_E_TRUNCATED;
    }
    if (wick_ssz_u32(p.ptr + EXTRA_OFFSET) != fixed) {
        return WICK_E_MALFORMED;
    }
    if (p.len - fixed > EXTRA_MAX) {
        return WICK_E_TRAILING;
    }
    out->block_hash = p.ptr + WICK_BEACON_PAYLOAD_HASH;
    return WICK_OK;
}

/* A LightClientHeader, of which the caller knows where it ends. */
static wick_status decode_header(wick_beacon_header *out, const wick_beacon_shape *shape,
                                 wick_span in)
{
    wick_reader r = wick_reader_make(in);
    out->beacon = wick_read_span(&r, WICK_BEACON_PLAIN_BYTES);
    if (shape->header == WICK_BEACON_HEADER_PAYLOAD) {
        wick_span offset = wick_read_span(&r, 4);
        out->branch = wick_read_span(&r, branch_bytes(shape->payload));
        if (r.status == WICK_OK && wick_ssz_u32(offset.ptr) != r.pos) {
            return WICK_E_MALFORMED;
        }
        out->payload = wick_read_span(&r, r.len - r.pos);
    } else if (shape->header == WICK_BEACON_HEADER_BLOCK_HASH) {
        out->block_hash = wick_read_span(&r, 32).ptr;
        out->branch = wick_read_span(&r, branch_bytes(shape->block_hash));
    }
    wick_status s = wick_read_end(&r);
    if (s == WICK_OK) {
        out->slot = wick_ssz_u64(out->beacon.ptr);
        if (shape->header == WICK_BEACON_HEADER_PAYLOAD) {
            s = decode_payload(out, shape);
        }
    }
    return s;
}

/* The parts of one size, in the order of the object; headers of variable size leave an offset. */
struct layout {
    wick_reader r;
    size_t fixed;                 /* of a header, or 0 */
    wick_span header[2];          /* those of one size */
    const uint8_t *offset[2];
    unsigned headers;
};

static void take_header(struct layout *l)
{
    if (l->fixed != 0) {
        l->header[l->headers] = wick_read_span(&l->r, l->fixed);
    } else {
        l->offset[l->headers] = wick_read_span(&l->r, 4).ptr;
    }
    l->headers++;
}

/* Offsets: the first is where the fixed part ends, none goes back, the last part ends the object. */
static wick_status find_headers(struct layout *l)
{
    size_t at[3] = {l->r.pos, l->r.len, l->r.len};
    if (l->fixed != 0) {
        return wick_read_end(&l->r);
    }
    if (wick_ssz_u32(l->offset[0]) != at[0]) {
        return WICK_E_MALFORMED;
    }
    if (l->headers == 2) {
        at[1] = wick_ssz_u32(l->offset[1]);
        if (at[1] < at[0] || at[1] > l->r.len) {
            return WICK_E_MALFORMED;
        }
    }
    for (unsigned i = 0; i < l->headers; i++) {
        l->header[i] = wick_span_make(l->r.ptr + at[i], at[i + 1] - at[i]);
    }
    return WICK_OK;
}

static wick_status decode(wick_beacon_object *out, wick_span ssz, size_t members)
{
    const wick_beacon_shape *shape = out->shape;
    struct layout l = {wick_reader_make(ssz), header_fixed(shape), {{NULL, 0}}, {NULL}, 0};
    bool update = out->kind == WICK_BEACON_UPDATE, bootstrap = out->kind == WICK_BEACON_BOOTSTRAP;
    take_header(&l);
    if (update || bootstrap) {
        out->committee = wick_read_span(&l.r, 48 * (members + 1));
        out->committee_branch =
            wick_read_span(&l.r, branch_bytes(update ? shape->next : shape->current));
    }
    if (update || out->kind == WICK_BEACON_FINALITY) {
        take_header(&l);
        out->finality_branch = wick_read_span(&l.r, branch_bytes(shape->finalized));
    }
    if (!bootstrap) {
        out->bits = wick_read_span(&l.r, members / 8);
        out->signature = wick_read_span(&l.r, 96).ptr;
        wick_span slot = wick_read_span(&l.r, 8);
        out->signature_slot = l.r.status == WICK_OK ? wick_ssz_u64(slot.ptr) : 0;
    }
    wick_status s = l.r.status;
    if (s == WICK_OK) {
        s = find_headers(&l);
    }
    if (s == WICK_OK) {
        s = decode_header(&out->attested, shape, l.header[0]);
    }
    if (s == WICK_OK && l.headers == 2) {
        s = decode_header(&out->finalized, shape, l.header[1]);
    }
    return s;
}

wick_status wick_beacon_decode(wick_beacon_object *out, wick_beacon_kind kind,
                               const wick_beacon_shape *shape, wick_span ssz, uint16_t committee)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    out->shape = shape;
    wick_status s = decode(out, ssz, committee);
    if (s != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return s;
}

bool wick_beacon_is_default(const wick_beacon_header *h)
{
    if (!wick_ct_is_zero(h->beacon.ptr, h->beacon.len) ||
        !wick_ct_is_zero(h->branch.ptr, h->branch.len)) {
        return false;
    }
    if (h->payload.len == 0) {
        return h->block_hash == NULL || wick_ct_is_zero(h->block_hash, 32);
    }
    /* All zero but for the offset of an extra data that is empty. */
    return wick_ssz_u32(h->payload.ptr + EXTRA_OFFSET) == h->payload.len &&
           wick_ct_is_zero(h->payload.ptr, EXTRA_OFFSET) &&
           wick_ct_is_zero(h->payload.ptr + EXTRA_OFFSET + 4, h->payload.len - EXTRA_OFFSET - 4);
}

/* ---- roots ---- */

void wick_beacon_root(wick_ssz *z, uint8_t out32[32], const wick_beacon_header *h)
{
    wick_ssz_tree t;
    const uint8_t *p = h->beacon.ptr;
    wick_ssz_tree_begin(&t);
    wick_ssz_leaf_short(z, &t, p, 8);      /* slot */
    wick_ssz_leaf_short(z, &t, p + 8, 8);  /* proposer */
    wick_ssz_leaf(z, &t, p + 16);          /* parent root */
    wick_ssz_leaf(z, &t, p + WICK_BEACON_STATE_ROOT);
    wick_ssz_leaf(z, &t, p + WICK_BEACON_BODY_ROOT);
    wick_ssz_root(z, out32, &t, 3);
}

static void bloom_root(wick_ssz *z, uint8_t out32[32], const uint8_t *bloom)
{
    wick_ssz_tree t;
    wick_ssz_tree_begin(&t);
    for (size_t i = 0; i < BLOOM_BYTES; i += 32) {
        wick_ssz_leaf(z, &t, bloom + i);
    }
    wick_ssz_root(z, out32, &t, 3);
}

/* ByteList[32]: one chunk, and the length mixed in. */
static void extra_root(wick_ssz *z, uint8_t out32[32], wick_span extra)
{
    uint8_t chunk[32] = {0}, length[32] = {0};
    memcpy(chunk, extra.ptr, extra.len);
    length[0] = (uint8_t)extra.len;
    wick_ssz_pair(z, out32, chunk, length);
}

static void payload_root(wick_ssz *z, uint8_t out32[32], wick_span payload, size_t fixed,
                         unsigned fields)
{
    /* Lengths of the fields, 0 for the two that are trees of their own. */
    static const uint8_t length[17] = {32, 20, 32, 32, 0, 32, 8, 8, 8, 8, 0, 32, 32, 32, 32, 8, 8};
    uint8_t root[32];
    wick_ssz_tree t;
    const uint8_t *p = payload.ptr;
    wick_ssz_tree_begin(&t);
    for (unsigned i = 0; i < fields; i++) {
        if (i == 4) {
            bloom_root(z, root, payload.ptr + BLOOM_OFFSET);
            wick_ssz_leaf(z, &t, root);
            p += BLOOM_BYTES;
        } else if (i == 10) {
            extra_root(z, root, wick_span_make(payload.ptr + fixed, payload.len - fixed));
            wick_ssz_leaf(z, &t, root);
            p += 4;
        } else {
            wick_ssz_leaf_short(z, &t, p, length[i]);
            p += length[i];
        }
    }
    wick_ssz_root(z, out32, &t, fields == 15 ? 4 : 5);
}

/* is_valid_light_client_header(), by the fork of the header's slot: an object of a newer fork may
 * carry a header of an older one, with what that did not have left zero. */
static wick_status check_execution(wick_ssz *z, wick_beacon_head *out, wick_beacon_header_kind wire,
                                   const wick_beacon_shape *wire_shape,
                                   const wick_beacon_shape *own, const wick_beacon_header *h)
{
    const uint8_t *body = h->beacon.ptr + WICK_BEACON_BODY_ROOT;
    wick_beacon_header rest = *h;
    static const uint8_t no_beacon[WICK_BEACON_PLAIN_BYTES];
    if (own->header == WICK_BEACON_HEADER_PLAIN) {
        rest.beacon = wick_span_make(no_beacon, sizeof no_beacon);
        return wick_beacon_is_default(&rest) ? WICK_OK : WICK_E_MALFORMED;
    }
    if (wire < own->header || (wire == WICK_BEACON_HEADER_PAYLOAD &&
                               wire_shape->payload_fields < own->payload_fields)) {
        return WICK_E_MALFORMED;
    }
    memcpy(out->execution_hash, h->block_hash, 32);
    if (wire == WICK_BEACON_HEADER_BLOCK_HASH) {
        memcpy(out->execution_root, h->block_hash, 32);
        return wick_ssz_branch(z, body, h->block_hash, h->branch, own->block_hash)
                   ? WICK_OK
                   : WICK_E_BEACON_BRANCH;
    }
    if (own->payload_fields < wire_shape->payload_fields &&
        !wick_ct_is_zero(h->payload.ptr + PAYLOAD_CAPELLA, PAYLOAD_DENEB - PAYLOAD_CAPELLA)) {
        return WICK_E_MALFORMED;
    }
    payload_root(z, out->execution_root, h->payload, payload_fixed(wire_shape),
                 own->payload_fields);
    return wick_ssz_branch(z, body, out->execution_root, h->branch, own->payload)
               ? WICK_OK
               : WICK_E_BEACON_BRANCH;
}

wick_status wick_beacon_reduce(wick_ssz *z, wick_beacon_head *out, const wick_beacon_chain *chain,
                               const wick_beacon_shape *wire, const wick_beacon_header *h)
{
    const wick_beacon_fork *fork = wick_beacon_fork_at(chain, h->slot / chain->slots_per_epoch);
    memset(out, 0, sizeof *out);
    if (fork == NULL) {
        return WICK_E_UNSUPPORTED;
    }
    out->slot = h->slot;
    wick_beacon_root(z, out->root, h);
    return check_execution(z, out, (wick_beacon_header_kind)wire->header, wire, fork->shape, h);
}

void wick_beacon_committee_root(wick_ssz *z, uint8_t out32[32], const uint8_t *keys, size_t stride,
                                size_t members, const uint8_t aggregate48[48])
{
    uint8_t root[32], aggregate[32];
    wick_ssz_tree t;
    wick_ssz_tree_begin(&t);
    for (size_t i = 0; i < members; i++) {
        wick_ssz_bytes48(z, root, keys + stride * i);
        wick_ssz_leaf(z, &t, root);
    }
    wick_ssz_root(z, root, &t, wick_ssz_depth((unsigned)members));
    wick_ssz_bytes48(z, aggregate, aggregate48);
    wick_ssz_pair(z, out32, root, aggregate);
}

/* ---- domains ---- */

/* hash_tree_root(ForkData) */
static void fork_data_root(wick_ssz *z, uint8_t out32[32], const wick_beacon_chain *chain,
                           const wick_beacon_fork *fork)
{
    uint8_t version[32] = {0};
    memcpy(version, fork->version, sizeof fork->version);
    wick_ssz_pair(z, out32, version, chain->genesis_validators_root);
}

void wick_beacon_signing_root(wick_ssz *z, uint8_t out32[32], const wick_beacon_chain *chain,
                              const wick_beacon_fork *fork, const uint8_t root32[32])
{
    uint8_t data[32], domain[32] = {0x07, 0, 0, 0}; /* DOMAIN_SYNC_COMMITTEE */
    fork_data_root(z, data, chain, fork);
    memcpy(domain + 4, data, 28);
    wick_ssz_pair(z, out32, root32, domain);
}

/* compute_fork_digest() with the blob bounds of one epoch (Fulu p2p-interface.md), or without. */
static bool is_digest(wick_ssz *z, const wick_beacon_chain *chain, const wick_beacon_fork *fork,
                      const wick_beacon_blobs *blobs, const uint8_t digest4[4])
{
    uint8_t data[32], text[16], mask[32] = {0};
    fork_data_root(z, data, chain, fork);
    if (blobs != NULL) {
        for (unsigned i = 0; i < 8; i++) {
            text[i] = (uint8_t)(blobs->epoch >> (8 * i));
            text[8 + i] = (uint8_t)(blobs->max >> (8 * i));
        }
        wick_ssz_hash(z, mask, text, sizeof text);
    }
    for (unsigned i = 0; i < 4; i++) {
        data[i] ^= mask[i];
    }
    return memcmp(data, digest4, 4) == 0;
}

wick_status wick_beacon_fork_by_digest(const wick_beacon_fork **out, const wick_beacon_chain *chain,
                                       const wick_hal_crypto *crypto, const uint8_t digest4[4])
{
    wick_ssz z;
    *out = NULL;
    wick_ssz_begin(&z, crypto);
    /* 32 bits do not vouch for anything: they only say how to read, so that a match with bounds that
     * were not in force at the fork does no harm. */
    for (size_t i = 0; i < chain->forks; i++) {
        bool match = is_digest(&z, chain, &chain->fork[i], NULL, digest4);
        for (size_t k = 0; k < chain->blob_rows && !match; k++) {
            match = is_digest(&z, chain, &chain->fork[i], &chain->blobs[k], digest4);
        }
        if (match) {
            *out = &chain->fork[i];
        }
    }
    wick_status s = wick_ssz_end(&z);
    if (s == WICK_OK && *out == NULL) {
        s = WICK_E_UNSUPPORTED;
    }
    return s;
}

#else
/* ISO C forbids an empty file. */
typedef int wick_beacon_ssz_is_off;
#endif
