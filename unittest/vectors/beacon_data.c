/* SPDX-License-Identifier: Apache-2.0 */
#include "beacon_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

#define RAW_MAX (1u << 20)
#define FILES_MAX 1024

/* ---- files ---- */

static raw_file files[FILES_MAX];
static size_t file_count;

static void add(const char *path, size_t len)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL || file_count == FILES_MAX) {
        if (f != NULL) {
            fclose(f);
        }
        return;
    }
    uint8_t *bytes = data_alloc(len + 1);
    size_t name = strlen(path) + 1;
    raw_file *r = &files[file_count];
    if (fread(bytes, 1, len, f) == len) {
        r->path = data_alloc(name);
        memcpy(r->path, path, name);
        r->bytes = wick_span_make(bytes, len);
        file_count++;
    }
    fclose(f);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const raw_file *)a)->path, ((const raw_file *)b)->path);
}

const raw_file *raw_files(size_t *count)
{
    static bool scanned;
    if (!scanned) {
        scanned = true;
        walk_vectors(RAW_MAX, add);
        qsort(files, file_count, sizeof files[0], by_path);
    }
    *count = file_count;
    return files;
}

const raw_file *raw_beside(const char *path, const char *name)
{
    const char *end = strrchr(path, '/');
    size_t dir = end == NULL ? 0 : (size_t)(end - path) + 1;
    for (size_t i = 0; i < file_count; i++) {
        if (strncmp(files[i].path, path, dir) == 0 && strcmp(files[i].path + dir, name) == 0) {
            return &files[i];
        }
    }
    return NULL;
}

/* ---- Snappy (format_description.txt, framing_format.txt) ---- */

static bool block(wick_buf *out, wick_span in)
{
    size_t want = 0, at = 0, start = out->len;
    unsigned shift = 0;
    do {
        if (at == in.len || shift > 28) {
            return false;
        }
        want |= (size_t)(in.ptr[at] & 0x7fu) << shift;
        shift += 7;
    } while ((in.ptr[at++] & 0x80u) != 0);
    if (want > RAW_MAX) {
        return false;
    }
    while (at < in.len) {
        unsigned tag = in.ptr[at++];
        size_t len = (tag >> 2) + 1, more = 0, offset = 0;
        if ((tag & 3u) == 0) {
            more = len > 60 ? len - 60 : 0;
        } else if ((tag & 3u) == 1) {
            len = ((tag >> 2) & 7u) + 4;
            offset = (size_t)(tag >> 5) << 8;
            more = 1;
        } else {
            more = (tag & 3u) == 2 ? 2 : 4;
        }
        if (in.len - at < more) {
            return false;
        }
        size_t extra = 0;
        for (size_t i = 0; i < more; i++) {
            extra |= (size_t)in.ptr[at++] << (8 * i);
        }
        if ((tag & 3u) == 0) {
            len = more != 0 ? extra + 1 : len;
            if (in.len - at < len || out->cap - out->len < len) {
                return false;
            }
            wick_buf_put(out, in.ptr + at, len);
            at += len;
            continue;
        }
        offset |= extra;
        if (offset == 0 || offset > out->len - start || out->cap - out->len < len) {
            return false;
        }
        for (size_t i = 0; i < len; i++) {
            wick_buf_put_u8(out, out->ptr[out->len - offset]);
        }
    }
    return out->len - start == want;
}

bool snappy(wick_span *out, wick_span in)
{
    static const uint8_t magic[10] = {0xff, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'};
    wick_buf b = wick_buf_make(data_alloc(RAW_MAX), RAW_MAX);
    bool framed = in.len > sizeof magic && memcmp(in.ptr, magic, sizeof magic) == 0;
    bool ok = true;
    if (!framed) {
        ok = block(&b, in);
    }
    for (size_t at = sizeof magic; framed && ok && at < in.len;) {
        size_t len = in.len - at < 4 ? 0
                                     : (size_t)in.ptr[at + 1] | (size_t)in.ptr[at + 2] << 8 |
                                           (size_t)in.ptr[at + 3] << 16;
        ok = in.len - at >= 4 && in.len - at - 4 >= len && len > 4 && in.ptr[at] <= 1;
        if (ok) { /* a checksum in front; what matters is signed anyway */
            wick_span data = wick_span_make(in.ptr + at + 8, len - 4);
            if (in.ptr[at] == 0) {
                ok = block(&b, data);
            } else {
                wick_buf_put(&b, data.ptr, data.len);
            }
        }
        at += 4 + len;
    }
    *out = wick_buf_span(&b);
    return ok && wick_buf_status(&b) == WICK_OK;
}

/* ---- JSON to SSZ ---- */

static bool failed;

static const cJSON *get(const cJSON *o, const char *name)
{
    const cJSON *v = data_get(o, name);
    failed = failed || v == NULL;
    return v;
}

/* Hex of a fixed length. */
static void put_hex(wick_buf *out, const cJSON *v, size_t len)
{
    wick_span s = {NULL, 0};
    if (v == NULL || !data_hex(&s, v) || s.len != len) {
        failed = true;
        wick_buf_put_zero(out, len);
        return;
    }
    wick_buf_put(out, s.ptr, s.len);
}

/* A decimal string of up to 256 bits, little-endian. */
static void put_number(wick_buf *out, const cJSON *v, size_t len)
{
    uint8_t number[32] = {0};
    if (v == NULL || !cJSON_IsString(v)) {
        failed = true;
    }
    for (const char *p = failed ? "" : v->valuestring; *p != '\0'; p++) {
        unsigned carry = (unsigned)(*p - '0');
        for (size_t i = 0; i < sizeof number; i++) {
            carry += 10u * number[i];
            number[i] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    wick_buf_put(out, number, len);
}

static void put_u32(wick_buf *out, size_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        wick_buf_put_u8(out, (uint8_t)(v >> (8 * i)));
    }
}

static void put_branch(wick_buf *out, const cJSON *list)
{
    failed = failed || !cJSON_IsArray(list);
    for (const cJSON *v = failed ? NULL : list->child; v != NULL; v = v->next) {
        put_hex(out, v, 32);
    }
}

static void put_beacon(wick_buf *out, const cJSON *h)
{
    put_number(out, get(h, "slot"), 8);
    put_number(out, get(h, "proposer_index"), 8);
    put_hex(out, get(h, "parent_root"), 32);
    put_hex(out, get(h, "state_root"), 32);
    put_hex(out, get(h, "body_root"), 32);
}

static void put_payload(wick_buf *out, const cJSON *e)
{
    static const struct {
        const char *name;
        size_t len; /* 0: extra data; above 32: hex */
        bool number;
    } field[] = {{"parent_hash", 32, false},      {"fee_recipient", 20, false},
                 {"state_root", 32, false},       {"receipts_root", 32, false},
                 {"logs_bloom", 256, false},      {"prev_randao", 32, false},
                 {"block_number", 8, true},       {"gas_limit", 8, true},
                 {"gas_used", 8, true},           {"timestamp", 8, true},
                 {"extra_data", 0, false},        {"base_fee_per_gas", 32, true},
                 {"block_hash", 32, false},       {"transactions_root", 32, false},
                 {"withdrawals_root", 32, false}, {"blob_gas_used", 8, true},
                 {"excess_blob_gas", 8, true}};
    bool deneb = data_get(e, "blob_gas_used") != NULL;
    wick_span extra = {NULL, 0};
    for (size_t i = 0; i < (deneb ? 17u : 15u); i++) {
        const cJSON *v = get(e, field[i].name);
        if (field[i].len == 0) {
            failed = failed || !data_hex(&extra, v);
            put_u32(out, deneb ? 584 : 568);
        } else if (field[i].number) {
            put_number(out, v, field[i].len);
        } else {
            put_hex(out, v, field[i].len);
        }
    }
    if (!failed && extra.len != 0) {
        wick_buf_put(out, extra.ptr, extra.len);
    }
}

/* A header from Capella to Fulu. */
static void put_header(wick_buf *out, const cJSON *h)
{
    size_t start = out->len;
    put_beacon(out, get(h, "beacon"));
    put_u32(out, 112 + 4 + 4 * 32);
    put_branch(out, get(h, "execution_branch"));
    put_payload(out, get(h, "execution"));
    failed = failed || out->len - start < 112 + 4 + 4 * 32;
}

static void put_committee(wick_buf *out, const cJSON *c)
{
    const cJSON *keys = get(c, "pubkeys");
    failed = failed || !cJSON_IsArray(keys);
    for (const cJSON *k = failed ? NULL : keys->child; k != NULL; k = k->next) {
        put_hex(out, k, 48);
    }
    put_hex(out, get(c, "aggregate_pubkey"), 48);
}

static void put_aggregate(wick_buf *out, const cJSON *data)
{
    const cJSON *a = get(data, "sync_aggregate");
    wick_span bits = {NULL, 0};
    failed = failed || !data_hex(&bits, data_get(a, "sync_committee_bits"));
    if (!failed) {
        wick_buf_put(out, bits.ptr, bits.len);
    }
    put_hex(out, get(a, "sync_committee_signature"), 96);
    put_number(out, get(data, "signature_slot"), 8);
}

bool beacon_ssz(wick_span *out, wick_beacon_kind *kind, char *text, const cJSON *object)
{
    const cJSON *data = data_get(object, "data"), *version = data_get(object, "version");
    const cJSON *attested = data_get(data, "attested_header"), *second;
    if (!cJSON_IsString(version) || strlen(version->valuestring) > 15) {
        return false;
    }
    memcpy(text, version->valuestring, strlen(version->valuestring) + 1);
    failed = false;
    second = data_get(data, "finalized_header");
    if (attested == NULL) {
        *kind = WICK_BEACON_BOOTSTRAP;
        attested = data_get(data, "header");
    } else if (second == NULL) {
        *kind = WICK_BEACON_OPTIMISTIC;
    } else {
        *kind = data_get(data, "next_sync_committee") != NULL ? WICK_BEACON_UPDATE
                                                              : WICK_BEACON_FINALITY;
    }
    if (data_get(attested, "execution") == NULL) {
        return false;
    }
    /* Fixed parts twice: to know where the headers begin, then with their offsets. */
    size_t first_at = 0, second_at = 0;
    wick_buf b = {NULL, 0, 0};
    for (int pass = 0; pass < 2; pass++) {
        b = wick_buf_make(data_alloc(RAW_MAX), RAW_MAX);
        put_u32(&b, first_at);
        if (*kind == WICK_BEACON_BOOTSTRAP) {
            put_committee(&b, get(data, "current_sync_committee"));
            put_branch(&b, get(data, "current_sync_committee_branch"));
        }
        if (*kind == WICK_BEACON_UPDATE) {
            put_committee(&b, get(data, "next_sync_committee"));
            put_branch(&b, get(data, "next_sync_committee_branch"));
        }
        if (second != NULL) {
            put_u32(&b, second_at);
            put_branch(&b, get(data, "finality_branch"));
        }
        if (*kind != WICK_BEACON_BOOTSTRAP) {
            put_aggregate(&b, data);
        }
        first_at = b.len;
        put_header(&b, attested);
        second_at = b.len;
        if (second != NULL) {
            put_header(&b, second);
        }
    }
    *out = wick_buf_span(&b);
    return !failed && wick_buf_status(&b) == WICK_OK;
}
