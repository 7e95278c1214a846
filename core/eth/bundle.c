/* SPDX-License-Identifier: Apache-2.0 */
/* Proof bundles: the one reader that judges their form, and the writer, which obeys the same rules. */
#include "wick/bundle.h"

#include <string.h>

#include "wick/header.h"

static const uint8_t magic[4] = {'W', 'P', 'B', WICK_BUNDLE_VERSION};

enum { STATE_FIXED = 0, STATE_TAG, STATE_CONTENT, STATE_END };

/* ---- form ---- */

/* Where a reader or a writer is. */
typedef struct place {
    uint8_t kind, last, nodes, slots;
    uint16_t steps;
} place;

static bool known_kind(uint8_t kind)
{
    return kind <= WICK_BUNDLE_CLIQUE || kind == WICK_BUNDLE_BEACON;
}

static bool sealed(uint8_t kind)
{
    return kind >= WICK_BUNDLE_QBFT && kind <= WICK_BUNDLE_CLIQUE;
}

/* May a piece follow the one before? The tags are in the order of the pieces. */
static bool in_order(const place *p, uint8_t tag)
{
    switch (tag) {
    case WICK_BUNDLE_BEFORE:
        return sealed(p->kind) && p->last <= WICK_BUNDLE_BEFORE;
    case WICK_BUNDLE_UPDATE:
        return p->kind == WICK_BUNDLE_BEACON && p->last <= WICK_BUNDLE_UPDATE;
    case WICK_BUNDLE_FINALITY:
    case WICK_BUNDLE_OPTIMISTIC:
        return p->kind == WICK_BUNDLE_BEACON && p->last < tag;
    case WICK_BUNDLE_HEADER:
        return p->last < WICK_BUNDLE_HEADER &&
               (p->kind != WICK_BUNDLE_BEACON || p->last >= WICK_BUNDLE_FINALITY);
    case WICK_BUNDLE_AFTER:
        return p->kind == WICK_BUNDLE_CLIQUE &&
               (p->last == WICK_BUNDLE_HEADER || p->last == WICK_BUNDLE_AFTER);
    case WICK_BUNDLE_ACCOUNT:
        return p->last >= WICK_BUNDLE_HEADER && p->last <= WICK_BUNDLE_ACCOUNT;
    case WICK_BUNDLE_SLOT:
        return p->last >= WICK_BUNDLE_HEADER;
    case WICK_BUNDLE_NODE:
    case WICK_BUNDLE_END:
        return p->last == WICK_BUNDLE_SLOT || p->last == WICK_BUNDLE_NODE;
    default:
        return false;
    }
}

static bool right_length(uint8_t tag, size_t len)
{
    switch (tag) {
    case WICK_BUNDLE_END:
        return len == 0;
    case WICK_BUNDLE_SLOT:
        return len == 32;
    case WICK_BUNDLE_ACCOUNT:
    case WICK_BUNDLE_NODE:
        return len >= 1 && len <= WICK_MPT_NODE_MAX;
    case WICK_BUNDLE_UPDATE:
    case WICK_BUNDLE_FINALITY:
    case WICK_BUNDLE_OPTIMISTIC:
        return len > 4 && len <= UINT16_MAX;
    default:
        return len >= 1 && len <= WICK_HEADER_MAX;
    }
}

static wick_status step(place *p, uint8_t tag, size_t len)
{
    if (!in_order(p, tag) || !right_length(tag, len)) {
        return WICK_E_MALFORMED;
    }
    if (tag == WICK_BUNDLE_ACCOUNT || tag == WICK_BUNDLE_NODE) {
        p->nodes = tag == p->last ? p->nodes : 0;
        if (p->nodes++ == WICK_BUNDLE_NODES_MAX) {
            return WICK_E_LIMIT;
        }
    } else if (tag == WICK_BUNDLE_SLOT) {
        if (p->slots++ == WICK_BUNDLE_SLOTS_MAX) {
            return WICK_E_LIMIT;
        }
    } else if (tag != WICK_BUNDLE_HEADER && tag != WICK_BUNDLE_END &&
               p->steps++ == WICK_BUNDLE_STEPS_MAX) {
        return WICK_E_LIMIT;
    }
    p->last = tag;
    return WICK_OK;
}

/* The time outside is for those who do not look inside: it must not differ. */
static wick_status check_header(wick_span rlp, uint64_t time_s)
{
    wick_header h;
    wick_status s = wick_header_decode(&h, rlp);
    return s == WICK_OK && h.timestamp != time_s ? WICK_E_MALFORMED : s;
}

/* ---- reader ---- */

void wick_bundle_reader_init(wick_bundle_reader *r, uint8_t *work, size_t cap)
{
    memset(r, 0, sizeof *r);
    r->work = work;
    r->cap = cap;
}

/* The next n bytes in one piece: a view of the input if they are there, else of the work memory once
 * they are all in it. */
static bool take(wick_bundle_reader *r, wick_span *out, wick_span *in, size_t n)
{
    if (r->have == 0 && in->len >= n) {
        *out = wick_span_make(in->ptr, n);
        *in = wick_span_make(n == 0 ? in->ptr : in->ptr + n, in->len - n);
        return true;
    }
    size_t part = n - r->have < in->len ? n - r->have : in->len;
    if (part == 0) {
        r->status = WICK_AGAIN;
        return false;
    }
    if (n > r->cap) {
        r->status = WICK_E_NO_SPACE;
        return false;
    }
    memcpy(r->work + r->have, in->ptr, part);
    *in = wick_span_make(in->ptr + part, in->len - part);
    r->have += part;
    if (r->have < n) {
        r->status = WICK_AGAIN;
        return false;
    }
    r->have = 0;
    *out = wick_span_make(r->work, n);
    return true;
}

static wick_status read_fixed(wick_bundle_reader *r, wick_span in)
{
    wick_reader f = wick_reader_make(in);
    wick_span begin = wick_read_span(&f, sizeof magic);
    uint8_t kind = wick_read_u8(&f);
    if (memcmp(begin.ptr, magic, sizeof magic - 1) != 0) {
        return WICK_E_MALFORMED;
    }
    if (begin.ptr[3] != WICK_BUNDLE_VERSION || !known_kind(kind)) {
        return WICK_E_UNSUPPORTED;
    }
    r->head.kind = (wick_bundle_kind)kind;
    r->head.chain_id = wick_read_be64(&f);
    wick_read_bytes(&f, r->head.contract, sizeof r->head.contract);
    r->head.time_s = wick_read_be64(&f);
    return wick_read_end(&f);
}

static wick_status read_tag(wick_bundle_reader *r, wick_span in)
{
    place p = {(uint8_t)r->head.kind, r->last, r->nodes, r->slots, r->steps};
    r->tag = in.ptr[0];
    r->len = wick_load_be16(in.ptr + 1);
    wick_status s = step(&p, r->tag, r->len);
    r->last = p.last;
    r->nodes = p.nodes;
    r->slots = p.slots;
    r->steps = p.steps;
    return s;
}

static wick_status give_piece(wick_bundle_reader *r, wick_bundle_piece *out, wick_span content)
{
    out->tag = (wick_bundle_tag)r->tag;
    out->bytes = content;
    switch (r->tag) {
    case WICK_BUNDLE_HEADER:
        return check_header(content, r->head.time_s);
    case WICK_BUNDLE_UPDATE:
    case WICK_BUNDLE_FINALITY:
    case WICK_BUNDLE_OPTIMISTIC:
        memcpy(out->version4, content.ptr, sizeof out->version4);
        out->bytes = wick_span_make(content.ptr + 4, content.len - 4);
        return WICK_OK;
    default:
        return WICK_OK;
    }
}

wick_status wick_bundle_next(wick_bundle_reader *r, wick_bundle_piece *out, wick_span *in)
{
    wick_span part;
    memset(out, 0, sizeof *out);
    if (r->status == WICK_AGAIN) {
        r->status = WICK_OK;
    }
    if (r->status == WICK_OK && r->state == STATE_END) {
        r->status = in->len == 0 ? WICK_E_STATE : WICK_E_TRAILING;
    }
    if (r->status == WICK_OK && r->state == STATE_FIXED &&
        take(r, &part, in, WICK_BUNDLE_FIXED_BYTES)) {
        r->status = read_fixed(r, part);
        r->state = STATE_TAG;
    }
    if (r->status == WICK_OK && r->state == STATE_TAG &&
        take(r, &part, in, WICK_BUNDLE_PIECE_OVERHEAD)) {
        r->status = read_tag(r, part);
        r->state = STATE_CONTENT;
    }
    if (r->status == WICK_OK && take(r, &part, in, r->len)) {
        r->status = give_piece(r, out, part);
        r->state = r->tag == WICK_BUNDLE_END ? STATE_END : STATE_TAG;
    }
    if (r->status == WICK_OK && r->state == STATE_END && in->len != 0) {
        r->status = WICK_E_TRAILING;
    }
    if (r->status != WICK_OK) {
        memset(out, 0, sizeof *out);
    }
    return r->status;
}

/* ---- whole bundles ---- */

void wick_bundle_rewind(const wick_bundle *b, wick_bundle_reader *r, wick_span *in)
{
    wick_bundle_reader_init(r, NULL, 0);
    *in = b->bytes;
}

wick_status wick_bundle_decode(wick_bundle *b, wick_span in)
{
    wick_bundle_reader r;
    wick_bundle_piece piece;
    wick_header h;
    wick_status s;
    memset(b, 0, sizeof *b);
    wick_bundle_reader_init(&r, NULL, 0);
    b->bytes = in;
    do {
        s = wick_bundle_next(&r, &piece, &in);
        if (piece.tag == WICK_BUNDLE_HEADER) {
            b->header = piece.bytes;
        }
        b->nodes = (uint16_t)(b->nodes +
                              (piece.tag == WICK_BUNDLE_ACCOUNT || piece.tag == WICK_BUNDLE_NODE));
    } while (s == WICK_OK && r.state != STATE_END);
    if (s == WICK_OK) {
        s = wick_header_decode(&h, b->header);
    }
    if (s != WICK_OK) {
        memset(b, 0, sizeof *b);
        /* Without work memory a part of a piece has no place: the input has ended in it. */
        return s == WICK_AGAIN || s == WICK_E_NO_SPACE ? WICK_E_TRUNCATED : s;
    }
    b->head = r.head;
    b->number = h.number;
    b->steps = r.steps;
    b->slots = r.slots;
    return WICK_OK;
}

const char *wick_bundle_kind_str(wick_bundle_kind kind)
{
    switch (kind) {
    case WICK_BUNDLE_ALONE:
        return "header alone";
    case WICK_BUNDLE_QBFT:
        return "QBFT";
    case WICK_BUNDLE_IBFT2:
        return "IBFT 2.0";
    case WICK_BUNDLE_IBFT1:
        return "IBFT 1";
    case WICK_BUNDLE_CLIQUE:
        return "Clique";
    case WICK_BUNDLE_BEACON:
        return "sync committee";
    default:
        return "unknown";
    }
}

/* ---- writer ---- */

void wick_bundle_write_begin(wick_bundle_writer *w, wick_buf *out, const wick_bundle_head *head)
{
    memset(w, 0, sizeof *w);
    w->out = out;
    w->kind = (uint8_t)head->kind;
    w->time_s = head->time_s;
    w->status = known_kind(w->kind) ? WICK_OK : WICK_E_UNSUPPORTED;
    wick_buf_put(out, magic, sizeof magic);
    wick_buf_put_u8(out, w->kind);
    wick_buf_put_be64(out, head->chain_id);
    wick_buf_put(out, head->contract, sizeof head->contract);
    wick_buf_put_be64(out, head->time_s);
}

static bool begin_piece(wick_bundle_writer *w, uint8_t tag, size_t len)
{
    place p = {w->kind, w->last, w->nodes, w->slots, w->steps};
    if (w->status == WICK_OK) {
        w->status = step(&p, tag, len);
    }
    if (w->status != WICK_OK) {
        return false;
    }
    w->last = p.last;
    w->nodes = p.nodes;
    w->slots = p.slots;
    w->steps = p.steps;
    wick_buf_put_u8(w->out, tag);
    wick_buf_put_be16(w->out, (uint16_t)len);
    return true;
}

void wick_bundle_write(wick_bundle_writer *w, wick_bundle_tag tag, wick_span bytes)
{
    if (tag >= WICK_BUNDLE_UPDATE && tag <= WICK_BUNDLE_OPTIMISTIC) {
        w->status = w->status == WICK_OK ? WICK_E_BAD_ARG : w->status;
        return;
    }
    if (tag == WICK_BUNDLE_HEADER && w->status == WICK_OK) {
        w->status = check_header(bytes, w->time_s);
    }
    if (begin_piece(w, (uint8_t)tag, bytes.len)) {
        wick_buf_put(w->out, bytes.ptr, bytes.len);
    }
}

void wick_bundle_write_beacon(wick_bundle_writer *w, wick_bundle_tag tag, const uint8_t version4[4],
                              wick_span ssz)
{
    if (tag < WICK_BUNDLE_UPDATE || tag > WICK_BUNDLE_OPTIMISTIC) {
        w->status = w->status == WICK_OK ? WICK_E_BAD_ARG : w->status;
        return;
    }
    if (ssz.len == 0 || ssz.len > UINT16_MAX - 4u) {
        w->status = w->status == WICK_OK ? WICK_E_MALFORMED : w->status;
        return;
    }
    if (begin_piece(w, (uint8_t)tag, ssz.len + 4)) {
        wick_buf_put(w->out, version4, 4);
        wick_buf_put(w->out, ssz.ptr, ssz.len);
    }
}

wick_status wick_bundle_write_end(wick_bundle_writer *w)
{
    (void)begin_piece(w, WICK_BUNDLE_END, 0);
    return w->status == WICK_OK ? wick_buf_status(w->out) : w->status;
}
