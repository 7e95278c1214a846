/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light client objects from JSON to SSZ (consensus-specs ssz/simple-serialize.md): fixed parts in the
 * order of the containers, then what is of variable size, with offsets in its place.
 */
#include "wick/port/beacon_json.h"

#include <string.h>

/* An error latches; nothing is written after it. */
struct writer {
    wick_buf *out;
    size_t start; /* of the object */
    wick_status status;
};

static void fail(struct writer *w, wick_status status)
{
    if (w->status == WICK_OK) {
        w->status = status;
    }
}

static void put_le(struct writer *w, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        wick_buf_put_u8(w->out, (uint8_t)(v >> (8 * i)));
    }
}

/* "0x" and exactly 2 * len digits. */
static void put_bytes(struct writer *w, const wick_json *node, size_t len)
{
    size_t before = w->out->len;
    if (w->status != WICK_OK) {
        return;
    }
    wick_status s = wick_json_data(w->out, node);
    fail(w, s);
    if (s == WICK_OK && w->out->len - before != len) {
        fail(w, WICK_E_JSON);
    }
}

wick_status wick_beacon_json_uint(uint8_t *out, size_t len, const wick_json *node)
{
    const char *text = wick_json_text(node);
    memset(out, 0, len);
    if (text == NULL || text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) {
        return WICK_E_JSON;
    }
    for (const char *p = text; *p != '\0'; p++) {
        unsigned carry = (unsigned)*p - '0';
        if (*p < '0' || *p > '9') {
            memset(out, 0, len);
            return WICK_E_JSON;
        }
        for (size_t i = 0; i < len; i++) {
            carry += out[i] * 10u;
            out[i] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) {
            memset(out, 0, len);
            return WICK_E_JSON;
        }
    }
    return WICK_OK;
}

static void put_uint(struct writer *w, const wick_json *node, size_t len)
{
    uint8_t le[32];
    if (w->status == WICK_OK) {
        fail(w, wick_beacon_json_uint(le, len, node));
        wick_buf_put(w->out, le, len);
    }
}

static size_t depth_of(unsigned gindex)
{
    size_t n = 0;
    for (; gindex > 1; gindex >>= 1) {
        n++;
    }
    return n;
}

static void put_branch(struct writer *w, const wick_json *node, unsigned gindex)
{
    size_t n = 0;
    if (wick_json_kind_of(node) != WICK_JSON_ARRAY) {
        fail(w, WICK_E_JSON);
    }
    for (const wick_json *e = wick_json_first(node); e != NULL && w->status == WICK_OK;
         e = wick_json_next(e), n++) {
        put_bytes(w, e, 32);
    }
    if (n != depth_of(gindex)) {
        fail(w, WICK_E_JSON);
    }
}

static void put_committee(struct writer *w, const wick_json *node, size_t members)
{
    const wick_json *keys = wick_json_member(node, "pubkeys");
    size_t n = 0;
    if (wick_json_kind_of(keys) != WICK_JSON_ARRAY) {
        fail(w, WICK_E_JSON);
    }
    for (const wick_json *e = wick_json_first(keys); e != NULL && w->status == WICK_OK;
         e = wick_json_next(e), n++) {
        put_bytes(w, e, 48);
    }
    if (n != members) {
        fail(w, WICK_E_JSON);
    }
    put_bytes(w, wick_json_member(node, "aggregate_pubkey"), 48);
}

/* ---- headers ---- */

/* Fields of the execution payload header, in order. len 0: the one of variable size. */
static const struct {
    const char *name;
    uint16_t len;
    bool number;
} payload_field[] = {
    {"parent_hash", 32, false},     {"fee_recipient", 20, false},
    {"state_root", 32, false},      {"receipts_root", 32, false},
    {"logs_bloom", 256, false},     {"prev_randao", 32, false},
    {"block_number", 8, true},      {"gas_limit", 8, true},
    {"gas_used", 8, true},          {"timestamp", 8, true},
    {"extra_data", 0, false},       {"base_fee_per_gas", 32, true},
    {"block_hash", 32, false},      {"transactions_root", 32, false},
    {"withdrawals_root", 32, false}, {"blob_gas_used", 8, true},
    {"excess_blob_gas", 8, true}};

#define PAYLOAD_CAPELLA 568u
#define PAYLOAD_DENEB 584u
#define EXTRA_MAX 32u

static void put_payload(struct writer *w, const wick_json *node, const wick_beacon_shape *shape)
{
    const wick_json *extra = wick_json_member(node, "extra_data");
    for (size_t i = 0; i < shape->payload_fields && w->status == WICK_OK; i++) {
        const wick_json *value = wick_json_member(node, payload_field[i].name);
        if (payload_field[i].len == 0) {
            put_le(w, shape->payload_fields == 15 ? PAYLOAD_CAPELLA : PAYLOAD_DENEB, 4);
        } else if (payload_field[i].number) {
            put_uint(w, value, payload_field[i].len);
        } else {
            put_bytes(w, value, payload_field[i].len);
        }
    }
    size_t before = w->out->len;
    if (w->status == WICK_OK) {
        fail(w, wick_json_data(w->out, extra));
    }
    if (w->out->len - before > EXTRA_MAX) {
        fail(w, WICK_E_JSON);
    }
}

static void put_header(struct writer *w, const wick_json *node, const wick_beacon_shape *shape)
{
    const wick_json *beacon = wick_json_member(node, "beacon");
    const wick_json *branch = wick_json_member(node, "execution_branch");
    put_uint(w, wick_json_member(beacon, "slot"), 8);
    put_uint(w, wick_json_member(beacon, "proposer_index"), 8);
    put_bytes(w, wick_json_member(beacon, "parent_root"), 32);
    put_bytes(w, wick_json_member(beacon, "state_root"), 32);
    put_bytes(w, wick_json_member(beacon, "body_root"), 32);
    if (shape->header == WICK_BEACON_HEADER_PAYLOAD) {
        put_le(w, 112 + 4 + 32 * depth_of(shape->payload), 4);
        put_branch(w, branch, shape->payload);
        put_payload(w, wick_json_member(node, "execution"), shape);
    } else if (shape->header == WICK_BEACON_HEADER_BLOCK_HASH) {
        put_bytes(w, wick_json_member(node, "execution_block_hash"), 32);
        put_branch(w, branch, shape->block_hash);
    }
}

/* A header of one size stands where it is; else its offset does, filled in by late_header(). */
static size_t early_header(struct writer *w, const wick_json *node,
                           const wick_beacon_shape *shape)
{
    size_t at = w->out->len;
    if (shape->header == WICK_BEACON_HEADER_PAYLOAD) {
        put_le(w, 0, 4);
    } else {
        put_header(w, node, shape);
    }
    return at;
}

static void late_header(struct writer *w, const wick_json *node, const wick_beacon_shape *shape,
                        size_t at)
{
    if (shape->header == WICK_BEACON_HEADER_PAYLOAD && w->status == WICK_OK) {
        size_t offset = w->out->len - w->start;
        for (size_t i = 0; i < 4 && at + i < w->out->cap; i++) {
            w->out->ptr[at + i] = (uint8_t)(offset >> (8 * i));
        }
        put_header(w, node, shape);
    }
}

/* ---- objects ---- */

wick_status wick_beacon_json_object(wick_buf *ssz, wick_beacon_kind kind,
                                    const wick_beacon_shape *shape, const wick_json *data,
                                    uint16_t committee)
{
    struct writer w = {ssz, ssz->len, WICK_OK};
    bool bootstrap = kind == WICK_BEACON_BOOTSTRAP, update = kind == WICK_BEACON_UPDATE;
    const wick_json *first = wick_json_member(data, bootstrap ? "header" : "attested_header");
    const wick_json *second = wick_json_member(data, "finalized_header");
    size_t first_at, second_at = 0;
    if (wick_json_kind_of(data) != WICK_JSON_OBJECT || ssz->ptr == NULL) {
        return WICK_E_JSON;
    }
    first_at = early_header(&w, first, shape);
    if (bootstrap) {
        put_committee(&w, wick_json_member(data, "current_sync_committee"), committee);
        put_branch(&w, wick_json_member(data, "current_sync_committee_branch"), shape->current);
    } else if (update) {
        put_committee(&w, wick_json_member(data, "next_sync_committee"), committee);
        put_branch(&w, wick_json_member(data, "next_sync_committee_branch"), shape->next);
    }
    if (update || kind == WICK_BEACON_FINALITY) {
        second_at = early_header(&w, second, shape);
        put_branch(&w, wick_json_member(data, "finality_branch"), shape->finalized);
    }
    if (!bootstrap) {
        const wick_json *aggregate = wick_json_member(data, "sync_aggregate");
        put_bytes(&w, wick_json_member(aggregate, "sync_committee_bits"), committee / 8u);
        put_bytes(&w, wick_json_member(aggregate, "sync_committee_signature"), 96);
        put_uint(&w, wick_json_member(data, "signature_slot"), 8);
    }
    late_header(&w, first, shape, first_at);
    if (update || kind == WICK_BEACON_FINALITY) {
        late_header(&w, second, shape, second_at);
    }
    if (w.status == WICK_OK) {
        w.status = wick_buf_status(ssz);
    }
    if (w.status != WICK_OK) {
        ssz->len = w.start;
    }
    return w.status;
}
