/* SPDX-License-Identifier: Apache-2.0 */
/* Files by their CID from CAR files and gateways. What comes of a block is kept back until its hash is
 * known: a file on a disk is no flash that is erased again. */
#include "block_source.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Links of all levels: of 1024 in each there is a block of less than 52 KB. */
#define LISTS_BYTES (WICK_UNIXFS_LEVELS * 16384u * (WICK_UNIXFS_LINK_BYTES + WICK_UNIXFS_SIZE_BYTES))

typedef struct room {
    uint8_t *lists, *block; /* bytes of the file in the block at hand */
    size_t len;
    wick_unixfs_ram ram;
    wick_unixfs_lists functions;
} room;

static wick_status begin(block_walk *w, room *r, const wick_cid *root)
{
    memset(r, 0, sizeof *r);
    w->size = 0;
    w->blocks = w->refused = 0;
    r->lists = (uint8_t *)malloc(LISTS_BYTES);
    r->block = (uint8_t *)malloc(WICK_UNIXFS_BLOCK_MAX);
    if (r->lists == NULL || r->block == NULL) {
        return WICK_E_HAL;
    }
    r->ram.ptr = r->lists;
    r->ram.cap = LISTS_BYTES;
    r->functions = wick_unixfs_lists_ram(&r->ram);
    memset(&w->hash, 0, sizeof w->hash);
    wick_status s = w->crypto->hash_begin(w->crypto->ctx, &w->hash, WICK_HASH_SHA256);
    return s != WICK_OK ? s
                        : wick_unixfs_start(&w->walk, w->crypto, &r->functions, root,
                                            WICK_UNIXFS_SIZE_ANY, 0);
}

static wick_status done(block_walk *w, room *r, wick_status s)
{
    if (s == WICK_OK) {
        s = w->crypto->hash_finish(w->crypto->ctx, &w->hash, w->sha256);
    }
    if (r->lists != NULL && r->block != NULL) {
        wick_unixfs_stop(&w->walk);
    }
    w->crypto->hash_free(w->crypto->ctx, &w->hash);
    free(r->lists);
    free(r->block);
    return s;
}

/* A piece of the block that is wanted. */
static wick_status piece(block_walk *w, room *r, wick_span in)
{
    wick_status s = WICK_OK;
    while (s == WICK_OK && in.len > 0) {
        s = wick_unixfs_input(&w->walk, &in);
        if (s == WICK_OK && w->walk.data.len != 0) {
            /* A block has no more bytes of the file than bytes. */
            memcpy(r->block + r->len, w->walk.data.ptr, w->walk.data.len);
            r->len += w->walk.data.len;
        }
    }
    return s;
}

/* The block is whole; if it is right, its bytes count. */
static wick_status whole(block_walk *w, room *r)
{
    wick_status s = wick_unixfs_end(&w->walk);
    if (s == WICK_OK) {
        s = w->crypto->hash_update(w->crypto->ctx, &w->hash, r->block, r->len);
    }
    if (s == WICK_OK) {
        w->blocks++;
        w->size += r->len;
        if (w->out != NULL && r->len != 0 && fwrite(r->block, r->len, 1, w->out) != 1) {
            s = WICK_E_HAL;
        }
    }
    r->len = 0;
    return s;
}

/* ---- CAR ---- */

static bool take_varint(wick_reader *r, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte = wick_read_u8(r);
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return r->status == WICK_OK && (byte != 0 || shift == 0);
        }
    }
    return false;
}

/* A section: a CID and its block. CIDs of other kinds are passed over. */
static wick_status section(wick_reader *r, wick_cid *cid, wick_span *bytes, bool *known)
{
    uint64_t len;
    if (!take_varint(r, &len)) {
        return WICK_E_MALFORMED;
    }
    wick_span all = wick_read_span(r, len < SIZE_MAX ? (size_t)len : SIZE_MAX);
    if (r->status != WICK_OK || all.len == 0) {
        return WICK_E_MALFORMED;
    }
    size_t n = WICK_CID_BYTES(all.ptr[0] == 1);
    *known = all.len >= n && wick_cid_decode(cid, wick_span_make(all.ptr, n)) == WICK_OK;
    *bytes = *known ? wick_span_make(all.ptr + n, all.len - n) : all;
    return WICK_OK;
}

/* The blocks of a CAR by their digests: looked for in an order that the CAR does not choose. */
typedef struct car_entry {
    wick_cid cid;
    wick_span bytes;
} car_entry;

typedef struct car_index {
    car_entry *entry;
    size_t count, cap;
} car_index;

static int by_block(const void *a, const void *b)
{
    const wick_cid *x = &((const car_entry *)a)->cid, *y = &((const car_entry *)b)->cid;
    int order = memcmp(x->digest, y->digest, sizeof x->digest);
    return order != 0 ? order : (int)x->codec - (int)y->codec;
}

static wick_status add_entry(car_index *x, const wick_cid *cid, wick_span bytes)
{
    if (x->count == x->cap) {
        size_t cap = x->cap == 0 ? 64 : x->cap * 2;
        car_entry *more = realloc(x->entry, cap * sizeof *more);
        if (more == NULL) {
            return WICK_E_HAL;
        }
        x->entry = more;
        x->cap = cap;
    }
    x->entry[x->count++] = (car_entry){*cid, bytes};
    return WICK_OK;
}

static wick_status read_car(car_index *x, wick_span car)
{
    wick_reader r = wick_reader_make(car);
    uint64_t header;
    if (!take_varint(&r, &header) || header > car.len ||
        wick_read_span(&r, (size_t)header).len != header) {
        return WICK_E_MALFORMED;
    }
    wick_status s = WICK_OK;
    while (s == WICK_OK && r.pos < car.len) {
        wick_cid cid;
        wick_span bytes;
        bool known;
        s = section(&r, &cid, &bytes, &known);
        s = s == WICK_OK && known ? add_entry(x, &cid, bytes) : s;
    }
    if (s == WICK_OK && x->count != 0) {
        qsort(x->entry, x->count, sizeof *x->entry, by_block);
    }
    return s;
}

wick_status block_walk_car(block_walk *w, const wick_cid *root, wick_span car)
{
    room r;
    car_index x = {NULL, 0, 0};
    const wick_cid *cid;
    const unsigned most = w->most != 0 ? w->most : BLOCK_SOURCE_VISITS;
    wick_status s = begin(w, &r, root);
    s = s == WICK_OK ? read_car(&x, car) : s;
    while (s == WICK_OK && (cid = wick_unixfs_wanted(&w->walk)) != NULL) {
        const car_entry key = {*cid, {NULL, 0}};
        const car_entry *e =
            x.count != 0 ? bsearch(&key, x.entry, x.count, sizeof key, by_block) : NULL;
        s = e == NULL ? WICK_E_NOT_FOUND : w->blocks == most ? WICK_E_LIMIT : WICK_OK;
        s = s == WICK_OK ? piece(w, &r, e->bytes) : s;
        s = s == WICK_OK ? whole(w, &r) : s;
    }
    free(x.entry);
    return done(w, &r, s);
}

/* ---- gateways ---- */

wick_status block_fetch(wick_fetch *fetch, const wick_linux_net *net, unsigned source,
                        const wick_cid *cid, block_take *take, void *ctx)
{
    wick_hal_clock clock;
    wick_linux_clock_init(&clock);
    wick_status s = wick_fetch_start(fetch, clock.now_ms(clock.ctx), source, cid, 0,
                                     WICK_UNIXFS_BLOCK_MAX);
    bool more = s == WICK_OK;
    while (more) {
        uint64_t now = clock.now_ms(clock.ctx);
        s = wick_fetch_poll(fetch, now);
        more = s == WICK_AGAIN;
        if (s == WICK_OK || s == WICK_AGAIN) {
            wick_status taken = take(ctx, fetch->piece);
            if (taken != WICK_OK) {
                wick_fetch_cancel(fetch);
                return taken;
            }
        }
        if (more && fetch->piece.len == 0) {
            struct pollfd fd = {wick_linux_net_fd(net, wick_fetch_sock(fetch)),
                                wick_fetch_wants_write(fetch) ? POLLOUT : POLLIN, 0};
            uint64_t end = wick_fetch_deadline(fetch);
            int left = wick_time_reached(now, end) ? 1 : end - now < 1000 ? (int)(end - now) : 1000;
            (void)poll(&fd, 1, fd.fd >= 0 || left < 20 ? left : 20);
        }
    }
    return s;
}

typedef struct taker {
    block_walk *w;
    room *r;
} taker;

static wick_status take_piece(void *ctx, wick_span in)
{
    taker *t = ctx;
    return piece(t->w, t->r, in);
}

wick_status block_walk_fetch(block_walk *w, const wick_cid *root, wick_fetch *fetch,
                             const wick_linux_net *net)
{
    room r;
    unsigned strikes[WICK_FETCH_SOURCES_MAX] = {0}, source = 0, left = (unsigned)fetch->count;
    wick_status s = begin(w, &r, root), last = WICK_E_CONFIG;
    const wick_cid *wanted;
    while (s == WICK_OK && (wanted = wick_unixfs_wanted(&w->walk)) != NULL && left != 0) {
        wick_cid cid = *wanted;
        source %= (unsigned)fetch->count;
        if (strikes[source] == BLOCK_SOURCE_STRIKES) {
            source++;
            continue;
        }
        taker t = {w, &r};
        last = block_fetch(fetch, net, source, &cid, take_piece, &t);
        last = last == WICK_OK ? whole(w, &r) : last;
        if (last == WICK_OK) {
            continue; /* who is right is asked again */
        }
        if (last == WICK_E_FW_LAYOUT) {
            s = last; /* nobody can help */
            continue;
        }
        w->refused++;
        if (w->bad != NULL) {
            w->bad(w->ctx, source, &cid, last);
        }
        left -= ++strikes[source] == BLOCK_SOURCE_STRIKES ? 1 : 0;
        source++;
        r.len = 0;
        s = wick_unixfs_again(&w->walk);
    }
    if (s == WICK_OK && !wick_unixfs_whole(&w->walk)) {
        s = last;
    }
    return done(w, &r, s);
}
