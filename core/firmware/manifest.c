/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests as deterministic CBOR (RFC 8949 section 4.2.1). Reading and writing are one walk over the
 * fields, so that neither knows a field, an order or a bound that the other does not: a codec either
 * takes values out of its input or puts those of the struct into its output.
 */
#include "wick/manifest.h"

#include <string.h>

/* Major types (RFC 8949 section 3.1). */
enum { UINT = 0, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5 };

typedef struct codec {
    bool writing;
    wick_status status; /* the first thing that is wrong */
    wick_reader in;
    wick_buf *out;
} codec;

/* A map under way. */
typedef struct map {
    uint64_t left;   /* reading: entries to come */
    size_t at;       /* writing: where its head stands */
    uint8_t entries; /* writing: so far, below 24 */
    uint64_t key;    /* reading: of the entry to come */
} map;

static void refuse(codec *c, wick_status why)
{
    if (c->status == WICK_OK) {
        c->status = c->in.status != WICK_OK ? c->in.status : why;
    }
}

static void put_head(codec *c, unsigned major, uint64_t v)
{
    uint8_t be[8];
    size_t n = v < 24 ? 0 : v < 0x100 ? 1 : v < 0x10000 ? 2 : v < UINT64_C(0x100000000) ? 4 : 8;
    unsigned info = n == 0 ? (unsigned)v : n == 1 ? 24 : n == 2 ? 25 : n == 4 ? 26 : 27;
    wick_store_be64(be, v);
    wick_buf_put_u8(c->out, (uint8_t)(major << 5 | info));
    wick_buf_put(c->out, be + 8 - n, n);
}

/* Head of an item in its shortest form. @return its value */
static uint64_t get_head(codec *c, unsigned major)
{
    unsigned first = wick_read_u8(&c->in), info = first & 31u;
    uint64_t v = 0;
    if (c->in.status != WICK_OK || first >> 5 != major || (info >= 28 && info <= 30)) {
        refuse(c, WICK_E_MALFORMED);
        return 0;
    }
    if (info == 31) { /* of no definite length; on a number it is nothing */
        refuse(c, major == UINT ? WICK_E_MALFORMED : WICK_E_NON_CANONICAL);
        return 0;
    }
    if (info < 24) {
        return info;
    }
    unsigned bytes = 1u << (info - 24);
    for (unsigned i = 0; i < bytes; i++) {
        v = v << 8 | wick_read_u8(&c->in);
    }
    if (c->in.status != WICK_OK || v < 24 || (bytes > 1 && v >> (4 * bytes) == 0)) {
        refuse(c, WICK_E_NON_CANONICAL);
        return 0;
    }
    return v;
}

static void head(codec *c, unsigned major, uint64_t *v)
{
    if (c->writing) {
        put_head(c, major, *v);
    } else {
        *v = c->status == WICK_OK ? get_head(c, major) : 0;
    }
}

static void number(codec *c, uint64_t *v, uint64_t least, uint64_t most)
{
    head(c, UINT, v);
    if (*v < least || *v > most) {
        refuse(c, WICK_E_MALFORMED);
    }
}

static void number32(codec *c, uint32_t *v, uint32_t least)
{
    uint64_t wide = *v;
    number(c, &wide, least, UINT32_MAX);
    if (!c->writing) {
        *v = (uint32_t)wide;
    }
}

static void number8(codec *c, uint8_t *v, uint8_t least)
{
    uint64_t wide = *v;
    number(c, &wide, least, UINT8_MAX);
    if (!c->writing) {
        *v = (uint8_t)wide;
    }
}

/* A byte string of exactly this length. */
static void bytes(codec *c, uint8_t *ptr, size_t len)
{
    uint64_t n = len;
    head(c, BYTES, &n);
    if (n != len) {
        refuse(c, WICK_E_MALFORMED);
    }
    if (c->writing) {
        wick_buf_put(c->out, ptr, len);
    } else if (c->status == WICK_OK) {
        wick_read_bytes(&c->in, ptr, len);
    }
}

static void cid(codec *c, wick_cid *v)
{
    uint8_t binary[WICK_CID_MAX];
    if (c->writing) {
        bytes(c, binary, wick_cid_encode(binary, v));
        /* What is no CID would not come back. */
        if (v->version > 1 || (v->codec != WICK_CID_DAG_PB && (v->version == 0 || v->codec != WICK_CID_RAW))) {
            refuse(c, WICK_E_MALFORMED);
        }
        return;
    }
    uint64_t n;
    head(c, BYTES, &n);
    wick_span s = wick_read_span(&c->in, n < SIZE_MAX ? (size_t)n : SIZE_MAX);
    wick_status status = c->status == WICK_OK ? wick_cid_decode(v, s) : WICK_OK;
    if (status != WICK_OK) {
        refuse(c, status == WICK_E_UNSUPPORTED ? status : WICK_E_MALFORMED);
    }
}

/* "http://" or "https://", then what is printable and no space. */
static bool is_uri(wick_span s)
{
    size_t scheme = s.len > 4 && s.ptr[4] == 's' ? 8 : 7;
    if (s.len > WICK_MANIFEST_URI_MAX || s.len <= scheme || memcmp(s.ptr, "http", 4) != 0 ||
        memcmp(s.ptr + scheme - 3, "://", 3) != 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

static void uri(codec *c, wick_span *v)
{
    uint64_t n = v->len;
    head(c, TEXT, &n);
    if (c->writing) {
        wick_buf_put(c->out, v->ptr, v->len);
    } else {
        *v = wick_read_span(&c->in, n < SIZE_MAX ? (size_t)n : SIZE_MAX);
    }
    if (c->status == WICK_OK && (c->in.status != WICK_OK || !is_uri(*v))) {
        refuse(c, WICK_E_MALFORMED);
    }
}

/* Entries of an array that is left out when it is empty. */
static void array(codec *c, uint8_t *count, unsigned most)
{
    uint64_t n = *count;
    head(c, ARRAY, &n);
    if (n == 0) {
        refuse(c, WICK_E_NON_CANONICAL);
    }
    if (n > most) {
        refuse(c, WICK_E_LIMIT);
    }
    if (!c->writing) {
        *count = c->status == WICK_OK ? (uint8_t)n : 0;
    }
}

/* ---- maps: keys are small numbers, ascending ---- */

static void next_key(codec *c, map *m)
{
    if (m->left == 0) {
        m->key = 0;
        return;
    }
    uint64_t last = m->key;
    m->left--;
    head(c, UINT, &m->key);
    if (m->key <= last) { /* out of order, or twice; there is no key 0 */
        refuse(c, m->key == 0 ? WICK_E_MALFORMED : WICK_E_NON_CANONICAL);
    }
}

static void map_begin(codec *c, map *m)
{
    memset(m, 0, sizeof *m);
    if (c->writing) {
        m->at = c->out->len;
        put_head(c, MAP, 0);
    } else {
        head(c, MAP, &m->left);
        next_key(c, m);
    }
}

static void map_end(codec *c, map *m)
{
    if (!c->writing) {
        if (m->key != 0) {
            refuse(c, WICK_E_MALFORMED); /* unknown */
        }
    } else if (c->out->ptr != NULL && m->at < c->out->cap) {
        c->out->ptr[m->at] = (uint8_t)(MAP << 5 | m->entries);
    }
}

/* Whether a field is there: it has to be (`must`), it comes, or the struct has it (`given`). After its
 * value follows map_next(). */
static bool field(codec *c, map *m, uint64_t key, bool must, bool given)
{
    if (c->writing) {
        if (must || given) {
            m->entries++;
            put_head(c, UINT, key);
        }
        return must || given;
    }
    if (c->status != WICK_OK || m->key != key) {
        if (must) {
            refuse(c, WICK_E_MALFORMED);
        }
        return false;
    }
    return true;
}

/* Behind a value; `is_default`: it should have been left out. */
static void map_next(codec *c, map *m, bool is_default)
{
    if (!c->writing && c->status == WICK_OK) {
        if (is_default) {
            refuse(c, WICK_E_NON_CANONICAL);
        } else {
            next_key(c, m);
        }
    }
}

static void must_bytes(codec *c, map *m, uint64_t key, uint8_t *ptr, size_t len)
{
    if (field(c, m, key, true, true)) {
        bytes(c, ptr, len);
        map_next(c, m, false);
    }
}

static void must_number32(codec *c, map *m, uint64_t key, uint32_t *v, uint32_t least)
{
    if (field(c, m, key, true, true)) {
        number32(c, v, least);
        map_next(c, m, false);
    }
}

/* Fields that are left out where they are 0. */
static void may_number(codec *c, map *m, uint64_t key, uint64_t *v)
{
    if (field(c, m, key, false, *v != 0)) {
        number(c, v, 0, UINT64_MAX);
        map_next(c, m, *v == 0);
    }
}

static void may_number32(codec *c, map *m, uint64_t key, uint32_t *v)
{
    uint64_t wide = *v;
    may_number(c, m, key, &wide);
    if (wide > UINT32_MAX) {
        refuse(c, WICK_E_MALFORMED);
    }
    if (!c->writing) {
        *v = (uint32_t)wide;
    }
}

static void may_number8(codec *c, map *m, uint64_t key, uint8_t *v)
{
    uint32_t wide = *v;
    may_number32(c, m, key, &wide);
    if (wide > UINT8_MAX) {
        refuse(c, WICK_E_MALFORMED);
    }
    if (!c->writing) {
        *v = (uint8_t)wide;
    }
}

/* ---- the fields: MANIFEST.md ---- */

/* Size, digest and CID under three keys of a map. */
static void content(codec *c, map *m, uint64_t key, wick_manifest_content *v)
{
    must_number32(c, m, key, &v->size, 1);
    must_bytes(c, m, key + 1, v->sha256, 32);
    if (field(c, m, key + 2, true, true)) {
        cid(c, &v->cid);
        map_next(c, m, false);
    }
}

static void delta(codec *c, wick_manifest_delta *d)
{
    map m;
    map_begin(c, &m);
    if (field(c, &m, 1, false, d->base_size != 0)) {
        bytes(c, d->base, 32);
        map_next(c, &m, false);
        must_number32(c, &m, 2, &d->base_size, 1);
    }
    content(c, &m, 3, &d->patch);
    may_number8(c, &m, 6, &d->format);
    may_number32(c, &m, 7, &d->dict);
    if (field(c, &m, 8, false, d->target_size != 0)) {
        bytes(c, d->target, 32);
        map_next(c, &m, false);
        must_number32(c, &m, 9, &d->target_size, 1);
    }
    map_end(c, &m);
    if (d->format > WICK_PATCH_IN_PLACE_LZMA) {
        refuse(c, WICK_E_UNSUPPORTED);
    }
    /* A dictionary where there is something to decompress, and there only. */
    bool packed = d->format == WICK_PATCH_DETOOLS_LZMA || d->format == WICK_PATCH_IN_PLACE_LZMA;
    if (packed != (d->dict != 0)) {
        refuse(c, WICK_E_MALFORMED);
    }
}

static void dependency(codec *c, wick_manifest_dependency *d)
{
    map m;
    map_begin(c, &m);
    must_bytes(c, &m, 1, d->product, 32);
    if (field(c, &m, 2, true, true)) {
        number(c, &d->version, 1, UINT64_MAX);
        map_next(c, &m, false);
    }
    map_end(c, &m);
}

static void payload(codec *c, wick_manifest_content *v)
{
    map m;
    map_begin(c, &m);
    content(c, &m, 1, v);
    map_end(c, &m);
}

/* Who it is for, fields 4 to 8. */
static void target(codec *c, map *m, wick_manifest *v)
{
    must_bytes(c, m, 4, v->vendor, 16);
    must_bytes(c, m, 5, v->class_id, 16);
    must_bytes(c, m, 6, v->product, 32);
    may_number8(c, m, 7, &v->component);
    may_number8(c, m, 8, &v->format);
    if (v->format != WICK_PAYLOAD_IMAGE) {
        refuse(c, WICK_E_UNSUPPORTED);
    }
}

/* What there is to fetch, fields 9 to 11. */
static void sources(codec *c, map *m, wick_manifest *v)
{
    if (field(c, m, 9, true, true)) {
        payload(c, &v->payload);
        map_next(c, m, false);
    }
    if (field(c, m, 10, false, v->mirrors != 0)) {
        array(c, &v->mirrors, WICK_MANIFEST_MIRRORS_MAX);
        for (unsigned i = 0; i < v->mirrors; i++) {
            uri(c, &v->mirror[i]);
        }
        map_next(c, m, false);
    }
    if (field(c, m, 11, false, v->deltas != 0)) {
        array(c, &v->deltas, WICK_MANIFEST_DELTAS_MAX);
        for (unsigned i = 0; i < v->deltas; i++) {
            delta(c, &v->delta[i]);
        }
        map_next(c, m, false);
    }
}

/* When it may be installed, and what it has to show then, fields 12 to 17. */
static void conditions(codec *c, map *m, wick_manifest *v)
{
    may_number(c, m, 12, &v->from_version);
    if (field(c, m, 13, false, v->precursors != 0)) {
        array(c, &v->precursors, WICK_MANIFEST_PRECURSORS_MAX);
        for (unsigned i = 0; i < v->precursors; i++) {
            bytes(c, v->precursor[i], 32);
        }
        map_next(c, m, false);
    }
    may_number(c, m, 14, &v->expires);
    if (!c->writing) {
        v->trial_boots = 1;
    }
    if (field(c, m, 15, false, v->trial_boots != 1)) {
        number8(c, &v->trial_boots, 1);
        map_next(c, m, v->trial_boots == 1);
    }
    may_number32(c, m, 16, &v->confirm_s);
    if (field(c, m, 17, false, v->dependencies != 0)) {
        array(c, &v->dependencies, WICK_MANIFEST_DEPENDENCIES_MAX);
        for (unsigned i = 0; i < v->dependencies; i++) {
            dependency(c, &v->dependency[i]);
        }
        map_next(c, m, false);
    }
}

static void manifest(codec *c, wick_manifest *v)
{
    map m;
    uint64_t format = WICK_MANIFEST_FORMAT;
    map_begin(c, &m);
    if (field(c, &m, 1, true, true)) {
        head(c, UINT, &format);
        if (format != WICK_MANIFEST_FORMAT) {
            refuse(c, WICK_E_UNSUPPORTED);
        }
        map_next(c, &m, false);
    }
    if (field(c, &m, 2, true, true)) {
        number(c, &v->version, 1, UINT64_MAX);
        map_next(c, &m, false);
    }
    must_number32(c, &m, 3, &v->counter, 0);
    target(c, &m, v);
    sources(c, &m, v);
    conditions(c, &m, v);
    map_end(c, &m);
}

wick_status wick_manifest_decode(wick_manifest *out, wick_span bytes_in)
{
    codec c = {false, WICK_OK, wick_reader_make(bytes_in), NULL};
    memset(out, 0, sizeof *out);
    if (bytes_in.len > WICK_MANIFEST_MAX) {
        return WICK_E_FW_SIZE;
    }
    manifest(&c, out);
    if (c.status == WICK_OK) {
        c.status = wick_read_end(&c.in);
    }
    if (c.status != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return c.status;
}

wick_status wick_manifest_encode(wick_buf *out, const wick_manifest *m)
{
    size_t before = out->len;
    codec c = {true, WICK_OK, wick_reader_make(wick_span_make(NULL, 0)), out};
    if (m->mirrors > WICK_MANIFEST_MIRRORS_MAX || m->deltas > WICK_MANIFEST_DELTAS_MAX ||
        m->precursors > WICK_MANIFEST_PRECURSORS_MAX ||
        m->dependencies > WICK_MANIFEST_DEPENDENCIES_MAX) {
        return WICK_E_BAD_ARG;
    }
    manifest(&c, (wick_manifest *)(uintptr_t)m); /* which a codec that writes only reads */
    if (c.status != WICK_OK) {
        return WICK_E_BAD_ARG;
    }
    return out->len - before > WICK_MANIFEST_MAX ? WICK_E_FW_SIZE : wick_buf_status(out);
}
