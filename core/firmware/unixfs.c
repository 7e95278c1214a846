/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over a UnixFS file DAG. A block is hashed as it comes. One of raw bytes is a piece of the
 * file. One of dag-pb is a protobuf message, read byte by byte by a machine of four states: its links
 * and the sizes of its children go to a list, bytes of the file within it go out.
 *
 * What the machine finds wrong is kept until the hash is known. If that is wrong too, the source lied
 * and another one may not; if it is right, the DAG itself is unfit and nobody can help.
 *
 * IPLD dag-pb specification; UnixFS specification (ipfs/specs, src/unixfs.md).
 */
#include "wick/unixfs.h"

#include <string.h>

_Static_assert(sizeof(wick_unixfs) - sizeof(wick_hash_ctx) <= 224 + 8 * WICK_UNIXFS_LEVELS,
               "256 bytes and a hash context");
_Static_assert(WICK_UNIXFS_BLOCK_MAX <= WICK_UNIXFS_SIZE_ANY >> 4, "sizes are sums of 32 bits");
_Static_assert(sizeof(wick_cid) == WICK_UNIXFS_LINK_BYTES, "an entry of a list");

/* Phase; the header knows the first two, the others are the codec. */
enum { IDLE = 0, WHOLE = 1, ACTIVE = 2, RAW = WICK_CID_RAW | ACTIVE };
/* State: what comes next; those after a key are 1 + wire type. */
enum { KEY = 0, NUMBER = 1, BYTES = 2, LENGTH = 3, UNFIT = 4 };
enum { IN_NODE = 0, IN_LINK, IN_DATA };              /* message: PBNode, PBLink, UnixFS Data */
enum { LINKS_FIRST = 1, DATA_SEEN = 2 };             /* parts of the node so far */
enum { TYPE_RAW = 0, TYPE_FILE = 2 };                /* UnixFS DataType */

/* Keys as they stand on the wire, number << 3 | wire type. */
enum {
    NODE_DATA = 0x0a,
    NODE_LINK = 0x12,
    LINK_HASH = 0x0a,
    LINK_NAME = 0x12,
    LINK_TSIZE = 0x18,
    DATA_TYPE = 0x08,
    DATA_BYTES = 0x12,
    DATA_FILESIZE = 0x18,
    DATA_BLOCKSIZE = 0x20
};

/* ---- the block as a protobuf message; false: it is no part of a file ---- */

/* An entry of a list of the level below: links are list 0, sizes list 1. */
static bool list(wick_unixfs *u, uint32_t sizes, uint32_t index, const void *entry)
{
    const wick_unixfs_lists *lists = u->lists;
    if (u->depth == WICK_UNIXFS_LEVELS) {
        return false;
    }
    u->block.fault = lists->write(lists->ctx, 2 * u->depth + sizes, index, (const uint8_t *)entry);
    return u->block.fault == WICK_OK;
}

/* The end of a link, or of the data. */
static bool message_end(wick_unixfs *u)
{
    wick_unixfs_block *b = &u->block;
    wick_cid cid;
    uint32_t message = b->message;
    b->message = IN_NODE;
    if ((b->state | b->shift) != 0) {
        return false;
    }
    return message == IN_DATA ||
           (wick_cid_decode(&cid, wick_span_make(u->link, b->link_len)) == WICK_OK &&
            list(u, 0, b->links++, &cid));
}

/* May this field stand here? */
static bool key(wick_unixfs_block *b, uint32_t value)
{
    uint32_t last = b->last;
    b->state = (value & 7u) + 1;
    b->field = value;
    if (b->message == IN_NODE) {
        b->last = b->link_len = 0;
        if (value == NODE_LINK) { /* before the data or after it, not both */
            b->message = IN_LINK;
            if (b->parts == 0) {
                b->parts = LINKS_FIRST;
            }
            return b->parts != (LINKS_FIRST | DATA_SEEN);
        }
        b->message = IN_DATA; /* once */
        b->parts ^= DATA_SEEN;
        return value == NODE_DATA && b->parts >= DATA_SEEN;
    }
    /* Ascending, but sizes of children may follow each other. In data what is not known is skipped;
     * known numbers of another type are that too, and then missing. */
    b->last = value - (value == DATA_BLOCKSIZE);
    return value > last && (b->message == IN_LINK
                                ? value == LINK_HASH || value == LINK_NAME || value == LINK_TSIZE
                                : (value & 5u) == 0);
}

/* A varint is whole. */
static bool varint_end(wick_unixfs *u, uint32_t value)
{
    wick_unixfs_block *b = &u->block;
    uint32_t state = b->state, field = b->field;
    if (state == KEY) {
        return key(b, value);
    }
    b->state = KEY;
    if (b->last == 0) { /* of the node's own */
        b->inner = value;
        return true;
    }
    if (state == LENGTH) {
        b->left = value;
        if (value != 0) {
            b->state = BYTES;
        }
        if (field == LINK_HASH && b->message == IN_LINK) {
            b->link_len = value;
            return value <= WICK_CID_MAX && value <= b->inner;
        }
        return value <= b->inner;
    }
    if (field == DATA_TYPE) {
        b->type = value + 1;
    }
    if (field == DATA_FILESIZE && b->message == IN_DATA) { /* in a link, Tsize */
        b->filesize = value;
    }
    if (field == DATA_BLOCKSIZE) {
        /* One of no bytes would be work that the size of the file does not bound. */
        if (value - 1 >= WICK_UNIXFS_SIZE_ANY - 1 - b->sum) {
            return false;
        }
        b->sum += value;
        return list(u, 1, b->sizes++, &value);
    }
    return true;
}

/* One byte of a varint, shortest form, below 2^32. */
static bool varint(wick_unixfs *u, uint32_t byte)
{
    wick_unixfs_block *b = &u->block;
    uint32_t shift = b->shift, value = b->value | (byte & 0x7fu) << shift;
    if ((shift == 28 && byte > 15) || (shift != 0 && byte == 0)) {
        return false;
    }
    if (byte > 0x7f) {
        b->value = value;
        b->shift = shift + 7;
        return true;
    }
    b->value = 0;
    b->shift = 0;
    return varint_end(u, value);
}

/* Bytes of the file: those that the destination has not. */
static bool put_out(wick_unixfs *u, const uint8_t *ptr, uint32_t n)
{
    uint32_t own = u->block.own, at = u->pos + own, skip = u->from > at ? u->from - at : 0;
    if (n > u->expect - own) {
        return false; /* more than its parent has said: nowhere to go */
    }
    u->block.own = own + n;
    if (skip < n) {
        u->data = wick_span_make(ptr + skip, n - skip);
        u->offset = at + skip;
    }
    return true;
}

/* Bytes of a field. */
static bool bytes(wick_unixfs *u, const uint8_t *ptr, uint32_t n)
{
    wick_unixfs_block *b = &u->block;
    uint32_t left = b->left;
    b->inner -= n;
    b->left = left - n;
    if (left == n) {
        b->state = KEY;
    }
    if (b->message == IN_DATA) {
        return b->field != DATA_BYTES || put_out(u, ptr, n);
    }
    if (b->field == LINK_HASH) {
        memcpy(u->link + (b->link_len - left), ptr, n);
    }
    return true;
}

/* The machine, up to the end of the input, to bytes of the file, or to what is unfit.
 * @return bytes taken */
static uint32_t parse(wick_unixfs *u, const uint8_t *in, uint32_t max)
{
    wick_unixfs_block *b = &u->block;
    uint32_t at = 0;
    while (at < max && u->data.len == 0) {
        bool fit;
        uint32_t n = 1;
        if (b->state == BYTES) {
            n = b->left < max - at ? b->left : max - at;
            fit = bytes(u, in + at, n);
        } else {
            b->inner--; /* without meaning in the node itself */
            fit = varint(u, in[at]);
        }
        at += n;
        if (fit && b->message != IN_NODE && b->inner == 0) {
            fit = message_end(u);
        }
        if (!fit) {
            b->state = UNFIT;
            return max;
        }
    }
    return at;
}

/* ---- the walk ---- */

void wick_unixfs_stop(wick_unixfs *u)
{
    u->crypto->hash_free(u->crypto->ctx, &u->hash);
    u->phase = IDLE;
}

wick_status wick_unixfs_again(wick_unixfs *u)
{
    wick_unixfs_stop(u);
    memset(&u->block, 0, sizeof u->block);
    u->phase = u->want.codec | ACTIVE;
    return u->crypto->hash_begin(u->crypto->ctx, &u->hash, WICK_HASH_SHA256);
}

wick_status wick_unixfs_start(wick_unixfs *u, const wick_hal_crypto *crypto,
                              const wick_unixfs_lists *lists, const wick_cid *root, uint32_t size,
                              uint32_t from)
{
    memset(u, 0, sizeof *u);
    u->crypto = crypto;
    u->lists = lists;
    u->want = *root;
    u->expect = size;
    u->from = from;
    return wick_unixfs_again(u);
}

wick_status wick_unixfs_input(wick_unixfs *u, wick_span *in)
{
    wick_unixfs_block *b = &u->block;
    const uint8_t *ptr = in->ptr;
    uint32_t n = WICK_UNIXFS_BLOCK_MAX, phase = u->phase;
    u->data.len = 0;
    if (phase < ACTIVE) {
        return WICK_E_STATE;
    }
    if (phase == RAW && u->expect < n) {
        n = u->expect;
    }
    n -= b->got;
    if (n >= in->len) {
        n = (uint32_t)in->len;
    } else if (n == 0) {
        u->phase = IDLE;
        return WICK_E_FW_DIGEST;
    }
    if (phase == RAW) {
        (void)put_out(u, ptr, n);
    } else if (b->state != UNFIT) {
        n = parse(u, ptr, n);
    }
    b->got += n;
    in->ptr += n;
    in->len -= n;
    return u->crypto->hash_update(u->crypto->ctx, &u->hash, ptr, n);
}

/* The next child: out of lists that are done, over those that the destination has. */
static wick_status next(wick_unixfs *u)
{
    const wick_unixfs_lists *lists = u->lists;
    for (; u->depth != 0; u->depth--) {
        uint32_t list = 2 * (u->depth - 1), i;
        while ((i = u->level[u->depth - 1].next++) < u->level[u->depth - 1].count) {
            u->expect = 0; /* where reading fails, the last block is not to be wanted once more */
            wick_status s = lists->read(lists->ctx, list, i, (uint8_t *)&u->want);
            if (s == WICK_OK) {
                s = lists->read(lists->ctx, list + 1, i, (uint8_t *)&u->expect);
            }
            if (s != WICK_OK) {
                return s;
            }
            if (u->pos + u->expect > u->from) {
                return wick_unixfs_again(u);
            }
            u->pos += u->expect;
        }
    }
    u->phase = WHOLE;
    return WICK_OK;
}

/* A block of the right hash: is it what its parent says, or the caller of the root? */
static bool is_fit(const wick_unixfs *u)
{
    const wick_unixfs_block *b = &u->block;
    uint32_t size = b->own + b->sum;
    return (u->expect == WICK_UNIXFS_SIZE_ANY || u->expect == size) &&
           (u->phase == RAW || ((b->message | b->state | b->shift) == 0 && b->sizes == b->links &&
                                (b->type == TYPE_FILE + 1 || (b->type == TYPE_RAW + 1 && b->links == 0)) &&
                                b->filesize == size));
}

wick_status wick_unixfs_end(wick_unixfs *u)
{
    uint8_t digest[32];
    const wick_unixfs_block *b = &u->block;
    if (u->phase < ACTIVE) {
        return WICK_E_STATE;
    }
    wick_status s = u->crypto->hash_finish(u->crypto->ctx, &u->hash, digest);
    if (s == WICK_OK) {
        s = memcmp(digest, u->want.digest, 32) != 0 ? WICK_E_FW_DIGEST : b->fault;
    }
    if (s == WICK_OK && !is_fit(u)) {
        s = WICK_E_FW_LAYOUT;
    }
    if (s == WICK_OK) {
        u->pos += b->own;
        if (b->links != 0) {
            u->level[u->depth].count = b->links;
            u->level[u->depth++].next = 0;
        }
        s = next(u);
    }
    if (s != WICK_OK) {
        u->phase = IDLE;
    }
    return s;
}
