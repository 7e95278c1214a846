/* SPDX-License-Identifier: Apache-2.0 */
/* UnixFS file DAGs, written: dag-pb (links before data), balanced layout, profiles of IPIP-499. */
#include "dag.h"

#include <stdlib.h>
#include <string.h>

#include "wick/config.h"

const dag_profile dag_profiles[3] = {
    {"unixfs-v1-2025", {1024 * 1024, 1024, 1, true}},
    {"unixfs-v0-2015", {256 * 1024, 174, 0, false}},
    {"kubo-v1", {256 * 1024, 174, 1, true}},
};

wick_status dag_sha256(const wick_hal_crypto *crypto, uint8_t out[32], wick_span bytes)
{
    wick_hash_ctx h;
    memset(&h, 0, sizeof h);
    wick_status s = crypto->hash_begin(crypto->ctx, &h, WICK_HASH_SHA256);
    if (s == WICK_OK) {
        s = crypto->hash_update(crypto->ctx, &h, bytes.ptr, bytes.len);
    }
    if (s == WICK_OK) {
        s = crypto->hash_finish(crypto->ctx, &h, out);
    }
    crypto->hash_free(crypto->ctx, &h);
    return s;
}

/* ---- protobuf ---- */

static void put_varint(wick_buf *b, uint64_t v)
{
    for (; v > 0x7f; v >>= 7) {
        wick_buf_put_u8(b, (uint8_t)(v | 0x80));
    }
    wick_buf_put_u8(b, (uint8_t)v);
}

static void put_number(wick_buf *b, uint8_t key, uint64_t v)
{
    wick_buf_put_u8(b, key);
    put_varint(b, v);
}

static void put_bytes(wick_buf *b, uint8_t key, wick_span bytes)
{
    put_number(b, key, bytes.len);
    wick_buf_put(b, bytes.ptr, bytes.len);
}

static void put_link(wick_buf *b, const dag_block *child)
{
    uint8_t cid[WICK_CID_MAX], fields[WICK_CID_MAX + 16];
    wick_buf link = wick_buf_make(fields, sizeof fields);
    put_bytes(&link, 0x0a, wick_span_make(cid, wick_cid_encode(cid, &child->cid)));
    put_bytes(&link, 0x12, wick_span_make(cid, 0)); /* a name, which children of files do not have */
    put_number(&link, 0x18, child->tree_bytes);
    put_bytes(b, 0x12, wick_buf_span(&link));
}

/* The UnixFS message: of a leaf with its bytes, of a node with the sizes of its children. */
static void put_unixfs(wick_buf *b, const dag *d, const dag_block *node, wick_span own)
{
    put_number(b, 0x08, 2);
    if (own.len != 0) {
        put_bytes(b, 0x12, own);
    }
    put_number(b, 0x18, node->file_bytes);
    for (size_t i = 0; i < node->count; i++) {
        put_number(b, 0x20, d->block[node->first + i].file_bytes);
    }
}

static void put_node(wick_buf *b, const dag *d, const dag_block *node, wick_span own)
{
    wick_buf size = wick_buf_make(NULL, 0);
    for (size_t i = 0; i < node->count; i++) {
        put_link(b, &d->block[node->first + i]);
    }
    put_unixfs(&size, d, node, own);
    put_number(b, 0x0a, size.len);
    put_unixfs(b, d, node, own);
}

/* ---- layout ---- */

/* Encodes and hashes a dag-pb block; `own` are bytes of the file in it. */
static wick_status finish_node(dag *d, dag_block *node, const wick_hal_crypto *crypto, wick_span own,
                               uint8_t version)
{
    wick_buf b = wick_buf_make(NULL, 0);
    put_node(&b, d, node, own);
    if (b.len > WICK_UNIXFS_BLOCK_MAX) {
        return WICK_E_FW_SIZE;
    }
    uint8_t *bytes = (uint8_t *)malloc(b.len);
    if (bytes == NULL) {
        return WICK_E_HAL;
    }
    b = wick_buf_make(bytes, b.len);
    put_node(&b, d, node, own);
    node->bytes = wick_buf_span(&b);
    node->own = true;
    node->tree_bytes = b.len;
    for (size_t i = 0; i < node->count; i++) {
        node->tree_bytes += d->block[node->first + i].tree_bytes;
    }
    node->cid.version = version;
    node->cid.codec = WICK_CID_DAG_PB;
    return dag_sha256(crypto, node->cid.digest, node->bytes);
}

static wick_status make_leaf(dag *d, const wick_hal_crypto *crypto, wick_span bytes,
                             const dag_options *options)
{
    dag_block *leaf = &d->block[d->count++];
    leaf->file_bytes = leaf->tree_bytes = bytes.len;
    if (!options->raw_leaves) {
        return finish_node(d, leaf, crypto, bytes, options->version);
    }
    leaf->bytes = bytes;
    leaf->cid.version = 1;
    leaf->cid.codec = WICK_CID_RAW;
    return dag_sha256(crypto, leaf->cid.digest, bytes);
}

/* Nodes over the last `count` blocks. @return how many, 0 with *status after an error */
static size_t make_level(dag *d, const wick_hal_crypto *crypto, size_t count,
                         const dag_options *options, wick_status *status)
{
    size_t first = d->count - count, end = d->count, made = 0;
    *status = WICK_OK;
    for (; first < end && *status == WICK_OK; made++) {
        dag_block *node = &d->block[d->count];
        node->first = first;
        node->count = end - first < options->links ? end - first : options->links;
        for (size_t i = 0; i < node->count; i++) {
            node->file_bytes += d->block[first + i].file_bytes;
        }
        first += node->count;
        *status = finish_node(d, node, crypto, wick_span_make(NULL, 0), options->version);
        d->count++;
    }
    return *status == WICK_OK ? made : 0;
}

static int by_digest(const void *a, const void *b)
{
    const dag_block *x = *(dag_block *const *)a, *y = *(dag_block *const *)b;
    int order = memcmp(&x->cid, &y->cid, sizeof x->cid);
    return order != 0 ? order : x < y ? -1 : x > y;
}

/* Blocks of zeros, for example, are one block. */
static wick_status mark_repeated(dag *d)
{
    dag_block **row = (dag_block **)calloc(d->count, sizeof *row);
    if (row == NULL) {
        return WICK_E_HAL;
    }
    for (size_t i = 0; i < d->count; i++) {
        row[i] = &d->block[i];
    }
    qsort(row, d->count, sizeof *row, by_digest);
    for (size_t i = 1; i < d->count; i++) {
        row[i]->again = memcmp(&row[i]->cid, &row[i - 1]->cid, sizeof row[i]->cid) == 0;
    }
    free(row);
    return WICK_OK;
}

wick_status dag_make(dag *d, const wick_hal_crypto *crypto, wick_span file, const dag_options *options)
{
    memset(d, 0, sizeof *d);
    if (options->chunk == 0 || options->chunk > WICK_UNIXFS_BLOCK_MAX || options->links < 2 ||
        options->version > 1) {
        return WICK_E_BAD_ARG;
    }
    size_t level = file.len == 0 ? 1 : (file.len - 1) / options->chunk + 1, all = level;
    for (size_t n = level; n > 1;) {
        n = (n - 1) / options->links + 1;
        all += n;
    }
    d->block = (dag_block *)calloc(all, sizeof *d->block);
    wick_status s = d->block != NULL ? WICK_OK : WICK_E_HAL;
    for (size_t at = 0; s == WICK_OK && d->count < level; at += options->chunk) {
        size_t n = file.len - at < options->chunk ? file.len - at : options->chunk;
        s = make_leaf(d, crypto, wick_span_make(file.ptr + at, n), options);
    }
    while (s == WICK_OK && level > 1) {
        level = make_level(d, crypto, level, options, &s);
    }
    s = s == WICK_OK ? mark_repeated(d) : s;
    d->root = d->count - 1;
    if (s != WICK_OK) {
        dag_free(d);
    }
    return s;
}

void dag_free(dag *d)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->block[i].own) {
            /* Blocks that are not views are ours to free. */
            free((void *)(uintptr_t)d->block[i].bytes.ptr);
        }
    }
    free(d->block);
    memset(d, 0, sizeof *d);
}

unsigned dag_levels(const dag *d)
{
    unsigned levels = 0;
    for (const dag_block *b = &d->block[d->root]; b->count != 0; b = &d->block[b->first]) {
        levels++;
    }
    return levels;
}

/* A node of n children has its last one before it in the row of levels, so a stack of positions is enough:
 * from a block the walk goes to its first child, else to the next sibling of the nearest ancestor. */
wick_status dag_walk(const dag *d, dag_visit visit, void *ctx)
{
    struct {
        size_t next, end;
    } stack[64] = {{d->root, d->root + 1}};
    size_t depth = 1;
    while (depth != 0) {
        if (stack[depth - 1].next == stack[depth - 1].end) {
            depth--;
            continue;
        }
        const dag_block *b = &d->block[stack[depth - 1].next++];
        wick_status s = visit(ctx, b);
        if (s != WICK_OK) {
            return s;
        }
        if (b->count != 0 && depth < sizeof stack / sizeof *stack) {
            stack[depth].next = b->first;
            stack[depth].end = b->first + b->count;
            depth++;
        }
    }
    return WICK_OK;
}

/* ---- CAR ---- */

static wick_status write_bytes(FILE *file, wick_span bytes)
{
    return bytes.len == 0 || fwrite(bytes.ptr, bytes.len, 1, file) == 1 ? WICK_OK : WICK_E_HAL;
}

static wick_status write_block(void *ctx, const dag_block *block)
{
    uint8_t cid[WICK_CID_MAX], head[WICK_CID_MAX + 10];
    wick_buf b = wick_buf_make(head, sizeof head);
    size_t n = wick_cid_encode(cid, &block->cid);
    if (block->again) {
        return WICK_OK;
    }
    put_varint(&b, n + block->bytes.len);
    wick_buf_put(&b, cid, n);
    wick_status s = write_bytes((FILE *)ctx, wick_buf_span(&b));
    return s == WICK_OK ? write_bytes((FILE *)ctx, block->bytes) : s;
}

wick_status dag_write_car(const dag *d, FILE *file)
{
    /* {"roots": [42(h'00' CID)], "version": 1} as DAG-CBOR: keys by length, then by value. */
    static const uint8_t before[] = {0xa2, 0x65, 'r', 'o', 'o', 't', 's', 0x81, 0xd8, 0x2a, 0x58};
    static const uint8_t after[] = {0x67, 'v', 'e', 'r', 's', 'i', 'o', 'n', 0x01};
    uint8_t cid[WICK_CID_MAX], head[96];
    wick_buf b = wick_buf_make(head, sizeof head);
    size_t n = wick_cid_encode(cid, &d->block[d->root].cid);
    put_varint(&b, sizeof before + 2 + n + sizeof after);
    wick_buf_put(&b, before, sizeof before);
    wick_buf_put_u8(&b, (uint8_t)(n + 1));
    wick_buf_put_u8(&b, 0);
    wick_buf_put(&b, cid, n);
    wick_buf_put(&b, after, sizeof after);
    wick_status s = write_bytes(file, wick_buf_span(&b));
    return s == WICK_OK ? dag_walk(d, write_block, file) : s;
}
