/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests as deterministic CBOR (RFC 8949 section 4.2.1). Reading and writing are one walk over the tables
 * of fields, so that neither knows a field, an order or a bound that the other does not: a codec either
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

#define WRITING(c) (WICK_WITH_MANIFEST_WRITE && (c)->writing)

/* A map under way. */
typedef struct map {
    uint64_t left;   /* reading: entries to come */
    size_t at;       /* writing: where its head stands */
    uint8_t entries; /* writing: so far, below 24 */
    uint64_t key;    /* reading: of the entry to come */
} map;

/* What a field is, and what its `size` means. */
typedef enum kind {
    IS_NUMBER, /* bytes that it has in its struct */
    IS_CHOICE, /* one byte: the largest that is known */
    IS_BYTES,  /* how many */
    IS_CID,
    IS_URI,
    IS_MAP, /* which one, of `maps` */
    IS_LIST /* entries at most; the row after it is what each of them is, `at` that of the count */
} kind;

/* MAY: it is left out where it has its default, which is `least`; of bytes where the number after them is 0,
 * of a list where it is empty. WITH: it is there if the one before it is, and only then. */
typedef enum presence { MUST, MAY, WITH } presence;

/* A row of the tables in MANIFEST.md. */
typedef struct field {
    uint8_t key, is, presence, size;
    uint8_t least; /* of a number */
    uint8_t each;  /* entries of a list: from one to the next */
    uint16_t at;   /* in its struct */
} field;

static unsigned bytes_of(const field *f)
{
    return f->is == IS_NUMBER ? f->size : 1;
}

static void refuse(codec *c, wick_status why)
{
    if (c->status == WICK_OK) {
        c->status = c->in.status != WICK_OK ? c->in.status : why;
    }
}

/* What a head says beside its major type for a value in its shortest form: from 24 on 1, 2, 4 or 8 bytes follow. */
static unsigned shortest(uint64_t v)
{
    return v < 24 ? (unsigned)v : v < 0x100 ? 24 : v < 0x10000 ? 25 : v >> 32 == 0 ? 26 : 27;
}

static void put_head(codec *c, unsigned major, uint64_t v)
{
    uint8_t be[8];
    unsigned info = shortest(v);
    size_t n = info < 24 ? 0 : (size_t)1 << (info - 24);
    wick_store_be64(be, v);
    wick_buf_put_u8(c->out, (uint8_t)(major << 5 | info));
    wick_buf_put(c->out, be + 8 - n, n);
}

/* @return the value of a head */
static uint64_t get_head(codec *c, unsigned major)
{
    unsigned first = wick_read_u8(&c->in), info = first & 31u;
    uint64_t v = info;
    if (c->in.status != WICK_OK || first >> 5 != major || (info >= 28 && info <= 30)) {
        refuse(c, WICK_E_MALFORMED);
        return 0;
    }
    if (info == 31) { /* of no definite length; on a number it is nothing */
        refuse(c, major == UINT ? WICK_E_MALFORMED : WICK_E_NON_CANONICAL);
        return 0;
    }
    if (info >= 24) {
        v = 0;
        for (unsigned n = 1u << (info - 24); n > 0; n--) {
            v = v << 8 | wick_read_u8(&c->in);
        }
    }
    if (c->in.status != WICK_OK || shortest(v) != info) {
        refuse(c, WICK_E_NON_CANONICAL);
        return 0;
    }
    return v;
}

static void head(codec *c, unsigned major, uint64_t *v)
{
    if (WRITING(c)) {
        put_head(c, major, *v);
    } else {
        *v = c->status == WICK_OK ? get_head(c, major) : 0;
    }
}

/* A number in its struct, of 1, 4 or 8 bytes. */
static uint64_t get(const uint8_t *p, unsigned size)
{
    uint64_t v64;
    uint32_t v32;
    if (size == 1) {
        return *p;
    }
    if (size == 4) {
        memcpy(&v32, p, sizeof v32);
        return v32;
    }
    memcpy(&v64, p, sizeof v64);
    return v64;
}

static void set(uint8_t *p, uint64_t v, unsigned size)
{
    uint32_t v32 = (uint32_t)v;
    if (size == 1) {
        *p = (uint8_t)v;
    } else if (size == 4) {
        memcpy(p, &v32, sizeof v32);
    } else {
        memcpy(p, &v, sizeof v);
    }
}

static void number(codec *c, const field *f, uint8_t *p)
{
    unsigned size = bytes_of(f);
    uint64_t v = get(p, size);
    head(c, UINT, &v);
    if (!WRITING(c)) {
        set(p, v, size);
    }
    if (f->is == IS_CHOICE && v > f->size) {
        refuse(c, WICK_E_UNSUPPORTED);
    } else if (v < f->least || get(p, size) != v) { /* too small, or larger than there is room for */
        refuse(c, WICK_E_MALFORMED);
    } else if (f->presence == MAY && v == f->least) { /* it should have been left out */
        refuse(c, WICK_E_NON_CANONICAL);
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
    if (WRITING(c)) {
        wick_buf_put(c->out, ptr, len);
    } else if (c->status == WICK_OK) {
        wick_read_bytes(&c->in, ptr, len);
    }
}

static void cid(codec *c, wick_cid *v)
{
    uint8_t binary[WICK_CID_MAX];
    if (WRITING(c)) {
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

static void uri(codec *c, uint8_t *p)
{
    wick_span v;
    memcpy(&v, p, sizeof v);
    uint64_t n = v.len;
    head(c, TEXT, &n);
    if (WRITING(c)) {
        wick_buf_put(c->out, v.ptr, v.len);
    } else {
        v = wick_read_span(&c->in, n < SIZE_MAX ? (size_t)n : SIZE_MAX);
        memcpy(p, &v, sizeof v);
    }
    if (c->status == WICK_OK && (c->in.status != WICK_OK || !is_uri(v))) {
        refuse(c, WICK_E_MALFORMED);
    }
}

/* ---- maps: keys are small numbers, ascending ---- */

/* Also behind each value. */
static void next_key(codec *c, map *m)
{
    if (WRITING(c) || m->left == 0) {
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
    if (WRITING(c)) {
        m->at = c->out->len;
        put_head(c, MAP, 0);
    } else {
        head(c, MAP, &m->left);
        next_key(c, m);
    }
}

static void map_end(codec *c, map *m)
{
    if (!WRITING(c)) {
        if (m->key != 0) {
            refuse(c, WICK_E_MALFORMED); /* unknown */
        }
    } else if (c->out->ptr != NULL && m->at < c->out->cap) {
        c->out->ptr[m->at] = (uint8_t)(MAP << 5 | m->entries);
    }
}

/* Whether a field comes, or is to be written. After its value follows next_key(). */
static bool comes(codec *c, map *m, const field *f, const uint8_t *object, bool before)
{
    if (f->presence == WITH && !before) {
        return false;
    }
    if (WRITING(c)) {
        const field *tells = f->is == IS_BYTES ? f + 1 : f;
        if (f->presence == MAY && get(object + tells->at, bytes_of(tells)) == f->least) {
            return false;
        }
        m->entries++;
        put_head(c, UINT, f->key);
        return true;
    }
    if (c->status == WICK_OK && m->key == f->key) {
        return true;
    }
    if (f->presence != MAY) {
        refuse(c, WICK_E_MALFORMED);
    }
    return false;
}

/* ---- the fields: MANIFEST.md ---- */

#define IN(type, member) (uint16_t) offsetof(type, member)

/* key, what it is, presence, size, least, each, at */
static const field content[] = {
    {1, IS_NUMBER, MUST, 4, 1, 0, IN(wick_manifest_content, size)},
    {2, IS_BYTES, MUST, 32, 0, 0, IN(wick_manifest_content, sha256)},
    {3, IS_CID, MUST, 0, 0, 0, IN(wick_manifest_content, cid)},
};
/* 3 to 5 are those of `content`, under other keys. */
static const field delta[] = {
    {1, IS_BYTES, MAY, 32, 0, 0, IN(wick_manifest_delta, base)},
    {2, IS_NUMBER, WITH, 4, 1, 0, IN(wick_manifest_delta, base_size)},
    {3, IS_NUMBER, MUST, 4, 1, 0, IN(wick_manifest_delta, patch.size)},
    {4, IS_BYTES, MUST, 32, 0, 0, IN(wick_manifest_delta, patch.sha256)},
    {5, IS_CID, MUST, 0, 0, 0, IN(wick_manifest_delta, patch.cid)},
    {6, IS_CHOICE, MAY, WICK_PATCH_IN_PLACE_LZMA, 0, 0, IN(wick_manifest_delta, format)},
    {7, IS_NUMBER, MAY, 4, 0, 0, IN(wick_manifest_delta, dict)},
    {8, IS_BYTES, MAY, 32, 0, 0, IN(wick_manifest_delta, target)},
    {9, IS_NUMBER, WITH, 4, 1, 0, IN(wick_manifest_delta, target_size)},
};
static const field dependency[] = {
    {1, IS_BYTES, MUST, 32, 0, 0, IN(wick_manifest_dependency, product)},
    {2, IS_NUMBER, MUST, 8, 1, 0, IN(wick_manifest_dependency, version)},
};

enum { CONTENT, DELTA, DEPENDENCY };
static const struct {
    const field *field;
    unsigned fields;
} maps[] = {{content, sizeof content / sizeof *content},
            {delta, sizeof delta / sizeof *delta},
            {dependency, sizeof dependency / sizeof *dependency}};

_Static_assert(sizeof(wick_manifest_delta) <= UINT8_MAX, "field.each");

/* Key 1, the format, is of no struct. */
static const field fields[] = {
    {2, IS_NUMBER, MUST, 8, 1, 0, IN(wick_manifest, version)},
    {3, IS_NUMBER, MUST, 4, 0, 0, IN(wick_manifest, counter)},
    {4, IS_BYTES, MUST, 16, 0, 0, IN(wick_manifest, vendor)},
    {5, IS_BYTES, MUST, 16, 0, 0, IN(wick_manifest, class_id)},
    {6, IS_BYTES, MUST, 32, 0, 0, IN(wick_manifest, product)},
    {7, IS_NUMBER, MAY, 1, 0, 0, IN(wick_manifest, component)},
    {8, IS_CHOICE, MAY, WICK_PAYLOAD_IMAGE, 0, 0, IN(wick_manifest, format)},
    {9, IS_MAP, MUST, CONTENT, 0, 0, IN(wick_manifest, payload)},
    {10, IS_LIST, MAY, WICK_MANIFEST_MIRRORS_MAX, 0, 0, IN(wick_manifest, mirrors)},
    {0, IS_URI, MUST, 0, 0, sizeof(wick_span), IN(wick_manifest, mirror)},
    {11, IS_LIST, MAY, WICK_MANIFEST_DELTAS_MAX, 0, 0, IN(wick_manifest, deltas)},
    {0, IS_MAP, MUST, DELTA, 0, sizeof(wick_manifest_delta), IN(wick_manifest, delta)},
    {12, IS_NUMBER, MAY, 8, 0, 0, IN(wick_manifest, from_version)},
    {13, IS_LIST, MAY, WICK_MANIFEST_PRECURSORS_MAX, 0, 0, IN(wick_manifest, precursors)},
    {0, IS_BYTES, MUST, 32, 0, 32, IN(wick_manifest, precursor)},
    {14, IS_NUMBER, MAY, 8, 0, 0, IN(wick_manifest, expires)},
    {15, IS_NUMBER, MAY, 1, 1, 0, IN(wick_manifest, trial_boots)},
    {16, IS_NUMBER, MAY, 4, 0, 0, IN(wick_manifest, confirm_s)},
    {17, IS_LIST, MAY, WICK_MANIFEST_DEPENDENCIES_MAX, 0, 0, IN(wick_manifest, dependencies)},
    {0, IS_MAP, MUST, DEPENDENCY, 0, sizeof(wick_manifest_dependency), IN(wick_manifest, dependency)},
};

/* A value that is no map and no list. */
static void plain(codec *c, const field *f, uint8_t *p)
{
    if (f->is == IS_BYTES) {
        bytes(c, p, f->size);
    } else if (f->is == IS_CID) {
        cid(c, (wick_cid *)p);
    } else if (f->is == IS_URI) {
        uri(c, p);
    } else {
        number(c, f, p);
    }
}

/* Any value but a list. The maps in a manifest have plain ones alone. */
static void value(codec *c, const field *f, uint8_t *p)
{
    if (f->is != IS_MAP) {
        plain(c, f, p);
        return;
    }
    map m;
    bool there = false;
    const field *of = maps[f->size].field, *end = of + maps[f->size].fields;
    map_begin(c, &m);
    for (; of < end; of++) {
        there = comes(c, &m, of, p, there);
        if (there) {
            plain(c, of, p + of->at);
            next_key(c, &m);
        }
    }
    map_end(c, &m);
}

static void list(codec *c, const field *f, uint8_t *object)
{
    uint64_t n = object[f->at];
    head(c, ARRAY, &n);
    if (n == 0) {
        refuse(c, WICK_E_NON_CANONICAL); /* it should have been left out */
    } else if (n > f->size) {
        refuse(c, WICK_E_LIMIT);
    }
    if (!WRITING(c)) {
        object[f->at] = (uint8_t)n;
    }
    uint8_t *p = object + f[1].at;
    for (unsigned left = c->status == WICK_OK ? (unsigned)n : 0; left > 0; left--) {
        value(c, f + 1, p);
        p += f[1].each;
    }
}

static void manifest(codec *c, wick_manifest *v)
{
    static const field version = {.key = 1, .presence = MUST};
    map m;
    uint8_t *object = (uint8_t *)v;
    uint64_t format = WICK_MANIFEST_FORMAT;
    map_begin(c, &m);
    if (comes(c, &m, &version, object, false)) {
        head(c, UINT, &format);
        if (format != WICK_MANIFEST_FORMAT) {
            refuse(c, WICK_E_UNSUPPORTED);
        }
        next_key(c, &m);
    }
    for (const field *f = fields; f < fields + sizeof fields / sizeof *fields; f++) {
        bool is_list = f->is == IS_LIST;
        if (comes(c, &m, f, object, false)) {
            if (is_list) {
                list(c, f, object);
            } else {
                value(c, f, object + f->at);
            }
            next_key(c, &m);
        }
        f += is_list; /* what its entries are */
    }
    map_end(c, &m);
    /* A dictionary where there is something to decompress, and there only. */
    for (unsigned i = 0; i < v->deltas && c->status == WICK_OK; i++) {
        const wick_manifest_delta *d = &v->delta[i];
        bool packed = d->format == WICK_PATCH_DETOOLS_LZMA || d->format == WICK_PATCH_IN_PLACE_LZMA;
        if (packed != (d->dict != 0)) {
            refuse(c, WICK_E_MALFORMED);
        }
    }
}

wick_status wick_manifest_decode(wick_manifest *out, wick_span bytes_in)
{
    codec c = {false, WICK_OK, wick_reader_make(bytes_in), NULL};
    memset(out, 0, sizeof *out);
    if (bytes_in.len > WICK_MANIFEST_MAX) {
        return WICK_E_FW_SIZE;
    }
    out->trial_boots = 1;
    manifest(&c, out);
    if (c.status == WICK_OK) {
        c.status = wick_read_end(&c.in);
    }
    if (c.status != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return c.status;
}

#if WICK_WITH_MANIFEST_WRITE
wick_status wick_manifest_encode(wick_buf *out, const wick_manifest *m)
{
    size_t before = out->len;
    codec c = {true, WICK_OK, wick_reader_make(wick_span_make(NULL, 0)), out};
    manifest(&c, (wick_manifest *)(uintptr_t)m); /* which a codec that writes only reads */
    if (c.status != WICK_OK) {
        return WICK_E_BAD_ARG;
    }
    return out->len - before > WICK_MANIFEST_MAX ? WICK_E_FW_SIZE : wick_buf_status(out);
}
#endif
