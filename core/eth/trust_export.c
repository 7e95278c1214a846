/* SPDX-License-Identifier: Apache-2.0 */
/* A trust store as one portable sequence of bytes. */
#include "trust_store_internal.h"

#if WICK_WITH_LIGHT

#define FORMAT 1u
#define MAGIC_BYTES 10
#define FIXED_BYTES (MAGIC_BYTES + 1 + 1 + 8 + 32 + 8 + 8 + 2 + 1)
#define SET_BYTES 33

static const uint8_t magic[MAGIC_BYTES] = {'w', 'i', 'c', 'k', ' ', 't', 'r', 'u', 's', 't'};

/* ------------------------------------------------------------------ export */

wick_status wick_trust_export_begin(wick_trust_export *x, const wick_trust_store *ts)
{
    memset(x, 0, sizeof *x);
    x->ts = ts;
    x->generation = ts->generation;
    wick_keccak_init(&x->hash);
    return wick_trust_store_is_empty(ts) ? WICK_E_NOT_FOUND : WICK_OK;
}

static uint8_t count_sets(const wick_trust_store *ts)
{
    uint8_t n = 0;
    while (wick_trust_store_set(ts, n) != NULL) {
        n++;
    }
    return n;
}

static void put_front(wick_buf *out, const wick_trust_store *ts)
{
    uint8_t sets = count_sets(ts);
    wick_buf_put(out, magic, sizeof magic);
    wick_buf_put_u8(out, FORMAT);
    wick_buf_put_u8(out, ts->rule);
    wick_buf_put_be64(out, ts->chain_id);
    wick_buf_put(out, ts->anchor, sizeof ts->anchor);
    wick_buf_put_be64(out, ts->number);
    wick_buf_put_be64(out, ts->time_s);
    wick_buf_put_be16(out, ts->state_len);
    wick_buf_put_u8(out, sets);
    for (uint8_t i = 0; i < sets; i++) {
        const wick_trust_set *s = wick_trust_store_set(ts, i);
        wick_buf_put(out, s->name, sizeof s->name);
        wick_buf_put_u8(out, s->pieces);
    }
}

/* Value `n` of those in use, as it is stored: state first, then each set. Pieces have their length
 * in front. @retval WICK_E_NOT_FOUND there are no more */
static wick_status put_value(wick_buf *out, const wick_trust_store *ts, size_t n)
{
    size_t chunks = (ts->state_len + WICK_STORE_VALUE_MAX - 1u) / WICK_STORE_VALUE_MAX;
    uint8_t version = 0;
    if (n < chunks) {
        wick_buf b = wick_buf_make(out->ptr + out->len, out->cap - out->len);
        wick_status s = ts->store->get(ts->store->ctx,
                                       trust_state_key(ts, ts->area, (unsigned)n), &version, &b);
        out->len += s == WICK_OK ? b.len : 0;
        return s;
    }
    n -= chunks;
    for (size_t i = 0; wick_trust_store_set(ts, i) != NULL; i++) {
        size_t pieces = wick_trust_store_set(ts, i)->pieces, at = out->len;
        if (n < pieces) {
            wick_buf_put_be16(out, 0);
            wick_status s = wick_trust_store_piece(ts, out, i, n);
            if (s == WICK_OK) {
                wick_store_be16(out->ptr + at, (uint16_t)(out->len - at - 2));
            }
            return s;
        }
        n -= pieces;
    }
    return WICK_E_NOT_FOUND;
}

wick_status wick_trust_export_next(wick_trust_export *x, wick_buf *out)
{
    size_t start = out->len;
    if (out->ptr == NULL || out->len > out->cap || out->cap - out->len < WICK_TRUST_STEP_MAX) {
        return WICK_E_NO_SPACE;
    }
    if (x->ts->generation != x->generation) {
        return WICK_E_STATE; /* what is in use has changed, and may be overwritten next */
    }
    if (x->step == 0) {
        put_front(out, x->ts);
    } else {
        wick_status s = put_value(out, x->ts, x->step - 1u);
        if (s == WICK_E_NOT_FOUND) {
            uint8_t digest[32];
            wick_keccak_final(&x->hash, digest);
            wick_buf_put(out, digest, sizeof digest);
            return wick_buf_status(out);
        }
        if (s != WICK_OK) {
            return s;
        }
    }
    x->step++;
    wick_keccak_update(&x->hash, out->ptr + start, out->len - start);
    return WICK_AGAIN;
}

/* ------------------------------------------------------------------ import */

enum part { PART_FRONT = 0, PART_SETS, PART_STATE, PART_LENGTH, PART_PIECE, PART_DIGEST, PART_END };

void wick_trust_import_begin(wick_trust_import *im, wick_trust_store *ts)
{
    memset(im, 0, sizeof *im);
    im->ts = ts;
    im->staged = *ts;
    memset(im->staged.order, 0, sizeof im->staged.order);
    im->staged.area = ts->area ^ 1u;
    wick_keccak_init(&im->hash);
    im->want = FIXED_BYTES;
}

static wick_status put(const wick_trust_import *im, uint16_t key)
{
    const wick_hal_store *store = im->ts->store;
    return store->put(store->ctx, key, TRUST_VERSION, wick_span_make(im->part_bytes, im->len));
}

static wick_status take_front(wick_trust_import *im)
{
    wick_trust_store *next = &im->staged;
    wick_reader r = wick_reader_make(wick_span_make(im->part_bytes, im->len));
    wick_span text = wick_read_span(&r, MAGIC_BYTES);
    if (text.ptr == NULL || memcmp(text.ptr, magic, MAGIC_BYTES) != 0) {
        return WICK_E_MALFORMED;
    }
    if (wick_read_u8(&r) != FORMAT) {
        return WICK_E_UNSUPPORTED;
    }
    uint8_t rule = wick_read_u8(&r);
    uint64_t chain_id = wick_read_be64(&r);
    wick_span anchor = wick_read_span(&r, 32);
    next->number = wick_read_be64(&r);
    next->time_s = wick_read_be64(&r);
    next->state_len = wick_read_be16(&r);
    im->sets = wick_read_u8(&r);
    if (r.status != WICK_OK) {
        return r.status;
    }
    if (rule != next->rule || chain_id != next->chain_id ||
        memcmp(anchor.ptr, next->anchor, 32) != 0) {
        return WICK_E_CONFIG;
    }
    if (next->number < im->ts->mark_number || next->time_s < im->ts->mark_time_s) {
        return WICK_E_HEADER_STALE;
    }
    return next->state_len > WICK_TRUST_STATE_MAX || im->sets > WICK_TRUST_SETS_USED
               ? WICK_E_LIMIT
               : WICK_OK;
}

static wick_status take_set(wick_trust_import *im)
{
    wick_trust_store *next = &im->staged;
    unsigned place = trust_free_place(im->ts, next);
    memcpy(next->set[place].name, im->part_bytes, 32);
    next->set[place].pieces = im->part_bytes[32];
    next->order[im->set] = (uint8_t)(place + 1);
    return next->set[place].pieces > WICK_TRUST_PIECES || next->set[place].pieces == 0
               ? WICK_E_LIMIT
               : WICK_OK;
}

/* Which part comes next, and how long it is. */
static void next_part(wick_trust_import *im)
{
    size_t state = im->staged.state_len;
    if (im->part == PART_FRONT) {
        im->part = PART_SETS;
        im->set = 0;
    } else if (im->part == PART_SETS) {
        im->set++;
    }
    if (im->part == PART_SETS) {
        im->want = SET_BYTES;
        if (im->set < im->sets) {
            return;
        }
        im->part = PART_STATE;
        im->set = 0;
        im->at = 0;
    } else if (im->part == PART_STATE) {
        im->at++;
    }
    if (im->part == PART_STATE) {
        size_t done = (size_t)im->at * WICK_STORE_VALUE_MAX;
        if (done < state) {
            im->want = (uint16_t)(state - done < WICK_STORE_VALUE_MAX ? state - done
                                                                      : WICK_STORE_VALUE_MAX);
            return;
        }
        im->part = PART_LENGTH;
        im->at = 0;
    } else if (im->part == PART_LENGTH) {
        im->part = PART_PIECE;
        im->want = wick_load_be16(im->part_bytes);
        return;
    } else if (im->part == PART_PIECE) {
        im->part = PART_LENGTH;
        im->at++;
        if (im->at == im->staged.set[im->staged.order[im->set] - 1].pieces) {
            im->at = 0;
            im->set++;
        }
    }
    if (im->part == PART_LENGTH) {
        im->want = 2;
        if (im->set == im->sets) {
            im->part = PART_DIGEST;
            im->want = 32;
        }
        return;
    }
    im->part = PART_END;
}

static wick_status take_part(wick_trust_import *im)
{
    uint8_t digest[32];
    if (im->part != PART_DIGEST) {
        wick_keccak_update(&im->hash, im->part_bytes, im->len);
    }
    switch (im->part) {
    case PART_FRONT:
        return take_front(im);
    case PART_SETS:
        return take_set(im);
    case PART_STATE:
        return put(im, trust_state_key(&im->staged, im->staged.area, im->at));
    case PART_LENGTH: {
        uint16_t len = wick_load_be16(im->part_bytes);
        return len == 0 || len > WICK_STORE_VALUE_MAX ? WICK_E_MALFORMED : WICK_OK;
    }
    case PART_PIECE:
        return put(im, trust_piece_key(&im->staged, im->staged.order[im->set] - 1u, im->at));
    case PART_DIGEST:
        wick_keccak_final(&im->hash, digest);
        return memcmp(digest, im->part_bytes, sizeof digest) == 0 ? WICK_OK : WICK_E_AUTH;
    default:
        return WICK_E_TRAILING;
    }
}

wick_status wick_trust_import_input(wick_trust_import *im, wick_span bytes)
{
    size_t at = 0;
    while (im->status == WICK_OK && at < bytes.len) {
        if (im->part == PART_END) {
            im->status = WICK_E_TRAILING;
            break;
        }
        size_t left = bytes.len - at, missing = (size_t)im->want - im->len;
        size_t n = left < missing ? left : missing;
        memcpy(im->part_bytes + im->len, bytes.ptr + at, n);
        im->len = (uint16_t)(im->len + n);
        at += n;
        if (im->len == im->want) {
            im->status = take_part(im);
            if (im->status == WICK_OK) {
                next_part(im);
            }
            im->len = 0;
        }
    }
    return im->status;
}

/* The digest of the state in the store's own terms, for the head. */
static wick_status hash_state(wick_trust_import *im)
{
    wick_keccak k;
    wick_keccak_init(&k);
    size_t left = im->staged.state_len;
    for (unsigned i = 0; left != 0; i++) {
        wick_buf b = wick_buf_make(im->part_bytes, sizeof im->part_bytes);
        uint8_t version = 0;
        wick_status s = im->ts->store->get(im->ts->store->ctx,
                                           trust_state_key(&im->staged, im->staged.area, i),
                                           &version, &b);
        if (s != WICK_OK || b.len > left) {
            return s != WICK_OK ? s : WICK_E_STORE_CORRUPT;
        }
        wick_keccak_update(&k, b.ptr, b.len);
        left -= b.len;
    }
    wick_keccak_final(&k, im->staged.state_hash);
    return WICK_OK;
}

wick_status wick_trust_import_end(wick_trust_import *im)
{
    if (im->status == WICK_OK && im->part != PART_END) {
        im->status = WICK_E_TRUNCATED;
    }
    if (im->status == WICK_OK) {
        im->staged.generation = im->ts->generation + 1;
        im->staged.generation += im->staged.generation == 0 ? 1 : 0;
        im->status = hash_state(im);
    }
    return im->status;
}

wick_status wick_trust_import_commit(wick_trust_import *im)
{
    if (im->part != PART_END || im->status != WICK_OK ||
        im->staged.generation == im->ts->generation) {
        return WICK_E_STATE;
    }
    im->status = WICK_E_STATE; /* once */
    return trust_put_head(im->ts, &im->staged);
}

#else
/* ISO C forbids an empty file. */
typedef int wick_trust_export_is_off;
#endif
